//! A segment written by version 1 of the format, and what it must read as, for ever.
//!
//! `COLONNADE_WRITE_GOLDEN=1 cargo test -p colonnade-storage --test golden` writes both anew: only for a new
//! version of the format, beside the old files.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Random, Shape, batch, column, ty};
use files::{Files, RealFiles};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;
use storage::{Cache, ColumnSpec, Segment, SkipIndex, SkipKind, WriteOptions, write_segment};
use types::{Scalar, Type};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
const ROWS: usize = 256;

/// A type and a distribution for each encoding.
const COLUMNS: &[(&str, Shape)] = &[
    ("UInt32", Shape::Sorted),
    ("UInt8", Shape::Constant),
    ("Int64", Shape::Random),
    ("Int16", Shape::Small),
    ("DateTime", Shape::Sorted),
    ("Nullable(Int32)", Shape::Sparse),
    ("UInt64", Shape::FewWide),
    ("Int32", Shape::Runs),
    ("UInt64", Shape::Outliers),
    ("Float64", Shape::Random),
    ("Float64", Shape::Small),
    ("Float32", Shape::Constant),
    ("UUID", Shape::Random),
    ("Decimal(38, 4)", Shape::Small),
    ("Int256", Shape::Constant),
    ("UInt256", Shape::FewWide),
    ("String", Shape::Random),
    ("Nullable(String)", Shape::FewWide),
    ("LowCardinality(String)", Shape::Small),
    ("FixedString(6)", Shape::Random),
    ("FixedString(2)", Shape::Constant),
    ("Array(Nullable(String))", Shape::Small),
    ("Map(String, Float32)", Shape::Small),
    ("Tuple(a Int8, b Array(Date))", Shape::Small),
    ("Enum8('a' = -3, 'b' = 7)", Shape::Constant),
];

fn files() -> Arc<dyn Files> {
    Arc::new(RealFiles::open(FOLDER).unwrap())
}

fn write() {
    let mut r = Random::new(2026);
    let types: Vec<Type> = COLUMNS.iter().map(|c| ty(c.0)).collect();
    let columns = types.iter().zip(COLUMNS).map(|(t, c)| column(&mut r, t, c.1, ROWS)).collect();
    let specs: Vec<ColumnSpec> = types
        .iter()
        .enumerate()
        .map(|(i, t)| ColumnSpec {
            name: format!("c{i}"),
            ty: t.clone(),
            codec: (i == 16).then(|| "ZSTD(1)".to_string()),
        })
        .collect();
    let index = |name: &str, kind, c: usize| SkipIndex {
        name: name.into(),
        kind,
        ty: types[c].clone(),
        inputs: vec![c],
        expr: None,
    };
    let skip_indexes = vec![index("low", SkipKind::MinMax, 3), index("ids", SkipKind::bloom(0.01), 2)];
    let options = WriteOptions { sort: vec![0], skip_indexes, ..Default::default() };
    let _ = files().remove("v1.seg");
    write_segment(&files(), "v1.seg", &specs, &mut std::iter::once(Ok(batch(columns))), &options).unwrap();
    std::fs::write(format!("{FOLDER}/v1.json"), describe().0).unwrap();
}

fn text(s: &Scalar, out: &mut String) {
    let list = |items: &[Scalar], out: &mut String| {
        out.push('[');
        for (i, x) in items.iter().enumerate() {
            if i > 0 {
                out.push(',');
            }
            text(x, out);
        }
        out.push(']');
    };
    match s {
        Scalar::Null => out.push_str("null"),
        Scalar::Int(v) => write!(out, "\"{v}\"").unwrap(),
        Scalar::UInt(v) => write!(out, "\"{v}\"").unwrap(),
        Scalar::I256(v) => write!(out, "\"{v}\"").unwrap(),
        Scalar::U256(v) => write!(out, "\"{v}\"").unwrap(),
        Scalar::Float(v) => write!(out, "\"{:016x}\"", v.to_bits()).unwrap(),
        Scalar::Bytes(b) => {
            out.push('"');
            b.iter().for_each(|x| write!(out, "{x:02x}").unwrap());
            out.push('"');
        }
        Scalar::Array(x) | Scalar::Tuple(x) => list(x, out),
    }
}

/// All that the segment says, as JSON: floats as the bits of the double, strings as hex. And its encodings.
fn describe() -> (String, BTreeSet<&'static str>) {
    let s = Segment::open(&files(), "v1.seg", &Cache::new(1 << 20)).unwrap();
    let mut out = format!("{{\"rows\":{},\"sort\":{:?},\"columns\":[", s.rows(), s.sort_columns());
    let mut encodings = BTreeSet::new();
    for c in 0..s.column_count() {
        let stats = s.stats(c, 0).unwrap();
        let ty = s.column_type(c).to_string();
        write!(out, "{}\n{{\"name\":{:?},\"type\":{ty:?},", if c > 0 { "," } else { "" }, s.column_name(c))
            .unwrap();
        write!(out, "\"encoding\":{:?},\"nulls\":{},\"min\":", s.encoding(c, 0), stats.nulls).unwrap();
        encodings.insert(s.encoding(c, 0));
        text(&stats.min, &mut out);
        out.push_str(",\"max\":");
        text(&stats.max, &mut out);
        out.push_str(",\"values\":");
        let column = s.read(c, 0).unwrap();
        text(&Scalar::Array((0..s.rows()).map(|i| column.scalar(i)).collect()), &mut out);
        out.push('}');
    }
    out.push_str("],\"indexes\":[");
    for (i, (name, kind, column)) in s.indexes().enumerate() {
        write!(out, "{}[{name:?},{kind:?},{}]", if i > 0 { "," } else { "" }, column.unwrap()).unwrap();
    }
    out.push_str("]}\n");
    (out, encodings)
}

#[test]
fn version_1_reads_as_ever() {
    if std::env::var_os("COLONNADE_WRITE_GOLDEN").is_some() {
        write();
    }
    let (found, encodings) = describe();
    let wanted = std::fs::read_to_string(format!("{FOLDER}/v1.json")).unwrap();
    assert!(found == wanted, "the golden segment reads otherwise than it was written");
    for e in [
        "constant",
        "lanes",
        "packed",
        "delta",
        "runs",
        "sparse",
        "dictionary",
        "patched",
        "decimal",
        "range",
        "plain",
        "pages",
        "codes",
        "array",
        "tuple",
    ] {
        assert!(encodings.contains(e), "no column is encoded as {e}: {encodings:?}");
    }
}
