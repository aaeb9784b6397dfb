//! Template: rows between the texts of two format strings.

use super::custom::{Field, read_field};
use super::{InputOptions, Reader, Rows, Step};
use crate::template::{Pattern, refuse_files};
use types::Result;
use types::text::Cursor;

pub(crate) struct Template {
    result: Pattern,
    row: Pattern,
    between: Vec<u8>,
    columns: Option<Vec<Option<usize>>>,
    begun: bool,
    any_row: bool,
    strict: bool,
}

fn expect(c: &mut Cursor<'_>, what: &[u8]) -> Result<()> {
    if !c.rest().starts_with(what) {
        return Err(c.expected(&format!("the text {:?}", String::from_utf8_lossy(what))));
    }
    c.pos += what.len();
    Ok(())
}

impl Template {
    pub fn new(o: &InputOptions) -> Result<Self> {
        refuse_files(|name| o.text_of(name, ""))?;
        Ok(Template {
            result: Pattern::of_result(&o.text_of("format_template_resultset_format", ""))?,
            row: Pattern::parse(&o.text_of("format_template_row_format", ""))?,
            between: o.text_of("format_template_rows_between_delimiter", "\n").into_bytes(),
            columns: None,
            begun: false,
            any_row: false,
            strict: o.text.strict,
        })
    }

    /// Whether what is left is the end of the result: its texts, with anything between them.
    fn is_end(&self, mut rest: &[u8]) -> bool {
        let texts = &self.result.texts[1..];
        let Some(first) = rest.strip_prefix(texts[0].as_slice()) else {
            return rest.trim_ascii_end() == texts[0].trim_ascii_end() && texts.len() == 1;
        };
        rest = first;
        for text in &texts[1..] {
            if text.is_empty() {
                return true;
            }
            let Some(at) = memchr::memmem::find(rest, text) else { return false };
            rest = &rest[at + text.len()..];
        }
        rest.trim_ascii().is_empty()
    }
}

impl Reader for Template {
    fn whole(&self) -> bool {
        true
    }
    fn step(&mut self, c: &mut Cursor<'_>, rows: &mut Rows, _eof: bool) -> Result<Step> {
        rows.column = None;
        if self.columns.is_none() {
            self.columns = Some(self.row.columns(|n| rows.find(n.as_bytes()), rows.width())?);
        }
        if !self.begun {
            self.begun = true;
            expect(c, &self.result.texts[0])?;
            if c.pos > 0 {
                return Ok(Step::Taken);
            }
        }
        // The end may begin as a row does: it is the end only if nothing else follows.
        if self.is_end(c.rest()) {
            c.pos = c.data.len();
            return Ok(Step::End);
        }
        if self.any_row {
            expect(c, &self.between)?;
            if c.at_end() {
                return Ok(Step::End);
            }
        }
        let columns = self.columns.clone().unwrap_or_default();
        let mut filled = 0;
        for (k, column) in columns.iter().enumerate() {
            expect(c, &self.row.texts[k])?;
            let after = &self.row.texts[k + 1];
            let last = k + 1 == columns.len();
            let stops: [&[u8]; 2] =
                if last && after.is_empty() { [&self.between, &self.result.texts[1]] } else { [after, &[]] };
            let rule = self.row.parts[k].rule;
            // Without a rule the field is passed over.
            let column = if rule.is_none() { None } else { *column };
            let field = Field { rule: rule.unwrap_or(super::Rule::Raw), stops, column };
            read_field(&field, c, rows)?;
            filled += usize::from(column.is_some());
            rows.column = None;
        }
        expect(c, &self.row.texts[columns.len()])?;
        rows.finish_row(filled);
        self.any_row = true;
        if self.strict && c.at_end() && !self.result.texts[1].is_empty() {
            return Err(c.expected("the text behind the last row"));
        }
        Ok(Step::Row)
    }
    fn row_end(&self, data: &[u8], from: usize) -> Option<usize> {
        memchr::memmem::find(&data[from..], &self.between).map(|n| from + n)
    }
}
