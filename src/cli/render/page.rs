//! The HTML page of `render`.
//!
//! Everything from the job file is escaped, except the articles' own HTML: the inbox's filter has
//! cleaned that, and a shadow tree separates its styles from the page's styles.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Sheet, remarks};
use crate::inbox::ArticleRemark;
use crate::l10n::t;
use crate::model::{Article, Content, Images, Material, Media, placeholder};

const STYLE: &str = include_str!("page.css");
/// The style of articles that have none of their own.
const ARTICLE_STYLE: &str = include_str!("article.css");
/// How many characters of a text are on its card if it has no digest.
const DIGEST: usize = 54;
/// What the page may load.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data: \
                      https://mmbiz.qpic.cn http://mmbiz.qpic.cn https://mmbiz.qlogo.cn \
                      https://mmecoa.qpic.cn https://res.wx.qq.com; base-uri 'none'; \
                      form-action 'none'";

/// Reads a local file of a job.
pub(super) type Files<'f> = &'f dyn Fn(&Media) -> Option<Vec<u8>>;

/// Returns the page of jobs.
pub(super) fn page(title: &str, jobs: &[Sheet<'_>], files: Files<'_>) -> String {
    let mut page = Page { html: String::new(), files };
    let title = escape(title);
    page.add(&[
        "<!DOCTYPE html>\n<html lang=\"zh-CN\">\n<head>\n<meta charset=\"utf-8\">\n",
        "<meta http-equiv=\"Content-Security-Policy\" content=\"",
        POLICY,
        "\">\n<meta name=\"referrer\" content=\"no-referrer\">\n",
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
        &title,
        "</title>\n<style>\n",
        STYLE,
        "</style>\n</head>\n<body>\n<header><h1>",
        &title,
        "</h1></header>\n",
    ]);
    page.list(jobs);
    for (index, job) in jobs.iter().enumerate() {
        page.job(index, job);
    }
    page.add(&["</body>\n</html>\n"]);
    page.html
}

struct Page<'p> {
    html: String,
    files: Files<'p>,
}

