//! Frames as row numbers: for each row the first row of its frame and the row behind the last one.
//! Inside a partition both never fall from row to row; a frame is empty where start ≥ end.

use super::Rowset;
use crate::expr::{Bound, call};
use crate::literal::literal;
use crate::plan::{Bound as Edge, Frame, FrameUnit, Lit};
use crate::sort::Key;
use std::cmp::Ordering;
use types::ty::IntervalKind;
use types::{Column, Data, Error, Reservation, Result, Scalar, Type, match_numeric};

pub struct Frames {
    pub start: Vec<u32>,
    pub end: Vec<u32>,
    /// every frame starts where its partition does
    pub from_first: bool,
    /// every frame ends where its partition does
    pub to_last: bool,
    _held: Reservation,
}

/// A frame's definition, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    unit: FrameUnit,
    start: Side,
    end: Side,
}

#[derive(Clone, Debug, PartialEq)]
enum Side {
    /// the partition's edge
    Edge,
    Current,
    /// rows, groups or units; preceding = negative
    Offset(i128),
    /// RANGE by calendar: number of units (negative = preceding), kind
    Interval(i64, IntervalKind),
}

impl Shape {
    /// Errors: `BAD_ARGUMENTS` for offsets that are no non-negative integers or frames that end
    /// before they start, `NOT_IMPLEMENTED` for RANGE over types without distances.
    pub fn of(frame: &Frame, order: &[Key]) -> Result<Shape> {
        let start = side(&frame.start, frame.unit)?;
        let end = side(&frame.end, frame.unit)?;
        let ends_first = matches!(frame.start, Edge::UnboundedFollowing)
            || matches!(frame.end, Edge::UnboundedPreceding)
            || match (amount(&start), amount(&end)) {
                (Some(a), Some(b)) => a > b,
                _ => false,
            };
        if ends_first {
            return Err(Error::bad_arguments("The frame of a window ends before it starts"));
        }
        let measured = |s: &Side| matches!(s, Side::Offset(_) | Side::Interval(..));
        if frame.unit == FrameUnit::Range && (measured(&start) || measured(&end)) {
            let [key] = order else {
                return Err(Error::bad_arguments(format!(
                    "A RANGE frame with an offset needs exactly one ORDER BY column, {} given",
                    order.len()
                )));
            };
            let ty = key.expr.ty().base();
            let calendar = matches!(start, Side::Interval(..)) || matches!(end, Side::Interval(..));
            if calendar && !ty.is_date_or_time() {
                return Err(Error::bad_arguments(format!(
                    "A RANGE frame with an INTERVAL needs a date or time in ORDER BY, not {ty}"
                )));
            }
            let known = (ty.is_number() && ty.fixed_width().is_some_and(|w| w <= 16)) || ty.is_date_or_time();
            if !known {
                return Err(Error::not_implemented(format!(
                    "RANGE frames with an offset are not implemented for ORDER BY of type {ty}"
                )));
            }
        }
        if frame.unit == FrameUnit::Groups && order.is_empty() {
            return Err(Error::bad_arguments("A GROUPS frame needs ORDER BY in its window"));
        }
        Ok(Shape { unit: frame.unit, start, end })
    }
}

/// Distance from the current row where two of one kind can be compared.
fn amount(s: &Side) -> Option<i128> {
    match s {
        Side::Current => Some(0),
        Side::Offset(n) => Some(*n),
        Side::Edge | Side::Interval(..) => None,
    }
}

fn side(edge: &Edge, unit: FrameUnit) -> Result<Side> {
    let (offset, sign): (&Lit, i128) = match edge {
        Edge::UnboundedPreceding | Edge::UnboundedFollowing => return Ok(Side::Edge),
        Edge::CurrentRow => return Ok(Side::Current),
        Edge::Preceding { offset } => (offset, -1),
        Edge::Following { offset } => (offset, 1),
    };
    let (c, ty) = literal(offset)?;
    let value = match c.flat().scalar(0) {
        Scalar::Int(v) => Some(v),
        Scalar::UInt(v) => i128::try_from(v).ok(),
        Scalar::Float(v) if v.fract() == 0.0 && v.abs() < 9e15 => Some(v as i128),
        _ => None,
    };
    let value = value.filter(|v| (0..=i128::from(u64::MAX)).contains(v) && !ty.is_decimal());
    let value = value
        .ok_or_else(|| Error::bad_arguments("The offset of a window frame must be a non-negative integer"))?;
    match ty {
        Type::Interval(kind) if unit == FrameUnit::Range => {
            let n = i64::try_from(value)
                .map_err(|_| Error::bad_arguments("The INTERVAL of a window frame is too long"))?;
            Ok(Side::Interval(n * sign as i64, kind))
        }
        Type::Interval(_) => Err(Error::bad_arguments("An INTERVAL can only be the offset of a RANGE frame")),
        _ => Ok(Side::Offset(value * sign)),
    }
}

