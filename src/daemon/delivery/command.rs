//! A program that takes a message as JSON on its standard input. No shell is involved, and the
//! program sees nothing of the daemon's environment, which may hold secrets.

use std::io;
use std::process::Stdio;

use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::config::CommandLine;

/// The variables that the program keeps.
const KEPT: [&str; 4] = ["PATH", "HOME", "LANG", "TZ"];

/// Runs the program with a message; it must end with 0 in its time.
pub(super) async fn run(line: &CommandLine, document: &Value) -> Result<(), String> {
    let timeout = line.timeout.to_std().unwrap_or_default();
    match tokio::time::timeout(timeout, finish(line, document)).await {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(format!("the command ended with {status}")),
        Ok(Err(error)) => Err(format!("the command cannot be run: {error}")),
        Err(_) => Err(format!("the command did not end within {} s", timeout.as_secs())),
    }
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
