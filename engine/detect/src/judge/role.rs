//! The role of a file, from its path: lock file, test, documentation, generated, localisation, program text …

use leakward_core::rule::Find;
use leakward_core::{Confidence, Rule};

use super::checksum::jwt;
use super::traits::Traits;
use super::words::surprise;
use super::{ciphertext, generic, look_alike, numbers};
use crate::detection::{Match, PathJudgement};
use crate::word_list::WordList;

/// What kind of file a path names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a file can be several of these at once"
)]
pub(crate) struct Role {
    /// Versions and digests of dependencies.
    pub(crate) lock: bool,
    /// Tests, fixtures, samples, templates.
    pub(crate) test: bool,
    /// Documentation.
    pub(crate) docs: bool,
    /// Made by a program: minified, bundled, source maps, checksums.
    pub(crate) generated: bool,
    /// The description of an interface, whose values are examples.
    pub(crate) specimen: bool,
    /// Texts of a user interface in some language.
    pub(crate) localisation: bool,
    /// Other people's code in the repository.
    pub(crate) vendored: bool,
    /// Program text, in which a bare word is a name.
    pub(crate) program: bool,
    /// Rules, tests or baselines of secret scanners, lists of passwords.
    pub(crate) scanner: bool,
}

const LOCKS: WordList = WordList::new(
    " package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml bun.lock deno.lock cargo.lock \
     poetry.lock uv.lock pipfile.lock composer.lock gemfile.lock go.sum gradle.lockfile \
     verification-metadata.xml mix.lock pubspec.lock podfile.lock packages.lock.json flake.lock \
     .terraform.lock.hcl cartfile.resolved package.resolved \
     go.mod go.work.sum ",
);

const TEST_FOLDERS: WordList = WordList::new(
    " test tests __tests__ spec specs fixtures fixture testdata test-data test_data mocks __mocks__ \
     mock stub stubs .snapshots __snapshots__ examples example samples sample demo demos tutorial tutorials e2e cypress .storybook \
     seeds testing unittest unittests integration-tests test-resources androidtest benchmark \
     benchmarks playground ",
);

const TEST_SUFFIXES: WordList = WordList::new(
    " _test.go .spec.ts .spec.js .test.ts .test.js .test.tsx .test.jsx .spec.tsx test.java tests.java \
     test.kt tests.cs test.cs _test.py _spec.rb _test.rb test.php _test.rs _test.dart .example \
     .sample .template .dist .tmpl .tpl .snap test.scala tests.swift test.swift _test.cc _test.cpp \
     _test.exs ",
);

const LOCALES: WordList = WordList::new(
    " locale locales i18n l10n lang langs languages localization localizations localisation translations _locales lproj resjson ",
);

/// Folders with texts of a user interface, or with the classes of a protocol's messages: it depends on the kind of file.
const MESSAGES: WordList = WordList::new(" messages ");

/// Languages in which such classes are written, and hardly ever translations.
const CLASSES: WordList =
    WordList::new(" java kt kts scala go rs c h cc cpp hpp cs swift m proto ");

const VENDORED: WordList = WordList::new(
    " vendor vendors third_party third-party thirdparty node_modules bower_components wp-includes \
     site-packages .yarn botocore ",
);

const GENERATED: WordList = WordList::new(" dist .next target coverage bundles ");

/// Folders with what was built, or with what builds: there it depends on the kind of file.
const BUILT: WordList = WordList::new(" build out ");

const BUILT_KINDS: WordList = WordList::new(" js mjs cjs css map html ");

const PROGRAMS: WordList = WordList::new(
    " py js mjs cjs ts tsx jsx java kt kts scala go rs c h cc cpp cxx hpp hh cs vb fs swift m mm php \
     rb pl pm lua dart ex exs erl hs ml clj groovy r jl nim zig vue svelte html htm erb jsp aspx \
     cshtml css scss less sass coffee elm pas d proto graphql gql thrift tcl el lisp scm f90 asm s \
     sol ",
);

const DOCS: WordList =
    WordList::new(" md markdown rst adoc asciidoc mdx textile org apib 1 3 8 man ");

const DOC_FOLDERS: WordList = WordList::new(" docs doc documentation man ");

