//! Argument rows as keys of distinct values: numbers that fit are packed, all else is interned.

use super::intern::Interner;
use super::wire::{Reader, put_value, read_value};
use types::builder::Values;
use types::{Column, ColumnBuilder, Data, Result, Type};

/// Keys of a batch.
pub enum KeyBatch {
    /// values of up to 32 bits, or ids of interned bytes
    Narrow(Vec<u32>),
    Word(Vec<u64>),
    Wide(Vec<u128>),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    Narrow,
    Word,
    Wide,
    /// one String or FixedString, interned as it is
    Bytes,
    /// anything else, interned in its serial form
    Rows,
}

/// Turns rows into keys and keys back into values.
pub struct Keyer {
    form: Form,
    /// bytes of a packed key
    width: usize,
    types: Vec<Type>,
    interner: Interner,
    /// dictionary id, code → interned id (MAX = not yet)
    memo: Vec<(u64, Vec<u32>)>,
}

const MEMO_MAX: usize = 8;

/// Bits of a number in its column; `None` for what is not a plain number of ≤ 128 bits.
fn bits(ty: &Type) -> Option<u32> {
    match ty {
        Type::Nullable(_) | Type::LowCardinality(_) | Type::FixedString(_) => None,
        t => t.fixed_width().map(|w| w as u32 * 8).filter(|b| *b <= 128),
    }
}

impl KeyBatch {
    pub fn at(&self, row: usize) -> u128 {
        match self {
            KeyBatch::Narrow(v) => v[row].into(),
            KeyBatch::Word(v) => v[row].into(),
            KeyBatch::Wide(v) => v[row],
        }
    }
}

impl Keyer {
    pub fn new(types: &[Type]) -> Self {
        let total = types.iter().map(bits).sum::<Option<u32>>();
        let form = match (total, types) {
            (Some(..=32), _) => Form::Narrow,
            (Some(..=64), _) => Form::Word,
            (Some(..=128), _) => Form::Wide,
            (_, [Type::String | Type::FixedString(_)]) => Form::Bytes,
            _ => Form::Rows,
        };
        let width =
            if matches!(form, Form::Bytes | Form::Rows) { 0 } else { total.unwrap_or(128) as usize / 8 };
        Keyer { form, width, types: types.to_vec(), interner: Interner::default(), memo: Vec::new() }
    }
    pub fn form(&self) -> Form {
        self.form
    }
    /// One key a row. Errors: too many or too large values.
    pub fn keys(&mut self, args: &[Column], rows: usize) -> Result<KeyBatch> {
        Ok(match self.form {
            Form::Narrow => {
                let mut out = vec![0u32; rows];
                args.iter().zip(&self.types).for_each(|(c, t)| {
                    pack(c, t, &mut out, |k, b, v| if b >= 32 { v as u32 } else { (k << b) | v as u32 })
                });
                KeyBatch::Narrow(out)
            }
            Form::Word => {
                let mut out = vec![0u64; rows];
                args.iter().zip(&self.types).for_each(|(c, t)| {
                    pack(c, t, &mut out, |k, b, v| if b >= 64 { v as u64 } else { (k << b) | v as u64 })
                });
                KeyBatch::Word(out)
            }
            Form::Wide => {
                let mut out = vec![0u128; rows];
                args.iter().zip(&self.types).for_each(|(c, t)| {
                    pack(c, t, &mut out, |k, b, v| if b >= 128 { v } else { (k << b) | v })
                });
                KeyBatch::Wide(out)
            }
            Form::Bytes => KeyBatch::Narrow(self.bytes_keys(&args[0], rows)?),
            Form::Rows => {
                let args: Vec<Column> = args.iter().map(Column::flat_deep).collect();
                let mut out = Vec::with_capacity(rows);
                let mut buffer = Vec::new();
                for row in 0..rows {
                    buffer.clear();
                    args.iter().for_each(|c| put_value(c, row, &mut buffer));
                    out.push(self.interner.intern(&buffer)?);
                }
                KeyBatch::Narrow(out)
            }
        })
    }
    fn bytes_keys(&mut self, c: &Column, rows: usize) -> Result<Vec<u32>> {
        if let Data::Codes(codes, dict) = &c.data {
            let at = match self.memo.iter().position(|m| m.0 == dict.id) {
                Some(at) => at,
                None => {
                    if self.memo.len() == MEMO_MAX {
                        self.memo.remove(0);
                    }
                    self.memo.push((dict.id, vec![u32::MAX; dict.len()]));
                    self.memo.len() - 1
                }
            };
            let ids = &mut self.memo[at].1;
            let mut out = Vec::with_capacity(rows);
            for &code in codes.iter() {
                let id = &mut ids[code as usize];
                if *id == u32::MAX {
                    *id = self.interner.intern(dict.values.bytes_at(code as usize).unwrap_or_default())?;
                }
                out.push(*id);
            }
            return Ok(out);
        }
        if c.is_const() {
            let id = if rows > 0 { self.interner.intern(c.bytes_at(0).unwrap_or_default())? } else { 0 };
            return Ok(vec![id; rows]);
        }
        (0..rows).map(|i| self.interner.intern(c.bytes_at(i).unwrap_or_default())).collect()
    }
    /// Serial form of a key.
    pub fn put(&self, key: u128, out: &mut Vec<u8>) {
        match self.form {
            Form::Narrow | Form::Word | Form::Wide => out.extend_from_slice(&key.to_le_bytes()[..self.width]),
            Form::Bytes | Form::Rows => super::wire::put_bytes(out, self.interner.get(key as u32)),
        }
    }
    pub fn read(&mut self, r: &mut Reader<'_>) -> Result<u128> {
        Ok(match self.form {
            Form::Narrow | Form::Word | Form::Wide => {
                let mut key = [0; 16];
                key[..self.width].copy_from_slice(r.take(self.width)?);
                u128::from_le_bytes(key)
            }
            Form::Bytes => {
                let b = r.bytes()?;
                self.interner.intern(b)?.into()
            }
            Form::Rows => {
                let b = r.bytes()?;
                // checked here so that `push` cannot fail later
                let mut check = Reader::new(b);
                for t in &self.types {
                    read_value(&mut check, &mut ColumnBuilder::new(t))?;
                }
                self.interner.intern(b)?.into()
            }
        })
    }
    /// Smallest serial form of a key, for checks of counts.
    pub fn put_bytes_min(&self) -> usize {
        self.width.max(1)
    }
    /// `other`'s key as a key of this keyer.
    pub fn translate(&mut self, other: &Keyer, key: u128) -> Result<u128> {
        match self.form {
            Form::Bytes | Form::Rows => Ok(self.interner.intern(other.interner.get(key as u32))?.into()),
            _ => Ok(key),
        }
    }
    /// Pushes the values of a key, one into each builder.
    pub fn push(&self, key: u128, out: &mut [ColumnBuilder]) -> Result<()> {
        match self.form {
            Form::Bytes => {
                out[0].push_bytes(self.interner.get(key as u32));
                Ok(())
            }
            Form::Rows => {
                let mut r = Reader::new(self.interner.get(key as u32));
                out.iter_mut().try_for_each(|b| read_value(&mut r, b))
            }
            _ => {
                let mut rest = key;
                for (b, t) in out.iter_mut().zip(&self.types).rev() {
                    let n = bits(t).unwrap_or(128);
                    push_bits(b, rest);
                    rest = if n >= 128 { 0 } else { rest >> n };
                }
                Ok(())
            }
        }
    }
    pub fn bytes(&self) -> usize {
        self.interner.bytes() + self.memo.iter().map(|m| m.1.len() * 4).sum::<usize>()
    }
    pub fn planned_growth(&self, rows: usize) -> usize {
        match self.form {
            Form::Bytes | Form::Rows => {
                let mean = self.interner.bytes() / self.interner.len().max(1);
                self.interner.planned_growth(rows, rows * mean.min(1 << 12))
            }
            _ => 0,
        }
    }
}

