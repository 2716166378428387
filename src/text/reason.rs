//! Each [`Reason`] as a sentence without capital and full stop, and as the keys of JSON.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};
use serde_json::{Map, Value};

use crate::calendar::{self, Span};
use crate::model::console::HISTORY;
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
    let sentences: Vec<_> = reasons.iter().map(|reason| sentence(reason)).collect();
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
    map.serialize_entry(sentence_key, &reason.map(|reason| sentence(reason)))?;
    let (code, args) = reason.map(Reason::code_and_args).unzip();
    map.serialize_entry(code_key, &code)?;
    map.serialize_entry(args_key, &args)?;
    map.end()
}

fn ago(late_s: i64) -> String {
    match late_s {
        ..1 => "just now".to_owned(),
        _ => format!("{} ago", calendar::long(TimeDelta::seconds(late_s))),
    }
}

/// Returns the sentence for a reason.
#[expect(clippy::too_many_lines, reason = "a table: one entry for each reason")]
pub fn sentence(reason: &Reason) -> String {
    match reason {
        Reason::QuotaUsed { rule, window } if window.span() == Span::Ever => {
            format!("{rule} is used up for ever")
        }
        Reason::QuotaUsed { rule, window } => format!("{rule} of {window} is used up"),
        Reason::QuotaUsedElsewhere { rule, window } => {
            format!("{rule} of {window} is used up by a send made elsewhere")
        }
        Reason::ReservedByOthers { rule, window, jobs }
            if !jobs.is_empty() && window.span() != Span::Ever =>
        {
            format!("{rule} of {window} belongs to {}", owners(jobs))
        }
        Reason::ReservedByOthers { rule, window, .. } => match window.span() {
            Span::Ever => format!(
                "{rule} is used up for ever, with what earlier or higher-priority jobs have \
                 reserved"
            ),
            Span::Day | Span::Month => format!(
                "{rule} for {window} is already reserved by earlier or higher-priority jobs"
            ),
        },
        Reason::NeedsMoreThanLimit { rule: Rule::DailyCalls } => {
            format!("needs more calls than the {} limit", Rule::DailyCalls)
        }
        Reason::NeedsMoreThanLimit { rule } => format!("needs more than the {rule} limit"),
        Reason::ReceiversFull { rule, window } => {
            format!("{rule}: its receivers had their four of {window}")
        }
        Reason::ReceiversFullByThen { rule, window } => {
            format!("{rule}: by then its receivers have had their four of {window}")
        }
        Reason::ReceiversDropped { dropped, window } => {
            format!("{dropped} receivers had their four of {window} and were taken out")
        }
        Reason::PlatformQuotaUsed { window } => match window.span() {
            Span::Month => format!("the platform has no more quota in {window}"),
            Span::Day | Span::Ever => format!("the platform has no more quota on {window}"),
        },
        Reason::NoRoomUntil { cause, from, to } if from == to => {
            format!("{}, and {from} has no room either", sentence(cause))
        }
        Reason::NoRoomUntil { cause, from, to } => {
            format!("{}, and {from} to {to} have no room either", sentence(cause))
        }
        Reason::WindowBeyondExpiry { cause } => {
            format!("{}, and its next window lies beyond its expires", sentence(cause))
        }
        Reason::OnQuotaIsFail { cause } => format!("{}, and on_quota is fail", sentence(cause)),
        Reason::WillDefer { cause } => {
            format!("{}: it moves to a later window when it is due", sentence(cause))
        }
        Reason::Deferred { cause, goes_at: None } => format!("deferred: {}", sentence(cause)),
        Reason::Deferred { cause, goes_at: Some(at) } => {
            format!("deferred: {}; it goes at {}", sentence(cause), calendar::beijing(*at))
        }
        Reason::Advanced { goes_at } => format!("comes forward to {}", calendar::beijing(*goes_at)),
        Reason::ExpiresBeforeDue => "its expires lies before its time".to_owned(),
        Reason::PastGrace { late_s, grace_s } => format!(
            "it was due {}, and its grace of {} is over",
            ago(*late_s),
            calendar::long(TimeDelta::seconds(*grace_s))
        ),
        Reason::WaitsForApproval => "it waits for approval".to_owned(),
        Reason::NotApprovedInTime { late_s } => {
            format!("nobody approved it in time: it was due {}", ago(*late_s))
        }
        Reason::RetryWindowOver => "it was not accepted in the time it had".to_owned(),
        Reason::ClientmsgidForgotten => "it was not asked for in time: the platform no longer \
                                         surely remembers its clientmsgid"
            .to_owned(),
        Reason::MayHaveGoneOut => format!(
            "it may have gone out or not, and may not be asked again: look at the account's \
             history ({HISTORY})"
        ),
        Reason::ReleaseBegins => "its time has come and the rules have room".to_owned(),
        Reason::ApiCallBegins => "its time has come".to_owned(),
        Reason::Waits { cause } => format!("waits: {}", sentence(cause)),
        Reason::StoppedBeforeRequest => "it was stopped before its request left".to_owned(),
        Reason::BatchAccepted { batch, msg_id } => {
            format!("batch {batch} accepted, msg_id {msg_id}")
        }
        Reason::BatchAdopted { batch, msg_id, others_not_asked_of } => format!(
            "batch {batch} adopted: the platform had it already, msg_id {msg_id}{}",
            others_not_asked_of.as_ref().map(others_not_asked).unwrap_or_default()
        ),
        Reason::BatchEnded { batch, cause } => format!("batch {batch}: {}", sentence(cause)),
        Reason::SentSaysPlatform => "the platform says it went out".to_owned(),
        Reason::DeletedSaysPlatform => "the platform says it is deleted".to_owned(),
        Reason::StoppedByPlatform { status: None } => {
            "the platform stopped it after accepting, and no event said why".to_owned()
        }
        Reason::StoppedByPlatform { status: Some(status) } => {
            let status = Status::parse(status);
            let advice = Some(status.advice()).filter(|advice| !advice.is_empty());
            let advice = advice.map(|advice| format!("; {advice}")).unwrap_or_default();
            format!("the platform stopped it after accepting: {}{advice}", status.words())
        }
        Reason::InDoubt { errcode, errmsg } => format!(
            "in doubt: {}; asked again with the same clientmsgid",
            answered(*errcode, errmsg)
        ),
        Reason::NotAccepted { errcode, errmsg } => {
            format!("not accepted: {}; asked again", answered(*errcode, errmsg))
        }
        Reason::TokenRefused => {
            "the access token was refused; asked again with a new one".to_owned()
        }
        Reason::PlatformRefused { errcode: Some(code), errmsg } => {
            let row = codes::for_send(*code);
            format!("the platform refused it with {code} ({errmsg}): {}; {}", row.what, row.advice)
        }
        Reason::PlatformRefused { errcode: None, errmsg } => {
            format!("the platform refused it: {errmsg}")
        }
        Reason::PlatformHasNoRoom { cause, errcode, errmsg } => {
            format!("{}: {}", sentence(cause), answered(Some(*errcode), errmsg))
        }
        Reason::WaitsForUploads { cause: None } => WAITS_FOR_UPLOADS.to_owned(),
        Reason::WaitsForUploads { cause: Some(cause) } => {
            format!("{WAITS_FOR_UPLOADS}: {}", sentence(cause))
        }
        Reason::UploadsDone => "everything it needs is uploaded; its text is fixed".to_owned(),
        Reason::UploadsNotDone { cause, last } => {
            let last = last.as_ref().map(|last| format!(": {}", sentence(last)));
            format!(
                "{}; its uploads were not done in time{}",
                sentence(cause),
                last.unwrap_or_default()
            )
        }
        Reason::UploadTokenRefused => "the access token was refused".to_owned(),
        Reason::UploadFailed { kind, name, errcode: Some(code), errmsg } => {
            upload_answer((*kind, name), *code, errmsg)
        }
        Reason::UploadFailed { kind, name, errcode: None, errmsg } => {
            format!("{} {name} got no clear answer ({errmsg})", upload(*kind))
        }
        Reason::UploadRefused { kind, name, errcode, errmsg } => {
            let row = codes::for_query(*errcode);
            let answer = upload_answer((*kind, name), *errcode, errmsg);
            format!("{answer}: {}; {}", row.what, row.advice)
        }
        Reason::LastUploadAnswer { name, errcode, errmsg } => {
            let errmsg = errmsg.as_deref().unwrap_or("no answer came");
            match errcode {
                Some(code) => format!("for {name} {}", answered(Some(*code), errmsg)),
                None => format!("{name}: {errmsg}"),
            }
        }
        Reason::NoUploadCallLeft { kind, until } => format!(
            "the day has no call for {} left; it goes on at {}",
            upload(*kind),
            calendar::beijing(*until)
        ),
        Reason::ActionUnknown => "what it does is not known".to_owned(),
        Reason::ApiCallDone { call } => format!("{call}: done"),
        Reason::ApiCallFailed { call, cause } => format!("{call} failed: {}", sentence(cause)),
        Reason::ApiCallsFailed { failed, all, cause } => {
            format!("{failed} of {all} failed: {}", sentence(cause))
        }
        Reason::ApiCallAnswered { errcode: Some(code), errmsg } => {
            let row = codes::for_api_call(*code);
            let advice = row.helps().map_or_else(String::new, |helps| format!("; {helps}"));
            format!("the platform answered {code} ({errmsg}): {}{advice}", row.what)
        }
        Reason::ApiCallAnswered { errcode: None, errmsg } => errmsg.clone(),
        Reason::DaemonEnded => "the daemon ended before the answer was stored".to_owned(),
        Reason::OnHold { cause } => format!("on hold: {}", sentence(cause)),
        Reason::AccountPaused { account, cause } => {
            format!("account {account} is paused: {}", sentence(cause))
        }
        Reason::ResultAwaited { msg_id, accepted_at, confirm_until, is_over } => {
            let accepted = format!("accepted at {} as msg_id {msg_id}", time_of_day(*accepted_at));
            let until = time_of_day(*confirm_until);
            match is_over {
                false => format!(
                    "{accepted}; the result is not in. If the account has broadcast protection \
                     (API群发保护), its administrator has until {until} to confirm on the phone; \
                     with no answer by then it fails (err 40002)"
                ),
                true => format!(
                    "{accepted}; the result is still not in. If its administrator was asked to \
                     confirm it (API群发保护), the time for that ended at {until}: the platform is \
                     asked what became of it"
                ),
            }
        }
        Reason::AskedOften { cause, times } => {
            format!("{}; it was asked {times} times", sentence(cause))
        }
        Reason::CodesMade { made, all } => format!("{made} of {all} codes are made"),
        Reason::CodesStopped { made, all, cause } => format!(
            "{made} of {all} codes are made, and a retry goes on after them: {}",
            sentence(cause)
        ),
        Reason::MenuReplaced { job } => format!("the menu of job {job} took its place"),
        Reason::MenuChangedElsewhere { job } => format!(
            "the menu that stands is not the one of job {job}: it was changed outside qunfa, so \
             nothing was put back; `menu: {{ restore: {job} }}` puts it back all the same"
        ),
        Reason::MenuUntilOver { until } => {
            format!("its `until`, {}, is over: the menu was not changed", calendar::beijing(*until))
        }
        Reason::IdIsTaken { job } => format!(
            "there is a job {job} already, and the job that puts the menu back would have that id: \
             the menu was not changed"
        ),
        Reason::NotAMenu { job } => format!("job {job} does not change the menu"),
        Reason::MenuNotSetYet { job, state } => {
            format!("job {job} is {state}: it has not changed the menu yet")
        }
        Reason::MenuBeforeUnknown { job } => {
            format!("the menu that stood before job {job} is not known")
        }
        Reason::MenuNotCreatable { buttons } => format!(
            "the API cannot create these buttons, which were made on the website: {}; the menu was \
             not changed, and can be published again on the website only",
            buttons.join(", ")
        ),
        Reason::NotPrepared => "its content is not prepared yet: preview later".to_owned(),
        Reason::NoPreviewOfContent => "its content is not known yet".to_owned(),
        Reason::NoCardExt => "a coupon's preview needs its card_ext (code, openid, timestamp, \
                              signature)"
            .to_owned(),
        Reason::NoBroadcastNumber => "its broadcast has no number".to_owned(),
        Reason::ApiCallTimeOver { in_doubt, cause } => {
            let how = if *in_doubt {
                "nobody could say in the time it had whether it was done"
            } else {
                "it was not done in the time it had"
            };
            let last =
                cause.as_ref().map(|last| format!("; what was last heard: {}", sentence(last)));
            format!("{how}{}", last.unwrap_or_default())
        }
        Reason::SharedMediaDeleted { cause } => {
            format!("{}; it sent the same media, which is gone with it", sentence(cause))
        }
        Reason::BroadcastsNotOut { not_out, all } => format!(
            "{not_out} of its {all} broadcasts are not known to have gone out, and all of them are \
             to be deleted"
        ),
        Reason::NoSuchJob { job } => format!("no job has the id {job}"),
        Reason::JobOfOtherAccount { job, account } => format!("job {job} is of account {account}"),
        Reason::NotABroadcast { job } => format!("job {job} is no broadcast"),
        Reason::NotSentYet { job, state } => format!(
            "job {job} is {state}, and only what was sent can be deleted: `qunfa cancel {job}` \
             calls it off"
        ),
        Reason::MsgIdUnknown { job } => {
            format!("the number of job {job}'s broadcast is not known")
        }
        Reason::NothingWentOut { job, state } => {
            format!("job {job} is {state}: nothing of it is known to have gone out")
        }
        Reason::DeletedAlready { job } => format!("the broadcast of job {job} is deleted already"),
        Reason::MsgtypeNotDeletable { job, msgtype } => format!(
            "job {job} sent {msgtype}, and the platform deletes articles (mpnews) and videos \
             (mpvideo) only"
        ),
        Reason::NotConfirmedSent { job } => format!(
            "the platform has not said yet that the broadcast of job {job} went out, and only what \
             was sent can be deleted"
        ),
        Reason::MediaShared { jobs } => format!(
            "the same media was sent by {} too, and one deletion ends all of them",
            jobs.join(", ")
        ),
        Reason::ArticleNotNamed { job, articles } => format!(
            "the broadcast of job {job} has {articles} articles, and none was named: 1 to \
             {articles} is one, 0 all of them"
        ),
        Reason::ArticlesUnknown { job, at_least } => {
            let known = match at_least {
                0 => String::new(),
                many => format!(" (its event names {many}, and need not name all)"),
            };
            format!(
                "how many articles job {job} sent is not known{known}, and none was named: 1 is \
                 the first, 0 all of them"
            )
        }
        Reason::NoSuchArticle { job, article, articles } => {
            format!("the broadcast of job {job} has no article {article}, only {articles}")
        }
        Reason::PlannedFor { at } => format!("planned for {}", time(*at)),
        Reason::MinuteFull { rule } => format!("{rule}: the calls before it fill its minute"),
        Reason::GuardAfterMidnight => "after the 00:00-00:02 guard of a Beijing day".to_owned(),
        Reason::HeldUntil { job, until } => {
            format!("held: `qunfa approve {job}` before {}, or it is missed", time(*until))
        }
        Reason::ResumeLetsItGo { account } => {
            format!("it may have been sent already: `qunfa resume {account}` lets it go")
        }
        Reason::GraceOver { grace_min } => {
            format!("its grace of {grace_min} min is over: it becomes missed")
        }
        Reason::RetryForOver => {
            "its retry_for is over: what is in doubt becomes uncertain".to_owned()
        }
        Reason::DaemonEndedInRequest => "the daemon ended during a request: when it runs, it asks \
                                         again with the same clientmsgid"
            .to_owned(),
        Reason::PauseTooLong { in_doubt: true } => "the pause before its next request is longer \
                                                    than its retry_for: what is in doubt then \
                                                    becomes uncertain"
            .to_owned(),
        Reason::PauseTooLong { in_doubt: false } => "the pause before its next request is longer \
                                                     than its time for asking: it becomes missed"
            .to_owned(),
        Reason::BatchesInDoubt { in_doubt, all } => {
            let are = if *all == 1 { "batch is" } else { "batches are" };
            format!("{in_doubt} of {all} {are} in doubt: asked again with the same clientmsgid")
        }
        Reason::UploadsBegin { at } => {
            format!("prepares at {}: its uploads begin then", time(*at))
        }
        Reason::MissedAfter { until } => format!("missed if it has not gone by {}", time(*until)),
        Reason::GoesAfter { command } => format!("will not go until `{command}`"),
        Reason::GoesAfterConfigChange => {
            "will not go until the config is changed and the daemon restarted".to_owned()
        }
        Reason::DaemonNotRunning => "waits for the daemon, which is not running".to_owned(),
        Reason::DaemonStuck => "waits for the daemon, whose loop stands still".to_owned(),
        Reason::ClockNotTrusted => "waits for the platform's clock".to_owned(),
        Reason::DatabaseLost => {
            "the database that knew it is lost: it may have been sent".to_owned()
        }
        Reason::DatabaseLostBeforeDue => "the database that knew it is lost; its time has not \
                                          come: it was not sent unless an edit that accepted/ \
                                          lacks moved it forward"
            .to_owned(),
        Reason::DatabaseMayBeOld => "the database may be an older one: this may have been sent at \
                                     its own time, which the platform would not know any more \
                                     when it is due"
            .to_owned(),
        Reason::MayHaveBeenSent => {
            "it may have been sent already: it waits for `qunfa resume`".to_owned()
        }
        Reason::GapInQuestion { from, to } => {
            format!("waits for `qunfa resume`: {}", gap(*from, *to))
        }
        Reason::ClockWasAhead => {
            "taken by a clock that was ahead: it is due from now on".to_owned()
        }
        Reason::CrashedOver { times } => format!(
            "the daemon crashed {times} times over this job, so it is set aside and was never \
             sent; {REPORT}"
        ),
        Reason::MayHaveBeenRestored { evidence, due } => {
            let question = match due.is_empty() {
                true => "no job was due in the meantime".to_owned(),
                false => format!("{IN_QUESTION}: {}", named(due)),
            };
            format!("{}; {question}", old_database(evidence))
        }
        Reason::ReadBack { cause, found } => format!(
            "{}; read back from accepted/ as missed, {IN_QUESTION} as well: {}",
            sentence(cause),
            named(found)
        ),
        Reason::CrashedOverAccount { times, job } => {
            let last = job.as_ref().map(|job| format!(", the last time over job {job}"));
            format!(
                "the daemon crashed {times} times over this account{}",
                last.unwrap_or_default()
            )
        }
        Reason::TokenServerRefused { errcode, errmsg } => {
            format!("the shared token server gave no token: {errcode} ({errmsg})")
        }
        Reason::NoToken { errcode, errmsg } => {
            let what = codes::for_token(*errcode).what;
            format!("the platform gave no token: {errcode} ({errmsg}), {what}")
        }
        Reason::AccountRefused { errcode, errmsg } => {
            format!("{}: {}", answered(Some(*errcode), errmsg), codes::for_send(*errcode).what)
        }
        Reason::BroadcastOfOtherJob { job, msg_id, other } => {
            format!("the platform says that {job} is broadcast {msg_id}, which is job {other}")
        }
        Reason::BodyDiffers { job, msg_id } => {
            format!("broadcast {msg_id} was asked for with another body than job {job} has now")
        }
        Reason::QuotaRefusedTwice => "the platform refused a broadcast for want of quota on two \
                                      days running, and no send made elsewhere is known"
            .to_owned(),
        Reason::NotInConfig { account } => {
            format!("account {account} is not in the config: nothing of it goes")
        }
        Reason::AppidChanged { account, appid, known } => {
            let known = match known {
                Some(known) => format!("{account} is known as {known}"),
                None => format!("{account} has jobs that were planned for another appid"),
            };
            format!(
                "the config gives {account} the appid {appid}, but {known}: nothing of it goes, \
                 because what was planned for one account must not go to the readers of another"
            )
        }
        Reason::TakenFrom { file, line } => format!("taken from {file}, line {line}"),
        Reason::ChangedBy { file, line } => format!("changed by {file}, line {line}"),
        Reason::DateWithdrawn { series, file } => {
            format!("series {series} no longer has this date, by {file}")
        }
        Reason::DatesPassedOver { from, to } => format!(
            "nobody planned its dates from {} to {}: they are passed over",
            calendar::beijing(*from),
            to.map_or_else(|| "its end".to_owned(), calendar::beijing)
        ),
        Reason::OperatorSaid { who, what, why: Some(why) } => {
            format!("{} by {who}: \"{why}\"", operation(what))
        }
        Reason::OperatorSaid { who, what, why: None } => format!("{} by {who}", operation(what)),
        Reason::KeepsClientmsgid { cause, batches } => format!(
            "{}; the platform may have taken batch {}, which keeps its clientmsgid so that it says \
             so",
            sentence(cause),
            numbers(batches)
        ),
        Reason::WrittenInQuestion { text } | Reason::Written { text } => text.clone(),
    }
}

