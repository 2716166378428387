//! What is done to the daemon from outside: its clock, its machine and its database, and what
//! persons drop, say and send.

use chrono::{DateTime, TimeDelta, Utc};
use qunfa::engine::{AcceptedFile, IngestError, IngestedJob, Offered, Owner};
use qunfa::model::{Account, JobId, JobSpec, JobState};
use qunfa::store::{DateActions, DecidedBy, IngestOutcome, Resolution, Ruling};
use sha2::{Digest as _, Sha256};

use super::World;
use crate::disk::Disk;

pub(super) const SAID: DecidedBy<'_> = DecidedBy { who: "alice", why: None };
impl World {
    /// Steps the daemon's clock; it notices before its next pass.
    pub(crate) fn step_clock(&mut self, by: TimeDelta) {
        self.skew += by;
        self.say(&format!("the daemon's clock is stepped by {} s", by.num_seconds()));
        self.oracle.clock_stepped(self.at, self.engine.is_some());
        let now = self.now();
        if let Some(engine) = &mut self.engine {
            engine.clock_stepped(by, now).unwrap();
        }
    }

    /// Suspends the machine.
    pub(crate) fn suspend(&mut self, span: TimeDelta) {
        self.say(&format!("the machine is suspended for {} s", span.num_seconds()));
        let until = self.at + span;
        self.frozen_until = Some(until);
        self.oracle.clock_stepped(until, self.engine.is_some());
        self.plan(until, move |world| {
            world.frozen_until = None;
            let now = world.now();
            if let Some(engine) = &mut world.engine {
                engine.clock_stepped(span, now).unwrap();
            }
        });
    }

    /// Loses everything.
    pub(crate) fn lose_database(&mut self) {
        self.accepted.clear();
        self.lose_database_but_not_the_files();
    }

    /// Loses database and mark; the accepted files are still there.
    pub(crate) fn lose_database_but_not_the_files(&mut self) {
        self.crash(TimeDelta::seconds(2));
        self.disk = Disk::new(false);
        self.oracle.restored(DateTime::UNIX_EPOCH, self.at, &self.disk);
    }

    /// Drops a file with these jobs into the inbox.
    pub(crate) fn drop_file(&mut self, specs: &[JobSpec]) -> Result<Vec<IngestedJob>, IngestError> {
        let digest = Sha256::digest(specs.iter().map(JobSpec::digest).collect::<String>());
        let sha256 = qunfa::model::hex(&digest);
        let now = self.now();
        let none = DateActions::new();
        let offered: Vec<_> = specs
            .iter()
            .map(|spec| Offered { spec, recurrence: None, dated: &none, line: 1 })
            .collect();
        let taken = self.engine().ingest_file((&sha256, "jobs.yaml"), &offered, now);
        let taken = taken.map(|taken| taken.jobs);
        if let Ok(jobs) = &taken {
            let edited = |job: &&IngestedJob| {
                matches!(job.taken, IngestOutcome::Updated | IngestOutcome::Anew(_))
            };
            for job in jobs.iter().filter(edited) {
                self.oracle.edited(job.id.as_str());
            }
            self.disk.mark = Some(self.engine().mark().clone());
            for spec in specs {
                self.oracle.know_job(spec);
            }
            let first = self.first_taken(&sha256).unwrap_or(now);
            self.remember(AcceptedFile {
                name: "jobs.yaml".to_owned(),
                sha256,
                taken_at: first,
                accepted_at: now,
                jobs: specs.iter().map(|spec| (spec.clone(), 1)).collect(),
                series: Vec::new(),
                ids: specs.iter().map(id_of).collect(),
            });
        }
        self.look();
        taken
    }

    /// The file that came last was known: its receipt tells of the first time.
    pub(crate) fn forget_last_file(&mut self) {
        self.accepted.pop();
    }

    /// Only the receipt is left of the file that came last.
    pub(crate) fn remove_last_file(&mut self) {
        let (file, _) = self.accepted.last_mut().expect("a file was taken");
        file.jobs.clear();
    }

    /// When a file of this content was first taken.
    pub(crate) fn first_taken(&self, sha256: &str) -> Option<DateTime<Utc>> {
        let (file, _) = self.accepted.iter().find(|(file, _)| file.sha256 == sha256)?;
        Some(file.taken_at)
    }

