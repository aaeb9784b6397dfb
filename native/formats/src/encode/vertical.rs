//! Vertical and Markdown, and what the formats for people share: widths and readable numbers.

use super::cells::{Cells, Style};
use super::pretty::Highlight;
use super::{Encoder, OutputOptions, Tail};
use types::text::number::{write_f64, write_int};
use types::{Batch, Column, Field, Result, Type};

/// Columns that a character takes on a terminal.
fn char_width(c: char) -> usize {
    let c = c as u32;
    match c {
        0..0x20 | 0x7f..0xa0 | 0x300..=0x36f | 0x200b..=0x200f | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f
        | 0x2e80..=0x303e
        | 0x3041..=0x4dbf
        | 0x4e00..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1f64f
        | 0x1f680..=0x1f6ff
        | 0x1f900..=0x1f9ff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}
pub(super) fn width(text: &[u8]) -> usize {
    if text.is_ascii() {
        return text.iter().filter(|b| **b >= 0x20 && **b != 0x7f).count();
    }
    String::from_utf8_lossy(text).chars().map(char_width).sum()
}
/// The beginning of a text that takes at most `max` columns.
pub(super) fn cut(text: &[u8], max: usize) -> Vec<u8> {
    let mut taken = 0;
    String::from_utf8_lossy(text)
        .chars()
        .take_while(|c| {
            taken += char_width(*c);
            taken <= max
        })
        .collect::<String>()
        .into_bytes()
}

/// Numbers and dates stand at the right of their column.
pub(super) fn right_aligned(ty: &Type) -> bool {
    let t = ty.base();
    (t.is_number() && !matches!(t, Type::Bool)) || t.is_date_or_time() || matches!(t, Type::Interval(_))
}

/// The number of a row as a float, for types that are plain numbers.
fn number_at(ty: &Type, col: &Column, row: usize) -> Option<f64> {
    let t = ty.base();
    if !t.is_number() || matches!(t, Type::Bool) || col.is_null(row) {
        return None;
    }
    let v = col.scalar(row).as_f64()?;
    let v = match t {
        Type::Decimal(_, s) => v / types::float::pow10(*s),
        _ => v,
    };
    // Values of 64 bits that large are hashes and bounds, not quantities.
    let wide = matches!(t, Type::Int64 | Type::UInt64) && v.abs() >= 9.223_372_036_854_775e18;
    (!wide).then_some(v)
}

/// `1234567` as `1.23 million`.
pub(super) fn readable(mut v: f64) -> String {
    const UNITS: [&str; 22] = [
        "",
        " thousand",
        " million",
        " billion",
        " trillion",
        " quadrillion",
        " quintillion",
        " sextillion",
        " septillion",
        " octillion",
        " nonillion",
        " decillion",
        " undecillion",
        " duodecillion",
        " tredecillion",
        " quattuordecillion",
        " quindecillion",
        " sexdecillion",
        " septendecillion",
        " octodecillion",
        " novemdecillion",
        " vigintillion",
    ];
    let mut i = 0;
    while i + 1 < UNITS.len() && v.abs() >= 1000.0 {
        v /= 1000.0;
        i += 1;
    }
    // Beyond what a fixed form shows well, the shortest one.
    if v.abs() >= 1e60 {
        let mut text = Vec::new();
        write_f64(v, &mut text);
        return format!("{}{}", String::from_utf8_lossy(&text), UNITS[i]);
    }
    format!("{v:.2}{}", UNITS[i])
}

/// Writes ` -- 1.23 million` behind numbers above the threshold (0 = never).
pub(super) fn write_tip(ty: &Type, col: &Column, row: usize, threshold: u64, gray: bool, out: &mut Vec<u8>) {
    if threshold > 0
        && let Some(v) = number_at(ty, col, row)
        && v.is_finite()
        && v.abs() > threshold as f64
    {
        let (on, off) = if gray { ("\x1b[90m", "\x1b[0m") } else { ("", "") };
        out.extend_from_slice(format!("{on} -- {}{off}", readable(v)).as_bytes());
    }
}

fn repeat(what: &str, n: usize, out: &mut Vec<u8>) {
    (0..n).for_each(|_| out.extend_from_slice(what.as_bytes()));
}

/// One value a line.
pub(super) struct Vertical {
    cells: Cells,
    types: Vec<Type>,
    /// names with a colon and the blanks behind it
    names: Vec<Vec<u8>>,
    rows: u64,
    rows_max: u64,
    tip: u64,
    color: bool,
    highlight: Highlight,
}

impl Vertical {
    pub fn new(fields: &[Field], o: &OutputOptions) -> Result<Self> {
        Self::with_cells(fields, o, Cells::new(fields, o, Style::Text)?)
    }
    pub fn with_cells(fields: &[Field], o: &OutputOptions, cells: Cells) -> Result<Self> {
        let color = matches!(o.string("output_format_pretty_color", "auto").as_str(), "1" | "true");
        let widest = fields.iter().map(|f| width(f.name.as_bytes())).max().unwrap_or(0);
        let names = fields
            .iter()
            .map(|f| {
                let (on, off) = if color { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
                let gap = 1 + widest - width(f.name.as_bytes());
                format!("{on}{}:{off}{:gap$}", f.name, "").into_bytes()
            })
            .collect();
        Ok(Vertical {
            cells,
            types: fields.iter().map(|f| f.ty.clone()).collect(),
            names,
            color,
            highlight: Highlight::new(color, o)?,
            rows: 0,
            rows_max: o.number("output_format_pretty_max_rows", 1000)?,
            tip: o.number("output_format_pretty_single_large_number_tip_threshold", 1_000_000)?,
        })
    }
    fn values(&self, batch: &Batch, row: usize, out: &mut Vec<u8>) {
        for (i, col) in batch.columns.iter().enumerate() {
            out.extend_from_slice(&self.names[i]);
            let mut text = Vec::new();
            self.cells.one(i, col, row, &mut text);
            self.highlight.write(&text, &self.types[i], out);
            write_tip(&self.types[i], col, row, self.tip, self.color, out);
            out.push(b'\n');
        }
    }
    fn special(&self, title: &str, batch: &Batch, row: usize, out: &mut Vec<u8>) {
        out.push(b'\n');
        out.extend_from_slice(title.as_bytes());
        out.extend_from_slice(b":\n");
        repeat("─", title.len() + 1, out);
        out.push(b'\n');
        self.values(batch, row, out);
    }
}

impl Encoder for Vertical {
    fn batch(&mut self, batch: &Batch, out: &mut Vec<u8>) -> Result<()> {
        for row in 0..batch.rows {
            self.rows += 1;
            if self.rows > self.rows_max {
                continue;
            }
            if self.rows > 1 {
                out.push(b'\n');
            }
            let from = out.len();
            out.extend_from_slice(b"Row ");
            write_int(self.rows, out);
            out.push(b':');
            let n = out.len() - from;
            out.push(b'\n');
            repeat("─", n, out);
            out.push(b'\n');
            self.values(batch, row, out);
        }
        Ok(())
    }
    fn finish(&mut self, tail: &Tail, out: &mut Vec<u8>) -> Result<()> {
        if self.rows > self.rows_max {
            out.extend_from_slice(format!("\nShowed first {}.\n", self.rows_max).as_bytes());
        }
        let totals = tail.totals.as_ref().filter(|t| t.rows > 0);
        if totals.is_some() || tail.extremes.as_ref().is_some_and(|e| e.rows > 1) {
            out.push(b'\n');
        }
        if let Some(t) = totals {
            self.special("Totals", t, 0, out);
        }
        if let Some(e) = tail.extremes.as_ref().filter(|e| e.rows > 1) {
            self.special("Min", e, 0, out);
            self.special("Max", e, 1, out);
        }
        Ok(())
    }
}

/// A Markdown table.
pub(super) struct Markdown {
    cells: Cells,
    head: Vec<u8>,
    escape: bool,
    /// strings, whose punctuation is escaped
    texts: Vec<bool>,
}

impl Markdown {
    pub fn new(fields: &[Field], o: &OutputOptions) -> Result<Self> {
        let escape = o.flag("output_format_markdown_escape_special_characters", false)?;
        let mut head = b"|".to_vec();
        for f in fields {
            head.push(b' ');
            head.extend_from_slice(f.name.as_bytes());
            head.extend_from_slice(b" |");
        }
        head.extend_from_slice(b"\n|");
        for f in fields {
            head.extend_from_slice(if right_aligned(&f.ty) { b"-:|" } else { b":-|" });
        }
        head.push(b'\n');
        Ok(Markdown {
            cells: Cells::new(fields, o, Style::Tsv)?,
            head,
            escape,
            texts: fields
                .iter()
                .map(|f| {
                    let plain = matches!(&f.ty, Type::String | Type::FixedString(_));
                    plain || matches!(&f.ty, Type::Nullable(t) if matches!(**t, Type::String | Type::FixedString(_)))
                })
                .collect(),
        })
    }
}

fn escape_markdown(text: &[u8], out: &mut Vec<u8>) {
    for &b in text {
        if b.is_ascii_punctuation() {
            out.push(b'\\');
        }
        out.push(b);
    }
}

impl Encoder for Markdown {
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(&self.head);
        Ok(())
    }
    fn batch(&mut self, batch: &Batch, out: &mut Vec<u8>) -> Result<()> {
        let mut text = Vec::new();
        for row in 0..batch.rows {
            out.extend_from_slice(b"| ");
            for (i, col) in batch.columns.iter().enumerate() {
                if self.escape && self.texts[i] && !col.is_null(row) {
                    text.clear();
                    self.cells.one_as(Style::Raw, i, col, row, &mut text);
                    escape_markdown(&text, out);
                } else {
                    self.cells.one(i, col, row, out);
                }
                out.extend_from_slice(b" | ");
            }
            out.pop();
            out.push(b'\n');
        }
        Ok(())
    }
    fn finish(&mut self, _tail: &Tail, _out: &mut Vec<u8>) -> Result<()> {
        Ok(())
    }
}
