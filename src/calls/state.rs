//! The states of a call, and the events that change them.

/// The state of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is made before its job's broadcast, at a time that moves with the job's.
    Waiting,
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
    /// Its job ended before its time. It waits again if the job is retried.
    Dropped,
}

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Its job is about to be sent.
    Due,
    /// Its job ended before that.
    JobEnds,
    /// Its job is due again, at another time.
    JobReturns,
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
    pub const ALL: [Self; 7] = [
        Self::Waiting,
        Self::Planned,
        Self::InFlight,
        Self::InDoubt,
        Self::Done,
        Self::Failed,
        Self::Dropped,
    ];

    /// Returns the word that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Planned => "planned",
            Self::InFlight => "asking",
            Self::InDoubt => "in_doubt",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Dropped => "dropped",
        }
    }

    /// Parses the stored word; none if another program wrote it.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Returns the state that follows an event; none if the event cannot happen in this state.
    pub fn after(self, event: Event) -> Option<Self> {
        match (event, self) {
            (Event::Due, Self::Waiting) => Some(Self::Planned),
            (Event::JobEnds, Self::Waiting) => Some(Self::Dropped),
            (Event::JobReturns, Self::Waiting | Self::Dropped) => Some(Self::Waiting),
            (Event::Begins, Self::Planned | Self::InDoubt) => Some(Self::InFlight),
            (Event::Succeeds, Self::InFlight) => Some(Self::Done),
            (Event::NotDone, Self::InFlight) => Some(Self::Planned),
            (Event::Unclear | Event::DaemonEnded, Self::InFlight) => Some(Self::InDoubt),
            (Event::Fails, Self::Planned | Self::InDoubt | Self::InFlight) => Some(Self::Failed),
            // The table of the tests has all of them, so a new state or event must stand there.
            (_, _) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS: [Event; 9] = [
        Event::Due,
        Event::JobEnds,
        Event::JobReturns,
        Event::Begins,
        Event::Succeeds,
        Event::NotDone,
        Event::Unclear,
        Event::DaemonEnded,
        Event::Fails,
    ];

    #[test]
    fn each_event_has_one_outcome_in_each_state_or_cannot_happen() {
        use State::{Done, Dropped, Failed, InDoubt, InFlight, Planned, Waiting};
        // In the order of the events: how it waits for its job, how it goes.
        let never = [None; 6];
        let waits_to_go = [Some(InFlight), None, None, None, None, Some(Failed)];
        let goes = [None, Some(Done), Some(Planned), Some(InDoubt), Some(InDoubt), Some(Failed)];
        let table = [
            (Waiting, [Some(Planned), Some(Dropped), Some(Waiting)], never),
            (Planned, [None; 3], waits_to_go),
            (InFlight, [None; 3], goes),
            (InDoubt, [None; 3], waits_to_go),
            (Done, [None; 3], never),
            (Failed, [None; 3], never),
            (Dropped, [None, None, Some(Waiting)], never),
        ];
        assert_eq!(table.map(|(state, ..)| state), State::ALL);
        for (state, of_job, of_request) in table {
            let expected: Vec<_> = of_job.into_iter().chain(of_request).collect();
            assert_eq!(EVENTS.map(|event| state.after(event)), *expected, "{state:?}");
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
