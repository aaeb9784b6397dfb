//! FINAL where one segment holds most rows and the others little: most keys of the large one are nowhere
//! else, and its rows need not be merged with anything. Which may be elsewhere is told by a filter of the
//! others' keys; those rows alone take part in the merge.

use super::sorted::Input;
use super::visible::Work;
use crate::table::TableSnapshot;
use std::collections::VecDeque;
use std::sync::Arc;
use types::compare::hash_column;
use types::{Batch, Bitmap, Column, Data, Error, Reservation, Result};

/// Fewer rows are merged as they are.
const ROWS_MIN: usize = 1 << 17;
/// The large segment has so many times the rows of the others.
const TIMES: usize = 4;
/// Bits of the filter for each row of the others, and at most.
const BITS_A_ROW: usize = 32;
const BITS_MAX: usize = 1 << 27;

/// A segment without the rows that no other source can touch.
pub struct Overlay {
    pub segment: usize,
    /// rows of the segment that show whatever the others hold
    pub alone: Bitmap,
    /// the rest
    pub rest: Box<dyn Input>,
}

/// Batches that were read before.
struct Held {
    batches: VecDeque<(Batch, Vec<Column>)>,
    rows: usize,
    bytes: Reservation,
}

impl Held {
    fn add(&mut self, batch: Batch, keys: Vec<Column>) -> Result<()> {
        self.rows += batch.rows;
        let keys_bytes: usize = keys.iter().map(Column::bytes).sum();
        self.bytes.resize(self.bytes.bytes() + (batch.bytes() + keys_bytes) as u64)?;
        self.batches.push_back((batch, keys));
        Ok(())
    }
}

impl Input for Held {
    fn next(&mut self) -> Result<Option<(Batch, Vec<Column>)>> {
        Ok(self.batches.pop_front())
    }
}

/// Hashes that may be among those that were noted; none that was is missing.
struct Filter {
    bits: Bitmap,
    mask: u64,
}

impl Filter {
    fn new(rows: usize) -> Filter {
        let bits = rows.saturating_mul(BITS_A_ROW).next_power_of_two().clamp(1 << 12, BITS_MAX);
        Filter { bits: Bitmap::new(bits, false), mask: bits as u64 - 1 }
    }
    fn at(&self, hash: u64) -> usize {
        ((hash ^ (hash >> 32)) & self.mask) as usize
    }
    fn note(&mut self, hash: u64) {
        self.bits.set(self.at(hash), true);
    }
    fn may_have(&self, hash: u64) -> bool {
        self.bits.get(self.at(hash))
    }
}

fn hashes(keys: &[Column], rows: usize) -> Vec<u64> {
    let mut out = vec![0u64; rows];
    keys.iter().for_each(|k| hash_column(k, &mut out));
    out
}

impl Work<'_> {
    /// None where it would not spare much, or a row that is alone in its group may not show.
    pub fn overlay(&self, crowded: &[bool]) -> Result<Option<Overlay>> {
        if !self.rule.keeps_single_rows() {
            return Ok(None);
        }
        let rows = |i: usize| self.table.segments[i].rows as usize;
        let Some(large) = (0..crowded.len()).filter(|i| crowded[*i]).max_by_key(|i| rows(*i)) else {
            return Ok(None);
        };
        let memory = self.table.memory.iter().flat_map(|(_, bs)| bs).map(|b| b.rows).sum::<usize>();
        let small: Vec<usize> = (0..crowded.len()).filter(|i| crowded[*i] && *i != large).collect();
        let others = small.iter().map(|i| rows(*i)).sum::<usize>() + memory;
        if rows(large) < ROWS_MIN || others * TIMES > rows(large) {
            return Ok(None);
        }
        let piece = |i: usize| (self.table.segments[i].clone(), self.table.marks[i].clone());
        let few = self.table.part(small.iter().map(|i| piece(*i)).collect(), self.table.memory.clone());
        let mut filter = Filter::new(others);
        self.each_of(few, |batch, keys| {
            hashes(keys, batch.rows).into_iter().for_each(|h| filter.note(h));
            Ok(())
        })?;
        let mut alone = Bitmap::new(rows(large), false);
        let bytes = Reservation::empty(&self.query.memory);
        let mut rest = Held { batches: VecDeque::new(), rows: 0, bytes };
        let width = self.rule.types.len();
        self.each_of(self.table.part(vec![piece(large)], Vec::new()), |batch, keys| {
            let Data::U32(row) = &batch.columns[width + 1].data else {
                return Err(Error::internal("positions of rows"));
            };
            let h = hashes(keys, batch.rows);
            let last = h.len().saturating_sub(1);
            // equal rows of the segment itself are neighbours; those of the next batch are not known here
            let apart = |i: usize| i > 0 && i < last && h[i] != h[i - 1] && h[i] != h[i + 1];
            let mut met = Vec::new();
            for (i, (&hash, &at)) in h.iter().zip(row.iter()).enumerate() {
                if apart(i) && !filter.may_have(hash) {
                    alone.set(at as usize, true);
                } else {
                    met.push(i as u32);
                }
            }
            if rest.rows * 2 > rows(large) {
                return Ok(());
            }
            let mut part = batch.gather(&met);
            part.columns[width] = Data::U32(vec![large as u32; met.len()].into()).into();
            rest.add(part, keys.iter().map(|k| k.gather(&met)).collect())
        })?;
        // a segment whose own rows replace each other is merged as a whole
        let spares = rest.rows * 2 <= rows(large);
        Ok(spares.then(|| Overlay { segment: large, alone, rest: Box::new(rest) }))
    }

    /// All rows of a part of the table with their keys and positions.
    fn each_of(
        &self,
        part: TableSnapshot,
        mut look: impl FnMut(&Batch, &[Column]) -> Result<()>,
    ) -> Result<()> {
        let part = Arc::new(part);
        let work = Work { table: &part, ..*self };
        for mut input in work.inputs(&vec![true; part.segments.len()], None, &mut None)? {
            while let Some((batch, keys)) = input.next()? {
                look(&batch, &keys)?;
            }
        }
        Ok(())
    }
}
