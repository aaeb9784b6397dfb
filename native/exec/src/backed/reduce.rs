//! arrayReduce and arrayReduceInRanges: aggregates over the elements of arrays.

use super::{fresh, named};
use aggregates::{Aggregate, Groups, States};
use functions::FunctionDef;
use functions::parts::{Bind, Ctx, bound, f, i64s};
use std::ops::Range;
use types::codes::{SIZES_OF_ARRAYS_DONT_MATCH, TOO_FEW_ARGUMENTS_FOR_FUNCTION};
use types::{ArrayData, Column, ColumnBuilder, Data, Error, Result, Type};

pub const REDUCE: FunctionDef = f(
    "arrayReduce",
    "arrayReduce('name', array, …)",
    "An aggregate function over the elements of arrays.",
    &[("arrayReduce('max', [1, 7, 3])", "7")],
    |b| {
        let a = bind(b, 1)?;
        bound(a.ty().clone(), move |c| {
            let arrays = Elements::new(c, 1)?;
            let mut of_element = Vec::with_capacity(arrays.count);
            for row in 0..c.rows {
                of_element.extend(std::iter::repeat_n(row as u32, arrays.at(row).len()));
            }
            let mut states = fresh(a.as_ref(), c.rows);
            states.update(Groups::Each(&of_element), &arrays.values, arrays.count)?;
            states.finish(0..c.rows)
        })
    },
);

pub const REDUCE_IN_RANGES: FunctionDef = f(
    "arrayReduceInRanges",
    "arrayReduceInRanges('name', [(start, length), …], array, …)",
    "An aggregate function over parts of arrays. Starts count from 1, or from the end if they are negative.",
    &[("arrayReduceInRanges('sum', [(1, 2), (2, 2)], [1, 2, 3])", "[3,5]")],
    |b| {
        let a = bind(b, 2)?;
        let is_range = |t: &Type| match t {
            Type::Tuple(ts) => {
                matches!(ts.as_ref(), [(_, s), (_, n)] if s.is_integer() && matches!(n.int_bits(), Some((_, false))))
            }
            _ => false,
        };
        if !matches!(b.ty(1), Type::Array(t) if is_range(t)) {
            return Err(b.illegal(1, "an array of pairs (start, length) of integers"));
        }
        bound(Type::array(a.ty().clone()), move |c| in_ranges(a.as_ref(), c))
    },
);

/// The aggregate of a call whose arrays begin at argument `first`.
fn bind(b: &Bind<'_>, first: usize) -> Result<std::sync::Arc<dyn Aggregate>> {
    if b.len() <= first {
        return Err(Error::new(
            TOO_FEW_ARGUMENTS_FOR_FUNCTION,
            format!("Function {} takes at least {} arguments, {} given", b.name, first + 1, b.len()),
        ));
    }
    let mut types = Vec::new();
    for i in first..b.len() {
        types.push(b.array(i)?.clone());
    }
    named(b, 0, types)
}

/// The elements of several arrays that have the same sizes in every row.
struct Elements {
    offsets: Vec<u32>,
    values: Vec<Column>,
    count: usize,
}

impl Elements {
    fn new(c: &Ctx<'_>, first: usize) -> Result<Elements> {
        let mut offsets: Vec<u32> = Vec::new();
        let mut values = Vec::new();
        for i in first..c.len() {
            let array = array_of(c, i)?;
            let base = array.offsets.first().copied().unwrap_or(0);
            let own: Vec<u32> = array.offsets.iter().map(|o| o - base).collect();
            let count = own.last().copied().unwrap_or(0) as usize;
            if i > first && own != offsets {
                return Err(Error::new(
                    SIZES_OF_ARRAYS_DONT_MATCH,
                    "The arrays of one row must have equal sizes",
                ));
            }
            values.push(array.values.slice(base as usize, count));
            offsets = own;
        }
        let count = offsets.last().copied().unwrap_or(0) as usize;
        Ok(Elements { offsets, values, count })
    }
    fn at(&self, row: usize) -> Range<usize> {
        self.offsets[row] as usize..self.offsets[row + 1] as usize
    }
    fn slices(&self, at: Range<usize>) -> Vec<Column> {
        self.values.iter().map(|v| v.slice(at.start, at.len())).collect()
    }
}

fn array_of(c: &Ctx<'_>, i: usize) -> Result<ArrayData> {
    match c.col(i).flat().data {
        Data::Array(a) => Ok(a),
        _ => Err(Error::internal("array column expected")),
    }
}

