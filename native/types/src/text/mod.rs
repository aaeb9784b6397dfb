//! Values as text: what `toString`, CAST and every text format write and read.
//!
//! A `Codec` is made once for a type and options (zones looked up, enums at hand), then writes and
//! reads rows in the five forms that ClickHouse has: plain text (no quotes at the top), quoted
//! (SQL literals), TSV, CSV and JSON. Inside arrays, tuples and maps text is always quoted.

pub mod best_effort;
mod clock;
mod cursor;
pub mod escape;
mod json;
pub mod net;
pub mod number;
mod options;
mod read;
pub mod time;
mod write;

pub use write::NULL_TEXT;

pub use cursor::{Cursor, clip};
pub use json::skip_json;
pub use options::{JsonOptions, TextOptions, bool_setting};

use crate::tz::TimeZone;
use crate::{Column, ColumnBuilder, EnumDef, IntervalKind, Result, Type};
use std::sync::Arc;

/// Writes and reads the values of one type.
#[derive(Clone)]
pub struct Codec {
    pub kind: Kind,
    pub nullable: bool,
    /// a state of an aggregate function: its bytes stand in quotes, nothing else is one
    pub state: bool,
    pub options: Arc<TextOptions>,
}

/// A type as its text sees it.
#[derive(Clone)]
pub enum Kind {
    Nothing,
    Bool,
    /// any integer; the name is for messages
    Int(&'static str),
    Float,
    /// precision, scale
    Decimal(u8, u8),
    String,
    FixedString(usize),
    Date,
    Date32,
    DateTime(Arc<TimeZone>),
    DateTime64(u8, Arc<TimeZone>),
    Enum(Arc<EnumDef>),
    Uuid,
    Ipv4,
    Ipv6,
    Interval(IntervalKind),
    Array(Box<Codec>),
    /// names are empty for an unnamed tuple
    Tuple(Vec<(Arc<str>, Codec)>),
    Map(Box<(Codec, Codec)>),
}

impl Codec {
    /// Errors: `BAD_ARGUMENTS` for an unknown time zone.
    pub fn new(ty: &Type, options: &Arc<TextOptions>) -> Result<Codec> {
        let zone = |name: &Option<Arc<str>>| {
            name.as_ref().map_or_else(|| Ok(options.zone.clone()), |n| TimeZone::get(n))
        };
        let of = |t: &Type| Codec::new(t, options);
        let kind = match ty {
            Type::Nullable(t) => return Ok(Codec { nullable: true, ..of(t)? }),
            Type::LowCardinality(t) => return of(t),
            Type::SimpleAggregateFunction(a) => return of(a.args.first().unwrap_or(&Type::Nothing)),
            Type::Nothing | Type::Function => Kind::Nothing,
            Type::Bool => Kind::Bool,
            Type::UInt8 => Kind::Int("UInt8"),
            Type::UInt16 => Kind::Int("UInt16"),
            Type::UInt32 => Kind::Int("UInt32"),
            Type::UInt64 => Kind::Int("UInt64"),
            Type::UInt128 => Kind::Int("UInt128"),
            Type::UInt256 => Kind::Int("UInt256"),
            Type::Int8 => Kind::Int("Int8"),
            Type::Int16 => Kind::Int("Int16"),
            Type::Int32 => Kind::Int("Int32"),
            Type::Int64 => Kind::Int("Int64"),
            Type::Int128 => Kind::Int("Int128"),
            Type::Int256 => Kind::Int("Int256"),
            Type::BFloat16 | Type::Float32 | Type::Float64 => Kind::Float,
            Type::Decimal(p, s) => Kind::Decimal(*p, *s),
            Type::String | Type::AggregateFunction(_) => Kind::String,
            Type::FixedString(n) => Kind::FixedString(*n as usize),
            Type::Date => Kind::Date,
            Type::Date32 => Kind::Date32,
            Type::DateTime(tz) => Kind::DateTime(zone(tz)?),
            Type::DateTime64(s, tz) => Kind::DateTime64(*s, zone(tz)?),
            Type::Enum8(e) | Type::Enum16(e) => Kind::Enum(e.clone()),
            Type::Uuid => Kind::Uuid,
            Type::Ipv4 => Kind::Ipv4,
            Type::Ipv6 => Kind::Ipv6,
            Type::Interval(k) => Kind::Interval(*k),
            Type::Array(t) => Kind::Array(Box::new(of(t)?)),
            Type::Tuple(es) => {
                Kind::Tuple(es.iter().map(|(n, t)| Ok((n.clone(), of(t)?))).collect::<Result<_>>()?)
            }
            Type::Map(kv) => Kind::Map(Box::new((of(&kv.0)?, of(&kv.1)?))),
        };
        let state = matches!(ty, Type::AggregateFunction(_));
        Ok(Codec { kind, nullable: false, state, options: options.clone() })
    }

    /// True for types whose text form stands in quotes (strings, dates, UUIDs, …).
    pub fn is_quoted(&self) -> bool {
        matches!(
            self.kind,
            Kind::String
                | Kind::FixedString(_)
                | Kind::Date
                | Kind::Date32
                | Kind::DateTime(_)
                | Kind::DateTime64(..)
                | Kind::Enum(_)
                | Kind::Uuid
                | Kind::Ipv4
                | Kind::Ipv6
        )
    }
    pub fn is_nested(&self) -> bool {
        matches!(self.kind, Kind::Array(_) | Kind::Tuple(_) | Kind::Map(_))
    }
}

/// The text of one value with default options (UTC): for messages, statistics and tests.
pub fn write_text(col: &Column, row: usize, ty: &Type, out: &mut Vec<u8>) -> Result<()> {
    Codec::new(ty, &Arc::default())?.write_text(col, row, out);
    Ok(())
}

/// Reads one whole text with default options (UTC).
pub fn parse_text(ty: &Type, text: &[u8], out: &mut ColumnBuilder) -> Result<()> {
    Codec::new(ty, &Arc::default())?.parse_text(text, out)
}
