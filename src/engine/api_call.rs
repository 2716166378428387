//! API calls that are not mass sends. They wait for mass sends, never the other way round.
//!
//! An API call without a clear response is retried, because none of them can do harm twice. A call
//! that continues to fail ends, and its requester gets the reason.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use crate::calendar::{self, Span};
use crate::calls::{self, Answer, Effect, Kind, Next, Policy, Progress, Role, Slot};
use crate::engine::{Session, Ticket};
use crate::model::{Account, Action, ApiCall, Deletion, JobId, JobState, Qrcode};
use crate::plan::Job;
use crate::quota::{Block, margins};
use crate::reason::Reason;
use crate::store::{
    Again, ApiCallAttempt, ApiCallFailure, DeletableBatch, DeletionFacts, NewApiCall, OpenApiCall,
    StoreError, Tx, one_of_each,
};
use crate::wechat::codes;
use crate::wechat::protocol::api_call::{
    self, ApiCallResponse, ApiCallResult, MadeCode, NoPreview, PlatformMessage,
};
use crate::wechat::protocol::{self, HttpResponse, Reply, Request, StatusResponse, media};

use super::account_pass::AccountPass;
use super::menu::{self, Step};
use super::qrcodes;

/// How many API calls of one account a single pass ends without a request.
const DECISIONS_PER_PASS: usize = 50;
/// How long a deletion waits before it checks again whether its broadcast was sent.
const LOOK_AGAIN: TimeDelta = TimeDelta::seconds(30);

/// The next action for an API call that is due.
enum NextCall {
    Send(Request),
    /// Its day has no calls left; its job goes on with it on the next one.
    PutOff(Block),
    /// It can never be sent.
    Refused(Reason),
}

/// Whether a job's broadcasts may be deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deletability {
    /// They may.
    Can(Deletable),
    /// They may not.
    Cannot(Undeletable),
}

/// Why a broadcast is not deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undeletable {
    /// It has not been sent yet, and may be.
    NotYet(Reason),
    /// It can never work.
    Never(Reason),
    /// It would not do what was requested, or more; an operator may insist.
    Unless(Reason),
}

impl Undeletable {
    /// Returns why.
    pub fn why(&self) -> &Reason {
        match self {
            Self::NotYet(why) | Self::Never(why) | Self::Unless(why) => why,
        }
    }
}

/// How many articles a broadcast has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Articles {
    /// So many, by the job itself or by its type.
    Known(usize),
    /// At least so many: its event contained them, and may omit others.
    AtLeast(usize),
}

/// What a deletion requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deletable {
    /// The batches whose numbers are sent, in order: one for each media.
    pub batches: Vec<i64>,
    /// How many broadcasts end with them.
    pub ends: usize,
    /// How many broadcasts of the job may still be sent, or are not known to have been.
    pub to_come: usize,
    /// Whether those are decided without an operator.
    is_under_way: bool,
}

/// Decides whether a job's broadcasts may be deleted, and which of them the requests name.
///
///
/// # Errors
/// If the store fails.
pub fn deletable(
    tx: &Tx<'_>,
    deletion: &Deletion,
    account: &str,
) -> Result<Deletability, StoreError> {
    let Some(facts) = tx.deletion_facts(&deletion.job)? else {
        let why = Reason::NoSuchJob { job: deletion.job.clone() };
        return Ok(Deletability::Cannot(Undeletable::Never(why)));
    };
    if facts.account != account {
        let (job, account) = (deletion.job.clone(), facts.account);
        let why = Reason::JobOfOtherAccount { job, account };
        return Ok(Deletability::Cannot(Undeletable::Never(why)));
    }
    let articles = articles(tx, deletion, &facts)?;
    Ok(match judge(deletion, &facts, articles) {
        Ok(found) => Deletability::Can(found),
        Err(why) => Deletability::Cannot(why),
    })
}

