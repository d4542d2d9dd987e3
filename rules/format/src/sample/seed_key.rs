//! Stellar and NATS seeds: base32 of a version, 32 bytes and a CRC-16.

use super::argument::Argument;
use super::crc::crc16;
use super::draft::Draft;
use super::encoding::base32;

/// Five bits that say seed, at the top of the first byte.
const NATS_SEED: u8 = 18 << 3;

pub(super) fn stellar(draft: &mut Draft, _: &Argument) {
    let key: [u8; 32] = draft.random.array();
    push(draft, &[0x90], &key);
}

pub(super) fn nats(draft: &mut Draft, argument: &Argument) {
    let key: [u8; 32] = draft.random.array();
    push(draft, &nats_version(argument.word()), &key);
}

/// The type's five bits follow those that say seed.
fn nats_version(kind: &str) -> [u8; 2] {
    let kind: u8 = match kind {
        "A" => 0,
        "O" => 14,
        "N" => 13,
        "C" => 2,
        "X" => 23,
        _ => 20,
    };
    [NATS_SEED | (kind >> 2), kind << 6]
}

fn push(draft: &mut Draft, version: &[u8], key: &[u8; 32]) {
    let covered = [version, key].concat();
    let check = crc16(&covered);
    // Not by its last character: that of a NATS seed ends in two bits that stand for nothing.
    let [valid, broken] = [check, !check].map(|check| encoded(&covered, check));
    draft.push_checked(&valid, &broken);
}

fn encoded(covered: &[u8], check: u16) -> String {
    base32(&[covered, &check.to_le_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_examples_hold() {
        let key: [u8; 32] = std::array::from_fn(|i| i.to_le_bytes()[0]);
        let with_check = |version: &[u8]| {
            let covered = [version, &key].concat();
            encoded(&covered, crc16(&covered))
        };
        let stellar = [
            "SAAACAQDAQCQMBYIBEFAWDANBYHR",
            "AEISCMKBKFQXDAMRUGY4DUPB6NKI",
        ]
        .concat();
        assert_eq!(with_check(&[0x90]), stellar);
        let nats = [
            "SUAAAAICAMCAKBQHBAEQUCYMBUHA6",
            "EARCIJRIFIWC4MBSGQ3DQOR4H776Y",
        ]
        .concat();
        assert_eq!(with_check(&nats_version("U")), nats);
    }
}
