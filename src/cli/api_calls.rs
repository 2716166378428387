//! The commands that make an API call: `preview`, `delete` and `speed`.
//!
//! Only the daemon makes requests: a command stores its request and waits for the outcome.

use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::Args;
use serde::Serialize;
use serde_json::Value;

use super::lookup::{named_account, same_account, unknown_job};
use super::reply::Reason;
use super::text::{self, Cell, Page, Table, Tone};
use super::{Answer, Json, Problem, Terminal, database, menus, wait};
use crate::calls::Role;
use crate::config::Config;
use crate::daemon;
use crate::engine::{self, Deletability, Deletable, Undeletable};
use crate::l10n::t;
use crate::model::{ARTICLES_MOST, ApiCall, Deletion, JobId, Speed, Viewer};
use crate::store::{ApiCallView, DecidedBy, JobView, NewApiCall, Store, StoreError, Tx};
use crate::text::{names, reason, stored, told};

/// How often the outcome is read, and for how long: 30 s.
const LOOK_EVERY: Duration = Duration::from_millis(100);
const LOOKS: u32 = 300;

#[derive(Debug, Args)]
pub(super) struct PreviewOptions {
    /// The job's id
    #[arg(value_name = "JOB")]
    job: String,
    /// Who sees it: OpenIDs (28 characters from `o` on) or WeChat names; `openid:` or `wxname:`
    /// before a name says which
    #[arg(long, value_name = "NAME", required = true, num_args = 1.., value_parser = viewer)]
    to: Vec<Viewer>,
    /// What a coupon's preview needs, as JSON
    #[arg(long, value_name = "JSON")]
    card_ext: Option<String>,
    #[command(flatten)]
    wait: Wait,
}

#[derive(Debug, Args)]
pub(super) struct DeleteOptions {
    /// The id of the job that was sent
    #[arg(value_name = "JOB")]
    job: String,
    /// Only this article, from 1; 0 is all of them
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(0..=i64::from(ARTICLES_MOST)))]
    article: Option<u32>,
    /// Ask for it even where it cannot work or ends other broadcasts too
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    reason: Reason,
    #[command(flatten)]
    wait: Wait,
}

#[derive(Debug, Args)]
pub(super) struct SpeedOptions {
    /// The account's name
    #[arg(value_name = "ACCOUNT")]
    account: String,
    /// The speed to set, 0 (the fastest) to 4; left out, the present one is shown
    #[arg(value_name = "0-4", value_parser = clap::value_parser!(i64).range(0..=4))]
    speed: Option<i64>,
    #[command(flatten)]
    wait: Wait,
}

#[derive(Debug, Args)]
pub(super) struct MenuOptions {
    /// The account's name
    #[arg(value_name = "ACCOUNT")]
    account: String,
    /// The menu of one follower: an OpenID or a WeChat name; left out, the one for all
    #[arg(long = "as", value_name = "NAME", value_parser = viewer)]
    viewer: Option<Viewer>,
    #[command(flatten)]
    wait: Wait,
}

#[derive(Clone, Copy, Debug, Args)]
struct Wait {
    /// Leave it to the daemon, and do not wait for the outcome
    #[arg(long)]
    no_wait: bool,
    #[command(flatten)]
    json: Json,
}

/// The whole answer.
#[derive(Debug, Serialize)]
struct ApiCallsView {
    account: String,
    #[serde(rename = "errands")]
    api_calls: Vec<ApiCallView>,
    notes: Vec<String>,
}

/// What a command requests from the daemon.
struct Order<'a> {
    account: String,
    /// Each with the broadcast that it deletes.
    api_calls: Vec<(ApiCall, Option<i64>)>,
    job: Option<&'a JobId>,
    notes: Vec<String>,
}

fn viewer(text: &str) -> Result<Viewer, String> {
    Viewer::parse(text).ok_or_else(|| t!("call-no-viewer"))
}

