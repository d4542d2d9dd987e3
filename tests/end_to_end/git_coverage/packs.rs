//! Ways in which objects can be packed. The scanner walks packs by itself, so each shape has its test, and each test
//! asks git first whether the pack has the shape it is meant to have.

use std::fs;
use std::process::Command;

use leakward_tests::{Credential, Place, Repository};

use crate::findings_of;

const LINES: usize = 200;

/// Version `number` of a file in which each version rewords one more line: the smallest delta is that to its
/// neighbour, so git makes chains of them.
fn version(number: usize) -> String {
    let wording = |line| {
        if line < number {
            "reworded and somewhat longer than before"
        } else {
            "as it was written first"
        }
    };
    (0..LINES)
        .map(|line| format!("line {line}, {}\n", wording(line)))
        .collect()
}

/// Commits `count` versions of the file; the one in the middle holds the credential, on its last line.
fn grown(count: usize, credential: &Credential) -> (Repository, String) {
    let repository = Repository::new();
    let mut leak = String::new();
    for number in 0..count {
        let last = if number == count / 2 {
            format!("token = \"{credential}\"\n")
        } else {
            String::new()
        };
        let commit = repository.commit_file("grown.txt", version(number) + &last);
        if number == count / 2 {
            leak = commit;
        }
    }
    (repository, leak)
}

fn place(commit: &str) -> Place {
    let line = u32::try_from(LINES + 1).expect("a small number");
    Place::git("grown.txt")
        .line(line)
        .column(10)
        .commit(commit)
        .reachable()
}

#[test]
fn a_single_pack() {
    let credential = Credential::named("single pack");
    let (repository, leak) = grown(6, &credential);
    repository.pack();
    assert_eq!(repository.packs().len(), 1);
    findings_of(&repository).expect(&credential, &place(&leak));
}

#[test]
fn a_deep_chain_of_deltas() {
    let credential = Credential::named("deep chain");
    let (repository, leak) = grown(120, &credential);
    repository.git(&[
        "repack",
        "-a",
        "-d",
        "-f",
        "--quiet",
        "--depth=250",
        "--window=10",
    ]);
    let deepest = repository.listing(&repository.only_pack()).deepest();
    assert!(deepest >= 20, "the chain is only {deepest} deep");
    findings_of(&repository).expect(&credential, &place(&leak));
}

#[test]
fn a_credential_stored_as_a_delta() {
    let credential = Credential::named("in a delta");
    let (repository, leak) = grown(12, &credential);
    repository.git(&["repack", "-a", "-d", "-f", "--quiet"]);
    let blob = repository.blob(&leak, "grown.txt");
    assert!(
        repository
            .listing(&repository.only_pack())
            .entry(&blob)
            .depth
            > 0,
        "the leak must be a delta"
    );
    findings_of(&repository).expect(&credential, &place(&leak).blob(&blob));
}

#[test]
fn a_credential_that_a_delta_pieces_together() {
    let credential = Credential::named("pieced together");
    let text = credential.text();
    let repository = Repository::new();
    // The base has both halves, apart from each other: a delta copies them next to each other.
    let (head, tail) = text.split_at(20);
    let base = format!(
        "{}first = \"{head}\"\n{}second = \"{tail}\"\n{}",
        version(3),
        version(1),
        version(2)
    );
    let joined = format!(
        "{}first = \"{head}{tail}\"\n{}second = \"\"\n{}",
        version(3),
        version(1),
        version(2)
    );
    repository.commit_file("grown.txt", &base);
    let leak = repository.commit_file("grown.txt", &joined);
    repository.commit_file("grown.txt", base + "and more of it\n");
    repository.git(&["repack", "-a", "-d", "-f", "--quiet"]);
    let blob = repository.blob(&leak, "grown.txt");
    assert!(
        repository
            .listing(&repository.only_pack())
            .entry(&blob)
            .depth
            > 0,
        "the leak must be a delta"
    );
    findings_of(&repository).expect(
        &credential,
        &Place::git("grown.txt")
            .line(201)
            .column(10)
            .commit(&leak)
            .blob(&blob),
    );
}

