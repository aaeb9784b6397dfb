//! Background work on segments.

use super::failure::{Deferred, guard, settle};
use exec::kernel;
use napi::bindgen_prelude::*;
use napi_derive::napi;

/// Runs a job (JSON `Job`): resolves with `{segments, unchanged?, rowsIn, rowsOut}` as JSON.
#[napi(ts_return_type = "Promise<string>")]
pub fn run_job<'e>(env: &'e Env, job: String) -> Result<Object<'e>> {
    let (deferred, promise): (Deferred<String>, _) = env.create_deferred()?;
    let mut deferred = Some(deferred);
    guard(|| {
        let d = deferred.take();
        kernel().run_job(
            &job,
            Box::new(move |r| {
                if let Some(d) = d {
                    settle(d, r);
                }
            }),
        )
    })?;
    Ok(promise)
}

#[napi]
pub fn cancel_job(job: u32) {
    kernel().cancel_job(job);
}

/// How much of a running job is done, of 1; null when it is not there.
#[napi]
pub fn job_progress(job: u32) -> Option<f64> {
    kernel().job_progress(job).map(|(done, all)| if all == 0 { 0.0 } else { done as f64 / all as f64 })
}

/// Reads a whole segment and verifies every checksum; rejects with file and offset.
#[napi(ts_return_type = "Promise<void>")]
pub fn check_segment<'e>(env: &'e Env, store: u32, file: String) -> Result<Object<'e>> {
    let (deferred, promise): (Deferred<()>, _) = env.create_deferred()?;
    kernel().check_segment_later(store, file, Box::new(move |r| settle(deferred, r)));
    Ok(promise)
}

/// Forgets the segments of a store that is closed.
#[napi]
pub fn forget_store(store: u32) {
    kernel().forget_store(store);
}
