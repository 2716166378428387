//! Why a job is in its state: values, which operators read as sentences and programs as codes.
//!
//! The store keeps each as JSON, a stable code with its arguments. The sentence is made at display
//! time ([`text::reason`](crate::text::reason)), so that rewording one changes no behaviour and no
//! stored row. A variant that contains another as its `cause` adds to that one's meaning.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::calendar::Window;
use crate::model::{JobId, JobState, UploadKind};
use crate::quota::{Because, Block, Rule};

/// Why a job was moved, ended or kept waiting, or what happened to it.
///
/// A code, once released, keeps its meaning and the names of its arguments: stored rows and other
/// people's programs use them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "arguments are named after what they are; the variants are told of"
)]
pub enum Reason {
    // The rules.
    /// A window is used up.
    QuotaUsed { rule: Rule, window: Window },
    /// A send that was made elsewhere used up a window.
    QuotaUsedElsewhere { rule: Rule, window: Window },
    /// What is left of a window belongs to jobs with a better rank.
    ReservedByOthers {
        rule: Rule,
        window: Window,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        jobs: Vec<NamedJob>,
    },
    /// It needs more of a rule than the rule ever allows.
    NeedsMoreThanLimit { rule: Rule },
    /// Every receiver had as many broadcasts of a window as the rule allows, or one had if all must
    /// receive it.
    ReceiversFull { rule: Rule, window: Window },
    /// The same will be so once the lists planned before it are accepted.
    ReceiversFullByThen { rule: Rule, window: Window },
    /// Receivers were removed who had as many broadcasts of a window as allowed.
    ReceiversDropped { dropped: usize, window: Window },
    /// The platform reports that a window of its own has no quota left.
    PlatformQuotaUsed { window: Window },
    /// The windows after its own have no room either.
    NoRoomUntil { cause: Box<Self>, from: Window, to: Window },
    /// Its next window is after its `expires`.
    WindowBeyondExpiry { cause: Box<Self> },
    /// Its window is full, and its `on_quota` does not let it be moved.
    OnQuotaIsFail { cause: Box<Self> },
    /// Its window will be full, and it is deferred when it is due.
    WillDefer { cause: Box<Self> },
    /// It moved to a later window.
    Deferred {
        cause: Box<Self>,
        #[serde(default, with = "maybe_instant", skip_serializing_if = "Option::is_none")]
        goes_at: Option<DateTime<Utc>>,
        #[serde(default, with = "maybe_instant", skip_serializing_if = "Option::is_none")]
        was_due: Option<DateTime<Utc>>,
    },
    /// It moved to an earlier window, or has its own time again.
    Advanced {
        #[serde(with = "instant")]
        goes_at: DateTime<Utc>,
        #[serde(default, with = "maybe_instant", skip_serializing_if = "Option::is_none")]
        was_due: Option<DateTime<Utc>>,
    },

    // Its own times.
    /// Its `expires` is before its time.
    ExpiresBeforeDue,
    /// It was not released within its grace.
    PastGrace { late_s: i64, grace_s: i64 },
    /// It waits for an operator's approval.
    WaitsForApproval,
    /// It was not approved within its grace.
    NotApprovedInTime { late_s: i64 },
    /// Files that it is made from have not come yet.
    WaitsForFiles { files: Vec<String> },
    /// They did not come within its grace.
    FilesNotInTime { files: Vec<String>, late_s: i64 },
    /// It was requested for as long as it may be, and not accepted.
    RetryWindowOver,
    /// The platform may have deleted its clientmsgid, so it may not be repeated.
    ClientmsgidForgotten,
    /// Its outcome is in doubt, and it may not be repeated.
    MayHaveGoneOut,

