//! ORDER BY … LIMIT over groups: the aggregation is told what the sort has found so far.

use super::Runner;
use crate::aggregate::Leading;
use crate::paths::Path;
use crate::plan::{Expr, Node, SortKey};
use crate::sort::Threshold;

impl Runner<'_> {
    /// Tells the aggregation below a sort which groups are wanted, if the first key is one of its results.
    pub(super) fn want_leading(&self, sort: &Node, input: &Node, keys: &[SortKey], threshold: &Threshold) {
        if !self.query.fast(Path::LeadingGroups) {
            return;
        }
        let Some((first, others)) = keys.split_first() else { return };
        let Expr::Column { col: mut column } = first.expr else { return };
        let mut below = input;
        while let Node::Project { input, exprs, .. } = below {
            let Some(Expr::Column { col }) = exprs.get(column) else { return };
            (below, column) = (input, *col);
        }
        let Node::Aggregate { keys, aggregates, sets: None, totals: false, .. } = below else { return };
        let Some(call) = column.checked_sub(keys.len()).filter(|c| *c < aggregates.len()) else { return };
        let leading = Leading {
            call,
            desc: first.desc,
            nulls_first: first.nulls_first,
            alone: others.is_empty(),
            threshold: threshold.clone(),
            left_out: self.before_limit.counter(sort),
        };
        *self.leading.borrow_mut() = Some((std::ptr::from_ref(below) as usize, leading));
    }

    /// What a sort has left for this aggregation.
    pub(crate) fn leading_of(&self, node: &Node) -> Option<Leading> {
        let mut slot = self.leading.borrow_mut();
        slot.take_if(|(place, _)| *place == std::ptr::from_ref(node) as usize).map(|(_, leading)| leading)
    }
}