/// Sends the preview of a job.
pub(super) fn preview(
    options: &PreviewOptions,
    config: &Config,
    who: &str,
    terminal: &mut Terminal<'_>,
) -> Result<Answer, Problem> {
    let (store, id, job) = open(&options.job, config, terminal)?;
    if job.action != "broadcast" {
        return Err(Problem::No(t!("call-no-broadcast", job = %id)));
    }
    store.read().refuse_pruned(&id)?;
    if job.msgtype == "wxcard" && options.card_ext.is_none() {
        return Err(Problem::No(t!("call-needs-card-ext")));
    }
    let mut to = options.to.clone();
    to.dedup();
    let api_calls = to.into_iter().map(|to| (ApiCall::Preview(to, options.card_ext.clone()), None));
    let order = Order {
        account: job.account,
        api_calls: api_calls.collect(),
        job: Some(&id),
        notes: first_picture(&store.read(), &id)?.into_iter().collect(),
    };
    give((store, config), order, (DecidedBy { who, why: None }, options.wait), terminal)
}

/// Returns a note about what a preview of several pictures leaves out.
fn first_picture(tx: &Tx<'_>, id: &JobId) -> Result<Option<String>, Problem> {
    let body: Option<Value> = tx.body_of(id)?.and_then(|body| serde_json::from_str(&body).ok());
    let pictures = body.and_then(|body| Some(body["images"]["media_ids"].as_array()?.len()));
    let several = pictures.filter(|many| *many > 1);
    Ok(several.map(|many| t!("call-first-picture", all = %many)))
}

/// Deletes a broadcast that was sent.
pub(super) fn delete(
    options: &DeleteOptions,
    config: &Config,
    who: &str,
    terminal: &mut Terminal<'_>,
) -> Result<Answer, Problem> {
    let (store, id, job) = open(&options.job, config, terminal)?;
    let deletion = Deletion { job: id.clone(), article_idx: options.article, force: options.force };
    let tx = store.read();
    let found = match engine::deletable(&tx, &deletion, &job.account)? {
        Deletability::Can(found) => found,
        Deletability::Cannot(Undeletable::Unless(why)) => {
            let why = reason::sentence(&why);
            return Err(Problem::No(t!("call-force", why = why)));
        }
        Deletability::Cannot(Undeletable::NotYet(why) | Undeletable::Never(why)) => {
            return Err(Problem::No(reason::sentence(&why)));
        }
    };
    let facts = tx.deletion_facts(&id)?;
    let sharing = facts.map(|facts| facts.sharing).unwrap_or_default();
    let mut notes = how_many(&found, &job);
    if !sharing.is_empty() {
        notes.push(t!("call-shared", jobs = names::list(&sharing)));
    }
    let api_call = |batch| (ApiCall::Delete(deletion.clone()), Some(batch));
    let order = Order {
        account: job.account,
        api_calls: found.batches.into_iter().map(api_call).collect(),
        job: None,
        notes,
    };
    give((store, config), order, (options.reason.said(who), options.wait), terminal)
}

/// Returns a note about how many broadcasts of a job a deletion ends, if it has several.
fn how_many(found: &Deletable, job: &JobView) -> Vec<String> {
    let all = job.batches.len();
    if all < 2 {
        return Vec::new();
    }
    let before = job.batches.iter().filter(|batch| batch.deleted).count();
    let (job, n, ends, to_come) = (job.id.as_str(), found.batches.len(), found.ends, found.to_come);
    let count = text::count(n as u64);
    vec![match (before, to_come) {
        (0, 0) => {
            t!("call-ends", n = n, job = job, all = %all, ends = %ends, count = count)
        }
        (_, 0) => t!(
            "call-ends-before",
            n = n,
            job = job,
            all = %all,
            ends = %ends,
            count = count,
            before = %before
        ),
        (0, _) => t!(
            "call-ends-to-come",
            n = n,
            job = job,
            all = %all,
            ends = %ends,
            count = count,
            to_come = %to_come
        ),
        (_, _) => t!(
            "call-ends-before-to-come",
            n = n,
            job = job,
            all = %all,
            ends = %ends,
            count = count,
            before = %before,
            to_come = %to_come
        ),
    }]
}

/// Shows or sets an account's mass-send speed.
pub(super) fn speed(
    options: &SpeedOptions,
    config: &Config,
    who: &str,
    terminal: &mut Terminal<'_>,
) -> Result<Answer, Problem> {
    let now = (terminal.now)();
    named_account(config, &options.account, now)?;
    let Some(store) = database::open(config, now)? else {
        return Err(not_running());
    };
    let api_call = options.speed.and_then(Speed::new).map_or(ApiCall::SpeedGet, ApiCall::SpeedSet);
    let order = Order {
        account: options.account.clone(),
        api_calls: vec![(api_call, None)],
        job: None,
        notes: Vec::new(),
    };
    give((store, config), order, (DecidedBy { who, why: None }, options.wait), terminal)
}

