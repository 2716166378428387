//! The edge to WeChat: the requests, and what the platform's responses and events mean.
//!
//! [`codes`] is the table of return codes, [`protocol`] turns broadcasts into requests and answers
//! into readings, and [`callback`] reads the events; all three are pure. [`client`] and
//! [`listener`] are the only places that open sockets, and they decide nothing: an answer that is
//! not certain is handed on as uncertain. Nothing here knows jobs, quotas or the database, asks
//! twice by itself, or follows a redirect.

pub mod callback;
pub mod client;
pub mod codes;
pub mod listener;
pub mod protocol;

pub use codes::{NextWindow, Verdict};
