//! What a bot must remember over a restart, or a `kill -9`: its gateway sessions, what it has handled,
//! which replies it has begun.

mod file;
mod memory;
mod record;
mod sends;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, Weak};
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::watch;

use self::file::JournalFile;
use self::memory::Memory;
pub(crate) use self::memory::SavedSession;
use self::record::Record;
pub(super) use self::record::millis;
use super::send::{Begun, SendJournal, SendKey};
use super::sync::lock;
use crate::{Classify, ErrorKind};

/// After a failure, the disk is tried again at the first occasion after so long.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(1);
/// Below this size the file is not rewritten.
const LEAST_REWRITTEN: u64 = 1 << 20;

/// Remembers, in a file if there is one. A failing disk never stops the bot: it is told once, and
/// what is in memory goes on.
#[derive(Debug)]
pub(crate) struct Journal {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    file: Option<JournalFile>,
    memory: Memory,
    /// When the disk failed last, if what is in the file is not what is in memory.
    failed_at: Option<Instant>,
    failure: watch::Sender<JournalFailure>,
    /// The size at which the file is rewritten next.
    rewrite_at: u64,
}

/// Why what is in the file is not what is in memory, if it is not.
pub(crate) type JournalFailure = Option<(ErrorKind, String)>;

/// Why the file of a bot's sessions cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The folder cannot be made, or the file not be opened, read or written.
    #[error("cannot use `{}`: {cause}; it must be a folder that this user can write to", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// Another client uses it, of this process or another.
    #[error(
        "`{}` is in use by {}: two clients of one bot, in this process or another, would take each other's \
         session away; stop the other one",
        path.display(),
        holder.as_deref().unwrap_or("another process")
    )]
    InUse {
        /// The lock file.
        path: PathBuf,
        /// Who has it, as far as that is known.
        holder: Option<String>,
    },
    /// A newer version has written it.
    #[error("`{}` was written by a newer version of this program; update, or remove the file (the bot then begins a new session)", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
    },
}

impl Journal {
    /// Remembers nothing beyond this process.
    pub(crate) fn in_memory(app_id: &str) -> Self {
        Self::of(None, Memory::new(app_id))
    }

    /// Remembers in a file of `folder`, named after the bot.
    pub(crate) fn open(folder: &Path, app_id: &str) -> Result<Self, JournalError> {
        // Two bots never share a file, whatever their ids are made of.
        let plain = |letter: char| {
            if letter.is_ascii_alphanumeric() {
                letter.to_string()
            } else {
                format!("_{:x}_", u32::from(letter))
            }
        };
        let name: String = app_id.chars().map(plain).collect();
        let (file, records) = JournalFile::open(folder, &format!("gateway-{name}"))?;
        let mut memory = Memory::new(app_id);
        for record in records {
            memory.apply(&record);
        }
        let journal = Self::of(Some(file), memory);
        lock(&journal.state).rewrite();
        Ok(journal)
    }

    fn of(file: Option<JournalFile>, memory: Memory) -> Self {
        let state = State {
            file,
            memory,
            failed_at: None,
            failure: watch::Sender::new(None),
            rewrite_at: LEAST_REWRITTEN,
        };
        Self {
            state: Mutex::new(state),
        }
    }

    pub(crate) fn session(&self, shard: u32) -> Option<SavedSession> {
        lock(&self.state).memory.sessions.get(&shard).cloned()
    }

    /// The newest times at which a session was begun.
    pub(crate) fn identifies(&self) -> Vec<SystemTime> {
        lock(&self.state).memory.identifies.clone()
    }

    /// Whether the event with this id has been handled.
    pub(crate) fn has_handled(&self, id: &str) -> bool {
        lock(&self.state).memory.events.contains(id)
    }

    /// Whether the disk fails, and each change of that.
    pub(crate) fn failure(&self) -> watch::Receiver<JournalFailure> {
        lock(&self.state).failure.subscribe()
    }

    /// Whether it outlives this process.
    pub(crate) fn is_kept(&self) -> bool {
        lock(&self.state).file.is_some()
    }

    /// A new session begins; everything up to `handled` is done.
    pub(crate) fn session_begins(
        &self,
        shard: u32,
        session: &str,
        shards: u32,
        intents: u32,
        handled: u64,
    ) {
        self.note(&Record::Session {
            shard,
            shards,
            intents,
            id: session.to_owned(),
            handled,
        });
    }

    /// An event is done; everything up to `handled` is.
    pub(crate) fn handled(
        &self,
        shard: u32,
        session: &str,
        sequence: u64,
        handled: u64,
        id: Option<String>,
    ) {
        self.note(&Record::Handled {
            shard,
            sequence,
            handled,
            tag: record::tag(session),
            id,
        });
    }

    /// An event of a session that is over is done.
    pub(crate) fn handled_late(&self, id: String) {
        self.note(&Record::Event { id });
    }

    pub(crate) fn identified(&self, at: SystemTime) {
        self.note(&Record::Identify { at: millis(at) });
    }

    fn note(&self, record: &Record) {
        lock(&self.state).note(record);
    }
}

/// The replies that are begun. A messenger may outlive the client, which then lets go of the folder.
impl SendJournal for Weak<Journal> {
    fn begin(&self, key: &SendKey) -> Begun {
        match self.upgrade() {
            Some(journal) => journal.begin(key),
            None => Begun::First,
        }
    }
}

impl SendJournal for Journal {
    fn begin(&self, key: &SendKey) -> Begun {
        let mut state = lock(&self.state);
        if state.memory.sends.contains(key) {
            return Begun::Before;
        }
        state.note(&Record::Send {
            key: key.clone(),
            at: millis(SystemTime::now()),
        });
        Begun::First
    }
}

impl State {
    fn note(&mut self, record: &Record) {
        self.memory.apply(record);
        let Some(file) = &mut self.file else { return };
        if let Some(failed_at) = self.failed_at {
            // What was not written since cannot be added behind: only the whole is right again.
            if failed_at.elapsed() >= TRY_AGAIN_AFTER {
                self.rewrite();
            }
            return;
        }
        match file.append(record) {
            Ok(size) if size >= self.rewrite_at => self.shorten(size),
            Ok(_) => {}
            Err(error) => self.failed(&error),
        }
    }

    /// Writes the file anew, with what still matters. Where that fails, the long one is whole and goes on.
    fn shorten(&mut self, size: u64) {
        let Some(file) = &mut self.file else { return };
        match file.rewrite(self.memory.records(SystemTime::now())) {
            Ok(size) => self.rewrite_at = LEAST_REWRITTEN.max(4 * size),
            Err(error) => {
                self.rewrite_at = 2 * size;
                crate::observe::journal_failed(&error);
            }
        }
    }

    /// Writes the file anew after a failure, or at the beginning.
    fn rewrite(&mut self) {
        let Some(file) = &mut self.file else { return };
        match file.rewrite(self.memory.records(SystemTime::now())) {
            Ok(size) => {
                self.rewrite_at = LEAST_REWRITTEN.max(4 * size);
                if self.failed_at.take().is_some() {
                    crate::observe::journal_recovered();
                    self.failure.send_replace(None);
                }
            }
            Err(error) => self.failed(&error),
        }
    }

    fn failed(&mut self, error: &io::Error) {
        if self.failed_at.replace(Instant::now()).is_none() {
            crate::observe::journal_failed(error);
            let failure = (Classify::kind(error), error.to_string());
            self.failure.send_replace(Some(failure));
        }
    }
}

#[cfg(test)]
mod tests;
