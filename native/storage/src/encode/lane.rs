//! Numbers of up to 64 bits as raw `u64`s: sign- or zero-extended, floats as their bits.

pub(crate) trait Lane: Copy + Default {
    fn raw(self) -> u64;
    /// Takes the low bits.
    fn of(raw: u64) -> Self;
}

macro_rules! lane { ($($t:ty),*) => { $(impl Lane for $t {
    #[inline]
    fn raw(self) -> u64 { self as u64 }
    #[inline]
    fn of(raw: u64) -> Self { raw as $t }
})* } }
lane!(u8, u16, u32, u64, i8, i16, i32, i64);

impl Lane for f32 {
    #[inline]
    fn raw(self) -> u64 {
        self.to_bits().into()
    }
    #[inline]
    fn of(raw: u64) -> Self {
        f32::from_bits(raw as u32)
    }
}
impl Lane for f64 {
    #[inline]
    fn raw(self) -> u64 {
        self.to_bits()
    }
    #[inline]
    fn of(raw: u64) -> Self {
        f64::from_bits(raw)
    }
}

/// XOR with this turns raw values into their order (see `test.rs`).
pub(crate) fn flip(signed: bool) -> u64 {
    if signed { 1 << 63 } else { 0 }
}

/// Bits that `v` needs.
pub(crate) fn bits(v: u64) -> u8 {
    (64 - v.leading_zeros()) as u8
}
