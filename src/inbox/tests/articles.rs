//! Articles and local files: what is taken, and everything that is refused before it is uploaded.

use std::collections::BTreeMap;

use super::*;
use crate::inbox::media::samples;
use crate::model::{Action, Content, Material, UploadKind};

/// The files of a folder.
#[derive(Default)]
pub(super) struct Folder(pub(super) BTreeMap<&'static str, Vec<u8>>);

impl ListSource for Folder {
    fn list(&self, path: &str) -> Result<Cow<'_, [u8]>, String> {
        let found = self.0.get(path).map(|bytes| Cow::Borrowed(bytes.as_slice()));
        found.ok_or_else(|| format!("there is no `{path}` in the folder"))
    }

    fn names(&self) -> Option<Vec<Cow<'_, str>>> {
        Some(self.0.keys().map(|name| Cow::Borrowed(*name)).collect())
    }
}

pub(super) fn png(width: u32, height: u32) -> Vec<u8> {
    samples::png(width, height, 0)
}

pub(super) fn folder() -> Folder {
    let mut folder = Folder::default();
    folder.0.insert("cover.png", png(900, 383));
    folder.0.insert("a.png", png(3, 3));
    folder.0.insert("card.png", png(1080, 864));
    folder.0.insert("text/a.png", png(4, 4));
    folder.0.insert("film.mp4", samples::mp4(b"film"));
    folder.0.insert("a.mp3", samples::mp3(2));
    folder
}

pub(super) fn job(broadcast: &str) -> String {
    format!("jobs:\n- id: a\n  account: club\n  broadcast:\n    filter: {{tag_id: 2}}\n{broadcast}")
}

pub(super) fn article(lines: &str) -> String {
    job(&format!("    articles:\n    - title: 春\n      thumb: cover.png\n      {lines}\n"))
}

pub(super) fn material(text: &str, folder: &Folder) -> (Material, Vec<String>) {
    let mut jobs = parse_bytes("f.yaml", text.as_bytes(), folder).unwrap().jobs;
    let job = jobs.remove(0);
    let Action::Broadcast(broadcast) = job.spec.action else { panic!("a broadcast") };
    let Content::Prepared { material, .. } = broadcast.content else { panic!("prepared") };
    (material, job.notes)
}

pub(super) fn refused(text: &str, folder: &Folder) -> String {
    parse_bytes("f.yaml", text.as_bytes(), folder).unwrap_err()
}

#[test]
fn an_article_is_read_with_all_that_it_may_have() {
    let text = job(
        "    articles:\n    - title: 春\n      author: 小群\n      digest: 摘要\n      \
                    content: <p>好</p>\n      thumb: cover.png\n      content_source_url: www.qq.com\n      \
                    show_cover_pic: 0\n      need_open_comment: 1\n      only_fans_can_comment: 1\n",
    );

    let (material, notes) = material(&text, &folder());

    let article = &material.articles[0];
    assert_eq!((article.title.as_str(), article.author.as_deref()), ("春", Some("小群")));
    assert_eq!((article.digest.as_deref(), &*article.content), (Some("摘要"), "<p>好</p>"));
    assert_eq!(article.content_source_url.as_deref(), Some("www.qq.com"));
    assert_eq!((article.need_open_comment, article.only_fans_can_comment), (Some(1), Some(1)));
    assert_eq!(
        notes,
        ["uploads 1 cover, 1 article (58 bytes of files, 2 calls), from 10 min before its time"]
    );
}

#[test]
fn uploads_are_told_from_when_the_preview_needs_them() {
    for (preview, span) in [
        ("", "10 min"),
        ("{to: [anne], before: 30m}", "40 min"),
        ("{to: [anne], before: 2h}", "2 h 10 min"),
    ] {
        let preview = if preview.is_empty() { "" } else { &*format!("  preview: {preview}\n") };
        let text = format!("{}{preview}", article("content: <p>好</p>"));

        let (_, notes) = material(&text, &folder());

        assert!(notes[0].ends_with(&format!("from {span} before its time")), "{notes:?}");
    }
}

