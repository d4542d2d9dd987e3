//! Microsoft's keys with a mark and a Marvin32 checksum inside, Azure DevOps tokens, and Entra client secrets.

use super::argument::Argument;
use super::crc::crc32;
use super::draft::{Draft, altered};
use super::encoding::{BASE62, BASE64, BASE64_URL, base32, base64, from_base64, positional};
use super::marvin::marvin32;

/// The marks that `azure-marvin` knows, the usual storage key first.
pub(super) const MARKS: &[&str] = &[
    "+ASt", "ACDb", "+ABa", "AzSe", "AzFu", "AzCa", "+ACR", "APIM", "AIoT", "+ASb", "+AEh", "+ARm",
    "+AMC",
];

const ENTRA_DIGITS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890.-_~";

/// How keys with a mark are made.
struct Form {
    bytes: usize,
    alphabet: &'static [u8],
    seeds: &'static [&'static [u8; 8]],
}

fn form(mark: &str) -> Form {
    let (bytes, alphabet, seeds): (usize, &[u8], &[&[u8; 8]]) = match mark {
        "ACDb" => (64, BASE64, &[b"MastRW00", b"MastRO00"]),
        "+ABa" => (64, BASE64, &[b"AbAcct00"]),
        "AzSe" => (39, BASE62, &[b"PAdmin00", b"Query000"]),
        "AzFu" => (40, BASE64_URL, &[b"Master00", b"System00", b"Functi00"]),
        "AzCa" => (32, BASE64, &[b"Access00"]),
        "+ACR" => (39, BASE64, &[b"ACRDflt0"]),
        "APIM" => (
            64,
            BASE64,
            &[b"Tenant00", b"IoTHub00", b"Gatewy00", b"GitKey00"],
        ),
        "AIoT" => (32, BASE64, &[b"IoTHub00", b"DpsKey00", b"Device00"]),
        "+ASb" | "+AEh" | "+ARm" => (32, BASE64, &[b"Send0000", b"Listen00", b"Manage00"]),
        "+AMC" => (64, BASE64, &[b"Classic0"]),
        _ => (64, BASE64, &[b"Default0"]),
    };
    Form {
        bytes,
        alphabet,
        seeds,
    }
}

pub(super) fn marked(draft: &mut Draft, argument: &Argument) {
    let mark = argument.word();
    let form = form(mark);
    let seed = **draft.random.pick(form.seeds);
    let head_length = (form.bytes * 8).div_ceil(6) - 10;
    loop {
        let head = draft.random.text(form.alphabet, head_length);
        let key = with_checksum(&head, mark, form.bytes, seed);
        let wrong = with_checksum(&head, mark, form.bytes, *b"NoSuch00");
        let [key, wrong] = [key, wrong].map(|text| in_alphabet(&text, form.alphabet));
        // Search keys have letters and digits only; the service draws again as well.
        if let (Some(key), Some(wrong)) = (key, wrong) {
            draft.push_checked(&key, &wrong);
            return;
        }
    }
}

/// The mark stands right before the last six characters; the checksum is in the last four bytes.
fn with_checksum(head: &str, mark: &str, bytes: usize, seed: [u8; 8]) -> String {
    let mut key = from_base64(&format!("{head}{mark}AAAAAA"));
    key.truncate(bytes - 4);
    let checksum = marvin32(&key, seed).to_le_bytes();
    key.extend_from_slice(&checksum);
    base64(&key)
}

fn in_alphabet(key: &str, alphabet: &[u8]) -> Option<String> {
    let key = match alphabet {
        BASE64_URL => key.replace('+', "-").replace('/', "_"),
        _ => key.to_owned(),
    };
    key.trim_end_matches('=')
        .bytes()
        .all(|byte| alphabet.contains(&byte) || byte == b'+' && alphabet == BASE64)
        .then_some(key)
}

