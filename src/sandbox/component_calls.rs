//! The calls of third-party platforms, and what administrators do.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::answer::Refusal;
use super::component::{
    Authorization, Component, ComponentPush, FAMILY, OVERLAP, TICKET_LIFE, replace,
};
use super::content::Object;
use super::{Method, Platform, Request, hex, parameter};

/// How often a ticket is pushed.
const TICKET_EVERY: TimeDelta = TimeDelta::minutes(10);
/// How long a token is valid.
const TOKEN_LIFE: TimeDelta = TimeDelta::hours(2);
/// How long a pre-authorization code is valid.
const PRE_AUTH_LIFE: TimeDelta = TimeDelta::seconds(1_800);
/// How long an authorization code is valid.
const CODE_LIFE: TimeDelta = TimeDelta::hours(1);
/// The most accounts of one page of the list.
const PAGE_MAX: u64 = 500;

/// The permission set of each family of endpoints: whoever was not granted it gets 61007.
const SETS: [(&str, i64); 10] = [
    ("message/mass/", 7),
    ("freepublish/", 7),
    ("tags/", 2),
    ("user/", 2),
    ("media/", 11),
    ("material/", 11),
    ("draft/", 11),
    ("menu/", 15),
    ("get_current_selfmenu_info", 15),
    ("qrcode/", 3),
];

impl Platform {
    /// Adds a component; its tickets are pushed from this time on. Without a secret any is right.
    pub fn add_component(&mut self, appid: &str, secret: Option<&str>, now: DateTime<Utc>) {
        let (secret, next_ticket_at) = (secret.map(str::to_owned), Some(now));
        let component = Component { secret, next_ticket_at, ..Component::default() };
        self.components.insert(appid.to_owned(), component);
    }

    /// Pushes no more tickets of a component, until it asks for them.
    pub fn stop_tickets(&mut self, component: &str) {
        if let Some(component) = self.components.get_mut(component) {
            component.next_ticket_at = None;
        }
    }

    /// Lets each new token of an account come with another refresh token.
    pub fn rotate_refresh_tokens(&mut self, component: &str) {
        if let Some(component) = self.components.get_mut(component) {
            component.rotates = true;
        }
    }

    /// Replaces the refresh token of an account, as another program's request does.
    pub fn replace_refresh_token(&mut self, component: &str, appid: &str, now: DateTime<Utc>) {
        let token = self.secret_of("refreshtoken", appid);
        if let Some(component) = self.components.get_mut(component)
            && let Some(authorization) = component.authorizers.get_mut(appid)
        {
            replace(authorization, token, now);
        }
    }

    /// Invalidates every token of a component at once.
    pub fn expire_component_tokens(&mut self, component: &str) {
        if let Some(component) = self.components.get_mut(component) {
            component.tokens.clear();
        }
    }

    /// An account's administrator authorises a component with these permission sets, or changes them;
    /// returns the authorization code, which is pushed as well.
    ///
    /// # Errors
    ///
    /// The code of the error: 61011 for an unknown component, 40013 for an unknown account.
    pub fn authorize(
        &mut self,
        component: &str,
        appid: &str,
        func_info: &[i64],
        now: DateTime<Utc>,
    ) -> Result<String, i64> {
        self.account_by_appid(appid).map_err(|refusal| refusal.errcode)?;
        let code = self.secret_of("queryauthcode", appid);
        let known = self.components.get_mut(component).ok_or(61_011)?;
        known.codes.insert(code.clone(), (appid.to_owned(), now + CODE_LIFE));
        let kind = match known.authorizers.get_mut(appid) {
            Some(authorization) if authorization.func_info == func_info => return Ok(code),
            Some(authorization) => {
                authorization.func_info = func_info.to_vec();
                "updateauthorized"
            }
            None => {
                let func_info = func_info.to_vec();
                let refresh_tokens = Vec::new();
                let authorization = Authorization { refresh_tokens, func_info, since: now };
                known.authorizers.insert(appid.to_owned(), authorization);
                "authorized"
            }
        };
        let until = (now + CODE_LIFE).timestamp();
        let fields = format!(
            "<AuthorizerAppid>{appid}</AuthorizerAppid>\n\
             <AuthorizationCode>{code}</AuthorizationCode>\n\
             <AuthorizationCodeExpiredTime>{until}</AuthorizationCodeExpiredTime>\n\
             <PreAuthCode>preauthcode@@@</PreAuthCode>\n"
        );
        self.push_to_component(component, kind, &fields, now);
        Ok(code)
    }

