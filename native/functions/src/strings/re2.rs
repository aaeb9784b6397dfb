//! Patterns of the functions that search: RE2's, constant or by row. `.` matches line ends in match,
//! extract* and replaceRegexp*, as in ClickHouse.

use crate::args::strs;
use crate::bind::{Bind, Ctx};
use regex::bytes::Regex;
use std::collections::HashMap;
use std::sync::Arc;
use types::Result;
pub use types::re2::compile;

/// A constant pattern compiled once, or patterns by row.
pub enum Patterns {
    One(Arc<Regex>),
    Many(How),
}

/// What is not in the pattern itself.
#[derive(Clone, Copy, Default)]
pub struct How {
    /// `.` matches line ends
    pub dot_line: bool,
    pub any_case: bool,
    /// `^` and `$` match at each line
    pub lines: bool,
}

impl How {
    fn compile(self, pattern: &[u8]) -> Result<Regex> {
        if self.lines { compile(&[b"(?m)", pattern].concat(), self.dot_line, self.any_case) } else { compile(pattern, self.dot_line, self.any_case) }
    }
}

impl Patterns {
    pub fn bind(b: &Bind<'_>, i: usize, dot_line: bool, any_case: bool) -> Result<Patterns> {
        Self::bind_how(b, i, How { dot_line, any_case, ..How::default() })
    }
    pub fn bind_how(b: &Bind<'_>, i: usize, how: How) -> Result<Patterns> {
        b.string(i)?;
        Ok(match b.constant(i) {
            Some(c) => Patterns::One(Arc::new(how.compile(c.bytes_at(0).unwrap_or_default())?)),
            None => Patterns::Many(how),
        })
    }
    /// Calls `f` for each row with its regular expression.
    pub fn each(&self, c: &Ctx<'_>, at: usize, mut f: impl FnMut(usize, &Regex) -> Result<()>) -> Result<()> {
        match self {
            Patterns::One(re) => {
                for i in 0..c.rows {
                    f(i, re)?;
                }
            }
            Patterns::Many(how) => {
                let p = strs(c.col(at));
                let mut known: HashMap<&[u8], Regex> = HashMap::new();
                for i in 0..c.rows {
                    let pattern = p.at(i);
                    if !known.contains_key(pattern) {
                        if known.len() >= 256 {
                            known.clear();
                        }
                        known.insert(pattern, how.compile(pattern)?);
                    }
                    if let Some(re) = known.get(pattern) {
                        f(i, re)?;
                    }
                }
            }
        }
        Ok(())
    }
}
