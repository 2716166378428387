//! Files and articles in the world of the simulation, and what the referee demands of uploads.

use chrono::{DateTime, TimeDelta, Utc};
use qunfa::engine::Outgoing;
use qunfa::model::{
    Account, Article, Caption, Content, Format, Material, Media, NEWS, UploadKind, placeholder,
};
use qunfa::wechat::protocol::{Form, Request};
use rusqlite::{OptionalExtension as _, params};

use crate::disk::Disk;

/// The first bytes of each format.
fn head(format: Format) -> &'static [u8] {
    match format {
        Format::Jpg => b"\xff\xd8\xff\xe0",
        Format::Png => b"\x89PNG\r\n\x1a\n",
        Format::Gif => b"GIF89a",
        Format::Mp3 => b"ID3",
        Format::Amr => b"#!AMR",
        Format::Mp4 => b"\0\0\0\x18ftypmp42",
    }
}

/// A file with a digest of its own; its content follows from the digest.
pub(crate) fn media(name: &str, format: Format) -> Media {
    let sha256 = qunfa::model::key(&[name]);
    let bytes = u64::try_from(content(&sha256, format).len()).unwrap();
    Media { file: format!("{name}.{}", format.ending()), sha256, bytes, format }
}

fn content(sha256: &str, format: Format) -> Vec<u8> {
    [head(format), sha256.as_bytes()].concat()
}

/// One article with a cover, and with a picture in its text.
pub(crate) fn article(name: &str) -> Content {
    articles_of(name, 1)
}

/// So many articles, all alike.
pub(crate) fn articles_of(name: &str, many: usize) -> Content {
    let mut material = Material { prepare_s: 600, ..Material::default() };
    let picture = material.add(UploadKind::Picture, media(name, Format::Png));
    let thumb = material.add(UploadKind::Cover, media("cover", Format::Jpg));
    let article = Article {
        title: "春天".to_owned(),
        author: None,
        digest: None,
        content: format!("<p>{name}<img src=\"{picture}\"></p>"),
        content_source_url: None,
        thumb,
        show_cover_pic: None,
        need_open_comment: None,
        only_fans_can_comment: None,
    };
    material.articles = vec![article; many];
    let content = Box::new(Content::Mpnews { media_id: NEWS.to_owned() });
    Content::Prepared { content, material }
}

/// A local video.
pub(crate) fn video(name: &str) -> Content {
    let mut material = Material { prepare_s: 600, ..Material::default() };
    material.add(UploadKind::Video, media(name, Format::Mp4));
    let title = name.to_owned();
    material.caption = Some(Caption { title, description: String::new() });
    let media_id = placeholder(UploadKind::Mpvideo, &material.video_key().unwrap());
    let content = Box::new(Content::Mpvideo { media_id, title: None, description: None });
    Content::Prepared { content, material }
}

/// A local picture.
pub(crate) fn image(name: &str) -> Content {
    let mut material = Material { prepare_s: 600, ..Material::default() };
    let media_id = material.add(UploadKind::Image, media(name, Format::Png));
    Content::Prepared { content: Box::new(Content::Image { media_id }), material }
}

/// A request's body as the platform sees it.
pub(crate) fn body(request: &Request) -> Vec<u8> {
    let Some(form) = &request.form else {
        return request.body.clone().unwrap_or_default().into_bytes();
    };
    let head = format!(
        "--world\r\nContent-Disposition: form-data; name=\"media\"; filename=\"{}\"\r\n\
         Content-Type: {}\r\n\r\n",
        form.name,
        form.format.mime()
    );
    [head.as_bytes(), &content(&form.sha256, form.format), b"\r\n--world--\r\n"].concat()
}

/// An upload leaves the daemon: it was written down, and the platform does not have it yet.
pub(crate) fn asked(
    (account, attempt): (&Account, i64),
    outgoing: &Outgoing,
    now: DateTime<Utc>,
    disk: &Disk,
) -> Result<String, String> {
    let open: Option<(String, String)> = disk
        .witness
        .prepare_cached(
            "SELECT kind, sha256 FROM upload_attempt
             WHERE id = ?1 AND account = ?2 AND ended_at IS NULL",
        )
        .unwrap()
        .query_row(params![attempt, account.name], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
        .unwrap();
    let Some((kind, sha256)) = open else {
        return Err(format!("20: upload {attempt} was not written down before it left"));
    };
    if let Some(Form { sha256: file, .. }) = &outgoing.request.form
        && *file != sha256
    {
        return Err(format!("20: {kind} {sha256} uploads another file"));
    }
    // What dies before the last request of its job may be made is uploaded anew.
    let alive = now + TimeDelta::hours(24);
    let known: bool = disk
        .witness
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM upload WHERE account = ?1 AND kind = ?2 AND sha256 = ?3
             AND (expires_at IS NULL OR expires_at > ?4))",
        )
        .unwrap()
        .query_row(params![account.name, kind, sha256, alive.timestamp_millis()], |row| row.get(0))
        .unwrap();
    if known {
        return Err(format!("20: {kind} {sha256} is uploaded twice though it is there"));
    }
    Ok(format!("upload of {kind} {}", &sha256[..8]))
}

/// A broadcast or a preview leaves the daemon: nothing in it waits for an upload any more.
pub(crate) fn check_body(body: &str) -> Result<(), String> {
    if body.contains("\"qunfa:") {
        return Err(
            "21: a broadcast or a preview is asked for before its uploads are done".to_owned()
        );
    }
    Ok(())
}
