//! What is refused, with which code, and where reading goes on.
#![allow(clippy::unwrap_used)]

use formats::{Decoder, InputField, InputOptions, OnError, decode_all};
use std::sync::Arc;
use types::parse::parse_type;
use types::text::TextOptions;

fn fields(text: &[(&str, &str)]) -> Vec<InputField> {
    text.iter().map(|(n, t)| InputField::new(*n, parse_type(t).unwrap())).collect()
}
fn guard() -> Vec<InputField> {
    fields(&[("id", "UInt64"), ("v", "String")])
}
fn strict() -> InputOptions {
    InputOptions {
        text: Arc::new(TextOptions { strict: true, ..TextOptions::default() }),
        skip_unknown: false,
        ..InputOptions::default()
    }
}
/// Reads at once and in pieces; both must agree. Gives rows or the code.
fn read(format: &str, fields: &[InputField], o: &InputOptions, data: &[u8]) -> Result<u64, String> {
    let whole =
        decode_all(format, fields, o, data).map(|(_, r)| r.rows).map_err(|e| e.code().name.to_string());
    for size in [1, 5] {
        let pieces = (|| {
            let mut d = Decoder::new(format, fields, o)?;
            for p in data.chunks(size) {
                d.push(p)?;
            }
            d.finish()?;
            Ok::<u64, types::Error>(d.report().rows)
        })();
        assert_eq!(
            pieces.is_ok(),
            whole.is_ok(),
            "{format} {:?} in pieces of {size}: {pieces:?} {whole:?}",
            String::from_utf8_lossy(&data[..data.len().min(80)])
        );
    }
    whole
}

#[test]
fn damaged_json_is_refused() {
    let bad: Vec<String> = [
        "[1,2]",
        "5",
        "null",
        "\"x\"",
        "{\"id\":1,\"v\":\"a\"}garbage",
        "{\"id\":1,\"v\":\"a\"}{\"id\":",
        "{\"id\":1 \"v\":\"a\"}",
        "{\"id\":NaN}",
        "{id:1}",
        "{'id':1}",
        "{\"id\":1,}",
        "{\"id\":1,\"v\":\"\u{1}",
        "{\"id\":1,\"v\":\"text",
        "{\"id\":1}\n{\"id\":2",
        "{\"id\":1,\"id\":2}",
        "{\"id\":1,\"zz\":2}",
        "[{\"id\":1}",
        "{\"id\":1}}",
        "{\"id\":1}]",
        "{\"id\":1,\"v\":\"a\\qb\"}",
        "{\"id\":\"1x\"}",
        "{\"id\":1.5}",
        "{\"id\":-1}",
        "{\"id\":18446744073709551616}",
        "{\"id\":1}:{\"id\":2}",
        "{\"v\":{\"a\":}}",
    ]
    .map(String::from)
    .into_iter()
    .chain([
        format!("{{\"id\":1,\"v\":{}", "[".repeat(100_000)),
        format!("{{\"id\":{}}}", "9".repeat(100_000)),
    ])
    .collect();
    for text in &bad {
        assert!(
            read("JSONEachRow", &guard(), &strict(), text.as_bytes()).is_err(),
            "{}",
            &text[..text.len().min(60)]
        );
    }
    for (text, rows) in [
        ("", 0),
        ("\n\n", 0),
        ("{\"id\":1}\n\n{\"v\":\"x\"}\n", 2),
        ("[{\"id\":1},\n{\"id\":2}]\n", 2),
        ("{\"id\":1}{\"id\":2}", 2),
        ("{\n \"id\" : 1 ,\n \"v\" : \"a\\u00e9\"\n}", 1),
        ("[]", 0),
    ] {
        assert_eq!(read("JSONEachRow", &guard(), &strict(), text.as_bytes()), Ok(rows), "{text}");
    }
}