    /// An account's administrator ends an authorization.
    pub fn unauthorize(&mut self, component: &str, appid: &str, now: DateTime<Utc>) {
        if let Some(known) = self.components.get_mut(component) {
            known.authorizers.remove(appid);
            known.codes.retain(|_, (of, _)| of != appid);
        }
        let fields = format!("<AuthorizerAppid>{appid}</AuthorizerAppid>\n");
        self.push_to_component(component, "unauthorized", &fields, now);
    }

    /// When the next push to a component is due, if any is.
    pub fn next_component_push_at(&self) -> Option<DateTime<Utc>> {
        let tickets = self.components.values().filter_map(|component| component.next_ticket_at);
        tickets.chain(self.component_pushes.first().map(|push| push.at)).min()
    }

    /// Takes the pushes to components that are due.
    pub fn take_component_pushes(&mut self, now: DateTime<Utc>) -> Vec<ComponentPush> {
        let is_due = |component: &Component| component.next_ticket_at.is_some_and(|at| at <= now);
        let due: Vec<String> = self
            .components
            .iter()
            .filter(|(_, component)| is_due(component))
            .map(|(appid, _)| appid.clone())
            .collect();
        for appid in due {
            let ticket = self.secret_of("ticket", &appid);
            let fields = format!("<ComponentVerifyTicket>{ticket}</ComponentVerifyTicket>\n");
            self.push_to_component(&appid, "component_verify_ticket", &fields, now);
            let component = self.components.get_mut(&appid).expect("just seen");
            component.tickets.retain(|(_, at)| now - *at < TICKET_LIFE * 2);
            component.tickets.push((ticket, now));
            component.next_ticket_at = Some(now + TICKET_EVERY);
        }
        let (due, later) = self.component_pushes.drain(..).partition(|push| push.at <= now);
        self.component_pushes = later;
        due
    }

    fn push_to_component(&mut self, component: &str, kind: &str, fields: &str, now: DateTime<Utc>) {
        self.event_count += 1;
        let created = now.timestamp();
        self.component_pushes.push(ComponentPush {
            component: component.to_owned(),
            number: self.event_count,
            at: now,
            body: format!(
                "<xml>\n<AppId>{component}</AppId>\n<CreateTime>{created}</CreateTime>\n\
                 <InfoType>{kind}</InfoType>\n{fields}</xml>"
            ),
        });
    }

    fn secret_of(&mut self, kind: &str, appid: &str) -> String {
        self.event_count += 1;
        let name = format!("{}/{kind}/{appid}/{}", self.seed, self.event_count);
        format!("{kind}@@@{}", hex(&Sha256::digest(name)))
    }

    /// Handles a call of a component for itself.
    pub(super) fn component_call(
        &mut self,
        request: &Request,
        body: Option<&Object>,
        now: DateTime<Utc>,
    ) -> Result<Value, Refusal> {
        if request.method == Method::Get {
            return Err(Refusal::code(43_002));
        }
        let body = body.ok_or_else(|| Refusal::code(47_001))?;
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
        let appid = text("component_appid").to_owned();
        let component = self.components.get_mut(&appid).ok_or_else(|| Refusal::code(61_011))?;
        let call = request.path.strip_prefix(FAMILY).unwrap_or_default();
        match call {
            "api_component_token" => {
                component.check_secret(text("component_appsecret"))?;
                component.check_ticket(text("component_verify_ticket"), now)?;
                let token = self.secret_of("component", &appid);
                let component = self.components.get_mut(&appid).expect("just seen");
                for (_, until) in &mut component.tokens {
                    *until = (*until).min(now + OVERLAP);
                }
                component.tokens.push((token.clone(), now + TOKEN_LIFE));
                let expires_in = TOKEN_LIFE.num_seconds();
                return Ok(json!({"component_access_token": token, "expires_in": expires_in}));
            }
            "api_start_push_ticket" => {
                component.check_secret(text("component_secret"))?;
                component.next_ticket_at.get_or_insert(now);
                return Ok(json!({"errcode": 0, "errmsg": "ok"}));
            }
            _ => {}
        }
        // Older documents call the parameter otherwise.
        let token = parameter(&request.query, "access_token")
            .or_else(|| parameter(&request.query, "component_access_token"));
        component.check_token(token, now)?;
        match call {
            "api_create_preauthcode" => {
                let code = self.secret_of("preauthcode", &appid);
                let component = self.components.get_mut(&appid).expect("just seen");
                component.pre_auth_codes.insert(code.clone(), now + PRE_AUTH_LIFE);
                let expires_in = PRE_AUTH_LIFE.num_seconds();
                Ok(json!({"pre_auth_code": code, "expires_in": expires_in}))
            }
            "api_query_auth" => self.redeem(&appid, text("authorization_code"), now),
            "api_authorizer_token" => {
                let tokens = [text("authorizer_appid"), text("authorizer_refresh_token")];
                self.authorizer_token(&appid, tokens, now)
            }
            "api_get_authorizer_info" => {
                let account = text("authorizer_appid");
                let authorization = component.authorization(account)?;
                Ok(json!({
                    "authorizer_info": {"nick_name": account},
                    "authorization_info": authorization.json(account),
                }))
            }
            "api_get_authorizer_list" => {
                let number = |name: &str| body.get(name).and_then(Value::as_u64);
                let (Some(offset), Some(count)) = (number("offset"), number("count")) else {
                    return Err(Refusal::code(40_035));
                };
                Ok(component.list(offset, count.min(PAGE_MAX)))
            }
            _ => Err(Refusal::code(61_008)),
        }
    }

