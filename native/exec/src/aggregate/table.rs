//! Hash tables from key words to group numbers. Groups are numbered in order of appearance and their
//! keys kept in that order. Linear probing, load ≤ 1/2, prefetch in batches past the caches.

use types::compare::mix;

const SEED: u64 = 0x9ae1_6a3b_2f90_404f;
/// keys of at most so many bits index an array directly
const DIRECT_BITS_MAX: u32 = 18;
const EMPTY: u32 = u32::MAX;

pub enum GroupTable {
    /// slot = key - base
    Direct { base: u64, slots: Vec<u32>, keys: Vec<u64> },
    /// keys of one word, beside their group numbers
    One { slots: Vec<(u64, u32)>, keys: Vec<u64> },
    /// keys of several words, compared in `keys`
    Many { words: usize, slots: Vec<(u32, u32)>, keys: Vec<u64> },
}

/// Hash of a key of any number of words.
#[inline]
pub fn hash_words(words: &[u64]) -> u64 {
    words.iter().fold(SEED, |h, &w| mix(h ^ w, SEED))
}

#[inline]
fn hash_one(word: u64) -> u64 {
    mix(SEED ^ word, SEED)
}

#[inline]
fn prefetch<T>(slots: &[T], at: usize) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch reads nothing; `at` is masked to the table's length by the callers.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(slots.as_ptr().add(at).cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (slots, at);
}

impl GroupTable {
    pub fn new(words: usize, bits: u32) -> Self {
        match words {
            1 if Self::is_small(bits) => Self::array(0, bits),
            1 => GroupTable::One { slots: vec![(0, EMPTY); 1024], keys: Vec::new() },
            _ => GroupTable::Many { words, slots: vec![(0, EMPTY); 1024], keys: Vec::new() },
        }
    }
    /// A table for keys from `base` on, of which the lower `bits` bits differ.
    pub fn array(base: u64, bits: u32) -> Self {
        GroupTable::Direct { base, slots: vec![EMPTY; 1 << bits], keys: Vec::new() }
    }
    /// The same groups in an array of 2^`bits` slots.
    #[must_use]
    pub fn into_array(self, bits: u32) -> Self {
        let GroupTable::One { keys, .. } = self else { return self };
        let mut slots = vec![EMPTY; 1 << bits];
        for (group, &key) in keys.iter().enumerate() {
            slots[key as usize] = group as u32;
        }
        GroupTable::Direct { base: 0, slots, keys }
    }
    /// Whether keys of so many bits always index an array.
    pub fn is_small(bits: u32) -> bool {
        bits <= DIRECT_BITS_MAX
    }
    /// Keys index an array.
    pub fn is_direct(&self) -> bool {
        matches!(self, GroupTable::Direct { .. })
    }
    pub fn words(&self) -> usize {
        match self {
            GroupTable::Many { words, .. } => *words,
            _ => 1,
        }
    }
    pub fn keys(&self) -> &[u64] {
        match self {
            GroupTable::Direct { keys, .. }
            | GroupTable::One { keys, .. }
            | GroupTable::Many { keys, .. } => keys,
        }
    }
    pub fn len(&self) -> usize {
        self.keys().len() / self.words()
    }
    pub fn bytes(&self) -> usize {
        self.bytes_after(0)
    }
    /// Bytes held after up to `rows` more groups, at the height of a growth step.
    pub fn bytes_after(&self, rows: usize) -> usize {
        let groups = self.len() + rows;
        match self {
            GroupTable::Direct { slots, keys, .. } => slots.len() * 4 + (keys.capacity().max(groups)) * 8,
            GroupTable::One { slots, keys } => {
                let grown = if groups * 2 > slots.len() { (groups * 2).next_power_of_two() } else { 0 };
                (slots.len() + grown) * 16 + keys.capacity().max(groups) * 8
            }
            GroupTable::Many { words, slots, keys } => {
                let grown = if groups * 2 > slots.len() { (groups * 2).next_power_of_two() } else { 0 };
                (slots.len() + grown) * 8 + keys.capacity().max(groups * words) * 8
            }
        }
    }

    /// Group number of each row's key; new keys become new groups.
    pub fn find_or_insert(&mut self, rows: &[u64], out: &mut Vec<u32>) {
        out.clear();
        match self {
            GroupTable::Direct { base, slots, keys } => {
                let base = *base;
                out.extend(rows.iter().map(|&key| {
                    let slot = &mut slots[key.wrapping_sub(base) as usize];
                    if *slot == EMPTY {
                        *slot = keys.len() as u32;
                        keys.push(key);
                    }
                    *slot
                }));
            }
            GroupTable::One { slots, keys } => find_one(slots, keys, rows, out),
            GroupTable::Many { words, slots, keys } => find_many(*words, slots, keys, rows, out),
        }
    }
}

