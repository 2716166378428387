//! `preview:` and `speed:` with a broadcast, and jobs that are a `delete:`.

use chrono::TimeDelta;

use super::reader::Reader;
use super::receivers;
use super::time::duration;
use crate::l10n::t;
use crate::model::{
    ARTICLES_MOST, Account, Action, Content, Deletion, JobId, OpenIds, Preview, Speed, Viewer,
};
use crate::yaml::diagnostic::quote;
use crate::yaml::{Entry, Fields, Node, Shape, Value};

/// How many users may receive a preview: each uses one of the day's 100 calls.
const VIEWERS_MOST: usize = 20;
/// How long before its time a broadcast's preview is sent, if the job file does not say.
const BEFORE: TimeDelta = TimeDelta::minutes(30);

pub(super) const PREVIEW: Shape =
    Shape { what: || "`preview`".to_owned(), known: &["to", "before", "card_ext"], refused: &[] };

pub(super) const DELETE: Shape = Shape {
    what: || "`delete`".to_owned(),
    known: &["job", "article_idx", "force"],
    refused: &[(
        "msg_id",
        || t!("inbox-delete-names-job-not-number"),
        || t!("inbox-write-job-what-was-not"),
    )],
};

impl Reader<'_, '_> {
    /// Returns the calls to make before a broadcast; with another action they are refused.
    pub(crate) fn pre_sends(
        &mut self,
        fields: &Fields<'_, '_>,
        (action, account): (Option<&Action>, Option<&Account>),
    ) -> (Option<Preview>, Option<Speed>) {
        let preview = fields.get("preview");
        // Without an action its own problem is reported, and is the one to correct.
        let Some(action) = action else { return (None, None) };
        let Some(broadcast) = action.broadcast() else {
            if let Some(entry) = preview {
                let message = t!("inbox-preview-needs-broadcast-show");
                self.report.say_with(entry.key_location, message, t!("yaml-take-out"));
            }
            return (None, None);
        };
        let coupon = matches!(broadcast.content, Content::Wxcard { .. });
        let preview = preview.and_then(|entry| self.preview(entry, account, coupon));
        let speed = fields.get("speed").and_then(|entry| self.speed(entry));
        (preview, speed)
    }

    /// Returns a speed, 0 to 4.
    pub(crate) fn speed(&mut self, entry: &Entry<'_>) -> Option<Speed> {
        entry.number(0, 4, self.report).and_then(Speed::new)
    }

    fn preview(
        &mut self,
        entry: &Entry<'_>,
        account: Option<&Account>,
        coupon: bool,
    ) -> Option<Preview> {
        let fields = entry.node.fields(entry.key_location, &PREVIEW, self.report)?;
        let rule = account.map_or(OpenIds::Any, |account| account.openids);
        let help = || t!("inbox-openids-wechat-names-anne");
        let to =
            fields.require("to", help, self.report).and_then(|entry| self.viewers(entry, rule));
        let before = match fields.get("before") {
            Some(entry) => self.value(entry, duration)?,
            None => BEFORE,
        };
        let card_ext = match fields.get("card_ext") {
            Some(entry) => Some(entry.text(self.report)?.to_owned()),
            None => None,
        };
        if coupon && card_ext.is_none() {
            let message = t!("inbox-coupon-preview-needs-card-ext");
            let help = t!("inbox-json-text-card-ext-code");
            self.report.say_with(entry.key_location, message, help);
        }
        Some(Preview { to: to?, before, card_ext })
    }

    fn viewers(&mut self, entry: &Entry<'_>, rule: OpenIds) -> Option<Vec<Viewer>> {
        let mut viewers = Vec::new();
        let names: Vec<_> = match &entry.node.value {
            Value::List(nodes) => nodes.iter().collect(),
            Value::Text { .. } => vec![&entry.node],
            Value::Empty | Value::Map(_) => Vec::new(),
        };
        if names.is_empty() || names.len() > VIEWERS_MOST {
            let message = t!("inbox-must-name-1-people", viewers_most = %VIEWERS_MOST);
            self.report.say_with(entry.node.location, message, t!("inbox-each-openid-wechat-name"));
            return None;
        }
        for node in names {
            let viewer = match &node.value {
                Value::Text { text, .. } if node.odd().is_none() => Viewer::parse(text),
                Value::Text { .. } | Value::Empty | Value::List(_) | Value::Map(_) => None,
            };
            match viewer {
                Some(viewer) if viewers.contains(&viewer) => {}
                Some(Viewer::Openid(id)) if !rule.takes(&id) => {
                    let message = t!("inbox-no-openid", id = %quote(&id));
                    self.report.say_with(node.location, message, receivers::help_with(&id, rule));
                }
                Some(Viewer::Wxname(name)) if is_cut(&name) && rule == OpenIds::Usual => {
                    let message = t!("inbox-neither-openid-nor-wechat-name", name = %quote(&name));
                    self.report.say_with(node.location, message, receivers::help_with(&name, rule));
                }
                Some(viewer) => viewers.push(viewer),
                None => self.unreadable_name(node),
            }
        }
        Some(viewers)
    }

    fn unreadable_name(&mut self, node: &Node<'_>) {
        let help = node.odd().unwrap_or_else(|| t!("inbox-28-characters-begin-o-openid"));
        self.report.say_with(node.location, t!("inbox-neither-openid-nor-wechat-name-2"), help);
    }

    /// Returns the deletion, or `None` after reporting why.
    pub(crate) fn deletion(&mut self, entry: &Entry<'_>) -> Option<Deletion> {
        let fields = entry.node.fields(entry.key_location, &DELETE, self.report)?;
        let job = fields.require("job", || t!("inbox-id-job-sent"), self.report)?;
        let text = job.text(self.report)?;
        let Some(id) = JobId::parse(text) else {
            let message = t!("inbox-cannot-id", text = %quote(text));
            self.report.say(job.node.location, message);
            return None;
        };
        let article_idx = match fields.get("article_idx") {
            Some(entry) => Some(entry.number(0, i64::from(ARTICLES_MOST), self.report)?),
            None => None,
        };
        let force = match fields.get("force") {
            Some(entry) => entry.boolean(self.report)?,
            None => false,
        };
        let article_idx = article_idx.and_then(|number| u32::try_from(number).ok());
        Some(Deletion { job: id, article_idx, force })
    }
}

/// Returns whether a name is too long (over 20 characters) and looks like an OpenID.
fn is_cut(name: &str) -> bool {
    name.len() > 20 && name.starts_with('o') && OpenIds::Any.takes(name)
}
