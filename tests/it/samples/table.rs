//! The rows, in the documents' order.

use qunfa::model::{ApiCall, ArticlesVia, Deletion, JobId, Speed, UploadKind, Viewer};
use qunfa::wechat::Verdict;
use qunfa::wechat::callback::{ArticleCheck, Copyright, MassEvent, Status};
use qunfa::wechat::protocol::api_call::{ApiCallResponse, ApiCallResult, read_api_call};
use qunfa::wechat::protocol::{
    HttpResponse, SendResponse, StatusResponse, UploadResponse, read_send, read_status, read_upload,
};

use super::{Before, Claim, Differs, Found, Ours, Sample, Stand, Theirs};

/// Every send has an id, so that it can be asked again.
const ID: Differs = Differs {
    at: "/clientmsgid",
    printed: None,
    found: Found::Clientmsgid,
    why: "without one the platform makes it from the content, and two broadcasts alike collide",
};

const OWN_ID: Differs = Differs {
    at: "/clientmsgid",
    printed: Some("\"send_tag_2\""),
    found: Found::Clientmsgid,
    why: "a job file cannot choose it: it follows from account, job and batch",
};

const TAG: Differs = Differs {
    at: "/filter/tag_id",
    printed: Some("\"2\""),
    found: Found::Json("2"),
    why: "the documents write it both ways, all other samples as a number",
};

const NO_DATA_ID: Differs = Differs {
    at: "/msg_data_id",
    printed: Some("206227730"),
    found: Found::Nothing,
    why: "只有在群发图文消息时,才会出现",
};

/// A draft says what it is, and knows no cover inside the text.
const DRAFT: &[Differs] = &[
    Differs {
        at: "/articles/0/article_type",
        printed: None,
        found: Found::Json("\"news\""),
        why: "draft/add has articles and picture posts",
    },
    Differs {
        at: "/articles/1/article_type",
        printed: None,
        found: Found::Json("\"news\""),
        why: "draft/add has articles and picture posts",
    },
    Differs {
        at: "/articles/0/show_cover_pic",
        printed: Some("1"),
        found: Found::Nothing,
        why: "draft/add has no such field; a note says so to the job's author",
    },
    Differs {
        at: "/articles/1/show_cover_pic",
        printed: Some("0"),
        found: Found::Nothing,
        why: "draft/add has no such field",
    },
];

/// The two articles of the sample.
const NEWS: &str = r"
  - id: spring
    account: brand
    at: 2027-03-20 20:00
    broadcast:
      filter: { tag_id: 2 }
      articles:
        - { thumb: cover.jpg, author: xxx, title: Happy Day, content_source_url: www.qq.com,
            content: content, digest: digest, show_cover_pic: 1 }
        - { thumb: cover.jpg, author: xxx, title: Happy Day, content_source_url: www.qq.com,
            content: content, digest: digest, show_cover_pic: 0 }
";

/// A local video: its file first, then what makes it fit, then the broadcast.
const VIDEO: &str = r"
  - id: spring
    account: brand
    broadcast:
      filter: { is_to_all: false, tag_id: 2 }
      mpvideo: { file: spring.mp4, title: TITLE, description: Description }
";

const VIDEO_TO_LIST: &str = r"
  - id: spring
    account: brand
    broadcast:
      touser: [OPENID1, OPENID2]
      mpvideo: { file: spring.mp4, title: TITLE, description: Description }
";

const WITHOUT_ID: &str = r"
  - id: spring
    account: brand
    broadcast:
      filter: { is_to_all: false, tag_id: 2 }
      mpnews: { media_id: 123dsdajkasd231jhksad }
      send_ignore_reprint: 0
";

const DELETE: &str = r"
  - { id: spring, account: brand, broadcast: { filter: { tag_id: 2 }, mpnews: { media_id: M } } }
  - { id: pull-it, account: brand, at: 2027-03-20 20:00,
      delete: { job: spring, article_idx: 2 } }
";

const ANY: &str = r"
  - { id: spring, account: brand, broadcast: { filter: { tag_id: 2 }, text: { content: CONTENT } } }
";

const SLOWER: &str = r"
  - { id: slow, account: brand, speed: 1 }
";

