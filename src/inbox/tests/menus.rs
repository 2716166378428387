//! Jobs that are a menu or a QR code.

use super::*;
use crate::model::{
    Action, Button, ButtonType, JobId, Menu, MenuChange, NewMenu, Qrcode, Scene, Scenes,
};

/// What it is, the file, and what is said.
pub(super) const CASES: &[(&str, &str, &str)] = &[
    (
        "four buttons",
        r"jobs:
  - id: a
    account: club
    menu:
      button:
        - {type: click, name: a, key: A}
        - {type: click, name: b, key: B}
        - {type: click, name: c, key: C}
        - {type: click, name: d, key: D}
",
        r"f.yaml:5:7: `button` must be a list of 1 to 3 buttons
        button:
        ^^^^^^
help: this has 4",
    ),
    (
        "buttons that are misspelt, without a type, a name or what their type needs",
        r"jobs:
  - id: a
    account: club
    menu:
      button:
        - {type: clik, name: a, key: A}
        - {type: click, key: A}
        - {type: view, name: c, key: C}
",
        r"f.yaml:6:18: `clik` is no value of `type`
          - {type: clik, name: a, key: A}
                   ^^^^
help: it is one of `click`, `view`, `scancode_push`, `scancode_waitmsg`, `pic_sysphoto`, `pic_photo_or_album`, `pic_weixin`, `location_select`, `media_id`, `view_limited`, `miniprogram`, `article_id`, `article_view_limited`

f.yaml:7:11: `name` is missing
          - {type: click, key: A}
            ^
help: what stands on the button

f.yaml:8:11: `url` is missing
          - {type: view, name: c, key: C}
            ^
help: a button of type `view` needs `url`

f.yaml:8:33: a button of type `view` has no `key`
          - {type: view, name: c, key: C}
                                  ^^^
help: a button of type `view` needs `url`",
    ),
    (
        "a button that opens others and does something itself",
        r"jobs:
  - id: a
    account: club
    menu:
      button:
        - {type: click, name: a, sub_button: [{type: click, name: b, key: B}]}
        - {name: b}
",
        r"f.yaml:6:12: a button with `sub_button` has no `type`
          - {type: click, name: a, sub_button: [{type: click, name: b, key: B…
             ^^^^
help: it only opens the others: take one of the two out

f.yaml:7:11: `type` is missing
          - {name: b}
            ^
help: what pressing it does: `type: click`, `view`, …; or give it `sub_button`",
    ),
    (
        "a third level, and six buttons on the second",
        r"jobs:
  - id: a
    account: club
    menu:
      button:
        - {name: a, sub_button: [{name: b, sub_button: [{type: click, name: c, key: C}]}]}
        - name: b
          sub_button: [{}, {}, {}, {}, {}, {}]
",
        r"f.yaml:6:34: `type` is missing
          - {name: a, sub_button: [{name: b, sub_button: [{type: click, name: c, key: C}]}]}
                                   ^
help: what pressing it does: `type: click`, `view`, …; or give it `sub_button`

f.yaml:6:44: a menu has two levels
          - {name: a, sub_button: [{name: b, sub_button: [{type: click, name: c, key: C}]}]}
                                             ^^^^^^^^^^
help: put its buttons beside it

f.yaml:8:11: `sub_button` must be a list of 1 to 5 buttons
            sub_button: [{}, {}, {}, {}, {}, {}]
            ^^^^^^^^^^
help: this has 6",
    ),
    (
        "names that are too long, and an address that is none",
        r"jobs:
  - id: a
    account: club
    menu:
      button:
        - {type: click, name: 今日的歌曲们, key: A}
        - name: b
          sub_button:
            - {type: view, name: 今日的歌曲们今日的歌曲们今日的歌曲们今日的, url: www.example.com}
",
        r"f.yaml:6:31: the `name` of a button must be at most 16 bytes
          - {type: click, name: 今日的歌曲们, key: A}
                                ^^^^^^^^^^^^
help: this has 18; a Chinese character has 3

f.yaml:9:34: the `name` of a sub-button must be at most 60 bytes
              - {type: view, name: 今日的歌曲们今日的歌曲们今日的歌曲们今日的, url: www.example.com}
                                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
help: this has 63; a Chinese character has 3

f.yaml:9:62: `url` must be the address of a page
              - {type: view, name: 今日的歌曲们今日的歌曲们今日的歌曲们今日的, url: www.example.com}
                                                                                    ^^^^^^^^^^^^^^^
help: it starts with https:// or http:// and has no space",
    ),
    (
        "a menu with a key that no button has",
        r"jobs:
  - id: a
    account: club
    menu:
      matchrule: {sex: 1}
      button: [{type: click, name: a, keys: A}]
",
        r"f.yaml:6:16: `key` is missing
        button: [{type: click, name: a, keys: A}]
                 ^
help: a button of type `click` needs `key`

f.yaml:6:39: unknown key `keys` in a button
        button: [{type: click, name: a, keys: A}]
                                        ^^^^
help: did you mean `key`?",
    ),
    (
        "a menu beside a broadcast",
        r"jobs:
  - id: a
    account: club
    menu: {button: [{type: click, name: a, key: A}]}
    broadcast: {filter: {is_to_all: true}, text: 春天}
",
        r"f.yaml:4:5: `menu` cannot stand beside another action
      menu: {button: [{type: click, name: a, key: A}]}
      ^^^^
help: write a job of its own for it",
    ),
    (
        "a code of a kind that there is not",
        r"jobs:
  - {id: a, account: club, qrcode: {action_name: QR_LIMIT, action_info: {scene: {scene_id: 1}}}}
",
        r"f.yaml:2:50: `QR_LIMIT` is no value of `action_name`
    - {id: a, account: club, qrcode: {action_name: QR_LIMIT, action_info: {scene: {scene_id: 1}}}}
                                                   ^^^^^^^^
help: it is one of `QR_SCENE`, `QR_STR_SCENE`, `QR_LIMIT_SCENE`, `QR_LIMIT_STR_SCENE`",
    ),
    (
        "a temporary code without its life, and a permanent one with one",
        r"jobs:
  - {id: a, account: club, qrcode: {action_name: QR_SCENE, action_info: {scene: {scene_id: 1}}}}
  - {id: b, account: club, qrcode: {action_name: QR_LIMIT_SCENE, expire_seconds: 60, action_info: {scene: {scene_id: 1}}}}
",
        r"f.yaml:2:28: `expire_seconds` is missing
    - {id: a, account: club, qrcode: {action_name: QR_SCENE, action_info: {scene: {scene_id: 1}…
                             ^^^^^^
help: 1 to 2592000 (30 days); left out, the platform lets the code die after a minute

f.yaml:3:66: a permanent code has no `expire_seconds`
    - {id: b, account: club, qrcode: {action_name: QR_LIMIT_SCENE, expire_seconds: 60, action_info: {scene: {scene_id: 1}}}}
                                                                   ^^^^^^^^^^^^^^
help: take it out, or make a temporary code: QR_SCENE, QR_STR_SCENE",
    ),
    (
        "scenes that are out of range, of the other kind, or in the wrong place",
        r"jobs:
  - {id: a, account: club, qrcode: {action_name: QR_LIMIT_SCENE, action_info: {scene: {scene_id: 100001}}}}
  - {id: b, account: club, qrcode: {action_name: QR_LIMIT_STR_SCENE, action_info: {scene: {scene_id: 1}}}}
  - {id: c, account: club, qrcode: {action_name: QR_SCENE, expire_seconds: 2592001, action_info: {scene: {scene_id: 0}}}}
  - {id: d, account: club, qrcode: {action_name: QR_LIMIT_SCENE, scene_id: 1}}
",
        r"f.yaml:2:98: `scene_id` must be a number from 1 to 100000
  …: a, account: club, qrcode: {action_name: QR_LIMIT_SCENE, action_info: {scene: {scene_id: 100001}}}}
                                                                                             ^^^^^^

f.yaml:3:92: this `action_name` needs `scene_str`, not `scene_id`
  … - {id: b, account: club, qrcode: {action_name: QR_LIMIT_STR_SCENE, action_info: {scene: {scene_id: 1}}}}
                                                                                             ^^^^^^^^
help: a number is for QR_SCENE and QR_LIMIT_SCENE

f.yaml:4:76: `expire_seconds` must be a number from 1 to 2592000
    - {id: c, account: club, qrcode: {action_name: QR_SCENE, expire_seconds: 2592001, action_info: {scene: {scene_id: 0}}}}
                                                                             ^^^^^^^

f.yaml:4:117: `scene_id` must be a number from 1 to 4294967295
  … qrcode: {action_name: QR_SCENE, expire_seconds: 2592001, action_info: {scene: {scene_id: 0}}}}
                                                                                             ^

f.yaml:5:28: `action_info` is missing
    - {id: d, account: club, qrcode: {action_name: QR_LIMIT_SCENE, scene_id: 1}}
                             ^^^^^^
help: what a scan brings along: `action_info: {scene: {scene_id: 123}}`

f.yaml:5:66: `scene_id` stands in a scene
    - {id: d, account: club, qrcode: {action_name: QR_LIMIT_SCENE, scene_id: 1}}
                                                                   ^^^^^^^^
help: write `action_info: {scene: {scene_id: …}}`",
    ),
];

fn change(json: &str) -> MenuChange {
    let Action::Menu(change) = job(&format!("menu: {json}")).spec.action else { panic!("a menu") };
    change
}

#[test]
fn a_menu_can_be_deleted_or_put_back_and_be_there_for_a_time() {
    let until = Some("2027-03-22T01:00:00Z".parse().unwrap());
    let restore = JobId::parse("spring").unwrap();
    for (json, expected) in [
        ("{delete: true}", MenuChange { to: NewMenu::Nothing { delete: true }, until: None }),
        (
            "{delete: true, until: 2027-03-22 09:00}",
            MenuChange { to: NewMenu::Nothing { delete: true }, until },
        ),
        (
            "{restore: spring}",
            MenuChange { to: NewMenu::Before { restore, if_unchanged: false }, until: None },
        ),
    ] {
        assert_eq!(change(json), expected, "{json}");
    }
    let button = "button: [{type: click, name: a, key: K}]";
    assert_eq!(change(&format!("{{{button}, until: 2027-03-22 09:00}}")).until, until);
}

/// A menu that leads to these domains.
fn pages(hosts: &[&str]) -> String {
    let view =
        |host: &&str| format!("{{type: view, name: {host}, url: 'https://{host}.example/x?y'}}");
    let views: Vec<_> = hosts.iter().map(view).collect();
    format!("button: [{{name: g, sub_button: [{}]}}]", views.join(", "))
}

#[test]
fn a_menu_for_some_followers_has_a_rule_in_the_platforms_own_texts() {
    let menu =
        format!("{{{}, matchrule: {{tag_id: 2, client_platform_type: '1'}}}}", pages(&["a"]));
    let NewMenu::Conditional(menu) = change(&menu).to else { panic!("for some") };
    let rule = serde_json::to_string(&menu.matchrule).unwrap();
    assert_eq!(rule, r#"{"tag_id":"2","client_platform_type":"1"}"#);
    assert_eq!(menu.to_string(), "g for tag 2, iOS");
    let gone = NewMenu::WithoutConditional { delete_menuid: "208379533".to_owned() };
    assert_eq!(change("{delete: {menuid: 208379533}}").to, gone);
}

#[test]
fn what_a_menu_change_cannot_have_is_refused_at_its_place() {
    let button = BUTTON;
    let long = "x".repeat(59);
    for (id, rest, message) in [
        ("a", format!("menu: {{{button}, delete: true}}"), "`delete` cannot stand beside `button`"),
        (
            "a",
            "menu: {restore: b, delete: true}".to_owned(),
            "`restore` cannot stand beside `delete`",
        ),
        ("a", "menu: {delete: false}".to_owned(), "`delete: false` does nothing"),
        ("a", "menu: {}".to_owned(), "`button` is missing"),
        ("a", "menu: {restore: a b}".to_owned(), "`a b` cannot be an id"),
        (
            "a",
            "menu: {restore: b, until: 2027-03-22 09:00}".to_owned(),
            "`until` cannot stand beside `restore`",
        ),
        (
            "a",
            format!("at: 2027-03-22 09:00\n  menu: {{{button}, until: 2027-03-22 09:00}}"),
            "`until` must be after `at`",
        ),
        (
            "a",
            format!("cron: 0 20 * * FRI\n  menu: {{{button}, until: 2027-03-22 09:00}}"),
            "a menu in a series has no `until`",
        ),
        (
            long.as_str(),
            format!("menu: {{{button}, until: 2027-03-22 09:00}}"),
            "the id is too long for a job with `until`",
        ),
    ] {
        refuses(id, &rest, message);
    }
}

#[test]
fn what_a_menu_for_some_followers_cannot_have_is_refused_at_its_place() {
    let button = BUTTON;
    for (rest, message) in [
        (format!("menu: {{{button}, matchrule: {{}}}}"), "`matchrule` names nobody"),
        (
            format!("menu: {{{button}, matchrule: {{tag_id: 2, sex: 1}}}}"),
            "the platform no longer tells followers apart by sex, place and language",
        ),
        (
            format!("menu: {{{button}, matchrule: {{client_platform_type: 4}}}}"),
            "`4` is no value of `client_platform_type`",
        ),
        (
            format!("menu: {{{button}, matchrule: {{client_platform_type: 0}}}}"),
            "`0` is no value of `client_platform_type`",
        ),
        (
            format!("menu: {{{}, matchrule: {{tag_id: 2}}}}", pages(&["a", "b", "c", "d"])),
            "lead to at most 3 domains",
        ),
        (
            "menu: {delete: true, matchrule: {tag_id: 2}}".to_owned(),
            "`matchrule` cannot stand beside `delete`",
        ),
        (
            format!("menu: {{{button}, matchrule: {{tag_id: 2}}, until: 2027-03-22 09:00}}"),
            "`until` is for the menu of all followers",
        ),
        (
            "menu: {delete: {menuid: 5}, until: 2027-03-22 09:00}".to_owned(),
            "`until` is for the menu of all followers",
        ),
    ] {
        refuses("a", &rest, message);
    }
}

const BUTTON: &str = "button: [{type: click, name: a, key: K}]";

fn refuses(id: &str, rest: &str, message: &str) {
    let problems = parse_text(&format!("jobs:\n- id: {id}\n  account: club\n  {rest}\n"));

    let problems = problems.unwrap_err();
    assert!(problems.contains(message), "{rest}: {problems}");
}

fn job(action: &str) -> ParsedJob {
    let file = format!("jobs:\n- id: a\n  account: club\n  {action}\n");
    parse_text(&file).unwrap().jobs.remove(0)
}

fn menu(json: &str) -> (Menu, Vec<String>) {
    let job = job(&format!("menu: {json}"));
    let Action::Menu(MenuChange { to: NewMenu::Menu(menu), until: None }) = job.spec.action else {
        panic!("a menu")
    };
    (menu, job.notes)
}

#[test]
fn the_documents_menus_can_be_pasted() {
    let with_every_type = r#"{"button": [
        {"name": "扫码", "sub_button": [
            {"type": "scancode_waitmsg", "name": "扫码带提示", "key": "rselfmenu_0_0", "sub_button": [ ]},
            {"type": "scancode_push", "name": "扫码推事件", "key": "rselfmenu_0_1", "sub_button": [ ]},
            {"type": "view", "name": "搜索", "url": "http://www.soso.com/"},
            {"type": "miniprogram", "name": "wxa", "url": "http://mp.weixin.qq.com",
             "appid": "wx286b93c14bbf93aa", "pagepath": "pages/lunar/index"}]},
        {"name": "发图", "sub_button": [
            {"type": "pic_sysphoto", "name": "系统拍照发图", "key": "rselfmenu_1_0", "sub_button": [ ]},
            {"type": "pic_photo_or_album", "name": "拍照或者相册发图", "key": "rselfmenu_1_1", "sub_button": [ ]},
            {"type": "pic_weixin", "name": "微信相册发图", "key": "rselfmenu_1_2", "sub_button": [ ]},
            {"type": "location_select", "name": "发送位置", "key": "rselfmenu_2_0"},
            {"type": "click", "name": "赞一下我们", "key": "V1001_GOOD"}]},
        {"name": "素材", "sub_button": [
            {"type": "media_id", "name": "图片", "media_id": "MEDIA_ID1"},
            {"type": "view_limited", "name": "图文消息", "media_id": "MEDIA_ID2"},
            {"type": "article_id", "name": "发布后的图文", "article_id": "ARTICLE_ID1"},
            {"type": "article_view_limited", "name": "发布后的图文", "article_id": "ARTICLE_ID2"}]}
    ]}"#;

    let (menu, notes) = menu(with_every_type);

    let [Button::Group { sub_button: scans, .. }, Button::Group { sub_button: more, .. }, _] =
        &menu.button[..]
    else {
        panic!("{menu:?}")
    };
    assert_eq!(scans[0].kind, ButtonType::ScancodeWaitmsg);
    assert_eq!(scans[3].appid.as_deref(), Some("wx286b93c14bbf93aa"));
    assert_eq!(more[1].key.as_deref(), Some("rselfmenu_1_1"));
    let sent = serde_json::to_value(&menu).unwrap();
    let mut pasted: serde_json::Value = serde_json::from_str(with_every_type).unwrap();
    for button in pasted["button"].as_array_mut().unwrap() {
        for sub in button["sub_button"].as_array_mut().unwrap() {
            sub.as_object_mut().unwrap().remove("sub_button");
        }
    }
    assert_eq!(sent, pasted);
    let cut = "a phone cuts the name of the button 拍照或者相册发图: it shows 7 Chinese characters";
    assert_eq!(notes, [cut]);
}

#[test]
fn a_name_that_a_phone_cuts_is_noted() {
    for (name, cut) in
        [("今日歌曲", false), ("今日歌曲们", true), ("Top songs", true), ("Songs 10", false)]
    {
        let (_, notes) = menu(&format!("{{button: [{{type: click, name: {name}, key: K}}]}}"));

        assert_eq!(!notes.is_empty(), cut, "{name}: {notes:?}");
    }
}

#[test]
fn the_documents_codes_can_be_pasted() {
    let text = |text: &str| Scene::Text(text.to_owned());
    for (json, expire_seconds, scene) in [
        (
            r#"{"expire_seconds": 604800, "action_name": "QR_SCENE", "action_info": {"scene": {"scene_id": 123}}}"#,
            Some(604_800),
            Scene::Id(123),
        ),
        (
            r#"{"expire_seconds": 604800, "action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": "test"}}}"#,
            Some(604_800),
            text("test"),
        ),
        (
            r#"{"action_name": "QR_LIMIT_SCENE", "action_info": {"scene": {"scene_id": 123}}}"#,
            None,
            Scene::Id(123),
        ),
        (
            r#"{"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": "test"}}}"#,
            None,
            text("test"),
        ),
    ] {
        let job = job(&format!("qrcode: {json}"));

        assert_eq!(
            job.spec.action,
            Action::Qrcode(Qrcode { expire_seconds, scene, renew: false }),
            "{json}"
        );
    }
}

#[test]
fn many_codes_are_a_list_a_range_or_a_file() {
    let lists = [("scenes.txt", "\u{feff}door-1\r\n\n door-2 \n".as_bytes())];
    let read = |qrcode: &str| {
        let file = format!("jobs:\n- id: a\n  account: club\n  qrcode: {qrcode}\n");
        let parsed = parse_bytes("f.yaml", file.as_bytes(), &Files(&lists));
        parsed.map(|mut parsed| {
            let action = parsed.jobs.remove(0).spec.action;
            let Action::Qrcodes(codes) = action else { panic!("{action:?}") };
            codes
        })
    };
    let texts = |texts: &[&str]| Scenes::Texts {
        scene_str: texts.iter().map(|text| (*text).to_owned()).collect(),
    };
    let (limit, named) = ("action_name: QR_LIMIT_SCENE", "action_name: QR_LIMIT_STR_SCENE");
    for (qrcode, scenes) in [
        (format!("{{{limit}, scenes: {{from: 1, to: 3}}}}"), Scenes::Range { from: 1, to: 3 }),
        (format!("{{{limit}, scenes: [3, '1']}}"), Scenes::Ids { scene_id: vec![3, 1] }),
        (format!("{{{named}, scenes: [a, 7]}}"), texts(&["a", "7"])),
        (format!("{{{named}, scenes: {{file: scenes.txt}}}}"), texts(&["door-1", "door-2"])),
    ] {
        assert_eq!(read(&qrcode).unwrap().scenes, scenes, "{qrcode}");
    }
    let codes = read(&format!("{{{limit}, scenes: [1], out: 2027/doors}}")).unwrap();
    assert_eq!(codes.out.as_deref(), Some("2027/doors"));
    for (qrcode, message) in [
        (format!("{{{limit}, scenes: {{from: 3, to: 1}}}}"), "`to` must not be less than `from`"),
        (format!("{{{limit}, scenes: {{from: 1, to: 10001}}}}"), "at most 10,000 codes"),
        (format!("{{{limit}, scenes: {{from: 1, to: 100001}}}}"), "100001"),
        (format!("{{{named}, scenes: {{from: 1, to: 2}}}}"), "a range is of numbers"),
        (
            format!("{{{limit}, scenes: {{from: 1, file: scenes.txt}}}}"),
            "cannot stand beside `file`",
        ),
        (format!("{{{limit}, scenes: []}}"), "`scenes` names no scene"),
        (format!("{{{limit}, scenes: [1, 1]}}"), "`1` is there twice"),
        (format!("{{{limit}, scenes: [0]}}"), "`0` is no number from 1 to 100000"),
        (format!("{{{limit}, scenes: [a]}}"), "`a` is no number from 1 to 100000"),
        (format!("{{{named}, scenes: [{}]}}", "x".repeat(65)), "is not 1 to 64 bytes"),
        (format!("{{{limit}, scenes: [1], expire_seconds: 60}}"), "has no `expire_seconds`"),
        (format!("{{{limit}, scenes: [1], out: ../x}}"), "is no folder for pictures"),
        (format!("{{{limit}, scenes: [1], out: /etc}}"), "is no folder for pictures"),
        (
            format!("{{{limit}, scenes: [1], action_info: {{scene: {{scene_id: 1}}}}}}"),
            "`action_info` cannot stand beside `scenes`",
        ),
        (
            format!("{{{limit}, out: x, action_info: {{scene: {{scene_id: 1}}}}}}"),
            "`out` needs `scenes`",
        ),
    ] {
        let problems = read(&qrcode).unwrap_err();

        assert!(problems.contains(message), "{qrcode}: {problems}");
    }
}

/// Files beside a job file.
struct Files<'f>(&'f [(&'f str, &'f [u8])]);

impl ListSource for Files<'_> {
    fn list(&self, path: &str) -> Result<Cow<'_, [u8]>, String> {
        let found = self.0.iter().find(|(name, _)| *name == path);
        found.map(|(_, bytes)| Cow::Borrowed(*bytes)).ok_or_else(|| "no such file".to_owned())
    }
}
