//! What becomes of a broadcast after it was accepted: its state, and the event that reports it.

use std::fmt::Write;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::account::openid;
use super::content::Msgtype;
use super::count::Receivers;
use super::fault::Review;
use super::hex;

/// A broadcast, as `mass/get` and `mass/delete` see it.
#[derive(Clone, Debug)]
pub(super) struct Broadcast {
    pub(super) msgtype: Msgtype,
    pub(super) media: Option<String>,
    /// When it ends, however it ends.
    pub(super) ends_at: DateTime<Utc>,
    pub(super) review: Review,
    pub(super) deleted: bool,
}

impl Broadcast {
    pub(super) fn status(&self, now: DateTime<Utc>) -> &'static str {
        match self.review {
            _ if self.deleted => "DELETE",
            _ if now < self.ends_at => "SENDING",
            Review::Passed => "SEND_SUCCESS",
            Review::Failed | Review::Rejected(_) => "SEND_FAIL",
        }
    }
}

/// A MASSSENDJOBFINISH push, still to be signed, perhaps encrypted, and delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Whose broadcast it reports.
    pub appid: String,
    /// The broadcast.
    pub msg_id: i64,
    /// The `CreateTime` in the body, in Unix seconds.
    pub create_time: i64,
    /// When it was due.
    pub at: DateTime<Utc>,
    /// The XML.
    pub body: String,
    msgtype: Msgtype,
    review: Review,
    receivers: Receivers,
}

impl Event {
    /// Returns the same in JSON, which an account may choose instead.
    ///
    /// Its counts are texts and its empty lists are `null`, as they occur.
    pub fn json(&self) -> String {
        let Self { appid, msg_id, msgtype, review, receivers, .. } = self;
        let report = Report {
            appid,
            msg_id: *msg_id,
            msgtype: *msgtype,
            review: *review,
            receivers: *receivers,
        };
        report.json(self.create_time)
    }
}

/// The account's own name, which is not its appid.
pub(super) fn original_id(appid: &str) -> String {
    format!("gh_{}", &hex(&Sha256::digest(appid))[..12])
}

/// What an event has to say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Report<'a> {
    pub(super) appid: &'a str,
    pub(super) msg_id: i64,
    pub(super) msgtype: Msgtype,
    pub(super) review: Review,
    pub(super) receivers: Receivers,
}

