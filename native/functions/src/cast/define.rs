//! The conversion functions by name.

use super::{CastMode, cast};
use crate::bind::{Bind, Bound, bound};
use crate::def::{FunctionDef, f};
use crate::session::Session;
use std::sync::Arc;
use types::text::time::DateTimeInput;
use types::codes::{ARGUMENT_OUT_OF_BOUND, ILLEGAL_TYPE_OF_ARGUMENT};
use types::parse::parse_type;
use types::text::TextOptions;
use types::{Bitmap, Column, ColumnBuilder, Error, IntervalKind, Result, Type};

/// How values become text in this session.
pub fn text_options(session: &Session) -> Result<Arc<TextOptions>> {
    let mut o = TextOptions::from_settings(&session.settings, session.timezone.clone())?;
    // these two are for what is printed, not for texts that are values
    (o.decimal_point, o.float_digits) = (false, None);
    // Functions read and write the plain forms.
    o.strict = false;
    o.decimal_trailing_zeros = false;
    o.date_time_input = match session.setting("cast_string_to_date_time_mode") {
        Some("basic") => DateTimeInput::Basic,
        Some("best_effort_us") => DateTimeInput::BestEffortUs,
        _ => DateTimeInput::BestEffort,
    };
    o.now = i64::try_from(session.now_ns / 1_000_000_000).unwrap_or(0);
    o.date_time_output = types::text::time::DateTimeOutput::Simple;
    Ok(Arc::new(o))
}

/// One target type in its four functions. `$ty` may use the extra constant arguments.
macro_rules! family {
    ($name:literal, $shown:literal, $example:literal, $text:literal, $ty:expr) => {
        [
            f($name, concat!($name, "(x)"), concat!("Converts to ", $shown, "."), &[($example, $text)], |b| convert(b, $ty, CastMode::Function)).null_within(3),
            f(concat!($name, "OrNull"), concat!($name, "OrNull(x)"), concat!("Converts text to ", $shown, "; NULL if it cannot be read."), &[], |b| convert(b, $ty, CastMode::OrNull)).null_within(3),
            f(concat!($name, "OrZero"), concat!($name, "OrZero(x)"), concat!("Converts text to ", $shown, "; the default if it cannot be read."), &[], |b| convert(b, $ty, CastMode::OrZero)).null_within(3),
            f(concat!($name, "OrDefault"), concat!($name, "OrDefault(x[, default])"), concat!("Converts to ", $shown, "; the given default if that is not possible."), &[], |b| or_default(b, $ty)).own_nulls(),
        ]
    };
}

macro_rules! families {
    ($(($name:literal, $shown:literal, $example:literal, $text:literal, $ty:expr)),* $(,)?) => {
        const FAMILIES: &[[FunctionDef; 4]] = &[$(family!($name, $shown, $example, $text, $ty)),*];
    };
}

