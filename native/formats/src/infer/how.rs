//! What the settings say about inference: which types may be found, and when they are Nullable.

use super::Style;
use crate::decode::InputOptions;
use types::codes::BAD_ARGUMENTS;
use types::text::time::DateTimeInput;
use types::{Error, Result};

/// When a column of the result is Nullable.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Nullable {
    Never,
    /// if the sample has a NULL in it, or rows without a value
    Seen,
    Always,
}

/// What an object of JSON becomes.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Objects {
    Tuple,
    Map,
    Text,
}

/// What decides between the types that a text could have.
#[derive(Clone, Copy)]
pub(crate) struct How {
    pub style: Style,
    pub times: DateTimeInput,
    /// rows of the sample that are looked at
    pub rows_max: usize,
    pub json: bool,
    pub nullable: Nullable,
    pub objects: Objects,
    /// whole numbers are integers, not floats
    pub integers: bool,
    /// `1e5` without quotes is a number outside of JSON, too
    pub exponents: bool,
    pub dates: bool,
    pub datetimes: bool,
    pub only_datetime64: bool,
    /// numbers in quotes are numbers
    pub quoted_numbers: bool,
    /// a column with nothing but NULLs and empty lists is text, not an error
    pub incomplete_as_text: bool,
    /// scalars beside lists or objects are an error, not text
    pub refuses_mixed: bool,
    /// a list or tuple with nothing but NULLs somewhere inside is text as a whole
    pub text_if_unknown: bool,
    /// rows may have more or fewer values than the first
    pub any_width: bool,
    /// types are looked for at all
    pub best_effort: bool,
}

impl How {
    /// Errors: a setting with a value that it cannot have.
    pub fn new(format: &str, o: &InputOptions, style: Style) -> Result<How> {
        let json = format.starts_with("JSON");
        let csv = format.starts_with("CSV");
        let quoted_numbers = match (json, csv) {
            (true, _) => "input_format_json_try_infer_numbers_from_strings",
            (_, true) => "input_format_csv_try_infer_numbers_from_strings",
            _ => "",
        };
        let best_effort = match (csv, format.starts_with("TabSeparated") || format == "TSKV") {
            (true, _) => "input_format_csv_use_best_effort_in_schema_inference",
            (_, true) => "input_format_tsv_use_best_effort_in_schema_inference",
            _ => "",
        };
        let any_width = match (json, csv) {
            (true, _) => "input_format_json_compact_allow_variable_number_of_columns",
            (_, true) => "input_format_csv_allow_variable_number_of_columns",
            _ if format.starts_with("TabSeparated") => "input_format_tsv_allow_variable_number_of_columns",
            _ => "",
        };
        let objects = if o.flag("input_format_json_try_infer_named_tuples_from_objects", true)? {
            Objects::Tuple
        } else if o.text.json.read_objects_as_strings {
            Objects::Text
        } else {
            Objects::Map
        };
        Ok(How {
            style,
            times: o.text.date_time_input,
            rows_max: rows_max(o)?,
            json,
            nullable: if style == Style::Table { Nullable::Seen } else { nullable(o)? },
            objects,
            integers: o.flag("input_format_try_infer_integers", true)?,
            exponents: style == Style::Table || o.flag("input_format_try_infer_exponent_floats", false)?,
            dates: o.flag("input_format_try_infer_dates", true)?,
            datetimes: o.flag("input_format_try_infer_datetimes", true)?,
            only_datetime64: o.flag("input_format_try_infer_datetimes_only_datetime64", false)?,
            quoted_numbers: o.flag(quoted_numbers, false)?,
            incomplete_as_text: if json {
                o.flag("input_format_json_infer_incomplete_types_as_strings", true)?
            } else {
                format != "Values" || style == Style::Table
            },
            refuses_mixed: style == Style::ClickHouse && (json || format == "Values"),
            text_if_unknown: style == Style::ClickHouse && !json,
            any_width: style == Style::Table || o.flag(any_width, false)?,
            best_effort: o.flag(best_effort, true)?,
        })
    }
}

fn rows_max(o: &InputOptions) -> Result<usize> {
    const NAME: &str = "input_format_max_rows_to_read_for_schema_inference";
    match o.text_of(NAME, "25000").parse() {
        Ok(n) if n > 0 => Ok(n),
        _ => Err(Error::new(BAD_ARGUMENTS, format!("Setting {NAME} must be a number greater than 0"))),
    }
}

fn nullable(o: &InputOptions) -> Result<Nullable> {
    const NAME: &str = "schema_inference_make_columns_nullable";
    Ok(match o.text_of(NAME, "3").as_str() {
        "0" | "false" => Nullable::Never,
        "1" | "3" | "true" => Nullable::Always,
        "2" | "auto" => Nullable::Seen,
        other => {
            return Err(Error::new(
                BAD_ARGUMENTS,
                format!("Setting {NAME} must be 0, 1, 2 ('auto') or 3, not '{other}'"),
            ));
        }
    })
}
