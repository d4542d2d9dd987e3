//! Keys in, screen out, with a world of a few lines.

use std::sync::Mutex;

use leakward_core::finding::Confidence;
use leakward_core::{
    FingerprintKey, LocationKind, Position, RuleId, Secret, Severity, TextRange, Verdict,
};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::*;
use crate::draw::draw;
use crate::theme::Theme;
use crate::world::{ContextLine, Piece};

/// A world that remembers what it was told.
#[derive(Default)]
struct Small {
    written: Mutex<Vec<String>>,
}

impl World for Small {
    fn context(&self, finding: &Finding, place: &Location) -> Result<Context, String> {
        if place.path.starts_with("gone") {
            return Err("the file is not there any more".to_owned());
        }
        Ok(Context {
            from: "the file as it is now".to_owned(),
            lines: vec![ContextLine {
                number: place.range.start.line,
                pieces: vec![
                    Piece::Text("token = ".to_owned()),
                    Piece::Credential {
                        masked: finding.masked.clone(),
                        clear: Some("in-the-clear".to_owned()),
                    },
                ],
                is_it: true,
            }],
            note: None,
        })
    }

    fn decide(&self, _finding: &Finding, decision: &Decision) -> Result<Known, String> {
        if decision.until == "tomorrow" {
            return Err("\"tomorrow\" is not a date".to_owned());
        }
        let line = format!(
            "{}: {} {}",
            decision.kind.words(),
            decision.reason,
            decision.until
        );
        self.written.lock().expect("it").push(line.clone());
        Ok(Known {
            line,
            file: ".leakwardignore".into(),
        })
    }

    fn take_back(&self, known: &Known) -> Result<(), String> {
        self.written
            .lock()
            .expect("it")
            .retain(|line| *line != known.line);
        Ok(())
    }

    fn verification_plan(&self, _: leakward_core::Fingerprint) -> Result<String, String> {
        Ok("GET https://api.example.com/user".to_owned())
    }

    fn verify(&self, _: leakward_core::Fingerprint) -> Result<(String, String), String> {
        Ok(("live".to_owned(), "live\nuser: somebody".to_owned()))
    }

    fn rotation_plan(&self, _: leakward_core::Fingerprint) -> Result<String, String> {
        Err("no report".to_owned())
    }
}

fn finding(name: &str, severity: Severity, paths: &[&str]) -> Finding {
    let rule = RuleId::from("some-rule");
    let secret = Secret::new(name.as_bytes());
    let at = Position { line: 7, column: 9 };
    let range = TextRange {
        start: at,
        end: Position {
            line: 7,
            column: 20,
        },
    };
    Finding {
        fingerprint: FingerprintKey::default().fingerprint(&rule, &secret),
        rule,
        title: format!("Token of {name}"),
        provider: "Example".to_owned(),
        severity,
        confidence: Confidence::High,
        masked: "exam********".to_owned(),
        secret: None,
        entropy: 4.0,
        reasons: vec!["its checksum holds".to_owned()],
        revoke_url: None,
        docs_url: None,
        excerpt: None,
        verdict: Verdict::NotChecked,
        evidence: None,
        locations: paths
            .iter()
            .map(|path| Location::new(LocationKind::Worktree, *path, range))
            .collect(),
        more_locations: 0,
    }
}

fn app() -> (App, Arc<Small>) {
    let world = Arc::new(Small::default());
    let findings = vec![
        (
            finding("one", Severity::Critical, &["src/one.py", "src/other.py"]),
            None,
        ),
        (finding("two", Severity::Low, &["gone/two.py"]), None),
        (
            finding("three", Severity::High, &["three.py"]),
            Some(Known {
                line: "abc  # known before".to_owned(),
                file: ".leakwardignore".into(),
            }),
        ),
    ];
    let start = Start {
        report: "r.json".to_owned(),
        findings,
    };
    (App::new(start, world.clone()), world)
}

fn press(app: &mut App, keys: &str) -> Effect {
    let mut effect = Effect::Nothing;
    for letter in keys.chars() {
        let code = match letter {
            '\n' => KeyCode::Enter,
            '\t' => KeyCode::Tab,
            '\u{1b}' => KeyCode::Esc,
            '\u{7f}' => KeyCode::Backspace,
            letter => KeyCode::Char(letter),
        };
        effect = app.key(KeyEvent::new(code, KeyModifiers::NONE));
    }
    effect
}

fn screen(app: &mut App, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal");
    terminal
        .draw(|frame| draw(frame, app, Theme::plain()))
        .expect("a screen");
    terminal.backend().to_string()
}

#[test]
fn the_screen_shows_the_list_and_the_finding_in_every_size() {
    let (mut app, _) = app();
    for (width, height) in [(80, 24), (140, 40), (50, 20)] {
        let shown = screen(&mut app, width, height);
        for words in [
            "CRIT",
            "Token of one",
            "exam********",
            "token = ",
            "checksum holds",
        ] {
            assert!(shown.contains(words), "{width}x{height}: {words}\n{shown}");
        }
        assert!(!shown.contains("in-the-clear"));
    }
    let low = screen(&mut app, 60, 10);
    assert!(
        low.contains("Findings") && !low.contains("Finding "),
        "{low}"
    );
    press(&mut app, "\n");
    assert!(screen(&mut app, 60, 10).contains("Token of one"));
    for (width, height) in [(1, 1), (29, 7), (30, 8), (300, 9)] {
        let _drawn = screen(&mut app, width, height);
    }
}

