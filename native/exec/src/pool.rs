//! The kernel's own threads. Work comes as phases of morsels; a worker always takes the next morsel
//! of the query that has received the least service so far, so a short query never waits behind a
//! long one. One morsel is about 64k rows, so a worker is free again within a millisecond or so.

use crate::query::Query;
use parking_lot::{Condvar, Mutex, MutexGuard};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use types::{Error, Result};

/// What a morsel's work says about the rest of its phase.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flow {
    More,
    /// no further morsels are wanted
    Stop,
}

type Work<'a> = dyn Fn(usize) -> Result<Flow> + Sync + 'a;

struct Phase {
    query: Arc<Query>,
    /// morsels handed out so far; the work must not be called for indices ≥ `count`
    next: AtomicUsize,
    count: usize,
    threads_max: usize,
    running: AtomicUsize,
    stopped: AtomicBool,
    failure: Mutex<Option<Error>>,
    /// lives on the stack of `run_phase`, which waits until `running` is 0 and the phase is off the list
    work: *const Work<'static>,
}
// SAFETY: `work` points to a Sync closure that outlives the phase (see `run_phase`).
unsafe impl Send for Phase {}
// SAFETY: as above; all other fields are Sync.
unsafe impl Sync for Phase {}

#[derive(Default)]
struct Pool {
    phases: Mutex<Vec<Arc<Phase>>>,
    ready: Condvar,
    finished: Condvar,
    threads: AtomicUsize,
}

fn pool() -> &'static Pool {
    static POOL: OnceLock<&'static Pool> = OnceLock::new();
    POOL.get_or_init(|| {
        let p: &'static Pool = Box::leak(Box::default());
        let n = std::env::var("COLONNADE_THREADS").ok().and_then(|v| v.parse().ok());
        let n =
            n.unwrap_or_else(|| std::thread::available_parallelism().map_or(2, |n| n.get())).clamp(1, 256);
        p.threads.store(n, Ordering::Relaxed);
        for i in 0..n {
            let thread = std::thread::Builder::new().name(format!("kernel-{i}"));
            let spawned = thread.stack_size(crate::deep::STACK_BYTES).spawn(|| worker(pool()));
            if spawned.is_err() {
                break;
            }
        }
        p
    })
}

/// After so long without work a worker gives the memory back that its allocator keeps; the second time for
/// what threads left behind that have ended meanwhile.
const IDLE: [Duration; 2] = [Duration::from_millis(300), Duration::from_millis(1000)];

static GIVE_BACK: OnceLock<fn()> = OnceLock::new();

/// Names what gives back a thread's freed memory: the allocator is the business of whoever links this crate.
pub fn when_idle(give_back: fn()) {
    let _ = GIVE_BACK.set(give_back);
}

/// Number of worker threads.
pub fn threads() -> usize {
    pool().threads.load(Ordering::Relaxed)
}

fn worker(p: &'static Pool) {
    lower_priority();
    loop {
        let (phase, index) = take(p);
        run_one(p, &phase, index);
    }
}

/// HTTP stays responsive under load when the workers are a few nice levels below the main thread.
fn lower_priority() {
    #[cfg(target_os = "linux")]
    // SAFETY: plain system call on the calling thread; a failure changes nothing.
    unsafe {
        libc::setpriority(libc::PRIO_PROCESS, 0, 5);
    }
}

fn take(p: &'static Pool) -> (Arc<Phase>, usize) {
    let mut phases = p.phases.lock();
    let mut rests = 0;
    loop {
        let best = phases
            .iter()
            .filter(|f| {
                f.next.load(Ordering::Relaxed) < f.count
                    && !f.stopped.load(Ordering::Relaxed)
                    && f.running.load(Ordering::Relaxed) < f.threads_max
            })
            .min_by_key(|f| f.query.service_ns.load(Ordering::Relaxed));
        if let Some(phase) = best {
            let phase = phase.clone();
            let index = phase.next.fetch_add(1, Ordering::Relaxed);
            phase.running.fetch_add(1, Ordering::Relaxed);
            return (phase, index);
        }
        match (IDLE.get(rests), GIVE_BACK.get()) {
            (Some(time), Some(give_back)) => {
                if p.ready.wait_for(&mut phases, *time).timed_out() {
                    rests += 1;
                    MutexGuard::unlocked(&mut phases, give_back);
                }
            }
            _ => p.ready.wait(&mut phases),
        }
    }
}

