use super::*;

fn filled<S: Sketch>(values: std::ops::Range<i64>) -> S {
    let mut s = S::new(S::SIZES.1);
    values.for_each(|v| s.update(Item::Int(v)));
    s
}

fn counts<S: Counts>() {
    let mut a: S = filled(0..6_000);
    let b: S = filled(4_000..10_000);
    let again = S::read(&a.write()).expect("reads");
    assert_eq!(again.estimate(), a.estimate());
    a.merge(&b).expect("merges");
    assert!((a.estimate() - 10_000.0).abs() < 500.0, "{}", a.estimate());
    let (lower, upper) = a.bounds(3);
    assert!(lower <= 10_000.0 && 10_000.0 <= upper);
    let mut empty = S::new(S::SIZES.1);
    assert_eq!(empty.estimate(), 0.0);
    empty.merge(&b).expect("merges");
    assert_eq!(empty.estimate(), b.estimate());
    damaged::<S>(&b.write());
}

/// Damaged bytes are refused or are another sketch; nothing panics.
fn damaged<S: Sketch>(bytes: &[u8]) {
    for cut in (0..bytes.len()).step_by(bytes.len() / 50 + 1) {
        let _ = S::read(&bytes[..cut]);
    }
    for i in 0..bytes.len().min(64) {
        for flip in [1u8, 0x80, 0xff] {
            let mut b = bytes.to_vec();
            b[i] ^= flip;
            let _ = S::read(&b);
        }
    }
}

#[test]
fn distinct_counts() {
    counts::<Hll>();
    counts::<Theta>();
    counts::<Cpc>();
}

#[test]
fn sets_of_theta() {
    let (a, b): (Theta, Theta) = (filled(0..3_000), filled(1_000..3_500));
    assert_eq!(a.intersect(&b).expect("intersects").estimate(), 2_000.0);
    assert_eq!(a.subtract(&b).expect("subtracts").estimate(), 1_000.0);
}

#[test]
fn quantiles() {
    let (mut kll, mut digest): (Kll, Digest) = (filled(0..50_000), filled(0..50_000));
    kll.merge(&filled(50_000..100_000)).expect("merges");
    digest.merge(&filled(50_000..100_000)).expect("merges");
    for (q, name) in [(kll.quantile(0.5), "kll"), (digest.quantile(0.5), "t-digest")] {
        let q = q.expect("has a median");
        assert!((q - 50_000.0).abs() < 3_000.0, "{name}: {q}");
    }
    assert_eq!(Kll::read(&kll.write()).expect("reads").quantile(0.9), kll.quantile(0.9));
    assert_eq!(Digest::read(&digest.write()).expect("reads").quantile(0.9), digest.quantile(0.9));
    assert_eq!(Kll::new(200).quantile(0.5), None);
    damaged::<Kll>(&kll.write());
    damaged::<Digest>(&digest.write());
}

#[test]
fn frequent_texts() {
    let mut s = Frequent::new(10);
    for i in 0..1_000 {
        s.update(Item::Bytes(if i % 3 == 0 { b"often" } else { b"more" }));
    }
    let rows = Frequent::read(&s.write()).expect("reads").rows();
    assert_eq!(rows[0].item, "more");
    assert_eq!((rows[1].lower, rows[1].estimate, rows[1].upper), (334, 334, 334));
    damaged::<Frequent>(&s.write());
}
