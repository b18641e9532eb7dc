//! A store for large states: an embedded database, in which a save writes only what has changed.

mod database;
mod disk;
mod fault;
mod files;
mod snapshot;

use std::error::Error;
use std::fmt::{self, Debug, Display, Formatter};
use std::fs::{self, File};
use std::io;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use self::database::{Database, Migrate};
use self::disk::Newest;
use self::fault::Fault;
use self::files::{Handle, There};
pub use self::snapshot::RedbSnapshot;
use super::place::{self, Place};
use super::unfit::Unfit;
use super::{Damage, Loaded, Mark, Records, StateError, StateStore, Written};

const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// After a copy could not be made, the next save after so long tries again.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// Keeps a state in an embedded database, in which a save writes only the records that have changed.
///
/// # Which store
/// [`JsonFile`](super::JsonFile) writes the whole state at every save, into a file that anyone can read and
/// edit: take it up to some megabytes, which is what most bots have. Take this one when that begins to hurt:
/// with a million users a save of one of them writes some 40 kilobytes in place of 120 megabytes.
/// Both have the whole state in memory, and both lose nothing that a save has acknowledged.
///
/// # Files
/// Beside the database `NAME` (a [redb](https://docs.rs/redb) file; every value is JSON behind its CRC-32)
/// there are
/// - `NAME.lock`: held as long as this value lives, and names who holds it;
/// - `NAME.previous`: a copy, made after a save when there is none or it is
///   [older than a day](Self::with_backup_every), and before a migration. Nobody waits for it but the next
///   save. Where the file system can (btrfs, XFS), it shares its blocks with the database;
/// - `NAME.damaged-TIME`: a database that was damaged, and for which the copy was put in its place;
/// - `NAME.changed-TIME`: a database that somebody put there before the first save of a new one.
///
/// What was set aside is never overwritten or removed. If the database is missing, and its copy is not, the
/// copy is loaded, and [told of](Loaded::damage) as damage. All files are made readable to their owner alone.
/// To begin anew, move away the database and `NAME.previous`.
///
/// # Examples
/// ```
/// use recovery_core::state::{RedbStore, Records, StateStore, TrackedMap};
///
/// #[derive(Default)]
/// struct Visits {
///     users: TrackedMap<u64>,
/// }
///
/// impl Records for Visits {
///     type Root = ();
///     type Record = u64;
///
///     fn from_parts((): (), users: TrackedMap<u64>) -> Self {
///         Self { users }
///     }
///
///     fn root(&self) {}
///
///     fn records(&mut self) -> &mut TrackedMap<u64> {
///         &mut self.users
///     }
/// }
///
/// # fn main() -> Result<(), recovery_core::state::StateError> {
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("visits.redb");
/// let mut store = RedbStore::new(&path);
/// let mut state: Visits = store.load()?.state.unwrap_or_default();
/// *state.users.get_or_insert_with("ann", || 0) += 1;
/// let snapshot = store.snapshot(&mut state)?;
/// store.write(&snapshot)?;
/// drop(store);
///
/// let loaded: Visits = RedbStore::new(&path).load()?.state.expect("what was written");
/// assert_eq!(loaded.users.get("ann"), Some(&1));
/// # Ok(())
/// # }
/// ```
pub struct RedbStore<S> {
    path: PathBuf,
    version: u32,
    migrate: Option<Box<Migrate>>,
    backup_every: Duration,
    place: Option<Place>,
    open: Option<Open>,
    /// How many saves the database has acknowledged, as far as is known.
    saves: u64,
    /// The moment that the state's changes are counted from.
    mark: Option<Mark>,
    /// When the copy is to be made anew; `None` is at the next save.
    back_up_at: Option<Instant>,
    state: PhantomData<fn() -> S>,
}

struct Open {
    database: Database,
    file: File,
}

/// What a migration is to convert.
///
/// # Examples
/// ```
/// use recovery_core::state::Part;
///
/// assert_eq!(Part::Root.to_string(), "the root");
/// assert_eq!(Part::Record("ann").to_string(), "the record `ann`");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// All of the state but its records.
    Root,
    /// The record with this key.
    Record(&'a str),
}

impl Display for Part<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => write!(formatter, "the root"),
            Self::Record(key) => write!(formatter, "the record `{}`", key.escape_debug()),
        }
    }
}

