//! Each [`Reason`] as a sentence without capital and full stop, and as the keys of JSON.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};
use serde_json::{Map, Value};

use super::{names, stored};
use crate::calendar::{self, Span};
use crate::l10n::t;
use crate::model::console;
use crate::model::{JobId, UploadKind};
use crate::quota::Rule;
use crate::reason::{NamedJob, NamedJobs, OldDatabase, Operation, Reason};
use crate::wechat::callback::Status;
use crate::wechat::codes;

/// Writes a reason as the keys `reason`, its sentence, and `reason_code` and `reason_args`.
///
/// # Errors
/// If the serializer fails.
pub fn as_reason<S: Serializer>(
    reason: &(impl AsReason + ?Sized),
    serializer: S,
) -> Result<S::Ok, S::Error> {
    keys(["reason", "reason_code", "reason_args"], reason.as_reason(), serializer)
}

/// Writes the reason for something that happened: the sentence as `why`, the rest as [`as_reason`]
/// does.
///
/// # Errors
/// If the serializer fails.
pub fn as_why<S: Serializer>(
    reason: &(impl AsReason + ?Sized),
    serializer: S,
) -> Result<S::Ok, S::Error> {
    keys(["why", "reason_code", "reason_args"], reason.as_reason(), serializer)
}

/// Writes the outcome of a batch: the sentence as `result`, and `result_code` and `result_args`.
///
/// # Errors
/// If the serializer fails.
pub fn as_result<S: Serializer>(
    reason: &(impl AsReason + ?Sized),
    serializer: S,
) -> Result<S::Ok, S::Error> {
    keys(["result", "result_code", "result_args"], reason.as_reason(), serializer)
}

/// Writes why an API call is not done: the sentence as `errmsg`, the rest as [`as_reason`] does.
///
/// # Errors
/// If the serializer fails.
pub fn as_errmsg<S: Serializer>(
    reason: &(impl AsReason + ?Sized),
    serializer: S,
) -> Result<S::Ok, S::Error> {
    keys(["errmsg", "reason_code", "reason_args"], reason.as_reason(), serializer)
}

/// Writes the keys `reason_code` and `reason_args` beside a sentence that contains more.
///
/// # Errors
/// If the serializer fails.
pub fn as_code<S: Serializer>(
    reason: &(impl AsReason + ?Sized),
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let (code, args) = reason.as_reason().map(Reason::code_and_args).unzip();
    let mut map = serializer.serialize_map(Some(2))?;
    map.serialize_entry("reason_code", &code)?;
    map.serialize_entry("reason_args", &args)?;
    map.end()
}

/// Writes several reasons: their sentences as the list `why`, their codes and arguments in the same
/// order as `reasons`.
///
/// # Errors
/// If the serializer fails.
pub fn as_list<S: Serializer>(reasons: &[Reason], serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Coded {
        code: String,
        args: Map<String, Value>,
    }
    let sentences: Vec<_> = reasons.iter().map(sentence).collect();
    let coded = reasons.iter().map(|reason| {
        let (code, args) = reason.code_and_args();
        Coded { code, args }
    });
    let mut map = serializer.serialize_map(Some(2))?;
    map.serialize_entry("why", &sentences)?;
    map.serialize_entry("reasons", &coded.collect::<Vec<_>>())?;
    map.end()
}

/// A reason, or none.
pub trait AsReason {
    /// Returns it.
    fn as_reason(&self) -> Option<&Reason>;
}

impl AsReason for Reason {
    fn as_reason(&self) -> Option<&Reason> {
        Some(self)
    }
}

impl AsReason for Option<Reason> {
    fn as_reason(&self) -> Option<&Reason> {
        self.as_ref()
    }
}

fn keys<S: Serializer>(
    [sentence_key, code_key, args_key]: [&'static str; 3],
    reason: Option<&Reason>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(3))?;
    map.serialize_entry(sentence_key, &reason.map(sentence))?;
    let (code, args) = reason.map(Reason::code_and_args).unzip();
    map.serialize_entry(code_key, &code)?;
    map.serialize_entry(args_key, &args)?;
    map.end()
}

fn ago(late_s: i64) -> String {
    match late_s {
        ..1 => t!("reason-just-now"),
        _ => t!("reason-ago", span = %calendar::long(TimeDelta::seconds(late_s))),
    }
}

