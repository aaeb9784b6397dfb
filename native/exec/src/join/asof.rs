//! ASOF: the nearest right row of a left row's key.

use super::output::Pairs;
use super::probe::Probe;
use crate::pool::Flow;
use crate::query::Query;
use crate::rows::Emit;
use types::compare::compare_rows;
use types::{Batch, Bitmap, Result};

impl Probe {
    pub fn asof(&self, batch: &Batch, groups: &[u32], query: &Query, emit: Emit<'_>) -> Result<Flow> {
        let b = &*self.0;
        let (Some((left_expr, _, op)), Some(values)) = (&b.spec.asof, &b.asof_values) else {
            return Ok(Flow::More);
        };
        let wanted = left_expr.eval(batch, query)?.flat();
        let mut pairs = Pairs::default();
        for row in 0..batch.rows {
            let run = b.run(groups[row]);
            // NULLs are sorted last and match nothing
            let run = &run[..run.partition_point(|r| !values.is_null(*r as usize))];
            if run.is_empty() || wanted.is_null(row) {
                continue;
            }
            let order = |r: &u32| compare_rows(values, *r as usize, &wanted, row);
            let hit = match op.as_str() {
                // left >= right: the largest right value not above
                ">=" => run.partition_point(|r| order(r).is_le()).checked_sub(1),
                ">" => run.partition_point(|r| order(r).is_lt()).checked_sub(1),
                "<=" => Some(run.partition_point(|r| order(r).is_lt())).filter(|i| *i < run.len()),
                _ => Some(run.partition_point(|r| order(r).is_le())).filter(|i| *i < run.len()),
            };
            if let Some(i) = hit {
                pairs.push(row as u32, run[i]);
            }
        }
        // further conditions are asked of the nearest row, they do not look for another one
        let pairs = self.passing(batch, pairs, query)?;
        let mut matched = Bitmap::new(batch.rows, false);
        for &l in &pairs.left {
            matched.set(l as usize, true);
        }
        if pairs.len() > 0 && emit(b.paired(batch, &pairs))? == Flow::Stop {
            return Ok(Flow::Stop);
        }
        self.unmatched(batch, &matched, emit)
    }
}
