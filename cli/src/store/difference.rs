//! What a change did to a file, line by line, as `diff` shows it.

/// LIMIT: lines of a file that are compared; larger ones are only said to have changed.
const MOST_LINES: usize = 2_000;

/// How many lines around a change are shown.
const AROUND: usize = 2;

/// Lines that were taken away, added, or stayed, with what is far from a change left out.
pub(crate) fn difference(name: &str, before: &str, after: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    if old.len().max(new.len()) > MOST_LINES {
        return format!("--- {name}\n+++ {name}\n(too long to be shown)\n");
    }
    let lines = aligned(&old, &new);
    let is_near = |at: usize| {
        let from = at.saturating_sub(AROUND);
        lines
            .iter()
            .skip(from)
            .take(at - from + AROUND + 1)
            .any(|(mark, _)| *mark != ' ')
    };
    let mut text = format!("--- {name}\n+++ {name}\n");
    let mut is_cut = false;
    for (at, (mark, line)) in lines.iter().enumerate() {
        if is_near(at) {
            text.push_str(&format!("{mark}{line}\n"));
            is_cut = false;
        } else if !is_cut {
            text.push_str("@@\n");
            is_cut = true;
        }
    }
    text
}

/// The longest common subsequence, walked from the front.
fn aligned<'t>(old: &[&'t str], new: &[&'t str]) -> Vec<(char, &'t str)> {
    let width = new.len() + 1;
    let mut longest = vec![0_u32; (old.len() + 1) * width];
    let at = |i: usize, j: usize| i * width + j;
    for (i, one) in old.iter().enumerate().rev() {
        for (j, other) in new.iter().enumerate().rev() {
            longest[at(i, j)] = if one == other {
                longest[at(i + 1, j + 1)] + 1
            } else {
                longest[at(i + 1, j)].max(longest[at(i, j + 1)])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut lines = Vec::new();
    while i < old.len() || j < new.len() {
        let is_same = i < old.len() && j < new.len() && old[i] == new[j];
        if is_same {
            lines.push((' ', old[i]));
            i += 1;
            j += 1;
        } else if j == new.len()
            || (i < old.len() && longest[at(i + 1, j)] >= longest[at(i, j + 1)])
        {
            lines.push(('-', old[i]));
            i += 1;
        } else {
            lines.push(('+', new[j]));
            j += 1;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changed_is_shown_with_a_little_around_it() {
        let before = "1\n2\n3\n4\n5\n6\n7\n";
        let after = "1\n2\n3\n4\nfive\n6\n7\n8\n";
        assert_eq!(
            difference("f", before, after),
            "--- f\n+++ f\n@@\n 3\n 4\n-5\n+five\n 6\n 7\n+8\n"
        );
    }
}
