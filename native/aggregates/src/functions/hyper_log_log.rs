//! uniqCombined, uniqCombined64, uniqHLL12: an exact set of hashes while small, then HyperLogLog. Hashes, places,
//! the bound of the set and the estimate are ClickHouse's, but for the middle range of 2^17 cells, where that has a
//! table of corrections and this an estimator without one.

use super::sketch::words::Words;
use crate::registry::{AggregateDef, Bound, Call, Flags};
use crate::state::cells::{Cell, Cells};
use crate::state::int_hash::{int_hash32, int_hash64};
use crate::state::wire::{Reader, damaged, put_var};
use std::sync::Arc;
use types::builder::Values;
use types::codes::ARGUMENT_OUT_OF_BOUND;
use types::{Column, ColumnBuilder, Error, Result, Type};

macro_rules! def {
    ($name:literal, $flags:ident, $signature:literal, $shape:expr, $text:literal, $example:expr) => {
        AggregateDef {
            name: $name,
            aliases: &[],
            case_insensitive: false,
            signature: $signature,
            description: $text,
            examples: $example,
            flags: Flags::$flags,
            build: |call| {
                call.arity(1..=usize::MAX)?;
                let shape: fn(&Call<'_>) -> Result<Shape> = $shape;
                let config = Arc::new(shape(call)?);
                Ok(Bound::new(call, Type::UInt64, move || Cells::<HyperLogLog>::boxed(&config, &Type::UInt64)))
            },
        }
    };
}

pub const DEFS: &[AggregateDef] = &[
    def!("uniqCombined", IDEMPOTENT, "uniqCombined(precision)(x, …)", |c| Shape::combined(c, 32), "Approximate number of distinct values by HyperLogLog of 2^precision cells (12 to 20, 17 if not given) after a small exact set.", &[("SELECT uniqCombined(number % 10) FROM numbers(100)", "10")]),
    def!("uniqCombined64", IDEMPOTENT, "uniqCombined64(precision)(x, …)", |c| Shape::combined(c, 64), "As uniqCombined, with 64-bit hashes for all types.", &[("SELECT uniqCombined64(number % 10) FROM numbers(100)", "10")]),
    def!("uniqHLL12", DISTINCT, "uniqHLL12(x, …)", Shape::hll12, "Approximate number of distinct values by HyperLogLog of 4096 cells.", &[("SELECT uniqHLL12(number % 10) FROM numbers(100)", "10")]),
];

struct Shape {
    /// 2^precision cells
    precision: u32,
    /// of a hash
    bits: u32,
    /// as many are kept as they are
    exact: usize,
    /// what is kept of a row: its hash, or the word that is hashed when it goes into a cell
    keys: fn(Words) -> Vec<u64>,
    late: fn(u64) -> u64,
    /// bytes of what is kept in a serial form
    width: usize,
    /// the marks of a small set, a larger one and cells in a serial form
    marks: [u8; 3],
}

impl Shape {
    fn combined(call: &Call<'_>, bits: u32) -> Result<Shape> {
        call.param_count(0..=1)?;
        let precision = if call.params.is_empty() { 17 } else { call.uint_param(0)? };
        if !(12..=20).contains(&precision) {
            return Err(Error::new(ARGUMENT_OUT_OF_BOUND, format!("The precision of {} must be from 12 to 20", call.name)));
        }
        let precision = precision as u32;
        // texts are hashed to 64 bits in any case
        let bits = if matches!(call.args, [Type::String | Type::FixedString(_)]) { 64 } else { bits };
        let exact = 1 << (precision - if bits == 32 { 4 } else { 5 });
        let keys = |words| match words {
            Words::Numbers(v) => v.into_iter().map(int_hash64).collect(),
            Words::Texts(v) | Words::Hashes(v) => v,
        };
        Ok(Shape { precision, bits, exact, keys, late: |hash| hash, width: bits as usize / 8, marks: [1, 2, 3] })
    }
    fn hll12(call: &Call<'_>) -> Result<Shape> {
        call.param_count(0..=0)?;
        let keys = |words| match words {
            Words::Numbers(v) | Words::Texts(v) | Words::Hashes(v) => v,
        };
        let number = call.args.len() == 1 && crate::state::arena::is_number(&call.args[0]);
        let width = call.args[0].fixed_width().filter(|w| number && *w <= 8).unwrap_or(8);
        // what is a hash of several values is not hashed again
        let single = call.args.len() == 1 && (width < 8 || !matches!(call.args[0], Type::Array(_) | Type::Tuple(_) | Type::Map(_)));
        let late = if single { |word| int_hash32(word).into() } else { |hash| hash & u64::from(u32::MAX) };
        Ok(Shape { precision: 12, bits: 32, exact: SMALL, keys, late, width, marks: [0, 0, 1] })
    }
    fn cut(&self, key: u64) -> u64 {
        if self.width == 8 { key } else { key & ((1 << (self.width * 8)) - 1) }
    }
}

/// Sets of so many say in which order they met their members.
const SMALL: usize = 16;

/// An open-addressing set of hashes; 0 marks empty slots.
#[derive(Default, Clone)]
struct HashSet64 {
    first: Vec<u64>,
    slots: Vec<u64>,
    len: usize,
    zero: bool,
}

impl HashSet64 {
    fn insert(&mut self, hash: u64) -> bool {
        let new = self.place(hash);
        if new && self.len <= SMALL {
            self.first.push(hash);
        }
        new
    }
    fn place(&mut self, hash: u64) -> bool {
        if hash == 0 {
            self.len += usize::from(!self.zero);
            return !std::mem::replace(&mut self.zero, true);
        }
        if (self.len + 1) * 4 > self.slots.len() * 3 {
            let size = (self.slots.len() * 2).max(8);
            let old = std::mem::replace(&mut self.slots, vec![0; size]);
            self.len = usize::from(self.zero);
            old.into_iter().filter(|h| *h != 0).for_each(|h| {
                self.place(h);
            });
        }
        let mask = self.slots.len() - 1;
        let mut i = (hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize & mask;
        while self.slots[i] != 0 {
            if self.slots[i] == hash {
                return false;
            }
            i = (i + 1) & mask;
        }
        self.slots[i] = hash;
        self.len += 1;
        true
    }
    fn iter(&self) -> impl Iterator<Item = u64> + '_ {
        self.slots.iter().copied().filter(|h| *h != 0).chain(self.zero.then_some(0))
    }
    fn put(&self, width: usize, out: &mut Vec<u8>) {
        let mut all = self.first.clone();
        if self.len > SMALL {
            all = self.iter().collect();
            all.sort_unstable();
        }
        put_var(out, all.len() as u64);
        all.into_iter().for_each(|h| out.extend_from_slice(&h.to_le_bytes()[..width]));
    }
}

/// A set, then cells with the longest run of zero bits seen.
#[derive(Default)]
struct HyperLogLog {
    set: HashSet64,
    cells: Vec<u8>,
}

impl HyperLogLog {
    fn insert(&mut self, hash: u64, shape: &Shape) {
        if !self.cells.is_empty() {
            return self.mark(hash, shape);
        }
        if self.set.insert(hash) && self.set.len > shape.exact {
            self.spread(shape);
        }
    }
    fn spread(&mut self, shape: &Shape) {
        let set = std::mem::take(&mut self.set);
        if self.cells.is_empty() {
            self.cells = vec![0; 1 << shape.precision];
        }
        set.iter().for_each(|h| self.mark(h, shape));
    }
    fn raise(&mut self, cells: &[u8], shape: &Shape) {
        if self.cells.is_empty() {
            self.spread(shape);
        }
        self.cells.iter_mut().zip(cells).for_each(|(a, b)| *a = (*a).max(*b));
    }
    fn mark(&mut self, key: u64, shape: &Shape) {
        let hash = (shape.late)(key);
        let at = (hash & ((1 << shape.precision) - 1)) as usize;
        let longest = shape.bits - shape.precision + 1;
        let run = ((hash >> shape.precision).trailing_zeros() + 1).min(longest) as u8;
        self.cells[at] = self.cells[at].max(run);
    }
    fn estimate(&self, shape: &Shape) -> u64 {
        /// Below, 2^17 cells are counted by those that are empty.
        const LINEAR_MAX: f64 = 159_499.0;
        let m = self.cells.len() as f64;
        let harmonic: f64 = self.cells.iter().map(|c| 0.5f64.powi((*c).into())).sum();
        let raw = 0.7213 / (1.0 + 1.079 / m) * m * m / harmonic;
        let empty = self.cells.iter().filter(|c| **c == 0).count() as f64;
        let linear = if empty > 0.0 { m * (m / empty).ln() } else { raw };
        let corrected = shape.precision == 17;
        let estimate = match raw / m {
            _ if corrected && linear < LINEAR_MAX => linear,
            part if corrected && part <= 5.0 => self.without_bias(shape),
            part if !corrected && part <= 2.5 => linear,
            _ => raw,
        };
        let all = 4_294_967_296.0;
        let estimate = if shape.bits == 32 && raw > all / 30.0 { -all * (1.0 - raw.min(all - 1.0) / all).ln() } else { estimate };
        (estimate + 0.5) as u64
    }
    /// Ertl's improved estimator: no thresholds between ranges, no tables.
    fn without_bias(&self, shape: &Shape) -> f64 {
        let m = self.cells.len() as f64;
        let q = (shape.bits - shape.precision) as usize;
        let mut histogram = vec![0u32; q + 2];
        self.cells.iter().for_each(|c| histogram[usize::from(*c).min(q + 1)] += 1);
        let mut z = m * tau(1.0 - f64::from(histogram[q + 1]) / m);
        for k in (1..=q).rev() {
            z = 0.5 * (z + f64::from(histogram[k]));
        }
        z += m * sigma(f64::from(histogram[0]) / m);
        0.5 / std::f64::consts::LN_2 * m * m / z
    }
}

fn sigma(mut x: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if z == before {
            return z;
        }
    }
}