/// Folders with the description of an interface in parts. What stands there in program text is a program that makes one.
const SPECIMENS: WordList = WordList::new(" openapi swagger ");

const SPECIMEN_KINDS: WordList = WordList::new(" yaml yml json ");

const SCANNERS: WordList = WordList::new(
    " .gitleaks.toml gitleaks.toml .gitleaksignore .secrets.baseline .leakwardignore rockyou.txt \
     trufflehog.yml trufflehog.yaml wordlist.txt passwords.txt common-passwords.txt .gitallowed \
     .secretlintrc.json ",
);

impl Role {
    /// The role of the file at `path`, whose folders are separated by `/`.
    pub(crate) fn of(path: &str) -> Role {
        let lower = path.to_ascii_lowercase();
        let mut folders: Vec<&str> = lower.split('/').collect();
        let name = folders.pop().unwrap_or("");
        let suffix = name.rsplit_once('.').map_or("", |(_, suffix)| suffix);
        let in_one_of = |list: WordList| {
            folders
                .iter()
                .any(|folder| list.contains(folder.as_bytes()))
        };
        let is_test_name = TEST_SUFFIXES
            .iter()
            .any(|end| name.as_bytes().ends_with(end))
            || name.starts_with("test_")
            || name.starts_with("test-")
            || name == "conftest.py"
            || name.starts_with("examples-")
            || name.starts_with("examples.")
            || name.contains(".example")
            || name.contains(".sample")
            || name.contains("-sample.")
            || name.contains("-example.");
        Role {
            lock: LOCKS.contains(name.as_bytes()),
            test: in_one_of(TEST_FOLDERS) || is_test_name,
            docs: DOCS.contains(suffix.as_bytes())
                || in_one_of(DOC_FOLDERS)
                || name.starts_with("readme")
                || name.starts_with("changelog"),
            generated: name.contains(".min.")
                || name.ends_with(".map")
                || name.ends_with(".eps")
                || name.ends_with(".sum")
                || name.ends_with(".sha256")
                || name.ends_with(".md5")
                || ["checksums", "sha256sums", "sha512sums", "md5sums"].contains(&name)
                || in_one_of(GENERATED)
                || (in_one_of(BUILT) && BUILT_KINDS.contains(suffix.as_bytes())),
            specimen: (is_ansible_plugin(&folders, suffix) && !in_one_of(TEST_FOLDERS))
                || name.starts_with("openapi")
                || name.starts_with("swagger")
                || (in_one_of(SPECIMENS)
                    && SPECIMEN_KINDS.contains(suffix.as_bytes())
                    && !deploys(name)),
            localisation: in_one_of(LOCALES)
                || (in_one_of(MESSAGES) && !CLASSES.contains(suffix.as_bytes()))
                || folders
                    .iter()
                    .any(|folder| folder.ends_with(".lproj") || folder.starts_with("values-"))
                || path.split('/').any(is_language)
                || is_called_localisation(name, suffix),
            vendored: in_one_of(VENDORED) || is_web_library(&folders),
            program: PROGRAMS.contains(suffix.as_bytes()),
            scanner: SCANNERS.contains(name.as_bytes()),
        }
    }
}

/// Whether it is a module or another plugin of Ansible: they begin with their manual and its examples.
fn is_ansible_plugin(folders: &[&str], suffix: &str) -> bool {
    const KINDS: WordList = WordList::new(
        " modules module_utils lookup callback connection inventory become cache filter doc_fragments ",
    );
    let is_one =
        |pair: &[&str]| matches!(pair, ["plugins", kind] if KINDS.contains(kind.as_bytes()));
    suffix == "py" && folders.windows(2).any(is_one)
}

/// Whether a folder is the one that ASP.NET's projects keep other people's scripts in.
fn is_web_library(folders: &[&str]) -> bool {
    folders.windows(2).any(|pair| pair == ["wwwroot", "lib"])
}

/// Whether a file's own name is one of translations.
fn is_called_localisation(name: &str, suffix: &str) -> bool {
    const SUFFIXES: [&str; 9] = [
        "po", "pot", "xlf", "xliff", "resx", "resjson", "strings", "arb", "lproj",
    ];
    SUFFIXES.contains(&suffix)
        || name.contains(".i18n.")
        || name.starts_with("messages_")
        || name == "messages.properties"
        || name.starts_with("strings.")
}