/// What an operator may do about a crash of the daemon.
pub const REPORT: &str = "please report the crash with the daemon's log (`journalctl -u qunfa`)";

const WAITS_FOR_UPLOADS: &str = "waits for its uploads";

/// Returns the sentence for a span in which another copy of the database may have run.
pub fn gap(from: DateTime<Utc>, to: DateTime<Utc>) -> String {
    format!(
        "this database does not know what happened from {} to {}; if it was put back to an earlier \
         state, the job may have been sent meanwhile, and the platform may have forgotten that",
        calendar::beijing(from),
        calendar::beijing(to)
    )
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
        Some(code) => format!("the platform answered {code} ({errmsg})"),
        None => errmsg.to_owned(),
    }
}

fn upload_answer((kind, name): (UploadKind, &str), code: i64, errmsg: &str) -> String {
    format!("for {} {name} {}", upload(kind), answered(Some(code), errmsg))
}

/// Returns the name of an upload's kind, in words that a file name may follow.
pub fn upload(kind: UploadKind) -> &'static str {
    match kind {
        UploadKind::Picture => "the picture",
        UploadKind::Cover => "the cover",
        UploadKind::Image => "the image",
        UploadKind::Voice => "the recording",
        UploadKind::Video => "the video file",
        UploadKind::Mpvideo => "the video",
        UploadKind::Draft => "the draft of",
        UploadKind::News => "the articles of",
    }
}

