//! AES in the modes of ClickHouse and of MySQL, keyed digests (HMAC), BLAKE3.

use crate::args::{StrOut, map_str, strs};
use crate::bind::{Bind, Bound, bound};
use crate::def::{FunctionDef, f};
use aes::cipher::generic_array::GenericArray;
use aes::cipher::{BlockDecrypt, BlockEncrypt, KeyInit};
use ghash::universal_hash::UniversalHash;
use types::codes::{BAD_ARGUMENTS, OPENSSL_ERROR};
use types::{Bitmap, Data, Error, FixedData, Result, Type};

pub const DEFS: &[FunctionDef] = &[
    f("encrypt", "encrypt(mode, text, key[, iv[, aad]])", "The text encrypted by AES; modes aes-128-ecb, -192-, -256-, and -cbc, -ofb, -ctr, -gcm.", &[("hex(encrypt('aes-128-ecb', 'text', '1234567890123456'))", "A2E49F638D51A170D7DD63186BECD7D8")], |b| crypt(b, true, false, false)),
    f("decrypt", "decrypt(mode, bytes, key[, iv[, aad]])", "What encrypt was given.", &[("decrypt('aes-128-ecb', unhex('A2E49F638D51A170D7DD63186BECD7D8'), '1234567890123456')", "text")], |b| crypt(b, false, false, false)),
    f("tryDecrypt", "tryDecrypt(mode, bytes, key[, iv[, aad]])", "As decrypt; NULL where it fails.", &[("tryDecrypt('aes-128-ecb', 'garbage', '1234567890123456')", "NULL")], |b| crypt(b, false, false, true)),
    f("aes_encrypt_mysql", "aes_encrypt_mysql(mode, text, key[, iv])", "The text encrypted as by MySQL's AES_ENCRYPT: long keys are folded.", &[("hex(aes_encrypt_mysql('aes-128-ecb', 'text', '1234567890123456789'))", "D2C4376D97A4ADCCB27B18116FBE8BB3")], |b| crypt(b, true, true, false)),
    f("aes_decrypt_mysql", "aes_decrypt_mysql(mode, bytes, key[, iv])", "What aes_encrypt_mysql was given.", &[("aes_decrypt_mysql('aes-128-ecb', unhex('D2C4376D97A4ADCCB27B18116FBE8BB3'), '1234567890123456789')", "text")], |b| crypt(b, false, true, false)),
    f("HMAC", "HMAC(algorithm, text, key)", "Digest of a text with a key; md5, sha1, sha224, sha256, sha384, sha512.", &[("hex(HMAC('md5', 'data', 'key'))", "9D5C73EF85594D34EC4438B7C97E51D8")], hmac).ci(),
    f("BLAKE3", "BLAKE3(s)", "BLAKE3 digest as FixedString(32).", &[("hex(BLAKE3('ABC'))", "D1717274597CF0289694F75D96D444B992A096F1AFD8E7BBFA6EBB1D360FEDFC")], blake),
];

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Ecb,
    Cbc,
    Ofb,
    Ctr,
    Gcm,
}

const BLOCK: usize = 16;
type Block = [u8; BLOCK];

/// AES of one of three key lengths.
enum Aes {
    K128(Box<aes::Aes128>),
    K192(Box<aes::Aes192>),
    K256(Box<aes::Aes256>),
}

impl Aes {
    fn new(key: &[u8]) -> Result<Self> {
        let bad = |_| Error::internal("AES key of a wrong length");
        Ok(match key.len() {
            16 => Aes::K128(Box::new(aes::Aes128::new_from_slice(key).map_err(bad)?)),
            24 => Aes::K192(Box::new(aes::Aes192::new_from_slice(key).map_err(bad)?)),
            _ => Aes::K256(Box::new(aes::Aes256::new_from_slice(key).map_err(bad)?)),
        })
    }
    fn encrypt(&self, block: &mut Block) {
        let b = GenericArray::from_mut_slice(block);
        match self {
            Aes::K128(k) => k.encrypt_block(b),
            Aes::K192(k) => k.encrypt_block(b),
            Aes::K256(k) => k.encrypt_block(b),
        }
    }
    fn decrypt(&self, block: &mut Block) {
        let b = GenericArray::from_mut_slice(block);
        match self {
            Aes::K128(k) => k.decrypt_block(b),
            Aes::K192(k) => k.decrypt_block(b),
            Aes::K256(k) => k.decrypt_block(b),
        }
    }
}

/// (key bytes, mode) of a name such as `aes-128-cbc`.
fn mode_of(name: &str, mysql: bool) -> Result<(usize, Mode)> {
    let bad = || Error::new(BAD_ARGUMENTS, format!("Invalid mode: {name}; write aes-128-, aes-192- or aes-256- and ecb, cbc, ofb{}", if mysql { "" } else { ", ctr or gcm" }));
    let lower = name.to_ascii_lowercase();
    let (bits, mode) = lower.strip_prefix("aes-").and_then(|r| r.split_once('-')).ok_or_else(bad)?;
    let key = match bits {
        "128" => 16,
        "192" => 24,
        "256" => 32,
        _ => return Err(bad()),
    };
    let mode = match mode {
        "ecb" => Mode::Ecb,
        "cbc" => Mode::Cbc,
        "ofb" => Mode::Ofb,
        "ctr" if !mysql => Mode::Ctr,
        "gcm" if !mysql => Mode::Gcm,
        _ => return Err(bad()),
    };
    Ok((key, mode))
}

