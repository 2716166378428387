//! What a response to a call leads to, by the policy of the call's kind.

use chrono::TimeDelta;

use crate::model::ApiCall;

/// A kind of call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A job's content is shown to one viewer.
    Preview,
    /// A broadcast is deleted.
    Delete,
    /// The account's speed is queried.
    SpeedGet,
    /// The account's speed is set.
    SpeedSet,
    /// The account's menu is replaced or deleted, or read by a job that cannot go on without it.
    Menu,
    /// The account's menu is read, for `show`: the job goes on without it.
    MenuRead,
    /// A QR code is created, or its picture fetched.
    Qrcode,
    /// A page of the draft box is read.
    Drafts,
    /// Whether the platform has a medium is queried.
    MediaCheck,
    /// Material of a job is uploaded.
    Upload,
    /// A page of followers, or the list of tags.
    Followers,
    /// A token, or a sample of the platform's clock.
    Preflight,
    /// A component's token, or what it needs to act for an account.
    Component,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 13] = [
        Self::Preview,
        Self::Delete,
        Self::SpeedGet,
        Self::SpeedSet,
        Self::Menu,
        Self::MenuRead,
        Self::Qrcode,
        Self::Drafts,
        Self::MediaCheck,
        Self::Upload,
        Self::Followers,
        Self::Preflight,
        Self::Component,
    ];

    /// Returns the kind of a call that a command or a job requested.
    pub fn of(call: &ApiCall) -> Self {
        match call {
            ApiCall::Preview(..) => Self::Preview,
            ApiCall::Delete(_) => Self::Delete,
            ApiCall::SpeedGet => Self::SpeedGet,
            ApiCall::SpeedSet(_) => Self::SpeedSet,
            ApiCall::Menu(_)
            | ApiCall::MenuDelete
            | ApiCall::MenuConditional(_)
            | ApiCall::MenuConditionalDelete { .. }
            | ApiCall::MenuRead { needed: true } => Self::Menu,
            ApiCall::MenuRead { needed: false } | ApiCall::MenuTry(_) => Self::MenuRead,
            // A picture is as patient as its code: one without a picture is of no use.
            ApiCall::Qrcode(_) | ApiCall::Picture(_) => Self::Qrcode,
            ApiCall::Drafts { .. } => Self::Drafts,
            ApiCall::MediaCheck(_) => Self::MediaCheck,
        }
    }
}

/// Who requested a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// An operator, by a command.
    Command,
    /// A job, before its broadcast.
    PreSend,
    /// A job that is only this call.
    Action,
    /// The daemon, for its own work.
    Daemon,
}

impl Role {
    /// Returns the word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::PreSend => "pre_send",
            Self::Action => "action",
            Self::Daemon => "daemon",
        }
    }

    /// Parses the stored word; none if another program wrote it.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Command, Self::PreSend, Self::Action, Self::Daemon]
            .into_iter()
            .find(|role| role.as_str() == word)
    }
}

/// The effect of a request that had no success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It never left, or its token was refused: it counts nowhere.
    Nothing,
    /// It was refused: it counts as a call, and changed nothing.
    Call,
    /// It may have taken effect.
    Unknown,
}

/// What the response to a call means, as far as its life cycle is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is done.
    Done,
    /// The token is not valid (any more).
    TokenRefused,
    /// The account can make no requests until an operator acts.
    AccountRefused,
    /// The platform has no more calls of this kind today.
    UsedUp,
    /// The platform refused it, and would again.
    Refused,
    /// The platform no longer knows what the call is about.
    Gone,
    /// It is not done, or not certainly; another request may help.
    Later(Effect),
}

impl Answer {
    /// Returns what the request did, if it had no success.
    pub fn effect(self) -> Effect {
        match self {
            Self::TokenRefused => Effect::Nothing,
            Self::Later(effect) => effect,
            Self::Done | Self::AccountRefused | Self::UsedUp | Self::Refused | Self::Gone => {
                Effect::Call
            }
        }
    }
}

/// How far a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The number of requests for it, including the one that this response answers.
    pub requests: u32,
    /// Whether what the platform no longer knew was already verified or made again.
    pub recovered: bool,
}

