//! Comparisons between any two types that have an order in common: numbers by value (never rounded),
//! a constant text read as the other side's type, dates with times, tuples and arrays element by element.

mod numbers;
mod scaled;
mod tuples;

use numbers::{fixed, lane};
pub use numbers::numbers;
use tuples::tuples;
use crate::args::{Strs, i256s, strs, u8_col};
use crate::bind::{Bind, Bound, Ctx, bound};
use crate::call::{Arg, Value, resolve, without_nulls};
use crate::cast::{CastMode, cast, trim_zeros};
use crate::def::{FunctionDef, f};
use crate::lanes::zip;
use crate::supertype::common_type;
use crate::with_lane;
use std::cmp::Ordering;
use types::codes::{ATTEMPT_TO_READ_AFTER_EOF, CANNOT_PARSE_BOOL, CANNOT_PARSE_NUMBER, ILLEGAL_TYPE_OF_ARGUMENT, NO_COMMON_TYPE, TYPE_MISMATCH};
use types::compare::compare_rows;
use types::{Bitmap, Column, Data, Error, I256, IntervalKind, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("equals", "equals(a, b)", "1 if equal.", &[("1 = 1.0", "1")], |b| compare(b, Op::Eq)).total(),
    f("notEquals", "notEquals(a, b)", "1 if not equal.", &[("1 != 2", "1")], |b| compare(b, Op::Ne)).total(),
    f("less", "less(a, b)", "1 if a comes before b.", &[("'a' < 'b'", "1")], |b| compare(b, Op::Lt)).total(),
    f("greater", "greater(a, b)", "1 if a comes after b.", &[("2 > 1", "1")], |b| compare(b, Op::Gt)).total(),
    f("lessOrEquals", "lessOrEquals(a, b)", "1 if a comes before b or is equal.", &[("1 <= 1", "1")], |b| compare(b, Op::Le)).total(),
    f("greaterOrEquals", "greaterOrEquals(a, b)", "1 if a comes after b or is equal.", &[("2 >= 1", "1")], |b| compare(b, Op::Ge)).total(),
    f("isDistinctFrom", "isDistinctFrom(a, b)", "1 if not equal, where NULL equals NULL.", &[("isDistinctFrom(1, NULL)", "1")], |b| distinct(b, true)).own_nulls(),
    f("isNotDistinctFrom", "isNotDistinctFrom(a, b)", "1 if equal, where NULL equals NULL; a <=> b.", &[("isNotDistinctFrom(NULL, NULL)", "1")], |b| distinct(b, false)).own_nulls(),
];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Op {
    Eq,
    Ne,
    Lt,
    Gt,
    Le,
    Ge,
}

impl Op {
    fn function(self) -> &'static str {
        match self {
            Op::Eq => "equals",
            Op::Ne => "notEquals",
            Op::Lt => "less",
            Op::Gt => "greater",
            Op::Le => "lessOrEquals",
            Op::Ge => "greaterOrEquals",
        }
    }
    /// The same comparison with its sides exchanged.
    fn swap(self) -> Op {
        match self {
            Op::Lt => Op::Gt,
            Op::Gt => Op::Lt,
            Op::Le => Op::Ge,
            Op::Ge => Op::Le,
            o => o,
        }
    }
    fn of(self, o: Ordering) -> bool {
        match self {
            Op::Eq => o.is_eq(),
            Op::Ne => o.is_ne(),
            Op::Lt => o.is_lt(),
            Op::Gt => o.is_gt(),
            Op::Le => o.is_le(),
            Op::Ge => o.is_ge(),
        }
    }
    /// The answer when NaN is on a side.
    fn of_unordered(self) -> bool {
        self == Op::Ne
    }
}

