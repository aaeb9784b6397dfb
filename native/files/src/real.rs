//! The operating system's files, below one directory.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::error::{FileError, Kind, Result};
use crate::path::{check, join, parent};
use crate::{DirLock, Entry, Files, ReadFile, WriteFile};

const FILE_MODE: u32 = 0o640;
const DIR_MODE: u32 = 0o750;
const LOCK_FILE: &str = "lock";
/// The pid is written into a field of fixed width, so that taking the lock needs no new space.
const PID_WIDTH: usize = 16;

pub struct RealFiles {
    root: PathBuf,
    /// Directories whose names this process knows to be on the disk.
    durable_dirs: Mutex<HashSet<String>>,
}

impl RealFiles {
    /// Makes the root directory if it is missing.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self> {
        let root = root.into();
        fs::DirBuilder::new()
            .recursive(true)
            .mode(DIR_MODE)
            .create(&root)
            .map_err(|e| FileError::from_io(&e, "", "making the data directory"))?;
        Ok(RealFiles { root, durable_dirs: Mutex::new(HashSet::new()) })
    }

    fn resolve(&self, path: &str) -> Result<PathBuf> {
        check(path)?;
        Ok(self.root.join(path))
    }

    fn opened(&self, path: &str, options: &OpenOptions, what: &str) -> Result<Arc<dyn WriteFile>> {
        let fail = |e: io::Error| FileError::from_io(&e, path, what);
        let file = options.open(self.resolve(path)?).map_err(fail)?;
        let len = file.metadata().map_err(fail)?.len();
        let tail = Tail { len, poison: None, dirty: false };
        Ok(Arc::new(RealWrite { file, path: path.to_string(), tail: Mutex::new(tail) }))
    }
}

impl Files for RealFiles {
    fn open_read(&self, path: &str) -> Result<Arc<dyn ReadFile>> {
        let fail = |e: io::Error| FileError::from_io(&e, path, "open");
        let file = File::open(self.resolve(path)?).map_err(fail)?;
        let len = file.metadata().map_err(fail)?.len();
        Ok(Arc::new(RealRead::new(file, len, path)))
    }

    fn create(&self, path: &str) -> Result<Arc<dyn WriteFile>> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true).mode(FILE_MODE);
        self.opened(path, &options, "create")
    }

    fn open_write(&self, path: &str) -> Result<Arc<dyn WriteFile>> {
        self.opened(path, OpenOptions::new().read(true).write(true), "open")
    }

    fn make_dir(&self, path: &str) -> Result<()> {
        if path.is_empty() || self.durable_dirs.lock().contains(path) {
            return Ok(());
        }
        self.make_dir(parent(path))?;
        match fs::DirBuilder::new().mode(DIR_MODE).create(self.resolve(path)?) {
            Ok(()) => {}
            // Whoever made it may have been killed before its name was synced.
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(FileError::from_io(&e, path, "mkdir")),
        }
        self.sync_dir(parent(path))?;
        self.durable_dirs.lock().insert(path.to_string());
        Ok(())
    }

    fn sync_dir(&self, path: &str) -> Result<()> {
        let dir =
            File::open(self.resolve(path)?).map_err(|e| FileError::from_io(&e, path, "open directory"))?;
        dir.sync_all().map_err(|e| FileError::from_io(&e, path, "fsync directory").as_sync_failure())
    }

    fn list(&self, path: &str) -> Result<Vec<Entry>> {
        let fail = |e: io::Error| FileError::from_io(&e, path, "list");
        let mut entries = Vec::new();
        for entry in fs::read_dir(self.resolve(path)?).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            // A file may go between the listing and the look at it; then it is not there.
            let Ok(meta) = entry.metadata() else { continue };
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_dir = meta.is_dir();
            entries.push(Entry { name, is_dir, len: if is_dir { 0 } else { meta.len() } });
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    fn remove(&self, path: &str) -> Result<()> {
        let full = self.resolve(path)?;
        let fail = |e: io::Error| FileError::from_io(&e, path, "remove");
        let meta = fs::symlink_metadata(&full).map_err(fail)?;
        self.durable_dirs.lock().remove(path);
        if meta.is_dir() { fs::remove_dir(&full) } else { fs::remove_file(&full) }.map_err(fail)
    }

    fn len_of(&self, path: &str) -> Result<Option<u64>> {
        match fs::metadata(self.resolve(path)?) {
            Ok(meta) if meta.is_file() => Ok(Some(meta.len())),
            Ok(_) => Ok(None),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(FileError::from_io(&e, path, "stat")),
        }
    }

    fn free_space(&self) -> Result<u64> {
        let stat = rustix::fs::statvfs(&self.root)
            .map_err(|e| FileError::from_io(&io::Error::from(e), "", "statvfs"))?;
        Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
    }

    fn lock(&self) -> Result<Box<dyn DirLock>> {
        let path = join("", LOCK_FILE);
        let fail = |e: io::Error| FileError::from_io(&e, LOCK_FILE, "lock");
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(FILE_MODE);
        let mut file = options.open(self.resolve(&path)?).map_err(fail)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                // A holder that has not written its pid yet is refused all the same, without a number.
                let _ = file.by_ref().take(64).read_to_string(&mut text);
                let pid = text.trim().parse().ok();
                let holder = pid.map_or_else(|| "another process".into(), |p| format!("process {p}"));
                let what = format!("the data directory is in use by {holder}");
                return Err(FileError { pid, ..FileError::new(Kind::Locked, 0, LOCK_FILE, &what) });
            }
            Err(TryLockError::Error(e)) => return Err(fail(e)),
        }
        let text = format!("{:<width$}\n", std::process::id(), width = PID_WIDTH - 1);
        // A full disk may refuse these bytes; the lock holds without them.
        let _ = file.write_all_at(text.as_bytes(), 0);
        Ok(Box::new(RealLock { file }))
    }
}

