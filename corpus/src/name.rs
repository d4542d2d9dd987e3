//! A name made of words, and the ways in which languages write it.

/// A name, as words: `db`, `password`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name(Vec<String>);

impl Name {
    /// The words of a text, whatever joins them.
    pub(crate) fn of(text: &str) -> Name {
        let words = text
            .split(|character: char| !character.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_ascii_lowercase)
            .collect();
        Name(words)
    }

    /// The same name with a word before it.
    pub(crate) fn prefixed(mut self, word: &str) -> Name {
        self.0.insert(0, word.to_ascii_lowercase());
        self
    }

    /// The name in a style, or nothing when there is no style of that name.
    pub(crate) fn styled(&self, style: &str) -> Option<String> {
        let joined = |joint: &str| self.0.join(joint);
        let pascal = || self.0.iter().map(|word| capital(word)).collect::<String>();
        Some(match style {
            "snake" => joined("_"),
            "SNAKE" => joined("_").to_ascii_uppercase(),
            "kebab" => joined("-"),
            "Kebab" => self.capitals("-"),
            "dots" => joined("."),
            "flat" => joined(""),
            "title" => self.capitals(" "),
            "words" => joined(" "),
            "Pascal" => pascal(),
            "camel" => {
                let first = self.0.first().map_or("", String::as_str);
                let rest = pascal();
                format!("{first}{}", rest.get(first.len()..).unwrap_or_default())
            }
            _ => return None,
        })
    }

    fn capitals(&self, joint: &str) -> String {
        let words: Vec<String> = self.0.iter().map(|word| capital(word)).collect();
        words.join(joint)
    }
}

fn capital(word: &str) -> String {
    let (first, rest) = word.split_at(word.len().min(1));
    first.to_ascii_uppercase() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_in_every_style() {
        let name = Name::of("db-root Password");
        for (style, expected) in [
            ("snake", "db_root_password"),
            ("SNAKE", "DB_ROOT_PASSWORD"),
            ("kebab", "db-root-password"),
            ("Kebab", "Db-Root-Password"),
            ("dots", "db.root.password"),
            ("flat", "dbrootpassword"),
            ("title", "Db Root Password"),
            ("words", "db root password"),
            ("Pascal", "DbRootPassword"),
            ("camel", "dbRootPassword"),
        ] {
            assert_eq!(name.styled(style).as_deref(), Some(expected));
        }
        assert_eq!(name.styled("base62"), None);
        assert_eq!(
            name.prefixed("Prod").styled("camel").as_deref(),
            Some("prodDbRootPassword")
        );
    }
}
