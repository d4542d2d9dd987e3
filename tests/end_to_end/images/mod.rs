//! Container images as umoci, skopeo and docker's registry make them: every planted credential is found in every shape, with
//! the right layer, build step and state.

mod engines;
mod registries;

use std::path::Path;

use leakward_tests::{Image, Place, Report, Sandbox};

use crate::revealing_scan;

/// Whether what is scanned has the manifest's annotations.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manifest {
    Kept,
    Lost,
}

/// Asserts that everything planted is in the report, where it was planted.
fn expect_everything(report: &Report, manifest: Manifest) {
    for file in Image::files() {
        let place = Place::layer(file.path)
            .in_settings()
            .field("state", file.state)
            .field("layer_index", file.layer)
            .field("created_by", file.step)
            .field("platform", "linux/amd64");
        report.expect(&file.credential, &place);
        assert_eq!(
            report.locations(&file.credential).len(),
            1,
            "{}",
            report.overview()
        );
    }
    let named = Place::kind("path")
        .path(&Image::named_path())
        .field("layer_index", 0)
        .field("state", "visible");
    report.expect(&Image::in_name(), &named);
    for (credential, part) in [
        (Image::in_environment(), "config.Env"),
        (Image::in_label(), "config.Labels"),
        (Image::in_command(), "config.Cmd"),
    ] {
        report.expect(&credential, &Place::image_config(part));
    }
    let location = report.location(&Image::in_history(), &Place::kind("image-config"));
    let location = location.expect("the build argument");
    assert_eq!(
        location["created_by"],
        Image::build_step(),
        "{}",
        report.overview()
    );
    if manifest == Manifest::Kept {
        report.expect(&Image::in_annotation(), &Place::image_config("annotations"));
    } else {
        report.expect_absent(&Image::in_annotation());
    }
}

fn scan(sandbox: &Sandbox, target: &Path) -> Report {
    let run = revealing_scan(sandbox).arg(target).run();
    run.expect_status(1);
    run.report()
}

#[test]
fn an_oci_layout_in_a_folder() {
    let Some(image) = Image::build() else { return };
    expect_everything(&scan(image.sandbox(), &image.layout()), Manifest::Kept);
}

#[test]
fn an_oci_layout_in_a_tar_file() {
    let Some(image) = Image::build() else { return };
    let file = image.copy(&["oci-archive:image.tar"]);
    expect_everything(&scan(image.sandbox(), &file), Manifest::Kept);
}

#[test]
fn an_oci_layout_with_zstd_layers() {
    let Some(image) = Image::build() else { return };
    let file = image.copy(&[
        "--dest-compress-format",
        "zstd",
        "--dest-compress",
        "oci-archive:zstd.tar",
    ]);
    expect_everything(&scan(image.sandbox(), &file), Manifest::Kept);
}

#[test]
fn what_docker_save_writes() {
    let Some(image) = Image::build() else { return };
    let file = image.copy(&["docker-archive:saved.tar:team/app:v1"]);
    let report = scan(image.sandbox(), &file);
    expect_everything(&report, Manifest::Lost);
    let live = &Image::files()[0];
    let place = Place::layer(live.path).field("image", "docker.io/team/app:v1");
    report.expect(&live.credential, &place);
}

#[test]
fn a_layer_that_was_changed_on_its_way_is_told() {
    let Some(image) = Image::build() else { return };
    let layer = largest_blob(&image.layout());
    let mut bytes = std::fs::read(&layer).expect("the layer");
    let last = bytes.len() - 6;
    bytes[last] ^= 0x55;
    std::fs::write(&layer, bytes).expect("the layer");
    let run = revealing_scan(image.sandbox()).arg(image.layout()).run();
    let digest = layer
        .file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    run.expect_status(2)
        .report()
        .expect_skipped(&["corrupt", &digest]);
}

#[test]
fn a_layer_that_is_not_there_is_told_and_the_others_are_scanned() {
    let Some(image) = Image::build() else { return };
    let layer = largest_blob(&image.layout());
    std::fs::remove_file(&layer).expect("the layer");
    let digest = layer
        .file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    let run = revealing_scan(image.sandbox()).arg(image.layout()).run();
    let report = run.expect_status(2).report();
    report.expect_skipped(&["missing", &digest]);
    report.expect(&Image::in_environment(), &Place::image_config("config.Env"));
}

