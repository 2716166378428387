use std::io::Write as _;
use std::process::{Command, Stdio};

use aes::cipher::BlockModeEncrypt as _;
use proptest::prelude::*;

use super::*;
use crate::wechat::callback::{self, Incoming};

/// The key of the platform's sample code: its last character has bits that mean nothing.
const SAMPLE_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
const APPID: &str = "wx2c2769f8efd9abc2";

fn key(text: &str) -> AesKey {
    AesKey::parse(&SecretString::from(text)).unwrap()
}

/// Pads a text as the platform does, to 32.
fn padded(random: [u8; 16], message: &[u8], appid: &str) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    let mut plain = [&random[..], &length, message, appid.as_bytes()].concat();
    let pad = 32 - plain.len() % 32;
    plain.extend(std::iter::repeat_n(u8::try_from(pad).unwrap(), pad));
    plain
}

fn encrypted(key: &AesKey, mut plain: Vec<u8>) -> String {
    let key = key.0.expose_secret();
    let mut cipher = cbc::Encryptor::<Aes256>::new_from_slices(key, &key[..16]).unwrap();
    cipher.encrypt_blocks(Array::slice_as_chunks_mut(&mut plain).0);
    BASE64.encode(plain)
}

/// Encrypts a message as the platform does.
pub(in crate::wechat) fn seal(key: &AesKey, appid: &str, message: &str) -> String {
    encrypted(key, padded([7; 16], message.as_bytes(), appid))
}

/// The platform's own example of a push in safe mode, in JSON; its padding is longer than a block
/// of the cipher.
const OFFICIAL_JSON: &str = "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv6JsXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04=";
/// The platform's sample code's example of a push in compatible mode, in XML.
const OFFICIAL_XML: &str = "hyzAe4OzmOMbd6TvGdIOO6uBmdJoD0Fk53REIHvxYtJlE2B655HuD0m8KUePWB3+LrPXo87wzQ1QLvbeUgmBM4x6F8PGHQHFVAFmOD2LdJF9FrXpbUAh0B5GIItb52sn896wVsMSHGuPE328HnRGBcrS7C41IzDWyWNlZkyyXwon8T332jisa+h6tEDYsVticbSnyU8dKOIbgU6ux5VTjg3yt+WGzjlpKn6NPhRjpA912xMezR4kw6KWwMrCVKSVCZciVGCgavjIQ6X8tCOp3yZbGpy0VxpAe+77TszTfRd5RJSVO/HTnifJpXgCSUdUue1v6h0EIBYYI1BD1DlD+C0CR8e6OewpusjZ4uBl9FyJvnhvQl+q5rv1ixrcpCumEPo5MJSgM9ehVsNPfUM669WuMyVWQLCzpu9GhglF2PE=";

#[test]
fn the_platforms_example_in_json_is_opened() {
    let token = SecretString::from("AAAAA");
    let parts = ["1714112445", "415670741", OFFICIAL_JSON];
    assert!(is_sealed(&token, parts, "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3"));

    let message = open(&[key(&"A".repeat(43))], "wxba5fad812f8e6fb9", OFFICIAL_JSON).unwrap();

    assert_eq!(
        String::from_utf8(message.clone()).unwrap(),
        r#"{"ToUserName":"gh_97417a04a28d","FromUserName":"o9AgO5Kd5ggOC-bXrbNODIiE3bGY","CreateTime":1714112445,"MsgType":"event","Event":"debug_demo","debug_str":"hello world"}"#
    );
    assert_eq!(callback::parse(&message), Ok(Incoming::Other));
}

#[test]
fn the_platforms_example_in_xml_is_opened() {
    let token = SecretString::from("spamtest");
    let parts = ["1409735669", "1320562132", OFFICIAL_XML];
    assert!(is_sealed(&token, parts, "5d197aaffba7e9b25a30732f161a50dee96bd5fa"));

    let message = open(&[key(SAMPLE_KEY)], APPID, OFFICIAL_XML).unwrap();

    let text = String::from_utf8(message).unwrap();
    assert!(text.starts_with("<xml><ToUserName><![CDATA[gh_10f6c3c3ac5a]]>"), "{text}");
    assert!(text.contains("<Content><![CDATA[abcdteT]]></Content>"), "{text}");
}

#[test]
fn a_signature_covers_every_part() {
    let token = SecretString::from("AAAAA");
    let signature = "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3";
    for parts in [
        ["1714112446", "415670741", OFFICIAL_JSON],
        ["1714112445", "415670742", OFFICIAL_JSON],
        ["1714112445", "415670741", OFFICIAL_XML],
        ["1714112445", "415670741", ""],
    ] {
        assert!(!is_sealed(&token, parts, signature));
    }
    let parts = ["1714112445", "415670741", OFFICIAL_JSON];
    for wrong in ["", "046e02f8204d34f8ba5fa3b1db94908f3df2e9b", &signature.to_uppercase()] {
        assert!(!is_sealed(&token, parts, wrong));
    }
}

#[test]
fn a_key_has_43_characters_whatever_bits_the_last_one_leaves_over() {
    for last in ['A', 'B', 'G', 'Z', '9', '/'] {
        AesKey::parse(&format!("{}{last}", "a".repeat(42)).into()).unwrap();
    }
    for (text, expected) in [
        ("a".repeat(42), KeyError::Length(42)),
        (format!("{}=", "a".repeat(43)), KeyError::Length(44)),
        (String::new(), KeyError::Length(0)),
        (format!("{}-", "a".repeat(42)), KeyError::Characters),
        (format!("{}=", "a".repeat(42)), KeyError::Characters),
        ("好".repeat(43), KeyError::Characters),
    ] {
        assert_eq!(AesKey::parse(&text.into()).unwrap_err(), expected);
    }
}

