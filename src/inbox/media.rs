//! Local files of a job: what they are by their content, and whether the platform takes them.

use std::borrow::Cow;

use imagesize::ImageType;
use sha2::{Digest as _, Sha256};

use super::ListSource;
use super::broadcast::check_path;
use crate::model::{Format, Media, UploadKind, hex};
use crate::yaml::diagnostic::quote;

/// The pixels of a mini-program card's cover.
const CARD: (usize, usize) = (1080, 864);

/// What is wrong, and what helps.
pub(super) type Wrong = (String, String);

/// Reads a file of the job's folder.
pub(super) fn read<'l>(lists: &'l dyn ListSource, path: &str) -> Result<Cow<'l, [u8]>, Wrong> {
    let help = "name a file of the job's own folder, such as `cover.png`";
    check_path(path).map_err(|message| (message, help.to_owned()))?;
    lists.file(path).map_err(|message| (message, help.to_owned()))
}

/// Reads a file, and checks it against what the documents allow for its use.
pub(super) fn media(lists: &dyn ListSource, path: &str, kind: UploadKind) -> Result<Media, Wrong> {
    let bytes = read(lists, path)?;
    let Limit { formats, most, words } = limit(kind);
    let shown = quote(path);
    let format = format(&bytes).filter(|format| formats.contains(format)).ok_or_else(|| {
        (format!("{shown} is no {words} by its content"), format!("it may be {}", names(formats)))
    })?;
    let length = bytes.len() as u64;
    if length > most {
        return Err((
            format!("{shown} has {}", size(length)),
            format!("{} may have up to {}", kind_words(kind), size(most)),
        ));
    }
    Ok(Media { file: path.to_owned(), sha256: hex(&Sha256::digest(&bytes)), bytes: length, format })
}

/// Checks the cover of a mini-program's card.
pub(super) fn check_card(lists: &dyn ListSource, path: &str) -> Result<(), Wrong> {
    let bytes = read(lists, path)?;
    let help = "the cover of a mini-program's card has 1080 x 864 pixels".to_owned();
    match imagesize::blob_size(&bytes) {
        Ok(found) if (found.width, found.height) == CARD => Ok(()),
        Ok(found) => {
            let (width, height) = (found.width, found.height);
            Err((format!("{} has {width} x {height} pixels", quote(path)), help))
        }
        Err(_) => Err((format!("{} does not say its size", quote(path)), help)),
    }
}

/// What the documents allow.
struct Limit {
    formats: &'static [Format],
    /// The most bytes.
    most: u64,
    words: &'static str,
}

fn limit(kind: UploadKind) -> Limit {
    use Format::{Amr, Gif, Jpg, Mp3, Mp4, Png};
    match kind {
        // "Below 1 MB": the exact size is refused as well.
        UploadKind::Picture => {
            Limit { formats: &[Jpg, Png], most: (1 << 20) - 1, words: "jpg or png" }
        }
        UploadKind::Cover => Limit { formats: &[Jpg, Png], most: 10 << 20, words: "jpg or png" },
        UploadKind::Image => Limit { formats: &[Jpg, Png, Gif], most: 10 << 20, words: "picture" },
        UploadKind::Voice => Limit { formats: &[Mp3, Amr], most: 2 << 20, words: "recording" },
        UploadKind::Video | UploadKind::Mpvideo | UploadKind::Draft | UploadKind::News => {
            Limit { formats: &[Mp4], most: 10 << 20, words: "mp4 video" }
        }
    }
}

fn kind_words(kind: UploadKind) -> &'static str {
    match kind {
        UploadKind::Picture => "a picture in an article",
        UploadKind::Cover => "a cover",
        UploadKind::Image => "a picture",
        UploadKind::Voice => "a recording",
        UploadKind::Video | UploadKind::Mpvideo | UploadKind::Draft | UploadKind::News => "a video",
    }
}

fn names(formats: &[Format]) -> String {
    formats.iter().map(|format| format.ending()).collect::<Vec<_>>().join(" or ")
}

/// Returns a number of bytes for people.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..1_024 => format!("{bytes} bytes"),
        1_024..1_048_576 => format!("{} KiB", bytes / 1_024),
        _ => format!("{}.{} MiB", bytes >> 20, (bytes % (1 << 20)) * 10 / (1 << 20)),
    }
}

/// Returns what a file is, by its first bytes.
fn format(bytes: &[u8]) -> Option<Format> {
    match imagesize::image_type(bytes) {
        Ok(ImageType::Jpeg) => return Some(Format::Jpg),
        Ok(ImageType::Png) => return Some(Format::Png),
        Ok(ImageType::Gif) => return Some(Format::Gif),
        Ok(_) | Err(_) => {}
    }
    match bytes {
        [b'I', b'D', b'3', ..] => Some(Format::Mp3),
        // The start of an MPEG frame of layer III.
        [0xff, second, ..] if second & 0xe6 == 0xe2 => Some(Format::Mp3),
        [b'#', b'!', b'A', b'M', b'R', ..] => Some(Format::Amr),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => Some(Format::Mp4),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_first_bytes_say() {
        let jpg = [&[0xff, 0xd8, 0xff, 0xe0][..], &[0; 20]].concat();
        let png = [&b"\x89PNG\r\n\x1a\n"[..], &[0; 20]].concat();
        for (bytes, expected) in [
            (jpg.as_slice(), Some(Format::Jpg)),
            (png.as_slice(), Some(Format::Png)),
            (b"GIF89a0123456789", Some(Format::Gif)),
            (b"ID3\x04rest-of-it", Some(Format::Mp3)),
            (b"\xff\xfb\x90\x64rest", Some(Format::Mp3)),
            (b"#!AMR\nrest-of-it", Some(Format::Amr)),
            (b"\0\0\0\x18ftypmp42rest", Some(Format::Mp4)),
            (b"plain text, longer", None),
            (b"", None),
        ] {
            assert_eq!(format(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn a_size_reads_well() {
        for (bytes, expected) in [
            (1_023, "1023 bytes"),
            (2_048, "2 KiB"),
            (1_572_864, "1.5 MiB"),
            (10 << 20, "10.0 MiB"),
        ] {
            assert_eq!(size(bytes), expected);
        }
    }
}