fn articles(
    tx: &Tx<'_>,
    deletion: &Deletion,
    facts: &DeletionFacts,
) -> Result<Articles, StoreError> {
    if let Some(articles) = facts.articles {
        return Ok(Articles::Known(articles));
    }
    let told = tx.articles(deletion.job.as_str())?;
    let numbers = told.iter().filter_map(|article| usize::try_from(article.article_idx).ok());
    Ok(Articles::AtLeast(numbers.max().unwrap_or_default()))
}

fn judge(
    deletion: &Deletion,
    facts: &DeletionFacts,
    articles: Articles,
) -> Result<Deletable, Undeletable> {
    let job = || deletion.job.clone();
    let never = |why| Err(Undeletable::Never(why));
    if facts.action != "broadcast" {
        return never(Reason::NotABroadcast { job: job() });
    }
    let waits = match facts.state {
        JobState::Planned | JobState::Held | JobState::Releasing | JobState::Accepted => true,
        JobState::Sent
        | JobState::Failed
        | JobState::Partial
        | JobState::Uncertain
        | JobState::Cancelled
        | JobState::Expired
        | JobState::Missed => false,
    };
    if facts.batches.is_empty() {
        let state = facts.state;
        return if waits {
            Err(Undeletable::NotYet(Reason::NotSentYet { job: job(), state }))
        } else if state == JobState::Sent {
            never(Reason::MsgIdUnknown { job: job() })
        } else {
            never(Reason::NothingWentOut { job: job(), state })
        };
    }
    let named = |batches: Vec<&DeletableBatch>| Deletable {
        ends: batches.len(),
        batches: one_of_each(batches).into_iter().map(|batch| batch.id).collect(),
        to_come: facts.to_come,
        is_under_way: waits,
    };
    let left: Vec<_> = facts.batches.iter().filter(|batch| !batch.is_deleted).collect();
    if deletion.force {
        let all = facts.batches.iter().collect();
        return Ok(named(if left.is_empty() { all } else { left }));
    }
    let unless = |why| Err(Undeletable::Unless(why));
    if left.is_empty() && facts.to_come == 0 {
        return unless(Reason::DeletedAlready { job: job() });
    }
    if !matches!(facts.msgtype.as_str(), "mpnews" | "mpvideo") {
        let msgtype = facts.msgtype.clone();
        return unless(Reason::MsgtypeNotDeletable { job: job(), msgtype });
    }
    let sent: Vec<_> = left.into_iter().filter(|batch| batch.is_sent).collect();
    if sent.is_empty() {
        return Err(Undeletable::NotYet(Reason::NotConfirmedSent { job: job() }));
    }
    check_article(deletion, articles).map_err(Undeletable::Unless)?;
    if !facts.sharing.is_empty() {
        return unless(Reason::MediaShared { jobs: facts.sharing.clone() });
    }
    Ok(named(sent))
}

fn check_article(deletion: &Deletion, articles: Articles) -> Result<(), Reason> {
    let job = deletion.job.clone();
    match (deletion.article_idx, articles) {
        (None, Articles::Known(1)) | (Some(0), _) | (Some(_), Articles::AtLeast(_)) => Ok(()),
        (None, Articles::Known(articles)) => Err(Reason::ArticleNotNamed { job, articles }),
        (None, Articles::AtLeast(at_least)) => Err(Reason::ArticlesUnknown { job, at_least }),
        (Some(named), Articles::Known(many)) if usize::try_from(named).is_ok_and(|n| n > many) => {
            Err(Reason::NoSuchArticle { job, article: named, articles: many })
        }
        (Some(_), Articles::Known(_)) => Ok(()),
    }
}

impl AccountPass<'_, '_> {
    /// Requests the account's next API call if its time has come, and returns when to look again.
    pub(super) fn api_calls(
        &mut self,
        session: &mut Session,
        held: bool,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let name = session.config.account.name.clone();
        if self.tx.next_api_call(&name, self.now)?.is_some_and(|at| at <= self.now) {
            self.send_api_call(session)?;
        }
        let pre_send = if held { None } else { self.tx.next_pre_send(&name)? };
        Ok(self.tx.next_api_call(&name, self.now)?.into_iter().chain(pre_send).min())
    }

