//! Merges segments into one, column by column.
//!
//! 1. `order.rs` finds the order of the rows from the sort key.
//! 2. Each column is streamed block by block in that order; columns are worked on in parallel.
//! 3. Dictionaries are merged first, with an array per input from old to new codes; rows then only
//!    change codes.

use crate::column_writer::{ColumnWriter, check_text_bytes};
use crate::encode::heap::HEAP_MAX;
use crate::index_writer::IndexWriter;
use crate::order::{Kept, kept_rows, merge_order};
use crate::segment::Segment;
use crate::spec::{ColumnSpec, SegmentInfo, WriteOptions};
use crate::words::WORDS_MAX;
use crate::write::{Keys, RUN_BYTES, Sink, in_parallel, seal, with_fitting_blocks};
use files::Files;
use parking_lot::Mutex;
use std::sync::Arc;
use types::{Bitmap, Cancel, Column, Data, Dict, Error, Result, StrData, Type};

/// Rows to keep of a block of an input: (input, block) → bits, `None` for all.
pub type Keep<'a> = dyn Fn(usize, usize) -> Result<Option<Bitmap>> + Sync + 'a;

/// Merges `inputs` (older first) into a new segment at `path` with the columns of `specs`, which are found
/// by name and must have the same type; `options.defaults` fill in for missing ones. Sorted by
/// `options.sort`, which must be the inputs' order too. Memory: 2 bytes a row, and per thread some blocks
/// of each input and the dictionaries of one column. On an error the file is removed again.
pub fn merge_segments(
    files: &Arc<dyn Files>,
    inputs: &[Arc<Segment>],
    path: &str,
    specs: &[ColumnSpec],
    options: &WriteOptions,
    keep: Option<&Keep>,
    cancel: &Cancel,
) -> Result<SegmentInfo> {
    let mut kept: Kept = vec![Vec::new(); inputs.len()];
    if let Some(keep) = keep {
        for (i, s) in inputs.iter().enumerate() {
            for b in 0..s.block_count() {
                let bits = keep(i, b)?;
                if bits.as_ref().is_some_and(|x| x.len() != s.block_rows(b)) {
                    return Err(Error::internal("rows to keep of another number than the block has"));
                }
                kept[i].push(bits);
            }
        }
    }
    let bytes = inputs.iter().map(|s| s.raw_bytes()).sum();
    let options = &options.sized(inputs.iter().map(|s| s.rows()).sum(), bytes);
    let result = with_fitting_blocks(files, path, options, |options| {
        Merge { inputs, specs, options, kept: &kept, cancel }.run(files, path)
    });
    if result.is_err() {
        // What is left is named by no commit; the collector takes it if this fails too.
        let _ = files.remove(path);
    }
    result
}

struct Merge<'a> {
    inputs: &'a [Arc<Segment>],
    specs: &'a [ColumnSpec],
    options: &'a WriteOptions,
    kept: &'a Kept,
    cancel: &'a Cancel,
}

