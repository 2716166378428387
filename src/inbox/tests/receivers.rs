//! Receivers that are named one by one.

use super::*;
use crate::model::{Action, Audience};

const A: &str = "oAbCdEfGhIjKlMnOpQrStUvWxY01";
const B: &str = "o_-CdEfGhIjKlMnOpQrStUvWxY02";

/// Reads a job to this audience of an account whose OpenIDs are the usual ones.
fn read(audience: &str, list: &'static str) -> Result<ParsedJob, String> {
    let text = format!("jobs:\n- id: a\n  account: club\n  broadcast: {{{audience}, text: x}}\n");
    let usual = Account { openids: OpenIds::Usual, ..accounts()[0].clone() };
    let parsed = parse("f.yaml", text.as_bytes(), &OneList(list), &[&usual]);
    if parsed.is_ok() {
        assert_eq!(schema::tests::refused(text.as_bytes()), None);
    }
    parsed.map(|mut parsed| parsed.jobs.remove(0)).map_err(|problems| told(&problems))
}

fn list_of(job: ParsedJob) -> Vec<String> {
    let Action::Broadcast(broadcast) = job.spec.action else { panic!("a broadcast") };
    let Audience::List(list) = broadcast.audience else { panic!("a list") };
    list
}

#[test]
fn a_table_is_read_however_it_was_exported() {
    const CSV: &str = "touser_file: {file: vip.txt, column: openid}";
    const PLAIN: &str = "touser_file: vip.txt";
    for (audience, list) in [
        (PLAIN, "oAbCdEfGhIjKlMnOpQrStUvWxY01\no_-CdEfGhIjKlMnOpQrStUvWxY02"),
        (
            PLAIN,
            "\u{feff}# \"VIP\r\noAbCdEfGhIjKlMnOpQrStUvWxY01\r\n\r\n  # x, y\r\n o_-CdEfGhIjKlMnOpQrStUvWxY02\r\n",
        ),
        (PLAIN, "\"openid\"\n\"oAbCdEfGhIjKlMnOpQrStUvWxY01\"\n\"o_-CdEfGhIjKlMnOpQrStUvWxY02\"\n"),
        (PLAIN, "OpenID\noAbCdEfGhIjKlMnOpQrStUvWxY01\no_-CdEfGhIjKlMnOpQrStUvWxY02\n"),
        (PLAIN, "oAbCdEfGhIjKlMnOpQrStUvWxY01,\no_-CdEfGhIjKlMnOpQrStUvWxY02,\n"),
        (
            PLAIN,
            "name,wx_openid\n\"a b, c\",oAbCdEfGhIjKlMnOpQrStUvWxY01\n,o_-CdEfGhIjKlMnOpQrStUvWxY02\n,\n",
        ),
        (
            CSV,
            "\u{feff}姓名,openid\r\n安,oAbCdEfGhIjKlMnOpQrStUvWxY01\r\n\"薄, \"\"B\"\"\",\"o_-CdEfGhIjKlMnOpQrStUvWxY02\"\r\n",
        ),
        (
            CSV,
            "\"open\nid\",\"OpenID\",note\r\n\"a, \"\"b\"\"\r\n\r\n# c\n\",oAbCdEfGhIjKlMnOpQrStUvWxY01,\"1\r\n2\"\r\n\
             ,o_-CdEfGhIjKlMnOpQrStUvWxY02,\"3\n\"\"4\"\"\"",
        ),
        (CSV, "OpenID;unionid\noAbCdEfGhIjKlMnOpQrStUvWxY01;x\no_-CdEfGhIjKlMnOpQrStUvWxY02;y\n"),
        (CSV, "openid\tname\noAbCdEfGhIjKlMnOpQrStUvWxY01\t\no_-CdEfGhIjKlMnOpQrStUvWxY02\n"),
    ] {
        assert_eq!(list_of(read(audience, list).unwrap()), [A, B], "{list}");
    }
}

