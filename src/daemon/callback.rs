//! Passes callbacks to the loop: an event is acknowledged once it is on disk.
//!
//! This module counts the faults of pushes, and of the handler behind the daemon, and raises an
//! alert once they mean something. A fault that only the platform can cause raises one at once; a
//! fault that any stranger can cause, after some repetitions. Each raises one alert until it is
//! over.

mod component;

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};

use crate::alert::Told;
use crate::daemon::input::{Input, Trouble};
use crate::daemon::metrics::{Metrics, Process};
use crate::daemon::{LockedOut, Now, RunError};
use crate::engine::Engine;
use crate::l10n::Lang;
use crate::wechat::callback::{ComponentEvent, ScanEvent};
use crate::wechat::listener::{
    self, Authenticator, EventSink, ForwardError, Note, Received, Refusal, StatusCode,
};

/// How many pushes that any stranger could have made are refused before an alert.
const STRANGERS: u32 = 10;
/// How many pushes in a row a handler fails to answer before an alert.
const FAILURES: u32 = 5;

/// How many scans are kept to recognise one that is pushed again.
const SCANS_KEPT: usize = 256;

pub(super) use component::{ComponentCallbacks, components};

/// The listener's connection to the loop.
pub(super) struct CallbackHandler {
    accounts: watch::Receiver<Callbacks>,
    components: component::ComponentHandler,
    metrics: Metrics,
    to_loop: LoopHandle,
}

/// How to reach the loop, and its condition.
pub(super) struct LoopHandle {
    pub(super) to: mpsc::Sender<Input>,
    pub(super) now: Now,
    pub(super) locked_out: watch::Receiver<Option<LockedOut>>,
    pub(super) process: Process,
}

/// The accounts with a callback, by name; a reload replaces all of them.
pub(super) type Callbacks = HashMap<String, Arc<Account>>;

/// One account's callback.
pub(super) struct Account {
    session: usize,
    authenticator: Arc<Authenticator>,
    seen: Mutex<Seen>,
}

/// The faults seen since the callback last worked.
#[derive(Default)]
struct Seen {
    refused: u32,
    /// The refusal that an alert reported.
    told: Option<Refusal>,
    forwarded: u64,
    failures: u32,
    told_of_handler: bool,
    /// The last scans: the platform pushes one again if its answer came late.
    scans: VecDeque<ScanEvent>,
}

impl CallbackHandler {
    pub(super) fn new(
        accounts: watch::Receiver<Callbacks>,
        (components, lang): (watch::Receiver<ComponentCallbacks>, Lang),
        metrics: Metrics,
        to_loop: LoopHandle,
    ) -> Self {
        let components = component::ComponentHandler::new(components, lang, to_loop.to.clone());
        Self { accounts, components, metrics, to_loop }
    }

    fn account(&self, name: &str) -> Option<Arc<Account>> {
        self.accounts.borrow().get(name).cloned()
    }

    /// Reports to the loop, and returns whether the report was queued.
    fn tell(&self, session: usize, trouble: Trouble) -> bool {
        // A full queue means worse faults; the next push reports again.
        self.to_loop.to.try_send(Input::Trouble(session, trouble)).is_ok()
    }

    fn taken(&self, account: &Account, seen: &mut Seen) {
        seen.refused = 0;
        let over = Trouble { kind: "callback", told: None };
        if seen.told.is_some() && self.tell(account.session, over) {
            seen.told = None;
        }
    }

    /// Lets the loop count a scan, once. A push does not wait for that: if the loop is too busy, the
    /// scan is not counted.
    fn scanned(&self, account: &Account, seen: &mut Seen, scan: ScanEvent) {
        if seen.scans.contains(&scan) {
            return;
        }
        if seen.scans.len() == SCANS_KEPT {
            seen.scans.pop_front();
        }
        if self.to_loop.to.try_send(Input::Scan(account.session, scan.clone())).is_ok() {
            seen.scans.push_back(scan);
        }
    }

