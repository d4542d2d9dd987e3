//! The canary: a credential is planted wherever one can be, everything is run as loudly as it can be, and nowhere does
//! the credential come out again: no report, no message, no file left behind. Only `--reveal` shows it.

use std::fs;

use leakward_tests::{Credential, Repository, Sandbox};

use crate::leakward;

const FORMATS: [&str; 5] = ["terminal", "json", "jsonl", "sarif", "csv"];

/// A repository that is full of credentials, a few of them where things go wrong.
fn full_of_credentials() -> (Repository, Vec<Credential>) {
    let mut planted = Vec::new();
    let mut plant = |name: &str| {
        let credential = Credential::named(&format!("canary, {name}"));
        planted.push(credential.clone());
        credential
    };
    let repository = Repository::new();
    repository.write("settings.py", plant("file").file());
    repository.write(
        "both.py",
        format!(
            "a, b = \"{}\", \"{}\"\n",
            plant("one of two"),
            plant("two of two")
        ),
    );
    repository.write(
        "marked.py",
        format!("a = \"{}\" # leakward:allow\n", plant("marked")),
    );
    repository.write(&format!("{}.txt", plant("file name")), "x\n");
    repository.write(
        &format!("{}/inner.py", plant("folder name")),
        plant("in the named folder").file(),
    );
    repository.commit(&format!(
        "Deploy {}\n\nand {}\n",
        plant("subject"),
        plant("body")
    ));
    repository.git(&[
        "commit",
        "--quiet",
        "--allow-empty",
        "--message",
        "x",
        "--author",
        &format!("{} <{}@example.test>", plant("author"), plant("email")),
    ]);
    repository.git(&["branch", &format!("deploy/{}", plant("branch"))]);
    repository.git(&[
        "tag",
        "--annotate",
        "--message",
        plant("tag message").text(),
        plant("tag").text(),
    ]);
    // A file of which the name is a credential and which cannot be read: it is named in an error.
    let lost_name = format!("{}.bin", plant("lost file"));
    repository.write(&lost_name, "soon lost\n");
    repository.commit("a file to lose");
    fs::remove_file(repository.loose_object(&repository.blob("HEAD", &lost_name)))
        .expect("a loose object");
    fs::write(
        repository
            .git_dir()
            .join(format!("refs/heads/{}", plant("broken ref"))),
        "nonsense\n",
    )
    .expect("a broken ref");
    repository.write("untracked.py", plant("untracked").file());
    repository.write("staged.py", plant("staged").file());
    repository.git(&["add", "staged.py"]);
    (repository, planted)
}

fn expect_no_trace(planted: &[Credential], place: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for credential in planted {
        assert!(
            !text.contains(credential.tell_tale()),
            "{credential} came out in {place}:\n{text}"
        );
    }
}

/// Looks at everything that a run left in the sandbox outside of the repository.
fn expect_nothing_left(planted: &[Credential], sandbox: &Sandbox) {
    for (path, content) in sandbox.left_behind() {
        expect_no_trace(planted, &path.display().to_string(), &content);
    }
}

#[test]
fn no_report_and_no_message_shows_a_credential() {
    let (repository, planted) = full_of_credentials();
    for format in FORMATS {
        for log_format in ["text", "json"] {
            let run = leakward(repository.sandbox())
                .args([
                    "scan",
                    "-vvv",
                    "--explain",
                    "--log-format",
                    log_format,
                    "--format",
                    format,
                    "--no-inline-allow",
                ])
                .env("RUST_BACKTRACE", "full")
                .env("RUST_LOG", "trace")
                .arg(repository.folder())
                .run();
            run.expect_status(2);
            expect_no_trace(
                &planted,
                &format!("{format} on standard output"),
                run.stdout.as_bytes(),
            );
            expect_no_trace(
                &planted,
                &format!("messages beside {format}"),
                run.stderr.as_bytes(),
            );
        }
    }
    expect_nothing_left(&planted, repository.sandbox());
}