#[test]
fn layers_of_a_base_image_are_left_out() {
    let Some(image) = Image::build() else { return };
    let base = image.copy(&["docker-archive:base.tar:team/base:v1"]);
    let added = leakward_tests::Credential::named("image added");
    image.sandbox().write("added.py", added.file());
    image.run(
        "umoci",
        &["insert", "--image", "layout:v1", "added.py", "/added.py"],
    );
    let run = revealing_scan(image.sandbox())
        .arg("--skip-base")
        .arg(base)
        .arg(image.layout())
        .run();
    let report = run.expect_status(1).report();
    report.expect(&added, &Place::layer("added.py").field("layer_index", 6));
    for file in Image::files() {
        report.expect_absent(&file.credential);
    }
}

#[test]
fn a_clean_layer_is_not_looked_at_again_and_one_with_findings_is() {
    let Some(image) = Image::build() else { return };
    let first = scan(image.sandbox(), &image.layout());
    expect_everything(&first, Manifest::Kept);
    let cached = || {
        let files = image.sandbox().left_behind();
        files
            .into_iter()
            .filter(|(path, _)| path.to_string_lossy().contains("layers"))
            .count()
    };
    assert_eq!(
        cached(),
        3,
        "the layers without a credential are remembered"
    );
    let second = scan(image.sandbox(), &image.layout());
    expect_everything(&second, Manifest::Kept);
    let scope = second.value()["targets"][0]["scope"].to_string();
    assert!(scope.contains("3 of them known to be clean"), "{scope}");
    for file in Image::files() {
        assert_nothing_left(&image, file.credential.tell_tale());
    }
    let other_rules = revealing_scan(image.sandbox())
        .args(["--disable-rule", "generic-*"])
        .arg(image.layout())
        .run();
    let scope = other_rules.report().value()["targets"][0]["scope"].to_string();
    assert!(
        !scope.contains("known to be clean"),
        "other rules find other things: {scope}"
    );
}

#[test]
fn only_the_platform_that_is_asked_for() {
    let Some(image) = Image::build() else { return };
    let run = |platform: &str| {
        let program = revealing_scan(image.sandbox()).args(["--platform", platform]);
        program.arg(image.layout()).run()
    };
    expect_everything(
        &run("linux/amd64").expect_status(1).report(),
        Manifest::Kept,
    );
    run("linux/s390x")
        .expect_status(2)
        .expect_message(&["linux/s390x", "linux/amd64"]);
}

#[test]
fn masked_reports_of_every_format_show_no_credential_of_an_image() {
    let Some(image) = Image::build() else { return };
    for format in ["terminal", "json", "jsonl", "sarif", "csv"] {
        let run = crate::leakward(image.sandbox())
            .args(["scan", "--format", format])
            .arg(image.layout())
            .run();
        run.expect_status(1);
        let planted = Image::files().into_iter().map(|file| file.credential);
        let others = [
            Image::in_name(),
            Image::in_environment(),
            Image::in_history(),
            Image::in_label(),
            Image::in_annotation(),
            Image::in_command(),
        ];
        for credential in planted.chain(others) {
            assert!(
                !run.transcript().contains(credential.tell_tale()),
                "{format}"
            );
        }
    }
}

fn assert_nothing_left(image: &Image, text: &str) {
    for (path, content) in image.sandbox().left_behind() {
        let is_login = path.ends_with(".docker/config.json");
        assert!(
            is_login || !String::from_utf8_lossy(&content).contains(text),
            "{} holds what it must not",
            path.display()
        );
    }
}

/// The layer with the most bytes.
fn largest_blob(layout: &Path) -> std::path::PathBuf {
    let blobs = std::fs::read_dir(layout.join("blobs/sha256")).expect("blobs");
    let paths = blobs.map(|entry| entry.expect("an entry").path());
    let is_layer = |path: &std::path::PathBuf| {
        std::fs::read(path)
            .expect("a blob")
            .starts_with(b"\x1f\x8b")
    };
    paths
        .filter(is_layer)
        .max_by_key(|path| path.metadata().expect("a size").len())
        .expect("a layer")
}
