//! Files of other servers of which only a part is here.

use super::failure::{Deferred, settle};
use exec::wishes;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use types::Error as Failure;
use types::codes::{ALL, NETWORK_ERROR};

/// Resolves with the bytes of a file that a query wishes for, `[[from, to], …]` as JSON; with null when nobody
/// will wish for any.
#[napi(ts_return_type = "Promise<string | null>")]
pub fn file_wish<'e>(env: &'e Env, path: String) -> Result<Object<'e>> {
    let (deferred, promise): (Deferred<Option<String>>, _) = env.create_deferred()?;
    wishes().listen(&path, Box::new(move |wish| settle(deferred, Ok(wish))));
    Ok(promise)
}

/// The bytes are in the file; with a code and a message they are not.
#[napi]
pub fn file_brought(path: String, code: Option<u32>, message: Option<String>) {
    let failed = message.map(|m| {
        let known = ALL.iter().find(|c| Some(c.number) == code);
        Failure::new(known.copied().unwrap_or(NETWORK_ERROR), m)
    });
    wishes().answer(&path, failed.map_or(Ok(()), Err));
}

/// Nothing of the file will be brought any more.
#[napi]
pub fn file_forget(path: String) {
    wishes().forget(&path);
}
