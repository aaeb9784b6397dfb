//! Threads that may block: one per query that runs, kept for a while.

use crate::deep;
use parking_lot::{Condvar, Mutex};
use std::collections::VecDeque;
use std::sync::OnceLock;

/// Threads that drive queries: kept for a while, one per query that runs.
struct Drivers {
    work: Mutex<VecDeque<Box<dyn FnOnce() + Send>>>,
    idle: Mutex<usize>,
    ready: Condvar,
}

/// Runs `f` on a thread that may block.
pub fn spawn(f: Box<dyn FnOnce() + Send>) {
    static DRIVERS: OnceLock<Drivers> = OnceLock::new();
    let d = DRIVERS.get_or_init(|| Drivers {
        work: Mutex::default(),
        idle: Mutex::new(0),
        ready: Condvar::new(),
    });
    let mut work = d.work.lock();
    work.push_back(f);
    let enough = *d.idle.lock() >= work.len();
    drop(work);
    if enough {
        d.ready.notify_one();
        return;
    }
    let loop_forever = move || {
        loop {
            let mut work = d.work.lock();
            let next = match work.pop_front() {
                Some(f) => f,
                None => {
                    *d.idle.lock() += 1;
                    let timed_out =
                        d.ready.wait_for(&mut work, std::time::Duration::from_millis(500)).timed_out();
                    *d.idle.lock() -= 1;
                    match work.pop_front() {
                        Some(f) => f,
                        None if timed_out => return,
                        None => continue,
                    }
                }
            };
            drop(work);
            next();
        }
    };
    if std::thread::Builder::new()
        .name("query".into())
        .stack_size(deep::STACK_BYTES)
        .spawn(loop_forever)
        .is_err()
    {
        // no thread to be had: one of those that run will take it
        d.ready.notify_one();
    }
}
