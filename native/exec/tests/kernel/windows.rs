//! Window functions. Expected values are ClickHouse's.

use crate::support::{answer, call, col, lit, numbers, run, values};
use serde_json::{Value, json};

fn edge(text: &str) -> Value {
    match text {
        "<<" => json!({"kind": "unboundedPreceding"}),
        ">>" => json!({"kind": "unboundedFollowing"}),
        "." => json!({"kind": "currentRow"}),
        _ => {
            let (kind, rest) = text.split_at(1);
            let kind = if kind == "-" { "preceding" } else { "following" };
            let (n, ty) = rest.split_once(' ').map_or((rest, "UInt8"), |(n, t)| (n, t));
            json!({"kind": kind, "offset": {"type": ty, "value": n}})
        }
    }
}
fn frame(unit: &str, start: &str, end: &str) -> Value {
    json!({"unit": unit, "start": edge(start), "end": edge(end)})
}
fn whole() -> Value {
    frame("range", "<<", ">>")
}
fn running() -> Value {
    frame("range", "<<", ".")
}
fn f(name: &str, args: &[Value], frame: &Value) -> Value {
    json!({"name": name, "args": args, "frame": frame})
}
fn window(input: &Value, partition: &[Value], order: &[Value], calls: &[Value]) -> Value {
    let order: Vec<Value> =
        order.iter().map(|e| if e.get("expr").is_some() { e.clone() } else { json!({"expr": e}) }).collect();
    json!({"kind": "window", "input": input, "partition": partition, "order": order, "calls": calls})
}
/// Only the new column, in window order.
fn one(input: &Value, width: usize, partition: &[Value], order: &[Value], c: Value) -> String {
    let w = window(input, partition, order, &[c]);
    run(&json!({"kind": "project", "exprs": [col(width)], "input": w}), 1)
}
fn over(n: u64, name: &str, frame: &Value) -> String {
    one(&numbers(n), 1, &[], &[col(0)], f(name, &[col(0)], frame))
}

#[test]
fn places() {
    let rows = values(&["String", "Int32"], "a|10;a|20;a|20;a|30;b|5;b|5;c|1");
    let calls: Vec<Value> = ["row_number", "rank", "dense_rank", "percent_rank", "cume_dist"]
        .iter()
        .map(|n| f(n, &[], &running()))
        .collect();
    assert_eq!(
        run(&window(&rows, &[col(0)], &[json!({"expr": col(1), "desc": true})], &calls), 7),
        "a|30|1|1|1|0|0.25;a|20|2|2|2|0.3333333333333333|0.75;a|20|3|2|2|0.3333333333333333|0.75;a|10|4|4|3|1|1;b|5|1|1|1|0|1;b|5|2|1|1|0|1;c|1|1|1|1|0|1"
    );
    assert_eq!(one(&numbers(3), 1, &[], &[], f("rank", &[], &whole())), "1;1;1");
    assert_eq!(
        one(&numbers(10), 1, &[], &[col(0)], f("ntile", &[lit("UInt8", "3")], &running())),
        "1;1;1;1;2;2;2;3;3;3"
    );
    assert_eq!(one(&numbers(3), 1, &[], &[col(0)], f("ntile", &[lit("UInt8", "4")], &running())), "1;2;3");
    assert_eq!(
        one(&numbers(3), 1, &[], &[col(0)], f("ntile", &[lit("UInt8", "0")], &running())),
        "BAD_ARGUMENTS"
    );
    assert_eq!(one(&numbers(3), 1, &[], &[], f("ntile", &[lit("UInt8", "2")], &running())), "BAD_ARGUMENTS");
    assert_eq!(
        one(&numbers(3), 1, &[], &[col(0)], f("rank", &[col(0)], &running())),
        "NUMBER_OF_ARGUMENTS_DOESNT_MATCH"
    );
}

