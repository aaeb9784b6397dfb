//! ORDER BY … WITH FILL. Expected values are ClickHouse's.

use crate::support::{answer, call, col, lit, numbers, run, values};
use serde_json::{Value, json};

fn sorted(input: &Value, keys: &[Value]) -> Value {
    json!({"kind": "sort", "keys": keys, "input": input})
}
fn fill(ty: &str, rows: &str, desc: bool, key: &str) -> String {
    let mut k: Value = serde_json::from_str(&format!("{{{key}}}")).expect("JSON");
    k["column"] = json!(0);
    k["desc"] = json!(desc);
    let input = sorted(&values(&[ty], rows), &[json!({"expr": col(0), "desc": desc})]);
    run(&json!({"kind": "fill", "input": input, "keys": [k]}), 1)
}

#[test]
fn fill_numbers() {
    let n = |what: &str, v: &str| format!(r#""{what}": {{"type": "Int64", "value": "{v}"}}"#);
    let keys = |parts: &[(&str, &str)]| parts.iter().map(|(a, b)| n(a, b)).collect::<Vec<_>>().join(",");
    assert_eq!(fill("UInt64", "0;3;6", false, ""), "0;1;2;3;4;5;6");
    assert_eq!(
        fill("UInt64", "0;3;6;9", false, &keys(&[("from", "0"), ("to", "12"), ("step", "2")])),
        "0;2;3;4;6;8;9;10"
    );
    assert_eq!(
        fill("UInt8", "10;7;3", true, &keys(&[("from", "12"), ("to", "1"), ("step", "-1")])),
        "12;11;10;9;8;7;6;5;4;3;2"
    );
    assert_eq!(fill("UInt8", "10;7;3", true, &keys(&[("step", "-2")])), "10;8;7;6;4;3");
    assert_eq!(fill("UInt8", "1;1;4", false, &keys(&[("to", "6")])), "1;1;2;3;4;5");
    assert_eq!(fill("UInt8", "1;2", false, &keys(&[("from", "4"), ("to", "7")])), "1;2;4;5;6");
    assert_eq!(fill("UInt8", "1;5;9", false, &keys(&[("staleness", "3")])), "1;2;3;5;6;7;9;10;11");
    assert_eq!(fill("UInt8", "", false, &keys(&[("from", "0"), ("to", "3")])), "0;1;2");
    assert_eq!(fill("UInt8", "", false, &keys(&[("to", "3")])), "");
    assert_eq!(fill("Nullable(Int8)", "1;\\N;3", false, ""), "1;2;3;\\N");
    for (ty, bad) in [
        ("UInt8", keys(&[("step", "-1")])),
        ("UInt8", keys(&[("step", "0")])),
        ("UInt8", keys(&[("from", "5"), ("to", "1")])),
        ("String", String::new()),
        ("UInt8", keys(&[("from", "0"), ("staleness", "2")])),
    ] {
        assert_eq!(fill(ty, "1;4", false, &bad), "INVALID_WITH_FILL_EXPRESSION", "{ty} {bad}");
    }
    let quarter = r#""from": {"type": "Float64", "value": "0"}, "to": {"type": "Float64", "value": "1.25"}, "step": {"type": "Float64", "value": "0.25"}"#;
    assert_eq!(fill("Float64", "0;0.5;1", false, quarter), "0;0.25;0.5;0.75;1");
}

#[test]
fn fill_dates() {
    let step = |kind: &str, n: &str| format!(r#""step": {{"type": "Interval{kind}", "value": "{n}"}}"#);
    assert_eq!(fill("Date", "2024-02-28;2024-03-01", false, ""), "2024-02-28;2024-02-29;2024-03-01");
    let to = r#""to": {"type": "Date", "value": "2021-02-01"},"#.to_string();
    assert_eq!(
        fill("Date", "2020-01-31", false, &(to + &step("Quarter", "1"))),
        "2020-01-31;2020-04-30;2020-07-30;2020-10-30;2021-01-30"
    );
    assert_eq!(
        fill("DateTime('UTC')", "2024-01-01 00:00:00;2024-01-01 02:00:00", false, &step("Hour", "1")),
        "2024-01-01 00:00:00;2024-01-01 01:00:00;2024-01-01 02:00:00"
    );
    assert_eq!(
        fill("DateTime('UTC')", "2024-01-01 00:00:00;2024-01-01 00:30:00", true, &step("Minute", "-10")),
        "2024-01-01 00:30:00;2024-01-01 00:20:00;2024-01-01 00:10:00;2024-01-01 00:00:00"
    );
    assert_eq!(
        fill(
            "DateTime('Europe/Berlin')",
            "2024-03-30 12:00:00;2024-04-01 12:00:00",
            false,
            &step("Day", "1")
        ),
        "2024-03-30 12:00:00;2024-03-31 12:00:00;2024-04-01 12:00:00"
    );
    assert_eq!(fill("Date", "2024-01-01", false, &step("Hour", "1")), "INVALID_WITH_FILL_EXPRESSION");
}

#[test]
fn fill_several_columns() {
    let rows = |r: &str| {
        sorted(&values(&["UInt8", "UInt8"], r), &[json!({"expr": col(0)}), json!({"expr": col(1)})])
    };
    let both =
        |r: &str, a: Value, b: Value| run(&json!({"kind": "fill", "input": rows(r), "keys": [a, b]}), 2);
    let k = |c: usize| json!({"column": c});
    assert_eq!(both("1|1;1|3;3|2", k(0), k(1)), "1|1;1|2;1|3;2|0;3|2");
    let two = json!({"column": 1, "step": {"type": "UInt8", "value": "2"}});
    assert_eq!(both("1|1;1|4;2|2", k(0), two), "1|1;1|3;1|4;2|2");
    let inner =
        json!({"column": 1, "from": {"type": "UInt8", "value": "1"}, "to": {"type": "UInt8", "value": "4"}});
    let apart = json!({"kind": "fill", "input": rows("1|1;1|3;3|2"), "keys": [inner], "prefix": [0]});
    assert_eq!(run(&apart, 2), "1|1;1|2;1|3;3|1;3|2;3|3");
}

#[test]
fn fill_interpolates() {
    let rows = json!({"kind": "project", "exprs": [call("multiply", &[col(0), lit("UInt8", "2")]), call("multiply", &[col(0), lit("UInt8", "10")]), call("toString", &[col(0)])], "input": numbers(3)});
    let key = json!({"column": 0, "to": {"type": "UInt8", "value": "7"}});
    let with = |interpolate: Value| {
        run(
            &json!({"kind": "fill", "input": sorted(&rows, &[json!({"expr": col(0)})]), "keys": [key], "interpolate": interpolate}),
            3,
        )
    };
    assert_eq!(with(json!([])), "0|0|0;1|0|;2|10|1;3|0|;4|20|2;5|0|;6|0|");
    assert_eq!(with(json!([[1, col(1)], [2, col(2)]])), "0|0|0;1|0|0;2|10|1;3|10|1;4|20|2;5|20|2;6|20|2");
    assert_eq!(
        with(json!([[1, call("plus", &[col(1), lit("UInt8", "1")])]])),
        "0|0|0;1|1|;2|10|1;3|11|;4|20|2;5|21|;6|22|"
    );
}

#[test]
fn fill_streams() {
    let key = json!({"column": 0, "to": {"type": "UInt64", "value": "1000000000000"}});
    let endless =
        json!({"kind": "fill", "input": sorted(&numbers(2), &[json!({"expr": col(0)})]), "keys": [key]});
    assert_eq!(
        run(&json!({"kind": "limit", "limit": 2, "offset": 200_000, "input": endless}), 1),
        "200000;200001"
    );
    assert_eq!(answer(json!({"root": endless, "limits": {"executionMs": 200}}), 1), "TIMEOUT_EXCEEDED");
}
