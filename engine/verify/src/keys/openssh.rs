//! OpenSSH's own form of a private key: `openssh-key-v1`, without a passphrase.
//!
//! <https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key>

use aws_lc_rs::rsa::{KeyPair, KeyPairComponents, PublicKeyComponents};
use aws_lc_rs::signature::{EcdsaKeyPair, Ed25519KeyPair};
use zeroize::Zeroizing;

use super::private_key::{CURVES, KeyError, PrivateKey, without_zeros};
use crate::native::bytes::Reader;

const MAGIC: &[u8] = b"openssh-key-v1\0";

pub(super) fn is_openssh(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

pub(super) fn read(bytes: &[u8]) -> Result<PrivateKey, KeyError> {
    let mut reader = Reader(bytes.get(MAGIC.len()..).unwrap_or_default());
    if reader.string() != Some(b"none") {
        return Err(KeyError::Encrypted);
    }
    key(&mut reader).ok_or(KeyError::Unsupported)
}

/// After the cipher's name: the derivation's name and options, one key's public half, and the private part.
fn key(reader: &mut Reader<'_>) -> Option<PrivateKey> {
    reader.string()?;
    reader.string()?;
    if reader.big_u32()? != 1 {
        return None;
    }
    reader.string()?;
    let mut private = Reader(reader.string()?);
    if private.big_u32()? != private.big_u32()? {
        return None;
    }
    let kind = private.string()?;
    match kind {
        b"ssh-ed25519" => {
            let public = private.string()?;
            let seed = private.string()?.get(..32)?;
            let pair = Ed25519KeyPair::from_seed_and_public_key(seed, public).ok()?;
            Some(PrivateKey::ed25519(pair))
        }
        b"ssh-rsa" => rsa(&mut private),
        _ => ecdsa(&mut private),
    }
}

fn ecdsa(private: &mut Reader<'_>) -> Option<PrivateKey> {
    let name = private.string()?;
    let (curve, algorithm) = CURVES
        .iter()
        .find(|(curve, _)| curve.as_bytes() == name)
        .copied()?;
    let point = private.string()?;
    let size = point.len() / 2;
    let scalar = without_zeros(private.string()?);
    let mut padded = Zeroizing::new(vec![0; size.checked_sub(scalar.len())?]);
    padded.extend_from_slice(&scalar);
    let pair = EcdsaKeyPair::from_private_key_and_public_key(algorithm, &padded, point).ok()?;
    Some(PrivateKey::ecdsa(curve, pair))
}

/// n, e, d, q⁻¹ mod p, p, q; the exponents of the Chinese remainder theorem are worked out.
#[expect(
    clippy::many_single_char_names,
    reason = "RSA's numbers have these names"
)]
fn rsa(private: &mut Reader<'_>) -> Option<PrivateKey> {
    let mut number = || Some(Zeroizing::new(without_zeros(private.string()?)));
    let (n, e, d, inverse, p, q) = (
        number()?,
        number()?,
        number()?,
        number()?,
        number()?,
        number()?,
    );
    let exponent = |prime: &[u8]| {
        let mut less = Zeroizing::new(prime.to_vec());
        // Primes are odd.
        *less.last_mut()? &= 0xfe;
        Some(Zeroizing::new(remainder(&d, &less)))
    };
    let (for_p, for_q) = (exponent(&p)?, exponent(&q)?);
    let pair = KeyPair::from_components(&KeyPairComponents {
        public_key: PublicKeyComponents {
            n: n.as_slice(),
            e: e.as_slice(),
        },
        d: d.as_slice(),
        p: p.as_slice(),
        q: q.as_slice(),
        dP: for_p.as_slice(),
        dQ: for_q.as_slice(),
        qInv: inverse.as_slice(),
    });
    PrivateKey::rsa(pair.ok()?)
}

/// What is left of a big-endian number after division: bit by bit, which is quick enough for one key.
fn remainder(number: &[u8], by: &[u8]) -> Vec<u8> {
    let by: Vec<u8> = [&[0], by].concat();
    let mut left = vec![0u8; by.len()];
    for bit in number
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |place| byte >> place & 1))
    {
        let mut carry = bit;
        for byte in left.iter_mut().rev() {
            let next = *byte >> 7;
            *byte = *byte << 1 | carry;
            carry = next;
        }
        if left >= by {
            let mut borrow = false;
            for (byte, other) in left.iter_mut().zip(&by).rev() {
                let (once, under) = byte.overflowing_sub(*other);
                let (twice, again) = once.overflowing_sub(u8::from(borrow));
                *byte = twice;
                borrow = under || again;
            }
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remainder_is_what_is_left() {
        for (number, by) in [
            (1_000_003u64, 97u64),
            (5, 7),
            (0xffff_ffff_ffff, 0xff),
            (91, 13),
        ] {
            let left = remainder(&number.to_be_bytes(), &by.to_be_bytes());
            let left = left
                .iter()
                .fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
            assert_eq!(left, number % by);
        }
    }
}
