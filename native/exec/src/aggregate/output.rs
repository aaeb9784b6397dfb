//! Groups as rows, and the totals row.

use super::Grouping;
use super::local::Local;
use crate::expr::Bound;
use crate::query::Query;
use crate::rows::Source;
use parking_lot::Mutex;
use std::ops::Range;
use std::sync::Arc;
use types::{Batch, Column, Result};

pub const CHUNK: usize = 65_536;

/// The merged groups as a source: one morsel per chunk of one part.
pub struct Output {
    grouping: Arc<Grouping>,
    parts: Vec<Mutex<Local>>,
    chunks: Vec<(usize, Range<usize>)>,
    groups: u64,
}

impl Output {
    pub fn new(grouping: Arc<Grouping>, parts: Vec<Local>) -> Output {
        let mut chunks = Vec::new();
        let mut groups = 0;
        for (i, p) in parts.iter().enumerate() {
            groups += p.len() as u64;
            let mut start = 0;
            while start < p.len() {
                let end = (start + CHUNK).min(p.len());
                chunks.push((i, start..end));
                start = end;
            }
        }
        Output { grouping, parts: parts.into_iter().map(Mutex::new).collect(), chunks, groups }
    }
}

impl Source for Output {
    fn morsels(&self) -> usize {
        self.chunks.len()
    }
    fn read(&self, morsel: usize, _: &Query) -> Result<Vec<Batch>> {
        let (part, range) = &self.chunks[morsel];
        let part = self.parts[*part].lock();
        if let Some(leading) = &self.grouping.leading
            && let Some(rows) = leading.read(&self.grouping, &part, range)?
        {
            return Ok(rows);
        }
        Ok(vec![rows_of(&self.grouping, &part, range.clone())?])
    }
    fn rows_max(&self) -> Option<u64> {
        Some(self.groups)
    }
}

pub fn rows_of(g: &Grouping, part: &Local, range: Range<usize>) -> Result<Batch> {
    let rows = range.len();
    let words = part.table.words();
    let mut columns = if g.keys.is_empty() && g.sets.is_none() {
        Vec::new()
    } else {
        part.layout.unpack(&part.table.keys()[range.start * words..range.end * words], rows)?
    };
    let set = if g.sets.is_some() { columns.pop() } else { None };
    for s in &part.states {
        columns.push(s.finish(range.clone())?);
    }
    columns.extend(set);
    Ok(Batch { columns, rows })
}

/// All groups (those that pass `having`) merged into one row: keys as defaults.
pub struct Totals<'a> {
    grouping: &'a Grouping,
    having: Option<&'a Bound>,
    widened: &'a [usize],
    query: &'a Query,
    all: Local,
    /// groups, and those of them that `having` keeps
    groups: usize,
    passed: usize,
}

impl<'a> Totals<'a> {
    /// `widened`: keys that are not NULL in the row of totals, though their type has one.
    pub fn new(
        grouping: &'a Grouping,
        having: Option<&'a Bound>,
        widened: &'a [usize],
        query: &'a Query,
    ) -> Totals<'a> {
        let mut all = Local::new(grouping, &query.memory);
        all.states.iter_mut().for_each(|s| s.resize(1));
        Totals { grouping, having, widened, query, all, groups: 0, passed: 0 }
    }

    pub fn add(&mut self, part: &Local) -> Result<()> {
        let mut groups: Vec<u32> = (0..part.len() as u32).collect();
        if self.grouping.sets.is_some() {
            // every row is in one group of the first set, which has all keys
            groups.clear();
            for start in (0..part.len()).step_by(CHUNK) {
                let end = (start + CHUNK).min(part.len());
                let rows = rows_of(self.grouping, part, start..end)?;
                if let Some(types::Data::U64(sets)) = rows.columns.last().map(|c| c.flat().data) {
                    groups.extend((start..end).filter(|i| sets[i - start] == 0).map(|i| i as u32));
                }
            }
        } else if let Some(h) = self.having {
            groups.clear();
            for start in (0..part.len()).step_by(CHUNK) {
                let end = (start + CHUNK).min(part.len());
                let keep = h.eval_mask(&rows_of(self.grouping, part, start..end)?, self.query)?;
                groups.extend(keep.ones().iter().map(|i| i + start as u32));
            }
        }
        self.groups += part.len();
        self.passed += groups.len();
        for (to, from) in self.all.states.iter_mut().zip(&part.states) {
            to.merge(from.as_ref(), &groups, &vec![0; groups.len()])?;
        }
        Ok(())
    }

    /// Whether rows of groups that were not made count, too (`totals_mode`).
    fn counts_overflow(&self) -> bool {
        let share = self.passed as f64 / self.groups.max(1) as f64;
        let least = self.query.session.setting("totals_auto_threshold").and_then(|v| v.parse().ok());
        self.query.session.setting("totals_mode") != Some("after_having_auto")
            || share >= least.unwrap_or(0.5)
    }

    pub fn finish(mut self) -> Result<Batch> {
        if let Some(overflow) = self.grouping.overflow.as_ref().filter(|_| self.counts_overflow()) {
            for (to, from) in self.all.states.iter_mut().zip(overflow.lock().iter()) {
                to.merge(from.as_ref(), &[0], &[0])?;
            }
        }
        let keys = &self.grouping.keys;
        let default = |(i, key): (usize, &Bound)| {
            let ty = if self.widened.contains(&i) { key.ty().base() } else { key.ty() };
            Column::default_of(ty, 1).flat()
        };
        let mut columns: Vec<Column> = keys.iter().enumerate().map(default).collect();
        for s in &self.all.states {
            columns.push(s.finish(0..1)?);
        }
        if let Some(sets) = &self.grouping.sets {
            // as the set without keys, which is the last one of ROLLUP and CUBE
            columns.push(types::Data::U64(vec![sets.len().saturating_sub(1) as u64].into()).into());
        }
        Ok(Batch { columns, rows: 1 })
    }
}
