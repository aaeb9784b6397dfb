//! Functions that keep the order of one argument, or turn it round, and what has to hold at both ends of a
//! range for nothing in between to be wrapped round.

use crate::expr::{Bound, BoundCall};
use crate::query::Query;
use types::{Scalar, Type};

const DAY: i128 = 86_400;
/// Times of other zones are not quite in the order of their clocks: so far they may be off.
pub(super) const CLOCK_SECONDS: i128 = 26 * 3600;
/// Between these, no function of a time leaves the range of its result.
const TIMES: std::ops::Range<i128> = 400 * DAY..49_000 * DAY;

/// How a function's values follow an argument's.
pub(super) struct Order {
    /// greater arguments give smaller values
    pub falls: bool,
    /// by the clock of a zone that is not UTC
    pub by_clock: bool,
    check: Check,
}

enum Check {
    Nothing,
    /// the value is `argument * factor + offset`
    Linear(i128, i128),
    /// the value is the argument divided by this
    Quotient(i128),
    /// times, of these types, whose value is not later
    Clock(Type, Type),
}

impl Order {
    fn rising(check: Check) -> Order {
        Order { falls: false, by_clock: false, check }
    }

    /// At one end.
    pub fn holds(&self, argument: &Scalar, value: &Scalar) -> bool {
        let exact = |wanted: &dyn Fn(i128) -> Option<i128>| match (argument.as_i128(), value.as_i128()) {
            (Some(a), Some(v)) => wanted(a) == Some(v),
            _ => false,
        };
        match &self.check {
            Check::Nothing => !is_nan(value),
            Check::Linear(factor, offset) => {
                exact(&|a| a.checked_mul(*factor).and_then(|p| p.checked_add(*offset)))
            }
            Check::Quotient(n) => exact(&|a| a.checked_div(*n)),
            Check::Clock(from, to) => match (seconds(argument, from), seconds(value, to)) {
                (Some(a), v) => TIMES.contains(&a) && v.is_none_or(|v| v <= a + CLOCK_SECONDS),
                _ => false,
            },
        }
    }
}

fn is_nan(s: &Scalar) -> bool {
    matches!(s, Scalar::Float(v) if v.is_nan())
}

/// Since 1970; None for what is no time.
fn seconds(s: &Scalar, ty: &Type) -> Option<i128> {
    let v = s.as_i128()?;
    match ty.base() {
        Type::Date | Type::Date32 => Some(v * DAY),
        Type::DateTime(_) => Some(v),
        Type::DateTime64(scale, _) => Some(v.div_euclid(10i128.pow(u32::from(*scale)))),
        _ => None,
    }
}

/// Of a time, rising with it.
const OF_TIMES: [&str; 31] = [
    "toDate",
    "toDate32",
    "toDateTime",
    "toYear",
    "toISOYear",
    "toYYYYMM",
    "toYYYYMMDD",
    "toYYYYMMDDhhmmss",
    "toStartOfYear",
    "toStartOfISOYear",
    "toStartOfQuarter",
    "toStartOfMonth",
    "toStartOfWeek",
    "toMonday",
    "toStartOfDay",
    "toStartOfHour",
    "toStartOfMinute",
    "toStartOfFiveMinutes",
    "toStartOfTenMinutes",
    "toStartOfFifteenMinutes",
    "timeSlot",
    "toStartOfSecond",
    "toStartOfInterval",
    "toUnixTimestamp",
    "toDaysSinceYearZero",
    "toRelativeYearNum",
    "toRelativeQuarterNum",
    "toRelativeMonthNum",
    "toRelativeWeekNum",
    "toRelativeDayNum",
    "toRelativeHourNum",
];

/// Of a number alone, rising with it and rounded in one way.
const OF_NUMBERS: [&str; 7] = ["toFloat64", "toFloat32", "floor", "ceil", "round", "trunc", "sqrt"];

/// The argument whose order the function keeps; the others are constants. None: it is not such a function.
pub(super) fn order_of(c: &BoundCall, query: &Query) -> Option<(usize, Order)> {
    let mut open = c.args.iter().enumerate().filter(|(_, a)| !a.is_const());
    let (at, arg) = open.next().filter(|_| open.next().is_none())?;
    let ty = arg.ty().base();
    let name = c.name.as_str();
    let number = ty.is_integer() || ty.is_float();
    let first = (at == 0).then_some(());
    let order = match name {
        "materialize" | "identity" | "toNullable" => first.map(|()| Order::rising(Check::Nothing)),
        "dateTrunc" if at == 1 && is_time(ty) => Some(of_time(c, at, query)),
        "CAST" | "_CAST" if is_time(c.call.ty().base()) => of_cast(c, at, query),
        _ if OF_TIMES.contains(&name) && is_time(ty) => first.map(|()| of_time(c, at, query)),
        _ if OF_NUMBERS.contains(&name) && number && c.args.len() == 1 => Some(Order::rising(Check::Nothing)),
        "CAST" | "_CAST" => first.and_then(|()| converted(c, ty)),
        _ if is_conversion(name) && c.args.len() == 1 => converted(c, ty),
        "negate" if ty.is_integer() => linear(c, -1, 0),
        "plus" | "minus" | "multiply" | "divide" | "intDiv" if c.args.len() == 2 => arithmetic(c, at, ty),
        _ => None,
    };
    order.map(|o| (at, o))
}