/// `de-DE`, `pt_BR`: a language and a country, as folders of translations are called; `ci-cd` is none.
fn is_language(folder: &str) -> bool {
    matches!(folder.as_bytes(), [a, b, b'-' | b'_', c, d]
        if a.is_ascii_lowercase() && b.is_ascii_lowercase() && c.is_ascii_uppercase() && d.is_ascii_uppercase())
}

/// Whether a file of settings has the name of one that something is deployed with.
fn deploys(name: &str) -> bool {
    const STARTS: [&str; 4] = ["values", "docker-compose", "compose", "application"];
    STARTS.iter().any(|start| name.starts_with(start)) || name.contains("secret")
}

/// What the role of a file means for a match of `rule`.
pub(crate) fn judge(rule: &Rule, matched: &Match, role: Role, is_bare: bool) -> PathJudgement {
    let drop = |reason: &str| PathJudgement::Drop(reason.to_owned());
    let lower = |reason: &str| PathJudgement::Lower(reason.to_owned());
    let is_assigned = matches!(&rule.find, Find::Native(native) if native.detector == "assignment");
    // Keys in tests are rarely anything else than keys of tests; their passwords and tokens are now and then those in use.
    let is_key = matches!(&rule.find, Find::Native(native) if native.detector == "private-key");
    let is_near = matches!(rule.find, Find::Keyword(_));
    if role.scanner {
        return drop("the file holds a scanner's rules or known results");
    }
    if is_assigned || is_near {
        if role.lock {
            return drop("the file holds versions and digests of dependencies");
        }
        if role.generated {
            return drop("the file is generated");
        }
        // Android keeps keys among its texts.
        if is_assigned && role.localisation && !is_drawn_key(rule, matched) {
            return drop("the file holds texts of a user interface");
        }
        if is_assigned && is_bare && role.program && !is_no_name(matched) {
            return drop("in program text a bare word is a name");
        }
    }
    if (role.test || role.docs) && is_hash(matched) {
        return drop("a password's hash in a test or in documentation opens nothing");
    }
    if (role.docs || role.specimen) && is_session(rule, matched) {
        return drop("a session that documentation shows has ended");
    }
    if role.docs && has_ended(matched) {
        return drop("a token that documentation shows has ended");
    }
    if role.specimen && (is_assigned || is_near) {
        return lower("the file describes an interface with examples");
    }
    if matched.confidence == Confidence::High && !is_assigned {
        return PathJudgement::Keep;
    }
    if (role.test || role.vendored) && is_list_of_bytes(matched) {
        return lower("in a test a key's bytes are what an algorithm is tried with");
    }
    // What a provider's rule found there and the characters do not prove has to be longer than what people invent.
    let is_native = matches!(rule.find, Find::Native(_));
    let is_real =
        is_drawn(matched) && !is_disguised(matched) && !is_key && (is_native || is_long(matched));
    // Tests say their passwords in words, so that letters which are none were drawn or taken from somewhere.
    let is_unsaid = is_native && !is_key && has_unsaid_letters(matched, 5);
    if role.vendored || (role.test && !is_real && !is_unsaid) {
        return lower("the file is a test, a sample or other people's code");
    }
    let is_shown = is_assigned && ((matched.names_session && !is_bare) || is_shown(rule, matched));
    // Tokens in manuals are made up by drumming on the keyboard, too; passwords are words.
    let is_unsaid = names_a_password(rule) && has_unsaid_letters(matched, 6);
    let is_said = !is_drawn(matched) && !is_unsaid;
    let is_sample = is_said || is_disguised(matched) || is_shown;
    if role.docs && is_sample {
        return lower("the file is documentation");
    }
    PathJudgement::Keep
}

