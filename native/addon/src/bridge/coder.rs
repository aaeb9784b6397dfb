//! Bodies and answers packed and unpacked piece by piece, on threads that may wait.

use super::failure::guard;
use exec::{Coder as Inner, Direction};
use napi::bindgen_prelude::*;
use napi_derive::napi;
use parking_lot::Mutex;
use std::sync::Arc;

/// One stream of bytes. Its calls must not overlap.
#[napi]
pub struct Coder {
    inner: Arc<Mutex<Inner>>,
}

#[napi]
impl Coder {
    /// `unpack`: from `method` to plain bytes, else the other way round. `bytes_max` 0 = no limit of its own.
    #[napi(constructor)]
    pub fn new(unpack: bool, method: String, level: i32, bytes_max: f64) -> Result<Coder> {
        let direction = if unpack { Direction::Unpack(bytes_max as u64) } else { Direction::Pack(level) };
        let inner = guard(|| Inner::new(direction, &method))?;
        Ok(Coder { inner: Arc::new(Mutex::new(inner)) })
    }

    #[napi(ts_return_type = "Promise<Buffer>")]
    pub fn push(&self, bytes: Uint8Array) -> AsyncTask<Step> {
        AsyncTask::new(Step { inner: self.inner.clone(), bytes: Some(bytes.to_vec()) })
    }

    #[napi(ts_return_type = "Promise<Buffer>")]
    pub fn finish(&self) -> AsyncTask<Step> {
        AsyncTask::new(Step { inner: self.inner.clone(), bytes: None })
    }
}

pub struct Step {
    inner: Arc<Mutex<Inner>>,
    /// none: the end
    bytes: Option<Vec<u8>>,
}

#[napi]
impl Task for Step {
    type Output = Vec<u8>;
    type JsValue = Buffer;

    fn compute(&mut self) -> Result<Vec<u8>> {
        let bytes = self.bytes.take();
        let mut inner = self.inner.lock();
        guard(|| match bytes {
            Some(bytes) => inner.push(&bytes),
            None => inner.finish(),
        })
    }

    fn resolve(&mut self, _env: Env, output: Vec<u8>) -> Result<Buffer> {
        Ok(Buffer::from(output))
    }
}
