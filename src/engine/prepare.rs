//! Uploads a job's material before its time, one request at a time for each account.
//!
//! It runs beside the sends: an open upload never holds the account's session. The database is
//! first searched for what the platform already has, so a restart continues where the last daemon
//! stopped. When everything is uploaded the bodies are completed; a job whose time comes before
//! that waits within its grace.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::calendar::{Span, Window};
use crate::calls::{self, Answer, Effect, Kind, Next, Policy, Progress, Role, Slot};
use crate::engine::account_pass::AccountPass;
use crate::engine::{Session, Ticket, crash_context};
use crate::model::{
    Account, Article, ArticlesVia, Asset, JobId, JobState, Material, NEWS, UploadKind, key,
    placeholder,
};
use crate::plan::Job;
use crate::reason::Reason;
use crate::store::{
    PendingUpload, StoreError, Tx, Unready, UploadOutcome, UploadStart, Uploaded, Uploading,
};
use crate::wechat::codes;
use crate::wechat::protocol::{self, HttpResponse, Request, UploadResponse, upload};

/// How soon an account checks again whether there is a token.
const LOOK_AGAIN: TimeDelta = TimeDelta::seconds(5);
/// How many jobs' preparations a single pass looks at.
const JOBS_PER_PASS: usize = 100;

/// The next action for a job's uploads.
enum NextUpload {
    /// Request this; the request still lacks its token.
    Ask(Uploading, Call),
    /// Everything is uploaded.
    Ready(Vec<Complete>),
}

/// A request of an upload.
enum Call {
    File(Asset),
    Video(String, Material),
    News(ArticlesVia, String),
}

/// A batch with its complete body.
struct Complete {
    batch: i64,
    body: String,
    until: Option<DateTime<Utc>>,
}

impl AccountPass<'_, '_> {
    /// Makes the account's next upload, and returns when to look again.
    pub(super) fn prepare(
        &mut self,
        session: &mut Session,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        if session.in_flight.has(Slot::Upload) {
            return Ok(None);
        }
        let name = session.config.account.name.clone();
        for _ in 0..JOBS_PER_PASS {
            let Some((id, at)) = self.tx.next_preparation(&name, self.now)? else {
                return Ok(None);
            };
            if at > self.now {
                return Ok(Some(at));
            }
            // Uploads expire by the platform's clock: a wrong clock of ours says nothing about
            // that.
            if session.usable_token(self.now).is_none() || !session.clock_trusted(self.now) {
                if !session.is_busy() {
                    self.preflight(session)?;
                }
                return Ok(Some(session.preflight_at.max(self.now + LOOK_AGAIN)));
            }
            crash_context::job(Some(id.as_str()));
            if self.advance_uploads(session, &id)? {
                return Ok(None);
            }
            crash_context::job(None);
        }
        Ok(Some(self.now + TimeDelta::milliseconds(10)))
    }

    /// Makes a job's next upload, and returns whether a request for it leaves.
    fn advance_uploads(&mut self, session: &mut Session, id: &JobId) -> Result<bool, StoreError> {
        let job = self.tx.job(id)?;
        let account = &session.config.account;
        let known = Known { tx: self.tx, account, job: &job, now: self.now };
        match known.next(account.articles_via)? {
            NextUpload::Ready(bodies) => {
                for Complete { batch, body, until } in bodies {
                    self.tx.complete(batch, &body, until)?;
                }
                self.tx.uploads_done(&job, self.now)?;
                Ok(false)
            }
            NextUpload::Ask(upload, call) => {
                match self.tx.begin_upload(&job, account, &upload, self.now)? {
                    UploadStart::Begun { attempt } => {
                        let token = session.usable_token(self.now).expect("prepare saw it");
                        let request = request(call, token);
                        self.send(session, self.now, Ticket::Upload { attempt }, request);
                        Ok(true)
                    }
                    UploadStart::NoCallBefore(until) => {
                        let why = Reason::NoUploadCallLeft { kind: upload.kind, until };
                        self.tx.rest_uploads(id, until, why)?;
                        Ok(false)
                    }
                }
            }
        }
    }
}

