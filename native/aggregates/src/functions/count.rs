//! count: rows, or rows whose argument is not NULL.

use crate::registry::{AggregateDef, Bound, Call, Flags};
use crate::state::cells::{same, serial};
use crate::state::few::count_rows;
use crate::state::wire::{Reader, put_var};
use crate::{Groups, States};
use std::any::Any;
use std::ops::Range;
use types::{Column, Data, Result, StrData, Type};

pub const DEFS: &[AggregateDef] = &[AggregateDef {
    name: "count",
    aliases: &[],
    case_insensitive: true,
    signature: "count([x])",
    description: "Number of rows, or of rows in which x is not NULL.",
    examples: &[("SELECT count() FROM numbers(10)", "10"), ("SELECT count(nullIf(number, 3)) FROM numbers(10)", "9")],
    flags: Flags::DEFAULT_ON_NULLS,
    build,
}];

fn build(call: &Call<'_>) -> Result<Bound> {
    call.arity(0..=1)?;
    call.param_count(0..=0)?;
    Ok(Bound::new(call, Type::UInt64, || Box::new(Counts { counts: Vec::new() })))
}

struct Counts {
    counts: Vec<u64>,
}

impl States for Counts {
    fn resize(&mut self, groups: usize) {
        self.counts.resize(groups.max(self.counts.len()), 0);
    }
    fn len(&self) -> usize {
        self.counts.len()
    }
    fn update(&mut self, groups: Groups<'_>, args: &[Column], rows: usize) -> Result<()> {
        let nulls = args.first().and_then(Column::null_mask);
        match (groups, nulls) {
            (groups, None) => count_rows(&mut self.counts, groups, rows),
            (Groups::One(g), Some(n)) => self.counts[g as usize] += (rows - n.count_ones()) as u64,
            (Groups::Each(gs), Some(n)) => {
                for (i, g) in gs.iter().enumerate() {
                    self.counts[*g as usize] += u64::from(!n.get(i));
                }
            }
        }
        Ok(())
    }
    fn merge(&mut self, other: &dyn States, src: &[u32], dst: &[u32]) -> Result<()> {
        let other = same::<Self>(other)?;
        for (s, d) in src.iter().zip(dst) {
            self.counts[*d as usize] += other.counts[*s as usize];
        }
        Ok(())
    }
    fn finish(&self, groups: Range<usize>) -> Result<Column> {
        Ok(Data::U64(self.counts[groups].to_vec().into()).into())
    }
    fn serialize(&self, groups: &[u32]) -> Result<StrData> {
        Ok(serial(groups, |g, out| put_var(out, self.counts[g as usize])))
    }
    fn absorb(&mut self, g: u32, r: &mut Reader<'_>) -> Result<()> {
        let n = r.var()?;
        self.counts[g as usize] = self.counts[g as usize].wrapping_add(n);
        Ok(())
    }
    fn bytes(&self) -> usize {
        self.counts.capacity() * 8
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}