#[test]
fn deltas_that_name_their_base_by_id() {
    let credential = Credential::named("ref-delta");
    let (repository, leak) = grown(12, &credential);
    repository.git(&[
        "-c",
        "repack.useDeltaBaseOffset=false",
        "repack",
        "-a",
        "-d",
        "-f",
        "--quiet",
    ]);
    assert!(
        repository.listing(&repository.only_pack()).deepest() > 0,
        "there must be deltas"
    );
    findings_of(&repository).expect(&credential, &place(&leak));
}

#[test]
fn a_thin_pack_that_was_completed_with_its_bases_at_the_end() {
    let credential = Credential::named("thin pack");
    let (sender, leak) = grown(12, &credential);
    let receiver = sender.neighbour("receiver");
    let parent = sender.id(&format!("{leak}^"));
    let source = sender.folder().to_str().expect("UTF-8").to_owned();
    receiver.git(&[
        "fetch",
        "--quiet",
        &source,
        &format!("{parent}:refs/heads/before"),
    ]);
    receiver.git(&[
        "-c",
        "fetch.unpackLimit=1",
        "fetch",
        "--quiet",
        &source,
        "main:refs/heads/after",
    ]);
    assert!(
        !receiver.packs().is_empty(),
        "the second fetch must have kept its pack"
    );
    findings_of(&receiver).expect(&credential, &place(&leak));
}

#[test]
fn several_packs() {
    let credentials: Vec<Credential> = (0..4)
        .map(|number| Credential::named(&format!("pack {number}")))
        .collect();
    let repository = Repository::new();
    for (number, credential) in credentials.iter().enumerate() {
        repository.commit_file(&format!("settings{number}.py"), credential.file());
        repository.git(&["repack", "-d", "--quiet"]);
    }
    assert_eq!(repository.packs().len(), 4);
    let report = findings_of(&repository);
    for (number, credential) in credentials.iter().enumerate() {
        report.expect(
            credential,
            &Place::git(&format!("settings{number}.py"))
                .in_settings()
                .reachable(),
        );
    }
}

#[test]
fn an_object_in_two_packs_and_loose_is_one_place() {
    let credential = Credential::named("three copies");
    let repository = Repository::new();
    let commit = repository.commit_file("settings.py", credential.file());
    let blob = repository.blob("HEAD", "settings.py");
    let loose = fs::read(repository.loose_object(&blob)).expect("a loose object");
    repository.pack_objects(&[&blob]);
    repository.pack_objects(&[&blob, &commit]);
    fs::create_dir_all(repository.loose_object(&blob).parent().expect("a folder"))
        .expect("the loose object's folder");
    fs::write(repository.loose_object(&blob), loose).expect("the loose object back");
    assert_eq!(repository.packs().len(), 2);
    let report = findings_of(&repository);
    let places = report
        .locations(&credential)
        .iter()
        .filter(|location| Place::git("settings.py").fits(location))
        .count();
    assert_eq!(places, 1, "{}", report.overview());
}

#[test]
fn a_multi_pack_index() {
    let credential = Credential::named("multi-pack index");
    let (repository, leak) = grown(12, &credential);
    for number in 0..3 {
        repository.commit_file("other.txt", format!("{number}\n"));
        repository.git(&["repack", "-d", "--quiet"]);
    }
    repository.git(&["multi-pack-index", "write"]);
    assert!(
        repository
            .git_dir()
            .join("objects/pack/multi-pack-index")
            .exists()
    );
    findings_of(&repository).expect(&credential, &place(&leak));
}

#[test]
fn bitmaps_reverse_indexes_and_a_commit_graph_beside_the_pack() {
    let credential = Credential::named("side files");
    let (repository, leak) = grown(12, &credential);
    repository.git(&[
        "-c",
        "pack.writeReverseIndex=true",
        "repack",
        "-a",
        "-d",
        "--quiet",
        "--write-bitmap-index",
    ]);
    repository.git(&["commit-graph", "write", "--reachable", "--changed-paths"]);
    findings_of(&repository).expect(&credential, &place(&leak));
}

