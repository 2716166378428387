//! Placeholders in the texts of a series: each of its dates fills in its own day, time and number.
//!
//! `{date}` is the date as in its id, `{date:%m月%d日}` its day and time in the format of strftime,
//! and `{n}` its number, from 1. `{{` is a brace. Other braces mean themselves.

use crate::l10n::t;
use std::fmt::{self, Write as _};

use chrono::NaiveDateTime;
use chrono::format::{Item, StrftimeItems};

/// The format of `{date}`.
const DATE: &str = "%Y-%m-%d";

/// What a date of a series fills into its texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateValues {
    /// Its planned local time; a move by an operator does not change it.
    pub at: NaiveDateTime,
    /// Its number in the series, from 1.
    pub number: u32,
}

/// Why a text is no template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplateError {
    /// There is no placeholder of this name.
    Unknown(String),
    /// A date cannot be written in this format.
    Format(String),
}

impl fmt::Display for TemplateError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(name) => {
                formatter.write_str(&t!("template-unknown", name = name.as_str()))
            }
            Self::Format(format) => {
                formatter.write_str(&t!("template-format", format = format.as_str()))
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part<'a> {
    Text(&'a str),
    Date(&'a str),
    Number,
}

/// A text with its placeholders found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template<'a> {
    parts: Vec<Part<'a>>,
    /// Whether it has `{{`.
    escapes: bool,
}

impl<'a> Template<'a> {
    /// Finds the placeholders of a text.
    ///
    /// # Errors
    /// If one is unknown, or its format is.
    pub fn parse(text: &'a str) -> Result<Self, TemplateError> {
        let (mut parts, mut escapes) = (Vec::new(), false);
        let mut rest = text;
        while let Some(brace) = rest.find('{') {
            let (before, found) = rest.split_at(brace);
            parts.push(Part::Text(before));
            rest = if let Some(escaped) = found.strip_prefix("{{") {
                escapes = true;
                parts.push(Part::Text("{"));
                escaped
            } else if let Some((name, format, after)) = placeholder(found) {
                parts.push(part(name, format)?);
                after
            } else {
                parts.push(Part::Text("{"));
                &found[1..]
            };
        }
        parts.push(Part::Text(rest));
        Ok(Self { parts, escapes })
    }

    /// Returns whether every date has the text as it is written.
    pub fn is_plain(&self) -> bool {
        !self.escapes && !self.has_placeholders()
    }

    /// Returns whether it has placeholders.
    pub fn has_placeholders(&self) -> bool {
        self.parts.iter().any(|part| !matches!(part, Part::Text(_)))
    }

    /// Returns whether it counts the dates.
    pub fn counts(&self) -> bool {
        self.parts.contains(&Part::Number)
    }

    /// Returns whether a text begins and ends as that of some date.
    pub fn may_be(&self, text: &str) -> bool {
        let literal = |part: Option<&Part<'a>>| match part {
            Some(Part::Text(text)) => *text,
            Some(Part::Date(_) | Part::Number) | None => "",
        };
        let (before, after) = (literal(self.parts.first()), literal(self.parts.last()));
        text.strip_prefix(before).is_some_and(|rest| rest.ends_with(after))
    }

    /// Returns the text of one date.
    pub fn fill(&self, values: DateValues) -> String {
        let mut filled = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => filled.push_str(text),
                Part::Date(format) => write!(filled, "{}", values.at.format(format))
                    .expect("the format was checked, and a String takes everything"),
                Part::Number => {
                    write!(filled, "{}", values.number).expect("a String takes everything");
                }
            }
        }
        filled
    }
}

/// Splits a placeholder from the beginning of a text: its name, its format and what comes after it.
fn placeholder(text: &str) -> Option<(&str, Option<&str>, &str)> {
    let (inside, after) = text.strip_prefix('{')?.split_once('}')?;
    let (name, format) = match inside.split_once(':') {
        Some((name, format)) => (name, Some(format)),
        None => (inside, None),
    };
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase());
    (is_name && !inside.contains('{')).then_some((name, format, after))
}

fn part<'a>(name: &str, format: Option<&'a str>) -> Result<Part<'a>, TemplateError> {
    match (name, format) {
        ("date", None) => Ok(Part::Date(DATE)),
        ("date", Some(format)) if is_format(format) => Ok(Part::Date(format)),
        ("date", Some(format)) => Err(TemplateError::Format(format.to_owned())),
        ("n", None) => Ok(Part::Number),
        (name, _) => Err(TemplateError::Unknown(name.to_owned())),
    }
}

/// Returns whether a local time can be written in this format.
fn is_format(format: &str) -> bool {
    let is_known = StrftimeItems::new(format).all(|item| !matches!(item, Item::Error));
    let any = NaiveDateTime::default();
    // A local time has no zone and no offset to write.
    is_known && !format.is_empty() && write!(String::new(), "{}", any.format(format)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDate;

    #[test]
    fn a_text_gives_the_text_of_a_date() {
        let day = NaiveDate::from_ymd_opt(2027, 3, 5).unwrap();
        let values = DateValues { at: day.and_hms_opt(20, 30, 0).unwrap(), number: 12 };
        for (text, expected) in [
            ("no placeholder", Ok("no placeholder")),
            ("第{n}期 {date}", Ok("第12期 2027-03-05")),
            ("{date:%m月%d日} {date:%H:%M}", Ok("03月05日 20:30")),
            ("{date:%-m月%-d日}", Ok("3月5日")),
            // What cannot be a placeholder means itself.
            ("{ } {1} {中文} {N} {n", Ok("{ } {1} {中文} {N} {n")),
            ("{{n}} {{", Ok("{n}} {")),
            ("{{{n}", Ok("{12")),
            ("{dates}", Err(TemplateError::Unknown("dates".to_owned()))),
            ("{n:3}", Err(TemplateError::Unknown("n".to_owned()))),
            ("{date:%Q}", Err(TemplateError::Format("%Q".to_owned()))),
            ("{date:%z}", Err(TemplateError::Format("%z".to_owned()))),
            ("{date:}", Err(TemplateError::Format(String::new()))),
        ] {
            let filled = Template::parse(text).map(|template| template.fill(values));
            assert_eq!(filled, expected.map(str::to_owned), "{text}");
        }
    }
}
