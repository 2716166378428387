//! The calls of a third-party platform (第三方平台) for itself, and its links to authorise it.
//!
//! They give the tokens of the accounts that authorised it, and send nothing. A refresh token is
//! returned with each of an account's tokens, and the newest one counts.

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use url::Url;

use super::Request;
use super::response::{HttpResponse, Reply, id, is_token, printable, question_of, read_json};

/// The permission set 群发与通知, without which the component sends no broadcast for an account.
pub const MASS_SENDS: i64 = 7;
/// How many accounts one page of the list has at most.
pub const PAGE: u32 = 500;
/// The longest validity of any code or token, whatever a response reports.
const LIFE_MAX_S: i64 = 7200;

/// What a response to one of these calls means.
#[derive(Debug)]
pub enum Answer<T> {
    /// What was asked for.
    Given(T),
    /// The platform refused.
    Refused {
        /// The return code.
        code: i64,
        /// The platform's message, safe to log.
        errmsg: String,
    },
    /// No clear response: ask again later.
    Unclear(String),
}

/// A token that ends.
#[derive(Clone, Debug)]
pub struct Lasting {
    /// The token.
    pub value: SecretString,
    /// How long it is valid, 1 to 7200.
    pub expires_in_s: u32,
}

/// An account's token.
#[derive(Clone, Debug)]
pub struct AuthorizerToken {
    /// The token.
    pub token: Lasting,
    /// The refresh token from now on; none if the response has none, so that the former one stays.
    pub refresh_token: Option<SecretString>,
}

/// What an account authorised.
#[derive(Clone, Debug)]
pub struct Authorization {
    /// The account's appid.
    pub appid: String,
    /// Its refresh token; none if it may use no API.
    pub refresh_token: Option<SecretString>,
    /// The ids of the permission sets that it granted.
    pub func_info: Vec<i64>,
}

/// An account in the list of those that authorised the component.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its appid.
    pub appid: String,
    /// Its refresh token; none if its authorization code was never redeemed.
    pub refresh_token: Option<SecretString>,
}

/// A page of that list.
#[derive(Clone, Debug)]
pub struct ListPage {
    /// How many accounts there are in all.
    pub total: u32,
    /// Those of the page.
    pub accounts: Vec<Listed>,
}

/// A pre-authorization code.
#[derive(Clone, Debug)]
pub struct PreAuthCode {
    /// The code.
    pub code: String,
    /// How long it is valid, in seconds.
    pub expires_in_s: u32,
}

/// Requests the component's own token.
pub fn component_token(appid: &str, secret: &SecretString, ticket: &SecretString) -> Request {
    let body = json!({
        "component_appid": appid,
        "component_appsecret": secret.expose_secret(),
        "component_verify_ticket": ticket.expose_secret(),
    });
    Request::post("/cgi-bin/component/api_component_token", None, body.to_string())
}

/// Asks the platform to push tickets.
pub fn start_push_ticket(appid: &str, secret: &SecretString) -> Request {
    let body = json!({ "component_appid": appid, "component_secret": secret.expose_secret() });
    Request::post("/cgi-bin/component/api_start_push_ticket", None, body.to_string())
}

/// Requests the code that a link to authorise the component needs.
pub fn create_preauthcode(token: &SecretString, appid: &str) -> Request {
    let body = json!({ "component_appid": appid });
    Request::post("/cgi-bin/component/api_create_preauthcode", Some(token), body.to_string())
}

/// Exchanges an authorization code for what the account authorised.
pub fn query_auth(token: &SecretString, component: &str, code: &SecretString) -> Request {
    let body = json!({
        "component_appid": component,
        "authorization_code": code.expose_secret(),
    });
    Request::post("/cgi-bin/component/api_query_auth", Some(token), body.to_string())
}

/// Requests an account's token.
pub fn authorizer_token(
    token: &SecretString,
    [component, appid]: [&str; 2],
    refresh_token: &SecretString,
) -> Request {
    let body = json!({
        "component_appid": component,
        "authorizer_appid": appid,
        "authorizer_refresh_token": refresh_token.expose_secret(),
    });
    Request::post("/cgi-bin/component/api_authorizer_token", Some(token), body.to_string())
}

