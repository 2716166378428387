//! The page of a planned job: its content as it is stored, which is what is sent.

use chrono::{DateTime, Utc};

use super::{Rendered, Sheet, page, viewed};
use crate::cli::{Problem, database, lookup};
use crate::config::Config;
use crate::daemon;
use crate::model::{Content, JobId, Media};
use crate::wechat::protocol;

/// Returns the page of a job.
pub(super) fn read(id: &str, config: &Config, now: DateTime<Utc>) -> Result<Rendered, Problem> {
    let store = database::open(config, now)?;
    let (Some(store), Some(job)) = (store, JobId::parse(id)) else {
        return Err(Problem::No(lookup::unknown(id)));
    };
    let tx = store.read();
    let (Some(view), Some((_, body))) = (tx.job_view(id)?, tx.written(&job)?) else {
        return Err(lookup::unknown_job(&tx, id));
    };
    let message = body.as_deref().and_then(protocol::content);
    let content = match (message, tx.material(&job)?) {
        (Some(content), Some(material)) => {
            Some(Content::Prepared { content: Box::new(content), material })
        }
        (content, _) => content,
    };
    let folder = daemon::files_folder(&config.state_dir);
    // A file that no job needs any more is gone.
    let files = |media: &Media| std::fs::read(folder.join(&media.sha256)).ok();
    let sheet = Sheet {
        id: view.id.clone(),
        account: &view.account,
        content: content.as_ref(),
        remarks: &[],
    };
    Ok(Rendered {
        page: page::page(&view.title, std::slice::from_ref(&sheet), &files),
        jobs: vec![viewed(&sheet)],
        stem: view.id.clone(),
    })
}
