//! The interface to WeChat: the requests, and the meaning of the platform's responses and events.
//!
//! [`codes`] is the table of return codes, [`protocol`] turns broadcasts into requests and
//! interprets the responses, and [`callback`] reads the events; all three are pure. [`client`] and
//! [`listener`] are the only modules that open sockets, and they decide nothing: they pass an
//! uncertain response on as uncertain. No module here uses jobs, quotas or the database, repeats a
//! request by itself, or follows a redirect.

pub mod callback;
pub mod client;
pub mod codes;
pub mod listener;
pub mod protocol;

pub use codes::{NextWindow, Verdict};
