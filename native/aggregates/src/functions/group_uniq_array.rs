//! groupUniqArray: the distinct values of a group.

use super::group_array::{arrays, max_size};
use super::uniq_exact::Distinct;
use crate::registry::{AggregateDef, Bound, Call, Flags};
use crate::state::cells::{same, serial};
use crate::state::log::GroupLog;
use crate::state::wire::{Reader, put_var};
use crate::state::{arena, table_order};
use crate::{Groups, States};
use std::any::Any;
use std::ops::Range;
use types::{Column, ColumnBuilder, Result, StrData, Type};

pub const DEFS: &[AggregateDef] = &[AggregateDef {
    name: "groupUniqArray",
    aliases: &[],
    case_insensitive: false,
    signature: "groupUniqArray(max_size)(x)",
    description: "Array of the distinct values, in the order of ClickHouse's hash table, the first max_size of them if given.",
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
        Box::new(UniqArray { set: Distinct::new(std::slice::from_ref(&ty)), log: GroupLog::default(), max, ty: ty.clone() })
    }))
}

struct UniqArray {
    set: Distinct,
    /// keys in the order of first sight
    log: GroupLog<u128>,
    max: usize,
    ty: Type,
}

impl UniqArray {
    fn insert(&mut self, group: u32, key: u128) {
        let full = self.max != usize::MAX && self.set.pairs.counts()[group as usize] as usize >= self.max;
        if !full && self.set.pairs.insert(group, key) {
            self.log.push(group, key);
        }
    }
    /// A group's values, as ClickHouse's table would give them.
    fn values(&self, group: usize) -> Result<Column> {
        let keys = self.log.copied(group, self.set.len());
        let mut values = [ColumnBuilder::with_capacity(&self.ty, keys.len())];
        keys.iter().try_for_each(|k| self.set.keyer.push(*k, &mut values))?;
        let [values] = values;
        let values = values.finish();
        let number = arena::is_number(&self.ty);
        let mut zero = None;
        let mut bytes = Vec::new();
        let hashes: Vec<u64> = (0..keys.len())
            .map(|row| {
                bytes.clear();
                arena::put_plain(&self.ty, &values, row, &mut bytes);
                if if number { bytes.iter().all(|b| *b == 0) } else { bytes.is_empty() } {
                    zero = Some(row);
                }
                if number { table_order::number_hash(&bytes) } else { table_order::text_hash(&bytes) }
            })
            .collect();
        let degree = if number { table_order::NUMBERS } else { table_order::TEXTS };
        Ok(values.gather(&table_order::order(&hashes, zero, degree)))
    }
}

impl States for UniqArray {
    fn resize(&mut self, groups: usize) {
        self.set.resize(groups);
    }
    fn len(&self) -> usize {
        self.set.len()
    }
    fn update(&mut self, groups: Groups<'_>, args: &[Column], rows: usize) -> Result<()> {
        let keys = self.set.keyer.keys(args, rows)?;
        if self.max != usize::MAX {
            (0..rows).for_each(|row| self.insert(groups.of(row), keys.at(row)));
            return Ok(());
        }
        let UniqArray { set, log, .. } = self;
        set.pairs.insert_all(groups, &keys, |row| log.push(groups.of(row), keys.at(row)));
        Ok(())
    }
    fn merge(&mut self, other: &dyn States, src: &[u32], dst: &[u32]) -> Result<()> {
        let other = same::<Self>(other)?;
        for (&s, &d) in src.iter().zip(dst) {
            for key in other.log.of(s as usize, other.set.len()) {
                let key = self.set.keyer.translate(&other.set.keyer, *key)?;
                self.insert(d, key);
            }
        }
        Ok(())
    }
    fn finish(&self, groups: Range<usize>) -> Result<Column> {
        let mut values = ColumnBuilder::new(&self.ty);
        let mut lengths = Vec::with_capacity(groups.len());
        for g in groups {
            let own = self.values(g)?;
            lengths.push(own.len());
            values.append_column(&own);
        }
        Ok(arrays(&lengths, values.finish()))
    }
    fn serialize(&self, groups: &[u32]) -> Result<StrData> {
        let all: Vec<Column> = groups.iter().map(|g| self.values(*g as usize)).collect::<Result<_>>()?;
        let mut all = all.iter();
        Ok(serial(groups, |_, out| {
            let Some(values) = all.next() else { return };
            put_var(out, values.len() as u64);
            (0..values.len()).for_each(|row| arena::put_piece(&self.ty, values, row, out));
        }))
    }
    fn absorb(&mut self, group: u32, r: &mut Reader<'_>) -> Result<()> {
        let mut values = ColumnBuilder::new(&self.ty);
        let rows = r.count(1)?;
        (0..rows).try_for_each(|_| arena::read_piece(&self.ty, r, &mut values))?;
        self.update(Groups::One(group), &[values.finish()], rows)
    }
    fn bytes(&self) -> usize {
        self.set.bytes() + self.log.bytes()
    }
    fn planned_bytes(&self, rows: usize) -> usize {
        self.bytes() + self.set.planned_bytes(rows) - self.set.bytes() + self.log.planned_growth(rows)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}
