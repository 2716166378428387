//! The config changes while the daemon is down, or is read again by it: accounts get other names or other appids, and leave.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use qunfa::config::TokenSource;
use qunfa::engine::{AcceptedFile, Owner, why_barred};
use qunfa::model::Account;

use super::{Kept, World};

/// What an account's config is made of, each time the daemon starts.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) account: Account,
    pub(crate) token: TokenSource,
    pub(crate) callback: bool,
    /// Whether events come encrypted, so that nobody can forge them.
    pub(crate) safe: bool,
    /// The appid that its name meant before.
    pub(crate) replaces: Option<String>,
    /// Whether it is in the config.
    pub(crate) configured: bool,
    /// The appid that the config has for it by mistake.
    pub(crate) mistake: Option<String>,
    /// What it was named first.
    pub(super) first_name: String,
}

impl Setup {
    /// The account as the config has it, if it does.
    pub(crate) fn as_configured(&self) -> Option<Account> {
        let appid = self.mistake.as_ref().unwrap_or(&self.account.appid).clone();
        self.configured.then(|| Account { appid, ..self.account.clone() })
    }
}

impl World {
    /// Changes the config: the daemon restarts with it, or reads it again.
    fn change_config(&mut self, change: impl FnOnce(&mut Self)) {
        if self.reloads && self.engine.is_some() {
            change(self);
            self.reload();
        } else {
            self.crash(TimeDelta::seconds(2));
            change(self);
        }
    }

    /// Lets the daemon read the config again.
    pub(crate) fn reload(&mut self) {
        let (accounts, _) = self.configs();
        let now = self.now();
        self.say("the daemon reads the config again");
        self.count("config read again");
        self.tell_mistakes();
        self.engine().reload(&accounts, now).unwrap();
        let numbered = self.engine().numbered_accounts();
        let numbered: Vec<_> =
            numbered.map(|(number, config)| (number, config.account.appid.clone())).collect();
        for (number, appid) in numbered {
            let has_it =
                |setup: &Setup| setup.as_configured().is_some_and(|account| account.appid == appid);
            let index = self.accounts.iter().position(has_it).expect("it is in the config");
            match self.sessions.get_mut(number) {
                Some(session) => *session = index,
                None => self.sessions.push(index),
            }
        }
        self.look();
    }

    /// Tells the referee which appids the config has by mistake.
    pub(super) fn tell_mistakes(&mut self) {
        let mistakes = self.accounts.iter().filter(|setup| setup.configured);
        self.oracle.mistakes(mistakes.filter_map(|setup| setup.mistake.clone()).collect());
    }

    /// Gives accounts other names.
    pub(crate) fn rename(&mut self, names: &[(usize, &str)]) {
        self.change_config(|world| {
            for (index, name) in names {
                let setup = &mut world.accounts[*index];
                let said = format!("{} is named {name} in the config", setup.account.name);
                setup.account.name = (*name).to_owned();
                let account = setup.account.clone();
                world.oracle.ensure_account(&account);
                world.say(&said);
            }
        });
    }

    /// The config has another appid for a name, or the right one again.
    pub(crate) fn mistake(&mut self, index: usize, appid: Option<&str>) {
        self.change_config(|world| {
            world.accounts[index].mistake = appid.map(str::to_owned);
            let name = &world.accounts[index].account.name;
            world.say(&format!("the config has {appid:?} for {name}"));
        });
    }

    /// The config has an account no more, or again.
    pub(crate) fn configure(&mut self, index: usize, configured: bool) {
        self.change_config(|world| {
            world.accounts[index].configured = configured;
            let name = &world.accounts[index].account.name;
            world.say(&format!("{name} is in the config: {configured}"));
        });
    }

    /// The config has every account as it is.
    pub(crate) fn mend_config(&mut self) {
        let is_wrong = |setup: &Setup| !setup.configured || setup.mistake.is_some();
        if !self.accounts.iter().any(is_wrong) {
            return;
        }
        self.change_config(|world| {
            for setup in &mut world.accounts {
                (setup.configured, setup.mistake) = (true, None);
            }
            world.say("the config is right again");
        });
    }

    /// The config says that a name meant another account before.
    pub(crate) fn replaces(&mut self, index: usize, appid: &str) {
        self.accounts[index].replaces = Some(appid.to_owned());
    }

    /// What an account is named now that had this name first.
    pub(crate) fn present_name(&self, first: &str) -> String {
        let setup = self.accounts.iter().find(|setup| setup.first_name == first);
        setup.map_or_else(|| first.to_owned(), |setup| setup.account.name.clone())
    }

    /// The account that a person's command is about, as the command finds it in the config.
    pub(crate) fn spoken_for(&mut self, name: &str) -> Result<Account, String> {
        let configured: Vec<_> = self.accounts.iter().filter_map(Setup::as_configured).collect();
        let account = configured.into_iter().find(|account| account.name == name);
        let account = account.ok_or_else(|| format!("account {name} is not in the config"))?;
        match why_barred(&self.engine().store().read(), &account).unwrap() {
            Some(why) => Err(why),
            None => Ok(account),
        }
    }

    /// The session that an account's events come to, if its listener lets them in.
    pub(super) fn listens(&self, index: usize) -> Option<usize> {
        let setup = &self.accounts[index];
        let wrong = !setup.configured || setup.safe && setup.mistake.is_some();
        self.sessions.iter().position(|session| *session == index).filter(|_| !wrong)
    }

    /// What lies in `accepted/`, as the daemon reads it: by what the names meant.
    pub(super) fn read_back(&self) -> Vec<AcceptedFile> {
        let present = |appid: &String| {
            let configured = self.accounts.iter().filter_map(Setup::as_configured);
            configured.into_iter().find(|account| account.appid == *appid).map(|found| found.name)
        };
        let read = |(file, names): &Kept| {
            let name_of = |name: &String| names.get(name).and_then(present);
            read_under(file, &name_of, names)
        };
        self.accepted.iter().map(read).collect()
    }
}

fn read_under(
    file: &AcceptedFile,
    name_of: &dyn Fn(&String) -> Option<String>,
    names: &BTreeMap<String, String>,
) -> AcceptedFile {
    let mut file = file.clone();
    let known = |name: &String| !names.contains_key(name) || name_of(name).is_some();
    // A job of an account that the config lacks cannot be read, but for its id.
    file.jobs.retain(|(spec, _)| known(&spec.account));
    file.series.retain(|series| known(&series.job.account));
    let specs = file.jobs.iter_mut().map(|(spec, _)| spec);
    for spec in specs.chain(file.series.iter_mut().map(|series| &mut series.job)) {
        spec.account = name_of(&spec.account).unwrap_or_else(|| spec.account.clone());
    }
    for (_, owner) in &mut file.ids {
        let Owner::Named(name) = &*owner else { continue };
        *owner = match (name_of(name), names.get(name)) {
            (Some(now), _) => Owner::Named(now),
            (None, Some(appid)) => Owner::Gone { name: name.clone(), appid: appid.clone() },
            (None, None) => continue,
        };
    }
    file
}
