//! JSON formats of one document: JSON, JSONCompact (the rows under `data`), JSONColumns and its
//! relatives, JSONObjectEachRow. The whole body is held, bounded by `document_bytes_max`.

use super::json_rows::JsonRows;
use super::{InputField, InputOptions, Reader, Rows, Step};
use types::codes::INCORRECT_DATA;
use types::text::escape::read_json_string;
use types::text::{Cursor, clip, skip_json};
use types::{Error, Result};

#[derive(Clone, Copy, PartialEq)]
enum Shape {
    /// `{"meta":…, "data":[…], …}`
    Rows,
    /// `{"a":[…], "b":[…]}`, perhaps under `data`
    Columns,
    /// `[[…],[…]]`
    CompactColumns,
    /// `{"row_1":{…}, …}`
    RowObject,
}

enum State {
    Start,
    Rows,
    Done,
}

pub(crate) struct Document {
    shape: Shape,
    rows: JsonRows,
    arrays: bool,
    skip_unknown: bool,
    strict: bool,
    state: State,
    first: bool,
    /// the types of `meta` must be those of the columns
    check_meta: bool,
    /// column that takes the names of the rows of JSONObjectEachRow
    names: Option<usize>,
}

impl Document {
    pub fn new(name: &str, fields: &[InputField], o: &InputOptions) -> Result<Self> {
        let arrays = name == "JSONCompact";
        let names = o.text_of("format_json_object_each_row_column_for_object_name", "");
        Ok(Document {
            shape: match name {
                "JSON" | "JSONCompact" => Shape::Rows,
                "JSONObjectEachRow" => Shape::RowObject,
                "JSONCompactColumns" => Shape::CompactColumns,
                _ => Shape::Columns,
            },
            rows: if arrays { JsonRows::arrays(false, 0, o)? } else { JsonRows::objects(false, fields, o)? },
            arrays,
            skip_unknown: o.skip_unknown,
            strict: o.text.strict,
            state: State::Start,
            first: true,
            check_meta: !o.text.strict && o.flag("input_format_json_validate_types_from_metadata", true)?,
            names: fields.iter().position(|f| name == "JSONObjectEachRow" && f.name == names),
        })
    }

    fn key(&self, c: &mut Cursor<'_>) -> Result<Vec<u8>> {
        let mut name = Vec::new();
        c.blank();
        read_json_string(c, self.strict, &mut name)?;
        c.blank();
        c.expect(b':')?;
        c.blank();
        Ok(name)
    }

    /// Goes to the value of `data`. True if it is there.
    fn find_data(&self, c: &mut Cursor<'_>) -> Result<bool> {
        c.blank();
        c.expect(b'{')?;
        c.blank();
        if c.eat(b'}') {
            return Ok(false);
        }
        loop {
            if self.key(c)? == b"data" {
                return Ok(true);
            }
            skip_json(c)?;
            c.blank();
            if c.eat(b'}') {
                return Ok(false);
            }
            c.expect(b',')?;
        }
    }

    /// Behind the value of `data`: the other members and the closing brace.
    fn rest(c: &mut Cursor<'_>, this: &Document) -> Result<()> {
        loop {
            c.blank();
            if c.eat(b'}') {
                return Ok(());
            }
            c.expect(b',')?;
            this.key(c)?;
            skip_json(c)?;
        }
    }

    /// Reads the array of one column at the cursor; gives its length.
    fn column(&self, i: usize, c: &mut Cursor<'_>, rows: &mut Rows) -> Result<usize> {
        if !rows.builders[i].is_empty() {
            return Err(Error::new(INCORRECT_DATA, format!("Duplicate column found: '{}'", rows.names[i])));
        }
        c.expect(b'[')?;
        c.blank();
        if c.eat(b']') {
            return Ok(0);
        }
        loop {
            c.blank();
            rows.at(i, c.pos..c.pos);
            rows.codecs[i].read_json(c, &mut rows.builders[i])?;
            c.blank();
            if c.eat(b']') {
                rows.column = None;
                return Ok(rows.builders[i].len());
            }
            c.expect(b',')?;
        }
    }

