//! What a menu job does, and the menu that stood before it.
//!
//! A menu that the platform reports is kept as it is reported, because a menu made on the website
//! may hold buttons that the API cannot create. [`ReportedMenu::menu`] returns the menu that would
//! put it back exactly, or the buttons that make this impossible.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Button, JobId, Menu};

/// What a menu job does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MenuChange {
    /// The menu that stands afterwards.
    #[serde(flatten)]
    pub to: NewMenu,
    /// When the menu that stood before is put back, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
}

/// A menu for some followers only. The last one that was created and fits a follower is theirs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConditionalMenu {
    /// The first-level buttons, from the left.
    pub button: Vec<Button>,
    /// Whose menu it is.
    pub matchrule: MatchRule,
}

/// Which followers see a menu: those with everything that is named, which is at least one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchRule {
    /// The number of a tag. The platform writes both numbers as texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag_id: Option<String>,
    /// The phone: 1 is iOS, 2 is Android, 3 others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_platform_type: Option<String>,
}

impl fmt::Display for MatchRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tag = self.tag_id.as_ref().map(|tag| format!("tag {tag}"));
        let phone = self.client_platform_type.as_deref().map(|kind| match kind {
            "1" => "iOS".to_owned(),
            "2" => "Android".to_owned(),
            _ => "other phones".to_owned(),
        });
        f.write_str(&tag.into_iter().chain(phone).collect::<Vec<_>>().join(", "))
    }
}

impl fmt::Display for ConditionalMenu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.button.iter().map(Button::name).collect();
        write!(f, "{} for {}", names.join(" | "), self.matchrule)
    }
}

/// The menu that stands after a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum NewMenu {
    /// A menu for some followers only, beside the others.
    Conditional(ConditionalMenu),
    /// One of those less.
    WithoutConditional {
        /// The platform's number of it.
        delete_menuid: String,
    },
    /// This one.
    Menu(Menu),
    /// The one that stood before a job of the same account.
    Before {
        /// The job.
        restore: JobId,
        /// Whether it is put back only while the menu of that job stands.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        if_unchanged: bool,
    },
    /// None at all.
    Nothing {
        /// Always true.
        delete: bool,
    },
}

impl MenuChange {
    /// Returns the id of the job that puts the menu back, if one does.
    pub fn undo_id(job: &JobId) -> Option<JobId> {
        JobId::parse(&format!("{job}@until"))
    }
}

impl From<Menu> for MenuChange {
    fn from(menu: Menu) -> Self {
        Self { to: NewMenu::Menu(menu), until: None }
    }
}

impl fmt::Display for MenuChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.to {
            NewMenu::Menu(menu) => menu.fmt(f),
            NewMenu::Conditional(menu) => menu.fmt(f),
            NewMenu::WithoutConditional { delete_menuid } => {
                write!(f, "(without menuid {delete_menuid})")
            }
            NewMenu::Before { restore, .. } => write!(f, "(before {restore})"),
            NewMenu::Nothing { .. } => f.write_str("(none)"),
        }
    }
}

/// A menu as the platform reports it, each button in the form in which it would be created; without
/// buttons if followers see none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReportedMenu(Vec<Value>);

impl ReportedMenu {
    /// Returns the menu of these buttons. An empty list of sub-buttons is left out.
    pub fn new(mut buttons: Vec<Value>) -> Self {
        for fields in buttons.iter_mut().filter_map(Value::as_object_mut) {
            fields.retain(|key, value| key != "sub_button" || *value != Value::Array(Vec::new()));
        }
        Self(buttons)
    }

    /// Returns the menu to create, none if followers see none.
    ///
    /// # Errors
    /// The buttons that the API cannot create, each with its type.
    pub fn menu(&self) -> Result<Option<Menu>, Vec<String>> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let wrong: Vec<_> = self.0.iter().flat_map(not_creatable).collect();
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let menu = serde_json::from_value(serde_json::json!({ "button": self.0 }));
        menu.map(Some).map_err(|_| self.0.iter().map(described).collect())
    }

    /// Returns whether it is the menu that a job created, or none if the job deleted it.
    ///
    /// The platform may leave a value out that it was given, or add one: only values that both have
    /// are compared.
    pub fn is(&self, created: Option<&Menu>) -> bool {
        let created = created.map(Self::from).unwrap_or_default();
        agree(&Value::Array(self.0.clone()), &Value::Array(created.0))
    }
}

impl From<&Menu> for ReportedMenu {
    fn from(menu: &Menu) -> Self {
        let buttons = menu.button.iter().map(serde_json::to_value);
        Self(buttons.collect::<Result<_, _>>().expect("a button is always JSON"))
    }
}

