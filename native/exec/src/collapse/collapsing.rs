//! CollapsingMergeTree(sign): a row of sign -1 says that an earlier row of sign 1 no longer holds.

use super::groups;
use types::codes::INCORRECT_DATA;
use types::{Batch, Column, Error, Result};

/// The sign of a row. Errors: `INCORRECT_DATA` unless it is 1 or -1.
pub fn sign_of(column: &Column, row: usize) -> Result<bool> {
    match column.scalar(row).as_i128() {
        Some(1) => Ok(true),
        Some(-1) => Ok(false),
        other => Err(Error::new(
            INCORRECT_DATA,
            format!("Incorrect data: Sign = {} (must be 1 or -1)", other.unwrap_or(0)),
        )),
    }
}

/// Of each key the first row of sign -1 and the last of sign 1, as far as more rows have that sign than
/// the other. `positive`: only rows of sign 1, as FINAL shows them.
pub fn kept(batch: &Batch, starts: &[u32], sign: usize, positive: bool) -> Result<Vec<u32>> {
    let signs = &batch.columns[sign];
    let mut rows = Vec::with_capacity(starts.len());
    for (from, to) in groups(starts, batch.rows) {
        let (mut plus, mut minus) = (0usize, 0usize);
        let (mut last_plus, mut first_minus, mut ends_plus) = (0, 0, false);
        for row in from..to {
            ends_plus = sign_of(signs, row)?;
            if ends_plus {
                plus += 1;
                last_plus = row;
            } else {
                if minus == 0 {
                    first_minus = row;
                }
                minus += 1;
            }
        }
        if ends_plus || plus != minus {
            if plus <= minus && !positive {
                rows.push(first_minus as u32);
            }
            if plus >= minus {
                rows.push(last_plus as u32);
            }
        }
    }
    Ok(rows)
}
