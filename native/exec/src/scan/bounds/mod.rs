//! Which blocks a condition may hold in, by the least and greatest values of what it compares: columns and
//! functions that keep their order, under AND, OR and NOT.

mod ends;
mod order;

use crate::expr::{Bound, BoundCall, call};
use crate::predicate::comparable;
use crate::query::Query;
use order::prefix_of;
use std::cmp::Ordering;
use storage::Segment;
use types::{Batch, Bitmap, Column, Scalar, Type};

/// Larger sets and conditions cost more than they spare.
const MEMBERS_MAX: usize = 10_000;
const PARTS_MAX: usize = 200;

/// Whether it is worth asking for the bounds of a condition.
pub(super) fn is_asked(condition: &Bound) -> bool {
    fn parts(e: &Bound) -> usize {
        match e {
            Bound::Call(c) => 1 + c.args.iter().map(parts).sum::<usize>(),
            Bound::In(v, ..) => 1 + parts(v),
            _ => 0,
        }
    }
    parts(condition) <= PARTS_MAX
}

/// The blocks of a segment in question, and what is known of them.
pub(super) struct Blocks<'a> {
    pub segment: &'a Segment,
    /// the segment's column for each column of the scan, where it has the same type
    pub columns: &'a [Option<usize>],
    pub types: &'a [Type],
    pub blocks: &'a [usize],
    pub query: &'a Query,
}

/// Bits of the blocks where a condition may be true, and where it may be false. NULL is neither.
struct Truth {
    yes: Bitmap,
    no: Bitmap,
}

impl Truth {
    fn turned(self) -> Truth {
        Truth { yes: self.no, no: self.yes }
    }
}