fn tau(mut x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = z;
        y *= 0.5;
        z -= (1.0 - x) * (1.0 - x) * y;
        if z == before {
            return z / 3.0;
        }
    }
}

impl Cell for HyperLogLog {
    type Config = Shape;
    type Input = Vec<u64>;
    fn prepare(shape: &Shape, args: &[Column], rows: usize) -> Result<Vec<u64>> {
        Ok((shape.keys)(Words::of(args, rows)).into_iter().map(|hash| shape.cut(hash)).collect())
    }
    fn add(&mut self, shape: &Shape, input: &Vec<u64>, row: usize) -> Result<()> {
        self.insert(input[row], shape);
        Ok(())
    }
    fn merge(&mut self, shape: &Shape, other: &Self) -> Result<()> {
        if !other.cells.is_empty() {
            self.raise(&other.cells, shape);
        }
        other.set.iter().for_each(|h| self.insert(h, shape));
        Ok(())
    }
    fn finish(&self, shape: &Shape, out: &mut ColumnBuilder) -> Result<()> {
        if let Values::U64(v) = &mut out.values {
            v.push(if self.cells.is_empty() { self.set.len as u64 } else { self.estimate(shape) });
        }
        out.pushed();
        Ok(())
    }
    fn put(&self, shape: &Shape, out: &mut Vec<u8>) {
        let [small, larger, cells] = shape.marks;
        if self.cells.is_empty() {
            out.push(if self.set.len > SMALL { larger } else { small });
            self.set.put(shape.width, out);
        } else {
            out.push(cells);
            out.extend_from_slice(&self.cells);
        }
    }
    fn read(shape: &Shape, r: &mut Reader<'_>) -> Result<Self> {
        let mut h = HyperLogLog::default();
        h.absorb(shape, r)?;
        Ok(h)
    }
    fn absorb(&mut self, shape: &Shape, r: &mut Reader<'_>) -> Result<()> {
        let mark = r.byte()?;
        if mark == shape.marks[2] {
            self.raise(r.take(1 << shape.precision)?, shape);
            return Ok(());
        }
        if !shape.marks.contains(&mark) {
            return Err(damaged());
        }
        for _ in 0..r.count(shape.width)? {
            let mut key = [0; 8];
            key[..shape.width].copy_from_slice(r.take(shape.width)?);
            self.insert(u64::from_le_bytes(key), shape);
        }
        Ok(())
    }
    fn heap_bytes(&self) -> usize {
        self.set.slots.len() * 8 + self.set.first.capacity() * 8 + self.cells.capacity()
    }
}
