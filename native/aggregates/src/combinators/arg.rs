//! -ArgMin and -ArgMax: only the rows at the extreme of the last argument are aggregated.
//!
//! When a batch brings a better extreme, its group gets a fresh inner group; old ones stay unused.

use super::for_each::finish_ids;
use super::nulls::with_rows;
use super::{Combined, last_arg, nested};
use crate::contract::{Aggregate, Groups, Param, States};
use crate::functions::min_max::comparable;
use crate::state::cells::{same, serial};
use crate::state::slots::Slots;
use crate::state::wire::Reader;
use std::any::Any;
use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;
use types::compare::{compare_rows, compare_rows_with};
use types::{Column, Error, Result, StrData, Type};

pub fn build(
    rest: &str,
    params: &[Param],
    args: &[Type],
    depth: usize,
    wanted: Ordering,
) -> Result<Arc<dyn Aggregate>> {
    let suffix = if wanted == Ordering::Less { "ArgMin" } else { "ArgMax" };
    let (key, others) = last_arg(&format!("{rest}{suffix}"), args)?;
    if !comparable(key) {
        return Err(Error::illegal_type(format!(
            "Illegal type {key} of last argument of aggregate function {rest}{suffix}"
        )));
    }
    let inner = nested(rest, params, others, depth)?;
    let made = inner.clone();
    let key = key.clone();
    Ok(Combined::new(suffix, &inner, args, inner.ty().clone(), move || {
        Box::new(ArgStates {
            inner: made.states(),
            of: made.clone(),
            keys: Slots::new(&key),
            ids: Vec::new(),
            next: 1,
            key: key.clone(),
            wanted,
        })
    })
    .arc())
}

struct ArgStates {
    inner: Box<dyn States>,
    of: Arc<dyn Aggregate>,
    keys: Slots,
    /// inner group of each group; 0 (which stays empty) before its first row
    ids: Vec<u32>,
    next: u32,
    key: Type,
    wanted: Ordering,
}

impl ArgStates {
    fn fresh(&mut self, group: u32) {
        self.ids[group as usize] = self.next;
        self.next += 1;
        self.inner.resize(self.next as usize);
    }
    /// Order of a key against the group's; anything beats nothing.
    fn offer(&mut self, group: u32, key: &Column, row: usize) -> bool {
        let order = if self.ids[group as usize] == 0 {
            self.wanted
        } else {
            self.keys.compare(key, row, group, self.wanted.reverse())
        };
        if order == self.wanted {
            self.keys.set(group, key, row);
            self.fresh(group);
        }
        order == self.wanted || order == Ordering::Equal
    }
}

impl States for ArgStates {
    fn resize(&mut self, groups: usize) {
        self.inner.resize(self.next as usize);
        if groups > self.ids.len() {
            self.keys.resize(groups);
            self.ids.resize(groups, 0);
        }
    }
    fn len(&self) -> usize {
        self.ids.len()
    }
    fn update(&mut self, groups: Groups<'_>, args: &[Column], rows: usize) -> Result<()> {
        let Some((key, others)) = args.split_last() else { return Ok(()) };
        // the best row of each group in the batch, then all rows that equal it
        let mut best = std::collections::HashMap::new();
        for row in 0..rows {
            let at = best.entry(groups.of(row)).or_insert(row);
            if compare_rows_with(key, row, key, *at, self.wanted.reverse()) == self.wanted {
                *at = row;
            }
        }
        best.retain(|g, row| self.offer(*g, key, *row));
        let (mut keep, mut ids) = (Vec::new(), Vec::new());
        for row in 0..rows {
            let g = groups.of(row);
            if best.get(&g).is_some_and(|b| compare_rows(key, row, key, *b) == Ordering::Equal) {
                keep.push(row as u32);
                ids.push(self.ids[g as usize]);
            }
        }
        if keep.is_empty() {
            return Ok(());
        }
        let inner = &mut self.inner;
        with_rows(Groups::One(0), others, &keep, |_, args, n| inner.update(Groups::Each(&ids), args, n))
    }
    fn merge(&mut self, other: &dyn States, src: &[u32], dst: &[u32]) -> Result<()> {
        let other = same::<Self>(other)?;
        let (mut from, mut to) = (Vec::new(), Vec::new());
        for (&s, &d) in src.iter().zip(dst) {
            if other.ids[s as usize] == 0 {
                continue;
            }
            let order = if self.ids[d as usize] == 0 {
                self.wanted
            } else {
                self.keys.compare_slots(&other.keys, s, d, self.wanted.reverse())
            };
            if order == self.wanted {
                self.keys.copy(&other.keys, s, d);
                self.fresh(d);
            }
            if order == self.wanted || order == Ordering::Equal {
                from.push(other.ids[s as usize]);
                to.push(self.ids[d as usize]);
            }
        }
        self.inner.merge(other.inner.as_ref(), &from, &to)
    }
    fn finish(&self, groups: Range<usize>) -> Result<Column> {
        finish_ids(self.inner.as_ref(), &self.ids[groups])
    }
    fn serialize(&self, groups: &[u32]) -> Result<StrData> {
        let ids: Vec<u32> = groups.iter().map(|g| self.ids[*g as usize]).collect();
        let states = self.inner.serialize(&ids)?;
        let mut row = 0;
        Ok(serial(groups, |g, out| {
            out.extend_from_slice(states.get(row));
            self.keys.put(&self.key, g as usize, self.ids[g as usize] != 0, out);
            row += 1;
        }))
    }
    fn absorb(&mut self, group: u32, r: &mut Reader<'_>) -> Result<()> {
        // the key, which decides, stands behind the state
        let mut state = r.clone();
        let mut passed = self.of.states();
        passed.resize(1);
        passed.absorb(0, r)?;
        match self.keys.read(&self.key, r)? {
            Some(key) if self.offer(group, &key, 0) => {
                self.inner.absorb(self.ids[group as usize], &mut state)
            }
            _ => Ok(()),
        }
    }
    fn bytes(&self) -> usize {
        self.inner.bytes() + self.keys.bytes() + self.ids.capacity() * 4
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}
