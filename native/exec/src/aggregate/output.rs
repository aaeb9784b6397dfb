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

const CHUNK: usize = 65_536;

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
        Ok(vec![rows_of(&self.grouping, &self.parts[*part].lock(), range.clone())?])
    }
    fn rows_max(&self) -> Option<u64> {
        Some(self.groups)
    }
}

fn rows_of(g: &Grouping, part: &Local, range: Range<usize>) -> Result<Batch> {
    let rows = range.len();
    let words = part.table.words();
    let mut columns = if g.keys.is_empty() && g.sets.is_none() {
        Vec::new()
    } else {
        g.layout.unpack(&part.table.keys()[range.start * words..range.end * words], rows)?
    };
    let set = if g.sets.is_some() { columns.pop() } else { None };
    for s in &part.states {
        columns.push(s.finish(range.clone())?);
    }
    columns.extend(set);
    Ok(Batch { columns, rows })
}

/// All groups (those that pass `having`) merged into one row: keys as defaults.
pub fn totals(g: &Grouping, parts: &[Local], having: Option<&Bound>, query: &Query) -> Result<Batch> {
    let mut all = Local::new(g, &query.memory);
    for s in &mut all.states {
        s.resize(1);
    }
    for p in parts {
        let mut groups: Vec<u32> = (0..p.len() as u32).collect();
        if let Some(h) = having {
            let mut start = 0;
            groups.clear();
            while start < p.len() {
                let end = (start + CHUNK).min(p.len());
                let keep = h.eval_mask(&rows_of(g, p, start..end)?, query)?;
                groups.extend(keep.ones().iter().map(|i| i + start as u32));
                start = end;
            }
        }
        for (to, from) in all.states.iter_mut().zip(&p.states) {
            to.merge(from.as_ref(), &groups, &vec![0; groups.len()])?;
        }
    }
    let mut columns: Vec<Column> = g.keys.iter().map(|k| Column::default_of(k.ty(), 1).flat()).collect();
    for s in &all.states {
        columns.push(s.finish(0..1)?);
    }
    if g.sets.is_some() {
        columns.push(types::Data::U64(vec![0].into()).into());
    }
    Ok(Batch { columns, rows: 1 })
}
