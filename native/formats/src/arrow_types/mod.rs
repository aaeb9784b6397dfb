//! Arrow arrays and our columns: which type becomes which, and the values both ways.

mod read;
mod schema;
mod write;

pub(crate) use read::column_of;
pub(crate) use schema::{schema_of, type_of};
pub(crate) use write::array_of;
