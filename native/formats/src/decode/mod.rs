//! Bytes to columns. `Decoder` is pushed pieces of any size and gives back blocks of rows.
//!
//! How a piece is read: 1. the format's reader takes one row after another from the buffer straight
//! into column builders; 2. where a row fails, it is either not complete yet (the reader finds no
//! end of it: wait for more bytes) or bad: its values are taken back, and it is reported or ends
//! everything; 3. builders that are large enough become a block.

mod arrow;
mod csv;
mod csv_arrays;
mod custom;
mod form;
mod json_document;
mod json_rows;
mod lines;
mod native;
mod options;
mod parquet;
mod regexp;
mod row_binary;
mod rows;
mod split;
mod template;
mod tsv;
mod values;

pub use arrow::arrow_schema_of;
pub(crate) use arrow::infer_arrow;
pub use custom::{CustomSyntax, Rule};
pub(crate) use form::pairs as form_pairs;
pub use options::{InputField, InputOptions, OnError};
pub(crate) use parquet::infer_parquet;
pub use parquet::{Bounds, ParquetBlocks, ParquetSource, Seekable};
pub(crate) use regexp::RegexpSyntax;
pub use rows::Block;
pub(crate) use rows::Rows;
pub use split::{can_split, last_boundary, next_boundary, split_rows};

use crate::registry;
use types::codes::{Code, INCORRECT_DATA, TOO_LARGE_STRING_SIZE, TOO_MANY_BYTES};
use types::text::{Cursor, clip};
use types::{Error, Result};

/// A row that was left out, or the one that ended everything.
#[derive(Clone, Debug)]
pub struct RowError {
    /// from 1
    pub row: u64,
    pub column: Option<String>,
    pub code: Code,
    /// with row, column and value
    pub message: String,
    pub value: Option<String>,
    /// the row's own bytes, at most 4 KiB: for quarantine
    pub raw: Vec<u8>,
}

#[derive(Clone, Debug, Default)]
pub struct Report {
    /// rows read well
    pub rows: u64,
    pub rejected: u64,
    pub errors: Vec<RowError>,
    /// for each column: the input had at least one value for it
    pub present: Vec<bool>,
}

/// What a reader did.
pub(crate) enum Step {
    Row,
    /// something that is no row was taken: a header, a separator, blank lines
    Taken,
    /// many rows of the block `Rows` cannot hold: they are handed over as they are
    Block(Box<Block>),
    /// the bytes end before the next row does
    More,
    /// as `More`, but the reader keeps what it took
    Held,
    End,
}

/// Reads one format.
pub(crate) trait Reader: Send {
    /// Takes the next row. `eof`: no bytes come after these.
    fn step(&mut self, c: &mut Cursor<'_>, rows: &mut Rows, eof: bool) -> Result<Step>;
    /// Where the row that starts at `from` ends, `None` if that is not in the data. Only asked after
    /// an error, to tell a bad row from an incomplete one.
    fn row_end(&self, data: &[u8], from: usize) -> Option<usize>;
    /// End of the value that starts at `from`: for messages.
    fn value_end(&self, data: &[u8], from: usize) -> usize {
        data[from..].iter().position(|b| matches!(b, b'\n' | b'\t' | b',')).map_or(data.len(), |n| from + n)
    }
    /// Formats of one document: nothing is read before all bytes are there.
    fn whole(&self) -> bool {
        false
    }
    /// Takes the whole document over, or gives it back.
    fn own(&mut self, data: Vec<u8>) -> Option<Vec<u8>> {
        Some(data)
    }
    /// A reader for rows further on in the same input, once headers are behind; `None` before that, and
    /// for formats in which a row depends on those before it.
    fn fork(&self) -> Option<Box<dyn Reader>> {
        None
    }
    /// A bad row can be left out and reading go on behind the next line end.
    fn can_skip(&self) -> bool {
        true
    }
}

pub struct Decoder {
    reader: Box<dyn Reader>,
    rows: Rows,
    options: InputOptions,
    tail: Vec<u8>,
    /// do not try again before the tail is this long
    retry_at: usize,
    /// leaving out the rest of a bad row, up to the next line end
    skipping: bool,
    /// lines in front of the first row that are passed over
    lines_to_skip: usize,
    ended: bool,
    /// stop after each block, so that the caller can take it
    one_by_one: bool,
    report: Report,
    ready: Vec<Block>,
}

impl Decoder {
    /// Errors: `UNKNOWN_FORMAT`, `FORMAT_IS_NOT_SUITABLE_FOR_INPUT`, `BAD_ARGUMENTS`.
    pub fn new(format: &str, fields: &[InputField], options: &InputOptions) -> Result<Decoder> {
        let def = registry::find_input(format)?;
        Ok(Decoder {
            reader: reader_of(def.name, fields, options)?,
            rows: Rows::new(fields, &options.text)?,
            options: options.clone(),
            tail: Vec::new(),
            retry_at: 0,
            skipping: false,
            lines_to_skip: options.lines_to_skip(def.name)?,
            ended: false,
            one_by_one: false,
            report: Report::default(),
            ready: Vec::new(),
        })
    }

