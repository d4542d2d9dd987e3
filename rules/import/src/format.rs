//! Which tool's format a file has, told from its content.

/// The formats that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// gitleaks and betterleaks: TOML with `[[rules]]`.
    Gitleaks,
    /// Nosey Parker, Titus and Kingfisher: YAML with `rules:`.
    NoseyParker,
    /// TruffleHog's custom detectors: YAML with `detectors:`.
    TruffleHog,
}

/// Keys and tables that only gitleaks' format has, as a line begins with them.
const GITLEAKS: &[&str] = &[
    "[[rules",
    "[rules.",
    "[extend]",
    "[allowlist]",
    "[[allowlists]]",
    "title",
    "description",
    "minversion",
    "betterleaksminversion",
    "filter",
    "prefilter",
];

impl Format {
    /// The format of a text, by the first line that says it; nothing when it is none of these (our own, then).
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        for line in text.lines() {
            let line = line.trim_end().trim_start_matches('\u{feff}');
            let key = |separator| {
                line.split_once(separator)
                    .map_or("", |(key, _): (&str, &str)| key.trim())
            };
            match key(':') {
                "rules" | "\"rules\"" => return Some(Self::NoseyParker),
                "detectors" | "\"detectors\"" => return Some(Self::TruffleHog),
                _ => {}
            }
            let lower = line.to_ascii_lowercase().replace(' ', "");
            // Our own formats begin with their version.
            if lower.starts_with("version=") || lower.starts_with("[[rule]]") {
                return None;
            }
            let is_table = lower.starts_with('[');
            let is_known = |known: &&str| {
                if is_table {
                    lower.starts_with(*known)
                } else {
                    lower.split_once('=').is_some_and(|(key, _)| key == *known)
                }
            };
            if GITLEAKS.iter().any(is_known) && lower != "[rules]" {
                return Some(Self::Gitleaks);
            }
            if is_table {
                return None;
            }
        }
        None
    }

    /// The name of the tool.
    #[must_use]
    pub fn tool(self) -> &'static str {
        match self {
            Self::Gitleaks => "gitleaks",
            Self::NoseyParker => "Nosey Parker",
            Self::TruffleHog => "TruffleHog",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_told_by_the_content() {
        for (text, format) in [
            ("title = 'x'\n[[rules]]\n", Some(Format::Gitleaks)),
            ("[extend]\nuseDefault = true\n", Some(Format::Gitleaks)),
            ("# c\n[allowlist]\npaths = []\n", Some(Format::Gitleaks)),
            ("[[ rules ]]\nid = 'x'\n", Some(Format::Gitleaks)),
            ("rules:\n  - name: x\n", Some(Format::NoseyParker)),
            ("---\nrules:\n- name: x\n", Some(Format::NoseyParker)),
            ("detectors:\n- name: x\n", Some(Format::TruffleHog)),
            ("version = 1\n[[rule]]\n", None),
            ("[scan]\nsensitivity = 'high'\n", None),
            ("[rules]\ndisable = []\n", None),
            ("", None),
        ] {
            assert_eq!(Format::of(text), format, "{text:?}");
        }
    }
}
