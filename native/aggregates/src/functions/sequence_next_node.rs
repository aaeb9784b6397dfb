//! sequenceNextNode: the event that comes after (or before) a chain of events.

use super::events::{conditions, is_condition};
use crate::registry::{AggregateDef, Bound, Call, Flags};
use crate::state::cells::{Cell, Cells};
use crate::state::numbers::ints;
use crate::state::wire::{Reader, put_bytes, put_var};
use std::sync::Arc;
use types::{Column, ColumnBuilder, Error, Result, Type};

pub const DEFS: &[AggregateDef] = &[AggregateDef {
    name: "sequenceNextNode",
    aliases: &[],
    case_insensitive: false,
    signature: "sequenceNextNode(direction, base)(time, event, base_condition, condition1, …)",
    description: "The event after a chain that meets the conditions one by one, or NULL. \
        direction: forward, backward; base (where the chain starts): head, tail, first_match, last_match.",
    examples: &[("SELECT sequenceNextNode('forward', 'head')(number, toString(number), number = 0, number = 0) FROM numbers(5)", "1")],
    flags: Flags::DEFAULT_ON_NULLS,
    build,
}];

#[derive(Clone, Copy, PartialEq)]
enum Base {
    Head,
    Tail,
    FirstMatch,
    LastMatch,
}

struct Config {
    forward: bool,
    base: Base,
    conditions: usize,
}

fn build(call: &Call<'_>) -> Result<Bound> {
    call.param_count(2..=2)?;
    call.arity(3..=34)?;
    let forward = match call.text_param(0)? {
        "forward" => true,
        "backward" => false,
        other => return Err(Error::bad_arguments(format!("Unknown direction {other} of sequenceNextNode: use forward or backward"))),
    };
    let base = match call.text_param(1)? {
        "head" => Base::Head,
        "tail" => Base::Tail,
        "first_match" => Base::FirstMatch,
        "last_match" => Base::LastMatch,
        other => return Err(Error::bad_arguments(format!("Unknown base {other} of sequenceNextNode: use head, tail, first_match or last_match"))),
    };
    if base == Base::Head && !forward || base == Base::Tail && forward {
        return Err(Error::bad_arguments("sequenceNextNode goes forward from head and backward from tail"));
    }
    call.check(0, |t| t.is_date_or_time() || t.is_integer())?;
    call.check(1, |t| *t == Type::String)?;
    (2..call.args.len()).try_for_each(|i| call.check(i, is_condition))?;
    let config = Arc::new(Config { forward, base, conditions: call.args.len() - 3 });
    let ty = Type::nullable(Type::String);
    Ok(Bound::new(call, ty.clone(), move || Cells::<Nodes>::boxed(&config, &ty)))
}

/// Bit 0 of `bits`: may be the base; bit i + 1: condition i.
struct Node {
    time: i64,
    event: Box<[u8]>,
    bits: u64,
}

#[derive(Default)]
struct Nodes {
    nodes: Vec<Node>,
    text_bytes: usize,
}

impl Cell for Nodes {
    type Config = Config;
    type Input = (Vec<i64>, Column, Vec<u64>);
    fn prepare(_: &Config, args: &[Column], rows: usize) -> Result<Self::Input> {
        let base = conditions(&args[2..3], rows);
        let others = conditions(&args[3..], rows);
        let bits = base.iter().zip(others).map(|(b, o)| u64::from(*b) | u64::from(o) << 1).collect();
        Ok((ints(&args[0]), args[1].clone(), bits))
    }
    fn add(&mut self, _: &Config, input: &Self::Input, row: usize) -> Result<()> {
        let event: Box<[u8]> = input.1.bytes_at(row).unwrap_or_default().into();
        self.text_bytes += event.len();
        self.nodes.push(Node { time: input.0[row], event, bits: input.2[row] });
        Ok(())
    }
    fn merge(&mut self, _: &Config, other: &Self) -> Result<()> {
        self.nodes.extend(other.nodes.iter().map(|n| Node { time: n.time, event: n.event.clone(), bits: n.bits }));
        self.text_bytes += other.text_bytes;
        Ok(())
    }
    fn finish(&self, config: &Config, out: &mut ColumnBuilder) -> Result<()> {
        let mut sorted: Vec<&Node> = self.nodes.iter().collect();
        sorted.sort_by_key(|n| n.time);
        match next(config, &sorted) {
            Some(n) => out.push_bytes(&n.event),
            None => out.push_null(),
        }
        Ok(())
    }
    fn put(&self, _: &Config, out: &mut Vec<u8>) {
        put_var(out, self.nodes.len() as u64);
        for n in &self.nodes {
            put_var(out, n.time as u64);
            put_bytes(out, &n.event);
            put_var(out, n.bits);
        }
    }
    fn read(_: &Config, r: &mut Reader<'_>) -> Result<Self> {
        let mut nodes = Nodes::default();
        for _ in 0..r.count(3)? {
            let time = r.var()? as i64;
            let event: Box<[u8]> = r.bytes()?.into();
            nodes.text_bytes += event.len();
            nodes.nodes.push(Node { time, event, bits: r.var()? });
        }
        Ok(nodes)
    }
    fn heap_bytes(&self) -> usize {
        self.nodes.capacity() * size_of::<Node>() + self.text_bytes
    }
}

fn next<'a>(config: &Config, nodes: &[&'a Node]) -> Option<&'a Node> {
    let is_base = |n: &&Node| n.bits & 1 != 0;
    let starts = |n: &&Node| n.bits & 3 == 3 || (config.conditions == 0 && n.bits & 1 != 0);
    let base = match config.base {
        Base::Head => (!nodes.is_empty() && is_base(&nodes[0])).then_some(0),
        Base::Tail => nodes.len().checked_sub(1).filter(|i| is_base(&nodes[*i])),
        Base::FirstMatch => nodes.iter().position(starts),
        Base::LastMatch => nodes.iter().rposition(starts),
    }?;
    let at = |i: usize| if config.forward { nodes.get(base + i) } else { base.checked_sub(i).and_then(|p| nodes.get(p)) };
    for i in 0..config.conditions {
        if at(i)?.bits >> (i + 1) & 1 == 0 {
            return None;
        }
    }
    at(config.conditions).copied()
}
