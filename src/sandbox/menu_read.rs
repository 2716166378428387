//! Reads and removes the menu, and returns the picture of a QR code.

use jpeg_encoder::{ColorType, Encoder};
use qrcodegen::{QrCode, QrCodeEcc};
use serde_json::{Value, json};

use super::answer::Refusal;
use super::count::Daily;
use super::{Call, Platform, Response, parameter};

/// Menus deleted in a day.
const MENU_DELETES_A_DAY: u32 = 1_000;
/// Pixels for one module of a code's picture.
const MODULE: i32 = 10;
/// Modules of white around it.
const MARGIN: i32 = 4;
/// The quality of its JPEG, in percent.
const QUALITY: u8 = 90;

impl Platform {
    /// `menu/get`: the menu that was created through the API.
    pub(super) fn get_menu(&mut self, call: &Call<'_>) -> Result<Value, Refusal> {
        let menu = self.accounts[call.appid].menu.as_ref().ok_or_else(|| Refusal::code(46_003))?;
        let buttons = menu["button"].as_array().map_or(&[][..], Vec::as_slice);
        let full = buttons.iter().map(|button| {
            let mut button = button.clone();
            if let Some(fields) = button.as_object_mut() {
                fields.entry("sub_button").or_insert_with(|| json!([]));
            }
            button
        });
        let mut read = json!({"menu": {"button": full.collect::<Vec<_>>()}});
        let others = self.accounts[call.appid].conditional_menus.iter().map(|(menuid, menu)| {
            let mut menu = menu.clone();
            menu["menuid"] = json!(menuid);
            menu
        });
        let others: Vec<_> = others.collect();
        if !others.is_empty() {
            read["conditionalmenu"] = Value::Array(others);
        }
        Ok(read)
    }

    /// `menu/delete`: deletes the menu.
    pub(super) fn delete_menu(&mut self, call: &Call<'_>) -> Result<Value, Refusal> {
        let account = self.accounts.get_mut(call.appid).expect("its token was good");
        account.tally.call(Daily::MenuDeletes, MENU_DELETES_A_DAY, call.now)?;
        account.menu = None;
        account.website_menu = None;
        account.conditional_menus.clear();
        Ok(json!({"errcode": 0, "errmsg": "ok"}))
    }

    /// `get_current_selfmenu_info`: the menu that followers see, whoever created it.
    pub(super) fn menu_info(&mut self, call: &Call<'_>) -> Result<Value, Refusal> {
        let Some(menu) = self.menu(call.appid) else {
            return Ok(json!({"is_menu_open": 0, "selfmenu_info": {"button": []}}));
        };
        let buttons = menu["button"].as_array().map_or(&[][..], Vec::as_slice);
        let shown = buttons.iter().map(|button| {
            let mut button = button.clone();
            match button.get("sub_button").cloned() {
                Some(Value::Array(list)) if !list.is_empty() => {
                    button["sub_button"] = json!({ "list": list });
                }
                Some(_) | None => {
                    if let Some(fields) = button.as_object_mut() {
                        fields.remove("sub_button");
                    }
                }
            }
            button
        });
        let shown: Vec<_> = shown.collect();
        Ok(json!({"is_menu_open": 1, "selfmenu_info": {"button": shown}}))
    }

    /// `showqrcode`, on the other host: the picture of a ticket's code. It needs no token.
    pub(super) fn show_qrcode(&self, query: &[(String, String)]) -> Response {
        let ticket = parameter(query, "ticket").unwrap_or_default();
        let url = self.accounts.values().find_map(|account| account.codes.get(ticket));
        match url.and_then(|url| picture(url)) {
            Some(body) => Response::Answer { status: 200, body },
            None => Response::Answer { status: 404, body: Vec::new() },
        }
    }
}

