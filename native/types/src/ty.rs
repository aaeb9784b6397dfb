//! SQL types and their canonical names (ClickHouse's spelling).

use std::fmt;
use std::sync::Arc;

/// A type. How values lie in a column (`Data`) is in `physical`'s table below.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Type {
    Nothing,
    Bool,
    UInt8,
    UInt16,
    UInt32,
    UInt64,
    UInt128,
    UInt256,
    Int8,
    Int16,
    Int32,
    Int64,
    Int128,
    Int256,
    /// the upper half of a Float32; lies in columns as that Float32
    BFloat16,
    Float32,
    Float64,
    /// precision 1–76, scale ≤ precision; stored in 32/64/128/256 bits by precision 9/18/38/76
    Decimal(u8, u8),
    String,
    FixedString(u32),
    Date,
    Date32,
    /// seconds since epoch; the zone is for display and parsing
    DateTime(Option<Arc<str>>),
    /// ticks of 10^-scale seconds since epoch, scale 0–9
    DateTime64(u8, Option<Arc<str>>),
    Enum8(Arc<EnumDef>),
    Enum16(Arc<EnumDef>),
    Uuid,
    Ipv4,
    Ipv6,
    Interval(IntervalKind),
    Nullable(Arc<Type>),
    LowCardinality(Arc<Type>),
    Array(Arc<Type>),
    /// element names are empty for an unnamed tuple
    Tuple(Arc<[(Arc<str>, Type)]>),
    Map(Arc<(Type, Type)>),
    /// (function with parameters as written, argument types): an intermediate state
    AggregateFunction(Arc<AggregateType>),
    SimpleAggregateFunction(Arc<AggregateType>),
    /// a lambda argument; never stored. Value = result type once known
    Function,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct AggregateType {
    pub name: String,
    /// parameters as literal texts, e.g. `0.9`
    pub params: Vec<String>,
    pub args: Vec<Type>,
}

/// Names and values of an enum, in order of value.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct EnumDef {
    pub entries: Vec<(String, i16)>,
}

