//! The rows of a version that have one of some keys: in segments by the keys of their blocks and a merge of two sorted
//! lists, in memory by a filter of hashes.

use super::Work;
use crate::collapse::group_starts;
use crate::expr::Bound;
use crate::pool::{Flow, run_phase};
use crate::rows::Source;
use crate::sort::{KeyColumn, key_column};
use parking_lot::Mutex;
use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use storage::Segment;
use types::compare::{compare_rows, hash_column};
use types::{Bitmap, Column, Error, Reservation, Result, Scalar, Type};

/// Bits of the filter for each key, and at most.
const BITS_A_KEY: usize = 32;
const BITS_MAX: usize = 1 << 27;

/// Keys in order, each once.
pub(super) struct Keys {
    pub values: Vec<Column>,
    words: Vec<KeyColumn>,
    pub count: usize,
    /// columns of the partition key, which come before those of the sort key
    lead: usize,
    _held: Reservation,
}

/// Row of a source and number of its key; in the order of rows.
pub(super) type Found = Vec<(u32, u32)>;

fn words(columns: &[Column]) -> Vec<KeyColumn> {
    columns.iter().map(|c| key_column(c.clone(), false, false)).collect()
}

fn compare(a: &[KeyColumn], i: usize, b: &[KeyColumn], j: usize) -> Ordering {
    for (x, y) in a.iter().zip(b) {
        let o = x.compare_with(i, y, j);
        if o.is_ne() {
            return o;
        }
    }
    Ordering::Equal
}

/// The first of `from..to` that is not `before`, which is near `from` more often than not.
fn gallop(from: usize, to: usize, before: impl Fn(usize) -> bool) -> usize {
    let (mut lo, mut step) = (from, 1);
    while lo + step <= to && before(lo + step - 1) {
        lo += step;
        step *= 2;
    }
    bisect(lo..(lo + step).min(to), before)
}

