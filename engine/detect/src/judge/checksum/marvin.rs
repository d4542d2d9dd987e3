//! Marvin32 sums in Microsoft's keys: Azure keys with a mark, Azure's 84-character keys, Entra client secrets.
//!
//! Source: microsoft/security-utilities, `IdentifiableSecrets` and `Marvin`.

use super::Proof;
use super::radix;
use crate::decode::base64;

/// Marks and the seeds that keys with this mark are summed with.
const SEEDS: &[(&[u8; 4], &[&[u8; 8]])] = &[
    (b"+ASt", &[b"Default0"]),
    (b"ACDb", &[b"MastRW00", b"MastRO00"]),
    (b"+ABa", &[b"AbAcct00"]),
    (b"AzSe", &[b"PAdmin00", b"Query000"]),
    (b"AzFu", &[b"Master00", b"System00", b"Functi00"]),
    (b"AzCa", &[b"Access00"]),
    (b"+ACR", &[b"ACRDflt0"]),
    (
        b"APIM",
        &[b"Tenant00", b"IoTHub00", b"Gatewy00", b"GitKey00"],
    ),
    (b"AIoT", &[b"IoTHub00", b"DpsKey00", b"Device00"]),
    (b"+ASb", &[b"Send0000", b"Listen00", b"Manage00"]),
    (b"+AEh", &[b"Send0000", b"Listen00", b"Manage00"]),
    (b"+ARm", &[b"Send0000", b"Listen00", b"Manage00"]),
    (b"+AMC", &[b"Classic0"]),
];

/// Digits of Entra's sums.
const BASE66: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890.-_~";

/// The Marvin32 sum of `data`, both halves folded into one.
fn marvin32(data: &[u8], seed: &[u8; 8]) -> u32 {
    let seed = u64::from_be_bytes(*seed);
    let (mut a, mut b) = ((seed & 0xFFFF_FFFF) as u32, (seed >> 32) as u32);
    let (words, rest) = data.as_chunks::<4>();
    for word in words {
        a = a.wrapping_add(u32::from_le_bytes(*word));
        mix(&mut a, &mut b);
    }
    let mut last = [0; 4];
    last.iter_mut()
        .zip(rest.iter().chain(&[0x80]))
        .for_each(|(to, from)| *to = *from);
    a = a.wrapping_add(u32::from_le_bytes(last));
    mix(&mut a, &mut b);
    mix(&mut a, &mut b);
    a ^ b
}

fn mix(a: &mut u32, b: &mut u32) {
    *b ^= *a;
    *a = a.rotate_left(20).wrapping_add(*b);
    *b = b.rotate_left(9) ^ *a;
    *a = a.rotate_left(27).wrapping_add(*b);
    *b = b.rotate_left(19);
}

/// A key with a mark before its last six characters: the last four decoded bytes are the sum of the others.
pub(super) fn azure_marked(secret: &[u8]) -> Proof {
    let digits = base64::without_padding(secret);
    let mark = digits
        .len()
        .checked_sub(10)
        .and_then(|at| digits.get(at..at + 4));
    let Some((_, seeds)) = SEEDS
        .iter()
        .find(|(known, _)| mark == Some(known.as_slice()))
    else {
        return Proof::Silent;
    };
    let Some(bytes) = base64::decode(secret) else {
        return Proof::Fails;
    };
    let Some((data, sum)) = bytes.split_last_chunk::<4>() else {
        return Proof::Fails;
    };
    let holds = seeds
        .iter()
        .any(|seed| marvin32(data, seed) == u32::from_le_bytes(*sum));
    // Some Redis keys had their + and / rewritten afterwards, which breaks the sum.
    if mark == Some(b"AzCa") {
        Proof::raising(holds)
    } else {
        Proof::of(holds)
    }
}

/// A key of 84 characters whose last four are the sum of the 60 bytes before.
pub(super) fn azure_annotated(secret: &[u8]) -> Proof {
    let Some((text, sum)) = secret.split_last_chunk::<4>() else {
        return Proof::Fails;
    };
    let Some(data) = base64::decode(text) else {
        return Proof::Fails;
    };
    let marvin = marvin32(&data, b"Default0");
    let mut digits = radix::write(marvin.swap_bytes(), radix::BASE62, 0);
    digits.resize(6, b'0');
    let [a, b, c, _] = marvin.to_le_bytes();
    let older = base64::decode(sum).is_some_and(|bytes| bytes == [a, b, c]);
    Proof::of(digits.starts_with(sum) || older)
}

/// A client secret of 40 characters. Raises only: older ones have no such sum.
pub(super) fn entra(secret: &[u8]) -> Proof {
    let Some((text, sum)) = secret.split_last_chunk::<3>() else {
        return Proof::Silent;
    };
    let digits = radix::write(marvin32(text, b"AadPwd00"), BASE66, 6);
    Proof::raising(text.len() == 37 && digits.starts_with(sum))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documented_azure_keys_hold_and_altered_ones_fail() {
        let storage = [
            "AwoRGB8mLTQ7QklQV15lbHN6gYiPlp2kq7K5wMfO1dzj6vH4/wYNFBsiKTA3PkVMU1phaG92fYSL",
            "+ASt",
            "z7Pi+Q==",
        ]
        .concat();
        assert_eq!(azure_marked(storage.as_bytes()), Proof::Holds);
        assert_eq!(
            azure_marked(storage.replace("AwoR", "AwoS").as_bytes()),
            Proof::Fails
        );
        let redis = ["AwoRGB8mLTQ7QklQV15lbHN6gYiPlp2kq", "AzCa", "OYqYUA="].concat();
        assert_eq!(azure_marked(redis.as_bytes()), Proof::Holds);
        assert_eq!(
            azure_marked(redis.replace("AwoR", "AwoS").as_bytes()),
            Proof::Silent
        );
    }

    #[test]
    fn the_documented_annotated_key_holds_and_an_altered_one_fails() {
        let random = "SyntheticExampleKeySyntheticExampleKeySyntheticExamp";
        let key = [
            random,
            "JQQJ99",
            "BA",
            "AAAAAAAAAAAA",
            "AAAA",
            "AZDO",
            "4Bfq",
        ]
        .concat();
        assert_eq!(azure_annotated(key.as_bytes()), Proof::Holds);
        assert_eq!(
            azure_annotated(
                key.replace("SynthetI", "")
                    .replace("Synt", "Sint")
                    .as_bytes()
            ),
            Proof::Fails
        );
    }

    #[test]
    fn entra_secrets_are_only_ever_raised() {
        let made = ["abc8Q~", "SyntheticExampleOnly01234567890", "aeU"].concat();
        let published = ["zzz8Q~", &"z".repeat(31), "blP"].concat();
        assert_eq!(entra(made.as_bytes()), Proof::Holds);
        assert_eq!(entra(published.as_bytes()), Proof::Holds);
        assert_eq!(
            entra(made.replace("Synth", "Sinth").as_bytes()),
            Proof::Silent
        );
    }
}
