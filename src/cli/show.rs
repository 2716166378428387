//! `show`: one job's history in order, from its file to its end, with every decision, request and
//! event.

use std::collections::BTreeSet;

use chrono::{DateTime, FixedOffset, Utc};
use clap::Args;
use serde::{Deserialize, Serialize};

use super::alerts;
use super::articles;
use super::events::{EventStory, counted};
use super::forecast::{Forecast, ForecastContext};
use super::format;
use super::lookup;
use super::menus::{self, MenuView};
use super::qrcodes;
use super::series;
use super::text::{self, Cell, Page, Table, Tone};
use super::{Json, Problem, Terminal, database};
use crate::calendar;
use crate::calendar::json::maybe_rfc3339;
use crate::config::Config;
use crate::l10n::t;
use crate::model::{BatchState, JobId, JobState};
use crate::store::{
    ApiCallView, ApprovalsView, ArticleResult, AttemptView, BatchView, ChargeView, CodesProgress,
    DecisionView, HistoryView, JobView, Store, UploadView,
};
use crate::text::{names, reason, stored};
use crate::wechat::codes;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The id of a job, a series, or a note under attention
    #[arg(value_name = "JOB")]
    job: String,
    #[command(flatten)]
    json: Json,
}

/// The whole answer.
#[derive(Debug, Serialize)]
struct StoryView {
    #[serde(flatten)]
    job: JobView,
    /// The agent that submitted it, as it stands now; left out if a person did.
    #[serde(skip_serializing_if = "Option::is_none")]
    submitted_by: Option<String>,
    /// The digest of it as it was checked: its content, receivers and times.
    digest: String,
    /// When it is really sent; none for one that does not wait.
    #[serde(rename = "outlook")]
    forecast: Option<Forecast>,
    /// The approvals that count; none if it never waited for any.
    #[serde(skip_serializing_if = "Option::is_none")]
    approvals: Option<ApprovalsView>,
    history: Vec<HistoryView>,
    attempts: Vec<AttemptView>,
    uploads: Vec<UploadView>,
    charges: Vec<ChargeView>,
    events: Vec<EventStory>,
    /// Holds and resumes while it waited, and corrections of the ledger that moved it.
    decisions: Vec<DecisionView>,
    /// Events that may belong to a job in doubt.
    candidates: Vec<EventStory>,
    result: Option<ResultView>,
    /// Calls besides the broadcast: previews, its speed, or the job's only call.
    #[serde(rename = "errands")]
    api_calls: Vec<ApiCallView>,
    /// What is still to be done before its broadcast.
    #[serde(rename = "preludes")]
    pre_sends: Vec<String>,
    /// How far it is, if it makes many codes.
    codes: Option<CodesProgress>,
    #[serde(skip)]
    pictures: String,
    /// The menus before and after it, if it changes the menu.
    menu: Option<MenuView>,
    /// What events reported about its articles.
    articles: Vec<ArticleResult>,
    /// How many of its receivers can still receive it, as far as is known.
    receivers: Option<String>,
    #[serde(skip)]
    is_short: bool,
    /// When its content, attempts and history were removed, if they were.
    #[serde(serialize_with = "maybe_rfc3339", skip_serializing_if = "Option::is_none")]
    pruned_at: Option<DateTime<Utc>>,
}

/// The result of a job.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum ResultView {
    Broadcast(SentView),
    Qrcode(CodeView),
    Menu(MenuidView),
}

/// The menu for some followers only that was created.
#[derive(Debug, Serialize, Deserialize)]
struct MenuidView {
    /// The platform's number of it, which deletes it.
    menuid: String,
}

/// The QR code that was made.
#[derive(Debug, Serialize, Deserialize)]
struct CodeView {
    /// The ticket for its picture.
    ticket: String,
    /// The address of its picture, for everyone.
    picture: String,
    /// The content of the picture.
    url: Option<String>,
    /// How long it is valid from when it was made; none means no end.
    expire_seconds: Option<i64>,
    /// When it expires.
    expires_at: Option<DateTime<FixedOffset>>,
}

/// The result of a broadcast, over all of its batches that have a result.
#[derive(Debug, Serialize)]
struct SentView {
    words: String,
    total_count: Option<i64>,
    filter_count: Option<i64>,
    sent_count: Option<i64>,
    error_count: Option<i64>,
    /// Batches with a result, of all.
    batches: usize,
    /// What was expected when it was accepted, if the followers were read.
    expected: Option<ExpectedView>,
}

