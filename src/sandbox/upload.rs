//! Uploads: files as form data, videos, and drafts.
//!
//! Uploaded media are kept for three days, material permanently, and a draft until it is sent. The
//! checks of a file are those that the documents name: its size, and its format by its first bytes.
//! An account without a registry ([`Platform::add_media`]) still accepts ids that it never issued.

use chrono::TimeDelta;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use unicode_width::UnicodeWidthStr as _;

use super::account::MediaKind;
use super::account_state::Account;
use super::answer::Refusal;
use super::count::Daily;
use super::held::{Content, Held};
use super::{Call, Platform, hex};

/// How long temporary media are kept.
const TEMPORARY: TimeDelta = TimeDelta::days(3);
/// Articles in one `uploadnews` or draft.
const ARTICLES: std::ops::RangeInclusive<usize> = 1..=8;
/// `uploadnews` calls in a day.
const NEWS_A_DAY: u32 = 10;
/// `draft/add` calls in a day.
const DRAFTS_A_DAY: u32 = 1_000;
/// The address of pictures inside articles.
const PICTURES: &str = "http://mmbiz.qpic.cn/";

/// The format of a file, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Jpg,
    Png,
    Gif,
    Bmp,
    Mp3,
    Amr,
    Mp4,
    Other,
}

pub(super) fn sort(bytes: &[u8]) -> Sort {
    match bytes {
        [0xff, 0xd8, 0xff, ..] => Sort::Jpg,
        [0x89, b'P', b'N', b'G', ..] => Sort::Png,
        [b'G', b'I', b'F', b'8', ..] => Sort::Gif,
        [b'B', b'M', ..] => Sort::Bmp,
        [b'I', b'D', b'3', ..] | [0xff, 0xe0..=0xff, ..] => Sort::Mp3,
        [b'#', b'!', b'A', b'M', b'R', ..] => Sort::Amr,
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => Sort::Mp4,
        _ => Sort::Other,
    }
}