families! {
    ("toUInt8", "UInt8", "toUInt8('7')", "7", |_| Ok(Type::UInt8)),
    ("toUInt16", "UInt16", "toUInt16('7')", "7", |_| Ok(Type::UInt16)),
    ("toUInt32", "UInt32", "toUInt32('7')", "7", |_| Ok(Type::UInt32)),
    ("toUInt64", "UInt64", "toUInt64('7')", "7", |_| Ok(Type::UInt64)),
    ("toUInt128", "UInt128", "toUInt128('7')", "7", |_| Ok(Type::UInt128)),
    ("toUInt256", "UInt256", "toUInt256('7')", "7", |_| Ok(Type::UInt256)),
    ("toInt8", "Int8", "toInt8('-7')", "-7", |_| Ok(Type::Int8)),
    ("toInt16", "Int16", "toInt16('-7')", "-7", |_| Ok(Type::Int16)),
    ("toInt32", "Int32", "toInt32('-7')", "-7", |_| Ok(Type::Int32)),
    ("toInt64", "Int64", "toInt64('-7')", "-7", |_| Ok(Type::Int64)),
    ("toInt128", "Int128", "toInt128('-7')", "-7", |_| Ok(Type::Int128)),
    ("toInt256", "Int256", "toInt256('-7')", "-7", |_| Ok(Type::Int256)),
    ("toBFloat16", "BFloat16", "toBFloat16('0.1')", "0.099609375", |_| Ok(Type::BFloat16)),
    ("toFloat32", "Float32", "toFloat32('1.5')", "1.5", |_| Ok(Type::Float32)),
    ("toFloat64", "Float64", "toFloat64('1.5')", "1.5", |_| Ok(Type::Float64)),
    ("toDate", "Date", "toDate('2024-05-17')", "2024-05-17", |_| Ok(Type::Date)),
    ("toDate32", "Date32", "toDate32('1950-05-17')", "1950-05-17", |_| Ok(Type::Date32)),
    ("toDateTime", "DateTime", "toDateTime('2024-05-17 12:00:00')", "2024-05-17 12:00:00", date_time),
    ("toDateTime64", "DateTime64", "toDateTime64('2024-05-17 12:00:00.5', 1)", "2024-05-17 12:00:00.5", |b| Ok(Type::DateTime64(scale(b, 1, 9)?, zone(b, 2)?))),
    ("toDecimal32", "Decimal32", "toDecimal32('1.5', 2)", "1.5", |b| Ok(Type::Decimal(9, scale(b, 1, 9)?))),
    ("toDecimal64", "Decimal64", "toDecimal64('1.5', 2)", "1.5", |b| Ok(Type::Decimal(18, scale(b, 1, 18)?))),
    ("toDecimal128", "Decimal128", "toDecimal128('1.5', 2)", "1.5", |b| Ok(Type::Decimal(38, scale(b, 1, 38)?))),
    ("toDecimal256", "Decimal256", "toDecimal256('1.5', 2)", "1.5", |b| Ok(Type::Decimal(76, scale(b, 1, 76)?))),
    ("toUUID", "UUID", "toUUID('61f0c404-5cb3-11e7-907b-a6006ad3dba0')", "61f0c404-5cb3-11e7-907b-a6006ad3dba0", |_| Ok(Type::Uuid)),
    ("toIPv4", "IPv4", "toIPv4('1.2.3.4')", "1.2.3.4", |_| Ok(Type::Ipv4)),
    ("toIPv6", "IPv6", "toIPv6('::1')", "::1", |_| Ok(Type::Ipv6)),
}

const OTHERS: &[FunctionDef] = &[
    f("CAST", "CAST(x, 'type')", "Converts to a type named by a constant text; also CAST(x AS type) and x::type.", &[("CAST('5' AS UInt8)", "5")], |b| cast_to(b, CastMode::Sql)).ci().own_nulls().own_lc(),
    f("_CAST", "_CAST(x, 'type')", "As CAST; used inside plans.", &[], |b| cast_to(b, CastMode::Sql)).own_nulls().own_lc(),
    f("accurateCast", "accurateCast(x, 'type')", "Converts to a type; a value that it cannot hold is an error.", &[("accurateCast(5, 'Int8')", "5")], |b| cast_to(b, CastMode::Accurate)).own_nulls().own_lc(),
    f("accurateCastOrNull", "accurateCastOrNull(x, 'type')", "Converts to a type; a value that it cannot hold becomes NULL.", &[("accurateCastOrNull(256, 'UInt8')", "NULL")], |b| cast_to(b, CastMode::AccurateOrNull)).own_nulls().own_lc(),
    f("accurateCastOrDefault", "accurateCastOrDefault(x, 'type'[, default])", "Converts to a type; a value that it cannot hold becomes the default.", &[("accurateCastOrDefault(256, 'UInt8', toUInt8(7))", "7")], accurate_or_default).own_nulls().own_lc(),
    f("toString", "toString(x[, zone])", "The text of a value.", &[("toString([1, 2])", "[1,2]")], to_string).null_within(2),
    f("toFixedString", "toFixedString(s, n)", "A text as FixedString(n), filled up with zero bytes.", &[("length(toFixedString('ab', 4))", "4")], |b| convert(b, |b| Ok(Type::FixedString(width(b)?)), CastMode::Function)),
    f("toStringCutToZero", "toStringCutToZero(s)", "The text up to its first zero byte.", &[("toStringCutToZero('ab\\0c')", "ab")], cut_to_zero),
    f("toBool", "toBool(x)", "Converts to Bool.", &[("toBool('true')", "true")], |b| convert(b, |_| Ok(Type::Bool), CastMode::Function)),
    f("DATE", "DATE(x)", "Converts to Date.", &[("DATE('2024-05-17')", "2024-05-17")], |b| convert(b, |_| Ok(Type::Date), CastMode::Function)).ci(),
    f("toDateTime32", "toDateTime32(x[, zone])", "Converts to DateTime.", &[("toDateTime32('2024-05-17 00:00:00')", "2024-05-17 00:00:00")], |b| convert(b, |b| Ok(Type::DateTime(zone(b, 1)?)), CastMode::Function)),
    f("toInterval", "toInterval(n, 'unit')", "An interval of n units.", &[("toInterval(5, 'day')", "5")], to_interval),
    interval("toIntervalNanosecond", |b| to_kind(b, IntervalKind::Nanosecond)),
    interval("toIntervalMicrosecond", |b| to_kind(b, IntervalKind::Microsecond)),
    interval("toIntervalMillisecond", |b| to_kind(b, IntervalKind::Millisecond)),
    interval("toIntervalSecond", |b| to_kind(b, IntervalKind::Second)),
    interval("toIntervalMinute", |b| to_kind(b, IntervalKind::Minute)),
    interval("toIntervalHour", |b| to_kind(b, IntervalKind::Hour)),
    interval("toIntervalDay", |b| to_kind(b, IntervalKind::Day)),
    interval("toIntervalWeek", |b| to_kind(b, IntervalKind::Week)),
    interval("toIntervalMonth", |b| to_kind(b, IntervalKind::Month)),
    interval("toIntervalQuarter", |b| to_kind(b, IntervalKind::Quarter)),
    interval("toIntervalYear", |b| to_kind(b, IntervalKind::Year)),
];

