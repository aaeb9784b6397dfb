//! What steers text: the settings that change how values are written and read.

use crate::codes::{BAD_ARGUMENTS, CANNOT_PARSE_BOOL};
use crate::text::time::{DateTimeInput, DateTimeOutput};
use crate::tz::TimeZone;
use crate::{Error, Result};
use std::collections::HashMap;
use std::sync::Arc;

/// ClickHouse's defaults unless said otherwise.
#[derive(Clone)]
pub struct TextOptions {
    /// zone of DateTime and DateTime64 that have none of their own
    pub zone: Arc<TimeZone>,
    pub date_time_output: DateTimeOutput,
    /// seconds since epoch: what a date without a year is near to; 0 = such a date is refused
    pub now: i64,
    pub bool_true: Vec<u8>,
    pub bool_false: Vec<u8>,
    pub decimal_trailing_zeros: bool,
    pub trim_fixed_string: bool,
    /// whole floats and decimals end with a point (not in JSON)
    pub decimal_point: bool,
    /// digits behind the point of floats, at most
    pub float_digits: Option<u8>,
    /// DateTime64 without zeros at its end, in groups of three digits
    pub cut_fraction: bool,
    /// named tuples are objects of JSON over several lines: what Pretty shows
    pub tuples_in_lines: bool,
    /// intervals as Kusto writes them
    pub kusto_intervals: bool,
    pub tsv_null: Vec<u8>,
    pub csv_null: Vec<u8>,
    /// a quote inside a quoted string is doubled instead of escaped
    pub double_quotes: bool,
    /// a tuple takes one CSV column per element
    pub csv_tuples_apart: bool,
    pub csv_delimiter: u8,
    pub json: JsonOptions,

    pub date_time_input: DateTimeInput,
    /// values that do not fit are refused (false: integers wrap and dates saturate, as ClickHouse does)
    pub strict: bool,
    /// NULL for a column that cannot hold it becomes the default
    pub null_as_default: bool,
    pub csv_empty_as_default: bool,
    pub tsv_empty_as_default: bool,
}

#[derive(Clone)]
pub struct JsonOptions {
    pub quote_64bit_integers: bool,
    pub quote_64bit_floats: bool,
    pub quote_decimals: bool,
    /// nan and inf as strings instead of null
    pub quote_denormals: bool,
    pub escape_forward_slashes: bool,
    pub named_tuples_as_objects: bool,
    pub skip_null_in_named_tuples: bool,
    pub map_as_array_of_tuples: bool,
    pub validate_utf8: bool,

    pub read_numbers_as_strings: bool,
    pub read_bools_as_strings: bool,
    pub read_objects_as_strings: bool,
    pub read_arrays_as_strings: bool,
    pub read_bools_as_numbers: bool,
    pub ignore_unknown_keys_in_named_tuple: bool,
    pub defaults_for_missing_in_named_tuple: bool,
    /// an empty string for what is no text is the default
    pub empty_as_default: bool,
}

impl Default for JsonOptions {
    fn default() -> Self {
        JsonOptions {
            quote_64bit_integers: false,
            quote_64bit_floats: false,
            quote_decimals: false,
            quote_denormals: false,
            escape_forward_slashes: true,
            named_tuples_as_objects: true,
            skip_null_in_named_tuples: false,
            map_as_array_of_tuples: false,
            validate_utf8: false,
            read_numbers_as_strings: true,
            read_bools_as_strings: true,
            read_objects_as_strings: true,
            read_arrays_as_strings: true,
            read_bools_as_numbers: true,
            ignore_unknown_keys_in_named_tuple: true,
            defaults_for_missing_in_named_tuple: true,
            empty_as_default: false,
        }
    }
}

impl Default for TextOptions {
    fn default() -> Self {
        TextOptions {
            zone: TimeZone::utc(),
            date_time_output: DateTimeOutput::Simple,
            bool_true: b"true".to_vec(),
            bool_false: b"false".to_vec(),
            decimal_trailing_zeros: false,
            trim_fixed_string: false,
            decimal_point: false,
            float_digits: None,
            cut_fraction: false,
            tuples_in_lines: false,
            kusto_intervals: false,
            tsv_null: b"\\N".to_vec(),
            csv_null: b"\\N".to_vec(),
            double_quotes: false,
            csv_tuples_apart: true,
            csv_delimiter: b',',
            json: JsonOptions::default(),
            date_time_input: DateTimeInput::BestEffort,
            now: 0,
            strict: false,
            null_as_default: true,
            csv_empty_as_default: true,
            tsv_empty_as_default: false,
        }
    }
}

/// A boolean setting. Errors: `CANNOT_PARSE_BOOL`.
pub fn bool_setting(name: &str, value: &str) -> Result<bool> {
    match value {
        "1" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "false" | "FALSE" | "False" | "" => Ok(false),
        _ => Err(Error::new(CANNOT_PARSE_BOOL, format!("Setting {name} must be 0 or 1, not '{value}'"))),
    }
}

