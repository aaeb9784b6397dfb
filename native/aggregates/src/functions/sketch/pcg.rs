//! The generator that ClickHouse samples with: PCG's 32-bit output of a multiplicative generator of 64 bits.
//! Source: O'Neill, "PCG: a family of simple fast space-efficient statistically good algorithms".

const FACTOR: u64 = 6_364_136_223_846_793_005;

#[derive(Clone, Copy)]
pub struct Pcg(u64);

impl Default for Pcg {
    fn default() -> Self {
        Pcg::new(123_456)
    }
}

impl Pcg {
    pub fn new(seed: u64) -> Self {
        Pcg(seed | 3)
    }
    fn next(&mut self) -> u64 {
        let state = self.0;
        self.0 = state.wrapping_mul(FACTOR);
        u64::from(((state ^ (state >> 22)) >> (22 + (state >> 61))) as u32)
    }
    /// A number below `limit`, which is not 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        if limit <= u64::from(u32::MAX) {
            return self.next() % limit;
        }
        let high = self.next() << 32;
        high.wrapping_add(self.next()) % limit
    }
    /// Factor, summand and state, as C++ writes such generators.
    pub fn text(self) -> String {
        format!("{FACTOR} 0 {}", self.0)
    }
    pub fn of_text(text: &str) -> Option<Self> {
        let state = text.strip_prefix(&format!("{FACTOR} 0 "))?;
        state.parse().ok().map(Pcg)
    }
}