fn is_time(t: &Type) -> bool {
    matches!(t, Type::Date | Type::Date32 | Type::DateTime(_) | Type::DateTime64(..))
}

fn of_time(c: &BoundCall, at: usize, query: &Query) -> Order {
    let ty = c.args[at].ty().base();
    let plain = matches!(ty, Type::Date | Type::Date32);
    let utc = |zone: Option<&str>| zone.unwrap_or(query.session.timezone.name()) == "UTC";
    let named = c.args.iter().skip(at + 1).any(|a| a.ty().base() == &Type::String);
    let by_clock = !(plain || utc(ty.time_zone().map(AsRef::as_ref)) && utc(None) && !named);
    let check = Check::Clock(ty.clone(), c.call.ty().base().clone());
    Order { by_clock, ..Order::rising(check) }
}

/// To Date, Date32 or DateTime; other times may be finer than what they come from, or overflow.
fn of_cast(c: &BoundCall, at: usize, query: &Query) -> Option<Order> {
    let coarser = matches!(c.call.ty().base(), Type::Date | Type::Date32 | Type::DateTime(_));
    (at == 0 && coarser && is_time(c.args[0].ty().base())).then(|| of_time(c, at, query))
}

/// To integers, from what is stored as integers.
fn converted(c: &BoundCall, ty: &Type) -> Option<Order> {
    let counts = ty.is_integer() || matches!(ty, Type::Date | Type::DateTime(_));
    (counts && c.call.ty().base().is_integer()).then(|| Order::rising(Check::Linear(1, 0)))
}

fn is_conversion(name: &str) -> bool {
    let digits = name.strip_prefix("toInt").or_else(|| name.strip_prefix("toUInt"));
    digits.is_some_and(|d| ["8", "16", "32", "64", "128", "256"].contains(&d))
}

fn linear(c: &BoundCall, factor: i128, offset: i128) -> Option<Order> {
    let counts =
        matches!(c.call.ty().base(), Type::Date | Type::DateTime(_)) || c.call.ty().base().is_integer();
    let check = Check::Linear(factor, offset);
    (factor != 0 && counts).then(|| Order { falls: factor < 0, ..Order::rising(check) })
}

/// With a constant.
fn arithmetic(c: &BoundCall, at: usize, ty: &Type) -> Option<Order> {
    let Bound::Const(v, constant) = &c.args[1 - at] else { return None };
    let n = v.flat().scalar(0);
    let counts = ty.is_integer() || matches!(ty, Type::Date | Type::DateTime(_));
    let result = c.call.ty().base();
    if counts && constant.base().is_integer() && !result.is_float() {
        let n = n.as_i128()?;
        let whole = ty.is_integer();
        return match (c.name.as_str(), at) {
            ("plus", _) => linear(c, 1, n),
            ("minus", 0) => linear(c, 1, n.checked_neg()?),
            ("minus", _) if whole => linear(c, -1, n),
            ("multiply", _) if whole => linear(c, n, 0),
            ("intDiv", 0) if whole && n > 0 => Some(Order::rising(Check::Quotient(n))),
            _ => None,
        };
    }
    // rounding keeps the order
    let numbers =
        (ty.is_integer() || ty.is_float()) && (constant.base().is_integer() || constant.base().is_float());
    let n = n.as_f64().filter(|n| numbers && result.is_float() && n.is_finite())?;
    let falls = match (c.name.as_str(), at) {
        ("plus", _) | ("minus", 0) => false,
        ("minus", _) => true,
        ("multiply", _) | ("divide", 0) if n != 0.0 => n < 0.0,
        _ => return None,
    };
    Some(Order { falls, ..Order::rising(Check::Nothing) })
}

/// The text that a value has to begin with.
pub(super) fn prefix_of(function: &str, pattern: &Scalar) -> Option<Vec<u8>> {
    let text = pattern.as_bytes()?;
    let end = match function {
        "like" => text.iter().position(|b| matches!(b, b'%' | b'_' | b'\\')).unwrap_or(text.len()),
        _ => text.len(),
    };
    Some(text[..end].to_vec())
}
