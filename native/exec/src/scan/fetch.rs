//! Columns that were left out while rows were chosen, for the rows that were.

use super::{Morsel, Scan};
use crate::pool::{Flow, run_phase};
use crate::query::Query;
use parking_lot::Mutex;
use std::sync::Arc;
use types::{Batch, Column, Data, Error, Result};

impl Scan {
    /// The output columns `needed` of rows by their numbers (of `read_numbered`), in that order; other columns
    /// are placeholders. Cost: one look into each block that has such a row, on all workers.
    pub fn fetch(&self, numbers: &[u64], needed: &[usize], query: &Arc<Query>) -> Result<Batch> {
        let mut places: Vec<u32> = (0..numbers.len() as u32).collect();
        places.sort_unstable_by_key(|&p| numbers[p as usize]);
        let morsel_of = |p: &u32| numbers[*p as usize] >> 32;
        let groups: Vec<&[u32]> = places.chunk_by(|a, b| morsel_of(a) == morsel_of(b)).collect();
        let parts: Vec<Mutex<Option<Batch>>> = groups.iter().map(|_| Mutex::new(None)).collect();
        run_phase(query, groups.len(), &|g| {
            query.cancel.check()?;
            let rows: Vec<u32> = groups[g].iter().map(|&p| numbers[p as usize] as u32).collect();
            let morsel = morsel_of(&groups[g][0]) as usize;
            *parts[g].lock() = Some(self.rows_of(morsel, &rows, needed, query)?);
            Ok(Flow::More)
        })?;
        let parts: Vec<Batch> = parts.into_iter().filter_map(Mutex::into_inner).collect();
        let all = match parts.is_empty() {
            true => self.placeholders(vec![None; self.columns.len()], 0),
            false => Batch::concat(&self.types, &parts),
        };
        let mut back = vec![0u32; places.len()];
        for (i, &p) in places.iter().enumerate() {
            back[p as usize] = i as u32;
        }
        Ok(all.gather(&back))
    }

    /// Rows of one morsel, ascending.
    fn rows_of(&self, morsel: usize, rows: &[u32], needed: &[usize], query: &Query) -> Result<Batch> {
        let morsel = self.morsels.get(morsel).ok_or_else(|| Error::internal("a row of no block"))?;
        let mut columns: Vec<Option<Column>> = vec![None; self.columns.len()];
        for &i in needed {
            columns[i] = Some(match morsel {
                Morsel::Block { segment, block, .. } => {
                    let p = &self.segments[*segment];
                    self.read_column(p, i, *block, Some(rows), rows.len(), query)?
                }
                Morsel::Memory { part, batch, start, rows: n } => {
                    self.memory_column((*part, *batch), i, *start, *n, query)?.gather(rows)
                }
            });
        }
        let batch = self.placeholders(columns, rows.len());
        query.read(0, batch.bytes() as u64)?;
        Ok(batch)
    }

    fn placeholders(&self, columns: Vec<Option<Column>>, rows: usize) -> Batch {
        let columns = columns.into_iter().map(|c| c.unwrap_or_else(|| Data::Nothing(rows).into())).collect();
        Batch { columns, rows }
    }
}
