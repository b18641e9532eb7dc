//! The place of a store's files: where its path leads, and the lock that lets this process alone use it.

use std::io;
use std::path::{Path, PathBuf};

use super::lock_file::LockFile;
use super::{StateError, private_file, utc};

/// A path in a folder that exists, which is locked as long as this value lives.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    lock: LockFile,
}

impl Place {
    /// Takes the lock, if it is not held yet.
    pub(super) fn hold<'a>(
        held: &'a mut Option<Self>,
        path: &Path,
    ) -> Result<&'a mut Self, StateError> {
        match held {
            Some(place) => {
                if !place.lock.is_in_place() {
                    // Somebody has removed it; another process may have taken a new one.
                    place.lock = LockFile::take(&place.path)?;
                }
                Ok(place)
            }
            None => Ok(held.insert(Self::take(path)?)),
        }
    }

    fn take(path: &Path) -> Result<Self, StateError> {
        let path = resolve(path).map_err(StateError::io("use", path))?;
        let folder = private_file::folder_of(&path);
        private_file::make_folder(folder).map_err(StateError::io("make", folder))?;
        let lock = LockFile::take(&path)?;
        Ok(Self { path, lock })
    }

    /// Where the path leads.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// The generation before.
pub(super) fn previous(path: &Path) -> PathBuf {
    private_file::beside(path, "previous")
}

/// What is to become the file.
pub(super) fn fresh(path: &Path) -> PathBuf {
    private_file::beside(path, "new")
}

/// Names for a file that is set aside because it is `why`; the first one that nothing has is to be taken.
pub(crate) fn aside(path: &Path, why: &str) -> impl Iterator<Item = PathBuf> {
    let name = format!("{why}-{}", utc::now().replace(['-', ':'], ""));
    (1_u32..).map(move |number| match number {
        1 => private_file::beside(path, &name),
        _ => private_file::beside(path, &format!("{name}-{number}")),
    })
}

/// The path of the file itself: where links lead, also if nothing is there yet.
fn resolve(path: &Path) -> io::Result<PathBuf> {
    /// As many as Linux follows.
    const MOST_LINKS: u32 = 40;
    let mut path = std::path::absolute(path)?;
    for _ in 0..MOST_LINKS {
        match path.symlink_metadata() {
            Ok(there) if there.is_symlink() => {
                path = private_file::folder_of(&path).join(path.read_link()?);
            }
            Ok(there) if there.is_dir() => {
                let advice = "it is a folder; give the path of a file in it";
                return Err(io::Error::new(io::ErrorKind::IsADirectory, advice));
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ if path.file_name().is_none() => {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    "it names no file",
                ));
            }
            _ => return Ok(path),
        }
    }
    Err(io::Error::other("its links lead round in a circle"))
}
