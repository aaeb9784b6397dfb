//! Fingerprints of texts that resemble each other for similar texts: SimHash and MinHash over n-grams of
//! bytes or characters, and over runs of words.

use crate::args::{StrOut, strs, u64_col};
use crate::bind::{Bind, Bound, Ctx, bound};
use crate::def::{FunctionDef, f};
use crate::hash::kernels::hash_128_to_64;
use std::collections::BTreeMap;
use types::codes::ARGUMENT_OUT_OF_BOUND;
use types::{Column, Data, Error, Result, Type};

/// What a fingerprint is taken of.
#[derive(Clone, Copy)]
struct Of {
    words: bool,
    utf8: bool,
    fold: bool,
}

const BYTES: Of = Of { words: false, utf8: false, fold: false };
const BYTES_FOLD: Of = Of { words: false, utf8: false, fold: true };
const CHARS: Of = Of { words: false, utf8: true, fold: false };
const CHARS_FOLD: Of = Of { words: false, utf8: true, fold: true };
const WORDS: Of = Of { words: true, utf8: false, fold: false };
const WORDS_FOLD: Of = Of { words: true, utf8: false, fold: true };

macro_rules! family {
    ($($name:literal $args:literal $doc:literal $run:ident $of:ident;)*) => {
        &[$(f($name, concat!($name, $args), $doc, &[], |b| $run(b, $of))),*]
    };
}

pub const DEFS: &[FunctionDef] = family! {
    "ngramSimHash" "(s[, n])" "SimHash of the n-grams of bytes." sim BYTES;
    "ngramSimHashCaseInsensitive" "(s[, n])" "SimHash of the n-grams of bytes, without regard to case." sim BYTES_FOLD;
    "ngramSimHashUTF8" "(s[, n])" "SimHash of the n-grams of characters." sim CHARS;
    "ngramSimHashCaseInsensitiveUTF8" "(s[, n])" "SimHash of the n-grams of characters, without regard to case." sim CHARS_FOLD;
    "wordShingleSimHash" "(s[, n])" "SimHash of the runs of n words." sim WORDS;
    "wordShingleSimHashCaseInsensitive" "(s[, n])" "SimHash of the runs of n words, without regard to case." sim WORDS_FOLD;
    "wordShingleSimHashUTF8" "(s[, n])" "SimHash of the runs of n words of a UTF-8 text." sim WORDS;
    "wordShingleSimHashCaseInsensitiveUTF8" "(s[, n])" "SimHash of the runs of n words of a UTF-8 text, without regard to case." sim WORDS_FOLD;
    "ngramMinHash" "(s[, n[, hashes]])" "Hashes of the smallest and of the largest hashes of the n-grams of bytes." min BYTES;
    "ngramMinHashCaseInsensitive" "(s[, n[, hashes]])" "As ngramMinHash without regard to case." min BYTES_FOLD;
    "ngramMinHashUTF8" "(s[, n[, hashes]])" "As ngramMinHash of characters." min CHARS;
    "ngramMinHashCaseInsensitiveUTF8" "(s[, n[, hashes]])" "As ngramMinHash of characters without regard to case." min CHARS_FOLD;
    "wordShingleMinHash" "(s[, n[, hashes]])" "Hashes of the smallest and of the largest hashes of the runs of n words." min WORDS;
    "wordShingleMinHashCaseInsensitive" "(s[, n[, hashes]])" "As wordShingleMinHash without regard to case." min WORDS_FOLD;
    "wordShingleMinHashUTF8" "(s[, n[, hashes]])" "As wordShingleMinHash of a UTF-8 text." min WORDS;
    "wordShingleMinHashCaseInsensitiveUTF8" "(s[, n[, hashes]])" "As wordShingleMinHash of a UTF-8 text without regard to case." min WORDS_FOLD;
    "ngramMinHashArg" "(s[, n[, hashes]])" "The n-grams with the smallest and the largest hashes." min_arg BYTES;
    "ngramMinHashArgCaseInsensitive" "(s[, n[, hashes]])" "As ngramMinHashArg without regard to case." min_arg BYTES_FOLD;
    "ngramMinHashArgUTF8" "(s[, n[, hashes]])" "As ngramMinHashArg of characters." min_arg CHARS;
    "ngramMinHashArgCaseInsensitiveUTF8" "(s[, n[, hashes]])" "As ngramMinHashArg of characters without regard to case." min_arg CHARS_FOLD;
    "wordShingleMinHashArg" "(s[, n[, hashes]])" "The runs of words with the smallest and the largest hashes." min_arg WORDS;
    "wordShingleMinHashArgCaseInsensitive" "(s[, n[, hashes]])" "As wordShingleMinHashArg without regard to case." min_arg WORDS_FOLD;
    "wordShingleMinHashArgUTF8" "(s[, n[, hashes]])" "As wordShingleMinHashArg of a UTF-8 text." min_arg WORDS;
    "wordShingleMinHashArgCaseInsensitiveUTF8" "(s[, n[, hashes]])" "As wordShingleMinHashArg of a UTF-8 text without regard to case." min_arg WORDS_FOLD;
};

