//! Values in order of arrival with the group of each; sorted by group only when results are asked for.
//!
//! Held in chunks, so that growing never copies what is there. Group ids are not stored while all
//! rows belong to group 0.

use super::wire::{Fixed, Reader, put_var};
use crate::Groups;
use std::cell::OnceCell;
use types::{Column, ColumnBuilder, Result, Type};

const CHUNK: usize = 1 << 15;

/// A vector that grows by chunks.
#[derive(Clone, Default)]
pub struct Chunks<T> {
    full: Vec<Vec<T>>,
    tail: Vec<T>,
}

impl<T: Copy> Chunks<T> {
    pub fn len(&self) -> usize {
        self.full.len() * CHUNK + self.tail.len()
    }
    #[inline]
    pub fn push(&mut self, v: T) {
        if self.tail.len() == CHUNK {
            let tail = std::mem::replace(&mut self.tail, Vec::with_capacity(CHUNK));
            self.full.push(tail);
        }
        self.tail.push(v);
    }
    pub fn extend(&mut self, vs: impl IntoIterator<Item = T>) {
        vs.into_iter().for_each(|v| self.push(v));
    }
    pub fn iter(&self) -> impl Iterator<Item = T> {
        self.full.iter().flatten().chain(&self.tail).copied()
    }
    pub fn bytes(&self) -> usize {
        (self.full.len() * CHUNK + self.tail.capacity()) * size_of::<T>()
    }
}

/// Copyable values by group.
pub struct GroupLog<T> {
    /// empty while all values are of group 0
    groups: Chunks<u32>,
    values: Chunks<T>,
    solo: bool,
    sorted: OnceCell<(Vec<usize>, Vec<T>)>,
}

impl<T: Copy + Default> Default for GroupLog<T> {
    fn default() -> Self {
        GroupLog {
            groups: Chunks { full: Vec::new(), tail: Vec::new() },
            values: Chunks { full: Vec::new(), tail: Vec::new() },
            solo: true,
            sorted: OnceCell::new(),
        }
    }
}

impl<T: Copy + Default> GroupLog<T> {
    fn leave_solo(&mut self) {
        if self.solo {
            self.solo = false;
            self.groups.extend(std::iter::repeat_n(0, self.values.len()));
        }
    }
    /// Takes over the values of the groups `src` of another log of `groups` groups, for its groups `dst`.
    pub fn merge(&mut self, other: &Self, groups: usize, src: &[u32], dst: &[u32]) {
        let mut map = vec![u32::MAX; groups];
        src.iter().zip(dst).for_each(|(s, d)| map[*s as usize] = *d);
        for (g, v) in other.iter() {
            if map[g as usize] != u32::MAX {
                self.push(map[g as usize], v);
            }
        }
    }
    #[inline]
    pub fn push(&mut self, group: u32, value: T) {
        self.sorted.take();
        if self.solo && group != 0 {
            self.leave_solo();
        }
        if !self.solo {
            self.groups.push(group);
        }
        self.values.push(value);
    }
    pub fn extend(&mut self, groups: Groups<'_>, values: impl IntoIterator<Item = T>) {
        self.sorted.take();
        match groups {
            Groups::One(g) => {
                if g != 0 {
                    self.leave_solo();
                }
                let before = self.values.len();
                self.values.extend(values);
                if !self.solo {
                    self.groups.extend(std::iter::repeat_n(g, self.values.len() - before));
                }
            }
            Groups::Each(gs) => {
                self.leave_solo();
                self.groups.extend(gs.iter().copied());
                self.values.extend(values);
            }
        }
    }
    pub fn iter(&self) -> impl Iterator<Item = (u32, T)> {
        let mut groups = self.groups.iter();
        let solo = self.solo;
        self.values.iter().map(move |v| (if solo { 0 } else { groups.next().unwrap_or(0) }, v))
    }
    /// Values of each group in order of arrival: group g has `values[starts[g]..starts[g + 1]]`.
    pub fn sorted(&self, group_count: usize) -> (&[usize], &[T]) {
        let s = self.sorted.get_or_init(|| {
            let mut starts = vec![0usize; group_count + 1];
            if self.solo {
                starts[1..].fill(self.values.len());
                return (starts, self.values.iter().collect());
            }
            self.groups.iter().for_each(|g| starts[g as usize + 1] += 1);
            for i in 0..group_count {
                starts[i + 1] += starts[i];
            }
            let mut next = starts.clone();
            let mut out = vec![T::default(); self.values.len()];
            for (g, v) in self.iter() {
                let at = &mut next[g as usize];
                out[*at] = v;
                *at += 1;
            }
            (starts, out)
        });
        (&s.0, &s.1)
    }
    pub fn of(&self, group: usize, group_count: usize) -> &[T] {
        let (starts, values) = self.sorted(group_count);
        // groups added since sorting have no rows
        if group + 1 < starts.len() { &values[starts[group]..starts[group + 1]] } else { &[] }
    }
    /// A copy of a group's values in order of arrival.
    pub fn copied(&self, group: usize, group_count: usize) -> Vec<T> {
        match (self.solo, group) {
            // no need for a sorted copy as well
            (true, 0) => self.values.iter().collect(),
            (true, _) => Vec::new(),
            _ => self.of(group, group_count).to_vec(),
        }
    }
    pub fn bytes(&self) -> usize {
        self.groups.bytes()
            + self.values.bytes()
            + self.sorted.get().map_or(0, |s| s.0.len() * 8 + s.1.len() * size_of::<T>())
    }
    /// What `rows` more rows add at most.
    pub fn planned_growth(&self, rows: usize) -> usize {
        (rows + CHUNK) * (size_of::<T>() + if self.solo { 0 } else { 4 })
    }
}

