//! count, sum, avg, min, max (and their -If) in time that does not depend on the frame's length:
//! prefix counts and exact prefix sums, sums of floats over a tree, extremes by a monotonic queue.

use super::Rowset;
use super::frames::Frames;
use super::values::{MISSING, take};
use crate::expr::mask_of;
use crate::sort::key_column;
use aggregates::Aggregate;
use std::cmp::Ordering;
use std::collections::VecDeque;
use types::{Bitmap, Column, Data, Result, Type, match_numeric};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Count,
    Sum,
    Avg,
    Min,
    Max,
}

/// `None`: the function or its types have no such way.
pub fn column(
    a: &dyn Aggregate,
    args: &[Column],
    frames: &Frames,
    rows: &Rowset<'_>,
) -> Result<Option<Column>> {
    let name = a.name();
    let (base, condition) = match name.strip_suffix("If") {
        Some(base) => (base, args.last()),
        None => (name, None),
    };
    let kind = match base {
        "count" => Kind::Count,
        "sum" => Kind::Sum,
        "avg" => Kind::Avg,
        "min" => Kind::Min,
        "max" => Kind::Max,
        _ => return Ok(None),
    };
    let values = &args[..args.len() - usize::from(condition.is_some())];
    if values.len() != 1 && !(kind == Kind::Count && values.is_empty()) {
        return Ok(None);
    }
    let n = rows.batch.rows;
    let _held = rows.query.memory.reserve(n as u64 * 48)?;
    let mut valid = condition.map(|c| mask_of(c, n)).transpose()?;
    if let Some(nulls) = values.first().and_then(Column::null_mask) {
        match &mut valid {
            Some(v) => v.and_not_with(&nulls),
            None => valid = Some(nulls.not()),
        }
    }
    let mut counts = Vec::with_capacity(n + 1);
    let mut so_far = 0u32;
    counts.push(0);
    for i in 0..n {
        so_far += u32::from(valid.as_ref().is_none_or(|v| v.get(i)));
        counts.push(so_far);
    }
    let counted = |i: usize| {
        let (s, e) = (frames.start[i] as usize, frames.end[i] as usize);
        if s < e { counts[e] - counts[s] } else { 0 }
    };
    if kind == Kind::Count {
        return Ok(Some(Data::U64((0..n).map(|i| u64::from(counted(i))).collect::<Vec<_>>().into()).into()));
    }
    let value = &values[0];
    let Some(arg) = a.args().first().map(Type::base) else { return Ok(None) };
    let column = match kind {
        Kind::Min | Kind::Max => match extremes(kind, value, valid.as_ref(), frames, rows)? {
            Some(from) => return Ok(Some(take(value, a.ty(), &from))),
            None => return Ok(None),
        },
        _ if arg.is_float() => {
            let sums = float_sums(value, valid.as_ref(), frames, rows)?;
            match (kind, a.ty().base()) {
                (Kind::Sum, Type::Float64) => Data::F64(sums.into()),
                (Kind::Avg, Type::Float64) => Data::F64(
                    sums.iter()
                        .enumerate()
                        .map(|(i, s)| s / f64::from(counted(i)))
                        .collect::<Vec<_>>()
                        .into(),
                ),
                _ => return Ok(None),
            }
        }
        _ => {
            if !(arg.is_number() && arg.fixed_width().is_some_and(|w| w <= 16)) {
                return Ok(None);
            }
            let prefix = int_prefix(value, valid.as_ref());
            let sum = |i: usize| {
                let (s, e) = (frames.start[i] as usize, frames.end[i] as usize);
                if s < e { prefix[e].wrapping_sub(prefix[s]) } else { 0 }
            };
            match (kind, a.ty().base()) {
                (Kind::Sum, Type::UInt64) => {
                    Data::U64((0..n).map(|i| sum(i) as u64).collect::<Vec<_>>().into())
                }
                (Kind::Sum, Type::Int64) => {
                    Data::I64((0..n).map(|i| sum(i) as i64).collect::<Vec<_>>().into())
                }
                (Kind::Sum, Type::UInt128) => {
                    Data::U128((0..n).map(|i| sum(i) as u128).collect::<Vec<_>>().into())
                }
                (Kind::Sum, Type::Int128) => Data::I128((0..n).map(sum).collect::<Vec<_>>().into()),
                (Kind::Sum, Type::Decimal(p, _)) if (19..=38).contains(p) => {
                    Data::I128((0..n).map(sum).collect::<Vec<_>>().into())
                }
                (Kind::Avg, Type::Float64) => {
                    let scale = if let Type::Decimal(_, s) = arg { types::float::pow10(*s) } else { 1.0 };
                    let avg = |i: usize| sum(i) as f64 / scale / f64::from(counted(i));
                    Data::F64((0..n).map(avg).collect::<Vec<_>>().into())
                }
                _ => return Ok(None),
            }
        }
    };
    let nulls = a.ty().is_nullable().then(|| Bitmap::from_fn(n, |i| counted(i) == 0));
    if let (Some(nulls), Data::F64(v)) = (&nulls, &column) {
        // what lies under a NULL is the default value
        let plain: Vec<f64> =
            v.iter().enumerate().map(|(i, x)| if nulls.get(i) { 0.0 } else { *x }).collect();
        return Ok(Some(Column::new(Data::F64(plain.into()), Some(nulls.clone()))));
    }
    Ok(Some(Column::new(column, nulls)))
}

