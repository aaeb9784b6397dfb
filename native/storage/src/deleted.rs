//! Which rows of a segment are deleted: a file beside it, so that a DELETE writes bits instead of rows.
//! FORMAT.md, section 8.

use crate::bytes::{checksum, corrupt};
use crate::fault::{damaged, read_error, write_error};
use files::Files;
use std::sync::Arc;
use types::{Bitmap, Error, Result};

const MAGIC: &[u8; 8] = b"COLNDEL\x01";
/// magic, rows, deleted rows, checksum
const HEAD: usize = 8 + 8 + 8 + 8;
const ROWS_MAX: u64 = 1 << 32;

/// Writes and syncs the file; gives its length. `visible`: a bit for each row that is left.
pub fn write_deleted(files: &Arc<dyn Files>, path: &str, visible: &Bitmap) -> Result<u64> {
    let words: Vec<u8> = visible.words().iter().flat_map(|w| w.to_le_bytes()).collect();
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&(visible.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&((visible.len() - visible.count_ones()) as u64).to_le_bytes());
    bytes.extend_from_slice(&checksum(&words).to_le_bytes());
    bytes.extend_from_slice(&words);
    let write = || {
        let file = files.create(path)?;
        file.append(&bytes)?;
        file.sync()?;
        files.sync_dir(files::parent(path))
    };
    let result: files::Result<()> = write();
    result.map_err(|e| write_error(&e))?;
    Ok(bytes.len() as u64)
}

/// The rows that are left. Errors: CORRUPTED_DATA when the file is not what `write_deleted` wrote for a
/// segment of `rows` rows.
pub fn read_deleted(files: &Arc<dyn Files>, path: &str, rows: u64) -> Result<Bitmap> {
    let bad = |what: &str| damaged(corrupt(what), path, 0, "deleted rows");
    if rows > ROWS_MAX {
        return Err(Error::internal("a segment of too many rows"));
    }
    let words = (rows as usize).div_ceil(64);
    let bytes = files.read_all(path, (HEAD + words * 8) as u64).map_err(|e| read_error(&e))?;
    if bytes.len() != HEAD + words * 8 || !bytes.starts_with(MAGIC) {
        return Err(bad("the length or the beginning is wrong"));
    }
    let number = |at: usize| {
        let mut b = [0; 8];
        b.copy_from_slice(&bytes[at..at + 8]);
        u64::from_le_bytes(b)
    };
    let body = &bytes[HEAD..];
    if number(8) != rows || number(24) != checksum(body) {
        return Err(bad("the checksum does not match"));
    }
    let read = |c: &[u8]| {
        let mut b = [0; 8];
        b.copy_from_slice(c);
        u64::from_le_bytes(b)
    };
    let visible = Bitmap::from_words(body.chunks_exact(8).map(read).collect(), rows as usize);
    if rows - visible.count_ones() as u64 != number(16) {
        return Err(bad("the number of deleted rows is wrong"));
    }
    Ok(visible)
}

/// Verifies a file of `write_deleted` by what it says of itself.
pub fn check_deleted(files: &Arc<dyn Files>, path: &str) -> Result<()> {
    let mut rows = [0; 8];
    let read = files.open_read(path).and_then(|file| file.read_at(8, &mut rows));
    read.map_err(|e| read_error(&e))?;
    let rows = u64::from_le_bytes(rows);
    if rows > ROWS_MAX {
        return Err(damaged(corrupt("it is of too many rows"), path, 8, "deleted rows"));
    }
    read_deleted(files, path, rows).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cut_and_every_flipped_bit_is_found() {
        let files: Arc<dyn Files> = Arc::new(files::SimFiles::new(7));
        files.make_dir("d").expect("directory");
        let visible = Bitmap::from_fn(200, |i| i % 3 != 0);
        write_deleted(&files, "d/a.del", &visible).expect("written");
        let back = read_deleted(&files, "d/a.del", 200).expect("read");
        assert_eq!(back.ones(), visible.ones());
        check_deleted(&files, "d/a.del").expect("good");
        assert!(read_deleted(&files, "d/a.del", 199).is_err());
        let bytes = files.read_all("d/a.del", 1 << 20).expect("bytes");
        for at in 0..bytes.len() {
            let mut broken = bytes.clone();
            broken[at] ^= 4;
            let path = format!("d/{at}.del");
            files.create(&path).expect("file").append(&broken).expect("appended");
            assert!(read_deleted(&files, &path, 200).is_err(), "byte {at}");
            assert!(check_deleted(&files, &path).is_err(), "byte {at}");
        }
    }
}
