//! Pairs whose parts stand in two files of one folder: the id of a key in `.env`, its secret in `.env.local`.
//!
//! Files of which that is known are looked at once more, each for itself, for what lacks a companion and for what can be one. They are put
//! together only where no other answer is possible: the own file gives nothing, and the others give one value alone that belongs to
//! nothing beside it. A wrong id would have a key that works be called dead.
//!
//! Not for what stands in one file, which detection puts together.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use leakward_core::{CompanionPlace, Confidence, Secret, Span, TextRange};
use leakward_detect::{Detector, Match, Scratch};
use leakward_sources::{Origin, Part, Piece};

use crate::collector::sightings;
use crate::credential::values_near;
use crate::request::{Credentials, LineHashes};
use crate::sighting::Sighting;

/// LIMIT: larger files are no lists of settings.
pub(crate) const LARGEST_FILE: usize = 64 << 10;

/// LIMIT: bytes of such files that are kept until a scan's end. With more of them none are put together, and that is told.
const MOST_BYTES: usize = 16 << 20;

/// LIMIT: such files; and files of one folder that are looked at beside each other, in the order of their names.
const MOST_FILES: usize = 20_000;
const MOST_OF_A_FOLDER: usize = 64;

/// LIMIT: places at which companions of one kind stand in a folder. Of more, none is the only one.
const MOST_PLACES: usize = 256;

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
struct PairFile {
    origin: Arc<Origin>,
    path: String,
    bytes: Vec<u8>,
}

impl PairFile {
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
    files: Vec<PairFile>,
    bytes: usize,
    /// Whether there were more than are kept.
    is_cut: bool,
}

impl Aside {
    /// Whether a piece is such a file.
    pub(crate) fn wants(piece: Piece<'_>) -> bool {
        piece.part == Part::WHOLE && path_of(piece.origin).is_some_and(is_wanted)
    }

    /// Keeps a piece that is such a file.
    pub(crate) fn put(&mut self, piece: Piece<'_>) {
        let path = path_of(piece.origin).unwrap_or_default();
        let _whether_more_are_kept = self.put_file(piece.origin, path, piece.bytes);
    }

    /// Keeps the file at this path, if it is one. Whether more are kept.
    pub(crate) fn put_file(
        &mut self,
        origin: &Origin,
        path: &str,
        bytes: &[u8],
    ) -> ControlFlow<()> {
        if !is_wanted(path) || bytes.is_empty() || bytes.len() > LARGEST_FILE {
            return ControlFlow::Continue(());
        }
        self.bytes += bytes.len();
        self.is_cut |= self.bytes > MOST_BYTES || self.files.len() >= MOST_FILES;
        if self.is_cut {
            // Which ones came first is chance.
            self.files.clear();
            return ControlFlow::Break(());
        }
        self.files.push(PairFile {
            origin: Arc::new(origin.clone()),
            path: path.to_owned(),
            bytes: bytes.to_vec(),
        });
        ControlFlow::Continue(())
    }

    /// Puts pairs together and adds them to the sightings, each in the place of what was found in its file alone. What has to be told.
    pub(crate) fn find(
        self,
        detector: &Detector,
        keeping: (Credentials, LineHashes),
        stop: &dyn Fn() -> bool,
        seen: &mut Vec<Sighting>,
    ) -> Option<String> {
        let mut groups: BTreeMap<_, Vec<PairFile>> = BTreeMap::new();
        for file in self.files {
            groups.entry(file.group()).or_default().push(file);
        }
        let mut found = Vec::new();
        let mut scratch = None;
        for mut group in groups.into_values().filter(|group| group.len() > 1) {
            if stop() {
                break;
            }
            group.sort_by(|a, b| a.path.cmp(&b.path));
            group.truncate(MOST_OF_A_FOLDER);
            let folder = Folder::look(&group, detector, &mut scratch);
            found.extend(folder.pairs(detector, keeping));
        }
        put(seen, found);
        self.is_cut.then(|| {
            "there are so many .env, .tfvars and .aws files that no pairs were looked for among them"
                .to_owned()
        })
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
                add_other_place(&mut found, less);
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

/// One content at two paths has neighbours at both. INVARIANT: where they say different things, neither is asked with: a provider refuses
/// the wrong one, and a key that works would be called dead.
fn add_other_place(found: &mut Sighting, other: &mut Sighting) {
    if !other.elsewhere.is_empty() {
        found.values.retain(|value| other.values.contains(value));
    }
    found.elsewhere.append(&mut other.elsewhere);
}

/// Files of one folder, and what was seen in each.
struct Folder<'f> {
    looks: Vec<Look<'f>>,
}

/// A file, and what was seen in it.
struct Look<'f> {
    file: &'f PairFile,
    matches: Vec<Match>,
    /// What can be the companion of something in another file: rules, and where they match.
    parts: Vec<(usize, Span)>,
}

