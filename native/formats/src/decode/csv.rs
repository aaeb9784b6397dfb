//! CSV with its variants: any delimiter, text in double quotes (doubled inside), line ends of any
//! kind, an optional header that is recognised by its names.

use super::rows::{Header, check_types, map_header};
use super::{InputOptions, Reader, Rows, Step};
use types::codes::{CANNOT_PARSE_INPUT_ASSERTION_FAILED, CANNOT_PARSE_TEXT, INCORRECT_DATA};
use types::text::{Cursor, Kind};
use types::{Error, Result};

/// How fields lie in a line: used by CSV and by CustomSeparated with CSV's escaping.
#[derive(Clone, Copy)]
pub(crate) struct CsvSyntax {
    pub delimiter: u8,
    pub double_quotes: bool,
    pub single_quotes: bool,
    pub trim: bool,
}

#[derive(Clone)]
pub(crate) struct Csv {
    syntax: CsvSyntax,
    /// header lines still to come
    header: usize,
    map: Option<Vec<Option<usize>>>,
    /// the first line may be a header although the format does not say so
    detect: bool,
    rules: Header,
    variable_width: bool,
    /// a value that cannot be read is the column's default
    default_if_bad: bool,
    /// arrays stand as CSV inside of a field
    nested_arrays: bool,
    scratch: Vec<u8>,
}

pub(crate) enum Field<'a> {
    /// the bytes end inside the field
    Cut,
    /// (value, had quotes)
    Value(&'a [u8], bool),
}

impl CsvSyntax {
    fn is_quote(&self, b: u8) -> bool {
        (b == b'"' && self.double_quotes) || (b == b'\'' && self.single_quotes)
    }