impl Page<'_> {
    fn add(&mut self, parts: &[&str]) {
        self.html.extend(parts.iter().copied());
    }

    /// Writes the table of contents, if there is more than one entry.
    fn list(&mut self, jobs: &[Sheet<'_>]) {
        if jobs.len() + jobs.iter().map(|job| job.articles().len()).sum::<usize>() < 3 {
            return;
        }
        self.add(&["<nav><ol>\n"]);
        for (index, job) in jobs.iter().enumerate() {
            let id = escape(&job.id);
            self.add(&["<li><a href=\"#job-", &index.to_string(), "\">", &id, "</a>"]);
            for (at, article) in job.articles().iter().enumerate() {
                let signs = remarks(job, at).count();
                let signs = if signs == 0 { String::new() } else { format!(" <b>{signs}</b>") };
                let target = format!("#job-{index}-{at}");
                let title = escape(&article.title);
                self.add(&[
                    "<br><a class=\"article\" href=\"",
                    &target,
                    "\">",
                    &title,
                    "</a>",
                    &signs,
                ]);
            }
            self.add(&["</li>\n"]);
        }
        self.add(&["</ol></nav>\n"]);
    }

    fn job(&mut self, index: usize, job: &Sheet<'_>) {
        let (id, account) = (escape(&job.id), escape(job.account));
        let number = index.to_string();
        self.add(&["<section class=\"job\" id=\"job-", &number, "\">\n<h2>", &id, "</h2>\n"]);
        self.add(&["<p class=\"quiet\">", &account, "</p>\n<div class=\"phones\">\n"]);
        match job.content {
            Some(content) => self.message(content, &account),
            None => {
                let none = escape(&t!("render-no-message"));
                self.add(&["<p class=\"quiet\">", &none, "</p>\n"]);
            }
        }
        if let Some(Content::Prepared { material, .. }) = job.content {
            let pictures = self.pictures(material);
            for (at, article) in material.articles.iter().enumerate() {
                let told: Vec<_> = remarks(job, at).collect();
                let id = format!("job-{index}-{at}");
                self.article(&id, article, (&account, &pictures, &told));
                if at > 0 {
                    // The conversation shows only the first article's digest.
                    let digest = escape(&t!("render-digest", digest = digest(article)));
                    self.add(&["<p class=\"told\">", &digest, "</p>\n"]);
                }
                self.told(&told);
                self.add(&["</div>\n"]);
            }
        }
        self.add(&["</div>\n</section>\n"]);
    }

    /// Returns the local pictures in a form that the page can hold, by their placeholders.
    fn pictures(&self, material: &Material) -> BTreeMap<String, String> {
        let asset = |asset: &crate::model::Asset| {
            let bytes = (self.files)(&asset.media)?;
            let mime = asset.media.format.mime();
            let data = format!("data:{mime};base64,{}", STANDARD.encode(bytes));
            Some((placeholder(asset.kind, &asset.media.sha256), data))
        };
        material.assets.iter().filter_map(asset).collect()
    }

    /// Writes a message as it is shown in the conversation.
    fn message(&mut self, content: &Content, account: &str) {
        self.add(&["<div class=\"phone chat\">\n<div class=\"bar\">", account, "</div>\n"]);
        let none = BTreeMap::new();
        match content {
            Content::Prepared { content, material } => {
                let pictures = self.pictures(material);
                if material.articles.is_empty() {
                    self.bubble(content, &pictures);
                } else {
                    self.card(&material.articles, &pictures);
                }
            }
            Content::Text { .. }
            | Content::Mpnews { .. }
            | Content::Image { .. }
            | Content::Images(_)
            | Content::Voice { .. }
            | Content::Mpvideo { .. }
            | Content::Wxcard { .. }
            | Content::Awaited { .. } => self.bubble(content, &none),
        }
        self.add(&["</div>\n"]);
    }

    fn bubble(&mut self, content: &Content, pictures: &BTreeMap<String, String>) {
        let at_platform = |what: &str, id: &str| format!("{what}<br><small>{}</small>", escape(id));
        let picture = |id: &str| match pictures.get(id) {
            Some(data) => format!("<img src=\"{data}\" alt=\"\">"),
            None => {
                format!("<div class=\"absent\">{}</div>", at_platform(&t!("render-picture"), id))
            }
        };
        let (class, inner) = match content {
            Content::Text { content } => ("bubble", escape(content)),
            Content::Image { media_id } => ("picture", picture(media_id)),
            Content::Images(Images { media_ids, title, recommend, .. }) => {
                let pictures: String = media_ids.iter().map(|id| picture(id)).collect();
                let words = [title, recommend].into_iter().flatten();
                let words: String = words.map(|text| format!("<p>{}</p>", escape(text))).collect();
                ("pictures", format!("<div>{pictures}</div>{words}"))
            }
            Content::Voice { media_id } => {
                ("bubble", at_platform(&format!("▶ {}", t!("render-recording")), media_id))
            }
            Content::Mpvideo { media_id, title, .. } => {
                let title = escape(title.as_deref().unwrap_or_default());
                ("bubble", format!("▶ {title}<br>{}", at_platform(&t!("render-video"), media_id)))
            }
            Content::Mpnews { media_id } => {
                ("bubble", at_platform(&t!("render-articles-of"), media_id))
            }
            Content::Wxcard { card_id, .. } => {
                ("bubble", at_platform(&t!("render-coupon"), card_id))
            }
            Content::Awaited { files, .. } => {
                let files: Vec<_> = files.iter().map(|file| escape(file)).collect();
                let files = files.join("<br>");
                ("bubble", format!("{}<br><small>{files}</small>", t!("render-awaited")))
            }
            Content::Prepared { .. } => return,
        };
        self.add(&["<div class=\"", class, "\">", &inner, "</div>\n"]);
    }

    /// Writes the card of the articles in the conversation.
    fn card(&mut self, articles: &[Article], pictures: &BTreeMap<String, String>) {
        let cover = |article: &Article| {
            let data = pictures.get(&article.thumb).map_or("", String::as_str);
            format!("<img src=\"{data}\" alt=\"\">")
        };
        self.add(&["<div class=\"card\">\n"]);
        for (index, article) in articles.iter().enumerate() {
            let title = escape(&article.title);
            if index == 0 {
                self.add(&[
                    "<div class=\"first\">",
                    &cover(article),
                    "<p>",
                    &title,
                    "</p></div>\n<p class=\"digest\">",
                    &escape(&digest(article)),
                    "</p>\n",
                ]);
            } else {
                self.add(&["<div class=\"more\"><p>", &title, "</p>", &cover(article), "</div>\n"]);
            }
        }
        self.add(&["</div>\n"]);
    }

    /// Writes an article as readers see it, but not its closing tag: remarks may follow beside it.
    fn article(
        &mut self,
        id: &str,
        article: &Article,
        (account, pictures, told): (&str, &BTreeMap<String, String>, &[&ArticleRemark]),
    ) {
        let author = article.author.as_deref().map(escape).unwrap_or_default();
        self.add(&["<div class=\"sheet\" id=\"", id, "\">\n<div class=\"phone\">\n<h3>"]);
        self.add(&[&escape(&article.title), "</h3>\n<p class=\"by\">", &author, " <b>", account]);
        self.add(&["</b></p>\n<div class=\"text\"><template shadowrootmode=\"open\"><style>\n"]);
        let content = pictures.iter().fold(signed(&article.content, told), |html, (key, data)| {
            html.replace(&format!("\"{key}\""), &format!("\"{data}\""))
                .replace(&format!("url({key})"), &format!("url({data})"))
        });
        self.add(&[ARTICLE_STYLE, "</style>", &content, "</template></div>\n"]);
        if let Some(source) = &article.content_source_url {
            self.add(&["<p class=\"source\">阅读原文 <small>", &escape(source), "</small></p>\n"]);
        }
        self.add(&["</div>\n"]);
    }

    /// Writes the remarks about an article, beside it.
    fn told(&mut self, told: &[&ArticleRemark]) {
        if told.is_empty() {
            return;
        }
        self.add(&["<ol class=\"told\">\n"]);
        for ArticleRemark { file, line, column, what, is_dropped, .. } in told {
            let place = escape(&format!("{file}:{line}:{column}"));
            let told = match is_dropped {
                true => escape(&t!("render-taken-out", what = what.as_str())),
                false => escape(what),
            };
            self.add(&["<li><code>", &place, "</code> ", &told, "</li>\n"]);
        }
        self.add(&["</ol>\n"]);
    }
}