#[test]
fn changed_bytes_of_json_are_refused() {
    let good: String =
        (0..50).map(|i| format!("{{\"id\":{},\"v\":\"text \\\"{i}\\\" {{\"}}\n", 1000 + i)).collect();
    assert_eq!(read("JSONEachRow", &guard(), &strict(), good.as_bytes()), Ok(50));
    // A cut anywhere but at a line end.
    for cut in (5..good.len() - 2).step_by(37) {
        if good.as_bytes()[cut - 1] != b'\n' && good.as_bytes()[cut] != b'\n' {
            assert!(read("JSONEachRow", &guard(), &strict(), &good.as_bytes()[..cut]).is_err(), "{cut}");
        }
    }
    // Characters of the form outside of strings.
    for at in (0..good.len()).filter(|i| matches!(good.as_bytes()[*i], b'{' | b':' | b',')).step_by(7) {
        let mut b = good.clone().into_bytes();
        if b[at - at.min(1)] == b' ' {
            continue;
        }
        b[at] = b']';
        assert!(read("JSONEachRow", &guard(), &strict(), &b).is_err(), "{at}");
    }
}

#[test]
fn damaged_csv_is_refused() {
    for text in ["1,\"a\n", "1\n", "1,2,3\n", "x,y\n", "1,\"a\"b\n", "\"1,a\n", "1;a\n", "1,\"xxxx\n\n"] {
        assert!(read("CSV", &guard(), &strict(), text.as_bytes()).is_err(), "{text}");
    }
    for text in ["id\n1,2\n", "id,v\nx,a\n", "\"id,v\n1,a\n", "id,zz\n1,a\n"] {
        assert!(read("CSVWithNames", &guard(), &strict(), text.as_bytes()).is_err(), "{text}");
    }
    for (format, text, rows) in [
        ("CSV", "1,a\n2,\"b \"\"x\"\"\n\"\r\n3,c", 3),
        ("CSV", "id,v\n1,a\n", 1),
        ("CSV", "v,id\na,1\n", 1),
        ("CSVWithNames", "v,id\na,1\n", 1),
        ("CSV", "\u{feff}id,v\n1,a\n", 1),
        ("TSV", "1\ta\\tb\n2\tx\n", 2),
        ("TSKV", "id=1\tv=a\nv=b\n", 2),
        ("Values", "(1, 'a'), (2, 'b');", 2),
        ("JSONCompactEachRow", "[1, \"a\"]\n[2,\"b\"]", 2),
    ] {
        assert_eq!(read(format, &guard(), &strict(), text.as_bytes()), Ok(rows), "{format} {text}");
    }
}

#[test]
fn codes_are_clickhouses() {
    let lax = InputOptions::default();
    let t = fields(&[("id", "UInt32"), ("s", "String"), ("n", "Nullable(Int32)"), ("d", "DateTime")]);
    let no_nulls = InputOptions {
        text: Arc::new(TextOptions { null_as_default: false, ..TextOptions::default() }),
        ..InputOptions::default()
    };
    let no_unknown = InputOptions { skip_unknown: false, ..InputOptions::default() };
    for (format, o, text, code) in [
        ("CSV", &lax, "x,bad,1,2024-01-01 00:00:00\n", "CANNOT_PARSE_INPUT_ASSERTION_FAILED"),
        ("CSV", &lax, "1,short\n", "CANNOT_PARSE_INPUT_ASSERTION_FAILED"),
        ("TSV", &lax, "abc\ts\t1\t2024-01-01 00:00:00\n", "CANNOT_PARSE_INPUT_ASSERTION_FAILED"),
        ("TSV", &lax, "1\n", "CANNOT_PARSE_INPUT_ASSERTION_FAILED"),
        ("JSONEachRow", &no_unknown, "{\"id\":9,\"zzz\":1}", "INCORRECT_DATA"),
        ("JSONEachRow", &lax, "{\"id\":\"abc\"}", "CANNOT_PARSE_INPUT_ASSERTION_FAILED"),
        ("JSONEachRow", &lax, "{\"id\":11, \"s\":}", "INCORRECT_DATA"),
        ("JSONEachRow", &no_nulls, "{\"id\":13,\"s\":null}", "INCORRECT_DATA"),
        ("JSONEachRow", &lax, "{\"id\":3,\"d\":\"no time\"}", "CANNOT_PARSE_DATETIME"),
        ("JSONCompactEachRow", &lax, "[1]", "CANNOT_PARSE_INPUT_ASSERTION_FAILED"),
    ] {
        assert_eq!(read(format, &t, o, text.as_bytes()), Err(code.to_string()), "{format} {text}");
    }
    let one = fields(&[("a", "UInt8")]);
    assert_eq!(read("CSV", &one, &lax, b"x"), Err("INCORRECT_DATA".into()));
    assert_eq!(read("JSONEachRow", &one, &lax, b"{\"a\":}"), Ok(1));
    let of = |name: &str| {
        Decoder::new(name, &one, &lax).err().map(|e| (e.code().name, e.message().to_string())).unwrap()
    };
    assert_eq!(of("JSONEachRo").0, "UNKNOWN_FORMAT");
    assert!(of("JSONEachRo").1.contains("JSONEachRow"));
    assert_eq!(of("Vertical").0, "FORMAT_IS_NOT_SUITABLE_FOR_INPUT");
}

