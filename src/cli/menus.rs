//! The menus around a job, and how they differ.

use serde::{Deserialize as _, Serialize};
use serde_json::Value;

use super::Problem;
use super::text::{Page, Tone};
use crate::l10n::t;
use crate::model::{JobId, MenuDifference, ReportedMenu, differences};
use crate::store::Tx;

/// The menu before a job and the one after it.
#[derive(Debug, Serialize)]
pub(super) struct MenuView {
    /// What followers saw; no buttons if they saw none; null if it could not be read.
    before: Option<ReportedMenu>,
    /// What the platform took; no buttons if the menu was deleted; null before that.
    after: Option<ReportedMenu>,
    /// How they differ, by button; null until both are known.
    differences: Option<Vec<MenuDifference>>,
}

/// Returns the menus of a job, if it is one that changes the menu and has begun.
pub(super) fn read(tx: &Tx<'_>, id: &str) -> Result<Option<MenuView>, Problem> {
    let Some(id) = JobId::parse(id) else { return Ok(None) };
    let Some(job) = tx.menu_job(&id)?.filter(|job| job.action == "menu") else { return Ok(None) };
    let after =
        job.after.map(|after| after.menu.as_ref().map(ReportedMenu::from).unwrap_or_default());
    if job.before.is_none() && after.is_none() {
        return Ok(None);
    }
    let both = job.before.as_ref().zip(after.as_ref());
    let differences = both.map(|(before, after)| differences(before, after));
    Ok(Some(MenuView { before: job.before, after, differences }))
}

/// Writes the buttons of a menu as the platform reported it.
pub(super) fn list(page: &mut Page, menu: &Value) {
    let menu = ReportedMenu::deserialize(menu).unwrap_or_default();
    let buttons = differences(&ReportedMenu::default(), &menu);
    if buttons.is_empty() {
        page.lines(Tone::Quiet, 2, &t!("menu-none"));
    }
    for MenuDifference { button, after, .. } in &buttons {
        let (Some(place), Some(after)) = (button, after) else { continue };
        page.lines(Tone::Plain, 2, &super::text::visible(&format!("{place}: {after}")));
    }
}

pub(super) fn render(page: &mut Page, view: &MenuView) {
    page.blank_line();
    page.heading(&t!("menu-heading"));
    let Some(differences) = &view.differences else {
        let line = match view.before {
            None => t!("menu-unknown-before"),
            Some(_) => t!("menu-not-yet"),
        };
        return page.lines(Tone::Quiet, 2, &line);
    };
    if differences.is_empty() {
        page.lines(Tone::Quiet, 2, &t!("menu-same"));
    }
    for MenuDifference { button, before, after } in differences {
        let place = button.clone().unwrap_or_else(|| t!("menu-order"));
        let (tone, label, line) = match (before, after) {
            (None, Some(after)) => (Tone::Good, t!("menu-new"), format!("{place}: {after}")),
            (Some(before), None) => (Tone::Warn, t!("menu-gone"), format!("{place}: {before}")),
            (Some(before), Some(after)) => {
                (Tone::Plain, t!("menu-changed"), format!("{place}: {before} -> {after}"))
            }
            (None, None) => continue,
        };
        page.labelled(tone, 2, &label, &super::text::visible(&line));
    }
}
