//! Values that a hand typed by rule: `abcdefgh`, `12345678`, `qwertyuiop`, `xxxxxxxx`, `1234abcd1234abcd`.

/// Rows of keyboards, walked in either direction.
const KEYBOARD: &[&[u8]] = &[
    b"qwertyuiop",
    b"asdfghjkl",
    b"zxcvbnm",
    b"qwertzuiop",
    b"1234567890",
];

/// Shortest walk that counts; and where nearly all of a long value is made of them, as in `abc123def456ghi789`. `w@123123` is a
/// password that people have.
const SHORTEST: usize = 4;
const SHORTEST_OF_MANY: usize = 3;
const LONG: usize = 16;

/// Whether hardly anything of the value is more than walks.
pub(crate) fn is_walked(value: &[u8]) -> bool {
    share_of_walks(value) > 0.6
        || (value.len() >= LONG
            && (share_of(value, SHORTEST_OF_MANY) > 0.7 || is_two_walks_by_turns(value)))
}

/// `a0b1c2d3-e4f5-g6h7-i8j9`: the letters in order, and the digits in order between them.
fn is_two_walks_by_turns(value: &[u8]) -> bool {
    let share = |is: fn(&u8) -> bool| {
        let some: Vec<u8> = value.iter().copied().filter(is).collect();
        (some.len() * 3 >= value.len()).then(|| share_of_walks(&some))
    };
    let shares = [share(u8::is_ascii_alphabetic), share(u8::is_ascii_digit)];
    shares
        .iter()
        .all(|share| share.is_some_and(|share| share > 0.9))
}

/// Share of the value that is covered by ascending or descending walks, keyboard walks and repeats of one character.
pub(crate) fn share_of_walks(value: &[u8]) -> f32 {
    share_of(value, SHORTEST)
}

fn share_of(value: &[u8], shortest: usize) -> f32 {
    let mut covered = 0;
    let mut start = 0;
    while start < value.len() {
        let rest = value.get(start..).unwrap_or_default();
        let length = longest_walk(rest);
        if length >= shortest {
            covered += length;
            start += length;
        } else {
            start += 1;
        }
    }
    covered as f32 / value.len().max(1) as f32
}

/// The longest walk that `text` starts with.
fn longest_walk(text: &[u8]) -> usize {
    let by_step = |step: i16| {
        1 + text
            .windows(2)
            .take_while(|pair| matches!(pair, [a, b] if i16::from(b.to_ascii_lowercase()) - i16::from(a.to_ascii_lowercase()) == step && b.is_ascii_alphanumeric() || step == 0 && a == b))
            .count()
    };
    let on_keyboard = |places: &[i8; 256]| {
        let place = |byte: u8| places.get(usize::from(byte)).filter(|place| **place >= 0);
        let walk = |step: i8| {
            1 + text
                .windows(2)
                .take_while(|pair| match pair {
                    [a, b] => place(*a).zip(place(*b)).is_some_and(|(a, b)| b - a == step),
                    _ => false,
                })
                .count()
        };
        walk(1).max(walk(-1))
    };
    let steps = [0, 1, -1].into_iter().map(by_step).max().unwrap_or(0);
    let keys = PLACES.iter().map(on_keyboard).max().unwrap_or(0);
    steps.max(keys)
}

/// For each row of [`KEYBOARD`] where on it a byte is, in any case; -1 of one that is not.
///
/// PERF: looking for each of a value's bytes in each row took a fourth of the judge's time.
static PLACES: [[i8; 256]; KEYBOARD.len()] = places();

#[expect(
    clippy::indexing_slicing,
    reason = "the compiler evaluates it, and a place that is not there is its error"
)]
const fn places() -> [[i8; 256]; KEYBOARD.len()] {
    let mut places = [[-1; 256]; KEYBOARD.len()];
    let mut row = 0;
    while row < KEYBOARD.len() {
        let mut at = 0;
        while at < KEYBOARD[row].len() {
            let key = KEYBOARD[row][at];
            places[row][key as usize] = at as i8;
            places[row][key.to_ascii_uppercase() as usize] = at as i8;
            at += 1;
        }
        row += 1;
    }
    places
}

