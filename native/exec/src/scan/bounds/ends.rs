//! Between what values an expression lies in each block: statistics of its column, taken through functions
//! that keep an order. All blocks are computed at once, by the functions themselves.

use super::Blocks;
use super::order::{CLOCK_SECONDS, Order, order_of};
use crate::expr::{Bound, BoundCall};
use types::{Batch, Bitmap, Column, ColumnBuilder, Scalar, Type};

/// Least and greatest values; only those of the blocks in `known` mean something.
pub(super) struct Ends {
    pub lo: Column,
    pub hi: Column,
    pub known: Bitmap,
}

impl Blocks<'_> {
    pub(super) fn ends(&self, e: &Bound) -> Option<Ends> {
        match e {
            Bound::Const(v, _) => {
                let one = v.flat().scalar(0);
                let known = !one.is_null() && !matches!(one, Scalar::Float(f) if f.is_nan());
                let v = Column::constant(v.flat(), self.blocks.len());
                Some(Ends { lo: v.clone(), hi: v, known: self.all(known) })
            }
            Bound::Column(i, _) => self.column(*i, 0),
            Bound::Call(c) => {
                let (at, order) = order_of(c, self.query)?;
                let inner = match &c.args[at] {
                    Bound::Column(i, _) if order.by_clock => self.column(*i, CLOCK_SECONDS)?,
                    _ if order.by_clock => return None,
                    arg => self.ends(arg)?,
                };
                self.through(c, at, &order, inner)
            }
            _ => None,
        }
    }

    /// The ends of a function's values from those of its argument.
    fn through(&self, c: &BoundCall, at: usize, order: &Order, inner: Ends) -> Option<Ends> {
        let mut args = c.args.clone();
        args[at] = Bound::Column(0, args[at].ty().clone());
        let f = Bound::of_call(&c.name, c.call.clone(), args);
        let rows = self.blocks.len();
        let of = |column: &Column| {
            let batch = Batch { columns: vec![column.clone()], rows };
            f.eval(&batch, self.query).ok().map(|v| v.flat())
        };
        let (lo, hi) = (of(&inner.lo)?, of(&inner.hi)?);
        let mut known = inner.known;
        for i in known.ones() {
            let i = i as usize;
            let fits = |arg: &Column, value: &Column| {
                !value.is_null(i) && order.holds(&arg.scalar(i), &value.scalar(i))
            };
            known.set(i, fits(&inner.lo, &lo) && fits(&inner.hi, &hi));
        }
        Some(if order.falls { Ends { lo: hi, hi: lo, known } } else { Ends { lo, hi, known } })
    }

    /// From the statistics; times with so many seconds more at both ends.
    fn column(&self, i: usize, seconds: i128) -> Option<Ends> {
        let ty = &self.types[i];
        let c = self.columns[i]?;
        let (ticks, range) = match ty.base() {
            Type::DateTime(_) => (seconds, 0..=i128::from(u32::MAX)),
            Type::DateTime64(scale, _) => {
                (seconds * 10i128.pow(u32::from(*scale)), i128::from(i64::MIN)..=i128::from(i64::MAX))
            }
            Type::Date | Type::Date32 | Type::String => (0, 0..=0),
            t if t.is_number() => (0, 0..=0),
            _ => return None,
        };
        let moved = |s: &Scalar, by: i128| match s {
            Scalar::Int(v) if by != 0 => Scalar::Int((v + by).clamp(*range.start(), *range.end())),
            s => s.clone(),
        };
        let (mut lo, mut hi) = (ColumnBuilder::new(ty), ColumnBuilder::new(ty));
        let mut known = self.all(false);
        for (k, &block) in self.blocks.iter().enumerate() {
            match self.segment.stats(c, block) {
                Some(s) if !s.min.is_null() && s.nans == 0 => {
                    lo.push_scalar(&moved(&s.min, -ticks));
                    hi.push_scalar(&moved(&s.max, ticks));
                    known.set(k, true);
                }
                _ => {
                    lo.push_default(1);
                    hi.push_default(1);
                }
            }
        }
        known.any().then(|| Ends { lo: lo.finish(), hi: hi.finish(), known })
    }
}
