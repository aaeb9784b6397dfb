//! any, anyLast and their forms that take NULLs (first_value, last_value with RESPECT NULLS).

use crate::registry::{AggregateDef, Bound, Call, Flags};
use crate::state::cells::{same, serial};
use crate::state::slots::Slots;
use crate::state::wire::Reader;
use crate::{Groups, States};
use std::any::Any;
use std::ops::Range;
use types::{Column, ColumnBuilder, Result, StrData, Type};

const RESPECT: Flags = Flags { respects_nulls: true, order_sensitive: true, default_on_nulls: false, idempotent: true };
const PLAIN: Flags = Flags { order_sensitive: true, idempotent: true, ..Flags::NONE };

pub const DEFS: &[AggregateDef] = &[
    AggregateDef {
        name: "any",
        aliases: &["any_value", "first_value"],
        case_insensitive: false,
        signature: "any(x)",
        description: "The first value met that is not NULL.",
        examples: &[("SELECT any(number) FROM numbers(3)", "0")],
        flags: PLAIN,
        build: |call| build(call, false),
    },
    AggregateDef {
        name: "anyLast",
        aliases: &["last_value"],
        case_insensitive: false,
        signature: "anyLast(x)",
        description: "The last value met that is not NULL.",
        examples: &[("SELECT anyLast(number) FROM numbers(3)", "2")],
        flags: PLAIN,
        build: |call| build(call, true),
    },
    AggregateDef {
        name: "any_respect_nulls",
        aliases: &["first_value_respect_nulls", "firstValueRespectNulls", "any_value_respect_nulls", "anyRespectNulls"],
        case_insensitive: false,
        signature: "any_respect_nulls(x)",
        description: "The first value met, NULL or not.",
        examples: &[("SELECT any_respect_nulls(nullIf(number, 0)) FROM numbers(3)", "NULL")],
        flags: RESPECT,
        build: |call| build(call, false),
    },
    AggregateDef {
        name: "anyLast_respect_nulls",
        aliases: &["last_value_respect_nulls", "lastValueRespectNulls", "anyLastRespectNulls"],
        case_insensitive: false,
        signature: "anyLast_respect_nulls(x)",
        description: "The last value met, NULL or not.",
        examples: &[("SELECT anyLast_respect_nulls(nullIf(number, 2)) FROM numbers(3)", "NULL")],
        flags: RESPECT,
        build: |call| build(call, true),
    },
];

fn build(call: &Call<'_>, last: bool) -> Result<Bound> {
    call.arity(1..=1)?;
    call.param_count(0..=0)?;
    let ty = call.args[0].clone();
    let nulls = call.name.ends_with("_respect_nulls");
    Ok(Bound::new(call, ty.clone(), move || Box::new(Anys { values: Slots::new(&ty), seen: Vec::new(), ty: ty.clone(), last, nulls })))
}

struct Anys {
    values: Slots,
    seen: Vec<bool>,
    ty: Type,
    last: bool,
    /// NULL is a value, and its states say so
    nulls: bool,
}

impl States for Anys {
    fn resize(&mut self, groups: usize) {
        if groups > self.seen.len() {
            self.values.resize(groups);
            self.seen.resize(groups, false);
        }
    }
    fn len(&self) -> usize {
        self.seen.len()
    }
    fn update(&mut self, groups: Groups<'_>, args: &[Column], rows: usize) -> Result<()> {
        let c = &args[0];
        match groups {
            _ if rows == 0 => {}
            Groups::One(g) => {
                if self.last || !self.seen[g as usize] {
                    self.values.set(g, c, if self.last { rows - 1 } else { 0 });
                    self.seen[g as usize] = true;
                }
            }
            Groups::Each(gs) if self.last => {
                // each group's last row: from the end, a group is done once it was met
                let mut done = std::collections::HashSet::new();
                if rows < self.seen.len() / 8 || matches!(self.values, Slots::Bytes(..) | Slots::Rows(..)) {
                    for (row, &g) in gs.iter().enumerate().rev() {
                        if done.insert(g) {
                            self.values.set(g, c, row);
                            self.seen[g as usize] = true;
                        }
                    }
                } else {
                    for (row, &g) in gs.iter().enumerate() {
                        self.values.set(g, c, row);
                        self.seen[g as usize] = true;
                    }
                }
            }
            Groups::Each(gs) => {
                for (row, &g) in gs.iter().enumerate() {
                    if !self.seen[g as usize] {
                        self.values.set(g, c, row);
                        self.seen[g as usize] = true;
                    }
                }
            }
        }
        Ok(())
    }
    fn merge(&mut self, other: &dyn States, src: &[u32], dst: &[u32]) -> Result<()> {
        let other = same::<Self>(other)?;
        for (&s, &d) in src.iter().zip(dst) {
            if other.seen[s as usize] && (self.last || !self.seen[d as usize]) {
                self.values.copy(&other.values, s, d);
                self.seen[d as usize] = true;
            }
        }
        Ok(())
    }
    fn finish(&self, groups: Range<usize>) -> Result<Column> {
        let mut out = ColumnBuilder::with_capacity(&self.ty, groups.len());
        for g in groups {
            if self.seen[g] {
                self.values.push(g, &mut out);
            } else {
                out.push_default(1);
            }
        }
        Ok(out.finish())
    }
    fn serialize(&self, groups: &[u32]) -> Result<StrData> {
        Ok(serial(groups, |g, out| {
            let (group, seen) = (g as usize, self.seen[g as usize]);
            if self.nulls {
                self.values.put_with_nulls(&self.ty, group, seen, out);
            } else {
                self.values.put(&self.ty, group, seen, out);
            }
        }))
    }
    fn absorb(&mut self, g: u32, r: &mut Reader<'_>) -> Result<()> {
        let read = if self.nulls { Slots::read_with_nulls(&self.ty, r)? } else { self.values.read(&self.ty, r)? };
        match read {
            Some(c) => self.update(Groups::One(g), &[c], 1),
            None => Ok(()),
        }
    }
    fn bytes(&self) -> usize {
        self.values.bytes() + self.seen.capacity()
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}
