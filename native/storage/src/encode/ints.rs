//! Numbers of up to 64 bits: the choice of an encoding, and one face for all of them.

use super::delta::{self, Delta, VECTOR};
use super::dictionary::{self, Dictionary};
use super::lane::{Lane, bits};
use super::lanes::{self, Lanes, lane_bytes};
use super::packed::{self, Packed};
use super::patched::{self, Patched};
use super::runs::{self, Runs};
use super::sparse::{self, Sparse};
use super::test::Test;
use super::{bitpack::packed_bytes, id};
use crate::bytes::{Reader, corrupt};
use std::ops::Range;
use types::{Bitmap, Result};

/// An encoded run of numbers, parsed but not decoded.
#[derive(Clone)]
pub(crate) struct Ints<'a> {
    n: usize,
    node: Node<'a>,
}

#[derive(Clone)]
enum Node<'a> {
    Constant(u64),
    Lanes(Lanes<'a>),
    Packed(Packed<'a>),
    Delta(Delta<'a>),
    Runs(Box<Runs<'a>>),
    Sparse(Box<Sparse<'a>>),
    Dictionary(Box<Dictionary<'a>>),
    Patched(Box<Patched<'a>>),
}

impl<'a> Ints<'a> {
    /// `n`: rows, known from outside. `depth`: 0 at the top; only light encodings may stand below it.
    pub fn parse(r: &mut Reader<'a>, n: usize, depth: u8) -> Result<Self> {
        let id = r.u8()?;
        Self::parse_after_id(id, r, n, depth)
    }
    pub fn parse_after_id(id: u8, r: &mut Reader<'a>, n: usize, depth: u8) -> Result<Self> {
        if depth > 0 && id > id::PACKED {
            return Err(corrupt(format!("encoding {id} inside another")));
        }
        let node = match id {
            id::CONSTANT => Node::Constant(r.u64()?),
            id::LANES => Node::Lanes(Lanes::parse(r, n)?),
            id::PACKED => Node::Packed(Packed::parse(r, n)?),
            id::DELTA => Node::Delta(Delta::parse(r, n, depth)?),
            id::RUNS => Node::Runs(Box::new(Runs::parse(r, n, depth)?)),
            id::SPARSE => Node::Sparse(Box::new(Sparse::parse(r, n, depth)?)),
            id::DICTIONARY => Node::Dictionary(Box::new(Dictionary::parse(r, n, depth)?)),
            id::PATCHED => Node::Patched(Box::new(Patched::parse(r, n, depth)?)),
            _ => return Err(corrupt(format!("encoding {id} is not one for numbers"))),
        };
        Ok(Ints { n, node })
    }
    /// The value of all rows, if they are encoded as one.
    pub fn constant(&self) -> Option<u64> {
        match self.node {
            Node::Constant(v) => Some(v),
            _ => None,
        }
    }
    /// Whether single rows are cheaper than a whole decode.
    pub fn random_access(&self) -> bool {
        !matches!(self.node, Node::Delta(_))
    }
    pub fn decode<T: Lane>(&self) -> Result<Vec<T>> {
        match &self.node {
            Node::Constant(v) => Ok(vec![T::of(*v); self.n]),
            Node::Lanes(x) => Ok(x.decode()),
            Node::Packed(x) => Ok(x.decode()),
            Node::Delta(x) => x.decode(),
            Node::Runs(x) => x.decode(),
            Node::Sparse(x) => x.decode(self.n),
            Node::Dictionary(x) => x.decode(),
            Node::Patched(x) => x.decode(),
        }
    }
    /// Row `i` (must be below the row count).
    pub fn get(&self, i: usize) -> Result<u64> {
        debug_assert!(i < self.n);
        match &self.node {
            Node::Constant(v) => Ok(*v),
            Node::Lanes(x) => Ok(x.get(i)),
            Node::Packed(x) => Ok(x.get(i)),
            Node::Delta(x) => x.get(i),
            Node::Runs(x) => x.get(i),
            Node::Sparse(x) => x.get(i),
            Node::Dictionary(x) => x.get(i),
            Node::Patched(x) => x.get(i),
        }
    }
    /// Some rows that follow each other, which do not begin within a group of packed ones.
    pub fn part(&self, rows: Range<usize>) -> Result<Vec<u64>> {
        match &self.node {
            Node::Packed(x) => Ok(x.part(rows).decode()),
            _ => rows.map(|i| self.get(i)).collect(),
        }
    }
    /// Reads row after row; cheapest when they are near one another.
    pub fn reader(&self) -> impl FnMut(usize) -> Result<u64> {
        let mut walk = match &self.node {
            Node::Delta(x) => Some(x.walk()),
            _ => None,
        };
        move |i| match &mut walk {
            Some(walk) => walk.get(i),
            None => self.get(i),
        }
    }
    /// Few rows by position; the caller has checked that they exist.
    pub fn gather<T: Lane>(&self, rows: &[u32]) -> Result<Vec<T>> {
        if let Node::Constant(v) = self.node {
            return Ok(vec![T::of(v); rows.len()]);
        }
        if let Node::Delta(x) = &self.node
            && vectors(rows) <= VECTORS_FEW
        {
            let mut walk = x.walk();
            return rows.iter().map(|r| walk.get(*r as usize).map(T::of)).collect();
        }
        if rows.len() * 16 > self.n || !self.random_access() {
            let all = self.decode::<T>()?;
            return Ok(rows.iter().map(|r| all[*r as usize]).collect());
        }
        rows.iter().map(|r| self.get(*r as usize).map(T::of)).collect()
    }
    /// Keeps the rows of `sel` (as many as there are numbers) that pass `test`, which is on orders.
    pub fn filter(&self, test: &Test, flip: u64, sel: &mut Bitmap) -> Result<()> {
        match &self.node {
            _ if matches!(test, Test::All) => {}
            Node::Constant(v) => {
                if !test.matches(v ^ flip) {
                    *sel = Bitmap::new(sel.len(), false);
                }
            }
            Node::Lanes(x) => x.filter(test, flip, sel),
            Node::Packed(x) => x.filter(test, flip, sel),
            Node::Runs(x) => x.filter(test, flip, sel)?,
            Node::Sparse(x) => x.filter(test, flip, sel)?,
            Node::Dictionary(x) => x.filter(test, flip, sel)?,
            Node::Patched(x) => x.filter(test, flip, sel)?,
            Node::Delta(x) => x.filter(test, flip, sel)?,
        }
        Ok(())
    }
}

/// From more vectors on, all are decoded at once.
const VECTORS_FEW: usize = 8;

/// How often the vector changes from row to row.
fn vectors(rows: &[u32]) -> usize {
    1 + rows.windows(2).filter(|w| w[0] as usize / VECTOR != w[1] as usize / VECTOR).count()
}

/// What the choice needs to know of a block.
struct Facts {
    min: u64,
    max: u64,
    runs: usize,
    /// a value that fills most rows if any does, and how many
    common: (u64, usize),
    /// smallest difference within a vector and bits of the others less it
    delta: Option<(u64, u8)>,
    /// rows by the bits that value − min needs
    widths: [usize; 65],
}

fn facts(values: &[u64], flip: u64) -> Facts {
    let (mut min, mut max) = (u64::MAX, 0);
    let mut runs = usize::from(!values.is_empty());
    for v in values {
        min = min.min(v ^ flip);
        max = max.max(v ^ flip);
    }
    for w in values.windows(2) {
        runs += usize::from(w[0] != w[1]);
    }
    let (mut vote, mut weight) = (values.first().copied().unwrap_or(0), 0usize);
    for &v in values {
        if weight == 0 {
            vote = v;
        }
        if v == vote {
            weight += 1;
        } else {
            weight -= 1;
        }
    }
    let count = values.iter().filter(|v| **v == vote).count();
    let mut widths = [0; 65];
    for v in values {
        widths[bits((v ^ flip) - min) as usize] += 1;
    }
    let delta = (max - min <= i64::MAX as u64 && values.len() > 64).then(|| {
        let (mut lo, mut hi) = (i64::MAX, i64::MIN);
        for vector in values.chunks(VECTOR) {
            for w in vector.windows(2) {
                let d = w[1].wrapping_sub(w[0]) as i64;
                lo = lo.min(d);
                hi = hi.max(d);
            }
        }
        (lo as u64, bits(hi.wrapping_sub(lo) as u64))
    });
    Facts { min, max, runs, common: (vote, count), delta, widths }
}

/// Bytes of the light encoding of `n` numbers of `width` bits, and whether it is the packed one.
fn light(n: usize, width: u8) -> (usize, bool) {
    let lanes = n * lane_bytes(width) as usize;
    let packed = packed_bytes(n, width);
    if packed * 4 <= lanes * 3 { (packed, true) } else { (lanes, false) }
}

fn write_light(values: &[u64], min: u64, max: u64, flip: u64, out: &mut Vec<u8>) {
    let width = bits(max - min);
    if width == 0 {
        out.push(id::CONSTANT);
        out.extend_from_slice(&values.first().copied().unwrap_or(0).to_le_bytes());
    } else if light(values.len(), width).1 {
        out.push(id::PACKED);
        packed::write(values, min ^ flip, width, out);
    } else {
        out.push(id::LANES);
        lanes::write(values, min ^ flip, lane_bytes(width), out);
    }
}

/// Constant, lanes or packed: what may stand inside other encodings.
pub(crate) fn encode_light_ordered(values: &[u64], flip: u64, out: &mut Vec<u8>) {
    let (mut min, mut max) = (u64::MAX, 0);
    for v in values {
        min = min.min(v ^ flip);
        max = max.max(v ^ flip);
    }
    if values.is_empty() {
        (min, max) = (0, 0);
    }
    write_light(values, min, max, flip, out);
}
pub(crate) fn encode_light(values: &[u64], out: &mut Vec<u8>) {
    encode_light_ordered(values, 0, out);
}

/// The smallest encoding, where the directly computable ones (lanes, packed, sparse, runs, dictionary)
/// are preferred to delta unless that saves much. `hint` forces one kind where it is possible.
pub(crate) fn encode(values: &[u64], flip: u64, out: &mut Vec<u8>) -> u8 {
    let at = out.len();
    choose(values, flip, out);
    out[at]
}

fn choose(values: &[u64], flip: u64, out: &mut Vec<u8>) {
    let n = values.len();
    if n < 64 {
        return encode_light_ordered(values, flip, out);
    }
    let f = facts(values, flip);
    let width = bits(f.max - f.min);
    if width == 0 {
        return write_light(values, f.min, f.max, flip, out);
    }
    let w = width as usize;
    let plain = light(n, width).0;
    // Costs in bytes, scaled so that slower encodings must earn their place.
    let others = n - f.common.1;
    let gap_bits = gap_bits(n, others);
    let sparse = (others * (gap_bits + w) / 8 + 64) * 20 / 19;
    let runs = f.runs * (bits(n as u64) as usize + w) / 8 + 64;
    let delta = f.delta.map(|(_, dw)| packed_bytes(n, dw) + n / 256 + 64);
    let (patch_width, patched) = best_patch(&f, n, w);
    enum Kind {
        Light,
        Sparse,
        Runs,
        Patched,
        Delta,
        Dictionary,
    }
    let mut best = (plain, Kind::Light);
    // Dense exceptions are scattered one by one: only for a large gain.
    let share = if others * 8 <= n { 100 } else { 70 };
    if others * 2 <= n && sparse * 100 < best.0 * share {
        best = (sparse, Kind::Sparse);
    }
    if runs < best.0 {
        best = (runs, Kind::Runs);
    }
    if patched * 10 < best.0 * 8 {
        best = (patched, Kind::Patched);
    }
    let mut dict = None;
    if width >= 9 && best.0 > n / 2 && worth_counting(values) {
        // d values of w bits and n codes of log2(d) bits must come below 85 % of the best so far.
        let most = (0..=16u8)
            .rev()
            .map(|b| (1usize << b, light(n, b).0))
            .find(|(d, codes)| (d * w / 16 + codes) * 100 < best.0 * 85)
            .map_or(0, |x| x.0);
        if most > 1 {
            dict = dictionary::distinct(values, most.min(n));
        }
        if let Some((found, _)) = &dict {
            let size = light(found.len(), width).0 + light(n, bits(found.len() as u64 - 1)).0 + 16;
            if size * 100 < best.0 * 90 {
                best = (size, Kind::Dictionary);
            }
        }
    }
    if let Some(size) = delta
        && size * 10 < best.0 * 7
    {
        best = (size, Kind::Delta);
    }
    match best.1 {
        Kind::Light => write_light(values, f.min, f.max, flip, out),
        Kind::Sparse => {
            out.push(id::SPARSE);
            sparse::write(values, f.common.0, flip, out);
        }
        Kind::Runs => {
            out.push(id::RUNS);
            runs::write(values, flip, out);
        }
        Kind::Patched => {
            out.push(id::PATCHED);
            patched::write(values, f.min ^ flip, patch_width, flip, out);
        }
        Kind::Delta => {
            out.push(id::DELTA);
            delta::write(values, f.delta.map_or(0, |d| d.0), out);
        }
        Kind::Dictionary => {
            out.push(id::DICTIONARY);
            if let Some((found, codes)) = dict {
                dictionary::write(&found, &codes, flip, out);
            }
        }
    }
}

/// Bits of a gap between `count` of `n` rows: eight times the mean leaves room for the longer ones.
fn gap_bits(n: usize, count: usize) -> usize {
    n.checked_div(count).map_or(0, |mean| bits(mean as u64 * 8).into())
}

/// The width that makes packed rows and patches smallest together, and their bytes.
fn best_patch(f: &Facts, n: usize, w: usize) -> (u8, usize) {
    let mut best = (0, usize::MAX / 16);
    let mut above = 0;
    for width in (1..w).rev() {
        above += f.widths[width + 1];
        if above * 8 > n {
            break;
        }
        let gap = gap_bits(n, above);
        let size = light(n, width as u8).0 + above * (gap + w) / 8 + 96;
        if size < best.1 {
            best = (width as u8, size);
        }
    }
    best
}

/// A sample says whether values repeat at all.
fn worth_counting(values: &[u64]) -> bool {
    const SAMPLE: usize = 2048;
    if values.len() <= SAMPLE {
        return true;
    }
    let step = values.len() / SAMPLE;
    let mut seen: Vec<u64> = (0..SAMPLE).map(|i| values[i * step]).collect();
    seen.sort_unstable();
    seen.dedup();
    // 2,048 draws from d equally likely values repeat about 2048² / 2d times: 50 or more for d ≤ 40,000.
    seen.len() < SAMPLE - 40
}
