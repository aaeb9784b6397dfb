//! JSONEachRow and JSONCompactEachRow with their variants.
//!
//! Rows usually repeat their keys in one order: the key that came next last time is compared first,
//! and only a miss looks it up. Values go straight from the bytes into the builders.

use super::rows::{Header, check_types, map_header};
use super::{InputField, InputOptions, Reader, Rows, Step};
use types::codes::{
    CANNOT_PARSE_INPUT_ASSERTION_FAILED, CANNOT_PARSE_QUOTED_STRING, CANNOT_READ_ALL_DATA, INCORRECT_DATA,
};
use types::text::escape::read_json_string;
use types::text::{Cursor, clip, skip_json};
use types::{Error, Result};

#[derive(Clone)]
pub(crate) struct JsonRows {
    arrays: bool,
    /// values stand as text in strings
    strings: bool,
    /// header rows still to come
    header: usize,
    map: Option<Vec<Option<usize>>>,
    skip_unknown: bool,
    rules: Header,
    /// rows of arrays may have more or fewer values than columns
    variable_width: bool,
    strict: bool,
    /// names `n` of nested tables whose columns are `n.x`: `{"n":{"x":[…]}}` fills them
    nested: Vec<Vec<u8>>,
    /// column whose key is expected next
    next: usize,
    /// rows stand in one top-level array; closed = its end was seen
    in_array: bool,
    started: bool,
    scratch: Vec<u8>,
}

impl JsonRows {
    pub fn objects(strings: bool, fields: &[InputField], o: &InputOptions) -> Result<Self> {
        let mut nested: Vec<Vec<u8>> = Vec::new();
        if o.flag("input_format_import_nested_json", false)? {
            nested = fields
                .iter()
                .filter_map(|f| f.name.split_once('.'))
                .map(|(n, _)| n.as_bytes().to_vec())
                .collect();
            nested.dedup();
        }
        Ok(JsonRows { nested, ..Self::new(false, strings, 0, o)? })
    }
    pub fn arrays(strings: bool, header: usize, o: &InputOptions) -> Result<Self> {
        Self::new(true, strings, header, o)
    }
    fn new(arrays: bool, strings: bool, header: usize, o: &InputOptions) -> Result<Self> {
        Ok(JsonRows {
            arrays,
            strings,
            header,
            map: None,
            skip_unknown: o.skip_unknown,
            rules: Header::new(o)?,
            variable_width: o.flag("input_format_json_compact_allow_variable_number_of_columns", false)?,
            strict: o.text.strict,
            nested: Vec::new(),
            next: 0,
            in_array: false,
            started: false,
            scratch: Vec::new(),
        })
    }

    /// The column of the key at the cursor, `None` if no column has that name (then it is in `scratch`).
    #[inline]
    fn key(&mut self, c: &mut Cursor<'_>, rows: &Rows) -> Result<Option<usize>> {
        if let Some(name) = rows.names.get(self.next) {
            let rest = c.rest();
            let n = name.len();
            if rest.len() > n + 1 && rest[0] == b'"' && rest[n + 1] == b'"' && &rest[1..=n] == name.as_bytes()
            {
                c.pos += n + 2;
                return Ok(Some(self.next));
            }
        }
        self.scratch.clear();
        if c.peek() != Some(b'"') {
            return Err(c.error(CANNOT_PARSE_QUOTED_STRING, "expected a key in double quotes"));
        }
        read_json_string(c, self.strict, &mut self.scratch)?;
        Ok(rows.find(&self.scratch))
    }

    /// Reads one object as a row.
    pub fn object(&mut self, c: &mut Cursor<'_>, rows: &mut Rows) -> Result<()> {
        rows.column = None;
        c.expect(b'{')?;
        c.blank();
        let mut filled = 0;
        if c.at_end() {
            return Err(cut_off(c));
        }
        if !c.eat(b'}') {
            loop {
                c.blank();
                let column = self.key(c, rows)?;
                c.blank();
                c.expect(b':')?;
                c.blank();
                match column {
                    Some(i) => {
                        if rows.builders[i].len() > rows.rows {
                            return Err(Error::new(
                                INCORRECT_DATA,
                                format!("Duplicate field found: '{}'", rows.names[i]),
                            ));
                        }
                        if self.strings {
                            rows.read_json_text(i, c, &mut self.scratch)?
                        } else {
                            rows.read_json(i, c)?
                        }
                        rows.column = None;
                        filled += 1;
                        self.next = i + 1;
                        if self.next == rows.names.len() {
                            self.next = 0;
                        }
                    }
                    None => filled += self.unknown(c, rows)?,
                }
                c.blank();
                if c.eat(b'}') {
                    break;
                }
                if c.at_end() {
                    return Err(cut_off(c));
                }
                if !c.eat(b',') {
                    return Err(c.expected("',' or '}'"));
                }
            }
        }
        rows.finish_row(filled);
        Ok(())
    }