#[test]
fn pictures_are_named_from_where_the_text_lies() {
    let mut folder = folder();
    folder.0.insert("text/a.md", "![x](a.png) ![y](./a.png)".into());

    let (material, _) = material(&article("content_file: text/a.md"), &folder);

    let pictures: Vec<_> =
        material.assets.iter().filter(|asset| asset.kind == UploadKind::Picture).collect();
    assert_eq!(pictures.len(), 1);
    assert_eq!(pictures[0].media.file, "text/a.png");
    assert!(material.articles[0].content.contains(&pictures[0].media.sha256));
}

#[test]
fn a_picture_may_lie_above_the_text_and_never_above_the_folder() {
    let text = |picture: &str, cover: &str| {
        format!(
            "<img src=\"{picture}\"><mp-miniprogram data-miniprogram-appid=\"wx1\" \
             data-miniprogram-path=\"p\" data-miniprogram-title=\"x\" \
             data-miniprogram-imageurl=\"{cover}\"></mp-miniprogram>"
        )
    };
    let mut above = folder();
    above.0.insert("text/b.html", text("../a.png", "./../text/../card.png").into());
    let (material, _) = material(&article("content_file: text/b.html"), &above);
    let files: Vec<_> = material.assets.iter().map(|asset| &*asset.media.file).collect();
    assert_eq!(files, ["cover.png", "a.png", "card.png"]);

    for (picture, cover) in [
        ("../../a.png", "../card.png"),
        ("a.png", "../x/../../card.png"),
        ("/a.png", "../card.png"),
    ] {
        above.0.insert("text/b.html", text(picture, cover).into());
        let told = refused(&article("content_file: text/b.html"), &above);
        assert!(told.contains("is outside the job's folder"), "{told}");
    }
}

#[test]
fn a_picture_in_markdown_may_have_any_name() {
    for (name, text) in [
        ("花.png", "![花](花.png)"),
        ("text/花.png", "![花](text/花.png)"),
        ("a b.png", "![x](<a b.png>)"),
        ("a b.png", "![x](a%20b.png)"),
        ("100%.png", "![x](100%.png)"),
        ("花.png", "<img src=\"花.png\">"),
    ] {
        let mut folder = folder();
        folder.0.insert(name, png(5, 5));
        folder.0.insert("a.md", text.into());

        let (material, _) = material(&article("content_file: a.md"), &folder);

        let files: Vec<_> = material.assets.iter().map(|asset| &*asset.media.file).collect();
        assert_eq!(files, ["cover.png", name], "{text}");
    }
}

#[test]
fn a_picture_that_is_not_there_is_told_by_its_name_and_where_it_stands() {
    let mut folder = folder();
    folder.0.insert("a.md", "春\n\n花 ![x](花.png)\n".into());

    let told = refused(&article("content_file: a.md"), &folder);

    assert!(told.starts_with("a.md:3:8: there is no `花.png` in the folder"), "{told}");
}

