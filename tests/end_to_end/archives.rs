//! Archives as people make them, wherever they lie: a credential in one is found with the path inside, and what cannot be
//! opened is told.

use leakward_tests::{Credential, Place, Repository, Requirement, Sandbox, missing};

use crate::{leakward, revealing_scan};

/// How an archive of `member` is made as `archive`, by the shell.
const KINDS: [(&str, &str, &str); 14] = [
    ("a.tar", "tar cf a.tar -C plain MEMBER", "a.tar!MEMBER"),
    (
        "a.tar.gz",
        "tar czf a.tar.gz -C plain MEMBER",
        "a.tar.gz!MEMBER",
    ),
    (
        "a.tar.xz",
        "tar cJf a.tar.xz -C plain MEMBER",
        "a.tar.xz!MEMBER",
    ),
    (
        "a.tar.bz2",
        "tar cjf a.tar.bz2 -C plain MEMBER",
        "a.tar.bz2!MEMBER",
    ),
    (
        "a.tar.zst",
        "tar c -C plain MEMBER | zstd -q > a.tar.zst",
        "a.tar.zst!MEMBER",
    ),
    ("a.gz", "gzip < plain/MEMBER > a.gz", "a.gz"),
    ("a.xz", "xz < plain/MEMBER > a.xz", "a.xz"),
    ("a.bz2", "bzip2 < plain/MEMBER > a.bz2", "a.bz2"),
    ("a.zst", "zstd -q < plain/MEMBER > a.zst", "a.zst"),
    (
        "a.jar",
        "python3 -c 'import zipfile; z = zipfile.ZipFile(\"a.jar\", \"w\", 8); z.write(\"plain/MEMBER\", \"MEMBER\")'",
        "a.jar!MEMBER",
    ),
    (
        "a.7z",
        "cd plain; 7zz a -bso0 -m0=lzma2 ../a.7z MEMBER",
        "a.7z!MEMBER",
    ),
    (
        "solid.7z",
        "cd plain; echo first > first; 7zz a -bso0 -ms=on -m0=bcj -m1=ppmd ../solid.7z first MEMBER; rm first",
        "solid.7z!MEMBER",
    ),
    (
        "a.deb",
        "mkdir -p deb/DEBIAN deb/etc; printf 'Package: a\\nVersion: 1\\nArchitecture: all\\nMaintainer: a\\nDescription: a\\n' > deb/DEBIAN/control; cp plain/MEMBER deb/etc/; dpkg-deb -Zgzip --build deb a.deb > /dev/null; rm -r deb",
        "a.deb!data.tar.gz!./etc/MEMBER",
    ),
    (
        "a.stored",
        "python3 -c 'import zipfile; z = zipfile.ZipFile(\"a.stored\", \"w\", 0); z.write(\"plain/MEMBER\", \"MEMBER\")'",
        "a.stored!MEMBER",
    ),
];

fn tools_are_missing() -> bool {
    ["python3", "xz", "bzip2", "zstd", "7zz", "dpkg-deb"]
        .into_iter()
        .any(|tool| missing(Requirement::Tool(tool)))
}

/// Runs `script` in the sandbox.
fn shell(sandbox: &Sandbox, script: &str) {
    let output = sandbox
        .command("sh")
        .args(["-euc", script])
        .output()
        .expect("a shell");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{script}\n{told}");
}

/// One archive of every kind in the folder `archives`, each with a credential of its own, none of them in clear.
fn make_all(sandbox: &Sandbox) -> Vec<(Credential, String)> {
    let mut made = Vec::new();
    for (archive, script, place) in KINDS {
        let credential = Credential::named(archive);
        sandbox.write("archives/plain/settings.py", credential.file());
        shell(
            sandbox,
            &format!("cd archives; {}", script.replace("MEMBER", "settings.py")),
        );
        made.push((credential, place.replace("MEMBER", "settings.py")));
    }
    std::fs::remove_dir_all(sandbox.path("archives/plain")).expect("the plain file");
    made
}

