//! The columns of data whose table does not exist yet, from a sample of its beginning.
//!
//! Every value of the sample widens its column's kind: nothing → bool, integer, float, date, time,
//! list, object, text. Integers become Int64 (UInt64 beyond it), mixed kinds become String; columns
//! with NULLs or missing values become Nullable; texts with few distinct values LowCardinality.

mod custom;
mod facts;
mod headers;
mod how;
mod json;
mod json_columns;
mod pairs;
mod regexp;
mod separated;
mod values;

use crate::decode::{InputOptions, infer_arrow, infer_parquet};
use crate::registry;
use facts::{Facts, Seen};
use how::How;
pub(crate) use json::meta;
use types::codes::{BAD_ARGUMENTS, CANNOT_EXTRACT_TABLE_STRUCTURE, INCORRECT_DATA};
use types::{Error, Field, Result, Type};

/// How types are chosen.
#[derive(Clone, Copy, PartialEq)]
pub enum Style {
    /// for a new table: no Nullable without NULLs, LowCardinality
    Table,
    /// as ClickHouse's schema inference: everything Nullable
    ClickHouse,
}

/// Types of the columns of `sample` (the beginning of the data; a cut last row is ignored).
/// Errors: `INCORRECT_DATA`, `CANNOT_EXTRACT_TABLE_STRUCTURE`, `NOT_IMPLEMENTED`.
pub fn infer(format: &str, sample: &[u8], options: &InputOptions) -> Result<Vec<Field>> {
    infer_as(format, sample, options, Style::Table)
}

/// As `infer`, with the types chosen for a new table or as ClickHouse's own inference does.
pub fn infer_as(format: &str, sample: &[u8], options: &InputOptions, style: Style) -> Result<Vec<Field>> {
    let def = registry::find(format)?;
    if !def.input && style == Style::ClickHouse {
        return Err(without_inference(def.name));
    }
    let name = registry::find_input(format)?.name;
    let how = How::new(name, options, style)?;
    let sample = &sample[skipped_lines(name, sample, options)?..];
    let mut fields = fields_in(name, sample, options, how).map_err(|e| match style {
        Style::ClickHouse if e.code() != BAD_ARGUMENTS || name == "Regexp" => Error::new(
            CANNOT_EXTRACT_TABLE_STRUCTURE,
            format!("Cannot infer columns from data in format {name}: {}; give the structure", e.message()),
        ),
        _ => e,
    })?;
    hint(&mut fields, options)?;
    Ok(fields)
}

fn without_inference(format: &str) -> Error {
    Error::bad_arguments(format!(
        "The columns of format {format} cannot be inferred; give the structure, or create the table first"
    ))
}

fn fields_in(name: &str, sample: &[u8], options: &InputOptions, how: How) -> Result<Vec<Field>> {
    let mut fields = match name {
        "JSONEachRow" | "JSONStringsEachRow" => json::rows(sample, how)?,
        "JSONObjectEachRow" => json_columns::named_rows(sample, options, how)?,
        "JSONColumns" => json_columns::columns(sample, b'{', how)?,
        "JSONCompactColumns" => json_columns::columns(sample, b'[', how)?,
        n if n.starts_with("JSONCompactEachRow") || n.starts_with("JSONCompactStringsEachRow") => {
            json::arrays(n, sample, how)?
        }
        n if n.starts_with("CSV") => separated::separated(n, sample, options, true, how)?,
        n if n.starts_with("TabSeparated") => separated::separated(n, sample, options, false, how)?,
        n if n.starts_with("CustomSeparated") => custom::custom(n, sample, options, how)?,
        "TSKV" => pairs::tskv(sample, how, &options.text.tsv_null)?,
        "Form" => pairs::form(sample, how)?,
        "Regexp" => regexp::regexp(sample, options, how)?,
        "Values" => values::values(sample, how)?,
        "Parquet" => infer_parquet(sample)?,
        "Arrow" | "ArrowStream" => infer_arrow(sample)?,
        "LineAsString" | "JSONAsString" | "RawBLOB" => {
            vec![Field {
                name: if name == "RawBLOB" {
                    "raw_blob"
                } else if name == "JSONAsString" {
                    "json"
                } else {
                    "line"
                }
                .into(),
                ty: Type::String,
            }]
        }
        "Native" => headers::native(sample)?,
        "RowBinaryWithNamesAndTypes" => headers::row_binary(sample)?,
        "JSON" | "JSONCompact" | "JSONColumnsWithMetadata" => json::meta(sample)?,
        other => return Err(without_inference(other)),
    };
    if fields.is_empty() {
        return Err(Error::new(
            CANNOT_EXTRACT_TABLE_STRUCTURE,
            "Cannot infer columns: the data has no complete row",
        ));
    }
    rename(&mut fields, name, options);
    for (i, f) in fields.iter().enumerate() {
        if f.name.is_empty() || fields[..i].iter().any(|g| g.name == f.name) {
            return Err(Error::new(
                INCORRECT_DATA,
                format!("Cannot infer columns: the name '{}' is empty or stands twice", f.name),
            ));
        }
    }
    Ok(fields)
}

