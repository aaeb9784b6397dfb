//! Functions of a row's place in its partition: row_number, rank, dense_rank, percent_rank,
//! cume_dist, ntile.

use super::Rowset;
use super::resolve::Rank;
use types::{Column, Data, Error, Result};

pub fn rank(kind: Rank, args: &[Column], rows: &Rowset<'_>) -> Result<Column> {
    let n = rows.batch.rows;
    let _held = rows.query.memory.reserve(n as u64 * 8)?;
    let mut whole: Vec<u64> = Vec::new();
    let mut parts: Vec<f64> = Vec::new();
    if matches!(kind, Rank::PercentRank | Rank::CumeDist) {
        parts.reserve(n);
    } else {
        whole.reserve(n);
    }
    for &(first, end) in &rows.partitions {
        let size = u64::from(end - first);
        match kind {
            Rank::RowNumber => whole.extend(1..=size),
            Rank::Rank => {
                whole.extend((first..end).map(|i| u64::from(rows.peer_start[i as usize] - first) + 1))
            }
            Rank::DenseRank => {
                let mut group = 0;
                whole.extend((first..end).map(|i| {
                    group += u64::from(rows.peer_start[i as usize] == i);
                    group
                }));
            }
            Rank::PercentRank => parts.extend((first..end).map(|i| {
                let before = f64::from(rows.peer_start[i as usize] - first);
                if size > 1 { before / (size - 1) as f64 } else { 0.0 }
            })),
            Rank::CumeDist => {
                parts
                    .extend((first..end).map(|i| f64::from(rows.peer_end[i as usize] - first) / size as f64));
            }
            Rank::Ntile => {
                let buckets = args[0].scalar(first as usize).as_i64().filter(|b| *b > 0);
                let buckets = buckets
                    .ok_or_else(|| Error::bad_arguments("The argument of ntile must be greater than zero"))?
                    as u64;
                // the first `size % buckets` buckets have one row more than the others
                let (small, large) = (size / buckets, size % buckets);
                let mut left = 0;
                let mut bucket = 0;
                for _ in 0..size {
                    if left == 0 {
                        bucket += 1;
                        left = small + u64::from(bucket <= large);
                    }
                    left -= 1;
                    whole.push(bucket);
                }
            }
        }
    }
    Ok(if parts.is_empty() { Data::U64(whole.into()) } else { Data::F64(parts.into()) }.into())
}
