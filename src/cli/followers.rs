//! `followers`: how many users follow an account and have each tag, and when that was read.
//!
//! A request for a new reading is stored in the database, where the daemon finds it. The command
//! waits for the reading and reports its progress.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use serde::Serialize;

use super::text::{self, Cell, Page, Table, Tone};
use super::{Json, Problem, Terminal, database, lookup, wait};
use crate::calendar;
use crate::config::Config;
use crate::daemon;
use crate::l10n::t;
use crate::store::{FollowersView, Store};
use crate::text::{reason, stored};

/// How often the database is read while the daemon reads the followers.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How long a command waits for a reading.
const PATIENCE: TimeDelta = TimeDelta::minutes(10);

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The account's name
    #[arg(value_name = "ACCOUNT")]
    account: String,
    /// Let the daemon read them now, and wait for it
    #[arg(long)]
    refresh: bool,
    #[command(flatten)]
    json: Json,
}

/// The whole answer.
#[derive(Debug, Serialize)]
struct AccountView<'a> {
    account: &'a str,
    #[serde(flatten)]
    followers: FollowersView,
}

/// Shows the followers and tags of one account, read again if that is requested.
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
    let Some(mut store) = database::open(config, now)? else {
        return Err(never_read(name));
    };
    if options.refresh {
        refresh(name, config, &mut store, terminal)?;
    }
    let followers = store.read().followers_view(name)?;
    if followers.read_at.is_none() {
        return Err(match (&followers.under_way, &followers.failed) {
            (Some(how), _) => {
                Problem::No(t!("followers-being-read", account = *name, how = how.as_str()))
            }
            (None, Some(why)) => failed(name, why),
            (None, None) => never_read(name),
        });
    }
    let view = AccountView { account: name, followers };
    terminal.answer(options.json, &view, |page, view| render(page, view, now))
}

fn never_read(name: &str) -> Problem {
    Problem::No(t!("followers-never-read", account = name))
}

fn failed(name: &str, why: &str) -> Problem {
    Problem::No(t!("followers-failed", account = name, why = text::visible(&stored::failure(why))))
}

/// Stores a request for the daemon, and waits until it is done.
fn refresh(
    name: &str,
    config: &Config,
    store: &mut Store,
    terminal: &mut Terminal<'_>,
) -> Result<(), Problem> {
    let begun_at = (terminal.now)();
    let before = store.read().followers_view(name)?.last;
    store.transaction(|tx| {
        let account = lookup::same_account(tx, config, name)?;
        tx.identify(name, &account.appid)?;
        Ok::<_, Problem>(tx.request_sync(name, begun_at)?)
    })?;
    let runtime = wait::runtime()?;
    let mut told = String::new();
    loop {
        let view = store.read().followers_view(name)?;
        if view.last != before && view.under_way.is_none() {
            return match view.failed {
                Some(why) => Err(failed(name, &why)),
                None => Ok(()),
            };
        }
        if daemon::running(&config.state_dir).is_none() {
            return Err(Problem::No(t!("followers-no-daemon", account = name)));
        }
        if let Some(paused) = store.read().stops(name)?.paused {
            let why = text::visible(&reason::sentence(&paused.1));
            return Err(Problem::No(t!("followers-paused", account = name, why = why)));
        }
        if (terminal.now)() - begun_at > PATIENCE {
            return Err(Problem::No(t!("followers-later", account = name)));
        }
        let how = view.under_way.unwrap_or_default();
        if how != told {
            // The outcome is the same if nobody reads the remark.
            writeln!(terminal.remarks, "{name}: {how}").unwrap_or_default();
            told = how;
        }
        wait::pause(&runtime, LOOK_EVERY);
    }
}

/// How wide the labels are.
const LABEL: usize = 10;

fn render(page: &mut Page, view: &AccountView<'_>, now: DateTime<Utc>) {
    let AccountView { account, followers } = view;
    let count = |known: Option<u64>| text::count(known.unwrap_or(0));
    let (all, name) = (count(followers.followers), *account);
    let all = t!("followers-all", account = name, count = all);
    page.lines(Tone::Head, 0, &all);
    if let Some(at) = followers.read_at {
        let distance = text::distance(at, now);
        page.labelled(
            Tone::Plain,
            2,
            &text::pad(&t!("followers-label-read"), LABEL),
            &format!("{}, {distance}", calendar::beijing(at)),
        );
    }
    if followers.told > followers.followers {
        let told = t!("followers-told", count = count(followers.told));
        page.labelled(Tone::Warn, 2, &text::pad(&t!("followers-label-but"), LABEL), &told);
    }
    if let Some(how) = &followers.under_way {
        page.labelled(Tone::Plain, 2, &text::pad(&t!("followers-label-now"), LABEL), how);
    }
    if let Some(why) = &followers.failed {
        page.labelled(
            Tone::Warn,
            2,
            &text::pad(&t!("followers-label-last"), LABEL),
            &stored::failure(why),
        );
    }
    page.blank_line();
    if followers.tags.is_empty() {
        return page.lines(Tone::Quiet, 0, &t!("followers-no-tags"));
    }
    let mut table = Table::new(&[
        (t!("followers-head-tag"), 0),
        (t!("followers-head-name"), 60),
        (t!("followers-head-followers"), 11),
    ])
    .right(&[0, 2]);
    for tag in &followers.tags {
        table.row(vec![
            Cell::plain(&tag.id.to_string()),
            Cell::plain(&text::visible(&tag.name)),
            Cell::plain(&text::count(tag.followers)),
        ]);
        if tag.told > tag.followers {
            let told = t!("followers-told", count = text::count(tag.told));
            table.note(Tone::Warn, &told);
        }
    }
    page.table(0, &table);
}
