//! Renders what the database has in English words: the audience or subject of a job, API calls, and why a
//! request brought nothing.
//!
//! Both are stored as they were made, so what people read is made from the words. Words in another
//! form, which an older version may have stored, are shown as they are.

use crate::l10n::t;
use crate::model::{Failure, Plain};
use crate::wechat::codes;

/// Returns a job's audience or subject.
pub fn subject(words: &str) -> String {
    known_subject(words).unwrap_or_else(|| words.to_owned())
}

/// Returns an API call, with its batch and who decided it if these are stored with it.
pub fn api_call(words: &str) -> String {
    known_call(words).or_else(|| decided(words)).unwrap_or_else(|| words.to_owned())
}

/// Returns who sees a preview.
pub fn viewer(words: &str) -> String {
    let name = words.strip_prefix("WeChat name ").and_then(one);
    name.map_or_else(|| words.to_owned(), |name| t!("stored-wxname", name = name))
}

/// Returns why a request brought nothing, or what the platform said.
pub fn failure(words: &str) -> String {
    match Failure::parse(words) {
        Failure::Plain(one) => plain(one),
        Failure::HostUnknown { detail } => t!("failure-host-unknown", detail = detail),
        Failure::Tls { detail } => t!("failure-tls", detail = detail),
        Failure::NoConnection { detail } => t!("failure-no-connection", detail = detail),
        Failure::Broken { detail } => t!("failure-broken", detail = detail),
        Failure::CutShort { status, detail } => {
            t!("failure-cut-short", status = %status, detail = failure(&detail))
        }
        Failure::TooLong { status, most } => {
            t!("failure-too-long", status = %status, most = %most)
        }
        Failure::Status { status } => t!("failure-status", status = %status),
        Failure::NoPicture { status } => t!("failure-no-picture", status = %status),
        Failure::NoJson { line, column } => {
            t!("failure-no-json", line = %line, column = %column)
        }
        Failure::NoField { field } => t!("failure-no-field", field = field),
        Failure::NoMsgId { errcode } => t!("failure-no-msg-id", errcode = %errcode),
        Failure::UnknownStatus { status } => t!("failure-unknown-status", status = status),
        Failure::Answered { errcode, errmsg } => {
            let what = codes::for_query(errcode).what();
            t!("failure-answered", errcode = %errcode, errmsg = errmsg, what = what)
        }
        Failure::FileUnreadable { file, error } => {
            t!("failure-file-unreadable", file = file, error = error)
        }
        Failure::PictureUnwritten { error } => t!("failure-picture-unwritten", error = error),
        Failure::ReceiverStatus { status } => t!("failure-receiver-status", status = %status),
        Failure::ReceiverWithoutCode { status } => {
            t!("failure-receiver-without-code", status = %status)
        }
        Failure::ReceiverCode { code, errmsg } => {
            t!("failure-receiver-code", code = %code, errmsg = errmsg)
        }
        Failure::MailRefused { detail } => t!("failure-mail-refused", detail = detail),
        Failure::CommandEnded { status } => t!("failure-command-ended", status = status),
        Failure::CommandUnusable { error } => t!("failure-command-unusable", error = error),
        Failure::CommandTooSlow { seconds } => t!("failure-command-too-slow", seconds = %seconds),
        Failure::Written { text } => text,
    }
}

fn plain(failure: Plain) -> String {
    match failure {
        Plain::NoAnswer => t!("failure-no-answer"),
        Plain::NoConnectionInTime => t!("failure-no-connection-in-time"),
        Plain::ConnectionRefused => t!("failure-connection-refused"),
        Plain::NoRoute => t!("failure-no-route"),
        Plain::ConnectionClosed => t!("failure-connection-closed"),
        Plain::StoodStill => t!("failure-stood-still"),
        Plain::DaemonEnded => t!("failure-daemon-ended"),
        Plain::TokenRefused => t!("failure-token-refused"),
        Plain::NoJsonObject => t!("failure-no-json-object"),
        Plain::ErrcodeIsNoInteger => t!("failure-errcode-is-no-integer"),
        Plain::NoTokenLife => t!("failure-no-token-life"),
        Plain::OtherBroadcast => t!("failure-other-broadcast"),
        Plain::NoMedium => t!("failure-no-medium"),
        Plain::MenuUnclear => t!("failure-menu-unclear"),
        Plain::ButtonUnclear => t!("failure-button-unclear"),
        Plain::ListsUnclear => t!("failure-lists-unclear"),
        Plain::OtherList => t!("failure-other-list"),
        Plain::TagWithoutId => t!("failure-tag-without-id"),
        Plain::PageMiscounted => t!("failure-page-miscounted"),
        Plain::OpenidUnclear => t!("failure-openid-unclear"),
        Plain::NoFollowers => t!("failure-no-followers"),
        Plain::PageRepeats => t!("failure-page-repeats"),
        Plain::NextOpenidUnclear => t!("failure-next-openid-unclear"),
        Plain::PictureGone => t!("failure-picture-gone"),
        Plain::PictureLost => t!("failure-picture-lost"),
        Plain::TooManyPushes => t!("failure-too-many-pushes"),
        Plain::LongAnswer => t!("failure-long-answer"),
    }
}

