//! The kernel's state in a process: open stores, registered table versions, memtables, batches, running
//! queries. Everything is reached by number; nothing here decides when something is to be dropped.

use crate::expr::{Bound, Scope};
use crate::ingest::{IngestSpec, Outcome};
use crate::ingest_stream::Ingest;
use crate::literal;
use crate::measure::Analysis;
use crate::memory_error::at_the_end;
use crate::paths::PathsOff;
use crate::plan::{Expr, Job, Lit, Plan, SessionInfo, Sink, SpillPlace, TableShape, TableVersion};
use crate::pool::guarded;
use crate::query::{Progress, Query};
use crate::run::Runner;
use crate::sink::{Channel, Chunk};
use crate::spill::Space;
use crate::table::{Shelf, TableSnapshot};
use crate::write::SegmentSink;
use crate::{deep, jobs, sink};
use functions::{Arg, Session};
use parking_lot::{Condvar, Mutex};
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;
use storage::{Cache, Memtable};
use types::parse::parse_type;
use types::tz::TimeZone;
use types::{Batch, Cancel, Error, Field, Memory, Result, Type};

pub struct Kernel {
    pub memory: Memory,
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

    fn quick_query(&self, info: &SessionInfo) -> Result<Arc<Query>> {
        self.query(info, Cancel::new(None), 0, HashMap::new(), HashMap::new())
    }

    fn query(
        &self,
        info: &SessionInfo,
        cancel: Cancel,
        memory_bytes: u64,
        tables: HashMap<u32, Arc<TableSnapshot>>,
        batches: HashMap<u32, Arc<Batch>>,
    ) -> Result<Arc<Query>> {
        let session = session(info)?;
        Ok(Arc::new(Query {
            off: PathsOff::of(&session.settings)?,
            cancel,
            memory: self.memory.child("for query", "max_memory_usage", memory_bytes),
            session,
            threads: crate::pool::threads(),
            inline: AtomicBool::new(false),
            service_ns: AtomicU64::new(0),
            progress: Progress::default(),
            read_rows_max: 0,
            read_bytes_max: 0,
            read_break: false,
            tables,
            batches,
            spill: None,
            analysis: OnceLock::new(),
        }))
    }

    // ---- functions and types, for the binder

    /// `{"name", "args":[{"type","constant"?:Lit,"lambda"?:bool}], "session"?}` → `{"type","deterministic"}`.
    pub fn resolve_function(&self, request: &str) -> Result<String> {
        #[derive(serde::Deserialize)]
        struct Request {
            name: String,
            args: Vec<ArgSpec>,
            #[serde(default)]
            session: SessionInfo,
        }
        let r: Request = parse("resolveFunction", request)?;
        let args = r.args.iter().map(ArgSpec::arg).collect::<Result<Vec<_>>>()?;
        let call = functions::resolve(&r.name, &args, &session(&r.session)?)?;
        Ok(json!({"type": call.ty().to_string(), "deterministic": call.deterministic(), "foldable": call.foldable(), "stateful": call.stateful()})
            .to_string())
    }

    /// `{"name","args":[…]}` → for each argument its lambda's parameter types or null.
    pub fn lambda_params(&self, request: &str) -> Result<String> {
        #[derive(serde::Deserialize)]
        struct Request {
            name: String,
            args: Vec<ArgSpec>,
        }
        let r: Request = parse("lambdaParams", request)?;
        let args = r.args.iter().map(ArgSpec::arg).collect::<Result<Vec<_>>>()?;
        let params = functions::lambda_params(&r.name, &args)?;
        let out: Vec<Value> = params
            .iter()
            .map(|p| match p {
                None => Value::Null,
                Some(ts) => ts.iter().map(|t| Value::String(t.to_string())).collect(),
            })
            .collect();
        Ok(Value::Array(out).to_string())
    }