impl<T: Fixed + Default> GroupLog<T> {
    /// Appends a group's values behind their number.
    pub fn put(&self, group: usize, group_count: usize, out: &mut Vec<u8>) {
        let values = self.of(group, group_count);
        put_var(out, values.len() as u64);
        values.iter().for_each(|v| v.put(out));
    }
    /// Adds what `put` wrote to a group.
    pub fn read(&mut self, group: u32, r: &mut Reader<'_>) -> Result<()> {
        for _ in 0..r.count(size_of::<T>())? {
            self.push(group, T::read(r)?);
        }
        Ok(())
    }
}

/// Rows of any type by group, in columns of bounded size.
pub struct RowLog {
    ty: Type,
    chunks: Vec<Column>,
    /// running number of the first row of each chunk, then of the next row to come
    starts: Vec<usize>,
    chunk_bytes: usize,
    groups: GroupLog<u32>,
}

impl RowLog {
    pub fn new(ty: &Type) -> Self {
        RowLog {
            ty: ty.clone(),
            chunks: Vec::new(),
            starts: vec![0],
            chunk_bytes: 0,
            groups: GroupLog::default(),
        }
    }
    pub fn len(&self) -> usize {
        self.starts[self.starts.len() - 1]
    }
    /// Adds all rows of a column. Small columns are merged as in a binary counter, so that many
    /// updates of one row cost O(log n) each.
    pub fn extend(&mut self, groups: Groups<'_>, c: &Column) {
        if c.is_empty() {
            return;
        }
        let n = self.len() as u32;
        self.groups.extend(groups, n..n + c.len() as u32);
        let c = match &c.data {
            types::Data::Codes(..) => c.clone(),
            _ => c.flat_deep(),
        };
        self.chunk_bytes += c.bytes();
        self.starts.push(self.len() + c.len());
        self.chunks.push(c);
        while let [.., a, b] = self.chunks.as_slice() {
            if a.len() >= CHUNK || b.len() < a.len() {
                break;
            }
            let merged = Column::concat(&self.ty, &[a, b]);
            self.chunk_bytes = self.chunk_bytes + merged.bytes() - a.bytes() - b.bytes();
            self.chunks.truncate(self.chunks.len() - 2);
            self.chunks.push(merged);
            let n = self.starts.len();
            self.starts.remove(n - 2);
        }
    }
    /// Rows of the listed groups, one group after another, and how many each has.
    pub fn rows(&self, groups: impl Iterator<Item = usize>, group_count: usize) -> (Vec<usize>, Column) {
        let mut counts = Vec::new();
        let mut picked: Vec<u32> = Vec::new();
        for g in groups {
            let positions = self.groups.of(g, group_count);
            counts.push(positions.len());
            picked.extend_from_slice(positions);
        }
        (counts, self.gather(&picked))
    }
    /// Rows by running number.
    pub fn gather(&self, picked: &[u32]) -> Column {
        if let [one] = self.chunks.as_slice() {
            return one.gather(picked).flat();
        }
        let mut out = ColumnBuilder::with_capacity(&self.ty, picked.len());
        let mut chunk = 0;
        for &p in picked {
            let p = p as usize;
            if p < self.starts[chunk] || p >= self.starts[chunk + 1] {
                chunk = self.starts.partition_point(|s| *s <= p) - 1;
            }
            out.push_row(&self.chunks[chunk], p - self.starts[chunk]);
        }
        out.finish()
    }
    /// Running numbers of a group's rows, in order of arrival.
    pub fn of(&self, group: usize, group_count: usize) -> &[u32] {
        self.groups.of(group, group_count)
    }
    /// Group and running number of every row.
    pub fn iter(&self) -> impl Iterator<Item = (u32, u32)> {
        self.groups.iter()
    }
    pub fn bytes(&self) -> usize {
        self.chunk_bytes + self.groups.bytes()
    }
    pub fn planned_growth(&self, rows: usize) -> usize {
        let mean = self.chunk_bytes / self.len().max(1) + 8;
        rows * mean * 2 + self.groups.planned_growth(rows)
    }
}