fn known_subject(words: &str) -> Option<String> {
    match words {
        "everyone" => return Some(t!("audience-everyone")),
        "unknown" => return Some(t!("audience-unknown")),
        _ => {}
    }
    if let Some(tag) = words.strip_prefix("tag ").and_then(one) {
        return Some(t!("audience-tag", tag = tag));
    }
    if let Some(count) = words.strip_suffix(" OpenIDs").and_then(one) {
        return Some(t!("audience-openids", count = count));
    }
    deletion(words).or_else(|| speed(words)).or_else(|| codes(words))
}

fn known_call(words: &str) -> Option<String> {
    match words {
        "question for the speed" => return Some(t!("stored-speed-get")),
        "question for the menu" => return Some(t!("stored-menu-read")),
        "deletion of the menu" => return Some(t!("stored-menu-delete")),
        _ => {}
    }
    if let Some(to) = words.strip_prefix("preview to OpenID ").and_then(one) {
        return Some(t!("stored-preview-openid", to = to));
    }
    if let Some(to) = words.strip_prefix("preview to WeChat name ").and_then(one) {
        return Some(t!("stored-preview-wxname", to = to));
    }
    if let Some(to) = words.strip_prefix("question for the menu of OpenID ").and_then(one) {
        return Some(t!("stored-menu-try-openid", to = to));
    }
    if let Some(to) = words.strip_prefix("question for the menu of WeChat name ").and_then(one) {
        return Some(t!("stored-menu-try-wxname", to = to));
    }
    if let Some(menuid) = words.strip_prefix("deletion of menu ").and_then(one) {
        return Some(t!("stored-menu-delete-one", menuid = menuid));
    }
    if let Some(subject) = words.strip_prefix("deletion of ").and_then(deletion) {
        return Some(t!("stored-deletion", subject = subject));
    }
    if let Some(speed) = words.strip_prefix("setting of speed ").and_then(speed) {
        return Some(t!("stored-speed-set", speed = speed));
    }
    if let Some(menu) = words.strip_prefix("menu ") {
        return Some(t!("stored-menu", menu = menu));
    }
    if let Some(scene) = words.strip_prefix("picture of ").and_then(scene) {
        return Some(t!("stored-picture", scene = scene));
    }
    codes(words).or_else(|| of_batch(words))
}

/// Reads a call of a job with several batches.
fn of_batch(words: &str) -> Option<String> {
    let (call, batch) = words.strip_suffix(')')?.rsplit_once(" (batch ")?;
    Some(t!("stored-batch", call = known_call(call)?, batch = one(batch)?))
}

/// Reads a call that an operator ordered; a name or a reason may have any words in it.
fn decided(words: &str) -> Option<String> {
    words.match_indices(" by ").find_map(|(at, by)| {
        let call = known_call(&words[..at])?;
        let who = &words[at + by.len()..];
        Some(match who.split_once(": \"").map(|(who, why)| (who, why.strip_suffix('"'))) {
            Some((who, Some(why))) => t!("stored-by-because", call = call, who = who, why = why),
            Some((_, None)) | None => t!("stored-by", call = call, who = who),
        })
    })
}

fn deletion(words: &str) -> Option<String> {
    if let Some(job) = words.strip_prefix("the broadcast of job ").and_then(one) {
        return Some(t!("stored-broadcast-of", job = job));
    }
    let (article, job) = words.strip_prefix("article ")?.split_once(" of job ")?;
    Some(t!("stored-article-of", article = one(article)?, job = one(job)?))
}

fn speed(words: &str) -> Option<String> {
    let (level, real) = words.strip_suffix("w a minute)")?.split_once(" (")?;
    Some(t!("stored-speed", level = one(level)?, real = one(real)?))
}

fn codes(words: &str) -> Option<String> {
    if let Some(scene) = words.strip_prefix("permanent code of ").and_then(scene) {
        return Some(t!("stored-permanent-code", scene = scene));
    }
    if let Some(scene) = words.strip_prefix("temporary code of ").and_then(scene) {
        return Some(t!("stored-temporary-code", scene = scene));
    }
    let (many, range) = match words.split_once(" codes, ") {
        Some((many, range)) => (many, Some(range)),
        None => (words.strip_suffix(" codes")?, None),
    };
    let codes = match many.split_once(' ')? {
        (count, "permanent") => t!("stored-permanent-codes", count = count),
        (count, "temporary") => t!("stored-temporary-codes", count = count),
        _ => return None,
    };
    let Some(range) = range else { return Some(codes) };
    let (first, last) = range.split_once(" to scene ")?;
    let last = scene(&format!("scene {last}"))?;
    Some(t!("stored-codes-from", codes = codes, first = scene(first)?, last = last))
}

