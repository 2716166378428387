//! The journal's native protocol: one datagram for each entry, with priority and fields.
//!
//! An entry is lines of `FIELD=value`. It passes through the same queue as any line, because a
//! datagram to a journal that has stopped would block its sender. Fields have the prefix `QUNFA_`:
//! `journalctl -u qunfa QUNFA_JOB_ID=spring-launch`.

use std::fmt::{self, Write as _};
use std::io::{self, Write};
use std::os::unix::net::UnixDatagram;
use std::path::Path;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// Where the journal listens.
pub const SOCKET: &str = "/run/systemd/journal/socket";
const MESSAGE: &str = "MESSAGE=";

/// Writes events as entries of the journal.
#[derive(Clone, Copy, Debug)]
pub struct Entries;

impl<S, N> FormatEvent<S, N> for Entries
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let metadata = event.metadata();
        let mut entry = Entry(String::new());
        entry.add("PRIORITY", priority(*metadata.level()));
        entry.add("SYSLOG_IDENTIFIER", "qunfa");
        entry.add("TARGET", metadata.target());
        event.record(&mut entry);
        writer.write_str(&entry.0)
    }
}

/// Returns the syslog number of a level.
fn priority(level: Level) -> &'static str {
    match level {
        Level::ERROR => "3",
        Level::WARN => "4",
        Level::INFO => "6",
        Level::DEBUG | Level::TRACE => "7",
    }
}

/// Returns an entry that reports lost lines.
pub(super) fn lost(message: &str) -> String {
    format!("PRIORITY=4\nSYSLOG_IDENTIFIER=qunfa\n{MESSAGE}{message}\n")
}

struct Entry(String);

impl Entry {
    fn add(&mut self, name: &str, value: &str) {
        // After a line break, the rest would be read as a field of its own.
        let value = value.replace('\n', "\\n");
        writeln!(self.0, "{name}={value}").unwrap_or_default();
    }

    fn add_field(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            return self.add("MESSAGE", value);
        }
        let upper = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
        let name: String = field.name().chars().map(upper).collect();
        self.add(&format!("QUNFA_{name}"), value);
    }
}

impl Visit for Entry {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add_field(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add_field(field, &format!("{value:?}"));
    }
}

/// Sends entries to the journal, and their messages elsewhere while it does not listen.
#[derive(Debug)]
pub struct Journal<W> {
    socket: UnixDatagram,
    otherwise: W,
}

impl<W: Write> Journal<W> {
    /// Finds the journal that listens at a path.
    ///
    /// # Errors
    /// If none does.
    pub fn at(path: &Path, otherwise: W) -> io::Result<Self> {
        let socket = UnixDatagram::unbound()?;
        socket.connect(path)?;
        Ok(Self { socket, otherwise })
    }
}

impl<W: Write> Write for Journal<W> {
    fn write(&mut self, entry: &[u8]) -> io::Result<usize> {
        if self.socket.send(entry).is_err() {
            let mut lines = entry.split_inclusive(|byte| *byte == b'\n');
            if let Some(message) = lines.find_map(|line| line.strip_prefix(MESSAGE.as_bytes())) {
                self.otherwise.write_all(message)?;
            }
        }
        Ok(entry.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.otherwise.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Kept {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    #[test]
    fn an_event_is_an_entry_with_its_priority_and_its_fields() {
        let kept = Kept::default();
        let writer = kept.clone();
        let subscriber = tracing_subscriber::fmt()
            .event_format(Entries)
            .with_writer(move || writer.clone())
            .finish();

        tracing::subscriber::with_default(subscriber, || {
            let id = "spring";
            tracing::error!(account = "club", job.id = id, count = 3, "job {id} is\nmissed");
        });

        assert_eq!(
            kept.text(),
            "PRIORITY=3\nSYSLOG_IDENTIFIER=qunfa\nTARGET=qunfa::log::journal::tests\n\
             MESSAGE=job spring is\\nmissed\nQUNFA_ACCOUNT=club\nQUNFA_JOB_ID=spring\nQUNFA_COUNT=3\n"
        );
    }

    #[test]
    fn a_journal_that_is_gone_leaves_the_message() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let listens = UnixDatagram::bind(&path).unwrap();
        let kept = Kept::default();
        let mut journal = Journal::at(&path, kept.clone()).unwrap();

        journal.write_all(lost("one").as_bytes()).unwrap();
        let mut bytes = [0; 256];
        let length = listens.recv(&mut bytes).unwrap();
        drop(listens);
        journal.write_all(lost("two").as_bytes()).unwrap();

        assert_eq!(&bytes[..length], lost("one").as_bytes());
        assert_eq!(kept.text(), "two\n");
    }
}
