//! The components of the config: what the platform pushes to them, answers them, and what that changes for
//! the accounts that they act for.

use chrono::{DateTime, Utc};
use secrecy::SecretString;

use super::Engine;
use super::acting::Effect;
use super::component::{Component, tell};
use crate::config::ComponentConfig;
use crate::store::{AuthorizationLink, StoreError, Tx};
use crate::wechat::callback::ComponentEvent;
use crate::wechat::protocol::HttpResponse;

impl Engine {
    /// Takes the components of the config, after its accounts.
    ///
    /// # Errors
    /// If the store fails.
    pub fn set_components(
        &mut self,
        configs: &[ComponentConfig],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.components.iter_mut().for_each(Component::retire);
        for config in configs {
            let known = self.components.iter_mut().find(|one| one.appid() == config.appid);
            match known {
                Some(component) => component.reconfigure(config.clone(), now),
                None => self.components.push(Component::new(config.clone(), now)),
            }
        }
        let Self { store, components, sessions, .. } = self;
        store.transaction(|tx| {
            for component in components.iter().filter(|component| component.is_configured()) {
                tx.ensure_component(component.appid())?;
                for session in sessions.iter_mut().filter(|one| one.is_of(component.appid())) {
                    let both = [component.appid(), session.config.account.appid.as_str()];
                    match tx.authorizer(both[0], both[1])? {
                        None => tx.seek_authorizer(both, now)?,
                        Some(known) => session.tell_rights(tx, known.func_info.as_deref(), now)?,
                    }
                }
            }
            Ok::<_, StoreError>(())
        })
    }

    /// Returns the components of the config, each with its number, which a reload keeps.
    pub fn numbered_components(&self) -> impl Iterator<Item = (usize, &ComponentConfig)> {
        let all = self.components.iter().enumerate();
        all.filter(|(_, one)| one.is_configured()).map(|(number, one)| (number, &one.config))
    }

    /// Records the response to a component's request.
    ///
    /// # Errors
    /// If the store fails: then the daemon must end, and what the response brought is asked for again.
    pub fn settle_component(
        &mut self,
        number: usize,
        response: &HttpResponse,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.change_component(number, now, |component, tx| component.settle(tx, response, now))
    }

    /// Stores a push about a component.
    ///
    /// # Errors
    /// If the store fails: then the push gets no response, so that the platform makes it again.
    pub fn receive_component(
        &mut self,
        number: usize,
        event: &ComponentEvent,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.change_component(number, now, |component, tx| {
            let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap_or(now);
            let (appid, create_time, code) = match event {
                ComponentEvent::Ticket { ticket, create_time } => {
                    tx.take_ticket(component.appid(), ticket, at(*create_time))?;
                    component.hopes(now);
                    return Ok(Vec::new());
                }
                ComponentEvent::Granted { appid, code, create_time } => {
                    (appid, *create_time, Some(code))
                }
                ComponentEvent::Unauthorized { appid, create_time } => (appid, *create_time, None),
                ComponentEvent::Other(kind) => {
                    let component = &component.config.name;
                    tracing::info!(component, kind, "a push about the component needs nothing");
                    return Ok(Vec::new());
                }
            };
            let own = component.config.appid.clone();
            let both = [own.as_str(), appid.as_str()];
            if !tx.is_newest_event(both, (at(create_time), now))? {
                return Ok(Vec::new());
            }
            component.hopes(now);
            if let Some(code) = code {
                tx.keep_code(both[0], (code, Some(appid)), now)?;
                return Ok(Vec::new());
            }
            tx.unauthorized(both, now)?;
            Ok(vec![Effect::Unauthorized { appid: appid.clone() }])
        })
    }

    /// Takes the authorization code with which an administrator's browser comes back from a link of
    /// ours; returns whether there is such a link.
    ///
    /// # Errors
    /// If the store fails.
    pub fn land(
        &mut self,
        number: usize,
        (key, code): (&str, &SecretString),
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut found = false;
        self.change_component(number, now, |component, tx| {
            found = tx.link((key, component.appid()), now)?.is_some();
            if found {
                tx.keep_code(component.appid(), (code, None), now)?;
                component.hopes(now);
            }
            Ok(Vec::new())
        })?;
        Ok(found)
    }

    /// Returns a link to authorise a component, if it has not ended.
    ///
    /// # Errors
    /// If the store fails.
    pub fn authorization_link(
        &self,
        number: usize,
        key: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<AuthorizationLink>, StoreError> {
        self.store.read().link((key, self.components[number].appid()), now)
    }

    fn change_component(
        &mut self,
        number: usize,
        now: DateTime<Utc>,
        change: impl FnOnce(&mut Component, &Tx<'_>) -> Result<Vec<Effect>, StoreError>,
    ) -> Result<(), StoreError> {
        let Self { store, components, sessions, component_alerts, .. } = self;
        store.transaction(|tx| {
            let component = &mut components[number];
            let effects = change(component, tx)?;
            let accounts = sessions.iter_mut().filter(|one| one.is_of(component.appid()));
            let mut accounts: Vec<_> = accounts.collect();
            for effect in effects {
                for session in &mut accounts {
                    session.feel(tx, &effect, now)?;
                }
            }
            tell(tx, components, component_alerts, now)
        })
    }
}
