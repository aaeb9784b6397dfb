//! One value of any type, outside a column: statistics, literals, keys of few rows.

use crate::{I256, U256};
use std::cmp::Ordering;

/// Integers up to 128 bits (dates, times, decimals, enums, UUIDs included) are `Int`/`UInt`;
/// `UInt` only holds values above `i128::MAX`.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    Null,
    Int(i128),
    UInt(u128),
    I256(I256),
    U256(U256),
    Float(f64),
    Bytes(Vec<u8>),
    Array(Vec<Scalar>),
    Tuple(Vec<Scalar>),
}

impl Scalar {
    pub fn from_u128(v: u128) -> Self {
        i128::try_from(v).map_or(Scalar::UInt(v), Scalar::Int)
    }
    pub fn is_null(&self) -> bool {
        matches!(self, Scalar::Null)
    }
    pub fn as_i128(&self) -> Option<i128> {
        match self {
            Scalar::Int(v) => Some(*v),
            Scalar::I256(v) if *v >= I256::from(i128::MIN) && *v <= I256::from(i128::MAX) => {
                Some(v.as_i128())
            }
            Scalar::U256(v) if *v <= U256::from(i128::MAX as u128) => Some(v.as_i128()),
            _ => None,
        }
    }
    pub fn as_i64(&self) -> Option<i64> {
        self.as_i128().and_then(|v| i64::try_from(v).ok())
    }
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Scalar::Int(v) => Some(*v as f64),
            Scalar::UInt(v) => Some(*v as f64),
            Scalar::I256(v) => Some(crate::float::of_i256(*v)),
            Scalar::U256(v) => Some(crate::float::of_u256(*v)),
            Scalar::Float(v) => Some(*v),
            _ => None,
        }
    }
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Scalar::Bytes(b) => Some(b),
            _ => None,
        }
    }
    pub fn as_str(&self) -> Option<&str> {
        self.as_bytes().and_then(|b| std::str::from_utf8(b).ok())
    }
    /// Order of two values of one type: NULL last, NaN after all numbers.
    pub fn compare(&self, other: &Scalar) -> Ordering {
        use Scalar::*;
        match (self, other) {
            (Null, Null) => Ordering::Equal,
            (Null, _) => Ordering::Greater,
            (_, Null) => Ordering::Less,
            (Int(a), Int(b)) => a.cmp(b),
            (UInt(a), UInt(b)) => a.cmp(b),
            (Int(_), UInt(_)) => Ordering::Less,
            (UInt(_), Int(_)) => Ordering::Greater,
            (I256(a), I256(b)) => a.cmp(b),
            (U256(a), U256(b)) => a.cmp(b),
            (Float(a), Float(b)) => a.partial_cmp(b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan())),
            (Bytes(a), Bytes(b)) => a.cmp(b),
            (Array(a), Array(b)) | (Tuple(a), Tuple(b)) => {
                for (x, y) in a.iter().zip(b) {
                    let o = x.compare(y);
                    if o != Ordering::Equal {
                        return o;
                    }
                }
                a.len().cmp(&b.len())
            }
            _ => self.as_f64().partial_cmp(&other.as_f64()).unwrap_or(Ordering::Equal),
        }
    }
}
