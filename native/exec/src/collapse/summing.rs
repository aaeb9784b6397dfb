//! SummingMergeTree(columns): numbers of equal keys are summed, nested maps by their keys; a row whose
//! sums are all 0 goes.

use super::Maker;
use super::aggregating::Merged;
use aggregates::Groups;
use std::sync::Arc;
use types::{Column, Data, Error, Result, Type};

pub fn makers(names: &[&str], types: &[Type], in_key: &[usize], columns: &[String]) -> Result<Vec<Maker>> {
    let maps = maps_of(names, types, in_key, columns)?;
    let maker = |(i, ty): (usize, &Type)| {
        if in_key.contains(&i) {
            return Ok(Maker::First);
        }
        if let Some((map, part)) =
            maps.iter().find_map(|m| Some((m, m.columns.iter().position(|c| *c == i)?)))
        {
            return Ok(Maker::Map(map.clone(), part));
        }
        let chosen = columns.is_empty() || columns.iter().any(|c| c == names[i]);
        if let Some(f) = Merged::of(ty)? {
            return Ok(if chosen { Maker::Aggregate(f) } else { Maker::First });
        }
        Ok(if chosen && summable(ty) { Maker::Aggregate(Merged::sum(ty)?) } else { Maker::First })
    };
    types.iter().enumerate().map(maker).collect()
}

/// Numbers and decimals; dates, enums and addresses are not sums.
pub fn summable(ty: &Type) -> bool {
    let plain = match ty {
        Type::LowCardinality(t) => t,
        t => t,
    };
    let base = match plain {
        Type::Nullable(t) => t,
        t => t,
    };
    base.is_number()
}

/// Columns `xMap.key Array(K)`, `xMap.value Array(V)` …: values are summed per key. Further columns whose
/// names end in ID, Key or Type are parts of the key.
pub struct NestedMap {
    /// keys first, then values
    pub columns: Vec<usize>,
    keys: usize,
    types: Vec<Type>,
}

fn maps_of(
    names: &[&str],
    types: &[Type],
    in_key: &[usize],
    columns: &[String],
) -> Result<Vec<Arc<NestedMap>>> {
    let mut found: Vec<(&str, Vec<usize>)> = Vec::new();
    for (i, name) in names.iter().enumerate() {
        let Some((outer, _)) = name.split_once('.') else { continue };
        if !outer.ends_with("Map") || in_key.contains(&i) || !matches!(types[i], Type::Array(_)) {
            continue;
        }
        if !columns.is_empty() && !columns.iter().any(|c| c == outer || c == name) {
            continue;
        }
        match found.iter_mut().find(|f| f.0 == outer) {
            Some(f) => f.1.push(i),
            None => found.push((outer, vec![i])),
        }
    }
    let mut maps = Vec::new();
    for (_, parts) in found {
        let inner = |i: usize| match &types[i] {
            Type::Array(t) => t.as_ref().clone(),
            t => t.clone(),
        };
        let is_key =
            |n: usize, i: usize| n == 0 || ["ID", "Key", "Type"].iter().any(|end| names[i].ends_with(end));
        let (mut keys, mut values) = (Vec::new(), Vec::new());
        let mut fits = parts.len() > 1;
        for (n, &i) in parts.iter().enumerate() {
            let t = inner(i);
            if is_key(n, i) {
                let base = t.base();
                fits &= base.is_integer()
                    || base.is_date_or_time()
                    || matches!(base, Type::String | Type::FixedString(_) | Type::Enum8(_) | Type::Enum16(_));
                keys.push(i);
            } else {
                fits &= summable(&t);
                values.push(i);
            }
        }
        if fits && !values.is_empty() {
            let n = keys.len();
            let columns: Vec<usize> = keys.into_iter().chain(values).collect();
            let types = columns.iter().map(|c| inner(*c)).collect();
            maps.push(Arc::new(NestedMap { columns, keys: n, types }));
        }
    }
    Ok(maps)
}

impl NestedMap {
    /// The summed arrays of each group, in the order of `columns`.
    pub fn run(&self, parts: &[&Column], of_row: &[u32], groups: usize) -> Result<Vec<Column>> {
        // several keys are one tuple
        let key = if self.keys == 1 {
            self.types[0].clone()
        } else {
            Type::tuple(self.types[..self.keys].to_vec())
        };
        let mut args = vec![Type::Array(Arc::new(key))];
        args.extend(self.types[self.keys..].iter().map(|t| Type::Array(Arc::new(t.clone()))));
        let flat: Vec<Column> = parts.iter().map(|c| c.flat()).collect();
        let mut columns = vec![zipped(&flat[..self.keys])?];
        columns.extend_from_slice(&flat[self.keys..]);
        let function = aggregates::resolve("sumMapWithOverflow", &[], &args)?;
        let mut states = function.states();
        states.resize(groups);
        states.update(Groups::Each(of_row), &columns, of_row.len())?;
        let out = states.finish(0..groups)?.flat();
        let Data::Tuple(made, _) = &out.data else { return Err(Error::internal("sumMap gives a tuple")) };
        let mut result = unzipped(&made[0], self.keys)?;
        let session = functions::Session::default();
        let Type::Tuple(made_types) = function.ty() else { return Err(Error::internal("sumMap's type")) };
        for (v, c) in made.iter().enumerate().skip(1) {
            let to = &args[v];
            result.push(functions::cast(c, &made_types[v].1, to, functions::CastMode::Sql, &session)?.flat());
        }
        Ok(result)
    }
}

/// Arrays of several keys as one array of tuples.
fn zipped(keys: &[Column]) -> Result<Column> {
    if let [one] = keys {
        return Ok(one.clone());
    }
    let mut values = Vec::new();
    let mut offsets: Option<types::Buf<u32>> = None;
    for k in keys {
        let k = k.gather(&(0..k.len() as u32).collect::<Vec<_>>());
        let Data::Array(a) = &k.data else {
            return Err(Error::internal("a map of something else than arrays"));
        };
        if offsets.as_ref().is_some_and(|o| o.as_slice() != a.offsets.as_slice()) {
            return Err(Error::new(
                types::codes::SIZES_OF_ARRAYS_DONT_MATCH,
                "Arrays of a nested map have different sizes".to_string(),
            ));
        }
        offsets.get_or_insert_with(|| a.offsets.clone());
        values.push(a.values.as_ref().clone());
    }
    let offsets = offsets.ok_or_else(|| Error::internal("a map without keys"))?;
    let n = values.first().map_or(0, Column::len);
    let tuple: Column = Data::Tuple(values.into(), n).into();
    Ok(Data::Array(types::ArrayData { offsets, values: Arc::new(tuple) }).into())
}

fn unzipped(keys: &Column, n: usize) -> Result<Vec<Column>> {
    if n == 1 {
        return Ok(vec![keys.flat()]);
    }
    let keys = keys.flat();
    let Data::Array(a) = &keys.data else { return Err(Error::internal("keys of a map")) };
    let inner = a.values.flat();
    let Data::Tuple(parts, _) = &inner.data else { return Err(Error::internal("keys of a map")) };
    let one = |p: &Column| {
        Data::Array(types::ArrayData { offsets: a.offsets.clone(), values: Arc::new(p.clone()) }).into()
    };
    Ok(parts.iter().map(one).collect())
}
