//! Why a job stands where it stands: values, which people read as sentences and programs as codes.
//!
//! The store keeps each as JSON, a stable code with its arguments. The sentence is made where it
//! is shown ([`text::reason`](crate::text::reason)), so that rewording one changes no behaviour and
//! no stored row. A variant that contains another as its `cause` adds to what that one says.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::calendar::Window;
use crate::model::{JobId, JobState, UploadKind};
use crate::quota::{Because, Block, Rule};

/// Why a job was moved, ended or kept waiting, or what happened to it.
///
/// A code, once released, keeps its meaning and the names of its arguments: stored rows and other
/// people's programs have them.
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
    /// A send that was made elsewhere used a window up.
    QuotaUsedElsewhere { rule: Rule, window: Window },
    /// What is left of a window belongs to jobs that go first.
    ReservedByOthers { rule: Rule, window: Window },
    /// It asks more of a rule than that ever allows.
    NeedsMoreThanLimit { rule: Rule },
    /// Every receiver had as many broadcasts of a window as the rule allows, or one had where all
    /// are wanted.
    ReceiversFull { rule: Rule, window: Window },
    /// Receivers were taken out who had as many broadcasts of a window as allowed.
    ReceiversDropped { dropped: usize, window: Window },
    /// The platform says that a window of its own has no quota left.
    PlatformQuotaUsed { window: Window },
    /// The windows after its own have no room either.
    NoRoomUntil { cause: Box<Self>, from: Window, to: Window },
    /// Its next window lies beyond its `expires`.
    WindowBeyondExpiry { cause: Box<Self> },
    /// Its window is full, and its author does not want it moved.
    OnQuotaIsFail { cause: Box<Self> },
    /// Its window will be full, and it moves on when it is due.
    WillDefer { cause: Box<Self> },
    /// It moved to a later window.
    Deferred {
        cause: Box<Self>,
        #[serde(default, with = "maybe_instant", skip_serializing_if = "Option::is_none")]
        goes_at: Option<DateTime<Utc>>,
    },
    /// It moved to an earlier window, or back to its own time.
    Advanced {
        #[serde(with = "instant")]
        goes_at: DateTime<Utc>,
    },

    // Its own times.
    /// Its `expires` lies before its time.
    ExpiresBeforeDue,
    /// Nobody released it within its grace.
    PastGrace { late_s: i64, grace_s: i64 },
    /// It waits for a person's approval.
    WaitsForApproval,
    /// Nobody approved it within its grace.
    NotApprovedInTime { late_s: i64 },
    /// It was asked for as long as it may be, and not accepted.
    RetryWindowOver,
    /// The platform may have forgotten its clientmsgid, so it may not be asked for again.
    ClientmsgidForgotten,
    /// Its outcome is in doubt, and it may not be asked for again.
    MayHaveGoneOut,

    // Its release.
    /// Its request is about to be made.
    ReleaseBegins,
    /// Its API call is about to be made.
    ApiCallBegins,
    /// It waits, and is looked at again.
    Waits { cause: Box<Self> },
    /// It was stopped before its request left.
    StoppedBeforeRequest,
    /// The platform took a batch.
    BatchAccepted { batch: u32, msg_id: i64 },
    /// The platform had a batch already; the batches that were never asked for are not, where
    /// another copy of the database may have sent those as well.
    BatchAdopted {
        batch: u32,
        msg_id: i64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        others_not_asked_of: Option<JobId>,
    },
    /// What became of an accepted batch.
    BatchEnded { batch: u32, cause: Box<Self> },
    /// The platform says that a broadcast went out.
    SentSaysPlatform,
    /// The platform says that a broadcast was deleted.
    DeletedSaysPlatform,
    /// The platform stopped a broadcast that it had accepted; its event's status says why.
    StoppedByPlatform {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<String>,
    },
    /// A request has no clear answer; it is made again under the same clientmsgid.
    InDoubt {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        errcode: Option<i64>,
        errmsg: String,
    },
    /// A request was certainly not accepted, and is made again.
    NotAccepted {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        errcode: Option<i64>,
        errmsg: String,
    },
    /// The platform refused the access token; the request is made again with another.
    TokenRefused,
    /// The platform refused a broadcast for good.
    PlatformRefused {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        errcode: Option<i64>,
        errmsg: String,
    },
    /// The platform refused a broadcast for want of quota.
    PlatformHasNoRoom { cause: Box<Self>, errcode: i64, errmsg: String },

    // Its uploads.
    /// Something that it needs is not uploaded yet.
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
    /// An upload was refused for now, or has no clear answer.
    UploadFailed {
        kind: UploadKind,
        name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        errcode: Option<i64>,
        errmsg: String,
    },
    /// The platform refused an upload for good.
    UploadRefused { kind: UploadKind, name: String, errcode: i64, errmsg: String },
    /// The last answer to an upload; none where none came.
    LastUploadAnswer {
        name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        errcode: Option<i64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        errmsg: Option<String>,
    },
    /// The day has no call of this kind left.
    NoUploadCallLeft {
        kind: UploadKind,
        #[serde(with = "instant")]
        until: DateTime<Utc>,
    },

    // Calls beside the broadcasts.
    /// What the job does cannot be read.
    ActionUnknown,
    /// An API call was done.
    ApiCallDone { call: String },
    /// An API call will not be done.
    ApiCallFailed { call: String, cause: Box<Self> },
    /// Some of a job's API calls were not done.
    ApiCallsFailed { failed: u32, all: u32, cause: Box<Self> },
    /// An API call was not done in the time that it had, or nobody can say.
    ApiCallTimeOver {
        in_doubt: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cause: Option<Box<Self>>,
    },
    /// The platform answered an API call with a code that is no success.
    ApiCallAnswered {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        errcode: Option<i64>,
        errmsg: String,
    },
    /// The daemon ended before the answer was stored.
    DaemonEnded,
    /// It was asked for as often as it may be.
    AskedOften { cause: Box<Self>, times: u32 },
    /// A later menu took its place.
    MenuReplaced { job: JobId },
    /// Its content is not prepared, so it cannot be shown.
    NotPrepared,
    /// It has no content that could be shown.
    NoPreviewOfContent,
    /// A coupon is shown with more than its id only.
    NoCardExt,
    /// The number of its broadcast is not known.
    NoBroadcastNumber,
    /// The media of a job was deleted with another's.
    SharedMediaDeleted { cause: Box<Self> },
    /// Some of the broadcasts that are to be deleted are not known to have gone out.
    BroadcastsNotOut { not_out: usize, all: usize },
    /// There is no job of this id.
    NoSuchJob { job: JobId },
    /// The job belongs to another account.
    JobOfOtherAccount { job: JobId, account: String },
    /// The job is no broadcast.
    NotABroadcast { job: JobId },
    /// Only what was sent can be deleted, and the job was not sent yet.
    NotSentYet { job: JobId, state: JobState },
    /// The number of the job's broadcast is not known.
    MsgIdUnknown { job: JobId },
    /// Nothing of the job is known to have gone out.
    NothingWentOut { job: JobId, state: JobState },
    /// The job's broadcast is deleted already.
    DeletedAlready { job: JobId },
    /// The platform deletes no broadcast of this type.
    MsgtypeNotDeletable { job: JobId, msgtype: String },
    /// The platform has not said that the job's broadcast went out.
    NotConfirmedSent { job: JobId },
    /// Other jobs sent the same media, which a deletion would end as well.
    MediaShared { jobs: Vec<String> },
    /// No article was named, and the broadcast has several.
    ArticleNotNamed { job: JobId, articles: usize },
    /// No article was named, and nobody knows how many there are; its event named so many.
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

    // What a forecast knows.
    /// It was planned for an earlier time.
    PlannedFor {
        #[serde(with = "instant")]
        at: DateTime<Utc>,
    },
    /// Nothing is asked for in the first minutes of a Beijing day.
    GuardAfterMidnight,
    /// A person's approval is missing, and comes in time until then.
    HeldUntil {
        job: JobId,
        #[serde(with = "instant")]
        until: DateTime<Utc>,
    },
    /// Another copy of its database may have sent it, and its account's `resume` lets it go.
    ResumeLetsItGo { account: String },
    /// Its grace is over, which the daemon will find.
    GraceOver { grace_min: i64 },
    /// Its time for asking is over, which the daemon will find.
    RetryForOver,
    /// The daemon ended during a request of it, and asks again once it runs.
    DaemonEndedInRequest,
    /// Its time for asking ends before its next request.
    PauseTooLong { in_doubt: bool },
    /// Some of its batches are in doubt, and are asked for again.
    BatchesInDoubt { in_doubt: usize, all: usize },
    /// Its uploads have not begun.
    UploadsBegin {
        #[serde(with = "instant")]
        at: DateTime<Utc>,
    },
    /// It is missed unless it goes until then.
    MissedAfter {
        #[serde(with = "instant")]
        until: DateTime<Utc>,
    },
    /// It goes only after this command.
    GoesAfter { command: String },
    /// It goes only with another config.
    GoesAfterConfigChange,
    /// The daemon does not run.
    DaemonNotRunning,
    /// The daemon's loop stands still.
    DaemonStuck,
    /// The platform's clock was not read lately, or is not the machine's.
    ClockNotTrusted,

    // What a database does not know.
    /// Its database is lost: it may have been sent.
    DatabaseLost,
    /// Its database is lost, and its time has not come.
    DatabaseLostBeforeDue,
    /// Its database may be an older one.
    DatabaseMayBeOld,
    /// Another copy of its database may have sent it: a person says whether it goes on.
    MayHaveBeenSent,
    /// The same, with the span in which that may have been.
    GapInQuestion {
        #[serde(with = "instant")]
        from: DateTime<Utc>,
        #[serde(with = "instant")]
        to: DateTime<Utc>,
    },
    /// The database may be an older one, and these jobs may have been sent.
    MayHaveBeenRestored {
        evidence: OldDatabase,
        /// The jobs that were due in the meantime: the first of them.
        jobs: Vec<JobId>,
        more_jobs: usize,
    },
    /// These jobs were read back from `accepted/`, and may have been sent.
    ReadBack { cause: Box<Self>, jobs: Vec<JobId>, more_jobs: usize },
    /// A clock that was ahead took it.
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
    /// The platform refused a request for what the account is.
    AccountRefused { errcode: i64, errmsg: String },
    /// The platform says that a job is a broadcast of another job.
    BroadcastOfOtherJob { job: JobId, msg_id: i64, other: String },
    /// A broadcast was asked for with another body than its job has now.
    BodyDiffers { job: JobId, msg_id: i64 },
    /// The platform refused a broadcast for want of quota on two days running, for no known cause.
    QuotaRefusedTwice,
    /// The account is not in the config.
    NotInConfig { account: String },
    /// The config gives the account's name to another; none is known where jobs only tell of it.
    AppidChanged {
        account: String,
        appid: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        known: Option<String>,
    },

    // Files and persons.
    /// Its file was taken.
    TakenFrom { file: String, line: usize },
    /// A later file changed it.
    ChangedBy { file: String, line: usize },
    /// Its series no longer has its date.
    DateWithdrawn { series: JobId, file: String },
    /// Nobody planned a series' dates for too long; its first one now, if it has one.
    DatesPassedOver {
        #[serde(with = "instant")]
        from: DateTime<Utc>,
        #[serde(default, with = "maybe_instant", skip_serializing_if = "Option::is_none")]
        to: Option<DateTime<Utc>>,
    },
    /// A person said something about it.
    OperatorSaid {
        who: String,
        what: Operation,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// Batches that the platform may have taken keep their clientmsgid.
    KeepsClientmsgid { cause: Box<Self>, batches: Vec<u32> },

    /// A sentence of an older version, that its job, or the jobs which it names, may have been sent.
    WrittenInQuestion { text: String },
    /// A sentence that an older version stored, or that is no value yet.
    Written { text: String },
}

