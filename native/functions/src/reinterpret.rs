//! The same bytes read as another type, and functions about decimals' digits.

use crate::args::{StrOut, f64s, i64s, i256s, map_str, strs, u8_col};
use crate::bind::{Bind, Bound, bound};
use crate::decimal::{from_256, overflow, pow10_256, scale_of};
use crate::def::{FunctionDef, f};
use types::bfloat::{bits_column, from_bits};
use types::codes::{CANNOT_PRINT_FLOAT_OR_DOUBLE_NUMBER, ILLEGAL_TYPE_OF_ARGUMENT};
use types::parse::parse_type;
use types::{Column, ColumnBuilder, Error, I256, Result, Type, match_numeric};

pub const DEFS: &[FunctionDef] = &[
    f("reinterpret", "reinterpret(x, 'type')", "The bytes of a value read as a type.", &[("reinterpret(toInt8(-1), 'UInt8')", "255")], |b| { b.arity(2, 2)?; let name = b.const_str(1).map_err(|_| b.illegal(1, "the name of a type, as a constant"))?; let t = parse_type(name)?; to(b, t) }),
    f("reinterpretAsUInt8", "reinterpretAsUInt8(x)", "The bytes of a value read as UInt8.", &[("reinterpretAsUInt8('a')", "97")], |b| as_type(b, Type::UInt8)),
    f("reinterpretAsUInt16", "reinterpretAsUInt16(x)", "The bytes of a value read as UInt16.", &[], |b| as_type(b, Type::UInt16)),
    f("reinterpretAsUInt32", "reinterpretAsUInt32(x)", "The bytes of a value read as UInt32.", &[], |b| as_type(b, Type::UInt32)),
    f("reinterpretAsUInt64", "reinterpretAsUInt64(x)", "The bytes of a value read as UInt64.", &[], |b| as_type(b, Type::UInt64)),
    f("reinterpretAsUInt128", "reinterpretAsUInt128(x)", "The bytes of a value read as UInt128.", &[], |b| as_type(b, Type::UInt128)),
    f("reinterpretAsUInt256", "reinterpretAsUInt256(x)", "The bytes of a value read as UInt256.", &[], |b| as_type(b, Type::UInt256)),
    f("reinterpretAsInt8", "reinterpretAsInt8(x)", "The bytes of a value read as Int8.", &[], |b| as_type(b, Type::Int8)),
    f("reinterpretAsInt16", "reinterpretAsInt16(x)", "The bytes of a value read as Int16.", &[], |b| as_type(b, Type::Int16)),
    f("reinterpretAsInt32", "reinterpretAsInt32(x)", "The bytes of a value read as Int32.", &[], |b| as_type(b, Type::Int32)),
    f("reinterpretAsInt64", "reinterpretAsInt64(x)", "The bytes of a value read as Int64.", &[], |b| as_type(b, Type::Int64)),
    f("reinterpretAsInt128", "reinterpretAsInt128(x)", "The bytes of a value read as Int128.", &[], |b| as_type(b, Type::Int128)),
    f("reinterpretAsInt256", "reinterpretAsInt256(x)", "The bytes of a value read as Int256.", &[], |b| as_type(b, Type::Int256)),
    f("reinterpretAsFloat32", "reinterpretAsFloat32(x)", "The bytes of a value read as Float32.", &[], |b| as_type(b, Type::Float32)),
    f("reinterpretAsFloat64", "reinterpretAsFloat64(x)", "The bytes of a value read as Float64.", &[], |b| as_type(b, Type::Float64)),
    f("reinterpretAsDate", "reinterpretAsDate(x)", "The bytes of a value read as Date.", &[], |b| as_type(b, Type::Date)),
    f("reinterpretAsDateTime", "reinterpretAsDateTime(x)", "The bytes of a value read as DateTime.", &[], |b| as_type(b, Type::DateTime(None))),
    f("reinterpretAsUUID", "reinterpretAsUUID(bytes)", "16 bytes read as UUID.", &[], |b| as_type(b, Type::Uuid)),
    f("reinterpretAsString", "reinterpretAsString(x)", "The bytes of a value without zeros at the end.", &[("reinterpretAsString(97)", "a")], |b| as_type(b, Type::String)),
    f("reinterpretAsFixedString", "reinterpretAsFixedString(x)", "The bytes of a value.", &[], |b| { b.arity(1, 1)?; let n = width_of(b.ty(0)).ok_or_else(|| b.illegal(0, "a type of fixed size"))? as u32; to(b, Type::FixedString(n)) }),
    f("toDecimalString", "toDecimalString(number, digits)", "The number as text with exactly so many digits behind the point.", &[("toDecimalString(1.5, 3)", "1.500")], decimal_text),
    f("divideDecimal", "divideDecimal(a, b[, scale])", "Quotient of two decimals with the larger or the given scale.", &[("divideDecimal(toDecimal64(6, 2), toDecimal64(4, 1))", "1.5")], |b| exact(b, true)),
    f("multiplyDecimal", "multiplyDecimal(a, b[, scale])", "Product of two decimals with the larger or the given scale.", &[("multiplyDecimal(toDecimal64(1.5, 1), toDecimal64(2, 0))", "3")], |b| exact(b, false)),
    f("countDigits", "countDigits(x)", "Number of decimal digits of the stored number.", &[("countDigits(12345)", "5")], |b| digits(b, None)),
    f("isDecimalOverflow", "isDecimalOverflow(d[, precision])", "1 if the decimal has more digits than a precision.", &[("isDecimalOverflow(toDecimal32(1000000000, 0), 9)", "1")], |b| { b.arity(1, 2)?; let Type::Decimal(p, _) = *b.ty(0) else { return Err(b.illegal(0, "Decimal")) }; let p = if b.len() == 2 { b.const_int(1)? as u8 } else { p }; digits(b, Some(p)) }),
    f("bar", "bar(x, min, max[, width])", "A bar of Unicode blocks of a length by the number.", &[("bar(5, 0, 10, 10)", "█████")], bar),
];

