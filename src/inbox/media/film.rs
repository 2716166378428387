//! Videos: whether a file is an MP4, and whether it is complete.
//!
//! Photographs (HEIC, AVIF), recordings (m4a) and films of a phone (mov) are built of the same
//! boxes as an mp4, so the first one, `ftyp`, shows the file's type. A film can be shown only with
//! its table of contents (`moov`) and its pictures (`mdat`). A download that broke off has only one
//! of them, and so has a fragment of a stream.

use super::{CUT, FieldError, Sort, wrong};
use crate::l10n::{Sentence, t};
use crate::model::Format;

const AS_MP4: Sentence = || t!("inbox-save-mp4-h-264-aac");
const WHOLE: Sentence = || t!("inbox-copy-whole-file-save-anew");

/// Returns the type of a file of boxes; `None` if it is no such file.
pub(super) fn sort(bytes: &[u8]) -> Option<Sort> {
    let kind = bytes.get(4..8)?;
    if kind != b"ftyp" {
        // Films from before `ftyp` was introduced, and pieces of a stream.
        let is_quicktime =
            matches!(kind, b"moov" | b"mdat" | b"wide" | b"free" | b"skip" | b"pnot");
        return match kind {
            _ if is_quicktime => Some(Sort::Other(t!("inbox-quicktime-film-mov"), AS_MP4())),
            b"styp" | b"moof" | b"sidx" => Some(Sort::Other(t!("inbox-fragment-mp4"), WHOLE())),
            _ => None,
        };
    }
    let brand = bytes.get(8..12)?;
    // The first box lists the other types that the file can be read as.
    let end = usize::try_from(u32::from_be_bytes(*bytes.first_chunk()?)).unwrap_or(usize::MAX);
    let others = bytes.get(16..end.min(bytes.len())).unwrap_or_default();
    let also = |name: &[u8; 4]| others.as_chunks::<4>().0.contains(name);
    Some(match brand {
        b"qt  " => Sort::Other(t!("inbox-quicktime-film-mov"), AS_MP4()),
        b"M4A " | b"M4B " | b"M4P " => Sort::Other(t!("inbox-recording-m4a"), t!("inbox-save-mp3")),
        b"avif" | b"avis" => Sort::Other(t!("inbox-avif-picture"), t!("inbox-save-jpg-png")),
        b"mif1" | b"msf1" if also(b"avif") => {
            Sort::Other(t!("inbox-avif-picture"), t!("inbox-save-jpg-png"))
        }
        b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"mif1" | b"msf1" => {
            Sort::Other(t!("inbox-heic-picture"), t!("inbox-save-jpg-png"))
        }
        [b'3', b'g', ..] => Sort::Other(t!("inbox-3gp-film"), AS_MP4()),
        b"crx " => Sort::Other(t!("inbox-camera-raw-picture"), t!("inbox-save-jpg-png")),
        _ => Sort::Known(Format::Mp4),
    })
}

/// Checks that a film is complete, and is a film.
pub(super) fn check(bytes: &[u8]) -> Result<(), FieldError> {
    let mut contents = None;
    let mut has_data = false;
    let mut rest = bytes;
    // Up to seven bytes after the last box are padding.
    while rest.len() >= 8 {
        let part = Part::of(rest).ok_or_else(|| wrong(CUT(), WHOLE()))?;
        match &part.kind {
            b"moov" => contents = Some(part.body),
            b"mdat" => has_data = true,
            _ => {}
        }
        rest = part.rest;
    }
    match contents {
        None => Err(wrong(t!("inbox-fragment-mp4-table-contents-moov"), WHOLE())),
        Some(_) if !has_data => Err(wrong(t!("inbox-fragment-mp4-pictures-mdat-missing"), WHOLE())),
        Some(contents) => check_contents(contents),
    }
}

/// Checks the film's duration and tracks by its table of contents.
fn check_contents(contents: &[u8]) -> Result<(), FieldError> {
    let head = Part::find(contents, b"mvhd").ok_or_else(|| wrong(CUT(), WHOLE()))?;
    let is_streamed = Part::find(contents, b"mvex").is_some();
    if duration(head) == Some(0) && !is_streamed {
        return Err(wrong(t!("inbox-film-lasts-0-s"), AS_MP4()));
    }
    let is_film = |track: Part<'_>| {
        let media = (&track.kind == b"trak").then(|| Part::find(track.body, b"mdia")).flatten();
        let handler = media.and_then(|media| Part::find(media, b"hdlr"));
        handler.and_then(|handler| handler.get(8..12)) == Some(b"vide")
    };
    if !Part::all(contents).any(is_film) {
        return Err(wrong(t!("inbox-mp4-without-pictures"), t!("inbox-send-recording-voice-mp3")));
    }
    Ok(())
}

