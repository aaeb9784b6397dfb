//! Words, numbers and quoted names of a type's text.

use super::clip;
use crate::codes::SYNTAX_ERROR;
use crate::{Error, Result};

/// A place in a type's text.
pub(super) struct Parser<'a> {
    pub text: &'a str,
    pub pos: usize,
}

impl<'a> Parser<'a> {
    pub fn error(&self, expected: &str) -> Error {
        let rest: String = self.text[self.pos..].chars().take(20).collect();
        Error::new(
            SYNTAX_ERROR,
            format!(
                "Cannot parse type {:?}: expected {expected} at position {} ({rest:?})",
                clip(self.text),
                self.pos
            ),
        )
    }
    pub fn blank(&mut self) {
        let rest = &self.text[self.pos..];
        self.pos += rest.len() - rest.trim_start().len();
    }
    pub fn peek(&mut self) -> Option<u8> {
        self.blank();
        self.text.as_bytes().get(self.pos).copied()
    }
    pub fn eat(&mut self, c: u8) -> bool {
        let hit = self.peek() == Some(c);
        if hit {
            self.pos += 1;
        }
        hit
    }
    pub fn expect(&mut self, c: u8) -> Result<()> {
        if self.eat(c) { Ok(()) } else { Err(self.error(&format!("{:?}", c as char))) }
    }
    pub fn word(&mut self) -> Option<&'a str> {
        self.blank();
        let rest = &self.text[self.pos..];
        let n = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
        if n == 0 {
            return None;
        }
        self.pos += n;
        Some(&rest[..n])
    }
    pub fn quoted(&mut self, quote: u8) -> Result<String> {
        self.expect(quote)?;
        let bytes = self.text.as_bytes();
        let mut out = Vec::new();
        loop {
            let Some(&b) = bytes.get(self.pos) else { return Err(self.error("a closing quote")) };
            self.pos += 1;
            match b {
                b'\\' => {
                    let Some(&c) = bytes.get(self.pos) else {
                        return Err(self.error("a character after the backslash"));
                    };
                    self.pos += 1;
                    out.push(match c {
                        b'n' => b'\n',
                        b't' => b'\t',
                        b'r' => b'\r',
                        b'b' => 8,
                        b'f' => 12,
                        b'0' => 0,
                        c => c,
                    });
                }
                b if b == quote => {
                    if bytes.get(self.pos) != Some(&quote) {
                        break;
                    }
                    self.pos += 1;
                    out.push(quote);
                }
                b => out.push(b),
            }
        }
        String::from_utf8(out).map_err(|_| self.error("valid UTF-8"))
    }
    pub fn integer(&mut self) -> Result<i64> {
        self.blank();
        let rest = &self.text[self.pos..];
        let n = rest
            .bytes()
            .enumerate()
            .take_while(|(i, b)| b.is_ascii_digit() || (*i == 0 && *b == b'-'))
            .count();
        let v = rest[..n].parse().map_err(|_| self.error("a whole number"))?;
        self.pos += n;
        Ok(v)
    }
}
