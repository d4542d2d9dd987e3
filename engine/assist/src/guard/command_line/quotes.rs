//! What stands in quotes, and behind `$` where it is no command.
//!
//! Variables keep their names: what they stand for is known by `variables`.

use super::reader::Reader;

impl Reader<'_> {
    pub(super) fn single(&mut self) {
        self.word.get_or_insert_default();
        while let Some(letter) = self.letters.next_if(|next| *next != '\'') {
            self.push(letter);
        }
        self.letters.next();
    }

    /// What stands between double quotes; to the end when there is no quote.
    pub(super) fn double(&mut self, quote: Option<char>) {
        self.word.get_or_insert_default();
        while let Some(letter) = self.letters.next() {
            match letter {
                _ if Some(letter) == quote => return,
                '\\' => match self.letters.next() {
                    Some('\n') | None => {}
                    Some(next @ ('"' | '\\' | '$' | '`')) => self.push(next),
                    Some(next) => {
                        self.push('\\');
                        self.push(next);
                    }
                },
                '$' if self.letters.next_if_eq(&'(').is_some() => self.substitution(),
                '$' => self.variable(),
                '`' => self.backtick(),
                _ => self.push(letter),
            }
        }
    }

    pub(super) fn dollar(&mut self) {
        match self.letters.peek() {
            Some('(') => {
                self.letters.next();
                self.substitution();
            }
            // It is translated.
            Some('"') => {}
            Some('\'') => {
                self.letters.next();
                self.escaped();
            }
            _ => self.variable(),
        }
    }

    /// Behind `$`, where no bracket follows.
    fn variable(&mut self) {
        let is_name = |next: &char| next.is_alphanumeric() || "_{@*#?!-".contains(*next);
        self.push('$');
        if self.letters.peek().is_some_and(is_name) {
            self.word.get_or_insert_default().has_variable = true;
        }
        // The brace of `${a}` makes no pattern of it.
        if self.letters.next_if_eq(&'{').is_some() {
            self.push('{');
        }
    }

    /// Behind `$'`: a quote that a backslash stands before does not end it.
    fn escaped(&mut self) {
        self.word.get_or_insert_default();
        while let Some(letter) = self.letters.next_if(|next| *next != '\'') {
            if letter != '\\' {
                self.push(letter);
                continue;
            }
            match self.letters.next() {
                Some('n') => self.push('\n'),
                Some('t') => self.push('\t'),
                Some('x') => self.number(0, 16, 2),
                Some('u') => self.number(0, 16, 4),
                Some('U') => self.number(0, 16, 8),
                Some(digit @ '0'..='7') => self.number(digit.to_digit(8).unwrap_or(0), 8, 2),
                Some(next) => self.push(next),
                None => {}
            }
        }
        self.letters.next();
    }

    /// The letter with this number, of which up to so many digits follow.
    fn number(&mut self, start: u32, radix: u32, digits: usize) {
        let mut number = start;
        for _ in 0..digits {
            let Some(digit) = self.letters.next_if(|next| next.is_digit(radix)) else {
                break;
            };
            let digit = digit.to_digit(radix).unwrap_or(0);
            number = number.saturating_mul(radix).saturating_add(digit);
        }
        self.push(char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER));
    }
}

#[cfg(test)]
mod tests {
    use crate::guard::command_line::CommandLine;

    fn words(text: &str) -> Vec<Vec<String>> {
        CommandLine::of(text).texts()
    }

    #[test]
    fn a_quote_with_escapes_ends_where_it_ends() {
        for (text, expected) in [
            (r"a $'it\'s'; b", vec![vec!["a", "it's"], vec!["b"]]),
            (
                r"a $'\x2eenv' $'\056env' $'\u002eenv'",
                vec![vec!["a", ".env", ".env", ".env"]],
            ),
            (r"a $'\\' b", vec![vec!["a", "\\", "b"]]),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }
}
