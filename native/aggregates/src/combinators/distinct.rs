//! -Distinct: each distinct set of arguments is added once.
//!
//! The values are kept in order of first sight and fed to the inner aggregate when results are
//! wanted, since sets of two threads can only be merged before that.

use super::{Combined, nested};
use crate::contract::{Aggregate, Groups, Param, States};
use crate::functions::uniq_exact::Distinct;
use crate::state::cells::same;
use crate::state::log::RowLog;
use crate::state::wire::Reader;
use std::any::Any;
use std::ops::Range;
use std::sync::Arc;
use types::{Column, ColumnBuilder, Data, Result, StrData, Type};

pub fn build(rest: &str, params: &[Param], args: &[Type], depth: usize) -> Result<Arc<dyn Aggregate>> {
    let inner = nested(rest, params, args, depth)?;
    let made = inner.clone();
    let own = args.to_vec();
    Ok(Combined::new("Distinct", &inner, args, inner.ty().clone(), move || {
        Box::new(DistinctStates::new(&made, &own))
    })
    .arc())
}

struct DistinctStates {
    set: Distinct,
    /// distinct rows as tuples, in order of first sight
    rows: RowLog,
    types: Vec<Type>,
    inner: Arc<dyn Aggregate>,
}

impl DistinctStates {
    fn new(inner: &Arc<dyn Aggregate>, types: &[Type]) -> Self {
        DistinctStates {
            set: Distinct::new(types),
            rows: RowLog::new(&Type::tuple(types.to_vec())),
            types: types.to_vec(),
            inner: inner.clone(),
        }
    }
}

impl States for DistinctStates {
    fn resize(&mut self, groups: usize) {
        self.set.resize(groups);
    }
    fn len(&self) -> usize {
        self.set.len()
    }
    fn update(&mut self, groups: Groups<'_>, args: &[Column], rows: usize) -> Result<()> {
        let keys = self.set.keyer.keys(args, rows)?;
        let mut new = Vec::new();
        self.set.pairs.insert_all(groups, &keys, |row| new.push(row as u32));
        let gs: Vec<u32> = new.iter().map(|r| groups.of(*r as usize)).collect();
        let picked: Arc<[Column]> = args.iter().map(|c| c.gather(&new)).collect();
        self.rows.extend(Groups::Each(&gs), &Data::Tuple(picked, new.len()).into());
        Ok(())
    }
    fn merge(&mut self, other: &dyn States, src: &[u32], dst: &[u32]) -> Result<()> {
        let other = same::<Self>(other)?;
        let mut map = vec![u32::MAX; other.len()];
        src.iter().zip(dst).for_each(|(s, d)| map[*s as usize] = *d);
        let (gs, positions): (Vec<u32>, Vec<u32>) = other
            .rows
            .iter()
            .filter(|(g, _)| map[*g as usize] != u32::MAX)
            .map(|(g, p)| (map[g as usize], p))
            .unzip();
        let rows = other.rows.gather(&positions);
        match &rows.data {
            Data::Tuple(cs, n) => self.update(Groups::Each(&gs), cs, *n),
            _ => Ok(()),
        }
    }
    fn finish(&self, groups: Range<usize>) -> Result<Column> {
        let mut inner = self.inner.states();
        inner.resize(groups.len());
        let (counts, rows) = self.rows.rows(groups, self.len());
        let gs: Vec<u32> =
            counts.iter().enumerate().flat_map(|(i, n)| std::iter::repeat_n(i as u32, *n)).collect();
        if let Data::Tuple(cs, n) = &rows.data
            && *n > 0
        {
            inner.update(Groups::Each(&gs), cs, *n)?;
        }
        inner.finish(0..counts.len())
    }
    fn serialize(&self, groups: &[u32]) -> Result<StrData> {
        Ok(self.set.put_groups(groups))
    }
    fn absorb(&mut self, group: u32, r: &mut Reader<'_>) -> Result<()> {
        let mut builders: Vec<ColumnBuilder> = self.types.iter().map(ColumnBuilder::new).collect();
        let keyer = &mut self.set.keyer;
        let rows = r.count(keyer.put_bytes_min())?;
        for _ in 0..rows {
            let key = keyer.read(r)?;
            keyer.push(key, &mut builders)?;
        }
        let args: Vec<Column> = builders.into_iter().map(ColumnBuilder::finish).collect();
        self.update(Groups::One(group), &args, rows)
    }
    fn bytes(&self) -> usize {
        self.set.bytes() + self.rows.bytes()
    }
    fn planned_bytes(&self, rows: usize) -> usize {
        self.set.planned_bytes(rows) + self.rows.bytes() + self.rows.planned_growth(rows)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}
