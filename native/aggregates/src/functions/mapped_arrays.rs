//! sumMap, minMap, maxMap over arrays of keys and arrays of values.

use super::group_array::arrays;
use super::sum::{states_of, sum_type};
use crate::combinators::array::unnest;
use crate::combinators::for_each::finish_ids;
use crate::registry::{AggregateDef, Bound, Call, Flags};
use crate::state::by_key::ByKey;
use crate::state::cells::same;
use crate::state::wire::Reader;
use crate::{Groups, States};
use std::any::Any;
use std::ops::Range;
use std::sync::Arc;
use types::codes::BAD_ARGUMENTS;
use types::{Column, ColumnBuilder, Data, Error, Result, Scalar, StrData, Type};

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Sum,
    SumWithOverflow,
    Min,
    Max,
}

macro_rules! def {
    ($name:literal, $aliases:expr, $kind:ident, $filtered:literal, $text:literal, $example:expr) => {
        AggregateDef {
            name: $name,
            aliases: $aliases,
            case_insensitive: false,
            signature: concat!($name, "(keys, values, …)"),
            description: $text,
            examples: $example,
            flags: Flags::NONE,
            build: |call| build(call, Kind::$kind, $filtered),
        }
    };
}

pub const DEFS: &[AggregateDef] = &[
    def!("sumMap", &["sumMappedArrays"], Sum, false, "Sums arrays of values by the keys at the same positions; keys whose sums are 0 are left out.", &[("SELECT sumMap([1, 2], [number, 1]) FROM numbers(3)", "([1,2],[3,3])")]),
    def!("sumMapWithOverflow", &[], SumWithOverflow, false, "As sumMap, with sums in the type of the values.", &[("SELECT sumMapWithOverflow([1], [toUInt8(200)]) FROM numbers(2)", "([1],[144])")]),
    def!("sumMapFiltered", &[], Sum, true, "As sumMap for the keys in the parameter.", &[("SELECT sumMapFiltered([1])([1, 2], [3, 4])", "([1],[3])")]),
    def!("sumMapFilteredWithOverflow", &[], SumWithOverflow, true, "As sumMapWithOverflow for the keys in the parameter.", &[("SELECT sumMapFilteredWithOverflow([1])([1, 2], [3, 4])", "([1],[3])")]),
    def!("minMap", &["minMappedArrays"], Min, false, "Smallest values by key.", &[("SELECT minMap([1], [number]) FROM numbers(3)", "([1],[0])")]),
    def!("maxMap", &["maxMappedArrays"], Max, false, "Largest values by key.", &[("SELECT maxMap([1], [number]) FROM numbers(3)", "([1],[2])")]),
];

fn build(call: &Call<'_>, kind: Kind, filtered: bool) -> Result<Bound> {
    call.arity(1..=usize::MAX)?;
    call.param_count(if filtered { 1..=1 } else { 0..=0 })?;
    // one tuple of the arrays means the same
    let arrays: Vec<Type> = match call.args {
        [Type::Tuple(es)] => es.iter().map(|e| e.1.clone()).collect(),
        args => args.to_vec(),
    };
    if call.args.len() == 1 && arrays.len() == 1 {
        return Err(Error::illegal_type(format!("Illegal type {} of the one argument of aggregate function {}: it must be a map, or a tuple of arrays", call.args[0], call.name)));
    }
    if arrays.len() < 2 {
        return Err(Error::new(types::codes::NUMBER_OF_ARGUMENTS_DOESNT_MATCH, format!("Aggregate function {} takes an array of keys and at least one of values", call.name)));
    }
    let elements = crate::combinators::array::element_types(call.name, &arrays)?;
    let key = elements[0].clone();
    if key.is_nullable() {
        return Err(call.illegal(0));
    }
    let mut inners: Vec<Arc<dyn Fn() -> Box<dyn States> + Send + Sync>> = Vec::new();
    let mut types = vec![Type::array(key.clone())];
    for (i, element) in elements[1..].iter().enumerate() {
        let plain = element.base().clone();
        if plain == Type::Nothing {
            return Err(call.illegal(i + 1));
        }
        let ty = match kind {
            Kind::Sum => sum_type(&plain).ok_or_else(|| call.illegal(i + 1))?,
            Kind::SumWithOverflow if !plain.is_number() => return Err(call.illegal(i + 1)),
            _ => plain.clone(),
        };
        types.push(Type::array(ty.clone()));
        inners.push(match kind {
            Kind::Sum | Kind::SumWithOverflow => Arc::new(states_of(&ty)),
            _ => {
                let f = crate::resolve::resolve_at(if kind == Kind::Min { "min" } else { "max" }, &[], &[plain], 0)?;
                Arc::new(move || f.states())
            }
        });
    }
    let filter: Option<Vec<Scalar>> = match call.params.first().map(|p| &p.value) {
        Some(Scalar::Array(keys)) => Some(keys.clone()),
        Some(_) => return Err(Error::bad_arguments(format!("{} takes an array of keys as its parameter", call.name))),
        None => None,
    };
    let sums = matches!(kind, Kind::Sum | Kind::SumWithOverflow);
    let tupled = arrays.len() != call.args.len();
    let value_types = types[1..].to_vec();
    Ok(Bound::new(call, Type::tuple(types), move || {
        let mut by_key = ByKey::new(&key);
        let allowed = filter.as_ref().map(|keys| {
            let mut b = ColumnBuilder::new(&key);
            keys.iter().for_each(|k| b.push_scalar(k));
            let n = keys.len();
            let batch = by_key.keys(&b.finish(), n);
            batch.map(|b| (0..n).map(|i| b.at(i)).collect()).unwrap_or_default()
        });
        Box::new(Mapped {
            inners: inners.iter().map(|f| f()).collect(),
            groups: by_key,
            allowed,
            sums,
            tupled,
            value_types: value_types.clone(),
        })
    }))
}

