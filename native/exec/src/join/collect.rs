//! The rows of the right side: in memory, or in a file from where the query takes too much of it.

use super::Spec;
use super::spill::{Buffer, Watch};
use crate::plan::Strictness;
use crate::pool::Flow;
use crate::query::Query;
use crate::rows::Rows;
use std::sync::Arc;
use types::{Batch, Reservation, Result};

/// What one worker has taken.
struct Taken {
    list: Vec<Batch>,
    held: Reservation,
    buffer: Buffer,
}

impl Taken {
    fn new(query: &Query) -> Taken {
        Taken { list: Vec::new(), held: Reservation::empty(&query.memory), buffer: Buffer::default() }
    }

    fn take(&mut self, batch: Batch, watch: Option<&Watch<'_>>, query: &Query) -> Result<Flow> {
        let planned = self.held.bytes() + batch.bytes() as u64 * 2;
        if let Some(w) = watch.filter(|w| w.wanted(self.held.bytes(), planned, query))
            && let Some(side) = w.side(query)?
        {
            self.leave(w, query)?;
            side.add(&mut self.buffer, &batch, query)?;
            return Ok(Flow::More);
        }
        self.held.resize(planned)?;
        self.list.push(batch);
        Ok(Flow::More)
    }

    /// What is in memory goes to the file.
    fn leave(&mut self, watch: &Watch<'_>, query: &Query) -> Result<()> {
        let Some(side) = watch.side(query)? else { return Ok(()) };
        for batch in std::mem::take(&mut self.list) {
            side.add(&mut self.buffer, &batch, query)?;
        }
        self.held.resize(0)
    }
}

/// All batches of the right side; none if they are in the file of `watch`. Their order matters where one
/// row of several is taken.
pub fn collect(
    right: Rows,
    spec: &Spec,
    watch: Option<&Watch<'_>>,
    held: &mut Reservation,
    query: &Arc<Query>,
) -> Result<Vec<Batch>> {
    let mut taken = if spec.strictness == Strictness::All && spec.asof.is_none() && !spec.plain {
        right.consume(query, false, &|| Ok(Taken::new(query)), &|t, b| t.take(b, watch, query))?
    } else {
        let mut all = Taken::new(query);
        right.drive(query, &mut |b| {
            query.cancel.check()?;
            all.take(b, watch, query)
        })?;
        vec![all]
    };
    if let Some(w) = watch {
        let rows = taken.iter().flat_map(|t| &t.list).map(|b| b.rows).sum();
        if (w.started() || w.index_wanted(rows, query))
            && let Some(side) = w.side(query)?
        {
            for t in &mut taken {
                t.leave(w, query)?;
                side.flush(&mut t.buffer)?;
            }
            return Ok(Vec::new());
        }
    }
    let bytes = taken.iter().map(|t| t.held.bytes()).sum();
    let batches = taken.into_iter().flat_map(|t| t.list).collect();
    held.resize(bytes)?;
    Ok(batches)
}