#[test]
fn a_key_is_never_shown() {
    let shown = format!("{:?}", key(SAMPLE_KEY));

    assert!(shown.contains("REDACTED"), "{shown}");
}

#[test]
fn messages_of_every_length_are_opened_whatever_their_padding() {
    let key = key(SAMPLE_KEY);
    for length in 0..100 {
        let message = "x".repeat(length);

        let opened = open(std::slice::from_ref(&key), APPID, &seal(&key, APPID, &message));

        assert_eq!(opened, Ok(message.into_bytes()), "{length}");
    }
}

#[test]
fn what_openssl_encrypts_is_opened() {
    let key = key(SAMPLE_KEY);
    let hex = crate::model::hex(key.0.expose_secret());
    for length in [0, 1, 200, 231] {
        let message = "群".repeat(length);
        let command = Command::new("openssl")
            .args(["enc", "-aes-256-cbc", "-nopad", "-K", &hex, "-iv", &hex[..32]])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        // Not every machine has it.
        let Ok(mut openssl) = command else { return };
        let plain = padded(*b"0123456789abcdef", message.as_bytes(), APPID);
        openssl.stdin.take().unwrap().write_all(&plain).unwrap();
        let output = openssl.wait_with_output().unwrap();
        assert!(output.status.success());

        let opened = open(std::slice::from_ref(&key), APPID, &BASE64.encode(output.stdout));

        assert_eq!(opened, Ok(message.into_bytes()), "{length}");
    }
}

#[test]
fn the_previous_key_is_good_for_a_while() {
    let (present, previous) = (key(SAMPLE_KEY), key(&"b".repeat(43)));
    let sealed = seal(&previous, APPID, "old");

    let opened = open(&[present.clone(), previous], APPID, &sealed);

    assert_eq!(opened, Ok(b"old".to_vec()));
    assert_eq!(open(&[present], APPID, &sealed), Err(OpenError::Key));
    assert_eq!(open(&[], APPID, &sealed), Err(OpenError::Key));
}

#[test]
fn another_appid_is_told_from_a_wrong_key() {
    let key = key(SAMPLE_KEY);
    for (owner, expected) in [
        ("wx2c2769f8efd9abc3", OpenError::AppId),
        ("wx2c2769f8efd9abc22", OpenError::AppId),
        ("", OpenError::Key),
        ("2c2769f8efd9abc2", OpenError::Key),
    ] {
        let sealed = seal(&key, owner, "x");

        assert_eq!(open(std::slice::from_ref(&key), APPID, &sealed), Err(expected), "{owner}");
    }
}

#[test]
fn a_padding_that_is_not_1_to_32_bytes_alike_is_refused() {
    let key = key(SAMPLE_KEY);
    let whole = padded([7; 16], b"message", APPID);
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut plain = whole.clone();
        change(&mut plain);
        open(std::slice::from_ref(&key), APPID, &encrypted(&key, plain))
    };
    assert_eq!(with(&|_| {}), Ok(b"message".to_vec()));
    let last = whole.len() - 1;

    assert_eq!(with(&|plain| plain[last] = 0), Err(OpenError::Key));
    assert_eq!(with(&|plain| plain[last] = 33), Err(OpenError::Key));
    assert_eq!(with(&|plain| plain[last] = 255), Err(OpenError::Key));
    assert_eq!(with(&|plain| plain[last - 1] ^= 1), Err(OpenError::Key));
    assert_eq!(with(&|plain| *plain = vec![32; 16]), Err(OpenError::Key));
    assert_eq!(with(&|plain| *plain = vec![16; 16]), Err(OpenError::Key));
}

#[test]
fn a_length_that_lies_is_refused() {
    let key = key(SAMPLE_KEY);
    for length in [0_u32, 6, 8, 25, 26, 1_000, 0x7fff_ffff, u32::MAX] {
        let mut plain = padded([7; 16], b"message", APPID);
        plain[16..20].copy_from_slice(&length.to_be_bytes());

        let opened = open(std::slice::from_ref(&key), APPID, &encrypted(&key, plain));

        assert!(opened.is_err(), "{length}: {opened:?}");
    }
}

#[test]
fn what_is_no_ciphertext_is_damaged() {
    for sealed in ["", "=", "AAAA", "好", "AAAAAAAAAAAAAAAAAAAAAA", "A A=", &"A".repeat(43)] {
        let opened = open(&[key(SAMPLE_KEY)], APPID, sealed);

        assert!(matches!(opened, Err(OpenError::Damaged | OpenError::Key)), "{sealed}: {opened:?}");
    }
}

proptest! {
    #[test]
    fn no_altered_ciphertext_opens_as_anything_longer_than_it_was_or_panics(
        message in "[ -~]{0,200}", at in any::<proptest::sample::Index>(), flip in 1..=255_u8,
    ) {
        let key = key(SAMPLE_KEY);
        let mut bytes = BASE64.decode(seal(&key, APPID, &message)).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;

        // The cipher alone notices only some of it: that is what the signature is for.
        if let Ok(opened) = open(std::slice::from_ref(&key), APPID, &BASE64.encode(bytes)) {
            prop_assert_eq!(opened.len(), message.len());
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        open(&[key(SAMPLE_KEY)], APPID, &BASE64.encode(&bytes)).ok();
        open(&[key(SAMPLE_KEY)], APPID, &String::from_utf8_lossy(&bytes)).ok();
    }
}
