//! Columns of CustomSeparated: fields between the delimiters of the settings.

use super::facts::{Facts, Seen, kind_of_field};
use super::how::How;
use super::pairs::add;
use super::{fields_of, json, values};
use crate::decode::{CustomSyntax, InputOptions, Rule};
use memchr::memmem;
use types::text::{Cursor, escape};
use types::{Field, Result};

pub(super) fn custom(format: &str, sample: &[u8], o: &InputOptions, how: How) -> Result<Vec<Field>> {
    let syntax = CustomSyntax::from_settings(|n, d| o.text_of(n, d))?;
    let mut lines = rows(sample, &syntax, how.rows_max.saturating_add(2));
    let typed = format.contains("WithNamesAndTypes");
    let width = lines.first().map_or(0, Vec::len);
    let mut header = format.contains("WithNames");
    if !header && lines.len() > 1 && o.flag("input_format_custom_detect_header", true)? {
        // Names, if the first line is all text and some column further on is not.
        let text = |f: &&[u8]| matches!(kind(f, syntax.rule, how), Seen::Text) && !f.is_empty();
        let below = lines[1..].iter().any(|row| row.iter().any(|f| !f.is_empty() && !text(f)));
        header = lines[0].iter().all(text) && below;
    }
    let plain = |f: &[u8]| String::from_utf8_lossy(&bare(f, syntax.rule)).into_owned();
    let names: Vec<String> = match header {
        true if width > 0 => lines.remove(0).into_iter().map(plain).collect(),
        _ => (1..=width).map(|i| format!("c{i}")).collect(),
    };
    if typed && !lines.is_empty() {
        let types = lines.remove(0);
        return names
            .into_iter()
            .zip(types)
            .map(|(name, t)| Ok(Field { name, ty: types::parse::parse_type(&plain(t))? }))
            .collect();
    }
    lines.truncate(how.rows_max);
    let mut columns = vec![Facts::default(); width];
    for row in &lines {
        for (facts, field) in columns.iter_mut().zip(row) {
            take(facts, field, syntax.rule, o, how);
        }
    }
    let members: Vec<_> = names.into_iter().zip(columns).collect();
    fields_of(&members, lines.len(), how)
}

/// The rows of a sample as fields; a last one that may be cut is left out, unless it is all there is.
fn rows<'a>(sample: &'a [u8], s: &CustomSyntax, most: usize) -> Vec<Vec<&'a [u8]>> {
    let mut rest = sample.strip_prefix(s.result_before.as_slice()).unwrap_or(sample);
    let mut out: Vec<Vec<&[u8]>> = Vec::new();
    while !rest.is_empty() && out.len() < most {
        let end = if s.row_after.is_empty() { None } else { memmem::find(rest, &s.row_after) };
        let Some(end) = end.or_else(|| out.is_empty().then_some(rest.len())) else { break };
        let row = rest[..end].strip_prefix(s.row_before.as_slice()).unwrap_or(&rest[..end]);
        out.push(if s.field.is_empty() { vec![row] } else { split(row, &s.field) });
        rest = &rest[(end + s.row_after.len()).min(rest.len())..];
        rest = rest.strip_prefix(s.row_between.as_slice()).unwrap_or(rest);
    }
    out
}

fn split<'a>(row: &'a [u8], delimiter: &[u8]) -> Vec<&'a [u8]> {
    let mut out = Vec::new();
    let mut from = 0;
    for at in memmem::find_iter(row, delimiter) {
        out.push(&row[from..at]);
        from = at + delimiter.len();
    }
    out.push(&row[from..]);
    out
}

fn bare(field: &[u8], rule: Rule) -> Vec<u8> {
    let mut out = Vec::new();
    let done = match rule {
        Rule::Json => escape::read_json_string(&mut Cursor::new(field), false, &mut out).is_ok(),
        Rule::Quoted => escape::read_quoted_string(&mut Cursor::new(field), &mut out).is_ok(),
        Rule::Escaped => escape::unescape(field, &mut out).is_ok(),
        Rule::Csv => match field.strip_prefix(b"\"").and_then(|f| f.strip_suffix(b"\"")) {
            Some(inner) => {
                out.extend_from_slice(inner);
                true
            }
            None => false,
        },
        Rule::Raw | Rule::Xml => false,
    };
    if done { out } else { field.to_vec() }
}

fn kind(field: &[u8], rule: Rule, how: How) -> Seen {
    match rule {
        Rule::Json | Rule::Quoted if matches!(field.first(), Some(b'"' | b'\'')) => Seen::Text,
        _ => kind_of_field(field, how),
    }
}

fn take(facts: &mut Facts, field: &[u8], rule: Rule, o: &InputOptions, how: How) {
    match rule {
        Rule::Json => _ = json::value(&mut Cursor::new(field), facts, how, 0),
        Rule::Quoted => _ = values::literal(&mut Cursor::new(field), facts, how, 0),
        Rule::Csv if field.first() == Some(&b'"') => {
            facts.count += 1;
            facts.add_text(&bare(field, rule), how);
        }
        Rule::Csv | Rule::Escaped | Rule::Raw | Rule::Xml if field == o.text.tsv_null => {
            facts.count += 1;
            facts.nulls = true;
        }
        _ => add(facts, &bare(field, rule), how),
    }
}