/// Errors: `CANNOT_EXTRACT_TABLE_STRUCTURE` where nothing tells a column's type and text may not stand for it.
fn fields_of(members: &[(String, Facts)], rows: usize, how: How) -> Result<Vec<Field>> {
    if !how.incomplete_as_text
        && let Some((name, _)) = members
            .iter()
            .find(|(_, f)| if how.json { f.incomplete() } else { f.incomplete() || f.unknown_inside() })
    {
        return Err(Error::new(
            CANNOT_EXTRACT_TABLE_STRUCTURE,
            format!(
                "Cannot determine type for column '{name}' by first {rows} rows of data, most likely this column \
                 contains only Nulls or empty Arrays/Maps; give the structure, or set \
                 input_format_json_infer_incomplete_types_as_strings = 1"
            ),
        ));
    }
    if how.refuses_mixed
        && let Some((name, _)) = members.iter().find(|(_, f)| matches!(f.seen, Seen::Mixed))
    {
        return Err(Error::new(
            CANNOT_EXTRACT_TABLE_STRUCTURE,
            format!("Values of column '{name}' have no type in common"),
        ));
    }
    let ty = |facts: &Facts| match how.text_if_unknown && facts.unknown_inside() {
        true => facts.as_text().ty(rows, how),
        false => facts.ty(rows, how),
    };
    Ok(members.iter().map(|(n, f)| Field { name: n.clone(), ty: ty(f) }).collect())
}

/// Rows of one table have the same number of values.
fn same_width(width: usize, other: usize, how: How) -> Result<()> {
    if width == other || how.style == Style::Table {
        return Ok(());
    }
    Err(Error::new(INCORRECT_DATA, "Rows have different amounts of values"))
}

/// Where the lines end that settings say to pass over.
fn skipped_lines(format: &str, sample: &[u8], options: &InputOptions) -> Result<usize> {
    let mut at = 0;
    let mut left = options.lines_to_skip(format)?;
    while left > 0 && at < sample.len() {
        at += memchr::memchr(b'\n', &sample[at..]).map_or(sample.len() - at, |n| n + 1);
        left -= 1;
    }
    Ok(at)
}

/// Names from `column_names_for_schema_inference`, where the data has none.
fn rename(fields: &mut [Field], format: &str, options: &InputOptions) {
    let names = options.text_of("column_names_for_schema_inference", "");
    let nameless = fields.iter().enumerate().all(|(i, f)| f.name == format!("c{}", i + 1));
    if names.trim().is_empty() || !nameless || format.contains("WithNames") {
        return;
    }
    for (field, name) in fields.iter_mut().zip(names.split(',')) {
        field.name = name.trim().into();
    }
}

/// Types that `schema_inference_hints` knows: `x UInt8, y Array(String)`.
fn hint(fields: &mut [Field], options: &InputOptions) -> Result<()> {
    let hints = options.text_of("schema_inference_hints", "");
    if hints.trim().is_empty() {
        return Ok(());
    }
    let Type::Tuple(hints) = types::parse::parse_type(&format!("Tuple({hints})"))? else { return Ok(()) };
    for (name, ty) in hints.iter() {
        if let Some(field) = fields.iter_mut().find(|f| f.name.as_str() == &**name) {
            field.ty = ty.clone();
        }
    }
    Ok(())
}