/// Shows the menu that followers see, or that one of them sees.
pub(super) fn menu(
    options: &MenuOptions,
    config: &Config,
    who: &str,
    terminal: &mut Terminal<'_>,
) -> Result<Answer, Problem> {
    let now = (terminal.now)();
    named_account(config, &options.account, now)?;
    let Some(store) = database::open(config, now)? else {
        return Err(not_running());
    };
    let viewer = options.viewer.clone();
    let order = Order {
        account: options.account.clone(),
        api_calls: vec![(
            viewer.map_or(ApiCall::MenuRead { needed: false }, ApiCall::MenuTry),
            None,
        )],
        job: None,
        notes: Vec::new(),
    };
    give((store, config), order, (DecidedBy { who, why: None }, options.wait), terminal)
}

fn open(
    job: &str,
    config: &Config,
    terminal: &Terminal<'_>,
) -> Result<(Store, JobId, JobView), Problem> {
    let store = database::open(config, (terminal.now)())?;
    let (Some(store), Some(id)) = (store, JobId::parse(job)) else {
        return Err(Problem::No(t!("cli-unknown-job", id = text::visible(job))));
    };
    let tx = store.read();
    let view = tx.job_view(id.as_str())?.ok_or_else(|| unknown_job(&tx, id.as_str()))?;
    same_account(&tx, config, &view.account)?;
    Ok((store, id, view))
}

fn not_running() -> Problem {
    Problem::No(t!("call-no-daemon"))
}

/// Returns that nothing can be asked without a daemon.
pub(super) fn no_daemon() -> Problem {
    Problem::No(t!("cli-only-daemon-asks"))
}

/// Stores what the daemon is to do, and waits for the outcome.
fn give(
    (mut store, config): (Store, &Config),
    order: Order<'_>,
    (said, wait): (DecidedBy<'_>, Wait),
    terminal: &mut Terminal<'_>,
) -> Result<Answer, Problem> {
    let now = (terminal.now)();
    if !wait.no_wait && daemon::running(&config.state_dir).is_none() {
        return Err(not_running());
    }
    let Order { account, api_calls, job, notes } = order;
    let ids = store.transaction(|tx| {
        may_ask(tx, config, &account)?;
        let write = |(api_call, batch): &(ApiCall, Option<i64>)| {
            let new = NewApiCall {
                account: &account,
                api_call,
                role: Role::Command,
                job,
                batch: *batch,
                said: Some(said),
            };
            Ok(tx.write_api_call(&new, now)?)
        };
        api_calls.iter().map(write).collect::<Result<Vec<i64>, Problem>>()
    })?;
    let api_calls = if wait.no_wait { views(&store, &ids)? } else { outcome(&store, &ids)? };
    let done = api_calls.iter().all(|api_call| api_call.state == "done");
    let view = ApiCallsView { account, api_calls, notes };
    let kept = wait.no_wait;
    terminal.answer(wait.json, &view, |page, view| render(page, view, kept))?;
    Ok(if done || kept { Answer::Yes } else { Answer::No })
}

/// Makes sure that requests are made for an account.
fn may_ask(tx: &Tx<'_>, config: &Config, account: &str) -> Result<(), Problem> {
    let appid = &same_account(tx, config, account)?.appid;
    tx.identify(account, appid)?;
    if let Some((_, why, advice)) = tx.stops(account)?.paused {
        return Err(Problem::No(t!(
            "call-paused",
            account = account,
            why = reason::sentence(&why),
            advice = told::of_pause(&advice, account)
        )));
    }
    Ok(())
}

/// What asks the daemon, for one account, something that a command needs itself.
pub(super) struct Asking<'a> {
    pub(super) store: &'a mut Store,
    pub(super) config: &'a Config,
    pub(super) account: &'a str,
    pub(super) who: &'a str,
}