/// The first of a range that is not `before`.
fn bisect(Range { start: mut lo, end: mut hi }: Range<usize>, before: impl Fn(usize) -> bool) -> usize {
    while lo < hi {
        let mid = lo + (hi - lo) / 2;
        if before(mid) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    lo
}

impl Keys {
    pub fn new(values: Vec<Column>, count: usize, lead: usize, held: Reservation) -> Keys {
        Keys { words: words(&values), values, count, lead, _held: held }
    }

    /// A key against the values that its leading columns are compared with, `lead` of them left out.
    fn against(&self, key: usize, values: &[Scalar]) -> Ordering {
        for (c, v) in self.values[self.lead..].iter().zip(values) {
            let o = c.scalar(key).compare(v);
            if o.is_ne() {
                return o;
            }
        }
        Ordering::Equal
    }

    /// Keys of one partition.
    fn of_partition(&self, partition: &[Column]) -> Range<usize> {
        let own = words(partition);
        let lead = &self.words[..self.lead];
        let from = bisect(0..self.count, |k| compare(lead, k, &own, 0).is_lt());
        from..bisect(from..self.count, |k| compare(lead, k, &own, 0).is_le())
    }

    /// Rows of a block, which are in order.
    fn in_block(&self, block: &[Column], rows: usize, range: Range<usize>, first: u32, out: &mut Found) {
        let own = words(block);
        let keys = &self.words[self.lead..];
        let mut at = 0;
        for k in range {
            at = gallop(at, rows, |row| compare(&own, row, keys, k).is_lt());
            if at == rows {
                break;
            }
            while at < rows && compare(&own, at, keys, k).is_eq() {
                out.push((first + at as u32, k as u32));
                at += 1;
            }
        }
    }

    /// Rows in any order.
    fn in_memory(&self, values: &[Column], rows: usize) -> Found {
        let own = words(values);
        let mut out = Found::new();
        let filter = (self.count < rows).then(|| Filter::of(&self.values, self.count));
        let hashes = filter.as_ref().map(|_| hashes(values, rows));
        for row in 0..rows {
            if let (Some(f), Some(h)) = (&filter, &hashes)
                && !f.may_have(h[row])
            {
                continue;
            }
            let k = bisect(0..self.count, |k| compare(&self.words, k, &own, row).is_lt());
            if k < self.count && compare(&self.words, k, &own, row).is_eq() {
                out.push((row as u32, k as u32));
            }
        }
        out
    }
}

/// Hashes that may be among those that were noted; none that was is missing.
struct Filter {
    bits: Bitmap,
    mask: u64,
}

impl Filter {
    fn of(values: &[Column], count: usize) -> Filter {
        let bits = count.saturating_mul(BITS_A_KEY).next_power_of_two().clamp(1 << 12, BITS_MAX);
        let mut filter = Filter { bits: Bitmap::new(bits, false), mask: bits as u64 - 1 };
        for hash in hashes(values, count) {
            filter.bits.set(filter.at(hash), true);
        }
        filter
    }
    fn at(&self, hash: u64) -> usize {
        ((hash ^ (hash >> 32)) & self.mask) as usize
    }
    fn may_have(&self, hash: u64) -> bool {
        self.bits.get(self.at(hash))
    }
}

fn hashes(values: &[Column], rows: usize) -> Vec<u64> {
    let mut out = vec![0u64; rows];
    values.iter().for_each(|k| hash_column(k, &mut out));
    out
}

impl Work<'_> {
    /// Keys are searched for by the order of their values: floats and what is nested have orders of their own.
    pub(super) fn searchable(&self) -> bool {
        let types = self.key_types();
        let plain = |ty: &Type| {
            use Type::*;
            !ty.base().is_float()
                && !matches!(ty.base(), Array(_) | Tuple(_) | Map(_) | AggregateFunction(_) | Nothing)
        };
        !self.rule.keys.is_empty() && types.iter().all(plain)
    }

    /// Rows of a source with one of the keys, without those that a DELETE has taken.
    pub(super) fn find(&self, source: usize, keys: &Keys, left: Option<&Bitmap>) -> Result<Found> {
        let mut found = match self.table.segments.get(source) {
            Some(_) => self.find_in_segment(source, keys)?,
            None => {
                let batch = self.read(source, &self.key_columns_read(), None)?;
                keys.in_memory(&self.keys_of(&batch)?, batch.rows)
            }
        };
        if let Some(left) = left {
            found.retain(|(row, _)| left.get(*row as usize));
        }
        Ok(found)
    }

    fn find_in_segment(&self, source: usize, keys: &Keys) -> Result<Found> {
        let segment = self.table.segments[source].open(self.shelf)?;
        let scan = self.scan_of(source, &self.key_columns_read(), None)?;
        if scan.morsels() != segment.block_count() {
            return Err(Error::internal("blocks of a segment without conditions"));
        }
        let mut range = 0..keys.count;
        if self.by_partition && segment.block_count() > 0 {
            let Some(one) = scan.read_morsel(0, self.query)? else { return Ok(Found::new()) };
            let one = one.slice(0, 1);
            let partition = self.rule.partition.iter().map(|p| p.eval(&one, self.query));
            range = keys.of_partition(&partition.collect::<Result<Vec<_>>>()?);
        }
        let plain = self.plain_keys(&segment);
        let mut blocks: Vec<(usize, Range<usize>)> = Vec::new();
        for block in 0..segment.block_count() {
            let within = match (segment.block_key(block), segment.block_key(block + 1)) {
                (Some(lo), Some(hi)) if plain > 0 => {
                    let (lo, hi) = (&lo[..plain.min(lo.len())], &hi[..plain.min(hi.len())]);
                    let from = bisect(range.clone(), |k| keys.against(k, lo).is_lt());
                    from..bisect(from..range.end, |k| keys.against(k, hi).is_le())
                }
                _ => range.clone(),
            };
            if !within.is_empty() {
                blocks.push((block, within));
            }
        }
        let slots: Vec<Mutex<Found>> = blocks.iter().map(|_| Mutex::default()).collect();
        run_phase(self.query, blocks.len(), &|i| {
            let (block, range) = &blocks[i];
            if let Some(batch) = scan.read_morsel(*block, self.query)? {
                let own = self.rule.key_columns(&batch, self.query)?;
                let first = segment.block_start(*block) as u32;
                keys.in_block(&own, batch.rows, range.clone(), first, &mut slots[i].lock());
            }
            Ok(Flow::More)
        })?;
        Ok(slots.into_iter().flat_map(Mutex::into_inner).collect())
    }

    /// Whether no two rows of a segment have the same key.
    pub(super) fn has_distinct_keys(&self, source: usize) -> Result<bool> {
        let scan = self.scan_of(source, &self.key_columns_read(), None)?;
        // first and last key of each block
        let ends: Vec<Mutex<Option<[Vec<Column>; 2]>>> =
            (0..scan.morsels()).map(|_| Mutex::default()).collect();
        let repeated = AtomicBool::new(false);
        run_phase(self.query, ends.len(), &|i| {
            let Some(batch) = scan.read_morsel(i, self.query)? else { return Ok(Flow::More) };
            let own = self.keys_of(&batch)?;
            if group_starts(&own, batch.rows).len() < batch.rows {
                repeated.store(true, Relaxed);
                return Ok(Flow::Stop);
            }
            let row = |r: usize| own.iter().map(|c| c.slice(r, 1)).collect();
            *ends[i].lock() = (batch.rows > 0).then(|| [row(0), row(batch.rows - 1)]);
            Ok(Flow::More)
        })?;
        let ends: Vec<[Vec<Column>; 2]> = ends.into_iter().filter_map(Mutex::into_inner).collect();
        let meet = |w: &[[Vec<Column>; 2]]| {
            w[0][1].iter().zip(&w[1][0]).all(|(a, b)| compare_rows(a, 0, b, 0).is_eq())
        };
        Ok(!repeated.load(Relaxed) && !ends.windows(2).any(meet))
    }

    /// How many columns of the segment's key can be compared with its block's first and last keys.
    fn plain_keys(&self, segment: &Arc<Segment>) -> usize {
        let same = |(key, stored): (&Bound, &usize)| {
            let Bound::Column(c, ty) = key else { return false };
            let plain = !matches!(ty, Type::Nullable(_) | Type::LowCardinality(_));
            let name = segment.column(&self.table.columns[*c].stored);
            plain && name == Some(*stored) && segment.column_type(*stored) == ty
        };
        self.rule.keys.iter().zip(segment.sort_columns()).take_while(|p| same(*p)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn galloping_finds_the_first() {
        for n in 0..40usize {
            for from in 0..=n {
                for target in from..=n {
                    assert_eq!(gallop(from, n, |i| i < target), target, "{from}..{n}");
                }
            }
        }
    }
}
