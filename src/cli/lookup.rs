//! Finds what an operator named (an account, a job or a series), and the answers about unknown
//! names.

use chrono::{DateTime, Utc};

use super::{Problem, database, text};
use crate::config::Config;
use crate::engine;
use crate::l10n::t;
use crate::model::{Account, JobId};
use crate::store::{Series, Tx};
use crate::text::{names, reason, told};

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
        return Ok(Some(t!("lookup-renamed", name = name, new = new)));
    }
    let (why, advice) = engine::unconfigured(name);
    let advice = told::of_pause(&advice, name);
    let why = reason::sentence(&why);
    Ok(tx.has_jobs(name)?.then(|| t!("lookup-left-out", why = why, advice = advice)))
}

fn not_in(config: &Config, name: &str) -> Problem {
    let all: Vec<_> = config.accounts.iter().map(|a| a.account.name.clone()).collect();
    let (name, all) = (text::visible(name), names::list(&all));
    Problem::No(t!("lookup-no-account", name = name, names = all))
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
        (None, Some(known)) => Err(Problem::No(t!(
            "lookup-other-appid",
            name = name,
            appid = %account.appid,
            known = known
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
    Problem::No(t!("lookup-moves", old = old, new = new))
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
    t!("lookup-unknown", id = text::visible(id))
}

/// Returns the answer about an unknown id, with the ids that may be meant.
pub(super) fn unknown_job(tx: &Tx<'_>, id: &str) -> Problem {
    if let Ok(Some(words)) = instead(tx, id) {
        return Problem::No(words);
    }
    // Suggestions are optional: without them the answer is the same.
    let similar = tx.similar_ids(id).unwrap_or_default();
    match similar.as_slice() {
        [] => Problem::No(t!("cli-unknown-job", id = text::visible(id))),
        ids => Problem::No(t!("lookup-similar", id = text::visible(id), ids = names::list(ids))),
    }
}

/// Returns the answer about an id that is a series', or a date's without a job.
fn instead(tx: &Tx<'_>, id: &str) -> Result<Option<String>, Problem> {
    if let Some(series) = find_series(tx, id)? {
        let waiting = tx.occurrences_waiting(&series.job.id)?;
        let dates: Vec<_> = waiting.iter().take(3).map(|(job, _)| job.to_string()).collect();
        return Ok(Some(match dates.as_slice() {
            [] => t!("lookup-no-date-waits", id = id),
            dates => t!("lookup-name-a-date", id = id, dates = names::list(dates)),
        }));
    }
    let Some((series, _)) = id.rsplit_once('@') else { return Ok(None) };
    Ok(find_series(tx, series)?
        .map(|series| t!("lookup-no-such-date", id = text::visible(id), series = %series.job.id)))
}