impl Report<'_> {
    pub(super) fn event(self, at: DateTime<Utc>) -> Event {
        Event {
            appid: self.appid.to_owned(),
            msg_id: self.msg_id,
            create_time: at.timestamp(),
            at,
            body: self.xml(at),
            msgtype: self.msgtype,
            review: self.review,
            receivers: self.receivers,
        }
    }

    fn status(self) -> String {
        match self.review {
            Review::Passed => "send success".to_owned(),
            Review::Failed => "send fail".to_owned(),
            Review::Rejected(n) => format!("err({n})"),
        }
    }

    /// Total, filtered, sent and failed followers.
    fn counts(self) -> [u32; 4] {
        let Receivers { total, filtered } = self.receivers;
        match self.review {
            Review::Passed => [total, filtered, filtered, 0],
            Review::Failed => [total, filtered, 0, filtered],
            // The documents' own sample of a rejected broadcast counts nobody.
            Review::Rejected(_) => [0; 4],
        }
    }

    fn json(self, created: i64) -> String {
        let [total, filtered, sent, failed] = self.counts().map(|count| count.to_string());
        let mut json = json!({
            "ToUserName": original_id(self.appid), "FromUserName": openid(self.appid, 0),
            "CreateTime": created, "MsgType": "event", "Event": "MASSSENDJOBFINISH",
            "MsgID": self.msg_id, "Status": self.status(), "TotalCount": total,
            "FilterCount": filtered, "SentCount": sent, "ErrorCount": failed,
        });
        if self.msgtype == Msgtype::Mpnews {
            let url = format!("http://mp.weixin.qq.com/s/{}", self.msg_id);
            let list = match self.check_state() {
                state @ (2 | 3) => json!([{
                    "ArticleIdx": 1, "UserDeclareState": 0, "AuditState": 2,
                    "OriginalArticleUrl": "http://mp.weixin.qq.com/s/original",
                    "OriginalArticleType": 1, "CanReprint": u8::from(state == 2),
                    "NeedReplaceContent": 1, "NeedShowReprintSource": 1,
                }]),
                _ => Value::Null,
            };
            let count = list.as_array().map_or(0, Vec::len);
            json["CopyrightCheckResult"] =
                json!({"Count": count, "ResultList": list, "CheckState": self.check_state()});
            json["ArticleUrlResult"] = match self.review {
                Review::Passed => {
                    json!({"Count": 1, "ResultList": [{"ArticleIdx": 1, "ArticleUrl": url}]})
                }
                Review::Failed | Review::Rejected(_) => json!({"Count": 0, "ResultList": null}),
            };
        }
        json.to_string()
    }

    fn check_state(self) -> i32 {
        match self.review {
            // A reprint that may be sent, by an author who asked for no reprints.
            Review::Rejected(30_003) => 2,
            Review::Rejected(30_001 | 30_002) => 3,
            Review::Passed | Review::Failed | Review::Rejected(_) => 1,
        }
    }

    fn xml(self, at: DateTime<Utc>) -> String {
        let [total, filtered, sent, failed] = self.counts();
        let account = original_id(self.appid);
        let (helper, created, msg_id) = (openid(self.appid, 0), at.timestamp(), self.msg_id);
        let status = self.status();
        let mut xml = format!(
            "<xml>\n<ToUserName><![CDATA[{account}]]></ToUserName>\n\
             <FromUserName><![CDATA[{helper}]]></FromUserName>\n\
             <CreateTime>{created}</CreateTime>\n<MsgType><![CDATA[event]]></MsgType>\n\
             <Event><![CDATA[MASSSENDJOBFINISH]]></Event>\n<MsgID>{msg_id}</MsgID>\n\
             <Status><![CDATA[{status}]]></Status>\n<TotalCount>{total}</TotalCount>\n\
             <FilterCount>{filtered}</FilterCount>\n<SentCount>{sent}</SentCount>\n\
             <ErrorCount>{failed}</ErrorCount>\n"
        );
        if self.msgtype == Msgtype::Mpnews {
            self.write_articles(&mut xml);
        }
        xml.push_str("</xml>");
        xml
    }

    /// The originality check and the links, which only articles have.
    fn write_articles(self, xml: &mut String) {
        let check_state = self.check_state();
        let can_reprint = u8::from(check_state == 2);
        let (count, items) = if check_state > 1 {
            (
                1,
                format!(
                    "<item>\n<ArticleIdx>1</ArticleIdx>\n<UserDeclareState>0</UserDeclareState>\n\
                 <AuditState>2</AuditState>\n\
                 <OriginalArticleUrl><![CDATA[http://mp.weixin.qq.com/s/original]]></OriginalArticleUrl>\n\
                 <OriginalArticleType>1</OriginalArticleType>\n\
                 <CanReprint>{can_reprint}</CanReprint>\n\
                 <NeedReplaceContent>1</NeedReplaceContent>\n\
                 <NeedShowReprintSource>1</NeedShowReprintSource>\n</item>\n"
                ),
            )
        } else {
            (0, String::new())
        };
        write!(
            xml,
            "<CopyrightCheckResult>\n<Count>{count}</Count>\n<ResultList>\n{items}</ResultList>\n\
             <CheckState>{check_state}</CheckState>\n</CopyrightCheckResult>\n"
        )
        .expect("a String takes everything");
        if self.review == Review::Passed {
            let msg_id = self.msg_id;
            write!(
                xml,
                "<ArticleUrlResult>\n<Count>1</Count>\n<ResultList>\n<item>\n\
                 <ArticleIdx>1</ArticleIdx>\n\
                 <ArticleUrl><![CDATA[http://mp.weixin.qq.com/s/{msg_id}]]></ArticleUrl>\n\
                 </item>\n</ResultList>\n</ArticleUrlResult>\n"
            )
            .expect("a String takes everything");
        }
    }
}