/// What was expected of a broadcast's audience when it was accepted.
#[derive(Debug, Serialize)]
struct ExpectedView {
    /// How many there were.
    members: u64,
    /// How many the platform would certainly filter.
    filtered: u64,
    /// How many it might filter.
    filtered_at_most: u64,
}

/// Shows one job's story.
pub(super) fn run(
    options: &Options,
    config: &Config,
    terminal: &mut Terminal<'_>,
) -> Result<(), Problem> {
    let now = (terminal.now)();
    let Some(store) = database::open(config, now)? else {
        let unknown = lookup::unknown(&options.job);
        return Err(Problem::No(t!("show-none-taken", unknown = unknown)));
    };
    if let Some(found) = lookup::find_series(&store.read(), &options.job)? {
        let context = ForecastContext::read(&store.read(), config, now)?;
        let view = series::read(&store.read(), found, &context, now)?;
        return terminal.answer(options.json, &view, |page, view| series::render(page, view, now));
    }
    if let Some(note) = alerts::find(&store.read(), config, &options.job, now)? {
        return terminal.answer(options.json, &note, |page, note| {
            alerts::render(page, note, now);
        });
    }
    let view = read(&store, config, &options.job, now)?;
    terminal.answer(options.json, &view, |page, view| render(page, view, now))
}

fn read(
    store: &Store,
    config: &Config,
    id: &str,
    now: DateTime<Utc>,
) -> Result<StoryView, Problem> {
    let tx = store.read();
    let Some(job) = tx.job_view(id)? else {
        return Err(lookup::unknown_job(&tx, id));
    };
    let mut jobs = [job];
    let context = ForecastContext::read(&tx, config, now)?;
    context.explain(&mut jobs);
    let [job] = jobs;
    let forecast = context.forecast(&tx, config, &job)?;
    let account = config.accounts.iter().find(|config| config.account.name == job.account);
    let waits = job.state.waits();
    let receivers = match (account, JobId::parse(id)) {
        (Some(config), Some(id)) if waits => {
            tx.receivers_forecast(&id, &config.account, (job.due, now))?
        }
        _ => None,
    };
    let (receivers, is_short) = receivers.unzip();
    let mut api_calls = tx.api_calls(id)?;
    let codes = match JobId::parse(id) {
        Some(id) => tx.codes_progress(&id)?,
        None => None,
    };
    if codes.is_some() {
        // `qrcodes` lists those that were made.
        api_calls.retain(|api_call| api_call.state != "done");
    }
    let written = JobId::parse(id).map(|id| tx.written(&id)).transpose()?.flatten();
    let history = tx.history(id)?;
    Ok(StoryView {
        submitted_by: submitted_by(&history),
        digest: written.map(|(digest, _)| digest).unwrap_or_default(),
        forecast,
        approvals: match account {
            Some(config) => tx.approvals(id, &config.account)?,
            None => None,
        },
        receivers,
        is_short: is_short.unwrap_or(false),
        result: result(&job.batches, tx.expected(id)?).or_else(|| made(&api_calls)),
        history,
        attempts: tx.attempts(id)?,
        uploads: tx.uploads(id)?,
        charges: tx.charges(id)?,
        events: tx.events(id)?.into_iter().map(EventStory::from).collect(),
        decisions: tx.decisions_about(id)?,
        candidates: tx.candidates(id)?.into_iter().map(EventStory::from).collect(),
        api_calls,
        pre_sends: tx.pre_sends(id)?,
        codes,
        pictures: config.state_dir.join("qrcodes").display().to_string(),
        menu: menus::read(&tx, id)?,
        articles: tx.articles(id)?,
        pruned_at: match JobId::parse(id) {
            Some(id) => tx.pruned_at(&id)?,
            None => None,
        },
        job,
    })
}

/// Returns the agent that submitted the newest version of a job.
fn submitted_by(history: &[HistoryView]) -> Option<String> {
    let newest = history.iter().rev().find_map(|step| step.why.submitted_by());
    newest.flatten().map(str::to_owned)
}

