//! A program that takes a message as JSON on its standard input. No shell is involved, and the
//! program sees nothing of the daemon's environment, which may hold secrets.

use std::io;
use std::process::Stdio;

use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::config::CommandLine;
use crate::model::Failure;

/// The variables that the program keeps.
const KEPT: [&str; 4] = ["PATH", "HOME", "LANG", "TZ"];

/// Runs the program with a message; it must end with 0 in its time.
pub(super) async fn run(line: &CommandLine, document: &Value) -> Result<(), String> {
    let timeout = line.timeout.to_std().unwrap_or_default();
    let failure = match tokio::time::timeout(timeout, finish(line, document)).await {
        Ok(Ok(status)) if status.success() => return Ok(()),
        Ok(Ok(status)) => Failure::CommandEnded { status: status.to_string() },
        Ok(Err(error)) => Failure::CommandUnusable { error: error.to_string() },
        Err(_) => Failure::CommandTooSlow { seconds: timeout.as_secs() },
    };
    Err(failure.to_string())
}

async fn finish(line: &CommandLine, document: &Value) -> io::Result<std::process::ExitStatus> {
    let kept = KEPT.iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
    let mut child = Command::new(&line.program)
        .args(&line.arguments)
        .env_clear()
        .envs(kept)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        let text = format!("{document}\n");
        // A program may end without reading: its exit code says whether that is well.
        stdin.write_all(text.as_bytes()).await.ok();
    }
    child.wait().await
}