    /// Reads a field up to its delimiter or line end (which stay). Errors: text behind a closing quote,
    /// and an unclosed quote at the end of the data.
    pub fn field<'a, 'd: 'a>(
        &self,
        c: &mut Cursor<'d>,
        scratch: &'a mut Vec<u8>,
        eof: bool,
    ) -> Result<Field<'a>> {
        if self.trim {
            while matches!(c.peek(), Some(b' ' | b'\t')) && c.peek() != Some(self.delimiter) {
                c.pos += 1;
            }
        }
        match c.peek() {
            Some(q) if self.is_quote(q) => self.quoted(c, q, scratch, eof),
            _ => {
                let rest = c.rest();
                let n = match memchr::memchr3(self.delimiter, b'\n', b'\r', rest) {
                    Some(n) => n,
                    None if eof => rest.len(),
                    None => return Ok(Field::Cut),
                };
                c.pos += n;
                let value = if self.trim { rest[..n].trim_ascii_end() } else { &rest[..n] };
                Ok(Field::Value(value, false))
            }
        }
    }

    fn quoted<'a, 'd: 'a>(
        &self,
        c: &mut Cursor<'d>,
        q: u8,
        scratch: &'a mut Vec<u8>,
        eof: bool,
    ) -> Result<Field<'a>> {
        let data = c.data;
        let mut from = c.pos + 1;
        let begin = from;
        scratch.clear();
        loop {
            let Some(n) = data.get(from..).and_then(|d| memchr::memchr(q, d)) else {
                return if eof {
                    Err(Error::new(INCORRECT_DATA, "Cannot parse CSV: a quote is not closed"))
                } else {
                    Ok(Field::Cut)
                };
            };
            let end = from + n;
            match data.get(end + 1) {
                Some(next) if *next == q => {
                    scratch.extend_from_slice(&data[from..=end]);
                    from = end + 2;
                }
                None if !eof => return Ok(Field::Cut),
                _ => {
                    c.pos = end + 1;
                    while matches!(c.peek(), Some(b' ' | b'\t')) && c.peek() != Some(self.delimiter) {
                        c.pos += 1;
                    }
                    match c.peek() {
                        None if !eof => return Ok(Field::Cut),
                        None | Some(b'\n' | b'\r') => {}
                        Some(b) if b == self.delimiter => {}
                        Some(_) => {
                            let delimiter = self.delimiter as char;
                            let text =
                                format!("expected '{delimiter}' or a line end behind the closing quote");
                            return Err(c.error(INCORRECT_DATA, &text));
                        }
                    }
                    if from == begin {
                        return Ok(Field::Value(&data[begin..end], true));
                    }
                    scratch.extend_from_slice(&data[from..end]);
                    return Ok(Field::Value(scratch, true));
                }
            }
        }
    }

    /// Takes a line end. `None`: the bytes end before it is known.
    pub fn line_end(c: &mut Cursor<'_>, eof: bool) -> Option<bool> {
        match c.peek() {
            None => eof.then_some(true),
            Some(b'\n') => {
                c.pos += 1;
                Some(true)
            }
            Some(b'\r') => {
                match c.data.get(c.pos + 1) {
                    None if !eof => return None,
                    Some(b'\n') => c.pos += 2,
                    _ => c.pos += 1,
                }
                Some(true)
            }
            Some(_) => Some(false),
        }
    }

    /// All fields of a line. `None`: it is not complete.
    fn line(&self, c: &mut Cursor<'_>, eof: bool) -> Result<Option<Vec<Vec<u8>>>> {
        let mut out = Vec::new();
        loop {
            let mut scratch = Vec::new();
            match self.field(c, &mut scratch, eof)? {
                Field::Cut => return Ok(None),
                Field::Value(v, _) => out.push(v.to_vec()),
            }
            match Self::line_end(c, eof) {
                None => return Ok(None),
                Some(true) => return Ok(Some(out)),
                Some(false) => c.pos += 1,
            }
        }
    }

    /// End of the line that starts at `from`, quotes respected; a quote that is not closed ends nowhere.
    pub fn line_of(&self, data: &[u8], from: usize) -> Option<usize> {
        let (mut i, mut at_start) = (from, true);
        loop {
            let b = *data.get(i)?;
            if at_start && self.is_quote(b) {
                i += 1 + memchr::memchr(b, data.get(i + 1..)?)? + 1;
                // A doubled quote goes on with the text.
                while data.get(i) == Some(&b) {
                    i += 1 + memchr::memchr(b, data.get(i + 1..)?)? + 1;
                }
                at_start = false;
                continue;
            }
            i += 1;
            if b == b'\n' {
                return Some(i);
            }
            at_start = b == self.delimiter || (at_start && matches!(b, b' ' | b'\t'));
        }
    }
}

impl Csv {
    pub fn new(header: usize, o: &InputOptions) -> Result<Self> {
        Ok(Csv {
            syntax: CsvSyntax {
                delimiter: o.text.csv_delimiter,
                double_quotes: o.flag("format_csv_allow_double_quotes", true)?,
                single_quotes: o.flag("format_csv_allow_single_quotes", false)?,
                trim: o.flag("input_format_csv_trim_whitespaces", true)?
                    && !o.flag("input_format_csv_allow_whitespace_or_tab_as_delimiter", false)?,
            },
            header,
            map: None,
            detect: header == 0 && o.flag("input_format_csv_detect_header", true)?,
            rules: Header::new(o)?,
            variable_width: o.flag("input_format_csv_allow_variable_number_of_columns", false)?,
            default_if_bad: o.flag("input_format_csv_use_default_on_bad_values", false)?,
            nested_arrays: o.flag("input_format_csv_arrays_as_nested_csv", false)?,
            scratch: Vec::new(),
        })
    }

