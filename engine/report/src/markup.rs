//! Text as XML, HTML and Markdown show it and do not obey it.
//!
//! As for terminals ([`crate::harmless`]): what whoever could push wrote into a path, a name or a subject is shown, and
//! nothing else happens. Control characters, which XML cannot hold at all, become visible ones.

use crate::harmless::visible;

/// `text` for XML and HTML: in an element or in a quoted attribute.
pub(crate) fn xml(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => made.push_str("&amp;"),
            '<' => made.push_str("&lt;"),
            '>' => made.push_str("&gt;"),
            '"' => made.push_str("&quot;"),
            '\'' => made.push_str("&#39;"),
            // XML 1.0 has no way to write these two.
            '\u{fffe}' | '\u{ffff}' => made.push('\u{fffd}'),
            character => made.push(visible(character)),
        }
    }
    made
}

/// `text` for Markdown, in a paragraph or a cell of a table: no markup of any kind, no mention of a user, no link.
pub(crate) fn markdown(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => made.push_str("&amp;"),
            '<' => made.push_str("&lt;"),
            '>' => made.push_str("&gt;"),
            // GitHub and GitLab turn these into mentions and references, a backslash before them or not.
            '@' | '#' | '!' | '~' | '%' | '$' | ':' => {
                made.push_str(&format!("&#{};", u32::from(character)));
            }
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '|' | '+' => {
                made.extend(['\\', character]);
            }
            character => made.push(visible(character)),
        }
    }
    made
}

/// `text` as code in a cell of a Markdown table.
///
/// As HTML, because a backtick in a code span cannot be escaped.
pub(crate) fn markdown_code(text: &str) -> String {
    format!("<code>{}</code>", markdown(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_shown_and_not_obeyed() {
        assert_eq!(
            xml("a<b a=\"'\">&\x1b"),
            "a&lt;b a=&quot;&#39;&quot;&gt;&amp;␛"
        );
        assert_eq!(
            markdown("[x](https://y) @me | <img> `c`"),
            "\\[x\\]\\(https&#58;//y\\) &#64;me \\| &lt;img&gt; \\`c\\`"
        );
        assert_eq!(markdown("a\nb\r"), "a␊b␍");
    }
}
