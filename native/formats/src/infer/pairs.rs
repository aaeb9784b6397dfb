//! Columns of TSKV and Form: what has a name is a column.

use super::facts::{Facts, Seen, kind_of_field};
use super::fields_of;
use super::how::How;
use crate::decode::form_pairs;
use types::text::escape::unescape;
use types::{Field, Result};

/// Takes a plain text as a value of a column.
pub(super) fn add(facts: &mut Facts, text: &[u8], how: How) {
    facts.count += 1;
    match kind_of_field(text, how) {
        Seen::Text | Seen::Date | Seen::Time(_) | Seen::Uuid => facts.add_text(text, how),
        other => facts.add(other),
    }
}

fn named<'a>(columns: &'a mut Vec<(String, Facts)>, name: &[u8]) -> &'a mut Facts {
    let at = columns.iter().position(|(n, _)| n.as_bytes() == name).unwrap_or_else(|| {
        columns.push((String::from_utf8_lossy(name).into_owned(), Facts::default()));
        columns.len() - 1
    });
    &mut columns[at].1
}

pub(super) fn tskv(sample: &[u8], how: How, null: &[u8]) -> Result<Vec<Field>> {
    let mut columns = Vec::new();
    let mut rows = 0;
    for line in sample.split(|b| *b == b'\n').filter(|l| !l.is_empty()).take(how.rows_max) {
        rows += 1;
        for pair in line.split(|b| *b == b'\t') {
            let Some(at) = memchr::memchr(b'=', pair) else { continue };
            let (mut name, mut value) = (Vec::new(), Vec::new());
            unescape(&pair[..at], &mut name)?;
            unescape(&pair[at + 1..], &mut value)?;
            let facts = named(&mut columns, &name);
            if pair[at + 1..] == *null {
                facts.nulls = true;
            } else {
                add(facts, &value, how);
            }
        }
    }
    fields_of(&columns, rows, how)
}

pub(super) fn form(sample: &[u8], how: How) -> Result<Vec<Field>> {
    let mut columns = Vec::new();
    for pair in form_pairs(sample) {
        let (name, value, _) = pair?;
        add(named(&mut columns, &name), &value, how);
    }
    fields_of(&columns, 1, how)
}
