//! The cyclic redundancy checks that credentials carry: CRC-32 (IEEE), CRC-16/XMODEM and OpenPGP's CRC-24.
//!
//! The short ones are written bit by bit: they run over a few dozen bytes in tests.

pub(super) fn crc32(bytes: &[u8]) -> u32 {
    crc32fast::hash(bytes)
}

/// Polynomial 1021, start 0.
pub(super) fn crc16(bytes: &[u8]) -> u16 {
    let mut crc = 0_u16;
    for byte in bytes {
        crc ^= u16::from(*byte) << 8;
        for _ in 0..8 {
            let carried = crc & 0x8000 != 0;
            crc <<= 1;
            if carried {
                crc ^= 0x1021;
            }
        }
    }
    crc
}

/// Polynomial 864CFB, start B704CE; three bytes, most significant first.
pub(super) fn crc24(bytes: &[u8]) -> [u8; 3] {
    let mut crc = 0x00B7_04CE_u32;
    for byte in bytes {
        crc ^= u32::from(*byte) << 16;
        for _ in 0..8 {
            crc <<= 1;
            if crc & 0x0100_0000 != 0 {
                crc ^= 0x0186_4CFB;
            }
        }
    }
    let [_, high, middle, low] = crc.to_be_bytes();
    [high, middle, low]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standard_check_values_hold() {
        let check = b"123456789";
        assert_eq!(crc32(check), 0xCBF4_3926);
        assert_eq!(crc16(check), 0x31C3);
        assert_eq!(crc24(check), [0x21, 0xCF, 0x02]);
    }
}
