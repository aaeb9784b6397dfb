//! The lines that tables are drawn with, in Unicode and in ASCII.

/// The lines of a table.
pub(super) struct Charset {
    /// header of Full: left, fill, middle, right; then the bar inside
    pub(super) top: [&'static str; 4],
    pub(super) head_bar: &'static str,
    pub(super) under_head: [&'static str; 4],
    pub(super) over_foot: [&'static str; 4],
    pub(super) foot: [&'static str; 4],
    /// Compact's header and footer
    pub(super) compact_top: [&'static str; 4],
    pub(super) row: [&'static str; 4],
    pub(super) bottom: [&'static str; 4],
    pub(super) bar: &'static str,
    pub(super) cut: &'static str,
    /// stands for rows that are left out
    pub(super) gap: &'static str,
    pub(super) null: &'static str,
    pub(super) line_goes_on: &'static str,
    pub(super) line_went_on: &'static str,
}

pub(super) const UTF8: Charset = Charset {
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
pub(super) const ASCII: Charset = Charset {
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
