//! Values as bytes: RowBinary's form of one value, and Native's form of a whole column.

mod bytes;
mod column;
mod dictionary;
mod value;

pub use bytes::{Bytes, write_string, write_varuint};
pub use column::{read_column, read_prefix, write_column, write_prefix};
use types::{Error, Result, Type};
pub use value::{read_value, write_value};

/// Errors: `UNKNOWN_ELEMENT_OF_ENUM`; types that are no enum take every number.
fn check_enum(ty: &Type, v: i16) -> Result<()> {
    match ty.base() {
        Type::Enum8(e) | Type::Enum16(e) if e.name_of(v).is_none() => {
            Err(Error::new(types::codes::UNKNOWN_ELEMENT_OF_ENUM, format!("Unknown value {v} of the enum")))
        }
        _ => Ok(()),
    }
}

/// IPv6 lies in network order; numbers and UUIDs low byte first.
fn u128_of(ty: &Type, raw: [u8; 16]) -> u128 {
    match ty {
        Type::Ipv6 => u128::from_be_bytes(raw),
        _ => u128::from_le_bytes(raw),
    }
}
fn bytes_of_u128(ty: &Type, v: u128) -> [u8; 16] {
    match ty {
        Type::Ipv6 => v.to_be_bytes(),
        _ => v.to_le_bytes(),
    }
}
