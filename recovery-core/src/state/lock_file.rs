//! One writer at a time: a lock beside the file, which says who holds it.

use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::{StateError, private_file, utc};

/// The lock `NAME.lock` beside the file `NAME`, held as long as this value lives.
///
/// The system gives it back when the process ends, however it ends; the file stays. A second one in the
/// same process is refused like that of another process.
#[derive(Debug)]
pub(crate) struct LockFile {
    file: File,
    path: PathBuf,
}

impl LockFile {
    /// Takes the lock for the file at `path`, in a folder that exists.
    ///
    /// # Errors
    /// [`StateError::InUse`] with who holds it, or [`StateError::Io`].
    pub(crate) fn take(path: &Path) -> Result<Self, StateError> {
        let lock = private_file::beside(path, "lock");
        let failed = |cause| StateError::io("lock", &lock)(cause);
        // Not truncated: until the lock is taken, it tells of another's.
        let mut file = private_file::options()
            .read(true)
            .create(true)
            .truncate(false)
            .open(&lock)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StateError::InUse {
                    path: path.to_owned(),
                    holder: read_holder(&mut file),
                });
            }
            Err(TryLockError::Error(cause)) => return Err(failed(cause)),
        }
        // A full disk must not keep a lock from being held.
        let _ = write_holder(&mut file);
        Ok(Self { file, path: lock })
    }

    /// Whether the lock file is still the one that was locked: if someone has removed it, another process
    /// may hold a lock on a new one.
    pub(super) fn is_in_place(&self) -> bool {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            let same = |(ours, there): (std::fs::Metadata, std::fs::Metadata)| {
                (ours.dev(), ours.ino()) == (there.dev(), there.ino())
            };
            let both = self
                .file
                .metadata()
                .and_then(|ours| Ok((ours, self.path.symlink_metadata()?)));
            both.is_ok_and(same)
        }
        #[cfg(not(unix))]
        self.path.exists()
    }
}

impl Drop for LockFile {
    fn drop(&mut self) {
        // So that the next one to hold it is not taken for this one before it has written its own name.
        let _ = self.file.set_len(0);
    }
}

fn write_holder(file: &mut File) -> io::Result<()> {
    let program = std::env::current_exe().ok();
    let program = program
        .as_deref()
        .and_then(Path::file_name)
        .map_or("unknown".into(), |name| name.to_string_lossy());
    let since = utc::now();
    file.set_len(0)?;
    writeln!(
        file,
        "process {} ({program}), since {since}",
        std::process::id()
    )
}

/// Who holds it, if that can be read; anybody may have written the file, so it is kept short and plain.
fn read_holder(file: &mut File) -> Option<String> {
    let mut text = Vec::new();
    file.take(200).read_to_end(&mut text).ok()?;
    let text = String::from_utf8_lossy(&text);
    let line = text.lines().next()?.trim();
    let plain: String = line.chars().filter(|c| !c.is_control()).collect();
    (!plain.is_empty()).then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_writer_is_told_who_the_first_one_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        let first = LockFile::take(&path).unwrap();
        let refused = LockFile::take(&path).unwrap_err().to_string();
        let expected = format!("in use by process {} (", std::process::id());
        assert!(refused.contains(&expected), "{refused}");
        assert!(refused.contains("Z: two writers"), "{refused}");
        drop(first);
        LockFile::take(&path).unwrap();
    }

    #[test]
    fn a_lock_whose_holder_says_nothing_is_held_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        let first = LockFile::take(&path).unwrap();
        first.file.set_len(0).unwrap();
        let refused = LockFile::take(&path).unwrap_err();
        assert!(matches!(refused, StateError::InUse { holder: None, .. }));
    }

    #[test]
    fn a_lock_that_a_crash_left_behind_is_free() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        std::fs::write(folder.path().join("state.json.lock"), "process 1 (gone)\n").unwrap();
        let lock = LockFile::take(&path).unwrap();
        assert!(lock.is_in_place());
        let refused = LockFile::take(&path).unwrap_err().to_string();
        assert!(!refused.contains("gone"), "{refused}");
    }

    #[test]
    fn a_lock_file_that_was_removed_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        let lock = LockFile::take(&path).unwrap();
        std::fs::remove_file(folder.path().join("state.json.lock")).unwrap();
        assert!(!lock.is_in_place());
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let _lock = LockFile::take(&folder.path().join("state.json")).unwrap();
        let file = folder.path().join("state.json.lock");
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
