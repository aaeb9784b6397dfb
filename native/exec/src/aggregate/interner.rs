//! Strings (and other values that fit no machine word) to dense numbers that are the same for all
//! workers of a query.
//!
//! The first ordered dictionary seen becomes the base: its codes are the numbers, and nothing is
//! hashed. Values of other dictionaries are looked up once per code that occurs; values outside
//! dictionaries once per row. New values go to shards by hash: number = base + local × 16 + shard.

use crate::row_bytes;
use hashbrown::{HashMap, HashTable};
use parking_lot::{Mutex, RwLock};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use types::compare::hash_bytes;
use types::{Buf, Column, ColumnBuilder, Data, Dict, Memory, Reservation, Result, Type};

const SHARDS: usize = 16;
const UNKNOWN: u32 = u32::MAX;

pub struct Interner {
    /// type of the values, without Nullable
    ty: Type,
    plain_strings: bool,
    base: OnceLock<Option<Arc<Dict>>>,
    base_index: OnceLock<HashTable<u32>>,
    shards: Vec<Mutex<Shard>>,
    remaps: RwLock<HashMap<u64, Arc<Vec<AtomicU32>>>>,
    bytes: AtomicU64,
    held: Mutex<Reservation>,
}

#[derive(Default)]
struct Shard {
    index: HashTable<(u64, u32)>,
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Shard {
    fn get(&self, i: u32) -> &[u8] {
        let start = if i == 0 { 0 } else { self.ends[i as usize - 1] };
        &self.bytes[start..self.ends[i as usize]]
    }
    fn intern(&mut self, hash: u64, value: &[u8]) -> u32 {
        if let Some(&(_, i)) = self.index.find(hash, |&(h, i)| h == hash && self.get(i) == value) {
            return i;
        }
        let i = self.ends.len() as u32;
        self.bytes.extend_from_slice(value);
        self.ends.push(self.bytes.len());
        self.index.insert_unique(hash, (hash, i), |&(h, _)| h);
        i
    }
    fn size(&self) -> usize {
        self.bytes.capacity() + self.ends.capacity() * 8 + self.index.capacity() * 17
    }
}

impl Interner {
    pub fn new(ty: &Type, memory: &Memory) -> Self {
        let base = ty.base().clone();
        Interner {
            plain_strings: base == Type::String,
            ty: base,
            base: OnceLock::new(),
            base_index: OnceLock::new(),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            remaps: RwLock::default(),
            bytes: AtomicU64::new(0),
            held: Mutex::new(Reservation::empty(memory)),
        }
    }

    fn base(&self) -> Option<&Arc<Dict>> {
        self.base.get_or_init(|| None).as_ref()
    }
    fn base_len(&self) -> usize {
        self.base().map_or(0, |d| d.len())
    }

    /// The number of each row; whatever for NULL rows. Cost: none for the base dictionary.
    pub fn numbers(&self, c: &Column, rows: usize) -> Result<Buf<u32>> {
        if let Some(one) = c.as_const() {
            let n = self.numbers(&one.slice(0, 1), 1)?[0];
            return Ok(vec![n; rows].into());
        }
        if let Data::Codes(codes, dict) = &c.data {
            let base = self.base.get_or_init(|| (dict.ordered && self.plain_strings).then(|| dict.clone()));
            if base.as_ref().is_some_and(|b| b.id == dict.id) {
                return Ok(codes.clone());
            }
            if dict.len() <= 2 * rows.max(65_536) {
                return self.through_remap(codes, dict);
            }
        }
        let flat = c.flat();
        let n = match &flat.data {
            Data::Str(s) if self.plain_strings => self.intern_rows(rows, |i| s.get(i)),
            _ => {
                let mut bytes = Vec::new();
                let mut ends = Vec::with_capacity(rows);
                for i in 0..rows {
                    if !flat.is_null(i) {
                        row_bytes::encode(&flat, i, &self.ty, &mut bytes);
                    }
                    ends.push(bytes.len());
                }
                self.intern_rows(rows, |i| &bytes[if i == 0 { 0 } else { ends[i - 1] }..ends[i]])
            }
        };
        self.account()?;
        Ok(n.into())
    }

