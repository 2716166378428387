//! The robots of 企业微信, 飞书 and 钉钉 as pure functions: messages to a request, and what the answer
//! means. All of them answer 200 with a code in the body.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use sha2::Sha256;
use url::Url;

use super::http::{Answer, Post};
use crate::alert::Message;
use crate::alert::gather::{cut, gather};
use crate::config::Hook;
use crate::model::Failure;
use crate::text::alert;

/// How much of a robot's own error is shown.
const SHOWN: usize = 200;

/// Which robot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Robot {
    Wecom,
    Feishu,
    Dingtalk,
}

impl Robot {
    /// Returns how many bytes of text one message takes.
    fn most(self) -> usize {
        match self {
            Self::Wecom => 2_048,
            // The request as a whole may have 20 kB.
            Self::Feishu | Self::Dingtalk => 15_000,
        }
    }
}

/// Returns the text of as many messages as fit, and how many they are.
pub(super) fn text(robot: Robot, messages: &[Message]) -> (String, usize) {
    let texts: Vec<_> = messages.iter().map(alert::body).collect();
    gather(&texts, robot.most())
}

/// Returns the request that says a text.
pub(super) fn request(
    robot: Robot,
    hook: &Hook,
    text: &str,
    now: DateTime<Utc>,
) -> Result<Post, String> {
    let mut url = Url::parse(hook.url.expose_secret()).map_err(|_| "its URL is none".to_owned())?;
    let secret = hook.secret.as_ref().map(|secret| secret.expose_secret());
    let body = match robot {
        Robot::Wecom => json!({ "msgtype": "text", "text": { "content": text } }),
        Robot::Feishu => {
            // A tag in the text would call the whole group.
            let text = text.replace('<', "＜");
            let mut body = json!({ "msg_type": "text", "content": { "text": text } });
            if let Some(secret) = secret {
                let timestamp = now.timestamp().to_string();
                body["sign"] = json!(sign(&format!("{timestamp}\n{secret}"), ""));
                body["timestamp"] = json!(timestamp);
            }
            body
        }
        Robot::Dingtalk => {
            if let Some(secret) = secret {
                let timestamp = now.timestamp_millis().to_string();
                let sign = sign(secret, &format!("{timestamp}\n{secret}"));
                url.query_pairs_mut()
                    .append_pair("timestamp", &timestamp)
                    .append_pair("sign", &sign);
            }
            json!({ "msgtype": "text", "text": { "content": text } })
        }
    };
    Ok(Post { url, headers: Vec::new(), body: body.to_string() })
}

/// Returns whether the robot took the message, and otherwise what it says.
pub(super) fn read(robot: Robot, answer: &Answer) -> Result<(), String> {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let (codes, errmsg) = match robot {
        Robot::Wecom | Robot::Dingtalk => (["errcode", "errcode"], "errmsg"),
        Robot::Feishu => (["code", "StatusCode"], "msg"),
    };
    let code = codes.iter().find_map(|key| body.get(key)?.as_i64());
    match code {
        Some(0) if answer.status == 200 => Ok(()),
        Some(code) => {
            let errmsg = body.get(errmsg).and_then(Value::as_str).unwrap_or_default();
            let errmsg = cut(errmsg, SHOWN);
            Err(Failure::ReceiverCode { code, errmsg }.to_string())
        }
        None => Err(Failure::ReceiverWithoutCode { status: answer.status }.to_string()),
    }
}

