//! groupConcat: the texts of a group's values, joined.

use crate::registry::{AggregateDef, Bound, Call, Flags};
use crate::state::cells::{Cell, Cells};
use crate::state::wire::{Reader, put_bytes, put_var};
use std::sync::Arc;
use types::{Column, ColumnBuilder, Result, Type};

pub const DEFS: &[AggregateDef] = &[AggregateDef {
    name: "groupConcat",
    aliases: &["group_concat", "string_agg"],
    case_insensitive: true,
    signature: "groupConcat(delimiter, limit)(x) or groupConcat(x, delimiter)",
    description: "Texts of the values that are not NULL, joined with a delimiter, the first limit of them if given.",
    examples: &[("SELECT groupConcat(',')(number) FROM numbers(3)", "0,1,2")],
    flags: Flags::ORDER_DEFAULT,
    build,
}];

fn build(call: &Call<'_>) -> Result<Bound> {
    call.arity(1..=2)?;
    call.param_count(0..=2)?;
    if call.args.len() == 2 {
        call.check(1, |t| *t == Type::String)?;
    }
    let delimiter = if call.params.is_empty() { String::new() } else { call.text_param(0)?.to_string() };
    let limit = if call.params.len() == 2 {
        let n = call.uint_param(1)?;
        if n == 0 {
            return Err(types::Error::bad_arguments("The limit of groupConcat must be above 0"));
        }
        n
    } else {
        u64::MAX
    };
    let config = Arc::new(Config { delimiter: delimiter.into_bytes(), limit, ty: call.args[0].clone() });
    Ok(Bound::new(call, Type::String, move || Cells::<Joined>::boxed(&config, &Type::String)))
}

struct Config {
    delimiter: Vec<u8>,
    limit: u64,
    ty: Type,
}

#[derive(Default)]
struct Joined {
    text: Vec<u8>,
    /// where each value ends in `text`; kept only under a limit
    ends: Vec<usize>,
    count: u64,
    /// a delimiter that came as an argument, for merging
    delimiter: Option<Vec<u8>>,
}

struct Input {
    values: Column,
    delimiter: Option<Column>,
    scratch: std::cell::RefCell<Vec<u8>>,
}

impl Joined {
    fn push(&mut self, config: &Config, value: &[u8]) {
        if self.count >= config.limit {
            return;
        }
        if self.count > 0 {
            let d = self.delimiter.as_deref().unwrap_or(&config.delimiter);
            self.text.extend_from_slice(d);
        }
        self.text.extend_from_slice(value);
        self.count += 1;
        if config.limit != u64::MAX {
            self.ends.push(self.text.len());
        }
    }
}

impl Cell for Joined {
    type Config = Config;
    type Input = Input;
    fn prepare(_: &Config, args: &[Column], _rows: usize) -> Result<Input> {
        Ok(Input { values: args[0].clone(), delimiter: args.get(1).cloned(), scratch: Default::default() })
    }
    fn add(&mut self, config: &Config, input: &Input, row: usize) -> Result<()> {
        if let (None, Some(d)) = (&self.delimiter, &input.delimiter) {
            self.delimiter = Some(d.bytes_at(row).unwrap_or_default().to_vec());
        }
        if let Some(bytes) = input.values.bytes_at(row) {
            self.push(config, bytes);
            return Ok(());
        }
        let mut text = input.scratch.borrow_mut();
        text.clear();
        types::text::write_text(&input.values, row, &config.ty, &mut text)?;
        self.push(config, &text);
        Ok(())
    }
    fn merge(&mut self, config: &Config, other: &Self) -> Result<()> {
        if other.count == 0 {
            return Ok(());
        }
        if self.delimiter.is_none() {
            self.delimiter.clone_from(&other.delimiter);
        }
        if config.limit == u64::MAX {
            self.push(config, &other.text);
            self.count += other.count - 1;
            return Ok(());
        }
        let d = other.delimiter.as_ref().unwrap_or(&config.delimiter).len();
        let mut from = 0;
        for end in &other.ends {
            self.push(config, other.text.get(from..*end).unwrap_or_default());
            from = end + d;
        }
        Ok(())
    }
    fn finish(&self, _: &Config, out: &mut ColumnBuilder) -> Result<()> {
        out.push_bytes(&self.text);
        Ok(())
    }
    fn put(&self, _: &Config, out: &mut Vec<u8>) {
        put_var(out, self.count);
        put_bytes(out, &self.text);
        out.push(u8::from(self.delimiter.is_some()));
        put_bytes(out, self.delimiter.as_deref().unwrap_or_default());
        put_var(out, self.ends.len() as u64);
        self.ends.iter().for_each(|e| put_var(out, *e as u64));
    }
    fn read(_: &Config, r: &mut Reader<'_>) -> Result<Self> {
        let count = r.var()?;
        let text = r.bytes()?.to_vec();
        let given = r.byte()? == 1;
        let delimiter = r.bytes()?.to_vec();
        let ends = (0..r.count(1)?).map(|_| Ok(r.var()? as usize)).collect::<Result<_>>()?;
        Ok(Joined { text, ends, count, delimiter: given.then_some(delimiter) })
    }
    fn heap_bytes(&self) -> usize {
        self.text.capacity() + self.ends.capacity() * 8 + self.delimiter.as_ref().map_or(0, Vec::capacity)
    }
}
