//! What an alert tells, and what an operator can do about it, as sentences.

use super::{names, reason, stored};
use crate::alert::{Advice, Question, Told};
use crate::calendar;
use crate::l10n::t;
use crate::model::{JobId, MediaUse, console};
use crate::reason::NamedJob;
use crate::wechat::codes;
use crate::wechat::listener::Refusal;

/// The account and the job that an alert is about.
#[derive(Clone, Copy, Debug, Default)]
pub struct About<'a> {
    /// The account's name.
    pub account: Option<&'a str>,
    /// The job's id, or a series'.
    pub job: Option<&'a str>,
}

impl<'a> About<'a> {
    fn account(self) -> &'a str {
        self.account.unwrap_or_default()
    }

    fn job(self) -> &'a str {
        self.job.unwrap_or_default()
    }
}

/// Returns what happened, as one sentence without a full stop.
#[expect(clippy::too_many_lines, reason = "a table: one entry for each alert")]
pub fn what(told: &Told, about: About<'_>) -> String {
    let (account, job) = (about.account(), about.job());
    match told {
        Told::ClockApart { seconds, ahead: true } => t!("told-clock-ahead", seconds = %seconds),
        Told::ClockApart { seconds, ahead: false } => t!("told-clock-behind", seconds = %seconds),
        Told::NoPreflight { why } => t!("told-no-preflight", why = %stored::failure(why)),
        Told::EmptyPreflight { status } => t!("told-empty-preflight", status = %status),
        Told::Unreadable { times, question: asked, why } => t!(
            "told-unreadable",
            times = %times,
            question = %question(*asked),
            account = %account,
            why = %stored::failure(why)
        ),
        Told::FollowersUnread { why } => {
            t!("told-followers-unread", account = %account, why = %stored::failure(why))
        }
        Told::Appid { why, .. } => reason::sentence(why),
        Told::ComponentTicket { component, since: Some(since) } => {
            let since = calendar::beijing(*since);
            t!("told-component-ticket", component = %component, since = since)
        }
        Told::ComponentTicket { component, since: None } => {
            t!("told-component-no-ticket", component = %component)
        }
        Told::ComponentRefused { component, errcode, errmsg } => t!(
            "told-component-refused",
            component = %component,
            what = %codes::for_token(*errcode).what(),
            errcode = %errcode,
            errmsg = %errmsg
        ),
        Told::ComponentUnanswered { component, why } => {
            t!("told-component-unanswered", component = %component, why = %why)
        }
        Told::NoMassSendRight { component } => {
            t!("told-no-mass-send-right", account = %account, component = %component)
        }
        Told::Unconfigured => t!("told-unconfigured", account = %account),
        Told::ConfigRefused { why } => t!("alert-config-refused", why = %why),
        Told::ConfigWarns { warning, more: 0 } => t!("alert-config-warns", warning = %warning),
        Told::ConfigWarns { warning, more } => {
            t!("alert-config-warns-more", warning = %warning, more = %more)
        }
        Told::NeedsRestart { keys } => t!("alert-needs-restart", keys = %keys),
        Told::BackupFailed { error } => t!("alert-backup-failed", error = %error),
        Told::CallbackRefused { refusal } => {
            let why =
                Refusal::parse(refusal).map_or_else(|| refusal.clone(), |one| one.to_string());
            t!("told-callback-refused", account = %account, why = %why)
        }
        Told::HandlerFails { host, times, failure } => t!(
            "told-handler-fails",
            account = %account,
            host = %host,
            times = %times,
            failure = %stored::failure(failure)
        ),
        Told::UnreadEvent { why } => t!("told-unread-event", account = %account, why = %why),
        Told::EventsDropped { events } => {
            t!("told-events-dropped", events = %events, account = %account)
        }
        Told::EventFlood { most } => t!("told-event-flood", most = %most, account = %account),
        Told::CallbackSilent => t!("alert-callback-silent"),
        Told::FirstMonth { since } => t!("told-first-month", since = %calendar::beijing(*since)),
        Told::FirstDay { since } => t!("told-first-day", since = %calendar::beijing(*since)),
        Told::QuotaLow { rule, window, used, limit } => t!(
            "alert-quota-low",
            used = %used,
            limit = %limit,
            rule = %names::rule(*rule),
            window = %names::window(*window),
            left = %limit.saturating_sub(*used)
        ),
        Told::QrcodesRunOut { used, limit } => {
            t!("told-qrcodes-run-out", account = %account, used = %used, limit = %limit)
        }
        Told::Adopted => t!("told-adopted", job = %job),
        Told::MediaGone { media_id, title, .. } => {
            t!("alert-media-gone", media = %media_id, job = %named(job, title.as_deref()))
        }
        Told::CodesNotRenewed { why } => {
            t!("told-codes-not-renewed", job = %job, why = %why)
        }
        Told::MenuStays { why } => t!("told-menu-stays", job = %job, why = %why),
        Told::SpeedNotSet { speed, cause } => t!(
            "told-speed-not-set",
            speed = %stored::subject(speed),
            job = %job,
            cause = %reason::sentence(cause)
        ),
        Told::PreviewFailed { to, cause } => {
            t!("told-preview-failed", to = %stored::viewer(to), job = %job, cause = %reason::sentence(cause))
        }
        Told::CallFailed { call, cause } => {
            t!("told-call-failed", call = %stored::api_call(call), job = %job, cause = %reason::sentence(cause))
        }
        Told::SeriesLost => t!("told-series-lost", series = %job),
        Told::DateRefused { date, why } => {
            t!("told-date-refused", series = %job, date = %date, why = %why)
        }
        Told::InboxUnusable { why } => t!("told-inbox-unusable", why = %why),
        Told::EntriesStuck { why, more: 0 } => t!("told-entry-stuck", why = %why),
        Told::EntriesStuck { why, more } => t!("told-entries-stuck", why = %why, more = %more),
        Told::UploadsStalled { folder, path, more: 0 } => {
            t!("told-upload-stalled", folder = %folder, path = %path)
        }
        Told::UploadsStalled { folder, path, more } => t!(
            "told-uploads-stalled",
            folder = %folder,
            path = %path,
            n = i64::try_from(*more).unwrap_or(i64::MAX),
            more = %more
        ),
        Told::DatabaseLocked { by: Some(by) } => t!("told-database-locked-by", by = %by),
        Told::DatabaseLocked { by: None } => t!("told-database-locked"),
        Told::DatabaseUnreachable { why } => t!("told-database-unreachable", why = %why),
        Told::StorageFailed { error } => error.clone(),
        Told::NotRead => t!("alert-not-read"),
        Told::Written { what, .. } => what.clone(),
    }
}

