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
use crate::l10n::{Sentence, t};
use crate::model::{
    BUTTONS_MOST, Button, ButtonType, ConditionalMenu, JobId, MatchRule, Menu, MenuChange, NewMenu,
    Press, SUB_BUTTONS_MOST,
};
use crate::yaml::diagnostic::quote;
use crate::yaml::{Entry, Fields, Node, Shape, Value};

pub(super) const MENU: Shape = Shape {
    what: || "`menu`".to_owned(),
    known: &["button", "matchrule", "delete", "restore", "until"],
    refused: &[(
        "menu",
        || t!("inbox-menu-must-hold-button-itself"),
        || t!("inbox-write-what-stands-under-key"),
    )],
};

const WITHDRAWN: Sentence = || t!("inbox-platform-no-longer-tells-followers");
const RULES: Sentence = || t!("inbox-use-tag-id-client-platform");

pub(super) const MATCHRULE: Shape = Shape {
    what: || "`matchrule`".to_owned(),
    known: &["tag_id", "client_platform_type"],
    refused: &[
        ("sex", WITHDRAWN, RULES),
        ("country", WITHDRAWN, RULES),
        ("province", WITHDRAWN, RULES),
        ("city", WITHDRAWN, RULES),
        ("language", WITHDRAWN, RULES),
        ("group_id", || t!("inbox-group-id-old-name-tag"), || t!("inbox-write-tag-id-2")),
    ],
};

pub(super) const DELETE: Shape =
    Shape { what: || "`delete`".to_owned(), known: &["menuid"], refused: &[] };

/// The most domains that the menus for some followers only may lead to, all of them together.
const DOMAINS_MOST: usize = 3;

