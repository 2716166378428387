//! `drafts`: the draft box of an account (草稿箱), as the platform lists it now.
//!
//! The daemon reads one page for each request of this command, which asks for the next one and
//! reports its progress.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use clap::Args;
use serde::Serialize;
use serde_json::Value;

use super::api_calls::{self, Asking};
use super::text::{self, Cell, Page, Table, Tone};
use super::{Json, Problem, Terminal, database, lookup, rehearsal};
use crate::calendar;
use crate::config::Config;
use crate::inbox::{DraftBook, FoundDraft, NamedDraft, Package, ReadError};
use crate::l10n::t;
use crate::model::{Account, ApiCall, Draft, DraftPage, JobId};
use crate::store::{ApiCallView, Store, StoreError, Tx};
use crate::text::reason;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The account's name
    #[arg(value_name = "ACCOUNT")]
    account: String,
    #[command(flatten)]
    json: Json,
}

/// The whole answer.
#[derive(Debug, Serialize)]
struct DraftsView {
    account: String,
    drafts: Vec<DraftView>,
}

/// One draft.
#[derive(Debug, Serialize)]
struct DraftView {
    media_id: String,
    /// The title of its first article.
    title: String,
    /// The titles of all its articles.
    articles: Vec<String>,
    /// The address of its cover, if the platform gives it.
    cover: Option<String>,
    /// The media id of its cover.
    thumb_media_id: Option<String>,
    updated: Option<String>,
    #[serde(skip)]
    updated_at: Option<DateTime<Utc>>,
}

/// Lists the drafts of one account.
pub(super) fn run(
    options: &Options,
    config: &Config,
    who: &str,
    terminal: &mut Terminal<'_>,
) -> Result<(), Problem> {
    let now = (terminal.now)();
    let name = options.account.as_str();
    lookup::named_account(config, name, now)?;
    let Some(mut store) = database::open(config, now)? else {
        return Err(api_calls::no_daemon());
    };
    let drafts = read((&mut store, config), name, who, terminal)?;
    let drafts = drafts.into_iter().map(view).collect();
    let view = DraftsView { account: name.to_owned(), drafts };
    terminal.answer(options.json, &view, |page, view| render(page, view, now))
}

/// Lets the daemon read the whole draft box of an account.
///
/// A draft that moves between two pages because another one was changed is listed once.
pub(super) fn read(
    (store, config): (&mut Store, &Config),
    account: &str,
    who: &str,
    terminal: &mut Terminal<'_>,
) -> Result<Vec<Draft>, Problem> {
    let mut asking = Asking { store, config, account, who };
    let (mut drafts, mut seen) = (Vec::new(), HashSet::new());
    let mut offset = 0;
    loop {
        let answer = asking.ask(&ApiCall::Drafts { offset }, (terminal.now)())?;
        let page = page_of(account, &answer)?;
        let listed = u32::try_from(page.drafts.len()).unwrap_or(u32::MAX);
        offset = offset.saturating_add(listed);
        drafts.extend(page.drafts.into_iter().filter(|one| seen.insert(one.media_id.clone())));
        if listed == 0 || offset >= page.total {
            return Ok(drafts);
        }
        let (read, all) = (text::count(offset.into()), text::count(page.total.into()));
        let line = t!("drafts-progress", account = account, read = read, all = all);
        // The outcome is the same if nobody reads the remark.
        writeln!(terminal.remarks, "{line}").unwrap_or_default();
    }
}

/// Looks up the drafts that files name by their titles; the daemon is asked only if there are some.
///
/// A job that is known keeps its draft if the box has it no more: dropping a file again, after its
/// broadcast was sent, changes nothing.
pub(super) fn look_up(
    paths: &[PathBuf],
    reader: impl Fn(&Path, &[&Account]) -> Result<Package, ReadError>,
    (config, who): (&Config, &str),
    terminal: &mut Terminal<'_>,
) -> Result<DraftBook, Problem> {
    let named = named(paths, reader, config);
    if named.is_empty() {
        return Ok(DraftBook::default());
    }
    let now = (terminal.now)();
    let Some(mut store) = database::open(config, now)? else {
        return Err(api_calls::no_daemon());
    };
    let mut boxes: BTreeMap<String, Vec<Draft>> = BTreeMap::new();
    let mut book = BTreeMap::new();
    for named in named {
        if !boxes.contains_key(&named.account) {
            let drafts = read((&mut store, config), &named.account, who, terminal)?;
            boxes.insert(named.account.clone(), drafts);
        }
        let mut found =
            FoundDraft::of(&named.title, &boxes[&named.account], |draft| shown(draft, now));
        if let FoundDraft::None(_) = found
            && let Some(known) = known(&store.read(), &named)?
        {
            found = known;
        }
        book.insert(named, found);
    }
    Ok(DraftBook::of(book))
}

