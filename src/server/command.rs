//! How the server has a command run: it names the words, and gets what the command answers.

use std::sync::Arc;

use crate::inbox::Package;
use crate::l10n::Lang;

/// A command to be run.
#[derive(Clone, Debug)]
pub struct Call {
    /// The command and its arguments.
    pub words: Vec<String>,
    /// Who decides, as it is stored.
    pub who: String,
    /// The language of the answer.
    pub lang: Lang,
}

/// What a command answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// What it wrote.
    Done(Vec<u8>),
    /// The answer is no, in a sentence.
    No(String),
    /// The answer is no, because the user handed the job in.
    Own(String),
    /// The arguments are not what it takes.
    Usage(String),
    /// It cannot be run before an operator did something.
    Unavailable(String),
    /// The database failed.
    StorageFailed(String),
    /// The answer is longer than a response may be.
    TooLong,
}

/// Runs commands, each on the calling thread, with the job files that came with it, if it has some.
pub type Commands = Arc<dyn Fn(&Call, Option<&[Package]>) -> Outcome + Send + Sync>;