    /// One field into a column; a tuple takes one field for each of its elements. False: cut.
    fn value(
        &mut self,
        column: Option<usize>,
        c: &mut Cursor<'_>,
        rows: &mut Rows,
        eof: bool,
    ) -> Result<bool> {
        let from = c.pos;
        let Some(i) = column else {
            return Ok(!matches!(self.syntax.field(c, &mut self.scratch, eof)?, Field::Cut));
        };
        rows.at(i, from..from);
        if let Kind::Tuple(of) = &rows.codecs[i].kind
            && !of.is_empty()
            && !rows.codecs[i].nullable
        {
            let start = c.rest().iter().find(|b| !matches!(b, b'"' | b' '));
            if start.is_some() && start != Some(&b'(') {
                return tuple(&self.syntax, of, c, &mut rows.builders[i], &mut self.scratch, eof);
            }
        }
        let value = match self.syntax.field(c, &mut self.scratch, eof)? {
            Field::Cut => return Ok(false),
            Field::Value(v, quoted) => {
                rows.value = from..c.pos;
                // Blanks belong to texts alone.
                let text = matches!(rows.codecs[i].kind, Kind::String | Kind::FixedString(_));
                let v = if quoted || text { v } else { v.trim_ascii() };
                let read = if self.nested_arrays {
                    super::csv_arrays::parse(&self.syntax, &rows.codecs[i], v, quoted, &mut rows.builders[i])
                } else {
                    rows.codecs[i].parse_csv(v, quoted, &mut rows.builders[i])
                };
                match read {
                    Err(_) if self.default_if_bad => {
                        rows.builders[i].truncate(rows.rows);
                        rows.builders[i].push_default(1);
                        Ok(false)
                    }
                    read => read,
                }
            }
        };
        if !value? {
            rows.mark_missing(i);
        }
        Ok(true)
    }

    fn row(&mut self, c: &mut Cursor<'_>, rows: &mut Rows, eof: bool) -> Result<Step> {
        let width = self.map.as_ref().map_or(rows.width(), Vec::len);
        for k in 0..width {
            let column = self.map.as_ref().map_or(Some(k), |m| m[k]);
            let done = self.value(column, c, rows, eof).map_err(|e| {
                // A number that stops early is, to the format, a missing delimiter.
                match e.code() {
                    CANNOT_PARSE_TEXT if k + 1 == width => recode(&e, INCORRECT_DATA),
                    CANNOT_PARSE_TEXT => recode(&e, CANNOT_PARSE_INPUT_ASSERTION_FAILED),
                    _ => e,
                }
            })?;
            if !done {
                return Ok(Step::More);
            }
            rows.column = None;
            if k + 1 < width {
                if c.peek() == Some(self.syntax.delimiter) {
                    c.pos += 1;
                    continue;
                }
                if c.at_end() && !eof {
                    return Ok(Step::More);
                }
                if self.variable_width {
                    break;
                }
                return Err(super::json_rows::width_error("The line", k + 1, width));
            }
        }
        match CsvSyntax::line_end(c, eof) {
            None => return Ok(Step::More),
            Some(true) => {}
            Some(false) if self.variable_width => loop {
                c.pos += 1;
                if matches!(self.syntax.field(c, &mut self.scratch, eof)?, Field::Cut) {
                    return Ok(Step::More);
                }
                match CsvSyntax::line_end(c, eof) {
                    None => return Ok(Step::More),
                    Some(true) => break,
                    Some(false) => {}
                }
            },
            Some(false) => {
                return Err(Error::new(
                    INCORRECT_DATA,
                    format!("Expected the end of the line behind its {width} values"),
                ));
            }
        }
        let filled = rows.builders.iter().filter(|b| b.len() > rows.rows).count();
        rows.finish_row(filled);
        Ok(Step::Row)
    }
}

/// Header fields `t.x`, `t.y` (or their types) of a tuple that stands in several columns become one.
fn join_tuples(heads: &mut Vec<Vec<u8>>, rows: &Rows, types: bool) {
    for (name, ty) in rows.names.iter().zip(&rows.types) {
        if !matches!(ty, types::Type::Tuple(_)) {
            continue;
        }
        let leaves: Vec<Vec<u8>> = crate::encode::csv_leaves(name, ty)
            .into_iter()
            .map(|(n, t)| if types { t.into_bytes() } else { n.into_bytes() })
            .collect();
        if leaves.is_empty() || leaves.len() > heads.len() {
            continue;
        }
        if let Some(at) =
            (0..=heads.len() - leaves.len()).find(|i| heads[*i..*i + leaves.len()] == leaves[..])
        {
            let whole = if types { ty.to_string() } else { name.clone() };
            heads.splice(at..at + leaves.len(), [whole.into_bytes()]);
        }
    }
}