fn result(batches: &[BatchView], expected: Option<(u64, u64, u64)>) -> Option<ResultView> {
    let ended: Vec<_> = batches.iter().filter(|batch| batch.result.is_some()).collect();
    if ended.is_empty() {
        return None;
    }
    let sum = |count: fn(&BatchView) -> Option<i64>| {
        ended.iter().filter_map(|batch| count(batch)).reduce(|sum, count| sum + count)
    };
    let mut words: Vec<_> = ended.iter().filter_map(|batch| batch.result.as_ref()).collect();
    words.dedup();
    let words: Vec<_> = words.into_iter().map(reason::sentence).collect();
    Some(ResultView::Broadcast(SentView {
        words: names::sentences(&words),
        total_count: sum(|batch| batch.total_count),
        filter_count: sum(|batch| batch.filter_count),
        sent_count: sum(|batch| batch.sent_count),
        error_count: sum(|batch| batch.error_count),
        batches: ended.len(),
        expected: expected.map(|(members, filtered, filtered_at_most)| ExpectedView {
            members,
            filtered,
            filtered_at_most,
        }),
    }))
}

/// Returns what the last of these calls made: a code, or a menu for some followers only.
fn made(api_calls: &[ApiCallView]) -> Option<ResultView> {
    let done = api_calls.iter().rfind(|api_call| api_call.state == "done")?;
    match done.kind.as_str() {
        "qrcode" => CodeView::deserialize(&done.answer).ok().map(ResultView::Qrcode),
        "menu_conditional" => MenuidView::deserialize(&done.answer).ok().map(ResultView::Menu),
        _ => None,
    }
}

fn render(page: &mut Page, view: &StoryView, now: DateTime<Utc>) {
    facts(page, &view.job, now);
    if let Some(agent) = &view.submitted_by {
        fact(page, Tone::Plain, &t!("show-label-submitted-by"), agent);
    }
    if let Some(forecast) = &view.forecast {
        next_run(page, forecast, &view.job, now);
    }
    if let Some(approvals) = &view.approvals {
        approved(page, approvals);
    }
    for pre_send in &view.pre_sends {
        fact(page, Tone::Plain, &t!("show-label-before"), pre_send);
    }
    if let Some(at) = view.pruned_at {
        let removed = t!("show-pruned", at = %calendar::beijing(at));
        page.labelled(Tone::Quiet, 2, "removed   ", &removed);
    }
    if let Some(receivers) = &view.receivers {
        let tone = if view.is_short { Tone::Warn } else { Tone::Plain };
        fact(page, tone, &t!("show-label-receivers"), receivers);
    }
    page.blank_line();
    if !view.job.batches.is_empty() {
        batches(page, &view.job);
        page.blank_line();
    }
    if !view.uploads.is_empty() {
        uploads(page, &view.uploads);
        page.blank_line();
    }
    page.heading(&t!("show-heading-story"));
    for (at, tone, line) in story(view) {
        page.labelled(tone, 2, &format!("{}  ", calendar::beijing(at)), &line);
    }
    if view.job.state == JobState::Uncertain {
        page.blank_line();
        doubt(page, view);
    }
    api_calls(page, &view.api_calls);
    if let Some(codes) = &view.codes {
        qrcodes::progress(page, codes, &view.pictures);
    }
    if let Some(menu) = &view.menu {
        menus::render(page, menu);
    }
    page.blank_line();
    charges(page, &view.charges);
    match &view.result {
        Some(ResultView::Broadcast(result)) => {
            page.blank_line();
            outcome(page, result, view.job.batches.len());
        }
        Some(ResultView::Qrcode(code)) => {
            page.blank_line();
            code_made(page, code, now);
        }
        Some(ResultView::Menu(MenuidView { menuid })) => {
            page.blank_line();
            page.heading(&t!("show-heading-result"));
            uncut(page, &t!("show-label-menuid"), menuid);
            page.lines(Tone::Quiet, 2, &t!("show-menuid-deletes", menuid = menuid.as_str()));
        }
        None => {}
    }
    articles::render(page, &view.articles);
}

/// How wide the labels are.
const LABEL: usize = 10;

fn fact(page: &mut Page, tone: Tone, label: &str, value: &str) {
    page.labelled(tone, 2, &text::pad(label, LABEL), value);
}

/// Writes what an operator copies, and what is therefore not broken into lines.
fn uncut(page: &mut Page, label: &str, value: &str) {
    page.raw(&format!("  {}{value}", text::pad(label, LABEL)));
}

