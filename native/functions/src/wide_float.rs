//! Floats as integers of 128 and 256 bits, digit for digit as ClickHouse converts them: beyond 64 bits it
//! divides by 2⁶⁴ − 1 in extended precision (64 bits of mantissa), so that 1e20 becomes 100000000000000000003.

use types::{I256, U256};

const MOST: u64 = u64::MAX;
const TWO_64: f64 = 18_446_744_073_709_551_616.0;

/// The integer, wrapped to 256 bits; 0 for what is not finite.
pub fn to_i256(x: f64) -> I256 {
    if !x.is_finite() {
        return I256::ZERO;
    }
    if x.abs() < 9_223_372_036_854_775_807.0 {
        return I256::from(x as i64);
    }
    let size = magnitude(x.abs());
    if x < 0.0 { size.wrapping_neg() } else { size }
}

/// `x` ≥ 2⁶³: quotient and remainder by 2⁶⁴ − 1 as extended precision gives them.
fn magnitude(x: f64) -> I256 {
    if x >= TWO_64 * TWO_64 {
        return times_plus(halves(x / TWO_64), remainder_of_large(x));
    }
    let exact: U256 = ethnum::AsU256::as_u256(x);
    let quotient = rounded_quotient(exact);
    let product = extended(quotient * U256::from(MOST));
    let rest = exact.wrapping_sub(product);
    times_plus(I256::from(quotient.as_u128() as i128), rest.as_u64())
}

/// In doubles, where 2⁶⁴ − 1 is 2⁶⁴.
fn halves(alpha: f64) -> I256 {
    let next = alpha / TWO_64;
    let head = if next <= TWO_64 { I256::from(next as u64) } else { halves(next) };
    times_plus(head, (alpha - next.floor() * TWO_64) as u64)
}

/// What extended precision leaves of a number beyond 2¹²⁸: its digits end above 2⁶⁴.
fn remainder_of_large(x: f64) -> u64 {
    let exact: U256 = ethnum::AsU256::as_u256(x);
    let quotient = extended(exact / U256::from(MOST));
    exact.wrapping_sub(extended(quotient.wrapping_mul(U256::from(MOST)))).as_u64()
}

fn times_plus(head: I256, rest: u64) -> I256 {
    head.wrapping_mul(I256::from(MOST)).wrapping_add(I256::from(rest))
}

/// x / (2⁶⁴ − 1) with 64 bits of mantissa, without its fraction.
fn rounded_quotient(x: U256) -> U256 {
    let by = U256::from(MOST);
    let (whole, rest) = (x / by, x % by);
    let bits = 256 - whole.leading_zeros();
    // A fraction so near to 1 that it is rounded up.
    let near = (by - rest) << 65u32.saturating_sub(bits);
    if rest != U256::ZERO && near <= by { whole + U256::ONE } else { whole }
}

/// Rounded to 64 bits of mantissa, halves to even.
fn extended(x: U256) -> U256 {
    let bits = 256 - x.leading_zeros();
    if bits <= 64 {
        return x;
    }
    let drop = bits - 64;
    let (kept, rest) = (x >> drop, x & ((U256::ONE << drop) - U256::ONE));
    let half = U256::ONE << (drop - 1);
    let up = rest > half || (rest == half && kept & U256::ONE == U256::ONE);
    (if up { kept + U256::ONE } else { kept }) << drop
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_clickhouse_converts() {
        assert_eq!(to_i256(1e20).to_string(), "100000000000000000003");
        assert_eq!(to_i256(-1e20).to_string(), "-100000000000000000003");
        assert_eq!(to_i256(1e30).to_string(), "1000000000000000019899134206768");
        assert_eq!(to_i256(12345.9).to_string(), "12345");
        assert_eq!(to_i256(f64::NAN), I256::ZERO);
    }
}
