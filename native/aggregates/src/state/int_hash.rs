//! ClickHouse's hashes of integers, as its sets and sketches have them in their states.

/// ClickHouse's `intHash32`.
pub fn int_hash32(key: u64) -> u32 {
    let mut k = (!key).wrapping_add(key << 18);
    k ^= k.rotate_right(31);
    k = k.wrapping_mul(21);
    k ^= k.rotate_right(11);
    k = k.wrapping_add(k << 6);
    (k ^ k.rotate_right(22)) as u32
}

/// ClickHouse's `intHash64`: the finalizer of MurmurHash3.
pub fn int_hash64(key: u64) -> u64 {
    let k = (key ^ (key >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let k = (k ^ (k >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    k ^ (k >> 33)
}
