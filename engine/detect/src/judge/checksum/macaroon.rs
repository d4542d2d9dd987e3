//! PyPI tokens: a version 2 macaroon in base64url.
//!
//! Packets are type, length (7 bits a byte, low first), bytes; sections end with 00. Source: libmacaroons' binary format.

use super::Proof;
use crate::decode::base64;

/// Tests a PyPI token: its location, identifier, caveats and signature must be there and nothing else.
pub(super) fn pypi(secret: &[u8]) -> Proof {
    let body = secret.strip_prefix(b"pypi-").unwrap_or(secret);
    let holds = base64::decode(body).is_some_and(|bytes| read(&bytes).is_some());
    Proof::of(holds)
}

fn read(bytes: &[u8]) -> Option<()> {
    let rest = bytes.strip_prefix(&[2])?;
    let (location, rest) = packet(rest, 1)?;
    if location.is_empty() {
        return None;
    }
    let (identifier, rest) = packet(rest, 2)?;
    if identifier.is_empty() {
        return None;
    }
    let mut rest = rest.strip_prefix(&[0])?;
    while let Some((_, after)) = packet(rest, 2) {
        rest = after.strip_prefix(&[0])?;
    }
    let rest = rest.strip_prefix(&[0])?;
    let (signature, rest) = packet(rest, 6)?;
    (signature.len() == 32 && rest.is_empty()).then_some(())
}

/// A packet of that kind: its bytes and what follows.
fn packet(bytes: &[u8], kind: u8) -> Option<(&[u8], &[u8])> {
    let mut rest = bytes.strip_prefix(&[kind])?;
    let (mut length, mut shift) = (0_usize, 0);
    loop {
        let (&byte, tail) = rest.split_first()?;
        rest = tail;
        length |= usize::from(byte & 0x7F) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            break;
        }
        if shift > 21 {
            return None;
        }
    }
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_token_holds_and_a_cut_one_fails() {
        let token = [
            "pypi-",
            "AgEIcHlwaS5vcmcCFHN5bnRoZXRpYy1pZGVudGlmaWVyAAIQWzMsICJzeW50aGV0aWMiXQAABiAAAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHw",
        ]
        .concat();
        assert_eq!(pypi(token.as_bytes()), Proof::Holds);
        assert_eq!(pypi(&token.as_bytes()[..token.len() - 4]), Proof::Fails);
        assert_eq!(pypi(format!("{token}AAAA").as_bytes()), Proof::Fails);
    }
}