impl<S> RedbStore<S> {
    /// A store in the file at `path`, whose folder is made if it is missing. Nothing is touched before the
    /// first use; a relative path begins in the folder that is the current one then.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            version: 1,
            migrate: None,
            backup_every: A_DAY,
            place: None,
            open: None,
            saves: 0,
            mark: None,
            back_up_at: None,
            state: PhantomData,
        }
    }

    /// The version of the state, 1 by default. Raise it when the state changes so that a program of before
    /// should not read it, or so that it needs a [migration](Self::with_migration).
    #[must_use]
    pub fn with_version(mut self, version: u32) -> Self {
        self.version = version;
        self
    }

    /// How a state of an older version becomes one of this version.
    ///
    /// `migrate` is called at load for the root and each record, with the version that they were written in,
    /// and returns what they are now, or why it cannot. Everything is migrated in one transaction, or, if one
    /// call fails, nothing is. The copy `NAME.previous` is then still of the older version. Without a
    /// migration an older state is read as it is, which does where fields were only added, with defaults.
    ///
    /// What an error of the migration says is shown in [`StateError::Incompatible`], with the key of the record,
    /// so it should quote nothing of the state.
    ///
    /// # Examples
    /// ```
    /// # use recovery_core::state::{Part, RedbStore};
    /// # struct State;
    /// let store = RedbStore::<State>::new("state.redb")
    ///     .with_version(2)
    ///     .with_migration(|_from, part, mut value| {
    ///         if let Part::Record(_) = part {
    ///             let count = value["count"].as_u64().ok_or("it has no count")?;
    ///             value["count"] = (count * 60).into(); // minutes have become seconds
    ///         }
    ///         Ok(value)
    ///     });
    /// assert!(format!("{store:?}").contains("version: 2"));
    /// ```
    #[must_use]
    pub fn with_migration(
        mut self,
        migrate: impl FnMut(u32, Part<'_>, Value) -> Result<Value, Box<dyn Error + Send + Sync>>
        + Send
        + 'static,
    ) -> Self {
        self.migrate = Some(Box::new(migrate));
        self
    }

    /// How old the copy of an earlier time may become before a save makes a new one, a day by default. A copy
    /// is read again before it takes the place of the one before.
    #[must_use]
    pub fn with_backup_every(mut self, every: Duration) -> Self {
        self.backup_every = every;
        self
    }

    /// Holds the lock; returns where the path leads.
    fn hold(&mut self) -> Result<PathBuf, StateError> {
        Ok(Place::hold(&mut self.place, &self.path)?.path().to_owned())
    }

    /// Opens the file at `path`, if there is one, without changing it.
    fn open(&self, path: &Path, newest: Newest) -> Result<Option<Open>, Fault> {
        let Some(Handle { file, below }) = files::open(path)? else {
            return Ok(None);
        };
        let database = Database::open(below, newest, self.version)?;
        Ok(Some(Open { database, file }))
    }

    /// The database to write to, at `path`.
    fn open_to_write(&mut self, path: &Path) -> Result<Open, Fault> {
        if let Some(open) = self.open.take() {
            match files::there(path, &open.file)? {
                There::Same => return Ok(open),
                There::Another => {
                    let reason = "another file was put in its place while it was in use";
                    return Err(io::Error::other(reason).into());
                }
                // The whole of it is only there now.
                There::Nothing => {
                    let fresh = place::fresh(path);
                    let put_back = files::copy(&open.file, &fresh)
                        .and_then(|_| Ok(files::rename(&fresh, path)?));
                    if let Err(fault) = put_back {
                        // Unless it is there all the same, nothing else has what this has.
                        self.open = Some(open).filter(|_| !path.exists());
                        return Err(fault);
                    }
                }
            }
        }
        let newest = if self.saves == 0 {
            Newest::Whole
        } else {
            Newest::Named
        };
        match self.open(path, newest)? {
            // A state that was not loaded: somebody has put it there.
            Some(strange) if self.saves == 0 && strange.database.saves() > 0 => {
                drop(strange);
                let kept = files::set_aside(path, "changed")?;
                crate::observe::state_set_aside(path, &kept);
            }
            Some(open) if open.database.saves() < self.saves => {
                return Err(Fault::damaged("it is older than what was saved"));
            }
            Some(open) => {
                open.database.settle()?;
                return Ok(open);
            }
            // A snapshot has only what has changed.
            None if self.saves > 0 => return Err(io::Error::from(io::ErrorKind::NotFound).into()),
            None => {}
        }
        let Handle { file, below } = files::make(&place::fresh(path))?;
        let database = Database::create(below)?;
        Ok(Open { database, file })
    }

    /// Makes the copy of an earlier time anew. Nothing else fails because this does.
    fn back_up(&mut self, path: &Path, file: &File) {
        let after = match self.copy(path, file) {
            Ok(()) => self.backup_every,
            Err(fault) => {
                let error = fault.at("copy", &place::previous(path));
                crate::observe::state_backup_failed(&error);
                self.backup_every.min(TRY_AGAIN_AFTER)
            }
        };
        self.back_up_at = Some(later(after));
    }

    fn copy(&self, path: &Path, file: &File) -> Result<(), Fault> {
        let previous = place::previous(path);
        let fresh = place::fresh(&previous);
        let copied = files::copy(file, &fresh).and_then(|copy| {
            // What has become damaged since the last load must not replace a good copy.
            Database::open(copy.below, Newest::Whole, self.version)?;
            Ok(files::rename(&fresh, &previous)?)
        });
        if copied.is_err() {
            // Half a copy must not fill the disk.
            let _ = fs::remove_file(&fresh);
        }
        copied
    }
}

/// Past the end of time: never.
fn later(after: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(after).unwrap_or(now + 365 * 100 * A_DAY)
}

