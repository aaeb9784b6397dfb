//! A disk in memory that behaves as badly as a real one may, by seed.
//!
//! What a power cut leaves of a file: its bytes at the last successful sync, then a random number of
//! the writes after it in order, of which the last one is torn (a random subset of its 512-byte
//! sectors arrives). Of a directory: its names at the last sync, then a random number of the
//! creations and removals after it. A killed process alone loses nothing that was written.
//!
//! After a failed sync a random part of the writes is dropped for good while reads still see them,
//! as page caches do.

mod disk;
mod handles;

use std::sync::Arc;

use parking_lot::Mutex;

use crate::error::{FileError, Kind, Result};
use crate::path::check;
use crate::{DirLock, Entry, Files, ReadFile, WriteFile};

use disk::Disk;
use handles::{SimLock, SimRead, SimWrite};

pub(crate) const ENOSPC: i32 = 28;
pub(crate) const EIO: i32 = 5;

/// How the simulated machine went down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restart {
    /// The process ended; what it wrote is all there.
    Kill,
    /// The power went; what was not synced is there in part or not at all.
    PowerCut,
}

/// A simulated disk; clones share it.
#[derive(Clone)]
pub struct SimFiles {
    disk: Arc<Mutex<Disk>>,
}

impl SimFiles {
    pub fn new(seed: u64) -> Self {
        SimFiles { disk: Arc::new(Mutex::new(Disk::new(seed))) }
    }

    /// Ends the machine's life and starts it again; open handles and locks are dead from now on.
    pub fn restart(&self, how: Restart) {
        self.disk.lock().restart(how);
    }

    /// Operations that changed something since the disk was made.
    pub fn operations(&self) -> u64 {
        self.disk.lock().operations
    }

    /// The `n`-th changing operation from now (1 = the next) is the last one: it happens in part,
    /// and everything after it fails with `Crashed` until `restart`. `None` takes it back.
    pub fn crash_after(&self, n: Option<u64>) {
        let mut disk = self.disk.lock();
        disk.crash_at = n.map(|n| disk.operations + n);
    }

    pub fn crashed(&self) -> bool {
        self.disk.lock().crashed
    }

    /// The `n`-th sync from now (1 = the next) and `count - 1` more fail with EIO.
    pub fn fail_syncs(&self, n: u64, count: u64) {
        self.disk.lock().failing_syncs = Some((n, count));
    }

    /// Bytes the disk holds in all; `None` = no bound. Appends beyond it fail with ENOSPC.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        self.disk.lock().capacity = bytes;
    }

    pub fn used(&self) -> u64 {
        self.disk.lock().used()
    }

    /// Flips bits of a file at rest; `mask` is xor-ed into the byte at `offset`.
    pub fn damage(&self, path: &str, offset: u64, mask: u8) -> Result<()> {
        self.disk.lock().damage(path, offset, mask)
    }

    /// Cuts a file at rest.
    pub fn cut(&self, path: &str, len: u64) -> Result<()> {
        self.disk.lock().cut(path, len)
    }
}

impl Files for SimFiles {
    fn open_read(&self, path: &str) -> Result<Arc<dyn ReadFile>> {
        check(path)?;
        let disk = self.disk.lock();
        disk.alive(path)?;
        let (inode, len) = disk.find(path)?;
        Ok(Arc::new(SimRead::new(&self.disk, disk.epoch, inode, len, path)))
    }

    fn create(&self, path: &str) -> Result<Arc<dyn WriteFile>> {
        check(path)?;
        let mut disk = self.disk.lock();
        let inode = disk.create(path)?;
        Ok(Arc::new(SimWrite::new(&self.disk, disk.epoch, inode, path)))
    }

    fn open_write(&self, path: &str) -> Result<Arc<dyn WriteFile>> {
        check(path)?;
        let disk = self.disk.lock();
        disk.alive(path)?;
        let (inode, _) = disk.find(path)?;
        Ok(Arc::new(SimWrite::new(&self.disk, disk.epoch, inode, path)))
    }

    fn make_dir(&self, path: &str) -> Result<()> {
        check(path)?;
        self.disk.lock().make_dir(path)
    }

    fn sync_dir(&self, path: &str) -> Result<()> {
        check(path)?;
        self.disk.lock().sync_dir(path)
    }

    fn list(&self, path: &str) -> Result<Vec<Entry>> {
        check(path)?;
        self.disk.lock().list(path)
    }

    fn remove(&self, path: &str) -> Result<()> {
        check(path)?;
        self.disk.lock().remove(path)
    }

    fn len_of(&self, path: &str) -> Result<Option<u64>> {
        check(path)?;
        let disk = self.disk.lock();
        disk.alive(path)?;
        match disk.find(path) {
            Ok((_, len)) => Ok(Some(len)),
            Err(e) if e.kind == Kind::NotFound => Ok(None),
            Err(e) => Err(e),
        }
    }

    fn free_space(&self) -> Result<u64> {
        let disk = self.disk.lock();
        disk.alive("")?;
        Ok(disk.capacity.map_or(1 << 40, |capacity| capacity.saturating_sub(disk.used())))
    }

    fn lock(&self) -> Result<Box<dyn DirLock>> {
        let mut disk = self.disk.lock();
        disk.alive("lock")?;
        if disk.locked {
            let what = "the data directory is in use by another process";
            return Err(FileError::new(Kind::Locked, 0, "lock", what));
        }
        disk.locked = true;
        Ok(Box::new(SimLock::new(&self.disk, disk.epoch)))
    }
}

#[cfg(test)]
mod tests;
