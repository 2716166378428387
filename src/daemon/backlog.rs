//! What reached the loop and is not stored yet.
//!
//! Usually that is nothing. While another program keeps the database locked, answers wait here until
//! they can be stored: nobody gives them again. What is given again is let go, so that its giver
//! hears of it at once: events (the platform pushes them again) and chores.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};

use crate::daemon::Input;
use crate::engine::Ticket;
use crate::wechat::protocol::Answer;

/// The queue before the store.
#[derive(Default)]
pub(super) struct Backlog {
    /// By when they came: what they say of the platform's clock was said then.
    pub(super) answers: VecDeque<(DateTime<Utc>, Vec<(usize, Ticket, Answer)>)>,
    pub(super) others: VecDeque<Input>,
}

impl Backlog {
    /// Takes up what came.
    pub(super) fn add(&mut self, inputs: &mut Vec<Input>, now: DateTime<Utc>) {
        let mut answers = Vec::new();
        for input in inputs.drain(..) {
            match input {
                Input::Answer(lane, ticket, answer) => answers.push((lane, ticket, answer)),
                other @ (Input::Event(..)
                | Input::Unread(..)
                | Input::Trouble(..)
                | Input::File(..)
                | Input::Chore(_)
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
            Input::Event(..) | Input::Unread(..) | Input::Chore(_) => false,
            Input::Answer(..)
            | Input::Trouble(..)
            | Input::File(..)
            | Input::Checked(_)
            | Input::Inbox(_) => true,
        });
    }
}
