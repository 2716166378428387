//! `preview`, `delete`, `speed`, menus and QR codes: their requests and responses.
//!
//! None of them can do harm twice, so an unclear response only means that the request is repeated.

use secrecy::SecretString;
use serde::Serialize;
use serde_json::{Map, Value, json};
use url::Url;

use super::response::{Fields, HttpResponse, Reply, errmsg, id, integer, printable, whole};
use super::{Request, Save, mass_get, media, with_token};
use crate::model::{
    ApiCall, ConditionalMenu, DraftPage, Failure, Menu, Picture, Plain, Qrcode, ReportedMenu,
    Scene, Speed, Viewer,
};
use crate::wechat::codes::{self, Verdict};

/// The address of a code's picture, for anyone who has its ticket.
const SHOWQRCODE: &str = "https://mp.weixin.qq.com/cgi-bin/showqrcode";
/// The longest ticket that is accepted; the platform's have about a hundred characters.
const TICKET_MAX: usize = 512;

/// Why a broadcast cannot be previewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPreview {
    /// The documents require more than its id.
    #[error("a coupon's preview needs its card_ext (code, openid, timestamp, signature)")]
    CardExt,
    /// It has no content yet.
    #[error("its content is not known yet")]
    Content,
}

/// Shows the content of a broadcast to one viewer.
///
/// `body` is the broadcast's own. Of several pictures only the first is shown: the platform's
/// preview takes one.
///
/// # Errors
/// If the platform would refuse it for missing data.
pub fn preview(
    token: &SecretString,
    body: &str,
    (to, card_ext): (&Viewer, Option<&str>),
) -> Result<Request, NoPreview> {
    let body: Value = serde_json::from_str(body).map_err(|_| NoPreview::Content)?;
    let msgtype = body["msgtype"].as_str().ok_or(NoPreview::Content)?;
    let content = match (msgtype, &body["images"]) {
        ("image", Value::Object(images)) => json!({ "media_id": images["media_ids"][0] }),
        ("mpvideo", _) => json!({ "media_id": body["mpvideo"]["media_id"] }),
        ("wxcard", _) => {
            let card_ext = card_ext.ok_or(NoPreview::CardExt)?;
            json!({ "card_id": body["wxcard"]["card_id"], "card_ext": card_ext })
        }
        (_, _) => body[msgtype].clone(),
    };
    if content.is_null() {
        return Err(NoPreview::Content);
    }
    let (key, name) = match to {
        Viewer::Openid(id) => ("touser", id),
        Viewer::Wxname(name) => ("towxname", name),
    };
    let mut message = Map::new();
    message.insert(key.to_owned(), name.as_str().into());
    message.insert(msgtype.to_owned(), content);
    message.insert("msgtype".to_owned(), msgtype.into());
    let body = Value::Object(message).to_string();
    Ok(Request::post("/cgi-bin/message/mass/preview", Some(token), body))
}

/// Deletes a broadcast, or one article of it.
///
/// `None` means all articles; the newer documents require the number.
pub fn delete(token: &SecretString, msg_id: i64, article: Option<u32>) -> Request {
    let body = json!({ "msg_id": msg_id, "article_idx": article.unwrap_or(0) }).to_string();
    Request::post("/cgi-bin/message/mass/delete", Some(token), body)
}

/// Queries the outcome of a deletion whose response was lost.
pub fn deleted(token: &SecretString, msg_id: i64) -> Request {
    mass_get(token, msg_id)
}

/// Queries the account's mass-send speed.
pub fn speed_get(token: &SecretString) -> Request {
    Request::post("/cgi-bin/message/mass/speed/get", Some(token), "{}".to_owned())
}

/// Sets the account's mass-send speed.
pub fn speed_set(token: &SecretString, speed: Speed) -> Request {
    let body = json!({ "speed": speed }).to_string();
    Request::post("/cgi-bin/message/mass/speed/set", Some(token), body)
}

/// Replaces the account's menu.
///
/// The platform refuses `\u` escapes; nothing that a menu may contain needs one.
pub fn menu(token: &SecretString, menu: &Menu) -> Request {
    let body = serde_json::to_string(menu).expect("a menu is always JSON");
    Request::post("/cgi-bin/menu/create", Some(token), body)
}

