//! formatRow: a row's values in an output format, as text.

use formats::encode::{OutputOptions, encoder};
use functions::FunctionDef;
use functions::parts::{Bind, Bound, bound, f};
use types::codes::NUMBER_OF_ARGUMENTS_DOESNT_MATCH;
use types::{Batch, Column, Data, Error, Field, Result, Scalar, Type};

pub const FORMAT_ROW: FunctionDef = f(
    "formatRow",
    "formatRow(format, a[, b, …])",
    "The values in an output format made of rows, as one of its rows.",
    &[("length(formatRow('CSV', 1, 'a'))", "6")],
    |b| rows(b, true),
)
.own_nulls()
.plain();

pub const FORMAT_ROW_NO_NEWLINE: FunctionDef = f(
    "formatRowNoNewline",
    "formatRowNoNewline(format, a[, b, …])",
    "As formatRow, without the end of the line.",
    &[("formatRowNoNewline('CSV', 1, 'a')", "1,\"a\"")],
    |b| rows(b, false),
)
.own_nulls()
.plain();

/// Formats whose rows stand by themselves.
fn by_rows(format: &str) -> bool {
    let line = ["CSV", "TabSeparated", "CustomSeparated", "JSONCompactEachRow", "JSONCompactStringsEachRow"];
    line.iter().any(|l| format.starts_with(l))
        || matches!(
            format,
            "TSKV" | "Values" | "JSONEachRow" | "JSONStringsEachRow" | "LineAsString" | "RawBLOB"
        )
        || format.starts_with("RowBinary")
}

/// Arguments: the format, the names of the values (put in by the planner), the values.
fn rows(b: &Bind<'_>, newline: bool) -> Result<Bound> {
    let no_values = || {
        let text = format!("Function {} takes a format and at least one value", b.name);
        Error::new(NUMBER_OF_ARGUMENTS_DOESNT_MATCH, text)
    };
    if b.len() < 3 {
        return Err(no_values());
    }
    let Scalar::Array(names) = b.need_constant(1)?.scalar(0) else { return Err(no_values()) };
    if names.len() != b.len() - 2 {
        return Err(no_values());
    }
    let name = |s: &Scalar| match s {
        Scalar::Bytes(text) => String::from_utf8_lossy(text).into_owned(),
        _ => String::new(),
    };
    let fields: Vec<Field> =
        names.iter().enumerate().map(|(i, n)| Field { name: name(n), ty: b.ty(i + 2).clone() }).collect();
    let options = OutputOptions::from_settings(&b.session.settings, b.session.timezone.clone())?;
    let format = encoder(b.const_str(0)?, &fields, &options)?.format;
    if !by_rows(format) {
        return Err(Error::bad_arguments(format!(
            "Function {} takes formats whose rows stand by themselves, such as CSV or JSONEachRow, not {format}",
            b.name
        )));
    }
    bound(Type::String, move |c| {
        let columns = (2..c.len()).map(|i| c.col(i).flat()).collect();
        let all = Batch { columns, rows: c.rows };
        let mut encode = encoder(format, &fields, &options)?.encoder;
        let mut text = Vec::new();
        let mut ends = Vec::with_capacity(c.rows);
        for row in 0..c.rows {
            // what comes between two rows is part of neither
            if format == "Values" || format == "CustomSeparated" {
                encode = encoder(format, &fields, &options)?.encoder;
            }
            encode.batch(&all.slice(row, 1), &mut text)?;
            if !newline && text.last() == Some(&b'\n') {
                text.pop();
            }
            ends.push(text.len());
        }
        let starts = std::iter::once(0).chain(ends.iter().copied());
        Ok(Column::from(Data::Str(types::StrData::from_iter(
            starts.zip(&ends).map(|(from, to)| &text[from..*to]),
        ))))
    })
}
