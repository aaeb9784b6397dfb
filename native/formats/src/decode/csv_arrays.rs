//! Arrays that stand as CSV inside of a field of CSV: `"1,2,3"` or `"[""a"",""b""]"`.

use super::csv::{CsvSyntax, Field};
use types::builder::Values;
use types::codes::CANNOT_READ_ARRAY_FROM_TEXT;
use types::text::{Codec, Cursor, Kind};
use types::{ColumnBuilder, Error, Result};

/// As `Codec::parse_csv`, with arrays read as fields with a comma between. False: a default was taken.
pub(super) fn parse(
    syntax: &CsvSyntax,
    codec: &Codec,
    field: &[u8],
    quoted: bool,
    out: &mut ColumnBuilder,
) -> Result<bool> {
    let Kind::Array(of) = &codec.kind else { return codec.parse_csv(field, quoted, out) };
    if !quoted && field.is_empty() {
        return codec.parse_csv(field, quoted, out);
    }
    let inside = match field.strip_prefix(b"[") {
        Some(rest) => rest.trim_ascii_end().strip_suffix(b"]").ok_or_else(|| {
            Error::new(CANNOT_READ_ARRAY_FROM_TEXT, "Cannot parse input: expected ']' at the end of an array")
        })?,
        None => field,
    };
    let Values::Array { offsets, values } = &mut out.values else {
        return Err(Error::internal("an array does not fit this column"));
    };
    let syntax = CsvSyntax { delimiter: b',', ..*syntax };
    let mut c = Cursor::new(inside);
    let mut scratch = Vec::new();
    while !inside.trim_ascii().is_empty() {
        match syntax.field(&mut c, &mut scratch, true)? {
            Field::Cut => return Err(c.expected("the end of an array")),
            Field::Value(v, quoted) => _ = parse(&syntax, of, v, quoted, values)?,
        }
        if c.at_end() {
            break;
        }
        c.expect(b',')?;
    }
    offsets.push(values.len() as u32);
    out.pushed();
    Ok(true)
}
