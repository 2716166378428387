//! Safe mode and compatible mode: what is encrypted is believed, and nothing else.

use super::*;
use crate::wechat::callback::crypto::tests::seal;
use crate::wechat::callback::crypto::{AesKey, OpenError};

const APPID: &str = "wx1";

pub(super) fn key(letter: &str) -> AesKey {
    AesKey::parse(&letter.repeat(43).into()).unwrap()
}

/// An account with the keys `b` and, before that, `a`.
pub(super) fn safe() -> Authenticator {
    Authenticator { appid: APPID.to_owned(), keys: vec![key("b"), key("a")], ..plain() }
}

pub(super) async fn safely_served() -> Served {
    served_with(PATIENT, Store::Works, safe()).await
}

/// The query of an encrypted push; its plain signature is as wrong as the documents' own.
fn sealed_by(token: &str, timestamp: i64, nonce: &str, encrypt: &str) -> String {
    let timestamp = timestamp.to_string();
    let mut parts = [token, &timestamp, nonce, encrypt];
    parts.sort_unstable();
    let signature = hex(&Sha1::digest(parts.concat()));
    format!(
        "signature=0&timestamp={timestamp}&nonce={nonce}&openid=o1&encrypt_type=aes&msg_signature={signature}"
    )
}

pub(super) fn sealed(nonce: &str, encrypt: &str) -> String {
    sealed_by(TOKEN, NOW, nonce, encrypt)
}

pub(super) fn xml(encrypt: &str) -> String {
    format!(
        "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><Encrypt><![CDATA[{encrypt}]]></Encrypt></xml>"
    )
}

