//! The record of what was measured, kept in `scores.json`, and what became worse since.
//!
//! Only counts are kept, and of rules only those that are not perfect: small enough to be read in a diff.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::corpus::Corpus;
use crate::score::{Count, Score};
use crate::set::Set;

/// The version of the file's format.
const VERSION: u32 = 1;

/// So much may precision or recall fall, over all: a rule that is added shifts which plants share a file.
const TOLERANCE: f64 = 0.002;

/// The same for one category.
const TOLERANCE_OF_CATEGORY: f64 = 0.005;

/// What was measured on each set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    version: u32,
    sets: BTreeMap<String, Measured>,
}

/// What was measured on one set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Measured {
    seed: u64,
    files: usize,
    credentials: usize,
    look_alikes: usize,
    overall: Counted,
    categories: BTreeMap<String, Counted>,
    formats: BTreeMap<String, Counted>,
    /// Planted and reported, by kind.
    look_alike_kinds: BTreeMap<String, (usize, usize)>,
    /// Those that missed something or raised a false alarm.
    rules: BTreeMap<String, Counted>,
}

/// A count, with the shares for people who read the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Counted {
    planted: usize,
    found: usize,
    right: usize,
    wrong: usize,
    precision: String,
    recall: String,
    f1: String,
}

/// A record that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Its path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is no record, or of another version.
    #[error("{}: {source}", path.display())]
    Format {
        /// Its path.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// There is no measurement of this set.
    #[error("nothing is recorded for the set {0}")]
    NothingRecorded(Set),
    /// What was measured now is of other material than what was recorded.
    #[error("the record is of seed {recorded}, this is of seed {now}")]
    OtherMaterial {
        /// The recorded seed.
        recorded: u64,
        /// This seed.
        now: u64,
    },
}

impl Counted {
    fn of(count: &Count) -> Counted {
        Counted {
            planted: count.planted,
            found: count.found,
            right: count.right,
            wrong: count.wrong,
            precision: format!("{:.4}", count.precision()),
            recall: format!("{:.4}", count.recall()),
            f1: format!("{:.4}", count.f1()),
        }
    }

    fn count(&self) -> Count {
        Count {
            planted: self.planted,
            found: self.found,
            named: 0,
            right: self.right,
            wrong: self.wrong,
        }
    }
}

impl Measured {
    fn of(corpus: &Corpus, score: &Score, seed: u64) -> Measured {
        let (credentials, look_alikes) = corpus.counts();
        let is_perfect = |count: &Count| count.found == count.planted && count.wrong == 0;
        Measured {
            seed,
            files: corpus.documents.len(),
            credentials,
            look_alikes,
            overall: Counted::of(&score.overall),
            categories: score
                .categories
                .iter()
                .map(|(category, count)| (category.to_string(), Counted::of(count)))
                .collect(),
            formats: counted(score.formats.iter()),
            look_alike_kinds: score.look_alikes.clone(),
            rules: counted(score.rules.iter().filter(|(_, count)| !is_perfect(count))),
        }
    }
}

fn counted<'c>(counts: impl Iterator<Item = (&'c String, &'c Count)>) -> BTreeMap<String, Counted> {
    counts
        .map(|(key, count)| (key.clone(), Counted::of(count)))
        .collect()
}

impl Default for Record {
    fn default() -> Record {
        Record {
            version: VERSION,
            sets: BTreeMap::new(),
        }
    }
}

