//! Aggregate functions: columnar states over all groups of a query, batch updates, merging, serial
//! forms, and combinators (`-If`, `-State`, …). Uses only `types`.

mod combinators;
mod contract;
mod functions;
mod registry;
mod resolve;
mod state;

pub use combinators::{COMBINATORS, SIMPLE};
pub use contract::{Aggregate, Groups, Param, States};
pub use registry::{AggregateDef, registry, unknown};
pub use resolve::{is_aggregate, of_state_type, resolve};

#[cfg(test)]
mod tests;