/// What tells that a database is an older one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OldDatabase {
    /// It is a backup.
    Backup {
        /// When it was made.
        #[serde(with = "instant")]
        made_at: DateTime<Utc>,
    },
    /// The mark beside it counts more than it does.
    OlderThanMark,
    /// There is no mark beside it.
    NoMark,
    /// `accepted/` holds files that it does not know.
    UnknownFiles,
    /// No daemon ran with it for long.
    LongAbsence {
        /// When one did last.
        #[serde(with = "instant")]
        seen_at: DateTime<Utc>,
    },
}

/// What a person did to a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Put its account on hold.
    Hold,
    /// Let a series go on that was lost.
    LetGoOn,
    /// Approved it.
    Approve,
    /// Called it off.
    Cancel,
    /// Had it asked for again.
    Retry,
    /// Took it out of attention.
    Acknowledge,
    /// Said that batches in doubt went out.
    ResolveSent {
        /// The batches, from 1.
        batches: Vec<u32>,
        /// The broadcast's number, if they knew it.
        msg_id: Option<i64>,
    },
    /// Said that batches in doubt did not go out.
    ResolveNotSent {
        /// The batches, from 1.
        batches: Vec<u32>,
    },
    /// Took back that it did not go out.
    TakeNotSentBack,
}