fn sign(key: &str, text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("a key of any length");
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hook(url: &str, secret: Option<&str>) -> Hook {
        Hook { url: url.to_owned().into(), secret: secret.map(|secret| secret.to_owned().into()) }
    }

    fn at() -> DateTime<Utc> {
        DateTime::from_timestamp(1_599_360_473, 0).unwrap()
    }

    #[test]
    fn each_robot_is_told_in_its_own_form() {
        let url = "https://robot.example/send?key=k";
        for (robot, expected) in [
            (Robot::Wecom, r#"{"msgtype":"text","text":{"content":"群发"}}"#),
            (Robot::Feishu, r#"{"content":{"text":"群发"},"msg_type":"text"}"#),
            (Robot::Dingtalk, r#"{"msgtype":"text","text":{"content":"群发"}}"#),
        ] {
            let post = request(robot, &hook(url, None), "群发", at()).unwrap();
            let (body, expected): (Value, Value) = (
                serde_json::from_str(&post.body).unwrap(),
                serde_json::from_str(expected).unwrap(),
            );
            assert_eq!(body, expected, "{robot:?}");
            assert_eq!(post.url.as_str(), url);
        }
    }

    #[test]
    fn no_text_calls_a_whole_group() {
        let text = "<at user_id=\"all\">所有人</at> @all @所有人";
        for robot in [Robot::Wecom, Robot::Feishu, Robot::Dingtalk] {
            let post =
                request(robot, &hook("https://robot.example/send", None), text, at()).unwrap();
            let body: Value = serde_json::from_str(&post.body).unwrap();
            assert!(!post.body.contains("<at") || robot != Robot::Feishu, "{robot:?}");
            // 企业微信 and 钉钉 call those whom these fields name, and nobody by a text.
            for field in ["at", "mentioned_list", "mentioned_mobile_list"] {
                assert!(body.pointer(&format!("/text/{field}")).is_none() && body[field].is_null());
            }
        }
    }

    /// Computed with Python's hmac, as the robots' documents show it.
    #[test]
    fn feishu_signs_nothing_with_the_time_and_dingtalk_signs_the_time() {
        let hook = hook("https://robot.example/send?access_token=t", Some("SECdemo"));

        let feishu = request(Robot::Feishu, &hook, "x", at()).unwrap();
        let body: Value = serde_json::from_str(&feishu.body).unwrap();
        assert_eq!(body["timestamp"], "1599360473");
        assert_eq!(body["sign"], FEISHU);

        let dingtalk = request(Robot::Dingtalk, &hook, "x", at()).unwrap();
        let pairs: Vec<_> = dingtalk.url.query_pairs().into_owned().collect();
        assert_eq!(pairs[1], ("timestamp".to_owned(), "1599360473000".to_owned()));
        assert_eq!(pairs[2], ("sign".to_owned(), DINGTALK.to_owned()));
        assert!(!dingtalk.url.query().unwrap().contains('+'), "it is encoded");
    }

    #[test]
    fn an_answer_counts_by_the_code_in_its_body() {
        for (robot, status, body, expected) in [
            (Robot::Wecom, 200, r#"{"errcode":0,"errmsg":"ok"}"#, Ok(())),
            (
                Robot::Wecom,
                200,
                r#"{"errcode":45009,"errmsg":"api freq out of limit"}"#,
                Err("it answered 45009 (api freq out of limit)"),
            ),
            (Robot::Feishu, 200, r#"{"code":0,"msg":"success"}"#, Ok(())),
            (Robot::Feishu, 200, r#"{"StatusCode":0,"StatusMessage":"success"}"#, Ok(())),
            (
                Robot::Feishu,
                400,
                r#"{"code":19021,"msg":"sign match fail"}"#,
                Err("it answered 19021 (sign match fail)"),
            ),
            (
                Robot::Dingtalk,
                200,
                r#"{"errcode":310000,"errmsg":"x"}"#,
                Err("it answered 310000 (x)"),
            ),
            (Robot::Dingtalk, 200, "<html>", Err("it answered HTTP 200 without a code")),
            (Robot::Wecom, 502, r#"{"errcode":0}"#, Err("it answered 0 ()")),
        ] {
            let answer = Answer { status, body: body.as_bytes().to_vec() };
            let expected = expected.map_err(str::to_owned);
            assert_eq!(read(robot, &answer), expected, "{robot:?} {body}");
        }
    }

    const FEISHU: &str = "UNvK0aHeWrPUMl0ySOUpIoYdvBDU1mnjgkbX5JtMxkk=";
    const DINGTALK: &str = "tGWkA5eQOQNCNPDgphtxIoNLO+/gD8Lcb705KQoRzeY=";
}
