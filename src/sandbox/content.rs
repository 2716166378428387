//! Parses and validates the body of a mass send.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::account::{AccountSpec, MediaKind, Msgtype};
use super::account_state::Account;
use super::answer::Refusal;
use super::count::Audience;
use super::hex;

/// A JSON object.
pub(super) type Object = Map<String, Value>;

/// The longest `clientmsgid` that is accepted in practice, in bytes; the older documents say 64.
const CLIENTMSGID_BYTES: usize = 32;
/// The most OpenIDs in one call.
const LIST: usize = 10_000;

/// The call that the content came with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    MassSend,
    Preview,
}

/// The content of a broadcast, well formed but not yet checked against the account.
#[derive(Clone, Debug)]
pub(super) struct Content {
    pub(super) msgtype: Msgtype,
    pub(super) media: Vec<String>,
    /// Equal for equal content.
    digest: String,
}

/// Whether a body writes characters as `\uXXXX`, which the platform does not accept.
pub(super) fn has_unicode_escape(body: &[u8]) -> bool {
    let mut bytes = body.iter();
    while let Some(byte) = bytes.next() {
        // Any character after a backslash belongs to it, so `\\u` is a backslash and a letter.
        if *byte == b'\\' && bytes.next() == Some(&b'u') {
            return true;
        }
    }
    false
}

/// The `clientmsgid` in a body, if it has one.
pub(super) fn given_id(body: &Object) -> Option<String> {
    match body.get("clientmsgid")? {
        Value::String(id) if !id.is_empty() => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            None
        }
    }
}

/// Refuses an id that is too long.
pub(super) fn check_id(id: &str) -> Result<(), Refusal> {
    if id.len() > CLIENTMSGID_BYTES { Err(Refusal::code(45_067)) } else { Ok(()) }
}

/// The id of a broadcast that came without one: a digest of its scope and content.
pub(super) fn default_id(audience: &Audience, content: &Content) -> String {
    let mut hasher = Sha256::new();
    match audience {
        Audience::Everyone => hasher.update("all"),
        Audience::Tag(tag) => hasher.update(format!("tag {}", tag.id)),
        Audience::List(list) => {
            for follower in list {
                hasher.update(follower.to_be_bytes());
            }
        }
    }
    // Longer than any id that can be given, so that the two are never equal.
    format!("digest:{}", hex(&hasher.chain_update(&content.digest).finalize()))
}

/// Reads a number that may be written as a string.
pub(super) fn integer(value: Option<&Value>) -> Option<i64> {
    let value = value?;
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// Reads the `filter` of `sendall`.
pub(super) fn filter(body: &Object, spec: &AccountSpec) -> Result<Audience, Refusal> {
    let filter =
        body.get("filter").and_then(Value::as_object).ok_or_else(|| Refusal::code(40_008))?;
    match filter.get("is_to_all") {
        Some(Value::Bool(true)) => return Ok(Audience::Everyone),
        // Left out, it never means everyone.
        Some(Value::Bool(false)) | None => {}
        Some(
            Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_),
        ) => return Err(Refusal::code(40_008)),
    }
    let (id, unknown) = match (filter.get("tag_id"), filter.get("group_id")) {
        (None, Some(group)) => (Some(group), 40_050),
        (tag, _) => (tag, 45_159),
    };
    let tag = integer(id).and_then(|id| spec.tag(id));
    tag.cloned().map(Audience::Tag).ok_or_else(|| Refusal::code(unknown))
}

/// Reads the `touser` of `send`, and leaves out OpenIDs that are not followers.
pub(super) fn list(body: &Object, spec: &AccountSpec) -> Result<Audience, Refusal> {
    // A misspelt key and an empty list look the same to the platform.
    let ids = body.get("touser").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if ids.len() > LIST {
        return Err(Refusal::code(40_032));
    }
    let ids: Option<BTreeSet<&str>> = ids.iter().map(Value::as_str).collect();
    let ids = ids.ok_or_else(|| Refusal::code(40_003))?;
    if ids.len() < 2 {
        return Err(Refusal::code(40_130));
    }
    let followers: BTreeSet<u32> = ids.iter().filter_map(|id| spec.follower(id)).collect();
    Ok(Audience::List(followers.into_iter().collect()))
}

fn text(object: &Object, field: &str, missing: i64) -> Result<String, Refusal> {
    let text = object.get(field).and_then(Value::as_str).filter(|text| !text.is_empty());
    text.map(str::to_owned).ok_or_else(|| Refusal::code(missing))
}