/// Returns the sentence for a reason.
#[expect(clippy::too_many_lines, reason = "a table: one entry for each reason")]
pub fn sentence(reason: &Reason) -> String {
    match reason {
        Reason::QuotaUsed { rule, window } if window.span() == Span::Ever => {
            t!("reason-quota-used-ever", rule = %names::rule(*rule))
        }
        Reason::QuotaUsed { rule, window } => t!(
            "reason-quota-used",
            rule = %names::rule(*rule),
            window = %names::window(*window)
        ),
        Reason::QuotaUsedElsewhere { rule, window } => {
            t!(
                "reason-quota-used-elsewhere",
                rule = %names::rule(*rule),
                window = %names::window(*window)
            )
        }
        Reason::ReservedByOthers { rule, window, jobs }
            if !jobs.is_empty() && window.span() != Span::Ever =>
        {
            t!(
                "reason-reserved-by",
                rule = %names::rule(*rule),
                window = %names::window(*window),
                owners = %owners(jobs)
            )
        }
        Reason::ReservedByOthers { rule, window, .. } => match window.span() {
            Span::Ever => t!("reason-reserved-ever", rule = %names::rule(*rule)),
            Span::Day | Span::Month => t!(
                "reason-reserved",
                rule = %names::rule(*rule),
                window = %names::window(*window)
            ),
        },
        Reason::NeedsMoreThanLimit { rule: Rule::DailyCalls } => {
            t!("reason-needs-more-calls", rule = %names::rule(Rule::DailyCalls))
        }
        Reason::NeedsMoreThanLimit { rule } => t!("reason-needs-more", rule = %names::rule(*rule)),
        Reason::ReceiversFull { rule, window } => {
            t!(
                "reason-receivers-full",
                rule = %names::rule(*rule),
                window = %names::window(*window)
            )
        }
        Reason::ReceiversFullByThen { rule, window } => {
            t!(
                "reason-receivers-full-by-then",
                rule = %names::rule(*rule),
                window = %names::window(*window)
            )
        }
        Reason::ReceiversDropped { dropped, window } => {
            t!("reason-receivers-dropped", dropped = %dropped, window = %names::window(*window))
        }
        Reason::PlatformQuotaUsed { window } => match window.span() {
            Span::Month => t!("reason-platform-quota-used-month", window = %names::window(*window)),
            Span::Day | Span::Ever => t!(
                "reason-platform-quota-used-day",
                window = %names::window(*window)
            ),
        },
        Reason::NoRoomUntil { cause, from, to } if from == to => {
            t!("reason-no-room", cause = %sentence(cause), from = %names::window(*from))
        }
        Reason::NoRoomUntil { cause, from, to } => {
            t!(
                "reason-no-room-between",
                cause = %sentence(cause),
                from = %names::window(*from),
                to = %names::window(*to)
            )
        }
        Reason::WindowBeyondExpiry { cause } => {
            t!("reason-beyond-expiry", cause = %sentence(cause))
        }
        Reason::OnQuotaIsFail { cause } => t!("reason-on-quota-fail", cause = %sentence(cause)),
        Reason::WillDefer { cause } => {
            t!("reason-will-defer", cause = %sentence(cause))
        }
        Reason::Deferred { cause, goes_at: None, .. } => t!(
            "reason-deferred",
            cause = %sentence(cause)
        ),
        Reason::Deferred { cause, goes_at: Some(at), .. } => {
            t!("reason-deferred-to", cause = %sentence(cause), at = %calendar::beijing(*at))
        }
        Reason::Advanced { goes_at, .. } => {
            t!("reason-advanced", at = %calendar::beijing(*goes_at))
        }
        Reason::ExpiresBeforeDue => t!("reason-expires-before-due"),
        Reason::PastGrace { late_s, grace_s } => t!(
            "reason-past-grace",
            ago = %ago(*late_s),
            grace = %calendar::long(TimeDelta::seconds(*grace_s))
        ),
        Reason::WaitsForApproval => t!("reason-waits-for-approval"),
        Reason::NotApprovedInTime { late_s } => {
            t!("reason-not-approved", ago = %ago(*late_s))
        }
        Reason::WaitsForFiles { files } => {
            t!("reason-waits-for-files", files = %names::list(files))
        }
        Reason::FilesNotInTime { files, late_s } => t!(
            "reason-files-not-in-time",
            files = %names::list(files),
            ago = %ago(*late_s)
        ),
        Reason::RetryWindowOver => t!("reason-retry-window-over"),
        Reason::ClientmsgidForgotten => t!("reason-clientmsgid-forgotten"),
        Reason::MayHaveGoneOut => t!("reason-may-have-gone-out", history = %console::history()),
        Reason::ReleaseBegins => t!("reason-release-begins"),
        Reason::ApiCallBegins => t!("reason-call-begins"),
        Reason::Waits { cause } => t!("reason-waits", cause = %sentence(cause)),
        Reason::StoppedBeforeRequest => t!("reason-stopped-before-request"),
        Reason::BatchAccepted { batch, msg_id } => {
            t!("reason-batch-accepted", batch = %batch, msg_id = %msg_id)
        }
        Reason::BatchAdopted { batch, msg_id, others_not_asked_of: None } => {
            t!("reason-batch-adopted", batch = %batch, msg_id = %msg_id)
        }
        // Another copy of the database may have sent the batches that this one never requested.
        Reason::BatchAdopted { batch, msg_id, others_not_asked_of: Some(job) } => t!(
            "reason-batch-adopted-alone",
            batch = %batch,
            msg_id = %msg_id,
            history = %console::history(),
            job = %job
        ),
        Reason::BatchEnded { batch, cause } => t!(
            "reason-batch-ended",
            batch = %batch,
            cause = %sentence(cause)
        ),
        Reason::SentSaysPlatform => t!("reason-sent-says-platform"),
        Reason::DeletedSaysPlatform => t!("reason-deleted-says-platform"),
        Reason::StoppedByPlatform { status: None } => {
            t!("reason-stopped-by-platform")
        }
        Reason::StoppedByPlatform { status: Some(status) } => {
            let status = Status::parse(status);
            match status.advice() {
                None => t!("reason-stopped-by-platform-as", status = %status.words()),
                Some(advice) => t!(
                    "reason-stopped-by-platform-advice",
                    status = %status.words(),
                    advice = %advice
                ),
            }
        }
        Reason::InDoubt { errcode, errmsg } => t!(
            "reason-in-doubt",
            answer = %answered(*errcode, errmsg)
        ),
        Reason::NotAccepted { errcode, errmsg } => {
            t!("reason-not-accepted", answer = %answered(*errcode, errmsg))
        }
        Reason::TokenRefused => {
            t!("reason-token-refused")
        }
        Reason::PlatformRefused { errcode: Some(code), errmsg } => {
            let row = codes::for_send(*code);
            t!(
                "reason-platform-refused",
                code = %code,
                errmsg = %errmsg,
                what = %row.what(),
                advice = %row.advice()
            )
        }
        Reason::PlatformRefused { errcode: None, errmsg } => {
            t!("reason-platform-refused-so", errmsg = %stored::failure(errmsg))
        }
        Reason::PlatformHasNoRoom { cause, errcode, errmsg } => {
            t!(
                "reason-platform-has-no-room",
                cause = %sentence(cause),
                answer = %answered(Some(*errcode), errmsg)
            )
        }
        Reason::WaitsForUploads { cause: None } => t!("reason-waits-for-uploads"),
        Reason::WaitsForUploads { cause: Some(cause) } => {
            t!("reason-waits-for-uploads-because", cause = %sentence(cause))
        }
        Reason::UploadsDone => t!("reason-uploads-done"),
        Reason::UploadsNotDone { cause, last: None } => {
            t!("reason-uploads-not-done", cause = %sentence(cause))
        }
        Reason::UploadsNotDone { cause, last: Some(last) } => t!(
            "reason-uploads-not-done-because",
            cause = %sentence(cause),
            last = %sentence(last)
        ),
        Reason::UploadTokenRefused => t!("reason-upload-token-refused"),
        Reason::UploadFailed { kind, name, errcode: Some(code), errmsg } => {
            upload_answer((*kind, name), *code, errmsg)
        }
        Reason::UploadFailed { kind, name, errcode: None, errmsg } => {
            let errmsg = stored::failure(errmsg);
            t!("reason-upload-unclear", file = %upload(*kind), name = %name, errmsg = errmsg)
        }
        Reason::UploadRefused { kind, name, errcode, errmsg } => {
            let row = codes::for_query(*errcode);
            let answer = upload_answer((*kind, name), *errcode, errmsg);
            t!(
                "reason-upload-refused",
                answer = %answer,
                what = %row.what(),
                advice = %row.advice()
            )
        }
        Reason::LastUploadAnswer { name, errcode, errmsg } => {
            let errmsg = errmsg.clone().unwrap_or_else(|| t!("reason-no-answer-came"));
            match errcode {
                Some(code) => t!(
                    "reason-last-upload-answer",
                    name = %name,
                    answer = %answered(Some(*code), &errmsg)
                ),
                None => {
                    let errmsg = stored::failure(&errmsg);
                    t!("reason-last-upload-trouble", name = %name, errmsg = errmsg)
                }
            }
        }
        Reason::NoUploadCallLeft { kind, until } => t!(
            "reason-no-upload-call-left",
            file = %upload(*kind),
            at = %calendar::beijing(*until)
        ),
        Reason::ActionUnknown => t!("reason-action-unknown"),
        Reason::ApiCallDone { call } => t!("reason-call-done", call = %stored::api_call(call)),
        Reason::ApiCallFailed { call, cause } => t!(
            "reason-call-failed",
            call = %stored::api_call(call),
            cause = %sentence(cause)
        ),
        Reason::ApiCallsFailed { failed, all, cause } => {
            t!("reason-calls-failed", failed = %failed, all = %all, cause = %sentence(cause))
        }
        Reason::ApiCallAnswered { errcode: Some(code), errmsg } => {
            let (row, errmsg) = (codes::for_api_call(*code), stored::failure(errmsg));
            match row.helps() {
                None => {
                    t!("reason-call-answered", code = %code, errmsg = %errmsg, what = %row.what())
                }
                Some(advice) => t!(
                    "reason-call-answered-advice",
                    code = %code,
                    errmsg = %errmsg,
                    what = %row.what(),
                    advice = %advice
                ),
            }
        }
        Reason::ApiCallAnswered { errcode: None, errmsg } => stored::failure(errmsg),
        Reason::DaemonEnded => t!("reason-daemon-ended"),
        Reason::OnHold { cause } => t!("reason-on-hold", cause = %sentence(cause)),
        Reason::AccountPaused { account, cause } => {
            t!("reason-account-paused", account = %account, cause = %sentence(cause))
        }
        Reason::ResultAwaited { msg_id, accepted_at, confirm_until, is_over } => {
            let (at, until) = (time_of_day(*accepted_at), time_of_day(*confirm_until));
            match is_over {
                false => {
                    t!("reason-result-awaited", at = %at, msg_id = %msg_id, until = %until)
                }
                true => t!("reason-result-late", at = %at, msg_id = %msg_id, until = %until),
            }
        }
        Reason::AskedOften { cause, times } => {
            t!("reason-asked-often", cause = %sentence(cause), times = %times)
        }
        Reason::CodesMade { made, all } => t!("reason-codes-made", made = %made, all = %all),
        Reason::CodesPutOff { made, all, cause } => t!(
            "reason-codes-put-off",
            made = %made,
            all = %all,
            cause = %sentence(cause)
        ),
        Reason::CodesStopped { made, all, cause } => t!(
            "reason-codes-stopped",
            made = %made,
            all = %all,
            cause = %sentence(cause)
        ),
        Reason::MenuReplaced { job } => t!("reason-menu-replaced", job = %job),
        Reason::MenuChangedElsewhere { job } => t!("reason-menu-changed-elsewhere", job = %job),
        Reason::MenuUntilOver { until } => {
            t!("reason-menu-until-over", until = %calendar::beijing(*until))
        }
        Reason::IdIsTaken { job } => t!("reason-id-is-taken", job = %job),
        Reason::NotAMenu { job } => t!("reason-not-a-menu", job = %job),
        Reason::MenuNotSetYet { job, state } => {
            t!("reason-menu-not-set-yet", job = %job, state = %names::job_state(*state))
        }
        Reason::MenuBeforeUnknown { job } => {
            t!("reason-menu-before-unknown", job = %job)
        }
        Reason::MenuNotCreatable { buttons } => t!(
            "reason-menu-not-creatable",
            buttons = %names::list(buttons)
        ),
        Reason::NotPrepared => t!("reason-not-prepared"),
        Reason::MediaGone { media_id } => t!("reason-media-gone", media = %media_id),
        Reason::NoPreviewOfContent => t!("reason-no-preview-of-content"),
        Reason::NoCardExt => t!("reason-no-card-ext"),
        Reason::NoBroadcastNumber => t!("reason-no-broadcast-number"),
        Reason::ApiCallTimeOver { in_doubt, cause } => {
            let last = cause.as_ref().map(|last| sentence(last));
            match (in_doubt, last) {
                (true, None) => t!("reason-call-time-over-doubt"),
                (true, Some(last)) => t!("reason-call-time-over-doubt-last", last = %last),
                (false, None) => t!("reason-call-time-over"),
                (false, Some(last)) => t!("reason-call-time-over-last", last = %last),
            }
        }
        Reason::SharedMediaDeleted { cause } => {
            t!("reason-shared-media-deleted", cause = %sentence(cause))
        }
        Reason::BroadcastsNotOut { not_out, all } => t!(
            "reason-broadcasts-not-out",
            not_out = %not_out,
            all = %all
        ),
        Reason::NoSuchJob { job } => t!("reason-no-such-job", job = %job),
        Reason::JobOfOtherAccount { job, account } => t!(
            "reason-job-of-other-account",
            job = %job,
            account = %account
        ),
        Reason::NotABroadcast { job } => t!("reason-not-a-broadcast", job = %job),
        Reason::NotSentYet { job, state } => t!(
            "reason-not-sent-yet",
            job = %job,
            state = %names::job_state(*state)
        ),
        Reason::MsgIdUnknown { job } => {
            t!("reason-msg-id-unknown", job = %job)
        }
        Reason::NothingWentOut { job, state } => {
            t!("reason-nothing-went-out", job = %job, state = %names::job_state(*state))
        }
        Reason::DeletedAlready { job } => t!("reason-deleted-already", job = %job),
        Reason::MsgtypeNotDeletable { job, msgtype } => t!(
            "reason-msgtype-not-deletable",
            job = %job,
            msgtype = %msgtype
        ),
        Reason::NotConfirmedSent { job } => t!("reason-not-confirmed-sent", job = %job),
        Reason::MediaShared { jobs } => t!("reason-media-shared", jobs = %names::list(jobs)),
        Reason::ArticleNotNamed { job, articles } => t!(
            "reason-article-not-named",
            job = %job,
            articles = %articles
        ),
        Reason::ArticlesUnknown { job, at_least: 0 } => t!("reason-articles-unknown", job = %job),
        Reason::ArticlesUnknown { job, at_least } => {
            t!("reason-articles-unknown-at-least", many = %at_least, job = %job)
        }
        Reason::NoSuchArticle { job, article, articles } => {
            t!("reason-no-such-article", job = %job, article = %article, articles = %articles)
        }
        Reason::PlannedFor { at } => t!("reason-planned-for", at = %time(*at)),
        Reason::MinuteFull { rule } => t!("reason-minute-full", rule = %names::rule(*rule)),
        Reason::GuardAfterMidnight => t!("reason-guard-after-midnight"),
        Reason::HeldUntil { job, until } => {
            t!("reason-held-until", job = %job, until = %time(*until))
        }
        Reason::ResumeLetsItGo { account } => {
            t!("reason-resume-lets-it-go", account = %account)
        }
        Reason::GraceOver { grace_min } => {
            t!("reason-grace-over", grace_min = %grace_min)
        }
        Reason::RetryForOver => {
            t!("reason-retry-for-over")
        }
        Reason::DaemonEndedInRequest => t!("reason-daemon-ended-in-request"),
        Reason::PauseTooLong { in_doubt: true } => t!("reason-pause-too-long-doubt"),
        Reason::PauseTooLong { in_doubt: false } => t!("reason-pause-too-long"),
        Reason::BatchesInDoubt { in_doubt, all } => {
            t!("reason-batches-in-doubt", in_doubt = %in_doubt, all = *all)
        }
        Reason::UploadsBegin { at } => {
            t!("reason-uploads-begin", at = %time(*at))
        }
        Reason::MissedAfter { until } => t!("reason-missed-after", until = %time(*until)),
        Reason::GoesAfter { command } => t!("reason-goes-after", command = %command),
        Reason::GoesAfterConfigChange => {
            t!("reason-goes-after-config")
        }
        Reason::DaemonNotRunning => t!("reason-daemon-not-running"),
        Reason::DaemonStuck => t!("reason-daemon-stuck"),
        Reason::ClockNotTrusted => t!("reason-clock-not-trusted"),
        Reason::DatabaseLost => {
            t!("reason-database-lost")
        }
        Reason::DatabaseLostBeforeDue => t!("reason-database-lost-before-due"),
        Reason::DatabaseMayBeOld => t!("reason-database-may-be-old"),
        Reason::MayHaveBeenSent => {
            t!("reason-may-have-been-sent")
        }
        Reason::GapInQuestion { from, to } => {
            t!("reason-gap-in-question", gap = %gap(*from, *to))
        }
        Reason::ClockWasAhead => {
            t!("reason-clock-was-ahead")
        }
        Reason::CrashedOver { times } => t!(
            "reason-crashed-over",
            times = %times,
            report = %report()
        ),
        Reason::MayHaveBeenRestored { evidence, due } => {
            let question = match due.is_empty() {
                true => t!("reason-no-job-was-due"),
                false => t!("reason-jobs-in-question", jobs = %named(due)),
            };
            t!(
                "reason-may-have-been-restored",
                evidence = %old_database(evidence),
                question = %question
            )
        }
        Reason::ReadBack { cause, found } => {
            t!("reason-read-back", cause = %sentence(cause), jobs = %named(found))
        }
        Reason::CrashedOverAccount { times, job: None } => {
            t!("reason-crashed-over-account", times = %times)
        }
        Reason::CrashedOverAccount { times, job: Some(job) } => {
            t!("reason-crashed-over-account-job", times = %times, job = %job)
        }
        Reason::TokenServerRefused { errcode, errmsg } => {
            t!("reason-token-server-refused", errcode = %errcode, errmsg = %errmsg)
        }
        Reason::NoToken { errcode, errmsg } => {
            let what = codes::for_token(*errcode).what();
            t!("reason-no-token", errcode = %errcode, errmsg = %errmsg, what = %what)
        }
        Reason::AccountRefused { errcode, errmsg } => {
            t!(
                "reason-account-refused",
                answer = %answered(Some(*errcode), errmsg),
                what = %codes::for_send(*errcode).what()
            )
        }
        Reason::BroadcastOfOtherJob { job, msg_id, other } => {
            t!("reason-broadcast-of-other-job", job = %job, msg_id = %msg_id, other = %other)
        }
        Reason::BodyDiffers { job, msg_id } => {
            t!("reason-body-differs", msg_id = %msg_id, job = %job)
        }
        Reason::QuotaRefusedTwice => t!("reason-quota-refused-twice"),
        Reason::NotInConfig { account } => {
            t!("reason-not-in-config", account = %account)
        }
        Reason::AppidChanged { account, appid, known: Some(known) } => {
            t!("reason-appid-changed", account = %account, appid = %appid, known = %known)
        }
        Reason::AppidChanged { account, appid, known: None } => {
            t!("reason-appid-other-jobs", account = %account, appid = %appid)
        }
        Reason::TakenFrom { file, line, by: None } => {
            t!("reason-taken-from", file = %file, line = %line)
        }
        Reason::TakenFrom { file, line, by: Some(by) } => {
            t!("reason-taken-from-agent", by = %by, file = %file, line = %line)
        }
        Reason::ChangedBy { file, line, by: None } => {
            t!("reason-changed-by", file = %file, line = %line)
        }
        Reason::ChangedBy { file, line, by: Some(by) } => {
            t!("reason-changed-by-agent", by = %by, file = %file, line = %line)
        }
        Reason::DateWithdrawn { series, file } => {
            t!("reason-date-withdrawn", series = %series, file = %file)
        }
        Reason::DatesPassedOver { from, to: Some(to) } => t!(
            "reason-dates-passed-over",
            from = %calendar::beijing(*from),
            to = %calendar::beijing(*to)
        ),
        Reason::DatesPassedOver { from, to: None } => {
            t!("reason-dates-passed-over-all", from = %calendar::beijing(*from))
        }
        Reason::OperatorSaid { who, what, why: Some(why) } => {
            t!("operation-because", operation = %operation(what, who), why = %why)
        }
        Reason::OperatorSaid { who, what, why: None } => operation(what, who),
        Reason::KeepsClientmsgid { cause, batches } => t!(
            "reason-keeps-clientmsgid",
            cause = %sentence(cause),
            batches = %numbers(batches)
        ),
        Reason::WrittenInQuestion { text } | Reason::Written { text } => text.clone(),
    }
}

