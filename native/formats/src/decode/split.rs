//! Places between rows, so that pieces of one body can be read by several threads.
//!
//! A place is only likely: a line end inside of quotes looks the same. A piece that begins or ends within a
//! value cannot be read as whole rows, though (a quote stays open), so whoever reads pieces reads on in one
//! go from the first that fails.

use crate::registry;
use std::ops::Range;

/// Whether rows of this format can be told apart without reading them.
pub fn can_split(format: &str) -> bool {
    let name = registry::find(format).map_or("", |f| f.name);
    name.starts_with("CSV")
        || name.starts_with("TabSeparated")
        || name.starts_with("JSONCompactEachRow")
        || name.starts_with("JSONCompactStringsEachRow")
        || matches!(name, "JSONEachRow" | "JSONStringsEachRow" | "TSKV" | "LineAsString" | "Regexp")
}

/// Bytes between which a line end is a place between rows; `None` = any.
fn brackets(format: &str) -> Option<(u8, u8)> {
    match registry::find(format).map_or("", |f| f.name) {
        n if n.starts_with("JSONCompact") => Some((b']', b'[')),
        n if n.starts_with("JSON") => Some((b'}', b'{')),
        _ => None,
    }
}

fn between(data: &[u8], line_end: usize, brackets: Option<(u8, u8)>) -> bool {
    let Some((close, open)) = brackets else { return true };
    let before = data[..line_end].strip_suffix(b"\r").unwrap_or(&data[..line_end]).last();
    // In front of the last line end of the data anything may follow.
    before == Some(&close) && data.get(line_end + 1).is_none_or(|b| *b == open)
}

/// The first place between rows at `from` or behind it.
pub fn next_boundary(format: &str, data: &[u8], from: usize) -> Option<usize> {
    let brackets = brackets(format);
    let found = memchr::memchr_iter(b'\n', data.get(from..)?).map(|n| from + n);
    found.into_iter().find(|at| between(data, *at, brackets)).map(|at| at + 1)
}

/// The last place between rows.
pub fn last_boundary(format: &str, data: &[u8]) -> Option<usize> {
    let brackets = brackets(format);
    memchr::memrchr_iter(b'\n', data).find(|at| between(data, *at, brackets)).map(|at| at + 1)
}

/// Cuts `data` into at most `pieces` runs of whole rows of about equal size, none of them tiny.
pub fn split_rows(format: &str, data: &[u8], pieces: usize) -> Vec<Range<usize>> {
    const PIECE_BYTES_MIN: usize = 256 << 10;
    let step = data.len().div_ceil(pieces.max(1)).max(PIECE_BYTES_MIN);
    let mut out = Vec::new();
    let mut from = 0;
    while from < data.len() {
        let to = match from + step {
            at if at >= data.len() || out.len() + 1 >= pieces => data.len(),
            at => next_boundary(format, data, at).unwrap_or(data.len()),
        };
        out.push(from..to);
        from = to;
    }
    out
}