fn request(call: Call, token: &secrecy::SecretString) -> Request {
    match call {
        Call::File(asset) => upload::file(&asset, token),
        Call::Video(media_id, material) => {
            upload::video(&media_id, &material.caption.unwrap_or_default(), token)
        }
        Call::News(via, body) => upload::news(via, body, token),
    }
}

/// The data about one job's uploads.
struct Known<'a, 's> {
    tx: &'a Tx<'s>,
    account: &'a Account,
    job: &'a Job,
    now: DateTime<Utc>,
}

impl Known<'_, '_> {
    fn next(&self, via: ArticlesVia) -> Result<NextUpload, StoreError> {
        let unready = self.tx.unready(&self.job.id, self.now)?;
        let Some(material) = self.tx.material(&self.job.id)? else {
            return Ok(NextUpload::Ready(Vec::new()));
        };
        let mut found = Found::default();
        for asset in &material.assets {
            let digest = &asset.media.sha256;
            match self.look(asset.kind, digest)? {
                Some(uploaded) => found.add(placeholder(asset.kind, digest), uploaded),
                None => {
                    let upload = self.upload(asset.kind, digest, &asset.media.file);
                    return Ok(NextUpload::Ask(upload, Call::File(asset.clone())));
                }
            }
        }
        if let Some(key) = material.video_key() {
            match self.look(UploadKind::Mpvideo, &key)? {
                Some(uploaded) => found.add(placeholder(UploadKind::Mpvideo, &key), uploaded),
                None => return Ok(self.video(&material, &found, &key)),
            }
        }
        let articles: Vec<_> =
            material.articles.iter().map(|article| found.article(article)).collect();
        self.bodies(&unready, &articles, &found, via)
    }

    fn video(&self, material: &Material, found: &Found, key: &str) -> NextUpload {
        let file = material.assets.iter().find(|asset| asset.kind == UploadKind::Video);
        let file = file.map_or_else(String::new, |asset| {
            found.value(&placeholder(UploadKind::Video, &asset.media.sha256))
        });
        let title = material.caption.clone().unwrap_or_default().title;
        let upload = self.upload(UploadKind::Mpvideo, key, &title);
        NextUpload::Ask(upload, Call::Video(file, material.clone()))
    }

    /// Completes the bodies, or requests the articles that the first incomplete one needs.
    fn bodies(
        &self,
        unready: &[Unready],
        articles: &[Article],
        found: &Found,
        via: ArticlesVia,
    ) -> Result<NextUpload, StoreError> {
        let kind = match via {
            ArticlesVia::Draft => UploadKind::Draft,
            ArticlesVia::Uploadnews => UploadKind::News,
        };
        let mut complete = Vec::new();
        for batch in unready {
            let mut found = found.clone();
            if !articles.is_empty() {
                let body = upload::articles(via, articles);
                let key = self.news_key(batch, via, &body);
                match self.look(kind, &key)? {
                    Some(uploaded) => found.add(NEWS.to_owned(), uploaded),
                    None => {
                        let upload = self.upload(kind, &key, &named(articles));
                        return Ok(NextUpload::Ask(upload, Call::News(via, body)));
                    }
                }
            }
            let body = found.fill(&batch.template);
            complete.push(Complete { batch: batch.id, body, until: found.until });
        }
        Ok(NextUpload::Ready(complete))
    }

    /// A draft is used up by the one broadcast that sends it; temporary articles serve all of a
    /// job.
    fn news_key(&self, batch: &Unready, via: ArticlesVia, body: &str) -> String {
        let number = match via {
            ArticlesVia::Draft => batch.number.to_string(),
            ArticlesVia::Uploadnews => String::new(),
        };
        key(&[self.job.id.as_str(), &number, &batch.generation.to_string(), body])
    }

    fn look(&self, kind: UploadKind, digest: &str) -> Result<Option<Uploaded>, StoreError> {
        let until = self.job.due_at.max(self.now) + self.job.retry_for;
        self.tx.uploaded(&self.account.name, (kind, digest), until)
    }

