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
    ApiCallView, ArticleResult, AttemptView, BatchView, ChargeView, CodesProgress, DecidedBy,
    DecisionView, HistoryView, JobView, Store, UploadView,
};
use crate::text::reason;
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
    /// When it is really sent; none for one that does not wait.
    #[serde(rename = "outlook")]
    forecast: Option<Forecast>,
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
        return Err(Problem::No(format!(
            "{}: no job was taken yet",
            lookup::unknown(&options.job)
        )));
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
    Ok(StoryView {
        forecast,
        receivers,
        is_short: is_short.unwrap_or(false),
        result: result(&job.batches, tx.expected(id)?).or_else(|| made(&api_calls)),
        history: tx.history(id)?,
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
    Some(ResultView::Broadcast(SentView {
        words: words.iter().map(|why| reason::sentence(why)).collect::<Vec<_>>().join("; "),
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
    if let Some(forecast) = &view.forecast {
        next_run(page, forecast, &view.job, now);
    }
    for pre_send in &view.pre_sends {
        page.labelled(Tone::Plain, 2, "before    ", pre_send);
    }
    if let Some(at) = view.pruned_at {
        let removed = t!("show-pruned", at = %calendar::beijing(at));
        page.labelled(Tone::Quiet, 2, "removed   ", &removed);
    }
    if let Some(receivers) = &view.receivers {
        let tone = if view.is_short { Tone::Warn } else { Tone::Plain };
        page.labelled(tone, 2, "receivers ", receivers);
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
    page.heading("STORY");
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
            page.heading("RESULT");
            page.raw(&format!("  menuid    {menuid}"));
            let how = format!("`menu: {{ delete: {{ menuid: {menuid} }} }}` deletes it");
            page.lines(Tone::Quiet, 2, &how);
        }
        None => {}
    }
    articles::render(page, &view.articles);
}

fn facts(page: &mut Page, job: &JobView, now: DateTime<Utc>) {
    page.lines(format::tone(job.state), 0, &format!("{} is {}", job.id, job.stands()));
    let at = match job.at {
        Some(at) => text::time_and_distance(at, now),
        None => "as soon as allowed".to_owned(),
    };
    let what = job.what();
    for (label, value) in [
        ("title     ", job.title.as_str()),
        ("account   ", &job.account),
        ("action    ", &what),
        ("at        ", &at),
        ("due       ", &text::time_and_distance(job.due, now)),
        ("expires   ", &text::time_and_distance(job.expires, now)),
        ("file      ", &job.file),
    ] {
        page.labelled(Tone::Plain, 2, label, value);
    }
    if let Some(reason) = job.reason.as_ref().filter(|_| !job.state.waits()) {
        page.labelled(Tone::Warn, 2, "reason    ", &reason::sentence(reason));
    }
}

/// Writes when a waiting job is really sent, and each thing that keeps it from being sent sooner.
fn next_run(page: &mut Page, forecast: &Forecast, job: &JobView, now: DateTime<Utc>) {
    let (tone, goes) = forecast.cell(job.due, now);
    page.labelled(tone, 2, "goes      ", &goes);
    for why in &forecast.why {
        page.labelled(Tone::Warn, 2, "because   ", &reason::sentence(why));
    }
    let until = text::time_and_distance(forecast.not_after, now);
    page.labelled(Tone::Plain, 2, "not after ", &until);
}

/// Writes the calls besides the broadcast that are not done; the ended ones are in the story.
fn api_calls(page: &mut Page, api_calls: &[ApiCallView]) {
    let open: Vec<_> = api_calls.iter().filter(|api_call| api_call.ended.is_none()).collect();
    if open.is_empty() {
        return;
    }
    page.blank_line();
    page.heading("ASKED FOR");
    for api_call in open {
        let label = format!("{}  ", calendar::beijing(api_call.at));
        let said = api_call.why.as_ref().map(reason::sentence);
        let said = said.as_deref().unwrap_or("no answer yet");
        let line = format!("{}: {}, {said}", api_call.what, api_call.state.replace('_', " "));
        page.labelled(Tone::Warn, 2, &label, &line);
    }
}

fn batches(page: &mut Page, job: &JobView) {
    page.heading("BATCHES");
    let columns = [
        ("clientmsgid", 0),
        ("batch", 5),
        ("state", 8),
        ("receivers", 9),
        ("asked", 6),
        ("msg_id", 20),
    ];
    let mut table = Table::new(&columns).right(&[1, 3]);
    for batch in &job.batches {
        let receivers = batch.receivers.map_or_else(String::new, |n| text::count(n.into()));
        table.row(vec![
            Cell::plain(&batch.clientmsgid),
            Cell::plain(&batch.number.to_string()),
            Cell::new(batch_tone(batch.state), batch.state.as_str()),
            Cell::plain(&receivers),
            Cell::plain(&format!("{} x", batch.attempts)),
            Cell::plain(&batch.msg_id.map_or_else(String::new, |id| id.to_string())),
        ]);
        if let Some(id) = batch.msg_data_id {
            table.note(Tone::Quiet, &format!("msg_data_id {id}"));
        }
        if batch.generation > 0 {
            let times = batch.generation;
            let how = "by `qunfa retry` or a corrected file";
            table.note(Tone::Quiet, &format!("made anew {times} x, {how}"));
        }
        if batch.deleted && job.is_partly_deleted() {
            table.note(Tone::Quiet, "deleted");
        }
    }
    page.table(2, &table);
}

/// Writes what was uploaded before the broadcast, with the last response.
fn uploads(page: &mut Page, uploads: &[UploadView]) {
    page.heading("UPLOADS");
    let columns = [("what", 0), ("kind", 7), ("asked", 6), ("last", 23), ("outcome", 9)];
    let mut table = Table::new(&columns);
    for upload in uploads {
        let outcome = upload.outcome.as_deref().unwrap_or("under way");
        let tone = match outcome {
            "done" => Tone::Good,
            "refused" => Tone::Alarm,
            "under way" => Tone::Plain,
            _ => Tone::Warn,
        };
        table.row(vec![
            Cell::plain(&upload.name),
            Cell::plain(&upload.kind),
            Cell::plain(&format!("{} x", upload.attempts)),
            Cell::plain(&text::time(upload.at)),
            Cell::new(tone, outcome),
        ]);
        if let Some(errmsg) = &upload.errmsg {
            let code = upload.errcode.map_or_else(String::new, |code| format!("{code} "));
            table.note(tone, &format!("{code}({errmsg})"));
        }
    }
    page.table(2, &table);
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
        let tx = match line.from.as_deref() {
            Some(from) if from != line.to => format!("{from} -> {}: ", line.to),
            None => format!("{}: ", line.to),
            Some(_) => String::new(),
        };
        (line.at, order, Tone::Plain, format!("{tx}{}", reason::sentence(&line.why)))
    });
    let mut explained = BTreeSet::new();
    let attempts = view.attempts.iter().map(|attempt| {
        let first = attempt.errcode.is_none_or(|code| explained.insert(code));
        let said = said(attempt, first);
        let line = format!("request for batch {}: {said}", attempt.batch);
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
        Some(account) => format!("account {account}"),
        None => "every account".to_owned(),
    };
    let whom = match &decision.entry {
        Some(entry) => format!("entry {entry} of {whom}"),
        None => whom,
    };
    let did = match decision.what.as_str() {
        "hold" => "held",
        "resume" => "resumed",
        "return" => "returned",
        _ => "recorded",
    };
    let said = DecidedBy { who: &decision.who, why: decision.why.as_deref() };
    said.line(&format!("{whom} {did}"))
}

fn said(attempt: &AttemptView, explain: bool) -> String {
    let outcome = match attempt.outcome.as_deref() {
        None => return "no answer is stored yet".to_owned(),
        Some(outcome) => outcome.replace('_', " "),
    };
    let errmsg = attempt.errmsg.as_deref().unwrap_or("no answer");
    match attempt.errcode {
        Some(0) => format!("{outcome}, 0 ({errmsg})"),
        Some(code) if !explain => format!("{outcome}, {code} ({errmsg})"),
        Some(code) => {
            let row = codes::for_send(code);
            format!("{outcome}, {code} ({errmsg}): {}; what helps: {}", row.what(), row.advice())
        }
        None => format!("{outcome} ({errmsg})"),
    }
}

/// Writes how an operator settles what is in doubt, and what suggests that it was sent.
fn doubt(page: &mut Page, view: &StoryView) {
    let id = &view.job.id;
    page.heading("IN DOUBT");
    let sent = format!("`qunfa resolve {id} --sent MSG_ID`");
    page.labelled(Tone::Plain, 2, "went out   ", &sent);
    let not_sent = format!("`qunfa resolve {id} --not-sent`");
    page.labelled(Tone::Plain, 2, "did not    ", &not_sent);
    for event in &view.candidates {
        let label = format!("{}  ", calendar::beijing(event.at()));
        let told = format!("{}; nobody knows whose it is", event.words());
        page.labelled(Tone::Warn, 2, &label, &told);
    }
}

fn charges(page: &mut Page, charges: &[ChargeView]) {
    if charges.is_empty() {
        return page.raw("It has charged nothing.");
    }
    page.heading("CHARGES");
    let columns = [("rule", 0), ("window", 10), ("state", 8), ("amount", 6)];
    let mut table = Table::new(&columns).right(&[3]);
    for charge in charges {
        table.row(vec![
            Cell::plain(&charge.rule),
            Cell::plain(&charge.window),
            Cell::plain(&charge.state),
            Cell::plain(&charge.amount.to_string()),
        ]);
    }
    page.table(2, &table);
}

fn outcome(page: &mut Page, result: &SentView, of: usize) {
    page.heading("RESULT");
    page.lines(Tone::Plain, 2, &result.words);
    let counts = [result.total_count, result.filter_count, result.sent_count, result.error_count];
    if let Some(counts) = counted(counts) {
        page.lines(Tone::Plain, 2, &counts);
    }
    if let Some(expected) = &result.expected {
        page.lines(Tone::Plain, 2, &compared(expected, result));
    }
    if result.batches < of {
        let some = format!("of {} of {of} batches; the others have no result yet", result.batches);
        page.lines(Tone::Warn, 2, &some);
    }
}

/// Writes the location of a code's picture, and when it expires.
fn code_made(page: &mut Page, code: &CodeView, now: DateTime<Utc>) {
    page.heading("RESULT");
    let lives = match code.expires_at {
        Some(at) => text::time_and_distance(at.to_utc(), now),
        None => "never".to_owned(),
    };
    // Not wrapped: an operator copies these.
    page.raw(&format!("  picture   {}", code.picture));
    page.raw(&format!("  ticket    {}", code.ticket));
    if let Some(url) = &code.url {
        page.raw(&format!("  says      {}", text::visible(url)));
    }
    page.raw(&format!("  expires   {lives}"));
}

/// Compares what was expected to be filtered with what the platform reports as filtered.
fn compared(expected: &ExpectedView, result: &SentView) -> String {
    let count = |n: u64| text::count(n);
    let (least, most) = (expected.filtered, expected.filtered_at_most);
    let (filtered, members) = (count(least), count(expected.members));
    let filtered = if least == most { filtered } else { format!("{filtered} to {}", count(most)) };
    let told = result.total_count.zip(result.filter_count).map(|(total, left)| total - left);
    let told = told.map_or_else(
        || "the platform did not say how many it filtered".to_owned(),
        |told| format!("the platform filtered {}", count(told.unsigned_abs())),
    );
    format!("{filtered} of {members} expected to be filtered, {told}")
}
