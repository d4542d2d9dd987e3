//! Container images as umoci, skopeo and docker's registry make them: every planted credential is found in every shape, with
//! the right layer, build step and state.

use std::path::Path;

use leakward_tests::{
    Image, Place, Program, REGISTRY_PASSWORD, REGISTRY_USER, Registry, Report, Sandbox,
};

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
fn a_registry_with_a_login() {
    let Some(image) = Image::build() else { return };
    let Some(registry) = Registry::start(image.sandbox()) else {
        return;
    };
    let name = push(&image, &registry, "team/app:v1");
    let run = trusting(&registry, revealing_scan(image.sandbox()))
        .args(["--registry-user", REGISTRY_USER])
        .input(format!("{REGISTRY_PASSWORD}\n"))
        .arg(&name)
        .run();
    let report = run.expect_status(1).report();
    expect_everything(&report, Manifest::Kept);
    let live = &Image::files()[0];
    report.expect(
        &live.credential,
        &Place::layer(live.path).field("image", name.as_str()),
    );
    assert!(
        !run.transcript().contains(REGISTRY_PASSWORD),
        "{}",
        run.transcript()
    );
    assert_nothing_left(&image, REGISTRY_PASSWORD);
}

#[test]
fn a_registry_that_docker_login_knows() {
    let Some(image) = Image::build() else { return };
    let Some(registry) = Registry::start(image.sandbox()) else {
        return;
    };
    let name = push(&image, &registry, "team/app:v1");
    let arguments = [
        "login",
        "--authfile",
        "home/.docker/config.json",
        "--cert-dir",
        "certificates",
    ];
    image.sandbox().folder("home/.docker");
    let host = registry.name("").trim_end_matches('/').to_owned();
    let mut words = arguments.to_vec();
    words.extend([
        "--username",
        REGISTRY_USER,
        "--password",
        REGISTRY_PASSWORD,
        &host,
    ]);
    image.run("skopeo", &words);
    let run = trusting(&registry, revealing_scan(image.sandbox()))
        .arg(&name)
        .run();
    expect_everything(&run.expect_status(1).report(), Manifest::Kept);
}

#[test]
fn a_mirror_is_asked_first_and_the_registry_when_the_mirror_does_not_answer() {
    let Some(image) = Image::build() else { return };
    let Some(registry) = Registry::start(image.sandbox()) else {
        return;
    };
    let name = push(&image, &registry, "team/app:v1");
    let host = registry.name("").trim_end_matches('/').to_owned();
    let auth = base64(&format!("{REGISTRY_USER}:{REGISTRY_PASSWORD}"));
    let logins = format!("{{\"auths\": {{\"{host}\": {{\"auth\": \"{auth}\"}}}}}}");
    image.sandbox().write("home/.docker/config.json", logins);
    // Nobody answers for registry.invalid but the mirror.
    for (mirror, name) in [
        (
            format!("registry.invalid={host}"),
            "registry.invalid/team/app:v1",
        ),
        (format!("{host}=localhost:1"), name.as_str()),
    ] {
        let run = trusting(&registry, revealing_scan(image.sandbox()))
            .args(["--registry-mirror", &mirror])
            .arg(name)
            .run();
        expect_everything(&run.expect_status(1).report(), Manifest::Kept);
    }
}

/// Of a few bytes, without a library.
fn base64(text: &str) -> String {
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let bits = chunk
            .iter()
            .fold(0_u32, |bits, &byte| bits << 8 | u32::from(byte));
        let bits = bits << (8 * (3 - chunk.len()));
        for index in 0..4 {
            let digit = digits[(bits >> (18 - 6 * index) & 63) as usize];
            encoded.push(if index > chunk.len() {
                '='
            } else {
                char::from(digit)
            });
        }
    }
    encoded
}

/// Answers one request as a container engine does, and says what was asked for.
#[cfg(unix)]
fn engine_that_saves(
    socket: &Path,
    answer: &'static str,
    archive: Vec<u8>,
) -> std::thread::JoinHandle<String> {
    use std::io::{Read as _, Write as _};
    let listener = std::os::unix::net::UnixListener::bind(socket).expect("a socket");
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let mut request = Vec::new();
        let mut byte = [0];
        while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).expect("a request") > 0 {
            request.extend(byte);
        }
        let head = format!("HTTP/1.1 {answer}\r\nTransfer-Encoding: chunked\r\n\r\n");
        stream.write_all(head.as_bytes()).expect("the answer");
        // Whoever is refused does not wait for the rest.
        let _cut_off = archive.chunks(70_000).try_for_each(|chunk| {
            write!(stream, "{:x}\r\n", chunk.len())?;
            stream.write_all(chunk)?;
            stream.write_all(b"\r\n")
        });
        let _cut_off = stream.write_all(b"0\r\n\r\n");
        let request = String::from_utf8_lossy(&request).into_owned();
        request.lines().next().unwrap_or_default().to_owned()
    })
}

