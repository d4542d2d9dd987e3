//! What speaks of all platforms: sums, the Homebrew formula, the list of what is linked, and the way from a release's archive
//! through the GitHub Action to a program that runs.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use leakward_tests::{Requirement, Sandbox, missing};

use super::{done, package, root, said, works};
use xtask::{Dist, Effort, Kind, Target};

/// A folder with packages of every platform, of a program that is small and the same for all.
fn of_all_platforms(sandbox: &Sandbox) -> PathBuf {
    let folder = sandbox.path("release");
    let binary = sandbox.path("program");
    sandbox.copy_program(Path::new("/bin/true"), &binary);
    for target in Target::all() {
        let dist = Dist {
            root: root(),
            binary: binary.clone(),
            native: env!("CARGO_BIN_EXE_leakward").into(),
            target: *target,
            output: folder.clone(),
            time: 1_700_000_000,
            effort: Effort::Least,
        };
        dist.make(&[Kind::Archive, Kind::Wheel, Kind::Npm])
            .expect("packages");
    }
    xtask::gather(&root(), &folder).expect("what speaks of all");
    folder
}

#[test]
fn a_release_has_sums_of_everything_and_a_formula_that_ruby_understands() {
    if missing(Requirement::Tool("ruby")) {
        return;
    }
    let sandbox = Sandbox::new();
    let folder = of_all_platforms(&sandbox);
    let mut check = sandbox.command("sha256sum");
    let checked = done(
        check
            .current_dir(&folder)
            .args(["--check", "--strict", "SHA256SUMS"]),
    );
    for name in [
        "x86_64-unknown-linux-musl.tar.gz: OK",
        "win_amd64.whl: OK",
        "windows-msvc.zip: OK",
    ] {
        assert!(checked.contains(name), "{name} in {checked}");
    }
    let formula = folder.join("leakward.rb");
    let checked = done(sandbox.command("ruby").args(["-wc"]).arg(&formula));
    assert_eq!(checked.trim(), "Syntax OK");
    let formula = fs::read_to_string(formula).expect("the formula");
    let sums = fs::read_to_string(folder.join("SHA256SUMS")).expect("the sums");
    let sum = |name: &str| {
        let line = sums.lines().find(|line| line.ends_with(name)).expect(name);
        line.split_whitespace().next().expect("a sum").to_owned()
    };
    assert!(formula.contains(&sum("aarch64-apple-darwin.tar.gz")));
    let main = package_json(
        &sandbox,
        &folder.join(format!("leakward-{}.tgz", xtask::VERSION)),
    );
    let platforms = main["optionalDependencies"].as_object().expect("platforms");
    let names: Vec<&str> = platforms.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "@leakward/linux-x64",
            "@leakward/linux-arm64",
            "@leakward/darwin-x64",
            "@leakward/darwin-arm64",
            "@leakward/win32-x64"
        ]
    );
    fs::remove_file(folder.join(format!(
        "leakward-{}-aarch64-apple-darwin.tar.gz",
        xtask::VERSION
    )))
    .expect("an archive");
    let error = xtask::gather(&root(), &folder).expect_err("an archive is missing");
    assert_eq!(
        error.to_string(),
        "there is no archive for aarch64-apple-darwin"
    );
}

fn package_json(sandbox: &Sandbox, file: &Path) -> serde_json::Value {
    let mut tar = sandbox.command("tar");
    let text = done(tar.arg("xzOf").arg(file).arg("package/package.json"));
    serde_json::from_str(&text).expect("JSON")
}

/// The schemas that CycloneDX's own library has in a folder, which refer to each other by their files' names.
struct Schemas(PathBuf);

impl Schemas {
    fn read(&self, name: &str) -> serde_json::Value {
        let file = self.0.join(name);
        let text = fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        serde_json::from_slice(&text).expect("JSON")
    }
}

impl jsonschema::Retrieve for Schemas {
    fn retrieve(
        &self,
        uri: &jsonschema::Uri<String>,
    ) -> Result<serde_json::Value, Box<dyn Error + Send + Sync>> {
        let name = uri.path().as_str().rsplit('/').next().unwrap_or_default();
        Ok(self.read(name))
    }
}

/// The schema of CycloneDX 1.6. The library's own validator takes half a minute for what this one does at once.
fn cyclonedx(sandbox: &Sandbox) -> jsonschema::Validator {
    let script = "import cyclonedx.schema._res as schemas\nprint(schemas.__path__[0])";
    let folder = done(sandbox.command("python3").args(["-c", script]));
    let schemas = Schemas(folder.trim().into());
    let schema = schemas.read("bom-1.6.SNAPSHOT.schema.json");
    let options = jsonschema::options().with_retriever(schemas);
    options.build(&schema).expect("a schema")
}

