//! Floats beside decimals and wide integers: each value becomes the double that is nearest to it.

use crate::{I256, U256};

macro_rules! powers {
    ($($n:literal)*) => { [$($n),*] };
}

static POWERS: [f64; 77] = powers![
    1e0 1e1 1e2 1e3 1e4 1e5 1e6 1e7 1e8 1e9 1e10 1e11 1e12 1e13 1e14 1e15 1e16 1e17 1e18 1e19 1e20 1e21 1e22 1e23 1e24 1e25
    1e26 1e27 1e28 1e29 1e30 1e31 1e32 1e33 1e34 1e35 1e36 1e37 1e38 1e39 1e40 1e41 1e42 1e43 1e44 1e45 1e46 1e47 1e48 1e49
    1e50 1e51 1e52 1e53 1e54 1e55 1e56 1e57 1e58 1e59 1e60 1e61 1e62 1e63 1e64 1e65 1e66 1e67 1e68 1e69 1e70 1e71 1e72 1e73
    1e74 1e75 1e76
];

/// 10^n for the scale of a Decimal, the nearest double (`powi` errs in the last digit beyond 10^22).
pub fn pow10(n: u8) -> f64 {
    POWERS.get(usize::from(n)).copied().unwrap_or(f64::INFINITY)
}

/// The double nearest to a wide integer. What ethnum gives is rounded twice.
pub fn of_u256(v: U256) -> f64 {
    let bits = 256 - v.leading_zeros();
    if bits <= 128 {
        return v.as_u128() as f64;
    }
    let drop = bits - 128;
    let rest = v & ((U256::ONE << drop) - U256::ONE);
    // A bit for all that was cut off lets the rounding to 53 bits see on which side of a half it lies.
    let kept = (v >> drop).as_u128() | u128::from(rest != U256::ZERO);
    kept as f64 * 2f64.powi(drop as i32)
}

/// As `of_u256`.
pub fn of_i256(v: I256) -> f64 {
    let size = of_u256(v.unsigned_abs());
    if v < I256::ZERO { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_doubles() {
        for text in [
            "1",
            "9007199254740993",
            "340282366920938463463374607431768211457",
            "-123456789012345678901234567890123456789012345678901",
        ] {
            let v: I256 = text.parse().unwrap();
            assert_eq!(of_i256(v).to_bits(), text.parse::<f64>().unwrap().to_bits(), "{text}");
        }
        assert_eq!(of_u256(U256::MAX), 1.157920892373162e77);
        assert!((0..=76).all(|n| pow10(n) == format!("1e{n}").parse::<f64>().unwrap()));
    }
}
