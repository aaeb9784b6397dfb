//! Columns of the JSON formats.

use super::facts::{Facts, Seen, absorb, kind_of_number};
use super::how::How;
use super::{fields_of, same_width};
use types::codes::INCORRECT_DATA;
use types::text::{Cursor, escape, skip_json};
use types::{Error, Field, Result};

const DEPTH_MAX: usize = 50;

/// Looks at a JSON value. `None`: the value is cut off or broken.
pub(super) fn value(c: &mut Cursor<'_>, facts: &mut Facts, how: How, depth: usize) -> Option<()> {
    facts.count += 1;
    match c.peek()? {
        b'"' => {
            let mut s = Vec::new();
            escape::read_json_string(c, false, &mut s).ok()?;
            facts.add_text(&s, how);
        }
        b'{' if depth < DEPTH_MAX => {
            let mut members = Vec::new();
            object(c, &mut members, how, depth + 1)?;
            facts.add(Seen::Object(members));
        }
        b'[' if depth < DEPTH_MAX => {
            c.pos += 1;
            let mut inner = Facts::default();
            c.blank();
            if !c.eat(b']') {
                loop {
                    c.blank();
                    value(c, &mut inner, how, depth + 1)?;
                    c.blank();
                    if c.eat(b']') {
                        break;
                    }
                    if !c.eat(b',') {
                        return None;
                    }
                }
            }
            facts.add(Seen::List(Box::new(inner)));
        }
        b't' | b'f' => {
            skip_json(c).ok()?;
            facts.add(Seen::Bool(true));
        }
        b'n' => {
            skip_json(c).ok()?;
            facts.nulls = true;
        }
        _ => {
            let from = c.pos;
            skip_json(c).ok()?;
            facts.add(kind_of_number(&c.data[from..c.pos]));
        }
    }
    Some(())
}

pub(super) fn object(
    c: &mut Cursor<'_>,
    members: &mut Vec<(String, Facts)>,
    how: How,
    depth: usize,
) -> Option<()> {
    if !c.eat(b'{') {
        return None;
    }
    c.blank();
    if c.eat(b'}') {
        return Some(());
    }
    let mut next = 0;
    loop {
        c.blank();
        let mut key = Vec::new();
        escape::read_json_string(c, false, &mut key).ok()?;
        c.blank();
        if !c.eat(b':') {
            return None;
        }
        c.blank();
        let at = match members.get(next) {
            Some((n, _)) if n.as_bytes() == key => next,
            _ => match members.iter().position(|(n, _)| n.as_bytes() == key) {
                Some(i) => i,
                None => {
                    members.push((String::from_utf8(key).ok()?, Facts::default()));
                    members.len() - 1
                }
            },
        };
        value(c, &mut members[at].1, how, depth)?;
        next = at + 1;
        c.blank();
        if c.eat(b'}') {
            return Some(());
        }
        if !c.eat(b',') {
            return None;
        }
    }
}

pub(super) fn rows(sample: &[u8], how: How) -> Result<Vec<Field>> {
    let mut c = Cursor::new(sample);
    let (mut members, mut rows) = (Vec::new(), 0);
    c.blank();
    c.eat(b'[');
    loop {
        c.blank();
        if c.eat(b',') {
            c.blank();
        }
        if c.peek() != Some(b'{') || rows >= how.rows_max {
            if rows == 0 && !c.at_end() {
                return Err(Error::new(INCORRECT_DATA, c.expected("a JSON object").message()));
            }
            break;
        }
        let mut row = Vec::new();
        if object(&mut c, &mut row, how, 0).is_none() {
            break;
        }
        rows += 1;
        take_row(&mut members, row);
    }
    fields_of(&members, rows, how)
}