const fn interval(name: &'static str, bind: fn(&Bind<'_>) -> Result<Bound>) -> FunctionDef {
    f(name, "toInterval…(n)", "An interval of n of the units in its name.", &[], bind).null_within(usize::MAX)
}

const COUNT: usize = FAMILIES.len() * 4 + OTHERS.len();

static ALL: [FunctionDef; COUNT] = {
    let mut all = [OTHERS[0]; COUNT];
    let mut i = 0;
    while i < FAMILIES.len() {
        let mut k = 0;
        while k < 4 {
            all[i * 4 + k] = FAMILIES[i][k];
            k += 1;
        }
        i += 1;
    }
    let mut k = 0;
    while k < OTHERS.len() {
        all[FAMILIES.len() * 4 + k] = OTHERS[k];
        k += 1;
    }
    all
};
pub const DEFS: &[FunctionDef] = &ALL;

type Target = fn(&Bind<'_>) -> Result<Type>;

fn zone(b: &Bind<'_>, i: usize) -> Result<Option<Arc<str>>> {
    if b.len() <= i {
        return Ok(None);
    }
    if !b.ty(i).is_string() {
        let default = b.name.ends_with("OrDefault");
        return if default { Ok(None) } else { Err(b.illegal(i, "a constant text with the name of a time zone")) };
    }
    let name = b.const_str(i)?;
    if name.is_empty() || !b.ty(0).is_date_or_time() && matches!(b.name, "toDate" | "toDate32" | "DATE") {
        return Ok(None);
    }
    types::tz::TimeZone::get(name)?;
    Ok(Some(name.into()))
}

/// With a number of digits as second argument toDateTime gives a DateTime64.
fn date_time(b: &Bind<'_>) -> Result<Type> {
    if b.name != "toDateTime" || b.len() < 2 || !b.ty(1).is_integer() {
        return Ok(Type::DateTime(zone(b, 1)?));
    }
    let (digits, zone) = (scale(b, 1, 9)?, zone(b, 2)?);
    Ok(if digits == 0 { Type::DateTime(zone) } else { Type::DateTime64(digits, zone) })
}

fn scale(b: &Bind<'_>, i: usize, max: u8) -> Result<u8> {
    if b.len() == i && (b.name.ends_with("OrNull") || b.name.ends_with("OrZero")) && b.name.starts_with("toDateTime64") {
        return Ok(3);
    }
    b.arity(i + 1, 4)?;
    let s = b.const_int(i)?;
    u8::try_from(s).ok().filter(|s| *s <= max).ok_or_else(|| {
        Error::new(ARGUMENT_OUT_OF_BOUND, format!("Scale {s} of function {} is out of bounds: expected 0 to {max}", b.name))
    })
}

fn width(b: &Bind<'_>) -> Result<u32> {
    b.arity(2, 2)?;
    if !b.ty(0).is_string() {
        return Err(Error::not_implemented("toFixedString is only implemented for types String and FixedString"));
    }
    let n = b.const_int(1)?;
    u32::try_from(n).ok().filter(|n| (1..=0x00ff_ffff).contains(n)).ok_or_else(|| {
        Error::new(ARGUMENT_OUT_OF_BOUND, format!("Width {n} of FixedString is out of bounds"))
    })
}

/// The zone argument of toDate(x, zone) and toString(x, zone) applies to a time given.
fn zoned(b: &Bind<'_>, zone: Option<Arc<str>>) -> Type {
    match (b.ty(0), zone) {
        (Type::DateTime(_), Some(z)) => Type::DateTime(Some(z)),
        (Type::DateTime64(s, _), Some(z)) => Type::DateTime64(*s, Some(z)),
        (t, _) => t.clone(),
    }
}

fn convert(b: &Bind<'_>, target: Target, mode: CastMode) -> Result<Bound> {
    b.arity(1, 3)?;
    let to = target(b)?;
    let extra = match &to {
        Type::DateTime(_) if b.name == "toDateTime" && b.len() > 1 && b.ty(1).is_integer() => 2,
        Type::DateTime64(..) => 2,
        Type::Decimal(..) | Type::DateTime(_) | Type::Date | Type::Date32 | Type::FixedString(_) => 1,
        _ => 0,
    };
    b.arity(1, 1 + extra)?;
    let from = match &to {
        Type::Date | Type::Date32 => zoned(b, zone(b, 1)?),
        _ => b.ty(0).clone(),
    };
    let to = match (&to, &from) {
        // A time keeps its zone when none is asked for.
        (Type::DateTime(None), Type::DateTime(z) | Type::DateTime64(_, z)) => Type::DateTime(z.clone()),
        (Type::DateTime64(s, None), Type::DateTime(z) | Type::DateTime64(_, z)) => Type::DateTime64(*s, z.clone()),
        _ => to,
    };
    let text = from.is_string();
    if matches!(mode, CastMode::OrNull | CastMode::OrZero) {
        if extra == 1 && b.len() > 1 && matches!(to, Type::Date | Type::Date32) {
            b.arity(1, 1)?;
        }
        // Numbers are moments to three of these functions.
        let moment = mode == CastMode::OrNull && matches!(to, Type::Date | Type::DateTime(_) | Type::DateTime64(..)) && from.is_integer();
        if !text && !moment && from != Type::Nothing {
            return Err(b.illegal(0, "String"));
        }
    }
    let mode = match mode {
        CastMode::OrNull if !text => CastMode::AccurateOrNull,
        CastMode::OrZero if !text => CastMode::Function,
        m => m,
    };
    if matches!(to, Type::Uuid) && (from.is_number() || from.is_date_or_time()) {
        return Err(Error::not_implemented(format!("Conversion from {from} to UUID is not supported")));
    }
    if !convertible(&from, &to) {
        return Err(b.illegal(0, &format!("a type that can be converted to {to}")));
    }
    // What a Nullable text does not say is NULL.
    if text && mode == CastMode::Function && to != Type::Bool && b.raw[0].ty.without_low_cardinality().is_nullable() && to.can_be_nullable() {
        let to = Type::nullable(to);
        return bound(to.clone(), move |c| cast(c.col(0), &from, &to, CastMode::Sql, c.session));
    }
    let ty = if b.name.ends_with("OrNull") { Type::nullable(to.clone()) } else { to.clone() };
    bound(ty, move |c| cast(c.col(0), &from, &to, mode, c.session))
}

/// Refuses what no value could be converted from.
fn convertible(from: &Type, to: &Type) -> bool {
    match from {
        Type::Array(_) | Type::Tuple(_) | Type::Map(_) => to.is_string(),
        Type::Uuid => to.is_string() || matches!(to, Type::Uuid | Type::UInt128),
        _ => true,
    }
}

fn or_default(b: &Bind<'_>, target: Target) -> Result<Bound> {
    let most = if b.name.starts_with("toDateTime64") {
        4
    } else if b.name.starts_with("toDecimal") || b.name.starts_with("toDateTime") {
        3
    } else {
        2
    };
    b.arity(1, most)?;
    let to = target(b)?;
    let first_default = match &to {
        Type::DateTime64(..) if b.len() > 2 && b.ty(2).is_string() => 3,
        Type::DateTime64(..) | Type::Decimal(..) => 2,
        Type::DateTime(_) if b.len() > 1 && b.ty(1).is_string() => 2,
        _ => 1,
    };
    let to = kept_nullable(b, to);
    if let Some(given) = b.raw.get(first_default).map(|a| a.ty.without_low_cardinality())
        && !same_kind(&given, &to)
    {
        return Err(Error::bad_arguments(format!("Default value type should be same as cast type. Expected {to}. Actual {given}")));
    }
    replace_failures(b, to, first_default)
}

/// Equal but for zones, and digits that are stored alike.
fn same_kind(a: &Type, b: &Type) -> bool {
    match (a, b) {
        (Type::DateTime(_), Type::DateTime(_)) => true,
        (Type::DateTime64(x, _), Type::DateTime64(y, _)) => x == y,
        (Type::Decimal(p, s), Type::Decimal(q, t)) => s == t && types::ty::decimal_width(*p) == types::ty::decimal_width(*q),
        _ => a == b,
    }
}

fn accurate_or_default(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 3)?;
    let to = kept_nullable(b, parse_type(b.const_str(1)?)?);
    replace_failures(b, to, 2)
}

