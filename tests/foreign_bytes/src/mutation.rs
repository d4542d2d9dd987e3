//! Inputs near to given ones, drawn by a seeded generator: the same ones in every run.

/// Numbers that depend on the seed alone (Marsaglia's xorshift).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % (limit.max(1) as u64)).unwrap_or(0)
    }
}

/// Bytes that parsers have opinions about.
const TELLING: &[&[u8]] = &[
    b"\0",
    b"\xFF",
    b"\n",
    b"\r\n",
    b"\"",
    b"'",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b"=",
    b":",
    b"@",
    b"/",
    b"..",
    b"*",
    b"%3D",
    b"\\u003d",
    b"-",
    b" ",
    b"99999999999999999999",
    b"\xEF\xBB\xBF",
    b"\xFF\xFE",
    b"\x80\x80\x80\x80\x80",
    b"#",
    b"!",
    b"^",
    b"://",
    b"{base62:999999}",
    b"2027-13-99",
    b"0",
    b"\x1F\x8B\x08",
    b"\xC3\xA9",
];

/// `count` inputs near to `seeds`, themselves first.
#[must_use]
pub fn mutated(seeds: &[Vec<u8>], count: usize) -> Vec<Vec<u8>> {
    let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
    let mut all: Vec<Vec<u8>> = seeds.iter().take(count).cloned().collect();
    while all.len() < count {
        let mut input = seeds
            .get(numbers.below(seeds.len()))
            .cloned()
            .unwrap_or_default();
        for _ in 0..=numbers.below(6) {
            let other = seeds
                .get(numbers.below(seeds.len()))
                .map_or(&[][..], Vec::as_slice);
            change(&mut input, other, &mut numbers);
        }
        all.push(input);
    }
    all
}

/// One change at one place.
fn change(input: &mut Vec<u8>, other: &[u8], numbers: &mut Numbers) {
    let at = numbers.below(input.len() + 1);
    let length = numbers.below(24).min(input.len() - at);
    match numbers.below(8) {
        0 => input.truncate(at),
        1 => drop(input.drain(at..at + length)),
        2 => {
            let again = input
                .get(at..at + length)
                .unwrap_or_default()
                .repeat(numbers.below(40));
            drop(input.splice(at..at, again));
        }
        3 => {
            let telling = TELLING
                .get(numbers.below(TELLING.len()))
                .copied()
                .unwrap_or_default();
            drop(input.splice(at..at, telling.iter().copied()));
        }
        4 => {
            let from = numbers.below(other.len() + 1);
            drop(input.splice(at.., other.get(from..).unwrap_or_default().iter().copied()));
        }
        _ => {
            let flip = u8::try_from(numbers.below(255)).unwrap_or(0) + 1;
            if let Some(byte) = input.get_mut(at) {
                *byte ^= flip;
            }
        }
    }
    input.truncate(1 << 16);
}
