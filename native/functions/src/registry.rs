//! All functions, by name.

use crate::call::Arg;
use crate::def::FunctionDef;
use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

/// Functions of a crate above this one: of those that need what this crate does not know.
pub struct Extension {
    /// categories with their functions
    pub families: &'static [(&'static str, &'static [FunctionDef])],
    /// the function that a name stands for with these arguments, if not the one of that name
    pub overload: fn(&str, &[Arg]) -> Option<&'static str>,
}

static EXTENSION: OnceLock<&'static Extension> = OnceLock::new();

/// Adds functions. To be called before the first look-up; later calls change nothing.
pub fn extend(extension: &'static Extension) {
    let _ = EXTENSION.set(extension);
}

pub fn overload(name: &str, args: &[Arg]) -> Option<&'static FunctionDef> {
    EXTENSION.get().and_then(|e| (e.overload)(name, args)).and_then(lookup)
}

struct Names {
    all: Vec<&'static FunctionDef>,
    exact: HashMap<&'static str, &'static FunctionDef>,
    any_case: HashMap<String, &'static FunctionDef>,
}

static NAMES: LazyLock<Names> = LazyLock::new(|| {
    let mut all = Vec::new();
    let mut exact = HashMap::new();
    let mut any_case = HashMap::new();
    let extension = EXTENSION.get().into_iter().flat_map(|e| e.families.iter().copied());
    for (category, defs) in crate::FAMILIES.iter().copied().chain(extension) {
        for d in defs {
            let def: &'static FunctionDef = Box::leak(Box::new(FunctionDef { category, ..*d }));
            all.push(def);
            exact.insert(def.name, def);
            def.aliases.iter().chain(def.aliases_any_case).for_each(|a| {
                exact.insert(a, def);
            });
            if def.case_insensitive {
                any_case.insert(def.name.to_ascii_lowercase(), def);
            }
            for a in def.aliases_any_case {
                any_case.insert(a.to_ascii_lowercase(), def);
            }
        }
    }
    all.sort_by_key(|d| d.name);
    Names { all, exact, any_case }
});

/// Every function, sorted by name.
pub fn registry() -> &'static [&'static FunctionDef] {
    &NAMES.all
}

pub fn lookup(name: &str) -> Option<&'static FunctionDef> {
    NAMES.exact.get(name).or_else(|| NAMES.any_case.get(&name.to_ascii_lowercase())).copied()
}

/// Up to three names within a small edit distance.
pub fn nearest(name: &str) -> Vec<&'static str> {
    if name.len() > 64 {
        return Vec::new();
    }
    let lower = name.to_ascii_lowercase();
    let limit = (lower.len() / 3).clamp(1, 3);
    let mut found: Vec<(usize, &'static str)> = NAMES
        .exact
        .keys()
        .map(|k| (distance(&lower, &k.to_ascii_lowercase(), limit), *k))
        .filter(|(d, _)| *d <= limit)
        .collect();
    found.sort();
    found.into_iter().take(3).map(|(_, n)| n).collect()
}

/// Levenshtein distance, `limit + 1` if above `limit` by length alone.
fn distance(a: &str, b: &str, limit: usize) -> usize {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len().abs_diff(b.len()) > limit {
        return limit + 1;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let up = row[j + 1];
            row[j + 1] = (diagonal + usize::from(x != y)).min(up + 1).min(row[j] + 1);
            diagonal = up;
        }
    }
    row[b.len()]
}