/// Largest shingle and largest number of hashes.
const LARGEST: i64 = 25;
/// Shorter words do not count.
const WORD_MIN: usize = 4;

fn sizes(b: &Bind<'_>, most: usize) -> Result<(usize, usize)> {
    b.arity(1, most)?;
    b.plain_string(0)?;
    let one = |i: usize, default: usize, what: &str| -> Result<usize> {
        if b.len() <= i {
            return Ok(default);
        }
        b.unsigned(i)?;
        match b.const_int(i)? {
            n @ 1..=LARGEST => Ok(n as usize),
            n => Err(Error::new(
                ARGUMENT_OUT_OF_BOUND,
                format!("The {what} of function {} must be between 1 and {LARGEST}, not {n}", b.name),
            )),
        }
    };
    Ok((one(1, 3, "shingle size")?, one(2, 6, "number of hashes")?))
}

fn sim(b: &Bind<'_>, of: Of) -> Result<Bound> {
    let (n, _) = sizes(b, 2)?;
    bound(Type::UInt64, move |c| {
        let s = strs(c.col(0));
        Ok(u64_col((0..c.rows).map(|i| sim_hash(s.at(i), n, of)).collect()))
    })
}

/// What ClickHouse's functions of n-grams give for an empty text.
const EMPTY_SIM: u64 = u64::MAX;
const EMPTY_MIN: u64 = 10_693_559_443_859_979_498;

fn sim_hash(s: &[u8], n: usize, of: Of) -> u64 {
    if s.is_empty() && !of.words {
        return EMPTY_SIM;
    }
    let mut votes = [0i64; 64];
    let whole = each(s, n, of, |hash, _| {
        for (k, v) in votes.iter_mut().enumerate() {
            *v += if hash >> k & 1 == 1 { 1 } else { -1 };
        }
    });
    whole.unwrap_or_else(|| votes.iter().enumerate().fold(0, |r, (k, v)| if *v > 0 { r | 1 << k } else { r }))
}

/// The `k` smallest and the `k` largest hashes, with what they are of.
struct Extremes<'a> {
    low: BTreeMap<u64, &'a [u8]>,
    high: BTreeMap<u64, &'a [u8]>,
}

fn extremes(s: &[u8], n: usize, k: usize, of: Of) -> Extremes<'_> {
    let mut e = Extremes { low: BTreeMap::new(), high: BTreeMap::new() };
    let whole = each(s, n, of, |hash, text| {
        e.low.entry(hash).or_insert(text);
        if e.low.len() > k {
            e.low.pop_last();
        }
        e.high.entry(hash).or_insert(text);
        if e.high.len() > k {
            e.high.pop_first();
        }
    });
    if let Some(hash) = whole {
        e.low.insert(hash, s);
        e.high.insert(hash, s);
    }
    e
}

