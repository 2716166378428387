//! Which of an account's requests are open: one of each slot at most.

/// What may be open beside other requests of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// A mass send, a token or a sample of the platform's clock: one of these at a time.
    Send,
    /// A query for a broadcast's result.
    Result,
    /// A call that a command or a job requested.
    ApiCall,
    /// An upload.
    Upload,
    /// A page of followers, or the tags.
    Followers,
}

/// The open requests of an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InFlight(u8);

impl InFlight {
    /// Returns whether a request of this slot is open.
    pub fn has(self, slot: Slot) -> bool {
        self.0 & Self::bit(slot) != 0
    }

    /// Returns whether any request is open.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Records that a request of this slot leaves.
    pub fn begin(&mut self, slot: Slot) {
        self.0 |= Self::bit(slot);
    }

    /// Records that the request of this slot has its response, or never left.
    pub fn end(&mut self, slot: Slot) {
        self.0 &= !Self::bit(slot);
    }

    fn bit(slot: Slot) -> u8 {
        1 << slot as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_open_independently() {
        let all = [Slot::Send, Slot::Result, Slot::ApiCall, Slot::Upload, Slot::Followers];
        for slot in all {
            let mut open = InFlight::default();
            assert!(open.is_empty());
            all.into_iter().for_each(|slot| open.begin(slot));
            open.end(slot);

            assert_eq!(all.map(|other| open.has(other)), all.map(|other| other != slot));
            assert!(!open.is_empty());
        }
    }
}
