//! The file below a database, which stays as it is until its content is known to be good.

use std::io;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::{BackendError, StorageBackend};

/// What redb changes in a file as it opens it is kept in memory until [`apply`](Self::apply), so that a
/// file that turns out to be damaged, newer, or someone else's is left as it was found.
#[derive(Clone, Debug)]
pub(super) struct Disk(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    below: Box<dyn StorageBackend>,
    /// What is not in the file yet; `None` once everything is written at once.
    deferred: Mutex<Option<Vec<Change>>>,
}

#[derive(Debug)]
enum Change {
    Write(u64, Vec<u8>),
    Length(u64),
    Sync,
}

/// Which commit is taken where the newest one may not have been acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Newest {
    /// The newest that is whole: after a restart.
    Whole,
    /// The newest that the header names: within a process after a failed write, when the system's memory may
    /// hold pages that never reached the disk.
    Named,
}

impl Disk {
    /// A file whose changes are kept in memory.
    pub(super) fn holding_back(below: Box<dyn StorageBackend>) -> Self {
        Self::of(below, Some(Vec::new()))
    }

    /// A file that is written to at once.
    pub(super) fn direct(below: Box<dyn StorageBackend>) -> Self {
        Self::of(below, None)
    }

    fn of(below: Box<dyn StorageBackend>, deferred: Option<Vec<Change>>) -> Self {
        Self(Arc::new(Shared {
            below,
            deferred: Mutex::new(deferred),
        }))
    }

    /// The flags with which redb looks at both commits in the file, if the one that the header names, which it
    /// would take unseen, is not the newest.
    pub(super) fn flags_in_doubt(&self) -> io::Result<Option<u8>> {
        if self.0.below.len()? < header::SIZE as u64 {
            return Ok(None);
        }
        let mut bytes = [0; header::SIZE];
        self.0.below.read(0, &mut bytes)?;
        Ok(header::without_trust(&bytes))
    }

    /// Forgets what was kept back, and begins with other flags.
    pub(super) fn begin_anew(&self, flags: u8) {
        *self.deferred() = Some(vec![Change::Write(header::FLAGS as u64, vec![flags])]);
    }

    /// Writes what was kept back, in its order; from then on everything is written at once. After a failure
    /// nothing more is written: the file is as if power had been lost.
    pub(super) fn apply(&self) -> io::Result<()> {
        let mut deferred = self.deferred();
        for change in deferred.iter().flatten() {
            match change {
                Change::Write(offset, bytes) => self.0.below.write(*offset, bytes)?,
                Change::Length(length) => self.0.below.set_len(*length)?,
                Change::Sync => self.0.below.sync_data()?,
            }
        }
        *deferred = None;
        Ok(())
    }

    fn deferred(&self) -> MutexGuard<'_, Option<Vec<Change>>> {
        let deferred = self.0.deferred.lock();
        deferred.unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a change back, if changes are kept back.
    fn keep_back(&self, change: impl FnOnce() -> Change) -> bool {
        let mut deferred = self.deferred();
        if let Some(changes) = &mut *deferred {
            changes.push(change());
        }
        deferred.is_some()
    }
}

impl Shared {
    fn length(&self, changes: &[Change]) -> io::Result<u64> {
        let newest = changes.iter().rev().find_map(|change| match change {
            Change::Length(length) => Some(*length),
            _ => None,
        });
        newest.map_or_else(|| self.below.len(), Ok)
    }

    /// What is in the file, with the changes over it.
    fn read_over(&self, changes: &[Change], offset: u64, out: &mut [u8]) -> io::Result<()> {
        let end = offset.saturating_add(out.len() as u64);
        if end > self.length(changes)? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        // How many bytes of `out` are before a place in the file.
        let before = |place: u64| {
            let place = place.clamp(offset, end) - offset;
            usize::try_from(place).unwrap_or(usize::MAX)
        };
        let in_file = before(self.below.len()?);
        out[in_file..].fill(0);
        if in_file > 0 {
            self.below.read(offset, &mut out[..in_file])?;
        }
        for change in changes {
            match change {
                Change::Write(place, bytes) => {
                    let (from, to) = (before(*place), before(place + bytes.len() as u64));
                    if from < to {
                        let skipped = before_start(*place, offset);
                        out[from..to].copy_from_slice(&bytes[skipped..skipped + to - from]);
                    }
                }
                Change::Length(length) => out[before(*length)..].fill(0),
                Change::Sync => {}
            }
        }
        Ok(())
    }
}

/// How many bytes that are written at `place` lie before `offset`.
fn before_start(place: u64, offset: u64) -> usize {
    usize::try_from(offset.saturating_sub(place)).unwrap_or(usize::MAX)
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        match &*self.deferred() {
            Some(changes) => self.0.length(changes),
            None => self.0.below.len(),
        }
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        match &*self.deferred() {
            Some(changes) => self.0.read_over(changes, offset, out),
            None => self.0.below.read(offset, out),
        }
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        if self.keep_back(|| Change::Length(length)) {
            return Ok(());
        }
        self.0.below.set_len(length)
    }

    fn sync_data(&self) -> io::Result<()> {
        if self.keep_back(|| Change::Sync) {
            return Ok(());
        }
        self.0.below.sync_data()
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        if self.keep_back(|| Change::Write(offset, bytes.to_vec())) {
            return Ok(());
        }
        self.0.below.write(offset, bytes)
    }

    fn close(&self) -> io::Result<()> {
        self.0.below.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.below.try_lock_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.below.unlock_range(start, end)
    }
}

/// Bytes of redb's header, as its `docs/design.md` has them.
mod header {
    pub(super) const SIZE: usize = 320;
    pub(super) const FLAGS: usize = 9;
    const SECOND_IS_PRIMARY: u8 = 1;
    const TWO_PHASE_COMMIT: u8 = 4;
    const SLOTS: [usize; 2] = [64, 192];
    const TRANSACTION: usize = 104;

    /// The flags with which redb looks at both commits, if the one that it would take unseen is not the newest.
    ///
    /// No checksum covers the flags. A commit that they do not name may be newer because power was lost before
    /// it was named, or because they are damaged: in either case it is the right one if it is whole.
    pub(super) fn without_trust(header: &[u8; SIZE]) -> Option<u8> {
        let flags = header[FLAGS];
        let [first, second] = SLOTS.map(|slot| {
            let place = slot + TRANSACTION;
            let mut number = [0; 8];
            number.copy_from_slice(&header[place..place + 8]);
            u64::from_le_bytes(number)
        });
        let is_newest = if flags & SECOND_IS_PRIMARY == 0 {
            first >= second
        } else {
            second >= first
        };
        (!is_newest).then_some(flags & !TWO_PHASE_COMMIT)
    }
}
