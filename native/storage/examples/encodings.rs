//! Speed of encodings, and the size of a table.
//!
//!     cargo run --release --example encodings                 speed on generated columns
//!     cargo run --release --example encodings -- <folder>     size and speed of a dumped table
//!
//! The folder holds `meta.txt` (a line `name kind` per column; kinds i2 i4 i8 u2 u4: little-endian numbers,
//! S: all lengths as u32, then all bytes) and a file `name.kind` per column. Sorted by five columns if
//! they are those of the web-analytics benchmark.

use files::{Files, RealFiles};
use std::sync::Arc;
use std::time::Instant;
use storage::{
    BLOCK_ROWS, Cache, ColumnSpec, Pred, Segment, SortKey, WriteOptions, decode_batch, encode_batch,
    merge_segments, sort_batch, write_rows, write_segment,
};
use types::compare::mix;
use types::{Batch, Bitmap, Cancel, Column, Data, Field, Scalar, StrData, Type};

type AnyResult<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> AnyResult<()> {
    let dir = std::env::temp_dir().join(format!("colonnade-encodings-{}", std::process::id()));
    let files: Arc<dyn Files> = Arc::new(RealFiles::open(&dir)?);
    let result = match std::env::args().nth(1) {
        Some(folder) => table(&files, &folder),
        None => generated(&files),
    };
    std::fs::remove_dir_all(dir)?;
    result
}

fn rate(what: &str, values: usize, mut f: impl FnMut() -> AnyResult<()>) -> AnyResult<()> {
    let mut best = f64::MAX;
    for _ in 0..7 {
        let t = Instant::now();
        f()?;
        best = best.min(t.elapsed().as_secs_f64());
    }
    println!("{what:<44} {:>9.0} M values/s", values as f64 / best / 1e6);
    Ok(())
}

