//! The file of a journal: lines are appended, each by one write; now and then it is replaced by a
//! shorter one.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::JournalError;
use super::record::{FORMAT, Record};
use crate::state::{LockFile, StateError, aside, private_file};

/// An append-only file of records that this process alone writes.
///
/// Each record is one `write` to the system, so a process that is killed loses none that was noted;
/// a machine that loses its power may lose the newest. A last line that was cut short is not read.
#[derive(Debug)]
pub(super) struct JournalFile {
    path: PathBuf,
    file: File,
    size: u64,
    /// Held as long as this value lives.
    _lock: LockFile,
}

impl JournalFile {
    /// Opens or makes `folder/name.journal`, and reads it.
    pub(super) fn open(folder: &Path, name: &str) -> Result<(Self, Vec<Record>), JournalError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |cause| JournalError::Io { path, cause }
        };
        private_file::make_folder(folder).map_err(failed(folder))?;
        let lock = LockFile::take(&folder.join(name)).map_err(|error| match error {
            StateError::Io { path, cause, .. } => JournalError::Io { path, cause },
            error => {
                let holder = match error {
                    StateError::InUse { holder, .. } => holder,
                    _ => None,
                };
                let path = folder.join(format!("{name}.lock"));
                JournalError::InUse { path, holder }
            }
        })?;
        let path = folder.join(format!("{name}.journal"));
        let mut file = private_file::options();
        let file = file
            .create(true)
            .append(true)
            .open(&path)
            .map_err(failed(&path))?;
        let text = fs::read(&path).map_err(failed(&path))?;
        let (records, damaged) = read(&text);
        let newer =
            |record: &Record| matches!(record, Record::Begin { format, .. } if *format > FORMAT);
        if records.iter().any(newer) {
            return Err(JournalError::Newer { path });
        }
        if damaged > 0 {
            crate::observe::journal_damaged(&keep(&path, &text), damaged);
        }
        let journal = Self {
            path,
            file,
            size: text.len() as u64,
            _lock: lock,
        };
        Ok((journal, records))
    }

    /// Adds a line; returns the file's size. After a failure there may be half a line at the end, and nothing is
    /// to be added before [`rewrite`](Self::rewrite).
    pub(super) fn append(&mut self, record: &Record) -> io::Result<u64> {
        let mut line = Vec::with_capacity(128);
        serde_json::to_writer(&mut line, record)?;
        line.push(b'\n');
        self.file.write_all(&line)?;
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
        let mut file = private_file::options()
            .create(true)
            .truncate(true)
            .open(&fresh)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(&fresh, &self.path)?;
        // Its cursor is at its end, and nobody else writes to it.
        self.file = file;
        self.size = text.len() as u64;
        // The file itself is safe.
        let _ = private_file::sync_folder(private_file::folder_of(&self.path));
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

/// Puts what was damaged where nothing is.
fn keep(path: &Path, text: &[u8]) -> io::Result<PathBuf> {
    for kept in aside(path, "damaged") {
        match private_file::options().create_new(true).open(&kept) {
            Ok(mut file) => {
                let written = file.write_all(text).and_then(|()| file.sync_all());
                if written.is_err() {
                    // Half a copy must not fill the disk.
                    let _ = fs::remove_file(&kept);
                }
                return written.map(|()| kept);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    unreachable!("there are more numbers than files")
}

/// The lines that can be read, and how many cannot. A last line that a crash cut short is no damage.
fn read(text: &[u8]) -> (Vec<Record>, usize) {
    let mut damaged = 0;
    let end = text.iter().rposition(|byte| *byte == b'\n').unwrap_or(0);
    let records = text[..end]
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .filter_map(|line| {
            serde_json::from_slice(line)
                .inspect_err(|_| damaged += 1)
                .ok()
        })
        .collect();
    (records, damaged)
}
