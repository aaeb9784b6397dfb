//! min and max of any ordered type.
//!
//! Numbers keep one value per group. Strings of an ordered dictionary are compared as codes while batches
//! share the dictionary; the best codes become bytes only when it changes or results are asked for.

use crate::registry::{AggregateDef, Bound, Call, Flags};
use crate::state::cells::{same, serial};
use crate::state::slots::Slots;
use crate::state::wire::Reader;
use crate::{Groups, States, match_slots};
use std::any::Any;
use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;
use types::compare::OrderedValue;
use types::ty::Type;
use types::{Column, ColumnBuilder, Data, Dict, Result, StrData};

pub const DEFS: &[AggregateDef] = &[
    AggregateDef {
        name: "min",
        aliases: &[],
        case_insensitive: true,
        signature: "min(x)",
        description: "Smallest value of any comparable type.",
        examples: &[("SELECT min(number + 3) FROM numbers(5)", "3")],
        flags: Flags::IDEMPOTENT,
        build: |call| build(call, Ordering::Less),
    },
    AggregateDef {
        name: "max",
        aliases: &[],
        case_insensitive: true,
        signature: "max(x)",
        description: "Largest value of any comparable type.",
        examples: &[("SELECT max(toString(number)) FROM numbers(5)", "4")],
        flags: Flags::IDEMPOTENT,
        build: |call| build(call, Ordering::Greater),
    },
];

fn build(call: &Call<'_>, wanted: Ordering) -> Result<Bound> {
    call.arity(1..=1)?;
    call.param_count(0..=0)?;
    call.check(0, comparable)?;
    let ty = call.args[0].clone();
    Ok(Bound::new(call, ty.clone(), move || {
        Box::new(Extremes { best: Slots::new(&ty), seen: Vec::new(), codes: None, ty: ty.clone(), wanted })
    }))
}

/// Types with an order.
pub fn comparable(ty: &Type) -> bool {
    !matches!(ty, Type::AggregateFunction(_) | Type::Function)
}

/// Best codes of a dictionary, `NONE` = nothing since it was met.
struct BestCodes {
    dict: Arc<Dict>,
    best: Vec<u32>,
}
const NONE: u32 = u32::MAX;

struct Extremes {
    best: Slots,
    seen: Vec<bool>,
    codes: Option<BestCodes>,
    ty: Type,
    wanted: Ordering,
}

trait Extreme: OrderedValue + Default {
    /// The extreme of a run that is not empty. NaNs lose against numbers.
    fn of(values: &[Self], wanted: Ordering) -> Self;
    fn nan(self) -> bool {
        false
    }
}
macro_rules! extreme_int { ($($t:ty),*) => { $(impl Extreme for $t {
    fn of(values: &[Self], wanted: Ordering) -> Self {
        let first = values[0];
        if wanted == Ordering::Less {
            values.iter().fold(first, |a, b| if *b < a { *b } else { a })
        } else {
            values.iter().fold(first, |a, b| if *b > a { *b } else { a })
        }
    }
})* } }
extreme_int!(u8, u16, u32, u64, u128, i8, i16, i32, i64, i128, types::I256, types::U256);
macro_rules! extreme_float { ($($t:ty),*) => { $(impl Extreme for $t {
    fn of(values: &[Self], wanted: Ordering) -> Self {
        const LANES: usize = 8;
        let start = if wanted == Ordering::Less { <$t>::INFINITY } else { <$t>::NEG_INFINITY };
        let mut lanes = [start; LANES];
        let mut numbers = false;
        let chunks = values.chunks_exact(LANES);
        let rest = chunks.remainder();
        for chunk in chunks {
            for k in 0..LANES {
                let v = chunk[k];
                numbers |= !v.is_nan();
                // comparisons with NaN are false, so NaN never gets in
                lanes[k] = if wanted == Ordering::Less { if v < lanes[k] { v } else { lanes[k] } } else if v > lanes[k] { v } else { lanes[k] };
            }
        }
        for &v in rest {
            numbers |= !v.is_nan();
            lanes[0] = if wanted == Ordering::Less { if v < lanes[0] { v } else { lanes[0] } } else if v > lanes[0] { v } else { lanes[0] };
        }
        if !numbers {
            return <$t>::NAN;
        }
        lanes.into_iter().fold(start, |a, b| if wanted == Ordering::Less { if b < a { b } else { a } } else if b > a { b } else { a })
    }
    fn nan(self) -> bool { self.is_nan() }
})* } }
extreme_float!(f32, f64);

