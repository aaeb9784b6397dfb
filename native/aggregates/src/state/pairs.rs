//! One set of distinct (group, key) pairs for all groups, with counts per group.
//!
//! A set per group would cost a header and an allocation each; here a pair is one slot of 8 bytes
//! (keys of 32 bits and interned ids), 12 (64-bit keys of several groups; 8 while there is only
//! group 0) or 20 (128 bits).

use super::keys::{Form, KeyBatch};
use super::table::{Table, WideSlot, WordSlot};
use crate::Groups;

enum Set {
    Narrow(Table<u64>),
    /// 64-bit keys of group 0 alone; the flag is for key 0, which marks empty slots
    Solo(Table<u64>, bool),
    Word(Table<WordSlot>),
    Wide(Table<WideSlot>),
}

pub struct Pairs {
    set: Set,
    counts: Vec<u64>,
}

#[inline]
fn narrow(group: u32, key: u32) -> u64 {
    (u64::from(group) + 1) << 32 | u64::from(key)
}

impl Pairs {
    pub fn new(form: Form) -> Self {
        let set = match form {
            Form::Word => Set::Solo(Table::default(), false),
            Form::Wide => Set::Wide(Table::default()),
            _ => Set::Narrow(Table::default()),
        };
        Pairs { set, counts: Vec::new() }
    }
    pub fn resize(&mut self, groups: usize) {
        if groups > self.counts.len() {
            self.counts.resize(groups, 0);
        }
    }
    /// Distinct keys per group.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }
    fn leave_solo(&mut self) {
        if let Set::Solo(t, zero) = &self.set {
            let mut wide = Table::default();
            t.for_each(|value| {
                wide.insert(WordSlot { value, group1: 1 });
            });
            if *zero {
                wide.insert(WordSlot { value: 0, group1: 1 });
            }
            self.set = Set::Word(wide);
        }
    }
    /// Inserts a batch; `new(row)` is called for each row whose pair was not there yet.
    pub fn insert_all(&mut self, groups: Groups<'_>, keys: &KeyBatch, mut new: impl FnMut(usize)) {
        let counts = &mut self.counts;
        match (keys, groups) {
            (KeyBatch::Narrow(keys), _) => {
                let Set::Narrow(t) = &mut self.set else { return };
                match groups {
                    Groups::One(g) => {
                        let base = narrow(g, 0);
                        t.insert_all(
                            keys.len(),
                            |i| base | u64::from(keys[i]),
                            |i| {
                                counts[g as usize] += 1;
                                new(i);
                            },
                        );
                    }
                    Groups::Each(gs) => t.insert_all(
                        keys.len(),
                        |i| narrow(gs[i], keys[i]),
                        |i| {
                            counts[gs[i] as usize] += 1;
                            new(i);
                        },
                    ),
                }
            }
            (KeyBatch::Word(keys), Groups::One(0)) if matches!(self.set, Set::Solo(..)) => {
                let Set::Solo(t, has_zero) = &mut self.set else { return };
                if let Some(i) = keys.iter().position(|k| *k == 0) {
                    if !*has_zero {
                        *has_zero = true;
                        counts[0] += 1;
                        new(i);
                    }
                    let others: Vec<u32> =
                        (0..keys.len() as u32).filter(|i| keys[*i as usize] != 0).collect();
                    t.insert_all(
                        others.len(),
                        |i| keys[others[i] as usize],
                        |i| {
                            counts[0] += 1;
                            new(others[i] as usize);
                        },
                    );
                } else {
                    t.insert_all(
                        keys.len(),
                        |i| keys[i],
                        |i| {
                            counts[0] += 1;
                            new(i);
                        },
                    );
                }
            }
            (KeyBatch::Word(keys), _) => {
                self.leave_solo();
                let counts = &mut self.counts;
                let Set::Word(t) = &mut self.set else { return };
                t.insert_all(
                    keys.len(),
                    |i| WordSlot { value: keys[i], group1: groups.of(i) + 1 },
                    |i| {
                        counts[groups.of(i) as usize] += 1;
                        new(i);
                    },
                );
            }
            (KeyBatch::Wide(keys), _) => {
                let Set::Wide(t) = &mut self.set else { return };
                t.insert_all(
                    keys.len(),
                    |i| WideSlot { value: keys[i], group1: groups.of(i) + 1 },
                    |i| {
                        counts[groups.of(i) as usize] += 1;
                        new(i);
                    },
                );
            }
        }
    }
    /// One pair; true if it was not there yet.
    pub fn insert(&mut self, group: u32, key: u128) -> bool {
        let new = match &mut self.set {
            Set::Narrow(t) => t.insert(narrow(group, key as u32)),
            Set::Solo(t, zero) if group == 0 => {
                if key == 0 {
                    !std::mem::replace(zero, true)
                } else {
                    t.insert(key as u64)
                }
            }
            Set::Solo(..) => {
                self.leave_solo();
                return self.insert(group, key);
            }
            Set::Word(t) => t.insert(WordSlot { value: key as u64, group1: group + 1 }),
            Set::Wide(t) => t.insert(WideSlot { value: key, group1: group + 1 }),
        };
        if new {
            self.counts[group as usize] += 1;
        }
        new
    }
    /// All pairs (group, key), in no order.
    pub fn for_each(&self, mut f: impl FnMut(u32, u128)) {
        match &self.set {
            Set::Narrow(t) => t.for_each(|k| f((k >> 32) as u32 - 1, u128::from(k as u32))),
            Set::Solo(t, zero) => {
                if *zero {
                    f(0, 0);
                }
                t.for_each(|k| f(0, k.into()));
            }
            Set::Word(t) => t.for_each(|k| f(k.group1 - 1, u128::from(k.value))),
            Set::Wide(t) => t.for_each(|k| f(k.group1 - 1, k.value)),
        }
    }
    /// Keys of the listed groups, concatenated, and where each group's begin.
    pub fn by_group(&self, groups: &[u32]) -> (Vec<usize>, Vec<u128>) {
        let mut index = vec![u32::MAX; self.counts.len()];
        let mut starts = Vec::with_capacity(groups.len() + 1);
        let mut total = 0usize;
        for (i, &g) in groups.iter().enumerate() {
            index[g as usize] = i as u32;
            starts.push(total);
            total += self.counts[g as usize] as usize;
        }
        starts.push(total);
        let mut keys = vec![0u128; total];
        let mut next = starts.clone();
        self.for_each(|g, k| {
            let i = index[g as usize];
            if i != u32::MAX {
                let at = &mut next[i as usize];
                keys[*at] = k;
                *at += 1;
            }
        });
        (starts, keys)
    }
    pub fn bytes(&self) -> usize {
        self.counts.capacity() * 8
            + match &self.set {
                Set::Narrow(t) => t.bytes(),
                Set::Solo(t, _) => t.bytes(),
                Set::Word(t) => t.bytes(),
                Set::Wide(t) => t.bytes(),
            }
    }
    pub fn planned_growth(&self, rows: usize) -> usize {
        match &self.set {
            Set::Narrow(t) => t.planned_growth(rows),
            Set::Solo(t, _) => t.planned_growth(rows),
            Set::Word(t) => t.planned_growth(rows),
            Set::Wide(t) => t.planned_growth(rows),
        }
    }
}
