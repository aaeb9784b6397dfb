//! Rows of any type of which each group keeps a list that may lose members; the store is compacted
//! when more than half of it is dead.

use super::log::RowLog;
use crate::Groups;
use types::{Column, Type};

/// An empty place in a group's list.
pub const NONE: u32 = u32::MAX;

pub struct Picked {
    pub log: RowLog,
    /// positions in `log` by group
    pub lists: Vec<Vec<u32>>,
    ty: Type,
}

impl Picked {
    pub fn new(ty: &Type) -> Self {
        Picked { log: RowLog::new(ty), lists: Vec::new(), ty: ty.clone() }
    }
    pub fn resize(&mut self, groups: usize) {
        if groups > self.lists.len() {
            self.lists.resize(groups, Vec::new());
        }
    }
    /// Stores rows of a column; returns the position of the first.
    pub fn store(&mut self, c: &Column) -> u32 {
        let at = self.log.len() as u32;
        self.log.extend(Groups::One(0), c);
        at
    }
    pub fn compact(&mut self) {
        let live: usize = self.lists.iter().map(Vec::len).sum();
        if self.log.len() < live * 2 + (1 << 16) {
            return;
        }
        let mut kept = Vec::with_capacity(live);
        for at in self.lists.iter_mut().flatten().filter(|p| **p != NONE) {
            kept.push(*at);
            *at = kept.len() as u32 - 1;
        }
        let mut log = RowLog::new(&self.ty);
        log.extend(Groups::One(0), &self.log.gather(&kept));
        self.log = log;
    }
    pub fn bytes(&self) -> usize {
        self.log.bytes() + self.lists.iter().map(|l| l.capacity() * 4 + 24).sum::<usize>()
    }
}
