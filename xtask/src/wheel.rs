//! A Python wheel with the program in it, so that `pip install leakward` and pre-commit need no Rust.
//!
//! The format is <https://packaging.python.org/en/latest/specifications/binary-distribution-format/>: a zip file whose name says
//! where it runs, with a list of what is in it. There is no Python in ours: pip puts the program among the scripts.

use anyhow::bail;

use crate::contents::{Contents, Entry};
use crate::dist::Dist;
use crate::elf::{self, Needs};
use crate::target::Target;
use crate::{HOME_PAGE, LICENCE, SUMMARY, VERSION, checksums, zip};

/// The wheel: its name and its bytes.
pub(crate) fn make(
    dist: &Dist,
    program: &[u8],
    contents: &Contents,
) -> anyhow::Result<(String, Vec<u8>)> {
    let target = dist.target;
    let tags = tags(target, program)?;
    let info = format!("leakward-{VERSION}.dist-info");
    let script = format!("leakward-{VERSION}.data/scripts/{}", target.program());
    let mut entries = vec![
        Entry::program(script, program),
        Entry::text(
            format!("{info}/METADATA"),
            metadata(&contents.text("README.md")?),
        ),
        Entry::text(format!("{info}/WHEEL"), wheel(&tags)),
    ];
    for name in ["LICENSE-APACHE", "LICENSE-MIT"] {
        entries.push(Entry::text(
            format!("{info}/licenses/{name}"),
            contents.text(name)?,
        ));
    }
    let record = record(&entries, &format!("{info}/RECORD"));
    entries.push(record);
    let name = format!("leakward-{VERSION}-py3-none-{}.whl", tags.join("."));
    Ok((name, zip::write(&entries, dist.effort)?))
}

/// Where it runs, as pip asks for it. A program that needs no C library runs on every Linux.
fn tags(target: Target, program: &[u8]) -> anyhow::Result<Vec<String>> {
    let machine = target.machine;
    if target.is_linux() {
        return Ok(match elf::needs(program)? {
            Needs::Nothing => ["manylinux_2_17", "manylinux2014", "musllinux_1_1"]
                .map(|system| format!("{system}_{machine}"))
                .to_vec(),
            Needs::Glibc(major, minor) => vec![format!("manylinux_{major}_{minor}_{machine}")],
        });
    }
    // The oldest macOS that rustc builds for.
    Ok(vec![match target.triple {
        "x86_64-apple-darwin" => "macosx_10_12_x86_64".to_owned(),
        "aarch64-apple-darwin" => "macosx_11_0_arm64".to_owned(),
        "x86_64-pc-windows-msvc" => "win_amd64".to_owned(),
        other => bail!("there is no tag of Python for {other}"),
    }])
}

fn metadata(readme: &[u8]) -> String {
    let readme = String::from_utf8_lossy(readme);
    format!(
        "Metadata-Version: 2.4\nName: leakward\nVersion: {VERSION}\nSummary: {SUMMARY}\nLicense-Expression: {LICENCE}\n\
         License-File: LICENSE-APACHE\nLicense-File: LICENSE-MIT\nProject-URL: Source, {HOME_PAGE}\n\
         Keywords: secrets,credentials,git,scanner,pre-commit,security\nClassifier: Environment :: Console\n\
         Classifier: Topic :: Security\nRequires-Python: >=3.8\nDescription-Content-Type: text/markdown\n\n{readme}"
    )
}

fn wheel(tags: &[String]) -> String {
    let mut text = format!(
        "Wheel-Version: 1.0\nGenerator: leakward xtask {VERSION}\nRoot-Is-Purelib: false\n"
    );
    for tag in tags {
        text.push_str(&format!("Tag: py3-none-{tag}\n"));
    }
    text
}

/// The list of what is in the wheel; it stands in itself without a sum.
fn record(entries: &[Entry], name: &str) -> Entry {
    let mut text = String::new();
    for entry in entries {
        let sum = checksums::sha256_url_safe(&entry.content);
        text.push_str(&format!(
            "{},sha256={sum},{}\n",
            entry.path,
            entry.content.len()
        ));
    }
    text.push_str(&format!("{name},,\n"));
    Entry::text(name, text)
}
