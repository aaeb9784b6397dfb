//! groupArray and groupArrayLast: the values of a group as an array.

use crate::registry::{AggregateDef, Bound, Call, Flags};
use crate::state::arena;
use crate::state::cells::{same, serial};
use crate::state::log::RowLog;
use crate::state::wire::{Reader, put_u64, put_var};
use crate::{Groups, States};
use std::any::Any;
use std::ops::Range;
use std::sync::Arc;
use types::{ArrayData, Column, ColumnBuilder, Data, Error, Result, StrData, Type};

pub const DEFS: &[AggregateDef] = &[
    AggregateDef {
        name: "groupArray",
        aliases: &["array_agg"],
        case_insensitive: false,
        signature: "groupArray(max_size)(x)",
        description: "Array of the values that are not NULL, the first max_size of them if given.",
        examples: &[("SELECT groupArray(number) FROM numbers(4)", "[0,1,2,3]"), ("SELECT groupArray(2)(number) FROM numbers(4)", "[0,1]")],
        flags: Flags::ORDER_DEFAULT,
        build: |call| build(call, false),
    },
    AggregateDef {
        name: "array_concat_agg",
        aliases: &[],
        case_insensitive: true,
        signature: "array_concat_agg(array)",
        description: "All elements of arrays in one array: another name of groupArrayArray.",
        examples: &[("SELECT array_concat_agg([number, 7]) FROM numbers(2)", "[0,7,1,7]")],
        flags: Flags::ORDER_DEFAULT,
        build: |call| {
            let inner = crate::resolve("groupArrayArray", call.params, call.args)?;
            let (ty, state) = (inner.ty().clone(), inner.state_type());
            Ok(Bound::new(call, ty, move || inner.states()).with_state_type(state))
        },
    },
    AggregateDef {
        name: "groupArrayLast",
        aliases: &[],
        case_insensitive: false,
        signature: "groupArrayLast(max_size)(x)",
        description: "Array of the last max_size values, as a ring: value i is at position i % max_size.",
        examples: &[("SELECT groupArrayLast(2)(number) FROM numbers(4)", "[2,3]")],
        flags: Flags::ORDER_DEFAULT,
        build: |call| {
            call.param_count(1..=1)?;
            build(call, true)
        },
    },
];

/// The first parameter as a number of elements. Errors: `BAD_ARGUMENTS` if not positive.
pub fn max_size(call: &Call<'_>) -> Result<usize> {
    match call.params.first() {
        None => Ok(usize::MAX),
        Some(p) => p
            .value
            .as_i128()
            .filter(|n| *n > 0)
            .map(|n| usize::try_from(n).unwrap_or(usize::MAX))
            .ok_or_else(|| Error::bad_arguments(format!("The size of {} must be a whole number above 0", call.name))),
    }
}

fn build(call: &Call<'_>, last: bool) -> Result<Bound> {
    call.arity(1..=1)?;
    call.param_count(0..=1)?;
    let max = max_size(call)?;
    let ty = call.args[0].clone();
    Ok(Bound::new(call, Type::array(ty.clone()), move || {
        Box::new(GroupArray { log: RowLog::new(&ty), counts: Vec::new(), max, last, ty: ty.clone() })
    }))
}

struct GroupArray {
    log: RowLog,
    counts: Vec<usize>,
    max: usize,
    last: bool,
    ty: Type,
}

/// An array column from the lengths of its rows.
pub fn arrays(lengths: &[usize], values: Column) -> Column {
    let mut offsets = Vec::with_capacity(lengths.len() + 1);
    let mut n = 0u32;
    offsets.push(0);
    for len in lengths {
        n += *len as u32;
        offsets.push(n);
    }
    Data::Array(ArrayData { offsets: offsets.into(), values: Arc::new(values) }).into()
}

impl GroupArray {
    fn append(&mut self, groups: Groups<'_>, c: &Column, rows: usize) {
        if self.max == usize::MAX || self.last {
            self.log.extend(groups, c);
            return;
        }
        let mut keep = Vec::new();
        for row in 0..rows {
            let n = &mut self.counts[groups.of(row) as usize];
            if *n < self.max {
                *n += 1;
                keep.push(row as u32);
            }
        }
        if keep.len() == rows {
            return self.log.extend(groups, c);
        }
        let gs: Vec<u32> = keep.iter().map(|r| groups.of(*r as usize)).collect();
        self.log.extend(Groups::Each(&gs), &c.gather(&keep));
    }
    /// Positions of a group's values in order of the result.
    fn picked(&self, group: usize) -> Vec<u32> {
        let all = self.log.of(group, self.counts.len());
        let n = all.len();
        if !self.last || n <= self.max {
            return all.to_vec();
        }
        let mut out = vec![0; self.max];
        (n - self.max..n).for_each(|i| out[i % self.max] = all[i]);
        out
    }
}

impl States for GroupArray {
    fn resize(&mut self, groups: usize) {
        self.counts.resize(groups.max(self.counts.len()), 0);
    }
    fn len(&self) -> usize {
        self.counts.len()
    }
    fn update(&mut self, groups: Groups<'_>, args: &[Column], rows: usize) -> Result<()> {
        let flat;
        let c = if args[0].is_const() {
            flat = args[0].flat();
            &flat
        } else {
            &args[0]
        };
        self.append(groups, c, rows);
        Ok(())
    }
    fn merge(&mut self, other: &dyn States, src: &[u32], dst: &[u32]) -> Result<()> {
        let other = same::<Self>(other)?;
        for (&s, &d) in src.iter().zip(dst) {
            let rows = other.picked(s as usize);
            if !rows.is_empty() {
                self.append(Groups::One(d), &other.log.gather(&rows), rows.len());
            }
        }
        Ok(())
    }
    fn finish(&self, groups: Range<usize>) -> Result<Column> {
        let mut lengths = Vec::with_capacity(groups.len());
        let mut picked = Vec::new();
        for g in groups {
            let rows = self.picked(g);
            lengths.push(rows.len());
            picked.extend(rows);
        }
        Ok(arrays(&lengths, self.log.gather(&picked)))
    }
    fn serialize(&self, groups: &[u32]) -> Result<StrData> {
        Ok(serial(groups, |g, out| {
            let rows = self.picked(g as usize);
            let values = self.log.gather(&rows);
            put_var(out, rows.len() as u64);
            (0..rows.len()).for_each(|i| arena::put_item(&self.ty, &values, i, out));
            if self.last {
                put_u64(out, self.log.of(g as usize, self.counts.len()).len() as u64);
            }
        }))
    }
    fn absorb(&mut self, group: u32, r: &mut Reader<'_>) -> Result<()> {
        let mut values = ColumnBuilder::new(&self.ty);
        let rows = r.count(1)?;
        (0..rows).try_for_each(|_| arena::read_item(&self.ty, r, &mut values))?;
        if self.last {
            r.u64()?;
        }
        self.append(Groups::One(group), &values.finish(), rows);
        Ok(())
    }
    fn bytes(&self) -> usize {
        self.log.bytes() + self.counts.capacity() * 8
    }
    fn planned_bytes(&self, rows: usize) -> usize {
        self.bytes() + self.log.planned_growth(rows)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}
