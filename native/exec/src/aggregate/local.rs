//! One worker's groups and states.

use super::external::External;
use super::keys::KeyLayout;
use super::spread::{Spread, Waiting};
use super::table::GroupTable;
use super::{Grouping, dense, masked_keys};
use crate::expr::Bound;
use crate::query::Query;
use aggregates::{Groups, States};
use std::sync::Arc;
use types::codes::TOO_MANY_ROWS;
use types::{Batch, Column, Data, Error, Memory, Reservation, Result, Type};

pub struct Local {
    pub layout: Arc<KeyLayout>,
    pub table: GroupTable,
    pub states: Vec<Box<dyn States>>,
    /// input rows seen
    pub rows: u64,
    /// whether the layout may be that of other workers too
    shares_layout: bool,
    /// rows whose keys were looked up in the table
    looked_up: u64,
    /// rows go to the shared partitions instead of the table
    spreads: bool,
    pub waiting: Waiting,
    held: Reservation,
    groups: Vec<u32>,
}

/// rows whose keys are looked up and whose states are updated together: temporaries stay in cache
const STRIDE: usize = 8192;

impl Local {
    pub fn new(g: &Grouping, memory: &Memory) -> Local {
        let layout = g.layouts.get();
        Local {
            table: GroupTable::new(layout.words, layout.bits),
            layout,
            states: g.calls.iter().map(|c| c.aggregate.states()).collect(),
            rows: 0,
            shares_layout: !g.external.as_ref().is_some_and(External::started),
            looked_up: 0,
            spreads: false,
            waiting: Waiting::default(),
            held: Reservation::empty(memory),
            groups: Vec::new(),
        }
    }

