//! The known word that a mistyped one probably meant.
//!
//! Edit distance with neighbouring letters swapped counting one, over characters, case ignored. A word farther away than a third of its
//! length is not offered: a wrong suggestion costs more than none.

/// The nearest of `known` to `word`, when one is near enough.
#[must_use]
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let typed = simplified(word);
    known
        .into_iter()
        .map(|candidate| (distance(&typed, &simplified(candidate)), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.chars().count().div_ceil(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// `ignore_case` and `ignoreCase` are `ignore-case` typed in another habit, not mistakes to be counted.
fn simplified(word: &str) -> Vec<char> {
    word.chars()
        .filter(|c| !matches!(c, '-' | '_' | ' '))
        .flat_map(char::to_lowercase)
        .collect()
}

fn distance(left: &[char], right: &[char]) -> usize {
    let mut before_last = vec![0; right.len() + 1];
    let mut last: Vec<usize> = (0..=right.len()).collect();
    let mut current = last.clone();
    for (row, a) in left.iter().enumerate() {
        current[0] = row + 1;
        for (column, b) in right.iter().enumerate() {
            let replaced = last[column] + usize::from(a != b);
            let mut least = replaced.min(last[column + 1] + 1).min(current[column] + 1);
            let swapped = row > 0 && column > 0 && left[row - 1] == *b && right[column - 1] == *a;
            if swapped {
                least = least.min(before_last[column - 1] + 1);
            }
            current[column + 1] = least;
        }
        std::mem::swap(&mut before_last, &mut last);
        std::mem::swap(&mut last, &mut current);
    }
    last[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&str; 5] = ["literals", "pattern", "ignore-case", "keywords", "title"];

    #[test]
    fn a_mistyped_word_finds_the_one_that_was_meant() {
        for (typed, meant) in [
            ("litterals", Some("literals")),
            ("patern", Some("pattern")),
            ("ignore_case", Some("ignore-case")),
            ("ignoreCase", Some("ignore-case")),
            ("keyword", Some("keywords")),
            ("tilte", Some("title")),
            ("colour", None),
        ] {
            assert_eq!(nearest(typed, KEYS), meant, "{typed}");
        }
    }

    #[test]
    fn swapped_neighbours_count_one() {
        let chars = |word: &str| word.chars().collect::<Vec<_>>();
        assert_eq!(distance(&chars("tilte"), &chars("title")), 1);
        assert_eq!(distance(&chars(""), &chars("abc")), 3);
        assert_eq!(distance(&chars("kitten"), &chars("sitting")), 3);
    }
}