    fn columns(&self, c: &mut Cursor<'_>, rows: &mut Rows) -> Result<()> {
        let mut count: Option<usize> = None;
        let (open, close) = if self.shape == Shape::CompactColumns { (b'[', b']') } else { (b'{', b'}') };
        c.blank();
        c.expect(open)?;
        c.blank();
        if !c.eat(close) {
            let mut position = 0;
            loop {
                c.blank();
                let column = if open == b'[' {
                    (position < rows.width()).then_some(position)
                } else {
                    let name = self.key(c)?;
                    let hit = rows.find(&name);
                    if hit.is_none() && !self.skip_unknown {
                        return Err(Error::new(
                            INCORRECT_DATA,
                            format!("Unknown column found: '{}'", clip(&name, 50)),
                        ));
                    }
                    hit
                };
                position += 1;
                match column {
                    Some(i) => {
                        let n = self.column(i, c, rows)?;
                        if *count.get_or_insert(n) != n {
                            return Err(Error::new(
                                INCORRECT_DATA,
                                format!(
                                    "Column '{}' has {n} values, the ones before it have another number",
                                    rows.names[i]
                                ),
                            ));
                        }
                    }
                    None if open == b'[' => {
                        return Err(Error::new(
                            INCORRECT_DATA,
                            format!("The input has more than {} columns", rows.width()),
                        ));
                    }
                    None => skip_json(c)?,
                }
                c.blank();
                if c.eat(close) {
                    break;
                }
                c.expect(b',')?;
            }
        }
        // Columns that the document does not have.
        let n = count.unwrap_or(0);
        let given: Vec<bool> = rows.builders.iter().map(|b| !b.is_empty()).collect();
        for _ in 0..n {
            for (i, _) in given.iter().enumerate().filter(|(_, g)| !**g) {
                rows.builders[i].push_default(1);
                rows.mark_missing(i);
            }
            rows.rows += 1;
        }
        Ok(())
    }
}

/// Errors: `INCORRECT_DATA` where `meta` at the document's beginning gives a column another type.
fn check_meta(c: &Cursor<'_>, rows: &Rows) -> Result<()> {
    let Ok(meta) = crate::infer::meta(c.rest()) else { return Ok(()) };
    for field in meta {
        let Some(i) = rows.find(field.name.as_bytes()) else { continue };
        if field.ty != rows.types[i] {
            return Err(Error::new(
                INCORRECT_DATA,
                format!(
                    "Type {} of column '{}' from metadata is not the same as type in header {} \
                     (input_format_json_validate_types_from_metadata = 0 does not compare them)",
                    field.ty, field.name, rows.types[i]
                ),
            ));
        }
    }
    Ok(())
}

impl Reader for Document {
    fn whole(&self) -> bool {
        true
    }
    fn can_skip(&self) -> bool {
        matches!(self.shape, Shape::Rows | Shape::RowObject)
    }
    fn row_end(&self, data: &[u8], from: usize) -> Option<usize> {
        if matches!(self.state, State::Rows) { self.rows.row_end(data, from) } else { None }
    }
    fn value_end(&self, data: &[u8], from: usize) -> usize {
        self.rows.value_end(data, from)
    }
    fn step(&mut self, c: &mut Cursor<'_>, rows: &mut Rows, _eof: bool) -> Result<Step> {
        match self.state {
            State::Done => return Ok(Step::End),
            State::Start => {
                c.blank();
                if c.at_end() && !self.strict {
                    self.state = State::Done;
                    return Ok(Step::End);
                }
                match self.shape {
                    Shape::Rows => {
                        if self.check_meta {
                            check_meta(c, rows)?;
                        }
                        if self.find_data(c)? {
                            c.expect(b'[')?;
                            self.state = State::Rows;
                        } else {
                            self.state = State::Done;
                        }
                    }
                    Shape::RowObject => {
                        c.expect(b'{')?;
                        self.state = State::Rows;
                    }
                    Shape::Columns | Shape::CompactColumns => {
                        let mut ahead = c.clone();
                        // JSONColumnsWithMetadata: the columns stand under `data`.
                        let under_data = self.shape == Shape::Columns
                            && rows.find(b"data").is_none()
                            && self.find_data(&mut ahead).unwrap_or(false)
                            && ahead.peek() == Some(b'{');
                        if under_data {
                            *c = ahead;
                        }
                        self.columns(c, rows)?;
                        if under_data {
                            Self::rest(c, self)?;
                        }
                        self.state = State::Done;
                        let n = rows.rows;
                        if n == 0 {
                            return Ok(Step::Taken);
                        }
                        return Ok(Step::Block(Box::new(rows.take())));
                    }
                }
                return Ok(Step::Taken);
            }
            State::Rows => {}
        }
        c.blank();
        let close = if self.shape == Shape::Rows { b']' } else { b'}' };
        if c.eat(close) {
            if self.shape == Shape::Rows {
                Self::rest(c, self)?;
            }
            self.state = State::Done;
            return Ok(Step::End);
        }
        if !self.first && !c.eat(b',') && !matches!(c.data.get(c.pos.wrapping_sub(1)), Some(b'\n')) {
            return Err(c.expected("',' between rows"));
        }
        c.blank();
        if self.shape == Shape::RowObject {
            let name = self.key(c)?;
            if let Some(i) = self.names {
                rows.read_name(i, &name)?;
            }
        }
        if self.arrays {
            self.rows.array(c, rows)?
        } else {
            self.rows.object(c, rows)?
        }
        self.first = false;
        Ok(Step::Row)
    }
}