    fn send_api_call(&mut self, session: &mut Session) -> Result<(), StoreError> {
        let account = session.config.account.clone();
        if session.in_flight.has(Slot::ApiCall) || calendar::guard_end(self.now).is_some() {
            return Ok(());
        }
        let Some(token) = session.usable_token(self.now).cloned() else {
            if !session.is_busy() {
                self.preflight(session)?;
            }
            return Ok(());
        };
        for _ in 0..DECISIONS_PER_PASS {
            let Some(api_call) = self.tx.due_api_call(&account.name, self.now)? else {
                return Ok(());
            };
            let kept = margins::KEPT_FOR_SENDS;
            if api_call.api_call.is_of_the_mass_family()
                && self.tx.minute_free_at(&account.name, kept, self.now)?.is_some()
            {
                return Ok(());
            }
            match self.request(&api_call, &account, &token)? {
                NextCall::Send(request) => {
                    let ask = self.tx.begin_api_call(&api_call, &account.name, self.now)?;
                    self.send(session, self.now, Ticket::ApiCall(ask), request);
                    return Ok(());
                }
                NextCall::PutOff(block) => {
                    let why = &block.into();
                    let word = ApiCallFailure { errcode: None, why, effect: Effect::Nothing };
                    self.tx.put_off_action(&api_call, (None, word), &account, self.now)?;
                }
                NextCall::Refused(why) => {
                    let word = ApiCallFailure { errcode: None, why: &why, effect: Effect::Nothing };
                    self.tx.api_call_failed(&api_call, None, word, self.now)?;
                }
            }
        }
        Ok(())
    }

    /// Returns an API call's request, or why there can be none.
    fn request(
        &self,
        api_call: &OpenApiCall,
        account: &Account,
        token: &secrecy::SecretString,
    ) -> Result<NextCall, StoreError> {
        if let Some(block) = self.tx.api_call_block(api_call, account, self.now)? {
            return Ok(match block.window.span() {
                Span::Day if is_put_off(api_call) => NextCall::PutOff(block),
                Span::Day | Span::Month | Span::Ever => NextCall::Refused(block.into()),
            });
        }
        if let Some(job) = self.tx.later_menu(api_call, &account.name)? {
            return Ok(NextCall::Refused(Reason::MenuReplaced { job }));
        }
        let request = match (&api_call.api_call, api_call.msg_id) {
            (ApiCall::Preview(to, card_ext), _) => {
                let body = match &api_call.job {
                    Some(job) => self.tx.body_of(job)?,
                    None => None,
                };
                match body {
                    Some(body) => api_call::preview(token, &body, (to, card_ext.as_deref()))
                        .map_err(|why| match why {
                            NoPreview::Content => Reason::NoPreviewOfContent,
                            NoPreview::CardExt => Reason::NoCardExt,
                        }),
                    None => Err(Reason::NotPrepared),
                }
            }
            (ApiCall::Delete(_), None) => Err(Reason::NoBroadcastNumber),
            (ApiCall::Delete(_), Some(msg_id)) if api_call.verifies => {
                Ok(api_call::deleted(token, msg_id))
            }
            (ApiCall::Delete(deletion), Some(msg_id)) => {
                Ok(api_call::delete(token, msg_id, deletion.article()))
            }
            (ApiCall::SpeedGet, _) => Ok(api_call::speed_get(token)),
            (ApiCall::SpeedSet(speed), _) => Ok(api_call::speed_set(token, *speed)),
            (ApiCall::Menu(menu), _) => Ok(api_call::menu(token, menu)),
            (ApiCall::MenuDelete, _) => Ok(api_call::menu_delete(token)),
            (ApiCall::MenuRead { .. }, _) => Ok(api_call::menu_read(token)),
            (ApiCall::MenuConditional(menu), _) => Ok(api_call::menu_conditional(token, menu)),
            (ApiCall::MenuConditionalDelete { menuid }, _) => {
                Ok(api_call::menu_conditional_delete(token, menuid))
            }
            (ApiCall::MenuTry(viewer), _) => Ok(api_call::menu_try(token, viewer)),
            (ApiCall::Qrcode(code), _) => Ok(api_call::qrcode(token, code)),
            (ApiCall::Drafts { offset }, _) => Ok(media::drafts(token, *offset)),
            (ApiCall::MediaCheck(medium), _) => Ok(media::medium(token, medium, api_call.verifies)),
            (ApiCall::Picture(picture), _) => {
                let list = match &api_call.job {
                    Some(job) => qrcodes::list_after(self.tx, (job, &account.name), picture)?,
                    None => None,
                };
                Ok(api_call::picture_of(picture, list))
            }
        };
        Ok(request.map_or_else(NextCall::Refused, NextCall::Send))
    }

