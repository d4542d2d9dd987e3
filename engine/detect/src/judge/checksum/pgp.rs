//! OpenPGP armour: a CRC-24 of the body on a line that starts with `=`. Source: RFC 9580, section 6.1.

use super::Proof;
use crate::decode::base64;

fn crc24(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x00B7_04CE, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte) << 16, |sum, _| {
            let shifted = sum << 1;
            if shifted & 0x0100_0000 == 0 {
                shifted
            } else {
                shifted ^ 0x0186_4CFB
            }
        })
    })
}

/// Tests an armoured block, or its body with the sum's line. The sum may be left out, which proves nothing.
pub(crate) fn armour(secret: &[u8]) -> Proof {
    let mut body = Vec::new();
    let mut sum = None;
    for line in secret.split(|&byte| byte == b'\n') {
        let line = line.trim_ascii();
        if let Some(digits) = line.strip_prefix(b"=").filter(|digits| digits.len() == 4) {
            sum = base64::decode(digits);
            break;
        }
        let is_header = line.starts_with(b"-----") || line.contains(&b':');
        if !is_header {
            body.extend_from_slice(line);
        }
    }
    let Some(sum) = sum else {
        return Proof::Silent;
    };
    let holds =
        base64::decode(&body).is_some_and(|bytes| crc24(&bytes).to_be_bytes().ends_with(&sum));
    Proof::of(holds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_the_standards() {
        assert_eq!(crc24(b"123456789"), 0x0021_CF02);
    }

    #[test]
    fn armour_holds_fails_or_has_no_sum() {
        let block = |body: &str, sum: &str| {
            format!(
                "-----BEGIN PGP MESSAGE-----\nVersion: 1\n\n{body}\n{sum}\n-----END PGP MESSAGE-----"
            )
        };
        assert_eq!(
            armour(block("MTIzNDU2Nzg5", "=Ic8C").as_bytes()),
            Proof::Holds
        );
        assert_eq!(
            armour(block("MTIzNDU2Nzg4", "=Ic8C").as_bytes()),
            Proof::Fails
        );
        assert_eq!(armour(block("MTIzNDU2Nzg5", "").as_bytes()), Proof::Silent);
    }
}
