//! Merging, sorting, memtables and log payloads.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Dir, Random, SHAPES, Shape, TYPES, batch, column, same_columns, ty};
use std::cmp::Ordering;
use std::sync::Arc;
use storage::{
    BLOCK_ROWS, Cache, ColumnSpec, Memtable, Pred, Segment, SkipIndex, SkipKind, SortKey, WriteOptions,
    block_rows_for, decode_batch, encode_batch, merge_segments, sort_batch, write_segment,
};
use types::compare::{compare_rows, is_sorted};
use types::{Batch, Bitmap, Cancel, Column, ColumnBuilder, Data, Field, Scalar, Type};

fn specs(types: &[Type]) -> Vec<ColumnSpec> {
    types
        .iter()
        .enumerate()
        .map(|(i, t)| ColumnSpec { name: format!("c{i}"), ty: t.clone(), codec: None })
        .collect()
}

fn segment(
    dir: &Dir,
    path: &str,
    specs: &[ColumnSpec],
    rows: &Batch,
    options: &WriteOptions,
) -> Arc<Segment> {
    write_segment(&dir.1, path, specs, &mut std::iter::once(Ok(rows.clone())), options).unwrap();
    Segment::open(&dir.1, path, &Cache::new(64 << 20)).unwrap()
}

fn keys(columns: &[usize]) -> Vec<SortKey> {
    columns.iter().map(|c| SortKey { column: *c, desc: false }).collect()
}

fn whole(s: &Segment, c: usize) -> Column {
    let parts: Vec<Column> = (0..s.block_count()).map(|b| s.read(c, b).unwrap().flat()).collect();
    Column::concat(s.column_type(c), &parts.iter().collect::<Vec<_>>())
}

#[test]
fn merged_rows_are_the_sorted_rows_of_all_inputs() {
    let dir = Dir::new();
    let mut r = Random::new(7);
    let mut types: Vec<Type> = TYPES.iter().map(|t| ty(t)).collect();
    types.insert(0, Type::UInt16);
    types.insert(1, ty("Nullable(String)"));
    let specs = specs(&types);
    let mut parts = Vec::new();
    for (i, rows) in [900usize, 1, 0, 1700, 350].into_iter().enumerate() {
        let shape = SHAPES[i];
        let mut columns: Vec<Column> = types.iter().map(|t| column(&mut r, t, shape, rows)).collect();
        columns[0] = column(&mut r, &types[0], Shape::Small, rows);
        let b = batch(columns);
        parts.push(b.gather(&sort_batch(&b, &keys(&[0, 1]))));
    }
    let ways = [(false, BLOCK_ROWS), (true, BLOCK_ROWS), (false, 64), (true, 128)];
    for (dropping, block_rows) in ways {
        let options = WriteOptions { sort: vec![0, 1], threads: 2, block_rows, ..Default::default() };
        let inputs: Vec<_> = parts
            .iter()
            .enumerate()
            .map(|(i, b)| segment(&dir, &format!("in{i}{dropping}{block_rows}"), &specs, b, &options))
            .collect();
        let keep = |i: usize, row: usize| !dropping || !(row * 7 + i).is_multiple_of(3);
        let kept: Vec<Batch> = parts
            .iter()
            .enumerate()
            .map(|(i, b)| b.filter(&Bitmap::from_fn(b.rows, |row| keep(i, row))))
            .collect();
        let all = Batch::concat(&types, &kept);
        let expected = all.gather(&sort_batch(&all, &keys(&[0, 1])));
        let bits = |i: usize, b: usize| {
            Ok(Some(Bitmap::from_fn(inputs[i].block_rows(b), |row| keep(i, b * block_rows + row))))
        };
        let path = format!("merged{dropping}{block_rows}");
        let info = merge_segments(
            &dir.1,
            &inputs,
            &path,
            &specs,
            &options,
            dropping.then_some(&bits),
            &Cancel::default(),
        )
        .unwrap();
        assert_eq!(info.rows as usize, expected.rows);
        let merged = Segment::open(&dir.1, &path, &Cache::new(64 << 20)).unwrap();
        assert_eq!(merged.block_count(), expected.rows.div_ceil(block_rows));
        for c in 0..types.len() {
            same_columns(&expected.columns[c], &whole(&merged, c));
            let stats = merged.segment_stats(c);
            if let Some(d) = merged.dict(c).unwrap() {
                let mut seen: Vec<Vec<u8>> = (0..expected.rows)
                    .filter_map(|i| expected.columns[c].bytes_at(i).map(<[u8]>::to_vec))
                    .collect();
                seen.sort();
                seen.dedup();
                assert_eq!(stats.distinct, Some(seen.len() as u64), "{}", types[c]);
                assert!(d.len() <= seen.len() + 1);
            }
        }
    }
}

