//! Selection by Floyd and Rivest (CACM 18, 1975, algorithm 489): the k-th item stands at its place, those that go
//! before it stand before. Equal items end in the order that this sequence of exchanges gives them; ClickHouse makes the
//! same one, so that ties come out alike. Linear in the number of items.

/// Ranges that are longer are narrowed by a sample first.
const SAMPLED: usize = 600;

/// Puts the first `n` items in order in front, as `before` says; the rest follow in no order.
pub fn first_in_order<T>(items: &mut [T], n: usize, before: impl Fn(&T, &T) -> bool) {
    let n = n.min(items.len());
    if n == 0 {
        return;
    }
    select(items, n - 1, &before);
    items[..n].sort_by(|a, b| before(b, a).cmp(&before(a, b)));
}

/// Puts item `k` of the order at its place.
pub fn select<T>(items: &mut [T], k: usize, before: &impl Fn(&T, &T) -> bool) {
    if k < items.len() {
        narrow(items, 0, items.len() - 1, k, before);
    }
}

fn narrow<T>(items: &mut [T], mut left: usize, mut right: usize, k: usize, before: &impl Fn(&T, &T) -> bool) {
    while right > left {
        if right - left > SAMPLED {
            let (low, high) = sample(left, right, k);
            narrow(items, low, high, k, before);
        }
        let cut = partition(items, left, right, k, before);
        if cut <= k {
            left = cut + 1;
        }
        if k <= cut {
            if cut == 0 {
                return;
            }
            right = cut - 1;
        }
    }
}

/// The part of a long range in which item `k` is expected.
fn sample(left: usize, right: usize, k: usize) -> (usize, usize) {
    let n = (right - left + 1) as f64;
    let i = (k - left + 1) as f64;
    let z = n.ln();
    let s = 0.5 * (2.0 * z / 3.0).exp();
    let spread = 0.5 * (z * s * (n - s) / n).sqrt();
    let spread = if k - left + 1 < (right - left).div_ceil(2) { -spread } else { spread };
    let low = (k as f64 - i * s / n + spread) as i64;
    let high = (k as f64 + (n - i) * s / n + spread) as i64;
    ((low.max(left as i64) as usize).min(k), (high.min(right as i64).max(k as i64)) as usize)
}

/// Parts a range around the item at `k`; where that item stands then.
fn partition<T>(
    items: &mut [T],
    left: usize,
    right: usize,
    k: usize,
    before: &impl Fn(&T, &T) -> bool,
) -> usize {
    items.swap(left, k);
    let swapped = before(&items[left], &items[right]);
    if swapped {
        items.swap(left, right);
    }
    // The first exchange below brings the pivot here, where it stays.
    let pivot = if swapped { left } else { right };
    let (mut i, mut j) = (left, right);
    while i < j {
        items.swap(i, j);
        i += 1;
        j -= 1;
        while before(&items[i], &items[pivot]) {
            i += 1;
        }
        while before(&items[pivot], &items[j]) {
            j -= 1;
        }
    }
    if swapped {
        items.swap(left, j);
        j
    } else {
        items.swap(right, j + 1);
        j + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_in_order() {
        let mut state = 88172645463325252u64;
        for n in [1usize, 2, 3, 7, 64, 599, 700, 5000] {
            for modulus in [1, 2, 10, u64::MAX] {
                let items: Vec<u64> = (0..n)
                    .map(|_| {
                        state ^= state << 13;
                        state ^= state >> 7;
                        state ^= state << 17;
                        state % modulus
                    })
                    .collect();
                let mut sorted = items.clone();
                sorted.sort_unstable_by(|a, b| b.cmp(a));
                for k in [1, n / 2, n] {
                    let mut part = items.clone();
                    first_in_order(&mut part, k, |a, b| a > b);
                    assert_eq!(part[..k.min(n)], sorted[..k.min(n)], "{k} of {n} below {modulus}");
                    part.sort_unstable_by(|a, b| b.cmp(a));
                    assert_eq!(part, sorted);
                }
            }
        }
    }

    #[test]
    fn ties_as_clickhouse() {
        let mut all = [(0, 25), (1, 25), (2, 25), (3, 25)];
        first_in_order(&mut all, 4, |a, b| a.1 > b.1);
        assert_eq!(all.map(|v| v.0), [0, 2, 3, 1]);
        let mut some: Vec<(u32, u32)> = (0..7).map(|i| (i, if i < 2 { 15 } else { 14 })).collect();
        first_in_order(&mut some, 5, |a, b| a.1 > b.1);
        assert_eq!(some[..5].iter().map(|v| v.0).collect::<Vec<_>>(), [1, 0, 6, 5, 4]);
    }
}
