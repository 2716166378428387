//! What reading a job file needs besides its tree; each kind of key adds its own methods.

use std::collections::{HashMap, HashSet};

use super::ListSource;
use super::drafts::Place;
use crate::l10n::t;
use crate::model::{Account, JobId};
use crate::yaml::diagnostic::Report;

/// Something that the author of an article should know about its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArticleRemark {
    /// Which of the broadcast's articles, from 0.
    pub article: usize,
    /// The file that it is in.
    pub file: String,
    /// Its line, from 1.
    pub line: usize,
    /// Its column in characters, from 1.
    pub column: usize,
    /// What was removed, or what is wrong.
    pub what: String,
    /// Whether the article is sent without it.
    pub is_dropped: bool,
    /// Its position in the article's HTML: in front of this byte.
    pub at: usize,
}

/// The names of files that may come later, and which of them are missing.
#[derive(Debug, Default)]
pub(super) struct Awaited {
    pub(super) names: HashSet<String>,
    pub(super) missing: Vec<String>,
}

/// What reading jobs needs besides the tree.
pub(crate) struct Reader<'r, 'a> {
    /// Where problems are reported.
    pub(crate) report: &'r mut Report<'a>,
    /// The source of lists of OpenIDs.
    pub(crate) lists: &'r dyn ListSource,
    /// The accounts of the config.
    pub(crate) accounts: Accounts<'r>,
    /// Remarks about the articles of the job that is being read.
    pub(crate) remarks: Vec<ArticleRemark>,
    /// Where drafts are named without their media ids.
    pub(crate) drafts: Vec<Place>,
    /// The id of the job that is being read.
    pub(super) job: Option<JobId>,
    /// The title of the draft that it sends.
    pub(super) draft_title: Option<String>,
    /// The files of its dates.
    pub(super) awaited: Awaited,
}

impl<'r, 'a> Reader<'r, 'a> {
    /// Returns a reader that has read nothing.
    pub(crate) fn new(
        report: &'r mut Report<'a>,
        lists: &'r dyn ListSource,
        accounts: Accounts<'r>,
    ) -> Self {
        Self {
            report,
            lists,
            accounts,
            remarks: Vec::new(),
            drafts: Vec::new(),
            job: None,
            draft_title: None,
            awaited: Awaited::default(),
        }
    }
}

/// The accounts that a job may name.
pub(crate) struct Accounts<'r> {
    pub(super) by_name: HashMap<&'r str, &'r Account>,
    /// The names that an error gives, and how many accounts there are beside them.
    named: (String, usize),
}

impl<'r> Accounts<'r> {
    /// How many of them an error names.
    const NAMED: usize = 20;

    /// The accounts of a config.
    pub(crate) fn new(accounts: &[&'r Account]) -> Self {
        let by_name = accounts.iter().map(|account| (account.name.as_str(), *account)).collect();
        let names: Vec<_> =
            accounts.iter().take(Self::NAMED).map(|account| account.name.as_str()).collect();
        let named = (names.join(", "), accounts.len().saturating_sub(Self::NAMED));
        Self { by_name, named }
    }

    /// Returns which accounts a job may name.
    pub(super) fn help(&self) -> String {
        match &self.named {
            (names, _) if names.is_empty() => t!("inbox-config-no-account"),
            (names, 0) => t!("inbox-config", names = %names),
            (names, more) => t!("inbox-config-more", names = %names, more = %more),
        }
    }
}