/// Whether the value looks like one that a machine drew or that follows the rules for passwords: samples in documentation
/// are words.
#[expect(
    clippy::disallowed_methods,
    reason = "what a path means depends on what the value looks like"
)]
fn is_drawn(matched: &Match) -> bool {
    let value = &*generic::said(matched.secret.expose());
    let traits = Traits::of(value);
    if is_words_and_a_number(value) {
        return false;
    }
    (traits.looks_random() && traits.length >= 7 && (traits.digits > 0 || traits.length >= 16))
        || (traits.classes() >= 3 && traits.length >= 8)
}

/// Whether the value has a row of so many letters that nobody can say, and is not a known password with signs for its letters.
#[expect(
    clippy::disallowed_methods,
    reason = "what a path means depends on what the value looks like"
)]
fn has_unsaid_letters(matched: &Match, at_least: usize) -> bool {
    let value = &*generic::said(matched.secret.expose());
    let letters = value.split(|byte| !byte.is_ascii_alphabetic());
    let row = letters.max_by_key(|row| row.len()).unwrap_or_default();
    // Letters that were drawn are this surprising nine times out of ten, words and names of people hardly ever.
    row.len() >= at_least && surprise(row) >= 7.3 && !generic::is_known_in_disguise(value)
}

/// Whether it holds for a session: a cookie, or a token that ends within a day after it was issued.
#[expect(
    clippy::disallowed_methods,
    reason = "how long a token holds stands in the token"
)]
fn is_session(rule: &Rule, matched: &Match) -> bool {
    /// A day in seconds. What holds longer may still hold, and was made for programs.
    const DAY: u64 = 24 * 60 * 60;
    let is_cookie = rule.id.as_str() == "session-cookie";
    is_cookie || jwt::holds_for(matched.secret.expose()).is_some_and(|seconds| seconds <= DAY)
}

/// Whether the value is a token that had ended when this was written. What has ended since is told with its end: what a path means must not
/// depend on the day.
#[expect(
    clippy::disallowed_methods,
    reason = "when a token ends stands in the token"
)]
fn has_ended(matched: &Match) -> bool {
    /// November 2026, in seconds since 1970.
    const WRITTEN: u64 = 1_793_491_200;
    jwt::expires(matched.secret.expose()).is_some_and(|end| end < WRITTEN)
}

/// Whether the value is a word that everybody knows, in signs: what manuals show where rules for passwords have to be kept.
#[expect(
    clippy::disallowed_methods,
    reason = "what a path means depends on what the value says"
)]
fn is_disguised(matched: &Match) -> bool {
    generic::is_known_in_disguise(matched.secret.expose())
}

/// Whether the value has a form that manuals show and nobody has to draw again: a UUID, and where a password is named the digest of one.
#[expect(
    clippy::disallowed_methods,
    reason = "what a path means depends on what the value is"
)]
fn is_shown(rule: &Rule, matched: &Match) -> bool {
    let value = matched.secret.expose();
    let is_digest = matches!(value.len(), 32 | 40 | 56 | 64) && Traits::of(value).is_hex;
    look_alike::is_uuid(value) || (names_a_password(rule) && is_digest)
}

/// Whether the value is a long one that a machine drew, under a name of keys and tokens.
#[expect(
    clippy::disallowed_methods,
    reason = "what a path means depends on what the value looks like"
)]
fn is_drawn_key(rule: &Rule, matched: &Match) -> bool {
    let value = matched.secret.expose();
    let traits = Traits::of(value);
    !names_a_password(rule)
        && traits.length >= 20
        && traits.digits > 0
        && traits.spaces + traits.foreign == 0
        && is_drawn(matched)
}

fn names_a_password(rule: &Rule) -> bool {
    matches!(
        rule.id.as_str(),
        "generic-password" | "docker-compose-env-password"
    )
}

/// Whether the value is a password's hash.
#[expect(
    clippy::disallowed_methods,
    reason = "what a path means depends on what the value is"
)]
fn is_hash(matched: &Match) -> bool {
    ciphertext::is_hash(matched.secret.expose())
}

/// Whether the value is a key that is written byte by byte.
#[expect(
    clippy::disallowed_methods,
    reason = "what a path means depends on how the value is written"
)]
fn is_list_of_bytes(matched: &Match) -> bool {
    numbers::bytes_of(matched.secret.expose()).is_some()
}

