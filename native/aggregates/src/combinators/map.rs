//! -Map: aggregates the values of a map by key; the result is a map in order of keys.

use super::for_each::finish_ids;
use super::{Combined, last_arg, nested};
use crate::contract::{Aggregate, Groups, Param, States};
use crate::state::by_key::ByKey;
use crate::state::cells::same;
use crate::state::wire::Reader;
use std::any::Any;
use std::ops::Range;
use std::sync::Arc;
use types::{ArrayData, Column, Data, Error, Result, StrData, Type};

pub fn build(rest: &str, params: &[Param], args: &[Type], depth: usize) -> Result<Arc<dyn Aggregate>> {
    let name = format!("{rest}Map");
    let (map, others) = last_arg(&name, args)?;
    let Type::Map(kv) = map else {
        return Err(Error::illegal_type(format!(
            "Illegal type {map} of argument of aggregate function {name}: it must be a map"
        )));
    };
    if !others.is_empty() {
        return Err(Error::new(
            types::codes::NUMBER_OF_ARGUMENTS_DOESNT_MATCH,
            format!("Aggregate function {name} takes one map"),
        ));
    }
    let inner = nested(rest, params, std::slice::from_ref(&kv.1), depth)?;
    let made = inner.clone();
    let key = kv.0.clone();
    let ty = Type::map(key.clone(), inner.ty().clone());
    Ok(Combined::new("Map", &inner, args, ty, move || {
        Box::new(MapStates { inner: made.states(), groups: ByKey::new(&key) })
    })
    .arc())
}

struct MapStates {
    inner: Box<dyn States>,
    groups: ByKey,
}

impl States for MapStates {
    fn resize(&mut self, groups: usize) {
        self.groups.resize(groups);
    }
    fn len(&self) -> usize {
        self.groups.len()
    }
    fn update(&mut self, groups: Groups<'_>, args: &[Column], rows: usize) -> Result<()> {
        let c = args[0].flat();
        let Data::Array(a) = &c.data else { return Err(Error::internal("A map argument is not an array")) };
        let Data::Tuple(kv, _) = &a.values.data else {
            return Err(Error::internal("A map's entries are not tuples"));
        };
        let from = a.offsets[0] as usize;
        let total = a.offsets[rows] as usize - from;
        let keys = self.groups.keys(&kv[0].slice(from, total), total)?;
        let mut ids = Vec::with_capacity(total);
        for row in 0..rows {
            for i in a.offsets[row] as usize - from..a.offsets[row + 1] as usize - from {
                ids.push(self.groups.id(groups.of(row), keys.at(i)));
            }
        }
        if total == 0 {
            return Ok(());
        }
        self.inner.resize(self.groups.inner_len());
        self.inner.update(Groups::Each(&ids), &[kv[1].slice(from, total)], total)
    }
    fn merge(&mut self, other: &dyn States, src: &[u32], dst: &[u32]) -> Result<()> {
        let other = same::<Self>(other)?;
        let (from, to) = self.groups.pairs(&other.groups, src, dst)?;
        self.inner.resize(self.groups.inner_len());
        self.inner.merge(other.inner.as_ref(), &from, &to)
    }
    fn finish(&self, groups: Range<usize>) -> Result<Column> {
        let mut keys = self.groups.key_builder();
        let mut ids = Vec::new();
        let mut offsets = vec![0u32];
        for g in groups {
            let (own, entries) = self.groups.in_order(g, |_| true)?;
            keys.append_column(&own);
            ids.extend(entries.iter().map(|e| e.1));
            offsets.push(ids.len() as u32);
        }
        let values = finish_ids(self.inner.as_ref(), &ids)?;
        let entries = Data::Tuple([keys.finish(), values].into(), ids.len());
        Ok(Data::Array(ArrayData { offsets: offsets.into(), values: Arc::new(entries.into()) }).into())
    }
    fn serialize(&self, groups: &[u32]) -> Result<StrData> {
        let states = self.inner.serialize(&self.groups.inner_ids())?;
        self.groups.serialize(groups, &[states])
    }
    fn absorb(&mut self, group: u32, r: &mut Reader<'_>) -> Result<()> {
        for _ in 0..r.count(2)? {
            let id = self.groups.read(group, r)?;
            self.inner.resize(self.groups.inner_len());
            self.inner.absorb(id, r)?;
        }
        Ok(())
    }
    fn bytes(&self) -> usize {
        self.inner.bytes() + self.groups.bytes()
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}
