//! The text of an article: what may stand in it, and what its local pictures become.
//!
//! The platform shows a part of HTML and filters the rest without a word, so what would be lost is
//! refused or said here. Only the tags of [`TAGS`] stand in an article; of attributes and of inline
//! styles those that are not known are taken out. Markdown is rendered first and then read the same
//! way. Pictures are local files, or lie with the platform already; links need WeChat Pay, except
//! those to published articles.

use std::collections::BTreeSet;

use html5gum::emitters::default::{DefaultEmitter, StartTag};
use html5gum::{HtmlString, Span, Token, Tokenizer};

use crate::yaml::diagnostic::{Place, quote};

/// The tags that an article keeps.
const TAGS: &[&str] = &[
    "a",
    "abbr",
    "b",
    "big",
    "blockquote",
    "br",
    "caption",
    "center",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "font",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "ins",
    "li",
    "mark",
    "mp-miniprogram",
    "ol",
    "p",
    "pre",
    "q",
    "rp",
    "rt",
    "ruby",
    "s",
    "section",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "u",
    "ul",
    "wbr",
];
/// Those that have no end tag.
const VOID: &[&str] = &["br", "col", "hr", "img", "wbr"];
/// The attributes that are kept, beside `style` and those that begin with `data-`.
const ATTRIBUTES: &[&str] = &[
    "align",
    "alt",
    "bgcolor",
    "border",
    "cellpadding",
    "cellspacing",
    "class",
    "color",
    "colspan",
    "dir",
    "face",
    "height",
    "href",
    "lang",
    "rowspan",
    "size",
    "span",
    "src",
    "start",
    "title",
    "type",
    "valign",
    "width",
];
/// The inline styles that are kept; a name that ends with `*` stands for all that begin like it.
const STYLES: &[&str] = &[
    "align-items",
    "align-self",
    "background*",
    "border*",
    "box-shadow",
    "box-sizing",
    "clear",
    "color",
    "column*",
    "display",
    "flex*",
    "float",
    "font*",
    "gap",
    "height",
    "justify-content",
    "letter-spacing",
    "line-height",
    "list-style*",
    "margin*",
    "max-*",
    "min-*",
    "opacity",
    "overflow*",
    "padding*",
    "text-*",
    "transform*",
    "vertical-align",
    "visibility",
    "white-space",
    "width",
    "word-*",
    "overflow-wrap",
    "writing-mode",
];
/// The functions that may stand in a style, beside `url`, which is looked into.
const FUNCTIONS: &[&str] = &[
    "",
    "calc",
    "clamp",
    "conic-gradient",
    "fit-content",
    "hsl",
    "hsla",
    "linear-gradient",
    "matrix",
    "matrix3d",
    "max",
    "min",
    "minmax",
    "perspective",
    "radial-gradient",
    "repeat",
    "repeating-linear-gradient",
    "repeating-radial-gradient",
    "rgb",
    "rgba",
    "rotate",
    "rotate3d",
    "rotatex",
    "rotatey",
    "rotatez",
    "scale",
    "scale3d",
    "scalex",
    "scaley",
    "scalez",
    "skew",
    "skewx",
    "skewy",
    "translate",
    "translate3d",
    "translatex",
    "translatey",
    "translatez",
    "url",
    "-webkit-linear-gradient",
    "-webkit-radial-gradient",
];
/// Where pictures lie that the platform took already.
const PICTURE_HOSTS: [&str; 2] = ["mmbiz.qpic.cn", "mmbiz.qlogo.cn"];
/// Where published articles lie, which every account may link.
const ARTICLE_HOST: &str = "mp.weixin.qq.com";
/// The longest title of a mini-program's card, in characters.
const CARD_TITLE_MOST: usize = 35;

/// Something that cannot stand in an article.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Problem {
    /// Where it stands in the HTML.
    pub(super) place: Place,
    /// What to look for in the Markdown that the HTML was made of.
    pub(super) sought: String,
    pub(super) message: String,
    pub(super) help: String,
}

/// What a picture is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PictureUse {
    /// The text.
    Text,
    /// The cover of a mini-program's card.
    Card,
}

/// Finds a local picture: returns its placeholder, or what is wrong and what helps.
pub(super) type Pictures<'p> = dyn FnMut(&str, PictureUse) -> Result<String, (String, String)> + 'p;

