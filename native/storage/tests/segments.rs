//! Segments of every type come back as they were; filters and statistics agree with a scan.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Dir, Random, SHAPES, Shape, TYPES, batch, column, same, same_columns, ty, value};
use std::sync::Arc;
use storage::{BLOCK_ROWS, Cache, ColumnSpec, Pred, Segment, SegmentInfo, WriteOptions, write_segment};
use types::{Batch, Bitmap, Column, Data, Scalar, Type};

fn spec(name: &str, ty: &Type) -> ColumnSpec {
    ColumnSpec { name: name.into(), ty: ty.clone(), codec: None }
}

fn write(
    dir: &Dir,
    path: &str,
    specs: &[ColumnSpec],
    batches: Vec<Batch>,
    options: &WriteOptions,
) -> SegmentInfo {
    write_segment(&dir.1, path, specs, &mut batches.into_iter().map(Ok), options).unwrap()
}

fn open(dir: &Dir, path: &str) -> Arc<Segment> {
    Segment::open(&dir.1, path, &Cache::new(64 << 20)).unwrap()
}

#[test]
fn every_type_in_every_shape_comes_back() {
    let dir = Dir::new();
    let mut r = Random::new(1);
    for (k, &shape) in SHAPES.iter().enumerate() {
        for rows in [0usize, 1, 3, 700, 2500] {
            let types: Vec<Type> = TYPES.iter().map(|t| ty(t)).collect();
            let specs: Vec<_> = types.iter().enumerate().map(|(i, t)| spec(&format!("c{i}"), t)).collect();
            let columns: Vec<Column> = types.iter().map(|t| column(&mut r, t, shape, rows)).collect();
            let all = batch(columns.clone());
            let half = rows / 2;
            let path = format!("s{k}_{rows}");
            let batches = vec![all.slice(0, half), all.slice(half, rows - half)];
            let info =
                write(&dir, &path, &specs, batches, &WriteOptions { threads: 2, ..Default::default() });
            assert_eq!(info.rows, rows as u64);
            let s = open(&dir, &path);
            assert_eq!((s.rows(), s.checksum(), s.bytes()), (rows, info.checksum, info.bytes));
            s.check().unwrap();
            if rows == 0 {
                continue;
            }
            for (c, original) in columns.iter().enumerate() {
                let back = s.read(c, 0).unwrap();
                same_columns(original, &back);
                let ask: Vec<u32> = (0..5).map(|_| r.below(rows as u64) as u32).collect();
                same_columns(&original.gather(&ask), &s.read_rows(c, 0, &ask).unwrap());
                check_stats(&s, c, original);
                check_filters(&s, c, original, &mut r, shape);
            }
        }
    }
}

fn check_stats(s: &Segment, c: usize, original: &Column) {
    let stats = s.stats(c, 0).unwrap();
    let values: Vec<Scalar> = (0..original.len()).map(|i| original.scalar(i)).collect();
    assert_eq!(stats.nulls as usize, values.iter().filter(|v| v.is_null()).count());
    let nan = |v: &&Scalar| matches!(v, Scalar::Float(f) if f.is_nan());
    let usable: Vec<&Scalar> = values.iter().filter(|v| !v.is_null() && !nan(v)).collect();
    if matches!(original.data, Data::Array(_) | Data::Tuple(..)) {
        return;
    }
    if stats.exact {
        let min = usable.iter().min_by(|a, b| a.compare(b));
        let max = usable.iter().max_by(|a, b| a.compare(b));
        assert_eq!(min.map_or(&Scalar::Null, |v| *v).compare(&stats.min), std::cmp::Ordering::Equal);
        assert_eq!(max.map_or(&Scalar::Null, |v| *v).compare(&stats.max), std::cmp::Ordering::Equal);
    }
    if let Some(Scalar::Int(sum)) = &stats.sum {
        assert_eq!(*sum, usable.iter().filter_map(|v| v.as_i128()).sum::<i128>());
    }
    let same_value = values.windows(2).all(|w| same(&w[0], &w[1]));
    if stats.constant {
        assert!(same_value);
    }
}

fn preds(r: &mut Random, original: &Column, t: &Type, shape: Shape) -> Vec<Pred> {
    let mut pick = || match r.below(3) {
        0 => value(r, t, shape, 17),
        _ => original.scalar(r.below(original.len() as u64) as usize),
    };
    let mut list: Vec<Scalar> = (0..6).map(|_| pick()).filter(|s| !s.is_null()).collect();
    list.sort_by(Scalar::compare);
    let (a, b) = (pick(), pick());
    vec![
        Pred::Eq(a.clone()),
        Pred::Ne(a.clone()),
        Pred::In(list),
        Pred::Range { lo: Some((a.clone(), true)), hi: None },
        Pred::Range { lo: Some((a.clone(), false)), hi: None },
        Pred::Range { lo: None, hi: Some((b.clone(), false)) },
        Pred::Range { lo: Some((a, true)), hi: Some((b, true)) },
        Pred::IsNull,
        Pred::NotNull,
        Pred::Never,
    ]
}

