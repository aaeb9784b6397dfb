//! AggregatingMergeTree: AggregateFunction and SimpleAggregateFunction columns of equal keys are merged,
//! other columns keep the first row's value.

use super::Maker;
use aggregates::{Aggregate, Groups};
use std::sync::Arc;
use types::{Column, Data, Error, Result, Scalar, Type};

/// A column whose values are merged.
pub struct Merged {
    function: Arc<dyn Aggregate>,
    /// values are serial states
    states: bool,
    /// a sum of 0 lets a SummingMergeTree drop the row
    sum: bool,
}

impl Merged {
    /// How a column of this type merges by itself; None for plain types.
    pub fn of(ty: &Type) -> Result<Option<Merged>> {
        Ok(match ty {
            Type::AggregateFunction(a) => {
                Some(Merged { function: aggregates::of_state_type(a)?, states: true, sum: false })
            }
            Type::SimpleAggregateFunction(a) => {
                Some(Merged { function: aggregates::of_state_type(a)?, states: false, sum: true })
            }
            _ => None,
        })
    }

    pub fn sum(ty: &Type) -> Result<Merged> {
        let ty = without_dictionary(ty);
        let function = aggregates::resolve("sumWithOverflow", &[], std::slice::from_ref(ty))?;
        Ok(Merged { function, states: false, sum: true })
    }

    /// Even a group of one row may change.
    pub fn rewrites(&self) -> bool {
        false
    }

    pub fn run(&self, column: &Column, of_row: &[u32], groups: usize, ty: &Type) -> Result<Column> {
        let mut states = self.function.states();
        states.resize(groups);
        if self.states {
            let flat = column.flat();
            let Data::Str(serial) = &flat.data else {
                return Err(Error::internal("states are not bytes"));
            };
            states.merge_serialized(of_row, serial)?;
            let all: Vec<u32> = (0..groups as u32).collect();
            return Ok(Data::Str(states.serialize(&all)?).into());
        }
        let flat = column.flat();
        states.update(Groups::Each(of_row), std::slice::from_ref(&flat), column.len())?;
        let out = states.finish(0..groups)?;
        let plain = match ty {
            Type::SimpleAggregateFunction(a) => a.args.first().unwrap_or(ty),
            t => t,
        };
        if self.function.ty() == plain {
            return Ok(out.flat());
        }
        let session = functions::Session::default();
        functions::cast(&out, self.function.ty(), plain, functions::CastMode::Sql, &session).map(|c| c.flat())
    }

    /// Clears `zero` where the merged value is not the type's default.
    pub fn still_zero(&self, made: &Column, ty: &Type, zero: &mut [bool]) {
        for (g, z) in zero.iter_mut().enumerate() {
            *z = *z && self.sum && !self.states && is_default(made, ty, g);
        }
    }
}

fn without_dictionary(ty: &Type) -> &Type {
    match ty {
        Type::LowCardinality(t) => t,
        t => t,
    }
}

/// NULL is the default of a Nullable type: 0 is not.
fn is_default(c: &Column, ty: &Type, row: usize) -> bool {
    if matches!(without_dictionary(ty), Type::Nullable(_)) {
        return c.is_null(row);
    }
    match c.scalar(row) {
        Scalar::Bytes(b) => b.is_empty(),
        Scalar::Array(a) => a.is_empty(),
        s => s.as_f64() == Some(0.0),
    }
}

pub fn makers(types: &[Type], in_key: &[usize]) -> Result<Vec<Maker>> {
    let maker = |(i, ty): (usize, &Type)| {
        if in_key.contains(&i) {
            return Ok(Maker::First);
        }
        Ok(Merged::of(ty)?.map_or(Maker::First, Maker::Aggregate))
    };
    types.iter().enumerate().map(maker).collect()
}