#[test]
fn a_pack_with_an_old_index() {
    let credential = Credential::named("old index");
    let (repository, leak) = grown(12, &credential);
    repository.git(&["-c", "pack.indexVersion=1", "repack", "-a", "-d", "--quiet"]);
    findings_of(&repository).expect(&credential, &place(&leak));
}

#[test]
fn a_pack_in_an_alternate_inside_the_repository() {
    let credential = Credential::named("pack in an alternate");
    let (repository, leak) = grown(12, &credential);
    repository.pack();
    let git_dir = repository.git_dir();
    fs::create_dir_all(git_dir.join("pool/info")).expect("a folder");
    fs::rename(git_dir.join("objects/pack"), git_dir.join("pool/pack")).expect("moved packs");
    fs::write(git_dir.join("objects/info/alternates"), "../pool\n").expect("alternates");
    repository.commit_file("later.txt", "a loose object\n");
    findings_of(&repository).expect(&credential, &place(&leak));
}

#[test]
fn a_large_blob_that_git_stores_without_deltas() {
    let credential = Credential::named("large blob");
    let repository = Repository::new();
    let content = format!(
        "{}{}",
        "some text that compresses well\n".repeat(60_000),
        credential.file()
    );
    let commit = repository.commit_file("dump.sql", content);
    repository.remove("dump.sql").commit("remove it");
    repository.git(&[
        "-c",
        "core.bigFileThreshold=1m",
        "repack",
        "-a",
        "-d",
        "-f",
        "--quiet",
    ]);
    let place = Place::git("dump.sql")
        .line(60_002)
        .column(10)
        .commit(&commit)
        .reachable();
    findings_of(&repository).expect(&credential, &place);
}

#[test]
fn what_git_fast_import_writes() {
    let credential = Credential::named("fast-import");
    let repository = Repository::new();
    let file = credential.file();
    let stream = format!(
        "blob\nmark :1\ndata {}\n{file}\ncommit refs/heads/imported\ncommitter A <a@example.test> 1577836800 +0000\ndata 6\nimport\nM 100644 :1 settings.py\n\ndone\n",
        file.len()
    );
    repository.git_with_input(&["fast-import", "--quiet", "--done"], stream);
    let place = Place::git("settings.py")
        .in_settings()
        .commit(&repository.id("imported"))
        .reachable();
    findings_of(&repository).expect(&credential, &place);
}

#[test]
fn every_version_is_found_whether_loose_packed_or_repacked() {
    let credentials: Vec<Credential> = (0..30)
        .map(|number| Credential::named(&format!("version {number}")))
        .collect();
    let repository = Repository::new();
    for (number, credential) in credentials.iter().enumerate() {
        repository.commit_file(
            "grown.txt",
            format!(
                "{}token = \"{credential}\"\n{}",
                version(5 * number),
                version(4)
            ),
        );
    }
    let expect_all = |how: &str| {
        let report = findings_of(&repository);
        for credential in &credentials {
            assert!(
                report.holds(credential),
                "{how}: {credential}\n{}",
                report.overview()
            );
        }
        let mut fingerprints: Vec<String> = credentials
            .iter()
            .map(|credential| report.fingerprint(credential))
            .collect();
        fingerprints.sort();
        fingerprints
    };
    let loose = expect_all("loose");
    repository.pack();
    assert_eq!(expect_all("packed"), loose);
    repository.git(&[
        "repack",
        "-a",
        "-d",
        "-f",
        "--quiet",
        "--depth=50",
        "--window=10",
    ]);
    assert_eq!(expect_all("repacked"), loose);
    assert!(
        repository.listing(&repository.only_pack()).deepest() > 0,
        "there must be chains"
    );
}

#[test]
fn the_program_needs_no_git() {
    let credential = Credential::named("no git");
    let (repository, leak) = grown(6, &credential);
    repository.pack();
    assert!(
        Command::new("git").arg("version").output().is_ok(),
        "git is there, and hidden from the program only"
    );
    let run = crate::revealing_scan(repository.sandbox())
        .env("PATH", "/nonexistent")
        .arg(repository.folder())
        .run();
    run.expect_status(1)
        .report()
        .expect(&credential, &place(&leak));
}
