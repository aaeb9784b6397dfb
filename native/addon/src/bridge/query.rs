//! Running queries: start, pull chunks, cancel, close.

use super::failure::{Deferred, guard, settle};
use exec::{Chunk, kernel};
use napi::bindgen_prelude::*;
use napi_derive::napi;

/// A piece of a result. `bytes` is absent at the end.
#[napi(object)]
pub struct QueryChunk {
    pub bytes: Option<Buffer>,
    pub last: bool,
}

/// Starts a plan (JSON); gives its number. Tables are looked up at once: all are of this moment.
#[napi]
pub fn start_query(plan: String) -> Result<u32> {
    guard(|| kernel().start_query(&plan))
}

/// The next chunk of a query's result, when there is one.
#[napi(ts_return_type = "Promise<QueryChunk>")]
pub fn next_chunk<'e>(env: &'e Env, query: u32) -> Result<Object<'e>> {
    let (deferred, promise): (Deferred<QueryChunk>, _) = env.create_deferred()?;
    kernel().next_chunk(
        query,
        Box::new(move |chunk, last| {
            settle(
                deferred,
                match chunk {
                    Chunk::Bytes(b) => Ok(QueryChunk { bytes: Some(Buffer::from(b)), last }),
                    Chunk::End => Ok(QueryChunk { bytes: None, last: true }),
                    Chunk::Failed(e) => Err(e),
                },
            );
        }),
    );
    Ok(promise)
}

/// Asks a query to end; its next chunk then fails with QUERY_WAS_CANCELLED.
#[napi]
pub fn cancel_query(query: u32) {
    kernel().cancel_query(query);
}

/// Ends a query if it still runs, and forgets it.
#[napi]
pub fn close_query(query: u32) {
    kernel().close_query(query);
}

/// Rows and bytes read, memory, time: JSON, or "null" for an unknown query.
#[napi]
pub fn query_progress(query: u32) -> String {
    kernel().progress(query)
}
