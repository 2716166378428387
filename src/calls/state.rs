//! The states of a call, and the events that change them.

/// The state of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Its next request has a time.
    Planned,
    /// Its request is open.
    InFlight,
    /// Its last request may have been carried out. The next one has a time.
    InDoubt,
    /// The platform did it.
    Done,
    /// It will not be done.
    Failed,
}

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Its request leaves.
    Begins,
    /// The platform did it.
    Succeeds,
    /// The request was certainly not carried out; another one follows.
    NotDone,
    /// The request may have been carried out; another one follows.
    Unclear,
    /// The daemon that made the request ended before its response was stored.
    DaemonEnded,
    /// No request follows.
    Fails,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 5] =
        [Self::Planned, Self::InFlight, Self::InDoubt, Self::Done, Self::Failed];

    /// Returns the word that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::InFlight => "asking",
            Self::InDoubt => "in_doubt",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    /// Parses the stored word; none if another program wrote it.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Returns the state that follows an event; none if the event cannot happen in this state.
    pub fn after(self, event: Event) -> Option<Self> {
        match (event, self) {
            (Event::Begins, Self::Planned | Self::InDoubt) => Some(Self::InFlight),
            (Event::Succeeds, Self::InFlight) => Some(Self::Done),
            (Event::NotDone, Self::InFlight) => Some(Self::Planned),
            (Event::Unclear | Event::DaemonEnded, Self::InFlight) => Some(Self::InDoubt),
            (Event::Fails, Self::Planned | Self::InDoubt | Self::InFlight) => Some(Self::Failed),
            (Event::Begins, Self::InFlight)
            | (
                Event::Succeeds | Event::NotDone | Event::Unclear | Event::DaemonEnded,
                Self::Planned | Self::InDoubt,
            )
            | (_, Self::Done | Self::Failed) => None,
        }
    }

    /// Returns whether a request is to be made at some time.
    pub fn waits(self) -> bool {
        self.after(Event::Begins).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS: [Event; 6] = [
        Event::Begins,
        Event::Succeeds,
        Event::NotDone,
        Event::Unclear,
        Event::DaemonEnded,
        Event::Fails,
    ];

    #[test]
    fn each_event_has_one_outcome_in_each_state_or_cannot_happen() {
        use State::{Done, Failed, InDoubt, InFlight, Planned};
        let table = [
            //         begins          succeeds    not done       unclear        daemon ended   fails
            (Planned, [Some(InFlight), None, None, None, None, Some(Failed)]),
            (
                InFlight,
                [None, Some(Done), Some(Planned), Some(InDoubt), Some(InDoubt), Some(Failed)],
            ),
            (InDoubt, [Some(InFlight), None, None, None, None, Some(Failed)]),
            (Done, [None; 6]),
            (Failed, [None; 6]),
        ];
        assert_eq!(table.map(|(state, _)| state), State::ALL);
        for (state, expected) in table {
            assert_eq!(EVENTS.map(|event| state.after(event)), expected, "{state:?}");
        }
    }

    #[test]
    fn a_stored_word_reads_back() {
        for state in State::ALL {
            assert_eq!(State::parse(state.as_str()), Some(state));
        }
        assert_eq!(State::parse("accepted"), None);
    }
}
