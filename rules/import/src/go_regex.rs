//! Expressions in Go's syntax (RE2), rewritten in the syntax of Rust's `regex` over bytes with Unicode off.
//!
//! The two syntaxes are siblings. They differ in what is literal (`[[]`, `{`, `\_`, `&&` in a class), in quoting (`\Q…\E`), in octal
//! escapes, and in what one `.` or `[^x]` takes: a character there, a byte here. Where it matters, such an item is
//! written as "one byte that begins a character, and the bytes that continue it".
//!
//! INVARIANT: every valid expression of Go means the same after; an invalid one stays as it is, and the reader that comes next says
//! what is wrong with it.

use std::iter::Peekable;
use std::str::CharIndices;

/// Bytes that continue a character of UTF-8.
const CONTINUED: &str = r"[\x80-\xBF]{0,3}";

/// The expression in Rust's syntax, and for each of its bytes the offset in the original that it comes from.
pub(crate) struct Rewritten {
    pub(crate) regex: String,
    origins: Vec<usize>,
}

impl Rewritten {
    /// Where in the original stands what the rewritten expression has at this offset.
    pub(crate) fn origin(&self, offset: usize) -> usize {
        self.origins
            .get(offset)
            .copied()
            .unwrap_or_else(|| self.origins.last().copied().unwrap_or_default())
    }
}

/// Rewrites an expression of Go.
pub(crate) fn rewrite(source: &str) -> Rewritten {
    let mut rewriter = Rewriter {
        source,
        chars: source.char_indices().peekable(),
        out: String::with_capacity(source.len() * 2),
        origins: Vec::with_capacity(source.len() * 2),
        at: 0,
        dot_all: vec![false],
    };
    rewriter.run();
    rewriter.push("");
    Rewritten {
        regex: rewriter.out,
        origins: rewriter.origins,
    }
}

struct Rewriter<'s> {
    source: &'s str,
    chars: Peekable<CharIndices<'s>>,
    out: String,
    origins: Vec<usize>,
    /// Offset of the item at hand.
    at: usize,
    /// For each open group whether `.` takes line breaks there.
    dot_all: Vec<bool>,
}

/// What a class holds.
#[derive(Default)]
struct Class {
    /// Its members in the syntax of Rust.
    members: String,
    is_negated: bool,
    is_ascii: bool,
    last: Last,
}

/// What stands before a dash in a class, and so decides what the dash is.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Last {
    /// Nothing, a range, or a class: a dash is itself.
    #[default]
    Closed,
    /// A character: a dash makes a range of it.
    Character,
    /// A character and a dash.
    Dash,
}