fn run_one(p: &'static Pool, phase: &Phase, index: usize) {
    let start = Instant::now();
    // SAFETY: `run_phase` keeps the closure alive while `running` > 0.
    let work = unsafe { &*phase.work };
    match guarded(|| work(index)) {
        Ok(Flow::More) => {}
        Ok(Flow::Stop) => phase.stopped.store(true, Ordering::Relaxed),
        Err(e) => {
            phase.failure.lock().get_or_insert(e);
            phase.stopped.store(true, Ordering::Relaxed);
        }
    }
    let ns = start.elapsed().as_nanos() as u64;
    phase.query.service_ns.fetch_add(ns, Ordering::Relaxed);
    let phases = p.phases.lock();
    phase.running.fetch_sub(1, Ordering::Relaxed);
    drop(phases);
    p.finished.notify_all();
    p.ready.notify_one();
}

/// Runs `f`; a panic becomes an INTERNAL error instead of the end of the thread.
pub fn guarded<T>(f: impl FnOnce() -> Result<T>) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(r) => r,
        Err(panic) => {
            let text = panic
                .downcast_ref::<&str>()
                .map(|s| (*s).to_string())
                .or_else(|| panic.downcast_ref::<String>().cloned())
                .unwrap_or_else(|| "unknown".into());
            Err(Error::internal(format!("kernel panic: {text}")))
        }
    }
}

/// Calls `work(0..count)`, spread over the workers; returns when all are done or one said stop or
/// failed. A phase of one morsel runs on the calling thread.
pub fn run_phase(query: &Arc<Query>, count: usize, work: &Work<'_>) -> Result<()> {
    let threads_max = query.threads.clamp(1, threads());
    if count <= 1 || query.inline.load(Ordering::Relaxed) {
        for i in 0..count {
            query.cancel.check()?;
            if guarded(|| work(i))? == Flow::Stop {
                break;
            }
        }
        return Ok(());
    }
    let p = pool();
    // SAFETY: only the lifetime is erased. The phase is taken off the list and `running` is awaited
    // to reach 0 below, before this frame ends, so no worker can call `work` afterwards.
    let work: *const Work<'static> = unsafe { std::mem::transmute(std::ptr::from_ref(work)) };
    let phase = Arc::new(Phase {
        query: query.clone(),
        next: AtomicUsize::new(0),
        count,
        threads_max,
        running: AtomicUsize::new(0),
        stopped: AtomicBool::new(false),
        failure: Mutex::new(None),
        work,
    });
    let mut phases = p.phases.lock();
    phases.push(phase.clone());
    p.ready.notify_all();
    loop {
        let done = phase.stopped.load(Ordering::Relaxed) || phase.next.load(Ordering::Relaxed) >= count;
        if done && phase.running.load(Ordering::Relaxed) == 0 {
            break;
        }
        p.finished.wait(&mut phases);
    }
    phases.retain(|f| !Arc::ptr_eq(f, &phase));
    drop(phases);
    let failure = phase.failure.lock().take();
    failure.map_or(Ok(()), Err)
}

/// A set of per-worker states: each running morsel has one to itself.
pub struct States<S> {
    free: Mutex<Vec<S>>,
}

impl<S> Default for States<S> {
    fn default() -> Self {
        States { free: Mutex::new(Vec::new()) }
    }
}

impl<S> States<S> {
    /// Runs `f` with a state that nobody else has; a failing `f` loses its state.
    pub fn with<T>(
        &self,
        make: impl FnOnce() -> Result<S>,
        f: impl FnOnce(&mut S) -> Result<T>,
    ) -> Result<T> {
        let taken = self.free.lock().pop();
        let mut s = match taken {
            Some(s) => s,
            None => make()?,
        };
        let r = f(&mut s)?;
        self.free.lock().push(s);
        Ok(r)
    }
    pub fn into_vec(self) -> Vec<S> {
        self.free.into_inner()
    }
}
