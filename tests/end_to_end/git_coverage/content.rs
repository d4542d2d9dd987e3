//! What a file can look like: encodings, binary neighbours, attributes that hide it from `git diff`, odd sizes.

use leakward_tests::{Credential, Place, Repository};

use crate::findings_of;

/// Commits `content`, takes it out of the working tree and expects the credential at `place`.
fn expect_found(credential: &Credential, content: impl AsRef<[u8]>, place: Place) {
    let repository = Repository::new();
    repository.commit_file("README.md", "a project\n");
    let commit = repository.commit_file("data.bin", content);
    repository.remove("data.bin").commit("remove it");
    findings_of(&repository).expect(
        credential,
        &place.path("data.bin").commit(&commit).reachable(),
    );
}

fn git() -> Place {
    Place::kind("git")
}

fn utf_16_le(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn utf_16_be(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

#[test]
fn utf_16_little_endian_with_a_byte_order_mark() {
    let credential = Credential::named("utf-16le, mark");
    expect_found(
        &credential,
        [vec![0xff, 0xfe], utf_16_le(&credential.file())].concat(),
        git().line(2),
    );
}

#[test]
fn utf_16_little_endian_without_a_byte_order_mark() {
    let credential = Credential::named("utf-16le");
    expect_found(&credential, utf_16_le(&credential.file()), git().line(2));
}

#[test]
fn utf_16_big_endian_with_a_byte_order_mark() {
    let credential = Credential::named("utf-16be, mark");
    expect_found(
        &credential,
        [vec![0xfe, 0xff], utf_16_be(&credential.file())].concat(),
        git().line(2),
    );
}

#[test]
fn utf_16_big_endian_without_a_byte_order_mark() {
    let credential = Credential::named("utf-16be");
    expect_found(&credential, utf_16_be(&credential.file()), git().line(2));
}

#[test]
fn utf_8_with_a_byte_order_mark() {
    let credential = Credential::named("utf-8, mark");
    expect_found(
        &credential,
        format!("\u{feff}{}", credential.file()),
        git().line(2).column(10),
    );
}

#[test]
fn letters_of_other_scripts_count_as_one_column_each() {
    let credential = Credential::named("scripts");
    let text = format!("# ключ\nпароль = \"{credential}\"\n");
    expect_found(&credential, text, git().line(2).column(11));
}

#[test]
fn latin_1_neighbours() {
    let credential = Credential::named("latin-1");
    let mut content = b"# caf\xe9 \xfcber \xa7\ntoken = \"".to_vec();
    content.extend(credential.text().bytes());
    content.extend(b"\" # \xe4\xf6\xfc\n");
    expect_found(&credential, content, git().line(2).column(10));
}

#[test]
fn a_binary_file_full_of_zero_bytes() {
    let credential = Credential::named("binary");
    let mut content = vec![0_u8; 5_000];
    content.extend(credential.text().bytes());
    content.extend(vec![0_u8; 5_000]);
    expect_found(&credential, content, git().line(1));
}

#[test]
fn windows_line_ends() {
    let credential = Credential::named("windows");
    expect_found(
        &credential,
        credential.file().replace('\n', "\r\n"),
        git().line(2).column(10),
    );
}

#[test]
fn nothing_but_the_credential_without_a_line_end() {
    let credential = Credential::named("alone");
    expect_found(
        &credential,
        credential.text(),
        git().line(1).column(1).field("end_column", 41),
    );
}

#[test]
fn the_last_bytes_of_a_large_file() {
    let credential = Credential::named("large file");
    let mut content = "an innocent line of text that goes on\n".repeat(100_000);
    content.push_str(credential.text());
    expect_found(&credential, content, git().line(100_001).column(1));
}

#[test]
fn one_line_of_several_megabytes() {
    let credential = Credential::named("long line");
    let filler = "var a=b;".repeat(400_000);
    expect_found(
        &credential,
        format!("{filler}\"{credential}\";{filler}"),
        git().line(1).column(3_200_002),
    );
}

#[test]
fn a_file_that_attributes_call_binary() {
    expect_found_despite("*.py binary\n");
}

#[test]
fn a_file_that_attributes_hide_from_diffs() {
    expect_found_despite("*.py -diff\n");
}

#[test]
fn a_file_that_attributes_call_generated_and_vendored() {
    expect_found_despite("*.py linguist-generated linguist-vendored export-ignore -text\n");
}

#[test]
fn a_file_that_attributes_encode_differently_in_the_working_tree() {
    expect_found_despite("*.py working-tree-encoding=UTF-16LE-BOM eol=crlf ident\n");
}

fn expect_found_despite(attributes: &str) {
    let credential = Credential::named(attributes);
    let repository = Repository::new();
    repository.commit_file("settings.py", "token = None\n");
    let blob = repository.store_blob(credential.file());
    repository.git(&[
        "update-index",
        "--add",
        "--cacheinfo",
        "100644",
        &blob,
        "settings.py",
    ]);
    let commit = repository.commit_staged("leak");
    repository.git(&["rm", "--quiet", "--cached", "settings.py"]);
    repository
        .remove("settings.py")
        .commit_file(".gitattributes", attributes);
    let place = Place::git("settings.py")
        .in_settings()
        .commit(&commit)
        .blob(&blob)
        .reachable();
    findings_of(&repository).expect(&credential, &place);
}

#[test]
fn two_credentials_on_one_line_are_two_findings() {
    let (one, two) = (
        Credential::named("one of two"),
        Credential::named("two of two"),
    );
    let repository = Repository::new();
    repository.commit_file("settings.py", format!("tokens = [\"{one}\", \"{two}\"]\n"));
    let report = findings_of(&repository);
    report.expect(&one, &Place::git("settings.py").line(1).column(12));
    report.expect(&two, &Place::git("settings.py").line(1).column(56));
}