#[test]
fn every_kind_of_archive_in_a_folder() {
    if tools_are_missing() {
        return;
    }
    let sandbox = Sandbox::new();
    let made = make_all(&sandbox);
    let run = revealing_scan(&sandbox).arg("archives").run();
    let report = run.expect_status(1).report();
    for (credential, path) in &made {
        report.expect(credential, &Place::file(path).in_settings());
        assert_eq!(
            report.locations(credential).len(),
            1,
            "{}",
            report.overview()
        );
    }
}

#[test]
fn archives_are_left_closed_when_asked_to() {
    if tools_are_missing() {
        return;
    }
    let sandbox = Sandbox::new();
    let made = make_all(&sandbox);
    let run = revealing_scan(&sandbox)
        .args(["--no-archives", "archives"])
        .run();
    let report = run.report();
    for (credential, path) in &made {
        let inside = Place::file(path);
        let is_found_inside =
            report.holds(credential) && report.location(credential, &inside).is_some();
        assert!(
            !(path.contains('!') && is_found_inside),
            "{path}: {}",
            report.overview()
        );
    }
    // What is not compressed stands in the archive's own bytes.
    let (stored, _) = made.last().expect("archives");
    report.expect(stored, &Place::file("a.stored"));
}

#[test]
fn an_archive_in_history_is_opened_and_its_commit_is_told() {
    if tools_are_missing() {
        return;
    }
    let repository = Repository::new();
    let credential = Credential::named("archive in history");
    let sandbox = repository.sandbox();
    sandbox.write("made/inner.py", credential.file());
    shell(sandbox, "tar czf made/backup.tgz -C made inner.py");
    let archive = std::fs::read(sandbox.path("made/backup.tgz")).expect("the archive");
    let commit = repository.commit_file("old/backup.tgz", archive);
    repository.git(&["rm", "--quiet", "old/backup.tgz"]);
    repository.git(&["commit", "--quiet", "--message", "Remove the backup"]);
    let place = Place::git("old/backup.tgz!inner.py")
        .in_settings()
        .commit(&commit)
        .reachable();
    crate::findings_of(&repository).expect(&credential, &place);
}

#[test]
fn archives_in_archives_are_opened_up_to_the_limit() {
    if tools_are_missing() {
        return;
    }
    let sandbox = Sandbox::new();
    let credential = Credential::named("nested");
    sandbox.write("made/inner.py", credential.file());
    shell(
        &sandbox,
        "cd made; tar cf 1.tar inner.py; tar czf 2.tgz 1.tar; mkdir ../nested; \
         python3 -c 'import zipfile; zipfile.ZipFile(\"../nested/3.zip\", \"w\", 8).write(\"2.tgz\")'",
    );
    let path = "3.zip!2.tgz!1.tar!inner.py";
    let run = revealing_scan(&sandbox).arg("nested").run();
    run.expect_status(1)
        .report()
        .expect(&credential, &Place::file(path).in_settings());
    sandbox.write("shallow.toml", "[limits]\narchive-depth = 2\n");
    let run = revealing_scan(&sandbox)
        .args(["--config", "shallow.toml", "nested"])
        .run();
    run.expect_status(2)
        .report()
        .expect_skipped(&["limit", "3.zip!2.tgz"]);
}

#[test]
fn what_cannot_be_opened_is_named_and_makes_the_scan_incomplete() {
    let sandbox = Sandbox::new();
    if missing(Requirement::Tool("python3")) {
        return;
    }
    let (before, behind) = (
        Credential::named("before the cut"),
        Credential::named("behind"),
    );
    sandbox.write("made/before.py", before.file());
    sandbox.write("made/behind.py", behind.file());
    sandbox.write(
        "made/filling",
        (0..200_000_u32)
            .flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes())
            .collect::<Vec<u8>>(),
    );
    shell(
        &sandbox,
        "mkdir broken; tar czf made/whole.tgz -C made before.py filling behind.py; \
         head -c 400000 made/whole.tgz > broken/cut.tgz",
    );
    let run = revealing_scan(&sandbox).arg("broken").run();
    let report = run.expect_status(2).report();
    report.expect(&before, &Place::file("cut.tgz!before.py").in_settings());
    report
        .expect_absent(&behind)
        .expect_skipped(&["corrupt", "cut.tgz!filling"]);
    sandbox.write("broken/leakward.toml", "[paths]\nexclude = [\"*.tgz\"]\n");
    leakward(&sandbox)
        .args(["scan", "broken"])
        .run()
        .expect_status(0);
}

