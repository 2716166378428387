//! Followers and tags: the paged requests and their responses.
//!
//! A list is trusted only whole: a page with one unreadable OpenID is rejected.

use std::str::FromStr;

use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::response::{HttpResponse, Refusal, Reply, answered, printable, question, read_json};
use super::{Request, with_token};
use crate::model::Plain;
use crate::wechat::codes::{self, Verdict};

/// The longest OpenID that is accepted; the platform's have 28 characters.
const OPENID_MAX: usize = 64;
/// The longest name of a tag that is kept, in characters; the platform's have 30.
const NAME_MAX: usize = 60;

/// A tag as the platform lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Its id.
    pub id: i64,
    /// Its name, safe to show.
    pub name: String,
    /// The number of its followers, by the platform's count.
    pub count: u64,
}

/// A page of OpenIDs.
#[derive(Clone, PartialEq, Eq)]
pub struct Page {
    /// The OpenIDs; none after the last page.
    pub openids: Vec<String>,
    /// How many there are in all, if the platform reports it.
    pub total: Option<u64>,
    /// The OpenID that the next page follows; none if there is no next page.
    pub next: Option<String>,
}

/// The outcome of a query for followers or tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listed<T> {
    /// The list.
    Listed(T),
    /// The token is not valid (any more).
    NewToken,
    /// The platform refused it permanently: the code and the message, safe to log.
    Refused(i64, String),
    /// No clear response: retry later.
    Unclear(String),
}

impl std::fmt::Debug for Page {
    /// Shows no OpenIDs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} OpenIDs of {:?}", self.openids.len(), self.total)
    }
}

/// Requests a page of all followers: the one that follows an OpenID.
pub fn user_get(token: &SecretString, after: &str) -> Request {
    let mut query = vec![with_token(token)];
    if !after.is_empty() {
        query.push(("next_openid", after.to_owned()));
    }
    Request::get("/cgi-bin/user/get", query)
}

/// Requests a page of the followers with a tag.
pub fn user_tag_get(token: &SecretString, tag: i64, after: &str) -> Request {
    let body = json!({ "tagid": tag, "next_openid": after }).to_string();
    Request::post("/cgi-bin/user/tag/get", Some(token), body)
}

#[derive(Deserialize)]
struct TagsIn {
    tags: Vec<TagIn>,
}

#[derive(Deserialize)]
struct TagIn {
    #[serde(deserialize_with = "number")]
    id: i64,
    name: String,
    #[serde(deserialize_with = "number")]
    count: u64,
}

#[derive(Deserialize)]
struct PageIn {
    #[serde(default, deserialize_with = "maybe_number")]
    total: Option<u64>,
    #[serde(deserialize_with = "number")]
    count: usize,
    data: Option<DataIn>,
    next_openid: Option<String>,
}

#[derive(Deserialize)]
struct DataIn {
    #[serde(default)]
    openid: Vec<String>,
}

/// Reads a number that may come as text, as some of the platform's numbers do.
fn number<'de, D: Deserializer<'de>, N: FromStr + TryFrom<i64>>(from: D) -> Result<N, D::Error> {
    let no_number = || D::Error::custom("no number");
    match Value::deserialize(from)? {
        Value::Number(number) => {
            number.as_i64().and_then(|number| N::try_from(number).ok()).ok_or_else(no_number)
        }
        Value::String(text) => text.trim().parse().map_err(|_| no_number()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => Err(no_number()),
    }
}

fn maybe_number<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    number(from).map(Some)
}

/// Reads the list of tags.
pub fn read_tags(answer: &HttpResponse) -> Listed<Vec<Tag>> {
    let tags = match read::<TagsIn, _>(answer) {
        Ok(read) => read.tags,
        Err(other) => return other,
    };
    let kept = |tag: TagIn| {
        let name = printable(&tag.name).chars().take(NAME_MAX).collect();
        Tag { id: tag.id, name, count: tag.count }
    };
    if tags.iter().any(|tag| tag.id < 0) {
        return Listed::Unclear(Plain::TagWithoutId.to_string());
    }
    Listed::Listed(tags.into_iter().map(kept).collect())
}

/// Reads a page of OpenIDs, requested as the one `after` an OpenID.
pub fn read_page(answer: &HttpResponse, after: &str) -> Listed<Page> {
    let page = match read::<PageIn, _>(answer) {
        Ok(page) => page,
        Err(other) => return other,
    };
    let openids = page.data.map(|data| data.openid).unwrap_or_default();
    if openids.len() != page.count {
        return Listed::Unclear(Plain::PageMiscounted.to_string());
    }
    if !openids.iter().all(|openid| is_openid(openid)) {
        return Listed::Unclear(Plain::OpenidUnclear.to_string());
    }
    if openids.is_empty() && after.is_empty() && page.total.is_some_and(|total| total > 0) {
        return Listed::Unclear(Plain::NoFollowers.to_string());
    }
    let next = page.next_openid.filter(|next| !next.is_empty() && !openids.is_empty());
    if next.as_deref() == Some(after) {
        return Listed::Unclear(Plain::PageRepeats.to_string());
    }
    if next.as_deref().is_some_and(|next| !is_openid(next)) {
        return Listed::Unclear(Plain::NextOpenidUnclear.to_string());
    }
    Listed::Listed(Page { openids, total: page.total, next })
}

