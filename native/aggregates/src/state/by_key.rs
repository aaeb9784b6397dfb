//! Inner groups by key: what functions over maps keep, whose states are those of other functions for each key.

use super::cells::serial;
use super::keys::{KeyBatch, Keyer};
use super::wire::{Reader, put_var};
use std::collections::HashMap;
use types::compare::compare_rows;
use types::{Column, ColumnBuilder, Result, StrData, Type};

/// Numbers the keys of every group: one inner group for each key of each group.
pub struct ByKey {
    ty: Type,
    keyer: Keyer,
    /// key → inner group, of each group
    ids: Vec<HashMap<u128, u32>>,
    next: u32,
}

impl ByKey {
    pub fn new(ty: &Type) -> ByKey {
        ByKey { ty: ty.clone(), keyer: Keyer::new(std::slice::from_ref(ty)), ids: Vec::new(), next: 0 }
    }
    pub fn resize(&mut self, groups: usize) {
        if groups > self.ids.len() {
            self.ids.resize(groups, HashMap::new());
        }
    }
    pub fn len(&self) -> usize {
        self.ids.len()
    }
    /// How many inner groups there are.
    pub fn inner_len(&self) -> usize {
        self.next as usize
    }
    pub fn inner_ids(&self) -> Vec<u32> {
        (0..self.next).collect()
    }
    pub fn key_builder(&self) -> ColumnBuilder {
        ColumnBuilder::new(&self.ty)
    }
    /// One key a row. Errors: as `Keyer::keys`.
    pub fn keys(&mut self, column: &Column, rows: usize) -> Result<KeyBatch> {
        self.keyer.keys(std::slice::from_ref(column), rows)
    }
    /// The inner group of a key, a new one where the group has not met it.
    pub fn id(&mut self, group: u32, key: u128) -> u32 {
        let next = &mut self.next;
        *self.ids[group as usize].entry(key).or_insert_with(|| {
            *next += 1;
            *next - 1
        })
    }
    /// Inner groups of another's groups `src`, and those of own groups `dst` that take them in.
    pub fn pairs(&mut self, other: &ByKey, src: &[u32], dst: &[u32]) -> Result<(Vec<u32>, Vec<u32>)> {
        let (mut from, mut to) = (Vec::new(), Vec::new());
        for (&s, &d) in src.iter().zip(dst) {
            for (key, id) in &other.ids[s as usize] {
                let key = self.keyer.translate(&other.keyer, *key)?;
                from.push(*id);
                to.push(self.id(d, key));
            }
        }
        Ok((from, to))
    }
    /// A group's keys in order, as values, and as they are with their inner groups; only those that `keep` names.
    pub fn in_order(&self, group: usize, keep: impl Fn(u32) -> bool) -> Result<(Column, Vec<(u128, u32)>)> {
        let ids = self.ids[group].iter().map(|(key, id)| (*key, *id));
        let entries: Vec<(u128, u32)> = ids.filter(|e| keep(e.1)).collect();
        let mut builder = [self.key_builder()];
        entries.iter().try_for_each(|e| self.keyer.push(e.0, &mut builder))?;
        let [builder] = builder;
        let keys = builder.finish();
        let mut order: Vec<u32> = (0..entries.len() as u32).collect();
        order.sort_by(|a, b| compare_rows(&keys, *a as usize, &keys, *b as usize));
        Ok((keys.gather(&order), order.iter().map(|i| entries[*i as usize]).collect()))
    }
    /// For each group the number of its keys, then each key with its states: `states[i]` has one for each inner group.
    pub fn serialize(&self, groups: &[u32], states: &[StrData]) -> Result<StrData> {
        let mut failed = Ok(());
        let all = serial(groups, |g, out| match self.in_order(g as usize, |_| true) {
            Ok((_, entries)) => {
                put_var(out, entries.len() as u64);
                for (key, id) in entries {
                    self.keyer.put(key, out);
                    states.iter().for_each(|s| out.extend_from_slice(s.get(id as usize)));
                }
            }
            Err(e) => failed = Err(e),
        });
        failed.map(|()| all)
    }
    /// The inner group of the key that `r` begins with.
    pub fn read(&mut self, group: u32, r: &mut Reader<'_>) -> Result<u32> {
        let key = self.keyer.read(r)?;
        Ok(self.id(group, key))
    }
    pub fn bytes(&self) -> usize {
        self.keyer.bytes() + self.ids.capacity() * size_of::<HashMap<u128, u32>>() + self.next as usize * 64
    }
}
