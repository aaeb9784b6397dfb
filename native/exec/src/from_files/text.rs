//! Formats that are read from the front.

use super::{FileSet, open};
use crate::pieces::{Pieces, Taker};
use crate::pool::Flow;
use crate::query::Query;
use crate::rows::Emit;
use formats::decode::last_boundary;
use std::sync::Arc;
use types::codes::CANNOT_READ_FROM_FILE_DESCRIPTOR;
use types::{Batch, Error, Result};

/// bytes that are read from the file at once
const READ_BYTES: usize = 256 << 10;
/// rows of the first lot come soon, for LIMIT; later ones keep all workers busy
const FIRST_LOT_BYTES: usize = 1 << 20;
const LOT_BYTES: usize = 16 << 20;

/// All rows of one file.
pub fn read(set: &FileSet, at: usize, query: &Arc<Query>, emit: Emit<'_>) -> Result<Flow> {
    let named = &set.files[at];
    let file = open(named)?;
    let mut unpack = named
        .compression
        .as_ref()
        .map(|c| formats::Decompress::new(c, crate::ingest::limits(0)))
        .transpose()?;
    let mut pieces = Pieces::new(&set.format, &set.fields, &set.options)?;
    let mut taker = Taker {
        shape: &|block| Ok(block.batch),
        out: &mut |batch: Batch| {
            query.read(batch.rows as u64, batch.bytes() as u64)?;
            emit(set.whole(at, batch))
        },
    };
    let mut waiting: Vec<u8> = Vec::new();
    let mut lot = FIRST_LOT_BYTES;
    let mut bytes = vec![0; READ_BYTES];
    let mut from = 0;
    while from < file.len() {
        if query.has_read_enough() {
            return Ok(Flow::Stop);
        }
        let n = READ_BYTES.min(usize::try_from(file.len() - from).unwrap_or(READ_BYTES));
        file.read_at(from, &mut bytes[..n])
            .map_err(|e| Error::new(CANNOT_READ_FROM_FILE_DESCRIPTOR, e.what.clone()))?;
        from += n as u64;
        match &mut unpack {
            None => waiting.extend_from_slice(&bytes[..n]),
            Some(u) => u.push(&bytes[..n], &mut |plain| {
                waiting.extend_from_slice(plain);
                Ok(())
            })?,
        }
        if waiting.len() < lot {
            continue;
        }
        lot = LOT_BYTES;
        let cut = last_boundary(&set.format, &waiting).filter(|_| pieces.splits());
        let used = cut.unwrap_or(waiting.len());
        if pieces.take(&waiting[..used], cut.is_some(), query, &mut taker)? == Flow::Stop {
            return Ok(Flow::Stop);
        }
        waiting.drain(..used);
    }
    if let Some(u) = &mut unpack {
        u.finish(&mut |plain| {
            waiting.extend_from_slice(plain);
            Ok(())
        })?;
    }
    let whole = last_boundary(&set.format, &waiting).filter(|_| pieces.splits()).unwrap_or(0);
    if whole > 0 && pieces.take(&waiting[..whole], true, query, &mut taker)? == Flow::Stop {
        return Ok(Flow::Stop);
    }
    if pieces.take(&waiting[whole..], false, query, &mut taker)? == Flow::Stop {
        return Ok(Flow::Stop);
    }
    pieces.end(&mut taker)?;
    Ok(Flow::More)
}