#[test]
fn no_report_file_and_no_baseline_holds_a_credential() {
    let (repository, planted) = full_of_credentials();
    let mut program = leakward(repository.sandbox())
        .arg("scan")
        .arg(repository.folder());
    for format in FORMATS {
        program = program
            .args(["--format", format, "--output"])
            .arg(repository.sandbox().path(&format!("report.{format}")));
    }
    program.run().expect_status(2);
    let baseline = repository.sandbox().path("baseline.json");
    leakward(repository.sandbox())
        .args(["baseline", "create", "--output"])
        .arg(&baseline)
        .arg(repository.folder())
        .run()
        .expect_status(2);
    let reports = FORMATS.map(|format| repository.sandbox().path(&format!("report.{format}")));
    for path in reports.iter().chain([&baseline]) {
        expect_no_trace(
            &planted,
            &path.display().to_string(),
            &fs::read(path).expect("the report"),
        );
    }
    expect_nothing_left(&planted, repository.sandbox());
}

#[test]
fn every_part_of_a_repository_is_masked_alike() {
    let (repository, planted) = full_of_credentials();
    for arguments in [
        &["--staged"][..],
        &["--worktree"],
        &["--range", "HEAD~1..HEAD"],
        &["--since", "HEAD~2"],
        &["--reachable-only"],
        &["--as", "dir"],
    ] {
        let run = leakward(repository.sandbox())
            .args(["scan", "-vv", "--explain"])
            .args(arguments)
            .arg(repository.folder())
            .run();
        assert!(matches!(run.status, Some(1 | 2)), "{}", run.transcript());
        expect_no_trace(
            &planted,
            &format!("{arguments:?}"),
            (run.stdout.clone() + &run.stderr).as_bytes(),
        );
    }
    let run = leakward(repository.sandbox())
        .args(["scan", "-vv", "-"])
        .input(planted[0].file())
        .run();
    expect_no_trace(
        &planted,
        "standard input",
        (run.stdout.clone() + &run.stderr).as_bytes(),
    );
}

#[test]
fn reveal_shows_every_one_of_them() {
    let (repository, planted) = full_of_credentials();
    let run = leakward(repository.sandbox())
        .args(["scan", "--reveal", "--no-inline-allow", "--format", "json"])
        .arg(repository.folder())
        .run();
    let report = run.expect_status(2).report();
    let missing: Vec<&Credential> = planted
        .iter()
        .filter(|credential| !report.holds(credential))
        .collect();
    // The name of a ref that git itself refuses to read.
    assert_eq!(missing.len(), 1, "{missing:?}\n{}", report.overview());
}

#[test]
fn an_encoded_credential_is_masked_in_its_encoded_form_too() {
    let credential = Credential::named("canary, encoded");
    let encoded = base64(credential.text().as_bytes());
    let sandbox = Sandbox::new();
    sandbox.write("folder/secret.yaml", format!("data:\n  token: {encoded}\n"));
    let run = leakward(&sandbox)
        .args(["scan", "-vv", "--explain", "folder"])
        .run();
    run.expect_status(1);
    let said = run.stdout.clone() + &run.stderr;
    assert!(
        !said.contains(&encoded[12..36]) && !said.contains(credential.tell_tale()),
        "{}",
        run.transcript()
    );
}

#[test]
fn a_mistaken_rule_or_configuration_is_told_without_what_it_matched() {
    let credential = Credential::named("canary, configuration");
    let sandbox = Sandbox::new();
    sandbox.write("folder/settings.py", credential.file());
    sandbox.write(
        "folder/leakward.toml",
        format!("version = 1\n[allow]\nvalues = [\"{credential}\"]\nwrods = []\n"),
    );
    let run = leakward(&sandbox).args(["scan", "-vv", "folder"]).run();
    run.expect_status(2);
    expect_no_trace(
        &[credential],
        "the error",
        (run.stdout.clone() + &run.stderr).as_bytes(),
    );
}

/// Standard base64, as Kubernetes writes it.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let number = (0..3).fold(0_u32, |number, index| {
            (number << 8) | u32::from(*group.get(index).unwrap_or(&0))
        });
        for index in 0..4 {
            let digit = ALPHABET[(number >> (18 - 6 * index) & 63) as usize];
            text.push(if index <= group.len() {
                char::from(digit)
            } else {
                '='
            });
        }
    }
    text
}

#[test]
fn base64_is_that_of_the_standard() {
    assert_eq!(
        [base64(b"f"), base64(b"fo"), base64(b"foo"), base64(b"foob")],
        ["Zg==", "Zm8=", "Zm9v", "Zm9vYg=="]
    );
}