/// `cast_keep_nullable`: what is made of a Nullable is one too, and NULL stands for what cannot be converted.
fn kept_nullable(b: &Bind<'_>, to: Type) -> Type {
    if b.session.flag("cast_keep_nullable", false) && b.ty(0).is_nullable() { Type::nullable(to) } else { to }
}

fn replace_failures(b: &Bind<'_>, to: Type, default: usize) -> Result<Bound> {
    let from = b.ty(0).clone();
    let default_type = b.args.get(default).map(|a| a.ty.clone());
    bound(to.clone(), move |c| {
        let (source, from) = within(c.col(0), &from, &to);
        let done = match cast(&source, &from, &to, CastMode::AccurateOrNull, c.session) {
            // Between these types nothing can be converted.
            Err(e) if matches!(e.code(), types::codes::CANNOT_CONVERT_TYPE | types::codes::NOT_IMPLEMENTED) => {
                Column::null_of(crate::cast::strip_nullable(&to), c.rows)
            }
            done => done?,
        };
        let Some(nulls) = done.null_mask() else { return Ok(done) };
        let fallback = match &default_type {
            Some(t) => cast(c.col(default), t, &to, CastMode::Sql, c.session)?.flat(),
            None => Column::initial_of(&to, c.rows).flat(),
        };
        Ok(choose(&to, &crate::call::without_nulls(&done.flat()), &fallback, &nulls))
    })
}

