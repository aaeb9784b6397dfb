//! Open-addressing sets of small plain keys, cut into parts by hash once they outgrow the caches.
//!
//! A part grows alone, so that growth needs at most one part twice. Inserting goes in runs of 32:
//! hash and prefetch all, then probe all, which hides most of the cache misses.

use types::compare::mix;

/// A key that fits a slot. The default value marks an empty slot and must never be inserted.
pub trait Slot: Copy + PartialEq + Default + Send + 'static {
    fn hash(&self) -> u64;
}
impl Slot for u64 {
    #[inline]
    fn hash(&self) -> u64 {
        mix(*self, 0)
    }
}
/// A 64-bit value and its group + 1, packed to 12 bytes.
#[derive(Clone, Copy, PartialEq, Default)]
#[repr(C, packed(4))]
pub struct WordSlot {
    pub value: u64,
    pub group1: u32,
}
impl Slot for WordSlot {
    #[inline]
    fn hash(&self) -> u64 {
        mix(self.value, u64::from(self.group1))
    }
}
/// A 128-bit value and its group + 1, packed to 20 bytes.
#[derive(Clone, Copy, PartialEq, Default)]
#[repr(C, packed(4))]
pub struct WideSlot {
    pub value: u128,
    pub group1: u32,
}
impl Slot for WideSlot {
    #[inline]
    fn hash(&self) -> u64 {
        let v = self.value;
        mix(mix(v as u64, u64::from(self.group1)) ^ (v >> 64) as u64, 0)
    }
}

const PART_BITS: u32 = 6;
const SPLIT_LEN: usize = 1 << 16;
const RUN: usize = 32;

#[derive(Clone)]
struct Part<K> {
    /// a power of two long
    slots: Vec<K>,
    len: usize,
}

impl<K: Slot> Part<K> {
    fn new(capacity: usize) -> Self {
        Part { slots: vec![K::default(); capacity], len: 0 }
    }
    #[inline]
    fn full(&self) -> bool {
        (self.len + 1) * 4 > self.slots.len() * 3
    }
    /// Inserts a key that is not there yet.
    #[inline]
    fn place(&mut self, hash: u64, key: K) {
        let mask = self.slots.len() - 1;
        let mut i = hash as usize & mask;
        while self.slots[i] != K::default() {
            i = (i + 1) & mask;
        }
        self.slots[i] = key;
        self.len += 1;
    }
    fn grow(&mut self) {
        let mut bigger = Part::new(self.slots.len() * 2);
        for k in &self.slots {
            if *k != K::default() {
                bigger.place(k.hash(), *k);
            }
        }
        *self = bigger;
    }
    #[inline]
    fn insert(&mut self, hash: u64, key: K) -> bool {
        let mask = self.slots.len() - 1;
        let mut i = hash as usize & mask;
        loop {
            let k = self.slots[i];
            if k == key {
                return false;
            }
            if k == K::default() {
                break;
            }
            i = (i + 1) & mask;
        }
        if self.full() {
            self.grow();
            self.place(hash, key);
        } else {
            self.slots[i] = key;
            self.len += 1;
        }
        true
    }
}

/// A set of keys.
#[derive(Clone)]
pub struct Table<K> {
    parts: Vec<Part<K>>,
}

impl<K: Slot> Default for Table<K> {
    fn default() -> Self {
        Table { parts: vec![Part::new(16)] }
    }
}

#[inline]
fn prefetch<K>(slots: &[K], i: usize) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: prefetching is a hint without access; the address lies inside `slots` as i < its length.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch(slots.as_ptr().add(i).cast(), _MM_HINT_T0);
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (slots, i);
}

impl<K: Slot> Table<K> {
    #[inline]
    fn part(&self, hash: u64) -> usize {
        if self.parts.len() == 1 { 0 } else { (hash >> (64 - PART_BITS)) as usize }
    }
    fn split(&mut self) {
        let Some(whole) = self.parts.pop() else { return };
        let each = (whole.slots.len() >> PART_BITS).max(16);
        self.parts = (0..1 << PART_BITS).map(|_| Part::new(each)).collect();
        for k in whole.slots {
            if k != K::default() {
                let h = k.hash();
                self.parts[(h >> (64 - PART_BITS)) as usize].insert(h, k);
            }
        }
    }
    pub fn insert(&mut self, key: K) -> bool {
        let h = key.hash();
        let p = self.part(h);
        let new = self.parts[p].insert(h, key);
        if new && self.parts.len() == 1 && self.parts[0].len > SPLIT_LEN {
            self.split();
        }
        new
    }
    /// Inserts `key(i)` for i in `0..rows`; `new(i)` is called for each key that was not there yet.
    pub fn insert_all(&mut self, rows: usize, key: impl Fn(usize) -> K, mut new: impl FnMut(usize)) {
        let mut run = [(0u64, K::default()); RUN];
        let mut start = 0;
        while start < rows {
            let n = (rows - start).min(RUN);
            for (k, slot) in run[..n].iter_mut().enumerate() {
                let key = key(start + k);
                let h = key.hash();
                let slots = &self.parts[self.part(h)].slots;
                prefetch(slots, h as usize & (slots.len() - 1));
                *slot = (h, key);
            }
            for (k, (h, key)) in run[..n].iter().enumerate() {
                let p = self.part(*h);
                if self.parts[p].insert(*h, *key) {
                    new(start + k);
                }
            }
            start += n;
            if self.parts.len() == 1 && self.parts[0].len > SPLIT_LEN {
                self.split();
            }
        }
    }
    pub fn for_each(&self, mut f: impl FnMut(K)) {
        for p in &self.parts {
            for k in &p.slots {
                if *k != K::default() {
                    f(*k);
                }
            }
        }
    }
    pub fn bytes(&self) -> usize {
        self.parts.iter().map(|p| p.slots.len() * size_of::<K>()).sum()
    }
    /// Bytes more that inserting `rows` new keys may take, the copy during growth included.
    pub fn planned_growth(&self, rows: usize) -> usize {
        let each = rows / self.parts.len() + rows / 4 / self.parts.len() + 1;
        let mut growth = 0;
        for p in &self.parts {
            let mut capacity = p.slots.len();
            while (p.len + each) * 4 > capacity * 3 {
                capacity *= 2;
            }
            growth += (capacity - p.slots.len()) * size_of::<K>();
        }
        growth
    }
}