fn name(button: &Value) -> &str {
    button["name"].as_str().unwrap_or_default()
}

fn subs(button: &Value) -> &[Value] {
    button["sub_button"].as_array().map_or(&[], Vec::as_slice)
}

fn kind(button: &Value) -> &str {
    button["type"].as_str().unwrap_or_default()
}

fn described(button: &Value) -> String {
    format!("{} ({})", name(button), kind(button))
}

/// Returns those buttons, of one and its sub-buttons, whose type or values the API does not take.
fn not_creatable(button: &Value) -> Vec<String> {
    if subs(button).is_empty() {
        let press = super::Press::deserialize(button);
        let fits = press.is_ok_and(|press| {
            press
                .kind
                .needs()
                .iter()
                .all(|key| button[*key].as_str().is_some_and(|v| !v.is_empty()))
        });
        return if fits { Vec::new() } else { vec![described(button)] };
    }
    let within = subs(button).iter().flat_map(not_creatable);
    within.map(|sub| format!("{} / {sub}", name(button))).collect()
}

fn agree(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let same = |key: &&str| one.contains_key(*key) == other.contains_key(*key);
            let both = one.iter().filter_map(|(key, value)| Some((value, other.get(key)?)));
            ["name", "type", "sub_button"].iter().all(same)
                && both.into_iter().all(|(a, b)| agree(a, b))
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| agree(one, other))
        }
        (one, other) => one == other,
    }
}

/// One difference between two menus.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MenuDifference {
    /// The names of the button and of the one above it; none for the order of the buttons.
    pub button: Option<String>,
    /// What it did, or the order; none if it was not there.
    pub before: Option<String>,
    /// What it does now; none if it is gone.
    pub after: Option<String>,
}

/// Returns how two menus differ: by the names of their buttons, from the left and from the top.
pub fn differences(before: &ReportedMenu, after: &ReportedMenu) -> Vec<MenuDifference> {
    let (old, new) = (lines(before), lines(after));
    let find = |lines: &[(String, String)], path: &str| {
        lines.iter().find(|(at, _)| at == path).map(|(_, does)| does.clone())
    };
    let mut found = Vec::new();
    for (path, before) in &old {
        let after = find(&new, path);
        if after.as_ref() != Some(before) {
            let (button, before) = (Some(path.clone()), Some(before.clone()));
            found.push(MenuDifference { button, before, after });
        }
    }
    let added = new.iter().filter(|(path, _)| find(&old, path).is_none());
    found.extend(added.map(|(path, does)| MenuDifference {
        button: Some(path.clone()),
        before: None,
        after: Some(does.clone()),
    }));
    let order = |of: &[(String, String)], other: &[(String, String)]| {
        let common = of.iter().map(|(path, _)| path).filter(|path| find(other, path).is_some());
        common.cloned().collect::<Vec<_>>().join(", ")
    };
    let (was, is) = (order(&old, &new), order(&new, &old));
    if was != is {
        found.push(MenuDifference { button: None, before: Some(was), after: Some(is) });
    }
    found
}

/// Returns each button's path, and what it does. A path that occurs again has its number.
fn lines(menu: &ReportedMenu) -> Vec<(String, String)> {
    let mut lines: Vec<(String, String)> = Vec::new();
    let mut add = |path: String, does: String| {
        let same = lines.iter().filter(|(at, _)| at.split(" #").next() == Some(&path)).count();
        let path = if same == 0 { path } else { format!("{path} #{}", same + 1) };
        lines.push((path, does));
    };
    for button in &menu.0 {
        add(name(button).to_owned(), does(button));
        for sub in subs(button) {
            add(format!("{} / {}", name(button), name(sub)), does(sub));
        }
    }
    lines
}

