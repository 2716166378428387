//! Third-party platforms: the world's component, its requests, and what the platform pushes to it.

use chrono::TimeDelta;
use qunfa::config::{ComponentConfig, TokenSource};
use qunfa::engine::ComponentRequest;
use qunfa::model::Kind;
use qunfa::sandbox::{ComponentPush, Response};
use qunfa::wechat::callback::crypto::AesKey;
use qunfa::wechat::callback::parse_component;
use qunfa::wechat::protocol::{HttpResponse, Reply, Request};
use secrecy::SecretString;

use super::{BASES, CrashPoint, World, theirs};

/// The component's appid, as the daemon and the platform have it.
pub(crate) const COMPONENT: &str = "wxcagency";

/// How the world's component is.
#[derive(Default)]
pub(crate) struct Agency {
    config: Option<ComponentConfig>,
    /// Whether pushes are lost on their way.
    pub(crate) deaf: bool,
    /// How many of the next answers to the component, or to an account's token request, are lost.
    pub(crate) answers_lost: u32,
    /// The requests that reached the platform, by the last part of their paths.
    pub(crate) asked: Vec<String>,
}

impl World {
    /// A world with one account, `brand`, that a component acts for with these permission sets.
    pub(crate) fn with_component(func_info: &[i64]) -> Self {
        let mut world = Self::new();
        world.add_component();
        world.add_account("brand", Kind::Service, |setup, _| {
            (setup.token, setup.callback, setup.safe) = (acting(), true, true);
        });
        world.authorize("wx0brand", func_info);
        world
    }

    /// Adds the component to the daemon and to the platform.
    pub(crate) fn add_component(&mut self) {
        self.platform.add_component(COMPONENT, Some("secret"), self.at);
        self.agency.config = Some(ComponentConfig {
            name: "agency".to_owned(),
            appid: COMPONENT.to_owned(),
            secret: SecretString::from("secret"),
            token: SecretString::from("token"),
            keys: vec![AesKey::parse(&SecretString::from("a".repeat(43))).unwrap()],
            url: None,
            api_bases: BASES.map(str::to_owned).to_vec(),
            proxy: None,
        });
    }

    /// The config gives the component another name.
    pub(crate) fn component_is_called(&mut self, name: &str) {
        if let Some(config) = &mut self.agency.config {
            config.name = name.to_owned();
        }
        self.set_token(
            0,
            TokenSource::Component { name: name.to_owned(), appid: COMPONENT.to_owned() },
        );
    }

    /// An account's administrator authorises the component.
    pub(crate) fn authorize(&mut self, appid: &str, func_info: &[i64]) {
        self.platform.authorize(COMPONENT, appid, func_info, self.at).unwrap();
    }

    /// An account's administrator ends the authorization.
    pub(crate) fn unauthorize(&mut self, appid: &str) {
        self.platform.unauthorize(COMPONENT, appid, self.at);
    }

    /// The components of the daemon's config.
    pub(super) fn set_components(&mut self) {
        let now = self.now();
        let configs: Vec<_> = self.agency.config.iter().cloned().collect();
        self.engine().set_components(&configs, now).unwrap();
    }

    /// How often a call of the component was made.
    pub(crate) fn times_asked(&self, call: &str) -> usize {
        self.agency.asked.iter().filter(|asked| *asked == call).count()
    }

    pub(super) fn push_to_component(&mut self) {
        for push in self.platform.take_component_pushes(self.at) {
            if self.agency.deaf {
                self.say("a push to the component is lost");
                continue;
            }
            let at = self.at + self.latency();
            self.plan(at, move |world| world.deliver_to_component(push, 1));
        }
    }

    fn deliver_to_component(&mut self, push: ComponentPush, tries: u32) {
        if self.engine.is_none() {
            if tries < 3 {
                let at = self.at + TimeDelta::seconds(5);
                self.plan(at, move |world| world.deliver_to_component(push, tries + 1));
            }
            return;
        }
        let event = parse_component(push.body.as_bytes()).unwrap();
        let now = self.now();
        self.say(&format!("the component hears {event:?}"));
        self.engine().receive_component(0, &event, now).unwrap();
        self.look();
    }

    /// Carries a component's request to the platform, and its answer back.
    pub(super) fn carry(&mut self, asked: ComponentRequest) {
        let ComponentRequest { component, request, .. } = asked;
        let (life, arrives) = (self.life, self.at + self.latency());
        self.say(&format!("the component asks {}", request.path));
        self.plan(arrives, move |world| {
            let reply = world.reach_for_component(&request);
            let back = world.at + world.latency();
            world.plan(back, move |world| world.answer_component(life, component, reply));
        });
    }

    fn reach_for_component(&mut self, request: &Request) -> HttpResponse {
        let name = request.path.rsplit('/').next().unwrap_or_default().to_owned();
        self.agency.asked.push(name);
        let response = self.platform.handle(&theirs(request, COMPONENT), self.at);
        let date = chrono::DateTime::from_timestamp(self.at.timestamp(), 0);
        match response {
            Response::Answer { status, body } if !self.loses_answer() => {
                HttpResponse { reply: Reply::Http { status, body }, date }
            }
            Response::Refused => {
                let reply = Reply::Unreachable("connection refused".to_owned());
                HttpResponse { reply, date: None }
            }
            Response::Answer { .. } | Response::Lost | Response::Hang => {
                HttpResponse { reply: Reply::Unknown("no answer".to_owned()), date: None }
            }
        }
    }

    /// Whether the answer on its way is lost.
    pub(super) fn loses_answer(&mut self) -> bool {
        let lost = self.agency.answers_lost > 0;
        self.agency.answers_lost = self.agency.answers_lost.saturating_sub(1);
        lost
    }

    fn answer_component(&mut self, life: u64, component: usize, response: HttpResponse) {
        if life != self.life || self.engine.is_none() {
            // The daemon that asked is gone.
            return;
        }
        if self.crashes_at(CrashPoint::ResponseArrived) {
            return;
        }
        let now = self.now();
        self.say(&format!("the component hears {:?}", response.reply));
        self.engine().settle_component(component, &response, now).unwrap();
        self.look();
        self.crashes_at(CrashPoint::SettleCommitted);
    }
}

/// The tokens of an account that the component acts for.
pub(crate) fn acting() -> TokenSource {
    TokenSource::Component { name: "agency".to_owned(), appid: COMPONENT.to_owned() }
}
