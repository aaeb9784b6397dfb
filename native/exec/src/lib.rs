//! Runs plans: a serialised plan in, bytes out. `kernel` is the way in; `plan` says what may cross.

mod aggregate;
mod backed;
mod deep;
mod expr;
mod fill;
mod ingest;
mod jobs;
mod join;
pub mod kernel;
mod limits;
mod literal;
pub mod plan;
mod pool;
mod predicate;
mod query;
mod row_bytes;
mod row_hash;
mod row_set;
mod rows;
mod run;
mod scan;
mod sink;
mod sort;
mod table;
mod window;
mod write;

pub use ingest::decompress_all;
pub use kernel::kernel;
pub use pool::guarded;
pub use sink::Chunk;
