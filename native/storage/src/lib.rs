//! Storage of rows: segments on disk (format, encodings, indexes, cache), memtables, log payloads, sorting
//! and merging. Knows no queries; the format is written down in native/FORMAT.md.

#![forbid(unsafe_code)]

mod bloom;
mod bytes;
mod cache;
mod column_writer;
mod deleted;
mod encode;
mod fault;
mod footer;
#[doc(hidden)]
pub mod fuzz;
mod index_writer;
mod key;
mod known;
mod memtable;
mod merge;
mod order;
mod patch;
mod pred;
mod segment;
mod sort;
mod spec;
mod states;
mod stats;
mod stored;
mod text;
mod under_nulls;
mod wal;
mod words;
mod write;

pub use cache::{Cache, CacheStats};
pub use deleted::{check_deleted, read_deleted, write_deleted};
pub use fault::write_error;
pub use footer::BLOCK_ROWS;
pub use memtable::Memtable;
pub use merge::{Keep, merge_segments};
pub use patch::{ROW_NUMBER, patched_column};
pub use pred::Pred;
pub use segment::Segment;
pub use sort::{SortKey, sort_batch};
pub use spec::{
    ColumnInfo, ColumnSpec, IndexExpr, SegmentInfo, SkipIndex, SkipKind, WriteOptions, block_rows_for,
};
pub use stats::{BlockStats, SegmentStats};
pub use stored::Stored;
pub use text::{Ask, Need, Piece, TextIndex, Tokenizer};
pub use wal::{decode_batch, encode_batch};
pub use write::{SegmentWriter, write_rows, write_segment};