impl Asking<'_> {
    /// Stores one call, and waits for its outcome.
    pub(super) fn ask(
        &mut self,
        api_call: &ApiCall,
        now: DateTime<Utc>,
    ) -> Result<ApiCallView, Problem> {
        let Self { store, config, account, who } = self;
        if daemon::running(&config.state_dir).is_none() {
            return Err(no_daemon());
        }
        let id = store.transaction(|tx| {
            may_ask(tx, config, account)?;
            let new = NewApiCall {
                account,
                api_call,
                role: Role::Command,
                job: None,
                batch: None,
                said: Some(DecidedBy { who, why: None }),
            };
            Ok::<_, Problem>(tx.write_api_call(&new, now)?)
        })?;
        let views = outcome(store, &[id])?;
        let view = views.into_iter().next();
        view.ok_or_else(|| Problem::Store(StoreError::Conflict("a call is gone".to_owned())))
    }
}

fn views(store: &Store, ids: &[i64]) -> Result<Vec<ApiCallView>, Problem> {
    let tx = store.read();
    let mut views = Vec::new();
    for id in ids {
        views.extend(tx.api_call_view(*id)?);
    }
    Ok(views)
}

/// Waits until the daemon has stored the outcome, or for 30 s.
fn outcome(store: &Store, ids: &[i64]) -> Result<Vec<ApiCallView>, Problem> {
    let runtime = wait::runtime()?;
    for _ in 0..LOOKS {
        let views = views(store, ids)?;
        if views.iter().all(|view| view.ended.is_some()) {
            return Ok(views);
        }
        wait::pause(&runtime, LOOK_EVERY);
    }
    views(store, ids)
}

fn render(page: &mut Page, view: &ApiCallsView, kept: bool) {
    for api_call in &view.api_calls {
        let (tone, line) = told(api_call, kept);
        page.lines(tone, 0, &line);
    }
    for note in &view.notes {
        page.lines(Tone::Warn, 0, note);
    }
    let menus = view.api_calls.iter().filter(|api_call| is_question_for_menu(api_call));
    for answer in menus.map(|api_call| &api_call.answer).filter(|answer| !answer.is_null()) {
        page.blank_line();
        menus::list(page, &answer["menu"]);
    }
    let asked = view.api_calls.iter().find(|api_call| api_call.kind == "speed_get");
    if let Some(speed) = asked.and_then(|api_call| api_call.answer["speed"].as_i64()) {
        page.blank_line();
        speeds(page, speed);
    }
}

fn is_question_for_menu(api_call: &ApiCallView) -> bool {
    matches!(api_call.kind.as_str(), "menu_read" | "menu_try")
}

fn told(api_call: &ApiCallView, kept: bool) -> (Tone, String) {
    let call = capital(&stored::api_call(&api_call.what));
    let said = api_call.why.as_ref().map(reason::sentence);
    let why = said.unwrap_or_else(|| t!("show-no-answer-yet"));
    match api_call.state.as_str() {
        "done" => (Tone::Good, done(api_call, call)),
        "failed" => (Tone::Alarm, t!("call-failed", call = call, why = why)),
        _ if kept => (Tone::Plain, t!("call-kept", call = call)),
        _ => (Tone::Warn, t!("call-not-yet", call = call, why = why)),
    }
}

fn done(api_call: &ApiCallView, call: String) -> String {
    match api_call.kind.as_str() {
        "delete" => t!("call-deleted", call = call),
        "speed_get" => {
            let speed = &api_call.answer["speed"];
            match api_call.answer["realspeed"].as_i64() {
                Some(real) => t!("call-speed-real", speed = %speed, real = %real),
                None => t!("call-speed", speed = %speed),
            }
        }
        _ if is_question_for_menu(api_call) => t!("call-answered", call = call),
        _ => t!("call-taken", call = call),
    }
}

/// Writes the documents' table; the platform's own figures may differ from it.
fn speeds(page: &mut Page, present: i64) {
    let columns = [(t!("call-head-speed"), 5), (t!("call-head-followers"), 0), (String::new(), 7)];
    let mut table = Table::new(&columns);
    for speed in Speed::ALL {
        let is_present = speed.level() == present;
        let tone = if is_present { Tone::Good } else { Tone::Plain };
        table.row(vec![
            Cell::new(tone, &speed.level().to_string()),
            Cell::new(tone, &text::count(speed.a_minute().into())),
            Cell::new(tone, &if is_present { t!("call-present") } else { String::new() }),
        ]);
    }
    page.table(2, &table);
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}
