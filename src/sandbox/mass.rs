//! The mass-send family: `sendall`, `send`, `preview`, `get`, `delete` and `speed`.
//!
//! The order of the checks of a send is the order in which it can be refused: the minute and the
//! day's calls, then the form of the body, then the account's earlier sends and media.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::account::{Kind, Msgtype};
use super::account_state::Account;
use super::answer::Refusal;
use super::content::{self, Content, Object, Shape};
use super::count::{Audience, Daily, Receivers};
use super::fault::{AdminAnswer, EventFate, Review};
use super::job::{Broadcast, Gone, Report};
use super::{Accepted, Call, FAMILY, Platform};

/// Previews to a WeChat name in a day.
const NAMED_PREVIEWS: u32 = 100;
/// Deletes in a day.
const DELETES: u32 = 10;
/// How long the administrator has for a response.
const ADMIN_PATIENCE_S: u32 = 1_800;
/// How long the administrator of a protected account takes, if no fault sets another time.
const ADMIN_USUALLY_S: u32 = 60;
/// Ten thousands of receivers a minute, by level.
const SPEEDS: [i64; 5] = [80, 60, 45, 30, 10];

/// A broadcast that passed every check.
struct Launch<'a> {
    appid: &'a str,
    /// The path that a fault's path filter is compared with.
    path: &'a str,
    /// The id, given or by default; `None` for the website.
    clientmsgid: Option<String>,
    body_digest: String,
    msgtype: Msgtype,
    media: Option<String>,
    audience: Audience,
}

impl Platform {
    /// Responds to a call of the family with a valid token.
    pub(super) fn mass(&mut self, call: &Call<'_>) -> Result<Value, Refusal> {
        match call.path.strip_prefix(FAMILY) {
            Some("sendall" | "send") => self.mass_send(call),
            Some("preview") => self.mass_preview(call),
            Some("get") => self.mass_get(call),
            Some("delete") => self.mass_delete(call),
            Some("speed/get") => self.speed_get(call),
            Some("speed/set") => self.speed_set(call),
            Some(_) | None => Err(Refusal::code(40_066)),
        }
    }

    fn mass_send(&mut self, call: &Call<'_>) -> Result<Value, Refusal> {
        let (appid, now) = (call.appid, call.now);
        let quota_first = self.faults.quota_first(call.path, appid);
        let media_first = self.faults.media_first(call.path, appid);
        let account = self.accounts.get_mut(appid).expect("its token was good");

        // Recorded before anything can refuse the request: each request restarts the id's minute.
        let given = call.body.and_then(content::given_id);
        let noted = given.as_deref().filter(|id| content::check_id(id).is_ok());
        let repeat = noted.map(|id| account.repeats.ask(id, now));
        account.tally.minute(now)?;
        if account.spec.kind == Kind::Service {
            account.tally.call(Daily::SendCalls, account.spec.daily_calls, now)?;
        }

        let (audience, content) = demand(call, account)?;
        let id = match given {
            Some(id) => content::check_id(&id).map(|()| id)?,
            None => content::default_id(&audience, &content),
        };
        let repeat = repeat.unwrap_or_else(|| account.repeats.ask(&id, now));
        let media = content::check_media(account, &content, now);
        let quota = account.tally.send(&account.spec, audience == Audience::Everyone, now);
        let checks = match (quota_first, media_first) {
            (false, false) => [repeat, media, quota],
            (false, true) => [media, repeat, quota],
            (true, false) => [quota, repeat, media],
            (true, true) => [quota, media, repeat],
        };
        checks.into_iter().collect::<Result<(), Refusal>>()?;

        let draft = if content.msgtype == Msgtype::Mpnews { content.media.first() } else { None };
        if let Some(draft) = draft
            && account.consumes(draft)
        {
            account.consumed.insert(draft.clone());
        }
        account.tally.sent(audience == Audience::Everyone);
        let media = content.media.into_iter().next();
        let body_digest = call.body_digest.to_owned();
        let launch = Launch {
            appid,
            path: call.path,
            clientmsgid: Some(id),
            body_digest,
            msgtype: content.msgtype,
            media,
            audience,
        };
        self.answer_accepted(launch, now)
    }

