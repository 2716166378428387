//! Menus: which stood before a job, which job changed them, and since when.

use rusqlite::{OptionalExtension as _, Row, params};

use crate::calls::State;
use crate::model::{ApiCall, JobId, JobState, Menu, ReportedMenu};
use crate::store::job_row::state;
use crate::store::{OpenApiCall, Result, Tx, unreadable};

/// The menus around a job that changes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MenuJob {
    /// The account that the job belongs to.
    pub account: String,
    /// What the job does.
    pub action: String,
    /// Its state.
    pub state: JobState,
    /// The menu that stood before it; none if that is not known.
    pub before: Option<ReportedMenu>,
    /// The menu that the platform took from it, if it took one.
    pub after: Option<Applied>,
}

/// A change of the menu that the platform confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    call: i64,
    /// The new menu; none if the menu was deleted.
    pub menu: Option<Menu>,
}

impl Tx<'_> {
    /// Returns a job's menus, if there is such a job.
    pub fn menu_job(&self, id: &JobId) -> Result<Option<MenuJob>> {
        let found = self
            .db
            .prepare_cached("SELECT account, action, state FROM job WHERE id = ?1")?
            .query_row([id.as_str()], |row| Ok((row.get(0)?, row.get(1)?, state(row, 2)?)))
            .optional()?;
        let Some((account, action, state)) = found else { return Ok(None) };
        let after = self.applied(id)?;
        let before = self.menu_before(id)?;
        Ok(Some(MenuJob { account, action, state, before, after }))
    }

    fn applied(&self, id: &JobId) -> Result<Option<Applied>> {
        Ok(self
            .db
            .prepare_cached(
                "SELECT id, kind, parameters FROM api_call
                 WHERE job = ?1 AND kind IN ('menu', 'menu_delete') AND state = 'done'
                 ORDER BY id DESC LIMIT 1",
            )?
            .query_row([id.as_str()], |row| {
                Ok(Applied { call: row.get(0)?, menu: created(row, (1, 2))? })
            })
            .optional()?)
    }

    /// Returns the menu that was reported before a job changed it.
    ///
    /// A job that was retried may have read its own menu, which an earlier request made without
    /// a clear response: then what it read before that counts.
    fn menu_before(&self, id: &JobId) -> Result<Option<ReportedMenu>> {
        let reports = self
            .db
            .prepare_cached(
                "SELECT answer, (SELECT kind FROM api_call AS next WHERE next.job = ?1
                         AND next.id > read.id AND kind IN ('menu', 'menu_delete') ORDER BY id LIMIT 1),
                     (SELECT parameters FROM api_call AS next WHERE next.job = ?1
                         AND next.id > read.id AND kind IN ('menu', 'menu_delete') ORDER BY id LIMIT 1)
                 FROM api_call AS read WHERE job = ?1 AND kind = 'menu_read' AND state = 'done'
                 ORDER BY id DESC",
            )?
            .query_map([id.as_str()], |row| {
                let kind: Option<String> = row.get(1)?;
                let made = kind.map(|_| created(row, (1, 2))).transpose()?;
                Ok((reported(row.get(0)?)?, made))
            })?
            .collect::<rusqlite::Result<Vec<_>>>()?;
        let oldest = reports.len().saturating_sub(1);
        let found = reports.into_iter().enumerate().find(|(index, (menu, made))| {
            let is_its_own = made.as_ref().is_some_and(|made| menu.is(made.as_ref()));
            !is_its_own || *index == oldest
        });
        Ok(found.map(|(_, (menu, _))| menu))
    }

    /// Returns the job that changed the menu of its account after this change, if one did.
    pub fn menu_changed_since(&self, applied: &Applied) -> Result<Option<JobId>> {
        // SQLite uses the index of these kinds only where its condition stands word for word.
        let job: Option<Option<String>> = self
            .db
            .prepare_cached(
                "SELECT job FROM api_call JOIN (SELECT account AS of FROM api_call WHERE id = ?1)
                     ON account = of
                 WHERE id > ?1 AND kind IN ('menu', 'menu_delete', 'menu_read')
                   AND kind <> 'menu_read' AND state IN ('done', 'asking', 'in_doubt') ORDER BY id DESC LIMIT 1",
            )?
            .query_row([applied.call], |row| row.get(0))
            .optional()?;
        Ok(job.flatten().and_then(|id| JobId::parse(&id)))
    }

    /// Returns the job whose change of the menu came after this one, if there is one.
    pub fn later_menu(&self, api_call: &OpenApiCall, account: &str) -> Result<Option<JobId>> {
        let is_menu = match api_call.api_call {
            ApiCall::Menu(_) | ApiCall::MenuDelete | ApiCall::MenuRead { .. } => true,
            ApiCall::Preview(..)
            | ApiCall::Delete(_)
            | ApiCall::SpeedGet
            | ApiCall::SpeedSet(_)
            | ApiCall::MenuConditional(_)
            | ApiCall::MenuConditionalDelete { .. }
            | ApiCall::MenuTry(_)
            | ApiCall::Qrcode(_)
            | ApiCall::Picture(_)
            | ApiCall::Drafts { .. }
            | ApiCall::MediaCheck(_) => false,
        };
        if !is_menu {
            return Ok(None);
        }
        let later: Option<Option<String>> = self
            .db
            .prepare_cached(
                "SELECT job FROM api_call
                 WHERE account = ?1 AND kind IN ('menu', 'menu_delete', 'menu_read') AND id > ?2
                   AND state <> ?3 ORDER BY id DESC LIMIT 1",
            )?
            .query_row(params![account, api_call.id, State::Failed.as_str()], |row| row.get(0))
            .optional()?;
        Ok(later.flatten().and_then(|id| JobId::parse(&id)))
    }

    /// Returns the file that a job came from, and the line.
    pub fn source_of(&self, id: &JobId) -> Result<(String, usize)> {
        let (file, line): (String, i64) = self
            .db
            .prepare_cached("SELECT file, line FROM job WHERE id = ?1")?
            .query_row([id.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok((file, usize::try_from(line).unwrap_or(0)))
    }
}

fn reported(answer: Option<String>) -> rusqlite::Result<ReportedMenu> {
    let answer = answer.unwrap_or_default();
    let value: serde_json::Value = serde_json::from_str(&answer).unwrap_or_default();
    serde_json::from_value(value["menu"].clone())
        .map_err(|_| unreadable("api_call.answer", &answer))
}

/// Returns the menu that a call created; none if it deleted the menu.
fn created(row: &Row<'_>, (kind, parameters): (usize, usize)) -> rusqlite::Result<Option<Menu>> {
    let (kind, parameters): (String, String) = (row.get(kind)?, row.get(parameters)?);
    match ApiCall::parse(&kind, &parameters) {
        Some(ApiCall::Menu(menu)) => Ok(Some(menu)),
        Some(ApiCall::MenuDelete) => Ok(None),
        _ => Err(unreadable("api_call.parameters", &parameters)),
    }
}