/// Requests what an account granted.
pub fn authorizer_info(token: &SecretString, [component, appid]: [&str; 2]) -> Request {
    let body = json!({ "component_appid": component, "authorizer_appid": appid });
    Request::post("/cgi-bin/component/api_get_authorizer_info", Some(token), body.to_string())
}

/// Requests a page of the accounts that authorised the component.
pub fn authorizer_list(token: &SecretString, component: &str, offset: u32) -> Request {
    let body = json!({ "component_appid": component, "offset": offset, "count": PAGE });
    Request::post("/cgi-bin/component/api_get_authorizer_list", Some(token), body.to_string())
}

/// Reads the response to [`component_token`].
pub fn read_component_token(response: &HttpResponse) -> Answer<Lasting> {
    #[derive(Deserialize)]
    struct Body {
        component_access_token: Option<String>,
        expires_in: Option<Value>,
    }
    read(response, |body: Body| lasting(body.component_access_token, body.expires_in.as_ref()))
}

/// Reads the response to [`start_push_ticket`].
pub fn read_done(response: &HttpResponse) -> Answer<()> {
    read(response, |_: Value| Ok(()))
}

/// Reads the response to [`create_preauthcode`].
pub fn read_preauthcode(response: &HttpResponse) -> Answer<PreAuthCode> {
    #[derive(Deserialize)]
    struct Body {
        pre_auth_code: Option<String>,
        expires_in: Option<Value>,
    }
    read(response, |body: Body| {
        let Lasting { value, expires_in_s } =
            lasting(body.pre_auth_code, body.expires_in.as_ref())?;
        Ok(PreAuthCode { code: value.expose_secret().to_owned(), expires_in_s })
    })
}

/// Reads the response to [`authorizer_token`].
pub fn read_authorizer_token(response: &HttpResponse) -> Answer<AuthorizerToken> {
    #[derive(Deserialize)]
    struct Body {
        authorizer_access_token: Option<String>,
        expires_in: Option<Value>,
        authorizer_refresh_token: Option<String>,
    }
    read(response, |body: Body| {
        Ok(AuthorizerToken {
            token: lasting(body.authorizer_access_token, body.expires_in.as_ref())?,
            refresh_token: secret(body.authorizer_refresh_token),
        })
    })
}

/// Reads the response to [`query_auth`] or [`authorizer_info`].
pub fn read_authorization(response: &HttpResponse) -> Answer<Authorization> {
    #[derive(Deserialize)]
    struct Body {
        authorization_info: Option<Info>,
    }
    #[derive(Deserialize)]
    struct Info {
        // An older sample of the documents calls it so.
        #[serde(alias = "appid")]
        authorizer_appid: String,
        authorizer_refresh_token: Option<String>,
        #[serde(default)]
        func_info: Vec<Function>,
    }
    #[derive(Deserialize)]
    struct Function {
        funcscope_category: Category,
    }
    #[derive(Deserialize)]
    struct Category {
        id: Value,
    }
    read(response, |body: Body| {
        let info = body.authorization_info.ok_or("the answer has no authorization_info")?;
        let ids = info.func_info.iter().filter_map(|one| id(&one.funcscope_category.id));
        Ok(Authorization {
            func_info: ids.collect(),
            appid: info.authorizer_appid,
            refresh_token: secret(info.authorizer_refresh_token),
        })
    })
}

/// Reads the response to [`authorizer_list`].
pub fn read_list(response: &HttpResponse) -> Answer<ListPage> {
    #[derive(Deserialize)]
    struct Body {
        total_count: u32,
        #[serde(default)]
        list: Vec<Row>,
    }
    #[derive(Deserialize)]
    struct Row {
        authorizer_appid: String,
        refresh_token: Option<String>,
    }
    read(response, |body: Body| {
        let listed = |row: Row| Listed {
            appid: row.authorizer_appid,
            refresh_token: secret(row.refresh_token),
        };
        Ok(ListPage {
            total: body.total_count,
            accounts: body.list.into_iter().map(listed).collect(),
        })
    })
}

