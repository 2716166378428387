//! `status --watch`: the same answer every second, drawn in place on a terminal.
//!
//! Nothing is kept between two looks, so it goes on through a restart of the daemon or a database
//! that was replaced. What does not fit the terminal's height is cut, the least important first.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::status::{self, Part, Section};
use super::text::Tone;
use super::{Json, Problem, Screen, Terminal};
use crate::config::Config;

const EVERY: Duration = Duration::from_secs(1);
/// A section that is shown at all keeps at least this many lines.
const KEPT: usize = 3;

/// The alternate screen, without a cursor.
const ENTER: &str = "\x1b[?1049h\x1b[?25l";
const LEAVE: &str = "\x1b[?25h\x1b[?1049l";
/// The first place of the screen; the rest of a line; the rest of the screen.
const HOME: &str = "\x1b[H";
const CLEAR_LINE: &str = "\x1b[K\r\n";
const CLEAR_REST: &str = "\x1b[J";

/// Shows the status every second until a signal comes.
pub(super) fn run(json: Json, config: &Config, terminal: &mut Terminal<'_>) -> Result<(), Problem> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Problem::Cannot(format!("no runtime could be started: {error}")))?;
    let in_place = !json.json && (terminal.screen)().is_some();
    runtime.block_on(async {
        // From here on a signal restores the terminal.
        let mut signals = Signals::listen()?;
        if in_place {
            terminal.write(ENTER)?;
        }
        let outcome = watch(json, config, terminal, &mut signals).await;
        if in_place {
            terminal.write(LEAVE)?;
        }
        outcome
    })
}

async fn watch(
    json: Json,
    config: &Config,
    terminal: &mut Terminal<'_>,
    signals: &mut Signals,
) -> Result<(), Problem> {
    let mut is_first = true;
    loop {
        let now = (terminal.now)();
        let shown = match (terminal.screen)().filter(|_| !json.json) {
            Some(screen) => drawn(config, terminal, screen, now),
            None if json.json => line(config, now),
            None => page(config, terminal, is_first, now),
        };
        terminal.write(&shown)?;
        is_first = false;
        if !signals.pause().await {
            return Ok(());
        }
    }
}

/// One JSON document on a line of its own.
fn line(config: &Config, now: DateTime<Utc>) -> String {
    let unread = |why: String| serde_json::json!({ "error": why }).to_string();
    let shown = match status::look(config, now) {
        Ok(view) => serde_json::to_string(&view).unwrap_or_else(|error| unread(error.to_string())),
        Err(problem) => unread(problem.message()),
    };
    format!("{shown}\n")
}

/// The whole answer, below a line that parts it from the one before.
fn page(config: &Config, terminal: &Terminal<'_>, is_first: bool, now: DateTime<Utc>) -> String {
    let mut text = if is_first { String::new() } else { format!("{}\n", "-".repeat(40)) };
    for section in look(config, terminal, now) {
        for line in section.lines {
            text.push_str(&line);
            text.push('\n');
        }
    }
    text
}

/// The answer as it fits the screen, drawn over the one before.
fn drawn(config: &Config, terminal: &Terminal<'_>, screen: Screen, now: DateTime<Utc>) -> String {
    let sections = look(config, terminal, now);
    let lines = fit(sections, screen.rows);
    // A line feed on the last line would scroll.
    format!("{HOME}{}\x1b[K{CLEAR_REST}", lines.join(CLEAR_LINE))
}

/// Looks, or says what keeps from looking: the next look may work again.
fn look(config: &Config, terminal: &Terminal<'_>, now: DateTime<Utc>) -> Vec<Section> {
    let mut blank = terminal.page();
    match status::look(config, now) {
        Ok(view) => status::sections(&blank, &view, now),
        Err(problem) => {
            let words = format!("The status cannot be read: {}", problem.message());
            blank.lines(Tone::Alarm, 0, &words);
            let lines = blank.finish().lines().map(str::to_owned).collect();
            vec![Section { part: Part::Daemon, lines, brief: None }]
        }
    }
}

