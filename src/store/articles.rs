//! What the platform reported about each article of a broadcast: its address, and the originality
//! check.

use rusqlite::params;
use serde::Serialize;

use crate::model::Credence;
use crate::store::{Result, Tx};

/// One article of a broadcast, as in its event or in `show`. The numbers are the platform's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ArticleResult {
    /// Its place, from 1 up.
    pub article_idx: i64,
    /// Where it can be read now.
    pub url: Option<String>,
    /// What its author declared: 0 nothing, 1 original, 2 reprint.
    pub user_declare_state: Option<i64>,
    /// The verdict: 0 not checked, 1 being checked, 11 passed, others failed.
    pub audit_state: Option<i64>,
    /// The article that it resembles.
    pub original_url: Option<String>,
    /// What that article is: 1 original, 2 old and not original, 3 news, 4 banned.
    pub original_type: Option<i64>,
    /// Whether that article may be reprinted.
    pub can_reprint: Option<i64>,
    /// Whether its content replaces ours.
    pub need_replace: Option<i64>,
    /// Whether its source is shown.
    pub need_show_source: Option<i64>,
}

impl Tx<'_> {
    /// Stores what an event reports about its articles; a later event replaces an earlier one, and
    /// a plain one never replaces an encrypted one.
    pub(super) fn keep_articles(
        &self,
        (account, msg_id): (&str, i64),
        articles: &[ArticleResult],
        credence: Credence,
    ) -> Result<()> {
        let mut statement = self.db.prepare_cached(
            "INSERT INTO article_result (account, msg_id, article_idx, url, user_declare_state,
                 audit_state, original_url, original_type, can_reprint, need_replace,
                 need_show_source, proven)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
             ON CONFLICT DO UPDATE SET url = ifnull(excluded.url, url),
                 user_declare_state = excluded.user_declare_state,
                 audit_state = excluded.audit_state, original_url = excluded.original_url,
                 original_type = excluded.original_type, can_reprint = excluded.can_reprint,
                 need_replace = excluded.need_replace, need_show_source = excluded.need_show_source,
                 proven = excluded.proven
             WHERE excluded.proven >= proven",
        )?;
        for article in articles {
            statement.execute(params![
                account,
                msg_id,
                article.article_idx,
                article.url,
                article.user_declare_state,
                article.audit_state,
                article.original_url,
                article.original_type,
                article.can_reprint,
                article.need_replace,
                article.need_show_source,
                credence == Credence::Proof,
            ])?;
        }
        Ok(())
    }

    /// Returns the reports about a job's articles.
    pub fn articles(&self, job: &str) -> Result<Vec<ArticleResult>> {
        let mut statement = self.db.prepare_cached(
            "SELECT article_idx, url, user_declare_state, audit_state, original_url, original_type,
                    can_reprint, need_replace, need_show_source
             FROM article_result a JOIN batch
                 ON batch.msg_id = a.msg_id AND batch.account = a.account
             WHERE job = ?1 AND replaced = 0 ORDER BY batch.number, article_idx",
        )?;
        let rows = statement.query_map([job], |row| {
            Ok(ArticleResult {
                article_idx: row.get(0)?,
                url: row.get(1)?,
                user_declare_state: row.get(2)?,
                audit_state: row.get(3)?,
                original_url: row.get(4)?,
                original_type: row.get(5)?,
                can_reprint: row.get(6)?,
                need_replace: row.get(7)?,
                need_show_source: row.get(8)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}