/// Returns what an operator may do about a crash of the daemon.
pub fn report() -> String {
    t!("reason-report-crash")
}

/// Returns the sentence for a span in which another copy of the database may have run.
pub fn gap(from: DateTime<Utc>, to: DateTime<Utc>) -> String {
    t!("reason-gap", from = %calendar::beijing(from), to = %calendar::beijing(to))
}

/// Returns an instant in Beijing, without seconds if they are zero.
fn time(at: DateTime<Utc>) -> String {
    let full = calendar::beijing(at);
    if at.timestamp() % 60 == 0 { full.replacen(":00 +", " +", 1) } else { full }
}

/// Returns an instant's time of day in Beijing, in the same way.
fn time_of_day(at: DateTime<Utc>) -> String {
    let full = time(at);
    full.split_once(' ').map_or_else(|| full.clone(), |(_, of_day)| of_day.to_owned())
}

fn answered(errcode: Option<i64>, errmsg: &str) -> String {
    match errcode {
        Some(code) => {
            t!("reason-platform-answered", code = %code, errmsg = %stored::failure(errmsg))
        }
        None => stored::failure(errmsg),
    }
}

fn upload_answer((kind, name): (UploadKind, &str), code: i64, errmsg: &str) -> String {
    t!(
        "reason-upload-answer",
        file = %upload(kind),
        name = %name,
        answer = %answered(Some(code), errmsg)
    )
}

