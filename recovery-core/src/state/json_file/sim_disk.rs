//! A disk that fails at any point, and loses power at any point.
//!
//! What is modelled, and is at least as bad as what a journaling file system does:
//! - An operation that fails may have had no effect, or have had it all the same; of a write, half.
//! - The content of a file that was not synced is lost by a loss of power, or half there, or all zeros, or
//!   all there.
//! - Of the names that were made, changed and removed since the folder was last synced, any may be lost and
//!   any be kept, independently of each other. A rename is kept or lost as one.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use super::disk::{Disk, Identity};

/// What happens at one point.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// The operation fails, and the process goes on.
    Fails { error: i32, is_done: bool },
    /// The power goes; nothing works until [`SimDisk::images`].
    PowerLoss { is_done: bool },
}

#[derive(Clone, Default)]
pub(super) struct SimDisk(Rc<RefCell<SimFolder>>);

#[derive(Clone, Default)]
struct SimFolder {
    files: Vec<SimFile>,
    names: BTreeMap<PathBuf, usize>,
    durable_names: BTreeMap<PathBuf, usize>,
    unsynced: Vec<NameChange>,
    clock: u64,
    points: usize,
    faults: Vec<(usize, Fault)>,
    is_dark: bool,
}

#[derive(Clone, Default)]
struct SimFile {
    data: Vec<u8>,
    durable: Vec<u8>,
    modified: u64,
}

#[derive(Clone)]
enum NameChange {
    Made(PathBuf, usize),
    Renamed(PathBuf, PathBuf, usize),
    Removed(PathBuf),
}

impl NameChange {
    fn apply(&self, names: &mut BTreeMap<PathBuf, usize>) {
        match self {
            Self::Made(path, file) => {
                names.insert(path.clone(), *file);
            }
            Self::Renamed(from, to, file) => {
                if names.get(from) == Some(file) {
                    names.remove(from);
                }
                names.insert(to.clone(), *file);
            }
            Self::Removed(path) => {
                names.remove(path);
            }
        }
    }
}

impl SimDisk {
    /// At the point of this number, from 0, this happens.
    pub(super) fn plan(&self, point: usize, fault: Fault) {
        self.0.borrow_mut().faults.push((point, fault));
    }

    /// Nothing fails any more.
    pub(super) fn heal(&self) {
        self.0.borrow_mut().faults.clear();
    }

    /// How many points were passed.
    pub(super) fn points(&self) -> usize {
        self.0.borrow().points
    }

    pub(super) fn is_dark(&self) -> bool {
        self.0.borrow().is_dark
    }

    /// Someone else puts this there, for good.
    pub(super) fn put(&self, path: &Path, data: &[u8]) {
        let mut content = self.0.borrow_mut();
        content.clock += 1;
        let modified = content.clock;
        content.files.push(SimFile {
            data: data.to_owned(),
            durable: data.to_owned(),
            modified,
        });
        let file = content.files.len() - 1;
        content.names.insert(path.to_owned(), file);
        content.durable_names.insert(path.to_owned(), file);
    }

    pub(super) fn paths(&self) -> Vec<PathBuf> {
        self.0.borrow().names.keys().cloned().collect()
    }

    /// The disks that there may be after the power is back.
    pub(super) fn images(&self) -> Vec<Self> {
        let content = self.0.borrow();
        let changes = content.unsynced.len();
        let subsets: Vec<u32> = if changes <= 10 {
            (0..1 << changes).collect()
        } else {
            // What was kept up to a point, and all but one.
            let all = (1_u32 << changes) - 1;
            let prefixes = (0..=changes).map(|kept| (1 << kept) - 1);
            prefixes
                .chain((0..changes).map(|one| all & !(1 << one)))
                .collect()
        };
        let mut images = Vec::new();
        for subset in subsets {
            let mut names = content.durable_names.clone();
            for (bit, change) in content.unsynced.iter().enumerate() {
                if subset & (1 << bit) != 0 {
                    change.apply(&mut names);
                }
            }
            let is_torn = |file: &&SimFile| file.data != file.durable;
            let variants = if content.files.iter().any(|file| is_torn(&file)) {
                4
            } else {
                1
            };
            for variant in 0..variants {
                let files = content
                    .files
                    .iter()
                    .map(|file| file.after_power_loss(variant));
                images.push(Self(Rc::new(RefCell::new(SimFolder {
                    files: files.collect(),
                    names: names.clone(),
                    durable_names: names.clone(),
                    clock: content.clock,
                    ..SimFolder::default()
                }))));
            }
        }
        images
    }