#[test]
fn large_rows_lie_in_short_blocks() {
    assert_eq!(block_rows_for(1_000_000, 2_000_000_000), BLOCK_ROWS);
    assert_eq!(block_rows_for(1000, 100 << 20), 1024);
    assert_eq!(block_rows_for(3, 3 << 30), 64);
    let dir = Dir::new();
    let specs = specs(&[Type::UInt32, Type::String]);
    let rows = |from: u32| {
        let numbers: Vec<u32> = (0..600).map(|i| from + 2 * i).collect();
        let mut text = ColumnBuilder::new(&Type::String);
        for n in &numbers {
            text.push_bytes(&vec![(n % 251) as u8; 60_000 + *n as usize]);
        }
        batch(vec![Data::U32(numbers.into()).into(), text.finish()])
    };
    let options = WriteOptions { sort: vec![0], threads: 2, ..Default::default() };
    let inputs =
        [segment(&dir, "a", &specs, &rows(0), &options), segment(&dir, "b", &specs, &rows(1), &options)];
    assert!(inputs.iter().all(|s| s.block_rows(0) < BLOCK_ROWS));
    let info = merge_segments(&dir.1, &inputs, "c", &specs, &options, None, &Cancel::default()).unwrap();
    assert_eq!(info.rows, 1200);
    let merged = Segment::open(&dir.1, "c", &Cache::new(64 << 20)).unwrap();
    for b in 0..merged.block_count() {
        let text = merged.read(1, b).unwrap().flat();
        for i in 0..text.len() {
            let n = b * merged.block_rows(0) + i;
            let bytes = text.bytes_at(i).unwrap();
            assert!(bytes.len() == 60_000 + n && bytes.iter().all(|x| usize::from(*x) == n % 251));
        }
    }
}

#[test]
fn large_merges_interleave_blocks() {
    let dir = Dir::new();
    let types = [Type::Int64, Type::String];
    let specs = specs(&types);
    let options = WriteOptions { sort: vec![0], threads: 2, ..Default::default() };
    let n = BLOCK_ROWS + 5000;
    let part = |k: i64, step: i64| {
        let a: Vec<i64> = (0..n as i64).map(|i| i * step + k).collect();
        let w: Vec<String> = a.iter().map(|x| format!("w{}", x % 1000)).collect();
        batch(vec![Column::from(Data::I64(a.into())), Column::strings(w.iter().map(|x| x.as_bytes()))])
    };
    let inputs = [
        segment(&dir, "a", &specs, &part(0, 2), &options),
        segment(&dir, "b", &specs, &part(1, 2), &options),
        segment(&dir, "c", &specs, &part(500_000, 1), &options),
    ];
    let info = merge_segments(&dir.1, &inputs, "m", &specs, &options, None, &Cancel::default()).unwrap();
    assert_eq!(info.rows as usize, 3 * n);
    let m = Segment::open(&dir.1, "m", &Cache::new(64 << 20)).unwrap();
    let (a, w) = (whole(&m, 0), whole(&m, 1));
    assert!(is_sorted(std::slice::from_ref(&a), a.len()));
    for i in (0..3 * n).step_by(97) {
        let x = a.scalar(i).as_i64().unwrap();
        assert_eq!(w.bytes_at(i).unwrap(), format!("w{}", x % 1000).as_bytes());
    }
}