/// Returns the fields of a response, or why there are none.
fn read<T: DeserializeOwned, L>(answer: &HttpResponse) -> Result<T, Listed<L>> {
    match question(&answer.reply) {
        Ok(_) => {}
        Err(Refusal::NewToken { .. }) => return Err(Listed::NewToken),
        Err(Refusal::Unclear(why)) => return Err(Listed::Unclear(why)),
        Err(Refusal::Code { code, errmsg, .. }) => {
            return Err(match codes::for_query(code).verdict {
                Verdict::Retry { .. } => Listed::Unclear(answered(code, errmsg)),
                Verdict::Accepted
                | Verdict::Adopt
                | Verdict::InDoubt
                | Verdict::InvalidToken
                | Verdict::NextWindow(_)
                | Verdict::Reject
                | Verdict::PauseAccount => Listed::Refused(code, errmsg),
            });
        }
    }
    let body = match &answer.reply {
        Reply::Http { body, .. } => body.as_slice(),
        Reply::NotSent(_) | Reply::Unreachable(_) | Reply::Unknown(_) => &[],
    };
    // serde's own message may quote an OpenID.
    read_json(body).map_err(|_| Listed::Unclear(Plain::OtherList.to_string()))
}

fn is_openid(text: &str) -> bool {
    (1..=OPENID_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &str) -> HttpResponse {
        HttpResponse {
            reply: Reply::Http { status: 200, body: body.as_bytes().to_vec() },
            date: None,
        }
    }

    fn page(openids: &[&str], total: Option<u64>, next: Option<&str>) -> Listed<Page> {
        let openids = openids.iter().map(|&openid| openid.to_owned()).collect();
        Listed::Listed(Page { openids, total, next: next.map(str::to_owned) })
    }

    #[test]
    fn the_questions_are_those_of_the_documents() {
        let token = SecretString::from("TOKEN");
        let first = user_get(&token, "");
        let second = user_get(&token, "oB");
        let tagged = user_tag_get(&token, 134, "");

        assert_eq!((&*first.path, first.query.len()), ("/cgi-bin/user/get", 1));
        assert_eq!(second.query[1], ("next_openid", "oB".to_owned()));
        assert_eq!(tagged.path, "/cgi-bin/user/tag/get");
        assert_eq!(tagged.body.as_deref(), Some(r#"{"next_openid":"","tagid":134}"#));
    }

    #[test]
    fn a_page_is_read_as_the_documents_show_it() {
        for (body, expected) in [
            (
                r#"{"total":2,"count":2,"data":{"openid":["oA","oB"]},"next_openid":"oB"}"#,
                page(&["oA", "oB"], Some(2), Some("oB")),
            ),
            (r#"{"count":1,"data":{"openid":["oA"]},"next_openid":""}"#, page(&["oA"], None, None)),
            (r#"{"total":2,"count":0,"next_openid":""}"#, page(&[], Some(2), None)),
            (r#"{"count":0}"#, page(&[], None, None)),
            (
                r#"{"total":"2","count":"1","data":{"openid":["oA"]},"next_openid":"oA"}"#,
                page(&["oA"], Some(2), Some("oA")),
            ),
        ] {
            assert_eq!(read_page(&answer(body), "o0"), expected, "{body}");
        }
    }

    #[test]
    fn a_page_that_is_not_whole_is_no_page() {
        for body in [
            r#"{"total":2,"count":2,"data":{"openid":["oA"]},"next_openid":"oA"}"#,
            r#"{"count":1,"data":{"openid":["o\u0000A"]},"next_openid":"oA"}"#,
            r#"{"count":1,"data":{"openid":[""]},"next_openid":"oA"}"#,
            r#"{"count":1,"data":{"openid":["oA"]},"next_openid":"o0"}"#,
            r#"{"count":1,"data":{"openid":["oA"]},"next_op"#,
            r#"{"errcode":0}"#,
            r#"{"errcode":-1,"errmsg":"system error"}"#,
            "[]",
        ] {
            let read = read_page(&answer(body), "o0");
            assert!(matches!(read, Listed::Unclear(_)), "{body}: {read:?}");
        }
        let nobody = read_page(&answer(r#"{"total":2,"count":0,"data":null}"#), "");
        assert!(matches!(nobody, Listed::Unclear(_)), "{nobody:?}");
    }

    #[test]
    fn a_refusal_is_told_apart_from_a_token_that_is_over() {
        let refused = answer(r#"{"errcode":48001,"errmsg":"api unauthorized"}"#);
        let over = answer(r#"{"errcode":42001,"errmsg":"access_token expired"}"#);

        assert!(matches!(read_tags(&refused), Listed::Refused(48001, _)));
        assert_eq!(read_page(&over, ""), Listed::NewToken);
    }

    #[test]
    fn tags_are_read_with_names_that_are_safe_to_show() {
        let body = "{\"tags\":[{\"id\":1,\"name\":\"\u{7f}每天一罐可乐星人\",\"count\":0}]}";
        let Listed::Listed(tags) = read_tags(&answer(body)) else { panic!("it is a list") };

        assert_eq!(tags.len(), 1);
        assert!(tags[0].name.ends_with("每天一罐可乐星人") && !tags[0].name.contains('\u{7f}'));
    }
}
