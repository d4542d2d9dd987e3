//! Bech32: age identities, Nostr secrets. Source: BIP-173.

use super::Proof;

const DIGITS: &[u8] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const GENERATORS: [u32; 5] = [
    0x3B6A_57B2,
    0x2650_8E6D,
    0x1EA1_19FA,
    0x3D42_33DD,
    0x2A14_62B3,
];

/// Tests the text, whose human part ends at its last `1`.
pub(super) fn test(secret: &[u8]) -> Proof {
    Proof::of(holds(&secret.to_ascii_lowercase()) == Some(true))
}

fn holds(text: &[u8]) -> Option<bool> {
    let one = text.iter().rposition(|&byte| byte == b'1')?;
    let (human, data) = (text.get(..one)?, text.get(one + 1..)?);
    let digits: Option<Vec<u8>> = data
        .iter()
        .map(|byte| {
            DIGITS
                .iter()
                .position(|digit| digit == byte)
                .and_then(|value| u8::try_from(value).ok())
        })
        .collect();
    let high = human.iter().map(|byte| byte >> 5);
    let low = human.iter().map(|byte| byte & 31);
    let sum = high.chain([0]).chain(low).chain(digits?).fold(1, polymod);
    Some(sum == 1)
}

fn polymod(sum: u32, value: u8) -> u32 {
    let top = sum >> 25;
    let shifted = (sum & 0x01FF_FFFF) << 5 ^ u32::from(value);
    (0..)
        .zip(GENERATORS)
        .filter(|(bit, _)| top >> bit & 1 == 1)
        .fold(shifted, |sum, (_, generator)| sum ^ generator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documented_identities_hold_and_altered_ones_fail() {
        let identity = [
            "AGE-SECRET-KEY-1",
            "QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9CCRYDPK8QARC0S",
            "WRYDWG",
        ]
        .concat();
        assert_eq!(test(identity.as_bytes()), Proof::Holds);
        assert_eq!(
            test(identity.replace("QQQS", "QQPS").as_bytes()),
            Proof::Fails
        );
        // From BIP-173's list of valid strings.
        assert_eq!(test(b"A12UEL5L"), Proof::Holds);
        assert_eq!(test(b"no digits"), Proof::Fails);
    }
}
