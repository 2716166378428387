//! The draft box, and whether the platform still has what a media id names.
//!
//! No call only asks whether a medium exists: it is read, and the beginning of the response is
//! enough.

use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};

use super::response::{HttpResponse, Reply, id, integer, printable, read_json};
use super::{GLANCE, Request, with_token};
use crate::model::{DRAFTS_PAGE, Draft, DraftArticle, DraftPage, Failure, MediaUse, Medium, Plain};

/// The longest title that is kept, in characters; the platform's have 64 at most.
const TITLE_MAX: usize = 128;
/// The longest media id that is accepted; the platform's have 64 characters at most.
const MEDIA_ID_MAX: usize = 256;

/// Requests a page of the draft box, without the articles' texts.
pub fn drafts(token: &SecretString, offset: u32) -> Request {
    let body = json!({ "offset": offset, "count": DRAFTS_PAGE, "no_content": 1 }).to_string();
    Request::post("/cgi-bin/draft/batchget", Some(token), body)
}

/// Queries a medium: first where it is usually kept, then in the other place where it may be.
///
/// Of a menu's material there is no other place: it is queried again, so that nobody is told of one
/// response alone.
pub fn medium(token: &SecretString, medium: &Medium, elsewhere: bool) -> Request {
    let body = json!({ "media_id": medium.media_id }).to_string();
    let request = match (medium.used_as, elsewhere) {
        (MediaUse::Articles, false) => Request::post("/cgi-bin/draft/get", Some(token), body),
        (MediaUse::File, true) => {
            let query = vec![with_token(token), ("media_id", medium.media_id.clone())];
            Request::get("/cgi-bin/media/get", query)
        }
        (MediaUse::Articles, true) | (MediaUse::File, false) | (MediaUse::Material, _) => {
            Request::post("/cgi-bin/material/get_material", Some(token), body)
        }
    };
    Request { is_glance: true, ..request }
}

/// Returns whether a response is a medium's content, or so much of it as was read.
pub(super) fn is_content(answer: &HttpResponse) -> bool {
    let Reply::Http { status: 200..=299, body } = &answer.reply else { return false };
    // A refusal is never so long.
    is_file(body) || (body.len() >= GLANCE && body.first() == Some(&b'{'))
}

/// Returns whether a body is a file of a format that the platform keeps.
fn is_file(body: &[u8]) -> bool {
    match body {
        [0xff, 0xd8, 0xff, ..]
        | [0x89, b'P', b'N', b'G', ..]
        | [b'G', b'I', b'F', b'8', ..]
        | [b'B', b'M', ..]
        | [b'I', b'D', b'3', ..]
        | [0xff, 0xe0..=0xff, ..]
        | [b'#', b'!', b'A', b'M', b'R', ..]
        | [b'R', b'I', b'F', b'F', ..] => true,
        [_, _, _, _, rest @ ..] => rest.starts_with(b"ftyp"),
        _ => false,
    }
}

#[derive(Deserialize)]
struct PageIn {
    total_count: Value,
    #[serde(default)]
    item: Vec<ItemIn>,
}

#[derive(Deserialize)]
struct ItemIn {
    media_id: String,
    content: Option<ContentIn>,
    update_time: Option<Value>,
}

#[derive(Deserialize)]
struct ContentIn {
    #[serde(default)]
    news_item: Vec<ArticleIn>,
    update_time: Option<Value>,
}

#[derive(Deserialize)]
struct ArticleIn {
    title: Option<String>,
    thumb_media_id: Option<String>,
    thumb_url: Option<String>,
}

/// Reads a page of the draft box; its refusals were read before.
pub(super) fn read_drafts(answer: &HttpResponse) -> Result<DraftPage, Failure> {
    let Reply::Http { body, .. } = &answer.reply else { return Err(Plain::NoAnswer.into()) };
    let page: PageIn = read_json(body).map_err(|_| Plain::OtherList)?;
    let total = integer(&page.total_count).and_then(|total| u32::try_from(total).ok());
    let total = total.ok_or_else(|| Failure::no_field("total_count"))?;
    let drafts = page.item.into_iter().map(draft).collect::<Option<Vec<_>>>();
    let drafts = drafts.ok_or_else(|| Failure::no_field("media_id"))?;
    Ok(DraftPage { total, drafts })
}