    fn through_remap(&self, codes: &[u32], dict: &Arc<Dict>) -> Result<Buf<u32>> {
        let found = self.remaps.read().get(&dict.id).cloned();
        let remap = match found {
            Some(r) => r,
            None => {
                let fresh = Arc::new((0..dict.len()).map(|_| AtomicU32::new(UNKNOWN)).collect::<Vec<_>>());
                self.remaps.write().entry(dict.id).or_insert(fresh).clone()
            }
        };
        let mut out: Vec<u32> = codes.iter().map(|&c| remap[c as usize].load(Ordering::Relaxed)).collect();
        let mut missing: Vec<u32> =
            codes.iter().zip(&out).filter(|(_, n)| **n == UNKNOWN).map(|(&c, _)| c).collect();
        if !missing.is_empty() {
            missing.sort_unstable();
            missing.dedup();
            let values = dict.values.gather(&missing);
            let numbers = self.numbers(&values, missing.len())?;
            for (&c, &n) in missing.iter().zip(numbers.iter()) {
                remap[c as usize].store(n, Ordering::Relaxed);
            }
            for (slot, &c) in out.iter_mut().zip(codes) {
                if *slot == UNKNOWN {
                    *slot = remap[c as usize].load(Ordering::Relaxed);
                }
            }
        }
        Ok(out.into())
    }

    fn intern_rows<'a>(&self, rows: usize, value: impl Fn(usize) -> &'a [u8]) -> Vec<u32> {
        let hashes: Vec<u64> = (0..rows).map(|i| hash_bytes(value(i), 3)).collect();
        let mut out = vec![UNKNOWN; rows];
        if let Some(base) = self.base()
            && let Data::Str(strings) = &base.values.data
        {
            let index = self.base_index.get_or_init(|| {
                let hashes: Vec<u64> = strings.iter().map(|s| hash_bytes(s, 3)).collect();
                let mut t = HashTable::with_capacity(hashes.len());
                for (i, &h) in hashes.iter().enumerate() {
                    t.insert_unique(h, i as u32, |&j: &u32| hashes[j as usize]);
                }
                t
            });
            for i in 0..rows {
                if let Some(&n) = index.find(hashes[i], |&j| strings.get(j as usize) == value(i)) {
                    out[i] = n;
                }
            }
        }
        let base_len = self.base_len() as u32;
        let mut by_shard: Vec<Vec<u32>> = vec![Vec::new(); SHARDS];
        for i in 0..rows {
            if out[i] == UNKNOWN {
                by_shard[(hashes[i] >> 57) as usize % SHARDS].push(i as u32);
            }
        }
        for (s, rows) in by_shard.iter().enumerate() {
            if rows.is_empty() {
                continue;
            }
            let mut shard = self.shards[s].lock();
            let before = shard.size();
            for &i in rows {
                let local = shard.intern(hashes[i as usize], value(i as usize));
                out[i as usize] = base_len + local * SHARDS as u32 + s as u32;
            }
            self.bytes.fetch_add((shard.size() - before) as u64, Ordering::Relaxed);
        }
        out
    }

    fn account(&self) -> Result<()> {
        let bytes = self.bytes.load(Ordering::Relaxed);
        self.held.lock().resize(bytes)
    }

    /// The values of numbers: codes of the base dictionary if it says them all, else the values
    /// themselves, so that no dictionary is built for values that occur once.
    pub fn values(&self, numbers: Vec<u32>) -> Result<Data> {
        let base_len = self.base_len();
        if let Some(base) = self.base()
            && numbers.iter().all(|&n| (n as usize) < base_len)
        {
            return Ok(Data::Codes(numbers.into(), base.clone()));
        }
        let shards: Vec<_> = self.shards.iter().map(|s| s.lock()).collect();
        let base = self.base().map(|b| &b.values);
        let mut b = ColumnBuilder::with_capacity(&self.ty, numbers.len());
        for n in numbers {
            let local = (n as usize).wrapping_sub(base_len);
            match base {
                Some(values) if (n as usize) < base_len => {
                    b.push_bytes(values.bytes_at(n as usize).unwrap_or_default());
                }
                _ if shards[local % SHARDS].ends.len() <= local / SHARDS => b.push_default(1),
                _ => {
                    let value = shards[local % SHARDS].get((local / SHARDS) as u32);
                    if self.plain_strings {
                        b.push_bytes(value);
                    } else {
                        row_bytes::decode(value, &self.ty, &mut b)?;
                    }
                }
            }
        }
        Ok(b.finish().data)
    }
}
