use secrecy::ExposeSecret as _;

use super::*;
use crate::wechat::codes::NextWindow;

fn ok(body: &str) -> HttpResponse {
    http(200, body)
}

fn http(status: u16, body: &str) -> HttpResponse {
    HttpResponse { reply: Reply::Http { status, body: body.as_bytes().to_vec() }, date: None }
}

fn not_sent() -> HttpResponse {
    HttpResponse { reply: Reply::NotSent("connection refused".to_owned()), date: None }
}

fn unknown() -> HttpResponse {
    HttpResponse { reply: Reply::Unknown("timed out".to_owned()), date: None }
}

#[test]
fn ids_are_read_exactly_as_numbers_or_digits() {
    for (written, read) in [
        ("3147494522", Some(3_147_494_522)),
        (r#""3147483331""#, Some(3_147_483_331)),
        ("9007199254740993", Some(9_007_199_254_740_993)),
        ("9223372036854775807", Some(i64::MAX)),
        (r#""9223372036854775807""#, Some(i64::MAX)),
        ("9223372036854775808", None),
        (r#""9223372036854775808""#, None),
        ("0", None),
        ("-5", None),
        ("1.0", None),
        ("1e3", None),
        (r#""""#, None),
        (r#""+5""#, None),
        (r#"" 5""#, None),
        ("null", None),
        ("[5]", None),
        ("true", None),
    ] {
        for code in [0, 45065] {
            let parsed = read_send(&ok(&format!(r#"{{"errcode":{code},"msg_id":{written}}}"#)));

            assert_eq!(parsed.msg_id, read, "{written}");
            let doubtful = parsed.verdict == Verdict::InDoubt;
            assert_eq!(doubtful, read.is_none(), "{code} {written}");
        }
    }
}

#[test]
fn raw_control_characters_in_the_words_do_not_hide_the_rest() {
    let response = ok("{\"errcode\":0,\"errmsg\":\"send\u{7} job\n ok\",\"msg_id\":3147494522}");

    let parsed = read_send(&response);

    assert_eq!((parsed.verdict, parsed.msg_id), (Verdict::Accepted, Some(3_147_494_522)));
    assert_eq!(parsed.errmsg, "send\\u{7} job\\u{a} ok");
    assert_eq!(unreadable(&response), None);
    for cut in
        ["{\"errcode\":0,\"errmsg\":\"a\nb", "{\"errcode\":0,\"errcode\":1,\"errmsg\":\"\n\"}"]
    {
        assert_eq!(read_send(&ok(cut)).verdict, Verdict::InDoubt, "{cut}");
        assert!(unreadable(&ok(cut)).is_some(), "{cut}");
    }
}

#[test]
fn only_a_connection_that_never_stood_is_certainly_not_sent() {
    assert_eq!(read_send(&not_sent()).verdict, Verdict::Retry { after_s: 61 });
    assert_eq!(read_send(&unknown()).verdict, Verdict::InDoubt);
}

#[test]
fn an_answer_that_is_not_whole_and_clear_leaves_a_send_in_doubt() {
    let accepted = r#"{"errcode":0,"errmsg":"ok","msg_id":1}"#;
    for cut in 0..accepted.len() {
        assert_eq!(read_send(&ok(&accepted[..cut])).verdict, Verdict::InDoubt, "{cut}");
    }
    for body in [
        "<html>502 Bad Gateway</html>",
        "[]",
        "null",
        r#"[0,"ok",1,null,null,null,null]"#,
        r#"{"msg_id":1}"#,
        r#"{"errcode":null,"msg_id":1}"#,
        r#"{"errcode":"0","msg_id":1}"#,
        r#"{"errcode":"40007"}"#,
        r#"{"errcode":0.0,"msg_id":1}"#,
        r#"{"errcode":40007.0}"#,
        r#"{"errcode":99999999999999999999}"#,
        r#"{"errcode":0,"errcode":40007,"msg_id":1}"#,
        r#"{"errcode":0,"msg_id":1,"msg_id":2}"#,
        r#"{"errcode":0,"msg_id":1} {"errcode":40007}"#,
        "\u{feff}{\"errcode\":0,\"msg_id\":1}",
    ] {
        assert_eq!(read_send(&ok(body)).verdict, Verdict::InDoubt, "{body}");
    }
    let deep = "[".repeat(100_000);
    assert_eq!(read_send(&ok(&deep)).verdict, Verdict::InDoubt);
}

#[test]
fn a_status_other_than_2xx_leaves_a_send_in_doubt_whatever_the_body_says() {
    for status in [301, 400, 404, 429, 500, 502, 504] {
        for body in [r#"{"errcode":0,"msg_id":1}"#, r#"{"errcode":45028}"#] {
            assert_eq!(read_send(&http(status, body)).verdict, Verdict::InDoubt, "{status}");
        }
    }
}

#[test]
fn a_refusal_means_what_the_table_says() {
    for (code, verdict) in [
        (45028, Verdict::NextWindow(NextWindow::Broadcasts)),
        (40007, Verdict::Reject),
        (40001, Verdict::InvalidToken),
        (40164, Verdict::PauseAccount),
        (45011, Verdict::Retry { after_s: 61 }),
        (45066, Verdict::InDoubt),
        (123_456_789, Verdict::InDoubt),
    ] {
        let parsed = read_send(&ok(&format!(r#"{{"errcode":{code},"errmsg":"no rid: 6-7"}}"#)));

        assert_eq!((parsed.verdict, parsed.code), (verdict, Some(code)));
        assert_eq!(parsed.errmsg, "no rid: 6-7");
    }
}

#[test]
fn foreign_words_are_escaped_and_cut_but_keep_their_rid() {
    let rid = "rid: 6581a2b3-1234abcd-5678ef01";
    let long = format!("bad\\r\\n\\u001b[31m\\u202e{} {rid}", "长".repeat(1000));

    let parsed = read_send(&ok(&format!(r#"{{"errcode":40007,"errmsg":"{long}"}}"#)));

    assert!(parsed.errmsg.starts_with(r"bad\u{d}\u{a}\u{1b}[31m\u{202e}长"));
    assert!(parsed.errmsg.ends_with(rid), "{}", parsed.errmsg);
    assert_eq!(parsed.errmsg.chars().count(), 300);
}

#[test]
fn an_errmsg_that_is_no_text_is_shown_as_it_stands() {
    assert_eq!(read_send(&ok(r#"{"errcode":40007,"errmsg":{"a":1}}"#)).errmsg, r#"{"a":1}"#);
    assert_eq!(read_send(&ok(r#"{"errcode":40007}"#)).errmsg, "");
}

#[test]
fn a_token_is_taken_with_its_life() {
    for (life, expected) in [("7200", 7200), ("300", 300), (r#""7200""#, 7200), ("99999", 7200)] {
        let body = format!(r#"{{"access_token":"TOKEN-1_x","expires_in":{life}}}"#);

        let TokenResponse::Token { value, expires_in_s } = read_token(&ok(&body)) else {
            panic!("{life}");
        };

        assert_eq!((value.expose_secret(), expires_in_s), ("TOKEN-1_x", expected));
    }
}

#[test]
fn a_token_answer_that_is_not_clear_gives_no_token() {
    for response in [
        ok("{}"),
        ok(r#"{"access_token":"","expires_in":7200}"#),
        ok(r#"{"access_token":"a b","expires_in":7200}"#),
        ok(r#"{"access_token":7,"expires_in":7200}"#),
        ok(r#"{"access_token":"T"}"#),
        ok(r#"{"access_token":"T","expires_in":0}"#),
        ok(r#"{"access_token":"T","expires_in":-1}"#),
        ok(r#"{"access_token":"T","access_token":"U","expires_in":7200}"#),
        ok(r#"{"access_token":"T","expires_in":7200,"errcode":"0"}"#),
        http(500, r#"{"access_token":"T","expires_in":7200}"#),
        not_sent(),
        unknown(),
    ] {
        assert!(matches!(read_token(&response), TokenResponse::Unclear(_)), "{response:?}");
    }
}

#[test]
fn a_refused_token_keeps_the_address_that_the_platform_names() {
    let errmsg = "invalid ip 1.2.3.4 ipv6 ::ffff:1.2.3.4, not in whitelist rid: 1-2";

    let parsed = read_token(&ok(&format!(r#"{{"errcode":40164,"errmsg":"{errmsg}"}}"#)));

    let TokenResponse::Refused { verdict, code, errmsg: words } = parsed else { panic!() };
    assert_eq!((verdict, code, words.as_str()), (Verdict::PauseAccount, 40164, errmsg));
}

#[test]
fn neither_a_printed_answer_nor_a_printed_reading_shows_the_token() {
    let response = ok(r#"{"access_token":"CANARY","expires_in":7200}"#);

    assert!(!format!("{response:?}").contains("CANARY"));
    assert!(!format!("{:?}", read_token(&response)).contains("CANARY"));
}

#[test]
fn an_answer_that_cannot_be_read_does_not_leak_what_it_holds() {
    for body in [r#""CANARY""#, r#"{"access_token":"CANARY"#, r#"{"access_token":["CANARY"]}"#] {
        assert!(!format!("{:?}", read_token(&ok(body))).contains("CANARY"), "{body}");
    }
}

#[test]
fn each_status_of_a_broadcast_is_read() {
    for (status, expected) in [
        ("SEND_SUCCESS", StatusResponse::Success),
        ("SENDING", StatusResponse::Sending),
        ("SEND_FAIL", StatusResponse::Failed),
        ("DELETE", StatusResponse::Deleted),
    ] {
        for id in ["201053012", r#""201053012""#] {
            let response = ok(&format!(r#"{{"msg_id":{id},"msg_status":"{status}"}}"#));

            assert_eq!(read_status(&response, 201_053_012), expected);
        }
    }
}

#[test]
fn a_status_that_is_unclear_or_of_another_broadcast_settles_nothing() {
    for response in [
        ok(r#"{"msg_id":8,"msg_status":"SEND_SUCCESS"}"#),
        ok(r#"{"msg_id":7,"msg_status":"SENT_MAYBE"}"#),
        ok(r#"{"msg_id":7}"#),
        ok(r#"{"errcode":-1,"errmsg":"system error","msg_status":"SEND_SUCCESS"}"#),
        ok(r#"{"errcode":45011}"#),
        ok(r#"{"errcode":48001}"#),
        http(502, r#"{"msg_id":7,"msg_status":"SEND_SUCCESS"}"#),
        unknown(),
        not_sent(),
    ] {
        assert!(matches!(read_status(&response, 7), StatusResponse::Unclear(_)), "{response:?}");
    }
}

#[test]
fn a_question_tells_what_the_account_needs() {
    let pause = |code| ok(&format!(r#"{{"errcode":{code},"errmsg":"no"}}"#));

    assert_eq!(read_status(&ok(r#"{"errcode":40059}"#), 7), StatusResponse::NotOurs);
    assert_eq!(read_status(&ok(r#"{"errcode":42001}"#), 7), StatusResponse::NewToken);
    assert_eq!(
        read_status(&pause(50002), 7),
        StatusResponse::Pause { code: 50002, errmsg: "no".to_owned() }
    );
    assert_eq!(
        read_query(&ok(r#"{"tags":[{"id":2,"name":"星标组","count":0}]}"#)),
        QueryResponse::Ok
    );
    assert_eq!(read_query(&ok(r#"{"errcode":40001}"#)), QueryResponse::NewToken);
    assert_eq!(
        read_query(&pause(40164)),
        QueryResponse::Pause { code: 40164, errmsg: "no".to_owned() }
    );
    assert!(matches!(read_query(&pause(-1)), QueryResponse::Unclear(_)));
    assert!(matches!(read_query(&unknown()), QueryResponse::Unclear(_)));
}