    /// Passes a point; `effect` is what the operation does.
    fn pass<T>(&self, effect: impl FnOnce(&mut SimFolder, bool) -> io::Result<T>) -> io::Result<T> {
        let mut content = self.0.borrow_mut();
        if content.is_dark {
            return Err(io::Error::other("no power"));
        }
        let point = content.points;
        content.points += 1;
        let fault = content.faults.iter().find(|(at, _)| *at == point);
        let Some((_, fault)) = fault.copied() else {
            return effect(&mut content, true);
        };
        let (is_done, error) = match fault {
            Fault::Fails { error, is_done } => (is_done, io::Error::from_raw_os_error(error)),
            Fault::PowerLoss { is_done } => {
                content.is_dark = true;
                (is_done, io::Error::other("no power"))
            }
        };
        if is_done {
            let _ = effect(&mut content, false);
        }
        Err(error)
    }
}

impl SimFile {
    fn after_power_loss(&self, variant: u8) -> Self {
        let data = if self.data == self.durable {
            self.data.clone()
        } else {
            match variant {
                0 => self.durable.clone(),
                1 => self.data[..self.data.len() / 2].to_vec(),
                2 => vec![0; self.data.len()],
                _ => self.data.clone(),
            }
        };
        Self {
            durable: data.clone(),
            data,
            modified: self.modified,
        }
    }
}

impl SimFolder {
    fn file(&self, path: &Path) -> io::Result<usize> {
        let file = self.names.get(path).copied();
        file.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn change(&mut self, change: NameChange) {
        change.apply(&mut self.names);
        self.unsynced.push(change);
    }
}

impl Disk for SimDisk {
    type File = usize;

    fn create_new(&self, path: &Path) -> io::Result<usize> {
        self.pass(|content, _| {
            if content.names.contains_key(path) {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            content.files.push(SimFile::default());
            let file = content.files.len() - 1;
            content.change(NameChange::Made(path.to_owned(), file));
            Ok(file)
        })
    }

    fn write_all(&self, file: &mut usize, bytes: &[u8]) -> io::Result<()> {
        self.pass(|content, is_whole| {
            content.clock += 1;
            let end = if is_whole {
                bytes.len()
            } else {
                bytes.len() / 2
            };
            let modified = content.clock;
            let file = &mut content.files[*file];
            file.data.extend_from_slice(&bytes[..end]);
            file.modified = modified;
            Ok(())
        })
    }

    fn sync(&self, file: &usize) -> io::Result<()> {
        self.pass(|content, _| {
            let file = &mut content.files[*file];
            file.durable.clone_from(&file.data);
            Ok(())
        })
    }

    fn identity(&self, path: &Path) -> io::Result<Identity> {
        self.pass(|content, _| {
            let inode = content.file(path)?;
            let file = &content.files[inode];
            let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(file.modified);
            Ok(Identity {
                device: 1,
                inode: inode as u64,
                len: file.data.len() as u64,
                modified: Some(modified),
                is_file: true,
            })
        })
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.pass(|content, _| Ok(content.files[content.file(path)?].data.clone()))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.pass(|content, _| {
            let file = content.file(from)?;
            content.change(NameChange::Renamed(from.to_owned(), to.to_owned(), file));
            Ok(())
        })
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.pass(|content, _| {
            content.file(path)?;
            content.change(NameChange::Removed(path.to_owned()));
            Ok(())
        })
    }

    fn sync_folder(&self, _: &Path) -> io::Result<()> {
        self.pass(|content, _| {
            content.unsynced.clear();
            content.durable_names = content.names.clone();
            Ok(())
        })
    }
}
