//! What crosses to TypeScript, one room for each kind of thing.

pub mod files;