/// Cuts sections to a height, the least important first, and says how much was cut.
fn fit(mut sections: Vec<Section>, rows: usize) -> Vec<String> {
    let height = |sections: &[Section]| -> usize { sections.iter().map(|s| s.lines.len()).sum() };
    while sections.last().is_some_and(|last| last.lines.last().is_some_and(String::is_empty)) {
        sections.last_mut().map(|last| last.lines.pop());
    }
    let all = height(&sections);
    if all <= rows {
        return sections.into_iter().flat_map(|section| section.lines).collect();
    }
    let room = rows.saturating_sub(1);
    for index in (0..sections.len()).rev() {
        if height(&sections) > room
            && let Some(brief) = sections[index].brief.take()
        {
            sections[index].lines = vec![brief];
        }
    }
    for keep in [0, KEPT] {
        let mut order: Vec<_> = (0..sections.len()).collect();
        order.sort_by_key(|&index| (sections[index].part, index));
        for index in order.into_iter().rev() {
            let over = height(&sections).saturating_sub(room);
            let section = &mut sections[index];
            let least = match section.part {
                Part::Daemon => section.lines.len(),
                Part::Attention | Part::Next if keep == 0 => section.lines.len().min(KEPT * 2),
                Part::Attention | Part::Next => section.lines.len().min(keep),
                Part::Account | Part::Counts | Part::Lately => 0,
            };
            let left = section.lines.len().saturating_sub(over).max(least);
            // The heading of something says nothing without it.
            let left = if left < KEPT && left < section.lines.len() { least } else { left };
            section.lines.truncate(left);
        }
    }
    let mut lines: Vec<_> = sections.into_iter().flat_map(|section| section.lines).collect();
    lines.truncate(room);
    let cut = all - lines.len();
    lines.push(format!("({cut} more lines: a higher window shows them)"));
    lines
}

/// What ends a watch, and what makes it look at once.
struct Signals {
    ends: [Signal; 3],
    resized: Signal,
}

impl Signals {
    fn listen() -> Result<Self, Problem> {
        let listen = |kind| {
            signal(kind)
                .map_err(|error| Problem::Cannot(format!("signals cannot be heard: {error}")))
        };
        Ok(Self {
            ends: [
                listen(SignalKind::interrupt())?,
                listen(SignalKind::terminate())?,
                listen(SignalKind::hangup())?,
            ],
            resized: listen(SignalKind::window_change())?,
        })
    }

    /// Waits for the next look; false where it is the end.
    async fn pause(&mut self) -> bool {
        let [interrupt, terminate, hangup] = &mut self.ends;
        tokio::select! {
            () = tokio::time::sleep(EVERY) => true,
            _ = self.resized.recv() => true,
            _ = interrupt.recv() => false,
            _ = terminate.recv() => false,
            _ = hangup.recv() => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(part: Part, lines: usize) -> Section {
        let brief = (part == Part::Account).then(|| "brief".to_owned());
        Section { part, lines: (1..=lines).map(|n| format!("{part:?} {n}")).collect(), brief }
    }

    fn screen() -> Vec<Section> {
        vec![
            section(Part::Daemon, 3),
            section(Part::Attention, 8),
            section(Part::Next, 10),
            section(Part::Account, 6),
            section(Part::Account, 6),
            section(Part::Lately, 4),
            section(Part::Counts, 1),
        ]
    }

    #[test]
    fn what_fits_is_not_cut() {
        assert_eq!(fit(screen(), 38).len(), 38);
        assert!(fit(screen(), 38).iter().all(|line| !line.starts_with('(')));
    }

    #[test]
    fn the_least_important_is_cut_first_and_the_rest_says_so() {
        for (rows, gone, kept) in [
            (30, "Account 2", "Lately 4"),
            (24, "Lately 1", "brief"),
            (22, "brief", "Next 10"),
            (16, "Next 7", "Attention 6"),
            (12, "Next 4", "Attention 5"),
        ] {
            let lines = fit(screen(), rows);

            assert!(lines.len() <= rows, "{rows}: {lines:?}");
            assert!(!lines.contains(&gone.to_owned()), "{rows}: {lines:?}");
            assert!(lines.contains(&kept.to_owned()), "{rows}: {lines:?}");
            assert!(lines.last().is_some_and(|line| line.ends_with("a higher window shows them)")));
        }
    }

    #[test]
    fn no_height_is_too_small() {
        for rows in 1..40 {
            assert!(fit(screen(), rows).len() <= rows.max(1), "{rows}");
        }
    }
}
