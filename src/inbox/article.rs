//! `articles:` and local media of a broadcast: read, checked, and listed for upload.
//!
//! Everything that the platform would refuse days later, ten minutes before the job's time, is
//! checked here. Pictures are named relative to the file that names them; every path stays inside
//! the job's folder.

use chrono::TimeDelta;

use super::ListSource;
use super::front_matter::{self, Field, Given};
use super::html::{self, Cleaned, PictureUse, Remark, RemarkKind, Rules};
use super::line;
use super::markdown;
use super::media::{self, FieldError};
use super::picture;
use super::reader::{ArticleRemark, Reader};
use super::theme::Theme;
use crate::calendar;
use crate::l10n::{Sentence, t};
use crate::model::{
    Account, Article, ArticlesVia, Caption, Content, Images, Material, NEWS, UploadKind,
    placeholder,
};
use crate::yaml::diagnostic::{Location, Report, quote};
use crate::yaml::{self, Entry, Fields, Node, Shape, Value};

/// How many articles one broadcast may have.
const ARTICLES_MOST: usize = 8;
/// An article's HTML must stay below this many characters and bytes.
const CONTENT_CHARS: usize = 20_000;
const CONTENT_BYTES: usize = 1 << 20;
/// The beginning of a picture's placeholder.
const PICTURE: &str = "qunfa:picture:";
/// How much longer the picture's address may be: 200 characters.
const ADDRESS_GROWS: usize = 120;
/// The longest style sheet.
const THEME_BYTES: usize = 256 << 10;

pub(super) const ARTICLE: Shape = Shape {
    what: || t!("inbox-article"),
    known: &[
        "title",
        "author",
        "digest",
        "content",
        "content_file",
        "theme",
        "thumb",
        "content_source_url",
        "show_cover_pic",
        "need_open_comment",
        "only_fans_can_comment",
    ],
    refused: &[(
        "thumb_media_id",
        || t!("inbox-thumb-media-id-not-job"),
        || t!("inbox-write-thumb-cover-png-cover"),
    )],
};

/// The material of one broadcast, while it is read.
pub(super) struct Builder<'b> {
    pub(super) account: Option<&'b Account>,
    pub(super) material: Material,
    /// The style of the article that is being read.
    theme: ThemeWish,
}

/// The style of an article.
#[derive(Debug)]
enum ThemeWish {
    /// The author gave none: Markdown gets the default theme, HTML none.
    Usual,
    /// The author gave this theme, or asked for none.
    Said(Option<Theme>),
}

impl Builder<'_> {
    fn via(&self) -> ArticlesVia {
        self.account.map_or(ArticlesVia::Draft, |account| account.articles_via)
    }

    /// Returns the maximum length of a digest.
    fn digest_most(&self) -> usize {
        match self.via() {
            ArticlesVia::Draft => 128,
            ArticlesVia::Uploadnews => 120,
        }
    }
}

impl Reader<'_, '_> {
    /// Returns the articles of a broadcast as content to be prepared.
    pub(super) fn articles(
        &mut self,
        entry: &Entry<'_>,
        account: Option<&Account>,
        notes: &mut Vec<String>,
    ) -> Option<Content> {
        let help = || t!("inbox-write-articles-below-title");
        let Value::List(items) = &entry.node.value else {
            self.report.say_with(entry.node.location, t!("inbox-articles-must-list"), help());
            return None;
        };
        if !(1..=ARTICLES_MOST).contains(&items.len()) {
            let message = t!("inbox-broadcast-1-8-articles-not", items = %items.len());
            self.report.say_with(entry.key_location, message, help());
        }
        let material = Material::default();
        let mut builder = Builder { account, material, theme: ThemeWish::Usual };
        let before = self.report.count();
        for node in items {
            if let Some(article) = self.article(node, &mut builder, notes) {
                builder.material.articles.push(article);
            }
        }
        let content = Content::Mpnews { media_id: NEWS.to_owned() };
        (self.report.count() == before && !items.is_empty())
            .then(|| prepared(content, builder.material))
    }

