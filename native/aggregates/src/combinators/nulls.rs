//! Skipping rows with a NULL argument, and the aggregates of nothing but NULL.

use super::Combined;
use crate::contract::{Aggregate, Groups, Param, Signature, States};
use crate::state::cells::{same, serial};
use crate::state::wire::Reader;
use std::any::Any;
use std::ops::Range;
use std::sync::Arc;
use types::{Bitmap, Column, ColumnBuilder, Data, Result, StrData, Type};

/// The same aggregate, said to be over other argument types.
pub fn with_args(inner: Arc<dyn Aggregate>, args: &[Type]) -> Arc<dyn Aggregate> {
    let made = inner.clone();
    Combined::new("", &inner, args, inner.ty().clone(), move || made.states()).arc()
}

/// Feeds `inner` only rows without NULLs. The result becomes Nullable unless the function has a default.
pub fn skip_nulls(inner: Arc<dyn Aggregate>, args: &[Type]) -> Arc<dyn Aggregate> {
    // of no rows sumCount is (0, 0)
    let nullable =
        !inner.default_on_nulls() && inner.ty().can_be_nullable() && !inner.name().starts_with("sumCount");
    let ty = if nullable { Type::nullable(inner.ty().clone()) } else { inner.ty().clone() };
    let made = inner.clone();
    let own = ty.clone();
    // states that others read are kept as they are
    let foreign = inner.name().starts_with("groupBitmap") || inner.name().contains("_agg");
    let flagged = inner.ty().can_be_nullable() && !matches!(inner.ty(), Type::Tuple(_));
    let flag = match (nullable, foreign) {
        (true, _) => Flag::Seen,
        (false, false) if flagged || args.len() > 1 => Flag::Always,
        _ => Flag::None,
    };
    Combined::new("", &inner, args, ty, move || {
        Box::new(SkipNulls { inner: made.states(), seen: Vec::new(), nullable, flag, ty: own.clone() })
    })
    .arc()
}

/// What an aggregate over the literal NULL is: NULL, or 0 for those that count.
pub fn nothing(name: &str, params: &[Param], args: &[Type], zero: bool) -> Arc<dyn Aggregate> {
    let ty = if zero { Type::UInt64 } else { Type::nullable(Type::Nothing) };
    let signature = Signature {
        name: name.to_string(),
        params: params.to_vec(),
        args: args.to_vec(),
        ty,
        state_type: None,
    };
    Arc::new(Nothing { signature })
}

/// Rows of the arguments and groups that a mask keeps.
pub fn select(groups: Groups<'_>, args: &[Column], keep: &[u32]) -> (Option<Vec<u32>>, Vec<Column>) {
    let groups = match groups {
        Groups::One(_) => None,
        Groups::Each(gs) => Some(keep.iter().map(|r| gs[*r as usize]).collect()),
    };
    (groups, args.iter().map(|c| c.gather(keep)).collect())
}