#[inline]
fn better<T: Extreme>(new: T, old: T, wanted: Ordering) -> bool {
    if new.nan() {
        return false;
    }
    old.nan() || new.order(old) == wanted
}

fn update_numbers<T: Extreme>(best: &mut [T], seen: &mut [bool], groups: Groups<'_>, values: &[T], wanted: Ordering) {
    match groups {
        Groups::One(g) if !values.is_empty() => {
            let g = g as usize;
            let v = T::of(values, wanted);
            if !seen[g] || better(v, best[g], wanted) {
                best[g] = v;
                seen[g] = true;
            }
        }
        Groups::One(_) => {}
        Groups::Each(gs) => {
            for (g, v) in gs.iter().zip(values) {
                let g = *g as usize;
                if !seen[g] || better(*v, best[g], wanted) {
                    best[g] = *v;
                    seen[g] = true;
                }
            }
        }
    }
}

impl Extremes {
    /// Makes bytes of the best codes, as the dictionary is left.
    fn settle(&mut self) {
        let Some(codes) = self.codes.take() else { return };
        for (g, &code) in codes.best.iter().enumerate() {
            if code != NONE {
                self.offer(g as u32, &codes.dict.values, code as usize);
            }
        }
    }
    fn offer(&mut self, group: u32, c: &Column, row: usize) {
        let g = group as usize;
        if !self.seen[g] || self.best.compare(c, row, group, self.wanted.reverse()) == self.wanted {
            self.best.set(group, c, row);
            self.seen[g] = true;
        }
    }
    fn update_codes(&mut self, groups: Groups<'_>, codes: &[u32], dict: &Arc<Dict>) {
        if self.codes.as_ref().is_none_or(|c| c.dict.id != dict.id) {
            self.settle();
            self.codes = Some(BestCodes { dict: dict.clone(), best: vec![NONE; self.seen.len()] });
        }
        let Some(state) = &mut self.codes else { return };
        state.best.resize(self.seen.len(), NONE);
        let less = self.wanted == Ordering::Less;
        match groups {
            Groups::One(g) => {
                let best = &mut state.best[g as usize];
                if less {
                    *best = codes.iter().fold(*best, |a, b| a.min(*b));
                } else {
                    // NONE is the largest number: one more wraps to 0, and all codes move up by one
                    let up = codes.iter().fold(best.wrapping_add(1), |a, b| a.max(*b + 1));
                    *best = up.wrapping_sub(1);
                }
            }
            Groups::Each(gs) => {
                for (g, code) in gs.iter().zip(codes) {
                    let best = &mut state.best[*g as usize];
                    if *best == NONE || (if less { code < best } else { code > best }) {
                        *best = *code;
                    }
                }
            }
        }
    }
}

