//! The tests of the whole: the engine against the sandbox under virtual time.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

mod disk;
mod oracle;
mod planted;
mod scenarios;
mod simulation;
mod views;
mod world;
mod writer;