    /// Lets a file lie in the inbox's `accepted/`.
    pub(crate) fn remember(&mut self, file: AcceptedFile) {
        let name = |setup: &super::configs::Setup| {
            let Account { name, appid, .. } = &setup.account;
            (name.clone(), appid.clone())
        };
        let names = self.accounts.iter().map(name).collect();
        self.accepted.push((file, names));
    }

    /// A person says that a job is to be asked for again.
    pub(crate) fn retry(&mut self, id: &str) -> Result<(), String> {
        let now = self.now();
        let id = JobId::parse(id).unwrap();
        let name = self.view(id.as_str()).account;
        let account = self.spoken_for(&name)?;
        self.oracle.retried(id.as_str());
        let done = self.engine().change(|tx| tx.retry(&id, &account, SAID, now));
        self.say(&format!("a person says retry {id}: {done:?}"));
        self.engine().look_again(now);
        self.look();
        done.map_err(|error| error.to_string())
    }

    /// A person says of an uncertain job that it was not sent, and may be wrong; says whether they did.
    pub(crate) fn mislead(&mut self, id: &str) -> bool {
        if self.engine.is_none() || !self.is_known(id) || self.state(id) != JobState::Uncertain {
            return false;
        }
        let now = self.now();
        let name = self.view(id).account;
        let Ok(account) = self.spoken_for(&name) else { return false };
        self.oracle.misled(id);
        let id = JobId::parse(id).unwrap();
        let resolution = Resolution { ruling: Ruling::NotSent, batch: None };
        let done = self.engine().change(|tx| tx.resolve(&id, &account, resolution, SAID, now));
        self.say(&format!("a person says that {id} was not sent: {done:?}"));
        self.engine().look_again(now);
        self.look();
        done.is_ok()
    }

    /// Whether the database knows a job: one that was put back may not.
    fn is_known(&self, id: &str) -> bool {
        let engine = self.engine.as_ref().expect("the daemon runs");
        engine.store().read().job_view(id).unwrap().is_some()
    }

    /// When a job was last asked for, by the database.
    pub(crate) fn last_asked(&self, id: &str) -> Option<DateTime<Utc>> {
        let sql = "SELECT max(begun_at) FROM attempt JOIN batch ON batch.id = attempt.batch
                   WHERE batch.job = ?1";
        let last: Option<i64> = self
            .disk
            .witness
            .prepare_cached(sql)
            .unwrap()
            .query_row([id], |row| row.get(0))
            .unwrap();
        last.and_then(DateTime::from_timestamp_millis)
    }

    /// A person enters into the ledger what was just sent from the website.
    pub(crate) fn record_website_send(&mut self, account: usize) {
        if self.engine.is_none() {
            return;
        }
        let (at, now) = (self.at, self.now());
        let name = self.accounts[account].account.name.clone();
        let Ok(account) = self.spoken_for(&name) else { return };
        let done = self.engine().change(|tx| tx.record_send(&account, at, SAID, now));
        let recorded = done.unwrap();
        self.count("website send recorded");
        self.say(&format!("{}: a person records the website send: {recorded:?}", account.name));
        self.engine().look_again(now);
        self.look();
    }

    /// The followers are to be read: those of an account, or all whose turn it is on this day.
    pub(crate) fn request_sync(&mut self, account: Option<usize>) {
        let now = self.now();
        let name = account.map(|index| self.accounts[index].account.name.clone());
        let Some(engine) = &mut self.engine else { return };
        match name {
            Some(name) => engine.change(|tx| tx.request_sync(&name, now)).unwrap(),
            None => engine.request_syncs(now).unwrap(),
        }
        engine.look_again(now);
        self.count("followers read");
        self.say("the followers are to be read");
    }

    /// Somebody sends from the website, to everyone.
    pub(crate) fn website_send(&mut self, account: usize) -> Result<i64, i64> {
        let account = self.accounts[account].account.clone();
        let sent = self.platform.website_send(&account.appid, self.at);
        if sent.is_ok() {
            self.oracle.website_send(&account.appid, self.at);
            self.say(&format!("{}: a broadcast from the website", account.name));
        }
        sent
    }
}

/// A job's id with its account, as its file has them.
pub(crate) fn id_of(spec: &JobSpec) -> (JobId, Owner) {
    (spec.id.clone(), Owner::Named(spec.account.clone()))
}
