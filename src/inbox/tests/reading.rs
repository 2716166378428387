//! What a job file means, and that no file breaks the reader.

use std::fmt::Write as _;

use chrono_tz::Tz;
use proptest::prelude::{any, proptest};
use proptest::strategy::Strategy as _;

use super::*;
use crate::model::{
    Action, Audience, Broadcast, Content, Expires, Images, OnFullReceivers, OnQuota,
};

const EXAMPLE: &str = include_str!("../../../jobs.example.yaml");

fn broadcast(text: &str) -> Broadcast {
    let file = format!("jobs: [{{id: a, account: club, broadcast: {{{text}}}}}]");
    let mut jobs = parse_text(&file).unwrap().jobs;
    let Action::Broadcast(broadcast) = jobs.remove(0).spec.action else { panic!("a broadcast") };
    broadcast
}

#[test]
fn every_bad_file_is_told_with_its_place_and_what_would_be_right() {
    for cases in [
        syntax::CASES,
        texts::CUT,
        texts::ALIASES,
        texts::HINTS,
        jobs::CASES,
        broadcasts::CASES,
        api_calls::CASES,
        menus::CASES,
    ] {
        for (name, text, expected) in cases {
            assert_eq!(parse_text(text).unwrap_err(), *expected, "{name}");
        }
    }
}

#[test]
fn a_comment_that_takes_nothing_from_a_text_is_one() {
    let job = "jobs:\n  - id: a  # c\n    account: club # c\n    broadcast:\n      \
               filter: {is_to_all: true} # c\n      ";
    for (text, expected) in [
        ("text: 周五#1\n      # c\n# c\n", "周五#1"),
        ("text: \"周五 #1\" # c\n        # c\n", "周五 #1"),
        ("text: '周五 #1' # c\n", "周五 #1"),
        ("text: |  # c\n        周五 #1\n        # 又\n      # c\n", "周五 #1\n# 又\n"),
        ("text: >-\n        # 周五 又 #1\n\n      # c\n", "# 周五 又 #1"),
        ("text: # c\n        周五\n    # c\n", "周五"),
        ("text: # c\n        content: 周五\n      # c\n", "周五"),
        ("text: {\n        content: 周五\n        # c\n      } # c\n", "周五"),
        ("text: {content: 周五, # c\n      } # c\n", "周五"),
        ("\"text\": 周五\n      # c\n", "周五"),
        ("text: 周五\u{3000}#1\n", "周五\u{3000}#1"),
    ] {
        for text in [format!("{job}{text}"), format!("\u{feff}{job}{text}").replace('\n', "\r\n")] {
            let parsed = parse_text(&text).unwrap_or_else(|told| panic!("{told}"));

            assert_eq!(sent(&parsed, 0), expected, "{text}");
        }
    }
}

#[test]
fn aliases_and_merge_keys_stand_for_what_they_name() {
    let text = "jobs:\n- &id002\n  account: &k club\n  broadcast: &id001\n    filter: {is_to_all: true}\n    \
                text: &t 春\n  id: a\n- {id: b, account: *k, broadcast: *id001}\n\
                - {<<: *id002, id: c, priority: 3}\n\
                - {<<: [{id: x, priority: 5}, *id002], id: d, broadcast: {<<: *id001, text: 夏}}\n\
                - {id: e, account: club, broadcast: {filter: {tag_id: 2}, text: *t }}\n";

    let parsed = parse_text(text).unwrap_or_else(|told| panic!("{told}"));

    let found: Vec<_> = (0..5)
        .map(|job| (parsed.jobs[job].line, parsed.jobs[job].spec.priority, sent(&parsed, job)))
        .collect();
    assert_eq!(found, [(7, 0, "春"), (8, 0, "春"), (9, 3, "春"), (10, 5, "夏"), (11, 0, "春")]);
}

#[test]
fn what_aliases_repeat_is_bounded() {
    let text = format!(
        "a: &a \"{}\"\nb: &b [{}]\nc: [{}]\n",
        "x\\n".repeat(50_000),
        "*a,".repeat(90),
        "*b,".repeat(90)
    );
    let told = parse_text(&text).unwrap_err();

    assert!(told.contains("more than 32 MiB of text"), "{told}");
}

/// What a broadcast of text sends.
fn sent(parsed: &Parsed, job: usize) -> &str {
    let content = &parsed.jobs[job].spec.action.broadcast().unwrap().content;
    let Content::Text { content, .. } = content else { panic!("{content:?}") };
    content
}

