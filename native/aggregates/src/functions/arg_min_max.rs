//! argMin, argMax (value at the extreme of another) and argAndMin, argAndMax (both as a tuple).

use super::min_max::comparable;
use crate::registry::{AggregateDef, Bound, Call, Flags};
use crate::state::cells::{same, serial};
use crate::state::slots::Slots;
use crate::state::wire::Reader;
use crate::{Groups, States};
use std::any::Any;
use std::cmp::Ordering;
use std::ops::Range;
use types::compare::{OrderedValue, compare_rows_with};
use types::{Column, ColumnBuilder, Data, Result, StrData, Type};

pub const DEFS: &[AggregateDef] = &[
    AggregateDef {
        name: "argMin",
        aliases: &["min_by", "arg_min"],
        case_insensitive: false,
        signature: "argMin(arg, val)",
        description: "arg of the row with the smallest val (the first of equals).",
        examples: &[("SELECT argMin(number, -toInt64(number)) FROM numbers(5)", "4")],
        flags: Flags::ORDER,
        build: |call| build(call, Ordering::Less, false),
    },
    AggregateDef {
        name: "argMax",
        aliases: &["max_by", "arg_max"],
        case_insensitive: false,
        signature: "argMax(arg, val)",
        description: "arg of the row with the largest val (the first of equals).",
        examples: &[("SELECT argMax(toString(number), number) FROM numbers(5)", "4")],
        flags: Flags::ORDER,
        build: |call| build(call, Ordering::Greater, false),
    },
    AggregateDef {
        name: "argAndMin",
        aliases: &[],
        case_insensitive: false,
        signature: "argAndMin(arg, val)",
        description: "Tuple of arg and val of the row with the smallest val.",
        examples: &[("SELECT argAndMin(toString(number), number) FROM numbers(5)", "('0',0)")],
        flags: Flags::ORDER,
        build: |call| build(call, Ordering::Less, true),
    },
    AggregateDef {
        name: "argAndMax",
        aliases: &[],
        case_insensitive: false,
        signature: "argAndMax(arg, val)",
        description: "Tuple of arg and val of the row with the largest val.",
        examples: &[("SELECT argAndMax(toString(number), number) FROM numbers(5)", "('4',4)")],
        flags: Flags::ORDER,
        build: |call| build(call, Ordering::Greater, true),
    },
];

fn build(call: &Call<'_>, wanted: Ordering, both: bool) -> Result<Bound> {
    call.arity(2..=2)?;
    call.param_count(0..=0)?;
    call.check(1, comparable)?;
    let (arg, val) = (call.args[0].clone(), call.args[1].clone());
    let ty = if both { Type::tuple(vec![arg.clone(), val.clone()]) } else { arg.clone() };
    Ok(Bound::new(call, ty, move || {
        Box::new(ArgExtremes {
            args: Slots::new(&arg),
            vals: Slots::new(&val),
            seen: Vec::new(),
            winners: Vec::new(),
            types: (arg.clone(), val.clone()),
            wanted,
            both,
        })
    }))
}

struct ArgExtremes {
    args: Slots,
    vals: Slots,
    seen: Vec<bool>,
    /// scratch: best row of the batch by group, `NONE` outside `update`
    winners: Vec<u32>,
    types: (Type, Type),
    wanted: Ordering,
    both: bool,
}
const NONE: u32 = u32::MAX;

impl ArgExtremes {
    /// Takes a row if its val beats the group's.
    fn offer(&mut self, group: u32, args: &[Column], row: usize) {
        let g = group as usize;
        if !self.seen[g] || self.vals.compare(&args[1], row, group, self.wanted.reverse()) == self.wanted {
            self.vals.set(group, &args[1], row);
            self.args.set(group, &args[0], row);
            self.seen[g] = true;
        }
    }
}

