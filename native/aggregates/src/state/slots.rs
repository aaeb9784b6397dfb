//! One value of any type per group: what min, any, argMin and their like remember.

use super::binary::{self, put_text, read_text};
use super::wire::{Fixed, Reader, damaged, put_bytes};
use std::cmp::Ordering;
use types::builder::Values;
use types::compare::{OrderedValue, compare_rows_with};
use types::{Column, ColumnBuilder, Data, I256, Result, Type, U256};

/// Values by group. Whether a group has one is the user's to know; fresh slots hold defaults.
pub enum Slots {
    U8(Vec<u8>),
    U16(Vec<u16>),
    U32(Vec<u32>),
    U64(Vec<u64>),
    U128(Vec<u128>),
    U256(Vec<U256>),
    I8(Vec<i8>),
    I16(Vec<i16>),
    I32(Vec<i32>),
    I64(Vec<i64>),
    I128(Vec<i128>),
    I256(Vec<I256>),
    F32(Vec<f32>),
    F64(Vec<f64>),
    /// strings; the number is the bytes allocated
    Bytes(Vec<Box<[u8]>>, usize),
    /// one-row columns: arrays, tuples, Nullable; the number is their bytes
    Rows(Vec<Option<Column>>, usize),
}

#[macro_export]
macro_rules! match_slots {
    ($slots:expr, $v:ident, $data:ident => $body:expr, $other:expr) => {
        $crate::match_slots!(@ $slots, $v, $data, $body, $other;
            U8 U16 U32 U64 U128 U256 I8 I16 I32 I64 I128 I256 F32 F64)
    };
    (@ $slots:expr, $v:ident, $data:ident, $body:expr, $other:expr; $($held:ident)*) => {
        match $slots {
            $($crate::state::slots::Slots::$held($v) => {
                #[allow(unused)]
                use types::Data::$held as $data;
                $body
            })*
            _ => $other,
        }
    };
}