    /// Begins a job that is only an API call, or ends it if it can never work.
    pub(super) fn act(
        &self,
        job: &Job,
        account: &Account,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let step = match self.tx.action_of_job(&job.id)? {
            Some(Action::Delete(deletion)) => return self.delete(job, account, deletion, at),
            Some(Action::Speed(speed)) => Step::Call(ApiCall::SpeedSet(speed)),
            Some(Action::Menu(change)) => {
                menu::begin(self.tx, &job.id, (&change, &account.name), at)?
            }
            Some(Action::Qrcode(code)) => {
                Step::Call(ApiCall::Qrcode(Qrcode { renew: false, ..code }))
            }
            Some(Action::Qrcodes(codes)) => {
                qrcodes::begin(self.tx, (&job.id, &account.name), &codes)?
            }
            Some(Action::Broadcast(_)) | None => Step::End(JobState::Failed, Reason::ActionUnknown),
        };
        match step {
            Step::Call(api_call) => self.tx.begin_action(&job.id, (&api_call, None), at),
            Step::Wait(why) => self.tx.sleep(&job.id, at + LOOK_AGAIN, Some(&why.waits())),
            Step::End(state, why) => self.tx.finish_job(job, account, state, &why, at),
        }
    }

    /// Begins a deletion: one call for each media that the broadcasts sent.
    fn delete(
        &self,
        job: &Job,
        account: &Account,
        deletion: Deletion,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let sleep = |why: Reason| self.tx.sleep(&job.id, at + LOOK_AGAIN, Some(&why.waits()));
        let found = match deletable(self.tx, &deletion, &account.name)? {
            Deletability::Can(found)
                if found.is_under_way && found.to_come > 0 && !deletion.force =>
            {
                let (not_out, all) = (found.to_come, found.to_come + found.ends);
                return sleep(Reason::BroadcastsNotOut { not_out, all });
            }
            Deletability::Can(found) => found,
            Deletability::Cannot(Undeletable::NotYet(why)) => return sleep(why),
            Deletability::Cannot(Undeletable::Never(why) | Undeletable::Unless(why)) => {
                return self.tx.finish_job(job, account, JobState::Failed, &why, at);
            }
        };
        let (api_call, batches) = (ApiCall::Delete(deletion), found.batches);
        self.tx.begin_action(&job.id, (&api_call, batches.first().copied()), at)?;
        for batch in batches.into_iter().skip(1) {
            let new = NewApiCall {
                account: &account.name,
                api_call: &api_call,
                role: Role::Action,
                job: Some(&job.id),
                batch: Some(batch),
                said: None,
            };
            self.tx.write_api_call(&new, at)?;
        }
        Ok(())
    }
}

