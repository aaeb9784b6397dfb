//! groupArraySample, groupArraySorted, groupArrayInsertAt: arrays of which not every row is kept.

use super::group_array::{arrays, max_size};
use super::min_max::comparable;
use super::sketch::pcg::Pcg;
use crate::registry::{AggregateDef, Bound, Call, Flags};
use crate::state::cells::{same, serial};
use crate::state::numbers::ints;
use crate::state::picked::{NONE, Picked};
use crate::state::wire::{Reader, put_value, put_var, read_value};
use crate::{Groups, States};
use std::any::Any;
use std::ops::Range;
use types::codes::{ILLEGAL_TYPE_OF_ARGUMENT, TOO_LARGE_ARRAY_SIZE};
use types::compare::compare_rows;
use types::{Column, ColumnBuilder, Error, Result, Scalar, StrData, Type};

pub const DEFS: &[AggregateDef] = &[
    AggregateDef {
        name: "groupArraySample",
        aliases: &[],
        case_insensitive: false,
        signature: "groupArraySample(max_size, seed)(x)",
        description: "Array of max_size values chosen at random with equal odds.",
        examples: &[("SELECT length(groupArraySample(3)(number)) FROM numbers(10)", "3")],
        flags: Flags::ORDER_DEFAULT,
        build: |call| {
            call.param_count(1..=2)?;
            let seed = if call.params.len() == 2 { call.uint_param(1)? } else { 123_456 };
            build(call, max_size(call)?, Kind::Sample(seed))
        },
    },
    AggregateDef {
        name: "groupArraySorted",
        aliases: &[],
        case_insensitive: false,
        signature: "groupArraySorted(n)(x)",
        description: "Array of the n smallest values in order.",
        examples: &[("SELECT groupArraySorted(3)(9 - number) FROM numbers(10)", "[0,1,2]")],
        flags: Flags::DEFAULT_ON_NULLS,
        build: |call| {
            if call.params.len() != 1 {
                return Err(Error::bad_arguments("groupArraySorted takes one parameter: the number of values"));
            }
            call.check(0, comparable)?;
            build(call, max_size(call)?, Kind::Sorted)
        },
    },
    AggregateDef {
        name: "groupArrayInsertAt",
        aliases: &[],
        case_insensitive: false,
        signature: "groupArrayInsertAt(default, size)(x, position)",
        description: "Array with each value at its position, default between them; cut or filled to size if given.",
        examples: &[("SELECT groupArrayInsertAt(number * 10, number * 2) FROM numbers(3)", "[0,0,10,0,20]")],
        flags: Flags::ORDER_DEFAULT,
        build: |call| {
            call.param_count(0..=2)?;
            call.arity(2..=2)?;
            if !matches!(call.args[1].int_bits(), Some((_, false))) {
                return Err(Error::new(ILLEGAL_TYPE_OF_ARGUMENT, "The position of groupArrayInsertAt must be an unsigned integer"));
            }
            let default = call.params.first().map(|p| p.value.clone());
            let size = if call.params.len() == 2 { Some(call.uint_param(1)? as usize) } else { None };
            if size.is_some_and(|s| s > POSITION_MAX) {
                return Err(Error::new(TOO_LARGE_ARRAY_SIZE, format!("The size of groupArrayInsertAt must not exceed {POSITION_MAX}")));
            }
            build(call, usize::MAX, Kind::InsertAt(default, size))
        },
    },
];

const POSITION_MAX: usize = 0xff_ffff;

#[derive(Clone)]
enum Kind {
    Sample(u64),
    Sorted,
    InsertAt(Option<Scalar>, Option<usize>),
}

fn build(call: &Call<'_>, max: usize, kind: Kind) -> Result<Bound> {
    let n = if matches!(kind, Kind::InsertAt(..)) { 2 } else { 1 };
    call.arity(n..=n)?;
    if max > POSITION_MAX && n == 1 {
        return Err(Error::bad_arguments(format!("The size of {} must not exceed {POSITION_MAX}", call.name)));
    }
    let ty = call.args[0].clone();
    Ok(Bound::new(call, Type::array(ty.clone()), move || {
        Box::new(PickedArray { picked: Picked::new(&ty), seen: Vec::new(), random: Vec::new(), max, kind: kind.clone(), ty: ty.clone() })
    }))
}

struct PickedArray {
    picked: Picked,
    /// rows offered, by group
    seen: Vec<u64>,
    /// of each group's sample
    random: Vec<Pcg>,
    max: usize,
    kind: Kind,
    ty: Type,
}

