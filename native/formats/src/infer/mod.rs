//! The columns of data whose table does not exist yet, from a sample of its beginning.
//!
//! Every value of the sample widens its column's kind: nothing → bool, integer, float, date, time,
//! list, object, text. Integers become Int64 (UInt64 beyond it), mixed kinds become String; columns
//! with NULLs or missing values become Nullable; texts with few distinct values LowCardinality.

mod facts;

use crate::decode::{InputOptions, infer_arrow, infer_parquet};
use crate::registry;
use facts::{DISTINCT_MAX, Facts, Seen, absorb, kind_of_field, kind_of_number, kind_of_text};
use types::codes::{CANNOT_EXTRACT_TABLE_STRUCTURE, INCORRECT_DATA};
use types::text::{Cursor, escape, skip_json};
use types::{Error, Field, Result, Type};

const ROWS_MAX: usize = 25_000;
const DEPTH_MAX: usize = 50;

/// How types are chosen.
#[derive(Clone, Copy, PartialEq)]
pub enum Style {
    /// for a new table: no Nullable without NULLs, LowCardinality
    Table,
    /// as ClickHouse's schema inference: everything Nullable
    ClickHouse,
}

/// Looks at a JSON value. `None`: the value is cut off or broken.
fn json_value(c: &mut Cursor<'_>, facts: &mut Facts, depth: usize) -> Option<()> {
    facts.count += 1;
    match c.peek()? {
        b'"' => {
            let mut s = Vec::new();
            escape::read_json_string(c, false, &mut s).ok()?;
            facts.add_text(&s);
        }
        b'{' if depth < DEPTH_MAX => {
            let mut members = Vec::new();
            json_object(c, &mut members, depth + 1)?;
            facts.add(Seen::Object(members));
        }
        b'[' if depth < DEPTH_MAX => {
            c.pos += 1;
            let mut inner = Facts::default();
            c.blank();
            if !c.eat(b']') {
                loop {
                    c.blank();
                    json_value(c, &mut inner, depth + 1)?;
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
            facts.add(Seen::Bool);
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

fn json_object(c: &mut Cursor<'_>, members: &mut Vec<(String, Facts)>, depth: usize) -> Option<()> {
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
        json_value(c, &mut members[at].1, depth)?;
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

/// Types of the columns of `sample` (the beginning of the data; a cut last row is ignored).
/// Errors: `INCORRECT_DATA`, `CANNOT_EXTRACT_TABLE_STRUCTURE`, `NOT_IMPLEMENTED`.
pub fn infer(format: &str, sample: &[u8], options: &InputOptions) -> Result<Vec<Field>> {
    infer_as(format, sample, options, Style::Table)
}

/// As `infer`, with the types chosen for a new table or as ClickHouse's own inference does.
pub fn infer_as(format: &str, sample: &[u8], options: &InputOptions, style: Style) -> Result<Vec<Field>> {
    let name = registry::find_input(format)?.name;
    let fields = match name {
        "JSONEachRow" | "JSONStringsEachRow" | "JSONObjectEachRow" => json_rows(sample, style)?,
        n if n.starts_with("JSONCompactEachRow") || n.starts_with("JSONCompactStringsEachRow") => {
            json_arrays(n, sample, style)?
        }
        n if n.starts_with("CSV") => separated(n, sample, options, true, style)?,
        n if n.starts_with("TabSeparated") => separated(n, sample, options, false, style)?,
        "Parquet" => infer_parquet(sample)?,
        "Arrow" | "ArrowStream" => infer_arrow(sample)?,
        "LineAsString" | "JSONAsString" | "RawBLOB" => {
            vec![Field {
                name: if name == "RawBLOB" {
                    "raw_blob"
                } else if name == "JSONAsString" {
                    "json"
                } else {
                    "line"
                }
                .into(),
                ty: Type::String,
            }]
        }
        "Native" => native_header(sample)?,
        "RowBinaryWithNamesAndTypes" => row_binary_header(sample)?,
        "JSON" | "JSONCompact" | "JSONColumnsWithMetadata" => json_meta(sample)?,
        other => {
            return Err(Error::not_implemented(format!(
                "The columns of format {other} cannot be inferred; create the table first"
            )));
        }
    };
    if fields.is_empty() {
        return Err(Error::new(
            CANNOT_EXTRACT_TABLE_STRUCTURE,
            "Cannot infer columns: the data has no complete row",
        ));
    }
    for (i, f) in fields.iter().enumerate() {
        if f.name.is_empty() || fields[..i].iter().any(|g| g.name == f.name) {
            return Err(Error::new(
                INCORRECT_DATA,
                format!("Cannot infer columns: the name '{}' is empty or stands twice", f.name),
            ));
        }
    }
    Ok(fields)
}

fn fields_of(members: &[(String, Facts)], rows: usize, style: Style) -> Vec<Field> {
    members.iter().map(|(n, f)| Field { name: n.clone(), ty: f.ty(rows, style) }).collect()
}

fn json_rows(sample: &[u8], style: Style) -> Result<Vec<Field>> {
    let mut c = Cursor::new(sample);
    let (mut members, mut rows) = (Vec::new(), 0);
    c.blank();
    c.eat(b'[');
    loop {
        c.blank();
        if c.eat(b',') {
            c.blank();
        }
        if c.peek() != Some(b'{') || rows >= ROWS_MAX {
            if rows == 0 && !c.at_end() {
                return Err(Error::new(INCORRECT_DATA, c.expected("a JSON object").message()));
            }
            break;
        }
        let mut row = Vec::new();
        if json_object(&mut c, &mut row, 0).is_none() {
            break;
        }
        rows += 1;
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
    Ok(fields_of(&members, rows, style))
}

fn json_arrays(format: &str, sample: &[u8], style: Style) -> Result<Vec<Field>> {
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
        if c.peek() != Some(b'[') || rows >= ROWS_MAX {
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
        let mut k = 0;
        let whole = loop {
            c.blank();
            if k == 0 && c.eat(b']') {
                break true;
            }
            if columns.len() <= k {
                columns.push(Facts::default());
            }
            if json_value(&mut c, &mut columns[k], 0).is_none() {
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
        rows += 1;
    }
    let members: Vec<(String, Facts)> = columns
        .into_iter()
        .enumerate()
        .map(|(i, f)| (header.get(i).cloned().unwrap_or_else(|| format!("c{}", i + 1)), f))
        .collect();
    Ok(fields_of(&members, rows, style))
}

/// Lines of CSV or TSV as fields: (text, had quotes).
fn lines(sample: &[u8], csv: bool, delimiter: u8) -> Vec<Vec<(Vec<u8>, bool)>> {
    let mut out = Vec::new();
    let mut row: Vec<(Vec<u8>, bool)> = Vec::new();
    let (mut i, data) = (0, sample.strip_prefix(b"\xef\xbb\xbf").unwrap_or(sample));
    while i < data.len() && out.len() < ROWS_MAX {
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
    out
}

fn separated(format: &str, sample: &[u8], o: &InputOptions, csv: bool, style: Style) -> Result<Vec<Field>> {
    let delimiter = if csv { o.text.csv_delimiter } else { b'\t' };
    let mut rows = lines(sample, csv, delimiter);
    rows.retain(|r| !(r.len() == 1 && r[0].0.is_empty()));
    let width = rows.first().map_or(0, Vec::len);
    let typed = format.ends_with("WithNamesAndTypes");
    let mut header = typed || format.ends_with("WithNames");
    let flag = if csv { "input_format_csv_detect_header" } else { "input_format_tsv_detect_header" };
    if !header && o.flag(flag, true)? && rows.len() > 1 {
        // Names, if the first line is all text, and some column is no text further on (or all names
        // are different words, as in a table of texts).
        let text = |k: &[u8]| matches!(kind_of_field(k), Seen::Text) && !k.is_empty();
        let all_text = rows[0].iter().all(|(t, _)| text(t));
        let below = (0..width)
            .any(|k| rows[1..].iter().any(|r| r.get(k).is_some_and(|(t, _)| !t.is_empty() && !text(t))));
        let words = style == Style::Table
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
            match if *quoted && text.first() != Some(&b'[') {
                kind_of_text(text)
            } else {
                kind_of_field(text)
            } {
                Seen::Text | Seen::Date | Seen::Time(_) | Seen::Uuid => facts.add_text(text),
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
    Ok(fields_of(&members, rows.len(), style))
}

fn native_header(sample: &[u8]) -> Result<Vec<Field>> {
    let mut b = crate::binary::Bytes::new(sample, 0);
    let (columns, rows) = (b.count()?, b.count()?);
    let mut out = Vec::new();
    for _ in 0..columns.min(1 << 16) {
        let name = String::from_utf8_lossy(b.string()?).into_owned();
        let ty = types::parse::parse_type(&String::from_utf8_lossy(b.string()?))?;
        if rows > 0 {
            crate::binary::read_prefix(&ty, &mut b)?;
            crate::binary::read_column(&ty, rows, &mut b)?;
        }
        out.push(Field { name, ty });
    }
    Ok(out)
}

fn row_binary_header(sample: &[u8]) -> Result<Vec<Field>> {
    let mut b = crate::binary::Bytes::new(sample, 0);
    let n = b.count()?.min(1 << 16);
    let names =
        (0..n).map(|_| Ok(String::from_utf8_lossy(b.string()?).into_owned())).collect::<Result<Vec<_>>>()?;
    names
        .into_iter()
        .map(|name| Ok(Field { name, ty: types::parse::parse_type(&String::from_utf8_lossy(b.string()?))? }))
        .collect()
}

/// The `meta` of a JSON document.
fn json_meta(sample: &[u8]) -> Result<Vec<Field>> {
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
