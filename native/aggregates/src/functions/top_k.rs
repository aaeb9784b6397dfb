//! topK and its forms: the most frequent values by the filtered space-saving algorithm.
//! Source: Homem, Carvalho, "Finding top-k elements in data streams".
//!
//! 1. `reserved` values and as many again are counted (64 at least).
//! 2. When the list is full, the `reserved` most frequent stay; the counts of the others go to hashed cells.
//! 3. A value that comes later begins with the count of its cell, which is also its possible error.

use crate::registry::{AggregateDef, Bound, Call, Flags};
use crate::state::binary;
use crate::state::cells::{Cell, Cells};
use crate::state::numbers::ints;
use crate::state::wire::{Reader, damaged, put_bytes, put_var};
use crate::state::{arena, select, table_order};
use std::collections::HashMap;
use std::sync::Arc;
use types::builder::Values;
use types::codes::ARGUMENT_OUT_OF_BOUND;
use types::{Column, ColumnBuilder, Error, Result, Type};

macro_rules! def {
    ($name:literal, $aliases:expr, $signature:literal, $weighted:literal, $counts:literal, $text:literal, $example:expr) => {
        AggregateDef {
            name: $name,
            aliases: $aliases,
            case_insensitive: true,
            signature: $signature,
            description: $text,
            examples: $example,
            flags: Flags::DEFAULT_ON_NULLS,
            build: |call| build(call, $weighted, $counts),
        }
    };
}

pub const DEFS: &[AggregateDef] = &[
    def!("topK", &[], "topK(n, load_factor, 'counts')(x)", false, false, "Array of the n most frequent values (10 if not given), approximate when there are more than n * load_factor distinct ones.", &[("SELECT topK(1)(number % 3) FROM numbers(10)", "[0]")]),
    def!("topKWeighted", &[], "topKWeighted(n, load_factor, 'counts')(x, weight)", true, false, "As topK with a weight for each row.", &[("SELECT topKWeighted(1)(number, number) FROM numbers(10)", "[9]")]),
    def!("approx_top_k", &["approx_top_count"], "approx_top_k(n, reserved)(x)", false, true, "The n most frequent values with their counts and possible errors.", &[("SELECT approx_top_k(1)(number % 3) FROM numbers(10)", "[(0,4,0)]")]),
    def!("approx_top_sum", &[], "approx_top_sum(n, reserved)(x, weight)", true, true, "The n values of largest weight with their weights and possible errors.", &[("SELECT approx_top_sum(1)(number, number) FROM numbers(10)", "[(9,9,0)]")]),
];

const SIZE_MAX: u64 = 0xffff;

fn build(call: &Call<'_>, weighted: bool, approx: bool) -> Result<Bound> {
    let n = if weighted { 2 } else { 1 };
    call.arity(n..=n)?;
    call.param_count(0..=3)?;
    if weighted {
        call.check(1, Type::is_integer)?;
    }
    let out_of_bound = |text: &str| Error::new(ARGUMENT_OUT_OF_BOUND, format!("{} of {} must be from 1 to {SIZE_MAX}", text, call.name));
    let threshold = if call.params.is_empty() { 10 } else { call.uint_param(0)? };
    if threshold == 0 || threshold > SIZE_MAX {
        return Err(out_of_bound("The number of values"));
    }
    let mut reserved = threshold * 3;
    if call.params.len() > 1 {
        if call.params[1].value.as_i128().is_some_and(|v| v < 0) {
            return Err(out_of_bound(if approx { "The number of counters" } else { "The load factor" }));
        }
        let second = call.uint_param(1)?;
        if second == 0 {
            return Err(out_of_bound(if approx { "The number of counters" } else { "The load factor" }));
        }
        reserved = if approx { second } else { threshold.saturating_mul(second) };
    }
    let counts = approx || (call.params.len() == 3 && call.text_param(2)? == "counts");
    if reserved > SIZE_MAX || reserved < threshold {
        return Err(out_of_bound("The number of counters"));
    }
    let item = call.args[0].clone();
    let one = if counts {
        Type::named_tuple(vec![("item", item.clone()), ("count", Type::UInt64), ("error", Type::UInt64)])
    } else {
        item.clone()
    };
    let ty = Type::array(one);
    let config = Arc::new(Config { threshold: threshold as usize, reserved: reserved as usize, counts, item });
    Ok(Bound::new(call, ty.clone(), move || Cells::<SpaceSaving>::boxed(&config, &ty)))
}

