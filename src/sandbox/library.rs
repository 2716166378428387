//! Media, material and drafts: read, counted, changed and removed.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::account::MediaKind;
use super::account_state::Account;
use super::answer::{Given, Refusal};
use super::content::{self, Object};
use super::count::Daily;
use super::held::{Content, Held};
use super::upload::check_article;
use super::{Call, Platform};

/// Items of one page.
const PAGE: std::ops::RangeInclusive<i64> = 1..=20;
/// Drafts read in a day.
const READ_A_DAY: u32 = 500;
/// Counts and pages of the draft box in a day, each.
const LISTED_A_DAY: u32 = 1_000;
/// The file of a material that was not uploaded here: a picture of one white pixel.
const PIXEL: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";
/// The number of characters of a content in its digest.
const DIGEST: usize = 54;

fn ok() -> Value {
    json!({"errcode": 0, "errmsg": "ok"})
}

/// The name of a permanent material's kind.
fn material(held: &Held) -> Option<&'static str> {
    if held.until.is_some() {
        return None;
    }
    match held.kind {
        MediaKind::Image => Some("image"),
        MediaKind::Voice => Some("voice"),
        MediaKind::Video => Some("video"),
        MediaKind::News => Some("news"),
        MediaKind::Draft | MediaKind::Mpvideo => None,
    }
}

/// Whether an account has something of this kind that was not uploaded here: it was registered, or
/// the account has no registry, and takes any id in a broadcast too.
fn is_registered(account: &Account, id: &str, kind: MediaKind) -> bool {
    let is_gone = id.is_empty() || id.starts_with("bad") || account.consumed.contains(id);
    !is_gone && (account.media.is_empty() || account.media.get(id) == Some(&kind))
}

/// Returns the beginning and the length of a page.
fn page(body: &Object) -> Result<(usize, usize), Refusal> {
    let offset = content::integer(body.get("offset")).filter(|offset| *offset >= 0);
    let count = content::integer(body.get("count")).filter(|count| PAGE.contains(count));
    let (offset, count) = offset.zip(count).ok_or_else(|| Refusal::code(40_035))?;
    let size = |number: i64| usize::try_from(number).expect("not negative");
    Ok((size(offset), size(count)))
}

/// An article with the fields that the platform adds.
fn shown(article: &Value, media_id: &str, with_content: bool) -> Value {
    let text = |field: &str| article.get(field).and_then(Value::as_str).unwrap_or_default();
    let number = |field: &str| content::integer(article.get(field)).unwrap_or(0);
    let digest = match text("digest") {
        "" => plain(text("content")).chars().take(DIGEST).collect(),
        digest => digest.to_owned(),
    };
    let mut shown = json!({
        "title": text("title"), "author": text("author"), "digest": digest,
        "content_source_url": text("content_source_url"),
        "thumb_media_id": text("thumb_media_id"), "show_cover_pic": number("show_cover_pic"),
        "need_open_comment": number("need_open_comment"),
        "only_fans_can_comment": number("only_fans_can_comment"),
        "url": format!("http://mp.weixin.qq.com/s?tempkey={media_id}"), "is_deleted": false,
    });
    if with_content {
        shown["content"] = text("content").into();
    }
    shown
}

/// A text without its tags.
fn plain(html: &str) -> String {
    let mut inside = false;
    html.chars()
        .filter(|c| {
            let tag = inside || *c == '<';
            inside = tag && *c != '>';
            !tag
        })
        .collect()
}

impl Platform {
    /// `media/get`: a temporary file; for a video only its address.
    pub(super) fn get_media(&self, call: &Call<'_>) -> Result<Given, Refusal> {
        let id = call.parameter("media_id").unwrap_or_default();
        let held = self.accounts[call.appid].held.get(id);
        let held = held.filter(|held| held.until.is_some() && held.lives(call.now));
        match held.map(|held| (held.kind, &held.content)) {
            Some((MediaKind::Video, _)) => Ok(Given::Json(
                json!({"video_url": format!("http://203.205.158.80/vweixinp.tc.qq.com/{id}")}),
            )),
            Some((_, Content::File(file))) => Ok(Given::File(file.clone())),
            Some((_, Content::Articles(_) | Content::Nothing)) | None => Err(Refusal::code(40_007)),
        }
    }

