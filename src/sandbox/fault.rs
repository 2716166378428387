//! Faults on demand: the ways in which the platform can be set to fail.
//!
//! A [`Fault`] is a [`FaultKind`] with a path, an appid and a number of times. It waits until it
//! applies: to a request, to an accepted send, or (for the settings) to every decision from now on.
//! Of several that apply, the one-shots are used first, in the order they were injected; among
//! settings the newest wins.

use std::collections::BTreeMap;

use super::Response;

/// A number of times that never runs out.
pub const FOREVER: u32 = u32::MAX;

/// What happens to the event of a broadcast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventFate {
    /// It comes in time.
    OnTime,
    /// It never comes: not made, or every push of it was lost.
    Lost,
    /// It comes three times.
    Tripled,
    /// It comes before the HTTP response to the send.
    Early,
    /// It comes this many seconds late.
    Late(u32),
}

/// How the review of a broadcast ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Review {
    /// `send success`.
    Passed,
    /// `send fail`.
    Failed,
    /// `err(n)`.
    Rejected(i64),
}

/// What the administrator does when asked to confirm (API群发保护).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdminAnswer {
    /// Confirms after this many seconds.
    Confirms(u32),
    /// Refuses after this many seconds: err(40001).
    Refuses(u32),
    /// Does nothing for 30 minutes: err(40002).
    Silent,
}

/// One way to misbehave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The request is processed and its response is lost.
    AnswerLost,
    /// The request is lost on its way; the caller sees only that there is no response.
    RequestLost,
    /// The connection is refused.
    Refused,
    /// An HTTP error status.
    ServerError {
        /// The status, say 502.
        status: u16,
        /// Whether the request was processed before.
        processed: bool,
    },
    /// Bytes that are not JSON.
    Garbage {
        /// The body of the response.
        bytes: Vec<u8>,
        /// Whether the request was processed before.
        processed: bool,
    },
    /// The request is processed and only half of its response arrives.
    Truncated,
    /// No response ever comes and the connection stays open.
    Hang {
        /// Whether the request was processed.
        processed: bool,
    },
    /// This code, without processing the request.
    Errcode(i64),
    /// The response to the next accepted send has this code although it was accepted.
    ErrcodeAfterAccept(i64),
    /// The response to the next accepted send is 45065 with its own `msg_id`.
    FirstCall45065,
    /// Quota is checked before `clientmsgid`: the response to the repeat of an accepted send may be
    /// 45028.
    QuotaBeforeClientmsgid(bool),
    /// Media are checked before `clientmsgid`: the response to the repeat of a sent draft is 40007.
    MediaBeforeClientmsgid(bool),
    /// What happens to events.
    Events(EventFate),
    /// How the next accepted send is reviewed.
    Review(Review),
    /// The next accepted send waits for the administrator, who does this.
    Admin(AdminAnswer),
}

/// What a fault does to one request.
pub(super) enum NetworkFault {
    /// The platform never receives it.
    Unseen(Response),
    /// The platform receives it and only responds with this.
    Unprocessed(Response),
    /// The platform responds with a code and does nothing else.
    Code(i64),
    /// The platform does it, and the caller receives this instead of the response.
    Hidden(Response),
    /// The platform does it, and half of the response arrives.
    Halved,
}

