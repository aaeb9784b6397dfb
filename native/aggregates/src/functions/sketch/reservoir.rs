//! A uniform sample of up to 8192 values (algorithm R). Which values are kept, and so every quantile of rows in
//! one order, is what ClickHouse gives; runs repeat.

use super::super::quantile_sketch::Sketch;
use super::pcg::Pcg;
use super::{column_of, interpolate, values_of};
use crate::state::binary;
use crate::state::wire::{Reader, damaged, put_bytes, put_u64};
use types::{Result, Type};

const SIZE: usize = 8192;

#[derive(Default)]
pub struct Reservoir {
    values: Vec<f64>,
    seen: u64,
    random: Pcg,
}

impl Sketch for Reservoir {
    fn add(&mut self, value: f64, _weight: f64, _accuracy: f64) {
        self.seen += 1;
        if self.values.len() < SIZE {
            self.values.push(value);
        } else if let Some(place) = self.values.get_mut(self.random.below(self.seen) as usize) {
            *place = value;
        }
    }
    fn merge(&mut self, other: &Self, accuracy: f64) {
        if other.seen as usize == other.values.len() {
            other.values.iter().for_each(|v| self.add(*v, 1.0, accuracy));
            return;
        }
        if self.seen as usize == self.values.len() {
            let mine = std::mem::take(&mut self.values);
            self.values.clone_from(&other.values);
            self.seen = other.seen;
            mine.iter().for_each(|v| self.add(*v, 1.0, accuracy));
            return;
        }
        // Two full samples: as many places become theirs as their share of all rows says.
        self.seen += other.seen;
        let every = self.seen as f64 / other.seen as f64;
        if every * 2.0 >= SIZE as f64 {
            let at = self.random.below(every as u64) as usize;
            if at < SIZE {
                self.values[at] = other.values[at];
            }
            return;
        }
        let mut at = 0.0;
        while at < SIZE as f64 {
            self.values[at as usize] = other.values[at as usize];
            at += every;
        }
    }
    fn quantiles(&self, levels: &[f64], _accuracy: f64) -> Vec<f64> {
        let mut sorted = self.values.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        levels.iter().map(|l| interpolate(&sorted, *l)).collect()
    }
    fn put(&self, ty: &Type, out: &mut Vec<u8>) {
        put_u64(out, SIZE as u64);
        put_u64(out, self.seen);
        put_bytes(out, self.random.text().as_bytes());
        let values = column_of(ty, self.values.iter().copied());
        (0..values.len()).for_each(|row| binary::put(ty, &values, row, out));
    }
    fn read(ty: &Type, r: &mut Reader<'_>) -> Result<Self> {
        if r.u64()? != SIZE as u64 {
            return Err(damaged());
        }
        let seen = r.u64()?;
        let random = std::str::from_utf8(r.bytes()?).ok().and_then(Pcg::of_text).ok_or_else(damaged)?;
        Ok(Reservoir { values: values_of(ty, seen.min(SIZE as u64) as usize, r)?, seen, random })
    }
    fn heap_bytes(&self) -> usize {
        self.values.capacity() * 8
    }
}
