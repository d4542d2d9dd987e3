//! Images that no program writes: damaged, lying, hostile. What programs write is tested end to end.

use std::fs;
use std::path::Path;

use leakward_core::{Limits, SkippedKind};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::bolt::tests::{of_images, of_one_image};
use super::containerd::Containerd;
use super::{Digest, Images, NothingKnown};
use crate::archive::made::{gzip, tar_link, tar_member};
use crate::piece::Origin;
use crate::recording::Recording;

/// An OCI layout in the making.
struct Layout {
    folder: TempDir,
}

impl Layout {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("blobs/sha256")).unwrap();
        fs::write(folder.path().join("oci-layout"), "{}").unwrap();
        Self { folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Stores a blob and returns what refers to it.
    fn blob(&self, bytes: &[u8]) -> Value {
        let digest = Digest::of(bytes);
        let file = self.path().join("blobs/sha256").join(digest.parts().1);
        fs::write(file, bytes).unwrap();
        json!({ "digest": digest.as_str(), "size": bytes.len() })
    }

    fn document(&self, document: &Value) -> Value {
        self.blob(document.to_string().as_bytes())
    }

    /// An image with these layers, the only one of the layout.
    fn image(&self, layers: &[Value]) {
        let config = self.document(&json!({ "os": "linux", "architecture": "amd64" }));
        let manifest = self.document(&json!({ "config": config, "layers": layers }));
        self.index(&json!([manifest]));
    }

    fn index(&self, manifests: &Value) {
        let index = json!({ "manifests": manifests }).to_string();
        fs::write(self.path().join("index.json"), index).unwrap();
    }

    fn scan(&self) -> Recording {
        scan(self.path())
    }
}

fn scan(path: &Path) -> Recording {
    let recording = Recording::default();
    let images = Images::at(path, None).unwrap();
    images.scan(&recording, &Limits::default(), &NothingKnown);
    recording
}

/// The paths of files in layers that were shown.
fn paths(recording: &Recording) -> Vec<String> {
    let path = |(origin, _)| match origin {
        Origin::Layer(_, path) => Some(path),
        _ => None,
    };
    recording
        .all_pieces()
        .into_iter()
        .filter_map(path)
        .collect()
}

fn skipped_as(recording: &Recording, kind: SkippedKind, words: &str) -> bool {
    recording.all_skipped().iter().any(|skipped| {
        skipped.kind == kind && format!("{}: {}", skipped.what, skipped.reason).contains(words)
    })
}

#[test]
fn a_layer_that_two_images_share_is_looked_at_once() {
    let layout = Layout::new();
    let layer = layout.blob(&gzip(&tar_member(b"etc/app.conf", b'0', b"x")));
    let manifest = |name: &str| {
        let config = layout.document(&json!({ "os": "linux", "architecture": name }));
        layout.document(&json!({ "config": config, "layers": [layer, layer] }))
    };
    layout.index(&json!([manifest("amd64"), manifest("arm64")]));
    assert_eq!(paths(&layout.scan()), ["etc/app.conf"]);
    let images = Images::at(layout.path(), None).unwrap();
    let digest = layer["digest"].as_str().unwrap();
    assert_eq!(images.with_layer(digest).count(), 4);
}

#[test]
fn of_a_layer_that_is_cut_off_what_is_there_is_looked_at_and_the_cut_is_told() {
    let layout = Layout::new();
    let noise: Vec<u8> = (0..50_000_u32)
        .flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes())
        .collect();
    let members = [
        tar_member(b"first", b'0', b"1"),
        tar_member(b"second", b'0', &noise),
    ];
    let whole = gzip(&members.concat());
    layout.image(&[layout.blob(&whole[..whole.len() / 2])]);
    let seen = layout.scan();
    assert_eq!(paths(&seen), ["first", "second"]);
    assert!(skipped_as(&seen, SkippedKind::Corrupt, "layer sha256:"));
}