/// Runs `f` with the selected rows only.
pub fn with_rows(
    groups: Groups<'_>,
    args: &[Column],
    keep: &[u32],
    f: impl FnOnce(Groups<'_>, &[Column], usize) -> Result<()>,
) -> Result<()> {
    let (selected, args) = select(groups, args, keep);
    match (&selected, groups) {
        (Some(gs), _) => f(Groups::Each(gs), &args, keep.len()),
        (None, one) => f(one, &args, keep.len()),
    }
}

struct SkipNulls {
    inner: Box<dyn States>,
    seen: Vec<bool>,
    nullable: bool,
    flag: Flag,
    ty: Type,
}

/// The byte that serial states begin with, as ClickHouse has it.
#[derive(Clone, Copy, PartialEq)]
enum Flag {
    /// 1 and a state if there were rows, else 0
    Seen,
    /// 1 and a state, though the result cannot be NULL
    Always,
    None,
}

fn mark(seen: &mut [bool], groups: Groups<'_>, rows: usize) {
    match groups {
        Groups::One(g) => seen[g as usize] |= rows > 0,
        Groups::Each(gs) => gs.iter().for_each(|g| seen[*g as usize] = true),
    }
}

impl SkipNulls {
    /// Results that cannot be NULL: where the function refuses a group without rows, its default.
    fn finish_plain(&self, groups: Range<usize>) -> Result<Column> {
        let whole = self.inner.finish(groups.clone());
        if whole.is_ok() || self.seen[groups.clone()].iter().all(|s| *s) {
            return whole;
        }
        let mut out = ColumnBuilder::with_capacity(&self.ty, groups.len());
        for g in groups {
            if self.seen[g] {
                out.push_row(&self.inner.finish(g..g + 1)?, 0);
            } else {
                out.push_default(1);
            }
        }
        Ok(out.finish())
    }
}

impl States for SkipNulls {
    fn resize(&mut self, groups: usize) {
        self.inner.resize(groups);
        self.seen.resize(groups.max(self.seen.len()), false);
    }
    fn len(&self) -> usize {
        self.seen.len()
    }
    fn update(&mut self, groups: Groups<'_>, args: &[Column], rows: usize) -> Result<()> {
        let mut nulls: Option<Bitmap> = None;
        for mask in args.iter().filter_map(Column::null_mask) {
            match &mut nulls {
                Some(n) => n.or_with(&mask),
                None => nulls = Some(mask.as_ref().clone()),
            }
        }
        let Some(nulls) = nulls.filter(Bitmap::any) else {
            mark(&mut self.seen, groups, rows);
            return self.inner.update(groups, args, rows);
        };
        let keep = nulls.not().ones();
        if keep.is_empty() {
            return Ok(());
        }
        let SkipNulls { inner, seen, .. } = self;
        with_rows(groups, args, &keep, |groups, args, rows| {
            mark(seen, groups, rows);
            inner.update(groups, args, rows)
        })
    }
    fn merge(&mut self, other: &dyn States, src: &[u32], dst: &[u32]) -> Result<()> {
        let other = same::<Self>(other)?;
        for (s, d) in src.iter().zip(dst) {
            self.seen[*d as usize] |= other.seen[*s as usize];
        }
        self.inner.merge(other.inner.as_ref(), src, dst)
    }
    fn finish(&self, groups: Range<usize>) -> Result<Column> {
        if !self.nullable {
            return self.finish_plain(groups);
        }
        let c = self.inner.finish(groups.clone())?;
        let seen = &self.seen[groups];
        let mut nulls = Bitmap::from_fn(seen.len(), |i| !seen[i]);
        if let Some(own) = c.null_mask() {
            nulls.or_with(&own);
        }
        Ok(c.with_nulls(Some(Arc::new(nulls))))
    }
    fn serialize(&self, groups: &[u32]) -> Result<StrData> {
        let states = self.inner.serialize(groups)?;
        if self.flag == Flag::None {
            return Ok(states);
        }
        let mut row = 0;
        Ok(serial(groups, |g, out| {
            let seen = self.seen[g as usize] || self.flag == Flag::Always;
            out.push(u8::from(seen));
            if seen {
                out.extend_from_slice(states.get(row));
            }
            row += 1;
        }))
    }
    fn absorb(&mut self, group: u32, r: &mut Reader<'_>) -> Result<()> {
        if self.flag != Flag::None && r.byte()? == 0 {
            return Ok(());
        }
        self.seen[group as usize] = true;
        self.inner.absorb(group, r)
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

struct Nothing {
    signature: Signature,
}

impl Aggregate for Nothing {
    fn signature(&self) -> &Signature {
        &self.signature
    }
    fn states(&self) -> Box<dyn States> {
        Box::new(NoStates { groups: 0, zero: *self.ty() == Type::UInt64 })
    }
    fn default_on_nulls(&self) -> bool {
        *self.ty() == Type::UInt64
    }
    fn respects_nulls(&self) -> bool {
        true
    }
}

struct NoStates {
    groups: usize,
    zero: bool,
}

impl States for NoStates {
    fn resize(&mut self, groups: usize) {
        self.groups = self.groups.max(groups);
    }
    fn len(&self) -> usize {
        self.groups
    }
    fn update(&mut self, _: Groups<'_>, _: &[Column], _: usize) -> Result<()> {
        Ok(())
    }
    fn merge(&mut self, _: &dyn States, _: &[u32], _: &[u32]) -> Result<()> {
        Ok(())
    }
    fn finish(&self, groups: Range<usize>) -> Result<Column> {
        let n = groups.len();
        if self.zero {
            return Ok(Data::U64(vec![0; n].into()).into());
        }
        Ok(Column::new(Data::Nothing(n), Some(Bitmap::new(n, true))))
    }
    fn serialize(&self, groups: &[u32]) -> Result<StrData> {
        Ok(serial(groups, |_, out| out.push(0)))
    }
    fn absorb(&mut self, _: u32, r: &mut Reader<'_>) -> Result<()> {
        r.byte()?;
        Ok(())
    }
    fn bytes(&self) -> usize {
        0
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}
