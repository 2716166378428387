//! The platform's rules, each as a table of requests and answers.

use super::*;

/// Noon in Beijing on the first of March 2027.
pub(super) const NOON: i64 = 1_803_873_600;

pub(super) fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(NOON + second, 0).unwrap()
}

pub(super) fn beijing(text: &str) -> DateTime<Utc> {
    format!("{}:00+08:00", text.replace(' ', "T")).parse().unwrap()
}

pub(super) fn query(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

pub(super) fn post(path: &str, token: &str, body: &str) -> Request {
    Request {
        method: Method::Post,
        path: format!("/cgi-bin/{path}"),
        query: query(&[("access_token", token)]),
        body: body.as_bytes().to_vec(),
    }
}

pub(super) fn get(path: &str, pairs: &[(&str, &str)]) -> Request {
    let path = format!("/cgi-bin/{path}");
    Request { method: Method::Get, path, query: query(pairs), body: Vec::new() }
}

/// A platform with one account that can log in by itself.
pub(super) struct World {
    pub(super) platform: Platform,
    pub(super) appid: &'static str,
}

impl World {
    pub(super) fn of(spec: AccountSpec) -> Self {
        let mut platform = Platform::new(7);
        platform.add_account(AccountSpec { appid: "wx1".to_owned(), ..spec });
        Self { platform, appid: "wx1" }
    }

    pub(super) fn service() -> Self {
        Self::of(AccountSpec::new("wx1", Kind::Service))
    }

    pub(super) fn subscription() -> Self {
        Self::of(AccountSpec::new("wx1", Kind::Subscription))
    }

    pub(super) fn spec(&self) -> AccountSpec {
        self.platform.accounts[self.appid].spec.clone()
    }

    pub(super) fn json(&mut self, request: &Request, now: DateTime<Utc>) -> Value {
        match self.platform.handle(request, now) {
            Response::Answer { status: 200, body } => serde_json::from_slice(&body).unwrap(),
            other @ (Response::Answer { .. }
            | Response::Refused
            | Response::Lost
            | Response::Hang) => panic!("no answer: {other:?}"),
        }
    }

    pub(super) fn token(&mut self, now: DateTime<Utc>) -> String {
        let body = format!(
            r#"{{"grant_type":"client_credential","appid":"{}","secret":"s"}}"#,
            self.appid
        );
        let answer = self.json(&post("stable_token", "", &body), now);
        answer["access_token"].as_str().unwrap().to_owned()
    }

    pub(super) fn raw(&mut self, path: &str, body: &str, now: DateTime<Utc>) -> Response {
        let token = self.token(now);
        self.platform.handle(&post(path, &token, body), now)
    }

    pub(super) fn call(&mut self, path: &str, body: &str, now: DateTime<Utc>) -> Value {
        let token = self.token(now);
        self.json(&post(path, &token, body), now)
    }

    pub(super) fn mass(&mut self, call: &str, body: &str, now: DateTime<Utc>) -> Value {
        self.call(&format!("message/mass/{call}"), body, now)
    }

    /// The code that a mass call answers; what has none was done.
    pub(super) fn code(&mut self, call: &str, body: &str, now: DateTime<Utc>) -> i64 {
        self.mass(call, body, now)["errcode"].as_i64().unwrap_or(0)
    }

    pub(super) fn send_all(&mut self, id: &str, now: DateTime<Utc>) -> i64 {
        self.code("sendall", &text(r#""filter":{"is_to_all":true}"#, id), now)
    }

    pub(super) fn send_tag(&mut self, id: &str, now: DateTime<Utc>) -> i64 {
        self.code("sendall", &text(r#""filter":{"is_to_all":false,"tag_id":2}"#, id), now)
    }

    pub(super) fn accept(&mut self, body: &str, now: DateTime<Utc>) -> i64 {
        let answer = self.mass("sendall", body, now);
        assert_eq!(answer["errcode"], 0, "{answer}");
        answer["msg_id"].as_i64().unwrap()
    }

    pub(super) fn status(&mut self, msg_id: i64, now: DateTime<Utc>) -> Value {
        self.mass("get", &format!(r#"{{"msg_id":"{msg_id}"}}"#), now)["msg_status"].clone()
    }
}

pub(super) fn text(scope: &str, id: &str) -> String {
    format!(r#"{{{scope},"msgtype":"text","text":{{"content":"你好"}},"clientmsgid":"{id}"}}"#)
}

pub(super) const TO_ALL: &str = r#""filter":{"is_to_all":true}"#;
pub(super) const TO_TAG: &str = r#""filter":{"is_to_all":false,"tag_id":2}"#;

pub(super) fn mpnews(scope: &str, media: &str, id: &str) -> String {
    format!(
        r#"{{{scope},"msgtype":"mpnews","mpnews":{{"media_id":"{media}"}},"send_ignore_reprint":0,"clientmsgid":"{id}"}}"#
    )
}

pub(super) fn list(n: std::ops::Range<u32>, id: &str) -> String {
    let ids: Vec<_> = n.map(|n| openid("wx1", n)).collect();
    text(&format!(r#""touser":{}"#, json!(ids)), id)
}

#[test]
fn tokens_are_refused_for_what_is_wrong_with_the_request() {
    let spec = AccountSpec { secret: Some("right".to_owned()), ..World::service().spec() };
    let mut world = World::of(spec);
    let right = [("grant_type", "client_credential"), ("appid", "wx1"), ("secret", "right")];
    for (field, value, errcode) in [
        ("grant_type", "client", 40_002),
        ("appid", "", 41_002),
        ("appid", "wx9", 40_013),
        ("secret", "", 41_004),
        ("secret", "wrong", 40_125),
    ] {
        let wrong = right.map(|(name, right)| (name, if name == field { value } else { right }));
        let object = Object::from_iter(wrong.map(|(name, value)| (name.to_owned(), value.into())));
        let body = Value::Object(object).to_string();

        let classic = world.json(&get("token", &wrong), at(0));
        let stable = world.json(&post("stable_token", "", &body), at(0));

        assert_eq!(classic["errcode"], errcode, "{field}={value}");
        assert_eq!(stable["errcode"], errcode, "{field}={value}");
    }
    let granted = world.json(&get("token", &right), at(0));
    assert_eq!(granted["expires_in"], 7_200);
    assert!(granted["access_token"].as_str().unwrap().len() > 64);
    assert_eq!(world.json(&post("stable_token", "", "x"), at(0))["errcode"], 47_001);
    assert_eq!(world.json(&get("stable_token", &right), at(0))["errcode"], 43_002);
}

#[test]
fn forced_renewals_are_30_s_apart_and_20_a_day() {
    let mut world = World::service();
    let body =
        r#"{"grant_type":"client_credential","appid":"wx1","secret":"s","force_refresh":true}"#;
    let mut force = |second| world.json(&post("stable_token", "", body), at(second));

    assert!(force(0)["access_token"].is_string());
    assert_eq!(force(29)["errcode"], 45_011);
    for n in 1..20 {
        assert!(force(n * 30)["access_token"].is_string(), "{n}");
    }
    assert_eq!(force(600)["errcode"], 45_009);
    assert!(force(86_400)["access_token"].is_string(), "a new day");
}

#[test]
fn a_call_needs_a_token_that_holds() {
    let mut world = World::service();
    let token = world.token(at(0));
    let send = |token: &str| post("message/mass/sendall", token, &text(TO_ALL, "a"));
    let mut code = |token: &str, second| world.json(&send(token), at(second))["errcode"].clone();

    assert_eq!(code("", 0), 41_001);
    assert_eq!(code("nobody's", 0), 40_001);
    assert_eq!(code(&token, 7_200), 42_001);
    assert_eq!(code(&token, 7_199), 0, "refusals for the token count for nothing");
    world.platform.expire_tokens("wx1");
    assert_eq!(world.json(&send(&token), at(7_199))["errcode"], 42_001);
}

#[test]
fn without_an_account_anyone_is_a_service_account() {
    let mut platform = Platform::new(1);
    let login = [("grant_type", "client_credential"), ("appid", "wx7"), ("secret", "any")];

    let Response::Answer { body, .. } = platform.handle(&get("token", &login), at(0)) else {
        panic!("no answer")
    };

    let token: Value = serde_json::from_slice(&body).unwrap();
    let mut world = World { platform, appid: "wx7" };
    let tags = get("tags/get", &[("access_token", token["access_token"].as_str().unwrap())]);
    let tags = world.json(&tags, at(0));
    assert_eq!(tags["tags"][0], json!({"id": 2, "name": "星标组", "count": 100}));
    assert_eq!(world.spec().followers, 1_000);
}

#[test]
fn accepted_sends_answer_as_documented() {
    let mut world = World::service();

    let words = world.mass("sendall", &text(TO_TAG, "a"), at(0));
    let news = world.mass("sendall", &mpnews(TO_TAG, "m", "b"), at(0));
    let listed = world.mass("send", &list(0..2, "c"), at(0));

    for answer in [&words, &news, &listed] {
        assert_eq!(answer["errcode"], 0);
        assert_eq!(answer["errmsg"], "send job submission success");
        assert!(answer["msg_id"].as_i64().unwrap() > i64::from(i32::MAX));
    }
    assert!(words.get("msg_data_id").is_none());
    assert!(news["msg_data_id"].as_i64().unwrap() > i64::from(i32::MAX));
    let ids: Vec<_> = world.platform.accepted().iter().map(|one| one.msg_id).collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
}

#[test]
fn a_refusal_carries_its_rid() {
    let mut world = World::service();
    let answer = world.mass("sendall", "{}", at(0));

    let errmsg = answer["errmsg"].as_str().unwrap();
    let (words, rid) = errmsg.split_once(" rid: ").unwrap();
    assert_eq!(words, "invalid message type");
    assert!(rid.len() == 26 && rid.split('-').all(|part| part.len() == 8), "{rid}");
}

#[test]
fn a_malformed_send_is_refused_for_what_is_wrong() {
    let mut world = World::service();
    let long = text(TO_TAG, &"a".repeat(33));
    for (call, body, errcode) in [
        ("sendall", "", 44_002),
        ("sendall", "{", 47_001),
        ("sendall", "[]", 47_001),
        (
            "sendall",
            r#"{"filter":{"is_to_all":true},"msgtype":"text","text":{"content":"\u4f60"}}"#,
            40_033,
        ),
        (
            "sendall",
            r#"{"filter":{"is_to_all":"false","tag_id":2},"msgtype":"text","text":{"content":"x"}}"#,
            40_008,
        ),
        (
            "sendall",
            r#"{"filter":{"is_to_all":true},"msgtype":"video","video":{"media_id":"x"}}"#,
            40_008,
        ),
        (
            "sendall",
            r#"{"filter":{"is_to_all":false,"tag_id":9},"msgtype":"text","text":{"content":"x"}}"#,
            45_159,
        ),
        (
            "sendall",
            r#"{"filter":{"is_to_all":false,"group_id":9},"msgtype":"text","text":{"content":"x"}}"#,
            40_050,
        ),
        (
            "sendall",
            r#"{"filter":{"is_to_all":true},"msgtype":"mpnews","mpnews":{"media_id":"bad1"}}"#,
            40_007,
        ),
        ("sendall", long.as_str(), 45_067),
        ("send", r#"{"touser":["a"],"msgtype":"text","text":{"content":"x"}}"#, 40_130),
        ("send", r#"{"toUsers":["a","b"],"msgtype":"text","text":{"content":"x"}}"#, 40_130),
        ("nothing", "{}", 40_066),
    ] {
        assert_eq!(world.code(call, body, at(0)), errcode, "{call} {body}");
    }
    assert_eq!(world.code("send", &list(0..10_001, "l"), at(0)), 40_032);
    assert!(world.platform.accepted().is_empty());
}

#[test]
fn a_mass_call_is_a_post() {
    let mut world = World::service();
    let token = world.token(at(0));
    let answer = world.json(&get("message/mass/sendall", &[("access_token", &token)]), at(0));
    assert_eq!(answer["errcode"], 43_002);
}

#[test]
fn a_subscription_account_cannot_send_to_openids() {
    let mut world = World::subscription();
    assert_eq!(world.code("send", &list(0..2, "a"), at(0)), 48_001);
}

#[test]
fn those_who_do_not_follow_are_filtered_and_not_refused() {
    let mut world = World::service();
    let touser = format!(r#""touser":["{}","stranger","another"]"#, openid("wx1", 5));

    assert_eq!(world.code("send", &text(&touser, "a"), at(0)), 0);

    let accepted = &world.platform.accepted()[0];
    assert_eq!((accepted.total, accepted.receivers), (1, 1));
}

#[test]
fn the_same_clientmsgid_never_makes_a_second_broadcast() {
    let mut world = World::service();
    let msg_id = world.accept(&text(TO_TAG, "a"), at(0));

    let fast = world.mass("sendall", &text(TO_TAG, "a"), at(59));
    let exists = world.mass("sendall", &mpnews(TO_ALL, "m", "a"), at(119));

    assert_eq!((&fast["errcode"], fast.get("msg_id")), (&json!(45_066), None));
    assert_eq!(exists["errcode"], 45_065, "whatever the body");
    assert_eq!(exists["msg_id"], msg_id);
    assert_eq!(world.send_tag("a", at(86_399)), 45_065);
    assert_eq!(world.send_tag("a", at(86_399 + 60)), 0, "forgotten after 24 h");
}

#[test]
fn a_refused_request_counts_for_its_clientmsgids_minute() {
    let mut world = World::service();
    assert_eq!(world.code("sendall", &mpnews(TO_TAG, "bad", "a"), at(0)), 40_007);
    assert_eq!(world.send_tag("a", at(59)), 45_066);
    assert_eq!(world.send_tag("a", at(118)), 45_066);
    assert_eq!(world.send_tag("a", at(178)), 0);
}

#[test]
fn without_a_clientmsgid_the_content_is_the_id() {
    let mut world = World::service();
    let body = |scope: &str, word: &str| {
        format!(r#"{{{scope},"msgtype":"text","text":{{"content":"{word}"}}}}"#)
    };

    assert_eq!(world.code("sendall", &body(TO_TAG, "a"), at(0)), 0);
    assert_eq!(world.code("sendall", &body(TO_TAG, "a"), at(1)), 45_066);
    assert_eq!(world.code("sendall", &body(TO_TAG, "a"), at(61)), 45_065);
    assert_eq!(world.code("sendall", &body(TO_TAG, "b"), at(61)), 0);
    assert_eq!(world.code("sendall", &body(TO_ALL, "a"), at(61)), 0);
}

#[test]
fn a_subscription_account_sends_once_a_beijing_day() {
    for first in [World::send_all, World::send_tag] {
        let mut world = World::subscription();
        assert_eq!(first(&mut world, "a", beijing("2027-03-01 00:00")), 0);
        assert_eq!(world.send_all("b", beijing("2027-03-01 23:59")), 45_028);
        assert_eq!(world.send_tag("c", beijing("2027-03-01 23:59")), 45_028);
        assert_eq!(world.send_tag("d", beijing("2027-03-02 00:00")), 0);
    }
}

#[test]
fn the_website_and_is_to_all_share_a_subscription_accounts_day() {
    let mut world = World::subscription();
    assert!(world.platform.website_send("wx1", at(0)).is_ok());
    assert_eq!(world.platform.website_send("wx1", at(1)), Err(45_028));
    assert_eq!(world.send_all("a", at(2)), 45_028);
    assert_eq!(world.send_tag("b", at(3)), 0, "a tag needs no place in the history");

    let mut world = World::subscription();
    assert_eq!(world.send_all("a", at(0)), 0);
    assert_eq!(world.platform.website_send("wx1", at(1)), Err(45_028));
    assert!(world.platform.website_send("wx1", at(86_400)).is_ok());
}

#[test]
fn a_service_account_has_four_history_entries_a_beijing_month() {
    let mut world = World::service();
    assert_eq!(world.send_all("a", beijing("2027-03-01 00:00")), 0);
    assert!(world.platform.website_send("wx1", beijing("2027-03-02 00:01")).is_ok());
    assert!(world.platform.website_send("wx1", beijing("2027-03-03 00:02")).is_ok());
    assert_eq!(world.send_all("b", beijing("2027-03-04 00:00")), 0);

    let last = beijing("2027-03-31 23:59");
    assert_eq!(world.send_all("c", last), 45_028);
    assert_eq!(world.platform.website_send("wx1", last), Err(45_028));
    assert_eq!(world.send_tag("d", last), 0, "tags are not in the history");
    assert_eq!(world.send_all("e", beijing("2027-04-01 00:00")), 0);
}

#[test]
fn the_website_and_is_to_all_share_a_service_accounts_day_unless_the_rule_is_off() {
    for (one_history_a_day, second) in [(true, 45_028), (false, 0)] {
        let spec = AccountSpec { one_history_a_day, ..World::service().spec() };
        let mut world = World::of(spec);
        let on_website = |world: &mut World, time| {
            world.platform.website_send("wx1", beijing(time)).err().unwrap_or(0)
        };
        assert_eq!(on_website(&mut world, "2027-03-05 00:00"), 0);
        assert_eq!(world.send_all("a", beijing("2027-03-05 00:01")), second);
        assert_eq!(world.send_tag("b", beijing("2027-03-05 00:02")), 0);
        assert_eq!(world.send_all("c", beijing("2027-03-06 00:00")), 0);
        assert_eq!(on_website(&mut world, "2027-03-06 23:59"), second);
    }
}

#[test]
fn a_service_account_has_one_is_to_all_a_day_unless_the_rule_is_off() {
    for (one_history_a_day, second) in [(true, 45_028), (false, 0)] {
        let spec = AccountSpec { one_history_a_day, ..World::service().spec() };
        let mut world = World::of(spec);
        assert_eq!(world.send_all("a", beijing("2027-03-05 00:00")), 0);
        assert_eq!(world.send_all("b", beijing("2027-03-05 23:59")), second);
        assert_eq!(world.send_all("c", beijing("2027-03-06 00:00")), 0);
    }
}

#[test]
fn a_service_account_makes_its_daily_calls_and_no_more() {
    let spec = AccountSpec { daily_calls: 3, ..World::service().spec() };
    let mut world = World::of(spec);
    assert_eq!(world.send_tag("a", at(0)), 0);
    assert_eq!(world.code("send", &list(0..2, "b"), at(0)), 0);
    assert_eq!(world.code("sendall", "{}", at(0)), 40_008, "a refused call is a call");
    assert_eq!(world.send_tag("c", at(0)), 45_009);
    assert_eq!(world.send_tag("a", at(61)), 45_009, "the gateway comes before the id");
    assert_eq!(world.send_tag("c", at(86_400)), 0);
}

#[test]
fn a_test_account_never_has_quota() {
    for kind in [Kind::Subscription, Kind::Service] {
        let mut world =
            World::of(AccountSpec { test_account: true, ..AccountSpec::new("wx1", kind) });
        assert_eq!(world.send_all("a", at(0)), 45_028);
        assert_eq!(world.send_tag("b", at(0)), 45_028);
    }
}

#[test]
fn the_whole_family_shares_sixty_calls_a_minute() {
    let mut world = World::service();
    for n in 0..10 {
        assert_eq!(world.send_tag(&format!("s{n}"), at(0)), 0);
        assert_eq!(world.code("get", "{}", at(0)), 40_059);
        let preview =
            r#"{"touser":"owx1-00000000000000000000000","msgtype":"text","text":{"content":"x"}}"#;
        assert_eq!(world.code("preview", preview, at(0)), 0);
        assert_eq!(world.code("speed/get", "", at(0)), 0);
        assert_eq!(world.code("speed/set", r#"{"speed":1}"#, at(0)), 0);
        assert_eq!(world.code("delete", "{}", at(0)), 40_059);
    }
    for call in ["sendall", "send", "get", "preview", "speed/get", "speed/set", "delete"] {
        assert_eq!(world.code(call, "{}", at(59)), 45_011, "{call}");
    }
    assert_eq!(world.send_tag("later", at(60)), 0);
}

#[test]
fn a_follower_of_a_service_account_gets_four_a_month() {
    let mut world = World::service();
    for n in 0..4 {
        assert_eq!(world.code("send", &list(0..3, &format!("l{n}")), at(0)), 0);
    }
    assert_eq!(world.code("send", &list(2..5, "l4"), at(0)), 0);
    assert_eq!(world.send_all("all", at(1)), 0);

    let reached: Vec<_> = world.platform.accepted().iter().map(|one| one.receivers).collect();
    assert_eq!(reached, [3, 3, 3, 3, 2, 997]);
    let events = world.platform.take_events(at(60));
    assert!(events[5].body.contains("<TotalCount>1000</TotalCount>"));
    assert!(events[5].body.contains("<FilterCount>997</FilterCount>"));
}

#[test]
fn a_draft_goes_with_the_broadcast_that_used_it() {
    let mut world = World::service();
    world.platform.add_media("wx1", "draft", MediaKind::Draft);
    world.platform.add_media("wx1", "news", MediaKind::News);

    assert_eq!(world.code("sendall", &mpnews(TO_TAG, "draft", "a"), at(0)), 0);
    assert_eq!(world.code("sendall", &mpnews(TO_TAG, "draft", "b"), at(0)), 40_007);
    assert_eq!(world.code("sendall", &mpnews(TO_TAG, "draft", "a"), at(61)), 45_065);
    assert_eq!(world.code("sendall", &mpnews(TO_TAG, "news", "c"), at(61)), 0);
    assert_eq!(world.code("sendall", &mpnews(TO_TAG, "news", "d"), at(61)), 0);
    assert_eq!(world.code("sendall", &mpnews(TO_TAG, "unknown", "e"), at(61)), 40_007);

    let spec = AccountSpec { consumes_drafts: true, ..world.spec() };
    let mut world = World::of(spec);
    assert_eq!(world.code("sendall", &mpnews(TO_TAG, "any", "a"), at(0)), 0);
    assert_eq!(world.code("sendall", &mpnews(TO_TAG, "any", "b"), at(0)), 40_007);
}

#[test]
fn what_is_checked_before_the_id_answers_a_repeat() {
    let mut world = World::subscription();
    world.platform.add_media("wx1", "draft", MediaKind::Draft);
    let body = mpnews(TO_TAG, "draft", "a");
    assert_eq!(world.code("sendall", &body, at(0)), 0);

    for (second, setting, errcode) in [
        (100, FaultKind::QuotaBeforeClientmsgid(true), 45_028),
        (200, FaultKind::QuotaBeforeClientmsgid(false), 45_065),
        (300, FaultKind::MediaBeforeClientmsgid(true), 40_007),
        (400, FaultKind::MediaBeforeClientmsgid(false), 45_065),
    ] {
        world.platform.inject(setting.clone());
        assert_eq!(world.code("sendall", &body, at(second)), errcode, "{setting:?}");
    }
}

#[test]
fn previews_answer_without_using_quota() {
    let mut world = World::subscription();
    let preview = |to: &str| format!(r#"{{{to},"msgtype":"text","text":{{"content":"x"}}}}"#);
    let answer =
        world.mass("preview", &preview(r#""touser":"owx1-00000000000000000000001""#), at(0));
    assert_eq!((&answer["errcode"], &answer["errmsg"]), (&json!(0), &json!("preview success")));
    assert!(answer["msg_id"].is_i64());
    for (to, errcode) in [
        (r#""touser":"stranger""#, 40_003),
        (r#""nobody":1"#, 40_003),
        (r#""towxname":"bad name""#, 40_132),
        (r#""towxname":"示例的微信号","touser":"stranger""#, 0),
    ] {
        assert_eq!(world.code("preview", &preview(to), at(0)), errcode, "{to}");
    }
    assert_eq!(world.send_all("a", at(0)), 0);
}

#[test]
fn a_hundred_previews_a_day_go_to_wechat_names() {
    let mut world = World::service();
    let to = |field: &str| {
        format!(
            r#"{{"{field}":"owx1-00000000000000000000001","msgtype":"text","text":{{"content":"x"}}}}"#
        )
    };
    for n in 0..100 {
        assert_eq!(world.code("preview", &to("towxname"), at(n)), 0, "{n}");
    }

    assert_eq!(world.code("preview", &to("towxname"), at(200)), 45_009);
    assert_eq!(world.code("preview", &to("touser"), at(200)), 0);
    assert_eq!(world.code("preview", &to("towxname"), at(86_400)), 0);
}

#[test]
fn a_broadcast_is_being_sent_until_it_ends() {
    let mut world = World::service();
    let sent = world.accept(&text(TO_TAG, "a"), at(0));
    world.platform.inject(FaultKind::Review(Review::Rejected(20_001)));
    let rejected = world.accept(&text(TO_TAG, "b"), at(0));
    world.platform.inject(FaultKind::Review(Review::Failed));
    let failed = world.accept(&text(TO_TAG, "c"), at(0));

    for (msg_id, end) in [(sent, "SEND_SUCCESS"), (rejected, "SEND_FAIL"), (failed, "SEND_FAIL")] {
        assert_eq!(world.status(msg_id, at(4)), "SENDING");
        assert_eq!(world.status(msg_id, at(5)), end);
    }
    let by_number = world.mass("get", &format!(r#"{{"msg_id":{sent}}}"#), at(5));
    assert_eq!(by_number, json!({"msg_id": sent, "msg_status": "SEND_SUCCESS"}));
}

#[test]
fn only_the_apis_own_broadcasts_are_known() {
    let mut world = World::service();
    let website = world.platform.website_send("wx1", at(0)).unwrap();
    for body in [
        format!(r#"{{"msg_id":{website}}}"#),
        r#"{"msg_id":"12"}"#.to_owned(),
        r#"{"msg_id":"x"}"#.to_owned(),
        "{}".to_owned(),
    ] {
        assert_eq!(world.code("get", &body, at(60)), 40_059, "{body}");
        assert_eq!(world.code("delete", &body, at(60)), 40_059, "{body}");
    }
}

#[test]
fn what_can_be_deleted_is() {
    let mut world = World::service();
    let news = world.accept(&mpnews(TO_TAG, "m", "a"), at(0));
    let twin = world.accept(&mpnews(TO_TAG, "m", "b"), at(0));
    let words = world.accept(&text(TO_TAG, "c"), at(0));
    world.platform.inject(FaultKind::Review(Review::Failed));
    let failed = world.accept(&mpnews(TO_TAG, "n", "d"), at(0));
    let delete = |msg_id: i64, rest: &str| format!(r#"{{"msg_id":{msg_id}{rest}}}"#);

    assert_eq!(world.code("delete", &delete(news, ""), at(4)), 40_059, "still being sent");
    for (body, errcode) in [
        (delete(words, ""), 40_008),
        (delete(failed, ""), 40_059),
        (delete(news, r#","article_idx":9"#), 40_060),
        (delete(news, r#","article_idx":"x""#), 40_060),
        (delete(news, r#","article_idx":2"#), 0),
    ] {
        assert_eq!(world.code("delete", &body, at(10)), errcode, "{body}");
    }
    assert_eq!(world.status(news, at(10)), "SEND_SUCCESS", "one article of several");
    assert_eq!(world.code("delete", &delete(news, r#","article_idx":0"#), at(11)), 0);
    assert_eq!(world.status(news, at(11)), "DELETE");
    assert_eq!(world.status(twin, at(11)), "DELETE", "the same articles, the same link");
    for _ in 0..3 {
        assert_eq!(world.code("delete", &delete(news, ""), at(11)), 0);
    }
    assert_eq!(world.code("delete", &delete(news, ""), at(11)), 45_009);
}

/// Uploads so many articles, and sends them.
fn news_of(world: &mut World, articles: usize, id: &str) -> i64 {
    let article = json!({"title": "春", "content": "好", "thumb_media_id": "t"});
    let body = json!({"articles": vec![article; articles]}).to_string();
    let token = world.token(at(0));
    let news = world.json(&post("media/uploadnews", &token, &body), at(0));
    world.accept(&mpnews(TO_TAG, news["media_id"].as_str().unwrap(), id), at(0))
}

#[test]
fn an_event_names_as_many_articles_as_were_uploaded() {
    let mut world = World::service();
    news_of(&mut world, 3, "a");
    world.platform.inject(FaultKind::Review(Review::Rejected(30_003)));
    news_of(&mut world, 2, "b");

    let events = world.platform.take_events(at(60));

    let told = |event: &Event, list: &str| -> Value {
        let json: Value = serde_json::from_str(&event.json()).unwrap();
        let items = json[list]["ResultList"].as_array().cloned().unwrap_or_default();
        let numbers: Vec<_> = items.iter().map(|item| item["ArticleIdx"].clone()).collect();
        json!([json[list]["Count"], numbers])
    };
    assert_eq!(told(&events[0], "ArticleUrlResult"), json!([3, [1, 2, 3]]));
    assert_eq!(told(&events[0], "CopyrightCheckResult"), json!([0, []]));
    assert_eq!(told(&events[1], "CopyrightCheckResult"), json!([2, [1, 2]]));
    let named = |event: &Event| event.body.matches("<ArticleIdx>").count();
    assert_eq!((named(&events[0]), named(&events[1])), (3, 2));
    assert!(events[0].body.contains("<ArticleUrlResult>\n<Count>3</Count>"));
}

#[test]
fn a_broadcast_is_gone_with_the_last_of_its_articles() {
    let mut world = World::service();
    let news = news_of(&mut world, 2, "a");

    for (article, errcode, status) in [
        (3, 40_060, "SEND_SUCCESS"),
        (1, 0, "SEND_SUCCESS"),
        (1, 0, "SEND_SUCCESS"),
        (2, 0, "DELETE"),
    ] {
        let body = format!(r#"{{"msg_id":{news},"article_idx":{article}}}"#);

        assert_eq!(world.code("delete", &body, at(10)), errcode, "{article}");
        assert_eq!(world.status(news, at(10)), status, "{article}");
    }
}

#[test]
fn the_speed_is_a_level_from_0_to_4() {
    let mut world = World::service();
    for (body, errcode) in [
        (r#"{"speed":4}"#, 0),
        (r#"{"speed":5}"#, 45_083),
        (r#"{"speed":-1}"#, 45_083),
        (r#"{"speed":"fast"}"#, 45_083),
        ("{}", 45_084),
    ] {
        assert_eq!(world.code("speed/set", body, at(0)), errcode, "{body}");
    }
    assert_eq!(world.mass("speed/get", "", at(0)), json!({"speed": 4, "realspeed": 10}));
}

#[test]
fn followers_are_listed_in_pages_of_ten_thousand() {
    let spec = AccountSpec { followers: 10_001, ..World::service().spec() };
    let mut world = World::of(spec);
    let token = world.token(at(0));
    let mut page = |next: &str| {
        world.json(&get("user/get", &[("access_token", &token), ("next_openid", next)]), at(0))
    };

    let first = page("");
    let second = page(first["next_openid"].as_str().unwrap());
    let third = page(second["next_openid"].as_str().unwrap());

    assert_eq!((&first["total"], &first["count"]), (&json!(10_001), &json!(10_000)));
    assert_eq!(first["data"]["openid"][9_999], openid("wx1", 9_999));
    assert_eq!(second["data"]["openid"], json!([openid("wx1", 10_000)]));
    assert_eq!((&third["count"], third.get("data")), (&json!(0), None));
    assert_eq!(page("stranger")["errcode"], 40_003);
}

#[test]
fn the_followers_of_a_tag_are_listed() {
    let mut world = World::service();
    let page = world.call("user/tag/get", r#"{"tagid":100,"next_openid":""}"#, at(0));
    assert_eq!(
        (&page["count"], &page["data"]["openid"][1]),
        (&json!(10), &json!("owx1-00000000000000000000100"))
    );
    let next = format!(r#"{{"tagid":"100","next_openid":{}}}"#, page["next_openid"]);
    assert_eq!(world.call("user/tag/get", &next, at(0))["count"], 0);
    assert_eq!(world.call("user/tag/get", r#"{"tagid":9}"#, at(0))["errcode"], 45_159);
    let tags = world.call("tags/getidlist", r#"{"openid":"owx1-00000000000000000000100"}"#, at(0));
    assert_eq!(tags, json!({"tagid_list": [2, 100, 101]}));
}

#[test]
fn uploads_give_ids_that_can_be_sent() {
    let mut world = World::service();
    world.platform.add_media("wx1", "raw", MediaKind::Video);
    world.platform.add_media("wx1", "qI6", MediaKind::Image);
    let video = r#"{"media_id":"raw","title":"TITLE","description":"Description"}"#;

    let video = world.call("media/uploadvideo", video, at(0));
    let news = world.call(
        "media/uploadnews",
        r#"{"articles":[{"title":"Happy Day","content":"content","thumb_media_id":"qI6"}]}"#,
        at(0),
    );

    assert_eq!((&video["type"], &video["created_at"]), (&json!("video"), &json!(NOON)));
    let mpvideo = format!(
        r#"{{{TO_TAG},"msgtype":"mpvideo","mpvideo":{{"media_id":{}}}}}"#,
        video["media_id"]
    );
    assert_eq!(world.code("sendall", &mpvideo, at(0)), 0);
    let articles = mpnews(TO_TAG, news["media_id"].as_str().unwrap(), "n");
    assert_eq!(world.code("sendall", &articles, at(0)), 0);
    for (path, body, errcode) in [
        ("uploadvideo", r#"{"media_id":"other"}"#, 40_007),
        ("uploadvideo", "{}", 40_007),
        ("uploadnews", "{}", 44_003),
        ("uploadnews", r#"{"articles":[]}"#, 45_008),
    ] {
        let answer = world.call(&format!("media/{path}"), body, at(0));
        assert_eq!(answer["errcode"], errcode, "{path} {body}");
    }
}