fn recode(e: &Error, code: types::codes::Code) -> Error {
    Error::new(code, e.message())
}

fn tuple(
    syntax: &CsvSyntax,
    of: &[(std::sync::Arc<str>, types::text::Codec)],
    c: &mut Cursor<'_>,
    out: &mut types::ColumnBuilder,
    scratch: &mut Vec<u8>,
    eof: bool,
) -> Result<bool> {
    let types::builder::Values::Tuple(cs) = &mut out.values else {
        return Err(Error::internal("a tuple does not fit this column"));
    };
    for (k, ((_, codec), column)) in of.iter().zip(cs.iter_mut()).enumerate() {
        if k > 0 {
            if c.at_end() && !eof {
                return Ok(false);
            }
            c.expect(syntax.delimiter)?;
        }
        if let Kind::Tuple(inner) = &codec.kind {
            if !tuple(syntax, inner, c, column, scratch, eof)? {
                return Ok(false);
            }
            continue;
        }
        match syntax.field(c, scratch, eof)? {
            Field::Cut => return Ok(false),
            Field::Value(v, quoted) => codec.parse_csv(v, quoted, column)?,
        };
    }
    out.pushed();
    Ok(true)
}

impl Reader for Csv {
    fn fork(&self) -> Option<Box<dyn Reader>> {
        (self.header == 0 && !self.detect).then(|| Box::new(self.clone()) as Box<dyn Reader>)
    }
    fn step(&mut self, c: &mut Cursor<'_>, rows: &mut Rows, eof: bool) -> Result<Step> {
        rows.column = None;
        if c.at_end() {
            return Ok(if eof { Step::End } else { Step::More });
        }
        if self.header > 0 || self.detect {
            if self.map.is_none() && c.rest().starts_with(b"\xef\xbb\xbf") {
                c.pos += 3;
            }
            let from = c.pos;
            let Some(names) = self.syntax.line(c, eof)? else { return Ok(Step::More) };
            let mut names = names;
            let typed = self.map.is_some();
            join_tuples(&mut names, rows, typed);
            if self.detect {
                self.detect = false;
                let all = !names.is_empty() && names.iter().all(|n| rows.find(n).is_some());
                if !all {
                    c.pos = from;
                    return if from > 0 && c.data[..from] == *b"\xef\xbb\xbf" {
                        Ok(Step::Taken)
                    } else {
                        self.step(c, rows, eof)
                    };
                }
                self.map = Some(map_header(&names, rows, self.rules)?);
                // Types may follow the names.
                let mut ahead = c.clone();
                if let Ok(Some(mut types)) = self.syntax.line(&mut ahead, eof)
                    && {
                        join_tuples(&mut types, rows, true);
                        types.len() == names.len()
                    }
                    && types
                        .iter()
                        .all(|t| std::str::from_utf8(t).is_ok_and(|t| types::parse::parse_type(t).is_ok()))
                {
                    *c = ahead;
                }
                return Ok(Step::Taken);
            }
            match &self.map {
                None => self.map = Some(map_header(&names, rows, self.rules)?),
                Some(map) => check_types(&names, map, rows, self.rules)?,
            }
            self.header -= 1;
            return Ok(Step::Taken);
        }
        // An empty line is a row only where it can be a value.
        if matches!(c.peek(), Some(b'\n' | b'\r')) && rows.width() != 1 {
            return Ok(match CsvSyntax::line_end(c, eof) {
                None => Step::More,
                _ => Step::Taken,
            });
        }
        self.row(c, rows, eof)
    }

    fn row_end(&self, data: &[u8], from: usize) -> Option<usize> {
        self.syntax.line_of(data, from)
    }
    fn value_end(&self, data: &[u8], from: usize) -> usize {
        data[from..]
            .iter()
            .position(|b| *b == b'\n' || *b == self.syntax.delimiter)
            .map_or(data.len(), |n| from + n)
    }
}
