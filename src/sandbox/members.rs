//! Data about single followers, and tags that an operator creates and assigns.

use serde_json::{Value, json};

use super::account::{Tag, openid_start};
use super::account_state::Account;
use super::answer::Refusal;
use super::content::{self, Object};
use super::{Call, Platform};

/// Tags of one account.
const TAGS: usize = 100;
/// The longest name of a tag.
const NAME_BYTES: usize = 30;
/// Followers that are tagged at once.
const AT_ONCE: usize = 50;
/// Tags of one follower.
const TAGS_OF_ONE: usize = 20;
/// The platform's own tags end here.
const SYSTEM_TAGS: i64 = 2;
/// The first id of a tag that an operator creates.
const FIRST_ID: i64 = 100;
/// Followers that are looked up at once.
const LOOKED_UP: usize = 100;

fn ok() -> Value {
    json!({"errcode": 0, "errmsg": "ok"})
}

/// The name of a tag that is created or renamed.
fn name(tag: &Object) -> Result<&str, Refusal> {
    let name = tag.get("name").and_then(Value::as_str).unwrap_or_default();
    match name.len() {
        0 => Err(Refusal::code(40_035)),
        1..=NAME_BYTES => Ok(name),
        _ => Err(Refusal::code(45_158)),
    }
}

fn tag_of<'a>(call: &'a Call<'_>) -> Result<&'a Object, Refusal> {
    let tag = call.object_without_escapes()?.get("tag").and_then(Value::as_object);
    tag.ok_or_else(|| Refusal::code(40_035))
}

/// The tag that a request names, if it may be changed.
fn own_tag<'a>(account: &'a mut Account, tag: &Object) -> Result<&'a mut Tag, Refusal> {
    let id = content::integer(tag.get("id")).ok_or_else(|| Refusal::code(45_159))?;
    if id <= SYSTEM_TAGS {
        return Err(Refusal::code(45_058));
    }
    let found = account.spec.tags.iter_mut().find(|tag| tag.id == id);
    found.ok_or_else(|| Refusal::code(45_159))
}

fn is_taken(account: &Account, name: &str, by_other_than: Option<i64>) -> bool {
    account.spec.tags.iter().any(|tag| tag.name == name && Some(tag.id) != by_other_than)
}

impl Platform {
    fn account_of(&mut self, call: &Call<'_>) -> &mut Account {
        self.accounts.get_mut(call.appid).expect("its token was good")
    }

    /// `tags/create`.
    pub(super) fn create_tag(&mut self, call: &Call<'_>) -> Result<Value, Refusal> {
        let name = name(tag_of(call)?)?;
        let account = self.account_of(call);
        if account.spec.tags.len() >= TAGS {
            return Err(Refusal::code(45_056));
        }
        if is_taken(account, name, None) {
            return Err(Refusal::code(45_157));
        }
        let last = account.spec.tags.iter().map(|tag| tag.id + 1).max().unwrap_or(0);
        let tag = Tag::new(last.max(FIRST_ID), name, 0);
        let made = json!({"tag": {"id": tag.id, "name": tag.name}});
        account.spec.tags.push(tag);
        Ok(made)
    }

    /// `tags/update`.
    pub(super) fn rename_tag(&mut self, call: &Call<'_>) -> Result<Value, Refusal> {
        let tag = tag_of(call)?;
        let name = name(tag)?;
        let account = self.account_of(call);
        let id = own_tag(account, tag)?.id;
        if is_taken(account, name, Some(id)) {
            return Err(Refusal::code(45_157));
        }
        name.clone_into(&mut own_tag(account, tag)?.name);
        Ok(ok())
    }

    /// `tags/delete`.
    pub(super) fn delete_tag(&mut self, call: &Call<'_>) -> Result<Value, Refusal> {
        let tag = tag_of(call)?;
        let account = self.account_of(call);
        let followers = account.spec.followers;
        let found = own_tag(account, tag)?;
        if found.count(followers) > 100_000 {
            return Err(Refusal::code(45_057));
        }
        let id = found.id;
        account.spec.tags.retain(|tag| tag.id != id);
        Ok(ok())
    }

    /// `tags/members/batchtagging` and `batchuntagging`.
    pub(super) fn tag_members(&mut self, call: &Call<'_>, has: bool) -> Result<Value, Refusal> {
        let body = call.object()?;
        let list = body.get("openid_list").and_then(Value::as_array);
        let list = list.ok_or_else(|| Refusal::code(40_035))?;
        if list.is_empty() || list.len() > AT_ONCE {
            return Err(Refusal::code(40_032));
        }
        let account = self.account_of(call);
        let followers: Option<Vec<u32>> =
            list.iter().map(|id| account.spec.follower(id.as_str()?)).collect();
        let followers = followers.ok_or_else(|| Refusal::code(49_003))?;
        let id = content::integer(body.get("tagid"));
        let at = account.spec.tags.iter().position(|tag| Some(tag.id) == id);
        let at = at.ok_or_else(|| Refusal::code(45_159))?;
        let full = |follower: &u32| {
            let tags = account.spec.tags.iter();
            tags.filter(|tag| Some(tag.id) != id && tag.has(*follower)).count() >= TAGS_OF_ONE
        };
        if has && followers.iter().any(full) {
            return Err(Refusal::code(45_059));
        }
        for follower in followers {
            account.spec.tags[at].set(follower, has);
        }
        Ok(ok())
    }

    /// `user/info`: one follower, or the response that it is not one.
    pub(super) fn user_info(&mut self, call: &Call<'_>) -> Result<Value, Refusal> {
        let openid = call.parameter("openid").unwrap_or_default();
        let lang = call.parameter("lang").unwrap_or("zh_CN");
        self.info(call, openid, lang)
    }