#[test]
fn missing_columns_are_filled_and_ended_merges_leave_no_file() {
    let dir = Dir::new();
    let old = specs(&[Type::Int32]);
    let new = specs(&[Type::Int32, Type::String, Type::UInt8]);
    let options = WriteOptions { sort: vec![0], ..Default::default() };
    let one = |v: Vec<i32>| batch(vec![Column::from(Data::I32(v.into()))]);
    let inputs = [
        segment(&dir, "a", &old, &one(vec![1, 3]), &options),
        segment(&dir, "b", &old, &one(vec![2, 4]), &options),
    ];
    let defaults = vec![("c1".to_string(), Column::strings([b"new".as_slice()]))];
    let options = WriteOptions { defaults, ..options };
    merge_segments(&dir.1, &inputs, "m", &new, &options, None, &Cancel::default()).unwrap();
    let m = Segment::open(&dir.1, "m", &Cache::new(1 << 20)).unwrap();
    assert_eq!(whole(&m, 0).scalar(3), Scalar::Int(4));
    assert_eq!(whole(&m, 1).scalar(2), Scalar::Bytes(b"new".to_vec()));
    assert_eq!(whole(&m, 2).scalar(2), Scalar::Int(0));
    let cancel = Cancel::default();
    cancel.cancel();
    let failed = merge_segments(&dir.1, &inputs, "n", &new, &options, None, &cancel).unwrap_err();
    assert_eq!(failed.code().name, "QUERY_WAS_CANCELLED");
    assert_eq!(dir.1.len_of("n").unwrap(), None);
}

#[test]
fn sorting_agrees_with_comparing_rows() {
    let mut r = Random::new(3);
    for shape in SHAPES {
        for name in TYPES {
            let t = ty(name);
            let b =
                batch(vec![column(&mut r, &Type::UInt8, Shape::Small, 400), column(&mut r, &t, *shape, 400)]);
            for desc in [false, true] {
                for order in [[0, 1], [1, 0]] {
                    let keys = order.map(|column| SortKey { column, desc });
                    let mut expected: Vec<u32> = (0..400).collect();
                    expected.sort_by(|x, y| {
                        keys.iter().fold(Ordering::Equal, |o, k| {
                            let c = &b.columns[k.column];
                            let next = compare_rows(c, *x as usize, c, *y as usize);
                            o.then(if k.desc { next.reverse() } else { next })
                        })
                    });
                    assert_eq!(sort_batch(&b, &keys), expected, "{name} {shape:?} {desc}");
                }
            }
        }
    }
}

#[test]
fn log_payloads_come_back_and_damage_is_an_error() {
    let mut r = Random::new(11);
    let fields: Vec<Field> =
        TYPES.iter().enumerate().map(|(i, t)| Field { name: format!("c{i}"), ty: ty(t) }).collect();
    for rows in [0usize, 1, 2, 100, 1000] {
        let b = Batch::new(fields.iter().map(|f| column(&mut r, &f.ty, Shape::Random, rows)).collect(), rows);
        let bytes = encode_batch(&b, &fields).unwrap();
        let back = decode_batch(&bytes, &fields).unwrap();
        for (x, y) in b.columns.iter().zip(&back.columns) {
            same_columns(x, y);
        }
        for _ in 0..300 {
            let mut bad = bytes.clone();
            let at = r.below(bad.len() as u64) as usize;
            bad[at] ^= 1 << r.below(8);
            if let Ok(b) = decode_batch(&bad, &fields) {
                assert!(b.columns.iter().all(|c| c.len() == b.rows));
            }
            let _ = decode_batch(&bytes[..at], &fields);
        }
    }
}

#[test]
fn memtables_merge_small_batches() {
    let m = Memtable::new(vec![Type::Int64]);
    for i in 0..1000 {
        m.append(batch(vec![Column::from(Data::I64(vec![i].into()))])).unwrap();
    }
    let parts = m.snapshot();
    assert!(parts.len() <= 11 && m.rows() == 1000);
    let mut next = 0;
    for p in &parts {
        for i in 0..p.rows {
            assert_eq!(p.columns[0].scalar(i), Scalar::Int(next));
            next += 1;
        }
    }
    m.seal();
    assert!(m.append(batch(vec![Column::from(Data::I64(vec![1].into()))])).is_err());
}