/// Days that Date or DateTime ends before or begins after are its last or first one.
fn within(col: &Column, from: &Type, to: &Type) -> (Column, Type) {
    let strip = crate::cast::strip_nullable;
    let last = match strip(to) {
        Type::Date => i64::from(u16::MAX),
        Type::DateTime(_) => i64::from(u32::MAX) / types::tz::DAY - 1,
        _ => return (col.clone(), from.clone()),
    };
    if !matches!(strip(from), Type::Date | Type::Date32) {
        return (col.clone(), from.clone());
    }
    let flat = col.flat();
    let days = crate::args::i64s(&flat);
    let inside = crate::args::i32_col((0..flat.len()).map(|i| days.at(i).clamp(0, last) as i32).collect());
    let ty = if from.is_nullable() { Type::nullable(Type::Date32) } else { Type::Date32 };
    (Column { data: inside.data, nulls: flat.null_mask() }, ty)
}

/// Rows of `b` where the mask is set, else of `a`.
pub fn choose(ty: &Type, a: &Column, b: &Column, mask: &Bitmap) -> Column {
    let rows = mask.len();
    let at: Vec<u32> = (0..rows).map(|i| (if mask.get(i) { rows + i } else { i }) as u32).collect();
    let mut both = ColumnBuilder::with_capacity(ty, rows * 2);
    both.append_column(a);
    both.append_column(b);
    both.finish().gather(&at)
}