impl FaultKind {
    /// The name in [`parse_fault`]'s syntax, and in the count of faults that fired.
    pub fn name(&self) -> &'static str {
        match self {
            Self::AnswerLost => "answer_lost",
            Self::RequestLost => "request_lost",
            Self::Refused => "refused",
            Self::ServerError { .. } => "server_error",
            Self::Garbage { .. } => "garbage",
            Self::Truncated => "truncated",
            Self::Hang { .. } => "hang",
            Self::Errcode(_) => "errcode",
            Self::ErrcodeAfterAccept(_) => "errcode_after_accept",
            Self::FirstCall45065 => "first_call_45065",
            Self::QuotaBeforeClientmsgid(_) => "quota_before_clientmsgid",
            Self::MediaBeforeClientmsgid(_) => "media_before_clientmsgid",
            Self::Events(_) => "events",
            Self::Review(_) => "review",
            Self::Admin(_) => "admin",
        }
    }

    /// Whether it is a setting from now on, rather than something that happens once.
    fn is_setting(&self) -> bool {
        match self {
            Self::QuotaBeforeClientmsgid(_) | Self::MediaBeforeClientmsgid(_) | Self::Events(_) => {
                true
            }
            Self::AnswerLost
            | Self::RequestLost
            | Self::Refused
            | Self::ServerError { .. }
            | Self::Garbage { .. }
            | Self::Truncated
            | Self::Hang { .. }
            | Self::Errcode(_)
            | Self::ErrcodeAfterAccept(_)
            | Self::FirstCall45065
            | Self::Review(_)
            | Self::Admin(_) => false,
        }
    }

    fn network_fault(&self) -> Option<NetworkFault> {
        let done = |processed: bool, response: Response| {
            Some(if processed {
                NetworkFault::Hidden(response)
            } else {
                NetworkFault::Unprocessed(response)
            })
        };
        match self {
            Self::AnswerLost => done(true, Response::Lost),
            Self::RequestLost => Some(NetworkFault::Unseen(Response::Lost)),
            Self::Refused => Some(NetworkFault::Unseen(Response::Refused)),
            Self::ServerError { status, processed } => {
                let body = b"<html><body>server error</body></html>".to_vec();
                done(*processed, Response::Answer { status: *status, body })
            }
            Self::Garbage { bytes, processed } => {
                done(*processed, Response::Answer { status: 200, body: bytes.clone() })
            }
            Self::Truncated => Some(NetworkFault::Halved),
            Self::Hang { processed } => done(*processed, Response::Hang),
            Self::Errcode(errcode) => Some(NetworkFault::Code(*errcode)),
            Self::ErrcodeAfterAccept(_)
            | Self::FirstCall45065
            | Self::QuotaBeforeClientmsgid(_)
            | Self::MediaBeforeClientmsgid(_)
            | Self::Events(_)
            | Self::Review(_)
            | Self::Admin(_) => None,
        }
    }
}

/// A fault that waits until it applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What happens.
    pub kind: FaultKind,
    /// The path it waits for, or the last words of one (`sendall`); `None` for any.
    pub path: Option<String>,
    /// The account it waits for; `None` for any.
    pub appid: Option<String>,
    /// How often it happens; [`FOREVER`] never runs out.
    pub times: u32,
}

impl Fault {
    /// This fault, once (settings: from now on), whenever it first applies.
    pub fn new(kind: FaultKind) -> Self {
        let times = if kind.is_setting() { FOREVER } else { 1 };
        Self { kind, path: None, appid: None, times }
    }

    /// Waits for this path only.
    #[must_use]
    pub fn on_path(mut self, path: &str) -> Self {
        self.path = Some(path.to_owned());
        self
    }

    /// Waits for this account only.
    #[must_use]
    pub fn for_appid(mut self, appid: &str) -> Self {
        self.appid = Some(appid.to_owned());
        self
    }

    /// Happens this often.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    fn applies(&self, path: &str, appid: Option<&str>) -> bool {
        let here = |wanted: &str| {
            path.strip_suffix(wanted).is_some_and(|rest| {
                rest.is_empty() || wanted.starts_with('/') || rest.ends_with('/')
            })
        };
        self.path.as_deref().is_none_or(here)
            && self.appid.as_deref().is_none_or(|wanted| appid == Some(wanted))
    }

    fn shadows(&self, other: &Self) -> bool {
        self.times == FOREVER
            && other.times == FOREVER
            && self.kind.name() == other.kind.name()
            && self.path == other.path
            && self.appid == other.appid
    }
}

impl From<FaultKind> for Fault {
    fn from(kind: FaultKind) -> Self {
        Self::new(kind)
    }
}

/// The faults that wait, and how many have happened.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults {
    waiting: Vec<Fault>,
    pub(super) fired: BTreeMap<&'static str, u64>,
}

impl Faults {
    pub(super) fn inject(&mut self, fault: Fault) {
        self.waiting.retain(|other| !fault.shadows(other));
        // Before the first that never runs out: one-shots keep their order, and the newest setting
        // is before older ones.
        let place = self.waiting.iter().position(|other| other.times == FOREVER);
        self.waiting.insert(place.unwrap_or(self.waiting.len()), fault);
    }

    pub(super) fn clear(&mut self) {
        self.waiting.clear();
    }

    /// Uses the first waiting fault that applies and for which `pick` returns a value.
    fn take<T>(
        &mut self,
        path: &str,
        appid: Option<&str>,
        pick: impl Fn(&FaultKind) -> Option<T>,
    ) -> Option<(&'static str, T)> {
        let (index, picked) = self.waiting.iter().enumerate().find_map(|(index, fault)| {
            let picked = fault.applies(path, appid).then(|| pick(&fault.kind)).flatten();
            picked.map(|picked| (index, picked))
        })?;
        let fault = &mut self.waiting[index];
        let name = fault.kind.name();
        *self.fired.entry(name).or_default() += 1;
        if fault.times != FOREVER {
            fault.times = fault.times.saturating_sub(1);
        }
        if fault.times == 0 {
            self.waiting.remove(index);
        }
        Some((name, picked))
    }

