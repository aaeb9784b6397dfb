//! Tables for people: Pretty, PrettyCompact, PrettySpace.
//!
//! Rows are held until the end (at most `output_format_pretty_max_rows`), so that one table with
//! fitting widths comes out. Wide rows of few rows are turned into Vertical.

use super::cells::{Cells, Style};
use super::vertical::{Vertical, cut, right_aligned, width, write_tip};
use super::{Encoder, OutputOptions, Tail};
use types::text::number::write_int;
use types::{Batch, Field, Result, Type};

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
    held: Vec<Batch>,
    held_rows: usize,
    rows: u64,
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
            held: Vec::new(),
            held_rows: 0,
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

    fn table(&self, batches: &[Batch], title: Option<&str>, out: &mut Vec<u8>) -> Result<()> {
        let rows: usize = batches.iter().map(|b| b.rows).sum();
        if rows == 0 || self.fields.is_empty() {
            return Ok(());
        }
        let n = self.fields.len();
        let single = rows == 1 && n == 1;
        // All texts first: the widths follow from them.
        let mut texts: Vec<Vec<Vec<u8>>> = Vec::with_capacity(rows);
        for b in batches {
            for row in 0..b.rows {
                let line = b
                    .columns
                    .iter()
                    .enumerate()
                    .map(|(i, col)| {
                        let mut t = Vec::new();
                        self.cells.one(i, col, row, &mut t);
                        if !single && width(&t) > self.value_width_max {
                            t = cut(&t, self.value_width_max);
                            t.extend_from_slice(self.chars.cut.as_bytes());
                        }
                        t
                    })
                    .collect();
                texts.push(line);
            }
        }
        let names = self.names();
        let lines_width = |t: &[u8]| {
            if self.multiline { t.split(|b| *b == b'\n').map(width).max().unwrap_or(0) } else { width(t) }
        };
        let widths: Vec<usize> = (0..n)
            .map(|i| {
                let values =
                    texts.iter().map(|r| lines_width(&r[i]).min(self.column_width_max)).max().unwrap_or(0);
                values.max(width(&names[i]))
            })
            .collect();
        let total: usize = widths.iter().sum::<usize>() + 3 * n + 1;
        if title.is_none()
            && self.vertical
            && n >= self.vertical_columns
            && rows <= self.vertical_rows
            && total >= self.vertical_width
        {
            let mut v = Vertical::new(&self.fields, &self.options)?;
            batches.iter().try_for_each(|b| v.batch(b, out))?;
            return Ok(());
        }
        if let Some(t) = title {
            out.extend_from_slice(format!("\n{t}:\n").as_bytes());
        }
        let number_width = if self.row_numbers { rows.to_string().len() + 2 } else { 0 };
        let table = Table { p: self, names, widths, number_width };
        table.head(out);
        let footer = self.footer && rows >= self.footer_rows;
        for (k, line) in texts.iter().enumerate() {
            if k > 0 && self.look == Look::Full {
                table.rule(&self.chars.row, out);
            }
            table.row(k + 1, line, out);
            if single {
                out.pop();
                write_tip(&self.fields[0].ty, &batches[0].columns[0], 0, self.tip, out);
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
    fn row(&self, number: usize, values: &[Vec<u8>], out: &mut Vec<u8>) {
        let c = self.p.chars;
        let space = self.p.look == Look::Space;
        let parts: Vec<Vec<&[u8]>> = values
            .iter()
            .map(|v| if self.p.multiline { v.split(|b| *b == b'\n').collect() } else { vec![v.as_slice()] })
            .collect();
        let height = parts.iter().map(Vec::len).max().unwrap_or(1);
        for line in 0..height {
            if self.number_width > 0 {
                let mut text = Vec::new();
                if line == 0 {
                    write_int(number as u64, &mut text);
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
                if right_aligned(self.ty(i)) {
                    pad(gap, out);
                    out.extend_from_slice(text);
                } else {
                    out.extend_from_slice(text);
                    pad(gap, out);
                }
                if line + 1 < part.len() { put(c.line_goes_on, out) } else { out.push(b' ') }
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
        let room = self.rows_max - self.held_rows;
        let n = batch.rows.min(room);
        if n > 0 {
            self.held.push(batch.slice(0, n));
            self.held_rows += n;
        }
        Ok(())
    }
    fn finish(&mut self, tail: &Tail, out: &mut Vec<u8>) -> Result<()> {
        let held = std::mem::take(&mut self.held);
        self.table(&held, None, out)?;
        if self.rows > self.held_rows as u64 {
            out.extend_from_slice(format!("  Showed first {}.\n", self.held_rows).as_bytes());
        }
        for (title, extra) in [("Totals", &tail.totals), ("Extremes", &tail.extremes)] {
            if let Some(b) = extra {
                self.table(std::slice::from_ref(b), Some(title), out)?;
            }
        }
        Ok(())
    }
}
