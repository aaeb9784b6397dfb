//! A segment under a patch reads as a segment that was written with the new values.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Dir, Random, SHAPES, TYPES, batch, column, same_columns, ty};
use std::sync::Arc;
use storage::{
    Cache, ColumnSpec, Pred, ROW_NUMBER, Segment, Stored, WriteOptions, patched_column, write_segment,
};
use types::{Batch, Bitmap, Column, Data, Result, Scalar, Type};

const ROWS: usize = 1000;

fn spec(name: &str, ty: &Type) -> ColumnSpec {
    ColumnSpec { name: name.into(), ty: ty.clone(), codec: None }
}

fn write(dir: &Dir, path: &str, specs: &[ColumnSpec], rows: Batch) -> Arc<Stored> {
    let options = WriteOptions { block_rows: 128, auto_bloom: true, ..Default::default() };
    write_segment(&dir.1, path, specs, &mut std::iter::once(Ok(rows)), &options).unwrap();
    Arc::new(Stored::open(&dir.1, path, &Cache::new(64 << 20)).unwrap())
}

fn numbers(rows: &[u32]) -> Column {
    Data::U32(rows.to_vec().into()).into()
}

/// Every shape of rows: some, none in most blocks, all of a block.
fn chosen(r: &mut Random, way: usize) -> Vec<u32> {
    match way {
        0 => (0..ROWS as u32).filter(|_| r.chance(5)).collect(),
        1 => vec![7, 8, 500],
        _ => (100..300).chain([ROWS as u32 - 1]).collect(),
    }
}

fn preds(values: &Column, r: &mut Random) -> Vec<Pred> {
    let mut some = || values.scalar(r.below(values.len() as u64) as usize);
    let (a, b) = (some(), some());
    let mut out = vec![Pred::IsNull, Pred::NotNull];
    if !a.is_null() && !b.is_null() && !matches!(a, Scalar::Array(_) | Scalar::Tuple(_)) {
        out.push(Pred::Eq(a.clone()));
        out.push(Pred::Range { lo: Some((a, true)), hi: None });
        out.push(Pred::Range { lo: None, hi: Some((b, false)) });
    }
    out
}

#[test]
fn a_patched_segment_reads_as_one_that_was_written_so() {
    let dir = Dir::new();
    let mut r = Random::new(11);
    for (k, &shape) in SHAPES.iter().enumerate() {
        let types: Vec<Type> = TYPES.iter().map(|t| ty(t)).collect();
        let specs: Vec<_> = types.iter().enumerate().map(|(i, t)| spec(&format!("c{i}"), t)).collect();
        let old: Vec<Column> = types.iter().map(|t| column(&mut r, t, shape, ROWS)).collect();
        let rows = chosen(&mut r, k % 3);
        let fresh: Vec<Column> = types.iter().map(|t| column(&mut r, t, shape, rows.len())).collect();
        let now: Vec<Column> =
            (0..types.len()).map(|i| patched_column(&old[i], &rows, &fresh[i], &types[i])).collect();
        let base = write(&dir, &format!("base{k}"), &specs, batch(old));
        let mut patch_specs = specs.clone();
        patch_specs.insert(0, spec(ROW_NUMBER, &Type::UInt32));
        let columns = [vec![numbers(&rows)], fresh].concat();
        let patch = write(&dir, &format!("patch{k}"), &patch_specs, batch(columns));
        let seen = Segment::new(base, Some(patch)).unwrap();
        let wanted = write(&dir, &format!("now{k}"), &specs, batch(now.clone()));
        assert_eq!(seen.patched_rows(), rows);
        for (c, now) in now.iter().enumerate() {
            let preds = preds(now, &mut r);
            for b in 0..seen.block_count() {
                same_columns(&wanted.read(c, b).unwrap(), &seen.read(c, b).unwrap());
                let ask: Vec<u32> = (0..9).map(|_| r.below(seen.block_rows(b) as u64) as u32).collect();
                same_columns(&wanted.read_rows(c, b, &ask).unwrap(), &seen.read_rows(c, b, &ask).unwrap());
                for pred in &preds {
                    let start = Bitmap::from_fn(seen.block_rows(b), |_| r.chance(80));
                    let (mut x, mut y) = (start.clone(), start);
                    wanted.filter(c, b, pred, &mut x).unwrap();
                    seen.filter(c, b, pred, &mut y).unwrap();
                    assert_eq!(x.ones(), y.ones(), "{} {shape:?} {pred:?}", types[c]);
                    assert!(!x.any() || seen.may_match(c, b, pred).unwrap());
                    for (i, (_, _, column)) in seen.indexes().enumerate() {
                        let asked = column == Some(c) && x.any();
                        assert!(!asked || seen.index_may_match(i, b, pred).unwrap());
                    }
                }
            }
        }
    }
}

#[test]
fn a_patch_of_something_else_is_refused() {
    let dir = Dir::new();
    let base_rows = batch(vec![numbers(&(0..ROWS as u32).collect::<Vec<_>>())]);
    let base = write(&dir, "base", &[spec("a", &Type::UInt32)], base_rows);
    let refused = |name: &str, specs: &[ColumnSpec], columns: Vec<Column>| {
        let opened: Result<Segment> =
            Segment::new(base.clone(), Some(write(&dir, name, specs, batch(columns))));
        assert_eq!(opened.err().unwrap().code().name, "CORRUPTED_DATA", "{name}");
    };
    let row = spec(ROW_NUMBER, &Type::UInt32);
    let a = spec("a", &Type::UInt32);
    refused("no-numbers", std::slice::from_ref(&a), vec![numbers(&[1])]);
    refused("order", &[row.clone(), a.clone()], vec![numbers(&[2, 1]), numbers(&[0, 0])]);
    refused("twice", &[row.clone(), a.clone()], vec![numbers(&[1, 1]), numbers(&[0, 0])]);
    refused("beyond", &[row.clone(), a.clone()], vec![numbers(&[ROWS as u32]), numbers(&[0])]);
    refused("column", &[row.clone(), spec("b", &Type::UInt32)], vec![numbers(&[1]), numbers(&[0])]);
    let words = Column::strings([b"x".as_slice()]);
    refused("type", &[row, spec("a", &Type::String)], vec![numbers(&[1]), words]);
    refused(
        "number-type",
        &[spec(ROW_NUMBER, &Type::UInt64), a],
        vec![Data::U64(vec![1].into()).into(), numbers(&[1])],
    );
}
