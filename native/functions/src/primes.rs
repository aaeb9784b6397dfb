//! Whether a large number is prime, by the test of Miller and Rabin.

use crate::args::u8_col;
use crate::bind::{Bind, Bound, bound};
use types::{Data, Error, Result, Type, U256};

const BASES: [u64; 40] = [
    2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103,
    107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167, 173,
];

pub fn probable(b: &Bind<'_>) -> Result<Bound> {
    b.arity(1, 2)?;
    if !matches!(b.ty(0).int_bits(), Some((_, false))) {
        return Err(b.illegal(0, "an unsigned integer"));
    }
    let rounds = if b.len() == 2 { b.const_int(1)? } else { 25 };
    if !(1..=1000).contains(&rounds) {
        return Err(Error::bad_arguments(
            "The number of rounds of function isProbablePrime must be between 1 and 1000",
        ));
    }
    let rounds = (rounds as usize).min(BASES.len());
    bound(Type::UInt8, move |c| {
        let flat = c.col(0).flat();
        let values: Vec<U256> = match &flat.data {
            Data::U256(v) => v.to_vec(),
            Data::U128(v) => v.iter().map(|x| U256::from(*x)).collect(),
            _ => {
                let v = crate::args::u64s(&flat);
                (0..c.rows).map(|i| U256::from(v.at(i))).collect()
            }
        };
        Ok(u8_col(values.into_iter().map(|n| u8::from(is_prime(n, rounds))).collect()))
    })
}

fn is_prime(n: U256, rounds: usize) -> bool {
    if n < U256::from(2u8) {
        return false;
    }
    for p in BASES {
        if n == U256::from(p) {
            return true;
        }
        if n % U256::from(p) == U256::ZERO {
            return false;
        }
    }
    let one = U256::ONE;
    let less = n - one;
    let twos = less.trailing_zeros();
    let odd = less >> twos;
    BASES.iter().take(rounds).all(|a| {
        let mut x = power(U256::from(*a), odd, n);
        if x == one || x == less {
            return true;
        }
        for _ in 1..twos {
            x = times(x, x, n);
            if x == less {
                return true;
            }
        }
        false
    })
}

fn power(mut a: U256, mut e: U256, n: U256) -> U256 {
    let mut out = U256::ONE;
    while e != U256::ZERO {
        if e & U256::ONE == U256::ONE {
            out = times(out, a, n);
        }
        a = times(a, a, n);
        e >>= 1;
    }
    out
}

/// a · b mod n, both below n.
fn times(a: U256, b: U256, n: U256) -> U256 {
    if n.leading_zeros() >= 128 {
        return a * b % n;
    }
    let add = |x: U256, y: U256| if x >= n - y { x - (n - y) } else { x + y };
    let (mut out, mut a, mut b) = (U256::ZERO, a, b);
    while b != U256::ZERO {
        if b & U256::ONE == U256::ONE {
            out = add(out, a);
        }
        a = add(a, a);
        b >>= 1;
    }
    out
}
