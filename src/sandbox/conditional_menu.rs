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

    /// The menus for some followers only, the oldest first, each with its number.
    pub fn conditional_menus(&self, appid: &str) -> &[(i64, Value)] {
        self.accounts.get(appid).map_or(&[], |account| account.conditional_menus.as_slice())
    }
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
