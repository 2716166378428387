//! Moves files from the inbox into the store. A separate thread reads and checks them, so that a
//! large file delays no release. Then the loop stores them, and a receipt is written.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::{mpsc, oneshot, watch};

use crate::alert::Told;
use crate::calendar::{self, Recurrence};
use crate::config::AccountConfig;
use crate::daemon::Now;
use crate::daemon::counters::Counters;
use crate::daemon::files::{Files, Kept};
use crate::daemon::input::{Input, ValidFile};
use crate::engine::crash_context::{self, WorkItem};
use crate::engine::{
    AcceptedFile, AcceptedSeries, DateEdit, IngestedFile, IngestedJob, Offered, Owner,
};
use crate::inbox::{
    AcceptedPackage, Away, Content, Diagnostic, Entry, Inbox, InboxError, OldReceipt, Package,
    ParsedJob, ReadError, Receipt, ReceiptDate, ReceiptJob, Step,
};
use crate::l10n::{self, Lang, t};
use crate::model::{Account, JobId, JobState};
use crate::store::{IngestOutcome, Rescheduled};
use crate::text;
use crate::text::chain;
use crate::text::told::{self, About};

/// How often the inbox is read. Reading an unchanged directory costs microseconds, and depends on
/// nothing that could get lost.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How long files are taken before the inbox is read again.
const SLICE: Duration = Duration::from_secs(1);

/// How many files are taken together, with one wait for the disk.
const TOGETHER: usize = 32;
/// A file with more jobs is taken by itself.
const SMALL: usize = 8;

/// Runs blocking work, all of it on one thread: the memory of a large file returns to that thread's
/// own allocator, where another thread's large file could not reuse it.
struct Reader {
    work: mpsc::UnboundedSender<Work>,
}

/// Blocking work.
type Work = Box<dyn FnOnce() + Send>;

impl Reader {
    /// Starts the thread; what it writes for people is in this language.
    fn start(lang: Lang) -> Self {
        let (work, mut works) = mpsc::unbounded_channel::<Work>();
        std::thread::spawn(move || {
            l10n::choose(lang);
            while let Some(work) = works.blocking_recv() {
                work();
            }
        });
        Self { work }
    }

    /// Runs it, and returns its value; none if the thread has ended.
    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let (tell, told) = oneshot::channel();
        let work = move || {
            // Nobody waits any more if the daemon ends.
            tell.send(work()).ok();
        };
        self.work.send(Box::new(work)).ok()?;
        told.await.ok()
    }
}

/// Takes files, one after the other.
pub(super) struct IngestTask {
    pub(super) inbox: Inbox,
    /// The accounts by any name; a reload changes them.
    pub(super) accounts: watch::Receiver<Arc<[Account]>>,
    pub(super) files: Files,
    pub(super) now: Now,
    /// The language of the answers to files.
    pub(super) lang: Lang,
    pub(super) to: mpsc::Sender<Input>,
}

enum Offer {
    /// With its files, which stay on disk while this is held.
    ValidFile(Arc<ValidFile>, Kept),
    /// With the part of it that could be read.
    Bad(Vec<Diagnostic>, Option<Package>),
    /// It may be incomplete so far.
    Later,
    /// It changed while it was read: the next pass reads it as it is then.
    Changing,
    Unreadable(InboxError),
}

