//! Calls that are not mass sends: their one life cycle and their retry policies.
//!
//! A call is one thing that the platform is to do: a preview, a deletion, a speed, a menu, a QR
//! code, an upload, a page of followers. All of them can be repeated without harm, so all of them
//! share one state machine ([`State`]), and what a response leads to is one function ([`next`]) of
//! the response and of the policy of the call's kind ([`Policy`]). Mass sends are not here: they
//! can do harm twice, and have exhaustive rules of doubt of their own.
//!
//! ```mermaid
//! stateDiagram-v2
//!     [*] --> planned
//!     [*] --> waiting: made before a broadcast
//!     waiting --> planned: its job is about to be sent
//!     waiting --> dropped: its job ended
//!     dropped --> waiting: its job is retried
//!     planned --> asking: its request leaves
//!     asking --> done: done
//!     asking --> planned: certainly not done
//!     asking --> in_doubt: perhaps done, or the daemon ended
//!     in_doubt --> asking: its request leaves again
//!     asking --> failed
//!     planned --> failed
//!     in_doubt --> failed
//! ```
//!
//! Everything here is a total function of values: no clock and no I/O. The store keeps the rows,
//! the engine sends the requests.

mod base;
mod in_flight;
mod retry;
mod state;

pub use base::{BaseChoice, Reached};
pub use in_flight::{InFlight, Slot};
pub use retry::{Answer, Effect, Kind, Next, Policy, Progress, Role, next};
pub use state::{Event, State};
