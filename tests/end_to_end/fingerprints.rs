//! One identity: the same credential has the same fingerprint wherever and whenever it is seen.

use std::collections::BTreeSet;

use leakward_tests::{Credential, Repository, Sandbox};

use crate::{findings_of, leakward, revealing_scan, scan_with};

#[test]
fn git_folder_file_and_stream_agree() {
    let credential = Credential::named("identity");
    let repository = Repository::new();
    repository.commit_file("src/settings.py", credential.file());
    let sandbox = repository.sandbox();
    let plain = sandbox.write(
        "plain/elsewhere/other-name.txt",
        format!("first line\n\n   {credential}   \n"),
    );
    let fingerprints: BTreeSet<String> = [
        findings_of(&repository),
        scan_with(&repository, &["--as", "dir"]).report(),
        scan_with(&repository, &["--worktree"]).report(),
        revealing_scan(sandbox).arg(&plain).run().report(),
        revealing_scan(sandbox)
            .arg(sandbox.path("plain"))
            .run()
            .report(),
        revealing_scan(sandbox)
            .arg("-")
            .input(credential.file())
            .run()
            .report(),
    ]
    .iter()
    .map(|report| report.fingerprint(&credential))
    .collect();
    assert_eq!(fingerprints.len(), 1, "{fingerprints:?}");
}

#[test]
fn it_survives_renames_shifted_lines_and_rebases() {
    let credential = Credential::named("survivor");
    let repository = Repository::new();
    repository.commit_file("README.md", "a project\n");
    repository.git(&["checkout", "--quiet", "-b", "feature"]);
    repository.commit_file("settings.py", credential.file());
    let mut fingerprints = BTreeSet::from([findings_of(&repository).fingerprint(&credential)]);
    repository.git(&["mv", "settings.py", "renamed.py"]);
    repository.commit_staged("rename");
    fingerprints.insert(findings_of(&repository).fingerprint(&credential));
    repository.commit_file("renamed.py", "# shifted\n".repeat(50) + &credential.file());
    fingerprints.insert(findings_of(&repository).fingerprint(&credential));
    repository.git(&["checkout", "--quiet", "main"]);
    repository.commit_file("other.txt", "main went on\n");
    repository.git(&["checkout", "--quiet", "feature"]);
    repository.git(&["rebase", "--quiet", "main"]);
    repository.git(&["reflog", "expire", "--expire=now", "--all"]);
    repository.git(&["gc", "--quiet", "--prune=now"]);
    fingerprints.insert(findings_of(&repository).fingerprint(&credential));
    assert_eq!(fingerprints.len(), 1, "{fingerprints:?}");
}

#[test]
fn it_does_not_depend_on_revealing_threads_or_a_second_run() {
    let credential = Credential::named("constant");
    let repository = Repository::new();
    repository.commit_file("settings.py", credential.file());
    let expected = findings_of(&repository).fingerprint(&credential);
    for arguments in [&["--threads", "1"][..], &["--threads", "4"], &[]] {
        let run = leakward(repository.sandbox())
            .args(["scan", "--format", "json"])
            .args(arguments)
            .arg(repository.folder())
            .run();
        assert_eq!(
            run.report().findings()[0]["fingerprint"],
            expected.as_str(),
            "{}",
            run.transcript()
        );
    }
}

#[test]
fn two_credentials_have_two_fingerprints() {
    let (one, two) = (Credential::named("one"), Credential::named("two"));
    let sandbox = Sandbox::new();
    sandbox.write("folder/settings.py", format!("{one}\n{two}\n"));
    let report = revealing_scan(&sandbox).arg("folder").run().report();
    assert_ne!(report.fingerprint(&one), report.fingerprint(&two));
}

#[test]
fn a_key_of_the_projects_own_changes_it_and_a_missing_key_is_an_error() {
    let credential = Credential::named("keyed");
    let sandbox = Sandbox::new();
    sandbox.write("folder/settings.py", credential.file());
    let default = revealing_scan(&sandbox)
        .arg("folder")
        .run()
        .report()
        .fingerprint(&credential);
    sandbox.write(
        "folder/leakward.toml",
        "version = 1\n[fingerprint]\nkey-env = \"PROJECT_KEY\"\n",
    );
    let keyed = |key: &str| {
        revealing_scan(&sandbox)
            .env("PROJECT_KEY", key)
            .arg("folder")
            .run()
            .report()
            .fingerprint(&credential)
    };
    assert_ne!(keyed("our own"), default);
    assert_ne!(keyed("our own"), keyed("another"));
    assert_eq!(keyed("our own"), keyed("our own"));
    revealing_scan(&sandbox)
        .arg("folder")
        .run()
        .expect_status(2)
        .expect_message(&["PROJECT_KEY"]);
}