    fn upload(&self, kind: UploadKind, digest: &str, name: &str) -> Uploading {
        Uploading { kind, sha256: digest.to_owned(), name: name.to_owned() }
    }
}

fn named(articles: &[Article]) -> String {
    match articles {
        [] => String::new(),
        [one] => one.title.clone(),
        [first, others @ ..] => format!("{} and {} more", first.title, others.len()),
    }
}

/// The values for the placeholders, and until when all of them are valid.
#[derive(Clone, Default)]
struct Found {
    values: HashMap<String, String>,
    until: Option<DateTime<Utc>>,
}

impl Found {
    fn add(&mut self, placeholder: String, Uploaded { value, until }: Uploaded) {
        self.values.insert(placeholder, value);
        self.until = self.until.into_iter().chain(until).min();
    }

    fn value(&self, placeholder: &str) -> String {
        self.values.get(placeholder).cloned().unwrap_or_default()
    }

    fn article(&self, article: &Article) -> Article {
        Article {
            content: self.fill(&article.content),
            thumb: self.value(&article.thumb),
            ..article.clone()
        }
    }

    /// Replaces placeholders in quotes, or in a style's `url(…)`, by their values.
    fn fill(&self, template: &str) -> String {
        self.values.iter().fold(template.to_owned(), |text, (placeholder, value)| {
            text.replace(&format!("\"{placeholder}\""), &format!("\"{value}\""))
                .replace(&format!("url({placeholder})"), &format!("url({value})"))
        })
    }
}

impl Session {
    /// Records the outcome of an upload.
    pub(super) fn settle_prepared(
        &mut self,
        tx: &Tx<'_>,
        attempt: i64,
        response: &HttpResponse,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let wanting = tx.wanting(attempt)?;
        let parsed = protocol::read_upload(wanting.upload.kind, response);
        tracing::info!(
            account = self.config.account.name,
            job.id = wanting.job.as_str(),
            kind = wanting.upload.kind.as_str(),
            "the answer to an upload: {}",
            told(&parsed)
        );
        let account = &self.config.account;
        let answer = answer_of(&parsed);
        let recovered = answer == Answer::Gone
            && tx.uploads_answered(&wanting.job, wanting.upload.kind, codes::NO_SUCH_MEDIA_ID)? > 0;
        let outcome = outcome_of(&parsed);
        tx.settle_upload(attempt, &account.name, &outcome, now)?;
        let why = match outcome {
            UploadOutcome::Done(_) => return Ok(()),
            UploadOutcome::Token(..) => Reason::UploadTokenRefused,
            UploadOutcome::Later(code, errmsg) => failed(&wanting, code, errmsg),
            UploadOutcome::Refused(code, errmsg) => failed(&wanting, Some(code), errmsg),
        };
        let policy = Policy::of(Kind::Upload, Role::Daemon);
        let progress = Progress { requests: wanting.attempts, recovered };
        let rests = |until| tx.rest_uploads(&wanting.job, until, why);
        match calls::next(policy, progress, answer) {
            Next::Again(pause) => rests(now + pause)?,
            Next::NextDay => {
                rests(Window::containing(Span::Day, response.date.unwrap_or(now)).end())?;
            }
            Next::MakeAgain(pause) => {
                // The id is one of ours that somebody deleted at the platform.
                forget_files(tx, &account.name, &wanting.job)?;
                rests(now + pause)?;
            }
            Next::Done | Next::Fail | Next::GiveUp | Next::Verify | Next::Skip => {
                fail_job(tx, account, (&wanting, &parsed), now)?;
            }
        }
        match &parsed {
            UploadResponse::NewToken(..) => self.refuse_token(),
            UploadResponse::Pause(code, errmsg) => self.pause(tx, *code, errmsg, now)?,
            UploadResponse::Done(_)
            | UploadResponse::NextDay(..)
            | UploadResponse::Later(..)
            | UploadResponse::Refused(..) => {}
        }
        Ok(())
    }
}

