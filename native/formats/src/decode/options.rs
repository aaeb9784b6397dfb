//! What is read into which columns, and what the settings say about it.

use std::collections::HashMap;
use std::sync::Arc;
use types::codes::BAD_ARGUMENTS;
use types::text::{TextOptions, clip};
use types::{Error, Result, Type};

/// A column that rows are read into.
#[derive(Clone, Debug, PartialEq)]
pub struct InputField {
    pub name: String,
    pub ty: Type,
}

impl InputField {
    pub fn new(name: impl Into<String>, ty: Type) -> Self {
        InputField { name: name.into(), ty }
    }
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub enum OnError {
    Fail,
    /// bad rows are left out, counted and listed; at most this many
    Skip(u64),
    /// as many, or such a share of the rows so far
    SkipShare(u64, f64),
}

#[derive(Clone)]
pub struct InputOptions {
    pub text: Arc<TextOptions>,
    pub settings: HashMap<String, String>,
    pub on_error: OnError,
    /// fields that no column has are skipped, else an error
    pub skip_unknown: bool,
    /// errors listed in the report, more are only counted
    pub errors_max: usize,
    pub row_bytes_max: usize,
    pub batch_rows: usize,
    pub batch_bytes: usize,
    /// bytes of a format that must be read as a whole (JSON documents, Parquet, Arrow files)
    pub document_bytes_max: usize,
    /// rows of the same body that came before these bytes: errors count on from there
    pub first_row: u64,
}

impl Default for InputOptions {
    fn default() -> Self {
        InputOptions {
            text: Arc::default(),
            settings: HashMap::new(),
            on_error: OnError::Fail,
            skip_unknown: true,
            errors_max: 100,
            row_bytes_max: 64 << 20,
            batch_rows: 65_536,
            batch_bytes: 32 << 20,
            document_bytes_max: 1 << 30,
            first_row: 0,
        }
    }
}

impl InputOptions {
    /// From a query's settings. `strict`: what `/ingest` asks for (values must fit, unknown fields and
    /// broken escapes are errors).
    pub fn from_settings(
        settings: &HashMap<String, String>,
        zone: Arc<types::tz::TimeZone>,
        strict: bool,
    ) -> Result<InputOptions> {
        let mut text = TextOptions::from_settings(settings, zone)?;
        text.strict = strict;
        let flag = |name: &str, default: bool| {
            settings.get(name).map_or(Ok(default), |v| types::text::bool_setting(name, v))
        };
        let allowed = settings.get("input_format_allow_errors_num").and_then(|v| v.parse().ok()).unwrap_or(0);
        let share = settings.get("input_format_allow_errors_ratio").and_then(|v| v.parse::<f64>().ok());
        Ok(InputOptions {
            text: Arc::new(text),
            on_error: match (allowed, share) {
                (_, Some(share)) if share >= 1.0 => OnError::Skip(u64::MAX),
                (n, Some(share)) if share > 0.0 => OnError::SkipShare(n, share),
                (0, _) => OnError::Fail,
                (n, _) => OnError::Skip(n),
            },
            skip_unknown: flag("input_format_skip_unknown_fields", !strict)?,
            settings: settings.clone(),
            ..InputOptions::default()
        })
    }
    pub(crate) fn flag(&self, name: &str, default: bool) -> Result<bool> {
        self.settings.get(name).map_or(Ok(default), |v| types::text::bool_setting(name, v))
    }
    pub(crate) fn number(&self, name: &str, default: usize) -> Result<usize> {
        match self.settings.get(name) {
            Some(text) => text.parse().map_err(|_| {
                Error::new(
                    BAD_ARGUMENTS,
                    format!("Setting {name} must be a number, not '{}'", clip(text.as_bytes(), 50)),
                )
            }),
            None => Ok(default),
        }
    }
    /// Lines in front of everything that are passed over.
    pub(crate) fn lines_to_skip(&self, format: &str) -> Result<usize> {
        match format {
            f if f.starts_with("CSV") => self.number("input_format_csv_skip_first_lines", 0),
            f if f.starts_with("TabSeparated") => self.number("input_format_tsv_skip_first_lines", 0),
            _ => Ok(0),
        }
    }
    pub(crate) fn text_of(&self, name: &str, default: &str) -> String {
        self.settings.get(name).cloned().unwrap_or_else(|| default.to_string())
    }
}
