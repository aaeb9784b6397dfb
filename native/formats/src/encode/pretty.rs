//! Tables for people: Pretty, PrettyCompact, PrettySpace.
//!
//! Rows are held until the end (at most `output_format_pretty_max_rows`, the first and the last of them), so
//! that one table with fitting widths comes out. Wide rows of few rows are turned into Vertical.

mod charset;
mod highlight;
mod table;

use super::cells::{Cells, Style};
use super::vertical::{Vertical, cut, width, write_tip};
use super::{Encoder, OutputOptions, Tail};
use charset::{ASCII, Charset, UTF8};
pub(super) use highlight::Highlight;
use std::collections::VecDeque;
use std::sync::Arc;
use table::Table;
use types::text::TextOptions;
use types::{Batch, Column, Field, Result};

#[derive(Clone, Copy, PartialEq)]
enum Look {
    Full,
    Compact,
    Space,
}

pub(super) struct Pretty {
    look: Look,
    fields: Vec<Field>,
    options: OutputOptions,
    cells: Cells,
    text: Arc<TextOptions>,
    chars: &'static Charset,
    color: bool,
    highlight: Highlight,
    row_numbers: bool,
    rows_max: usize,
    column_width_max: usize,
    value_width_max: usize,
    /// a table's single value is cut, too
    cut_single: bool,
    name_width_cut: usize,
    name_chars_to_cut: usize,
    multiline: bool,
    footer: bool,
    footer_rows: usize,
    vertical: bool,
    vertical_rows: usize,
    vertical_columns: usize,
    vertical_width: usize,
    tip: u64,
    /// the first rows, and the last of those behind them
    first: Held,
    last: Held,
    rows: u64,
}

/// Rows that will be shown.
#[derive(Default)]
struct Held {
    batches: VecDeque<Batch>,
    rows: usize,
}

impl Held {
    fn push(&mut self, batch: Batch) {
        if batch.rows > 0 {
            self.rows += batch.rows;
            self.batches.push_back(batch);
        }
    }
    /// Lets go of all but the last rows.
    fn keep_last(&mut self, rows: usize) {
        while self.rows > rows {
            let Some(first) = self.batches.pop_front() else { return };
            let extra = (self.rows - rows).min(first.rows);
            self.rows -= extra;
            if extra < first.rows {
                self.batches.push_front(first.slice(extra, first.rows - extra));
            }
        }
    }
}

/// One shown cell: its text, cut or not.
struct Shown {
    text: Vec<u8>,
    cut: bool,
}

impl Pretty {
    pub fn new(name: &str, fields: &[Field], o: &OutputOptions) -> Result<Self> {
        let look = if name.starts_with("PrettyCompact") {
            Look::Compact
        } else if name.starts_with("PrettySpace") {
            Look::Space
        } else {
            Look::Full
        };
        let size = |n: &str, d: u64| o.number(n, d).map(|v| usize::try_from(v).unwrap_or(usize::MAX));
        let mut text = o.text.as_ref().clone();
        text.tuples_in_lines = o.flag("output_format_pretty_named_tuples_as_json", true)?;
        text.json.quote_denormals = true;
        let color = matches!(o.string("output_format_pretty_color", "auto").as_str(), "1" | "true")
            && !name.contains("NoEscapes");
        let text = Arc::new(text);
        Ok(Pretty {
            look,
            fields: fields.to_vec(),
            options: o.clone(),
            cells: Cells::with_text(fields, &text, Style::Text)?,
            text,
            chars: if o.string("output_format_pretty_grid_charset", "UTF-8").eq_ignore_ascii_case("ascii") {
                &ASCII
            } else {
                &UTF8
            },
            color,
            highlight: Highlight::new(color, o)?,
            row_numbers: o.flag("output_format_pretty_row_numbers", true)?,
            rows_max: size("output_format_pretty_max_rows", 1000)?,
            column_width_max: size("output_format_pretty_max_column_pad_width", 250)?,
            value_width_max: size("output_format_pretty_max_value_width", 10_000)?,
            cut_single: o.flag("output_format_pretty_max_value_width_apply_for_single_value", false)?,
            name_width_cut: size("output_format_pretty_max_column_name_width_cut_to", 24)?,
            name_chars_to_cut: size("output_format_pretty_max_column_name_width_min_chars_to_cut", 4)?,
            multiline: o.flag("output_format_pretty_multiline_fields", true)?,
            footer: o.flag("output_format_pretty_display_footer_column_names", true)?,
            footer_rows: size("output_format_pretty_display_footer_column_names_min_rows", 50)?,
            vertical: o.flag("output_format_pretty_fallback_to_vertical", true)?,
            vertical_rows: size("output_format_pretty_fallback_to_vertical_max_rows_per_chunk", 10)?,
            vertical_columns: size("output_format_pretty_fallback_to_vertical_min_columns", 5)?,
            vertical_width: size("output_format_pretty_fallback_to_vertical_min_table_width", 250)?,
            tip: o.number("output_format_pretty_single_large_number_tip_threshold", 1_000_000)?,
            first: Held::default(),
            last: Held::default(),
            rows: 0,
        })
    }

    /// The names as they are shown: long ones cut.
    fn names(&self) -> Vec<Vec<u8>> {
        self.fields
            .iter()
            .map(|f| {
                let name = f.name.as_bytes();
                if self.name_width_cut > 0 && width(name) > self.name_width_cut + self.name_chars_to_cut {
                    let mut short = cut(name, self.name_width_cut.saturating_sub(1));
                    short.extend_from_slice(self.chars.cut.as_bytes());
                    short
                } else {
                    name.to_vec()
                }
            })
            .collect()
    }