fn facts(page: &mut Page, job: &JobView, now: DateTime<Utc>) {
    let is = t!("show-is", job = job.id.as_str(), state = job.stands());
    page.lines(format::tone(job.state), 0, &is);
    let at = match job.at {
        Some(at) => text::time_and_distance(at, now),
        None => t!("show-at-once"),
    };
    let what = job.what();
    for (label, value) in [
        (t!("show-label-title"), job.title.as_str()),
        (t!("show-label-account"), &job.account),
        (t!("show-label-action"), &what),
        (t!("show-label-at"), &at),
        (t!("show-label-due"), &text::time_and_distance(job.due, now)),
        (t!("show-label-expires"), &text::time_and_distance(job.expires, now)),
        (t!("show-label-file"), &job.file),
    ] {
        fact(page, Tone::Plain, &label, value);
    }
    if let Some(reason) = job.reason.as_ref().filter(|_| !job.state.waits()) {
        fact(page, Tone::Warn, &t!("show-label-reason"), &reason::sentence(reason));
    }
}

/// Writes when a waiting job is really sent, and each thing that keeps it from being sent sooner.
fn next_run(page: &mut Page, forecast: &Forecast, job: &JobView, now: DateTime<Utc>) {
    let (tone, goes) = forecast.cell(job.due, now);
    fact(page, tone, &t!("show-label-goes"), &goes);
    for why in &forecast.why {
        fact(page, Tone::Warn, &t!("show-label-because"), &reason::sentence(why));
    }
    let until = text::time_and_distance(forecast.not_after, now);
    fact(page, Tone::Plain, &t!("show-label-not-after"), &until);
}

/// Writes how many approvals there are, and who gave them.
fn approved(page: &mut Page, ApprovalsView { needed, given }: &ApprovalsView) {
    let given: Vec<_> = given
        .iter()
        .map(|one| t!("show-approval", who = %one.who, at = %calendar::beijing(one.at)))
        .collect();
    let (count, needed) = (given.len(), *needed);
    let told = match given.as_slice() {
        [] => t!("show-approvals-none", needed = needed),
        some => t!("show-approvals", given = count, needed = needed, who = names::list(some)),
    };
    fact(page, Tone::Plain, &t!("show-label-approvals"), &told);
}

/// Writes the calls besides the broadcast that are not done; the ended ones are in the story.
fn api_calls(page: &mut Page, api_calls: &[ApiCallView]) {
    let open: Vec<_> = api_calls.iter().filter(|api_call| api_call.ended.is_none()).collect();
    if open.is_empty() {
        return;
    }
    page.blank_line();
    page.heading(&t!("show-heading-asked"));
    for api_call in open {
        let label = format!("{}  ", calendar::beijing(api_call.at));
        let said = api_call.why.as_ref().map(reason::sentence);
        let said = said.unwrap_or_else(|| t!("show-no-answer-yet"));
        let (call, state) =
            (stored::api_call(&api_call.what), names::api_call_state(&api_call.state));
        let line = t!("show-asked", call = call, state = state, said = said);
        page.labelled(Tone::Warn, 2, &label, &line);
    }
}

/// Returns a batch's state as its column has it.
fn batch_state(state: BatchState) -> String {
    match state {
        BatchState::InDoubt => t!("show-batch-in-doubt"),
        BatchState::Planned
        | BatchState::Asking
        | BatchState::Refused
        | BatchState::Accepted
        | BatchState::Sent
        | BatchState::Failed => names::batch_state(state),
    }
}

fn batches(page: &mut Page, job: &JobView) {
    page.heading(&t!("show-heading-batches"));
    let columns = [
        ("clientmsgid".to_owned(), 0),
        (t!("show-head-batch"), 5),
        (t!("head-state"), 8),
        (t!("show-head-receivers"), 9),
        (t!("show-head-asked"), 6),
        ("msg_id".to_owned(), 20),
    ];
    let mut table = Table::new(&columns).right(&[1, 3]);
    for batch in &job.batches {
        let receivers = batch.receivers.map_or_else(String::new, |n| text::count(n.into()));
        table.row(vec![
            Cell::plain(&batch.clientmsgid),
            Cell::plain(&batch.number.to_string()),
            Cell::new(batch_tone(batch.state), &batch_state(batch.state)),
            Cell::plain(&receivers),
            Cell::plain(&t!("show-times", times = %batch.attempts)),
            Cell::plain(&batch.msg_id.map_or_else(String::new, |id| id.to_string())),
        ]);
        if let Some(id) = batch.msg_data_id {
            table.note(Tone::Quiet, &format!("msg_data_id {id}"));
        }
        if batch.generation > 0 {
            table.note(Tone::Quiet, &t!("show-made-anew", times = %batch.generation));
        }
        if batch.deleted && job.is_partly_deleted() {
            table.note(Tone::Quiet, &t!("show-deleted"));
        }
    }
    page.table(2, &table);
}

