//! Errands: the calls beside the broadcasts. They wait for the sends, never the other way round.
//!
//! An errand that has no clear answer is asked again, because none of them can do harm twice. One
//! that goes on failing ends, and whoever wanted it hears why.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use crate::calendar;
use crate::engine::{Lane, Ticket};
use crate::model::{Account, Deletion, Errand, JobId, JobState};
use crate::plan::{self, Job};
use crate::quota::margins;
use crate::store::{
    Again, Deletee, DeletionFacts, Effect, ErrandAsk, ErrandWord, NewErrand, OpenErrand, Role,
    Step, StoreError, one_of_each,
};
use crate::wechat::codes;
use crate::wechat::protocol::errand::{self, ErrandReading, MadeCode, Said, Told};
use crate::wechat::protocol::{self, Answer, Request, StatusReading};

use super::turn::Turn;

/// The pauses between two requests for one errand; the last one repeats.
const GAPS_S: [i64; 5] = [5, 15, 60, 300, 900];
/// How many errands of one account a single pass ends without a request.
const DECISIONS_PER_PASS: usize = 50;
/// How long a deletion waits before it looks again whether its broadcast went out.
const LOOK_AGAIN: TimeDelta = TimeDelta::seconds(30);

/// How often an errand is asked at most.
///
/// Deletions are few in a day; what replaces a menu or makes a code is asked until its job's time is
/// over.
fn tries(errand: &OpenErrand) -> u32 {
    match (errand.role, &errand.errand) {
        (Role::Prelude, _) => 3,
        (Role::Command, _) => 4,
        (Role::Action, Errand::Menu(_) | Errand::Qrcode(_)) => u32::MAX,
        (
            Role::Action,
            Errand::Preview(..) | Errand::Delete(_) | Errand::SpeedGet | Errand::SpeedSet(_),
        ) => 8,
    }
}

/// Why a broadcast is not deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undeletable {
    /// It has not gone out yet, and may.
    NotYet(String),
    /// It can never work.
    Never(String),
    /// It would not do what was asked, or more; a person may insist.
    Unless(String),
}

impl Undeletable {
    /// Returns why, as a sentence without capital and full stop.
    pub fn why(&self) -> &str {
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
    /// So many were named by its event, which need not name all of them.
    AtLeast(usize),
}

/// What a deletion asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deletable {
    /// The batches whose numbers are named, in order: one of each media.
    pub batches: Vec<i64>,
    /// How many broadcasts end with them.
    pub ends: usize,
    /// How many broadcasts of the job may still go out, or are not known to have.
    pub to_come: usize,
    /// Whether those are decided without a person.
    is_under_way: bool,
}

/// Decides whether a job's broadcasts may be deleted, and which of them are named for it.
///
///
/// # Errors
/// Where the store fails.
pub fn deletable(
    step: &Step<'_>,
    deletion: &Deletion,
    account: &str,
) -> Result<Result<Deletable, Undeletable>, StoreError> {
    let Some(facts) = step.deletion_facts(&deletion.job)? else {
        let why = format!("no job has the id {}", deletion.job);
        return Ok(Err(Undeletable::Never(why)));
    };
    if facts.account != account {
        let why = format!("job {} is of account {}", deletion.job, facts.account);
        return Ok(Err(Undeletable::Never(why)));
    }
    let articles = articles(step, deletion, &facts)?;
    Ok(judge(deletion, &facts, articles))
}

fn articles(
    step: &Step<'_>,
    deletion: &Deletion,
    facts: &DeletionFacts,
) -> Result<Articles, StoreError> {
    if let Some(articles) = facts.articles {
        return Ok(Articles::Known(articles));
    }
    let told = step.articles(deletion.job.as_str())?;
    let numbers = told.iter().filter_map(|article| usize::try_from(article.article_idx).ok());
    Ok(Articles::AtLeast(numbers.max().unwrap_or_default()))
}