    fn redeem(
        &mut self,
        component: &str,
        code: &str,
        now: DateTime<Utc>,
    ) -> Result<Value, Refusal> {
        let known = self.components.get_mut(component).expect("its token was good");
        let (appid, until) = known.codes.remove(code).ok_or_else(|| Refusal::code(61_009))?;
        if until <= now {
            return Err(Refusal::code(61_010));
        }
        let refresh_token = self.secret_of("refreshtoken", &appid);
        let known = self.components.get_mut(component).expect("its token was good");
        let authorization =
            known.authorizers.get_mut(&appid).ok_or_else(|| Refusal::code(61_003))?;
        if authorization.refresh_tokens.is_empty() {
            authorization.refresh_tokens.push((refresh_token, None));
        }
        let mut info = authorization.json(&appid);
        info["authorizer_access_token"] = self.acting_token(component, &appid, now)?.into();
        info["expires_in"] = TOKEN_LIFE.num_seconds().into();
        Ok(json!({"authorization_info": info}))
    }

    fn authorizer_token(
        &mut self,
        component: &str,
        [appid, refresh_token]: [&str; 2],
        now: DateTime<Utc>,
    ) -> Result<Value, Refusal> {
        let next = self.secret_of("refreshtoken", appid);
        let known = self.components.get_mut(component).expect("its token was good");
        let rotates = known.rotates;
        let authorization =
            known.authorizers.get_mut(appid).ok_or_else(|| Refusal::code(61_003))?;
        if !authorization.knows(refresh_token, now) {
            return Err(Refusal::code(61_023));
        }
        if rotates {
            replace(authorization, next, now);
        }
        let newest = authorization.newest().unwrap_or_default().to_owned();
        let token = self.acting_token(component, appid, now)?;
        let expires_in = TOKEN_LIFE.num_seconds();
        Ok(json!({
            "authorizer_access_token": token,
            "expires_in": expires_in,
            "authorizer_refresh_token": newest,
        }))
    }

    fn acting_token(
        &mut self,
        component: &str,
        appid: &str,
        now: DateTime<Utc>,
    ) -> Result<String, Refusal> {
        let seed = self.seed;
        let mut spec = self.account_by_appid(appid)?.spec.clone();
        spec.token_life_s = u32::try_from(TOKEN_LIFE.num_seconds()).expect("two hours");
        let token = self.tokens.acting(&spec, (component, seed), now);
        Ok(token.value)
    }

    /// Checks that the component behind a token may use an endpoint for the account.
    pub(super) fn check_granted(&self, token: &str, endpoint: &str) -> Result<(), Refusal> {
        let Some((component, appid)) = self.tokens.acts_for(token) else { return Ok(()) };
        let component = self.components.get(component);
        let authorization = component.and_then(|one| one.authorizers.get(appid));
        let authorization = authorization.ok_or_else(|| Refusal::code(61_003))?;
        let needed = SETS.iter().find(|(family, _)| endpoint.starts_with(family));
        match needed {
            Some((_, id)) if !authorization.func_info.contains(id) => Err(Refusal::code(61_007)),
            Some(_) | None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
