//! The events that the platform pushes, and those that somebody forges.

use chrono::{DateTime, TimeDelta, Utc};
use qunfa::model::Credence;
use qunfa::wechat::callback::{self, Incoming, Status};

use super::{Input, World, one_in};
impl World {
    pub(super) fn push_events(&mut self) {
        for event in self.platform.take_events(self.at) {
            let account = self
                .accounts
                .iter()
                .position(|setup| setup.callback && setup.account.appid == event.appid);
            let Some(account) = account else { continue };
            if one_in(&mut self.rng, self.way.push_lost) {
                self.count("event lost");
                continue;
            }
            let copies = if one_in(&mut self.rng, self.way.push_tripled) { 3 } else { 1 };
            if copies == 3 {
                self.count("event three times");
            }
            for _ in 0..copies {
                let mut at = self.at + self.latency();
                if one_in(&mut self.rng, self.way.push_late) {
                    self.count("event late");
                    at += TimeDelta::seconds(self.rng.i64(1..7_200));
                }
                let body = event.body.clone();
                self.push(at, Input::Push { account, body, tries: 1 });
            }
            if one_in(&mut self.rng, self.way.push_forged) {
                let msg_id =
                    if self.rng.bool() { event.msg_id } else { self.rng.i64(1..1_000_000) };
                self.forge(account, msg_id, "send success");
            }
        }
    }

    /// Pushes an event that the platform never made.
    pub(crate) fn forge(&mut self, account: usize, msg_id: i64, status: &str) {
        if self.accounts[account].safe {
            // It never gets past the listener.
            return;
        }
        self.count("event forged");
        self.oracle.forged(&self.accounts[account].account.appid.clone(), self.at);
        let at = self.at + self.latency();
        let body = event_body(self.at, msg_id, status);
        self.push(at, Input::Push { account, body, tries: 1 });
    }

    /// Pushes an event of a platform that says this and now.
    pub(crate) fn tell(&mut self, account: usize, msg_id: i64, status: &str) {
        let body = event_body(self.at, msg_id, status);
        self.deliver(account, body, 3);
    }

    /// Sets the account's callback to safe mode or to plain mode.
    pub(crate) fn set_safe(&mut self, account: usize, safe: bool) {
        self.accounts[account].safe = safe;
    }

    pub(super) fn deliver(&mut self, account: usize, body: String, tries: u32) {
        let frozen = self.frozen_until.is_some_and(|until| until > self.at);
        if self.engine.is_none() || frozen {
            if tries < 3 {
                let at = self.at + TimeDelta::seconds(5);
                self.push(at, Input::Push { account, body, tries: tries + 1 });
            }
            return;
        }
        let Some(session) = self.listens(account) else { return };
        let Ok(Incoming::MassSendJobFinish(event)) = callback::parse(body.as_bytes()) else {
            panic!("the platform's event cannot be read: {body}");
        };
        let now = self.now();
        let name = self.accounts[account].account.name.clone();
        self.say(&format!("{name}: event {} {}", event.msg_id, event.status_text));
        let before = self.oracle.before_event(&name, event.msg_id, &self.disk);
        let safe = self.accounts[account].safe;
        let credence = if safe { Credence::Proof } else { Credence::Hint };
        if safe {
            self.count("event encrypted");
        }
        self.engine().receive(session, (body.as_bytes(), &event, credence), now).unwrap();
        self.look();
        let after = self.oracle.before_event(&name, event.msg_id, &self.disk);
        let settles = !matches!(event.status, Status::Other(_));
        if safe && settles && after.as_ref().is_some_and(|state| state.starts_with("accepted")) {
            self.fail(&format!("14: an encrypted event left a batch {after:?}"));
        }
        if !safe && before != after {
            self.fail(&format!("14: a plain event moved a batch from {before:?} to {after:?}"));
        }
    }
}

fn event_body(at: DateTime<Utc>, msg_id: i64, status: &str) -> String {
    let created = at.timestamp();
    format!(
        "<xml><ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName>\
         <CreateTime>{created}</CreateTime><MsgType>event</MsgType>\
         <Event>MASSSENDJOBFINISH</Event><MsgID>{msg_id}</MsgID><Status>{status}</Status>\
         <TotalCount>1</TotalCount><FilterCount>1</FilterCount><SentCount>1</SentCount>\
         <ErrorCount>0</ErrorCount></xml>"
    )
}