    pub(super) fn on_request(
        &mut self,
        path: &str,
        appid: Option<&str>,
    ) -> Option<(&'static str, NetworkFault)> {
        self.take(path, appid, FaultKind::network_fault)
    }

    /// Whether the next connection is refused, whatever its request.
    pub(super) fn on_connection(&mut self) -> bool {
        self.take("", None, |kind| (*kind == FaultKind::Refused).then_some(())).is_some()
    }

    /// The code in the response to an accepted send, instead of 0.
    pub(super) fn on_acceptance(&mut self, path: &str, appid: &str) -> Option<(&'static str, i64)> {
        self.take(path, Some(appid), |kind| {
            if let FaultKind::ErrcodeAfterAccept(errcode) = kind {
                return Some(*errcode);
            }
            (*kind == FaultKind::FirstCall45065).then_some(45_065)
        })
    }

    pub(super) fn quota_first(&mut self, path: &str, appid: &str) -> bool {
        let set = self.take(path, Some(appid), |kind| {
            if let FaultKind::QuotaBeforeClientmsgid(on) = kind { Some(*on) } else { None }
        });
        set.is_some_and(|(_, on)| on)
    }

    pub(super) fn media_first(&mut self, path: &str, appid: &str) -> bool {
        let set = self.take(path, Some(appid), |kind| {
            if let FaultKind::MediaBeforeClientmsgid(on) = kind { Some(*on) } else { None }
        });
        set.is_some_and(|(_, on)| on)
    }

    pub(super) fn event_fate(&mut self, path: &str, appid: &str) -> EventFate {
        let fate = self.take(path, Some(appid), |kind| {
            if let FaultKind::Events(fate) = kind { Some(*fate) } else { None }
        });
        fate.map_or(EventFate::OnTime, |(_, fate)| fate)
    }

    pub(super) fn review(&mut self, path: &str, appid: &str) -> Review {
        let review = self.take(path, Some(appid), |kind| {
            if let FaultKind::Review(review) = kind { Some(*review) } else { None }
        });
        review.map_or(Review::Passed, |(_, review)| review)
    }

    pub(super) fn admin(&mut self, path: &str, appid: &str) -> Option<AdminAnswer> {
        let answer = self.take(path, Some(appid), |kind| {
            if let FaultKind::Admin(answer) = kind { Some(*answer) } else { None }
        });
        answer.map(|(_, answer)| answer)
    }
}

/// Parses `KIND[=VALUE][*TIMES][@PATH][#APPID]`.
///
/// | kind | value |
/// |---|---|
/// | `answer_lost`, `request_lost`, `refused`, `truncated`, `first_call_45065` | |
/// | `server_error` | a status, 500 when left out; `,processed` |
/// | `garbage` | the text of the body; `,processed` |
/// | `hang` | `processed` |
/// | `errcode`, `errcode_after_accept` | the code |
/// | `quota_before_clientmsgid`, `media_before_clientmsgid` | `on` (when left out) or `off` |
/// | `events` | `on_time`, `lost` or `missing`, `tripled`, `early`, `late:SECONDS` |
/// | `review` | `passed`, `fail`, or the n of err(n) |
/// | `admin` | `confirms:SECONDS`, `refuses:SECONDS`, `silent` |
///
/// `TIMES` is a number or `forever`; `PATH` is a whole path or its last words (`sendall`).
/// For example `errcode=45066*2@sendall` or `events=late:600#wx0123456789abcdef`.
///
/// # Errors
///
/// A sentence that names the wrong part.
pub fn parse_fault(text: &str) -> Result<Fault, String> {
    let (rest, appid) = cut(text, '#');
    let (rest, path) = cut(rest, '@');
    let (rest, times) = cut(rest, '*');
    let (name, value) = match rest.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (rest, None),
    };
    let mut fault = Fault::new(parse_kind(name, value)?);
    if let Some(times) = times {
        fault.times = match times {
            "forever" => FOREVER,
            number => number.parse().map_err(|_| format!("`{number}` is not a number of times"))?,
        };
    }
    fault.path = path.map(str::to_owned);
    fault.appid = appid.map(str::to_owned);
    Ok(fault)
}

fn cut(text: &str, at: char) -> (&str, Option<&str>) {
    text.rsplit_once(at).map_or((text, None), |(rest, part)| (rest, Some(part)))
}