/// A code as a JPEG; none for a text too long for one.
fn picture(text: &str) -> Option<Vec<u8>> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let side = (code.size() + 2 * MARGIN) * MODULE;
    let dark = |pixel: i32| pixel / MODULE - MARGIN;
    let pixels = (0..side).flat_map(|y| (0..side).map(move |x| (x, y)));
    let grey = pixels.map(|(x, y)| if code.get_module(dark(x), dark(y)) { 0 } else { 255 });
    let grey: Vec<u8> = grey.collect();
    let side = u16::try_from(side).ok()?;
    let mut jpeg = Vec::new();
    Encoder::new(&mut jpeg, QUALITY).encode(&grey, side, side, ColorType::Luma).ok()?;
    Some(jpeg)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{World, at, get};
    use super::*;
    use crate::sandbox::Kind;

    fn ask(world: &mut World, path: &str) -> Value {
        let token = world.token(at(0));
        world.json(&get(path, &[("access_token", &token)]), at(0))
    }

    #[test]
    fn a_menu_is_read_as_it_was_made_and_is_gone_once_deleted() {
        let mut world = World::service();
        assert_eq!(ask(&mut world, "menu/get")["errcode"], 46_003);
        let view = json!({"type": "view", "name": "v", "url": "https://a.example"});
        let menu = json!({"button": [view, {"name": "more", "sub_button": [view]}]});
        world.call("menu/create", &menu.to_string(), at(0));

        let read = ask(&mut world, "menu/get");
        assert_eq!(read["menu"]["button"][0]["sub_button"], json!([]));
        assert_eq!(read["menu"]["button"][1]["sub_button"], json!([view]));
        let info = ask(&mut world, "get_current_selfmenu_info");
        assert_eq!(info["is_menu_open"], 1);
        assert_eq!(info["selfmenu_info"]["button"][0], view);
        assert_eq!(info["selfmenu_info"]["button"][1]["sub_button"]["list"], json!([view]));
        assert_eq!(ask(&mut world, "menu/delete")["errcode"], 0);
        assert_eq!(ask(&mut world, "get_current_selfmenu_info")["is_menu_open"], 0);
    }

    #[test]
    fn a_menu_published_on_the_website_is_what_followers_see_until_the_api_has_its_turn() {
        let mut world = World::service();
        let view = json!({"type": "view", "name": "v", "url": "https://a.example"});
        let menu = json!({ "button": [view] });
        world.call("menu/create", &menu.to_string(), at(0));
        let text = json!({"type": "text", "name": "t", "value": "hello"});
        let first = |world: &mut World| {
            ask(world, "get_current_selfmenu_info")["selfmenu_info"]["button"][0].clone()
        };

        world.platform.publish_menu("wx1", json!({ "button": [text] }));
        assert_eq!(first(&mut world), text);
        assert_eq!(ask(&mut world, "menu/get")["menu"]["button"][0]["name"], "v");
        world.call("menu/create", &menu.to_string(), at(0));
        assert_eq!(first(&mut world), view);
        world.platform.publish_menu("wx1", json!({ "button": [text] }));
        ask(&mut world, "menu/delete");
        assert_eq!(ask(&mut world, "get_current_selfmenu_info")["is_menu_open"], 0);
    }

    #[test]
    fn the_thousand_and_first_deletion_of_a_day_is_too_many() {
        let mut world = World::service();

        let codes: Vec<_> =
            (0..1_001).map(|_| ask(&mut world, "menu/delete")["errcode"].clone()).collect();

        assert_eq!((&codes[999], &codes[1_000]), (&json!(0), &json!(45_009)));
    }

    #[test]
    fn reading_by_post_and_making_by_get_are_refused() {
        let mut world = World::service();
        assert_eq!(world.call("menu/get", "{}", at(0))["errcode"], 43_001);
        assert_eq!(ask(&mut world, "menu/create")["errcode"], 43_002);
    }

    #[test]
    fn a_ticket_is_shown_as_a_picture_and_an_unknown_one_is_not_found() {
        let mut world = World::service();
        assert_eq!(world.spec().kind, Kind::Service);
        let body = r#"{"action_name":"QR_SCENE","action_info":{"scene":{"scene_id":1}}}"#;
        let ticket =
            world.call("qrcode/create", body, at(0))["ticket"].as_str().unwrap().to_owned();

        for (ticket, status) in [(ticket.as_str(), 200), ("none", 404)] {
            let shown = world.platform.handle(&get("showqrcode", &[("ticket", ticket)]), at(0));
            let Response::Answer { status: got, body } = shown else { panic!("{shown:?}") };
            assert_eq!(got, status);
            assert_eq!(body.starts_with(&[0xff, 0xd8, 0xff]), status == 200);
        }
    }
}