    // Its release.
    /// Its request is about to be made.
    ReleaseBegins,
    /// Its API call is about to be made.
    ApiCallBegins,
    /// It waits, and is checked again.
    Waits { cause: Box<Self> },
    /// It was stopped before its request was sent.
    StoppedBeforeRequest,
    /// The platform accepted a batch.
    BatchAccepted { batch: u32, msg_id: i64 },
    /// The platform had accepted a batch already. The batches that were never requested are not
    /// requested, if another copy of the database may have sent those as well.
    BatchAdopted {
        batch: u32,
        msg_id: i64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        others_not_asked_of: Option<JobId>,
    },
    /// The outcome of an accepted batch.
    BatchEnded { batch: u32, cause: Box<Self> },
    /// The platform reports that a broadcast was sent.
    SentSaysPlatform,
    /// The platform reports that a broadcast was deleted.
    DeletedSaysPlatform,
    /// The platform stopped a broadcast that it had accepted; its event's status gives the reason.
    StoppedByPlatform {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<String>,
    },
    /// A request has no clear outcome; it is repeated under the same clientmsgid.
    InDoubt {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        errcode: Option<i64>,
        errmsg: String,
    },
    /// A request was certainly not accepted, and is repeated.
    NotAccepted {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        errcode: Option<i64>,
        errmsg: String,
    },
    /// The platform refused the access token; the request is repeated with another.
    TokenRefused,
    /// The platform refused a broadcast permanently.
    PlatformRefused {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        errcode: Option<i64>,
        errmsg: String,
    },
    /// The platform refused a broadcast for lack of quota.
    PlatformHasNoRoom { cause: Box<Self>, errcode: i64, errmsg: String },

    // Its uploads.
    /// A file or article that it needs is not uploaded yet.
    WaitsForUploads {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cause: Option<Box<Self>>,
    },
    /// Everything that it needs is uploaded.
    UploadsDone,
    /// It ended, and its uploads were not done.
    UploadsNotDone {
        cause: Box<Self>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last: Option<Box<Self>>,
    },
    /// The platform refused the access token of an upload.
    UploadTokenRefused,
    /// An upload was refused for now, or has no clear outcome.
    UploadFailed {
        kind: UploadKind,
        name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        errcode: Option<i64>,
        errmsg: String,
    },
    /// The platform refused an upload permanently.
    UploadRefused { kind: UploadKind, name: String, errcode: i64, errmsg: String },
    /// The last response to an upload; none if there was none.
    LastUploadAnswer {
        name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        errcode: Option<i64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        errmsg: Option<String>,
    },
    /// The day's calls of this kind are used up.
    NoUploadCallLeft {
        kind: UploadKind,
        #[serde(with = "instant")]
        until: DateTime<Utc>,
    },

