//! Reads the expressions of betterleaks' `filter` and `prefilter`: Expr, and CEL as earlier versions had it, as far as the two
//! agree on what filters are written with.
//!
//! This is the grammar only; what an expression means for findings is `filter`'s part.

use std::iter::Peekable;
use std::str::CharIndices;

/// LIMIT: how deep an expression may be nested.
const DEEPEST: usize = 64;

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expr {
    Text(String),
    Number(f64),
    Flag(bool),
    List(Vec<Expr>),
    /// A value by its name, with what is picked out of it: `finding.secret`, `attributes["path"]`.
    Name(Vec<String>),
    /// A function, or a method with the value that it is called on first.
    Call(String, Vec<Expr>),
    Not(Box<Expr>),
    /// Both sides and the operator: `&&`, `||`, `==`, `!=`, `<`, `<=`, `>`, `>=`, `in`, `contains`, `startsWith`, `endsWith`, `matches`.
    Binary(&'static str, Box<Expr>, Box<Expr>),
}

/// What cannot be read, and at which offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable {
    pub(crate) offset: usize,
    pub(crate) problem: String,
}

/// Reads an expression.
///
/// # Errors
/// The first thing that cannot be read.
pub(crate) fn parse(text: &str) -> Result<Expr, Unreadable> {
    let mut parser = Parser {
        tokens: tokens(text)?,
        next: 0,
        end: text.len(),
        depth: 0,
    };
    let expr = parser.either()?;
    match parser.peek() {
        None => Ok(expr),
        Some(_) => Err(parser.unexpected()),
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Text(String),
    Number(f64),
    Word(String),
    Symbol(&'static str),
}

/// The longer ones first.
const SYMBOLS: [&str; 19] = [
    "&&", "||", "==", "!=", "<=", ">=", "??", "?.", "<", ">", "!", "(", ")", "[", "]", ",", ".",
    "?", ":",
];

fn tokens(text: &str) -> Result<Vec<(usize, Token)>, Unreadable> {
    let mut found = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.peek().copied() {
        let rest = text.get(at..).unwrap_or_default();
        if c.is_whitespace() {
            chars.next();
        } else if rest.starts_with("//") {
            while chars.next_if(|(_, c)| *c != '\n').is_some() {}
        } else if let Some((text, length)) = quoted(rest, at)? {
            found.push((at, Token::Text(text)));
            skip(&mut chars, at + length);
        } else if c.is_ascii_digit() {
            let digits: String = rest
                .chars()
                .take_while(|c| c.is_ascii_digit() || *c == '.')
                .collect();
            let number = digits.parse().map_err(|_| Unreadable {
                offset: at,
                problem: format!("{digits} is no number"),
            })?;
            found.push((at, Token::Number(number)));
            skip(&mut chars, at + digits.len());
        } else if c.is_alphabetic() || c == '_' {
            let word: String = rest
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            skip(&mut chars, at + word.len());
            found.push((at, Token::Word(word)));
        } else if let Some(symbol) = SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol)) {
            found.push((at, Token::Symbol(symbol)));
            skip(&mut chars, at + symbol.len());
        } else {
            return Err(Unreadable {
                offset: at,
                problem: format!("{c:?} is not understood"),
            });
        }
    }
    Ok(found)
}

fn skip(chars: &mut Peekable<CharIndices<'_>>, to: usize) {
    while chars.next_if(|(at, _)| *at < to).is_some() {}
}

/// A quoted text at the beginning of `rest`, and how long it is as written.
fn quoted(rest: &str, at: usize) -> Result<Option<(String, usize)>, Unreadable> {
    let (prefix, is_raw) = match rest.get(..2) {
        Some("r\"" | "r'") => (1, true),
        _ => (0, false),
    };
    let body = rest.get(prefix..).unwrap_or_default();
    let Some(quote) = ["\"\"\"", "'''", "\"", "'", "`"]
        .into_iter()
        .find(|quote| body.starts_with(quote))
    else {
        return Ok(None);
    };
    let is_raw = is_raw || quote == "`";
    let inner = body.get(quote.len()..).unwrap_or_default();
    let mut text = String::new();
    let mut chars = inner.char_indices();
    while let Some((offset, c)) = chars.next() {
        if inner
            .get(offset..)
            .is_some_and(|rest| rest.starts_with(quote))
        {
            return Ok(Some((text, prefix + quote.len() + offset + quote.len())));
        }
        if c != '\\' || is_raw {
            text.push(c);
            continue;
        }
        match chars.next().map(|(_, c)| c) {
            Some('n') => text.push('\n'),
            Some('t') => text.push('\t'),
            Some('r') => text.push('\r'),
            Some(c @ ('\\' | '"' | '\'' | '`' | '/')) => text.push(c),
            other => {
                return Err(Unreadable {
                    offset: at + prefix + quote.len() + offset,
                    problem: format!(
                        "\\{} is no escape of a text",
                        other.map(String::from).unwrap_or_default()
                    ),
                });
            }
        }
    }
    Err(Unreadable {
        offset: at,
        problem: "the text has no end".to_owned(),
    })
}