fn parse_kind(name: &str, value: Option<&str>) -> Result<FaultKind, String> {
    let given = value.unwrap_or_default();
    let (first, processed) = match given.strip_suffix("processed") {
        Some(first) => (first.strip_suffix(',').unwrap_or(first), true),
        None => (given, false),
    };
    let kind = match name {
        "answer_lost" => FaultKind::AnswerLost,
        "request_lost" => FaultKind::RequestLost,
        "refused" => FaultKind::Refused,
        "truncated" => FaultKind::Truncated,
        "first_call_45065" => FaultKind::FirstCall45065,
        "server_error" => {
            let status = if first.is_empty() { 500 } else { number(first)? };
            FaultKind::ServerError { status, processed }
        }
        "garbage" => {
            let text = if first.is_empty() { "<html>garbage</html>" } else { first };
            FaultKind::Garbage { bytes: text.as_bytes().to_vec(), processed }
        }
        "hang" => FaultKind::Hang { processed },
        "errcode" => FaultKind::Errcode(number(given)?),
        "errcode_after_accept" => FaultKind::ErrcodeAfterAccept(number(given)?),
        "quota_before_clientmsgid" => FaultKind::QuotaBeforeClientmsgid(switch(given)?),
        "media_before_clientmsgid" => FaultKind::MediaBeforeClientmsgid(switch(given)?),
        "events" => FaultKind::Events(parse_fate(given)?),
        "review" => FaultKind::Review(parse_review(given)?),
        "admin" => FaultKind::Admin(parse_admin(given)?),
        other => return Err(format!("there is no fault `{other}`")),
    };
    Ok(kind)
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("`{text}` is not a number that fits here"))
}

fn switch(text: &str) -> Result<bool, String> {
    match text {
        "" | "on" => Ok(true),
        "off" => Ok(false),
        other => Err(format!("`{other}` is neither `on` nor `off`")),
    }
}

fn parse_fate(text: &str) -> Result<EventFate, String> {
    match text {
        "on_time" => Ok(EventFate::OnTime),
        "lost" | "missing" => Ok(EventFate::Lost),
        "tripled" => Ok(EventFate::Tripled),
        "early" => Ok(EventFate::Early),
        other => match other.strip_prefix("late:") {
            Some(seconds) => number(seconds).map(EventFate::Late),
            None => Err(format!(
                "events are `on_time`, `lost`, `missing`, `tripled`, `early` or `late:SECONDS`, not `{other}`"
            )),
        },
    }
}

fn parse_review(text: &str) -> Result<Review, String> {
    match text {
        "passed" => Ok(Review::Passed),
        "fail" => Ok(Review::Failed),
        code => number(code).map(Review::Rejected),
    }
}

