//! Every file operation of the product goes through the trait [`Files`].
//!
//! Two sets of files exist: [`RealFiles`] is a directory of the operating system, [`SimFiles`] is a
//! disk in memory that, by seed, loses what was not synced, tears the last block, fills up and fails
//! to sync. The engine cannot tell them apart, so crash tests run the real engine.
//!
//! Paths are relative to the root, with `/` between names; errors carry the same relative path, so
//! that no answer ever shows where the data directory lies. Nothing here renames: files are written
//! once under a fresh name, logs grow at their end, and the two catalog heads are overwritten in place.

#![forbid(unsafe_code)]

mod beneath;
mod error;
mod path;
mod real;
mod registry;
mod sim;

use std::sync::Arc;

pub use beneath::{open_anywhere, open_beneath};
pub use error::{FileError, Kind, Result};
pub use path::{join, parent};
pub use real::RealFiles;
pub use registry::{close_store, open_store, store};
pub use sim::{Restart, SimFiles};

/// The checksum of everything that is written: 64-bit xxh3.
pub fn checksum(bytes: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(bytes)
}

/// One name in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub name: String,
    pub is_dir: bool,
    /// Bytes; 0 for a directory.
    pub len: u64,
}

/// A directory tree that holds one database.
pub trait Files: Send + Sync {
    /// Opens an existing file for positioned reads.
    fn open_read(&self, path: &str) -> Result<Arc<dyn ReadFile>>;

    /// Creates a new file; an existing one of that name is an error (`Exists`), never truncated.
    /// The name is durable only after [`Files::sync_dir`] of its directory.
    fn create(&self, path: &str) -> Result<Arc<dyn WriteFile>>;

    /// Opens an existing file for appending, overwriting in place and cutting.
    fn open_write(&self, path: &str) -> Result<Arc<dyn WriteFile>>;

    /// Makes a directory and its missing parents; they are durable on return.
    fn make_dir(&self, path: &str) -> Result<()>;

    /// Makes created and removed names of this directory durable.
    fn sync_dir(&self, path: &str) -> Result<()>;

    /// The names in a directory, sorted. A missing directory is `NotFound`.
    fn list(&self, path: &str) -> Result<Vec<Entry>>;

    /// Removes a file, or an empty directory.
    fn remove(&self, path: &str) -> Result<()>;

    /// Length of a file in bytes, or `None` if there is no file of that name.
    fn len_of(&self, path: &str) -> Result<Option<u64>>;

    /// Bytes that an ordinary user may still write.
    fn free_space(&self) -> Result<u64>;

    /// Takes the directory for this process until the lock is dropped.
    /// A directory that is taken is `Locked`, with the pid of its holder where it is known.
    fn lock(&self) -> Result<Box<dyn DirLock>>;

    /// The whole of a file, refused above `max_bytes` before memory is taken.
    fn read_all(&self, path: &str, max_bytes: u64) -> Result<Vec<u8>> {
        let file = self.open_read(path)?;
        let len = file.len();
        if len > max_bytes {
            return Err(FileError::new(Kind::Io, 0, path, "read: the file is longer than allowed"));
        }
        let mut bytes = vec![0; len as usize];
        file.read_at(0, &mut bytes)?;
        Ok(bytes)
    }
}

/// A file open for reading. Several threads may read at once.
pub trait ReadFile: Send + Sync {
    /// Fills `buffer` from `offset`. Fewer bytes than asked is `Short`, with nothing promised about the buffer.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()>;

    /// Length in bytes when the file was opened.
    fn len(&self) -> u64;

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The path it was opened by, for error messages.
    fn path(&self) -> &str;
}

/// A file open for writing. After a failed sync it is poisoned: every later call is `SyncFailed`,
/// because the operating system may have dropped the pages and would call the next sync a success.
pub trait WriteFile: Send + Sync {
    /// Adds `bytes` at the end and gives the offset where they begin. On an error nothing is added.
    fn append(&self, bytes: &[u8]) -> Result<u64>;

    /// Overwrites bytes in place; may not begin behind the end.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<()>;

    /// Cuts the file to `len` bytes; never makes it longer.
    fn truncate(&self, len: u64) -> Result<()>;

    /// Returns when the bytes are on the disk.
    fn sync(&self) -> Result<()>;

    fn len(&self) -> u64;

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn path(&self) -> &str;
}

/// Held while the directory belongs to this process.
pub trait DirLock: Send + Sync {}