impl States for Extremes {
    fn resize(&mut self, groups: usize) {
        if groups > self.seen.len() {
            self.best.resize(groups);
            self.seen.resize(groups, false);
        }
    }
    fn len(&self) -> usize {
        self.seen.len()
    }
    fn update(&mut self, groups: Groups<'_>, args: &[Column], rows: usize) -> Result<()> {
        let mut c = args[0].clone();
        if rows == 0 {
            return Ok(());
        }
        if let (Data::Const(one, _), Groups::One(g)) = (&c.data, groups) {
            self.settle();
            self.offer(g, one, 0);
            return Ok(());
        }
        match (&c.data, &self.best) {
            (Data::Codes(codes, dict), Slots::Bytes(..)) if dict.ordered && codes.len() >= self.seen.len() / 4 => {
                self.update_codes(groups, codes, &dict.clone());
                return Ok(());
            }
            (Data::Codes(..) | Data::Const(..), Slots::Bytes(..)) => {}
            (Data::Codes(..) | Data::Const(..), _) => c = c.flat_deep(),
            _ => {}
        }
        let wanted = self.wanted;
        let seen = &mut self.seen;
        match_slots!(&mut self.best, best, D => {
            if let D(values) = &c.data {
                update_numbers(best, seen, groups, values, wanted);
            }
        }, {
            self.settle();
            match groups {
                Groups::One(g) => {
                    // the winner of the batch first, so that it is copied once
                    let mut at = 0;
                    for row in 1..rows {
                        if types::compare::compare_rows_with(&c, row, &c, at, wanted.reverse()) == wanted {
                            at = row;
                        }
                    }
                    self.offer(g, &c, at);
                }
                Groups::Each(gs) => {
                    for (row, g) in gs.iter().enumerate() {
                        self.offer(*g, &c, row);
                    }
                }
            }
        });
        Ok(())
    }
    fn merge(&mut self, other: &dyn States, src: &[u32], dst: &[u32]) -> Result<()> {
        let other = same::<Self>(other)?;
        self.settle();
        for (&s, &d) in src.iter().zip(dst) {
            if other.seen[s as usize] {
                let take = !self.seen[d as usize] || other.better_number(&self.best, s, d);
                if take {
                    self.best.copy(&other.best, s, d);
                    self.seen[d as usize] = true;
                }
            }
            if let Some(codes) = &other.codes
                && let Some(&code) = codes.best.get(s as usize)
                && code != NONE
            {
                self.offer(d, &codes.dict.values, code as usize);
            }
        }
        Ok(())
    }
    fn finish(&self, groups: Range<usize>) -> Result<Column> {
        let mut out = ColumnBuilder::with_capacity(&self.ty, groups.len());
        for g in groups {
            match self.pending(g) {
                Some((c, row)) => out.push_row(c, row),
                None if self.seen[g] => self.best.push(g, &mut out),
                None => out.push_default(1),
            }
        }
        Ok(out.finish())
    }
    fn serialize(&self, groups: &[u32]) -> Result<StrData> {
        Ok(serial(groups, |g, out| {
            let g = g as usize;
            if let Some((c, row)) = self.pending(g) {
                crate::state::binary::put_text(c.bytes_at(row).unwrap_or_default(), out);
            } else {
                self.best.put(&self.ty, g, self.seen[g], out);
            }
        }))
    }
    fn absorb(&mut self, g: u32, r: &mut Reader<'_>) -> Result<()> {
        self.settle();
        match self.best.read(&self.ty, r)? {
            Some(c) => self.update(Groups::One(g), &[c], 1),
            None => Ok(()),
        }
    }
    fn bytes(&self) -> usize {
        self.best.bytes() + self.seen.capacity() + self.codes.as_ref().map_or(0, |c| c.best.capacity() * 4)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Extremes {
    /// The best code of a group if it beats what the group has as a value.
    fn pending(&self, g: usize) -> Option<(&Column, usize)> {
        let codes = self.codes.as_ref()?;
        let code = *codes.best.get(g)?;
        let wins = code != NONE && (!self.seen[g] || self.best.compare(&codes.dict.values, code as usize, g as u32, self.wanted.reverse()) == self.wanted);
        wins.then_some((&codes.dict.values, code as usize))
    }
    /// Does the own value `s` beat `mine[d]`? NaNs lose.
    fn better_number(&self, mine: &Slots, s: u32, d: u32) -> bool {
        let nan = |slots: &Slots, i: u32| match slots {
            Slots::F32(v) => v[i as usize].is_nan(),
            Slots::F64(v) => v[i as usize].is_nan(),
            _ => false,
        };
        !nan(&self.best, s) && (nan(mine, d) || mine.compare_slots(&self.best, s, d, self.wanted.reverse()) == self.wanted)
    }
}
