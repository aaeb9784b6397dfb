//! Tables for people and the settings of text output, line by line.
#![allow(clippy::unwrap_used)]

use formats::{InputField, InputOptions, OutputOptions, Tail, decode_all, encoder};
use std::collections::HashMap;
use types::parse::parse_type;
use types::{Batch, Field};

fn table(columns: &[(&str, &str)], rows: &str) -> (Vec<Field>, Batch) {
    let fields: Vec<_> = columns.iter().map(|(n, t)| InputField::new(*n, parse_type(t).unwrap())).collect();
    let schema = fields.iter().map(|f| Field { name: f.name.clone(), ty: f.ty.clone() }).collect();
    let (blocks, _) = decode_all("Values", &fields, &InputOptions::default(), rows.as_bytes()).unwrap();
    (schema, blocks.into_iter().next().unwrap().batch)
}
fn print(format: &str, columns: &[(&str, &str)], rows: &str, settings: &[(&str, &str)]) -> String {
    let (schema, batch) = table(columns, rows);
    let settings: HashMap<String, String> =
        settings.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect();
    let o = OutputOptions::from_settings(&settings, types::tz::TimeZone::utc()).unwrap();
    let mut e = encoder(format, &schema, &o).unwrap().encoder;
    let mut out = Vec::new();
    e.begin(&mut out).unwrap();
    e.batch(&batch, &mut out).unwrap();
    e.finish(&Tail { rows: batch.rows as u64, ..Tail::default() }, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

const PLAIN: (&str, &str) = ("output_format_pretty_row_numbers", "0");

#[test]
fn pretty_tables() {
    let abc = [("a", "UInt8"), ("b", "String"), ("c", "Nullable(Nothing)")];
    let row = "(1, 'text', NULL)";
    assert_eq!(
        print("PrettyNoEscapes", &abc, row, &[PLAIN]),
        "┏━━━┳━━━━━━┳━━━━━━┓\n┃ a ┃ b    ┃ c    ┃\n┡━━━╇━━━━━━╇━━━━━━┩\n│ 1 │ text │ ᴺᵁᴸᴸ │\n└───┴──────┴──────┘\n"
    );
    assert_eq!(
        print("PrettyCompact", &abc, row, &[PLAIN]),
        "┌─a─┬─b────┬─c────┐\n│ 1 │ text │ ᴺᵁᴸᴸ │\n└───┴──────┴──────┘\n"
    );
    assert_eq!(print("PrettySpaceNoEscapes", &abc, row, &[PLAIN]), " a   b      c   \n\n 1   text   ᴺᵁᴸᴸ \n");
    let ns = [("number", "UInt64"), ("s", "String")];
    let rows = "(0, ''), (1, 'z'), (2, 'zz')";
    assert_eq!(
        print("PrettyCompactNoEscapes", &ns, rows, &[PLAIN]),
        "┌─number─┬─s──┐\n│      0 │    │\n│      1 │ z  │\n│      2 │ zz │\n└────────┴────┘\n"
    );
    assert_eq!(
        print("PrettySpaceNoEscapes", &ns, rows, &[PLAIN]),
        " number   s \n\n      0      \n      1   z  \n      2   zz \n"
    );
    assert_eq!(
        print("PrettyNoEscapes", &ns, rows, &[PLAIN]),
        "┏━━━━━━━━┳━━━━┓\n┃ number ┃ s  ┃\n┡━━━━━━━━╇━━━━┩\n│      0 │    │\n├────────┼────┤\n│      1 │ z  │\n├────────┼────┤\n│      2 │ zz │\n└────────┴────┘\n"
    );
    assert_eq!(
        print("PrettyCompact", &ns, "(0, 'a')", &[]),
        "   ┌─number─┬─s─┐\n1. │      0 │ a │\n   └────────┴───┘\n"
    );
    assert_eq!(
        print(
            "PrettyCompact",
            &[("n", "UInt64")],
            "(0), (1)",
            &[PLAIN, ("output_format_pretty_grid_charset", "ASCII")]
        ),
        "+-n-+\n| 0 |\n| 1 |\n+---+\n"
    );
    assert_eq!(
        print("PrettyCompact", &[("n", "UInt32")], "(1000000)", &[PLAIN]),
        "┌───────n─┐\n│ 1000000 │\n└─────────┘\n"
    );
    assert_eq!(
        print("PrettyCompact", &[("n", "UInt32")], "(12345678)", &[PLAIN]),
        "┌────────n─┐\n│ 12345678 │ -- 12.35 million\n└──────────┘\n"
    );
    let wide = [
        ("arr", "Array(UInt8)"),
        ("t", "Tuple(String, Float64)"),
        ("wide", "String"),
        ("m", "Map(String, UInt8)"),
    ];
    assert_eq!(
        print("PrettyCompact", &wide, "([1, 2], ('x', 1.5), '日本', {'k': 1})", &[PLAIN]),
        "┌─arr───┬─t─────────┬─wide─┬─m───────┐\n│ [1,2] │ ('x',1.5) │ 日本 │ {'k':1} │\n└───────┴───────────┴──────┴─────────┘\n"
    );
}

#[test]
fn settings_change_text() {
    let t = [("t", "DateTime('Asia/Tokyo')"), ("t3", "DateTime64(3, 'America/New_York')"), ("d", "Date")];
    let row = "('1999-12-31 23:59:59', '1969-12-31 19:00:00.000', '1970-01-01')";
    for (how, format, want) in [
        ("simple", "TSV", "1999-12-31 23:59:59\t1969-12-31 19:00:00.000\t1970-01-01\n"),
        ("iso", "TSV", "1999-12-31T14:59:59Z\t1970-01-01T00:00:00.000Z\t1970-01-01\n"),
        ("unix_timestamp", "TSV", "946652399\t0.000\t1970-01-01\n"),
        ("unix_timestamp", "CSV", "\"946652399\",\"0.000\",\"1970-01-01\"\n"),
        ("unix_timestamp", "JSONEachRow", "{\"t\":\"946652399\",\"t3\":\"0.000\",\"d\":\"1970-01-01\"}\n"),
        ("unix_timestamp", "Values", "('946652399','0.000','1970-01-01')"),
    ] {
        assert_eq!(print(format, &t, row, &[("date_time_output_format", how)]), want);
    }
    let x = |format: &str, ty: &str, row: &str, settings: &[(&str, &str)]| {
        print(format, &[("x", ty)], row, settings)
    };
    assert_eq!(x("CSV", "Nullable(String)", "(NULL)", &[("format_csv_null_representation", "NA")]), "NA\n");
    assert_eq!(x("CSV", "Bool", "(true)", &[("bool_true_representation", "yes")]), "yes\n");
    assert_eq!(x("TSV", "Array(Bool)", "([true])", &[("bool_true_representation", "T")]), "[true]\n");
    assert_eq!(
        x("TSV", "Decimal(12, 3)", "(1.25)", &[("output_format_decimal_trailing_zeros", "1")]),
        "1.250\n"
    );
    assert_eq!(
        x("JSONEachRow", "UInt64", "(5)", &[("output_format_json_quote_64bit_integers", "1")]),
        "{\"x\":\"5\"}\n"
    );
    assert_eq!(x("JSONEachRow", "Float64", "(nan)", &[]), "{\"x\":null}\n");
    assert_eq!(
        x("JSONEachRow", "Float64", "(nan)", &[("output_format_json_quote_denormals", "1")]),
        "{\"x\":\"nan\"}\n"
    );
    assert_eq!(x("JSONEachRow", "String", "('a/b')", &[]), "{\"x\":\"a\\/b\"}\n");
    assert_eq!(
        x(
            "JSONEachRow",
            "Tuple(x Int8, y String)",
            "((1, 'q'))",
            &[("output_format_json_named_tuples_as_objects", "0")]
        ),
        "{\"x\":[1,\"q\"]}\n"
    );
    assert_eq!(
        x(
            "JSONEachRow",
            "Map(String, UInt8)",
            "({'k': 1})",
            &[("output_format_json_map_as_array_of_tuples", "1")]
        ),
        "{\"x\":[{\"keys\":\"k\",\"values\":1}]}\n"
    );
    assert_eq!(
        x("JSONEachRow", "UInt8", "(0), (1)", &[("output_format_json_array_of_rows", "1")]),
        "[\n{\"x\":0},\n{\"x\":1}\n]\n"
    );
    assert_eq!(
        x("JSONEachRow", "String", "('a\\xFFb')", &[("output_format_json_validate_utf8", "1")]),
        "{\"x\":\"a\u{fffd}b\"}\n"
    );
    assert_eq!(
        x(
            "SQLInsert",
            "UInt8",
            "(0), (1)",
            &[
                ("output_format_sql_insert_table_name", "target"),
                ("output_format_sql_insert_max_batch_size", "1")
            ]
        ),
        "INSERT INTO target (`x`) VALUES (0);\nINSERT INTO target (`x`) VALUES (1);\n"
    );
    assert_eq!(
        x(
            "Values",
            "String",
            "('tab\\tnl\\nq\\'d\"bs\\\\')",
            &[("output_format_values_escape_quote_with_quote", "1")]
        ),
        "('tab\\tnl\\nq''d\"bs\\')"
    );
    let custom = [
        ("format_custom_field_delimiter", "|"),
        ("format_custom_row_before_delimiter", "<"),
        ("format_custom_row_after_delimiter", ">\n"),
        ("format_custom_escaping_rule", "Quoted"),
    ];
    assert_eq!(
        print("CustomSeparated", &[("i", "Int8"), ("s", "String")], "(-1, 'plain')", &custom),
        "<-1|'plain'>\n"
    );
    assert_eq!(x("Vertical", "UInt32", "(5000000)", &[]), "Row 1:\n──────\nx: 5000000 -- 5.00 million\n");
    assert_eq!(
        x("Markdown", "String", "('a|\\'b')", &[("output_format_markdown_escape_special_characters", "1")]),
        "| x |\n|:-|\n| a\\|\\'b |\n"
    );
    assert!(
        OutputOptions::from_settings(
            &HashMap::from([("date_time_output_format".into(), "nonsense".into())]),
            types::tz::TimeZone::utc()
        )
        .is_err()
    );
}
