//! The little of Markdown that the reference pages are written in.

/// Text for a cell of a table: on one line, and with nothing in it that would end the cell or be taken for HTML. What
/// stands between backquotes is left as it is but for the bar, which ends a cell even there.
pub(super) fn cell(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    let mut code = false;
    for character in text
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
    {
        match character {
            '`' => {
                code = !code;
                written.push('`');
            }
            '|' => written.push_str("\\|"),
            '<' if !code => written.push_str("&lt;"),
            '>' if !code => written.push_str("&gt;"),
            '*' | '_' if !code => {
                written.push('\\');
                written.push(character);
            }
            _ => written.push(character),
        }
    }
    written
}

/// Text between backquotes, for a cell.
pub(super) fn code(text: &str) -> String {
    format!("`{}`", text.replace('|', "\\|"))
}

/// A row of a table.
pub(super) fn row<const N: usize>(cells: [&str; N]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

/// The first two rows of a table.
pub(super) fn head<const N: usize>(titles: [&str; N]) -> String {
    row(titles) + &row(["---"; N])
}

#[cfg(test)]
mod tests {
    use super::{cell, row};

    #[test]
    fn nothing_in_a_text_ends_the_cell_or_becomes_markup() {
        assert_eq!(cell("a | b\n <c> *d*"), r"a \| b &lt;c&gt; \*d\*");
        assert_eq!(cell("`*_<x>` and a_b"), r"`*_<x>` and a\_b");
        assert_eq!(row(["a", "b"]), "| a | b |\n");
    }
}
