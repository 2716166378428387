//! Every sample of the platform's documents: what the daemon asks, reads and is told, and what the
//! sandbox takes and answers.
//!
//! The files under `samples/` hold each JSON, XML, HTML and curl block of 群发接口和原创校验 as it is
//! printed there, but for what [`FAULTS`] lists. A row of [`SAMPLES`](table::SAMPLES) names the
//! heading, and what is claimed: the request that a job makes is the sample's ([`ours`]), the
//! sandbox takes the sample and answers as printed ([`theirs`]), an answer or an event is read as
//! it is meant. Where something differs, the row says what and why, and a difference that is
//! listed but no longer there fails. The pages on menus and QR codes describe their calls in words
//! only: of them there is nothing to claim.
//!
//! Taken as they stand, though the documents contradict themselves: `tag_id` and `msg_id` are
//! written with and without quotes; speed 3 is 15 here and 30 in their table; the event headed
//! 发送成功时 reports `err(30003)`, and comes from an OpenID where their table says `mphelper`.

mod ours;
mod table;
mod theirs;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use qunfa::model::ArticlesVia;
use qunfa::wechat::callback::{self, Incoming, MassEvent, ParseError};
use qunfa::wechat::protocol::{HttpResponse, Reply, UploadResponse, read_upload};
use serde_json::Value;

use table::SAMPLES;
use theirs::Bench;

/// The headings, and how many samples stand under each.
const HEADINGS: [(&str, usize); 13] = [
    ("上传图文消息内的图片获取URL", 2),
    ("上传图文消息素材", 5),
    ("根据标签进行群发", 9),
    ("根据OpenID列表群发", 9),
    ("删除群发", 2),
    ("预览接口", 8),
    ("查询群发消息发送状态", 2),
    ("事件推送群发结果", 1),
    ("使用 clientmsgid 参数,避免重复推送", 2),
    ("获取群发速度", 1),
    ("设置群发速度", 1),
    ("菜单", 0),
    ("生成带参数的二维码", 0),
];

/// One sample, and what is claimed of it.
struct Sample {
    /// The heading that it stands under, which one it is there, and what it is called.
    at: (&'static str, usize, &'static str),
    /// Where it lies under `samples/`.
    file: &'static str,
    claim: Claim,
}

enum Claim {
    /// A body that is posted.
    Request {
        /// The call, after `/cgi-bin/`.
        call: &'static str,
        /// How the daemon comes to ask it; nothing, where it has no such action yet.
        ours: &'static [Ours],
        /// How the sandbox takes it; nothing, where it has no such call yet.
        theirs: Option<Theirs>,
    },
    /// A file that is posted as a form, as a curl command.
    Form { call: &'static str, answer: &'static str },
    /// The text of an article, or a part of it.
    ArticleText,
    /// What the platform answers, and how it is read.
    HttpResponse {
        reads: fn(&HttpResponse),
        /// The call that answers so, where the documents print no request.
        call: Option<&'static str>,
    },
    /// What the platform pushes.
    Event(fn() -> MassEvent),
}

/// A way to the sample's request.
struct Ours {
    wish: Wish,
    via: ArticlesVia,
    /// The call that is made in place of the sample's.
    instead: Option<&'static str>,
    differs: &'static [Differs],
}

/// What somebody wants.
enum Wish {
    /// A job whose `broadcast` is the sample.
    Pasted,
    /// These jobs.
    Jobs(&'static str),
}

/// How the sandbox takes a sample.
struct Theirs {
    before: Before,
    /// Words of the sample that stand for something that only the reader knows.
    stand: &'static [(&'static str, Stand)],
    /// The sample of its answer.
    answer: &'static str,
    differs: &'static [Differs],
}

/// What the sandbox was asked before.
enum Before {
    Nothing,
    /// Articles were sent, and went out.
    Sent,
    /// The same, a good minute ago.
    Same,
}

/// What a word of a sample stands for.
#[derive(Clone, Copy)]
enum Stand {
    /// The OpenID of a follower.
    Follower,
    /// The broadcast that was sent before.
    Broadcast,
}

/// A difference that is allowed, and must be there.
struct Differs {
    /// A JSON pointer.
    at: &'static str,
    /// What the sample has there, as JSON.
    printed: Option<&'static str>,
    found: Found,
    why: &'static str,
}