impl Reason {
    /// Reads what is stored: one of ours, or a sentence of an older version.
    pub fn parse(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_else(|_| Self::Written { text: text.to_owned() })
    }

    /// Returns it as it is stored.
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

    /// Says whether a job with this reason was read back after its database was lost.
    pub fn is_database_lost(&self) -> bool {
        matches!(self, Self::DatabaseLost | Self::DatabaseLostBeforeDue)
    }

    /// Says whether another copy of the database may have sent a job that ended with this reason.
    pub fn leaves_in_question(&self) -> bool {
        matches!(self, Self::DatabaseLost | Self::DatabaseMayBeOld | Self::WrittenInQuestion { .. })
    }

    /// Says whether it is a hold that names jobs which may have been sent already.
    pub fn names_jobs_in_question(&self) -> bool {
        let restored = matches!(self, Self::MayHaveBeenRestored { jobs, .. } if !jobs.is_empty());
        restored || matches!(self, Self::ReadBack { .. } | Self::WrittenInQuestion { .. })
    }

    /// Says whether it tells that uploads are awaited.
    pub fn is_about_uploads(&self) -> bool {
        matches!(self, Self::WaitsForUploads { .. })
    }

    /// Returns why a job was deferred, without that it was.
    pub fn behind_deferral(&self) -> &Self {
        if let Self::Deferred { cause, .. } = self { cause } else { self }
    }