impl Session {
    /// Records the outcome of an API call.
    pub(super) fn settle_api_call(
        &mut self,
        tx: &Tx<'_>,
        ask: ApiCallAttempt,
        response: &HttpResponse,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let api_call = tx.api_call(ask.api_call)?;
        let parsed = match (api_call.verifies, api_call.msg_id) {
            (true, Some(msg_id)) => verified(protocol::read_status(response, msg_id)),
            (_, _) => api_call::read_api_call(response, &api_call.api_call),
        };
        tracing::info!(
            account = self.config.account.name,
            job.id = api_call.job.as_ref().map(JobId::as_str),
            api_call.id = api_call.id,
            api_call.kind = api_call.api_call.kind(),
            errcode = parsed.said().and_then(|said| said.code),
            errmsg = parsed.said().map(|said| said.errmsg.as_str()),
            "the response to an API call: {}",
            parsed.as_str()
        );
        match &parsed {
            ApiCallResponse::NewToken => self.refuse_token(),
            ApiCallResponse::Pause(said) => {
                self.pause(tx, said.code.unwrap_or_default(), &said.errmsg, now)?;
            }
            ApiCallResponse::UsedUp(_) => {
                tx.api_calls_used_up(&api_call, &self.config.account, now)?;
            }
            ApiCallResponse::Done(_)
            | ApiCallResponse::Refused(_)
            | ApiCallResponse::Later { .. } => {}
        }
        let answer = answer_of(&api_call.api_call, &parsed, &response.reply);
        let progress = Progress { requests: api_call.attempts, recovered: api_call.verifies };
        let policy = Policy::of(Kind::of(&api_call.api_call), api_call.role);
        let account = self.config.account.name.as_str();
        let effect = answer.effect();
        let asked = Asked { tx, ask, api_call: &api_call, account, effect, now };
        let said = message_of(&parsed);
        let dated = response.date.unwrap_or(now);
        match (calls::next(policy, progress, answer), parsed) {
            (_, ApiCallResponse::Done(told)) => asked.done(&self.config.account, told, dated),
            (Next::Fail, _) if is_media_gone(&api_call.api_call, answer) => {
                let told = ApiCallResult { exists: Some(false), ..ApiCallResult::default() };
                asked.done(&self.config.account, told, dated)
            }
            (Next::Again(pause), _) => asked.again(&said, pause),
            (Next::Verify, _) => asked.verify(&said),
            (Next::GiveUp, _) => {
                let (cause, times) = (Box::new(answered(&said)), api_call.attempts);
                asked.fail(&said, &Reason::AskedOften { cause, times })
            }
            (Next::NextDay, _) => {
                let word = ApiCallFailure { errcode: said.code, why: &answered(&said), effect };
                tx.put_off_action(&api_call, (Some(ask), word), &self.config.account, now)
            }
            (Next::Done | Next::Fail | Next::MakeAgain(_) | Next::Skip, _) => {
                asked.fail(&said, &answered(&said))
            }
        }
    }
}

/// Returns whether the job of a call goes on with it on the next day, if a day has no calls left.
fn is_put_off(api_call: &OpenApiCall) -> bool {
    let policy = Policy::of(Kind::of(&api_call.api_call), api_call.role);
    let progress = Progress { requests: api_call.attempts, recovered: api_call.verifies };
    api_call.job.is_some() && calls::next(policy, progress, Answer::UsedUp) == Next::NextDay
}

/// Returns whether a response says that a medium is nowhere: an answer, and no failure.
fn is_media_gone(asked: &ApiCall, answer: Answer) -> bool {
    matches!(asked, ApiCall::MediaCheck(_)) && answer == Answer::Gone
}

/// Returns what a response means for the call's life cycle.
fn answer_of(asked: &ApiCall, parsed: &ApiCallResponse, reply: &Reply) -> Answer {
    let is_check = matches!(asked, ApiCall::MediaCheck(_));
    match parsed {
        ApiCallResponse::Done(_) => Answer::Done,
        ApiCallResponse::NewToken => Answer::TokenRefused,
        ApiCallResponse::Pause(_) => Answer::AccountRefused,
        ApiCallResponse::UsedUp(_) => Answer::UsedUp,
        ApiCallResponse::Refused(said) if said.code == Some(codes::NO_SUCH_MSG_ID) => Answer::Gone,
        ApiCallResponse::Refused(said)
            if is_check && said.code == Some(codes::NO_SUCH_MEDIA_ID) =>
        {
            Answer::Gone
        }
        ApiCallResponse::Refused(_) => Answer::Refused,
        ApiCallResponse::Later { certain, .. } => Answer::Later(match (reply, certain) {
            (Reply::NotSent(_) | Reply::Unreachable(_), _) => Effect::Nothing,
            (Reply::Unknown(_) | Reply::Http { .. }, true) => Effect::Call,
            (Reply::Unknown(_) | Reply::Http { .. }, false) => Effect::Unknown,
        }),
    }
}

