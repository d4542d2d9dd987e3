//! The user's guide: every command in it runs and ends as the page says, every page is in the book, and every link leads
//! somewhere.
//!
//! The `sh` blocks of a page are one script, run from top to bottom in a repository like a reader's. A command ends with 0, or
//! with the number that its comment begins with. Those that name other machines are left out.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use leakward_tests::{Requirement, Sandbox, missing};

use crate::readme::{is_elsewhere, repository};

/// The folder of the documentation.
fn docs() -> PathBuf {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    docs.canonicalize().expect("docs")
}

/// A command of a page, over several lines where it has a text of its own, and how it ends.
#[derive(Debug)]
struct Command {
    text: String,
    status: u32,
}

/// The commands of all `sh` blocks of a page.
fn commands(page: &str) -> Vec<Command> {
    let (mut commands, mut inside, mut text_ends) = (Vec::<Command>::new(), false, None);
    for line in page.lines() {
        if let Some(end) = &text_ends {
            let last = commands.last_mut().expect("a command that has a text");
            last.text.push_str(&format!("\n{line}"));
            if line == *end {
                text_ends = None;
            }
        } else if line.starts_with("```") {
            inside = line == "```sh";
        } else if inside && !line.trim().is_empty() {
            let (text, comment) = comment_of(line);
            let digits: String = comment
                .trim()
                .chars()
                .take_while(char::is_ascii_digit)
                .collect();
            let text = text.trim().to_owned();
            text_ends = text
                .split_once("<<'")
                .and_then(|(_, rest)| Some(rest.split_once('\'')?.0.to_owned()));
            let status = digits.parse().unwrap_or(0);
            commands.push(Command { text, status });
        }
    }
    commands
}

/// A line, and the comment behind it; what stands between quotes is none.
fn comment_of(line: &str) -> (&str, &str) {
    let mut marks = line.match_indices(" # ");
    let outside = |at: usize| line[..at].matches('\'').count().is_multiple_of(2);
    marks
        .find(|(at, _)| outside(*at))
        .map_or((line, ""), |(at, mark)| {
            (&line[..at], &line[at + mark.len()..])
        })
}

/// A script of the commands that stops at the first that does not end as it should.
fn script(commands: &[Command]) -> String {
    let mut script = String::new();
    for command in commands
        .iter()
        .filter(|command| !is_elsewhere(&command.text))
    {
        let Command { text, status } = command;
        script.push_str(&format!(
            "{text}\nended=$?; if [ $ended -ne {status} ]; then echo \"ended with $ended, not {status}:\" >&2; cat >&2 <<'SHOWN'\n{text}\nSHOWN\nexit 99; fi\n"
        ));
    }
    script
}

fn pages(folder: &Path) -> Vec<PathBuf> {
    let mut pages: Vec<PathBuf> = fs::read_dir(folder)
        .expect("a folder of pages")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    let folders: Vec<PathBuf> = pages.iter().filter(|path| path.is_dir()).cloned().collect();
    pages.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    pages.extend(folders.iter().flat_map(|folder| self::pages(folder)));
    pages.sort();
    pages
}

#[test]
fn every_command_of_the_guide_ends_as_the_page_says() {
    let program = Path::new(env!("CARGO_BIN_EXE_leakward"));
    let folder = program.parent().expect("a folder").display();
    let path = format!("{folder}:{}", std::env::var("PATH").unwrap_or_default());
    let mut ran = 0;
    let mut failed = Vec::new();
    for page in pages(&docs().join("guide")) {
        let text = fs::read_to_string(&page).expect("a page");
        let commands = commands(&text);
        ran += commands.len();
        let repository = repository();
        let output = repository
            .sandbox()
            .command("bash")
            .args(["-c", &script(&commands)])
            .current_dir(repository.folder())
            .env("PATH", &path)
            .env("GIT_AUTHOR_NAME", "Ann Example")
            .env("GIT_AUTHOR_EMAIL", "ann@example.org")
            .env("GIT_COMMITTER_NAME", "Ann Example")
            .env("GIT_COMMITTER_EMAIL", "ann@example.org")
            .stdin(Stdio::null())
            .output()
            .expect("bash");
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            failed.push(format!("{}: {said}", page.display()));
        }
    }
    assert!(ran >= 60, "the guide shows how the program is used: {ran}");
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

