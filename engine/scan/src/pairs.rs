//! Pairs whose parts stand in two files of one folder: the id of a key in `.env`, its secret in `.env.local`.
//!
//! Files of which that is known are looked at once more, one behind the other. What has a companion in another file then is
//! told with it, and takes the place of what was found in its own file alone; nothing else of that look counts.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use leakward_core::{CompanionPlace, Secret, Span, TextRange};
use leakward_detect::{Detector, Match};
use leakward_sources::{Origin, Part, Piece};

use crate::collector::sightings;
use crate::credential::values_near;
use crate::request::{Credentials, LineHashes};
use crate::sighting::Sighting;

/// LIMIT: larger files are no lists of settings.
pub(crate) const LARGEST_FILE: usize = 64 << 10;

/// LIMIT: bytes of such files that are kept until a scan's end.
const MOST_BYTES: usize = 16 << 20;

/// LIMIT: files of one folder that are looked at beside each other, in the order of their names.
const MOST_FILES: usize = 64;

/// Files whose settings belong together when they lie in one folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Family {
    /// `.env`, `.env.local`, `app.env`.
    Environment,
    /// `.aws/credentials` and `.aws/config`.
    Aws,
    /// `terraform.tfvars`, `secrets.auto.tfvars`.
    Terraform,
}

impl Family {
    fn of(path: &str) -> Option<Self> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let is_aws = folder == ".aws" || folder.ends_with("/.aws");
        if name == ".env" || name.starts_with(".env.") || name.ends_with(".env") {
            Some(Self::Environment)
        } else if is_aws && matches!(name, "credentials" | "config") {
            Some(Self::Aws)
        } else {
            name.ends_with(".tfvars").then_some(Self::Terraform)
        }
    }
}

/// A file that may have a part of a pair.
#[derive(Debug)]
pub(crate) struct PairFile {
    origin: Arc<Origin>,
    path: String,
    bytes: Vec<u8>,
}

impl PairFile {
    /// The file at this path, unless it is none of which pairs are known.
    fn new(origin: &Origin, path: &str, bytes: &[u8]) -> Option<Self> {
        (is_wanted(path) && bytes.len() <= LARGEST_FILE).then(|| Self {
            origin: Arc::new(origin.clone()),
            path: path.to_owned(),
            bytes: bytes.to_vec(),
        })
    }

    /// What has to be the same for two files to belong together.
    fn group(&self) -> (String, String, Option<Family>) {
        let folder = self.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let store = match &*self.origin {
            Origin::Layer(digest, _) => digest.to_string(),
            Origin::Index(..) => "index".to_owned(),
            _ => String::new(),
        };
        (store, folder.to_owned(), Family::of(&self.path))
    }
}

/// Whether pairs are known of files at such a path.
fn is_wanted(path: &str) -> bool {
    Family::of(path).is_some()
}

/// Whether pairs may be known of a file of this name, in whatever folder.
pub(crate) fn may_be_wanted(name: &[u8]) -> bool {
    let name = String::from_utf8_lossy(name);
    is_wanted(&name) || is_wanted(&format!(".aws/{name}"))
}

/// Files that were seen and may have a part of a pair.
#[derive(Debug, Default)]
pub(crate) struct Aside {
    pub(crate) files: Vec<PairFile>,
    bytes: usize,
}

impl Aside {
    /// Whether a piece is such a file.
    pub(crate) fn wants(piece: Piece<'_>) -> bool {
        piece.part == Part::WHOLE && path_of(piece.origin).is_some_and(is_wanted)
    }

    /// Keeps a piece that is such a file.
    pub(crate) fn put(&mut self, piece: Piece<'_>) {
        let path = path_of(piece.origin).unwrap_or_default();
        self.put_file(piece.origin, path, piece.bytes);
    }

    /// Keeps the file at this path, if it is one.
    pub(crate) fn put_file(&mut self, origin: &Origin, path: &str, bytes: &[u8]) {
        if self.bytes + bytes.len() <= MOST_BYTES
            && let Some(file) = PairFile::new(origin, path, bytes)
        {
            self.bytes += bytes.len();
            self.files.push(file);
        }
    }
}

fn path_of(origin: &Origin) -> Option<&str> {
    match origin {
        Origin::Worktree(path)
        | Origin::File(path)
        | Origin::Index(path, _)
        | Origin::Layer(_, path) => Some(path),
        _ => None,
    }
}