fn min(b: &Bind<'_>, of: Of) -> Result<Bound> {
    let (n, k) = sizes(b, 3)?;
    bound(Type::tuple(vec![Type::UInt64, Type::UInt64]), move |c| {
        let s = strs(c.col(0));
        let (mut low, mut high) = (Vec::with_capacity(c.rows), Vec::with_capacity(c.rows));
        for i in 0..c.rows {
            if s.at(i).is_empty() && !of.words {
                low.push(EMPTY_MIN);
                high.push(EMPTY_MIN);
                continue;
            }
            let e = extremes(s.at(i), n, k, of);
            low.push(e.low.keys().rev().fold(0, |r, h| hash_128_to_64(r, *h)));
            high.push(e.high.keys().fold(0, |r, h| hash_128_to_64(r, *h)));
        }
        Ok(Data::Tuple(vec![u64_col(low), u64_col(high)].into(), c.rows).into())
    })
}

fn min_arg(b: &Bind<'_>, of: Of) -> Result<Bound> {
    let (n, k) = sizes(b, 3)?;
    let side = Type::tuple(vec![Type::String; k]);
    bound(Type::tuple(vec![side.clone(), side]), move |c| args_of(c, n, k, of))
}

fn args_of(c: &Ctx<'_>, n: usize, k: usize, of: Of) -> Result<Column> {
    let s = strs(c.col(0));
    let mut sides: [Vec<StrOut>; 2] = [0, 1].map(|_| (0..k).map(|_| StrOut::new(c.rows, 0)).collect());
    for i in 0..c.rows {
        let e = extremes(s.at(i), n, k, of);
        for (j, out) in sides[0].iter_mut().enumerate() {
            out.push(e.low.values().rev().nth(j).copied().unwrap_or_default());
        }
        for (j, out) in sides[1].iter_mut().enumerate() {
            out.push(e.high.values().nth(j).copied().unwrap_or_default());
        }
    }
    let mut tuples = Vec::new();
    for side in sides {
        let columns = side.into_iter().map(|o| o.finish("MinHashArg")).collect::<Result<Vec<_>>>()?;
        tuples.push(Data::Tuple(columns.into(), c.rows).into());
    }
    Ok(Data::Tuple(tuples.into(), c.rows).into())
}

/// Calls `found` with every shingle. A text too short for one gives its own hash instead.
fn each<'a>(s: &'a [u8], n: usize, of: Of, mut found: impl FnMut(u64, &'a [u8])) -> Option<u64> {
    if of.words {
        each_words(s, n, of.fold, found);
        return None;
    }
    if !of.utf8 {
        if s.len() < n {
            return Some(shingle(u64::MAX, s, of.fold));
        }
        s.windows(n).for_each(|w| found(shingle(u64::MAX, w, of.fold), w));
        return None;
    }
    let mut starts = vec![0];
    let mut at = 0;
    while at < s.len() {
        at = (at + sequence_length(s[at])).min(s.len());
        starts.push(at);
    }
    if starts.len() <= n {
        return Some(shingle(u64::MAX, s, of.fold));
    }
    // The first n-gram is left out, as in every release of ClickHouse.
    for w in starts.windows(n + 1).skip(1) {
        let text = &s[w[0]..w[n]];
        found(shingle(u64::MAX, text, of.fold), text);
    }
    None
}

pub fn sequence_length(first: u8) -> usize {
    match first {
        0xC0..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF7 => 4,
        0xF8..=0xFB => 5,
        0xFC..=0xFD => 6,
        _ => 1,
    }
}

fn each_words<'a>(s: &'a [u8], n: usize, fold: bool, mut found: impl FnMut(u64, &'a [u8])) {
    let words: Vec<(usize, usize)> = word_places(s).filter(|(a, b)| b - a >= WORD_MIN).collect();
    if words.is_empty() {
        return;
    }
    let hash = |run: &[(usize, usize)]| run.iter().fold(u64::MAX, |h, (a, b)| shingle(h, &s[*a..*b], fold));
    if words.len() < n {
        found(hash(&words), &s[words[0].0..words[words.len() - 1].1]);
        return;
    }
    for run in words.windows(n) {
        found(hash(run), &s[run[0].0..run[n - 1].1]);
    }
}