#[test]
fn bad_rows_are_left_out_and_named() {
    let skip = InputOptions { on_error: OnError::Skip(u64::MAX), ..strict() };
    for (format, text) in [
        (
            "JSONEachRow",
            "{\"id\":1,\"v\":\"a\"}\n{\"id\":\"x\",\"v\":\"b\"}\n{\"id\":3}\nnonsense\n{\"id\":5,\"v\":\"unclosed}\n{\"id\":6}\n",
        ),
        ("CSV", "1,a\nx,b\n3,\n4\n5,\"q\"z\n6,f\n"),
        ("TSV", "1\ta\nx\tb\n3\t\n4\n5\tq\tz\n6\tf\n"),
    ] {
        let (blocks, report) = decode_all(format, &guard(), &skip, text.as_bytes()).unwrap();
        assert_eq!((report.rows, report.rejected), (3, 3), "{format} {:?}", report.errors);
        assert_eq!(report.errors.iter().map(|e| e.row).collect::<Vec<_>>(), [2, 4, 5], "{format}");
        assert_eq!(report.errors[0].column.as_deref(), Some("id"), "{format}");
        assert!(report.errors[0].message.contains('x'), "{format} {}", report.errors[0].message);
        let ids: Vec<_> = blocks
            .iter()
            .flat_map(|b| (0..b.batch.rows).map(|i| b.batch.columns[0].scalar(i).as_i64().unwrap()))
            .collect();
        assert_eq!(ids, [1, 3, 6], "{format}");
        // The same in pieces.
        let mut d = Decoder::new(format, &guard(), &skip).unwrap();
        text.as_bytes().chunks(3).for_each(|p| assert!(d.push(p).is_ok()));
        d.finish().unwrap();
        assert_eq!((d.report().rows, d.report().rejected), (3, 3), "{format} in pieces");
    }
    let limited = InputOptions { on_error: OnError::Skip(1), ..strict() };
    assert!(decode_all("CSV", &guard(), &limited, b"x,1\n1,a\n").is_ok());
    assert!(decode_all("CSV", &guard(), &limited, b"x,1\n1,a\ny,b\n").is_err());
}

#[test]
fn missing_values_are_marked() {
    let t = fields(&[("id", "UInt32"), ("n", "UInt8"), ("s", "String")]);
    let (blocks, report) =
        decode_all("JSONEachRow", &t, &InputOptions::default(), b"{\"id\":1,\"n\":null}{\"id\":2,\"n\":3}")
            .unwrap();
    assert_eq!(blocks[0].missing[1].as_ref().map(|m| (m.get(0), m.get(1))), Some((true, false)));
    assert!(blocks[0].missing[2].as_ref().is_some_and(types::Bitmap::all));
    assert_eq!(report.present, [true, true, false]);
}

#[test]
fn a_row_without_end_is_bounded() {
    let o = InputOptions { row_bytes_max: 1 << 20, ..strict() };
    let mut d = Decoder::new("JSONEachRow", &guard(), &o).unwrap();
    d.push(b"{\"id\":1,\"v\":\"").unwrap();
    let piece = vec![b'a'; 100_000];
    let pushed = (0..100).take_while(|_| d.push(&piece).is_ok()).count();
    assert!(pushed < 15, "{pushed}");
}

#[test]
fn pieces_for_threads_are_whole_rows() {
    let text: String = (0..50_000).map(|i| format!("{{\"id\":{i},\"v\":\"text {{}}\"}}\n")).collect();
    let pieces = formats::split_rows("JSONEachRow", text.as_bytes(), 4);
    assert!(pieces.len() > 1);
    let rows: u64 = pieces
        .into_iter()
        .map(|p| decode_all("JSONEachRow", &guard(), &strict(), &text.as_bytes()[p]).unwrap().1.rows)
        .sum();
    assert_eq!(rows, 50_000);
}
