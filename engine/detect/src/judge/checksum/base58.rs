//! Base58Check: Bitcoin private keys in wallet import format, extended private keys. Source: Bitcoin's wiki.

use sha2::{Digest, Sha256};

use super::Proof;

const DIGITS: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// LIMIT: extended keys are 111 characters; decoding takes the square of the length.
const LONGEST: usize = 128;

/// The last four bytes must start the double SHA-256 of the others.
pub(super) fn check(secret: &[u8]) -> Proof {
    let Some(bytes) = decode(secret) else {
        return Proof::Fails;
    };
    let Some((data, sum)) = bytes.split_last_chunk::<4>() else {
        return Proof::Fails;
    };
    let hash = Sha256::digest(Sha256::digest(data));
    Proof::of(hash.starts_with(sum))
}

fn decode(text: &[u8]) -> Option<Vec<u8>> {
    if text.len() > LONGEST {
        return None;
    }
    // Bytes of the number, lowest first.
    let mut number: Vec<u8> = Vec::new();
    for byte in text {
        let mut carry = DIGITS.iter().position(|digit| digit == byte)?;
        for place in &mut number {
            carry += usize::from(*place) * 58;
            *place = (carry & 0xFF) as u8;
            carry >>= 8;
        }
        while carry > 0 {
            number.push((carry & 0xFF) as u8);
            carry >>= 8;
        }
    }
    let zeros = text.iter().take_while(|&&byte| byte == b'1').count();
    number.resize(number.len() + zeros, 0);
    number.reverse();
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_wallet_key_holds_and_an_altered_one_fails() {
        let key = ["KwFfpDsaF7yxCELuyrH9gP5XL7TA", "t5b9HPWC1xCQbmrxvhJgMQHb"].concat();
        assert_eq!(check(key.as_bytes()), Proof::Holds);
        assert_eq!(check(key.replace("KwFf", "KwFg").as_bytes()), Proof::Fails);
        assert_eq!(check(b"0OIl"), Proof::Fails);
    }
}