    /// `user/info/batchget`: up to a hundred of them.
    pub(super) fn users_info(&mut self, call: &Call<'_>) -> Result<Value, Refusal> {
        let list = call.object()?.get("user_list").and_then(Value::as_array);
        let list = list.ok_or_else(|| Refusal::code(40_035))?;
        if list.is_empty() || list.len() > LOOKED_UP {
            return Err(Refusal::code(40_032));
        }
        let text = |user: &Value, field: &str, default: &str| {
            user.get(field).and_then(Value::as_str).unwrap_or(default).to_owned()
        };
        let infos: Result<Vec<_>, _> = list
            .iter()
            .map(|user| self.info(call, &text(user, "openid", ""), &text(user, "lang", "zh_CN")))
            .collect();
        Ok(json!({"user_info_list": infos?}))
    }

    fn info(&self, call: &Call<'_>, openid: &str, lang: &str) -> Result<Value, Refusal> {
        let spec = &self.accounts[call.appid].spec;
        let Some(follower) = spec.follower(openid) else {
            // An OpenID of this account that is not a follower is known; one of another account is
            // not.
            let own = openid.starts_with(&openid_start(&spec.appid));
            let none = json!({"subscribe": 0, "openid": openid});
            return if own { Ok(none) } else { Err(Refusal::code(40_003)) };
        };
        let tags = spec.tags.iter().filter(|tag| tag.has(follower)).map(|tag| tag.id);
        Ok(json!({
            "subscribe": 1, "openid": openid, "nickname": "", "sex": 0, "language": lang,
            "city": "", "province": "", "country": "", "headimgurl": "",
            "subscribe_time": 1_700_000_000 + i64::from(follower), "remark": "", "groupid": 0,
            "tagid_list": tags.collect::<Vec<_>>(), "subscribe_scene": "ADD_SCENE_SEARCH",
            "qr_scene": 0, "qr_scene_str": "",
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::account::openid;
    use super::super::tests::{World, at, get};
    use super::*;

    fn post(world: &mut World, path: &str, body: &Value) -> Value {
        world.call(path, &body.to_string(), at(0))
    }

    #[test]
    fn a_tag_is_made_given_taken_renamed_and_removed() {
        let mut world = World::service();
        let made = post(&mut world, "tags/create", &json!({"tag": {"name": "新"}}));
        let id = made["tag"]["id"].as_i64().unwrap();
        let ids = json!([openid("wx1", 3), openid("wx1", 5)]);
        let given = json!({"openid_list": ids, "tagid": id});
        assert_eq!(post(&mut world, "tags/members/batchtagging", &given)["errcode"], 0);
        let listed = |world: &mut World| post(world, "user/tag/get", &json!({"tagid": id}));
        assert_eq!(listed(&mut world)["data"]["openid"], ids);

        let taken = json!({"openid_list": [openid("wx1", 3)], "tagid": id});
        assert_eq!(post(&mut world, "tags/members/batchuntagging", &taken)["errcode"], 0);
        assert_eq!(listed(&mut world)["count"], 1);
        let renamed = json!({"tag": {"id": id, "name": "老"}});
        assert_eq!(post(&mut world, "tags/update", &renamed)["errcode"], 0);
        assert_eq!(post(&mut world, "tags/delete", &json!({"tag": {"id": id}}))["errcode"], 0);
        assert_eq!(listed(&mut world)["errcode"], 45_159);
    }

    #[test]
    fn tags_are_refused_as_the_documents_say() {
        let mut world = World::service();
        let many: Vec<_> = (0..51).map(|n| openid("wx1", n)).collect();
        for (path, body, errcode) in [
            ("tags/create", json!({"tag": {"name": "VIP"}}), 45_157),
            ("tags/create", json!({"tag": {"name": "长".repeat(11)}}), 45_158),
            ("tags/update", json!({"tag": {"id": 2, "name": "a"}}), 45_058),
            ("tags/update", json!({"tag": {"id": 9, "name": "a"}}), 45_159),
            ("tags/members/batchtagging", json!({"openid_list": many, "tagid": 100}), 40_032),
            ("tags/members/batchtagging", json!({"openid_list": ["o"], "tagid": 100}), 49_003),
        ] {
            assert_eq!(post(&mut world, path, &body)["errcode"], errcode, "{path} {body}");
        }
    }

    #[test]
    fn a_tag_that_is_given_one_by_one_counts_its_members() {
        let mut tag = Tag::new(9, "t", 3);
        for (follower, has, count) in [(1, true, 5), (0, false, 4), (0, true, 5), (1, false, 4)] {
            tag.set(follower, has);

            assert_eq!((tag.has(follower), tag.count(10)), (has, count), "{follower}");
            assert_eq!(tag.members(0, 10).count(), 5 - usize::from(count == 4), "{follower}");
        }
    }

    #[test]
    fn a_follower_is_told_from_one_who_left_and_from_nobody() {
        let mut world = World::service();
        let token = world.token(at(0));
        let mut info = |openid: &str| {
            let query = [("access_token", token.as_str()), ("openid", openid)];
            world.json(&get("user/info", &query), at(0))
        };

        let follower = info(&openid("wx1", 100));
        assert_eq!(
            (&follower["subscribe"], &follower["tagid_list"]),
            (&1.into(), &json!([2, 100, 101]))
        );
        assert_eq!(info(&openid("wx1", 5_000))["subscribe"], 0);
        assert_eq!(info("somebody")["errcode"], 40_003);
    }
}