/// Whether nearly all letters are those under resting fingers: `sdfsdf9y8dsfklw32sdflkj`. Of letters that are drawn it is a third,
/// and sixteen with two exceptions at most are one in fifty thousand; of words it is about as many.
pub(crate) fn is_drummed(value: &[u8]) -> bool {
    const LEAST: usize = 16;
    let is_home = |byte: &u8| b"asdfghjkl".contains(byte);
    let letters = value
        .iter()
        .filter(|byte| byte.is_ascii_alphabetic())
        .count();
    let home = value.iter().filter(|byte| is_home(byte)).count();
    // Half of the letters of hexadecimal digits lie there.
    let is_hex = value
        .iter()
        .all(|byte| !byte.is_ascii_alphabetic() || byte.is_ascii_hexdigit());
    letters >= LEAST && !is_hex && home * 20 >= letters * 17
}

/// Whether the value is one short block again and again: at least three times, or twice when the block is long.
pub(crate) fn repeats_a_block(value: &[u8]) -> bool {
    periods(value).any(|block| {
        let times = value.len() / block;
        times >= 3 || (times == 2 && value.len().is_multiple_of(block) && block >= 4)
    })
}

/// The distances after which the value repeats itself to its end, the shortest first.
///
/// PERF: by the borders of all beginnings, in linear time. Trying every distance takes the square of the length.
fn periods(value: &[u8]) -> impl Iterator<Item = usize> {
    let mut borders: Vec<usize> = vec![0; value.len()];
    let mut border = 0;
    for (at, byte) in value.iter().enumerate().skip(1) {
        let before = |length: usize| borders.get(length.wrapping_sub(1)).copied();
        while border > 0 && value.get(border) != Some(byte) {
            border = before(border).unwrap_or(0);
        }
        border += usize::from(value.get(border) == Some(byte));
        if let Some(slot) = borders.get_mut(at) {
            *slot = border;
        }
    }
    let length = value.len();
    let next = move |&border: &usize| borders.get(border.checked_sub(1)?).copied();
    std::iter::successors((length > 0).then_some(border), next)
        .take_while(|border| *border > 0)
        .map(move |border| length - border)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_walks_behind_one_another_are_told() {
        assert!(is_walked(b"sk_abc12345_def456ghi789jkl012mno345pqr678"));
        assert!(is_walked(b"a0b1c2d3-e4f5-g6h7-i8j9-k0l1m2n3o4p5"));
        for value in [
            "w@123123",
            "AbCdEf!123",
            "x7Kq2mV9tLp4abc1",
            "abcs1234Zq9x",
            "0f1e2d3c4b5a69788796",
        ] {
            assert!(!is_walked(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn drumming_is_told_from_what_was_drawn() {
        assert!(is_drummed(b"sdfsdf9y8dsfklw32sdflkj") && is_drummed(b"asdfghjklasdfghj"));
        // Three of sixteen elsewhere, fifteen letters, and hexadecimal digits.
        for value in [
            "asdfghjklasdfxyz",
            "asdfghjklasdfgh",
            "adfadfadfadfadfadfadf",
        ] {
            assert!(!is_drummed(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn walks_are_measured() {
        for value in [
            "abcdefgh",
            "87654321",
            "qwertyuiop",
            "xxxxxxxx",
            "ABCDEFGH",
            "poiuytrewq",
        ] {
            assert!(share_of_walks(value.as_bytes()) > 0.9, "{value}");
        }
        for value in ["hunter2", "qW8zK2vPxL7m", "correct"] {
            assert!(share_of_walks(value.as_bytes()) < 0.3, "{value}");
        }
        assert!(share_of_walks(b"") == 0.0);
    }

    proptest::proptest! {
        #[test]
        fn the_distances_of_repetition_are_those_found_by_trying_each(
            value in "[ab]{0,6}[abc]{0,10}[ab]{0,12}", times in 1_usize..4,
        ) {
            let value = value.repeat(times);
            let value = value.as_bytes();
            let tried: Vec<usize> = (1..value.len())
                .filter(|distance| value.iter().zip(&value[*distance..]).all(|(a, b)| a == b))
                .collect();
            proptest::prop_assert_eq!(periods(value).collect::<Vec<_>>(), tried);
        }
    }

    #[test]
    fn blocks_that_repeat_are_seen() {
        for value in ["1234abcd1234abcd", "abcabcabc", "xyxyxyxy", "aaaaaa"] {
            assert!(repeats_a_block(value.as_bytes()), "{value}");
        }
        for value in ["abab", "hunter2", "abcdabce", ""] {
            assert!(!repeats_a_block(value.as_bytes()), "{value}");
        }
    }
}
