//! Aggregate functions: columnar states over all groups of a query, batch updates, merging, serial
//! forms, and combinators (`-If`, `-State`, …). Uses only `types`.

mod contract;

pub use contract::{Aggregate, Groups, Param, States};

use std::sync::Arc;
use types::{Error, Result, Type};

/// Finds an aggregate function, combinators included, and binds it to parameters and argument types.
/// Errors: `UNKNOWN_AGGREGATE_FUNCTION` with the nearest names, `NUMBER_OF_ARGUMENTS_DOESNT_MATCH`,
/// `ILLEGAL_TYPE_OF_ARGUMENT`, `BAD_ARGUMENTS`.
pub fn resolve(name: &str, params: &[Param], args: &[Type]) -> Result<Arc<dyn Aggregate>> {
    let _ = (params, args);
    Err(Error::not_implemented(format!("Aggregate function {name} is not built yet")))
}
