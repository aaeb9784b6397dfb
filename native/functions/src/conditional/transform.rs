//! transform: values looked up in a list and replaced by those of another.

use crate::bind::{Bind, Bound, bound};
use crate::cast::{CastMode, cast};
use crate::session::Session;
use crate::supertype::common_type;
use types::codes::{ILLEGAL_TYPE_OF_ARGUMENT, SIZES_OF_ARRAYS_DONT_MATCH};
use types::{Column, ColumnBuilder, Error, Result, Type};

/// What a transform makes of each value.
struct Mapping {
    keys: Column,
    values: Column,
    /// places of keys by their hash
    places: std::collections::HashMap<u64, Vec<u32>>,
}

impl Mapping {
    fn new(keys: &Column, values: &Column, types: &MappingTypes, session: &Session) -> Result<Mapping> {
        if keys.len() != values.len() {
            return Err(Error::new(SIZES_OF_ARRAYS_DONT_MATCH, "Arrays of function transform must have equal sizes"));
        }
        let keys = cast(keys, &types.from, &types.key, CastMode::Sql, session)?.flat();
        let values = cast(values, &types.to, &types.out, CastMode::Sql, session)?;
        let mut hashes = vec![0u64; keys.len()];
        types::compare::hash_column(&keys, &mut hashes);
        let mut places: std::collections::HashMap<u64, Vec<u32>> = std::collections::HashMap::new();
        for (k, hash) in hashes.iter().enumerate() {
            places.entry(*hash).or_default().push(k as u32);
        }
        Ok(Mapping { keys, values, places })
    }
    fn find(&self, hash: u64, x: &Column, row: usize) -> Option<u32> {
        self.places.get(&hash)?.iter().copied().find(|&k| types::compare::compare_rows(&self.keys, k as usize, x, row).is_eq())
    }
}

struct MappingTypes {
    from: Type,
    to: Type,
    /// values are compared in
    key: Type,
    out: Type,
}

pub(super) fn transform(b: &Bind<'_>) -> Result<Bound> {
    b.arity(3, 4)?;
    let (from, to) = (b.array(1)?.clone(), b.array(2)?.clone());
    let source = b.ty(0).clone();
    let other_at = if b.len() == 4 { 3 } else { 0 };
    let other = b.ty(other_at).clone();
    let out = common_type(&[to.clone(), other.clone()]).map_err(|e| Error::new(ILLEGAL_TYPE_OF_ARGUMENT, format!("Results of function transform: {}", e.message())))?;
    let key = common_type(&[source.clone(), from.clone()]).or_else(|_| if from.is_string() { Ok(source.clone()) } else if source.is_number() && from.is_number() { Ok(Type::Float64) } else { Err(b.illegal(1, &format!("Array of {source}"))) })?;
    let types = MappingTypes { from, to, key, out: out.clone() };
    let name = b.name.to_string();
    // arrays of a subquery are known only when it has run
    let fixed = match (b.constant(1), b.constant(2)) {
        (Some(k), Some(v)) => Some(Mapping::new(&crate::arrays::one_array(k, &name, 2)?, &crate::arrays::one_array(v, &name, 3)?, &types, b.session)?),
        _ => None,
    };
    bound(out, move |c| {
        let own;
        let mapping = match &fixed {
            Some(mapping) => mapping,
            None if c.rows == 0 => return Ok(ColumnBuilder::new(&types.out).finish()),
            None => {
                own = Mapping::new(&crate::arrays::one_array(c.col(1), &name, 2)?, &crate::arrays::one_array(c.col(2), &name, 3)?, &types, c.session)?;
                &own
            }
        };
        let x = cast(c.col(0), &source, &types.key, CastMode::Sql, c.session)?.flat();
        let mut hashes = vec![0u64; c.rows];
        types::compare::hash_column(&x, &mut hashes);
        let fallback = cast(c.col(other_at), &other, &types.out, CastMode::Sql, c.session)?.flat();
        let n = mapping.values.len() as u32;
        let at: Vec<u32> = (0..c.rows).map(|i| mapping.find(hashes[i], &x, i).unwrap_or(n + i as u32)).collect();
        let mut stack = ColumnBuilder::new(&types.out);
        stack.append_column(&mapping.values);
        stack.append_column(&fallback);
        Ok(stack.finish().gather(&at))
    })
}
