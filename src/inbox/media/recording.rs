//! Voice recordings: the duration, counted frame by frame.
//!
//! The platform accepts 60 s of mp3 or amr. The length in the tags before or after the sound is
//! ignored: it is often wrong, and what is played are the frames.

use super::{CUT, FieldError, Sort, wrong};
use crate::l10n::t;
use crate::model::Format;

/// The maximum duration; an encoder adds some silence to a recording of 60 s.
const LONGEST_MS: u64 = 60_100;
/// The duration of a frame of AMR.
const AMR_FRAME_MS: u64 = 20;
const AMR: &[u8] = b"#!AMR\n";
const AMR_WIDE: &[u8] = b"#!AMR-WB\n";
/// The bytes of a frame by its type, if there is such a type.
const AMR_FRAMES: [Option<usize>; 16] = [
    Some(12),
    Some(13),
    Some(15),
    Some(17),
    Some(19),
    Some(20),
    Some(26),
    Some(31),
    Some(5),
    None,
    None,
    None,
    None,
    None,
    None,
    Some(0),
];
const AMR_WIDE_FRAMES: [Option<usize>; 16] = [
    Some(17),
    Some(23),
    Some(32),
    Some(36),
    Some(40),
    Some(46),
    Some(50),
    Some(58),
    Some(60),
    Some(5),
    None,
    None,
    None,
    None,
    Some(0),
    Some(0),
];

/// Returns the type of a recording; `None` if it is no recording.
pub(super) fn sort(bytes: &[u8]) -> Option<Sort> {
    Some(match bytes {
        [b'I', b'D', b'3', ..] => Sort::Known(Format::Mp3),
        // The start of an MPEG frame of layer III.
        [0xff, second, ..] if second & 0xe6 == 0xe2 => Sort::Known(Format::Mp3),
        [b'#', b'!', b'A', b'M', b'R', ..] => Sort::Known(Format::Amr),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E', ..] => {
            other(t!("inbox-wav-recording"))
        }
        [b'O', b'g', b'g', b'S', ..] => other(t!("inbox-ogg-recording")),
        [b'f', b'L', b'a', b'C', ..] => other(t!("inbox-flac-recording")),
        [0xff, 0xf0 | 0xf1 | 0xf8 | 0xf9, ..] => other(t!("inbox-aac-recording")),
        _ => return None,
    })
}

fn other(words: String) -> Sort {
    Sort::Other(words, t!("inbox-save-mp3"))
}

/// Checks that a recording can be played, and is not too long.
pub(super) fn check(bytes: &[u8], format: Format) -> Result<(), FieldError> {
    let lasts_ms = match format {
        Format::Amr => amr_ms(bytes)?,
        Format::Mp3 => mp3_ms(bytes),
        Format::Jpg | Format::Png | Format::Gif | Format::Mp4 => 0,
    };
    match lasts_ms {
        0 => Err(wrong(t!("inbox-no-sound"), t!("inbox-save-anew-mp3"))),
        LONGEST_MS.. => {
            let what = t!("inbox-lasts-s", seconds = %lasts_ms.div_ceil(1_000));
            Err((what, t!("inbox-recording-may-last-60-s")))
        }
        _ => Ok(()),
    }
}

fn amr_ms(bytes: &[u8]) -> Result<u64, FieldError> {
    let (mut rest, sizes) = match (bytes.strip_prefix(AMR), bytes.strip_prefix(AMR_WIDE)) {
        (Some(rest), _) => (rest, AMR_FRAMES),
        (_, Some(rest)) => (rest, AMR_WIDE_FRAMES),
        (None, None) => return Err(wrong(CUT(), t!("inbox-save-anew-amr-one-channel"))),
    };
    let mut frames = 0;
    while let [head, frame @ ..] = rest {
        let size = sizes[usize::from(head >> 3 & 0x0f)];
        let whole = size.and_then(|size| frame.get(size..));
        rest = whole.ok_or_else(|| wrong(CUT(), t!("inbox-copy-whole-file-save-anew-3")))?;
        frames += 1;
    }
    Ok(frames * AMR_FRAME_MS)
}

