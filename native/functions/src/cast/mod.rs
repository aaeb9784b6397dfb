//! Conversion between any two types: CAST, to*, accurateCast*.

mod define;
mod nested;
mod number;
mod time;

pub use define::{DEFS, text_options};

use crate::args::{StrOut, check_bytes, i64s, strs};
use crate::call::without_nulls;
use crate::session::Session;
use std::sync::Arc;
use types::codes::{
    ATTEMPT_TO_READ_AFTER_EOF,    CANNOT_CONVERT_TYPE, CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN, MEMORY_LIMIT_EXCEEDED, TOO_LARGE_STRING_SIZE, UNKNOWN_ELEMENT_OF_ENUM,
};
use types::text::time::DateTimeInput;
use types::text::{Codec, TextOptions};
use types::{Bitmap, Column, ColumnBuilder, Data, EnumDef, Error, Result, Type};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CastMode {
    /// CAST: integers wrap, floats are cut; text must parse (into a Nullable type: else NULL)
    Sql,
    /// to*(): as CAST, but text that does not parse is an error even for a Nullable type
    Function,
    /// a value that the type cannot hold exactly is an error
    Accurate,
    /// …is NULL
    AccurateOrNull,
    /// text that does not parse is NULL
    OrNull,
    /// text that does not parse is the type's default
    OrZero,
}

impl CastMode {
    fn accurate(self) -> bool {
        matches!(self, CastMode::Accurate | CastMode::AccurateOrNull)
    }
    fn or_null(self) -> bool {
        matches!(self, CastMode::AccurateOrNull | CastMode::OrNull)
    }
}

/// What a conversion needs besides types.
pub(crate) struct Caster<'a> {
    pub mode: CastMode,
    pub session: &'a Session,
    pub text: Arc<TextOptions>,
}

/// A value of a nested type from its text, also of those that CAST does not read. Errors:
/// `CANNOT_PARSE_INPUT_ASSERTION_FAILED` and those of its elements.
pub fn read_nested(text: &[u8], to: &Type, session: &Session) -> Result<Column> {
    let mut b = ColumnBuilder::new(to);
    Codec::new(to, &text_options(session)?)?.parse_text(text, &mut b)?;
    Ok(b.finish())
}

/// Converts a column of type `from` to type `to` (with `OrNull` modes to its Nullable form).
/// Errors: `CANNOT_CONVERT_TYPE`, parse errors, `DECIMAL_OVERFLOW`, ….
pub fn cast(col: &Column, from: &Type, to: &Type, mode: CastMode, session: &Session) -> Result<Column> {
    if from == to {
        return Ok(col.clone());
    }
    let text = text_options(session)?;
    Caster { mode, session, text }.any(col, from, to)
}