impl IngestTask {
    /// Takes files until the daemon ends; those named are refused unread, if they are present.
    pub(super) async fn run(
        self,
        mut refused: Vec<String>,
        counters: Counters,
        mut ended: watch::Receiver<bool>,
    ) {
        let Self { mut inbox, accounts, files, now, lang, to } = self;
        let reader = Reader::start(lang);
        let (trouble, passed) = (Trouble::default(), Passed::default());
        let mut ingest = Ingest { trouble, passed, ready: Vec::new(), lang, counters, to };
        loop {
            let at = now();
            let look = reader.run(move || {
                let entries = inbox.scan(at);
                (inbox, entries)
            });
            let Some((looked, entries)) = look.await else { return gone() };
            inbox = looked;
            match entries {
                Ok(entries) => {
                    ingest.trouble.over();
                    ingest.trouble.forget(&inbox);
                    ingest.trouble.of_uploads(&inbox.stalled(at));
                    // A file that was removed must not cause a new one with its name to be refused.
                    refused.retain(|name| inbox.found(name));
                    ingest.passed.forget(&entries);
                    let until = tokio::time::Instant::now() + SLICE;
                    // One at a time: a full inbox must not fill the memory.
                    for entry in entries {
                        let crash = refused.iter().position(|name| *name == entry.name());
                        let (known, keeper) = (Arc::clone(&accounts.borrow()), files.clone());
                        let crash = crash.map(|at| refused.swap_remove(at));
                        let reading = reader.run(move || {
                            let offer = match crash {
                                Some(name) => Offer::Bad(vec![crashed(&name)], None),
                                None => read(&inbox, &entry, &known, &keeper),
                            };
                            (inbox, entry, offer)
                        });
                        let Some((read, entry, offer)) = reading.await else { return gone() };
                        inbox = read;
                        let is_over = tokio::time::Instant::now() >= until;
                        let offer = ingest.join(entry, offer);
                        if offer.is_some() || is_over || ingest.ready.len() >= TOGETHER {
                            let taken = ingest.take_ready(inbox, &reader, now()).await;
                            let Some(back) = taken else { return gone() };
                            inbox = back;
                        }
                        if let Some((entry, offer)) = offer {
                            let handled = ingest.handle(inbox, &reader, (entry, offer), now());
                            let Some(back) = handled.await else { return gone() };
                            inbox = back;
                        }
                        // A file that arrived meanwhile must not wait for all the others.
                        if is_over {
                            break;
                        }
                    }
                    let taken = ingest.take_ready(inbox, &reader, now()).await;
                    let Some(back) = taken else { return gone() };
                    inbox = back;
                }
                Err(error) => ingest.trouble.of_inbox(&error),
            }
            ingest.trouble.tell(&ingest.to).await;
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                _ = ended.wait_for(|ended| *ended) => return,
            }
        }
    }
}

/// A file that can be taken, with its files, which stay on disk while this is held.
struct Ready {
    entry: Entry,
    valid: Arc<ValidFile>,
    _kept: Kept,
}

/// The state that is kept from one file to the next.
struct Ingest {
    trouble: Trouble,
    passed: Passed,
    /// The small files that are taken together next.
    ready: Vec<Ready>,
    lang: Lang,
    counters: Counters,
    to: mpsc::Sender<Input>,
}

impl Ingest {
    /// Keeps a file that can be taken together with those that are ready; returns any other.
    fn join(&mut self, entry: Entry, offer: Offer) -> Option<(Entry, Offer)> {
        match offer {
            Offer::ValidFile(valid, kept) if self.may_join(&entry, &valid) => {
                self.ready.push(Ready { entry, valid, _kept: kept });
                None
            }
            offer @ (Offer::ValidFile(..)
            | Offer::Bad(..)
            | Offer::Later
            | Offer::Changing
            | Offer::Unreadable(_)) => Some((entry, offer)),
        }
    }

    /// Returns whether a file can be taken together with those that are ready.
    fn may_join(&self, entry: &Entry, valid: &ValidFile) -> bool {
        let same_name = |ready: &Ready| ready.valid.package.name() == valid.package.name();
        valid.jobs.len() <= SMALL
            && !entry.jumps()
            && self.passed.problems(entry, valid).is_empty()
            && !self.ready.iter().any(same_name)
    }

    /// Acts on what was read of an entry; returns the inbox, unless its thread has ended.
    async fn handle(
        &mut self,
        mut inbox: Inbox,
        reader: &Reader,
        (entry, offer): (Entry, Offer),
        now: DateTime<Utc>,
    ) -> Option<Inbox> {
        let done = match offer {
            Offer::ValidFile(valid, kept) => {
                match l10n::within(self.lang, || self.passed.problems(&entry, &valid)) {
                    problems if problems.is_empty() => {
                        self.ready.push(Ready { entry, valid, _kept: kept });
                        return self.take_ready(inbox, reader, now).await;
                    }
                    problems => self.refuse(&inbox, &entry, &valid, &problems).await,
                }
            }
            Offer::Bad(problems, package) => {
                self.reject(&inbox, &entry, package.as_ref(), &problems).await
            }
            Offer::Later => {
                inbox.wait_for_more(&entry);
                Ok(())
            }
            Offer::Changing => Ok(()),
            Offer::Unreadable(error) => Err(error),
        };
        self.note(&mut inbox, &entry, done, now);
        Some(inbox)
    }