#[test]
fn a_damaged_archive_in_history_is_named_by_its_path_and_can_be_excluded() {
    if tools_are_missing() {
        return;
    }
    let repository = Repository::new();
    let sandbox = repository.sandbox();
    let noise: Vec<u8> = (0..9_000_u32)
        .flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes())
        .collect();
    sandbox.write("made/noise", noise);
    shell(
        sandbox,
        "tar czf made/whole.tgz -C made noise; head -c 9000 made/whole.tgz > made/cut.tgz",
    );
    let archive = std::fs::read(sandbox.path("made/cut.tgz")).expect("the archive");
    repository.commit_file("testdata/cut.tgz", archive);
    repository.git(&["rm", "--quiet", "testdata/cut.tgz"]);
    repository.git(&["commit", "--quiet", "--message", "Remove the material"]);
    let run = crate::scan(&repository);
    run.expect_status(2)
        .report()
        .expect_skipped(&["corrupt", "testdata/cut.tgz!noise"]);
    sandbox.write("policy.toml", "[paths]\nexclude = [\"testdata/**\"]\n");
    let policy = sandbox.path("policy.toml").display().to_string();
    crate::scan_with(&repository, &["--config", &policy]).expect_status(0);
}

#[test]
fn what_a_7z_archive_hides_or_lost_is_told_and_the_rest_is_scanned() {
    if tools_are_missing() {
        return;
    }
    let sandbox = Sandbox::new();
    let (whole, lost) = (Credential::named("whole"), Credential::named("lost"));
    sandbox.write("made/a.py", lost.file().repeat(40));
    sandbox.write("made/b.py", whole.file());
    shell(
        &sandbox,
        "mkdir packed; cd made; \
         7zz a -bso0 -pnobody ../packed/locked.7z b.py; \
         7zz a -bso0 -pnobody -mhe=on ../packed/sealed.7z b.py; \
         7zz a -bso0 -ms=off -m0=copy ../packed/damaged.7z a.py b.py",
    );
    let damaged = sandbox.path("packed/damaged.7z");
    let mut bytes = std::fs::read(&damaged).expect("the archive");
    let at = bytes
        .windows(lost.text().len())
        .position(|window| window == lost.text().as_bytes())
        .expect("what is stored is in clear");
    let text = bytes.len().min(at + lost.file().len() * 40);
    bytes[at..text - 60].fill(b'-');
    std::fs::write(&damaged, bytes).expect("the archive");
    let run = revealing_scan(&sandbox).arg("packed").run();
    run.expect_status(2)
        .report()
        .expect(&whole, &Place::file("damaged.7z!b.py").in_settings())
        .expect_skipped(&["corrupt", "damaged.7z!a.py"])
        .expect_skipped(&["encrypted", "locked.7z!b.py"])
        .expect_skipped(&["encrypted", "sealed.7z"]);
}

#[test]
fn a_compiled_python_module_tells_its_texts_apart_and_what_they_are_assigned_to() {
    if missing(Requirement::Tool("python3")) {
        return;
    }
    let sandbox = Sandbox::new();
    let credential = Credential::named("compiled");
    // A password that only its name gives away.
    let password = &credential.text()[10..26];
    sandbox.write(
        "source/settings.py",
        format!("token = '{credential}'\n\nclass Login:\n    user = 'ada'\n    password = '{password}'\n"),
    );
    shell(
        &sandbox,
        "python3 -m compileall -q source; mkdir compiled; mv source/__pycache__/*.pyc compiled/settings.pyc",
    );
    let run = revealing_scan(&sandbox).arg("compiled").run();
    let report = run.expect_status(1).report();
    report.expect(&credential, &Place::file("settings.pyc!constants"));
    let transcript = run.transcript();
    assert!(
        transcript.contains(&format!("\"{password}\"")),
        "{transcript}"
    );
}

