//! The simulated platform: a pure state machine that responds to requests.
//!
//! [`Platform::handle`] takes a request and the time and returns a response;
//! [`Platform::take_events`] returns the events that follow. It reads no clock, opens no socket and
//! draws no random number: the same calls give the same responses. It enforces the documented
//! limits with its own count, and can be set to fail ([`Fault`]). It is the reference for the
//! daemon's tests, so it shares no code with the rest of the crate: a mistake there must not be
//! repeated here.
//!
//! [`Platform::accepted`] and [`Platform::requests`] are the oracle. [`server`] adds HTTP.

mod account;
mod account_state;
mod answer;
mod clock;
mod conditional_menu;
mod connection;
mod content;
mod count;
mod crypto;
mod fault;
mod followers;
mod held;
mod job;
mod library;
mod mass;
mod members;
mod menu;
mod menu_read;
mod network;
mod push;
mod repeat;
pub mod server;
mod token;
mod upload;

#[cfg(test)]
mod fault_tests;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub use account::{AccountSpec, Kind, MediaKind, Tag, openid, parse_account};
pub use fault::{AdminAnswer, EventFate, FOREVER, Fault, FaultKind, Review, parse_fault};
pub use job::Event;

use account_state::Account;
use answer::{Given, Refusal};
use content::Object;
use count::Daily;
use fault::{Faults, NetworkFault};
use token::Tokens;

/// Calls to `/token` in a day.
const TOKENS_A_DAY: u32 = 2_000;
/// Forced renewals of the stable token in a day.
const FORCED_A_DAY: u32 = 20;

/// The prefix of the family's paths.
const FAMILY: &str = "/cgi-bin/message/mass/";

/// Endpoints that only read, and so use GET.
const READ: [&str; 8] = [
    "media/get",
    "user/info",
    "menu/get",
    "menu/delete",
    "get_current_selfmenu_info",
    "material/get_materialcount",
    "draft/count",
    "getcallbackip",
];

/// The method of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// GET.
    Get,
    /// POST.
    Post,
}

/// A request as the platform receives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// GET or POST.
    pub method: Method,
    /// The path, without the query.
    pub path: String,
    /// The decoded parameters of the query.
    pub query: Vec<(String, String)>,
    /// The body as received.
    pub body: Vec<u8>,
}

/// The response; the transport adds `Date` from the same `now`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response {
    /// An HTTP response.
    Answer {
        /// Its status.
        status: u16,
        /// Its body.
        body: Vec<u8>,
    },
    /// The connection was refused: the request was not processed.
    Refused,
    /// The connection was closed without a response; the request may have been processed.
    Lost,
    /// No response ever comes.
    Hang,
}

/// A broadcast that the platform accepted: the truth that the daemon's report is compared with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Accepted {
    /// The account's appid.
    pub appid: String,
    /// Its number.
    pub msg_id: i64,
    /// The id given, or the platform's digest; empty for the website.
    pub clientmsgid: String,
    /// When it was accepted.
    pub at: DateTime<Utc>,
    /// SHA-256 of the request's body in hex; empty for the website.
    pub body_digest: String,
    /// Whether it was sent to everyone.
    pub is_to_all: bool,
    /// Followers in its audience.
    pub total: u32,
    /// Followers left after the monthly cap: the event's `FilterCount`.
    pub receivers: u32,
    /// Whether it passed review and confirmation, and so reaches them.
    pub delivered: bool,
    /// Whether it was made on the website.
    pub website: bool,
}

/// A request that reached the platform, whatever the outcome of its response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Logged {
    /// The account's appid, as far as the token or parameters show it.
    pub appid: Option<String>,
    /// Its path.
    pub path: String,
    /// The `clientmsgid` in its body.
    pub clientmsgid: Option<String>,
    /// SHA-256 of its body in hex.
    pub body_digest: String,
    /// When it was received.
    pub at: DateTime<Utc>,
    /// The code that the platform decided on, sent or not; `None` if a fault kept it from deciding.
    pub errcode: Option<i64>,
    /// The fault that applied to it.
    pub fault: Option<&'static str>,
}

