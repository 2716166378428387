//! A broadcast after its acceptance: its state, and the event that reports it.

use std::collections::BTreeSet;
use std::fmt::Write;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::account::{Msgtype, openid};
use super::count::Receivers;
use super::fault::Review;
use super::hex;

/// A broadcast, as `mass/get` and `mass/delete` see it.
#[derive(Clone, Debug)]
pub(super) struct Broadcast {
    pub(super) msgtype: Msgtype,
    pub(super) media: Option<String>,
    /// How many articles it has, if they were uploaded here.
    pub(super) articles: Option<u8>,
    /// When it ends, however it ends.
    pub(super) ends_at: DateTime<Utc>,
    pub(super) review: Review,
    pub(super) gone: Gone,
}

/// The deleted parts of a broadcast.
#[derive(Clone, Debug, Default)]
pub(super) struct Gone {
    whole: bool,
    articles: BTreeSet<u8>,
}

impl Broadcast {
    pub(super) fn status(&self, now: DateTime<Utc>) -> &'static str {
        match self.review {
            _ if self.gone.whole => "DELETE",
            _ if now < self.ends_at => "SENDING",
            Review::Passed => "SEND_SUCCESS",
            Review::Failed | Review::Rejected(_) => "SEND_FAIL",
        }
    }

    /// Returns the article that a number means, none of them for all; nothing if there is no such
    /// article.
    pub(super) fn article(&self, number: i64) -> Option<Option<u8>> {
        match u8::try_from(number).ok()? {
            0 => Some(None),
            _ if self.msgtype == Msgtype::Mpvideo => (1..=8).contains(&number).then_some(None),
            number => (number <= self.articles.unwrap_or(8)).then_some(Some(number)),
        }
    }

    /// Deletes one article, or all of them; without any article the broadcast is deleted.
    pub(super) fn delete(&mut self, article: Option<u8>) {
        self.gone.articles.extend(article);
        let all_gone =
            self.articles.is_some_and(|all| self.gone.articles.len() == usize::from(all));
        self.gone.whole |= article.is_none() || all_gone;
    }
}

/// A MASSSENDJOBFINISH push, not yet signed, encrypted (if required) or delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The appid of the broadcast's account.
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
    articles: Option<u8>,
    review: Review,
    receivers: Receivers,
}

impl Event {
    /// Returns the same in JSON, which an account may choose instead.
    ///
    /// Its counts are texts and its empty lists are `null`, as they occur.
    pub fn json(&self) -> String {
        let Self { appid, msg_id, msgtype, articles, review, receivers, .. } = self;
        let report = Report {
            appid,
            msg_id: *msg_id,
            msgtype: *msgtype,
            articles: *articles,
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

/// The data of an event.
#[derive(Clone, Copy, Debug)]
pub(super) struct Report<'a> {
    pub(super) appid: &'a str,
    pub(super) msg_id: i64,
    pub(super) msgtype: Msgtype,
    pub(super) articles: Option<u8>,
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
            articles: self.articles,
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
            // The documents' own sample of a rejected broadcast has all counts at zero.
            Review::Rejected(_) => [0; 4],
        }
    }

    /// The numbers of its articles; one if their number is not known.
    fn articles(self) -> std::ops::RangeInclusive<u8> {
        1..=self.articles.unwrap_or(1)
    }

    fn url(self, article: u8) -> String {
        let msg_id = self.msg_id;
        match article {
            1 => format!("http://mp.weixin.qq.com/s/{msg_id}"),
            _ => format!("http://mp.weixin.qq.com/s/{msg_id}-{article}"),
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
            let state = self.check_state();
            let checked = self.articles().filter(|_| state > 1).map(|article| {
                json!({
                    "ArticleIdx": article, "UserDeclareState": 0, "AuditState": 2,
                    "OriginalArticleUrl": "http://mp.weixin.qq.com/s/original",
                    "OriginalArticleType": 1, "CanReprint": u8::from(state == 2),
                    "NeedReplaceContent": 1, "NeedShowReprintSource": 1,
                })
            });
            json["CopyrightCheckResult"] = listed(checked.collect());
            json["CopyrightCheckResult"]["CheckState"] = state.into();
            let passed = self.review == Review::Passed;
            let urls = self
                .articles()
                .filter(|_| passed)
                .map(|article| json!({"ArticleIdx": article, "ArticleUrl": self.url(article)}));
            json["ArticleUrlResult"] = listed(urls.collect());
        }
        json.to_string()
    }

    fn check_state(self) -> i32 {
        match self.review {
            // A reprint that may be sent, by an author who requested no reprints.
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
        let checked = self.articles().filter(|_| check_state > 1).map(|article| {
            format!(
                "<item>\n<ArticleIdx>{article}</ArticleIdx>\n\
                 <UserDeclareState>0</UserDeclareState>\n\
                 <AuditState>2</AuditState>\n\
                 <OriginalArticleUrl><![CDATA[http://mp.weixin.qq.com/s/original]]></OriginalArticleUrl>\n\
                 <OriginalArticleType>1</OriginalArticleType>\n\
                 <CanReprint>{can_reprint}</CanReprint>\n\
                 <NeedReplaceContent>1</NeedReplaceContent>\n\
                 <NeedShowReprintSource>1</NeedShowReprintSource>\n</item>\n"
            )
        });
        let checked: Vec<_> = checked.collect();
        write!(
            xml,
            "<CopyrightCheckResult>\n<Count>{}</Count>\n<ResultList>\n{}</ResultList>\n\
             <CheckState>{check_state}</CheckState>\n</CopyrightCheckResult>\n",
            checked.len(),
            checked.concat()
        )
        .expect("a String takes everything");
        if self.review == Review::Passed {
            let urls = self.articles().map(|article| {
                let url = self.url(article);
                format!(
                    "<item>\n<ArticleIdx>{article}</ArticleIdx>\n\
                     <ArticleUrl><![CDATA[{url}]]></ArticleUrl>\n</item>\n"
                )
            });
            let urls: Vec<_> = urls.collect();
            write!(
                xml,
                "<ArticleUrlResult>\n<Count>{}</Count>\n<ResultList>\n{}</ResultList>\n\
                 </ArticleUrlResult>\n",
                urls.len(),
                urls.concat()
            )
            .expect("a String takes everything");
        }
    }
}

/// A list in the form of the JSON events: `null` if it is empty.
fn listed(items: Vec<Value>) -> Value {
    let count = items.len();
    json!({"Count": count, "ResultList": if count == 0 { Value::Null } else { items.into() }})
}