impl Rewriter<'_> {
    fn run(&mut self) {
        while let Some((at, c)) = self.chars.next() {
            self.at = at;
            match c {
                '\\' => self.escape(),
                '[' => self.class(),
                '(' => self.group(),
                ')' => {
                    if self.dot_all.len() > 1 {
                        self.dot_all.pop();
                    }
                    self.push(")");
                }
                '.' => {
                    let members = if self.takes_breaks() { "" } else { r"\n" };
                    self.any_but(members);
                }
                '{' if !self.is_repetition() => self.push(r"\{"),
                '}' if !self.closes_repetition() => self.push(r"\}"),
                ']' => self.push(r"\]"),
                c => self.push(c.encode_utf8(&mut [0; 4])),
            }
        }
    }

    fn push(&mut self, text: &str) {
        self.out.push_str(text);
        self.origins.resize(self.out.len(), self.at);
    }

    fn takes_breaks(&self) -> bool {
        self.dot_all.last().copied().unwrap_or(false)
    }

    fn rest(&mut self) -> &str {
        let from = self.chars.peek().map_or(self.source.len(), |(at, _)| *at);
        self.source.get(from..).unwrap_or_default()
    }

    /// Whether the brace at hand begins `{n}`, `{n,}` or `{n,m}`.
    fn is_repetition(&mut self) -> bool {
        let rest = self.rest();
        rest.split_once('}').is_some_and(|(bounds, _)| {
            let (least, most) = bounds.split_once(',').unwrap_or((bounds, ""));
            let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
            !least.is_empty() && is_number(least) && is_number(most)
        })
    }

    /// Whether the brace at hand ends a repetition: what was written last is its bounds.
    fn closes_repetition(&self) -> bool {
        let bounds = self.out.rfind('{').and_then(|at| {
            let is_escaped = self.out.get(..at)?.ends_with('\\');
            (!is_escaped).then(|| self.out.get(at + 1..))?
        });
        bounds.is_some_and(|bounds| {
            !bounds.is_empty()
                && bounds
                    .bytes()
                    .all(|byte| byte.is_ascii_digit() || byte == b',')
        })
    }

    /// One character that is none of these members.
    fn any_but(&mut self, members: &str) {
        // Repeated without a bound, characters and bytes come to the same.
        let is_unbounded = matches!(self.chars.peek(), Some((_, '*' | '+')));
        let text = match (is_unbounded, members.is_empty()) {
            (true, true) => "(?s:.)".to_owned(),
            (true, false) => format!("[^{members}]"),
            (false, _) => format!(r"(?:[^{members}\x80-\xBF]{CONTINUED})"),
        };
        self.push(&text);
    }

    fn group(&mut self) {
        let mut dot_all = self.takes_breaks();
        if self.rest().starts_with('?') {
            let flags: String = self
                .rest()
                .chars()
                .skip(1)
                .take_while(|c| c.is_ascii_alphabetic() || *c == '-')
                .collect();
            let after = self.rest().chars().nth(1 + flags.len());
            if matches!(after, Some(')' | ':')) && !flags.starts_with('P') {
                let (on, off) = flags.split_once('-').unwrap_or((&flags, ""));
                dot_all = (dot_all || on.contains('s')) && !off.contains('s');
                self.push("(?");
                self.push(&flags);
                self.push(if after == Some(')') { ")" } else { ":" });
                for _ in 0..flags.len() + 2 {
                    self.chars.next();
                }
                match (after, self.dot_all.last_mut()) {
                    (Some(')'), Some(here)) => *here = dot_all,
                    _ => self.dot_all.push(dot_all),
                }
                return;
            }
        }
        self.dot_all.push(dot_all);
        self.push("(");
    }

    fn escape(&mut self) {
        match self.chars.next().map(|(_, c)| c) {
            Some('Q') => self.quoted(),
            Some('C') => self.push("(?s:.)"),
            Some(c @ ('D' | 'W' | 'S')) => {
                let members = perl_class(c.to_ascii_lowercase());
                self.any_but(members);
            }
            Some(c @ ('d' | 'w' | 's')) => {
                self.push("[");
                self.push(perl_class(c));
                self.push("]");
            }
            Some(c @ ('p' | 'P')) => {
                let name = self.property();
                let text = format!(r"(?u:\{c}{name})");
                self.push(&text);
            }
            Some('x') => match self.hexadecimal() {
                Some(code) => self.literal(code),
                None => self.push(r"\x"),
            },
            Some(c @ '0'..='7') => match self.octal(c) {
                Some(code) => self.literal(code),
                None => {
                    self.push("\\");
                    self.push(c.encode_utf8(&mut [0; 4]));
                }
            },
            Some(c) if c.is_ascii_punctuation() => self.literal(c),
            Some(c) => {
                self.push("\\");
                self.push(c.encode_utf8(&mut [0; 4]));
            }
            None => self.push("\\"),
        }
    }

    fn literal(&mut self, c: char) {
        let text = regex_syntax::escape(c.encode_utf8(&mut [0; 4]));
        self.push(&text);
    }

    fn quoted(&mut self) {
        let rest = self.rest();
        let quoted = rest.split_once(r"\E").map_or(rest, |(quoted, _)| quoted);
        let (text, length) = (regex_syntax::escape(quoted), quoted.chars().count());
        self.push(&text);
        for _ in 0..length + 2 {
            self.chars.next();
        }
    }

    /// The name behind `\p`, with its braces.
    fn property(&mut self) -> String {
        let rest = self.rest();
        let name: String = if rest.starts_with('{') {
            rest.split_inclusive('}')
                .next()
                .unwrap_or_default()
                .to_owned()
        } else {
            rest.chars().take(1).collect()
        };
        for _ in name.chars() {
            self.chars.next();
        }
        name
    }

    /// The character behind `\x`.
    fn hexadecimal(&mut self) -> Option<char> {
        let rest = self.rest();
        let (digits, taken) = match rest.strip_prefix('{') {
            Some(inner) => {
                let (digits, _) = inner.split_once('}')?;
                (digits, digits.len() + 2)
            }
            None => (rest.get(..2)?, 2),
        };
        let code = u32::from_str_radix(digits, 16)
            .ok()
            .and_then(char::from_u32)?;
        for _ in 0..taken {
            self.chars.next();
        }
        Some(code)
    }

    /// The character of an octal escape. One digit alone is one only when it is 0: else it is a back-reference, which no
    /// linear-time engine has.
    fn octal(&mut self, first: char) -> Option<char> {
        let more: String = self
            .rest()
            .chars()
            .take(2)
            .take_while(|c| ('0'..='7').contains(c))
            .collect();
        if more.is_empty() && first != '0' {
            return None;
        }
        let code = u32::from_str_radix(&format!("{first}{more}"), 8).ok();
        for _ in more.chars() {
            self.chars.next();
        }
        code.and_then(char::from_u32)
    }

    fn class(&mut self) {
        let before = self.chars.clone();
        let Some(class) = self.read_class() else {
            // Without an end: as it is, so that the error names it.
            self.chars = before;
            self.push("[");
            return;
        };
        let Class {
            members,
            is_negated,
            is_ascii,
            ..
        } = class;
        match (is_negated, is_ascii) {
            (true, true) => self.any_but(&members),
            (false, true) => self.push(&format!("[{members}]")),
            (true, false) => self.push(&format!("(?u:[^{members}])")),
            (false, false) => self.push(&format!("(?u:[{members}])")),
        }
    }

    fn read_class(&mut self) -> Option<Class> {
        let mut class = Class {
            is_ascii: true,
            ..Class::default()
        };
        if self.chars.next_if(|(_, c)| *c == '^').is_some() {
            class.is_negated = true;
        }
        let mut is_first = true;
        loop {
            let (_, c) = self.chars.next()?;
            match c {
                ']' if !is_first => return Some(class),
                '[' if self.rest().starts_with(':') => match self.posix_name() {
                    Some(name) => class.add_class(&format!("[{name}]")),
                    None => class.add(c),
                },
                '\\' => self.class_escape(&mut class)?,
                '-' if class.last == Last::Character && !self.rest().starts_with(']') => {
                    class.members.push('-');
                    class.last = Last::Dash;
                }
                c => class.add(c),
            }
            is_first = false;
        }
    }

    /// `:alpha:`, without the brackets around it.
    fn posix_name(&mut self) -> Option<String> {
        let rest = self.rest();
        let (name, _) = rest.split_once(":]")?;
        let is_name = name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || matches!(byte, b':' | b'^'));
        let name = is_name.then(|| format!("{name}:"))?;
        for _ in 0..=name.len() {
            self.chars.next();
        }
        Some(name)
    }

    fn class_escape(&mut self, class: &mut Class) -> Option<()> {
        let (_, c) = self.chars.next()?;
        match c {
            'd' | 'w' | 's' => class.add_class(perl_class(c)),
            'D' | 'W' | 'S' => {
                class.is_ascii = false;
                let members = perl_class(c.to_ascii_lowercase());
                class.add_class(&format!("[^{members}]"));
            }
            'p' | 'P' => {
                class.is_ascii = false;
                let name = self.property();
                class.add_class(&format!(r"\{c}{name}"));
            }
            'x' => class.add(self.hexadecimal()?),
            '0'..='7' => class.add(self.octal(c)?),
            'Q' => {}
            c if c.is_ascii_punctuation() => class.add(c),
            c => {
                class.members.push('\\');
                class.members.push(c);
                class.close_character();
            }
        }
        Some(())
    }
}