/// Returns a book for files of which nothing is kept: the drafts of known jobs are those that they
/// have, and the others are looked up later.
pub(super) fn for_rehearsal(
    paths: &[PathBuf],
    reader: impl Fn(&Path, &[&Account]) -> Result<Package, ReadError>,
    config: &Config,
    now: DateTime<Utc>,
) -> Result<DraftBook, Problem> {
    let mut book = BTreeMap::new();
    let named = named(paths, reader, config);
    // Whether the database can be read is said by what needs it.
    if !named.is_empty()
        && let Ok(Some(store)) = database::open(config, now)
    {
        for named in named {
            if let Some(found) = known(&store.read(), &named)? {
                book.insert(named, found);
            }
        }
    }
    Ok(DraftBook::for_rehearsal(book))
}

fn named(
    paths: &[PathBuf],
    reader: impl Fn(&Path, &[&Account]) -> Result<Package, ReadError>,
    config: &Config,
) -> BTreeSet<NamedDraft> {
    let accounts = rehearsal::accounts(config);
    // What cannot be read is reported once all is read.
    let packages = paths.iter().filter_map(|path| reader(path, &accounts).ok());
    packages.flat_map(|package| package.named_drafts(&accounts)).collect()
}

/// Returns the draft that a known job of this title has.
fn known(tx: &Tx<'_>, named: &NamedDraft) -> Result<Option<FoundDraft>, StoreError> {
    let Some(id) = named.job.as_deref().and_then(JobId::parse) else { return Ok(None) };
    let is_same = tx.account_of(&id)?.as_ref() == Some(&named.account)
        && tx.title(id.as_str())?.as_ref() == Some(&named.title);
    if !is_same {
        return Ok(None);
    }
    let body: Option<Value> = tx.body_of(&id)?.and_then(|body| serde_json::from_str(&body).ok());
    let media_id = body.and_then(|body| body["mpnews"]["media_id"].as_str().map(str::to_owned));
    Ok(media_id.map(FoundDraft::One))
}

/// Returns a draft by its media id and the time of its last change.
fn shown(draft: &Draft, now: DateTime<Utc>) -> String {
    let updated = draft.updated_at.and_then(|at| DateTime::from_timestamp(at, 0));
    let updated = updated.map(|at| text::time_and_distance(at, now));
    let updated = updated.unwrap_or_else(|| t!("drafts-unknown"));
    t!("drafts-one", id = draft.media_id.as_str(), updated = updated)
}

fn page_of(account: &str, answer: &ApiCallView) -> Result<DraftPage, Problem> {
    let why = || answer.why.as_ref().map(|why| text::visible(&reason::sentence(why)));
    match answer.state.as_str() {
        "done" => serde_json::from_value(answer.answer.clone())
            .map_err(|error| Problem::No(t!("drafts-failed", account = account, why = %error))),
        "failed" => {
            let why = why().unwrap_or_default();
            Err(Problem::No(t!("drafts-failed", account = account, why = why)))
        }
        _ => Err(Problem::No(match why() {
            Some(why) => t!("drafts-later-because", account = account, why = why),
            None => t!("drafts-later", account = account),
        })),
    }
}

fn view(draft: Draft) -> DraftView {
    let updated_at = draft.updated_at.and_then(|at| DateTime::from_timestamp(at, 0));
    let title = draft.title().to_owned();
    let first = draft.articles.first();
    DraftView {
        title,
        cover: first.and_then(|article| article.thumb_url.clone()),
        thumb_media_id: first.and_then(|article| article.thumb_media_id.clone()),
        articles: draft.articles.into_iter().map(|article| article.title).collect(),
        media_id: draft.media_id,
        updated: updated_at.map(calendar::rfc3339),
        updated_at,
    }
}

