//! Merges sorted streams of batches into one. Equal rows keep the order of the inputs. What is held at
//! a time: one batch of each input and one of output.

use super::{Collapse, Mode, group_starts};
use crate::query::Query;
use std::cmp::Ordering;
use std::collections::VecDeque;
use std::sync::Arc;
use types::compare::compare_rows;
use types::{Batch, Column, Data, Error, Result, Type};

/// Rows of one batch of output.
const ROWS: usize = 65_536;
/// Rows of one key that are held before the rule runs on them.
const HELD_MAX: usize = 1 << 20;

/// Rows in the order of the key, with the key's values.
pub trait Input: Send {
    fn next(&mut self) -> Result<Option<(Batch, Vec<Column>)>>;
}

struct Head {
    input: Box<dyn Input>,
    batch: Batch,
    keys: Vec<Column>,
    at: usize,
}

impl Head {
    /// Loads batches until one has rows; false at the end.
    fn load(&mut self) -> Result<bool> {
        while let Some((batch, keys)) = self.input.next()? {
            if batch.rows > 0 {
                (self.batch, self.keys, self.at) = (batch, keys, 0);
                return Ok(true);
            }
        }
        Ok(false)
    }
}

pub struct SortedMerge {
    heads: Vec<Head>,
    /// heads with rows left, the one with the smallest row first
    queue: VecDeque<usize>,
    types: Vec<Type>,
    key_types: Vec<Type>,
    query: Arc<Query>,
}

fn compare(a: &[Column], i: usize, b: &[Column], j: usize) -> Ordering {
    for (x, y) in a.iter().zip(b) {
        let o = compare_rows(x, i, y, j);
        if o != Ordering::Equal {
            return o;
        }
    }
    Ordering::Equal
}

/// Columns that nobody reads are placeholders, whatever their type is.
fn concat(ty: &Type, parts: &[&Column]) -> Column {
    if parts.iter().any(|c| matches!(c.data, Data::Nothing(_))) && *ty != Type::Nothing {
        return Data::Nothing(parts.iter().map(|c| c.len()).sum()).into();
    }
    Column::concat(ty, parts)
}

pub fn concat_all(types: &[Type], batches: &[Batch]) -> Batch {
    if let [one] = batches {
        return one.clone();
    }
    let columns = types
        .iter()
        .enumerate()
        .map(|(i, ty)| concat(ty, &batches.iter().map(|b| &b.columns[i]).collect::<Vec<_>>()));
    Batch { columns: columns.collect(), rows: batches.iter().map(|b| b.rows).sum() }
}

impl SortedMerge {
    pub fn new(
        inputs: Vec<Box<dyn Input>>,
        types: Vec<Type>,
        key_types: Vec<Type>,
        query: &Arc<Query>,
    ) -> Result<SortedMerge> {
        let empty = |input| Head { input, batch: Batch::default(), keys: Vec::new(), at: 0 };
        let mut merge = SortedMerge {
            heads: inputs.into_iter().map(empty).collect(),
            queue: VecDeque::new(),
            types,
            key_types,
            query: query.clone(),
        };
        for i in 0..merge.heads.len() {
            if merge.heads[i].load()? {
                merge.enqueue(i);
            }
        }
        Ok(merge)
    }

    fn before(&self, a: usize, b: usize) -> bool {
        let (x, y) = (&self.heads[a], &self.heads[b]);
        compare(&x.keys, x.at, &y.keys, y.at).then(a.cmp(&b)) == Ordering::Less
    }

    fn enqueue(&mut self, i: usize) {
        let at = self.queue.partition_point(|q| self.before(*q, i));
        self.queue.insert(at, i);
    }

    /// Rows of the first head that come before the second head's row, `max` at most.
    fn run_length(&self, first: usize, second: Option<usize>, max: usize) -> usize {
        let head = &self.heads[first];
        let left = (head.batch.rows - head.at).min(max);
        let Some(next) = second else { return left };
        let other = &self.heads[next];
        let goes_first = |row: usize| {
            compare(&head.keys, row, &other.keys, other.at).then(first.cmp(&next)) == Ordering::Less
        };
        let mut reach = 1;
        while reach < left && goes_first(head.at + reach) {
            reach *= 2;
        }
        let (mut lo, mut hi) = (reach / 2, reach.min(left));
        while lo < hi {
            let mid = lo + (hi - lo) / 2;
            if goes_first(head.at + mid) {
                lo = mid + 1;
            } else {
                hi = mid;
            }
        }
        lo.max(1)
    }

