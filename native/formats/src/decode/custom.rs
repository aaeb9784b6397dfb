//! CustomSeparated: separators and escaping from the `format_custom_…` settings.

use super::rows::{Header, check_types, map_header};
use super::{InputOptions, Reader, Rows, Step};
use types::Result;
use types::codes::BAD_ARGUMENTS;
use types::text::Cursor;
use types::text::escape::{read_json_string, read_quoted_string, unescape};

/// Separators and escaping of CustomSeparated.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomSyntax {
    pub rule: Rule,
    pub field: Vec<u8>,
    pub row_before: Vec<u8>,
    pub row_after: Vec<u8>,
    pub row_between: Vec<u8>,
    pub result_before: Vec<u8>,
    pub result_after: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    Escaped,
    Quoted,
    Csv,
    Json,
    Xml,
    Raw,
}

impl Rule {
    /// `None` for no rule at all. Errors: `BAD_ARGUMENTS` that names the setting or place, and the rules.
    pub(crate) fn parse(text: &str, place: &str) -> Result<Option<Rule>> {
        Ok(match text {
            "" | "None" => None,
            "Escaped" => Some(Rule::Escaped),
            "Quoted" => Some(Rule::Quoted),
            "CSV" => Some(Rule::Csv),
            "JSON" => Some(Rule::Json),
            "XML" => Some(Rule::Xml),
            "Raw" => Some(Rule::Raw),
            _ => {
                return Err(types::Error::new(
                    BAD_ARGUMENTS,
                    format!(
                        "Unknown {place} '{}'; it may be Escaped, Quoted, CSV, JSON, XML or Raw",
                        types::text::clip(text.as_bytes(), 50)
                    ),
                ));
            }
        })
    }
}

impl CustomSyntax {
    /// Errors: `BAD_ARGUMENTS` for an unknown escaping rule.
    pub fn from_settings(get: impl Fn(&str, &str) -> String) -> Result<Self> {
        let bytes = |name: &str, default: &str| get(name, default).into_bytes();
        let rule = get("format_custom_escaping_rule", "Escaped");
        Ok(CustomSyntax {
            rule: Rule::parse(&rule, "format_custom_escaping_rule")?.unwrap_or(Rule::Escaped),
            field: bytes("format_custom_field_delimiter", "\t"),
            row_before: bytes("format_custom_row_before_delimiter", ""),
            row_after: bytes("format_custom_row_after_delimiter", "\n"),
            row_between: bytes("format_custom_row_between_delimiter", ""),
            result_before: bytes("format_custom_result_before_delimiter", ""),
            result_after: bytes("format_custom_result_after_delimiter", ""),
        })
    }
}

pub(crate) struct Custom {
    syntax: CustomSyntax,
    header: usize,
    map: Option<Vec<Option<usize>>>,
    rules: Header,
    variable_width: bool,
    strict: bool,
    /// blanks around fields and delimiters are passed over
    spaces: bool,
    begun: bool,
    any_row: bool,
}

impl Custom {
    pub fn new(header: usize, spaces: bool, o: &InputOptions) -> Result<Self> {
        Ok(Custom {
            syntax: CustomSyntax::from_settings(|n, d| o.text_of(n, d))?,
            header,
            map: None,
            rules: Header::new(o)?,
            variable_width: o.flag("input_format_custom_allow_variable_number_of_columns", false)?,
            strict: o.text.strict,
            spaces,
            begun: false,
            any_row: false,
        })
    }

    fn blank(&self, c: &mut Cursor<'_>) {
        if self.spaces {
            while matches!(c.peek(), Some(b' ' | b'\t')) {
                c.pos += 1;
            }
        }
    }

    fn expect(&self, c: &mut Cursor<'_>, what: &[u8]) -> Result<()> {
        self.blank(c);
        if !c.rest().starts_with(what) {
            return Err(c.expected(&format!("delimiter {:?}", String::from_utf8_lossy(what))));
        }
        c.pos += what.len();
        Ok(())
    }

    /// What may follow a field.
    fn stops(&self, last: bool) -> [&[u8]; 2] {
        let last = last && !self.variable_width;
        [if last { &self.syntax.row_after } else { &self.syntax.field }, &self.syntax.row_after]
    }

    fn header_row(&self, c: &mut Cursor<'_>) -> Result<Vec<Vec<u8>>> {
        let mut out = Vec::new();
        self.expect(c, &self.syntax.row_before)?;
        loop {
            let mut name = Vec::new();
            self.blank(c);
            match (self.syntax.rule, c.peek()) {
                (Rule::Json, _) => read_json_string(c, self.strict, &mut name)?,
                (Rule::Quoted, Some(b'\'')) => read_quoted_string(c, &mut name)?,
                (Rule::Csv, Some(b'"')) => name = csv_quoted(c)?,
                (Rule::Escaped, _) => unescape(plain(c, self.stops(false)), &mut name)?,
                _ => name.extend_from_slice(plain(c, self.stops(false))),
            }
            if self.spaces {
                name.truncate(name.trim_ascii_end().len());
            }
            out.push(name);
            self.blank(c);
            if c.rest().starts_with(&self.syntax.field) && !self.syntax.field.is_empty() {
                c.pos += self.syntax.field.len();
            } else {
                self.expect(c, &self.syntax.row_after)?;
                return Ok(out);
            }
        }
    }
}

