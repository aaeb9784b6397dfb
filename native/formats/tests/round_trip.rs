//! What one format writes it reads again, in pieces of any size; damage is an error or other rows,
//! never a panic.
#![allow(clippy::unwrap_used)]

use formats::{InputField, InputOptions, OnError, OutputOptions, Tail, decode_all, encoder};
use std::sync::Arc;
use types::parse::parse_type;
use types::text::TextOptions;
use types::{Batch, Column, Field};

const COLUMNS: &[(&str, &str)] = &[
    ("i8", "Int8"),
    ("u64", "UInt64"),
    ("i128", "Int128"),
    ("u256", "UInt256"),
    ("f32", "Float32"),
    ("f", "Float64"),
    ("s", "String"),
    ("n", "Nullable(String)"),
    ("ni", "Nullable(Int32)"),
    ("d", "Date"),
    ("d32", "Date32"),
    ("t", "DateTime('UTC')"),
    ("t6", "DateTime64(6, 'UTC')"),
    ("b", "Bool"),
    ("dec", "Decimal(12, 3)"),
    ("dec76", "Decimal(76, 20)"),
    ("e", "Enum8('x' = 1, 'y y' = 2)"),
    ("u", "UUID"),
    ("fs", "FixedString(3)"),
    ("lc", "LowCardinality(String)"),
    ("lcn", "LowCardinality(Nullable(String))"),
    ("a", "Array(Int32)"),
    ("sa", "Array(Nullable(String))"),
    ("tu", "Tuple(x Int8, y String)"),
    ("m", "Map(String, UInt8)"),
    ("aa", "Array(Array(String))"),
    ("i4", "IPv4"),
    ("i6", "IPv6"),
];
const ROWS: &str = r#"(-1, 18446744073709551615, -170141183460469231731687303715884105728, 115792089237316195423570985008687907853269984665640564039457584007913129639935, 1.5, -0.001, 'plain', NULL, -7, '2024-02-29', '1900-01-01', '2024-02-29 01:02:03', '2024-02-29 01:02:03.123456', true, 1.25, 0.00000000000000000001, 'x', '61f0c404-5cb3-11e7-907b-a6006ad3dba0', 'abc', 'lc', NULL, [1, -2], ['a', NULL, 'q\'r'], (1, 'z'), {'k': 1, 'k"2': 2}, [['x'], []], '127.0.0.1', '::1'),
(2, 0, 0, 0, 0, 1e100, 'tab\tnl\nq\'dq"bs\\', 'ü <b>&amp; | ,', NULL, '1970-01-01', '2299-12-31', '1970-01-01 00:00:00', '1970-01-01 00:00:00.000000', false, -99999.999, -5, 'y y', '00000000-0000-0000-0000-000000000000', 'abd', '', '', [], [], (-1, ''), {}, [], '0.0.0.0', '2001:db8::1'),
(127, 5, 7, 9, 3.25, 5, '', '', 2147483647, '2149-06-06', '2024-01-01', '2106-02-07 06:28:15', '2299-12-31 23:59:59.999999', true, 0, 12345678901234567890.5, 'x', 'ffffffff-ffff-ffff-ffff-ffffffffffff', 'xyz', '日本', 'v', [7], [''], (9, 'é,;|'), {'': 0}, [['é', '\\'], ['\n']], '255.255.255.255', '::ffff:1.2.3.4')"#;

const FORMATS: &[&str] = &[
    "TabSeparated",
    "TabSeparatedWithNames",
    "TabSeparatedWithNamesAndTypes",
    "TSKV",
    "CSV",
    "CSVWithNames",
    "CSVWithNamesAndTypes",
    "CustomSeparated",
    "CustomSeparatedWithNames",
    "Values",
    "JSON",
    "JSONCompact",
    "JSONColumns",
    "JSONCompactColumns",
    "JSONColumnsWithMetadata",
    "JSONEachRow",
    "JSONStringsEachRow",
    "JSONCompactEachRow",
    "JSONCompactEachRowWithNames",
    "JSONCompactEachRowWithNamesAndTypes",
    "JSONCompactStringsEachRow",
    "JSONCompactStringsEachRowWithNamesAndTypes",
    "JSONObjectEachRow",
    "RowBinary",
    "RowBinaryWithNames",
    "RowBinaryWithNamesAndTypes",
    "Native",
    "Parquet",
    "Arrow",
    "ArrowStream",
];

fn fields() -> Vec<InputField> {
    COLUMNS.iter().map(|(n, t)| InputField::new(*n, parse_type(t).unwrap())).collect()
}
fn schema() -> Vec<Field> {
    fields().into_iter().map(|f| Field { name: f.name, ty: f.ty }).collect()
}
fn sample() -> Batch {
    let (blocks, report) =
        decode_all("Values", &fields(), &InputOptions::default(), ROWS.as_bytes()).unwrap();
    assert_eq!(report.rows, 3);
    blocks.into_iter().next().unwrap().batch
}
fn strict() -> InputOptions {
    let text = TextOptions { strict: true, ..TextOptions::default() };
    InputOptions { text: Arc::new(text), ..InputOptions::default() }
}
fn write(format: &str, batches: &[Batch]) -> Vec<u8> {
    let mut e = encoder(format, &schema(), &OutputOptions::default()).unwrap().encoder;
    let mut out = Vec::new();
    e.begin(&mut out).unwrap();
    let mut rows = 0;
    for b in batches {
        e.batch(b, &mut out).unwrap();
        rows += b.rows as u64;
    }
    e.finish(&Tail { rows, ..Tail::default() }, &mut out).unwrap();
    out
}
/// Rows of a batch as text, to compare.
fn show(b: &Batch) -> String {
    let out = write_plain(b);
    String::from_utf8_lossy(&out).into_owned()
}
fn write_plain(b: &Batch) -> Vec<u8> {
    let flat = Batch::new(b.columns.iter().map(Column::flat_deep).collect(), b.rows);
    write("TabSeparated", &[flat])
}

