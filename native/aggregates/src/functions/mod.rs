//! The aggregate functions, a tight family to a file. Each file lists what it defines in `DEFS`.

use crate::registry::AggregateDef;

macro_rules! registry {
    ($($file:ident),* $(,)?) => {
        $(pub mod $file;)*
        /// The definitions of every file.
        pub static DEFS: &[&[AggregateDef]] = &[$($file::DEFS),*];
    };
}

registry! {
    any,
    arg_min_max,
    avg,
    count,
    covariance,
    group_array,
    group_array_picked,
    group_bit,
    group_uniq_array,
    levels,
    min_max,
    moments,
    quantile_exact,
    quantile_sketch,
    quantile_weighted,
    sketch,
    sum,
    uniq,
    uniq_exact,
}
