//! -ForEach: arrays element by element; the result is an array as long as the longest argument.

use super::array::{element_types, unnest};
use super::{Combined, nested};
use crate::contract::{Aggregate, Groups, Param, States};
use crate::state::cells::{same, serial};
use crate::state::wire::{Reader, damaged, put_u64};
use std::any::Any;
use std::ops::Range;
use std::sync::Arc;
use types::codes::TOO_LARGE_ARRAY_SIZE;
use types::{ArrayData, Column, Data, Error, Result, StrData, Type};

const ELEMENTS_MAX: usize = 1 << 24;

pub fn build(rest: &str, params: &[Param], args: &[Type], depth: usize) -> Result<Arc<dyn Aggregate>> {
    let elements = element_types(&format!("{rest}ForEach"), args)?;
    let inner = nested(rest, params, &elements, depth)?;
    let made = inner.clone();
    let ty = Type::array(inner.ty().clone());
    Ok(Combined::new("ForEach", &inner, args, ty, move || {
        Box::new(ForEach { inner: made.states(), ids: Vec::new(), next: 0, held: 0 })
    })
    .arc())
}

struct ForEach {
    inner: Box<dyn States>,
    /// inner group of each element of each group
    ids: Vec<Vec<u32>>,
    next: u32,
    /// capacity of all of `ids`
    held: usize,
}

impl ForEach {
    /// Gives a group at least `n` elements.
    fn grow(&mut self, group: u32, n: usize) -> Result<()> {
        let ids = &mut self.ids[group as usize];
        if n > ELEMENTS_MAX {
            return Err(Error::new(
                TOO_LARGE_ARRAY_SIZE,
                format!("Array of {n} elements in -ForEach, at most {ELEMENTS_MAX} are allowed"),
            ));
        }
        let before = ids.capacity();
        while ids.len() < n {
            ids.push(self.next);
            self.next += 1;
        }
        self.held += ids.capacity() - before;
        self.inner.resize(self.next as usize);
        Ok(())
    }
    fn flat_ids(&self, groups: impl Iterator<Item = usize>) -> Vec<u32> {
        groups.flat_map(|g| self.ids[g].iter().copied()).collect()
    }
}

/// Results of scattered inner groups, in the order listed.
pub fn finish_ids(inner: &dyn States, ids: &[u32]) -> Result<Column> {
    let all = inner.finish(0..inner.len())?;
    Ok(all.gather(ids))
}

impl States for ForEach {
    fn resize(&mut self, groups: usize) {
        if groups > self.ids.len() {
            self.ids.resize(groups, Vec::new());
        }
    }
    fn len(&self) -> usize {
        self.ids.len()
    }
    fn update(&mut self, groups: Groups<'_>, args: &[Column], rows: usize) -> Result<()> {
        let all = unnest(args)?;
        let total = all.offsets.last().copied().unwrap_or(0) as usize;
        let mut ids = Vec::with_capacity(total);
        for row in 0..rows {
            let g = groups.of(row);
            let n = (all.offsets[row + 1] - all.offsets[row]) as usize;
            if n > self.ids[g as usize].len() {
                self.grow(g, n)?;
            }
            ids.extend_from_slice(&self.ids[g as usize][..n]);
        }
        if total == 0 {
            return Ok(());
        }
        self.inner.update(Groups::Each(&ids), &all.values, total)
    }
    fn merge(&mut self, other: &dyn States, src: &[u32], dst: &[u32]) -> Result<()> {
        let other = same::<Self>(other)?;
        let (mut from, mut to) = (Vec::new(), Vec::new());
        for (&s, &d) in src.iter().zip(dst) {
            let theirs = &other.ids[s as usize];
            self.grow(d, theirs.len())?;
            from.extend_from_slice(theirs);
            to.extend_from_slice(&self.ids[d as usize][..theirs.len()]);
        }
        self.inner.merge(other.inner.as_ref(), &from, &to)
    }
    fn finish(&self, groups: Range<usize>) -> Result<Column> {
        let mut offsets = vec![0u32];
        let mut n = 0;
        for g in groups.clone() {
            n += self.ids[g].len() as u32;
            offsets.push(n);
        }
        let values = finish_ids(self.inner.as_ref(), &self.flat_ids(groups))?;
        Ok(Data::Array(ArrayData { offsets: offsets.into(), values: Arc::new(values) }).into())
    }
    fn serialize(&self, groups: &[u32]) -> Result<StrData> {
        let states = self.inner.serialize(&self.flat_ids(groups.iter().map(|g| *g as usize)))?;
        let mut at = 0;
        Ok(serial(groups, |g, out| {
            let n = self.ids[g as usize].len();
            put_u64(out, n as u64);
            (at..at + n).for_each(|i| out.extend_from_slice(states.get(i)));
            at += n;
        }))
    }
    fn absorb(&mut self, group: u32, r: &mut Reader<'_>) -> Result<()> {
        // a state takes a byte at least
        let n = usize::try_from(r.u64()?).ok().filter(|n| *n <= r.remaining()).ok_or_else(damaged)?;
        self.grow(group, n)?;
        (0..n).try_for_each(|i| self.inner.absorb(self.ids[group as usize][i], r))
    }
    fn bytes(&self) -> usize {
        self.inner.bytes() + self.held * 4 + self.ids.capacity() * size_of::<Vec<u32>>()
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}