    fn note(
        &mut self,
        inbox: &mut Inbox,
        entry: &Entry,
        done: Result<(), InboxError>,
        now: DateTime<Utc>,
    ) {
        match done {
            Ok(()) => drop(self.trouble.stuck.remove(&entry.name())),
            Err(error) => {
                inbox.put_off(entry, now);
                self.trouble.of_entry(entry, &error);
            }
        }
    }

    /// Has the loop store the jobs of the files that are ready, and records their outcomes; returns
    /// the inbox, unless its thread has ended.
    async fn take_ready(
        &mut self,
        mut inbox: Inbox,
        reader: &Reader,
        now: DateTime<Utc>,
    ) -> Option<Inbox> {
        let mut asked = Vec::new();
        for ready in std::mem::take(&mut self.ready) {
            let (reply, taken) = oneshot::channel();
            let input = Input::File(Arc::clone(&ready.valid), reply);
            if self.to.send(input).await.is_ok() {
                asked.push((ready, taken));
            }
        }
        let mut stored = Vec::new();
        for (ready, taken) in asked {
            match taken.await {
                Ok(Ok(taken)) => {
                    self.counters.file_accepted();
                    self.passed.note(&ready.entry, &ready.valid);
                    stored.push((ready, taken));
                }
                Ok(Err(problems)) => {
                    let Ready { entry, valid, .. } = &ready;
                    let done = self.refuse(&inbox, entry, valid, &problems).await;
                    self.note(&mut inbox, entry, done, now);
                }
                // The daemon ends; the next start finds the file, and recognizes it if it was stored.
                Err(_) => {}
            }
        }
        if stored.is_empty() {
            return Some(inbox);
        }
        let accept = move || {
            let done = accept_all(&inbox, &stored);
            (inbox, stored, done)
        };
        let (mut inbox, stored, done) = reader.run(accept).await?;
        for ((Ready { entry, .. }, _), done) in stored.iter().zip(done) {
            self.note(&mut inbox, entry, done, now);
        }
        Some(inbox)
    }

    async fn refuse(
        &self,
        inbox: &Inbox,
        entry: &Entry,
        ValidFile { package, jobs }: &ValidFile,
        problems: &[(usize, String)],
    ) -> Result<(), InboxError> {
        let diagnostics: Vec<_> = problems
            .iter()
            .filter_map(|(line, why)| {
                let job = jobs.iter().find(|job| job.line == *line)?;
                Some(package.diagnostic(job, why, None))
            })
            .collect();
        self.reject(inbox, entry, Some(package), &diagnostics).await
    }

    /// Raises an alert about a refused file, and moves the file next to the reason.
    async fn reject(
        &self,
        inbox: &Inbox,
        entry: &Entry,
        package: Option<&Package>,
        problems: &[Diagnostic],
    ) -> Result<(), InboxError> {
        // The problem may quote a receiver or a text, which belong only beside the file.
        let line = problems.first().map_or(0, |problem| problem.line);
        let (file, problems_count) = (entry.name(), problems.len());
        let (stored, on_disk) = oneshot::channel();
        let refused = Input::Refused(file.clone(), [problems_count, line], stored);
        // The alert comes first, so that after a crash the file is refused again. If the loop has
        // ended, the file stays.
        if self.to.send(refused).await.is_err() || on_disk.await.is_err() {
            return Ok(());
        }
        let away = l10n::within(self.lang, || inbox.reject(entry, package, problems))?;
        self.counters.file_rejected();
        tracing::warn!(
            file,
            problems = problems_count,
            line,
            "a file was refused: the reason lies beside it in rejected/"
        );
        tell_of_later(&file, away);
        Ok(())
    }
}

/// The jobs of files that were taken before others which arrived earlier: those must not revert
/// them to their older contents.
#[derive(Default)]
struct Passed {
    jobs: HashMap<JobId, (u64, String)>,
}