/// Reads `msgtype` and the object that it names.
pub(super) fn content(body: &Object, shape: Shape) -> Result<Content, Refusal> {
    let (name, msgtype) = match body.get("msgtype").and_then(Value::as_str) {
        Some("mpnews") => ("mpnews", Msgtype::Mpnews),
        Some("text") => ("text", Msgtype::Text),
        Some("voice") => ("voice", Msgtype::Voice),
        // A send accepts several pictures at once; a preview only one.
        Some("image") if body.contains_key("images") && shape == Shape::MassSend => {
            ("images", Msgtype::Image)
        }
        Some("image") => ("image", Msgtype::Image),
        Some("mpvideo") => ("mpvideo", Msgtype::Mpvideo),
        Some("wxcard") => ("wxcard", Msgtype::Wxcard),
        Some(_) | None => return Err(Refusal::code(40_008)),
    };
    let missing = if msgtype == Msgtype::Text { 44_004 } else { 40_007 };
    let object = body.get(name).and_then(Value::as_object).ok_or_else(|| Refusal::code(missing))?;
    let media = match (msgtype, name) {
        (Msgtype::Text, _) => {
            text(object, "content", missing)?;
            Vec::new()
        }
        (Msgtype::Wxcard, _) => vec![text(object, "card_id", missing)?],
        (_, "images") => pictures(object)?,
        (_, _) => vec![text(object, "media_id", missing)?],
    };
    let digest = Sha256::new()
        .chain_update(name)
        .chain_update(Value::Object(object.clone()).to_string())
        .finalize();
    Ok(Content { msgtype, media, digest: hex(&digest) })
}

fn pictures(object: &Object) -> Result<Vec<String>, Refusal> {
    let ids = object.get("media_ids").and_then(Value::as_array).filter(|ids| !ids.is_empty());
    let ids = ids.ok_or_else(|| Refusal::code(40_007))?;
    let ids: Option<Vec<String>> =
        ids.iter().map(|id| id.as_str().filter(|id| !id.is_empty()).map(str::to_owned)).collect();
    ids.ok_or_else(|| Refusal::code(40_007))
}

