//! Strings of programs and other binaries: looked at when asked for, wherever the binary lies, and told at their own bytes.

use leakward_tests::{
    Credential, Image, Place, Program, Repository, Requirement, Sandbox, missing,
};

use crate::revealing_scan;

/// A binary that holds `credential` in UTF-16LE: on its second line, from the fourth column on.
fn binary(credential: &Credential) -> Vec<u8> {
    let text = format!("{credential}");
    let wide = text.encode_utf16().flat_map(u16::to_le_bytes);
    let mut bytes = b"\x7fELF\x02\x01\x01\0\0\0\n\0\0\0".to_vec();
    bytes.extend(wide);
    bytes.extend(b"\0\0\x01\x02");
    bytes
}

/// Where the credential of [`binary`] stands.
fn in_binary(place: Place) -> Place {
    place
        .line(2)
        .column(4)
        .field("end_line", 2)
        .field("end_column", 84)
        .field("decoded", ["utf-16le strings"].to_vec())
}

fn with_strings(sandbox: &Sandbox) -> Program {
    revealing_scan(sandbox).args(["--binary-strings"])
}

#[test]
fn strings_of_a_binary_in_a_folder_are_found_when_asked_for() {
    let sandbox = Sandbox::new();
    let (wide, narrow) = (Credential::named("wide"), Credential::named("narrow"));
    sandbox.write("folder/wide.bin", binary(&wide));
    sandbox.write(
        "folder/narrow.bin",
        format!("\x01\0\0\n\0{narrow}\0\x02").into_bytes(),
    );
    let without = revealing_scan(&sandbox).arg("folder").run();
    let without = without.expect_status(1).report();
    without.expect_absent(&wide);
    assert!(without.holds(&narrow), "plain bytes are always looked at");
    let with = with_strings(&sandbox).arg("folder").run();
    let with = with.expect_status(1).report();
    with.expect(&wide, &in_binary(Place::file("wide.bin")));
    with.expect(&narrow, &Place::file("narrow.bin").line(2).column(2));
    for credential in [&wide, &narrow] {
        assert_eq!(with.locations(credential).len(), 1, "{}", with.overview());
    }
}

#[test]
fn strings_of_a_binary_in_history_are_found_although_an_earlier_scan_found_none() {
    let repository = Repository::new();
    let credential = Credential::named("wide in history");
    repository.write("tool.bin", binary(&credential));
    let commit = repository.commit("the tool");
    repository.remove("tool.bin");
    repository.commit("without the tool");
    // What the first scan remembers is worth nothing to one that looks at more.
    crate::scan(&repository).expect_status(0);
    let run = crate::scan_with(&repository, &["--binary-strings"]);
    let place = in_binary(Place::git("tool.bin")).commit(&commit);
    run.expect_status(1).report().expect(&credential, &place);
    crate::scan(&repository).expect_status(0);
}

#[test]
fn strings_of_a_binary_in_a_layer_are_found_although_the_layer_was_known_to_be_clean() {
    let Some(image) = Image::build() else { return };
    let credential = Credential::named("wide in a layer");
    image.sandbox().write("added.bin", binary(&credential));
    image.run(
        "umoci",
        &["insert", "--image", "layout:v1", "added.bin", "/added.bin"],
    );
    let scan = |program: Program| {
        let run = program.arg(image.layout()).run();
        run.expect_status(1).report()
    };
    scan(revealing_scan(image.sandbox())).expect_absent(&credential);
    let place = Place::layer("added.bin").field("layer_index", 6);
    scan(with_strings(image.sandbox())).expect(&credential, &in_binary(place));
}

#[test]
fn strings_of_a_binary_in_an_archive_are_found() {
    if missing(Requirement::Tool("tar")) {
        return;
    }
    let sandbox = Sandbox::new();
    let credential = Credential::named("wide in an archive");
    sandbox.write("made/tool.bin", binary(&credential));
    let packed = sandbox
        .command("tar")
        .args(["czf", "folder.tar.gz", "-C", "made", "tool.bin"])
        .status();
    assert!(packed.expect("tar").success());
    let run = with_strings(&sandbox).arg("folder.tar.gz").run();
    let place = in_binary(Place::file("folder.tar.gz!tool.bin"));
    run.expect_status(1).report().expect(&credential, &place);
}

#[test]
fn how_long_a_string_is_at_least_can_be_said_and_is_checked() {
    let sandbox = Sandbox::new();
    let credential = Credential::named("short strings");
    sandbox.write("folder/tool.bin", binary(&credential));
    let scan = |option: &str| revealing_scan(&sandbox).args([option, "folder"]).run();
    scan("--binary-strings=40").expect_status(1);
    scan("--binary-strings=41").expect_status(0);
    for wrong in [
        "--binary-strings=3",
        "--binary-strings=2000",
        "--binary-strings=x",
    ] {
        scan(wrong)
            .expect_status(2)
            .expect_message(&["--binary-strings", "between 4 and 1024"]);
    }
    sandbox.write(
        "folder/leakward.toml",
        "version = 1\n[scan]\nbinary-strings = 8\n",
    );
    let run = revealing_scan(&sandbox).arg("folder").run();
    let report = run.expect_status(1).report();
    report.expect(&credential, &in_binary(Place::file("tool.bin")));
}
