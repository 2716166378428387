//! The arguments of a call: what its tool's schema allows, and nothing else.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value};

use super::tools::{Kind, Tool};
use crate::inbox::{self, Package};
use crate::l10n::t;
use crate::server::files::unread;
use crate::server::problem::Refusal;
use crate::server::request::Said;

/// A job file's text, and the files that it names by their paths.
type JobFile = (Vec<u8>, BTreeMap<String, Vec<u8>>);

/// What a call says.
#[derive(Debug)]
pub(super) struct Arguments {
    pub(super) said: Said,
    /// The job file, if the tool is about one.
    pub(super) file: Option<JobFile>,
}

impl Arguments {
    /// Reads the arguments of a call.
    pub(super) fn read(tool: &Tool, fields: &Map<String, Value>) -> Result<Self, Refusal> {
        let wrong = |name: &str| Refusal::Parameter(name.chars().take(64).collect());
        if let Some(unknown) =
            fields.keys().find(|name| !tool.inputs.iter().any(|input| input.name == *name))
        {
            return Err(wrong(unknown));
        }
        let mut said = Said::default();
        let (mut content, mut beside) = (Vec::new(), BTreeMap::new());
        for input in tool.inputs {
            let Some(value) = fields.get(input.name) else {
                if input.required {
                    return Err(wrong(input.name));
                }
                continue;
            };
            let refuse = || wrong(input.name);
            match input.kind {
                Kind::Text | Kind::Name => {
                    let text = value.as_str().filter(|text| !text.is_empty()).ok_or_else(refuse)?;
                    said.set(tool.row(), input.name, text.to_owned())?;
                }
                Kind::Number(least, most) => {
                    let is_in = |n: &u64| (u64::from(least)..=u64::from(most)).contains(n);
                    let number = value.as_u64().filter(is_in).ok_or_else(refuse)?;
                    said.set(tool.row(), input.name, number.to_string())?;
                }
                Kind::Content => {
                    content = value.as_str().ok_or_else(refuse)?.as_bytes().to_vec();
                }
                Kind::Files => beside = files(value.as_array().ok_or_else(refuse)?)?,
            }
        }
        let file = tool.is_about_file().then_some((content, beside));
        Ok(Self { said, file })
    }
}

/// Returns the files beside a job file.
fn files(items: &[Value]) -> Result<BTreeMap<String, Vec<u8>>, Refusal> {
    let mut files = BTreeMap::new();
    for item in items {
        let (path, bytes) = file(item)?;
        if files.insert(path.clone(), bytes).is_some() {
            return Err(Refusal::File(t!("mcp-file-twice", path = %path.escape_debug())));
        }
    }
    Ok(files)
}

fn file(item: &Value) -> Result<(String, Vec<u8>), Refusal> {
    let wrong = || Refusal::Parameter("files".to_owned());
    let fields = item.as_object().ok_or_else(wrong)?;
    let path = fields.get("path").and_then(Value::as_str).ok_or_else(wrong)?;
    let (is_text, value) = match (fields.get("text"), fields.get("base64")) {
        (Some(text), None) => (true, text),
        (None, Some(base64)) => (false, base64),
        (Some(_), Some(_)) | (None, None) => return Err(wrong()),
    };
    if fields.len() != 2 {
        return Err(wrong());
    }
    let value = value.as_str().ok_or_else(wrong)?;
    if is_text {
        return Ok((path.to_owned(), value.as_bytes().to_vec()));
    }
    let bytes = BASE64_STANDARD.decode(value.trim());
    let bytes =
        bytes.map_err(|_| Refusal::File(t!("mcp-not-base64", path = %path.escape_debug())))?;
    Ok((path.to_owned(), bytes))
}

/// Returns an agent's job file as the inbox would have it.
pub(super) fn package(
    agent: &str,
    name: &str,
    (content, beside): JobFile,
) -> Result<Package, Refusal> {
    inbox::of_agent(agent, (name, content), beside).map_err(unread)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::server::mcp::tools;

    fn read(tool: &str, fields: Value) -> Result<Arguments, Refusal> {
        Arguments::read(tools::named(tool).unwrap(), fields.as_object().unwrap())
    }

    #[test]
    fn what_the_schema_does_not_allow_is_refused() {
        for (tool, fields) in [
            ("show", json!({})),
            ("show", json!({"id": 7})),
            ("show", json!({"id": ""})),
            ("show", json!({"id": "a", "approve": true})),
            ("plan", json!({"days": "7"})),
            ("plan", json!({"days": 0})),
            ("plan", json!({"days": 7.5})),
            ("submit", json!({"name": "a.yaml"})),
            ("submit", json!({"name": "a.yaml", "content": "x", "approval": false})),
            ("submit", json!({"name": "a.yaml", "content": "x", "wait": 1})),
            ("check", json!({"name": "a.yaml", "content": "x", "files": "b"})),
            ("check", json!({"name": "a.yaml", "content": "x", "files": [{"path": "b"}]})),
            (
                "check",
                json!({"name": "a.yaml", "content": "x",
                       "files": [{"path": "b", "text": "", "base64": ""}]}),
            ),
            (
                "check",
                json!({"name": "a.yaml", "content": "x", "files": [{"path": "b", "base64": "%"}]}),
            ),
        ] {
            assert!(read(tool, fields.clone()).is_err(), "{tool} {fields}");
        }
        let read = read("plan", json!({"days": 7})).unwrap();
        assert_eq!(read.said.get("days"), Some("7"));
    }

    #[test]
    fn a_path_never_leaves_the_folder_of_its_job_file() {
        for path in [
            "../a.png",
            "/etc/passwd",
            "a/../../b",
            "./a",
            "a//b",
            "",
            ".hidden",
            "a\0b",
            "a%2fb",
            "submitted-by",
            "submitted-by/a",
            "other.yaml",
            "a.tmp",
            "a/b/c/d/e/f.png",
            "a\nb",
            "\u{202e}gnp.a",
        ] {
            let beside = BTreeMap::from([(path.to_owned(), Vec::new())]);
            let package = package("anne", "a.yaml", (b"x".to_vec(), beside));
            assert!(package.is_err(), "{path:?}");
        }
        let beside = BTreeMap::from([("图片/封面 1.png".to_owned(), Vec::new())]);
        assert!(package("anne", "a.yaml", (b"x".to_vec(), beside)).is_ok());
    }
}
