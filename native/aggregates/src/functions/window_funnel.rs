//! windowFunnel: how far along a chain of conditions events get within a time window.

use super::events::{Events, check, events};
use crate::registry::{AggregateDef, Bound, Call, Flags};
use crate::state::cells::{Cell, Cells};
use crate::state::wire::{Reader, put_var};
use std::sync::Arc;
use types::builder::Values;
use types::codes::NUMBER_OF_ARGUMENTS_DOESNT_MATCH;
use types::{Column, ColumnBuilder, Error, Result, Type};

pub const DEFS: &[AggregateDef] = &[AggregateDef {
    name: "windowFunnel",
    aliases: &[],
    case_insensitive: false,
    signature: "windowFunnel(window, mode, …)(time, condition1, condition2, …)",
    description: "Length of the longest chain of conditions that events meet in order within `window` of the first. \
        Modes: strict_deduplication, strict_order, strict_increase, strict_once, allow_reentry.",
    examples: &[("SELECT windowFunnel(10)(number, number = 1, number = 3, number = 50) FROM numbers(8)", "2")],
    flags: Flags::DEFAULT_ON_NULLS,
    build,
}];

struct Config {
    window: u64,
    conditions: usize,
    deduplication: bool,
    order: bool,
    increase: bool,
    once: bool,
    reentry: bool,
}

fn build(call: &Call<'_>) -> Result<Bound> {
    if call.params.is_empty() {
        return Err(Error::new(NUMBER_OF_ARGUMENTS_DOESNT_MATCH, "windowFunnel takes the window as its first parameter"));
    }
    check(call, 1, 1)?;
    let mut config = Config {
        window: call.uint_param(0)?,
        conditions: call.args.len() - 1,
        deduplication: false,
        order: false,
        increase: false,
        once: false,
        reentry: false,
    };
    for i in 1..call.params.len() {
        match call.text_param(i)? {
            "strict_deduplication" => config.deduplication = true,
            "strict_order" => config.order = true,
            "strict_increase" => config.increase = true,
            "strict_once" => config.once = true,
            "allow_reentry" => config.reentry = true,
            other => return Err(Error::bad_arguments(format!("Unknown mode {other} of windowFunnel"))),
        }
    }
    if config.reentry && !config.order {
        return Err(Error::bad_arguments("Mode allow_reentry of windowFunnel needs strict_order"));
    }
    let config = Arc::new(config);
    Ok(Bound::new(call, Type::UInt8, move || Cells::<Funnel>::boxed(&config, &Type::UInt8)))
}

/// An event meets condition `kind - 1`; kind 0 = none of them (kept for strict_order only).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    time: i64,
    kind: u8,
    /// one number for all conditions that a row meets
    row: u32,
}

#[derive(Default)]
struct Funnel {
    events: Vec<Event>,
    rows: u32,
}

impl Cell for Funnel {
    type Config = Config;
    type Input = Events;
    fn prepare(_: &Config, args: &[Column], rows: usize) -> Result<Events> {
        Ok(events(args, rows))
    }
    fn add(&mut self, config: &Config, input: &Events, row: usize) -> Result<()> {
        let (time, bits) = (input.times[row], input.conditions[row]);
        self.rows += 1;
        for i in 0..config.conditions {
            if bits >> i & 1 != 0 {
                self.events.push(Event { time, kind: i as u8 + 1, row: self.rows });
            }
        }
        if bits == 0 && config.order {
            self.events.push(Event { time, kind: 0, row: self.rows });
        }
        Ok(())
    }
    fn merge(&mut self, _: &Config, other: &Self) -> Result<()> {
        let first = self.rows;
        self.events.extend(other.events.iter().map(|e| Event { row: first.wrapping_add(e.row), ..*e }));
        self.rows = first.wrapping_add(other.rows);
        Ok(())
    }
    fn finish(&self, config: &Config, out: &mut ColumnBuilder) -> Result<()> {
        let mut sorted = self.events.clone();
        sorted.sort_by_key(|e| (e.time, e.kind));
        let level = if config.once { level_once(config, &sorted) } else { level(config, &sorted) };
        if let Values::U8(v) = &mut out.values {
            v.push(level as u8);
        }
        out.pushed();
        Ok(())
    }
    fn put(&self, _: &Config, out: &mut Vec<u8>) {
        put_var(out, u64::from(self.rows));
        put_var(out, self.events.len() as u64);
        for e in &self.events {
            put_var(out, e.time as u64);
            out.push(e.kind);
            put_var(out, u64::from(e.row));
        }
    }
    fn read(config: &Config, r: &mut Reader<'_>) -> Result<Self> {
        let rows = r.var()? as u32;
        let n = r.count(3)?;
        let read = |r: &mut Reader<'_>| Ok(Event { time: r.var()? as i64, kind: r.byte()?.min(config.conditions as u8), row: r.var()? as u32 });
        let events = (0..n).map(|_| read(r)).collect::<Result<_>>()?;
        Ok(Funnel { events, rows })
    }
    fn heap_bytes(&self) -> usize {
        self.events.capacity() * size_of::<Event>()
    }
}

