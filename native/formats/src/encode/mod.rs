//! Batches to bytes. An encoder is told to begin, given batches, and told to finish; it only appends
//! to the buffer it is given, so the caller decides when bytes go out.

mod arrow;
mod binary;
mod cells;
mod json;
mod json_pretty;
mod lines;
mod parquet;
mod pretty;
mod prometheus;
mod records;
mod template;
mod vertical;
mod xml;

pub(crate) use lines::csv_leaves;

use crate::registry;
use std::collections::HashMap;
use std::sync::Arc;
use types::text::TextOptions;
use types::{Batch, Error, Field, Result};

#[derive(Clone, Default)]
pub struct OutputOptions {
    pub text: Arc<TextOptions>,
    pub settings: HashMap<String, String>,
    /// protocol revision for Native (0 = none: plain blocks)
    pub revision: u64,
}

impl OutputOptions {
    /// Errors: `BAD_ARGUMENTS`, `CANNOT_PARSE_BOOL` for values that settings do not have.
    pub fn from_settings(
        settings: &HashMap<String, String>,
        zone: Arc<types::tz::TimeZone>,
    ) -> Result<OutputOptions> {
        Ok(OutputOptions {
            text: Arc::new(TextOptions::from_settings(settings, zone)?),
            settings: settings.clone(),
            revision: settings.get("client_protocol_version").and_then(|v| v.parse().ok()).unwrap_or(0),
        })
    }
    pub(crate) fn flag(&self, name: &str, default: bool) -> Result<bool> {
        self.settings.get(name).map_or(Ok(default), |v| types::text::bool_setting(name, v))
    }
    pub(crate) fn number(&self, name: &str, default: u64) -> Result<u64> {
        match self.settings.get(name) {
            None => Ok(default),
            Some(v) => v.parse().map_err(|_| {
                Error::bad_arguments(format!("Setting {name} must be a whole number, not '{v}'"))
            }),
        }
    }
    pub(crate) fn string(&self, name: &str, default: &str) -> String {
        self.settings.get(name).cloned().unwrap_or_else(|| default.to_string())
    }
}

/// What is known at the end of a result.
#[derive(Clone, Default)]
pub struct Tail {
    pub rows: u64,
    /// one row
    pub totals: Option<Batch>,
    /// two rows: the least values, the greatest
    pub extremes: Option<Batch>,
    /// rows there would be without LIMIT, where one was applied
    pub rows_before_limit: Option<u64>,
    pub statistics: Option<Statistics>,
}

/// Whether a format says how many rows there were before LIMIT.
pub fn tells_rows_before_limit(format: &str) -> bool {
    registry::find(format).is_ok_and(|f| {
        let name = f.name;
        let document = name.starts_with("JSON") && !name.contains("EachRow") && !name.ends_with("Columns");
        document || name == "XML" || name == "Template" || name.ends_with("WithProgress")
    })
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Statistics {
    pub elapsed_s: f64,
    pub rows_read: u64,
    pub bytes_read: u64,
}

pub trait Encoder: Send {
    fn begin(&mut self, _out: &mut Vec<u8>) -> Result<()> {
        Ok(())
    }
    fn batch(&mut self, batch: &Batch, out: &mut Vec<u8>) -> Result<()>;
    fn finish(&mut self, tail: &Tail, out: &mut Vec<u8>) -> Result<()>;
    /// Ends a result that failed after its first bytes, as far as the format has a way to say so.
    fn late_error(&mut self, _message: &str, _out: &mut Vec<u8>) {}
}

/// An encoder with its content type.
pub struct Output {
    pub encoder: Box<dyn Encoder>,
    /// canonical name
    pub format: &'static str,
    pub content_type: &'static str,
}

/// Errors: `UNKNOWN_FORMAT`, `FORMAT_IS_NOT_SUITABLE_FOR_OUTPUT`, those of the settings.
pub fn encoder(format: &str, fields: &[Field], options: &OutputOptions) -> Result<Output> {
    let def = registry::find_output(format)?;
    let header = match def.name {
        n if n.ends_with("WithNamesAndTypes") => 2,
        n => usize::from(n.ends_with("WithNames")),
    };
    let name = def.name;
    let strings = name.contains("Strings");
    let encoder: Box<dyn Encoder> = match name {
        n if n.starts_with("TabSeparatedRaw") => {
            Box::new(lines::Separated::tsv(fields, options, true, header)?)
        }
        n if n.starts_with("TabSeparated") => {
            Box::new(lines::Separated::tsv(fields, options, false, header)?)
        }
        n if n.starts_with("CSV") => Box::new(lines::Separated::csv(fields, options, header)?),
        n if n.starts_with("CustomSeparated") => Box::new(lines::Custom::new(fields, options, header)?),
        "TSKV" => Box::new(lines::Tskv::new(fields, options)?),
        "Values" => Box::new(lines::Values::new(fields, options)?),
        "SQLInsert" => Box::new(lines::SqlInsert::new(fields, options)?),
        n if n.starts_with("LineAsString") => Box::new(lines::Separated::tsv(fields, options, true, header)?),
        "RawBLOB" => Box::new(lines::Plain::new(fields, options)?),
        "Prometheus" => Box::new(prometheus::Prometheus::new(fields, options)?),
        "PrettyJSONEachRow" => Box::new(json_pretty::PrettyRows::new(fields, options)?),
        "Template" => Box::new(template::Template::new(fields, options)?),
        "Null" => Box::new(lines::Nothing),
        "JSON" | "JSONStrings" => Box::new(json::Document::new(fields, options, false, strings)?),
        "JSONCompact" | "JSONCompactStrings" => {
            Box::new(json::Document::new(fields, options, true, strings)?)
        }
        "JSONColumns" | "JSONCompactColumns" | "JSONColumnsWithMetadata" => {
            Box::new(json::Columns::new(name, fields, options)?)
        }
        "JSONObjectEachRow" => Box::new(json::EachRow::new(fields, options, strings, json::RowKind::Member)?),
        "JSONEachRow" | "JSONStringsEachRow" => {
            Box::new(json::EachRow::new(fields, options, strings, json::RowKind::Line)?)
        }
        "JSONEachRowWithProgress" | "JSONStringsEachRowWithProgress" => {
            Box::new(json::EachRow::new(fields, options, strings, json::RowKind::Progress)?)
        }
        n if n.starts_with("JSONCompact") => {
            Box::new(json::CompactEachRow::new(fields, options, strings, header)?)
        }
        "XML" => Box::new(xml::Xml::new(fields, options)?),
        "Vertical" => Box::new(vertical::Vertical::new(fields, options)?),
        "Markdown" => Box::new(vertical::Markdown::new(fields, options)?),
        n if n.starts_with("Pretty") => Box::new(pretty::Pretty::new(n, fields, options)?),
        n if n.starts_with("RowBinary") => Box::new(binary::RowBinary::new(fields, header)),
        "Native" => Box::new(binary::Native::new(fields, options.revision)),
        "ArrowStream" => Box::new(arrow::stream(fields)?),
        "Arrow" => Box::new(arrow::file(fields)?),
        "Parquet" => Box::new(parquet::parquet(fields, options)?),
        other => return Err(Error::not_implemented(format!("Output format {other} is not built yet"))),
    };
    Ok(Output { encoder, format: def.name, content_type: def.content_type })
}
