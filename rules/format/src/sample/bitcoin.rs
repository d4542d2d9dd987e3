//! Bech32 (BIP-173: age identities, Nostr keys) and Base58Check (Bitcoin's WIF, BIP-32 extended keys).

use sha2::{Digest, Sha256};

use super::argument::Argument;
use super::draft::{Draft, altered};
use super::encoding::{base58, groups};

const BECH32_DIGITS: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

pub(super) fn bech32(draft: &mut Draft, argument: &Argument) {
    let data: [u8; 32] = draft.random.array();
    let text = bech32_text(argument.word(), &data);
    draft.push_checked(&text, &bech32_altered(&text));
}

/// In capitals when the human part is.
fn bech32_text(human: &str, data: &[u8]) -> String {
    let lower = human.to_ascii_lowercase();
    let mut values = groups(data, 5);
    let mut covered: Vec<u8> = lower.bytes().map(|byte| byte >> 5).collect();
    covered.push(0);
    covered.extend(lower.bytes().map(|byte| byte & 31));
    covered.extend_from_slice(&values);
    covered.extend_from_slice(&[0; 6]);
    let checksum = polymod(&covered) ^ 1;
    values.extend(
        (0..6)
            .rev()
            .map(|place| (checksum >> (5 * place)).to_le_bytes()[0] & 31),
    );
    let digits: String = values
        .into_iter()
        .map(|value| char::from(BECH32_DIGITS[usize::from(value)]))
        .collect();
    let text = format!("{lower}1{digits}");
    if human == lower {
        text
    } else {
        text.to_ascii_uppercase()
    }
}

/// The last digit changed to one of the same alphabet.
fn bech32_altered(text: &str) -> String {
    let mut text = text.to_owned();
    let other = match text.pop() {
        Some('Q') => 'P',
        Some('q') => 'p',
        Some(last) if last.is_ascii_uppercase() || text.contains("KEY") => 'Q',
        _ => 'q',
    };
    text.push(other);
    text
}

fn polymod(values: &[u8]) -> u32 {
    const GENERATOR: [u32; 5] = [
        0x3b6a_57b2,
        0x2650_8e6d,
        0x1ea1_19fa,
        0x3d42_33dd,
        0x2a14_62b3,
    ];
    values.iter().fold(1, |checksum, value| {
        let top = checksum >> 25;
        let next = ((checksum & 0x01ff_ffff) << 5) ^ u32::from(*value);
        GENERATOR
            .iter()
            .enumerate()
            .filter(|(bit, _)| (top >> bit) & 1 == 1)
            .fold(next, |next, (_, term)| next ^ term)
    })
}

pub(super) fn base58check(draft: &mut Draft, argument: &Argument) {
    let key: [u8; 32] = draft.random.array();
    let payload = match argument.word() {
        "wif" => [&[0x80], key.as_slice(), &[1]].concat(),
        "wif-uncompressed" => [&[0x80], key.as_slice()].concat(),
        extended => {
            let version = extended_version(extended).to_be_bytes();
            let place: [u8; 9] = draft.random.array();
            let chain: [u8; 32] = draft.random.array();
            [version.as_slice(), &place, &chain, &[0], &key].concat()
        }
    };
    let text = with_hash(&payload);
    draft.push_checked(&text, &altered(&text));
}

fn extended_version(name: &str) -> u32 {
    match name {
        "yprv" => 0x049D_7878,
        "zprv" => 0x04B2_430C,
        "tprv" => 0x0435_8394,
        _ => 0x0488_ADE4,
    }
}

fn with_hash(payload: &[u8]) -> String {
    let hash = Sha256::digest(Sha256::digest(payload));
    let check: Vec<u8> = hash.into_iter().take(4).collect();
    base58(&[payload, &check].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_example_of_bech32_holds() {
        let data: Vec<u8> = (0..32).collect();
        let human = ["AGE-SECRET", "-KEY-"].concat();
        let expected = [
            human.as_str(),
            "1QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9CCRYDPK8QARC0S",
            "WRYDWG",
        ]
        .concat();
        assert_eq!(bech32_text(&human, &data), expected);
    }

    #[test]
    fn the_worked_example_of_base58check_holds() {
        let key: Vec<u8> = (1..=32).collect();
        let payload = [&[0x80], key.as_slice(), &[1]].concat();
        let expected = ["KwFfpDsaF7yxCELuyrH9gP5XL7", "TAt5b9HPWC1xCQbmrxvhJgMQHb"].concat();
        assert_eq!(with_hash(&payload), expected);
    }
}
