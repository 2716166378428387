//! `render`: the messages of a job file as a phone shows them, in one self-contained page.
//!
//! Of a planned job ([`stored`]) the page is made from what the database has, which is what is sent.
//! The inbox reads a file, so an article's text is the very HTML that is uploaded, with the local
//! pictures in place of their placeholders; what was removed is listed beside it. The page runs no
//! script and loads nothing except pictures of the platform.

mod page;
mod stored;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use chrono::{DateTime, Utc};
use clap::Args;
use serde::Serialize;

use super::{Answer, JobFiles, Json, Problem, Terminal, text};
use crate::config::Config;
use crate::inbox::{ArticleRemark, Diagnostic, DraftBook, Package, ParsedJob, ReadError};
use crate::l10n::t;
use crate::model::{Account, Action, Article, Content, Media};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// A job file, or a folder of a job file and what it names
    #[arg(value_name = "FILE", required_unless_present = "job", conflicts_with = "job")]
    file: Option<PathBuf>,
    /// Show the content of this planned job, as it is stored
    #[arg(long, value_name = "JOB")]
    job: Option<String>,
    /// Write the page to this file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Open the page in the browser
    #[arg(long, conflicts_with = "out")]
    open: bool,
    #[command(flatten)]
    json: Json,
}

/// The answer for programs.
#[derive(Debug, Serialize)]
struct RenderView {
    ok: bool,
    /// The path of the page; none if it was not written.
    page: Option<PathBuf>,
    diagnostics: Vec<Diagnostic>,
    jobs: Vec<JobView>,
}

#[derive(Debug, Serialize)]
struct JobView {
    id: String,
    account: String,
    articles: Vec<ArticleView>,
}

#[derive(Debug, Serialize)]
struct ArticleView {
    title: String,
    /// Its HTML as it is uploaded; local pictures have placeholders.
    content: String,
    remarks: Vec<RemarkView>,
}

#[derive(Debug, Serialize)]
struct RemarkView {
    file: String,
    line: usize,
    column: usize,
    what: String,
    taken_out: bool,
}

/// What is shown of one job.
struct Sheet<'a> {
    id: String,
    account: &'a str,
    /// What it sends; none if it sends no message.
    content: Option<&'a Content>,
    remarks: &'a [ArticleRemark],
}

/// A page, and what it is of.
struct Rendered {
    page: String,
    jobs: Vec<JobView>,
    /// The name of its file without the extension.
    stem: String,
}

/// Writes the page of a file; the answer is no if the inbox would refuse it.
pub(super) fn run(
    options: &Options,
    config: &Config,
    terminal: &mut Terminal<'_>,
) -> Result<Answer, Problem> {
    let rendered = match (&options.file, &options.job) {
        (Some(file), None) => of_file(file, config, terminal.files, (terminal.now)()),
        (_, job) => Ok(stored::read(job.as_deref().unwrap_or_default(), config, (terminal.now)())?),
    };
    let Rendered { page, jobs, stem } = match rendered {
        Ok(rendered) => rendered,
        Err(diagnostics) => return refuse(options.json, diagnostics, terminal),
    };
    let path = match &options.out {
        Some(out) => Some(out.clone()),
        None if options.open => Some(kept()?),
        None if options.json.json || (terminal.screen)().is_some() => {
            Some(PathBuf::from(format!("{stem}.html")))
        }
        None => None,
    };
    let path = path.filter(|_| !options.json.json || options.out.is_some() || options.open);
    if let Some(path) = &path {
        fs::write(path, &page).map_err(|error| {
            Problem::Cannot(t!("cannot-write", path = %path.display(), error = %error))
        })?;
    }
    if options.json.json {
        let view = RenderView { ok: true, page: path.clone(), diagnostics: Vec::new(), jobs };
        terminal.answer(options.json, &view, |_, _| {})?;
    } else if let Some(path) = &path {
        terminal.write(&said(path, &jobs))?;
    } else {
        terminal.write(&page)?;
    }
    if options.open
        && let Some(path) = &path
    {
        open(path, terminal)?;
    }
    Ok(Answer::Yes)
}

/// Returns the page of a job file.
fn of_file(
    path: &Path,
    config: &Config,
    on: JobFiles<'_>,
    now: DateTime<Utc>,
) -> Result<Rendered, Vec<Diagnostic>> {
    let accounts: Vec<&Account> = config.accounts.iter().map(|account| &account.account).collect();
    let (package, jobs) = read(path, &accounts, on, now)?;
    let sheets: Vec<_> = jobs.iter().flat_map(Sheet::of).collect();
    let files = |media: &Media| package.file(&media.file).map(<[u8]>::to_vec);
    Ok(Rendered {
        page: page::page(package.name(), &sheets, &files),
        jobs: sheets.iter().map(viewed).collect(),
        stem: stem(path),
    })
}

