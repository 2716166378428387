//! Local media files: their type by content, and whether the platform accepts them.
//!
//! What the platform would refuse at upload, minutes before the job's time, is refused when the
//! file is dropped. The content of a file decides, never its name.

mod film;
mod picture;
mod recording;
#[cfg(test)]
pub(super) mod samples;

use std::borrow::Cow;

use sha2::{Digest as _, Sha256};

use super::ListSource;
use crate::l10n::{Sentence, t};
use crate::model::{Format, Media, UploadKind, hex};
use crate::yaml::diagnostic::quote;

/// The pixels of a mini-program card's cover.
const CARD: (u32, u32) = (1080, 864);

/// The error, and a hint.
pub(super) type FieldError = (String, String);

/// The error for a file whose end is missing.
const CUT: Sentence = || t!("inbox-cut-end-missing");

/// The type of a file.
enum Sort {
    /// One of the types that the platform accepts.
    Known(Format),
    /// Another type, in words, and a hint on how to convert it.
    Other(String, String),
}

fn wrong(what: String, help: String) -> FieldError {
    (what, help)
}

/// Reads a file of the job's folder.
pub(super) fn read<'l>(lists: &'l dyn ListSource, path: &str) -> Result<Cow<'l, [u8]>, FieldError> {
    let help = || t!("inbox-name-file-job-own-folder-2");
    check_path(path).map_err(|message| (message, help()))?;
    lists.file(path).map_err(|message| (message, help()))
}

/// Refuses every path that could leave the folder, before any file system sees it.
pub(super) fn check_path(path: &str) -> Result<(), String> {
    let leaves = path.starts_with('/')
        || path.contains('\\')
        || path.split('/').any(|part| matches!(part, "" | "." | ".."));
    if leaves { Err(t!("inbox-outside-job-folder", path = %quote(path))) } else { Ok(()) }
}

/// Reads a file, and checks it against the limits that the documents set for its use.
pub(super) fn media(
    lists: &dyn ListSource,
    path: &str,
    kind: UploadKind,
) -> Result<Media, FieldError> {
    let bytes = read(lists, path)?;
    let Limit { formats, most, words } = limit(kind);
    let shown = quote(path);
    let may_be = || t!("inbox-may-2", kind = %kind_text(kind), formats = %names(formats));
    let format = match sort(&bytes) {
        Some(Sort::Known(format)) if formats.contains(&format) => format,
        Some(Sort::Known(format)) => {
            let name = format.ending();
            return Err((
                t!("inbox-wrong-format", file = shown, words = words(), name = name),
                may_be(),
            ));
        }
        Some(Sort::Other(what, help)) => {
            let help = t!("inbox-two-helps", first = help, second = may_be());
            return Err((t!("inbox-other-format", file = shown, what = what), help));
        }
        None if bytes.is_empty() => {
            return Err((t!("inbox-empty", shown = %shown), t!("inbox-copy-file-once-more")));
        }
        None => return Err((t!("inbox-no-content", shown = %shown, words = words()), may_be())),
    };
    let length = bytes.len() as u64;
    if length > most {
        return Err((
            t!("inbox-text", shown = %shown, length = %size(length)),
            t!("inbox-may-up", kind = %kind_text(kind), most = %size(most)),
        ));
    }
    check(&bytes, format).map_err(|(what, help)| {
        (t!("inbox-file-predicate", file = shown.as_str(), what = what), help)
    })?;
    Ok(Media { file: path.to_owned(), sha256: hex(&Sha256::digest(&bytes)), bytes: length, format })
}

/// Checks the cover of a mini-program's card.
pub(super) fn check_card(lists: &dyn ListSource, path: &str) -> Result<(), FieldError> {
    let bytes = read(lists, path)?;
    let help = || t!("inbox-cover-mini-program-card-1080");
    let size = match sort(&bytes) {
        Some(Sort::Known(format)) => picture::size(&bytes, format).ok(),
        Some(Sort::Other(..)) | None => None,
    };
    match size {
        Some(CARD) => Ok(()),
        Some((width, height)) => Err((
            t!("inbox-x-pixels", path = %quote(path), width = %width, height = %height),
            help(),
        )),
        None => Err((t!("inbox-does-not-say-size", path = %quote(path)), help())),
    }
}

