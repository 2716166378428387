//! What the design claims of a broadcast's life, one claim a test.

mod ahead;
mod api_calls;
mod articles;
mod claims;
mod clock;
mod configs;
mod doubt;
mod dropped_anew;
mod forecast;
mod found;
mod gaps;
mod gaps_questions;
mod ledger;
mod life;
mod menus;
mod midnight;
mod quota;
mod reach;
mod refusals;
mod restart;
mod safe_mode;
mod series;
mod stepped;
mod unreadable;
mod verdicts;
mod words;
