//! States for aggregates that are not worth columns of their own: one struct per group.

use super::wire::Reader;
use crate::{Groups, States};
use std::any::Any;
use std::ops::Range;
use std::sync::Arc;
use types::{Column, ColumnBuilder, Result, StrData, Type};

/// The state of one group. Arguments reach `add` as what `prepare` made of a batch, without NULLs.
pub trait Cell: Default + Send + 'static {
    type Config: Send + Sync + 'static;
    type Input;
    fn prepare(config: &Self::Config, args: &[Column], rows: usize) -> Result<Self::Input>;
    fn add(&mut self, config: &Self::Config, input: &Self::Input, row: usize) -> Result<()>;
    fn merge(&mut self, config: &Self::Config, other: &Self) -> Result<()>;
    fn finish(&self, config: &Self::Config, out: &mut ColumnBuilder) -> Result<()>;
    fn put(&self, config: &Self::Config, out: &mut Vec<u8>);
    fn read(config: &Self::Config, r: &mut Reader<'_>) -> Result<Self>;
    /// Merges a serial state; where that needs no state of its own it is done twice as fast.
    fn absorb(&mut self, config: &Self::Config, r: &mut Reader<'_>) -> Result<()> {
        self.merge(config, &Self::read(config, r)?)
    }
    /// Bytes outside the struct; O(1).
    fn heap_bytes(&self) -> usize {
        0
    }
}

pub struct Cells<C: Cell> {
    cells: Vec<C>,
    config: Arc<C::Config>,
    ty: Type,
    heap: usize,
}

impl<C: Cell> Cells<C> {
    pub fn boxed(config: &Arc<C::Config>, ty: &Type) -> Box<dyn States> {
        Box::new(Cells::<C> { cells: Vec::new(), config: config.clone(), ty: ty.clone(), heap: 0 })
    }
}

impl<C: Cell> States for Cells<C> {
    fn resize(&mut self, groups: usize) {
        if groups > self.cells.len() {
            self.cells.resize_with(groups, C::default);
        }
    }
    fn len(&self) -> usize {
        self.cells.len()
    }
    fn update(&mut self, groups: Groups<'_>, args: &[Column], rows: usize) -> Result<()> {
        let input = C::prepare(&self.config, args, rows)?;
        let config = self.config.clone();
        match groups {
            Groups::One(g) => {
                let cell = &mut self.cells[g as usize];
                let before = cell.heap_bytes();
                (0..rows).try_for_each(|row| cell.add(&config, &input, row))?;
                self.heap = (self.heap + cell.heap_bytes()).saturating_sub(before);
            }
            Groups::Each(gs) => {
                for (row, g) in gs.iter().enumerate() {
                    let cell = &mut self.cells[*g as usize];
                    let before = cell.heap_bytes();
                    cell.add(&config, &input, row)?;
                    self.heap = (self.heap + cell.heap_bytes()).saturating_sub(before);
                }
            }
        }
        Ok(())
    }
    fn merge(&mut self, other: &dyn States, src: &[u32], dst: &[u32]) -> Result<()> {
        let other = same::<Self>(other)?;
        for (s, d) in src.iter().zip(dst) {
            let cell = &mut self.cells[*d as usize];
            let before = cell.heap_bytes();
            cell.merge(&self.config, &other.cells[*s as usize])?;
            self.heap = (self.heap + cell.heap_bytes()).saturating_sub(before);
        }
        Ok(())
    }
    fn finish(&self, groups: Range<usize>) -> Result<Column> {
        let mut out = ColumnBuilder::with_capacity(&self.ty, groups.len());
        for c in &self.cells[groups] {
            c.finish(&self.config, &mut out)?;
        }
        Ok(out.finish())
    }
    fn serialize(&self, groups: &[u32]) -> Result<StrData> {
        Ok(serial(groups, |g, out| self.cells[g as usize].put(&self.config, out)))
    }
    fn absorb(&mut self, g: u32, r: &mut Reader<'_>) -> Result<()> {
        let config = self.config.clone();
        let cell = &mut self.cells[g as usize];
        let before = cell.heap_bytes();
        cell.absorb(&config, r)?;
        self.heap = (self.heap + cell.heap_bytes()).saturating_sub(before);
        Ok(())
    }
    fn bytes(&self) -> usize {
        self.cells.capacity() * size_of::<C>() + self.heap
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// `other` as the concrete type of the states it is merged into.
pub fn same<T: 'static>(other: &dyn States) -> Result<&T> {
    other
        .as_any()
        .downcast_ref::<T>()
        .ok_or_else(|| types::Error::internal("Merging states of different aggregates"))
}

/// Builds the serial states of groups.
pub fn serial(groups: &[u32], mut put: impl FnMut(u32, &mut Vec<u8>)) -> StrData {
    let mut offsets = Vec::with_capacity(groups.len() + 1);
    let mut bytes = Vec::new();
    offsets.push(0u32);
    for &g in groups {
        put(g, &mut bytes);
        offsets.push(bytes.len() as u32);
    }
    StrData { offsets: offsets.into(), bytes: bytes.into() }
}