/// Deletes the account's menu, and the menus for some followers only.
pub fn menu_delete(token: &SecretString) -> Request {
    Request::get("/cgi-bin/menu/delete", vec![with_token(token)])
}

/// Queries the menu that followers see, whether it was made by the API or on the website.
pub fn menu_read(token: &SecretString) -> Request {
    Request::get("/cgi-bin/get_current_selfmenu_info", vec![with_token(token)])
}

/// Creates a menu for some followers only.
pub fn menu_conditional(token: &SecretString, menu: &ConditionalMenu) -> Request {
    let body = serde_json::to_string(menu).expect("a menu is always JSON");
    Request::post("/cgi-bin/menu/addconditional", Some(token), body)
}

/// Deletes one of those.
pub fn menu_conditional_delete(token: &SecretString, menuid: &str) -> Request {
    let body = json!({ "menuid": menuid }).to_string();
    Request::post("/cgi-bin/menu/delconditional", Some(token), body)
}

/// Queries the menu that one follower sees, by an OpenID or a WeChat name.
pub fn menu_try(token: &SecretString, viewer: &Viewer) -> Request {
    let (Viewer::Openid(user_id) | Viewer::Wxname(user_id)) = viewer;
    let body = json!({ "user_id": user_id }).to_string();
    Request::post("/cgi-bin/menu/trymatch", Some(token), body)
}

/// The body of a request for a QR code, in the documents' order.
#[derive(Serialize)]
struct CodeBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    expire_seconds: Option<u32>,
    action_name: &'static str,
    action_info: ActionInfo<'a>,
}

#[derive(Serialize)]
struct ActionInfo<'a> {
    scene: &'a Scene,
}

/// Creates a QR code.
pub fn qrcode(token: &SecretString, code: &Qrcode) -> Request {
    let body = CodeBody {
        expire_seconds: code.expire_seconds,
        action_name: code.action_name(),
        action_info: ActionInfo { scene: &code.scene },
    };
    let body = serde_json::to_string(&body).expect("a code is always JSON");
    Request::post("/cgi-bin/qrcode/create", Some(token), body)
}

/// Returns the address of a ticket's picture; it needs no token.
pub fn picture(ticket: &str) -> String {
    let address = Url::parse_with_params(SHOWQRCODE, [("ticket", ticket)]);
    address.expect("the address is constant, and the ticket is encoded").into()
}

/// Fetches the picture of a code; it needs no token.
pub fn picture_of(picture: &Picture, list: Option<(String, String)>) -> Request {
    let query = vec![("ticket", picture.ticket.clone())];
    let save = Some(Save { picture: picture.file.clone(), list });
    Request { save, ..Request::get("/cgi-bin/showqrcode", query) }
}

/// What the response to such a call means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApiCallResponse {
    /// It is done; the result from the platform.
    Done(ApiCallResult),
    /// The token is not valid (any more).
    NewToken,
    /// The account can make no requests until an operator acts.
    Pause(PlatformMessage),
    /// The platform refused it, and would again.
    Refused(PlatformMessage),
    /// The platform has no more calls of this kind today.
    UsedUp(PlatformMessage),
    /// It is retried later.
    Later {
        /// Whether it was certainly not done.
        certain: bool,
        /// The response, or the transport's error.
        said: PlatformMessage,
    },
}

impl ApiCallResponse {
    /// Returns its word in the log.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Done(_) => "done",
            Self::NewToken => "the token is not valid",
            Self::Pause(_) => "refused until a person acts",
            Self::Refused(_) => "refused",
            Self::UsedUp(_) => "the day's calls are used up",
            Self::Later { certain: true, .. } => "not done, asked again later",
            Self::Later { certain: false, .. } => "in doubt",
        }
    }

    /// Returns the platform's code and message, if it did not do it.
    pub fn said(&self) -> Option<&PlatformMessage> {
        match self {
            Self::Pause(said)
            | Self::Refused(said)
            | Self::UsedUp(said)
            | Self::Later { said, .. } => Some(said),
            Self::Done(_) | Self::NewToken => None,
        }
    }
}

