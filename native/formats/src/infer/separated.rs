//! Columns of CSV and TSV.

use super::facts::{DISTINCT_MAX, Facts, Seen, kind_of_field, kind_of_text};
use super::how::How;
use super::{Style, fields_of, same_width};
use crate::decode::InputOptions;
use types::text::escape;
use types::{Field, Result};

/// Lines of CSV or TSV as fields: (text, had quotes).
fn lines(sample: &[u8], csv: bool, delimiter: u8, rows_max: usize) -> Vec<Vec<(Vec<u8>, bool)>> {
    let mut out = Vec::new();
    let mut row: Vec<(Vec<u8>, bool)> = Vec::new();
    let (mut i, data) = (0, sample.strip_prefix(b"\xef\xbb\xbf").unwrap_or(sample));
    while i < data.len() && out.len() < rows_max {
        let mut text = Vec::new();
        let quoted = csv && data[i] == b'"';
        if quoted {
            i += 1;
            loop {
                let Some(n) = data.get(i..).and_then(|d| memchr::memchr(b'"', d)) else { return out };
                text.extend_from_slice(&data[i..i + n]);
                i += n + 1;
                if data.get(i) != Some(&b'"') {
                    break;
                }
                text.push(b'"');
                i += 1;
            }
        }
        let n = data[i..].iter().position(|b| *b == delimiter || *b == b'\n');
        let end = n.map_or(data.len(), |n| i + n);
        if !quoted {
            text = data[i..end].to_vec();
            if csv || data.get(end) == Some(&b'\n') {
                text = text.strip_suffix(b"\r").unwrap_or(&text).to_vec();
            }
            if csv {
                text = text.trim_ascii().to_vec();
            } else if text.contains(&b'\\') && text != b"\\N" {
                let mut plain = Vec::new();
                if escape::unescape(&text, &mut plain).is_ok() {
                    text = plain;
                }
            }
        }
        row.push((text, quoted));
        i = end + 1;
        if data.get(end) != Some(&delimiter) {
            // The last line may be cut: it only counts if it is the only one.
            if n.is_some() || out.is_empty() || row.len() == out.first().map_or(0, Vec::len) {
                out.push(std::mem::take(&mut row));
            }
        }
    }
    // behind the last delimiter there is one more field, an empty one
    if !row.is_empty() && data.last() == Some(&delimiter) && out.iter().all(|r| r.len() == row.len() + 1) {
        row.push((Vec::new(), false));
        out.push(row);
    }
    out
}

pub(super) fn separated(
    format: &str,
    sample: &[u8],
    o: &InputOptions,
    csv: bool,
    how: How,
) -> Result<Vec<Field>> {
    let delimiter = if csv { o.text.csv_delimiter } else { b'\t' };
    let mut rows = lines(sample, csv, delimiter, how.rows_max.saturating_add(2));
    rows.retain(|r| !(r.len() == 1 && r[0].0.is_empty() && !r[0].1));
    let width = rows.first().map_or(0, Vec::len);
    let typed = format.ends_with("WithNamesAndTypes");
    let mut header = typed || format.ends_with("WithNames");
    let flag = if csv { "input_format_csv_detect_header" } else { "input_format_tsv_detect_header" };
    if !header && o.flag(flag, true)? && rows.len() > 1 {
        // Names, if the first line is all text, and some column is no text further on (or all names
        // are different words, as in a table of texts).
        let text = |k: &[u8]| matches!(kind_of_field(k, how), Seen::Text) && !k.is_empty();
        let all_text = rows[0].iter().all(|(t, _)| text(t));
        let below = (0..width)
            .any(|k| rows[1..].iter().any(|r| r.get(k).is_some_and(|(t, _)| !t.is_empty() && !text(t))));
        let words = how.style == Style::Table
            && rows[0].iter().all(|(t, _)| {
                t.len() <= 64
                    && t.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b' ' | b'.' | b'-'))
                    && t.contains(&b'_')
            });
        header = all_text && (below || words);
    }
    let names: Vec<String> = if header && !rows.is_empty() {
        rows.remove(0).into_iter().map(|(t, _)| String::from_utf8_lossy(&t).into_owned()).collect()
    } else {
        (1..=width).map(|i| format!("c{i}")).collect()
    };
    if typed && !rows.is_empty() {
        let types = rows.remove(0);
        return names
            .into_iter()
            .zip(types)
            .map(|(name, (t, _))| {
                Ok(Field { name, ty: types::parse::parse_type(&String::from_utf8_lossy(&t))? })
            })
            .collect();
    }
    rows.truncate(how.rows_max);
    if !how.any_width {
        rows.iter().try_for_each(|row| same_width(width, row.len(), how))?;
    }
    let tuples_are_text = how.style == Style::ClickHouse
        && o.flag("input_format_csv_try_infer_strings_from_quoted_tuples", true)?;
    let mut columns = vec![Facts::default(); width];
    for row in &rows {
        for (facts, (text, quoted)) in columns.iter_mut().zip(row) {
            facts.count += 1;
            if (!quoted && (text.is_empty() || *text == *o.text.csv_null || text == b"NULL"))
                || (!csv && *text == *o.text.tsv_null)
            {
                facts.nulls = true;
                // An empty text is a value of a text column, no NULL.
                continue;
            }
            let literal = match text.first() {
                Some(b'[' | b'{') => true,
                Some(b'(') => !tuples_are_text,
                _ => false,
            };
            match if *quoted && !literal { kind_of_text(text, how) } else { kind_of_field(text, how) } {
                Seen::Text | Seen::Date | Seen::Time(_) | Seen::Uuid => facts.add_text(text, how),
                other => {
                    facts.add(other);
                    if !facts.many {
                        facts.distinct.insert(text.clone());
                        facts.many = facts.distinct.len() > DISTINCT_MAX;
                    }
                }
            }
        }
    }
    // Empty fields of text columns are empty texts.
    let nothing = |f: &Facts| matches!(f.seen, Seen::Nothing);
    for (k, facts) in columns.iter_mut().enumerate() {
        if facts.nulls && matches!(facts.seen, Seen::Text | Seen::Uuid) {
            facts.nulls = rows
                .iter()
                .any(|r| r.get(k).is_some_and(|(t, q)| !q && (*t == *o.text.csv_null || t == b"NULL")));
        }
        if nothing(facts) {
            facts.nulls = true;
        }
    }
    let members: Vec<(String, Facts)> = names.into_iter().zip(columns).collect();
    fields_of(&members, rows.len(), how)
}
