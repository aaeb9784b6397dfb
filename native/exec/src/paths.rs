//! Short cuts of the kernel, each with a name by which the setting `kernel_paths_off` leaves it out. An answer
//! without a short cut is the same: tests compare.

use std::collections::HashMap;
use types::{Error, Result};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Path {
    /// aggregates of whole tables from statistics
    Statistics,
    /// count(DISTINCT x) as the number of groups of x
    DistinctGroups,
    /// blocks are left out by statistics of their columns
    PruneBlocks,
    /// blocks are left out by skip indexes and bloom filters
    SkipIndexes,
    /// rows of a block by binary search in the sort key
    KeySearch,
    /// conditions on stored values and codes instead of decoded rows
    EncodedFilters,
    /// expressions over one string column once per dictionary entry
    DictionaryResults,
    /// keys in as few bits as statistics allow, codes as numbers of strings
    NarrowKeys,
    /// workers' groups merged by partitions
    PartitionedGroups,
    /// ORDER BY … LIMIT reads its other columns for the rows that win
    LateColumns,
    /// ORDER BY … LIMIT leaves out blocks beyond the rows it has
    TopThreshold,
    /// GROUP BY of a key that fills its range indexes an array
    DenseKeys,
    /// ORDER BY in memory sorts on all workers
    ParallelSort,
    /// blocks are left out by what functions make of their columns' least and greatest values
    ExpressionBounds,
    /// FINAL begins with what it showed of the version before
    KnownFinal,
    /// of groups that cannot be among the first rows only the sort key is made
    LeadingGroups,
    /// count(DISTINCT x) of whole text columns from dictionaries
    DistinctWords,
}

const NAMES: [(&str, Path); 17] = [
    ("statistics", Path::Statistics),
    ("distinct_groups", Path::DistinctGroups),
    ("prune_blocks", Path::PruneBlocks),
    ("skip_indexes", Path::SkipIndexes),
    ("key_search", Path::KeySearch),
    ("encoded_filters", Path::EncodedFilters),
    ("dictionary_results", Path::DictionaryResults),
    ("narrow_keys", Path::NarrowKeys),
    ("partitioned_groups", Path::PartitionedGroups),
    ("late_columns", Path::LateColumns),
    ("top_threshold", Path::TopThreshold),
    ("dense_keys", Path::DenseKeys),
    ("parallel_sort", Path::ParallelSort),
    ("expression_bounds", Path::ExpressionBounds),
    ("known_final", Path::KnownFinal),
    ("leading_groups", Path::LeadingGroups),
    ("distinct_words", Path::DistinctWords),
];

/// Those that are left out: a bit each.
#[derive(Clone, Copy, Default, Debug)]
pub struct PathsOff(u32);

impl PathsOff {
    /// Errors: a name that is none.
    pub fn of(settings: &HashMap<String, String>) -> Result<PathsOff> {
        let mut off = PathsOff::default();
        if settings.get("use_skip_indexes").is_some_and(|v| v == "0" || v == "false") {
            off.add(Path::SkipIndexes);
        }
        let named = settings.get("kernel_paths_off").map_or("", String::as_str);
        for name in named.split(',').map(str::trim).filter(|n| !n.is_empty()) {
            match NAMES.iter().find(|(n, _)| *n == name) {
                Some((_, path)) => off.add(*path),
                None if name == "all" => off.0 = u32::MAX,
                None => {
                    let known: Vec<&str> = NAMES.iter().map(|n| n.0).collect();
                    return Err(Error::bad_arguments(format!(
                        "kernel_paths_off: there is no path {name}; it takes all, {}",
                        known.join(", ")
                    )));
                }
            }
        }
        Ok(off)
    }
    fn add(&mut self, path: Path) {
        self.0 |= 1 << path as u32;
    }
    pub fn has(self, path: Path) -> bool {
        self.0 >> path as u32 & 1 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn off(value: &str) -> Result<PathsOff> {
        PathsOff::of(&HashMap::from([("kernel_paths_off".to_string(), value.to_string())]))
    }

    #[test]
    fn names_are_known() {
        let some = off("statistics, late_columns").expect("known");
        assert!(some.has(Path::Statistics) && some.has(Path::LateColumns) && !some.has(Path::PruneBlocks));
        assert!(NAMES.iter().all(|(_, p)| off("all").expect("all").has(*p)));
        assert!(off("late").is_err());
        for (i, (_, path)) in NAMES.iter().enumerate() {
            assert_eq!(*path as usize, i);
        }
    }
}