/// The one part of a form with the name `media` and a file name.
///
/// The boundary is read from the body's first line, which contains it as well as the header.
fn form_file(body: &[u8]) -> Option<&[u8]> {
    let line_end = find(body, b"\r\n")?;
    let boundary = body.get(..line_end).filter(|line| line.starts_with(b"--") && line.len() > 2)?;
    let mut rest = &body[line_end + 2..];
    loop {
        let head_end = find(rest, b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&rest[..head_end]).to_ascii_lowercase();
        let content = &rest[head_end + 4..];
        let mut mark = b"\r\n".to_vec();
        mark.extend_from_slice(boundary);
        let end = find(content, &mark)?;
        if head.contains("name=\"media\"") && head.contains("filename=") {
            return Some(&content[..end]);
        }
        rest = content.get(end + mark.len() + 2..)?;
    }
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

impl Platform {
    /// `media/uploadimg`: a picture for the inside of an article; jpg or png below 1 MB.
    pub(super) fn upload_picture(&mut self, call: &Call<'_>) -> Result<Value, Refusal> {
        let file = form_file(call.raw).ok_or_else(|| Refusal::code(41_005))?;
        match sort(file) {
            Sort::Jpg | Sort::Png => {}
            Sort::Gif | Sort::Bmp | Sort::Mp3 | Sort::Amr | Sort::Mp4 | Sort::Other => {
                return Err(Refusal::code(40_005));
            }
        }
        if file.len() >= 1 << 20 {
            return Err(Refusal::code(40_009));
        }
        let name = self.fresh("picture");
        Ok(json!({"url": format!("{PICTURES}mmbiz/{name}/0")}))
    }

    /// `media/upload`: temporary media, for three days.
    pub(super) fn upload_media(&mut self, call: &Call<'_>) -> Result<Value, Refusal> {
        let name = call.parameter("type").unwrap_or_default();
        let (kind, file) = checked(name, form_file(call.raw), false)?;
        let until = Some(call.now + TEMPORARY);
        let content = Content::File(file.to_vec());
        Ok(self.give(call, name, Held { kind, until, at: call.now, content }))
    }

    /// `material/add_material`: permanent material.
    pub(super) fn add_material(&mut self, call: &Call<'_>) -> Result<Value, Refusal> {
        let name = call.parameter("type").unwrap_or_default();
        let (kind, file) = checked(name, form_file(call.raw), true)?;
        let content = Content::File(file.to_vec());
        let mut given = self.give(call, name, Held { kind, until: None, at: call.now, content });
        given["url"] = format!("{PICTURES}mmbiz_png/{name}/0").into();
        Ok(given)
    }

    /// `media/uploadvideo`: converts an uploaded video for `mpvideo`.
    pub(super) fn upload_video(&mut self, call: &Call<'_>) -> Result<Value, Refusal> {
        let body = call.object_without_escapes()?;
        let id = body.get("media_id").and_then(Value::as_str);
        let id = id.ok_or_else(|| Refusal::code(40_007))?;
        let account = &self.accounts[call.appid];
        match account.held.get(id) {
            Some(held) if held.kind == MediaKind::Video && held.lives(call.now) => {}
            Some(_) => return Err(Refusal::code(40_007)),
            None => {
                let registry = &account.media;
                if id.starts_with("bad") || !registry.is_empty() && !registry.contains_key(id) {
                    return Err(Refusal::code(40_007));
                }
            }
        }
        let until = Some(call.now + TEMPORARY);
        let (kind, content) = (MediaKind::Mpvideo, Content::Nothing);
        Ok(self.give(call, "video", Held { kind, until, at: call.now, content }))
    }

    /// `media/uploadnews`: one to eight articles, for three days.
    pub(super) fn upload_news(&mut self, call: &Call<'_>) -> Result<Value, Refusal> {
        let account = self.accounts.get_mut(call.appid).expect("its token was good");
        account.tally.call(Daily::News, NEWS_A_DAY, call.now)?;
        let content = Content::Articles(check_articles(call, account, false)?);
        let until = Some(call.now + TEMPORARY);
        Ok(self.give(call, "news", Held { kind: MediaKind::News, until, at: call.now, content }))
    }

    /// `draft/add`: one to eight articles, which are deleted with the broadcast that uses them.
    pub(super) fn add_draft(&mut self, call: &Call<'_>) -> Result<Value, Refusal> {
        let account = self.accounts.get_mut(call.appid).expect("its token was good");
        account.tally.call(Daily::Drafts, DRAFTS_A_DAY, call.now)?;
        let content = Content::Articles(check_articles(call, account, true)?);
        let kind = MediaKind::Draft;
        let given = self.give(call, "draft", Held { kind, until: None, at: call.now, content });
        Ok(json!({"media_id": given["media_id"]}))
    }

    fn fresh(&self, name: &str) -> String {
        let digest = Sha256::digest(format!("{}/{}/{name}", self.seed, self.calls));
        format!("{name}-{}", hex(&digest[..20]))
    }

    fn give(&mut self, call: &Call<'_>, name: &str, held: Held) -> Value {
        let media_id = self.fresh(name);
        let account = self.accounts.get_mut(call.appid).expect("its token was good");
        account.held.retain(|_, held| held.lives(call.now));
        account.held.insert(media_id.clone(), held);
        json!({"type": name, "media_id": media_id, "created_at": call.now.timestamp()})
    }
}

/// Checks a file against the kind of its upload.
fn checked<'f>(
    name: &str,
    file: Option<&'f [u8]>,
    permanent: bool,
) -> Result<(MediaKind, &'f [u8]), Refusal> {
    let file = file.ok_or_else(|| Refusal::code(41_005))?;
    let is = sort(file);
    let picture = matches!(is, Sort::Jpg | Sort::Png | Sort::Gif);
    let (kind, fits, most, too_large) = match name {
        "image" => (MediaKind::Image, picture || permanent && is == Sort::Bmp, 10 << 20, 40_009),
        "thumb" => (MediaKind::Image, is == Sort::Jpg, 64 << 10, 40_012),
        "voice" => (MediaKind::Voice, matches!(is, Sort::Mp3 | Sort::Amr), 2 << 20, 40_010),
        "video" => (MediaKind::Video, is == Sort::Mp4, 10 << 20, 40_011),
        _ => return Err(Refusal::code(40_004)),
    };
    if !fits {
        return Err(Refusal::code(40_005));
    }
    if file.len() > most {
        return Err(Refusal::code(too_large));
    }
    Ok((kind, file))
}

/// Checks the articles of a draft or of `uploadnews`, and returns them.
fn check_articles(call: &Call<'_>, account: &Account, draft: bool) -> Result<Vec<Value>, Refusal> {
    let articles = call.object_without_escapes()?.get("articles").and_then(Value::as_array);
    let articles = articles.ok_or_else(|| Refusal::code(44_003))?;
    if !ARTICLES.contains(&articles.len()) {
        return Err(Refusal::code(45_008));
    }
    for article in articles {
        check_article(call, account, article, draft)?;
    }
    Ok(articles.clone())
}