impl Config {
    fn in_window(&self, first: i64, time: i64) -> bool {
        time.wrapping_sub(first) as u64 <= self.window
    }
}

/// For each condition the time of the chain's first event and of its own.
fn level(config: &Config, events: &[Event]) -> usize {
    let mut chain: Vec<Option<(i64, i64)>> = vec![None; config.conditions];
    let mut started = false;
    for e in events {
        if e.kind == 0 {
            if started {
                break;
            }
            continue;
        }
        let k = usize::from(e.kind) - 1;
        if config.deduplication && k > 0 && chain[k].is_some() {
            break;
        }
        if k == 0 {
            chain[0] = Some((e.time, e.time));
            started = true;
            continue;
        }
        let Some((first, before)) = chain[k - 1] else {
            if config.order && started && !config.reentry {
                return chain.iter().position(Option::is_none).unwrap_or(chain.len());
            }
            continue;
        };
        if config.in_window(first, e.time) && (!config.increase || before < e.time) {
            chain[k] = Some((first, e.time));
            if k + 1 == chain.len() {
                return chain.len();
            }
        }
    }
    chain.iter().rposition(Option::is_some).map_or(0, |k| k + 1)
}

/// One of the chains that end at some condition.
#[derive(Clone)]
struct Chain {
    first: i64,
    last: i64,
    rows: Vec<u32>,
}

/// Chains kept at each condition; older ones out of their window go first.
const CHAINS_MAX: usize = 1024;

/// As `level`, but a row counts for one condition of a chain only: all chains are followed.
fn level_once(config: &Config, events: &[Event]) -> usize {
    let mut chains: Vec<Vec<Chain>> = vec![Vec::new(); config.conditions];
    let mut started = false;
    for e in events {
        if e.kind == 0 {
            if started {
                break;
            }
            continue;
        }
        let k = usize::from(e.kind) - 1;
        if config.deduplication && k > 0 && !chains[k].is_empty() {
            break;
        }
        if k == 0 {
            chains[0].push(Chain { first: e.time, last: e.time, rows: vec![e.row] });
            started = true;
        } else if chains[k - 1].is_empty() {
            if config.order && started && !config.reentry {
                return chains.iter().position(Vec::is_empty).unwrap_or(chains.len());
            }
        } else {
            let keep_one = chains[k - 1].len() > 1;
            if keep_one {
                let newest = chains[k - 1].last().cloned();
                chains[k - 1].retain(|c| config.in_window(c.first, e.time));
                if chains[k - 1].is_empty() {
                    chains[k - 1].extend(newest);
                }
            }
            let longer: Vec<Chain> = chains[k - 1]
                .iter()
                .filter(|c| config.in_window(c.first, e.time) && !c.rows.contains(&e.row) && (!config.increase || c.last < e.time))
                .map(|c| {
                    let mut rows = c.rows.clone();
                    rows.push(e.row);
                    Chain { first: c.first, last: e.time, rows }
                })
                .collect();
            if !longer.is_empty() && k + 1 == chains.len() {
                return chains.len();
            }
            chains[k].extend(longer);
        }
        let n = chains[k].len();
        if n > CHAINS_MAX {
            chains[k].drain(..n - CHAINS_MAX);
        }
    }
    chains.iter().rposition(|c| !c.is_empty()).map_or(0, |k| k + 1)
}
