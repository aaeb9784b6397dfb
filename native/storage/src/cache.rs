//! The block cache: bytes as stored, decoded dictionaries and decoded strings, within one bound.
//!
//! CLOCK per shard. An entry comes in without its mark and gets it on its second use, so a scan that
//! touches each block once pushes out other blocks of scans, not what is used again and again.

use hashbrown::HashMap;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use types::{Column, Dict};

const SHARDS: usize = 16;

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Class {
    Stored,
    Decoded,
    Dict,
    Index,
}

/// (segment number in this process, column or index, block, what)
pub(crate) type Key = (u64, u32, u32, Class);

#[derive(Clone)]
pub(crate) enum Value {
    Bytes(Arc<Vec<u8>>),
    Column(Column),
    Dict(Arc<Dict>),
}

struct Entry {
    value: Value,
    bytes: usize,
    marked: bool,
    /// position in `ring`
    at: usize,
}

#[derive(Default)]
struct Shard {
    map: HashMap<Key, Entry, foldhash::fast::RandomState>,
    ring: Vec<Key>,
    hand: usize,
    bytes: usize,
}

/// Shared by all segments of an engine. Values in use stay alive through their `Arc`s.
pub struct Cache {
    shards: Vec<Mutex<Shard>>,
    shard_bytes_max: usize,
    hits: AtomicU64,
    misses: AtomicU64,
}

/// Counters for `system.metrics`.
#[derive(Clone, Copy, Debug, Default)]
pub struct CacheStats {
    pub bytes: u64,
    pub bytes_max: u64,
    pub entries: u64,
    pub hits: u64,
    pub misses: u64,
}

impl Cache {
    pub fn new(bytes_max: usize) -> Arc<Cache> {
        Arc::new(Cache {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            shard_bytes_max: bytes_max / SHARDS,
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        })
    }
    fn shard(&self, key: &Key) -> &Mutex<Shard> {
        let h = types::compare::mix(key.0 << 40 ^ u64::from(key.1) << 20 ^ u64::from(key.2), key.3 as u64);
        &self.shards[h as usize % SHARDS]
    }
    pub(crate) fn get(&self, key: &Key) -> Option<Value> {
        let mut shard = self.shard(key).lock();
        let found = shard.map.get_mut(key).map(|e| {
            e.marked = true;
            e.value.clone()
        });
        let counter = if found.is_some() { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        found
    }
    pub(crate) fn contains(&self, key: &Key) -> bool {
        self.shard(key).lock().map.contains_key(key)
    }
    /// Keeps a value, and lets others go until the bound holds again. A value larger than a shard is not kept.
    pub(crate) fn put(&self, key: Key, value: Value, bytes: usize) {
        let bytes = bytes + 128;
        if bytes > self.shard_bytes_max {
            return;
        }
        let mut shard = self.shard(&key).lock();
        shard.remove(&key);
        while shard.bytes + bytes > self.shard_bytes_max && shard.evict() {}
        let at = shard.ring.len();
        shard.ring.push(key);
        shard.bytes += bytes;
        shard.map.insert(key, Entry { value, bytes, marked: false, at });
    }
    /// Drops everything of a segment that was closed.
    pub(crate) fn forget(&self, segment: u64) {
        for shard in &self.shards {
            let mut shard = shard.lock();
            let keys: Vec<Key> = shard.ring.iter().filter(|k| k.0 == segment).copied().collect();
            keys.iter().for_each(|k| shard.remove(k));
        }
    }
    /// Drops everything (SYSTEM DROP … CACHE).
    pub fn clear(&self) {
        self.shards.iter().for_each(|s| *s.lock() = Shard::default());
    }
    pub fn stats(&self) -> CacheStats {
        let mut s = CacheStats {
            bytes_max: (self.shard_bytes_max * SHARDS) as u64,
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            ..CacheStats::default()
        };
        for shard in &self.shards {
            let shard = shard.lock();
            s.bytes += shard.bytes as u64;
            s.entries += shard.map.len() as u64;
        }
        s
    }
}

impl Shard {
    fn remove(&mut self, key: &Key) {
        let Some(e) = self.map.remove(key) else { return };
        self.bytes -= e.bytes;
        self.ring.swap_remove(e.at);
        if let Some(moved) = self.ring.get(e.at)
            && let Some(m) = self.map.get_mut(moved)
        {
            m.at = e.at;
        }
    }
    /// Lets go of the next entry that was not used since the hand passed it.
    fn evict(&mut self) -> bool {
        while !self.ring.is_empty() {
            if self.hand >= self.ring.len() {
                self.hand = 0;
            }
            let key = self.ring[self.hand];
            match self.map.get_mut(&key) {
                Some(e) if e.marked => {
                    e.marked = false;
                    self.hand += 1;
                }
                _ => {
                    self.remove(&key);
                    return true;
                }
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_within_its_bound_and_keeps_what_is_used() {
        let cache = Cache::new(16 * 10_000);
        let value = || Value::Bytes(Arc::new(Vec::new()));
        cache.put((0, 0, 0, Class::Stored), value(), 1000);
        for i in 1..2000 {
            assert!(cache.get(&(0, 0, 0, Class::Stored)).is_some(), "{i}");
            cache.put((1, 0, i, Class::Stored), value(), 1000);
        }
        let s = cache.stats();
        assert!(s.bytes <= s.bytes_max && s.entries > 50);
        cache.forget(1);
        assert_eq!(cache.stats().entries, 1);
    }
}