#[test]
fn other_rows() {
    let rows = values(&["UInt8", "UInt32", "Nullable(Int32)"], "1|1|10;1|2|\\N;1|3|30;2|1|5;2|9|7");
    let by = |c: Value| one(&rows, 3, &[col(0)], &[col(1)], c);
    assert_eq!(by(f("lag", &[col(2)], &whole())), "\\N;10;\\N;\\N;5");
    assert_eq!(by(f("lead", &[col(2)], &whole())), "\\N;30;\\N;7;\\N");
    assert_eq!(by(f("lag", &[col(1), lit("UInt8", "2")], &whole())), "0;0;1;0;0");
    assert_eq!(
        by(f("lead", &[col(1), lit("UInt8", "2"), lit("UInt16", "999")], &whole())),
        "3;999;999;999;999"
    );
    assert_eq!(by(f("lag", &[col(1), lit("UInt8", "1"), col(1)], &whole())), "1;1;2;1;1");
    assert_eq!(by(f("lag", &[col(1), lit("Int8", "-1")], &whole())), "BAD_ARGUMENTS");
    assert_eq!(by(f("lag", &[col(1), lit("UInt8", "1"), lit("String", "x")], &whole())), "BAD_ARGUMENTS");
    let text = call("toString", &[col(0)]);
    let in_frame =
        f("leadInFrame", &[text, lit("UInt8", "1"), lit("String", "end")], &frame("rows", ".", "+1"));
    assert_eq!(one(&numbers(3), 1, &[], &[col(0)], in_frame), "1;2;end");
    assert_eq!(over(4, "leadInFrame", &running()), "0;0;0;0");
    assert_eq!(over(4, "leadInFrame", &whole()), "1;2;3;0");
    let far = f("lagInFrame", &[col(0), lit("UInt8", "2"), lit("UInt8", "100")], &frame("rows", "-1", "."));
    assert_eq!(one(&numbers(4), 1, &[], &[col(0)], far), "100;100;100;100");
}

#[test]
fn first_last_nth() {
    let rows = values(&["String", "UInt8", "Nullable(Int32)"], "a|1|\\N;a|2|2;a|3|3;b|1|9;b|2|\\N");
    let by = |c: Value| one(&rows, 3, &[col(0)], &[col(1)], c);
    assert_eq!(by(f("first_value", &[col(2)], &running())), "\\N;2;2;9;9");
    assert_eq!(by(f("last_value", &[col(2)], &running())), "\\N;2;3;9;9");
    assert_eq!(by(f("first_value_respect_nulls", &[col(2)], &running())), "\\N;\\N;\\N;9;9");
    assert_eq!(by(f("last_value_respect_nulls", &[col(2)], &running())), "\\N;2;3;9;\\N");
    assert_eq!(by(f("nth_value", &[col(1), lit("UInt8", "2")], &running())), "0;2;2;0;2");
    assert_eq!(by(f("nth_value", &[col(2), lit("UInt8", "2")], &whole())), "2;2;2;\\N;\\N");
    assert_eq!(by(f("nth_value", &[col(2), lit("UInt8", "0")], &whole())), "BAD_ARGUMENTS");
    let ahead = f("last_value", &[col(1)], &frame("rows", "+1", "+2"));
    assert_eq!(by(ahead), "3;3;0;2;0");
}

#[test]
fn rows_frames() {
    let rows = |a, b| frame("rows", a, b);
    assert_eq!(over(6, "sum", &rows("-1", "+1")), "1;3;6;9;12;9");
    assert_eq!(over(6, "sum", &rows("-2", "-1")), "0;0;1;3;5;7");
    assert_eq!(over(6, "sum", &rows("+1", "+2")), "3;5;7;9;5;0");
    assert_eq!(over(6, "count", &rows("-3", ">>")), "6;6;6;6;5;4");
    assert_eq!(over(6, "count", &rows("<<", "-1")), "0;1;2;3;4;5");
    assert_eq!(over(4, "sum", &rows("-100", "+100")), "6;6;6;6");
    assert_eq!(over(4, "groupArray", &rows("-1", "+1")), "[0,1];[0,1,2];[1,2,3];[2,3]");
    assert_eq!(over(4, "sum", &rows("+1", "-1")), "BAD_ARGUMENTS");
    assert_eq!(over(4, "sum", &rows("-1.5 Float64", ".")), "BAD_ARGUMENTS");
    let desc = json!({"expr": col(0), "desc": true});
    assert_eq!(one(&numbers(6), 1, &[], &[desc], f("max", &[col(0)], &rows("-1", "."))), "5;5;4;3;2;1");
}