#[test]
fn the_example_parses() {
    let accounts = [("brand-daily", Kind::Subscription), ("brand-club", Kind::Service)]
        .map(|(name, kind)| Account { name: name.to_owned(), kind, ..accounts()[0].clone() });

    let parsed = parse("e.yaml", EXAMPLE.as_bytes(), &NoLists, &[&accounts[0], &accounts[1]]);

    let jobs = parsed.unwrap().jobs;
    assert_eq!(jobs.len(), 16);
    assert!(jobs.iter().all(|job| job.notes.is_empty()));
    assert_eq!(jobs[0].spec.at.unwrap().to_rfc3339(), "2027-03-20T12:00:00+00:00");
}

#[test]
fn the_example_shows_every_field() {
    let keys = [
        "id",
        "account",
        "at",
        "cron",
        "from",
        "until",
        "timezone",
        "grace",
        "retry_for",
        "expires",
        "on_quota",
        "priority",
        "approval",
        "on_full_receivers",
        "broadcast",
        "filter",
        "is_to_all",
        "tag_id",
        "touser",
        "touser_file",
        "text",
        "content",
        "mpnews",
        "image",
        "images",
        "voice",
        "mpvideo",
        "wxcard",
        "media_id",
        "media_ids",
        "card_id",
        "recommend",
        "title",
        "need_open_comment",
        "only_fans_can_comment",
        "send_ignore_reprint",
        "prepare",
        "articles",
        "author",
        "digest",
        "thumb",
        "content_file",
        "content_source_url",
        "file",
        "files",
        "preview",
        "to",
        "before",
        "card_ext",
        "speed",
        "delete",
        "job",
        "article_idx",
        "force",
    ];
    for key in keys {
        assert!(EXAMPLE.contains(&format!("{key}:")), "{key}");
    }
}

#[test]
fn the_example_shows_every_field_of_menus_and_codes() {
    let button = ["type", "name", "sub_button", "key", "url", "media_id"];
    let newer = ["menu", "button", "appid", "pagepath", "article_id"];
    let code = ["qrcode", "expire_seconds", "action_name", "action_info"];
    let scene = ["scene", "scene_id", "scene_str"];
    for key in [&button[..], &newer, &code, &scene].concat() {
        assert!(EXAMPLE.contains(&format!("{key}:")), "{key}");
    }
}

#[test]
fn what_is_left_out_has_its_default() {
    let text = "jobs:\n- {id: a, account: club, broadcast: {filter: {is_to_all: true}, text: x}}";

    let jobs = parse_text(text).unwrap().jobs;

    assert_eq!(jobs[0].line, 2);
    let spec = &jobs[0].spec;
    assert_eq!(spec.at, None);
    assert_eq!(spec.timezone, Tz::Asia__Shanghai);
    assert_eq!(spec.grace, TimeDelta::minutes(30));
    assert_eq!(spec.retry_for, TimeDelta::hours(2));
    assert_eq!(spec.expires, Expires::After(TimeDelta::days(7)));
    assert_eq!((spec.on_quota, spec.on_full_receivers), (OnQuota::Defer, OnFullReceivers::Send));
    assert_eq!((spec.priority, spec.approval), (0, false));
}

#[test]
fn what_is_given_is_taken() {
    let text = "jobs:\n- id: weekly@2027-03-05\n  account: daily\n  at: 2027-03-05 20:00\n  \
                timezone: Europe/Paris\n  grace: 1h\n  retry_for: 20h\n  expires: 2027-03-06 20:00\n  \
                on_quota: fail\n  priority: -100\n  approval: true\n  on_full_receivers: drop\n  \
                broadcast:\n    filter: {tag_id: 2}\n    mpnews: {media_id: M}\n    \
                send_ignore_reprint: 1\n...\n";

    let spec = parse_text(text).unwrap().jobs.remove(0).spec;

    assert_eq!(spec.at.unwrap().to_rfc3339(), "2027-03-05T19:00:00+00:00");
    let Expires::At(end) = spec.expires else { panic!("{:?}", spec.expires) };
    assert_eq!(end.to_rfc3339(), "2027-03-06T19:00:00+00:00");
    assert_eq!((spec.grace, spec.retry_for), (TimeDelta::hours(1), TimeDelta::hours(20)));
    assert_eq!((spec.on_quota, spec.on_full_receivers), (OnQuota::Fail, OnFullReceivers::Drop));
    assert_eq!((spec.priority, spec.approval), (-100, true));
    let Action::Broadcast(broadcast) = spec.action else { panic!("a broadcast") };
    assert!(broadcast.send_ignore_reprint);
}