fn does(button: &Value) -> String {
    if !subs(button).is_empty() {
        return "menu".to_owned();
    }
    let values = button.as_object().into_iter().flatten();
    let told = values.filter(|(key, _)| !matches!(key.as_str(), "name" | "type" | "sub_button"));
    let told =
        told.map(|(_, value)| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    [kind(button).to_owned()].into_iter().chain(told).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reported(buttons: Value) -> ReportedMenu {
        ReportedMenu::new(serde_json::from_value(buttons).unwrap())
    }

    #[test]
    fn each_change_reads_back_and_a_menu_alone_is_stored_as_it_always_was() {
        let until: DateTime<Utc> = "2027-03-20T12:00:00Z".parse().unwrap();
        for text in [
            r#"{"button":[{"type":"click","name":"a","key":"K"}]}"#,
            r#"{"button":[{"type":"click","name":"a","key":"K"}],"until":"2027-03-20T12:00:00Z"}"#,
            r#"{"button":[{"type":"click","name":"a","key":"K"}],"matchrule":{"tag_id":"2"}}"#,
            r#"{"delete_menuid":"208379533"}"#,
            r#"{"delete":true}"#,
            r#"{"restore":"spring"}"#,
            r#"{"restore":"spring","if_unchanged":true}"#,
        ] {
            let change: MenuChange = serde_json::from_str(text).unwrap();

            assert_eq!(serde_json::to_string(&change).unwrap(), text);
            assert_eq!(change.until, text.contains("until").then_some(until));
        }
    }

    #[test]
    fn a_menu_is_put_back_as_it_was_and_one_that_the_api_cannot_create_names_its_buttons() {
        let click = json!({ "type": "click", "name": "a", "key": "K" });
        let text = json!({ "type": "text", "name": "t", "value": "hello" });
        let news =
            json!({ "type": "news", "name": "n", "value": "M", "news_info": { "list": [] } });
        let bare = json!({ "type": "click", "name": "b" });
        let group = |subs: &[&Value]| json!({ "name": "g", "sub_button": subs });
        for (buttons, expected) in [
            (json!([]), Ok(false)),
            (json!([click]), Ok(true)),
            (json!([group(&[&click, &click]), click]), Ok(true)),
            (json!([{ "type": "click", "name": "a", "key": "K", "sub_button": [] }]), Ok(true)),
            (json!([click, text]), Err(vec!["t (text)"])),
            (json!([group(&[&click, &news]), text]), Err(vec!["g / n (news)", "t (text)"])),
            (json!([bare]), Err(vec!["b (click)"])),
        ] {
            let menu = reported(buttons.clone()).menu();

            let told = menu
                .as_ref()
                .map(Option::is_some)
                .map_err(|paths| paths.iter().map(String::as_str).collect::<Vec<_>>());
            assert_eq!(told, expected, "{buttons}");
            if let Ok(Some(menu)) = menu {
                assert!(reported(buttons).is(Some(&menu)));
            }
        }
    }

    #[test]
    fn a_menu_is_recognised_by_what_both_sides_tell_of_it() {
        let press = json!({ "button": [
            { "type": "view", "name": "v", "url": "https://a" },
            { "name": "g", "sub_button": [{ "type": "click", "name": "c", "key": "K" }] },
        ] });
        let created: Menu = serde_json::from_value(press.clone()).unwrap();
        let with = |change: &dyn Fn(&mut Value)| {
            let mut buttons = press["button"].clone();
            change(&mut buttons);
            reported(buttons)
        };
        assert!(with(&|_| {}).is(Some(&created)));
        assert!(with(&|b| b[0]["sub_button"] = json!([])).is(Some(&created)));
        assert!(with(&|b| b[0]["more"] = json!(1)).is(Some(&created)));
        assert!(!with(&|b| b[0]["url"] = json!("https://b")).is(Some(&created)));
        assert!(!with(&|b| b[1]["sub_button"][0]["name"] = json!("d")).is(Some(&created)));
        assert!(!with(&|b| drop(b.as_array_mut().unwrap().pop())).is(Some(&created)));
        assert!(!with(&|_| {}).is(None));
        assert!(reported(json!([])).is(None));
    }

    #[test]
    fn two_menus_differ_by_button() {
        let click = |name: &str, key: &str| json!({ "type": "click", "name": name, "key": key });
        let group = |subs: Value| json!({ "name": "g", "sub_button": subs });
        let told = |before: Value, after: Value| {
            let all = differences(&reported(before), &reported(after));
            let word = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
            let line = |d: &MenuDifference| {
                format!("{}: {} > {}", word(&d.button), word(&d.before), word(&d.after))
            };
            all.iter().map(line).collect::<Vec<_>>()
        };
        let both = || json!([click("a", "1"), group(json!([click("b", "2")]))]);

        assert_eq!(told(both(), both()), [""; 0]);
        assert_eq!(
            told(both(), json!([group(json!([click("b", "3"), click("c", "4")]))])),
            ["a: click 1 > -", "g / b: click 2 > click 3", "g / c: - > click 4"]
        );
        assert_eq!(told(both(), json!([])).len(), 3);
        let turned = json!([group(json!([click("b", "2")])), click("a", "1")]);
        assert_eq!(told(both(), turned), ["-: a, g, g / b > g, g / b, a"]);
        let twins = json!([click("a", "1"), click("a", "2")]);
        assert_eq!(told(json!([click("a", "1")]), twins), ["a #2: - > click 2"]);
    }
}
