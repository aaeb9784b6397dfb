//! The first pass of a merge: in which order the rows of the inputs follow each other.
//!
//! Each input is sorted, so the order is a list of input numbers; the k-th time that input i appears, its
//! k-th kept row is meant. Stretches of one input are found by galloping.

use crate::segment::Segment;
use std::cmp::Ordering;
use std::sync::Arc;
use types::compare::compare_rows;
use types::{Bitmap, Cancel, Column, Error, Result};

/// Rows that a merge keeps, per input and block; `None` keeps all.
pub(crate) type Kept = Vec<Vec<Option<Bitmap>>>;

pub(crate) struct Order {
    /// input of each output row
    pub inputs: Vec<u16>,
}

/// Kept rows of a block.
pub(crate) fn kept_rows(segment: &Segment, kept: &[Option<Bitmap>], block: usize) -> usize {
    kept.get(block).and_then(Option::as_ref).map_or(segment.block_rows(block), Bitmap::count_ones)
}

/// The sort key columns of the block at hand of one input.
struct Head<'a> {
    segment: &'a Segment,
    columns: &'a [usize],
    kept: &'a [Option<Bitmap>],
    block: usize,
    keys: Vec<Column>,
    rows: usize,
    at: usize,
}

impl Head<'_> {
    /// Loads blocks from `self.block` on until one has rows; false at the end.
    fn load(&mut self) -> Result<bool> {
        while self.block < self.segment.block_count() {
            self.rows = kept_rows(self.segment, self.kept, self.block);
            if self.rows > 0 {
                self.keys.clear();
                for &c in self.columns {
                    let column = self.segment.read(c, self.block)?;
                    self.keys.push(match self.kept.get(self.block).and_then(Option::as_ref) {
                        Some(keep) => column.filter(keep),
                        None => column,
                    });
                }
                self.at = 0;
                return Ok(true);
            }
            self.block += 1;
        }
        Ok(false)
    }
    fn compare(&self, row: usize, other: &Head) -> Ordering {
        for (a, b) in self.keys.iter().zip(&other.keys) {
            let o = compare_rows(a, row, b, other.at);
            if o != Ordering::Equal {
                return o;
            }
        }
        Ordering::Equal
    }
}

/// `keys[i]`: the sort key's columns in input i. Equal rows keep the order of the inputs.
pub(crate) fn merge_order(
    inputs: &[Arc<Segment>],
    keys: &[Vec<usize>],
    kept: &Kept,
    cancel: &Cancel,
) -> Result<Order> {
    let rows_of = |i: usize| -> usize {
        let s = &inputs[i];
        (0..s.block_count()).map(|b| kept_rows(s, &kept[i], b)).sum()
    };
    let total: usize = (0..inputs.len()).map(rows_of).sum();
    if total > u32::MAX as usize || inputs.len() > u16::MAX as usize {
        return Err(Error::internal(format!("a merge of {total} rows from {} segments", inputs.len())));
    }
    let mut order = Vec::with_capacity(total);
    if keys.first().is_none_or(Vec::is_empty) {
        for i in 0..inputs.len() {
            order.resize(order.len() + rows_of(i), i as u16);
        }
        return Ok(Order { inputs: order });
    }
    let mut heads: Vec<Head> = (0..inputs.len())
        .map(|i| Head {
            segment: &inputs[i],
            columns: &keys[i],
            kept: &kept[i],
            block: 0,
            keys: Vec::new(),
            rows: 0,
            at: 0,
        })
        .collect();
    let before = |heads: &[Head], a: usize, b: usize| {
        heads[a].compare(heads[a].at, &heads[b]).then(a.cmp(&b)) == Ordering::Less
    };
    // Inputs that have rows left, the one with the smallest row first.
    let mut queue: Vec<usize> = Vec::new();
    for i in 0..heads.len() {
        if heads[i].load()? {
            let at = queue.partition_point(|q| before(&heads, *q, i));
            queue.insert(at, i);
        }
    }
    while let Some(&first) = queue.first() {
        let head = &heads[first];
        let run = match queue.get(1) {
            None => head.rows - head.at,
            Some(&next) => {
                let goes_first =
                    |row: usize| head.compare(row, &heads[next]).then(first.cmp(&next)) == Ordering::Less;
                let mut reach = 1;
                while head.at + reach < head.rows && goes_first(head.at + reach) {
                    reach *= 2;
                }
                let (lo, hi) = (head.at + reach / 2, (head.at + reach).min(head.rows));
                let found = crate::encode::test::partition(hi - lo, |k| goes_first(lo + k));
                (lo + found - head.at).max(1)
            }
        };
        order.resize(order.len() + run, first as u16);
        queue.remove(0);
        let head = &mut heads[first];
        head.at += run;
        let mut more = true;
        if head.at == head.rows {
            cancel.check()?;
            cancel.advance(head.rows as u64);
            head.block += 1;
            more = head.load()?;
        }
        if more {
            let at = queue.partition_point(|q| before(&heads, *q, first));
            queue.insert(at, first);
        }
    }
    Ok(Order { inputs: order })
}