/// Adds what a row's members are to what is known of all.
pub(super) fn take_row(members: &mut Vec<(String, Facts)>, row: Vec<(String, Facts)>) {
    for (i, (name, facts)) in row.into_iter().enumerate() {
        // The same members in the same order is the usual case.
        let at = match members.get(i) {
            Some((n, _)) if *n == name => Some(i),
            _ => members.iter().position(|(n, _): &(String, Facts)| *n == name),
        };
        match at {
            Some(i) => absorb(&mut members[i].1, facts),
            None => members.push((name, facts)),
        }
    }
}

pub(super) fn arrays(format: &str, sample: &[u8], how: How) -> Result<Vec<Field>> {
    let mut c = Cursor::new(sample);
    let mut header: Vec<String> = Vec::new();
    let mut columns: Vec<Facts> = Vec::new();
    let mut skip = if format.ends_with("Types") { 2 } else { usize::from(format.ends_with("Names")) };
    let mut rows = 0;
    loop {
        c.blank();
        if c.eat(b',') {
            c.blank();
        }
        let mut row = Facts::default();
        if c.peek() != Some(b'[') || rows >= how.rows_max {
            break;
        }
        if skip > 0 {
            let from = c.pos;
            if skip_json(&mut c).is_err() {
                break;
            }
            if header.is_empty() {
                let mut h = Cursor::new(&sample[from..c.pos]);
                h.pos = 1;
                loop {
                    h.blank();
                    let mut s = Vec::new();
                    if escape::read_json_string(&mut h, false, &mut s).is_err() {
                        break;
                    }
                    header.push(String::from_utf8_lossy(&s).into_owned());
                    h.blank();
                    if !h.eat(b',') {
                        break;
                    }
                }
            }
            skip -= 1;
            continue;
        }
        // Each value by itself: a row's values may be of any kinds.
        c.pos += 1;
        let (known, mut k) = (columns.len(), 0);
        let whole = loop {
            c.blank();
            if k == 0 && c.eat(b']') {
                break true;
            }
            if columns.len() <= k {
                columns.push(Facts::default());
            }
            if value(&mut c, &mut columns[k], how, 0).is_none() {
                break false;
            }
            k += 1;
            c.blank();
            if c.eat(b']') {
                break true;
            }
            if !c.eat(b',') {
                break false;
            }
        };
        row.count += 1;
        if !whole {
            break;
        }
        if rows > 0 && !how.any_width {
            same_width(known, k, how)?;
        }
        rows += 1;
    }
    let members: Vec<(String, Facts)> = columns
        .into_iter()
        .enumerate()
        .map(|(i, f)| (header.get(i).cloned().unwrap_or_else(|| format!("c{}", i + 1)), f))
        .collect();
    fields_of(&members, rows, how)
}

/// The `meta` of a JSON document.
pub(crate) fn meta(sample: &[u8]) -> Result<Vec<Field>> {
    let mut c = Cursor::new(sample);
    let string = |c: &mut Cursor<'_>| -> Result<String> {
        let mut s = Vec::new();
        c.blank();
        escape::read_json_string(c, false, &mut s)?;
        Ok(String::from_utf8_lossy(&s).into_owned())
    };
    let mut out = Vec::new();
    c.blank();
    c.expect(b'{')?;
    if string(&mut c)? != "meta" {
        return Err(Error::new(
            INCORRECT_DATA,
            "Cannot infer columns: the document does not begin with meta",
        ));
    }
    c.blank();
    c.expect(b':')?;
    c.blank();
    c.expect(b'[')?;
    loop {
        c.blank();
        if c.eat(b']') {
            return Ok(out);
        }
        c.eat(b',');
        c.blank();
        c.expect(b'{')?;
        let (mut name, mut ty) = (String::new(), String::new());
        loop {
            let key = string(&mut c)?;
            c.blank();
            c.expect(b':')?;
            let value = string(&mut c)?;
            match key.as_str() {
                "name" => name = value,
                "type" => ty = value,
                _ => {}
            }
            c.blank();
            if c.eat(b'}') {
                break;
            }
            c.expect(b',')?;
        }
        out.push(Field { name, ty: types::parse::parse_type(&ty)? });
    }
}
