//! One outcome with something of everything, and the outcomes of a clean and of an incomplete scan.

use std::borrow::Cow;

use leakward_core::rule::{Allow, Boundary, Checksum, Class, Find, Pattern};
use leakward_core::span::{Position, TextRange};
use leakward_core::verdict::Unknown;
use leakward_core::{
    CompanionPlace, Confidence, Excerpt, Finding, FingerprintKey, ImagePlace, LayerState, Location,
    LocationKind, Outcome, Rule, RuleId, Secret, Severity, Skipped, SkippedKind, Stats,
    TargetSummary, Verdict,
};

/// The credential of every finding here; no report may show it unless it is revealed.
pub(crate) const CREDENTIAL: &[u8] = b"open-sesame-open-sesame";

/// A commit id of forty times the same digit.
pub(crate) fn id(digit: char) -> String {
    String::from(digit).repeat(40)
}

/// From line and column `start` to line and column `end`.
pub(crate) fn range(start: (u32, u32), end: (u32, u32)) -> TextRange {
    let position = |(line, column)| Position { line, column };
    TextRange {
        start: position(start),
        end: position(end),
    }
}

/// The rules that the report is told of: one of the three that found something.
pub(crate) fn rules() -> Vec<Rule> {
    vec![Rule {
        id: RuleId::from("forge-token"),
        provider: "Forge".into(),
        title: "Forge personal access token".into(),
        severity: Severity::Critical,
        class: Class::Secret,
        find: Find::Pattern(Pattern {
            literals: Cow::Borrowed(&[]),
            ignore_case: false,
            regex: "".into(),
            group: 0,
            boundary: Boundary::Word,
        }),
        min_entropy: 0.0,
        checksum: Some(Checksum::GithubCrc32),
        specificity: 100,
        companions: Cow::Borrowed(&[]),
        allow: Allow::default(),
        paths: Cow::Borrowed(&[]),
        docs_url: None,
        revoke_url: None,
        samples: Cow::Borrowed(&[]),
        verify: None,
        revoke: None,
        rotate: None,
        near_misses: Cow::Borrowed(&[]),
        foreign: None,
    }]
}

/// A finding of `rule` with nothing but what every finding has.
pub(crate) fn finding(rule: &str, severity: Severity, locations: Vec<Location>) -> Finding {
    let rule = RuleId::from(rule);
    Finding {
        fingerprint: FingerprintKey::default().fingerprint(&rule, &Secret::new(CREDENTIAL)),
        rule,
        title: "Some credential".to_owned(),
        provider: "Somebody".to_owned(),
        severity,
        confidence: Confidence::Medium,
        masked: "********".to_owned(),
        secret: None,
        entropy: 3.25,
        reasons: Vec::new(),
        revoke_url: None,
        docs_url: None,
        excerpt: None,
        verdict: Verdict::NotChecked,
        evidence: None,
        locations,
        more_locations: 0,
    }
}

fn in_commit(digit: char, date: &str, path: &str, line: u32) -> Location {
    Location {
        commit: Some(id(digit)),
        blob: Some(id('b')),
        reachable: Some(true),
        in_head: Some(false),
        refs: vec!["refs/heads/main".to_owned(), "refs/tags/v1.0".to_owned()],
        author: Some("Ada Lovelace".to_owned()),
        email: Some("ada@example.org".to_owned()),
        date: Some(date.to_owned()),
        subject: Some("Add the configuration".to_owned()),
        ..Location::new(LocationKind::Git, path, range((line, 10), (line, 33)))
    }
}

fn forge() -> Finding {
    let mut first = in_commit('1', "2019-03-02T10:20:30+01:00", "deploy/config.py", 12);
    first.in_head = Some(true);
    first.line_hash = Some("a7f2ff13bc495cf2:1".to_owned());
    let companion = |name: &str, path: Option<&str>, line| CompanionPlace {
        name: name.to_owned(),
        path: path.map(str::to_owned),
        range: range((line, 8), (line, 28)),
    };
    first.companions = vec![
        companion("id", None, 11),
        companion("host", Some("deploy/hosts.py"), 3),
    ];
    let worktree = Location::new(
        LocationKind::Worktree,
        "deploy/config.py",
        range((12, 10), (12, 33)),
    );
    let mut dangling = in_commit('4', "2020-01-01T00:00:00Z", "old/a b#c.py", 1);
    dangling.reachable = Some(false);
    dangling.refs = Vec::new();
    Finding {
        title: "Forge personal access token".to_owned(),
        provider: "Forge".to_owned(),
        confidence: Confidence::High,
        masked: "forg********".to_owned(),
        entropy: 4.123_456,
        reasons: vec![
            "its checksum holds".to_owned(),
            "it has the provider's own prefix and length, which hardly anything else has"
                .to_owned(),
        ],
        revoke_url: Some("https://forge.example/settings/tokens".to_owned()),
        docs_url: Some("https://docs.forge.example/tokens".to_owned()),
        excerpt: Some(Excerpt {
            text: "\ttoken = \"forg********\"  # Grüße".to_owned(),
            marked: 10..22,
        }),
        verdict: Verdict::Live,
        more_locations: 12,
        ..finding(
            "forge-token",
            Severity::Critical,
            vec![
                first,
                worktree,
                in_commit('2', "2019-04-01T00:00:00Z", "deploy/config.py", 14),
                in_commit('3', "2019-05-01T00:00:00Z", "deploy/old.py", 4),
                dangling,
            ],
        )
    }
}