    fn article(
        &mut self,
        node: &Node<'_>,
        builder: &mut Builder<'_>,
        notes: &mut Vec<String>,
    ) -> Option<Article> {
        let fields = node.fields(node.location, &ARTICLE, self.report)?;
        let digest_most = builder.digest_most();
        let title = fields.get("title").map(|entry| self.title_line(entry, builder, notes));
        let author =
            fields.get("author").map(|entry| line::line(entry, line::AUTHOR_MOST, self.report));
        let digest = fields.get("digest").map(|entry| line::line(entry, digest_most, self.report));
        let thumb = fields
            .get("thumb")
            .map(|entry| self.asset(entry, UploadKind::Cover, &mut builder.material));
        let source =
            fields.get("content_source_url").map(|entry| line::source_url(entry, self.report));
        let theme = fields.get("theme").map(|entry| self.theme(entry, notes));
        builder.theme = theme.unwrap_or(ThemeWish::Usual);
        let (content, given) = self.article_text(&fields, builder, notes);
        let title = title.or_else(|| given.get(Field::Title));
        let thumb = thumb.or_else(|| given.get(Field::Thumb));
        for (key, found, help) in [
            ("title", &title, t!("inbox-write-title-here-front-matter")),
            ("thumb", &thumb, t!("inbox-write-thumb-cover-png-cover-2")),
        ] {
            if found.is_none() && !given.is_unread() {
                self.report.say_with(node.location, t!("yaml-missing", key = %key), help);
            }
        }
        let show_cover_pic = self.flag(&fields, "show_cover_pic");
        if show_cover_pic == Some(1) && builder.via() == ArticlesVia::Draft {
            notes.push(t!("inbox-show-cover-pic-draft-no"));
        }
        let given = |field| given.get(field).flatten();
        Some(Article {
            title: title??,
            author: author.unwrap_or_else(|| given(Field::Author)),
            digest: digest.unwrap_or_else(|| given(Field::Digest)),
            content: content?,
            content_source_url: source.unwrap_or_else(|| given(Field::SourceUrl)),
            thumb: thumb??,
            show_cover_pic,
            need_open_comment: self.flag(&fields, "need_open_comment"),
            only_fans_can_comment: self.flag(&fields, "only_fans_can_comment"),
        })
    }

    fn title_line(
        &mut self,
        entry: &Entry<'_>,
        builder: &Builder<'_>,
        notes: &mut Vec<String>,
    ) -> Option<String> {
        let (title, note) = line::title(entry, builder.via(), self.report)?;
        notes.extend(note);
        Some(title)
    }

    /// Returns the placeholder of a file that the value names.
    pub(super) fn asset(
        &mut self,
        entry: &Entry<'_>,
        kind: UploadKind,
        material: &mut Material,
    ) -> Option<String> {
        let path = entry.text(self.report)?;
        if self.awaits(path) {
            return None;
        }
        match media::media(self.lists, path, kind) {
            Ok(media) => Some(material.add(kind, media)),
            Err((message, help)) => {
                self.report.say_with(entry.node.location, message, help);
                None
            }
        }
    }

