//! Writes a job file that plans a job once more, from the file that planned it.
//!
//! The new file goes through the inbox like any other: a database that is lost finds it in
//! `accepted/`. It has one job, with everything that the old one has but its id and its time. A
//! date of a series becomes a job of its own.

use std::collections::BTreeMap;

use super::job;
use super::package::Package;
use super::time::duration;
use crate::model::JobId;
use crate::yaml::diagnostic::Report;
use crate::yaml::{self, Node, Value};

/// The keys that belong to the old time.
const OF_ITS_TIME: [&str; 7] = ["id", "at", "cron", "from", "until", "count", "except"];

impl Package {
    /// Returns the files of a package with one job of this one under another id and time, by path.
    ///
    /// The job file comes first. `None` if this package has no such job, or cannot be read.
    pub fn again(&self, id: &JobId, new: &JobId, at: &str) -> Option<Again> {
        let text = yaml::decode(self.bytes()).ok()?;
        let mut report = Report::new(self.name(), text);
        let root = yaml::load(text, yaml::Values::Hidden, &mut report).ok()??;
        let job = job::node_of(&root, id)?;
        let Value::Map(entries) = &job.value else { return None };
        let mut keys =
            vec![format!("\"id\": {}", quoted(new.as_str())), format!("\"at\": {}", quoted(at))];
        for entry in entries.iter().filter(|entry| !OF_ITS_TIME.contains(&&*entry.key)) {
            if entry.key == "expires" && !is_duration(&entry.node) {
                continue;
            }
            keys.push(format!("{}: {}", quoted(&entry.key), written(&entry.node)));
        }
        let job = format!("jobs:\n  - {{{}}}\n...\n", keys.join(", "));
        let main = self.files().map(|_| self.main_name().to_owned());
        let mut files: BTreeMap<String, Vec<u8>> = self
            .files()
            .unwrap_or_default()
            .into_iter()
            .map(|(path, bytes)| (path.to_owned(), bytes.to_vec()))
            .collect();
        if let Some(main) = &main {
            files.insert(main.clone(), job.clone().into_bytes());
        }
        Some(Again { job, files })
    }
}

/// A job file that plans a job once more.
#[derive(Clone, Debug)]
pub struct Again {
    /// The text of the job file.
    pub job: String,
    /// The files of its folder, the job file among them; none if it stands alone.
    pub files: BTreeMap<String, Vec<u8>>,
}

fn is_duration(node: &Node<'_>) -> bool {
    matches!(&node.value, Value::Text { text, .. } if duration(text).is_ok())
}

/// Returns a value in one line of YAML.
fn written(node: &Node<'_>) -> String {
    match &node.value {
        Value::Empty => "null".to_owned(),
        // Numbers and words stay plain, so that they stay what they are.
        Value::Text { text, plain: true } if is_word(text) => text.to_string(),
        Value::Text { text, .. } => quoted(text),
        Value::List(items) => {
            format!("[{}]", items.iter().map(written).collect::<Vec<_>>().join(", "))
        }
        Value::Map(entries) => {
            let entry = |entry: &yaml::Entry<'_>| {
                format!("{}: {}", quoted(&entry.key), written(&entry.node))
            };
            format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a text is always JSON")
}
