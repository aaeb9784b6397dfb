//! uniqExact: the exact number of distinct values; also what count(DISTINCT …) is.

use crate::registry::{AggregateDef, Bound, Call, Flags};
use crate::state::cells::{same, serial};
use crate::state::keys::{Form, KeyBatch, Keyer};
use crate::state::pairs::Pairs;
use crate::state::wire::{Reader, put_var};
use crate::{Groups, States};
use std::any::Any;
use std::ops::Range;
use types::{Column, Data, Result, StrData, Type};

pub const DEFS: &[AggregateDef] = &[AggregateDef {
    name: "uniqExact",
    aliases: &["countDistinct"],
    case_insensitive: false,
    signature: "uniqExact(x, …)",
    description: "Exact number of distinct values, or of distinct tuples of several arguments. Memory grows with their number.",
    examples: &[("SELECT uniqExact(number % 7) FROM numbers(100)", "7")],
    flags: Flags::DISTINCT,
    build,
}];

fn build(call: &Call<'_>) -> Result<Bound> {
    call.arity(1..=usize::MAX)?;
    call.param_count(0..=0)?;
    let types = call.args.to_vec();
    Ok(Bound::new(call, Type::UInt64, move || Box::new(Distinct::new(&types))))
}

/// Sets of distinct argument rows per group.
pub struct Distinct {
    pub keyer: Keyer,
    pub pairs: Pairs,
}

impl Distinct {
    pub fn new(types: &[Type]) -> Self {
        let keyer = Keyer::new(types);
        let pairs = Pairs::new(keyer.form());
        Distinct { keyer, pairs }
    }
    /// Adds all of `other`'s pairs whose group is mapped.
    pub fn merge_pairs(&mut self, other: &Distinct, src: &[u32], dst: &[u32], mut new: impl FnMut(u32, u128)) -> Result<()> {
        let mut map = vec![u32::MAX; other.pairs.counts().len()];
        for (s, d) in src.iter().zip(dst) {
            map[*s as usize] = *d;
        }
        let interned = matches!(self.keyer.form(), Form::Bytes | Form::Rows);
        let mut ids: Vec<u32> = Vec::new();
        let mut failed = None;
        let (keyer, pairs) = (&mut self.keyer, &mut self.pairs);
        // in runs, so that the inserts can be prefetched
        let mut groups: Vec<u32> = Vec::with_capacity(RUN);
        let mut keys: Vec<u128> = Vec::with_capacity(RUN);
        let mut flush = |groups: &mut Vec<u32>, keys: &mut Vec<u128>, pairs: &mut Pairs| {
            let batch = match keyer_form_batch(other.keyer.form(), keys) {
                Some(batch) => batch,
                None => return,
            };
            let gs = if groups.iter().all(|g| *g == groups[0]) { Groups::One(groups[0]) } else { Groups::Each(groups) };
            pairs.insert_all(gs, &batch, |row| new(groups[row], keys[row]));
            groups.clear();
            keys.clear();
        };
        other.pairs.for_each(|g, key| {
            let d = map[g as usize];
            if d == u32::MAX || failed.is_some() {
                return;
            }
            let key = if interned {
                if ids.len() <= key as usize {
                    ids.resize(key as usize + 1, u32::MAX);
                }
                if ids[key as usize] == u32::MAX {
                    match keyer.translate(&other.keyer, key) {
                        Ok(k) => ids[key as usize] = k as u32,
                        Err(e) => {
                            failed = Some(e);
                            return;
                        }
                    }
                }
                ids[key as usize].into()
            } else {
                key
            };
            groups.push(d);
            keys.push(key);
            if groups.len() == RUN {
                flush(&mut groups, &mut keys, pairs);
            }
        });
        flush(&mut groups, &mut keys, pairs);
        failed.map_or(Ok(()), Err)
    }
    pub fn put_groups(&self, groups: &[u32]) -> StrData {
        let (starts, keys) = self.pairs.by_group(groups);
        let mut row = 0;
        serial(groups, |_, out| {
            let keys = &keys[starts[row]..starts[row + 1]];
            row += 1;
            put_var(out, keys.len() as u64);
            keys.iter().for_each(|k| self.keyer.put(*k, out));
        })
    }
}

const RUN: usize = 1024;

fn keyer_form_batch(form: Form, keys: &[u128]) -> Option<KeyBatch> {
    if keys.is_empty() {
        return None;
    }
    Some(match form {
        Form::Word => KeyBatch::Word(keys.iter().map(|k| *k as u64).collect()),
        Form::Wide => KeyBatch::Wide(keys.to_vec()),
        _ => KeyBatch::Narrow(keys.iter().map(|k| *k as u32).collect()),
    })
}

impl States for Distinct {
    fn resize(&mut self, groups: usize) {
        self.pairs.resize(groups);
    }
    fn len(&self) -> usize {
        self.pairs.counts().len()
    }
    fn update(&mut self, groups: Groups<'_>, args: &[Column], rows: usize) -> Result<()> {
        let keys = self.keyer.keys(args, rows)?;
        self.pairs.insert_all(groups, &keys, |_| {});
        Ok(())
    }
    fn merge(&mut self, other: &dyn States, src: &[u32], dst: &[u32]) -> Result<()> {
        self.merge_pairs(same::<Self>(other)?, src, dst, |_, _| {})
    }
    fn finish(&self, groups: Range<usize>) -> Result<Column> {
        Ok(Data::U64(self.pairs.counts()[groups].to_vec().into()).into())
    }
    fn serialize(&self, groups: &[u32]) -> Result<StrData> {
        Ok(self.put_groups(groups))
    }
    fn absorb(&mut self, g: u32, r: &mut Reader<'_>) -> Result<()> {
        for _ in 0..r.count(self.keyer.put_bytes_min())? {
            let key = self.keyer.read(r)?;
            self.pairs.insert(g, key);
        }
        Ok(())
    }
    fn bytes(&self) -> usize {
        self.keyer.bytes() + self.pairs.bytes()
    }
    fn planned_bytes(&self, rows: usize) -> usize {
        self.bytes() + self.keyer.planned_growth(rows) + self.pairs.planned_growth(rows)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}
