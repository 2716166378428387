//! The claims of this module.

use super::*;
use crate::model::{ArticlesVia, Kind, OpenIds};

mod api_calls;
mod archive;
mod articles;
mod broadcasts;
mod dated;
mod directory;
mod fairness;
mod folders;
mod jobs;
mod lost;
mod markdown;
mod menus;
mod old;
mod reading;
mod receivers;
mod series;
mod syntax;
mod texts;
mod untagged;
mod whole;
mod written;

/// A service account and a subscription account.
pub(super) fn accounts() -> [Account; 2] {
    [("club", Kind::Service), ("daily", Kind::Subscription)].map(|(name, kind)| Account {
        name: name.to_owned(),
        appid: format!("wx{name}"),
        kind,
        daily_calls: 2,
        history_per_day: Some(1),
        approvals: 0,
        payment: false,
        articles_via: ArticlesVia::Draft,
        openids: OpenIds::Any,
    })
}

fn parse_bytes(name: &str, bytes: &[u8], lists: &dyn ListSource) -> Result<Parsed, String> {
    let accounts = accounts();
    let parsed = parse(name, bytes, lists, &[&accounts[0], &accounts[1]]);
    if parsed.is_ok() {
        // Whatever is taken here is a job file to an editor too.
        assert_eq!(schema::tests::refused(bytes), None);
    }
    parsed.map_err(|problems| told(&problems))
}

fn parse_text(text: &str) -> Result<Parsed, String> {
    parse_bytes("f.yaml", text.as_bytes(), &NoLists)
}

fn told(problems: &[Diagnostic]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n")
}

/// The instant `seconds` after some beginning.
fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
}

/// One list, whatever it is called.
struct OneList<'a>(&'a str);

impl ListSource for OneList<'_> {
    fn list(&self, _path: &str) -> Result<Cow<'_, [u8]>, String> {
        Ok(Cow::Borrowed(self.0.as_bytes()))
    }
}
