//! AWS key ids: the account number is inside. Source: published analyses of the key id's base32.
//!
//! Raises only: ids from before about 2019 hold meaningless numbers.

use super::Proof;
use super::radix;

/// Tests whether the id holds a number that an account can have.
pub(super) fn key_id(secret: &[u8]) -> Proof {
    let account = secret.get(4..20).and_then(radix::base32).and_then(|bytes| {
        let mut number = [0; 8];
        number.get_mut(2..)?.copy_from_slice(bytes.get(..6)?);
        Some((u64::from_be_bytes(number) & 0x7FFF_FFFF_FF80) >> 7)
    });
    // Twelve digits at most; accounts are not numbered near zero.
    Proof::raising(account.is_some_and(|account| (1_000_000..1_000_000_000_000).contains(&account)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_with_an_account_number_is_raised_and_another_is_not_held_against() {
        let id = ["AKIA", "RZPUZDIKAAAAAAAA"].concat();
        assert_eq!(key_id(id.as_bytes()), Proof::Holds);
        let older = ["AKIA", "IOSFODNN7EXAMPLE"].concat();
        assert_ne!(key_id(older.as_bytes()), Proof::Fails);
        assert_eq!(key_id(b"AKIA"), Proof::Silent);
    }
}
