//! Memory accounting: a tree of budgets (server → user → query). Large structures reserve before they grow.

use crate::codes::MEMORY_LIMIT_EXCEEDED;
use crate::{Error, Result};
use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A budget in bytes. Cloning shares it. `limit` 0 means no limit of its own.
#[derive(Clone, Default)]
pub struct Memory(Arc<State>);

#[derive(Default)]
struct State {
    name: &'static str,
    setting: &'static str,
    used: AtomicU64,
    peak: AtomicU64,
    limit: AtomicU64,
    parent: Option<Memory>,
}

impl Memory {
    /// `name` and `setting` appear in the error: "(for query) … raise max_memory_usage".
    pub fn root(name: &'static str, setting: &'static str, limit: u64) -> Self {
        Memory(Arc::new(State { name, setting, limit: AtomicU64::new(limit), ..State::default() }))
    }
    pub fn child(&self, name: &'static str, setting: &'static str, limit: u64) -> Self {
        Memory(Arc::new(State {
            name,
            setting,
            limit: AtomicU64::new(limit),
            parent: Some(self.clone()),
            ..State::default()
        }))
    }
    pub fn used(&self) -> u64 {
        self.0.used.load(Ordering::Relaxed)
    }
    pub fn peak(&self) -> u64 {
        self.0.peak.load(Ordering::Relaxed)
    }
    pub fn limit(&self) -> u64 {
        self.0.limit.load(Ordering::Relaxed)
    }
    pub fn set_limit(&self, bytes: u64) {
        self.0.limit.store(bytes, Ordering::Relaxed);
    }
    /// As `set_limit`, but while something is taken the limit only grows.
    pub fn raise_limit(&self, bytes: u64) {
        let limit = &self.0.limit;
        if self.used() == 0 || bytes == 0 {
            limit.store(bytes, Ordering::Relaxed);
        } else if limit.load(Ordering::Relaxed) != 0 {
            limit.fetch_max(bytes, Ordering::Relaxed);
        }
    }
    /// Whether nobody else holds this budget or one below it.
    pub fn is_unshared(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }
    /// Errors: `MEMORY_LIMIT_EXCEEDED` (then nothing is taken).
    pub fn grow(&self, bytes: u64) -> Result<()> {
        let s = &self.0;
        let used = s.used.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let limit = s.limit.load(Ordering::Relaxed);
        if limit != 0 && used > limit {
            s.used.fetch_sub(bytes, Ordering::Relaxed);
            return Err(Error::new(
                MEMORY_LIMIT_EXCEEDED,
                format!(
                    "Memory limit ({}) exceeded: would use {used} bytes, maximum: {limit} bytes; raise {} or read less",
                    s.name, s.setting
                ),
            ));
        }
        if let Some(parent) = &s.parent
            && let Err(e) = parent.grow(bytes)
        {
            s.used.fetch_sub(bytes, Ordering::Relaxed);
            return Err(e);
        }
        s.peak.fetch_max(used, Ordering::Relaxed);
        Ok(())
    }
    pub fn shrink(&self, bytes: u64) {
        self.0.used.fetch_sub(bytes, Ordering::Relaxed);
        if let Some(parent) = &self.0.parent {
            parent.shrink(bytes);
        }
    }
    pub fn reserve(&self, bytes: u64) -> Result<Reservation> {
        self.grow(bytes)?;
        Ok(Reservation { memory: self.clone(), bytes })
    }
}

thread_local! {
    static AT_HAND: RefCell<Option<Memory>> = const { RefCell::new(None) };
}

impl Memory {
    /// Runs `work` with this budget as the one that [`check_room`] asks on this thread: functions of values have no
    /// query to ask.
    pub fn at_hand<T>(&self, work: impl FnOnce() -> T) -> T {
        struct Before(Option<Memory>);
        impl Drop for Before {
            fn drop(&mut self) {
                AT_HAND.set(self.0.take());
            }
        }
        let _before = Before(AT_HAND.replace(Some(self.clone())));
        work()
    }
}

/// Whether the budget at hand has room for so many bytes more: to be asked before they are allocated.
/// Errors: `MEMORY_LIMIT_EXCEEDED`.
pub fn check_room(bytes: usize) -> Result<()> {
    let memory = AT_HAND.with_borrow(Clone::clone);
    memory.map_or(Ok(()), |m| m.reserve(bytes as u64).map(drop))
}

/// Bytes taken from a budget; given back on drop.
pub struct Reservation {
    memory: Memory,
    bytes: u64,
}

impl Reservation {
    pub fn empty(memory: &Memory) -> Self {
        Reservation { memory: memory.clone(), bytes: 0 }
    }
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
    /// Makes the reservation `bytes` large.
    pub fn resize(&mut self, bytes: u64) -> Result<()> {
        if bytes > self.bytes {
            self.memory.grow(bytes - self.bytes)?;
        } else {
            self.memory.shrink(self.bytes - bytes);
        }
        self.bytes = bytes;
        Ok(())
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.memory.shrink(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_budget_at_hand_is_asked() {
        let memory = Memory::root("for query", "max_memory_usage", 1000);
        assert!(check_room(2000).is_ok());
        memory.at_hand(|| {
            assert!(check_room(1000).is_ok());
            assert_eq!(check_room(1001).err().map(|e| e.code()), Some(MEMORY_LIMIT_EXCEEDED));
            Memory::root("for query", "max_memory_usage", 5000).at_hand(|| assert!(check_room(2000).is_ok()));
            assert!(check_room(2000).is_err());
        });
        assert!(check_room(2000).is_ok());
        assert_eq!(memory.used(), 0);
    }
}