/// Runs of ASCII letters and digits and of bytes above ASCII.
fn word_places(s: &[u8]) -> impl Iterator<Item = (usize, usize)> + '_ {
    let inside = |b: u8| b >= 128 || b.is_ascii_alphanumeric();
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < s.len() && !inside(s[at]) {
            at += 1;
        }
        let start = at;
        while at < s.len() && inside(s[at]) {
            at += 1;
        }
        (at > start).then_some((start, at))
    })
}

/// The lowest bits of the length are hashed first (1, 2, 4 bytes), then words of 8 bytes.
fn shingle(mut crc: u64, mut s: &[u8], fold: bool) -> u64 {
    for width in [1usize, 2, 4] {
        if s.len() & width != 0 {
            crc = crc32c(crc as u32, &s[..width], fold).into();
            s = &s[width..];
        }
    }
    crc32c(crc as u32, s, fold).into()
}

const CRC32C: [u32; 256] = {
    let mut table = [0u32; 256];
    let mut i = 0;
    while i < 256 {
        let mut x = i as u32;
        let mut k = 0;
        while k < 8 {
            x = if x & 1 == 1 { x >> 1 ^ 0x82f6_3b78 } else { x >> 1 };
            k += 1;
        }
        table[i] = x;
        i += 1;
    }
    table
};

/// CRC-32C without inversions, as the processor's instruction gives it.
pub fn crc32c(crc: u32, s: &[u8], fold: bool) -> u32 {
    let or = if fold { 0x20 } else { 0 };
    s.iter().fold(crc, |crc, b| crc >> 8 ^ CRC32C[usize::from(crc as u8 ^ (b | or))])
}

// ---- distances between n-grams ------------------------------------------------------------------

macro_rules! distances {
    ($($name:literal $doc:literal $utf8:literal $fold:literal $symmetric:literal;)*) => {
        &[$(f($name, concat!($name, "(haystack, needle)"), $doc, &[], |b| distance(b, $utf8, $fold, $symmetric))),*]
    };
}

pub const DISTANCES: &[FunctionDef] = distances! {
    "ngramDistance" "How different the 4-grams of two texts are: 0 (alike) to 1." false false true;
    "ngramDistanceCaseInsensitive" "As ngramDistance without regard to case." false true true;
    "ngramDistanceUTF8" "How different the 3-grams of characters of two texts are: 0 to 1." true false true;
    "ngramDistanceCaseInsensitiveUTF8" "As ngramDistanceUTF8 without regard to case." true true true;
    "ngramSearch" "How many of the needle's 4-grams the haystack has: 0 to 1." false false false;
    "ngramSearchCaseInsensitive" "As ngramSearch without regard to case." false true false;
    "ngramSearchUTF8" "How many of the needle's 3-grams of characters the haystack has: 0 to 1." true false false;
    "ngramSearchCaseInsensitiveUTF8" "As ngramSearchUTF8 without regard to case." true true false;
};

/// Longer texts count as not alike.
const TEXT_MAX: usize = 1 << 15;

fn distance(b: &Bind<'_>, utf8: bool, fold: bool, symmetric: bool) -> Result<Bound> {
    b.arity(2, 2)?;
    b.plain_string(0)?;
    b.plain_string(1)?;
    if b.constant(1).and_then(|c| c.bytes_at(0)).is_some_and(|s| s.len() > TEXT_MAX) {
        return Err(Error::new(
            types::codes::TOO_LARGE_STRING_SIZE,
            format!("The needle of function {} must not be longer than {TEXT_MAX} bytes", b.name),
        ));
    }
    bound(Type::Float32, move |c| {
        let (h, n) = (strs(c.col(0)), strs(c.col(1)));
        let mut stats = vec![0i16; 1 << 16];
        let out = (0..c.rows).map(|i| ngram_distance(h.at(i), n.at(i), utf8, fold, symmetric, &mut stats));
        Ok(crate::args::f32_col(out.collect()))
    })
}

