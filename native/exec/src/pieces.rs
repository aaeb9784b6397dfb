//! Bytes that come in lots to rows: a lot is cut where rows end and its pieces are read on all workers, as far
//! as the format allows that. What a cut made wrong shows when a piece cannot be read: from there on everything
//! is read in one go, which finds out whether it is bad or was only cut badly.

use crate::pool::{Flow, run_phase, threads};
use crate::query::Query;
use formats::decode::{
    Block, Decoder, InputField, InputOptions, OnError, Report, can_split, next_boundary, split_rows,
};
use parking_lot::Mutex;
use std::sync::Arc;
use types::{Error, Result};

/// bytes at the start that are read in one go: headers, and what the rows are like
const HEAD_BYTES: usize = 64 << 10;
/// a piece of rows for one worker
const PIECE_BYTES: usize = 1 << 20;
const PIECE_BYTES_MAX: usize = 4 << 20;

pub struct Pieces {
    format: String,
    decoder: Decoder,
    /// pieces may be read apart
    splits: bool,
    /// rows that were read beside the decoder
    rows_apart: u64,
}

/// What becomes of a block, on any worker, and where that goes, in the order of the rows.
pub struct Taker<'a, T> {
    pub shape: &'a (dyn Fn(Block) -> Result<T> + Sync),
    pub out: &'a mut dyn FnMut(T) -> Result<Flow>,
}

impl<T> Taker<'_, T> {
    fn take(&mut self, blocks: Vec<Block>) -> Result<Flow> {
        for b in blocks {
            if (self.out)((self.shape)(b)?)? == Flow::Stop {
                return Ok(Flow::Stop);
            }
        }
        Ok(Flow::More)
    }
}

impl Pieces {
    pub fn new(format: &str, fields: &[InputField], options: &InputOptions) -> Result<Pieces> {
        Ok(Pieces {
            format: format.to_string(),
            decoder: Decoder::new(format, fields, options)?,
            splits: can_split(format) && options.on_error == OnError::Fail,
            rows_apart: 0,
        })
    }

    pub fn splits(&self) -> bool {
        self.splits
    }

    /// The next bytes. `whole`: they end where a row does.
    pub fn take<T: Send>(
        &mut self,
        bytes: &[u8],
        whole: bool,
        query: &Arc<Query>,
        to: &mut Taker<'_, T>,
    ) -> Result<Flow> {
        query.cancel.check()?;
        self.splits &= whole;
        let mut from = 0;
        if self.splits && self.rows_apart == 0 && self.decoder.fork().is_none() {
            from = next_boundary(&self.format, bytes, HEAD_BYTES).unwrap_or(bytes.len());
            if self.read_on(&bytes[..from], to)? == Flow::Stop {
                return Ok(Flow::Stop);
            }
            if let Some(block) = self.decoder.take_rows()
                && to.take(vec![block])? == Flow::Stop
            {
                return Ok(Flow::Stop);
            }
            self.splits = self.decoder.fork().is_some();
        }
        if self.splits && from < bytes.len() {
            let (used, flow) = self.read_pieces(&bytes[from..], query, to)?;
            if flow == Flow::Stop {
                return Ok(Flow::Stop);
            }
            from += used;
        }
        self.read_on(&bytes[from..], to)
    }

    /// Bytes in one go.
    fn read_on<T>(&mut self, bytes: &[u8], to: &mut Taker<'_, T>) -> Result<Flow> {
        if bytes.is_empty() {
            return Ok(Flow::More);
        }
        self.decoder.set_rows_elsewhere(self.rows_apart);
        let blocks = self.decoder.push(bytes)?;
        to.take(blocks)
    }

    /// Reads pieces on all workers; gives the bytes before the first piece that failed.
    fn read_pieces<T: Send>(
        &mut self,
        bytes: &[u8],
        query: &Arc<Query>,
        to: &mut Taker<'_, T>,
    ) -> Result<(usize, Flow)> {
        let size = (bytes.len() / (2 * threads())).clamp(PIECE_BYTES, PIECE_BYTES_MAX);
        let ranges = split_rows(&self.format, bytes, bytes.len().div_ceil(size));
        type Piece<T> = Result<(Vec<T>, u64)>;
        let slots: Vec<Mutex<Option<Piece<T>>>> = ranges.iter().map(|_| Mutex::new(None)).collect();
        let forks: Vec<Mutex<Option<Decoder>>> =
            ranges.iter().map(|_| Mutex::new(self.decoder.fork())).collect();
        let shape = to.shape;
        run_phase(query, ranges.len(), &|i| {
            let one = || -> Piece<T> {
                let fork = forks[i].lock().take();
                let fork = fork.ok_or_else(|| Error::internal("these rows cannot be cut"))?;
                let (blocks, rows) = fork.decode_piece(&bytes[ranges[i].clone()])?;
                Ok((blocks.into_iter().map(shape).collect::<Result<_>>()?, rows))
            };
            let done = one();
            let flow = if done.is_err() { Flow::Stop } else { Flow::More };
            *slots[i].lock() = Some(done);
            Ok(flow)
        })?;
        for (range, slot) in ranges.into_iter().zip(slots) {
            let Some(Ok((shaped, rows))) = slot.into_inner() else {
                self.splits = false;
                return Ok((range.start, Flow::More));
            };
            self.rows_apart += rows;
            for t in shaped {
                if (to.out)(t)? == Flow::Stop {
                    return Ok((range.start, Flow::Stop));
                }
            }
        }
        Ok((bytes.len(), Flow::More))
    }

    /// No more bytes come: what is left is decoded.
    pub fn end<T>(&mut self, to: &mut Taker<'_, T>) -> Result<()> {
        let mut stopped = false;
        self.decoder.finish_with(&mut |block| {
            stopped = stopped || to.take(vec![block])? == Flow::Stop;
            Ok(())
        })
    }

    pub fn report(&self) -> Report {
        let mut report = self.decoder.report().clone();
        report.rows += self.rows_apart;
        report
    }
}
