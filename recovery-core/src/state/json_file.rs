//! A state in a JSON file.

mod disk;
mod document;
mod generations;

#[cfg(test)]
mod crash_tests;
#[cfg(test)]
mod sim_disk;
#[cfg(test)]
mod tests;

use std::error::Error;
use std::fmt;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use self::disk::RealDisk;
use self::document::Migration;
use self::generations::Generations;
use super::place::Place;
use super::{Loaded, StateError, StateStore, Written};

/// Keeps a state in a JSON file, and the generation before it in `NAME.previous` beside it.
///
/// The file is one JSON document, for `jq` and for people:
///
/// ```json
/// {"format":1,"version":1,"generation":42,"checksum":"crc32:89abcdef","state":{"greeted":7}}
/// ```
///
/// The checksum is a CRC-32 of `version`, a space, `generation`, a space, and the bytes of `state` as they
/// stand. Who edits the file by hand, while the program does not run, sets `checksum` to `null`: the file is
/// then taken as it is.
///
/// # What it costs
/// Each save clones the state, while nobody else can use it, and writes it whole; before that it is read
/// again from memory, so that what could not be loaded never takes the place of what can. With the users of a
/// bot, in a release build, a file of 1 MB holds up the state for 1 ms and costs 16 ms of a processor; one of
/// 10 MB, 60 ms and 200 ms; the disk comes on top, and holds up nobody. A large state belongs into the database
/// of the feature `redb`, which writes only what has changed.
///
/// # What can go wrong
/// - The process is killed, the power goes, the disk is full or fails: the state is then as it was saved
///   last, or as it was being saved. A new generation is written under the name `NAME.new`, which is never
///   read, and takes its place by a rename when it is on the disk.
/// - The file is damaged: it is renamed to `NAME.damaged-TIME`, and the previous generation is loaded in its
///   place ([`Loaded::damage`]). If there is none that is whole, loading fails and nothing is touched.
/// - Somebody changes the file while the program runs: at the next save it is renamed to
///   `NAME.changed-TIME`, and the event `state.set_aside` says so. If the power goes during that very save,
///   the generation before it is loaded.
/// - Two processes want it: the second one is refused ([`StateError::InUse`]), by a lock on `NAME.lock`. It
///   is taken by the first load or write, and held until the store is dropped.
///
/// To begin anew, move away the file and `NAME.previous`.
///
/// The files are readable by their owner alone (mode 0600), as is a folder that had to be made (0700). If
/// the path is a symbolic link, the file that it points to is replaced, and the link stays.
///
/// # Examples
/// ```
/// use recovery_core::state::{JsonFile, StateStore};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Clone, Default, Serialize, Deserialize)]
/// struct Greetings {
///     count: u64,
/// }
///
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("greetings.json");
/// let mut file = JsonFile::new(&path);
/// assert!(file.load()?.state.is_none()); // nothing was ever written
///
/// let snapshot = file.snapshot(&mut Greetings { count: 7 })?;
/// file.write(&snapshot)?;
/// drop(file);
///
/// // The next version of the program has another type, and takes the old file along.
/// #[derive(Clone, Serialize, Deserialize)]
/// struct Counts {
///     greetings: u64,
/// }
/// let mut file = JsonFile::<Counts>::new(&path)
///     .with_version(2)
///     .with_migration(|_from, old| Ok(serde_json::json!({ "greetings": old["count"] })));
/// assert_eq!(file.load()?.state.map(|state| state.greetings), Some(7));
/// # Ok::<(), recovery_core::state::StateError>(())
/// ```
pub struct JsonFile<S> {
    path: PathBuf,
    version: u32,
    migration: Option<Migration>,
    generation: u64,
    place: Option<Place>,
    files: Option<Generations<RealDisk>>,
    state: PhantomData<fn() -> S>,
}

impl<S> JsonFile<S> {
    /// A file at this path. Nothing is read or made before it is loaded or written; a relative path begins in
    /// the folder that is the current one then.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            version: 1,
            migration: None,
            generation: 0,
            place: None,
            files: None,
            state: PhantomData,
        }
    }

    /// The version of `S`, to be raised when a file of before no longer fits. Default 1.
    ///
    /// A file with a newer version is refused ([`StateError::Newer`]). One with an older version goes
    /// through the [migration](Self::with_migration); without one it is loaded if it fits.
    #[must_use]
    pub const fn with_version(mut self, version: u32) -> Self {
        self.version = version;
        self
    }

    /// Makes of a state in version `from` one that fits `S`.
    ///
    /// The file stays as it is until the state is next saved. What an error of the migration says is shown
    /// in [`StateError::Incompatible`], so it should quote nothing of the state; serde's own errors are
    /// shown without what they quote.
    #[must_use]
    pub fn with_migration(
        mut self,
        migration: impl Fn(u32, Value) -> Result<Value, Box<dyn Error + Send + Sync>> + Send + 'static,
    ) -> Self {
        self.migration = Some(Box::new(migration));
        self
    }
}

/// The files, once the lock is held that lets this store alone use them.
fn hold<'a>(
    files: &'a mut Option<Generations<RealDisk>>,
    place: &mut Option<Place>,
    path: &Path,
) -> Result<&'a mut Generations<RealDisk>, StateError> {
    let place = Place::hold(place, path)?;
    Ok(files.get_or_insert_with(|| Generations::new(RealDisk, place.path().to_owned())))
}

impl<S> StateStore<S> for JsonFile<S>
where
    S: Serialize + DeserializeOwned + Clone + Send + 'static,
{
    type Snapshot = S;

    const IS_WHOLE: bool = true;

    fn load(&mut self) -> Result<Loaded<S>, StateError> {
        let read = |text: &[u8]| document::decode(text, self.version, self.migration.as_ref());
        let files = hold(&mut self.files, &mut self.place, &self.path)?;
        let (found, damage) = files.load(read)?;
        let state = found.map(|(state, generation)| {
            self.generation = generation;
            state
        });
        Ok(Loaded { state, damage })
    }

    fn snapshot(&mut self, state: &mut S) -> Result<S, StateError> {
        Ok(state.clone())
    }

    fn write(&mut self, snapshot: &S) -> Result<Written, StateError> {
        let generation = self.generation.saturating_add(1);
        let text = document::encode(self.version, generation, snapshot)?;
        hold(&mut self.files, &mut self.place, &self.path)?.write(&text)?;
        self.generation = generation;
        Ok(Written::of(text.len() as u64))
    }
}

/// Without the state's content.
impl<S> fmt::Debug for JsonFile<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonFile")
            .field("path", &self.path)
            .field("version", &self.version)
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}
