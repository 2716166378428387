//! The platform's rules, each as a table of requests and answers.

use chrono::TimeDelta;

use super::*;

/// Noon in Beijing on the first of March 2027.
const NOON: i64 = 1_803_873_600;

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(NOON + second, 0).unwrap()
}

fn beijing(text: &str) -> DateTime<Utc> {
    format!("{}:00+08:00", text.replace(' ', "T")).parse().unwrap()
}

fn query(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn post(path: &str, token: &str, body: &str) -> Request {
    Request {
        method: Method::Post,
        path: format!("/cgi-bin/{path}"),
        query: query(&[("access_token", token)]),
        body: body.as_bytes().to_vec(),
    }
}

fn get(path: &str, pairs: &[(&str, &str)]) -> Request {
    let path = format!("/cgi-bin/{path}");
    Request { method: Method::Get, path, query: query(pairs), body: Vec::new() }
}

/// A platform with one account that can log in by itself.
struct World {
    platform: Platform,
    appid: &'static str,
}

impl World {
    fn of(spec: AccountSpec) -> Self {
        let mut platform = Platform::new(7);
        platform.add_account(AccountSpec { appid: "wx1".to_owned(), ..spec });
        Self { platform, appid: "wx1" }
    }

    fn service() -> Self {
        Self::of(AccountSpec::new("wx1", Kind::Service))
    }

    fn subscription() -> Self {
        Self::of(AccountSpec::new("wx1", Kind::Subscription))
    }

    fn json(&mut self, request: &Request, now: DateTime<Utc>) -> Value {
        match self.platform.handle(request, now) {
            Response::Answer { status: 200, body } => serde_json::from_slice(&body).unwrap(),
            other => panic!("no answer: {other:?}"),
        }
    }

    fn token(&mut self, now: DateTime<Utc>) -> String {
        let body = format!(
            r#"{{"grant_type":"client_credential","appid":"{}","secret":"s"}}"#,
            self.appid
        );
        let answer = self.json(&post("stable_token", "", &body), now);
        answer["access_token"].as_str().unwrap().to_owned()
    }

    fn raw(&mut self, path: &str, body: &str, now: DateTime<Utc>) -> Response {
        let token = self.token(now);
        self.platform.handle(&post(path, &token, body), now)
    }

    fn call(&mut self, path: &str, body: &str, now: DateTime<Utc>) -> Value {
        let token = self.token(now);
        self.json(&post(path, &token, body), now)
    }

    fn mass(&mut self, call: &str, body: &str, now: DateTime<Utc>) -> Value {
        self.call(&format!("message/mass/{call}"), body, now)
    }

    /// The code that a mass call answers; what has none was done.
    fn code(&mut self, call: &str, body: &str, now: DateTime<Utc>) -> i64 {
        self.mass(call, body, now)["errcode"].as_i64().unwrap_or(0)
    }

    fn to_all(&mut self, id: &str, now: DateTime<Utc>) -> i64 {
        self.code("sendall", &text(r#""filter":{"is_to_all":true}"#, id), now)
    }

    fn to_tag(&mut self, id: &str, now: DateTime<Utc>) -> i64 {
        self.code("sendall", &text(r#""filter":{"is_to_all":false,"tag_id":2}"#, id), now)
    }

    fn accept(&mut self, body: &str, now: DateTime<Utc>) -> i64 {
        let answer = self.mass("sendall", body, now);
        assert_eq!(answer["errcode"], 0, "{answer}");
        answer["msg_id"].as_i64().unwrap()
    }

    fn status(&mut self, msg_id: i64, now: DateTime<Utc>) -> Value {
        self.mass("get", &format!(r#"{{"msg_id":"{msg_id}"}}"#), now)["msg_status"].clone()
    }
}

fn text(scope: &str, id: &str) -> String {
    format!(r#"{{{scope},"msgtype":"text","text":{{"content":"你好"}},"clientmsgid":"{id}"}}"#)
}

const TO_ALL: &str = r#""filter":{"is_to_all":true}"#;
const TO_TAG: &str = r#""filter":{"is_to_all":false,"tag_id":2}"#;

fn mpnews(scope: &str, media: &str, id: &str) -> String {
    format!(
        r#"{{{scope},"msgtype":"mpnews","mpnews":{{"media_id":"{media}"}},"send_ignore_reprint":0,"clientmsgid":"{id}"}}"#
    )
}

fn list(n: std::ops::Range<u32>, id: &str) -> String {
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

impl World {
    fn spec(&self) -> AccountSpec {
        self.platform.accounts[self.appid].spec.clone()
    }
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
    assert_eq!(world.to_tag("a", at(86_399)), 45_065);
    assert_eq!(world.to_tag("a", at(86_399 + 60)), 0, "forgotten after 24 h");
}

#[test]
fn a_refused_request_counts_for_its_clientmsgids_minute() {
    let mut world = World::service();
    assert_eq!(world.code("sendall", &mpnews(TO_TAG, "bad", "a"), at(0)), 40_007);
    assert_eq!(world.to_tag("a", at(59)), 45_066);
    assert_eq!(world.to_tag("a", at(118)), 45_066);
    assert_eq!(world.to_tag("a", at(178)), 0);
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
    for first in [World::to_all, World::to_tag] {
        let mut world = World::subscription();
        assert_eq!(first(&mut world, "a", beijing("2027-03-01 00:00")), 0);
        assert_eq!(world.to_all("b", beijing("2027-03-01 23:59")), 45_028);
        assert_eq!(world.to_tag("c", beijing("2027-03-01 23:59")), 45_028);
        assert_eq!(world.to_tag("d", beijing("2027-03-02 00:00")), 0);
    }
}

#[test]
fn the_website_and_is_to_all_share_a_subscription_accounts_day() {
    let mut world = World::subscription();
    assert!(world.platform.website_send("wx1", at(0)).is_ok());
    assert_eq!(world.platform.website_send("wx1", at(1)), Err(45_028));
    assert_eq!(world.to_all("a", at(2)), 45_028);
    assert_eq!(world.to_tag("b", at(3)), 0, "a tag needs no place in the history");

    let mut world = World::subscription();
    assert_eq!(world.to_all("a", at(0)), 0);
    assert_eq!(world.platform.website_send("wx1", at(1)), Err(45_028));
    assert!(world.platform.website_send("wx1", at(86_400)).is_ok());
}

#[test]
fn a_service_account_has_four_history_entries_a_beijing_month() {
    let mut world = World::service();
    assert_eq!(world.to_all("a", beijing("2027-03-01 00:00")), 0);
    assert!(world.platform.website_send("wx1", beijing("2027-03-01 00:01")).is_ok());
    assert!(world.platform.website_send("wx1", beijing("2027-03-01 00:02")).is_ok());
    assert_eq!(world.to_all("b", beijing("2027-03-02 00:00")), 0);

    let last = beijing("2027-03-31 23:59");
    assert_eq!(world.to_all("c", last), 45_028);
    assert_eq!(world.platform.website_send("wx1", last), Err(45_028));
    assert_eq!(world.to_tag("d", last), 0, "tags are not in the history");
    assert_eq!(world.to_all("e", beijing("2027-04-01 00:00")), 0);
}

#[test]
fn a_service_account_has_one_is_to_all_a_day_unless_the_rule_is_off() {
    for (one_history_a_day, second) in [(true, 45_028), (false, 0)] {
        let spec = AccountSpec { one_history_a_day, ..World::service().spec() };
        let mut world = World::of(spec);
        assert_eq!(world.to_all("a", beijing("2027-03-05 00:00")), 0);
        assert_eq!(world.to_all("b", beijing("2027-03-05 23:59")), second);
        assert_eq!(world.to_all("c", beijing("2027-03-06 00:00")), 0);
    }
}

#[test]
fn a_service_account_makes_its_daily_calls_and_no_more() {
    let spec = AccountSpec { daily_calls: 3, ..World::service().spec() };
    let mut world = World::of(spec);
    assert_eq!(world.to_tag("a", at(0)), 0);
    assert_eq!(world.code("send", &list(0..2, "b"), at(0)), 0);
    assert_eq!(world.code("sendall", "{}", at(0)), 40_008, "a refused call is a call");
    assert_eq!(world.to_tag("c", at(0)), 45_009);
    assert_eq!(world.to_tag("a", at(61)), 45_009, "the gateway comes before the id");
    assert_eq!(world.to_tag("c", at(86_400)), 0);
}

#[test]
fn a_test_account_never_has_quota() {
    for kind in [Kind::Subscription, Kind::Service] {
        let mut world =
            World::of(AccountSpec { test_account: true, ..AccountSpec::new("wx1", kind) });
        assert_eq!(world.to_all("a", at(0)), 45_028);
        assert_eq!(world.to_tag("b", at(0)), 45_028);
    }
}

#[test]
fn the_whole_family_shares_sixty_calls_a_minute() {
    let mut world = World::service();
    for n in 0..10 {
        assert_eq!(world.to_tag(&format!("s{n}"), at(0)), 0);
        assert_eq!(world.code("get", "{}", at(0)), 40_059);
        let preview = r#"{"touser":"owx1-0000000","msgtype":"text","text":{"content":"x"}}"#;
        assert_eq!(world.code("preview", preview, at(0)), 0);
        assert_eq!(world.code("speed/get", "", at(0)), 0);
        assert_eq!(world.code("speed/set", r#"{"speed":1}"#, at(0)), 0);
        assert_eq!(world.code("delete", "{}", at(0)), 40_059);
    }
    for call in ["sendall", "send", "get", "preview", "speed/get", "speed/set", "delete"] {
        assert_eq!(world.code(call, "{}", at(59)), 45_011, "{call}");
    }
    assert_eq!(world.to_tag("later", at(60)), 0);
}

#[test]
fn a_follower_of_a_service_account_gets_four_a_month() {
    let mut world = World::service();
    for n in 0..4 {
        assert_eq!(world.code("send", &list(0..3, &format!("l{n}")), at(0)), 0);
    }
    assert_eq!(world.code("send", &list(2..5, "l4"), at(0)), 0);
    assert_eq!(world.to_all("all", at(1)), 0);

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
    let answer = world.mass("preview", &preview(r#""touser":"owx1-0000001""#), at(0));
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
    assert_eq!(world.to_all("a", at(0)), 0);
}

#[test]
fn a_hundred_previews_a_day_go_to_wechat_names() {
    let mut world = World::service();
    let to = |field: &str| {
        format!(r#"{{"{field}":"owx1-0000001","msgtype":"text","text":{{"content":"x"}}}}"#)
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
    assert_eq!((&page["count"], &page["data"]["openid"][1]), (&json!(10), &json!("owx1-0000100")));
    let next = format!(r#"{{"tagid":"100","next_openid":{}}}"#, page["next_openid"]);
    assert_eq!(world.call("user/tag/get", &next, at(0))["count"], 0);
    assert_eq!(world.call("user/tag/get", r#"{"tagid":9}"#, at(0))["errcode"], 45_159);
    let tags = world.call("tags/getidlist", r#"{"openid":"owx1-0000100"}"#, at(0));
    assert_eq!(tags, json!({"tagid_list": [2, 100, 101]}));
}

#[test]
fn an_event_reports_each_end() {
    let mut world = World::service();
    let msg_id = world.accept(&mpnews(TO_TAG, "m", "a"), at(0));
    world.platform.inject(FaultKind::Review(Review::Rejected(30_003)));
    world.accept(&mpnews(TO_TAG, "m", "b"), at(0));
    world.platform.inject(FaultKind::Review(Review::Failed));
    world.accept(&text(TO_TAG, "c"), at(0));
    assert_eq!(world.platform.next_event_at(), Some(at(10)));
    assert!(world.platform.take_events(at(9)).is_empty());

    let events = world.platform.take_events(at(10));

    assert_eq!(world.platform.next_event_at(), None);
    assert_eq!((events[0].msg_id, events[0].create_time), (msg_id, NOON + 10));
    for (event, parts) in events.iter().zip([
        &[
            "<Status><![CDATA[send success]]></Status>",
            "<TotalCount>100</TotalCount>",
            "<SentCount>100</SentCount>",
            "<CheckState>1</CheckState>",
            "<ArticleUrlResult>",
        ][..],
        &["<![CDATA[err(30003)]]>", "<TotalCount>0</TotalCount>", "<CheckState>3</CheckState>"],
        &["<![CDATA[send fail]]>", "<SentCount>0</SentCount>", "<ErrorCount>100</ErrorCount>"],
    ]) {
        roxmltree::Document::parse(&event.body).unwrap();
        for part in parts {
            assert!(event.body.contains(part), "{part} in {}", event.body);
        }
    }
    assert!(!events[2].body.contains("CopyrightCheckResult"), "only articles are checked");
}

#[test]
fn events_go_as_they_are_told() {
    for (fate, expected) in [
        (EventFate::OnTime, vec![10]),
        (EventFate::Lost, vec![]),
        (EventFate::Tripled, vec![10, 10, 10]),
        (EventFate::Early, vec![0]),
        (EventFate::Late(600), vec![610]),
    ] {
        let mut world = World::service();
        world.platform.inject(FaultKind::Events(fate));
        world.accept(&text(TO_TAG, "a"), at(0));
        world.platform.inject(FaultKind::Events(EventFate::OnTime));
        let events = world.platform.take_events(at(1_000));
        let due: Vec<_> = events.iter().map(|event| (event.at - at(0)).num_seconds()).collect();
        assert_eq!(due, expected, "{fate:?}");
    }
}

#[test]
fn a_website_broadcast_has_its_event_too() {
    let mut world = World::service();
    let msg_id = world.platform.website_send("wx1", at(0)).unwrap();
    assert_eq!(world.platform.take_events(at(10))[0].msg_id, msg_id);
    assert!(world.platform.accepted()[0].website);
    assert_eq!(world.platform.website_send("wx9", at(0)), Err(40_013));
}

#[test]
fn a_protected_account_waits_for_its_administrator() {
    for (answer, end_s, status, said) in [
        (None, 65, "SEND_SUCCESS", "send success"),
        (Some(AdminAnswer::Confirms(90)), 95, "SEND_SUCCESS", "send success"),
        (Some(AdminAnswer::Refuses(90)), 90, "SEND_FAIL", "err(40001)"),
        (Some(AdminAnswer::Silent), 1_800, "SEND_FAIL", "err(40002)"),
    ] {
        let mut world = World::of(AccountSpec { protected: true, ..World::service().spec() });
        if let Some(answer) = answer {
            world.platform.inject(FaultKind::Admin(answer));
        }
        let msg_id = world.accept(&text(TO_ALL, "a"), at(0));

        assert_eq!(world.status(msg_id, at(end_s - 1)), "SENDING", "{answer:?}");
        assert_eq!(world.status(msg_id, at(end_s)), status, "{answer:?}");
        let events = world.platform.take_events(at(end_s + 5));
        assert!(events[0].body.contains(said), "{answer:?}");
        assert_eq!(world.to_all("b", at(end_s)), 45_028, "its quota is not given back");
        let tagged = world.accept(&text(TO_TAG, "c"), at(end_s));
        assert_eq!(world.status(tagged, at(end_s + 5)), "SEND_SUCCESS", "only for everyone");
    }
}

#[test]
fn what_was_not_delivered_is_nobodys_fourth() {
    let mut world = World::service();
    world.platform.inject(Fault::new(FaultKind::Review(Review::Failed)).times(4));
    for n in 0..5 {
        assert_eq!(world.code("send", &list(0..2, &format!("l{n}")), at(0)), 0);
    }
    let last = world.platform.accepted().last().unwrap();
    assert_eq!((last.receivers, last.delivered), (2, true));
}

#[test]
fn a_fault_hides_or_prevents_what_it_says() {
    let lost = || Response::Lost;
    let page = || Response::Answer {
        status: 502,
        body: b"<html><body>server error</body></html>".to_vec(),
    };
    let junk = || Response::Answer { status: 200, body: b"junk".to_vec() };
    let garbage = |processed| FaultKind::Garbage { bytes: b"junk".to_vec(), processed };
    let error = |processed| FaultKind::ServerError { status: 502, processed };
    let cases = [
        (FaultKind::AnswerLost, lost(), true, Some(Some(0))),
        (FaultKind::RequestLost, lost(), false, None),
        (FaultKind::Refused, Response::Refused, false, None),
        (error(true), page(), true, Some(Some(0))),
        (error(false), page(), false, Some(None)),
        (garbage(true), junk(), true, Some(Some(0))),
        (garbage(false), junk(), false, Some(None)),
        (FaultKind::Hang { processed: true }, Response::Hang, true, Some(Some(0))),
        (FaultKind::Hang { processed: false }, Response::Hang, false, Some(None)),
    ];
    for (kind, response, accepted, logged) in cases {
        let mut world = World::service();
        world.platform.inject(Fault::new(kind.clone()).on_path("sendall"));

        let got = world.raw("message/mass/sendall", &text(TO_TAG, "a"), at(0));

        assert_eq!(got, response, "{kind:?}");
        assert_eq!(world.platform.accepted().len(), usize::from(accepted), "{kind:?}");
        let entry = world.platform.requests().iter().find(|one| one.clientmsgid.is_some());
        assert_eq!(entry.map(|one| one.errcode), logged, "{kind:?}");
        assert_eq!(world.platform.fired()[kind.name()], 1);
        let again = world.to_tag("a", at(61));
        assert_eq!(again, if accepted { 45_065 } else { 0 }, "{kind:?} happens once");
    }
}

#[test]
fn a_truncated_answer_is_no_json() {
    let mut world = World::service();
    world.platform.inject(Fault::new(FaultKind::Truncated).on_path("sendall"));
    let Response::Answer { body, .. } =
        world.raw("message/mass/sendall", &text(TO_TAG, "a"), at(0))
    else {
        panic!("no answer")
    };
    assert!(serde_json::from_slice::<Value>(&body).is_err());
    assert_eq!(world.platform.accepted().len(), 1);
}

#[test]
fn a_code_can_come_before_or_after_acceptance() {
    for (kind, first, accepted) in [
        (FaultKind::Errcode(45_066), 45_066, 0),
        (FaultKind::Errcode(-1), -1, 0),
        (FaultKind::ErrcodeAfterAccept(45_066), 45_066, 1),
        (FaultKind::ErrcodeAfterAccept(-1), -1, 1),
        (FaultKind::FirstCall45065, 45_065, 1),
    ] {
        let mut world = World::service();
        world.token(at(0));
        let fault = Fault::new(kind.clone()).for_appid("wx1").on_path("sendall");
        world.platform.inject(fault);

        let answer = world.mass("sendall", &text(TO_TAG, "a"), at(0));

        assert_eq!(answer["errcode"], first, "{kind:?}");
        assert_eq!(world.platform.accepted().len(), accepted, "{kind:?}");
        let named = kind == FaultKind::FirstCall45065;
        let msg_id = named.then(|| json!(world.platform.accepted()[0].msg_id));
        assert_eq!(answer.get("msg_id"), msg_id.as_ref(), "{kind:?}");
        assert_eq!(world.platform.requests().last().unwrap().fault, Some(kind.name()));
        let again = world.to_tag("a", at(61));
        assert_eq!(again, if accepted == 1 { 45_065 } else { 0 }, "{kind:?}");
    }
}

#[test]
fn a_fault_of_acceptance_waits_for_one() {
    let mut world = World::subscription();
    assert_eq!(world.to_tag("a", at(0)), 0);
    world.platform.inject(FaultKind::ErrcodeAfterAccept(-1));
    assert_eq!(world.to_tag("b", at(1)), 45_028);
    assert_eq!(world.to_tag("c", at(86_400)), -1);
    assert_eq!(world.to_tag("d", at(86_401)), 45_028);
}

#[test]
fn a_fault_of_another_account_does_not_happen_here() {
    let mut world = World::service();
    world.platform.inject(Fault::new(FaultKind::Errcode(-1)).for_appid("wx2"));
    assert_eq!(world.to_tag("a", at(0)), 0);
    assert!(!world.platform.refuses_connection());
    world.platform.inject(Fault::new(FaultKind::Refused).times(2));
    assert!(world.platform.refuses_connection());
    assert!(world.platform.refuses_connection());
    assert!(!world.platform.refuses_connection());
    world.platform.inject(FaultKind::AnswerLost);
    world.platform.clear_faults();
    assert_eq!(world.to_tag("b", at(0)), 0);
}

#[test]
fn the_log_holds_every_request_until_pruned() {
    let mut world = World::service();
    world.to_tag("a", at(0));
    world.to_tag("a", at(10));

    let log: Vec<_> =
        world.platform.requests().iter().filter(|one| one.clientmsgid.is_some()).collect();

    assert_eq!(log.iter().map(|one| one.errcode).collect::<Vec<_>>(), [Some(0), Some(45_066)]);
    assert_eq!(log[0].appid.as_deref(), Some("wx1"));
    assert_eq!(log[0].body_digest, log[1].body_digest);
    assert_eq!(log[0].body_digest, world.platform.accepted()[0].body_digest);
    world.platform.prune_requests(at(10));
    assert!(world.platform.requests().iter().all(|one| one.at >= at(10)));
    world.platform.prune_accepted(at(10));
    assert!(world.platform.accepted().is_empty());
    assert_eq!(world.to_tag("a", at(70)), 45_065, "the memory is not the log");
}

#[test]
fn the_same_calls_give_the_same_answers() {
    let run = || {
        let mut world = World::service();
        world.platform.inject(Fault::new(FaultKind::Errcode(-1)).on_path("sendall"));
        let answers: Vec<_> = (0..5)
            .map(|n| world.raw("message/mass/sendall", &mpnews(TO_TAG, "m", "a"), at(n * 61)))
            .collect();
        let copy = world.platform.clone().take_events(at(1_000));
        assert_eq!(copy, world.platform.take_events(at(1_000)));
        (answers, copy, world.platform.requests().to_vec())
    };
    assert_eq!(run(), run());
}

#[test]
fn a_year_of_daily_sends_leaves_little_behind() {
    let mut world = World::subscription();
    for day in 0..365 {
        let now = at(0) + TimeDelta::days(day);
        assert_eq!(world.to_all(&format!("d{day}"), now), 0);
        world.platform.take_events(now + TimeDelta::minutes(1));
        world.platform.prune_requests(now);
        world.platform.prune_accepted(now);
    }
    assert!(world.platform.requests().len() <= 2);
    assert!(world.platform.events.is_empty());
}
