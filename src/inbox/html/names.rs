//! The allowed names: tags, attributes and animations.
//!
//! HTML and SVG have separate lists, because the same name has a different meaning in each. The
//! platform's own tags (a card, a recording, a style mark) are accepted as its editor writes them.

/// The HTML tags that an article keeps.
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
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "q",
    "rp",
    "rt",
    "ruby",
    "s",
    "samp",
    "section",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "sup",
    "svg",
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
/// The platform's own tags, besides those that begin with `mp-common-`.
const PLATFORM_TAGS: &[&str] = &[
    "mp-miniprogram",
    "mp-style-type",
    "mp-weapp",
    "mpcps",
    "mpprofile",
    "mpvideo",
    "mpvideosnap",
    "mpvoice",
    "qqmusic",
];
/// Other tags of HTML, which an article does not keep.
const OTHER_TAGS: &[&str] = &[
    "article", "aside", "audio", "body", "button", "canvas", "details", "dialog", "embed",
    "footer", "form", "head", "header", "html", "iframe", "input", "label", "link", "main", "meta",
    "nav", "noscript", "object", "option", "picture", "script", "select", "source", "style",
    "summary", "textarea", "title", "video",
];
/// The tags inside `<svg>`, as SVG writes them.
const SVG_TAGS: &[&str] = &[
    "a",
    "animate",
    "animateMotion",
    "animateTransform",
    "circle",
    "clipPath",
    "defs",
    "desc",
    "ellipse",
    "foreignObject",
    "g",
    "image",
    "line",
    "linearGradient",
    "marker",
    "mask",
    "mpath",
    "path",
    "pattern",
    "polygon",
    "polyline",
    "radialGradient",
    "rect",
    "set",
    "stop",
    "svg",
    "switch",
    "symbol",
    "text",
    "textPath",
    "title",
    "tspan",
    "use",
];
/// The SVG attributes whose names have capitals, which HTML ignores.
const SVG_ATTRIBUTES: &[&str] = &[
    "attributeName",
    "attributeType",
    "baseProfile",
    "calcMode",
    "clipPathUnits",
    "gradientTransform",
    "gradientUnits",
    "keyPoints",
    "keySplines",
    "keyTimes",
    "lengthAdjust",
    "markerHeight",
    "markerUnits",
    "markerWidth",
    "maskContentUnits",
    "maskUnits",
    "pathLength",
    "patternContentUnits",
    "patternTransform",
    "patternUnits",
    "preserveAspectRatio",
    "refX",
    "refY",
    "repeatCount",
    "repeatDur",
    "requiredExtensions",
    "requiredFeatures",
    "spreadMethod",
    "startOffset",
    "systemLanguage",
    "textLength",
    "viewBox",
];
/// What the platform allows an animation to change.
const ANIMATED: &[&str] = &[
    "cx",
    "cy",
    "d",
    "fill",
    "height",
    "opacity",
    "points",
    "r",
    "stroke-dashoffset",
    "stroke-linecap",
    "stroke-width",
    "transform",
    "visibility",
    "width",
    "x",
    "y",
];
/// The tags that have no end tag.
const VOID: &[&str] = &["br", "col", "hr", "img", "wbr"];
/// The HTML attributes that are kept, besides `style` and those that begin with `data-`.
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
    "leaf",
    "nodeleaf",
    "rowspan",
    "size",
    "span",
    "src",
    "start",
    "textstyle",
    "title",
    "type",
    "valign",
    "width",
];
/// The tags that are blocks.
const BLOCKS: &[&str] = &[
    "blockquote",
    "caption",
    "center",
    "col",
    "colgroup",
    "dd",
    "div",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "li",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "ul",
];

/// Which names are allowed at a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// HTML, also inside a `<foreignObject>`.
    Html,
    /// A tag of the platform.
    Platform,
    /// `<svg>` and what is in it.
    Svg,
}

/// Returns a tag's kind, and its name as it is written; `None` for one that is not allowed there.
pub(super) fn tag(name: &str, in_svg: bool) -> Option<(Kind, String)> {
    if in_svg {
        let found = SVG_TAGS.iter().find(|known| known.eq_ignore_ascii_case(name))?;
        return Some((Kind::Svg, (*found).to_owned()));
    }
    let kind = match name {
        "svg" => Kind::Svg,
        _ if TAGS.contains(&name) => Kind::Html,
        _ if PLATFORM_TAGS.contains(&name) || is_common(name) => Kind::Platform,
        _ => return None,
    };
    Some((kind, name.to_owned()))
}

/// Returns whether HTML or the platform has a tag of this name, whether an article keeps it or not.
pub(super) fn is_known(name: &str) -> bool {
    tag(name, false).is_some() || OTHER_TAGS.contains(&name)
}

fn is_common(name: &str) -> bool {
    let letters = |rest: &str| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_lowercase());
    name.strip_prefix("mp-common-").is_some_and(letters)
}

/// Returns an attribute's name as it is written on such a tag; `None` for one that is not kept.
pub(super) fn attribute(name: &str, kind: Kind) -> Option<String> {
    let is_plain =
        name.bytes().all(|b| b.is_ascii_lowercase() || b"-_:".contains(&b) || b.is_ascii_digit());
    let acts = name.starts_with("on") || matches!(name, "id" | "srcdoc" | "formaction" | "action");
    if !is_plain || acts {
        return None;
    }
    match kind {
        Kind::Html => {
            (name.starts_with("data-") || ATTRIBUTES.contains(&name)).then(|| name.to_owned())
        }
        Kind::Platform => Some(name.to_owned()),
        Kind::Svg => {
            let found = SVG_ATTRIBUTES.iter().find(|known| known.eq_ignore_ascii_case(name));
            Some(found.map_or_else(|| name.to_owned(), |found| (*found).to_owned()))
        }
    }
}

/// Returns whether the platform allows an animation to change this attribute.
pub(super) fn is_animated(name: &str) -> bool {
    ANIMATED.contains(&name)
}

/// Returns whether a tag animates another one.
pub(super) fn is_animation(name: &str) -> bool {
    matches!(name, "animate" | "animateMotion" | "animateTransform" | "set")
}

/// Returns whether a tag has no end tag.
pub(super) fn is_void(name: &str) -> bool {
    VOID.contains(&name)
}

/// Returns whether a tag is a block.
pub(super) fn is_block(name: &str) -> bool {
    BLOCKS.contains(&name)
}

/// Returns the tags that end where this one begins, and the tags at which the search for them
/// stops.
pub(super) fn ended_by(name: &str) -> Option<(&'static [&'static str], &'static [&'static str])> {
    match name {
        "li" => Some((&["li"], &["ul", "ol"])),
        "dt" | "dd" => Some((&["dt", "dd"], &["dl"])),
        "td" | "th" => Some((&["td", "th"], &["tr", "table"])),
        "tr" => Some((&["tr"], &["table", "tbody", "thead", "tfoot"])),
        "tbody" | "thead" | "tfoot" => Some((&["tbody", "thead", "tfoot"], &["table"])),
        "rt" | "rp" => Some((&["rt", "rp"], &["ruby"])),
        _ => None,
    }
}

/// Returns whether a tag may be left open: its end is certain.
pub(super) fn has_clear_end(name: &str) -> bool {
    name == "p" || ended_by(name).is_some()
}
