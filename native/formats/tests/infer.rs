//! Columns of data whose table does not exist yet.
#![allow(clippy::unwrap_used)]

use formats::infer::{Style, infer_as};
use formats::{InputOptions, infer};

fn show(format: &str, data: &str) -> String {
    match infer(format, data.as_bytes(), &InputOptions::default()) {
        Ok(fields) => fields.iter().map(|f| format!("{} {}", f.name, f.ty)).collect::<Vec<_>>().join(", "),
        Err(e) => e.code().name.to_string(),
    }
}

#[test]
fn json_lines() {
    for (data, want) in [
        (
            "{\"i\":1,\"f\":1.5,\"s\":\"x\",\"b\":true,\"d\":\"2024-01-01\",\"t\":\"2024-01-01 10:00:00\",\"t3\":\"2024-01-01T10:00:00.123Z\"}\n",
            "i Int64, f Float64, s String, b Bool, d Date32, t DateTime, t3 DateTime64(3)",
        ),
        ("{\"a\":1}\n{\"a\":2.5}\n{\"b\":1}\n", "a Nullable(Float64), b Nullable(Int64)"),
        ("{\"a\":null,\"n\":null}\n{\"a\":5,\"n\":null}", "a Nullable(Int64), n Nullable(String)"),
        (
            "{\"a\":[1,2],\"o\":{\"k\":1,\"l\":\"x\"},\"e\":[]}",
            "a Array(Int64), o Tuple(k Int64, l String), e Array(Nullable(String))",
        ),
        ("{\"u\":18446744073709551615,\"w\":1}{\"u\":1,\"w\":\"text\"}", "u UInt64, w String"),
        ("{\"x\":\"61f0c404-5cb3-11e7-907b-a6006ad3dba0\"}", "x UUID"),
        ("{\"a\":1}\n{\"a\":2", "a Int64"),
        ("[{\"a\":1},{\"a\":2}]", "a Int64"),
        ("nonsense", "INCORRECT_DATA"),
        ("", "CANNOT_EXTRACT_TABLE_STRUCTURE"),
    ] {
        assert_eq!(show("JSONEachRow", data), want, "{data}");
    }
    let many: String =
        (0..100).map(|i| format!("{{\"c\":\"country {}\",\"id\":\"user {i}\"}}\n", i % 5)).collect();
    assert_eq!(show("JSONEachRow", &many), "c LowCardinality(String), id String");
}

#[test]
fn separated_values() {
    for (format, data, want) in [
        ("CSV", "id,name,price\n1,x,1.5\n2,y,2\n", "id Int64, name String, price Float64"),
        ("CSVWithNames", "a,b\nx,y\n", "a String, b String"),
        ("CSV", "1,x,2024-01-01\n2,\"y, z\",2024-01-02\n", "c1 Int64, c2 String, c3 Date32"),
        ("CSVWithNames", "a,b\n1,\n,x\n", "a Nullable(Int64), b String"),
        ("TSV", "1\tx\t2024-01-01 00:00:00\n", "c1 Int64, c2 String, c3 DateTime"),
        ("TSVWithNames", "id\tzip\n1\t007\n", "id Int64, zip String"),
        ("CSVWithNamesAndTypes", "a,b\nUInt8,\"Array(String)\"\n1,\"[]\"\n", "a UInt8, b Array(String)"),
        ("CSVWithNames", "a,a\n1,2\n", "INCORRECT_DATA"),
    ] {
        assert_eq!(show(format, data), want, "{data}");
    }
}

#[test]
fn as_clickhouse_does() {
    let show = |format: &str, data: &str| {
        let fields = infer_as(format, data.as_bytes(), &InputOptions::default(), Style::ClickHouse).unwrap();
        fields.iter().map(|f| format!("{} {}", f.name, f.ty)).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(
        show(
            "JSONEachRow",
            "{\"i\":1,\"f\":1.5,\"s\":\"x\",\"a\":[1,2],\"b\":true,\"n\":null,\"d\":\"2024-01-01\",\"o\":{\"k\":1}}"
        ),
        "i Nullable(Int64), f Nullable(Float64), s Nullable(String), a Array(Nullable(Int64)), b Nullable(Bool), n Nullable(String), d Nullable(Date), o Tuple(k Nullable(Int64))"
    );
    assert_eq!(
        show("CSV", "1,1.5,\"x\",\"[1,2]\",2024-01-01"),
        "c1 Nullable(Int64), c2 Nullable(Float64), c3 Nullable(String), c4 Array(Nullable(Int64)), c5 Nullable(Date)"
    );
    assert_eq!(
        show("TSV", "1\t1.5\tx\t[1,2]\t2024-01-01 00:00:00"),
        "c1 Nullable(Int64), c2 Nullable(Float64), c3 Nullable(String), c4 Array(Nullable(Int64)), c5 Nullable(DateTime)"
    );
}