/// Returns what a response means for the upload's life cycle.
fn answer_of(parsed: &UploadResponse) -> Answer {
    match parsed {
        UploadResponse::Done(_) => Answer::Done,
        UploadResponse::NewToken(..) => Answer::TokenRefused,
        UploadResponse::Pause(..) => Answer::AccountRefused,
        UploadResponse::NextDay(..) => Answer::UsedUp,
        UploadResponse::Later(Some(_), _) => Answer::Later(Effect::Call),
        UploadResponse::Later(None, _) => Answer::Later(Effect::Unknown),
        UploadResponse::Refused(codes::NO_SUCH_MEDIA_ID, _) => Answer::Gone,
        UploadResponse::Refused(..) => Answer::Refused,
    }
}

fn outcome_of(parsed: &UploadResponse) -> UploadOutcome<'_> {
    match parsed {
        UploadResponse::Done(value) => UploadOutcome::Done(value),
        UploadResponse::NewToken(code, errmsg) => UploadOutcome::Token(*code, errmsg),
        UploadResponse::Pause(code, errmsg) | UploadResponse::NextDay(code, errmsg) => {
            UploadOutcome::Later(Some(*code), errmsg)
        }
        UploadResponse::Later(code, errmsg) => UploadOutcome::Later(*code, errmsg),
        UploadResponse::Refused(code, errmsg) => UploadOutcome::Refused(*code, errmsg),
    }
}

fn forget_files(tx: &Tx<'_>, account: &str, job: &JobId) -> Result<(), StoreError> {
    let material = tx.material(job)?;
    for asset in material.iter().flat_map(|material| &material.assets) {
        tx.forget_upload(account, asset.kind, &asset.media.sha256)?;
    }
    Ok(())
}

/// Ends the job of an upload that is refused for good, unless it ended in the meantime.
fn fail_job(
    tx: &Tx<'_>,
    account: &Account,
    (wanting, parsed): (&PendingUpload, &UploadResponse),
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let job = tx.job(&wanting.job)?;
    let UploadResponse::Refused(errcode, errmsg) = parsed else { return Ok(()) };
    if !job.state.waits() {
        return Ok(());
    }
    let Uploading { kind, ref name, .. } = wanting.upload;
    let (name, errmsg) = (name.clone(), errmsg.clone());
    let why = Reason::UploadRefused { kind, name, errcode: *errcode, errmsg };
    tx.finish_job(&job, account, JobState::Failed, &why, now)
}

fn failed(wanting: &PendingUpload, errcode: Option<i64>, errmsg: &str) -> Reason {
    let Uploading { kind, name, .. } = &wanting.upload;
    let (name, errmsg) = (name.clone(), errmsg.to_owned());
    Reason::UploadFailed { kind: *kind, name, errcode, errmsg }
}

fn told(parsed: &UploadResponse) -> String {
    match parsed {
        UploadResponse::Done(_) => "done".to_owned(),
        UploadResponse::NewToken(code, errmsg)
        | UploadResponse::Pause(code, errmsg)
        | UploadResponse::NextDay(code, errmsg)
        | UploadResponse::Refused(code, errmsg)
        | UploadResponse::Later(Some(code), errmsg) => format!("{code} ({errmsg})"),
        UploadResponse::Later(None, why) => why.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_placeholder_gives_way() {
        let mut found = Found::default();
        let placeholder = placeholder(UploadKind::Picture, "aa");
        found.add(placeholder, Uploaded { value: "http://mmbiz/0".to_owned(), until: None });

        let text = r#"<img src="qunfa:picture:aa">qunfa:picture:aa "qunfa:picture:aab""#;
        let style = "url(qunfa:picture:aa) url(qunfa:picture:aab)";

        assert_eq!(
            found.fill(text),
            r#"<img src="http://mmbiz/0">qunfa:picture:aa "qunfa:picture:aab""#
        );
        assert_eq!(found.fill(style), "url(http://mmbiz/0) url(qunfa:picture:aab)");
    }
}
