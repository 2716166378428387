//! `qrcodes`: the codes that were made for an account, and what they brought.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use clap::Args;
use serde::Serialize;

use super::text::{self, Cell, Page, Table, Tone};
use super::{Json, Problem, Terminal, database, lookup};
use crate::config::Config;
use crate::l10n::t;
use crate::model::Account;
use crate::plan::Job;
use crate::quota::Rule;
use crate::store::{CodeRow, CodesProgress, ScanCount, StoreError, Tx};

/// Permanent codes from which on `check` warns, in percent of the limit.
const FEW_LEFT_PERCENT: u64 = 90;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The account's name
    #[arg(value_name = "ACCOUNT")]
    account: String,
    #[command(flatten)]
    json: Json,
}

/// The whole answer.
#[derive(Debug, Serialize)]
struct CodesView {
    account: String,
    /// The folder of all pictures.
    folder: String,
    codes: Vec<CodeView>,
}

/// The codes of one scene: the last that was made.
#[derive(Debug, Serialize)]
struct CodeView {
    scene: String,
    /// How the code was made; left out if another program made it.
    #[serde(flatten)]
    made: Option<CodeRow>,
    subscribed: i64,
    scanned: i64,
    days: Vec<ScanCount>,
}

/// Lists the codes of one account.
pub(super) fn run(
    options: &Options,
    config: &Config,
    terminal: &mut Terminal<'_>,
) -> Result<(), Problem> {
    let now = (terminal.now)();
    let name = options.account.as_str();
    if lookup::account(config, name).is_none() {
        return Err(lookup::unknown_account(config, name, now));
    }
    let view = match database::open(config, now)? {
        Some(store) => read(&store.read(), config, name)?,
        None => CodesView { account: name.to_owned(), folder: folder(config), codes: Vec::new() },
    };
    terminal.answer(options.json, &view, |page, view| render(page, view, now))
}

fn folder(config: &Config) -> String {
    config.state_dir.join("qrcodes").display().to_string()
}

fn read(tx: &Tx<'_>, config: &Config, name: &str) -> Result<CodesView, Problem> {
    let mut scenes: BTreeMap<String, (Option<CodeRow>, Vec<ScanCount>)> = BTreeMap::new();
    for row in tx.codes(name, None)? {
        let scene = row.scene.clone();
        scenes.entry(scene).or_default().0 = Some(row);
    }
    for count in tx.scans(name)? {
        scenes.entry(count.scene.clone()).or_default().1.push(count);
    }
    let codes = scenes.into_iter().map(|(scene, (made, days))| CodeView {
        scene,
        made,
        subscribed: days.iter().map(|day| day.subscribed).sum(),
        scanned: days.iter().map(|day| day.scanned).sum(),
        days,
    });
    Ok(CodesView { account: name.to_owned(), folder: folder(config), codes: codes.collect() })
}

fn render(page: &mut Page, view: &CodesView, now: DateTime<Utc>) {
    if view.codes.is_empty() {
        let line = t!("qrcodes-none", account = view.account.as_str());
        return page.lines(Tone::Quiet, 0, &line);
    }
    let columns = [
        (t!("qrcodes-head-scene"), 0),
        (t!("qrcodes-head-job"), 24),
        (t!("qrcodes-head-expires"), 26),
        (t!("qrcodes-head-followed"), 9),
        (t!("qrcodes-head-scanned"), 9),
        (t!("qrcodes-head-picture"), 30),
    ];
    let mut table = Table::new(&columns).right(&[3, 4]);
    for code in &view.codes {
        let made = code.made.as_ref();
        let (tone, expires) = expires(made, now);
        let elsewhere = || t!("qrcodes-elsewhere");
        let job = made.map_or_else(elsewhere, |made| made.job.clone().unwrap_or_default());
        let file = made.and_then(|made| made.file.as_deref()).unwrap_or_default();
        table.row(vec![
            Cell::plain(&text::visible(&code.scene)),
            Cell::plain(&job),
            Cell::new(tone, &expires),
            Cell::plain(&text::count(code.subscribed.unsigned_abs())),
            Cell::plain(&text::count(code.scanned.unsigned_abs())),
            Cell::plain(file),
        ]);
        if made.is_some_and(|made| made.requests > 1) {
            table.note(Tone::Quiet, &t!("qrcodes-one-more"));
        }
    }
    page.table(0, &table);
    page.blank_line();
    page.lines(Tone::Quiet, 0, &t!("qrcodes-pictures", folder = view.folder.as_str()));
}

fn expires(made: Option<&CodeRow>, now: DateTime<Utc>) -> (Tone, String) {
    let Some(made) = made else { return (Tone::Quiet, String::new()) };
    let at = made.expires_at.as_deref().map(DateTime::parse_from_rfc3339);
    match at {
        None => (Tone::Plain, t!("qrcodes-never")),
        Some(Err(_)) => (Tone::Warn, t!("qrcodes-unknown")),
        Some(Ok(at)) if at <= now => (Tone::Quiet, t!("qrcodes-expired")),
        Some(Ok(at)) => (Tone::Plain, text::time(at.to_utc())),
    }
}

/// Writes how far a job of many codes is, and where its pictures are.
/// How wide the labels are.
const LABEL: usize = 10;

pub(super) fn progress(page: &mut Page, codes: &CodesProgress, pictures: &str) {
    page.blank_line();
    page.heading(&t!("qrcodes-heading"));
    let made = t!(
        "qrcodes-made",
        made = text::count(codes.made as u64),
        all = text::count(codes.all as u64)
    );
    let tone = if codes.made == codes.all { Tone::Good } else { Tone::Plain };
    page.labelled(tone, 2, &text::pad(&t!("qrcodes-label-made"), LABEL), &made);
    if codes.asked_again > 0 {
        let again = t!("qrcodes-repeated", count = text::count(codes.asked_again as u64));
        page.labelled(Tone::Warn, 2, &text::pad(&t!("qrcodes-label-repeated"), LABEL), &again);
    }
    let label = text::pad(&t!("qrcodes-label-pictures"), LABEL);
    page.raw(&format!("  {label}{pictures}/{}", codes.folder));
}

/// Returns a warning if few permanent codes are left once a job has its own.
pub(super) fn few_left(
    tx: &Tx<'_>,
    (job, account): (&Job, &Account),
    now: DateTime<Utc>,
) -> Result<Option<String>, StoreError> {
    if job.demand.codes == 0 {
        return Ok(None);
    }
    let rules = tx.rules(account, now)?;
    let Some(rule) = rules.iter().find(|rule| rule.rule == Rule::PermanentQrcodes) else {
        return Ok(None);
    };
    let owned = u64::from(rule.used) + u64::from(rule.claimed);
    let limit = u64::from(rule.limit);
    Ok((owned * 100 >= limit * FEW_LEFT_PERCENT)
        .then(|| t!("qrcodes-few-left", owned = text::count(owned), limit = text::count(limit))))
}
