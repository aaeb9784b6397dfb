//! Columns of dictionary codes: a function is computed once for each distinct value, and what is known of a
//! dictionary is remembered for the blocks that follow.

use super::without_nulls;
use parking_lot::Mutex;
use std::sync::Arc;
use types::{Bitmap, Buf, Column, Data, Dict, Result};

const MEMO_MAX: usize = 16;

/// Dictionaries larger than this are never computed whole.
const DICT_MAX: usize = 8 << 20;

/// What is known about one dictionary: how many of its values were computed for single blocks, and,
/// once that exceeds the dictionary, the results for all of it.
struct Memo {
    dict: u64,
    spent: usize,
    building: bool,
    ready: Option<Arc<DictResult>>,
}

/// A call's results by dictionary, for all threads that evaluate it; the oldest of `MEMO_MAX` goes.
#[derive(Default)]
pub(super) struct Memos(Mutex<Vec<Memo>>);

/// Results for each value of a dictionary.
pub(super) enum DictResult {
    /// for a result of strings: a new dictionary, with a mask of those that became NULL
    Dict(Arc<Dict>, Option<Arc<Bitmap>>),
    Flat(Column),
}

impl Memos {
    /// Results for the whole dictionary, if they exist or it is time to make them with `compute`.
    pub(super) fn whole(
        &self,
        dict: &Dict,
        rows: usize,
        compute: impl FnOnce(&Column) -> Result<Column>,
    ) -> Option<Arc<DictResult>> {
        if dict.len() > DICT_MAX {
            return None;
        }
        {
            let mut memo = self.0.lock();
            let found = memo.iter().position(|m| m.dict == dict.id);
            let k = found.unwrap_or_else(|| {
                if memo.len() >= MEMO_MAX {
                    memo.remove(0);
                }
                memo.push(Memo { dict: dict.id, spent: 0, building: false, ready: None });
                memo.len() - 1
            });
            let m = &mut memo[k];
            if let Some(r) = &m.ready {
                return Some(r.clone());
            }
            m.spent += rows;
            if m.building || m.spent < dict.len() {
                return None;
            }
            m.building = true;
        }
        // A value that no row has may be the one that fails: then stay with the rows' own values
        // (`building` stays set, so that this is tried once).
        let ready = Arc::new(DictResult::of(compute(&dict.values).ok()?));
        if let Some(m) = self.0.lock().iter_mut().find(|m| m.dict == dict.id) {
            m.ready = Some(ready.clone());
        }
        Some(ready)
    }
}

impl DictResult {
    pub(super) fn of(values: Column) -> DictResult {
        let values = values.flat();
        if matches!(values.data, Data::Str(_)) {
            let nulls = values.nulls.clone();
            return DictResult::Dict(Arc::new(Dict::new(without_nulls(&values), false)), nulls);
        }
        DictResult::Flat(values)
    }
    /// One result per row from one per dictionary value.
    pub(super) fn spread(&self, codes: &Buf<u32>, nulls: Option<&Arc<Bitmap>>) -> Column {
        match self {
            DictResult::Flat(values) => {
                let mut out = values.gather(codes);
                if let Some(n) = nulls {
                    let mut mask = n.as_ref().clone();
                    if let Some(own) = &out.nulls {
                        mask.or_with(own);
                    }
                    out.nulls = Some(Arc::new(mask));
                }
                out
            }
            DictResult::Dict(dict, dict_nulls) => {
                let own = dict_nulls.as_ref().map(|n| n.gather(codes));
                let mask = match (own, nulls) {
                    (Some(mut a), Some(b)) => {
                        a.or_with(b);
                        Some(a)
                    }
                    (a, b) => a.or_else(|| b.map(|n| n.as_ref().clone())),
                };
                Column::new(Data::Codes(codes.clone(), dict.clone()), mask)
            }
        }
    }
}

/// The codes that occur, and the column renumbered into them. Cost: one pass, 4 bytes a dictionary value.
pub(super) fn distinct_codes(codes: &[u32], dict_len: usize) -> (Vec<u32>, Vec<u32>) {
    const NONE: u32 = u32::MAX;
    let mut number = vec![NONE; dict_len];
    let mut distinct = Vec::new();
    let renumbered = codes
        .iter()
        .map(|&c| {
            let n = &mut number[c as usize];
            if *n == NONE {
                *n = distinct.len() as u32;
                distinct.push(c);
            }
            *n
        })
        .collect();
    (distinct, renumbered)
}
