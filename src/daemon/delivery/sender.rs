//! Sends messages over the channel of a receiver.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::http::Http;
use super::{command, email, robot, webhook};
use crate::alert::Message;
use crate::alert::pace::Rate;
use crate::config::Channel;
use crate::l10n::{Lang, within};
use crate::model::Plain;
use crate::store::DeliveryOutcome;

/// How long one attempt may take, whatever its channel.
const AT_MOST: Duration = Duration::from_secs(90);
/// How many messages are gathered into one, if they fit.
const GATHERED: u32 = 100;

/// Returns how many messages one attempt takes.
pub(super) fn at_once(channel: &Channel) -> u32 {
    match channel {
        Channel::Wecom(_) | Channel::Feishu(_) | Channel::Dingtalk(_) | Channel::Email(_) => {
            GATHERED
        }
        Channel::Webhook(_) | Channel::Command(_) => 1,
    }
}

/// Returns how many requests a channel takes; none if nobody says so.
pub(super) fn rate(channel: &Channel) -> Option<Rate> {
    match channel {
        // 20 a minute in each group; 飞书 allows more, which no group wants to read.
        Channel::Wecom(_) | Channel::Feishu(_) | Channel::Dingtalk(_) => {
            Some(Rate { messages: 20, within: TimeDelta::seconds(62) })
        }
        Channel::Email(_) => Some(Rate { messages: 10, within: TimeDelta::minutes(1) }),
        Channel::Webhook(_) | Channel::Command(_) => None,
    }
}

/// What talks to the outside.
pub(super) struct Sender {
    http: Http,
    /// The language of what it sends.
    lang: Lang,
}

impl Sender {
    pub(super) fn new(lang: Lang) -> Self {
        Self { http: Http::default(), lang }
    }

    pub(super) fn lang(&self) -> Lang {
        self.lang
    }

    /// Sends the first messages, as many as fit; returns how many these are, and the outcome.
    pub(super) async fn send(
        &self,
        channel: &Channel,
        messages: &[Message],
        now: DateTime<Utc>,
    ) -> (usize, DeliveryOutcome) {
        let sent = self.send_in_time(channel, messages, now);
        match tokio::time::timeout(AT_MOST, sent).await {
            Ok((count, Ok(()))) => (count, DeliveryOutcome::Delivered),
            Ok((count, Err(error))) => (count, DeliveryOutcome::Failed(error)),
            Err(_) => (messages.len(), DeliveryOutcome::Failed(Plain::NoAnswer.to_string())),
        }
    }

    async fn send_in_time(
        &self,
        channel: &Channel,
        messages: &[Message],
        now: DateTime<Utc>,
    ) -> (usize, Result<(), String>) {
        match channel {
            Channel::Wecom(hook) => self.tell(robot::Robot::Wecom, hook, (messages, now)).await,
            Channel::Feishu(hook) => self.tell(robot::Robot::Feishu, hook, (messages, now)).await,
            Channel::Dingtalk(hook) => {
                self.tell(robot::Robot::Dingtalk, hook, (messages, now)).await
            }
            Channel::Webhook(hook) => {
                let Some(message) = messages.first() else { return (0, Ok(())) };
                let outcome = match within(self.lang, || webhook::request(hook, message, now)) {
                    Ok(post) => {
                        self.http.post(post).await.and_then(|answer| webhook::read(&answer))
                    }
                    Err(error) => Err(error),
                };
                (1, outcome)
            }
            Channel::Email(mailbox) => email::send(mailbox, messages, self.lang).await,
            Channel::Command(line) => {
                let Some(message) = messages.first() else { return (0, Ok(())) };
                let document = within(self.lang, || webhook::document(message));
                (1, command::run(line, &document).await)
            }
        }
    }

    async fn tell(
        &self,
        robot: robot::Robot,
        hook: &crate::config::Hook,
        (messages, now): (&[Message], DateTime<Utc>),
    ) -> (usize, Result<(), String>) {
        let (text, count) = within(self.lang, || robot::text(robot, messages));
        let outcome = match robot::request(robot, hook, &text, now) {
            Ok(post) => self.http.post(post).await.and_then(|answer| robot::read(robot, &answer)),
            Err(error) => Err(error),
        };
        (count, outcome)
    }
}
