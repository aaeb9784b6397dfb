//! A place in bytes that are being parsed.

use crate::codes::{CANNOT_PARSE_INPUT_ASSERTION_FAILED, Code};
use crate::{Error, Result};

/// Reads forward over `data`. `pos` never passes the end.
#[derive(Clone)]
pub struct Cursor<'a> {
    pub data: &'a [u8],
    pub pos: usize,
}

impl<'a> Cursor<'a> {
    pub fn new(data: &'a [u8]) -> Self {
        Cursor { data, pos: 0 }
    }
    #[inline]
    pub fn peek(&self) -> Option<u8> {
        self.data.get(self.pos).copied()
    }
    #[inline]
    pub fn rest(&self) -> &'a [u8] {
        &self.data[self.pos..]
    }
    #[inline]
    pub fn at_end(&self) -> bool {
        self.pos >= self.data.len()
    }
    #[inline]
    pub fn eat(&mut self, b: u8) -> bool {
        let hit = self.peek() == Some(b);
        self.pos += usize::from(hit);
        hit
    }
    /// Skips blanks, tabs and line ends.
    #[inline]
    pub fn blank(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.pos += 1;
        }
    }
    /// Errors: `CANNOT_PARSE_INPUT_ASSERTION_FAILED`.
    #[inline]
    pub fn expect(&mut self, b: u8) -> Result<()> {
        if self.eat(b) { Ok(()) } else { Err(self.expected(&format!("'{}'", b as char))) }
    }
    /// Takes a word, any case.
    pub fn eat_word(&mut self, word: &str) -> bool {
        let rest = self.rest();
        let hit = rest.len() >= word.len() && rest[..word.len()].eq_ignore_ascii_case(word.as_bytes());
        if hit {
            self.pos += word.len();
        }
        hit
    }
    pub fn expected(&self, what: &str) -> Error {
        self.error(CANNOT_PARSE_INPUT_ASSERTION_FAILED, &format!("expected {what}"))
    }
    pub fn error(&self, code: Code, reason: &str) -> Error {
        let found = if self.at_end() {
            "the end of the data".to_string()
        } else {
            format!("'{}'", clip(self.rest(), 20))
        };
        Error::new(code, format!("Cannot parse input: {reason}, found {found}"))
    }
}

/// Text for a message: at most `max` characters, broken UTF-8 and control characters replaced.
pub fn clip(bytes: &[u8], max: usize) -> String {
    let cut = &bytes[..bytes.len().min(max * 4)];
    let text = String::from_utf8_lossy(cut);
    let mut out: String = text.chars().take(max).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if bytes.len() > cut.len() || text.chars().nth(max).is_some() {
        out.push('…');
    }
    out
}
