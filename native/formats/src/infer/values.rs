//! Columns of Values, and of what stands in brackets as literals of SQL do.

use super::facts::{Facts, Seen, kind_of_field};
use super::how::How;
use super::{fields_of, same_width};
use types::text::{Cursor, escape};
use types::{Field, Result};

const DEPTH_MAX: usize = 50;

/// `(1, 'a'), (2, 'b')`
pub(super) fn values(sample: &[u8], how: How) -> Result<Vec<Field>> {
    let mut c = Cursor::new(sample);
    let mut columns: Vec<Facts> = Vec::new();
    let mut rows = 0;
    loop {
        c.blank();
        if rows > 0 && c.eat(b',') {
            c.blank();
        }
        let known = columns.len();
        if rows >= how.rows_max || !c.eat(b'(') {
            break;
        }
        let Some(width) = row(&mut c, &mut columns, how) else { break };
        if rows > 0 {
            same_width(known, width, how)?;
        }
        rows += 1;
    }
    let columns: Vec<_> = columns.into_iter().enumerate().map(|(i, f)| (format!("c{}", i + 1), f)).collect();
    if rows > 0 { fields_of(&columns, rows, how) } else { Ok(Vec::new()) }
}

/// Adds a row's values to what is known of the columns, and says how many they are.
fn row(c: &mut Cursor<'_>, columns: &mut Vec<Facts>, how: How) -> Option<usize> {
    let mut at = 0;
    items(c, b')', |c| {
        if columns.len() <= at {
            columns.push(Facts::default());
        }
        at += 1;
        literal(c, &mut columns[at - 1], how, 0)
    })?;
    Some(at)
}

/// What stands between brackets, the opening one being read. `None`: it is cut off or something else.
fn items(c: &mut Cursor<'_>, end: u8, mut each: impl FnMut(&mut Cursor<'_>) -> Option<()>) -> Option<()> {
    c.blank();
    if c.eat(end) {
        return Some(());
    }
    loop {
        c.blank();
        each(c)?;
        c.blank();
        if c.eat(end) {
            return Some(());
        }
        if !c.eat(b',') {
            return None;
        }
    }
}

/// A literal with what is in it.
pub(super) fn literal(c: &mut Cursor<'_>, facts: &mut Facts, how: How, depth: usize) -> Option<()> {
    facts.count += 1;
    match c.peek()? {
        b'[' | b'(' | b'{' if depth >= DEPTH_MAX => return None,
        b'[' => {
            c.pos += 1;
            let mut inner = Facts::default();
            items(c, b']', |c| literal(c, &mut inner, how, depth + 1))?;
            facts.add(Seen::List(Box::new(inner)));
        }
        b'(' => {
            c.pos += 1;
            let mut inner = Vec::new();
            items(c, b')', |c| {
                inner.push(Facts::default());
                literal(c, inner.last_mut()?, how, depth + 1)
            })?;
            facts.add(Seen::Tuple(inner));
        }
        b'{' => {
            c.pos += 1;
            let mut inner = [Facts::default(), Facts::default()];
            items(c, b'}', |c| {
                literal(c, &mut inner[0], how, depth + 1)?;
                c.blank();
                if !c.eat(b':') {
                    return None;
                }
                c.blank();
                literal(c, &mut inner[1], how, depth + 1)
            })?;
            facts.add(Seen::Map(Box::new(inner)));
        }
        b'\'' => {
            let mut s = Vec::new();
            escape::read_quoted_string(c, &mut s).ok()?;
            facts.add_text(&s, how);
        }
        _ => {
            let ends = |b: &&u8| !matches!(b, b',' | b']' | b')' | b'}' | b':') && !b.is_ascii_whitespace();
            let n = c.rest().iter().take_while(ends).count();
            let word = &c.rest()[..n];
            c.pos += n;
            if word.eq_ignore_ascii_case(b"NULL") {
                facts.nulls = true;
            } else {
                match kind_of_field(word, how) {
                    Seen::Text => return None,
                    k => facts.add(k),
                }
            }
        }
    }
    Some(())
}