#[test]
fn a_header_that_nobody_named_is_told() {
    let notes = |list| read("touser_file: vip.txt", list).unwrap().notes;

    assert_eq!(
        notes("openid\noAbCdEfGhIjKlMnOpQrStUvWxY01\no_-CdEfGhIjKlMnOpQrStUvWxY02\n"),
        ["touser_file: the first line of `vip.txt` is its header, the OpenIDs are in `openid`"]
    );
    assert!(notes("oAbCdEfGhIjKlMnOpQrStUvWxY01\no_-CdEfGhIjKlMnOpQrStUvWxY02\n").is_empty());
}

#[test]
fn what_is_no_openid_is_refused_on_its_line() {
    let list = "openid,phone\noAbCdEfGhIjKlMnOpQrStUvWxY01,1\nNULL,2\n13800138000,3\n\
                oAbCdEfGhIjKlMnOpQrStUv,4\n,5\n张三,6\nopenid,7\n";

    let refused = read("touser_file: vip.txt", list).unwrap_err();

    for line in [
        "vip.txt:3:1: `NULL` is no OpenID",
        "help: there was no OpenID to export here",
        "vip.txt:4:1: `13800138000` is no OpenID",
        "help: this is a phone number",
        "vip.txt:5:1: `oAbCdEfGhIjKlMnOpQrStUv` is no OpenID",
        "help: it has 23 characters and an OpenID has 28",
        "vip.txt:6:1: no OpenID stands on this line",
        "vip.txt:7:1: `张三` is no OpenID",
        "help: an OpenID has 28 characters of A-Z a-z 0-9 _ -; an account whose OpenIDs differ",
        "vip.txt:8:1: `openid` is no OpenID",
        "help: a header stands on the first line",
    ] {
        assert!(refused.contains(line), "{line} is not in\n{refused}");
    }
}

#[test]
fn a_field_of_several_lines_shifts_no_line_of_a_later_error() {
    let list = "openid,address\r\noAbCdEfGhIjKlMnOpQrStUvWxY01,\"Road 1\r\n\r\n# 2\r\nTown\"\r\n\
                NULL,\"Road\r\nTown\"\r\n\r\n,\"Road\r\nTown\"\r\nopenid,x\r\n";

    let refused = read("touser_file: {file: vip.txt, column: openid}", list).unwrap_err();

    let lines = refused.lines().filter(|line| line.starts_with("vip.txt:"));
    assert_eq!(
        lines.collect::<Vec<_>>(),
        [
            "vip.txt:6:1: `NULL` is no OpenID",
            "vip.txt:9:1: no OpenID stands on this line",
            "vip.txt:11:1: `openid` is no OpenID"
        ]
    );
}

#[test]
fn a_table_whose_column_is_not_clear_is_refused() {
    for (audience, list, message) in [
        (
            "touser_file: {file: vip.txt, column: 微信}",
            "姓名,openid\na,b\n",
            "f.yaml:4:52: `vip.txt` has no one column `微信`",
        ),
        (
            "touser_file: {file: vip.txt, column: x}",
            "姓名,openid\n",
            "its columns are: `姓名`, `openid`",
        ),
        (
            "touser_file: {file: vip.txt, column: openid}",
            "oAbCdEfGhIjKlMnOpQrStUvWxY01\no_-CdEfGhIjKlMnOpQrStUvWxY02\n",
            "`vip.txt` has no header: an OpenID stands on its first line",
        ),
        (
            "touser_file: vip.txt",
            "姓名,微信\na,b\n",
            "f.yaml:4:28: `vip.txt` has 2 columns: say which one holds the OpenIDs",
        ),
        (
            "touser_file: vip.txt",
            "oAbCdEfGhIjKlMnOpQrStUvWxY01,o_-CdEfGhIjKlMnOpQrStUvWxY02\n",
            "`vip.txt` has 2 columns without names",
        ),
        (
            "touser_file: vip.txt",
            "oAbCdEfGhIjKlMnOpQrStUvWxY01\no_-CdEfGhIjKlMnOpQrStUvWxY02,x\n",
            "vip.txt:2:1: more than an OpenID stands on this line",
        ),
        ("touser_file: {file: vip.txt, colum: x}", "", "did you mean `column`?"),
        ("touser_file: {column: x}", "", "`file` is missing"),
        (
            "touser_file: vip.txt",
            "\"oAbCdEfGhIjKlMnOpQrStUvWxY01\n\"o_-CdEfGhIjKlMnOpQrStUvWxY02\n",
            "a quote (`\"`) that opens here has no end",
        ),
    ] {
        let refused = read(audience, list).unwrap_err();
        assert!(refused.contains(message), "{message} is not in\n{refused}");
    }
}