struct Config {
    threshold: usize,
    reserved: usize,
    counts: bool,
    item: Type,
}

impl Config {
    /// ClickHouse's, so that the same values share a cell.
    fn hash(&self, key: &[u8]) -> u64 {
        if arena::is_number(&self.item) { table_order::crc_hash(key) } else { table_order::text_hash(key) }
    }
    /// Pushes the value of a key.
    fn push(&self, key: &[u8], out: &mut ColumnBuilder) -> Result<()> {
        if arena::is_number(&self.item) {
            return binary::read(&self.item, &mut Reader::new(key), out);
        }
        let mut piece = Vec::with_capacity(key.len() + 5);
        put_bytes(&mut piece, key);
        arena::read_piece(&self.item, &mut Reader::new(&piece), out)
    }
    /// How many counters fill the list.
    fn room(&self) -> usize {
        (self.reserved * 2).max(64)
    }
    fn cells(&self) -> usize {
        (self.reserved * 6).next_power_of_two()
    }
}

struct Counter {
    key: Arc<[u8]>,
    count: u64,
    error: u64,
}

impl Counter {
    /// Counts wrap as ClickHouse's do: weights may be negative.
    fn sure(&self) -> u64 {
        self.count.wrapping_sub(self.error)
    }
    /// Surely more frequent, or perhaps more frequent where both are sure of the same count.
    fn before(&self, other: &Self) -> bool {
        (self.sure(), self.count) > (other.sure(), other.count)
    }
}

#[derive(Default)]
struct SpaceSaving {
    /// in order of first sight, until a full list is cut
    counters: Vec<Counter>,
    places: HashMap<Arc<[u8]>, usize>,
    /// counts of values that lost their counter, by hash
    cells: Vec<u64>,
    key_bytes: usize,
}

/// A cell counts no further.
const CELL_MAX: u64 = u32::MAX as u64;

impl SpaceSaving {
    fn insert(&mut self, config: &Config, key: &[u8], count: u64) {
        if let Some(&at) = self.places.get(key) {
            self.counters[at].count = self.counters[at].count.wrapping_add(count);
            return;
        }
        let known = if self.counters.len() < config.reserved { 0 } else { self.cell(config, key) };
        self.push(key.into(), known.wrapping_add(count), known);
        self.shrink(config);
    }
    fn cell(&self, config: &Config, key: &[u8]) -> u64 {
        if self.cells.is_empty() { 0 } else { self.cells[config.hash(key) as usize & (self.cells.len() - 1)] }
    }
    fn push(&mut self, key: Arc<[u8]>, count: u64, error: u64) {
        self.key_bytes += key.len();
        self.places.insert(key.clone(), self.counters.len());
        self.counters.push(Counter { key, count, error });
    }
    /// Cuts a full list.
    fn shrink(&mut self, config: &Config) {
        if self.counters.len() < config.room() {
            return;
        }
        select::select(&mut self.counters, config.reserved, &Counter::before);
        if self.cells.is_empty() {
            self.cells = vec![0; config.cells()];
        }
        let mask = self.cells.len() - 1;
        for lost in self.counters.drain(config.reserved..) {
            let cell = &mut self.cells[config.hash(&lost.key) as usize & mask];
            *cell = (*cell + lost.sure().min(CELL_MAX)).min(CELL_MAX);
        }
        self.key_bytes = self.counters.iter().map(|c| c.key.len()).sum();
        self.places = self.counters.iter().enumerate().map(|(i, c)| (c.key.clone(), i)).collect();
    }
    /// Up to which count a value without a counter may have been seen.
    fn unseen(&self, config: &Config) -> u64 {
        if self.counters.len() < config.reserved { 0 } else { self.cells.iter().copied().max().unwrap_or(0) }
    }
    /// The `n` most frequent, as indices of the counters.
    fn first(&self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.counters.len()).collect();
        select::first_in_order(&mut order, n, |a, b| self.counters[*a].before(&self.counters[*b]));
        order.truncate(n);
        order
    }
}

struct Input {
    /// serial forms of the values, one after another
    bytes: Vec<u8>,
    ends: Vec<usize>,
    weights: Vec<i64>,
}

