//! Matches the config's accounts with the database's accounts: by appid, whatever their names.
//!
//! An account that the config gives another name keeps everything under the new one. A name that
//! the config gives to another appid is *mistaken*: what is stored under it was planned for other
//! readers, so all of it is barred until the operator corrects the config. What the config does not
//! contain at all is barred too. Nothing else is decided here: unused names stay for ever.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::session::Standing;
use super::{Session, raise_alert};
use crate::config::AccountConfig;
use crate::model::Account;
use crate::reason::Reason;
use crate::store::{Bar, KnownAccount, StoreError, Tx};
use crate::text::reason;

/// One account of the config.
#[derive(Clone, Copy, Debug)]
struct Configured<'a> {
    name: &'a str,
    appid: &'a str,
    /// The appid that the name meant before, if the config says that it is another account now.
    replaces: Option<&'a str>,
}

impl<'a> Configured<'a> {
    fn of(config: &'a AccountConfig) -> Self {
        let Account { name, appid, .. } = &config.account;
        Self { name, appid, replaces: config.replaces.as_deref() }
    }
}

fn configured(sessions: &[Session]) -> Vec<Configured<'_>> {
    let is_configured = |session: &&Session| session.standing != Standing::Removed;
    sessions.iter().filter(is_configured).map(|one| Configured::of(&one.config)).collect()
}

/// Updates the database's names from the config, and bars what the config does not contain.
pub(super) fn recognise(
    tx: &Tx<'_>,
    sessions: &mut [Session],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let config = configured(sessions);
    identify(tx, &config)?;
    let known = tx.known_accounts()?;
    let moves = moves(&known, &config);
    for (old, new) in &moves {
        tracing::warn!("account {old} is named {new} from now on: all that is known of it follows");
    }
    tx.rename_accounts(&moves)?;
    let known = if moves.is_empty() { known } else { tx.known_accounts()? };
    let rows = by_name(&known);
    for session in sessions.iter_mut() {
        let Account { name, appid, .. } = &session.config.account;
        if session.standing == Standing::Removed {
            // What is under way is settled under the name that its rows have now.
            if let Some(name) = tx.name_of(appid)? {
                session.config.account.name = name;
            }
            continue;
        }
        let row = rows.get(name.as_str()).copied();
        session.standing = Standing::Configured;
        let barred = match row {
            Some(row) if is_other(row, appid) => {
                session.standing = Standing::Mistaken;
                bar_mistaken(tx, row, appid, now)?;
                continue;
            }
            Some(_) => tx.unbar(name)?,
            None => false,
        };
        tx.register_account(&session.config.account, now)?;
        tx.identify(name, appid)?;
        if tx.take_stale_schedule(name)? || barred {
            // The places of jobs that ended meanwhile are free.
            tx.replan(&session.config.account, now)?;
        }
    }
    let names: HashSet<_> = configured(sessions).iter().map(|account| account.name).collect();
    for gone in known.iter().filter(|known| !names.contains(known.name.as_str())) {
        let (why, advice) = unconfigured(&gone.name);
        tx.bar(&gone.name, Bar { why: &why, advice: &advice }, now)?;
    }
    Ok(())
}

/// Returns why nothing is taken or stored for an account of the config: its name belongs to another
/// one in the database. None if it does not.
///
/// # Errors
/// If the store fails.
pub fn why_barred(tx: &Tx<'_>, account: &Account) -> Result<Option<String>, StoreError> {
    if tx.appid_of(&account.name)?.as_ref() == Some(&account.appid) {
        return Ok(None);
    }
    let stops = tx.stops(&account.name)?;
    let barred = stops.paused.filter(|_| stops.barred);
    Ok(barred.map(|(_, why, advice)| format!("{}; {advice}", reason::sentence(&why))))
}

/// Raises alerts about names that the config gives to other accounts.
pub(super) fn alert_mistaken_accounts(
    tx: &Tx<'_>,
    sessions: &[Session],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let is_mistaken = |session: &&Session| session.standing == Standing::Mistaken;
    for session in sessions.iter().filter(is_mistaken) {
        let name = &session.config.account.name;
        if let Some((_, why, advice)) = tx.stops(name)?.paused {
            let code = why.code();
            let why = reason::sentence(&why);
            tracing::error!(reason = code, "{why}");
            raise_alert(tx, name, ("appid", &why, &advice), now)?;
        }
    }
    Ok(())
}

/// Returns the reason and the advice for an account that the config does not contain.
pub fn unconfigured(name: &str) -> (Reason, String) {
    (
        Reason::NotInConfig { account: name.to_owned() },
        "put the account back into the config, under this name or another, and reload the daemon; \
         or cancel its jobs"
            .to_owned(),
    )
}