#[test]
#[cfg(unix)]
fn an_image_of_the_local_container_engine() {
    let Some(image) = Image::build() else { return };
    let file = image.copy(&["docker-archive:saved.tar:team/app:v1"]);
    let archive = std::fs::read(file).expect("the archive");
    let socket = image.sandbox().path("engine.sock");
    let engine = engine_that_saves(&socket, "200 OK", archive);
    let run = revealing_scan(image.sandbox())
        .env("DOCKER_HOST", format!("unix://{}", socket.display()))
        .arg("docker:team/app:v1")
        .run();
    expect_everything(&run.expect_status(1).report(), Manifest::Lost);
    let asked = engine.join().expect("the engine");
    assert_eq!(asked, "GET /images/team/app:v1/get HTTP/1.1");
    let temporary = image.sandbox().temporary();
    let left: Vec<_> = std::fs::read_dir(temporary).expect("a folder").collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
#[cfg(unix)]
fn an_engine_without_the_image_or_without_a_socket_is_an_error_that_says_so() {
    let sandbox = Sandbox::new();
    let socket = sandbox.path("engine.sock");
    let engine = engine_that_saves(&socket, "404 Not Found", b"{}".to_vec());
    let host = format!("unix://{}", socket.display());
    revealing_scan(&sandbox)
        .env("DOCKER_HOST", &host)
        .arg("docker:team/none")
        .run()
        .expect_status(2)
        .expect_message(&["team/none", "not there"]);
    engine.join().expect("the engine");
    std::fs::remove_file(&socket).expect("the socket");
    for (host, word) in [
        (host.as_str(), "engine.sock"),
        ("tcp://engine:2375", "tcp://engine:2375"),
    ] {
        revealing_scan(&sandbox)
            .env("DOCKER_HOST", host)
            .arg("docker:team/none")
            .run()
            .expect_status(2)
            .expect_message(&[word]);
    }
}

#[test]
fn a_registry_that_denies_access_is_an_error() {
    let Some(image) = Image::build() else { return };
    let Some(registry) = Registry::start(image.sandbox()) else {
        return;
    };
    let name = push(&image, &registry, "team/app:v1");
    for (login, input) in [(&[][..], ""), (&["--registry-user", "ada"], "wrong-word")] {
        let program = trusting(&registry, revealing_scan(image.sandbox()));
        let run = program.args(login).input(input).arg(&name).run();
        run.expect_status(2).expect_message(&["team/app"]);
        assert!(
            !run.transcript().contains("wrong-word"),
            "{}",
            run.transcript()
        );
    }
}

#[test]
fn a_registry_that_cannot_be_trusted_gets_no_password() {
    let Some(image) = Image::build() else { return };
    let Some(registry) = Registry::start(image.sandbox()) else {
        return;
    };
    let name = push(&image, &registry, "team/app:v1");
    // Without the certificate the registry's answer is no answer.
    let run = revealing_scan(image.sandbox())
        .args(["--registry-user", REGISTRY_USER])
        .input(REGISTRY_PASSWORD)
        .arg(&name)
        .run();
    run.expect_status(2).expect_message(&["team/app"]);
    assert!(
        !run.transcript().contains(REGISTRY_PASSWORD),
        "{}",
        run.transcript()
    );
}

#[test]
fn all_tags_of_a_repository() {
    let Some(image) = Image::build() else { return };
    let Some(registry) = Registry::start(image.sandbox()) else {
        return;
    };
    push(&image, &registry, "team/app:v1");
    image.run("umoci", &["tag", "--image", "layout:v1", "other"]);
    image.run(
        "umoci",
        &["config", "--image", "layout:v1", "--config.workingdir", "/"],
    );
    push(&image, &registry, "team/app:v2");
    let run = trusting(&registry, revealing_scan(image.sandbox()))
        .args([
            "--all-tags",
            "--registry-user",
            REGISTRY_USER,
            "--as",
            "image",
        ])
        .input(REGISTRY_PASSWORD)
        .arg(registry.name("team/app"))
        .run();
    let report = run.expect_status(1).report();
    let live = &Image::files()[0];
    for tag in ["v1", "v2"] {
        let name = registry.name(&format!("team/app:{tag}"));
        report.expect(
            &live.credential,
            &Place::layer(live.path).field("image", name),
        );
    }
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

/// Pushes the image as `name` and returns its whole name.
fn push(image: &Image, registry: &Registry, name: &str) -> String {
    let name = registry.name(name);
    let certificates = image.sandbox().folder("certificates");
    std::fs::copy(registry.certificate(), certificates.join("ca.crt")).expect("the certificate");
    let login = format!("{REGISTRY_USER}:{REGISTRY_PASSWORD}");
    let destination = format!("docker://{name}");
    image.copy(&[
        "--dest-cert-dir",
        "certificates",
        "--dest-creds",
        &login,
        &destination,
    ]);
    name
}

fn trusting(registry: &Registry, program: Program) -> Program {
    program.env("SSL_CERT_FILE", registry.certificate())
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