    #[cold]
    fn unknown(&mut self, c: &mut Cursor<'_>, rows: &mut Rows) -> Result<usize> {
        if c.peek() == Some(b'{') && self.nested.contains(&self.scratch) {
            return self.nested_object(c, rows);
        }
        if !self.skip_unknown {
            return Err(Error::new(
                INCORRECT_DATA,
                format!(
                    "Unknown field found: '{}'; the table has no such column (input_format_skip_unknown_fields=1 leaves such fields out)",
                    clip(&self.scratch, 50)
                ),
            ));
        }
        skip_json(c)?;
        Ok(0)
    }

    fn nested_object(&mut self, c: &mut Cursor<'_>, rows: &mut Rows) -> Result<usize> {
        let mut name = std::mem::take(&mut self.scratch);
        name.push(b'.');
        let prefix = name.len();
        let mut filled = 0;
        c.expect(b'{')?;
        c.blank();
        if c.eat(b'}') {
            return Ok(0);
        }
        loop {
            c.blank();
            name.truncate(prefix);
            read_json_string(c, self.strict, &mut name)?;
            c.blank();
            c.expect(b':')?;
            c.blank();
            match rows.find(&name) {
                Some(i) if rows.builders[i].len() == rows.rows => {
                    rows.read_json(i, c)?;
                    filled += 1;
                }
                Some(_) => {
                    return Err(Error::new(
                        INCORRECT_DATA,
                        format!("Duplicate field found: '{}'", clip(&name, 50)),
                    ));
                }
                None if self.skip_unknown => skip_json(c)?,
                None => {
                    return Err(Error::new(
                        INCORRECT_DATA,
                        format!("Unknown field found: '{}'", clip(&name, 50)),
                    ));
                }
            }
            rows.column = None;
            c.blank();
            if c.eat(b'}') {
                return Ok(filled);
            }
            c.expect(b',')?;
        }
    }

    /// Reads one array as a row.
    pub fn array(&mut self, c: &mut Cursor<'_>, rows: &mut Rows) -> Result<()> {
        rows.column = None;
        c.expect(b'[')?;
        let width = self.map.as_ref().map_or(rows.width(), Vec::len);
        let mut filled = 0;
        for i in 0..width {
            c.blank();
            if self.variable_width && c.peek() == Some(b']') {
                break;
            }
            if i > 0 {
                if !c.eat(b',') {
                    return Err(c.expected(&format!("',': a row has {width} values")));
                }
                c.blank();
            }
            match self.map.as_ref().map_or(Some(i), |m| m[i]) {
                Some(column) => {
                    if self.strings {
                        rows.read_json_text(column, c, &mut self.scratch)?
                    } else {
                        rows.read_json(column, c)?
                    }
                    filled += 1;
                }
                None => skip_json(c)?,
            }
            rows.column = None;
        }
        c.blank();
        while self.variable_width && c.eat(b',') {
            c.blank();
            skip_json(c)?;
            c.blank();
        }
        if !c.eat(b']') {
            return Err(c.expected(&format!("']': a row has {width} values")));
        }
        rows.finish_row(filled);
        Ok(())
    }

    fn header(&mut self, c: &mut Cursor<'_>, rows: &Rows) -> Result<()> {
        let mut names = Vec::new();
        c.expect(b'[')?;
        c.blank();
        if !c.eat(b']') {
            loop {
                c.blank();
                let mut name = Vec::new();
                read_json_string(c, self.strict, &mut name)?;
                names.push(name);
                c.blank();
                if c.eat(b']') {
                    break;
                }
                c.expect(b',')?;
            }
        }
        match &self.map {
            None => self.map = Some(map_header(&names, rows, self.rules)?),
            Some(map) => check_types(&names, map, rows, self.rules)?,
        }
        self.header -= 1;
        Ok(())
    }
}

