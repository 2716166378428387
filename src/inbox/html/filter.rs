//! Decides for each tag and attribute whether an article keeps it.

use super::colour::{Invisible, Look};
use super::names::{self, Kind};
use super::shape::{self, Kept, Part};
use super::style::{self, Declaration};
use super::tree::{Attribute, Element, Node};
use super::untagged::{self, Mark};
use super::{PictureUse, Pictures, Problem, Remark, RemarkKind, Rules, hidden, host};
use crate::inbox::theme::Named;
use crate::l10n::t;
use crate::yaml::diagnostic::{Location, quote};

/// The hosts of pictures that the platform already accepted, and of its emoji.
const PICTURE_HOSTS: [&str; 4] =
    ["mmbiz.qpic.cn", "mmbiz.qlogo.cn", "mmecoa.qpic.cn", "res.wx.qq.com"];
/// The host of published articles, which every account may link to.
const ARTICLE_HOST: &str = "mp.weixin.qq.com";
/// The longest title of a mini-program's card, in characters.
const CARD_TITLE_MOST: usize = 35;

/// The result of the filter.
pub(super) struct Filtered {
    pub(super) parts: Vec<Part>,
    pub(super) problems: Vec<Problem>,
    pub(super) remarks: Vec<Remark>,
}

/// Filters a text.
pub(super) fn filter(
    nodes: &[Node],
    html: &str,
    rules: Rules<'_>,
    pictures: &mut Pictures<'_>,
) -> Filtered {
    let filtered = Filtered { parts: Vec::new(), problems: Vec::new(), remarks: Vec::new() };
    let has_marks = !rules.is_rendered && untagged::has_tag(nodes);
    let mut filter = Filter { html, rules, has_marks, pictures, path: Vec::new(), filtered };
    let mut kept = Kept::new("section", Kind::Html);
    let context = filter.whole(&mut kept);
    kept.children = filter.children(nodes, context, &mut kept.remarks);
    kept.settle(false);
    let mut filtered = filter.filtered;
    filtered.parts = if kept.style.is_empty() { kept.children } else { vec![Part::Element(kept)] };
    filtered
}

/// The context of a tag.
#[derive(Clone, Copy, Debug)]
struct Context {
    look: Look,
    in_svg: bool,
    in_code: bool,
    /// Whether the background of an element around it was removed.
    lost_ground: bool,
    /// Whether it may overlap elements that are not around it, or is not shown at all.
    may_lie_elsewhere: bool,
}

struct Filter<'f, 'p> {
    html: &'f str,
    rules: Rules<'f>,
    /// Whether marks of Markdown in its texts are reported.
    has_marks: bool,
    pictures: &'f mut Pictures<'p>,
    /// The open tags, as a theme sees them.
    path: Vec<Named>,
    filtered: Filtered,
}

impl Filter<'_, '_> {
    /// Applies the style of the text as a whole.
    fn whole(&mut self, kept: &mut Kept) -> Context {
        let look = Look::PLAIN;
        let mut context = Context {
            look,
            in_svg: false,
            in_code: false,
            lost_ground: false,
            may_lie_elsewhere: false,
        };
        let Some(theme) = self.rules.theme else { return context };
        self.path.push(Named { name: "body".to_owned(), classes: Vec::new() });
        kept.style = theme.style(&self.path);
        context.look = look.within(&kept.style);
        context
    }

    fn children(&mut self, nodes: &[Node], context: Context, on: &mut Vec<usize>) -> Vec<Part> {
        let mut parts = Vec::new();
        for node in nodes {
            match node {
                Node::Element(element) => {
                    parts.extend(self.element(element, context).map(Part::Element));
                }
                Node::Text { text, location } => {
                    self.text(text, *location, (context, on), &mut parts);
                }
                Node::Comment { location } => {
                    let written = self.html.get(location.start..location.end).unwrap_or_default();
                    let written = written.trim_start_matches("<!--").trim_end_matches("-->");
                    let what = t!("inbox-comment", written = %quote(written.trim()));
                    on.push(self.remark(RemarkKind::Dropped, *location, what));
                }
                Node::End { name, location } => {
                    let what = if name == "p" {
                        t!("inbox-end-tag-shows-paragraph")
                    } else {
                        t!("inbox-end-tag-shows-nothing", name = %name)
                    };
                    on.push(self.remark(RemarkKind::Warned, *location, what));
                }
            }
        }
        parts
    }