/// What follows a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The call is done.
    Done,
    /// Another request, after a pause.
    Again(TimeDelta),
    /// Another request, on the platform's next day.
    NextDay,
    /// What an earlier request did is verified before anything else.
    Verify,
    /// What the platform no longer has is made again; then another request, after a pause.
    MakeAgain(TimeDelta),
    /// The call is left out: what it is about no longer exists.
    Skip,
    /// The call fails: the platform refused it.
    Fail,
    /// The call fails: it was requested often enough.
    GiveUp,
}

/// What follows if the platform no longer knows what a call is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum IfGone {
    /// It fails.
    Fail,
    /// An earlier request may have done it: that is verified.
    Verify,
    /// It may be in another place, where it is looked for once.
    LookElsewhere,
    /// It is made again, once.
    MakeAgain,
    /// It is left out.
    Skip,
}

/// How calls of one kind are retried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The pauses between two requests, in seconds; the last one repeats.
    pauses_s: &'static [i64],
    /// The least pause after a response that demands one, in seconds.
    told_pause_s: i64,
    /// The most requests; none if only the time of what needs it ends it.
    requests_max: Option<u32>,
    /// Whether it waits for an account that is paused. Otherwise it fails.
    is_patient: bool,
    /// Whether it waits for the next day's calls. Otherwise it fails.
    waits_for_day: bool,
    if_gone: IfGone,
}

/// Commands, and jobs that are a call.
const API_CALL: Policy = Policy {
    pauses_s: &[5, 15, 60, 300, 900],
    told_pause_s: 0,
    requests_max: Some(8),
    is_patient: false,
    waits_for_day: false,
    if_gone: IfGone::Fail,
};

impl Policy {
    /// Returns the policy for calls of a kind.
    pub fn of(kind: Kind, role: Role) -> Self {
        match kind {
            Kind::Upload => Self {
                pauses_s: &[5, 10, 20, 40, 80, 160, 300],
                // The platform converts a video (46007), or demands fewer calls.
                told_pause_s: 30,
                requests_max: None,
                is_patient: true,
                waits_for_day: true,
                if_gone: IfGone::MakeAgain,
            },
            Kind::Followers => Self {
                pauses_s: &[5, 10, 30, 60, 120, 300, 600, 900],
                requests_max: Some(9),
                // A tag that was deleted since the tags were listed.
                if_gone: IfGone::Skip,
                ..API_CALL
            },
            Kind::Preflight => Self {
                pauses_s: &[5, 10, 20, 40, 60],
                requests_max: None,
                is_patient: true,
                waits_for_day: true,
                ..API_CALL
            },
            // How often a component may ask in a day is not documented.
            Kind::Component => Self {
                pauses_s: &[5, 10, 30, 60, 120, 300, 600],
                requests_max: None,
                is_patient: true,
                waits_for_day: true,
                ..API_CALL
            },
            Kind::Delete => Self { if_gone: IfGone::Verify, ..API_CALL }.requested_by(role, false),
            Kind::Menu => API_CALL.requested_by(role, true),
            // Thousands of them are no reason to make those again that are made.
            Kind::Qrcode => {
                Self { waits_for_day: role == Role::Action, ..API_CALL }.requested_by(role, true)
            }
            Kind::MenuRead => Self { requests_max: Some(3), ..API_CALL },
            Kind::MediaCheck => {
                Self { if_gone: IfGone::LookElsewhere, ..API_CALL }.requested_by(role, false)
            }
            Kind::Preview | Kind::SpeedGet | Kind::SpeedSet | Kind::Drafts => {
                API_CALL.requested_by(role, false)
            }
        }
    }

    /// An operator waits for a command, and a broadcast does not wait for its calls. A job is
    /// retried until its time is over, unless the platform limits its calls to a few in a day.
    fn requested_by(self, role: Role, is_unlimited: bool) -> Self {
        let requests_max = match role {
            Role::PreSend => Some(3),
            Role::Command => Some(4),
            Role::Action if is_unlimited => None,
            Role::Action | Role::Daemon => self.requests_max,
        };
        Self { requests_max, ..self }
    }

