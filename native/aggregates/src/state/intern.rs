//! Byte strings to dense ids, each string held once.

use types::compare::hash_bytes;
use types::{Error, Result};

const CHUNK_BYTES: usize = 1 << 18;

/// Ids are given in order of first sight, from 0.
#[derive(Default)]
pub struct Interner {
    /// (upper half of the hash, id + 1), 0 = empty; a power of two long
    slots: Vec<u64>,
    /// chunk, start, length of each id
    places: Vec<(u32, u32, u32)>,
    chunks: Vec<Vec<u8>>,
    chunk_bytes: usize,
}

impl Interner {
    pub fn len(&self) -> usize {
        self.places.len()
    }
    #[inline]
    pub fn get(&self, id: u32) -> &[u8] {
        let (chunk, start, len) = self.places[id as usize];
        &self.chunks[chunk as usize][start as usize..(start + len) as usize]
    }
    pub fn intern(&mut self, bytes: &[u8]) -> Result<u32> {
        if (self.places.len() + 1) * 4 > self.slots.len() * 3 {
            self.grow();
        }
        let hash = hash_bytes(bytes, 0);
        let mask = self.slots.len() - 1;
        let mut i = hash as usize & mask;
        loop {
            let s = self.slots[i];
            if s == 0 {
                break;
            }
            if s >> 32 == hash >> 32 && self.get((s as u32) - 1) == bytes {
                return Ok((s as u32) - 1);
            }
            i = (i + 1) & mask;
        }
        let id = self.store(bytes)?;
        self.slots[i] = (hash >> 32 << 32) | u64::from(id + 1);
        Ok(id)
    }
    fn store(&mut self, bytes: &[u8]) -> Result<u32> {
        let id = u32::try_from(self.places.len()).ok().filter(|i| *i < u32::MAX - 1);
        let id = id.ok_or_else(|| {
            Error::new(
                types::codes::TOO_MANY_ROWS_OR_BYTES,
                "More than 4 billion distinct values in an aggregate",
            )
        })?;
        if u32::try_from(bytes.len()).is_err() {
            return Err(Error::new(
                types::codes::TOO_LARGE_STRING_SIZE,
                "A value of an aggregate is larger than 4 GiB",
            ));
        }
        if self.chunks.last().is_none_or(|c| c.capacity() - c.len() < bytes.len()) {
            let size = bytes.len().max(CHUNK_BYTES.min(64 << self.chunks.len().min(20)));
            self.chunks.push(Vec::with_capacity(size));
            self.chunk_bytes += size;
        }
        let n = self.chunks.len() - 1;
        let chunk = &mut self.chunks[n];
        self.places.push((n as u32, chunk.len() as u32, bytes.len() as u32));
        chunk.extend_from_slice(bytes);
        Ok(id)
    }
    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(16);
        let mut slots = vec![0u64; size];
        for id in 0..self.places.len() as u32 {
            let hash = hash_bytes(self.get(id), 0);
            let mut i = hash as usize & (size - 1);
            while slots[i] != 0 {
                i = (i + 1) & (size - 1);
            }
            slots[i] = (hash >> 32 << 32) | u64::from(id + 1);
        }
        self.slots = slots;
    }
    pub fn bytes(&self) -> usize {
        self.slots.len() * 8 + self.places.capacity() * 12 + self.chunk_bytes
    }
    /// Bytes more that `rows` new strings of `bytes` bytes in all may take.
    pub fn planned_growth(&self, rows: usize, bytes: usize) -> usize {
        let n = self.places.len() + rows;
        let slots = if n * 4 > self.slots.len() * 3 { (n * 4 / 3).next_power_of_two() * 8 } else { 0 };
        let places = if n > self.places.capacity() { n.max(self.places.capacity() * 2) * 12 } else { 0 };
        slots + places + bytes
    }
}
