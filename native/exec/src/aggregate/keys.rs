//! Group keys as machine words. Each key takes a field of bits: integers as they are (or less, when
//! statistics bound them), everything else as its number in an `Interner`. Fields never straddle words.

use super::interner::Interner;
use parking_lot::Mutex;
use std::sync::Arc;
use types::{Column, ColumnBuilder, Data, I256, Memory, Result, Scalar, Type, U256};

/// The layouts of one GROUP BY: one that all workers share, until some groups leave memory.
pub struct Layouts {
    pub types: Vec<Type>,
    ranges: Vec<Option<(i128, i128)>>,
    memory: Memory,
    shared: Mutex<Option<Arc<KeyLayout>>>,
}

impl Layouts {
    /// `ranges[i]`: bounds of an integer key if they are known for all rows to come.
    pub fn new(types: Vec<Type>, ranges: Vec<Option<(i128, i128)>>, memory: &Memory) -> Layouts {
        let shared = Mutex::new(Some(Arc::new(KeyLayout::new(&types, &ranges, memory))));
        Layouts { types, ranges, memory: memory.clone(), shared }
    }
    /// The shared layout, or one for the caller alone.
    pub fn get(&self) -> Arc<KeyLayout> {
        let shared = self.shared.lock().clone();
        shared.unwrap_or_else(|| Arc::new(KeyLayout::new(&self.types, &self.ranges, &self.memory)))
    }
    /// From now on everybody gets a layout of their own.
    pub fn leave_shared(&self) {
        self.shared.lock().take();
    }
}

/// How one key lies in the words.
struct Field {
    ty: Type,
    word: usize,
    shift: u32,
    /// bits of the value; a NULL flag sits above them when `nullable`
    bits: u32,
    nullable: bool,
    kind: Kind,
}

enum Kind {
    /// up to 64 bits; stored as value - base
    Int {
        base: i128,
    },
    Float,
    /// 2 or 4 whole words
    Wide,
    Interned(Interner),
}

pub struct KeyLayout {
    fields: Vec<Field>,
    pub words: usize,
    /// bits of the only word that can be set, if `words` is 1
    pub bits: u32,
}

impl KeyLayout {
    /// `ranges[i]`: bounds of an integer key if they are known for all rows to come.
    pub fn new(types: &[Type], ranges: &[Option<(i128, i128)>], memory: &Memory) -> KeyLayout {
        let (mut word, mut used) = (0usize, 0u32);
        let mut fields = Vec::new();
        for (ty, range) in types.iter().zip(ranges) {
            let nullable = ty.is_nullable() || matches!(ty, Type::Nothing);
            let base = ty.base();
            let (kind, bits) = match base.fixed_width() {
                Some(_) if matches!(base, Type::FixedString(_)) => {
                    (Kind::Interned(Interner::new(ty, memory)), 32)
                }
                Some(w @ (16 | 32)) => (Kind::Wide, w as u32 * 8),
                Some(w) if base.is_float() => (Kind::Float, w as u32 * 8),
                Some(w) => {
                    let full = w as u32 * 8;
                    match range {
                        Some((lo, hi)) if hi >= lo && (hi - lo) < 1 << 62 => {
                            let bits = 128 - ((hi - lo) as u128).leading_zeros();
                            (Kind::Int { base: *lo }, bits.clamp(1, full))
                        }
                        _ => (Kind::Int { base: 0 }, full),
                    }
                }
                None => (Kind::Interned(Interner::new(ty, memory)), 32),
            };
            let total = bits + u32::from(nullable);
            if used > 0 && used + total > 64 {
                word += 1;
                used = 0;
            }
            if total > 64 {
                // a NULL flag beside a full word gets a word of its own behind the value
                fields.push(Field { ty: ty.clone(), word, shift: 0, bits, nullable, kind });
                word += (bits.div_ceil(64)) as usize + usize::from(nullable);
                used = 0;
                continue;
            }
            fields.push(Field { ty: ty.clone(), word, shift: used, bits, nullable, kind });
            used += total;
        }
        let words = (word + usize::from(used > 0)).max(1);
        KeyLayout { fields, words, bits: if words == 1 { used } else { 64 } }
    }