/// Returns what an operator can do, if there is something.
pub fn advice(told: &Told, about: About<'_>) -> Option<String> {
    let (account, job) = (about.account(), about.job());
    Some(match told {
        Told::ClockApart { .. } => t!("told-set-the-clock"),
        Told::NoPreflight { .. }
        | Told::EmptyPreflight { .. }
        | Told::ComponentUnanswered { .. } => {
            t!("told-check-network")
        }
        Told::Unreadable { .. } => t!("told-see-proxy"),
        Told::FollowersUnread { .. } => t!("told-followers-later", account = %account),
        Told::Appid { advice, .. } => of_pause(advice, account),
        Told::ComponentTicket { component, .. } => {
            let place = console::component();
            t!("told-see-component-url", component = %component, place = %place)
        }
        Told::ComponentRefused { errcode, .. } => of_component(*errcode),
        Told::NoMassSendRight { component } => {
            t!("told-grant-mass-sends", component = %component, account = %account)
        }
        Told::Unconfigured => of_pause(&Advice::PutBack, account),
        Told::ConfigRefused { .. } => t!("alert-see-config"),
        Told::ConfigWarns { .. } => t!("alert-see-config-warnings"),
        Told::NeedsRestart { .. } => t!("alert-restart"),
        Told::BackupFailed { .. } => t!("alert-see-backup"),
        Told::CallbackRefused { refusal } => Refusal::parse(refusal)?.advice(),
        Told::HandlerFails { .. } => t!("told-see-handler"),
        Told::UnreadEvent { .. } => t!("told-event-kept"),
        Told::EventsDropped { .. } => t!("told-look-before-resolve"),
        Told::EventFlood { .. } => t!("told-change-token"),
        Told::CallbackSilent => t!("alert-see-callback"),
        Told::FirstMonth { .. } => t!(
            "told-record-month",
            history = %console::history(),
            account = %account
        ),
        Told::FirstDay { .. } => t!(
            "told-record-day",
            history = %console::history(),
            account = %account
        ),
        Told::QuotaLow { .. } => t!("alert-see-quota", account = %account),
        Told::QrcodesRunOut { .. } => t!("told-make-temporary-codes"),
        Told::Adopted => t!("told-compare-adopted", history = %console::history()),
        Told::MediaGone { used_as: MediaUse::Articles, .. } => {
            t!("alert-media-gone-draft", account = %account)
        }
        Told::MediaGone { used_as: MediaUse::File | MediaUse::Material, .. } => {
            t!("alert-media-gone-material")
        }
        Told::CodesNotRenewed { .. } => t!("told-new-codes"),
        Told::MenuStays { .. } => t!("told-restore-menu", job = %job),
        Told::SpeedNotSet { .. } => t!("told-see-speed", account = %account),
        Told::PreviewFailed { .. } | Told::CallFailed { .. } => {
            t!("told-preview-again", job = %job)
        }
        Told::SeriesLost => t!(
            "told-retry-series",
            history = %console::history(),
            series = %job
        ),
        Told::DateRefused { .. } => t!("told-mend-series", series = %job),
        Told::InboxUnusable { .. } | Told::EntriesStuck { .. } => t!("told-see-directory"),
        Told::UploadsStalled { .. } => t!("told-finish-upload"),
        Told::DatabaseLocked { .. } => t!("alert-free-database"),
        Told::DatabaseUnreachable { .. } => t!("alert-reach-database"),
        Told::StorageFailed { .. } => t!("alert-see-disk"),
        Told::NotRead => t!("alert-see-status"),
        Told::Written { advice, .. } => advice.clone()?,
    })
}