    fn answer_accepted(
        &mut self,
        launch: Launch<'_>,
        now: DateTime<Utc>,
    ) -> Result<Value, Refusal> {
        let (appid, path, msgtype) = (launch.appid, launch.path, launch.msgtype);
        let id = launch.clientmsgid.clone().expect("a send has an id");
        let msg_id = self.launch(launch, now);
        let account = self.accounts.get_mut(appid).expect("its token was good");
        account.repeats.accepted(&id, msg_id, now);

        match self.faults.on_acceptance(path, appid) {
            Some((name, 45_065)) => {
                self.fault_of_call = Some(name);
                Err(Refusal::exists(msg_id))
            }
            Some((name, errcode)) => {
                self.fault_of_call = Some(name);
                Err(Refusal::code(errcode))
            }
            None => {
                let mut answer = json!({
                    "errcode": 0, "errmsg": "send job submission success", "msg_id": msg_id,
                });
                if msgtype == Msgtype::Mpnews {
                    answer["msg_data_id"] = (msg_id - 900_000_000).into();
                }
                Ok(answer)
            }
        }
    }

    /// Starts a broadcast and schedules its end and its event.
    fn launch(&mut self, launch: Launch<'_>, now: DateTime<Utc>) -> i64 {
        let msg_id = self.new_msg_id();
        let Launch { appid, path, clientmsgid, body_digest, msgtype, media, audience } = launch;
        let website = clientmsgid.is_none();
        let is_to_all = audience == Audience::Everyone;
        let review = if website { Review::Passed } else { self.faults.review(path, appid) };
        let admin = if website { None } else { self.faults.admin(path, appid) };
        let fate = self.faults.event_fate(path, appid);
        let account = self.accounts.get_mut(appid).expect("known before it sends");

        let usually = (account.spec.protected && is_to_all && !website)
            .then_some(AdminAnswer::Confirms(ADMIN_USUALLY_S));
        let (review, wait_s) = match admin.or(usually) {
            None => (review, account.spec.job_s),
            Some(AdminAnswer::Confirms(after_s)) => (review, after_s + account.spec.job_s),
            Some(AdminAnswer::Refuses(after_s)) => (Review::Rejected(40_001), after_s),
            Some(AdminAnswer::Silent) => (Review::Rejected(40_002), ADMIN_PATIENCE_S),
        };
        let ends_at = now + TimeDelta::seconds(i64::from(wait_s));
        let receivers = account.reach.receivers(&account.spec, &audience, now);
        let articles = media.as_deref().and_then(|media| account.articles(media));
        if review == Review::Passed {
            account.reach.delivered(audience);
        }
        if !website {
            let gone = Gone::default();
            let broadcast = Broadcast { msgtype, media, articles, ends_at, review, gone };
            account.broadcasts.insert(msg_id, broadcast);
        }
        let event_at = ends_at + TimeDelta::seconds(i64::from(account.spec.event_delay_s));
        let report = Report { appid, msg_id, msgtype, articles, review, receivers };
        self.plan_event(report, fate, now, event_at);
        let Receivers { total, filtered } = receivers;
        self.accepted.push(Accepted {
            appid: appid.to_owned(),
            msg_id,
            clientmsgid: clientmsgid.unwrap_or_default(),
            at: now,
            body_digest,
            is_to_all,
            total,
            receivers: filtered,
            delivered: review == Review::Passed,
            website,
        });
        msg_id
    }

    fn plan_event(
        &mut self,
        report: Report<'_>,
        fate: EventFate,
        now: DateTime<Utc>,
        due: DateTime<Utc>,
    ) {
        let (copies, at) = match fate {
            EventFate::OnTime => (1, due),
            EventFate::Lost => (0, due),
            EventFate::Tripled => (3, due),
            EventFate::Early => (1, now),
            EventFate::Late(after_s) => (1, due + TimeDelta::seconds(i64::from(after_s))),
        };
        for _ in 0..copies {
            self.event_count += 1;
            self.events.insert((at, self.event_count), report.event(at));
        }
    }

    /// Makes a broadcast to everyone, as an operator does on the platform's website.
    ///
    /// # Errors
    ///
    /// The errcode that the same demand would get from the API: 40013 for an unknown account,
    /// 45028 without quota.
    pub fn website_send(&mut self, appid: &str, now: DateTime<Utc>) -> Result<i64, i64> {
        let refused = |refusal: Refusal| refusal.errcode;
        let account = self.account_by_appid(appid).map_err(refused)?;
        account.tally.website(&account.spec, now).map_err(refused)?;
        account.tally.sent_on_website();
        let launch = Launch {
            appid,
            path: "website",
            clientmsgid: None,
            body_digest: String::new(),
            msgtype: Msgtype::Mpnews,
            media: None,
            audience: Audience::Everyone,
        };
        Ok(self.launch(launch, now))
    }