    /// `material/get_materialcount`.
    pub(super) fn count_material(&self, call: &Call<'_>) -> Result<Value, Refusal> {
        let held = &self.accounts[call.appid].held;
        let count = |name| held.values().filter(|held| material(held) == Some(name)).count();
        Ok(json!({
            "voice_count": count("voice"), "video_count": count("video"),
            "image_count": count("image"), "news_count": count("news"),
        }))
    }

    /// `material/batchget_material`: a page of one kind, the latest first.
    pub(super) fn list_material(&self, call: &Call<'_>) -> Result<Value, Refusal> {
        let body = call.object()?;
        let kind = body.get("type").and_then(Value::as_str).unwrap_or_default();
        if !["image", "voice", "video", "news"].contains(&kind) {
            return Err(Refusal::code(40_004));
        }
        let of_kind = |held: &Held| material(held) == Some(kind);
        self.list(call, page(body)?, of_kind, |id, _| {
            json!({"name": format!("{id}.file"), "url": format!("http://mmbiz.qpic.cn/mmbiz_png/{kind}/0")})
        })
    }

    /// `material/get_material`: a file, or for a video its title and its address.
    pub(super) fn get_material(&self, call: &Call<'_>) -> Result<Given, Refusal> {
        let id = call.object()?.get("media_id").and_then(Value::as_str).unwrap_or_default();
        let held = self.accounts[call.appid].held.get(id);
        let held = held.filter(|held| material(held).is_some());
        match held.map(|held| (held.kind, &held.content)) {
            Some((MediaKind::Video, _)) => Ok(Given::Json(
                json!({"title": "", "description": "", "down_url": format!("http://203.205.158.80/{id}")}),
            )),
            Some((_, Content::File(file))) => Ok(Given::File(file.clone())),
            Some((_, Content::Articles(articles))) => {
                let items = articles.iter().map(|article| shown(article, id, true));
                Ok(Given::Json(json!({"news_item": items.collect::<Vec<_>>()})))
            }
            Some((_, Content::Nothing)) => Err(Refusal::code(40_007)),
            None => self.registered_material(call, id),
        }
    }

    /// Material that was not uploaded here: it has no content of its own.
    fn registered_material(&self, call: &Call<'_>, id: &str) -> Result<Given, Refusal> {
        let account = &self.accounts[call.appid];
        if !account.held.contains_key(id) && is_registered(account, id, MediaKind::News) {
            return Ok(Given::Json(json!({"news_item": [shown(&json!({}), id, true)]})));
        }
        let kinds = [MediaKind::Image, MediaKind::Voice, MediaKind::Video];
        let is_known = !account.held.contains_key(id)
            && kinds.into_iter().any(|kind| is_registered(account, id, kind));
        if is_known { Ok(Given::File(PIXEL.to_vec())) } else { Err(Refusal::code(40_007)) }
    }

    /// `material/del_material`.
    pub(super) fn delete_material(&mut self, call: &Call<'_>) -> Result<Value, Refusal> {
        self.remove(call, |held| material(held).is_some())
    }

    /// `draft/count`.
    pub(super) fn count_drafts(&mut self, call: &Call<'_>) -> Result<Value, Refusal> {
        let account = self.accounts.get_mut(call.appid).expect("its token was good");
        account.tally.call(Daily::DraftCounts, LISTED_A_DAY, call.now)?;
        let drafts = account
            .held
            .iter()
            .filter(|(id, held)| held.kind == MediaKind::Draft && !account.consumed.contains(*id));
        Ok(json!({"total_count": drafts.count()}))
    }