const IN_QUESTION: &str = "these jobs may have been sent already";

fn named(NamedJobs { jobs, more_jobs, series }: &NamedJobs) -> String {
    let of_series = series.iter().map(|(id, count)| dates(id.as_str(), *count));
    let mut names: Vec<_> = of_series.chain(jobs.iter().map(JobId::to_string)).collect();
    if *more_jobs > 0 {
        names.push(format!("and {more_jobs} more"));
    }
    names.join(", ")
}

/// Returns a series with the number of its dates that are meant.
pub fn dates(series: &str, count: u32) -> String {
    let dates = if count == 1 { "date" } else { "dates" };
    format!("{count} {dates} of {series}")
}

/// Returns a job's title and id; its id alone if that is its title.
pub fn job_name(NamedJob { id, title }: &NamedJob) -> String {
    match title {
        Some(title) if title != id.as_str() => format!("{title:?} ({id})"),
        Some(_) | None => id.to_string(),
    }
}

/// Returns the jobs that own a window, by title and id.
fn owners(jobs: &[NamedJob]) -> String {
    jobs.iter().map(job_name).collect::<Vec<_>>().join(", ")
}

fn old_database(evidence: &OldDatabase) -> String {
    match evidence {
        OldDatabase::Backup { made_at } => {
            format!("the database is a backup of {}", calendar::beijing(*made_at))
        }
        OldDatabase::OlderThanMark => "the database is older than the mark beside it".to_owned(),
        OldDatabase::NoMark => {
            "the mark beside the database is missing, so it may be an old one".to_owned()
        }
        OldDatabase::UnknownFiles => {
            "accepted/ holds files that the database does not know, so it is an old one".to_owned()
        }
        OldDatabase::LongAbsence { seen_at } => format!(
            "the daemon was last seen on {}: the machine may have been restored",
            calendar::beijing(*seen_at)
        ),
    }
}

