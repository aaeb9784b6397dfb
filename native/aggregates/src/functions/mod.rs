//! The aggregate functions, a tight family to a file. Each file lists what it defines in `DEFS`.

use crate::registry::AggregateDef;

macro_rules! registry {
    ($($file:ident),* $(,)?) => {
        $(pub mod $file;)*
        /// The definitions of every file.
        pub static DEFS: &[&[AggregateDef]] = &[$($file::DEFS),*];
    };
}

// what several of them are made of
mod distributions;
mod events;
mod levels;
mod pattern;
mod sketch;

registry! {
    any,
    arg_min_max,
    association,
    avg,
    count,
    covariance,
    datasketch,
    delta_sum,
    entropy,
    group_array,
    group_array_intersect,
    group_array_picked,
    group_bit,
    group_bitmap,
    group_concat,
    group_uniq_array,
    histogram,
    hyper_log_log,
    hypothesis,
    intervals,
    lttb,
    mapped_arrays,
    min_max,
    moments,
    moving,
    one_value,
    pairs_of_numbers,
    quantile_exact,
    quantile_sketch,
    quantile_weighted,
    retention,
    sequence,
    sequence_next_node,
    sparkbar,
    stochastic,
    sum,
    top_k,
    uniq,
    uniq_exact,
    window_funnel,
}