/// Whether the value is as long as keys of providers are, which nobody invents.
#[expect(
    clippy::disallowed_methods,
    reason = "what a path means depends on what the value looks like"
)]
fn is_long(matched: &Match) -> bool {
    const LONG: usize = 24;
    matched.secret.expose().len() >= LONG
}

/// `custom-password-12345`, `newPassword1!`: words that can be said, and a few digits and signs behind them.
fn is_words_and_a_number(value: &[u8]) -> bool {
    /// Longest row of digits and signs behind the words.
    const TAIL: usize = 6;
    let tail = value
        .iter()
        .rev()
        .take_while(|byte| !byte.is_ascii_alphabetic())
        .count();
    let words = value.get(..value.len() - tail).unwrap_or_default();
    let is_said = words
        .iter()
        .all(|byte| byte.is_ascii_alphabetic() || b"-_. ".contains(byte));
    is_said && tail <= TAIL && words.len() >= 4 && Traits::of(words).reads_like_words()
}

/// Whether a bare value in program text (a manual in a comment, a configuration in a text of many lines) cannot be a name.
#[expect(
    clippy::disallowed_methods,
    reason = "what a path means depends on what the value looks like"
)]
fn is_no_name(matched: &Match) -> bool {
    let value = matched.secret.expose();
    let traits = Traits::of(value);
    let is_word = value
        .iter()
        .all(|byte| byte.is_ascii_alphanumeric() || b"_.".contains(byte));
    is_drawn(matched)
        && traits.digits >= 2
        && (!is_word || (traits.looks_random() && traits.length >= 12))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_told_by_name_and_folder() {
        assert!(Role::of("web/package-lock.json").lock);
        assert!(Role::of("src/tests/login.py").test && Role::of("src/tests/login.py").program);
        assert!(Role::of("config/.env.example").test);
        assert!(Role::of("README.md").docs && Role::of("docs/config.yaml").docs);
        assert!(Role::of("static/app.min.js").generated && Role::of("build/app.js").generated);
        assert!(!Role::of("build/Dockerfile.prod").generated && !Role::of("notes.txt").docs);
        assert!(Role::of("app/locales/de.yml").localisation);
        assert!(Role::of("src/Localization/Sources/acme-da.xml").localisation);
        assert!(Role::of("data/iam/2010-05-08/examples-1.json").test);
        assert!(Role::of("plugins/modules/datadog_event.py").specimen);
        assert!(!Role::of("tests/unit/plugins/modules/test_datadog.py").specimen);
        assert!(
            !Role::of("plugins/modules/vars.yml").specimen && !Role::of("modules/x.py").specimen
        );
        assert!(Role::of("docs/img/logo.eps").generated && Role::of("a/.snapshots/b.json").test);
        assert!(
            Role::of("web/wwwroot/lib/angular.js").vendored && !Role::of("wwwroot/app.js").vendored
        );
        assert!(Role::of("input/cs.lproj/app.json").localisation);
        assert!(Role::of("Strings/de-DE/resources.json").localisation);
        assert!(Role::of("login/login.i18n.is.json").localisation);
        assert!(!Role::of("my-app/en/login.json").localisation);
        for path in ["ci-cd/values.yaml", "my_db/.env", "eu-de/secrets.yml"] {
            assert!(!Role::of(path).localisation, "{path}");
        }
        assert!(Role::of("web/api/openapi.yaml").specimen);
        for path in [
            "charts/swagger/values.yaml",
            "docker/swagger/docker-compose.yml",
            "openapi/db-secret.yaml",
        ] {
            assert!(!Role::of(path).specimen, "{path}");
        }
        assert!(Role::of("resources/openapi/users/login.yaml").specimen);
        assert!(!Role::of("src/openapi/Client.java").specimen);
        assert!(!Role::of("src/main/java/acme/messages/Login.java").localisation);
        assert!(Role::of("app/messages/de.json").localisation);
        assert!(Role::of("src/main/resources/messages.properties").localisation);
        assert!(Role::of("vendor/lib/x.go").vendored);
        assert!(Role::of(".yarn/releases/yarn-4.6.0.cjs").vendored);
        assert!(Role::of(".gitleaks.toml").scanner);
        assert_eq!(Role::of("config/production.yml"), Role::default());
    }
}
