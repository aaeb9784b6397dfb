//! Parquet as others write it: the flights that the demo loads, where npm has put them.
#![allow(clippy::unwrap_used)]

use formats::decode::{ParquetSource, Seekable};
use formats::{InputField, InputOptions, infer};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

struct OnDisk(File, u64);
impl Seekable for OnDisk {
    fn bytes(&self) -> u64 {
        self.1
    }
    fn read_at(&self, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
        self.0.read_exact_at(out, offset)
    }
}

fn flights() -> Option<PathBuf> {
    let p = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../node_modules/vega-datasets/data/flights-3m.parquet");
    p.exists().then_some(p)
}

#[test]
fn flights_are_read_in_place() {
    let Some(path) = flights() else { return };
    let file = File::open(&path).unwrap();
    let size = file.metadata().unwrap().len();
    let source = ParquetSource::open(Arc::new(OnDisk(file, size))).unwrap();
    assert_eq!(source.rows(), 3_000_000);
    let fields = source.fields().unwrap();
    println!(
        "{} row groups: {}",
        source.row_groups(),
        fields.iter().map(|f| format!("{} {}", f.name, f.ty)).collect::<Vec<_>>().join(", ")
    );
    let wanted: Vec<_> = fields.iter().map(|f| InputField::new(f.name.clone(), f.ty.clone())).collect();
    let start = std::time::Instant::now();
    let mut rows = 0;
    for block in source.read((0..source.row_groups()).collect(), &wanted, &InputOptions::default()).unwrap() {
        let block = block.unwrap();
        assert!(block.missing.iter().all(Option::is_none));
        rows += block.batch.rows;
    }
    println!("{rows} rows in {:?}", start.elapsed());
    assert_eq!(rows, 3_000_000);
    let data = std::fs::read(&path).unwrap();
    let inferred = infer("Parquet", &data, &InputOptions::default()).unwrap();
    assert_eq!(inferred[3].ty.to_string(), "LowCardinality(String)");
    assert_eq!(inferred[..3], fields[..3]);
    assert!(ParquetSource::open(Arc::new(data[..data.len() - 10].to_vec())).is_err());
}
