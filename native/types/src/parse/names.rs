//! The types that take no arguments, with all their spellings, and what a misspelt name may have meant.

use super::clip;
use crate::codes::UNKNOWN_TYPE;
use crate::{Error, Type};
use std::sync::LazyLock;

/// Names that take no arguments, with every spelling (those after the first are case-insensitive
/// aliases, as SQL writes them).
pub const SIMPLE: &[(&str, Type, &[&str])] = &[
    ("Nothing", Type::Nothing, &[]),
    ("Bool", Type::Bool, &["bool", "boolean"]),
    ("UInt8", Type::UInt8, &["int1 unsigned", "tinyint unsigned"]),
    ("UInt16", Type::UInt16, &["smallint unsigned", "year"]),
    ("UInt32", Type::UInt32, &["int unsigned", "integer unsigned", "mediumint unsigned"]),
    ("UInt64", Type::UInt64, &["bigint unsigned", "unsigned", "set", "bit"]),
    ("UInt128", Type::UInt128, &[]),
    ("UInt256", Type::UInt256, &[]),
    ("Int8", Type::Int8, &["tinyint", "int1", "byte", "tinyint signed", "int1 signed"]),
    ("Int16", Type::Int16, &["smallint", "smallint signed"]),
    (
        "Int32",
        Type::Int32,
        &["int", "integer", "mediumint", "int signed", "integer signed", "mediumint signed"],
    ),
    ("Int64", Type::Int64, &["bigint", "signed", "bigint signed", "time"]),
    ("Int128", Type::Int128, &["hugeint"]),
    ("Int256", Type::Int256, &[]),
    ("BFloat16", Type::BFloat16, &[]),
    ("Float32", Type::Float32, &["float", "real", "single"]),
    ("Float64", Type::Float64, &["double", "double precision"]),
    (
        "String",
        Type::String,
        &[
            "text",
            "tinytext",
            "mediumtext",
            "longtext",
            "varchar",
            "char",
            "nchar",
            "nvarchar",
            "varchar2",
            "clob",
            "blob",
            "tinyblob",
            "mediumblob",
            "longblob",
            "bytea",
            "character",
            "binary large object",
            "binary varying",
            "character varying",
            "character large object",
            "char large object",
            "char varying",
            "national character",
            "national char",
            "national character varying",
            "national char varying",
            "national character large object",
            "nchar varying",
            "nchar large object",
            "varbinary",
            "geometry",
        ],
    ),
    ("Date", Type::Date, &["date"]),
    ("Date32", Type::Date32, &["date32"]),
    ("UUID", Type::Uuid, &["uuid"]),
    ("IPv4", Type::Ipv4, &["inet4"]),
    ("IPv6", Type::Ipv6, &["inet6"]),
];

/// Shapes in the plane: names for nested types.
static SHAPES: LazyLock<[(&str, Type); 6]> = LazyLock::new(|| {
    let point = Type::tuple(vec![Type::Float64, Type::Float64]);
    let array = |t: &Type| Type::array(t.clone());
    let (line, lines) = (array(&point), array(&array(&point)));
    [
        ("Point", point),
        ("Ring", line.clone()),
        ("LineString", line),
        ("Polygon", lines.clone()),
        ("MultiLineString", lines.clone()),
        ("MultiPolygon", array(&lines)),
    ]
});

/// The type of one word. `lower`: the word in small letters.
pub(super) fn simple(name: &str, lower: &str) -> Option<Type> {
    let shape = || SHAPES.iter().find(|x| x.0 == name).map(|x| x.1.clone());
    let found = SIMPLE.iter().find(|(n, _, aliases)| *n == name || aliases.contains(&lower));
    found.map(|x| x.1.clone()).or_else(shape).or_else(|| (lower == "binary").then_some(Type::String))
}

/// The type that a spelling of several words stands for.
pub(super) fn phrase(text: &str) -> Option<Type> {
    SIMPLE.iter().find(|x| x.2.contains(&text)).map(|x| x.1.clone())
}

/// Whether more words may follow these.
pub(super) fn begins(text: &str) -> bool {
    let start = format!("{text} ");
    SIMPLE.iter().any(|x| x.2.iter().any(|a| a.starts_with(&start)))
}

/// Errors: `UNKNOWN_TYPE` with the nearest name; `NOT_IMPLEMENTED` for types that are not there yet.
pub(super) fn unknown(name: &str) -> Error {
    const OTHERS: [&str; 16] = [
        "Nullable",
        "LowCardinality",
        "Array",
        "Tuple",
        "Map",
        "FixedString",
        "DateTime",
        "DateTime64",
        "Decimal",
        "Decimal32",
        "Decimal64",
        "Decimal128",
        "Enum8",
        "Enum16",
        "Nested",
        "AggregateFunction",
    ];
    if ["JSON", "Object", "Variant", "Dynamic"].contains(&name) {
        return Error::not_implemented(format!("Data type {name} is not implemented"));
    }
    let lower = name.to_ascii_lowercase();
    let mut all: Vec<&str> = SIMPLE.iter().map(|x| x.0).chain(OTHERS).collect();
    all.sort_by_key(|n| distance(&lower, &n.to_ascii_lowercase()));
    let hint = all.first().filter(|n| distance(&lower, &n.to_ascii_lowercase()) <= 1 + name.len() / 3);
    let e = Error::new(
        UNKNOWN_TYPE,
        hint.map_or_else(
            || format!("Unknown data type: {}", clip(name)),
            |h| format!("Unknown data type: {}; maybe you meant: ['{h}']", clip(name)),
        ),
    );
    match hint {
        Some(h) => e.with_detail(format!("{{\"hint\":\"{h}\"}}")),
        None => e,
    }
}

/// Edits (insert, delete, replace) between two short words.
fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() > 40 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let next = (diagonal + usize::from(x != y)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = row[j + 1];
            row[j + 1] = next;
        }
    }
    row[b.len()]
}
