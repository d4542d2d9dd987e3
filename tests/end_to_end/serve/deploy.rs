//! What is in deploy/, held against the tools that read it, and against the program.

use std::path::{Path, PathBuf};

use leakward_tests::{Requirement, Sandbox, missing};

use crate::leakward;

fn deploy(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../deploy")
        .join(name)
}

fn text(name: &str) -> String {
    std::fs::read_to_string(deploy(name)).expect("a file of deploy/")
}

/// Runs a tool on a file and wants it to have nothing to say.
fn accepted(sandbox: &Sandbox, tool: &str, arguments: &[&str], file: &Path) {
    let output = sandbox
        .command(tool)
        .args(arguments)
        .arg(file)
        .output()
        .expect("the tool");
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{tool}: {said}");
}

#[test]
fn systemd_takes_the_unit() {
    if missing(Requirement::Tool("systemd-analyze")) {
        return;
    }
    let sandbox = Sandbox::new();
    // The program need not be installed where the unit will find it.
    let unit = text("leakward-serve.service").replace("/usr/local/bin/leakward", "/bin/true");
    let unit = sandbox.write("leakward-serve.service", unit);
    accepted(&sandbox, "systemd-analyze", &["verify", "--man=no"], &unit);
}

#[test]
fn the_container_file_has_nothing_that_a_linter_minds() {
    if missing(Requirement::Tool("hadolint")) {
        return;
    }
    accepted(&Sandbox::new(), "hadolint", &[], &deploy("Containerfile"));
}

#[test]
fn kubernetes_takes_the_manifests() {
    if missing(Requirement::Tool("kubernetes-validate")) {
        return;
    }
    let arguments = ["--strict", "--no-warn"];
    accepted(
        &Sandbox::new(),
        "kubernetes-validate",
        &arguments,
        &deploy("kubernetes.yaml"),
    );
}

/// The configuration in the manifests is one, and its secrets are where the manifests put them.
#[test]
fn the_configuration_in_the_manifests_can_be_used() {
    let sandbox = Sandbox::new();
    let manifests = text("kubernetes.yaml");
    let begin =
        manifests.find("serve.toml: |\n").expect("a configuration") + "serve.toml: |\n".len();
    let lines = manifests[begin..].lines();
    let lines = lines.take_while(|line| line.is_empty() || line.starts_with("    "));
    let config: String = lines
        .map(|line| format!("{}\n", line.trim_start()))
        .collect();
    let mounted = "/etc/leakward/secrets";
    assert!(manifests.contains(&format!("mountPath: {mounted}")));
    let secrets = sandbox.folder("secrets");
    for name in ["webhook-secret", "github-app-key", "api-token"] {
        assert!(manifests.contains(&format!("--from-file={name}")), "{name}");
        std::fs::write(secrets.join(name), "x").expect("a secret");
    }
    let config = config.replace(mounted, &secrets.display().to_string());
    let file = sandbox.write("serve.toml", config);
    leakward(&sandbox)
        .args(["serve", "--check", "--config"])
        .arg(&file)
        .run()
        .expect_status(0);
}