/// Checks that the account has the media, of the right type and not used up.
pub(super) fn check_media(
    account: &Account,
    content: &Content,
    now: DateTime<Utc>,
) -> Result<(), Refusal> {
    for id in &content.media {
        let held = account.held.get(id);
        if held.is_some_and(|held| !held.lives(now)) {
            return Err(Refusal::code(40_007));
        }
        let open = account.media.is_empty() && held.is_none();
        if content.msgtype == Msgtype::Wxcard || open {
            if id.starts_with("bad") || account.consumed.contains(id) {
                return Err(Refusal::code(40_007));
            }
            continue;
        }
        let kind = account.kind(id).filter(|_| !account.consumed.contains(id));
        let kind = kind.ok_or_else(|| Refusal::code(40_007))?;
        match (content.msgtype, kind) {
            (Msgtype::Mpnews, MediaKind::News | MediaKind::Draft)
            | (Msgtype::Image, MediaKind::Image)
            | (Msgtype::Voice, MediaKind::Voice)
            | (Msgtype::Mpvideo, MediaKind::Mpvideo) => {}
            (Msgtype::Mpvideo, MediaKind::Video) => return Err(Refusal::code(48_013)),
            // Owners report a permanent "system error" for a medium of another type.
            (_, _) => return Err(Refusal::code(-1)),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::account::{Kind, Tag};
    use super::*;

    fn object(text: &str) -> Object {
        serde_json::from_str(text).unwrap()
    }

    fn spec() -> AccountSpec {
        AccountSpec::new("wx1", Kind::Service)
    }

    #[test]
    fn an_escape_is_found_only_where_it_is_one() {
        for (body, found) in [
            (r#"{"a":"b"}"#, false),
            (r#"{"a":"\u4f60"}"#, true),
            (r#"{"a":"\\u4f60"}"#, false),
            (r#"{"a":"\\\u4f60"}"#, true),
            (r#"{"a":"\n\t\""}"#, false),
            ("\\", false),
        ] {
            assert_eq!(has_unicode_escape(body.as_bytes()), found, "{body}");
        }
    }

    #[test]
    fn a_filter_names_everyone_or_a_tag_that_exists() {
        let tag = Ok(Audience::Tag(Tag::new(2, "星标组", 10)));
        for (filter_text, expected) in [
            (r#"{"is_to_all":true}"#, Ok(Audience::Everyone)),
            (r#"{"is_to_all":true,"tag_id":null}"#, Ok(Audience::Everyone)),
            (r#"{"is_to_all":true,"tag_id":77}"#, Ok(Audience::Everyone)),
            (r#"{"is_to_all":false,"tag_id":2}"#, tag.clone()),
            (r#"{"is_to_all":false,"tag_id":"2"}"#, tag.clone()),
            (r#"{"is_to_all":false,"group_id":2}"#, tag.clone()),
            (r#"{"tag_id":2,"unknown":1}"#, tag),
            (r#"{"is_to_all":"false","tag_id":2}"#, Err(40_008)),
            (r#"{"is_to_all":1}"#, Err(40_008)),
            (r#"{"is_to_all":null}"#, Err(40_008)),
            (r#"{"is_to_all":false}"#, Err(45_159)),
            ("{}", Err(45_159)),
            (r#"{"is_to_all":false,"tag_id":77}"#, Err(45_159)),
            (r#"{"is_to_all":false,"tag_id":"two"}"#, Err(45_159)),
            (r#"{"is_to_all":false,"group_id":77}"#, Err(40_050)),
            ("[]", Err(40_008)),
        ] {
            let body = object(&format!(r#"{{"filter":{filter_text}}}"#));
            let read = filter(&body, &spec()).map_err(|refusal| refusal.errcode);
            assert_eq!(read, expected, "{filter_text}");
        }
        assert_eq!(filter(&Object::new(), &spec()), Err(Refusal::code(40_008)));
    }

    #[test]
    fn a_list_keeps_each_follower_once_and_nobody_else() {
        for (touser, expected) in [
            (r#"["owx1-00000000000000000000003","owx1-00000000000000000000001"]"#, Ok(vec![1, 3])),
            (
                r#"["owx1-00000000000000000000001","owx1-00000000000000000000001","stranger"]"#,
                Ok(vec![1]),
            ),
            (r#"["stranger","another"]"#, Ok(vec![])),
            (r#"["owx1-00000000000000000000001"]"#, Err(40_130)),
            (r#"["owx1-00000000000000000000001","owx1-00000000000000000000001"]"#, Err(40_130)),
            ("[]", Err(40_130)),
            (r#""owx1-00000000000000000000001""#, Err(40_130)),
            ("[1,2]", Err(40_003)),
        ] {
            let body = object(&format!(r#"{{"touser":{touser}}}"#));
            let read = list(&body, &spec()).map_err(|refusal| refusal.errcode);
            assert_eq!(read, expected.map(Audience::List), "{touser}");
        }
        assert_eq!(list(&object(r#"{"toUsers":["a","b"]}"#), &spec()), Err(Refusal::code(40_130)));
    }

    #[test]
    fn a_list_has_at_most_ten_thousand_entries() {
        for (count, expected) in [(2, Ok(())), (10_000, Ok(())), (10_001, Err(40_032))] {
            let ids: Vec<_> = (0..count).map(|n| Value::from(format!("o{n}"))).collect();
            let body = Object::from_iter([("touser".to_owned(), Value::Array(ids))]);
            let read = list(&body, &spec()).map(|_| ()).map_err(|refusal| refusal.errcode);
            assert_eq!(read, expected, "{count}");
        }
    }

    #[test]
    fn each_documented_content_is_read() {
        for (body, media) in [
            (r#"{"msgtype":"mpnews","mpnews":{"media_id":"m"},"send_ignore_reprint":0}"#, Ok("m")),
            (r#"{"msgtype":"text","text":{"content":"CONTENT"}}"#, Ok("")),
            (r#"{"msgtype":"voice","voice":{"media_id":"v"}}"#, Ok("v")),
            (r#"{"msgtype":"image","image":{"media_id":"i"}}"#, Ok("i")),
            (r#"{"msgtype":"image","images":{"media_ids":["a","b"],"recommend":"r"}}"#, Ok("a b")),
            (
                r#"{"msgtype":"mpvideo","mpvideo":{"media_id":"f","title":"T","description":"D"}}"#,
                Ok("f"),
            ),
            (r#"{"msgtype":"wxcard","wxcard":{"card_id":"c"}}"#, Ok("c")),
            (r#"{"msgtype":"video","video":{"media_id":"f"}}"#, Err(40_008)),
            (r#"{"msgtype":"music","music":{"media_id":"f"}}"#, Err(40_008)),
            (r#"{"text":{"content":"CONTENT"}}"#, Err(40_008)),
            (r#"{"msgtype":7,"text":{"content":"CONTENT"}}"#, Err(40_008)),
            (r#"{"msgtype":"text"}"#, Err(44_004)),
            (r#"{"msgtype":"text","text":{"content":""}}"#, Err(44_004)),
            (r#"{"msgtype":"mpnews","mpnews":{}}"#, Err(40_007)),
            (r#"{"msgtype":"mpnews","text":{"content":"x"}}"#, Err(40_007)),
            (r#"{"msgtype":"image","images":{"media_ids":[]}}"#, Err(40_007)),
            (r#"{"msgtype":"image","images":{"media_ids":["a",1]}}"#, Err(40_007)),
        ] {
            let read = content(&object(body), Shape::MassSend)
                .map(|content| content.media.join(" "))
                .map_err(|refusal| refusal.errcode);
            assert_eq!(read, media.map(str::to_owned), "{body}");
        }
    }

    #[test]
    fn a_preview_takes_only_one_picture() {
        let several = object(r#"{"msgtype":"image","images":{"media_ids":["a"]}}"#);
        let one = object(r#"{"msgtype":"image","image":{"media_id":"a"}}"#);

        assert_eq!(
            content(&several, Shape::Preview).unwrap_err().errcode,
            40_007,
            "`images` is not for previews"
        );
        assert_eq!(content(&one, Shape::Preview).unwrap().media, ["a"]);
    }

    #[test]
    fn the_default_id_is_of_scope_and_content_only() {
        let id = |scope: Audience, body: &str| {
            default_id(&scope, &content(&object(body), Shape::MassSend).unwrap())
        };
        let a = r#"{"msgtype":"text","text":{"content":"a"},"send_ignore_reprint":0}"#;
        let same = r#"{"text":{"content":"a"},"msgtype":"text"}"#;
        let b = r#"{"msgtype":"text","text":{"content":"b"}}"#;

        assert_eq!(id(Audience::Everyone, a), id(Audience::Everyone, same));
        assert_ne!(id(Audience::Everyone, a), id(Audience::Everyone, b));
        assert_ne!(id(Audience::Everyone, a), id(Audience::List(vec![1, 2]), a));
        assert_ne!(id(Audience::List(vec![1, 3]), a), id(Audience::List(vec![1, 2]), a));
        assert!(check_id(&id(Audience::Everyone, a)).is_err(), "nobody can give a default id");
    }

    #[test]
    fn ids_are_taken_up_to_32_bytes() {
        assert_eq!(check_id(&"a".repeat(32)), Ok(()));
        assert_eq!(check_id(&"a".repeat(33)), Err(Refusal::code(45_067)));
        assert_eq!(check_id(&"群".repeat(11)), Err(Refusal::code(45_067)), "bytes, not letters");
        assert_eq!(given_id(&object(r#"{"clientmsgid":""}"#)), None);
        assert_eq!(given_id(&object(r#"{"clientmsgid":7}"#)).as_deref(), Some("7"));
    }

    #[test]
    fn media_must_be_the_accounts_own_and_of_the_right_type() {
        let mut account = Account::new(spec());
        let check = |account: &Account, msgtype, id: &str| {
            let content = Content { msgtype, media: vec![id.to_owned()], digest: String::new() };
            check_media(account, &content, DateTime::UNIX_EPOCH).map_err(|refusal| refusal.errcode)
        };
        assert_eq!(check(&account, Msgtype::Mpnews, "anything"), Ok(()));
        assert_eq!(check(&account, Msgtype::Mpnews, "bad-one"), Err(40_007));

        account.media.extend([
            ("n".to_owned(), MediaKind::News),
            ("d".to_owned(), MediaKind::Draft),
            ("i".to_owned(), MediaKind::Image),
            ("v".to_owned(), MediaKind::Voice),
            ("f".to_owned(), MediaKind::Video),
            ("m".to_owned(), MediaKind::Mpvideo),
        ]);
        for (msgtype, id, expected) in [
            (Msgtype::Mpnews, "n", Ok(())),
            (Msgtype::Mpnews, "d", Ok(())),
            (Msgtype::Image, "i", Ok(())),
            (Msgtype::Voice, "v", Ok(())),
            (Msgtype::Mpvideo, "m", Ok(())),
            (Msgtype::Mpvideo, "f", Err(48_013)),
            (Msgtype::Image, "n", Err(-1)),
            (Msgtype::Mpnews, "anything", Err(40_007)),
            (Msgtype::Wxcard, "card", Ok(())),
        ] {
            assert_eq!(check(&account, msgtype, id), expected, "{msgtype:?} {id}");
        }
    }
}