fn judge(
    deletion: &Deletion,
    facts: &DeletionFacts,
    articles: Articles,
) -> Result<Deletable, Undeletable> {
    let id = &deletion.job;
    let never = |why: String| Err(Undeletable::Never(why));
    if facts.action != "broadcast" {
        return never(format!("job {id} is no broadcast"));
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
            let why = format!(
                "job {id} is {state}, and only what was sent can be deleted: `qunfa cancel {id}` calls it off"
            );
            Err(Undeletable::NotYet(why))
        } else if state == JobState::Sent {
            never(format!("the number of job {id}'s broadcast is not known"))
        } else {
            never(format!("job {id} is {state}: nothing of it is known to have gone out"))
        };
    }
    let named = |batches: Vec<&Deletee>| Deletable {
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
    let unless = |why: String| Err(Undeletable::Unless(why));
    if left.is_empty() && facts.to_come == 0 {
        return unless(format!("the broadcast of job {id} is deleted already"));
    }
    if !matches!(facts.msgtype.as_str(), "mpnews" | "mpvideo") {
        return unless(format!(
            "job {id} sent {}, and the platform deletes articles (mpnews) and videos (mpvideo) only",
            facts.msgtype
        ));
    }
    let sent: Vec<_> = left.into_iter().filter(|batch| batch.is_sent).collect();
    if sent.is_empty() {
        let why = format!(
            "the platform has not said yet that the broadcast of job {id} went out, and only what was sent can be deleted"
        );
        return Err(Undeletable::NotYet(why));
    }
    check_article(deletion, articles).map_err(Undeletable::Unless)?;
    if !facts.sharing.is_empty() {
        return unless(format!(
            "the same media was sent by {} too, and one deletion ends all of them",
            facts.sharing.join(", ")
        ));
    }
    Ok(named(sent))
}

fn check_article(deletion: &Deletion, articles: Articles) -> Result<(), String> {
    let id = &deletion.job;
    match (deletion.article_idx, articles) {
        (None, Articles::Known(1)) | (Some(0), _) | (Some(_), Articles::AtLeast(_)) => Ok(()),
        (None, Articles::Known(many)) => Err(format!(
            "the broadcast of job {id} has {many} articles, and none was named: 1 to {many} is one, 0 all of them"
        )),
        (None, Articles::AtLeast(many)) => {
            let known = match many {
                0 => String::new(),
                many => format!(" (its event names {many}, and need not name all)"),
            };
            Err(format!(
                "how many articles job {id} sent is not known{known}, and none was named: 1 is the first, 0 all of them"
            ))
        }
        (Some(named), Articles::Known(many)) if usize::try_from(named).is_ok_and(|n| n > many) => {
            Err(format!("the broadcast of job {id} has no article {named}, only {many}"))
        }
        (Some(_), Articles::Known(_)) => Ok(()),
    }
}

impl Turn<'_, '_> {
    /// Asks for the account's next errand if its time has come, and returns when to look again.
    pub(super) fn errands(
        &mut self,
        lane: &mut Lane,
        held: bool,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let name = lane.config.account.name.clone();
        if self.step.next_errand(&name, self.now)?.is_some_and(|at| at <= self.now) {
            self.ask_errand(lane)?;
        }
        let prelude = if held { None } else { self.step.next_prelude(&name)? };
        Ok(self.step.next_errand(&name, self.now)?.into_iter().chain(prelude).min())
    }

    fn ask_errand(&mut self, lane: &mut Lane) -> Result<(), StoreError> {
        let account = lane.config.account.clone();
        if lane.asking_errand || calendar::guard_end(self.now).is_some() {
            return Ok(());
        }
        let Some(token) = lane.usable_token(self.now).cloned() else {
            if !lane.busy {
                self.preflight(lane)?;
            }
            return Ok(());
        };
        for _ in 0..DECISIONS_PER_PASS {
            let Some(errand) = self.step.due_errand(&account.name, self.now)? else {
                return Ok(());
            };
            let kept = margins::KEPT_FOR_SENDS;
            if errand.errand.is_of_the_mass_family()
                && self.step.minute_free_at(&account.name, kept, self.now)?.is_some()
            {
                return Ok(());
            }
            match self.request(&errand, &account, &token)? {
                Ok(request) => {
                    let ask = self.step.begin_errand(&errand, &account.name, self.now)?;
                    lane.asking_errand = true;
                    self.send(self.now, Ticket::Errand(ask), request);
                    return Ok(());
                }
                Err(why) => {
                    let word = ErrandWord { errcode: None, words: &why, effect: Effect::Nothing };
                    self.step.errand_failed(&errand, None, word, self.now)?;
                }
            }
        }
        Ok(())
    }

