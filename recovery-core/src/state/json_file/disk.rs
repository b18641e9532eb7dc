//! What the store asks of a file system, and the real one.

use std::fs::{self, File, Metadata};
use std::io::{self, Write as _};
use std::path::Path;
use std::time::SystemTime;

use crate::state::private_file;

/// What the store asks of a file system. In tests it fails at any point, and loses power.
pub(super) trait Disk {
    /// A file that is being written.
    type File;

    /// Makes a file that is not there yet, private to its owner.
    fn create_new(&self, path: &Path) -> io::Result<Self::File>;
    fn write_all(&self, file: &mut Self::File, bytes: &[u8]) -> io::Result<()>;
    /// Makes the content of a file outlive the loss of power.
    fn sync(&self, file: &Self::File) -> io::Result<()>;
    /// What is there; a link is not followed.
    fn identity(&self, path: &Path) -> io::Result<Identity>;
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;
    /// Replaces what is at `to`.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Makes the names in a folder outlive the loss of power.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;
}

/// By what a file is known again: whoever writes it in another way changes some of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) device: u64,
    pub(super) inode: u64,
    pub(super) len: u64,
    pub(super) modified: Option<SystemTime>,
    pub(super) is_file: bool,
}

impl From<&Metadata> for Identity {
    fn from(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        let (device, inode) = {
            use std::os::unix::fs::MetadataExt as _;
            (metadata.dev(), metadata.ino())
        };
        #[cfg(not(unix))]
        let (device, inode) = (0, 0);
        Self {
            device,
            inode,
            len: metadata.len(),
            modified: metadata.modified().ok(),
            is_file: metadata.is_file(),
        }
    }
}

/// The file system of this machine.
#[derive(Debug)]
pub(super) struct RealDisk;

impl Disk for RealDisk {
    type File = File;

    fn create_new(&self, path: &Path) -> io::Result<File> {
        private_file::options().create_new(true).open(path)
    }

    fn write_all(&self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_all()
    }

    fn identity(&self, path: &Path) -> io::Result<Identity> {
        Ok(Identity::from(&path.symlink_metadata()?))
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        private_file::sync_folder(folder)
    }
}