/// Writes what was uploaded before the broadcast, with the last response.
fn uploads(page: &mut Page, uploads: &[UploadView]) {
    page.heading(&t!("show-heading-uploads"));
    let columns = [
        (t!("show-head-what"), 0),
        (t!("show-head-kind"), 10),
        (t!("show-head-asked"), 6),
        (t!("show-head-last"), 23),
        (t!("show-head-outcome"), 10),
    ];
    let mut table = Table::new(&columns);
    for upload in uploads {
        let (tone, outcome) = upload_outcome(upload.outcome.as_deref());
        table.row(vec![
            Cell::plain(&upload.name),
            Cell::plain(&names::upload_kind(&upload.kind)),
            Cell::plain(&t!("show-times", times = %upload.attempts)),
            Cell::plain(&text::time(upload.at)),
            Cell::new(tone, &outcome),
        ]);
        if let Some(errmsg) = &upload.errmsg {
            let code = upload.errcode.map_or_else(String::new, |code| format!("{code} "));
            table.note(tone, &format!("{code}({})", stored::failure(errmsg)));
        }
    }
    page.table(2, &table);
}

/// Returns the outcome of an upload's last request, which may be open.
fn upload_outcome(word: Option<&str>) -> (Tone, String) {
    match word {
        None => (Tone::Plain, t!("show-upload-under-way")),
        Some("done") => (Tone::Good, t!("show-upload-done")),
        Some("lost") => (Tone::Warn, t!("show-upload-lost")),
        Some("refused") => (Tone::Alarm, t!("show-outcome-refused")),
        Some("later") => (Tone::Warn, t!("show-outcome-later")),
        Some("token") => (Tone::Warn, t!("show-outcome-token")),
        Some(other) => (Tone::Warn, other.to_owned()),
    }
}

fn batch_tone(state: BatchState) -> Tone {
    match state {
        BatchState::Planned | BatchState::Asking | BatchState::Accepted => Tone::Plain,
        BatchState::InDoubt => Tone::Warn,
        BatchState::Refused | BatchState::Failed => Tone::Alarm,
        BatchState::Sent => Tone::Good,
    }
}

/// Returns what happened, in order; the hint about a code comes where the code first appears.
fn story(view: &StoryView) -> Vec<(DateTime<Utc>, Tone, String)> {
    let moves = view.history.iter().map(|line| {
        let brought = matches!(line.from.as_deref(), Some("releasing" | "accepted"));
        let order = if brought { Order::Result } else { Order::Cause };
        let (to, why) = (names::stored_state(&line.to), reason::sentence(&line.why));
        let step = match line.from.as_deref() {
            Some(from) if from != line.to => {
                t!("show-step", from = names::stored_state(from), to = to, why = why)
            }
            None => t!("title-and-text", title = to, text = why),
            Some(_) => why,
        };
        (line.at, order, Tone::Plain, step)
    });
    let mut explained = BTreeSet::new();
    let attempts = view.attempts.iter().map(|attempt| {
        let first = attempt.errcode.is_none_or(|code| explained.insert(code));
        let said = said(attempt, first);
        let line = t!("show-request", batch = %attempt.batch, said = said);
        (attempt.at, Order::Request, Tone::Quiet, line)
    });
    let events =
        view.events.iter().map(|event| (event.at(), Order::Result, Tone::Quiet, event.words()));
    let decisions =
        view.decisions.iter().map(|said| (said.at, Order::Decision, Tone::Warn, decided(said)));
    let mut story: Vec<_> = decisions.chain(moves).chain(attempts).chain(events).collect();
    story.sort_by_key(|(at, order, ..)| (*at, *order));
    story.into_iter().map(|(at, _, tone, line)| (at, tone, line)).collect()
}

/// The order of lines within one millisecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Order {
    Decision,
    Cause,
    Request,
    Result,
}

fn decided(decision: &DecisionView) -> String {
    let whom = match &decision.account {
        Some(account) => t!("show-account", account = account.as_str()),
        None => t!("show-every-account"),
    };
    let whom = match &decision.entry {
        Some(entry) => t!("show-entry-of", entry = entry.as_str(), whom = whom),
        None => whom,
    };
    let who = decision.who.as_str();
    let did = match decision.what.as_str() {
        "hold" => t!("show-decided-hold", whom = whom, who = who),
        "resume" => t!("show-decided-resume", whom = whom, who = who),
        "return" => t!("show-decided-return", whom = whom, who = who),
        _ => t!("show-decided-record", whom = whom, who = who),
    };
    names::because(did, decision.why.as_deref())
}

