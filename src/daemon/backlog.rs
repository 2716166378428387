//! Inputs that the loop has received and not yet stored.
//!
//! Usually there are none. While another program keeps the database locked, responses wait here
//! until they can be stored: nobody sends them again. Inputs that are sent again are dropped, so
//! that the sender learns of it at once: events (the platform pushes them again) and maintenance
//! tasks.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};

use crate::daemon::Input;
use crate::daemon::input::ValidFile;
use crate::engine::{IngestedFile, Ticket};
use crate::wechat::protocol::HttpResponse;

/// Responses, each with its account and the ticket that it settles.
type Answers = Vec<(usize, Ticket, HttpResponse)>;

/// How many jobs of several files are stored in one commit: what is due waits for it.
const TOGETHER: usize = 64;

/// The queue in front of the store.
#[derive(Default)]
pub(super) struct Backlog {
    /// Ordered by arrival: what they report of the platform's clock was true then.
    pub(super) answers: VecDeque<(DateTime<Utc>, Answers)>,
    pub(super) others: VecDeque<Input>,
}

impl Backlog {
    /// Adds the inputs that arrived.
    pub(super) fn add(&mut self, inputs: &mut Vec<Input>, now: DateTime<Utc>) {
        let mut answers = Vec::new();
        for input in inputs.drain(..) {
            match input {
                Input::HttpResponse(session, ticket, response) => {
                    answers.push((session, ticket, response));
                }
                other @ (Input::Event(..)
                | Input::ComponentResponse(..)
                | Input::ComponentEvent(..)
                | Input::AuthorizationLink(..)
                | Input::Landing(..)
                | Input::Scan(..)
                | Input::Unread(..)
                | Input::Trouble(..)
                | Input::File(..)
                | Input::Refused(..)
                | Input::MaintenanceTask(_)
                | Input::Delivery(_)
                | Input::Checked(_)
                | Input::Config(_)
                | Input::Backup(_)
                | Input::Inbox(_)) => self.others.push_back(other),
            }
        }
        if !answers.is_empty() {
            self.answers.push_back((now, answers));
        }
    }

    /// Returns the files with which the queue begins, as long as they have few jobs in all.
    pub(super) fn small_files(&self) -> Vec<&ValidFile> {
        let mut jobs = 0;
        let mut files = Vec::new();
        for input in &self.others {
            let Input::File(file, _) = input else { break };
            jobs += file.jobs.len();
            if jobs > TOGETHER {
                break;
            }
            files.push(&**file);
        }
        files
    }

    /// Drops the inputs that are sent again, because nothing can be stored now.
    pub(super) fn let_go(&mut self) {
        self.others.retain(|input| match input {
            Input::Event(..)
            | Input::ComponentEvent(..)
            | Input::AuthorizationLink(..)
            | Input::Landing(..)
            | Input::Unread(..)
            | Input::MaintenanceTask(_) => false,
            Input::HttpResponse(..)
            | Input::ComponentResponse(..)
            | Input::Scan(..)
            | Input::Trouble(..)
            | Input::File(..)
            | Input::Refused(..)
            | Input::Delivery(_)
            | Input::Checked(_)
            | Input::Config(_)
            | Input::Backup(_)
            | Input::Inbox(_) => true,
        });
    }
}

/// The outcome of one input.
pub(super) enum Done {
    Stored,
    /// A file was taken, or some of its jobs cannot be.
    File(Result<IngestedFile, Vec<(usize, String)>>),
    /// The page that a link leads to, if it has not ended.
    Link(Option<String>),
    /// Whether a code was taken.
    Landed(bool),
}

/// Tells each sender that its input is on disk. A sender that gave up learns it when it sends
/// again.
pub(super) fn acknowledge(input: Input, done: Done) {
    match (input, done) {
        (
            Input::Event(.., stored)
            | Input::ComponentEvent(.., stored)
            | Input::Unread(.., stored)
            | Input::Refused(.., stored),
            Done::Stored,
        ) => stored.send(()).unwrap_or_default(),
        // A visitor that has left needs no page.
        (Input::AuthorizationLink(.., reply), Done::Link(link)) => {
            reply.send(link).unwrap_or_default();
        }
        (Input::Landing(.., reply), Done::Landed(taken)) => reply.send(taken).unwrap_or_default(),
        // Without a reply the file stays in the inbox, and the next start finds it already stored.
        (Input::File(_, reply), Done::File(taken)) => reply.send(taken).unwrap_or_default(),
        (
            Input::Event(..)
            | Input::ComponentResponse(..)
            | Input::ComponentEvent(..)
            | Input::AuthorizationLink(..)
            | Input::Landing(..)
            | Input::Scan(..)
            | Input::Unread(..)
            | Input::File(..)
            | Input::Refused(..)
            | Input::HttpResponse(..)
            | Input::Trouble(..)
            | Input::MaintenanceTask(_)
            | Input::Delivery(_)
            | Input::Checked(_)
            | Input::Config(_)
            | Input::Backup(_)
            | Input::Inbox(_),
            _,
        ) => {}
    }
}
