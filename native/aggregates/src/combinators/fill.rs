//! -OrNull and -OrDefault: what a group without rows gives.

use super::{Combined, nested};
use crate::contract::{Aggregate, Groups, Param, States};
use crate::state::cells::{same, serial};
use crate::state::wire::Reader;
use std::any::Any;
use std::ops::Range;
use std::sync::Arc;
use types::{Bitmap, Column, ColumnBuilder, Result, StrData, Type};

pub fn build(
    rest: &str,
    params: &[Param],
    args: &[Type],
    depth: usize,
    or_null: bool,
) -> Result<Arc<dyn Aggregate>> {
    let inner = nested(rest, params, args, depth)?;
    let null = or_null && (inner.ty().can_be_nullable() || inner.ty().is_nullable());
    let ty = if null { Type::nullable(inner.ty().clone()) } else { inner.ty().clone() };
    let made = inner.clone();
    let own = ty.clone();
    Ok(Combined::new(if or_null { "OrNull" } else { "OrDefault" }, &inner, args, ty, move || {
        Box::new(Fill { inner: made.states(), seen: Vec::new(), null, ty: own.clone() })
    })
    .arc())
}

struct Fill {
    inner: Box<dyn States>,
    seen: Vec<bool>,
    null: bool,
    ty: Type,
}

impl States for Fill {
    fn resize(&mut self, groups: usize) {
        self.inner.resize(groups);
        self.seen.resize(groups.max(self.seen.len()), false);
    }
    fn len(&self) -> usize {
        self.seen.len()
    }
    fn update(&mut self, groups: Groups<'_>, args: &[Column], rows: usize) -> Result<()> {
        match groups {
            Groups::One(g) => self.seen[g as usize] |= rows > 0,
            Groups::Each(gs) => gs.iter().for_each(|g| self.seen[*g as usize] = true),
        }
        self.inner.update(groups, args, rows)
    }
    fn merge(&mut self, other: &dyn States, src: &[u32], dst: &[u32]) -> Result<()> {
        let other = same::<Self>(other)?;
        for (s, d) in src.iter().zip(dst) {
            self.seen[*d as usize] |= other.seen[*s as usize];
        }
        self.inner.merge(other.inner.as_ref(), src, dst)
    }
    fn finish(&self, groups: Range<usize>) -> Result<Column> {
        let c = self.inner.finish(groups.clone())?;
        let seen = &self.seen[groups];
        if seen.iter().all(|s| *s) {
            return Ok(c);
        }
        if self.null {
            let mut nulls = Bitmap::from_fn(seen.len(), |i| !seen[i]);
            if let Some(own) = c.null_mask() {
                nulls.or_with(&own);
            }
            return Ok(c.with_nulls(Some(Arc::new(nulls))));
        }
        let mut out = ColumnBuilder::with_capacity(&self.ty, seen.len());
        for (i, s) in seen.iter().enumerate() {
            if *s {
                out.push_row(&c, i);
            } else {
                out.push_default(1);
            }
        }
        Ok(out.finish())
    }
    fn serialize(&self, groups: &[u32]) -> Result<StrData> {
        let states = self.inner.serialize(groups)?;
        let mut row = 0;
        Ok(serial(groups, |g, out| {
            out.extend_from_slice(states.get(row));
            out.push(u8::from(self.seen[g as usize]));
            row += 1;
        }))
    }
    fn absorb(&mut self, group: u32, r: &mut Reader<'_>) -> Result<()> {
        self.inner.absorb(group, r)?;
        self.seen[group as usize] |= r.byte()? != 0;
        Ok(())
    }
    fn bytes(&self) -> usize {
        self.inner.bytes() + self.seen.capacity()
    }
    fn planned_bytes(&self, rows: usize) -> usize {
        self.inner.planned_bytes(rows) + self.seen.capacity()
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}