/// Returns the name of an upload's kind, in words that a file name may follow.
pub fn upload(kind: UploadKind) -> String {
    match kind {
        UploadKind::Picture => t!("upload-picture"),
        UploadKind::Cover => t!("upload-cover"),
        UploadKind::Image => t!("upload-image"),
        UploadKind::Voice => t!("upload-voice"),
        UploadKind::Video => t!("upload-video-file"),
        UploadKind::Mpvideo => t!("upload-video"),
        UploadKind::Draft => t!("upload-draft-of"),
        UploadKind::News => t!("upload-articles-of"),
    }
}

fn named(NamedJobs { jobs, more_jobs, series }: &NamedJobs) -> String {
    let of_series = series.iter().map(|(id, count)| dates(id.as_str(), *count));
    let mut names: Vec<_> = of_series.chain(jobs.iter().map(JobId::to_string)).collect();
    if *more_jobs > 0 {
        names.push(t!("reason-and-more-jobs", count = %more_jobs));
    }
    names::list(&names)
}

/// Returns a series with the number of its dates that are meant.
pub fn dates(series: &str, count: u32) -> String {
    t!("reason-jobs-of-series", count = count, series = %series)
}

/// Returns a job's title and id; its id alone if that is its title.
pub fn job_name(NamedJob { id, title }: &NamedJob) -> String {
    match title {
        Some(title) if title != id.as_str() => {
            let quoted = format!("{title:?}");
            let title = &quoted[1..quoted.len() - 1];
            t!("job-title-and-id", title = title, id = %id)
        }
        Some(_) | None => id.to_string(),
    }
}

