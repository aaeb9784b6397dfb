//! Filters, groups, joins, sorts, sets and subqueries.

use crate::support::{answer, call, col, lit, numbers};
use serde_json::{Value, json};

/// Runs a plan and gives its rows as TSV, or the error's name.
fn run(root: Value, names: usize) -> String {
    answer(json!({"root": root}), names)
}

#[test]
fn filter_project_limit() {
    let plan = json!({"kind": "limit", "limit": 3, "offset": 1, "input":
        {"kind": "project", "exprs": [col(0), call("plus", &[col(0), lit("UInt8", "1")])], "input":
            {"kind": "filter", "predicate": call("equals", &[call("modulo", &[col(0), lit("UInt8", "10")]), lit("UInt8", "0")]), "input": numbers(1_000_000)}}});
    assert_eq!(run(plan, 2), "10\t11\n20\t21\n30\t31\n");
}

#[test]
fn group_by_matches_arithmetic() {
    // 1,000,000 rows in 7 groups: many morsels, two workers, merged
    let group = json!({"kind": "aggregate", "keys": [call("modulo", &[col(0), lit("UInt8", "7")])],
        "aggregates": [{"name": "count"}, {"name": "sum", "args": [col(0)]}, {"name": "min", "args": [col(0)]}, {"name": "max", "args": [col(0)]}], "input": numbers(1_000_000)});
    let plan = json!({"kind": "sort", "keys": [{"expr": col(0)}], "input": group});
    let mut want = String::new();
    for g in 0..7u64 {
        let (mut n, mut s, mut max) = (0u64, 0u64, 0u64);
        let mut x = g;
        while x < 1_000_000 {
            n += 1;
            s += x;
            max = x;
            x += 7;
        }
        want += &format!("{g}\t{n}\t{s}\t{g}\t{max}\n");
    }
    assert_eq!(run(plan, 5), want);
}

#[test]
fn many_groups_are_merged_by_partitions() {
    let inner = json!({"kind": "aggregate", "keys": [call("modulo", &[col(0), lit("UInt32", "300000")])],
        "aggregates": [{"name": "count"}], "input": numbers(900_000)});
    let plan = json!({"kind": "aggregate", "keys": [], "aggregates": [{"name": "count"}, {"name": "sum", "args": [col(1)]}, {"name": "min", "args": [col(1)]}, {"name": "max", "args": [col(1)]}], "input": inner});
    assert_eq!(run(plan, 4), "300000\t900000\t3\t3\n");
}

#[test]
fn strings_as_keys() {
    let group = json!({"kind": "aggregate", "keys": [call("toString", &[call("modulo", &[col(0), lit("UInt8", "3")])])],
        "aggregates": [{"name": "count"}], "input": numbers(300_000)});
    let plan = json!({"kind": "sort", "keys": [{"expr": col(0), "desc": true}], "input": group});
    assert_eq!(run(plan, 2), "2\t100000\n1\t100000\n0\t100000\n");
}

#[test]
fn top_n_equals_full_sort() {
    let shuffled = |limit: Option<u64>| {
        let key =
            call("modulo", &[call("multiply", &[col(0), lit("UInt64", "7919")]), lit("UInt64", "100003")]);
        let rows = json!({"kind": "project", "exprs": [key, col(0)], "input": numbers(200_000)});
        let mut sort = json!({"kind": "sort", "keys": [{"expr": col(0), "desc": true}, {"expr": col(1)}], "input": rows});
        if let Some(n) = limit {
            sort["limit"] = json!(n);
        }
        json!({"kind": "limit", "limit": 100, "input": sort})
    };
    assert_eq!(run(shuffled(Some(100)), 2), run(shuffled(None), 2));
}

#[test]
fn joins() {
    let left = || json!({"kind": "values", "columns": [{"name": "a", "type": "UInt8"}], "rows": [["1"], ["2"], ["2"], ["3"]]});
    let right = || json!({"kind": "values", "columns": [{"name": "b", "type": "UInt8"}, {"name": "s", "type": "String"}], "rows": [["2", "x"], ["2", "y"], ["4", "z"]]});
    let join = |kind: &str, more: Value| {
        let mut j = json!({"kind": "join", "left": left(), "right": right(), "join": kind, "leftKeys": [col(0)], "rightKeys": [col(0)]});
        if let Some(o) = more.as_object() {
            o.iter().for_each(|(k, v)| j[k] = v.clone());
        }
        json!({"kind": "sort", "keys": [{"expr": col(0)}, {"expr": col(1)}, {"expr": col(2)}], "input": j})
    };
    assert_eq!(run(join("inner", json!({})), 3), "2\t2\tx\n2\t2\tx\n2\t2\ty\n2\t2\ty\n");
    assert_eq!(run(join("left", json!({})), 3), "1\t0\t\n2\t2\tx\n2\t2\tx\n2\t2\ty\n2\t2\ty\n3\t0\t\n");
    assert_eq!(
        run(join("left", json!({"useNulls": true})), 3),
        "1\t\\N\t\\N\n2\t2\tx\n2\t2\tx\n2\t2\ty\n2\t2\ty\n3\t\\N\t\\N\n"
    );
    assert_eq!(
        run(join("full", json!({})), 3),
        "0\t4\tz\n1\t0\t\n2\t2\tx\n2\t2\tx\n2\t2\ty\n2\t2\ty\n3\t0\t\n"
    );
    assert_eq!(run(join("right", json!({})), 3), "0\t4\tz\n2\t2\tx\n2\t2\tx\n2\t2\ty\n2\t2\ty\n");
    assert_eq!(run(join("semi", json!({})), 3).lines().count(), 2);
    assert_eq!(run(join("anti", json!({})), 3), "1\t0\t\n3\t0\t\n");
    let residual = call("equals", &[col(2), lit("String", "y")]);
    assert_eq!(run(join("inner", json!({"residual": residual})), 3), "2\t2\ty\n2\t2\ty\n");
    assert_eq!(run(join("left", json!({"strictness": "any"})), 3).lines().count(), 4);
    // ANY INNER: one row per key, whatever the number of rows on either side
    assert_eq!(run(join("inner", json!({"strictness": "any"})), 3), "2\t2\tx\n");
    assert_eq!(run(join("rightSemi", json!({})), 3), "2\t2\tx\n2\t2\ty\n");
    let cross = json!({"kind": "aggregate", "keys": [], "aggregates": [{"name": "count"}], "input":
        {"kind": "join", "left": numbers(1000), "right": numbers(1000), "join": "cross"}});
    assert_eq!(run(cross, 1), "1000000\n");
}