    /// Takes bytes; gives the blocks that became full. Errors: the first bad row, with its number,
    /// column and value (`on_error` = `Fail`); nothing can be read after an error.
    pub fn push(&mut self, data: &[u8]) -> Result<Vec<Block>> {
        if self.tail.is_empty() && !self.reader.whole() {
            let used = self.run(data, false)?;
            self.keep(&data[used..])?;
        } else {
            if self.reader.whole() && self.tail.len() + data.len() > self.options.document_bytes_max {
                return Err(Error::new(
                    TOO_MANY_BYTES,
                    format!(
                        "Document is larger than {} bytes; send it in a format that streams",
                        self.options.document_bytes_max
                    ),
                ));
            }
            let room = self.tail.len() + data.len();
            if room > self.tail.capacity() {
                // Doubling, but not beyond what a row may hold.
                let goal = (room * 2).min(self.options.row_bytes_max.max(room));
                self.tail.reserve_exact(goal - self.tail.len());
            }
            self.tail.extend_from_slice(data);
            if !self.reader.whole()
                && self.tail.len() >= self.retry_at
                && (self.skipping || self.reader.row_end(&self.tail, 0).is_some())
            {
                let tail = std::mem::take(&mut self.tail);
                let used = self.run(&tail, false)?;
                self.tail = tail;
                self.tail.drain(..used);
                self.check_tail(used)?;
            } else if !self.reader.whole() {
                self.check_tail(0)?;
            }
        }
        Ok(std::mem::take(&mut self.ready))
    }

    fn keep(&mut self, rest: &[u8]) -> Result<()> {
        self.tail.extend_from_slice(rest);
        self.check_tail(1)
    }

    fn check_tail(&mut self, used: usize) -> Result<()> {
        if used > 0 {
            self.retry_at = 0;
            if self.tail.capacity() > 1 << 20 && self.tail.len() < self.tail.capacity() / 4 {
                self.tail.shrink_to(self.tail.len() * 2);
            }
        }
        if self.tail.len() > self.options.row_bytes_max {
            return Err(Error::new(
                TOO_LARGE_STRING_SIZE,
                format!(
                    "Row {} is larger than {} bytes, or its end is missing",
                    self.next_row(),
                    self.options.row_bytes_max
                ),
            ));
        }
        self.retry_at = self.retry_at.max(self.tail.len() * 2);
        Ok(())
    }

    /// No more bytes come. Errors: as `push`; a cut last row is an error.
    pub fn finish(&mut self) -> Result<Vec<Block>> {
        let mut out = Vec::new();
        self.finish_with(&mut |b| {
            out.push(b);
            Ok(())
        })?;
        Ok(out)
    }

    /// As `finish`, block by block: a large document does not have to lie decoded in memory.
    pub fn finish_with(&mut self, each: &mut dyn FnMut(Block) -> Result<()>) -> Result<()> {
        let tail = std::mem::take(&mut self.tail);
        let tail = self.reader.own(tail).unwrap_or_default();
        self.one_by_one = true;
        let mut pos = 0;
        loop {
            pos += self.run(&tail[pos..], true)?;
            if self.ready.is_empty() {
                break;
            }
            std::mem::take(&mut self.ready).into_iter().try_for_each(&mut *each)?;
        }
        if self.rows.rows > 0 {
            self.flush();
            std::mem::take(&mut self.ready).into_iter().try_for_each(each)?;
        }
        self.report.present.clone_from(&self.rows.present);
        Ok(())
    }

    pub fn report(&self) -> &Report {
        &self.report
    }
    /// The whole rows that wait to become a block.
    pub fn take_rows(&mut self) -> Option<Block> {
        (self.rows.rows > 0).then(|| self.rows.take())
    }
    /// So many rows of the same body were read by forks: errors count on from there.
    pub fn set_rows_elsewhere(&mut self, rows: u64) {
        self.options.first_row = rows;
    }
    /// A decoder for rows further on, if this one stands between two rows of a format that allows it.
    pub fn fork(&self) -> Option<Decoder> {
        if !self.tail.is_empty()
            || self.skipping
            || self.lines_to_skip > 0
            || self.ended
            || self.options.on_error != OnError::Fail
        {
            return None;
        }
        Some(Decoder {
            reader: self.reader.fork()?,
            rows: self.rows.fresh(),
            options: self.options.clone(),
            tail: Vec::new(),
            retry_at: 0,
            skipping: false,
            lines_to_skip: 0,
            ended: false,
            one_by_one: false,
            report: Report::default(),
            ready: Vec::new(),
        })
    }
    /// Reads a piece that ends where a row does. Errors: as `push`.
    pub fn decode_piece(mut self, data: &[u8]) -> Result<(Vec<Block>, u64)> {
        self.run(data, true)?;
        let mut blocks = std::mem::take(&mut self.ready);
        blocks.append(&mut self.finish()?);
        Ok((blocks, self.report.rows))
    }
    pub fn into_report(self) -> Report {
        self.report
    }

