//! A variable as it stands in a text of a shell: `$NAME`, `${NAME}`, `${NAME:-value}`.
//!
//! What it stands for is known by `variables`; what of its value is seen where a text is printed, by `environment`.

/// LIMIT: bytes of a variable with its braces. What is longer is taken for text, so that a text of open braces costs no more
/// than its length.
const LONGEST: usize = 256;

/// LIMIT: letters of a value that are none of a credential: `${NAME:0:4}`.
const FEW: u32 = 8;

/// What a shell puts in the place of a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form<'t> {
    /// Its value.
    Value,
    /// Its value, or this text when it is not set.
    Or(&'t str),
    /// What stands before this letter in its value, or all of it: `${NAME%%=*}`.
    Before(char),
    /// Most of its value: `${NAME#x}`, `${NAME:4}`, `${NAME^^}`.
    Altered,
    /// Not enough of it to be its value: `${#NAME}`, `${NAME:+x}`, `${NAME:0:4}`.
    Other,
}

/// A variable at the beginning of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Variable<'t> {
    /// Empty when it has none: a lone `$`, `$(`.
    pub(super) name: &'t str,
    pub(super) form: Form<'t>,
    /// Bytes of it.
    pub(super) length: usize,
}

impl<'t> Variable<'t> {
    /// `text` begins with `$`.
    pub(super) fn at(text: &'t str) -> Self {
        let behind = text.get(1..).unwrap_or_default();
        if let Some(inner) = behind.strip_prefix('{') {
            return Self::in_braces(inner);
        }
        // PowerShell's name for the environment.
        let scope = if behind.starts_with("env:") {
            "env:".len()
        } else {
            0
        };
        let (_, behind) = behind.split_at(scope);
        let (name, _) = behind.split_at(end_of_name(behind));
        Self {
            name,
            form: Form::Value,
            length: 1 + scope + name.len(),
        }
    }

    /// Behind `${`.
    fn in_braces(inner: &'t str) -> Self {
        let Some(end) = closing_brace(inner) else {
            return Self {
                name: "",
                form: Form::Other,
                length: 1,
            };
        };
        let (inner, _) = inner.split_at(end);
        let length = inner.len() + "${}".len();
        let inner = inner.strip_prefix("env:").unwrap_or(inner);
        let (name, rest) = inner.split_at(end_of_name(inner));
        Self {
            name,
            form: form(rest),
            length,
        }
    }

    /// The variables of a text, those inside of others included.
    pub(super) fn all(text: &'t str) -> impl Iterator<Item = Self> {
        let places = text.match_indices('$');
        let all = places.filter_map(move |(at, _)| text.get(at..).map(Variable::at));
        all.filter(|variable| !variable.name.is_empty())
    }
}

/// What stands behind the name says what becomes of the value.
fn form(rest: &str) -> Form<'_> {
    let or = [":-", "-", ":=", "="];
    if let Some(value) = or.iter().find_map(|mark| rest.strip_prefix(mark)) {
        return Form::Or(value);
    }
    if let Some(letter) = rest
        .strip_prefix("%%")
        .and_then(|rest| rest.strip_suffix('*'))
    {
        let mut letters = letters_of(letter);
        return match (letters.next(), letters.next()) {
            (Some(letter), None) => Form::Before(letter),
            _ => Form::Altered,
        };
    }
    match rest.strip_prefix(':') {
        None if rest.is_empty() => Form::Value,
        None if rest.starts_with('+') => Form::Other,
        None => Form::Altered,
        Some(rest) if rest.starts_with('+') => Form::Other,
        Some(rest) => {
            let (first, count) = rest.split_once(':').unwrap_or((rest, ""));
            let from_end = first.trim().strip_prefix('-').unwrap_or_default();
            let is_few = |count: &str| count.trim().parse::<u32>().is_ok_and(|count| count <= FEW);
            if is_few(count) || is_few(from_end) {
                Form::Other
            } else {
                Form::Altered
            }
        }
    }
}

/// The letters of a pattern; none when any of them stands for others.
fn letters_of(pattern: &str) -> std::str::Chars<'_> {
    match pattern.contains(['*', '?', '[', '\\', '$']) {
        true => "".chars(),
        false => pattern.chars(),
    }
}

/// Where the brace stands that closes the open one before `text`.
fn closing_brace(text: &str) -> Option<usize> {
    let text = text.as_bytes();
    let text = text.get(..LONGEST).unwrap_or(text);
    if !text.contains(&b'}') {
        return None;
    }
    let mut open = 0_usize;
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'{' => open += 1,
            b'}' if open == 0 => return Some(at),
            b'}' => open -= 1,
            _ => {}
        }
    }
    None
}

fn end_of_name(text: &str) -> usize {
    text.find(|letter| !is_of_name(letter))
        .unwrap_or(text.len())
}

fn is_of_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// `NAME=value`, `NAME+=value`
pub(super) fn setting(word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.split_once('=')?;
    let name = name.strip_suffix('+').unwrap_or(name);
    is_name(name).then_some((name, value))
}

/// Whether a variable may be called so.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_of_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_told_with_what_becomes_of_its_value() {
        for (text, name, form, length) in [
            ("$A/b", "A", Form::Value, 2),
            ("${A}b", "A", Form::Value, 4),
            ("${A:-}", "A", Form::Or(""), 6),
            ("${A-b c}d", "A", Form::Or("b c"), 8),
            ("${A:-${B}}", "A", Form::Or("${B}"), 10),
            ("${A:=b}", "A", Form::Or("b"), 7),
            ("${A#b}", "A", Form::Altered, 6),
            ("${A%%=*}", "A", Form::Before('='), 8),
            ("${A%=*}", "A", Form::Altered, 7),
            ("${A%%==*}", "A", Form::Altered, 9),
            ("${A%%?*}", "A", Form::Altered, 8),
            ("${A:1}", "A", Form::Altered, 6),
            ("${A:0:40}", "A", Form::Altered, 9),
            ("${A?no}", "A", Form::Altered, 7),
            ("${A[0]}", "A", Form::Altered, 7),
            ("${A:0:4}", "A", Form::Other, 8),
            ("${A: -4}", "A", Form::Other, 8),
            ("${A:+set}", "A", Form::Other, 9),
            ("${A+set}", "A", Form::Other, 8),
            ("${#A}", "", Form::Altered, 5),
            ("$(a)", "", Form::Value, 1),
            ("${A", "", Form::Other, 1),
            ("$env:A", "A", Form::Value, 6),
            ("$", "", Form::Value, 1),
        ] {
            let expected = Variable { name, form, length };
            assert_eq!(Variable::at(text), expected, "{text}");
        }
        let names: Vec<&str> = Variable::all("$A ${B:-$C} ${#D} $")
            .map(|one| one.name)
            .collect();
        assert_eq!(names, ["A", "B", "C"]);
    }

    #[test]
    fn how_far_is_looked_for_a_brace_has_a_limit() {
        let far = format!("${{A{}}}", " ".repeat(LONGEST));
        assert_eq!(Variable::at(&far).name, "");
        let near = format!("${{A#{}}}", " ".repeat(LONGEST / 2));
        assert_eq!(Variable::at(&near).length, near.len());
    }

    #[test]
    fn a_setting_has_a_name() {
        for (word, expected) in [
            ("A=b=c", Some(("A", "b=c"))),
            ("A+=b", Some(("A", "b"))),
            ("--a=b", None),
            ("=b", None),
            ("A", None),
        ] {
            assert_eq!(setting(word), expected, "{word}");
        }
    }
}
