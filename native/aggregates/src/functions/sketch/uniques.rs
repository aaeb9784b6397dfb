//! The sample of hashes behind uniq: hashes of 32 bits that end in `skip` zero bits. When there are too many,
//! `skip` grows by one. Hashes, places, the estimate and the serial form are ClickHouse's.
//! Source: Bar-Yossef et al., "Counting distinct elements in a data stream".

use crate::state::wire::{Reader, damaged, put_var};
use types::Result;

/// bits of a hash below those that say its place
const SKIP_BITS: u32 = 15;

#[derive(Default)]
pub struct Uniques {
    /// open addressing; 0 marks empty slots
    slots: Vec<u32>,
    /// hashes kept, the one of 0 among them
    len: usize,
    zero: bool,
    skip: u8,
}

/// CRC-32C of the eight bytes, without the last inversion.
fn crc(v: u64) -> u64 {
    let mut crc = u32::MAX;
    for byte in v.to_le_bytes() {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0x82f6_3b78 & (crc & 1).wrapping_neg());
        }
    }
    u64::from(crc)
}

impl Uniques {
    #[inline]
    /// A hash, of which the lower half counts.
    pub fn add(&mut self, hash: u64, max: u64) {
        self.insert(hash as u32, max);
    }
    #[inline]
    fn insert(&mut self, hash: u32, max: u64) {
        if hash & ((1 << self.skip) - 1) != 0 {
            return;
        }
        if self.slots.is_empty() {
            self.slots = vec![0; 16];
        }
        if !self.place(hash) || self.len <= self.slots.len() / 2 {
            return;
        }
        while self.len as u64 > max && self.skip < 31 {
            self.skip += 1;
            self.rebuild(self.slots.len());
        }
        if self.len > self.slots.len() / 2 {
            self.rebuild(self.slots.len() * 2);
        }
    }
    /// Whether it is new.
    fn place(&mut self, hash: u32) -> bool {
        if hash == 0 {
            self.len += usize::from(!self.zero);
            return !std::mem::replace(&mut self.zero, true);
        }
        let mask = self.slots.len() - 1;
        let mut i = (hash >> SKIP_BITS) as usize & mask;
        while self.slots[i] != 0 {
            if self.slots[i] == hash {
                return false;
            }
            i = (i + 1) & mask;
        }
        self.slots[i] = hash;
        self.len += 1;
        true
    }
    fn rebuild(&mut self, size: usize) {
        let old = std::mem::replace(&mut self.slots, vec![0; size]);
        self.len = usize::from(self.zero);
        let skipped = (1u32 << self.skip) - 1;
        for hash in old.into_iter().filter(|h| *h != 0 && h & skipped == 0) {
            self.place(hash);
        }
    }
    fn skip_at_least(&mut self, skip: u8) {
        if skip > self.skip {
            self.skip = skip;
            self.rebuild(self.slots.len().max(16));
        }
    }
    pub fn merge(&mut self, other: &Self, max: u64) {
        self.skip_at_least(other.skip);
        if other.zero {
            self.insert(0, max);
        }
        other.slots.iter().filter(|h| **h != 0).for_each(|h| self.insert(*h, max));
    }
    pub fn estimate(&self) -> u64 {
        if self.skip == 0 {
            return self.len as u64;
        }
        // a remainder that does not look like a power of two, then what fell together in 32 bits
        let seen = ((self.len as u64) << self.skip) + (crc(self.len as u64) & ((1 << self.skip) - 1));
        let all = (1u64 << 32) as f64;
        let left = all - (seen as f64).min(all - 1.0);
        (all * (all.ln() - left.ln())).round() as u64
    }
    pub fn put(&self, out: &mut Vec<u8>) {
        out.push(self.skip);
        put_var(out, self.len as u64);
        if self.zero {
            out.extend_from_slice(&[0; 4]);
        }
        self.slots.iter().filter(|h| **h != 0).for_each(|h| out.extend_from_slice(&h.to_le_bytes()));
    }
    pub fn read(r: &mut Reader<'_>, max: u64) -> Result<Self> {
        let mut own = Uniques::default();
        own.absorb(r, max)?;
        Ok(own)
    }
    /// Merges a serial sample.
    pub fn absorb(&mut self, r: &mut Reader<'_>, max: u64) -> Result<()> {
        let skip = Some(r.byte()?).filter(|s| *s < 32).ok_or_else(damaged)?;
        self.skip_at_least(skip);
        let count = r.count(4)?;
        if self.slots.is_empty() && count > 0 {
            let size = count.min(max as usize).saturating_mul(2).next_power_of_two();
            self.slots = vec![0; size.max(16)];
        }
        for hash in r.take(4 * count)?.chunks_exact(4) {
            self.insert(u32::from_le_bytes([hash[0], hash[1], hash[2], hash[3]]), max);
        }
        Ok(())
    }
    pub fn bytes(&self) -> usize {
        self.slots.capacity() * 4
    }
}
