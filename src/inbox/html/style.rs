//! Inline styles: parses declarations, and decides which of them an article keeps.

use cssparser::{Delimiter, ParseError, Parser, Token};

/// The properties that are kept; a name that ends with `*` means all that begin like it.
const PROPERTIES: &[&str] = &[
    "align-*",
    "aspect-ratio",
    "background*",
    "border*",
    "box-shadow",
    "box-sizing",
    "caption-side",
    "clear",
    "clip-path",
    "color",
    "column*",
    "direction",
    "display",
    "empty-cells",
    "fill*",
    "filter",
    "flex*",
    "float",
    "font*",
    "gap",
    "grid*",
    "height",
    "hyphens",
    "isolation",
    "justify-*",
    "letter-spacing",
    "line-break",
    "line-height",
    "list-style*",
    "margin*",
    "mask*",
    "max-*",
    "min-*",
    "mix-blend-mode",
    "object-*",
    "opacity",
    "order",
    "outline*",
    "overflow*",
    "padding*",
    "perspective*",
    "place-*",
    "pointer-events",
    "row-gap",
    "scroll-snap-*",
    "stroke*",
    "tab-size",
    "table-layout",
    "text-*",
    "transform*",
    "unicode-bidi",
    "user-select",
    "vertical-align",
    "visibility",
    "white-space",
    "width",
    "word-*",
    "writing-mode",
    "z-index",
];
/// The functions that are allowed in a value, besides `url`, whose address is checked.
const FUNCTIONS: &[&str] = &[
    "blur",
    "brightness",
    "calc",
    "circle",
    "clamp",
    "conic-gradient",
    "contrast",
    "cubic-bezier",
    "drop-shadow",
    "ellipse",
    "fit-content",
    "grayscale",
    "hsl",
    "hsla",
    "hue-rotate",
    "inset",
    "invert",
    "linear-gradient",
    "matrix",
    "matrix3d",
    "max",
    "min",
    "minmax",
    "opacity",
    "perspective",
    "polygon",
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
    "saturate",
    "scale",
    "scale3d",
    "scalex",
    "scaley",
    "scalez",
    "sepia",
    "skew",
    "skewx",
    "skewy",
    "translate",
    "translate3d",
    "translatex",
    "translatey",
    "translatez",
    "url",
    "-webkit-gradient",
    "-webkit-linear-gradient",
    "-webkit-radial-gradient",
];

/// One declaration as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::inbox) struct Declaration {
    /// The property, in lower case.
    pub(in crate::inbox) name: String,
    pub(in crate::inbox) value: String,
    /// The addresses in its value.
    pub(in crate::inbox) addresses: Vec<String>,
    pub(in crate::inbox) is_important: bool,
    /// Whether an article keeps it.
    pub(in crate::inbox) is_kept: bool,
    /// Its location in the CSS: its first byte.
    pub(in crate::inbox) at: usize,
}

/// Reads declarations up to the end of the block; one that is invalid has no name.
pub(in crate::inbox) fn declarations(parser: &mut Parser<'_>) -> Vec<Declaration> {
    let mut found = Vec::new();
    loop {
        parser.skip_whitespace();
        if parser.is_exhausted() {
            return found;
        }
        let at = parser.position().byte_index();
        let read: Result<Declaration, ParseError<()>> =
            parser.parse_until_after(Delimiter::Semicolon, |parser| {
                let start = parser.position();
                let read = declaration(parser, at);
                // Invalid text is skipped up to the next `;`.
                while parser.next().is_ok() {}
                let written = parser.slice_from(start).trim().to_owned();
                Ok(read.unwrap_or(Declaration {
                    name: String::new(),
                    value: written,
                    addresses: Vec::new(),
                    is_important: false,
                    is_kept: false,
                    at,
                }))
            });
        found.extend(
            read.into_iter().filter(|read| !read.name.is_empty() || !read.value.is_empty()),
        );
    }
}

fn declaration(parser: &mut Parser<'_>, at: usize) -> Option<Declaration> {
    let name = parser.expect_ident().ok()?.to_ascii_lowercase();
    parser.expect_colon().ok()?;
    parser.skip_whitespace();
    let start = parser.position();
    let mut value = Value { addresses: Vec::new(), is_known: true };
    value.read(parser);
    let written = parser.slice_from(start).trim();
    let (written, is_important) = without_important(written);
    // An escape or a comment may hide the value from the platform's own filter.
    let is_plain = value.is_known && !written.contains(['\\', '<']) && !written.contains("/*");
    let is_kept = is_plain && !written.is_empty() && is_known(&name, written);
    let addresses = value.addresses;
    Some(Declaration { name, value: written.to_owned(), addresses, is_important, is_kept, at })
}

fn without_important(value: &str) -> (&str, bool) {
    let Some((before, mark)) = value.rsplit_once('!') else { return (value, false) };
    if mark.trim().eq_ignore_ascii_case("important") {
        (before.trim_end(), true)
    } else {
        (value, false)
    }
}

/// Returns whether an article keeps a property with this value.
fn is_known(name: &str, value: &str) -> bool {
    if name == "position" {
        return matches!(&*value.to_ascii_lowercase(), "static" | "relative");
    }
    let name = name.strip_prefix("-webkit-").or_else(|| name.strip_prefix("-moz-")).unwrap_or(name);
    let is_name = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    // Only with a prefix.
    let is_prefixed =
        matches!(name, "tap-highlight-color" | "overflow-scrolling" | "line-clamp" | "box-orient");
    let known = PROPERTIES.iter().any(|known| match known.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == *known,
    });
    is_name && (known || is_prefixed)
}

struct Value {
    addresses: Vec<String>,
    /// Whether it contains only known functions.
    is_known: bool,
}

impl Value {
    #[expect(clippy::wildcard_enum_match_arm, reason = "another crate's tokens; most are plain")]
    fn read(&mut self, parser: &mut Parser<'_>) {
        while let Ok(token) = parser.next().cloned() {
            match token {
                Token::UnquotedUrl(address) => self.addresses.push(address.to_string()),
                Token::Function(name) => {
                    let name = name.to_ascii_lowercase();
                    self.is_known &= FUNCTIONS.contains(&&*name);
                    self.nested(parser, name == "url");
                }
                Token::ParenthesisBlock => self.nested(parser, false),
                Token::SquareBracketBlock | Token::CurlyBracketBlock => {
                    self.is_known &= matches!(token, Token::SquareBracketBlock);
                    self.nested(parser, false);
                }
                Token::BadUrl(_)
                | Token::BadString(_)
                | Token::CloseParenthesis
                | Token::CloseSquareBracket
                | Token::CloseCurlyBracket => self.is_known = false,
                _ => {}
            }
        }
    }

    fn nested(&mut self, parser: &mut Parser<'_>, is_url: bool) {
        let read: Result<(), ParseError<()>> = parser.parse_nested_block(|parser| {
            if is_url {
                let address = parser.expect_string().map(ToString::to_string);
                self.addresses.push(address.unwrap_or_default());
            }
            self.read(parser);
            Ok(())
        });
        self.is_known &= read.is_ok();
    }
}

/// Reads the value of a `style` attribute.
pub(in crate::inbox) fn inline(style: &str) -> Vec<Declaration> {
    declarations(&mut Parser::new(style))
}
