//! -Array: every element of array arguments is a row.

use super::wrap::hands_on;
use super::{Combined, nested};
use crate::contract::{Aggregate, Groups, Param, States};
use std::sync::Arc;
use types::codes::{NUMBER_OF_ARGUMENTS_DOESNT_MATCH, SIZES_OF_ARRAYS_DONT_MATCH};
use types::{Column, Data, Error, Result, Type};

pub fn build(rest: &str, params: &[Param], args: &[Type], depth: usize) -> Result<Arc<dyn Aggregate>> {
    let elements = element_types(&format!("{rest}Array"), args)?;
    let inner = nested(rest, params, &elements, depth)?;
    let made = inner.clone();
    Ok(Combined::new("Array", &inner, args, inner.ty().clone(), move || {
        Box::new(ArrayStates { inner: made.states() })
    })
    .arc())
}

/// Element types of arguments that must all be arrays.
pub fn element_types(name: &str, args: &[Type]) -> Result<Vec<Type>> {
    if args.is_empty() {
        return Err(Error::new(
            NUMBER_OF_ARGUMENTS_DOESNT_MATCH,
            format!("Aggregate function {name} takes at least one argument"),
        ));
    }
    args.iter()
        .map(|t| match t {
            Type::Array(e) => Ok(e.as_ref().clone()),
            t => Err(Error::illegal_type(format!(
                "Illegal type {t} of argument of aggregate function {name}: it must be an array"
            ))),
        })
        .collect()
}

/// Arrays of one batch side by side: offsets (from 0) and their elements.
pub struct Unnested {
    pub offsets: Vec<u32>,
    pub values: Vec<Column>,
}

/// Errors: `SIZES_OF_ARRAYS_DONT_MATCH` where arrays of a row differ in length.
pub fn unnest(args: &[Column]) -> Result<Unnested> {
    let mut out = Unnested { offsets: Vec::new(), values: Vec::new() };
    for c in args {
        let c = c.flat();
        let Data::Array(a) = &c.data else {
            return Err(Error::internal("An array argument is not an array"));
        };
        let from = a.offsets[0];
        let to = a.offsets[a.offsets.len() - 1];
        let offsets: Vec<u32> = a.offsets.iter().map(|o| o - from).collect();
        if !out.values.is_empty() && out.offsets != offsets {
            return Err(Error::new(
                SIZES_OF_ARRAYS_DONT_MATCH,
                "Array arguments of an aggregate function must have equal lengths",
            ));
        }
        out.offsets = offsets;
        out.values.push(a.values.slice(from as usize, (to - from) as usize));
    }
    Ok(out)
}

struct ArrayStates {
    inner: Box<dyn States>,
}

impl States for ArrayStates {
    hands_on!(resize, len, merge, finish, serialize, absorb, bytes, planned_bytes, as_any);
    fn update(&mut self, groups: Groups<'_>, args: &[Column], _rows: usize) -> Result<()> {
        let all = unnest(args)?;
        let total = all.offsets.last().copied().unwrap_or(0) as usize;
        match groups {
            Groups::One(_) => self.inner.update(groups, &all.values, total),
            Groups::Each(gs) => {
                let mut each = Vec::with_capacity(total);
                for (g, w) in gs.iter().zip(all.offsets.windows(2)) {
                    each.extend(std::iter::repeat_n(*g, (w[1] - w[0]) as usize));
                }
                self.inner.update(Groups::Each(&each), &all.values, total)
            }
        }
    }
}
