//! Asks an operator at a terminal.

use std::io::{BufRead, Write};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use secrecy::SecretString;

use super::super::{Problem, Terminal};
use crate::l10n::t;

/// The questions of a command.
pub(super) struct Prompt<'t, 'a> {
    answers: Option<&'t mut (dyn BufRead + Send + 'a)>,
    remarks: &'t mut (dyn Write + Send + 'a),
}

impl<'t, 'a> Prompt<'t, 'a> {
    pub(super) fn new(terminal: &'t mut Terminal<'a>) -> Self {
        let answers = terminal.answers.as_mut().map(|answers| &mut **answers as _);
        Self { answers, remarks: &mut *terminal.remarks }
    }

    /// Returns whether anybody can be asked.
    pub(super) fn can_ask(&self) -> bool {
        self.answers.is_some()
    }

    /// Returns a value that was given, or asks for it until the answer can be used.
    pub(super) fn value<T>(
        &mut self,
        flag: &str,
        given: Option<T>,
        question: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, Problem> {
        if let Some(value) = given {
            return Ok(value);
        }
        loop {
            let answer = self.ask(flag, question)?;
            match parse(&answer) {
                Ok(value) => return Ok(value),
                Err(why) => writeln!(self.remarks, "{why}")?,
            }
        }
    }

    /// Asks for a secret, which the terminal does not show.
    pub(super) fn hidden(&mut self, question: &str) -> Result<SecretString, Problem> {
        let hidden = Hidden::begin();
        let answer = self.ask("secret-file", question);
        drop(hidden);
        writeln!(self.remarks)?;
        let answer = answer?;
        if answer.is_empty() || !answer.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Problem::No(t!("init-secret-one-word")));
        }
        Ok(answer.into())
    }

    fn ask(&mut self, flag: &str, question: &str) -> Result<String, Problem> {
        let Some(answers) = &mut self.answers else { return Err(missing(flag)) };
        write!(self.remarks, "{question}: ")?;
        self.remarks.flush()?;
        let mut answer = String::new();
        if answers.read_line(&mut answer)? == 0 {
            return Err(Problem::No(t!("init-no-answer")));
        }
        Ok(answer.trim().to_owned())
    }
}

/// Returns the answer if nobody can be asked.
fn missing(flag: &str) -> Problem {
    Problem::No(t!("init-no-terminal", flag = flag))
}

/// A terminal that does not show what is typed, until this is dropped.
struct Hidden(Option<Termios>);

impl Hidden {
    /// Input that is no terminal shows nothing anyway.
    fn begin() -> Self {
        let Ok(shown) = tcgetattr(std::io::stdin()) else { return Self(None) };
        let mut modes = shown.clone();
        modes.local_modes.remove(LocalModes::ECHO);
        let set = tcsetattr(std::io::stdin(), OptionalActions::Flush, &modes);
        Self(set.is_ok().then_some(shown))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        if let Some(shown) = &self.0 {
            // A terminal that has gone needs nothing.
            tcsetattr(std::io::stdin(), OptionalActions::Now, shown).ok();
        }
    }
}
