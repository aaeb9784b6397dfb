//! An index of tokens as scans ask it.

use super::need::Need;
use super::postings::{Chunk, entries, rows_of};
use super::tokenizer::Tokenizer;
use crate::bloom::Bloom;
use crate::bytes::checksum;
use crate::footer::{Extent, IndexBlocks, IndexMeta};
use crate::stored::Stored;
use memchr::memmem;
use roaring::RoaringBitmap;
use std::sync::Arc;
use types::{Bitmap, Result};

/// Chunks that a search within tokens may read; more would cost what it saves.
const CHUNKS_MAX: usize = 512;

pub struct TextIndex<'s> {
    segment: &'s Stored,
    number: usize,
    tokenizer: &'s Tokenizer,
    kind: Kind<'s>,
}

enum Kind<'s> {
    Filters(&'s [Extent]),
    Rows(&'s [Chunk]),
}

impl<'s> TextIndex<'s> {
    pub(crate) fn of(segment: &'s Stored, number: usize, meta: &'s IndexMeta) -> Option<TextIndex<'s>> {
        let (tokenizer, kind) = match &meta.blocks {
            IndexBlocks::Tokens { tokenizer, filters } => (tokenizer, Kind::Filters(filters)),
            IndexBlocks::Postings { tokenizer, chunks: Some(chunks) } => (tokenizer, Kind::Rows(chunks)),
            _ => return None,
        };
        Some(TextIndex { segment, number, tokenizer, kind })
    }

    pub fn tokenizer(&self) -> &Tokenizer {
        self.tokenizer
    }

    /// False only if no row of the block meets the need, as far as filters of tokens know.
    pub fn may_match(&self, block: usize, need: &Need) -> Result<bool> {
        let Kind::Filters(filters) = self.kind else { return Ok(true) };
        let Some(at) = filters.get(block).filter(|at| at.len > 0) else { return Ok(true) };
        let bytes = self.segment.index_bytes(self.number, block, at, "filter of tokens")?;
        let bloom = Bloom::read(&bytes).map_err(|e| self.segment.damaged(e, at, "filter of tokens"))?;
        Ok(in_filter(&bloom, need))
    }

    /// The rows that meet the need, or some more; None: the index cannot tell.
    pub fn rows(&self, need: &Need) -> Result<Option<Bitmap>> {
        let Some(found) = self.find(need)? else { return Ok(None) };
        let rows = self.segment.rows();
        let mut bits = Bitmap::new(rows, false);
        found.iter().filter(|r| (*r as usize) < rows).for_each(|r| bits.set(r as usize, true));
        Ok(Some(bits))
    }

    fn find(&self, need: &Need) -> Result<Option<RoaringBitmap>> {
        let Kind::Rows(chunks) = self.kind else { return Ok(None) };
        Ok(match need {
            Need::Unknown => None,
            Need::Token(token) => {
                let after = chunks.partition_point(|c| c.first.as_slice() <= token.as_slice());
                let at = after.saturating_sub(1)..after;
                Some(self.among(chunks, at, &|t| t == token.as_slice())?)
            }
            Need::Prefix(prefix) => {
                let from = chunks.partition_point(|c| c.first.as_slice() <= prefix.as_slice());
                let fits = |c: &&Chunk| c.first.starts_with(prefix);
                let more = chunks[from..].iter().take_while(fits).count();
                let at = from.saturating_sub(1)..from + more;
                if at.len() > CHUNKS_MAX {
                    return Ok(None);
                }
                Some(self.among(chunks, at, &|t| t.starts_with(prefix))?)
            }
            Need::Suffix(_) | Need::Part(_) if chunks.len() > CHUNKS_MAX => None,
            Need::Suffix(suffix) => Some(self.among(chunks, 0..chunks.len(), &|t| t.ends_with(suffix))?),
            Need::Part(part) => {
                let finder = memmem::Finder::new(part);
                Some(self.among(chunks, 0..chunks.len(), &|t| finder.find(t).is_some())?)
            }
            Need::All(list) => {
                let mut rows: Option<RoaringBitmap> = None;
                for n in list {
                    let Some(found) = self.find(n)? else { continue };
                    rows = Some(match rows {
                        Some(r) => r & found,
                        None => found,
                    });
                    if rows.as_ref().is_some_and(RoaringBitmap::is_empty) {
                        break;
                    }
                }
                rows
            }
            Need::Any(list) => {
                let mut rows = RoaringBitmap::new();
                for n in list {
                    let Some(found) = self.find(n)? else { return Ok(None) };
                    rows |= found;
                }
                Some(rows)
            }
        })
    }

    /// Rows of all tokens of some chunks that fit.
    fn among(
        &self,
        chunks: &[Chunk],
        at: std::ops::Range<usize>,
        fits: &dyn Fn(&[u8]) -> bool,
    ) -> Result<RoaringBitmap> {
        let mut rows = RoaringBitmap::new();
        for n in at {
            let extent = &chunks[n].at;
            let bytes: Arc<Vec<u8>> = self.segment.index_bytes(self.number, n, extent, "words")?;
            let mut failure = None;
            entries(&bytes, &mut |token, set| {
                if fits(token) {
                    match rows_of(set) {
                        Ok(found) => rows |= found,
                        Err(e) => failure = Some(e),
                    }
                }
                failure.is_none()
            })
            .and_then(|()| failure.map_or(Ok(()), Err))
            .map_err(|e| self.segment.damaged(e, extent, "words"))?;
        }
        Ok(rows)
    }

    /// Reads all of it. Errors: `CORRUPTED_DATA`.
    pub(crate) fn check(&self) -> Result<()> {
        match self.kind {
            Kind::Rows(chunks) => self.among(chunks, 0..chunks.len(), &|_| true).map(|_| ()),
            Kind::Filters(filters) => {
                let nothing = Need::Token(Vec::new());
                (0..filters.len()).try_for_each(|b| self.may_match(b, &nothing).map(|_| ()))
            }
        }
    }
}

fn in_filter(bloom: &Bloom, need: &Need) -> bool {
    match need {
        Need::Token(token) => bloom.may_contain(checksum(token)),
        Need::All(list) => list.iter().all(|n| in_filter(bloom, n)),
        Need::Any(list) => list.iter().any(|n| in_filter(bloom, n)),
        Need::Prefix(_) | Need::Suffix(_) | Need::Part(_) | Need::Unknown => true,
    }
}