/// The platform.
#[derive(Clone, Debug)]
pub struct Platform {
    seed: u64,
    /// No account was added yet, so any appid is an account.
    open: bool,
    accounts: BTreeMap<String, Account>,
    tokens: Tokens,
    faults: Faults,
    /// The fault that applied to the current request.
    fault_of_call: Option<&'static str>,
    calls: u64,
    last_msg_id: i64,
    event_count: u64,
    events: BTreeMap<(DateTime<Utc>, u64), Event>,
    accepted: Vec<Accepted>,
    requests: Vec<Logged>,
    /// The URL of each account; that of none is everybody's.
    callback_urls: BTreeMap<Option<String>, String>,
}

/// A request with a valid token, as the endpoints see it.
struct Call<'a> {
    path: &'a str,
    appid: &'a str,
    query: &'a [(String, String)],
    raw: &'a [u8],
    body: Option<&'a Object>,
    body_digest: &'a str,
    now: DateTime<Utc>,
}

impl<'a> Call<'a> {
    fn parameter(&self, name: &str) -> Option<&'a str> {
        parameter(self.query, name)
    }

    fn object(&self) -> Result<&'a Object, Refusal> {
        if self.raw.is_empty() {
            return Err(Refusal::code(44_002));
        }
        self.body.ok_or_else(|| Refusal::code(47_001))
    }

    fn object_without_escapes(&self) -> Result<&'a Object, Refusal> {
        let body = self.object()?;
        if content::has_unicode_escape(self.raw) {
            return Err(Refusal::code(40_033));
        }
        Ok(body)
    }
}

impl Platform {
    /// Returns a platform on which any appid and secret is a service account with 1,000 followers
    /// and a few tags, until [`Platform::add_account`] adds the first account.
    ///
    /// The seed decides tokens, message ids and request ids.
    pub fn new(seed: u64) -> Self {
        let first = i64::try_from(seed % 1_000).expect("below 1,000");
        Self {
            seed,
            open: true,
            accounts: BTreeMap::new(),
            tokens: Tokens::default(),
            faults: Faults::default(),
            fault_of_call: None,
            calls: 0,
            last_msg_id: 3_147_483_648 + first * 1_000,
            event_count: 0,
            events: BTreeMap::new(),
            accepted: Vec::new(),
            requests: Vec::new(),
            callback_urls: BTreeMap::new(),
        }
    }

    /// Adds an account; from now on only accounts that were added exist.
    pub fn add_account(&mut self, spec: AccountSpec) {
        if self.open {
            self.accounts.clear();
        }
        self.open = false;
        self.accounts.insert(spec.appid.clone(), Account::new(spec));
    }

    /// Registers a medium; from now on the account has only registered ones.
    pub fn add_media(&mut self, appid: &str, media_id: &str, kind: MediaKind) {
        if let Ok(account) = self.account_by_appid(appid) {
            account.media.insert(media_id.to_owned(), kind);
        }
    }

    /// Responds to one request.
    pub fn handle(&mut self, request: &Request, now: DateTime<Utc>) -> Response {
        self.calls += 1;
        if request.path == "/cgi-bin/showqrcode" {
            return self.website(request, now);
        }
        let body = serde_json::from_slice::<Value>(&request.body).ok();
        let body = body.as_ref().and_then(Value::as_object);
        let appid = self.appid_of(request, body);
        let digest = hex(&Sha256::digest(&request.body));
        let fault = self.faults.on_request(&request.path, appid.as_deref());
        self.fault_of_call = fault.as_ref().map(|(name, _)| *name);

        let mut decide = || {
            let decided = self.process(request, body, &digest, now);
            let errcode = decided.as_ref().map_or_else(|refusal| refusal.errcode, |_| 0);
            (Some(errcode), self.answer(decided, now))
        };
        let (errcode, response) = match fault.map(|(_, network_fault)| network_fault) {
            None => decide(),
            Some(NetworkFault::Unseen(response)) => return response,
            Some(NetworkFault::Unprocessed(response)) => (None, response),
            Some(NetworkFault::Code(errcode)) => {
                (Some(errcode), self.answer(Err(Refusal::code(errcode)), now))
            }
            Some(NetworkFault::Hidden(response)) => (decide().0, response),
            Some(NetworkFault::Halved) => {
                let (errcode, response) = decide();
                (errcode, halved(response))
            }
        };
        let is_send = request.path.starts_with(FAMILY);
        self.requests.push(Logged {
            appid,
            path: request.path.clone(),
            clientmsgid: body.filter(|_| is_send).and_then(content::given_id),
            body_digest: digest,
            at: now,
            errcode,
            fault: self.fault_of_call,
        });
        response
    }