impl Frames {
    pub fn new(shape: &Shape, rows: &Rowset<'_>) -> Result<Frames> {
        let n = rows.batch.rows;
        let held = rows.query.memory.reserve(n as u64 * 8)?;
        let (start, end) = match shape.unit {
            FrameUnit::Rows => (by_rows(&shape.start, false, rows), by_rows(&shape.end, true, rows)),
            FrameUnit::Groups => (by_groups(&shape.start, false, rows), by_groups(&shape.end, true, rows)),
            FrameUnit::Range => (by_range(&shape.start, false, rows)?, by_range(&shape.end, true, rows)?),
        };
        let (from_first, to_last) = (shape.start == Side::Edge, shape.end == Side::Edge);
        Ok(Frames { start, end, from_first, to_last, _held: held })
    }
}

/// Partition bounds per row.
fn edges(end: bool, rows: &Rowset<'_>) -> Vec<u32> {
    let mut out = Vec::with_capacity(rows.batch.rows);
    for &(s, e) in &rows.partitions {
        out.resize(e as usize, if end { e } else { s });
    }
    out
}

fn by_rows(side: &Side, end: bool, rows: &Rowset<'_>) -> Vec<u32> {
    let by = match side {
        Side::Edge | Side::Interval(..) => return edges(end, rows),
        Side::Current => 0,
        Side::Offset(n) => *n,
    };
    let mut out = Vec::with_capacity(rows.batch.rows);
    for &(s, e) in &rows.partitions {
        out.extend(
            (s..e).map(|i| (i128::from(i) + by + i128::from(end)).clamp(i128::from(s), i128::from(e)) as u32),
        );
    }
    out
}

fn by_groups(side: &Side, end: bool, rows: &Rowset<'_>) -> Vec<u32> {
    let by = match side {
        Side::Edge | Side::Interval(..) => return edges(end, rows),
        Side::Current => 0,
        Side::Offset(n) => *n,
    };
    let mut out = Vec::with_capacity(rows.batch.rows);
    for &(s, e) in &rows.partitions {
        let mut groups: Vec<u32> = Vec::new();
        for i in s..e {
            if rows.peer_start[i as usize] == i {
                groups.push(i);
            }
        }
        let count = groups.len() as i128;
        groups.push(e);
        for g in 0..count {
            let bound = (g + by + i128::from(end)).clamp(0, count) as usize;
            let (from, to) = (groups[g as usize], groups[g as usize + 1]);
            out.extend((from..to).map(|_| groups[bound]));
        }
    }
    out
}

/// Sortable numbers of the ORDER BY column; `None` for NULL and NaN.
enum Distances {
    Int(Vec<Option<i128>>),
    Float(Vec<Option<f64>>),
}

fn distances(c: &Column, desc: bool) -> Result<Distances> {
    let c = c.flat();
    let n = c.len();
    let sign: i128 = if desc { -1 } else { 1 };
    let float =
        |i: usize, x: f64| if c.is_null(i) || x.is_nan() { None } else { Some(if desc { -x } else { x }) };
    Ok(match &c.data {
        Data::F32(v) => Distances::Float((0..n).map(|i| float(i, f64::from(v[i]))).collect()),
        Data::F64(v) => Distances::Float((0..n).map(|i| float(i, v[i])).collect()),
        Data::U256(_) | Data::I256(_) => {
            return Err(Error::not_implemented("RANGE frames over 256-bit numbers are not implemented"));
        }
        data => Distances::Int(match_numeric!(data, v, W => {
            (0..n).map(|i| if c.is_null(i) { None } else { Some(narrow(c.scalar(i)).saturating_mul(sign)) }).collect::<Vec<_>>()
        }, vec![None; n])),
    })
}

fn narrow(s: Scalar) -> i128 {
    match s {
        Scalar::Int(v) => v,
        Scalar::UInt(v) => i128::try_from(v).unwrap_or(i128::MAX),
        _ => 0,
    }
}