    /// Returns why everything is held with a database that may be an older one.
    pub fn may_have_been_restored(evidence: OldDatabase, in_question: &[JobId]) -> Self {
        let (jobs, more_jobs) = first_of(in_question);
        Self::MayHaveBeenRestored { evidence, jobs, more_jobs }
    }

    /// Adds the jobs that were read back to a hold, whoever said that.
    pub fn with_read_back(self, found: &[JobId]) -> Self {
        let (jobs, more_jobs) = first_of(found);
        Self::ReadBack { cause: Box::new(self), jobs, more_jobs }
    }

    /// Adds that the job moved for it.
    pub fn deferred(self) -> Self {
        Self::Deferred { cause: Box::new(self), goes_at: None }
    }

    /// Adds that the job waits for it.
    pub fn waits(self) -> Self {
        Self::Waits { cause: Box::new(self) }
    }

    /// Adds that the next window lies beyond the job's `expires`.
    pub fn beyond_expiry(self) -> Self {
        Self::WindowBeyondExpiry { cause: Box::new(self) }
    }

    /// Adds that the job's author does not want it moved.
    pub fn with_on_quota_fail(self) -> Self {
        Self::OnQuotaIsFail { cause: Box::new(self) }
    }
}

/// How many jobs a reason names.
const NAMED: usize = 20;

/// Returns those that are named, and how many others there are.
fn first_of(jobs: &[JobId]) -> (Vec<JobId>, usize) {
    (jobs.iter().take(NAMED).cloned().collect(), jobs.len().saturating_sub(NAMED))
}

impl From<Block> for Reason {
    fn from(block: Block) -> Self {
        let Block { rule, window, because } = block;
        match because {
            Because::Used => Self::QuotaUsed { rule, window },
            Because::Claimed => Self::ReservedByOthers { rule, window },
            Because::TooMuch => Self::NeedsMoreThanLimit { rule },
        }
    }
}

/// An instant in Beijing's offset, as all JSON of this program has it.
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

/// The same, where there may be none.
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
