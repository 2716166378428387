//! Inputs that the loop has received and not yet stored.
//!
//! Usually that is nothing. While another program keeps the database locked, answers wait here until
//! they can be stored: nobody gives them again. What is given again is let go, so that its giver
//! hears of it at once: events (the platform pushes them again) and maintenance tasks.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};

use crate::daemon::Input;
use crate::engine::{IngestedFile, Ticket};
use crate::wechat::protocol::HttpResponse;

/// Answers, each with its account and what it settles.
type Answers = Vec<(usize, Ticket, HttpResponse)>;

/// The queue before the store.
#[derive(Default)]
pub(super) struct Backlog {
    /// By when they came: what they say of the platform's clock was said then.
    pub(super) answers: VecDeque<(DateTime<Utc>, Answers)>,
    pub(super) others: VecDeque<Input>,
}

impl Backlog {
    /// Takes up what came.
    pub(super) fn add(&mut self, inputs: &mut Vec<Input>, now: DateTime<Utc>) {
        let mut answers = Vec::new();
        for input in inputs.drain(..) {
            match input {
                Input::HttpResponse(session, ticket, answer) => {
                    answers.push((session, ticket, answer));
                }
                other @ (Input::Event(..)
                | Input::Unread(..)
                | Input::Trouble(..)
                | Input::File(..)
                | Input::Refused(..)
                | Input::MaintenanceTask(_)
                | Input::Checked(_)
                | Input::Inbox(_)) => self.others.push_back(other),
            }
        }
        if !answers.is_empty() {
            self.answers.push_back((now, answers));
        }
    }

    /// Lets go what is given again, because nothing can be stored now.
    pub(super) fn let_go(&mut self) {
        self.others.retain(|input| match input {
            Input::Event(..) | Input::Unread(..) | Input::MaintenanceTask(_) => false,
            Input::HttpResponse(..)
            | Input::Trouble(..)
            | Input::File(..)
            | Input::Refused(..)
            | Input::Checked(_)
            | Input::Inbox(_) => true,
        });
    }
}

/// What became of one thing that came.
pub(super) enum Done {
    Stored,
    /// A file was taken, or some of its jobs cannot be.
    File(Result<IngestedFile, Vec<(usize, String)>>),
}

/// Tells whoever waits that their input is on disk. Who gave up hears of it when it comes again.
pub(super) fn answer(input: Input, done: Done) {
    match (input, done) {
        (
            Input::Event(.., stored) | Input::Unread(.., stored) | Input::Refused(.., stored),
            Done::Stored,
        ) => stored.send(()).unwrap_or_default(),
        // Without a reply the file stays in the inbox and is found known at the next start.
        (Input::File(_, reply), Done::File(taken)) => reply.send(taken).unwrap_or_default(),
        (
            Input::Event(..)
            | Input::Unread(..)
            | Input::File(..)
            | Input::Refused(..)
            | Input::HttpResponse(..)
            | Input::Trouble(..)
            | Input::MaintenanceTask(_)
            | Input::Checked(_)
            | Input::Inbox(_),
            _,
        ) => {}
    }
}