#[test]
fn range_frames() {
    let rows = values(&["Int32", "Int32"], "1|1;2|2;4|4;5|5;5|50;9|9;15|15");
    let by = |name: &str, a: &str, b: &str| {
        one(&rows, 2, &[], &[col(0)], f(name, &[col(1)], &frame("range", a, b)))
    };
    assert_eq!(by("sum", "-1", "+1"), "3;3;59;59;59;9;15");
    assert_eq!(by("sum", "-4", "."), "1;3;7;62;62;64;15");
    assert_eq!(by("count", "+3", "+6"), "3;2;1;1;1;1;0");
    assert_eq!(by("count", "-6", "-3"), "0;0;1;2;2;3;1");
    assert_eq!(by("sum", "<<", "-2"), "0;0;3;3;3;62;71");
    assert_eq!(by("min", "+2", ">>"), "4;4;9;9;9;15;0");
    let desc = json!({"expr": col(0), "desc": true});
    let c = f("sum", &[col(1)], &frame("range", "-4", "."));
    assert_eq!(one(&rows, 2, &[], &[desc], c.clone()), "15;9;64;64;59;61;62");
    assert_eq!(one(&rows, 2, &[], &[col(0), col(1)], c.clone()), "BAD_ARGUMENTS");
    assert_eq!(one(&rows, 2, &[], &[call("toString", &[col(0)])], c), "NOT_IMPLEMENTED");
    let nulls = values(&["Nullable(Int32)"], "1;2;\\N;\\N;5");
    let c = f("count", &[], &frame("range", "-1", "+1"));
    assert_eq!(one(&nulls, 1, &[], &[col(0)], c), "2;2;3;3;3");
}

#[test]
fn range_frames_by_time() {
    let days = values(&["Date"], "2024-01-31;2024-02-28;2024-02-29;2024-03-30;2024-04-01");
    let by = |a: &str, b: &str| one(&days, 1, &[], &[col(0)], f("count", &[], &frame("range", a, b)));
    assert_eq!(by("-1 IntervalMonth", "."), "1;2;3;2;2");
    assert_eq!(by("-1 IntervalDay", "."), "1;1;2;1;1");
    assert_eq!(by("-2", "."), "1;1;2;1;2");
    assert_eq!(by("-1 IntervalHour", "."), "BAD_ARGUMENTS");
    let times = values(
        &["DateTime('UTC')"],
        "2024-01-01 00:00:00;2024-01-01 00:30:00;2024-01-01 01:00:00;2024-01-01 03:00:00",
    );
    let c = f("count", &[], &frame("range", "-30 IntervalMinute", "+30 IntervalMinute"));
    assert_eq!(one(&times, 1, &[], &[col(0)], c), "2;3;2;1");
}

#[test]
fn groups_frames() {
    let rows = values(&["UInt8", "UInt8"], "1|1;1|2;2|4;3|8;3|16;3|32");
    let by = |a: &str, b: &str| one(&rows, 2, &[], &[col(0)], f("sum", &[col(1)], &frame("groups", a, b)));
    assert_eq!(by("-1", "."), "3;3;7;60;60;60");
    assert_eq!(by(".", "+1"), "7;7;60;56;56;56");
    assert_eq!(by("+1", "+1"), "4;4;56;0;0;0");
}

#[test]
fn peers_share_their_results() {
    let rows = values(&["UInt8", "UInt8"], "1|1;1|2;2|4;3|8;3|16;3|32");
    let by = |c: Value| one(&rows, 2, &[], &[col(0)], c);
    assert_eq!(by(f("sum", &[col(1)], &running())), "3;3;7;63;63;63");
    assert_eq!(
        by(f("groupArray", &[col(1)], &running())),
        "[1,2];[1,2];[1,2,4];[1,2,4,8,16,32];[1,2,4,8,16,32];[1,2,4,8,16,32]"
    );
    assert_eq!(by(f("sum", &[col(1)], &frame("range", ".", ">>"))), "63;63;60;56;56;56");
    assert_eq!(by(f("last_value", &[col(0)], &running())), "1;1;2;3;3;3");
}

#[test]
fn nulls_and_empty_frames() {
    let rows = values(&["Nullable(UInt8)", "Nullable(Int32)"], "1|5;\\N|7;2|\\N;3|1;4|2");
    let by = |name: &str, a: &str, b: &str| {
        one(&rows, 2, &[], &[col(0)], f(name, &[col(1)], &frame("rows", a, b)))
    };
    assert_eq!(by("avg", "-1", "-1"), "\\N;5;\\N;1;2");
    assert_eq!(by("max", "+1", "+1"), "\\N;1;2;7;\\N");
    assert_eq!(by("count", "<<", "."), "1;1;2;3;4");
    assert_eq!(by("sum", "<<", "."), "5;5;6;8;15");
    let first = json!({"expr": col(0), "nullsFirst": true});
    assert_eq!(one(&rows, 2, &[], &[first], f("row_number", &[], &running())), "1;2;3;4;5");
    let zero = values(&["Nullable(UInt8)"], "0;\\N;0;\\N");
    let first = json!({"expr": col(0), "nullsFirst": true});
    assert_eq!(one(&zero, 1, &[], &[first], f("rank", &[], &running())), "1;1;3;3");
    let nothing = json!({"kind": "filter", "predicate": lit("UInt8", "0"), "input": numbers(5)});
    for name in ["row_number", "ntile", "lag", "sum", "groupArray", "uniqExact", "nth_value", "percent_rank"]
    {
        let args: Vec<Value> = match name {
            "row_number" | "percent_rank" => vec![],
            "ntile" => vec![lit("UInt8", "1")],
            "nth_value" => vec![col(0), lit("UInt8", "1")],
            _ => vec![col(0)],
        };
        for frame in [whole(), running(), frame("rows", "-1", ".")] {
            assert_eq!(one(&nothing, 1, &[col(0)], &[col(0)], f(name, &args, &frame)), "", "{name}");
        }
    }
}

