//! -Resample(start, end, step): results for each interval of the last argument.

use super::for_each::finish_ids;
use super::nulls::with_rows;
use super::{Combined, last_arg, nested};
use crate::contract::{Aggregate, Groups, Param, States};
use crate::state::cells::{same, serial};
use crate::state::numbers::ints;
use crate::state::wire::Reader;
use std::any::Any;
use std::ops::Range;
use std::sync::Arc;
use types::codes::{ARGUMENT_OUT_OF_BOUND, NUMBER_OF_ARGUMENTS_DOESNT_MATCH};
use types::{ArrayData, Column, Data, Error, Result, StrData, Type};

const INTERVALS_MAX: i128 = 1_048_576;

pub fn build(rest: &str, params: &[Param], args: &[Type], depth: usize) -> Result<Arc<dyn Aggregate>> {
    let name = format!("{rest}Resample");
    let (key, others) = last_arg(&name, args)?;
    if !(key.is_integer()
        || matches!(
            key,
            Type::Date | Type::DateTime(_) | Type::Enum8(_) | Type::Enum16(_) | Type::Interval(_)
        ))
    {
        return Err(Error::illegal_type(format!(
            "Illegal type {key} of last argument of aggregate function {name}: it must be an integer, a date or a time"
        )));
    }
    if params.len() < 3 {
        return Err(Error::new(
            NUMBER_OF_ARGUMENTS_DOESNT_MATCH,
            format!("Aggregate function {name} takes parameters start, end and step"),
        ));
    }
    let (own, range) = params.split_at(params.len() - 3);
    let bound = |i: usize| {
        range[i].value.as_i128().ok_or_else(|| {
            Error::bad_arguments(format!("Start, end and step of {name} must be whole numbers"))
        })
    };
    let (begin, end, step) = (bound(0)?, bound(1)?, bound(2)?);
    if step <= 0 {
        return Err(Error::new(ARGUMENT_OUT_OF_BOUND, format!("The step of {name} must be positive")));
    }
    if i64::try_from(end - begin).is_err() {
        return Err(Error::new(ARGUMENT_OUT_OF_BOUND, format!("The range of {name} is wider than 64 bits")));
    }
    // below zero there are no keys without a sign, and bounds become very large numbers
    let of_key = |bound: i128| if unsigned(key) { i128::from(bound as u64) } else { bound };
    let (begin, end) = (of_key(begin), of_key(end));
    let total = if end <= begin { 0 } else { (end - begin + step - 1) / step };
    if total > INTERVALS_MAX {
        return Err(Error::new(
            ARGUMENT_OUT_OF_BOUND,
            format!("{name} would have {total} intervals, at most {INTERVALS_MAX} are allowed"),
        ));
    }
    let inner = nested(rest, own, others, depth)?;
    let made = inner.clone();
    let ty = Type::array(inner.ty().clone());
    let resampled = Combined::new("Resample", &inner, args, ty, move || {
        Box::new(Resample { inner: made.states(), groups: 0, begin, end, step, total: total as usize })
    });
    Ok(resampled.with_params(params).arc())
}

fn unsigned(key: &Type) -> bool {
    matches!(key, Type::Bool | Type::Date | Type::DateTime(_)) || matches!(key.int_bits(), Some((_, false)))
}

struct Resample {
    inner: Box<dyn States>,
    groups: usize,
    begin: i128,
    end: i128,
    step: i128,
    total: usize,
}

impl Resample {
    fn ids(&self, groups: impl Iterator<Item = u32>) -> Vec<u32> {
        let n = self.total as u32;
        groups.flat_map(|g| g * n..(g + 1) * n).collect()
    }
}

impl States for Resample {
    fn resize(&mut self, groups: usize) {
        if groups > self.groups {
            self.groups = groups;
            self.inner.resize(groups * self.total);
        }
    }
    fn len(&self) -> usize {
        self.groups
    }
    fn update(&mut self, groups: Groups<'_>, args: &[Column], rows: usize) -> Result<()> {
        let Some((key, others)) = args.split_last() else { return Ok(()) };
        let unsigned = matches!(key.flat().data, Data::U64(_));
        let (mut keep, mut ids) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
        for (row, k) in ints(key).into_iter().enumerate() {
            let k = if unsigned { i128::from(k as u64) } else { i128::from(k) };
            // the last interval may be shorter than the others
            if k >= self.begin && k < self.end {
                let at = (k - self.begin) / self.step;
                keep.push(row as u32);
                ids.push(groups.of(row) * self.total as u32 + at as u32);
            }
        }
        if keep.is_empty() {
            return Ok(());
        }
        let inner = &mut self.inner;
        with_rows(Groups::One(0), others, &keep, |_, args, rows| inner.update(Groups::Each(&ids), args, rows))
    }
    fn merge(&mut self, other: &dyn States, src: &[u32], dst: &[u32]) -> Result<()> {
        let other = same::<Self>(other)?;
        let (from, to) = (self.ids(src.iter().copied()), self.ids(dst.iter().copied()));
        self.inner.merge(other.inner.as_ref(), &from, &to)
    }
    fn finish(&self, groups: Range<usize>) -> Result<Column> {
        let offsets: Vec<u32> = (0..=groups.len()).map(|i| (i * self.total) as u32).collect();
        let values = finish_ids(self.inner.as_ref(), &self.ids(groups.map(|g| g as u32)))?;
        Ok(Data::Array(ArrayData { offsets: offsets.into(), values: Arc::new(values) }).into())
    }
    fn serialize(&self, groups: &[u32]) -> Result<StrData> {
        let states = self.inner.serialize(&self.ids(groups.iter().copied()))?;
        let mut at = 0;
        Ok(serial(groups, |_, out| {
            (at..at + self.total).for_each(|i| out.extend_from_slice(states.get(i)));
            at += self.total;
        }))
    }
    fn absorb(&mut self, group: u32, r: &mut Reader<'_>) -> Result<()> {
        let n = self.total as u32;
        (group * n..(group + 1) * n).try_for_each(|id| self.inner.absorb(id, r))
    }
    fn bytes(&self) -> usize {
        self.inner.bytes()
    }
    fn planned_bytes(&self, rows: usize) -> usize {
        self.inner.planned_bytes(rows)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}
