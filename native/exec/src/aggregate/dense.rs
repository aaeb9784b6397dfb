//! Keys that fill a known range well: their groups are found in an array over the range, which costs no hash and
//! lies in the order of the keys. Workers begin with a hash table and change over once their rows say that there
//! will be enough groups; their groups are then merged by parts of the range.

use super::Grouping;
use super::keys::KeyLayout;
use super::local::Local;
use super::table::{GroupTable, hash_words};
use crate::paths::Path;
use crate::query::Query;

/// an array over more bits than this would be too much memory for what it may save
const BITS_MAX: u32 = 25;
/// so many groups are worth an array
const GROUPS_MIN: usize = 20_000;
/// the array has at most so many slots for each row of the input
const SLOTS_PER_ROW: u64 = 4;
/// rows a group at most: there are then enough groups for the array
const ROWS_PER_GROUP: u64 = 8;
/// of the bytes at which a query goes to files, the workers' arrays take this share at most
const MEMORY_SHARE: u64 = 8;

/// Bits of keys that may index an array, for an input of at most `rows` rows.
pub fn bits(layout: &KeyLayout, rows: Option<u64>, spills_at: Option<u64>, query: &Query) -> Option<u32> {
    let slots = 1u64 << layout.bits.min(63);
    let fits = |at: u64| slots * 4 * query.threads as u64 <= at / MEMORY_SHARE;
    let wanted = layout.words == 1
        && layout.bits <= BITS_MAX
        && !GroupTable::is_small(layout.bits)
        && !layout.interns()
        && rows.is_some_and(|r| r.saturating_mul(SLOTS_PER_ROW) >= slots)
        && spills_at.is_none_or(fits)
        && query.fast(Path::DenseKeys);
    wanted.then_some(layout.bits)
}

/// Whether a worker with these groups of so many rows should change over.
pub fn wanted(local: &Local, rows: u64) -> bool {
    local.len() >= GROUPS_MIN && local.len() as u64 * ROWS_PER_GROUP > rows && !local.table.is_direct()
}

/// How the workers' groups are cut into parts that are merged alone.
#[derive(Clone, Copy)]
pub enum Cut {
    Hash,
    /// by the upper of so many bits of the key
    Range(u32),
}

impl Cut {
    pub fn of(g: &Grouping, locals: &[Local]) -> Cut {
        match g.dense {
            Some(bits) if locals.iter().any(|l| l.table.is_direct()) => Cut::Range(bits),
            _ => Cut::Hash,
        }
    }
    /// The part that a key belongs to, out of 2^`log_parts`.
    pub fn part(self, key: &[u64], log_parts: u32) -> usize {
        match self {
            Cut::Hash => (hash_words(key) >> (64 - log_parts)) as usize,
            Cut::Range(bits) => (key[0] >> (bits - log_parts)) as usize,
        }
    }
    /// An empty table for a part's groups; None: the usual one.
    pub fn table(self, part: usize, log_parts: u32) -> Option<GroupTable> {
        match self {
            Cut::Hash => None,
            Cut::Range(bits) => {
                let own = bits - log_parts;
                Some(GroupTable::array((part as u64) << own, own))
            }
        }
    }
}