    // Calls that are not broadcasts.
    /// The job's action cannot be read.
    ActionUnknown,
    /// An API call was done.
    ApiCallDone { call: String },
    /// An API call will not be done.
    ApiCallFailed { call: String, cause: Box<Self> },
    /// Some of a job's API calls were not done.
    ApiCallsFailed { failed: u32, all: u32, cause: Box<Self> },
    /// An API call was not done in its time, or its outcome is unknown.
    ApiCallTimeOver {
        in_doubt: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cause: Option<Box<Self>>,
    },
    /// The platform returned a code other than success for an API call.
    ApiCallAnswered {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        errcode: Option<i64>,
        errmsg: String,
    },
    /// The daemon ended before the response was stored.
    DaemonEnded,
    /// It was requested as often as it may be.
    AskedOften { cause: Box<Self>, times: u32 },
    /// So many of a job's codes were made, with their pictures.
    CodesMade { made: usize, all: usize },
    /// It ended before all of its codes were made.
    CodesStopped { made: usize, all: usize, cause: Box<Self> },
    /// The others are made on another day.
    CodesPutOff { made: usize, all: usize, cause: Box<Self> },
    /// A later menu replaced it.
    MenuReplaced { job: JobId },
    /// The menu that stands is not the one that this job created.
    MenuChangedElsewhere { job: JobId },
    /// The time at which its menu would be put back is over.
    MenuUntilOver {
        #[serde(with = "instant")]
        until: DateTime<Utc>,
    },
    /// The job that would put the menu back has the id of another.
    IdIsTaken { job: JobId },
    /// The job does not change the menu.
    NotAMenu { job: JobId },
    /// The job has not changed the menu yet, and may.
    MenuNotSetYet { job: JobId, state: JobState },
    /// The menu that stood before the job is not known.
    MenuBeforeUnknown { job: JobId },
    /// The API cannot create these buttons of the menu that stands, or stood.
    MenuNotCreatable { buttons: Vec<String> },
    /// Its content is not prepared, so it cannot be previewed.
    NotPrepared,
    /// The platform has neither a draft nor material with a media id.
    MediaGone { media_id: String },
    /// It has no content that could be previewed.
    NoPreviewOfContent,
    /// A coupon's preview needs more than its id.
    NoCardExt,
    /// The number of its broadcast is not known.
    NoBroadcastNumber,
    /// The media of a job was deleted with another's.
    SharedMediaDeleted { cause: Box<Self> },
    /// Some of the broadcasts that are to be deleted are not known to have been sent.
    BroadcastsNotOut { not_out: usize, all: usize },
    /// There is no job with this id.
    NoSuchJob { job: JobId },
    /// The job belongs to another account.
    JobOfOtherAccount { job: JobId, account: String },
    /// The job is not a broadcast.
    NotABroadcast { job: JobId },
    /// Only what was sent can be deleted, and the job was not sent yet.
    NotSentYet { job: JobId, state: JobState },
    /// The number of the job's broadcast is not known.
    MsgIdUnknown { job: JobId },
    /// Nothing of the job is known to have been sent.
    NothingWentOut { job: JobId, state: JobState },
    /// The job's broadcast is deleted already.
    DeletedAlready { job: JobId },
    /// The platform deletes no broadcast of this type.
    MsgtypeNotDeletable { job: JobId, msgtype: String },
    /// The platform has not reported that the job's broadcast was sent.
    NotConfirmedSent { job: JobId },
    /// Other jobs sent the same media, which a deletion would delete as well.
    MediaShared { jobs: Vec<String> },
    /// No article was named, and the broadcast has several.
    ArticleNotNamed { job: JobId, articles: usize },
    /// No article was named, and their number is unknown; the event named this many.
    ArticlesUnknown { job: JobId, at_least: usize },
    /// The broadcast has no such article.
    NoSuchArticle { job: JobId, article: u32, articles: usize },

    // What its account waits for.
    /// Its account, or every one, is on hold.
    OnHold { cause: Box<Self> },
    /// Its account is paused.
    AccountPaused { account: String, cause: Box<Self> },
    /// It was accepted, and its administrator may have to confirm it by then.
    ResultAwaited {
        msg_id: i64,
        #[serde(with = "instant")]
        accepted_at: DateTime<Utc>,
        #[serde(with = "instant")]
        confirm_until: DateTime<Utc>,
        is_over: bool,
    },