fn generated(files: &Arc<dyn Files>) -> AnyResult<()> {
    let n = 8 * BLOCK_ROWS;
    let numbers =
        |f: &dyn Fn(u64) -> i64| Column::from(Data::I64((0..n as u64).map(f).collect::<Vec<_>>().into()));
    let random = |i: u64| mix(i, 1);
    let columns: Vec<(&str, Type, Column)> = vec![
        ("lanes 8", Type::Int64, numbers(&|i| (random(i) % 250) as i64)),
        ("lanes 16 in Int16", Type::Int16, {
            Column::from(Data::I16((0..n as u64).map(|i| random(i) as i16).collect::<Vec<_>>().into()))
        }),
        ("packed 3 in Int16", Type::Int16, {
            Column::from(Data::I16((0..n as u64).map(|i| (random(i) & 7) as i16).collect::<Vec<_>>().into()))
        }),
        ("packed 11", Type::Int64, numbers(&|i| (random(i) & 2047) as i64)),
        ("packed 19 in Int32", Type::Int32, {
            Column::from(Data::I32(
                (0..n as u64).map(|i| (random(i) & 0x7_ffff) as i32).collect::<Vec<_>>().into(),
            ))
        }),
        ("packed 45", Type::Int64, numbers(&|i| (random(i) >> 19) as i64)),
        ("lanes 64", Type::Int64, numbers(&|i| random(i) as i64)),
        ("sorted (delta)", Type::Int64, numbers(&|i| i as i64 * 1000 + (random(i) & 63) as i64)),
        ("runs", Type::Int64, numbers(&|i| random(i / 200) as i64)),
        (
            "sparse 1 %",
            Type::Int64,
            numbers(&|i| if random(i) % 100 == 0 { random(i) as i64 >> 40 } else { 0 }),
        ),
        ("dictionary of 500", Type::Int64, numbers(&|i| random(random(i) % 500) as i64)),
        (
            "patched",
            Type::Int64,
            numbers(&|i| if random(i) % 50 == 0 { i as i64 * 77_777 } else { random(i) as i64 & 15 }),
        ),
        ("decimal floats", Type::Float64, {
            Column::from(Data::F64(
                (0..n as u64).map(|i| (random(i) % 10_000) as f64 / 100.0).collect::<Vec<_>>().into(),
            ))
        }),
        ("strings, 20,000 distinct", Type::String, {
            let words: Vec<String> =
                (0..20_000u64).map(|i| format!("http://example.com/{:x}", random(i))).collect();
            Data::Str(StrData::from_iter(
                (0..n as u64).map(|i| words[(random(i) % 20_000) as usize].as_bytes()),
            ))
            .into()
        }),
        ("strings, all distinct", Type::String, {
            let words: Vec<String> = (0..n as u64).map(|i| format!("{:x} and so on", random(i))).collect();
            Data::Str(StrData::from_iter(words.iter().map(|w| w.as_bytes()))).into()
        }),
    ];
    let specs: Vec<ColumnSpec> =
        columns.iter().map(|c| ColumnSpec { name: c.0.into(), ty: c.1.clone(), codec: None }).collect();
    let batch = Batch::new(columns.iter().map(|c| c.2.clone()).collect(), n);
    let t = Instant::now();
    write_segment(files, "a", &specs, &mut std::iter::once(Ok(batch.clone())), &WriteOptions::default())?;
    println!("written: {:.0} M values/s", (n * columns.len()) as f64 / t.elapsed().as_secs_f64() / 1e6);
    let s = Segment::open(files, "a", &Cache::new(1 << 30))?;
    for c in 0..columns.len() {
        let info = s.column_info(c);
        println!(
            "\n{} ({}, {:.2} bytes a row)",
            info.name,
            s.encoding(c, 1),
            info.stored_bytes as f64 / n as f64
        );
        rate("  decode", n, || {
            for b in 0..s.block_count() {
                std::hint::black_box(s.read(c, b)?);
            }
            Ok(())
        })?;
        let one = batch.columns[c].scalar(4711);
        for (what, pred) in [
            ("  filter =", Pred::Eq(one.clone())),
            ("  filter >=", Pred::Range { lo: Some((one.clone(), true)), hi: None }),
        ] {
            rate(what, n, || {
                for b in 0..s.block_count() {
                    let mut sel = Bitmap::new(s.block_rows(b), true);
                    s.filter(c, b, &pred, &mut sel)?;
                    std::hint::black_box(sel);
                }
                Ok(())
            })?;
        }
        let few: Vec<u32> = (0..100u64).map(|i| (random(i) % BLOCK_ROWS as u64) as u32).collect();
        rate("  100 rows of a block", 100 * s.block_count(), || {
            for b in 0..s.block_count() {
                std::hint::black_box(s.read_rows(c, b, &few)?);
            }
            Ok(())
        })?;
    }
    let fields: Vec<Field> = columns.iter().map(|c| Field { name: c.0.into(), ty: c.1.clone() }).collect();
    for rows in [1, 100, 10_000] {
        let part = batch.slice(5, rows);
        let bytes = encode_batch(&part, &fields)?;
        let t = Instant::now();
        for _ in 0..1000 {
            std::hint::black_box(encode_batch(&part, &fields)?);
            if rows == 10_000 {
                break;
            }
        }
        let each = t.elapsed().as_secs_f64() * 1e6 / if rows == 10_000 { 1.0 } else { 1000.0 };
        decode_batch(&bytes, &fields)?;
        println!("log payload of {rows} rows, {} columns: {} bytes, {each:.1} µs", fields.len(), bytes.len());
    }
    Ok(())
}

