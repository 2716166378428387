//! The tools of a server on another machine: each call is one request to its `/mcp`.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use rmcp::model::{CallToolResult, JsonObject};
use serde_json::{Value, json};

use super::tools::Tool;
use super::{Tools, answer};
use crate::l10n::{self, Lang};
use crate::server::problem::Refusal;

/// Sends a body to the server, and returns its answer or why there is none; waits on the thread.
pub type Send = Arc<dyn Fn(Vec<u8>) -> Result<Vec<u8>, String> + std::marker::Send + Sync>;

/// The tools of a server.
pub(super) struct Forward {
    pub(super) send: Send,
    pub(super) lang: Lang,
}

impl Tools for Forward {
    fn call(&self, tool: &'static Tool, fields: JsonObject) -> BoxFuture<'_, CallToolResult> {
        let body = json!({
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": {"name": tool.name, "arguments": fields},
        });
        let send = Arc::clone(&self.send);
        let sent = tokio::task::spawn_blocking(move || send(body.to_string().into_bytes()));
        let lang = self.lang;
        Box::pin(async move {
            let sent = sent.await.unwrap_or_else(|error| Err(error.to_string()));
            let answered = sent.and_then(|body| read(&body));
            answered.unwrap_or_else(|why| {
                l10n::within(lang, || answer::error(&Refusal::Unavailable(why), None))
            })
        })
    }
}

/// Returns the result that an answer has.
fn read(body: &[u8]) -> Result<CallToolResult, String> {
    let mut answer: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    if let Some(why) = answer["error"]["message"].as_str() {
        return Err(why.to_owned());
    }
    serde_json::from_value(answer["result"].take()).map_err(|error| error.to_string())
}