impl PickedArray {
    /// Offers row `at` of the store to a group.
    fn offer(&mut self, group: u32, at: u32, position: usize) -> Result<()> {
        let g = group as usize;
        self.seen[g] += 1;
        let list = &mut self.picked.lists[g];
        match &self.kind {
            Kind::Sample(_) if list.len() < self.max => list.push(at),
            Kind::Sample(_) => {
                let slot = self.random[g].below(self.seen[g]);
                if let Some(place) = list.get_mut(slot as usize) {
                    *place = at;
                }
            }
            Kind::Sorted => {
                list.push(at);
                if list.len() >= self.max * 2 + 64 {
                    self.trim(g);
                }
            }
            Kind::InsertAt(..) => {
                if position >= POSITION_MAX {
                    return Err(Error::new(TOO_LARGE_ARRAY_SIZE, format!("Position {position} of groupArrayInsertAt is above {POSITION_MAX}")));
                }
                if list.len() <= position {
                    list.resize(position + 1, NONE);
                }
                if list[position] == NONE {
                    list[position] = at;
                }
            }
        }
        Ok(())
    }
    /// The smallest `max` rows of a group, in order.
    fn ordered(&self, group: usize) -> Vec<u32> {
        let mut list = self.picked.lists[group].clone();
        if matches!(self.kind, Kind::Sorted) {
            let values = self.picked.log.gather(&list);
            let mut order: Vec<usize> = (0..list.len()).collect();
            order.sort_by(|a, b| compare_rows(&values, *a, &values, *b));
            list = order.into_iter().take(self.max).map(|i| list[i]).collect();
        }
        list
    }
    fn trim(&mut self, group: usize) {
        self.picked.lists[group] = self.ordered(group);
    }
}

impl States for PickedArray {
    fn resize(&mut self, groups: usize) {
        self.picked.resize(groups);
        self.seen.resize(groups.max(self.seen.len()), 0);
        if let Kind::Sample(seed) = self.kind {
            self.random.resize(self.seen.len(), Pcg::new(seed));
        }
    }
    fn len(&self) -> usize {
        self.seen.len()
    }
    fn update(&mut self, groups: Groups<'_>, args: &[Column], rows: usize) -> Result<()> {
        let first = self.picked.store(&args[0].flat());
        let positions = if args.len() > 1 { ints(&args[1]) } else { Vec::new() };
        for row in 0..rows {
            let position = positions.get(row).map_or(0, |p| usize::try_from(*p).unwrap_or(usize::MAX));
            self.offer(groups.of(row), first + row as u32, position)?;
        }
        self.picked.compact();
        Ok(())
    }
    fn merge(&mut self, other: &dyn States, src: &[u32], dst: &[u32]) -> Result<()> {
        let other = same::<Self>(other)?;
        for (&s, &d) in src.iter().zip(dst) {
            let list = other.ordered(s as usize);
            let (places, rows): (Vec<usize>, Vec<u32>) = list.iter().copied().enumerate().filter(|x| x.1 != NONE).unzip();
            if rows.is_empty() {
                continue;
            }
            let first = self.picked.store(&other.picked.log.gather(&rows));
            for (i, place) in places.into_iter().enumerate() {
                self.offer(d, first + i as u32, place)?;
            }
            self.seen[d as usize] += other.seen[s as usize] - rows.len() as u64;
        }
        self.picked.compact();
        Ok(())
    }
    fn finish(&self, groups: Range<usize>) -> Result<Column> {
        let mut lengths = Vec::with_capacity(groups.len());
        let mut out = ColumnBuilder::new(&self.ty);
        for g in groups {
            let list = self.ordered(g);
            let Kind::InsertAt(default, size) = &self.kind else {
                lengths.push(list.len());
                out.append_column(&self.picked.log.gather(&list));
                continue;
            };
            let n = size.unwrap_or(list.len());
            lengths.push(n);
            for i in 0..n {
                match (list.get(i), default) {
                    (Some(at), _) if *at != NONE => out.append_column(&self.picked.log.gather(&[*at])),
                    (_, Some(d)) => out.push_scalar(d),
                    _ => out.push_default(1),
                }
            }
        }
        Ok(arrays(&lengths, out.finish()))
    }
    fn serialize(&self, groups: &[u32]) -> Result<StrData> {
        Ok(serial(groups, |g, out| {
            let list = self.ordered(g as usize);
            put_var(out, self.seen[g as usize]);
            put_var(out, list.len() as u64);
            for at in list {
                if at == NONE {
                    out.push(0);
                } else {
                    out.push(1);
                    put_value(&self.picked.log.gather(&[at]), 0, out);
                }
            }
        }))
    }
    fn absorb(&mut self, g: u32, r: &mut Reader<'_>) -> Result<()> {
        let ty = self.ty.clone();
        let seen = r.var()?;
        let mut values = ColumnBuilder::new(&ty);
        let mut places = Vec::new();
        for i in 0..r.count(1)? {
            if r.byte()? == 1 {
                read_value(r, &mut values)?;
                places.push(i);
            }
        }
        let first = self.picked.store(&values.finish());
        for (i, place) in places.iter().enumerate() {
            self.offer(g, first + i as u32, *place)?;
        }
        self.seen[g as usize] += seen.saturating_sub(places.len() as u64);
        Ok(())
    }
    fn bytes(&self) -> usize {
        self.picked.bytes() + (self.seen.capacity() + self.random.capacity()) * 8
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}