/// Checks one article.
pub(super) fn check_article(
    call: &Call<'_>,
    account: &Account,
    article: &Value,
    draft: bool,
) -> Result<(), Refusal> {
    let (title, content) = (text(article, "title"), text(article, "content"));
    let limits = [
        (title.is_empty(), 40_227),
        // A draft's title may have twice as many letters: no document says which limit applies to
        // them, and a rehearsal refuses only what the platform surely refuses.
        (if draft { title.width() } else { title.chars().count() } > 64, 45_003),
        (text(article, "author").chars().count() > 16, 45_110),
        (text(article, "digest").chars().count() > if draft { 128 } else { 120 }, 45_004),
        (content.is_empty(), 44_004),
        (content.chars().count() >= 20_000 || content.len() >= 1 << 20, 45_002),
        (text(article, "content_source_url").len() > 1_024, 45_006),
    ];
    if let Some((_, errcode)) = limits.into_iter().find(|(broken, _)| *broken) {
        return Err(Refusal::code(errcode));
    }
    check_cover(call, account, text(article, "thumb_media_id"), draft)?;
    check_pictures(content)
}

/// A draft's cover is permanent material; `uploadnews` accepts any picture.
fn check_cover(call: &Call<'_>, account: &Account, id: &str, draft: bool) -> Result<(), Refusal> {
    let known = match account.held.get(id) {
        Some(held) => {
            held.kind == MediaKind::Image
                && held.lives(call.now)
                && (!draft || held.until.is_none())
        }
        None => account.media.is_empty() || account.media.get(id) == Some(&MediaKind::Image),
    };
    if id.is_empty() || id.starts_with("bad") || !known {
        return Err(Refusal::code(40_007));
    }
    Ok(())
}

