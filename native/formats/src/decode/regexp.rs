//! Regexp: a regular expression matches each line as a whole, its groups are the columns in order.

use super::custom::{Field, read_field};
use super::lines::line;
use super::{InputOptions, Reader, Rows, Rule, Step};
use regex::bytes::{Captures, Regex};
use types::codes::{BAD_ARGUMENTS, INCORRECT_DATA, UNEXPECTED_DATA_AFTER_PARSED_VALUE};
use types::text::{Cursor, clip};
use types::{Error, Result};

/// What the `format_regexp…` settings say.
#[derive(Clone)]
pub(crate) struct RegexpSyntax {
    pattern: Regex,
    pub rule: Rule,
    skip_unmatched: bool,
    /// the pattern as it was given
    text: String,
}

impl RegexpSyntax {
    /// Errors: `BAD_ARGUMENTS` for a missing or bad pattern, an unknown escaping rule, XML.
    pub fn from_settings(o: &InputOptions) -> Result<Self> {
        let bad = |message: String| Error::new(BAD_ARGUMENTS, message);
        let text = o.text_of("format_regexp", "");
        if text.is_empty() {
            return Err(bad("Format Regexp needs the setting format_regexp: a regular expression with a \
                            group for each column"
                .into()));
        }
        let pattern =
            types::re2::compile(format!("\\A(?:{text})\\z").as_bytes(), false, false).map_err(|e| {
                bad(format!("Bad format_regexp '{}': {}", clip(text.as_bytes(), 100), e.message()))
            })?;
        let place = "format_regexp_escaping_rule";
        let rule = Rule::parse(&o.text_of(place, "Raw"), place)?.unwrap_or(Rule::Raw);
        if rule == Rule::Xml {
            return Err(bad(format!("{place} XML is for output only; use Raw")));
        }
        Ok(RegexpSyntax {
            pattern,
            rule,
            skip_unmatched: o.flag("format_regexp_skip_unmatched", false)?,
            text,
        })
    }

    /// The groups of a line, `None` for one to be left out. Errors: `INCORRECT_DATA`.
    pub fn groups<'a>(&self, line: &'a [u8]) -> Result<Option<Captures<'a>>> {
        match self.pattern.captures(line) {
            None if !self.skip_unmatched => Err(Error::new(
                INCORRECT_DATA,
                format!(
                    "The line '{}' does not match format_regexp '{}' as a whole; format_regexp_skip_unmatched = 1 \
                     leaves such lines out",
                    clip(line, 100),
                    clip(self.text.as_bytes(), 100)
                ),
            )),
            found => Ok(found),
        }
    }
}

pub(crate) struct Regexp {
    syntax: RegexpSyntax,
}

impl Regexp {
    pub fn new(o: &InputOptions) -> Result<Self> {
        Ok(Regexp { syntax: RegexpSyntax::from_settings(o)? })
    }
}

impl Reader for Regexp {
    fn fork(&self) -> Option<Box<dyn Reader>> {
        Some(Box::new(Regexp { syntax: self.syntax.clone() }))
    }
    fn step(&mut self, c: &mut Cursor<'_>, rows: &mut Rows, eof: bool) -> Result<Step> {
        rows.column = None;
        if c.at_end() {
            return Ok(if eof { Step::End } else { Step::More });
        }
        let begin = c.pos;
        let Some(text) = line(c, eof, true) else { return Ok(Step::More) };
        let Some(groups) = self.syntax.groups(text)? else { return Ok(Step::Taken) };
        if groups.len() - 1 != rows.width() {
            return Err(Error::new(
                INCORRECT_DATA,
                format!(
                    "format_regexp has {} groups, but there are {} columns",
                    groups.len() - 1,
                    rows.width()
                ),
            ));
        }
        for i in 0..rows.width() {
            // A group that took part in no match is an empty text.
            let found = groups.get(i + 1).map_or(0..0, |g| g.range());
            let mut field = Cursor { data: &c.data[..begin + found.end], pos: begin + found.start };
            read_field(
                &Field { rule: self.syntax.rule, stops: [b"", b""], column: Some(i) },
                &mut field,
                rows,
            )?;
            if !field.at_end() {
                return Err(
                    field.error(UNEXPECTED_DATA_AFTER_PARSED_VALUE, "the value ends before its group")
                );
            }
        }
        rows.finish_row(rows.width());
        Ok(Step::Row)
    }
    fn row_end(&self, data: &[u8], from: usize) -> Option<usize> {
        memchr::memchr(b'\n', &data[from..]).map(|n| from + n + 1)
    }
}