impl TextOptions {
    /// Takes what concerns text from a query's settings. Errors: `BAD_ARGUMENTS` for a value that a
    /// setting does not have, `CANNOT_PARSE_BOOL`.
    pub fn from_settings(settings: &HashMap<String, String>, zone: Arc<TimeZone>) -> Result<TextOptions> {
        let mut o = TextOptions { zone, ..TextOptions::default() };
        for (name, value) in settings {
            o.set(name, value)?;
        }
        Ok(o)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let one_of = |known: &str| {
            Err(Error::new(
                BAD_ARGUMENTS,
                format!("Unexpected value of setting {name}: '{value}'; must be one of {known}"),
            ))
        };
        let flag = || bool_setting(name, value);
        let j = &mut self.json;
        match name {
            "date_time_output_format" => {
                self.date_time_output = match value {
                    "simple" => DateTimeOutput::Simple,
                    "iso" => DateTimeOutput::Iso,
                    "unix_timestamp" => DateTimeOutput::UnixTimestamp,
                    _ => return one_of("'simple', 'iso', 'unix_timestamp'"),
                }
            }
            "date_time_input_format" => {
                self.date_time_input = match value {
                    "basic" => DateTimeInput::Basic,
                    "best_effort" => DateTimeInput::BestEffort,
                    "best_effort_us" => DateTimeInput::BestEffortUs,
                    _ => return one_of("'basic', 'best_effort', 'best_effort_us'"),
                }
            }
            "interval_output_format" => {
                self.kusto_intervals = match value {
                    "kusto" => true,
                    "numeric" => false,
                    _ => return one_of("'kusto', 'numeric'"),
                }
            }
            "bool_true_representation" => self.bool_true = value.as_bytes().to_vec(),
            "bool_false_representation" => self.bool_false = value.as_bytes().to_vec(),
            "output_format_decimal_trailing_zeros" => self.decimal_trailing_zeros = flag()?,
            "output_format_trim_fixed_string" => self.trim_fixed_string = flag()?,
            "format_tsv_null_representation" => self.tsv_null = value.as_bytes().to_vec(),
            "format_csv_null_representation" => self.csv_null = value.as_bytes().to_vec(),
            "output_format_values_escape_quote_with_quote" => self.double_quotes = flag()?,
            "output_format_csv_serialize_tuple_into_separate_columns" => self.csv_tuples_apart = flag()?,
            "format_csv_delimiter" => {
                self.csv_delimiter = match value.as_bytes() {
                    [b] => *b,
                    b"\\t" => b'\t',
                    _ => {
                        return Err(Error::new(
                            BAD_ARGUMENTS,
                            "Setting format_csv_delimiter must be exactly one byte",
                        ));
                    }
                }
            }
            "input_format_null_as_default" => self.null_as_default = flag()?,
            "input_format_csv_empty_as_default" => self.csv_empty_as_default = flag()?,
            "input_format_tsv_empty_as_default" => self.tsv_empty_as_default = flag()?,
            "output_format_json_quote_64bit_integers" => j.quote_64bit_integers = flag()?,
            "output_format_json_quote_64bit_floats" => j.quote_64bit_floats = flag()?,
            "output_format_json_quote_decimals" => j.quote_decimals = flag()?,
            "output_format_json_quote_denormals" => j.quote_denormals = flag()?,
            "output_format_json_escape_forward_slashes" => j.escape_forward_slashes = flag()?,
            "output_format_json_named_tuples_as_objects" => j.named_tuples_as_objects = flag()?,
            "output_format_json_skip_null_value_in_named_tuples" => j.skip_null_in_named_tuples = flag()?,
            "output_format_json_map_as_array_of_tuples" => j.map_as_array_of_tuples = flag()?,
            "output_format_json_validate_utf8" => j.validate_utf8 = flag()?,
            "input_format_json_read_numbers_as_strings" => j.read_numbers_as_strings = flag()?,
            "input_format_json_read_bools_as_strings" => j.read_bools_as_strings = flag()?,
            "input_format_json_read_objects_as_strings" => j.read_objects_as_strings = flag()?,
            "input_format_json_read_arrays_as_strings" => j.read_arrays_as_strings = flag()?,
            "input_format_json_read_bools_as_numbers" => j.read_bools_as_numbers = flag()?,
            "input_format_json_ignore_unknown_keys_in_named_tuple" => {
                j.ignore_unknown_keys_in_named_tuple = flag()?
            }
            "input_format_json_defaults_for_missing_elements_in_named_tuple" => {
                j.defaults_for_missing_in_named_tuple = flag()?
            }
            "input_format_json_empty_as_default" => j.empty_as_default = flag()?,
            "output_format_always_write_decimal_point_in_float_and_decimal" => self.decimal_point = flag()?,
            "date_time_64_output_format_cut_trailing_zeros_align_to_groups_of_thousands" => {
                self.cut_fraction = flag()?
            }
            "output_format_float_precision" => {
                self.float_digits = match value.parse() {
                    Ok(0) => None,
                    Ok(n) if n <= 100 => Some(n),
                    _ => return one_of("the numbers up to 100"),
                }
            }
            _ => {}
        }
        Ok(())
    }
}