/// A finding whose texts try to take over the terminal and the spreadsheet.
fn hostile() -> Finding {
    let mut location = in_commit(
        '5',
        "2021-06-07T08:09:10Z",
        "=cmd|' /C calc'!A0\x1b[2J,\"x\".txt",
        7,
    );
    location.author = Some("@Mallory\u{202e}\x1b]0;owned\x07".to_owned());
    location.subject = Some("-1+1\r\nSigned-off-by: [nobody](https://evil.example) {0}".to_owned());
    location.refs = vec!["refs/pull/7/head".to_owned()];
    Finding {
        title: "Password in a URL".to_owned(),
        verdict: Verdict::Unknown(Unknown {
            reason: "db.example did not answer".to_owned(),
        }),
        excerpt: Some(Excerpt {
            text: "url=\x1b[8mdb://root:********@db.example/\u{9b}2J".to_owned(),
            marked: 18..26,
        }),
        reasons: vec!["stands where a password stands in a URL".to_owned()],
        ..finding("url-password", Severity::Medium, vec![location])
    }
}

/// A finding in a commit message and in standard input, decoded.
fn quiet() -> Finding {
    let mut message = Location::new(LocationKind::Message, "", range((3, 1), (4, 5)));
    message.commit = Some(id('6'));
    let mut stdin = Location::new(LocationKind::Stdin, "-", range((1, 1), (1, 9)));
    stdin.decoded = vec!["base64".to_owned(), "gzip".to_owned()];
    Finding {
        title: "Keyword near a random value".to_owned(),
        confidence: Confidence::Low,
        verdict: Verdict::Dead,
        ..finding("generic-secret", Severity::Low, vec![stdin, message])
    }
}

/// A finding in two layers of an image, of which one hides what is in the other.
fn in_image() -> Finding {
    let place = |index, state| Location {
        blob: None,
        image: Some(ImagePlace {
            image: "registry.example/team/app:1.4".to_owned(),
            manifest: Some(format!("sha256:{}", "d".repeat(64))),
            platform: Some("linux/amd64".to_owned()),
            layer: Some(format!("sha256:{}", "e".repeat(64))),
            layer_index: Some(index),
            created_by: Some("COPY . /app # buildkit".to_owned()),
            state: Some(state),
        }),
        ..Location::new(LocationKind::Layer, "app/.env", range((2, 7), (2, 30)))
    };
    finding(
        "forge-token",
        Severity::High,
        vec![
            place(4, LayerState::Visible),
            place(3, LayerState::Overwritten),
        ],
    )
}

fn stats() -> Stats {
    Stats {
        pieces: 9_600,
        blobs: 8_310,
        files: 48,
        commits: 1_204,
        tags: 1,
        refs: 37,
        bytes: 12_897_484,
        known: 0,
        rejected: 512,
        suppressed: 3,
        rules: 612,
        threads: 2,
        duration_ms: 842,
    }
}

fn skipped(kind: SkippedKind, what: &str, reason: &str) -> Skipped {
    Skipped {
        kind,
        what: what.to_owned(),
        reason: reason.to_owned(),
    }
}

/// Nothing found, everything looked at.
pub(crate) fn clean() -> Outcome {
    Outcome {
        targets: vec![TargetSummary {
            name: ".".to_owned(),
            kind: "git".to_owned(),
            scope: "all history and the working tree".to_owned(),
        }],
        stats: stats(),
        ..Outcome::default()
    }
}

/// Nothing found, not everything looked at.
pub(crate) fn incomplete() -> Outcome {
    let mut skipped_items = vec![
        skipped(
            SkippedKind::Unreadable,
            "private/key\x1b[2J.pem",
            "permission denied",
        ),
        skipped(
            SkippedKind::Shallow,
            &id('a'),
            "history before it is not here",
        ),
    ];
    skipped_items.extend("01234".chars().map(|digit| {
        skipped(
            SkippedKind::Missing,
            &id(digit),
            "the partial clone does not have this blob",
        )
    }));
    Outcome {
        skipped: skipped_items,
        notes: vec!["the repository is a partial clone".to_owned()],
        ..clean()
    }
}

/// Something of everything.
pub(crate) fn everything() -> Outcome {
    Outcome {
        findings: vec![forge(), in_image(), hostile(), quiet()],
        ..incomplete()
    }
}