/// What is found in place of what is printed.
enum Found {
    Nothing,
    Json(&'static str),
    /// The id that is derived from the account and the job.
    Clientmsgid,
}

/// A fault of a printed sample, and what shows that it is one.
struct Fault {
    file: &'static str,
    /// What is printed, and what is meant.
    printed: &'static [(&'static str, &'static str)],
    shows: Shows,
}

enum Shows {
    /// It is not JSON.
    NotJson,
    /// It is not XML.
    NotXml,
    /// The answer has no URL that is one.
    NoUrl,
    /// A job with it is refused in these words.
    Refused(&'static str),
}

/// What was repaired, beside the no-break spaces (U+00A0) that stand for spaces in all JSON.
const FAULTS: &[Fault] = &[
    Fault {
        file: "uploadimg/2-answer.json",
        printed: &[("b1roYs CNFwaRrS", "b1roYsCNFwaRrS")],
        shows: Shows::NoUrl,
    },
    Fault {
        file: "uploadnews/2-mini-program-card.html",
        printed: &[("data-progarm-imageurl", "data-miniprogram-imageurl")],
        shows: Shows::Refused("the mini-program's card has no cover"),
    },
    Fault {
        file: "uploadnews/2-mini-program-card.html",
        printed: &[("http://mmbizqbic.cn/", "http://mmbiz.qpic.cn/")],
        shows: Shows::Refused(
            "the picture `http://mmbizqbic.cn/demo.jpg` lies outside the platform",
        ),
    },
    Fault {
        file: "send/8-wxcard.json",
        printed: &[("ksad\"}\n", "ksad\"},\n")],
        shows: Shows::NotJson,
    },
    Fault {
        file: "preview/5-mpvideo.json",
        printed: &[("2XJc\",", "2XJc\"")],
        shows: Shows::NotJson,
    },
    Fault { file: "preview/6-wxcard.json", printed: &[("\"", "\\\"")], shows: Shows::NotJson },
    Fault {
        file: "event/1-masssendjobfinish.xml",
        printed: &[("< ![CDATA[", "<![CDATA["), ("] ]>", "]]>")],
        shows: Shows::NotXml,
    },
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/samples")
}

fn text(file: &str) -> String {
    let text = fs::read_to_string(folder().join(file));
    text.unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn json(file: &str) -> Value {
    serde_json::from_str(&text(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn answer(body: &str) -> HttpResponse {
    HttpResponse { reply: Reply::Http { status: 200, body: body.as_bytes().to_vec() }, date: None }
}

fn path(call: &str) -> String {
    format!("/cgi-bin/{call}")
}

impl Sample {
    fn name(&self) -> String {
        let (heading, number, what) = self.at;
        format!("{heading}, {number} ({what})")
    }
}

/// Compares two objects but for the differences, each of which must be there.
fn assert_same(printed: &Value, found: &Value, differs: &[Differs], row: &str) {
    let (mut printed, mut found) = (printed.clone(), found.clone());
    for Differs { at, printed: of_sample, found: of_ours, why } in differs {
        let value = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let expected = match of_ours {
            Found::Nothing => None,
            Found::Json(text) => Some(value(text)),
            Found::Clientmsgid => Some(ours::clientmsgid().into()),
        };
        assert_eq!(
            take(&mut printed, at),
            of_sample.map(value),
            "{row}: the sample's {at} ({why})"
        );
        assert_eq!(take(&mut found, at), expected, "{row}: {at} ({why})");
    }
    assert_eq!(found, printed, "{row}");
}

/// Takes out what a JSON pointer names.
fn take(value: &mut Value, at: &str) -> Option<Value> {
    let (parent, name) = at.rsplit_once('/').unwrap();
    value.pointer_mut(parent)?.as_object_mut()?.remove(name)
}

#[test]
fn every_sample_of_the_documents_has_its_row_and_its_file() {
    for (heading, count) in HEADINGS {
        let rows = SAMPLES.iter().filter(|sample| sample.at.0 == heading);
        let numbers: Vec<_> = rows.map(|sample| sample.at.1).collect();
        assert_eq!(numbers, (1..=count).collect::<Vec<_>>(), "{heading}");
    }
    for sample in SAMPLES {
        if let Claim::Request { ours: [], theirs: None, .. } = sample.claim {
            panic!("{} claims nothing", sample.name());
        }
    }
    let counted: usize = HEADINGS.iter().map(|(_, count)| count).sum();
    assert_eq!((SAMPLES.len(), counted), (42, 42));

    let named: BTreeSet<_> = SAMPLES.iter().map(|sample| folder().join(sample.file)).collect();
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder()).unwrap() {
        let entry = entry.unwrap().path();
        if entry.is_dir() {
            found.extend(fs::read_dir(entry).unwrap().map(|file| file.unwrap().path()));
        }
    }
    assert_eq!(named, found);
    assert_eq!(named.len(), SAMPLES.len(), "each row has a file of its own");
}

#[test]
fn every_request_of_the_documents_is_what_the_daemon_asks() {
    for sample in SAMPLES {
        match &sample.claim {
            Claim::Request { call, ours, .. } => {
                let printed = text(sample.file);
                for way in *ours {
                    ours::assert_asked(way, call, &printed, &sample.name());
                }
            }
            Claim::Form { call, .. } => ours::assert_uploaded(call, &text(sample.file)),
            Claim::ArticleText => ours::assert_stands_in_an_article(sample),
            Claim::HttpResponse { call: Some(call), .. } => ours::assert_asked_without_a_body(call),
            Claim::HttpResponse { call: None, .. } | Claim::Event(_) => {}
        }
    }
}

#[test]
fn every_answer_of_the_documents_is_read() {
    for sample in SAMPLES {
        if let Claim::HttpResponse { reads, .. } = sample.claim {
            assert!(json(sample.file).is_object(), "{}", sample.name());
            reads(&answer(&text(sample.file)));
        }
    }
}

#[test]
fn every_event_of_the_documents_is_read() {
    for sample in SAMPLES {
        if let Claim::Event(expected) = sample.claim {
            let read = callback::parse(text(sample.file).as_bytes());
            assert_eq!(read, Ok(Incoming::MassSendJobFinish(expected())), "{}", sample.name());
        }
    }
}

#[test]
fn the_sandbox_takes_every_request_of_the_documents_and_answers_as_printed() {
    let mut answered = BTreeSet::new();
    for sample in SAMPLES {
        match &sample.claim {
            Claim::Request { call, theirs: Some(theirs), .. } => {
                theirs::assert_taken(theirs, call, &text(sample.file), &sample.name());
                answered.insert(theirs.answer);
            }
            Claim::Form { call, answer } => {
                theirs::assert_form_taken(call, &text(sample.file), answer);
                answered.insert(answer);
            }
            Claim::ArticleText => theirs::assert_article_taken(&text(sample.file)),
            Claim::HttpResponse { call: Some(call), .. } => {
                let answer = Bench::new().ask(call, Vec::new());
                theirs::assert_answered(&json(sample.file), &answer, &[], &sample.name());
                answered.insert(sample.file);
            }
            Claim::Request { theirs: None, .. } | Claim::HttpResponse { call: None, .. } => {}
            Claim::Event(_) => theirs::assert_pushed(sample),
        }
    }

    let answers =
        SAMPLES.iter().filter(|sample| matches!(sample.claim, Claim::HttpResponse { .. }));
    assert_eq!(answered, answers.map(|sample| sample.file).collect());
}

#[test]
fn what_was_repaired_in_a_sample_was_broken_as_printed() {
    for Fault { file, printed, shows } in FAULTS {
        let as_printed = printed.iter().fold(text(file), |repaired, (printed, meant)| {
            assert!(repaired.contains(meant), "{file}: {meant} is not there");
            repaired.replace(meant, printed)
        });

        match shows {
            Shows::NotJson => {
                assert!(serde_json::from_str::<Value>(&as_printed).is_err(), "{as_printed}");
            }
            Shows::NotXml => {
                let read = callback::parse(as_printed.as_bytes());
                assert_eq!(read, Err(ParseError::Malformed), "{as_printed}");
            }
            Shows::NoUrl => {
                let read = read_upload(qunfa::model::UploadKind::Picture, &answer(&as_printed));
                let why = "the answer has no url that can be read".to_owned();
                assert_eq!(read, UploadResponse::Later(None, why));
            }
            Shows::Refused(words) => {
                let refused = ours::refused(&ours::article(&as_printed), ArticlesVia::Uploadnews);
                assert!(refused.contains(words), "{refused}");
            }
        }
    }
}

#[test]
fn a_sample_with_its_no_break_spaces_is_not_json_and_a_job_with_it_is_refused_at_the_first() {
    for sample in SAMPLES.iter().filter(|sample| sample.file.ends_with(".json")) {
        let as_printed = text(sample.file).replacen(' ', "\u{a0}", 1);

        assert!(serde_json::from_str::<Value>(&as_printed).is_err(), "{as_printed}");
        if matches!(sample.claim, Claim::Request { ours: [Ours { wish: Wish::Pasted, .. }], .. }) {
            let refused = ours::refused(&ours::pasted(&as_printed), ArticlesVia::Draft);
            assert!(refused.contains("a no-break space (U+00A0)"), "{refused}");
        }
    }
}