impl<'f> Look<'f> {
    fn at(file: &'f PairFile, detector: &Detector, scratch: &mut Option<Scratch>) -> Self {
        let own = scratch.get_or_insert_with(|| detector.scratch());
        let look = || detector.detect_parts(&file.bytes, own);
        // What went wrong here went wrong, and was told, when the file was looked at first.
        let (matches, mut parts) = match catch_unwind(AssertUnwindSafe(look)) {
            Ok((detection, parts)) => (detection.matches, parts),
            Err(_panic) => {
                *scratch = None;
                (Vec::new(), Vec::new())
            }
        };
        // What belongs to something in its own file belongs to nothing else.
        let taken: HashSet<Span> = matches
            .iter()
            .flat_map(|matched| matched.companions.iter().map(|(_, span)| *span))
            .collect();
        parts.retain(|(_, span)| !taken.contains(span));
        Self {
            file,
            matches,
            parts,
        }
    }

    fn value(&self, span: Span) -> &'f [u8] {
        self.file.bytes.get(span.range()).unwrap_or_default()
    }
}

/// Where a companion stands: the look at its file, and the span there.
type Place<'l, 'f> = (&'l Look<'f>, Span);

impl<'f> Folder<'f> {
    fn look(
        files: &'f [PairFile],
        detector: &Detector,
        scratch: &mut Option<Scratch>,
    ) -> Folder<'f> {
        let looks = files.iter().map(|file| Look::at(file, detector, scratch));
        Folder {
            looks: looks.collect(),
        }
    }

    /// What has its companions in other files, as sightings in its own.
    fn pairs(&self, detector: &Detector, keeping: (Credentials, LineHashes)) -> Vec<Sighting> {
        let mut places: HashMap<usize, Vec<Place<'_, 'f>>> = HashMap::new();
        for look in &self.looks {
            for (rule, span) in &look.parts {
                let places = places.entry(*rule).or_default();
                if places.len() <= MOST_PLACES {
                    places.push((look, *span));
                }
            }
        }
        let pairs_of = |look| pairs_of(look, &places, detector, keeping);
        self.looks.iter().flat_map(pairs_of).collect()
    }
}

/// What of one file has its companions in others.
fn pairs_of<'f>(
    look: &Look<'f>,
    places: &HashMap<usize, Vec<Place<'_, 'f>>>,
    detector: &Detector,
    keeping: (Credentials, LineHashes),
) -> Vec<Sighting> {
    let mut pairs: HashMap<(usize, Span), Vec<(&str, Place<'_, 'f>)>> = HashMap::new();
    for matched in &look.matches {
        if let Some(others) = companions_elsewhere(look, matched, places, detector) {
            pairs.insert((matched.rule, matched.span), others);
        }
    }
    if pairs.is_empty() {
        return Vec::new();
    }
    // All of the file, so that what stands around a credential is masked as well.
    let piece = Piece::new(&look.file.origin, &look.file.bytes);
    let all = sightings(piece, look.matches.clone(), keeping.1);
    let made = all.into_iter().filter_map(|mut sighting| {
        let others = pairs.remove(&(sighting.matched.rule, sighting.matched.span))?;
        add(&mut sighting, look, &others, detector, keeping.0);
        Some(sighting)
    });
    made.collect()
}