/// Every way of computing frames gives what the definition says.
#[test]
fn aggregates_equal_their_definition() {
    let n = 700u64;
    let value = call("modulo", &[call("multiply", &[col(0), lit("UInt64", "7919")]), lit("UInt64", "101")]);
    let group = call("modulo", &[col(0), lit("UInt8", "3")]);
    let rows = json!({"kind": "project", "exprs": [group, col(0), value], "input": numbers(n)});
    let v = |i: i64| (i as u64 * 7919) % 101;
    for (a, b, lo, hi) in [
        ("<<", ".", -1000, 0),
        ("-3", "+2", -3, 2),
        ("-150", "+90", -150, 90),
        (".", ">>", 0, 1000),
        ("+5", "+60", 5, 60),
        ("<<", ">>", -1000, 1000),
        ("-200", "-100", -200, -100),
    ] {
        let fr = frame("rows", a, b);
        let calls: Vec<Value> =
            ["sum", "uniqExact", "groupArray", "max", "min", "varPop", "anyLast", "groupBitXor"]
                .iter()
                .map(|x| f(x, &[col(2)], &fr))
                .collect();
        let w = window(&rows, &[col(0)], &[col(1)], &calls);
        let exprs = vec![
            col(1),
            col(3),
            col(4),
            call("cityHash64", &[col(5)]),
            col(6),
            col(7),
            call("round", &[col(8), lit("UInt8", "4")]),
            col(9),
            col(10),
        ];
        let got = run(&json!({"kind": "project", "exprs": exprs, "input": w}), 9);
        // the same by a self join on positions inside the group, without windows
        let mut lines = got.split(';');
        for g in 0..3i64 {
            let ids: Vec<i64> = (0..n as i64).filter(|i| i % 3 == g).collect();
            for k in 0..ids.len() as i64 {
                let (s, e) = ((k + lo).max(0) as usize, (k + hi + 1).clamp(0, ids.len() as i64) as usize);
                let of: Vec<u64> = if s < e { ids[s..e].iter().map(|i| v(*i)).collect() } else { vec![] };
                let cells: Vec<&str> = lines.next().expect("a row").split('|').collect();
                assert_eq!(cells[0], ids[k as usize].to_string());
                assert_eq!(cells[1], of.iter().sum::<u64>().to_string(), "{a} {b} row {k}");
                let mut set = of.clone();
                set.sort_unstable();
                set.dedup();
                assert_eq!(cells[2], set.len().to_string(), "{a} {b} row {k}");
                assert_eq!(cells[4], set.last().copied().unwrap_or(0).to_string());
                assert_eq!(cells[5], set.first().copied().unwrap_or(0).to_string());
                assert_eq!(cells[7], of.last().copied().unwrap_or(0).to_string());
                assert_eq!(cells[8], of.iter().fold(0, |x, y| x ^ y).to_string());
                if !of.is_empty() {
                    let mean = of.iter().sum::<u64>() as f64 / of.len() as f64;
                    let var = of.iter().map(|x| (*x as f64 - mean).powi(2)).sum::<f64>() / of.len() as f64;
                    let got: f64 = cells[6].parse().expect("a number");
                    assert!((got - var).abs() < 1e-3, "{got} {var}");
                }
            }
        }
    }
}

