//! Some keys of a version judged anew by the engine's rule: all rows that have them are found, put in groups and asked.

use super::search::{Found, Keys};
use super::{Mode, Shown, Visible, Work};
use crate::collapse::sorted::concat_all;
use crate::collapse::{group_starts, groups};
use crate::rows::Source;
use crate::scan::Scan;
use crate::table::TableSnapshot;
use std::sync::Arc;
use storage::SortKey;
use types::{Batch, Bitmap, Column, Data, Reservation, Result};

impl Work<'_> {
    /// Groups that have a row in the sources `added` or among `lost` are judged; of others nothing changes.
    pub(super) fn judge_again(
        &self,
        shown: &mut Shown,
        added: &[usize],
        lost: &[(usize, Vec<u32>)],
        mode: Mode,
    ) -> Result<()> {
        let Some(keys) = self.touched_keys(added, lost)? else { return Ok(()) };
        let left = self.left_by_deletes()?;
        let mut held = Reservation::empty(&self.query.memory);
        let mut found: Vec<Found> = Vec::with_capacity(self.sources());
        for n in 0..self.sources() {
            found.push(self.find(n, &keys, left[n].as_deref())?);
            let bytes = found.iter().map(|f| f.len() * size_of::<(u32, u32)>()).sum::<usize>();
            held.resize(bytes as u64 * 4)?;
        }
        self.judge(shown, &found, keys.count, mode)
    }

    /// The keys of all rows of the first, and of some rows of the others.
    fn touched_keys(&self, added: &[usize], lost: &[(usize, Vec<u32>)]) -> Result<Option<Keys>> {
        let read = self.key_columns_read();
        let mut parts: Vec<Batch> = Vec::new();
        let mut held = Reservation::empty(&self.query.memory);
        let all = added.iter().map(|n| (*n, None)).chain(lost.iter().map(|(n, rows)| (*n, Some(rows))));
        for (n, rows) in all {
            let b = self.read(n, &read, rows.map(Vec::as_slice))?;
            let part = Batch { columns: self.keys_of(&b)?, rows: b.rows };
            held.resize(held.bytes() + 3 * part.bytes() as u64)?;
            if part.rows > 0 {
                parts.push(part);
            }
        }
        if parts.is_empty() {
            return Ok(None);
        }
        let all = concat_all(&self.key_types(), &parts);
        let by: Vec<SortKey> = (0..all.columns.len()).map(|column| SortKey { column, desc: false }).collect();
        let sorted = all.gather(&storage::sort_batch(&all, &by));
        let starts = group_starts(&sorted.columns, sorted.rows);
        let distinct = sorted.gather(&starts);
        let lead = if self.by_partition { self.rule.partition.len() } else { 0 };
        Ok(Some(Keys::new(distinct.columns, distinct.rows, lead, held)))
    }

    fn judge(&self, shown: &mut Shown, found: &[Found], keys: usize, mode: Mode) -> Result<()> {
        let total: usize = found.iter().map(Vec::len).sum();
        // rows by key; of a key in the order of sources and rows
        let mut ends = vec![0u32; keys + 1];
        found.iter().flatten().for_each(|(_, k)| ends[*k as usize + 1] += 1);
        (0..keys).for_each(|k| ends[k + 1] += ends[k]);
        let starts: Vec<u32> = (0..keys).filter(|k| ends[*k] < ends[*k + 1]).map(|k| ends[k]).collect();
        let mut order = vec![0u32; total];
        let (mut source, mut row) = (vec![0u32; total], vec![0u32; total]);
        let mut number = 0;
        for (n, rows) in found.iter().enumerate() {
            for (r, k) in rows {
                let at = ends[*k as usize] as usize;
                ends[*k as usize] += 1;
                (order[at], source[at], row[at]) = (number, n as u32, *r);
                number += 1;
            }
        }
        let batch = self.values_of(found, total)?.gather(&order);
        let kept = self.rule.kept(&batch, &starts, mode)?;
        for (n, rows) in found.iter().enumerate().filter(|f| !f.1.is_empty()) {
            let bits = shown.bits[n].get_or_insert_with(|| Arc::new(Bitmap::new(self.rows_of(n), true)));
            let bits = Arc::make_mut(bits);
            rows.iter().for_each(|(r, _)| bits.set(*r as usize, false));
        }
        for k in &kept {
            if let Some(bits) = &mut shown.bits[source[*k as usize] as usize] {
                Arc::make_mut(bits).set(row[*k as usize] as usize, true);
            }
        }
        self.note_losers(shown, &batch, &starts, |at| (source[at], row[at]))
    }

    /// Remembers in whose place rows of sorted groups do not show. `at`: source and row of a row of the batch.
    pub(super) fn note_losers(
        &self,
        shown: &mut Shown,
        batch: &Batch,
        starts: &[u32],
        at: impl Fn(usize) -> (u32, u32),
    ) -> Result<()> {
        let Some(losers) = &mut shown.losers else { return Ok(()) };
        let winners = self.rule.kept(batch, starts, Mode::Merge)?;
        for ((from, to), winner) in groups(starts, batch.rows).zip(winners) {
            let by = at(winner as usize).0;
            for (source, row) in (from..to).filter(|i| *i != winner as usize).map(&at) {
                losers[source as usize].push((row, by));
            }
        }
        if self.too_many(losers) {
            shown.losers = None;
        }
        Ok(())
    }

    /// The columns by which the rule judges, of the rows that were found.
    fn values_of(&self, found: &[Found], total: usize) -> Result<Batch> {
        let judged_by = self.rule.judged_by();
        if judged_by.is_empty() {
            let column: Column = Data::Nothing(total).into();
            return Ok(Batch { columns: vec![column; self.rule.types.len()], rows: total });
        }
        let mut needed = vec![false; self.rule.types.len()];
        judged_by.into_iter().for_each(|c| needed[c] = true);
        let mut parts = Vec::new();
        for (n, rows) in found.iter().enumerate().filter(|f| !f.1.is_empty()) {
            let rows: Vec<u32> = rows.iter().map(|r| r.0).collect();
            parts.push(self.read(n, &needed, Some(&rows))?);
        }
        Ok(concat_all(&self.rule.types, &parts))
    }

    /// Rows of a source, all without `rows`; columns that are not needed are placeholders.
    pub(super) fn read(&self, source: usize, needed: &[bool], rows: Option<&[u32]>) -> Result<Batch> {
        let seen = rows.map(|rows| {
            let mut bits = Bitmap::new(self.rows_of(source), false);
            rows.iter().for_each(|r| bits.set(*r as usize, true));
            Arc::new(bits)
        });
        let scan = self.scan_of(source, needed, seen)?;
        let mut parts = Vec::new();
        for m in 0..scan.morsels() {
            self.query.cancel.check()?;
            parts.extend(scan.read_morsel(m, self.query)?);
        }
        Ok(concat_all(&self.rule.types, &parts))
    }

    pub(super) fn scan_of(&self, source: usize, needed: &[bool], seen: Option<Arc<Bitmap>>) -> Result<Scan> {
        let visible = seen.map(|bits| match source < self.table.segments.len() {
            true => Visible { segments: vec![Some(bits)], memory: Vec::new() },
            false => Visible { segments: Vec::new(), memory: vec![vec![Some(bits)]] },
        });
        let names: Vec<String> = self.table.columns[..needed.len()].iter().map(|c| c.name.clone()).collect();
        let part = Arc::new(self.part(source));
        Scan::with(part, &names, None, needed.to_vec(), visible.map(Arc::new), self.shelf, self.query)
    }

    /// One source as a table.
    pub(super) fn part(&self, source: usize) -> TableSnapshot {
        let Some(slot) = self.table.segments.get(source) else {
            let (fields, batch) = self.memory(source).unwrap_or_default();
            return self.table.part(Vec::new(), vec![(fields, vec![batch])]);
        };
        self.table.part(vec![(slot.clone(), self.table.marks[source].clone())], Vec::new())
    }
}