    /// `{"name","params":[Lit],"args":[type]}` → `{"name","type","stateType"}`.
    pub fn resolve_aggregate(&self, request: &str) -> Result<String> {
        #[derive(serde::Deserialize)]
        struct Request {
            name: String,
            #[serde(default)]
            params: Vec<Lit>,
            args: Vec<String>,
        }
        let r: Request = parse("resolveAggregate", request)?;
        let arg_types = r.args.iter().map(|t| parse_type(t)).collect::<Result<Vec<_>>>()?;
        if let Some(of_window) = crate::window::window_type(&r.name, &r.params, &arg_types) {
            let (name, ty) = of_window?;
            return Ok(json!({"name": name, "type": ty.to_string(), "window": true}).to_string());
        }
        let call = crate::plan::AggregateCall { name: r.name, params: r.params, args: Vec::new() };
        let a = crate::aggregate::resolve(&call, &arg_types)?;
        Ok(json!({"name": a.name(), "type": a.ty().to_string(), "stateType": a.state_type().to_string(), "orderSensitive": a.order_sensitive(), "defaultOnNulls": a.default_on_nulls()})
            .to_string())
    }

    /// A constant expression's value: `{"expr": Expr, "session"?}` → Lit.
    pub fn fold(&self, request: &str) -> Result<String> {
        #[derive(serde::Deserialize)]
        struct Request {
            expr: Expr,
            #[serde(default)]
            session: SessionInfo,
        }
        deep::on_stack(request, || {
            let r: Request = deep::parse("fold", request)?;
            let query = self.quick_query(&r.session)?;
            let b = Bound::bind(&r.expr, &Scope { columns: &[], query: &query, scalars: &[], sets: &[] })?;
            let c = b.eval(&Batch { columns: Vec::new(), rows: 1 }, &query)?;
            let value = literal::to_json(&c.flat(), 0, b.ty())?;
            Ok(json!({"type": b.ty().to_string(), "value": value}).to_string())
        })
    }

    pub fn canonical_type(&self, text: &str) -> Result<String> {
        Ok(parse_type(text)?.to_string())
    }

    /// `["UInt8","Int16"]` → their least supertype.
    pub fn common_type(&self, request: &str) -> Result<String> {
        let names: Vec<String> = parse("commonType", request)?;
        let types = names.iter().map(|t| parse_type(t)).collect::<Result<Vec<_>>>()?;
        Ok(functions::common_type(&types)?.to_string())
    }

    /// Everything that can be listed: for system tables, the manual and hints.
    pub fn registry(&self) -> String {
        let mut functions: Vec<Value> = functions::registry()
            .iter()
            .map(|d| {
                json!({"name": d.name, "aliases": d.aliases, "aliasesAnyCase": d.aliases_any_case,
                    "caseInsensitive": d.case_insensitive, "kind": "scalar", "deterministic": d.deterministic,
                    "signature": d.signature, "description": d.description, "category": d.category,
                    "examples": d.examples.iter().map(|(q, r)| json!([q, r])).collect::<Vec<_>>()})
            })
            .collect();
        let aggregates: Vec<Value> = aggregates::registry()
            .iter()
            .map(|d| {
                json!({"name": d.name, "aliases": [], "aliasesAnyCase": d.aliases, "caseInsensitive": d.case_insensitive, "kind": "aggregate",
                    "signature": d.signature, "description": d.description, "category": "Aggregate",
                    "examples": d.examples.iter().map(|(q, r)| json!([q, r])).collect::<Vec<_>>()})
            })
            .collect();
        let formats: Vec<Value> = formats::registry::FORMATS
            .iter()
            .map(|f| json!({"name": f.name, "input": f.input, "output": f.output, "aliases": f.aliases, "description": f.description, "contentType": f.content_type}))
            .collect();
        functions.extend(aggregates);
        let mut types: Vec<Value> = Vec::new();
        for (name, _, aliases) in types::parse::SIMPLE {
            types.push(json!({"name": name, "caseInsensitive": false, "aliasOf": ""}));
            types.extend(
                aliases
                    .iter()
                    .map(|a| json!({"name": a.to_uppercase(), "caseInsensitive": true, "aliasOf": name})),
            );
        }
        let combinators: Vec<&str> = aggregates::COMBINATORS.iter().map(|c| c.0).collect();
        let errors: Vec<Value> =
            types::codes::ALL.iter().map(|c| json!({"code": c.number, "name": c.name})).collect();
        json!({"functions": functions, "combinators": combinators, "formats": formats, "types": types, "errors": errors})
            .to_string()
    }

    // ---- tables

