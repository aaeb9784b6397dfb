//! The kernel's state in a process: open stores, registered table versions, memtables, batches, running
//! queries. Everything is reached by number; nothing here decides when something is to be dropped.

mod describe;
mod drivers;
mod ingests;
mod jobs;
mod queries;
mod tables;

use crate::ingest_stream::Ingest;
use crate::paths::PathsOff;
use crate::plan::{SessionInfo, SpillPlace};
use crate::query::{Progress, Query};
use crate::sink::Channel;
use crate::spill::Space;
use crate::table::{Shelf, TableSnapshot};
use functions::Session;
use parking_lot::Mutex;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use storage::{Cache, Memtable};
use types::tz::TimeZone;
use types::{Batch, Cancel, Error, Field, Memory, Result, Type};

pub(crate) use drivers::spawn;

pub struct Kernel {
    pub memory: Memory,
    /// by the name of the user
    user_memory: Mutex<HashMap<String, Memory>>,
    cache: OnceLock<Arc<Cache>>,
    cache_bytes: AtomicU64,
    next: AtomicU32,
    shelves: Mutex<HashMap<u32, Arc<Shelf>>>,
    tables: Mutex<HashMap<u32, Arc<TableSnapshot>>>,
    memtables: Mutex<HashMap<u32, Arc<MemoryTable>>>,
    batches: Mutex<HashMap<u32, StoredBatch>>,
    queries: Mutex<HashMap<u32, Arc<Running>>>,
    ingests: Mutex<HashMap<u32, Arc<IngestSlot>>>,
    jobs: Mutex<HashMap<u32, Cancel>>,
    /// queries that are being computed: merges make room for them
    busy: Arc<AtomicUsize>,
}

/// A memtable with the names and types of its columns.
struct MemoryTable {
    fields: Arc<Vec<Field>>,
    rows: Memtable,
}

#[derive(Clone)]
struct StoredBatch {
    batch: Arc<Batch>,
    types: Vec<Type>,
    names: Vec<String>,
}

/// A query from start to close.
struct Running {
    query: Arc<Query>,
    channel: Channel,
}

struct IngestSlot {
    /// None while a piece is being worked on, and after a failure
    ingest: Mutex<Option<Ingest>>,
    query: Arc<Query>,
    /// pushes that wait their turn
    queue: Mutex<VecDeque<Box<dyn FnOnce() + Send>>>,
    busy: AtomicBool,
}

/// The kernel of this process.
pub fn kernel() -> &'static Kernel {
    static KERNEL: OnceLock<Kernel> = OnceLock::new();
    KERNEL.get_or_init(|| {
        crate::backed::install();
        let memory = Memory::root("total", "max_server_memory", 0);
        Kernel {
            cache: OnceLock::new(),
            cache_bytes: AtomicU64::new(1 << 30),
            memory,
            user_memory: Mutex::default(),
            busy: Arc::default(),
            next: AtomicU32::new(1),
            shelves: Mutex::default(),
            tables: Mutex::default(),
            memtables: Mutex::default(),
            batches: Mutex::default(),
            queries: Mutex::default(),
            ingests: Mutex::default(),
            jobs: Mutex::default(),
        }
    })
}

fn parse<'a, T: serde::Deserialize<'a>>(what: &str, text: &'a str) -> Result<T> {
    serde_json::from_str(text).map_err(|e| Error::internal(format!("{what} does not fit: {e}")))
}

fn zone(name: &str) -> Result<Arc<TimeZone>> {
    TimeZone::get(if name.is_empty() { "UTC" } else { name })
}

fn session(info: &SessionInfo) -> Result<Session> {
    Ok(Session {
        timezone: zone(&info.timezone)?,
        now_ns: info.now_ns.parse().unwrap_or(0),
        started: std::time::Instant::now(),
        database: info.database.clone(),
        user: info.user.clone(),
        query_id: info.query_id.clone(),
        version: info.version.clone(),
        hostname: info.hostname.clone(),
        settings: info.settings.clone(),
    })
}

fn space(place: &SpillPlace) -> Option<Arc<Space>> {
    let at = [place.group_by_at, place.join_at, place.sort_at];
    Some(Arc::new(Space::new(files::store(place.store)?, place.prefix.clone(), place.bytes, at)))
}

impl Kernel {
    fn number(&self) -> u32 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Sets the server's memory limit and, before the first table is opened, the block cache's size.
    pub fn configure(&self, memory_bytes: u64, cache_bytes: u64) {
        self.memory.set_limit(memory_bytes);
        self.cache_bytes.store(cache_bytes, Ordering::Relaxed);
    }

    fn cache(&self) -> &Arc<Cache> {
        self.cache.get_or_init(|| Cache::new(self.cache_bytes.load(Ordering::Relaxed) as usize))
    }

    fn shelf(&self, store: u32) -> Result<Arc<Shelf>> {
        let mut shelves = self.shelves.lock();
        if let Some(s) = shelves.get(&store) {
            return Ok(s.clone());
        }
        let files =
            files::store(store).ok_or_else(|| Error::internal(format!("store {store} is not open")))?;
        let s = Arc::new(Shelf::new(files, self.cache().clone()));
        shelves.insert(store, s.clone());
        Ok(s)
    }

    /// To be called when a store is closed: its segments are forgotten.
    pub fn forget_store(&self, store: u32) {
        self.shelves.lock().remove(&store);
    }

    /// What the queries of a user take together. `limit` 0: no limit of its own.
    fn memory_of(&self, user: &str, limit: u64) -> Memory {
        let mut users = self.user_memory.lock();
        users.retain(|name, memory| name == user || !memory.is_unshared());
        let memory = users
            .entry(user.to_owned())
            .or_insert_with(|| self.memory.child("for user", "max_memory_usage_for_user", limit));
        memory.raise_limit(limit);
        memory.clone()
    }

    fn quick_query(&self, info: &SessionInfo) -> Result<Arc<Query>> {
        self.query(info, Cancel::new(None), &self.memory, 0, HashMap::new(), HashMap::new())
    }

    fn query(
        &self,
        info: &SessionInfo,
        cancel: Cancel,
        memory: &Memory,
        memory_bytes: u64,
        tables: HashMap<u32, Arc<TableSnapshot>>,
        batches: HashMap<u32, Arc<Batch>>,
    ) -> Result<Arc<Query>> {
        let session = session(info)?;
        Ok(Arc::new(Query {
            off: PathsOff::of(&session.settings)?,
            cancel,
            memory: memory.child("for query", "max_memory_usage", memory_bytes),
            session,
            threads: crate::pool::threads(),
            inline: AtomicBool::new(false),
            service_ns: AtomicU64::new(0),
            progress: Progress::default(),
            read_rows_max: 0,
            read_bytes_max: 0,
            read_break: false,
            read_until: None,
            tables,
            batches,
            spill: None,
            analysis: OnceLock::new(),
        }))
    }
}
