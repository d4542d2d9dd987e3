//! Marvin32, the keyed hash that Microsoft puts into its keys: 64 bits of Marvin folded to 32.
//!
//! After the description in Microsoft's public security-utilities.

/// The hash of `data` under a seed of eight ASCII letters.
pub(super) fn marvin32(data: &[u8], seed: [u8; 8]) -> u32 {
    let seed = u64::from_be_bytes(seed);
    let [b3, b2, b1, b0, a3, a2, a1, a0] = seed.to_be_bytes();
    let mut state = State {
        low: u32::from_be_bytes([a3, a2, a1, a0]),
        high: u32::from_be_bytes([b3, b2, b1, b0]),
    };
    let words = data.chunks_exact(4);
    let mut last = words.remainder().to_vec();
    for word in words {
        state.add(word);
    }
    last.push(0x80);
    state.add(&last);
    state.mix();
    state.low ^ state.high
}

struct State {
    low: u32,
    high: u32,
}

impl State {
    /// Takes up to four bytes as a little-endian word.
    fn add(&mut self, bytes: &[u8]) {
        let mut word = [0; 4];
        word.iter_mut()
            .zip(bytes)
            .for_each(|(to, from)| *to = *from);
        self.low = self.low.wrapping_add(u32::from_le_bytes(word));
        self.mix();
    }

    fn mix(&mut self) {
        self.high ^= self.low;
        self.low = self.low.rotate_left(20).wrapping_add(self.high);
        self.high = self.high.rotate_left(9) ^ self.low;
        self.low = self.low.rotate_left(27).wrapping_add(self.high);
        self.high = self.high.rotate_left(19);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_examples_hold() {
        let bytes: Vec<u8> = (0..60_u32)
            .map(|i| ((7 * i + 3) % 256).to_le_bytes()[0])
            .collect();
        assert_eq!(bytes[..3], [3, 10, 17]);
        let entra = ["abc8Q~", "SyntheticExampleOnly01234567890"].concat();
        assert_eq!(marvin32(entra.as_bytes(), *b"AadPwd00"), 0x0553_8F7F);
    }
}