struct Mapped {
    inners: Vec<Box<dyn States>>,
    groups: ByKey,
    allowed: Option<Vec<u128>>,
    /// sums of 0 are left out
    sums: bool,
    tupled: bool,
    value_types: Vec<Type>,
}

impl Mapped {
    fn grow(&mut self) {
        let n = self.groups.inner_len();
        self.inners.iter_mut().for_each(|s| s.resize(n));
    }
}

/// Is the row 0 (or empty)?
fn is_default(c: &Column, row: usize) -> bool {
    match c.scalar(row) {
        Scalar::Int(v) => v == 0,
        Scalar::UInt(v) => v == 0,
        Scalar::I256(v) => v == types::I256::ZERO,
        Scalar::U256(v) => v == types::U256::ZERO,
        Scalar::Float(v) => v == 0.0,
        _ => false,
    }
}

impl States for Mapped {
    fn resize(&mut self, groups: usize) {
        self.groups.resize(groups);
    }
    fn len(&self) -> usize {
        self.groups.len()
    }
    fn update(&mut self, groups: Groups<'_>, args: &[Column], rows: usize) -> Result<()> {
        let tuple;
        let args = if self.tupled {
            tuple = args[0].flat();
            match &tuple.data {
                Data::Tuple(cs, _) => cs.as_ref(),
                _ => return Err(Error::internal("A tuple argument is not a tuple")),
            }
        } else {
            args
        };
        let all = unnest(args).map_err(|e| Error::new(BAD_ARGUMENTS, e.message()))?;
        let total = all.offsets.last().copied().unwrap_or(0) as usize;
        let keys = self.groups.keys(&all.values[0], total)?;
        let mut ids = Vec::with_capacity(total);
        let mut keep = Vec::with_capacity(total);
        for row in 0..rows {
            for i in all.offsets[row]..all.offsets[row + 1] {
                let key = keys.at(i as usize);
                if self.allowed.as_ref().is_some_and(|a| !a.contains(&key)) {
                    continue;
                }
                ids.push(self.groups.id(groups.of(row), key));
                keep.push(i);
            }
        }
        self.grow();
        if keep.is_empty() {
            return Ok(());
        }
        for (inner, c) in self.inners.iter_mut().zip(&all.values[1..]) {
            let c = c.gather(&keep);
            match c.null_mask() {
                None => inner.update(Groups::Each(&ids), &[c], keep.len())?,
                Some(nulls) => {
                    let some = nulls.not().ones();
                    let gs: Vec<u32> = some.iter().map(|i| ids[*i as usize]).collect();
                    inner.update(Groups::Each(&gs), &[c.gather(&some)], some.len())?;
                }
            }
        }
        Ok(())
    }
    fn merge(&mut self, other: &dyn States, src: &[u32], dst: &[u32]) -> Result<()> {
        let other = same::<Self>(other)?;
        let (from, to) = self.groups.pairs(&other.groups, src, dst)?;
        self.grow();
        self.inners.iter_mut().zip(&other.inners).try_for_each(|(a, b)| a.merge(b.as_ref(), &from, &to))
    }
    fn finish(&self, groups: Range<usize>) -> Result<Column> {
        let n = groups.len();
        let all: Vec<Column> = self.inners.iter().map(|s| s.finish(0..s.len())).collect::<Result<_>>()?;
        let mut keys = self.groups.key_builder();
        let mut ids = Vec::new();
        let mut lengths = Vec::with_capacity(n);
        for g in groups {
            let keep = |id: u32| !self.sums || !all.iter().all(|c| is_default(c, id as usize));
            let (own, entries) = self.groups.in_order(g, keep)?;
            keys.append_column(&own);
            lengths.push(entries.len());
            ids.extend(entries.iter().map(|e| e.1));
        }
        let mut out = vec![arrays(&lengths, keys.finish())];
        for inner in &self.inners {
            out.push(arrays(&lengths, finish_ids(inner.as_ref(), &ids)?));
        }
        debug_assert!(out.len() == self.value_types.len() + 1);
        Ok(Data::Tuple(out.into(), n).into())
    }
    fn serialize(&self, groups: &[u32]) -> Result<StrData> {
        let every = self.groups.inner_ids();
        let states: Vec<StrData> = self.inners.iter().map(|s| s.serialize(&every)).collect::<Result<_>>()?;
        self.groups.serialize(groups, &states)
    }
    fn absorb(&mut self, group: u32, r: &mut Reader<'_>) -> Result<()> {
        for _ in 0..r.count(2)? {
            let id = self.groups.read(group, r)?;
            self.grow();
            self.inners.iter_mut().try_for_each(|inner| inner.absorb(id, r))?;
        }
        Ok(())
    }
    fn bytes(&self) -> usize {
        let inner: usize = self.inners.iter().map(|s| s.bytes()).sum();
        inner + self.groups.bytes()
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}
