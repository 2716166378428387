//! The lists of followers: tags and pages of OpenIDs.

use serde_json::{Value, json};

use super::account::openid;
use super::answer::Refusal;
use super::content;
use super::count::Daily;
use super::{Call, Platform};

/// OpenIDs on one page.
const PAGE: usize = 10_000;
/// Pages of the whole list that may be requested in a day.
const PAGES_A_DAY: u32 = 500;

impl Platform {
    /// `tags/get`.
    pub(super) fn tags(&mut self, call: &Call<'_>) -> Result<Value, Refusal> {
        let spec = &self.accounts[call.appid].spec;
        let tag = |tag: &super::Tag| json!({"id": tag.id, "name": tag.name, "count": tag.count(spec.followers)});
        Ok(json!({"tags": spec.tags.iter().map(tag).collect::<Vec<_>>()}))
    }

    /// `user/get`: all followers, page by page.
    pub(super) fn followers(&mut self, call: &Call<'_>) -> Result<Value, Refusal> {
        let account = self.accounts.get_mut(call.appid).expect("its token was good");
        account.tally.call(Daily::FollowerPages, PAGES_A_DAY, call.now)?;
        let total = account.spec.followers;
        let from = self.page_start(call, call.parameter("next_openid"))?;
        let mut page = page(call.appid, (from..total).take(PAGE));
        page["total"] = total.into();
        Ok(page)
    }

    /// `user/tag/get`: the followers with one tag, page by page.
    pub(super) fn tagged(&mut self, call: &Call<'_>) -> Result<Value, Refusal> {
        let body = call.object()?;
        let from = self.page_start(call, body.get("next_openid").and_then(Value::as_str))?;
        let spec = &self.accounts[call.appid].spec;
        let tag = content::integer(body.get("tagid")).and_then(|id| spec.tag(id));
        let tag = tag.ok_or_else(|| Refusal::code(45_159))?;
        Ok(page(call.appid, tag.members(from, spec.followers).take(PAGE)))
    }

    /// `tags/getidlist`: the tags of one follower.
    pub(super) fn tags_of(&mut self, call: &Call<'_>) -> Result<Value, Refusal> {
        let spec = &self.accounts[call.appid].spec;
        let id = call.object()?.get("openid").and_then(Value::as_str);
        let follower = id.and_then(|id| spec.follower(id)).ok_or_else(|| Refusal::code(40_003))?;
        let tags = spec.tags.iter().filter(|tag| tag.has(follower)).map(|tag| tag.id);
        Ok(json!({"tagid_list": tags.collect::<Vec<_>>()}))
    }

    /// The follower after the last one of the previous page.
    fn page_start(&self, call: &Call<'_>, next: Option<&str>) -> Result<u32, Refusal> {
        match next.filter(|next| !next.is_empty()) {
            None => Ok(0),
            Some(id) => {
                let last = self.accounts[call.appid].spec.follower(id);
                last.map(|last| last + 1).ok_or_else(|| Refusal::code(40_003))
            }
        }
    }
}

/// A page; an empty one has no `data` at all, as on the real platform.
fn page(appid: &str, followers: impl Iterator<Item = u32>) -> Value {
    let ids: Vec<String> = followers.map(|follower| openid(appid, follower)).collect();
    let count = ids.len();
    let last = ids.last().cloned().unwrap_or_default();
    if count == 0 {
        return json!({"count": 0, "next_openid": ""});
    }
    json!({"count": count, "data": {"openid": ids}, "next_openid": last})
}
