//! Reads single key presses during `--watch`, and restores the terminal's modes.

use std::io::{self, Read as _, Write as _};

use rustix::process::getpgrp;
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetpgrp, tcsetattr,
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::LEAVE;

/// A key that was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// A character.
    Char(char),
    /// Return.
    Enter,
    /// Escape alone.
    Escape,
    /// Delete the last character.
    Backspace,
    /// A line up.
    Up,
    /// A line down.
    Down,
    /// A screen up.
    PageUp,
    /// A screen down.
    PageDown,
    /// The beginning.
    Home,
    /// The end.
    End,
}

/// The keyboard, read key by key until this is dropped.
pub(super) struct Keyboard {
    before: Termios,
    keys: UnboundedReceiver<Vec<u8>>,
    /// The beginning of a character whose end was not read yet.
    pending: Vec<u8>,
}

impl Keyboard {
    /// Begins to read keys; none if there is no keyboard, or another program uses it.
    pub(super) fn listen() -> Option<Self> {
        let before = tcgetattr(io::stdin()).ok()?;
        if tcgetpgrp(io::stdin()).ok()? != getpgrp() {
            return None;
        }
        let mut modes = before.clone();
        modes.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
        // These would leave the screen as it is; Ctrl-C does not.
        modes.special_codes[SpecialCodeIndex::VSUSP] = 0;
        modes.special_codes[SpecialCodeIndex::VQUIT] = 0;
        modes.special_codes[SpecialCodeIndex::VMIN] = 1;
        modes.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(io::stdin(), OptionalActions::Now, &modes).ok()?;
        let (sender, keys) = unbounded_channel();
        // The thread ends with the process: nothing else wakes it while it waits for a key.
        std::thread::spawn(move || read(&sender));
        Some(Self { before, keys, pending: Vec::new() })
    }

    /// Waits for keys; none once the terminal is closed.
    pub(super) async fn keys(&mut self) -> Option<Vec<Key>> {
        self.pending.extend(self.keys.recv().await?);
        Some(keys(&mut self.pending))
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        // A terminal that is closed needs no modes.
        tcsetattr(io::stdin(), OptionalActions::Now, &self.before).ok();
        if std::thread::panicking() {
            io::stdout().write_all(LEAVE.as_bytes()).ok();
        }
    }
}

fn read(sender: &UnboundedSender<Vec<u8>>) {
    let mut bytes = [0; 256];
    while let Ok(some @ 1..) = io::stdin().read(&mut bytes) {
        if sender.send(bytes[..some].to_vec()).is_err() {
            return;
        }
    }
}

/// Takes the keys out of the bytes of a terminal, and leaves an incomplete character there.
fn keys(pending: &mut Vec<u8>) -> Vec<Key> {
    let whole = match std::str::from_utf8(pending) {
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        Ok(_) | Err(_) => pending.len(),
    };
    let text = String::from_utf8_lossy(&pending[..whole]).into_owned();
    pending.drain(..whole);
    let mut keys = Vec::new();
    let mut rest = text.as_str();
    while let Some(c) = rest.chars().next() {
        let (key, length) = match c {
            '\x1b' => sequence(rest),
            '\r' | '\n' => (Some(Key::Enter), 1),
            '\x7f' | '\x08' => (Some(Key::Backspace), 1),
            c if c.is_control() => (None, 1),
            c => (Some(Key::Char(c)), c.len_utf8()),
        };
        keys.extend(key);
        rest = &rest[length..];
    }
    keys
}

/// Reads one key that begins with an escape, and returns its length.
fn sequence(text: &str) -> (Option<Key>, usize) {
    let known = [
        ("A", Key::Up),
        ("B", Key::Down),
        ("5~", Key::PageUp),
        ("6~", Key::PageDown),
        ("H", Key::Home),
        ("1~", Key::Home),
        ("F", Key::End),
        ("4~", Key::End),
    ];
    let Some(code) = text.strip_prefix("\x1b[").or_else(|| text.strip_prefix("\x1bO")) else {
        return (Some(Key::Escape), 1);
    };
    if let Some((end, key)) = known.into_iter().find(|(end, _)| code.starts_with(end)) {
        return (Some(key), 2 + end.len());
    }
    // Another key's code ends with a letter or `~`, and has no effect here.
    let end = code.find(|c: char| c.is_ascii_alphabetic() || c == '~');
    (None, end.map_or(text.len(), |end| 2 + end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_out_of_what_terminals_send() {
        for (sent, expected) in [
            ("q", vec![Key::Char('q')]),
            ("\x1b", vec![Key::Escape]),
            ("\x1b[A\x1bOB", vec![Key::Up, Key::Down]),
            ("\x1b[5~\x1b[6~", vec![Key::PageUp, Key::PageDown]),
            ("\x1b[1;5Cj", vec![Key::Char('j')]),
            ("/春\r", vec![Key::Char('/'), Key::Char('春'), Key::Enter]),
            ("\x7f\x01", vec![Key::Backspace]),
        ] {
            assert_eq!(keys(&mut sent.as_bytes().to_vec()), expected, "{sent:?}");
        }
    }

    #[test]
    fn a_character_that_comes_in_parts_is_one_key() {
        let bytes = "春".as_bytes();
        let mut pending = bytes[..2].to_vec();

        assert_eq!(keys(&mut pending), []);
        pending.push(bytes[2]);

        assert_eq!(keys(&mut pending), [Key::Char('春')]);
        assert!(pending.is_empty());
    }
}