/// Returns the duration of a film, in the film's own units.
fn duration(head: &[u8]) -> Option<u64> {
    match head.first()? {
        0 => Some(u32::from_be_bytes(*head.get(16..)?.first_chunk()?).into()),
        _ => Some(u64::from_be_bytes(*head.get(24..)?.first_chunk()?)),
    }
}

/// A box, and the bytes after it.
struct Part<'b> {
    kind: [u8; 4],
    body: &'b [u8],
    rest: &'b [u8],
}

impl<'b> Part<'b> {
    /// Returns the first box; `None` if it is not complete.
    fn of(bytes: &'b [u8]) -> Option<Self> {
        let kind = *bytes.get(4..)?.first_chunk()?;
        let (head, length) = match u32::from_be_bytes(*bytes.first_chunk()?) {
            // It extends to the end.
            0 => (8, bytes.len()),
            1 => {
                let length = u64::from_be_bytes(*bytes.get(8..)?.first_chunk()?);
                (16, usize::try_from(length).ok()?)
            }
            length => (8, usize::try_from(length).ok()?),
        };
        Some(Self { kind, body: bytes.get(head..length)?, rest: bytes.get(length..)? })
    }

    fn all(bytes: &'b [u8]) -> impl Iterator<Item = Self> {
        let mut rest = bytes;
        std::iter::from_fn(move || {
            let part = Self::of(rest)?;
            rest = part.rest;
            Some(part)
        })
    }

    /// Returns the body of the first box of a kind.
    fn find(bytes: &'b [u8], kind: &[u8; 4]) -> Option<&'b [u8]> {
        Self::all(bytes).find(|part| &part.kind == kind).map(|part| part.body)
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{mp4, part};
    use super::*;

    #[test]
    fn a_whole_film_is_taken() {
        assert_eq!(check(&mp4(b"pictures")), Ok(()));
    }

    #[test]
    fn wherever_a_film_is_cut_it_is_refused() {
        let bytes = mp4(b"pictures");
        for end in 0..bytes.len() {
            assert!(check(&bytes[..end]).is_err(), "cut at {end}");
        }
    }

    #[test]
    fn what_is_in_an_mp4_decides_and_not_its_clothes() {
        let ftyp = |brand: &[u8], also: &[u8]| part(b"ftyp", &[brand, b"\0\0\0\0", also].concat());
        for (bytes, expected) in [
            (ftyp(b"qt  ", b""), "a QuickTime film (.mov)"),
            (part(b"wide", b""), "a QuickTime film (.mov)"),
            (ftyp(b"M4A ", b"isommp42"), "a recording (.m4a)"),
            (ftyp(b"heic", b"mif1"), "a HEIC picture"),
            (ftyp(b"mif1", b"heic"), "a HEIC picture"),
            (ftyp(b"mif1", b"miafavif"), "an AVIF picture"),
            (ftyp(b"3gp5", b""), "a 3GP film"),
            (part(b"styp", b"msdh"), "a fragment of an mp4"),
        ] {
            let Some(Sort::Other(found, _)) = sort(&bytes) else { panic!("{expected} is taken") };
            assert_eq!(found, expected);
        }
        assert!(matches!(sort(&mp4(b"")), Some(Sort::Known(Format::Mp4))));
    }

    #[test]
    fn a_fragment_and_a_film_without_pictures_are_told_apart() {
        let ftyp = part(b"ftyp", b"isom\0\0\0\0");
        let head = part(b"mvhd", &[&[0; 16][..], &[0, 0, 0, 9], &[0; 80]].concat());
        let sound = part(b"trak", &part(b"mdia", &part(b"hdlr", b"\0\0\0\0\0\0\0\0soun")));
        let empty = part(b"moov", &part(b"mvhd", &[0; 100]));
        let moov = part(b"moov", &[head, sound].concat());
        let mdat = part(b"mdat", b"x");
        for (parts, expected) in [
            ([&ftyp, &mdat].as_slice(), "its table of contents (moov) is missing"),
            (&[&ftyp, &moov], "its pictures (mdat) are missing"),
            (&[&ftyp, &moov, &mdat], "is an mp4 without pictures"),
            (&[&ftyp, &empty, &mdat], "is a film that lasts 0 s"),
        ] {
            let bytes: Vec<u8> = parts.iter().flat_map(|part| part.iter().copied()).collect();
            let (what, _) = check(&bytes).unwrap_err();
            assert!(what.contains(expected), "{what}");
        }
    }
}
