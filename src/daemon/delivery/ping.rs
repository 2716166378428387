//! A dead-man ping: a URL is requested while the loop turns, and a service tells people once that
//! ends. Whatever stops the daemon, also a whole machine, is told so.

use chrono::{DateTime, Utc};
use secrecy::ExposeSecret as _;
use tokio::sync::watch;
use url::Url;

use super::http::Http;
use crate::config::Ping;
use crate::daemon::heartbeat::Heartbeat;

/// Requests the URL, if there is one, again and again, if the loop has turned since the last time and can use its
/// database.
pub(in crate::daemon) async fn ping(ping: Option<Ping>, beats: watch::Receiver<Heartbeat>) {
    let Some(ping) = ping else { return };
    let (http, every) = (Http::default(), ping.every.to_std().unwrap_or_default());
    let Ok(url) = Url::parse(ping.url.expose_secret()) else { return };
    let mut last: Option<DateTime<Utc>> = None;
    let mut failed = false;
    loop {
        let (turned_at, is_locked_out) = {
            let beat = beats.borrow();
            (beat.turned_at, beat.locked_out.is_some())
        };
        if !is_locked_out && last != Some(turned_at) {
            last = Some(turned_at);
            let answer = http.get(url.clone()).await;
            let error = match answer {
                Ok(answer) if (200..300).contains(&answer.status) => None,
                Ok(answer) => Some(format!("HTTP {}", answer.status)),
                Err(error) => Some(error),
            };
            let was_failed = std::mem::replace(&mut failed, error.is_some());
            if let Some(error) = error.filter(|_| !was_failed) {
                tracing::warn!("the dead-man URL was not reached: {error}");
            }
        }
        tokio::time::sleep(every).await;
    }
}
