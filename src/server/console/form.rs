//! The form for the usual broadcast, and the job file that it stands for.
//!
//! The file is written so that the inbox reads what the form said, whatever was typed: every value is
//! a quoted text. Nothing is checked here: the inbox says what is wrong.

use std::fmt::Write as _;

use super::request::Fields;
use crate::model::{Audience, Content, JobSpec};

/// What was typed into the form, as it was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Form {
    /// The job that is edited; empty for a new one.
    pub(super) edits: String,
    pub(super) account: String,
    pub(super) id: String,
    pub(super) title: String,
    /// The wall clock in China, as a browser's field has it; empty for as soon as allowed.
    pub(super) at: String,
    pub(super) approval: bool,
    pub(super) audience: To,
    pub(super) tag: String,
    pub(super) openids: String,
    pub(super) content: Kind,
    pub(super) words: String,
    /// The media id of a draft.
    pub(super) draft: String,
}

/// Who receives it. Everyone must be chosen: a form without a choice is for nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum To {
    #[default]
    Nobody,
    Everyone,
    Tag,
    List,
}

/// What they receive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    #[default]
    Draft,
}

impl To {
    fn parse(word: &str) -> Self {
        match word {
            "everyone" => Self::Everyone,
            "tag" => Self::Tag,
            "list" => Self::List,
            _ => Self::Nobody,
        }
    }

    pub(super) fn is(self, word: &str) -> bool {
        self != Self::Nobody && self == Self::parse(word)
    }
}

impl Form {
    /// Takes what a browser sent.
    pub(super) fn of(fields: &mut Fields) -> Self {
        // A browser sends each line's end as two characters.
        let mut take =
            |name| fields.take(name).map(|text| text.replace("\r\n", "\n")).unwrap_or_default();
        let line = |text: String| text.trim().to_owned();
        Self {
            edits: take("edits"),
            account: take("account"),
            id: line(take("id")),
            title: line(take("title")),
            at: line(take("at")),
            approval: take("approval") == "true",
            audience: To::parse(&take("audience")),
            tag: line(take("tag")),
            openids: take("openids"),
            content: if take("content") == "text" { Kind::Text } else { Kind::Draft },
            words: take("words"),
            draft: line(take("draft")),
        }
    }

    /// Returns the form of a job, as far as it can say it.
    pub(super) fn of_job(job: &JobSpec) -> Option<Self> {
        let broadcast = job.action.broadcast()?;
        let (audience, tag, openids) = match &broadcast.audience {
            Audience::Everyone => (To::Everyone, String::new(), String::new()),
            Audience::Tag(tag) => (To::Tag, tag.to_string(), String::new()),
            Audience::List(list) => (To::List, String::new(), list.join("\n")),
        };
        let (content, words, draft) = match &broadcast.content {
            Content::Text { content } => (Kind::Text, content.clone(), String::new()),
            Content::Mpnews { media_id } => (Kind::Draft, String::new(), media_id.clone()),
            Content::Image { .. }
            | Content::Images(_)
            | Content::Voice { .. }
            | Content::Mpvideo { .. }
            | Content::Wxcard { .. }
            | Content::Awaited { .. }
            | Content::Prepared { .. } => return None,
        };
        let at = job.at.map(|at| at.with_timezone(&chrono_tz::Asia::Shanghai).naive_local());
        Some(Self {
            edits: job.id.to_string(),
            account: job.account.clone(),
            id: job.id.to_string(),
            title: job.title.clone().unwrap_or_default(),
            at: at.map(|at| at.format("%Y-%m-%dT%H:%M").to_string()).unwrap_or_default(),
            approval: job.approval,
            audience,
            tag,
            openids,
            content,
            words,
            draft,
        })
    }

    /// Returns the job file, which begins with a remark.
    pub(super) fn job_file(&self, remark: &str) -> String {
        let mut file = format!("# {}\njobs:\n", remark.replace(char::is_control, " "));
        let mut line = |indent: usize, key: &str, value: &str| {
            let line = format!("{:indent$}{key}: {value}", "");
            writeln!(file, "{}", line.trim_end_matches(' ')).expect("a String takes everything");
        };
        line(2, "- id", &quoted(&self.id));
        line(4, "account", &quoted(&self.account));
        for (key, value) in [("title", &self.title), ("at", &self.at.replacen('T', " ", 1))] {
            if !value.is_empty() {
                line(4, key, &quoted(value));
            }
        }
        if self.approval {
            line(4, "approval", "true");
        }
        line(4, "broadcast", "");
        match self.audience {
            To::Nobody => {}
            To::Everyone => line(6, "filter", "{ is_to_all: true }"),
            To::Tag => line(6, "filter", &format!("{{ tag_id: {} }}", quoted(&self.tag))),
            To::List => {
                let openids: Vec<_> = self.openids.split_whitespace().map(quoted).collect();
                line(6, "touser", &format!("[{}]", openids.join(", ")));
            }
        }
        match self.content {
            Kind::Text => line(6, "text", &format!("{{ content: {} }}", quoted(&self.words))),
            Kind::Draft => line(6, "mpnews", &format!("{{ media_id: {} }}", quoted(&self.draft))),
        }
        file + "...\n"
    }
}

