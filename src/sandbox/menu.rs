//! The menu and the QR codes with a scene: `menu/create` and `qrcode/create`.

use serde_json::{Value, json};

use super::answer::Refusal;
use super::content::{self, Object};
use super::count::Daily;
use super::held::Scene;
use super::{Call, Platform, mix};

/// Menus created in a day.
const MENUS_A_DAY: u32 = 1_000;
/// QR codes created in a day.
const QRCODES_A_DAY: u32 = 100_000;
/// The longest validity of a temporary code: 30 days.
const LIFE_S: i64 = 2_592_000;
/// The validity of one that gives none.
const DEFAULT_LIFE_S: i64 = 60;
/// The largest number of a permanent code.
const PERMANENT_SCENE: i64 = 100_000;
/// The longest text of a scene.
const SCENE_BYTES: usize = 64;

/// How the codes of one level of the menu differ from those of the other.
pub(super) struct Level {
    buttons: usize,
    name_bytes: usize,
    count: i64,
    kind: i64,
    name: i64,
    key: i64,
    url: i64,
    domain: i64,
}

pub(super) const FIRST: Level = Level {
    buttons: 3,
    name_bytes: 16,
    count: 40_016,
    kind: 40_017,
    name: 40_018,
    key: 40_019,
    url: 40_020,
    domain: 40_055,
};

const SECOND: Level = Level {
    buttons: 5,
    name_bytes: 60,
    count: 40_023,
    kind: 40_024,
    name: 40_025,
    key: 40_026,
    url: 40_027,
    domain: 40_054,
};

impl Platform {
    /// `menu/create`: replaces the whole menu.
    pub(super) fn create_menu(&mut self, call: &Call<'_>) -> Result<Value, Refusal> {
        let account = self.accounts.get_mut(call.appid).expect("its token was good");
        account.tally.call(Daily::Menus, MENUS_A_DAY, call.now)?;
        let body = call.object_without_escapes()?;
        let buttons = body.get("button").and_then(Value::as_array);
        check_buttons(buttons.map_or(&[][..], Vec::as_slice), &FIRST)?;
        account.menu = Some(Value::Object(body.clone()));
        account.website_menu = None;
        Ok(json!({"errcode": 0, "errmsg": "ok"}))
    }

    /// `qrcode/create`: the ticket of a code.
    pub(super) fn create_qrcode(&mut self, call: &Call<'_>) -> Result<Value, Refusal> {
        let made = self.make_qrcode(call)?;
        let account = self.accounts.get_mut(call.appid).expect("its token was good");
        let [ticket, url] = ["ticket", "url"].map(|key| made[key].as_str().unwrap_or_default());
        account.codes.insert(ticket.to_owned(), url.to_owned());
        Ok(made)
    }

    fn make_qrcode(&mut self, call: &Call<'_>) -> Result<Value, Refusal> {
        let ticket = format!("gQ{:016x}+8{:013}/AA==", mix(self.seed, self.calls), self.calls);
        let account = self.accounts.get_mut(call.appid).expect("its token was good");
        account.tally.call(Daily::Qrcodes, QRCODES_A_DAY, call.now)?;
        let body = call.object_without_escapes()?;
        let (permanent, by_text) = match body.get("action_name").and_then(Value::as_str) {
            Some("QR_SCENE") => (false, false),
            Some("QR_STR_SCENE") => (false, true),
            Some("QR_LIMIT_SCENE") => (true, false),
            Some("QR_LIMIT_STR_SCENE") => (true, true),
            Some(_) | None => return Err(Refusal::code(40_052)),
        };
        let most = if permanent { PERMANENT_SCENE } else { i64::from(u32::MAX) };
        let scene = scene(body, by_text, most).ok_or_else(|| Refusal::code(40_053))?;
        let url = format!("http://weixin.qq.com/q/{:016x}", mix(self.seed, self.calls));
        if permanent {
            let codes = &mut account.permanent_codes;
            // The same scene is the same code, and counts only once in the hundred thousand.
            if !codes.contains_key(&scene) && codes.len() >= account.spec.permanent_codes {
                return Err(Refusal::code(45_029));
            }
            let ticket = codes.entry(scene).or_insert(ticket);
            let url = account.codes.get(ticket).unwrap_or(&url);
            return Ok(json!({"ticket": ticket, "url": url}));
        }
        let life = content::integer(body.get("expire_seconds")).unwrap_or(DEFAULT_LIFE_S);
        let life = if life < 1 { DEFAULT_LIFE_S } else { life.min(LIFE_S) };
        Ok(json!({"ticket": ticket, "expire_seconds": life, "url": url}))
    }

    /// The menu that an account's followers see, if there is one.
    pub fn menu(&self, appid: &str) -> Option<&Value> {
        let account = self.accounts.get(appid)?;
        account.website_menu.as_ref().or(account.menu.as_ref())
    }