/// Returns the jobs that own a window, by title and id.
fn owners(jobs: &[NamedJob]) -> String {
    names::list(&jobs.iter().map(job_name).collect::<Vec<_>>())
}

fn old_database(evidence: &OldDatabase) -> String {
    match evidence {
        OldDatabase::Backup { made_at } => {
            t!("reason-database-is-backup", at = %calendar::beijing(*made_at))
        }
        OldDatabase::OlderThanMark => t!("reason-database-older-than-mark"),
        OldDatabase::NoMark => {
            t!("reason-database-without-mark")
        }
        OldDatabase::UnknownFiles => {
            t!("reason-database-lacks-files")
        }
        OldDatabase::LongAbsence { seen_at } => t!(
            "reason-long-absence",
            at = %calendar::beijing(*seen_at)
        ),
    }
}

fn operation(what: &Operation, who: &str) -> String {
    match what {
        Operation::Hold => t!("operation-held", who = %who),
        Operation::LetGoOn => t!("operation-let-go-on", who = %who),
        Operation::Approve => t!("operation-approved", who = %who),
        Operation::Cancel => t!("operation-cancelled", who = %who),
        Operation::Retry => t!("operation-retried", who = %who),
        Operation::Reschedule { to } => {
            t!("operation-rescheduled", at = %calendar::beijing(*to), who = %who)
        }
        Operation::Acknowledge => t!("operation-acknowledged", who = %who),
        Operation::ResolveSent { batches, msg_id: Some(msg_id) } => t!(
            "operation-resolved-sent-as",
            batches = %numbers(batches),
            msg_id = %msg_id,
            who = %who
        ),
        Operation::ResolveSent { batches, msg_id: None } => {
            t!("operation-resolved-sent", batches = %numbers(batches), who = %who)
        }
        Operation::ResolveNotSent { batches } => {
            t!("operation-resolved-not-sent", batches = %numbers(batches), who = %who)
        }
        Operation::TakeNotSentBack => t!("operation-not-sent-taken-back", who = %who),
    }
}