impl Caster<'_> {
    /// Peels constants, codes, LowCardinality and Nullable, then converts.
    pub fn any(&self, col: &Column, from: &Type, to: &Type) -> Result<Column> {
        if from == to && !matches!(from, Type::LowCardinality(_)) {
            return Ok(col.clone());
        }
        match &col.data {
            Data::Const(one, n) => return Ok(Column::constant(self.any(one, from, to)?.flat(), *n)),
            Data::Codes(codes, dict) if dict.len() <= codes.len() => {
                let values = self.any(&dict.values, from, to)?.flat();
                let mut out = values.gather(codes);
                if let Some(n) = &col.nulls {
                    if !to.is_nullable() {
                        return Err(null_error(to));
                    }
                    let mut mask = n.as_ref().clone();
                    if let Some(own) = &out.nulls {
                        mask.or_with(own);
                    }
                    out.nulls = Some(Arc::new(mask));
                }
                return Ok(out);
            }
            Data::Codes(..) => return self.any(&col.flat(), from, to),
            _ => {}
        }
        match (from, to) {
            (Type::LowCardinality(f), t) => return self.any(col, f, t),
            (f, Type::LowCardinality(t)) => return self.any(col, f, t),
            (Type::SimpleAggregateFunction(f), t) => return self.any(col, f.args.first().unwrap_or(&Type::Nothing), t),
            (f, Type::SimpleAggregateFunction(t)) => return self.any(col, f, t.args.first().unwrap_or(&Type::Nothing)),
            _ => {}
        }
        let (inner_from, inner_to) = (strip_nullable(from), strip_nullable(to));
        let rows = col.len();
        if *inner_from == Type::Nothing {
            if to.is_nullable() || self.mode.or_null() {
                return Ok(Column::null_of(inner_to, rows));
            }
            if rows > 0 && from.is_nullable() {
                return Err(Error::new(CANNOT_CONVERT_TYPE, format!("Cannot convert NULL value to non-Nullable type {to}")));
            }
            return Ok(Column::default_of(to, rows));
        }
        let Some(nulls) = col.nulls.as_ref().filter(|n| n.any()) else {
            return self.plain(col, inner_from, inner_to, to.is_nullable());
        };
        if !to.is_nullable() && !self.mode.or_null() {
            return Err(null_error(to));
        }
        // Only the rows that have a value are converted: what lies under a NULL need not parse.
        let kept = nulls.not().ones();
        if kept.is_empty() {
            return Ok(Column::null_of(inner_to, rows));
        }
        let part = self.plain(&without_nulls(&col.gather(&kept)), inner_from, inner_to, to.is_nullable())?.flat();
        let mut at = vec![0u32; rows];
        for (k, &row) in kept.iter().enumerate() {
            at[row as usize] = k as u32;
        }
        let mut out = part.gather(&at);
        let mut mask = nulls.as_ref().clone();
        if let Some(own) = &out.nulls {
            mask.or_with(own);
        }
        out.nulls = Some(Arc::new(mask));
        Ok(out)
    }

    /// Types without Nullable and LowCardinality at the top, a flat column without NULLs.
    fn plain(&self, col: &Column, from: &Type, to: &Type, nullable: bool) -> Result<Column> {
        if from == to {
            return Ok(col.clone());
        }
        match (from, to) {
            (Type::String | Type::FixedString(_), Type::String | Type::FixedString(_)) => self.bytes(col, from, to),
            (Type::String | Type::FixedString(_), Type::Map(_)) => {
                Err(Error::new(types::codes::TYPE_MISMATCH, format!("Unsupported types to CAST AS Map: {from} to {to}")))
            }
            (Type::String | Type::FixedString(_), _) => self.parse(col, from, to, nullable),
            (_, Type::String) => self.write(col, from),
            (Type::Enum8(_) | Type::Enum16(_), Type::FixedString(_)) => self.bytes(&self.write(col, from)?, &Type::String, to),
            (_, Type::FixedString(_)) => Err(Error::not_implemented("CAST AS FixedString is only implemented for types String and FixedString: convert with toString first")),
            (_, Type::Array(_) | Type::Tuple(_) | Type::Map(_)) => self.nested(col, from, to),
            (Type::Array(_) | Type::Tuple(_) | Type::Map(_), _) => Err(Error::illegal_type(format!("Illegal type {from} of a value that is to be {to}"))),
            (Type::Enum8(f) | Type::Enum16(f), Type::Enum8(t) | Type::Enum16(t)) => self.enum_to_enum(col, f, t, to),
            (Type::Enum8(_) | Type::Enum16(_), Type::Decimal(..)) => Err(cannot(from, to)),
            (Type::Enum8(_), t) => self.plain(col, &Type::Int8, t, nullable),
            (Type::Enum16(_), t) => self.plain(col, &Type::Int16, t, nullable),
            (f, Type::Enum8(t) | Type::Enum16(t)) if f.is_integer() => self.int_to_enum(col, t, to),
            (f, Type::Enum8(t) | Type::Enum16(t)) if f.is_number() => self.int_to_enum(&self.numbers(col, f, &Type::Int64)?, t, to),
            (Type::Ipv4, Type::Ipv6) => Ok(crate::args::u128_col(i64s_vec(col).iter().map(|v| 0xffff_0000_0000 | (*v as u128)).collect())),
            (Type::Ipv6, Type::Ipv4) => self.ipv6_to_ipv4(col),
            (Type::Ipv4, Type::UInt32 | Type::UInt64 | Type::UInt128 | Type::UInt256) => self.plain(col, &Type::UInt32, to, nullable),
            (Type::UInt8 | Type::UInt16 | Type::UInt32 | Type::UInt64, Type::Ipv4) => self.plain(col, from, &Type::UInt32, nullable),
            (Type::Ipv6, Type::UInt128) | (Type::UInt128, Type::Ipv6) => Ok(col.clone()),
            (Type::Uuid, Type::UInt128) => {
                let Data::U128(v) = &col.data else { return Err(Error::internal("UUIDs expected")) };
                Ok(crate::args::u128_col(v.iter().map(|x| types::text::net::uuid_halves(*x)).collect()))
            }
            (Type::Uuid | Type::Ipv4 | Type::Ipv6, t) | (t, Type::Uuid | Type::Ipv4 | Type::Ipv6) if !matches!(t, Type::Enum8(_) | Type::Enum16(_)) => {
                Err(Error::not_implemented(format!("Conversion from {from} to {to} is not supported. Probably a text is not in quotes")))
            }
            (Type::Interval(_), Type::Date) => self.wrapped(col, &Type::UInt16),
            (Type::Interval(_), Type::Date32) => self.wrapped(col, &Type::Int32),
            (Type::Interval(_), Type::DateTime(_)) => self.wrapped(col, &Type::UInt32),
            (Type::Interval(f), Type::Interval(t)) => Ok(time::interval(col, *f, *t)),
            (Type::Interval(_), t) if t.is_number() && !t.is_decimal() => self.wrapped(col, t),
            (f, Type::Interval(_)) if f.is_decimal() => Err(Error::illegal_type(format!("Illegal type {f} of a value that is to be an {to}: convert it to an integer first"))),
            (f, Type::Interval(_)) if f.is_number() => self.plain(col, f, &Type::Int64, nullable),
            (f @ (Type::Date | Type::Date32 | Type::DateTime(_)), t) | (f, t @ (Type::Date | Type::Date32 | Type::DateTime(_))) if f.is_decimal() || t.is_decimal() => {
                Err(Error::new(types::codes::ILLEGAL_COLUMN, format!("Illegal column {f} of a conversion to {t}: convert it to an integer first")))
            }
            (f, t) if f.is_date_or_time() || t.is_date_or_time() => self.times(col, f, t),
            (f, t) if f.is_number() && t.is_number() => self.numbers(col, f, t),
            (f, t) => Err(cannot(f, t)),
        }
    }

    /// The number of an interval, wrapped in every mode.
    fn wrapped(&self, col: &Column, to: &Type) -> Result<Column> {
        Caster { mode: CastMode::Sql, session: self.session, text: self.text.clone() }.numbers(col, &Type::Int64, to)
    }

    fn bytes(&self, col: &Column, from: &Type, to: &Type) -> Result<Column> {
        let rows = col.len();
        let s = strs(col);
        let Type::FixedString(width) = to else {
            let mut out = StrOut::new(rows, s.total(rows));
            for i in 0..rows {
                out.push(if matches!(from, Type::FixedString(_)) { trim_zeros(s.at(i)) } else { s.at(i) });
            }
            return Ok(out.column());
        };
        let width = *width as usize;
        check_bytes("toFixedString", width.saturating_mul(rows))?;
        let mut b = ColumnBuilder::with_capacity(to, rows);
        let mut bad = Bitmap::new(if self.mode.or_null() { rows } else { 0 }, false);
        for i in 0..rows {
            let mut v = s.at(i);
            if matches!(from, Type::FixedString(_)) && v.len() > width {
                v = trim_zeros(v);
            }
            if v.len() > width {
                if self.mode.or_null() {
                    bad.set(i, true);
                } else if self.mode != CastMode::OrZero {
                    return Err(Error::new(TOO_LARGE_STRING_SIZE, format!("String of {} bytes is too long for {to}", v.len())));
                }
                v = &[];
            }
            b.push_bytes(v);
        }
        let out = b.finish();
        Ok(if bad.any() { Column::new(out.data, Some(bad)) } else { out })
    }

    fn parse(&self, col: &Column, from: &Type, to: &Type, nullable: bool) -> Result<Column> {
        let rows = col.len();
        let fixed = matches!(from, Type::FixedString(_));
        if fixed && matches!(to, Type::Ipv6) && matches!(from, Type::FixedString(16)) {
            let s = strs(col);
            return Ok(crate::args::u128_col((0..rows).map(|i| s.at(i).try_into().map_or(0, u128::from_be_bytes)).collect()));
        }
        let codec = self.codec(to)?;
        let s = strs(col);
        let mut b = ColumnBuilder::with_capacity(to, rows);
        let to_null = self.mode.or_null() || (nullable && self.mode == CastMode::Sql);
        let to_default = self.mode == CastMode::OrZero
            || matches!(to, Type::Ipv4 | Type::Ipv6) && self.session.flag("cast_ipv4_ipv6_default_on_conversion_error", false);
        let gentle = matches!(self.mode, CastMode::OrNull | CastMode::OrZero) && matches!(to, Type::DateTime(_) | Type::DateTime64(..));
        let mut bad: Option<Bitmap> = None;
        for i in 0..rows {
            let mut v = if fixed { trim_zeros(s.at(i)) } else { s.at(i) };
            if fixed && v.is_empty() && to.is_integer() {
                v = b"0";
            }
            if v.is_empty() && matches!(to, Type::DateTime64(..)) && to_null {
                b.push_default(1);
                continue;
            }
            let read = if gentle && is_short_number(v) { Err(cannot(from, to)) } else { codec.parse_text(v, &mut b) };
            if let Err(e) = read {
                let at_end = e.message().contains("found the end of the data");
                let e = if matches!(to, Type::Array(_)) && e.message().contains("is left over") {
                    Error::new(types::codes::UNEXPECTED_DATA_AFTER_PARSED_VALUE, e.message())
                } else if matches!(to, Type::Array(_)) && at_end && e.code() == types::codes::CANNOT_READ_ARRAY_FROM_TEXT {
                    Error::new(types::codes::CANNOT_PARSE_INPUT_ASSERTION_FAILED, e.message())
                } else if matches!(to, Type::Array(_) | Type::Tuple(_)) && at_end {
                    Error::new(ATTEMPT_TO_READ_AFTER_EOF, e.message())
                } else if matches!(to, Type::Array(t) if t.is_number()) && e.code() == types::codes::CANNOT_PARSE_TEXT {
                    Error::new(types::codes::CANNOT_READ_ARRAY_FROM_TEXT, e.message())
                } else if matches!(to, Type::Ipv6) && v.iter().filter(|x| **x == b':').count() > 7 {
                    Error::new(types::codes::CANNOT_PARSE_TEXT, e.message())
                } else if v.is_empty() && to.is_float() {
                    Error::new(types::codes::CANNOT_PARSE_NUMBER, format!("Cannot read a floating point value from an empty text as {to}"))
                } else if matches!(to, Type::Date | Type::Date32) && e.message().contains("is left over") {
                    Error::new(types::codes::CANNOT_PARSE_TEXT, e.message())
                } else if v.is_empty() && to.is_number() {
                    Error::new(ATTEMPT_TO_READ_AFTER_EOF, format!("Attempt to read after the end: an empty text is no {to}"))
                } else {
                    e
                };
                if !(to_null || to_default) {
                    return Err(e);
                }
                b.truncate(i);
                push_zero(&mut b, to);
                if to_null {
                    bad.get_or_insert_with(|| Bitmap::new(rows, false)).set(i, true);
                }
            }
        }
        let out = b.finish();
        Ok(match bad {
            Some(mask) => Column::new(out.data, Some(mask)),
            None => out,
        })
    }

    /// The reader of a type, strict where the mode is.
    fn codec(&self, to: &Type) -> Result<Codec> {
        // A conversion checks what is stored, not the digits that the type names.
        if let Type::Decimal(p, s) = to {
            return Codec::new(&Type::Decimal(crate::supertype::class_precision(*p), *s), &self.text);
        }
        if to.is_date_or_time() && matches!(self.mode, CastMode::OrNull | CastMode::OrZero) {
            let options = TextOptions { date_time_input: DateTimeInput::Basic, ..self.text.as_ref().clone() };
            return Codec::new(to, &Arc::new(options));
        }
        let narrow = to.int_bits().is_some_and(|x| x.0 <= 64);
        if narrow && !matches!(self.mode, CastMode::Sql | CastMode::Function) {
            let options = TextOptions { strict: true, ..self.text.as_ref().clone() };
            return Codec::new(to, &Arc::new(options));
        }
        Codec::new(to, &self.text)
    }

    pub fn write(&self, col: &Column, from: &Type) -> Result<Column> {
        let codec = Codec::new(from, &self.text)?;
        let rows = col.len();
        let mut out = StrOut::new(rows, rows * 8);
        for i in 0..rows {
            codec.write_text(col, i, &mut out.bytes);
            out.end_row();
            if out.bytes.len() > crate::args::BYTES_MAX {
                return Err(Error::new(MEMORY_LIMIT_EXCEEDED, "The text of a block of values would take more than 1 GiB"));
            }
        }
        Ok(out.column())
    }

    fn enum_to_enum(&self, col: &Column, from: &EnumDef, to: &EnumDef, ty: &Type) -> Result<Column> {
        let moved = from.entries.iter().find(|(name, value)| to.value_of(name.as_bytes()).is_some_and(|v| v != *value));
        if let Some((name, value)) = moved {
            return Err(Error::new(CANNOT_CONVERT_TYPE, format!("Enum conversion changes the value of element '{name}' from {value}: cast to String first")));
        }
        self.int_to_enum(col, to, ty)
    }

    fn int_to_enum(&self, col: &Column, def: &EnumDef, ty: &Type) -> Result<Column> {
        let v = i64s(col);
        let mut b = ColumnBuilder::with_capacity(ty, col.len());
        for i in 0..col.len() {
            let value = v.at(i);
            if i16::try_from(value).ok().and_then(|x| def.name_of(x)).is_none() {
                return Err(Error::new(UNKNOWN_ELEMENT_OF_ENUM, format!("Unexpected value {value} in enum {ty}")));
            }
            b.push_scalar(&types::Scalar::Int(value.into()));
        }
        Ok(b.finish())
    }

    fn ipv6_to_ipv4(&self, col: &Column) -> Result<Column> {
        let Data::U128(v) = &col.data else { return Err(Error::internal("IPv6 column expected")) };
        let mut out = Vec::with_capacity(v.len());
        let mut bad: Option<Bitmap> = None;
        for (i, x) in v.iter().enumerate() {
            if x >> 32 == 0xffff || x >> 32 == 0 {
                out.push(*x as u32);
                continue;
            }
            if self.mode.or_null() {
                bad.get_or_insert_with(|| Bitmap::new(v.len(), false)).set(i, true);
            } else if self.mode != CastMode::OrZero {
                return Err(Error::new(CANNOT_CONVERT_TYPE, "IPv6 address is not an IPv4-mapped one, so it cannot be converted to IPv4"));
            }
            out.push(0);
        }
        Ok(Column::new(Data::U32(out.into()), bad))
    }
}

