//! A disk that fails, and loses its power, when it is told to.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use ::redb::StorageBackend;

#[derive(Clone, Debug, Default)]
pub(super) struct SimulatedDisk(Arc<Mutex<Content>>);

#[derive(Debug, Default)]
struct Content {
    /// What outlives the loss of power.
    durable: Vec<u8>,
    /// What is read.
    now: Vec<u8>,
    unsynced: Vec<Change>,
    /// How many changes and syncs there were.
    operations: usize,
    trouble: Option<(usize, Trouble)>,
    is_off: bool,
}

#[derive(Debug)]
enum Change {
    Write(usize, Vec<u8>),
    Length(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// One operation fails.
    Fails,
    /// One sync fails, and the system takes what it should have written for written.
    FailsAndForgets,
    /// Power is lost.
    LosesPower,
}

impl SimulatedDisk {
    pub(super) fn of(content: Vec<u8>) -> Self {
        let content = Content {
            durable: content.clone(),
            now: content,
            ..Content::default()
        };
        Self(Arc::new(Mutex::new(content)))
    }

    fn lock(&self) -> MutexGuard<'_, Content> {
        self.0.lock().unwrap()
    }

    pub(super) fn content(&self) -> Vec<u8> {
        self.lock().now.clone()
    }

    pub(super) fn operations(&self) -> usize {
        self.lock().operations
    }

    /// At the operation with this number.
    pub(super) fn trouble_at(self, operation: usize, trouble: Trouble) -> Self {
        self.lock().trouble = Some((operation, trouble));
        self
    }

    pub(super) fn lose_power(&self) {
        self.lock().is_off = true;
    }

    /// What is there when power is back: of what was not synced anything, nothing, or parts. A new
    /// `random` is another case; 0 is nothing of it.
    pub(super) fn after_power_loss(&self, random: &mut u64) -> Vec<u8> {
        let content = self.lock();
        let mut left = content.durable.clone();
        if *random == 0 {
            return left;
        }
        for change in &content.unsynced {
            match (next(random) % 4, change) {
                (0, _) => {}
                (1, Change::Write(place, bytes)) => {
                    let from = next(random) % bytes.len();
                    let to = from + next(random) % (bytes.len() - from);
                    write(&mut left, place + from, &bytes[from..to]);
                }
                (_, change) => change.apply(&mut left),
            }
        }
        left
    }
}

/// A step of a xorshift generator.
fn next(random: &mut u64) -> usize {
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    usize::try_from(*random >> 33).unwrap()
}

fn write(content: &mut Vec<u8>, place: usize, bytes: &[u8]) {
    let end = place + bytes.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    content[place..end].copy_from_slice(bytes);
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Write(place, bytes) => write(content, *place, bytes),
            Self::Length(length) => content.resize(*length, 0),
        }
    }
}

impl Content {
    /// Counts an operation; an error if it is to fail.
    fn operate(&mut self, is_sync: bool) -> io::Result<()> {
        let number = self.operations;
        self.operations += 1;
        match self.trouble {
            Some((at, trouble)) if at == number => match trouble {
                Trouble::Fails => return Err(io::Error::other("it fails")),
                Trouble::FailsAndForgets if is_sync => {
                    for change in std::mem::take(&mut self.unsynced) {
                        if let Change::Length(length) = change {
                            self.durable.resize(length, 0);
                        }
                    }
                    return Err(io::Error::other("it fails and forgets"));
                }
                Trouble::FailsAndForgets => {}
                Trouble::LosesPower => self.is_off = true,
            },
            _ => {}
        }
        if self.is_off {
            return Err(io::Error::other("there is no power"));
        }
        Ok(())
    }

    fn change(&mut self, change: Change) -> io::Result<()> {
        let was_off = self.is_off;
        let result = self.operate(false);
        if result.is_ok() {
            change.apply(&mut self.now);
        }
        // What was under way when power was lost may be there in part.
        if result.is_ok() || self.is_off && !was_off {
            self.unsynced.push(change);
        }
        result
    }
}

impl StorageBackend for SimulatedDisk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.lock().now.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let content = self.lock();
        let from = usize::try_from(offset).unwrap();
        let bytes = content.now.get(from..from + out.len());
        out.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let length = usize::try_from(length).unwrap();
        self.lock().change(Change::Length(length))
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut content = self.lock();
        content.operate(true)?;
        for change in std::mem::take(&mut content.unsynced) {
            change.apply(&mut content.durable);
        }
        Ok(())
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let offset = usize::try_from(offset).unwrap();
        self.lock().change(Change::Write(offset, bytes.to_vec()))
    }
}
