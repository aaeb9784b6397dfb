//! What a merge of FINAL reads: the rows of each segment and batch in the order of the key.

use super::super::Collapse;
use super::super::sorted::{Input, concat_all};
use super::{Asked, Visible, Work};
use crate::expr::Bound;
use crate::query::Query;
use crate::rows::Source;
use crate::scan::Scan;
use crate::table::TableSnapshot;
use std::sync::Arc;
use storage::SortKey;
use types::{Batch, Bitmap, Column, Data, Error, Result, Type};

/// Rows of one segment, or of one batch in memory, in the order of the key.
struct Rows {
    scan: Scan,
    morsel: usize,
    sorted: bool,
    rule: Arc<Collapse>,
    query: Arc<Query>,
    /// where each of the table's columns is in the scan
    at: Vec<Option<usize>>,
    /// number of the source; two columns with it and the row's number follow the table's columns
    number: Option<u32>,
    hidden: Option<Arc<Bitmap>>,
    from: u32,
    by_partition: bool,
}

impl Rows {
    /// Full width: columns that the scan does not have are placeholders.
    fn widened(&mut self, b: Batch) -> Batch {
        let of = |at: &Option<usize>| match at {
            Some(i) => b.columns[*i].clone(),
            None => Data::Nothing(b.rows).into(),
        };
        let mut columns: Vec<Column> = self.at.iter().map(of).collect();
        if let Some(n) = self.number {
            columns.push(Data::U32(vec![n; b.rows].into()).into());
            columns.push(Data::U32((self.from..self.from + b.rows as u32).collect::<Vec<_>>().into()).into());
            self.from += b.rows as u32;
        }
        let all = Batch { columns, rows: b.rows };
        match &self.hidden {
            Some(seen) if self.number.is_some() => {
                all.filter(&seen.slice((self.from as usize) - b.rows, b.rows))
            }
            _ => all,
        }
    }
    fn keys(&self, b: &Batch) -> Result<Vec<Column>> {
        let mut keys = Vec::new();
        if self.by_partition {
            for p in &self.rule.partition {
                keys.push(p.eval(b, &self.query)?);
            }
        }
        keys.extend(self.rule.key_columns(b, &self.query)?);
        Ok(keys)
    }
    fn read(&mut self) -> Result<Option<Batch>> {
        while self.morsel < self.scan.morsels() {
            self.morsel += 1;
            if let Some(b) = self.scan.read(self.morsel - 1, &self.query)?.into_iter().next() {
                return Ok(Some(self.widened(b)));
            }
        }
        Ok(None)
    }
}

impl Input for Rows {
    fn next(&mut self) -> Result<Option<(Batch, Vec<Column>)>> {
        if self.sorted {
            let Some(b) = self.read()? else { return Ok(None) };
            let keys = self.keys(&b)?;
            return Ok(Some((b, keys)));
        }
        let mut all = Vec::new();
        while let Some(b) = self.read()? {
            all.push(b);
        }
        if all.is_empty() {
            return Ok(None);
        }
        let mut types = self.rule.types.clone();
        types.extend([Type::UInt32, Type::UInt32]);
        types.truncate(all[0].columns.len());
        let b = concat_all(&types, &all);
        let keys = self.keys(&b)?;
        let by: Vec<SortKey> = (0..keys.len()).map(|column| SortKey { column, desc: false }).collect();
        let order = storage::sort_batch(&Batch { columns: keys.clone(), rows: b.rows }, &by);
        let keys = keys.iter().map(|k| k.gather(&order)).collect();
        Ok(Some((b.gather(&order), keys)))
    }
}

impl Work<'_> {
    pub(in crate::collapse) fn inputs(
        &self,
        crowded: &[bool],
        asked: Option<(&Asked<'_>, &[bool])>,
    ) -> Result<Vec<Box<dyn Input>>> {
        let width = self.rule.types.len();
        let all: Vec<String> = self.table.columns[..width].iter().map(|c| c.name.clone()).collect();
        let (names, at, needed, condition) = match asked {
            None => {
                let needed = self.rule.required(&vec![false; width], self.by_partition);
                (all, (0..width).map(Some).collect::<Vec<_>>(), needed, None)
            }
            Some((a, required)) => {
                let mut names = a.names.to_vec();
                let mut needed = a.needed.to_vec();
                let mut at = Vec::new();
                for (i, name) in all.iter().enumerate() {
                    match names.iter().position(|n| n == name) {
                        Some(k) => {
                            needed[k] |= required[i];
                            at.push(Some(k));
                        }
                        None if required[i] => {
                            at.push(Some(names.len()));
                            names.push(name.clone());
                            needed.push(true);
                        }
                        None => at.push(None),
                    }
                }
                (names, at, needed, self.key_condition(a, &all))
            }
        };
        let mut inputs: Vec<Box<dyn Input>> = Vec::new();
        let base = self.table.deleted(self.shelf)?;
        let base = base.as_deref();
        let add = |made: &mut Vec<Box<dyn Input>>,
                   part: TableSnapshot,
                   sorted: bool,
                   seen: Option<Arc<Bitmap>>,
                   number: usize| {
            let positions = asked.is_none();
            let seen_all = match (&seen, positions) {
                (Some(s), false) => {
                    Some(Arc::new(Visible { segments: vec![Some(s.clone())], memory: Vec::new() }))
                }
                _ => None,
            };
            let scan = Scan::with(
                Arc::new(part),
                &names,
                condition.clone(),
                needed.clone(),
                seen_all,
                self.shelf,
                self.query,
            )?;
            made.push(Box::new(Rows {
                scan,
                morsel: 0,
                sorted,
                rule: self.rule.clone(),
                query: self.query.clone(),
                at: at.clone(),
                number: positions.then_some(number as u32),
                hidden: if positions { seen } else { None },
                from: 0,
                by_partition: self.by_partition,
            }));
            Ok::<(), Error>(())
        };
        let mut number = 0;
        for (i, slot) in self.table.segments.iter().enumerate() {
            if crowded[i] {
                let part = self.table.part(vec![(slot.clone(), self.table.marks[i].clone())], Vec::new());
                add(&mut inputs, part, true, base.and_then(|v| v.segment(i)).cloned(), number)?;
            }
            number += 1;
        }
        for (fields, batches) in &self.table.memory {
            for b in batches {
                let part = self.table.part(Vec::new(), vec![(fields.clone(), vec![b.clone()])]);
                add(&mut inputs, part, false, None, number)?;
                number += 1;
            }
        }
        Ok(inputs)
    }

    /// Conditions over columns of the key alone take away whole groups, so they may come first.
    fn key_condition(&self, asked: &Asked<'_>, all: &[String]) -> Option<Bound> {
        let mut conditions = Vec::new();
        crate::predicate::conjuncts(asked.condition?, &mut conditions);
        let in_key = |i: &usize| {
            self.rule.keys.iter().any(|k| matches!(k, Bound::Column(c, _) if all[*c] == asked.names[*i]))
        };
        conditions.into_iter().find(|c| {
            let mut used = Vec::new();
            c.columns(&mut used);
            !used.is_empty() && c.deterministic() && used.iter().all(in_key)
        })
    }
}
