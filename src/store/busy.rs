//! Finds the process that holds the database's write lock.
//!
//! SQLite does not report it. But on Linux a writer holds a lock on one byte of the file that ends
//! in `-shm`, or, if it uses the database exclusively, on bytes of the database, and the kernel
//! lists the holders of locks. If that list cannot be read (a unit with `ProcSubset=pid`, another
//! system), no process is named.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// The byte that a writer locks (`WAL_WRITE_LOCK`).
const WRITE_BYTE: u64 = 120;

/// A byte of the database; while it is locked (`SHARED_FIRST`), no other process can read.
const ALONE_BYTE: u64 = 0x4000_0002;

/// Returns the process that writes to a database now, or uses it exclusively, if it is known.
pub(super) fn holder(database: &Path) -> Option<String> {
    let mut shared = database.as_os_str().to_owned();
    shared.push("-shm");
    let locks = fs::read_to_string("/proc/locks").ok()?;
    let of = |file: &Path, byte: u64| {
        let inode = fs::metadata(file).ok()?.ino();
        locks.lines().find_map(|line| writer(line, inode, byte))
    };
    let pid = of(Path::new(&shared), WRITE_BYTE).or_else(|| of(database, ALONE_BYTE))?;
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    let name: String = name.trim().chars().filter(|c| !c.is_control()).collect();
    Some(if name.is_empty() { format!("pid {pid}") } else { format!("{name}, pid {pid}") })
}

/// Returns the process in a line of `/proc/locks`, if it is about that byte of that file: `1: POSIX
/// ADVISORY WRITE 4711 08:01:1234 120 120`.
fn writer(line: &str, inode: u64, byte: u64) -> Option<u32> {
    let mut words = line.split_whitespace().skip(1);
    let (_, _, kind) = (words.next()?, words.next()?, words.next()?);
    let (pid, file) = (words.next()?, words.next()?);
    let (start, end) = (words.next()?, words.next()?);
    let covers = start.parse::<u64>().ok()? <= byte
        && end.parse::<u64>().map_or(end == "EOF", |end| end >= byte);
    let is_it = kind == "WRITE" && file.rsplit(':').next()?.parse::<u64>().ok()? == inode;
    if covers && is_it { pid.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_the_writer_of_its_file_only() {
        for (line, expected) in [
            ("1: POSIX  ADVISORY  WRITE 4711 08:01:1234 120 120", Some(4711)),
            ("1: POSIX  ADVISORY  WRITE 4711 08:01:1234 0 EOF", Some(4711)),
            ("1: -> POSIX  ADVISORY  WRITE 4711 08:01:1234 120 120", None),
            ("1: POSIX  ADVISORY  READ 4711 08:01:1234 120 120", None),
            ("1: POSIX  ADVISORY  WRITE 4711 08:01:1234 123 127", None),
            ("1: POSIX  ADVISORY  WRITE 4711 08:01:9 120 120", None),
            ("1: OFDLCK ADVISORY  WRITE -1 08:01:1234 120 120", None),
            ("", None),
        ] {
            assert_eq!(writer(line, 1_234, WRITE_BYTE), expected, "{line}");
        }
    }
}