fn ngram_distance(h: &[u8], n: &[u8], utf8: bool, fold: bool, symmetric: bool, stats: &mut [i16]) -> f32 {
    if h.len() > TEXT_MAX || n.len() > TEXT_MAX {
        return if symmetric { 1.0 } else { 0.0 };
    }
    let (hay, needle) = (ngram_hashes(h, utf8, fold), ngram_hashes(n, utf8, fold));
    needle.iter().for_each(|k| stats[usize::from(*k)] += 1);
    let mut distance = needle.len();
    for k in &hay {
        let s = &mut stats[usize::from(*k)];
        if *s > 0 {
            distance -= 1;
        } else if symmetric {
            distance += 1;
        }
        *s -= 1;
    }
    needle.iter().for_each(|k| stats[usize::from(*k)] = 0);
    hay.iter().for_each(|k| stats[usize::from(*k)] = 0);
    if symmetric {
        distance as f32 / (hay.len() + needle.len()).max(1) as f32
    } else {
        1.0 - distance as f32 / needle.len().max(1) as f32
    }
}

fn ngram_hashes(s: &[u8], utf8: bool, fold: bool) -> Vec<u16> {
    if !utf8 {
        let lower = |b: &u8| if fold { b.to_ascii_lowercase() } else { *b };
        let eight = |w: &[u8]| [lower(&w[0]), lower(&w[1]), lower(&w[2]), lower(&w[3]), 0, 0, 0, 0];
        return s.windows(4).map(|w| crc32c(u32::MAX, &eight(w), false) as u16).collect();
    }
    let mut points = Vec::new();
    let mut at = 0;
    while at < s.len() {
        let n = sequence_length(s[at]).min(4).min(s.len() - at);
        let mut raw = [0u8; 4];
        raw[..n].copy_from_slice(&s[at..at + n]);
        let mut p = u32::from_le_bytes(raw);
        if fold {
            // Only a bit of each byte: right for Latin and most Cyrillic letters.
            p &= [!(1 << 5), !(1 << 5 | 1 | 1 << 13), !(1 << 5 | 1 | 1 << 13 | 1 << 21), !(1 << 5 | 1 | 1 << 13 | 1 << 21 | 1 << 29)][n - 1];
        }
        points.push(p);
        at += n;
    }
    let hash = |w: &[u32]| crc32c(w[2], &(u64::from(w[0]) << 32 | u64::from(w[1])).to_le_bytes(), false) as u16;
    points.windows(3).map(hash).collect()
}

// ---- sparse n-grams -----------------------------------------------------------------------------

pub const SPARSE: &[FunctionDef] = &[
    f("sparseGrams", "sparseGrams(s[, min_length[, max_length[, min_cutoff]]])", "The n-grams whose ends hash higher than all between: few, and found again in any text that holds them.", &[], |b| sparse(b, false, false)),
    f("sparseGramsUTF8", "sparseGramsUTF8(s[, min_length[, max_length[, min_cutoff]]])", "As sparseGrams of characters.", &[], |b| sparse(b, true, false)),
    f("sparseGramsHashes", "sparseGramsHashes(s[, min_length[, max_length[, min_cutoff]]])", "CRC-32C of the n-grams that sparseGrams gives.", &[], |b| sparse(b, false, true)),
    f("sparseGramsHashesUTF8", "sparseGramsHashesUTF8(s[, min_length[, max_length[, min_cutoff]]])", "As sparseGramsHashes of characters.", &[], |b| sparse(b, true, true)),
];

