//! Texts for people: keys that sort numbers in texts, marked words, the text of HTML, indented JSON,
//! tokens of patterns.

use super::TextArrays;
use crate::args::{map_str, strs};
use crate::bind::{Bind, Bound, bound};
use crate::def::{FunctionDef, f};
use types::codes::{BAD_ARGUMENTS, ILLEGAL_COLUMN};
use types::{Error, Result, Scalar, Type};

pub const DEFS: &[FunctionDef] = &[
    f("naturalSortKey", "naturalSortKey(s)", "A key by which numbers in texts sort by their value.", &[("naturalSortKey('a10')", "a110")], natural).alias(&["NATURAL_SORT_KEY"]),
    f("highlight", "highlight(s, words[, open, close])", "The text with words marked, in any case of ASCII letters.", &[("highlight('the quick fox', ['quick'])", "the <em>quick</em> fox")], highlight),
    f("extractTextFromHTML", "extractTextFromHTML(s)", "The text of an HTML page without tags, scripts and styles.", &[("extractTextFromHTML('<p>Hello <b>world</b></p>')", "Hello world")], |b| super::to_text(b, "extractTextFromHTML", super::html::text)),
    f("prettyPrintJSON", "prettyPrintJSON(s[, indent])", "JSON with line breaks and indentation (4 blanks).", &[("prettyPrintJSON('[]')", "[]")], pretty),
    f("tokensForLikePattern", "tokensForLikePattern(pattern)", "The whole words that a text must have to be LIKE a pattern.", &[("tokensForLikePattern('abc%def ghi')", "['ghi']")], like_tokens),
];

fn natural(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    b.string(0)?;
    bound(Type::String, |c| {
        let s = strs(c.col(0));
        map_str(c.rows, "naturalSortKey", |i, out| {
            natural_key(s.at(i), out);
            Ok(())
        })
    })
}

/// A number is written as its length and its digits; longer lengths sort behind shorter ones.
fn natural_key(s: &[u8], out: &mut Vec<u8>) {
    let mut at = 0;
    while at < s.len() {
        if !s[at].is_ascii_digit() {
            out.push(s[at]);
            at += 1;
            continue;
        }
        let end = at + s[at..].iter().take_while(|b| b.is_ascii_digit()).count();
        while at + 1 < end && s[at] == b'0' {
            at += 1;
        }
        let n = end - at;
        let length = match n {
            1..=8 => format!("{}", n - 1),
            9..=18 => format!("8{}", n - 9),
            19 | 20 => format!("9{}", n - 19),
            21..=99 => format!("9{}", n - 1),
            _ => {
                let digits = n.to_string();
                format!("999{}{digits}", digits.len())
            }
        };
        out.extend_from_slice(length.as_bytes());
        out.extend_from_slice(&s[at..end]);
        at = end;
    }
}

fn highlight(b: &Bind<'_>) -> Result<Bound> {
    b.arity(2, 4)?;
    b.string(0)?;
    match b.ty(1) {
        Type::Array(t) if t.is_string() => {}
        _ => return Err(b.illegal(1, "a constant array of strings")),
    }
    if b.len() == 3 {
        b.arity(4, 4)?;
    }
    let Scalar::Array(list) = b.need_constant(1)?.scalar(0) else { return Err(b.illegal(1, "a constant array of strings")) };
    let words: Vec<Vec<u8>> = list.iter().filter_map(|s| s.as_bytes()).filter(|w| !w.is_empty()).map(<[u8]>::to_ascii_lowercase).collect();
    let (open, close) = if b.len() == 4 { (b.const_bytes(2)?.to_vec(), b.const_bytes(3)?.to_vec()) } else { (b"<em>".to_vec(), b"</em>".to_vec()) };
    bound(Type::String, move |c| {
        let s = strs(c.col(0));
        map_str(c.rows, "highlight", |i, out| {
            let text = s.at(i);
            let lower = text.to_ascii_lowercase();
            // Places of all words; those that touch become one.
            let mut marked: Vec<(usize, usize)> = Vec::new();
            for w in &words {
                let mut from = 0;
                while let Some(p) = memchr::memmem::find(&lower[from..], w) {
                    marked.push((from + p, from + p + w.len()));
                    from += p + 1;
                }
            }
            marked.sort_unstable();
            let mut at = 0;
            let mut k = 0;
            while k < marked.len() {
                let (start, mut end) = marked[k];
                while k < marked.len() && marked[k].0 <= end {
                    end = end.max(marked[k].1);
                    k += 1;
                }
                out.extend_from_slice(&text[at..start]);
                out.extend_from_slice(&open);
                out.extend_from_slice(&text[start..end]);
                out.extend_from_slice(&close);
                at = end;
            }
            out.extend_from_slice(&text[at..]);
            Ok(())
        })
    })
}

/// Blanks of one level of prettyPrintJSON at most.
const INDENT_MAX: usize = 100;

fn pretty(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 2)?;
    b.plain_string(0)?;
    if b.len() == 2 && !matches!(b.ty(1).int_bits(), Some((_, false))) {
        return Err(b.illegal(1, "a constant unsigned integer"));
    }
    let width = if b.len() == 2 { b.const_int(1)? } else { 4 };
    let Some(indent) = usize::try_from(width).ok().filter(|n| *n <= INDENT_MAX).map(|n| vec![b' '; n]) else {
        return Err(Error::bad_arguments(format!("The indentation of function prettyPrintJSON must be at most {INDENT_MAX}, not {width}")));
    };
    bound(Type::String, move |c| {
        let s = strs(c.col(0));
        map_str(c.rows, "prettyPrintJSON", |i, out| {
            let v: serde_json::Value = serde_json::from_slice(s.at(i)).map_err(|e| Error::new(BAD_ARGUMENTS, format!("Invalid JSON string in function prettyPrintJSON: {e}")))?;
            let mut writer = serde_json::Serializer::with_formatter(out, serde_json::ser::PrettyFormatter::with_indent(&indent));
            serde::Serialize::serialize(&v, &mut writer).map_err(|e| Error::internal(format!("JSON: {e}")))
        })
    })
}

fn like_tokens(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    b.string(0)?;
    b.constant(0).ok_or_else(|| Error::new(ILLEGAL_COLUMN, "The pattern of function tokensForLikePattern must be constant"))?;
    bound(Type::array(Type::String), |c| {
        let s = strs(c.col(0));
        let mut out = TextArrays::new(c.rows);
        for i in 0..c.rows {
            tokens_of(s.at(i), |t| out.push(t));
            out.end_row()?;
        }
        Ok(out.finish())
    })
}

/// Words that no `%` or `_` touches.
fn tokens_of(s: &[u8], mut found: impl FnMut(&[u8])) {
    let mut word: Vec<u8> = Vec::new();
    let mut open = false;
    let mut at = 0;
    while at <= s.len() {
        let (b, escaped) = match s.get(at) {
            Some(b'\\') if at + 1 < s.len() => {
                at += 1;
                (s[at], true)
            }
            Some(b) => (*b, false),
            None => (b' ', true),
        };
        at += 1;
        if !escaped && (b == b'%' || b == b'_') {
            word.clear();
            open = true;
        } else if b.is_ascii_alphanumeric() || b >= 128 {
            word.push(b);
        } else {
            if !open && !word.is_empty() {
                found(&word);
            }
            word.clear();
            open = false;
        }
    }
}