    /// Publishes a menu on the website: `{"button": […]}`, with the types that only the website has
    /// (`text`, `img`, `voice`, `video`, `news`).
    pub fn publish_menu(&mut self, appid: &str, menu: Value) {
        if let Some(account) = self.accounts.get_mut(appid) {
            account.website_menu = Some(menu);
        }
    }

    /// How many permanent QR codes an account has.
    pub fn permanent_codes(&self, appid: &str) -> usize {
        self.accounts.get(appid).map_or(0, |account| account.permanent_codes.len())
    }
}

pub(super) fn text<'a>(object: &'a Object, field: &str) -> &'a str {
    object.get(field).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn check_buttons(buttons: &[Value], level: &Level) -> Result<(), Refusal> {
    if !(1..=level.buttons).contains(&buttons.len()) {
        return Err(Refusal::code(level.count));
    }
    for button in buttons {
        let button = button.as_object().ok_or_else(|| Refusal::code(47_001))?;
        if !(1..=level.name_bytes).contains(&text(button, "name").len()) {
            return Err(Refusal::code(level.name));
        }
        let subs = button.get("sub_button").and_then(Value::as_array);
        match subs.filter(|subs| !subs.is_empty()) {
            Some(_) if level.buttons == SECOND.buttons => return Err(Refusal::code(40_022)),
            Some(subs) => check_buttons(subs, &SECOND)?,
            None => check_press(button, level)?,
        }
    }
    Ok(())
}

fn check_press(button: &Object, level: &Level) -> Result<(), Refusal> {
    let refused = |code| Err(Refusal::code(code));
    let named = |field, code| match text(button, field) {
        "" => refused(code),
        id if id.starts_with("bad") => refused(code),
        _ => Ok(()),
    };
    match text(button, "type") {
        "click" | "scancode_push" | "scancode_waitmsg" | "pic_sysphoto" | "pic_photo_or_album"
        | "pic_weixin" | "location_select" => {
            let fits = (1..=128).contains(&text(button, "key").len());
            if fits { Ok(()) } else { refused(level.key) }
        }
        "view" => check_url(button, level),
        "media_id" | "view_limited" => named("media_id", 40_007),
        "article_id" | "article_view_limited" => named("article_id", 53_600),
        "miniprogram" => {
            check_url(button, level)?;
            named("pagepath", level.url)?;
            named("appid", 40_013)
        }
        _ => refused(level.kind),
    }
}

fn check_url(button: &Object, level: &Level) -> Result<(), Refusal> {
    let url = text(button, "url");
    if !(1..=1_024).contains(&url.len()) {
        return Err(Refusal::code(level.url));
    }
    let is_web = ["http://", "https://"].iter().any(|scheme| url.starts_with(scheme));
    if is_web { Ok(()) } else { Err(Refusal::code(level.domain)) }
}

