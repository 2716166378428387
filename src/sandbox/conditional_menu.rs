//! Menus for some followers only: `menu/addconditional` and `menu/delconditional`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::answer::Refusal;
use super::content;
use super::count::Daily;
use super::menu::{FIRST, check_buttons};
use super::{Call, Platform};

/// Such menus created in a day.
const CREATED_A_DAY: u32 = 2_000;
/// Such menus deleted in a day.
const DELETED_A_DAY: u32 = 2_000;
/// Questions for the menu of one follower in a day.
const TRIED_A_DAY: u32 = 20_000;
/// Domains that all of them together lead to.
const DOMAINS: usize = 3;
/// The number before the first of them.
const FIRST_MENUID: i64 = 208_379_532;
/// What the platform no longer tells followers apart by.
const WITHDRAWN: [&str; 5] = ["sex", "country", "province", "city", "language"];

impl Platform {
    /// `menu/addconditional`: one more menu for some followers only.
    pub(super) fn add_conditional_menu(&mut self, call: &Call<'_>) -> Result<Value, Refusal> {
        let made = self.calls;
        let account = self.accounts.get_mut(call.appid).expect("its token was good");
        account.tally.call(Daily::ConditionalMenus, CREATED_A_DAY, call.now)?;
        let body = call.object_without_escapes()?;
        let refused = |code| Err(Refusal::code(code));
        if account.menu.is_none() {
            return refused(65_303);
        }
        let rule = body.get("matchrule").and_then(Value::as_object);
        let names = |key: &str| {
            let value = rule.and_then(|rule| rule.get(key));
            value.is_some_and(|value| *value != json!("") && !value.is_null())
        };
        if WITHDRAWN.iter().any(|key| names(key)) {
            return refused(65_320);
        }
        if !["tag_id", "client_platform_type"].iter().any(|key| names(key)) {
            return refused(65_304);
        }
        let buttons = body.get("button").and_then(Value::as_array);
        let buttons = buttons.map_or(&[][..], Vec::as_slice);
        if buttons.is_empty() {
            return refused(65_307);
        }
        check_buttons(buttons, &FIRST)?;
        let menu = Value::Object(body.clone());
        let all = account.conditional_menus.iter().map(|(_, menu)| menu).chain([&menu]);
        let mut domains = BTreeSet::new();
        all.for_each(|menu| collect_domains(&menu["button"], &mut domains));
        if domains.len() > DOMAINS {
            return refused(65_316);
        }
        let menuid = FIRST_MENUID + i64::try_from(made).unwrap_or_default();
        account.conditional_menus.push((menuid, menu));
        Ok(json!({ "menuid": menuid.to_string() }))
    }

    /// `menu/delconditional`: one of them less.
    pub(super) fn delete_conditional_menu(&mut self, call: &Call<'_>) -> Result<Value, Refusal> {
        let account = self.accounts.get_mut(call.appid).expect("its token was good");
        account.tally.call(Daily::ConditionalDeletes, DELETED_A_DAY, call.now)?;
        let wanted = content::integer(call.object_without_escapes()?.get("menuid"));
        let before = account.conditional_menus.len();
        account.conditional_menus.retain(|(menuid, _)| Some(*menuid) != wanted);
        if account.conditional_menus.len() == before {
            return Err(Refusal::code(65_301));
        }
        Ok(json!({"errcode": 0, "errmsg": "ok"}))
    }

    /// `menu/trymatch`: the menu that one follower sees. Of several that match, the newest counts.
    pub(super) fn try_menu(&mut self, call: &Call<'_>) -> Result<Value, Refusal> {
        let account = self.accounts.get_mut(call.appid).expect("its token was good");
        account.tally.call(Daily::MenuTries, TRIED_A_DAY, call.now)?;
        let user = call.object_without_escapes()?.get("user_id").and_then(Value::as_str);
        let spec = &account.spec;
        let follower = user.and_then(|user| spec.follower(user));
        let follower = follower.ok_or_else(|| Refusal::code(65_302))?;
        let has_tag = |tag: &Value| {
            let tag = content::integer(Some(tag)).and_then(|id| spec.tag(id));
            tag.is_some_and(|tag| tag.has(follower))
        };
        let matches = |(_, menu): &&(i64, Value)| {
            let rule = |key: &str| menu["matchrule"].get(key).filter(|value| **value != json!(""));
            let platform =
                |value: &Value| content::integer(Some(value)) == Some(platform(follower));
            rule("tag_id").is_none_or(has_tag) && rule("client_platform_type").is_none_or(platform)
        };
        let newest = account.conditional_menus.iter().rev().find(matches).map(|(_, menu)| menu);
        let menu = newest.or(account.website_menu.as_ref()).or(account.menu.as_ref());
        let menu = menu.ok_or_else(|| Refusal::code(46_003))?;
        let buttons = menu["button"].as_array().map_or(&[][..], Vec::as_slice);
        let full = buttons.iter().map(|button| {
            let mut button = button.clone();
            if let Some(fields) = button.as_object_mut() {
                fields.entry("sub_button").or_insert_with(|| json!([]));
            }
            button
        });
        Ok(json!({ "button": full.collect::<Vec<_>>() }))
    }

