//! Which segments of a version may hold rows of the same key: told by the first and the last key of each.

use super::Work;
use crate::expr::Bound;
use types::{Result, Scalar};

/// First and last key of a source, as far as the key is made of plain columns.
pub(super) type Bounds = (Vec<Scalar>, Vec<Scalar>);

impl Work<'_> {
    /// Segments whose rows may meet others: all but those that a merge wrote and that share no keys.
    pub(super) fn crowded(&self) -> Result<Vec<bool>> {
        let mut crowded = vec![true; self.table.segments.len()];
        if self.rule.keeps() && !self.rule.merged_is_final() {
            return Ok(crowded);
        }
        let memory = self.table.memory.iter().any(|(_, bs)| bs.iter().any(|b| b.rows > 0));
        let bounds = self.segment_bounds()?;
        let memory_bounds = if memory { self.memory_bounds()? } else { None };
        for i in 0..crowded.len() {
            if self.table.marks[i].level == 0 || (memory && memory_bounds.is_none()) {
                continue;
            }
            let Some(own) = &bounds[i] else { continue };
            let others = bounds.iter().enumerate().filter(|(j, _)| *j != i && self.may_meet(i, *j));
            let others = others.map(|(_, b)| b.as_ref()).chain(memory_bounds.iter().map(Some));
            crowded[i] = !others.into_iter().all(|b| b.is_some_and(|b| apart(own, b)));
        }
        Ok(crowded)
    }

    /// Whether rows of one segment may take the place of rows of the other, whatever their keys are.
    pub(super) fn may_meet(&self, a: usize, b: usize) -> bool {
        let own_partition = self.by_partition || self.rule.within_partition();
        !own_partition || self.table.marks[a].partition == self.table.marks[b].partition
    }

    pub(super) fn segment_bounds(&self) -> Result<Vec<Option<Bounds>>> {
        let bounds = self.table.segments.iter().map(|slot| {
            let s = slot.open(self.shelf)?;
            Ok(match (s.block_key(0), s.block_key(s.block_count())) {
                (Some(a), Some(b)) if !a.is_empty() => Some((a.to_vec(), b.to_vec())),
                _ => None,
            })
        });
        bounds.collect()
    }

    /// Least and greatest first key column in memory, if it is a plain column.
    fn memory_bounds(&self) -> Result<Option<Bounds>> {
        let Some(Bound::Column(c, _)) = self.rule.keys.first() else { return Ok(None) };
        let name = &self.table.columns[*c].name;
        let mut all: Option<Bounds> = None;
        for (fields, batches) in &self.table.memory {
            let Some(k) = fields.iter().position(|f| f.name == *name) else { return Ok(None) };
            if fields[k].ty != self.table.columns[*c].ty {
                return Ok(None);
            }
            for b in batches.iter().filter(|b| b.rows > 0) {
                let Some((lo, hi)) = types::compare::min_max(&b.columns[k]) else { return Ok(None) };
                if b.columns[k].has_nulls() {
                    return Ok(None);
                }
                let (lo, hi) = (b.columns[k].scalar(lo), b.columns[k].scalar(hi));
                let (x, y) = all.get_or_insert_with(|| (vec![lo.clone()], vec![hi.clone()]));
                if lo.compare(&x[0]).is_lt() {
                    x[0] = lo;
                }
                if hi.compare(&y[0]).is_gt() {
                    y[0] = hi;
                }
            }
        }
        Ok(all)
    }
}

/// Whether two ranges of keys have nothing in common, by the columns that both have.
pub(super) fn apart(a: &Bounds, b: &Bounds) -> bool {
    let before = |x: &[Scalar], y: &[Scalar]| {
        for (x, y) in x.iter().zip(y) {
            let o = x.compare(y);
            if o.is_ne() {
                return o.is_lt();
            }
        }
        false
    };
    before(&a.1, &b.0) || before(&b.1, &a.0)
}
