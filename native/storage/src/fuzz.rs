//! For tests: reads blocks whose bytes were changed behind the checksum's back.

use crate::encode::column::{decode, gather};
use crate::encode::filter::filter;
use crate::encode::heap;
use crate::pred::Pred;
use crate::{Cache, Segment};
use files::Files;
use std::sync::Arc;
use types::{Bitmap, Result, Scalar};

/// Changes random bytes of every block and dictionary of a segment, `rounds` times, and decodes, gathers and
/// filters the result. It may fail with an error or give other rows, but must not panic.
pub fn shake(
    files: &Arc<dyn Files>,
    path: &str,
    rounds: usize,
    random: &mut dyn FnMut() -> u64,
) -> Result<()> {
    let s = Segment::open(files, path, &Cache::new(0))?;
    for c in 0..s.column_count() {
        let dict = s.dict(c)?;
        let ty = s.column_type(c).clone();
        for b in 0..s.block_count() {
            let good = s.stored_block(c, b)?;
            let rows = s.block_rows(b);
            for _ in 0..rounds {
                let bad = change(&good, random);
                let whole = decode(&mut crate::bytes::Reader::new(&bad), &ty, rows, dict.as_ref());
                if let Ok(column) = whole {
                    assert!(column.len() == rows, "decoded to another number of rows");
                    // Touches every value.
                    (0..rows).for_each(|i| drop(column.scalar(i)));
                }
                let ask: Vec<u32> = (0..4).map(|_| (random() % rows.max(1) as u64) as u32).collect();
                let _ = gather(&bad, &ty, rows, dict.as_ref(), &ask);
                for pred in [
                    Pred::Eq(Scalar::Int(7)),
                    Pred::Eq(Scalar::Bytes(b"x".to_vec())),
                    Pred::Range { lo: Some((Scalar::Int(3), true)), hi: Some((Scalar::Int(900), false)) },
                    Pred::IsNull,
                ] {
                    let _ = filter(&bad, &ty, &pred, dict.as_ref(), &mut Bitmap::new(rows, true));
                }
            }
        }
        if let Some((good, count, total)) = s.stored_dict(c)? {
            for _ in 0..rounds {
                let _ = heap::read(&change(&good, random), count, total);
            }
        }
    }
    Ok(())
}

fn change(good: &[u8], random: &mut dyn FnMut() -> u64) -> Vec<u8> {
    let mut bad = good.to_vec();
    for _ in 0..1 + random() % 3 {
        if bad.is_empty() {
            break;
        }
        let at = random() as usize % bad.len();
        match random() % 4 {
            0 => bad[at] ^= 1 << (random() % 8),
            1 => bad[at] = random() as u8,
            2 => bad[at] = 255,
            _ => bad.truncate(at),
        }
    }
    bad
}
