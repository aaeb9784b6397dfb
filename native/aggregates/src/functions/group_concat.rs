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
    flags: Flags::ORDER,
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
    let by_row = call.args.len() == 2;
    let config = Arc::new(Config { delimiter: delimiter.into_bytes(), limit, by_row, ty: call.args[0].clone() });
    Ok(Bound::new(call, Type::String, move || Cells::<Joined>::boxed(&config, &Type::String)))
}

struct Config {
    delimiter: Vec<u8>,
    limit: u64,
    /// the delimiter is an argument
    by_row: bool,
    ty: Type,
}

#[derive(Default)]
struct Joined {
    text: Vec<u8>,
    /// where each value begins and ends in `text`; kept only under a limit
    places: Vec<(usize, usize)>,
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
        if self.places.len() as u64 >= config.limit {
            return;
        }
        // behind nothing, also behind empty texts, no delimiter stands
        if !self.text.is_empty() {
            self.text.extend_from_slice(self.delimiter.as_deref().unwrap_or(&config.delimiter));
        }
        let start = self.text.len();
        self.text.extend_from_slice(value);
        if config.limit != u64::MAX {
            self.places.push((start, self.text.len()));
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
            // the zeros that fill a FixedString up are not joined
            let fixed = matches!(config.ty, Type::FixedString(_));
            let end = if fixed { bytes.iter().rposition(|b| *b != 0).map_or(0, |at| at + 1) } else { bytes.len() };
            self.push(config, &bytes[..end]);
            return Ok(());
        }
        let mut text = input.scratch.borrow_mut();
        text.clear();
        types::text::write_text(&input.values, row, &config.ty, &mut text)?;
        self.push(config, &text);
        Ok(())
    }
    fn merge(&mut self, config: &Config, other: &Self) -> Result<()> {
        if self.delimiter.is_none() {
            self.delimiter.clone_from(&other.delimiter);
        }
        if config.limit == u64::MAX && !other.text.is_empty() {
            self.push(config, &other.text);
        }
        for (start, end) in &other.places {
            self.push(config, other.text.get(*start..*end).unwrap_or_default());
        }
        Ok(())
    }
    fn finish(&self, _: &Config, out: &mut ColumnBuilder) -> Result<()> {
        out.push_bytes(&self.text);
        Ok(())
    }
    fn put(&self, config: &Config, out: &mut Vec<u8>) {
        put_bytes(out, &self.text);
        if config.limit != u64::MAX {
            put_var(out, self.places.len() as u64);
            self.places.iter().flat_map(|(a, b)| [*a, *b]).for_each(|at| put_var(out, at as u64));
        }
        if config.by_row {
            put_bytes(out, self.delimiter.as_deref().unwrap_or_default());
        }
    }
    fn read(config: &Config, r: &mut Reader<'_>) -> Result<Self> {
        let mut joined = Joined { text: r.bytes()?.to_vec(), ..Joined::default() };
        if config.limit != u64::MAX {
            for _ in 0..r.count(2)? {
                joined.places.push((r.var()? as usize, r.var()? as usize));
            }
        }
        if config.by_row {
            joined.delimiter = Some(r.bytes()?.to_vec());
        }
        Ok(joined)
    }
    fn heap_bytes(&self) -> usize {
        self.text.capacity() + self.places.capacity() * 16 + self.delimiter.as_ref().map_or(0, Vec::capacity)
    }
}
