//! `status --watch`: the status every second, redrawn in place on a terminal.
//!
//! Nothing is kept between two readings, so it continues through a restart of the daemon or after a
//! database was replaced. What does not fit the terminal's height can be scrolled to.

mod keyboard;

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Interval, MissedTickBehavior};

use self::keyboard::{Key, Keyboard};
use super::status::lines::{self, Section};
use super::status::{self, Source, StatusView};
use super::text::{self, Tone};
use super::{Json, Problem, Screen, Terminal, wait};
use crate::l10n::t;

const EVERY: Duration = Duration::from_secs(1);

/// The alternate screen, without a cursor.
const ENTER: &str = "\x1b[?1049h\x1b[?25l";
const LEAVE: &str = "\x1b[?25h\x1b[?1049l";
/// The first position of the screen; the rest of a line; the rest of the screen.
const HOME: &str = "\x1b[H";
const CLEAR_LINE: &str = "\x1b[K\r\n";
const CLEAR_REST: &str = "\x1b[J";

/// Shows the status every second until it is ended.
pub(super) fn run(
    json: Json,
    source: Source<'_>,
    terminal: &mut Terminal<'_>,
) -> Result<(), Problem> {
    // What cannot be read at the beginning is an error; later it is shown in place of the status.
    status::look(source, (terminal.now)())?;
    let runtime = wait::runtime()?;
    let in_place = !json.json && (terminal.screen)().is_some();
    runtime.block_on(async {
        // From here on a signal restores the terminal.
        let mut ends = Ends::listen()?;
        if !in_place {
            return follow(json, source, terminal, &mut ends).await;
        }
        terminal.write(ENTER)?;
        let keyboard = Keyboard::listen();
        let outcome = draw(source, terminal, keyboard, &mut ends).await;
        terminal.write(LEAVE)?;
        outcome
    })
}

/// Writes one answer below the other.
async fn follow(
    json: Json,
    source: Source<'_>,
    terminal: &mut Terminal<'_>,
    ends: &mut Ends,
) -> Result<(), Problem> {
    let mut ticks = ticks();
    let mut is_first = true;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = ends.come() => return Ok(()),
        }
        let now = (terminal.now)();
        let shown = match json.json {
            true => line(source, now),
            false => page(source, terminal, is_first, now),
        };
        terminal.write(&shown)?;
        is_first = false;
    }
}