    fn refused(&self, (name, account): (&str, &Account), seen: &mut Seen, refusal: Refusal) {
        if refusal == Refusal::Noise {
            tracing::debug!(account = name, "{refusal}");
            return;
        }
        seen.refused = seen.refused.saturating_add(1);
        if seen.refused.is_power_of_two() {
            let refused = seen.refused;
            tracing::warn!(account = name, refused, "a push was refused: {refusal}");
        }
        let worth_telling = if refusal.is_strangers() {
            seen.refused >= STRANGERS && seen.told.is_none()
        } else {
            seen.told != Some(refusal)
        };
        let told = Told::CallbackRefused { refusal: refusal.code().to_owned() };
        let trouble = Trouble { kind: "callback", told: Some(told) };
        if worth_telling && self.tell(account.session, trouble) {
            seen.told = Some(refusal);
        }
    }

    fn forwarded(
        &self,
        (name, account): (&str, &Account),
        seen: &mut Seen,
        answered: Result<StatusCode, ForwardError>,
    ) {
        seen.forwarded += 1;
        let failure = match answered {
            Ok(status) if status.is_success() => {
                seen.failures = 0;
                let over = Trouble { kind: "forward", told: None };
                if seen.told_of_handler && self.tell(account.session, over) {
                    seen.told_of_handler = false;
                    tracing::info!(account = name, "the handler behind the callback answers again");
                }
                return;
            }
            Ok(status) => format!("it answered HTTP {}", status.as_u16()),
            Err(error) => error.to_string(),
        };
        seen.failures = seen.failures.saturating_add(1);
        let (forwarded, failures) = (seen.forwarded, seen.failures);
        if failures.is_power_of_two() {
            tracing::warn!(
                account = name,
                forwarded,
                failures_in_a_row = failures,
                "the handler behind the callback failed: {failure}"
            );
        }
        if failures < FAILURES || seen.told_of_handler {
            return;
        }
        let host = account.authenticator.forward_to.as_ref().and_then(|url| url.host_str());
        let host = host.unwrap_or("forward_to").to_owned();
        let told = Told::HandlerFails { host, times: failures, failure };
        let trouble = Trouble { kind: "forward", told: Some(told) };
        seen.told_of_handler = self.tell(account.session, trouble);
    }
}

/// Returns the accounts that have a callback.
pub(super) fn callbacks(engine: &Engine) -> Callbacks {
    let with_callback = engine.numbered_accounts().filter_map(|(session, config)| {
        let callback = config.callback.as_ref()?;
        let authenticator = Arc::new(Authenticator {
            // A component's pushes are encrypted for the component.
            appid: config.token.component().unwrap_or(&config.account.appid).to_owned(),
            token: callback.token.clone(),
            keys: callback.keys.clone(),
            forward_to: callback.forward_to.clone(),
        });
        let account = Account { session, authenticator, seen: Mutex::default() };
        Some((config.account.name.clone(), Arc::new(account)))
    });
    with_callback.collect()
}

impl EventSink for CallbackHandler {
    fn authenticator(&self, account: &str) -> Option<Arc<Authenticator>> {
        self.account(account).map(|account| Arc::clone(&account.authenticator))
    }

    fn now(&self) -> DateTime<Utc> {
        (self.to_loop.now)()
    }

    fn note(&self, name: &str, note: Note) {
        let Some(account) = self.account(name) else {
            return;
        };
        let account = &*account;
        // The counts are still valid after a panic.
        let mut seen = account.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match note {
            Note::Taken => self.taken(account, &mut seen),
            Note::Refused(refusal) => self.refused((name, account), &mut seen, refusal),
            Note::Scanned(scan) => self.scanned(account, &mut seen, scan),
            Note::Forwarded(answered) => self.forwarded((name, account), &mut seen, answered),
        }
    }

    async fn store(&self, account: &str, event: Received) -> Result<(), ()> {
        let Some(session) = self.account(account).map(|account| account.session) else {
            return Err(());
        };
        let (stored, on_disk) = oneshot::channel();
        let input = match event.parsed {
            Ok(parsed) => Input::Event(session, (event.raw, parsed, event.credence), stored),
            // The platform would only push the same bytes again: they are kept for an operator.
            Err(error) => Input::Unread(session, event.raw, error.to_string(), stored),
        };
        self.to_loop.to.send(input).await.map_err(drop)?;
        on_disk.await.map_err(drop)
    }

