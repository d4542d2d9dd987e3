//! Seeds in base32 with a CRC-16 at the end: Stellar, NATS.
//!
//! CRC-16/XMODEM, low byte first. Sources: Stellar's SEP-23, nats-io/nkeys.

use super::Proof;
use super::radix;

/// First byte of a Stellar seed (`S`).
const STELLAR_SEED: u8 = 0x90;

/// First five bits of a NATS seed (`S`).
const NATS_SEED: u8 = 18 << 3;

fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |sum, &byte| {
        (0..8).fold(sum ^ u16::from(byte) << 8, |sum, _| {
            if sum & 0x8000 == 0 {
                sum << 1
            } else {
                sum << 1 ^ 0x1021
            }
        })
    })
}

/// The data before a sum that holds.
fn summed(secret: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = radix::base32(secret)?;
    let (data, sum) = bytes.split_last_chunk::<2>()?;
    if crc16(data) != u16::from_le_bytes(*sum) {
        return None;
    }
    bytes.truncate(bytes.len() - 2);
    Some(bytes)
}

/// Tests a Stellar seed.
pub(super) fn stellar(secret: &[u8]) -> Proof {
    Proof::of(
        summed(secret).is_some_and(|data| data.len() == 33 && data.first() == Some(&STELLAR_SEED)),
    )
}

/// Tests a NATS seed of any role.
pub(super) fn nats(secret: &[u8]) -> Proof {
    Proof::of(summed(secret).is_some_and(|data| {
        data.len() == 34 && data.first().is_some_and(|byte| byte & 0xF8 == NATS_SEED)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_xmodems() {
        assert_eq!(crc16(b"123456789"), 0x31C3);
    }

    #[test]
    fn documented_seeds_hold_and_altered_ones_fail() {
        let stellar_seed = [
            "SAAACAQDAQCQMBYIBEFAWDANBYHRAEI",
            "SCMKBKFQXDAMRUGY4DUPB6NKI",
        ]
        .concat();
        assert_eq!(stellar(stellar_seed.as_bytes()), Proof::Holds);
        assert_eq!(
            stellar(stellar_seed.replace("SAAAC", "SAAAD").as_bytes()),
            Proof::Fails
        );
        let nats_seed = [
            "SUAAAAICAMCAKBQHBAEQUCYMBUHA6EA",
            "RCIJRIFIWC4MBSGQ3DQOR4H776Y",
        ]
        .concat();
        assert_eq!(nats(nats_seed.as_bytes()), Proof::Holds);
        assert_eq!(
            nats(nats_seed.replace("SUAAAA", "SUAAAB").as_bytes()),
            Proof::Fails
        );
    }
}