#[test]
fn a_wrong_article_is_told_with_its_place_and_what_would_be_right() {
    let long = |what: &str, length| format!("content: x\n      {what}: {}", "长".repeat(length));
    for (lines, message) in [
        ("digest: x", "f.yaml:7:7: the article has no text"),
        ("content: \"\"", "f.yaml:9:16: `content` is empty"),
        ("content: x\n      content_file: a.md", "`content` and `content_file` cannot stand"),
        ("content_file: a.txt", "f.yaml:9:21: `a.txt` is neither HTML nor Markdown by its name"),
        ("content_file: b.md", "f.yaml:9:21: there is no `b.md` in the folder"),
        ("content_file: ../b.md", "f.yaml:9:21: `../b.md` is outside the job's folder"),
        ("content_file: /b.md", "f.yaml:9:21: `/b.md` is outside the job's folder"),
        ("content: <script>x</script>", "f.yaml:9:16: the tag `<script>` cannot stand"),
        ("content: <img src=b.png>", "f.yaml:9:16: there is no `b.png` in the folder"),
        ("content: <img src=../b.png>", "f.yaml:9:16: `../b.png` is outside the job's folder"),
        (
            "content: <img src=film.mp4>",
            "f.yaml:9:16: `film.mp4` is no jpg or png but mp4 by its content",
        ),
        ("content: <a href=https://x.cn>y</a>", "the account may not link to `https://x.cn`"),
        ("content: x\n      thumb_media_id: x", "`thumb_media_id` is not for job files"),
        ("content: x\n      content_source_url: 春", "`春` is no address"),
        ("content: x\n      show_cover_pic: yes", "`show_cover_pic` must be 0 or 1"),
        (&long("author", 17), "f.yaml:10:15: `author` has 17 characters"),
        (&long("digest", 129), "f.yaml:10:15: `digest` has 129 characters"),
        (&format!("content: {}", "长".repeat(20_000)), "the article's HTML has 20000 characters"),
    ] {
        let told = refused(&article(lines), &folder());
        assert!(told.contains(message), "{lines}:\n{told}");
    }
}

#[test]
fn a_title_may_have_32_characters_and_64_by_uploadnews() {
    let text = |length| {
        let title = "长".repeat(length);
        job(&format!("    articles: [{{title: {title}, thumb: cover.png, content: x}}]\n"))
    };
    let via = |via, length| {
        let account = Account { articles_via: via, ..accounts()[0].clone() };
        parse("f.yaml", text(length).as_bytes(), &folder(), &[&account]).is_ok()
    };

    assert!(via(ArticlesVia::Draft, 32) && !via(ArticlesVia::Draft, 33));
    assert!(via(ArticlesVia::Uploadnews, 64) && !via(ArticlesVia::Uploadnews, 65));
}

#[test]
fn a_title_of_letters_may_be_longer_and_its_author_is_told() {
    let text = |title: &str| {
        job(&format!("    articles: [{{title: {title}, thumb: cover.png, content: x}}]\n"))
    };
    let notes = |title: &str| material(&text(title), &folder()).1;
    let told = |notes: &[String]| notes.iter().any(|n| n.contains("the documents allow 32"));

    assert!(!told(&notes(&"a".repeat(32))) && !told(&notes(&"长".repeat(32))));
    assert!(told(&notes(&"a".repeat(33))) && told(&notes(&"a".repeat(64))));
    assert!(refused(&text(&"a".repeat(65)), &folder()).contains("`title` has 65 characters"));
    let mixed = format!("{}{}", "长".repeat(30), "a".repeat(5));
    assert!(refused(&text(&mixed), &folder()).contains("`title` has 35 characters"));
}

#[test]
fn links_need_wechat_pay() {
    let account = Account { payment: true, ..accounts()[0].clone() };
    let text = article("content: <a href=https://x.cn>y</a>");

    assert!(parse("f.yaml", text.as_bytes(), &folder(), &[&account]).is_ok());
}

#[test]
fn a_problem_in_a_texts_own_file_is_told_where_it_stands_there() {
    let mut folder = folder();
    folder.0.insert("a.html", "<p>春</p>\n<p>花 <img src=\"b.png\"></p>".into());
    folder.0.insert("a.md", "春\n\n花 ![x](b.png)\n".into());

    let html = refused(&article("content_file: a.html"), &folder);
    let markdown = refused(&article("content_file: a.md"), &folder);

    assert!(html.starts_with("a.html:2:11: there is no `b.png` in the folder"), "{html}");
    assert!(markdown.starts_with("a.md:3:8: there is no `b.png` in the folder"), "{markdown}");
}