fn scene(words: &str) -> Option<String> {
    Some(t!("stored-scene", scene = words.strip_prefix("scene ")?))
}

/// Returns a text if it is one word.
fn one(text: &str) -> Option<&str> {
    (!text.is_empty() && !text.contains(' ')).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::l10n::{self, Lang};
    use crate::model::{ApiCall, Deletion, JobId, Qrcode, Qrcodes, Scene, Scenes, Speed, Viewer};

    fn in_chinese(work: impl FnOnce() -> String) -> String {
        l10n::within(Lang::ZhCn, work)
    }

    fn deletion_of(article_idx: Option<u32>) -> Deletion {
        Deletion { job: JobId::parse("spring").unwrap(), article_idx, force: false }
    }

    fn code(scene: Scene, expire_seconds: Option<u32>) -> Qrcode {
        Qrcode { scene, expire_seconds, renew: false }
    }

    #[test]
    fn every_subject_that_is_stored_is_told_in_chinese_and_stays_as_it_is_in_english() {
        let codes = |from, to, expire_seconds| Qrcodes {
            scenes: Scenes::Range { from, to },
            expire_seconds,
            out: None,
            renew: false,
        };
        for (stored, chinese) in [
            ("everyone".to_owned(), "全部粉丝"),
            ("tag 7".to_owned(), "标签 7"),
            ("300 OpenIDs".to_owned(), "名单中的 300 个 OpenID"),
            ("unknown".to_owned(), "未知对象"),
            (deletion_of(None).to_string(), "任务 spring 的群发"),
            (deletion_of(Some(2)).to_string(), "任务 spring 的第 2 篇文章"),
            (Speed::new(3).unwrap().to_string(), "3（每分钟 30 万）"),
            (code(Scene::Id(1), None).to_string(), "场景值 1 的永久二维码"),
            (codes(1, 90, Some(60)).to_string(), "共 90 个临时二维码，场景值 1 至场景值 90"),
            (codes(1, 1, None).to_string(), "共 1 个永久二维码"),
            ("今日歌曲 | 菜单".to_owned(), "今日歌曲 | 菜单"),
        ] {
            assert_eq!(subject(&stored), stored);
            assert_eq!(in_chinese(|| subject(&stored)), chinese, "{stored}");
        }
    }

    #[test]
    fn who_sees_a_preview_is_told_in_chinese() {
        let stored = Viewer::Wxname("anne".to_owned()).to_string();

        assert_eq!(viewer(&stored), stored);
        assert_eq!(in_chinese(|| viewer(&stored)), "微信号 anne");
        assert_eq!(in_chinese(|| viewer("OpenID oAbC..xY01")), "OpenID oAbC..xY01");
    }

    #[test]
    fn every_api_call_that_is_stored_is_told_in_chinese_and_stays_as_it_is_in_english() {
        let door = code(Scene::Text("front door".to_owned()), Some(60));
        for (stored, chinese) in [
            (ApiCall::Preview(Viewer::Wxname("anne".to_owned()), None).to_string(), "发给微信号 anne 的预览"),
            (ApiCall::Delete(deletion_of(None)).to_string(), "删除任务 spring 的群发"),
            (ApiCall::SpeedGet.to_string(), "查询群发速度"),
            (ApiCall::SpeedSet(Speed::new(3).unwrap()).to_string(), "设置群发速度 3（每分钟 30 万）"),
            (ApiCall::MenuDelete.to_string(), "删除菜单"),
            (ApiCall::MenuRead { needed: true }.to_string(), "查询菜单"),
            (ApiCall::Qrcode(door).to_string(), "场景值 \"front door\" 的临时二维码"),
            (
                "deletion of the broadcast of job spring (batch 2) by anne (uid 1000): \"sent by mistake\"".to_owned(),
                "删除任务 spring 的群发（批次 2），由 anne (uid 1000) 操作：“sent by mistake”",
            ),
            ("question for the speed by anne".to_owned(), "查询群发速度，由 anne 操作"),
            ("something of an older version".to_owned(), "something of an older version"),
        ] {
            assert_eq!(api_call(&stored), stored);
            assert_eq!(in_chinese(|| api_call(&stored)), chinese, "{stored}");
        }
    }

    #[test]
    fn every_failure_is_told_in_chinese_and_stays_as_it_is_in_english() {
        for stored in crate::model::failures() {
            let (words, shown) = (stored.to_string(), failure(&stored.to_string()));
            let told = in_chinese(|| failure(&words));
            if matches!(stored, Failure::Written { .. }) {
                assert_eq!([&shown, &told], [&words, &words]);
                continue;
            }
            // The table of return codes says what a code means.
            let says_more = matches!(stored, Failure::Answered { .. });
            assert!(shown == words || says_more && shown.starts_with(&words), "{shown}");
            assert!(told.chars().any(|c| c >= '\u{4e00}') && told != words, "{told}");
        }
    }
}
