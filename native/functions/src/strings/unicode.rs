//! Unicode normal forms, accents, charsets, width on a terminal, international domain names.

use super::{to_text, push_chars};
use crate::args::{map_str, strs, u64_col};
use crate::bind::{Bind, Bound, bound};
use crate::def::{FunctionDef, f};
use types::codes::{BAD_ARGUMENTS, CANNOT_NORMALIZE_STRING};
use types::{Error, Result, Type};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

macro_rules! form {
    ($name:literal $doc:literal $example:literal $gives:literal $f:expr) => {
        f($name, concat!($name, "(s)"), $doc, &[($example, $gives)], |b| normal(b, $name, $f))
    };
}

pub const DEFS: &[FunctionDef] = &[
    form!("normalizeUTF8NFC" "Composed canonical form." "hex(normalizeUTF8NFC(unhex('65CC81')))" "C3A9" |s, o| push_chars(s.nfc(), o)),
    form!("normalizeUTF8NFD" "Decomposed canonical form." "hex(normalizeUTF8NFD('é'))" "65CC81" |s, o| push_chars(s.nfd(), o)),
    form!("normalizeUTF8NFKC" "Composed compatibility form." "normalizeUTF8NFKC('①')" "1" |s, o| push_chars(s.nfkc(), o)),
    form!("normalizeUTF8NFKD" "Decomposed compatibility form." "normalizeUTF8NFKD('ﬁ')" "fi" |s, o| push_chars(s.nfkd(), o)),
    form!("normalizeUTF8NFKCCasefold" "Compatibility form folded for comparison without case." "normalizeUTF8NFKCCasefold('ﬁXß')" "fixss" case_fold),
    f("removeDiacriticsUTF8", "removeDiacriticsUTF8(s)", "Letters without their accents.", &[("removeDiacriticsUTF8('ÀÉÎ ñandú')", "AEI nandu")], |b| to_text(b, "removeDiacriticsUTF8", |s, out| each_valid(s, out, |t, o| push_chars(t.nfd().filter(|c| !is_combining_mark(*c)).nfc(), o)))).alias(&["removeAccentsUTF8"]),
    f("visibleWidth", "visibleWidth(x)", "Columns that a value takes on a terminal.", &[("visibleWidth('日本')", "4")], width).own_nulls(),
    f("punycodeEncode", "punycodeEncode(s)", "Punycode of a text, without the prefix xn--.", &[("punycodeEncode('München')", "Mnchen-3ya")], |b| puny(b, "punycodeEncode", Fail::Error, encode_punycode)),
    f("punycodeDecode", "punycodeDecode(s)", "The text of a punycode.", &[("punycodeDecode('Mnchen-3ya')", "München")], |b| puny(b, "punycodeDecode", Fail::Error, decode_punycode)),
    f("tryPunycodeDecode", "tryPunycodeDecode(s)", "The text of a punycode; empty where it is none.", &[("tryPunycodeDecode('Mnchen-3ya')", "München")], |b| puny(b, "tryPunycodeDecode", Fail::Empty, decode_punycode)),
    f("idnaEncode", "idnaEncode(s)", "A domain name in ASCII.", &[("idnaEncode('straße.münchen.de')", "xn--strae-oqa.xn--mnchen-3ya.de")], |b| puny(b, "idnaEncode", Fail::Error, |s| idna::domain_to_ascii(s).ok())),
    f("tryIdnaEncode", "tryIdnaEncode(s)", "A domain name in ASCII; empty where it cannot be.", &[], |b| puny(b, "tryIdnaEncode", Fail::Empty, |s| idna::domain_to_ascii(s).ok())),
    f("idnaDecode", "idnaDecode(s)", "A domain name in Unicode.", &[("idnaDecode('xn--strae-oqa.xn--mnchen-3ya.de')", "straße.münchen.de")], |b| puny(b, "idnaDecode", Fail::Error, |s| Some(idna::domain_to_unicode(s).0))),
];

fn each_valid(s: &[u8], out: &mut Vec<u8>, of: impl Fn(&str, &mut Vec<u8>)) {
    for chunk in s.utf8_chunks() {
        of(chunk.valid(), out);
        out.extend_from_slice(chunk.invalid());
    }
}

fn normal(b: &Bind<'_>, name: &'static str, of: fn(&str, &mut Vec<u8>)) -> Result<Bound> {
    b.arity(1, 1)?;
    b.plain_string(0)?;
    bound(Type::String, move |c| {
        let s = strs(c.col(0));
        map_str(c.rows, name, |i, out| {
            match std::str::from_utf8(s.at(i)) {
                Ok(t) => of(t, out),
                Err(_) => return Err(Error::new(CANNOT_NORMALIZE_STRING, format!("Normalization failed: the argument of {name} is not valid UTF-8"))),
            }
            Ok(())
        })
    })
}

fn case_fold(s: &str, out: &mut Vec<u8>) {
    let folded: String = s.nfkc().flat_map(char::to_lowercase).flat_map(|c| if c == 'ß' { vec!['s', 's'] } else { vec![c] }).collect();
    push_chars(folded.nfkc(), out);
}

// ---- width --------------------------------------------------------------------------------------

const TAB: usize = 8;

fn width(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    let from = b.ty(0).clone();
    let text = if from.is_nullable() { Type::nullable(Type::String) } else { Type::String };
    bound(Type::UInt64, move |c| {
        let shown = crate::cast::cast(c.col(0), &from, &text, crate::cast::CastMode::Sql, c.session)?.flat();
        let width = |i: usize| if shown.is_null(i) { 4 } else { columns(shown.bytes_at(i).unwrap_or_default()) };
        Ok(u64_col((0..c.rows).map(|i| width(i) as u64).collect()))
    })
}

/// Columns of a text: wide characters take two, marks none, a tab goes to the next stop.
fn columns(s: &[u8]) -> usize {
    let mut n = 0;
    for chunk in s.utf8_chunks() {
        for c in chunk.valid().chars() {
            n += match c {
                '\t' => TAB - n % TAB,
                c if c.is_control() || is_combining_mark(c) || matches!(c, '\u{200b}'..='\u{200f}' | '\u{feff}') => 0,
                '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{303e}' | '\u{3041}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}' | '\u{20000}'..='\u{3fffd}' => 2,
                _ => 1,
            };
        }
        n += chunk.invalid().len();
    }
    n
}

// ---- domain names -------------------------------------------------------------------------------

#[derive(Clone, Copy, PartialEq)]
enum Fail {
    Error,
    Empty,
}

fn encode_punycode(s: &str) -> Option<String> {
    if s.is_ascii() {
        return Some(format!("{s}-"));
    }
    idna::punycode::encode_str(s)
}

fn decode_punycode(s: &str) -> Option<String> {
    idna::punycode::decode_to_string(s)
}

fn puny(b: &Bind<'_>, name: &'static str, fail: Fail, of: fn(&str) -> Option<String>) -> Result<Bound> {
    b.arity(1, 1)?;
    b.plain_string(0)?;
    bound(Type::String, move |c| {
        let s = strs(c.col(0));
        map_str(c.rows, name, |i, out| {
            let done = std::str::from_utf8(s.at(i)).ok().and_then(of);
            match done {
                Some(t) => out.extend_from_slice(t.as_bytes()),
                None if fail == Fail::Empty => {}
                None => {
                    let shown: String = String::from_utf8_lossy(s.at(i)).chars().take(100).collect();
                    return Err(Error::new(BAD_ARGUMENTS, format!("'{shown}' cannot be converted by function {name}")));
                }
            }
            Ok(())
        })
    })
}