fn bar_mistaken(
    tx: &Tx<'_>,
    row: &KnownAccount,
    appid: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let name = &row.name;
    let advice = match &row.appid {
        Some(known) => {
            format!(
                "put {known} back into the config; or give {appid} another name there; or, if {name} \
                 is to mean {appid} from now on, write `replaces_appid: {known}` below it: then the jobs \
                 of {known} stay behind, under another name. Then reload the daemon"
            )
        }
        None => {
            format!(
                "put the earlier appid back into the config; or cancel the waiting jobs of {name} \
                 (`qunfa jobs --account {name}`). Then reload the daemon"
            )
        }
    };
    let (account, appid, known) = (name.clone(), appid.to_owned(), row.appid.clone());
    let why = Reason::AppidChanged { account, appid, known };
    tx.bar(name, Bar { why: &why, advice: &advice }, now)
}

/// Finds the appids of the accounts that an earlier version identified by name alone.
fn identify(tx: &Tx<'_>, config: &[Configured<'_>]) -> Result<(), StoreError> {
    let known = tx.known_accounts()?;
    let mut taken: HashSet<String> = known.iter().filter_map(|row| row.appid.clone()).collect();
    let appids: Vec<_> = config
        .iter()
        .flat_map(|account| [Some(account.appid), account.replaces])
        .flatten()
        .collect();
    let by_name: HashMap<_, _> = config.iter().map(|account| (account.name, account)).collect();
    let configured = |row: &KnownAccount| by_name.get(row.name.as_str()).copied();
    let mut nameless: Vec<_> = known.iter().filter(|row| row.appid.is_none()).collect();
    nameless.sort_by_key(|row| configured(row).is_none());
    for row in nameless {
        let own = match configured(row) {
            Some(account) if !tx.was_planned_for_another(&row.name, account.appid)? => {
                Some(account.appid.to_owned())
            }
            Some(_) | None => tx.planned_for(&row.name, &appids)?,
        };
        if let Some(appid) = own.filter(|appid| !taken.contains(appid)) {
            tx.identify(&row.name, &appid)?;
            taken.insert(appid);
        }
    }
    Ok(())
}

fn by_name(known: &[KnownAccount]) -> HashMap<&str, &KnownAccount> {
    known.iter().map(|row| (row.name.as_str(), row)).collect()
}

/// Returns whether what is stored under a name belongs to another account than this one.
fn is_other(row: &KnownAccount, appid: &str) -> bool {
    row.appid.as_deref() != Some(appid)
}

