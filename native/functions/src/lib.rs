//! Scalar functions. `resolve` binds a name to argument types; `Call::eval` computes a column.
//!
//! Each family is a module with a `DEFS` table: names, signature, one line of documentation, examples and
//! the function that checks argument types and returns the kernel. What all share (constants, NULLs,
//! LowCardinality, dictionary codes) is in `call.rs`, so that kernels see flat or constant columns only.

mod args;
mod bind;
mod call;
mod decimal;
mod def;
mod integer;
mod lanes;
mod primes;
mod registry;
mod session;
mod supertype;
mod tuple_vectors;
mod wide_float;

pub use args::gathered;
pub use call::{Arg, Call, LambdaFn, Value, find, lambda_params, resolve};
pub use cast::{CastMode, cast};
pub use conditional::as_branch;
pub use def::FunctionDef;
pub use registry::{Extension, extend, registry};
pub use session::Session;
pub use supertype::common_type;

/// What a function of another crate is made of; see `extend`.
pub mod parts {
    pub use crate::args::{i64s, u64s};
    pub use crate::bind::{Bind, Bound, Ctx, bound};
    pub use crate::def::f;
}

/// Declares the families and lists their definitions.
macro_rules! registry {
    ($($module:ident $category:literal [$($defs:path),* $(,)?]),* $(,)?) => {
        $(mod $module;)*
        pub(crate) static FAMILIES: &[(&str, &[FunctionDef])] = &[$($(($category, $defs)),*),*];
    };
}

registry! {
    arithmetic "Arithmetic" [arithmetic::DEFS],
    bitmap "Bitmaps" [bitmap::DEFS],
    bits "Bits" [bits::DEFS],
    arrays "Arrays" [arrays::basic::DEFS, arrays::lambda::DEFS, arrays::make::DEFS, arrays::metrics::DEFS, arrays::order::DEFS, arrays::sets::DEFS, arrays::totals::DEFS],
    cast "Type conversion" [cast::DEFS],
    curves "Space-filling curves" [curves::DEFS],
    compare "Comparison" [compare::DEFS],
    conditional "Conditional and NULL" [conditional::DEFS, conditional::extremes::DEFS],
    dates "Dates and times" [dates::add::DEFS, dates::diff::DEFS, dates::format::DEFS, dates::make::DEFS, dates::now::DEFS, dates::parse::DEFS, dates::parts::DEFS, dates::start::DEFS],
    estimates "Sketches" [estimates::DEFS],
    geo "Geographical" [geo::DEFS],
    hash "Hashes" [hash::DEFS, hash::crypto::DEFS, hash::more::DEFS, hash::shingles::DEFS, hash::shingles::DISTANCES, hash::shingles::SPARSE],
    ip "IP addresses and UUIDs" [ip::DEFS],
    json "JSON" [json::DEFS, json::EXTRACT, json::path::DEFS, json::simple::DEFS],
    logic "Logical" [logic::DEFS],
    maps "Maps" [maps::DEFS],
    math "Mathematical" [math::DEFS, math::round::DEFS],
    lake "Partitions and tables of others" [lake::DEFS],
    misc "Other" [misc::DEFS],
    nested "Tuples, arrays and maps" [nested::DEFS],
    random "Random and row-dependent" [random::DEFS],
    reinterpret "Bytes and decimals" [reinterpret::DEFS],
    server "Server" [server::DEFS],
    shapes "Geographical" [shapes::measure::DEFS, shapes::pairs::DEFS, shapes::svg::DEFS, shapes::wkt::DEFS],
    statistics "Statistics and finance" [statistics::DEFS, statistics::finance::DEFS],
    ids "Identifiers" [ids::DEFS],
    colors "Colors" [colors::DEFS],
    strings "Strings" [
        strings::basic::DEFS, strings::charset::DEFS, strings::collation::DEFS,
        strings::distance::DEFS, strings::encode::DEFS, strings::format::DEFS, strings::like::DEFS, strings::regexp::DEFS,
        strings::replace::DEFS, strings::search::DEFS, strings::search::MULTI, strings::split::DEFS, strings::utf8::DEFS,
        strings::multi_match::DEFS, strings::parts::DEFS, strings::query::DEFS, strings::text::DEFS, strings::tokens::DEFS, strings::unicode::DEFS,
    ],
    tuples "Tuples" [tuples::DEFS],
    url "URLs" [url::DEFS],
    vectors "Distances" [vectors::DEFS],
}
