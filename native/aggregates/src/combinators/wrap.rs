//! Methods of states that do nothing but hand on to the states they wrap.

/// In an `impl States` of a struct whose `inner` are the states wrapped: the methods that are named.
macro_rules! hands_on {
    ($($method:ident),* $(,)?) => { $(hands_on!(@ $method);)* };
    (@ resize) => {
        fn resize(&mut self, groups: usize) {
            self.inner.resize(groups);
        }
    };
    (@ len) => {
        fn len(&self) -> usize {
            self.inner.len()
        }
    };
    (@ merge) => {
        fn merge(&mut self, other: &dyn crate::States, src: &[u32], dst: &[u32]) -> types::Result<()> {
            self.inner.merge(crate::state::cells::same::<Self>(other)?.inner.as_ref(), src, dst)
        }
    };
    (@ finish) => {
        fn finish(&self, groups: std::ops::Range<usize>) -> types::Result<types::Column> {
            self.inner.finish(groups)
        }
    };
    (@ serialize) => {
        fn serialize(&self, groups: &[u32]) -> types::Result<types::StrData> {
            self.inner.serialize(groups)
        }
    };
    (@ absorb) => {
        fn absorb(&mut self, group: u32, r: &mut crate::state::wire::Reader<'_>) -> types::Result<()> {
            self.inner.absorb(group, r)
        }
    };
    (@ bytes) => {
        fn bytes(&self) -> usize {
            self.inner.bytes()
        }
    };
    (@ planned_bytes) => {
        fn planned_bytes(&self, rows: usize) -> usize {
            self.inner.planned_bytes(rows)
        }
    };
    (@ as_any) => {
        fn as_any(&self) -> &dyn std::any::Any {
            self
        }
    };
}
pub(crate) use hands_on;
