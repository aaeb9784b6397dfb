//! One worker's groups and states.

use super::table::GroupTable;
use super::{Grouping, masked_keys};
use crate::expr::Bound;
use crate::query::Query;
use aggregates::{Groups, States};
use types::{Batch, Column, Memory, Reservation, Result, Type};

pub struct Local {
    pub table: GroupTable,
    pub states: Vec<Box<dyn States>>,
    /// input rows seen
    pub rows: u64,
    held: Reservation,
    groups: Vec<u32>,
}

/// rows whose keys are looked up and whose states are updated together: temporaries stay in cache
const STRIDE: usize = 8192;

impl Local {
    pub fn new(g: &Grouping, memory: &Memory) -> Local {
        Local {
            table: GroupTable::new(g.layout.words, g.layout.bits),
            states: g.calls.iter().map(|c| c.aggregate.states()).collect(),
            rows: 0,
            held: Reservation::empty(memory),
            groups: Vec::new(),
        }
    }

    pub fn len(&self) -> usize {
        self.table.len()
    }
    pub fn bytes(&self) -> usize {
        self.table.bytes() + self.states.iter().map(|s| s.bytes()).sum::<usize>()
    }

    /// The one group of an aggregation without keys.
    pub fn ensure_group(&mut self) {
        if self.table.len() == 0 {
            let mut groups = Vec::new();
            self.table.find_or_insert(&[0], &mut groups);
        }
        self.states.iter_mut().for_each(|s| s.resize(1));
    }

    /// The group of an empty grouping set.
    pub fn ensure_empty_set(&mut self, g: &Grouping, number: usize) -> Result<()> {
        let types: Vec<Type> = g.keys.iter().map(|k| k.ty().clone()).collect();
        let keys: Vec<Column> = types.iter().map(|t| Column::default_of(t, 1)).collect();
        let words = g.layout.pack(&masked_keys(&keys, &types, &[], number, 1), 1)?;
        let mut groups = Vec::new();
        self.table.find_or_insert(&words, &mut groups);
        let n = self.table.len();
        self.states.iter_mut().for_each(|s| s.resize(n));
        Ok(())
    }

    pub fn add(&mut self, g: &Grouping, batch: &Batch, query: &Query) -> Result<()> {
        let mut start = 0;
        while start < batch.rows {
            // without keys and computed arguments small steps gain nothing
            let plain = g.keys.is_empty()
                && g.sets.is_none()
                && g.inputs.iter().all(|i| matches!(i, Bound::Column(..)));
            let n = if plain { batch.rows } else { STRIDE.min(batch.rows - start) };
            let piece = if n == batch.rows { batch.clone() } else { batch.slice(start, n) };
            self.add_piece(g, &piece, query)?;
            start += n;
        }
        Ok(())
    }

    fn add_piece(&mut self, g: &Grouping, batch: &Batch, query: &Query) -> Result<()> {
        let rows = batch.rows;
        self.rows += rows as u64;
        let keys: Vec<Column> = g.keys.iter().map(|k| k.eval(batch, query)).collect::<Result<_>>()?;
        let inputs: Vec<Column> = g.inputs.iter().map(|e| e.eval(batch, query)).collect::<Result<_>>()?;
        match &g.sets {
            None if g.keys.is_empty() => {
                self.ensure_group();
                self.reserve(rows)?;
                for (call, states) in g.calls.iter().zip(&mut self.states) {
                    let args: Vec<Column> = call.args.iter().map(|&i| inputs[i].clone()).collect();
                    states.update(Groups::One(0), &args, rows)?;
                }
                self.held.resize(self.bytes() as u64)
            }
            None => self.update(g, &keys, &inputs, rows),
            Some(sets) => {
                let types: Vec<Type> = g.keys.iter().map(|k| k.ty().clone()).collect();
                for (i, set) in sets.iter().enumerate() {
                    self.update(g, &masked_keys(&keys, &types, set, i, rows), &inputs, rows)?;
                }
                Ok(())
            }
        }
    }

    /// Only rows of the groups that were chosen (by whoever came first) count.
    fn update_chosen(
        &mut self,
        g: &Grouping,
        words: &[u64],
        inputs: &[Column],
        rows: usize,
        n: usize,
    ) -> Result<()> {
        let k = g.layout.words;
        let mut chosen = g.chosen.read();
        if chosen.len() < n {
            drop(chosen);
            let mut all = g.chosen.write();
            for key in words.chunks_exact(k) {
                if all.len() >= n {
                    break;
                }
                if !all.contains(key) {
                    all.insert(key.to_vec());
                }
            }
            drop(all);
            chosen = g.chosen.read();
        }
        let keep: Vec<u32> = words
            .chunks_exact(k)
            .enumerate()
            .filter(|(_, key)| chosen.contains(*key))
            .map(|(i, _)| i as u32)
            .collect();
        drop(chosen);
        if keep.is_empty() {
            return Ok(());
        }
        let kept: Vec<u64> =
            keep.iter().flat_map(|&i| words[i as usize * k..(i as usize + 1) * k].iter().copied()).collect();
        let narrowed: Vec<Column> = inputs.iter().map(|c| c.gather(&keep)).collect();
        self.reserve(keep.len())?;
        let mut groups = std::mem::take(&mut self.groups);
        self.table.find_or_insert(&kept, &mut groups);
        self.states_update(g, &groups, &narrowed, keep.len())?;
        self.groups = groups;
        debug_assert!(keep.len() <= rows);
        self.held.resize(self.bytes() as u64)
    }

    fn states_update(&mut self, g: &Grouping, groups: &[u32], inputs: &[Column], rows: usize) -> Result<()> {
        let n = self.table.len();
        for (call, states) in g.calls.iter().zip(&mut self.states) {
            states.resize(n);
            let args: Vec<Column> = call.args.iter().map(|&i| inputs[i].clone()).collect();
            states.update(Groups::Each(groups), &args, rows)?;
        }
        Ok(())
    }

    fn reserve(&mut self, rows: usize) -> Result<()> {
        let planned: usize = self.states.iter().map(|s| s.planned_bytes(rows)).sum();
        self.held.resize((planned + self.table.bytes_after(rows)) as u64)
    }

    fn update(&mut self, g: &Grouping, keys: &[Column], inputs: &[Column], rows: usize) -> Result<()> {
        let words = g.layout.pack(keys, rows)?;
        if let Some(n) = g.any_groups {
            return self.update_chosen(g, &words, inputs, rows, n as usize);
        }
        self.reserve(rows)?;
        let mut groups = std::mem::take(&mut self.groups);
        self.table.find_or_insert(&words, &mut groups);
        self.states_update(g, &groups, inputs, rows)?;
        self.groups = groups;
        self.held.resize(self.bytes() as u64)
    }
}