#[test]
fn a_quote_that_hides_lines_of_the_list_is_refused_where_it_opens() {
    const ROW: &str = "oAbCdEfGhIjKlMnOpQrStUvWxY01";
    // `§` stands in front of the quote that is told.
    for broken in [
        "ROW,n,§\"n5\nROW,1,n\nROW,2,n\n",
        "ROW,n,§\"n5\nROW,1,n\nROW,2,n20\"\nROW,3,n\n",
        "ROW,n,§\"n5\nROW,1,n\nROW,2,\"n\"\n",
        "ROW,n,§\"a\nb\"c\nROW,1,n\n",
        "ROW,n,§\"a\"\"\r\nROW,1,\"b\r\n",
        "ROW,\"a\"b\",§\"c",
        "ROW,n,m\n§\"ROW\n",
        "ROW,n,§\"\n",
    ] {
        let marked = format!("openid,a,b,c\n{broken}").replace("ROW", ROW);
        let told = marked.lines().enumerate().filter_map(|(line, text)| {
            let column = text.chars().position(|c| c == '§')? + 1;
            let what = "a quote (`\"`) that opens here has no end, or lines of the list lie before \
                        its end";
            Some(format!("vip.txt:{}:{column}: {what}", line + 1))
        });
        let list: &'static str = marked.replace('§', "").leak();

        let refused = read("touser_file: {file: vip.txt, column: openid}", list).unwrap_err();

        let found = refused.lines().filter(|line| line.starts_with("vip.txt:"));
        assert_eq!(found.collect::<Vec<_>>(), told.collect::<Vec<_>>(), "{list}");
    }
}

#[test]
fn quotes_that_open_nothing_are_text() {
    let list = "openid,a\n# \"x\noAbCdEfGhIjKlMnOpQrStUvWxY01,5\" \"\n\
                o_-CdEfGhIjKlMnOpQrStUvWxY02,\"a, \"\"b\"\"\"\n";

    assert_eq!(list_of(read("touser_file: vip.txt", list).unwrap()), [A, B]);
}

#[test]
fn the_errors_of_a_list_are_bounded() {
    const CUT: &str = "oAbC\noDeF\noGhI\noJkL\n";
    let list: &'static str = CUT.repeat(100).leak();

    let refused = read("touser_file: vip.txt", list).unwrap_err();

    assert_eq!(refused.matches("is no OpenID").count(), 100);
    assert!(refused.contains("and 300 more"), "{refused}");
}

#[test]
fn one_openid_alone_is_answered_with_what_helps_and_never_with_everyone() {
    for audience in [format!("touser: [{A}]"), format!("touser: [{A}, {A}]")] {
        let refused = read(&audience, "").unwrap_err();
        assert!(refused.contains("one OpenID; the platform refuses fewer than two"), "{refused}");
        assert!(refused.contains("`preview: {to: …}`"), "{refused}");
        assert!(refused.contains("add a second OpenID"), "{refused}");
        assert!(!refused.contains("is_to_all"), "{refused}");
    }
}

#[test]
fn an_openid_that_sees_a_preview_has_the_usual_length_too() {
    let with = |to: &str| {
        let text = format!(
            "jobs:\n- id: a\n  account: club\n  preview: {{to: [{to}]}}\n  \
             broadcast: {{filter: {{tag_id: 2}}, text: x}}\n"
        );
        let usual = Account { openids: OpenIds::Usual, ..accounts()[0].clone() };
        parse("f.yaml", text.as_bytes(), &NoLists, &[&usual]).map_err(|problems| told(&problems))
    };

    assert!(with("anne").is_ok() && with(A).is_ok() && with(&format!("\"openid:{A}\"")).is_ok());
    for cut in ["\"openid:oAbC\"".to_owned(), A[..27].to_owned()] {
        let refused = with(&cut).unwrap_err();
        assert!(refused.contains("characters and an OpenID has 28"), "{refused}");
    }
}