fn render(page: &mut Page, view: &DraftsView, now: DateTime<Utc>) {
    if view.drafts.is_empty() {
        let line = t!("drafts-none", account = view.account.as_str());
        return page.lines(Tone::Quiet, 0, &line);
    }
    let columns = [
        (t!("drafts-head-title"), 0),
        (t!("drafts-head-articles"), 8),
        (t!("drafts-head-updated"), 44),
    ];
    let mut table = Table::new(&columns).right(&[1]);
    for draft in &view.drafts {
        let updated = draft.updated_at.map(|at| text::time_and_distance(at, now));
        let untitled = || t!("drafts-untitled");
        let title = if draft.title.is_empty() { untitled() } else { draft.title.clone() };
        table.row(vec![
            Cell::plain(&title),
            Cell::plain(&text::count(draft.articles.len() as u64)),
            Cell::plain(&updated.unwrap_or_else(|| t!("drafts-unknown"))),
        ]);
        table.note(Tone::Plain, &t!("drafts-media-id", id = draft.media_id.as_str()));
        // An address is often too long for a line; the JSON has it.
        if let Some(cover) = &draft.thumb_media_id {
            table.note(Tone::Quiet, &t!("drafts-cover", cover = text::visible(cover)));
        }
    }
    page.table(0, &table);
    page.blank_line();
    let count = text::count(view.drafts.len() as u64);
    let line = t!("drafts-count", account = view.account.as_str(), count = count);
    page.lines(Tone::Quiet, 0, &line);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::l10n::{self, Lang};
    use crate::model::DraftArticle;

    fn now() -> DateTime<Utc> {
        "2027-03-20T12:00:00Z".parse().unwrap()
    }

    fn draft(media_id: &str, titles: &[&str], cover: Option<&str>) -> Draft {
        let article = |title: &&str| DraftArticle {
            title: (*title).to_owned(),
            thumb_media_id: Some("THUMB-MEDIA-ID".to_owned()),
            thumb_url: cover.map(str::to_owned),
        };
        let updated_at = Some((now() - chrono::TimeDelta::hours(2)).timestamp());
        Draft {
            media_id: media_id.to_owned(),
            updated_at,
            articles: titles.iter().map(article).collect(),
        }
    }

    fn shown(lang: Lang, columns: usize) -> String {
        let id = "0gQDn0FSBVQmjrLFVkIbf4rFVUFXjlXDHxcvd7eYJNqWl2TSJ5Vqk3Kp1oXzW9Ab";
        let cover =
            "http://mmbiz.qpic.cn/sz_mmbiz_jpg/abcdefghijklmnopqrstuvwxyz0123456789/0?wx_fmt=jpeg";
        let drafts = vec![
            draft(id, &["春天来了：城南旧事与新芽，一篇写给远行人的长信", "二"], Some(cover)),
            draft("SHORT", &["", "x"], None),
        ];
        let drafts = drafts.into_iter().map(view).collect();
        let view = DraftsView { account: "brand-club".to_owned(), drafts };
        l10n::within(lang, || {
            let mut page = Page::new(false, Some(columns));
            render(&mut page, &view, now());
            page.finish()
        })
    }

    #[test]
    fn a_draft_is_a_row_with_its_media_id_in_full() {
        assert_eq!(
            shown(Lang::En, 80),
            "\
title       articles  updated
春天来了：城南旧事与新芽，一篇写给远行人的长信
                   2  2027-03-20 18:00 +08:00 (2 h ago)
    media_id 0gQDn0FSBVQmjrLFVkIbf4rFVUFXjlXDHxcvd7eYJNqWl2TSJ5Vqk3Kp1oXzW9Ab
    cover THUMB-MEDIA-ID
(no title)         2  2027-03-20 18:00 +08:00 (2 h ago)
    media_id SHORT
    cover THUMB-MEDIA-ID

2 drafts of brand-club. `mpnews: { media_id: … }` sends one, and the platform
then removes it.
"
        );
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for (lang, columns) in
            [(Lang::En, 80), (Lang::En, 100), (Lang::ZhCn, 80), (Lang::ZhCn, 100)]
        {
            let text = shown(lang, columns);

            for line in text.lines() {
                assert!(text::width(line) <= columns, "{columns}: {line}");
            }
            assert!(
                text.contains(
                    "media_id 0gQDn0FSBVQmjrLFVkIbf4rFVUFXjlXDHxcvd7eYJNqWl2TSJ5Vqk3Kp1oXzW9Ab"
                ),
                "{text}"
            );
        }
        assert!(shown(Lang::ZhCn, 80).starts_with("标题"));
    }
}
