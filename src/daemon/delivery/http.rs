//! One POST, once, with a client and time limits of its own. No error text shows a URL.

use std::sync::OnceLock;
use std::time::Duration;

use url::Url;

use crate::wechat::client;

/// How long a request may take.
const TIMEOUT: Duration = Duration::from_secs(15);
/// The longest response that is read.
const ANSWER_MAX: usize = 64 * 1024;

/// A request.
pub(super) struct Post {
    pub(super) url: Url,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: String,
}

/// A response.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

/// The clients, for https and for this machine.
#[derive(Default)]
pub(super) struct Http {
    tls: OnceLock<reqwest::Client>,
    plain: OnceLock<reqwest::Client>,
}

impl Http {
    /// Posts JSON, and returns the response whatever its status.
    pub(super) async fn post(&self, post: Post) -> Result<Answer, String> {
        let client = self.client(&post.url)?;
        let mut request = client
            .post(post.url)
            .header("content-type", "application/json; charset=utf-8")
            .body(post.body);
        for (name, value) in post.headers {
            request = request.header(name, value);
        }
        perform(request).await
    }

    /// Requests a URL, and returns the response whatever its status.
    pub(super) async fn get(&self, url: Url) -> Result<Answer, String> {
        perform(self.client(&url)?.get(url)).await
    }

    fn client(&self, url: &Url) -> Result<&reqwest::Client, String> {
        let is_tls = url.scheme() == "https";
        let cell = if is_tls { &self.tls } else { &self.plain };
        if let Some(client) = cell.get() {
            return Ok(client);
        }
        let client = client::builder(is_tls).timeout(TIMEOUT).pool_max_idle_per_host(0).build();
        let client = client.map_err(|error| client::failure(error).to_string())?;
        Ok(cell.get_or_init(|| client))
    }
}

async fn perform(request: reqwest::RequestBuilder) -> Result<Answer, String> {
    let failed = |error| client::failure(error).to_string();
    let mut response = request.send().await.map_err(failed)?;
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        if body.len() + chunk.len() > ANSWER_MAX {
            break;
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, body })
}