    fn component(&self, name: &str) -> Option<Arc<Authenticator>> {
        self.components.authenticator(name)
    }

    fn authorizer(&self, component: &str, appid: &str) -> Option<String> {
        self.components.authorizer(component, appid)
    }

    async fn store_component(&self, component: &str, event: ComponentEvent) -> Result<(), ()> {
        self.components.store(component, event).await
    }

    async fn authorize_page(&self, component: &str, key: String) -> Option<String> {
        self.components.authorize_page(component, key).await
    }

    async fn land(&self, component: &str, key: String, code: SecretString) -> Option<String> {
        self.components.land(component, key, code).await
    }

    fn health(&self) -> (bool, String) {
        // The loop takes every message, so a full channel means a loop that has stopped.
        if let Some(locked_out) = &*self.to_loop.locked_out.borrow() {
            return (false, locked_out.sentence());
        }
        let well = self.to_loop.to.capacity() > 0;
        (well, if well { "ok" } else { "the daemon's loop stands still" }.to_owned())
    }

    fn readiness(&self) -> (bool, String) {
        match self.to_loop.process.readiness.check((self.to_loop.now)()) {
            Ok(()) => (true, "ready".to_owned()),
            Err(why) => (false, why.sentence()),
        }
    }

    async fn metrics(&self) -> Option<String> {
        self.metrics.read((self.to_loop.now)()).await
    }
}

/// Listens on the configured address, if there is one.
pub(super) async fn bind(address: Option<SocketAddr>) -> Result<Option<TcpListener>, RunError> {
    let Some(address) = address else { return Ok(None) };
    TcpListener::bind(address).await.map(Some).map_err(|error| {
        RunError::Setup(format!(
            "cannot listen on {address} ({error}): another program uses it, or choose another `listen`"
        ))
    })
}