struct Parser {
    tokens: Vec<(usize, Token)>,
    next: usize,
    end: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(_, token)| token)
    }

    fn unexpected(&self) -> Unreadable {
        let (offset, problem) = match self.tokens.get(self.next) {
            Some((offset, Token::Word(word))) => {
                (*offset, format!("`{word}` is not expected here"))
            }
            Some((offset, Token::Symbol(symbol))) => {
                (*offset, format!("`{symbol}` is not expected here"))
            }
            Some((offset, _)) => (*offset, "a value is not expected here".to_owned()),
            None => (self.end, "the expression ends too early".to_owned()),
        };
        Unreadable { offset, problem }
    }

    fn takes(&mut self, symbol: &str) -> bool {
        let is_next = matches!(self.peek(), Some(Token::Symbol(next)) if *next == symbol);
        self.next += usize::from(is_next);
        is_next
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let is_next = matches!(self.peek(), Some(Token::Word(next)) if next == word);
        self.next += usize::from(is_next);
        is_next
    }

    fn expect(&mut self, symbol: &str) -> Result<(), Unreadable> {
        if self.takes(symbol) {
            Ok(())
        } else {
            Err(self.unexpected())
        }
    }

    fn either(&mut self) -> Result<Expr, Unreadable> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Unreadable {
                offset: self.tokens.get(self.next).map_or(self.end, |(at, _)| *at),
                problem: format!("nested more than {DEEPEST} levels deep"),
            });
        }
        let mut left = self.both()?;
        while self.takes("||") || self.takes_word("or") {
            left = Expr::Binary("||", Box::new(left), Box::new(self.both()?));
        }
        self.depth -= 1;
        Ok(left)
    }

    fn both(&mut self) -> Result<Expr, Unreadable> {
        let mut left = self.comparison()?;
        while self.takes("&&") || self.takes_word("and") {
            left = Expr::Binary("&&", Box::new(left), Box::new(self.comparison()?));
        }
        Ok(left)
    }

    fn comparison(&mut self) -> Result<Expr, Unreadable> {
        const SIGNS: [&str; 6] = ["==", "!=", "<=", ">=", "<", ">"];
        const WORDS: [&str; 5] = ["in", "contains", "startsWith", "endsWith", "matches"];
        if self.takes("!") || self.takes_word("not") {
            return Ok(Expr::Not(Box::new(self.comparison_within_depth()?)));
        }
        let left = self.value()?;
        let sign = SIGNS.into_iter().find(|sign| self.takes(sign));
        let operator = sign.or_else(|| WORDS.into_iter().find(|word| self.takes_word(word)));
        Ok(match operator {
            Some(operator) => Expr::Binary(operator, Box::new(left), Box::new(self.value()?)),
            None => left,
        })
    }

    /// What is negated: a bare value, or a comparison after the word `not`.
    fn comparison_within_depth(&mut self) -> Result<Expr, Unreadable> {
        self.depth += 1;
        let inner = if self.depth > DEEPEST {
            Err(self.unexpected())
        } else {
            self.comparison()
        };
        self.depth -= 1;
        inner
    }

    fn value(&mut self) -> Result<Expr, Unreadable> {
        let mut value = self.primary()?;
        loop {
            if self.takes(".") || self.takes("?.") {
                let Some(Token::Word(name)) = self.peek().cloned() else {
                    return Err(self.unexpected());
                };
                self.next += 1;
                value = if self.takes("(") {
                    let mut arguments = vec![value];
                    arguments.append(&mut self.arguments(")")?);
                    method(name, arguments)
                } else {
                    picked(value, name).ok_or_else(|| self.unexpected())?
                };
            } else if self.takes("[") {
                let _is_optional = self.takes("?");
                let Some(Token::Text(key)) = self.peek().cloned() else {
                    return Err(self.unexpected());
                };
                self.next += 1;
                self.expect("]")?;
                value = picked(value, key).ok_or_else(|| self.unexpected())?;
            } else if self.takes("??") {
                // A value that is not there is an empty text here in any case.
                let other = self.primary()?;
                if other != Expr::Text(String::new()) {
                    return Err(self.unexpected());
                }
            } else {
                return Ok(value);
            }
        }
    }

    fn primary(&mut self) -> Result<Expr, Unreadable> {
        let Some(token) = self.peek().cloned() else {
            return Err(self.unexpected());
        };
        match token {
            Token::Text(text) => {
                self.next += 1;
                Ok(Expr::Text(text))
            }
            Token::Number(number) => {
                self.next += 1;
                Ok(Expr::Number(number))
            }
            Token::Word(word) => {
                self.next += 1;
                Ok(match word.as_str() {
                    "true" => Expr::Flag(true),
                    "false" => Expr::Flag(false),
                    _ if self.takes("(") => Expr::Call(word, self.arguments(")")?),
                    _ => Expr::Name(vec![word]),
                })
            }
            Token::Symbol("(") => {
                self.next += 1;
                let inner = self.either()?;
                self.expect(")")?;
                Ok(inner)
            }
            Token::Symbol("[") => {
                self.next += 1;
                Ok(Expr::List(self.arguments("]")?))
            }
            Token::Symbol(_) => Err(self.unexpected()),
        }
    }

    fn arguments(&mut self, end: &str) -> Result<Vec<Expr>, Unreadable> {
        let mut arguments = Vec::new();
        while !self.takes(end) {
            arguments.push(self.either()?);
            if !self.takes(",") {
                self.expect(end)?;
                break;
            }
        }
        Ok(arguments)
    }
}

