//! Jobs that are a `menu:`, in the platform's own JSON.
//!
//! The documents' samples can be pasted unchanged. What the platform would refuse is refused here,
//! because the platform answers only at the job's time.

use std::collections::HashSet;
use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use unicode_width::UnicodeWidthStr as _;

use super::reader::Reader;
use super::time::instant;
use crate::model::{
    BUTTONS_MOST, Button, ButtonType, ConditionalMenu, JobId, MatchRule, Menu, MenuChange, NewMenu,
    Press, SUB_BUTTONS_MOST,
};
use crate::yaml::diagnostic::quote;
use crate::yaml::{Entry, Fields, Node, Shape, Value};

pub(super) const MENU: Shape = Shape {
    what: "`menu`",
    known: &["button", "matchrule", "delete", "restore", "until"],
    refused: &[(
        "menu",
        "`menu` must hold `button` itself",
        "write what stands under this key: `button: […]`",
    )],
};

const WITHDRAWN: &str =
    "the platform no longer tells followers apart by sex, place and language (65320)";
const RULES: &str = "use `tag_id`, or `client_platform_type`: 1 iOS, 2 Android, 3 others";

pub(super) const MATCHRULE: Shape = Shape {
    what: "`matchrule`",
    known: &["tag_id", "client_platform_type"],
    refused: &[
        ("sex", WITHDRAWN, RULES),
        ("country", WITHDRAWN, RULES),
        ("province", WITHDRAWN, RULES),
        ("city", WITHDRAWN, RULES),
        ("language", WITHDRAWN, RULES),
        ("group_id", "`group_id` is the old name of `tag_id`", "write `tag_id: …`"),
    ],
};

pub(super) const DELETE: Shape = Shape { what: "`delete`", known: &["menuid"], refused: &[] };

/// The most domains that the menus for some followers only may lead to, all of them together.
const DOMAINS_MOST: usize = 3;

pub(super) const BUTTON: Shape = Shape {
    what: "a button",
    known: &[
        "type",
        "name",
        "sub_button",
        "key",
        "url",
        "media_id",
        "appid",
        "pagepath",
        "article_id",
    ],
    refused: &[],
};

/// The keys that one type of button needs and another may not have, with the maximum bytes of each.
///
/// The documents limit the first two only; ids and pages are far shorter than this.
const VALUES: [(&str, usize); 6] = [
    ("key", 128),
    ("url", 1_024),
    ("media_id", 256),
    ("appid", 128),
    ("pagepath", 1_024),
    ("article_id", 256),
];

/// What the rest of a job says about the time of its menu.
#[derive(Clone, Copy)]
pub(super) struct MenuTimes<'j> {
    pub(super) zone: Tz,
    pub(super) at: Option<DateTime<Utc>>,
    pub(super) id: Option<&'j JobId>,
    pub(super) recurs: bool,
}

const CONDITIONAL_GO: &str =
    "the platform deletes the menus for some followers only (matchrule) with the menu";

/// A level of the menu: the maximum length of a name, and how much of it a phone shows.
struct Level {
    what: &'static str,
    name_bytes: usize,
    /// In Chinese characters, each as wide as two letters.
    shown: usize,
}

const FIRST: Level = Level { what: "a button", name_bytes: 16, shown: 4 };
const SECOND: Level = Level { what: "a sub-button", name_bytes: 60, shown: 7 };

