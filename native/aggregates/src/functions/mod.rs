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
    min_max,
    sum,
    uniq_exact,
}
