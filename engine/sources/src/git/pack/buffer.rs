//! Byte buffers that are used over and over, without being zeroed each time.
//!
//! INVARIANT: what [`Buffer::resized`] hands out holds old bytes; whoever asks for it fills it wholly.

/// LIMIT: a larger buffer is given back to the system instead of being kept, so that a few large objects do not stay
/// in memory for the rest of the walk.
const MAX_KEPT_BYTES: usize = 8 << 20;

/// LIMIT: more buffers than a walk has levels (it is logarithmic in the number of objects).
const MAX_KEPT: usize = 24;

/// A buffer of which the first `len` bytes are in use.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    storage: Vec<u8>,
    len: usize,
}

impl Buffer {
    /// The first `len` bytes, to be overwritten.
    pub(crate) fn resized(&mut self, len: usize) -> &mut [u8] {
        if self.storage.len() < len {
            // Not `resize`: the old bytes need not be copied, and large zeroed memory is free of cost.
            self.storage = vec![
                0;
                len.max(4 << 10)
                    .checked_next_power_of_two()
                    .filter(|_| len < 1 << 20)
                    .unwrap_or(len)
            ];
        }
        self.len = len;
        self.storage.get_mut(..len).unwrap_or_default()
    }

    /// The bytes in use.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.storage.get(..self.len).unwrap_or_default()
    }

    /// Bytes of memory that it takes.
    pub(crate) fn capacity(&self) -> usize {
        self.storage.len()
    }
}

/// Buffers that wait for their next use.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    spare: Vec<Buffer>,
}

impl Buffers {
    pub(crate) fn take(&mut self) -> Buffer {
        self.spare.pop().unwrap_or_default()
    }

    pub(crate) fn give_back(&mut self, buffer: Buffer) {
        if self.spare.len() < MAX_KEPT && buffer.capacity() <= MAX_KEPT_BYTES {
            self.spare.push(buffer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_has_the_size_that_was_asked_for() {
        let mut buffer = Buffer::default();
        for len in [0, 5, 4_097, 3, 1 << 21, 7] {
            buffer.resized(len).fill(1);
            assert_eq!(buffer.bytes(), vec![1; len]);
        }
        assert!(buffer.capacity() >= 1 << 21);
    }

    #[test]
    fn a_large_buffer_is_not_kept() {
        let mut buffers = Buffers::default();
        let mut small = buffers.take();
        small.resized(100);
        let mut large = buffers.take();
        large.resized(MAX_KEPT_BYTES + 1);
        buffers.give_back(large);
        assert_eq!(buffers.take().capacity(), 0);
        buffers.give_back(small);
        assert!(buffers.take().capacity() >= 100);
    }
}