fn by_range(side: &Side, end: bool, rows: &Rowset<'_>) -> Result<Vec<u32>> {
    match side {
        Side::Edge => return Ok(edges(end, rows)),
        Side::Current => return Ok(if end { rows.peer_end.clone() } else { rows.peer_start.clone() }),
        Side::Offset(_) | Side::Interval(..) => {}
    }
    let n = rows.batch.rows;
    let _held = rows.query.memory.reserve(n as u64 * 64)?;
    let key = &rows.order[0];
    let column = key.expr.eval(rows.batch, rows.query)?;
    let ty = key.expr.ty().base().clone();
    let desc = key.desc;
    let flat = column.flat();
    let null = |i: u32| flat.is_null(i as usize);
    Ok(match (distances(&column, desc)?, side) {
        (Distances::Float(values), Side::Offset(by)) => {
            let by = *by as f64;
            let targets = values.iter().map(|v| v.map(|x| x + by)).collect();
            walk(&values, targets, end, &null, rows)
        }
        (Distances::Int(values), Side::Offset(by)) => {
            // one of a DateTime64 is a second, of a Decimal the number 1
            let unit = match &ty {
                Type::DateTime64(s, _) | Type::Decimal(_, s) => 10i128.saturating_pow(u32::from(*s)),
                _ => 1,
            };
            let by = by.saturating_mul(unit);
            let targets = values.iter().map(|v| v.map(|x| x.saturating_add(by))).collect();
            walk(&values, targets, end, &null, rows)
        }
        (Distances::Int(values), Side::Interval(amount, kind)) => {
            // ORDER BY … DESC: what precedes is later
            let amount = if desc { -*amount } else { *amount };
            let targets = match fixed_ticks(&ty, *kind)? {
                Some(ticks) => {
                    let by = i128::from(amount) * ticks * if desc { -1 } else { 1 };
                    values.iter().map(|v| v.map(|x| x.saturating_add(by))).collect()
                }
                None => {
                    let name = if amount < 0 { "minus" } else { "plus" };
                    let literal =
                        Bound::Const(Data::I64(vec![amount.abs()].into()).into(), Type::Interval(*kind));
                    let moved = call(name, vec![key.expr.clone(), literal], rows.query)?;
                    if moved.ty().base() != &ty {
                        return Err(Error::bad_arguments(format!(
                            "INTERVAL … {} cannot be the offset of a frame over {ty}",
                            kind.name().to_uppercase()
                        )));
                    }
                    match distances(&moved.eval(rows.batch, rows.query)?, desc)? {
                        Distances::Int(t) => t,
                        Distances::Float(_) => return Err(Error::internal("dates as floats")),
                    }
                }
            };
            walk(&values, targets, end, &null, rows)
        }
        _ => return Err(Error::bad_arguments("An INTERVAL needs a date or time in ORDER BY")),
    })
}

/// Ticks of a type in one unit, where the unit always has the same length.
fn fixed_ticks(ty: &Type, kind: IntervalKind) -> Result<Option<i128>> {
    const NS: i128 = 1_000_000_000;
    let Some(ns) = kind.nanos().map(i128::from) else { return Ok(None) };
    let tick = match ty {
        Type::Date | Type::Date32 => 86_400 * NS,
        // days of a zone with clock changes are not all of one length
        Type::DateTime(_) | Type::DateTime64(..)
            if matches!(kind, IntervalKind::Day | IntervalKind::Week) =>
        {
            return Ok(None);
        }
        Type::DateTime(_) => NS,
        Type::DateTime64(s, _) => 10i128.pow(9 - u32::from((*s).min(9))),
        _ => return Ok(None),
    };
    if ns % tick != 0 {
        return Err(Error::bad_arguments(format!(
            "INTERVAL … {} is finer than {ty}",
            kind.name().to_uppercase()
        )));
    }
    Ok(Some(ns / tick))
}

/// For each row the first row whose value is ≥ its target (`end`: > its target), by two pointers.
/// As in ClickHouse a NULL is less than every value, wherever it stands: behind ascending values NULLs are in the
/// frames that reach so far. NaNs have only each other around them.
fn walk<T: PartialOrd + Copy>(
    values: &[Option<T>],
    targets: Vec<Option<T>>,
    end: bool,
    null: &dyn Fn(u32) -> bool,
    rows: &Rowset<'_>,
) -> Vec<u32> {
    let null_below = if rows.order[0].desc { Ordering::Greater } else { Ordering::Less };
    let mut out = Vec::with_capacity(values.len());
    for &(s, e) in &rows.partitions {
        let mut at = s;
        for i in s..e {
            let target = targets[i as usize];
            if target.is_none() && !null(i) {
                at = at.max(if end { rows.peer_end[i as usize] } else { rows.peer_start[i as usize] });
                out.push(at);
                continue;
            }
            let before = |at: u32| {
                let order = match (null(at), null(i)) {
                    (true, true) => Ordering::Equal,
                    (true, false) => null_below,
                    (false, true) => null_below.reverse(),
                    _ => values[at as usize].partial_cmp(&target).unwrap_or(Ordering::Greater),
                };
                order == Ordering::Less || (end && order == Ordering::Equal)
            };
            while at < e && before(at) {
                at += 1;
            }
            out.push(at);
        }
    }
    out
}