    pub fn register_table(&self, request: &str) -> Result<u32> {
        let v: TableVersion = parse("registerTable", request)?;
        let shelf = self.shelf(v.store)?;
        let mut memory = self.memory_rows(&v.memtables)?;
        memory.extend(self.batch_rows(&v)?);
        let t = Arc::new(shelf.table(&v, memory)?);
        let n = self.number();
        self.tables.lock().insert(n, t);
        Ok(n)
    }
    pub fn release_table(&self, handle: u32) {
        self.tables.lock().remove(&handle);
    }
    /// Rows of batches as those of a memtable; the batches stay where they are.
    fn batch_rows(&self, v: &TableVersion) -> Result<Vec<jobs::MemoryRows>> {
        let held = self.batches.lock();
        v.batches
            .iter()
            .map(|n| {
                let b = held.get(n).ok_or_else(|| Error::internal(format!("no batch {n}")))?;
                if b.types.len() != v.table.columns.len() {
                    return Err(Error::internal("a batch has other columns than its table"));
                }
                let fields = v.table.columns.iter().zip(&b.types);
                let fields = fields.map(|(c, t)| Field { name: c.name.clone(), ty: t.clone() }).collect();
                Ok((Arc::new(fields), vec![b.batch.clone()]))
            })
            .collect()
    }
    fn memory_rows(&self, memtables: &[u32]) -> Result<Vec<jobs::MemoryRows>> {
        let all = self.memtables.lock();
        memtables
            .iter()
            .map(|m| {
                let m = all.get(m).ok_or_else(|| Error::internal(format!("no memtable {m}")))?;
                Ok((m.fields.clone(), m.rows.snapshot()))
            })
            .collect()
    }

    // ---- memtables and batches

    pub fn memtable_open(&self, shape: &str) -> Result<u32> {
        let shape: TableShape = parse("memtableOpen", shape)?;
        let fields = shape
            .columns
            .iter()
            .map(|c| Ok(Field { name: c.name.clone(), ty: parse_type(&c.ty)? }))
            .collect::<Result<Vec<_>>>()?;
        let n = self.number();
        let rows = Memtable::new(fields.iter().map(|f| f.ty.clone()).collect());
        self.memtables.lock().insert(n, Arc::new(MemoryTable { fields: Arc::new(fields), rows }));
        Ok(n)
    }
    /// Uses up the batch; gives (rows, bytes) of the memtable.
    pub fn memtable_append(&self, memtable: u32, batch: u32) -> Result<(u64, u64)> {
        let m = self.memtables.lock().get(&memtable).cloned();
        let m = m.ok_or_else(|| Error::internal(format!("no memtable {memtable}")))?;
        let b = self.take_batch(batch)?;
        m.rows.append(b.batch.as_ref().clone())?;
        Ok((m.rows.rows() as u64, m.rows.bytes() as u64))
    }
    pub fn memtable_drop(&self, memtable: u32) {
        self.memtables.lock().remove(&memtable);
    }
    fn take_batch(&self, batch: u32) -> Result<StoredBatch> {
        self.batches.lock().remove(&batch).ok_or_else(|| Error::internal(format!("no batch {batch}")))
    }
    pub fn batch_drop(&self, batch: u32) {
        self.batches.lock().remove(&batch);
    }
    fn keep_batch(&self, batch: Batch, types: Vec<Type>, names: Vec<String>) -> u32 {
        let n = self.number();
        let columns = batch.columns.iter().map(types::Column::flat_deep).collect();
        let batch = Arc::new(Batch { columns, rows: batch.rows });
        self.batches.lock().insert(n, StoredBatch { batch, types, names });
        n
    }
    /// What a table asks of rows that come in, as `prepare.rs` says. Gives the rows that are left.
    pub fn batch_prepare(&self, batch: u32, shape: &str, how: &str) -> Result<u64> {
        let how: crate::prepare::How = parse("batchPrepare", how)?;
        let shape: TableShape = parse("batchPrepare", shape)?;
        let stored = self.batches.lock().get(&batch).cloned();
        let mut stored = stored.ok_or_else(|| Error::internal(format!("no batch {batch}")))?;
        let info = SessionInfo { timezone: shape.timezone.clone(), ..SessionInfo::default() };
        let query = self.quick_query(&info)?;
        guarded(|| {
            let b = crate::prepare::prepare(&shape, &how, stored.batch.as_ref().clone(), &query)?;
            let columns = b.columns.iter().map(types::Column::flat_deep).collect();
            stored.batch = Arc::new(Batch { columns, rows: b.rows });
            self.batches.lock().insert(batch, stored.clone());
            Ok(stored.batch.rows as u64)
        })
    }
    pub fn wal_encode(&self, batch: u32) -> Result<Vec<u8>> {
        let b = self.batches.lock().get(&batch).cloned();
        let b = b.ok_or_else(|| Error::internal(format!("no batch {batch}")))?;
        storage::encode_batch(&b.batch, &b.fields())
    }
    /// Checked; errors: `CORRUPTED_DATA`.
    pub fn wal_decode(&self, shape: &str, payload: &[u8]) -> Result<u32> {
        let shape: TableShape = parse("walDecode", shape)?;
        let fields = shape
            .columns
            .iter()
            .map(|c| Ok(Field { name: c.name.clone(), ty: parse_type(&c.ty)? }))
            .collect::<Result<Vec<_>>>()?;
        let b = storage::decode_batch(payload, &fields)?;
        let (names, types) = fields.into_iter().map(|f| (f.name, f.ty)).unzip();
        Ok(self.keep_batch(b, types, names))
    }