fn as_type(b: &Bind<'_>, ty: Type) -> Result<Bound> {
    b.arity(1, 1)?;
    to(b, ty)
}

/// A row's bytes, little-endian.
fn bytes_of(col: &Column, i: usize, out: &mut Vec<u8>) {
    match_numeric!(&col.data, v, W => out.extend_from_slice(&v[i].to_le_bytes()), {
        out.extend_from_slice(strs(col).at(i));
    });
}

/// Bytes of a value as seen from outside.
fn width_of(ty: &Type) -> Option<usize> {
    if *ty == Type::BFloat16 { Some(2) } else { ty.fixed_width() }
}

fn to(b: &Bind<'_>, ty: Type) -> Result<Bound> {
    let from = b.ty(0).clone();
    if let (Type::String, Type::FixedString(_)) = (&from, &ty) {
        return Err(Error::new(ILLEGAL_TYPE_OF_ARGUMENT, "Cannot reinterpret String as FixedString because it has no fixed size: use toFixedString"));
    }
    let plain = |t: &Type| t.fixed_width().is_some() || t.is_string();
    if !plain(&from) || !plain(&ty) {
        return Err(Error::new(ILLEGAL_TYPE_OF_ARGUMENT, format!("Cannot reinterpret {from} as {ty}: both must be numbers, dates, strings, UUIDs or the like")));
    }
    if (ty.is_number() && !ty.is_decimal() || matches!(ty, Type::Date | Type::DateTime(_) | Type::Uuid)) && matches!(from, Type::Date32)
        || ty == Type::Date32 && !from.is_string()
        || ty.is_number() && !ty.is_decimal() && matches!(from, Type::Interval(_) | Type::Enum8(_) | Type::Enum16(_) | Type::Ipv4 | Type::Ipv6) {
        return Err(Error::new(ILLEGAL_TYPE_OF_ARGUMENT, format!("Cannot reinterpret {from} as {ty}: only numbers, dates, times, UUIDs and strings can be")));
    }
    if let (Some(x), Some(y)) = (width_of(&from), width_of(&ty))
        && !from.is_string()
        && matches!(ty, Type::FixedString(_))
        && x > y
    {
        return Err(Error::new(ILLEGAL_TYPE_OF_ARGUMENT, format!("Cannot reinterpret {from} as {ty}: they have different sizes")));
    }
    let kernel = ty.clone();
    bound(ty, move |c| {
        let flat = if from == Type::BFloat16 { bits_column(&c.col(0).flat()) } else { c.col(0).flat() };
        let mut out = ColumnBuilder::with_capacity(&kernel, c.rows);
        let width = width_of(&kernel).unwrap_or(0);
        let mut bytes = Vec::new();
        for i in 0..c.rows {
            bytes.clear();
            bytes_of(&flat, i, &mut bytes);
            if from == Type::Ipv6 {
                bytes.reverse();
            }
            if kernel.is_string() {
                if matches!(kernel, Type::String) && from != Type::String {
                    out.push_bytes(crate::cast::trim_zeros(&bytes));
                } else {
                    out.push_bytes(&bytes);
                }
                continue;
            }
            bytes.resize(width.max(bytes.len()), 0);
            let mut wide = [0u8; 32];
            wide[..width].copy_from_slice(&bytes[..width]);
            push(&kernel, &wide, &mut out);
        }
        Ok(out.finish())
    })
}