    /// Responds to a request to the website, which knows no tokens and no return codes.
    fn website(&mut self, request: &Request, now: DateTime<Utc>) -> Response {
        let fault = self.faults.on_request(&request.path, None);
        let name = fault.as_ref().map(|(name, _)| *name);
        let response = match fault.map(|(_, fault)| fault) {
            Some(NetworkFault::Unseen(response)) => return response,
            Some(NetworkFault::Unprocessed(response) | NetworkFault::Hidden(response)) => response,
            Some(NetworkFault::Halved) => halved(self.show_qrcode(&request.query)),
            Some(NetworkFault::Code(_)) | None => self.show_qrcode(&request.query),
        };
        self.requests.push(Logged {
            appid: None,
            path: request.path.clone(),
            clientmsgid: None,
            body_digest: String::new(),
            at: now,
            errcode: None,
            fault: name,
        });
        response
    }

    /// When the next event is due, if any is.
    pub fn next_event_at(&self) -> Option<DateTime<Utc>> {
        self.events.first_key_value().map(|((at, _), _)| *at)
    }

    /// Takes the events that are due, in the order in which they are pushed.
    pub fn take_events(&mut self, now: DateTime<Utc>) -> Vec<Event> {
        let later = self.events.split_off(&(now, u64::MAX));
        std::mem::replace(&mut self.events, later).into_values().collect()
    }

    /// Adds a fault that waits until it applies.
    pub fn inject(&mut self, fault: impl Into<Fault>) {
        self.faults.inject(fault.into());
    }

    /// Deletes every fault that still waits, settings included.
    pub fn clear_faults(&mut self) {
        self.faults.clear();
    }