/// Sums the durations of the frames; bytes between frames are skipped, as players do.
fn mp3_ms(bytes: &[u8]) -> u64 {
    let mut rest = after_tag(bytes);
    let (mut micros, mut in_step) = (0, false);
    while let Some(frame) = rest.get(..4).map(|_| Frame::of(rest)) {
        let fits = |frame: &Frame| {
            // The first after anything else is a frame only if another frame follows, or nothing.
            let next = rest.get(frame.bytes..);
            in_step || next.is_none_or(|next| next.len() < 4 || Frame::of(next).is_some())
        };
        match frame.filter(fits) {
            Some(frame) => {
                micros += frame.micros;
                rest = rest.get(frame.bytes..).unwrap_or_default();
                in_step = true;
            }
            None => {
                rest = &rest[1..];
                in_step = false;
            }
        }
    }
    micros / 1_000
}

/// Returns the bytes after an ID3 tag.
fn after_tag(bytes: &[u8]) -> &[u8] {
    let [b'I', b'D', b'3', _, _, flags, a, b, c, d, ..] = bytes else { return bytes };
    // Seven bits a byte, so that no length looks like a frame.
    let length = [a, b, c, d].iter().fold(0, |sum, byte| sum << 7 | usize::from(**byte & 0x7f));
    let footer = if flags & 0x10 == 0 { 0 } else { 10 };
    bytes.get(10 + length + footer..).unwrap_or_default()
}

/// One frame of layer III.
struct Frame {
    bytes: usize,
    micros: u64,
}

impl Frame {
    fn of(bytes: &[u8]) -> Option<Self> {
        const KBITS: [[u32; 14]; 2] = [
            [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
            [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
        ];
        const HERTZ: [u32; 3] = [44_100, 48_000, 32_000];
        let [0xff, second, third, ..] = bytes else { return None };
        if second & 0xe6 != 0xe2 {
            return None;
        }
        // Versions 2.5, none, 2 and 1.
        let (row, halved, samples) = match second >> 3 & 3 {
            3 => (0, 0, 1_152),
            2 => (1, 1, 576),
            0 => (1, 2, 576),
            _ => return None,
        };
        let kbits = *KBITS[row].get(usize::from(third >> 4).checked_sub(1)?)?;
        let hertz = HERTZ.get(usize::from(third >> 2 & 3))? >> halved;
        let padding = u32::from(third >> 1 & 1);
        let bytes = samples / 8 * kbits * 1_000 / hertz + padding;
        let micros = u64::from(samples) * 1_000_000 / u64::from(hertz);
        Some(Self { bytes: usize::try_from(bytes).ok()?, micros })
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::mp3;
    use super::*;

    fn amr(frames: usize) -> Vec<u8> {
        [AMR, &[&[0x3c][..], &[0; 31]].concat().repeat(frames)].concat()
    }

    #[test]
    fn a_recording_lasts_as_long_as_its_frames() {
        let tagged = [b"ID3\x04\0\0\0\0\0\x05 tag ".to_vec(), mp3(10)].concat();
        let closed = [mp3(10), b"TAG".to_vec(), vec![b' '; 125]].concat();
        for (name, bytes) in [("plain", mp3(10)), ("ID3", tagged), ("ID3v1", closed)] {
            assert!((9_900..=10_100).contains(&mp3_ms(&bytes)), "{name} {}", mp3_ms(&bytes));
        }
        assert_eq!(amr_ms(&amr(500)), Ok(10_000));
    }

    #[test]
    fn more_than_a_minute_and_nothing_at_all_are_refused() {
        for (bytes, format, expected) in [
            (mp3(60), Format::Mp3, None),
            (mp3(62), Format::Mp3, Some("lasts 62 s")),
            (b"ID3\x04\0\0\0\0\0\0".to_vec(), Format::Mp3, Some("has no sound in it")),
            (amr(3_000), Format::Amr, None),
            (amr(3_006), Format::Amr, Some("lasts 61 s")),
            (amr(0), Format::Amr, Some("has no sound in it")),
            (amr(9)[..100].to_vec(), Format::Amr, Some("is cut: its end is missing")),
        ] {
            let found = check(&bytes, format).err().map(|(what, _)| what);
            assert_eq!(found.as_deref(), expected, "{format:?} of {} bytes", bytes.len());
        }
    }
}
