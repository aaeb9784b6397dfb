//! Rows from bytes and bytes from rows: every input and output format, schema inference, and the
//! compression of what goes over the wire.
//!
//! In: `Decoder` (pushed bytes to blocks of columns), `split_rows` (pieces for several threads),
//! `infer`. Out: `encoder` (batches to bytes). `registry` lists the formats.

mod arrow_types;
pub mod binary;
mod city;
mod compress;
pub mod decode;
pub mod decompress;
pub mod encode;
pub mod infer;
pub mod registry;
mod template;

pub use compress::Compress;
pub use decode::{
    Block, Decoder, InputField, InputOptions, OnError, Report, RowError, decode_all, split_rows,
};
pub use decompress::{Decompress, DecompressLimits};
pub use encode::{Encoder, Output, OutputOptions, Statistics, Tail, encoder, tells_rows_before_limit};
pub use infer::infer;
