//! GROUP BY beyond memory: groups go to a file by partitions of their keys' hash, as key values and
//! serial states; later each partition is put together alone.
//!
//! As long as nothing is in the file, all workers share one key layout, so that equal strings have equal
//! numbers. Once one of them has spilled, each has a layout of its own from flush to flush, so that
//! the numbers' strings do not outlive the groups. A partition that is still too large is read several
//! times, each time for a share of its keys.

use super::Grouping;
use super::keys::KeyLayout;
use super::local::Local;
use super::output::{CHUNK, rows_of};
use super::table::hash_words;
use crate::query::Query;
use crate::row_bytes;
use crate::rows::Source;
use crate::spill::{Operator, Spill};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use types::compare::hash_bytes;
use types::{Batch, Column, Data, Error, Result, Type};

const PARTITIONS: usize = 128;
/// a worker's groups are not worth a flush below this, whatever else takes the memory
const FLUSH_BYTES_MIN: u64 = 4 << 20;
/// of the bytes at which the query spills, one partition may take so much while it is put together
const PARTITION_SHARE: u64 = 6;
/// less than this is not cut further: each share reads the whole partition
const PART_BYTES_MIN: u64 = 64 << 10;
/// beside its key and its serial state, a group takes about this much in tables
const GROUP_BYTES: u64 = 96;

pub struct External {
    at: u64,
    /// columns of a frame: the keys (with the number of the grouping set), then one state per call
    types: Vec<Type>,
    keys: usize,
    started: AtomicBool,
    spill: Mutex<Option<Arc<Spill>>>,
}

impl External {
    /// None: the query has no place to spill to, or is not to.
    pub fn new(key_types: &[Type], calls: usize, query: &Query) -> Option<External> {
        let at = query.spill_at(Operator::GroupBy)?;
        let mut types = key_types.to_vec();
        types.extend(std::iter::repeat_n(Type::String, calls));
        let keys = key_types.len();
        Some(External { at, types, keys, started: AtomicBool::new(false), spill: Mutex::new(None) })
    }

    /// Bytes of the query's memory from which groups leave it.
    pub fn at(&self) -> u64 {
        self.at
    }
    pub fn started(&self) -> bool {
        self.started.load(Ordering::Relaxed)
    }

    /// Whether a worker that holds `held` bytes and is about to hold `planned` has to flush first.
    pub fn wanted(&self, held: u64, planned: u64, query: &Query) -> bool {
        let after = query.memory.used() + planned.saturating_sub(held);
        after > self.at && planned >= FLUSH_BYTES_MIN.min(self.at / 4)
    }

    fn spill(&self, g: &Grouping, query: &Query) -> Result<Arc<Spill>> {
        let mut spill = self.spill.lock();
        if let Some(s) = spill.as_ref() {
            return Ok(s.clone());
        }
        let s = Arc::new(Spill::new(query, &self.types, PARTITIONS)?);
        *spill = Some(s.clone());
        // in this order: whoever gets a layout of their own knows why
        self.started.store(true, Ordering::SeqCst);
        g.layouts.leave_shared();
        Ok(s)
    }

    /// Writes all groups of a worker and leaves it empty, with a layout of its own.
    pub fn flush(&self, g: &Grouping, local: &mut Local, query: &Query) -> Result<()> {
        let spill = self.spill(g, query)?;
        let groups = std::mem::replace(local, Local::new(g, &query.memory));
        local.rows = groups.rows;
        let words = groups.table.words();
        let mut parts: Vec<Vec<u32>> = vec![Vec::new(); PARTITIONS];
        for start in (0..groups.len()).step_by(CHUNK) {
            query.cancel.check()?;
            let n = CHUNK.min(groups.len() - start);
            let keys = &groups.table.keys()[start * words..(start + n) * words];
            for (i, h) in self.hashes(&groups.layout, keys, n)?.into_iter().enumerate() {
                parts[partition(h)].push((start + i) as u32);
            }
        }
        for (p, rows) in parts.iter().enumerate() {
            for rows in rows.chunks(CHUNK) {
                query.cancel.check()?;
                let keys: Vec<u64> = rows
                    .iter()
                    .flat_map(|&r| &groups.table.keys()[r as usize * words..(r as usize + 1) * words])
                    .copied()
                    .collect();
                let mut columns = groups.layout.unpack(&keys, rows.len())?;
                for s in &groups.states {
                    columns.push(Data::Str(s.serialize(rows)?).into());
                }
                spill.write(p, &Batch { columns, rows: rows.len() })?;
            }
        }
        Ok(())
    }

