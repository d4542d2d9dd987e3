//! Numbers and ids one behind the other, as a chronicle is written down.
//!
//! What is read is not believed: it may come from a cache that somebody else wrote, or that was cut off.

use gix::ObjectId;

/// Writes numbers and ids.
#[derive(Default)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn count(&mut self, count: usize) {
        self.number(u32::try_from(count).unwrap_or(u32::MAX));
    }

    pub(super) fn number(&mut self, number: u32) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    pub(super) fn time(&mut self, time: i64) {
        self.0.extend_from_slice(&time.to_le_bytes());
    }

    pub(super) fn id(&mut self, id: &ObjectId) {
        self.0.extend_from_slice(id.as_bytes());
    }

    pub(super) fn text(&mut self, text: &[u8]) {
        self.count(text.len());
        self.0.extend_from_slice(text);
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// Reads what a [`Writer`] wrote; none where there is no more.
pub(super) struct Reader<'b> {
    rest: &'b [u8],
    hash: gix::hash::Kind,
}

impl<'b> Reader<'b> {
    pub(super) fn new(bytes: &'b [u8], hash: gix::hash::Kind) -> Self {
        Self { rest: bytes, hash }
    }

    pub(super) fn number(&mut self) -> Option<u32> {
        let bytes = self.take(4)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    }

    /// A number that is smaller than `bound`.
    pub(super) fn below(&mut self, bound: usize) -> Option<u32> {
        self.number().filter(|number| (*number as usize) < bound)
    }

    pub(super) fn time(&mut self) -> Option<i64> {
        let bytes = self.take(8)?;
        Some(i64::from_le_bytes(bytes.try_into().ok()?))
    }

    pub(super) fn id(&mut self) -> Option<ObjectId> {
        let length = self.hash.len_in_bytes();
        ObjectId::try_from(self.take(length)?).ok()
    }

    pub(super) fn text(&mut self) -> Option<&'b [u8]> {
        let length = self.number()?;
        self.take(length as usize)
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    fn take(&mut self, length: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }
}
