//! The packages, each installed by its own installer into an empty place, and the program in it run.
//!
//! They are made of the program that cargo built for these tests (its symbols taken away, so that they stay small), once for
//! all tests. What is installed is what `cargo xtask dist` would give out, but for the optimisation.

mod release;
mod system;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use leakward_tests::{Credential, Repository, Requirement, Sandbox, missing};
use xtask::{Dist, Effort, Kind, Target};

/// The root of our own repository.
fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    root.canonicalize().expect("the repository")
}

/// What all tests here install from.
struct Packages {
    sandbox: Sandbox,
    target: Target,
}

static PACKAGES: LazyLock<Packages> = LazyLock::new(|| {
    // What is made once for all tests is never dropped: half a gigabyte would stay behind in the system's folder after each run.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("packages");
    let _none_yet = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    let sandbox = Sandbox::within(&folder);
    let binary = sandbox.path("leakward");
    sandbox.copy_program(Path::new(env!("CARGO_BIN_EXE_leakward")), &binary);
    // Without binutils they are large, and no less right.
    let _stripped = sandbox.command("strip").arg(&binary).status();
    let target = Target::of_this_machine().expect("a platform with releases");
    let dist = Dist {
        root: root(),
        native: binary.clone(),
        binary,
        target,
        output: sandbox.path("dist"),
        time: 1_700_000_000,
        effort: Effort::Least,
    };
    dist.make(&kinds(target)).expect("packages");
    Packages { sandbox, target }
});

/// What can be made here: `.rpm` is written by rpmbuild.
fn kinds(target: Target) -> Vec<Kind> {
    let mut kinds = target.kinds();
    kinds.retain(|kind| *kind != Kind::Rpm || !missing(Requirement::Tool("rpmbuild")));
    kinds
}

/// Where all packages are.
fn folder() -> PathBuf {
    PACKAGES.sandbox.path("dist")
}

/// The package whose name ends like this.
fn package(ending: &str) -> PathBuf {
    let entries = fs::read_dir(folder()).expect("the packages");
    let mut paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .find(|path| path.to_string_lossy().ends_with(ending))
        .unwrap_or_else(|| panic!("there is no package {ending}"))
}

fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

/// Runs it; it must succeed.
fn done(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = said(&output);
    assert!(output.status.success(), "{command:?}: {said}");
    said
}

/// The installed program says its version, finds a credential with status 1, and shows a completion.
fn works(sandbox: &Sandbox, program: &Path) {
    let version = done(sandbox.command(program).arg("--version"));
    assert!(version.contains(xtask::VERSION), "{version}");
    let leak = sandbox.write("leak.py", Credential::named("installed").file());
    let output = sandbox.command(program).arg("scan").arg(&leak).output();
    let output = output.expect("the installed program");
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("leak.py:2:10"), "{}", said(&output));
    done(sandbox.command(program).args(["completions", "zsh"]));
}

/// What pip is told in this environment about indexes and certificates, which a sandbox would lose.
fn with_registries(command: &mut Command) {
    for (name, value) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let lower = text.to_ascii_lowercase();
        if lower.starts_with("pip_")
            || lower.starts_with("npm_config_")
            || lower.ends_with("_proxy")
        {
            command.env(name, value);
        }
    }
}

/// An empty environment of Python in the sandbox.
fn python_environment(sandbox: &Sandbox) -> PathBuf {
    let folder = sandbox.path("venv");
    done(sandbox.command("python3").args(["-m", "venv"]).arg(&folder));
    folder
}

#[test]
fn the_wheel_is_installed_into_an_empty_environment_and_its_program_runs() {
    if missing(Requirement::Tool("python3")) {
        return;
    }
    let sandbox = Sandbox::new();
    let python = python_environment(&sandbox);
    let mut pip = sandbox.command(python.join("bin/pip"));
    done(pip.args(["install", "--no-index"]).arg(package(".whl")));
    works(&sandbox, &python.join("bin/leakward"));
    // pip compares every file with the list in the wheel when it takes it away.
    let mut pip = sandbox.command(python.join("bin/pip"));
    let shown = done(pip.args(["show", "--files", "leakward"]));
    assert!(shown.contains("bin/leakward"), "{shown}");
    let mut pip = sandbox.command(python.join("bin/pip"));
    done(pip.args(["uninstall", "--yes", "leakward"]));
    assert!(!python.join("bin/leakward").exists());
}

