//! Columns of Regexp: one for each group.

use super::facts::Facts;
use super::how::How;
use super::pairs::add;
use super::{fields_of, json, values};
use crate::decode::{InputOptions, RegexpSyntax, Rule};
use types::text::Cursor;
use types::text::escape::unescape;
use types::{Field, Result};

pub(super) fn regexp(sample: &[u8], o: &InputOptions, how: How) -> Result<Vec<Field>> {
    let syntax = RegexpSyntax::from_settings(o)?;
    let mut columns: Vec<Facts> = Vec::new();
    let mut rows = 0;
    // What stands behind the last line end may be cut, unless it is all there is.
    let whole = memchr::memrchr(b'\n', sample).map_or(sample, |n| &sample[..n]);
    for line in whole.split(|b| *b == b'\n').take(how.rows_max) {
        let Some(groups) = syntax.groups(line.strip_suffix(b"\r").unwrap_or(line))? else { continue };
        rows += 1;
        columns.resize_with(groups.len() - 1, Facts::default);
        for (facts, group) in columns.iter_mut().zip(groups.iter().skip(1)) {
            let text = group.map_or(b"".as_slice(), |g| g.as_bytes());
            let mut c = Cursor::new(text);
            match syntax.rule {
                Rule::Json => _ = json::value(&mut c, facts, how, 0),
                Rule::Quoted => _ = values::literal(&mut c, facts, how, 0),
                Rule::Csv => match text.strip_prefix(b"\"").and_then(|t| t.strip_suffix(b"\"")) {
                    Some(inner) => {
                        facts.count += 1;
                        facts.add_text(inner, how);
                    }
                    None => add(facts, text, how),
                },
                Rule::Escaped => {
                    let mut plain = Vec::new();
                    unescape(text, &mut plain)?;
                    add(facts, &plain, how);
                }
                Rule::Raw | Rule::Xml => add(facts, text, how),
            }
        }
    }
    let columns: Vec<_> = columns.into_iter().enumerate().map(|(i, f)| (format!("c{}", i + 1), f)).collect();
    fields_of(&columns, rows, how)
}
