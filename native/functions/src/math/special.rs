//! Special functions. The `libm` crate knows the error and gamma functions, whose digits are ClickHouse's; inverse
//! hyperbolic functions are written here as ClickHouse's library has them, which Rust's differ from in last digits.

use std::f64::consts::LN_2;

pub use libm::erfc;
pub(super) use libm::{erf, tgamma};

/// NaN at zero's negative neighbours, where the function has poles of either sign.
pub(super) fn lgamma(x: f64) -> f64 {
    if x < 0.0 && x == x.floor() { f64::NAN } else { libm::lgamma(x) }
}

/// Beyond these squares are lost, or all that counts.
const LARGE: f64 = (1u64 << 26) as f64;
const SMALL: f64 = 1.0 / LARGE;

pub(super) fn asinh(x: f64) -> f64 {
    let y = x.abs();
    let root = (y * y + 1.0).sqrt();
    let value = match y {
        _ if y >= LARGE => y.ln() + LN_2,
        _ if y >= 2.0 => (2.0 * y + 1.0 / (root + y)).ln(),
        _ if y >= SMALL => (y + y * y / (root + 1.0)).ln_1p(),
        _ => y,
    };
    value.copysign(x)
}

pub(super) fn acosh(x: f64) -> f64 {
    let more = x - 1.0;
    match x {
        _ if x < 2.0 => (more + (more * more + 2.0 * more).sqrt()).ln_1p(),
        _ if x < LARGE => (2.0 * x - 1.0 / (x + (x * x - 1.0).sqrt())).ln(),
        _ => x.ln() + LN_2,
    }
}

pub(super) fn atanh(x: f64) -> f64 {
    let y = x.abs();
    let value = match y {
        _ if y < 1.0 / (1u64 << 32) as f64 => y,
        _ if y < 0.5 => 0.5 * (2.0 * y + 2.0 * y * y / (1.0 - y)).ln_1p(),
        _ => 0.5 * (2.0 * (y / (1.0 - y))).ln_1p(),
    };
    value.copysign(x)
}