    // The reasons of a forecast.
    /// It was planned for an earlier time.
    PlannedFor {
        #[serde(with = "instant")]
        at: DateTime<Utc>,
    },
    /// No request is made in the first minutes of a Beijing day.
    GuardAfterMidnight,
    /// The calls before it fill its minute.
    MinuteFull { rule: Rule },
    /// An operator's approval is missing, and comes in time until then.
    HeldUntil {
        job: JobId,
        #[serde(with = "instant")]
        until: DateTime<Utc>,
    },
    /// Another copy of its database may have sent it, and its account's `resume` releases it.
    ResumeLetsItGo { account: String },
    /// Its grace is over, which the daemon has yet to notice.
    GraceOver { grace_min: i64 },
    /// Its time for requests is over, which the daemon has yet to notice.
    RetryForOver,
    /// The daemon ended during a request of it, and repeats it once it runs.
    DaemonEndedInRequest,
    /// Its time for requests ends before its next request.
    PauseTooLong { in_doubt: bool },
    /// Some of its batches are in doubt, and are repeated.
    BatchesInDoubt { in_doubt: usize, all: usize },
    /// Its uploads have not begun.
    UploadsBegin {
        #[serde(with = "instant")]
        at: DateTime<Utc>,
    },
    /// It is missed unless it is sent until then.
    MissedAfter {
        #[serde(with = "instant")]
        until: DateTime<Utc>,
    },
    /// It is sent only after this command.
    GoesAfter { command: String },
    /// It is sent only with another config.
    GoesAfterConfigChange,
    /// The daemon does not run.
    DaemonNotRunning,
    /// The daemon's loop has stopped.
    DaemonStuck,
    /// The platform's clock was not sampled recently, or differs from the machine's.
    ClockNotTrusted,

    // What a database lacks.
    /// Its database is lost: it may have been sent.
    DatabaseLost,
    /// Its database is lost, and its time is in the future.
    DatabaseLostBeforeDue,
    /// Its database may be an older one.
    DatabaseMayBeOld,
    /// Another copy of its database may have sent it: an operator decides whether it continues.
    MayHaveBeenSent,
    /// The same, with the span in which that may have happened.
    GapInQuestion {
        #[serde(with = "instant")]
        from: DateTime<Utc>,
        #[serde(with = "instant")]
        to: DateTime<Utc>,
    },
    /// The database may be an older one, and these jobs may have been sent.
    MayHaveBeenRestored {
        evidence: OldDatabase,
        /// Those that were due in the meantime.
        #[serde(flatten)]
        due: NamedJobs,
    },
    /// These jobs were read back from `accepted/`, and may have been sent.
    ReadBack {
        cause: Box<Self>,
        #[serde(flatten)]
        found: NamedJobs,
    },
    /// It was taken while the clock was ahead.
    ClockWasAhead,
    /// The daemon crashed over it, again and again.
    CrashedOver { times: usize },

    // Why an account is paused.
    /// The daemon crashed over it, again and again, the last time over this job.
    CrashedOverAccount {
        times: usize,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        job: Option<String>,
    },
    /// The shared token server gave no token.
    TokenServerRefused { errcode: i64, errmsg: String },
    /// The platform gave no token.
    NoToken { errcode: i64, errmsg: String },
    /// The platform refused a request because of the account.
    AccountRefused { errcode: i64, errmsg: String },
    /// The platform reports that a job is a broadcast of another job.
    BroadcastOfOtherJob { job: JobId, msg_id: i64, other: String },
    /// A broadcast was requested with another body than its job has now.
    BodyDiffers { job: JobId, msg_id: i64 },
    /// The platform refused a broadcast for lack of quota on two days in succession, for no known
    /// cause.
    QuotaRefusedTwice,
    /// The account is not in the config.
    NotInConfig { account: String },
    /// The config gives the account's name to another; none is known if only jobs show it.
    AppidChanged {
        account: String,
        appid: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        known: Option<String>,
    },

