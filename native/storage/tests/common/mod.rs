//! Random columns of every type, and a place for files.

#![allow(dead_code)]

use files::{Files, RealFiles};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use types::compare::mix;
use types::parse::parse_type;
use types::{Batch, Column, ColumnBuilder, Scalar, Type};

/// A sequence of random numbers that depends on its seed only.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Random(seed)
    }
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(1);
        mix(self.0, 0x5eed)
    }
    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }
    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// A directory of its own, removed when dropped.
pub struct Dir(std::path::PathBuf, pub Arc<dyn Files>);

impl Dir {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name =
            format!("colonnade-storage-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        let files = RealFiles::open(&path).unwrap();
        Dir(path, Arc::new(files))
    }
}
impl Drop for Dir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub const TYPES: &[&str] = &[
    "Bool",
    "UInt8",
    "UInt16",
    "UInt32",
    "UInt64",
    "UInt128",
    "UInt256",
    "Int8",
    "Int16",
    "Int32",
    "Int64",
    "Int128",
    "Int256",
    "Float32",
    "Float64",
    "Decimal(9, 2)",
    "Decimal(18, 4)",
    "Decimal(38, 10)",
    "Decimal(76, 20)",
    "String",
    "FixedString(5)",
    "Date",
    "Date32",
    "DateTime",
    "DateTime64(3, 'UTC')",
    "Enum8('a' = -3, 'b' = 7)",
    "UUID",
    "IPv4",
    "IPv6",
    "LowCardinality(String)",
    "LowCardinality(Nullable(String))",
    "Nullable(Int32)",
    "Nullable(UInt64)",
    "Nullable(Float64)",
    "Nullable(String)",
    "Nullable(FixedString(3))",
    "Nullable(Int128)",
    "Array(UInt16)",
    "Array(Nullable(String))",
    "Array(Array(Int64))",
    "Map(String, Nullable(Float64))",
    "Tuple(a Int8, b String, c Array(Nullable(Int32)))",
];

pub fn ty(text: &str) -> Type {
    parse_type(text).unwrap()
}

/// How values are distributed: each shape makes other encodings win.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    Random,
    Small,
    Sorted,
    Constant,
    Sparse,
    Runs,
    FewWide,
    Outliers,
}

pub const SHAPES: &[Shape] = &[
    Shape::Random,
    Shape::Small,
    Shape::Sorted,
    Shape::Constant,
    Shape::Sparse,
    Shape::Runs,
    Shape::FewWide,
    Shape::Outliers,
];

fn bits(r: &mut Random, shape: Shape, i: usize) -> u64 {
    match shape {
        Shape::Random => r.next() >> r.below(60),
        Shape::Small => r.below(50),
        Shape::Sorted => 1_372_636_800 + i as u64 * 3 + r.below(3),
        Shape::Constant => 42,
        Shape::Sparse => {
            if r.chance(3) {
                r.next() >> 40
            } else {
                0
            }
        }
        Shape::Runs => mix(i as u64 / 90, 1) >> 20,
        Shape::FewWide => mix(r.below(200), 2),
        Shape::Outliers => {
            if i % 97 == 5 {
                r.next()
            } else {
                r.below(100)
            }
        }
    }
}

pub fn value(r: &mut Random, ty: &Type, shape: Shape, i: usize) -> Scalar {
    if ty.is_nullable() && r.chance(15) {
        return Scalar::Null;
    }
    match ty {
        Type::Nullable(t) | Type::LowCardinality(t) => return value(r, t, shape, i),
        _ => {}
    }
    let b = bits(r, shape, i);
    match ty {
        Type::Float32 | Type::Float64 => Scalar::Float(match (shape, r.below(40)) {
            (Shape::Random, 0) => f64::NAN,
            (Shape::Random, 1) => -0.0,
            (Shape::Random, 2) => f64::INFINITY,
            (Shape::Random, 3) => f64::NEG_INFINITY,
            (Shape::Random, _) => f64::from_bits(b),
            _ => b as i64 as f64 / 100.0,
        }),
        Type::String => {
            let n = if matches!(shape, Shape::Random) { r.below(30) } else { 8 };
            if b == 0 {
                return Scalar::Bytes(Vec::new());
            }
            let mut s = format!("http://host{}/{:x}", b % 7, b).into_bytes();
            if matches!(shape, Shape::Random) {
                s = (0..n).map(|_| r.next() as u8).collect();
            }
            Scalar::Bytes(s)
        }
        Type::FixedString(w) => {
            Scalar::Bytes(b.to_le_bytes().into_iter().cycle().take(*w as usize).collect())
        }
        Type::Array(t) => {
            let n = if matches!(shape, Shape::Random) { r.below(9) } else { b % 3 };
            Scalar::Array((0..n).map(|_| value(r, t, shape, i)).collect())
        }
        Type::Map(kv) => {
            let t = Type::map_entry(kv);
            Scalar::Array((0..b % 4).map(|_| value(r, &t, shape, i)).collect())
        }
        Type::Tuple(ts) => Scalar::Tuple(ts.iter().map(|t| value(r, &t.1, shape, i)).collect()),
        Type::Bool => Scalar::Int((b & 1).into()),
        _ => {
            let wide = i128::from(b as i64) * if matches!(shape, Shape::Random) { 1 << 50 } else { 1 };
            let wide = if r.chance(50) && matches!(shape, Shape::Random) { -wide } else { wide };
            Scalar::Int(wide)
        }
    }
}

pub fn column(r: &mut Random, ty: &Type, shape: Shape, rows: usize) -> Column {
    let mut b = ColumnBuilder::new(ty);
    for i in 0..rows {
        b.push_scalar(&value(r, ty, shape, i));
    }
    b.finish()
}

/// Scalars that are the same bits: NaN equals NaN, −0 differs from 0.
pub fn same(a: &Scalar, b: &Scalar) -> bool {
    match (a, b) {
        (Scalar::Float(x), Scalar::Float(y)) => x.to_bits() == y.to_bits() || (x.is_nan() && y.is_nan()),
        (Scalar::Array(x), Scalar::Array(y)) | (Scalar::Tuple(x), Scalar::Tuple(y)) => {
            x.len() == y.len() && x.iter().zip(y).all(|(a, b)| same(a, b))
        }
        _ => a == b,
    }
}

#[allow(dead_code)]
pub fn same_columns(a: &Column, b: &Column) {
    assert_eq!(a.len(), b.len());
    for i in 0..a.len() {
        let (x, y) = (a.scalar(i), b.scalar(i));
        assert!(same(&x, &y), "row {i}: {x:?} became {y:?}");
    }
}

#[allow(dead_code)]
pub fn batch(columns: Vec<Column>) -> Batch {
    let rows = columns.first().map_or(0, Column::len);
    Batch::new(columns, rows)
}