fn read(
    path: &Path,
    accounts: &[&Account],
    on: JobFiles<'_>,
    now: DateTime<Utc>,
) -> Result<(Package, Vec<ParsedJob>), Vec<Diagnostic>> {
    let package = on.gather(path, accounts, now).map_err(|unread| match unread {
        ReadError::Refused(diagnostics) => diagnostics,
        ReadError::Failed(error) => {
            let source = std::error::Error::source(&error).map(ToString::to_string);
            let why = source.unwrap_or_else(|| error.to_string());
            let message = t!("render-unreadable", why = why);
            vec![Diagnostic::whole(&path.display().to_string(), &message, None)]
        }
    })?;
    let package = package.with_drafts(DraftBook::for_rehearsal(BTreeMap::new()));
    let jobs = package.parse(accounts)?.jobs;
    Ok((package, jobs))
}

fn refuse(
    json: Json,
    diagnostics: Vec<Diagnostic>,
    terminal: &mut Terminal<'_>,
) -> Result<Answer, Problem> {
    let view = RenderView { ok: false, page: None, diagnostics, jobs: Vec::new() };
    terminal.answer(json, &view, |page, view| {
        for diagnostic in &view.diagnostics {
            for line in diagnostic.to_string().lines() {
                page.raw(&text::visible(line));
            }
        }
        page.raw(&t!("render-refused"));
    })?;
    Ok(Answer::No)
}

impl<'a> Sheet<'a> {
    /// Returns what a job sends: of a series whose dates have files of their own, what each sends.
    fn of(job: &'a ParsedJob) -> Vec<Self> {
        let id = job.spec.id.as_str();
        let sheet = |id: String, action: &'a Action, remarks: &'a [ArticleRemark]| Self {
            id,
            account: job.spec.account.as_str(),
            content: action.broadcast().map(|broadcast| &broadcast.content),
            remarks,
        };
        if job.dated.is_empty() {
            return vec![sheet(id.to_owned(), &job.spec.action, &job.remarks)];
        }
        let remarks = |date| job.dated_remarks.get(date).map_or(&[][..], Vec::as_slice);
        let dates = job.dated.iter();
        dates.map(|(date, action)| sheet(format!("{id}@{date}"), action, remarks(date))).collect()
    }

    /// Returns its articles as they are uploaded.
    fn articles(&self) -> &[Article] {
        match self.content {
            Some(Content::Prepared { material, .. }) => &material.articles,
            Some(_) | None => &[],
        }
    }
}

fn viewed(job: &Sheet<'_>) -> JobView {
    let articles = job.articles().iter().enumerate().map(|(index, article)| ArticleView {
        title: article.title.clone(),
        content: article.content.clone(),
        remarks: remarks(job, index).map(remark_view).collect(),
    });
    JobView { id: job.id.clone(), account: job.account.to_owned(), articles: articles.collect() }
}

fn remark_view(remark: &ArticleRemark) -> RemarkView {
    RemarkView {
        file: remark.file.clone(),
        line: remark.line,
        column: remark.column,
        what: remark.what.clone(),
        taken_out: remark.is_dropped,
    }
}

/// Returns the remarks about one of a job's articles.
fn remarks<'a>(
    job: &Sheet<'a>,
    article: usize,
) -> impl Iterator<Item = &'a ArticleRemark> + use<'a> {
    job.remarks.iter().filter(move |remark| remark.article == article)
}

/// Writes what was rendered.
fn said(path: &Path, jobs: &[JobView]) -> String {
    let path = text::visible(&path.display().to_string());
    let articles: usize = jobs.iter().map(|job| job.articles.len()).sum();
    let articles = t!("render-articles", n = articles, count = text::count(articles as u64));
    let jobs_count = text::count(jobs.len() as u64);
    let remarks = jobs.iter().flat_map(|job| &job.articles).map(|one| one.remarks.len());
    let remarks: usize = remarks.sum();
    let jobs = t!("render-jobs", n = jobs.len(), count = jobs_count);
    let line = match remarks {
        0 => t!("render-written", path = path, jobs = jobs, articles = articles),
        n => t!(
            "render-written-remarks",
            n = n,
            path = path,
            jobs = jobs,
            articles = articles,
            count = text::count(n as u64)
        ),
    };
    line + "\n"
}

/// Returns the name of a file without its extension; for a folder, its name.
fn stem(path: &Path) -> String {
    let full = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let stem = if full.is_dir() { full.file_name() } else { full.file_stem() };
    stem.map_or_else(|| "page".to_owned(), |stem| stem.to_string_lossy().into_owned())
}

/// Returns the path of a new file for the browser, which is not deleted when this process ends.
fn kept() -> Result<PathBuf, Problem> {
    let file = tempfile::Builder::new().prefix("qunfa-").suffix(".html").tempfile()?;
    let (_, path) = file.keep().map_err(|error| error.error)?;
    Ok(path)
}

fn open(path: &Path, terminal: &mut Terminal<'_>) -> Result<(), Problem> {
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    // What a browser says is no part of the answer.
    let opened = Command::new(opener).arg(path).stdin(Stdio::null()).stdout(Stdio::null()).status();
    if !opened.is_ok_and(|status| status.success()) {
        writeln!(terminal.remarks, "{}", t!("render-not-opened", opener = opener))?;
    }
    Ok(())
}
