//! `leakward triage` in a real terminal: tmux draws it, presses keys, and says what is on the screen.

use std::fs;
use std::path::PathBuf;
use std::process::Output;
use std::time::{Duration, Instant};

use leakward_tests::{Credential, HttpServer, Repository, Requirement, missing};

use crate::leakward;

/// How long a change may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A terminal of tmux with the program in it.
struct Screen<'r> {
    repository: &'r Repository,
}

impl<'r> Screen<'r> {
    /// Starts the program in a terminal of this size. It writes its status into a file when it ends.
    fn start(
        repository: &'r Repository,
        (width, height): (u16, u16),
        before: &str,
        arguments: &str,
    ) -> Self {
        let screen = Self { repository };
        let command = format!(
            "{before} {} triage {arguments}; echo \"ended with $?\"; sleep 600",
            env!("CARGO_BIN_EXE_leakward")
        );
        let size = [("-x", width), ("-y", height)];
        let mut line: Vec<String> = ["new-session", "-d", "-s", "triage"]
            .map(str::to_owned)
            .to_vec();
        for (name, number) in size {
            line.extend([name.to_owned(), number.to_string()]);
        }
        line.push(command);
        let output = screen.tmux(&line);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        screen
    }

    fn tmux(&self, arguments: &[String]) -> Output {
        let sandbox = self.repository.sandbox();
        sandbox
            .command("tmux")
            .args(["-S", "tmux-socket", "-f", "/dev/null", "-u"])
            .args(arguments)
            .current_dir(self.repository.folder())
            .env("TERM", "xterm-256color")
            .env("LC_ALL", "C.UTF-8")
            .output()
            .expect("tmux")
    }

    fn press(&self, keys: &[&str]) {
        for key in keys {
            let line = ["send-keys", "-t", "triage", key].map(str::to_owned);
            assert!(self.tmux(&line).status.success(), "{key}");
        }
    }

    fn text(&self) -> String {
        let line = ["capture-pane", "-p", "-t", "triage"].map(str::to_owned);
        String::from_utf8_lossy(&self.tmux(&line).stdout).into_owned()
    }

    /// The same with the codes for colours.
    fn codes(&self) -> String {
        let line = ["capture-pane", "-p", "-e", "-t", "triage"].map(str::to_owned);
        String::from_utf8_lossy(&self.tmux(&line).stdout).into_owned()
    }

    /// Waits until all of these are on the screen, and gives it back.
    fn shows(&self, words: &[&str]) -> String {
        self.until(
            |text| words.iter().all(|word| text.contains(word)),
            &format!("{words:?}"),
        )
    }

