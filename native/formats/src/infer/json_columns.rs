//! Columns of the JSON formats that are one document: lists side by side, rows by their names.

use super::facts::{Facts, Seen};
use super::fields_of;
use super::how::How;
use super::json::{object, take_row, value};
use crate::decode::InputOptions;
use types::text::{Cursor, escape};
use types::{Field, Result, Type};

fn key(c: &mut Cursor<'_>) -> Option<String> {
    let mut name = Vec::new();
    escape::read_json_string(c, false, &mut name).ok()?;
    c.blank();
    c.eat(b':').then_some(())?;
    c.blank();
    String::from_utf8(name).ok()
}

/// `{"a":[…], "b":[…]}`, or `[[…],[…]]` where `open` is a bracket.
pub(super) fn columns(sample: &[u8], open: u8, how: How) -> Result<Vec<Field>> {
    let mut c = Cursor::new(sample);
    let mut members: Vec<(String, Facts)> = Vec::new();
    c.blank();
    c.eat(open);
    loop {
        c.blank();
        let name = match open {
            b'{' => key(&mut c),
            _ => Some(format!("c{}", members.len() + 1)),
        };
        let mut list = Facts::default();
        // A list that the sample cuts off still tells what it is a list of.
        let whole = match name {
            Some(name) if c.peek() == Some(b'[') => {
                let whole = value(&mut c, &mut list, how, 0).is_some();
                if let Seen::List(of) = list.seen {
                    members.push((name, *of));
                }
                whole
            }
            _ => false,
        };
        c.blank();
        if !whole || !c.eat(b',') {
            break;
        }
    }
    let rows = members.iter().map(|(_, f)| f.count).max().unwrap_or(0);
    fields_of(&members, rows, how)
}

/// `{"row_1":{…}, …}`; the names are a column where a setting says so.
pub(super) fn named_rows(sample: &[u8], o: &InputOptions, how: How) -> Result<Vec<Field>> {
    let mut c = Cursor::new(sample);
    let (mut members, mut rows) = (Vec::new(), 0);
    c.blank();
    c.eat(b'{');
    while rows < how.rows_max {
        c.blank();
        let mut row = Vec::new();
        if key(&mut c).is_none() || object(&mut c, &mut row, how, 0).is_none() {
            break;
        }
        rows += 1;
        take_row(&mut members, row);
        c.blank();
        if !c.eat(b',') {
            break;
        }
    }
    let mut fields = fields_of(&members, rows, how)?;
    let name = o.text_of("format_json_object_each_row_column_for_object_name", "");
    if !name.is_empty() && rows > 0 {
        fields.insert(0, Field { name, ty: Type::String });
    }
    Ok(fields)
}