fn compare(b: &Bind<'_>, op: Op) -> Result<Bound> {
    b.arity(2, 2)?;
    let (ta, tb) = (b.ty(0).clone(), b.ty(1).clone());
    if let Some(i) = (0..2).find(|i| matches!(b.ty(*i), Type::AggregateFunction(_))) {
        return Err(b.illegal(i, "a value: states of aggregate functions have no order"));
    }
    if ta.is_number() && tb.is_number() {
        return bound(Type::UInt8, move |c| numbers(op, c.col(0), &ta, c.col(1), &tb, c.rows));
    }
    match (&ta, &tb) {
        (x, y) if x.is_string() && y.is_string() => bound(Type::UInt8, move |c| Ok(strings(op, c.col(0), c.col(1), c.rows))),
        (Type::Tuple(x), Type::Tuple(y)) => tuples(b, op, x, y),
        (x, y) if x == y => same_type(op, ta),
        (Type::String, y) if !y.is_string() => with_text(b, op.swap(), 0, 1, y.clone()),
        (x, Type::String) => with_text(b, op, 1, 0, x.clone()),
        // different enumerations have their numbers in common
        (Type::Enum8(_) | Type::Enum16(_), Type::Enum8(_) | Type::Enum16(_)) => by_cast(b, op, Type::Int16, Type::Int16),
        (Type::Enum8(_) | Type::Enum16(_), y) if y.is_number() && !y.is_decimal() => by_cast(b, op, Type::Int16, y.clone()),
        (x, Type::Enum8(_) | Type::Enum16(_)) if x.is_number() && !x.is_decimal() => by_cast(b, op, x.clone(), Type::Int16),
        (Type::Interval(_), y) if y.is_number() => by_cast(b, op, Type::Int64, y.clone()),
        (x, Type::Interval(_)) if x.is_number() => by_cast(b, op, x.clone(), Type::Int64),
        (Type::Interval(x), Type::Interval(y)) if in_months(*x) != in_months(*y) => Err(Error::new(
            NO_COMMON_TYPE,
            format!("Cannot compare intervals {ta} and {tb} because the number of days in a month is not fixed: compare dates that are moved by them"),
        )),
        (Type::Interval(_), Type::Interval(_)) => bound(Type::UInt8, move |c| intervals(op, c, &ta, &tb)),
        (Type::Nothing, _) | (_, Type::Nothing) => bound(Type::UInt8, |c| Ok(u8_col(vec![0; c.rows]))),
        (x, y) if comparable(x, y) => by_common(b, op),
        (x, y) if x.is_date_or_time() && y.is_number() || x.is_number() && y.is_date_or_time() => {
            let day = |t: &Type| matches!(t, Type::Date | Type::Date32);
            let whole = |t: &Type| matches!(t, Type::DateTime(_));
            let digits = (whole(x) || whole(y)) && (x.is_decimal() || y.is_decimal());
            if !day(x) && !day(y) && !digits {
                let (l, r) = (stored_integer(x), stored_integer(y));
                return by_reading(op, l, r);
            }
            Err(mismatch(b, op))
        }
        (Type::Ipv4, y) if address_beside(y) => by_reading(op, Type::UInt32, y.clone()),
        (x, Type::Ipv4) if address_beside(x) => by_reading(op, x.clone(), Type::UInt32),
        _ => Err(mismatch(b, op)),
    }
}

/// Integers that an IPv4 address is compared with as the number it is.
fn address_beside(t: &Type) -> bool {
    t.int_bits().is_some_and(|(bits, _)| bits <= 64) || *t == Type::UInt128
}

fn mismatch(b: &Bind<'_>, op: Op) -> Error {
    let [x, y] = [b.raw[0].ty.base(), b.raw[1].ty.base()];
    if x.is_string() != y.is_string() {
        return Error::new(
            NO_COMMON_TYPE,
            format!(
                "There is no supertype for types {x}, {y} because some of them are String and some of them are not; compare with toString() or a cast (function {})",
                op.function()
            ),
        );
    }
    Error::new(
        ILLEGAL_TYPE_OF_ARGUMENT,
        format!("Illegal types of arguments ({}, {}) of function {}: they cannot be compared", b.raw[0].ty, b.raw[1].ty, op.function()),
    )
}

/// Kinds whose least supertype is compared in.
fn comparable(a: &Type, b: &Type) -> bool {
    let dates = a.is_date_or_time() && b.is_date_or_time();
    let ips = matches!((a, b), (Type::Ipv4, Type::Ipv6) | (Type::Ipv6, Type::Ipv4));
    let nested = matches!((a, b), (Type::Array(_), Type::Array(_)) | (Type::Map(_), Type::Map(_)));
    dates || ips || nested
}

/// The integer type that a value of a date or time is stored as.
fn stored_integer(t: &Type) -> Type {
    match t {
        Type::Date => Type::UInt16,
        Type::Date32 => Type::Int32,
        Type::DateTime(_) => Type::UInt32,
        Type::DateTime64(s, _) => Type::Decimal(18, *s),
        t => t.clone(),
    }
}

fn by_reading(op: Op, l: Type, r: Type) -> Result<Bound> {
    bound(Type::UInt8, move |c| numbers(op, c.col(0), &l, c.col(1), &r, c.rows))
}

/// Both sides converted to number types first.
fn by_cast(b: &Bind<'_>, op: Op, l: Type, r: Type) -> Result<Bound> {
    let (ta, tb) = (b.ty(0).clone(), b.ty(1).clone());
    bound(Type::UInt8, move |c| {
        let x = cast(c.col(0), &ta, &l, CastMode::Sql, c.session)?;
        let y = cast(c.col(1), &tb, &r, CastMode::Sql, c.session)?;
        numbers(op, &x, &l, &y, &r, c.rows)
    })
}

