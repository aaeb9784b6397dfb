//! Frame of reference: each value less the smallest, in 1, 2, 4 or 8 bytes.
//!
//! Node: lane bytes (u8), base (u64 raw), lanes.

use super::lane::Lane;
use super::test::{Test, scan};
use crate::bytes::{Reader, corrupt};
use types::{Bitmap, Result};

#[derive(Clone)]
pub(crate) struct Lanes<'a> {
    width: u8,
    base: u64,
    data: &'a [u8],
}

pub(crate) fn lane_bytes(bits: u8) -> u8 {
    match bits {
        0..=8 => 1,
        9..=16 => 2,
        17..=32 => 4,
        _ => 8,
    }
}

pub(crate) fn write(values: &[u64], base: u64, width: u8, out: &mut Vec<u8>) {
    out.push(width);
    out.extend_from_slice(&base.to_le_bytes());
    out.reserve(values.len() * width as usize);
    match width {
        1 => out.extend(values.iter().map(|v| v.wrapping_sub(base) as u8)),
        2 => values.iter().for_each(|v| out.extend_from_slice(&(v.wrapping_sub(base) as u16).to_le_bytes())),
        4 => values.iter().for_each(|v| out.extend_from_slice(&(v.wrapping_sub(base) as u32).to_le_bytes())),
        _ => values.iter().for_each(|v| out.extend_from_slice(&v.wrapping_sub(base).to_le_bytes())),
    }
}

#[inline]
fn read2(c: &[u8]) -> u16 {
    u16::from_le_bytes([c[0], c[1]])
}
#[inline]
fn read4(c: &[u8]) -> u32 {
    u32::from_le_bytes([c[0], c[1], c[2], c[3]])
}
#[inline]
fn read8(c: &[u8]) -> u64 {
    u64::from_le_bytes([c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7]])
}

impl<'a> Lanes<'a> {
    pub fn parse(r: &mut Reader<'a>, n: usize) -> Result<Self> {
        let width = r.u8()?;
        if !matches!(width, 1 | 2 | 4 | 8) {
            return Err(corrupt(format!("lanes of {width} bytes")));
        }
        let base = r.u64()?;
        let data = r.take(n.checked_mul(width as usize).ok_or_else(|| corrupt("too many lanes"))?)?;
        Ok(Lanes { width, base, data })
    }
    pub fn decode<T: Lane>(&self) -> Vec<T> {
        let b = self.base;
        match self.width {
            1 => self.data.iter().map(|&x| T::of(b.wrapping_add(x.into()))).collect(),
            2 => self.data.chunks_exact(2).map(|c| T::of(b.wrapping_add(read2(c).into()))).collect(),
            4 => self.data.chunks_exact(4).map(|c| T::of(b.wrapping_add(read4(c).into()))).collect(),
            _ => self.data.chunks_exact(8).map(|c| T::of(b.wrapping_add(read8(c)))).collect(),
        }
    }
    pub fn get(&self, i: usize) -> u64 {
        let lane = match self.width {
            1 => self.data[i].into(),
            2 => read2(&self.data[i * 2..]).into(),
            4 => read4(&self.data[i * 4..]).into(),
            _ => read8(&self.data[i * 8..]),
        };
        self.base.wrapping_add(lane)
    }
    pub fn filter(&self, test: &Test, flip: u64, sel: &mut Bitmap) {
        let span = u64::MAX >> (64 - 8 * u32::from(self.width));
        let test = test.shift(self.base ^ flip, span);
        let d = self.data;
        match self.width {
            1 => scan::<u8>(sel, &test, |k, out| {
                let part = &d[k * 64..d.len().min(k * 64 + 64)];
                out[..part.len()].copy_from_slice(part);
            }),
            2 => scan::<u16>(sel, &test, |k, out| {
                let part = &d[k * 128..d.len().min(k * 128 + 128)];
                out.iter_mut().zip(part.chunks_exact(2)).for_each(|(o, c)| *o = read2(c));
            }),
            4 => scan::<u32>(sel, &test, |k, out| {
                let part = &d[k * 256..d.len().min(k * 256 + 256)];
                out.iter_mut().zip(part.chunks_exact(4)).for_each(|(o, c)| *o = read4(c));
            }),
            _ => scan::<u64>(sel, &test, |k, out| {
                let part = &d[k * 512..d.len().min(k * 512 + 512)];
                out.iter_mut().zip(part.chunks_exact(8)).for_each(|(o, c)| *o = read8(c));
            }),
        }
    }
}