fn message_of(parsed: &ApiCallResponse) -> PlatformMessage {
    parsed.said().cloned().unwrap_or_else(|| PlatformMessage {
        code: None,
        errmsg: "the access token was refused".to_owned(),
    })
}

/// An API call whose response is being recorded.
struct Asked<'a, 's> {
    tx: &'a Tx<'s>,
    ask: ApiCallAttempt,
    api_call: &'a OpenApiCall,
    account: &'a str,
    effect: Effect,
    now: DateTime<Utc>,
}

impl Asked<'_, '_> {
    /// Retries after a pause.
    fn again(&self, said: &PlatformMessage, pause: TimeDelta) -> Result<(), StoreError> {
        let again = Again { next_at: self.now + pause, verifies: self.api_call.verifies };
        let word = ApiCallFailure { errcode: said.code, why: &answered(said), effect: self.effect };
        self.tx.api_call_again(self.ask, word, again, self.now)
    }

    /// Verifies a deletion that an earlier request may have made.
    fn verify(&self, said: &PlatformMessage) -> Result<(), StoreError> {
        let again = Again { next_at: self.now, verifies: true };
        let word =
            ApiCallFailure { errcode: said.code, why: &answered(said), effect: Effect::Unknown };
        self.tx.api_call_again(self.ask, word, again, self.now)
    }

    /// Records the result, and stores the next call of the same job in the same transaction.
    fn done(
        &self,
        account: &Account,
        told: ApiCallResult,
        dated: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let next = self.next(account, &told)?;
        let answer = response_text(told, dated);
        match next {
            Some(Step::Call(next)) => self.tx.write_next_call(self.api_call, &next, self.now)?,
            Some(Step::Wait(why)) => {
                let end = (JobState::Failed, &why);
                return self.tx.api_call_ends_job(self.ask, &answer, end, self.now);
            }
            Some(Step::End(state, why)) => {
                return self.tx.api_call_ends_job(self.ask, &answer, (state, &why), self.now);
            }
            None => {}
        }
        self.tx.api_call_done(self.ask, account, &answer, self.now)?;
        match self.api_call.api_call {
            ApiCall::Menu(_) | ApiCall::MenuDelete => {
                menu::plan_undo(self.tx, self.api_call, account, self.now)
            }
            ApiCall::Qrcode(_) | ApiCall::Picture(_) => {
                qrcodes::plan_renewal(self.tx, self.api_call, account, self.now)
            }
            ApiCall::Preview(..)
            | ApiCall::Delete(_)
            | ApiCall::SpeedGet
            | ApiCall::SpeedSet(_)
            | ApiCall::MenuRead { .. }
            | ApiCall::MenuConditional(_)
            | ApiCall::MenuConditionalDelete { .. }
            | ApiCall::MenuTry(_)
            | ApiCall::Drafts { .. }
            | ApiCall::MediaCheck(_) => Ok(()),
        }
    }

