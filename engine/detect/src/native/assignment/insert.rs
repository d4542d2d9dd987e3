//! Values of SQL's `INSERT INTO users (name, password) VALUES ('ann', '…')`: the column has the name, the rows have one value each.
//!
//! Not for: dumps without a list of columns, which say nothing of what stands where. Digests in a column of passwords are what
//! belongs there, and are left out.

use leakward_core::Span;

use super::operator::{name_close, skip_blanks};
use crate::byte_set::ByteSet;

/// LIMIT: how far before the name its statement may begin, how far behind it values are read, and how many rows.
const BEFORE: usize = 256;
const WITHIN: usize = 1_900;
const ROWS: usize = 32;

/// Lengths of digests in hexadecimal.
const DIGESTS: [usize; 6] = [32, 40, 56, 64, 96, 128];

/// The values of the column `name`, without their quotes.
pub(super) fn values(bytes: &[u8], name: Span) -> Vec<Span> {
    rows(bytes, name).unwrap_or_default()
}

/// Whether a list of columns is open before `name`. Only then [`values`] finds something.
pub(super) fn may_be_column(bytes: &[u8], name: Span) -> bool {
    columns_start(bytes, name.start).is_some()
}

fn rows(bytes: &[u8], name: Span) -> Option<Vec<Span>> {
    let (closed, _) = name_close(bytes, name.end);
    // SQL Server's `[password]`.
    let closed = closed + usize::from(bytes.get(closed) == Some(&b']'));
    if !matches!(bytes.get(skip_blanks(bytes, closed))?, b',' | b')') {
        return None;
    }
    let open = columns_start(bytes, name.start)?;
    let columns = list(bytes, open)?;
    let column = columns
        .items
        .iter()
        .position(|item| item.start <= name.start && name.end <= item.end)?;
    // A column is a name, in its quotes.
    let item = columns.items.get(column)?;
    if item.len() > name.len() + 2 {
        return None;
    }
    let word = ByteSet::SPACE.run_end(bytes, columns.end, columns.end + 64);
    if !bytes.get(word..word + 6)?.eq_ignore_ascii_case(b"values") {
        return None;
    }
    let last = (name.end + WITHIN).min(bytes.len());
    let mut at = ByteSet::SPACE.run_end(bytes, word + 6, word + 70);
    let mut found = Vec::new();
    for _ in 0..ROWS {
        let Some(row) = list(bytes.get(..last)?, at) else {
            break;
        };
        if row.items.len() == columns.items.len()
            && let Some(value) = row.items.get(column).and_then(|item| text(bytes, *item))
        {
            found.push(value);
        }
        let comma = ByteSet::SPACE.run_end(bytes, row.end, row.end + 64);
        if bytes.get(comma) != Some(&b',') {
            break;
        }
        at = ByteSet::SPACE.run_end(bytes, comma + 1, comma + 65);
    }
    Some(found)
}

/// Where the list of columns opens that stands around `at`: behind `insert into` and the table's name.
fn columns_start(bytes: &[u8], at: usize) -> Option<usize> {
    let from = at.saturating_sub(BEFORE);
    let before = bytes.get(from..at)?;
    let open = memchr::memrchr(b'(', before)?;
    let head = before.get(..open)?;
    // The table's name is a word or two; `insert into` stands right before it.
    let head = head
        .get(head.len().saturating_sub(96)..)?
        .to_ascii_lowercase();
    let into = memchr::memmem::rfind(&head, b"insert into ")?;
    let table = head.get(into + 12..)?;
    let is_name = ByteSet::WORD.with(b".`\"[] -");
    table
        .iter()
        .all(|byte| is_name.contains(*byte))
        .then_some(from + open)
}

/// A list in brackets: its items without blanks around them, and where it ends.
struct List {
    items: Vec<Span>,
    end: usize,
}

/// The list that opens at `open`. Texts may hold anything, and a quote twice is one.
fn list(bytes: &[u8], open: usize) -> Option<List> {
    if bytes.get(open) != Some(&b'(') {
        return None;
    }
    let mut items = Vec::new();
    let (mut start, mut depth, mut quote, mut escaped) = (open + 1, 0_usize, None, false);
    for at in open + 1..(open + 1 + WITHIN).min(bytes.len()) {
        let byte = *bytes.get(at)?;
        match (quote, byte) {
            _ if escaped => escaped = false,
            (Some(_), b'\\') => escaped = true,
            (Some(mark), _) if byte == mark => quote = None,
            (Some(_), _) => {}
            (None, b'\'' | b'"' | b'`') => quote = Some(byte),
            (None, b'(') => depth += 1,
            (None, b')') if depth > 0 => depth -= 1,
            (None, b')') => {
                items.push(trimmed(bytes, start, at));
                return Some(List { items, end: at + 1 });
            }
            (None, b',') if depth == 0 => {
                items.push(trimmed(bytes, start, at));
                start = at + 1;
            }
            (None, b';') => return None,
            _ => {}
        }
    }
    None
}

fn trimmed(bytes: &[u8], start: usize, end: usize) -> Span {
    let text = bytes.get(start..end).unwrap_or_default();
    let first = text.len() - text.trim_ascii_start().len();
    let length = text.trim_ascii().len();
    Span::new(start + first, start + first + length)
}

/// The inside of a text in quotes; nothing for numbers, calls, and digests.
fn text(bytes: &[u8], item: Span) -> Option<Span> {
    let all = bytes.get(item.range())?;
    let prefix = usize::from(matches!(all, [b'N' | b'E' | b'n' | b'e', b'\'', ..]));
    let inner = match all.get(prefix..)? {
        [b'\'', inner @ .., b'\''] | [b'"', inner @ .., b'"'] => inner,
        _ => return None,
    };
    let is_digest = DIGESTS.contains(&inner.len()) && inner.iter().all(u8::is_ascii_hexdigit);
    (!inner.is_empty() && !is_digest).then(|| Span::new(item.start + prefix + 1, item.end - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<&str> {
        let start = text.find("password").expect("the name");
        values(text.as_bytes(), Span::new(start, start + 8))
            .into_iter()
            .map(|span| &text[span.range()])
            .collect()
    }

    #[test]
    fn values_stand_where_their_column_says() {
        for (text, expected) in [
            (
                "INSERT INTO users (id, password) VALUES (1, 'one1');",
                vec!["one1"],
            ),
            (
                "insert into `users` (`password`, `id`) values ('a,(b''c', 1), ('two2',2);",
                vec!["a,(b''c", "two2"],
            ),
            (
                "INSERT INTO x.users (password,t)\nVALUES\n  (N'one1', now()),\n  (NULL, now())",
                vec!["one1"],
            ),
            (
                "INSERT INTO [dbo].[users] ([password]) VALUES ('one1')",
                vec!["one1"],
            ),
        ] {
            assert_eq!(of(text), expected, "{text}");
        }
    }

    #[test]
    fn other_lists_and_digests_are_left_alone() {
        let digest = "0f1e2d3c".repeat(4);
        for text in [
            "f(name, password) VALUES ('a', 'b')",
            "INSERT INTO users (id, password) SELECT 1, 'one1'",
            "INSERT INTO users (id, password) VALUES (1, 2, 'one1')",
            "INSERT INTO users (lower(password)) VALUES ('one1')",
            "INSERT INTO users (id, password) VALUES (?, ?)",
            &format!("INSERT INTO users (password) VALUES ('{digest}')"),
        ] {
            assert_eq!(of(text), [""; 0], "{text}");
        }
    }
}
