//! Output formats against ClickHouse's own text, where a folder of such tests is given
//! (`COLONNADE_CONFORMANCE`, with `formats/<Format>_scalars.sql` and `.expected`).
#![allow(clippy::unwrap_used)]

use formats::{InputField, InputOptions, OutputOptions, Tail, decode_all, encoder};
use std::collections::HashMap;
use std::path::PathBuf;
use types::parse::parse_type;
use types::{Batch, Field};

/// `name Type, name Type` split at the commas outside of parentheses.
fn columns(text: &str) -> Vec<InputField> {
    let (mut depth, mut from, mut out) = (0, 0, Vec::new());
    for (i, c) in text.char_indices().chain([(text.len(), ',')]) {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                let (name, ty) = text[from..i].trim().split_once(' ').unwrap();
                out.push(InputField::new(name, parse_type(ty).unwrap()));
                from = i + 1;
            }
            _ => {}
        }
    }
    out
}

fn table(sql: &str, name: &str) -> (Vec<Field>, Batch) {
    let create = format!("CREATE TABLE {name} (");
    let at = sql.find(&create).unwrap() + create.len();
    let end = at + sql[at..].find(") ENGINE").unwrap();
    let fields = columns(&sql[at..end]);
    let insert = format!("INSERT INTO {name} VALUES ");
    let at = sql.find(&insert).unwrap() + insert.len();
    let rows = &sql[at..at + sql[at..].find(";\n").unwrap()];
    let (blocks, _) = decode_all("Values", &fields, &InputOptions::default(), rows.as_bytes()).unwrap();
    let schema = fields.into_iter().map(|f| Field { name: f.name, ty: f.ty }).collect();
    (schema, blocks.into_iter().next().unwrap().batch)
}

fn print(format: &str, schema: &[Field], batch: &Batch, settings: &HashMap<String, String>) -> Vec<u8> {
    let o = OutputOptions::from_settings(settings, types::tz::TimeZone::utc()).unwrap();
    let mut e = encoder(format, schema, &o).unwrap().encoder;
    let mut out = Vec::new();
    e.begin(&mut out).unwrap();
    e.batch(batch, &mut out).unwrap();
    e.finish(&Tail { rows: batch.rows as u64, ..Tail::default() }, &mut out).unwrap();
    out
}

#[test]
fn formats_print_what_clickhouse_prints() {
    let Ok(dir) = std::env::var("COLONNADE_CONFORMANCE") else { return };
    let dir = PathBuf::from(dir).join("formats");
    let (mut good, mut bad) = (0, Vec::new());
    for entry in std::fs::read_dir(&dir).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        let Some((format, kind)) = file.strip_suffix(".sql").and_then(|f| f.rsplit_once('_')) else {
            continue;
        };
        if !matches!(kind, "scalars" | "nested") {
            continue;
        }
        let sql = std::fs::read_to_string(&path).unwrap();
        let expected = std::fs::read(path.with_extension("expected")).unwrap();
        let (schema, batch) = table(&sql, if kind == "scalars" { "f1" } else { "f2" });
        let order = [0, 1, 2];
        let out = print(format, &schema, &batch.gather(&order), &HashMap::new());
        if expected.starts_with(&out) && !out.is_empty() {
            good += 1;
        } else {
            let at =
                out.iter().zip(&expected).position(|(a, b)| a != b).unwrap_or(out.len().min(expected.len()));
            let show = |b: &[u8]| {
                String::from_utf8_lossy(&b[at.saturating_sub(60).min(b.len())..(at + 60).min(b.len())])
                    .into_owned()
            };
            bad.push(format!("{file} at {at}:\n  got  {:?}\n  want {:?}", show(&out), show(&expected)));
        }
    }
    assert!(bad.is_empty(), "{good} good\n{}", bad.join("\n"));
}