    /// `draft/get`.
    pub(super) fn get_draft(&mut self, call: &Call<'_>) -> Result<Value, Refusal> {
        let id = call.object()?.get("media_id").and_then(Value::as_str).unwrap_or_default();
        let account = self.accounts.get_mut(call.appid).expect("its token was good");
        account.tally.call(Daily::DraftReads, READ_A_DAY, call.now)?;
        let account = &self.accounts[call.appid];
        if !account.held.contains_key(id) && is_registered(account, id, MediaKind::Draft) {
            return Ok(json!({"news_item": [shown(&json!({}), id, true)]}));
        }
        let held = self.draft(call, id)?;
        Ok(news(id, held, true))
    }

    /// `draft/batchget`: a page, the latest first.
    pub(super) fn list_drafts(&mut self, call: &Call<'_>) -> Result<Value, Refusal> {
        let body = call.object()?;
        let account = self.accounts.get_mut(call.appid).expect("its token was good");
        account.tally.call(Daily::DraftPages, LISTED_A_DAY, call.now)?;
        let full = content::integer(body.get("no_content")) != Some(1);
        let is_draft = |held: &Held| held.kind == MediaKind::Draft;
        self.list(call, page(body)?, is_draft, |id, held| json!({"content": news(id, held, full)}))
    }

    /// A draft is written on the website, with an article of each title.
    pub fn write_draft(
        &mut self,
        appid: &str,
        (media_id, titles): (&str, &[&str]),
        now: DateTime<Utc>,
    ) {
        let article = |title: &&str| json!({"title": title, "content": "<p>好</p>", "thumb_media_id": "COVER"});
        let content = Content::Articles(titles.iter().map(article).collect());
        let held = Held { kind: MediaKind::Draft, until: None, at: now, content };
        if let Ok(account) = self.account_by_appid(appid) {
            account.held.insert(media_id.to_owned(), held);
        }
    }

    /// `draft/delete`.
    pub(super) fn delete_draft(&mut self, call: &Call<'_>) -> Result<Value, Refusal> {
        self.remove(call, |held| held.kind == MediaKind::Draft)
    }

    /// `draft/update`: replaces one article of a draft.
    pub(super) fn update_draft(&mut self, call: &Call<'_>) -> Result<Value, Refusal> {
        let body = call.object_without_escapes()?;
        let id = body.get("media_id").and_then(Value::as_str).unwrap_or_default();
        let article = body.get("articles").ok_or_else(|| Refusal::code(44_003))?;
        let index = content::integer(body.get("index")).and_then(|at| usize::try_from(at).ok());
        self.draft(call, id)?;
        check_article(call, &self.accounts[call.appid], article, true)?;
        let account = self.accounts.get_mut(call.appid).expect("its token was good");
        let held = account.held.get_mut(id).expect("just seen");
        held.at = call.now;
        let Content::Articles(articles) = &mut held.content else {
            return Err(Refusal::code(40_007));
        };
        let slot = index.and_then(|index| articles.get_mut(index));
        *slot.ok_or_else(|| Refusal::code(40_114))? = article.clone();
        Ok(ok())
    }

    /// A draft that is still in the box.
    fn draft(&self, call: &Call<'_>, id: &str) -> Result<&Held, Refusal> {
        let account = &self.accounts[call.appid];
        let held = account.held.get(id).filter(|held| held.kind == MediaKind::Draft);
        let held = held.filter(|_| !account.consumed.contains(id));
        held.ok_or_else(|| Refusal::code(40_007))
    }

    fn remove(
        &mut self,
        call: &Call<'_>,
        is_of_kind: impl Fn(&Held) -> bool,
    ) -> Result<Value, Refusal> {
        let id = call.object()?.get("media_id").and_then(Value::as_str).unwrap_or_default();
        let account = self.accounts.get_mut(call.appid).expect("its token was good");
        if !account.held.get(id).is_some_and(is_of_kind) {
            return Err(Refusal::code(40_007));
        }
        account.held.remove(id);
        Ok(ok())
    }