/// An article's text, as far as it can stand.
#[derive(Debug, Default)]
pub(super) struct Cleaned {
    pub(super) html: String,
    pub(super) problems: Vec<Problem>,
    /// What was taken out.
    pub(super) dropped: BTreeSet<String>,
}

/// Reads HTML, and keeps what an article shows of it.
pub(super) fn clean(html: &str, links: bool, pictures: &mut Pictures<'_>) -> Cleaned {
    let mut cleaner = Cleaner { links, pictures, cleaned: Cleaned::default() };
    let mut emitter = DefaultEmitter::<usize>::new_with_span();
    emitter.naively_switch_states(true);
    for token in Tokenizer::new_with_emitter(html, emitter) {
        let Ok(token) = token;
        cleaner.token(token);
    }
    cleaner.cleaned
}

struct Cleaner<'c, 'p> {
    links: bool,
    pictures: &'c mut Pictures<'p>,
    cleaned: Cleaned,
}

impl Cleaner<'_, '_> {
    fn token(&mut self, token: Token<usize>) {
        match token {
            Token::StartTag(tag) => self.start(&tag),
            Token::EndTag(tag) => {
                let name = text(&tag.name);
                // A start tag that cannot stand was reported; its end says nothing new.
                if TAGS.contains(&&*name) && !VOID.contains(&&*name) {
                    self.cleaned.html.extend(["</", &*name, ">"]);
                }
            }
            Token::String(string) => {
                let escaped = escape(&text(&string.value));
                self.cleaned.html.push_str(&escaped);
            }
            Token::Comment(_) => drop(self.cleaned.dropped.insert("comments".to_owned())),
            // A browser recovers from an error the same way.
            Token::Doctype(_) | Token::Error(_) => {}
        }
    }

    fn start(&mut self, tag: &StartTag<usize>) {
        let name = text(&tag.name);
        let place = place_of(tag.span);
        if !TAGS.contains(&&*name) {
            let help = match &*name {
                "html" | "head" | "body" => "write only what stands inside `<body>`",
                "style" => "write styles into the tags: `<p style=\"…\">`",
                _ => "the platform would filter it out",
            };
            let message = format!("the tag `<{name}>` cannot stand in an article");
            return self.problem(place, &format!("<{name}"), message, help);
        }
        let attribute = |key: &str| {
            let found = tag.attributes.get(key.as_bytes())?;
            Some((text(&found.value), place_of(found.span)))
        };
        match &*name {
            "mp-miniprogram" => self.card(place, &attribute),
            "a" => self.link(place, &attribute),
            "img" if attribute("src").is_none() => {
                let help = "write `src`: a file of the job's folder";
                self.problem(place, "<img", "a picture without `src`".to_owned(), help);
            }
            _ => {}
        }
        let mut written = format!("<{name}");
        for (key, found) in &tag.attributes {
            let (key, value) = (text(key), text(&found.value));
            let value = self.attribute(&name, &key, value, place_of(found.span));
            if let Some(value) = value {
                let value = escape(&value).replace('"', "&quot;");
                written.extend([" ", &*key, "=\"", &*value, "\""]);
            }
        }
        self.cleaned.html.push_str(&written);
        self.cleaned.html.push('>');
    }

    /// Returns an attribute's value as it stands in the article, or nothing if it cannot.
    fn attribute(&mut self, tag: &str, key: &str, value: String, place: Place) -> Option<String> {
        match (tag, key) {
            // Articles copied from the platform show what stands in `data-src`.
            ("img", "src" | "data-src") => self.picture(value, PictureUse::Text, place),
            ("mp-miniprogram", "data-miniprogram-imageurl") => {
                self.picture(value, PictureUse::Card, place)
            }
            (_, "style") => {
                let style = self.style(&value, place);
                (!style.is_empty()).then_some(style)
            }
            _ if key.starts_with("data-") || ATTRIBUTES.contains(&key) => Some(value),
            _ => {
                self.cleaned.dropped.insert(format!("the attribute {}", quote(key)));
                None
            }
        }
    }

    fn picture(&mut self, source: String, purpose: PictureUse, place: Place) -> Option<String> {
        let source = source.trim().to_owned();
        if let Some(host) = host(&source) {
            if PICTURE_HOSTS.contains(&host.as_str()) {
                return Some(source);
            }
            let message = format!("the picture {} lies outside the platform", quote(&source));
            let help = "put the file into the job's folder: it is uploaded from there";
            self.problem(place, &source, message, help);
            return None;
        }
        match (self.pictures)(&source, purpose) {
            Ok(placeholder) => Some(placeholder),
            Err((message, help)) => {
                self.problem(place, &source, message, &help);
                None
            }
        }
    }