/// The companions of a match that stand in other files, where its own gives none and there is one answer alone.
fn companions_elsewhere<'d, 'l, 'f>(
    look: &Look<'f>,
    matched: &Match,
    places: &HashMap<usize, Vec<Place<'l, 'f>>>,
    detector: &'d Detector,
) -> Option<Vec<(&'d str, Place<'l, 'f>)>> {
    if !matched.decoded.is_empty() || !matched.companions.is_empty() {
        return None;
    }
    let mut others = Vec::new();
    for (companion, rule) in detector.companions_of(matched.rule) {
        let all = places.get(&rule).map_or(&[][..], Vec::as_slice);
        // What is committed and what lies in the working tree are two versions of one file.
        let mut own = all
            .iter()
            .filter(|(other, _)| other.file.path != look.file.path);
        let first = own.next().filter(|_| all.len() <= MOST_PLACES);
        let is_only = |first: &&Place<'_, '_>| {
            let value = first.0.value(first.1);
            own.all(|(other, span)| other.value(*span) == value)
        };
        match first.filter(is_only) {
            Some(place) => others.push((&*companion.name, *place)),
            None if companion.required => return None,
            None => {}
        }
    }
    (!others.is_empty()).then_some(others)
}

/// Adds to a sighting what belongs to it in other files.
fn add(
    sighting: &mut Sighting,
    look: &Look<'_>,
    others: &[(&str, Place<'_, '_>)],
    detector: &Detector,
    credentials: Credentials,
) {
    let matched = &mut sighting.matched;
    matched.confidence = matched.confidence.max(Confidence::Medium);
    for (name, _) in others {
        let reason = format!("its {name} stands in another file of the folder");
        matched.reasons.push(reason);
    }
    if credentials == Credentials::Keep {
        let rule = detector.rules().get(matched.rule);
        let near = rule.map(|rule| values_near(&look.file.bytes, rule, matched));
        sighting.values = near.unwrap_or_default();
        for (name, (other, span)) in others {
            let value = Secret::new(other.value(*span));
            sighting.values.push(((*name).to_owned(), value));
        }
    }
    let place = |(name, (other, span)): &(&str, Place<'_, '_>)| CompanionPlace {
        name: (*name).to_owned(),
        path: Some(other.file.path.clone()),
        range: TextRange::locate(&other.file.bytes, *span),
    };
    let companions = others.iter().map(place).collect();
    sighting.elsewhere = vec![(look.file.path.clone(), companions)];
}

#[cfg(test)]
mod tests {
    use leakward_detect::Settings;
    use leakward_rules::sample::Template;

    use super::*;

    type Told = (
        String,
        Vec<CompanionPlace>,
        Vec<(String, Vec<CompanionPlace>)>,
    );

    fn detector() -> Detector {
        Detector::new(leakward_rules::built_in(), Settings::default()).expect("a detector")
    }

    fn drawn(template: &str, seed: u64) -> String {
        let template = Template::parse(template).expect("a template");
        template.render(seed).text
    }

    fn id(seed: u64) -> String {
        drawn("\n\nAWS_ACCESS_KEY_ID={aws-key-id:AKIA}\n", seed)
    }

    fn secret(seed: u64) -> String {
        drawn("A=1\nAWS_SECRET_ACCESS_KEY={base64:40}\n", seed)
    }

    fn aside(texts: &[(&str, &str)]) -> Aside {
        let mut aside = Aside::default();
        for (path, text) in texts {
            let origin = Origin::File((*path).to_owned());
            aside.put(Piece::new(&origin, text.as_bytes()));
        }
        aside
    }

