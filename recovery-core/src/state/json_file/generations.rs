//! The current file and the previous one, and how a new one takes their places.

use std::io;
use std::path::{Path, PathBuf};

use super::disk::{Disk, Identity};
use crate::state::unfit::Unfit;
use crate::state::{Damage, StateError, place, private_file};

/// Two generations of a file. At every moment one of them is whole: a new one is written beside them under
/// a name that is never read, and renamed when it is on the disk.
#[derive(Debug)]
pub(super) struct Generations<D> {
    disk: D,
    current: PathBuf,
    /// What was there when it was last read or written here.
    known_current: Option<Identity>,
    known_previous: Option<Identity>,
    /// What was to become the current one last: a rename that failed may have been done all the same.
    newest: Option<Identity>,
}

impl<D: Disk> Generations<D> {
    pub(super) const fn new(disk: D, current: PathBuf) -> Self {
        Self {
            disk,
            current,
            known_current: None,
            known_previous: None,
            newest: None,
        }
    }

    /// The current generation, or if there is none, or it is damaged, the previous one.
    pub(super) fn load<T>(
        &mut self,
        read: impl Fn(&[u8]) -> Result<T, Unfit>,
    ) -> Result<(Option<T>, Option<Damage>), StateError> {
        let previous = place::previous(&self.current);
        let (known_current, current) = self.read(&self.current)?;
        let (state, damage) = match current.map(|text| read(&text)) {
            Some(Ok(state)) => (Some(state), None),
            // Only between the two renames of a save is there no current one.
            None => match self.read(&previous)?.1 {
                Some(text) => {
                    let state = read(&text).map_err(|unfit| unfit.at(&previous))?;
                    (Some(state), None)
                }
                None => (None, None),
            },
            Some(Err(Unfit::Damaged(reason))) => {
                let earlier = self.read(&previous)?.1.map(|text| read(&text));
                let Some(Ok(state)) = earlier else {
                    return Err(Unfit::Damaged(reason).at(&self.current));
                };
                let damage = Damage {
                    reason,
                    kept: Some(self.set_aside(&self.current, "damaged")?),
                    restored: previous.clone(),
                };
                // At worst it is found damaged once more.
                let _ = self.sync_folder();
                (Some(state), Some(damage))
            }
            Some(Err(unfit)) => return Err(unfit.at(&self.current)),
        };
        self.known_current = known_current.filter(|_| damage.is_none());
        self.known_previous = self.identity(&previous)?;
        Ok((state, damage))
    }

    /// Puts `text` in the place of the current generation, which becomes the previous one.
    pub(super) fn write(&mut self, text: &[u8]) -> Result<(), StateError> {
        let new = place::fresh(&self.current);
        if let Err(cause) = self.write_new(&new, text) {
            // The next save removes it too.
            let _ = self.disk.remove(&new);
            return Err(StateError::io("write", &new)(cause));
        }
        let newest = self.identity(&new)?;
        self.make_room()?;
        self.newest = newest;
        (self.disk.rename(&new, &self.current))
            .map_err(StateError::io("replace", &self.current))?;
        self.known_current = newest;
        self.sync_folder()
    }

    fn sync_folder(&self) -> Result<(), StateError> {
        let folder = private_file::folder_of(&self.current);
        (self.disk.sync_folder(folder)).map_err(StateError::io("sync", folder))
    }

    fn write_new(&self, new: &Path, text: &[u8]) -> io::Result<()> {
        match self.disk.remove(new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = self.disk.create_new(new)?;
        self.disk.write_all(&mut file, text)?;
        self.disk.sync(&file)
    }

    /// Moves away what is in the current one's place, so that nothing is overwritten but a generation which
    /// has had its time.
    fn make_room(&mut self) -> Result<(), StateError> {
        let previous_path = place::previous(&self.current);
        let ours = [self.known_current, self.known_previous, self.newest];
        let is_strange = |there: Identity| !there.is_file || !ours.contains(&Some(there));
        let previous = self.identity(&previous_path)?;
        match self.identity(&self.current)? {
            None => {
                // The rename below may have been done although it failed.
                self.known_previous = previous.filter(|previous| !is_strange(*previous));
            }
            Some(current) if is_strange(current) => self.set_aside_strange(&self.current)?,
            Some(current) => {
                if previous.is_some_and(is_strange) {
                    self.set_aside_strange(&previous_path)?;
                }
                (self.disk.rename(&self.current, &previous_path))
                    .map_err(StateError::io("rename", &self.current))?;
                self.known_previous = Some(current);
            }
        }
        self.known_current = None;
        Ok(())
    }

    fn set_aside_strange(&self, path: &Path) -> Result<(), StateError> {
        let kept = self.set_aside(path, "changed")?;
        crate::observe::state_set_aside(path, &kept);
        // Before a new one takes its place: the two renames must not change places.
        self.sync_folder()
    }

    /// Renames a file to a name that nothing has; returns that.
    fn set_aside(&self, path: &Path, why: &str) -> Result<PathBuf, StateError> {
        let mut names = place::aside(path, why);
        let mut kept = names.next().unwrap_or_default();
        for name in names {
            if self.identity(&kept)?.is_none() {
                break;
            }
            kept = name;
        }
        self.disk
            .rename(path, &kept)
            .map_err(StateError::io("set aside", path))?;
        Ok(kept)
    }

    fn read(&self, path: &Path) -> Result<(Option<Identity>, Option<Vec<u8>>), StateError> {
        let Some(identity) = self.identity(path)? else {
            return Ok((None, None));
        };
        if !identity.is_file {
            // To open a pipe would wait for its writer.
            let cause = io::Error::other("it is no regular file; give the path of a file");
            return Err(StateError::io("use", path)(cause));
        }
        let text = self.disk.read(path).map_err(StateError::io("read", path))?;
        Ok((Some(identity), Some(text)))
    }

    fn identity(&self, path: &Path) -> Result<Option<Identity>, StateError> {
        match self.disk.identity(path) {
            Ok(identity) => Ok(Some(identity)),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(StateError::io("look at", path)(cause)),
        }
    }
}