    fn text(
        &mut self,
        text: &str,
        location: Location,
        (context, on): (Context, &mut Vec<usize>),
        parts: &mut Vec<Part>,
    ) {
        self.refuse_hidden(location);
        self.find_marks(location, context, on);
        let is_blank = text.trim().is_empty();
        let is_judged = !context.in_svg && (context.lost_ground || !context.may_lie_elsewhere);
        if let Some(why) = context.look.invisible().filter(|_| is_judged && !is_blank) {
            let text = quote(text.trim());
            let what = match (why, context.lost_ground) {
                (Invisible::Transparent, true) => t!("inbox-text-transparent-lost", text = text),
                (Invisible::Transparent, false) => t!("inbox-text-transparent", text = text),
                (Invisible::NoContrast, true) => t!("inbox-text-no-contrast-lost", text = text),
                (Invisible::NoContrast, false) => t!("inbox-text-no-contrast", text = text),
            };
            on.push(self.remark(RemarkKind::Warned, location, what));
        }
        if context.in_code {
            parts.extend(shape::code(text));
        } else {
            parts.push(Part::Text(text.to_owned()));
        }
    }

    /// Refuses characters that no text may have.
    fn refuse_hidden(&mut self, location: Location) {
        let written = self.html.get(location.start..location.end).unwrap_or_default();
        for (range, c) in hidden::find(written) {
            let (message, help) = hidden::message(c);
            let sought = written[range.clone()].to_owned();
            let start = location.start;
            let location = Location { start: start + range.start, end: start + range.end };
            self.problem(location, &sought, message, help);
        }
    }

    /// Reports the marks of Markdown in a text that is HTML.
    fn find_marks(&mut self, location: Location, context: Context, on: &mut Vec<usize>) {
        let is_code = |open: &Named| matches!(&*open.name, "code" | "kbd" | "samp");
        let is_shown = context.in_svg || context.in_code || self.path.iter().any(is_code);
        if !self.has_marks || is_shown {
            return;
        }
        let written = self.html.get(location.start..location.end).unwrap_or_default();
        for (range, mark) in untagged::marks(written) {
            let shown = quote(&written[range.clone()]);
            let start = location.start;
            let location = Location { start: start + range.start, end: start + range.end };
            if mark == Mark::Address {
                let message = t!("inbox-markdown-which-not-read-inside", shown = %shown);
                let help = t!("inbox-write-img-src-href");
                self.problem(location, &written[range], message, help);
            } else {
                let what = t!("inbox-markdown-shown-stands-inside-html", shown = %shown);
                on.push(self.remark(RemarkKind::Warned, location, what));
            }
        }
    }

    fn element(&mut self, element: &Element, context: Context) -> Option<Kept> {
        let Some((kind, name)) = names::tag(&element.name, context.in_svg) else {
            self.refuse_tag(element, context);
            return None;
        };
        let mut kept = Kept::new(&name, kind);
        if !element.is_closed {
            let what = t!("inbox-not-closed-ends-where-what", name = %name);
            kept.remarks.push(self.remark(RemarkKind::Warned, element.location, what));
        }
        match &*name {
            "mp-miniprogram" => self.card(element),
            "a" => self.link(element),
            _ if names::is_animation(&name) && !self.animation(element, &mut kept) => return None,
            _ => {}
        }
        let source = self.source(element);
        for attribute in &element.attributes {
            self.refuse_hidden(attribute.location);
            if attribute.name != "style" {
                self.attribute(attribute, (source, element), &mut kept);
            }
        }
        let context = self.styled(element, context, &mut kept);
        let mut nodes = &element.children[..];
        let without_line_end;
        if let ("pre", [Node::Text { text, location }, rest @ ..]) = (&*name, nodes) {
            // A browser does not show the line end after the tag.
            let text =
                text.strip_prefix("\r\n").or_else(|| text.strip_prefix('\n')).unwrap_or(text);
            without_line_end = Node::Text { text: text.to_owned(), location: *location };
            let first = std::slice::from_ref(&without_line_end);
            kept.children = self.children(first, context, &mut kept.remarks);
            nodes = rest;
        }
        let more = self.children(nodes, context, &mut kept.remarks);
        kept.children.extend(more);
        self.path.pop();
        kept.settle(context.in_code);
        Some(kept)
    }

