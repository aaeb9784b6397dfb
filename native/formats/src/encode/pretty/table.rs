//! Draws a table whose texts and widths are known.

use super::super::vertical::{right_aligned, width};
use super::{Look, Pretty, Shown};
use types::Type;
use types::text::number::write_int;

pub(super) struct Table<'a> {
    pub(super) p: &'a Pretty,
    pub(super) names: Vec<Vec<u8>>,
    pub(super) widths: Vec<usize>,
    pub(super) number_width: usize,
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
    pub(super) fn rule(&self, [left, fill, middle, right]: &[&str; 4], out: &mut Vec<u8>) {
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
    /// A column's name, filled up to a width on the side where its values are.
    fn name(&self, i: usize, name: &[u8], wide: usize, fill: &str, out: &mut Vec<u8>) {
        let gap = |out: &mut Vec<u8>| (0..wide - width(name)).for_each(|_| put(fill, out));
        if right_aligned(self.ty(i)) {
            gap(out);
            self.bold(name, out);
        } else {
            self.bold(name, out);
            gap(out);
        }
    }
    /// The names between bars (Full).
    fn names_line(&self, bar: &str, out: &mut Vec<u8>) {
        pad(self.number_width, out);
        for (i, (name, w)) in self.names.iter().zip(&self.widths).enumerate() {
            put(bar, out);
            out.push(b' ');
            self.name(i, name, *w, " ", out);
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
            self.name(i, name, *w, fill, out);
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
            self.name(i, name, *w, " ", out);
        }
        out.push(b'\n');
    }
    pub(super) fn head(&self, out: &mut Vec<u8>) {
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
    pub(super) fn foot(&self, names: bool, out: &mut Vec<u8>) {
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
    pub(super) fn gap(&self, out: &mut Vec<u8>) {
        let bars = if self.p.look == Look::Space { 0 } else { 3 };
        let total = self.widths.iter().sum::<usize>() + 3 * self.widths.len() + bars - 2;
        pad(self.number_width, out);
        (0..total).for_each(|i| put(if i % 2 == 0 { self.p.chars.gap } else { " " }, out));
        out.push(b'\n');
    }
    pub(super) fn row(&self, number: u64, values: &[Shown], out: &mut Vec<u8>) {
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
                    self.p.highlight.write(text, self.ty(i), out);
                    if mark {
                        end = c.cut;
                    }
                } else {
                    self.p.highlight.write(text, self.ty(i), out);
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