    fn style(&mut self, style: &str, place: Place) -> String {
        let mut kept = Vec::new();
        for declaration in style.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, value) = declaration.split_once(':').unwrap_or((declaration, ""));
            let name = name.trim().to_ascii_lowercase();
            let is_name = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
            let is_known = STYLES.iter().any(|known| match known.strip_suffix('*') {
                Some(start) => name.starts_with(start) && is_name,
                None => name == *known,
            });
            if !is_known || !is_plain(declaration) {
                self.cleaned.dropped.insert(format!("the style {}", quote(&name)));
                continue;
            }
            if names_foreign_picture(value) {
                let message = format!("the style {} names a picture", quote(&name));
                let help = "in styles only pictures of the platform can stand (mmbiz.qpic.cn)";
                self.problem(place, declaration, message, help);
                continue;
            }
            kept.push(format!("{name}:{}", value.trim()));
        }
        kept.join(";")
    }

    /// A link: to a mini-program, to a published article, or with WeChat Pay to anywhere.
    ///
    /// One to a mini-program may have an address as well, which leads where it says.
    fn link(&mut self, place: Place, attribute: &dyn Fn(&str) -> Option<(String, Place)>) {
        if attribute("data-miniprogram-appid").is_some() {
            self.mini_program(place, attribute);
        }
        let Some((address, at)) = attribute("href") else { return };
        let address = address.trim().to_owned();
        match host(&address) {
            Some(host) if host == ARTICLE_HOST || self.links => {}
            Some(_) => {
                let message = format!("the account may not link to {}", quote(&address));
                let help = "only accounts with WeChat Pay may (`payment: true` in the config), or \
                            anyone to published articles (https://mp.weixin.qq.com/…)";
                self.problem(at, &address, message, help);
            }
            None if address.is_empty() || address.starts_with('#') => {}
            None => {
                let message = format!("{} is no address", quote(&address));
                self.problem(at, &address, message, "write `https://…`");
            }
        }
    }

    fn card(&mut self, place: Place, attribute: &dyn Fn(&str) -> Option<(String, Place)>) {
        self.mini_program(place, attribute);
        let Some((title, at)) = attribute("data-miniprogram-title") else {
            let message = "the mini-program's card has no title".to_owned();
            return self.problem(place, "<mp-", message, "write `data-miniprogram-title`");
        };
        let length = title.chars().count();
        if length > CARD_TITLE_MOST {
            let message = format!("the mini-program's card has a title of {length} characters");
            self.problem(at, &title, message, "it may have 35");
        }
        if attribute("data-miniprogram-imageurl").is_none() {
            let message = "the mini-program's card has no cover".to_owned();
            let help = "write `data-miniprogram-imageurl`: a picture of 1080 x 864 pixels";
            self.problem(place, "<mp-", message, help);
        }
    }

    fn mini_program(&mut self, place: Place, attribute: &dyn Fn(&str) -> Option<(String, Place)>) {
        let appid = attribute("data-miniprogram-appid");
        if !appid.is_some_and(|(appid, _)| appid.starts_with("wx")) {
            let message = "the mini-program has no appid".to_owned();
            self.problem(place, "miniprogram", message, "write `data-miniprogram-appid=\"wx…\"`");
        }
        if attribute("data-miniprogram-path").is_none() {
            let message = "the mini-program has no path".to_owned();
            self.problem(place, "miniprogram", message, "write `data-miniprogram-path`");
        }
    }

    fn problem(&mut self, place: Place, sought: &str, message: String, help: &str) {
        let (sought, help) = (sought.to_owned(), help.to_owned());
        self.cleaned.problems.push(Problem { place, sought, message, help });
    }
}

fn place_of(span: Span<usize>) -> Place {
    Place { start: span.start, end: span.end }
}

fn text(bytes: &HtmlString) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Says whether a declaration can be read as it stands: with an escape or a comment a name may be
/// another than it looks, and an unknown function may show a picture.
fn is_plain(declaration: &str) -> bool {
    let is_letter = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_') || !c.is_ascii();
    let mut heads = declaration.split('(').collect::<Vec<_>>();
    // Nothing is called after the last one.
    heads.pop();
    let are_known = heads.into_iter().all(|head| {
        let start = head.trim_end_matches(is_letter).len();
        FUNCTIONS.contains(&head[start..].to_ascii_lowercase().as_str())
    });
    are_known && !["\\", "/*", "*/"].iter().any(|mark| declaration.contains(mark))
}

