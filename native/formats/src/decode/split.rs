//! Places between rows, so that pieces of one body can be read by several threads.

use super::InputOptions;
use crate::registry;
use std::ops::Range;

/// Whether `split_rows` can cut this format.
pub fn can_split(format: &str, options: &InputOptions) -> bool {
    match registry::find(format).map_or("", |f| f.name) {
        "JSONEachRow" | "JSONStringsEachRow" => options.text.strict,
        // A first line of names would be lost to the other pieces.
        "TabSeparated" => !options.flag("input_format_tsv_detect_header", true).unwrap_or(true),
        name => matches!(name, "TSKV" | "LineAsString"),
    }
}

/// Cuts `data` into at most `pieces` runs of whole rows. One piece if the format cannot be cut safely
/// (headers, documents, binary formats) or the data is small.
pub fn split_rows(format: &str, data: &[u8], options: &InputOptions, pieces: usize) -> Vec<Range<usize>> {
    const PIECE_BYTES_MIN: usize = 256 << 10;
    if pieces < 2 || data.len() < 2 * PIECE_BYTES_MIN || !can_split(format, options) {
        return one(data);
    }
    let json = registry::find(format).is_ok_and(|f| f.name.starts_with("JSON"));
    let boundary = if json { json_boundary } else { line_boundary };
    let step = (data.len() / pieces).max(PIECE_BYTES_MIN);
    let mut out = Vec::new();
    let mut from = 0;
    while from < data.len() {
        let at = (from + step).min(data.len());
        let to = if at >= data.len() || out.len() + 1 == pieces {
            data.len()
        } else {
            boundary(data, at).unwrap_or(data.len())
        };
        out.push(from..to);
        from = to;
    }
    if out.is_empty() { one(data) } else { out }
}

#[allow(clippy::single_range_in_vec_init)]
fn one(data: &[u8]) -> Vec<Range<usize>> {
    vec![0..data.len()]
}

/// `}` line end `{`: inside of an object a comma would stand between them, and inside of a string
/// there is no line end.
fn json_boundary(data: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(n) = memchr::memchr(b'\n', &data[at..]) {
        at += n + 1;
        let before = data[..at - 1].last();
        let before = if before == Some(&b'\r') { data[..at - 2].last() } else { before };
        if before == Some(&b'}') && data.get(at) == Some(&b'{') {
            return Some(at);
        }
    }
    None
}

fn line_boundary(data: &[u8], from: usize) -> Option<usize> {
    memchr::memchr(b'\n', &data[from..]).map(|n| from + n + 1)
}