    // ---- queries

    /// Starts a query on a thread of its own. `snapshot`: table versions are looked up now, on the
    /// caller's thread, so that all of them are of one moment.
    pub fn start_query(&'static self, plan: &str) -> Result<u32> {
        let start = Instant::now();
        let plan: Plan = deep::parse("plan", plan)?;
        let mut tables = HashMap::new();
        let mut batches = HashMap::new();
        {
            let all = self.tables.lock();
            let held = self.batches.lock();
            let mut handles = Vec::new();
            crate::plan::handles(&plan, &mut handles);
            for (is_table, h) in handles {
                if is_table {
                    let t = all.get(&h).ok_or_else(|| crate::table::missing_table(h))?;
                    tables.insert(h, t.clone());
                } else {
                    let b = held.get(&h).ok_or_else(|| Error::internal(format!("no batch {h}")))?;
                    batches.insert(h, b.batch.clone());
                }
            }
        }
        let limit = (plan.limits.execution_ms > 0).then_some(plan.limits.execution_ms);
        let query =
            self.query(&plan.session, Cancel::new(limit), plan.limits.memory_bytes, tables, batches)?;
        let mut query = query;
        if let Some(q) = Arc::get_mut(&mut query) {
            if plan.limits.threads > 0 {
                q.threads = (plan.limits.threads as usize).min(crate::pool::threads());
            }
            q.read_rows_max = plan.limits.read_rows;
            q.read_bytes_max = plan.limits.read_bytes;
            q.read_break = plan.limits.read_break;
            q.spill = plan.limits.spill.as_ref().and_then(space);
        }
        let n = self.number();
        let running = Arc::new(Running { query, channel: Channel::default() });
        self.queries.lock().insert(n, running.clone());
        spawn(Box::new(move || {
            self.busy.fetch_add(1, Ordering::Relaxed);
            let result = guarded(|| self.drive(&plan, &running, start)).map_err(at_the_end);
            self.busy.fetch_sub(1, Ordering::Relaxed);
            running.channel.finish(result);
        }));
        Ok(n)
    }

    fn drive(&self, plan: &Plan, running: &Running, start: Instant) -> Result<Vec<u8>> {
        let query = &running.query;
        if plan.limits.analyze {
            query.analysis.get_or_init(|| Analysis::new(plan));
        }
        let mut shelves = HashMap::new();
        for t in query.tables.values() {
            shelves.insert(t.store, self.shelf(t.store)?);
        }
        let mut runner = Runner::new(query, &shelves);
        if let Sink::Format { format, .. } = &plan.sink
            && formats::tells_rows_before_limit(format)
        {
            runner.count_before_limit(plan);
        }
        let out = runner.start(plan)?;
        let before_limit = runner.into_before_limit();
        if out.types.len() != plan.names.len() {
            return Err(Error::internal(format!(
                "the plan gives {} columns and names {}",
                out.types.len(),
                plan.names.len()
            )));
        }
        match &plan.sink {
            Sink::Format { format, settings } => {
                let to = sink::To { names: &plan.names, format, settings, before_limit };
                sink::format(out, to, &plan.limits, &running.channel, query, start)
            }
            Sink::Batch => {
                let types = out.types.clone();
                let (batches, _held) = out.rows.collect(query)?;
                let all = Batch::concat(&types, &batches);
                let (rows, bytes) = (all.rows, all.bytes());
                let batch = self.keep_batch(all, types, plan.names.clone());
                Ok(json!({"batch": batch, "rows": rows, "bytes": bytes}).to_string().into_bytes())
            }
            Sink::Segments { target } => self.write_segments(out, target, plan, query),
        }
    }

