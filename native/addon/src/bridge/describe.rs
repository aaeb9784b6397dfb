//! Functions, types and constants, for the planner.

use super::failure::guard;
use exec::kernel;
use napi::bindgen_prelude::*;
use napi_derive::napi;

/// All functions, aggregates, formats, types and error codes: JSON.
#[napi]
pub fn registry() -> Result<String> {
    guard(|| Ok(kernel().registry()))
}

/// `{name, args: [{type, constant?, lambda?}], session?}` → `{type, deterministic, foldable, stateful}`.
#[napi]
pub fn resolve_function(request: String) -> Result<String> {
    guard(|| kernel().resolve_function(&request))
}

/// Parameter types of lambda arguments: `{name, args}` → one entry per argument, null or a list of types.
#[napi]
pub fn lambda_params(request: String) -> Result<String> {
    guard(|| kernel().lambda_params(&request))
}

/// `{name, params, args: [type]}` → `{name, type, stateType, orderSensitive}`.
#[napi]
pub fn resolve_aggregate(request: String) -> Result<String> {
    guard(|| kernel().resolve_aggregate(&request))
}

/// The value of a constant expression: `{expr, session?}` → `{type, value}`.
#[napi]
pub fn fold(request: String) -> Result<String> {
    guard(|| kernel().fold(&request))
}

/// A type in any spelling → its canonical name.
#[napi]
pub fn canonical_type(text: String) -> Result<String> {
    guard(|| kernel().canonical_type(&text))
}

/// A JSON list of types → their least supertype.
#[napi]
pub fn common_type(types: String) -> Result<String> {
    guard(|| kernel().common_type(&types))
}

/// Limits in bytes, to be set before the first table is opened. 0 = no limit.
#[napi]
pub fn configure(memory_bytes: f64, cache_bytes: f64) {
    kernel().configure(memory_bytes as u64, cache_bytes as u64);
}

/// Memory and cache figures: JSON.
#[napi]
pub fn metrics() -> String {
    kernel().metrics()
}