#[test]
fn every_part_of_a_configuration_is_a_piece_of_its_own() {
    let layout = Layout::new();
    let config = layout.document(&json!({
        "os": "linux",
        "architecture": "amd64",
        "config": {
            "Env": ["A=environment", "B=2"],
            "Cmd": ["run", "--token=command"],
            "Entrypoint": ["sh", "entrypoint"],
            "Shell": ["bash", "shell"],
            "Labels": { "key": "label" },
            "OnBuild": ["ARG T=onbuild"],
            "Healthcheck": { "Test": ["CMD", "curl", "healthcheck"] },
        },
        "history": [{ "created_by": "ARG T=history", "comment": "a comment", "author": "ada" }],
    }));
    let manifest = layout.document(
        &json!({ "config": config, "layers": [], "annotations": { "key": "annotation" } }),
    );
    layout.index(&json!([manifest]));
    let seen = layout.scan();
    let parts: Vec<(String, String)> = seen
        .all_pieces()
        .into_iter()
        .filter_map(|(origin, bytes)| match origin {
            Origin::ImageConfig(_, part) if !part.is_empty() => {
                Some((part, String::from_utf8(bytes).unwrap()))
            }
            _ => None,
        })
        .collect();
    for (part, text) in [
        ("config.Env", "A=environment\nB=2"),
        ("config.Cmd", "run --token=command"),
        ("config.Entrypoint", "sh entrypoint"),
        ("config.Shell", "bash shell"),
        ("config.Labels", "key=label"),
        ("config.OnBuild", "ARG T=onbuild"),
        ("config.Healthcheck", "CMD curl healthcheck"),
        ("history[0].created_by", "ARG T=history"),
        ("history[0].comment", "a comment"),
        ("history[0].author", "ada"),
        ("annotations", "key=annotation"),
    ] {
        let expected = (part.to_owned(), text.to_owned());
        assert!(parts.contains(&expected), "{part} in {parts:?}");
    }
}

#[test]
fn platforms_that_containerd_never_fetched_are_not_missing() {
    let folder = tempfile::tempdir().unwrap();
    let contents = folder.path().join("io.containerd.content.v1.content");
    let names = folder.path().join("io.containerd.metadata.v1.bolt");
    fs::create_dir_all(contents.join("blobs/sha256")).unwrap();
    fs::create_dir_all(&names).unwrap();
    let blob = |bytes: &[u8]| {
        let digest = Digest::of(bytes);
        let file = contents.join("blobs/sha256").join(digest.parts().1);
        fs::write(file, bytes).unwrap();
        json!({ "digest": digest.as_str(), "size": bytes.len() })
    };
    let document = |document: Value| blob(document.to_string().as_bytes());
    let layer = blob(&gzip(&tar_member(b"etc/app.conf", b'0', b"x")));
    let config = document(json!({ "os": "linux", "architecture": "amd64" }));
    let there = document(json!({ "config": config, "layers": [layer] }));
    let elsewhere = json!({ "digest": Digest::of(b"elsewhere").as_str() });
    let index = document(json!({ "manifests": [elsewhere, there] }));
    let digest = index["digest"].as_str().unwrap();
    let name = "docker.io/team/app:v1";
    fs::write(names.join("meta.db"), of_one_image("k8s.io", name, digest)).unwrap();
    let containerd = Containerd {
        folder: folder.path().to_owned(),
        name: Some("team/app:v1".to_owned()),
        namespace: None,
    };
    let recording = Recording::default();
    let images = Images::of_containerd(&containerd, None).unwrap();
    images.scan(&recording, &Limits::default(), &NothingKnown);
    assert_eq!(paths(&recording), ["etc/app.conf"]);
    assert_eq!(images.images[0].name, name);
    assert!(recording.all_skipped().is_empty());
    // When nothing of it is there, that is an error.
    let index = document(json!({ "manifests": [elsewhere] }));
    let digest = index["digest"].as_str().unwrap();
    fs::write(names.join("meta.db"), of_one_image("k8s.io", name, digest)).unwrap();
    assert!(Images::of_containerd(&containerd, None).is_err());
    // Beside an image that is there it is told: otherwise the scan would look clean.
    let all = Containerd {
        name: None,
        ..containerd
    };
    let there = there["digest"].as_str().unwrap();
    let database = of_images(
        "k8s.io",
        &[(name, there), ("docker.io/team/lost:v1", digest)],
    );
    fs::write(names.join("meta.db"), database).unwrap();
    let images = Images::of_containerd(&all, None).unwrap();
    let recording = Recording::default();
    images.scan(&recording, &Limits::default(), &NothingKnown);
    assert_eq!(paths(&recording), ["etc/app.conf"]);
    assert!(skipped_as(
        &recording,
        SkippedKind::Missing,
        "docker.io/team/lost:v1"
    ));
}

#[test]
fn a_layer_that_is_something_else_than_it_is_called_is_told() {
    let layout = Layout::new();
    let layer = layout.blob(&gzip(&tar_member(b"first", b'0', b"1")));
    let digits = Digest::of(b"another").parts().1.to_owned();
    let right = layer["digest"].as_str().unwrap().replace("sha256:", "");
    let blobs = layout.path().join("blobs/sha256");
    fs::rename(blobs.join(right), blobs.join(&digits)).unwrap();
    layout.image(&[json!({ "digest": format!("sha256:{digits}") })]);
    let seen = layout.scan();
    assert_eq!(paths(&seen), ["first"], "it is looked at all the same");
    assert!(skipped_as(&seen, SkippedKind::Corrupt, "have the digest"));
}

