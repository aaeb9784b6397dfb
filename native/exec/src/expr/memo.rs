//! Values of an expression over one string column, once per entry of its dictionaries.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use types::{Column, Data, Dict};

/// A call's value for every entry of a dictionary, computed once per query.
#[derive(Default)]
pub struct Memo(OnceLock<HashMap<u64, Results>>);

pub struct Results {
    column: usize,
    /// string results: distinct values and the number of each entry's; others: one value an entry
    codes: Option<Vec<u32>>,
    values: Column,
    dict: Option<Arc<Dict>>,
}

impl Memo {
    /// To be called once, before the call is evaluated on rows.
    pub fn set(&self, results: HashMap<u64, Results>) {
        let _ = self.0.set(results);
    }
    pub fn apply(&self, columns: &[Column]) -> Option<Column> {
        let known = self.0.get()?;
        let column = known.values().next()?.column;
        let c = columns.get(column)?;
        let Data::Codes(codes, dict) = &c.data else { return None };
        if c.nulls.is_some() {
            return None;
        }
        let r = known.get(&dict.id)?;
        Some(match (&r.codes, &r.dict) {
            (Some(map), Some(d)) => {
                let mapped: Vec<u32> = codes.iter().map(|&x| map[x as usize]).collect();
                Data::Codes(mapped.into(), d.clone()).into()
            }
            _ => r.values.gather(codes),
        })
    }
}

impl Results {
    /// `values`: one row per dictionary entry.
    pub fn new(column: usize, values: Column) -> Results {
        let flat = values.flat();
        if flat.nulls.is_none()
            && let Data::Str(s) = &flat.data
        {
            let mut index: hashbrown::HashMap<&[u8], u32> = hashbrown::HashMap::new();
            let mut firsts: Vec<u32> = Vec::new();
            let codes = s
                .iter()
                .enumerate()
                .map(|(i, v)| {
                    *index.entry(v).or_insert_with(|| {
                        firsts.push(i as u32);
                        firsts.len() as u32 - 1
                    })
                })
                .collect();
            let dict = Arc::new(Dict::new(flat.gather(&firsts), false));
            return Results { column, codes: Some(codes), values: Data::Nothing(0).into(), dict: Some(dict) };
        }
        Results { column, codes: None, values: flat, dict: None }
    }
}
