//! What the design claims of a broadcast's life, one claim a test.

mod ahead;
mod articles;
mod claims;
mod clock;
mod doubt;
mod errands;
mod found;
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
mod verdicts;
mod words;
