//! groupUniqArray: the distinct values of a group.

use super::group_array::{arrays, max_size};
use super::uniq_exact::Distinct;
use crate::registry::{AggregateDef, Bound, Call, Flags};
use crate::state::cells::same;
use crate::{Groups, States};
use std::any::Any;
use std::ops::Range;
use types::{Column, ColumnBuilder, Result, StrData, Type};

pub const DEFS: &[AggregateDef] = &[AggregateDef {
    name: "groupUniqArray",
    aliases: &[],
    case_insensitive: false,
    signature: "groupUniqArray(max_size)(x)",
    description: "Array of the distinct values, in no particular order, at most max_size of them if given.",
    examples: &[("SELECT arraySort(groupUniqArray(number % 3)) FROM numbers(9)", "[0,1,2]")],
    flags: Flags::DISTINCT,
    build,
}];

fn build(call: &Call<'_>) -> Result<Bound> {
    call.arity(1..=1)?;
    call.param_count(0..=1)?;
    let max = max_size(call)?;
    let ty = call.args[0].clone();
    Ok(Bound::new(call, Type::array(ty.clone()), move || {
        Box::new(UniqArray { set: Distinct::new(std::slice::from_ref(&ty)), max, ty: ty.clone() })
    }))
}

struct UniqArray {
    set: Distinct,
    max: usize,
    ty: Type,
}

impl States for UniqArray {
    fn resize(&mut self, groups: usize) {
        self.set.resize(groups);
    }
    fn len(&self) -> usize {
        self.set.len()
    }
    fn update(&mut self, groups: Groups<'_>, args: &[Column], rows: usize) -> Result<()> {
        self.set.update(groups, args, rows)
    }
    fn merge(&mut self, other: &dyn States, src: &[u32], dst: &[u32]) -> Result<()> {
        self.set.merge(&same::<Self>(other)?.set, src, dst)
    }
    fn finish(&self, groups: Range<usize>) -> Result<Column> {
        let ids: Vec<u32> = groups.map(|g| g as u32).collect();
        let (starts, keys) = self.set.pairs.by_group(&ids);
        let mut values = [ColumnBuilder::new(&self.ty)];
        let mut lengths = Vec::with_capacity(ids.len());
        for w in starts.windows(2) {
            let keys = &keys[w[0]..w[1].min(w[0].saturating_add(self.max))];
            lengths.push(keys.len());
            keys.iter().try_for_each(|k| self.set.keyer.push(*k, &mut values))?;
        }
        let [values] = values;
        Ok(arrays(&lengths, values.finish()))
    }
    fn serialize(&self, groups: &[u32]) -> Result<StrData> {
        self.set.serialize(groups)
    }
    fn merge_serialized(&mut self, groups: &[u32], states: &StrData) -> Result<()> {
        self.set.merge_serialized(groups, states)
    }
    fn bytes(&self) -> usize {
        self.set.bytes()
    }
    fn planned_bytes(&self, rows: usize) -> usize {
        self.set.planned_bytes(rows)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}