#[test]
fn skip_indexes_exclude_blocks() {
    let dir = Dir::new();
    let rows = BLOCK_ROWS + 100;
    let id: Vec<u64> = (0..rows as u64).map(|i| types::compare::mix(i, 9)).collect();
    let tags: Vec<String> = (0..rows).map(|i| format!("tag {i}")).collect();
    let columns =
        vec![Column::from(Data::U64(id.clone().into())), Column::strings(tags.iter().map(|x| x.as_bytes()))];
    let specs = specs(&[Type::UInt64, Type::String]);
    let low: storage::IndexExpr = Arc::new(|b: &Batch| {
        let v: Vec<i64> =
            (0..b.rows).map(|i| (b.columns[0].scalar(i).as_i128().unwrap_or(0) % 1000) as i64).collect();
        Ok(Column::from(Data::I64(v.into())))
    });
    let skip_indexes = vec![
        SkipIndex {
            name: "ids".into(),
            kind: SkipKind::bloom(0.01),
            ty: Type::UInt64,
            inputs: vec![0],
            expr: None,
        },
        SkipIndex {
            name: "low".into(),
            kind: SkipKind::MinMax,
            ty: Type::Int64,
            inputs: vec![0],
            expr: Some(low),
        },
    ];
    let options = WriteOptions { skip_indexes, auto_bloom: true, ..Default::default() };
    let a = segment(&dir, "a", &specs, &batch(columns), &options);
    merge_segments(&dir.1, std::slice::from_ref(&a), "m", &specs, &options, None, &Cancel::default())
        .unwrap();
    let m = Segment::open(&dir.1, "m", &Cache::new(1 << 20)).unwrap();
    for s in [a, m] {
        let mut wrong = 0;
        for i in 0..1000u64 {
            let found = Pred::Eq(Scalar::Int(id[i as usize].into()));
            assert!(s.may_match(0, 0, &found).unwrap());
            wrong += usize::from(s.may_match(0, 1, &Pred::Eq(Scalar::Int((i * 77 + 1).into()))).unwrap());
            let tag = Pred::In(vec![Scalar::Bytes(format!("tag {i}").into_bytes())]);
            assert!(s.may_match(1, 0, &tag).unwrap());
        }
        assert!(wrong < 40, "{wrong} of 1000 false answers");
        let names: Vec<&str> = s.indexes().map(|i| i.0).collect();
        assert_eq!(&names[..2], ["ids", "low"]);
        assert!(!s.index_may_match(1, 0, &Pred::Eq(Scalar::Int(1000))).unwrap());
        assert!(s.index_may_match(1, 0, &Pred::Eq(Scalar::Int(500))).unwrap());
    }
}

#[test]
fn rows_are_written_in_an_order_and_in_part() {
    let dir = Dir::new();
    let mut r = Random::new(21);
    let types: Vec<Type> = TYPES.iter().map(|t| ty(t)).collect();
    let specs = specs(&types);
    let parts: Vec<Batch> = [700usize, 1, 0, 900]
        .iter()
        .zip(SHAPES)
        .map(|(n, shape)| batch(types.iter().map(|t| column(&mut r, t, *shape, *n)).collect()))
        .collect();
    let all = Batch::concat(&types, &parts);
    let sort = keys(&[19, 4]);
    for (name, every) in [("all", 1u32), ("some", 3)] {
        let rows: Vec<u32> = (0..all.rows as u32).filter(|i| i.is_multiple_of(every)).collect();
        let order: Vec<u32> =
            sort_batch(&all.gather(&rows), &sort).into_iter().map(|i| rows[i as usize]).collect();
        let index = SkipIndex {
            name: "i".into(),
            kind: SkipKind::MinMax,
            ty: types[3].clone(),
            inputs: vec![3],
            expr: None,
        };
        let options =
            WriteOptions { sort: vec![19, 4], threads: 2, skip_indexes: vec![index], ..Default::default() };
        let info = storage::write_rows(&dir.1, name, &specs, &parts, Some(&order), &options).unwrap();
        let s = Segment::open(&dir.1, name, &Cache::new(64 << 20)).unwrap();
        let expected = all.gather(&order);
        assert_eq!((info.rows as usize, info.key_min.len()), (expected.rows, 2));
        assert_eq!(s.block_key(1).unwrap()[0], expected.columns[19].scalar(expected.rows - 1));
        for c in 0..types.len() {
            same_columns(&expected.columns[c], &whole(&s, c));
            if let Some(d) = s.dict(c).unwrap() {
                let mut seen: Vec<&[u8]> =
                    (0..expected.rows).filter_map(|i| expected.columns[c].bytes_at(i)).collect();
                seen.sort_unstable();
                seen.dedup();
                assert_eq!(s.segment_stats(c).distinct, Some(seen.len() as u64));
                assert!(d.len() - seen.len() <= 1);
            }
        }
    }
    storage::write_rows(&dir.1, "plain", &specs, &parts, None, &WriteOptions::default()).unwrap();
    let s = Segment::open(&dir.1, "plain", &Cache::new(64 << 20)).unwrap();
    (0..types.len()).for_each(|c| same_columns(&all.columns[c], &whole(&s, c)));
}