fn pack<K: Copy>(c: &Column, ty: &Type, out: &mut [K], add: impl Fn(K, u32, u128) -> K) {
    let n = bits(ty).unwrap_or(128);
    let c = c.flat();
    macro_rules! all {
        ($v:expr, $f:expr) => {
            for (k, v) in out.iter_mut().zip($v.iter()) {
                *k = add(*k, n, $f(*v));
            }
        };
    }
    match &c.data {
        Data::U8(v) => all!(v, |x: u8| x.into()),
        Data::U16(v) => all!(v, |x: u16| x.into()),
        Data::U32(v) => all!(v, |x: u32| x.into()),
        Data::U64(v) => all!(v, |x: u64| x.into()),
        Data::U128(v) => all!(v, |x: u128| x),
        Data::I8(v) => all!(v, |x: i8| (x as u8).into()),
        Data::I16(v) => all!(v, |x: i16| (x as u16).into()),
        Data::I32(v) => all!(v, |x: i32| (x as u32).into()),
        Data::I64(v) => all!(v, |x: i64| (x as u64).into()),
        Data::I128(v) => all!(v, |x: i128| x as u128),
        Data::F32(v) => all!(v, |x: f32| x.to_bits().into()),
        Data::F64(v) => all!(v, |x: f64| x.to_bits().into()),
        _ => {}
    }
}

fn push_bits(b: &mut ColumnBuilder, v: u128) {
    match &mut b.values {
        Values::U8(x) => x.push(v as u8),
        Values::U16(x) => x.push(v as u16),
        Values::U32(x) => x.push(v as u32),
        Values::U64(x) => x.push(v as u64),
        Values::U128(x) => x.push(v),
        Values::I8(x) => x.push(v as i8),
        Values::I16(x) => x.push(v as i16),
        Values::I32(x) => x.push(v as i32),
        Values::I64(x) => x.push(v as i64),
        Values::I128(x) => x.push(v as i128),
        Values::F32(x) => x.push(f32::from_bits(v as u32)),
        Values::F64(x) => x.push(f64::from_bits(v as u64)),
        _ => {}
    }
    b.pushed();
}
