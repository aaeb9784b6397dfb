//! Nearly unique keys: a table per worker would be filled only to be merged into others. Instead rows wait,
//! sorted by partitions of their keys' hash, and go into one table per partition that all workers share.
//!
//! A worker begins with a table of its own (`Local`) and comes here when that table does not get smaller than
//! its rows. Rows wait as columns with lists of rows per partition; nothing is copied until a partition takes its
//! rows. If groups have to leave memory (`external`), waiting rows go back the usual way.

use super::Grouping;
use super::local::Local;
use super::table::hash_words;
use crate::paths::Path;
use crate::query::Query;
use parking_lot::Mutex;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use types::{Column, Memory, Result};

pub const PARTITIONS: usize = 1 << PARTITIONS_LOG;
pub const PARTITIONS_LOG: u32 = 5;
/// a table with fewer groups stays in the caches: nothing to be gained
const GROUPS_MIN: usize = 20_000;
/// rows that wait before their worker distributes them
const WAITING_ROWS: usize = 400_000;
const WAITING_BYTES: u64 = 64 << 20;
/// of the bytes at which a query goes to files, the rows of a worker that wait may take this share
const WAITING_SHARE: u64 = 16;

/// The partition of a key's hash; tables take the hash's lower bits.
pub fn partition(hash: u64) -> usize {
    (hash >> (64 - PARTITIONS_LOG)) as usize
}

/// The tables of all partitions, made when the first worker needs them.
#[derive(Default)]
pub struct Spread {
    parts: OnceLock<Vec<Mutex<Local>>>,
    next: AtomicUsize,
}

/// Rows of one worker that wait.
#[derive(Default)]
pub struct Waiting {
    pieces: Vec<Piece>,
    rows: usize,
    pub bytes: u64,
}

struct Piece {
    words: Vec<u64>,
    keys: Vec<Column>,
    inputs: Vec<Column>,
    /// rows by partition, and where each partition's begin
    order: Vec<u32>,
    starts: Vec<u32>,
}

impl Piece {
    fn new(words: Vec<u64>, width: usize, keys: Vec<Column>, inputs: Vec<Column>) -> Piece {
        let parts: Vec<u8> = words.chunks_exact(width).map(|w| partition(hash_words(w)) as u8).collect();
        let mut starts = vec![0u32; PARTITIONS + 1];
        parts.iter().for_each(|&p| starts[p as usize + 1] += 1);
        for p in 0..PARTITIONS {
            starts[p + 1] += starts[p];
        }
        let mut at = starts.clone();
        let mut order = vec![0u32; parts.len()];
        for (row, &p) in parts.iter().enumerate() {
            order[at[p as usize] as usize] = row as u32;
            at[p as usize] += 1;
        }
        Piece { words, keys, inputs, order, starts }
    }
    fn rows_of(&self, p: usize) -> &[u32] {
        &self.order[self.starts[p] as usize..self.starts[p + 1] as usize]
    }
    fn bytes(&self) -> u64 {
        let columns = self.keys.iter().chain(&self.inputs).map(Column::bytes).sum::<usize>();
        (columns + self.words.len() * 8 + self.order.len() * 4) as u64
    }
}

impl Spread {
    /// Whether a worker with so many groups of so many rows should let its rows wait from now on.
    pub fn wanted(g: &Grouping, local: &Local, rows: u64, query: &Query) -> bool {
        local.len() >= GROUPS_MIN
            && local.len() as u64 * 2 > rows
            && !local.table.is_direct()
            && query.threads > 1
            && g.any_groups.is_none()
            && !g.calls.iter().any(|c| c.aggregate.order_sensitive())
            && query.session.setting("max_rows_to_group_by").is_none_or(|most| most == "0")
            && query.fast(Path::PartitionedGroups)
            && g.external.as_ref().is_none_or(|e| !e.started())
    }