    /// Returns what the job does after this call, if it goes on.
    fn next(&self, account: &Account, told: &ApiCallResult) -> Result<Option<Step>, StoreError> {
        let Some(job) = self.api_call.job.as_ref().filter(|_| self.api_call.role == Role::Action)
        else {
            return Ok(None);
        };
        let next = match (&self.api_call.api_call, told) {
            (ApiCall::MenuRead { .. }, ApiCallResult { menu, .. }) => {
                let stands = menu.as_ref();
                return menu::after_reading(self.tx, self.api_call, &account.name, stands)
                    .map(Some);
            }
            (ApiCall::Qrcode(code), ApiCallResult { code: Some(made), .. }) => {
                qrcodes::after_code(self.tx, job, (code, &made.ticket))?
            }
            (ApiCall::Picture(picture), _) => {
                qrcodes::after_picture(self.tx, (job, &account.name), picture)?
            }
            (
                ApiCall::Preview(..)
                | ApiCall::Delete(_)
                | ApiCall::SpeedGet
                | ApiCall::SpeedSet(_)
                | ApiCall::Menu(_)
                | ApiCall::MenuDelete
                | ApiCall::MenuConditional(_)
                | ApiCall::MenuConditionalDelete { .. }
                | ApiCall::MenuTry(_)
                | ApiCall::Qrcode(_)
                | ApiCall::Drafts { .. }
                | ApiCall::MediaCheck(_),
                _,
            ) => None,
        };
        Ok(next.map(Step::Call))
    }

    fn fail(&self, said: &PlatformMessage, why: &Reason) -> Result<(), StoreError> {
        if self.api_call.api_call == (ApiCall::MenuRead { needed: false }) {
            // The menu is changed all the same; only what stood before is not known.
            let next = menu::after_reading(self.tx, self.api_call, self.account, None)?;
            if let Step::Call(next) = next {
                self.tx.write_next_call(self.api_call, &next, self.now)?;
            }
        }
        let word = ApiCallFailure { errcode: said.code, why, effect: self.effect };
        self.tx.api_call_failed(self.api_call, Some(self.ask), word, self.now)
    }
}

/// Returns the platform's status of a broadcast as the response to its deletion.
fn verified(status: StatusResponse) -> ApiCallResponse {
    let said = |code, errmsg: &str| PlatformMessage { code, errmsg: errmsg.to_owned() };
    match status {
        StatusResponse::Deleted => ApiCallResponse::Done(ApiCallResult::default()),
        StatusResponse::NewToken => ApiCallResponse::NewToken,
        StatusResponse::Pause { code, errmsg } => ApiCallResponse::Pause(said(Some(code), &errmsg)),
        StatusResponse::NotOurs => ApiCallResponse::Refused(said(
            Some(codes::NO_SUCH_MSG_ID),
            "the broadcast is not known",
        )),
        StatusResponse::Success | StatusResponse::Sending | StatusResponse::Failed => {
            let errmsg = "the platform does not know it as deleted";
            ApiCallResponse::Refused(said(Some(codes::NO_SUCH_MSG_ID), errmsg))
        }
        StatusResponse::Unclear(why) => {
            ApiCallResponse::Later { certain: false, said: said(None, &why) }
        }
    }
}

/// Returns what is stored of a response that the platform dated.
fn response_text(told: ApiCallResult, dated: DateTime<Utc>) -> serde_json::Value {
    if let Some(page) = told.drafts {
        return json!(page);
    }
    if let Some(exists) = told.exists {
        return json!({ "exists": exists });
    }
    match (told.speed, told.code) {
        (Some((speed, real)), _) => json!({ "speed": speed, "realspeed": real }),
        (None, Some(MadeCode { ticket, url, expire_seconds })) => {
            let life = expire_seconds.and_then(TimeDelta::try_seconds);
            let expires = life.and_then(|life| dated.checked_add_signed(life));
            json!({
                "ticket": ticket,
                "url": url,
                "expire_seconds": expire_seconds,
                "expires_at": expires.map(calendar::rfc3339),
                "picture": api_call::picture(&ticket),
            })
        }
        (None, None) => match (told.menu, told.menuid) {
            (Some(menu), _) => json!({ "menu": menu }),
            (None, Some(menuid)) => json!({ "menuid": menuid }),
            (None, None) => json!({ "msg_id": told.msg_id }),
        },
    }
}

fn answered(said: &PlatformMessage) -> Reason {
    Reason::ApiCallAnswered { errcode: said.code, errmsg: said.errmsg.clone() }
}