fn push(ty: &Type, wide: &[u8; 32], out: &mut ColumnBuilder) {
    use types::builder::Values;
    macro_rules! take { ($v:expr, $t:ty) => {{
        let mut b = [0u8; std::mem::size_of::<$t>()];
        let n = b.len();
        b.copy_from_slice(&wide[..n]);
        $v.push(<$t>::from_le_bytes(b))
    }} }
    match &mut out.values {
        Values::U8(v) => take!(v, u8),
        Values::U16(v) => take!(v, u16),
        Values::U32(v) => take!(v, u32),
        Values::U64(v) => take!(v, u64),
        Values::U128(v) => {
            take!(v, u128);
            if *ty == Type::Ipv6
                && let Some(last) = v.last_mut()
            {
                *last = last.swap_bytes();
            }
        }
        Values::U256(v) => take!(v, types::U256),
        Values::I8(v) => take!(v, i8),
        Values::I16(v) => take!(v, i16),
        Values::I32(v) => take!(v, i32),
        Values::I64(v) => take!(v, i64),
        Values::I128(v) => take!(v, i128),
        Values::I256(v) => take!(v, I256),
        Values::F32(v) if *ty == Type::BFloat16 => v.push(from_bits(u16::from_le_bytes([wide[0], wide[1]]))),
        Values::F32(v) => take!(v, f32),
        Values::F64(v) => take!(v, f64),
        _ => return out.push_default(1),
    }
    out.pushed();
}

fn decimal_text(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 2)?;
    b.number(0)?;
    b.integer(1)?;
    let ty = b.ty(0).clone();
    let max = if ty.is_float() { 60 } else { 77 };
    bound(Type::String, move |c| {
        let n = i64s(c.col(1));
        let floats = ty.is_float().then(|| f64s(c.col(0), &ty));
        let whole = i256s(c.col(0));
        let scale = i64::from(scale_of(&ty));
        map_str(c.rows, "toDecimalString", |i, out| {
            let d = n.at(i);
            if !(0..=max).contains(&d) {
                return Err(Error::new(CANNOT_PRINT_FLOAT_OR_DOUBLE_NUMBER, format!("Number of digits of function toDecimalString must be between 0 and {max}, not {d}")));
            }
            if let Some(v) = &floats {
                out.extend_from_slice(format!("{:.*}", d as usize, v.at(i)).as_bytes());
                return Ok(());
            }
            let v = whole.at(i);
            if d >= scale {
                types::text::number::write_decimal256(v, scale as u8, true, out);
                if scale == 0 && d > 0 {
                    out.push(b'.');
                }
                out.resize(out.len() + (d - scale) as usize, b'0');
                return Ok(());
            }
            // Halves away from zero.
            let k = pow10_256((scale - d) as u32).ok_or_else(|| overflow("toDecimalString"))?;
            let half = k / I256::from(2);
            let rounded = if v < I256::ZERO { (v - half) / k } else { (v + half) / k };
            types::text::number::write_decimal256(rounded, d as u8, true, out);
            Ok(())
        })
    })
}

