//! Damaged segments: an error that names the file, or no harm; never a wrong row, never a panic.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Dir, Random, Shape, TYPES, batch, column, same, ty};
use storage::{Cache, ColumnSpec, Segment, WriteOptions, write_segment};
use types::codes::CORRUPTED_DATA;
use types::{Column, Type};

fn flip(dir: &Dir, bytes: &[u8], path: &str) {
    let _ = dir.1.remove(path);
    dir.1.create(path).unwrap().append(bytes).unwrap();
}

#[test]
fn flipped_bits_are_found() {
    let dir = Dir::new();
    let mut r = Random::new(5);
    let types: Vec<Type> = TYPES.iter().map(|t| ty(t)).collect();
    let shapes = [Shape::Random, Shape::Sparse, Shape::Runs, Shape::FewWide, Shape::Outliers, Shape::Sorted];
    let columns: Vec<Column> =
        types.iter().enumerate().map(|(i, t)| column(&mut r, t, shapes[i % shapes.len()], 40)).collect();
    let specs: Vec<ColumnSpec> = types
        .iter()
        .enumerate()
        .map(|(i, t)| ColumnSpec { name: format!("c{i}"), ty: t.clone(), codec: None })
        .collect();
    let options = WriteOptions { sort: vec![3], auto_bloom: true, sync: false, ..Default::default() };
    write_segment(&dir.1, "s", &specs, &mut std::iter::once(Ok(batch(columns.clone()))), &options).unwrap();
    let good = dir.1.read_all("s", 1 << 30).unwrap();
    let mut found = 0;
    for round in 0..10_000 {
        let mut bad = good.clone();
        for _ in 0..1 + r.below(3) {
            let at = r.below(bad.len() as u64) as usize;
            bad[at] ^= 1 << r.below(8);
        }
        if round % 50 == 0 {
            bad.truncate(r.below(bad.len() as u64) as usize);
        }
        flip(&dir, &bad, "bad");
        let damaged = |e: types::Error| {
            assert_eq!(e.code(), CORRUPTED_DATA, "{e}");
            assert!(e.message().contains("bad") && e.message().contains("offset"), "{e}");
        };
        let s = match Segment::open(&dir.1, "bad", &Cache::new(1 << 20)) {
            Ok(s) => s,
            Err(e) => {
                damaged(e);
                found += 1;
                continue;
            }
        };
        // The footer is whole, so what is left is one of the blocks.
        let mut errors = 0;
        for (c, original) in columns.iter().enumerate() {
            match s.read(c, 0) {
                Ok(back) => assert!((0..40).all(|i| same(&original.scalar(i), &back.scalar(i)))),
                Err(e) => {
                    damaged(e);
                    errors += 1;
                }
            }
        }
        found += usize::from(errors > 0);
    }
    // Only header bytes that mean nothing may go unnoticed, and there are none.
    assert!(found > 9_990, "{found}");
}

/// Bytes that a checksum does not guard (as after a bug or an attack): decoders must hold by themselves.
#[test]
fn decoders_survive_any_bytes() {
    let dir = Dir::new();
    let mut r = Random::new(8);
    for (k, name) in TYPES.iter().enumerate() {
        for shape in common::SHAPES {
            let c = column(&mut r, &ty(name), *shape, 150);
            let specs = [ColumnSpec { name: "c".into(), ty: ty(name), codec: None }];
            let path = format!("s{k}{shape:?}");
            let options = WriteOptions { sync: false, ..Default::default() };
            write_segment(&dir.1, &path, &specs, &mut std::iter::once(Ok(batch(vec![c]))), &options).unwrap();
            storage::fuzz::shake(&dir.1, &path, 60, &mut || r.next()).unwrap();
        }
    }
}
