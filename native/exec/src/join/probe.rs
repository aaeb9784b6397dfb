//! Left rows past the built right side.

use super::build::Build;
use super::output::Pairs;
use super::{NONE, PIECE};
use crate::plan::{JoinKind, Strictness};
use crate::pool::Flow;
use crate::query::Query;
use crate::rows::{Emit, Step};
use std::sync::Arc;
use types::{Batch, Bitmap, Result};

pub struct Probe(pub Arc<Build>);

impl Step for Probe {
    fn explodes(&self) -> bool {
        !self.0.unique
    }
    fn apply(&self, batch: Batch, query: &Query, emit: Emit<'_>) -> Result<Flow> {
        let b = &*self.0;
        let groups = b.groups(&batch, query)?;
        if b.spec.asof.is_some() {
            return self.asof(&batch, &groups, query, emit);
        }
        let simple = b.spec.residual.is_none() && !b.remembers() && !b.spec.plain;
        let one = self.one_partner();
        match b.spec.kind {
            JoinKind::Semi | JoinKind::Anti if simple && !self.reads_right() => {
                let semi = b.spec.kind == JoinKind::Semi;
                let keep = Bitmap::from_fn(batch.rows, |i| b.run(groups[i]).is_empty() != semi);
                let left: Vec<u32> = keep.ones();
                let right = vec![NONE; left.len()];
                give(b, &batch, &Pairs { left, right }, emit)
            }
            _ if simple && (one || b.unique) => {
                let mut pairs = Pairs::default();
                let alone = b.spec.keeps_left();
                let matched = b.spec.kind != JoinKind::Anti;
                for (row, &g) in groups.iter().enumerate() {
                    match b.run(g).first() {
                        Some(&r) if matched => pairs.push(row as u32, r),
                        None if alone => pairs.push(row as u32, NONE),
                        _ => {}
                    }
                }
                give(b, &batch, &pairs, emit)
            }
            _ => self.pairs(&batch, &groups, one, query, emit),
        }
    }
}

fn give(b: &Build, batch: &Batch, pairs: &Pairs, emit: Emit<'_>) -> Result<Flow> {
    if pairs.len() == 0 { Ok(Flow::More) } else { emit(b.paired(batch, pairs)) }
}

impl Probe {
    fn reads_right(&self) -> bool {
        let spec = &self.0.spec;
        spec.needed[spec.left_types.len()..].iter().any(|n| *n)
    }

    /// One partner per left row is enough (not: per right row).
    fn one_partner(&self) -> bool {
        let spec = &self.0.spec;
        let one = spec.strictness == Strictness::Any || matches!(spec.kind, JoinKind::Semi | JoinKind::Anti);
        one && !spec.keeps_right()
    }

    /// All pairs of equal keys, in pieces.
    fn pairs(
        &self,
        batch: &Batch,
        groups: &[u32],
        one_left: bool,
        query: &Query,
        emit: Emit<'_>,
    ) -> Result<Flow> {
        let b = &*self.0;
        let mut pairs = Pairs::default();
        let mut matched = Bitmap::new(batch.rows, false);
        for (row, &group) in groups.iter().enumerate() {
            let mut run = b.run(group);
            if one_left && b.spec.residual.is_none() {
                run = &run[..run.len().min(1)];
            }
            let mut at = 0;
            while at < run.len() {
                let take = (PIECE - pairs.len()).min(run.len() - at);
                for &r in &run[at..at + take] {
                    pairs.push(row as u32, r);
                }
                at += take;
                if pairs.len() == PIECE {
                    let piece = std::mem::take(&mut pairs);
                    if self.flush(batch, piece, &mut matched, query, emit)? == Flow::Stop {
                        return Ok(Flow::Stop);
                    }
                    if one_left && matched.get(row) {
                        break;
                    }
                }
            }
        }
        if self.flush(batch, pairs, &mut matched, query, emit)? == Flow::Stop {
            return Ok(Flow::Stop);
        }
        self.unmatched(batch, &matched, emit)
    }

    /// Gives the pairs that pass the residual condition, as the kind of join wants them.
    fn flush(
        &self,
        batch: &Batch,
        pairs: Pairs,
        matched: &mut Bitmap,
        query: &Query,
        emit: Emit<'_>,
    ) -> Result<Flow> {
        query.cancel.check()?;
        let b = &*self.0;
        let mut kept = self.passing(batch, pairs, query)?;
        let one = b.spec.strictness == Strictness::Any
            || matches!(b.spec.kind, JoinKind::Semi | JoinKind::Anti | JoinKind::RightSemi);
        if one || b.remembers() {
            let mut positions = Vec::new();
            for i in 0..kept.len() {
                let (l, r) = (kept.left[i], kept.right[i]);
                let first_left = !matched.get(l as usize);
                let taken = match b.spec.kind {
                    JoinKind::Anti | JoinKind::RightAnti => false,
                    // every right row once
                    JoinKind::RightSemi => b.meet(r),
                    JoinKind::Right if b.spec.strictness == Strictness::Any => b.meet(r),
                    JoinKind::Inner if one => first_left && b.meet(r),
                    _ => !one || first_left,
                };
                matched.set(l as usize, true);
                if taken || b.spec.kind == JoinKind::RightAnti || !one {
                    b.meet(r);
                }
                if taken {
                    positions.push(i as u32);
                }
            }
            if positions.len() < kept.len() {
                kept = kept.gather(&positions);
            }
        } else {
            for &l in &kept.left {
                matched.set(l as usize, true);
            }
        }
        if super::rest::marks_only(&b.spec) { Ok(Flow::More) } else { give(b, batch, &kept, emit) }
    }

    /// The pairs for which the residual condition is true. Only its columns are put side by side.
    pub fn passing(&self, batch: &Batch, pairs: Pairs, query: &Query) -> Result<Pairs> {
        let b = &*self.0;
        let Some(residual) = b.spec.residual.as_ref().filter(|_| pairs.len() > 0) else {
            return Ok(pairs);
        };
        let mut used = Vec::new();
        residual.columns(&mut used);
        let joined = b.columns(batch, &pairs, &|i| used.binary_search(&i).is_ok());
        let keep = residual.eval_mask(&joined, query)?;
        Ok(if keep.all() { pairs } else { pairs.gather(&keep.ones()) })
    }

    /// Left rows without a partner, for the joins that keep them.
    pub fn unmatched(&self, batch: &Batch, matched: &Bitmap, emit: Emit<'_>) -> Result<Flow> {
        let b = &*self.0;
        if !b.spec.keeps_left() {
            return Ok(Flow::More);
        }
        let left = matched.not().ones();
        let right = vec![NONE; left.len()];
        give(b, batch, &Pairs { left, right }, emit)
    }
}
