//! What a column of numbers holds where it is NULL: expressions compute there, too, and sums kept of a
//! block must not know.

use types::{Column, match_numeric};

/// The column with 0 under each NULL; none when it is so already.
pub fn settled(c: &Column) -> Option<Column> {
    let nulls = c.nulls.as_ref()?.ones();
    match_numeric!(&c.data, v, W => {
        zeroed(v.as_slice(), &nulls).map(|v| Column { data: W(v.into()), nulls: c.nulls.clone() })
    }, None)
}

fn zeroed<T: Copy + Default + PartialEq>(values: &[T], at: &[u32]) -> Option<Vec<T>> {
    let zero = T::default();
    at.iter().any(|&i| values[i as usize] != zero).then(|| {
        let mut plain = values.to_vec();
        at.iter().for_each(|&i| plain[i as usize] = zero);
        plain
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use types::{Bitmap, Data};

    #[test]
    fn only_values_under_nulls_become_zeros() {
        let nulls = Arc::new(Bitmap::from_fn(3, |i| i == 1));
        let column = |v: Vec<f64>| Column { data: Data::F64(v.into()), nulls: Some(nulls.clone()) };
        assert!(settled(&column(vec![1.0, 0.0, 2.0])).is_none());
        let Some(made) = settled(&column(vec![1.0, f64::NAN, 2.0])) else { panic!("nothing settled") };
        let Data::F64(v) = &made.data else { panic!("another type") };
        assert_eq!(v.as_slice(), [1.0, 0.0, 2.0]);
        assert!(made.is_null(1));
    }
}
