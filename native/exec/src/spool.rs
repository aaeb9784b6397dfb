//! A body that is needed as a whole before its first row can be read: in memory while it is small, then in
//! a file below the data directory, which goes when the body does.

use files::{Files, ReadFile, WriteFile};
use formats::decode::Seekable;
use std::sync::Arc;
use types::Result;

pub struct Spool {
    files: Arc<dyn Files>,
    path: String,
    memory: Vec<u8>,
    memory_max: usize,
    file: Option<Arc<dyn WriteFile>>,
}

/// Bytes that are written to the file at once.
const WRITE_BYTES: usize = 4 << 20;

impl Spool {
    /// `path`: a name that nobody else uses; the file is only made when it is needed.
    pub fn new(files: Arc<dyn Files>, path: String, memory_max: u64) -> Spool {
        let memory_max = usize::try_from(memory_max).unwrap_or(usize::MAX).max(WRITE_BYTES);
        Spool { files, path, memory: Vec::new(), memory_max, file: None }
    }

    pub fn push(&mut self, bytes: &[u8]) -> Result<()> {
        self.memory.extend_from_slice(bytes);
        let limit = if self.file.is_some() { WRITE_BYTES } else { self.memory_max };
        if self.memory.len() < limit {
            return Ok(());
        }
        self.write_out()
    }

    fn write_out(&mut self) -> Result<()> {
        let file = match &self.file {
            Some(f) => f,
            None => self.file.insert(self.files.create(&self.path).map_err(|e| storage::write_error(&e))?),
        };
        file.append(&self.memory).map_err(|e| storage::write_error(&e))?;
        if self.memory.capacity() > WRITE_BYTES * 2 {
            self.memory = Vec::with_capacity(WRITE_BYTES * 2);
        }
        self.memory.clear();
        Ok(())
    }

    /// All bytes, to be read at any place as long as the spool lives.
    pub fn whole(&mut self) -> Result<Arc<dyn Seekable>> {
        if self.file.is_none() {
            return Ok(Arc::new(std::mem::take(&mut self.memory)));
        }
        self.write_out()?;
        Ok(Arc::new(InFile(self.files.open_read(&self.path).map_err(|e| storage::write_error(&e))?)))
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            // What stays is named like a segment of no commit: the collector takes it.
            let _ = self.files.remove(&self.path);
        }
    }
}

/// A file that a decoder reads in place.
pub struct InFile(pub Arc<dyn ReadFile>);

impl Seekable for InFile {
    fn bytes(&self) -> u64 {
        self.0.len()
    }
    fn read_at(&self, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
        self.0.read_at(offset, out).map_err(|e| std::io::Error::other(e.to_string()))
    }
}