impl Merge<'_> {
    fn run(&self, files: &Arc<dyn Files>, path: &str) -> Result<SegmentInfo> {
        let sources: Vec<Vec<Option<usize>>> =
            self.specs.iter().map(|s| self.source(s)).collect::<Result<_>>()?;
        let mut keys = Vec::with_capacity(self.inputs.len());
        for (i, input) in self.inputs.iter().enumerate() {
            let found: Option<Vec<usize>> =
                self.options.sort.iter().map(|c| sources.get(*c).and_then(|s| s[i])).collect();
            keys.push(found.ok_or_else(|| {
                Error::internal(format!("segment {} lacks a column of the sort key", input.path()))
            })?);
        }
        // the order, then each column
        self.cancel.plan(self.kept_rows() as u64 * (1 + self.specs.len() as u64));
        let order = merge_order(self.inputs, &keys, self.kept, self.cancel)?.inputs;
        let sink = Mutex::new(Sink::create(files, path, self.options.block_rows)?);
        let mut columns: Vec<Option<_>> = self.specs.iter().map(|_| None).collect();
        let work: Vec<_> = columns.iter_mut().enumerate().collect();
        in_parallel(self.options.threads, work, |(c, slot)| {
            *slot = Some(self.column(c, &sources[c], &order, &sink)?);
            Ok(())
        })?;
        let mut indexes = Vec::new();
        for index in &self.options.skip_indexes {
            let mut writer = IndexWriter::new(index, self.options.block_rows);
            let mut streams: Vec<Stream> =
                writer.inputs().iter().map(|c| self.stream(*c, &sources[*c], None)).collect();
            for part in order.chunks(self.options.block_rows) {
                self.cancel.check()?;
                let batch = streams.iter_mut().map(|s| s.next(part)).collect::<Result<Vec<_>>>()?;
                writer.push(batch, part.len())?;
            }
            indexes.push(writer.close(&sink)?);
        }
        let keys = self.keys(&sources, &order)?;
        let columns = columns.into_iter().flatten().collect();
        seal(files, path, sink, keys, columns, indexes, self.options.sync)
    }
    fn kept_rows(&self) -> usize {
        let of = |(s, kept): (&Arc<Segment>, &Vec<_>)| -> usize {
            (0..s.block_count()).map(|b| kept_rows(s, kept, b)).sum()
        };
        self.inputs.iter().zip(self.kept).map(of).sum()
    }
    /// The column of each input that feeds a column of the output.
    fn source(&self, spec: &ColumnSpec) -> Result<Vec<Option<usize>>> {
        let of = |s: &Arc<Segment>| match s.column(&spec.name) {
            Some(c) if *s.column_type(c) != spec.ty => Err(Error::internal(format!(
                "column {} of segment {} is {}, not {}",
                spec.name,
                s.path(),
                s.column_type(c),
                spec.ty
            ))),
            c => Ok(c),
        };
        self.inputs.iter().map(of).collect()
    }
    fn stream<'s>(
        &'s self,
        column: usize,
        source: &[Option<usize>],
        remaps: Option<Vec<Vec<u32>>>,
    ) -> Stream<'s> {
        let spec = &self.specs[column];
        let given = self.options.defaults.iter().find(|d| d.0 == spec.name);
        let default = given.map_or_else(|| Column::initial_of(&spec.ty, 1), |d| d.1.slice(0, 1));
        let ty = if remaps.is_some() { Type::nullable(Type::UInt32) } else { spec.ty.clone() };
        let inputs = self.inputs.iter().zip(source).zip(self.kept).map(|((segment, column), kept)| Input {
            segment,
            column: *column,
            kept,
            block: 0,
            at: 0,
            loaded: None,
        });
        Stream { ty, default, remaps, inputs: inputs.collect() }
    }
    fn column(
        &self,
        c: usize,
        source: &[Option<usize>],
        order: &[u16],
        sink: &Mutex<Sink>,
    ) -> Result<(crate::footer::ColumnMeta, Option<crate::footer::IndexBlocks>)> {
        let (spec, options) = (&self.specs[c], self.options);
        let (mut writer, remaps) = match self.merge_dicts(spec, source, order.len())? {
            Dicts::None => (ColumnWriter::new(spec, options), None),
            Dicts::TooMany => (ColumnWriter::plain(spec, options), None),
            Dicts::Merged { words, distinct, remaps } => {
                (ColumnWriter::with_dictionary(spec, options, Arc::new(words), distinct), Some(remaps))
            }
        };
        let mut stream = self.stream(c, source, remaps);
        for part in order.chunks(self.options.block_rows) {
            self.cancel.check()?;
            writer.push(&stream.next(part)?)?;
            self.cancel.advance(part.len() as u64);
            if writer.ready_bytes() >= RUN_BYTES {
                writer.drain(sink)?;
            }
        }
        writer.finish()?;
        writer.close(sink)
    }
    fn keys(&self, sources: &[Vec<Option<usize>>], order: &[u16]) -> Result<Keys> {
        let mut keys = Keys::new(&self.options.sort, self.options.block_rows);
        let mut streams: Vec<Stream> =
            self.options.sort.iter().map(|c| self.stream(*c, &sources[*c], None)).collect();
        for part in order.chunks(self.options.block_rows) {
            self.cancel.check()?;
            let columns = streams.iter_mut().map(|s| s.next(part)).collect::<Result<Vec<_>>>()?;
            keys.push(part.len(), |k| &columns[k]);
        }
        Ok(keys)
    }

    /// One dictionary of all inputs' dictionaries, holding only words that a kept row uses.
    fn merge_dicts(&self, spec: &ColumnSpec, source: &[Option<usize>], rows: usize) -> Result<Dicts> {
        if !matches!(spec.ty.base(), Type::String) || rows == 0 {
            return Ok(Dicts::None);
        }
        let mut dicts: Vec<Arc<Dict>> = Vec::with_capacity(source.len());
        for (s, c) in self.inputs.iter().zip(source) {
            match c.map(|c| s.dict(c)).transpose()?.flatten() {
                Some(d) => dicts.push(d),
                None => return Ok(Dicts::None),
            }
        }
        let mut words = Vec::with_capacity(dicts.len());
        for d in &dicts {
            match &d.values.data {
                Data::Str(s) => words.push(s),
                _ => return Err(Error::internal("a dictionary of something else than strings")),
            }
        }
        let (used, nulls, empty) = self.used(source, &words)?;
        let mut out = Merger { words: &words, at: vec![0; words.len()], used: &used };
        let mut remaps: Vec<Vec<u32>> = words.iter().map(|w| vec![0; w.len()]).collect();
        let (mut offsets, mut heap) = (vec![0u32], Vec::new());
        // NULL rows carry the code of '', which sorts first.
        if nulls {
            offsets.push(0);
        }
        let mut last: Option<(usize, usize)> = nulls.then_some((usize::MAX, 0));
        while let Some((i, k)) = out.next() {
            let word = words[i].get(k);
            let same = match last {
                Some((usize::MAX, _)) => word.is_empty(),
                Some((j, l)) => words[j].get(l) == word,
                None => false,
            };
            if !same {
                heap.extend_from_slice(word);
                if heap.len() > HEAP_MAX || offsets.len() > WORDS_MAX {
                    return Ok(Dicts::TooMany);
                }
                offsets.push(heap.len() as u32);
                last = Some((i, k));
            }
            remaps[i][k] = offsets.len() as u32 - 2;
        }
        let count = offsets.len() - 1;
        if !matches!(spec.ty, Type::LowCardinality(_)) && count * 2 > rows {
            return Ok(Dicts::TooMany);
        }
        let distinct = count - usize::from(nulls && !empty);
        let words = StrData { offsets: offsets.into(), bytes: heap.into() };
        Ok(Dicts::Merged { words, distinct, remaps })
    }
    /// Which words kept rows use, whether any kept row is NULL, and whether any kept row is ''.
    fn used(&self, source: &[Option<usize>], words: &[&StrData]) -> Result<(Vec<Vec<bool>>, bool, bool)> {
        let (mut nulls, mut empty) = (false, false);
        let mut all = Vec::with_capacity(words.len());
        for (i, (segment, words)) in self.inputs.iter().zip(words).enumerate() {
            let Some(c) = source[i] else { continue };
            let stats = segment.segment_stats(c);
            if self.kept[i].iter().all(Option::is_none) {
                nulls |= stats.nulls > 0;
                let mut used = vec![true; words.len()];
                let hidden = stats.distinct.is_some_and(|d| (d as usize) < words.len());
                if hidden && !used.is_empty() {
                    used[0] = false;
                }
                empty |= !hidden && !words.is_empty() && words.get(0).is_empty();
                all.push(used);
                continue;
            }
            let mut used = vec![false; words.len()];
            for b in 0..segment.block_count() {
                self.cancel.check()?;
                if kept_rows(segment, &self.kept[i], b) == 0 {
                    continue;
                }
                let column = segment.read(c, b)?;
                let column = match &self.kept[i][b] {
                    Some(keep) => column.filter(keep),
                    None => column,
                };
                let Data::Codes(codes, _) = &column.data else { continue };
                for (row, code) in codes.iter().enumerate() {
                    if column.nulls.as_ref().is_some_and(|n| n.get(row)) {
                        nulls = true;
                    } else {
                        used[*code as usize] = true;
                    }
                }
            }
            empty |= used.first() == Some(&true) && words.get(0).is_empty();
            all.push(used);
        }
        Ok((all, nulls, empty))
    }
}

