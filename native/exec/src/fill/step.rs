//! Places of one filled column: their order, steps between them, and how they lie in columns.

use crate::literal::literal;
use crate::plan::{FillKey, Lit};
use crate::query::Query;
use std::sync::Arc;
use types::codes::INVALID_WITH_FILL_EXPRESSION;
use types::ty::IntervalKind;
use types::tz::{TimeZone, civil_from_days, days_from_civil, days_in_month};
use types::{Column, ColumnBuilder, Data, Error, Result, Scalar, Type, match_numeric};

/// A value of a filled column: integers, decimals, dates and times in their ticks, or a float.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Place {
    Int(i128),
    Float(f64),
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Ticks(Place),
    Calendar(i64, IntervalKind),
}

/// One filled column.
pub struct Axis {
    pub column: usize,
    pub from: Option<Place>,
    pub to: Option<Place>,
    pub staleness: Option<()>,
    desc: bool,
    ty: Type,
    step: Step,
    stale: Option<Step>,
    zone: Arc<TimeZone>,
}

fn wrong(text: impl Into<String>) -> Error {
    Error::new(INVALID_WITH_FILL_EXPRESSION, text)
}

impl Axis {
    /// Errors: `INVALID_WITH_FILL_EXPRESSION`.
    pub fn new(key: &FillKey, ty: &Type, query: &Query) -> Result<Axis> {
        let ty = ty.base().clone();
        let counted = ty.is_number() && ty.fixed_width().is_some_and(|w| w <= 16);
        if !(counted || ty.is_date_or_time()) {
            return Err(wrong(format!("WITH FILL needs a column of numbers, dates or times, not {ty}")));
        }
        let zone = match ty.time_zone() {
            Some(name) => TimeZone::get(name)?,
            None => query.session.timezone.clone(),
        };
        let bound = |lit: &Option<Lit>| lit.as_ref().map(|l| bound(l, &ty, query)).transpose();
        let one = Step::Ticks(if ty.is_float() { Place::Float(1.0) } else { Place::Int(unit(&ty)) });
        let default = if key.desc { negated(one) } else { one };
        let step = key.step.as_ref().map_or(Ok(default), |l| step(l, &ty, "STEP"))?;
        let stale = key.staleness.as_ref().map(|l| self::step(l, &ty, "STALENESS")).transpose()?;
        let axis = Axis {
            column: key.column,
            from: bound(&key.from)?,
            to: bound(&key.to)?,
            staleness: stale.map(|_| ()),
            desc: key.desc,
            ty,
            step,
            stale,
            zone,
        };
        match sign(axis.step) {
            0 => return Err(wrong("STEP of WITH FILL must not be zero")),
            s if (s < 0) != key.desc => {
                let wanted =
                    if key.desc { "negative for ORDER BY … DESC" } else { "positive for ORDER BY … ASC" };
                return Err(wrong(format!("STEP of WITH FILL must be {wanted}")));
            }
            _ => {}
        }
        if let Some(stale) = axis.stale {
            if axis.from.is_some() {
                return Err(wrong("WITH FILL takes FROM or STALENESS, not both"));
            }
            if sign(stale) == 0 || (sign(stale) < 0) != key.desc {
                return Err(wrong("STALENESS of WITH FILL must have the sign of its STEP"));
            }
        }
        if let (Some(from), Some(to)) = (axis.from, axis.to)
            && axis.less(to, from)
        {
            return Err(wrong("FROM of WITH FILL must come before TO in the order of the column"));
        }
        Ok(axis)
    }

    /// Does `a` come before `b` in the column's order?
    pub fn less(&self, a: Place, b: Place) -> bool {
        let (a, b) = if self.desc { (b, a) } else { (a, b) };
        match (a, b) {
            (Place::Int(a), Place::Int(b)) => a < b,
            (a, b) => float(a) < float(b),
        }
    }

    /// The place after `p`; `None` where numbers end.
    pub fn step(&self, p: Place) -> Result<Option<Place>> {
        let next = self.moved(p, self.step)?;
        // a float may be too large for its step to matter
        Ok(next.filter(|n| self.less(p, *n)))
    }

