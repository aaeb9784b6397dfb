//! The pattern language of sequenceMatch and its search.
//!
//! `(?N)` an event that meets condition N, `.` any event, `.*` any number of events, `(?t<=5)` the time
//! from the event before (also `<`, `>`, `>=`, `==`). Events between two parts with a time are skipped as needed.

use types::codes::{SYNTAX_ERROR, TOO_SLOW};
use types::{Error, Result};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    Event(usize),
    Any,
    AnyNumber,
    Time(Compare, i64),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Compare {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
}

const STEPS_MAX: usize = 256;
const TRIES_MAX: usize = 1_000_000;

/// Parses a pattern; the search may begin at any event.
/// Errors: `SYNTAX_ERROR`, `BAD_ARGUMENTS` for a condition that is not there.
pub fn parse(pattern: &str, conditions: usize) -> Result<Vec<Step>> {
    let mut steps = vec![Step::AnyNumber];
    let mut rest = pattern;
    let wrong = |rest: &str, what: &str| {
        Error::new(SYNTAX_ERROR, format!("Malformed pattern {pattern:?}: {what} at {rest:?}"))
    };
    while !rest.is_empty() {
        if steps.len() > STEPS_MAX {
            return Err(wrong(rest, "too many parts"));
        }
        if let Some(after) = rest.strip_prefix("(?t") {
            let (compare, after) = [
                ("<=", Compare::LessOrEqual),
                ("<", Compare::Less),
                (">=", Compare::GreaterOrEqual),
                (">", Compare::Greater),
                ("==", Compare::Equal),
            ]
            .into_iter()
            .find_map(|(text, c)| after.strip_prefix(text).map(|a| (c, a)))
            .ok_or_else(|| wrong(after, "expected a comparison"))?;
            let n = after.bytes().take_while(u8::is_ascii_digit).count();
            let value = after[..n].parse().map_err(|_| wrong(after, "expected a number"))?;
            rest = after[n..].strip_prefix(')').ok_or_else(|| wrong(&after[n..], "expected )"))?;
            steps.push(Step::Time(compare, value));
        } else if let Some(after) = rest.strip_prefix("(?") {
            let n = after.bytes().take_while(u8::is_ascii_digit).count();
            let event: usize =
                after[..n].parse().map_err(|_| wrong(after, "expected the number of a condition"))?;
            if event == 0 || event > conditions {
                return Err(Error::bad_arguments(format!(
                    "Pattern {pattern:?} names condition {event} of {conditions}"
                )));
            }
            rest = after[n..].strip_prefix(')').ok_or_else(|| wrong(&after[n..], "expected )"))?;
            steps.push(Step::Event(event - 1));
        } else if let Some(after) = rest.strip_prefix(".*") {
            steps.push(Step::AnyNumber);
            rest = after;
        } else if let Some(after) = rest.strip_prefix('.') {
            steps.push(Step::Any);
            rest = after;
        } else {
            return Err(wrong(rest, "expected (?N), (?t…), . or .*"));
        }
    }
    Ok(steps)
}

/// What a search found.
pub struct Found {
    pub matched: bool,
    /// first event after the match
    pub next: usize,
    /// times of the events that met conditions, of the longest try
    pub times: Vec<i64>,
}

/// Finds the first match in events[from..] by backtracking. Errors: `TOO_SLOW` after a million tries.
pub fn search(steps: &[Step], events: &[(i64, u32)], from: usize) -> Result<Found> {
    struct Choice {
        step: usize,
        event: usize,
        base: usize,
        times: usize,
    }
    let end = events.len();
    let (mut step, mut event, mut base) = (0, from, from);
    let mut choices: Vec<Choice> = Vec::new();
    let mut times: Vec<i64> = Vec::new();
    let mut best: Vec<i64> = Vec::new();
    let mut tries = 0;
    while step < steps.len() && event < end {
        let (time, bits) = events[event];
        let ok = match steps[step] {
            Step::Event(k) => {
                let met = bits >> k & 1 != 0;
                if met {
                    times.push(time);
                    if times.len() > best.len() {
                        best.clone_from(&times);
                    }
                    base = event;
                    event += 1;
                }
                met
            }
            Step::Any => {
                base = event;
                event += 1;
                true
            }
            Step::AnyNumber => {
                choices.push(Choice { step, event, base, times: times.len() });
                base = event;
                true
            }
            Step::Time(compare, limit) => {
                let passed = time.saturating_sub(events[base].0);
                let met = match compare {
                    Compare::Less => passed < limit,
                    Compare::LessOrEqual => passed <= limit,
                    Compare::Greater => passed > limit,
                    Compare::GreaterOrEqual => passed >= limit,
                    Compare::Equal => passed == limit,
                };
                // a later event may do as well, or instead
                choices.push(Choice { step, event, base, times: times.len() });
                if met {
                    base = event;
                }
                met
            }
        };
        if ok {
            step += 1;
            continue;
        }
        loop {
            let Some(c) = choices.pop() else {
                return Ok(Found { matched: false, next: end, times: best });
            };
            (step, event, base) = (c.step, c.event + 1, c.base);
            times.truncate(c.times);
            if event < end {
                break;
            }
        }
        tries += 1;
        if tries > TRIES_MAX {
            return Err(Error::new(TOO_SLOW, format!("Pattern search gave up after {TRIES_MAX} tries")));
        }
    }
    while steps.get(step) == Some(&Step::AnyNumber) {
        step += 1;
    }
    let matched = step == steps.len();
    Ok(Found { matched, next: event.max(from + 1), times: if matched { times } else { best } })
}