    /// Refuses a tag, but still reads what is in it: everything that is wrong is reported at once.
    fn refuse_tag(&mut self, element: &Element, context: Context) {
        let name = &element.name;
        let help = match &**name {
            "html" | "head" | "body" => t!("inbox-write-only-what-stands-inside"),
            "style" => {
                t!("inbox-write-styles-into-tags-p")
            }
            _ => t!("inbox-platform-would-filter-out"),
        };
        let message = t!("inbox-tag-cannot-stand-article", name = %name);
        self.problem(element.location, &format!("<{name}"), message, help);
        if !matches!(&**name, "script" | "style") {
            self.path.push(Named { name: name.clone(), classes: Vec::new() });
            self.children(&element.children, context, &mut Vec::new());
            self.path.pop();
        }
    }

    /// Returns the attribute that names an `<img>`'s picture.
    ///
    /// Articles copied from the platform have it in `data-src`, and a placeholder picture in `src`.
    fn source(&mut self, element: &Element) -> &'static str {
        if element.name != "img" {
            return "";
        }
        let written = |name: &str| element.get(name).map_or("", |found| found.value.trim());
        let (src, later) = (written("src"), written("data-src"));
        if !later.is_empty() && (src.is_empty() || src.starts_with("data:") || src == later) {
            return "data-src";
        }
        if src.is_empty() {
            let help = t!("inbox-write-src-file-job-folder");
            self.problem(element.location, "<img", t!("inbox-picture-without-src"), help);
        }
        "src"
    }

    /// Keeps an attribute in the form for the article, or reports why not.
    fn attribute(
        &mut self,
        attribute: &Attribute,
        (source, element): (&'static str, &Element),
        kept: &mut Kept,
    ) {
        let Attribute { name, value, location } = attribute;
        let Some(written) = names::attribute(name, kept.kind) else {
            let what = t!("inbox-attribute", name = %quote(name));
            kept.remarks.push(self.remark(RemarkKind::Dropped, *location, what));
            return;
        };
        let is_link = matches!(&*written, "href" | "xlink:href");
        let value = match (&*kept.name, &*written) {
            ("img", "src" | "data-src") if source == "data-src" && written != source => None,
            ("img", "src") => self.picture(value, PictureUse::Text, *location),
            ("img", "data-src") if source == "data-src" => {
                let found = self.picture(value, PictureUse::Text, *location);
                kept.attributes.extend(found.map(|found| ("src".to_owned(), found)));
                None
            }
            ("img", "data-src") => self.picture(value, PictureUse::Text, *location),
            ("image", _) if is_link => self.picture(value, PictureUse::Text, *location),
            ("mp-miniprogram", "data-miniprogram-imageurl") => {
                self.picture(value, PictureUse::Card, *location)
            }
            ("a", _) if is_link => Some(value.clone()),
            _ if kept.kind == Kind::Svg => self.drawn(attribute, element, &mut kept.remarks),
            _ if value.trim_start().to_ascii_lowercase().starts_with("javascript:") => {
                let what = t!("inbox-attribute", name = %quote(name));
                kept.remarks.push(self.remark(RemarkKind::Dropped, *location, what));
                None
            }
            _ => Some(value.clone()),
        };
        kept.attributes.extend(value.map(|value| (written, value)));
    }

    /// Checks an attribute of a drawing: it may only refer to something in the same drawing.
    fn drawn(
        &mut self,
        Attribute { name, value, location }: &Attribute,
        element: &Element,
        on: &mut Vec<usize>,
    ) -> Option<String> {
        let lower = value.to_ascii_lowercase();
        let pointed = match &**name {
            "href" | "xlink:href" => Some(value.trim()),
            _ => lower.find("url(").map(|at| value[at + 4..].trim_start_matches([' ', '"', '\''])),
        };
        match pointed {
            Some(pointed) if pointed.starts_with('#') => {
                let what = t!("inbox-points-platform-takes-ids-out", name = %element.name, pointed = %quote(pointed.trim_end_matches([')', '"', '\'', ' '])));
                on.push(self.remark(RemarkKind::Warned, *location, what));
                Some(value.clone())
            }
            Some(_) => {
                let message = t!("inbox-points-out-drawing", name = %name);
                let help = t!("inbox-draw-same-svg-use-image");
                self.problem(*location, value, message, help);
                None
            }
            None => Some(value.clone()),
        }
    }

    /// Returns whether an animation stays; one that would change an address does not.
    fn animation(&mut self, element: &Element, kept: &mut Kept) -> bool {
        let Some(changed) = element.get("attributename") else { return true };
        let name = changed.value.trim();
        let lower = name.to_ascii_lowercase();
        if lower.contains("href")
            || lower.starts_with("on")
            || matches!(&*lower, "style" | "id" | "class")
        {
            let message = t!("inbox-animation-cannot-change", name = %quote(name));
            let help = t!("inbox-may-change-transform-opacity-x");
            self.problem(changed.location, name, message, help);
            return false;
        }
        if !names::is_animated(name) {
            let what = t!("inbox-platform-may-not-play-animation", name = %quote(name));
            kept.remarks.push(self.remark(RemarkKind::Warned, changed.location, what));
        }
        true
    }

    /// Gives a tag its style, the theme's and its own, and returns the context for its children.
    fn styled(&mut self, element: &Element, context: Context, kept: &mut Kept) -> Context {
        let classes = element.get("class").map_or("", |class| &class.value);
        let classes = classes.split_ascii_whitespace().map(str::to_owned).collect();
        self.path.push(Named { name: element.name.clone(), classes });
        let is_shown = kept.kind == Kind::Html && !context.in_svg;
        if let Some(theme) = self.rules.theme.filter(|_| is_shown) {
            kept.style = theme.style(&self.path);
        }
        let mut inner = context;
        if let Some(style) = element.get("style") {
            self.style(style, kept, &mut inner);
        }
        let paint = |name: &str, property: &str| {
            let found = element.get(name)?;
            style::inline(&format!("{property}:{}", found.value)).pop()
        };
        let painted = [paint("color", "color"), paint("bgcolor", "background-color")];
        let painted: Vec<_> = painted.into_iter().flatten().collect();
        let look = inner.look.within(&painted).within(&kept.style);
        let lies_elsewhere = kept.style.iter().any(lies_elsewhere);
        let is_drawing = kept.kind == Kind::Svg;
        Context {
            look,
            in_svg: is_drawing && kept.name != "foreignObject",
            in_code: kept.kind == Kind::Html && (context.in_code || kept.name == "pre"),
            lost_ground: inner.lost_ground,
            // What is drawn may overlap what comes before or after it.
            may_lie_elsewhere: inner.may_lie_elsewhere || lies_elsewhere || is_drawing,
        }
    }

    /// Keeps the declarations of a tag's own style; they replace the theme's of the same name.
    fn style(&mut self, style: &Attribute, kept: &mut Kept, inner: &mut Context) {
        let written = style::inline(&style.value);
        let gives_way = |theme: &Declaration| {
            let same = |own: &Declaration| own.is_kept && own.name == theme.name;
            !theme.is_important && written.iter().any(same)
        };
        kept.style.retain(|theme| !gives_way(theme));
        for mut declaration in written {
            if declaration.is_kept {
                if self.find_pictures(&mut declaration, style.location) {
                    kept.style.push(declaration);
                }
                continue;
            }
            let shown = match &*declaration.name {
                "" => &declaration.value,
                name => name,
            };
            let what = t!("inbox-style", shown = %quote(shown));
            inner.lost_ground |= declaration.name.starts_with("background");
            kept.remarks.push(self.remark(RemarkKind::Dropped, style.location, what));
        }
    }

    /// Replaces local pictures by placeholders; returns whether all were found.
    fn find_pictures(&mut self, declaration: &mut Declaration, location: Location) -> bool {
        let mut are_found = true;
        for address in std::mem::take(&mut declaration.addresses) {
            if address.starts_with('#') {
                continue;
            }
            match self.picture(&address, PictureUse::Text, location) {
                Some(found) if found == address => {}
                Some(found) => {
                    declaration.value = replaced(&declaration.value, &address, &found);
                }
                None => are_found = false,
            }
        }
        are_found
    }

    fn picture(&mut self, source: &str, purpose: PictureUse, location: Location) -> Option<String> {
        let source = source.trim();
        if let Some(host) = host(source) {
            if PICTURE_HOSTS.contains(&host.as_str()) {
                return Some(source.to_owned());
            }
            let message = t!("inbox-picture-lies-outside-platform", source = %quote(source));
            let help = t!("inbox-put-file-into-job-folder");
            self.problem(location, source, message, help);
            return None;
        }
        if source.starts_with("data:") {
            let message = t!("inbox-picture-stands-text-itself-data");
            let help = t!("inbox-save-file-job-folder-name");
            self.problem(location, "data:", message, help);
            return None;
        }
        match (self.pictures)(source, purpose) {
            Ok(placeholder) => Some(placeholder),
            Err((message, help)) => {
                self.problem(location, source, message, help);
                None
            }
        }
    }

    /// A link: to a mini-program, to a published article, or with WeChat Pay to any address.
    ///
    /// A link to a mini-program may have an address as well, which is checked like any other.
    fn link(&mut self, element: &Element) {
        if element.get("data-miniprogram-appid").is_some() {
            self.mini_program(element);
        }
        let addresses = ["href", "xlink:href"].iter().filter_map(|name| element.get(name));
        for Attribute { value, location, .. } in addresses {
            let address = value.trim().to_owned();
            match host(&address) {
                Some(host) if host == ARTICLE_HOST || self.rules.links => {}
                Some(_) => {
                    let message = t!("inbox-account-may-not-link", address = %quote(&address));
                    let help = t!("inbox-only-accounts-wechat-pay-may");
                    self.problem(*location, &address, message, help);
                }
                None if address.is_empty() || address.starts_with('#') => {}
                None => {
                    let message = t!("inbox-no-address", address = %quote(&address));
                    self.problem(*location, &address, message, t!("inbox-write-https"));
                }
            }
        }
    }

    fn card(&mut self, element: &Element) {
        let location = element.location;
        self.mini_program(element);
        let Some(title) = element.get("data-miniprogram-title") else {
            let message = t!("inbox-mini-program-card-no-title");
            return self.problem(
                location,
                "<mp-",
                message,
                t!("inbox-write-data-miniprogram-title"),
            );
        };
        let length = title.value.chars().count();
        if length > CARD_TITLE_MOST {
            let message = t!("inbox-mini-program-card-title-characters", length = %length);
            self.problem(title.location, &title.value, message, t!("inbox-may-35"));
        }
        if element.get("data-miniprogram-imageurl").is_none() {
            let message = t!("inbox-mini-program-card-no-cover");
            let help = t!("inbox-write-data-miniprogram-imageurl-picture");
            self.problem(location, "<mp-", message, help);
        }
    }

    fn mini_program(&mut self, element: &Element) {
        let location = element.location;
        let appid = element.get("data-miniprogram-appid");
        if !appid.is_some_and(|appid| appid.value.starts_with("wx")) {
            let message = t!("inbox-mini-program-no-appid");
            self.problem(
                location,
                "miniprogram",
                message,
                t!("inbox-write-data-miniprogram-appid-wx"),
            );
        }
        if element.get("data-miniprogram-path").is_none() {
            let message = t!("inbox-mini-program-no-path");
            self.problem(location, "miniprogram", message, t!("inbox-write-data-miniprogram-path"));
        }
    }

    /// Adds a remark, and returns its number.
    fn remark(&mut self, kind: RemarkKind, location: Location, what: String) -> usize {
        let sought = self.html.get(location.start..location.end).unwrap_or_default().to_owned();
        self.filtered.remarks.push(Remark { kind, location, sought, what, at: 0 });
        self.filtered.remarks.len() - 1
    }

    fn problem(&mut self, location: Location, sought: &str, message: String, help: String) {
        let sought = sought.to_owned();
        self.filtered.problems.push(Problem { location, sought, message, help });
    }
}

/// Replaces an address within `url(…)` by a placeholder.
fn replaced(value: &str, address: &str, placeholder: &str) -> String {
    [format!("\"{address}\""), format!("'{address}'"), address.to_owned()]
        .iter()
        .find(|written| value.contains(written.as_str()))
        .map_or_else(|| value.to_owned(), |written| value.replace(written.as_str(), placeholder))
}

/// Returns whether a style may move something over what is not around it, or hide it.
fn lies_elsewhere(Declaration { name, value, .. }: &Declaration) -> bool {
    match &**name {
        "display" => value.contains("grid") || value.contains("none"),
        "position" => value.contains("relative"),
        "transform" | "-webkit-transform" => true,
        _ if name.starts_with("margin") => value.contains('-'),
        _ => false,
    }
}
