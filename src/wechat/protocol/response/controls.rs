//! Raw control characters inside a JSON string, which JSON forbids and the platform sends.
//!
//! They are escaped, so that the text around them is read unchanged. Nothing else is repaired: a
//! response that was cut, or that contains two values, stays unreadable.

use std::io::Write as _;

/// Returns the body with the control characters in its strings escaped; none if there are none.
pub(super) fn escaped(body: &[u8]) -> Option<Vec<u8>> {
    let mut mended = Vec::with_capacity(body.len() + 64);
    let (mut in_string, mut after_backslash, mut found) = (false, false, false);
    for &byte in body {
        if in_string && !after_backslash && byte < 0x20 {
            found = true;
            write!(mended, "\\u{byte:04x}").ok()?;
            continue;
        }
        match byte {
            b'"' if !after_backslash => in_string = !in_string,
            _ => {}
        }
        after_backslash = in_string && byte == b'\\' && !after_backslash;
        mended.push(byte);
    }
    found.then_some(mended)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_raw_in_a_string_is_escaped() {
        for (body, mended) in [
            (&b"{\"a\":\"x\x07y\"}"[..], Some(&br#"{"a":"x\u0007y"}"#[..])),
            (b"{\n\"a\" : \"x\ty\\\"\n\"}", Some(b"{\n\"a\" : \"x\\u0009y\\\"\\u000a\"}")),
            (b"{\n \"a\": 1\n}", None),
            (br#"{"a":"x\n\\"}"#, None),
            // A backslash before it means something else, and the meaning is unknown.
            (b"{\"a\":\"x\\\n\"}", None),
        ] {
            assert_eq!(escaped(body).as_deref(), mended, "{:?}", String::from_utf8_lossy(body));
        }
    }
}