fn read<B: DeserializeOwned, T>(
    response: &HttpResponse,
    given: impl FnOnce(B) -> Result<T, &'static str>,
) -> Answer<T> {
    match question_of(&response.reply) {
        Ok(None) => {}
        Ok(Some((code, errmsg))) => return Answer::Refused { code, errmsg },
        Err(why) => return Answer::Unclear(printable(&why)),
    }
    let Reply::Http { body, .. } = &response.reply else {
        return Answer::Unclear("there is no answer".to_owned());
    };
    // serde's own message may quote a value, and so a token.
    let Ok(body) = read_json(body) else {
        return Answer::Unclear("the answer lacks fields, or has others".to_owned());
    };
    match given(body) {
        Ok(given) => Answer::Given(given),
        Err(why) => Answer::Unclear(why.to_owned()),
    }
}

fn lasting(value: Option<String>, expires_in: Option<&Value>) -> Result<Lasting, &'static str> {
    let value = secret(value).ok_or("the answer has no token that can be read")?;
    let life = expires_in.and_then(id).and_then(|life| u32::try_from(life.min(LIFE_MAX_S)).ok());
    let expires_in_s = life.ok_or("the answer does not say how long its token lives")?;
    Ok(Lasting { value, expires_in_s })
}

fn secret(text: Option<String>) -> Option<SecretString> {
    text.filter(|text| is_token(text)).map(SecretString::from)
}

/// The addresses of one authorization: where an administrator begins it, and where it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Links {
    /// A page of the listener with a link to [`Links::scan`]: the platform demands that it is opened
    /// from a page of the component's domain.
    pub start: String,
    /// For a computer: shows a code to scan.
    pub scan: String,
    /// For a phone: opened inside WeChat.
    pub phone: String,
    /// Where the platform sends the administrator's browser afterwards.
    pub landing: String,
}

/// Returns the addresses of an authorization; `key` is what the landing is recognised by.
pub fn links(
    url: &Url,
    (name, component): (&str, &str),
    appid: &str,
    (code, key): (&str, &str),
) -> Option<Links> {
    let landing = below(url, &["component", name, "authorized", key])?;
    let query = [
        ("component_appid", component),
        ("pre_auth_code", code),
        ("redirect_uri", landing.as_str()),
        // Official Accounts only.
        ("auth_type", "1"),
        ("biz_appid", appid),
    ];
    let with = |base: &str, more: &[(&str, &str)], end: &str| {
        let url = Url::parse_with_params(base, more.iter().chain(&query)).ok()?;
        Some(format!("{url}{end}"))
    };
    let scan = with("https://mp.weixin.qq.com/cgi-bin/componentloginpage", &[], "")?;
    let phone = with(
        "https://open.weixin.qq.com/wxaopen/safe/bindcomponent",
        &[("action", "bindcomponent"), ("no_scan", "1")],
        "#wechat_redirect",
    )?;
    let start = below(url, &["component", name, "authorize", key])?;
    Some(Links { start: start.into(), scan, phone, landing: landing.into() })
}

/// Returns an address below another one.
pub fn below(url: &Url, parts: &[&str]) -> Option<Url> {
    let mut url = url.clone();
    url.path_segments_mut().ok()?.pop_if_empty().extend(parts);
    Some(url)
}