/// A job that shows its broadcast to somebody before it goes.
macro_rules! preview {
    ($to:literal, $content:literal) => {
        preview!($to, $content, "")
    };
    ($to:literal, $content:literal, $more:literal) => {
        concat!(
            "  - id: spring\n    account: brand\n    at: 2027-03-20 20:00\n",
            "    preview: { to: [\"",
            $to,
            "\"]",
            $more,
            " }\n    broadcast: { filter: { tag_id: 2 }, ",
            $content,
            " }\n"
        )
    };
}

/// The sample is the job's broadcast.
const PASTED: &[Ours] = &[Ours::pasted(&[ID])];

/// Such a send of anything but articles.
const fn pasted(call: &'static str, answer: &'static str) -> Claim {
    sent(call, PASTED, Theirs { differs: &[NO_DATA_ID], ..Theirs::answers(answer) })
}

const fn sent(call: &'static str, ours: &'static [Ours], theirs: Theirs) -> Claim {
    Claim::Request { call, ours, theirs: Some(theirs) }
}

const fn previewed(ours: &'static [Ours], stand: &'static [(&'static str, Stand)]) -> Claim {
    let theirs = Theirs { stand, ..Theirs::answers("preview/8-answer.json") };
    Claim::Request { call: "message/mass/preview", ours, theirs: Some(theirs) }
}

const fn answer(reads: fn(&HttpResponse)) -> Claim {
    Claim::HttpResponse { reads, call: None }
}

/// The sandbox knows followers by their OpenIDs, and the sample's is none.
const OPENID: &[(&str, Stand)] = &[("OPENID", Stand::Follower)];

const SENDALL: &str = "message/mass/sendall";
const SEND: &str = "message/mass/send";
const TO_TAG: &str = "根据标签进行群发";
const TO_LIST: &str = "根据OpenID列表群发";
const PREVIEW: &str = "预览接口";

fn accepted(answer: &HttpResponse) {
    let parsed = SendResponse {
        verdict: Verdict::Accepted,
        code: Some(0),
        errmsg: "send job submission success".to_owned(),
        msg_id: Some(34_182),
        msg_data_id: Some(206_227_730),
    };
    assert_eq!(read_send(answer), parsed);
}

fn adopted(answer: &HttpResponse) {
    let parsed = SendResponse {
        verdict: Verdict::Adopt,
        code: Some(45_065),
        errmsg: "clientmsgid exist".to_owned(),
        msg_id: Some(123_456),
        msg_data_id: None,
    };
    assert_eq!(read_send(answer), parsed);
}

fn uploaded(kind: UploadKind, value: &str, answer: &HttpResponse) {
    assert_eq!(read_upload(kind, answer), UploadResponse::Done(value.to_owned()));
}

fn fit_for_mpvideo(answer: &HttpResponse) {
    let media_id = "IhdaAQXuvJtGzwwc0abfXnzeezfO0NgPK6AQYShD8RQYMTtfzbLdBIQkQziv2XJc";
    uploaded(UploadKind::Mpvideo, media_id, answer);
}

fn done(api_call: &ApiCall, told: ApiCallResult, answer: &HttpResponse) {
    assert_eq!(read_api_call(answer, api_call), ApiCallResponse::Done(told));
}

fn finished() -> MassEvent {
    let article = |idx: i64| ArticleCheck {
        article_idx: Some(idx),
        user_declare_state: Some(0),
        audit_state: Some(2),
        original_article_url: format!("Url_{idx}"),
        original_article_type: Some(1),
        can_reprint: Some(1),
        need_replace_content: Some(1),
        need_show_reprint_source: Some(1),
    };
    MassEvent {
        msg_id: 1_000_001_625,
        status: Status::Err(30_003),
        status_text: "err(30003)".to_owned(),
        total: Some(0),
        filter: Some(0),
        sent: Some(0),
        error: Some(0),
        create_time: 1_481_013_459,
        from_user: "oV5CrjpxgaGXNHIQigzNlgLTnwic".to_owned(),
        to_user: "gh_4d00ed8d6399".to_owned(),
        copyright: Some(Copyright { check_state: Some(2), articles: vec![article(1), article(2)] }),
        article_urls: Vec::new(),
    }
}

pub(super) const SAMPLES: &[Sample] = &[
    Sample {
        at: ("上传图文消息内的图片获取URL", 1, "调用示例"),
        file: "uploadimg/1-request.sh",
        claim: Claim::Form { call: "media/uploadimg", answer: "uploadimg/2-answer.json" },
    },
    Sample {
        at: ("上传图文消息内的图片获取URL", 2, "返回说明"),
        file: "uploadimg/2-answer.json",
        claim: answer(|answer| {
            let url = "http://mmbiz.qpic.cn/mmbiz/gLO17UPS6FS2xsypf378iaNhWacZ1G1UplZYWEYfwvuU6Ont96b1roYsCNFwaRrSaKTPCUdBK9DgEHicsKwWCBRQ/0";
            uploaded(UploadKind::Picture, url, answer);
        }),
    },
    Sample {
        at: ("上传图文消息素材", 1, "POST数据说明"),
        file: "uploadnews/1-request.json",
        claim: Claim::Request {
            call: "media/uploadnews",
            ours: &[
                Ours { via: ArticlesVia::Uploadnews, ..Ours::jobs(NEWS, &[]) },
                Ours { instead: Some("draft/add"), ..Ours::jobs(NEWS, DRAFT) },
            ],
            theirs: Some(Theirs::answers("uploadnews/5-answer.json")),
        },
    },
    Sample {
        at: ("上传图文消息素材", 2, "小程序卡片跳转小程序"),
        file: "uploadnews/2-mini-program-card.html",
        claim: Claim::ArticleText,
    },
    Sample {
        at: ("上传图文消息素材", 3, "文字跳转小程序"),
        file: "uploadnews/3-mini-program-text.html",
        claim: Claim::ArticleText,
    },
    Sample {
        at: ("上传图文消息素材", 4, "图片跳转小程序"),
        file: "uploadnews/4-mini-program-picture.html",
        claim: Claim::ArticleText,
    },
    Sample {
        at: ("上传图文消息素材", 5, "返回说明"),
        file: "uploadnews/5-answer.json",
        claim: answer(|answer| {
            let media_id = "CsEf3ldqkAYJAU6EJeIkStVDSvffUJ54vqbThMgplD-VJXXof6ctX5fI6-aYyUiQ";
            uploaded(UploadKind::News, media_id, answer);
        }),
    },
    Sample {
        at: (TO_TAG, 1, "图文消息"),
        file: "sendall/1-mpnews.json",
        claim: sent(SENDALL, PASTED, Theirs::answers("sendall/9-answer.json")),
    },
    Sample {
        at: (TO_TAG, 2, "文本"),
        file: "sendall/2-text.json",
        claim: pasted(SENDALL, "sendall/9-answer.json"),
    },
    Sample {
        at: (TO_TAG, 3, "语音/音频"),
        file: "sendall/3-voice.json",
        claim: pasted(SENDALL, "sendall/9-answer.json"),
    },
    Sample {
        at: (TO_TAG, 4, "图片"),
        file: "sendall/4-image.json",
        claim: pasted(SENDALL, "sendall/9-answer.json"),
    },
    Sample {
        at: (TO_TAG, 5, "视频, uploadvideo"),
        file: "sendall/5-uploadvideo.json",
        claim: sent(
            "media/uploadvideo",
            &[Ours::jobs(VIDEO, &[])],
            Theirs::answers("sendall/6-uploadvideo-answer.json"),
        ),
    },
    Sample {
        at: (TO_TAG, 6, "视频, uploadvideo 返回"),
        file: "sendall/6-uploadvideo-answer.json",
        claim: answer(fit_for_mpvideo),
    },
    Sample {
        at: (TO_TAG, 7, "视频"),
        file: "sendall/7-mpvideo.json",
        claim: sent(
            SENDALL,
            &[Ours::jobs(VIDEO, &[ID]), Ours::pasted(&[ID])],
            Theirs { differs: &[NO_DATA_ID], ..Theirs::answers("sendall/9-answer.json") },
        ),
    },
    Sample {
        at: (TO_TAG, 8, "卡券消息"),
        file: "sendall/8-wxcard.json",
        claim: sent(
            SENDALL,
            &[Ours::pasted(&[ID, TAG])],
            Theirs { differs: &[NO_DATA_ID], ..Theirs::answers("sendall/9-answer.json") },
        ),
    },
    Sample {
        at: (TO_TAG, 9, "返回说明"), file: "sendall/9-answer.json", claim: answer(accepted)
    },
    Sample {
        at: (TO_LIST, 1, "图文消息"),
        file: "send/1-mpnews.json",
        claim: sent(SEND, PASTED, Theirs::answers("send/9-answer.json")),
    },
    Sample {
        at: (TO_LIST, 2, "文本"),
        file: "send/2-text.json",
        claim: pasted(SEND, "send/9-answer.json"),
    },
    Sample {
        at: (TO_LIST, 3, "语音"),
        file: "send/3-voice.json",
        claim: pasted(SEND, "send/9-answer.json"),
    },
    Sample {
        at: (TO_LIST, 4, "图片"),
        file: "send/4-image.json",
        claim: pasted(SEND, "send/9-answer.json"),
    },
    Sample {
        at: (TO_LIST, 5, "视频, uploadvideo"),
        file: "send/5-uploadvideo.json",
        claim: sent(
            "media/uploadvideo",
            &[Ours::jobs(VIDEO_TO_LIST, &[])],
            Theirs::answers("send/6-uploadvideo-answer.json"),
        ),
    },
    Sample {
        at: (TO_LIST, 6, "视频, uploadvideo 返回"),
        file: "send/6-uploadvideo-answer.json",
        claim: answer(fit_for_mpvideo),
    },
    Sample {
        at: (TO_LIST, 7, "视频"),
        file: "send/7-mpvideo.json",
        claim: pasted(SEND, "send/9-answer.json"),
    },
    Sample {
        at: (TO_LIST, 8, "卡券"),
        file: "send/8-wxcard.json",
        claim: pasted(SEND, "send/9-answer.json"),
    },
    Sample {
        at: (TO_LIST, 9, "返回说明"), file: "send/9-answer.json", claim: answer(accepted)
    },
    Sample {
        at: ("删除群发", 1, "POST数据说明"),
        file: "delete/1-request.json",
        claim: Claim::Request {
            call: "message/mass/delete",
            ours: &[Ours::jobs(DELETE, &[])],
            theirs: Some(Theirs {
                before: Before::Sent,
                stand: &[("30124", Stand::Broadcast)],
                ..Theirs::answers("delete/2-answer.json")
            }),
        },
    },
    Sample {
        at: ("删除群发", 2, "返回说明"),
        file: "delete/2-answer.json",
        claim: answer(|answer| {
            let job = JobId::parse("spring").unwrap();
            let delete = ApiCall::Delete(Deletion { job, article_idx: Some(2), force: false });
            done(&delete, ApiCallResult::default(), answer);
        }),
    },
    Sample {
        at: (PREVIEW, 1, "图文消息"),
        file: "preview/1-mpnews.json",
        claim: previewed(
            &[Ours::jobs(
                preview!("openid:OPENID", "mpnews: { media_id: 123dsdajkasd231jhksad }"),
                &[],
            )],
            OPENID,
        ),
    },
    Sample {
        at: (PREVIEW, 2, "文本"),
        file: "preview/2-text.json",
        claim: previewed(
            &[Ours::jobs(preview!("openid:OPENID", "text: { content: CONTENT }"), &[])],
            OPENID,
        ),
    },
    Sample {
        at: (PREVIEW, 3, "语音"),
        file: "preview/3-voice.json",
        claim: previewed(
            &[Ours::jobs(
                preview!("openid:OPENID", "voice: { media_id: 123dsdajkasd231jhksad }"),
                &[],
            )],
            OPENID,
        ),
    },
    Sample {
        at: (PREVIEW, 4, "图片"),
        file: "preview/4-image.json",
        claim: previewed(
            &[
                Ours::jobs(
                    preview!("openid:OPENID", "image: { media_id: 123dsdajkasd231jhksad }"),
                    &[],
                ),
                // Of several pictures the first is shown: a preview takes one.
                Ours::jobs(
                    preview!("openid:OPENID", "images: { media_ids: [123dsdajkasd231jhksad, B] }"),
                    &[],
                ),
            ],
            OPENID,
        ),
    },
    Sample {
        at: (PREVIEW, 5, "视频"),
        file: "preview/5-mpvideo.json",
        claim: previewed(
            &[Ours::jobs(
                preview!(
                    "openid:OPENID",
                    "mpvideo: { media_id: IhdaAQXuvJtGzwwc0abfXnzeezfO0NgPK6AQYShD8RQYMTtfzbLdBIQkQziv2XJc }"
                ),
                &[],
            )],
            OPENID,
        ),
    },
    Sample {
        at: (PREVIEW, 6, "卡券"),
        file: "preview/6-wxcard.json",
        claim: previewed(
            &[Ours::jobs(
                preview!(
                    "openid:OPENID",
                    "wxcard: { card_id: 123dsdajkasd231jhksad }",
                    r#", card_ext: '{"code":"","openid":"","timestamp":"1402057159","signature":"017bb17407c8e0058a66d72dcc61632b70f511ad"}'"#
                ),
                &[],
            )],
            OPENID,
        ),
    },
    Sample {
        at: (PREVIEW, 7, "针对微信号, 图文消息"),
        file: "preview/7-to-a-wechat-name.json",
        claim: previewed(
            &[Ours::jobs(
                preview!("示例的微信号", "mpnews: { media_id: 123dsdajkasd231jhksad }"),
                &[],
            )],
            &[],
        ),
    },
    Sample {
        at: (PREVIEW, 8, "返回说明"),
        file: "preview/8-answer.json",
        claim: answer(|answer| {
            let preview = ApiCall::Preview(Viewer::Openid("OPENID".to_owned()), None);
            done(
                &preview,
                ApiCallResult { msg_id: Some(34_182), ..ApiCallResult::default() },
                answer,
            );
        }),
    },
    Sample {
        at: ("查询群发消息发送状态", 1, "POST数据说明"),
        file: "get/1-request.json",
        claim: Claim::Request {
            call: "message/mass/get",
            ours: &[Ours::jobs(ANY, &[])],
            theirs: Some(Theirs {
                before: Before::Sent,
                stand: &[("201053012", Stand::Broadcast)],
                ..Theirs::answers("get/2-answer.json")
            }),
        },
    },
    Sample {
        at: ("查询群发消息发送状态", 2, "返回说明"),
        file: "get/2-answer.json",
        claim: answer(|answer| {
            assert_eq!(read_status(answer, 201_053_012), StatusResponse::Success);
        }),
    },
    Sample {
        at: ("事件推送群发结果", 1, "推送的XML结构"),
        file: "event/1-masssendjobfinish.xml",
        claim: Claim::Event(finished),
    },
    Sample {
        at: ("使用 clientmsgid 参数,避免重复推送", 1, "接口示例"),
        file: "clientmsgid/1-request.json",
        claim: sent(
            SENDALL,
            &[Ours::jobs(WITHOUT_ID, &[OWN_ID])],
            Theirs { before: Before::Same, ..Theirs::answers("clientmsgid/2-answer.json") },
        ),
    },
    Sample {
        at: ("使用 clientmsgid 参数,避免重复推送", 2, "clientmsgid 冲突时的返回示例"),
        file: "clientmsgid/2-answer.json",
        claim: answer(adopted),
    },
    Sample {
        at: ("获取群发速度", 1, "返回说明"),
        file: "speed/1-answer.json",
        claim: Claim::HttpResponse {
            reads: |answer| {
                let speed = Some((Speed::new(3).unwrap(), Some(15)));
                done(
                    &ApiCall::SpeedGet,
                    ApiCallResult { speed, ..ApiCallResult::default() },
                    answer,
                );
            },
            call: Some("message/mass/speed/get"),
        },
    },
    Sample {
        at: ("设置群发速度", 1, "请求示例"),
        file: "speed/2-request.json",
        claim: Claim::Request {
            call: "message/mass/speed/set",
            ours: &[Ours::jobs(SLOWER, &[])],
            // No answer of this call is printed: that of another one without a result.
            theirs: Some(Theirs::answers("delete/2-answer.json")),
        },
    },
];