#[test]
fn every_audience_is_read() {
    let list = |ids: &[&str]| Audience::List(ids.iter().map(|&id| id.to_owned()).collect());
    for (text, expected) in [
        ("filter: {is_to_all: true}", Audience::Everyone),
        ("filter: {tag_id: 2}", Audience::Tag(2)),
        ("filter: {tag_id: \"470\"}", Audience::Tag(470)),
        ("filter: {is_to_all: false, tag_id: 2}", Audience::Tag(2)),
        ("touser: [b, a, b, 1e5]", list(&["b", "a", "1e5"])),
    ] {
        assert_eq!(broadcast(&format!("{text}, text: x")).audience, expected, "{text}");
    }
}

#[test]
fn every_content_is_read() {
    let m = || "M".to_owned();
    let text = |text: &str| Content::Text { content: text.to_owned() };
    let images = |recommend: Option<&str>, flag| {
        Content::Images(Images {
            media_ids: vec![m(), "N".to_owned()],
            recommend: recommend.map(str::to_owned),
            title: None,
            need_open_comment: flag,
            only_fans_can_comment: None,
        })
    };
    for (yaml, expected) in [
        ("text: 春天", text("春天")),
        ("text: {content: \" 春天\\n\"}", text(" 春天\n")),
        ("text: 123", text("123")),
        ("mpnews: {media_id: M}", Content::Mpnews { media_id: m() }),
        ("image: {media_id: M}, msgtype: image", Content::Image { media_id: m() }),
        ("images: {media_ids: [M, N]}, msgtype: image", images(None, None)),
        (
            "images: {media_ids: [M, N], recommend: x, need_open_comment: true}",
            images(Some("x"), Some(1)),
        ),
        ("voice: {media_id: M}", Content::Voice { media_id: m() }),
        (
            "mpvideo: {media_id: M}",
            Content::Mpvideo { media_id: m(), title: None, description: None },
        ),
        ("wxcard: {card_id: M}", Content::Wxcard { card_id: m() }),
    ] {
        assert_eq!(
            broadcast(&format!("filter: {{tag_id: 2}}, {yaml}")).content,
            expected,
            "{yaml}"
        );
    }
}

#[test]
fn repeated_openids_are_dropped_and_told() {
    let text = "jobs: [{id: a, account: club, broadcast: {touser: [a, b, a, b], text: x}}]";

    let job = parse_text(text).unwrap().jobs.remove(0);

    assert_eq!(job.notes, ["touser: 2 repeated OpenIDs are sent to once"]);
}

#[test]
fn to_drop_receivers_of_what_is_no_list_does_nothing_and_is_told() {
    let notes = |audience: &str, what: &str| {
        let text = format!(
            "jobs: [{{id: a, account: club, on_full_receivers: {what}, \
             broadcast: {{{audience}, text: x}}}}]"
        );
        parse_text(&text).unwrap().jobs.remove(0).notes
    };

    for audience in ["filter: {tag_id: 2}", "filter: {is_to_all: true}"] {
        let told = notes(audience, "drop");
        assert_eq!(told.len(), 1, "{audience}");
        assert!(told[0].starts_with("on_full_receivers: drop does nothing here"), "{told:?}");
        assert!(notes(audience, "send").is_empty() && notes(audience, "defer").is_empty());
    }
    assert!(notes("touser: [a, b]", "drop").is_empty());
}

#[test]
fn a_videos_title_goes_to_lists_only_and_its_author_is_told() {
    let text = "jobs: [{id: a, account: club, broadcast: {filter: {tag_id: 2}, \
                mpvideo: {media_id: M, title: T}}}]";

    let job = parse_text(text).unwrap().jobs.remove(0);

    assert_eq!(job.notes.len(), 1);
    let Action::Broadcast(broadcast) = job.spec.action else { panic!("a broadcast") };
    let Content::Mpvideo { title, .. } = broadcast.content else { panic!("a video") };
    assert_eq!(title, None);
}

