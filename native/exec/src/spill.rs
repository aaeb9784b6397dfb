//! What does not fit a query's memory goes to files of its own and comes back by partitions.
//!
//! One file per operator. It is unlinked as soon as it is open, so that neither an error nor a crash leaves
//! it behind. A frame is one batch of one partition: `[length u32][xxh3 u64][payload]`, the payload as the log
//! of small inserts has it (LZ4). Where the frames of a partition lie is kept in memory alone.

use crate::query::Query;
use files::{FileError, Files, Kind, ReadFile, WriteFile};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use types::codes::{
    CANNOT_WRITE_TO_FILE_DESCRIPTOR, CORRUPTED_DATA, NOT_ENOUGH_SPACE, TOO_MANY_ROWS_OR_BYTES,
};
use types::{Batch, Error, Field, Result, Type};

const HEADER_BYTES: usize = 12;
/// Of the free space, a query without a quota leaves this share to others.
const SPACE_SHARE: u64 = 4;

/// Operators that can go on in files.
#[derive(Clone, Copy, Debug)]
pub enum Operator {
    GroupBy,
    Join,
    Sort,
}

/// Where a query may put what does not fit, how much of it, and when.
pub struct Space {
    files: Arc<dyn Files>,
    /// files are named `<prefix>-<n>`
    prefix: String,
    bytes_max: u64,
    used: AtomicU64,
    next: AtomicU32,
    /// bytes of the query's memory from which operators spill: group by, join, sort; 0 = never
    at: [u64; 3],
}

impl Space {
    /// `bytes_max` 0: three quarters of what is free now.
    pub fn new(files: Arc<dyn Files>, prefix: String, bytes_max: u64, at: [u64; 3]) -> Space {
        let free = || files.free_space().map_or(u64::MAX, |free| free - free / SPACE_SHARE);
        let bytes_max = if bytes_max == 0 { free() } else { bytes_max };
        Space { files, prefix, bytes_max, used: AtomicU64::new(0), next: AtomicU32::new(0), at }
    }

    fn take(&self, bytes: u64) -> Result<()> {
        let used = self.used.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if used <= self.bytes_max {
            return Ok(());
        }
        self.used.fetch_sub(bytes, Ordering::Relaxed);
        Err(Error::new(
            TOO_MANY_ROWS_OR_BYTES,
            format!(
                "Limit for temporary files exceeded: {used} bytes, maximum: {}; raise \
                 max_temporary_data_on_disk_size_for_query or max_memory_usage, or read less",
                self.bytes_max
            ),
        ))
    }
}

impl Query {
    /// Bytes of the query's memory from which the operator is to go on in files; None = never.
    pub fn spill_at(&self, operator: Operator) -> Option<u64> {
        self.spill.as_ref().map(|s| s.at[operator as usize]).filter(|at| *at > 0)
    }
}

/// Batches of one shape in a file, by partitions. All methods may be called from any thread.
pub struct Spill {
    space: Arc<Space>,
    fields: Vec<Field>,
    write: Arc<dyn WriteFile>,
    read: Arc<dyn ReadFile>,
    partitions: Vec<Mutex<Vec<Frame>>>,
    bytes: AtomicU64,
}

/// One batch in the file.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    offset: u64,
    len: u32,
    pub rows: u32,
    /// bytes of the batch in memory
    pub bytes: u64,
}

impl Spill {
    /// An empty file for batches of these types. Errors: the query has no place for it.
    pub fn new(query: &Query, types: &[Type], partitions: usize) -> Result<Spill> {
        let space = query.spill.clone().ok_or_else(|| Error::internal("no place for temporary files"))?;
        let path = format!("{}-{}", space.prefix, space.next.fetch_add(1, Ordering::Relaxed));
        let write = space.files.create(&path).map_err(|e| fault(&e))?;
        let read = space.files.open_read(&path).map_err(|e| fault(&e));
        space.files.remove(&path).map_err(|e| fault(&e))?;
        Ok(Spill {
            space,
            fields: types.iter().map(|ty| Field { name: String::new(), ty: ty.clone() }).collect(),
            write,
            read: read?,
            partitions: (0..partitions).map(|_| Mutex::default()).collect(),
            bytes: AtomicU64::new(0),
        })
    }

    pub fn partitions(&self) -> usize {
        self.partitions.len()
    }

    /// Adds a batch (at most a few MB, so that reading it takes little) to a partition.
    pub fn write(&self, partition: usize, batch: &Batch) -> Result<()> {
        if batch.rows > 0 {
            let frame = self.put(batch)?;
            self.partitions[partition].lock().push(frame);
        }
        Ok(())
    }

    /// Adds a batch of no partition: the caller keeps the frame.
    pub fn put(&self, batch: &Batch) -> Result<Frame> {
        let payload = storage::encode_batch(batch, &self.fields)?;
        let len =
            u32::try_from(payload.len()).map_err(|_| Error::internal("a temporary batch is too large"))?;
        let mut frame = Vec::with_capacity(payload.len() + HEADER_BYTES);
        frame.extend_from_slice(&len.to_le_bytes());
        frame.extend_from_slice(&files::checksum(&payload).to_le_bytes());
        frame.extend_from_slice(&payload);
        drop(payload);
        self.space.take(frame.len() as u64)?;
        self.bytes.fetch_add(frame.len() as u64, Ordering::Relaxed);
        let offset = self.write.append(&frame).map_err(|e| fault(&e))?;
        Ok(Frame { offset, len, rows: batch.rows as u32, bytes: batch.bytes() as u64 })
    }

    /// The batches of a partition, in the order in which they were written.
    pub fn frames(&self, partition: usize) -> Vec<Frame> {
        self.partitions[partition].lock().clone()
    }

    /// Rows and bytes in memory of a partition.
    pub fn size(&self, partition: usize) -> (u64, u64) {
        let frames = self.partitions[partition].lock();
        frames.iter().fold((0, 0), |(r, b), f| (r + u64::from(f.rows), b + f.bytes))
    }

    pub fn read(&self, frame: Frame) -> Result<Batch> {
        let mut bytes = vec![0; HEADER_BYTES + frame.len as usize];
        self.read.read_at(frame.offset, &mut bytes).map_err(|e| fault(&e))?;
        let (header, payload) = bytes.split_at(HEADER_BYTES);
        let mut sum = [0; 8];
        sum.copy_from_slice(&header[4..]);
        if header[..4] != frame.len.to_le_bytes() || u64::from_le_bytes(sum) != files::checksum(payload) {
            return Err(Error::new(
                CORRUPTED_DATA,
                "A temporary file was damaged while the query ran; check the disk and run it again",
            ));
        }
        storage::decode_batch(payload, &self.fields)
    }
}

impl Drop for Spill {
    fn drop(&mut self) {
        self.space.used.fetch_sub(self.bytes.load(Ordering::Relaxed), Ordering::Relaxed);
    }
}

fn fault(e: &FileError) -> Error {
    let code = match e.kind {
        Kind::DiskFull => NOT_ENOUGH_SPACE,
        _ => CANNOT_WRITE_TO_FILE_DESCRIPTOR,
    };
    Error::new(code, format!("Temporary file of the query: {e}"))
}