    /// Returns the article's text, and the fields that its file gives.
    fn article_text(
        &mut self,
        fields: &Fields<'_, '_>,
        builder: &mut Builder<'_>,
        notes: &mut Vec<String>,
    ) -> (Option<String>, Given) {
        let help = || t!("inbox-write-content-p-p-content");
        let mut given = Given::default();
        let (entry, found) = match (fields.get("content"), fields.get("content_file")) {
            (Some(_), Some(second)) => {
                let message = t!("inbox-content-content-file-cannot-stand");
                self.report.say_with(second.key_location, message, t!("yaml-keep-one-two"));
                return (None, given);
            }
            (None, None) => {
                self.report.say_with(fields.location, t!("inbox-article-no-text"), help());
                return (None, given);
            }
            (Some(entry), None) => (entry, self.inline_content(entry, builder, notes)),
            (None, Some(entry)) => {
                given = Given::unread();
                let found = self.content_file((entry, fields), builder, notes);
                (
                    entry,
                    found.map(|(cleaned, found)| {
                        given = found;
                        cleaned
                    }),
                )
            }
        };
        let Some(cleaned) = found else { return (None, given) };
        let is_whole = cleaned.problems.is_empty() && self.fits(entry, &cleaned);
        (is_whole.then_some(cleaned.html), given)
    }

