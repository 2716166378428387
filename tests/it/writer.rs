//! Writing jobs as their authors do, with the times of Beijing's clocks.

use chrono::TimeDelta;
use qunfa::engine::{IngestError, IngestedJob};
use qunfa::model::{
    Action, Audience, Broadcast, Content, Expires, JobId, JobSpec, OnFullReceivers, OnQuota,
};
use qunfa::sandbox::openid;

use crate::world::{World, time};

impl World {
    /// Begins to write a job of the first account.
    pub(crate) fn job(&mut self, id: &str) -> JobWriter<'_> {
        let account = self.setup(0).account.name.clone();
        JobWriter { spec: spec(id, &account), world: self }
    }
}

/// A job to everyone, as soon as allowed, with its id as the text.
pub(crate) fn spec(id: &str, account: &str) -> JobSpec {
    JobSpec {
        id: JobId::parse(id).unwrap(),
        account: account.to_owned(),
        at: None,
        timezone: chrono_tz::Asia::Shanghai,
        grace: TimeDelta::minutes(30),
        retry_for: TimeDelta::hours(2),
        expires: Expires::After(TimeDelta::days(7)),
        on_quota: OnQuota::Defer,
        priority: 0,
        approval: false,
        on_full_receivers: OnFullReceivers::Send,
        preview: None,
        speed: None,
        title: None,
        templated: false,
        submitted_by: None,
        action: Action::Broadcast(Broadcast {
            audience: Audience::Everyone,
            content: Content::Text { content: format!("{id}|") },
            send_ignore_reprint: false,
        }),
    }
}

/// A job being written.
pub(crate) struct JobWriter<'a> {
    world: &'a mut World,
    pub(crate) spec: JobSpec,
}

impl JobWriter<'_> {
    pub(crate) fn at(mut self, text: &str) -> Self {
        self.spec.at = Some(time(text));
        self
    }

    pub(crate) fn account(mut self, name: &str) -> Self {
        name.clone_into(&mut self.spec.account);
        self
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut JobSpec)) -> Self {
        change(&mut self.spec);
        self
    }

    /// To the followers with one tag.
    pub(crate) fn tag(self) -> Self {
        self.audience(Audience::Tag(2))
    }

    /// To the first `count` followers.
    pub(crate) fn list(self, count: u32) -> Self {
        let setup = &self.world.setup(0).account;
        let list = (0..count).map(|number| openid(&setup.appid, number)).collect();
        self.audience(Audience::List(list))
    }

    pub(crate) fn audience(mut self, audience: Audience) -> Self {
        let Action::Broadcast(broadcast) = &mut self.spec.action else { unreachable!() };
        broadcast.audience = audience;
        self
    }

    pub(crate) fn content(mut self, content: Content) -> Self {
        let Action::Broadcast(broadcast) = &mut self.spec.action else { unreachable!() };
        broadcast.content = content;
        self
    }

    /// Another text: the id stays in front of it, for the referee.
    pub(crate) fn text(self, text: &str) -> Self {
        let content = format!("{}|{text}", self.spec.id);
        self.content(Content::Text { content })
    }

    /// Drops it into the inbox as a file of its own.
    pub(crate) fn submit(self) -> IngestedJob {
        let taken = self.world.drop_file(std::slice::from_ref(&self.spec));
        taken.unwrap_or_else(|error| panic!("{error:?}")).remove(0)
    }

    /// The same, where its file is to be refused: returns why.
    pub(crate) fn submit_refused(self) -> String {
        match self.world.drop_file(std::slice::from_ref(&self.spec)) {
            Err(IngestError::Refused(mut why)) => why.remove(0).1,
            other => panic!("not refused: {other:?}"),
        }
    }
}
