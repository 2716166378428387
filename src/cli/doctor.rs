//! `doctor`: checks the machine, and for each account the network and what the platform answers.
//!
//! It repairs nothing. No request sends, forces a new token, or belongs to the mass-send family,
//! whose calls are counted. Every step ends within [`STEP`].

mod component;
mod judge;
mod machine;
mod platform;

use std::path::Path;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::config_file::{self, Loaded};
use super::finding::{self, Finding, Verdict};
use super::text::{self, Tone};
use super::{Answer, Json, Problem, Terminal, config_check, lookup, unusable};
use crate::config::{AccountConfig, ConfigError, Secrets};
use crate::l10n::t;
use platform::Probe;

/// How long one step may take.
const STEP: Duration = Duration::from_secs(10);

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Only this account
    #[arg(value_name = "ACCOUNT")]
    account: Option<String>,
    #[command(flatten)]
    json: Json,
}

/// The whole answer.
#[derive(Debug, Serialize)]
struct DoctorView {
    ok: bool,
    findings: Vec<Finding>,
}

/// What was found so far, each written as soon as it is known.
struct Report<'t, 'a> {
    terminal: &'t mut Terminal<'a>,
    json: Json,
    findings: Vec<Finding>,
    begun: usize,
    all: usize,
}

impl Report<'_, '_> {
    /// Tells a person which step begins.
    fn begins(&mut self, what: &str) -> Result<(), Problem> {
        self.begun += 1;
        if (self.terminal.screen)().is_some() {
            let (begun, all) = (self.begun, self.all);
            writeln!(self.terminal.remarks, "[{begun}/{all}] {}", text::visible(what))?;
        }
        Ok(())
    }

    /// Writes a result.
    fn add(&mut self, finding: Finding) -> Result<(), Problem> {
        if !self.json.json {
            let mut page = self.terminal.page();
            finding.render(&mut page);
            self.terminal.write(&page.finish())?;
        }
        self.findings.push(finding);
        Ok(())
    }

    fn add_all(&mut self, findings: impl IntoIterator<Item = Finding>) -> Result<(), Problem> {
        findings.into_iter().try_for_each(|finding| self.add(finding))
    }

    /// Returns whether nothing bad was found, after a last line.
    fn finish(self) -> Result<Answer, Problem> {
        let count = |verdict| self.findings.iter().filter(|one| one.verdict == verdict).count();
        let (bad, warnings) = (count(Verdict::Bad), count(Verdict::Warning));
        let view = DoctorView { ok: bad == 0, findings: self.findings };
        self.terminal.answer(self.json, &view, |page, view| {
            let told = text::count(warnings as u64);
            let warnings = t!("doctor-warnings", n = warnings, count = told);
            page.blank_line();
            if view.ok {
                page.lines(Tone::Good, 0, &t!("doctor-nothing-bad", warnings = warnings));
                return;
            }
            let told = text::count(bad as u64);
            let line = t!("doctor-bad", n = bad, count = told, warnings = warnings);
            page.lines(Tone::Alarm, 0, &line);
        })?;
        Ok(if view.ok { Answer::Yes } else { Answer::No })
    }
}

/// Checks everything, and answers no if something is bad.
pub(super) fn run(
    options: &Options,
    path: &Path,
    terminal: &mut Terminal<'_>,
) -> Result<Answer, Problem> {
    let now = (terminal.now)();
    let mut report =
        Report { terminal, json: options.json, findings: Vec::new(), begun: 0, all: 1 };
    report.begins(&finding::check_name("config"))?;
    let loaded = match config_file::load(path) {
        Ok(loaded) => loaded,
        Err(error @ ConfigError::Invalid(_)) => {
            report.add(Finding::bad("config", error.to_string(), t!("doctor-correct-config")))?;
            return report.finish();
        }
        Err(error @ ConfigError::Unreadable { .. }) => return Err(unusable(error)),
    };
    let accounts: Vec<&AccountConfig> = match &options.account {
        Some(name) => {
            let named = &lookup::named_account(&loaded.config, name, now)?.name;
            loaded.config.accounts.iter().filter(|one| &one.account.name == named).collect()
        }
        None => loaded.config.accounts.iter().collect(),
    };
    report.all += machine::STEPS + accounts.len() * platform::STEPS;
    config(&loaded, path, &mut report)?;
    machine::check(&loaded.config, now, &mut report)?;
    component::check(&loaded.config, &accounts, now, &mut report)?;
    let probe = Probe::start(report.terminal.now.clone())?;
    for (index, account) in accounts.into_iter().enumerate() {
        report.begun = 1 + machine::STEPS + index * platform::STEPS;
        probe.check(account, loaded.secrets, &mut report)?;
    }
    report.finish()
}

fn config(loaded: &Loaded, path: &Path, report: &mut Report<'_, '_>) -> Result<(), Problem> {
    let accounts = loaded.config.accounts.len();
    let (n, count) = (accounts, text::count(accounts as u64));
    let has = t!("doctor-config-good", file = %path.display(), n = n, count = count);
    report.add(Finding::good("config", has))?;
    if loaded.secrets == Secrets::Leave {
        let how = config_file::with_secrets_of_the_unit("doctor");
        report.add(Finding::warning("secrets", t!("doctor-secrets-unread"), format!("`{how}`")))?;
    } else {
        report.add(Finding::good("secrets", t!("doctor-secrets-good")))?;
    }
    report.add_all(config_check::warnings(loaded))
}