impl Reader<'_, '_> {
    /// Returns what a job does to the menu, or `None` after reporting why.
    pub(crate) fn menu(
        &mut self,
        entry: &Entry<'_>,
        times: MenuTimes<'_>,
        notes: &mut Vec<String>,
    ) -> Option<MenuChange> {
        let fields = entry.node.fields(entry.key_location, &MENU, self.report)?;
        let mut named = ["button", "delete", "restore"].iter().filter_map(|key| fields.get(key));
        let Some(what) = named.next() else {
            let help = "the first-level buttons: `button: [{type: click, name: …, key: …}, …]`; or \
                        `delete: true`, or `restore: JOB`";
            fields.require("button", help, self.report);
            return None;
        };
        let stray = fields.get("matchrule").filter(|_| &*what.key != "button");
        if let Some(other) = named.next().or(stray) {
            let message = format!("`{}` cannot stand beside `{}`", other.key, what.key);
            self.report.say_with(other.key_location, message, "write a job of its own for it");
            return None;
        }
        let until = match fields.get("until") {
            Some(entry) => {
                Some(self.menu_until(entry, (what, fields.get("matchrule").is_some()), times)?)
            }
            None => None,
        };
        let to = match &*what.key {
            "delete" => self.menu_deletion(what, notes)?,
            "restore" => self.menu_restore(what)?,
            _ => {
                let menu = self.new_menu(what, notes)?;
                match fields.get("matchrule") {
                    Some(rule) => self.conditional(menu, rule)?,
                    None => NewMenu::Menu(menu),
                }
            }
        };
        Some(MenuChange { to, until })
    }

    fn new_menu(&mut self, entry: &Entry<'_>, notes: &mut Vec<String>) -> Option<Menu> {
        let nodes = self.buttons(entry, BUTTONS_MOST)?;
        let buttons: Vec<_> = nodes.iter().map(|node| self.button(node, notes)).collect();
        Some(Menu { button: buttons.into_iter().collect::<Option<_>>()? })
    }

    /// Returns the menu for some followers only, whose rule names at least one thing.
    fn conditional(&mut self, Menu { button }: Menu, entry: &Entry<'_>) -> Option<NewMenu> {
        let fields = entry.node.fields(entry.key_location, &MATCHRULE, self.report)?;
        let before = self.report.count();
        let tag_id = self.rule(&fields, "tag_id", 0..=i64::MAX);
        let client_platform_type = self.rule(&fields, "client_platform_type", 1..=3);
        if self.report.count() > before {
            return None;
        }
        let hosts: HashSet<_> = button.iter().flat_map(hosts).collect();
        let message = if tag_id.is_none() && client_platform_type.is_none() {
            "`matchrule` names nobody".to_owned()
        } else if hosts.len() > DOMAINS_MOST {
            format!("menus for some followers only lead to at most {DOMAINS_MOST} domains in all")
        } else {
            let matchrule = MatchRule { tag_id, client_platform_type };
            return Some(NewMenu::Conditional(ConditionalMenu { button, matchrule }));
        };
        self.report.say_with(entry.key_location, message, RULES);
        None
    }

    /// Returns a number of a rule as the platform writes it: a text.
    fn rule(
        &mut self,
        fields: &Fields<'_, '_>,
        key: &str,
        range: RangeInclusive<i64>,
    ) -> Option<String> {
        let entry = fields.get(key)?;
        let text = entry.text(self.report)?.trim();
        if text.parse::<i64>().is_ok_and(|number| range.contains(&number)) {
            return Some(text.to_owned());
        }
        let message = format!("{} is no value of `{key}`", quote(text));
        self.report.say_with(entry.node.location, message, RULES);
        None
    }

    fn menu_deletion(&mut self, entry: &Entry<'_>, notes: &mut Vec<String>) -> Option<NewMenu> {
        if let Value::Map(_) = &entry.node.value {
            let fields = entry.node.fields(entry.key_location, &DELETE, self.report)?;
            let help = "the number that `show` prints for the menu's job: `delete: {menuid: …}`";
            let menuid = fields.require("menuid", help, self.report)?;
            let delete_menuid = menuid.number(1, i64::MAX, self.report)?.to_string();
            return Some(NewMenu::WithoutConditional { delete_menuid });
        }
        notes.push(CONDITIONAL_GO.to_owned());
        if entry.boolean(self.report)? {
            return Some(NewMenu::Nothing { delete: true });
        }
        let help = "take it out, or write `delete: true`";
        self.report.say_with(entry.node.location, "`delete: false` does nothing", help);
        None
    }