    /// Returns an errand's request, or why there can be none.
    fn request(
        &self,
        errand: &OpenErrand,
        account: &Account,
        token: &secrecy::SecretString,
    ) -> Result<Result<Request, String>, StoreError> {
        if let Some(block) = self.step.errand_block(errand, account, self.now)? {
            return Ok(Err(plan::sentence(block)));
        }
        if let Some(job) = self.step.later_menu(errand, &account.name)? {
            return Ok(Err(format!("the menu of job {job} took its place")));
        }
        Ok(match (&errand.errand, errand.msg_id) {
            (Errand::Preview(to, card_ext), _) => {
                let body = match &errand.job {
                    Some(job) => self.step.body_of(job)?,
                    None => None,
                };
                match body {
                    Some(body) => errand::preview(token, &body, (to, card_ext.as_deref()))
                        .map_err(|why| why.to_string()),
                    None => Err("its content is not prepared yet: preview later".to_owned()),
                }
            }
            (Errand::Delete(_), None) => Err("its broadcast has no number".to_owned()),
            (Errand::Delete(_), Some(msg_id)) if errand.verifies => {
                Ok(errand::deleted(token, msg_id))
            }
            (Errand::Delete(deletion), Some(msg_id)) => {
                Ok(errand::delete(token, msg_id, deletion.article()))
            }
            (Errand::SpeedGet, _) => Ok(errand::speed_get(token)),
            (Errand::SpeedSet(speed), _) => Ok(errand::speed_set(token, *speed)),
            (Errand::Menu(menu), _) => Ok(errand::menu(token, menu)),
            (Errand::Qrcode(code), _) => Ok(errand::qrcode(token, code)),
        })
    }

    /// Begins a job that is nothing but an errand, or ends it where it can never work.
    pub(super) fn act(
        &self,
        job: &Job,
        account: &Account,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let Some(errand) = self.step.errand_of_job(&job.id)? else {
            let why = "what it does is not known";
            return self.step.end_for(job, account, JobState::Failed, why, at);
        };
        let (errand, batches) = match errand {
            Errand::Delete(deletion) => match deletable(self.step, &deletion, &account.name)? {
                Ok(found) if found.is_under_way && found.to_come > 0 && !deletion.force => {
                    let (some, all) = (found.to_come, found.to_come + found.ends);
                    let why = format!(
                        "waits: {some} of its {all} broadcasts are not known to have gone out, and all of them are to be deleted"
                    );
                    return self.step.sleep(&job.id, at + LOOK_AGAIN, Some(&why));
                }
                Ok(found) => (Errand::Delete(deletion), found.batches),
                Err(Undeletable::NotYet(why)) => {
                    let why = format!("waits: {why}");
                    return self.step.sleep(&job.id, at + LOOK_AGAIN, Some(&why));
                }
                Err(Undeletable::Never(why) | Undeletable::Unless(why)) => {
                    return self.step.end_for(job, account, JobState::Failed, &why, at);
                }
            },
            other @ (Errand::Preview(..)
            | Errand::SpeedGet
            | Errand::SpeedSet(_)
            | Errand::Menu(_)
            | Errand::Qrcode(_)) => (other, Vec::new()),
        };
        self.step.begin_action(&job.id, (&errand, batches.first().copied()), at)?;
        for batch in batches.into_iter().skip(1) {
            let new = NewErrand {
                account: &account.name,
                errand: &errand,
                role: Role::Action,
                job: Some(&job.id),
                batch: Some(batch),
                said: None,
            };
            self.step.write_errand(&new, at)?;
        }
        Ok(())
    }
}

impl Lane {
    /// Records what came of an errand.
    pub(super) fn settle_errand(
        &mut self,
        step: &Step<'_>,
        ask: ErrandAsk,
        answer: &Answer,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let errand = step.errand(ask.errand)?;
        let reading = match (errand.verifies, errand.msg_id) {
            (true, Some(msg_id)) => verified(protocol::read_status(answer, msg_id)),
            (_, _) => errand::read_errand(answer, &errand.errand),
        };
        tracing::info!(
            account = self.config.account.name,
            job.id = errand.job.as_ref().map(JobId::as_str),
            errand.id = errand.id,
            errand.kind = errand.errand.kind(),
            errcode = reading.said().and_then(|said| said.code),
            errmsg = reading.said().map(|said| said.errmsg.as_str()),
            "the answer to an errand: {}",
            reading.as_str()
        );
        match reading {
            ErrandReading::Done(told) => {
                let dated = answer.date.unwrap_or(now);
                step.errand_done(ask, &self.config.account, &answer_words(told, dated), now)
            }
            ErrandReading::NewToken => {
                self.refuse_token();
                let said = Said { code: None, errmsg: "the access token was refused".to_owned() };
                let asked = Asked { step, ask, errand: &errand, now };
                asked.again((&said, Effect::Nothing), errand.in_doubt)
            }
            ErrandReading::Pause(said) => {
                self.pause(step, said.code.unwrap_or_default(), &said.errmsg, now)?;
                Asked { step, ask, errand: &errand, now }.fail(&said)
            }
            ErrandReading::UsedUp(said) => {
                step.errands_used_up(&errand, &self.config.account, now)?;
                Asked { step, ask, errand: &errand, now }.fail(&said)
            }
            ErrandReading::Refused(said) => {
                let asked = Asked { step, ask, errand: &errand, now };
                let may_be_done = errand.attempts > 1 && said.code == Some(codes::NO_SUCH_MSG_ID);
                if may_be_done && !errand.verifies && matches!(errand.errand, Errand::Delete(_)) {
                    return asked.verify(&said);
                }
                asked.fail(&said)
            }
            ErrandReading::Later { certain, said } => {
                let effect = match (&answer.reply, certain) {
                    (protocol::Reply::NotSent(_), _) => Effect::Nothing,
                    (protocol::Reply::Unknown(_) | protocol::Reply::Http { .. }, true) => {
                        Effect::Call
                    }
                    (protocol::Reply::Unknown(_) | protocol::Reply::Http { .. }, false) => {
                        Effect::Unknown
                    }
                };
                let asked = Asked { step, ask, errand: &errand, now };
                asked.again((&said, effect), errand.in_doubt || !certain)
            }
        }
    }
}