    /// A cell's text. Only a table's single value is never cut.
    fn shown(&self, i: usize, col: &Column, row: usize, single: bool) -> Shown {
        let mut text = Vec::new();
        if col.is_null(row) {
            text.extend_from_slice(self.chars.null.as_bytes());
        } else {
            self.cells.one(i, col, row, &mut text);
        }
        if single || self.lines_width(&text) <= self.value_width_max {
            return Shown { text, cut: false };
        }
        let mut kept = Vec::new();
        for line in text.split_inclusive(|b| self.multiline && *b == b'\n') {
            let wide = width(line) > self.value_width_max;
            kept.extend_from_slice(&if wide { cut(line, self.value_width_max) } else { line.to_vec() });
            if wide {
                break;
            }
        }
        Shown { text: kept, cut: true }
    }
    fn lines_width(&self, t: &[u8]) -> usize {
        if self.multiline { t.split(|b| *b == b'\n').map(width).max().unwrap_or(0) } else { width(t) }
    }

    /// `left_out`: rows between the first and the last that are not shown, and behind how many they stand.
    fn table(
        &self,
        batches: &[Batch],
        title: Option<&str>,
        left_out: Option<(usize, u64)>,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let rows: usize = batches.iter().map(|b| b.rows).sum();
        if rows == 0 || self.fields.is_empty() {
            return Ok(());
        }
        let n = self.fields.len();
        let single = rows == 1 && n == 1 && !self.cut_single;
        // All texts first: the widths follow from them.
        let mut texts: Vec<Vec<Shown>> = Vec::with_capacity(rows);
        for b in batches {
            for row in 0..b.rows {
                texts.push(
                    b.columns.iter().enumerate().map(|(i, col)| self.shown(i, col, row, single)).collect(),
                );
            }
        }
        let names = self.names();
        let widths: Vec<usize> = (0..n)
            .map(|i| {
                let most = if single {
                    self.column_width_max.min(self.value_width_max)
                } else {
                    self.column_width_max
                };
                let wide = |r: &Vec<Shown>| self.lines_width(&r[i].text).min(most);
                texts.iter().map(wide).max().unwrap_or(0).max(width(&names[i]))
            })
            .collect();
        let total: usize = widths.iter().sum::<usize>() + 3 * n + 1;
        let several_lines = || self.multiline && texts.iter().flatten().any(|t| t.text.contains(&b'\n'));
        if title.is_none()
            && left_out.is_none()
            && self.vertical
            && n >= self.vertical_columns
            && rows <= self.vertical_rows
            && (total >= self.vertical_width || several_lines())
        {
            let cells = Cells::with_text(&self.fields, &self.text, Style::Text)?;
            let mut v = Vertical::with_cells(&self.fields, &self.options, cells)?;
            batches.iter().try_for_each(|b| v.batch(b, out))?;
            return Ok(());
        }
        if let Some(t) = title {
            out.extend_from_slice(format!("\n{t}:\n").as_bytes());
        }
        let last = rows as u64 + left_out.map_or(0, |(_, n)| n);
        let number_width = if self.row_numbers { last.to_string().len() + 2 } else { 0 };
        let table = Table { p: self, names, widths, number_width };
        table.head(out);
        let footer = self.footer && rows >= self.footer_rows;
        let mut places = batches.iter().flat_map(|b| (0..b.rows).map(move |row| (b, row)));
        for (k, line) in texts.iter().enumerate() {
            if k > 0 && self.look == Look::Full {
                table.rule(&self.chars.row, out);
            }
            let gap = left_out.filter(|(behind, _)| k >= *behind);
            if gap.is_some_and(|(behind, _)| k == behind) {
                table.gap(out);
                if self.look == Look::Full {
                    table.rule(&self.chars.row, out);
                }
            }
            table.row(k as u64 + 1 + gap.map_or(0, |(_, n)| n), line, out);
            if let Some((b, row)) = places.next() {
                out.pop();
                write_tip(&self.fields[n - 1].ty, &b.columns[n - 1], row, self.tip, self.color, out);
                out.push(b'\n');
            }
        }
        table.foot(footer, out);
        Ok(())
    }
}

impl Encoder for Pretty {
    fn batch(&mut self, batch: &Batch, _out: &mut Vec<u8>) -> Result<()> {
        self.rows += batch.rows as u64;
        let n = batch.rows.min(self.rows_max.div_ceil(2) - self.first.rows);
        self.first.push(batch.slice(0, n));
        self.last.push(batch.slice(n, batch.rows - n));
        self.last.keep_last(self.rows_max / 2);
        Ok(())
    }
    fn finish(&mut self, tail: &Tail, out: &mut Vec<u8>) -> Result<()> {
        let (first, last) = (std::mem::take(&mut self.first), std::mem::take(&mut self.last));
        let (behind, shown) = (first.rows, first.rows + last.rows);
        let missing = self.rows - shown as u64;
        let held: Vec<Batch> = first.batches.into_iter().chain(last.batches).collect();
        self.table(&held, None, (missing > 0).then_some((behind, missing)), out)?;
        if missing > 0 {
            if self.look == Look::Space {
                out.push(b'\n');
            }
            out.extend_from_slice(format!("Showed {shown} out of {} rows.\n", self.rows).as_bytes());
        }
        for (title, extra) in [("Totals", &tail.totals), ("Extremes", &tail.extremes)] {
            if let Some(b) = extra {
                self.table(std::slice::from_ref(b), Some(title), None, out)?;
            }
        }
        Ok(())
    }
}