fn numbers(batches: &[u32]) -> String {
    names::list(&batches.iter().map(u32::to_string).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Window;
    use crate::reason::tests::one_of_each;

    #[test]
    fn every_reason_is_a_sentence_without_capital_and_full_stop() {
        for reason in one_of_each() {
            let told = sentence(&reason);

            let starts = !told.starts_with(char::is_uppercase);
            assert!(starts && !told.ends_with('.') && !told.contains('\n'), "{told:?}");
            assert!(!told.contains("  "), "{told:?}");
        }
    }

    #[test]
    fn the_causes_of_a_deferral_read_as_one_sentence() {
        let day = Window::parse("2027-03-20").unwrap();
        let rule = Rule::DailySend;
        let own = Reason::ReservedByOthers { rule, window: day, jobs: Vec::new() };
        let (from, to) = (day.next(), day.next().next());
        let at = "2027-03-22T12:00:00Z".parse().unwrap();
        for (reason, expected) in [
            (
                own,
                "daily_send for 2027-03-20 is already reserved by earlier or higher-priority jobs",
            ),
            (
                Reason::NeedsMoreThanLimit { rule: Rule::DailyCalls },
                "needs more calls than the daily_calls limit",
            ),
            (
                Reason::Deferred {
                    cause: Box::new(Reason::NoRoomUntil {
                        cause: Box::new(Reason::QuotaUsed { rule, window: day }),
                        from,
                        to,
                    }),
                    goes_at: Some(at),
                    was_due: None,
                },
                "deferred: daily_send of 2027-03-20 is used up, and 2027-03-21 to 2027-03-22 have no \
                 room either; it goes at 2027-03-22 20:00:00 +08:00",
            ),
            (
                Reason::QuotaUsed { rule, window: day }.beyond_expiry(),
                "daily_send of 2027-03-20 is used up, and its next window lies beyond its expires",
            ),
        ] {
            assert_eq!(sentence(&reason), expected);
        }
    }

    #[test]
    fn an_answer_is_told_with_what_a_person_can_do_about_it() {
        let told = |code| {
            let errmsg = "m".to_owned();
            sentence(&Reason::ApiCallAnswered { errcode: Some(code), errmsg })
        };

        assert_eq!(
            told(89504),
            "the platform answered 89504 (m): the platform waits for the administrator; let the \
             account's administrator confirm the call on the phone"
        );
        assert_eq!(
            told(45011),
            "the platform answered 45011 (m): the account made too many calls in one minute"
        );
    }

    #[test]
    fn programs_find_the_code_and_its_arguments_beside_the_sentence() {
        #[derive(Serialize)]
        struct View {
            id: &'static str,
            #[serde(flatten, serialize_with = "as_reason")]
            reason: Option<Reason>,
        }
        let reason = Some(Reason::PastGrace { late_s: 1_860, grace_s: 1_800 });

        let view = serde_json::to_string(&View { id: "a", reason }).unwrap();
        let none = serde_json::to_string(&View { id: "a", reason: None }).unwrap();

        assert_eq!(
            view,
            r#"{"id":"a","reason":"it was due 31 min ago, and its grace of 30 min is over","reason_code":"past_grace","reason_args":{"grace_s":1800,"late_s":1860}}"#
        );
        assert_eq!(none, r#"{"id":"a","reason":null,"reason_code":null,"reason_args":null}"#);
    }
}