pub(super) fn annotated(draft: &mut Draft, argument: &Argument) {
    let random = draft.random.text(BASE62, 52);
    let year = char::from(*draft.random.pick(b"ABC"));
    let month = char::from(*draft.random.pick(b"ABCDEFGHIJKL"));
    let platform = draft.random.text(BASE62, 16);
    let mark = argument.word();
    let body = format!("{random}JQQJ99{year}{month}{platform}{mark}");
    let check = annotated_check(&body);
    draft.push(&body);
    draft.push_check(&check);
}

fn annotated_check(body: &str) -> String {
    let hash = marvin32(&from_base64(body), *b"Default0").swap_bytes();
    let digits = positional(hash, BASE62, 1);
    format!("{digits:0<6}").chars().take(4).collect()
}

pub(super) fn devops(draft: &mut Draft, argument: &Argument) {
    let data: [u8; 28] = draft.random.array();
    let key = match argument.word() {
        "application" => 0x1019_F92E,
        _ => 0xE0B9_692D,
    };
    let [valid, broken] = [key, 0x1234_5678].map(|key| devops_token(&data, key));
    draft.push_checked(&valid, &broken);
}

/// The bytes of the checksum are spread among the data, at places 2, 7, 8 and 22.
fn devops_token(data: &[u8; 28], key: u32) -> String {
    let mut checksum = (crc32(data) ^ key).to_be_bytes().into_iter();
    let mut data = data.iter().copied();
    let bytes: Vec<u8> = (0..32)
        .filter_map(|place| match place {
            2 | 7 | 8 | 22 => checksum.next(),
            _ => data.next(),
        })
        .collect();
    base32(&bytes).to_ascii_lowercase()
}

pub(super) fn entra(draft: &mut Draft, _: &Argument) {
    let check = entra_check(draft.credential());
    draft.push_checked(&check, &altered(&check));
}

fn entra_check(body: &str) -> String {
    let hash = marvin32(body.as_bytes(), *b"AadPwd00");
    positional(hash, ENTRA_DIGITS, 6).chars().take(3).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example_head(length: usize) -> String {
        let bytes: Vec<u8> = (0..57_u32)
            .map(|i| ((7 * i + 3) % 256).to_le_bytes()[0])
            .collect();
        base64(&bytes).chars().take(length).collect()
    }

    #[test]
    fn the_worked_examples_of_marked_keys_hold() {
        let storage = with_checksum(&example_head(76), "+ASt", 64, *b"Default0");
        assert!(
            storage.ends_with(&["+ASt", "z7Pi+Q=="].concat()),
            "{storage}"
        );
        let redis = with_checksum(&example_head(33), "AzCa", 32, *b"Access00");
        assert!(redis.ends_with(&["AzCa", "OYqYUA="].concat()), "{redis}");
    }

    #[test]
    fn the_worked_example_of_annotated_keys_holds() {
        let body = [
            "SyntheticExampleKeySyntheticExampleKeySyntheticExamp",
            "JQQJ99",
            "BA",
            "AAAAAAAAAAAA",
            "AAAA",
            "AZDO",
        ]
        .concat();
        assert_eq!(annotated_check(&body), "4Bfq");
    }

    #[test]
    fn the_worked_example_of_devops_tokens_holds() {
        let data = std::array::from_fn(|i| i.to_le_bytes()[0] + 1);
        let expected = ["aeblqayeaudjgtihbaequcymbu", "ha6earcijwcfavcylrqgi2dmoa"].concat();
        assert_eq!(devops_token(&data, 0xE0B9_692D), expected);
    }

    #[test]
    fn the_examples_of_entra_secrets_hold() {
        let synthetic = ["abc8Q~", "SyntheticExampleOnly01234567890"].concat();
        assert_eq!(entra_check(&synthetic), "aeU");
        let vendors = ["zzz8Q~", &"z".repeat(31)].concat();
        assert_eq!(entra_check(&vendors), "blP");
    }
}
