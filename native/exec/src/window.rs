//! Window functions.

use crate::expr::{Bound, Scope};
use crate::plan::WindowCall;
use crate::rows::Typed;
use crate::sort::Key;
use types::{Error, Result};

/// Adds one column per call.
pub fn window(_: Typed, _: Vec<Bound>, _: Vec<Key>, calls: &[WindowCall], _: &Scope<'_>) -> Result<Typed> {
    let name = calls.first().map_or("", |c| c.name.as_str());
    Err(Error::not_implemented(format!("Window function {name} is not implemented")))
}