    fn next_row(&self) -> u64 {
        self.options.first_row + self.report.rows + self.report.rejected + 1
    }

    fn flush(&mut self) {
        let block = self.rows.take();
        self.ready.push(block);
    }

    /// Reads what is there; gives the bytes used.
    fn run(&mut self, data: &[u8], eof: bool) -> Result<usize> {
        let mut pos = 0;
        let mut since_check = 0;
        loop {
            if self.skipping {
                match memchr::memchr(b'\n', &data[pos..]) {
                    Some(n) => {
                        pos += n + 1;
                        self.skipping = false;
                    }
                    None => return Ok(data.len()),
                }
            }
            if self.lines_to_skip > 0 {
                match memchr::memchr(b'\n', &data[pos..]) {
                    Some(n) => pos += n + 1,
                    None if eof => pos = data.len(),
                    None => return Ok(pos),
                }
                self.lines_to_skip -= 1;
                continue;
            }
            if self.one_by_one && !self.ready.is_empty() {
                return Ok(pos);
            }
            if self.ended {
                return self.trailing(data, pos, eof);
            }
            let mut c = Cursor { data, pos };
            match self.reader.step(&mut c, &mut self.rows, eof) {
                Ok(Step::Row) => {
                    pos = c.pos;
                    self.report.rows += 1;
                    since_check += 1;
                    if self.rows.rows >= self.options.batch_rows {
                        self.flush();
                    } else if since_check >= 64 {
                        since_check = 0;
                        if self.rows.bytes() >= self.options.batch_bytes {
                            self.flush();
                        }
                    }
                }
                Ok(Step::Taken) => {
                    if c.pos == pos {
                        return Err(Error::internal("a reader took nothing"));
                    }
                    pos = c.pos;
                }
                Ok(Step::Block(block)) => {
                    pos = c.pos;
                    self.report.rows += block.batch.rows as u64;
                    if self.rows.rows > 0 {
                        self.flush();
                    }
                    for (p, m) in self.rows.present.iter_mut().zip(&block.missing) {
                        *p |= m.is_none();
                    }
                    self.ready.push(*block);
                }
                Ok(Step::More) => {
                    self.rows.undo();
                    return Ok(pos);
                }
                Ok(Step::Held) => return Ok(c.pos),
                Ok(Step::End) => {
                    pos = c.pos;
                    self.ended = true;
                }
                Err(e) => {
                    let end = self.reader.row_end(data, pos);
                    if !eof && end.is_none() {
                        self.rows.undo();
                        return Ok(pos);
                    }
                    let error = self.row_error(&e, data, pos, end);
                    self.rows.undo();
                    let allowed = match self.options.on_error {
                        OnError::Skip(n) if self.reader.can_skip() => n,
                        OnError::SkipShare(n, share) if self.reader.can_skip() => {
                            let bad = self.report.rejected + 1;
                            let all = self.report.rows + bad;
                            if bad as f64 <= share * all as f64 { bad } else { n }
                        }
                        _ => 0,
                    };
                    if self.report.rejected >= allowed {
                        let detail = format!(
                            "{{\"row\":{},\"column\":{},\"value\":{}}}",
                            error.row,
                            error.column.as_deref().map_or("null".into(), json_text),
                            error.value.as_deref().map_or("null".into(), json_text)
                        );
                        let failed = Error::new(error.code, error.message.clone()).with_detail(detail);
                        self.report.rejected += 1;
                        self.report.errors.push(error);
                        return Err(failed);
                    }
                    self.report.rejected += 1;
                    if self.report.errors.len() < self.options.errors_max {
                        self.report.errors.push(error);
                    }
                    // A row whose end was found is left out as a whole, another up to its line's end.
                    match end {
                        Some(end) => pos = end.max(pos + 1).min(data.len()),
                        None => {
                            pos = c.pos.max(pos + 1).min(data.len());
                            self.skipping = true;
                        }
                    }
                }
            }
        }
    }

    /// After the end of the data only blanks may follow.
    fn trailing(&self, data: &[u8], pos: usize, _eof: bool) -> Result<usize> {
        let rest = &data[pos..];
        match rest.iter().position(|b| !matches!(b, b' ' | b'\t' | b'\n' | b'\r')) {
            Some(at) if self.options.text.strict => Err(Error::new(
                INCORRECT_DATA,
                format!("Trailing data behind the last row: '{}'", clip(&rest[at..], 50)),
            )),
            _ => Ok(data.len()),
        }
    }

