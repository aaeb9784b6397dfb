//! Plans in, bytes out: the executor without Node and without a planner.

mod fill;
mod plans;
mod support;
mod windows;