impl Record {
    /// Reads a record; an empty one when there is no file.
    ///
    /// # Errors
    /// When the file cannot be read or is no record.
    pub fn read(path: &Path) -> Result<Record, RecordError> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Record::default()),
            Err(source) => {
                return Err(RecordError::File {
                    path: path.to_owned(),
                    source,
                });
            }
        };
        serde_json::from_str(&text).map_err(|source| RecordError::Format {
            path: path.to_owned(),
            source,
        })
    }

    /// Writes the record.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), RecordError> {
        let text = serde_json::to_string_pretty(self).map_err(|source| RecordError::Format {
            path: path.to_owned(),
            source,
        })?;
        std::fs::write(path, text + "\n").map_err(|source| RecordError::File {
            path: path.to_owned(),
            source,
        })
    }

    /// Puts what was measured in the place of what was recorded for the set.
    pub fn set(&mut self, set: Set, seed: u64, corpus: &Corpus, score: &Score) {
        let measured = Measured::of(corpus, score, seed);
        self.sets.insert(set.to_string(), measured);
    }

    /// The measurement of one set alone.
    #[must_use]
    pub fn only(&self, set: Set) -> Record {
        let mut record = self.clone();
        record.sets.retain(|name, _| name == set.as_str());
        record
    }

    /// What became worse than it was, beyond tolerance, in sentences.
    ///
    /// # Errors
    /// When there is nothing to compare with.
    pub fn regressions(
        &self,
        set: Set,
        seed: u64,
        score: &Score,
    ) -> Result<Vec<String>, RecordError> {
        let before = self.measured(set, seed)?;
        let mut worse = Vec::new();
        compare(
            "overall",
            &before.overall,
            &score.overall,
            TOLERANCE,
            &mut worse,
        );
        for (category, count) in &score.categories {
            if let Some(before) = before.categories.get(category.as_str()) {
                compare(
                    category.as_str(),
                    before,
                    count,
                    TOLERANCE_OF_CATEGORY,
                    &mut worse,
                );
            }
        }
        Ok(worse)
    }

    /// What changed, for people: overall, categories and rules.
    ///
    /// # Errors
    /// When there is nothing to compare with.
    pub fn changes(&self, set: Set, seed: u64, score: &Score) -> Result<Vec<String>, RecordError> {
        let before = self.measured(set, seed)?;
        let mut changes = Vec::new();
        describe(
            "overall",
            Some(&before.overall),
            &score.overall,
            &mut changes,
        );
        for (category, count) in &score.categories {
            let name = category.as_str();
            describe(name, before.categories.get(name), count, &mut changes);
        }
        for (rule, count) in &score.rules {
            describe(rule, before.rules.get(rule), count, &mut changes);
        }
        Ok(changes)
    }

    fn measured(&self, set: Set, seed: u64) -> Result<&Measured, RecordError> {
        let measured = self
            .sets
            .get(set.as_str())
            .ok_or(RecordError::NothingRecorded(set))?;
        if measured.seed != seed {
            return Err(RecordError::OtherMaterial {
                recorded: measured.seed,
                now: seed,
            });
        }
        Ok(measured)
    }
}

fn compare(name: &str, before: &Counted, now: &Count, tolerance: f64, worse: &mut Vec<String>) {
    let before = before.count();
    for (what, before, now) in [
        ("precision", before.precision(), now.precision()),
        ("recall", before.recall(), now.recall()),
    ] {
        if now < before - tolerance {
            worse.push(format!("{name}: {what} fell from {before:.4} to {now:.4}"));
        }
    }
}

/// A rule that is not in the record was perfect.
fn describe(name: &str, before: Option<&Counted>, now: &Count, changes: &mut Vec<String>) {
    let (missed, wrong) = before.map_or((0, 0), |before| {
        (before.planted - before.found, before.wrong)
    });
    let now_missed = now.planted - now.found;
    if (missed, wrong) != (now_missed, now.wrong) {
        changes.push(format!(
            "{name}: missed {missed} → {now_missed}, false alarms {wrong} → {}",
            now.wrong
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Category;

    fn score(found: usize, wrong: usize) -> Score {
        let count = Count {
            planted: 1000,
            found,
            named: found,
            right: found,
            wrong,
        };
        let mut score = Score {
            overall: count,
            ..Score::default()
        };
        score.categories.insert(Category::Generic, count);
        score.rules.insert("acme-token".to_owned(), count);
        score
    }

    fn recorded(found: usize, wrong: usize) -> Record {
        let mut record = Record::default();
        record.set(Set::Score, 1, &Corpus::default(), &score(found, wrong));
        record
    }

    #[test]
    fn a_fall_beyond_tolerance_is_a_regression() {
        let record = recorded(900, 10);
        let regressions = |found, wrong| {
            let score = score(found, wrong);
            record.regressions(Set::Score, 1, &score).unwrap()
        };
        assert_eq!(regressions(900, 10), Vec::<String>::new());
        assert_eq!(regressions(950, 2), Vec::<String>::new());
        assert_eq!(regressions(899, 11), Vec::<String>::new());
        assert_eq!(regressions(890, 10).len(), 2);
        assert_eq!(regressions(900, 40).len(), 2);
    }

    #[test]
    fn changes_name_the_rule() {
        let changes = recorded(900, 10)
            .changes(Set::Score, 1, &score(990, 10))
            .unwrap();
        assert!(changes.contains(&"acme-token: missed 100 → 10, false alarms 10 → 10".to_owned()));
    }

    #[test]
    fn other_material_is_not_compared() {
        let record = recorded(900, 10);
        assert!(matches!(
            record.regressions(Set::Score, 2, &score(1, 1)),
            Err(RecordError::OtherMaterial { .. })
        ));
        assert!(matches!(
            record.regressions(Set::Fit, 1, &score(1, 1)),
            Err(RecordError::NothingRecorded(Set::Fit))
        ));
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scores.json");
        assert_eq!(Record::read(&path).unwrap(), Record::default());
        let record = recorded(900, 10);
        record.write(&path).unwrap();
        assert_eq!(Record::read(&path).unwrap(), record);
    }
}