    fn menu_restore(&mut self, entry: &Entry<'_>) -> Option<NewMenu> {
        let text = entry.text(self.report)?;
        if let Some(restore) = JobId::parse(text) {
            return Some(NewMenu::Before { restore, if_unchanged: false });
        }
        let message = format!("{} cannot be an id", quote(text));
        let help = "the id of the job whose menu is undone";
        self.report.say_with(entry.node.location, message, help);
        None
    }

    /// Returns when the menu that stood before is put back.
    fn menu_until(
        &mut self,
        entry: &Entry<'_>,
        (what, beside_rule): (&Entry<'_>, bool),
        MenuTimes { zone, at, id, recurs }: MenuTimes<'_>,
    ) -> Option<DateTime<Utc>> {
        let until = self.value(entry, |text| instant(text, zone))?;
        let (message, help) = if beside_rule || matches!(what.node.value, Value::Map(_)) {
            ("`until` is for the menu of all followers", "delete this one by its menuid")
        } else if &*what.key == "restore" {
            ("`until` cannot stand beside `restore`", "write a second job for the menu after it")
        } else if recurs {
            ("a menu in a series has no `until`", "write a second series with `menu: {…}`")
        } else if at.is_some_and(|at| until <= at) {
            ("`until` must be after `at`", "it is when the menu that stood before is put back")
        } else if id.is_some_and(|id| MenuChange::undo_id(id).is_none()) {
            (
                "the id is too long for a job with `until`",
                "it has at most 58 characters: the job \
              that puts the menu back is called ID@until",
            )
        } else {
            return Some(until);
        };
        self.report.say_with(entry.key_location, message, help);
        None
    }

    fn buttons<'n, 'a>(&mut self, entry: &'n Entry<'a>, most: usize) -> Option<&'n [Node<'a>]> {
        if let Value::List(nodes) = &entry.node.value
            && (1..=most).contains(&nodes.len())
        {
            return Some(nodes);
        }
        let message = format!("`{}` must be a list of 1 to {most} buttons", entry.key);
        let help = match &entry.node.value {
            Value::List(nodes) => format!("this has {}", nodes.len()),
            Value::Empty | Value::Text { .. } | Value::Map(_) => {
                "start each button with `- `".to_owned()
            }
        };
        self.report.say_with(entry.key_location, message, help);
        None
    }

    fn button(&mut self, node: &Node<'_>, notes: &mut Vec<String>) -> Option<Button> {
        let fields = node.fields(node.location, &BUTTON, self.report)?;
        // The documents' own samples give an empty list to buttons that have an action.
        let subs = fields.get("sub_button").filter(|entry| !is_empty_list(entry));
        let Some(subs) = subs else {
            return self.press(&fields, &FIRST, notes).map(Button::Press);
        };
        let name = self.button_name(&fields, &FIRST, notes);
        let own = VALUES.iter().map(|(key, _)| *key).chain(["type"]);
        for entry in own.filter_map(|key| fields.get(key)) {
            let message = format!("a button with `sub_button` has no `{}`", entry.key);
            let help = "it only opens the others: take one of the two out";
            self.report.say_with(entry.key_location, message, help);
        }
        let nodes = self.buttons(subs, SUB_BUTTONS_MOST)?;
        let presses: Vec<_> = nodes.iter().map(|node| self.sub_button(node, notes)).collect();
        Some(Button::Group { name: name?, sub_button: presses.into_iter().collect::<Option<_>>()? })
    }

    fn sub_button(&mut self, node: &Node<'_>, notes: &mut Vec<String>) -> Option<Press> {
        let fields = node.fields(node.location, &BUTTON, self.report)?;
        if let Some(entry) = fields.get("sub_button").filter(|entry| !is_empty_list(entry)) {
            let help = "put its buttons beside it";
            self.report.say_with(entry.key_location, "a menu has two levels", help);
        }
        self.press(&fields, &SECOND, notes)
    }