/// `filter.entropy(x)` is a function in a namespace, `x.contains(y)` a method.
fn method(name: String, mut arguments: Vec<Expr>) -> Expr {
    match arguments.first() {
        Some(Expr::Name(path)) if path.as_slice() == ["filter"] => {
            arguments.remove(0);
            Expr::Call(name, arguments)
        }
        // An optional value's default: what is not there is an empty text.
        Some(value)
            if name == "orValue" && arguments.get(1) == Some(&Expr::Text(String::new())) =>
        {
            value.clone()
        }
        _ => Expr::Call(name, arguments),
    }
}

fn picked(value: Expr, key: String) -> Option<Expr> {
    match value {
        Expr::Name(mut path) => {
            path.push(key);
            Some(Expr::Name(path))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(path: &[&str]) -> Expr {
        Expr::Name(path.iter().map(|&part| part.to_owned()).collect())
    }

    #[test]
    fn both_dialects_are_read() {
        let path = name(&["attributes", "path"]);
        for text in [
            r#"attributes[?"path"].orValue("")"#,
            r#"attributes["path"] ?? """#,
            r#"attributes["path"]"#,
            "attributes?.path",
        ] {
            assert_eq!(parse(text), Ok(path.clone()), "{text}");
        }
        for text in [
            "entropy(finding.secret) <= 3.5",
            r#"filter.entropy(finding["secret"]) <= 3.5"#,
        ] {
            let call = Expr::Call("entropy".to_owned(), vec![name(&["finding", "secret"])]);
            let expected = Expr::Binary("<=", Box::new(call), Box::new(Expr::Number(3.5)));
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
        assert_eq!(
            parse(r#"r"""(?i)\.md$""""#),
            Ok(Expr::Text(r"(?i)\.md$".to_owned()))
        );
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_place() {
        for (text, offset) in [
            ("a &&", 4),
            ("a ; b", 2),
            ("(a", 2),
            ("\"a", 0),
            ("a b", 2),
            ("1.2.3", 0),
        ] {
            assert_eq!(parse(text).expect_err(text).offset, offset, "{text}");
        }
        let deep = "(".repeat(100);
        assert!(parse(&deep).expect_err("deep").problem.contains("levels"));
    }
}
