//! Log output that never blocks the daemon: a slow reader loses lines, not broadcasts.
//!
//! Lines pass through a bounded queue to one thread that writes them. When the queue is full, a
//! line is dropped and counted, and the count is logged when there is room again. The usual crate
//! for this (tracing-appender) does not log the count. At its end it uses a timed wait of std's,
//! which never returns under a faked clock, and a `println!`, which panics if stdout is closed.

pub mod journal;

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// How many lines wait for a slow reader.
const QUEUE: usize = 4_096;
/// How long the end of the process waits for the last lines, in steps of [`LAST_STEP`].
const LAST_STEPS: usize = 40;
const LAST_STEP: Duration = Duration::from_millis(5);

/// The queue to the writing thread.
#[derive(Clone, Debug)]
pub struct Lines {
    to: SyncSender<Vec<u8>>,
    count: Arc<Count>,
}

#[derive(Debug, Default)]
struct Count {
    waiting: AtomicUsize,
    dropped: AtomicUsize,
}

impl Lines {
    /// Starts the thread that writes to `out`; a write that fails loses its line.
    pub fn to(out: impl Write + Send + 'static) -> Self {
        Self::told_by(out, |message| format!("{message}\n"))
    }

    /// The same for entries of the journal.
    pub fn to_journal(out: impl Write + Send + 'static) -> Self {
        Self::told_by(out, journal::lost)
    }

    /// Starts the thread; `line` formats the queue's own messages as a line.
    fn told_by(mut out: impl Write + Send + 'static, line: fn(&str) -> String) -> Self {
        let (to, lines) = sync_channel::<Vec<u8>>(QUEUE);
        let count = Arc::new(Count::default());
        let shared = Arc::clone(&count);
        std::thread::spawn(move || {
            for next in lines {
                let lost = shared.dropped.swap(0, Ordering::Relaxed);
                if lost > 0 {
                    let told =
                        line(&format!("{lost} log lines were lost: the reader was too slow"));
                    // If even this cannot be written, there is nowhere left to report it.
                    out.write_all(told.as_bytes()).unwrap_or_default();
                }
                out.write_all(&next).unwrap_or_default();
                shared.waiting.fetch_sub(1, Ordering::Relaxed);
            }
        });
        Self { to, count }
    }

    /// Waits a moment for the last lines to be written, at the end of the process.
    pub fn finish(&self) {
        for _ in 0..LAST_STEPS {
            if self.count.waiting.load(Ordering::Relaxed) == 0 {
                return;
            }
            std::thread::sleep(LAST_STEP);
        }
    }

    fn send(&self, line: Vec<u8>) {
        self.count.waiting.fetch_add(1, Ordering::Relaxed);
        if self.to.try_send(line).is_err() {
            self.count.waiting.fetch_sub(1, Ordering::Relaxed);
            self.count.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// One line in progress, queued when it is complete.
#[derive(Debug)]
pub struct Line<'a> {
    lines: &'a Lines,
    text: Vec<u8>,
}

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        self.lines.send(std::mem::take(&mut self.text));
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line { lines: self, text: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// A reader that says when it is given its first line, and then takes nothing.
    struct Stalled(Sender<()>, Receiver<()>);

    impl Write for Stalled {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.send(()).map_err(io::Error::other)?;
            self.1.recv().map_err(io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_stalls_loses_lines_and_holds_up_nobody() {
        let (stalled, stalls) = channel();
        let (_go_on, stall) = channel();
        let lines = Lines::to(Stalled(stalled, stall));
        lines.make_writer().write_all(b"line\n").unwrap();
        stalls.recv().unwrap();

        for _ in 0..3 * QUEUE {
            lines.make_writer().write_all(b"line\n").unwrap();
        }

        assert_eq!(lines.count.dropped.load(Ordering::Relaxed), 2 * QUEUE);
    }

    #[test]
    fn lines_arrive_whole_and_in_order() {
        let (to, written) = channel();
        struct Tell(Sender<Vec<u8>>);
        impl Write for Tell {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.send(bytes.to_vec()).map_err(io::Error::other)?;
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let lines = Lines::to(Tell(to));

        for line in ["one\n", "two\n"] {
            let mut writer = lines.make_writer();
            let (first, rest) = line.split_at(2);
            writer.write_all(first.as_bytes()).unwrap();
            writer.write_all(rest.as_bytes()).unwrap();
        }

        assert_eq!(written.recv().unwrap(), b"one\n");
        assert_eq!(written.recv().unwrap(), b"two\n");
    }
}