#[test]
fn a_layer_that_is_no_archive_is_looked_at_as_it_is() {
    let layout = Layout::new();
    layout.image(&[
        layout.blob(b"{\"predicate\": 1}"),
        layout.blob(&gzip(b"text")),
    ]);
    let seen = layout.scan();
    assert!(seen.saw("predicate") && seen.saw("text"));
    assert!(seen.all_skipped().is_empty());
}

#[test]
fn names_in_a_layer_lead_nowhere() {
    let layout = Layout::new();
    let members = [
        tar_member(b"../../etc/one", b'0', b"1"),
        tar_member(b"/etc/two", b'0', b"2"),
        tar_link(b"x", b'2', b"y"),
        tar_link(b"y", b'2', b"x"),
        tar_link(b"out", b'1', b"../../../etc/passwd"),
        tar_member(b"dev/sda", b'4', b""),
    ];
    layout.image(&[layout.blob(&members.concat())]);
    let seen = layout.scan();
    assert_eq!(paths(&seen), ["../../etc/one", "etc/two", "x", "y"]);
    assert!(seen.all_skipped().is_empty(), "{:?}", seen.all_skipped());
}

#[test]
fn an_index_of_indexes_without_end_ends() {
    let layout = Layout::new();
    let mut document = layout.document(&json!({ "manifests": [] }));
    for _ in 0..20 {
        document = layout.document(&json!({ "manifests": [document] }));
    }
    layout.index(&json!([document]));
    assert!(skipped_as(
        &layout.scan(),
        SkippedKind::Limit,
        "indexes are followed"
    ));
}

#[test]
fn an_index_that_lists_the_same_over_and_over_costs_no_more_than_once() {
    let layout = Layout::new();
    let mut document = layout.document(&json!({ "manifests": [] }));
    for _ in 0..4 {
        document = layout.document(&json!({ "manifests": vec![document; 200] }));
    }
    layout.index(&json!([document]));
    let seen = layout.scan();
    assert_eq!(seen.pieces().len(), 6, "five documents and the index");
    assert!(seen.all_skipped().is_empty());
}

#[test]
fn what_is_no_digest_is_told_and_no_path_is_made_of_it() {
    let layout = Layout::new();
    layout.image(&[json!({ "digest": "sha256:../../../../etc/passwd" })]);
    assert!(skipped_as(
        &layout.scan(),
        SkippedKind::Corrupt,
        "no digest"
    ));
}

#[cfg(unix)]
#[test]
fn a_blob_that_is_a_link_out_of_the_layout_is_not_followed() {
    let layout = Layout::new();
    let outside = tempfile::NamedTempFile::new().unwrap();
    fs::write(outside.path(), "outside").unwrap();
    let digest = Digest::of(b"outside");
    let link = layout.path().join("blobs/sha256").join(digest.parts().1);
    std::os::unix::fs::symlink(outside.path(), link).unwrap();
    layout.image(&[json!({ "digest": digest.as_str() })]);
    let seen = layout.scan();
    assert!(!seen.saw("outside"));
    assert!(skipped_as(&seen, SkippedKind::Unreadable, "leads out"));
}

#[test]
fn links_in_a_saved_image_are_followed_as_far_as_they_lead_somewhere() {
    let folder = tempfile::tempdir().unwrap();
    let layer = tar_member(b"etc/app.conf", b'0', b"x");
    let diff_id = Digest::of(&layer);
    let config = json!({
        "os": "linux", "architecture": "amd64",
        "rootfs": { "diff_ids": [diff_id.as_str(), Digest::of(b"lost").as_str()] },
    });
    let manifest = json!([{ "Config": "config.json", "Layers": ["one/layer.tar", "x/layer.tar"] }]);
    let members = [
        tar_member(b"two/layer.tar", b'0', &layer),
        tar_link(b"one/layer.tar", b'2', b"../two/layer.tar"),
        tar_link(b"x/layer.tar", b'2', b"../y/layer.tar"),
        tar_link(b"y/layer.tar", b'2', b"../x/layer.tar"),
        tar_member(b"config.json", b'0', config.to_string().as_bytes()),
        tar_member(b"manifest.json", b'0', manifest.to_string().as_bytes()),
    ];
    let file = folder.path().join("saved.tar");
    fs::write(&file, members.concat()).unwrap();
    assert!(super::is_image_archive(&file));
    let seen = scan(&file);
    assert_eq!(paths(&seen), ["etc/app.conf"]);
    assert!(skipped_as(&seen, SkippedKind::Missing, "x/layer.tar"));
}

#[test]
fn a_tar_file_of_anything_else_holds_no_images() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("other.tar");
    fs::write(&file, tar_member(b"readme", b'0', b"x")).unwrap();
    assert!(!super::is_image_archive(&file));
    fs::write(&file, b"no tar at all").unwrap();
    assert!(!super::is_image_archive(&file));
}