    /// How often each kind of fault has had an effect, by [`FaultKind::name`].
    pub fn fired(&self) -> &BTreeMap<&'static str, u64> {
        &self.faults.fired
    }

    /// Whether the next connection is refused before its request is read.
    ///
    /// Uses up a waiting [`FaultKind::Refused`] that has no path and no appid.
    pub fn refuses_connection(&mut self) -> bool {
        self.faults.on_connection()
    }

    /// Every broadcast accepted so far, unless pruned.
    pub fn accepted(&self) -> &[Accepted] {
        &self.accepted
    }

    /// Every request that reached the platform so far, unless pruned.
    pub fn requests(&self) -> &[Logged] {
        &self.requests
    }

    /// Deletes broadcasts accepted before this time; no limit depends on them.
    pub fn prune_accepted(&mut self, before: DateTime<Utc>) {
        self.accepted.retain(|accepted| accepted.at >= before);
    }

    /// Deletes requests received before this time; no limit depends on them.
    pub fn prune_requests(&mut self, before: DateTime<Utc>) {
        self.requests.retain(|logged| logged.at >= before);
    }

    /// Invalidates every token of an account at once, as a theft or another system's renewal does.
    pub fn expire_tokens(&mut self, appid: &str) {
        self.tokens.expire(appid);
    }

    fn account_by_appid(&mut self, appid: &str) -> Result<&mut Account, Refusal> {
        if self.open && !appid.is_empty() && !self.accounts.contains_key(appid) {
            let spec = AccountSpec::new(appid, Kind::Service);
            self.accounts.insert(appid.to_owned(), Account::new(spec));
        }
        self.accounts.get_mut(appid).ok_or_else(|| Refusal::code(40_013))
    }

    /// The appid of a request's account, even if its token is no longer valid.
    fn appid_of(&self, request: &Request, body: Option<&Object>) -> Option<String> {
        let owner = parameter(&request.query, "access_token").and_then(|t| self.tokens.owner(t));
        owner
            .or_else(|| parameter(&request.query, "appid"))
            .or_else(|| body?.get("appid")?.as_str())
            .map(str::to_owned)
    }

    fn process(
        &mut self,
        request: &Request,
        body: Option<&Object>,
        body_digest: &str,
        now: DateTime<Utc>,
    ) -> Result<Given, Refusal> {
        let path = request.path.as_str();
        match path {
            "/cgi-bin/token" => return self.classic_token(&request.query, now).map(Given::Json),
            "/cgi-bin/stable_token" => {
                return self.stable_token(request, body, now).map(Given::Json);
            }
            _ => {}
        }
        let token = parameter(&request.query, "access_token");
        let appid = self.tokens.check(token, now)?.to_owned();
        let (query, raw) = (&request.query, request.body.as_slice());
        let call = Call { path, appid: &appid, query, raw, body, body_digest, now };
        let endpoint = path.strip_prefix("/cgi-bin/").unwrap_or_default();
        match request.method {
            // These two accept both methods.
            _ if endpoint == "tags/get" => self.tags(&call).map(Given::Json),
            _ if endpoint == "user/get" => self.followers(&call).map(Given::Json),
            Method::Get => self.read(endpoint, &call),
            Method::Post if READ.contains(&endpoint) => Err(Refusal::code(43_001)),
            Method::Post if endpoint == "material/get_material" => self.get_material(&call),
            Method::Post => self.change(endpoint, &call).map(Given::Json),
        }
    }

    /// Handles the endpoints that use GET.
    fn read(&mut self, endpoint: &str, call: &Call<'_>) -> Result<Given, Refusal> {
        let read = match endpoint {
            "media/get" => return self.get_media(call),
            "user/info" => self.user_info(call),
            "menu/get" => self.get_menu(call),
            "menu/delete" => self.delete_menu(call),
            "get_current_selfmenu_info" => self.menu_info(call),
            "material/get_materialcount" => self.count_material(call),
            "draft/count" => self.count_drafts(call),
            "getcallbackip" => Ok(json!({"ip_list": ["127.0.0.1"]})),
            _ => Err(Refusal::code(43_002)),
        };
        read.map(Given::Json)
    }

    /// Handles the endpoints that use POST.
    fn change(&mut self, endpoint: &str, call: &Call<'_>) -> Result<Value, Refusal> {
        match endpoint {
            "user/tag/get" => self.tagged(call),
            "user/info/batchget" => self.users_info(call),
            "tags/getidlist" => self.tags_of(call),
            "tags/create" => self.create_tag(call),
            "tags/update" => self.rename_tag(call),
            "tags/delete" => self.delete_tag(call),
            "tags/members/batchtagging" => self.tag_members(call, true),
            "tags/members/batchuntagging" => self.tag_members(call, false),
            "media/uploadimg" => self.upload_picture(call),
            "media/upload" => self.upload_media(call),
            "media/uploadvideo" => self.upload_video(call),
            "media/uploadnews" => self.upload_news(call),
            "material/add_material" => self.add_material(call),
            "material/batchget_material" => self.list_material(call),
            "material/del_material" => self.delete_material(call),
            "draft/add" => self.add_draft(call),
            "draft/get" => self.get_draft(call),
            "draft/batchget" => self.list_drafts(call),
            "draft/delete" => self.delete_draft(call),
            "draft/update" => self.update_draft(call),
            "callback/check" => self.check_callback(call),
            "menu/create" => self.create_menu(call),
            "menu/addconditional" => self.add_conditional_menu(call),
            "menu/delconditional" => self.delete_conditional_menu(call),
            "menu/trymatch" => self.try_menu(call),
            "qrcode/create" => self.create_qrcode(call),
            _ => self.mass(call),
        }
    }

    fn answer(&self, decided: Result<Given, Refusal>, now: DateTime<Utc>) -> Response {
        let body = match decided {
            Ok(Given::File(file)) => file,
            Ok(Given::Json(json)) => json.to_string().into_bytes(),
            Err(refusal) => refusal.json(&self.rid(now)).to_string().into_bytes(),
        };
        Response::Answer { status: 200, body }
    }

    /// The id of the current request, which the platform appends to its errors.
    fn rid(&self, now: DateTime<Utc>) -> String {
        let mixed = mix(self.seed, self.calls);
        format!("{:08x}-{:08x}-{:08x}", now.timestamp(), mixed >> 32, mixed & 0xffff_ffff)
    }

    fn new_msg_id(&mut self) -> i64 {
        let mixed = mix(self.seed, self.last_msg_id.unsigned_abs());
        self.last_msg_id += 1 + i64::try_from(mixed % 7).expect("below 7");
        self.last_msg_id
    }

    fn classic_token(
        &mut self,
        query: &[(String, String)],
        now: DateTime<Utc>,
    ) -> Result<Value, Refusal> {
        let get = |name| parameter(query, name).unwrap_or_default();
        let seed = self.seed;
        let account = self.log_in(get("grant_type"), get("appid"), get("secret"))?;
        account.tally.call(Daily::Tokens, TOKENS_A_DAY, now)?;
        let spec = account.spec.clone();
        let token = self.tokens.classic(&spec, seed, now);
        Ok(json!({"access_token": token.value, "expires_in": token.expires_in}))
    }

    fn stable_token(
        &mut self,
        request: &Request,
        body: Option<&Object>,
        now: DateTime<Utc>,
    ) -> Result<Value, Refusal> {
        if request.method == Method::Get {
            return Err(Refusal::code(43_002));
        }
        let body = body.ok_or_else(|| Refusal::code(47_001))?;
        let get = |name| body.get(name).and_then(Value::as_str).unwrap_or_default();
        let forced = body.get("force_refresh").and_then(Value::as_bool).unwrap_or(false);
        let too_fast = forced && self.tokens.forced_too_fast(get("appid"), now);
        let seed = self.seed;
        let account = self.log_in(get("grant_type"), get("appid"), get("secret"))?;
        if too_fast {
            return Err(Refusal::code(45_011));
        }
        if forced {
            account.tally.call(Daily::ForcedTokens, FORCED_A_DAY, now)?;
        }
        let spec = account.spec.clone();
        let token = if forced {
            self.tokens.forced(&spec, seed, now)
        } else {
            self.tokens.stable(&spec, seed, now)
        };
        Ok(json!({"access_token": token.value, "expires_in": token.expires_in}))
    }

    fn log_in(&mut self, grant: &str, appid: &str, secret: &str) -> Result<&mut Account, Refusal> {
        let refused = match (grant, appid, secret) {
            (_, "", _) => Some(41_002),
            (_, _, "") => Some(41_004),
            ("client_credential", _, _) => None,
            (_, _, _) => Some(40_002),
        };
        if let Some(errcode) = refused {
            return Err(Refusal::code(errcode));
        }
        let account = self.account_by_appid(appid)?;
        match &account.spec.secret {
            Some(right) if right != secret => Err(Refusal::code(40_125)),
            Some(_) | None => Ok(account),
        }
    }
}

fn parameter<'a>(query: &'a [(String, String)], name: &str) -> Option<&'a str> {
    query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

fn halved(response: Response) -> Response {
    match response {
        Response::Answer { status, mut body } => {
            body.truncate(body.len() / 2);
            Response::Answer { status, body }
        }
        Response::Refused | Response::Lost | Response::Hang => response,
    }
}

/// A number that looks random and is derived from the two given (`SplitMix64`).
fn mix(seed: u64, count: u64) -> u64 {
    let mut z = seed.wrapping_add(count.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}