    // Files and operators.
    /// Its file was taken.
    TakenFrom {
        file: String,
        line: usize,
        /// The agent that submitted it, if one did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// A later file changed it.
    ChangedBy {
        file: String,
        line: usize,
        /// The agent that submitted it, if one did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// Its series no longer has its date.
    DateWithdrawn { series: JobId, file: String },
    /// A series' dates were not planned for too long; its first one now, if it has one.
    DatesPassedOver {
        #[serde(with = "instant")]
        from: DateTime<Utc>,
        #[serde(default, with = "maybe_instant", skip_serializing_if = "Option::is_none")]
        to: Option<DateTime<Utc>>,
    },
    /// An operator's command about it.
    OperatorSaid {
        who: String,
        what: Operation,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// Batches that the platform may have accepted keep their clientmsgid.
    KeepsClientmsgid { cause: Box<Self>, batches: Vec<u32> },

    /// A sentence of an older version: its job, or the jobs which it names, may have been sent.
    WrittenInQuestion { text: String },
    /// A sentence that an older version stored, or that has no value yet.
    Written { text: String },
}

/// The evidence that a database is an older one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OldDatabase {
    /// It is a backup.
    Backup {
        /// When it was made.
        #[serde(with = "instant")]
        made_at: DateTime<Utc>,
    },
    /// The mark beside it has higher counts than it does.
    OlderThanMark,
    /// There is no mark beside it.
    NoMark,
    /// `accepted/` holds files that it lacks.
    UnknownFiles,
    /// No daemon ran with it for long.
    LongAbsence {
        /// When one last did.
        #[serde(with = "instant")]
        seen_at: DateTime<Utc>,
    },
}

/// What an operator did to a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Put its account on hold.
    Hold,
    /// Released a series that was lost.
    LetGoOn,
    /// Approved it.
    Approve,
    /// Cancelled it.
    Cancel,
    /// Requested it again.
    Retry,
    /// Moved it to another time.
    Reschedule {
        /// That time.
        #[serde(with = "instant")]
        to: DateTime<Utc>,
    },
    /// Acknowledged it.
    Acknowledge,
    /// Stated that batches in doubt were sent.
    ResolveSent {
        /// The batches, from 1.
        batches: Vec<u32>,
        /// The broadcast's number, if the operator had it.
        msg_id: Option<i64>,
    },
    /// Stated that batches in doubt were not sent.
    ResolveNotSent {
        /// The batches, from 1.
        batches: Vec<u32>,
    },
    /// Withdrew the statement that it was not sent.
    TakeNotSentBack,
}

impl Operation {
    /// Returns its word for programs.
    pub fn code(&self) -> String {
        match serde_json::to_value(self).expect("words, numbers and lists are JSON") {
            Value::String(code) => code,
            Value::Object(fields) => fields.into_iter().map(|(code, _)| code).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
                unreachable!("an enum is a word, or an object with one")
            }
        }
    }
}

impl Reason {
    /// Parses the stored form: one of ours, or a sentence of an older version.
    pub fn parse(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_else(|_| Self::Written { text: text.to_owned() })
    }