    /// What the places behind an original row must stay before.
    pub fn border(&self, row: Option<Place>) -> Result<Option<Place>> {
        let (Some(stale), Some(row)) = (self.stale, row) else { return Ok(self.to) };
        let end = self.moved(row, stale)?;
        Ok(match (end, self.to) {
            (Some(a), Some(b)) => Some(if self.less(a, b) { a } else { b }),
            (a, b) => a.or(b),
        })
    }

    fn moved(&self, p: Place, by: Step) -> Result<Option<Place>> {
        Ok(match (p, by) {
            (Place::Int(x), Step::Ticks(Place::Int(n))) => x.checked_add(n).map(Place::Int),
            (p, Step::Ticks(n)) => Some(Place::Float(float(p) + float(n))),
            (Place::Int(x), Step::Calendar(n, kind)) => self.calendar(x, n, kind).map(Place::Int),
            (Place::Float(_), Step::Calendar(..)) => None,
        })
    }

    /// Dates and local times of day stay what they are; a day that a month lacks becomes its last.
    fn calendar(&self, x: i128, n: i64, kind: IntervalKind) -> Option<i128> {
        let x = i64::try_from(x).ok()?;
        let ticks: i64 = match &self.ty {
            Type::Date | Type::Date32 => return move_days(x, n, kind).map(i128::from),
            Type::DateTime64(s, _) => 10i64.pow(u32::from((*s).min(9))),
            _ => 1,
        };
        let (seconds, rest) = (x.div_euclid(ticks), x.rem_euclid(ticks));
        let local = self.zone.utc_to_local(seconds);
        let days = move_days(local.div_euclid(86_400), n, kind)?;
        let moved = self.zone.local_to_utc(days.checked_mul(86_400)?.checked_add(local.rem_euclid(86_400))?);
        Some(i128::from(moved) * i128::from(ticks) + i128::from(rest))
    }

    /// Places of a column's rows; `None` for NULL and NaN.
    pub fn places(&self, c: &Column) -> Vec<Option<Place>> {
        let c = c.flat();
        match &c.data {
            Data::F32(v) => v.iter().enumerate().map(|(i, x)| at(f64::from(*x), c.is_null(i))).collect(),
            Data::F64(v) => v.iter().enumerate().map(|(i, x)| at(*x, c.is_null(i))).collect(),
            data => match_numeric!(data, v, W => {
                (0..v.len()).map(|i| int_of(&c.scalar(i)).map(Place::Int)).collect()
            }, vec![None; c.len()]),
        }
    }

    pub fn push(&self, p: Place, b: &mut ColumnBuilder) {
        b.push_scalar(&match p {
            Place::Int(x) => Scalar::Int(x),
            Place::Float(x) => Scalar::Float(x),
        });
    }
}

fn at(x: f64, null: bool) -> Option<Place> {
    if null || x.is_nan() { None } else { Some(Place::Float(x)) }
}

fn int_of(s: &Scalar) -> Option<i128> {
    match s {
        Scalar::Int(x) => Some(*x),
        Scalar::UInt(x) => Some(i128::try_from(*x).unwrap_or(i128::MAX)),
        _ => None,
    }
}

fn float(p: Place) -> f64 {
    match p {
        Place::Int(x) => x as f64,
        Place::Float(x) => x,
    }
}

fn sign(s: Step) -> i8 {
    match s {
        Step::Ticks(p) => float(p).partial_cmp(&0.0).map_or(0, |o| o as i8),
        Step::Calendar(n, _) => n.signum() as i8,
    }
}

fn negated(s: Step) -> Step {
    match s {
        Step::Ticks(Place::Int(x)) => Step::Ticks(Place::Int(-x)),
        Step::Ticks(Place::Float(x)) => Step::Ticks(Place::Float(-x)),
        Step::Calendar(n, k) => Step::Calendar(-n, k),
    }
}

/// Ticks of the number 1: decimals have 10^scale, DateTime64 counts seconds.
fn unit(ty: &Type) -> i128 {
    match ty {
        Type::Decimal(_, s) | Type::DateTime64(s, _) => 10i128.pow(u32::from((*s).min(38))),
        _ => 1,
    }
}