struct RealLock {
    file: File,
}

impl DirLock for RealLock {}

impl Drop for RealLock {
    fn drop(&mut self) {
        // An empty lock file says that nobody is here; the lock itself ends with the descriptor.
        let _ = self.file.set_len(0);
    }
}

pub(crate) struct RealRead {
    file: File,
    len: u64,
    path: String,
}

impl RealRead {
    pub(crate) fn new(file: File, len: u64, path: &str) -> RealRead {
        RealRead { file, len, path: path.to_string() }
    }
}

impl ReadFile for RealRead {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        self.file.read_exact_at(buffer, offset).map_err(|e| FileError::from_io(&e, &self.path, "read"))
    }

    fn len(&self) -> u64 {
        self.len
    }

    fn path(&self) -> &str {
        &self.path
    }
}

struct Tail {
    len: u64,
    poison: Option<FileError>,
    /// Bytes of a failed append may lie behind `len`; they are cut before the next one.
    dirty: bool,
}

struct RealWrite {
    file: File,
    path: String,
    tail: Mutex<Tail>,
}

impl RealWrite {
    fn fail(&self, e: &io::Error, what: &str) -> FileError {
        FileError::from_io(e, &self.path, what)
    }
}

impl WriteFile for RealWrite {
    fn append(&self, bytes: &[u8]) -> Result<u64> {
        let mut tail = self.tail.lock();
        if let Some(poison) = &tail.poison {
            return Err(poison.clone());
        }
        if tail.dirty {
            self.file.set_len(tail.len).map_err(|e| self.fail(&e, "truncate"))?;
            tail.dirty = false;
        }
        let at = tail.len;
        if let Err(e) = self.file.write_all_at(bytes, at) {
            tail.dirty = self.file.set_len(at).is_err();
            return Err(self.fail(&e, "append"));
        }
        tail.len = at + bytes.len() as u64;
        Ok(at)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        let mut tail = self.tail.lock();
        if let Some(poison) = &tail.poison {
            return Err(poison.clone());
        }
        if offset > tail.len {
            return Err(FileError::new(Kind::Io, 0, &self.path, "write behind the end"));
        }
        self.file.write_all_at(bytes, offset).map_err(|e| self.fail(&e, "write"))?;
        tail.len = tail.len.max(offset + bytes.len() as u64);
        Ok(())
    }

    fn truncate(&self, len: u64) -> Result<()> {
        let mut tail = self.tail.lock();
        if let Some(poison) = &tail.poison {
            return Err(poison.clone());
        }
        if len > tail.len {
            return Err(FileError::new(Kind::Io, 0, &self.path, "truncate behind the end"));
        }
        self.file.set_len(len).map_err(|e| self.fail(&e, "truncate"))?;
        tail.len = len;
        tail.dirty = false;
        Ok(())
    }

    fn sync(&self) -> Result<()> {
        if let Some(poison) = &self.tail.lock().poison {
            return Err(poison.clone());
        }
        // Outside the lock: appends may go on while the disk works, they belong to the next sync.
        self.file.sync_data().map_err(|e| {
            let error = self.fail(&e, "fdatasync").as_sync_failure();
            self.tail.lock().poison = Some(error.clone());
            error
        })
    }

    fn len(&self) -> u64 {
        self.tail.lock().len
    }

    fn path(&self) -> &str {
        &self.path
    }
}