fn parse_admin(text: &str) -> Result<AdminAnswer, String> {
    if text == "silent" {
        return Ok(AdminAnswer::Silent);
    }
    match text.split_once(':') {
        Some(("confirms", seconds)) => number(seconds).map(AdminAnswer::Confirms),
        Some(("refuses", seconds)) => number(seconds).map(AdminAnswer::Refuses),
        Some(_) | None => Err(format!(
            "the admin `confirms:SECONDS`, `refuses:SECONDS` or is `silent`, not `{text}`"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENDALL: &str = "/cgi-bin/message/mass/sendall";

    #[test]
    fn a_fault_is_read_from_its_command_line_form() {
        let garbage =
            |bytes: &[u8], processed| FaultKind::Garbage { bytes: bytes.to_vec(), processed };
        let cases = [
            ("answer_lost", FaultKind::AnswerLost),
            ("request_lost", FaultKind::RequestLost),
            ("refused", FaultKind::Refused),
            ("truncated", FaultKind::Truncated),
            ("first_call_45065", FaultKind::FirstCall45065),
            ("server_error", FaultKind::ServerError { status: 500, processed: false }),
            ("server_error=502,processed", FaultKind::ServerError { status: 502, processed: true }),
            ("garbage", garbage(b"<html>garbage</html>", false)),
            ("garbage=<x a=1>", garbage(b"<x a=1>", false)),
            ("garbage={,processed", garbage(b"{", true)),
            ("hang", FaultKind::Hang { processed: false }),
            ("hang=processed", FaultKind::Hang { processed: true }),
            ("errcode=-1", FaultKind::Errcode(-1)),
            ("errcode_after_accept=45066", FaultKind::ErrcodeAfterAccept(45_066)),
            ("quota_before_clientmsgid", FaultKind::QuotaBeforeClientmsgid(true)),
            ("quota_before_clientmsgid=off", FaultKind::QuotaBeforeClientmsgid(false)),
            ("media_before_clientmsgid=on", FaultKind::MediaBeforeClientmsgid(true)),
            ("events=on_time", FaultKind::Events(EventFate::OnTime)),
            ("events=lost", FaultKind::Events(EventFate::Lost)),
            ("events=missing", FaultKind::Events(EventFate::Lost)),
            ("events=tripled", FaultKind::Events(EventFate::Tripled)),
            ("events=early", FaultKind::Events(EventFate::Early)),
            ("events=late:90", FaultKind::Events(EventFate::Late(90))),
            ("review=passed", FaultKind::Review(Review::Passed)),
            ("review=fail", FaultKind::Review(Review::Failed)),
            ("review=20001", FaultKind::Review(Review::Rejected(20_001))),
            ("admin=confirms:60", FaultKind::Admin(AdminAnswer::Confirms(60))),
            ("admin=refuses:1", FaultKind::Admin(AdminAnswer::Refuses(1))),
            ("admin=silent", FaultKind::Admin(AdminAnswer::Silent)),
        ];

        for (text, kind) in cases {
            assert!(text.starts_with(kind.name()), "{text}");
            assert_eq!(parse_fault(text), Ok(Fault::new(kind)), "{text}");
        }
    }

    #[test]
    fn filters_and_times_follow_the_kind() {
        let twice = Fault::new(FaultKind::Errcode(45_066)).times(2);
        for (text, fault) in [
            ("errcode=45066*2", twice.clone()),
            ("errcode=45066*2@sendall", twice.clone().on_path("sendall")),
            (
                "errcode=45066*2@/cgi-bin/x#wx1",
                twice.clone().on_path("/cgi-bin/x").for_appid("wx1"),
            ),
            ("errcode=45066*forever#wx1", twice.times(FOREVER).for_appid("wx1")),
            ("events=lost*1", Fault::new(FaultKind::Events(EventFate::Lost)).times(1)),
        ] {
            assert_eq!(parse_fault(text), Ok(fault), "{text}");
        }
    }

    #[test]
    fn a_wrong_fault_is_told_what_is_wrong() {
        for (text, part) in [
            ("answer_loss", "no fault `answer_loss`"),
            ("errcode", "`` is not a number"),
            ("errcode=x", "`x` is not a number"),
            ("answer_lost*many", "`many` is not a number of times"),
            ("events=never", "not `never`"),
            ("admin=yes", "not `yes`"),
            ("quota_before_clientmsgid=1", "neither `on` nor `off`"),
            ("server_error=99999", "`99999` is not a number that fits"),
        ] {
            let message = parse_fault(text).unwrap_err();
            assert!(message.contains(part), "{text}: {message}");
        }
    }

    #[test]
    fn a_path_filter_takes_whole_last_words() {
        for (filter, path, applies) in [
            (SENDALL, SENDALL, true),
            ("sendall", SENDALL, true),
            ("mass/sendall", SENDALL, true),
            ("all", SENDALL, false),
            ("send", SENDALL, false),
            ("send", "/cgi-bin/message/mass/send", true),
            ("token", "/cgi-bin/stable_token", false),
        ] {
            let fault = Fault::new(FaultKind::Refused).on_path(filter);
            assert_eq!(fault.applies(path, None), applies, "{filter} on {path}");
        }
    }

    #[test]
    fn one_shots_go_in_order_and_before_settings_of_which_the_newest_wins() {
        let mut faults = Faults::default();
        faults.inject(FaultKind::Events(EventFate::Lost).into());
        faults.inject(Fault::new(FaultKind::Events(EventFate::Early)).for_appid("wx1"));
        faults.inject(Fault::new(FaultKind::Events(EventFate::Late(1))).times(1));
        faults.inject(Fault::new(FaultKind::Events(EventFate::Late(2))).times(1));

        let fates: Vec<_> = (0..4).map(|_| faults.event_fate(SENDALL, "wx1")).collect();

        let early = EventFate::Early;
        assert_eq!(fates, [EventFate::Late(1), EventFate::Late(2), early, early]);
        assert_eq!(faults.event_fate(SENDALL, "wx2"), EventFate::Lost);
        faults.inject(FaultKind::Events(EventFate::OnTime).into());
        assert_eq!(faults.event_fate(SENDALL, "wx2"), EventFate::OnTime);
        assert_eq!(faults.fired["events"], 6);
        assert_eq!(faults.waiting.len(), 2, "the old setting is gone");
    }
}
