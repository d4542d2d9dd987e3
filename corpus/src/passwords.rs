//! Values that people and programs choose for passwords, keys and tokens that have no format of their own.
//!
//! How they are made follows what published studies of leaked passwords say people do: a capitalised word, a year, a sign at the end;
//! two words; letters replaced by digits. Nothing is taken from a list of leaked passwords.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::dice::Dice;
use crate::vocabulary::{COMPANIES, PASSWORD_WORDS, WORDS};

pub(crate) const DIGITS: &str = "0123456789";
pub(crate) const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
pub(crate) const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
pub(crate) const HEX: &str = "0123456789abcdef";
pub(crate) const BASE62: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// So many draws are made to avoid a value that no person would take for real.
const MOST_ATTEMPTS: usize = 50;

/// A value of that kind, or nothing when there is no kind of that name.
pub(crate) fn value(kind: &str, dice: &mut Dice) -> Option<String> {
    let make: fn(&mut Dice) -> String = match kind {
        "human-password" => human,
        "weak-password" => weak,
        "random-password" => random,
        "safe-password" => safe,
        "passphrase" => passphrase,
        "prefixed-token" => prefixed_token,
        "random-key" => random_key,
        "symbol-key" => symbol_key,
        _ => return None,
    };
    (0..MOST_ATTEMPTS)
        .map(|_| make(dice))
        .find(|value| is_believable(value))
        .or_else(|| Some(make(dice)))
}

/// A random draw that spells one of these by accident would rightly be taken for a sample.
fn is_believable(value: &str) -> bool {
    const SIGNS: [&str; 16] = [
        "foo", "bar", "baz", "xxx", "abc", "123", "fake", "mock", "test", "demo", "todo", "null",
        "none", "your", "0000", "aaaa",
    ];
    let lower = value.to_ascii_lowercase();
    !SIGNS.iter().any(|sign| lower.contains(sign))
}

/// A word or two, a number, a sign: `Xxxxxx2019!`, `xxxxxXxxxx77`.
fn human(dice: &mut Dice) -> String {
    let word = dice.word(PASSWORD_WORDS);
    let number = number(dice);
    let sign = char::from(*dice.pick(b"!@#$%&*?.-_!!@@#"));
    match dice.below(7) {
        0 | 1 => format!("{word}{number}{sign}"),
        2 => format!("{}{sign}{number}", leet(word, dice)),
        3 => format!("{word}{sign}{number}"),
        4 => format!("{}{}{number}", dice.word(PASSWORD_WORDS), word),
        5 => format!("{}{sign}{number}", capitalised(dice.word(COMPANIES))),
        _ => format!("{}{}{sign}", leet(word, dice), number),
    }
}

/// What people choose when nothing stops them: one word in small letters and a number.
fn weak(dice: &mut Dice) -> String {
    let word = dice.word(PASSWORD_WORDS).to_ascii_lowercase();
    let number = number(dice);
    match dice.below(3) {
        0 => format!("{word}{number}"),
        1 => format!("{number}{word}"),
        _ => format!("{word}{}{number}", dice.word(WORDS)),
    }
}

fn number(dice: &mut Dice) -> String {
    match dice.below(3) {
        0 => dice.between(1964, 2025).to_string(),
        1 => dice.between(11, 99).to_string(),
        _ => dice.between(135, 987).to_string(),
    }
}

fn leet(word: &str, dice: &mut Dice) -> String {
    word.chars()
        .map(|letter| match letter {
            'a' if dice.chance(60) => '@',
            'e' if dice.chance(60) => '3',
            'i' if dice.chance(50) => '1',
            'o' if dice.chance(60) => '0',
            's' if dice.chance(40) => '$',
            other => other,
        })
        .collect()
}

fn capitalised(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    first.to_ascii_uppercase() + rest
}

/// From a password manager: all classes of characters.
fn random(dice: &mut Dice) -> String {
    let length = dice.between(12, 24);
    from_classes(dice, length, "!@#$%^&*()-_=+?.,~")
}

/// From a password manager that was told to avoid what needs quoting.
fn safe(dice: &mut Dice) -> String {
    let length = dice.between(10, 20);
    from_classes(dice, length, "-_.+~")
}

/// Small and capital letters and digits, with a few signs among them, letters at both ends.
fn from_classes(dice: &mut Dice, length: usize, signs: &str) -> String {
    loop {
        let text: String = (0..length)
            .map(|place| {
                let is_end = place == 0 || place + 1 == length;
                let class = if is_end || dice.chance(82) {
                    BASE62
                } else {
                    signs
                };
                char::from(*dice.pick(class.as_bytes()))
            })
            .collect();
        let has = |class: fn(&char) -> bool| text.chars().any(|character| class(&character));
        if has(char::is_ascii_digit)
            && has(char::is_ascii_lowercase)
            && has(char::is_ascii_uppercase)
        {
            return text;
        }
    }
}

/// Words from a list, joined, with a number among them.
fn passphrase(dice: &mut Dice) -> String {
    let joint = dice.word(&["-", "-", ".", "_"]);
    let mut words: Vec<String> = (0..dice.between(3, 4))
        .map(|_| (dice.word(WORDS)).to_owned())
        .collect();
    let place = dice.below(words.len());
    words[place] = format!("{}{}", capitalised(&words[place]), dice.between(2, 99));
    words.join(joint)
}

/// A token of somebody's own service: a short prefix and random characters.
fn prefixed_token(dice: &mut Dice) -> String {
    let company = dice.word(COMPANIES);
    let short = company.get(..dice.between(2, 4)).unwrap_or(company);
    let mode = dice.word(&["_", "_live_", "-", "_prod_"]);
    let length = dice.between(24, 44);
    format!("{short}{mode}{}", dice.text(BASE62, length))
}

/// What programs draw for keys and secrets: hexadecimal, base62, base64.
fn random_key(dice: &mut Dice) -> String {
    let bytes = |dice: &mut Dice, count| -> Vec<u8> {
        (0..count).map(|_| dice.number().to_le_bytes()[0]).collect()
    };
    match dice.below(8) {
        0 => dice.text(HEX, 32),
        1 => dice.text(HEX, 40),
        2 => dice.text(HEX, 64),
        3 | 4 => {
            let length = dice.between(24, 48);
            dice.text(BASE62, length)
        }
        5 => STANDARD.encode(bytes(dice, 32)),
        6 => STANDARD.encode(bytes(dice, 24)),
        _ => URL_SAFE_NO_PAD.encode(bytes(dice, 32)),
    }
}

/// What frameworks draw for their session keys: fifty characters, many of them signs.
fn symbol_key(dice: &mut Dice) -> String {
    const ALPHABET: &str = "abcdefghijklmnopqrstuvwxyz0123456789!@#%^&*(-_=+)";
    dice.text(LOWER, 1) + &dice.text(ALPHABET, 49)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_makes_believable_values() {
        for kind in [
            "human-password",
            "weak-password",
            "random-password",
            "safe-password",
            "passphrase",
            "prefixed-token",
            "random-key",
            "symbol-key",
        ] {
            let mut dice = Dice::new(5);
            for _ in 0..100 {
                let text = value(kind, &mut dice).expect(kind);
                assert!(text.len() >= 6, "{kind}: {text}");
                assert!(is_believable(&text), "{kind}: {text}");
            }
        }
        assert_eq!(value("base62", &mut Dice::new(5)), None);
    }
}