impl Passed {
    fn note(&mut self, entry: &Entry, valid: &ValidFile) {
        if entry.jumps() {
            let note = |job: &ParsedJob| (job.spec.id.clone(), (entry.turn(), entry.name()));
            self.jobs.extend(valid.jobs.iter().map(note));
        }
    }

    /// Deletes them if nothing is passed over any more.
    fn forget(&mut self, entries: &[Entry]) {
        if !entries.iter().any(Entry::jumps) {
            let oldest = entries.iter().map(Entry::turn).min();
            self.jobs.retain(|_, (turn, _)| oldest.is_some_and(|oldest| oldest < *turn));
        }
    }

    /// Returns which jobs of a file are in a later one that was taken already.
    fn problems(&self, entry: &Entry, valid: &ValidFile) -> Vec<(usize, String)> {
        let later = |job: &ParsedJob| {
            let (turn, name) = self.jobs.get(&job.spec.id)?;
            (*turn > entry.turn()).then(|| {
                let id = &job.spec.id;
                let why = t!("receipt-later-file", id = %id, name = name.as_str());
                (job.line, why)
            })
        };
        valid.jobs.iter().filter_map(later).collect()
    }
}

fn gone() {
    tracing::error!("the inbox can no longer be read: restart the daemon");
}

/// The problems, and which of them were reported, so that repeated passes do not fill the log.
#[derive(Default)]
struct Trouble {
    unusable: Option<String>,
    /// The entries that could not be processed: how often, and why.
    stuck: BTreeMap<String, (u32, String)>,
    told: HashSet<String>,
    /// The report about uploads that do not continue.
    stalled: Option<Told>,
    /// The alerts that are raised now.
    shown: [Option<Told>; 2],
}

impl Trouble {
    fn of_inbox(&mut self, error: &InboxError) {
        if self.unusable.is_none() {
            let why = chain(error);
            tracing::error!("{why}: files are not taken until it is mended");
            self.unusable = Some(why);
        }
    }

    fn over(&mut self) {
        if self.unusable.take().is_some() {
            tracing::info!("the inbox can be used again");
        }
    }

    /// Deletes the entries that are no longer present.
    fn forget(&mut self, inbox: &Inbox) {
        if !self.stuck.is_empty() {
            let found = inbox.all_found();
            self.stuck.retain(|name, _| found.contains(name));
        }
    }

    fn of_entry(&mut self, entry: &Entry, error: &InboxError) {
        let what = chain(error);
        if self.told.insert(entry.name()) {
            tracing::error!("{what}: it stays in the inbox and is tried again");
        }
        // An entry that changes is only read again.
        if !matches!(error, InboxError::Changed { .. }) {
            let (times, why) = self.stuck.entry(entry.name()).or_default();
            (*times, *why) = (*times + 1, what);
        }
    }

    fn of_uploads(&mut self, stalled: &[(String, &str)]) {
        self.stalled = stalled.first().map(|(name, path)| Told::UploadsStalled {
            folder: name.clone(),
            path: (*path).to_owned(),
            more: stalled.len() - 1,
        });
    }

    /// Raises an alert about a problem, or ends it. An entry counts after its second failed
    /// attempt, for it may only have been moved away meanwhile.
    async fn tell(&mut self, to: &mpsc::Sender<Input>) {
        let mut stuck = self.stuck.values().filter(|(times, _)| *times > 1).map(|(_, what)| what);
        let first =
            stuck.next().map(|why| Told::EntriesStuck { why: why.clone(), more: stuck.count() });
        let unusable = self.unusable.clone().map(|why| Told::InboxUnusable { why });
        let stuck = unusable.or(first);
        let what = [stuck, self.stalled.clone()];
        if what != self.shown {
            let [_, stalled] = &what;
            if let Some(stalled) = stalled.as_ref().filter(|_| *stalled != self.shown[1]) {
                tracing::warn!("{}", told::what(stalled, About::default()));
            }
            self.shown.clone_from(&what);
            // A loop that has ended raises no alerts.
            to.send(Input::Inbox(what)).await.unwrap_or_default();
        }
    }
}