    /// The menus for some followers only, the oldest first, each with its number.
    pub fn conditional_menus(&self, appid: &str) -> &[(i64, Value)] {
        self.accounts.get(appid).map_or(&[], |account| account.conditional_menus.as_slice())
    }
}

/// The system of a follower's phone: 1 iOS, 2 Android, 3 others.
fn platform(follower: u32) -> i64 {
    i64::from(follower % 3) + 1
}

/// Collects the domains of the pages that buttons open.
fn collect_domains(buttons: &Value, domains: &mut BTreeSet<String>) {
    for button in buttons.as_array().into_iter().flatten() {
        collect_domains(&button["sub_button"], domains);
        let url = button["url"].as_str().filter(|_| button["type"] == "view");
        let rest = url.and_then(|url| url.split_once("://")).map(|(_, rest)| rest);
        domains.extend(
            rest.and_then(|rest| rest.split(['/', '?', '#', ':']).next()).map(str::to_owned),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{World, at, get};
    use super::*;

    fn add(world: &mut World, rule: &str, urls: &[&str]) -> Value {
        let view = |url: &&str| json!({"type": "view", "name": "v", "url": url});
        let subs: Vec<_> = urls.iter().map(view).collect();
        let rule: Value = serde_json::from_str(rule).unwrap();
        let menu = json!({"button": [{"name": "g", "sub_button": subs}], "matchrule": rule});
        world.call("menu/addconditional", &menu.to_string(), at(0))
    }

    #[test]
    fn a_menu_for_some_followers_needs_one_for_all_and_a_rule_that_is_still_taken() {
        let mut world = World::service();
        let (tag, page) = (r#"{"tag_id":"2"}"#, ["https://a.example/x"]);
        assert_eq!(add(&mut world, tag, &page)["errcode"], 65_303);
        let menu = json!({"button": [{"type": "click", "name": "c", "key": "K"}]});
        world.call("menu/create", &menu.to_string(), at(0));

        for (rule, errcode) in [
            ("{}", 65_304),
            (r#"{"tag_id":""}"#, 65_304),
            (r#"{"tag_id":"2","sex":"1"}"#, 65_320),
            (r#"{"language":"zh_CN"}"#, 65_320),
        ] {
            assert_eq!(add(&mut world, rule, &page)["errcode"], errcode, "{rule}");
        }
        assert_eq!(add(&mut world, tag, &[])["errcode"], 40_017);
        let four =
            ["https://a.example", "https://b.example", "https://c.example", "https://d.example"];
        assert_eq!(add(&mut world, tag, &four)["errcode"], 65_316);
        assert!(add(&mut world, tag, &four[..3])["menuid"].is_string());
        assert_eq!(add(&mut world, tag, &four[3..])["errcode"], 65_316, "all of them together");
    }

    #[test]
    fn a_follower_sees_the_newest_menu_whose_rules_all_match_or_else_the_one_for_all() {
        let mut world = World::service();
        let id = |follower| super::super::account::openid("wx1", follower);
        let try_match = |world: &mut World, user: &str| {
            world.call("menu/trymatch", &json!({ "user_id": user }).to_string(), at(0))
        };
        assert_eq!(try_match(&mut world, "nobody")["errcode"], 65_302);
        assert_eq!(try_match(&mut world, &id(0))["errcode"], 46_003);
        let menu = json!({"button": [{"type": "click", "name": "c", "key": "K"}]});
        world.call("menu/create", &menu.to_string(), at(0));
        add(&mut world, r#"{"client_platform_type":"1"}"#, &["https://a.example"]);
        add(&mut world, r#"{"client_platform_type":"1"}"#, &["https://b.example"]);

        let ios = try_match(&mut world, &id(0));
        assert_eq!(ios["button"][0]["sub_button"][0]["url"], "https://b.example");
        let android = try_match(&mut world, &id(1));
        assert_eq!(
            android,
            json!({"button": [
                {"type": "click", "name": "c", "key": "K", "sub_button": []}
            ]})
        );
    }

    #[test]
    fn such_a_menu_is_read_and_deleted_by_its_number_and_with_the_menu_for_all() {
        let mut world = World::service();
        let menu = json!({"button": [{"type": "click", "name": "c", "key": "K"}]});
        world.call("menu/create", &menu.to_string(), at(0));
        let page = ["https://a.example"];
        let first = add(&mut world, r#"{"tag_id":"2"}"#, &page)["menuid"].clone();
        add(&mut world, r#"{"client_platform_type":"1"}"#, &page);
        let delete = |world: &mut World, menuid: &Value| {
            let body = json!({ "menuid": menuid }).to_string();
            world.call("menu/delconditional", &body, at(0))["errcode"].clone()
        };

        assert_eq!(delete(&mut world, &first), 0);
        assert_eq!(delete(&mut world, &first), 65_301);
        let token = world.token(at(0));
        let read = world.json(&get("menu/get", &[("access_token", &token)]), at(0));
        assert_eq!(read["conditionalmenu"].as_array().map(Vec::len), Some(1), "{read}");
        assert_eq!(read["conditionalmenu"][0]["matchrule"]["client_platform_type"], "1");
        world.json(&get("menu/delete", &[("access_token", &token)]), at(0));
        assert_eq!(world.platform.conditional_menus("wx1").len(), 0);
    }
}
