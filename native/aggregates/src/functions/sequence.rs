//! sequenceMatch, sequenceCount, sequenceMatchEvents: chains of events that follow a pattern.

use super::events::{Events, check, events};
use super::levels::push_raw;
use super::pattern::{Step, parse, search};
use crate::registry::{AggregateDef, Bound, Call, Flags};
use crate::state::cells::{Cell, Cells};
use crate::state::wire::{Reader, put_var};
use std::sync::Arc;
use types::builder::Values;
use types::{Column, ColumnBuilder, Result, Type};

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Match,
    Count,
    Events,
}

macro_rules! def {
    ($name:literal, $kind:ident, $text:literal, $example:expr) => {
        AggregateDef {
            name: $name,
            aliases: &[],
            case_insensitive: false,
            signature: concat!($name, "(pattern)(time, condition1, condition2, …)"),
            description: $text,
            examples: $example,
            flags: Flags::DEFAULT_ON_NULLS,
            build: |call| build(call, Kind::$kind),
        }
    };
}

pub const DEFS: &[AggregateDef] = &[
    def!("sequenceMatch", Match, "1 if the events, in order of time, have a chain that follows the pattern, else 0. Pattern: (?N), ., .*, (?t<=seconds).", &[("SELECT sequenceMatch('(?1)(?2)')(number, number = 1, number = 2) FROM numbers(5)", "1")]),
    def!("sequenceCount", Count, "Number of chains, not overlapping, that follow the pattern.", &[("SELECT sequenceCount('(?1)(?2)')(number, number % 2 = 0, number % 2 = 1) FROM numbers(10)", "5")]),
    def!("sequenceMatchEvents", Events, "Times of the events of the longest chain that follows the pattern.", &[("SELECT sequenceMatchEvents('(?1)(?2)')(number, number = 1, number = 2) FROM numbers(5)", "[1,2]")]),
];

struct Config {
    kind: Kind,
    steps: Vec<Step>,
    /// conditions that the pattern names
    needed: u32,
}

fn build(call: &Call<'_>, kind: Kind) -> Result<Bound> {
    call.param_count(1..=1)?;
    check(call, 1, 2)?;
    let steps = parse(call.text_param(0)?, call.args.len() - 1)?;
    let needed = steps.iter().fold(0, |bits, s| if let Step::Event(k) = s { bits | 1 << k } else { bits });
    let ty = match kind {
        Kind::Match => Type::UInt8,
        Kind::Count => Type::UInt64,
        Kind::Events => Type::array(call.args[0].clone()),
    };
    let config = Arc::new(Config { kind, steps, needed });
    Ok(Bound::new(call, ty.clone(), move || Cells::<Sequence>::boxed(&config, &ty)))
}

#[derive(Default)]
struct Sequence {
    events: Vec<(i64, u32)>,
}

impl Cell for Sequence {
    type Config = Config;
    type Input = Events;
    fn prepare(_: &Config, args: &[Column], rows: usize) -> Result<Events> {
        Ok(events(args, rows))
    }
    fn add(&mut self, _: &Config, input: &Events, row: usize) -> Result<()> {
        if input.conditions[row] != 0 {
            self.events.push((input.times[row], input.conditions[row]));
        }
        Ok(())
    }
    fn merge(&mut self, _: &Config, other: &Self) -> Result<()> {
        self.events.extend_from_slice(&other.events);
        Ok(())
    }
    fn finish(&self, config: &Config, out: &mut ColumnBuilder) -> Result<()> {
        let mut sorted = self.events.clone();
        sorted.sort_by_key(|e| e.0);
        let met = sorted.iter().fold(0, |bits, e| bits | e.1);
        let possible = met & config.needed == config.needed;
        match (&mut out.values, config.kind) {
            (Values::U8(v), Kind::Match) => v.push(u8::from(possible && search(&config.steps, &sorted, 0)?.matched)),
            (Values::U64(v), Kind::Count) => {
                let (mut n, mut from) = (0, 0);
                while possible && from < sorted.len() {
                    let found = search(&config.steps, &sorted, from)?;
                    if !found.matched {
                        break;
                    }
                    n += 1;
                    from = found.next;
                }
                v.push(n);
            }
            (Values::Array { offsets, values }, _) => {
                for t in search(&config.steps, &sorted, 0)?.times {
                    match &mut values.values {
                        Values::I64(v) => v.push(t),
                        Values::U64(v) => v.push(t as u64),
                        _ => {
                            push_raw(values, t as f64);
                            continue;
                        }
                    }
                    values.pushed();
                }
                offsets.push(values.len() as u32);
            }
            _ => {}
        }
        out.pushed();
        Ok(())
    }
    fn put(&self, _: &Config, out: &mut Vec<u8>) {
        put_var(out, self.events.len() as u64);
        for (t, bits) in &self.events {
            put_var(out, *t as u64);
            put_var(out, u64::from(*bits));
        }
    }
    fn read(_: &Config, r: &mut Reader<'_>) -> Result<Self> {
        let n = r.count(2)?;
        let events = (0..n).map(|_| Ok((r.var()? as i64, r.var()? as u32))).collect::<Result<_>>()?;
        Ok(Sequence { events })
    }
    fn heap_bytes(&self) -> usize {
        self.events.capacity() * 16
    }
}