fn read(inbox: &Inbox, entry: &Entry, accounts: &[Account], files: &Files) -> Offer {
    let known: Vec<_> = accounts.iter().collect();
    crash_context::enter(WorkItem::File(entry.name()));
    let offer = match inbox.read(entry) {
        Ok(package) => match package.content(&known) {
            // A job is stored only after all the files that it needs are on disk.
            Content::Jobs(parsed) => {
                match files.keep(&package, parsed.jobs.iter().flat_map(ParsedJob::actions)) {
                    Ok(kept) => {
                        Offer::ValidFile(Arc::new(ValidFile { package, jobs: parsed.jobs }), kept)
                    }
                    Err(source) => {
                        let (name, what) = (entry.name(), Step::StoreMedia);
                        Offer::Unreadable(InboxError::Entry { name, what, source })
                    }
                }
            }
            Content::MayBeCut(_) if !entry.is_long_quiet() => Offer::Later,
            Content::Invalid(problems) | Content::MayBeCut(problems) => {
                Offer::Bad(problems, Some(package))
            }
        },
        Err(ReadError::Refused(problems)) => Offer::Bad(problems, None),
        Err(ReadError::Failed(InboxError::Changed { .. })) => Offer::Changing,
        Err(ReadError::Failed(error)) => Offer::Unreadable(error),
    };
    crash_context::leave();
    offer
}

/// Returns the reason why a file is not even read.
fn crashed(name: &str) -> Diagnostic {
    Diagnostic::whole(name, &t!("receipt-crashed"), Some(&t!("receipt-crashed-help")))
}

/// Returns a job in the engine's form.
pub fn offered(job: &ParsedJob) -> Offered<'_> {
    let ParsedJob { spec, recurrence, dated, line, .. } = job;
    Offered { spec, recurrence: recurrence.as_ref(), dated, line: *line }
}

/// Writes the receipts of files whose jobs are stored, and moves the files beside them.
fn accept_all(inbox: &Inbox, stored: &[(Ready, IngestedFile)]) -> Vec<Result<(), InboxError>> {
    let receipts: Vec<_> =
        stored.iter().map(|(ready, taken)| receipt(&ready.valid, taken)).collect();
    let packages = stored.iter().map(|(ready, _)| &ready.valid.package);
    let all: Vec<_> = packages.zip(&receipts).collect();
    let done = inbox.accept_all(&all).into_iter().zip(&all);
    let tell = |(away, (package, receipt)): (Result<Away, _>, &(&Package, &Receipt))| {
        let (file, jobs) = (package.name(), receipt.jobs.len());
        let away = away?;
        tracing::info!(file, jobs, "a file was taken");
        tell_of_later(file, away);
        Ok(())
    };
    done.map(tell).collect()
}

fn receipt(ValidFile { jobs, .. }: &ValidFile, taken: &IngestedFile) -> Receipt {
    let stored: HashMap<_, _> = taken.jobs.iter().map(|stored| (&stored.id, stored)).collect();
    let receipt_job = |job: &ParsedJob| {
        let stored = stored.get(&job.spec.id);
        let became = stored.and_then(|stored| match stored.taken {
            IngestOutcome::New => None,
            IngestOutcome::Known => Some(t!("receipt-known")),
            IngestOutcome::Updated => Some(t!("receipt-updated")),
            IngestOutcome::Anew(JobState::Failed) => Some(t!("receipt-anew-failed")),
            IngestOutcome::Anew(_) => Some(t!("receipt-anew")),
            IngestOutcome::Refused(_) => None,
        });
        let series = job.recurrence.as_ref().map(|recurrence| series(recurrence, stored));
        let strangers = stored.and_then(|stored| stored.strangers).map(|found| found.sentence());
        let notes: Vec<_> = (series.as_deref().into_iter())
            .chain(job.notes.iter().map(String::as_str))
            .chain(strangers.as_deref())
            .chain(became.as_deref())
            .collect();
        ReceiptJob {
            id: job.spec.id.clone(),
            title: stored.map_or_else(|| job.spec.id.to_string(), |stored| stored.title.clone()),
            account: job.spec.account.clone(),
            appid: stored.map(|stored| stored.appid.clone()).unwrap_or_default(),
            at: job.spec.at,
            due: stored.filter(|stored| is_due(job, stored)).and_then(|stored| stored.due_at),
            state: stored.map_or(JobState::Planned, |stored| stored.state),
            note: (!notes.is_empty()).then(|| notes.join(&t!("receipt-between-notes"))),
            dates: stored.map(|stored| receipt_dates(&stored.dates)).unwrap_or_default(),
        }
    };
    Receipt {
        taken_at: taken.first_taken_at,
        accepted_at: taken.taken_at,
        jobs: jobs.iter().map(receipt_job).collect(),
        notes: taken.left_out.iter().map(left_out).chain(moved(&taken.moved)).collect(),
    }
}