fn table(files: &Arc<dyn Files>, folder: &str) -> AnyResult<()> {
    let mut specs = Vec::new();
    let mut columns = Vec::new();
    for line in std::fs::read_to_string(format!("{folder}/meta.txt"))?.lines() {
        let (name, kind) = line.split_once(' ').ok_or("meta.txt")?;
        let bytes = std::fs::read(format!("{folder}/{name}.{kind}"))?;
        macro_rules! numbers {
            ($t:ty, $wrap:path) => {
                $wrap(bytes.as_chunks().0.iter().map(|c| <$t>::from_le_bytes(*c)).collect::<Vec<_>>().into())
            };
        }
        let (ty, data) = match kind {
            "i2" => (Type::Int16, numbers!(i16, Data::I16)),
            "i4" => (Type::Int32, numbers!(i32, Data::I32)),
            "i8" => (Type::Int64, numbers!(i64, Data::I64)),
            "u2" => (Type::Date, numbers!(u16, Data::U16)),
            "u4" => (Type::datetime(), numbers!(u32, Data::U32)),
            _ => {
                let n = columns.first().map_or(0, Column::len);
                let mut offsets = vec![0u32];
                for c in bytes[..n * 4].as_chunks().0 {
                    offsets.push(offsets[offsets.len() - 1] + u32::from_le_bytes(*c));
                }
                (
                    Type::String,
                    Data::Str(StrData { offsets: offsets.into(), bytes: bytes[n * 4..].to_vec().into() }),
                )
            }
        };
        specs.push(ColumnSpec { name: name.into(), ty, codec: None });
        columns.push(Column::from(data));
    }
    let rows = columns[0].len();
    let key = ["CounterID", "EventDate", "UserID", "EventTime", "WatchID"];
    let sort: Vec<usize> = key.iter().filter_map(|k| specs.iter().position(|s| s.name == *k)).collect();
    let batch = Batch::new(columns, rows);
    let batches = |from: usize, to: usize| {
        let batch = batch.clone();
        (from..to).step_by(BLOCK_ROWS).map(move |i| Ok(batch.slice(i, BLOCK_ROWS.min(to - i))))
    };
    let options = WriteOptions { sort: sort.clone(), threads: 2, ..WriteOptions::default() };
    let t = Instant::now();
    let info = write_segment(files, "a", &specs, &mut batches(0, rows), &options)?;
    println!(
        "written in {:.2} s: {} bytes, {:.1} a row",
        t.elapsed().as_secs_f64(),
        info.bytes,
        info.bytes as f64 / rows as f64
    );
    let mut by_size: Vec<_> = info.columns.iter().collect();
    by_size.sort_by_key(|c| std::cmp::Reverse(c.stored_bytes));
    for c in by_size.iter().take(60) {
        println!(
            "{:<22} {:>10} {:>6.2} bytes a row  {:<10} distinct {:?}",
            c.name,
            c.stored_bytes,
            c.stored_bytes as f64 / rows as f64,
            c.encoding,
            c.stats.distinct
        );
    }
    let cache = Cache::new(1 << 30);
    let s = Segment::open(files, "a", &cache)?;
    let t = Instant::now();
    let mut total = 0;
    for c in 0..s.column_count() {
        s.dict(c)?;
        for b in 0..s.block_count() {
            total += s.read(c, b)?.len();
        }
    }
    println!("first read of all: {:.2} s", t.elapsed().as_secs_f64());
    let t = Instant::now();
    for c in 0..s.column_count() {
        for b in 0..s.block_count() {
            std::hint::black_box(s.read(c, b)?);
        }
    }
    println!("read again: {:.0} M values/s", total as f64 / t.elapsed().as_secs_f64() / 1e6);
    let pred = Pred::Ne(Scalar::Int(0));
    if let Some(c) = s.column("AdvEngineID") {
        rate("AdvEngineID <> 0", rows, || {
            for b in 0..s.block_count() {
                let mut sel = Bitmap::new(s.block_rows(b), true);
                s.filter(c, b, &pred, &mut sel)?;
            }
            Ok(())
        })?;
    }
    let shuffled: Vec<u32> = {
        let mut rows: Vec<u32> = (0..rows as u32).collect();
        rows.sort_unstable_by_key(|r| mix(u64::from(*r), 3));
        rows
    };
    let unsorted: Vec<Batch> = shuffled.chunks(BLOCK_ROWS).map(|r| batch.gather(r)).collect();
    let t = Instant::now();
    let keys = Batch::new(
        sort.iter()
            .map(|c| {
                Column::concat(&specs[*c].ty, &unsorted.iter().map(|b| &b.columns[*c]).collect::<Vec<_>>())
            })
            .collect(),
        rows,
    );
    let by: Vec<SortKey> = (0..sort.len()).map(|column| SortKey { column, desc: false }).collect();
    let order = sort_batch(&keys, &by);
    println!("sorted in {:.2} s", t.elapsed().as_secs_f64());
    write_rows(files, "b", &specs, &unsorted, Some(&order), &options)?;
    println!("sorted and written in {:.2} s", t.elapsed().as_secs_f64());
    let parts = 4;
    let mut inputs = Vec::new();
    for p in 0..parts {
        let path = format!("part{p}");
        let rows_of: Vec<u32> = (0..rows as u32).filter(|r| *r as usize % parts == p).collect();
        let part = batch.gather(&rows_of);
        write_segment(files, &path, &specs, &mut std::iter::once(Ok(part)), &options)?;
        inputs.push(Segment::open(files, &path, &cache)?);
    }
    let t = Instant::now();
    let merged = merge_segments(files, &inputs, "merged", &specs, &options, None, &Cancel::default())?;
    println!("merged {parts} segments in {:.2} s: {} bytes", t.elapsed().as_secs_f64(), merged.bytes);
    Ok(())
}