fn by_common(b: &Bind<'_>, op: Op) -> Result<Bound> {
    let (ta, tb) = (b.ty(0).clone(), b.ty(1).clone());
    let common = common_type(&[ta.clone(), tb.clone()]).map_err(|_| mismatch(b, op))?;
    // Midnights of days are compared beyond what DateTime holds.
    let day = |t: &Type| matches!(t, Type::Date | Type::Date32);
    let common = match common {
        Type::DateTime(z) if day(&ta) || day(&tb) => Type::DateTime64(0, z),
        t => t,
    };
    let inner = same_type(op, common.clone())?;
    bound(Type::UInt8, move |c| {
        let x = cast(c.col(0), &ta, &common, CastMode::Sql, c.session)?;
        let y = cast(c.col(1), &tb, &common, CastMode::Sql, c.session)?;
        (inner.run)(&Ctx { args: &[Value::Column(&x), Value::Column(&y)], rows: c.rows, session: c.session })
    })
}

fn in_months(kind: IntervalKind) -> bool {
    matches!(kind, IntervalKind::Month | IntervalKind::Quarter | IntervalKind::Year)
}

/// Intervals of days and less, or of months and more, by their lengths.
fn intervals(op: Op, c: &Ctx<'_>, ta: &Type, tb: &Type) -> Result<Column> {
    use IntervalKind as K;
    let size = |t: &Type| -> i128 {
        let Type::Interval(k) = t else { return 1 };
        match k {
            K::Quarter => 3,
            K::Year => 12,
            _ => k.nanos().map_or(1, i128::from),
        }
    };
    let (ka, kb) = (size(ta), size(tb));
    Ok(u8_col(zip::<i64, u8>(c.col(0), c.col(1), c.rows, |x, y| u8::from(op.of((i128::from(x) * ka).cmp(&(i128::from(y) * kb)))))))
}

fn same_type(op: Op, ty: Type) -> Result<Bound> {
    bound(Type::UInt8, move |c| {
        let (x, y) = (c.col(0), c.col(1));
        Ok(with_lane!(&ty, R => lane::<R>(op, x, y, c.rows), {
            u8_col((0..c.rows).map(|i| u8::from(op.of(compare_rows(x, i, y, i)))).collect())
        }))
    })
}

fn enum_value(ty: &Type, name: &[u8]) -> Option<i16> {
    match ty {
        Type::Enum8(d) | Type::Enum16(d) => d.value_in(name),
        _ => None,
    }
}

/// A text against another type: `op` has the other side first.
fn with_text(b: &Bind<'_>, op: Op, text: usize, other: usize, ty: Type) -> Result<Bound> {
    if let Some(one) = b.constant(text) {
        let bytes = one.bytes_at(0).unwrap_or_default();
        if let (Type::Enum8(_) | Type::Enum16(_), None) = (&ty, enum_value(&ty, bytes)) {
            // No value of the Enum is that text.
            let answer = u8::from(op == Op::Ne);
            return bound(Type::UInt8, move |c| Ok(Column::constant(u8_col(vec![answer]), c.rows)));
        }
        let target = match &ty {
            Type::Nothing => return Err(mismatch(b, op)),
            Type::DateTime(z) => Type::DateTime64(if bytes.contains(&b'.') { 9 } else { 0 }, z.clone()),
            Type::Date | Type::Date32 if bytes.len() > 10 => Type::DateTime64(0, None),
            Type::Date => Type::Date32,
            t => t.clone(),
        };
        let source: Column = Column::strings([bytes]);
        let integer = ty.int_bits().filter(|(bits, _)| ty != Type::Bool && *bits < 256);
        let to = if integer.is_some() { Type::Int256 } else { target };
        let read = match &to {
            Type::Map(_) | Type::Tuple(_) => crate::cast::read_nested(bytes, &to, b.session),
            _ => cast(&source, &Type::String, &to, CastMode::Function, b.session),
        };
        let read = read.and_then(|c| match integer {
            Some((_, false)) if i256s(&c).at(0) < I256::ZERO => Err(Error::bad_arguments("it is negative")),
            _ => Ok((c, to)),
        });
        let (value, value_type) = read.map_err(|e| {
            if ty.is_number() {
                let code = match (bytes.is_empty(), &ty) {
                    (_, t) if t.is_float() => CANNOT_PARSE_NUMBER,
                    (true, Type::Bool) => CANNOT_PARSE_BOOL,
                    (true, _) => ATTEMPT_TO_READ_AFTER_EOF,
                    _ => TYPE_MISMATCH,
                };
                Error::new(code, format!("Cannot compare {ty} with '{}': {}", String::from_utf8_lossy(bytes), e.message()))
            } else {
                e
            }
        })?;
        if let Some((bits, signed)) = integer {
            let (v, top) = (i256s(&value).at(0), I256::ONE << u32::from(bits - u16::from(signed)));
            if v >= top || v < -top {
                // No value of the type is that number.
                return bound(Type::UInt8, move |c| Ok(fixed(op == Op::Ne, c.rows)));
            }
        }
        let inner = compare(
            &Bind { name: b.name, args: &[Arg::new(ty.clone()), Arg::constant(value_type.clone(), value.clone())], raw: &[Arg::new(ty), Arg::new(value_type)], session: b.session },
            op,
        )?;
        return bound(Type::UInt8, move |c| {
            let constant = Column::constant(value.clone(), c.rows);
            (inner.run)(&Ctx { args: &[Value::Column(c.col(other)), Value::Column(&constant)], rows: c.rows, session: c.session })
        });
    }
    if matches!(ty, Type::Enum8(_) | Type::Enum16(_) | Type::Uuid | Type::Ipv4 | Type::Ipv6) {
        let enumerated = matches!(ty, Type::Enum8(_) | Type::Enum16(_));
        let (from, to) = if enumerated { (ty.clone(), Type::String) } else { (Type::String, ty.clone()) };
        return bound(Type::UInt8, move |c| {
            if enumerated {
                let names = cast(c.col(other), &from, &to, CastMode::Sql, c.session)?;
                return Ok(strings(op, &names, c.col(text), c.rows));
            }
            let values = cast(c.col(text), &from, &to, CastMode::Sql, c.session)?;
            (same_type(op, to.clone())?.run)(&Ctx { args: &[Value::Column(c.col(other)), Value::Column(&values)], rows: c.rows, session: c.session })
        });
    }
    Err(mismatch(b, op))
}

