//! The files of a database: itself, the copy of an earlier time, what was damaged.

use std::fs::{self, File};
use std::io::{self, Seek as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use redb::StorageBackend;
use redb::backends::FileBackend;

use super::fault::Fault;
#[cfg(test)]
use super::tests::refusals::ask;
use crate::state::{place, private_file};

/// Asks the system for something; in tests it refuses at any point.
#[cfg(not(test))]
fn ask<T>(operation: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    operation()
}

/// An open file, and redb's own way to it.
pub(super) struct Handle {
    pub(super) file: File,
    pub(super) below: Box<dyn StorageBackend>,
}

/// Opens a database's file; no file is no database.
pub(super) fn open(path: &Path) -> Result<Option<Handle>, Fault> {
    let opened = fs::OpenOptions::new().read(true).write(true).open(path);
    match opened {
        Ok(file) if !file.metadata()?.is_file() => {
            let advice = "it is no regular file; give the path of a file";
            Err(io::Error::other(advice).into())
        }
        Ok(file) => backend(file).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Makes an empty file, in the place of a left-over.
pub(super) fn make(path: &Path) -> Result<Handle, Fault> {
    match ask(|| fs::remove_file(path)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let mut options = private_file::options();
    options.read(true).create_new(true);
    backend(ask(|| options.open(path))?)
}

fn backend(file: File) -> Result<Handle, Fault> {
    let below = Box::new(FileBackend::new(file.try_clone()?)?);
    Ok(Handle { file, below })
}

/// Copies a file that nobody is writing to, so that the copy outlives the loss of power.
pub(super) fn copy(mut from: &File, to: &Path) -> Result<Handle, Fault> {
    let made = make(to)?;
    from.rewind()?;
    // Within the system, and where the file system can, by sharing the blocks.
    ask(|| io::copy(&mut from, &mut &made.file))?;
    ask(|| made.file.sync_all())?;
    Ok(made)
}

/// What has the name of an open file.
pub(super) enum There {
    Same,
    Another,
    Nothing,
}

/// Whether the file at `path` is still the open one.
pub(super) fn there(path: &Path, open: &File) -> io::Result<There> {
    let there = match fs::metadata(path) {
        Ok(there) => there,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(There::Nothing),
        Err(error) => return Err(error),
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let open = open.metadata()?;
        if (there.dev(), there.ino()) != (open.dev(), open.ino()) {
            return Ok(There::Another);
        }
    }
    let _ = (there, open);
    Ok(There::Same)
}

/// Gives a file its name, in the place of whatever has that name.
pub(super) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    ask(|| fs::rename(from, to))?;
    sync_folder_of(to)
}

fn sync_folder_of(path: &Path) -> io::Result<()> {
    ask(|| private_file::sync_folder(private_file::folder_of(path)))
}

/// How old a file is, as far as that is known.
pub(super) fn age(path: &Path) -> Option<Duration> {
    fs::metadata(path).ok()?.modified().ok()?.elapsed().ok()
}

/// Puts `fresh` in the place of `path`, which is kept under a name that nobody has. Where the file system knows
/// links, there is a file at `path` at every moment.
pub(super) fn replace(path: &Path, fresh: &Path) -> io::Result<Option<PathBuf>> {
    let kept = match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        _ => Some(keep(path, "damaged")?),
    };
    rename(fresh, path)?;
    Ok(kept)
}

/// Renames a file to a name that nobody has; returns that.
pub(super) fn set_aside(path: &Path, why: &str) -> io::Result<PathBuf> {
    let kept = keep(path, why)?;
    if path.try_exists()? {
        ask(|| fs::remove_file(path))?;
    }
    sync_folder_of(path)?;
    Ok(kept)
}

/// Gives a file another name that nobody has, beside its own one where the file system knows links.
fn keep(path: &Path, why: &str) -> io::Result<PathBuf> {
    for kept in place::aside(path, why) {
        match ask(|| fs::hard_link(path, &kept)) {
            Ok(()) => return Ok(kept),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(_) if !kept.try_exists()? => {
                ask(|| fs::rename(path, &kept))?;
                return Ok(kept);
            }
            Err(error) => return Err(error),
        }
    }
    unreachable!("there are more numbers than files")
}