#[test]
fn the_cover_of_a_card_has_its_one_size() {
    let card = |cover: &str| {
        article(&format!(
            "content: <mp-miniprogram data-miniprogram-appid=\"wx1\" data-miniprogram-path=\"p\" \
             data-miniprogram-title=\"x\" data-miniprogram-imageurl=\"{cover}\"></mp-miniprogram>"
        ))
    };

    let (material, _) = material(&card("card.png"), &folder());
    assert_eq!(material.assets.len(), 2);
    let told = refused(&card("a.png"), &folder());
    assert!(told.contains("`a.png` has 3 x 3 pixels"), "{told}");
}

#[test]
fn a_broadcast_has_one_to_eight_articles() {
    let one = "{title: t, thumb: cover.png, content: x}";
    for (count, fits) in [(0, false), (1, true), (8, true), (9, false)] {
        let articles = vec![one; count].join(", ");
        let text = job(&format!("    articles: [{articles}]\n"));

        assert_eq!(parse_bytes("f.yaml", text.as_bytes(), &folder()).is_ok(), fits, "{count}");
    }
}

#[test]
fn local_media_are_checked_by_content_and_size() {
    let mut folder = folder();
    folder.0.insert("large.mp3", [b"ID3".to_vec(), vec![0; 2 << 20]].concat());
    folder.0.insert("long.mp3", samples::mp3(75));
    folder.0.insert("empty.png", Vec::new());
    folder.0.insert("cut.png", png(3, 3)[..40].to_vec());
    folder.0.insert("none.png", png(0, 0));
    folder.0.insert("phone.mp4", samples::part(b"ftyp", b"qt  \0\0\0\0qt  "));
    folder.0.insert("photo.mp4", samples::part(b"ftyp", b"heic\0\0\0\0mif1heic"));
    folder.0.insert("memo.mp3", samples::part(b"ftyp", b"M4A \0\0\0\0M4A mp42"));
    folder.0.insert("cut.mp4", samples::mp4(b"film")[..90].to_vec());
    for (broadcast, message) in [
        ("image: {file: a.mp3}", "`a.mp3` is no picture but mp3 by its content"),
        ("voice: {file: a.png}", "`a.png` is no recording but png by its content"),
        ("voice: {file: large.mp3}", "`large.mp3` has 2.0 MiB"),
        ("voice: {file: long.mp3}", "`long.mp3` lasts 75 s\n"),
        ("voice: {file: long.mp3}", "help: a recording may last 60 s: cut it shorter"),
        ("voice: {file: memo.mp3}", "`memo.mp3` is a recording (.m4a) by its content"),
        ("image: {file: empty.png}", "`empty.png` is empty"),
        ("image: {file: cut.png}", "`cut.png` is cut: its end is missing"),
        ("image: {file: none.png}", "`none.png` has no pixels"),
        ("image: {file: photo.mp4}", "`photo.mp4` is a HEIC picture by its content"),
        (
            "image: {file: photo.mp4}",
            "help: save it as jpg or png; a picture may be jpg or png or gif",
        ),
        ("mpvideo: {file: phone.mp4, title: x}", "`phone.mp4` is a QuickTime film (.mov) by its"),
        ("mpvideo: {file: cut.mp4, title: x}", "`cut.mp4` is cut: its end is missing"),
        ("mpvideo: {file: film.mp4}", "`title` is missing"),
        ("mpvideo: {file: a.png, title: x}", "`a.png` is no mp4 video but png by its content"),
        ("images: {files: []}", "`files` must be a list of files"),
        ("images: {files: [a.png], media_ids: [x]}", "cannot stand together"),
        ("image: {file: a.png, media_id: x}", "cannot stand together"),
        ("mpnews: {file: a.png}", "`mpnews` is not made from a file"),
    ] {
        let told = refused(&job(&format!("    {broadcast}\n")), &folder);
        assert!(told.contains(message), "{broadcast}:\n{told}");
    }
    for broadcast in [
        "image: {file: a.png}",
        "images: {files: [a.png, cover.png], title: x}",
        "voice: {file: a.mp3}",
        "mpvideo: {file: film.mp4, title: x, description: y}",
    ] {
        let (material, _) = material(&job(&format!("    {broadcast}\n")), &folder);
        assert!(!material.assets.is_empty(), "{broadcast}");
    }
}