/// Adds what is found across files to the sightings, or puts it in the place of what was found in one alone.
pub(crate) fn find(
    detector: &Detector,
    files: Vec<PairFile>,
    keeping: (Credentials, LineHashes),
    seen: &mut Vec<Sighting>,
) {
    let mut groups: BTreeMap<_, Vec<PairFile>> = BTreeMap::new();
    for file in files {
        groups.entry(file.group()).or_default().push(file);
    }
    let mut found = Vec::new();
    let mut scratch = None;
    for mut group in groups.into_values().filter(|group| group.len() > 1) {
        group.sort_by(|a, b| a.path.cmp(&b.path));
        group.truncate(MOST_FILES);
        let joined = Joined::new(group);
        let scratch = scratch.get_or_insert_with(|| detector.scratch());
        let matches = detector.detect_joined(&joined.bytes, scratch).matches;
        found.extend(
            matches
                .into_iter()
                .filter_map(|matched| joined.sighting(detector, matched, keeping)),
        );
    }
    put(seen, found);
}

/// Puts each sighting in the place of the one that it says more than.
fn put(seen: &mut Vec<Sighting>, found: Vec<Sighting>) {
    if found.is_empty() {
        return;
    }
    let origins: HashSet<&Origin> = found.iter().map(|found| &*found.origin).collect();
    let mut by_origin: HashMap<Origin, Vec<usize>> = HashMap::new();
    for (number, sighting) in seen.iter().enumerate() {
        if origins.contains(&*sighting.origin) {
            let origin = Origin::clone(&sighting.origin);
            by_origin.entry(origin).or_default().push(number);
        }
    }
    for mut found in found {
        let same = by_origin.entry(Origin::clone(&found.origin)).or_default();
        let is_less = |number: &&usize| {
            let other = seen.get(**number);
            other.is_some_and(|other| other.matched.span.overlaps(found.matched.span))
        };
        let less = same.iter().find(is_less).copied();
        match less.and_then(|number| seen.get_mut(number)) {
            Some(less) => {
                found.ordinal = less.ordinal;
                *less = found;
            }
            None => {
                found.ordinal = same.len();
                same.push(seen.len());
                seen.push(found);
            }
        }
    }
}

/// Files one behind the other.
struct Joined {
    files: Vec<PairFile>,
    /// Where each begins.
    starts: Vec<usize>,
    bytes: Vec<u8>,
}

impl Joined {
    fn new(files: Vec<PairFile>) -> Self {
        let (mut starts, mut bytes) = (Vec::new(), Vec::new());
        for file in &files {
            starts.push(bytes.len());
            bytes.extend_from_slice(&file.bytes);
            // So much that whatever stands in the own file is nearer than anything in another one.
            bytes.resize(bytes.len() + LARGEST_FILE, b'\n');
        }
        Self {
            files,
            starts,
            bytes,
        }
    }

    /// The file in which a span lies, and the span in it.
    fn place(&self, span: Span) -> Option<(usize, Span)> {
        let number = self.starts.partition_point(|start| *start <= span.start);
        let number = number.checked_sub(1)?;
        let (file, start) = (self.files.get(number)?, *self.starts.get(number)?);
        let own = Span::new(span.start - start, span.end - start);
        (own.end <= file.bytes.len()).then_some((number, own))
    }

    /// A match that has a companion in another file, as a sighting in its own.
    fn sighting(
        &self,
        detector: &Detector,
        mut matched: Match,
        (credentials, line_hashes): (Credentials, LineHashes),
    ) -> Option<Sighting> {
        if !matched.decoded.is_empty() {
            return None;
        }
        let (number, span) = self.place(matched.span)?;
        let file = self.files.get(number)?;
        let mut elsewhere = Vec::new();
        let mut here = Vec::new();
        for (name, span) in std::mem::take(&mut matched.companions) {
            let (other_number, span) = self.place(span)?;
            let other = self.files.get(other_number)?;
            if other_number == number {
                here.push((name, span));
            } else if other.path != file.path {
                // (What is committed and what lies in the working tree are two versions of one file.)
                elsewhere.push((name, other, span));
            }
        }
        if elsewhere.is_empty() {
            return None;
        }
        (_, matched.whole) = self.place(matched.whole)?;
        (matched.span, matched.companions) = (span, here);
        let values = detector
            .rules()
            .get(matched.rule)
            .map(|rule| values_near(&file.bytes, rule, &matched));
        let piece = Piece::new(&file.origin, &file.bytes);
        let mut sighting = sightings(piece, vec![matched], line_hashes).pop()?;
        if credentials == Credentials::Keep {
            sighting.values = values.unwrap_or_default();
        }
        for (name, file, span) in elsewhere {
            let range = TextRange::locate(&file.bytes, span);
            if credentials == Credentials::Keep {
                let value = file.bytes.get(span.range()).unwrap_or_default();
                sighting.values.push((name.clone(), Secret::new(value)));
            }
            sighting.companions.push(CompanionPlace {
                name,
                path: Some(file.path.clone()),
                range,
            });
        }
        Some(sighting)
    }
}

