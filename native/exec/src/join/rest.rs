//! Right rows that leave the join by themselves: those nobody met (RIGHT, FULL, RIGHT ANTI), and those
//! that were met where nothing of the left side is read (RIGHT SEMI).

use super::build::Build;
use super::probe::Probe;
use super::{PIECE, Spec};
use crate::plan::JoinKind;
use crate::pool::Flow;
use crate::query::Query;
use crate::rows::{Emit, Rows, Source, Step};
use std::sync::Arc;
use types::{Batch, Column, Data, Result};

/// The left side only marks right rows, on all workers.
pub fn marks_only(spec: &Spec) -> bool {
    let reads_left = spec.needed[..spec.left_types.len()].iter().any(|n| *n);
    spec.kind == JoinKind::RightAnti || (spec.kind == JoinKind::RightSemi && !reads_left)
}

pub fn mark(left: Rows, build: Arc<Build>, query: &Arc<Query>) -> Result<Rows> {
    let probe = Probe(build.clone());
    left.consume(query, false, &|| Ok(()), &|(), b| probe.apply(b, query, &mut |_| Ok(Flow::More)))?;
    let met = build.spec.kind == JoinKind::RightSemi;
    Ok(Rows::source(Rest::new(build, met), false))
}

/// The joined rows, then the right rows that nobody met.
pub fn after(probed: Rows, ordered: bool, build: Arc<Build>) -> Rows {
    Rows::serial(ordered, move |query, emit: Emit<'_>| {
        let mut stopped = false;
        probed.drive(query, &mut |b| {
            let f = emit(b)?;
            stopped = f == Flow::Stop;
            Ok(f)
        })?;
        if stopped { Ok(()) } else { Rows::source(Rest::new(build, false), false).drive(query, emit) }
    })
}

struct Rest {
    build: Arc<Build>,
    rows: Vec<u32>,
}

impl Rest {
    fn new(build: Arc<Build>, met: bool) -> Rest {
        let rows = (0..build.rows as u32).filter(|&r| build.met(r) == met).collect();
        Rest { build, rows }
    }
}

impl Source for Rest {
    fn morsels(&self) -> usize {
        self.rows.len().div_ceil(PIECE)
    }
    fn rows_max(&self) -> Option<u64> {
        Some(self.rows.len() as u64)
    }
    fn read(&self, morsel: usize, _: &Query) -> Result<Vec<Batch>> {
        let start = morsel * PIECE;
        let piece = &self.rows[start..(start + PIECE).min(self.rows.len())];
        let spec = &self.build.spec;
        let n = piece.len();
        let types = spec.output_types();
        let first = spec.left_types.len();
        let mut columns: Vec<Column> = types[..first].iter().map(|t| Column::default_of(t, n)).collect();
        for (i, c) in self.build.right.columns.iter().enumerate() {
            columns.push(if spec.needed[first + i] { c.gather(piece) } else { Data::Nothing(n).into() });
        }
        Ok(vec![Batch { columns, rows: n }])
    }
}