/// Returns a text in double quotes, on one line, with nothing in it that means anything to YAML.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\u{2028}' | '\u{2029}' | '\u{feff}' => {
                write!(quoted, "\\u{:04X}", u32::from(c)).expect("a String takes everything");
            }
            c if c.is_control() => {
                write!(quoted, "\\x{:02X}", u32::from(c)).expect("a String takes everything");
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inbox;
    use crate::model::{Account, ArticlesVia, OpenIds};

    const ONE: &str = "oAbCdEfGhIjKlMnOpQrStUvWxY01";
    const OTHER: &str = "oAbCdEfGhIjKlMnOpQrStUvWxY02";

    fn form() -> Form {
        Form {
            account: "brand".to_owned(),
            id: "spring".to_owned(),
            at: "2037-03-20T20:00".to_owned(),
            audience: To::Everyone,
            content: Kind::Text,
            words: "春天来了".to_owned(),
            ..Form::default()
        }
    }

    /// What the inbox reads.
    fn read(form: &Form) -> Result<JobSpec, String> {
        let account = Account {
            name: "brand".to_owned(),
            appid: "wxbrand".to_owned(),
            kind: crate::model::Kind::Service,
            daily_calls: 100,
            history_per_day: Some(1),
            payment: false,
            articles_via: ArticlesVia::Draft,
            openids: OpenIds::Usual,
            approvals: 0,
        };
        let file = form.job_file("anne\nid: x").into_bytes();
        let package = inbox::of_bytes("a.yaml", file).map_err(|error| error.to_string())?;
        let parsed = package.parse(&[&account]).map_err(|problems| format!("{problems:?}"))?;
        assert_eq!(parsed.jobs.len(), 1);
        Ok(parsed.jobs.into_iter().next().unwrap().spec)
    }

    #[test]
    fn the_inbox_reads_what_the_form_said_whatever_was_typed() {
        for text in [
            "春天来了",
            "# no comment",
            "a # b",
            "key: value",
            "\"quoted\" and 'single'",
            "back\\slash \\n \\\" \\",
            "two\nlines\n\nand a gap\n",
            "  spaces around  ",
            "{date} {n} {{x}}",
            "- a\n- b",
            "...",
            "---",
            "*alias &anchor !tag %directive @at `tick`",
            "null",
            "true",
            "0x10",
            "yes",
            "2027-03-20",
            "| > ? : , [ ] { }",
            "tab\tinside",
            "😀 \u{2028} \u{a0} ｆｕｌｌ",
            "<script>alert(1)</script>",
            "${HOME} {{ 7 * 7 }}",
        ] {
            let said = Form { words: text.to_owned(), ..form() };
            let spec = read(&said).unwrap_or_else(|error| panic!("{text:?}: {error}"));
            let broadcast = spec.action.broadcast().unwrap();
            assert_eq!(broadcast.content, Content::Text { content: text.to_owned() }, "{text:?}");
            let again = Form::of_job(&spec).unwrap();
            assert_eq!(again, Form { edits: "spring".to_owned(), ..said }, "{text:?}");
            if text.contains('\n') || text.trim() != text || text.contains('\t') {
                continue;
            }
            let titled = Form { title: text.to_owned(), ..form() };
            match read(&titled) {
                Ok(spec) => assert_eq!(spec.title.as_deref(), Some(text)),
                // The inbox takes no invisible characters in a title.
                Err(error) => assert!(text.contains('\u{2028}'), "{text:?}: {error}"),
            }
        }
    }

    #[test]
    fn each_choice_of_the_form_reaches_the_inbox() {
        for (said, audience) in [
            (form(), Audience::Everyone),
            (Form { audience: To::Tag, tag: "102".to_owned(), ..form() }, Audience::Tag(102)),
            (
                Form { audience: To::List, openids: format!(" {ONE}\n{OTHER} "), ..form() },
                Audience::List(vec![ONE.to_owned(), OTHER.to_owned()]),
            ),
        ] {
            assert_eq!(read(&said).unwrap().action.broadcast().unwrap().audience, audience);
        }
        let draft = Form {
            content: Kind::Draft,
            draft: "MEDIA-ID".to_owned(),
            approval: true,
            at: String::new(),
            ..form()
        };
        let spec = read(&draft).unwrap();
        assert_eq!((spec.at, spec.approval), (None, true));
        let content = &spec.action.broadcast().unwrap().content;
        assert_eq!(*content, Content::Mpnews { media_id: "MEDIA-ID".to_owned() });
        assert_eq!(read(&form()).unwrap().at.unwrap().to_rfc3339(), "2037-03-20T12:00:00+00:00");
    }

    #[test]
    fn what_is_missing_or_wrong_is_an_error_and_never_everyone() {
        for wrong in [
            Form { audience: To::Nobody, ..form() },
            Form { audience: To::Tag, ..form() },
            Form { audience: To::Tag, tag: "1, is_to_all: true".to_owned(), ..form() },
            Form { audience: To::List, openids: String::new(), ..form() },
            Form { words: String::new(), ..form() },
            Form { content: Kind::Draft, ..form() },
            Form { id: "a b".to_owned(), ..form() },
            Form { at: "2037-02-30T20:00".to_owned(), ..form() },
            Form { account: "brand\"\n    approval: true".to_owned(), ..form() },
        ] {
            assert!(read(&wrong).is_err(), "{wrong:?}");
        }
    }
}
