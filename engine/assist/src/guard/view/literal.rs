//! Texts that say of a line for sure that an expression fits it, for programs that leave such lines out.
//!
//! INVARIANT: a line that has a [`Literal`] of an expression in it is one that the expression fits. Of alternatives that are more
//! than a text nothing is said.

/// LIMIT: bytes of an expression. Nothing is said of a longer one.
pub(super) const LONGEST: usize = 4_096;

/// LIMIT: alternatives of an expression.
const MOST: usize = 256;

/// How an expression is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Syntax {
    /// Brackets and repetitions have backslashes before them: `grep`, `sed`.
    Basic,
    /// They have none: `grep -E`, `sed -E`, `rg`.
    Extended,
    /// Nothing in it has a meaning: `grep -F`.
    Fixed,
}

/// A text that a line has in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::guard) struct Literal {
    text: String,
    /// The line begins with it.
    is_first: bool,
    /// The line ends with it.
    is_last: bool,
    /// In letters of either case; of ASCII only.
    in_any_case: bool,
}

impl Literal {
    /// Those of an expression, as far as its alternatives are texts.
    pub(super) fn all(expression: &str, syntax: Syntax, in_any_case: bool) -> Vec<Self> {
        if expression.len() > LONGEST {
            return Vec::new();
        }
        let between = match syntax {
            Syntax::Basic => "\\|",
            Syntax::Extended => "|",
            Syntax::Fixed => "\n",
        };
        // A backslash before what stands between two makes it a letter, of which nothing is said then.
        let alternatives = expression.split(between).take(MOST);
        let literals = alternatives.filter_map(|one| Self::of(one, syntax));
        let literals = literals.filter(|one| !in_any_case || one.text.is_ascii());
        let cased = literals.map(|one| Self { in_any_case, ..one });
        cased.collect()
    }

    fn of(alternative: &str, syntax: Syntax) -> Option<Self> {
        let is_fixed = syntax == Syntax::Fixed;
        let (is_first, rest) = match alternative.strip_prefix('^').filter(|_| !is_fixed) {
            Some(rest) => (true, rest),
            None => (false, alternative),
        };
        let is_escaped = rest.ends_with("\\$");
        let (is_last, rest) = match rest.strip_suffix('$').filter(|_| !is_fixed && !is_escaped) {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        let (is_first, rest) = match rest.strip_prefix(".*").filter(|_| !is_fixed) {
            Some(rest) => (false, rest),
            None => (is_first, rest),
        };
        let (is_last, rest) = match rest
            .strip_suffix(".*")
            .filter(|rest| !is_fixed && !rest.ends_with('\\'))
        {
            Some(rest) => (false, rest),
            None => (is_last, rest),
        };
        let text = if is_fixed {
            rest.to_owned()
        } else {
            plain(rest, syntax)?
        };
        // An empty one is another way to name the last one.
        (!text.is_empty() || (is_first && is_last)).then_some(Self {
            text,
            is_first,
            is_last,
            in_any_case: false,
        })
    }

    /// Whether it says where in a line it stands.
    pub(super) fn is_anchored(&self) -> bool {
        self.is_first || self.is_last
    }

    /// Whether a line has it.
    pub(super) fn is_in(&self, line: &[u8]) -> bool {
        let (line, text) = (
            line.strip_suffix(b"\n").unwrap_or(line),
            self.text.as_bytes(),
        );
        let is_it = |at: &[u8]| match self.in_any_case {
            true => at.eq_ignore_ascii_case(text),
            false => at == text,
        };
        let first = line.get(..text.len()).is_some_and(is_it);
        let last = line
            .len()
            .checked_sub(text.len())
            .and_then(|at| line.get(at..));
        match (self.is_first, self.is_last) {
            (true, true) => first && line.len() == text.len(),
            (true, false) => first,
            (false, true) => last.is_some_and(is_it),
            (false, false) => text.is_empty() || line.windows(text.len()).any(is_it),
        }
    }
}

/// A text without what has a meaning in an expression; nothing when something in it has.
fn plain(expression: &str, syntax: Syntax) -> Option<String> {
    let has_meaning = match syntax {
        Syntax::Basic => "*[.^$",
        Syntax::Extended | Syntax::Fixed => "*[].^$+?(){}",
    };
    let mut text = String::new();
    let mut letters = expression.chars();
    while let Some(letter) = letters.next() {
        text.push(match letter {
            '\\' => letters.next().filter(|next| "./$^*[]-\\".contains(*next))?,
            _ if has_meaning.contains(letter) => return None,
            _ => letter,
        });
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_left_out_only_where_it_surely_fits() {
        use Syntax::{Basic, Extended, Fixed};
        for (expression, syntax, line, fits) in [
            ("TOKEN", Basic, "A_TOKEN=1", true),
            ("TOKEN", Basic, "token=1", false),
            ("^TOKEN=", Basic, "TOKEN=1", true),
            ("^TOKEN=", Basic, "A_TOKEN=1", false),
            ("1$", Basic, "TOKEN=1\n", true),
            ("1$", Basic, "TOKEN=12\n", false),
            ("^$", Basic, "\n", true),
            ("^$", Basic, "x\n", false),
            ("", Basic, "x", false),
            ("^", Basic, "x", false),
            ("^TOKEN.*", Basic, "TOKEN=1", true),
            (".*TOKEN.*", Basic, "A_TOKEN=1", true),
            ("^.*TOKEN$", Basic, "A_TOKEN", true),
            ("TOKEN*", Basic, "TOKEN", false),
            ("T.KEN", Basic, "T.KEN", false),
            ("a\\.b", Basic, "a.b", true),
            ("a\\.b", Basic, "acb", false),
            ("a\\$", Basic, "a$b", true),
            ("a\\wb", Basic, "awb", false),
            ("a|b", Basic, "a", false),
            ("a|b", Basic, "xa|b", true),
            ("a\\|b", Basic, "b", true),
            ("a+", Basic, "a+", true),
            ("a|b", Extended, "b", true),
            ("a|b+", Extended, "a", true),
            ("a|b+", Extended, "b", false),
            ("(a|b)", Extended, "a", false),
            ("a\\|b", Extended, "a", false),
            ("a.b", Fixed, "a.b", true),
            ("^a", Fixed, "a", false),
            ("a\nb", Fixed, "b", true),
        ] {
            let all = Literal::all(expression, syntax, false);
            let found = all.iter().any(|one| one.is_in(line.as_bytes()));
            assert_eq!(found, fits, "{expression} {syntax:?} {line}");
        }
        let all = Literal::all("token", Basic, true);
        assert!(all[0].is_in(b"A_TOKEN=1"));
        assert!(Literal::all("t\u{f6}ken", Basic, true).is_empty());
    }
}