/// The result of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiCallResult {
    /// The preview's number.
    pub msg_id: Option<i64>,
    /// The account's speed, and the platform's figure in ten thousands of followers a minute.
    pub speed: Option<(Speed, Option<i64>)>,
    /// The QR code that was created.
    pub code: Option<MadeCode>,
    /// The menu that followers see.
    pub menu: Option<ReportedMenu>,
    /// The number of the menu for some followers only that was created.
    pub menuid: Option<String>,
    /// The page of the draft box.
    pub drafts: Option<DraftPage>,
    /// Whether the platform has the medium.
    pub exists: Option<bool>,
}

/// A QR code that was created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeCode {
    /// The ticket that fetches its picture.
    pub ticket: String,
    /// The content of the picture.
    pub url: Option<String>,
    /// How long it is valid; none means without end.
    pub expire_seconds: Option<i64>,
}

/// A message of the platform or the transport, for display.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlatformMessage {
    /// The return code, if there was one.
    pub code: Option<i64>,
    /// The platform's message, or the transport's error; safe to log.
    pub errmsg: String,
}

/// Reads the response to an API call.
pub fn read_api_call(answer: &HttpResponse, asked: &ApiCall) -> ApiCallResponse {
    let later = |certain, code, errmsg: &str| ApiCallResponse::Later {
        certain,
        said: PlatformMessage { code, errmsg: printable(errmsg) },
    };
    if let Some(why) = answer.reply.not_sent() {
        return later(true, None, why);
    }
    match asked {
        ApiCall::Picture(_) => return read_picture(&answer.reply),
        ApiCall::MediaCheck(_) if media::is_content(answer) => {
            return ApiCallResponse::Done(exists());
        }
        ApiCall::MediaCheck(_)
        | ApiCall::Preview(..)
        | ApiCall::Delete(_)
        | ApiCall::SpeedGet
        | ApiCall::SpeedSet(_)
        | ApiCall::Menu(_)
        | ApiCall::MenuDelete
        | ApiCall::MenuRead { .. }
        | ApiCall::MenuConditional(_)
        | ApiCall::MenuConditionalDelete { .. }
        | ApiCall::MenuTry(_)
        | ApiCall::Qrcode(_)
        | ApiCall::Drafts { .. } => {}
    }
    let fields = match whole(&answer.reply) {
        Ok(fields) => fields,
        Err(why) => return later(false, None, &why),
    };
    let code = match &fields.errcode {
        None => None,
        Some(value) => match value.as_i64() {
            Some(code) => Some(code),
            None => return later(false, None, &Plain::ErrcodeIsNoInteger.to_string()),
        },
    };
    match code {
        None | Some(0) => {
            let done = if matches!(asked, ApiCall::Drafts { .. }) {
                media::read_drafts(answer)
                    .map(|page| ApiCallResult { drafts: Some(page), ..ApiCallResult::default() })
            } else {
                done(&fields, asked)
            };
            done.map_or_else(|why| later(false, code, &why.to_string()), ApiCallResponse::Done)
        }
        // It is gone, whoever deleted it.
        Some(codes::NO_MENU) if *asked == ApiCall::MenuDelete => {
            ApiCallResponse::Done(ApiCallResult::default())
        }
        // Followers see no menu at all.
        Some(codes::NO_MENU) if matches!(asked, ApiCall::MenuTry(_)) => {
            let menu = Some(ReportedMenu::default());
            ApiCallResponse::Done(ApiCallResult { menu, ..ApiCallResult::default() })
        }
        Some(codes::NO_MENUID) if matches!(asked, ApiCall::MenuConditionalDelete { .. }) => {
            ApiCallResponse::Done(ApiCallResult::default())
        }
        Some(code) => refused(code, PlatformMessage { code: Some(code), errmsg: errmsg(&fields) }),
    }
}

/// Returns whether a body is a picture (JPEG), which the documents promise for a valid ticket.
pub fn is_picture(body: &[u8]) -> bool {
    body.starts_with(&[0xff, 0xd8, 0xff])
}

