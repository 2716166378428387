use super::*;

/// The documents' sample.
const SAMPLE: &str = include_str!("../../../tests/it/samples/event/1-masssendjobfinish.xml");

fn event(body: &str) -> MassEvent {
    match parse(body.as_bytes()) {
        Ok(Incoming::MassSendJobFinish(event)) => event,
        other => panic!("{other:?}"),
    }
}

/// A small event in XML with these fields besides the needed ones.
fn xml(fields: &str) -> String {
    format!(
        "<xml><MsgType>event</MsgType><Event>MASSSENDJOBFINISH</Event><MsgID>7</MsgID>{fields}</xml>"
    )
}

/// The same in JSON.
fn json(fields: &str) -> String {
    format!(r#"{{"MsgType":"event","Event":"MASSSENDJOBFINISH","MsgID":7{fields}}}"#)
}

#[test]
fn xml_and_json_say_the_same() {
    let as_xml = xml("<CreateTime>5</CreateTime><Status>send success</Status>
        <TotalCount>100</TotalCount><FilterCount>80</FilterCount><SentCount>75</SentCount>
        <ErrorCount>5</ErrorCount><CopyrightCheckResult><Count>1</Count><ResultList><item>
        <ArticleIdx>1</ArticleIdx><AuditState>11</AuditState></item></ResultList>
        <CheckState>1</CheckState></CopyrightCheckResult><ArticleUrlResult><Count>1</Count>
        <ResultList><item><ArticleIdx>1</ArticleIdx><ArticleUrl>http://a/</ArticleUrl></item>
        </ResultList></ArticleUrlResult>");
    let expected = event(&as_xml);
    assert_eq!((expected.total, expected.sent), (Some(100), Some(75)));
    assert_eq!(expected.article_urls.len(), 1);
    assert_eq!(expected.copyright.as_ref().map(|c| c.articles.len()), Some(1));

    let numbers = r#","CreateTime":5,"Status":"send success","TotalCount":100,"FilterCount":80,"SentCount":75,"ErrorCount":5"#;
    let digits = r#","CreateTime":"5","Status":"send success","TotalCount":"100","FilterCount":"80","SentCount":"75","ErrorCount":"5""#;
    let check = r#"{"ArticleIdx":1,"AuditState":"11"}"#;
    let url = r#"{"ArticleIdx":"1","ArticleUrl":"http://a/"}"#;
    for counts in [numbers, digits] {
        for (open, close) in [("[", "]"), (r#"{"item":["#, "]}"), (r#"{"item":"#, "}")] {
            let as_json = json(&format!(
                r#"{counts},"CopyrightCheckResult":{{"Count":1,"ResultList":{open}{check}{close},"CheckState":1}},"ArticleUrlResult":{{"Count":"1","ResultList":{open}{url}{close}}}"#
            ));

            assert_eq!(event(&as_json), expected, "{as_json}");
        }
    }
}

#[test]
fn empty_and_missing_nodes_are_all_nothing() {
    for body in [
        xml(""),
        xml("<CopyrightCheckResult/><ArticleUrlResult/>"),
        xml(
            "<CopyrightCheckResult><Count>0</Count><ResultList></ResultList><CheckState></CheckState></CopyrightCheckResult>",
        ),
        xml(
            "<CopyrightCheckResult>\n  <Count>0</Count>\n <ResultList>\n \n</ResultList>\n</CopyrightCheckResult>",
        ),
        xml("<ArticleUrlResult><ResultList><![CDATA[]]></ResultList></ArticleUrlResult>"),
        xml("<TotalCount></TotalCount><FromUserName><![CDATA[ ]]></FromUserName>"),
        json(""),
        json(r#","CopyrightCheckResult":null,"ArticleUrlResult":{"Count":0,"ResultList":null}"#),
        json(r#","CopyrightCheckResult":{"Count":0,"ResultList":[]},"TotalCount":null"#),
    ] {
        let event = event(&body);

        assert_eq!((event.copyright, event.total, event.create_time), (None, None, 0), "{body}");
        assert_eq!((event.article_urls.len(), event.from_user.as_str()), (0, ""), "{body}");
    }
}

#[test]
fn a_check_state_without_articles_is_kept() {
    let copyright =
        event(&xml("<CopyrightCheckResult><CheckState>0</CheckState></CopyrightCheckResult>"));

    let copyright = copyright.copyright.unwrap();
    assert_eq!((copyright.check_state, copyright.articles.len()), (Some(0), 0));
}

#[test]
fn a_status_is_read_however_it_is_written() {
    for (text, status) in [
        ("send success", Status::Success),
        ("sendsuccess", Status::Success),
        ("Send  Success", Status::Success),
        ("send fail", Status::Fail),
        ("SENDFAIL", Status::Fail),
        ("err(10001)", Status::Err(10001)),
        ("err (20431)", Status::Err(20431)),
        ("Err( 30003 )", Status::Err(30003)),
        ("err（30003）", Status::Err(30003)),
        ("err\u{3000}（３０００３）", Status::Err(30003)),
        ("err()", Status::Other("err()".to_owned())),
        ("err(-1)", Status::Other("err(-1)".to_owned())),
        ("err(99999999999999999999)", Status::Other("err(99999999999999999999)".to_owned())),
        ("审核中", Status::Other("审核中".to_owned())),
        ("", Status::Other(String::new())),
    ] {
        assert_eq!(Status::parse(text), status, "{text}");
    }
    assert_eq!(event(&xml("<Status> err（30003） </Status>")).status_text, "err（30003）");
}

#[test]
fn every_documented_reason_has_words_in_both_languages() {
    for number in [
        10001, 20001, 20002, 20004, 20006, 20008, 20013, 21000, 22000, 30001, 30002, 30003, 40001,
        40002,
    ] {
        let words = Status::Err(number).words();

        assert!(words.is_ascii() == words.contains("no document"), "{words}");
        assert!(!words.contains("no document"), "{words}");
    }
    assert_eq!(Status::Err(40001).words(), "the administrator refused it (管理员拒绝)");
    assert!(Status::Err(20431).words().contains("err(20431)"));
    assert!(!Status::Other("\u{1b}[31m".to_owned()).words().contains('\u{1b}'));
}

#[test]
fn other_messages_are_none_of_ours() {
    for body in [
        "<xml><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[<!DOCTYPE x>]]></Content><MsgId>1</MsgId></xml>",
        "<xml><MsgType>event</MsgType><Event>subscribe</Event></xml>",
        "<xml><MsgType>event</MsgType><Event>PUBLISHJOBFINISH</Event></xml>",
        "<xml><MsgType>text</MsgType><Event>MASSSENDJOBFINISH</Event><MsgID>7</MsgID></xml>",
        r#"{"MsgType":"text","Content":"好"}"#,
    ] {
        assert_eq!(parse(body.as_bytes()), Ok(Incoming::Other), "{body}");
    }
}

#[test]
fn a_small_or_unknown_msg_id_is_read_like_any_other() {
    for (id, read) in [("1000000003", Some(1_000_000_003)), ("3147494522", Some(3_147_494_522))] {
        let body = xml("").replace("<MsgID>7<", &format!("<MsgID>{id}<"));

        assert_eq!(Some(event(&body).msg_id), read);
    }
    assert_eq!(event(&xml("").replace("MsgID", "MsgId")).msg_id, 7);
}

#[test]
fn an_event_without_an_exact_msg_id_is_refused() {
    for id in ["", "0", "-1", "7.0", "1e3", "99999999999999999999", "<a>7</a>"] {
        let body = xml("").replace(">7<", &format!(">{id}<"));

        assert_eq!(parse(body.as_bytes()), Err(ParseError::Field("MsgID")), "{id}");
    }
    for id in ["7.0", "1e3", "99999999999999999999", "true", "null", "[7]"] {
        let body = json("").replace(":7", &format!(":{id}"));

        assert_eq!(parse(body.as_bytes()), Err(ParseError::Field("MsgID")), "{id}");
    }
}

#[test]
fn an_odd_count_does_not_cost_the_event() {
    for odd in ["many", "1.5", "<a>1</a>", "99999999999999999999"] {
        let event = event(&xml(&format!("<TotalCount>{odd}</TotalCount><SentCount>3</SentCount>")));

        assert_eq!((event.total, event.sent), (None, Some(3)), "{odd}");
    }
}

#[test]
fn a_field_that_stands_there_twice_is_refused() {
    for (body, name) in [
        (xml("<MsgID>8</MsgID>"), "MsgID"),
        (xml("<MsgId>8</MsgId>"), "MsgID"),
        (xml("<Status>send fail</Status><Status>send success</Status>"), "Status"),
        (xml("<Event>subscribe</Event>"), "Event"),
        (xml("<CopyrightCheckResult/><CopyrightCheckResult/>"), "CopyrightCheckResult"),
        (json(r#","MsgID":8"#), "MsgID"),
        (json(r#","Status":"send fail","Status":"send success""#), "Status"),
    ] {
        assert_eq!(parse(body.as_bytes()), Err(ParseError::Twice(name)), "{body}");
    }
}

#[test]
fn dtds_entities_and_comments_are_refused() {
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aa\"><!ENTITY b \"&a;&a;\">]>";
    let external = "<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>";
    for start in [bomb, external, "<!-- -->"] {
        let body = format!("{start}{}", xml("<Status>&b;</Status>"));

        assert_eq!(parse(body.as_bytes()), Err(ParseError::Declaration), "{start}");
    }
    for hidden in ["<![CDATA[a]]><!-- -->", "<![CDATA[open", "<![IGNORE[x]]>"] {
        assert_eq!(parse(xml(hidden).as_bytes()), Err(ParseError::Declaration), "{hidden}");
    }
    assert_eq!(parse(xml("<a>&b;</a>").as_bytes()), Err(ParseError::Malformed));
}

#[test]
fn bodies_larger_than_any_event_are_refused() {
    let deep = format!("{}{}", "<a>".repeat(4000), "</a>".repeat(4000));
    let deep_json = format!(r#","a":{}{}"#, "[".repeat(100), "]".repeat(100));
    let many = "<a/>".repeat(5000);

    assert_eq!(parse(xml(&deep).as_bytes()), Err(ParseError::TooComplex));
    assert_eq!(parse(json(&deep_json).as_bytes()), Err(ParseError::TooComplex));
    assert_eq!(parse(xml(&many).as_bytes()), Err(ParseError::TooComplex));
    assert_eq!(parse(&[b' '; BODY_MAX + 1]), Err(ParseError::TooLong));
    assert_eq!(
        parse(json(&format!(r#","a":{}"#, "[".repeat(20_000))).as_bytes()),
        Err(ParseError::Malformed)
    );
}

#[test]
fn attributes_are_refused_before_they_cost_time() {
    for body in [
        xml("<a b='1'/>"),
        xml("<a\nb=\"1\"></a>"),
        xml("<![CDATA[<]]><a b='1'/>"),
        format!("<xml {}/>", (0..3_000).map(|n| format!("a{n}='' ")).collect::<String>()),
    ] {
        assert_eq!(parse(body.as_bytes()), Err(ParseError::TooComplex), "{body}");
    }
    for body in [
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{}", xml("")),
        xml("<a>x=1</a><b><![CDATA[<a href='x'>]]></b>"),
    ] {
        assert_eq!(event(&body).msg_id, 7, "{body}");
    }
}

#[test]
fn what_is_no_event_is_refused_and_never_panics() {
    for body in
        ["", "x", "<html></html>", "<xml>", "<xml/>x", "[]", "{}", "{\"a\":1}{}", "\u{feff}"]
    {
        assert!(parse(body.as_bytes()).is_err(), "{body}");
    }
    assert!(parse(&[0xff, 0xfe, 0, 60]).is_err());
    for body in
        [SAMPLE.trim_end().to_owned(), json(r#","CopyrightCheckResult":{"ResultList":[{}]}"#)]
    {
        for cut in 0..body.len() {
            assert!(parse(&body.as_bytes()[..cut]).is_err(), "{cut}");
        }
    }
}

#[test]
fn an_encrypted_message_says_so() {
    let xml = "<xml><ToUserName>gh_1</ToUserName><Encrypt><![CDATA[AAAA]]></Encrypt></xml>";
    let json = r#"{"ToUserName":"gh_1","Encrypt":"AAAA"}"#;

    assert_eq!(parse(xml.as_bytes()), Err(ParseError::Encrypted));
    assert_eq!(parse(json.as_bytes()), Err(ParseError::Encrypted));
}

#[test]
fn a_signature_is_the_sha1_of_the_three_parts_in_byte_order() {
    let token = SecretString::from("qunfa");
    // printf %s 14810134591847qunfa | sha1sum
    let signature = SIGNATURE;

    assert!(is_signed(&token, "1481013459", "1847", signature));
    for (timestamp, nonce, wrong) in [
        ("1481013458", "1847", signature),
        ("1481013459", "1848", signature),
        ("1481013459", "1847", &signature[..39]),
        ("1481013459", "1847", ""),
        ("1481013459", "1847", "x"),
    ] {
        assert!(!is_signed(&token, timestamp, nonce, wrong));
    }
    assert!(!is_signed(&SecretString::from("other"), "1481013459", "1847", signature));
}

const SIGNATURE: &str = "c694edb2f32b1b7d2da84c157235b3e9b68206a4";

#[test]
fn a_scan_is_read_from_both_of_its_events_and_nothing_else_is_one() {
    let push = |event: &str, key: &str| {
        format!(
            "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[FromUser]]>\
             </FromUserName><CreateTime>123456789</CreateTime><MsgType><![CDATA[event]]></MsgType>\
             <Event><![CDATA[{event}]]></Event><EventKey><![CDATA[{key}]]></EventKey>\
             <Ticket><![CDATA[TICKET]]></Ticket></xml>"
        )
    };
    let long = "s".repeat(65);
    for (event, key, expected) in [
        ("subscribe", "qrscene_123123", Some((ScanKind::Subscribe, "123123"))),
        ("SCAN", "门店-1", Some((ScanKind::Scan, "门店-1"))),
        ("SCAN", "qrscene_1", Some((ScanKind::Scan, "qrscene_1"))),
        ("subscribe", "", None),
        ("subscribe", "last_trade_no_1", None),
        ("SCAN", "", None),
        ("SCAN", &long, None),
        ("CLICK", "K", None),
    ] {
        let parsed = parse(push(event, key).as_bytes()).unwrap();

        let found = match &parsed {
            Incoming::Scan(scan) => Some((scan.kind, scan.scene.as_str())),
            Incoming::Other | Incoming::MassSendJobFinish(_) => None,
        };
        assert_eq!(found, expected, "{event} {key}");
    }
    let json =
        r#"{"MsgType":"event","Event":"SCAN","EventKey":"7","CreateTime":5,"FromUserName":"o"}"#;
    let Ok(Incoming::Scan(scan)) = parse(json.as_bytes()) else { panic!("a scan") };
    assert_eq!((scan.create_time, scan.from_user.as_str()), (5, "o"));
}