fn json(encrypt: &str) -> String {
    format!(r#"{{"ToUserName":"gh_1","Encrypt":"{encrypt}"}}"#)
}

const EVENT_IN_JSON: &str = r#"{"MsgType":"event","Event":"MASSSENDJOBFINISH","MsgID":"7","Status":"send success","CopyrightCheckResult":{"Count":0,"ResultList":null}}"#;

#[tokio::test]
async fn an_encrypted_event_is_stored_as_a_proof_in_its_own_words() {
    for (nonce, event, wrap) in
        [("1", EVENT, xml as fn(&str) -> String), ("2", EVENT_IN_JSON, json), ("3", EVENT, json)]
    {
        let served = safely_served().await;
        let encrypt = seal(&key("b"), APPID, event);

        assert_eq!(served.push(&sealed(nonce, &encrypt), &wrap(&encrypt)).await, 200);

        let (_, stored) = served.fake.stored.lock().unwrap().remove(0);
        assert_eq!((stored.raw, stored.credence), (event.as_bytes().to_vec(), Credence::Proof));
        assert_eq!(stored.parsed.unwrap().msg_id, 7);
        assert_eq!(served.fake.notes(), [Note::Taken]);
    }
}

#[tokio::test]
async fn what_stands_beside_the_ciphertext_in_compatible_mode_is_not_looked_at() {
    let served = safely_served().await;
    let encrypt = seal(&key("b"), APPID, EVENT);
    let beside = EVENT.replace("<MsgID>7<", "<MsgID>8<").replace("success", "fail");
    let body = beside.replace("</xml>", &format!("<Encrypt>{encrypt}</Encrypt></xml>"));

    assert_eq!(served.push(&sealed("1", &encrypt), &body).await, 200);

    let (_, stored) = served.fake.stored.lock().unwrap().remove(0);
    let event = stored.parsed.unwrap();
    assert_eq!((event.msg_id, event.status), (7, callback::Status::Success));
}

#[tokio::test]
async fn the_previous_key_is_still_good() {
    let served = safely_served().await;
    let encrypt = seal(&key("a"), APPID, EVENT);

    assert_eq!(served.push(&sealed("1", &encrypt), &xml(&encrypt)).await, 200);
}

#[tokio::test]
async fn whatever_is_wrong_with_an_encrypted_push_is_answered_alike_and_told_inside() {
    let good = seal(&key("b"), APPID, EVENT);
    let other = seal(&key("b"), APPID, &EVENT.replace('7', "8"));
    let foreign = seal(&key("b"), "wx2", EVENT);
    let unknown = seal(&key("c"), APPID, EVENT);
    let plain_query = format!("{}&encrypt_type=raw", signed("1"));
    for (query, body, why) in [
        (sealed_by("guess", NOW, "1", &good), xml(&good), Refusal::Unsigned),
        (sealed("1", &good), xml(&other), Refusal::Unsigned),
        (sealed("1", &good).replace("nonce=1", "nonce=2"), xml(&good), Refusal::Unsigned),
        (sealed("1", &good), xml(&good.to_lowercase()), Refusal::Unsigned),
        (sealed("1", &good).replace("&msg_signature=", "&x="), xml(&good), Refusal::Noise),
        (sealed_by(TOKEN, NOW - 601, "1", &good), xml(&good), Refusal::Stale),
        (sealed_by(TOKEN, NOW + 601, "1", &good), xml(&good), Refusal::Stale),
        (signed("1"), xml(&good), Refusal::Noise),
        (signed("1"), EVENT.to_owned(), Refusal::Plain),
        (plain_query, EVENT.to_owned(), Refusal::Plain),
        (signed("1"), "<xml>".to_owned(), Refusal::Unreadable),
        (sealed("1", ""), EVENT.to_owned(), Refusal::Noise),
        (sealed("1", ""), xml(""), Refusal::Noise),
        (
            sealed("1", &good),
            xml(&good).replace("</xml>", "<Encrypt>A</Encrypt></xml>"),
            Refusal::Noise,
        ),
        (sealed("1", &good), format!("<!DOCTYPE x>{}", xml(&good)), Refusal::Noise),
        (sealed("1", &foreign), xml(&foreign), Refusal::Sealed(OpenError::AppId)),
        (sealed("1", &unknown), xml(&unknown), Refusal::Sealed(OpenError::Key)),
        (sealed("1", "AAAA"), xml("AAAA"), Refusal::Sealed(OpenError::Damaged)),
        (sealed("1", "%"), xml("%"), Refusal::Sealed(OpenError::Damaged)),
        (String::new(), xml(&good), Refusal::Noise),
    ] {
        let served = safely_served().await;

        let (status, _, answer) = served.ask(&post("/callback/brand-daily", &query, &body)).await;

        assert_eq!((status, answer.as_str()), (403, ""), "{query} {body}");
        assert_eq!(served.fake.notes(), [Note::Refused(why)], "{query} {body}");
        assert_eq!(served.fake.stored(), 0);
    }
}

#[tokio::test]
async fn every_altered_byte_of_a_ciphertext_is_answered_alike() {
    let served = safely_served().await;
    let good = seal(&key("b"), APPID, EVENT);
    let query = sealed("1", &good);
    for at in 0..good.len() {
        let mut altered = good.clone().into_bytes();
        altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
        let altered = String::from_utf8(altered).unwrap();

        assert_eq!(served.push(&query, &xml(&altered)).await, 403, "{at}");
    }
    assert_eq!(served.fake.stored(), 0);
}

#[tokio::test]
async fn a_push_that_is_encrypted_anew_is_known_and_another_message_is_refused() {
    let served = safely_served().await;
    let first = seal(&key("b"), APPID, EVENT);
    let again = seal(&key("a"), APPID, EVENT);
    let other = seal(&key("b"), APPID, &EVENT.replace('7', "8"));

    for (encrypt, status) in [(&first, 200), (&first, 200), (&again, 200), (&other, 403)] {
        assert_eq!(served.push(&sealed("1", encrypt), &xml(encrypt)).await, status);
    }

    assert_eq!(served.fake.notes().pop(), Some(Note::Refused(Refusal::Used)));
}

#[tokio::test]
async fn the_check_of_the_address_is_plain_in_safe_mode_too() {
    let served = safely_served().await;

    let query = format!("{}&echostr=4375120948345356249", signed("1"));
    let (status, _, body) = served.ask(&get("/callback/brand-daily", &query)).await;

    assert_eq!((status, body.as_str()), (200, "4375120948345356249"));
    let guess = format!("{}&echostr=1", signed_by("guess", NOW, "1"));
    assert_eq!(served.ask(&get("/callback/brand-daily", &guess)).await.0, 403);
}

#[tokio::test]
async fn an_encrypted_push_to_an_account_without_a_key_is_told() {
    let served = served(PATIENT, Store::Works).await;

    assert_eq!(served.push(&signed("1"), &xml("AAAA")).await, 403);

    assert_eq!(served.fake.notes(), [Note::Refused(Refusal::Encrypted)]);
    assert_eq!(served.fake.stored(), 0);
}

#[tokio::test]
async fn the_plain_part_of_compatible_mode_is_a_hint_to_an_account_without_a_key() {
    let served = served(PATIENT, Store::Works).await;
    let query = format!("{}&encrypt_type=aes&msg_signature=0", signed("1"));
    let body = EVENT.replace("</xml>", "<Encrypt>AAAA</Encrypt></xml>");

    assert_eq!(served.push(&query, &body).await, 200);

    assert_eq!(served.fake.stored.lock().unwrap()[0].1.credence, Credence::Hint);
}

#[tokio::test]
async fn an_encrypted_body_over_32_kib_is_refused() {
    let served = safely_served().await;
    let encrypt = seal(&key("b"), APPID, &"x".repeat(BODY_MAX));

    assert_eq!(served.push(&sealed("1", &encrypt), &xml(&encrypt)).await, 413);
}

#[test]
fn every_refusal_names_what_helps() {
    for refusal in [
        Refusal::Noise,
        Refusal::Unsigned,
        Refusal::Stale,
        Refusal::Used,
        Refusal::Plain,
        Refusal::Unreadable,
        Refusal::Encrypted,
        Refusal::Sealed(OpenError::Key),
        Refusal::Sealed(OpenError::Damaged),
        Refusal::Sealed(OpenError::AppId),
    ] {
        assert!(!refusal.advice().is_empty() && !refusal.to_string().is_empty());
    }
}
