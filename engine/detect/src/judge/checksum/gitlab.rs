//! GitLab's routable tokens: a length and a CRC-32, both in base36, after the payload.
//!
//! `prefix payload . 01 . LL CCCCCCC`, in the first form without `01.`; LL is the payload's length, C the sum of everything
//! before it. Source: GitLab, `lib/authn/token_field/generator`.

use super::Proof;
use super::radix;

/// Tests a routable token.
pub(super) fn routable(secret: &[u8]) -> Proof {
    let Some((summed, sum)) = secret.split_last_chunk::<7>() else {
        return Proof::Fails;
    };
    let Some((before_length, length)) = summed.split_last_chunk::<2>() else {
        return Proof::Fails;
    };
    let Some(before_dot) = before_length.strip_suffix(b".") else {
        return Proof::Fails;
    };
    let head = before_dot.strip_suffix(b".01").unwrap_or(before_dot);
    let expected = radix::write(crc32fast::hash(summed), radix::BASE36, 7);
    if expected != sum {
        return Proof::Fails;
    }
    // The prefix ends in a dash (`glrt-t1_` in an underscore), and a payload may hold these too: after some of them the
    // rest must have the stated length.
    let states = |payload: usize| {
        u32::try_from(payload)
            .is_ok_and(|payload| radix::write(payload, radix::BASE36, 2) == length)
    };
    let dashes = head
        .iter()
        .enumerate()
        .filter(|(_, byte)| matches!(byte, b'-' | b'_'));
    Proof::of(
        dashes
            .into_iter()
            .any(|(at, _)| states(head.len() - at - 1)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_documented_forms_hold_and_altered_ones_fail() {
        let payload = "AAECAwQFBgcICQoLDA0OD286MQp1OjJzCA";
        for tail in [".01.0y0wdsbqj", ".0y0k5pvz3"] {
            let token = ["glpat-", payload, tail].concat();
            assert_eq!(routable(token.as_bytes()), Proof::Holds, "{tail}");
            assert_eq!(
                routable(token.replace("AAEC", "AAED").as_bytes()),
                Proof::Fails
            );
        }
        assert_eq!(routable(b"glpat-x"), Proof::Fails);
    }
}