fn ticks() -> Interval {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// One JSON document on a line of its own.
fn line(source: Source<'_>, now: DateTime<Utc>) -> String {
    let unread = |why: String| serde_json::json!({ "error": why }).to_string();
    let shown = match status::look(source, now) {
        Ok(view) => serde_json::to_string(&view).unwrap_or_else(|error| unread(error.to_string())),
        Err(problem) => unread(problem.message()),
    };
    format!("{shown}\n")
}

/// Writes the whole answer, below a line that separates it from the one before.
fn page(source: Source<'_>, terminal: &Terminal<'_>, is_first: bool, now: DateTime<Utc>) -> String {
    let mut text = if is_first { String::new() } else { format!("{}\n", "-".repeat(40)) };
    let mut page = terminal.page();
    match status::look(source, now) {
        Ok(view) => {
            let lines = lines::whole(&page.another(), &view, now);
            lines.iter().for_each(|line| page.raw(line));
        }
        Err(problem) => page.lines(Tone::Alarm, 0, &unread(&problem)),
    }
    text.push_str(&page.finish());
    text
}

fn unread(problem: &Problem) -> String {
    t!("watch-unread", why = problem.message())
}

/// Draws the answer over the one before, as it fits the screen, and handles keys.
async fn draw(
    source: Source<'_>,
    terminal: &mut Terminal<'_>,
    mut keyboard: Option<Keyboard>,
    ends: &mut Ends,
) -> Result<(), Problem> {
    let mut ticks = ticks();
    let mut resized = listen(SignalKind::window_change())?;
    let mut window = Window::default();
    let mut seen = look(source, terminal);
    loop {
        let pressed = async {
            match &mut keyboard {
                Some(keyboard) => keyboard.keys().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = ticks.tick() => seen = look(source, terminal),
            _ = resized.recv() => seen = look(source, terminal),
            () = ends.come() => return Ok(()),
            keys = pressed => {
                let Some(keys) = keys else { return Ok(()) };
                if keys.into_iter().any(|key| window.press(key)) {
                    return Ok(());
                }
            }
        }
        if let Some(screen) = (terminal.screen)() {
            let drawn = window.draw(shown(terminal, &seen, &window.filter), screen);
            // A line feed on the last line would scroll.
            terminal.write(&format!("{HOME}{}\x1b[K{CLEAR_REST}", drawn.join(CLEAR_LINE)))?;
        }
    }
}

/// The answer of an instant, or the error that prevented it: the next reading may work again.
type Seen = (Result<StatusView, String>, DateTime<Utc>);

fn look(source: Source<'_>, terminal: &Terminal<'_>) -> Seen {
    let now = (terminal.now)();
    (status::look(source, now).map_err(|problem| unread(&problem)), now)
}

/// Returns it as lines: those that stay, and those that are scrolled.
fn shown(terminal: &Terminal<'_>, (seen, now): &Seen, wanted: &str) -> (Vec<String>, Vec<Section>) {
    let mut blank = terminal.page();
    match seen {
        Ok(view) => lines::watched(&blank, (view, *now), wanted),
        Err(why) => {
            blank.lines(Tone::Alarm, 0, why);
            (blank.finish().lines().map(str::to_owned).collect(), Vec::new())
        }
    }
}

/// The visible part of the answer.
#[derive(Debug, Default)]
struct Window {
    /// The first line of the body that is visible.
    top: usize,
    /// How many lines of the body the screen has room for.
    height: usize,
    /// Only lines that contain this are shown.
    filter: String,
    /// Whether this filter is being typed.
    writing: bool,
}

impl Window {
    /// Handles a key; returns true if it ends the watch.
    fn press(&mut self, key: Key) -> bool {
        if self.writing {
            self.write(key);
            return false;
        }
        let screen = self.height.saturating_sub(1).max(1);
        match key {
            Key::Char('q' | 'Q') => return true,
            Key::Char('/') => {
                self.filter.clear();
                self.writing = true;
            }
            Key::Escape => self.filter.clear(),
            Key::Up | Key::Char('k') => self.top = self.top.saturating_sub(1),
            Key::Down | Key::Char('j') => self.top += 1,
            Key::PageUp | Key::Char('b') => self.top = self.top.saturating_sub(screen),
            Key::PageDown | Key::Char(' ' | 'f') => self.top += screen,
            Key::Home | Key::Char('g') => self.top = 0,
            // Drawing limits it to the last screen.
            Key::End | Key::Char('G') => self.top = usize::MAX / 2,
            Key::Enter | Key::Backspace | Key::Char(_) => {}
        }
        false
    }

    fn write(&mut self, key: Key) {
        self.top = 0;
        match key {
            Key::Char(c) => self.filter.push(c),
            Key::Backspace if self.filter.pop().is_some() => {}
            Key::Enter => self.writing = false,
            Key::Escape | Key::Backspace => {
                self.filter.clear();
                self.writing = false;
            }
            Key::Up | Key::Down | Key::PageUp | Key::PageDown | Key::Home | Key::End => {}
        }
    }

    /// Returns the lines of a screen: the head, the visible part of the body, and the help for the
    /// keys.
    fn draw(
        &mut self,
        (head, sections): (Vec<String>, Vec<Section>),
        screen: Screen,
    ) -> Vec<String> {
        let mut body = body(sections);
        if body.is_empty() && !self.filter.is_empty() {
            let filter = text::visible(&self.filter);
            body.push(text::cut(&t!("watch-nothing-holds", filter = filter), screen.columns));
        }
        let fixed = head.len().min(screen.rows.saturating_sub(1));
        let gap = usize::from(screen.rows > fixed + 4);
        self.height = screen.rows.saturating_sub(fixed + gap + 1);
        self.top = self.top.min(body.len().saturating_sub(self.height));
        let seen = body.iter().skip(self.top).take(self.height);
        let mut lines: Vec<_> = head.iter().take(fixed).cloned().collect();
        lines.extend(std::iter::repeat_n(String::new(), gap));
        lines.extend(seen.cloned());
        let bottom = screen.rows.saturating_sub(1);
        lines.resize(bottom, String::new());
        lines.push(text::cut(&self.bar(body.len()), screen.columns));
        lines
    }

    fn bar(&self, all: usize) -> String {
        let filter = text::visible(&self.filter);
        if self.writing {
            return t!("watch-writing", filter = filter);
        }
        let keys = match filter.as_str() {
            "" => t!("watch-keys"),
            _ => t!("watch-keys-filtered", filter = filter),
        };
        let (first, last) = (self.top + 1, (self.top + self.height).min(all));
        match all > self.height {
            true => t!("watch-lines", keys = keys, first = %first, last = %last, all = %all),
            false => keys,
        }
    }
}

/// The sections one below the other.
fn body(sections: Vec<Section>) -> Vec<String> {
    let mut body = Vec::new();
    for Section { lines } in sections {
        if !body.is_empty() {
            body.push(String::new());
        }
        body.extend(lines);
    }
    body
}

fn listen(kind: SignalKind) -> Result<Signal, Problem> {
    signal(kind).map_err(|error| Problem::Cannot(t!("watch-no-signals", error = %error)))
}

/// The signals that end a watch, besides its keys.
struct Ends {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Ends {
    fn listen() -> Result<Self, Problem> {
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hangup: listen(SignalKind::hangup())?,
        })
    }

    /// Waits for one of the signals.
    async fn come(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hangup.recv() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(name: &str, rows: usize) -> Section {
        let rows = (1..=rows).map(|number| format!("  {name} {number}"));
        Section { lines: std::iter::once(name.to_owned()).chain(rows).collect() }
    }

    fn seen() -> (Vec<String>, Vec<Section>) {
        let head = vec!["clock".to_owned(), "daemon".to_owned()];
        (head, vec![section("APPROVE", 3), section("NEXT", 20), section("QUOTAS", 6)])
    }

    fn screen(rows: usize) -> Screen {
        Screen { columns: 80, rows }
    }

    #[test]
    fn a_screen_is_filled_and_never_more_than_filled() {
        for rows in 1..60 {
            let lines = Window::default().draw(seen(), screen(rows));

            assert_eq!(lines.len(), rows);
            assert!(lines[rows - 1].starts_with("q ends"), "{rows}: {lines:?}");
        }
    }

    #[test]
    fn what_cannot_wait_is_seen_first_and_the_rest_is_scrolled_to() {
        let mut window = Window::default();
        let first = window.draw(seen(), screen(24));
        window.press(Key::PageDown);
        let second = window.draw(seen(), screen(24));
        window.press(Key::End);
        window.press(Key::Down);
        let last = window.draw(seen(), screen(24));
        window.press(Key::Home);

        assert_eq!(first[..5], ["clock", "daemon", "", "APPROVE", "  APPROVE 1"]);
        assert_eq!(first[23], "q ends, / filters; 1-20 of 34 lines, arrows scroll");
        assert_eq!(second[..2], ["clock", "daemon"]);
        assert_eq!(last[22], "  QUOTAS 6");
        assert_eq!(window.draw(seen(), screen(24)), first);
    }

    #[test]
    fn a_filter_is_written_mended_kept_and_ended() {
        let mut window = Window::default();
        for c in "/春节".chars() {
            assert!(!window.press(Key::Char(c)));
        }
        window.press(Key::Backspace);
        let writing = window.draw(seen(), screen(24));
        window.press(Key::Enter);
        let kept = window.draw(seen(), screen(24));
        window.press(Key::Escape);

        assert_eq!(writing[23], "/春_   Enter keeps it, Esc shows all");
        assert!(kept[23].starts_with("only \"春\", Esc shows all; q ends"), "{kept:?}");
        assert_eq!(window.filter, "");
    }

    #[test]
    fn a_filter_is_written_anew_and_says_where_nothing_holds_it() {
        let mut window = Window::default();
        for key in "/old".chars().map(Key::Char).chain([Key::Enter]) {
            window.press(key);
        }
        for c in "/new".chars() {
            window.press(Key::Char(c));
        }

        let lines = window.draw((Vec::new(), Vec::new()), screen(24));

        assert_eq!(window.filter, "new");
        assert!(lines.iter().any(|line| line == "Nothing here holds \"new\"."), "{lines:?}");
    }

    #[test]
    fn q_ends_unless_it_is_written_into_a_filter() {
        let mut window = Window::default();

        assert!(window.press(Key::Char('q')));
        window.press(Key::Char('/'));
        assert!(!window.press(Key::Char('q')));
    }
}