    fn write_segments(
        &self,
        out: crate::run::Output,
        target: &crate::plan::WriteTarget,
        plan: &Plan,
        query: &Arc<Query>,
    ) -> Result<Vec<u8>> {
        let mut sink = SegmentSink::new(target.clone(), query)?;
        let wanted = sink.types().to_vec();
        if wanted != out.types {
            let names = |ts: &[Type]| ts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            return Err(Error::internal(format!(
                "the plan gives ({}), the table takes ({})",
                names(&out.types),
                names(&wanted)
            )));
        }
        let mut hash = crate::row_hash::RowHash::default();
        let wants_hash =
            plan.session.settings.get("insert_deduplication_token").is_some_and(|t| !t.is_empty());
        out.rows.drive(query, &mut |b| {
            let b = Batch { columns: b.columns.iter().map(types::Column::flat_deep).collect(), rows: b.rows };
            if wants_hash {
                hash.add(&b, &wanted);
            }
            sink.add(b, query)?;
            query.progress.result_rows.store(sink.total_rows, Ordering::Relaxed);
            Ok(crate::pool::Flow::More)
        })?;
        let few = !target.segments_only
            && !sink.has_written()
            && sink.pending_rows() < crate::ingest::MEMORY_ROWS_MAX;
        let mut v = json!({"rows": sink.total_rows, "bytes": sink.total_bytes, "rejected": 0, "errors": [], "hash": hash.finish()});
        if few {
            let b = sink.take_pending();
            v["batch"] = json!(self.keep_batch(
                b,
                wanted,
                target.table.columns.iter().map(|c| c.name.clone()).collect()
            ));
        } else {
            v["segments"] = Value::Array(sink.finish(query)?);
        }
        Ok(v.to_string().into_bytes())
    }

    /// Hands the next chunk to `f` when there is one; the flag says whether it is the last.
    pub fn next_chunk(&self, query: u32, f: Box<dyn FnOnce(Chunk, bool) + Send>) {
        let found = self.queries.lock().get(&query).cloned();
        match found {
            Some(r) => r.channel.next(f),
            None => f(Chunk::End, true),
        }
    }
    pub fn cancel_query(&self, query: u32) {
        if let Some(r) = self.queries.lock().get(&query) {
            r.query.cancel.cancel();
            r.channel.close();
        }
    }
    /// Ends what still runs and forgets the query.
    pub fn close_query(&self, query: u32) {
        if let Some(r) = self.queries.lock().remove(&query) {
            r.query.cancel.cancel();
            r.channel.close();
        }
    }
    pub fn progress(&self, query: u32) -> String {
        let found = self.queries.lock().get(&query).cloned();
        let Some(r) = found else { return "null".into() };
        let p = &r.query.progress;
        let get = |a: &AtomicU64| a.load(Ordering::Relaxed);
        let mut v = json!({
            "readRows": get(&p.read_rows), "readBytes": get(&p.read_bytes),
            "resultRows": get(&p.result_rows), "resultBytes": get(&p.result_bytes),
            "segments": get(&p.segments), "segmentsPruned": get(&p.segments_pruned),
            "blocks": get(&p.blocks), "blocksPruned": get(&p.blocks_pruned),
            "memory": r.query.memory.used(), "memoryPeak": r.query.memory.peak(),
            "elapsedUs": r.query.cancel.elapsed_us(), "threads": r.query.threads,
        });
        if let Some(a) = r.query.analysis.get() {
            v["nodes"] = a.nodes();
            v["prunedBy"] = a.pruned_json();
        }
        v.to_string()
    }
    /// Memory and cache figures, for metrics.
    pub fn metrics(&self) -> String {
        let c = self.cache().stats();
        json!({"memory": self.memory.used(), "memoryLimit": self.memory.limit(), "queries": self.queries.lock().len(),
            "cacheBytes": c.bytes, "cacheHits": c.hits, "cacheMisses": c.misses})
        .to_string()
    }

    // ---- ingest