#[test]
fn order_is_kept_in_long_frames() {
    let fr = frame("rows", "-99", ".");
    let w = window(&numbers(300), &[], &[col(0)], &[f("groupArray", &[col(0)], &fr)]);
    let sorted = call("arraySort", &[col(1)]);
    let expect = call("equals", &[sorted, col(1)]);
    let lengths = call("least", &[call("length", &[col(1)]), lit("UInt64", "100")]);
    let p = json!({"kind": "project", "exprs": [expect, call("equals", &[lengths, call("length", &[col(1)])])], "input": w});
    let agg = json!({"kind": "aggregate", "keys": [], "aggregates": [{"name": "sum", "args": [col(0)]}, {"name": "sum", "args": [col(1)]}], "input": p});
    assert_eq!(run(&agg, 2), "300|300");
}

#[test]
fn conditions_floats_and_decimals() {
    let half = call("divide", &[col(0), lit("UInt8", "2")]);
    let rows = json!({"kind": "project", "exprs": [col(0), half, call("greater", &[col(0), lit("UInt8", "2")])], "input": numbers(5)});
    let by = |name: &str, args: &[Value], a: &str| {
        one(&rows, 3, &[], &[col(0)], f(name, args, &frame("rows", a, ".")))
    };
    assert_eq!(by("sumIf", &[col(0), col(2)], "<<"), "0;0;0;3;7");
    assert_eq!(by("countIf", &[col(2)], "-1"), "0;0;0;1;2");
    assert_eq!(by("sum", &[col(1)], "-1"), "0;0.5;1.5;2.5;3.5");
    assert_eq!(by("avg", &[col(1)], "<<"), "0;0.25;0.5;0.75;1");
    assert_eq!(by("maxIf", &[col(1), col(2)], "<<"), "0;0;0;1.5;2");
    let money = values(&["Decimal(10, 2)"], "1.25;10;-0.5");
    assert_eq!(one(&money, 1, &[], &[col(0)], f("sum", &[col(0)], &running())), "-0.5;0.75;10.75");
}

#[test]
fn time_series() {
    let rows = values(
        &["DateTime('UTC')", "Float64"],
        "2024-01-01 00:00:00|1;2024-01-01 00:00:10|21;2024-01-01 00:00:20|11",
    );
    let by = |c: Value| one(&rows, 2, &[], &[col(0)], c);
    assert_eq!(by(f("nonNegativeDerivative", &[col(1), col(0)], &running())), "0;2;0");
    assert_eq!(
        by(f("nonNegativeDerivative", &[col(1), col(0), lit("IntervalMinute", "1")], &running())),
        "0;120;0"
    );
    let decayed = |name: &str, args: &[Value]| {
        by(
            json!({"name": name, "args": args, "params": [{"type": "UInt8", "value": "10"}], "frame": running()}),
        )
    };
    let e = (-1f64).exp();
    let close = |got: String, want: [f64; 3]| {
        for (g, w) in got.split(';').zip(want) {
            assert!((g.parse::<f64>().expect("a number") - w).abs() < 1e-9, "{got}");
        }
    };
    close(decayed("exponentialTimeDecayedSum", &[col(1), col(0)]), [1.0, 21.0 + e, 11.0 + 21.0 * e + e * e]);
    close(decayed("exponentialTimeDecayedCount", &[col(0)]), [1.0, 1.0 + e, 1.0 + e + e * e]);
    close(decayed("exponentialTimeDecayedMax", &[col(1), col(0)]), [1.0, 21.0, 11.0]);
}

#[test]
fn limits_hold_for_windows() {
    let heavy = window(&numbers(200_000), &[], &[col(0)], &[f("groupArray", &[col(0)], &running())]);
    assert_eq!(
        answer(json!({"root": heavy, "limits": {"memoryBytes": 64 << 20}}), 2),
        "MEMORY_LIMIT_EXCEEDED"
    );
    let from = std::time::Instant::now();
    assert_eq!(answer(json!({"root": heavy, "limits": {"executionMs": 200}}), 2), "TIMEOUT_EXCEEDED");
    assert!(from.elapsed().as_millis() < 3000);
    let from = std::time::Instant::now();
    let long = window(
        &numbers(300_000),
        &[],
        &[col(0)],
        &[
            f("sum", &[col(0)], &frame("rows", "-100000 UInt32", "+100000 UInt32")),
            f("max", &[col(0)], &frame("rows", "-100000 UInt32", "+100000 UInt32")),
            f("avg", &[call("toFloat64", &[col(0)])], &frame("rows", "-100000 UInt32", "+100000 UInt32")),
        ],
    );
    let last = json!({"kind": "limit", "limit": 1, "offset": 299_999, "input": long});
    assert_eq!(run(&last, 4), "299999|25000149999|299999|249999");
    assert!(from.elapsed().as_secs() < 10, "{:?}", from.elapsed());
}
