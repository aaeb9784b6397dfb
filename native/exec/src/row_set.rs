//! The right side of IN: distinct rows that can be asked for membership.

use crate::query::Query;
use functions::CastMode;
use hashbrown::{HashMap, HashSet, HashTable};
use parking_lot::Mutex;
use std::sync::Arc;
use types::compare::{compare_rows, hash_column};
use types::{Bitmap, Column, Data, Error, Result, Scalar, Type};

/// The written values that a type holds without cutting digits: 1.55 is no Decimal(9, 1).
fn exact(values: &Column, ty: &Type, target: &Type, query: &Query) -> Result<Column> {
    let source = strip(ty);
    if source == *target || !(source.is_number() && target.is_number()) {
        return Ok(values.clone());
    }
    let (there, back) = (Type::nullable(target.clone()), Type::nullable(source));
    let converted = functions::cast(values, ty, &there, CastMode::AccurateOrNull, &query.session)?;
    let again =
        functions::cast(&converted, &there, &back, CastMode::AccurateOrNull, &query.session)?.flat_deep();
    let whole = functions::cast(values, ty, &back, CastMode::Sql, &query.session)?.flat_deep();
    Ok(values.filter(&Bitmap::from_fn(values.len(), |i| compare_rows(&whole, i, &again, i).is_eq())))
}

/// Values of one type without NULLs. Membership is by value, whatever the representation.
pub struct RowSet {
    ty: Type,
    values: Column,
    index: HashTable<u32>,
    /// fast path: integers up to 64 bits by their bits
    ints: Option<HashSet<u64, foldhash::fast::FixedState>>,
    /// codes of a dictionary that are members, by dictionary
    memo: Mutex<HashMap<u64, Arc<Vec<bool>>>>,
}

impl RowSet {
    /// `column`: one row of type `ty` = Array(T) (the elements are the set).
    pub fn of_literal(column: &Column, ty: &Type, left: &Type, query: &Query) -> Result<RowSet> {
        let (Type::Array(element), Data::Array(a)) = (ty, &column.flat().data) else {
            return Err(Error::internal("IN needs an array of values"));
        };
        let values = a.values.slice(a.offsets[0] as usize, (a.offsets[1] - a.offsets[0]) as usize);
        let target = strip(left);
        if target.is_decimal() || strip(element).is_decimal() {
            return RowSet::of_column(&exact(&values, element, &target, query)?, element, left, query);
        }
        RowSet::of_column(&values, element, left, query)
    }

    /// The distinct non-NULL values of a column as values of type `left` (without Nullable). Values
    /// that do not exist in that type can never be equal and are left out.
    pub fn of_column(values: &Column, ty: &Type, left: &Type, query: &Query) -> Result<RowSet> {
        let target = strip(left);
        let converted = if strip(ty) == target {
            values.flat_deep()
        } else {
            let to = if target.can_be_nullable() { Type::nullable(target.clone()) } else { target.clone() };
            functions::cast(values, ty, &to, CastMode::AccurateOrNull, &query.session)?.flat_deep()
        };
        let converted = match converted.null_mask() {
            Some(nulls) => converted.filter(&nulls.not()),
            None => converted,
        };
        let converted = Column { data: converted.data, nulls: None };
        let rows = converted.len();
        let _reservation = query.memory.reserve((converted.bytes() + rows * 16) as u64)?;
        let mut hashes = vec![0u64; rows];
        hash_column(&converted, &mut hashes);
        let mut index: HashTable<u32> = HashTable::with_capacity(rows);
        for i in 0..rows {
            let eq = |&j: &u32| compare_rows(&converted, i, &converted, j as usize).is_eq();
            if index.find(hashes[i], eq).is_none() {
                index.insert_unique(hashes[i], i as u32, |&j| hashes[j as usize]);
            }
        }
        let ints = int_bits(&converted).map(|v| v.into_iter().collect());
        Ok(RowSet { ty: target, values: converted, index, ints, memo: Mutex::new(HashMap::new()) })
    }

    /// This set for a left side of another type.
    pub fn for_type(self: &Arc<Self>, left: &Type, query: &Query) -> Result<Arc<RowSet>> {
        if strip(left) == self.ty {
            return Ok(self.clone());
        }
        Ok(Arc::new(RowSet::of_column(&self.values, &self.ty, left, query)?))
    }
    pub fn len(&self) -> usize {
        self.index.len()
    }
    /// The members, ascending; for pruning.
    pub fn scalars(&self) -> Vec<Scalar> {
        let mut v: Vec<Scalar> = self.index.iter().map(|&i| self.values.scalar(i as usize)).collect();
        v.sort_by(Scalar::compare);
        v
    }

    /// Bit i: row i is a member. NULL never is. Cost: one hash a row, or a lookup by code.
    pub fn contains(&self, c: &Column, rows: usize) -> Result<Bitmap> {
        if let Some(one) = c.as_const() {
            let hit = self.contains(&one.slice(0, 1).flat(), 1)?.get(0);
            return Ok(Bitmap::new(rows, hit));
        }
        if let Data::Codes(codes, dict) = &c.data
            && dict.len() <= 4 * rows.max(65_536)
        {
            let known = self.memo.lock().get(&dict.id).cloned();
            let members = match known {
                Some(m) => m,
                None => {
                    let m = self.contains(&dict.values, dict.len())?;
                    let m: Arc<Vec<bool>> = Arc::new((0..dict.len()).map(|i| m.get(i)).collect());
                    self.memo.lock().insert(dict.id, m.clone());
                    m
                }
            };
            let mut out = Bitmap::from_fn(rows, |i| members[codes[i] as usize]);
            if let Some(nulls) = &c.nulls {
                out.and_not_with(nulls);
            }
            return Ok(out);
        }
        let flat = c.flat_deep();
        let mut out = if let (Some(ints), Some(bits)) = (&self.ints, int_bits(&flat)) {
            Bitmap::from_fn(rows, |i| ints.contains(&bits[i]))
        } else {
            let mut hashes = vec![0u64; rows];
            let plain = Column { data: flat.data.clone(), nulls: None };
            hash_column(&plain, &mut hashes);
            Bitmap::from_fn(rows, |i| {
                self.index
                    .find(hashes[i], |&j| compare_rows(&plain, i, &self.values, j as usize).is_eq())
                    .is_some()
            })
        };
        if let Some(nulls) = &flat.nulls {
            out.and_not_with(nulls);
        }
        Ok(out)
    }
}

fn strip(t: &Type) -> Type {
    let t = t.without_low_cardinality_deep();
    match t {
        Type::Nullable(inner) => inner.as_ref().clone(),
        t => t,
    }
}

/// Values of integer columns up to 64 bits by their (sign-extended) bits.
fn int_bits(c: &Column) -> Option<Vec<u64>> {
    Some(match &c.data {
        Data::U8(v) => v.iter().map(|&x| u64::from(x)).collect(),
        Data::U16(v) => v.iter().map(|&x| u64::from(x)).collect(),
        Data::U32(v) => v.iter().map(|&x| u64::from(x)).collect(),
        Data::U64(v) => v.to_vec(),
        Data::I8(v) => v.iter().map(|&x| x as u64).collect(),
        Data::I16(v) => v.iter().map(|&x| x as u64).collect(),
        Data::I32(v) => v.iter().map(|&x| x as u64).collect(),
        Data::I64(v) => v.iter().map(|&x| x as u64).collect(),
        _ => return None,
    })
}