/// FROM or TO as a place.
fn bound(lit: &Lit, ty: &Type, query: &Query) -> Result<Place> {
    let (c, from) = literal(lit)?;
    if c.is_null(0) {
        return Err(wrong("FROM and TO of WITH FILL must not be NULL"));
    }
    if from.base().is_integer() && (ty.is_integer() || ty.is_float()) {
        // also what the column's own type could not hold
        let x =
            int_of(&c.flat().scalar(0)).ok_or_else(|| wrong("FROM and TO of WITH FILL must fit 128 bits"))?;
        return Ok(if ty.is_float() { Place::Float(x as f64) } else { Place::Int(x) });
    }
    let c = functions::cast(&c, &from, ty, functions::CastMode::Sql, &query.session)?.flat();
    match c.scalar(0) {
        Scalar::Float(x) if x.is_finite() => Ok(Place::Float(x)),
        s => int_of(&s)
            .map(Place::Int)
            .ok_or_else(|| wrong(format!("FROM and TO of WITH FILL must have the column's type, {ty}"))),
    }
}

/// STEP or STALENESS: a number or an interval.
fn step(lit: &Lit, ty: &Type, what: &str) -> Result<Step> {
    let (c, from) = literal(lit)?;
    let value = c.flat().scalar(0);
    if let Type::Interval(kind) = from {
        let n = value.as_i64().ok_or_else(|| wrong(format!("{what} of WITH FILL must not be NULL")))?;
        return interval(n, kind, ty, what);
    }
    let not_a_number = || wrong(format!("{what} of WITH FILL must be a number or an INTERVAL, not {from}"));
    let base = from.base();
    if ty.is_float() {
        let scale = if let Type::Decimal(_, s) = base { types::float::pow10(*s) } else { 1.0 };
        let x = value.as_f64().filter(|x| x.is_finite()).ok_or_else(not_a_number)?;
        return Ok(Step::Ticks(Place::Float(x / scale)));
    }
    let per_one = unit(ty);
    let ticks = match (base, &value) {
        (Type::Decimal(_, s), v) => {
            let (x, scale) = (int_of(v).ok_or_else(not_a_number)?, 10i128.pow(u32::from((*s).min(38))));
            x.checked_mul(per_one).filter(|x| x % scale == 0).map(|x| x / scale)
        }
        (_, Scalar::Float(x)) => {
            Some(x * per_one as f64).filter(|x| x.fract() == 0.0 && x.abs() < 1e15).map(|x| x as i128)
        }
        (_, v) => int_of(v).ok_or_else(not_a_number)?.checked_mul(per_one),
    };
    ticks
        .map(|t| Step::Ticks(Place::Int(t)))
        .ok_or_else(|| wrong(format!("{what} of WITH FILL is too fine or too large for {ty}")))
}

fn interval(n: i64, kind: IntervalKind, ty: &Type, what: &str) -> Result<Step> {
    if !ty.is_date_or_time() {
        return Err(wrong(format!(
            "{what} of WITH FILL can be an INTERVAL only for dates and times, not {ty}"
        )));
    }
    const NS: i128 = 1_000_000_000;
    // Days and more are counted on the calendar, whose days may have 23 hours.
    let ns = match kind.nanos() {
        Some(ns) if kind < IntervalKind::Day => i128::from(ns),
        _ => return Ok(Step::Calendar(n, kind)),
    };
    let tick = match ty {
        Type::Date | Type::Date32 => 86_400 * NS,
        Type::DateTime64(s, _) => 10i128.pow(9 - u32::from((*s).min(9))),
        _ => NS,
    };
    let total = i128::from(n) * ns;
    if total % tick != 0 {
        return Err(wrong(format!("{what} of WITH FILL is shorter than the smallest unit of {ty}")));
    }
    Ok(Step::Ticks(Place::Int(total / tick)))
}

fn move_days(days: i64, n: i64, kind: IntervalKind) -> Option<i64> {
    let months = match kind {
        IntervalKind::Day => return days.checked_add(n),
        IntervalKind::Week => return days.checked_add(n.checked_mul(7)?),
        IntervalKind::Month => n,
        IntervalKind::Quarter => n.checked_mul(3)?,
        IntervalKind::Year => n.checked_mul(12)?,
        _ => return None,
    };
    if days.abs() > 1_000_000_000 || months.abs() > 1_000_000_000 {
        return None;
    }
    let (year, month, day) = civil_from_days(days);
    let total = year * 12 + i64::from(month) - 1 + months;
    let (year, month) = (total.div_euclid(12), total.rem_euclid(12) as u8 + 1);
    Some(days_from_civil(year, i64::from(month), i64::from(day.min(days_in_month(year, month)))))
}
