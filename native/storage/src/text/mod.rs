//! Indexes of the words or n-grams of texts: what a text is cut into, what a condition wants of the pieces,
//! and which rows or blocks have them.

mod index;
mod need;
mod postings;
mod tokenizer;

pub use index::TextIndex;
pub use need::{Ask, Need, Piece};
pub(crate) use postings::{Chunk, PostingsWriter};
pub use tokenizer::Tokenizer;
pub(crate) use tokenizer::token_hashes;
