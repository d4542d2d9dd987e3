//! A verdict and what the credential reaches, as a tree for people.

use leakward_verify::Verified;

/// One line and what hangs below it.
struct Branch {
    text: String,
    below: Vec<Branch>,
}

impl Branch {
    fn leaf(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            below: Vec::new(),
        }
    }

    fn list(text: impl Into<String>, items: &[String]) -> Self {
        Self {
            text: text.into(),
            below: items.iter().map(Self::leaf).collect(),
        }
    }
}

/// The whole tree, with a line's end.
pub(crate) fn tree(verified: &Verified) -> String {
    let evidence = &verified.evidence;
    let mut branches = Vec::new();
    if !evidence.summary.is_empty() {
        branches.push(Branch::leaf(&evidence.summary));
    }
    if let Some(asked) = &evidence.asked {
        branches.push(Branch::leaf(format!(
            "{} {}{} at {}",
            asked.method, asked.host, asked.path, evidence.checked_at
        )));
    }
    if !evidence.identity.is_empty() {
        let lines: Vec<String> = evidence
            .identity
            .iter()
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        branches.push(Branch::list("whose it is", &lines));
    }
    if !evidence.scopes.is_empty() {
        branches.push(Branch::list("what it may do", &evidence.scopes));
    }
    branches.extend(
        evidence
            .expires_at
            .iter()
            .map(|date| Branch::leaf(format!("until {date}"))),
    );
    for reach in &evidence.details {
        let mut branch = Branch::list(
            format!("{} ({})", reach.name, reach.items.len()),
            &reach.items,
        );
        branch.below.extend(reach.note.iter().map(Branch::leaf));
        branches.push(branch);
    }
    let mut text = format!("{}\n", verified.verdict);
    draw(&branches, "", &mut text);
    text
}

fn draw(branches: &[Branch], indent: &str, out: &mut String) {
    for (at, branch) in branches.iter().enumerate() {
        let is_last = at + 1 == branches.len();
        let (fork, stem) = if is_last {
            ("└─ ", "   ")
        } else {
            ("├─ ", "│  ")
        };
        out.push_str(indent);
        out.push_str(fork);
        out.push_str(&branch.text);
        out.push('\n');
        draw(&branch.below, &format!("{indent}{stem}"), out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hangs_below_a_line_is_drawn_below_it() {
        let branches = [
            Branch::leaf("accepted (200)"),
            Branch::list("groups (2)", &["a".to_owned(), "b".to_owned()]),
            Branch::list("keys (1)", &["k".to_owned()]),
        ];
        let mut text = String::new();
        draw(&branches, "", &mut text);
        assert_eq!(
            text,
            "├─ accepted (200)\n├─ groups (2)\n│  ├─ a\n│  └─ b\n└─ keys (1)\n   └─ k\n"
        );
    }
}