    pub fn len(&self) -> usize {
        self.table.len()
    }
    pub fn bytes(&self) -> usize {
        let states = self.states.iter().map(|s| s.bytes()).sum::<usize>();
        self.table.bytes() + states + self.waiting.bytes as usize
    }
    pub fn shares_layout(&self) -> bool {
        self.shares_layout
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
        let words = self.layout.pack(&masked_keys(&keys, &types, &[], number, 1), 1)?;
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
            let n = if plain || self.spreads { batch.rows - start } else { STRIDE.min(batch.rows - start) };
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
            None => self.update(g, &keys, &inputs, rows, query),
            Some(sets) => {
                let types: Vec<Type> = g.keys.iter().map(|k| k.ty().clone()).collect();
                for (i, set) in sets.iter().enumerate() {
                    let keys = masked_keys(&keys, &types, set, i, rows);
                    self.update(g, &keys, &inputs, rows, query)?;
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
        let k = self.layout.words;
        let mut chosen = g.chosen.read();
        // a limit that a setting puts is looked at between blocks, as in ClickHouse
        let open = |len: usize| len < n || (g.chosen_by_blocks && len == n);
        if open(chosen.len()) {
            drop(chosen);
            let mut all = g.chosen.write();
            let open = open(all.len());
            for key in words.chunks_exact(k) {
                if !open || (all.len() >= n && !g.chosen_by_blocks) {
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
        if let Some(overflow) = g.overflow.as_ref().filter(|_| keep.len() < rows) {
            let left: Vec<u32> = words
                .chunks_exact(k)
                .enumerate()
                .filter(|(_, key)| !chosen.contains(*key))
                .map(|(i, _)| i as u32)
                .collect();
            for (call, states) in g.calls.iter().zip(overflow.lock().iter_mut()) {
                let args: Vec<Column> = call.args.iter().map(|&i| inputs[i].gather(&left)).collect();
                states.update(Groups::Each(&vec![0; left.len()]), &args, left.len())?;
            }
        }
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

    /// Bytes that another batch may need while it is added.
    fn planned(&self, rows: usize) -> u64 {
        let states: usize = self.states.iter().map(|s| s.planned_bytes(rows)).sum();
        (states + self.table.bytes_after(rows)) as u64 + self.waiting.bytes
    }

    fn reserve(&mut self, rows: usize) -> Result<()> {
        self.held.resize(self.planned(rows))
    }

    /// Empties the groups into the file if they, with `rows` more, would take too much.
    fn make_room(&mut self, g: &Grouping, rows: usize, query: &Query) -> Result<()> {
        let Some(external) = &g.external else { return Ok(()) };
        let leave = external.started() && self.shares_layout;
        if leave || external.wanted(self.held.bytes(), self.planned(rows), query) {
            self.leave(g, external, query)?;
        }
        Ok(())
    }

    /// All groups go to the file; rows that wait become groups of a layout of this worker's own.
    fn leave(&mut self, g: &Grouping, external: &External, query: &Query) -> Result<()> {
        let waiting = std::mem::take(&mut self.waiting);
        external.flush(g, self, query)?;
        self.shares_layout = false;
        g.spread.flush(g, query)?;
        if waiting.is_empty() { Ok(()) } else { waiting.distribute(g, self, query) }
    }

    /// Adds rows of one partition of the shared ones.
    pub fn absorb_rows(&mut self, g: &Grouping, words: &[u64], inputs: &[Column], rows: usize) -> Result<()> {
        self.reserve(rows)?;
        let mut groups = std::mem::take(&mut self.groups);
        self.table.find_or_insert(words, &mut groups);
        self.states_update(g, &groups, inputs, rows)?;
        self.groups = groups;
        self.held.resize(self.bytes() as u64)
    }

    /// Accounts for what was added without asking.
    pub fn account(&mut self) -> Result<()> {
        self.held.resize(self.bytes() as u64)
    }

    /// Nothing waits any more.
    pub fn settle(&mut self, g: &Grouping, query: &Query) -> Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        match &g.external {
            Some(external) if !self.waiting.fits(g, query) => self.leave(g, external, query),
            _ => std::mem::take(&mut self.waiting).distribute(g, self, query),
        }
    }

    pub fn update(
        &mut self,
        g: &Grouping,
        keys: &[Column],
        inputs: &[Column],
        rows: usize,
        query: &Query,
    ) -> Result<()> {
        self.make_room(g, rows, query)?;
        let words = self.layout.pack(keys, rows)?;
        if let Some(n) = g.any_groups {
            return self.update_chosen(g, &words, inputs, rows, n as usize);
        }
        if self.spreads && self.shares_layout {
            if self.waiting.add(g, words, keys, inputs) {
                self.settle(g, query)?;
            }
            return self.held.resize(self.bytes() as u64);
        }
        self.reserve(rows)?;
        let mut groups = std::mem::take(&mut self.groups);
        self.table.find_or_insert(&words, &mut groups);
        self.looked_up += rows as u64;
        match g.dense {
            Some(bits) if dense::wanted(self, self.looked_up) => {
                self.held.resize(self.bytes() as u64 + (4 << bits))?;
                let table = std::mem::replace(&mut self.table, GroupTable::new(1, 1));
                self.table = table.into_array(bits);
            }
            Some(_) => {}
            None => self.spreads = Spread::wanted(g, self, self.looked_up, query),
        }
        if let Some(most) = g.groups_max
            && self.table.len() as u64 > most
        {
            return Err(Error::new(
                TOO_MANY_ROWS,
                format!(
                    "Limit for rows to GROUP BY exceeded: has {} rows, maximum: {most}; raise max_rows_to_group_by",
                    self.table.len()
                ),
            ));
        }
        self.states_update(g, &groups, inputs, rows)?;
        self.groups = groups;
        self.held.resize(self.bytes() as u64)
    }

    /// Adds groups with serial states, one column per call.
    pub fn absorb_serialized(&mut self, words: &[u64], states: &[Column]) -> Result<()> {
        let rows = words.len() / self.layout.words;
        self.held.resize((self.bytes() + self.table.bytes_after(rows)) as u64)?;
        let mut groups = std::mem::take(&mut self.groups);
        self.table.find_or_insert(words, &mut groups);
        let n = self.table.len();
        for (s, c) in self.states.iter_mut().zip(states) {
            s.resize(n);
            if let Data::Str(serial) = &c.data {
                s.merge_serialized(&groups, serial)?;
            }
        }
        self.groups = groups;
        self.held.resize(self.bytes() as u64)
    }
}
