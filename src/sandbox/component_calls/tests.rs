//! The claims of this module.

use super::super::{AccountSpec, Kind, Response};
use super::*;

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
}

/// A component with its first ticket and a token, and an account that authorised it.
struct Rig {
    platform: Platform,
    token: String,
}

impl Rig {
    fn new() -> Self {
        let mut platform = Platform::new(1);
        platform.add_account(AccountSpec::new("wx1", Kind::Service));
        platform.add_component("wxc", Some("secret"), at(0));
        let mut rig = Self { platform, token: String::new() };
        let ticket = rig.ticket(0);
        let given = rig.component_token(&ticket, 0);
        rig.token = given["component_access_token"].as_str().unwrap().to_owned();
        rig.platform.authorize("wxc", "wx1", &[7], at(0)).unwrap();
        rig
    }

    /// Returns the ticket that is pushed at a second.
    fn ticket(&mut self, second: i64) -> String {
        let pushes = self.platform.take_component_pushes(at(second));
        let ticket = pushes.iter().find_map(|push| field(&push.body, "ComponentVerifyTicket"));
        ticket.expect("a ticket is due")
    }

    fn ask(&mut self, call: &str, body: &Value, second: i64) -> Value {
        let query = vec![("access_token".to_owned(), self.token.clone())];
        let request = Request {
            method: Method::Post,
            path: format!("/cgi-bin/{call}"),
            query,
            body: body.to_string().into_bytes(),
        };
        let Response::Answer { body, .. } = self.platform.handle(&request, at(second)) else {
            panic!("no answer")
        };
        serde_json::from_slice(&body).unwrap()
    }

    fn component_token(&mut self, ticket: &str, second: i64) -> Value {
        let body = json!({
            "component_appid": "wxc", "component_appsecret": "secret",
            "component_verify_ticket": ticket,
        });
        self.ask("component/api_component_token", &body, second)
    }

    /// Redeems the code of the last push, and returns the authorization.
    fn redeem(&mut self, second: i64) -> Value {
        let pushes = self.platform.take_component_pushes(at(second));
        let code = pushes.iter().find_map(|push| field(&push.body, "AuthorizationCode")).unwrap();
        let body = json!({"component_appid": "wxc", "authorization_code": code});
        self.ask("component/api_query_auth", &body, second)
    }

    fn refresh(&mut self, refresh_token: &Value, second: i64) -> Value {
        let body = json!({
            "component_appid": "wxc", "authorizer_appid": "wx1",
            "authorizer_refresh_token": refresh_token,
        });
        self.ask("component/api_authorizer_token", &body, second)
    }
}

fn field(body: &str, name: &str) -> Option<String> {
    let (_, rest) = body.split_once(&format!("<{name}>"))?;
    Some(rest.split_once('<')?.0.to_owned())
}

#[test]
fn a_ticket_comes_every_ten_minutes_and_is_valid_for_twelve_hours() {
    let mut rig = Rig::new();
    assert_eq!(rig.platform.next_component_push_at(), Some(at(0)));
    rig.platform.take_component_pushes(at(0));
    assert_eq!(rig.platform.next_component_push_at(), Some(at(600)));
    let ticket = rig.ticket(600);
    rig.platform.stop_tickets("wxc");

    assert_eq!(rig.component_token("x", 600)["errcode"], 61_006);
    assert_eq!(rig.component_token(&ticket, 600 + 43_199)["expires_in"], 7_200);
    assert_eq!(rig.component_token(&ticket, 600 + 43_200)["errcode"], 61_005);
    let push = json!({"component_appid": "wxc", "component_secret": "secret"});
    assert_eq!(rig.ask("component/api_start_push_ticket", &push, 50_000)["errcode"], 0);
    let ticket = rig.ticket(50_000);
    assert_eq!(rig.component_token(&ticket, 50_000)["expires_in"], 7_200);
}

#[test]
fn a_code_is_redeemed_once_and_an_unredeemed_account_is_listed_without_a_token() {
    let mut rig = Rig::new();
    let list = json!({"component_appid": "wxc", "offset": 0, "count": 500});

    let before = rig.ask("component/api_get_authorizer_list", &list, 1);
    let pushes = rig.platform.clone().take_component_pushes(at(1));
    let code = pushes.iter().find_map(|push| field(&push.body, "AuthorizationCode")).unwrap();
    let given = rig.redeem(1);
    let after = rig.ask("component/api_get_authorizer_list", &list, 1);
    let again = json!({"component_appid": "wxc", "authorization_code": code});

    assert!(before["list"][0].get("refresh_token").is_none(), "{before}");
    let info = &given["authorization_info"];
    assert_eq!(info["func_info"][0]["funcscope_category"]["id"], 7);
    assert_eq!(after["list"][0]["refresh_token"], info["authorizer_refresh_token"]);
    assert_eq!(rig.ask("component/api_query_auth", &again, 1)["errcode"], 61_009);
}

#[test]
fn a_replaced_refresh_token_is_valid_for_five_more_minutes() {
    let mut rig = Rig::new();
    let first = rig.redeem(1)["authorization_info"]["authorizer_refresh_token"].clone();
    rig.platform.rotate_refresh_tokens("wxc");

    let second = rig.refresh(&first, 10)["authorizer_refresh_token"].clone();

    assert_ne!(first, second);
    assert_eq!(rig.refresh(&first, 309)["expires_in"], 7_200);
    assert_eq!(rig.refresh(&first, 310)["errcode"], 61_023);
}

#[test]
fn a_component_acts_within_what_was_granted_and_as_long_as_it_is() {
    let mut rig = Rig::new();
    let given = rig.redeem(1);
    rig.token = given["authorization_info"]["authorizer_access_token"].as_str().unwrap().to_owned();
    let text = json!({
        "filter": {"is_to_all": false, "tag_id": 2}, "msgtype": "text", "text": {"content": "x"},
    });

    assert_eq!(rig.ask("tags/get", &json!({}), 2)["errcode"], 61_007);
    assert_eq!(rig.ask("message/mass/sendall", &text, 2)["errcode"], 0);
    rig.platform.unauthorize("wxc", "wx1", at(3));
    assert_eq!(rig.ask("message/mass/sendall", &text, 4)["errcode"], 61_003);
}
