//! A container image with a credential in every place that an image has for one, made by umoci and skopeo, without a daemon.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::credential::Credential;
use crate::requirement::{Requirement, missing};
use crate::sandbox::Sandbox;

/// An image in an OCI layout, and the credentials in it.
#[derive(Debug)]
pub struct Image {
    sandbox: Sandbox,
}

/// A credential in a file of a layer, and what becomes of the file.
#[derive(Clone, Debug)]
pub struct PlantedFile {
    /// The credential.
    pub credential: Credential,
    /// Its path in the image.
    pub path: &'static str,
    /// `visible`, `overwritten` or `deleted`.
    pub state: &'static str,
    /// Which layer, from 0.
    pub layer: u32,
    /// The build step that made the layer.
    pub step: &'static str,
}

/// What umoci is told for the build step of each layer, the lowest first.
const STEPS: [&str; 6] = [
    "COPY app /app",
    "COPY secrets /secrets",
    "COPY settings.py /app/overwritten.py",
    "RUN rm /app/deleted.py",
    "RUN rm -rf /secrets",
    "COPY archive /archive",
];

impl Image {
    /// The image; nothing when the programs that make it are not there.
    #[must_use]
    pub fn build() -> Option<Self> {
        if missing(Requirement::Tool("umoci")) || missing(Requirement::Tool("skopeo")) {
            return None;
        }
        let image = Self {
            sandbox: Sandbox::new(),
        };
        image.umoci(&["init", "--layout", "layout"]);
        image.umoci(&["new", "--image", "layout:v1"]);
        image.add_layers();
        image.configure();
        Some(image)
    }

    fn add_layers(&self) {
        for file in Self::files() {
            let at = format!("root/{}", file.path);
            match file.path.strip_prefix("archive/") {
                None => drop(self.sandbox.write(&at, file.credential.file())),
                Some(_) => self.make_archive(&file),
            }
        }
        self.sandbox.write("root/harmless.py", "retries = 3\n");
        self.sandbox
            .write(&format!("root/{}", Self::named_path()), "nothing\n");
        self.sandbox.folder("root/empty");
        self.insert(0, &["root/app", "/app"]);
        self.insert(1, &["root/secrets", "/secrets"]);
        self.insert(2, &["root/harmless.py", "/app/overwritten.py"]);
        self.insert(3, &["--whiteout", "/app/deleted.py"]);
        self.insert(4, &["--opaque", "root/empty", "/secrets"]);
        self.insert(5, &["root/archive", "/archive"]);
    }

    /// The path is that of a member: `archive/outer.tar.gz!inner.py`.
    fn make_archive(&self, file: &PlantedFile) {
        let (archive, member) = file.path.split_once('!').expect("a member");
        self.sandbox
            .write(&format!("members/{member}"), file.credential.file());
        self.sandbox.folder("root/archive");
        self.run(
            "tar",
            &["czf", &format!("root/{archive}"), "-C", "members", member],
        );
    }

    fn insert(&self, layer: usize, arguments: &[&str]) {
        let step = format!("--history.created_by={}", STEPS[layer]);
        let mut words = vec!["insert", "--image", "layout:v1", &step];
        words.extend(arguments);
        self.umoci(&words);
    }

    fn configure(&self) {
        let environment = format!("--config.env=SERVICE_TOKEN={}", Self::in_environment());
        let label = format!("--config.label=token={}", Self::in_label());
        let annotation = format!("--manifest.annotation=token={}", Self::in_annotation());
        let command = format!("--config.cmd=--token={}", Self::in_command());
        let step = format!("--history.created_by={}", Self::build_step());
        self.umoci(&[
            "config",
            "--image",
            "layout:v1",
            &environment,
            &label,
            &annotation,
            &command,
            &step,
        ]);
    }

    /// The credentials in files.
    #[must_use]
    pub fn files() -> Vec<PlantedFile> {
        let file = |name, path, state, layer: u32| PlantedFile {
            credential: Credential::named(name),
            path,
            state,
            layer,
            step: STEPS[layer as usize],
        };
        vec![
            file("image live", "app/live.py", "visible", 0),
            file("image deleted", "app/deleted.py", "deleted", 0),
            file("image overwritten", "app/overwritten.py", "overwritten", 0),
            file("image opaque", "secrets/deep/hidden.py", "deleted", 1),
            file(
                "image archive",
                "archive/outer.tar.gz!inner.py",
                "visible",
                5,
            ),
        ]
    }

    /// The credential in a file's name, in the lowest layer.
    #[must_use]
    pub fn in_name() -> Credential {
        Credential::named("image name")
    }

    /// That file's path.
    #[must_use]
    pub fn named_path() -> String {
        format!("app/{}.txt", Self::in_name())
    }

    /// The credential in a variable.
    #[must_use]
    pub fn in_environment() -> Credential {
        Credential::named("image environment")
    }

    /// The credential in a label.
    #[must_use]
    pub fn in_label() -> Credential {
        Credential::named("image label")
    }

    /// The credential in the command.
    #[must_use]
    pub fn in_command() -> Credential {
        Credential::named("image command")
    }

    /// The credential in an annotation of the manifest, which what `docker save` writes has not.
    #[must_use]
    pub fn in_annotation() -> Credential {
        Credential::named("image annotation")
    }

    /// The credential that a build argument left in the history.
    #[must_use]
    pub fn in_history() -> Credential {
        Credential::named("image history")
    }

    /// The build step with that argument.
    #[must_use]
    pub fn build_step() -> String {
        format!("RUN |1 BUILD_TOKEN={} /bin/sh -c make", Self::in_history())
    }

    /// The sandbox in which the image lies.
    #[must_use]
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// The layout's folder.
    #[must_use]
    pub fn layout(&self) -> PathBuf {
        self.sandbox.path("layout")
    }

    /// Copies the image to where skopeo's `arguments` say: options, then the destination.
    pub fn copy(&self, arguments: &[&str]) -> PathBuf {
        let (destination, options) = arguments.split_last().expect("a destination");
        let mut words = vec!["copy", "--quiet", "--insecure-policy"];
        words.extend(options);
        words.extend(["oci:layout:v1", destination]);
        self.run("skopeo", &words);
        let file = destination.split(':').nth(1).expect("a path");
        self.sandbox.path(file)
    }

    fn umoci(&self, arguments: &[&str]) {
        self.run("umoci", arguments);
    }

    /// Runs a program in the sandbox.
    ///
    /// # Panics
    /// When it fails.
    pub fn run(&self, program: &str, arguments: &[&str]) {
        run(self.sandbox.command(Path::new(program)).args(arguments));
    }
}

fn run(command: &mut Command) {
    let output = command.output().expect("the program to start");
    assert!(
        output.status.success(),
        "{command:?}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