/// Returns which names become which, so that each account has the name that the config gives it.
///
/// A name in use is taken only if its account leaves it too; otherwise the account that wants it
/// keeps its own name, and so on.
fn moves(known: &[KnownAccount], config: &[Configured<'_>]) -> BTreeMap<String, String> {
    let mut moves = BTreeMap::new();
    let rows = by_name(known);
    let owners: HashMap<_, _> =
        known.iter().filter_map(|row| Some((row.appid.as_deref()?, row))).collect();
    for account in config {
        if let Some(row) = owners.get(account.appid).filter(|row| row.name != account.name) {
            moves.insert(row.name.clone(), account.name.to_owned());
        }
    }
    for account in config {
        let Some(row) = rows.get(account.name) else { continue };
        let aside = match row.appid.as_deref() {
            Some(appid) => (account.replaces == Some(appid)).then_some(appid),
            // Its owner is unknown, and nothing of it is sent by itself.
            None => row.idle.then_some(account.name),
        };
        if let Some(name) = aside.filter(|_| !moves.contains_key(account.name)) {
            moves.insert(account.name.to_owned(), free_name(name, known, config));
        }
    }
    loop {
        let stays = |name: &str| rows.contains_key(name) && !moves.contains_key(name);
        let Some(blocked) = moves.iter().find(|(_, new)| stays(new)).map(|(old, _)| old.clone())
        else {
            return moves;
        };
        moves.remove(&blocked);
    }
}

/// Returns the name for an account that the config no longer contains: its own, unless another has
/// that.
pub(super) fn name_of_gone(
    tx: &Tx<'_>,
    sessions: &[Session],
    (name, appid): (&str, &str),
) -> Result<String, StoreError> {
    if let Some(known) = tx.name_of(appid)? {
        return Ok(known);
    }
    let known = tx.known_accounts()?;
    let config = configured(sessions);
    let is_free = free_name(name, &known, &config) == name;
    let name = if is_free { name.to_owned() } else { free_name(appid, &known, &config) };
    tx.identify(&name, appid)?;
    Ok(name)
}

/// Returns a name for an account that gives up its own: this one, or a similar one.
fn free_name(wanted: &str, known: &[KnownAccount], config: &[Configured<'_>]) -> String {
    let is_taken = |name: &String| {
        known.iter().any(|row| row.name == *name)
            || config.iter().any(|account| account.name == *name)
    };
    let numbered = (2..).map(|number| format!("{wanted}-{number}"));
    std::iter::once(wanted.to_owned())
        .chain(numbered)
        .find(|name| !is_taken(name))
        .unwrap_or_default()
}

/// Returns accounts under the names that they had before.
pub fn under_former_names<'a>(
    former: &[(String, String)],
    accounts: impl Iterator<Item = &'a Account> + Clone,
) -> Vec<Account> {
    let known = former.iter().filter_map(|(name, appid)| {
        let is_used = accounts.clone().any(|account| account.name == *name);
        let account = accounts.clone().find(|account| account.appid == *appid)?;
        (!is_used).then(|| Account { name: name.clone(), ..account.clone() })
    });
    known.collect()
}

/// Returns why a file may not name an account that the config has under another name or not at all.
///
/// # Errors
/// If the store fails.
pub fn why_not_named(tx: &Tx<'_>, name: &str) -> Result<String, StoreError> {
    Ok(match tx.now_named(name)? {
        Some(new) => format!("account {name} is named {new} now: write `account: {new}`"),
        None => format!("no account is named {name}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(rows: &[(&str, &str)]) -> Vec<KnownAccount> {
        let row = |(name, appid): &(&str, &str)| KnownAccount {
            name: (*name).to_owned(),
            appid: (!appid.is_empty()).then(|| (*appid).to_owned()),
            idle: false,
        };
        rows.iter().map(row).collect()
    }

    fn moved(
        rows: &[(&str, &str)],
        config: &[(&'static str, &'static str)],
    ) -> Vec<(String, String)> {
        let configured = |(name, appid): &(&'static str, &'static str)| Configured {
            name,
            appid,
            replaces: None,
        };
        let config: Vec<_> = config.iter().map(configured).collect();
        moves(&known(rows), &config).into_iter().collect()
    }

    fn names(moves: &[(&str, &str)]) -> Vec<(String, String)> {
        moves.iter().map(|(old, new)| ((*old).to_owned(), (*new).to_owned())).collect()
    }

    #[test]
    fn an_account_takes_the_name_that_the_config_gives_its_appid() {
        let two = [("a", "wxA"), ("b", "wxB")];
        for (rows, config, expected) in [
            (&two[..], &[("a", "wxA"), ("b", "wxB")][..], &[][..]),
            (&two, &[("c", "wxA"), ("b", "wxB")], &[("a", "c")]),
            (&two, &[("b", "wxA"), ("a", "wxB")], &[("a", "b"), ("b", "a")]),
            (&two, &[("b", "wxA"), ("c", "wxB")], &[("a", "b"), ("b", "c")]),
            (&two, &[("a", "wxA"), ("c", "wxC")], &[]),
        ] {
            assert_eq!(moved(rows, config), names(expected), "{config:?}");
        }
    }

    #[test]
    fn nobody_takes_the_name_of_an_account_that_keeps_it() {
        let three = [("a", "wxA"), ("b", "wxB"), ("c", "wxC")];
        for config in [
            // The account that has the name is not in the config any more.
            &[("b", "wxA")][..],
            // The same, with another waiting behind it.
            &[("b", "wxA"), ("a", "wxC")],
            // A name given to an appid that nobody knows, while its account wants one in use.
            &[("a", "wxX"), ("b", "wxA")],
        ] {
            assert_eq!(moved(&three, config), names(&[]), "{config:?}");
        }
        let nameless = [("a", "wxA"), ("b", "")];
        assert_eq!(moved(&nameless, &[("b", "wxA")]), names(&[]));
    }

    #[test]
    fn what_nobody_waits_for_gives_its_name_away() {
        let mut rows = known(&[("a", "wxA"), ("b", "")]);
        rows[1].idle = true;
        let config = [Configured { name: "b", appid: "wxA", replaces: None }];

        let moves: Vec<_> = moves(&rows, &config).into_iter().collect();

        assert_eq!(moves, names(&[("a", "b"), ("b", "b-2")]));
    }

    #[test]
    fn a_name_changes_hands_where_the_config_says_so() {
        let rows = known(&[("a", "wxA"), ("b", "wxB"), ("wxA", "wxZ")]);
        let config = [Configured { name: "a", appid: "wxB", replaces: Some("wxA") }];

        let moves: Vec<_> = moves(&rows, &config).into_iter().collect();

        assert_eq!(moves, names(&[("a", "wxA-2"), ("b", "a")]));
    }
}
