//! A body in pieces: rows leave as segments while it still comes in. Bytes gather here while those before
//! them are decoded and written on another thread (`ingest_load.rs`); at most one lot waits.

use crate::ingest::{IngestSpec, MEMORY_BYTES_MAX, MEMORY_ROWS_MAX, Outcome, Shaper, limits, options};
use crate::ingest_load::Load;
use crate::plan::WriteTarget;
use crate::pool::guarded;
use crate::query::Query;
use crate::spool::Spool;
use crate::write::SegmentSink;
use formats::decode::{ParquetSource, last_boundary};
use parking_lot::{Condvar, Mutex};
use std::sync::Arc;
use types::codes::QUERY_WAS_CANCELLED;
use types::{Error, Result};

/// bytes that are decoded at once
const LOT_BYTES: usize = 16 << 20;
/// the same for formats that one thread reads
const SERIAL_LOT_BYTES: usize = 1 << 20;
const SPOOL_MEMORY: u64 = 64 << 20;

enum Body {
    /// bytes that wait for their turn
    Pieces(Vec<u8>),
    /// nothing can be read before all of it is there
    Whole(Spool),
}

pub struct Ingest {
    spec: IngestSpec,
    query: Arc<Query>,
    decompress: Option<formats::Decompress>,
    body: Body,
    lot_bytes: usize,
    stage: Stage,
}

impl Ingest {
    pub fn open(spec: IngestSpec, query: Arc<Query>) -> Result<Ingest> {
        let shaper = Shaper::new(&spec, &query)?;
        let options = options(&spec, &query)?;
        let (Some(store), Some(prefix), Some(table)) = (spec.store, spec.prefix.clone(), spec.table.clone())
        else {
            return Err(Error::internal("ingestOpen needs store, prefix and table"));
        };
        let files = files::store(store).ok_or_else(|| Error::internal(format!("no store {store}")))?;
        // Named like a segment that the sink never writes, so that the collector knows it.
        let spool = format!("{prefix}-0-0.seg");
        let target = WriteTarget {
            store,
            table,
            prefix,
            segment_rows: 1 << 20,
            partitions_max: spec.partitions_max,
            level: 0,
            as_is: spec.as_is,
            segments_only: false,
        };
        let sink = SegmentSink::new(target, &query)?;
        let decompress = spec
            .encoding
            .as_ref()
            .map(|e| formats::Decompress::new(e, limits(spec.body_bytes_max)))
            .transpose()?;
        let load = Load::new(spec.clone(), query.clone(), shaper, options, sink)?;
        let body = if formats::registry::find(&spec.format)?.name == "Parquet" {
            let memory = if spec.spool_memory == 0 { SPOOL_MEMORY } else { spec.spool_memory };
            Body::Whole(Spool::new(files, spool, memory))
        } else {
            Body::Pieces(Vec::new())
        };
        let lot_bytes = if load.splits() { LOT_BYTES } else { SERIAL_LOT_BYTES };
        let stage = Stage::new(load, query.clone());
        Ok(Ingest { spec, query, decompress, body, lot_bytes, stage })
    }

    pub fn spec(&self) -> &IngestSpec {
        &self.spec
    }

    pub fn push(&mut self, bytes: &[u8]) -> Result<()> {
        self.query.cancel.check()?;
        let Some(mut d) = self.decompress.take() else { return self.push_plain(bytes) };
        d.push(bytes, &mut |plain: &[u8]| self.push_plain(plain))?;
        self.decompress = Some(d);
        Ok(())
    }

    fn push_plain(&mut self, bytes: &[u8]) -> Result<()> {
        self.query.cancel.check()?;
        let waiting = match &mut self.body {
            Body::Whole(spool) => return spool.push(bytes),
            Body::Pieces(waiting) => waiting,
        };
        if waiting.capacity() == 0 {
            waiting.reserve_exact(self.lot_bytes + (1 << 20));
        }
        waiting.extend_from_slice(bytes);
        if waiting.len() < self.lot_bytes {
            return Ok(());
        }
        let mut next = self.stage.spare().unwrap_or_default();
        let cut = last_boundary(&self.spec.format, waiting).filter(|_| self.lot_bytes == LOT_BYTES);
        if let Some(at) = cut {
            next.extend_from_slice(&waiting[at..]);
            waiting.truncate(at);
        }
        let lot = std::mem::replace(waiting, next);
        self.stage.submit(lot, cut.is_some())
    }