    fn list(
        &self,
        call: &Call<'_>,
        (offset, count): (usize, usize),
        is_of_kind: impl Fn(&Held) -> bool,
        more: impl Fn(&str, &Held) -> Value,
    ) -> Result<Value, Refusal> {
        let account = &self.accounts[call.appid];
        let mut found: Vec<_> = account
            .held
            .iter()
            .filter(|(id, held)| is_of_kind(held) && !account.consumed.contains(*id))
            .collect();
        found.sort_by_key(|(id, held)| (std::cmp::Reverse(held.at), (*id).clone()));
        let items = found.iter().skip(offset).take(count).map(|(id, held)| {
            let mut item = more(id, held);
            item["media_id"] = (*id).clone().into();
            item["update_time"] = held.at.timestamp().into();
            item
        });
        let items: Vec<_> = items.collect();
        Ok(json!({"total_count": found.len(), "item_count": items.len(), "item": items}))
    }
}

fn news(id: &str, held: &Held, full: bool) -> Value {
    let articles = match &held.content {
        Content::Articles(articles) => articles.as_slice(),
        Content::File(_) | Content::Nothing => &[],
    };
    let items: Vec<_> = articles.iter().map(|article| shown(article, id, full)).collect();
    let at = held.at.timestamp();
    json!({"news_item": items, "create_time": at, "update_time": at})
}

#[cfg(test)]
mod tests {
    use super::super::tests::{World, at, get, query};
    use super::super::{Method, Request, Response};
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\nrest";

    fn upload(world: &mut World, path: &str, file: &[u8]) -> String {
        let head = "--XX\r\nContent-Disposition: form-data; name=\"media\"; filename=\"a\"\r\n\r\n";
        let token = world.token(at(0));
        let request = Request {
            method: Method::Post,
            path: format!("/cgi-bin/{path}"),
            query: query(&[("access_token", &token), ("type", "image")]),
            body: [head.as_bytes(), file, b"\r\n--XX--\r\n"].concat(),
        };
        world.json(&request, at(0))["media_id"].as_str().unwrap().to_owned()
    }

    fn read(world: &mut World, path: &str, pairs: &[(&str, &str)]) -> Value {
        let token = world.token(at(0));
        let pairs = [&[("access_token", token.as_str())], pairs].concat();
        world.json(&get(path, &pairs), at(0))
    }

    fn post(world: &mut World, path: &str, body: &Value) -> Value {
        world.call(path, &body.to_string(), at(0))
    }

    #[test]
    fn a_temporary_file_comes_back_as_it_was_given() {
        let mut world = World::service();
        let id = upload(&mut world, "media/upload", PNG);
        let token = world.token(at(0));

        let request = get("media/get", &[("access_token", &token), ("media_id", &id)]);
        let back = world.platform.handle(&request, at(0));

        assert_eq!(back, Response::Answer { status: 200, body: PNG.to_vec() });
        assert_eq!(read(&mut world, "media/get", &[("media_id", "none")])["errcode"], 40_007);
    }

    #[test]
    fn material_is_counted_listed_read_and_removed() {
        let mut world = World::service();
        let id = upload(&mut world, "material/add_material", PNG);
        upload(&mut world, "media/upload", PNG);

        assert_eq!(read(&mut world, "material/get_materialcount", &[])["image_count"], 1);
        let page = json!({"type": "image", "offset": 0, "count": 20});
        let listed = post(&mut world, "material/batchget_material", &page);
        assert_eq!(
            (&listed["total_count"], &listed["item"][0]["media_id"]),
            (&1.into(), &id.clone().into())
        );
        let named = json!({ "media_id": id });
        assert_eq!(post(&mut world, "material/del_material", &named)["errcode"], 0);
        assert_eq!(post(&mut world, "material/del_material", &named)["errcode"], 40_007);
        assert_eq!(read(&mut world, "material/get_materialcount", &[])["image_count"], 0);
    }

