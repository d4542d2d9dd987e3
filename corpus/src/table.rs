//! The numbers as tables of plain text: overall, by category, by format, by kind of look-alike, by rule.

use std::cmp::Reverse;

use crate::score::{Count, Score};

const COUNT_HEAD: [&str; 9] = [
    "",
    "planted",
    "found",
    "named",
    "right",
    "wrong",
    "precision",
    "recall",
    "F1",
];

/// So many rules are shown, the worst ones.
const WORST_RULES: usize = 60;

/// The numbers as tables.
#[must_use]
pub fn tables(score: &Score) -> String {
    let mut rows = vec![cells("overall", &score.overall)];
    rows.extend(
        score
            .categories
            .iter()
            .map(|(category, count)| cells(category.as_str(), count)),
    );
    let formats: Vec<_> = score
        .formats
        .iter()
        .map(|(format, count)| cells(format, count))
        .collect();
    let look_alikes: Vec<_> = score
        .look_alikes
        .iter()
        .map(|(kind, (planted, reported))| {
            vec![kind.clone(), planted.to_string(), reported.to_string()]
        })
        .collect();
    let mut rules: Vec<_> = score
        .rules
        .iter()
        .filter(|(_, count)| count.found < count.planted || count.wrong > 0)
        .collect();
    let imperfect = rules.len();
    rules.sort_by_key(|(_, count)| Reverse(count.planted - count.found + count.wrong));
    let rules: Vec<_> = rules
        .into_iter()
        .take(WORST_RULES)
        .map(|(rule, count)| cells(rule, count))
        .collect();
    [
        table(&COUNT_HEAD, &rows),
        "\nBy format of the file\n".to_owned(),
        table(&COUNT_HEAD, &formats),
        "\nLook-alikes\n".to_owned(),
        table(&["", "planted", "reported"], &look_alikes),
        format!(
            "\nRules, and kinds of credentials without rule: {} of {} are not perfect; the worst\n",
            imperfect,
            score.rules.len()
        ),
        table(&COUNT_HEAD, &rules),
    ]
    .concat()
}

/// A table whose first column is text and whose others are numbers.
fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let widths: Vec<usize> = (0..head.len())
        .map(|column| {
            rows.iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.chars().count())
                .chain([head[column].len()])
                .max()
                .unwrap_or(0)
        })
        .collect();
    let mut text = String::new();
    let head: Vec<String> = head.iter().map(|&cell| cell.to_owned()).collect();
    for row in std::iter::once(&head).chain(rows) {
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let padding = " ".repeat(width.saturating_sub(cell.chars().count()));
            match column {
                0 => text.extend([cell, padding.as_str()]),
                _ => text.extend(["  ", padding.as_str(), cell]),
            }
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    text
}

/// A count as cells.
fn cells(name: &str, count: &Count) -> Vec<String> {
    let mut cells = vec![name.to_owned()];
    let numbers = [
        count.planted,
        count.found,
        count.named,
        count.right,
        count.wrong,
    ];
    cells.extend(numbers.map(|number| number.to_string()));
    let shares = [count.precision(), count.recall(), count.f1()];
    cells.extend(shares.map(|share| format!("{share:.4}")));
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let rows = [vec!["a".to_owned(), "10".to_owned()]];
        assert_eq!(table(&["name", "n"], &rows), "name   n\na     10\n");
    }
}
