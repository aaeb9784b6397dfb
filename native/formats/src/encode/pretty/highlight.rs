//! What colours show in cells: groups of digits, and blanks at the end of texts.

use super::super::OutputOptions;
use types::{Result, Type};

#[derive(Clone, Copy)]
pub(in super::super) struct Highlight {
    digits: bool,
    blanks: bool,
}

impl Highlight {
    pub(in super::super) fn new(color: bool, o: &OutputOptions) -> Result<Highlight> {
        Ok(Highlight {
            digits: color && o.flag("output_format_pretty_highlight_digit_groups", true)?,
            blanks: color && o.flag("output_format_pretty_highlight_trailing_spaces", true)?,
        })
    }

    pub(in super::super) fn write(self, text: &[u8], ty: &Type, out: &mut Vec<u8>) {
        let number = ty.base().is_number() && !matches!(ty.base(), Type::Bool);
        match (number, text.iter().rposition(|b| !b.is_ascii_whitespace()).map_or(0, |n| n + 1)) {
            (true, _) if self.digits => digit_groups(text, out),
            (false, end) if self.blanks && end < text.len() => {
                out.extend_from_slice(&text[..end]);
                out.extend_from_slice(b"\x1b[31m\x1b[4m");
                out.extend_from_slice(&text[end..]);
                out.extend_from_slice(b"\x1b[0m");
            }
            _ => out.extend_from_slice(text),
        }
    }
}

/// Underlines the digits in front of which a comma would stand if they were the first of a group of three.
fn digit_groups(text: &[u8], out: &mut Vec<u8>) {
    let from = usize::from(text.first() == Some(&b'-'));
    let digits = text[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let regular = text[from + digits..].iter().all(|b| b.is_ascii_digit() || *b == b'.');
    if digits <= 4 || !regular {
        return out.extend_from_slice(text);
    }
    out.extend_from_slice(&text[..from]);
    for (i, b) in text[from..from + digits].iter().enumerate() {
        let behind = digits - i - 1;
        if behind > 0 && behind.is_multiple_of(3) {
            out.extend_from_slice(b"\x1b[4m");
            out.push(*b);
            out.extend_from_slice(b"\x1b[0m");
        } else {
            out.push(*b);
        }
    }
    out.extend_from_slice(&text[from + digits..]);
}
