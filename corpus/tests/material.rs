//! Laws over the material: it is what README.md says it is.

use std::collections::{BTreeSet, HashSet};

use leakward_corpus::{Category, Corpus, Document, Label, Library, Set, Size, Truth};
use leakward_detect::{Detector, Settings};
use leakward_rules::built_in;

fn library() -> Library {
    Library::read(Library::folder()).unwrap()
}

fn corpus(set: Set, seed: u64, scale: f64) -> Corpus {
    Corpus::generate(&library(), built_in(), set, seed, Size::scaled(scale)).unwrap()
}

fn labels(corpus: &Corpus) -> impl Iterator<Item = (&Document, &Label)> {
    corpus
        .documents
        .iter()
        .flat_map(|document| document.labels.iter().map(move |label| (document, label)))
}

/// Values long enough that two draws do not agree by chance.
fn values(corpus: &Corpus) -> HashSet<&str> {
    labels(corpus)
        .filter(|(_, label)| matches!(&label.truth, Truth::Credential { rule: Some(_), .. }))
        .map(|(document, label)| &document.text[label.span.range()])
        .filter(|value| value.len() > 24)
        .collect()
}

#[test]
fn the_usual_size_holds_what_is_promised() {
    let corpus = corpus(Set::Score, 1, 1.0);
    let (credentials, look_alikes) = corpus.counts();
    assert!(credentials >= 5_000, "{credentials}");
    assert!(look_alikes >= 10_000, "{look_alikes}");
    let formats: BTreeSet<&str> = corpus
        .documents
        .iter()
        .map(|file| file.format.as_str())
        .collect();
    assert!(library().format_names().count() >= 40);
    for format in library().format_names() {
        assert!(formats.contains(format), "{format}");
    }
    assert_eq!(corpus.unplaced, Vec::<String>::new());
    for category in Category::ALL {
        let is_there = labels(&corpus).any(|(_, label)| {
            matches!(&label.truth, Truth::Credential { category: own, .. } if *own == category)
        });
        assert!(is_there, "{category}");
    }
}

#[test]
fn the_same_seed_gives_the_same_files_and_another_seed_others() {
    let first = corpus(Set::Fit, 1, 0.02);
    assert_eq!(first.documents, corpus(Set::Fit, 1, 0.02).documents);
    assert_ne!(first.documents, corpus(Set::Fit, 2, 0.02).documents);
}

#[test]
fn the_sets_share_no_value() {
    let (fit, score) = (corpus(Set::Fit, 1, 0.02), corpus(Set::Score, 1, 0.02));
    let (fit, score) = (values(&fit), values(&score));
    assert!(fit.len() > 500 && score.len() > 500);
    assert_eq!(
        fit.intersection(&score).collect::<Vec<_>>(),
        Vec::<&&str>::new()
    );
}

#[test]
fn every_label_is_about_something_and_inside_of_its_context() {
    for (document, label) in labels(&corpus(Set::Fit, 3, 0.1)) {
        let value = document.text.get(label.span.range());
        let value = value.unwrap_or_else(|| panic!("{}: {label:?}", document.path));
        assert!(!value.is_empty(), "{}: {label:?}", document.path);
        assert!(label.context.contains(label.span), "{label:?}");
        assert!(!value.contains(['‹', '›', '«', '»']), "{value}");
    }
}

#[test]
fn a_rule_that_is_left_out_changes_the_plants_of_no_other() {
    let rules = built_in();
    let of_rules = |rules| {
        let corpus = Corpus::generate(&library(), rules, Set::Fit, 1, Size::scaled(0.01)).unwrap();
        let values: BTreeSet<(String, String)> = labels(&corpus)
            .filter(|(_, label)| matches!(&label.truth, Truth::Credential { rule: Some(_), .. }))
            .map(|(document, label)| {
                let value = document.text[label.span.range()]
                    .split_whitespace()
                    .collect();
                (label.kind.clone(), value)
            })
            .collect();
        values
    };
    let (all, most) = (of_rules(rules), of_rules(&rules[1..]));
    assert!(!most.is_empty());
    assert!(most.is_subset(&all));
}

#[test]
fn nothing_in_this_folder_has_the_shape_of_a_credential() {
    let detector = Detector::new(built_in().to_vec(), Settings::default()).unwrap();
    let mut scratch = detector.scratch();
    let mut found = Vec::new();
    for folder in ["formats", "materials"] {
        for entry in std::fs::read_dir(Library::folder().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            for matched in detector.detect(&bytes, &mut scratch).matches {
                let rule = &detector.rules()[matched.rule].id;
                let text = String::from_utf8_lossy(&bytes[matched.span.range()]);
                found.push(format!("{}: {rule}: {text}", path.display()));
            }
        }
    }
    assert_eq!(found, Vec::<String>::new());
}