    /// Returns the pause after so many requests; none if no further one is made.
    pub fn pause(&self, requests: u32) -> Option<TimeDelta> {
        if self.requests_max.is_some_and(|most| requests >= most) {
            return None;
        }
        Some(self.nth_pause(requests))
    }

    fn nth_pause(&self, requests: u32) -> TimeDelta {
        let index = usize::try_from(requests.saturating_sub(1)).unwrap_or(usize::MAX);
        let pause = self.pauses_s.get(index).or_else(|| self.pauses_s.last());
        TimeDelta::seconds(pause.copied().unwrap_or(0))
    }

    fn again(&self, requests: u32, least: i64) -> Next {
        let pause = self.pause(requests).map(|pause| pause.max(TimeDelta::seconds(least)));
        pause.map_or(Next::GiveUp, Next::Again)
    }
}

/// Returns what follows a response.
pub fn next(policy: Policy, progress: Progress, answer: Answer) -> Next {
    let Progress { requests, recovered } = progress;
    match answer {
        Answer::Done => Next::Done,
        Answer::TokenRefused | Answer::Later(Effect::Nothing | Effect::Unknown) => {
            policy.again(requests, 0)
        }
        Answer::Later(Effect::Call) => policy.again(requests, policy.told_pause_s),
        Answer::AccountRefused if policy.is_patient => Next::Again(TimeDelta::zero()),
        Answer::UsedUp if policy.waits_for_day => Next::NextDay,
        Answer::AccountRefused | Answer::UsedUp | Answer::Refused => Next::Fail,
        Answer::Gone => match policy.if_gone {
            IfGone::Skip => Next::Skip,
            IfGone::Verify if requests > 1 && !recovered => Next::Verify,
            IfGone::LookElsewhere if !recovered => Next::Verify,
            IfGone::MakeAgain if !recovered => Next::MakeAgain(policy.nth_pause(1)),
            IfGone::Fail | IfGone::Verify | IfGone::LookElsewhere | IfGone::MakeAgain => Next::Fail,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pauses(kind: Kind, role: Role) -> Vec<Option<i64>> {
        let policy = Policy::of(kind, role);
        let pause = |requests| policy.pause(requests).map(|pause| pause.num_seconds());
        (1..=10).map(pause).collect()
    }

    /// The pauses after the first ten requests, or until no further one is made.
    fn table(pauses: &[i64], repeats: bool) -> Vec<Option<i64>> {
        let last = pauses.last().copied().filter(|_| repeats);
        (0..10).map(|index| pauses.get(index).copied().or(last)).collect()
    }

    #[test]
    fn each_kind_has_its_pauses_and_its_end() {
        let calls = [5, 15, 60, 300, 900, 900, 900];
        for kind in Kind::ALL {
            let (daemon, by_role) = match kind {
                Kind::Upload => (table(&[5, 10, 20, 40, 80, 160, 300], true), false),
                Kind::Followers => (table(&[5, 10, 30, 60, 120, 300, 600, 900], false), false),
                Kind::MenuRead => (table(&calls[..2], false), false),
                Kind::Preflight => (table(&[5, 10, 20, 40, 60], true), false),
                Kind::Component => (table(&[5, 10, 30, 60, 120, 300, 600], true), false),
                Kind::Preview
                | Kind::Delete
                | Kind::SpeedGet
                | Kind::SpeedSet
                | Kind::Menu
                | Kind::Qrcode
                | Kind::Drafts
                | Kind::MediaCheck => (table(&calls, false), true),
            };
            assert_eq!(pauses(kind, Role::Daemon), daemon, "{kind:?}");
            if !by_role {
                continue;
            }
            let without_end = matches!(kind, Kind::Menu | Kind::Qrcode);
            assert_eq!(pauses(kind, Role::PreSend), table(&calls[..2], false), "{kind:?}");
            assert_eq!(pauses(kind, Role::Command), table(&calls[..3], false), "{kind:?}");
            assert_eq!(pauses(kind, Role::Action), table(&calls, without_end), "{kind:?}");
        }
    }

    #[test]
    fn each_answer_leads_to_one_thing_by_kind() {
        let seconds = |seconds| Next::Again(TimeDelta::seconds(seconds));
        // The answers, after the first request and after the second one.
        let answers = [
            Answer::Done,
            Answer::TokenRefused,
            Answer::AccountRefused,
            Answer::UsedUp,
            Answer::Refused,
            Answer::Later(Effect::Nothing),
            Answer::Later(Effect::Call),
            Answer::Later(Effect::Unknown),
        ];
        let after = |kind, requests| {
            let policy = Policy::of(kind, Role::Action);
            let progress = Progress { requests, recovered: false };
            answers.map(|answer| next(policy, progress, answer))
        };
        let call = |pause| {
            [
                Next::Done,
                seconds(pause),
                Next::Fail,
                Next::Fail,
                Next::Fail,
                seconds(pause),
                seconds(pause),
                seconds(pause),
            ]
        };
        for kind in Kind::ALL {
            let expected = match kind {
                Kind::Preview
                | Kind::Delete
                | Kind::SpeedGet
                | Kind::SpeedSet
                | Kind::Menu
                | Kind::MenuRead
                | Kind::Drafts
                | Kind::MediaCheck => [call(5), call(15)],
                Kind::Qrcode => [5, 15].map(|pause| {
                    let mut of_call = call(pause);
                    of_call[3] = Next::NextDay;
                    of_call
                }),
                Kind::Followers => [call(5), call(10)],
                Kind::Upload | Kind::Preflight | Kind::Component => [5, 10].map(|pause| {
                    let mut of_call = call(pause);
                    of_call[2] = seconds(0);
                    of_call[3] = Next::NextDay;
                    of_call[6] = if kind == Kind::Upload { seconds(30) } else { seconds(pause) };
                    of_call
                }),
            };
            assert_eq!([1, 2].map(|requests| after(kind, requests)), expected, "{kind:?}");
        }
    }

    #[test]
    fn what_is_gone_is_verified_made_again_or_left_out_by_kind() {
        let again = Next::MakeAgain(TimeDelta::seconds(5));
        let gone = |kind| {
            [(1, false), (2, false), (2, true)].map(|(requests, recovered)| {
                let progress = Progress { requests, recovered };
                next(Policy::of(kind, Role::Command), progress, Answer::Gone)
            })
        };
        for kind in Kind::ALL {
            let expected = match kind {
                // After one request nothing can be done yet: it never was there.
                Kind::Delete => [Next::Fail, Next::Verify, Next::Fail],
                Kind::Upload => [again, again, Next::Fail],
                Kind::Followers => [Next::Skip; 3],
                // It may be in another place.
                Kind::MediaCheck => [Next::Verify, Next::Verify, Next::Fail],
                Kind::Preview
                | Kind::SpeedGet
                | Kind::SpeedSet
                | Kind::Menu
                | Kind::MenuRead
                | Kind::Qrcode
                | Kind::Drafts
                | Kind::Preflight
                | Kind::Component => [Next::Fail; 3],
            };
            assert_eq!(gone(kind), expected, "{kind:?}");
        }
    }

    #[test]
    fn a_call_that_was_requested_often_enough_is_given_up() {
        let last = |kind, role, requests| {
            let progress = Progress { requests, recovered: false };
            next(Policy::of(kind, role), progress, Answer::Later(Effect::Unknown))
        };
        for (kind, role, most) in [
            (Kind::SpeedSet, Role::PreSend, 3),
            (Kind::Preview, Role::Command, 4),
            (Kind::Delete, Role::Action, 8),
            (Kind::Followers, Role::Daemon, 9),
        ] {
            assert_ne!(last(kind, role, most - 1), Next::GiveUp, "{kind:?}");
            assert_eq!(last(kind, role, most), Next::GiveUp, "{kind:?}");
        }
        for (kind, role) in [(Kind::Menu, Role::Action), (Kind::Upload, Role::Daemon)] {
            assert_ne!(last(kind, role, u32::MAX), Next::GiveUp, "{kind:?}");
        }
    }

    #[test]
    fn a_stored_role_reads_back() {
        for role in [Role::Command, Role::PreSend, Role::Action, Role::Daemon] {
            assert_eq!(Role::parse(role.as_str()), Some(role));
        }
        assert_eq!(Role::parse("person"), None);
    }
}
