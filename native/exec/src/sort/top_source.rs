//! A scan for the first N rows: its blocks in the order of their best first key, those beyond the threshold
//! left out, and rows with a number by which their other columns can be read later.

use super::top::Threshold;
use super::words::{Key, key_column};
use crate::query::Query;
use crate::rows::Source;
use crate::scan::Scan;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use types::{Batch, ColumnBuilder, Result, Scalar, Type};

pub struct TopSource {
    scan: Arc<Scan>,
    /// morsels of the scan with the smallest word that a row of theirs can have
    order: Vec<(u64, usize)>,
    threshold: Threshold,
    numbered: bool,
}

impl TopSource {
    /// `first`: the first key's column of the scan, if it is one and blocks may be left out by it.
    pub fn new(scan: Arc<Scan>, first: Option<(usize, &Key)>, threshold: Threshold, numbered: bool) -> Self {
        let bound = |m: usize| first.map_or(0, |(column, key)| smallest_word(&scan, m, column, key));
        let mut order: Vec<(u64, usize)> = (0..scan.morsels()).map(|m| (bound(m), m)).collect();
        order.sort_unstable();
        TopSource { scan, order, threshold, numbered }
    }
}

/// No row of the morsel has a smaller word; 0 where nothing is known.
fn smallest_word(scan: &Scan, morsel: usize, column: usize, key: &Key) -> u64 {
    let Some(stats) = scan.stats(morsel, column) else { return 0 };
    let ty = &scan.types[column];
    if (key.nulls_first && (stats.nulls > 0 || stats.nans > 0)) || *ty.base() == Type::Nothing {
        return 0;
    }
    let best = if key.desc { &stats.max } else { &stats.min };
    if *best == Scalar::Null {
        return 0;
    }
    let mut b = ColumnBuilder::with_capacity(ty.base(), 1);
    b.push_scalar(best);
    key_column(b.finish(), key.desc, key.nulls_first).word(0)
}

impl Source for TopSource {
    fn morsels(&self) -> usize {
        self.order.len()
    }
    fn read(&self, morsel: usize, query: &Query) -> Result<Vec<Batch>> {
        let (bound, morsel) = self.order[morsel];
        if bound > self.threshold.get() {
            query.progress.blocks_pruned.fetch_add(1, Ordering::Relaxed);
            if let Some(a) = query.analysis.get() {
                a.pruned(|| "rows that are first already".to_string(), 1);
            }
            return Ok(Vec::new());
        }
        let batch = if self.numbered {
            self.scan.read_numbered(morsel, query)?
        } else {
            self.scan.read_morsel(morsel, query)?
        };
        Ok(batch.into_iter().collect())
    }
    fn rows_max(&self) -> Option<u64> {
        self.scan.rows_max()
    }
}
