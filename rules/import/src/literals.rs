//! Texts of which one stands in every match of an expression, for rules that name no keywords: a file without any of them
//! need not be looked at.
//!
//! INVARIANT: what is given out was proven by the reader of our own format; without a proof the rule is run over every file.

use leakward_rule_format::every_match_holds_one_in_any_case;
use regex_syntax::hir::{Class, Hir, HirKind};

/// Shorter texts stand nearly everywhere.
const SHORTEST: usize = 4;

/// Most texts for one rule.
const MOST: usize = 48;

/// A class with more members (upper and lower case counting once) is not spelled out.
const MOST_MEMBERS: usize = 6;

/// Texts, in lower case, of which one stands in every match in some case; none when that cannot be proven.
pub(crate) fn required(hir: &Hir) -> Vec<String> {
    let Some(found) = best(hir) else {
        return Vec::new();
    };
    let texts: Option<Vec<String>> = found
        .into_iter()
        .map(|text| String::from_utf8(text).ok().filter(|text| text.is_ascii()))
        .collect();
    let Some(mut texts) = texts else {
        return Vec::new();
    };
    texts.sort();
    texts.dedup();
    let borrowed: Vec<&str> = texts.iter().map(String::as_str).collect();
    if borrowed.iter().all(|text| text.len() >= SHORTEST)
        && every_match_holds_one_in_any_case(hir, &borrowed)
    {
        texts
    } else {
        Vec::new()
    }
}

type Texts = Vec<Vec<u8>>;

/// How good a set of texts is: the length of its shortest, then how few they are.
fn worth(texts: &Texts) -> (usize, usize) {
    let shortest = texts.iter().map(Vec::len).min().unwrap_or(0);
    (shortest.min(8), usize::MAX - texts.len())
}

fn best(hir: &Hir) -> Option<Texts> {
    match hir.kind() {
        HirKind::Capture(capture) => best(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => best(&repetition.sub),
        HirKind::Alternation(branches) => {
            let mut all = Vec::new();
            for branch in branches {
                all.extend(best(branch)?);
                if all.len() > MOST {
                    return None;
                }
            }
            Some(all)
        }
        HirKind::Concat(items) => best_of_sequence(items),
        _ => spelled(hir).filter(|texts| texts.iter().all(|text| !text.is_empty())),
    }
}

fn best_of_sequence(items: &[Hir]) -> Option<Texts> {
    let mut candidates: Vec<Texts> = items.iter().filter_map(best).collect();
    let mut run: Texts = vec![Vec::new()];
    for item in items {
        let longer = spelled(item).and_then(|texts| product(&run, &texts));
        match longer {
            Some(longer) => run = longer,
            None => {
                candidates.push(std::mem::replace(&mut run, vec![Vec::new()]));
                run = spelled(item).unwrap_or_else(|| vec![Vec::new()]);
            }
        }
    }
    candidates.push(run);
    candidates
        .into_iter()
        .filter(|texts| texts.iter().all(|text| !text.is_empty()))
        .max_by_key(worth)
}

fn product(left: &Texts, right: &Texts) -> Option<Texts> {
    if left.len() * right.len() > MOST {
        return None;
    }
    let joined = left.iter().flat_map(|head| {
        right
            .iter()
            .map(move |tail| [head.as_slice(), tail.as_slice()].concat())
    });
    Some(joined.collect())
}

/// All texts that an item can be, in lower case, when they are few.
fn spelled(hir: &Hir) -> Option<Texts> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Some(vec![Vec::new()]),
        HirKind::Literal(literal) => Some(vec![literal.0.to_ascii_lowercase()]),
        HirKind::Capture(capture) => spelled(&capture.sub),
        HirKind::Class(Class::Bytes(class)) => {
            let mut members: Vec<u8> = Vec::new();
            for range in class.ranges() {
                for byte in range.start()..=range.end() {
                    members.push(byte.to_ascii_lowercase());
                    if members.len() > 2 * MOST_MEMBERS {
                        return None;
                    }
                }
            }
            members.sort_unstable();
            members.dedup();
            (members.len() <= MOST_MEMBERS)
                .then(|| members.into_iter().map(|byte| vec![byte]).collect())
        }
        HirKind::Alternation(branches) => {
            let mut all = Vec::new();
            for branch in branches {
                all.extend(spelled(branch)?);
            }
            (all.len() <= MOST).then_some(all)
        }
        HirKind::Concat(items) => items
            .iter()
            .try_fold(vec![Vec::new()], |all, item| product(&all, &spelled(item)?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use leakward_rule_format::check_expression;

    #[test]
    fn the_text_that_every_match_holds_is_found() {
        for (regex, expected) in [
            ("acme_[a-z]{10}", &["acme_"] as &[&str]),
            ("(?i)acme_[a-z]{10}", &["acme_"]),
            (
                "gh[pousr]_[0-9A-Za-z]{36}",
                &["gho_", "ghp_", "ghr_", "ghs_", "ghu_"],
            ),
            ("(?:alpha|omega)=[0-9]{4}", &["alpha=", "omega="]),
            ("[a-z]{3}-(secret)-[0-9]+", &["-secret-"]),
            ("[0-9a-f]{32}", &[]),
            ("(?:abcd)?[0-9]{8}", &[]),
            (r"\b(?i:token)\s{0,3}=\s{0,3}[0-9]{4}", &["token"]),
        ] {
            let hir = check_expression(regex).expect(regex);
            assert_eq!(required(&hir), expected, "{regex}");
        }
    }
}