    /// Whether a word may be a number of this layout's own instead of a value.
    pub fn interns(&self) -> bool {
        self.fields.iter().any(|f| matches!(f.kind, Kind::Interned(_)))
    }

    /// Row-major words of all rows: `rows * words` entries.
    pub fn pack(&self, columns: &[Column], rows: usize) -> Result<Vec<u64>> {
        let k = self.words;
        let mut out = vec![0u64; rows * k];
        for (f, c) in self.fields.iter().zip(columns) {
            f.pack(c, rows, k, &mut out)?;
        }
        Ok(out)
    }

    /// Key columns of groups from their words.
    pub fn unpack(&self, keys: &[u64], groups: usize) -> Result<Vec<Column>> {
        self.fields.iter().map(|f| f.unpack(keys, groups, self.words)).collect()
    }
}

impl Field {
    fn null_place(&self) -> (usize, u32) {
        if self.bits + 1 > 64 {
            (self.word + self.bits.div_ceil(64) as usize, 0)
        } else {
            (self.word, self.shift + self.bits)
        }
    }

    fn pack(&self, c: &Column, rows: usize, k: usize, out: &mut [u64]) -> Result<()> {
        let nulls = if self.nullable { c.null_mask() } else { None };
        let (w, shift) = (self.word, self.shift);
        macro_rules! put {
            ($v:expr, $f:expr) => {{
                let v = $v;
                match &nulls {
                    None => out.chunks_exact_mut(k).zip(v.iter()).for_each(|(o, x)| o[w] |= $f(*x) << shift),
                    Some(m) => out.chunks_exact_mut(k).zip(v.iter()).enumerate().for_each(|(i, (o, x))| {
                        if !m.get(i) {
                            o[w] |= $f(*x) << shift;
                        }
                    }),
                }
            }};
        }
        if let Some(m) = &nulls {
            let (nw, ns) = self.null_place();
            for i in m.ones() {
                out[i as usize * k + nw] |= 1 << ns;
            }
        }
        let mask = if self.bits >= 64 { u64::MAX } else { (1u64 << self.bits) - 1 };
        match &self.kind {
            Kind::Interned(interner) => {
                let n = interner.numbers(c, rows)?;
                put!(n, |x: u32| u64::from(x));
            }
            Kind::Float => match &c.flat().data {
                Data::F32(v) => put!(v, |x: f32| u64::from((x + 0.0).to_bits())),
                Data::F64(v) => put!(v, |x: f64| (x + 0.0).to_bits()),
                _ => {}
            },
            Kind::Int { base } => {
                let b = *base as u64;
                match &c.flat().data {
                    Data::U8(v) => put!(v, |x: u8| u64::from(x).wrapping_sub(b) & mask),
                    Data::U16(v) => put!(v, |x: u16| u64::from(x).wrapping_sub(b) & mask),
                    Data::U32(v) => put!(v, |x: u32| u64::from(x).wrapping_sub(b) & mask),
                    Data::U64(v) => put!(v, |x: u64| x.wrapping_sub(b) & mask),
                    Data::I8(v) => put!(v, |x: i8| (x as u64).wrapping_sub(b) & mask),
                    Data::I16(v) => put!(v, |x: i16| (x as u64).wrapping_sub(b) & mask),
                    Data::I32(v) => put!(v, |x: i32| (x as u64).wrapping_sub(b) & mask),
                    Data::I64(v) => put!(v, |x: i64| (x as u64).wrapping_sub(b) & mask),
                    _ => {}
                }
            }
            Kind::Wide => {
                let n = (self.bits / 64) as usize;
                let flat = c.flat();
                let limbs = |i: usize| -> [u64; 4] {
                    let halves =
                        |lo: u128, hi: u128| [lo as u64, (lo >> 64) as u64, hi as u64, (hi >> 64) as u64];
                    match &flat.data {
                        Data::U128(v) => halves(v[i], 0),
                        Data::I128(v) => halves(v[i] as u128, 0),
                        Data::U256(v) => halves(*v[i].low(), *v[i].high()),
                        Data::I256(v) => halves(*v[i].as_u256().low(), *v[i].as_u256().high()),
                        _ => [0; 4],
                    }
                };
                for i in 0..rows {
                    if nulls.as_ref().is_some_and(|m| m.get(i)) {
                        continue;
                    }
                    out[i * k + w..i * k + w + n].copy_from_slice(&limbs(i)[..n]);
                }
            }
        }
        Ok(())
    }

