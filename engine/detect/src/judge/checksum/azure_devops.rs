//! Azure DevOps tokens of 52 base32 characters: four of the 32 bytes are a CRC-32 of the others.
//!
//! Source: microsoft/security-utilities. The sum is masked differently for users and applications.

use super::Proof;
use super::radix;

/// What the sum of a user's and of an application's token is masked with.
const MASKS: [u32; 2] = [0xE0B9_692D, 0x1019_F92E];

/// Positions of the sum's bytes, most significant first.
const SUM_AT: [usize; 4] = [2, 7, 8, 22];

/// Tests a token.
pub(super) fn token(secret: &[u8]) -> Proof {
    let Some(bytes) = radix::base32(secret).filter(|bytes| bytes.len() == 32) else {
        return Proof::Fails;
    };
    let sum = SUM_AT.iter().fold(0_u32, |sum, &at| {
        sum << 8 | bytes.get(at).copied().map_or(0, u32::from)
    });
    let data: Vec<u8> = bytes
        .iter()
        .enumerate()
        .filter(|(at, _)| !SUM_AT.contains(at))
        .map(|(_, byte)| *byte)
        .collect();
    let crc = crc32fast::hash(&data);
    Proof::of(MASKS.iter().any(|mask| crc ^ mask == sum))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_token_holds_and_an_altered_one_fails() {
        let token_text = ["aeblqayeaudjgtihbaequcymbuha", "6earcijwcfavcylrqgi2dmoa"].concat();
        assert_eq!(token(token_text.as_bytes()), Proof::Holds);
        assert_eq!(
            token(token_text.replace("aebl", "aecl").as_bytes()),
            Proof::Fails
        );
        assert_eq!(token(b"abc"), Proof::Fails);
    }
}