impl Blocks<'_> {
    /// The blocks where a condition may be true.
    pub fn possible(&self, condition: &Bound) -> Bitmap {
        self.truth(condition).yes
    }

    fn all(&self, value: bool) -> Bitmap {
        Bitmap::new(self.blocks.len(), value)
    }

    fn unknown(&self) -> Truth {
        Truth { yes: self.all(true), no: self.all(true) }
    }

    fn truth(&self, e: &Bound) -> Truth {
        match e {
            Bound::Const(v, _) if v.is_null(0) => Truth { yes: self.all(false), no: self.all(false) },
            Bound::Const(v, _) => {
                let yes = v.flat().scalar(0).as_f64() != Some(0.0);
                Truth { yes: self.all(yes), no: self.all(!yes) }
            }
            // NULL may be a member of a set, so that Nullable says nothing
            Bound::In(v, set, negated) => {
                let asked = comparable(v.ty()) && !v.ty().is_nullable() && set.len() <= MEMBERS_MAX;
                let found = if asked { self.member(v, &set.scalars()) } else { None };
                let found = found.unwrap_or_else(|| self.unknown());
                if *negated { found.turned() } else { found }
            }
            Bound::Call(c) => self.truth_of_call(c).unwrap_or_else(|| self.unknown()),
            _ => self.unknown(),
        }
    }

    fn truth_of_call(&self, c: &BoundCall) -> Option<Truth> {
        let each = || c.args.iter().map(|a| self.truth(a));
        Some(match (c.name.as_str(), c.args.as_slice()) {
            ("and", [_, ..]) => {
                each().reduce(|a, b| Truth { yes: both(&a.yes, &b.yes), no: either(&a.no, &b.no) })?
            }
            ("or", [_, ..]) => {
                each().reduce(|a, b| Truth { yes: either(&a.yes, &b.yes), no: both(&a.no, &b.no) })?
            }
            ("not", [a]) => self.truth(a).turned(),
            ("equals", [a, b]) => self.equality(a, b)?,
            ("notEquals", [a, b]) => self.equality(a, b)?.turned(),
            ("less" | "lessOrEquals", [a, b]) => self.comparison(&c.name, a, b)?,
            ("greater", [a, b]) => self.comparison("less", b, a)?,
            ("greaterOrEquals", [a, b]) => self.comparison("lessOrEquals", b, a)?,
            ("startsWith" | "like", [a, Bound::Const(p, ty)]) if ty.base() == &Type::String => {
                self.prefix(a, &prefix_of(&c.name, &p.flat().scalar(0))?)?
            }
            _ => return None,
        })
    }

    /// `a < b` or `a <= b`.
    fn comparison(&self, name: &str, a: &Bound, b: &Bound) -> Option<Truth> {
        let (x, y) = (self.ends(a)?, self.ends(b)?);
        let unknown = both(&x.known, &y.known).not();
        let yes = self.compare(name, (a, &x.lo), (b, &y.hi))?;
        let no = self.compare(name, (a, &x.hi), (b, &y.lo))?.not();
        Some(Truth { yes: either(&yes, &unknown), no: either(&no, &unknown) })
    }

    fn equality(&self, a: &Bound, b: &Bound) -> Option<Truth> {
        let (x, y) = (self.ends(a)?, self.ends(b)?);
        let unknown = both(&x.known, &y.known).not();
        let above = self.compare("less", (b, &y.hi), (a, &x.lo))?;
        let below = self.compare("less", (a, &x.hi), (b, &y.lo))?;
        let apart = either(&above, &below);
        // surely equal: neither can be anything else
        let one = both(
            &self.compare("equals", (a, &x.lo), (b, &y.hi))?,
            &self.compare("equals", (a, &x.hi), (b, &y.lo))?,
        );
        Some(Truth { yes: either(&apart.not(), &unknown), no: either(&one.not(), &unknown) })
    }

    /// Block by block, as the comparison itself has it.
    fn compare(&self, name: &str, a: (&Bound, &Column), b: (&Bound, &Column)) -> Option<Bitmap> {
        let side = |e: &Bound, at| if e.is_const() { e.clone() } else { Bound::Column(at, e.ty().clone()) };
        let asked = call(name, vec![side(a.0, 0), side(b.0, 1)], self.query).ok()?;
        let batch = Batch { columns: vec![a.1.clone(), b.1.clone()], rows: self.blocks.len() };
        asked.eval_mask(&batch, self.query).ok()
    }

    /// `values` ascend.
    fn member(&self, v: &Bound, values: &[Scalar]) -> Option<Truth> {
        let ends = self.ends(v)?;
        let mut truth = self.unknown();
        for i in ends.known.ones() {
            let i = i as usize;
            let (lo, hi) = (ends.lo.scalar(i), ends.hi.scalar(i));
            let at = values.partition_point(|s| s.compare(&lo) == Ordering::Less);
            let within = values.get(at).is_some_and(|s| s.compare(&hi) != Ordering::Greater);
            truth.yes.set(i, within);
            truth.no.set(i, !(within && lo.compare(&hi) == Ordering::Equal));
        }
        Some(truth)
    }

    fn prefix(&self, text: &Bound, prefix: &[u8]) -> Option<Truth> {
        if text.ty().base() != &Type::String || prefix.is_empty() {
            return None;
        }
        let ends = self.ends(text)?;
        let mut truth = self.unknown();
        for i in ends.known.ones() {
            let i = i as usize;
            let (lo, hi) = (ends.lo.scalar(i), ends.hi.scalar(i));
            if let (Some(lo), Some(hi)) = (lo.as_bytes(), hi.as_bytes()) {
                truth.yes.set(i, &lo[..lo.len().min(prefix.len())] <= prefix && hi >= prefix);
            }
        }
        Some(truth)
    }
}

fn both(a: &Bitmap, b: &Bitmap) -> Bitmap {
    let mut out = a.clone();
    out.and_with(b);
    out
}

fn either(a: &Bitmap, b: &Bitmap) -> Bitmap {
    let mut out = a.clone();
    out.or_with(b);
    out
}