enum Dicts {
    /// not all inputs have one
    None,
    /// together too many words for the rows
    TooMany,
    Merged {
        words: StrData,
        distinct: usize,
        remaps: Vec<Vec<u32>>,
    },
}

/// The used words of several dictionaries in order; equal ones follow each other.
struct Merger<'a> {
    words: &'a [&'a StrData],
    at: Vec<usize>,
    used: &'a [Vec<bool>],
}

impl Merger<'_> {
    fn next(&mut self) -> Option<(usize, usize)> {
        let mut best: Option<(usize, &[u8])> = None;
        for (i, words) in self.words.iter().enumerate() {
            while self.at[i] < words.len() && !self.used[i][self.at[i]] {
                self.at[i] += 1;
            }
            if self.at[i] < words.len() {
                let word = words.get(self.at[i]);
                if best.is_none_or(|b| word < b.1) {
                    best = Some((i, word));
                }
            }
        }
        let i = best?.0;
        self.at[i] += 1;
        Some((i, self.at[i] - 1))
    }
}

/// One input of one column.
struct Input<'a> {
    segment: &'a Segment,
    column: Option<usize>,
    kept: &'a [Option<Bitmap>],
    block: usize,
    /// next row of `loaded`
    at: usize,
    loaded: Option<Column>,
}

