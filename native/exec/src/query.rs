//! What one running query carries through all its operators: budget, cancellation, progress,
//! session, results of its subqueries.

use crate::measure::Analysis;
use crate::paths::{Path, PathsOff};
use crate::spill::Space;
use crate::table::TableSnapshot;
use functions::Session;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;
use types::codes::{TOO_MANY_BYTES, TOO_MANY_ROWS};
use types::{Batch, Cancel, Error, Memory, Result};

pub struct Query {
    pub cancel: Cancel,
    pub memory: Memory,
    pub session: Session,
    pub off: PathsOff,
    pub threads: usize,
    /// all work is done by the driver thread (small queries)
    pub inline: AtomicBool,
    /// worker time received, for fair scheduling
    pub service_ns: AtomicU64,
    pub progress: Progress,
    pub read_rows_max: u64,
    pub read_bytes_max: u64,
    /// reading ends at those limits, instead of failing
    pub read_break: bool,
    /// when reading ends
    pub read_until: Option<Instant>,
    pub tables: HashMap<u32, Arc<TableSnapshot>>,
    pub batches: HashMap<u32, Arc<Batch>>,
    /// where operators put what does not fit; None: nowhere
    pub spill: Option<Arc<Space>>,
    /// what EXPLAIN ANALYZE measures; empty otherwise
    pub analysis: OnceLock<Analysis>,
}

/// Counters that others may look at while the query runs.
#[derive(Default)]
pub struct Progress {
    pub read_rows: AtomicU64,
    pub read_bytes: AtomicU64,
    pub result_rows: AtomicU64,
    pub result_bytes: AtomicU64,
    pub segments: AtomicU64,
    pub segments_pruned: AtomicU64,
    pub blocks: AtomicU64,
    pub blocks_pruned: AtomicU64,
}

impl Query {
    /// The same query in another time zone: for expressions that must not depend on the session's.
    pub fn in_zone(&self, timezone: Arc<types::tz::TimeZone>) -> Query {
        Query {
            cancel: self.cancel.clone(),
            memory: self.memory.clone(),
            session: Session { timezone, ..self.session.clone() },
            off: self.off,
            threads: self.threads,
            inline: AtomicBool::new(false),
            service_ns: AtomicU64::new(0),
            progress: Progress::default(),
            read_rows_max: 0,
            read_bytes_max: 0,
            read_break: false,
            read_until: self.read_until,
            tables: HashMap::new(),
            batches: HashMap::new(),
            spill: self.spill.clone(),
            analysis: OnceLock::new(),
        }
    }
    /// Whether a short cut may be taken: all but those named in `kernel_paths_off`.
    pub fn fast(&self, path: Path) -> bool {
        !self.off.has(path)
    }
    /// Whether so much or so long was read that the rest is left out (`read_overflow_mode`,
    /// `timeout_overflow_mode` = 'break').
    pub fn has_read_enough(&self) -> bool {
        let over = |n: &AtomicU64, most: u64| most > 0 && n.load(Ordering::Relaxed) >= most;
        self.read_until.is_some_and(|t| Instant::now() >= t)
            || self.read_break
                && (over(&self.progress.read_rows, self.read_rows_max)
                    || over(&self.progress.read_bytes, self.read_bytes_max))
    }
    /// Counts rows read. Errors: `TOO_MANY_ROWS` beyond `max_rows_to_read`/`max_bytes_to_read`.
    pub fn read(&self, rows: u64, bytes: u64) -> Result<()> {
        let r = self.progress.read_rows.fetch_add(rows, Ordering::Relaxed) + rows;
        let b = self.progress.read_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if self.read_break {
            return Ok(());
        }
        if self.read_rows_max > 0 && r > self.read_rows_max {
            return Err(Error::new(
                TOO_MANY_ROWS,
                format!(
                    "Limit for rows to read exceeded: {r} rows, maximum: {}; raise max_rows_to_read",
                    self.read_rows_max
                ),
            ));
        }
        if self.read_bytes_max > 0 && b > self.read_bytes_max {
            return Err(Error::new(
                TOO_MANY_BYTES,
                format!(
                    "Limit for bytes to read exceeded: {b} bytes, maximum: {}; raise max_bytes_to_read",
                    self.read_bytes_max
                ),
            ));
        }
        Ok(())
    }
}