#[test]
fn uploads_begin_early_enough_for_all_their_calls() {
    let prepare = |line: &str| {
        let text = article("content: <img src=a.png>");
        let text = text.replace("  account: club\n", &format!("  account: club\n  {line}\n"));
        material(&text, &folder()).0.prepare_s
    };

    assert_eq!(prepare("prepare: 10m"), 600);
    assert_eq!(prepare("prepare: 1h"), 3_600);
    assert_eq!(prepare("prepare: 5s"), 75, "a minute, and 5 s for each of three calls");
}

#[test]
fn only_what_is_uploaded_can_be_prepared() {
    let text =
        "jobs: [{id: a, account: club, prepare: 1h, broadcast: {filter: {tag_id: 2}, text: x}}]";

    let told = refused(text, &folder());

    assert!(told.contains("there is nothing to prepare"), "{told}");
    let late = article("content: x").replace("  account", "  prepare: 3d\n  account");
    assert!(refused(&late, &folder()).contains("`prepare` must be at most 2d"));
}

#[test]
fn another_file_is_another_job() {
    let text = article("content: x");
    let digest = |folder: &Folder| {
        parse_bytes("f.yaml", text.as_bytes(), folder).unwrap().jobs[0].spec.digest()
    };
    let mut other = folder();
    other.0.insert("cover.png", png(900, 384));

    assert_eq!(digest(&folder()), digest(&folder()));
    assert_ne!(digest(&folder()), digest(&other));
}

#[test]
fn an_article_looks_as_its_theme_says() {
    let mut folder = folder();
    folder.0.insert("a.md", "春".into());
    folder.0.insert("b.css", "p { color: red } a:hover { color: blue }".into());
    for (lines, expected) in [
        ("theme: b.css\n      content_file: a.md", "<p style=\"color:red\">春</p>"),
        ("theme: none\n      content_file: a.md", "<p>春</p>"),
        ("theme: b.css\n      content: <p>春</p>", "<p style=\"color:red\">春</p>"),
        ("content: <p>春</p>", "<p>春</p>"),
    ] {
        let (material, _) = material(&article(lines), &folder);
        assert_eq!(material.articles[0].content, expected, "{lines}");
    }
    for lines in ["content_file: a.md", "theme: [default, b.css]\n      content: <p>春</p>"] {
        let (material, _) = material(&article(lines), &folder);
        assert!(material.articles[0].content.starts_with("<section style="), "{lines}");
    }
    let (_, notes) = material(&article("theme: b.css\n      content: x"), &folder);
    assert!(notes[0].starts_with("b.css:1: `a:hover` is no selector"), "{notes:?}");
}

#[test]
fn a_theme_that_cannot_be_read_is_told_where_it_is_wrong() {
    let mut folder = folder();
    folder.0.insert("b.css", "p { color: red }\nh1 { color red }".into());
    for (theme, message) in [
        ("b.css", "b.css:2:6: `color red` is no declaration"),
        ("c.css", "f.yaml:9:14: there is no `c.css` in the folder"),
        ("../c.css", "f.yaml:9:14: `../c.css` is outside the job's folder"),
        ("dark", "f.yaml:9:14: there is no theme `dark`"),
        ("[none]", "there is no theme `none`"),
        ("{a: b}", "f.yaml:9:14: a theme is named by its file"),
    ] {
        let told = refused(&article(&format!("theme: {theme}\n      content: x")), &folder);
        assert!(told.contains(message), "{theme}:\n{told}");
    }
}