#[test]
fn sets_and_scalars() {
    let plan = json!({
        "subqueries": [
            {"usage": "set", "plan": {"kind": "filter", "predicate": call("less", &[col(0), lit("UInt8", "5")]), "input": numbers(10)}},
            {"usage": "scalar", "plan": {"kind": "aggregate", "keys": [], "aggregates": [{"name": "max", "args": [col(0)]}], "input": numbers(4)}},
        ],
        "root": {"kind": "project", "exprs": [col(0), {"scalar": 1, "type": "UInt64"}], "input":
            {"kind": "filter", "predicate": {"in": col(0), "set": {"subquery": 0}, "negated": true}, "input": numbers(7)}},
    });
    assert_eq!(answer(plan, 2), "5\t3\n6\t3\n");
}

#[test]
fn only_the_taken_branch_is_evaluated() {
    let guarded = call(
        "if",
        &[
            call("equals", &[col(0), lit("UInt8", "0")]),
            lit("UInt64", "0"),
            call("intDiv", &[lit("UInt64", "12"), col(0)]),
        ],
    );
    assert_eq!(run(json!({"kind": "project", "exprs": [guarded], "input": numbers(4)}), 1), "0\n12\n6\n4\n");
    let bare = call("intDiv", &[lit("UInt64", "12"), col(0)]);
    assert_eq!(run(json!({"kind": "project", "exprs": [bare], "input": numbers(4)}), 1), "ILLEGAL_DIVISION");
}

#[test]
fn limits_end_queries() {
    let endless = json!({"kind": "aggregate", "keys": [], "aggregates": [{"name": "count"}], "input": {"kind": "numbers"}});
    let from = std::time::Instant::now();
    assert_eq!(answer(json!({"root": endless, "limits": {"executionMs": 200}}), 1), "TIMEOUT_EXCEEDED");
    assert!(from.elapsed().as_millis() < 3000);
    let large = json!({"kind": "aggregate", "keys": [col(0)], "aggregates": [{"name": "count"}], "input": numbers(10_000_000)});
    assert_eq!(
        answer(json!({"root": large, "limits": {"memoryBytes": 16 << 20}}), 2),
        "MEMORY_LIMIT_EXCEEDED"
    );
    assert_eq!(
        answer(json!({"root": numbers(1000), "limits": {"resultRows": 10}}), 1),
        "TOO_MANY_ROWS_OR_BYTES"
    );
}

#[test]
fn distinct_and_limit_by_keep_order() {
    let m = call("modulo", &[col(0), lit("UInt8", "3")]);
    let rows = || json!({"kind": "project", "exprs": [m.clone(), col(0)], "input": numbers(10)});
    assert_eq!(run(json!({"kind": "distinct", "keys": [col(0)], "input": rows()}), 2), "0\t0\n1\t1\n2\t2\n");
    assert_eq!(
        run(json!({"kind": "limitBy", "keys": [col(0)], "limit": 1, "offset": 1, "input": rows()}), 2),
        "0\t3\n1\t4\n2\t5\n"
    );
    let endless = json!({"kind": "distinct", "limit": 3, "input": {"kind": "project", "exprs": [m.clone()], "input": {"kind": "numbers"}}});
    assert_eq!(run(endless, 1), "0\n1\n2\n");
}

#[test]
fn grouping_sets_and_totals() {
    let group = json!({"kind": "aggregate", "keys": [call("modulo", &[col(0), lit("UInt8", "2")])],
        "aggregates": [{"name": "count"}], "sets": [[0], []], "input": numbers(10)});
    let plan = json!({"kind": "sort", "keys": [{"expr": col(2)}, {"expr": col(0)}], "input": group});
    assert_eq!(run(plan, 3), "0\t5\t0\n1\t5\t0\n0\t10\t1\n");
}

#[test]
fn a_bad_plan_is_an_error() {
    assert!(run(json!({"kind": "nonsense"}), 1).contains("LOGICAL_ERROR"));
    assert_eq!(
        run(json!({"kind": "project", "exprs": [col(5)], "input": numbers(1)}), 1),
        "NOT_FOUND_COLUMN_IN_BLOCK"
    );
    assert_eq!(
        run(json!({"kind": "project", "exprs": [call("nope", &[])], "input": numbers(1)}), 1),
        "UNKNOWN_FUNCTION"
    );
}