fn i64s_vec(c: &Column) -> Vec<i64> {
    let v = i64s(c);
    (0..c.len()).map(|i| v.at(i)).collect()
}

pub(crate) fn cannot(from: &Type, to: &Type) -> Error {
    Error::new(CANNOT_CONVERT_TYPE, format!("Conversion from {from} to {to} is not supported"))
}

fn null_error(to: &Type) -> Error {
    Error::new(
        CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN,
        format!("Cannot convert NULL value to non-Nullable type {to}: use Nullable({to}), or ifNull to replace NULLs"),
    )
}

/// Fewer than five digits before a point: a year or a part of it, no moment.
fn is_short_number(v: &[u8]) -> bool {
    let whole = v.iter().position(|b| *b == b'.').unwrap_or(v.len());
    (1..5).contains(&whole) && v.iter().all(|b| b.is_ascii_digit() || *b == b'.')
}

/// What `…OrZero` gives: the default, which of Date32 is its first day.
fn push_zero(b: &mut ColumnBuilder, to: &Type) {
    match to {
        Type::Date32 => b.push_scalar(&types::Scalar::Int(-25_567)),
        Type::Enum8(e) | Type::Enum16(e) => b.push_scalar(&types::Scalar::Int(e.entries.first().map_or(0, |x| x.1).into())),
        _ => b.push_default(1),
    }
}

pub(crate) fn strip_nullable(t: &Type) -> &Type {
    if let Type::Nullable(i) = t { i } else { t }
}

/// Without the zero bytes at the end.
pub(crate) fn trim_zeros(v: &[u8]) -> &[u8] {
    &v[..v.iter().rposition(|b| *b != 0).map_or(0, |p| p + 1)]
}
