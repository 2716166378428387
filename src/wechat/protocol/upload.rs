//! Upload requests and responses: pictures, covers, recordings, videos and articles.
//!
//! Each of these requests can be repeated without harm, so nothing is in doubt here: a request
//! without a clear response is retried. The requests name a file by its digest; the client finds
//! the file by it.

use std::borrow::Cow;
use std::time::Duration;

use secrecy::SecretString;
use serde::Serialize;

use super::response::{HttpResponse, Refusal, question};
use super::{Form, Method, Request, TIMEOUT, with_token};
use crate::model::{Article, ArticlesVia, Asset, Caption, Failure, UploadKind};
use crate::wechat::codes::{self, Verdict};

/// A request may take a second more for each this many bytes of its file.
const BYTES_A_SECOND: u64 = 100_000;
/// The longest id or URL that is accepted.
const VALUE_MAX: usize = 2_048;

/// What the response to an upload means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UploadResponse {
    /// The platform has it, under this id or URL.
    Done(String),
    /// The token is not valid (any more).
    NewToken(i64, String),
    /// The account can make no requests until an operator acts.
    Pause(i64, String),
    /// The day's calls of this kind are used up.
    NextDay(i64, String),
    /// Certainly refused, and the same upload will be again.
    Refused(i64, String),
    /// Not now, or without a clear response: retried.
    Later(Option<i64>, String),
}

/// Requests the upload of a file.
pub fn file(asset: &Asset, token: &SecretString) -> Request {
    let (path, kind) = match asset.kind {
        UploadKind::Picture => ("/cgi-bin/media/uploadimg", None),
        UploadKind::Cover => ("/cgi-bin/material/add_material", Some("image")),
        UploadKind::Image => ("/cgi-bin/media/upload", Some("image")),
        UploadKind::Voice => ("/cgi-bin/media/upload", Some("voice")),
        UploadKind::Video | UploadKind::Mpvideo | UploadKind::Draft | UploadKind::News => {
            ("/cgi-bin/media/upload", Some("video"))
        }
    };
    let media = &asset.media;
    let query = [with_token(token)].into_iter();
    let query = query.chain(kind.map(|kind| ("type", kind.to_owned()))).collect();
    let form = Form {
        // The author's file name is not sent: the platform only reads the ending.
        name: format!("{}.{}", &media.sha256[..16], media.format.ending()),
        sha256: media.sha256.clone(),
        format: media.format,
        bytes: media.bytes,
    };
    Request {
        method: Method::Post,
        path: Cow::Borrowed(path),
        query,
        body: None,
        form: Some(form),
        save: None,
        is_glance: false,
        timeout: TIMEOUT + Duration::from_secs(media.bytes / BYTES_A_SECOND),
    }
}

/// Requests the conversion of an uploaded video for `mpvideo`.
pub fn video(media_id: &str, caption: &Caption, token: &SecretString) -> Request {
    let Caption { title, description } = caption;
    let body = serde_json::to_string(&Video { media_id, title, description });
    let body = body.expect("texts are always JSON");
    Request::post("/cgi-bin/media/uploadvideo", Some(token), body)
}

/// Requests the creation of articles, with a body of [`articles`].
pub fn news(via: ArticlesVia, body: String, token: &SecretString) -> Request {
    let path = match via {
        ArticlesVia::Draft => "/cgi-bin/draft/add",
        ArticlesVia::Uploadnews => "/cgi-bin/media/uploadnews",
    };
    Request::post(path, Some(token), body)
}

/// Returns the body that creates articles whose placeholders have been replaced.
pub fn articles(via: ArticlesVia, articles: &[Article]) -> String {
    let articles = articles
        .iter()
        .map(|article| Sent {
            article_type: (via == ArticlesVia::Draft).then_some("news"),
            title: &article.title,
            author: article.author.as_deref(),
            digest: article.digest.as_deref(),
            content: &article.content,
            content_source_url: article.content_source_url.as_deref(),
            thumb_media_id: &article.thumb,
            show_cover_pic: article.show_cover_pic.filter(|_| via == ArticlesVia::Uploadnews),
            need_open_comment: article.need_open_comment,
            only_fans_can_comment: article.only_fans_can_comment,
        })
        .collect();
    serde_json::to_string(&News { articles }).expect("texts and numbers are always JSON")
}

/// Reads the response to an upload.
pub fn read_upload(kind: UploadKind, answer: &HttpResponse) -> UploadResponse {
    let fields = match question(&answer.reply) {
        Ok(fields) => fields,
        Err(Refusal::NewToken { code, errmsg }) => return UploadResponse::NewToken(code, errmsg),
        Err(Refusal::Code { code, errmsg, .. }) => return refused(code, errmsg),
        Err(Refusal::Unclear(why)) => return UploadResponse::Later(None, why),
    };
    let (name, value) = match kind {
        UploadKind::Picture => ("url", fields.url),
        UploadKind::Cover
        | UploadKind::Image
        | UploadKind::Voice
        | UploadKind::Video
        | UploadKind::Mpvideo
        | UploadKind::Draft
        | UploadKind::News => ("media_id", fields.media_id),
    };
    let fits = |value: &String| {
        let allowed = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b'<');
        (1..=VALUE_MAX).contains(&value.len()) && value.bytes().all(allowed)
    };
    match value.filter(fits) {
        Some(value) => UploadResponse::Done(value),
        None => {
            let why = Failure::no_field(name);
            UploadResponse::Later(None, why.to_string())
        }
    }
}

