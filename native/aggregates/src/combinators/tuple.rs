//! -Tuple: each element of a tuple on its own; the result is a tuple.

use super::{Combined, nested};
use crate::contract::{Aggregate, Groups, Param, States};
use crate::state::cells::{same, serial};
use crate::state::wire::Reader;
use std::any::Any;
use std::ops::Range;
use std::sync::Arc;
use types::{Column, Data, Error, Result, StrData, Type};

pub fn build(rest: &str, params: &[Param], args: &[Type], depth: usize) -> Result<Arc<dyn Aggregate>> {
    let name = format!("{rest}Tuple");
    let [Type::Tuple(elements)] = args else {
        let given = args.first().map_or_else(String::new, ToString::to_string);
        return Err(Error::illegal_type(format!(
            "Illegal type {given} of argument of aggregate function {name}: it must be one tuple"
        )));
    };
    if elements.is_empty() {
        return Err(Error::illegal_type(format!("Aggregate function {name} takes a tuple with elements")));
    }
    let inners: Vec<_> = elements
        .iter()
        .map(|(_, t)| nested(rest, params, std::slice::from_ref(t), depth))
        .collect::<Result<_>>()?;
    let ty =
        Type::Tuple(elements.iter().zip(&inners).map(|((n, _), a)| (n.clone(), a.ty().clone())).collect());
    let first = inners[0].clone();
    Ok(Combined::new("Tuple", &first, args, ty, move || {
        Box::new(TupleStates { parts: inners.iter().map(|a| a.states()).collect() })
    })
    .arc())
}

struct TupleStates {
    parts: Vec<Box<dyn States>>,
}

impl States for TupleStates {
    fn resize(&mut self, groups: usize) {
        self.parts.iter_mut().for_each(|p| p.resize(groups));
    }
    fn len(&self) -> usize {
        self.parts[0].len()
    }
    fn update(&mut self, groups: Groups<'_>, args: &[Column], rows: usize) -> Result<()> {
        let c = args[0].flat();
        let Data::Tuple(cs, _) = &c.data else {
            return Err(Error::internal("A tuple argument is not a tuple"));
        };
        for (p, c) in self.parts.iter_mut().zip(cs.iter()) {
            p.update(groups, std::slice::from_ref(c), rows)?;
        }
        Ok(())
    }
    fn merge(&mut self, other: &dyn States, src: &[u32], dst: &[u32]) -> Result<()> {
        let other = same::<Self>(other)?;
        self.parts.iter_mut().zip(&other.parts).try_for_each(|(a, b)| a.merge(b.as_ref(), src, dst))
    }
    fn finish(&self, groups: Range<usize>) -> Result<Column> {
        let n = groups.len();
        let columns: Vec<Column> =
            self.parts.iter().map(|p| p.finish(groups.clone())).collect::<Result<_>>()?;
        Ok(Data::Tuple(columns.into(), n).into())
    }
    fn serialize(&self, groups: &[u32]) -> Result<StrData> {
        let states: Vec<StrData> = self.parts.iter().map(|p| p.serialize(groups)).collect::<Result<_>>()?;
        let mut row = 0;
        Ok(serial(groups, |_, out| {
            states.iter().for_each(|s| out.extend_from_slice(s.get(row)));
            row += 1;
        }))
    }
    fn absorb(&mut self, group: u32, r: &mut Reader<'_>) -> Result<()> {
        self.parts.iter_mut().try_for_each(|p| p.absorb(group, r))
    }
    fn bytes(&self) -> usize {
        self.parts.iter().map(|p| p.bytes()).sum()
    }
    fn planned_bytes(&self, rows: usize) -> usize {
        self.parts.iter().map(|p| p.planned_bytes(rows)).sum()
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}
