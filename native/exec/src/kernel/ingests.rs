//! Bodies that come in pieces.

use super::drivers::spawn;
use super::{IngestSlot, Kernel, parse};
use crate::ingest::{IngestSpec, Outcome};
use crate::ingest_stream::Ingest;
use crate::plan::SessionInfo;
use crate::pool::guarded;
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use types::{Cancel, Error, Result};

impl Kernel {
    /// A small body at once: `{"batch", "rows", …}`.
    pub fn decode_rows(&self, spec: &str, body: &[u8]) -> Result<String> {
        let spec: IngestSpec = parse("decodeRows", spec)?;
        let query =
            self.query(&spec.session, Cancel::new(None), &self.memory, 0, HashMap::new(), HashMap::new())?;
        query.inline.store(true, Ordering::Relaxed);
        let outcome = guarded(|| crate::ingest::decode(&spec, body, &query))?;
        Ok(self.outcome(outcome, &spec).to_string())
    }
    fn outcome(&self, mut o: Outcome, spec: &IngestSpec) -> Value {
        let mut v = o.json();
        if let Some((batch, types)) = o.batch.take() {
            let names = match &spec.table {
                Some(t) if t.columns.len() == types.len() => {
                    t.columns.iter().map(|c| c.name.clone()).collect()
                }
                _ if spec.columns.len() == types.len() => {
                    spec.columns.iter().map(|c| c.name.clone()).collect()
                }
                // computed columns: the log and memtables go by position
                _ => (0..types.len()).map(|i| format!("c{i}")).collect(),
            };
            v["batch"] = json!(self.keep_batch(batch, types, names));
        }
        v
    }
    pub fn ingest_open(&self, spec: &str) -> Result<u32> {
        let spec: IngestSpec = parse("ingestOpen", spec)?;
        let query =
            self.query(&spec.session, Cancel::new(None), &self.memory, 0, HashMap::new(), HashMap::new())?;
        let ingest = guarded(|| Ingest::open(spec, query.clone()))?;
        let n = self.number();
        let slot = IngestSlot {
            ingest: Mutex::new(Some(ingest)),
            query,
            queue: Mutex::default(),
            busy: AtomicBool::new(false),
        };
        self.ingests.lock().insert(n, Arc::new(slot));
        Ok(n)
    }
    /// Works on a piece on another thread; `done` when the next may come. Calls are done in order.
    pub fn ingest_push(&self, ingest: u32, bytes: Vec<u8>, done: Box<dyn FnOnce(Result<()>) + Send>) {
        self.ingest_work(ingest, move |slot| {
            let r = guarded(|| match slot.ingest.lock().as_mut() {
                Some(i) => i.push(&bytes),
                None => Err(Error::internal("the ingest has ended")),
            });
            if r.is_err() {
                slot.ingest.lock().take();
            }
            done(r);
        });
    }
    pub fn ingest_finish(&'static self, ingest: u32, done: Box<dyn FnOnce(Result<String>) + Send>) {
        self.ingest_work(ingest, move |slot| {
            let taken = slot.ingest.lock().take();
            let r = guarded(|| match taken {
                Some(i) => {
                    let spec = i.spec().clone();
                    Ok(self.outcome(i.finish()?, &spec).to_string())
                }
                None => Err(Error::internal("the ingest has ended")),
            });
            self.ingests.lock().remove(&ingest);
            done(r);
        });
    }
    fn ingest_work(&self, ingest: u32, work: impl FnOnce(&IngestSlot) + Send + 'static) {
        let found = self.ingests.lock().get(&ingest).cloned();
        let slot = found.unwrap_or_else(|| {
            // unknown: the work finds no ingest and says so
            let query = self.quick_query(&SessionInfo::default());
            Arc::new(IngestSlot {
                ingest: Mutex::new(None),
                query: query.unwrap_or_else(|_| unreachable!("UTC is always known")),
                queue: Mutex::default(),
                busy: AtomicBool::new(false),
            })
        });
        let again = slot.clone();
        slot.queue.lock().push_back(Box::new(move || work(&again)));
        if !slot.busy.swap(true, Ordering::AcqRel) {
            spawn(Box::new(move || {
                loop {
                    let next = slot.queue.lock().pop_front();
                    match next {
                        Some(f) => f(),
                        None => {
                            slot.busy.store(false, Ordering::Release);
                            // a push may have come between the look and the flag
                            if slot.queue.lock().is_empty() || slot.busy.swap(true, Ordering::AcqRel) {
                                return;
                            }
                        }
                    }
                }
            }));
        }
    }
    pub fn ingest_abort(&self, ingest: u32) {
        if let Some(s) = self.ingests.lock().remove(&ingest) {
            s.query.cancel.cancel();
        }
    }
}
