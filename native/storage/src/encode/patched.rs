//! Packed numbers for most rows, and patches for the few that are too large.
//!
//! Node: count of patches (u32), part: gaps between their rows, part: their values, part: all rows, with
//! the smallest value where a patch stands.

use super::ints::{self, Ints};
use super::lane::Lane;
use super::sparse::{gaps, read_rows};
use super::test::Test;
use crate::bytes::{Reader, put_part};
use types::{Bitmap, Result};

#[derive(Clone)]
pub(crate) struct Patched<'a> {
    rows: Vec<u32>,
    values: Ints<'a>,
    base: Ints<'a>,
}

/// `least`: smallest value; those that exceed it by `width` bits or more become patches.
pub(crate) fn write(values: &[u64], least: u64, width: u8, flip: u64, out: &mut Vec<u8>) {
    let limit = 1u64 << width;
    let large = |v: u64| v.wrapping_sub(least) >= limit;
    let rows: Vec<usize> = (0..values.len()).filter(|i| large(values[*i])).collect();
    let patches: Vec<u64> = rows.iter().map(|i| values[*i]).collect();
    let base: Vec<u64> = values.iter().map(|v| if large(*v) { least } else { *v }).collect();
    out.extend_from_slice(&(rows.len() as u32).to_le_bytes());
    put_part(out, |out| ints::encode_light(&gaps(&rows), out));
    put_part(out, |out| ints::encode_light_ordered(&patches, flip, out));
    put_part(out, |out| ints::encode_light_ordered(&base, flip, out));
}

impl<'a> Patched<'a> {
    pub fn parse(r: &mut Reader<'a>, n: usize, depth: u8) -> Result<Self> {
        let count = r.u32()? as usize;
        let rows = read_rows(&mut r.part()?, count, n, depth)?;
        let values = Ints::parse(&mut r.part()?, count, depth + 1)?;
        let base = Ints::parse(&mut r.part()?, n, depth + 1)?;
        Ok(Patched { rows, values, base })
    }
    pub fn decode<T: Lane>(&self) -> Result<Vec<T>> {
        let mut out = self.base.decode::<T>()?;
        for (r, v) in self.rows.iter().zip(self.values.decode::<T>()?) {
            out[*r as usize] = v;
        }
        Ok(out)
    }
    pub fn get(&self, i: usize) -> Result<u64> {
        match self.rows.binary_search(&(i as u32)) {
            Ok(k) => self.values.get(k),
            Err(_) => self.base.get(i),
        }
    }
    pub fn filter(&self, test: &Test, flip: u64, sel: &mut Bitmap) -> Result<()> {
        let mut hits = Bitmap::new(self.rows.len(), true);
        self.values.filter(test, flip, &mut hits)?;
        let asked: Vec<bool> = self.rows.iter().map(|r| sel.get(*r as usize)).collect();
        self.base.filter(test, flip, sel)?;
        for (i, &r) in self.rows.iter().enumerate() {
            sel.set(r as usize, asked[i] && hits.get(i));
        }
        Ok(())
    }
}
