//! A uniform sample of up to 8192 values (algorithm R). Which values are kept, and so every quantile of rows in
//! one order, is what ClickHouse gives; runs repeat.

use super::super::quantile_sketch::Sketch;
use super::interpolate;
use super::pcg::Pcg;
use crate::state::wire::{Reader, put_f64, put_var};
use types::Result;

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
    fn put(&self, out: &mut Vec<u8>) {
        put_var(out, self.seen);
        self.random.put(out);
        put_var(out, self.values.len() as u64);
        self.values.iter().for_each(|v| put_f64(out, *v));
    }
    fn read(r: &mut Reader<'_>) -> Result<Self> {
        let seen = r.var()?;
        let random = Pcg::read(r)?;
        let n = r.count(8)?;
        if n > SIZE || (n as u64) > seen || (n < SIZE && n as u64 != seen) {
            return Err(crate::state::wire::damaged());
        }
        let values = (0..n).map(|_| r.f64()).collect::<Result<_>>()?;
        Ok(Reservoir { values, seen, random })
    }
    fn heap_bytes(&self) -> usize {
        self.values.capacity() * 8
    }
}
