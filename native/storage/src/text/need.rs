//! What conditions on a text ask for, and what that means for its tokens. A row that meets the condition
//! meets the need; not every row that meets the need meets the condition.

use super::tokenizer::{Tokenizer, in_word};

/// A piece that the text must hold. Closed: the text begins or ends there.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    pub text: Vec<u8>,
    pub open_left: bool,
    pub open_right: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// `hasToken`: between bytes that are no part of words
    Word(Vec<u8>),
    Piece(Piece),
    All(Vec<Ask>),
    Any(Vec<Ask>),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Need {
    Token(Vec<u8>),
    /// a token that begins, ends, or is anywhere like this
    Prefix(Vec<u8>),
    Suffix(Vec<u8>),
    Part(Vec<u8>),
    All(Vec<Need>),
    Any(Vec<Need>),
    /// tokens do not tell
    Unknown,
}

/// n-grams of one piece that are asked for
const GRAMS_MAX: usize = 64;

impl Ask {
    pub fn need(&self, tokenizer: &Tokenizer) -> Need {
        match self {
            Ask::All(list) => Need::All(list.iter().map(|a| a.need(tokenizer)).collect()),
            Ask::Any(list) => Need::Any(list.iter().map(|a| a.need(tokenizer)).collect()),
            Ask::Word(word) => match tokenizer {
                Tokenizer::Words if word.iter().all(|b| in_word(*b)) => Need::Token(word.clone()),
                Tokenizer::Words => Need::Unknown,
                _ => Piece { text: word.clone(), open_left: true, open_right: true }.need(tokenizer),
            },
            Ask::Piece(piece) => piece.need(tokenizer),
        }
    }
}

impl Piece {
    fn need(&self, tokenizer: &Tokenizer) -> Need {
        if self.text.is_empty() {
            return Need::Unknown;
        }
        match tokenizer {
            Tokenizer::Whole => self.run(&self.text, true, true),
            Tokenizer::Words => self.runs(&in_word),
            Tokenizer::Split(list) if list.iter().all(|s| s.len() == 1) => {
                self.runs(&|b| !list.iter().any(|s| s[0] == b))
            }
            Tokenizer::Split(_) if !self.open_left && !self.open_right => {
                let mut tokens = Vec::new();
                tokenizer.each(&self.text, &mut |t| tokens.push(Need::Token(t.to_vec())));
                all(tokens)
            }
            Tokenizer::Split(_) => Need::Unknown,
            Tokenizer::Grams(n) if self.text.len() < usize::from(*n) => Need::Part(self.text.clone()),
            Tokenizer::Grams(n) => {
                let grams = self.text.windows(usize::from(*n)).take(GRAMS_MAX);
                Need::All(grams.map(|g| Need::Token(g.to_vec())).collect())
            }
        }
    }

    /// Runs of bytes that tokens are made of.
    fn runs(&self, inside: &dyn Fn(u8) -> bool) -> Need {
        let mut out = Vec::new();
        let mut from = 0;
        for run in self.text.split(|b| !inside(*b)) {
            let to = from + run.len();
            if !run.is_empty() {
                out.push(self.run(run, from == 0, to == self.text.len()));
            }
            from = to + 1;
        }
        all(out)
    }

    /// A run of the piece: at its edges the token may go on.
    fn run(&self, run: &[u8], first: bool, last: bool) -> Need {
        let run = run.to_vec();
        match (first && self.open_left, last && self.open_right) {
            (false, false) => Need::Token(run),
            (false, true) => Need::Prefix(run),
            (true, false) => Need::Suffix(run),
            (true, true) => Need::Part(run),
        }
    }
}

fn all(list: Vec<Need>) -> Need {
    if list.is_empty() { Need::Unknown } else { Need::All(list) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(text: &str, open_left: bool, open_right: bool) -> Ask {
        Ask::Piece(Piece { text: text.into(), open_left, open_right })
    }
    fn token(t: &str) -> Need {
        Need::Token(t.into())
    }

    #[test]
    fn edges_of_pieces_may_lie_within_words() {
        let words = Tokenizer::Words;
        assert_eq!(
            piece("ab cd-ef", true, true).need(&words),
            Need::All(vec![Need::Suffix("ab".into()), token("cd"), Need::Prefix("ef".into())])
        );
        assert_eq!(piece(" ab ", true, true).need(&words), Need::All(vec![token("ab")]));
        assert_eq!(piece("ab", true, true).need(&words), Need::All(vec![Need::Part("ab".into())]));
        assert_eq!(piece("ab", false, false).need(&words), Need::All(vec![token("ab")]));
        assert_eq!(piece("--", true, true).need(&words), Need::Unknown);
        assert_eq!(Ask::Word("a b".into()).need(&words), Need::Unknown);
        assert_eq!(
            piece("abcd", true, true).need(&Tokenizer::Grams(3)),
            Need::All(vec![token("abc"), token("bcd")])
        );
        assert_eq!(piece("ab", true, true).need(&Tokenizer::Grams(3)), Need::Part("ab".into()));
        let split = Tokenizer::Split(vec![b", ".to_vec()]);
        assert_eq!(piece("a, b", true, true).need(&split), Need::Unknown);
        assert_eq!(piece("a, b", false, false).need(&split), Need::All(vec![token("a"), token("b")]));
    }

    #[test]
    fn written_forms_come_back() {
        let split = Tokenizer::Split(vec![b" ".to_vec(), b"\n;".to_vec()]);
        for t in [Tokenizer::Words, Tokenizer::Whole, Tokenizer::Grams(4), split] {
            assert_eq!(Tokenizer::parse(&t.written()), Some(t));
        }
        for bad in ["", "grams", "grams 0", "split", "split 2", "split zz", "other"] {
            assert_eq!(Tokenizer::parse(bad), None, "{bad}");
        }
    }
}