fn read_picture(reply: &Reply) -> ApiCallResponse {
    let said = |errmsg: &str| PlatformMessage { code: None, errmsg: printable(errmsg) };
    match reply {
        Reply::Http { status: 200..=299, body } if is_picture(body) => {
            ApiCallResponse::Done(ApiCallResult::default())
        }
        Reply::Http { status: 404, .. } => {
            ApiCallResponse::Refused(said(&Plain::PictureGone.to_string()))
        }
        Reply::Http { status, .. } => {
            let errmsg = Failure::NoPicture { status: *status }.to_string();
            ApiCallResponse::Later { certain: true, said: said(&errmsg) }
        }
        Reply::NotSent(why) | Reply::Unreachable(why) | Reply::Unknown(why) => {
            ApiCallResponse::Later { certain: true, said: said(why) }
        }
    }
}

fn done(fields: &Fields, asked: &ApiCall) -> Result<ApiCallResult, Failure> {
    let result =
        ApiCallResult { msg_id: fields.msg_id.as_ref().and_then(id), ..ApiCallResult::default() };
    match asked {
        ApiCall::Preview(..)
        | ApiCall::Delete(_)
        | ApiCall::SpeedSet(_)
        | ApiCall::Menu(_)
        | ApiCall::MenuDelete
        | ApiCall::MenuConditionalDelete { .. }
        | ApiCall::Picture(_) => match fields.errcode {
            Some(_) => Ok(result),
            None => Err(Failure::no_field("errcode")),
        },
        ApiCall::MenuConditional(_) => {
            let text = |menuid: &Value| menuid.as_str().map(printable);
            let number = |menuid: &Value| id(menuid).map(|number| number.to_string());
            let menuid = fields.menuid.as_ref();
            let menuid = menuid.and_then(|menuid| text(menuid).or_else(|| number(menuid)));
            let menuid = menuid.filter(|menuid| !menuid.is_empty());
            let menuid = menuid.ok_or_else(|| Failure::no_field("menuid"))?;
            Ok(ApiCallResult { menuid: Some(menuid), ..result })
        }
        // The articles, or the address of a video.
        ApiCall::MediaCheck(_) if fields.news_item.is_some() || fields.has_video() => Ok(exists()),
        ApiCall::MediaCheck(_) => Err(Plain::NoMedium.into()),
        ApiCall::Drafts { .. } => Err(Plain::OtherList.into()),
        ApiCall::MenuRead { .. } => {
            Ok(ApiCallResult { menu: Some(reported_menu(fields)?), ..result })
        }
        ApiCall::MenuTry(_) => {
            let buttons = fields.button.as_ref().and_then(Value::as_array);
            let buttons = buttons.ok_or_else(|| Failure::no_field("button"))?.clone();
            Ok(ApiCallResult { menu: Some(ReportedMenu::new(buttons)), ..result })
        }
        ApiCall::Qrcode(_) => {
            let is_ticket = |text: &&String| {
                (1..=TICKET_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
            };
            let ticket = fields.ticket.as_ref().filter(is_ticket);
            let ticket = ticket.ok_or_else(|| Failure::no_field("ticket"))?.clone();
            let url = fields.url.as_deref().map(printable);
            let expire_seconds = fields.expire_seconds.as_ref().and_then(id);
            Ok(ApiCallResult { code: Some(MadeCode { ticket, url, expire_seconds }), ..result })
        }
        ApiCall::SpeedGet => {
            let level = fields.speed.as_ref().and_then(integer);
            let speed = level.and_then(Speed::new).ok_or_else(|| Failure::no_field("speed"))?;
            let real = fields.realspeed.as_ref().and_then(id);
            Ok(ApiCallResult { speed: Some((speed, real)), ..result })
        }
    }
}

fn exists() -> ApiCallResult {
    ApiCallResult { exists: Some(true), ..ApiCallResult::default() }
}

/// Returns the menu of a response, in the form in which menus are created: the platform puts the
/// sub-buttons that it reports into a `list`.
fn reported_menu(fields: &Fields) -> Result<ReportedMenu, Failure> {
    let open = fields.is_menu_open.as_ref().and_then(integer);
    match open.ok_or(Plain::MenuUnclear)? {
        0 => return Ok(ReportedMenu::default()),
        1 => {}
        _ => return Err(Plain::MenuUnclear.into()),
    }
    let buttons = fields.selfmenu_info.as_ref().and_then(|info| info["button"].as_array());
    let mut buttons = buttons.ok_or_else(|| Failure::no_field("button"))?.clone();
    for button in &mut buttons {
        let fields = button.as_object_mut().ok_or(Plain::ButtonUnclear)?;
        let Some(subs) = fields.remove("sub_button") else { continue };
        let list = subs.get("list").unwrap_or(&subs).clone();
        fields.insert("sub_button".to_owned(), list);
    }
    Ok(ReportedMenu::new(buttons))
}

fn refused(code: i64, said: PlatformMessage) -> ApiCallResponse {
    match codes::for_api_call(code).verdict {
        Verdict::InvalidToken => ApiCallResponse::NewToken,
        Verdict::PauseAccount => ApiCallResponse::Pause(said),
        Verdict::Reject => ApiCallResponse::Refused(said),
        Verdict::NextWindow(_) => ApiCallResponse::UsedUp(said),
        // Codes that leave a mass send in doubt do not show whether a call was done.
        Verdict::Accepted | Verdict::Adopt | Verdict::InDoubt => {
            ApiCallResponse::Later { certain: false, said }
        }
        Verdict::Retry { .. } => {
            let certain = !codes::leaves_in_doubt(code);
            ApiCallResponse::Later { certain, said }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Deletion, JobId};

    fn token() -> SecretString {
        SecretString::from("TOKEN")
    }

    fn body(request: &Request) -> Value {
        serde_json::from_str(request.body.as_deref().unwrap()).unwrap()
    }

    fn shown(of: &str, card_ext: Option<&str>) -> Result<Value, NoPreview> {
        let to = Viewer::Openid("OPENID".to_owned());
        preview(&token(), of, (&to, card_ext)).map(|request| body(&request))
    }

    #[test]
    fn a_coupon_is_shown_only_with_its_card_ext() {
        let coupon = r#"{"filter":{},"wxcard":{"card_id":"C"},"msgtype":"wxcard"}"#;
        let card_ext = r#"{"code":"","timestamp":"1402057159"}"#;

        assert_eq!(shown(coupon, None), Err(NoPreview::CardExt));
        let with = shown(coupon, Some(card_ext)).unwrap();
        assert_eq!(with["wxcard"], json!({"card_id":"C","card_ext":card_ext}));
    }

    #[test]
    fn a_deletion_without_an_article_says_that_it_means_all() {
        let request = delete(&token(), 30124, None);

        assert_eq!(body(&request), json!({"msg_id": 30124, "article_idx": 0}));
    }

    fn read(text: &str, asked: &ApiCall) -> ApiCallResponse {
        let reply = Reply::Http { status: 200, body: text.as_bytes().to_vec() };
        read_api_call(&HttpResponse { reply, date: None }, asked)
    }

    fn said(code: i64, errmsg: &str) -> PlatformMessage {
        PlatformMessage { code: Some(code), errmsg: errmsg.to_owned() }
    }

    #[test]
    fn an_answer_means_what_its_code_and_fields_say() {
        let preview = ApiCall::Preview(Viewer::Wxname("a".into()), None);
        let job = JobId::parse("a").unwrap();
        let delete = ApiCall::Delete(Deletion { job, article_idx: None, force: false });
        let set = ApiCall::SpeedSet(Speed::new(1).unwrap());
        let done =
            |msg_id| ApiCallResponse::Done(ApiCallResult { msg_id, ..ApiCallResult::default() });
        let later = |certain, said| ApiCallResponse::Later { certain, said };
        let lacks = |field: &str| {
            let errmsg = format!("the answer has no {field} that can be read");
            later(false, PlatformMessage { code: None, errmsg })
        };
        let speed = Some((Speed::new(3).unwrap(), None));
        for (asked, text, expected) in [
            (&preview, r#"{"errcode":0,"errmsg":"preview success","msg_id":""}"#, done(None)),
            (&set, r#"{"errcode":0}"#, done(None)),
            (
                &ApiCall::SpeedGet,
                r#"{"speed":3}"#,
                ApiCallResponse::Done(ApiCallResult { speed, ..ApiCallResult::default() }),
            ),
            (&ApiCall::SpeedGet, r#"{"speed":7}"#, lacks("speed")),
            (&delete, "{}", lacks("errcode")),
            (
                &preview,
                r#"{"errcode":40132,"errmsg":"invalid wechat id"}"#,
                ApiCallResponse::Refused(said(40132, "invalid wechat id")),
            ),
            (
                &delete,
                r#"{"errcode":40059,"errmsg":"m"}"#,
                ApiCallResponse::Refused(said(40059, "m")),
            ),
            (
                &delete,
                r#"{"errcode":40060,"errmsg":"m"}"#,
                ApiCallResponse::Refused(said(40060, "m")),
            ),
            (&set, r#"{"errcode":45083,"errmsg":"m"}"#, ApiCallResponse::Refused(said(45083, "m"))),
            (&set, r#"{"errcode":45084,"errmsg":"m"}"#, ApiCallResponse::Refused(said(45084, "m"))),
            (&set, r#"{"errcode":45085,"errmsg":"m"}"#, later(true, said(45085, "m"))),
            (&set, r#"{"errcode":89504,"errmsg":"m"}"#, later(true, said(89504, "m"))),
            (&set, r#"{"errcode":-1,"errmsg":"m"}"#, later(false, said(-1, "m"))),
            (
                &preview,
                r#"{"errcode":45009,"errmsg":"m"}"#,
                ApiCallResponse::UsedUp(said(45009, "m")),
            ),
            (&preview, r#"{"errcode":40001,"errmsg":"m"}"#, ApiCallResponse::NewToken),
            (
                &preview,
                r#"{"errcode":40164,"errmsg":"m"}"#,
                ApiCallResponse::Pause(said(40164, "m")),
            ),
        ] {
            assert_eq!(read(text, asked), expected, "{text}");
        }
    }

    fn text_of(request: &Request) -> &str {
        request.body.as_deref().unwrap()
    }

    #[test]
    fn a_menu_goes_as_the_documents_write_it() {
        let text = r#"{"button":[{"type":"click","name":"今日歌曲","key":"V1001_TODAY_MUSIC"}]}"#;
        let wanted: Menu = serde_json::from_str(text).unwrap();

        let request = menu(&token(), &wanted);

        assert_eq!(request.path, "/cgi-bin/menu/create");
        assert_eq!(text_of(&request), text, "in this order, and nothing escaped");
        assert!(!request.is_send());
    }

    #[test]
    fn each_kind_of_code_is_the_documents_sample() {
        let text = |text: &str| Scene::Text(text.to_owned());
        for (expire_seconds, scene, expected) in [
            (
                Some(604_800),
                Scene::Id(123),
                r#"{"expire_seconds":604800,"action_name":"QR_SCENE","action_info":{"scene":{"scene_id":123}}}"#,
            ),
            (
                Some(604_800),
                text("test"),
                r#"{"expire_seconds":604800,"action_name":"QR_STR_SCENE","action_info":{"scene":{"scene_str":"test"}}}"#,
            ),
            (
                None,
                Scene::Id(123),
                r#"{"action_name":"QR_LIMIT_SCENE","action_info":{"scene":{"scene_id":123}}}"#,
            ),
            (
                None,
                text("门店"),
                r#"{"action_name":"QR_LIMIT_STR_SCENE","action_info":{"scene":{"scene_str":"门店"}}}"#,
            ),
        ] {
            let request = qrcode(&token(), &Qrcode { expire_seconds, scene, renew: false });

            assert_eq!(request.path, "/cgi-bin/qrcode/create");
            assert_eq!(text_of(&request), expected);
        }
    }

    #[test]
    fn a_code_is_made_when_its_ticket_is_told() {
        let code =
            ApiCall::Qrcode(Qrcode { expire_seconds: Some(60), scene: Scene::Id(1), renew: false });
        let made = |ticket: &str, expire_seconds| {
            let url = Some("http://weixin.qq.com/q/kZgfwMTm72WWPkovabbI".to_owned());
            let code = MadeCode { ticket: ticket.to_owned(), url, expire_seconds };
            ApiCallResponse::Done(ApiCallResult { code: Some(code), ..ApiCallResult::default() })
        };
        let later = |code| {
            let errmsg = "the answer has no ticket that can be read".to_owned();
            ApiCallResponse::Later { certain: false, said: PlatformMessage { code, errmsg } }
        };
        for (text, expected) in [
            (
                r#"{"ticket":"gQH47joAA==","expire_seconds":60,"url":"http://weixin.qq.com/q/kZgfwMTm72WWPkovabbI"}"#,
                made("gQH47joAA==", Some(60)),
            ),
            (
                r#"{"ticket":"gQH47joAA==","url":"http://weixin.qq.com/q/kZgfwMTm72WWPkovabbI"}"#,
                made("gQH47joAA==", None),
            ),
            (r#"{"errcode":0,"errmsg":"ok"}"#, later(Some(0))),
            (r#"{"ticket":"two words"}"#, later(None)),
            (
                r#"{"errcode":45029,"errmsg":"qrcode count out of limit"}"#,
                ApiCallResponse::Refused(said(45029, "qrcode count out of limit")),
            ),
        ] {
            assert_eq!(read(text, &code), expected, "{text}");
        }
    }

    #[test]
    fn a_menu_is_read_as_it_would_be_created_whoever_made_it() {
        let read_menu = |text: &str| {
            let response = read(text, &ApiCall::MenuRead { needed: true });
            let Some(said) = response.said() else {
                let ApiCallResponse::Done(result) = response else { panic!("{response:?}") };
                return Ok(json!(result.menu.unwrap()));
            };
            Err(said.errmsg.clone())
        };
        let click = json!({"type":"click","name":"今日歌曲","key":"V1001_TODAY_MUSIC"});
        let text = json!({"type":"text","name":"t","value":"This is text!"});
        for (answer, expected) in [
            (
                json!({"is_menu_open":1,"selfmenu_info":{"button":[click, {"name":"菜单","sub_button":{"list":[click]}}]}}),
                Ok(json!([click, {"name":"菜单","sub_button":[click]}])),
            ),
            (json!({"is_menu_open":1,"selfmenu_info":{"button":[text]}}), Ok(json!([text]))),
            (json!({"is_menu_open":0,"selfmenu_info":{"button":[text]}}), Ok(json!([]))),
            (json!({"is_menu_open":0}), Ok(json!([]))),
            (json!({"is_menu_open":1}), Err("the answer has no button that can be read")),
            (json!({"errcode":0}), Err("the answer does not say whether there is a menu")),
            (json!({"errcode":48001,"errmsg":"m"}), Err("m")),
        ] {
            assert_eq!(read_menu(&answer.to_string()), expected.map_err(str::to_owned), "{answer}");
        }
    }

    #[test]
    fn a_menu_for_some_followers_goes_as_the_documents_write_it_and_brings_its_number() {
        let text = r#"{"button":[{"type":"click","name":"今日歌曲","key":"V1"}],"matchrule":{"tag_id":"2","client_platform_type":"2"}}"#;
        let wanted: ConditionalMenu = serde_json::from_str(text).unwrap();
        let request = menu_conditional(&token(), &wanted);
        assert_eq!((&*request.path, text_of(&request)), ("/cgi-bin/menu/addconditional", text));
        let request = menu_conditional_delete(&token(), "208379533");
        assert_eq!(text_of(&request), r#"{"menuid":"208379533"}"#);

        let menuid = |text: &str| {
            let asked = ApiCall::MenuConditional(wanted.clone());
            let ApiCallResponse::Done(result) = read(text, &asked) else { return None };
            result.menuid
        };
        for (text, expected) in [
            (r#"{"menuid":"208379533"}"#, Some("208379533")),
            (r#"{"menuid":208379533}"#, Some("208379533")),
            (r#"{"errcode":0}"#, None),
            (r#"{"errcode":65303,"errmsg":"m"}"#, None),
        ] {
            assert_eq!(menuid(text).as_deref(), expected, "{text}");
        }
        let asked = ApiCall::MenuConditionalDelete { menuid: "1".to_owned() };
        assert_eq!(read(r#"{"errcode":65301,"errmsg":"m"}"#, &asked).as_str(), "done");
    }

    #[test]
    fn a_menu_that_is_gone_is_deleted_whoever_did_it() {
        let gone = r#"{"errcode":46003,"errmsg":"menu no exist"}"#;

        assert_eq!(read(gone, &ApiCall::MenuDelete).as_str(), "done");
        assert_eq!(menu_delete(&token()).path, "/cgi-bin/menu/delete");
        assert_eq!(menu_read(&token()).method, crate::wechat::protocol::Method::Get);
    }

    #[test]
    fn a_code_that_only_menus_know_is_no_doubt_of_a_menu() {
        let menu = ApiCall::Menu(Menu { button: Vec::new() });

        for code in [40016, 40018, 40027, 40055, 45010, 45064] {
            let text = format!(r#"{{"errcode":{code},"errmsg":"m"}}"#);

            assert_eq!(read(&text, &menu), ApiCallResponse::Refused(said(code, "m")), "{code}");
            assert_eq!(codes::for_send(code).verdict, Verdict::InDoubt, "{code}");
        }
    }

    #[test]
    fn a_picture_is_done_when_it_is_one() {
        let picture = Picture {
            scene: Scene::Id(7),
            ticket: "gQ+/==".to_owned(),
            file: "doors/7.jpg".to_owned(),
        };
        let request = picture_of(&picture, None);
        assert_eq!(request.query, [("ticket", "gQ+/==".to_owned())]);
        assert_eq!(request.save.unwrap().picture, "doors/7.jpg");
        let http = |status, body: &[u8]| Reply::Http { status, body: body.to_vec() };
        let jpeg = [0xff, 0xd8, 0xff, 0xe0];
        for (reply, expected) in [
            (http(200, &jpeg), "done"),
            (http(404, &[]), "refused"),
            (http(200, b"<html>"), "not done, asked again later"),
            (http(502, &jpeg), "not done, asked again later"),
            (Reply::Unknown("lost".into()), "not done, asked again later"),
            (Reply::NotSent("refused".into()), "not done, asked again later"),
        ] {
            let asked = ApiCall::Picture(picture.clone());
            let read = read_api_call(&HttpResponse { reply: reply.clone(), date: None }, &asked);

            assert_eq!(read.as_str(), expected, "{reply:?}");
        }
    }

    #[test]
    fn a_tickets_picture_has_it_encoded() {
        assert_eq!(
            picture("gQH47+jo/AA=="),
            "https://mp.weixin.qq.com/cgi-bin/showqrcode?ticket=gQH47%2Bjo%2FAA%3D%3D"
        );
    }

    #[test]
    fn a_speed_may_be_written_as_its_digit() {
        let result = |text: &str| {
            let ApiCallResponse::Done(result) = read(text, &ApiCall::SpeedGet) else { return None };
            result.speed.map(|(speed, real)| (speed.level(), real))
        };
        for (text, expected) in [
            (r#"{"speed":3,"realspeed":30}"#, Some((3, Some(30)))),
            (r#"{"speed":"3","realspeed":"30"}"#, Some((3, Some(30)))),
            (r#"{"speed":"0"}"#, Some((0, None))),
            (r#"{"speed":"7"}"#, None),
            (r#"{"speed":"fast"}"#, None),
            (r#"{"speed":""}"#, None),
        ] {
            assert_eq!(result(text), expected, "{text}");
        }
    }

    #[test]
    fn only_what_never_left_was_certainly_not_done() {
        for (reply, certain) in [
            (Reply::NotSent("refused".into()), true),
            (Reply::Unknown("no answer".into()), false),
            (Reply::Http { status: 502, body: Vec::new() }, false),
            (Reply::Http { status: 200, body: b"[]".to_vec() }, false),
        ] {
            let read = read_api_call(&HttpResponse { reply, date: None }, &ApiCall::SpeedGet);

            assert!(
                matches!(&read, ApiCallResponse::Later { certain: is, .. } if *is == certain),
                "{read:?}"
            );
        }
    }
}
