//! The API addresses of an account: which one a request goes to, and which one answers.

use chrono::{DateTime, Utc};

use crate::calls::{BaseChoice, Reached, Slot};
use crate::store::{StoreError, Tx};
use crate::wechat::protocol::{HttpResponse, Reply};

/// The addresses of one account, by their places in the config.
#[derive(Debug)]
pub(super) struct Bases {
    all: Vec<String>,
    choice: BaseChoice,
    /// Where the open request of each slot went, if it went to the platform.
    open: Vec<(Slot, usize)>,
    /// The one that answered last.
    answered: Option<usize>,
}

impl Bases {
    pub(super) fn new(all: Vec<String>) -> Self {
        let choice = BaseChoice::new(all.len());
        Self { all, choice, open: Vec::new(), answered: None }
    }

    pub(super) fn for_query(&self, now: DateTime<Utc>) -> usize {
        self.choice.for_query(now)
    }

    /// Records where a request goes; none if that is not the platform's API.
    pub(super) fn begin(&mut self, slot: Slot, base: Option<usize>) {
        self.open.retain(|(open, _)| *open != slot);
        self.open.extend(base.map(|base| (slot, base)));
    }

    fn end(&mut self, slot: Slot) -> Option<usize> {
        let place = self.open.iter().position(|(open, _)| *open == slot)?;
        Some(self.open.swap_remove(place).1)
    }

    /// Returns where a mass send goes.
    ///
    /// A batch that may have arrived is asked again at the same address only: that the platform
    /// knows a clientmsgid at each of its addresses is not documented.
    pub(super) fn for_send(&self, tx: &Tx<'_>, batch: i64) -> Result<usize, StoreError> {
        let Some(asked) = tx.base_in_doubt(batch)? else { return Ok(self.choice.for_send()) };
        // An address that the config no longer contains was replaced by an operator.
        let place = |asked: &String| self.all.iter().position(|base| base == asked);
        Ok(asked.as_ref().and_then(place).unwrap_or_default())
    }

    /// Learns from a response which address can be reached.
    pub(super) fn settle(
        &mut self,
        tx: &Tx<'_>,
        (account, slot): (&str, Slot),
        response: &HttpResponse,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let Some(used) = self.end(slot) else { return Ok(()) };
        let reached = match &response.reply {
            Reply::Http { .. } => Reached::Yes,
            Reply::Unreachable(_) => Reached::No,
            Reply::NotSent(_) | Reply::Unknown(_) => Reached::Unclear,
        };
        self.choice = self.choice.after(used, reached, now);
        if reached != Reached::Yes || self.answered == Some(used) {
            return Ok(());
        }
        let before = self.answered.replace(used);
        let base = &self.all[used];
        if used > 0 {
            tracing::warn!(
                account,
                api_base = base,
                "the first API address cannot be reached: a spare one is used"
            );
        } else if before.is_some() {
            tracing::info!(account, api_base = base, "the first API address is used again");
        }
        tx.uses_base(account, (used > 0).then_some(base))
    }
}