fn of_component(errcode: i64) -> String {
    match codes::for_token(errcode) {
        row if row.doubts_secret() => t!("told-correct-component", place = %console::component()),
        row => row.advice(),
    }
}

fn named(job: &str, title: Option<&str>) -> String {
    match JobId::parse(job) {
        Some(id) => reason::job_name(&NamedJob { id, title: title.map(str::to_owned) }),
        None => job.to_owned(),
    }
}

/// Returns what an operator can do about an account that is paused.
pub fn of_pause(advice: &Advice, account: &str) -> String {
    match advice {
        Advice::OfCode { errcode } => codes::for_send(*errcode).advice(),
        Advice::OfTokenCode { errcode } => codes::for_token(*errcode).advice(),
        Advice::Secret { source } => {
            t!("told-correct-secret", source = %source, keys = %console::keys())
        }
        Advice::TokenServer => t!("told-see-token-server", keys = %console::keys()),
        Advice::BothBroadcasts => {
            t!("told-look-at-both", history = %console::history())
        }
        Advice::MassSendRight => t!("told-see-mass-send-right"),
        Advice::Authorize { component } => {
            t!("told-authorize", component = %component, account = %account)
        }
        Advice::Crashed => t!("told-after-crash", report = %reason::report()),
        Advice::PutBack => t!("told-put-back"),
        Advice::PutKnownBack { known, appid } => {
            t!("told-put-known-back", known = %known, appid = %appid, account = %account)
        }
        Advice::PutEarlierBack => t!("told-put-earlier-back", account = %account),
        Advice::Written { text } => text.clone(),
    }
}

/// Returns a kind of request.
pub fn question(question: Question) -> String {
    match question {
        Question::Token => t!("told-question-token"),
        Question::Clock => t!("told-question-clock"),
        Question::Send => t!("told-question-send"),
        Question::Result => t!("told-question-result"),
        Question::Followers => t!("told-question-followers"),
        Question::Upload => t!("told-question-upload"),
        Question::ApiCall => t!("told-question-api-call"),
    }
}