/// An errand whose answer is being recorded.
struct Asked<'a, 's> {
    step: &'a Step<'s>,
    ask: ErrandAsk,
    errand: &'a OpenErrand,
    now: DateTime<Utc>,
}

impl Asked<'_, '_> {
    /// Asks again after a pause, unless it was asked often enough.
    fn again(&self, (said, effect): (&Said, Effect), in_doubt: bool) -> Result<(), StoreError> {
        let attempts = self.errand.attempts;
        let told = words(said);
        if attempts >= tries(self.errand) {
            let told = format!("{told}; it was asked {attempts} times");
            let word = ErrandWord { errcode: said.code, words: &told, effect };
            return self.step.errand_failed(self.errand, Some(self.ask), word, self.now);
        }
        let gap = GAPS_S.get(attempts.saturating_sub(1) as usize).or(GAPS_S.last());
        let again = Again {
            next_at: self.now + TimeDelta::seconds(gap.copied().unwrap_or(0)),
            in_doubt,
            verifies: self.errand.verifies,
        };
        let word = ErrandWord { errcode: said.code, words: &told, effect };
        self.step.errand_again(self.ask, word, again, self.now)
    }

    /// Asks what became of a deletion that an earlier request may have made.
    fn verify(&self, said: &Said) -> Result<(), StoreError> {
        let again = Again { next_at: self.now, in_doubt: true, verifies: true };
        let word = ErrandWord { errcode: said.code, words: &words(said), effect: Effect::Unknown };
        self.step.errand_again(self.ask, word, again, self.now)
    }

    fn fail(&self, said: &Said) -> Result<(), StoreError> {
        let word = ErrandWord { errcode: said.code, words: &words(said), effect: Effect::Call };
        self.step.errand_failed(self.errand, Some(self.ask), word, self.now)
    }
}

/// Returns what the platform says of a broadcast as the answer to its deletion.
fn verified(status: StatusReading) -> ErrandReading {
    let said = |code, errmsg: &str| Said { code, errmsg: errmsg.to_owned() };
    match status {
        StatusReading::Deleted => ErrandReading::Done(Told::default()),
        StatusReading::NewToken => ErrandReading::NewToken,
        StatusReading::Pause { code, errmsg } => ErrandReading::Pause(said(Some(code), &errmsg)),
        StatusReading::NotOurs => {
            ErrandReading::Refused(said(Some(codes::NO_SUCH_MSG_ID), "the broadcast is not known"))
        }
        StatusReading::Success | StatusReading::Sending | StatusReading::Failed => {
            let errmsg = "the platform does not know it as deleted";
            ErrandReading::Refused(said(Some(codes::NO_SUCH_MSG_ID), errmsg))
        }
        StatusReading::Unclear(why) => {
            ErrandReading::Later { certain: false, said: said(None, &why) }
        }
    }
}

/// Returns what is kept of an answer that the platform dated.
fn answer_words(told: Told, dated: DateTime<Utc>) -> serde_json::Value {
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
                "picture": errand::picture(&ticket),
            })
        }
        (None, None) => json!({ "msg_id": told.msg_id }),
    }
}

/// Returns what was heard, and what helps against it.
fn words(said: &Said) -> String {
    match said.code {
        Some(code) => {
            let row = codes::for_errand(code);
            let advice = row.helps().map_or_else(String::new, |helps| format!("; {helps}"));
            format!("the platform answered {code} ({}): {}{advice}", said.errmsg, row.what)
        }
        None => said.errmsg.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_told_with_what_a_person_can_do_about_it() {
        let told = |code| words(&Said { code: Some(code), errmsg: "m".to_owned() });

        assert_eq!(
            told(89504),
            "the platform answered 89504 (m): the platform waits for the administrator; let the \
             account's administrator confirm the call on the phone"
        );
        assert_eq!(
            told(45011),
            "the platform answered 45011 (m): the account made too many calls in one minute"
        );
    }
}
