//! AWS key ids: a prefix, then base32 of ten bytes, of which the first six carry the account's number.

use super::argument::Argument;
use super::draft::Draft;
use super::encoding::base32;

/// Account numbers have twelve digits.
const ACCOUNTS: usize = 1_000_000_000_000;

/// Room for a number that no account has: forty bits.
const NO_ACCOUNT: u64 = (1 << 40) - 1;

pub(super) fn key_id(draft: &mut Draft, argument: &Argument) {
    let account = draft.random.between(ACCOUNTS / 10, ACCOUNTS - 1) as u64;
    let rest: [u8; 5] = draft.random.array();
    draft.push(argument.word());
    let [valid, broken] = [account, NO_ACCOUNT].map(|account| id_body(account, rest));
    draft.push_checked(&valid, &broken);
}

/// The number stands in bits 7 to 46 of the first six bytes; newer ids have bit 47 set.
fn id_body(account: u64, rest: [u8; 5]) -> String {
    let [low, tail @ ..] = rest;
    let number = (1 << 47) | (account << 7) | u64::from(low & 0x7f);
    let [_, _, head @ ..] = number.to_be_bytes();
    base32(&[head.as_slice(), &tail].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_example_holds() {
        assert_eq!(
            id_body(123_456_789_012, [0; 5]),
            ["RZPUZDIK", "AAAAAAAA"].concat()
        );
    }
}
