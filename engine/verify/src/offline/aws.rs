//! The account number inside of an AWS key id, and the accounts whose keys are laid out to be found.

use super::OfflineFacts;
use crate::fill::value;
use crate::subject::Subject;

/// Accounts of canary services and of those who copy them. Their keys raise an alarm when they are used, and work for nothing
/// else. They were made public by those who looked into such tokens (Truffle Security, "canaries", 2024, and the list that
/// TruffleHog has kept since); several cloud-security tools carry the same numbers.
const CANARY_ACCOUNTS: [u64; 26] = [
    44_858_866_125,
    52_310_077_262,
    171_436_882_533,
    251_535_659_677,
    266_735_846_894,
    344_043_088_457,
    351_906_852_752,
    390_477_818_340,
    426_127_672_474,
    427_150_556_519,
    439_872_796_651,
    445_142_720_921,
    465_867_158_099,
    534_261_010_715,
    595_918_472_158,
    637_958_123_769,
    693_412_236_332,
    717_712_589_309,
    730_335_385_048,
    732_624_840_810,
    735_421_457_923,
    819_147_034_852,
    893_192_397_702,
    959_235_150_393,
    982_842_642_351,
    992_382_622_183,
];

/// The account that a key id belongs to. Ids from before about 2019 hold no account and give a number that is none.
#[must_use]
pub fn account_of(key_id: &str) -> Option<u64> {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    const MOST: u64 = 999_999_999_999;
    let body = key_id.get(4..)?;
    if body.len() != 16 || !key_id.starts_with('A') {
        return None;
    }
    // Ten letters are 50 bits, of which 48 are the first six bytes.
    let bits = body.bytes().take(10).try_fold(0u64, |bits, byte| {
        let digit = ALPHABET.iter().position(|letter| *letter == byte)?;
        Some(bits << 5 | u64::try_from(digit).ok()?)
    })?;
    let account = (bits >> 2 & 0x7fff_ffff_ff80) >> 7;
    (account <= MOST && account > 0).then_some(account)
}

/// Whether an account's keys are laid out to be found.
#[must_use]
pub fn is_canary_account(account: u64) -> bool {
    CANARY_ACCOUNTS.contains(&account)
}

pub(super) fn facts(subject: &Subject) -> Option<OfflineFacts> {
    let id = key_id(subject)?;
    let account = account_of(&id)?;
    let is_canary = is_canary_account(account);
    let summary = if is_canary {
        "the key is a canary: using it tells whoever laid it out".to_owned()
    } else {
        format!("the key id {} belongs to the account {account:012}", &*id)
    };
    Some(OfflineFacts {
        summary,
        identity: vec![("account".to_owned(), format!("{account:012}"))],
        is_canary,
        ..OfflineFacts::default()
    })
}

/// The key id: the credential's companion, or what the user gave.
pub(crate) fn key_id(subject: &Subject) -> Option<zeroize::Zeroizing<String>> {
    ["temporary-id", "id"].iter().find_map(|name| {
        let id = value(name, subject)?;
        let is_id = (id.starts_with("AKIA") || id.starts_with("ASIA")) && id.len() == 20;
        is_id.then_some(id)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_is_read_from_the_key_id() {
        // A published sample, put together here so that no scanner takes it for a key.
        assert_eq!(
            account_of(&format!("AKIA{}", "RZPUZDIKAAAAAAAA")),
            Some(123_456_789_012)
        );
        assert_eq!(account_of("AKIA"), None);
        assert_eq!(account_of(&format!("AKIA{}", "0000000000000000")), None);
        assert!(is_canary_account(52_310_077_262));
    }
}