fn crypt(b: &Bind<'_>, forward: bool, mysql: bool, or_null: bool) -> Result<Bound> {
    b.arity(3, if mysql { 4 } else { 5 })?;
    for i in 0..b.len() {
        b.string(i)?;
    }
    let (key_len, mode) = mode_of(b.const_str(0)?, mysql)?;
    if b.len() == 5 && mode != Mode::Gcm {
        return Err(Error::new(BAD_ARGUMENTS, "AAD can be only set for GCM-mode"));
    }
    let ty = if or_null { Type::nullable(Type::String) } else { Type::String };
    bound(ty, move |c| {
        let part = |i: usize| (c.len() > i).then(|| strs(c.col(i)));
        let (text, key, iv, aad) = (strs(c.col(1)), strs(c.col(2)), part(3), part(4));
        let mut out = StrOut::new(c.rows, text.total(c.rows) + BLOCK * c.rows);
        let mut nulls = Bitmap::new(c.rows, false);
        for i in 0..c.rows {
            let key = fit_key(key.at(i), key_len, mysql)?;
            let iv = fit_iv(iv.as_ref().map_or(&[][..], |v| v.at(i)), mode, mysql)?;
            let aad = aad.as_ref().map_or(&[][..], |v| v.at(i));
            match run(&Aes::new(&key)?, mode, &iv, aad, text.at(i), forward) {
                Some(done) => out.push(&done),
                None if or_null => {
                    nulls.set(i, true);
                    out.push(b"");
                }
                None => return Err(Error::new(OPENSSL_ERROR, "Failed to decrypt: the key, the IV or the bytes are not those that were encrypted")),
            }
            out.check("encrypt")?;
        }
        let column = out.column();
        Ok(if nulls.any() { column.with_nulls(Some(std::sync::Arc::new(nulls))) } else { column })
    })
}

fn fit_key(key: &[u8], len: usize, mysql: bool) -> Result<Vec<u8>> {
    if mysql && key.len() >= len {
        let mut folded = vec![0u8; len];
        key.iter().enumerate().for_each(|(i, k)| folded[i % len] ^= k);
        return Ok(folded);
    }
    if key.len() != len {
        return Err(Error::new(BAD_ARGUMENTS, format!("Invalid key size: {} expected {len}", key.len())));
    }
    Ok(key.to_vec())
}

fn fit_iv(iv: &[u8], mode: Mode, mysql: bool) -> Result<Vec<u8>> {
    if mode == Mode::Gcm {
        return if iv.is_empty() { Err(Error::new(BAD_ARGUMENTS, "Invalid IV size 0 != expected size 12")) } else { Ok(iv.to_vec()) };
    }
    if mode == Mode::Ecb || iv.is_empty() {
        return Ok(vec![0; BLOCK]);
    }
    if mysql && iv.len() > BLOCK {
        return Ok(iv[..BLOCK].to_vec());
    }
    if iv.len() != BLOCK {
        return Err(Error::new(BAD_ARGUMENTS, format!("Invalid IV size: {} != expected size {BLOCK}", iv.len())));
    }
    Ok(iv.to_vec())
}

/// `None`: the bytes cannot be decrypted.
fn run(aes: &Aes, mode: Mode, iv: &[u8], aad: &[u8], text: &[u8], forward: bool) -> Option<Vec<u8>> {
    if mode == Mode::Gcm {
        return gcm(aes, iv, aad, text, forward);
    }
    // ClickHouse leaves empty texts empty when decrypting.
    if text.is_empty() && !forward {
        return Some(Vec::new());
    }
    let mut chain: Block = iv.try_into().ok()?;
    match mode {
        Mode::Ofb => {
            return Some(xor_stream(text, || {
                aes.encrypt(&mut chain);
                chain
            }));
        }
        Mode::Ctr => {
            let mut counter = u128::from_be_bytes(chain);
            return Some(xor_stream(text, || {
                let mut block = counter.to_be_bytes();
                aes.encrypt(&mut block);
                counter = counter.wrapping_add(1);
                block
            }));
        }
        _ => {}
    }
    let cbc = mode == Mode::Cbc;
    let mut out = text.to_vec();
    if forward {
        let pad = BLOCK - text.len() % BLOCK;
        out.resize(text.len() + pad, pad as u8);
    } else if !text.len().is_multiple_of(BLOCK) {
        return None;
    }
    for chunk in out.chunks_exact_mut(BLOCK) {
        let mut block: Block = (&*chunk).try_into().ok()?;
        if forward {
            if cbc {
                xor(&mut block, &chain);
            }
            aes.encrypt(&mut block);
            chain = block;
        } else {
            let before = block;
            aes.decrypt(&mut block);
            if cbc {
                xor(&mut block, &chain);
            }
            chain = before;
        }
        chunk.copy_from_slice(&block);
    }
    if !forward {
        let pad = usize::from(*out.last()?);
        let keep = out.len().checked_sub(pad)?;
        if pad == 0 || pad > BLOCK || out[keep..].iter().any(|p| usize::from(*p) != pad) {
            return None;
        }
        out.truncate(keep);
    }
    Some(out)
}