    pub fn finish(mut self) -> Result<Outcome> {
        if let Some(mut d) = self.decompress.take() {
            d.finish(&mut |plain: &[u8]| self.push_plain(plain))?;
        }
        self.stage.settle()?;
        let mut slot = self.stage.shared.load.lock();
        let mut load = slot.take().ok_or_else(|| Error::internal("the ingest has ended"))?;
        drop(slot);
        match &mut self.body {
            Body::Whole(spool) => load.take_parquet(&ParquetSource::open(spool.whole()?)?)?,
            Body::Pieces(waiting) => {
                let at = last_boundary(&self.spec.format, waiting).filter(|_| load.splits()).unwrap_or(0);
                if at > 0 {
                    load.take(&waiting[..at], true)?;
                }
                load.take(&waiting[at..], false)?;
                waiting.clear();
                waiting.shrink_to_fit();
            }
        }
        let report = load.end()?;
        let few = !load.sink.has_written()
            && load.sink.pending_rows() < MEMORY_ROWS_MAX
            && load.sink.total_bytes < MEMORY_BYTES_MAX;
        let types = load.sink.types().to_vec();
        let (batch, segments) = if few {
            (Some((load.sink.take_pending(), types)), Vec::new())
        } else {
            (None, load.sink.finish(&self.query)?)
        };
        Ok(Outcome {
            rows: load.sink.total_rows,
            bytes: load.sink.total_bytes,
            hash: load.hash(),
            batch,
            segments,
            report,
        })
    }
}

/// The thread beside: one lot is worked on, the next is handed over when that is done.
struct Stage {
    shared: Arc<Shared>,
    query: Arc<Query>,
}

struct Shared {
    load: Mutex<Option<Load>>,
    state: Mutex<State>,
    idle: Condvar,
}

#[derive(Default)]
struct State {
    busy: bool,
    abandoned: bool,
    failure: Option<Error>,
    /// the buffer of the last lot, to be filled again
    spare: Option<Vec<u8>>,
}

impl Stage {
    fn new(load: Load, query: Arc<Query>) -> Stage {
        let shared = Shared { load: Mutex::new(Some(load)), state: Mutex::default(), idle: Condvar::new() };
        Stage { shared: Arc::new(shared), query }
    }

    fn spare(&self) -> Option<Vec<u8>> {
        self.shared.state.lock().spare.take()
    }

    /// Waits until nothing is worked on. Errors: what the last lot failed with.
    fn settle(&self) -> Result<()> {
        let mut state = self.shared.state.lock();
        while state.busy {
            self.shared.idle.wait(&mut state);
        }
        state.failure.take().map_or(Ok(()), Err)
    }

    fn submit(&self, mut lot: Vec<u8>, whole: bool) -> Result<()> {
        self.settle()?;
        self.shared.state.lock().busy = true;
        let shared = self.shared.clone();
        crate::kernel::spawn(Box::new(move || {
            let result = guarded(|| match shared.load.lock().as_mut() {
                Some(load) => load.take(&lot, whole),
                None => Err(Error::new(QUERY_WAS_CANCELLED, "the ingest has ended")),
            });
            lot.clear();
            let mut state = shared.state.lock();
            state.busy = false;
            state.failure = result.err();
            state.spare = Some(lot);
            if state.abandoned
                && let Some(load) = shared.load.lock().take()
            {
                load.sink.remove_written();
            }
            drop(state);
            shared.idle.notify_all();
        }));
        Ok(())
    }
}

impl Drop for Stage {
    /// Nobody waits for a lot that is still worked on: it removes what it writes when it ends.
    fn drop(&mut self) {
        let mut state = self.shared.state.lock();
        if state.busy {
            state.abandoned = true;
            self.query.cancel.cancel();
        }
    }
}