impl<S: Records> RedbStore<S> {
    /// Reads an open database, migrates it if need be, and lets it be changed.
    fn read(&mut self, path: &Path, open: &mut Open, is_copy: bool) -> Result<S, Fault> {
        let database = &mut open.database;
        let mut migrate = self.migrate.take();
        let is_older = database.version(self.version)? < self.version;
        let state = match &mut migrate {
            Some(migrate) if is_older => database.verify(self.version).and_then(|()| {
                database.settle()?;
                if !is_copy {
                    self.back_up(path, &open.file);
                }
                database.migrate(self.version, migrate)
            }),
            _ => database.read(self.version).and_then(|state| {
                database.settle()?;
                Ok(state)
            }),
        };
        self.migrate = migrate;
        state
    }

    /// Takes up what was read.
    fn begin(&mut self, open: Open, state: &mut S) {
        self.saves = open.database.saves();
        self.open = Some(open);
        let (_, mark) = state.records().changes_since(None);
        self.mark = Some(mark);
    }

    /// Puts the copy of an earlier time in the place of a database that is damaged, or missing.
    fn restore(&mut self, path: &Path, reason: String) -> Result<Loaded<S>, StateError> {
        let (fresh, previous) = (place::fresh(path), place::previous(path));
        let (mut state, open) = match self.read_copy(&previous, &fresh) {
            Ok(restored) => restored,
            Err(fault) => {
                let _ = fs::remove_file(&fresh);
                return Err(match fault {
                    Fault::Io(cause) if cause.kind() != io::ErrorKind::NotFound => {
                        StateError::io("restore", &previous)(cause)
                    }
                    Fault::Panicked => fault.at("restore", &previous),
                    _ => Unfit::Damaged(reason).at(path),
                });
            }
        };
        let kept = files::replace(path, &fresh).map_err(StateError::io("replace", path))?;
        self.begin(open, &mut state);
        self.back_up_at = None;
        Ok(Loaded::restored(
            state,
            Damage {
                reason,
                kept,
                restored: previous,
            },
        ))
    }

    fn read_copy(&mut self, previous: &Path, fresh: &Path) -> Result<(S, Open), Fault> {
        files::copy(&File::open(previous)?, fresh)?;
        let open = self.open(fresh, Newest::Whole)?;
        let mut open = open
            .ok_or(io::ErrorKind::NotFound)
            .map_err(io::Error::from)?;
        let state = self.read(fresh, &mut open, true)?;
        Ok((state, open))
    }
}

impl<S: Records + 'static> StateStore<S> for RedbStore<S> {
    type Snapshot = RedbSnapshot;

    fn load(&mut self) -> Result<Loaded<S>, StateError> {
        let path = self.hold()?;
        (self.open, self.mark) = (None, None);
        let previous = place::previous(&path);
        let age = files::age(&previous);
        self.back_up_at = age.map(|age| later(self.backup_every.saturating_sub(age)));
        let read = self.open(&path, Newest::Whole).and_then(|open| {
            let Some(mut open) = open else {
                return Ok(None);
            };
            let state = self.read(&path, &mut open, false)?;
            Ok(Some((state, open)))
        });
        match read {
            Ok(Some((mut state, open))) => {
                self.begin(open, &mut state);
                Ok(Loaded::intact(Some(state)))
            }
            Ok(None)
                if previous
                    .symlink_metadata()
                    .is_ok_and(|there| there.is_file()) =>
            {
                self.restore(&path, "it is missing, and its copy is not".to_owned())
            }
            Ok(None) => Ok(Loaded::intact(None)),
            Err(Fault::Unfit(Unfit::Damaged(reason))) => self.restore(&path, reason),
            Err(fault) => Err(fault.at("read", &path)),
        }
    }

    fn snapshot(&mut self, state: &mut S) -> Result<RedbSnapshot, StateError> {
        // Until all is well, so that what a failed one has taken is in the next one.
        let (changes, mark) = state.records().changes_since(self.mark.take());
        let snapshot = RedbSnapshot::take(state, changes)?;
        self.mark = Some(mark);
        Ok(snapshot)
    }

    fn write(&mut self, snapshot: &RedbSnapshot) -> Result<Written, StateError> {
        let path = self.hold()?;
        let mut write = || {
            let mut open = self.open_to_write(&path)?;
            let is_new = open.database.saves() == 0;
            open.database.write(self.version, snapshot)?;
            if is_new {
                files::rename(&place::fresh(&path), &path)?;
            }
            Ok(open)
        };
        let open = write().map_err(|fault: Fault| fault.at("write", &path))?;
        self.saves = open.database.saves();
        self.open = Some(open);
        Ok(Written::of(snapshot.bytes()))
    }

    /// Makes the copy of an earlier time, if it is due.
    fn maintain(&mut self) {
        if self.back_up_at.is_some_and(|at| at > Instant::now()) {
            return;
        }
        if let (Some(open), Ok(path)) = (self.open.take(), self.hold()) {
            self.back_up(&path, &open.file);
            self.open = Some(open);
        }
    }
}

impl<S> Debug for RedbStore<S> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RedbStore")
            .field("path", &self.path)
            .field("version", &self.version)
            .field("backup_every", &self.backup_every)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
