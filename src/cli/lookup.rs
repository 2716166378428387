//! Finds what an operator named (an account, a job or a series), and the answers about unknown
//! names.

use chrono::{DateTime, Utc};

use super::{Problem, database, text};
use crate::config::Config;
use crate::engine;
use crate::model::{Account, JobId};
use crate::store::{Series, Tx};
use crate::text::reason;

/// Returns the answer about an account that the config does not have.
pub(super) fn unknown_account(config: &Config, name: &str, now: DateTime<Utc>) -> Problem {
    // Without a database nothing more is known.
    let store = database::open(config, now).ok().flatten();
    store
        .and_then(|store| left_out(&store.read(), name).ok().flatten())
        .map_or_else(|| not_in(config, name), Problem::No)
}

/// Returns what the database has about an account that the config does not have.
fn left_out(tx: &Tx<'_>, name: &str) -> Result<Option<String>, Problem> {
    if let Some(new) = tx.now_named(name)? {
        return Ok(Some(format!("account {name} is named {new} now")));
    }
    let (why, advice) = engine::unconfigured(name);
    let why = reason::sentence(&why);
    Ok(tx.has_jobs(name)?.then(|| format!("{why}; {advice}")))
}

fn not_in(config: &Config, name: &str) -> Problem {
    let names: Vec<_> = config.accounts.iter().map(|a| a.account.name.as_str()).collect();
    let (name, names) = (text::visible(name), names.join(", "));
    Problem::No(format!("there is no account {name}; the config has {names}"))
}

/// Returns the account that an operator named.
pub(super) fn named_account<'c>(
    config: &'c Config,
    name: &str,
    now: DateTime<Utc>,
) -> Result<&'c Account, Problem> {
    account(config, name).ok_or_else(|| unknown_account(config, name, now))
}

/// Returns the account of the config that a name means in the database.
///
/// The config may have been changed since the daemon was started with it: a command about one
/// account must not be applied to another.
pub(super) fn same_account<'c>(
    tx: &Tx<'_>,
    config: &'c Config,
    name: &str,
) -> Result<&'c Account, Problem> {
    let known = tx.known_accounts()?;
    let appid = known.iter().find(|row| row.name == name).and_then(|row| row.appid.as_deref());
    let Some(account) = account(config, name) else {
        let renamed = config.accounts.iter().find(|other| Some(&*other.account.appid) == appid);
        return Err(match renamed {
            Some(new) => moves(name, &new.account.name),
            None => left_out(tx, name)?.map_or_else(|| not_in(config, name), Problem::No),
        });
    };
    if let Some(why) = engine::why_barred(tx, account)? {
        return Err(Problem::No(why));
    }
    let other = known.iter().find(|row| row.appid.as_ref() == Some(&account.appid));
    match (other, appid) {
        (Some(other), _) if other.name != name => Err(moves(&other.name, name)),
        (None, Some(known)) => Err(Problem::No(format!(
            "the config gives {name} the appid {}, and the database knows it as {known}: put that one \
             back, or restart the daemon, which says what else can be done",
            account.appid
        ))),
        (Some(_) | None, _) => Ok(account),
    }
}

/// Returns the account of a job to cancel, which may be one that is not in the config.
pub(super) fn to_cancel(tx: &Tx<'_>, config: &Config, name: &str) -> Result<Account, Problem> {
    if tx.is_barred(name)? {
        return Ok(Account::undescribed(name));
    }
    same_account(tx, config, name).cloned()
}

fn moves(old: &str, new: &str) -> Problem {
    Problem::No(format!(
        "the config has account {old} as {new} now: restart the daemon, which moves it"
    ))
}

pub(super) fn account<'c>(config: &'c Config, name: &str) -> Option<&'c Account> {
    config.accounts.iter().map(|account| &account.account).find(|account| account.name == name)
}

/// Returns the series of this id, if there is one.
pub(super) fn find_series(tx: &Tx<'_>, id: &str) -> Result<Option<Series>, Problem> {
    match JobId::parse(id) {
        Some(id) => Ok(tx.series(&id)?),
        None => Ok(None),
    }
}

pub(super) fn unknown(id: &str) -> String {
    format!("no job has the id {}", text::visible(id))
}

/// Returns the answer about an unknown id, with the ids that may be meant.
pub(super) fn unknown_job(tx: &Tx<'_>, id: &str) -> Problem {
    if let Ok(Some(words)) = instead(tx, id) {
        return Problem::No(words);
    }
    // Suggestions are optional: without them the answer is the same.
    let similar = tx.similar_ids(id).unwrap_or_default();
    match similar.as_slice() {
        [] => Problem::No(format!("{}; `qunfa jobs` lists them", unknown(id))),
        ids => Problem::No(format!("{}; there is {}", unknown(id), ids.join(", "))),
    }
}

/// Returns the answer about an id that is a series', or a date's without a job.
fn instead(tx: &Tx<'_>, id: &str) -> Result<Option<String>, Problem> {
    if let Some(series) = find_series(tx, id)? {
        let waiting = tx.occurrences_waiting(&series.job.id)?;
        let dates: Vec<_> = waiting.iter().take(3).map(|(job, _)| job.to_string()).collect();
        return Ok(Some(match dates.as_slice() {
            [] => format!("{id} is a series, and no date of it waits; this is said of one date"),
            dates => format!("{id} is a series; say it of one of its dates: {}", dates.join(", ")),
        }));
    }
    let Some((series, _)) = id.rsplit_once('@') else { return Ok(None) };
    Ok(find_series(tx, series)?.map(|series| {
        let name = &series.job.id;
        format!(
            "no job has the id {}: series {name} has no such date, or it is not planned yet; \
             `qunfa show {name}` lists them",
            text::visible(id)
        )
    }))
}