    fn sighted(detector: &Detector, texts: &[(&str, &str)]) -> Vec<Sighting> {
        let of = |(path, text): &(&str, &str)| {
            let origin = Origin::File((*path).to_owned());
            let found = detector.detect(text.as_bytes(), &mut detector.scratch());
            let piece = Piece::new(&origin, text.as_bytes());
            sightings(piece, found.matches, LineHashes::Skip)
        };
        let mut seen: Vec<Sighting> = texts.iter().flat_map(of).collect();
        let keeping = (Credentials::Keep, LineHashes::Skip);
        let told = aside(texts).find(detector, keeping, &|| false, &mut seen);
        assert_eq!(told, None);
        seen
    }

    /// What is told of each sighting: its file, companions in it, and those elsewhere.
    fn found(detector: &Detector, texts: &[(&str, &str)]) -> Vec<Told> {
        let told = |sighting: &Sighting| {
            let kept = sighting.values.iter().any(|(name, _)| name == "id");
            assert_eq!(kept, !sighting.elsewhere.is_empty());
            let companions = sighting.companions.clone();
            let origin = sighting.origin.to_string();
            (origin, companions, sighting.elsewhere.clone())
        };
        sighted(detector, texts).iter().map(told).collect()
    }

    /// The file with the id, and its line there, of a single sighting.
    fn pair(detector: &Detector, texts: &[(&str, &str)]) -> Option<(String, u32)> {
        let told = found(detector, texts);
        let [(own, _, elsewhere)] = told.as_slice() else {
            panic!("{told:?}");
        };
        let (path, companions) = elsewhere.first()?;
        assert_eq!((path, companions.len()), (own, 1));
        let companion = companions.first()?;
        Some((companion.path.clone()?, companion.range.start.line))
    }

    #[test]
    fn an_id_in_one_file_belongs_to_the_secret_in_another() {
        let detector = detector();
        let (id, secret) = (id(1), secret(2));
        let pair = |texts: &[(&str, &str)]| pair(&detector, texts);
        let two = [("app/.env.local", &*id), ("app/.env", &*secret)];
        assert_eq!(pair(&two), Some(("app/.env.local".to_owned(), 3)));
        let far = format!("{}{secret}", "B=2\n".repeat(2_000));
        let two = [("x/.aws/config", &*id), ("x/.aws/credentials", &*far)];
        assert_eq!(pair(&two), Some(("x/.aws/config".to_owned(), 3)));
        // Another folder, other files, another kind of file.
        for two in [
            [("a/.env", &*id), ("b/.env", &*secret)],
            [("a/x.py", &*id), ("a/y.py", &*secret)],
            [("a/.env", &*id), ("a/x.tfvars", &*secret)],
        ] {
            assert_eq!(pair(&two), None);
        }
    }

    #[test]
    fn where_there_is_another_answer_none_is_given() {
        let detector = detector();
        let (own, secret, other) = (id(1), secret(2), id(3));
        let pair = |texts: &[(&str, &str)]| pair(&detector, texts);
        let two_ids = [(".env", &*secret), (".env.a", &*own), (".env.b", &*other)];
        assert_eq!(pair(&two_ids), None);
        let twice = [(".env", &*secret), (".env.a", &*own), (".env.b", &*own)];
        assert_eq!(pair(&twice), Some((".env.a".to_owned(), 3)));
        // What documentation shows is no id.
        let shown = format!("AWS_ACCESS_KEY_ID=AKIAIOSFODNN7{}\n", "EXAMPLE");
        let beside = [(".env", &*secret), (".env.a", &*shown), (".env.b", &*own)];
        assert_eq!(pair(&beside), Some((".env.b".to_owned(), 3)));
        // The own file gives one, and nothing is added to it.
        let whole = format!("{own}{secret}");
        let session = drawn("AWS_ACCESS_KEY_ID={aws-key-id:ASIA}\n", 4);
        for neighbour in [&other, &session] {
            let told = found(&detector, &[(".env", &*whole), (".env.old", neighbour)]);
            assert_eq!(told.len(), 1);
            assert!(
                told[0].1[0].path.is_none() && told[0].2.is_empty(),
                "{told:?}"
            );
        }
        // An id belongs to the secret beside it.
        let told = found(
            &detector,
            &[(".env", &*whole), (".env.old", &*self::secret(5))],
        );
        assert!(
            told.iter().all(|(_, _, elsewhere)| elsewhere.is_empty()),
            "{told:?}"
        );
    }

