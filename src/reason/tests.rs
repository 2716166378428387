use serde_json::json;

use super::*;

/// One of each, with the arguments that make it longest.
#[expect(clippy::too_many_lines, reason = "a table: one entry for each reason")]
pub(crate) fn one_of_each() -> Vec<Reason> {
    let id = |id: &str| JobId::parse(id).unwrap();
    let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    let window = Window::parse("2027-03-20").unwrap();
    let (rule, job) = (Rule::DailySend, id("a"));
    let noon = at("2027-03-20T04:00:00Z");
    let errmsg = || "system error".to_owned();
    let used = || Box::new(Reason::QuotaUsed { rule, window });
    vec![
        *used(),
        Reason::QuotaUsedElsewhere { rule, window },
        Reason::ReservedByOthers { rule, window, jobs: Vec::new() },
        Reason::NeedsMoreThanLimit { rule: Rule::DailyCalls },
        Reason::ReceiversFull { rule: Rule::MonthlyReceiver, window },
        Reason::ReceiversFullByThen { rule: Rule::MonthlyReceiver, window },
        Reason::ReceiversDropped { dropped: 3, window },
        Reason::PlatformQuotaUsed { window },
        Reason::NoRoomUntil { cause: used(), from: window.next(), to: window.next().next() },
        Reason::WindowBeyondExpiry { cause: used() },
        Reason::OnQuotaIsFail { cause: used() },
        Reason::WillDefer { cause: used() },
        Reason::Deferred { cause: used(), goes_at: Some(noon), was_due: Some(noon) },
        Reason::Advanced { goes_at: noon, was_due: Some(noon) },
        Reason::ExpiresBeforeDue,
        Reason::PastGrace { late_s: 1_860, grace_s: 1_800 },
        Reason::WaitsForApproval,
        Reason::NotApprovedInTime { late_s: 1_860 },
        Reason::WaitsForFiles { files: vec!["a.md".to_owned()] },
        Reason::FilesNotInTime { files: vec!["a.md".to_owned()], late_s: 60 },
        Reason::RetryWindowOver,
        Reason::ClientmsgidForgotten,
        Reason::MayHaveGoneOut,
        Reason::ReleaseBegins,
        Reason::ApiCallBegins,
        Reason::Waits { cause: used() },
        Reason::StoppedBeforeRequest,
        Reason::BatchAccepted { batch: 1, msg_id: 7 },
        Reason::BatchAdopted { batch: 1, msg_id: 7, others_not_asked_of: Some(job.clone()) },
        Reason::BatchEnded { batch: 1, cause: Box::new(Reason::SentSaysPlatform) },
        Reason::SentSaysPlatform,
        Reason::DeletedSaysPlatform,
        Reason::StoppedByPlatform { status: Some("err(10001)".to_owned()) },
        Reason::InDoubt { errcode: Some(-1), errmsg: errmsg() },
        Reason::NotAccepted { errcode: None, errmsg: errmsg() },
        Reason::TokenRefused,
        Reason::PlatformRefused { errcode: Some(40_007), errmsg: errmsg() },
        Reason::PlatformHasNoRoom { cause: used(), errcode: 45_028, errmsg: errmsg() },
        Reason::WaitsForUploads { cause: Some(used()) },
        Reason::UploadsDone,
        Reason::UploadsNotDone { cause: used(), last: Some(used()) },
        Reason::UploadTokenRefused,
        Reason::UploadFailed {
            kind: UploadKind::Image,
            name: "a.png".to_owned(),
            errcode: Some(45_009),
            errmsg: errmsg(),
        },
        Reason::UploadRefused {
            kind: UploadKind::Draft,
            name: "spring".to_owned(),
            errcode: 40_007,
            errmsg: errmsg(),
        },
        Reason::LastUploadAnswer { name: "a.png".to_owned(), errcode: None, errmsg: None },
        Reason::NoUploadCallLeft { kind: UploadKind::News, until: noon },
        Reason::ActionUnknown,
        Reason::ApiCallDone { call: "speed 3".to_owned() },
        Reason::ApiCallFailed { call: "speed 3".to_owned(), cause: used() },
        Reason::ApiCallsFailed { failed: 1, all: 3, cause: used() },
        Reason::ApiCallTimeOver { in_doubt: true, cause: Some(used()) },
        Reason::ApiCallAnswered { errcode: Some(89_504), errmsg: errmsg() },
        Reason::DaemonEnded,
        Reason::AskedOften { cause: used(), times: 5 },
        Reason::CodesMade { made: 3, all: 7 },
        Reason::CodesStopped { made: 3, all: 7, cause: used() },
        Reason::CodesPutOff { made: 3, all: 7, cause: used() },
        Reason::MenuReplaced { job: job.clone() },
        Reason::MenuChangedElsewhere { job: job.clone() },
        Reason::MenuUntilOver { until: noon },
        Reason::IdIsTaken { job: job.clone() },
        Reason::NotAMenu { job: job.clone() },
        Reason::MenuNotSetYet { job: job.clone(), state: JobState::Planned },
        Reason::MenuBeforeUnknown { job: job.clone() },
        Reason::MenuNotCreatable { buttons: vec!["a / b (news)".to_owned()] },
        Reason::NotPrepared,
        Reason::MediaGone { media_id: "M".to_owned() },
        Reason::NoPreviewOfContent,
        Reason::NoCardExt,
        Reason::NoBroadcastNumber,
        Reason::SharedMediaDeleted { cause: used() },
        Reason::BroadcastsNotOut { not_out: 1, all: 3 },
        Reason::NoSuchJob { job: job.clone() },
        Reason::JobOfOtherAccount { job: job.clone(), account: "brand".to_owned() },
        Reason::NotABroadcast { job: job.clone() },
        Reason::NotSentYet { job: job.clone(), state: JobState::Planned },
        Reason::MsgIdUnknown { job: job.clone() },
        Reason::NothingWentOut { job: job.clone(), state: JobState::Missed },
        Reason::DeletedAlready { job: job.clone() },
        Reason::MsgtypeNotDeletable { job: job.clone(), msgtype: "text".to_owned() },
        Reason::NotConfirmedSent { job: job.clone() },
        Reason::MediaShared { jobs: vec!["b".to_owned(), "c".to_owned()] },
        Reason::ArticleNotNamed { job: job.clone(), articles: 3 },
        Reason::ArticlesUnknown { job: job.clone(), at_least: 2 },
        Reason::NoSuchArticle { job: job.clone(), article: 4, articles: 3 },
        Reason::OnHold { cause: used() },
        Reason::AccountPaused { account: "brand".to_owned(), cause: used() },
        Reason::ResultAwaited {
            msg_id: 7,
            accepted_at: noon,
            confirm_until: at("2027-03-20T04:30:00Z"),
            is_over: false,
        },
        Reason::PlannedFor { at: noon },
        Reason::GuardAfterMidnight,
        Reason::MinuteFull { rule: Rule::PerMinute },
        Reason::HeldUntil { job: job.clone(), until: noon },
        Reason::ResumeLetsItGo { account: "brand".to_owned() },
        Reason::GraceOver { grace_min: 30 },
        Reason::RetryForOver,
        Reason::DaemonEndedInRequest,
        Reason::PauseTooLong { in_doubt: true },
        Reason::BatchesInDoubt { in_doubt: 1, all: 2 },
        Reason::UploadsBegin { at: noon },
        Reason::MissedAfter { until: noon },
        Reason::GoesAfter { command: "qunfa resume brand".to_owned() },
        Reason::GoesAfterConfigChange,
        Reason::DaemonNotRunning,
        Reason::DaemonStuck,
        Reason::ClockNotTrusted,
        Reason::DatabaseLost,
        Reason::DatabaseLostBeforeDue,
        Reason::DatabaseMayBeOld,
        Reason::MayHaveBeenSent,
        Reason::GapInQuestion { from: noon, to: at("2027-03-20T05:00:00.5Z") },
        Reason::MayHaveBeenRestored {
            evidence: OldDatabase::Backup { made_at: noon },
            due: NamedJobs { jobs: vec![job.clone()], more_jobs: 2, series: vec![(id("w"), 4)] },
        },
        Reason::ReadBack {
            cause: used(),
            found: NamedJobs { jobs: vec![id("b")], ..NamedJobs::default() },
        },
        Reason::ClockWasAhead,
        Reason::CrashedOver { times: 3 },
        Reason::CrashedOverAccount { times: 3, job: Some("a".to_owned()) },
        Reason::TokenServerRefused { errcode: 40_001, errmsg: errmsg() },
        Reason::NoToken { errcode: 40_164, errmsg: errmsg() },
        Reason::AccountRefused { errcode: 45_102, errmsg: errmsg() },
        Reason::BroadcastOfOtherJob { job: job.clone(), msg_id: 7, other: "b".to_owned() },
        Reason::BodyDiffers { job, msg_id: 7 },
        Reason::QuotaRefusedTwice,
        Reason::NotInConfig { account: "brand".to_owned() },
        Reason::AppidChanged {
            account: "brand".to_owned(),
            appid: "wx2".to_owned(),
            known: Some("wx1".to_owned()),
        },
        Reason::TakenFrom { file: "a.yaml".to_owned(), line: 3, by: None },
        Reason::ChangedBy { file: "a.yaml".to_owned(), line: 3, by: Some("agent:a".to_owned()) },
        Reason::DateWithdrawn { series: id("weekly"), file: "a.yaml".to_owned() },
        Reason::DatesPassedOver { from: noon, to: None },
        Reason::OperatorSaid {
            who: "alice (uid 1000)".to_owned(),
            what: Operation::ResolveSent { batches: vec![1, 2], msg_id: None },
            why: Some("it is there".to_owned()),
        },
        Reason::KeepsClientmsgid { cause: used(), batches: vec![1] },
        Reason::WrittenInQuestion { text: "these jobs: a".to_owned() },
        Reason::Written { text: "no network".to_owned() },
    ]
}

