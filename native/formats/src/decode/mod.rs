//! Bytes to columns. `Decoder` is pushed pieces of any size and gives back blocks of rows.
//!
//! How a piece is read: 1. the format's reader takes one row after another from the buffer straight
//! into column builders; 2. where a row fails, it is either not complete yet (the reader finds no
//! end of it: wait for more bytes) or bad: its values are taken back, and it is reported or ends
//! everything; 3. builders that are large enough become a block.

mod arrow;
mod csv;
mod csv_arrays;
mod custom;
mod decoder;
mod fit;
mod form;
mod json_document;
mod json_rows;
mod lines;
mod native;
mod options;
mod parquet;
mod reader;
mod regexp;
mod report;
mod row_binary;
mod rows;
mod split;
mod template;
mod tsv;
mod values;
mod whole_file;

pub use arrow::arrow_schema_of;
pub(crate) use arrow::infer_arrow;
pub use custom::{CustomSyntax, Rule};
pub use decoder::{Decoder, decode_all};
pub(crate) use form::pairs as form_pairs;
pub use options::{InputField, InputOptions, OnError};
pub(crate) use parquet::infer_parquet;
pub use parquet::{Bounds, ParquetBlocks, ParquetSource, Seekable};
pub(crate) use reader::{Reader, Step};
pub(crate) use regexp::RegexpSyntax;
pub use report::{Report, RowError};
pub use rows::Block;
pub(crate) use rows::Rows;
pub use split::{can_split, last_boundary, next_boundary, split_rows};

use types::{Error, Result};

/// The reader of a format, by the name that the registry has.
fn reader_of(name: &str, fields: &[InputField], o: &InputOptions) -> Result<Box<dyn Reader>> {
    let header =
        if name.ends_with("WithNamesAndTypes") { 2 } else { usize::from(name.ends_with("WithNames")) };
    Ok(match name {
        "JSONEachRow" => Box::new(json_rows::JsonRows::objects(false, fields, o)?),
        "JSONStringsEachRow" => Box::new(json_rows::JsonRows::objects(true, fields, o)?),
        n if n.starts_with("JSONCompactStringsEachRow") => {
            Box::new(json_rows::JsonRows::arrays(true, header, o)?)
        }
        n if n.starts_with("JSONCompactEachRow") => Box::new(json_rows::JsonRows::arrays(false, header, o)?),
        "JSON"
        | "JSONCompact"
        | "JSONColumns"
        | "JSONCompactColumns"
        | "JSONColumnsWithMetadata"
        | "JSONObjectEachRow" => Box::new(json_document::Document::new(name, fields, o)?),
        n if n.starts_with("TabSeparatedRaw") => Box::new(tsv::Tsv::new(true, header, o)?),
        n if n.starts_with("TabSeparated") => Box::new(tsv::Tsv::new(false, header, o)?),
        "TSKV" => Box::new(tsv::Tskv::new(o)),
        n if n.starts_with("CSV") => Box::new(csv::Csv::new(header, o)?),
        n if n.starts_with("CustomSeparated") => {
            Box::new(custom::Custom::new(header, n.contains("IgnoreSpaces"), o)?)
        }
        "Regexp" => Box::new(regexp::Regexp::new(o)?),
        "Form" => Box::new(form::Form::new(o)),
        "Template" => Box::new(template::Template::new(o)?),
        "Values" => Box::new(values::ValuesReader::default()),
        "LineAsString" => Box::new(lines::Lines::new(lines::Unit::Line, fields)?),
        "JSONAsString" => Box::new(lines::Lines::new(lines::Unit::Json, fields)?),
        "RawBLOB" => Box::new(lines::Lines::new(lines::Unit::All, fields)?),
        "RowBinaryWithDefaults" => Box::new(row_binary::RowBinary::new(0, true, o)),
        n if n.starts_with("RowBinary") => Box::new(row_binary::RowBinary::new(header, false, o)),
        "Native" => Box::new(native::Native::new(o)),
        "Parquet" => Box::new(parquet::parquet_file(fields, o)),
        "Arrow" => Box::new(arrow::arrow_file(fields, o)),
        "ArrowStream" => Box::new(arrow::ArrowStream::new(fields, o)),
        other => return Err(Error::not_implemented(format!("Input format {other} is not built yet"))),
    })
}
