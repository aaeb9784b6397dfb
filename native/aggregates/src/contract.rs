//! What an aggregate function is to the rest of the kernel: a resolved function (`Aggregate`) makes
//! `States`, one per thread; states are fed with batches, merged, spilled, and finished into columns.

use crate::state::wire::{Reader, damaged};
use std::any::Any;
use std::ops::Range;
use std::sync::Arc;
use types::ty::AggregateType;
use types::{Column, Result, Scalar, StrData, Type};

/// A parameter, as 0.9 in `quantile(0.9)(x)`: its value and how it stands in a type's name.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    pub value: Scalar,
    pub text: String,
}

/// What an aggregate function was bound to, and what came of it.
pub struct Signature {
    /// canonical name with its combinators, e.g. `sumIf`
    pub name: String,
    pub params: Vec<Param>,
    pub args: Vec<Type>,
    /// type of the result
    pub ty: Type,
    /// type of the states where they are those of another function
    pub state_type: Option<Type>,
}

/// An aggregate function bound to parameters and argument types.
pub trait Aggregate: Send + Sync {
    fn signature(&self) -> &Signature;
    fn name(&self) -> &str {
        &self.signature().name
    }
    fn params(&self) -> &[Param] {
        &self.signature().params
    }
    fn args(&self) -> &[Type] {
        &self.signature().args
    }
    fn ty(&self) -> &Type {
        &self.signature().ty
    }
    /// `AggregateFunction(name(params), args…)`: the type of its intermediate states
    fn state_type(&self) -> Type {
        let s = self.signature();
        s.state_type.clone().unwrap_or_else(|| {
            Type::AggregateFunction(Arc::new(AggregateType {
                name: s.name.clone(),
                params: s.params.iter().map(|p| p.text.clone()).collect(),
                args: s.args.clone(),
            }))
        })
    }
    /// Empty states for zero groups; call `resize` next.
    fn states(&self) -> Box<dyn States>;
    /// Result depends on the order of rows (any, groupArray, …): keep the order where it is cheap.
    fn order_sensitive(&self) -> bool {
        false
    }
    /// With NULL arguments only, the result is a default (0, []) instead of NULL (count, uniq, groupArray).
    fn default_on_nulls(&self) -> bool {
        false
    }
    /// Takes NULLs as values (any_respect_nulls); such functions are not wrapped to skip NULLs.
    fn respects_nulls(&self) -> bool {
        false
    }
    /// Adding a row twice changes nothing (min, max, uniq, any, groupBitAnd, groupBitOr).
    fn idempotent(&self) -> bool {
        false
    }
}

/// Which group each row of a batch belongs to.
#[derive(Clone, Copy, Debug)]
pub enum Groups<'a> {
    /// all rows into this group
    One(u32),
    /// row i into group `.0[i]`
    Each(&'a [u32]),
}

impl Groups<'_> {
    #[inline]
    pub fn of(&self, row: usize) -> u32 {
        match self {
            Groups::One(g) => *g,
            Groups::Each(gs) => gs[row],
        }
    }
}

/// States of one aggregate for all groups `0..len()`.
pub trait States: Send {
    /// Grows to `groups` groups (new ones empty). Never shrinks.
    fn resize(&mut self, groups: usize);
    fn len(&self) -> usize;
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Adds `rows` rows. Arguments may be flat, `Const` or `Codes`; group ids are < `len()`.
    fn update(&mut self, groups: Groups<'_>, args: &[Column], rows: usize) -> Result<()>;
    /// Merges `other`'s group `src[i]` into own group `dst[i]`. `other` comes from the same `Aggregate`; each
    /// source group occurs at most once. Cost: one pass over all of `other` for set-like states, so
    /// call it once with all pairs.
    fn merge(&mut self, other: &dyn States, src: &[u32], dst: &[u32]) -> Result<()>;
    /// Results of a range of groups. May be called for several ranges.
    fn finish(&self, groups: Range<usize>) -> Result<Column>;
    /// One serial state per listed group (form of -State columns and of spill files).
    fn serialize(&self, groups: &[u32]) -> Result<StrData>;
    /// Merges the serial state that `r` begins with into a group, and reads no further: states lie in states.
    /// Errors: `INCORRECT_DATA` for bytes that no state has, `CANNOT_READ_ALL_DATA` where they end early.
    fn absorb(&mut self, group: u32, r: &mut Reader<'_>) -> Result<()>;
    /// Merges serial state i into group `groups[i]`; groups may repeat. Empty bytes = empty state.
    /// Errors: as `absorb`, and `INCORRECT_DATA` for bytes behind a state.
    fn merge_serialized(&mut self, groups: &[u32], states: &StrData) -> Result<()> {
        for (i, &group) in groups.iter().enumerate().filter(|(i, _)| !states.get(*i).is_empty()) {
            let mut r = Reader::new(states.get(i));
            self.absorb(group, &mut r)?;
            if r.remaining() > 0 {
                return Err(damaged());
            }
        }
        Ok(())
    }
    /// Bytes held now (allocated, not only used).
    fn bytes(&self) -> usize;
    /// Upper estimate of the peak of `bytes()` during the next update of `rows` rows.
    fn planned_bytes(&self, rows: usize) -> usize {
        let _ = rows;
        self.bytes()
    }
    fn as_any(&self) -> &dyn Any;
}