    fn until(&self, is_it: impl Fn(&str) -> bool, what: &str) -> String {
        let begun = Instant::now();
        loop {
            let text = self.text();
            if is_it(&text) {
                return text;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "never on the screen: {what}\n{text}"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Screen<'_> {
    fn drop(&mut self) {
        let _ended = self.tmux(&["kill-server".to_owned()]);
    }
}

/// A repository with one credential at HEAD, one in the past and one not committed, and a report of it.
struct Material {
    repository: Repository,
    now: Credential,
    past: Credential,
    open: Credential,
}

fn material() -> Material {
    let (now, past, open) = (
        Credential::named("triage now"),
        Credential::named("triage past"),
        Credential::named("triage open"),
    );
    let repository = Repository::new();
    repository.commit_file("old/settings.py", past.file());
    repository.commit_file("old/settings.py", "gone\n");
    repository.commit_file("src/settings.py", now.file());
    repository.write("notes.txt", format!("über\n{open}\n"));
    let run = leakward(repository.sandbox())
        .in_folder(repository.folder())
        .args(["scan", ".", "-o", "r.json", "--exclude", "/r.json"])
        .run();
    run.expect_status(1);
    Material {
        repository,
        now,
        past,
        open,
    }
}

fn ignore_file(material: &Material) -> PathBuf {
    material.repository.path(".leakwardignore")
}

#[test]
fn findings_are_walked_looked_at_and_decided_in_a_terminal() {
    if missing(Requirement::Tool("tmux")) {
        return;
    }
    let material = material();
    let screen = Screen::start(&material.repository, (80, 24), "", "r.json");
    let first = screen.shows(&[
        "1 of 3 open",
        "Findings",
        "GitHub personal access token",
        "? help",
    ]);
    for credential in [&material.now, &material.past, &material.open] {
        assert!(!first.contains(credential.tell_tale()), "{first}");
    }
    // Each finding with the lines around it, from where it is.
    screen.press(&["/", "old/", "Enter"]);
    let past = screen.shows(&["1 of 1 open", "as commit", "retries = 3", "gone from HEAD"]);
    assert!(past.contains(">2 │"), "{past}");
    screen.press(&["r"]);
    screen.shows(&["IN CLEAR", material.past.tell_tale()]);
    screen.press(&["r", "Escape"]);
    screen.until(
        |text| !text.contains(material.past.tell_tale()),
        "masked again",
    );
    screen.press(&["/", "notes", "Enter"]);
    screen.shows(&["the file as it is now", "über"]);
    // A decision, with a reason and a date, and back.
    screen.press(&["x"]);
    screen.shows(&["false positive", "why:", "until:"]);
    screen.press(&["only a sample", "Tab", "2099-01-31", "Enter"]);
    screen.shows(&["written down"]);
    let written = fs::read_to_string(ignore_file(&material)).expect("the ignore file");
    assert!(written.starts_with("# leakward-ignore 1\n"), "{written}");
    assert!(
        written.contains("until=2099-01-31  # false positive: only a sample\n"),
        "{written}"
    );
    let rescan = || {
        let run = leakward(material.repository.sandbox())
            .in_folder(material.repository.folder())
            .args(["scan", "--exclude", "/r.json", "-f", "json"])
            .run();
        run.report().findings().len()
    };
    assert_eq!(rescan(), 2, "a scan obeys it");
    screen.press(&["u"]);
    screen.shows(&["taken back"]);
    assert!(!ignore_file(&material).exists(), "it was not there before");
    assert_eq!(rescan(), 3);
    screen.press(&["t", "for tests", "Enter"]);
    screen.shows(&["written down"]);
    screen.press(&["q"]);
    screen.shows(&["ended with 0"]);
    let written = fs::read_to_string(ignore_file(&material)).expect("the ignore file");
    assert!(written.contains("# test value: for tests"), "{written}");
    // What was decided is known the next time.
    let again = Screen::start_again(&material.repository);
    again.shows(&["of 2 open", "1 of 3 decided"]);
    again.press(&["?"]);
    again.shows(&["any key closes", "take the last decision back"]);
    again.press(&["x", "C-c"]);
    again.shows(&["ended with 0"]);
}

impl<'r> Screen<'r> {
    fn start_again(repository: &'r Repository) -> Self {
        let _ended = Self { repository }.tmux(&["kill-server".to_owned()]);
        Self::start(repository, (120, 30), "", "r.json")
    }
}

#[test]
fn the_provider_is_asked_after_a_yes_and_the_plan_is_what_rotate_prints() {
    if missing(Requirement::Tool("tmux")) {
        return;
    }
    let material = material();
    let provider = HttpServer::start(|_| (200, r#"{"login":"octocat"}"#.to_owned()));
    let options = format!(
        "r.json -- --allow-private --endpoint github={}",
        provider.url()
    );
    let screen = Screen::start(&material.repository, (100, 30), "", &options);
    screen.shows(&["of 3 open"]);
    screen.press(&["/", "src/", "Enter", "v"]);
    screen.shows(&["Ask the provider?", "GET", "/user", "1 calls"]);
    assert!(
        provider.asked().is_empty(),
        "nothing is sent for the question"
    );
    screen.press(&["n"]);
    screen.until(|text| !text.contains("Ask the provider?"), "closed");
    assert!(provider.asked().is_empty());
    screen.press(&["v"]);
    screen.shows(&["Ask the provider?"]);
    screen.press(&["y"]);
    screen.shows(&["What the provider says", "live", "octocat"]);
    assert_eq!(provider.asked().len(), 1);
    screen.press(&["Escape"]);
    screen.shows(&["LIVE"]);
    screen.press(&["p"]);
    screen.shows(&["Nothing is changed"]);
    screen.press(&["y"]);
    // No store is connected here, so there is no place for a successor; what can be done without is shown.
    let plan = screen.shows(&[
        "nothing was changed",
        "--store",
        "Revoke github-pat-classic",
    ]);
    assert!(!plan.contains(material.now.tell_tale()), "{plan}");
}

#[test]
fn it_follows_the_size_of_the_terminal_and_does_without_colours() {
    if missing(Requirement::Tool("tmux")) {
        return;
    }
    let material = material();
    let screen = Screen::start(&material.repository, (140, 40), "NO_COLOR=1", "r.json");
    screen.shows(&["of 3 open"]);
    let codes = screen.codes();
    // 39 and 49 are what the terminal has anyway.
    for colour in (30..39).chain(40..49).chain(90..108) {
        let is_on =
            codes.contains(&format!("[{colour}m")) || codes.contains(&format!(";{colour}m"));
        assert!(!is_on, "colour {colour}: {codes:?}");
    }
    assert!(
        codes.contains("\u{1b}[7m"),
        "the selection is inverted: {codes:?}"
    );
    for (width, height, words) in [
        (60, 12, "Findings"),
        (40, 30, "CRIT"),
        (20, 5, "too small"),
        (140, 40, "GitHub personal access token (classic)"),
    ] {
        let size = [
            "resize-window",
            "-t",
            "triage",
            "-x",
            &width.to_string(),
            "-y",
            &height.to_string(),
        ]
        .map(str::to_owned);
        assert!(screen.tmux(&size).status.success());
        screen.shows(&[words]);
    }
    screen.press(&["q"]);
    screen.shows(&["ended with 0"]);
}

#[test]
fn without_a_terminal_or_a_report_it_says_so() {
    let material = material();
    let run = |arguments: &[&str]| {
        leakward(material.repository.sandbox())
            .in_folder(material.repository.folder())
            .arg("triage")
            .args(arguments)
            .run()
    };
    run(&["r.json"])
        .expect_status(2)
        .expect_message(&["needs a terminal"]);
    run(&["no.json"])
        .expect_status(2)
        .expect_message(&["no.json"]);
    run(&["src/settings.py"])
        .expect_status(2)
        .expect_message(&["src/settings.py", "not a leakward report"]);
    material
        .repository
        .write(".leakwardignore", "what is this\n");
    run(&["r.json"])
        .expect_status(2)
        .expect_message(&[".leakwardignore:1"]);
}
