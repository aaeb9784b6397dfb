//! `count(DISTINCT x)` of whole text columns: a segment's dictionary holds each of its values once, so that no
//! row is looked at. Rows in memory are added.

use crate::scan::Scan;
use hashbrown::HashSet;
use std::sync::Arc;
use storage::Segment;
use types::{Batch, Column, Data, Dict, Result, Type};

/// Pieces of rows that are looked at beside dictionaries; more are counted by all workers.
pub const MORSELS_MAX: usize = 4;
/// Entries of all dictionaries; their union is made by one thread.
const WORDS_MAX: u64 = 1 << 20;
/// A dictionary with fewer rows for each entry is not much less work than its rows.
const ROWS_PER_WORD: u64 = 4;

/// The distinct values of a column of segments, NULL not among them.
pub enum Words {
    /// of one segment alone
    Counted(u64),
    /// dictionaries, and whether '' is there for NULL only
    Dictionaries(Vec<(Arc<Dict>, bool)>),
}

impl Words {
    /// None where dictionaries do not say it, or looking through them is not less work than through the rows.
    pub fn of(
        scan: &Scan,
        segments: &[(&Arc<Segment>, &[Option<usize>])],
        column: usize,
        has_rows: bool,
    ) -> Result<Option<Words>> {
        let ty = &scan.types[column];
        if *ty.base() != Type::String {
            return Ok(None);
        }
        let mut found = Vec::with_capacity(segments.len());
        let (mut words, mut rows) = (0, 0);
        for (segment, columns) in segments {
            let Some(c) = columns[column] else { return Ok(None) };
            let Some(distinct) = segment.segment_stats(c).distinct else { return Ok(None) };
            // What a patch lies over is still in the dictionary.
            if segment.column_type(c) != ty || segment.patched_columns().any(|p| p == c) {
                return Ok(None);
            }
            words += distinct;
            rows += segment.rows() as u64;
            found.push((segment, c, distinct));
        }
        if found.len() == 1 && !has_rows {
            return Ok(Some(Words::Counted(words)));
        }
        if words > WORDS_MAX || words.saturating_mul(ROWS_PER_WORD) > rows && !found.is_empty() {
            return Ok(None);
        }
        let mut dictionaries = Vec::with_capacity(found.len());
        for (segment, c, distinct) in found {
            let Some(dict) = segment.dict(c)? else { return Ok(None) };
            let hidden = distinct < dict.values.len() as u64;
            dictionaries.push((dict, hidden));
        }
        Ok(Some(Words::Dictionaries(dictionaries)))
    }

    /// How many there are with those of these rows.
    pub fn count(&self, rows: &[Batch], column: usize) -> u64 {
        let dictionaries = match self {
            Words::Counted(n) => return *n,
            Words::Dictionaries(all) => all,
        };
        let mut seen: HashSet<&[u8]> = HashSet::new();
        for (dict, hidden) in dictionaries {
            seen.extend((usize::from(*hidden)..dict.values.len()).filter_map(|i| dict.values.bytes_at(i)));
        }
        for batch in rows {
            add(&mut seen, &batch.columns[column]);
        }
        seen.len() as u64
    }
}

fn add<'a>(seen: &mut HashSet<&'a [u8]>, c: &'a Column) {
    let Data::Codes(codes, dict) = &c.data else {
        seen.extend((0..c.len()).filter(|i| !c.is_null(*i)).filter_map(|i| c.bytes_at(i)));
        return;
    };
    let mut used = vec![false; dict.values.len()];
    for (i, code) in codes.iter().enumerate() {
        used[*code as usize] |= !c.is_null(i);
    }
    let of_rows = used.iter().enumerate().filter(|(_, used)| **used);
    seen.extend(of_rows.filter_map(|(code, _)| dict.values.bytes_at(code)));
}