fn draft(item: ItemIn) -> Option<Draft> {
    let media_id = item.media_id;
    let is_id = (1..=MEDIA_ID_MAX).contains(&media_id.len())
        && media_id.bytes().all(|byte| byte.is_ascii_graphic());
    let (articles, changed) = match item.content {
        Some(content) => (content.news_item, content.update_time),
        None => (Vec::new(), None),
    };
    let updated_at = item.update_time.or(changed).as_ref().and_then(id);
    let articles = articles.into_iter().map(|article| DraftArticle {
        title: printable(&article.title.unwrap_or_default()).chars().take(TITLE_MAX).collect(),
        thumb_media_id: filled(article.thumb_media_id),
        thumb_url: filled(article.thumb_url),
    });
    is_id.then(|| Draft { media_id, updated_at, articles: articles.collect() })
}

fn filled(text: Option<String>) -> Option<String> {
    text.map(|text| printable(&text)).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &[u8]) -> HttpResponse {
        HttpResponse { reply: Reply::Http { status: 200, body: body.to_vec() }, date: None }
    }

    #[test]
    fn a_medium_is_queried_where_it_is_kept_and_then_where_else_it_may_be() {
        let token = SecretString::from("TOKEN");
        for (used_as, first, then) in [
            (MediaUse::Articles, "/cgi-bin/draft/get", "/cgi-bin/material/get_material"),
            (MediaUse::File, "/cgi-bin/material/get_material", "/cgi-bin/media/get"),
            (
                MediaUse::Material,
                "/cgi-bin/material/get_material",
                "/cgi-bin/material/get_material",
            ),
        ] {
            let asked = Medium { used_as, media_id: "M".to_owned() };
            let paths = [false, true].map(|elsewhere| medium(&token, &asked, elsewhere));

            assert_eq!(paths.each_ref().map(|request| &*request.path), [first, then]);
            assert!(paths.iter().all(|request| request.is_glance));
        }
    }

    #[test]
    fn a_page_of_drafts_is_read_as_the_documents_show_it() {
        let body = r#"{"total_count":21,"item_count":1,"item":[{"media_id":"MEDIA_ID",
            "content":{"news_item":[{"title":"春天","author":"A","thumb_media_id":"T",
            "show_cover_pic":0,"need_open_comment":0,"url":"URL","thumb_url":"http://mmbiz/0"},
            {"title":"二","thumb_media_id":""}],"create_time":1,"update_time":1800000000},
            "update_time":1800000000}]}"#;

        let page = read_drafts(&answer(body.as_bytes())).unwrap();

        assert_eq!(page.total, 21);
        let draft = &page.drafts[0];
        assert_eq!((draft.media_id.as_str(), draft.title()), ("MEDIA_ID", "春天"));
        assert_eq!(draft.updated_at, Some(1_800_000_000));
        assert_eq!(draft.articles[0].thumb_url.as_deref(), Some("http://mmbiz/0"));
        assert_eq!(draft.articles[1].thumb_media_id, None);
        assert!(read_drafts(&answer(br#"{"item":[]}"#)).is_err());
        assert!(read_drafts(&answer(br#"{"total_count":1,"item":[{"media_id":""}]}"#)).is_err());
    }

    #[test]
    fn content_is_a_file_or_a_long_object_and_never_a_page_of_a_proxy() {
        let long = [b"{\"news_item\":[".as_slice(), &vec![b' '; GLANCE]].concat();
        for (body, expected) in [
            (&b"\x89PNG\r\n\x1a\n"[..], true),
            (b"\xff\xfbmp3", true),
            (b"\0\0\0\x18ftypmp42", true),
            (b"#!AMR\n", true),
            (long.as_slice(), true),
            (b"{\"errcode\":40007}", false),
            (b"<html>", false),
            (b"", false),
        ] {
            assert_eq!(is_content(&answer(body)), expected, "{:?}", &body[..body.len().min(8)]);
        }
    }
}
