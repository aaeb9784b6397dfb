//! Adding to the sums of few groups. Rows of one group that follow each other would wait for its sum to come
//! back from memory; so there are several sums of each group, which rows take in turn.

use crate::Groups;

/// so many groups are few
const GROUPS: usize = 16;
const LANES: usize = 4;
/// fewer rows gain nothing
const ROWS_MIN: usize = 256;

/// Adds value i to the sum of group `groups[i]`. `plus` has to be exact: the order of additions is another.
#[inline]
pub fn scatter<A: Copy + Default, T: Copy>(
    sums: &mut [A],
    groups: &[u32],
    values: &[T],
    plus: impl Fn(A, A) -> A,
    of: impl Fn(T) -> A,
) {
    if sums.len() > GROUPS || values.len() < ROWS_MIN {
        for (g, v) in groups.iter().zip(values) {
            let s = &mut sums[*g as usize];
            *s = plus(*s, of(*v));
        }
        return;
    }
    let mut lanes = [[A::default(); GROUPS]; LANES];
    let (some, values_some) = (groups.chunks_exact(LANES), values.chunks_exact(LANES));
    let rest = some.remainder().iter().zip(values_some.remainder());
    for (gs, vs) in some.zip(values_some) {
        for ((lane, g), v) in lanes.iter_mut().zip(gs).zip(vs) {
            let s = &mut lane[*g as usize % GROUPS];
            *s = plus(*s, of(*v));
        }
    }
    for (g, v) in rest {
        let s = &mut lanes[0][*g as usize % GROUPS];
        *s = plus(*s, of(*v));
    }
    for lane in &lanes {
        for (s, l) in sums.iter_mut().zip(lane) {
            *s = plus(*s, *l);
        }
    }
}

/// Counts rows by group.
pub fn count_rows(counts: &mut [u64], groups: Groups<'_>, rows: usize) {
    match groups {
        Groups::One(g) => counts[g as usize] += rows as u64,
        // the groups' own numbers are as good as any values
        Groups::Each(gs) => scatter(counts, gs, gs, |a, b| a + b, |_| 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_as_many() {
        for groups in [1u32, 3, 16, 17, 100] {
            for rows in [0usize, 5, 255, 256, 1003] {
                let gs: Vec<u32> = (0..rows as u32).map(|i| i * 7 % groups).collect();
                let values: Vec<i64> = (0..rows as i64).map(|i| i * 31 - 999).collect();
                let mut expected = vec![5i128; groups as usize];
                gs.iter().zip(&values).for_each(|(g, v)| expected[*g as usize] += i128::from(*v));
                let mut sums = vec![5i128; groups as usize];
                scatter(&mut sums, &gs, &values, |a, b| a + b, i128::from);
                assert_eq!(sums, expected);
                let mut counts = vec![0; groups as usize];
                count_rows(&mut counts, Groups::Each(&gs), rows);
                assert_eq!(counts.iter().sum::<u64>(), rows as u64);
            }
        }
    }
}