#[cfg(test)]
mod tests {
    use leakward_detect::Settings;
    use leakward_rules::sample::Template;

    use super::*;

    fn detector() -> Detector {
        Detector::new(leakward_rules::built_in(), Settings::default()).expect("a detector")
    }

    fn drawn(template: &str, seed: u64) -> String {
        Template::parse(template)
            .expect("a template")
            .render(seed)
            .text
    }

    fn files(texts: &[(&str, &str)]) -> Vec<PairFile> {
        texts
            .iter()
            .filter_map(|(path, text)| {
                let origin = Origin::File((*path).to_owned());
                PairFile::new(&origin, path, text.as_bytes())
            })
            .collect()
    }

    /// What is told: the file, the companion's file and line, the value that is kept.
    fn found(detector: &Detector, texts: &[(&str, &str)]) -> Vec<(String, Option<String>, u32)> {
        let mut seen: Vec<Sighting> = texts
            .iter()
            .flat_map(|(path, text)| {
                let origin = Origin::File((*path).to_owned());
                let matches = detector
                    .detect(text.as_bytes(), &mut detector.scratch())
                    .matches;
                sightings(
                    Piece::new(&origin, text.as_bytes()),
                    matches,
                    LineHashes::Skip,
                )
            })
            .collect();
        let keeping = (Credentials::Keep, LineHashes::Skip);
        find(detector, files(texts), keeping, &mut seen);
        let told = |sighting: &Sighting| {
            let companion = sighting.companions.first()?;
            let value = sighting
                .values
                .iter()
                .find(|(name, _)| *name == companion.name);
            assert_eq!(value.is_some(), companion.path.is_some());
            let line = companion.range.start.line;
            Some((sighting.origin.to_string(), companion.path.clone(), line))
        };
        seen.iter().filter_map(told).collect()
    }

    #[test]
    fn an_id_in_one_file_belongs_to_the_secret_in_another() {
        let detector = detector();
        let id = drawn("\n\nAWS_ACCESS_KEY_ID={aws-key-id:AKIA}\n", 1);
        let secret = drawn("A=1\nAWS_SECRET_ACCESS_KEY={base64:40}\n", 2);
        let told = |own: &str, other: Option<&str>, line| {
            vec![(own.to_owned(), other.map(str::to_owned), line)]
        };
        let pair = [
            ("app/.env.local", id.as_str()),
            ("app/.env", secret.as_str()),
        ];
        let expected = told("app/.env", Some("app/.env.local"), 3);
        assert_eq!(found(&detector, &pair), expected);
        let far = format!("{}{secret}", "B=2\n".repeat(2_000));
        let pair = [
            ("x/.aws/config", id.as_str()),
            ("x/.aws/credentials", far.as_str()),
        ];
        let expected = told("x/.aws/credentials", Some("x/.aws/config"), 3);
        assert_eq!(found(&detector, &pair), expected);
        // Another folder, other files, another kind of file.
        for pair in [
            [("a/.env", id.as_str()), ("b/.env", secret.as_str())],
            [("a/x.py", id.as_str()), ("a/y.py", secret.as_str())],
            [("a/.env", id.as_str()), ("a/x.tfvars", secret.as_str())],
        ] {
            assert_eq!(found(&detector, &pair), []);
        }
        // An own id is nearer than another file's.
        let whole = format!("{id}{secret}");
        let pair = [(".env", whole.as_str()), (".env.old", id.as_str())];
        assert_eq!(found(&detector, &pair), told(".env", None, 3));
    }

    #[test]
    fn files_that_are_no_settings_and_large_ones_are_not_kept() {
        assert_eq!(
            files(&[("a.py", "x"), ("credentials", "x"), ("env", "x")]).len(),
            0
        );
        let large = "x".repeat(LARGEST_FILE + 1);
        assert_eq!(
            files(&[(".env", &large), ("prod.env", "x"), ("a.tfvars", "x")]).len(),
            2
        );
        assert!(may_be_wanted(b"credentials") && !may_be_wanted(b"main.rs"));
    }
}
