//! What is counted while the daemon runs: answers of the platform, mass sends, files.
//!
//! Each is counted where it happens, and a request for the metrics only reads it: the loop does
//! nothing for either. A start begins at 0, as Prometheus expects of a counter. Mass sends are read
//! from the database, which has what each response meant.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::TimeDelta;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::engine::Ticket;
use crate::store::{SendCount, StoreError, Tx};
use crate::wechat::codes;
use crate::wechat::protocol::api_call::is_picture;
use crate::wechat::protocol::{self, Counted, HttpResponse, Reply};

/// The upper ends of the buckets of the lateness, in seconds. A release is decided a second ahead,
/// so most requests leave within milliseconds.
const LATENESS: [f64; 15] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];
/// The words of [`request`].
const REQUESTS: [&str; 7] =
    ["api_call", "clock", "followers", "mass_send", "result", "token", "upload"];

type Label = (&'static str, Cow<'static, str>);

/// The counters of one run of the daemon.
#[derive(Clone)]
pub(super) struct Counters {
    answers: Family<[Label; 2], Counter>,
    lateness: Histogram,
    files: Family<[Label; 1], Counter>,
    sends: Arc<Mutex<SendCount>>,
}

impl Counters {
    /// Returns counters at 0: a counter that appears with its first increment hides that increment.
    pub(super) fn new(sends: SendCount) -> Self {
        let counters = Self {
            answers: Family::default(),
            lateness: Histogram::new(LATENESS),
            files: Family::default(),
            sends: Arc::new(Mutex::new(sends)),
        };
        for request in REQUESTS {
            drop(counters.answers.get_or_create(&answer(request, "0".into())));
        }
        for result in ["accepted", "rejected"] {
            drop(counters.files.get_or_create(&[("result", result.into())]));
        }
        counters
    }

    /// Counts a response.
    pub(super) fn answered(&self, ticket: Ticket, response: &HttpResponse) {
        self.answers.get_or_create(&answer(request(ticket), errcode(response))).inc();
    }

    /// Counts the response to a component's own request.
    pub(super) fn answered_component(&self, response: &HttpResponse) {
        self.answers.get_or_create(&answer("component", errcode(response))).inc();
    }

    /// Notes how long after its time the first request of a broadcast leaves.
    pub(super) fn left(&self, late: TimeDelta) {
        self.lateness.observe(late.to_std().unwrap_or_default().as_secs_f64());
    }

    /// Counts a file of the inbox that was accepted.
    pub(super) fn file_accepted(&self) {
        self.files.get_or_create(&[("result", "accepted".into())]).inc();
    }

    /// Counts a file of the inbox that was rejected.
    pub(super) fn file_rejected(&self) {
        self.files.get_or_create(&[("result", "rejected".into())]).inc();
    }

    /// Adds the counters to the metrics.
    pub(super) fn register(&self, registry: &mut Registry, tx: &Tx<'_>) -> Result<(), StoreError> {
        let help = "Answers of the platform by request and errcode; a code that no document names is \
                    other";
        registry.register("answers", help, self.answers.clone());
        let help = "How long after its time the first request of a broadcast left";
        registry.register("send_lateness_seconds", help, self.lateness.clone());
        let help = "Files of the inbox by result (accepted, rejected)";
        registry.register("files", help, self.files.clone());
        let help = "Mass sends by outcome (accepted, adopted, in_doubt, later, refused, token)";
        let sends = Family::<[Label; 1], Counter>::default();
        // A reading that failed has counted nothing, or whole rows.
        let mut count = self.sends.lock().unwrap_or_else(PoisonError::into_inner);
        for (outcome, ended) in tx.count_sends(&mut count)? {
            sends.get_or_create(&[("outcome", outcome.into())]).inc_by(ended);
        }
        registry.register("sends", help, sends);
        Ok(())
    }
}

fn answer(request: &'static str, errcode: Cow<'static, str>) -> [Label; 2] {
    [("request", request.into()), ("errcode", errcode)]
}

/// Returns the word for what was requested.
fn request(ticket: Ticket) -> &'static str {
    match ticket {
        Ticket::ApiCall(_) => "api_call",
        Ticket::Clock => "clock",
        Ticket::Followers(_) => "followers",
        Ticket::Send { .. } => "mass_send",
        Ticket::Result(_) => "result",
        Ticket::Token { .. } => "token",
        Ticket::Upload { .. } => "upload",
    }
}

/// Returns the errcode of a response, or a word: so there are never more than the tables have.
fn errcode(response: &HttpResponse) -> Cow<'static, str> {
    if let Reply::Http { status: 200..=299, body } = &response.reply
        && is_picture(body)
    {
        return "0".into();
    }
    match protocol::counted(response) {
        Counted::Code(code) if codes::is_known(code) => code.to_string().into(),
        Counted::Code(_) => "other".into(),
        Counted::HttpError => "http_error".into(),
        Counted::Unreadable => "unreadable".into(),
        Counted::NoAnswer => "no_answer".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn http(status: u16, body: &[u8]) -> HttpResponse {
        HttpResponse { reply: Reply::Http { status, body: body.to_vec() }, date: None }
    }

    #[test]
    fn an_answer_is_counted_by_a_code_that_a_table_has_or_by_one_word() {
        let lost = Reply::Unknown("timed out".to_owned());
        for (response, expected) in [
            (http(200, br#"{"errcode":0,"errmsg":"ok"}"#), "0"),
            (http(200, br#"{"access_token":"CANARY","expires_in":7200}"#), "0"),
            (http(200, &[0xff, 0xd8, 0xff, 1]), "0"),
            (http(200, br#"{"errcode":45028}"#), "45028"),
            (http(200, br#"{"errcode":65303}"#), "65303"),
            (http(200, br#"{"errcode":123456789}"#), "other"),
            (http(200, br#"{"errcode":"CANARY"}"#), "unreadable"),
            (http(200, b"[45028]"), "unreadable"),
            (http(200, b"<html>"), "unreadable"),
            (http(502, br#"{"errcode":0}"#), "http_error"),
            (HttpResponse { reply: lost, date: None }, "no_answer"),
        ] {
            assert_eq!(errcode(&response), expected, "{response:?}");
        }
    }
}
