//! Crash attribution: records the account, job or file that this thread is processing, for the
//! panic hook.
//!
//! It decides nothing: it is recorded before the work and read only when the process ends, by a
//! panic or by an error that only a bug explains. It is kept for each thread, because a panic hook
//! is given nothing else.

use std::cell::RefCell;

use serde::{Deserialize, Serialize};

/// Whose work it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkItem {
    /// An account's work, by name.
    Account(String),
    /// The work on a file in the inbox, by name.
    File(String),
}

thread_local! {
    static CURRENT: RefCell<Option<(WorkItem, Option<String>)>> = const { RefCell::new(None) };
}

/// Records what this thread works on from now on.
pub fn enter(item: WorkItem) {
    CURRENT.set(Some((item, None)));
}

/// Records which job of the account it is; none is the account as a whole.
pub fn job(id: Option<&str>) {
    CURRENT.with_borrow_mut(|current| {
        if let Some((_, job)) = current {
            *job = id.map(ToOwned::to_owned);
        }
    });
}

/// Records that the work is done.
pub fn leave() {
    CURRENT.set(None);
}

/// Returns what this thread works on, and which job of it.
pub fn current() -> Option<(WorkItem, Option<String>)> {
    CURRENT.with_borrow(Clone::clone)
}
