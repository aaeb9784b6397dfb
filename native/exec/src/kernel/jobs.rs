//! Work in the background: flushes, merges, rewrites, checks.

use super::Kernel;
use super::drivers::spawn;
use crate::plan::{Job, SessionInfo};
use crate::pool::guarded;
use crate::{deep, jobs};
use std::collections::HashMap;
use std::sync::atomic::Ordering;
use storage::Cache;
use types::{Cancel, Result};

impl Kernel {
    pub fn run_job(&'static self, job: &str, done: Box<dyn FnOnce(Result<String>) + Send>) -> Result<()> {
        let job: Job = deep::parse("job", job)?;
        let (number, store, memtables, timezone) = match &job {
            Job::Flush { job, store, memtables, table, .. } => {
                (*job, *store, memtables.clone(), table.timezone.clone())
            }
            Job::Merge { job, store, table, .. }
            | Job::Rewrite { job, store, table, .. }
            | Job::Mark { job, store, table, .. } => (*job, *store, Vec::new(), table.timezone.clone()),
        };
        let memory = self.memory_rows(&memtables)?;
        let shelf = self.shelf(store)?;
        let info = SessionInfo { timezone, ..SessionInfo::default() };
        let polite = matches!(&job, Job::Merge { how, .. } if how.polite);
        let cancel = if polite { Cancel::polite(self.busy.clone()) } else { Cancel::new(None) };
        let query = self.query(&info, cancel.clone(), &self.memory, 0, HashMap::new(), HashMap::new())?;
        // background work gets what queries leave
        query.service_ns.store(1 << 62, Ordering::Relaxed);
        self.jobs.lock().insert(number, cancel);
        spawn(Box::new(move || {
            let r = guarded(|| jobs::run(job, memory, &shelf, &query));
            self.jobs.lock().remove(&number);
            done(r.map(|v| v.to_string()));
        }));
        Ok(())
    }
    pub fn cancel_job(&self, job: u32) {
        if let Some(c) = self.jobs.lock().get(&job) {
            c.cancel();
        }
    }
    /// Steps of a running job that are done, and all of them.
    pub fn job_progress(&self, job: u32) -> Option<(u64, u64)> {
        self.jobs.lock().get(&job).map(Cancel::progress)
    }
    /// `check_segment` on a thread of its own.
    pub fn check_segment_later(
        &'static self,
        store: u32,
        file: String,
        done: Box<dyn FnOnce(Result<()>) + Send>,
    ) {
        spawn(Box::new(move || done(self.check_segment(store, &file))));
    }
    /// Reads a segment whole, or the file of its deleted rows, and verifies every checksum.
    pub fn check_segment(&self, store: u32, file: &str) -> Result<()> {
        let shelf = self.shelf(store)?;
        guarded(|| {
            if file.ends_with(".del") {
                return storage::check_deleted(&shelf.files, file);
            }
            // a cache of its own, so that everything is read from the disk and nothing is pushed out
            storage::Segment::open(&shelf.files, file, &Cache::new(1 << 20))?.check()
        })
    }
}
