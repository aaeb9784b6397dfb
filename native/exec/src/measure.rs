//! EXPLAIN ANALYZE: what each node of a plan gave, how long its own work took, and what pruned a scan.
//!
//! A step behind each node's stream counts rows and times what comes after it. A node's own time is then
//! what its inputs' streams spent in it, without what its own stream spent further on; reading a source and
//! the work between the last input row and the first output row are added. Times of all workers add up.

use crate::plan::{Node, Plan};
use crate::pool::Flow;
use crate::query::Query;
use crate::rows::{Emit, Rows, Step};
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;
use types::{Batch, Result};

/// All nodes of a running plan: the root's first, then the subqueries', parents before inputs.
pub struct Analysis {
    start: Instant,
    nodes: Vec<Measured>,
    /// by address: the plan does not move while it runs
    index: HashMap<usize, usize>,
    /// when rows last moved anywhere, since the start
    moved_ns: Arc<AtomicU64>,
    /// what ruled blocks out, and how many
    pruned: Mutex<BTreeMap<String, u64>>,
}

struct Measured {
    kind: &'static str,
    inputs: Vec<usize>,
    stat: Arc<Stat>,
}

#[derive(Default)]
pub struct Stat {
    rows: AtomicU64,
    bytes: AtomicU64,
    /// reading the source
    read_ns: AtomicU64,
    /// between the last input row and the end of the node's preparation
    tail_ns: AtomicU64,
    /// what comes behind the node's stream
    behind_ns: AtomicU64,
    /// of the inputs' `behind_ns`, what was spent before the node gave its first row
    taken_ns: AtomicU64,
}

fn since(start: Instant) -> u64 {
    start.elapsed().as_nanos() as u64
}

impl Stat {
    pub fn reading<T>(&self, f: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let out = f();
        self.read_ns.fetch_add(since(start), Relaxed);
        out
    }
}

impl Analysis {
    pub fn new(plan: &Plan) -> Analysis {
        let mut a = Analysis {
            start: Instant::now(),
            nodes: Vec::new(),
            index: HashMap::new(),
            moved_ns: Arc::default(),
            pruned: Mutex::default(),
        };
        a.add(&plan.root);
        plan.subqueries.iter().for_each(|s| {
            a.add(&s.plan);
        });
        a
    }

    fn add(&mut self, node: &Node) -> usize {
        let at = self.nodes.len();
        self.index.insert(std::ptr::from_ref(node).addr(), at);
        self.nodes.push(Measured { kind: node.kind(), inputs: Vec::new(), stat: Arc::default() });
        let inputs = node.inputs().into_iter().map(|n| self.add(n)).collect();
        self.nodes[at].inputs = inputs;
        at
    }

    fn behind(&self, at: usize) -> u64 {
        self.nodes[at].inputs.iter().map(|&i| self.nodes[i].stat.behind_ns.load(Relaxed)).sum()
    }

    /// Runs a node; its stream is measured from here on.
    pub fn run<T>(
        &self,
        node: &Node,
        run: impl FnOnce() -> Result<T>,
        rows: impl FnOnce(&mut T) -> &mut Rows,
    ) -> Result<T> {
        let Some(&at) = self.index.get(&std::ptr::from_ref(node).addr()) else { return run() };
        let began = since(self.start);
        let mut out = run()?;
        let stat = &self.nodes[at].stat;
        let idle_from =
            if self.nodes[at].inputs.is_empty() { began } else { self.moved_ns.load(Relaxed).max(began) };
        let now = since(self.start);
        self.moved_ns.fetch_max(now, Relaxed);
        stat.tail_ns.fetch_add(now.saturating_sub(idle_from), Relaxed);
        stat.taken_ns.store(self.behind(at), Relaxed);
        self.watch(at, rows(&mut out));
        Ok(out)
    }

    /// Measures the stream of a node that its consumer has made itself.
    pub fn stream(&self, node: &Node, rows: &mut Rows) {
        if let Some(&at) = self.index.get(&std::ptr::from_ref(node).addr()) {
            self.watch(at, rows);
        }
    }

    fn watch(&self, at: usize, rows: &mut Rows) {
        let stat = &self.nodes[at].stat;
        let step = Count { stat: stat.clone(), start: self.start, moved_ns: self.moved_ns.clone() };
        let mut taken = std::mem::replace(rows, Rows::serial(false, |_, _| Ok(())));
        if let Rows::Pipe(p) = &mut taken
            && p.steps.is_empty()
            && p.stat.is_none()
        {
            p.stat = Some(stat.clone());
        }
        *rows = taken.then(Arc::new(step));
    }

    /// Counts blocks that need not be read, by what said so.
    pub fn pruned(&self, why: impl FnOnce() -> String, blocks: u64) {
        if blocks > 0 {
            *self.pruned.lock().entry(why()).or_default() += blocks;
        }
    }

    /// One object per node, in order.
    pub fn nodes(&self) -> Value {
        let nodes = self.nodes.iter().enumerate().map(|(at, n)| {
            let get = |a: &AtomicU64| a.load(Relaxed);
            let s = &n.stat;
            let taken = get(&s.taken_ns);
            let streamed = self.behind(at).saturating_sub(taken);
            let own = if streamed > 0 { streamed.saturating_sub(get(&s.behind_ns)) } else { 0 };
            let ns = get(&s.read_ns) + get(&s.tail_ns) + taken + own;
            json!({"kind": n.kind, "rows": get(&s.rows), "bytes": get(&s.bytes), "ns": ns})
        });
        nodes.collect()
    }

    /// `{what: blocks}`
    pub fn pruned_json(&self) -> Value {
        self.pruned
            .lock()
            .iter()
            .map(|(k, v)| (k.clone(), json!(v)))
            .collect::<serde_json::Map<_, _>>()
            .into()
    }
}

/// Counts what passes.
struct Count {
    stat: Arc<Stat>,
    start: Instant,
    moved_ns: Arc<AtomicU64>,
}

impl Step for Count {
    fn apply(&self, batch: Batch, _: &Query, emit: Emit<'_>) -> Result<Flow> {
        self.stat.rows.fetch_add(batch.rows as u64, Relaxed);
        self.stat.bytes.fetch_add(batch.bytes() as u64, Relaxed);
        let from = Instant::now();
        let flow = emit(batch);
        self.stat.behind_ns.fetch_add(since(from), Relaxed);
        self.moved_ns.fetch_max(since(self.start), Relaxed);
        flow
    }
}
