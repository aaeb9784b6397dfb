//! Failures cross as data: JSON in the error's message, `{code, name, message, detail?}`.

use napi::JsDeferred;
use napi::bindgen_prelude::*;
use serde_json::{Value, json};

pub fn failure_text(e: &types::Error) -> String {
    let mut v = json!({"code": e.code().number, "name": e.code().name, "message": e.message()});
    if let Some(d) = e.detail() {
        v["detail"] = serde_json::from_str::<Value>(d).unwrap_or_else(|_| Value::String(d.to_string()));
    }
    v.to_string()
}

pub fn failure(e: &types::Error) -> Error {
    Error::from_reason(failure_text(e))
}

/// Runs a synchronous call: kernel errors and panics become JavaScript errors.
pub fn guard<T>(f: impl FnOnce() -> types::Result<T>) -> Result<T> {
    exec::guarded(f).map_err(|e| failure(&e))
}

pub type Resolver<T> = Box<dyn FnOnce(Env) -> Result<T> + Send>;
pub type Deferred<T> = JsDeferred<T, Resolver<T>>;

/// Settles a promise from any thread.
pub fn settle<T: ToNapiValue + Send + 'static>(deferred: Deferred<T>, result: types::Result<T>) {
    match result {
        Ok(v) => deferred.resolve(Box::new(move |_| Ok(v))),
        Err(e) => deferred.reject(failure(&e)),
    }
}