/// Returns when something ends that lasts so many seconds from now.
pub fn ends(seconds: u32, now: DateTime<Utc>) -> DateTime<Utc> {
    now + chrono::TimeDelta::seconds(i64::from(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(body: &str) -> HttpResponse {
        let reply = Reply::Http { status: 200, body: body.as_bytes().to_vec() };
        HttpResponse { reply, date: None }
    }

    #[test]
    fn the_samples_of_the_documents_are_read() {
        let token = r#"{"component_access_token":"C","expires_in":7200}"#;
        let Answer::Given(token) = read_component_token(&response(token)) else { panic!("token") };
        assert_eq!((token.value.expose_secret(), token.expires_in_s), ("C", 7200));

        let token =
            r#"{"authorizer_access_token":"A","expires_in":7200,"authorizer_refresh_token":"R"}"#;
        let Answer::Given(read) = read_authorizer_token(&response(token)) else { panic!("token") };
        assert_eq!(read.token.value.expose_secret(), "A");
        assert_eq!(read.refresh_token.unwrap().expose_secret(), "R");

        let info = r#"{"authorization_info":{"authorizer_appid":"wx1","authorizer_access_token":"A",
            "expires_in":7200,"authorizer_refresh_token":"R","func_info":[
            {"funcscope_category":{"id":1}},{"funcscope_category":{"id":7}}]}}"#;
        let Answer::Given(read) = read_authorization(&response(info)) else { panic!("info") };
        assert_eq!((read.appid.as_str(), read.func_info), ("wx1", vec![1, 7]));

        let list = r#"{"total_count":2,"list":[
            {"authorizer_appid":"wx1","refresh_token":"R","auth_time":1558000607},
            {"authorizer_appid":"wx2","refresh_token":"","auth_time":1558000607}]}"#;
        let Answer::Given(page) = read_list(&response(list)) else { panic!("list") };
        let known: Vec<_> = page.accounts.iter().map(|one| one.refresh_token.is_some()).collect();
        assert_eq!((page.total, known), (2, vec![true, false]));

        let code = r#"{"pre_auth_code":"Cx_Dk6","expires_in":600}"#;
        let Answer::Given(code) = read_preauthcode(&response(code)) else { panic!("code") };
        assert_eq!((code.code.as_str(), code.expires_in_s), ("Cx_Dk6", 600));

        let done = read_done(&response(r#"{"errcode":0,"errmsg":"ok"}"#));
        assert!(matches!(done, Answer::Given(())), "{done:?}");
    }

    #[test]
    fn a_refusal_is_told_from_what_cannot_be_read() {
        let refused = r#"{"errcode":61005,"errmsg":"component ticket is expired rid: 1"}"#;
        let Answer::Refused { code, .. } = read_component_token(&response(refused)) else {
            panic!("no refusal")
        };
        assert_eq!(code, 61005);
        for body in ["", "[]", "{}", r#"{"component_access_token":"C"}"#, r#"{"errcode":"x"}"#] {
            let read = read_component_token(&response(body));
            assert!(matches!(read, Answer::Unclear(_)), "{body}: {read:?}");
        }
    }

    #[test]
    fn no_request_shows_a_secret_and_each_knows_its_own() {
        let canary = SecretString::from("CANARY");
        for (request, count) in [
            (component_token("wx1", &canary, &canary), 2),
            (start_push_ticket("wx1", &canary), 1),
            (create_preauthcode(&canary, "wx1"), 1),
            (query_auth(&canary, "wx1", &canary), 2),
            (authorizer_token(&canary, ["wx1", "wx2"], &canary), 2),
            (authorizer_info(&canary, ["wx1", "wx2"]), 1),
            (authorizer_list(&canary, "wx1", 0), 1),
        ] {
            assert!(!format!("{request:?}").contains("CANARY"), "{request:?}");
            assert_eq!(request.secrets(), vec!["CANARY"; count], "{request:?}");
        }
    }

    #[test]
    fn the_links_name_the_account_and_where_to_land() {
        let url = Url::parse("https://wx.example.com/qunfa/").unwrap();

        let links = links(&url, ("agency", "wxc"), "wx1", ("preauthcode@@@x", "k")).unwrap();

        assert_eq!(links.landing, "https://wx.example.com/qunfa/component/agency/authorized/k");
        assert_eq!(links.start, "https://wx.example.com/qunfa/component/agency/authorize/k");
        assert_eq!(
            links.scan,
            "https://mp.weixin.qq.com/cgi-bin/componentloginpage?component_appid=wxc\
             &pre_auth_code=preauthcode%40%40%40x&redirect_uri=https%3A%2F%2Fwx.example.com%2F\
             qunfa%2Fcomponent%2Fagency%2Fauthorized%2Fk&auth_type=1&biz_appid=wx1"
        );
        assert!(links.phone.ends_with("&biz_appid=wx1#wechat_redirect"), "{}", links.phone);
    }
}
