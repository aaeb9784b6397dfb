//! The values of colonnade: SQL types, columns, batches, and what every crate above shares
//! (errors, memory accounting, cancellation). Knows no files, no functions, no plans.

pub mod batch;
pub mod bfloat;
pub mod bitmap;
pub mod buf;
pub mod builder;
pub mod cancel;
pub mod city;
pub mod codes;
pub mod column;
pub mod compare;
pub mod error;
pub mod float;
pub mod memory;
pub mod parse;
pub mod re2;
pub mod scalar;
pub mod text;
pub mod ty;
pub mod tz;

pub use batch::{Batch, Field, Schema};
pub use bitmap::Bitmap;
pub use buf::Buf;
pub use builder::ColumnBuilder;
pub use cancel::Cancel;
pub use column::{ArrayData, Column, Data, Dict, FixedData, StrData};
pub use error::{Error, Result};
pub use ethnum::{I256, U256};
pub use memory::{Memory, Reservation, check_room};
pub use scalar::Scalar;
pub use ty::{EnumDef, IntervalKind, Type};
