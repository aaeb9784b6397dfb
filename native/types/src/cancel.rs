//! A flag that ends a query, with the reason, checked once per block by every loop; and how far work in the
//! background is, for those who may want to end it.

use crate::codes::{QUERY_WAS_CANCELLED, TIMEOUT_EXCEEDED};
use crate::{Error, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Shared between the query, its workers and whoever may end it. Cheap to clone and to check.
#[derive(Clone)]
pub struct Cancel(Arc<State>);

struct State {
    /// 0 runs, 1 cancelled, 2 out of time
    flag: AtomicU8,
    start: Instant,
    /// microseconds of execution allowed since `start`, pauses added; u64::MAX = none
    deadline_us: AtomicU64,
    limit_ms: u64,
    /// work in the background: others that go first, and the microsecond at which it last made room
    others: Option<(Arc<AtomicUsize>, AtomicU64)>,
    /// steps of the work, and those that are done
    planned: AtomicU64,
    done: AtomicU64,
}

/// Background work gets at least a quarter of the time, in pauses of at most this.
const PAUSE_MAX_US: u64 = 50_000;
const PAUSES_PER_WORK: u64 = 3;

impl Default for Cancel {
    fn default() -> Self {
        Self::new(None)
    }
}

impl Cancel {
    /// `limit_ms`: execution time allowed, none if `None`.
    pub fn new(limit_ms: Option<u64>) -> Self {
        let deadline = limit_ms.map_or(u64::MAX, |ms| ms.saturating_mul(1000));
        Cancel(Arc::new(State {
            flag: AtomicU8::new(0),
            start: Instant::now(),
            deadline_us: AtomicU64::new(deadline),
            limit_ms: limit_ms.unwrap_or(0),
            others: None,
            planned: AtomicU64::new(0),
            done: AtomicU64::new(0),
        }))
    }
    /// For work in the background: while `others` is above 0 every check makes room for them.
    pub fn polite(others: Arc<AtomicUsize>) -> Self {
        Cancel(Arc::new(State {
            flag: AtomicU8::new(0),
            start: Instant::now(),
            deadline_us: AtomicU64::new(u64::MAX),
            limit_ms: 0,
            others: Some((others, AtomicU64::new(0))),
            planned: AtomicU64::new(0),
            done: AtomicU64::new(0),
        }))
    }
    /// The work has so many steps, of which none is done.
    pub fn plan(&self, steps: u64) {
        self.0.done.store(0, Ordering::Relaxed);
        self.0.planned.store(steps, Ordering::Relaxed);
    }
    pub fn advance(&self, steps: u64) {
        self.0.done.fetch_add(steps, Ordering::Relaxed);
    }
    /// Steps that are done, and all of them; (0, 0) before anybody knows.
    pub fn progress(&self) -> (u64, u64) {
        let planned = self.0.planned.load(Ordering::Relaxed);
        (self.0.done.load(Ordering::Relaxed).min(planned), planned)
    }
    fn make_room(&self) {
        let Some((others, last)) = &self.0.others else { return };
        let now = self.elapsed_us();
        let worked = now.saturating_sub(last.load(Ordering::Relaxed));
        // at most one pause for each millisecond of work: pauses cost a switch of threads
        if worked < 1000 {
            return;
        }
        if others.load(Ordering::Relaxed) > 0 {
            let pause = (worked * PAUSES_PER_WORK).min(PAUSE_MAX_US);
            std::thread::sleep(Duration::from_micros(pause));
        }
        last.store(self.elapsed_us(), Ordering::Relaxed);
    }
    pub fn cancel(&self) {
        self.0.flag.store(1, Ordering::Relaxed);
    }
    /// Time spent waiting for the client does not count as execution.
    pub fn add_pause_us(&self, us: u64) {
        let old = self.0.deadline_us.load(Ordering::Relaxed);
        if old != u64::MAX {
            self.0.deadline_us.store(old.saturating_add(us), Ordering::Relaxed);
        }
    }
    pub fn elapsed_us(&self) -> u64 {
        u64::try_from(self.0.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
    /// Errors: `QUERY_WAS_CANCELLED`, `TIMEOUT_EXCEEDED`. Cost: two relaxed loads and a clock read (~25 ns).
    pub fn check(&self) -> Result<()> {
        self.make_room();
        match self.0.flag.load(Ordering::Relaxed) {
            0 => {}
            1 => return Err(Error::new(QUERY_WAS_CANCELLED, "Query was cancelled")),
            _ => return Err(self.timeout()),
        }
        let deadline = self.0.deadline_us.load(Ordering::Relaxed);
        if deadline != u64::MAX && self.elapsed_us() > deadline {
            self.0.flag.store(2, Ordering::Relaxed);
            return Err(self.timeout());
        }
        Ok(())
    }
    fn timeout(&self) -> Error {
        Error::new(
            TIMEOUT_EXCEEDED,
            format!(
                "Timeout exceeded: elapsed {} ms, maximum: {} ms; raise max_execution_time or read less",
                self.elapsed_us() / 1000,
                self.0.limit_ms
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn background_work_makes_room_for_others() {
        let others = Arc::new(AtomicUsize::new(0));
        let cancel = Cancel::polite(others.clone());
        std::thread::sleep(Duration::from_millis(5));
        let before = Instant::now();
        assert!(cancel.check().is_ok());
        assert!(before.elapsed() < Duration::from_millis(4));
        others.store(1, Ordering::Relaxed);
        std::thread::sleep(Duration::from_millis(5));
        let before = Instant::now();
        assert!(cancel.check().is_ok());
        assert!(before.elapsed() >= Duration::from_millis(12));
    }
}