/// Says whether any `url(…)` in a style's value is not a picture of the platform.
fn names_foreign_picture(value: &str) -> bool {
    value.to_ascii_lowercase().split("url(").skip(1).any(|rest| {
        let rest = rest.trim_start_matches(['"', '\'', ' ', '\t', '\n', '\r']);
        let address = rest.split(['"', '\'', ')', ' ']).next().unwrap_or_default();
        !host(address).is_some_and(|host| PICTURE_HOSTS.contains(&host.as_str()))
    })
}

/// Returns the host of an http address.
pub(super) fn host(address: &str) -> Option<String> {
    let lower = address.trim().to_ascii_lowercase();
    let rest = lower.strip_prefix("https:").or_else(|| lower.strip_prefix("http:"));
    // Without a scheme it takes that of the page.
    let rest = rest.unwrap_or(&lower).strip_prefix("//")?;
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    let host = authority.rsplit('@').next()?.split(':').next()?;
    (!host.is_empty()).then(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(html: &str, links: bool) -> (String, Vec<String>) {
        let mut pictures = |path: &str, purpose| match path {
            "a.png" if purpose == PictureUse::Text => Ok("qunfa:picture:aa".to_owned()),
            "card.png" => Ok("qunfa:picture:cc".to_owned()),
            _ => Err((format!("no {path}"), "help".to_owned())),
        };
        let cleaned = clean(html, links, &mut pictures);
        let problems = cleaned.problems.iter().map(|problem| {
            format!("{}: {}", &html[problem.place.start..problem.place.end], problem.message)
        });
        (cleaned.html, problems.collect())
    }

    #[test]
    fn what_an_article_shows_stays_as_it_is() {
        for html in [
            "<p style=\"color:red\">春天 &amp; 花 &lt;3</p>",
            "<section><h1>一</h1><br><ul><li>二</li></ul></section>",
            "<img alt=\"\" src=\"http://mmbiz.qpic.cn/mmbiz_jpg/demo/0?wx_fmt=jpg\">",
            "<a href=\"https://mp.weixin.qq.com/s/abc\">前文</a>",
            "<p><a data-miniprogram-appid=\"wx123123123\" data-miniprogram-path=\"pages/index\" \
             href=\"\">点击文字跳转小程序</a></p>",
        ] {
            assert_eq!(read(html, false), (html.to_owned(), vec![]));
        }
    }

    #[test]
    fn a_local_picture_becomes_its_placeholder() {
        let (html, problems) = read("<p><img src='a.png'/></p>", false);

        assert_eq!(html, "<p><img src=\"qunfa:picture:aa\"></p>");
        assert_eq!(problems, Vec::<String>::new());
    }

    #[test]
    fn what_the_platform_would_filter_is_refused_where_it_stands() {
        for (html, problem) in [
            (
                "<p>x</p><script>y</script>",
                "<script>: the tag `<script>` cannot stand in an article",
            ),
            ("<iframe>", "<iframe>: the tag `<iframe>` cannot stand in an article"),
            (
                "<img src=\"https://example.com/a.png\">",
                "src=\"https://example.com/a.png\": the picture `https://example.com/a.png` lies \
                 outside the platform",
            ),
            (
                "<img src=\"https://mmbiz.qpic.cn@example.com/a.png\">",
                "src=\"https://mmbiz.qpic.cn@example.com/a.png\": the picture \
                 `https://mmbiz.qpic.cn@example.com/a.png` lies outside the platform",
            ),
            ("<img src=\"b.png\">", "src=\"b.png\": no b.png"),
            (
                "<img src=\"a.png\" data-src=\"//x/a\">",
                "data-src=\"//x/a\": the picture `//x/a` lies outside the platform",
            ),
            ("<img>", "<img>: a picture without `src`"),
            (
                "<p style=\"background:url('http://x/a')\">",
                "style=\"background:url('http://x/a')\": the style `background` names a picture",
            ),
            ("<a href=\"javascript:x\">", "href=\"javascript:x\": `javascript:x` is no address"),
        ] {
            assert_eq!(read(html, true).1, [problem]);
        }
    }

    #[test]
    fn a_link_elsewhere_needs_wechat_pay() {
        let html = "<a href=\"https://example.com/\">x</a>";

        assert_eq!(read(html, true).1, Vec::<String>::new());
        assert_eq!(
            read(html, false).1,
            ["href=\"https://example.com/\": the account may not link to `https://example.com/`"]
        );
    }

    #[test]
    fn a_link_to_a_mini_program_is_a_link_all_the_same() {
        let html = |href: &str| {
            format!(
                "<a data-miniprogram-appid=\"wx1\" data-miniprogram-path=\"p\" \
                 href=\"{href}\">x</a>"
            )
        };

        assert_eq!(read(&html("https://evil.example/"), true).1, Vec::<String>::new());
        for href in ["", "https://mp.weixin.qq.com/s/abc"] {
            assert_eq!(read(&html(href), false).1, Vec::<String>::new());
        }
        for href in ["https://evil.example/", "//evil.example/", "javascript:x"] {
            assert_eq!(read(&html(href), false).1.len(), 1, "{href}");
        }
    }

    #[test]
    fn no_style_shows_a_picture_of_elsewhere() {
        let ours = "url(https://mmbiz.qpic.cn/a)";
        for style in [
            "background:url(http://x/a)",
            "background:URL(http://x/a)",
            "background:Url( \"http://x/a\" )",
            &format!("background:{ours},url(http://x/a)"),
            &format!("background:{ours},{ours},uRl('http://x/a')"),
            "background:url(https://mmbiz.qpic.cn.x/a)",
            "background:url(https://mmbiz.qpic.cn@x/a)",
            "background:url(a.png)",
            "background:url()",
        ] {
            let (html, problems) = read(&format!("<p style='{style}'>"), false);
            assert_eq!((html.as_str(), problems.len()), ("<p>", 1), "{style}");
        }
        for style in [
            "background:u\\72l(http://x/a)",
            "background:\\75rl(http://x/a)",
            "background:ur/**/l(http://x/a)",
            "background/**/:red",
            "background:image-set('http://x/a' 1x)",
            "background:-webkit-image-set('http://x/a' 1x)",
            "background:src('http://x/a')",
            "background:var(--a)",
            "background image:red",
        ] {
            let style = style.replace('\'', "&#39;");
            let (html, problems) = read(&format!("<p style='{style}'>"), false);
            assert_eq!((html.as_str(), problems), ("<p>", vec![]), "{style}");
        }
    }

    #[test]
    fn a_style_of_known_functions_stays() {
        for style in [
            "background:url(https://mmbiz.qpic.cn/a),url('https://mmbiz.qpic.cn/b')",
            "background:linear-gradient(to right,rgb(1,2,3),rgba(1,2,3,.5))",
            "width:calc((1px + 2em)*2)",
            "transform:rotate(45deg) translate(1px,2px)",
        ] {
            let html = format!("<p style=\"{style}\">");
            assert_eq!(read(&html, false), (html, vec![]));
        }
    }

    #[test]
    fn a_mini_programs_card_is_complete_and_its_title_short() {
        let card = |title: &str, cover: &str| {
            format!(
                "<mp-miniprogram data-miniprogram-appid=\"wx1\" data-miniprogram-imageurl=\
                 \"{cover}\" data-miniprogram-path=\"p\" data-miniprogram-title=\"{title}\">\
                 </mp-miniprogram>"
            )
        };

        let (html, problems) = read(&card(&"长".repeat(35), "card.png"), false);
        assert!(html.contains("data-miniprogram-imageurl=\"qunfa:picture:cc\""), "{html}");
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(read(&card(&"长".repeat(36), "card.png"), false).1.len(), 1);
        assert_eq!(read(&card("x", "a.png"), false).1.len(), 1);
        assert_eq!(read("<mp-miniprogram></mp-miniprogram>", false).1.len(), 3);
    }

    #[test]
    fn unknown_attributes_and_styles_are_taken_out_and_said() {
        let mut none = |_: &str, _| Err((String::new(), String::new()));
        let html = "<p onclick=\"x\" id=\"i\" style=\"position:fixed;color:red\">y</p><!-- z -->";

        let cleaned = clean(html, false, &mut none);

        assert_eq!(cleaned.html, "<p style=\"color:red\">y</p>");
        let dropped: Vec<_> = cleaned.dropped.iter().map(String::as_str).collect();
        assert_eq!(
            dropped,
            ["comments", "the attribute `id`", "the attribute `onclick`", "the style `position`"]
        );
    }
}
