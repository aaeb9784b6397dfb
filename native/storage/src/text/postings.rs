//! The dictionary of an index: tokens in order, each with the set of its rows, in chunks that are read one at
//! a time. It is for columns of few distinct words: a segment whose dictionary would be too large has none.

use super::tokenizer::{Tokenizer, texts};
use crate::bytes::{Reader, corrupt, put_blob, put_var};
use crate::footer::Extent;
use hashbrown::HashMap;
use roaring::RoaringBitmap;
use types::{Column, Result};

/// Bytes of tokens and sets while they are made.
const MEMORY_MAX: usize = 128 << 20;
const CHUNK_BYTES: usize = 32 << 10;
/// What a token costs beside its bytes.
const TOKEN_BYTES: usize = 64;
const TOKEN_LENGTH_MAX: usize = 4096;

/// A chunk of the dictionary, and the first token in it.
#[derive(Clone, Debug)]
pub(crate) struct Chunk {
    pub first: Vec<u8>,
    pub at: Extent,
}

pub(crate) struct PostingsWriter {
    tokenizer: Tokenizer,
    numbers: HashMap<Vec<u8>, u32>,
    rows: Vec<RoaringBitmap>,
    bytes: usize,
    /// too much: the segment goes without
    over: bool,
}

impl PostingsWriter {
    pub fn new(tokenizer: Tokenizer) -> Self {
        PostingsWriter { tokenizer, numbers: HashMap::new(), rows: Vec::new(), bytes: 0, over: false }
    }

    /// Rows from `first` on.
    pub fn add(&mut self, c: &Column, first: u32) {
        if self.over {
            return;
        }
        let PostingsWriter { tokenizer, numbers, rows, bytes, over } = self;
        let mut found = Vec::new();
        texts(c, &mut |text, at| {
            if *over {
                return;
            }
            found.clear();
            tokenizer.each(text, &mut |token| {
                *over |= token.len() > TOKEN_LENGTH_MAX;
                let number = match numbers.get(token) {
                    Some(n) => *n,
                    None => {
                        let n = rows.len() as u32;
                        numbers.insert(token.to_vec(), n);
                        rows.push(RoaringBitmap::new());
                        *bytes += token.len() + TOKEN_BYTES;
                        n
                    }
                };
                found.push(number);
            });
            found.sort_unstable();
            found.dedup();
            for row in at {
                for n in &found {
                    rows[*n as usize].insert(first + row);
                }
                *bytes += found.len() * 2;
            }
            *over |= *bytes > MEMORY_MAX;
        });
        if self.over {
            self.numbers = HashMap::new();
            self.rows = Vec::new();
        }
    }

    /// Chunks as they are written; None: there would be too much of it.
    pub fn finish(mut self) -> Result<Option<Vec<(Vec<u8>, Vec<u8>)>>> {
        if self.over {
            return Ok(None);
        }
        let mut tokens: Vec<(Vec<u8>, u32)> = self.numbers.into_iter().collect();
        tokens.sort_unstable();
        let mut out = Vec::new();
        let mut chunk: Option<(Vec<u8>, Vec<u8>)> = None;
        for (token, n) in tokens {
            let rows = &mut self.rows[n as usize];
            rows.optimize();
            let mut set = Vec::with_capacity(rows.serialized_size());
            rows.serialize_into(&mut set).map_err(|e| corrupt(format!("a set of rows: {e}")))?;
            let (_, bytes) = chunk.get_or_insert_with(|| (token.clone(), Vec::new()));
            put_blob(bytes, &token);
            put_var(bytes, set.len() as u64);
            bytes.extend_from_slice(&set);
            if bytes.len() >= CHUNK_BYTES {
                out.extend(chunk.take());
            }
        }
        out.extend(chunk);
        Ok(Some(out))
    }
}

/// Gives each token of a chunk with its set, as bytes. `give` says whether to go on.
pub(super) fn entries<'b>(bytes: &'b [u8], give: &mut dyn FnMut(&'b [u8], &'b [u8]) -> bool) -> Result<()> {
    let mut r = Reader::new(bytes);
    while r.left() > 0 {
        let (token, set) = (r.blob()?, r.blob()?);
        if !give(token, set) {
            break;
        }
    }
    Ok(())
}

pub(super) fn rows_of(set: &[u8]) -> Result<RoaringBitmap> {
    RoaringBitmap::deserialize_from(set).map_err(|e| corrupt(format!("a set of rows: {e}")))
}
