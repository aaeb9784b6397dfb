//! Where a query's rows end: formatted bytes for a client, segments, or a batch in memory.
//!
//! Bytes go to the client's side through a short bounded queue; a full queue stops the query's
//! thread (never a worker), and that time does not count as execution.

use crate::extremes::{BeforeLimit, Extremes};
use crate::plan::Limits;
use crate::pool::Flow;
use crate::query::Query;
use crate::run::Output;
use formats::{OutputOptions, Tail};
use parking_lot::{Condvar, Mutex};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;
use types::codes::TOO_MANY_ROWS_OR_BYTES;
use types::{Batch, Column, Data, Error, Field, Result};

/// a chunk is sent when it has so many bytes
const CHUNK_BYTES: usize = 512 << 10;
const QUEUE_CHUNKS: usize = 4;

/// What the consumer gets.
pub enum Chunk {
    Bytes(Vec<u8>),
    End,
    Failed(Error),
}

type Waiter = Box<dyn FnOnce(Chunk, bool) + Send>;

/// Between the query's thread and whoever asks for the next chunk.
#[derive(Default)]
pub struct Channel {
    state: Mutex<State>,
    room: Condvar,
}

#[derive(Default)]
struct State {
    chunks: VecDeque<Vec<u8>>,
    end: Option<std::result::Result<(), Error>>,
    waiter: Option<Waiter>,
    closed: bool,
}

impl Channel {
    /// Hands the next chunk to `f`, now or when there is one. The flag says whether it is the last.
    pub fn next(&self, f: Waiter) {
        let mut s = self.state.lock();
        if let Some(c) = s.chunks.pop_front() {
            let last = s.chunks.is_empty() && matches!(s.end, Some(Ok(())));
            drop(s);
            self.room.notify_all();
            return f(Chunk::Bytes(c), last);
        }
        match &s.end {
            Some(Ok(())) => {
                drop(s);
                f(Chunk::End, true);
            }
            Some(Err(e)) => {
                let e = e.clone();
                drop(s);
                f(Chunk::Failed(e), true);
            }
            None => s.waiter = Some(f),
        }
    }
    /// Waits for room. Errors: `QUERY_WAS_CANCELLED` when nobody reads any more.
    fn send(&self, bytes: Vec<u8>, query: &Query) -> Result<()> {
        let mut s = self.state.lock();
        if let Some(w) = s.waiter.take() {
            drop(s);
            w(Chunk::Bytes(bytes), false);
            return Ok(());
        }
        while s.chunks.len() >= QUEUE_CHUNKS && !s.closed {
            let from = Instant::now();
            self.room.wait_for(&mut s, std::time::Duration::from_millis(50));
            query.cancel.add_pause_us(from.elapsed().as_micros() as u64);
            query.cancel.check()?;
        }
        if s.closed {
            query.cancel.cancel();
            return query.cancel.check();
        }
        s.chunks.push_back(bytes);
        Ok(())
    }
    /// The last word: the rest of the bytes, or what went wrong.
    pub fn finish(&self, result: Result<Vec<u8>>) {
        let mut s = self.state.lock();
        let waiter = s.waiter.take();
        match (result, waiter) {
            (Ok(bytes), Some(w)) => {
                s.end = Some(Ok(()));
                drop(s);
                w(if bytes.is_empty() { Chunk::End } else { Chunk::Bytes(bytes) }, true);
            }
            (Ok(bytes), None) => {
                if !bytes.is_empty() {
                    s.chunks.push_back(bytes);
                }
                s.end = Some(Ok(()));
            }
            (Err(e), Some(w)) => {
                s.end = Some(Err(e.clone()));
                drop(s);
                w(Chunk::Failed(e), true);
            }
            (Err(e), None) => {
                // rows that nobody has seen yet need not be seen: an early failure stays early
                s.end = Some(Err(e));
            }
        }
    }
    /// Nobody will ask again.
    pub fn close(&self) {
        self.state.lock().closed = true;
        self.room.notify_all();
    }
}

/// How rows are written.
pub struct To<'a> {
    pub names: &'a [String],
    pub format: &'a str,
    pub settings: &'a HashMap<String, String>,
    pub before_limit: BeforeLimit,
}

