//! Arrays, tuples and maps, element by element.

use super::Caster;
use crate::args::{array_column, arrays, tuple_columns};
use std::sync::Arc;
use types::codes::TYPE_MISMATCH;
use types::{ArrayData, Column, Data, Error, Result, Type};

impl Caster<'_> {
    pub(super) fn nested(&self, col: &Column, from: &Type, to: &Type) -> Result<Column> {
        match (from, to) {
            (Type::Array(f), Type::Map(t)) if **f == Type::Nothing => self.elements(col, f, &Type::map_entry(t)),
            (Type::Array(f), Type::Array(t)) => self.elements(col, f, t),
            (Type::Map(f), Type::Map(t)) => self.elements(col, &Type::map_entry(f), &Type::map_entry(t)),
            (Type::Array(f), Type::Map(t)) if matches!(f.as_ref(), Type::Tuple(es) if es.len() == 2) => {
                self.elements(col, f, &Type::map_entry(t))
            }
            (Type::Map(f), Type::Array(t)) if matches!(t.as_ref(), Type::Tuple(es) if es.len() == 2) => {
                self.elements(col, &Type::map_entry(f), t)
            }
            (Type::Tuple(f), Type::Map(t)) => match f.as_ref() {
                [(_, Type::Array(k)), (_, Type::Array(v))] => self.arrays_to_map(col, (k, v), t),
                _ => Err(mismatch(from, to)),
            },
            (Type::Tuple(f), Type::Tuple(t)) => self.tuples(col, f, t, from, to),
            _ => Err(mismatch(from, to)),
        }
    }

    fn elements(&self, col: &Column, from: &Type, to: &Type) -> Result<Column> {
        let Data::Array(a) = &col.data else { return Err(Error::internal("array column expected")) };
        let values = self.any(&a.values, from, to)?.flat();
        Ok(Column { data: Data::Array(ArrayData { offsets: a.offsets.clone(), values: Arc::new(values) }), nulls: col.nulls.clone() })
    }

    fn tuples(&self, col: &Column, f: &[(Arc<str>, Type)], t: &[(Arc<str>, Type)], from: &Type, to: &Type) -> Result<Column> {
        let named = |es: &[(Arc<str>, Type)]| es.iter().all(|e| !e.0.is_empty());
        let columns = tuple_columns(col)?;
        let mut out = Vec::with_capacity(t.len());
        if named(f) && named(t) && !f.is_empty() && t.iter().any(|e| f.iter().any(|x| x.0 == e.0)) {
            for (name, ty) in t {
                match f.iter().position(|e| e.0 == *name) {
                    Some(i) => out.push(self.any(&columns[i], &f[i].1, ty)?.flat()),
                    None => out.push(Column::default_of(ty, col.len()).flat()),
                }
            }
        } else {
            if f.len() != t.len() {
                return Err(Error::new(TYPE_MISMATCH, format!("CAST between tuples of different sizes: {from} to {to}")));
            }
            for ((c, x), y) in columns.iter().zip(f).zip(t) {
                out.push(self.any(c, &x.1, &y.1)?.flat());
            }
        }
        Ok(Column { data: Data::Tuple(out.into(), col.len()), nulls: col.nulls.clone() })
    }

    fn arrays_to_map(&self, col: &Column, (k, v): (&Type, &Type), to: &(Type, Type)) -> Result<Column> {
        let columns = tuple_columns(col)?;
        let (ks, vs) = (columns[0].flat(), columns[1].flat());
        let (a, b) = (arrays(&ks)?, arrays(&vs)?);
        let mut offsets = vec![0u32];
        let (mut ki, mut vi) = (Vec::new(), Vec::new());
        for i in 0..col.len() {
            if a.at(i).len() != b.at(i).len() {
                return Err(Error::new(TYPE_MISMATCH, "CAST AS Map takes a tuple of arrays of equal sizes"));
            }
            ki.extend(a.at(i).map(|x| x as u32));
            vi.extend(b.at(i).map(|x| x as u32));
            offsets.push(ki.len() as u32);
        }
        let keys = self.any(&a.values.gather(&ki), k, &to.0)?.flat();
        let values = self.any(&b.values.gather(&vi), v, &to.1)?.flat();
        Ok(array_column(offsets, Data::Tuple(vec![keys, values].into(), ki.len()).into()))
    }
}

fn mismatch(from: &Type, to: &Type) -> Error {
    let takes = match to {
        Type::Array(_) => "CAST AS Array can only be performed between same-dimensional Array, Map or String types",
        Type::Tuple(_) => "CAST AS Tuple can only be performed between tuple types or from String",
        _ => "CAST AS Map takes a map, an array of pairs or a tuple of two arrays",
    };
    Error::new(TYPE_MISMATCH, format!("{takes}, not from {from} to {to}"))
}