    /// Returns its stored form.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("words, numbers and lists are JSON")
    }

    /// Returns its code, and its arguments by name.
    pub fn code_and_args(&self) -> (String, Map<String, Value>) {
        let value = serde_json::to_value(self).expect("words, numbers and lists are JSON");
        let Value::Object(mut args) = value else { unreachable!("a tagged enum is an object") };
        let Some(Value::String(code)) = args.remove("code") else {
            unreachable!("the tag is the code")
        };
        (code, args)
    }

    /// Returns its code.
    pub fn code(&self) -> String {
        self.code_and_args().0
    }

    /// Returns the agent that submitted a version of the job; none if it tells of no version.
    pub fn submitted_by(&self) -> Option<Option<&str>> {
        let (Self::TakenFrom { by, .. } | Self::ChangedBy { by, .. }) = self else { return None };
        Some(by.as_deref())
    }

    /// Returns whether a job with this reason was read back after its database was lost.
    pub fn is_database_lost(&self) -> bool {
        matches!(self, Self::DatabaseLost | Self::DatabaseLostBeforeDue)
    }

    /// Returns whether another copy of the database may have sent a job that ended with this
    /// reason.
    pub fn leaves_in_question(&self) -> bool {
        matches!(self, Self::DatabaseLost | Self::DatabaseMayBeOld | Self::WrittenInQuestion { .. })
    }

    /// Returns whether it is a hold that names jobs which may have been sent already.
    pub fn names_jobs_in_question(&self) -> bool {
        let restored = matches!(self, Self::MayHaveBeenRestored { due, .. } if !due.is_empty());
        restored || matches!(self, Self::ReadBack { .. } | Self::WrittenInQuestion { .. })
    }

    /// Returns whether it reports that uploads are awaited.
    pub fn is_about_uploads(&self) -> bool {
        matches!(self, Self::WaitsForUploads { .. })
    }

    /// Returns whether it says that a job has no room at its own time, and does not move.
    pub fn is_without_place(&self) -> bool {
        matches!(self, Self::OnQuotaIsFail { .. } | Self::WindowBeyondExpiry { .. })
    }

    /// Returns why a job was deferred, without the deferral itself.
    pub fn behind_deferral(&self) -> &Self {
        if let Self::Deferred { cause, .. } = self { cause } else { self }
    }

    /// Adds the jobs that were read back to a hold, whatever its cause.
    pub fn with_read_back(self, found: NamedJobs) -> Self {
        Self::ReadBack { cause: Box::new(self), found }
    }

    /// Adds that the job moved because of it.
    pub fn deferred(self) -> Self {
        Self::Deferred { cause: Box::new(self), goes_at: None, was_due: None }
    }

    /// Adds that the job waits because of it.
    pub fn waits(self) -> Self {
        Self::Waits { cause: Box::new(self) }
    }

    /// Adds that the next window is after the job's `expires`.
    pub fn beyond_expiry(self) -> Self {
        Self::WindowBeyondExpiry { cause: Box::new(self) }
    }

    /// Adds that the job's `on_quota` does not let it be moved.
    pub fn with_on_quota_fail(self) -> Self {
        Self::OnQuotaIsFail { cause: Box::new(self) }
    }
}

/// A job as people know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedJob {
    /// Its id.
    pub id: JobId,
    /// Its title, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// How many jobs a reason names.
const NAMED: usize = 20;

/// Jobs as a reason names them: the dates of a series count, and do not fill the list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedJobs {
    /// The first of those that belong to no series.
    pub jobs: Vec<JobId>,
    /// How many others there are.
    pub more_jobs: usize,
    /// The series with the number of their dates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub series: Vec<(JobId, u32)>,
}

impl NamedJobs {
    /// Adds a job, or a date of a series.
    pub fn add(&mut self, job: &JobId, series: Option<JobId>) {
        let Some(series) = series else {
            if self.jobs.len() < NAMED {
                self.jobs.push(job.clone());
            } else {
                self.more_jobs += 1;
            }
            return;
        };
        match self.series.iter_mut().find(|(id, _)| *id == series) {
            Some((_, dates)) => *dates += 1,
            None => self.series.push((series, 1)),
        }
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.jobs.is_empty() && self.series.is_empty()
    }
}

impl From<Block> for Reason {
    fn from(block: Block) -> Self {
        let Block { rule, window, because } = block;
        match because {
            Because::Used => Self::QuotaUsed { rule, window },
            Because::Claimed => Self::ReservedByOthers { rule, window, jobs: Vec::new() },
            Because::TooMuch => Self::NeedsMoreThanLimit { rule },
        }
    }
}

/// An instant in Beijing's offset, the form of all JSON of this program.
mod instant {
    use chrono::{DateTime, Utc};
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        at: &DateTime<Utc>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&crate::calendar::rfc3339(*at))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<DateTime<Utc>, D::Error> {
        DateTime::deserialize(deserializer)
    }
}

/// The same, if there may be none.
mod maybe_instant {
    use chrono::{DateTime, Utc};
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    #[expect(clippy::ref_option, reason = "the signature is serde's")]
    pub(super) fn serialize<S: Serializer>(
        at: &Option<DateTime<Utc>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        at.map(crate::calendar::rfc3339).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<DateTime<Utc>>, D::Error> {
        Option::deserialize(deserializer)
    }
}

#[cfg(test)]
pub(crate) mod tests;