impl Slots {
    pub fn new(ty: &Type) -> Slots {
        match ColumnBuilder::new(ty).values {
            _ if ty.is_nullable() => Slots::Rows(Vec::new(), 0),
            Values::U8(_) => Slots::U8(Vec::new()),
            Values::U16(_) => Slots::U16(Vec::new()),
            Values::U32(_) => Slots::U32(Vec::new()),
            Values::U64(_) => Slots::U64(Vec::new()),
            Values::U128(_) => Slots::U128(Vec::new()),
            Values::U256(_) => Slots::U256(Vec::new()),
            Values::I8(_) => Slots::I8(Vec::new()),
            Values::I16(_) => Slots::I16(Vec::new()),
            Values::I32(_) => Slots::I32(Vec::new()),
            Values::I64(_) => Slots::I64(Vec::new()),
            Values::I128(_) => Slots::I128(Vec::new()),
            Values::I256(_) => Slots::I256(Vec::new()),
            Values::F32(_) => Slots::F32(Vec::new()),
            Values::F64(_) => Slots::F64(Vec::new()),
            Values::Str { .. } | Values::Fixed { .. } => Slots::Bytes(Vec::new(), 0),
            _ => Slots::Rows(Vec::new(), 0),
        }
    }
    pub fn resize(&mut self, n: usize) {
        match_slots!(self, v, D => v.resize(n, Default::default()), match self {
            Slots::Bytes(v, _) => v.resize(n, Box::default()),
            Slots::Rows(v, ..) => v.resize(n, None),
            _ => {}
        });
    }
    /// Remembers a row of a column (flat, `Codes` or `Const`).
    pub fn set(&mut self, group: u32, c: &Column, row: usize) {
        let g = group as usize;
        match &c.data {
            Data::Const(one, _) => return self.set(group, one, 0),
            Data::Codes(codes, d) if !c.is_null(row) => {
                return self.set(group, &d.values, codes[row] as usize);
            }
            _ => {}
        }
        match_slots!(self, v, D => if let D(x) = &c.data { v[g] = x[row] }, match self {
            Slots::Bytes(v, bytes) => set_bytes(&mut v[g], bytes, c.bytes_at(row).unwrap_or_default()),
            Slots::Rows(v, bytes) => {
                // a gathered copy: a slice would keep the whole batch alive
                let one = c.gather(&[row as u32]).flat_deep();
                *bytes += one.bytes();
                *bytes -= v[g].as_ref().map_or(0, Column::bytes);
                v[g] = Some(one);
            }
            _ => {}
        });
    }
    /// Order of a row of a column against what the group has. `null` is what a NULL inside an array or a tuple is to values.
    pub fn compare(&self, c: &Column, row: usize, group: u32, null: Ordering) -> Ordering {
        let g = group as usize;
        match &c.data {
            Data::Const(one, _) => return self.compare(one, 0, group, null),
            Data::Codes(codes, d) if !c.is_null(row) => {
                return self.compare(&d.values, codes[row] as usize, group, null);
            }
            _ => {}
        }
        match_slots!(self, v, D => match &c.data {
            D(x) => x[row].order(v[g]),
            _ => Ordering::Equal,
        }, match self {
            Slots::Bytes(v, _) => c.bytes_at(row).unwrap_or_default().cmp(&v[g]),
            Slots::Rows(v, ..) => v[g].as_ref().map_or(Ordering::Less, |x| compare_rows_with(c, row, x, 0, null)),
            _ => Ordering::Equal,
        })
    }
    /// Order of `other`'s value against the own.
    pub fn compare_slots(&self, other: &Slots, src: u32, dst: u32, null: Ordering) -> Ordering {
        let (s, d) = (src as usize, dst as usize);
        macro_rules! pairs { ($($v:ident),*) => { match (other, self) {
            $((Slots::$v(a), Slots::$v(b)) => a[s].order(b[d]),)*
            (Slots::Bytes(a, _), Slots::Bytes(b, _)) => a[s].cmp(&b[d]),
            (Slots::Rows(a, ..), Slots::Rows(b, ..)) => match (&a[s], &b[d]) {
                (Some(x), Some(y)) => compare_rows_with(x, 0, y, 0, null),
                _ => Ordering::Equal,
            },
            _ => Ordering::Equal,
        } } }
        pairs!(U8, U16, U32, U64, U128, U256, I8, I16, I32, I64, I128, I256, F32, F64)
    }
    pub fn copy(&mut self, other: &Slots, src: u32, dst: u32) {
        let (s, d) = (src as usize, dst as usize);
        macro_rules! pairs { ($($v:ident),*) => { match (other, self) {
            $((Slots::$v(a), Slots::$v(b)) => b[d] = a[s],)*
            (Slots::Bytes(a, _), Slots::Bytes(b, bytes)) => set_bytes(&mut b[d], bytes, &a[s]),
            (Slots::Rows(a, ..), Slots::Rows(b, bytes)) => {
                *bytes += a[s].as_ref().map_or(0, Column::bytes);
                *bytes -= b[d].as_ref().map_or(0, Column::bytes);
                b[d].clone_from(&a[s]);
            }
            _ => {}
        } } }
        pairs!(U8, U16, U32, U64, U128, U256, I8, I16, I32, I64, I128, I256, F32, F64);
    }
    /// Pushes a group's value.
    pub fn push(&self, group: usize, out: &mut ColumnBuilder) {
        macro_rules! pairs { ($($v:ident),*) => { match (self, &mut out.values) {
            $((Slots::$v(a), Values::$v(b)) => b.push(a[group]),)*
            (Slots::Bytes(a, _), _) => return out.push_bytes(&a[group]),
            (Slots::Rows(a, ..), _) => {
                return match &a[group] {
                    Some(c) => out.push_row(c, 0),
                    None => out.push_default(1),
                };
            }
            _ => return out.push_default(1),
        } } }
        pairs!(U8, U16, U32, U64, U128, U256, I8, I16, I32, I64, I128, I256, F32, F64);
        out.pushed();
    }
    /// Appends a group's value, if it has one, in ClickHouse's form.
    pub fn put(&self, ty: &Type, group: usize, some: bool, out: &mut Vec<u8>) {
        match self {
            Slots::Bytes(v, _) if *ty == Type::String => {
                return if some {
                    put_text(&v[group], out)
                } else {
                    out.extend_from_slice(&u32::MAX.to_le_bytes())
                };
            }
            _ => out.push(u8::from(some)),
        }
        if !some {
            return;
        }
        let start = out.len();
        match_slots!(self, v, D => { v[group].put(out); binary::arrange(ty, &mut out[start..]) }, match self {
            Slots::Bytes(v, _) if matches!(ty.base(), Type::FixedString(_)) => {
                out.extend_from_slice(&v[group]);
            }
            // a state of another function
            Slots::Bytes(v, _) => put_bytes(out, &v[group]),
            Slots::Rows(v, ..) => {
                if let Some(c) = &v[group] {
                    binary::put(ty, c, 0, out);
                }
            }
            _ => {}
        });
    }
    /// As `put` where NULL is a value: 1 for nothing, 2 for NULL, 3 and a value.
    pub fn put_with_nulls(&self, ty: &Type, group: usize, some: bool, out: &mut Vec<u8>) {
        let mut one = ColumnBuilder::new(ty);
        if some {
            self.push(group, &mut one);
        }
        let one = one.finish();
        let kind = if !some { 1 } else { 3 - u8::from(one.is_null(0)) };
        out.push(kind);
        if kind == 3 {
            binary::put(ty, &one, 0, out);
        }
    }
    pub fn read_with_nulls(ty: &Type, r: &mut Reader<'_>) -> Result<Option<Column>> {
        let mut one = ColumnBuilder::new(ty);
        match r.byte()? {
            1 => return Ok(None),
            2 if ty.is_nullable() => one.push_null(),
            3 => binary::read(ty, r, &mut one)?,
            _ => return Err(damaged()),
        }
        Ok(Some(one.finish()))
    }
    /// A one-row column of a value that `put` wrote, to compare and `set`.
    pub fn read(&self, ty: &Type, r: &mut Reader<'_>) -> Result<Option<Column>> {
        let mut b = ColumnBuilder::new(ty);
        if *ty == Type::String {
            return Ok(read_text(r)?.map(|text| {
                b.push_bytes(text);
                b.finish()
            }));
        }
        if r.byte()? == 0 {
            return Ok(None);
        }
        binary::read(ty, r, &mut b)?;
        Ok(Some(b.finish()))
    }
    pub fn bytes(&self) -> usize {
        match_slots!(self, v, D => v.capacity() * size_of_val(&v[..v.len().min(1)]).max(1), match self {
            Slots::Bytes(v, bytes) => v.capacity() * 16 + bytes,
            Slots::Rows(v, bytes) => v.capacity() * size_of::<Option<Column>>() + bytes + v.len() * 64,
            _ => 0,
        })
    }
}

fn set_bytes(slot: &mut Box<[u8]>, bytes: &mut usize, value: &[u8]) {
    if slot.len() == value.len() {
        slot.copy_from_slice(value);
    } else {
        // an allocation rounds up and has a header; 16 bytes is what the common allocators take
        *bytes += value.len() + 16;
        *bytes -= if slot.is_empty() { 0 } else { slot.len() + 16 };
        if value.is_empty() {
            *bytes -= 16;
        }
        *slot = value.into();
    }
}
