//! ORDER BY a simple aggregate … LIMIT n over groups: of most groups nothing but that aggregate is made, and it says
//! that they are not among the first n.

use super::local::Local;
use super::output::rows_of;
use super::{Call, Grouping};
use crate::sort::{Threshold, key_column};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use types::{Batch, Result};

/// Groups are made one by one when at most this part of a chunk is wanted.
const PART: usize = 64;

/// Which groups a sort above wants.
pub struct Leading {
    /// the call whose result is the first key
    pub call: usize,
    pub desc: bool,
    pub nulls_first: bool,
    /// nothing else decides: of equal ones those that were met first will do
    pub alone: bool,
    pub threshold: Threshold,
    /// counts the groups that are left out, where somebody wants to know
    pub left_out: Option<Arc<AtomicU64>>,
}

impl Leading {
    /// A result that costs about nothing, so that it may be made twice.
    pub fn suits(call: &Call) -> bool {
        super::merge::merges_by_group(call.aggregate.name())
    }

    /// The wanted groups of a chunk; None where they are many.
    pub(super) fn read(
        &self,
        g: &Grouping,
        part: &Local,
        range: &Range<usize>,
    ) -> Result<Option<Vec<Batch>>> {
        let limit = self.threshold.get();
        if limit == u64::MAX {
            return Ok(None);
        }
        let key = key_column(part.states[self.call].finish(range.clone())?, self.desc, self.nulls_first);
        let strict = self.alone && key.is_exact();
        let wanted = |i: &usize| if strict { key.word(*i) < limit } else { key.word(*i) <= limit };
        let few = range.len() / PART;
        let rows: Vec<usize> = (0..range.len()).filter(wanted).take(few + 1).collect();
        if rows.len() > few {
            return Ok(None);
        }
        if let Some(counter) = &self.left_out {
            counter.fetch_add((range.len() - rows.len()) as u64, Ordering::Relaxed);
        }
        let one = |i: usize| rows_of(g, part, range.start + i..range.start + i + 1);
        rows.into_iter().map(one).collect::<Result<_>>().map(Some)
    }
}