    fn unpack(&self, keys: &[u64], groups: usize, k: usize) -> Result<Column> {
        let mask = if self.bits >= 64 { u64::MAX } else { (1u64 << self.bits) - 1 };
        let values = (0..groups).map(|g| keys[g * k + self.word] >> self.shift & mask);
        let nulls = self.nullable.then(|| {
            let (nw, ns) = self.null_place();
            types::Bitmap::from_fn(groups, |g| keys[g * k + nw] >> ns & 1 != 0)
        });
        let is_null = |g: usize| nulls.as_ref().is_some_and(|n| n.get(g));
        let data = match &self.kind {
            Kind::Interned(interner) => {
                let numbers = values.enumerate().map(|(g, v)| if is_null(g) { 0 } else { v as u32 });
                interner.values(numbers.collect())?
            }
            Kind::Float if self.bits == 32 => {
                Data::F32(values.map(|v| f32::from_bits(v as u32)).collect::<Vec<_>>().into())
            }
            Kind::Float => Data::F64(values.map(f64::from_bits).collect::<Vec<_>>().into()),
            Kind::Int { base } => {
                let b = *base as u64;
                let zero = |g: usize, v: u64| if is_null(g) { 0 } else { v.wrapping_add(b) };
                let values = values.enumerate().map(|(g, v)| zero(g, v));
                match ColumnBuilder::new(self.ty.base()).finish().data {
                    Data::U8(_) => Data::U8(values.map(|v| v as u8).collect::<Vec<_>>().into()),
                    Data::U16(_) => Data::U16(values.map(|v| v as u16).collect::<Vec<_>>().into()),
                    Data::U32(_) => Data::U32(values.map(|v| v as u32).collect::<Vec<_>>().into()),
                    Data::U64(_) => Data::U64(values.collect::<Vec<_>>().into()),
                    Data::I8(_) => Data::I8(values.map(|v| v as i8).collect::<Vec<_>>().into()),
                    Data::I16(_) => Data::I16(values.map(|v| v as i16).collect::<Vec<_>>().into()),
                    Data::I32(_) => Data::I32(values.map(|v| v as i32).collect::<Vec<_>>().into()),
                    _ => Data::I64(values.map(|v| v as i64).collect::<Vec<_>>().into()),
                }
            }
            Kind::Wide => {
                let mut b = ColumnBuilder::with_capacity(&self.ty, groups);
                for g in 0..groups {
                    if is_null(g) {
                        b.push_null();
                        continue;
                    }
                    let w = &keys[g * k + self.word..];
                    let half = |i: usize| u128::from(w[i]) | u128::from(w[i + 1]) << 64;
                    b.push_scalar(&match self.ty.base() {
                        Type::UInt256 => Scalar::U256(U256::from_words(half(2), half(0))),
                        Type::Int256 => Scalar::I256(I256::from_words(half(2) as i128, half(0) as i128)),
                        Type::Decimal(p, _) if *p > 38 => {
                            Scalar::I256(I256::from_words(half(2) as i128, half(0) as i128))
                        }
                        Type::Int128 | Type::Decimal(..) => Scalar::Int(half(0) as i128),
                        _ => Scalar::from_u128(half(0)),
                    });
                }
                return Ok(b.finish());
            }
        };
        Ok(Column::new(data, nulls))
    }
}
