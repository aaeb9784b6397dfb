//! intervalLengthSum, maxIntersections, maxIntersectionsPosition over [start, end] intervals.

use super::levels::push_raw;
use super::moments::push_float;
use crate::registry::{AggregateDef, Bound, Call, Flags};
use crate::state::cells::{Cell, Cells};
use crate::state::numbers::{floats, ints};
use crate::state::wire::{Fixed, Reader, put_var};
use std::sync::Arc;
use types::builder::Values;
use types::{Column, ColumnBuilder, Error, Result, Type};

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Length,
    Most,
    MostPosition,
}

macro_rules! def {
    ($name:literal, $kind:ident, $flags:expr, $text:literal, $result:literal) => {
        AggregateDef {
            name: $name,
            aliases: &[],
            case_insensitive: false,
            signature: concat!($name, "(start, end)"),
            description: $text,
            examples: &[(concat!("SELECT ", $name, "(s, e) FROM values('s UInt8, e UInt8', (1, 5), (3, 8), (10, 12))"), $result)],
            flags: $flags,
            build: |call| build(call, Kind::$kind),
        }
    };
}

pub const DEFS: &[AggregateDef] = &[
    def!("intervalLengthSum", Length, Flags::DEFAULT_ON_NULLS, "Total length of the union of intervals.", "9"),
    def!("maxIntersections", Most, Flags::NONE, "Largest number of intervals that overlap at one point.", "2"),
    def!("maxIntersectionsPosition", MostPosition, Flags::NONE, "Where the largest number of overlapping intervals begins.", "3"),
];

fn build(call: &Call<'_>, kind: Kind) -> Result<Bound> {
    call.arity(2..=2)?;
    let fits = |t: &Type| matches!(t.int_bits(), Some((..=64, _))) || t.is_float() || t.is_date_or_time();
    let fits = |t: &Type| fits(t) && (kind == Kind::Length || !t.is_date_or_time());
    call.check(0, fits)?;
    call.check(1, fits)?;
    if call.args[0] != call.args[1] {
        return Err(Error::illegal_type(format!(
            "Both arguments of aggregate function {} must have the same type, not {} and {}",
            call.name, call.args[0], call.args[1]
        )));
    }
    let float = call.args.iter().any(Type::is_float);
    let ty = match kind {
        Kind::Length if float => Type::Float64,
        Kind::Length | Kind::Most => Type::UInt64,
        Kind::MostPosition => call.args[0].clone(),
    };
    let config = Arc::new(kind);
    Ok(Bound::new(call, ty.clone(), move || if float { Cells::<Intervals<f64>>::boxed(&config, &ty) } else { Cells::<Intervals<i64>>::boxed(&config, &ty) }))
}

trait Point: Fixed + PartialOrd {
    fn values(c: &Column) -> Vec<Self>;
    fn push(self, out: &mut ColumnBuilder);
    fn push_length(segments: &[(Self, Self)], out: &mut ColumnBuilder);
}
impl Point for f64 {
    fn values(c: &Column) -> Vec<f64> {
        floats(c, &Type::Float64)
    }
    fn push(self, out: &mut ColumnBuilder) {
        push_raw(out, self);
    }
    fn push_length(segments: &[(f64, f64)], out: &mut ColumnBuilder) {
        push_float(out, segments.iter().map(|s| s.1 - s.0).sum());
    }
}
impl Point for i64 {
    fn values(c: &Column) -> Vec<i64> {
        ints(c)
    }
    fn push(self, out: &mut ColumnBuilder) {
        match &mut out.values {
            Values::I64(v) => v.push(self),
            Values::U64(v) => v.push(self as u64),
            _ => return push_raw(out, self as f64),
        }
        out.pushed();
    }
    fn push_length(segments: &[(i64, i64)], out: &mut ColumnBuilder) {
        if let Values::U64(v) = &mut out.values {
            v.push(segments.iter().fold(0u64, |a, s| a.wrapping_add(s.1.wrapping_sub(s.0) as u64)));
        }
        out.pushed();
    }
}

#[derive(Default)]
struct Intervals<T> {
    all: Vec<(T, T)>,
}

impl<T: Point> Intervals<T> {
    fn sorted(&self) -> Vec<(T, T)> {
        let mut all = self.all.clone();
        all.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
        all
    }
    /// Overlapping and touching intervals as one.
    fn union(&self) -> Vec<(T, T)> {
        let mut out: Vec<(T, T)> = Vec::new();
        for (start, end) in self.sorted() {
            match out.last_mut() {
                Some(last) if start <= last.1 => {
                    if end > last.1 {
                        last.1 = end;
                    }
                }
                _ => out.push((start, end)),
            }
        }
        out
    }
    fn most(&self) -> (u64, T) {
        let mut points: Vec<(T, i64)> = self.all.iter().flat_map(|(s, e)| [(*s, 1), (*e, -1)]).collect();
        points.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
        let (mut open, mut best, mut at) = (0i64, 0i64, T::default());
        for (p, d) in points {
            open += d;
            if open > best {
                best = open;
                at = p;
            }
        }
        (best as u64, at)
    }
}

impl<T: Point> Cell for Intervals<T> {
    type Config = Kind;
    type Input = (Vec<T>, Vec<T>);
    fn prepare(_: &Kind, args: &[Column], _rows: usize) -> Result<Self::Input> {
        Ok((T::values(&args[0]), T::values(&args[1])))
    }
    fn add(&mut self, kind: &Kind, input: &Self::Input, row: usize) -> Result<()> {
        let (a, b) = (input.0[row], input.1[row]);
        if *kind == Kind::Length {
            // an interval may be given backwards
            if a < b {
                self.all.push((a, b));
            } else if b < a {
                self.all.push((b, a));
            }
            if self.all.len() == self.all.capacity() && self.all.len() > 1024 {
                self.all = self.union();
            }
        } else {
            self.all.push((a, b));
        }
        Ok(())
    }
    fn merge(&mut self, _: &Kind, other: &Self) -> Result<()> {
        self.all.extend_from_slice(&other.all);
        Ok(())
    }
    fn finish(&self, kind: &Kind, out: &mut ColumnBuilder) -> Result<()> {
        match kind {
            Kind::Length => T::push_length(&self.union(), out),
            Kind::Most => (self.most().0 as i64).push(out),
            Kind::MostPosition => self.most().1.push(out),
        }
        Ok(())
    }
    fn put(&self, _: &Kind, out: &mut Vec<u8>) {
        put_var(out, self.all.len() as u64);
        for (a, b) in &self.all {
            a.put(out);
            b.put(out);
        }
    }
    fn read(_: &Kind, r: &mut Reader<'_>) -> Result<Self> {
        let n = r.count(2 * size_of::<T>())?;
        let all = (0..n).map(|_| Ok((T::read(r)?, T::read(r)?))).collect::<Result<_>>()?;
        Ok(Intervals { all })
    }
    fn heap_bytes(&self) -> usize {
        self.all.capacity() * size_of::<(T, T)>()
    }
}
