//! Regular expressions matched up to a number of edits (bytes inserted, left out or replaced).

use regex_syntax::hir::{Class, Hir, HirKind, Look};
use types::codes::{BAD_ARGUMENTS, CANNOT_COMPILE_REGEXP};
use types::{Error, Result};

const STATES_MAX: usize = 1 << 12;

enum State {
    /// one byte of these ranges, then on
    Byte(Vec<(u8, u8)>, usize),
    Split(Vec<usize>),
    /// only at the start or the end of the text
    At(Look, usize),
    Done,
}

/// An automaton run for all numbers of edits at once.
pub struct Machine {
    states: Vec<State>,
    start: usize,
    edits: usize,
}

impl Machine {
    /// Errors: `CANNOT_COMPILE_REGEXP`; `BAD_ARGUMENTS` where so many edits would match anything.
    pub fn new(pattern: &str, edits: usize) -> Result<Self> {
        let bad = |e: String| Error::new(CANNOT_COMPILE_REGEXP, format!("Pattern '{pattern}' failed with error '{e}'"));
        let hir = regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern).map_err(|e| bad(e.to_string()))?;
        if edits > 0 && hir.properties().minimum_len().is_some_and(|n| n <= edits) {
            return Err(Error::new(BAD_ARGUMENTS, format!("Pattern '{pattern}' failed with error 'Approximate matching patterns that reduce to vacuous patterns are disallowed.'")));
        }
        let mut m = Machine { states: vec![State::Done], start: 0, edits };
        m.start = m.add(&hir, 0).ok_or_else(|| bad("the pattern is too large or uses an assertion other than ^ and $".into()))?;
        Ok(m)
    }

    fn push(&mut self, s: State) -> Option<usize> {
        if self.states.len() >= STATES_MAX {
            return None;
        }
        self.states.push(s);
        Some(self.states.len() - 1)
    }

    /// The state that matches `hir` and goes on with `next`.
    fn add(&mut self, hir: &Hir, next: usize) -> Option<usize> {
        match hir.kind() {
            HirKind::Empty => Some(next),
            HirKind::Literal(l) => l.0.iter().rev().try_fold(next, |n, b| self.push(State::Byte(vec![(*b, *b)], n))),
            HirKind::Class(Class::Bytes(c)) => self.push(State::Byte(c.ranges().iter().map(|r| (r.start(), r.end())).collect(), next)),
            HirKind::Class(Class::Unicode(c)) => {
                let ranges = c.ranges().iter().filter(|r| r.start().is_ascii()).map(|r| (r.start() as u8, u8::try_from(u32::from(r.end())).unwrap_or(255)));
                self.push(State::Byte(ranges.collect(), next))
            }
            HirKind::Look(l @ (Look::Start | Look::End)) => self.push(State::At(*l, next)),
            HirKind::Look(_) => None,
            HirKind::Capture(c) => self.add(&c.sub, next),
            HirKind::Concat(parts) => parts.iter().rev().try_fold(next, |n, p| self.add(p, n)),
            HirKind::Alternation(parts) => {
                let heads = parts.iter().map(|p| self.add(p, next)).collect::<Option<Vec<_>>>()?;
                self.push(State::Split(heads))
            }
            HirKind::Repetition(r) => {
                let mut at = match r.max {
                    None => {
                        let again = self.push(State::Split(vec![next]))?;
                        let body = self.add(&r.sub, again)?;
                        self.states[again] = State::Split(vec![body, next]);
                        again
                    }
                    Some(max) => {
                        let mut at = next;
                        for _ in r.min..max {
                            let body = self.add(&r.sub, at)?;
                            at = self.push(State::Split(vec![body, next]))?;
                        }
                        at
                    }
                };
                for _ in 0..r.min {
                    at = self.add(&r.sub, at)?;
                }
                Some(at)
            }
        }
    }

    pub fn matches(&self, text: &[u8]) -> bool {
        let n = self.states.len();
        // Fewest edits with which each state is reached; `usize::MAX` = not.
        let mut now = vec![usize::MAX; n];
        let mut found = false;
        self.reach(&mut now, self.start, 0, text.is_empty(), true, &mut found);
        for (i, byte) in text.iter().enumerate() {
            if found {
                return true;
            }
            let end = i + 1 == text.len();
            let mut next = vec![usize::MAX; n];
            for (s, &e) in now.iter().enumerate() {
                if e == usize::MAX {
                    continue;
                }
                if let State::Byte(ranges, to) = &self.states[s] {
                    let hit = ranges.iter().any(|(a, b)| a <= byte && byte <= b);
                    let cost = e + usize::from(!hit);
                    self.reach(&mut next, *to, cost, end, false, &mut found);
                    // the byte is one too many
                    self.reach(&mut next, s, e + 1, end, false, &mut found);
                }
            }
            // a match may begin anywhere
            self.reach(&mut next, self.start, 0, end, false, &mut found);
            now = next;
        }
        found
    }

    fn reach(&self, set: &mut [usize], state: usize, edits: usize, at_end: bool, at_start: bool, found: &mut bool) {
        let mut todo = vec![(state, edits)];
        while let Some((s, e)) = todo.pop() {
            if e > self.edits || e >= set[s] {
                continue;
            }
            set[s] = e;
            match &self.states[s] {
                State::Done => *found = true,
                State::Split(to) => todo.extend(to.iter().map(|t| (*t, e))),
                State::At(Look::Start, to) if at_start => todo.push((*to, e)),
                State::At(Look::End, to) if at_end => todo.push((*to, e)),
                State::At(..) => {}
                // the byte is left out
                State::Byte(_, to) => todo.push((*to, e + 1)),
            }
        }
    }
}