/// The limits of the documents.
struct Limit {
    formats: &'static [Format],
    /// The maximum bytes.
    most: u64,
    words: Sentence,
}

const JPG_PNG: Sentence = || t!("inbox-words-jpg-png");

fn limit(kind: UploadKind) -> Limit {
    use Format::{Amr, Gif, Jpg, Mp3, Mp4, Png};
    match kind {
        // "Below 1 MB": the exact size is refused as well.
        UploadKind::Picture => Limit { formats: &[Jpg, Png], most: (1 << 20) - 1, words: JPG_PNG },
        UploadKind::Cover => Limit { formats: &[Jpg, Png], most: 10 << 20, words: JPG_PNG },
        UploadKind::Image => {
            Limit { formats: &[Jpg, Png, Gif], most: 10 << 20, words: || t!("inbox-words-picture") }
        }
        UploadKind::Voice => {
            Limit { formats: &[Mp3, Amr], most: 2 << 20, words: || t!("inbox-words-recording") }
        }
        UploadKind::Video | UploadKind::Mpvideo | UploadKind::Draft | UploadKind::News => {
            Limit { formats: &[Mp4], most: 10 << 20, words: || t!("inbox-words-film") }
        }
    }
}

fn kind_text(kind: UploadKind) -> String {
    match kind {
        UploadKind::Picture => t!("inbox-picture-article"),
        UploadKind::Cover => t!("inbox-cover"),
        UploadKind::Image => t!("inbox-picture"),
        UploadKind::Voice => t!("inbox-recording"),
        UploadKind::Video | UploadKind::Mpvideo | UploadKind::Draft | UploadKind::News => {
            t!("inbox-video")
        }
    }
}

fn names(formats: &[Format]) -> String {
    let names = formats.iter().map(|format| format.ending().to_owned());
    let or =
        |first: String, second: String| t!("inbox-alternative", first = first, second = second);
    names.reduce(or).unwrap_or_default()
}

/// Returns a number of bytes in readable form.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..1_024 => t!("inbox-bytes", bytes = %bytes),
        1_024..1_048_576 => format!("{} KiB", bytes / 1_024),
        _ => format!("{}.{} MiB", bytes >> 20, (bytes % (1 << 20)) * 10 / (1 << 20)),
    }
}

/// Returns the type of a file, by its first bytes.
fn sort(bytes: &[u8]) -> Option<Sort> {
    let found = picture::sort(bytes).or_else(|| recording::sort(bytes));
    found.or_else(|| film::sort(bytes))
}

/// Checks that a file is complete, and can be shown or played.
fn check(bytes: &[u8], format: Format) -> Result<(), FieldError> {
    match format {
        Format::Jpg | Format::Png | Format::Gif => picture::size(bytes, format).map(drop),
        Format::Mp3 | Format::Amr => recording::check(bytes, format),
        Format::Mp4 => film::check(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_first_bytes_say() {
        let format = |bytes| match sort(bytes) {
            Some(Sort::Known(format)) => Some(format),
            Some(Sort::Other(..)) | None => None,
        };
        for (bytes, expected) in [
            (samples::jpg(1, 1).as_slice(), Some(Format::Jpg)),
            (&samples::png(1, 1, 1), Some(Format::Png)),
            (b"GIF89a0123456789", Some(Format::Gif)),
            (b"ID3\x04rest-of-it", Some(Format::Mp3)),
            (b"\xff\xfb\x90\x64rest", Some(Format::Mp3)),
            (b"#!AMR\nrest-of-it", Some(Format::Amr)),
            (b"\0\0\0\x18ftypmp42rest", Some(Format::Mp4)),
            (b"RIFF\0\0\0\0WAVEfmt ", None),
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