impl Cell for SpaceSaving {
    type Config = Config;
    type Input = Input;
    fn prepare(config: &Config, args: &[Column], rows: usize) -> Result<Input> {
        let mut input = Input { bytes: Vec::new(), ends: vec![0], weights: args.get(1).map(ints).unwrap_or_default() };
        for row in 0..rows {
            arena::put_plain(&config.item, &args[0], row, &mut input.bytes);
            input.ends.push(input.bytes.len());
        }
        Ok(input)
    }
    fn add(&mut self, config: &Config, input: &Input, row: usize) -> Result<()> {
        let weight = input.weights.get(row).map_or(1, |w| *w as u64);
        self.insert(config, &input.bytes[input.ends[row]..input.ends[row + 1]], weight);
        Ok(())
    }
    fn merge(&mut self, config: &Config, other: &Self) -> Result<()> {
        if other.counters.is_empty() {
            return Ok(());
        }
        // a value that only one side counts may have lost its counter on the other
        let (mine, theirs) = if self.counters.is_empty() { (0, 0) } else { (self.unseen(config), other.unseen(config)) };
        for c in &mut self.counters {
            c.count = c.count.wrapping_add(theirs);
            c.error = c.error.wrapping_add(theirs);
        }
        for c in &other.counters {
            match self.places.get(&c.key) {
                Some(&at) => {
                    let counter = &mut self.counters[at];
                    counter.count = counter.count.wrapping_sub(theirs).wrapping_add(c.count);
                    counter.error = counter.error.wrapping_sub(theirs).wrapping_add(c.error);
                }
                None => self.push(c.key.clone(), c.count.wrapping_add(mine), c.error.wrapping_add(mine)),
            }
        }
        if self.cells.is_empty() {
            self.cells.clone_from(&other.cells);
        } else {
            self.cells.iter_mut().zip(&other.cells).for_each(|(a, b)| *a = (*a + b).min(CELL_MAX));
        }
        self.shrink(config);
        Ok(())
    }
    fn finish(&self, config: &Config, out: &mut ColumnBuilder) -> Result<()> {
        let Values::Array { offsets, values } = &mut out.values else { return Ok(()) };
        for c in self.first(config.threshold).into_iter().map(|at| &self.counters[at]) {
            if !config.counts {
                config.push(&c.key, values)?;
                continue;
            }
            let Values::Tuple(parts) = &mut values.values else { return Ok(()) };
            config.push(&c.key, &mut parts[0])?;
            for (part, v) in parts[1..].iter_mut().zip([c.count, c.error]) {
                if let Values::U64(x) = &mut part.values {
                    x.push(v);
                }
                part.pushed();
            }
            values.pushed();
        }
        offsets.push(values.len() as u32);
        out.pushed();
        Ok(())
    }
    fn put(&self, config: &Config, out: &mut Vec<u8>) {
        let kept = self.first(config.reserved);
        put_var(out, kept.len() as u64);
        for c in kept.into_iter().map(|at| &self.counters[at]) {
            if arena::is_number(&config.item) {
                out.extend_from_slice(&c.key);
            } else {
                put_bytes(out, &c.key);
            }
            put_var(out, c.count);
            put_var(out, c.error);
        }
        let cells = if self.counters.is_empty() { 0 } else { config.cells() };
        put_var(out, cells as u64);
        (0..cells).for_each(|i| put_var(out, self.cells.get(i).copied().unwrap_or_default()));
    }
    fn read(config: &Config, r: &mut Reader<'_>) -> Result<Self> {
        let mut s = SpaceSaving::default();
        for _ in 0..r.count(2)? {
            let mut value = ColumnBuilder::new(&config.item);
            let mut key = Vec::new();
            arena::read_piece(&config.item, r, &mut value)?;
            arena::put_plain(&config.item, &value.finish(), 0, &mut key);
            let (count, error) = (r.var()?, r.var()?);
            if s.places.contains_key(key.as_slice()) || s.counters.len() >= config.reserved {
                return Err(damaged());
            }
            s.push(key.into(), count, error);
        }
        let cells = r.count(1)?;
        if cells != 0 && cells != config.cells() {
            return Err(damaged());
        }
        for _ in 0..cells {
            s.cells.push(r.var()?.min(CELL_MAX));
        }
        if s.cells.iter().all(|c| *c == 0) {
            s.cells.clear();
        }
        Ok(s)
    }
    fn heap_bytes(&self) -> usize {
        self.counters.capacity() * size_of::<Counter>() + self.places.capacity() * 40 + self.cells.capacity() * 8 + self.key_bytes + self.counters.len() * 16
    }
}
