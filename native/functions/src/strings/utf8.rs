//! Functions that know Unicode: case, validity, normal forms, accents.

use super::{each_char, lower_utf8, push_chars, to_bool, to_text};
use crate::def::{FunctionDef, f};

pub const DEFS: &[FunctionDef] = &[
    f("lowerUTF8", "lowerUTF8(s)", "Letters made small, over all of Unicode.", &[("lowerUTF8('ПРИВЕТ')", "привет")], |b| to_text(b, "lowerUTF8", lower_utf8)),
    f("upperUTF8", "upperUTF8(s)", "Letters made capital, over all of Unicode.", &[("upperUTF8('привет')", "ПРИВЕТ")], |b| to_text(b, "upperUTF8", |s, out| each_char(s, out, |c, out| push_chars(c.to_uppercase(), out)))),
    f("initcapUTF8", "initcapUTF8(s)", "First letter of each word capital, others small.", &[("initcapUTF8('élan vital')", "Élan Vital")], |b| to_text(b, "initcapUTF8", initcap)),
    f("caseFoldUTF8", "caseFoldUTF8(s)", "Folded for comparison without case.", &[("caseFoldUTF8('Straße')", "strasse")], |b| to_text(b, "caseFoldUTF8", fold)),
    f("reverseUTF8", "reverseUTF8(s)", "The characters in reverse order.", &[("reverseUTF8('日本')", "本日")], |b| to_text(b, "reverseUTF8", reverse)),
    f("isValidUTF8", "isValidUTF8(s)", "1 if the bytes are valid UTF-8.", &[("isValidUTF8('abc')", "1")], |b| to_bool(b, |s| std::str::from_utf8(s).is_ok())),
    f("toValidUTF8", "toValidUTF8(s)", "Runs of invalid bytes replaced by U+FFFD.", &[("toValidUTF8('ok')", "ok")], |b| to_text(b, "toValidUTF8", valid)),
];

fn initcap(s: &[u8], out: &mut Vec<u8>) {
    let mut inside = false;
    each_char(s, out, |c, out| {
        if inside {
            push_chars(c.to_lowercase(), out);
            inside = c.is_alphanumeric();
            return;
        }
        // A letter whose capital has another length stays, and a letter behind it still begins a word.
        let mut up = c.to_uppercase();
        let one = if up.len() == 1 { up.next().unwrap_or(c) } else { c };
        if c == 'ß' || one.len_utf8() != c.len_utf8() {
            push_chars(std::iter::once(c), out);
            return;
        }
        push_chars(std::iter::once(one), out);
        inside = c.is_alphanumeric();
    });
}

fn fold(s: &[u8], out: &mut Vec<u8>) {
    each_char(s, out, |c, out| match c {
        'ß' | 'ẞ' => out.extend_from_slice(b"ss"),
        'ς' => push_chars(std::iter::once('σ'), out),
        c => push_chars(c.to_lowercase(), out),
    });
}

fn reverse(s: &[u8], out: &mut Vec<u8>) {
    let mut end = s.len();
    for i in (0..s.len()).rev() {
        if !super::is_continuation(s[i]) || i == 0 {
            out.extend_from_slice(&s[i..end]);
            end = i;
        }
    }
}

fn valid(s: &[u8], out: &mut Vec<u8>) {
    let mut open = false;
    for chunk in s.utf8_chunks() {
        if !chunk.valid().is_empty() {
            open = false;
        }
        out.extend_from_slice(chunk.valid().as_bytes());
        if !chunk.invalid().is_empty() && !open {
            out.extend_from_slice("\u{FFFD}".as_bytes());
            open = true;
        }
    }
}