    fn mass_preview(&mut self, call: &Call<'_>) -> Result<Value, Refusal> {
        let account = self.accounts.get_mut(call.appid).expect("its token was good");
        account.tally.minute(call.now)?;
        let body = call.object_without_escapes()?;
        let content = content::content(body, Shape::Preview)?;
        let name = |field| body.get(field).and_then(Value::as_str).filter(|to| !to.is_empty());
        match (name("towxname"), name("touser")) {
            (Some(wxname), _) => {
                account.tally.call(Daily::NamedPreviews, NAMED_PREVIEWS, call.now)?;
                if wxname.starts_with("bad") {
                    return Err(Refusal::code(40_132));
                }
            }
            (None, Some(openid)) if account.spec.follower(openid).is_some() => {}
            (None, Some(_) | None) => return Err(Refusal::code(40_003)),
        }
        content::check_media(account, &content, call.now)?;
        let msg_id = self.new_msg_id();
        Ok(json!({"errcode": 0, "errmsg": "preview success", "msg_id": msg_id}))
    }

    fn mass_get(&mut self, call: &Call<'_>) -> Result<Value, Refusal> {
        let account = self.accounts.get_mut(call.appid).expect("its token was good");
        account.tally.minute(call.now)?;
        let body = call.object()?;
        let found = content::integer(body.get("msg_id"))
            .and_then(|msg_id| Some((msg_id, account.broadcasts.get(&msg_id)?)));
        let (msg_id, broadcast) = found.ok_or_else(|| Refusal::code(40_059))?;
        Ok(json!({"msg_id": msg_id, "msg_status": broadcast.status(call.now)}))
    }

    fn mass_delete(&mut self, call: &Call<'_>) -> Result<Value, Refusal> {
        let account = self.accounts.get_mut(call.appid).expect("its token was good");
        account.tally.minute(call.now)?;
        account.tally.call(Daily::Deletes, DELETES, call.now)?;
        let body = call.object()?;
        let found = content::integer(body.get("msg_id"))
            .and_then(|msg_id| account.broadcasts.get_mut(&msg_id));
        let broadcast = found.ok_or_else(|| Refusal::code(40_059))?;
        match broadcast.msgtype {
            Msgtype::Mpnews | Msgtype::Mpvideo => {}
            Msgtype::Text | Msgtype::Voice | Msgtype::Image | Msgtype::Wxcard => {
                return Err(Refusal::code(40_008));
            }
        }
        // Only a sent broadcast can be deleted; one that is being sent has no link yet.
        if !["SEND_SUCCESS", "DELETE"].contains(&broadcast.status(call.now)) {
            return Err(Refusal::code(40_059));
        }
        let article = match body.get("article_idx") {
            None | Some(Value::Null) => 0,
            index => content::integer(index).ok_or_else(|| Refusal::code(40_060))?,
        };
        let article = broadcast.article(article).ok_or_else(|| Refusal::code(40_060))?;
        broadcast.delete(article);
        let media = broadcast.media.clone();
        // One link serves every broadcast of the same articles, so it is deleted in all of them.
        for other in account.broadcasts.values_mut().filter(|other| other.media == media) {
            if other.status(call.now) == "SEND_SUCCESS" {
                other.delete(article);
            }
        }
        Ok(json!({"errcode": 0, "errmsg": "ok"}))
    }

    fn speed_get(&mut self, call: &Call<'_>) -> Result<Value, Refusal> {
        let account = self.accounts.get_mut(call.appid).expect("its token was good");
        account.tally.minute(call.now)?;
        let level = usize::try_from(account.speed).expect("0..=4");
        Ok(json!({"speed": account.speed, "realspeed": SPEEDS[level]}))
    }

    fn speed_set(&mut self, call: &Call<'_>) -> Result<Value, Refusal> {
        let account = self.accounts.get_mut(call.appid).expect("its token was good");
        account.tally.minute(call.now)?;
        match call.object()?.get("speed") {
            None | Some(Value::Null) => Err(Refusal::code(45_084)),
            speed => match content::integer(speed) {
                Some(level @ 0..=4) => {
                    account.speed = level;
                    Ok(json!({"errcode": 0, "errmsg": "ok"}))
                }
                Some(_) | None => Err(Refusal::code(45_083)),
            },
        }
    }
}

/// Reads the audience and content of a send.
fn demand(call: &Call<'_>, account: &Account) -> Result<(Audience, Content), Refusal> {
    let to_list = call.path.strip_prefix(FAMILY) == Some("send");
    if to_list && account.spec.kind == Kind::Subscription {
        return Err(Refusal::code(48_001));
    }
    let body: &Object = call.object_without_escapes()?;
    let content = content::content(body, Shape::MassSend)?;
    let audience = if to_list {
        content::list(body, &account.spec)?
    } else {
        content::filter(body, &account.spec)?
    };
    Ok((audience, content))
}
