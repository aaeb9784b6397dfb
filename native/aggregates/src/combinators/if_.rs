//! -If: only rows whose last argument is not 0 (NULL counts as 0).

use super::wrap::hands_on;
use super::{Combined, last_arg, nested, nulls::with_rows};
use crate::contract::{Aggregate, Groups, Param, States};
use std::ops::Range;
use std::sync::Arc;
use types::{Column, Data, Error, Result, Type};

pub fn build(rest: &str, params: &[Param], args: &[Type], depth: usize) -> Result<Arc<dyn Aggregate>> {
    let name = format!("{rest}If");
    let (cond, others) = last_arg(&name, args)?;
    // A condition that is always NULL lets no row through.
    let never = matches!(cond, Type::Nullable(t) if **t == Type::Nothing);
    if !never && !matches!(cond.base(), Type::UInt8 | Type::Bool) {
        return Err(Error::illegal_type(format!(
            "Illegal type {cond} of last argument of aggregate function {name}: it must be UInt8 or Bool"
        )));
    }
    let inner = nested(rest, params, others, depth)?;
    // As in ClickHouse, a tuple is not NULL under a condition, unless -OrNull asks for it.
    let tuple = matches!(inner.ty(), Type::Nullable(t) if matches!(t.as_ref(), Type::Tuple(_)));
    Ok(conditional(inner, args, tuple && !rest.ends_with("OrNull")))
}

fn conditional(inner: Arc<dyn Aggregate>, args: &[Type], never_null: bool) -> Arc<dyn Aggregate> {
    let made = inner.clone();
    let ty = if never_null { inner.ty().base().clone() } else { inner.ty().clone() };
    Combined::new("If", &inner, args, ty, move || Box::new(IfStates { inner: made.states(), never_null }))
        .arc()
}

struct IfStates {
    inner: Box<dyn States>,
    /// what is NULL inside is a default here
    never_null: bool,
}

/// Rows where a condition holds; `None` = all.
fn passing(cond: &Column, rows: usize) -> Option<Vec<u32>> {
    if let Some(one) = cond.as_const() {
        let holds = matches!(&one.data, Data::U8(v) if v[0] != 0) && !one.is_null(0);
        return if holds { None } else { Some(Vec::new()) };
    }
    let flat = cond.flat();
    let Data::U8(v) = &flat.data else { return Some(Vec::new()) };
    let mut out = vec![0u32; rows];
    let mut n = 0;
    match &flat.nulls {
        None => {
            for (i, x) in v.iter().enumerate() {
                out[n] = i as u32;
                n += usize::from(*x != 0);
            }
        }
        Some(nulls) => {
            for (i, x) in v.iter().enumerate() {
                out[n] = i as u32;
                n += usize::from(*x != 0 && !nulls.get(i));
            }
        }
    }
    out.truncate(n);
    (n < rows).then_some(out)
}

impl States for IfStates {
    hands_on!(resize, len, merge, serialize, absorb, bytes, planned_bytes, as_any);
    fn update(&mut self, groups: Groups<'_>, args: &[Column], rows: usize) -> Result<()> {
        let Some((cond, others)) = args.split_last() else { return Ok(()) };
        match passing(cond, rows) {
            None => self.inner.update(groups, others, rows),
            Some(keep) if keep.is_empty() => Ok(()),
            Some(keep) => with_rows(groups, others, &keep, |g, a, n| self.inner.update(g, a, n)),
        }
    }
    fn finish(&self, groups: Range<usize>) -> Result<Column> {
        let column = self.inner.finish(groups)?;
        Ok(if self.never_null { column.flat().data.into() } else { column })
    }
}
