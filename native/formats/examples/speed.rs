//! Reading and writing rates of the main formats, on generated rows: `cargo run --release --example speed`.

use formats::{InputField, InputOptions, OutputOptions, Tail, decode_all, encoder};
use std::sync::Arc;
use types::parse::parse_type;
use types::text::TextOptions;
use types::{Batch, Field, Result};

/// Seconds this thread spent on a processor (so that a busy machine does not matter), else of the clock.
fn cpu_s() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|t| t.parse::<f64>().ok()).unwrap_or_default() / 1e9
}

fn main() -> Result<()> {
    let columns = [
        ("id", "UInt64"),
        ("ts", "DateTime"),
        ("country", "LowCardinality(String)"),
        ("url", "String"),
        ("price", "Float64"),
        ("latency", "UInt32"),
        ("ok", "Bool"),
        ("n", "Nullable(Int32)"),
    ];
    let fields =
        columns.iter().map(|(n, t)| Ok(InputField::new(*n, parse_type(t)?))).collect::<Result<Vec<_>>>()?;
    let schema: Vec<Field> =
        fields.iter().map(|f| Field { name: f.name.clone(), ty: f.ty.clone() }).collect();
    let rows = 500_000u64;
    let mut text = String::new();
    for i in 0..rows {
        let x = i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
        text += &format!(
            "{{\"id\":{x},\"ts\":\"2024-{:02}-{:02} {:02}:{:02}:{:02}\",\"country\":\"country {}\",\"url\":\"https://example.com/path/{}?q={}\",\"price\":{}.{:02},\"latency\":{},\"ok\":{},\"n\":{}}}\n",
            x % 12 + 1,
            x % 28 + 1,
            x % 24,
            x % 60,
            x / 7 % 60,
            x % 50,
            x % 10_000,
            x % 977,
            x % 500,
            x % 100,
            x % 100_000,
            x % 2 == 0,
            if x % 10 == 0 { "null".to_string() } else { (x % 1000).to_string() }
        );
    }
    let options = InputOptions {
        text: Arc::new(TextOptions { strict: true, ..TextOptions::default() }),
        ..InputOptions::default()
    };
    let types: Vec<_> = schema.iter().map(|f| f.ty.clone()).collect();
    let (blocks, _) = decode_all("JSONEachRow", &fields, &options, text.as_bytes())?;
    let batch = Batch::concat(&types, &blocks.into_iter().map(|b| b.batch).collect::<Vec<_>>());
    for format in [
        "JSONEachRow",
        "JSONCompactEachRow",
        "CSV",
        "TabSeparated",
        "Values",
        "RowBinary",
        "Native",
        "Parquet",
        "ArrowStream",
        "JSON",
    ] {
        let mut best = (f64::MAX, f64::MAX);
        let mut bytes = Vec::new();
        for _ in 0..3 {
            bytes = Vec::new();
            let start = cpu_s();
            let mut e = encoder(format, &schema, &OutputOptions::default())?.encoder;
            e.begin(&mut bytes)?;
            e.batch(&batch, &mut bytes)?;
            e.finish(&Tail { rows, ..Tail::default() }, &mut bytes)?;
            best.0 = best.0.min(cpu_s() - start);
            let start = cpu_s();
            let (_, report) = decode_all(format, &fields, &options, &bytes)?;
            best.1 = best.1.min(cpu_s() - start);
            assert!(report.rows == rows);
        }
        let mb = bytes.len() as f64 / 1e6;
        println!(
            "{format:20} {mb:7.1} MB  write {:6.0} MB/s {:5.2} M rows/s  read {:6.0} MB/s {:5.2} M rows/s",
            mb / best.0,
            rows as f64 / best.0 / 1e6,
            mb / best.1,
            rows as f64 / best.1 / 1e6
        );
    }
    Ok(())
}
