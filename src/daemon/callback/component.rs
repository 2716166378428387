//! Passes pushes to third-party platforms, and authorizations, to the loop.

use std::collections::HashMap;
use std::sync::Arc;

use secrecy::SecretString;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};

use crate::config::ComponentConfig;
use crate::daemon::input::Input;
use crate::engine::Engine;
use crate::l10n::{self, Lang};
use crate::text::authorization;
use crate::wechat::callback::ComponentEvent;
use crate::wechat::listener::Authenticator;

/// How many visits of strangers to the pages of authorizations wait for the loop at once.
const VISITS: usize = 4;

/// The components, by name; a reload replaces all of them.
pub(in crate::daemon) type ComponentCallbacks = HashMap<String, Arc<Component>>;

/// One component's addresses.
pub(in crate::daemon) struct Component {
    number: usize,
    authenticator: Arc<Authenticator>,
    /// The names of the accounts that it acts for, by appid.
    accounts: HashMap<String, String>,
}

/// Returns the components of the config.
pub(in crate::daemon) fn components(engine: &Engine) -> ComponentCallbacks {
    let accounts_of = |component: &str| {
        let accounts = engine.accounts().filter(|config| config.token.is_of(component));
        accounts.map(|one| (one.account.appid.clone(), one.account.name.clone())).collect()
    };
    let component = |(number, config): (usize, &ComponentConfig)| {
        let authenticator = Authenticator {
            appid: config.appid.clone(),
            token: config.token.clone(),
            keys: config.keys.clone(),
            forward_to: None,
        };
        let (authenticator, accounts) = (Arc::new(authenticator), accounts_of(&config.appid));
        (config.name.clone(), Arc::new(Component { number, authenticator, accounts }))
    };
    engine.numbered_components().map(component).collect()
}

/// The listener's connection to the loop, as far as components need it.
pub(super) struct ComponentHandler {
    components: watch::Receiver<ComponentCallbacks>,
    lang: Lang,
    to: mpsc::Sender<Input>,
    visits: Semaphore,
}

impl ComponentHandler {
    pub(super) fn new(
        components: watch::Receiver<ComponentCallbacks>,
        lang: Lang,
        to: mpsc::Sender<Input>,
    ) -> Self {
        Self { components, lang, to, visits: Semaphore::new(VISITS) }
    }

    fn component(&self, name: &str) -> Option<Arc<Component>> {
        self.components.borrow().get(name).cloned()
    }

    pub(super) fn authenticator(&self, name: &str) -> Option<Arc<Authenticator>> {
        self.component(name).map(|component| Arc::clone(&component.authenticator))
    }

    pub(super) fn authorizer(&self, name: &str, appid: &str) -> Option<String> {
        self.component(name)?.accounts.get(appid).cloned()
    }

    pub(super) async fn store(&self, name: &str, event: ComponentEvent) -> Result<(), ()> {
        let number = self.component(name).ok_or(())?.number;
        let (stored, on_disk) = oneshot::channel();
        let input = Input::ComponentEvent(number, event, stored);
        self.to.send(input).await.map_err(drop)?;
        on_disk.await.map_err(drop)
    }

    pub(super) async fn authorize_page(&self, name: &str, key: String) -> Option<String> {
        let number = self.component(name)?.number;
        let _visit = self.visits.try_acquire().ok()?;
        let (reply, found) = oneshot::channel();
        self.to.send(Input::AuthorizationLink(number, key, reply)).await.ok()?;
        let target = found.await.ok().flatten()?;
        Some(l10n::within(self.lang, || authorization::before(&target)))
    }

    pub(super) async fn land(&self, name: &str, key: String, code: SecretString) -> Option<String> {
        let number = self.component(name)?.number;
        let _visit = self.visits.try_acquire().ok()?;
        let (reply, taken) = oneshot::channel();
        self.to.send(Input::Landing(number, (key, code), reply)).await.ok()?;
        let is_taken = taken.await.ok()?;
        is_taken.then(|| l10n::within(self.lang, authorization::after))
    }
}