fn scene(body: &Object, by_text: bool, most: i64) -> Option<Scene> {
    let scene = body.get("action_info")?.as_object()?.get("scene")?.as_object()?;
    if by_text {
        let text = text(scene, "scene_str");
        return (1..=SCENE_BYTES).contains(&text.len()).then(|| Scene::Text(text.to_owned()));
    }
    let number = content::integer(scene.get("scene_id"))?;
    (1..=most).contains(&number).then_some(Scene::Number(number))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{World, at};
    use super::*;
    use crate::sandbox::{AccountSpec, Kind};

    fn menu(world: &mut World, buttons: &str) -> i64 {
        let body = format!(r#"{{"button":{buttons}}}"#);
        world.call("menu/create", &body, at(0))["errcode"].as_i64().unwrap()
    }

    fn view(name: &str) -> String {
        format!(r#"{{"type":"view","name":"{name}","url":"https://a.example"}}"#)
    }

    #[test]
    fn a_menu_is_taken_in_the_documents_shapes_only() {
        let many = |n: usize| format!("[{}]", vec![view("a"); n].join(","));
        let under = |subs: &str| format!(r#"[{{"name":"a","sub_button":{subs}}}]"#);
        let of = |rest: &str| format!(r#"[{{"name":"a",{rest}}}]"#);
        let mut world = World::service();
        for (buttons, errcode) in [
            (many(3), 0),
            (many(0), 40_016),
            (many(4), 40_016),
            (under(&many(5)), 0),
            (under(&many(6)), 40_023),
            (under(&under(&many(1))), 40_022),
            (format!("[{}]", view("今日歌曲a")), 0),
            (format!("[{}]", view("")), 40_018),
            (format!("[{}]", view("今日歌曲今日")), 40_018),
            (under(&format!("[{}]", view(&"歌".repeat(20)))), 0),
            (under(&format!("[{}]", view(&"歌".repeat(21)))), 40_025),
            (of(r#""type":"click","key":"K","sub_button":[]"#), 0),
            (of(r#""type":"click""#), 40_019),
            (under(&of(r#""type":"click""#)), 40_026),
            (of(&format!(r#""type":"click","key":"{}""#, "k".repeat(129))), 40_019),
            (of(r#""key":"K""#), 40_017),
            (of(r#""type":"music","key":"K""#), 40_017),
            (under(&of(r#""type":"music""#)), 40_024),
            (of(r#""type":"view""#), 40_020),
            (of(r#""type":"view","url":"ftp://a""#), 40_055),
            (under(&of(r#""type":"view","url":"a.example""#)), 40_054),
            (of(r#""type":"media_id","media_id":"M""#), 0),
            (of(r#""type":"view_limited","media_id":"bad""#), 40_007),
            (of(r#""type":"article_id","article_id":"A""#), 0),
            (of(r#""type":"article_view_limited""#), 53_600),
            (of(r#""type":"miniprogram","url":"http://a","appid":"wx2","pagepath":"p""#), 0),
            (of(r#""type":"miniprogram","url":"http://a","pagepath":"p""#), 40_013),
            (of(r#""type":"click","key":"\u4f60""#), 40_033),
        ] {
            assert_eq!(menu(&mut world, &buttons), errcode, "{buttons}");
        }
    }

    #[test]
    fn a_menu_that_is_refused_leaves_the_one_before() {
        let mut world = World::subscription();
        menu(&mut world, &format!("[{}]", view("before")));

        menu(&mut world, "[]");

        assert_eq!(world.platform.menu("wx1").unwrap()["button"][0]["name"], "before");
    }

    #[test]
    fn the_thousand_and_first_menu_of_a_day_is_too_many() {
        let mut world = World::service();
        let buttons = format!("[{}]", view("a"));

        let codes: Vec<_> = (0..1_001).map(|_| menu(&mut world, &buttons)).collect();

        assert_eq!((codes[999], codes[1_000]), (0, 45_009));
    }

    fn code(world: &mut World, body: &str) -> Value {
        world.call("qrcode/create", body, at(0))
    }

    #[test]
    fn a_code_is_made_in_the_documents_shapes_only() {
        let mut world = World::service();
        let long = "s".repeat(65);
        for (action, scene, errcode) in [
            ("QR_SCENE", r#""scene_id":123"#, None),
            ("QR_SCENE", r#""scene_id":4294967295"#, None),
            ("QR_SCENE", r#""scene_id":0"#, Some(40_053)),
            ("QR_SCENE", r#""scene_id":4294967296"#, Some(40_053)),
            ("QR_SCENE", r#""scene_str":"a""#, Some(40_053)),
            ("QR_STR_SCENE", r#""scene_str":"test""#, None),
            ("QR_LIMIT_SCENE", r#""scene_id":100000"#, None),
            ("QR_LIMIT_SCENE", r#""scene_id":100001"#, Some(40_053)),
            ("QR_LIMIT_STR_SCENE", r#""scene_str":"""#, Some(40_053)),
            ("QR_LIMIT_STR_SCENE", &format!(r#""scene_str":"{long}""#), Some(40_053)),
            ("QR_CARD", r#""scene_id":1"#, Some(40_052)),
        ] {
            let body = format!(
                r#"{{"expire_seconds":604800,"action_name":"{action}","action_info":{{"scene":{{{scene}}}}}}}"#
            );

            let answer = code(&mut world, &body);

            assert_eq!(answer["errcode"].as_i64(), errcode, "{action} {scene}");
            assert_eq!(answer["ticket"].is_string(), errcode.is_none(), "{action} {scene}");
            let lives = errcode.is_none() && !action.contains("LIMIT");
            assert_eq!(answer["expire_seconds"] == 604_800, lives, "{answer}");
        }
    }

    #[test]
    fn permanent_codes_are_numbered_and_a_scene_is_one_of_them_once() {
        let spec = AccountSpec { permanent_codes: 2, ..AccountSpec::new("wx1", Kind::Service) };
        let mut world = World::of(spec);
        let mut make = |scene: u32| {
            let body = format!(
                r#"{{"action_name":"QR_LIMIT_SCENE","action_info":{{"scene":{{"scene_id":{scene}}}}}}}"#
            );
            code(&mut world, &body)
        };

        let (one, two, three, again) = (make(1), make(2), make(3), make(1));

        assert_ne!(one["ticket"], two["ticket"]);
        assert_eq!(three["errcode"], 45_029);
        assert_eq!(again["ticket"], one["ticket"]);
        assert_eq!(world.platform.permanent_codes("wx1"), 2);
    }

    #[test]
    fn a_temporary_code_lives_a_month_at_most_and_a_minute_if_nothing_is_said() {
        let mut world = World::service();
        for (life, expected) in [("", 60), (r#""expire_seconds":2592001,"#, 2_592_000)] {
            let body = format!(
                r#"{{{life}"action_name":"QR_SCENE","action_info":{{"scene":{{"scene_id":1}}}}}}"#
            );

            assert_eq!(code(&mut world, &body)["expire_seconds"], expected);
        }
    }
}