pub(super) async fn serve(
    listener: TcpListener,
    callbacks: CallbackHandler,
    mut ended: watch::Receiver<bool>,
) {
    let stop = async move {
        // An error means that the daemon is gone, which ends the listener as well.
        ended.wait_for(|ended| *ended).await.map(drop).unwrap_or_default();
    };
    listener::serve(listener, Arc::new(callbacks), stop).await;
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::daemon::Heartbeat;
    use crate::store::Store;
    use crate::wechat::callback::ScanKind;
    use crate::wechat::callback::crypto::OpenError;

    use super::*;
    use crate::text::told::{About, what};

    /// What a process knows of itself that is only starting.
    fn process() -> Process {
        let store = Store::in_memory(DateTime::UNIX_EPOCH).unwrap();
        let (turned_at, clocks) = (DateTime::UNIX_EPOCH, BTreeMap::new());
        let heartbeat = Heartbeat { pid: 1, turned_at, listen: None, clocks, locked_out: None };
        let (heartbeat, locked_out) = (watch::channel(heartbeat).1, watch::channel(None).1);
        Process::new(&store, heartbeat, locked_out).unwrap()
    }

    fn callbacks() -> (CallbackHandler, mpsc::Receiver<Input>) {
        let (to, inputs) = mpsc::channel(64);
        let authenticator = Authenticator {
            appid: "wx1".to_owned(),
            token: "token".into(),
            keys: Vec::new(),
            forward_to: Some("http://handler.example/wx?key=CANARY".parse().unwrap()),
        };
        let account =
            Account { session: 0, authenticator: Arc::new(authenticator), seen: Mutex::default() };
        let (_, accounts) =
            watch::channel(HashMap::from([("brand".to_owned(), Arc::new(account))]));
        let (_, locked_out) = watch::channel(None);
        let (_, known) = watch::channel(Arc::default());
        let process = process();
        let metrics = Metrics::new("/nowhere".into(), known, locked_out.clone(), process.clone());
        let now: Now = Arc::new(|| DateTime::UNIX_EPOCH);
        let to_loop = LoopHandle { to, now, locked_out, process };
        let components = (watch::channel(HashMap::new()).1, Lang::En);
        (CallbackHandler::new(accounts, components, metrics, to_loop), inputs)
    }

    /// What the loop received since the last check: the kind, and what happened.
    fn told(inputs: &mut mpsc::Receiver<Input>) -> Vec<(&'static str, Option<String>)> {
        let mut all = Vec::new();
        while let Ok(input) = inputs.try_recv() {
            let Input::Trouble(0, Trouble { kind, told }) = input else { panic!("no trouble") };
            let about = About { account: Some("brand"), job: None };
            all.push((kind, told.map(|told| what(&told, about))));
        }
        all
    }

    #[test]
    fn what_strangers_cause_is_told_after_some_repetitions_and_once() {
        let (callbacks, mut inputs) = callbacks();
        for _ in 1..STRANGERS {
            callbacks.note("brand", Note::Refused(Refusal::Unsigned));
        }
        assert_eq!(told(&mut inputs), []);

        for _ in 0..100 {
            callbacks.note("brand", Note::Refused(Refusal::Stale));
        }

        let [("callback", Some(what))] = &told(&mut inputs)[..] else { panic!("not once") };
        assert!(what.contains("the callback of brand"), "{what}");
    }

    #[test]
    fn what_only_the_platform_can_cause_is_told_at_once_until_a_push_is_taken() {
        let (callbacks, mut inputs) = callbacks();
        let key = Refusal::Sealed(OpenError::Key);

        callbacks.note("brand", Note::Refused(key));
        callbacks.note("brand", Note::Refused(key));
        assert_eq!(told(&mut inputs).len(), 1);
        callbacks.note("brand", Note::Taken);
        callbacks.note("brand", Note::Taken);

        assert_eq!(told(&mut inputs), [("callback", None)]);
    }

    #[test]
    fn a_scan_is_counted_once_however_often_it_is_pushed() {
        let (callbacks, mut inputs) = callbacks();
        let scan = |create_time| ScanEvent {
            scene: "7".to_owned(),
            kind: ScanKind::Scan,
            create_time,
            from_user: "o1".to_owned(),
        };

        for create_time in [1, 1, 2, 1] {
            callbacks.note("brand", Note::Scanned(scan(create_time)));
        }

        let mut counted = Vec::new();
        while let Ok(Input::Scan(0, scan)) = inputs.try_recv() {
            counted.push(scan.create_time);
        }
        assert_eq!(counted, [1, 2]);
    }

    #[test]
    fn noise_is_never_told() {
        let (callbacks, mut inputs) = callbacks();

        for _ in 0..1_000 {
            callbacks.note("brand", Note::Refused(Refusal::Noise));
        }

        assert_eq!(told(&mut inputs), []);
    }

    #[test]
    fn a_handler_is_told_of_after_failures_in_a_row_and_without_its_url() {
        let (callbacks, mut inputs) = callbacks();
        let down = || Note::Forwarded(Ok(StatusCode::BAD_GATEWAY));
        for _ in 1..FAILURES {
            callbacks.note("brand", down());
        }
        callbacks.note("brand", Note::Forwarded(Ok(StatusCode::OK)));
        for _ in 1..FAILURES {
            callbacks.note("brand", down());
        }
        assert_eq!(told(&mut inputs), []);

        callbacks.note("brand", Note::Forwarded(Err(ForwardError::TimedOut)));
        callbacks.note("brand", down());
        callbacks.note("brand", Note::Forwarded(Ok(StatusCode::OK)));

        let what = "the handler of brand at handler.example failed 5 times in a row; at last: no \
                    answer in time";
        assert_eq!(told(&mut inputs), [("forward", Some(what.to_owned())), ("forward", None)]);
    }

    #[test]
    fn what_a_full_loop_did_not_hear_is_told_again() {
        let (mut callbacks, mut inputs) = callbacks();
        (callbacks.to_loop.to, inputs) = {
            let _old = inputs;
            mpsc::channel(1)
        };
        callbacks.note("brand", Note::Refused(Refusal::Plain));
        callbacks.note("brand", Note::Refused(Refusal::Encrypted));
        assert_eq!(told(&mut inputs).len(), 1);

        callbacks.note("brand", Note::Refused(Refusal::Encrypted));

        assert_eq!(told(&mut inputs).len(), 1);
    }
}