fn cast_to(b: &Bind<'_>, mode: CastMode) -> Result<Bound> {
    b.arity(2, 2)?;
    let to = parse_type(b.const_str(1)?)?;
    let from = b.ty(0).clone();
    let ty = match mode {
        CastMode::AccurateOrNull => {
            if matches!(to, Type::Array(_) | Type::Map(_)) {
                return Err(Error::new(ILLEGAL_TYPE_OF_ARGUMENT, format!("Type {to} cannot be inside Nullable, so accurateCastOrNull cannot give it")));
            }
            if to.can_be_nullable() { Type::nullable(to.clone()) } else { to.clone() }
        }
        // The planner gives CAST the type it is to have, as the settings of its subquery say.
        CastMode::Accurate if b.session.flag("cast_keep_nullable", false) && from.is_nullable() => Type::nullable(to.clone()),
        _ => to.clone(),
    };
    let target = ty.clone();
    bound(ty, move |c| cast(c.col(0), &from, &target, mode, c.session))
}

fn to_string(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 2)?;
    if b.len() == 2 && b.constant(1).is_none() && b.ty(1).is_string() && b.ty(0).is_date_or_time() {
        return crate::dates::in_each_zone(b, 1);
    }
    if b.len() == 2 && !b.ty(0).is_date_or_time() {
        b.arity(1, 1)?;
    }
    let from = zoned(b, zone(b, 1)?);
    bound(Type::String, move |c| cast(c.col(0), &from, &Type::String, CastMode::Function, c.session))
}

fn cut_to_zero(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    b.string(0)?;
    bound(Type::String, |c| {
        let s = crate::args::strs(c.col(0));
        crate::args::map_str(c.rows, "toStringCutToZero", |i, out| {
            let v = s.at(i);
            out.extend_from_slice(&v[..memchr::memchr(0, v).unwrap_or(v.len())]);
            Ok(())
        })
    })
}

fn to_kind(b: &Bind<'_>, kind: IntervalKind) -> Result<Bound> {
    b.arity(1, 1)?;
    let from = b.ty(0).clone();
    if matches!(from, Type::Uuid | Type::Ipv4 | Type::Ipv6) {
        return Err(Error::not_implemented(format!("Conversion between numeric types and {from} is not supported")));
    }
    if let Type::DateTime64(..) = from {
        return Err(Error::new(types::codes::CANNOT_CONVERT_TYPE, format!("A {from} cannot become an interval")));
    }
    let whole = from.is_number() && !from.is_decimal() || matches!(from, Type::Enum8(_) | Type::Enum16(_));
    if !(whole || from.is_string() || matches!(from, Type::Date | Type::Date32 | Type::DateTime(_) | Type::Interval(_))) {
        return Err(b.illegal(0, "a number"));
    }
    let to = Type::Interval(kind);
    // What a Nullable text does not say is NULL.
    if from.is_string() && b.raw[0].ty.without_low_cardinality().is_nullable() {
        let number = Type::nullable(Type::Int64);
        return bound(Type::nullable(to), move |c| cast(c.col(0), &from, &number, CastMode::Sql, c.session));
    }
    bound(to, move |c| {
        if from.is_string() || from.is_date_or_time() {
            let n = cast(c.col(0), &from, &Type::Int64, CastMode::Function, c.session)?;
            return Ok(n);
        }
        cast(c.col(0), &from, &Type::Interval(kind), CastMode::Function, c.session)
    })
}

fn to_interval(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 2)?;
    let word = b.const_str(1)?.to_ascii_lowercase();
    let kind = IntervalKind::ALL
        .into_iter()
        .find(|k| k.name().eq_ignore_ascii_case(word.strip_suffix('s').unwrap_or(&word)))
        .ok_or_else(|| Error::bad_arguments(format!("toInterval knows no unit '{word}'")))?;
    to_kind(&Bind { name: b.name, args: &b.args[..1], raw: &b.raw[..1], session: b.session }, kind)
}
