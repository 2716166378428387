//! Pictures: dimensions, and whether the file is complete.
//!
//! A picture that was cut during a transfer (a copy that broke off, a full disk) has a good
//! beginning, and is shown half grey or refused at upload. Every format marks its end, so its parts
//! are walked from one to the next; their content is not decoded.

use super::{CUT, FieldError, Sort, wrong};
use crate::l10n::t;
use crate::model::Format;

/// The maximum pixels of a side; a larger figure is taken for damage.
const SIDE_MOST: u32 = 1 << 16;

/// Returns the type of a picture; `None` if it is no picture.
pub(super) fn sort(bytes: &[u8]) -> Option<Sort> {
    Some(match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Sort::Known(Format::Png),
        [0xff, 0xd8, 0xff, ..] => Sort::Known(Format::Jpg),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Sort::Known(Format::Gif),
        [b'B', b'M', _, _, _, _, 0, 0, 0, 0, ..] => other(t!("inbox-bmp-picture")),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => {
            other(t!("inbox-webp-picture"))
        }
        [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..] => other(t!("inbox-tiff-picture")),
        [b'8', b'B', b'P', b'S', ..] => other(t!("inbox-photoshop-file")),
        [b'<', b's', b'v', b'g', ..] => other(t!("inbox-svg-drawing")),
        _ => return None,
    })
}

fn other(words: String) -> Sort {
    Sort::Other(words, t!("inbox-save-jpg-png"))
}

/// Returns the width and height of a complete picture.
pub(super) fn size(bytes: &[u8], format: Format) -> Result<(u32, u32), FieldError> {
    let found = match format {
        Format::Png => png(bytes),
        Format::Jpg => jpg(bytes),
        Format::Gif => gif(bytes),
        Format::Mp3 | Format::Amr | Format::Mp4 => None,
    };
    let help = || t!("inbox-save-anew-where-was-made");
    match found {
        None => Err(wrong(CUT(), t!("inbox-copy-whole-file-save-anew-2"))),
        Some((0, _) | (_, 0)) => Err(wrong(t!("inbox-no-pixels"), help())),
        Some((width, height)) if width > SIDE_MOST || height > SIDE_MOST => {
            Err(wrong(t!("inbox-says-larger-than-any-picture"), help()))
        }
        Some(size) => Ok(size),
    }
}

/// Walks the chunks up to `IEND`.
fn png(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut rest = bytes.get(8..)?;
    let (mut size, mut has_data) = (None, false);
    loop {
        let length = usize::try_from(long(rest)?).ok()?;
        let name = rest.get(4..8)?;
        // The chunk ends with a check sum.
        let data = rest.get(8..length.checked_add(8)?)?;
        rest = rest.get(length.checked_add(12)?..)?;
        match name {
            b"IHDR" => size = Some((long(data)?, long(data.get(4..)?)?)),
            b"IDAT" => has_data = true,
            b"IEND" => return size.filter(|_| has_data),
            _ => {}
        }
    }
}

/// Walks the segments up to the end marker.
fn jpg(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut rest = bytes.get(2..)?;
    let mut size = None;
    loop {
        // Compressed data, if there is any, ends at a marker that is none of its own.
        let is_marker = |pair: &[u8]| pair[0] == 0xff && !matches!(pair[1], 0 | 0xd0..=0xd7 | 0xff);
        let start = rest.windows(2).position(is_marker)?;
        let marker = rest[start + 1];
        rest = &rest[start + 2..];
        if marker == 0xd9 {
            return size;
        }
        let length = usize::from(short(rest)?);
        let data = rest.get(2..length)?;
        rest = &rest[length..];
        // Frames; the rest of this range are tables.
        if matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc) {
            let side = |at: usize| short(data.get(at..)?).map(u32::from);
            size = Some((side(3)?, side(1)?));
        }
    }
}

/// Walks the blocks up to the trailer.
fn gif(bytes: &[u8]) -> Option<(u32, u32)> {
    let side = |at: usize| {
        let pair = bytes.get(at..at + 2)?;
        Some(u32::from(u16::from_le_bytes([pair[0], pair[1]])))
    };
    let size = (side(6)?, side(8)?);
    let mut rest = bytes.get(13 + colours(*bytes.get(10)?)..)?;
    let mut has_image = false;
    loop {
        match *rest.first()? {
            b';' => return Some(size).filter(|_| has_image),
            b'!' => rest = after_blocks(rest.get(2..)?)?,
            b',' => {
                has_image = true;
                // After its position, flags, colours and the width of its codes.
                rest = after_blocks(rest.get(11 + colours(*rest.get(9)?)..)?)?;
            }
            _ => return None,
        }
    }
}

/// Returns the bytes of a colour table, if the flags say that there is one.
fn colours(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << (usize::from(flags & 7) + 1) }
}

/// Returns the bytes after a row of blocks, each of which has its length before it.
fn after_blocks(mut rest: &[u8]) -> Option<&[u8]> {
    loop {
        let length = usize::from(*rest.first()?);
        rest = rest.get(1 + length..)?;
        if length == 0 {
            return Some(rest);
        }
    }
}

fn long(bytes: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.first_chunk()?))
}

fn short(bytes: &[u8]) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::super::samples::{jpg, png};
    use super::*;

    fn gif(width: u16, height: u16) -> Vec<u8> {
        let size = [width.to_le_bytes(), height.to_le_bytes()].concat();
        let comment = b"!\xfe\x02hi\0";
        let image = [b",\0\0\0\0", &size[..], b"\0\x02\x02\x4c\x01\0"].concat();
        [b"GIF89a", &size[..], b"\x80\0\0\0\0\0\xff\xff\xff", comment, &image, b";"].concat()
    }

    #[test]
    fn a_whole_picture_says_its_size() {
        for (bytes, format) in
            [(png(30, 20, 1), Format::Png), (jpg(30, 20), Format::Jpg), (gif(30, 20), Format::Gif)]
        {
            assert_eq!(size(&bytes, format), Ok((30, 20)), "{format:?}");
            // What editors and phones write after the end is no part of it.
            assert_eq!(size(&[&bytes[..], b"more"].concat(), format), Ok((30, 20)), "{format:?}");
        }
    }

    #[test]
    fn wherever_a_picture_is_cut_it_is_refused() {
        for (bytes, format) in
            [(png(30, 20, 1), Format::Png), (jpg(30, 20), Format::Jpg), (gif(30, 20), Format::Gif)]
        {
            for end in 0..bytes.len() {
                let (what, _) = size(&bytes[..end], format).unwrap_err();
                assert_eq!(what, CUT(), "{format:?} cut at {end}");
            }
        }
    }

    #[test]
    fn a_picture_without_pixels_is_refused() {
        for (bytes, format) in
            [(png(0, 20, 1), Format::Png), (jpg(30, 0), Format::Jpg), (gif(0, 0), Format::Gif)]
        {
            assert_eq!(size(&bytes, format).unwrap_err().0, "has no pixels", "{format:?}");
        }
    }
}