fn said(attempt: &AttemptView, explain: bool) -> String {
    let Some(outcome) = attempt.outcome.as_deref().map(names::attempt_outcome) else {
        return t!("show-no-answer-stored");
    };
    let errmsg = attempt.errmsg.as_deref().map_or_else(|| t!("show-no-answer"), stored::failure);
    match attempt.errcode {
        Some(code) if code == 0 || !explain => {
            t!("show-answer-code", outcome = outcome, code = %code, errmsg = errmsg)
        }
        Some(code) => {
            let row = codes::for_send(code);
            t!(
                "show-answer-helps",
                outcome = outcome,
                code = %code,
                errmsg = errmsg,
                what = row.what(),
                advice = row.advice()
            )
        }
        None => t!("show-answer", outcome = outcome, errmsg = errmsg),
    }
}

/// Writes how an operator settles what is in doubt, and what suggests that it was sent.
fn doubt(page: &mut Page, view: &StoryView) {
    let id = &view.job.id;
    page.heading(&t!("show-heading-doubt"));
    for (label, command) in [
        (t!("show-label-went-out"), format!("`qunfa resolve {id} --sent MSG_ID`")),
        (t!("show-label-did-not"), format!("`qunfa resolve {id} --not-sent`")),
    ] {
        page.labelled(Tone::Plain, 2, &text::pad(&label, LABEL + 1), &command);
    }
    for event in &view.candidates {
        let label = format!("{}  ", calendar::beijing(event.at()));
        let told = t!("show-nobody-knows", event = event.words());
        page.labelled(Tone::Warn, 2, &label, &told);
    }
}

fn charges(page: &mut Page, charges: &[ChargeView]) {
    if charges.is_empty() {
        return page.raw(&t!("show-nothing-charged"));
    }
    page.heading(&t!("show-heading-charges"));
    let columns = [
        (t!("head-rule"), 0),
        (t!("show-head-window"), 10),
        (t!("head-state"), 8),
        (t!("show-head-amount"), 6),
    ];
    let mut table = Table::new(&columns).right(&[3]);
    for charge in charges {
        table.row(vec![
            Cell::plain(&names::stored_rule(&charge.rule)),
            Cell::plain(&names::stored_window(&charge.window)),
            Cell::plain(&names::charge_state(&charge.state)),
            Cell::plain(&charge.amount.to_string()),
        ]);
    }
    page.table(2, &table);
}

fn outcome(page: &mut Page, result: &SentView, of: usize) {
    page.heading(&t!("show-heading-result"));
    page.lines(Tone::Plain, 2, &result.words);
    let counts = [result.total_count, result.filter_count, result.sent_count, result.error_count];
    if let Some(counts) = counted(counts) {
        page.lines(Tone::Plain, 2, &counts);
    }
    if let Some(expected) = &result.expected {
        page.lines(Tone::Plain, 2, &compared(expected, result));
    }
    if result.batches < of {
        let some = t!("show-some-batches", some = %result.batches, all = %of);
        page.lines(Tone::Warn, 2, &some);
    }
}

/// Writes the location of a code's picture, and when it expires.
fn code_made(page: &mut Page, code: &CodeView, now: DateTime<Utc>) {
    page.heading(&t!("show-heading-result"));
    let lives = match code.expires_at {
        Some(at) => text::time_and_distance(at.to_utc(), now),
        None => t!("show-never"),
    };
    uncut(page, &t!("show-label-picture"), &code.picture);
    uncut(page, &t!("show-label-ticket"), &code.ticket);
    if let Some(url) = &code.url {
        uncut(page, &t!("show-label-says"), &text::visible(url));
    }
    uncut(page, &t!("show-label-expires"), &lives);
}

/// Compares what was expected to be filtered with what the platform reports as filtered.
fn compared(expected: &ExpectedView, result: &SentView) -> String {
    let count = |n: u64| text::count(n);
    let (least, most) = (expected.filtered, expected.filtered_at_most);
    let (filtered, members) = (count(least), count(expected.members));
    let filtered = match least == most {
        true => filtered,
        false => t!("show-range", least = filtered, most = count(most)),
    };
    match result.total_count.zip(result.filter_count).map(|(total, left)| total - left) {
        Some(told) => {
            let told = count(told.unsigned_abs());
            t!("show-filtered", filtered = filtered, members = members, told = told)
        }
        None => t!("show-filtered-untold", filtered = filtered, members = members),
    }
}
