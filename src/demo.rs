//! STUB of this branch: the demo's own module replaces it.

use std::io::Write;

use crate::daemon::Now;

/// Shows the daemon at work.
///
/// # Errors
/// Where it cannot.
pub fn run(_now: Now, out: &mut (dyn Write + Send)) -> anyhow::Result<()> {
    Ok(writeln!(out, "STUB: there is no demo in this branch")?)
}