impl GroupTable {
    /// Group number of each row's key, `u32::MAX` where it is unknown.
    pub fn find(&self, rows: &[u64], out: &mut Vec<u32>) {
        out.clear();
        match self {
            GroupTable::Direct { base, slots, .. } => {
                let slot = |key: u64| slots.get(key.wrapping_sub(*base) as usize).copied();
                out.extend(rows.iter().map(|&key| slot(key).unwrap_or(EMPTY)));
            }
            GroupTable::One { slots, .. } => {
                let mask = slots.len() - 1;
                out.extend(rows.iter().map(|&key| {
                    let mut at = hash_one(key) as usize & mask;
                    loop {
                        let (k, g) = slots[at];
                        if g == EMPTY || k == key {
                            return g;
                        }
                        at = (at + 1) & mask;
                    }
                }));
            }
            GroupTable::Many { words, slots, keys } => {
                let mask = slots.len() - 1;
                out.extend(rows.chunks_exact(*words).map(|key| {
                    let h = hash_words(key);
                    let mut at = h as usize & mask;
                    loop {
                        let (s, g) = slots[at];
                        if g == EMPTY
                            || (s == (h >> 32) as u32
                                && keys[g as usize * words..(g as usize + 1) * words] == *key)
                        {
                            return g;
                        }
                        at = (at + 1) & mask;
                    }
                }));
            }
        }
    }
}

const AHEAD: usize = 16;

fn find_one(slots: &mut Vec<(u64, u32)>, keys: &mut Vec<u64>, rows: &[u64], out: &mut Vec<u32>) {
    out.reserve(rows.len());
    for chunk in rows.chunks(1024) {
        if (keys.len() + chunk.len()) * 2 > slots.len() {
            let size = ((keys.len() + chunk.len()) * 2).next_power_of_two();
            *slots = vec![(0, EMPTY); size];
            let mask = size - 1;
            for (g, &key) in keys.iter().enumerate() {
                let mut at = hash_one(key) as usize & mask;
                while slots[at].1 != EMPTY {
                    at = (at + 1) & mask;
                }
                slots[at] = (key, g as u32);
            }
        }
        let mask = slots.len() - 1;
        let mut hashes = [0usize; 1024];
        for (h, &key) in hashes.iter_mut().zip(chunk) {
            *h = hash_one(key) as usize & mask;
        }
        for (i, &key) in chunk.iter().enumerate() {
            if i + AHEAD < chunk.len() {
                prefetch(slots, hashes[i + AHEAD]);
            }
            let mut at = hashes[i];
            loop {
                let (k, g) = slots[at];
                if g == EMPTY {
                    let g = keys.len() as u32;
                    slots[at] = (key, g);
                    keys.push(key);
                    out.push(g);
                    break;
                }
                if k == key {
                    out.push(g);
                    break;
                }
                at = (at + 1) & mask;
            }
        }
    }
}

fn find_many(
    words: usize,
    slots: &mut Vec<(u32, u32)>,
    keys: &mut Vec<u64>,
    rows: &[u64],
    out: &mut Vec<u32>,
) {
    out.reserve(rows.len() / words);
    for chunk in rows.chunks(1024 * words) {
        let n = chunk.len() / words;
        let groups = keys.len() / words;
        if (groups + n) * 2 > slots.len() {
            let size = ((groups + n) * 2).next_power_of_two();
            *slots = vec![(0, EMPTY); size];
            let mask = size - 1;
            for (g, key) in keys.chunks_exact(words).enumerate() {
                let h = hash_words(key);
                let mut at = h as usize & mask;
                while slots[at].1 != EMPTY {
                    at = (at + 1) & mask;
                }
                slots[at] = ((h >> 32) as u32, g as u32);
            }
        }
        let mask = slots.len() - 1;
        let mut hashes = [0u64; 1024];
        for (h, key) in hashes.iter_mut().zip(chunk.chunks_exact(words)) {
            *h = hash_words(key);
        }
        for (i, key) in chunk.chunks_exact(words).enumerate() {
            if i + AHEAD < n {
                prefetch(slots, hashes[i + AHEAD] as usize & mask);
            }
            let salt = (hashes[i] >> 32) as u32;
            let mut at = hashes[i] as usize & mask;
            loop {
                let (s, g) = slots[at];
                if g == EMPTY {
                    let g = (keys.len() / words) as u32;
                    slots[at] = (salt, g);
                    keys.extend_from_slice(key);
                    out.push(g);
                    break;
                }
                if s == salt && keys[g as usize * words..(g as usize + 1) * words] == *key {
                    out.push(g);
                    break;
                }
                at = (at + 1) & mask;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_key_same_group() {
        for (words, bits) in [(1, 10), (1, 64), (2, 64), (3, 64), (1, 20)] {
            let mut t = GroupTable::new(words, bits);
            if bits == 20 {
                t.find_or_insert(&[7 * 3, 0], &mut Vec::new());
                t = t.into_array(bits);
            }
            let rows: Vec<u64> = (0..5000u64).flat_map(|i| vec![i * 7 % 1000; words]).collect();
            let mut out = Vec::new();
            t.find_or_insert(&rows, &mut out);
            assert_eq!(t.len(), 1000);
            for (i, g) in out.iter().enumerate() {
                assert_eq!(t.keys()[*g as usize * words], (i as u64) * 7 % 1000);
            }
            let mut again = Vec::new();
            t.find_or_insert(&rows, &mut again);
            assert_eq!(out, again);
        }
    }
}