fn xor(block: &mut Block, with: &Block) {
    block.iter_mut().zip(with).for_each(|(a, b)| *a ^= b);
}

fn xor_stream(text: &[u8], mut next: impl FnMut() -> Block) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for chunk in text.chunks(BLOCK) {
        let key = next();
        out.extend(chunk.iter().zip(key).map(|(a, b)| a ^ b));
    }
    out
}

/// Counter mode with a tag of 16 bytes behind the text.
fn gcm(aes: &Aes, iv: &[u8], aad: &[u8], text: &[u8], forward: bool) -> Option<Vec<u8>> {
    let mut h = [0u8; BLOCK];
    aes.encrypt(&mut h);
    let key = GenericArray::from(h);
    let lengths = |a: usize, b: usize| (((a as u128 * 8) << 64) | (b as u128 * 8)).to_be_bytes();
    let start = if iv.len() == 12 {
        let mut j = [0u8; BLOCK];
        j[..12].copy_from_slice(iv);
        j[15] = 1;
        j
    } else {
        let mut hash = ghash::GHash::new(&key);
        hash.update_padded(iv);
        hash.update_padded(&lengths(0, iv.len()));
        hash.finalize().into()
    };
    let (body, tag) = if forward { (text, &[][..]) } else { text.split_at(text.len().checked_sub(BLOCK)?) };
    let mut counter = u128::from_be_bytes(start);
    let out = xor_stream(body, || {
        // only the last 32 bits count
        counter = counter & !0xffff_ffff | u128::from((counter as u32).wrapping_add(1));
        let mut block = counter.to_be_bytes();
        aes.encrypt(&mut block);
        block
    });
    let cipher = if forward { &out[..] } else { body };
    let mut hash = ghash::GHash::new(&key);
    hash.update_padded(aad);
    hash.update_padded(cipher);
    hash.update_padded(&lengths(aad.len(), cipher.len()));
    let mut seal: Block = hash.finalize().into();
    let mut mask = start;
    aes.encrypt(&mut mask);
    xor(&mut seal, &mask);
    if forward {
        let mut out = out;
        out.extend_from_slice(&seal);
        return Some(out);
    }
    // compared in full, so that the time says nothing about where they differ
    let differs = seal.iter().zip(tag).fold(0, |d, (a, b)| d | (a ^ b));
    (differs == 0).then_some(out)
}

fn keyed<D: sha2::Digest>(block: usize, text: &[u8], key: &[u8]) -> Vec<u8> {
    let mut padded = if key.len() > block { D::digest(key).to_vec() } else { key.to_vec() };
    padded.resize(block, 0);
    let pad = |x: u8| padded.iter().map(|k| k ^ x).collect::<Vec<u8>>();
    let inner = D::new().chain_update(pad(0x36)).chain_update(text).finalize();
    D::new().chain_update(pad(0x5c)).chain_update(inner).finalize().to_vec()
}

fn hmac(b: &Bind<'_>) -> Result<Bound> {
    b.arity(3, 3)?;
    for i in 0..3 {
        b.string(i)?;
    }
    let of: fn(&[u8], &[u8]) -> Vec<u8> = match b.const_str(0)?.to_ascii_lowercase().as_str() {
        "md5" => |t, k| keyed::<md5::Md5>(64, t, k),
        "sha1" => |t, k| keyed::<sha1::Sha1>(64, t, k),
        "sha224" => |t, k| keyed::<sha2::Sha224>(64, t, k),
        "sha256" => |t, k| keyed::<sha2::Sha256>(64, t, k),
        "sha384" => |t, k| keyed::<sha2::Sha384>(128, t, k),
        "sha512" => |t, k| keyed::<sha2::Sha512>(128, t, k),
        other => return Err(Error::new(BAD_ARGUMENTS, format!("Unknown hash algorithm '{other}' for function HMAC: use md5, sha1, sha224, sha256, sha384 or sha512"))),
    };
    bound(Type::String, move |c| {
        let (t, k) = (strs(c.col(1)), strs(c.col(2)));
        map_str(c.rows, "HMAC", |i, out| {
            out.extend(of(t.at(i), k.at(i)));
            Ok(())
        })
    })
}

fn blake(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 1)?;
    b.string(0)?;
    bound(Type::FixedString(32), |c| {
        let s = strs(c.col(0));
        let bytes: Vec<u8> = (0..c.rows).flat_map(|i| *blake3::hash(s.at(i)).as_bytes()).collect();
        Ok(Data::Fixed(FixedData { width: 32, bytes: bytes.into() }).into())
    })
}
