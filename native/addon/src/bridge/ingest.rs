//! Input bytes to rows.

use super::failure::{Deferred, guard, settle};
use exec::kernel;
use napi::bindgen_prelude::*;
use napi_derive::napi;

/// A small body at once: JSON spec and bytes → `{batch, rows, bytes, hash, rejected, errors}`.
#[napi]
pub fn decode_rows(spec: String, body: Uint8Array) -> Result<String> {
    guard(|| kernel().decode_rows(&spec, &body))
}

/// Begins a large insert (JSON spec); gives its number.
#[napi]
pub fn ingest_open(spec: String) -> Result<u32> {
    guard(|| kernel().ingest_open(&spec))
}

/// Hands over bytes; resolves when more may come. The buffer must not be changed afterwards.
#[napi(ts_return_type = "Promise<void>")]
pub fn ingest_push<'e>(env: &'e Env, ingest: u32, bytes: Uint8Array) -> Result<Object<'e>> {
    let (deferred, promise): (Deferred<()>, _) = env.create_deferred()?;
    kernel().ingest_push(ingest, bytes.to_vec(), Box::new(move |r| settle(deferred, r)));
    Ok(promise)
}

/// Ends the input: `{batch | segments, rows, bytes, hash, rejected, errors}` as JSON. Files are synced.
#[napi(ts_return_type = "Promise<string>")]
pub fn ingest_finish<'e>(env: &'e Env, ingest: u32) -> Result<Object<'e>> {
    let (deferred, promise): (Deferred<String>, _) = env.create_deferred()?;
    kernel().ingest_finish(ingest, Box::new(move |r| settle(deferred, r)));
    Ok(promise)
}

#[napi]
pub fn ingest_abort(ingest: u32) {
    kernel().ingest_abort(ingest);
}

/// Columns that a sample suggests: `{format, encoding?, settings?, timezone?}` → JSON `[{name, type}]`.
#[napi]
pub fn infer_schema(spec: String, sample: Uint8Array) -> Result<String> {
    guard(|| kernel().infer_schema(&spec, &sample))
}