    #[test]
    fn a_draft_is_read_changed_and_gone_once_it_was_sent() {
        let mut world = World::service();
        let cover = upload(&mut world, "material/add_material", PNG);
        let article = |title: &str| json!({"title": title, "content": "<p>春天</p>来了", "thumb_media_id": cover});
        let made =
            post(&mut world, "draft/add", &json!({"articles": [article("一"), article("二")]}));
        let id = made["media_id"].as_str().unwrap().to_owned();
        let named = json!({ "media_id": id });

        let draft = post(&mut world, "draft/get", &named);
        assert_eq!(draft["news_item"][1]["title"], "二");
        assert_eq!(draft["news_item"][0]["digest"], "春天来了");
        let changed = json!({"media_id": id, "index": 1, "articles": article("三")});
        assert_eq!(post(&mut world, "draft/update", &changed)["errcode"], 0);
        let beyond = json!({"media_id": id, "index": 2, "articles": article("三")});
        assert_eq!(post(&mut world, "draft/update", &beyond)["errcode"], 40_114);
        let page = json!({"offset": 0, "count": 20, "no_content": 1});
        let listed = post(&mut world, "draft/batchget", &page);
        assert_eq!(listed["item"][0]["content"]["news_item"][1]["title"], "三");
        assert!(listed["item"][0]["content"]["news_item"][1].get("content").is_none());
        assert_eq!(read(&mut world, "draft/count", &[])["total_count"], 1);

        let send = json!({"filter": {"is_to_all": true}, "msgtype": "mpnews",
            "mpnews": {"media_id": id}, "clientmsgid": "a"});
        assert_eq!(post(&mut world, "message/mass/sendall", &send)["errcode"], 0);
        assert_eq!(post(&mut world, "draft/get", &named)["errcode"], 40_007);
        assert_eq!(read(&mut world, "draft/count", &[])["total_count"], 0);
    }

    #[test]
    fn an_id_is_read_where_a_broadcast_takes_it() {
        let mut world = World::service();
        let codes = |world: &mut World, id: &str| {
            let named = json!({ "media_id": id });
            let code = |path: &str, world: &mut World| {
                let token = world.token(at(0));
                let request = Request {
                    method: Method::Post,
                    path: format!("/cgi-bin/{path}"),
                    query: query(&[("access_token", &token)]),
                    body: named.to_string().into_bytes(),
                };
                match world.platform.handle(&request, at(0)) {
                    Response::Answer { body, .. } => {
                        let read: Option<Value> = serde_json::from_slice(&body).ok();
                        read.and_then(|read| read["errcode"].as_i64()).unwrap_or(0)
                    }
                    Response::Refused | Response::Lost | Response::Hang => -2,
                }
            };
            (code("draft/get", world), code("material/get_material", world))
        };
        assert_eq!(codes(&mut world, "any"), (0, 0));
        assert_eq!(codes(&mut world, "bad-one"), (40_007, 40_007));

        world.platform.add_media("wx1", "draft", MediaKind::Draft);
        world.platform.add_media("wx1", "image", MediaKind::Image);
        world.platform.add_media("wx1", "news", MediaKind::News);
        assert_eq!(codes(&mut world, "draft"), (0, 40_007));
        assert_eq!(codes(&mut world, "image"), (40_007, 0));
        assert_eq!(codes(&mut world, "news"), (40_007, 0));
        assert_eq!(codes(&mut world, "any"), (40_007, 40_007));
    }

    #[test]
    fn the_501st_draft_of_a_day_is_not_read() {
        let mut world = World::service();
        let named = json!({"media_id": "any"});
        for _ in 0..500 {
            assert!(post(&mut world, "draft/get", &named)["news_item"].is_array());
        }

        assert_eq!(post(&mut world, "draft/get", &named)["errcode"], 45_009);
    }
}
