//! Floats that are short decimals: x = m / 10^e with a whole m, and exceptions (the idea of ALP, Afroozeh
//! et al. 2023). The quotient of two exact doubles is the double nearest to the decimal, so the value comes
//! back bit for bit; whoever does not is an exception.
//!
//! Node: e (u8), count of exceptions (u32), part: gaps between their rows, part: their bits, part: m of all
//! rows as signed numbers (0 for exceptions).

use super::ints::{self, Ints};
use super::lane::Lane;
use super::sparse::{gaps, read_rows};
use crate::bytes::{Reader, corrupt, put_part};
use types::Result;

const EXPONENT_MAX: u8 = 22;
/// Whole numbers up to here are exact doubles.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;
const POWERS: [f64; EXPONENT_MAX as usize + 1] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];

pub(crate) trait Float: Lane {
    const DIGITS: u8;
    fn wide(self) -> f64;
    fn narrow(v: f64) -> Self;
}
impl Float for f32 {
    const DIGITS: u8 = 9;
    fn wide(self) -> f64 {
        self.into()
    }
    fn narrow(v: f64) -> Self {
        v as f32
    }
}
impl Float for f64 {
    const DIGITS: u8 = 17;
    fn wide(self) -> f64 {
        self
    }
    fn narrow(v: f64) -> Self {
        v
    }
}

fn whole<F: Float>(v: F, power: f64) -> Option<i64> {
    let m = (v.wide() * power).round();
    // NaN and infinities fail the comparison; −0 fails what follows, for whole numbers have no −0.
    if m.abs() > WHOLE_MAX || m.is_nan() {
        return None;
    }
    let m = m as i64;
    (F::narrow(m as f64 / power).raw() == v.raw()).then_some(m)
}

/// Appends the node if it is smaller than `limit` bytes.
pub(crate) fn encode<F: Float>(values: &[F], limit: usize, out: &mut Vec<u8>) -> bool {
    const SAMPLE: usize = 256;
    let step = (values.len() / SAMPLE).max(1);
    let sample: Vec<F> = values.iter().copied().step_by(step).collect();
    let hits = |e: u8| sample.iter().filter(|v| whole(**v, POWERS[e as usize]).is_some()).count();
    let mut best = (0, hits(0));
    for e in 1..=F::DIGITS.min(EXPONENT_MAX) {
        if best.1 * 100 >= sample.len() * 99 {
            break;
        }
        let h = hits(e);
        if h > best.1 {
            best = (e, h);
        }
    }
    if best.1 * 10 < sample.len() * 9 {
        return false;
    }
    let power = POWERS[best.0 as usize];
    let mut wholes = Vec::with_capacity(values.len());
    let mut rows = Vec::new();
    let mut bits = Vec::new();
    for (i, &v) in values.iter().enumerate() {
        wholes.push(whole(v, power).unwrap_or_else(|| {
            rows.push(i);
            bits.push(v.raw());
            0
        }) as u64);
    }
    let at = out.len();
    out.push(super::id::DECIMAL);
    out.push(best.0);
    out.extend_from_slice(&(rows.len() as u32).to_le_bytes());
    put_part(out, |out| ints::encode_light(&gaps(&rows), out));
    put_part(out, |out| ints::encode_light(&bits, out));
    put_part(out, |out| {
        ints::encode(&wholes, super::lane::flip(true), out);
    });
    if out.len() - at < limit {
        return true;
    }
    out.truncate(at);
    false
}

pub(crate) struct Decimal<'a> {
    power: f64,
    rows: Vec<u32>,
    bits: Ints<'a>,
    wholes: Ints<'a>,
}

impl<'a> Decimal<'a> {
    pub fn parse(r: &mut Reader<'a>, n: usize) -> Result<Self> {
        let e = r.u8()?;
        let power = *POWERS.get(e as usize).ok_or_else(|| corrupt(format!("10 to the power of {e}")))?;
        let count = r.u32()? as usize;
        let rows = read_rows(&mut r.part()?, count, n, 0)?;
        let bits = Ints::parse(&mut r.part()?, count, 1)?;
        Ok(Decimal { power, rows, bits, wholes: Ints::parse(&mut r.part()?, n, 0)? })
    }
    pub fn decode<F: Float>(&self) -> Result<Vec<F>> {
        let wholes = self.wholes.decode::<i64>()?;
        let power = self.power;
        let mut out: Vec<F> = wholes.iter().map(|m| F::narrow(*m as f64 / power)).collect();
        for (r, b) in self.rows.iter().zip(self.bits.decode::<u64>()?) {
            out[*r as usize] = F::of(b);
        }
        Ok(out)
    }
    pub fn gather<F: Float>(&self, ask: &[u32]) -> Result<Vec<F>> {
        let wholes = self.wholes.gather::<i64>(ask)?;
        ask.iter()
            .zip(wholes)
            .map(|(row, m)| match self.rows.binary_search(row) {
                Ok(k) => Ok(F::of(self.bits.get(k)?)),
                Err(_) => Ok(F::narrow(m as f64 / self.power)),
            })
            .collect()
    }
}