    #[test]
    fn what_stands_around_the_secret_of_a_pair_is_masked() {
        let detector = detector();
        let rule = leakward_rules::find(detector.rules(), "github-pat-fine-grained");
        let sample = rule
            .and_then(|rule| rule.samples.first())
            .expect("a sample");
        let token = leakward_rules::sample::render(sample, 7).expect("a sample");
        let value = token.text[token.secret.clone()].to_owned();
        let line = format!(
            "export GH={value} {}",
            drawn("AWS_SECRET_ACCESS_KEY={base64:40}", 2)
        );
        let seen = sighted(&detector, &[(".env", &*line), (".env.local", &*id(1))]);
        let pair = seen.iter().find(|sighting| !sighting.elsewhere.is_empty());
        let text = &pair.expect("a pair").excerpt.text;
        let end = &value[value.len() - 12..];
        assert!(!text.contains(end), "{text}");
    }

    /// One content in two folders, each with an id beside it.
    fn in_two_folders(ids: [&str; 2]) -> Sighting {
        let detector = detector();
        let (secret, blob) = (secret(2), Origin::Stdin);
        let mut aside = Aside::default();
        for (folder, id) in ["a", "b"].into_iter().zip(ids) {
            let own = Origin::File(format!("{folder}/.env.local"));
            for (origin, name, text) in [(&blob, ".env", &*secret), (&own, ".env.local", id)] {
                let path = format!("{folder}/{name}");
                assert!(aside.put_file(origin, &path, text.as_bytes()).is_continue());
            }
        }
        let mut seen = Vec::new();
        let keeping = (Credentials::Keep, LineHashes::Skip);
        aside.find(&detector, keeping, &|| false, &mut seen);
        assert_eq!(seen.len(), 1);
        seen.remove(0)
    }

    #[test]
    fn one_content_at_two_paths_has_neighbours_at_both_and_is_tried_with_none_of_two() {
        let (own, other) = (id(1), id(3));
        for (ids, is_kept) in [([&*own, &*other], false), ([&*own, &*own], true)] {
            let one = in_two_folders(ids);
            let places = one.elsewhere.iter().map(|(path, _)| path.as_str());
            let mut places: Vec<&str> = places.collect();
            places.sort_unstable();
            assert_eq!(places, ["a/.env", "b/.env"]);
            let has_id = one.values.iter().any(|(name, _)| name == "id");
            assert_eq!(has_id, is_kept, "{ids:?}");
        }
    }

    #[test]
    fn files_that_are_no_settings_and_large_ones_are_not_kept_and_too_many_are_told() {
        let kept = |texts: &[(&str, &str)]| aside(texts).files.len();
        assert_eq!(
            kept(&[("a.py", "x"), ("credentials", "x"), ("env", "x")]),
            0
        );
        let large = "x".repeat(LARGEST_FILE + 1);
        let texts = [
            (".env", large.as_str()),
            ("prod.env", "x"),
            ("a.tfvars", "x"),
        ];
        assert_eq!(kept(&texts), 2);
        assert!(may_be_wanted(b"credentials") && !may_be_wanted(b"main.rs"));
        let mut many = Aside::default();
        let full = vec![b'x'; LARGEST_FILE];
        let files = (0..).map(|number| format!("{number}.env"));
        let put = |path: String| many.put_file(&Origin::Stdin, &path, &full);
        assert!(files.take(300).map(put).any(|more| more.is_break()));
        let keeping = (Credentials::Forget, LineHashes::Skip);
        let told = many.find(&detector(), keeping, &|| false, &mut Vec::new());
        assert!(told.is_some_and(|told| told.contains("no pairs were looked for")));
    }
}