#[test]
fn every_format_reads_what_it_wrote() {
    let batch = sample();
    let want = show(&batch);
    for format in FORMATS {
        let bytes = write(format, &[batch.clone(), batch.slice(1, 2)]);
        for options in [InputOptions::default(), strict()] {
            let (blocks, report) = decode_all(format, &fields(), &options, &bytes)
                .unwrap_or_else(|e| panic!("{format}: {e}\n{}", String::from_utf8_lossy(&bytes)));
            assert_eq!(report.rows, 5, "{format}");
            let types: Vec<_> = fields().iter().map(|f| f.ty.clone()).collect();
            let all = Batch::concat(&types, &blocks.into_iter().map(|b| b.batch).collect::<Vec<_>>());
            assert_eq!(show(&all.slice(0, 3)), want, "{format}");
        }
    }
}

#[test]
fn pieces_of_any_size_give_the_same() {
    let batch = sample();
    let want = show(&batch);
    for format in FORMATS {
        let bytes = write(format, std::slice::from_ref(&batch));
        for size in [1, 7, 64, 1000] {
            let mut d = formats::Decoder::new(format, &fields(), &strict()).unwrap();
            let mut blocks = Vec::new();
            for piece in bytes.chunks(size) {
                blocks.extend(d.push(piece).unwrap_or_else(|e| panic!("{format} by {size}: {e}")));
            }
            blocks.extend(d.finish().unwrap_or_else(|e| panic!("{format} by {size}: {e}")));
            let types: Vec<_> = fields().iter().map(|f| f.ty.clone()).collect();
            let all = Batch::concat(&types, &blocks.into_iter().map(|b| b.batch).collect::<Vec<_>>());
            assert_eq!(show(&all), want, "{format} by {size}");
        }
    }
}

struct Random(u64);
impl Random {
    fn next(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n.max(1) as u64) as usize
    }
}

#[test]
fn damage_never_panics() {
    let batch = sample();
    let mut random = Random(0x5eed);
    for format in FORMATS {
        let bytes = write(format, std::slice::from_ref(&batch));
        for round in 0..150 {
            let mut b = bytes.clone();
            match round % 3 {
                0 => b.truncate(random.next(b.len())),
                1 => {
                    for _ in 0..=random.next(4) {
                        let at = random.next(b.len());
                        b[at] ^= 1 << random.next(8);
                    }
                }
                _ => {
                    let at = random.next(b.len());
                    b[at] = random.next(256) as u8;
                    let cut = random.next(b.len());
                    b.drain(cut..(cut + random.next(20)).min(bytes.len()));
                }
            }
            for options in
                [strict(), InputOptions { on_error: OnError::Skip(u64::MAX), ..InputOptions::default() }]
            {
                if let Ok((blocks, _)) = decode_all(format, &fields(), &options, &b) {
                    for block in &blocks {
                        write_plain(&block.batch);
                    }
                }
                let mut d = formats::Decoder::new(format, &fields(), &options).unwrap();
                let _ = b
                    .chunks(97)
                    .try_for_each(|p| d.push(p).map(|_| ()))
                    .and_then(|()| d.finish().map(|_| ()));
            }
            let _ = formats::infer(format, &b, &strict());
        }
    }
}

#[test]
fn output_formats_for_people_do_not_fail() {
    let batch = sample();
    // Template wants a pattern and Prometheus columns of some names: their own tests give them. RawBLOB writes
    // no nested values.
    let special = ["Template", "RawBLOB", "Prometheus"];
    for f in formats::registry::FORMATS.iter().filter(|f| f.output && !special.contains(&f.name)) {
        let out = write(f.name, &[batch.slice(0, 0), batch.clone(), batch.slice(2, 1)]);
        assert!(!out.is_empty() || f.name == "Null", "{}", f.name);
        let mut e = encoder(f.name, &schema(), &OutputOptions::default()).unwrap().encoder;
        let mut out = Vec::new();
        let extremes = Batch::new(batch.columns.iter().map(|c| c.slice(0, 2)).collect(), 2);
        e.begin(&mut out).unwrap();
        e.batch(&batch, &mut out).unwrap();
        e.finish(
            &Tail {
                rows: 3,
                totals: Some(batch.slice(0, 1)),
                extremes: Some(extremes),
                rows_before_limit: Some(9),
                statistics: Some(formats::Statistics::default()),
            },
            &mut out,
        )
        .unwrap();
    }
}
