//! The platform's error messages.

use serde_json::{Value, json};

/// What an endpoint returns: JSON, or the bytes of a file.
pub(super) enum Given {
    Json(Value),
    File(Vec<u8>),
}

/// A request that was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) errcode: i64,
    /// Only 45065 names the broadcast that exists.
    pub(super) msg_id: Option<i64>,
}

impl Refusal {
    pub(super) fn code(errcode: i64) -> Self {
        Self { errcode, msg_id: None }
    }

    pub(super) fn exists(msg_id: i64) -> Self {
        Self { errcode: 45_065, msg_id: Some(msg_id) }
    }

    /// The JSON of this refusal; `rid` is the platform's id for the request.
    pub(super) fn json(self, rid: &str) -> Value {
        let text = errmsg(self.errcode);
        let mut answer = json!({"errcode": self.errcode, "errmsg": format!("{text} rid: {rid}")});
        if let Some(msg_id) = self.msg_id {
            answer["msg_id"] = msg_id.into();
        }
        answer
    }
}

/// The platform's message for a code, as far as it is known.
fn errmsg(errcode: i64) -> &'static str {
    match errcode {
        -1 => "system error",
        40_001 => "invalid credential, access_token is invalid or not latest",
        40_002 => "invalid grant_type",
        40_003 => "invalid openid",
        40_004 => "invalid media type",
        40_005 => "invalid file type",
        40_007 => "invalid media_id",
        40_008 => "invalid message type",
        40_009 => "invalid image size",
        40_010 => "invalid voice size",
        40_011 => "invalid video size",
        40_012 => "invalid thumb size",
        40_013 => "invalid appid",
        40_032 => "invalid openid list size",
        40_033 => {
            "invalid charset. please check your request, if include \\uxxxx will create fail!"
        }
        40_050 => "invalid group id",
        40_059 => "invalid msg id",
        40_060 => "invalid article idx",
        40_066 => "invalid url",
        40_125 => "invalid appsecret",
        40_130 => "invalid openid list size, at least two openid",
        40_132 => "invalid username",
        40_164 => "invalid ip 203.0.113.7, not in whitelist",
        40_201 => "invalid url",
        40_202 => "invalid action",
        40_203 => "invalid check_operator",
        41_001 => "access_token missing",
        41_002 => "appid missing",
        41_004 => "appsecret missing",
        41_005 => "media data missing",
        40_035 => "invalid parameter",
        40_114 => "invalid index value",
        42_001 => "access_token expired",
        42_010 => "masssend fast, retry again",
        43_001 => "require GET method",
        43_002 => "require POST method",
        44_002 => "empty post data",
        44_003 => "empty news data",
        44_004 => "empty content",
        45_002 => "content size out of limit",
        45_003 => "title size out of limit",
        45_004 => "description size out of limit",
        45_006 => "url size out of limit",
        45_008 => "article size out of limit",
        45_009 => "reach max api daily quota limit",
        45_011 => "api minute-quota reach limit, must slower, retry next minute",
        45_028 => "has no masssend quota",
        45_065 => "clientmsgid exist",
        45_066 => "same clientmsgid retry too fast",
        45_067 => "clientmsgid size out of limit",
        45_083 => "mass send speed out of range",
        45_084 => "mass send speed missing",
        45_110 => "author size out of limit",
        45_159 => "invalid tag_id",
        45_166 => "invalid content",
        46_007 => "media file is transcoding, please retry later",
        47_001 => "data format error",
        48_001 => "api unauthorized",
        48_013 => "video must come from uploadvideo",
        50_002 => "user limited",
        _ => errmsg_of_menus(errcode),
    }
}

/// The same for codes that only menus and QR codes return.
fn errmsg_of_menus(errcode: i64) -> &'static str {
    match errcode {
        40_015 => "invalid menu type",
        40_016 => "invalid button size",
        40_017 => "invalid button type",
        40_018 => "invalid button name size",
        40_019 => "invalid button key size",
        40_020 => "invalid button url size",
        40_022 => "invalid sub menu level",
        40_023 => "invalid sub button size",
        40_024 => "invalid sub button type",
        40_025 => "invalid sub button name size",
        40_026 => "invalid sub button key size",
        40_027 => "invalid sub button url size",
        40_052 => "invalid action name",
        40_053 => "invalid action info",
        40_054 => "invalid sub button url domain",
        40_055 => "invalid button url domain",
        45_056 => "too many tag now, no need to add new",
        45_057 => "can't delete the tag that has too many fans",
        45_058 => "can't modify sys tag",
        45_059 => "user has tagged too many tags",
        45_157 => "invalid tag name",
        45_158 => "tag name too long",
        46_003 => "menu no exist",
        49_003 => "not match openid with appid",
        45_029 => "qrcode count out of limit",
        53_600 => "invalid article id",
        _ => errmsg_of_components(errcode),
    }
}

/// The same for codes that only third-party platforms see.
fn errmsg_of_components(errcode: i64) -> &'static str {
    match errcode {
        61_003 => "component is not authorized by this account",
        61_005 => "component ticket is expired",
        61_006 => "component ticket is invalid",
        61_007 => "api is unauthorized to component",
        61_008 => "invalid api",
        61_009 => "code is invalid",
        61_010 => "code is expired",
        61_011 => "invalid component",
        61_023 => "refresh_token is invalid",
        61_024 => "must use api(api_component_token) to get token for component acct",
        _ => "error",
    }
}
