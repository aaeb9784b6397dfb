//! Handles to files of the simulated disk. They die with the machine's life they were opened in.

use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};

use super::disk::Disk;
use crate::error::{FileError, Kind, Result};
use crate::{DirLock, ReadFile, WriteFile};

struct Place {
    disk: Arc<Mutex<Disk>>,
    epoch: u64,
    inode: u64,
    path: String,
}

impl Place {
    fn disk(&self) -> Result<MutexGuard<'_, Disk>> {
        let disk = self.disk.lock();
        if disk.epoch != self.epoch {
            return Err(Disk::dead(&self.path));
        }
        disk.alive(&self.path)?;
        Ok(disk)
    }
}

pub(super) struct SimRead {
    place: Place,
    len: u64,
}

impl SimRead {
    pub(super) fn new(disk: &Arc<Mutex<Disk>>, epoch: u64, inode: u64, len: u64, path: &str) -> Self {
        SimRead { place: Place { disk: disk.clone(), epoch, inode, path: path.to_string() }, len }
    }
}

impl ReadFile for SimRead {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let disk = self.place.disk()?;
        let bytes = disk.content(self.place.inode);
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        let Some(part) = from.checked_add(buffer.len()).and_then(|to| bytes.get(from..to)) else {
            return Err(FileError::new(Kind::Short, 0, &self.place.path, "read: the file ends early"));
        };
        buffer.copy_from_slice(part);
        Ok(())
    }

    fn len(&self) -> u64 {
        self.len
    }

    fn path(&self) -> &str {
        &self.place.path
    }
}

pub(super) struct SimWrite {
    place: Place,
}

impl SimWrite {
    pub(super) fn new(disk: &Arc<Mutex<Disk>>, epoch: u64, inode: u64, path: &str) -> Self {
        SimWrite { place: Place { disk: disk.clone(), epoch, inode, path: path.to_string() } }
    }
}

impl WriteFile for SimWrite {
    fn append(&self, bytes: &[u8]) -> Result<u64> {
        self.place.disk()?.write(self.place.inode, None, bytes, &self.place.path)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        self.place.disk()?.write(self.place.inode, Some(offset), bytes, &self.place.path).map(|_| ())
    }

    fn truncate(&self, len: u64) -> Result<()> {
        self.place.disk()?.truncate(self.place.inode, len, &self.place.path)
    }

    fn sync(&self) -> Result<()> {
        self.place.disk()?.sync(self.place.inode, &self.place.path)
    }

    fn len(&self) -> u64 {
        self.place.disk.lock().content(self.place.inode).len() as u64
    }

    fn path(&self) -> &str {
        &self.place.path
    }
}

pub(super) struct SimLock {
    disk: Arc<Mutex<Disk>>,
    epoch: u64,
}

impl SimLock {
    pub(super) fn new(disk: &Arc<Mutex<Disk>>, epoch: u64) -> Self {
        SimLock { disk: disk.clone(), epoch }
    }
}

impl DirLock for SimLock {}

impl Drop for SimLock {
    fn drop(&mut self) {
        let mut disk = self.disk.lock();
        if disk.epoch == self.epoch {
            disk.locked = false;
        }
    }
}