#[test]
fn a_credential_is_in_clear_only_while_it_is_asked_for_and_for_one_finding() {
    let (mut app, _) = app();
    press(&mut app, "r");
    assert!(screen(&mut app, 100, 30).contains("in-the-clear"));
    press(&mut app, "]");
    assert!(
        screen(&mut app, 100, 30).contains("in-the-clear"),
        "the same finding elsewhere"
    );
    press(&mut app, "jk");
    assert!(
        !screen(&mut app, 100, 30).contains("in-the-clear"),
        "not after the next"
    );
    // The next one takes the place of one that was decided.
    press(&mut app, "k]rxdone\n");
    assert!(!app.reveal && app.place == 0);
}

#[test]
fn decisions_are_written_leave_the_list_and_can_be_taken_back() {
    let (mut app, world) = app();
    assert_eq!(app.shown.len(), 2, "what is decided is not open");
    press(&mut app, "x\n");
    assert!(
        screen(&mut app, 90, 30).contains("say why"),
        "a reason is needed"
    );
    press(&mut app, "sandbox\ttomorrow\n");
    assert!(screen(&mut app, 90, 30).contains("not a date"));
    press(
        &mut app,
        "\u{7f}\u{7f}\u{7f}\u{7f}\u{7f}\u{7f}\u{7f}\u{7f}90d\n",
    );
    assert_eq!(
        *world.written.lock().expect("it"),
        ["false positive: sandbox 90d"]
    );
    assert_eq!(app.shown.len(), 1);
    press(&mut app, "ttests\n");
    assert!(app.shown.is_empty());
    assert!(screen(&mut app, 90, 30).contains("nothing is open"));
    press(&mut app, "uu");
    assert!(world.written.lock().expect("it").is_empty());
    assert_eq!((app.shown.len(), app.selected), (2, 0));
    press(&mut app, "u");
    assert!(screen(&mut app, 90, 30).contains("nothing to take back"));
    press(&mut app, "fffx");
    assert_eq!(app.filter, Filter::Live);
    press(&mut app, "fff");
    press(&mut app, "x");
    assert!(
        screen(&mut app, 90, 30).contains("decided already"),
        "once is enough"
    );
}

#[test]
fn words_are_searched_for_while_they_are_typed() {
    let (mut app, _) = app();
    press(&mut app, "f/two");
    assert_eq!(app.shown.len(), 1);
    press(&mut app, " low\n");
    assert_eq!(app.shown.len(), 1, "all words count");
    press(&mut app, "/ critical\n");
    assert!(screen(&mut app, 90, 30).contains("nothing with"));
    press(&mut app, "\u{1b}");
    assert_eq!(app.shown.len(), 3);
    press(&mut app, "/zzz\u{1b}");
    assert_eq!((app.shown.len(), app.search.as_str()), (3, ""));
}

#[test]
fn nothing_is_sent_before_somebody_said_yes_to_what_is_shown() {
    let (mut app, _) = app();
    assert_eq!(press(&mut app, "v"), Effect::Start(Job::VerificationPlan));
    let plan = app.work(Job::VerificationPlan).expect("work");
    // Whoever goes on while it runs is asked about the finding that it was started for.
    press(&mut app, "j");
    app.done(plan());
    assert!(screen(&mut app, 90, 30).contains("api.example.com"));
    assert_eq!(
        press(&mut app, "\n"),
        Effect::Nothing,
        "enter is pressed by habit"
    );
    assert_eq!(press(&mut app, "n"), Effect::Nothing);
    assert!(app.running.is_none());
    press(&mut app, "kv");
    let plan = app.work(Job::VerificationPlan).expect("work");
    press(&mut app, "j");
    app.done(plan());
    assert_eq!(press(&mut app, "y"), Effect::Start(Job::Verify));
    let work = app.work(Job::Verify).expect("work");
    app.done(work());
    assert_eq!(
        (app.items[0].verdict.as_str(), app.items[1].verdict.as_str()),
        ("live", "not-checked")
    );
    assert!(screen(&mut app, 90, 30).contains("user: somebody"));
    press(&mut app, "\u{1b}");
    assert!(screen(&mut app, 90, 30).contains("LIVE"));
    assert_eq!(press(&mut app, "p"), Effect::Nothing);
    assert_eq!(press(&mut app, "y"), Effect::Start(Job::RotationPlan));
    let work = app.work(Job::RotationPlan).expect("work");
    assert_eq!(press(&mut app, "v"), Effect::Nothing, "one at a time");
    app.done(work());
    assert!(screen(&mut app, 90, 30).contains("no report"));
}

#[test]
fn a_file_that_is_gone_is_said_and_help_is_there() {
    let (mut app, _) = app();
    press(&mut app, "j");
    assert!(screen(&mut app, 90, 30).contains("not there any more"));
    press(&mut app, "?");
    let help = screen(&mut app, 90, 30);
    assert!(
        help.contains("false positive") && help.contains("Ctrl-C"),
        "{help}"
    );
    press(&mut app, "z");
    assert!(!screen(&mut app, 90, 30).contains("Ctrl-C"));
}

#[test]
fn any_keys_in_any_order_leave_a_screen_that_can_be_drawn() {
    let keys: Vec<char> = "jkgG[]hl \n\t\u{1b}frxtuvp?/\u{7f}yn1q".chars().collect();
    let mut state = 7_u32;
    for _ in 0..40 {
        let (mut app, _) = app();
        for _ in 0..60 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let key = keys[(state >> 16) as usize % keys.len()];
            if let Effect::Start(job) = press(&mut app, &key.to_string()) {
                let work = app.work(job).expect("work");
                app.done(work());
            }
            assert!(app.shown.is_empty() || app.selected < app.shown.len());
        }
        let _drawn = screen(&mut app, 80, 24);
    }
}
