//! The uploads that the documents put before a send: articles and videos by JSON.
//!
//! Files as form data (`uploadimg`, `media/upload`) are absent on purpose: their ids can be
//! registered with [`Platform::add_media`], and an account without a registry takes any.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::account::MediaKind;
use super::answer::Refusal;
use super::{Call, Platform, hex};

/// Articles in one `uploadnews`.
const ARTICLES: std::ops::RangeInclusive<usize> = 1..=8;

impl Platform {
    /// `media/uploadvideo`: makes a video fit for `mpvideo`.
    pub(super) fn upload_video(&mut self, call: &Call<'_>) -> Result<Value, Refusal> {
        let uploaded = call.object()?.get("media_id").and_then(Value::as_str);
        let uploaded = uploaded.ok_or_else(|| Refusal::code(40_007))?;
        let media = &self.accounts[call.appid].media;
        if uploaded.starts_with("bad") || !media.is_empty() && !media.contains_key(uploaded) {
            return Err(Refusal::code(40_007));
        }
        Ok(self.uploaded(call, "video", MediaKind::Mpvideo))
    }

    /// `media/uploadnews`: one to eight articles.
    pub(super) fn upload_news(&mut self, call: &Call<'_>) -> Result<Value, Refusal> {
        let articles = call.object()?.get("articles").and_then(Value::as_array);
        let articles = articles.ok_or_else(|| Refusal::code(44_003))?;
        if !ARTICLES.contains(&articles.len()) {
            return Err(Refusal::code(45_008));
        }
        Ok(self.uploaded(call, "news", MediaKind::News))
    }

    fn uploaded(&mut self, call: &Call<'_>, name: &str, kind: MediaKind) -> Value {
        let digest = Sha256::digest(format!("{}/{}/{name}", self.seed, self.calls));
        let media_id = format!("{name}-{}", hex(&digest[..20]));
        let media = &mut self.accounts.get_mut(call.appid).expect("its token was good").media;
        // An account without a registry goes on taking any id.
        if !media.is_empty() {
            media.insert(media_id.clone(), kind);
        }
        json!({"type": name, "media_id": media_id, "created_at": call.now.timestamp()})
    }
}
