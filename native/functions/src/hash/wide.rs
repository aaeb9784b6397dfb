//! Hashes of 128 bits over any number of values.

use super::{NO_ARGUMENTS, NULL_WIDE, add, as_stored, hashable, mark_nulls, stored};
use crate::args::strs;
use crate::bind::{Bind, Bound, bound};
use super::kernels::*;
use types::{Column, Data, FixedData, Result, Type, match_numeric};

pub(super) trait Wide: 'static {
    fn bytes(s: &[u8]) -> u128;
}

pub(super) struct Sip128;

pub(super) struct Sip128Reference;

pub(super) struct Murmur3x128;

pub(super) struct Xxh3Wide;

impl Wide for Xxh3Wide {
    fn bytes(s: &[u8]) -> u128 {
        xxhash_rust::xxh3::xxh3_128(s)
    }
}

impl Wide for Sip128 {
    fn bytes(s: &[u8]) -> u128 {
        sip128(s, 0, 0)
    }
}

impl Wide for Sip128Reference {
    fn bytes(s: &[u8]) -> u128 {
        sip128_reference(s, 0, 0)
    }
}

impl Wide for Murmur3x128 {
    fn bytes(s: &[u8]) -> u128 {
        let (a, b) = murmur3_128(s);
        u128::from(a) | u128::from(b) << 64
    }
}

pub(super) fn any128<H: Wide>(b: &Bind<'_>) -> Result<Bound> {
    let types = b.types();
    hashable(b)?;
    let number = b.name == "xxh3_128";
    bound(if number { Type::UInt128 } else { Type::FixedString(16) }, move |c| {
        let mut state: Vec<u128> = Vec::new();
        for (i, t) in types.iter().enumerate() {
            feed128(&c.col(i).flat(), t, c.rows, &mut state, &H::bytes);
        }
        if state.is_empty() {
            state = vec![NO_ARGUMENTS.into(); c.rows];
        }
        if number {
            return Ok(crate::args::u128_col(state));
        }
        let bytes: Vec<u8> = state.into_iter().flat_map(u128::to_le_bytes).collect();
        Ok(Data::Fixed(FixedData { width: 16, bytes: bytes.into() }).into())
    })
}

fn combine128(a: u128, b: u128, of: &dyn Fn(&[u8]) -> u128) -> u128 {
    let mut both = [0u8; 32];
    both[..16].copy_from_slice(&a.to_le_bytes());
    both[16..].copy_from_slice(&b.to_le_bytes());
    of(&both)
}

pub(super) fn feed128(col: &Column, ty: &Type, rows: usize, state: &mut Vec<u128>, of: &dyn Fn(&[u8]) -> u128) {
    let ty = crate::cast::strip_nullable(ty);
    let col = as_stored(col.flat(), ty);
    match (&col.data, ty) {
        (Data::Tuple(cs, _), Type::Tuple(es)) => {
            cs.iter().zip(es.iter()).for_each(|(x, e)| feed128(x, &e.1, rows, state, of))
        }
        (Data::Array(a), _) => {
            let inner = match ty {
                Type::Array(t) => t.as_ref().clone(),
                Type::Map(kv) => Type::map_entry(kv),
                _ => Type::Nothing,
            };
            let mut elements = Vec::new();
            feed128(&a.values, &inner, a.values.len(), &mut elements, of);
            let mut out = Vec::with_capacity(rows);
            for (i, w) in a.offsets.windows(2).enumerate() {
                let mut h = u128::from(int_hash32(u64::from(w[1] - w[0])));
                if let Some(s) = state.get(i) {
                    h = combine128(*s, h, of);
                }
                for k in w[0]..w[1] {
                    h = combine128(h, elements.get(k as usize).copied().unwrap_or(0), of);
                }
                out.push(h);
            }
            *state = out;
        }
        (Data::Str(_) | Data::Fixed(_), _) => {
            let s = strs(&col);
            let mut hashes: Vec<u128> = (0..rows).map(|i| of(s.at(i))).collect();
            mark_nulls(&col, &mut hashes, NULL_WIDE);
            add(state, hashes, |a, b| combine128(a, b, of));
        }
        _ => {
            let mut hashes: Vec<u128> = match_numeric!(&col.data, v, W => v.iter().map(|x| {
                let mut raw = x.to_le_bytes();
                stored(&mut raw, ty);
                of(&raw)
            }).collect(), vec![0; rows]);
            mark_nulls(&col, &mut hashes, NULL_WIDE);
            add(state, hashes, |a, b| combine128(a, b, of));
        }
    }
}