/// Returns what the receipt says of other jobs that moved.
fn moved(moved: &[Rescheduled]) -> Vec<String> {
    const NAMED: usize = 20;
    let sentence = |Rescheduled { job, from, to, why }: &Rescheduled| {
        text::moved::sentence(job, (*from, *to), why)
    };
    let mut notes: Vec<_> = moved.iter().take(NAMED).map(sentence).collect();
    if moved.len() > NAMED {
        notes.push(t!("receipt-more-moves", more = %(moved.len() - NAMED)));
    }
    notes
}

/// Returns whether a job has a time to come: a series has none if none of its dates waits.
fn is_due(job: &ParsedJob, stored: &IngestedJob) -> bool {
    job.recurrence.is_none() || stored.state.waits()
}

/// Returns what a series's line of the receipt reports.
fn series(recurrence: &Recurrence, stored: Option<&&IngestedJob>) -> String {
    let words = recurrence.words();
    if let Some(stored) = stored.filter(|stored| !stored.state.waits()) {
        return match stored.due_at {
            Some(at) => t!(
                "receipt-series-over-near",
                words = words,
                at = %calendar::beijing(at),
                state = %stored.state
            ),
            None => t!("receipt-series-over", words = words),
        };
    }
    t!("receipt-series", words = words)
}

fn receipt_dates(edits: &[DateEdit]) -> Vec<ReceiptDate> {
    let date = |edit: &DateEdit| ReceiptDate { id: edit.id.clone(), from: edit.from, to: edit.to };
    edits.iter().map(date).collect()
}

fn left_out(id: &JobId) -> String {
    t!("receipt-left-out", id = %id)
}

/// Logs that a file was replaced while it was read.
fn tell_of_later(file: &str, away: Away) {
    match away {
        Away::Itself => {}
        Away::Replaced => tracing::info!(
            file,
            "the file was replaced or removed after it was read: what lies there now is read next"
        ),
    }
}

/// Reads back the contents of `accepted/`, for a database that is lost or older.
///
/// A name in it means the account that it meant when the file was taken, whatever account has that
/// name in the config now. Each job is read by itself. A job that cannot be read, or whose account
/// the config lacks, is known by its id alone.
pub(super) fn remembered(
    inbox: &Inbox,
    accounts: &Named<'_>,
    files: &Files,
    now: DateTime<Utc>,
) -> Result<Vec<AcceptedFile>, InboxError> {
    let lone = inbox.lone_receipts()?.into_iter().map(|receipt| Ok(of_receipt(receipt, accounts)));
    let packages = inbox.accepted_back()?.map(|archived| {
        let AcceptedPackage { package, taken_at, accepted_at, appids } = archived?;
        let known = accounts.as_of(&appids);
        let names = Then { appids: &appids, known: &known, now: accounts };
        let known: Vec<_> = known.iter().collect();
        let mut jobs = package.readable_jobs(&known);
        for job in &mut jobs {
            job.spec.account = names.now_named(std::mem::take(&mut job.spec.account));
        }
        // A retry needs the files; without them it reports so.
        if let Err(error) = files.keep(&package, jobs.iter().flat_map(ParsedJob::actions)) {
            tracing::warn!(file = package.name(), "its media cannot be stored: {error}");
        }
        let (series, jobs): (Vec<_>, Vec<_>) =
            jobs.into_iter().partition(|job| job.recurrence.is_some());
        Ok(AcceptedFile {
            name: package.name().to_owned(),
            sha256: package.sha256().to_owned(),
            taken_at: taken_at.unwrap_or(now),
            accepted_at,
            jobs: jobs.into_iter().map(|job| (job.spec, job.line)).collect(),
            series: series
                .into_iter()
                .filter_map(|ParsedJob { spec: job, recurrence, dated, line, .. }| {
                    Some(AcceptedSeries { job, recurrence: recurrence?, dated, line })
                })
                .collect(),
            ids: package.ids().into_iter().map(|(id, name)| (id, names.owner(name))).collect(),
        })
    });
    // What was removed is older than what is there.
    lone.chain(packages).collect()
}