impl Reader for JsonRows {
    fn fork(&self) -> Option<Box<dyn Reader>> {
        let rows_only = self.started && self.header == 0 && !self.in_array;
        rows_only.then(|| Box::new(self.clone()) as Box<dyn Reader>)
    }
    fn step(&mut self, c: &mut Cursor<'_>, rows: &mut Rows, eof: bool) -> Result<Step> {
        rows.column = None;
        let from = c.pos;
        c.blank();
        // Between rows: blanks, one comma or semicolon.
        if self.started && matches!(c.peek(), Some(b',' | b';')) {
            if self.strict && !self.in_array {
                return Err(c.expected("the next row"));
            }
            c.pos += 1;
            c.blank();
        }
        let Some(b) = c.peek() else {
            if eof && self.in_array {
                return Err(c.expected("']' at the end of the rows"));
            }
            if eof && self.header > 0 && self.strict {
                return Err(c.expected("the names of the columns"));
            }
            return Ok(if eof {
                Step::End
            } else if c.pos > from {
                Step::Taken
            } else {
                Step::More
            });
        };
        if self.in_array && b == b']' {
            c.pos += 1;
            self.in_array = false;
            return Ok(Step::End);
        }
        if !self.started && b == b'[' {
            let mut ahead = c.clone();
            ahead.pos += 1;
            ahead.blank();
            match ahead.peek() {
                None if !eof => return Ok(Step::More),
                Some(b'[' | b']') if self.arrays && self.header == 0 => {
                    // An array of arrays; but `[[` may also begin a first value that is an array itself.
                    let nested = rows.codecs.first().is_some_and(types::text::Codec::is_nested);
                    if !nested {
                        *c = ahead;
                        (self.in_array, self.started) = (true, true);
                        return Ok(Step::Taken);
                    }
                }
                Some(b'{' | b']') if !self.arrays => {
                    *c = ahead;
                    (self.in_array, self.started) = (true, true);
                    return Ok(Step::Taken);
                }
                _ => {}
            }
        }
        if self.header > 0 {
            self.header(c, rows)?;
            self.started = true;
            return Ok(Step::Taken);
        }
        if self.arrays {
            self.array(c, rows)?
        } else {
            self.object(c, rows)?
        }
        self.started = true;
        Ok(Step::Row)
    }

    /// Brackets outside of strings are counted.
    fn row_end(&self, data: &[u8], from: usize) -> Option<usize> {
        let (mut depth, mut i) = (0usize, from);
        while let Some(&b) = data.get(i) {
            match b {
                b'"' => {
                    i += 1;
                    loop {
                        i += types::text::escape::json_stop(data.get(i..)?)?;
                        match data[i] {
                            b'"' => break,
                            b'\\' => i += 2,
                            b'\n' if self.strict => return Some(i + 1),
                            _ => i += 1,
                        }
                    }
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' if depth <= 1 => {
                    // The rest of the line belongs to the bad row.
                    return match memchr::memchr(b'\n', &data[i..]) {
                        Some(n)
                            if data[i + 1..i + n]
                                .iter()
                                .all(|b| matches!(b, b' ' | b'\r' | b'\t' | b',')) =>
                        {
                            Some(i + n + 1)
                        }
                        _ => Some(i + 1),
                    };
                }
                b'}' | b']' => depth -= 1,
                // Something that is no row at all: up to the end of the line.
                b'\n' if depth == 0 && !data[from..i].trim_ascii().is_empty() => return Some(i + 1),
                _ => {}
            }
            i += 1;
        }
        None
    }

    fn value_end(&self, data: &[u8], from: usize) -> usize {
        let mut c = Cursor { data, pos: from };
        if skip_json(&mut c).is_ok() {
            return c.pos;
        }
        data[from..].iter().position(|b| matches!(b, b'\n' | b',' | b'}')).map_or(data.len(), |n| from + n)
    }
}

/// The error of a row with another number of values than columns.
/// The data ends inside an object, where a member or the end could stand.
fn cut_off(c: &Cursor<'_>) -> Error {
    c.error(CANNOT_READ_ALL_DATA, "expected ',' or '}'")
}

pub(crate) fn width_error(what: &str, got: usize, want: usize) -> Error {
    Error::new(
        CANNOT_PARSE_INPUT_ASSERTION_FAILED,
        format!("{what} has {got} values, the columns are {want}"),
    )
}
