//! What a text is cut into. N-grams are of bytes: a text that lies within another has its n-grams there too,
//! wherever characters begin.

use crate::bytes::checksum;
use types::{Column, Data};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tokenizer {
    /// runs of ASCII letters, digits and all bytes beyond ASCII
    Words,
    /// runs of so many bytes; a shorter text is its own token
    Grams(u8),
    /// what lies between separators
    Split(Vec<Vec<u8>>),
    /// the text as it is
    Whole,
}

pub(super) fn in_word(b: u8) -> bool {
    b >= 0x80 || b.is_ascii_alphanumeric()
}

impl Tokenizer {
    /// `words`, `grams 3`, `whole`, or `split` with the separators in hexadecimal digits behind it.
    pub fn parse(text: &str) -> Option<Tokenizer> {
        let mut parts = text.split(' ');
        Some(match parts.next()? {
            "words" => Tokenizer::Words,
            "whole" => Tokenizer::Whole,
            "grams" => Tokenizer::Grams(parts.next()?.parse().ok().filter(|n| *n > 0)?),
            "split" => {
                let list = parts.map(unhex).collect::<Option<Vec<_>>>()?;
                if list.is_empty() || list.iter().any(Vec::is_empty) {
                    return None;
                }
                Tokenizer::Split(list)
            }
            _ => return None,
        })
    }

    pub fn written(&self) -> String {
        match self {
            Tokenizer::Words => "words".into(),
            Tokenizer::Whole => "whole".into(),
            Tokenizer::Grams(n) => format!("grams {n}"),
            Tokenizer::Split(list) => {
                let hex = |s: &Vec<u8>| s.iter().map(|b| format!("{b:02x}")).collect::<String>();
                format!("split {}", list.iter().map(hex).collect::<Vec<_>>().join(" "))
            }
        }
    }

    /// Gives each token of a text, repetitions too.
    pub fn each<'t>(&self, text: &'t [u8], give: &mut dyn FnMut(&'t [u8])) {
        match self {
            Tokenizer::Whole => give(text),
            Tokenizer::Words => text.split(|b| !in_word(*b)).filter(|t| !t.is_empty()).for_each(give),
            Tokenizer::Grams(n) if text.len() < usize::from(*n) => {
                if !text.is_empty() {
                    give(text);
                }
            }
            Tokenizer::Grams(n) => text.windows(usize::from(*n)).for_each(give),
            Tokenizer::Split(separators) => {
                let (mut from, mut at) = (0, 0);
                while at < text.len() {
                    match separators.iter().find(|s| text[at..].starts_with(s)) {
                        Some(s) => {
                            if at > from {
                                give(&text[from..at]);
                            }
                            at += s.len();
                            from = at;
                        }
                        None => at += 1,
                    }
                }
                if from < text.len() {
                    give(&text[from..]);
                }
            }
        }
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    digits
        .chunks(2)
        .map(|pair| std::str::from_utf8(pair).ok().and_then(|t| u8::from_str_radix(t, 16).ok()))
        .collect()
}

/// Each text of a column, of its elements for arrays, with its row; a text of a dictionary once, with all of
/// its rows. NULLs are left out.
pub(super) fn texts(c: &Column, give: &mut dyn FnMut(&[u8], &mut dyn Iterator<Item = u32>)) {
    let rows = c.len() as u32;
    match &c.data {
        Data::Const(one, _) => texts(one, &mut |text, _| give(text, &mut (0..rows))),
        Data::Codes(codes, dict) => {
            let mut of: Vec<Vec<u32>> = vec![Vec::new(); dict.len()];
            for (row, code) in codes.iter().enumerate().filter(|(row, _)| !c.is_null(*row)) {
                of[*code as usize].push(row as u32);
            }
            texts(&dict.values, &mut |text, at| {
                for code in at {
                    let mut rows = of[code as usize].iter().copied();
                    if rows.len() > 0 {
                        give(text, &mut rows);
                    }
                }
            });
        }
        Data::Array(a) => {
            let first = a.offsets[0];
            let elements = a.values.slice(first as usize, (a.offsets[a.offsets.len() - 1] - first) as usize);
            let row_of = |element: u32| a.offsets.partition_point(|o| *o <= element + first) as u32 - 1;
            texts(&elements, &mut |text, at| give(text, &mut at.map(row_of)));
        }
        _ => {
            for row in (0..rows).filter(|row| !c.is_null(*row as usize)) {
                if let Some(text) = c.bytes_at(row as usize) {
                    give(text, &mut std::iter::once(row));
                }
            }
        }
    }
}

/// Hashes of all tokens of a column.
pub(crate) fn token_hashes(tokenizer: &Tokenizer, c: &Column, out: &mut Vec<u64>) {
    texts(c, &mut |text, _| tokenizer.each(text, &mut |token| out.push(checksum(token))));
}
