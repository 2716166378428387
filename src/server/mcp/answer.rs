//! The answers of the tools: the JSON of the command, and a short text.

use rmcp::model::{CallToolResult, ContentBlock};
use serde_json::{Value, json};

use super::tools::Tool;
use crate::l10n::t;
use crate::server::problem::Refusal;

/// Returns the answer of a command that wrote JSON.
pub(super) fn answer(tool: &Tool, written: Value) -> CallToolResult {
    if let Some(refusal) = refused(tool, &written) {
        return error(&refusal, Some(written));
    }
    result(words(tool, &written), written)
}

/// Returns the answer that there is none: a status, a code and a sentence, as over HTTP.
pub(super) fn error(refusal: &Refusal, written: Option<Value>) -> CallToolResult {
    let (status, code) = refusal.kind();
    let detail = refusal.detail();
    let mut told = json!({"status": status.as_u16(), "code": code, "detail": detail});
    if let Some(written) = written {
        told["answer"] = written;
    }
    let mut result = result(detail, told);
    result.is_error = Some(true);
    result
}

/// A client that knows no structured answers reads the second text.
fn result(words: String, value: Value) -> CallToolResult {
    let value = if value.is_object() { value } else { json!({"items": value}) };
    let texts = vec![ContentBlock::text(words), ContentBlock::text(value.to_string())];
    let mut result = CallToolResult::success(texts);
    result.structured_content = Some(value);
    result
}

/// Returns why a file was not taken that was to be.
fn refused(tool: &Tool, written: &Value) -> Option<Refusal> {
    if tool.name != "submit" {
        return None;
    }
    let of_inbox = each(written, "submitted").filter_map(|file| file["error"].as_str());
    let of_inbox: Vec<_> = of_inbox.map(str::to_owned).collect();
    if written["ok"] == json!(true) && of_inbox.is_empty() {
        return None;
    }
    let found = problems(written).map(|problem| {
        let part = |key: &str| problem[key].as_str().unwrap_or_default().to_owned();
        format!("{}:{}:{}: {}", part("file"), problem["line"], problem["column"], part("message"))
    });
    Some(Refusal::File(found.chain(of_inbox).collect::<Vec<_>>().join("\n")))
}

fn each<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value[key].as_array().into_iter().flatten()
}

fn problems(written: &Value) -> impl Iterator<Item = &Value> {
    each(written, "files").flat_map(|file| each(file, "diagnostics"))
}

/// Returns the short text.
fn words(tool: &Tool, written: &Value) -> String {
    match tool.name {
        "check" => match problems(written).count() {
            0 => t!("mcp-checked"),
            n => t!("mcp-checked-wrong", n = n),
        },
        "submit" => {
            let file = each(written, "submitted").next();
            let is_taken = file.is_some_and(|file| file["state"] == "taken");
            if is_taken { t!("mcp-submitted") } else { t!("mcp-submitted-later") }
        }
        "render" if written["ok"] == json!(false) => {
            t!("mcp-checked-wrong", n = each(written, "diagnostics").count())
        }
        command => t!("mcp-answered", command = command),
    }
}
