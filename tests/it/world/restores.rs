//! Databases that are older than the truth: backups and machine snapshots that are put back, clones
//! that take turns, images of the process that wake up, and the person who then says resume.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use qunfa::engine::{AcceptedFile, Engine, HighWaterMark, Ticket};
use qunfa::model::JobId;
use qunfa::wechat::protocol::{HttpResponse, Reply};

use super::{SAID, World, beijing};
use crate::disk::{Copy, Disk};

/// What happens to the mark when an older database is put back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MarkFate {
    Kept,
    Older,
    Gone,
}

/// How an older database comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Restore {
    /// The database alone, beside the accepted files of now.
    Database(MarkFate),
    /// A copy by `backup`, with the mark and the accepted files that were kept with it.
    Backup,
    /// The whole machine, as it was.
    Snapshot,
    /// The process itself, with its memory.
    Image,
}

/// A copy of the database, and what was kept with it.
pub(crate) struct Copied {
    copy: Copy,
    accepted: Vec<(AcceptedFile, BTreeMap<String, String>)>,
    /// The daemon's time at which it was made.
    now: DateTime<Utc>,
    /// The running daemon's double, which stands still.
    image: Option<Image>,
}

/// A daemon that stands still, on a disk of its own.
struct Image {
    engine: Engine,
    disk: Disk,
    /// The names of the accounts, as its config has them.
    names: Vec<String>,
}

impl Copied {
    /// The platform's time at which it was made.
    pub(crate) fn at(&self) -> DateTime<Utc> {
        self.copy.at
    }
}

impl World {
    /// Keeps a copy of the database.
    pub(crate) fn copy(&mut self) {
        self.copy_with(false);
    }

    /// Keeps a copy of the database before the daemon says again that it is alive.
    pub(crate) fn copy_as_it_is(&mut self) {
        let (now, copy) = (self.now(), self.disk.copy(self.at));
        let accepted = self.accepted.clone();
        self.copies.push(Copied { copy, accepted, now, image: None });
    }

    /// Keeps an image of the running daemon.
    pub(crate) fn take_image(&mut self) {
        self.copy_with(true);
    }

    fn copy_with(&mut self, image: bool) {
        let now = self.now();
        if let Some(engine) = &mut self.engine {
            engine.seen(now).unwrap();
        }
        let copy = self.disk.copy(self.at);
        let runs = image && self.engine.is_some();
        let image = runs.then(|| {
            let disk = self.disk.restored(&copy, copy.mark.clone());
            Image { engine: self.double(&disk), disk, names: self.names() }
        });
        let accepted = self.accepted.clone();
        self.copies.push(Copied { copy, accepted, now, image });
    }

    fn names(&self) -> Vec<String> {
        let names = self.sessions.iter().map(|index| self.accounts[*index].account.name.clone());
        names.collect()
    }

    /// A daemon that runs on a disk of its own, has a token, and knows the platform's clock.
    fn double(&self, disk: &Disk) -> Engine {
        let now = self.now();
        let mark = disk.mark.clone();
        let (accounts, _) = self.configs();
        let mut engine = Engine::open(disk.open(now), accounts, (mark, false), now).unwrap();
        engine.decide_ahead(self.ahead);
        engine.look_again(now);
        for _ in 0..8 {
            for outgoing in engine.pass(now).unwrap().outgoing {
                let body = br#"{"access_token":"IMAGE","expires_in":7200,"tags":[]}"#.to_vec();
                let reply = match outgoing.ticket {
                    Ticket::Token { .. } | Ticket::Clock => Reply::Http { status: 200, body },
                    Ticket::Send { .. }
                    | Ticket::Result(_)
                    | Ticket::Followers(_)
                    | Ticket::Upload { .. }
                    | Ticket::ApiCall(_) => Reply::NotSent("the image was taken".to_owned()),
                };
                let answer =
                    HttpResponse { reply, date: DateTime::from_timestamp(self.at.timestamp(), 0) };
                engine.settle(&[(outgoing.session, outgoing.ticket, answer)], now).unwrap();
            }
        }
        engine
    }