fn exact(b: &Bind<'_>, divide: bool) -> Result<Bound> {
    b.arity(2, 3)?;
    let (Type::Decimal(..), Type::Decimal(..)) = (b.ty(0), b.ty(1)) else { return Err(b.illegal(0, "Decimal")) };
    let (sa, sb) = (scale_of(b.ty(0)), scale_of(b.ty(1)));
    let scale = if b.len() == 3 { b.const_int(2)?.clamp(0, 76) as u8 } else { sa.max(sb) };
    let ty = Type::Decimal(76, scale);
    bound(ty, move |c| {
        let (x, y) = (i256s(c.col(0)), i256s(c.col(1)));
        let what = || overflow("multiplyDecimal or divideDecimal");
        let shift = |v: I256, by: i32| -> Result<I256> {
            let k = pow10_256(by.unsigned_abs()).ok_or_else(what)?;
            if by >= 0 { v.checked_mul(k).ok_or_else(what) } else { Ok(v / k) }
        };
        // A result has at most 76 digits.
        let bound = pow10_256(76).ok_or_else(what)?;
        let within = |v: I256| if v < bound && v > -bound { Ok(v) } else { Err(what()) };
        let out = (0..c.rows)
            .map(|i| {
                let (p, q) = (x.at(i), y.at(i));
                if divide {
                    if q == I256::ZERO {
                        return Err(crate::decimal::division_by_zero());
                    }
                    return within(shift(p, i32::from(scale) + i32::from(sb) - i32::from(sa))? / q);
                }
                within(shift(p.checked_mul(q).ok_or_else(what)?, i32::from(scale) - i32::from(sa) - i32::from(sb))?)
            })
            .collect::<Result<Vec<_>>>()?;
        from_256(76, out)
    })
}

fn digits(b: &Bind<'_>, limit: Option<u8>) -> Result<Bound> {
    if limit.is_none() {
        b.arity(1, 1)?;
        if !(b.ty(0).is_integer() || b.ty(0).is_decimal()) {
            return Err(b.illegal(0, "an integer or Decimal"));
        }
    }
    bound(Type::UInt8, move |c| {
        let v = i256s(c.col(0));
        Ok(u8_col(
            (0..c.rows)
                .map(|i| {
                    let text = v.at(i).to_string();
                    let n = text.trim_start_matches('-').len() as u8;
                    match limit {
                        Some(p) => u8::from(n > p && v.at(i) != I256::ZERO),
                        None => n,
                    }
                })
                .collect(),
        ))
    })
}

fn bar(b: &Bind<'_>) -> Result<Bound> {
    b.arity(3, 4)?;
    for i in 0..b.len() {
        b.number(i)?;
    }
    let width = if b.len() == 4 { b.const_f64(3)? } else { 80.0 };
    if width.is_nan() {
        return Err(Error::illegal_type("The width of function bar must not be NaN"));
    }
    if !(1.0..=1000.0).contains(&width) {
        return Err(Error::new(types::codes::ARGUMENT_OUT_OF_BOUND, "Width of function bar must be between 1 and 1000"));
    }
    let types = b.types();
    bound(Type::String, move |c| {
        let (x, lo, hi) = (f64s(c.col(0), &types[0]), f64s(c.col(1), &types[1]), f64s(c.col(2), &types[2]));
        let mut out = StrOut::new(c.rows, 0);
        for i in 0..c.rows {
            let (v, l, h) = (x.at(i), lo.at(i), hi.at(i));
            let filled = if v.is_nan() || l.is_nan() || h.is_nan() || v <= l {
                0.0
            } else if v >= h {
                width
            } else {
                (v - l) / (h - l) * width
            };
            if !filled.is_finite() {
                return Err(Error::bad_arguments("The bounds of function bar are too far apart: the width of the bar is no number"));
            }
            let eighths = (filled * 8.0) as usize;
            for _ in 0..eighths / 8 {
                out.bytes.extend_from_slice("█".as_bytes());
            }
            if eighths % 8 > 0 {
                let part = ["▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8 - 1];
                out.bytes.extend_from_slice(part.as_bytes());
            }
            out.end_row();
        }
        out.finish("bar")
    })
}