    /// The next rows in order, with their keys.
    pub fn next(&mut self) -> Result<Option<(Batch, Vec<Column>)>> {
        self.query.cancel.check()?;
        // one input left: its batches go through as they are
        if self.queue.len() == 1 {
            let i = self.queue[0];
            let head = &mut self.heads[i];
            let n = head.batch.rows - head.at;
            let out = if head.at == 0 {
                (std::mem::take(&mut head.batch), std::mem::take(&mut head.keys))
            } else {
                let keys = head.keys.iter().map(|k| k.slice(head.at, n)).collect();
                (head.batch.slice(head.at, n), keys)
            };
            if !head.load()? {
                self.queue.clear();
            }
            return Ok(Some(out));
        }
        // pieces in the order in which they are taken; `order` says which piece each row comes from
        let mut pieces: Vec<(usize, Batch, Vec<Column>)> = Vec::new();
        let mut order: Vec<u32> = Vec::new();
        let mut taken: Vec<usize> = self.heads.iter().map(|h| h.at).collect();
        while order.len() < ROWS {
            let Some(&first) = self.queue.front() else { break };
            let run = self.run_length(first, self.queue.get(1).copied(), ROWS - order.len());
            order.resize(order.len() + run, first as u32);
            self.queue.pop_front();
            self.heads[first].at += run;
            let mut more = true;
            if self.heads[first].at == self.heads[first].batch.rows {
                self.take(first, &mut taken, &mut pieces);
                more = self.heads[first].load()?;
                taken[first] = 0;
            }
            if more {
                self.enqueue(first);
            }
        }
        for i in self.queue.iter().copied().collect::<Vec<_>>() {
            self.take(i, &mut taken, &mut pieces);
        }
        if order.is_empty() {
            return Ok(None);
        }
        // rows of a head follow each other in its pieces
        pieces.sort_by_key(|p| p.0);
        let mut next = vec![0u32; self.heads.len()];
        let mut at = 0;
        for h in 0..self.heads.len() {
            next[h] = at;
            at += pieces.iter().filter(|p| p.0 == h).map(|p| p.1.rows as u32).sum::<u32>();
        }
        for o in &mut order {
            let n = &mut next[*o as usize];
            *o = *n;
            *n += 1;
        }
        if at as usize != order.len() {
            return Err(Error::internal("a merge of sorted rows lost some"));
        }
        let keys: Vec<Batch> =
            pieces.iter().map(|p| Batch { columns: p.2.clone(), rows: p.1.rows }).collect();
        let keys = concat_all(&self.key_types, &keys).gather(&order).columns;
        let batches: Vec<Batch> = pieces.into_iter().map(|p| p.1).collect();
        Ok(Some((concat_all(&self.types, &batches).gather(&order), keys)))
    }

    fn take(&self, i: usize, taken: &mut [usize], pieces: &mut Vec<(usize, Batch, Vec<Column>)>) {
        let head = &self.heads[i];
        let n = head.at - taken[i];
        if n > 0 {
            let keys = head.keys.iter().map(|k| k.slice(taken[i], n)).collect();
            pieces.push((i, head.batch.slice(taken[i], n), keys));
            taken[i] = head.at;
        }
    }
}

/// Merged rows with the engine's rule applied: groups of equal keys are never cut.
pub struct Collapsed<'a> {
    merge: SortedMerge,
    rule: &'a Collapse,
    mode: Mode,
    held: Vec<(Batch, Vec<Column>)>,
    ended: bool,
}

impl<'a> Collapsed<'a> {
    pub fn new(merge: SortedMerge, rule: &'a Collapse, mode: Mode) -> Self {
        Collapsed { merge, rule, mode, held: Vec::new(), ended: false }
    }

    fn held(&mut self) -> (Batch, Vec<Column>) {
        let held = std::mem::take(&mut self.held);
        let keys: Vec<Batch> = held.iter().map(|h| Batch { columns: h.1.clone(), rows: h.0.rows }).collect();
        let keys = concat_all(&self.merge.key_types, &keys).columns;
        let batches: Vec<Batch> = held.into_iter().map(|h| h.0).collect();
        (concat_all(&self.merge.types, &batches), keys)
    }

    /// Many rows of one key: the rule may run on a part of them, where it does not need them all.
    fn compact(&mut self) -> Result<()> {
        let rows: usize = self.held.iter().map(|h| h.0.rows).sum();
        if rows < HELD_MAX || !self.rule.in_parts() {
            return Ok(());
        }
        let (batch, keys) = self.held();
        let out = self.rule.apply(&batch, &keys, Mode::Insert)?;
        let keys = keys.iter().map(|k| k.slice(0, out.rows)).collect();
        self.held.push((out, keys));
        Ok(())
    }

    /// Whole groups of rows in order, before the rule.
    pub fn next_groups(&mut self) -> Result<Option<(Batch, Vec<Column>)>> {
        while !self.ended {
            let Some((batch, keys)) = self.merge.next()? else {
                self.ended = true;
                break;
            };
            let starts = group_starts(&keys, batch.rows);
            let last = starts.last().copied().unwrap_or(0) as usize;
            // the key of the rows that wait goes on when the first key here is the same
            let joins = self.held.last().is_some_and(|h| compare(&h.1, h.0.rows - 1, &keys, 0).is_eq());
            let cut = |from: usize, n: usize| {
                (batch.slice(from, n), keys.iter().map(|k| k.slice(from, n)).collect::<Vec<_>>())
            };
            if last == 0 && joins {
                self.held.push((batch, keys));
                self.compact()?;
                continue;
            }
            if last > 0 {
                self.held.push(cut(0, last));
            }
            let ready = if self.held.is_empty() { None } else { Some(self.held()) };
            self.held.push(cut(last, batch.rows - last));
            if ready.is_some() {
                return Ok(ready);
            }
        }
        Ok(if self.held.is_empty() { None } else { Some(self.held()) })
    }

    pub fn next(&mut self) -> Result<Option<Batch>> {
        if !self.rule.collapses() {
            return Ok(self.merge.next()?.map(|m| m.0));
        }
        while let Some((batch, keys)) = self.next_groups()? {
            let out = self.rule.apply(&batch, &keys, self.mode)?;
            if out.rows > 0 {
                return Ok(Some(out));
            }
        }
        Ok(None)
    }
}