fn refused(code: i64, errmsg: String) -> UploadResponse {
    match codes::for_query(code).verdict {
        Verdict::PauseAccount => UploadResponse::Pause(code, errmsg),
        Verdict::NextWindow(_) => UploadResponse::NextDay(code, errmsg),
        Verdict::Reject => UploadResponse::Refused(code, errmsg),
        Verdict::InvalidToken => UploadResponse::NewToken(code, errmsg),
        Verdict::Accepted | Verdict::Adopt | Verdict::InDoubt | Verdict::Retry { .. } => {
            UploadResponse::Later(Some(code), errmsg)
        }
    }
}

#[derive(Serialize)]
struct Video<'a> {
    media_id: &'a str,
    title: &'a str,
    description: &'a str,
}

#[derive(Serialize)]
struct News<'a> {
    articles: Vec<Sent<'a>>,
}

/// An article with the documents' field names.
#[derive(Serialize)]
struct Sent<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    article_type: Option<&'static str>,
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<&'a str>,
    content: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_source_url: Option<&'a str>,
    thumb_media_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    show_cover_pic: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    need_open_comment: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    only_fans_can_comment: Option<u8>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Format, Media};
    use crate::wechat::protocol::Reply;

    fn answer(body: &str) -> HttpResponse {
        let reply = Reply::Http { status: 200, body: body.as_bytes().to_vec() };
        HttpResponse { reply, date: None }
    }

    fn asset(kind: UploadKind) -> Asset {
        let sha256 = "0123456789abcdef0123".to_owned();
        let media =
            Media { file: "封面.png".to_owned(), sha256, bytes: 1_000_000, format: Format::Png };
        Asset { kind, media }
    }

    #[test]
    fn each_kind_goes_where_the_documents_say() {
        let token = SecretString::from("TOKEN");
        for (kind, path, name) in [
            (UploadKind::Picture, "/cgi-bin/media/uploadimg", None),
            (UploadKind::Cover, "/cgi-bin/material/add_material", Some("image")),
            (UploadKind::Image, "/cgi-bin/media/upload", Some("image")),
            (UploadKind::Voice, "/cgi-bin/media/upload", Some("voice")),
            (UploadKind::Video, "/cgi-bin/media/upload", Some("video")),
        ] {
            let request = file(&asset(kind), &token);

            assert_eq!(request.path, path);
            let named = request.query.iter().find(|(key, _)| *key == "type");
            assert_eq!(named.map(|(_, value)| value.as_str()), name, "{path}");
            assert_eq!(request.timeout, Duration::from_secs(25), "15 s and one for 100 kB");
            assert_eq!(request.form.unwrap().name, "0123456789abcdef.png");
        }
    }

    #[test]
    fn an_articles_body_has_the_fields_of_its_call() {
        let article = Article {
            title: "春天".to_owned(),
            author: None,
            digest: Some("摘要".to_owned()),
            content: "<p>好</p>".to_owned(),
            content_source_url: None,
            thumb: "M".to_owned(),
            show_cover_pic: Some(1),
            need_open_comment: Some(0),
            only_fans_can_comment: None,
        };

        assert_eq!(
            articles(ArticlesVia::Draft, std::slice::from_ref(&article)),
            r#"{"articles":[{"article_type":"news","title":"春天","digest":"摘要","content":"<p>好</p>","thumb_media_id":"M","need_open_comment":0}]}"#
        );
        assert_eq!(
            articles(ArticlesVia::Uploadnews, &[article]),
            r#"{"articles":[{"title":"春天","digest":"摘要","content":"<p>好</p>","thumb_media_id":"M","show_cover_pic":1,"need_open_comment":0}]}"#
        );
    }

    #[test]
    fn an_answer_is_done_only_with_what_was_asked_for() {
        let url = r#"{"url":"http://mmbiz.qpic.cn/mmbiz/a/0"}"#;
        let id = r#"{"type":"news","media_id":"A-_b","created_at":1}"#;
        let unclear = |parsed: UploadResponse| matches!(parsed, UploadResponse::Later(None, _));

        let done = |kind, body| read_upload(kind, &answer(body));
        assert_eq!(
            done(UploadKind::Picture, url),
            UploadResponse::Done("http://mmbiz.qpic.cn/mmbiz/a/0".to_owned())
        );
        assert_eq!(done(UploadKind::News, id), UploadResponse::Done("A-_b".to_owned()));
        assert!(unclear(done(UploadKind::Cover, url)));
        assert!(unclear(done(UploadKind::Picture, id)));
        assert!(unclear(done(UploadKind::Cover, r#"{"media_id":"a\"b"}"#)));
        assert!(unclear(done(UploadKind::Cover, "<html>")));
    }

    #[test]
    fn a_code_says_whether_asking_again_can_help() {
        let read = |code: i64| {
            read_upload(UploadKind::Cover, &answer(&format!(r#"{{"errcode":{code}}}"#)))
        };

        assert!(matches!(read(40_001), UploadResponse::NewToken(..)));
        assert!(matches!(read(48_004), UploadResponse::Pause(..)));
        assert!(matches!(read(45_009), UploadResponse::NextDay(..)));
        for code in [40_004, 40_005, 40_009, 45_106, 45_003, 40_007] {
            assert!(matches!(read(code), UploadResponse::Refused(..)), "{code}");
        }
        for code in [-1, 46_007, 45_011, 987_654] {
            assert!(matches!(read(code), UploadResponse::Later(Some(_), _)), "{code}");
        }
    }
}