fn in_ranges(a: &dyn Aggregate, c: &Ctx<'_>) -> Result<Column> {
    let ranges = array_of(c, 1)?;
    let pairs = ranges.values.flat();
    let Data::Tuple(pairs, _) = &pairs.data else { return Err(Error::internal("tuple column expected")) };
    let (starts, lengths) = (i64s(&pairs[0]), i64s(&pairs[1]));
    let elements = Elements::new(c, 2)?;
    let (mut offsets, mut out) = (vec![0u32], ColumnBuilder::new(a.ty()));
    for row in 0..c.rows {
        let all = elements.at(row);
        let wanted = ranges.offsets[row] as usize..ranges.offsets[row + 1] as usize;
        let parts: Vec<Range<usize>> = wanted.map(|k| part(&all, starts.at(k), lengths.at(k))).collect();
        of_row(a, &elements, &all, &parts, &mut out)?;
        offsets.push(out.len() as u32);
    }
    let values = std::sync::Arc::new(out.finish());
    Ok(Data::Array(ArrayData { offsets: offsets.into(), values }).into())
}

/// Positions of `length` elements from the 1-based `start` on (from the end if negative), cut to `all`.
fn part(all: &Range<usize>, start: i64, length: i64) -> Range<usize> {
    let n = all.len() as i128;
    let from = if start < 0 { n + i128::from(start) } else { i128::from(start) - 1 };
    if from < 0 {
        return all.start..all.start;
    }
    // the length is an unsigned number
    let to = (from + i128::from(length as u64)).clamp(0, n);
    let from = from.clamp(0, to);
    all.start + from as usize..all.start + to as usize
}

/// Elements of one leaf of the tree of states.
const LEAF: usize = 64;

/// Results of the ranges of one row.
fn of_row(
    a: &dyn Aggregate,
    elements: &Elements,
    all: &Range<usize>,
    parts: &[Range<usize>],
    out: &mut ColumnBuilder,
) -> Result<()> {
    let read: usize = parts.iter().map(Range::len).sum();
    let tree =
        if all.len() > 4 * LEAF && read > 4 * all.len() { Some(Tree::new(a, elements, all)?) } else { None };
    for part in parts {
        let mut state = fresh(a, 1);
        let leaves = (part.start - all.start).div_ceil(LEAF)..(part.end - all.start) / LEAF;
        match tree.as_ref().filter(|_| !leaves.is_empty()) {
            None => add(state.as_mut(), elements, part.clone())?,
            Some(tree) => {
                add(state.as_mut(), elements, part.start..all.start + leaves.start * LEAF)?;
                tree.merge_into(state.as_mut(), leaves.start, leaves.end)?;
                add(state.as_mut(), elements, all.start + leaves.end * LEAF..part.end)?;
            }
        }
        out.append_column(&state.finish(0..1)?);
    }
    Ok(())
}

fn add(state: &mut dyn States, elements: &Elements, at: Range<usize>) -> Result<()> {
    let n = at.len();
    if n == 0 { Ok(()) } else { state.update(Groups::One(0), &elements.slices(at), n) }
}

/// States of runs of 64, 128, 256, … elements, so that many long ranges cost no more than log n each.
struct Tree {
    levels: Vec<Box<dyn States>>,
}

impl Tree {
    fn new(a: &dyn Aggregate, elements: &Elements, all: &Range<usize>) -> Result<Tree> {
        let leaves = all.len() / LEAF;
        let mut level = fresh(a, leaves);
        for leaf in 0..leaves {
            let from = all.start + leaf * LEAF;
            level.update(Groups::One(leaf as u32), &elements.slices(from..from + LEAF), LEAF)?;
        }
        let mut levels = vec![level];
        while let Some(below) = levels.last().filter(|l| l.len() >= 2) {
            let n = below.len() / 2;
            let mut level = fresh(a, n);
            for side in 0..2 {
                let (from, to): (Vec<u32>, Vec<u32>) = (0..n as u32).map(|i| (2 * i + side, i)).unzip();
                level.merge(below.as_ref(), &from, &to)?;
            }
            levels.push(level);
        }
        Ok(Tree { levels })
    }

    /// Merges leaves `from..to`, in order.
    fn merge_into(&self, state: &mut dyn States, mut from: usize, to: usize) -> Result<()> {
        while from < to {
            let fits = |level: usize| from % (1 << level) == 0 && from + (1 << level) <= to;
            let mut level = 0;
            while level + 1 < self.levels.len() && fits(level + 1) {
                level += 1;
            }
            let group = (from >> level) as u32;
            state.merge(self.levels[level].as_ref(), &[group], &[0])?;
            from += 1 << level;
        }
        Ok(())
    }
}