    /// A small body at once: `{"batch", "rows", …}`.
    pub fn decode_rows(&self, spec: &str, body: &[u8]) -> Result<String> {
        let spec: IngestSpec = parse("decodeRows", spec)?;
        let query = self.query(&spec.session, Cancel::new(None), 0, HashMap::new(), HashMap::new())?;
        query.inline.store(true, Ordering::Relaxed);
        let outcome = guarded(|| crate::ingest::decode(&spec, body, &query))?;
        Ok(self.outcome(outcome, &spec).to_string())
    }
    fn outcome(&self, mut o: Outcome, spec: &IngestSpec) -> Value {
        let mut v = o.json();
        if let Some((batch, types)) = o.batch.take() {
            let names = match &spec.table {
                Some(t) if t.columns.len() == types.len() => {
                    t.columns.iter().map(|c| c.name.clone()).collect()
                }
                _ if spec.columns.len() == types.len() => {
                    spec.columns.iter().map(|c| c.name.clone()).collect()
                }
                // computed columns: the log and memtables go by position
                _ => (0..types.len()).map(|i| format!("c{i}")).collect(),
            };
            v["batch"] = json!(self.keep_batch(batch, types, names));
        }
        v
    }
    pub fn ingest_open(&self, spec: &str) -> Result<u32> {
        let spec: IngestSpec = parse("ingestOpen", spec)?;
        let query = self.query(&spec.session, Cancel::new(None), 0, HashMap::new(), HashMap::new())?;
        let ingest = guarded(|| Ingest::open(spec, query.clone()))?;
        let n = self.number();
        let slot = IngestSlot {
            ingest: Mutex::new(Some(ingest)),
            query,
            queue: Mutex::default(),
            busy: AtomicBool::new(false),
        };
        self.ingests.lock().insert(n, Arc::new(slot));
        Ok(n)
    }
    /// Works on a piece on another thread; `done` when the next may come. Calls are done in order.
    pub fn ingest_push(&self, ingest: u32, bytes: Vec<u8>, done: Box<dyn FnOnce(Result<()>) + Send>) {
        self.ingest_work(ingest, move |slot| {
            let r = guarded(|| match slot.ingest.lock().as_mut() {
                Some(i) => i.push(&bytes),
                None => Err(Error::internal("the ingest has ended")),
            });
            if r.is_err() {
                slot.ingest.lock().take();
            }
            done(r);
        });
    }
    pub fn ingest_finish(&'static self, ingest: u32, done: Box<dyn FnOnce(Result<String>) + Send>) {
        self.ingest_work(ingest, move |slot| {
            let taken = slot.ingest.lock().take();
            let r = guarded(|| match taken {
                Some(i) => {
                    let spec = i.spec().clone();
                    Ok(self.outcome(i.finish()?, &spec).to_string())
                }
                None => Err(Error::internal("the ingest has ended")),
            });
            self.ingests.lock().remove(&ingest);
            done(r);
        });
    }
    fn ingest_work(&self, ingest: u32, work: impl FnOnce(&IngestSlot) + Send + 'static) {
        let found = self.ingests.lock().get(&ingest).cloned();
        let slot = found.unwrap_or_else(|| {
            // unknown: the work finds no ingest and says so
            let query = self.quick_query(&SessionInfo::default());
            Arc::new(IngestSlot {
                ingest: Mutex::new(None),
                query: query.unwrap_or_else(|_| unreachable!("UTC is always known")),
                queue: Mutex::default(),
                busy: AtomicBool::new(false),
            })
        });
        let again = slot.clone();
        slot.queue.lock().push_back(Box::new(move || work(&again)));
        if !slot.busy.swap(true, Ordering::AcqRel) {
            spawn(Box::new(move || {
                loop {
                    let next = slot.queue.lock().pop_front();
                    match next {
                        Some(f) => f(),
                        None => {
                            slot.busy.store(false, Ordering::Release);
                            // a push may have come between the look and the flag
                            if slot.queue.lock().is_empty() || slot.busy.swap(true, Ordering::AcqRel) {
                                return;
                            }
                        }
                    }
                }
            }));
        }
    }
    pub fn ingest_abort(&self, ingest: u32) {
        if let Some(s) = self.ingests.lock().remove(&ingest) {
            s.query.cancel.cancel();
        }
    }
    /// Columns that a sample suggests: JSON `[{"name","type"}]`.
    pub fn infer_schema(&self, spec: &str, sample: &[u8]) -> Result<String> {
        #[derive(serde::Deserialize)]
        struct Request {
            format: String,
            #[serde(default)]
            encoding: Option<String>,
            #[serde(default)]
            settings: HashMap<String, String>,
            #[serde(default)]
            timezone: String,
            /// types as ClickHouse guesses them, not as a new table wants them
            #[serde(default)]
            plain: bool,
        }
        let r: Request = parse("inferSchema", spec)?;
        let plain;
        let sample = match &r.encoding {
            None => sample,
            Some(e) => {
                plain = crate::ingest::decompress_sample(e, sample)?;
                &plain
            }
        };
        let options = formats::decode::InputOptions::from_settings(&r.settings, zone(&r.timezone)?, true)?;
        let style = if r.plain { formats::infer::Style::ClickHouse } else { formats::infer::Style::Table };
        let fields = guarded(|| formats::infer::infer_as(&r.format, sample, &options, style))?;
        let list: Vec<Value> =
            fields.iter().map(|f| json!({"name": f.name, "type": f.ty.to_string()})).collect();
        Ok(Value::Array(list).to_string())
    }