/// Returns why the other batches are not requested after one was adopted that this database never
/// requested.
fn others_not_asked(id: &JobId) -> String {
    format!(
        "; this database never asked for it, so another copy may have sent the others too, or the \
         whole in other batches: look in the account's history ({HISTORY}), then `qunfa retry \
         {id}` asks for those that are missing there"
    )
}

fn operation(what: &Operation) -> String {
    match what {
        Operation::Hold => "held".to_owned(),
        Operation::LetGoOn => "let go on".to_owned(),
        Operation::Approve => "approved".to_owned(),
        Operation::Cancel => "cancelled".to_owned(),
        Operation::Retry => "retried".to_owned(),
        Operation::Reschedule { to } => format!("moved to {}", calendar::beijing(*to)),
        Operation::Acknowledge => "acknowledged".to_owned(),
        Operation::ResolveSent { batches, msg_id: Some(msg_id) } => {
            format!("batch {} resolved as sent, as broadcast {msg_id},", numbers(batches))
        }
        Operation::ResolveSent { batches, msg_id: None } => {
            format!("batch {} resolved as sent", numbers(batches))
        }
        Operation::ResolveNotSent { batches } => {
            format!("batch {} resolved as not sent", numbers(batches))
        }
        Operation::TakeNotSentBack => "that it was not sent is taken back".to_owned(),
    }
}

fn numbers(batches: &[u32]) -> String {
    batches.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
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