    pub fn parts(&self, g: &Grouping, memory: &Memory) -> &[Mutex<Local>] {
        self.parts.get_or_init(|| (0..PARTITIONS).map(|_| Mutex::new(Local::new(g, memory))).collect())
    }
    /// Whether some worker has come here.
    pub fn began(&self) -> bool {
        self.parts.get().is_some()
    }

    fn table_bytes(&self) -> u64 {
        let parts = self.parts.get().map_or(&[][..], Vec::as_slice);
        parts.iter().map(|p| p.lock().table.bytes() as u64).sum()
    }

    /// All groups go to the file, here and from now on.
    pub fn flush(&self, g: &Grouping, query: &Query) -> Result<()> {
        let (Some(parts), Some(external)) = (self.parts.get(), &g.external) else { return Ok(()) };
        for part in parts {
            let mut part = part.lock();
            if part.len() > 0 || part.shares_layout() {
                external.flush(g, &mut part, query)?;
            }
        }
        Ok(())
    }
}

impl Waiting {
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }
    /// Adds rows; true: it is time to distribute.
    pub fn add(&mut self, g: &Grouping, words: Vec<u64>, keys: &[Column], inputs: &[Column]) -> bool {
        let width = words.len() / keys.first().map_or(1, Column::len).max(1);
        let piece = Piece::new(words, width.max(1), keys.to_vec(), inputs.to_vec());
        self.rows += piece.order.len();
        self.bytes += piece.bytes();
        self.pieces.push(piece);
        let most = g.external.as_ref().map_or(WAITING_BYTES, |e| e.at() / WAITING_SHARE).min(WAITING_BYTES);
        self.rows >= WAITING_ROWS || self.bytes >= most
    }

    /// Whether the query's memory has room for tables that take the rows: each of them may double.
    pub fn fits(&self, g: &Grouping, query: &Query) -> bool {
        let Some(external) = &g.external else { return true };
        let words = self.pieces.first().map_or(0, |p| p.words.len() / p.order.len().max(1));
        let growth = (self.rows * (48 + 24 * (words + g.calls.len()))) as u64;
        query.memory.used() + growth + g.spread.table_bytes() <= external.at()
    }

    /// Rows of partition `p` go into its table.
    pub fn give(&self, g: &Grouping, p: usize, part: &mut Local) -> Result<()> {
        let width = part.layout.words;
        for piece in &self.pieces {
            let rows = piece.rows_of(p);
            if rows.is_empty() {
                continue;
            }
            let words: Vec<u64> = match width {
                1 => rows.iter().map(|&r| piece.words[r as usize]).collect(),
                _ => rows
                    .iter()
                    .flat_map(|&r| &piece.words[r as usize * width..(r as usize + 1) * width])
                    .copied()
                    .collect(),
            };
            let inputs: Vec<Column> = piece.inputs.iter().map(|c| c.gather(rows)).collect();
            part.absorb_rows(g, &words, &inputs, rows.len())?;
        }
        Ok(())
    }

    /// Gives all rows to the shared tables. What these cannot take any more, because groups have left memory, goes
    /// back into `local`.
    pub fn distribute(self, g: &Grouping, local: &mut Local, query: &Query) -> Result<()> {
        let parts = g.spread.parts(g, &query.memory);
        // workers begin at different places, so that they rarely wait for one another
        let first = g.spread.next.fetch_add(PARTITIONS / 2 + 1, Ordering::Relaxed);
        for i in 0..PARTITIONS {
            query.cancel.check()?;
            let p = (first + i) % PARTITIONS;
            let mut part = parts[p].lock();
            if part.shares_layout() {
                self.give(g, p, &mut part)?;
                continue;
            }
            drop(part);
            for piece in &self.pieces {
                let rows = piece.rows_of(p);
                let of = |columns: &[Column]| columns.iter().map(|c| c.gather(rows)).collect::<Vec<_>>();
                local.update(g, &of(&piece.keys), &of(&piece.inputs), rows.len(), query)?;
            }
        }
        Ok(())
    }
}
