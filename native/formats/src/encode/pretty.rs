//! Tables for people: Pretty, PrettyCompact, PrettySpace.
//!
//! Rows are held until the end (at most `output_format_pretty_max_rows`, the first and the last of them), so
//! that one table with fitting widths comes out. Wide rows of few rows are turned into Vertical.

use super::cells::{Cells, Style};
use super::vertical::{Vertical, cut, right_aligned, width, write_tip};
use super::{Encoder, OutputOptions, Tail};
use std::collections::VecDeque;
use types::text::number::write_int;
use types::{Batch, Column, Field, Result, Type};

#[derive(Clone, Copy, PartialEq)]
enum Look {
    Full,
    Compact,
    Space,
}

/// The lines of a table.
struct Charset {
    /// header of Full: left, fill, middle, right; then the bar inside
    top: [&'static str; 4],
    head_bar: &'static str,
    under_head: [&'static str; 4],
    over_foot: [&'static str; 4],
    foot: [&'static str; 4],
    /// Compact's header and footer
    compact_top: [&'static str; 4],
    row: [&'static str; 4],
    bottom: [&'static str; 4],
    bar: &'static str,
    cut: &'static str,
    /// stands for rows that are left out
    gap: &'static str,
    null: &'static str,
    line_goes_on: &'static str,
    line_went_on: &'static str,
}

const UTF8: Charset = Charset {
    top: ["┏", "━", "┳", "┓"],
    head_bar: "┃",
    under_head: ["┡", "━", "╇", "┩"],
    over_foot: ["┢", "━", "╈", "┪"],
    foot: ["┗", "━", "┻", "┛"],
    compact_top: ["┌", "─", "┬", "┐"],
    row: ["├", "─", "┼", "┤"],
    bottom: ["└", "─", "┴", "┘"],
    bar: "│",
    cut: "⋯",
    gap: "─",
    null: "ᴺᵁᴸᴸ",
    line_goes_on: "↴",
    line_went_on: "↳",
};
const ASCII: Charset = Charset {
    top: ["+", "-", "+", "+"],
    head_bar: "|",
    under_head: ["+", "-", "+", "+"],
    over_foot: ["+", "-", "+", "+"],
    foot: ["+", "-", "+", "+"],
    compact_top: ["+", "-", "+", "+"],
    row: ["+", "-", "+", "+"],
    bottom: ["+", "-", "+", "+"],
    bar: "|",
    cut: "~",
    gap: "-",
    null: "NULL",
    line_goes_on: "\\",
    line_went_on: ">",
};

pub(super) struct Pretty {
    look: Look,
    fields: Vec<Field>,
    options: OutputOptions,
    cells: Cells,
    chars: &'static Charset,
    color: bool,
    row_numbers: bool,
    rows_max: usize,
    column_width_max: usize,
    value_width_max: usize,
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
        let color = matches!(o.string("output_format_pretty_color", "auto").as_str(), "1" | "true")
            && !name.contains("NoEscapes");
        Ok(Pretty {
            look,
            fields: fields.to_vec(),
            options: o.clone(),
            cells: Cells::new(fields, o, Style::Text)?,
            chars: if o.string("output_format_pretty_grid_charset", "UTF-8").eq_ignore_ascii_case("ascii") {
                &ASCII
            } else {
                &UTF8
            },
            color,
            row_numbers: o.flag("output_format_pretty_row_numbers", true)?,
            rows_max: size("output_format_pretty_max_rows", 1000)?,
            column_width_max: size("output_format_pretty_max_column_pad_width", 250)?,
            value_width_max: size("output_format_pretty_max_value_width", 10_000)?,
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
        let single = rows == 1 && n == 1;
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
                let wide = |r: &Vec<Shown>| self.lines_width(&r[i].text).min(self.column_width_max);
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
            let mut v = Vertical::new(&self.fields, &self.options)?;
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
                write_tip(&self.fields[n - 1].ty, &b.columns[n - 1], row, self.tip, out);
                out.push(b'\n');
            }
        }
        table.foot(footer, out);
        Ok(())
    }
}

struct Table<'a> {
    p: &'a Pretty,
    names: Vec<Vec<u8>>,
    widths: Vec<usize>,
    number_width: usize,
}

fn pad(n: usize, out: &mut Vec<u8>) {
    out.resize(out.len() + n, b' ');
}
fn put(s: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(s.as_bytes());
}

impl Table<'_> {
    fn ty(&self, i: usize) -> &Type {
        &self.p.fields[i].ty
    }
    /// A horizontal line: left, fill, middle, right.
    fn rule(&self, [left, fill, middle, right]: &[&str; 4], out: &mut Vec<u8>) {
        pad(self.number_width, out);
        for (i, w) in self.widths.iter().enumerate() {
            put(if i == 0 { left } else { middle }, out);
            (0..w + 2).for_each(|_| put(fill, out));
        }
        put(right, out);
        out.push(b'\n');
    }
    fn bold(&self, name: &[u8], out: &mut Vec<u8>) {
        if self.p.color {
            put("\x1b[1m", out);
        }
        out.extend_from_slice(name);
        if self.p.color {
            put("\x1b[0m", out);
        }
    }
    /// The names between bars (Full).
    fn names_line(&self, bar: &str, out: &mut Vec<u8>) {
        pad(self.number_width, out);
        for (i, (name, w)) in self.names.iter().zip(&self.widths).enumerate() {
            put(bar, out);
            out.push(b' ');
            let gap = w - width(name);
            if right_aligned(self.ty(i)) {
                pad(gap, out);
                self.bold(name, out);
            } else {
                self.bold(name, out);
                pad(gap, out);
            }
            out.push(b' ');
        }
        put(bar, out);
        out.push(b'\n');
    }
    /// The names in a horizontal line (Compact).
    fn names_rule(&self, [left, fill, middle, right]: &[&str; 4], out: &mut Vec<u8>) {
        pad(self.number_width, out);
        for (i, (name, w)) in self.names.iter().zip(&self.widths).enumerate() {
            put(if i == 0 { left } else { middle }, out);
            put(fill, out);
            let gap = w - width(name);
            if right_aligned(self.ty(i)) {
                (0..gap).for_each(|_| put(fill, out));
                self.bold(name, out);
            } else {
                self.bold(name, out);
                (0..gap).for_each(|_| put(fill, out));
            }
            put(fill, out);
        }
        put(right, out);
        out.push(b'\n');
    }
    /// The names between blanks (Space).
    fn names_space(&self, out: &mut Vec<u8>) {
        pad(self.number_width, out);
        out.push(b' ');
        for (i, (name, w)) in self.names.iter().zip(&self.widths).enumerate() {
            if i > 0 {
                pad(3, out);
            }
            let gap = w - width(name);
            if right_aligned(self.ty(i)) {
                pad(gap, out);
                self.bold(name, out);
            } else {
                self.bold(name, out);
                pad(gap, out);
            }
        }
        out.push(b'\n');
    }
    fn head(&self, out: &mut Vec<u8>) {
        let c = self.p.chars;
        match self.p.look {
            Look::Full => {
                self.rule(&c.top, out);
                self.names_line(c.head_bar, out);
                self.rule(&c.under_head, out);
            }
            Look::Compact => self.names_rule(&c.compact_top, out),
            Look::Space => {
                self.names_space(out);
                out.push(b'\n');
            }
        }
    }
    fn foot(&self, names: bool, out: &mut Vec<u8>) {
        let c = self.p.chars;
        match (self.p.look, names) {
            (Look::Full, true) => {
                self.rule(&c.over_foot, out);
                self.names_line(c.head_bar, out);
                self.rule(&c.foot, out);
            }
            (Look::Full, false) | (Look::Compact, false) => self.rule(&c.bottom, out),
            (Look::Compact, true) => self.names_rule(&c.bottom, out),
            (Look::Space, true) => {
                out.push(b'\n');
                self.names_space(out);
            }
            (Look::Space, false) => {}
        }
    }
    /// In the place of rows that are left out.
    fn gap(&self, out: &mut Vec<u8>) {
        let bars = if self.p.look == Look::Space { 0 } else { 3 };
        let total = self.widths.iter().sum::<usize>() + 3 * self.widths.len() + bars - 2;
        pad(self.number_width, out);
        (0..total).for_each(|i| put(if i % 2 == 0 { self.p.chars.gap } else { " " }, out));
        out.push(b'\n');
    }
    fn row(&self, number: u64, values: &[Shown], out: &mut Vec<u8>) {
        let c = self.p.chars;
        let space = self.p.look == Look::Space;
        let parts: Vec<Vec<&[u8]>> = values
            .iter()
            .map(|v| {
                let text = v.text.as_slice();
                if self.p.multiline { text.split(|b| *b == b'\n').collect() } else { vec![text] }
            })
            .collect();
        let height = parts.iter().map(Vec::len).max().unwrap_or(1);
        for line in 0..height {
            if self.number_width > 0 {
                let mut text = Vec::new();
                if line == 0 {
                    write_int(number, &mut text);
                    text.extend_from_slice(b". ");
                }
                pad(self.number_width - text.len(), out);
                if self.p.color && line == 0 {
                    put("\x1b[90m", out);
                }
                out.extend_from_slice(&text);
                if self.p.color && line == 0 {
                    put("\x1b[0m", out);
                }
            }
            for (i, (part, w)) in parts.iter().zip(&self.widths).enumerate() {
                if !space {
                    put(c.bar, out);
                } else if i > 0 {
                    pad(1, out);
                }
                let text = part.get(line).copied().unwrap_or_default();
                if line > 0 && line < part.len() {
                    put(c.line_went_on, out)
                } else {
                    out.push(b' ')
                }
                let gap = w.saturating_sub(width(text));
                // The mark of a cut takes the blank that ends the cell.
                let mut end = if line + 1 < part.len() { c.line_goes_on } else { " " };
                let mark = values[i].cut && line + 1 == part.len();
                if right_aligned(self.ty(i)) {
                    pad(gap, out);
                    out.extend_from_slice(text);
                    if mark {
                        end = c.cut;
                    }
                } else {
                    out.extend_from_slice(text);
                    if mark && gap > 0 {
                        put(c.cut, out);
                        pad(gap - 1, out);
                    } else {
                        pad(gap, out);
                        if mark {
                            end = c.cut;
                        }
                    }
                }
                put(end, out);
            }
            if !space {
                put(c.bar, out);
            }
            out.push(b'\n');
        }
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
