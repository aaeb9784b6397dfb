//! Times of a clock, where values must fit.

/// Whether what stands between colons is less than a day has: `best_effort` adds up any hours and minutes, as
/// ClickHouse does, and rows that must fit may not.
pub fn clock_fits(text: &[u8]) -> bool {
    let digits =
        |part: &[u8]| part.iter().fold(0u32, |v, b| v.saturating_mul(10).saturating_add(u32::from(b - b'0')));
    let leading =
        |part: &[u8]| digits(&part[..part.iter().position(|b| !b.is_ascii_digit()).unwrap_or(part.len())]);
    let mut parts = text.split(|b| *b == b':');
    let first = parts.next().unwrap_or_default();
    let hours = first.iter().rposition(|b| !b.is_ascii_digit()).map_or(0, |n| n + 1);
    let mut rest = parts.take(2).peekable();
    rest.peek().is_none() || (digits(&first[hours..]) < 24 && rest.all(|part| leading(part) < 60))
}