/// The platform filters pictures from other hosts, which no caller needs: refused here.
fn check_pictures(content: &str) -> Result<(), Refusal> {
    for tag in content.split("<img").skip(1) {
        let tag = tag.split('>').next().unwrap_or_default();
        let url = tag.split_once("src=\"").and_then(|(_, from)| from.split('"').next());
        let host = url.and_then(|url| url.split_once("://")).map(|(_, host)| host);
        if !host.is_some_and(|host| host.starts_with("mmbiz")) {
            return Err(Refusal::code(45_166));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::super::account::{AccountSpec, Kind};
    use super::super::{Fault, FaultKind, Method, Request, Response};
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\nrest";

    struct Bench {
        platform: Platform,
        token: String,
        now: DateTime<Utc>,
    }

    impl Bench {
        fn new() -> Self {
            let mut platform = Platform::new(1);
            platform.add_account(AccountSpec::new("wx1", Kind::Service));
            let mut bench = Self {
                platform,
                token: String::new(),
                now: "2027-03-01T04:00:00Z".parse().unwrap(),
            };
            bench.log_in();
            bench
        }

        fn log_in(&mut self) {
            let body = br#"{"grant_type":"client_credential","appid":"wx1","secret":"s"}"#;
            let answer = self.ask("/cgi-bin/stable_token", &[], body.to_vec());
            self.token = answer["access_token"].as_str().unwrap().to_owned();
        }

        fn ask(&mut self, path: &str, query: &[(&str, &str)], body: Vec<u8>) -> Value {
            let mut query: Vec<_> =
                query.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
            query.push(("access_token".to_owned(), self.token.clone()));
            let request = Request { method: Method::Post, path: path.to_owned(), query, body };
            match self.platform.handle(&request, self.now) {
                Response::Answer { body, .. } => serde_json::from_slice(&body).unwrap(),
                other @ (Response::Refused | Response::Lost | Response::Hang) => {
                    panic!("{other:?}")
                }
            }
        }

        fn upload(&mut self, path: &str, kind: &str, file: &[u8]) -> Value {
            let head = "--XX\r\nContent-Disposition: form-data; name=\"media\"; \
                        filename=\"a\"\r\nContent-Type: image/png\r\n\r\n";
            let body = [head.as_bytes(), file, b"\r\n--XX--\r\n"].concat();
            self.ask(path, &[("type", kind)], body)
        }

        fn news(&mut self, path: &str, article: &Value) -> Value {
            self.ask(path, &[], json!({"articles": [article]}).to_string().into_bytes())
        }

        fn send(&mut self, msgtype: &str, media_id: &str) -> Value {
            let body = json!({
                "filter": {"is_to_all": false, "tag_id": 2}, "msgtype": msgtype,
                msgtype: {"media_id": media_id},
                "clientmsgid": format!("{}", self.platform.requests().len()),
            });
            self.ask("/cgi-bin/message/mass/sendall", &[], body.to_string().into_bytes())
        }
    }

    fn article(thumb: &str) -> Value {
        json!({"title": "春", "content": "<p>好</p>", "thumb_media_id": thumb})
    }

    #[test]
    fn a_draft_with_a_permanent_cover_is_sent_once() {
        let mut bench = Bench::new();
        let cover = bench.upload("/cgi-bin/material/add_material", "image", PNG);
        let cover = cover["media_id"].as_str().unwrap().to_owned();
        let draft = bench.news("/cgi-bin/draft/add", &article(&cover));
        let draft = draft["media_id"].as_str().unwrap().to_owned();

        assert_eq!(bench.send("mpnews", &draft)["errcode"], 0);
        assert_eq!(bench.send("mpnews", &draft)["errcode"], 40_007);
    }

    #[test]
    fn a_temporary_cover_makes_no_draft() {
        let mut bench = Bench::new();
        let cover = bench.upload("/cgi-bin/media/upload", "image", PNG);
        let cover = article(cover["media_id"].as_str().unwrap());

        assert_eq!(bench.news("/cgi-bin/draft/add", &cover)["errcode"], 40_007);
        assert!(bench.news("/cgi-bin/media/uploadnews", &cover)["media_id"].is_string());
    }

    #[test]
    fn temporary_media_are_forgotten_after_three_days() {
        let mut bench = Bench::new();
        let image = bench.upload("/cgi-bin/media/upload", "image", PNG);
        let image = image["media_id"].as_str().unwrap().to_owned();

        bench.now += TimeDelta::days(3);
        bench.log_in();

        assert_eq!(bench.send("image", &image)["errcode"], 40_007);
    }

    #[test]
    fn a_medium_is_sent_as_what_it_was_uploaded_as() {
        let mut bench = Bench::new();
        let video = bench.upload("/cgi-bin/media/upload", "video", b"\0\0\0\x18ftypmp42");
        let video = video["media_id"].as_str().unwrap().to_owned();
        assert_eq!(bench.send("mpvideo", &video)["errcode"], 48_013);
        assert_eq!(bench.send("image", &video)["errcode"], -1);

        let body = json!({"media_id": video, "title": "T", "description": "D"}).to_string();
        let path = "/cgi-bin/media/uploadvideo";
        bench.platform.inject(Fault::new(FaultKind::Errcode(46_007)).on_path("uploadvideo"));
        assert_eq!(bench.ask(path, &[], body.clone().into_bytes())["errcode"], 46_007);
        let fit = bench.ask(path, &[], body.into_bytes())["media_id"].as_str().unwrap().to_owned();

        assert_eq!(bench.send("mpvideo", &fit)["errcode"], 0);
    }

    #[test]
    fn a_file_is_checked_by_its_size_and_first_bytes() {
        let mut bench = Bench::new();
        let large = [PNG, &vec![0; 1 << 20]].concat();
        for (path, kind, file, errcode) in [
            ("uploadimg", "", PNG, None),
            ("uploadimg", "", b"GIF89a".as_slice(), Some(40_005)),
            ("uploadimg", "", large.as_slice(), Some(40_009)),
            ("upload", "image", large.as_slice(), None),
            ("upload", "voice", PNG, Some(40_005)),
            ("upload", "music", PNG, Some(40_004)),
        ] {
            let answer = bench.upload(&format!("/cgi-bin/media/{path}"), kind, file);

            assert_eq!(answer["errcode"].as_i64(), errcode, "{path} {kind}");
        }
    }

    #[test]
    fn an_article_too_long_or_empty_is_refused() {
        let mut bench = Bench::new();
        for (field, value, errcode) in [
            ("title", "", 40_227),
            ("title", &*"长".repeat(33), 45_003),
            ("title", &*"a".repeat(65), 45_003),
            ("author", &*"长".repeat(17), 45_110),
            ("digest", &*"长".repeat(129), 45_004),
            ("content", &*"长".repeat(20_000), 45_002),
            ("thumb_media_id", "bad", 40_007),
        ] {
            let mut article = article("any");
            article[field] = value.into();

            let answer = bench.news("/cgi-bin/draft/add", &article);

            assert_eq!(answer["errcode"], errcode, "{field}");
        }
    }

    #[test]
    fn a_title_of_a_draft_may_have_32_chinese_characters_or_64_letters() {
        let mut bench = Bench::new();
        for title in ["长".repeat(32), "a".repeat(64)] {
            let mut article = article("any");
            article["title"] = title.into();

            assert!(bench.news("/cgi-bin/draft/add", &article)["media_id"].is_string());
        }
    }

    #[test]
    fn the_eleventh_uploadnews_of_a_day_is_refused() {
        let mut bench = Bench::new();
        for _ in 0..10 {
            assert!(
                bench.news("/cgi-bin/media/uploadnews", &article("any"))["media_id"].is_string()
            );
        }

        let answer = bench.news("/cgi-bin/media/uploadnews", &article("any"));

        assert_eq!(answer["errcode"], 45_009);
    }
}