pub(super) const BUTTON: Shape = Shape {
    what: || t!("inbox-button"),
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

const CONDITIONAL_GO: Sentence = || t!("inbox-platform-deletes-menus-some-followers");

/// A level of the menu: the maximum length of a name, and how much of it a phone shows.
struct Level {
    what: Sentence,
    name_bytes: usize,
    /// In Chinese characters, each as wide as two letters.
    shown: usize,
}

const FIRST: Level = Level { what: || t!("inbox-button"), name_bytes: 16, shown: 4 };
const SECOND: Level = Level { what: || t!("inbox-sub-button"), name_bytes: 60, shown: 7 };

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
            let help = || t!("inbox-first-level-buttons-button-type");
            fields.require("button", help, self.report);
            return None;
        };
        let stray = fields.get("matchrule").filter(|_| &*what.key != "button");
        if let Some(other) = named.next().or(stray) {
            let message = t!("inbox-cannot-stand-beside", key = %other.key, key2 = %what.key);
            self.report.say_with(other.key_location, message, t!("inbox-write-job-own"));
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
            t!("inbox-matchrule-names-nobody")
        } else if hosts.len() > DOMAINS_MOST {
            t!("inbox-menus-some-followers-only-lead", domains_most = %DOMAINS_MOST)
        } else {
            let matchrule = MatchRule { tag_id, client_platform_type };
            return Some(NewMenu::Conditional(ConditionalMenu { button, matchrule }));
        };
        self.report.say_with(entry.key_location, message, RULES());
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
        let message = t!("yaml-no-value", word = %quote(text), key = %key);
        self.report.say_with(entry.node.location, message, RULES());
        None
    }

    fn menu_deletion(&mut self, entry: &Entry<'_>, notes: &mut Vec<String>) -> Option<NewMenu> {
        if let Value::Map(_) = &entry.node.value {
            let fields = entry.node.fields(entry.key_location, &DELETE, self.report)?;
            let help = || t!("inbox-number-show-prints-menu-job");
            let menuid = fields.require("menuid", help, self.report)?;
            let delete_menuid = menuid.number(1, i64::MAX, self.report)?.to_string();
            return Some(NewMenu::WithoutConditional { delete_menuid });
        }
        notes.push(CONDITIONAL_GO());
        if entry.boolean(self.report)? {
            return Some(NewMenu::Nothing { delete: true });
        }
        let help = || t!("inbox-take-out-write-delete-true");
        self.report.say_with(entry.node.location, t!("inbox-delete-false-does-nothing"), help());
        None
    }

    fn menu_restore(&mut self, entry: &Entry<'_>) -> Option<NewMenu> {
        let text = entry.text(self.report)?;
        if let Some(restore) = JobId::parse(text) {
            return Some(NewMenu::Before { restore, if_unchanged: false });
        }
        let message = t!("inbox-cannot-id", text = %quote(text));
        let help = || t!("inbox-id-job-whose-menu-undone");
        self.report.say_with(entry.node.location, message, help());
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
            (t!("inbox-until-menu-all-followers"), t!("inbox-delete-one-menuid"))
        } else if &*what.key == "restore" {
            (t!("inbox-until-cannot-stand-beside-restore"), t!("inbox-write-second-job-menu-after"))
        } else if recurs {
            (t!("inbox-menu-series-no-until"), t!("inbox-write-second-series-menu"))
        } else if at.is_some_and(|at| until <= at) {
            (t!("inbox-until-must-after"), t!("inbox-when-menu-stood-before-put"))
        } else if id.is_some_and(|id| MenuChange::undo_id(id).is_none()) {
            (t!("inbox-id-too-long-job-until"), t!("inbox-most-58-characters-job-puts"))
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
        let message = t!("inbox-must-list-1-buttons", key = %entry.key, most = %most);
        let help = match &entry.node.value {
            Value::List(nodes) => t!("inbox-text-2", nodes = %nodes.len()),
            Value::Empty | Value::Text { .. } | Value::Map(_) => {
                t!("inbox-start-each-button")
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
            let message = t!("inbox-button-sub-button-no", key = %entry.key);
            let help = t!("inbox-only-opens-others-take-one");
            self.report.say_with(entry.key_location, message, help);
        }
        let nodes = self.buttons(subs, SUB_BUTTONS_MOST)?;
        let presses: Vec<_> = nodes.iter().map(|node| self.sub_button(node, notes)).collect();
        Some(Button::Group { name: name?, sub_button: presses.into_iter().collect::<Option<_>>()? })
    }

    fn sub_button(&mut self, node: &Node<'_>, notes: &mut Vec<String>) -> Option<Press> {
        let fields = node.fields(node.location, &BUTTON, self.report)?;
        if let Some(entry) = fields.get("sub_button").filter(|entry| !is_empty_list(entry)) {
            let help = t!("inbox-put-buttons-beside");
            self.report.say_with(entry.key_location, t!("inbox-menu-two-levels"), help);
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
        let help = || t!("inbox-what-pressing-does-type-click");
        let entry = fields.require("type", help, self.report)?;
        let kind = entry.choice(&ButtonType::ALL, self.report)?;
        let word = entry.text(self.report)?;
        for (key, _) in VALUES {
            if let Some(entry) = fields.get(key).filter(|_| !kind.needs().contains(&key)) {
                let message = t!("inbox-button-type-no", word = %word, key = %key);
                self.report.say_with(entry.key_location, message, needs(word, kind));
            }
        }
        let [key, url, media_id, appid, pagepath, article_id] =
            VALUES.map(|(key, most)| match kind.needs().contains(&key) {
                true => self.button_value(fields, (key, most), || needs(word, kind)),
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
        let entry = fields.require("name", || t!("inbox-what-stands-button"), self.report)?;
        let name = self.bounded(entry, level.name_bytes, &(level.what)())?;
        if name.width() > 2 * level.shown {
            notes
                .push(t!("inbox-phone-cuts-name-button-shows", name = %name, shown = %level.shown));
        }
        Some(name)
    }

    fn button_value(
        &mut self,
        fields: &Fields<'_, '_>,
        (key, most): (&str, usize),
        help: impl FnOnce() -> String,
    ) -> Option<String> {
        let entry = fields.require(key, help, self.report)?;
        let value = self.bounded(entry, most, &t!("inbox-button"))?;
        let is_web = value.starts_with("https://") || value.starts_with("http://");
        if key == "url" && (!is_web || value.contains(char::is_whitespace)) {
            let help = t!("inbox-starts-https-http-no-space");
            self.report.say_with(entry.node.location, t!("inbox-url-must-address-page"), help);
            return None;
        }
        Some(value)
    }

    /// Returns a line of text that is not too long.
    pub(super) fn bounded(&mut self, entry: &Entry<'_>, most: usize, of: &str) -> Option<String> {
        let text = entry.text(self.report)?;
        let key = &entry.key;
        if text.contains(char::is_control) {
            self.report.say(entry.node.location, t!("inbox-must-one-line", key = %key));
            return None;
        }
        if text.len() > most {
            let message = t!("inbox-must-most-bytes", key = %key, of = %of, most = %most);
            let help = t!("inbox-chinese-character-3", text = %text.len());
            self.report.say_with(entry.node.location, message, help);
            return None;
        }
        Some(text.to_owned())
    }
}

fn needs(word: &str, kind: ButtonType) -> String {
    let keys: Vec<_> = kind.needs().iter().map(|key| format!("`{key}`")).collect();
    t!("inbox-button-type-needs", word = %word, keys = %keys.join(", "))
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
