//! Decides whether a text is visible against its background.
//!
//! One style sets the text's colour and another its background. If the platform keeps only one of
//! the two, white text is shown on the white page. So both are checked together, after everything
//! else was removed.

use cssparser::color::{parse_hash_color, parse_named_color};
use cssparser::{ParseError, Parser, Token};

use super::style::Declaration;

/// The minimum contrast of two colours at which a text can be read at all (WCAG requires at least
/// 3; this is only for what is invisible).
const CONTRAST_LEAST: f32 = 1.25;
/// Below this opacity a text is invisible.
const OPACITY_LEAST: f32 = 0.1;

/// A colour with its opacity, each part from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Colour {
    red: f32,
    green: f32,
    blue: f32,
    alpha: f32,
}

const WHITE: Colour = Colour { red: 1.0, green: 1.0, blue: 1.0, alpha: 1.0 };
/// The platform's default colour of a text.
const INK: Colour = Colour { red: 0.1, green: 0.1, blue: 0.1, alpha: 1.0 };

/// Why nobody can see a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Invisible {
    /// It is transparent.
    Transparent,
    /// It has the colour of what is behind it.
    NoContrast,
}

/// The colours that a text is shown in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    ink: Colour,
    /// The background; `None` if it is a picture or a gradient.
    ground: Option<Colour>,
    /// Whether its letters are filled with the background.
    is_clipped: bool,
}

impl Look {
    /// The colours of a text without any style.
    pub(super) const PLAIN: Self = Self { ink: INK, ground: Some(WHITE), is_clipped: false };

    /// Returns the colours inside a tag with these declarations.
    pub(super) fn within(mut self, declarations: &[Declaration]) -> Self {
        for Declaration { name, value, .. } in declarations {
            match &**name {
                "color" | "-webkit-text-fill-color" => {
                    self.ink = colour(value).unwrap_or(self.ink);
                }
                "background" | "background-color" | "background-image" => self.ground(value),
                "-webkit-background-clip" | "background-clip" => {
                    self.is_clipped = value.trim().eq_ignore_ascii_case("text");
                }
                _ => {}
            }
        }
        self
    }

    fn ground(&mut self, value: &str) {
        let lower = value.to_ascii_lowercase();
        if lower.contains("url(") || lower.contains("gradient(") {
            self.ground = None;
        } else if let (Some(colour), Some(below)) = (any_colour(value), self.ground) {
            self.ground = Some(colour.over(below));
        } else if let Some(colour) = any_colour(value).filter(|colour| colour.alpha >= 1.0) {
            self.ground = Some(colour);
        }
    }

    /// Returns why a text is invisible, if it is.
    pub(super) fn invisible(self) -> Option<Invisible> {
        if self.is_clipped && self.ground.is_none() {
            return None;
        }
        if self.ink.alpha < OPACITY_LEAST {
            return Some(Invisible::Transparent);
        }
        let ground = self.ground?;
        (contrast(self.ink.over(ground), ground) < CONTRAST_LEAST).then_some(Invisible::NoContrast)
    }
}

impl Colour {
    fn over(self, below: Self) -> Self {
        let mix = |above: f32, below: f32| above * self.alpha + below * (1.0 - self.alpha);
        Self {
            red: mix(self.red, below.red),
            green: mix(self.green, below.green),
            blue: mix(self.blue, below.blue),
            alpha: 1.0,
        }
    }

