//! -Map: aggregates the values of a map by key; the result is a map in order of keys.

use super::for_each::finish_ids;
use super::{Combined, last_arg, nested};
use crate::contract::{Aggregate, Groups, Param, States};
use crate::state::cells::{same, serial};
use crate::state::keys::{KeyBatch, Keyer};
use crate::state::wire::{Reader, put_var};
use std::any::Any;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use types::compare::compare_rows;
use types::{ArrayData, Column, ColumnBuilder, Data, Error, Result, StrData, Type};

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
        Box::new(MapStates {
            inner: made.states(),
            key: key.clone(),
            keyer: Keyer::new(std::slice::from_ref(&key)),
            ids: Vec::new(),
            next: 0,
            entries: 0,
        })
    })
    .arc())
}

struct MapStates {
    inner: Box<dyn States>,
    key: Type,
    keyer: Keyer,
    /// key → inner group, of each group
    ids: Vec<HashMap<u128, u32>>,
    next: u32,
    entries: usize,
}

pub fn key_at(keys: &KeyBatch, row: usize) -> u128 {
    match keys {
        KeyBatch::Narrow(v) => v[row].into(),
        KeyBatch::Word(v) => v[row].into(),
        KeyBatch::Wide(v) => v[row],
    }
}

impl MapStates {
    fn id(&mut self, group: u32, key: u128) -> u32 {
        let next = &mut self.next;
        let entries = &mut self.entries;
        *self.ids[group as usize].entry(key).or_insert_with(|| {
            *next += 1;
            *entries += 1;
            *next - 1
        })
    }
    /// A group's keys in order, and their inner groups.
    fn ordered(&self, group: usize) -> Result<(Column, Vec<u32>)> {
        let (keys, entries) = in_order(&self.keyer, &self.key, &self.ids[group])?;
        Ok((keys, entries.into_iter().map(|e| e.1).collect()))
    }
}

/// A group's keys in order, as values, and as they are with their inner groups.
pub fn in_order(keyer: &Keyer, ty: &Type, ids: &HashMap<u128, u32>) -> Result<(Column, Vec<(u128, u32)>)> {
    let entries: Vec<(u128, u32)> = ids.iter().map(|(key, id)| (*key, *id)).collect();
    let mut builder = [ColumnBuilder::new(ty)];
    entries.iter().try_for_each(|e| keyer.push(e.0, &mut builder))?;
    let [builder] = builder;
    let keys = builder.finish();
    let mut order: Vec<u32> = (0..entries.len() as u32).collect();
    order.sort_by(|a, b| compare_rows(&keys, *a as usize, &keys, *b as usize));
    Ok((keys.gather(&order), order.iter().map(|i| entries[*i as usize]).collect()))
}

impl States for MapStates {
    fn resize(&mut self, groups: usize) {
        if groups > self.ids.len() {
            self.ids.resize(groups, HashMap::new());
        }
    }
    fn len(&self) -> usize {
        self.ids.len()
    }
    fn update(&mut self, groups: Groups<'_>, args: &[Column], rows: usize) -> Result<()> {
        let c = args[0].flat();
        let Data::Array(a) = &c.data else { return Err(Error::internal("A map argument is not an array")) };
        let Data::Tuple(kv, _) = &a.values.data else {
            return Err(Error::internal("A map's entries are not tuples"));
        };
        let from = a.offsets[0] as usize;
        let total = a.offsets[rows] as usize - from;
        let keys = self.keyer.keys(&[kv[0].slice(from, total)], total)?;
        let mut ids = Vec::with_capacity(total);
        for row in 0..rows {
            for i in a.offsets[row] as usize - from..a.offsets[row + 1] as usize - from {
                ids.push(self.id(groups.of(row), key_at(&keys, i)));
            }
        }
        if total == 0 {
            return Ok(());
        }
        self.inner.resize(self.next as usize);
        self.inner.update(Groups::Each(&ids), &[kv[1].slice(from, total)], total)
    }
    fn merge(&mut self, other: &dyn States, src: &[u32], dst: &[u32]) -> Result<()> {
        let other = same::<Self>(other)?;
        let (mut from, mut to) = (Vec::new(), Vec::new());
        for (&s, &d) in src.iter().zip(dst) {
            for (key, id) in &other.ids[s as usize] {
                let key = self.keyer.translate(&other.keyer, *key)?;
                from.push(*id);
                to.push(self.id(d, key));
            }
        }
        self.inner.resize(self.next as usize);
        self.inner.merge(other.inner.as_ref(), &from, &to)
    }
    fn finish(&self, groups: Range<usize>) -> Result<Column> {
        let mut keys = ColumnBuilder::new(&self.key);
        let mut ids = Vec::new();
        let mut offsets = vec![0u32];
        for g in groups {
            let (k, i) = self.ordered(g)?;
            keys.append_column(&k);
            ids.extend(i);
            offsets.push(ids.len() as u32);
        }
        let values = finish_ids(self.inner.as_ref(), &ids)?;
        let entries = Data::Tuple([keys.finish(), values].into(), ids.len());
        Ok(Data::Array(ArrayData { offsets: offsets.into(), values: Arc::new(entries.into()) }).into())
    }
    fn serialize(&self, groups: &[u32]) -> Result<StrData> {
        let all: Vec<u32> = (0..self.next).collect();
        let states = self.inner.serialize(&all)?;
        let mut failed = Ok(());
        let all = serial(groups, |g, out| match in_order(&self.keyer, &self.key, &self.ids[g as usize]) {
            Ok((_, entries)) => {
                put_var(out, entries.len() as u64);
                for (key, id) in entries {
                    self.keyer.put(key, out);
                    out.extend_from_slice(states.get(id as usize));
                }
            }
            Err(e) => failed = Err(e),
        });
        failed.map(|()| all)
    }
    fn absorb(&mut self, group: u32, r: &mut Reader<'_>) -> Result<()> {
        for _ in 0..r.count(2)? {
            let key = self.keyer.read(r)?;
            let id = self.id(group, key);
            self.inner.resize(self.next as usize);
            self.inner.absorb(id, r)?;
        }
        Ok(())
    }
    fn bytes(&self) -> usize {
        self.inner.bytes()
            + self.keyer.bytes()
            + self.ids.capacity() * size_of::<HashMap<u128, u32>>()
            + self.entries * 64
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}