/// The codes by the names of the variants, read off this file.
fn codes() -> Vec<String> {
    let file = include_str!("../reason.rs");
    let (_, rest) = file.split_once("pub enum Reason {\n").unwrap();
    let (body, _) = rest.split_once("\n}").unwrap();
    let names = body.lines().filter_map(|line| {
        let name = line.strip_prefix("    ")?;
        name.starts_with(|c: char| c.is_ascii_uppercase()).then_some(name)
    });
    let code = |line: &str| {
        let mut code = String::new();
        for c in line.chars().take_while(char::is_ascii_alphanumeric) {
            if c.is_ascii_uppercase() && !code.is_empty() {
                code.push('_');
            }
            code.push(c.to_ascii_lowercase());
        }
        code
    };
    names.map(code).collect()
}

#[test]
fn every_reason_is_tried_and_reads_back_as_it_was_stored() {
    let all = one_of_each();

    assert_eq!(all.iter().map(Reason::code).collect::<Vec<_>>(), codes());
    for reason in all {
        assert_eq!(Reason::parse(&reason.to_json()), reason, "{}", reason.to_json());
    }
}

#[test]
fn the_codes_that_queries_name_are_codes() {
    for code in [
        "changed_by",
        "daemon_ended",
        "deferred",
        "may_have_been_sent",
        "taken_from",
        "waits_for_uploads",
    ] {
        assert!(codes().iter().any(|known| known == code), "{code}");
    }
}

#[test]
fn a_reason_is_stored_as_its_code_with_its_arguments() {
    let window = Window::parse("2027-03").unwrap();
    let cause = Box::new(Reason::QuotaUsed { rule: Rule::MonthlyHistory, window });
    let goes_at = Some("2027-03-31T16:00:00Z".parse().unwrap());

    let (code, args) = Reason::Deferred { cause, goes_at, was_due: None }.code_and_args();

    assert_eq!(code, "deferred");
    let expected = json!({
        "cause": { "code": "quota_used", "rule": "monthly_history", "window": "2027-03" },
        "goes_at": "2027-04-01T00:00:00+08:00",
    });
    assert_eq!(Value::Object(args), expected);
}

#[test]
fn what_an_older_version_wrote_is_kept_as_it_is() {
    for text in ["", "no network", "{}", r#"{"code":"unheard_of"}"#, r#"{"code":"deferred"}"#] {
        assert_eq!(Reason::parse(text), Reason::Written { text: text.to_owned() });
    }
}
