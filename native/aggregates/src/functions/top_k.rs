//! topK and its forms: the most frequent values by the filtered space-saving algorithm.
//! Source: Homem, Carvalho, "Finding top-k elements in data streams".
//!
//! 1. `reserved` counters are kept in order of count. A value that has one is counted there.
//! 2. While there is room, a new value gets a counter.
//! 3. Otherwise its count goes to a hashed cell; only when the cell reaches the smallest counter does
//!    the value take its place, with the cell as its possible error.

use crate::registry::{AggregateDef, Bound, Call, Flags};
use crate::state::binary;
use crate::state::cells::{Cell, Cells};
use crate::state::numbers::ints;
use crate::state::wire::{Reader, damaged, put_bytes, put_var};
use crate::state::{arena, table_order};
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
    fn cells(&self) -> usize {
        (self.reserved * 6).next_power_of_two()
    }
}

struct Counter {
    key: Arc<[u8]>,
    count: u64,
    error: u64,
}

#[derive(Default)]
struct SpaceSaving {
    /// from the largest count down
    counters: Vec<Counter>,
    places: HashMap<Arc<[u8]>, usize>,
    /// counts of values without a counter, by hash
    cells: Vec<u64>,
    key_bytes: usize,
}

impl SpaceSaving {
    fn insert(&mut self, config: &Config, key: &[u8], count: u64, error: u64) {
        if let Some(&at) = self.places.get(key) {
            self.counters[at].count += count;
            self.counters[at].error += error;
            return self.rise(at);
        }
        if self.counters.len() < config.reserved {
            return self.push(key, count, error);
        }
        if self.cells.is_empty() {
            self.cells = vec![0; config.cells()];
        }
        let mask = self.cells.len() - 1;
        let cell = config.hash(key) as usize & mask;
        let Some(smallest) = self.counters.last() else { return };
        let alpha = self.cells[cell];
        if alpha + count < smallest.count {
            self.cells[cell] += count;
            return;
        }
        self.cells[config.hash(&smallest.key) as usize & mask] = smallest.count;
        self.key_bytes -= smallest.key.len();
        self.places.remove(&smallest.key);
        self.counters.pop();
        self.push(key, alpha + count, alpha + error);
    }
    fn push(&mut self, key: &[u8], count: u64, error: u64) {
        let key: Arc<[u8]> = key.into();
        self.key_bytes += key.len();
        self.places.insert(key.clone(), self.counters.len());
        self.counters.push(Counter { key, count, error });
        self.rise(self.counters.len() - 1);
    }
    /// Moves a counter up past smaller ones.
    fn rise(&mut self, mut at: usize) {
        while at > 0 {
            let (above, own) = (&self.counters[at - 1], &self.counters[at]);
            if (own.count, above.error) <= (above.count, own.error) {
                break;
            }
            self.places.insert(above.key.clone(), at);
            self.counters.swap(at - 1, at);
            at -= 1;
        }
        self.places.insert(self.counters[at].key.clone(), at);
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
        if weight > 0 {
            self.insert(config, &input.bytes[input.ends[row]..input.ends[row + 1]], weight, 0);
        }
        Ok(())
    }
    fn merge(&mut self, config: &Config, other: &Self) -> Result<()> {
        // a value that only one side counted may have been dropped by the other: up to its smallest count
        let least = |s: &Self| if s.counters.len() < config.reserved { 0 } else { s.counters.last().map_or(0, |c| c.count) };
        let (mine, theirs) = (least(self), least(other));
        if theirs > 0 {
            for c in &mut self.counters {
                if !other.places.contains_key(&c.key) {
                    c.count += theirs;
                    c.error += theirs;
                }
            }
        }
        let mut all: Vec<(Arc<[u8]>, u64, u64)> = self.counters.drain(..).map(|c| (c.key, c.count, c.error)).collect();
        let at: HashMap<Arc<[u8]>, usize> = std::mem::take(&mut self.places);
        for c in &other.counters {
            match at.get(&c.key) {
                Some(&i) => {
                    all[i].1 += c.count;
                    all[i].2 += c.error;
                }
                None => all.push((c.key.clone(), c.count + mine, c.error + mine)),
            }
        }
        all.sort_by(|a, b| b.1.cmp(&a.1).then(a.2.cmp(&b.2)));
        all.truncate(config.reserved);
        self.key_bytes = all.iter().map(|c| c.0.len()).sum();
        self.places = all.iter().enumerate().map(|(i, c)| (c.0.clone(), i)).collect();
        self.counters = all.into_iter().map(|(key, count, error)| Counter { key, count, error }).collect();
        if self.cells.is_empty() {
            self.cells.clone_from(&other.cells);
        } else {
            self.cells.iter_mut().zip(&other.cells).for_each(|(a, b)| *a += b);
        }
        Ok(())
    }
    fn finish(&self, config: &Config, out: &mut ColumnBuilder) -> Result<()> {
        let Values::Array { offsets, values } = &mut out.values else { return Ok(()) };
        for c in self.counters.iter().take(config.threshold) {
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
        put_var(out, self.counters.len() as u64);
        for c in &self.counters {
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
            s.insert(config, &key, count.min(u64::MAX >> 8), error.min(u64::MAX >> 8));
        }
        let cells = r.count(1)?;
        if cells != 0 && cells != config.cells() {
            return Err(damaged());
        }
        for _ in 0..cells {
            s.cells.push(r.var()? & (u64::MAX >> 8));
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