    fn press(
        &mut self,
        fields: &Fields<'_, '_>,
        level: &Level,
        notes: &mut Vec<String>,
    ) -> Option<Press> {
        let name = self.button_name(fields, level, notes);
        let help = "what pressing it does: `type: click`, `view`, …; or give it `sub_button`";
        let entry = fields.require("type", help, self.report)?;
        let kind = entry.choice(&ButtonType::ALL, self.report)?;
        let word = entry.text(self.report)?;
        for (key, _) in VALUES {
            if let Some(entry) = fields.get(key).filter(|_| !kind.needs().contains(&key)) {
                let message = format!("a button of type `{word}` has no `{key}`");
                self.report.say_with(entry.key_location, message, needs(word, kind));
            }
        }
        let [key, url, media_id, appid, pagepath, article_id] =
            VALUES.map(|(key, most)| match kind.needs().contains(&key) {
                true => self.button_value(fields, (key, most), &needs(word, kind)),
                false => None,
            });
        let found = [&key, &url, &media_id, &appid, &pagepath, &article_id];
        let complete = found.into_iter().flatten().count() == kind.needs().len();
        let name = name.filter(|_| complete)?;
        Some(Press { kind, name, key, url, media_id, appid, pagepath, article_id })
    }

    fn button_name(
        &mut self,
        fields: &Fields<'_, '_>,
        level: &Level,
        notes: &mut Vec<String>,
    ) -> Option<String> {
        let entry = fields.require("name", "what stands on the button", self.report)?;
        let name = self.bounded(entry, level.name_bytes, level.what)?;
        if name.width() > 2 * level.shown {
            notes.push(format!(
                "a phone cuts the name of the button {name}: it shows {} Chinese characters",
                level.shown
            ));
        }
        Some(name)
    }

    fn button_value(
        &mut self,
        fields: &Fields<'_, '_>,
        (key, most): (&str, usize),
        help: &str,
    ) -> Option<String> {
        let entry = fields.require(key, help, self.report)?;
        let value = self.bounded(entry, most, "a button")?;
        let is_web = value.starts_with("https://") || value.starts_with("http://");
        if key == "url" && (!is_web || value.contains(char::is_whitespace)) {
            let help = "it starts with https:// or http:// and has no space";
            self.report.say_with(entry.node.location, "`url` must be the address of a page", help);
            return None;
        }
        Some(value)
    }

    /// Returns a line of text that is not too long.
    pub(super) fn bounded(&mut self, entry: &Entry<'_>, most: usize, of: &str) -> Option<String> {
        let text = entry.text(self.report)?;
        let key = &entry.key;
        if text.contains(char::is_control) {
            self.report.say(entry.node.location, format!("`{key}` must be one line"));
            return None;
        }
        if text.len() > most {
            let message = format!("the `{key}` of {of} must be at most {most} bytes");
            let help = format!("this has {}; a Chinese character has 3", text.len());
            self.report.say_with(entry.node.location, message, help);
            return None;
        }
        Some(text.to_owned())
    }
}

fn needs(word: &str, kind: ButtonType) -> String {
    let keys: Vec<_> = kind.needs().iter().map(|key| format!("`{key}`")).collect();
    format!("a button of type `{word}` needs {}", keys.join(", "))
}

/// Returns the hosts that a button and those under it lead to.
fn hosts(button: &Button) -> Vec<&str> {
    let presses = match button {
        Button::Group { sub_button, .. } => sub_button.as_slice(),
        Button::Press(press) => std::slice::from_ref(press),
    };
    let views = presses.iter().filter(|press| press.kind == ButtonType::View);
    let urls = views.filter_map(|press| press.url.as_deref()?.split_once("://"));
    urls.filter_map(|(_, rest)| rest.split(['/', '?', '#', ':']).next()).collect()
}

fn is_empty_list(entry: &Entry<'_>) -> bool {
    matches!(&entry.node.value, Value::List(nodes) if nodes.is_empty())
}
