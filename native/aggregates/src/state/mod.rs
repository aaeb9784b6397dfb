//! What states are made of: stores of values per group, sets of (group, value), serial forms.

pub mod arena;
pub mod binary;
pub mod by_key;
pub mod cells;
pub mod few;
pub mod int_hash;
pub mod intern;
pub mod keys;
pub mod log;
pub mod numbers;
pub mod pairs;
pub mod picked;
pub mod select;
pub mod slots;
pub mod table;
pub mod table_order;
pub mod wire;
