//! A package for Fedora, Red Hat, SUSE and their descendants, written by `rpmbuild` (on Debian in the package `rpm`).
//!
//! It is told to take the files as they are, and to write nothing of this machine or of now into the package.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::contents::{Contents, Entry};
use crate::dist::Dist;
use crate::elf::{self, Needs};
use crate::target::Target;
use crate::{HOME_PAGE, LICENCE, SUMMARY, VERSION};

/// The package: its name and its bytes.
pub(crate) fn make(
    dist: &Dist,
    program: &[u8],
    contents: &Contents,
) -> anyhow::Result<(String, Vec<u8>)> {
    let mut files = contents.installed(program)?;
    for name in ["LICENSE-APACHE", "LICENSE-MIT"] {
        let path = format!("usr/share/licenses/leakward/{name}");
        files.push(Entry::text(path, contents.text(name)?));
    }
    let folder = tempfile::tempdir().context("a temporary folder")?;
    let folder = folder.path();
    for file in &files {
        lay(&folder.join("files"), file)?;
    }
    let spec = folder.join("leakward.spec");
    fs::write(&spec, description(&files, elf::needs(program)?))?;
    build(dist, folder, &spec)?;
    let name = name(dist.target);
    let made = folder.join("made").join(&name);
    let bytes = fs::read(&made).with_context(|| format!("rpmbuild did not make {name}"))?;
    Ok((name, bytes))
}

fn name(target: Target) -> String {
    format!("leakward-{VERSION}-1.{}.rpm", target.machine)
}

fn lay(folder: &Path, file: &Entry) -> anyhow::Result<()> {
    let path = folder.join(&file.path);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(&path, &file.content).with_context(|| path.display().to_string())
}

/// What rpm calls a spec. The files are laid already; `%install` copies them.
fn description(files: &[Entry], needs: Needs) -> String {
    let requires = match needs {
        Needs::Nothing => String::new(),
        Needs::Glibc(major, minor) => {
            format!("Requires: libc.so.6(GLIBC_{major}.{minor})(64bit)\n")
        }
    };
    let mut text = format!(
        "Name: leakward\nVersion: {VERSION}\nRelease: 1\nSummary: {SUMMARY}\nLicense: {LICENCE}\nURL: {HOME_PAGE}\n{requires}\
         AutoReqProv: no\n\n%description\nScans git histories, trees, container images and streams; says which credentials work;\n\
         replaces them.\n\n%install\ncp -a %{{_leakward_files}}/. %{{buildroot}}/\n\n%files\n"
    );
    for file in files {
        let kind = if file.path.contains("/licenses/") {
            "%license "
        } else {
            ""
        };
        text.push_str(&format!(
            "{kind}%attr({:04o},root,root) /{}\n",
            file.mode, file.path
        ));
    }
    text
}

fn build(dist: &Dist, folder: &Path, spec: &Path) -> anyhow::Result<()> {
    let level = dist.effort.level();
    let defined = [
        format!("_topdir {}", folder.join("top").display()),
        format!("_leakward_files {}", folder.join("files").display()),
        format!("_rpmdir {}", folder.join("made").display()),
        "_build_name_fmt %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm".to_owned(),
        "_buildhost leakward".to_owned(),
        "use_source_date_epoch_as_buildtime 1".to_owned(),
        "clamp_mtime_to_source_date_epoch 1".to_owned(),
        format!("_binary_payload w{level}.gzdio"),
        // The files are taken as they are: not stripped, not compressed again, not looked through.
        "debug_package %{nil}".to_owned(),
        "__os_install_post %{nil}".to_owned(),
        "_build_id_links none".to_owned(),
    ];
    let mut command = Command::new("rpmbuild");
    command
        .args(["-bb", "--quiet", "--target", dist.target.machine])
        .env("SOURCE_DATE_EPOCH", dist.time.to_string())
        .env("HOME", folder);
    for definition in defined {
        command.arg("--define").arg(definition);
    }
    let output = command.arg(spec).output();
    let output = output.context("rpmbuild cannot be run (Debian has it in the package rpm)")?;
    if !output.status.success() {
        bail!("rpmbuild: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}
