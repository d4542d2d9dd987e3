//! The list of what is linked into the program, in CycloneDX 1.6 (<https://cyclonedx.org/docs/1.6/json/>), from what cargo says.
//!
//! Dependencies of tests and of builds are left out: nothing of them is in the program. Features are those of the whole
//! workspace, so that the list may name a little more than there is, and never less.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail};
use leakward_core::time::rfc3339;
use serde_json::{Value, json};

use crate::target::Target;
use crate::{VERSION, checksums};

/// The list: its name and its bytes.
pub(crate) fn make(root: &Path, target: Target, time: u64) -> anyhow::Result<(String, Vec<u8>)> {
    let metadata = metadata(root, target)?;
    let linked = Linked::of(&metadata)?;
    let sums = lock_sums(root)?;
    let components: Vec<Value> = linked
        .packages
        .iter()
        .filter(|(id, _)| **id != linked.program)
        .map(|(_, package)| component(package, "library", &sums))
        .collect();
    let program = &linked.packages[linked.program];
    let dependencies: Vec<Value> = linked
        .edges
        .iter()
        .map(|(id, below)| {
            let below: Vec<String> = below.iter().map(|id| linked.reference(id)).collect();
            json!({"ref": linked.reference(id), "dependsOn": below})
        })
        .collect();
    let identity = serde_json::to_vec(&(&components, target.triple, time))?;
    let list = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": format!("urn:uuid:{}", uuid(&checksums::sha256(&identity))),
        "version": 1,
        "metadata": {
            "timestamp": rfc3339(time),
            "tools": {"components": [{"type": "application", "name": "leakward xtask", "version": VERSION}]},
            "component": component(program, "application", &sums),
            "properties": [{"name": "leakward:target", "value": target.triple}],
        },
        "components": components,
        "dependencies": dependencies,
    });
    let text = serde_json::to_string_pretty(&list)? + "\n";
    Ok((
        format!("leakward-{VERSION}-{}.cdx.json", target.triple),
        text.into_bytes(),
    ))
}

fn metadata(root: &Path, target: Target) -> anyhow::Result<Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "metadata",
            "--format-version",
            "1",
            "--locked",
            "--filter-platform",
            target.triple,
        ])
        .current_dir(root)
        .output()
        .context("cargo cannot be run")?;
    if !output.status.success() {
        bail!(
            "cargo metadata: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    serde_json::from_slice(&output.stdout).context("what cargo metadata says")
}

/// What is linked into the program, by the ids that cargo gives.
struct Linked<'m> {
    program: &'m str,
    packages: BTreeMap<&'m str, &'m Value>,
    edges: BTreeMap<&'m str, BTreeSet<&'m str>>,
}

impl<'m> Linked<'m> {
    fn of(metadata: &'m Value) -> anyhow::Result<Self> {
        let all: BTreeMap<&str, &Value> = items(metadata, "/packages")
            .filter_map(|package| Some((package["id"].as_str()?, package)))
            .collect();
        let nodes: BTreeMap<&str, &Value> = items(metadata, "/resolve/nodes")
            .filter_map(|node| Some((node["id"].as_str()?, node)))
            .collect();
        let program = all
            .iter()
            .find(|(_, package)| package["name"] == "leakward")
            .map(|(id, _)| *id)
            .context("cargo knows no package leakward")?;
        let (mut waiting, mut edges) = (vec![program], BTreeMap::new());
        while let Some(id) = waiting.pop() {
            if edges.contains_key(id) {
                continue;
            }
            let below: BTreeSet<&str> = nodes
                .get(id)
                .into_iter()
                .flat_map(|node| items(node, "/deps"))
                .filter(|dependency| is_linked(dependency))
                .filter_map(|dependency| dependency["pkg"].as_str())
                .collect();
            waiting.extend(&below);
            edges.insert(id, below);
        }
        let packages = all.into_iter().filter(|(id, _)| edges.contains_key(id));
        Ok(Self {
            program,
            packages: packages.collect(),
            edges,
        })
    }

    fn reference(&self, id: &str) -> String {
        self.packages
            .get(id)
            .map(|package| purl(package))
            .unwrap_or_default()
    }
}

fn items<'v>(value: &'v Value, pointer: &str) -> impl Iterator<Item = &'v Value> {
    value
        .pointer(pointer)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

/// Whether a dependency is one of the program itself, not only of its build or its tests.
fn is_linked(dependency: &Value) -> bool {
    items(dependency, "/dep_kinds").any(|kind| kind["kind"].is_null())
}

fn purl(package: &Value) -> String {
    let text = |key: &str| package[key].as_str().unwrap_or_default();
    format!("pkg:cargo/{}@{}", text("name"), text("version"))
}

fn component(package: &Value, kind: &str, sums: &BTreeMap<(String, String), String>) -> Value {
    let text = |key: &str| package[key].as_str().unwrap_or_default().to_owned();
    let (name, version) = (text("name"), text("version"));
    let mut component = json!({
        "type": kind,
        "bom-ref": purl(package),
        "name": name,
        "version": version,
        "purl": purl(package),
    });
    let licence = text("license");
    if !licence.is_empty() {
        // Older packages write a slash for OR.
        component["licenses"] = json!([{"expression": licence.replace('/', " OR ")}]);
    }
    if let Some(sum) = sums.get(&(name, version)) {
        component["hashes"] = json!([{"alg": "SHA-256", "content": sum}]);
    }
    let repository = text("repository");
    if repository.starts_with("https://") {
        component["externalReferences"] = json!([{"type": "vcs", "url": repository.trim()}]);
    }
    component
}

/// The sums of the packages' files, by name and version.
fn lock_sums(root: &Path) -> anyhow::Result<BTreeMap<(String, String), String>> {
    let text = fs::read_to_string(root.join("Cargo.lock")).context("Cargo.lock")?;
    let lock: toml::Table = text.parse().context("Cargo.lock")?;
    let packages = lock.get("package").and_then(toml::Value::as_array);
    let sums = packages.into_iter().flatten().filter_map(|package| {
        let text = |key: &str| Some(package.get(key)?.as_str()?.to_owned());
        Some(((text("name")?, text("version")?), text("checksum")?))
    });
    Ok(sums.collect())
}

/// A UUID of version 8 (made of something) from the digits of a sum.
fn uuid(sum: &str) -> String {
    let part = |from: usize, to: usize| sum.get(from..to).unwrap_or_default();
    format!(
        "{}-{}-8{}-8{}-{}",
        part(0, 8),
        part(8, 12),
        part(12, 15),
        part(15, 18),
        part(18, 30)
    )
}