#[test]
fn the_pre_commit_framework_takes_the_program_from_its_python_package() {
    if missing(Requirement::Tool("pre-commit")) {
        return;
    }
    // The repository that users name, with what the framework reads of it.
    let hooks = Repository::new();
    for file in [".pre-commit-hooks.yaml", "pyproject.toml"] {
        hooks.commit_file(file, fs::read_to_string(root().join(file)).expect(file));
    }
    let repository = Repository::new();
    let config = format!(
        "repos:\n- repo: {}\n  rev: {}\n  hooks:\n  - id: leakward\n",
        hooks.folder().display(),
        hooks.id("HEAD")
    );
    repository.commit_file(".pre-commit-config.yaml", config);
    let run = || {
        let mut command = repository.sandbox().command("pre-commit");
        with_registries(&mut command);
        command
            .arg("run")
            .current_dir(repository.folder())
            .env("PIP_FIND_LINKS", folder())
            .env("GIT_CONFIG_COUNT", "1")
            .env("GIT_CONFIG_KEY_0", "protocol.file.allow")
            .env("GIT_CONFIG_VALUE_0", "always");
        command.output().expect("pre-commit")
    };
    repository.write("leak.py", Credential::named("from the wheel").file());
    repository.git(&["add", "leak.py"]);
    let output = run();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("leak.py:2:10"), "{}", said(&output));
    repository.write("leak.py", "x = 1\n");
    repository.git(&["add", "leak.py"]);
    assert!(run().status.success());
}

#[test]
fn the_hook_asks_for_the_package_of_its_own_version() {
    let text = fs::read_to_string(root().join("pyproject.toml")).expect("pyproject.toml");
    let file: toml::Table = text.parse().expect("TOML");
    let project = file["project"].as_table().expect("[project]");
    assert_eq!(project["version"].as_str(), Some(xtask::VERSION));
    let wanted = format!("leakward=={}", xtask::VERSION);
    let wants = project["dependencies"].as_array().expect("a list");
    assert_eq!(wants.as_slice(), [toml::Value::String(wanted)]);
}

/// A registry of npm on this machine: one answer for each package, and their files.
fn npm_registry(sandbox: &Sandbox) -> leakward_tests::FileServer {
    let target = PACKAGES.target;
    let texts = xtask::gather_npm(&root(), &[target], 1_700_000_000).expect("npm's main package");
    let main = sandbox.write("registry/files/leakward.tgz", texts);
    let platform = sandbox.path("registry/files/platform.tgz");
    fs::copy(package(".tgz"), &platform).expect("the platform's package");
    let server = leakward_tests::FileServer::start(&sandbox.path("registry"));
    for (name, file) in [
        ("leakward".to_owned(), &main),
        (xtask::npm_name(target), &platform),
    ] {
        let mut tar = sandbox.command("tar");
        let manifest = done(tar.arg("xzOf").arg(file).arg("package/package.json"));
        let mut version: serde_json::Value = serde_json::from_str(&manifest).expect("JSON");
        let file = file.file_name().expect("a name").to_string_lossy();
        version["dist"] =
            serde_json::json!({"tarball": format!("{}/files/{file}", server.address())});
        let packument = serde_json::json!({
            "name": name,
            "dist-tags": {"latest": xtask::VERSION},
            "versions": {xtask::VERSION: version},
        });
        sandbox.write(&format!("registry/{name}"), packument.to_string());
    }
    server
}

#[test]
fn the_npm_package_is_installed_into_an_empty_folder_and_its_program_runs() {
    if missing(Requirement::Tool("npm")) {
        return;
    }
    let sandbox = Sandbox::new();
    let server = npm_registry(&sandbox);
    let project = sandbox.folder("project");
    let install = |flags: &[&str]| {
        let mut npm = sandbox.command("npm");
        npm.current_dir(&project)
            .args([
                "install",
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
                "leakward",
            ])
            .args(["--registry", server.address()])
            .args(flags);
        done(&mut npm);
    };
    install(&[]);
    let program = project.join("node_modules/.bin/leakward");
    works(&sandbox, &program);
    let output = sandbox.command(&program).arg("no-such-command").output();
    assert_eq!(output.expect("the program").status.code(), Some(2));
    // Without its optional dependency it says what is missing.
    fs::remove_dir_all(project.join("node_modules")).expect("an empty folder");
    fs::remove_file(project.join("package-lock.json")).expect("no lock file");
    install(&["--omit=optional"]);
    let output = sandbox.command(&program).arg("--version").output();
    let output = output.expect("the launcher");
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said(&output).contains("--omit=optional"),
        "{}",
        said(&output)
    );
}