impl Class {
    fn add(&mut self, c: char) {
        self.is_ascii &= c.is_ascii();
        // In Rust's syntax `\<` and `\>` are assertions.
        if c.is_ascii_punctuation() && !matches!(c, '<' | '>') {
            self.members.push('\\');
        }
        self.members.push(c);
        self.close_character();
    }

    fn add_class(&mut self, members: &str) {
        self.members.push_str(members);
        self.last = Last::Closed;
    }

    fn close_character(&mut self) {
        self.last = match self.last {
            Last::Dash => Last::Closed,
            Last::Closed | Last::Character => Last::Character,
        };
    }
}

/// The members of a class that is written with one letter, as Go has them.
fn perl_class(letter: char) -> &'static str {
    match letter {
        'd' => "0-9",
        'w' => "0-9A-Za-z_",
        _ => r"\t\n\x0C\r ",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex_automata::meta::Regex;
    use regex_automata::util::syntax;

    fn compile(source: &str) -> Regex {
        let regex = rewrite(source).regex;
        Regex::builder()
            .syntax(syntax::Config::new().unicode(false).utf8(false))
            .build(&regex)
            .unwrap_or_else(|error| panic!("{source} became {regex}: {error}"))
    }

    fn found<'t>(source: &str, text: &'t str) -> Option<&'t str> {
        compile(source)
            .find(text.as_bytes())
            .map(|found| text.get(found.range()).expect("whole characters"))
    }

    #[test]
    fn what_is_literal_in_go_stays_literal() {
        for (source, text) in [
            ("[[]", "["),
            ("[a&&b]", "&"),
            (r"a\_b", "a_b"),
            (r"\<a\>", "<a>"),
            ("a{b}", "a{b}"),
            ("a{,3}", "a{,3}"),
            (r"\Q.*\E", ".*"),
            (r"\101\x42\x{43}", "ABC"),
            ("[]a]", "]"),
            ("[a-]", "-"),
            ("[~~#]", "~"),
            ("x]", "x]"),
            (r#"['\"\x60]"#, "`"),
            (r"[[:alnum:]_-]", "-"),
            ("[^]]", "a"),
            (r"[\]]", "]"),
            (r"[+\-*/]", "-"),
            (r"[\w-.]", "-"),
            ("[a-c-z]", "-"),
            ("[[:alpha:]-x]", "-"),
        ] {
            assert_eq!(found(source, text), Some(text), "{source}");
        }
        assert_eq!(found(r"^[\w.-]{3}$", "a.-"), Some("a.-"));
        assert_eq!(found("a{2,3}", "aaaa"), Some("aaa"));
    }

    #[test]
    fn one_character_is_one_whatever_its_bytes() {
        assert_eq!(found("^a.{2}b$", "aé漢b"), Some("aé漢b"));
        assert_eq!(found("^[^a]{2}$", "漢😀"), Some("漢😀"));
        assert_eq!(found("^[^a]{3}$", "漢😀"), None);
        assert_eq!(found("^[é漢]$", "漢"), Some("漢"));
        assert_eq!(found(r"^\S{2}$", "é漢"), Some("é漢"));
        assert_eq!(found(r"^\pL$", "é"), Some("é"));
    }

    #[test]
    fn flags_decide_whether_a_dot_takes_line_breaks() {
        assert_eq!(found("a.b", "a\nb"), None);
        assert_eq!(found("(?s)a.b", "a\nb"), Some("a\nb"));
        assert_eq!(found("(?s:a.)b.c", "a\nb\nc"), None);
        assert_eq!(found("(?i:A.)(?s).c", "ab\nc"), Some("ab\nc"));
        assert_eq!(found("(?i)ABC", "abc"), Some("abc"));
        assert_eq!(found("(?P<n>a)(?:b)", "ab"), Some("ab"));
    }

    #[test]
    fn what_is_wrong_keeps_its_place() {
        for (source, at) in [("ab(?=c)", 2), (r"\.(a", 2), (r"(a)\1", 3)] {
            let rewritten = rewrite(source);
            let error = regex_syntax::ParserBuilder::new()
                .unicode(false)
                .utf8(false)
                .build()
                .parse(&rewritten.regex)
                .expect_err(source);
            let regex_syntax::Error::Parse(error) = error else {
                panic!("{error}")
            };
            assert_eq!(
                rewritten.origin(error.span().start.offset),
                at,
                "{source} became {}",
                rewritten.regex
            );
        }
    }
}
