//! Values as people read them: the one place where sentences about them are made.
//!
//! What is stored, logged by code and given to programs has no sentence of its own. A module that
//! has something to tell gives a value, and whoever shows it asks here.

pub mod alert;
pub mod authorization;
pub mod moved;
pub mod names;
pub mod reason;
pub mod stored;
pub mod told;

/// Returns an error with its causes, on one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
