//! JSON values straight into column builders, led by the type.

use super::escape::{json_stop, read_json_string};
use super::read::{bool_of, push_decimal, push_float, push_int, push_known};
use super::{Codec, Cursor, Kind};
use crate::builder::Values;
use crate::codes::{
    ATTEMPT_TO_READ_AFTER_EOF, CANNOT_PARSE_BOOL, CANNOT_PARSE_INPUT_ASSERTION_FAILED,
    CANNOT_PARSE_QUOTED_STRING, CANNOT_READ_ARRAY_FROM_TEXT, CANNOT_READ_MAP_FROM_TEXT, INCORRECT_DATA,
    TOO_DEEP_RECURSION, UNKNOWN_ELEMENT_OF_ENUM,
};
use crate::{ColumnBuilder, Error, Result};

const DEPTH_MAX: usize = 1000;

/// A scalar may end here: a comma, a bracket, a blank or the end.
#[inline]
fn ends(c: &Cursor<'_>) -> bool {
    matches!(c.peek(), None | Some(b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t' | b';'))
}

/// A JSON string at the cursor: in place if it has no escapes, else in `scratch`.
#[inline]
fn string<'a, 'd: 'a>(c: &mut Cursor<'d>, strict: bool, scratch: &'a mut Vec<u8>) -> Result<&'a [u8]> {
    if c.peek() == Some(b'"') {
        let inside = &c.data[c.pos + 1..];
        if let Some(n) = json_stop(inside)
            && inside[n] == b'"'
        {
            c.pos += n + 2;
            return Ok(&inside[..n]);
        }
    }
    scratch.clear();
    read_json_string(c, strict, scratch)?;
    Ok(scratch)
}

impl Codec {
    fn wrong(&self, c: &Cursor<'_>) -> Error {
        let code = match self.kind {
            Kind::String if c.at_end() => CANNOT_PARSE_QUOTED_STRING,
            Kind::String | Kind::FixedString(_) => INCORRECT_DATA,
            _ if c.at_end() => ATTEMPT_TO_READ_AFTER_EOF,
            Kind::Array(_) => CANNOT_READ_ARRAY_FROM_TEXT,
            Kind::Bool => CANNOT_PARSE_BOOL,
            _ => CANNOT_PARSE_INPUT_ASSERTION_FAILED,
        };
        c.error(code, &format!("expected a value of type {}", self.name()))
    }

    /// Reads a JSON value. `Ok(false)`: it was null, the column cannot hold NULL, and its default was taken.
    /// Errors: `INCORRECT_DATA`, `CANNOT_PARSE_INPUT_ASSERTION_FAILED`, and those of the type's text.
    #[inline]
    pub fn read_json(&self, c: &mut Cursor<'_>, out: &mut ColumnBuilder) -> Result<bool> {
        let strict = self.options.strict;
        if self.options.json.empty_as_default
            && !matches!(self.kind, Kind::String)
            && c.rest().starts_with(b"\"\"")
        {
            c.pos += 2;
            out.push_default(1);
            return Ok(false);
        }
        match &self.kind {
            Kind::String if c.peek() == Some(b'"') => {
                let Values::Str { offsets, bytes } = &mut out.values else {
                    return Err(Error::internal("a string does not fit this column"));
                };
                read_json_string(c, strict, bytes)?;
                offsets.push(bytes.len() as u32);
                out.pushed();
                return Ok(true);
            }
            Kind::Int(_) | Kind::Interval(_) => {
                let used = push_int(c.rest(), strict, out)?;
                if used > 0 {
                    c.pos += used;
                    return if ends(c) { Ok(true) } else { Err(self.wrong(c)) };
                }
            }
            Kind::Float => {
                if matches!(c.peek(), Some(b'0'..=b'9' | b'-')) {
                    c.pos += push_float(c.rest(), out)?;
                    return if ends(c) { Ok(true) } else { Err(self.wrong(c)) };
                }
            }
            _ => {}
        }
        self.read_json_other(c, out)
    }

    /// A null. As in ClickHouse, numbers and dates that have no NULL take their default for it in any case.
    #[cold]
    fn read_json_null(&self, out: &mut ColumnBuilder) -> Result<bool> {
        let defaulted = !self.nullable && !self.options.null_as_default && !self.options.strict;
        match &self.kind {
            Kind::Int(_) | Kind::Date | Kind::Date32 if defaulted => out.push_default(1),
            Kind::Float if defaulted => {
                push_float(b"nan", out)?;
            }
            kind => {
                let code = match kind {
                    Kind::String => INCORRECT_DATA,
                    Kind::Array(_) => CANNOT_READ_ARRAY_FROM_TEXT,
                    Kind::Bool => CANNOT_PARSE_BOOL,
                    Kind::Enum(_) => UNKNOWN_ELEMENT_OF_ENUM,
                    _ => CANNOT_PARSE_INPUT_ASSERTION_FAILED,
                };
                return self.push_null(code, out);
            }
        }
        Ok(true)
    }

    fn read_json_other(&self, c: &mut Cursor<'_>, out: &mut ColumnBuilder) -> Result<bool> {
        let (j, strict) = (&self.options.json, self.options.strict);
        if c.peek() == Some(b'n') && c.rest().starts_with(b"null") {
            c.pos += 4;
            if !ends(c) {
                return Err(self.wrong(c));
            }
            return self.read_json_null(out);
        }
        let Some(first) = c.peek() else { return Err(self.wrong(c)) };
        match &self.kind {
            Kind::Array(_) | Kind::Tuple(_) | Kind::Map(_) => return self.read_json_nested(c, out),
            Kind::Nothing => return Err(self.wrong(c)),
            Kind::String => {
                let from = c.pos;
                let allowed = match first {
                    b'{' => j.read_objects_as_strings,
                    b'[' => j.read_arrays_as_strings,
                    b't' | b'f' => j.read_bools_as_strings,
                    _ => j.read_numbers_as_strings,
                };
                if !allowed {
                    return Err(self.wrong(c));
                }
                skip_json(c).map_err(|e| if matches!(first, b'}' | b',') { self.wrong(c) } else { e })?;
                out.push_bytes(&c.data[from..c.pos]);
                return Ok(true);
            }
            _ => {}
        }
        if first == b'"' {
            let mut scratch = Vec::new();
            let s = string(c, strict, &mut scratch)?;
            match &self.kind {
                Kind::Int(_) if !strict && s.is_empty() => push_known(0, out),
                Kind::Int(_) if j.read_bools_as_numbers && matches!(s, b"true" | b"false") => {
                    push_known((s == b"true").into(), out);
                }
                Kind::Int(_) | Kind::Interval(_) => {
                    if push_int(s, strict, out)? != s.len() || s.is_empty() {
                        return Err(Error::new(
                            CANNOT_PARSE_INPUT_ASSERTION_FAILED,
                            format!("Cannot parse '{}' as {}", super::clip(s, 50), self.name()),
                        ));
                    }
                }
                Kind::Enum(_) if scan_whole(s) => {
                    if self.parse_text(s, out).is_err() {
                        self.parse_number_for(s, out).unwrap_or_else(|| Err(self.wrong(c)))?;
                    }
                }
                _ => self.parse_text(s, out)?,
            }
            return Ok(true);
        }
        match &self.kind {
            Kind::Int(_) if first == b't' || first == b'f' => {
                let Some(b) = word(c).filter(|_| j.read_bools_as_numbers) else { return Err(self.wrong(c)) };
                push_known(b.into(), out);
            }
            Kind::Int(_) | Kind::Date | Kind::Date32 if !strict && matches!(first, b',' | b'}') => {
                out.push_default(1);
            }
            Kind::Float if first == b't' || first == b'f' => {
                let Some(b) = word(c).filter(|_| j.read_bools_as_numbers) else { return Err(self.wrong(c)) };
                push_float(if b { b"1" } else { b"0" }, out)?;
            }
            Kind::Float if !strict => c.pos += push_float(c.rest(), out)?,
            Kind::Decimal(p, scale) if matches!(first, b'0'..=b'9' | b'-' | b'.') => {
                c.pos += push_decimal(c.rest(), *p, *scale, out)?
            }
            Kind::Bool if matches!(first, b'-' | b'2'..=b'9') => return Err(self.wrong(c)),
            Kind::Bool if matches!(first, b't' | b'f' | b'T' | b'F') => {
                let Some(b) = word(c) else { return Err(self.wrong(c)) };
                push_known(b.into(), out);
            }
            _ if matches!(first, b'0'..=b'9' | b'-') => {
                let rest = c.rest();
                let n = rest.iter().take_while(|b| b.is_ascii_digit() || matches!(b, b'-' | b'.')).count();
                match self.parse_number_for(&rest[..n], out) {
                    Some(done) => done?,
                    None => return Err(self.wrong(c)),
                }
                c.pos += n;
            }
            _ => return Err(self.wrong(c)),
        }
        if ends(c) { Ok(true) } else { Err(self.wrong(c)) }
    }

    fn read_json_nested(&self, c: &mut Cursor<'_>, out: &mut ColumnBuilder) -> Result<bool> {
        match (&self.kind, &mut out.values) {
            (Kind::Array(of), Values::Array { offsets, values }) => {
                if !c.eat(b'[') {
                    return Err(self.wrong(c));
                }
                c.blank();
                if !c.eat(b']') {
                    loop {
                        c.blank();
                        of.read_json(c, values)?;
                        c.blank();
                        if c.eat(b']') {
                            break;
                        }
                        if c.at_end() {
                            return Err(c.expected("']'"));
                        }
                        if !c.eat(b',') {
                            return Err(
                                c.error(CANNOT_READ_ARRAY_FROM_TEXT, "expected ',' or ']' in an array")
                            );
                        }
                    }
                }
                offsets.push(values.len() as u32);
            }
            (Kind::Tuple(of), Values::Tuple(cs)) => self.read_json_tuple(of, c, cs)?,
            (Kind::Map(kv), Values::Array { offsets, values }) => {
                if !c.eat(b'{') {
                    return Err(self.wrong(c));
                }
                c.blank();
                let mut scratch = Vec::new();
                if !c.eat(b'}') {
                    loop {
                        let Values::Tuple(cs) = &mut values.values else {
                            return Err(Error::internal("a map's entries are tuples"));
                        };
                        let [keys, vals] = &mut cs[..] else {
                            return Err(Error::internal("a map's entries are pairs"));
                        };
                        c.blank();
                        scratch.clear();
                        if c.peek().is_some_and(|b| b != b'"') {
                            return Err(c.error(INCORRECT_DATA, "expected a key in double quotes"));
                        }
                        read_json_string(c, self.options.strict, &mut scratch)?;
                        kv.0.parse_text(&scratch, keys)?;
                        c.blank();
                        c.expect(b':')?;
                        c.blank();
                        kv.1.read_json(c, vals)?;
                        values.pushed();
                        c.blank();
                        if c.eat(b'}') {
                            break;
                        }
                        if !c.eat(b',') {
                            return Err(c.error(CANNOT_READ_MAP_FROM_TEXT, "expected ',' or '}' in a map"));
                        }
                    }
                }
                offsets.push(values.len() as u32);
            }
            _ => return Err(Error::internal("a nested value does not fit this column")),
        }
        out.pushed();
        Ok(true)
    }

    fn read_json_tuple(
        &self,
        of: &[(std::sync::Arc<str>, Codec)],
        c: &mut Cursor<'_>,
        cs: &mut [ColumnBuilder],
    ) -> Result<()> {
        let j = &self.options.json;
        if c.eat(b'[') {
            for (i, ((_, codec), column)) in of.iter().zip(cs.iter_mut()).enumerate() {
                c.blank();
                if i > 0 {
                    c.expect(b',')?;
                    c.blank();
                }
                codec.read_json(c, column)?;
            }
            c.blank();
            return c.expect(b']');
        }
        if !c.eat(b'{') {
            return Err(self.wrong(c));
        }
        let before = cs.first().map_or(0, ColumnBuilder::len);
        let mut scratch = Vec::new();
        c.blank();
        if !c.eat(b'}') {
            loop {
                c.blank();
                scratch.clear();
                read_json_string(c, self.options.strict, &mut scratch)?;
                c.blank();
                c.expect(b':')?;
                c.blank();
                match of.iter().position(|(n, _)| n.as_bytes() == scratch) {
                    Some(i) if cs[i].len() > before => {
                        return Err(Error::new(
                            INCORRECT_DATA,
                            format!("Element '{}' of a tuple stands twice", super::clip(&scratch, 50)),
                        ));
                    }
                    Some(i) => {
                        of[i].1.read_json(c, &mut cs[i])?;
                    }
                    None if j.ignore_unknown_keys_in_named_tuple && !self.options.strict => skip_json(c)?,
                    None => {
                        return Err(Error::new(
                            INCORRECT_DATA,
                            format!("Tuple has no element '{}'", super::clip(&scratch, 50)),
                        ));
                    }
                }
                c.blank();
                if c.eat(b'}') {
                    break;
                }
                c.expect(b',')?;
            }
        }
        for ((name, _), column) in of.iter().zip(cs.iter_mut()) {
            if column.len() == before {
                if !j.defaults_for_missing_in_named_tuple {
                    return Err(Error::new(
                        INCORRECT_DATA,
                        format!("Element '{name}' of a tuple is missing"),
                    ));
                }
                column.push_default(1);
            }
        }
        Ok(())
    }
}

fn scan_whole(s: &[u8]) -> bool {
    super::number::scan_int(s).used == s.len()
}

fn word(c: &mut Cursor<'_>) -> Option<bool> {
    let n = c.rest().iter().take_while(|b| b.is_ascii_alphabetic()).count();
    let b = bool_of(&c.rest()[..n]).filter(|_| n >= 4)?;
    c.pos += n;
    Some(b)
}

/// Skips one JSON value of any shape, checking its form. Errors: `INCORRECT_DATA`, `TOO_DEEP_RECURSION`.
pub fn skip_json(c: &mut Cursor<'_>) -> Result<()> {
    let mut open: Vec<u8> = Vec::new();
    loop {
        c.blank();
        let Some(b) = c.peek() else { return Err(c.error(INCORRECT_DATA, "expected a JSON value")) };
        match b {
            b'{' | b'[' => {
                c.pos += 1;
                c.blank();
                let close = b + 2;
                if c.eat(close) {
                } else if open.len() >= DEPTH_MAX {
                    return Err(Error::new(
                        TOO_DEEP_RECURSION,
                        format!("JSON is nested deeper than {DEPTH_MAX} levels"),
                    ));
                } else {
                    open.push(close);
                    if close == b'}' {
                        skip_key(c)?;
                    }
                    continue;
                }
            }
            b'"' => skip_string(c)?,
            b'-' | b'0'..=b'9' => skip_number(c)?,
            _ if c.rest().starts_with(b"true") || c.rest().starts_with(b"null") => c.pos += 4,
            _ if c.rest().starts_with(b"false") => c.pos += 5,
            _ => return Err(c.error(INCORRECT_DATA, "expected a JSON value")),
        }
        // A value is complete: close what ends here, or go on behind a comma.
        loop {
            let Some(&close) = open.last() else {
                return if ends(c) {
                    Ok(())
                } else {
                    Err(c.error(INCORRECT_DATA, "expected the end of a JSON value"))
                };
            };
            c.blank();
            if c.eat(close) {
                open.pop();
            } else if c.eat(b',') {
                if close == b'}' {
                    skip_key(c)?;
                }
                break;
            } else {
                return Err(c.error(INCORRECT_DATA, "expected ',' or a closing bracket in JSON"));
            }
        }
    }
}

fn skip_key(c: &mut Cursor<'_>) -> Result<()> {
    c.blank();
    skip_string(c)?;
    c.blank();
    c.expect(b':')
}

fn skip_string(c: &mut Cursor<'_>) -> Result<()> {
    c.expect(b'"')?;
    loop {
        let Some(n) = json_stop(c.rest()) else {
            return Err(Error::new(INCORRECT_DATA, "Cannot parse JSON string: expected closing quote"));
        };
        let b = c.rest()[n];
        c.pos += n + 1;
        match b {
            b'"' => return Ok(()),
            b'\\' if c.at_end() => {
                return Err(Error::new(INCORRECT_DATA, "Cannot parse JSON string: expected closing quote"));
            }
            b'\\' => c.pos += 1,
            _ => {}
        }
    }
}

fn skip_number(c: &mut Cursor<'_>) -> Result<()> {
    let rest = c.rest();
    let n = rest
        .iter()
        .take_while(|b| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.' | b'e' | b'E'))
        .count();
    match super::number::scan_float(&rest[..n]) {
        Ok((_, used)) if used == n => {
            c.pos += n;
            Ok(())
        }
        _ => Err(c.error(INCORRECT_DATA, "expected a JSON value")),
    }
}