/// The best row of each group in a batch; groups met are listed in order of first sight.
fn winners(groups: &[u32], val: &Column, wanted: Ordering, best: &mut [u32]) -> Vec<u32> {
    let mut met = Vec::new();
    fn scan(groups: &[u32], best: &mut [u32], met: &mut Vec<u32>, beats: impl Fn(usize, usize) -> bool) {
        for (row, &g) in groups.iter().enumerate() {
            let b = &mut best[g as usize];
            if *b == NONE {
                met.push(g);
                *b = row as u32;
            } else if beats(row, *b as usize) {
                *b = row as u32;
            }
        }
    }
    types::match_numeric!(&val.data, v, W => scan(groups, best, &mut met, |a, b| v[a].order(v[b]) == wanted),
        match &val.data {
            Data::Codes(c, d) if d.ordered => scan(groups, best, &mut met, |a, b| c[a].cmp(&c[b]) == wanted),
            _ => scan(groups, best, &mut met, |a, b| compare_rows_with(val, a, val, b, wanted.reverse()) == wanted),
        });
    met
}

impl States for ArgExtremes {
    fn resize(&mut self, groups: usize) {
        if groups > self.seen.len() {
            self.args.resize(groups);
            self.vals.resize(groups);
            self.seen.resize(groups, false);
        }
    }
    fn len(&self) -> usize {
        self.seen.len()
    }
    fn update(&mut self, groups: Groups<'_>, args: &[Column], rows: usize) -> Result<()> {
        let val = &args[1];
        match groups {
            _ if rows == 0 => {}
            Groups::One(g) => {
                let mut at = 0;
                types::match_numeric!(&val.data, v, W => {
                    let mut best = v[0];
                    for (row, x) in v.iter().enumerate() {
                        if x.order(best) == self.wanted {
                            best = *x;
                            at = row;
                        }
                    }
                }, {
                    for row in 1..rows {
                        if compare_rows_with(val, row, val, at, self.wanted.reverse()) == self.wanted {
                            at = row;
                        }
                    }
                });
                self.offer(g, args, at);
            }
            Groups::Each(gs) => {
                if rows < self.seen.len() / 16 {
                    gs.iter().enumerate().for_each(|(row, g)| self.offer(*g, args, row));
                    return Ok(());
                }
                let mut best = std::mem::take(&mut self.winners);
                best.resize(self.seen.len(), NONE);
                for g in winners(gs, val, self.wanted, &mut best) {
                    let row = std::mem::replace(&mut best[g as usize], NONE);
                    self.offer(g, args, row as usize);
                }
                self.winners = best;
            }
        }
        Ok(())
    }
    fn merge(&mut self, other: &dyn States, src: &[u32], dst: &[u32]) -> Result<()> {
        let other = same::<Self>(other)?;
        for (&s, &d) in src.iter().zip(dst) {
            let wins = other.seen[s as usize] && (!self.seen[d as usize] || self.vals.compare_slots(&other.vals, s, d, self.wanted.reverse()) == self.wanted);
            if wins {
                self.vals.copy(&other.vals, s, d);
                self.args.copy(&other.args, s, d);
                self.seen[d as usize] = true;
            }
        }
        Ok(())
    }
    fn finish(&self, groups: Range<usize>) -> Result<Column> {
        let n = groups.len();
        let column = |slots: &Slots, ty: &Type| {
            let mut out = ColumnBuilder::with_capacity(ty, n);
            for g in groups.clone() {
                if self.seen[g] {
                    slots.push(g, &mut out);
                } else {
                    out.push_default(1);
                }
            }
            out.finish()
        };
        let args = column(&self.args, &self.types.0);
        if self.both {
            let vals = column(&self.vals, &self.types.1);
            return Ok(Data::Tuple([args, vals].into(), n).into());
        }
        Ok(args)
    }
    fn serialize(&self, groups: &[u32]) -> Result<StrData> {
        Ok(serial(groups, |g, out| {
            let seen = self.seen[g as usize];
            self.args.put(&self.types.0, g as usize, seen, out);
            self.vals.put(&self.types.1, g as usize, seen, out);
        }))
    }
    fn absorb(&mut self, g: u32, r: &mut Reader<'_>) -> Result<()> {
        if let (Some(arg), Some(val)) = (self.args.read(&self.types.0, r)?, self.vals.read(&self.types.1, r)?) {
            self.offer(g, &[arg, val], 0);
        }
        Ok(())
    }
    fn bytes(&self) -> usize {
        self.args.bytes() + self.vals.bytes() + self.seen.capacity() + self.winners.capacity() * 4
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}
