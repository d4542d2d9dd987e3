//! Packages of Linux distributions, installed by their own tools into a folder that stands for a machine.

use std::fs;

use leakward_tests::{Requirement, Sandbox, missing};

use super::{done, kinds, package, root, works};
use xtask::{Dist, Effort, Target};

#[test]
fn the_debian_package_is_installed_run_and_removed_without_a_trace() {
    if missing(Requirement::Tool("dpkg-deb")) || missing(Requirement::Tool("dpkg")) {
        return;
    }
    let sandbox = Sandbox::new();
    let file = package(".deb");
    let field = |name: &str| {
        let mut dpkg = sandbox.command("dpkg-deb");
        done(dpkg.arg("--field").arg(&file).arg(name))
            .trim()
            .to_owned()
    };
    assert_eq!(field("Package"), "leakward");
    assert_eq!(field("Version"), xtask::VERSION);
    assert!(
        field("Depends").starts_with("libc6 (>= 2."),
        "{}",
        field("Depends")
    );
    let listed = done(sandbox.command("dpkg-deb").arg("--contents").arg(&file));
    for path in [
        "usr/bin/leakward",
        "usr/share/man/man1/leakward-scan.1.gz",
        "usr/share/bash-completion/completions/leakward",
        "usr/share/zsh/vendor-completions/_leakward",
        "usr/share/doc/leakward/copyright",
    ] {
        assert!(listed.contains(path), "{path} in {listed}");
    }
    assert!(
        listed.lines().all(|line| line.contains("root/root")),
        "{listed}"
    );

    // A machine on which nothing is installed yet.
    let machine = sandbox.folder("machine");
    for folder in ["info", "updates"] {
        sandbox.folder(&format!("machine/var/lib/dpkg/{folder}"));
    }
    sandbox.write("machine/var/lib/dpkg/status", "");
    let before = files(&machine);
    let dpkg = |arguments: &[&str]| {
        let mut dpkg = sandbox.command("dpkg");
        dpkg.env(
            "PATH",
            format!(
                "{}:/usr/sbin:/sbin",
                std::env::var("PATH").unwrap_or_default()
            ),
        );
        // The C library is that of the machine on which the test runs.
        dpkg.arg(format!("--root={}", machine.display()))
            .args(["--force-depends", "--force-not-root", "--log=/dev/null"])
            .args(arguments);
        done(&mut dpkg)
    };
    dpkg(&["--install", &file.display().to_string()]);
    works(&sandbox, &machine.join("usr/bin/leakward"));
    assert_eq!(
        dpkg(&["--verify", "leakward"]),
        "",
        "every file has the sum of the package's list"
    );
    dpkg(&["--purge", "leakward"]);
    let left: Vec<String> = files(&machine)
        .into_iter()
        .filter(|path| !before.contains(path) && !path.contains("var/lib/dpkg/"))
        .collect();
    assert_eq!(left, [""; 0]);
}

/// Every file below a folder.
fn files(folder: &std::path::Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn the_red_hat_package_says_what_it_is_and_its_program_runs() {
    if missing(Requirement::Tool("rpm")) || missing(Requirement::Tool("rpmbuild")) {
        return;
    }
    let sandbox = Sandbox::new();
    let file = package(".rpm");
    let rpm = |arguments: &[&str]| {
        let mut rpm = sandbox.command("rpm");
        rpm.arg(format!("--dbpath={}", sandbox.path("rpmdb").display()));
        done(rpm.args(arguments).arg(&file))
    };
    let about = rpm(&["--query", "--info", "--package"]);
    for line in [
        "Name        : leakward",
        "License     : Apache-2.0 OR MIT",
        "Build Host  : leakward",
    ] {
        assert!(about.contains(line), "{line} in {about}");
    }
    let listed = rpm(&["--query", "--list", "--package"]);
    for path in [
        "/usr/bin/leakward",
        "/usr/share/man/man1/leakward-scan.1.gz",
        "/usr/share/zsh/site-functions/_leakward",
        "/usr/share/licenses/leakward/LICENSE-MIT",
    ] {
        assert!(
            listed.lines().any(|line| line == path),
            "{path} in {listed}"
        );
    }
    let needed = rpm(&["--query", "--requires", "--package"]);
    assert!(needed.contains("libc.so.6(GLIBC_2."), "{needed}");
    rpm(&["--checksig", "--nosignature"]);
    let machine = sandbox.folder("machine");
    let place = format!("--root={}", machine.display());
    let mut install = sandbox.command("rpm");
    install
        .arg(&place)
        .args(["--install", "--nodeps", "--noscripts"]);
    done(install.arg(&file));
    works(&sandbox, &machine.join("usr/bin/leakward"));
}

#[test]
fn the_same_program_makes_the_same_packages_to_the_byte() {
    let sandbox = Sandbox::new();
    // Any program will do, and a small one is quick.
    let binary = sandbox.path("program");
    sandbox.copy_program(std::path::Path::new("/bin/true"), &binary);
    let target = Target::of_this_machine().expect("a platform with releases");
    let make = |name: &str| {
        let dist = Dist {
            root: root(),
            binary: binary.clone(),
            native: env!("CARGO_BIN_EXE_leakward").into(),
            target,
            output: sandbox.path(name),
            time: 1_700_000_000,
            effort: Effort::Most,
        };
        let made = dist.make(&kinds(target)).expect("packages");
        made.iter()
            .map(|path| {
                let name = path.file_name().expect("a name").to_owned();
                (name, fs::read(path).expect("a package"))
            })
            .collect::<Vec<_>>()
    };
    let (first, second) = (make("first"), make("second"));
    assert_eq!(first.len(), kinds(target).len());
    for ((name, first), (_, second)) in first.iter().zip(&second) {
        assert!(first == second, "{name:?} differs from one run to the next");
    }
}