    // ---- jobs

    pub fn run_job(&'static self, job: &str, done: Box<dyn FnOnce(Result<String>) + Send>) -> Result<()> {
        let job: Job = deep::parse("job", job)?;
        let (number, store, memtables, timezone) = match &job {
            Job::Flush { job, store, memtables, table, .. } => {
                (*job, *store, memtables.clone(), table.timezone.clone())
            }
            Job::Merge { job, store, table, .. }
            | Job::Rewrite { job, store, table, .. }
            | Job::Mark { job, store, table, .. } => (*job, *store, Vec::new(), table.timezone.clone()),
        };
        let memory = self.memory_rows(&memtables)?;
        let shelf = self.shelf(store)?;
        let info = SessionInfo { timezone, ..SessionInfo::default() };
        let polite = matches!(&job, Job::Merge { how, .. } if how.polite);
        let cancel = if polite { Cancel::polite(self.busy.clone()) } else { Cancel::new(None) };
        let query = self.query(&info, cancel.clone(), 0, HashMap::new(), HashMap::new())?;
        // background work gets what queries leave
        query.service_ns.store(1 << 62, Ordering::Relaxed);
        self.jobs.lock().insert(number, cancel);
        spawn(Box::new(move || {
            let r = guarded(|| jobs::run(job, memory, &shelf, &query));
            self.jobs.lock().remove(&number);
            done(r.map(|v| v.to_string()));
        }));
        Ok(())
    }
    pub fn cancel_job(&self, job: u32) {
        if let Some(c) = self.jobs.lock().get(&job) {
            c.cancel();
        }
    }
    /// `check_segment` on a thread of its own.
    pub fn check_segment_later(
        &'static self,
        store: u32,
        file: String,
        done: Box<dyn FnOnce(Result<()>) + Send>,
    ) {
        spawn(Box::new(move || done(self.check_segment(store, &file))));
    }
    /// Reads a segment whole and verifies every checksum.
    pub fn check_segment(&self, store: u32, file: &str) -> Result<()> {
        let shelf = self.shelf(store)?;
        guarded(|| {
            // a cache of its own, so that everything is read from the disk and nothing is pushed out
            storage::Segment::open(&shelf.files, file, &Cache::new(1 << 20))?.check()
        })
    }
}

impl StoredBatch {
    fn fields(&self) -> Vec<Field> {
        self.names.iter().zip(&self.types).map(|(n, t)| Field { name: n.clone(), ty: t.clone() }).collect()
    }
}

#[derive(serde::Deserialize)]
struct ArgSpec {
    #[serde(rename = "type")]
    ty: String,
    #[serde(default)]
    constant: Option<Lit>,
    #[serde(default)]
    lambda: bool,
}

impl ArgSpec {
    fn arg(&self) -> Result<Arg> {
        let ty = if self.lambda && self.ty.is_empty() { Type::Function } else { parse_type(&self.ty)? };
        let constant = match &self.constant {
            Some(l) => Some(literal::literal(l)?.0),
            None => None,
        };
        Ok(Arg { ty, constant, lambda: self.lambda })
    }
}

/// Threads that drive queries: kept for a while, one per query that runs.
struct Drivers {
    work: Mutex<VecDeque<Box<dyn FnOnce() + Send>>>,
    idle: Mutex<usize>,
    ready: Condvar,
}

/// Runs `f` on a thread that may block.
pub(crate) fn spawn(f: Box<dyn FnOnce() + Send>) {
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