    /// The relative luminance of WCAG.
    fn luminance(self) -> f32 {
        let linear = |part: f32| {
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(self.red) + 0.7152 * linear(self.green) + 0.0722 * linear(self.blue)
    }
}

fn contrast(one: Colour, other: Colour) -> f32 {
    let (one, other) = (one.luminance(), other.luminance());
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// Returns the colour that a value describes, if it is one.
pub(super) fn colour(value: &str) -> Option<Colour> {
    read(&mut Parser::new(value))
}

/// Returns the first colour anywhere in a value.
fn any_colour(value: &str) -> Option<Colour> {
    let mut parser = Parser::new(value);
    loop {
        if let Ok(found) = parser.try_parse(|parser| read(parser).ok_or(())) {
            return Some(found);
        }
        parser.next().ok()?;
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "another crate's tokens; most are no colour")]
fn read(parser: &mut Parser<'_>) -> Option<Colour> {
    let bytes = |red: u8, green: u8, blue: u8, alpha| {
        let part = |byte: u8| f32::from(byte) / 255.0;
        Colour { red: part(red), green: part(green), blue: part(blue), alpha }
    };
    match parser.next().ok()?.clone() {
        Token::Hash(hash) | Token::IDHash(hash) => {
            let (red, green, blue, alpha) = parse_hash_color(hash.as_bytes()).ok()?;
            Some(bytes(red, green, blue, alpha))
        }
        Token::Ident(name) if name.eq_ignore_ascii_case("transparent") => {
            Some(Colour { alpha: 0.0, ..WHITE })
        }
        Token::Ident(name) => {
            let (red, green, blue) = parse_named_color(&name).ok()?;
            Some(bytes(red, green, blue, 1.0))
        }
        Token::Function(name) => {
            let parts = parser.parse_nested_block(parts).ok()?;
            match &*name.to_ascii_lowercase() {
                "rgb" | "rgba" => from_rgb(&parts),
                "hsl" | "hsla" => from_hsl(&parts),
                _ => None,
            }
        }
        _ => None,
    }
}

/// One number of a colour, and whether it is a percentage (which is 1 at 100%).
type Part = (f32, bool);

#[expect(clippy::wildcard_enum_match_arm, reason = "another crate's tokens; most are no number")]
fn parts(parser: &mut Parser<'_>) -> Result<Vec<Part>, ParseError<()>> {
    let mut parts = Vec::new();
    while let Ok(token) = parser.next() {
        match token {
            Token::Number { value, .. } | Token::Dimension { value, .. } => {
                parts.push((*value, false));
            }
            Token::Percentage { unit_value, .. } => parts.push((*unit_value, true)),
            _ => {}
        }
    }
    Ok(parts)
}

fn alpha(parts: &[Part]) -> f32 {
    parts.get(3).map_or(1.0, |part| part.0).clamp(0.0, 1.0)
}

fn from_rgb(parts: &[Part]) -> Option<Colour> {
    let part = |at: usize| {
        let (value, is_percent) = *parts.get(at)?;
        Some((if is_percent { value } else { value / 255.0 }).clamp(0.0, 1.0))
    };
    Some(Colour { red: part(0)?, green: part(1)?, blue: part(2)?, alpha: alpha(parts) })
}

fn from_hsl(parts: &[Part]) -> Option<Colour> {
    let (hue, saturation, light) = (parts.first()?.0, parts.get(1)?.0, parts.get(2)?.0);
    let (saturation, light) = (saturation.clamp(0.0, 1.0), light.clamp(0.0, 1.0));
    let part = |shift: f32| {
        let turn = (shift + hue / 30.0).rem_euclid(12.0);
        let reach = saturation * light.min(1.0 - light);
        light - reach * (turn - 3.0).min(9.0 - turn).clamp(-1.0, 1.0)
    };
    Some(Colour { red: part(0.0), green: part(8.0), blue: part(4.0), alpha: alpha(parts) })
}

#[cfg(test)]
mod tests {
    use super::super::style;
    use super::*;

    #[test]
    fn a_text_is_judged_with_what_is_behind_it() {
        for (style, is_seen) in [
            ("", true),
            ("color:#fff", false),
            ("color:rgba(255,255,255,.9)", false),
            ("color:hsl(0,0%,99%)", false),
            ("color:white;background:#07c160", true),
            ("background-color:rgb(0 0 0);color:snow", true),
            ("color:#333;background:#333", false),
            ("color:#fff;background:url(https://mmbiz.qpic.cn/a)", true),
            ("color:#fff;background-image:linear-gradient(red,blue)", true),
            ("color:transparent", false),
            ("color:transparent;background:linear-gradient(red,blue)", false),
            (
                "color:transparent;background:linear-gradient(red,blue);-webkit-background-clip:text",
                true,
            ),
            ("color:#fff;background:rgba(0,0,0,.02)", false),
            ("color:rgb(7, 193, 96)", true),
            ("color:inherit", true),
        ] {
            let look = Look::PLAIN.within(&style::inline(style));
            assert_eq!(look.invisible().is_none(), is_seen, "{style}");
        }
    }
}