#[test]
fn json_is_read_with_its_escapes() {
    let text = "{\"jobs\": [\n\t{\"id\": \"a\", \"account\": \"club\", \"broadcast\": {\"filter\": \
                {\"is_to_all\": true}, \"text\": {\"content\": \"\\u6625\\ud83d\\ude00\\/\"}}}]}\n";

    let job = parse_bytes("f.json", text.as_bytes(), &NoLists).unwrap().jobs.remove(0);

    let Action::Broadcast(broadcast) = job.spec.action else { panic!("a broadcast") };
    assert_eq!(broadcast.content, Content::Text { content: "春😀/".to_owned() });
    let yaml = parse_bytes("f.json", b"jobs: []", &NoLists).unwrap_err();
    assert!(yaml.starts_with("f.json:1:1: this is not a JSON object"), "{yaml}");
}

#[test]
fn a_list_file_is_read_and_its_mistakes_carry_its_own_lines() {
    let text = "jobs: [{id: a, account: club, broadcast: {touser_file: vip.txt, text: x}}]";
    let read = |list| parse_bytes("spring/jobs.yaml", text.as_bytes(), &OneList(list));

    let good = read("\u{feff}# 贵宾\r\na\r\n\r\n  b\na\n").unwrap().jobs.remove(0);
    let bad = read("a\n 张三\nb c\nd\n").unwrap_err();

    let Action::Broadcast(broadcast) = good.spec.action else { panic!("a broadcast") };
    assert_eq!(broadcast.audience, Audience::List(vec!["a".to_owned(), "b".to_owned()]));
    assert_eq!(good.notes, ["touser_file: 1 repeated OpenIDs are sent to once"]);
    assert_eq!(
        bad,
        "spring/vip.txt:2:2: `张三` is no OpenID\n   张三\n   ^^^^\n\
         help: an OpenID is up to 64 characters of A-Z a-z 0-9 _ -\n\n\
         spring/vip.txt:3:1: `b c` is no OpenID\n  b c\n  ^^^\n\
         help: an OpenID is up to 64 characters of A-Z a-z 0-9 _ -"
    );
}

#[test]
fn a_list_of_more_batches_than_the_account_has_calls_is_refused() {
    let file = |count: usize| {
        let ids: Vec<String> = (0..count).map(|n| format!("o{n}")).collect();
        let ids = ids.join(",");
        format!("jobs: [{{id: a, account: club, broadcast: {{text: x, touser: [{ids}]}}}}]")
    };

    assert!(parse_text(&file(20_000)).is_ok());
    let refused = parse_text(&file(20_001)).unwrap_err();
    assert!(
        refused.starts_with(
            "f.yaml:1:52: 20001 OpenIDs take 3 calls; the account has 2 a day (`daily_calls`)"
        ),
        "{refused}"
    );
}

#[test]
fn a_text_that_is_no_message_any_more_is_refused() {
    let file = |count| {
        let text = "春".repeat(count);
        format!(
            "jobs: [{{id: a, account: club, broadcast: {{filter: {{tag_id: 2}}, text: {text}}}}}]"
        )
    };

    assert!(parse_text(&file(20_000)).is_ok());
    assert!(parse_text(&file(20_001)).unwrap_err().contains("the text has 20001 characters"));
    for (count, told) in [
        (300, None),
        (301, Some("the text has 301 characters; the platform's rules speak of 300")),
        (683, Some("the text has 2049 bytes; the platform probably takes no more than 2048")),
    ] {
        let notes = parse_text(&file(count)).unwrap().jobs.remove(0).notes;
        let is_told = notes.first().zip(told).is_some_and(|(note, told)| note.starts_with(told));
        assert_eq!((notes.len(), is_told), (told.iter().len(), told.is_some()), "{notes:?}");
    }
}

#[test]
fn bytes_that_are_not_utf8_are_refused_with_their_place() {
    for (bytes, expected) in [
        (&b"jobs:\n  - id: \xb4\xba\n"[..], "f.yaml:2:9: this is not UTF-8"),
        (b"\xff\xfej\0o\0", "f.yaml:1:1: this is UTF-16 or binary, not UTF-8"),
        (b"j\0o\0b\0s\0", "f.yaml:1:1: this is UTF-16 or binary, not UTF-8"),
        (b"jobs: \0", "f.yaml:1:7: the control character U+0000 is not allowed"),
        (b"\xef\xbb\xbfjobs: \xe2\x80\xae", "f.yaml:1:7: the text direction character U+202E"),
    ] {
        let found = parse_bytes("f.yaml", bytes, &NoLists).unwrap_err();

        assert!(found.starts_with(expected), "{found}");
    }
}

