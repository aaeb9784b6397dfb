//! Special functions: the error function and the gamma function, by series and approximations.


/// Complementary error function: series below 2.5, continued fraction above.
pub fn erfc(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    let z = x.abs();
    if z < 2.5 {
        return 1.0 - erf(x);
    }
    if z > 27.0 {
        return if x > 0.0 { 0.0 } else { 2.0 };
    }
    // Lentz's evaluation of the continued fraction.
    let mut f = z;
    for k in (1..=120).rev() {
        f = z + f64::from(k) / 2.0 / f;
    }
    let tail = (-z * z).exp() / (f * std::f64::consts::PI.sqrt());
    if x > 0.0 { tail } else { 2.0 - tail }
}

pub(super) fn erf(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    let z = x.abs();
    if z >= 2.5 {
        return x.signum() * (1.0 - erfc(z));
    }
    let (mut term, mut sum, mut n) = (z, z, 0.0);
    loop {
        n += 1.0;
        term *= -z * z / n;
        let add = term / (2.0 * n + 1.0);
        sum += add;
        if add.abs() < 1e-17 * sum.abs().max(1e-300) {
            break;
        }
    }
    x.signum() * sum * std::f64::consts::FRAC_2_SQRT_PI
}

/// Lanczos' approximation with g = 7, n = 9.
const LANCZOS: [f64; 9] = [
    0.999_999_999_999_809_9, 676.520_368_121_885_1, -1_259.139_216_722_402_8, 771.323_428_777_653_1, -176.615_029_162_140_6, 12.507_343_278_686_905,
    -0.138_571_095_265_720_12, 9.984_369_578_019_572e-6, 1.505_632_735_149_311_6e-7,
];

pub(super) fn lgamma(x: f64) -> f64 {
    if x.is_nan() || x == f64::INFINITY {
        return x;
    }
    if x <= 0.0 && x == x.floor() {
        return if x == 0.0 { f64::INFINITY } else { f64::NAN };
    }
    if x < 0.5 {
        let s = (std::f64::consts::PI * x).sin().abs();
        return (std::f64::consts::PI / s).ln() - lgamma(1.0 - x);
    }
    if x == 1.0 || x == 2.0 {
        return 0.0;
    }
    let x = x - 1.0;
    let t = x + 7.5;
    let sum = LANCZOS.iter().enumerate().skip(1).fold(LANCZOS[0], |a, (k, c)| a + c / (x + k as f64));
    0.5 * (2.0 * std::f64::consts::PI).ln() + (x + 0.5) * t.ln() - t + sum.ln()
}

pub(super) fn tgamma(x: f64) -> f64 {
    if x <= 0.0 && x == x.floor() {
        return if x == 0.0 { 1.0 / x } else { f64::NAN };
    }
    if x == x.floor() && x > 0.0 && x < 171.0 {
        return (2..x as u64).fold(1.0, |a, k| a * k as f64);
    }
    if x < 0.5 {
        return std::f64::consts::PI / ((std::f64::consts::PI * x).sin() * tgamma(1.0 - x));
    }
    let y = x - 1.0;
    let t = y + 7.5;
    let sum = LANCZOS.iter().enumerate().skip(1).fold(LANCZOS[0], |a, (k, c)| a + c / (y + k as f64));
    (2.0 * std::f64::consts::PI).sqrt() * t.powf(y + 0.5) * (-t).exp() * sum
}