/// Bytes of the field at the cursor: up to the nearer of the two delimiters that may follow it.
fn plain<'a>(c: &mut Cursor<'a>, stops: [&[u8]; 2]) -> &'a [u8] {
    let rest = c.rest();
    let mut end = rest.len();
    for d in stops {
        if !d.is_empty()
            && let Some(n) = memchr::memmem::find(&rest[..end], d)
        {
            end = n;
        }
    }
    c.pos += end;
    &rest[..end]
}

/// A field that delimiters surround.
pub(super) struct Field<'a> {
    pub rule: Rule,
    /// what may follow it
    pub stops: [&'a [u8]; 2],
    /// where it goes; nowhere if `None`
    pub column: Option<usize>,
}

pub(super) fn read_field(field: &Field<'_>, c: &mut Cursor<'_>, rows: &mut Rows) -> Result<()> {
    let &Field { rule, stops, column } = field;
    let from = c.pos;
    if rule == Rule::Json {
        c.blank();
        return match column {
            Some(i) => rows.read_json(i, c),
            None => types::text::skip_json(c),
        };
    }
    if rule == Rule::Quoted
        && let Some(i) = column
    {
        rows.at(i, from..from);
        if !rows.codecs[i].read_quoted(c, &mut rows.builders[i])? {
            rows.mark_missing(i);
        }
        return Ok(());
    }
    if rule == Rule::Csv && c.peek() == Some(b'"') {
        let value = csv_quoted(c)?;
        if let Some(i) = column {
            rows.at(i, from..c.pos);
            rows.codecs[i].parse_csv(&value, true, &mut rows.builders[i])?;
        }
        return Ok(());
    }
    let text = plain(c, stops);
    let Some(i) = column else { return Ok(()) };
    match rule {
        Rule::Raw | Rule::Xml => rows.read_raw(i, text, from),
        Rule::Csv => {
            rows.at(i, from..c.pos);
            // Blanks behind a value are none of it, as in CSV itself.
            let text = text.trim_ascii_end();
            if !rows.codecs[i].parse_csv(text, false, &mut rows.builders[i])? {
                rows.mark_missing(i);
            }
            Ok(())
        }
        _ => rows.read_tsv(i, text, from),
    }
    .map_err(super::tsv::as_assertion)
}

pub(super) fn csv_quoted(c: &mut Cursor<'_>) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    c.expect(b'"')?;
    loop {
        let rest = c.rest();
        let Some(n) = memchr::memchr(b'"', rest) else { return Err(c.expected("a closing quote")) };
        out.extend_from_slice(&rest[..n]);
        c.pos += n + 1;
        if !c.eat(b'"') {
            return Ok(out);
        }
        out.push(b'"');
    }
}

impl Reader for Custom {
    fn whole(&self) -> bool {
        true
    }
    fn step(&mut self, c: &mut Cursor<'_>, rows: &mut Rows, _eof: bool) -> Result<Step> {
        rows.column = None;
        let s = &self.syntax;
        if !self.begun {
            self.begun = true;
            self.expect(c, &s.result_before)?;
            if c.pos > 0 {
                return Ok(Step::Taken);
            }
        }
        self.blank(c);
        if c.at_end() {
            return if s.result_after.is_empty() || !self.strict {
                Ok(Step::End)
            } else {
                Err(c.expected("the delimiter behind the last row"))
            };
        }
        if !s.result_after.is_empty() && c.rest().trim_ascii_end() == s.result_after.trim_ascii_end() {
            c.pos = c.data.len();
            return Ok(Step::End);
        }
        if self.any_row {
            self.expect(c, &s.row_between)?;
        }
        if self.header > 0 {
            self.any_row = true;
            let names = self.header_row(c)?;
            match &self.map {
                None => self.map = Some(map_header(&names, rows, self.rules)?),
                Some(map) => check_types(&names, map, rows, self.rules)?,
            }
            self.header -= 1;
            return Ok(Step::Taken);
        }
        self.expect(c, &s.row_before)?;
        let width = self.map.as_ref().map_or(rows.width(), Vec::len);
        let mut filled = 0;
        for k in 0..width {
            if k > 0 && self.variable_width && !c.rest().starts_with(&s.field) {
                break;
            }
            if k > 0 {
                self.expect(c, &s.field)?;
            }
            let column = self.map.as_ref().map_or(Some(k), |m| m[k]);
            self.blank(c);
            let field = Field { rule: self.syntax.rule, stops: self.stops(k + 1 == width), column };
            read_field(&field, c, rows)?;
            filled += usize::from(column.is_some());
            rows.column = None;
        }
        while self.variable_width && !s.field.is_empty() && c.rest().starts_with(&s.field) {
            c.pos += s.field.len();
            plain(c, self.stops(false));
        }
        self.blank(c);
        if !(c.at_end() && s.row_after == b"\n") {
            self.expect(c, &s.row_after)?;
        }
        rows.finish_row(filled);
        self.any_row = true;
        Ok(Step::Row)
    }
    fn row_end(&self, data: &[u8], from: usize) -> Option<usize> {
        let after = &self.syntax.row_after;
        memchr::memmem::find(&data[from..], after).map(|n| from + n + after.len())
    }
}
