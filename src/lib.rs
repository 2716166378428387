//! qunfa (群发): planned broadcasts for WeChat Official Accounts, inside the platform's quotas,
//! and never twice.
//!
//! # Flow
//!
//! A job file is dropped into the [`inbox`], read strictly, and its jobs are stored with the
//! claims they own on quota windows ([`store`]); of a recurring one, its next dates are, each as a
//! job of its own. When a job is due, the [`engine`] asks the rules ([`quota`], [`plan`]), writes
//! the intent, its charges and its clientmsgid in one transaction, and only then hands out the
//! request. The [`daemon`] makes it ([`wechat`]), and the answer, an event or a later question
//! settles what is known. `status` and `show` ([`cli`]) read the same rows.
//!
//! # Map
//!
//! | part | modules | knows |
//! |---|---|---|
//! | core | [`model`], [`calendar`], [`quota`], [`reason`], [`plan`] | values only: no clock, no I/O |
//! | words | [`text`] | the core, and the table of return codes |
//! | store | [`store`] | SQLite, the core and the words |
//! | edges | [`inbox`], [`wechat`], [`config`] over [`yaml`], [`durable_file`] | one neighbour each, and the core |
//! | engine | [`engine`] | the store and the edges' pure parts; no clock, no socket |
//! | the other side | [`sandbox`] | the documents; nothing of the above |
//! | top | [`daemon`], [`demo`], [`cli`], [`log`] | everything |
//!
//! # Invariants
//!
//! * No request leaves before its intent is on disk (`synchronous=FULL`), with the mark after it.
//! * One batch has one clientmsgid in every attempt, derived from what stands in its file, so that
//!   a daemon that forgot everything asks with the same one.
//! * All requests of a batch lie within 20 h of its due time, and within 20 h of the last moment that
//!   this database is sure of: the platform remembers a clientmsgid for 24 h.
//! * A batch in doubt is settled by 0, 45065 or a person's word, and by nothing else.
//! * Days are the platform's: nothing is decided without a fresh reading of its clock near ours.
//!
//! # Absent on purpose
//!
//! There is no second implementation of the rules for display, no pool of database connections, no
//! retry inside the HTTP client, no scheduler that owns a broadcast, and no state that only lives
//! in memory and would be missed after a crash.

pub mod calendar;
pub mod cli;
pub mod config;
pub mod daemon;
pub mod demo;
pub mod durable_file;
pub mod engine;
pub mod inbox;
pub mod log;
pub mod model;
pub mod plan;
pub mod quota;
pub mod reason;
pub mod sandbox;
pub mod store;
pub mod text;
pub mod wechat;
pub mod yaml;
