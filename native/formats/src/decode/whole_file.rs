//! Files that are read from their end: nothing before the whole body is there, then one block after the other.

use super::{Block, Reader, Rows, Step};
use types::Result;
use types::text::Cursor;

type Blocks = Box<dyn Iterator<Item = Result<Block>> + Send>;
type Open = Box<dyn Fn(Vec<u8>) -> Result<Blocks> + Send>;

pub(crate) struct WholeFile {
    open: Open,
    data: Vec<u8>,
    blocks: Option<Blocks>,
}

impl WholeFile {
    /// `open` gets the body once and gives its blocks.
    pub fn new(open: impl Fn(Vec<u8>) -> Result<Blocks> + Send + 'static) -> Self {
        WholeFile { open: Box::new(open), data: Vec::new(), blocks: None }
    }
}

impl Reader for WholeFile {
    fn whole(&self) -> bool {
        true
    }
    fn own(&mut self, data: Vec<u8>) -> Option<Vec<u8>> {
        self.data = data;
        None
    }
    fn is_text(&self) -> bool {
        false
    }
    fn step(&mut self, c: &mut Cursor<'_>, _rows: &mut Rows, _eof: bool) -> Result<Step> {
        let blocks = match &mut self.blocks {
            Some(blocks) => blocks,
            none => none.insert((self.open)(std::mem::take(&mut self.data))?),
        };
        match blocks.next() {
            Some(block) => Ok(Step::Block(Box::new(block?))),
            None => {
                c.pos = c.data.len();
                Ok(Step::End)
            }
        }
    }
}