#[test]
fn a_byte_order_mark_and_every_line_end_are_taken() {
    let text = "jobs:\n- id: a\n  account: club\n  broadcast: {filter: {tag_id: 2}, text: x}\n";
    let plain = parse_text(text).unwrap();

    assert_eq!(parse_text(&format!("\u{feff}{text}")).unwrap(), plain);
    assert_eq!(parse_text(&text.replace('\n', "\r\n")).unwrap(), plain);
}

#[test]
fn ten_thousand_jobs_of_one_file_are_taken_in_their_order() {
    let mut text = "jobs:\n".to_owned();
    for n in 0..10_000 {
        writeln!(
            text,
            "  - id: job-{n}\n    account: club\n    at: 2027-03-20 20:00\n    broadcast:\n      \
             filter: {{tag_id: 2}}\n      text: 春天来了"
        )
        .unwrap();
    }

    let jobs = parse_text(&text).unwrap().jobs;

    assert_eq!(jobs.len(), 10_000);
    assert!(jobs.iter().enumerate().all(|(n, job)| job.spec.id.as_str() == format!("job-{n}")));
}

#[test]
fn no_prefix_of_a_file_that_must_end_with_its_marker_is_complete() {
    let whole = EXAMPLE.trim_end().as_bytes();

    assert!(ends_with_marker(whole) && ends_with_marker(EXAMPLE.as_bytes()));
    for end in 0..whole.len() {
        assert!(!ends_with_marker(&whole[..end]), "{end}");
    }
}

#[test]
fn no_prefix_of_a_json_file_is_a_job_file() {
    let whole = b"{\"jobs\": [{\"id\": \"a\", \"account\": \"club\", \"broadcast\": \
                  {\"filter\": {\"is_to_all\": true}, \"text\": \"x\"}}]}";

    assert!(parse_bytes("f.json", whole, &NoLists).is_ok());
    for end in 0..whole.len() {
        assert!(parse_bytes("f.json", &whole[..end], &NoLists).is_err(), "{end}");
    }
}

#[test]
fn deep_or_huge_nonsense_ends_at_once() {
    for text in [
        "[".repeat(1 << 20),
        "{".repeat(1 << 20),
        "- ".repeat(1 << 20),
        "a: ".repeat(1 << 20),
        "? ".repeat(1 << 20),
        format!("jobs: [{}]", "a,".repeat(100_000)),
        format!("jobs: \"{}\"", "a\n".repeat(1 << 18)),
        format!("jobs: {}", "a ".repeat(1 << 18)),
        format!("jobs: |\n{}", "  a\n".repeat(1 << 18)),
        "\u{1b}".repeat(1 << 16),
    ] {
        let found = parse_text(&text).unwrap_err();

        assert!(found.len() < 200_000, "{}", found.len());
    }
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes: Vec<u8>) {
        drop(parse_bytes("f.yaml", &bytes, &OneList("a\nb\n")));
    }

    #[test]
    fn no_change_of_a_good_file_makes_the_reader_panic(
        changes in proptest::collection::vec((0..EXAMPLE.len(), any::<u8>(), any::<bool>()), 1..8)
    ) {
        let mut bytes = EXAMPLE.as_bytes().to_vec();
        for (at, byte, is_cut) in changes {
            let at = at.min(bytes.len() - 1);
            if is_cut { bytes.truncate(at + 1) } else { bytes[at] = byte }
        }

        drop(parse_bytes("f.yaml", &bytes, &NoLists));
    }

    #[test]
    fn no_words_of_the_language_make_the_reader_panic(
        words in proptest::collection::vec(word(), 0..60)
    ) {
        drop(parse_text(&words.concat()));
    }
}

fn word() -> impl proptest::strategy::Strategy<Value = &'static str> {
    const WORDS: &[&str] = &[
        "jobs",
        "id",
        "account",
        "club",
        "broadcast",
        "filter",
        "is_to_all",
        "touser",
        "text",
        "at",
        ": ",
        ":",
        "\n",
        "\n  ",
        "\n    ",
        "- ",
        "{",
        "}",
        "[",
        "]",
        ", ",
        "true",
        "\"",
        "'",
        "|",
        ">",
        "春",
        "：",
        "\t",
        "\r",
        "#",
        "&a",
        "*a",
        "!t",
        "? ",
        "<<",
        "---\n",
        "...\n",
        "%",
        "2027-03-20 20:00",
        "\\u0000",
        "\u{85}",
        "\u{2028}",
        "~",
    ];
    (0..WORDS.len()).prop_map(|index| WORDS[index])
}
