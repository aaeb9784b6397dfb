//! Text of values and back: one line per rule.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use types::parse::parse_type;
use types::text::{Codec, Cursor, TextOptions};
use types::{Column, ColumnBuilder, Result};

fn codec(ty: &str, strict: bool) -> Codec {
    let options = TextOptions { strict, ..TextOptions::default() };
    Codec::new(&parse_type(ty).unwrap(), &Arc::new(options)).unwrap()
}
fn read(ty: &str, f: impl Fn(&Codec, &mut ColumnBuilder) -> Result<()>, strict: bool) -> Result<Column> {
    let c = codec(ty, strict);
    let mut b = ColumnBuilder::new(&parse_type(ty).unwrap());
    f(&c, &mut b)?;
    assert_eq!(b.len(), 1, "{ty}");
    Ok(b.finish())
}
fn cast(ty: &str, text: &str) -> String {
    match read(ty, |c, b| c.parse_text(text.as_bytes(), b), false) {
        Ok(col) => show(ty, &col),
        Err(e) => e.code().name.to_string(),
    }
}
fn show(ty: &str, col: &Column) -> String {
    let mut out = Vec::new();
    codec(ty, false).write_text(col, 0, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}
fn json(ty: &str, text: &str, strict: bool) -> String {
    let r = read(
        ty,
        |c, b| {
            let mut cur = Cursor::new(text.as_bytes());
            c.read_json(&mut cur, b)?;
            if cur.at_end() { Ok(()) } else { Err(cur.expected("the end")) }
        },
        strict,
    );
    match r {
        Ok(col) => {
            let mut out = Vec::new();
            codec(ty, false).write_json(&col, 0, None, &mut out);
            String::from_utf8_lossy(&out).into_owned()
        }
        Err(e) => e.code().name.to_string(),
    }
}

#[test]
fn text_reads_back() {
    for (ty, text) in [
        ("Int8", "-128"),
        ("UInt64", "18446744073709551615"),
        ("Int64", "-9223372036854775808"),
        ("Int128", "-170141183460469231731687303715884105728"),
        ("UInt256", "115792089237316195423570985008687907853269984665640564039457584007913129639935"),
        ("Int256", "-57896044618658097711785492504343953926634992332820282019728792003956564819968"),
        ("Float64", "0.1"),
        ("Float64", "1e-7"),
        ("Float64", "0.00001"),
        ("Float64", "1e21"),
        ("Float64", "100000000000000000000"),
        ("Float64", "1.7976931348623157e308"),
        ("Float64", "5e-324"),
        ("Float64", "-0"),
        ("Float64", "nan"),
        ("Float64", "-inf"),
        ("Float32", "16777216"),
        ("Float32", "0.1"),
        ("Decimal(9, 2)", "-9999999.99"),
        ("Decimal(76, 20)", "12345678901234567890.1234567890123456789"),
        ("Decimal(38, 10)", "0.0000000001"),
        ("Date", "2149-06-06"),
        ("Date32", "1900-01-01"),
        ("DateTime('Asia/Tokyo')", "2024-01-01 00:00:00"),
        ("DateTime64(6)", "2299-12-31 23:59:59.999999"),
        ("DateTime64(3, 'America/New_York')", "1969-12-31 19:00:00.250"),
        ("Enum8('x' = 1, 'y y' = 2)", "y y"),
        ("UUID", "61f0c404-5cb3-11e7-907b-a6006ad3dba0"),
        ("IPv4", "255.0.10.1"),
        ("IPv6", "2001:db8::ff00:42:8329"),
        ("IPv6", "::ffff:192.168.1.1"),
        ("Bool", "true"),
        ("Array(Nullable(String))", r"['a\'b','\\\n',NULL]"),
        ("Tuple(UInt8, Array(Date))", "(5,['2024-01-01','1970-01-01'])"),
        ("Map(String, Array(UInt8))", "{'k':[1,2],'':[]}"),
    ] {
        assert_eq!(cast(ty, text), text, "{ty}");
    }
}

#[test]
fn text_conversions_and_errors() {
    for (ty, text, want) in [
        ("UInt8", "300", "44"),
        ("Int32", "abc", "CANNOT_PARSE_TEXT"),
        ("Int32", "1.5", "CANNOT_PARSE_TEXT"),
        ("UInt8", "-1", "CANNOT_PARSE_NUMBER"),
        ("Float64", "x", "CANNOT_PARSE_NUMBER"),
        ("Float64", "1e3", "1000"),
        ("Decimal(5, 2)", "9.999", "9.99"),
        ("Decimal(5, 2)", "12345.67", "ARGUMENT_OUT_OF_BOUND"),
        ("Decimal(76, 5)", "1e10", "10000000000"),
        ("Decimal(9, 1)", "-0.05", "0"),
        ("Decimal(5, 2)", "x", "CANNOT_PARSE_TEXT"),
        ("Date", "2024-2-3", "2024-02-03"),
        ("Date", "20240203", "2024-02-03"),
        ("Date", "nope", "CANNOT_PARSE_DATE"),
        ("Date", "2024-01-01 10:00:00", "2024-01-01"),
        ("DateTime", "1700000000", "2023-11-14 22:13:20"),
        ("DateTime", "2024-01-01", "2024-01-01 00:00:00"),
        ("DateTime", "2024-01-01T01:02:03", "2024-01-01 01:02:03"),
        ("DateTime", "5 Mar 2024", "2024-03-05 00:00:00"),
        ("DateTime", "no time", "CANNOT_PARSE_DATETIME"),
        ("DateTime64(3)", "1700000000.25", "2023-11-14 22:13:20.250"),
        ("DateTime64(3)", "-1.5", "1969-12-31 23:59:58.500"),
        ("Bool", "yes", "true"),
        ("Bool", "2", "CANNOT_PARSE_BOOL"),
        ("UUID", "bad", "CANNOT_PARSE_UUID"),
        ("UUID", "61F0C4045CB311E7907BA6006AD3DBA0", "61f0c404-5cb3-11e7-907b-a6006ad3dba0"),
        ("IPv4", "1.2.3", "CANNOT_PARSE_IPV4"),
        ("IPv6", "gggg::", "CANNOT_PARSE_IPV6"),
        ("FixedString(2)", "abc", "TOO_LARGE_STRING_SIZE"),
        ("Array(UInt8)", "[ 1 , 2 ]", "[1,2]"),
        ("Array(UInt8)", "5", "CANNOT_READ_ARRAY_FROM_TEXT"),
        ("Enum8('a' = 1)", "z", "UNKNOWN_ELEMENT_OF_ENUM"),
    ] {
        assert_eq!(cast(ty, text), want, "{ty} {text}");
    }
}

#[test]
fn json_values() {
    for (ty, text, want) in [
        ("String", r#""a\"b\u00e9\n\ud83d\ude00""#, "\"a\\\"bé\\n😀\""),
        ("String", "123", "\"123\""),
        ("String", r#"{"a":[1,2]}"#, r#""{\"a\":[1,2]}""#),
        ("UInt8", "null", "0"),
        ("Nullable(UInt8)", "null", "null"),
        ("UInt8", "true", "1"),
        ("Int32", "\"-9\"", "-9"),
        ("Float64", "1.5", "1.5"),
        ("Tuple(x Int8, y String)", r#"{"y": "arr"}"#, r#"{"x":0,"y":"arr"}"#),
        ("Tuple(Int8, String)", r#"[1, "q"]"#, r#"[1,"q"]"#),
        ("Map(UInt8, Array(UInt8))", r#"{"1": [1]}"#, r#"{"1":[1]}"#),
        ("Enum8('a' = 1)", "1", "\"a\""),
        ("DateTime", "1700000000", "\"2023-11-14 22:13:20\""),
        ("UInt8", "300", "44"),
        ("String", "}", "INCORRECT_DATA"),
        ("Int32", "\"abc\"", "CANNOT_PARSE_INPUT_ASSERTION_FAILED"),
        ("Decimal(9, 2)", "1.25", "1.25"),
    ] {
        assert_eq!(json(ty, text, false), want, "{ty} {text}");
    }
    let bad = [
        ("UInt8", vec!["\"abc\"", "-1", "[1]", "{}", "1.5", "\"1x\"", "300"]),
        ("UInt64", vec!["-5", "\"x\"", "{}", "18446744073709551616", "NaN"]),
        ("Int64", vec!["9223372036854775808", "-9223372036854775809"]),
        ("Float64", vec!["\"abc\"", "[1]", "{}"]),
        ("Date", vec!["\"nope\"", "{}", "[1]", "\"2024-1\"", "\"2024-13-45\"", "\"2024-02-30\""]),
        ("DateTime", vec!["\"nope\"", "{}", "[]", "\"2024-01-01 25:61:00\""]),
        ("Decimal(9, 2)", vec!["\"x\"", "{}", "\"12345678901.5\""]),
        ("UUID", vec!["\"zz\"", "5", "{}"]),
        ("Array(UInt32)", vec!["5", "[\"x\"]", "{}", "[[1]]", "[1,]"]),
        ("Enum8('a' = 1, 'b' = 2)", vec!["\"c\"", "{}", "[1]", "3"]),
        ("FixedString(3)", vec!["\"toolong\"", "{}"]),
        ("Bool", vec!["\"maybe\"", "[]", "{}", "2"]),
        ("IPv4", vec!["\"999.1.1.1\"", "\"1.2.3.4.5\"", "{}"]),
        ("IPv6", vec!["\"zz::1\"", "{}"]),
        ("Nullable(Int32)", vec!["\"abc\"", "[]"]),
        ("Map(String, UInt8)", vec!["5", "{\"a\":\"x\"}", "[1]"]),
        ("String", vec!["\"a", "\"\\q\"", "\"\u{1}\"", "[[", "nul", "\"\\ud800\""]),
    ];
    for (ty, values) in bad {
        for v in values {
            let got = json(ty, v, true);
            assert!(
                got.chars().all(|c| c.is_ascii_uppercase() || c == '_' || c.is_ascii_digit())
                    && got.len() > 4,
                "{ty} {v} gave {got}"
            );
        }
    }
}

#[test]
fn iso_times_when_strict() {
    for (text, want) in [
        ("\"2024-03-05T07:08:09Z\"", "2024-03-05 07:08:09.000"),
        ("\"2024-03-05T07:08:09.5+02:00\"", "2024-03-05 05:08:09.500"),
        ("\"2024-03-05\"", "2024-03-05 00:00:00.000"),
    ] {
        assert_eq!(json("DateTime64(3)", text, true), format!("\"{want}\""));
    }
}

#[test]
fn best_effort_times() {
    use types::text::best_effort::best_effort;
    let zone = types::tz::TimeZone::utc();
    for (text, want) in [
        ("2024-03-05T07:08:09Z", 1_709_622_489),
        ("5 Mar 2024", 1_709_596_800),
        ("Tue, 5 Mar 2024 07:08:09 +0200", 1_709_615_289),
        ("Mar 5, 2024 7:08 PM", 1_709_665_680),
        ("20240305070809", 1_709_622_489),
        ("1709622489", 1_709_622_489),
        ("1709622489000", 1_709_622_489),
        ("05/03/2024 07:08:09", 1_709_622_489),
        ("2024/03/05", 1_709_596_800),
        ("2024-03", 1_709_251_200),
    ] {
        assert_eq!(best_effort(text.as_bytes(), &zone, false, 0).unwrap().seconds, want, "{text}");
    }
    for text in ["", "hello", "32/13/2024", "2024-99-99", "99:99"] {
        assert!(best_effort(text.as_bytes(), &zone, false, 0).is_err(), "{text}");
    }
}