impl EnumDef {
    pub fn name_of(&self, value: i16) -> Option<&str> {
        let i = self.entries.binary_search_by_key(&value, |e| e.1).ok()?;
        Some(&self.entries[i].0)
    }
    pub fn value_of(&self, name: &[u8]) -> Option<i16> {
        self.entries.iter().find(|e| e.0.as_bytes() == name).map(|e| e.1)
    }
    /// The value that a text means: an element by its name, else by its number.
    pub fn value_in(&self, text: &[u8]) -> Option<i16> {
        let number = || std::str::from_utf8(text).ok()?.parse().ok().filter(|v| self.name_of(*v).is_some());
        self.value_of(text).or_else(number)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum IntervalKind {
    Nanosecond,
    Microsecond,
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl IntervalKind {
    pub const ALL: [IntervalKind; 11] = [
        Self::Nanosecond,
        Self::Microsecond,
        Self::Millisecond,
        Self::Second,
        Self::Minute,
        Self::Hour,
        Self::Day,
        Self::Week,
        Self::Month,
        Self::Quarter,
        Self::Year,
    ];
    /// Nanoseconds of one, where all are of one length: a day is 24 hours, months and more have no such length.
    pub fn nanos(self) -> Option<i64> {
        Some(match self {
            Self::Nanosecond => 1,
            Self::Microsecond => 1_000,
            Self::Millisecond => 1_000_000,
            Self::Second => 1_000_000_000,
            Self::Minute => 60_000_000_000,
            Self::Hour => 3_600_000_000_000,
            Self::Day => 86_400_000_000_000,
            Self::Week => 604_800_000_000_000,
            Self::Month | Self::Quarter | Self::Year => return None,
        })
    }
    pub fn name(self) -> &'static str {
        match self {
            Self::Nanosecond => "Nanosecond",
            Self::Microsecond => "Microsecond",
            Self::Millisecond => "Millisecond",
            Self::Second => "Second",
            Self::Minute => "Minute",
            Self::Hour => "Hour",
            Self::Day => "Day",
            Self::Week => "Week",
            Self::Month => "Month",
            Self::Quarter => "Quarter",
            Self::Year => "Year",
        }
    }
}

impl Type {
    pub fn nullable(inner: Type) -> Type {
        if inner.can_be_nullable() { Type::Nullable(Arc::new(inner)) } else { inner }
    }
    pub fn array(inner: Type) -> Type {
        Type::Array(Arc::new(inner))
    }
    pub fn low_cardinality(inner: Type) -> Type {
        Type::LowCardinality(Arc::new(inner))
    }
    pub fn tuple(elements: Vec<Type>) -> Type {
        Type::Tuple(elements.into_iter().map(|t| (Arc::from(""), t)).collect())
    }
    pub fn named_tuple(elements: Vec<(&str, Type)>) -> Type {
        Type::Tuple(elements.into_iter().map(|(n, t)| (Arc::from(n), t)).collect())
    }
    pub fn map(key: Type, value: Type) -> Type {
        Type::Map(Arc::new((key, value)))
    }
    /// The tuple that a map's entries are.
    pub fn map_entry(kv: &(Type, Type)) -> Type {
        Type::named_tuple(vec![("keys", kv.0.clone()), ("values", kv.1.clone())])
    }
    pub fn datetime() -> Type {
        Type::DateTime(None)
    }
    pub fn is_nullable(&self) -> bool {
        match self {
            Type::Nullable(_) => true,
            Type::LowCardinality(t) => t.is_nullable(),
            _ => false,
        }
    }
    pub fn can_be_nullable(&self) -> bool {
        !matches!(
            self,
            Type::Nullable(_)
                | Type::LowCardinality(_)
                | Type::Array(_)
                | Type::Map(_)
                | Type::AggregateFunction(_)
                | Type::Function
        )
    }
    /// Without LowCardinality and Nullable around it.
    pub fn base(&self) -> &Type {
        match self {
            Type::Nullable(t) | Type::LowCardinality(t) => t.base(),
            t => t,
        }
    }
    /// Without LowCardinality (at the top), Nullable kept.
    pub fn without_low_cardinality(&self) -> Type {
        match self {
            Type::LowCardinality(t) => t.as_ref().clone(),
            t => t.clone(),
        }
    }
    /// Without LowCardinality at any depth.
    pub fn without_low_cardinality_deep(&self) -> Type {
        match self {
            Type::LowCardinality(t) => t.without_low_cardinality_deep(),
            // its values are those of its type
            Type::SimpleAggregateFunction(a) if !a.args.is_empty() => {
                a.args[0].without_low_cardinality_deep()
            }
            Type::Nullable(t) => Type::Nullable(Arc::new(t.without_low_cardinality_deep())),
            Type::Array(t) => Type::array(t.without_low_cardinality_deep()),
            Type::Map(kv) => {
                Type::map(kv.0.without_low_cardinality_deep(), kv.1.without_low_cardinality_deep())
            }
            Type::Tuple(es) => {
                Type::Tuple(es.iter().map(|(n, t)| (n.clone(), t.without_low_cardinality_deep())).collect())
            }
            t => t.clone(),
        }
    }
    /// The name as `toTypeName` shows it: named tuples over several lines.
    pub fn pretty(&self) -> String {
        self.pretty_at(0)
    }
    fn pretty_at(&self, indent: usize) -> String {
        match self {
            Type::Array(t) => format!("Array({})", t.pretty_at(indent)),
            Type::Map(kv) => format!("Map({}, {})", kv.0.pretty_at(indent), kv.1.pretty_at(indent)),
            Type::Tuple(es) if es.iter().any(|(n, _)| !n.is_empty()) => {
                let inner = indent + 4;
                let lines: Vec<String> = es
                    .iter()
                    .map(|(n, t)| format!("\n{:inner$}{} {}", "", quote_name(n), t.pretty_at(inner)))
                    .collect();
                format!("Tuple({})", lines.join(","))
            }
            Type::Tuple(es) => {
                let parts: Vec<String> = es.iter().map(|(_, t)| t.pretty_at(indent)).collect();
                format!("Tuple({})", parts.join(", "))
            }
            t => t.to_string(),
        }
    }
    pub fn is_integer(&self) -> bool {
        self.int_bits().is_some()
    }
    /// Of up to 64 bits.
    pub fn is_native_integer(&self) -> bool {
        self.int_bits().is_some_and(|(bits, _)| bits <= 64)
    }
    /// (bits, signed) of integers; Bool counts as UInt8.
    pub fn int_bits(&self) -> Option<(u16, bool)> {
        Some(match self {
            Type::Bool | Type::UInt8 => (8, false),
            Type::UInt16 => (16, false),
            Type::UInt32 => (32, false),
            Type::UInt64 => (64, false),
            Type::UInt128 => (128, false),
            Type::UInt256 => (256, false),
            Type::Int8 => (8, true),
            Type::Int16 => (16, true),
            Type::Int32 => (32, true),
            Type::Int64 => (64, true),
            Type::Int128 => (128, true),
            Type::Int256 => (256, true),
            _ => return None,
        })
    }
    pub fn int_of(bits: u16, signed: bool) -> Type {
        match (bits, signed) {
            (8, false) => Type::UInt8,
            (16, false) => Type::UInt16,
            (32, false) => Type::UInt32,
            (64, false) => Type::UInt64,
            (128, false) => Type::UInt128,
            (256, false) => Type::UInt256,
            (8, true) => Type::Int8,
            (16, true) => Type::Int16,
            (32, true) => Type::Int32,
            (64, true) => Type::Int64,
            (128, true) => Type::Int128,
            _ => Type::Int256,
        }
    }
    pub fn is_float(&self) -> bool {
        matches!(self, Type::BFloat16 | Type::Float32 | Type::Float64)
    }
    /// Floats whose values lie in a column as `f32`.
    pub fn is_single(&self) -> bool {
        matches!(self, Type::BFloat16 | Type::Float32)
    }
    pub fn is_decimal(&self) -> bool {
        matches!(self, Type::Decimal(..))
    }
    pub fn is_number(&self) -> bool {
        self.is_integer() || self.is_float() || self.is_decimal()
    }
    pub fn is_string(&self) -> bool {
        matches!(self, Type::String | Type::FixedString(_))
    }
    pub fn is_date_or_time(&self) -> bool {
        matches!(self, Type::Date | Type::Date32 | Type::DateTime(_) | Type::DateTime64(..))
    }
    pub fn time_zone(&self) -> Option<&Arc<str>> {
        match self {
            Type::DateTime(tz) | Type::DateTime64(_, tz) => tz.as_ref(),
            _ => None,
        }
    }
    /// Width in bytes of one value where it is fixed, as it lies in a column.
    pub fn fixed_width(&self) -> Option<usize> {
        Some(match self {
            Type::Bool | Type::UInt8 | Type::Int8 | Type::Enum8(_) => 1,
            Type::UInt16 | Type::Int16 | Type::Enum16(_) | Type::Date => 2,
            Type::UInt32 | Type::Int32 | Type::Date32 | Type::DateTime(_) | Type::Ipv4 => 4,
            Type::BFloat16 | Type::Float32 => 4,
            Type::UInt64 | Type::Int64 | Type::Float64 | Type::DateTime64(..) | Type::Interval(_) => 8,
            Type::UInt128 | Type::Int128 | Type::Uuid | Type::Ipv6 => 16,
            Type::UInt256 | Type::Int256 => 32,
            Type::Decimal(p, _) => decimal_width(*p),
            Type::FixedString(n) => *n as usize,
            _ => return None,
        })
    }
}

/// The most digits that a decimal stored like one of this precision can have.
pub fn decimal_digits(precision: u8) -> u8 {
    match decimal_width(precision) {
        4 => 9,
        8 => 18,
        16 => 38,
        _ => 76,
    }
}

/// Bytes of a decimal of this precision.
pub fn decimal_width(precision: u8) -> usize {
    match precision {
        0..=9 => 4,
        10..=18 => 8,
        19..=38 => 16,
        _ => 32,
    }
}

/// `name` as it must stand in SQL: plain if it is an ordinary identifier, else in backquotes.
pub fn quote_name(name: &str) -> String {
    let plain = name
        .bytes()
        .enumerate()
        .all(|(i, b)| b == b'_' || b.is_ascii_alphabetic() || (i > 0 && b.is_ascii_digit()));
    if plain && !name.is_empty() && !matches!(name, "NULL" | "null" | "inf" | "nan") {
        name.to_string()
    } else {
        format!("`{}`", name.replace('\\', "\\\\").replace('`', "\\`"))
    }
}

fn quote_text(f: &mut fmt::Formatter<'_>, s: &str) -> fmt::Result {
    let mut out = Vec::with_capacity(s.len() + 2);
    crate::text::escape::write_quoted_bytes(s.as_bytes(), &mut out);
    f.write_str(&String::from_utf8_lossy(&out))
}

fn list(f: &mut fmt::Formatter<'_>, name: &str, a: &AggregateType) -> fmt::Result {
    write!(f, "{name}({}", a.name)?;
    if !a.params.is_empty() {
        write!(f, "({})", a.params.join(", "))?;
    }
    for t in &a.args {
        write!(f, ", {t}")?;
    }
    f.write_str(")")
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Decimal(p, s) => write!(f, "Decimal({p}, {s})"),
            Type::FixedString(n) => write!(f, "FixedString({n})"),
            Type::DateTime(Some(tz)) => write!(f, "DateTime('{tz}')"),
            Type::DateTime(None) => f.write_str("DateTime"),
            Type::DateTime64(s, Some(tz)) => write!(f, "DateTime64({s}, '{tz}')"),
            Type::DateTime64(s, None) => write!(f, "DateTime64({s})"),
            Type::Enum8(e) | Type::Enum16(e) => {
                f.write_str(if matches!(self, Type::Enum8(_)) { "Enum8(" } else { "Enum16(" })?;
                for (i, (n, v)) in e.entries.iter().enumerate() {
                    if i > 0 {
                        f.write_str(", ")?;
                    }
                    quote_text(f, n)?;
                    write!(f, " = {v}")?;
                }
                f.write_str(")")
            }
            Type::Uuid => f.write_str("UUID"),
            Type::Ipv4 => f.write_str("IPv4"),
            Type::Ipv6 => f.write_str("IPv6"),
            Type::Interval(k) => write!(f, "Interval{}", k.name()),
            Type::Nullable(t) => write!(f, "Nullable({t})"),
            Type::LowCardinality(t) => write!(f, "LowCardinality({t})"),
            Type::Array(t) => write!(f, "Array({t})"),
            Type::Map(kv) => write!(f, "Map({}, {})", kv.0, kv.1),
            Type::Tuple(es) => {
                f.write_str("Tuple(")?;
                for (i, (n, t)) in es.iter().enumerate() {
                    if i > 0 {
                        f.write_str(", ")?;
                    }
                    if !n.is_empty() {
                        write!(f, "{} ", quote_name(n))?;
                    }
                    write!(f, "{t}")?;
                }
                f.write_str(")")
            }
            Type::AggregateFunction(a) => list(f, "AggregateFunction", a),
            Type::SimpleAggregateFunction(a) => list(f, "SimpleAggregateFunction", a),
            t => fmt::Debug::fmt(t, f),
        }
    }
}