#[test]
fn nothing_of_an_archive_is_written_anywhere() {
    if missing(Requirement::Tool("python3")) {
        return;
    }
    let sandbox = Sandbox::new();
    let credential = Credential::named("traversal");
    sandbox.write("hostile.py", credential.file());
    shell(
        &sandbox,
        "mkdir hostile; python3 - <<'END'\n\
         import tarfile, zipfile, io\n\
         text = open('hostile.py', 'rb').read()\n\
         names = ['../../escaped.py', '/tmp/leakward-escaped.py', 'a/../../b.py', 'con.py']\n\
         with tarfile.open('hostile/names.tar', 'w') as tar:\n\
         \x20   for name in names:\n\
         \x20       entry = tarfile.TarInfo(name); entry.size = len(text); tar.addfile(entry, io.BytesIO(text))\n\
         \x20   for kind, name in [(tarfile.CHRTYPE, 'dev/zero'), (tarfile.FIFOTYPE, 'pipe')]:\n\
         \x20       entry = tarfile.TarInfo(name); entry.type = kind; tar.addfile(entry)\n\
         \x20   for kind in [tarfile.SYMTYPE, tarfile.LNKTYPE]:\n\
         \x20       for name, target in [('x', 'y'), ('y', 'x'), ('out', '/etc/passwd')]:\n\
         \x20           entry = tarfile.TarInfo(name); entry.type = kind; entry.linkname = target; tar.addfile(entry)\n\
         with zipfile.ZipFile('hostile/names.zip', 'w') as made:\n\
         \x20   for name in names: made.writestr(name, text)\n\
         END",
    );
    let before = sandbox.left_behind();
    let run = revealing_scan(&sandbox).arg("hostile").run();
    let report = run.expect_status(1).report();
    for archive in ["names.tar", "names.zip"] {
        report.expect(
            &credential,
            &Place::file(&format!("{archive}!../../escaped.py")),
        );
    }
    assert_eq!(sandbox.left_behind(), before, "nothing may be written");
    assert!(!std::path::Path::new("/tmp/leakward-escaped.py").exists());
}

#[test]
fn values_in_a_database_are_told_apart_also_long_ones() {
    if missing(Requirement::Tool("python3")) {
        return;
    }
    let sandbox = Sandbox::new();
    let (beside, spread) = (Credential::named("beside"), Credential::named("spread"));
    sandbox.folder("database");
    shell(
        &sandbox,
        &format!(
            "python3 - <<'END'\n\
             import sqlite3\n\
             base = sqlite3.connect('database/app.db')\n\
             base.execute('create table logins (service text, token text, note text)')\n\
             base.execute('insert into logins values (?, ?, ?)', ('github', '{beside}', 'x'))\n\
             base.execute('insert into logins values (?, ?, ?)', ('y', ' ' * 465 + '{spread}' + ' ' * 4000, 'z'))\n\
             base.commit()\n\
             END"
        ),
    );
    let bytes = std::fs::read(sandbox.path("database/app.db")).expect("the database");
    let in_clear = |credential: &Credential| {
        let text = credential.text().as_bytes();
        bytes.windows(text.len()).any(|window| window == text)
    };
    assert!(
        in_clear(&beside) && !in_clear(&spread),
        "one of them is spread over two pages"
    );
    let run = revealing_scan(&sandbox).arg("database").run();
    let report = run.expect_status(1).report();
    report.expect(&beside, &Place::file("app.db!page 2"));
    report.expect(&spread, &Place::file("app.db!page 2"));
}
