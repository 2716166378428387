//! qunfa (群发): planned broadcasts for WeChat Official Accounts, inside the platform's quotas,
//! and never twice.
//!
//! # Architecture
//!
//! ```mermaid
//! flowchart LR
//!     files[job files] --> inbox
//!     subgraph process [one process, one loop]
//!         inbox[inbox: read and check] --> daemon
//!         daemon[daemon: clock, sockets, loop] --> engine
//!         engine[engine: which request, when] --> core
//!         core[core: model, calendar, quota, schedule, plan]
//!         engine --> store[(store: SQLite)]
//!         store --> core
//!         daemon --> wechat[wechat: requests, responses, events]
//!     end
//!     wechat <--> platform[WeChat platform]
//!     cli[cli: commands] --> store
//!     sandbox[sandbox: simulated platform] -. replaces .-> platform
//! ```
//!
//! 1. The [`inbox`] reads a job file once and checks it strictly. The [`store`] keeps its jobs. A
//!    series is extended into dated jobs ahead of time.
//! 2. After every change of jobs or ledger, [`schedule`] makes the account's schedule anew, in the same
//!    transaction: a pure function of jobs, series, ledger and time. What it changes is stored as due
//!    times. The commands, the receipts and the release read this one value.
//! 3. When a job is due, the [`engine`] checks the rules ([`quota`], [`plan`]). One transaction writes
//!    the intent, its charges and its clientmsgid. Only then does the engine return the request.
//! 4. The [`daemon`] sends the request ([`wechat`]). A response, an event or a later query settles
//!    the outcome.
//! 5. What a person must know is written to an outbox in the transaction of its cause. The [`daemon`]
//!    delivers it to each receiver in order, at least once, beside the loop.
//! 6. The commands ([`cli`]) read the same rows.
//!
//! | part | modules | depends on |
//! |---|---|---|
//! | core | [`model`], [`approval`], [`calendar`], [`quota`], [`reason`], [`alert`], [`plan`], [`schedule`], [`calls`], [`retention`], [`backups`] | values only: no clock, no I/O |
//! | sentences | [`text`], with the catalogues of [`l10n`] | the core and the table of return codes |
//! | store | [`store`] | SQLite, the core and the sentences |
//! | edges | [`inbox`], [`wechat`], [`config`] on [`yaml`], [`durable_file`] | one outside system each, and the core |
//! | engine | [`engine`] | the store and the pure parts of the edges; no clock, no socket |
//! | referee | [`sandbox`] | the platform's documents; nothing of the above |
//! | API | [`server`] | the store, the inbox and the config; commands are run for it by [`cli`] |
//! | top | [`daemon`], [`demo`], [`cli`], [`log`] | everything |
//!
//! `tests/it/imports.rs` holds these dependencies. CONTRIBUTING.md says where a change goes.
//!
//! # Invariants
//!
//! * No request leaves before its intent is on disk (`synchronous=FULL`) and the high-water mark
//!   is stored after it.
//! * All attempts of a batch use one clientmsgid. It is derived from the job file, so a daemon that
//!   lost its database sends the same one.
//! * All requests of a batch lie within 20 h of its due time, and within 20 h of the last moment for
//!   which this database is complete: the platform remembers a clientmsgid for 24 h.
//! * A batch in doubt is settled by return code 0, by 45065 or by an operator, and by nothing else.
//! * Days are the platform's days: nothing is decided without a recent sample of its clock that
//!   agrees with ours.
//!
//! # Absent on purpose
//!
//! There is no second implementation of the rules for display, no pool of database connections, no
//! retry inside the HTTP client, no scheduler that owns a broadcast, and no state in memory only
//! that a crash would lose.

pub mod alert;
pub mod approval;
pub mod backups;
pub mod calendar;
pub mod calls;
pub mod cli;
pub mod config;
pub mod daemon;
pub mod demo;
pub mod durable_file;
pub mod engine;
pub mod inbox;
pub mod l10n;
pub mod log;
pub mod model;
pub mod plan;
pub mod quota;
pub mod reason;
pub mod retention;
pub mod sandbox;
pub mod schedule;
pub mod server;
pub mod store;
pub mod text;
pub mod wechat;
pub mod yaml;
