//! The block cache: bytes as stored, decoded dictionaries and decoded strings, within one bound.
//!
//! CLOCK per shard. An entry comes in without its mark and gets it on its second use, so a scan that
//! touches each block once pushes out other blocks of scans, not what is used again and again.

use hashbrown::HashMap;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
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
}

/// Shared by all segments of an engine. Values in use stay alive through their `Arc`s.
pub struct Cache {
    shards: Vec<Mutex<Shard>>,
    bytes_max: usize,
    /// of all shards
    bytes: AtomicUsize,
    /// shard that gives something up next
    next: AtomicUsize,
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
            bytes_max,
            bytes: AtomicUsize::new(0),
            next: AtomicUsize::new(0),
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
    /// Keeps a value, and lets others go until the bound holds again. A value larger than half of the
    /// cache is not kept.
    pub(crate) fn put(&self, key: Key, value: Value, bytes: usize) {
        let bytes = bytes + 128;
        if bytes > self.bytes_max / 2 {
            return;
        }
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        // One lock at a time, so that no two threads can wait for each other.
        let mut empty = 0;
        while self.bytes.load(Ordering::Relaxed) > self.bytes_max && empty < SHARDS {
            let victim = self.next.fetch_add(1, Ordering::Relaxed) % SHARDS;
            match self.shards[victim].lock().evict() {
                0 => empty += 1,
                freed => {
                    self.bytes.fetch_sub(freed, Ordering::Relaxed);
                }
            }
        }
        let mut shard = self.shard(&key).lock();
        let replaced = shard.remove(&key);
        let at = shard.ring.len();
        shard.ring.push(key);
        shard.map.insert(key, Entry { value, bytes, marked: false, at });
        self.bytes.fetch_sub(replaced, Ordering::Relaxed);
    }
    /// Drops everything of a segment that was closed.
    pub(crate) fn forget(&self, segment: u64) {
        for shard in &self.shards {
            let mut shard = shard.lock();
            let keys: Vec<Key> = shard.ring.iter().filter(|k| k.0 == segment).copied().collect();
            let freed = keys.iter().map(|k| shard.remove(k)).sum();
            self.bytes.fetch_sub(freed, Ordering::Relaxed);
        }
    }
    /// Drops everything (SYSTEM DROP … CACHE).
    pub fn clear(&self) {
        for shard in &self.shards {
            let old = std::mem::take(&mut *shard.lock());
            self.bytes.fetch_sub(old.map.values().map(|e| e.bytes).sum(), Ordering::Relaxed);
        }
    }
    pub fn stats(&self) -> CacheStats {
        let mut s = CacheStats {
            bytes: self.bytes.load(Ordering::Relaxed) as u64,
            bytes_max: self.bytes_max as u64,
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            ..CacheStats::default()
        };
        for shard in &self.shards {
            s.entries += shard.lock().map.len() as u64;
        }
        s
    }
}

impl Shard {
    /// Gives the bytes that became free.
    fn remove(&mut self, key: &Key) -> usize {
        let Some(e) = self.map.remove(key) else { return 0 };
        self.ring.swap_remove(e.at);
        if let Some(moved) = self.ring.get(e.at)
            && let Some(m) = self.map.get_mut(moved)
        {
            m.at = e.at;
        }
        e.bytes
    }
    /// Lets go of the next entry that was not used since the hand passed it; gives its bytes.
    fn evict(&mut self) -> usize {
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
                    return self.remove(&key);
                }
            }
        }
        0
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