    /// Hashes of keys that are the same in all layouts.
    fn hashes(&self, layout: &KeyLayout, keys: &[u64], rows: usize) -> Result<Vec<u64>> {
        if !layout.interns() {
            return Ok(keys.chunks_exact(layout.words).map(hash_words).collect());
        }
        Ok(self.value_hashes(&layout.unpack(keys, rows)?, rows))
    }

    fn value_hashes(&self, columns: &[Column], rows: usize) -> Vec<u64> {
        let mut bytes = Vec::new();
        (0..rows)
            .map(|i| {
                bytes.clear();
                for (c, ty) in columns.iter().zip(&self.types) {
                    row_bytes::encode(c, i, ty, &mut bytes);
                }
                hash_bytes(&bytes, 7)
            })
            .collect()
    }

    /// The groups of one share of a partition.
    fn load(&self, g: &Grouping, spill: &Spill, part: &Part, query: &Query) -> Result<Local> {
        let mut local = Local::new(g, &query.memory);
        for frame in spill.frames(part.partition) {
            query.cancel.check()?;
            let mut batch = spill.read(frame)?;
            let mut words = local.layout.pack(&batch.columns[..self.keys], batch.rows)?;
            if part.shares > 1 {
                let hashes = if local.layout.interns() {
                    self.value_hashes(&batch.columns[..self.keys], batch.rows)
                } else {
                    words.chunks_exact(local.layout.words).map(hash_words).collect()
                };
                let mine = |h: u64| (h >> 20) % part.shares == part.share;
                let keep: Vec<u32> = (0..batch.rows as u32).filter(|&i| mine(hashes[i as usize])).collect();
                batch = batch.gather(&keep);
                words = local.layout.pack(&batch.columns[..self.keys], batch.rows)?;
            }
            if batch.rows > 0 {
                local.absorb_serialized(&words, &batch.columns[self.keys..])?;
            }
        }
        Ok(local)
    }

    /// All groups as a source, in shares that fit. None: nothing was spilled.
    pub fn source(g: &Arc<Grouping>) -> Option<Spilled> {
        let external = g.external.as_ref()?;
        let spill = external.spill.lock().clone()?;
        let budget = (external.at / PARTITION_SHARE).max(PART_BYTES_MIN);
        let mut parts = Vec::new();
        let mut rows = 0;
        for partition in 0..spill.partitions() {
            let (n, bytes) = spill.size(partition);
            if n == 0 {
                continue;
            }
            rows += n;
            let shares = (bytes + n * GROUP_BYTES).div_ceil(budget).clamp(1, 4096);
            parts.extend((0..shares).map(|share| Part { partition, share, shares }));
        }
        Some(Spilled { grouping: g.clone(), spill, parts, rows })
    }
}

fn partition(hash: u64) -> usize {
    (hash >> 57) as usize % PARTITIONS
}

struct Part {
    partition: usize,
    share: u64,
    shares: u64,
}

/// The groups of a GROUP BY that went to a file.
pub struct Spilled {
    grouping: Arc<Grouping>,
    spill: Arc<Spill>,
    parts: Vec<Part>,
    rows: u64,
}

impl Spilled {
    /// Calls `f` with the groups of each part.
    pub fn each(&self, query: &Query, f: &mut dyn FnMut(&Local) -> Result<()>) -> Result<()> {
        (0..self.parts.len()).try_for_each(|i| f(&self.load(i, query)?))
    }

    fn load(&self, i: usize, query: &Query) -> Result<Local> {
        let external =
            self.grouping.external.as_ref().ok_or_else(|| Error::internal("nothing was spilled"))?;
        external.load(&self.grouping, &self.spill, &self.parts[i], query)
    }
}

impl Source for Spilled {
    fn morsels(&self) -> usize {
        self.parts.len()
    }
    fn read(&self, morsel: usize, query: &Query) -> Result<Vec<Batch>> {
        let local = self.load(morsel, query)?;
        let ranges = (0..local.len()).step_by(CHUNK).map(|s| s..(s + CHUNK).min(local.len()));
        ranges.map(|r| rows_of(&self.grouping, &local, r)).collect()
    }
    fn rows_max(&self) -> Option<u64> {
        Some(self.rows)
    }
}
