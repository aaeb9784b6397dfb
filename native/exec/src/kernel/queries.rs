//! Running queries, from start to close.

use super::drivers::spawn;
use super::{Kernel, Running, space};
use crate::measure::Analysis;
use crate::memory_error::at_the_end;
use crate::plan::{Plan, Sink};
use crate::pool::guarded;
use crate::query::Query;
use crate::run::Runner;
use crate::sink::{Channel, Chunk};
use crate::write::SegmentSink;
use crate::{deep, sink};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use types::{Batch, Cancel, Error, Result, Type};

impl Kernel {
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
        let until = limit.filter(|_| plan.limits.execution_break).map(|ms| start + Duration::from_millis(ms));
        let limit = limit.filter(|_| until.is_none());
        let memory = self.memory_of(&plan.session.user, plan.limits.user_memory_bytes);
        let bytes = plan.limits.memory_bytes;
        let query = self.query(&plan.session, Cancel::new(limit), &memory, bytes, tables, batches)?;
        let mut query = query;
        if let Some(q) = Arc::get_mut(&mut query) {
            if plan.limits.threads > 0 {
                q.threads = (plan.limits.threads as usize).min(crate::pool::threads());
            }
            q.read_rows_max = plan.limits.read_rows;
            q.read_bytes_max = plan.limits.read_bytes;
            q.read_break = plan.limits.read_break;
            q.read_until = until;
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
}