fn check_filters(s: &Segment, c: usize, original: &Column, r: &mut Random, shape: Shape) {
    let n = original.len();
    let t = s.column_type(c).clone();
    for pred in preds(r, original, &t, shape) {
        for seed in [0, r.next()] {
            let start = Bitmap::from_fn(n, |i| seed == 0 || types::compare::mix(i as u64, seed) & 3 != 0);
            let mut sel = start.clone();
            s.filter(c, 0, &pred, &mut sel).unwrap();
            for i in 0..n {
                let v = original.scalar(i);
                let wanted = start.get(i) && pred.matches(&v);
                assert_eq!(sel.get(i), wanted, "{t} {shape:?} {} row {i} {v:?} {pred:?}", s.encoding(c, 0));
            }
            if sel.any() {
                assert!(s.may_match(c, 0, &pred).unwrap(), "{t} {pred:?}");
            }
        }
    }
}

#[test]
fn dictionaries_serve_codes_and_code_filters() {
    let dir = Dir::new();
    let words: Vec<String> = (0..1000).map(|i| format!("word {:04}", i * 7 % 300)).collect();
    let c = Column::strings(words.iter().map(|w| w.as_bytes()));
    write(&dir, "s", &[spec("w", &Type::String)], vec![batch(vec![c.clone()])], &WriteOptions::default());
    let s = open(&dir, "s");
    let dict = s.dict(0).unwrap().unwrap();
    assert!(dict.ordered && dict.len() == 300);
    assert_eq!(s.segment_stats(0).distinct, Some(300));
    assert_eq!(dict.id, s.dict(0).unwrap().unwrap().id);
    let bits = Arc::new(Bitmap::from_fn(300, |i| i % 10 == 3));
    let mut sel = Bitmap::new(1000, true);
    s.filter(0, 0, &Pred::Codes(bits.clone()), &mut sel).unwrap();
    let Data::Codes(codes, _) = s.read(0, 0).unwrap().data else { panic!("codes expected") };
    for i in 0..1000 {
        assert_eq!(sel.get(i), codes[i] % 10 == 3);
    }
}

#[test]
fn many_blocks_and_binary_search_in_the_key() {
    let dir = Dir::new();
    let rows = BLOCK_ROWS * 2 + 777;
    let a: Vec<i32> = (0..rows).map(|i| (i / 500) as i32).collect();
    let b: Vec<u64> = (0..rows).map(|i| (i % 500) as u64 * 3).collect();
    let w: Vec<String> = (0..rows).map(|i| format!("{:06}", i)).collect();
    let columns = vec![
        Column::from(Data::I32(a.into())),
        Column::from(Data::U64(b.into())),
        Column::strings(w.iter().map(|x| x.as_bytes())),
    ];
    let specs = [spec("a", &Type::Int32), spec("b", &Type::UInt64), spec("w", &Type::String)];
    let all = batch(columns);
    let batches = (0..rows).step_by(10_000).map(|i| all.slice(i, 10_000.min(rows - i))).collect();
    let options = WriteOptions { sort: vec![0, 1], ..Default::default() };
    write(&dir, "s", &specs, batches, &options);
    let s = open(&dir, "s");
    assert_eq!((s.block_count(), s.block_rows(2), s.sort_columns()), (3, 777, &[0, 1][..]));
    assert_eq!(s.block_key(1).unwrap()[0], Scalar::Int((BLOCK_ROWS / 500) as i128));
    let eq = |v: i128| Pred::Eq(Scalar::Int(v));
    assert_eq!(s.key_rows(0, &[(0, eq(3)), (1, eq(30))]).unwrap(), 1510..1511);
    assert_eq!(s.key_rows(0, &[(0, eq(3))]).unwrap(), 1500..2000);
    let range = Pred::Range { lo: Some((Scalar::Int(2), false)), hi: Some((Scalar::Int(5), false)) };
    assert_eq!(s.key_rows(0, &[(0, range), (1, eq(30))]).unwrap(), 1500..2500);
    assert!(s.key_rows(2, &[(0, eq(3))]).unwrap().is_empty());
    for b in 0..3 {
        same_columns(&all.columns[2].slice(b * BLOCK_ROWS, s.block_rows(b)), &s.read(2, b).unwrap());
        same_columns(&all.columns[1].slice(b * BLOCK_ROWS, s.block_rows(b)), &s.read(1, b).unwrap());
    }
    assert!(!s.may_match(0, 0, &eq(400)).unwrap());
    let all = s.segment_stats(1);
    assert_eq!((all.min, all.max), (Scalar::Int(0), Scalar::Int(1497)));
}