/// Returns what a receipt records whose file was removed: its ids alone.
fn of_receipt(receipt: OldReceipt, accounts: &Named<'_>) -> AcceptedFile {
    let OldReceipt { name, sha256, taken_at, accepted_at, jobs: written } = receipt;
    let appids = written.iter().filter_map(|job| Some((job.account.clone(), job.appid.clone()?)));
    let appids: BTreeMap<_, _> = appids.collect();
    let known = accounts.as_of(&appids);
    let names = Then { appids: &appids, known: &known, now: accounts };
    let ids = written.into_iter().map(|job| (job.id, names.owner(job.account))).collect();
    let (jobs, series) = (Vec::new(), Vec::new());
    AcceptedFile { name, sha256, taken_at, accepted_at, jobs, series, ids }
}

/// What the names of accounts meant when a file was taken.
struct Then<'a> {
    appids: &'a BTreeMap<String, String>,
    known: &'a [Account],
    now: &'a Named<'a>,
}

impl Then<'_> {
    /// Returns the present name of the account that had this one.
    fn now_named(&self, name: String) -> String {
        let account = self.known.iter().find(|account| account.name == name);
        account.and_then(|account| self.now.name_of(&account.appid)).unwrap_or(name)
    }

    fn owner(&self, name: String) -> Owner {
        match self.appids.get(&name) {
            Some(appid) if self.now.name_of(appid).is_none() => {
                Owner::Gone { name, appid: appid.clone() }
            }
            Some(_) | None => Owner::Named(self.now_named(name)),
        }
    }
}

/// The config's accounts, under the names that files may have for them.
pub(super) struct Named<'a> {
    pub(super) configured: &'a [AccountConfig],
    /// The same under their earlier names.
    pub(super) former: &'a [Account],
}

impl Named<'_> {
    /// Returns the accounts as a file may name them that was taken when the names meant these
    /// appids.
    fn as_of(&self, appids: &BTreeMap<String, String>) -> Vec<Account> {
        let configured = || self.configured.iter().map(|config| &config.account);
        let then = appids.iter().filter_map(|(name, appid)| {
            let account = configured().find(|account| account.appid == *appid)?;
            Some(Account { name: name.clone(), ..account.clone() })
        });
        let since =
            configured().chain(self.former).filter(|account| !appids.contains_key(&account.name));
        then.chain(since.cloned()).collect()
    }

    fn name_of(&self, appid: &str) -> Option<String> {
        let config = self.configured.iter().find(|config| config.account.appid == appid)?;
        Some(config.account.name.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_upload_that_does_not_go_on_is_told_once_and_no_more_when_it_is_over() {
        let (to, mut inputs) = mpsc::channel(8);
        let mut trouble = Trouble::default();
        let mut told = Vec::new();
        for stalled in [1, 1, 2, 0, 0] {
            let all = [("spring".to_owned(), "vip.txt.part"), ("autumn".to_owned(), "x.tmp")];
            trouble.of_uploads(&all[..stalled]);
            trouble.tell(&to).await;
        }
        while let Ok(input) = inputs.try_recv() {
            let Input::Inbox([stuck, stalled]) = input else { panic!("of the inbox") };
            assert_eq!(stuck, None);
            told.push(stalled.map(|told| told::what(&told, About::default())));
        }

        let line = "spring in the inbox waits for vip.txt.part in it, which nobody writes on";
        let more = format!("{line}; so does 1 more folder");
        assert_eq!(told, [Some(line.to_owned()), Some(more), None]);
    }
}