    /// Puts a copy of the database back beside the files of now, and starts the daemon on it.
    pub(crate) fn restore(&mut self, index: usize, fate: MarkFate) {
        self.put_back(index, Restore::Database(fate));
    }

    /// Puts a copy back, and lets the daemon go on with it.
    pub(crate) fn put_back(&mut self, index: usize, how: Restore) {
        if how == Restore::Image {
            return self.wake_image(index);
        }
        self.crash(chrono::TimeDelta::seconds(2));
        let Copied { copy, accepted, now, .. } = &self.copies[index];
        let mark: Option<HighWaterMark> = match how {
            Restore::Database(MarkFate::Kept) => self.disk.mark.clone(),
            Restore::Database(MarkFate::Gone) => None,
            Restore::Database(MarkFate::Older)
            | Restore::Backup
            | Restore::Snapshot
            | Restore::Image => copy.mark.clone(),
        };
        let disk = self.disk.restored(copy, mark);
        if how == Restore::Backup {
            disk.is_a_backup(*now);
        }
        if !matches!(how, Restore::Database(_)) {
            self.accepted.clone_from(accepted);
        }
        let from = copy.at;
        self.disk = disk;
        self.oracle.restored(from, self.at, &self.disk);
        self.say(&format!("a database of {} is put back: {how:?}", beijing(from)));
    }

    fn wake_image(&mut self, index: usize) {
        let (at, then) = (self.copies[index].at(), self.copies[index].now);
        let Some(image) = self.copies[index].image.take() else { return };
        // The names by which the referee goes are those of now.
        if image.names != self.names() {
            return;
        }
        let Image { mut engine, disk, .. } = image;
        self.accepted = self.copies[index].accepted.clone();
        self.disk = disk;
        self.oracle.restored(at, self.at, &self.disk);
        self.oracle.daemon_starts();
        let now = self.now();
        engine.clock_stepped(now - then, now).unwrap();
        self.engine = Some(engine);
        self.life += 1;
        self.frozen_until = None;
        self.say(&format!("an image of {} wakes up", beijing(at)));
        self.look();
    }

    /// A person lifts all holds and pauses.
    pub(crate) fn resume(&mut self) {
        let now = self.now();
        let lifted = self.engine().change(|tx| tx.resume(None, now)).unwrap();
        self.say(&format!("a person says resume: {lifted:?}"));
        self.engine().look_again(now);
    }

    /// A person looks in the account's history which of the jobs in question went out, calls those
    /// off, and lets the others go on.
    pub(crate) fn resume_after_a_look(&mut self) {
        for id in self.in_question() {
            if self.oracle.is_plainly_unsent(&id) {
                continue;
            }
            self.count("job in question called off");
            self.call_off_job(&id);
        }
        self.resume();
    }

    /// A person calls a job off that waits.
    pub(crate) fn call_off_job(&mut self, id: &str) {
        let (now, name) = (self.now(), self.view(id).account);
        // Nothing goes of an account that is not in the config, and nobody can call it off.
        let Ok(account) = self.spoken_for(&name) else { return };
        let id = JobId::parse(id).unwrap();
        self.engine().change(|tx| tx.cancel(&id, &account, SAID, now)).unwrap();
        self.say(&format!("a person calls {id} off"));
        self.engine().look_again(now);
    }

    /// The jobs that wait for a person to say whether they went out.
    pub(crate) fn in_question(&self) -> Vec<String> {
        let sql =
            "SELECT id FROM job WHERE wake_at IS NOT NULL AND max(due_at, ?1) > recall_until_at
                   ORDER BY id";
        let now = self.now().timestamp_millis();
        let mut found = self.disk.witness.prepare_cached(sql).unwrap();
        let rows = found.query_map([now], |row| row.get(0)).unwrap();
        rows.collect::<rusqlite::Result<_>>().unwrap()
    }
}
