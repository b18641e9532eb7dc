//! The file of a journal: lines are appended, each by one write; now and then it is replaced by a
//! shorter one.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::JournalError;
use super::record::{FORMAT, Record};

/// An append-only file of records that this process alone writes.
///
/// Each record is one `write` to the system, so a process that is killed loses none that was noted;
/// a machine that loses its power may lose the newest. A last line that was cut short is not read.
#[derive(Debug)]
pub(super) struct JournalFile {
    path: PathBuf,
    file: File,
    size: u64,
    /// Whether the last write may have left half a line.
    is_torn: bool,
    /// Held as long as this value lives.
    _lock: File,
}

impl JournalFile {
    /// Opens or makes `folder/name.journal`, and reads it.
    pub(super) fn open(folder: &Path, name: &str) -> Result<(Self, Vec<Record>), JournalError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |cause| JournalError::Io { path, cause }
        };
        make_folder(folder).map_err(failed(folder))?;
        let lock_path = folder.join(format!("{name}.lock"));
        let lock = private().open(&lock_path).map_err(failed(&lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(JournalError::InUse { path: lock_path }),
            Err(TryLockError::Error(cause)) => return Err(failed(&lock_path)(cause)),
        }
        let path = folder.join(format!("{name}.journal"));
        let mut file = private();
        let file = file.append(true).open(&path).map_err(failed(&path))?;
        let text = fs::read(&path).map_err(failed(&path))?;
        let (records, damaged) = read(&text);
        if damaged > 0 {
            let aside = path.with_extension("journal.damaged");
            let kept = fs::copy(&path, &aside);
            crate::observe::journal_damaged(&aside, damaged, kept.err());
        }
        let newer =
            |record: &Record| matches!(record, Record::Begin { format, .. } if *format > FORMAT);
        if records.iter().any(newer) {
            return Err(JournalError::Newer { path });
        }
        let journal = Self {
            path,
            file,
            size: text.len() as u64,
            is_torn: text.last().is_some_and(|last| *last != b'\n'),
            _lock: lock,
        };
        Ok((journal, records))
    }

    /// Adds a line; returns the file's size.
    pub(super) fn append(&mut self, record: &Record) -> io::Result<u64> {
        let mut line = Vec::with_capacity(128);
        if self.is_torn {
            line.push(b'\n');
        }
        serde_json::to_writer(&mut line, record)?;
        line.push(b'\n');
        self.is_torn = true;
        self.file.write_all(&line)?;
        self.is_torn = false;
        self.size += line.len() as u64;
        Ok(self.size)
    }

    /// Replaces the file by one with these records; returns its size. Either the old or the new one
    /// is there at any time.
    pub(super) fn rewrite(&mut self, records: Vec<Record>) -> io::Result<u64> {
        let mut text = Vec::new();
        for record in records {
            serde_json::to_writer(&mut text, &record)?;
            text.push(b'\n');
        }
        let fresh = self.path.with_extension("journal.new");
        let mut file = private().truncate(true).open(&fresh)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(&fresh, &self.path)?;
        // Its cursor is at its end, and nobody else writes to it.
        self.file = file;
        self.size = text.len() as u64;
        self.is_torn = false;
        if let Some(folder) = self.path.parent()
            && let Ok(folder) = File::open(folder)
        {
            // Not every system can; the file itself is safe.
            let _ = folder.sync_all();
        }
        Ok(self.size)
    }
}

#[cfg(test)]
impl JournalFile {
    /// Lets a test spoil the file.
    pub(super) fn replace_handle(&mut self, file: File) {
        self.file = file;
    }
}

/// The lines that can be read, and how many cannot. A last line that a crash cut short is no damage.
fn read(text: &[u8]) -> (Vec<Record>, usize) {
    let (whole, _cut_short) = match text.iter().rposition(|byte| *byte == b'\n') {
        Some(end) => text.split_at(end),
        None => (&[][..], text),
    };
    let mut damaged = 0;
    let lines = whole.split(|byte| *byte == b'\n');
    let records = lines
        .filter(|line| !line.is_empty())
        .filter_map(|line| {
            serde_json::from_slice(line)
                .inspect_err(|_| damaged += 1)
                .ok()
        })
        .collect();
    (records, damaged)
}

/// Options for files that only their owner may read.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