#[test]
fn the_list_of_what_is_linked_is_valid_cyclonedx_and_names_the_cryptography() {
    if missing(Requirement::PythonPackage("cyclonedx.schema")) {
        return;
    }
    let sandbox = Sandbox::new();
    let file = package(".cdx.json");
    let list: serde_json::Value =
        serde_json::from_slice(&fs::read(&file).expect("the list")).expect("JSON");
    let problems: Vec<String> = cyclonedx(&sandbox)
        .iter_errors(&list)
        .map(|problem| format!("{}: {problem}", problem.instance_path()))
        .collect();
    assert_eq!(problems, Vec::<String>::new());
    let components = list["components"].as_array().expect("components");
    let named = |name: &str| {
        components
            .iter()
            .find(|component| component["name"] == name)
    };
    let cryptography = named("aws-lc-rs").expect("what TLS is made with");
    assert_eq!(cryptography["hashes"][0]["alg"], "SHA-256");
    assert!(named("leakward-detect").is_some());
    for only_in_tests in ["proptest", "insta", "xtask", "rpm"] {
        assert!(
            named(only_in_tests).is_none(),
            "{only_in_tests} is not in the program"
        );
    }
}

/// Runs the action's installation with a `curl` that takes the archive from a folder.
fn install(sandbox: &Sandbox, action: &Path, archives: &Path) -> (Option<i32>, String, String) {
    let script = format!(
        "#!/bin/sh\nwhile [ $# -gt 1 ]; do [ \"$1\" = --output ] && to=$2; shift; done\ncp '{}'/\"${{1##*/}}\" \"$to\"\n",
        archives.display()
    );
    let curl = sandbox.write("curl.sh", script);
    sandbox.folder("bin");
    sandbox.copy_program(&curl, &sandbox.path("bin/curl"));
    let outputs = sandbox.write("outputs", "");
    let path = format!(
        "{}:{}",
        sandbox.path("bin").display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let mut bash = sandbox.command("bash");
    let output = bash
        .arg(action.join("install.sh"))
        .env("PATH", path)
        .env("LEAKWARD_VERSION", xtask::VERSION)
        .env("RUNNER_TEMP", sandbox.temporary())
        .env("GITHUB_OUTPUT", &outputs)
        .output()
        .expect("bash");
    (
        output.status.code(),
        said(&output),
        fs::read_to_string(outputs).expect("outputs"),
    )
}

#[test]
fn the_action_installs_an_archive_whose_sum_it_knows_and_no_other() {
    let sandbox = Sandbox::new();
    let archives = sandbox.folder("archives");
    let musl = format!(
        "leakward-{}-{}-unknown-linux-musl",
        xtask::VERSION,
        std::env::consts::ARCH
    );
    // The archive that cargo's program is in, under the name that the action asks for.
    let archive = archives.join(format!("{musl}.tar.gz"));
    fs::copy(package(".tar.gz"), &archive).expect("the archive");
    let action = sandbox.folder("action");
    fs::copy(root().join("action/install.sh"), action.join("install.sh")).expect("the script");

    // As it is before the first release.
    fs::copy(
        root().join("action/checksums.txt"),
        action.join("checksums.txt"),
    )
    .expect("the table");
    let table = fs::read_to_string(action.join("checksums.txt")).expect("the table");
    if !table.contains(&musl) {
        let (status, said, _) = install(&sandbox, &action, &archives);
        assert_eq!(status, Some(2), "{said}");
        assert!(said.contains(&format!("no line for {musl}")), "{said}");
    }

    let sum = done(
        sandbox
            .command("sha256sum")
            .current_dir(&archives)
            .arg(format!("{musl}.tar.gz")),
    );
    fs::write(action.join("checksums.txt"), sum).expect("the table");
    let (status, said, outputs) = install(&sandbox, &action, &archives);
    assert_eq!(status, Some(0), "{said}");
    let program = outputs
        .trim()
        .strip_prefix("program=")
        .expect("the program");
    works(&sandbox, Path::new(program));

    fs::write(&archive, "something else").expect("another archive");
    let (status, said, _) = install(&sandbox, &action, &archives);
    assert_eq!(status, Some(2));
    assert!(said.contains("is not what this action knows"), "{said}");
}
