//! A package for Debian and its descendants: an `ar` file of a version, a description and the files (deb(5)).

use crate::contents::{Contents, Entry};
use crate::dist::Dist;
use crate::elf::{self, Needs};
use crate::target::Target;
use crate::{HOME_PAGE, SUMMARY, VERSION, archive, checksums};

/// What the description says behind its first line; each begins with a space, and a line that is empty is a dot.
const DESCRIPTION: &str = " Scans the whole history of git repositories, working trees, container images, archives\n \
    and streams; says which credentials work; revokes them and puts successors where\n applications read them.\n";

/// The package: its name and its bytes.
pub(crate) fn make(
    dist: &Dist,
    program: &[u8],
    contents: &Contents,
) -> anyhow::Result<(String, Vec<u8>)> {
    let (target, time) = (dist.target, dist.time);
    let mut files = contents.installed(program)?;
    let copyright = copyright(contents)?;
    files.push(Entry::text("usr/share/doc/leakward/copyright", copyright));
    let log = archive::gzip(&contents.text("CHANGELOG.md")?, dist.effort)?;
    files.push(Entry::text("usr/share/doc/leakward/changelog.gz", log));
    // Where Debian's zsh looks.
    for file in &mut files {
        file.path = file
            .path
            .replace("/zsh/site-functions/", "/zsh/vendor-completions/");
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    let control = [
        Entry::text("control", control(target, program, &files)?),
        Entry::text("md5sums", sums(&files)),
    ];
    let members = [
        ("debian-binary", b"2.0\n".to_vec()),
        (
            "control.tar.gz",
            archive::gzip(&archive::tar(&control, "", time)?, dist.effort)?,
        ),
        (
            "data.tar.gz",
            archive::gzip(&archive::tar(&files, "", time)?, dist.effort)?,
        ),
    ];
    let name = format!("leakward_{VERSION}_{}.deb", target.debian);
    Ok((name, ar(&members, time)))
}

fn control(target: Target, program: &[u8], files: &[Entry]) -> anyhow::Result<String> {
    let depends = match elf::needs(program)? {
        Needs::Nothing => String::new(),
        Needs::Glibc(major, minor) => {
            format!("Depends: libc6 (>= {major}.{minor}), libgcc-s1\n")
        }
    };
    let bytes: usize = files.iter().map(|file| file.content.len()).sum();
    Ok(format!(
        "Package: leakward\nVersion: {VERSION}\nArchitecture: {}\nMaintainer: Leakward <leakward@users.noreply.github.com>\n\
         Installed-Size: {}\n{depends}Recommends: ca-certificates\nSuggests: git\nSection: utils\nPriority: optional\n\
         Homepage: {HOME_PAGE}\nDescription: {}\n{DESCRIPTION}",
        target.debian,
        bytes.div_ceil(1024),
        summary(),
    ))
}

/// Debian wants no capital letter at the begin.
fn summary() -> String {
    let mut letters = SUMMARY.chars();
    let first = letters.next().map(|letter| letter.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

fn copyright(contents: &Contents) -> anyhow::Result<Vec<u8>> {
    let mut text = format!(
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: leakward\nSource: {HOME_PAGE}\n\n\
         Files: *\nCopyright: the Leakward authors\nLicense: Apache-2.0 or Expat\n\nLicense: Apache-2.0\n On Debian systems, the text is in\n \
         /usr/share/common-licenses/Apache-2.0.\n\nLicense: Expat\n"
    );
    let mit = contents.text("LICENSE-MIT")?;
    for line in String::from_utf8_lossy(&mit).lines() {
        let line = if line.trim().is_empty() { "." } else { line };
        text.push_str(&format!(" {line}\n"));
    }
    Ok(text.into_bytes())
}

fn sums(files: &[Entry]) -> String {
    files
        .iter()
        .map(|file| format!("{}  {}\n", checksums::md5(&file.content), file.path))
        .collect()
}

/// An archive as ar(5) has it: a line of sixty characters before each member, and members begin at even places.
fn ar(members: &[(&str, Vec<u8>)], time: u64) -> Vec<u8> {
    let mut bytes = b"!<arch>\n".to_vec();
    for (name, content) in members {
        let line = format!(
            "{name:<16}{time:<12}{:<6}{:<6}{:<8}{:<10}`\n",
            0,
            0,
            "100644",
            content.len()
        );
        bytes.extend_from_slice(line.as_bytes());
        bytes.extend_from_slice(content);
        if content.len() % 2 == 1 {
            bytes.push(b'\n');
        }
    }
    bytes
}