    fn row_error(&self, e: &Error, data: &[u8], pos: usize, end: Option<usize>) -> RowError {
        let row = self.next_row();
        let column = self.rows.column.map(|i| self.rows.names[i].clone());
        let value = self.rows.column.and_then(|_| {
            let from = self.rows.value.start.min(data.len());
            let to = if self.rows.value.end > from {
                self.rows.value.end
            } else {
                self.reader.value_end(data, from)
            };
            (to > from).then(|| clip(&data[from..to.min(data.len())], 50))
        });
        let mut message = format!("Row {row}");
        if let Some(c) = &column {
            message += &format!(", column '{c}'");
        }
        if let Some(v) = &value {
            message += &format!(", value '{v}'");
        }
        message += &format!(": {}", e.message());
        let raw_end = end.unwrap_or(data.len()).min(pos + 4096).max(pos);
        RowError {
            row,
            column,
            code: e.code(),
            message,
            value,
            raw: data[pos..raw_end].trim_ascii().to_vec(),
        }
    }
}

fn json_text(s: &str) -> String {
    let mut out = Vec::new();
    types::text::escape::write_json_string(s.as_bytes(), false, &mut out);
    String::from_utf8(out).unwrap_or_default()
}

fn reader_of(name: &str, fields: &[InputField], o: &InputOptions) -> Result<Box<dyn Reader>> {
    let header =
        if name.ends_with("WithNamesAndTypes") { 2 } else { usize::from(name.ends_with("WithNames")) };
    Ok(match name {
        "JSONEachRow" => Box::new(json_rows::JsonRows::objects(false, fields, o)?),
        "JSONStringsEachRow" => Box::new(json_rows::JsonRows::objects(true, fields, o)?),
        n if n.starts_with("JSONCompactStringsEachRow") => {
            Box::new(json_rows::JsonRows::arrays(true, header, o)?)
        }
        n if n.starts_with("JSONCompactEachRow") => Box::new(json_rows::JsonRows::arrays(false, header, o)?),
        "JSON"
        | "JSONCompact"
        | "JSONColumns"
        | "JSONCompactColumns"
        | "JSONColumnsWithMetadata"
        | "JSONObjectEachRow" => Box::new(json_document::Document::new(name, fields, o)?),
        n if n.starts_with("TabSeparatedRaw") => Box::new(tsv::Tsv::new(true, header, o)?),
        n if n.starts_with("TabSeparated") => Box::new(tsv::Tsv::new(false, header, o)?),
        "TSKV" => Box::new(tsv::Tskv::new(o)),
        n if n.starts_with("CSV") => Box::new(csv::Csv::new(header, o)?),
        n if n.starts_with("CustomSeparated") => {
            Box::new(custom::Custom::new(header, n.contains("IgnoreSpaces"), o)?)
        }
        "Regexp" => Box::new(regexp::Regexp::new(o)?),
        "Form" => Box::new(form::Form::new(o)),
        "Template" => Box::new(template::Template::new(o)?),
        "Values" => Box::new(values::ValuesReader::default()),
        "LineAsString" => Box::new(lines::Lines::new(lines::Unit::Line, fields)?),
        "JSONAsString" => Box::new(lines::Lines::new(lines::Unit::Json, fields)?),
        "RawBLOB" => Box::new(lines::Lines::new(lines::Unit::All, fields)?),
        "RowBinaryWithDefaults" => Box::new(row_binary::RowBinary::new(0, true, o)),
        n if n.starts_with("RowBinary") => Box::new(row_binary::RowBinary::new(header, false, o)),
        "Native" => Box::new(native::Native::new(o)),
        "Parquet" => Box::new(parquet::ParquetReader::new(fields, o)),
        "Arrow" => Box::new(arrow::ArrowFile::new(fields, o)),
        "ArrowStream" => Box::new(arrow::ArrowStream::new(fields, o)),
        other => return Err(Error::not_implemented(format!("Input format {other} is not built yet"))),
    })
}

/// Reads a whole body at once. Errors: as `Decoder::push`.
pub fn decode_all(
    format: &str,
    fields: &[InputField],
    options: &InputOptions,
    data: &[u8],
) -> Result<(Vec<Block>, Report)> {
    let mut d = Decoder::new(format, fields, options)?;
    let mut blocks = Vec::new();
    if d.reader.whole() {
        d.tail = data.to_vec();
    } else {
        d.run(data, true)?;
        blocks = std::mem::take(&mut d.ready);
    }
    blocks.append(&mut d.finish()?);
    Ok((blocks, d.report))
}