trait Wide: Copy {
    fn wide(self) -> i128;
    fn float(self) -> f64;
}
macro_rules! wide { ($($t:ty),*) => { $(impl Wide for $t {
    fn wide(self) -> i128 { self as i128 }
    fn float(self) -> f64 { self as f64 }
})* } }
wide!(u8, u16, u32, u64, u128, i8, i16, i32, i64, i128, f32, f64);
impl Wide for types::U256 {
    fn wide(self) -> i128 {
        self.as_i128()
    }
    fn float(self) -> f64 {
        self.as_i128() as f64
    }
}
impl Wide for types::I256 {
    fn wide(self) -> i128 {
        self.as_i128()
    }
    fn float(self) -> f64 {
        self.as_i128() as f64
    }
}

/// Sums of the first i values, wrapping: differences are exact as long as the result fits.
fn int_prefix(c: &Column, valid: Option<&Bitmap>) -> Vec<i128> {
    let c = c.flat();
    let mut prefix = Vec::with_capacity(c.len() + 1);
    let mut sum = 0i128;
    prefix.push(0);
    match_numeric!(&c.data, v, W => {
        for (i, x) in v.iter().enumerate() {
            if valid.is_none_or(|m| m.get(i)) {
                sum = sum.wrapping_add(x.wide());
            }
            prefix.push(sum);
        }
    }, prefix.resize(c.len() + 1, 0));
    prefix
}

/// Values of a numeric column as floats; those that do not count are 0.
pub fn floats(c: &Column, valid: Option<&Bitmap>) -> Vec<f64> {
    let c = c.flat();
    match_numeric!(&c.data, v, W => {
        v.iter().enumerate().map(|(i, x)| if valid.is_none_or(|m| m.get(i)) { x.float() } else { 0.0 }).collect()
    }, vec![0.0; c.len()])
}

const FANOUT: usize = 16;

/// Sums over any range in a few dozen additions; short ranges are added from left to right.
struct Tree {
    levels: Vec<Vec<f64>>,
}

impl Tree {
    fn new(values: Vec<f64>) -> Tree {
        let mut levels = vec![values];
        while levels[levels.len() - 1].len() > FANOUT {
            let next = levels[levels.len() - 1].chunks(FANOUT).map(|c| c.iter().sum()).collect();
            levels.push(next);
        }
        Tree { levels }
    }
    fn sum(&self, from: usize, to: usize) -> f64 {
        self.part(0, from, to)
    }
    fn part(&self, level: usize, from: usize, to: usize) -> f64 {
        let values = &self.levels[level];
        if to - from <= 4 * FANOUT || level + 1 == self.levels.len() {
            return values[from..to].iter().sum();
        }
        let (first, last) = (from.div_ceil(FANOUT), to / FANOUT);
        let head: f64 = values[from..first * FANOUT].iter().sum();
        head + self.part(level + 1, first, last) + values[last * FANOUT..to].iter().sum::<f64>()
    }
}

fn float_sums(c: &Column, valid: Option<&Bitmap>, frames: &Frames, rows: &Rowset<'_>) -> Result<Vec<f64>> {
    let values = floats(c, valid);
    let n = values.len();
    let mut out = Vec::with_capacity(n);
    if frames.from_first {
        for &(s, e) in &rows.partitions {
            rows.query.cancel.check()?;
            let (mut at, mut sum) = (s as usize, 0.0);
            for i in s as usize..e as usize {
                while at < frames.end[i] as usize {
                    sum += values[at];
                    at += 1;
                }
                out.push(sum);
            }
        }
        return Ok(out);
    }
    let tree = Tree::new(values);
    for i in 0..n {
        if i % 65_536 == 0 {
            rows.query.cancel.check()?;
        }
        let (s, e) = (frames.start[i] as usize, frames.end[i] as usize);
        out.push(if s < e { tree.sum(s, e) } else { 0.0 });
    }
    Ok(out)
}

/// The row with the smallest or largest value of each frame. `None` if NaNs are about: what they
/// mean is the aggregate's business.
fn extremes(
    kind: Kind,
    c: &Column,
    valid: Option<&Bitmap>,
    frames: &Frames,
    rows: &Rowset<'_>,
) -> Result<Option<Vec<u32>>> {
    let nan = match &c.data {
        Data::F32(v) => v.iter().any(|x| x.is_nan()),
        Data::F64(v) => v.iter().any(|x| x.is_nan()),
        Data::Const(one, _) => matches!(&one.data, Data::F32(_) | Data::F64(_)),
        Data::Codes(_, d) => matches!(&d.values.data, Data::F32(_) | Data::F64(_)),
        _ => false,
    };
    if nan {
        return Ok(None);
    }
    // a NULL inside a tuple or an array loses either way
    let keys = key_column(c.clone(), false, kind == Kind::Max);
    // true: a row behind makes the one before superfluous
    let beats = |new: usize, old: usize| match keys.compare(new, old) {
        Ordering::Less => kind == Kind::Min,
        Ordering::Greater => kind == Kind::Max,
        Ordering::Equal => false,
    };
    let mut out = Vec::with_capacity(rows.batch.rows);
    let mut queue: VecDeque<u32> = VecDeque::new();
    for &(s, e) in &rows.partitions {
        rows.query.cancel.check()?;
        queue.clear();
        let mut at = s;
        for i in s as usize..e as usize {
            while at < frames.end[i] {
                if valid.is_none_or(|m| m.get(at as usize)) {
                    while queue.back().is_some_and(|&b| beats(at as usize, b as usize)) {
                        queue.pop_back();
                    }
                    queue.push_back(at);
                }
                at += 1;
            }
            while queue.front().is_some_and(|&f| f < frames.start[i]) {
                queue.pop_front();
            }
            // the queue may hold rows behind an empty frame's end
            out.push(queue.front().copied().filter(|&f| f < frames.end[i]).unwrap_or(MISSING));
        }
    }
    Ok(Some(out))
}