// ---- numbers ----------------------------------------------------------------------------------

// ---- strings ----------------------------------------------------------------------------------

pub fn strings(op: Op, a: &Column, b: &Column, rows: usize) -> Column {
    let (x, y) = (strs(a), strs(b));
    if let (Strs::Const(_), false) = (&x, matches!(y, Strs::Const(_))) {
        return strings(op.swap(), b, a, rows);
    }
    let padded = is_fixed(a) || is_fixed(b);
    if let (Strs::Str(offsets, bytes), Strs::Const(k), false) = (&x, &y, padded) {
        if k.is_empty() && matches!(op, Op::Eq | Op::Ne) {
            let want = op == Op::Eq;
            return u8_col(offsets.windows(2).map(|w| u8::from((w[0] == w[1]) == want)).collect());
        }
        let row = |w: &[u32]| &bytes[w[0] as usize..w[1] as usize];
        return u8_col(match op {
            Op::Eq => offsets.windows(2).map(|w| u8::from(row(w) == *k)).collect(),
            Op::Ne => offsets.windows(2).map(|w| u8::from(row(w) != *k)).collect(),
            _ => offsets.windows(2).map(|w| u8::from(op.of(row(w).cmp(k)))).collect(),
        });
    }
    if padded {
        return u8_col((0..rows).map(|i| u8::from(op.of(trim_zeros(x.at(i)).cmp(trim_zeros(y.at(i)))))).collect());
    }
    u8_col((0..rows).map(|i| u8::from(op.of(x.at(i).cmp(y.at(i))))).collect())
}

/// Whether zero bytes at the end of its values mean nothing.
fn is_fixed(c: &Column) -> bool {
    match &c.data {
        Data::Const(one, _) => is_fixed(one),
        data => matches!(data, Data::Fixed(_)),
    }
}

// ---- tuples -----------------------------------------------------------------------------------

// ---- with NULL equal to NULL --------------------------------------------------------------------

fn distinct(b: &Bind<'_>, negate: bool) -> Result<Bound> {
    b.arity(2, 2)?;
    let nothing = |i: usize| *b.ty(i).base() == Type::Nothing;
    let call = if nothing(0) || nothing(1) {
        None
    } else {
        let strip = |i: usize| {
            let ty = crate::cast::strip_nullable(b.ty(i)).clone();
            let constant = b.constant(i).map(|c| if c.is_null(0) { Column::default_of(&ty, 1).flat() } else { without_nulls(c) });
            Arg { ty, constant, lambda: false }
        };
        Some(resolve("equals", &[strip(0), strip(1)], b.session)?)
    };
    bound(Type::UInt8, move |c| {
        let (x, y) = (c.col(0), c.col(1));
        let equal = match &call {
            Some(call) => {
                let (p, q) = (without_nulls(x), without_nulls(y));
                crate::args::truths(&call.eval(&[Value::Column(&p), Value::Column(&q)], c.rows, c.session)?)
            }
            None => Bitmap::new(c.rows, false),
        };
        Ok(u8_col(
            (0..c.rows)
                .map(|i| {
                    let same = match (x.is_null(i), y.is_null(i)) {
                        (true, true) => true,
                        (false, false) => equal.get(i),
                        _ => false,
                    };
                    u8::from(same != negate)
                })
                .collect(),
        ))
    })
}