#[test]
fn a_command_that_ends_otherwise_than_its_page_says_is_noticed() {
    let page = "```sh\ntrue\nfalse  # 1: so it is said\ncat <<'END' >/dev/null  # text\na # b\nEND\nfalse\necho unreachable\n```\n";
    let commands = commands(page);
    assert_eq!(commands.len(), 5);
    let sandbox = Sandbox::new();
    let output = sandbox
        .command("bash")
        .args(["-c", &script(&commands)])
        .output();
    let output = output.expect("bash");
    assert_eq!(output.status.code(), Some(99));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(said, "ended with 1, not 0:\nfalse\n");
    assert!(output.stdout.is_empty());
}

/// The targets of the links of a page.
fn links(page: &str) -> Vec<String> {
    let mut code = false;
    let text: String = page
        .lines()
        .filter(|line| {
            let fence = line.trim_start().starts_with("```");
            code ^= fence;
            !code && !fence
        })
        .flat_map(|line| [line, "\n"])
        .collect();
    let parts = text.split("](").skip(1);
    parts
        .filter_map(|part| Some(part.split_once(')')?.0.to_owned()))
        .filter(|link| !link.contains("://") && !link.starts_with("mailto:"))
        .collect()
}

/// What GitHub and mdBook call the headings of a page.
fn anchors(page: &str) -> BTreeSet<String> {
    let headings = page.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| {
            let title = line.trim_start_matches('#').trim();
            // A link in a heading counts with its text.
            let title = title
                .split("](")
                .enumerate()
                .map(|(number, part)| match number {
                    0 => part,
                    _ => part.split_once(')').map_or("", |(_, rest)| rest),
                });
            let title: String = title.collect();
            let kept = title.to_lowercase();
            let kept = kept.chars().filter(|character| {
                character.is_alphanumeric() || matches!(character, ' ' | '-' | '_')
            });
            kept.map(|character| if character == ' ' { '-' } else { character })
                .collect()
        })
        .collect()
}

#[test]
fn every_link_of_the_documentation_leads_somewhere() {
    let root = docs().parent().expect("the repository").to_owned();
    let mut all = pages(&docs());
    all.extend(["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(|name| root.join(name)));
    let mut broken = Vec::new();
    for page in all {
        let text = fs::read_to_string(&page).expect("a page");
        for link in links(&text) {
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = match file {
                "" => page.clone(),
                file => page.parent().expect("a folder").join(file),
            };
            let is_page = target
                .extension()
                .is_some_and(|extension| extension == "md");
            let leads = if anchor.is_empty() || !is_page {
                target.exists()
            } else {
                fs::read_to_string(&target).is_ok_and(|text| anchors(&text).contains(anchor))
            };
            if !leads {
                broken.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn every_page_is_in_the_book_once() {
    let summary = fs::read_to_string(docs().join("SUMMARY.md")).expect("the book's contents");
    let listed = links(&summary);
    let once: BTreeSet<&String> = listed.iter().collect();
    assert_eq!(once.len(), listed.len(), "a page is listed twice");
    let orphans: Vec<String> = pages(&docs())
        .iter()
        .map(|page| {
            page.strip_prefix(docs())
                .expect("below docs")
                .display()
                .to_string()
        })
        .filter(|page| page != "SUMMARY.md" && !listed.contains(page))
        .collect();
    assert!(orphans.is_empty(), "not in docs/SUMMARY.md: {orphans:?}");
}

#[test]
fn the_book_can_be_built() {
    if missing(Requirement::Tool("mdbook")) {
        return;
    }
    let sandbox = Sandbox::new();
    let book = sandbox.path("book");
    let mut mdbook = sandbox.command("mdbook");
    let output = mdbook
        .arg("build")
        .arg(docs())
        .arg("--dest-dir")
        .arg(&book)
        .output();
    let output = output.expect("mdbook");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(!said.contains("WARN") && !said.contains("ERROR"), "{said}");
    let page = fs::read_to_string(book.join("guide/first-scan.html")).expect("a page of the book");
    assert!(page.contains("leakward scan --staged"));
}
