//! Disks that fill up, fail or lose power: the right error, nothing left behind, and a segment that was
//! reported as written is whole afterwards.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Random, Shape, TYPES, batch, column, same_columns, ty};
use files::{Files, Restart, SimFiles};
use std::sync::Arc;
use storage::{Cache, ColumnSpec, Segment, SegmentInfo, WriteOptions, merge_segments, write_segment};
use types::{Batch, Cancel, Result};

fn rows() -> (Vec<ColumnSpec>, Batch) {
    let mut r = Random::new(4);
    let columns = TYPES.iter().map(|t| column(&mut r, &ty(t), Shape::Random, 300)).collect();
    let specs = TYPES.iter().enumerate();
    let specs = specs.map(|(i, t)| ColumnSpec { name: format!("c{i}"), ty: ty(t), codec: None }).collect();
    (specs, batch(columns))
}

fn write(files: &Arc<dyn Files>, path: &str, specs: &[ColumnSpec], rows: &Batch) -> Result<SegmentInfo> {
    write_segment(files, path, specs, &mut std::iter::once(Ok(rows.clone())), &WriteOptions::default())
}

#[test]
fn a_full_disk_and_a_failed_sync_are_told_apart() {
    let (specs, rows) = rows();
    let sim = SimFiles::new(1);
    let files: Arc<dyn Files> = Arc::new(sim.clone());
    files.make_dir("t").unwrap();
    sim.set_capacity(Some(5000));
    let e = write(&files, "t/a", &specs, &rows).unwrap_err();
    assert_eq!(e.code().name, "NOT_ENOUGH_SPACE");
    assert_eq!(files.len_of("t/a").unwrap(), None);
    sim.set_capacity(None);
    sim.fail_syncs(1, 1);
    let e = write(&files, "t/b", &specs, &rows).unwrap_err();
    assert_eq!(e.code().name, "CANNOT_FSYNC");
    assert!(e.detail().is_some_and(|d| d.contains("\"SyncFailed\"") && d.contains("t/b")));
    write(&files, "t/c", &specs, &rows).unwrap();
    let e = write(&files, "t/c", &specs, &rows).unwrap_err();
    assert_eq!(e.code().name, "CANNOT_CREATE_FILE");
}

#[test]
fn written_means_durable() {
    let (specs, rows) = rows();
    for seed in 0..40 {
        let sim = SimFiles::new(seed);
        let files: Arc<dyn Files> = Arc::new(sim.clone());
        files.make_dir("t").unwrap();
        sim.crash_after(Some(1 + seed % 25));
        let written = write(&files, "t/a", &specs, &rows).is_ok();
        sim.crash_after(None);
        sim.restart(Restart::PowerCut);
        match Segment::open(&files, "t/a", &Cache::new(1 << 20)) {
            Ok(s) => {
                if s.check().is_ok() {
                    (0..specs.len()).for_each(|c| same_columns(&rows.columns[c], &s.read(c, 0).unwrap()));
                } else {
                    assert!(!written, "seed {seed}");
                }
            }
            Err(_) => assert!(!written, "seed {seed}"),
        }
    }
}

#[test]
fn a_merge_of_a_damaged_input_fails_and_leaves_nothing() {
    let (specs, rows) = rows();
    let sim = SimFiles::new(2);
    let files: Arc<dyn Files> = Arc::new(sim.clone());
    files.make_dir("t").unwrap();
    write(&files, "t/a", &specs, &rows).unwrap();
    let cache = Cache::new(1 << 20);
    let s = Segment::open(&files, "t/a", &cache).unwrap();
    sim.damage("t/a", 200, 4).unwrap();
    let options = WriteOptions { threads: 2, ..Default::default() };
    let e = merge_segments(&files, &[s.clone(), s], "t/m", &specs, &options, None, &Cancel::default())
        .unwrap_err();
    assert_eq!(e.code().name, "CORRUPTED_DATA");
    assert!(e.message().contains("t/a"));
    assert_eq!(files.len_of("t/m").unwrap(), None);
}