/// Writes all rows in a client's format; returns the bytes that were not sent yet.
pub fn format(
    out: Output,
    to: To<'_>,
    limits: &Limits,
    channel: &Channel,
    query: &Arc<Query>,
    start: Instant,
) -> Result<Vec<u8>> {
    let To { names, format, settings, before_limit } = to;
    let fields: Vec<Field> =
        names.iter().zip(&out.types).map(|(n, t)| Field { name: n.clone(), ty: t.clone() }).collect();
    let options = OutputOptions::from_settings(settings, query.session.timezone.clone())?;
    let mut encoder = formats::encoder(format, &fields, &options)?.encoder;
    let mut bytes = Vec::new();
    let mut begun = false;
    let mut rows = 0u64;
    let mut sent = 0u64;
    let totals = out.totals;
    let types = out.types;
    let mut extremes = settings
        .get("extremes")
        .is_some_and(|v| types::text::bool_setting("extremes", v).unwrap_or(false))
        .then(Extremes::default);
    out.rows.drive(query, &mut |batch| {
        query.cancel.check()?;
        let (batch, last) = limited(batch, rows, limits)?;
        if !begun {
            encoder.begin(&mut bytes)?;
            begun = true;
        }
        if let Some(extremes) = &mut extremes {
            extremes.add(&batch, &types);
        }
        let step = rows_at_once(&batch);
        let mut at = 0;
        while at < batch.rows {
            let n = step.min(batch.rows - at);
            encoder.batch(&batch.slice(at, n), &mut bytes)?;
            at += n;
            rows += n as u64;
            query.progress.result_rows.store(rows, Ordering::Relaxed);
            query.progress.result_bytes.store(sent + bytes.len() as u64, Ordering::Relaxed);
            if limits.result_bytes > 0 && sent + bytes.len() as u64 > limits.result_bytes {
                if limits.result_break {
                    return Ok(Flow::Stop);
                }
                return Err(Error::new(
                    TOO_MANY_ROWS_OR_BYTES,
                    format!(
                        "Limit for result exceeded, max bytes: {}; raise max_result_bytes or add LIMIT",
                        limits.result_bytes
                    ),
                ));
            }
            if bytes.len() >= CHUNK_BYTES {
                sent += bytes.len() as u64;
                channel.send(std::mem::take(&mut bytes), query)?;
            }
        }
        Ok(if last { Flow::Stop } else { Flow::More })
    })?;
    if !begun {
        encoder.begin(&mut bytes)?;
    }
    let tail = Tail {
        rows,
        totals,
        rows_before_limit: before_limit.total(),
        extremes: extremes.and_then(Extremes::rows),
        statistics: Some(formats::Statistics {
            elapsed_s: start.elapsed().as_secs_f64(),
            rows_read: query.progress.read_rows.load(Ordering::Relaxed),
            bytes_read: query.progress.read_bytes.load(Ordering::Relaxed),
        }),
    };
    encoder.finish(&tail, &mut bytes)?;
    query.progress.result_bytes.store(sent + bytes.len() as u64, Ordering::Relaxed);
    Ok(bytes)
}

/// So many rows of a batch are about a chunk of text, however large a row is.
fn rows_at_once(batch: &Batch) -> usize {
    let rows = batch.rows.max(1);
    let of_row = |c: &Column| match (&c.data, c.as_const()) {
        (_, Some(one)) => one.bytes(),
        (Data::Codes(_, dict), _) => dict.values.bytes() / dict.len().max(1),
        _ => c.bytes() / rows,
    };
    let bytes: usize = batch.columns.iter().map(of_row).sum();
    (CHUNK_BYTES / bytes.max(1)).clamp(1, 8192)
}

fn limited(batch: Batch, rows: u64, limits: &Limits) -> Result<(Batch, bool)> {
    let total = rows + batch.rows as u64;
    if limits.result_rows == 0 || total <= limits.result_rows {
        return Ok((batch, false));
    }
    if limits.result_break {
        let keep = (limits.result_rows - rows) as usize;
        return Ok((batch.slice(0, keep), true));
    }
    Err(Error::new(
        TOO_MANY_ROWS_OR_BYTES,
        format!(
            "Limit for result exceeded, max rows: {}, current rows: {total}; raise max_result_rows or add LIMIT",
            limits.result_rows
        ),
    ))
}