/// Returns the digest of an article; if it has none, the one that the platform makes.
fn digest(article: &Article) -> String {
    article.digest.clone().unwrap_or_else(|| beginning(&article.content))
}

/// Returns the HTML of an article with a sign at the position of each remark.
fn signed(html: &str, told: &[&ArticleRemark]) -> String {
    let mut signs: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for (index, told) in told.iter().enumerate() {
        let at = html.floor_char_boundary(told.at);
        signs.entry(at).or_default().push((index + 1).to_string());
    }
    let (mut signed, mut from) = (String::new(), 0);
    for (at, numbers) in signs {
        let numbers = numbers.join(" ");
        signed.extend([&html[from..at], "<qunfa-sign>", &numbers, "</qunfa-sign>"]);
        from = at;
    }
    signed.push_str(&html[from..]);
    signed
}

/// Returns the beginning of a text, as the platform shows it if it has no digest.
fn beginning(html: &str) -> String {
    let texts = html.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text));
    let text: String = texts.collect();
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(DIGEST).collect()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_without_a_digest_shows_the_beginning_of_the_text() {
        assert_eq!(beginning("<p>春 &amp;\n<b>花</b></p><p>a</p>"), "春 & 花a");
        assert_eq!(beginning(&"长".repeat(99)).chars().count(), 54);
    }
}