    /// Reads an article's text from the job file itself.
    fn inline_content(
        &mut self,
        entry: &Entry<'_>,
        builder: &mut Builder<'_>,
        notes: &mut Vec<String>,
    ) -> Option<Cleaned> {
        let text = entry.text(self.report)?.to_owned();
        let mut cleaned = clean((&text, false), "", self.lists, builder);
        for problem in &cleaned.problems {
            self.report.say_with(entry.node.location, &problem.message, &problem.help);
        }
        for remark in &mut cleaned.remarks {
            remark.location = entry.node.location;
            let note = format!("{}: {}", entry.key, told_of(remark));
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
        let article = builder.material.articles.len();
        self.remarks.extend(cleaned.remarks.iter().map(|r| remarked(article, r, self.report)));
        Some(cleaned)
    }

    /// Returns the style of an article: names of style sheets, of which the later ones take
    /// precedence.
    fn theme(&mut self, entry: &Entry<'_>, notes: &mut Vec<String>) -> ThemeWish {
        let help = || t!("inbox-write-theme-default-none-css");
        let one = std::slice::from_ref(&entry.node);
        let (names, is_list) = match &entry.node.value {
            Value::List(items) => (&items[..], true),
            Value::Empty | Value::Text { .. } | Value::Map(_) => (one, false),
        };
        let mut theme = Theme::default();
        for node in names {
            let Value::Text { text, .. } = &node.value else {
                self.report.say_with(node.location, t!("inbox-theme-named-file"), help());
                continue;
            };
            match text.trim() {
                "none" if !is_list => return ThemeWish::Said(None),
                "default" => theme = theme.and(Theme::usual()),
                path if path.to_ascii_lowercase().ends_with(".css") => {
                    theme = theme.and(self.theme_file(path, node.location, notes));
                }
                other => {
                    let message = t!("inbox-no-theme", other = %quote(other));
                    self.report.say_with(node.location, message, help());
                }
            }
        }
        ThemeWish::Said(Some(theme))
    }

    fn theme_file(&mut self, path: &str, location: Location, notes: &mut Vec<String>) -> Theme {
        if self.awaits(path) {
            return Theme::default();
        }
        let bytes = match media::read(self.lists, path) {
            Ok(bytes) => bytes,
            Err((message, help)) => {
                self.report.say_with(location, message, help);
                return Theme::default();
            }
        };
        let name = self.report.beside(path);
        let css = match yaml::decode(&bytes) {
            Ok(css) if css.len() <= THEME_BYTES => css,
            Ok(_) => {
                let message = t!("inbox-longer-than-256-kib", path = %quote(path));
                self.report.say_with(location, message, t!("inbox-leave-out-what-articles-do"));
                return Theme::default();
            }
            Err((text, location, message)) => {
                let mut report = Report::new(&name, &text);
                report.say_with(location, message, t!("inbox-save-utf-8"));
                self.report.include(report);
                return Theme::default();
            }
        };
        let mut report = Report::new(&name, css);
        let (theme, left) = Theme::read(css);
        let mut told = Vec::new();
        for left in left {
            if left.is_wrong {
                let help = t!("inbox-rule-p-color-red-margin");
                report.say_with(left.location, left.message, help);
            } else {
                told.push((left.location, left.message));
            }
        }
        notes.extend(markdown::notes(path, told, &report));
        self.report.include(report);
        theme
    }

    fn fits(&mut self, entry: &Entry<'_>, cleaned: &Cleaned) -> bool {
        let Cleaned { html, theme_chars, .. } = cleaned;
        // A picture's address at the platform is longer than its placeholder here.
        let grows = html.matches(PICTURE).count() * ADDRESS_GROWS;
        let (chars, bytes) = (html.chars().count() + grows, html.len() + grows);
        let is_long = chars >= CONTENT_CHARS || bytes >= CONTENT_BYTES;
        let (message, help) = if !cleaned.is_visible {
            let message = t!("inbox-article-text-empty-readers-would");
            (message, t!("inbox-write-text-show-picture"))
        } else if html.contains("qunfa:news") {
            let message = t!("inbox-article-text-holds-qunfa-news");
            (message, t!("yaml-take-out"))
        } else if !is_long {
            return true;
        } else if *theme_chars > 0 {
            let own = chars - theme_chars;
            let message = t!("inbox-article-html-characters-bytes-text", chars = %chars, bytes = %bytes, own = %own, theme_chars = %theme_chars);
            let help = t!("inbox-must-fewer-than-20-000");
            (message, help)
        } else {
            let message = t!("inbox-article-html-characters-bytes", chars = %chars, bytes = %bytes);
            (message, t!("inbox-must-fewer-than-20-000-2"))
        };
        self.report.say_with(entry.node.location, message, help);
        false
    }

    /// Reads an article's text from a file; problems are reported at their locations in that file.
    fn content_file(
        &mut self,
        (entry, fields): (&Entry<'_>, &Fields<'_, '_>),
        builder: &mut Builder<'_>,
        notes: &mut Vec<String>,
    ) -> Option<(Cleaned, Given)> {
        let path = entry.text(self.report)?.to_owned();
        let ending = path.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
        let is_markdown = match ending.as_str() {
            "md" | "markdown" => true,
            "html" | "htm" => false,
            _ => {
                let message = t!("inbox-neither-html-nor-markdown-name", path = %quote(&path));
                let help = t!("inbox-name-html-md");
                self.report.say_with(entry.node.location, message, help);
                return None;
            }
        };
        if self.awaits(&path) {
            return None;
        }
        let bytes = match media::read(self.lists, &path) {
            Ok(bytes) => bytes,
            Err((message, help)) => {
                self.report.say_with(entry.node.location, message, help);
                return None;
            }
        };
        let name = self.report.beside(&path);
        let source = match yaml::decode(&bytes) {
            Ok(text) => text,
            Err((text, location, message)) => {
                let mut report = Report::new(&name, &text);
                report.say_with(location, message, t!("inbox-save-utf-8"));
                self.report.include(report);
                return None;
            }
        };
        let mut report = Report::new(&name, source);
        if yaml::check_characters(source, &mut report).is_err() {
            self.report.include(report);
            return None;
        }
        let folder = path.rfind('/').map_or("", |end| &path[..=end]);
        let file = TextFile { path: &path, folder, source };
        let read = if is_markdown {
            self.markdown(&file, &mut report, (fields, builder, notes))
        } else {
            let cleaned = clean((source, false), folder, self.lists, builder);
            for problem in &cleaned.problems {
                report.say_with(problem.location, &problem.message, &problem.help);
            }
            let told = cleaned.remarks.iter().map(|remark| (remark.location, told_of(remark)));
            notes.extend(markdown::notes(&path, told.collect(), &report));
            self.keep_remarks(&cleaned, builder, &report);
            Some((cleaned, Given::default()))
        };
        self.report.include(report);
        read
    }

    /// Reads a Markdown file: its front matter, and its text as HTML.
    fn markdown(
        &mut self,
        file: &TextFile<'_>,
        report: &mut Report<'_>,
        (fields, builder, notes): (&Fields<'_, '_>, &mut Builder<'_>, &mut Vec<String>),
    ) -> Option<(Cleaned, Given)> {
        let TextFile { path, folder, source } = *file;
        if source.len() >= CONTENT_BYTES {
            let message = t!("inbox-article-text-has", size = media::size(source.len() as u64));
            report.say_with(Location::default(), message, t!("inbox-must-less-than-1-mib"));
            return None;
        }
        let front = front_matter::read(source, report).ok()?;
        let mut told = front.check(report);
        let mut given = Given::default();
        for field in Field::ALL.into_iter().filter(|field| fields.get(field.key()).is_none()) {
            if let Some(entry) = front.get(field) {
                let value = self.given((field, entry), folder, builder, (report, &mut told));
                given.set(field, value);
            }
        }
        let before = report.count();
        let rendered = markdown::render(source, front.end);
        let mut cleaned = clean((&rendered.html, true), folder, self.lists, builder);
        for problem in &mut cleaned.problems {
            problem.location = rendered.location(source, problem.location.start, &problem.sought);
            report.say_with(problem.location, &problem.message, &problem.help);
        }
        for wrong in &rendered.problems {
            report.say_with(wrong.location, &wrong.message, &wrong.help);
        }
        for remark in &mut cleaned.remarks {
            remark.location = rendered.location(source, remark.location.start, &remark.sought);
        }
        told.extend(rendered.told);
        told.extend(cleaned.remarks.iter().map(|remark| (remark.location, told_of(remark))));
        notes.extend(markdown::notes(path, told, report));
        self.keep_remarks(&cleaned, builder, report);
        (report.count() == before).then_some((cleaned, given))
    }

    fn keep_remarks(&mut self, cleaned: &Cleaned, builder: &Builder<'_>, report: &Report<'_>) {
        let article = builder.material.articles.len();
        self.remarks.extend(cleaned.remarks.iter().map(|r| remarked(article, r, report)));
    }

    /// Returns a field of an article that the file of its text gives.
    fn given(
        &mut self,
        (field, entry): (Field, &Entry<'_>),
        folder: &str,
        builder: &mut Builder<'_>,
        (report, told): (&mut Report<'_>, &mut Vec<(Location, String)>),
    ) -> Option<String> {
        match field {
            Field::Title => {
                let (title, note) = line::title(entry, builder.via(), report)?;
                told.extend(note.map(|note| (entry.node.location, note)));
                Some(title)
            }
            Field::Author => line::line(&front_matter::joined(entry), line::AUTHOR_MOST, report),
            Field::Digest => line::line(entry, builder.digest_most(), report),
            Field::SourceUrl => line::source_url(entry, report),
            Field::Thumb => {
                let name = entry.text(report)?;
                if html::host(name).is_some() {
                    let message = t!("inbox-cover-no-file-folder", name = %quote(name));
                    let help = t!("inbox-put-picture-into-job-folder");
                    report.say_with(entry.node.location, message, help);
                    return None;
                }
                let path = picture::find(self.lists, folder, name);
                match media::media(self.lists, &path, UploadKind::Cover) {
                    Ok(media) => Some(builder.material.add(UploadKind::Cover, media)),
                    Err((message, help)) => {
                        report.say_with(entry.node.location, message, help);
                        None
                    }
                }
            }
        }
    }
}

/// A text in a file of its own.
struct TextFile<'t> {
    path: &'t str,
    /// Its folder, empty or with a `/` at its end.
    folder: &'t str,
    source: &'t str,
}

/// Returns a remark as a sentence.
fn told_of(remark: &Remark) -> String {
    match remark.kind {
        RemarkKind::Dropped => t!("inbox-taken-out", what = %remark.what),
        RemarkKind::Warned => remark.what.clone(),
    }
}

fn remarked(article: usize, remark: &Remark, report: &Report<'_>) -> ArticleRemark {
    let found = report.diagnostic(remark.location, &remark.what, None);
    ArticleRemark {
        article,
        file: found.file,
        line: found.line,
        column: found.column,
        what: found.message,
        is_dropped: remark.kind == RemarkKind::Dropped,
        at: remark.at,
    }
}

/// Reads an article's HTML from a folder, and adds its local pictures to the uploads.
fn clean(
    (html, is_markdown): (&str, bool),
    folder: &str,
    lists: &dyn ListSource,
    builder: &mut Builder<'_>,
) -> Cleaned {
    let links = builder.account.is_none_or(|account| account.payment);
    let usual = Theme::usual();
    let theme = match &builder.theme {
        ThemeWish::Usual => is_markdown.then_some(&usual),
        ThemeWish::Said(theme) => theme.as_ref(),
    };
    let material = &mut builder.material;
    let mut pictures = |source: &str, purpose: PictureUse| -> Result<String, FieldError> {
        let path = picture::find(lists, folder, source);
        let media = media::media(lists, &path, UploadKind::Picture)?;
        if purpose == PictureUse::Card {
            media::check_card(lists, &path)?;
        }
        Ok(material.add(UploadKind::Picture, media))
    };
    html::clean(html, Rules { links, theme, is_rendered: is_markdown }, &mut pictures)
}

fn prepared(content: Content, material: Material) -> Content {
    Content::Prepared { content: Box::new(content), material }
}

pub(super) const FILE: Shape =
    Shape { what: || t!("inbox-content"), known: &["file"], refused: &[BOTH] };
const BOTH: (&str, Sentence, Sentence) =
    ("media_id", || t!("inbox-file-media-id-cannot-stand"), || t!("yaml-keep-one-two"));
pub(super) const VIDEO_FILE: Shape = Shape {
    what: || "`mpvideo`".to_owned(),
    known: &["file", "title", "description"],
    refused: &[BOTH],
};
pub(super) const IMAGE_FILES: Shape = Shape {
    what: || "`images`".to_owned(),
    known: &["files", "recommend", "title", "need_open_comment", "only_fans_can_comment"],
    refused: &[(
        "media_ids",
        || t!("inbox-files-media-ids-cannot-stand"),
        || t!("yaml-keep-one-two"),
    )],
};

/// Returns whether a content is made from local files.
pub(super) fn is_local(entry: &Entry<'_>) -> bool {
    let Value::Map(entries) = &entry.node.value else { return false };
    entries.iter().any(|entry| matches!(&*entry.key, "file" | "files"))
}

impl Reader<'_, '_> {
    /// Returns a content that is made from local files.
    pub(super) fn local(&mut self, entry: &Entry<'_>) -> Option<Content> {
        let mut material = Material::default();
        let content = match &*entry.key {
            "image" => {
                Content::Image { media_id: self.one_file(entry, UploadKind::Image, &mut material)? }
            }
            "voice" => {
                Content::Voice { media_id: self.one_file(entry, UploadKind::Voice, &mut material)? }
            }
            "images" => Content::Images(self.image_files(entry, &mut material)?),
            "mpvideo" => self.video_file(entry, &mut material)?,
            _ => {
                let message = t!("inbox-not-made-file", key = %entry.key);
                self.report.say(entry.key_location, message);
                return None;
            }
        };
        Some(prepared(content, material))
    }

    fn one_file(
        &mut self,
        entry: &Entry<'_>,
        kind: UploadKind,
        material: &mut Material,
    ) -> Option<String> {
        let fields = entry.node.fields(entry.key_location, &FILE, self.report)?;
        let file = fields.require("file", || t!("inbox-write-file"), self.report)?;
        self.asset(file, kind, material)
    }

    fn image_files(&mut self, entry: &Entry<'_>, material: &mut Material) -> Option<Images> {
        let fields = entry.node.fields(entry.key_location, &IMAGE_FILES, self.report)?;
        let help = || t!("inbox-write-files-png-b-png");
        let files = fields.require("files", help, self.report)?;
        let items: &[Node<'_>] = match &files.node.value {
            Value::List(items) => items,
            Value::Empty | Value::Text { .. } | Value::Map(_) => &[],
        };
        if items.is_empty() {
            self.report.say_with(files.node.location, t!("inbox-files-must-list-files"), help());
            return None;
        }
        let mut media_ids = Vec::new();
        for item in items {
            let Value::Text { text, .. } = &item.value else {
                self.report.say_with(item.location, t!("inbox-file-named-path"), help());
                continue;
            };
            if self.awaits(text.trim()) {
                continue;
            }
            match media::media(self.lists, text.trim(), UploadKind::Image) {
                Ok(media) => media_ids.push(material.add(UploadKind::Image, media)),
                Err((message, help)) => self.report.say_with(item.location, message, help),
            }
        }
        Some(Images {
            media_ids,
            recommend: self.caption(&fields, "recommend"),
            title: self.caption(&fields, "title"),
            need_open_comment: self.flag(&fields, "need_open_comment"),
            only_fans_can_comment: self.flag(&fields, "only_fans_can_comment"),
        })
    }

    fn video_file(&mut self, entry: &Entry<'_>, material: &mut Material) -> Option<Content> {
        let fields = entry.node.fields(entry.key_location, &VIDEO_FILE, self.report)?;
        let file = fields.require("file", || t!("inbox-write-file"), self.report);
        let file = file.and_then(|file| self.asset(file, UploadKind::Video, material));
        let title = fields.require("title", || t!("inbox-uploadvideo-asks-one"), self.report);
        let title = title.and_then(|entry| entry.text(self.report));
        let description = self.caption(&fields, "description");
        let caption = Caption {
            title: title?.to_owned(),
            description: description.clone().unwrap_or_default(),
        };
        file?;
        let title = Some(caption.title.clone());
        material.caption = Some(caption);
        let key = material.video_key()?;
        let media_id = placeholder(UploadKind::Mpvideo, &key);
        Some(Content::Mpvideo { media_id, title, description })
    }
}

/// Describes what is uploaded, for `check` and the receipt.
///
/// A preview shows what is uploaded by then, so the uploads begin earlier by `ahead`.
pub(super) fn told(material: &Material, batches: usize, ahead: TimeDelta) -> String {
    let bytes = material.assets.iter().map(|asset| asset.media.bytes).sum();
    let mut parts = Vec::new();
    type Counted = fn(usize) -> String;
    let kinds: [(UploadKind, Counted); 5] = [
        (UploadKind::Picture, |count| t!("inbox-count-pictures", count = count)),
        (UploadKind::Cover, |count| t!("inbox-count-covers", count = count)),
        (UploadKind::Image, |count| t!("inbox-count-images", count = count)),
        (UploadKind::Voice, |count| t!("inbox-count-recordings", count = count)),
        (UploadKind::Video, |count| t!("inbox-count-videos", count = count)),
    ];
    for (kind, words) in kinds {
        let count = material.assets.iter().filter(|asset| asset.kind == kind).count();
        if count > 0 {
            parts.push(words(count));
        }
    }
    if !material.articles.is_empty() {
        let articles = material.articles.len();
        parts.push(t!("inbox-count-articles", count = articles));
    }
    let span = ahead + TimeDelta::seconds(material.prepare_s.into()) + TimeDelta::seconds(59);
    let span = calendar::long(TimeDelta::minutes(span.num_minutes()));
    let calls = material.calls(batches);
    let (parts, size) = (parts.join(&t!("inbox-between-items")), media::size(bytes));
    let calls = t!("inbox-count-calls", count = calls);
    t!("inbox-uploads", parts = parts, size = size, calls = calls, span = span)
}