fn sparse(b: &Bind<'_>, utf8: bool, hashes: bool) -> Result<Bound> {
    b.arity(1, 4)?;
    b.plain_string(0)?;
    let one = |i: usize, default: i64| if b.len() > i { b.const_int(i) } else { Ok(default) };
    let (least, most) = (one(1, 3)?, one(2, 100)?);
    // With a cutoff ClickHouse looks at no maximum.
    let most = if b.len() == 4 { one(2, 100)?.max(100) } else { most };
    let cutoff = one(3, 0)?;
    if least < 3 {
        return Err(Error::bad_arguments("Argument 'min_ngram_length' must be greater or equal to 3"));
    }
    if most < least {
        return Err(Error::bad_arguments("Argument 'max_ngram_length' must be greater or equal to 'min_ngram_length'"));
    }
    if b.len() > 3 && (cutoff < least || cutoff > most) {
        return Err(Error::bad_arguments("Argument 'min_cutoff_length' must lie between 'min_ngram_length' and 'max_ngram_length'"));
    }
    let of = Sparse { utf8, least: least as usize, most: most as usize, cutoff: cutoff as usize };
    let ty = Type::array(if hashes { Type::UInt32 } else { Type::String });
    bound(ty, move |c| {
        let s = strs(c.col(0));
        let mut offsets = vec![0u32];
        if hashes {
            let mut out = Vec::new();
            for i in 0..c.rows {
                of.each(s.at(i), |g| out.push(weak_hash(g)));
                offsets.push(out.len() as u32);
            }
            return Ok(crate::args::array_column(offsets, crate::args::u32_col(out)));
        }
        let mut out = StrOut::new(c.rows, 0);
        for i in 0..c.rows {
            of.each(s.at(i), |g| out.push(g));
            out.check("sparseGrams")?;
            offsets.push(out.rows() as u32);
        }
        Ok(crate::args::array_column(offsets, out.column()))
    })
}

struct Sparse {
    utf8: bool,
    least: usize,
    most: usize,
    cutoff: usize,
}

impl Sparse {
    /// One pass with a stack of borders, from the left, whose hashes fall.
    fn each<'a>(&self, s: &'a [u8], mut found: impl FnMut(&'a [u8])) {
        let mut starts = vec![0];
        let mut at = 0;
        while at < s.len() {
            at = (at + if self.utf8 { sequence_length(s[at]) } else { 1 }).min(s.len());
            starts.push(at);
        }
        let width = self.least - 1;
        let mut stack: Vec<(usize, u32)> = Vec::new();
        for k in 0..(starts.len() - 1).saturating_sub(width - 1) {
            let end = starts[k + width];
            let hash = weak_hash(&s[starts[k]..end]);
            let mut emit = |from: usize| {
                if k - from + width >= self.cutoff {
                    found(&s[starts[from]..end]);
                }
            };
            while let Some(&(from, _)) = stack.last().filter(|(_, h)| *h < hash) {
                if k - from + width > self.most {
                    stack.clear();
                    break;
                }
                emit(from);
                stack.pop();
            }
            if let Some(&(from, h)) = stack.last() {
                if k - from + width <= self.most {
                    emit(from);
                }
                if h == hash {
                    stack.pop();
                }
            }
            stack.push((k, hash));
        }
    }
}

/// The hash of borders and n-grams: CRC-32C over words of 8 bytes. A short text is one word with its length on top; what
/// is left behind whole words stands at the top of the last one, with its length at the bottom.
fn weak_hash(s: &[u8]) -> u32 {
    if s.len() < 8 {
        let mut word = [0u8; 8];
        word[..s.len()].copy_from_slice(s);
        word[7] = s.len() as u8;
        return crc32c(0, &word, false);
    }
    let mut crc = 0;
    let mut chunks = s.chunks_exact(8);
    for w in &mut chunks {
        crc = crc32c(crc, w, false);
    }
    let rest = chunks.remainder();
    if rest.is_empty() {
        return crc;
    }
    let mut word = [0u8; 8];
    word[8 - rest.len()..].copy_from_slice(rest);
    word[0] |= rest.len() as u8;
    crc32c(crc, &word, false)
}