/// A column of all inputs, in the merged order.
struct Stream<'a> {
    ty: Type,
    default: Column,
    /// new codes of each input's dictionary; the stream then gives UInt32 codes
    remaps: Option<Vec<Vec<u32>>>,
    inputs: Vec<Input<'a>>,
}

impl Stream<'_> {
    /// The next rows; `part` names the input of each.
    fn next(&mut self, part: &[u16]) -> Result<Column> {
        let mut counts = vec![0usize; self.inputs.len()];
        part.iter().for_each(|i| counts[*i as usize] += 1);
        let mut pieces = Vec::new();
        let mut starts = vec![0u32; counts.len()];
        let mut total = 0u32;
        for (i, &n) in counts.iter().enumerate() {
            starts[i] = total;
            total += n as u32;
            self.take(i, n, &mut pieces)?;
        }
        if let [one] = pieces.as_slice() {
            return Ok(one.clone());
        }
        let pieces: Vec<&Column> = pieces.iter().collect();
        check_text_bytes(&pieces)?;
        let all = Column::concat(&self.ty, &pieces);
        if counts.iter().filter(|n| **n > 0).count() <= 1 {
            return Ok(all);
        }
        let rows: Vec<u32> = part
            .iter()
            .map(|i| {
                let at = &mut starts[*i as usize];
                *at += 1;
                *at - 1
            })
            .collect();
        Ok(all.gather(&rows))
    }
    /// The next `n` kept rows of an input.
    fn take(&mut self, i: usize, n: usize, pieces: &mut Vec<Column>) -> Result<()> {
        let mut left = n;
        while left > 0 {
            let input = &mut self.inputs[i];
            if input.loaded.is_none() {
                if input.block >= input.segment.block_count() {
                    return Err(Error::internal("a merge asks for more rows than there are"));
                }
                let rows = input.segment.block_rows(input.block);
                let column = match input.column {
                    Some(c) => input.segment.read(c, input.block)?,
                    None => Column::constant(self.default.clone(), rows),
                };
                let column = match input.kept.get(input.block).and_then(Option::as_ref) {
                    Some(keep) => column.filter(keep),
                    None => column,
                };
                input.block += 1;
                input.at = 0;
                input.loaded = Some(match &self.remaps {
                    Some(remaps) => remap(&column, &remaps[i])?,
                    None => column,
                });
            }
            let Some(column) = &input.loaded else { continue };
            let take = left.min(column.len() - input.at);
            if take > 0 {
                pieces.push(if take == column.len() { column.clone() } else { column.slice(input.at, take) });
            }
            input.at += take;
            left -= take;
            if input.at == column.len() {
                input.loaded = None;
            }
        }
        Ok(())
    }
}

fn remap(column: &Column, to: &[u32]) -> Result<Column> {
    let Data::Codes(codes, _) = &column.data else {
        return Err(Error::internal("codes expected"));
    };
    let codes: Vec<u32> = codes.iter().map(|c| to[*c as usize]).collect();
    Ok(Column { data: Data::U32(codes.into()), nulls: column.nulls.clone() })
}
