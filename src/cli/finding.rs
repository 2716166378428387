//! One result of a check of the installation, as `config check` and `doctor` show it.

use crate::l10n::t;
use serde::Serialize;

use super::text::{self, Page, Tone};

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    /// Nothing to do.
    Good,
    /// It works, or may work, and somebody should look at it.
    Warning,
    /// Broadcasts cannot go while it is so.
    Bad,
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    /// The account that it concerns; none for the machine.
    account: Option<String>,
    check: &'static str,
    pub(super) verdict: Verdict,
    pub(super) what: String,
    /// What an operator can do; none if all is well, or if `what` says it.
    pub(super) advice: Option<String>,
}

impl Finding {
    pub(super) fn good(check: &'static str, what: impl Into<String>) -> Self {
        Self { account: None, check, verdict: Verdict::Good, what: what.into(), advice: None }
    }

    pub(super) fn warning(
        check: &'static str,
        what: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        let advice = Some(advice.into());
        Self { verdict: Verdict::Warning, advice, ..Self::good(check, what) }
    }

    pub(super) fn bad(
        check: &'static str,
        what: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self { verdict: Verdict::Bad, ..Self::warning(check, what, advice) }
    }

    /// Returns a warning whose text already says what to do.
    pub(super) fn remark(check: &'static str, what: impl Into<String>) -> Self {
        Self { verdict: Verdict::Warning, ..Self::good(check, what) }
    }

    /// Returns the same as a warning if it is bad.
    pub(super) fn softened(self) -> Self {
        match self.verdict {
            Verdict::Bad => Self { verdict: Verdict::Warning, ..self },
            Verdict::Warning | Verdict::Good => self,
        }
    }

    /// Returns the same about an account.
    pub(super) fn of(self, account: &str) -> Self {
        Self { account: Some(account.to_owned()), ..self }
    }

    /// Writes it on a line, and below it what can be done.
    pub(super) fn render(&self, page: &mut Page) {
        let (label, tone) = match self.verdict {
            Verdict::Good => (t!("finding-good"), Tone::Plain),
            Verdict::Warning => (t!("finding-warning"), Tone::Warn),
            Verdict::Bad => (t!("finding-bad"), Tone::Alarm),
        };
        let account = self.account.as_deref().map(|name| t!("finding-account", name = name));
        let account = account.unwrap_or_default();
        let (check, what) = (check_name(self.check), self.what.as_str());
        let line = t!("finding-line", account = account, check = check, what = what);
        page.labelled(tone, 0, &label, &line);
        if let Some(advice) = &self.advice {
            page.lines(Tone::Plain, text::width(&label), advice);
        }
    }
}

/// Returns the name of a check as people read it; JSON has the word itself.
pub(super) fn check_name(check: &str) -> String {
    match check {
        "config" => t!("finding-config"),
        "secrets" => t!("finding-secrets"),
        "zone data" => t!("finding-zone-data"),
        "ticket" => t!("finding-ticket"),
        "token" => t!("finding-token"),
        "IP list" => t!("finding-ip-list"),
        "listen" => t!("finding-listen"),
        "clock" => t!("finding-clock"),
        "connection" => t!("finding-connection"),
        "rights" => t!("finding-rights"),
        "callback" => t!("finding-callback"),
        "database" => t!("finding-database"),
        "disk of state_dir" => t!("finding-disk-of-state"),
        "disk of inbox" => t!("finding-disk-of-inbox"),
        "proxy" => t!("finding-proxy"),
        other => other.to_owned(),
    }
}
