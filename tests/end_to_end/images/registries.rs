//! Images in registries: logins, tokens, mirrors, tags, digests, indexes.

use leakward_tests::{
    Image, Place, Program, REGISTRY_PASSWORD, REGISTRY_USER, Registry, TokenServer,
};

use super::{Manifest, assert_nothing_left, expect_everything};
use crate::revealing_scan;

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
fn a_registry_that_wants_tokens_gets_them_from_its_token_server() {
    let Some(image) = Image::build() else { return };
    let Some(registry) = Registry::start(image.sandbox()) else {
        return;
    };
    for name in ["public/app:v1", "private/app:v1"] {
        push(&image, &registry, name);
    }
    drop(registry);
    let tokens = TokenServer::start(image.sandbox());
    let Some(registry) = Registry::with_tokens(image.sandbox(), &tokens) else {
        return;
    };
    let own = std::fs::read_to_string(registry.certificate()).expect("the certificate");
    let trusted = image
        .sandbox()
        .write("trusted.pem", own + &tokens.certificate());
    let scan = |name: &str, login: &[&str]| {
        revealing_scan(image.sandbox())
            .env("SSL_CERT_FILE", &trusted)
            .args(login)
            .input(REGISTRY_PASSWORD)
            .arg(registry.name(name))
            .run()
    };
    let anonymous = scan("public/app:v1", &[]);
    expect_everything(&anonymous.expect_status(1).report(), Manifest::Kept);
    scan("private/app:v1", &[]).expect_status(2);
    let known = scan("private/app:v1", &["--registry-user", REGISTRY_USER]);
    expect_everything(&known.expect_status(1).report(), Manifest::Kept);
    let stranger = scan("private/app:v1", &["--registry-user", "mallory"]);
    stranger.expect_status(2);
    let asked = tokens.asked();
    for expected in [
        "repository:public/app:pull without a login",
        "repository:private/app:pull without a login",
        "repository:private/app:pull with a login",
    ] {
        assert!(asked.iter().any(|line| line == expected), "{asked:?}");
    }
}

#[test]
fn an_image_by_its_digest_and_in_docker_s_own_format() {
    let Some(image) = Image::build() else { return };
    let Some(registry) = Registry::start(image.sandbox()) else {
        return;
    };
    push(&image, &registry, "team/app:v1");
    let index = std::fs::read(image.layout().join("index.json")).expect("the index");
    let index: serde_json::Value = serde_json::from_slice(&index).expect("JSON");
    let digest = index["manifests"][0]["digest"].as_str().expect("a digest");
    let docker = registry.name("team/docker:v1");
    let login = format!("{REGISTRY_USER}:{REGISTRY_PASSWORD}");
    image.copy(&[
        "--format",
        "v2s2",
        "--dest-cert-dir",
        "certificates",
        "--dest-creds",
        &login,
        &format!("docker://{docker}"),
    ]);
    for (name, manifest) in [
        (
            format!("{}@{digest}", registry.name("team/app")),
            Manifest::Kept,
        ),
        (docker, Manifest::Lost),
    ] {
        let run = trusting(&registry, revealing_scan(image.sandbox()))
            .args(["--registry-user", REGISTRY_USER])
            .input(REGISTRY_PASSWORD)
            .arg(name)
            .run();
        expect_everything(&run.expect_status(1).report(), manifest);
    }
}

#[test]
fn of_an_index_all_platforms_are_scanned_or_the_one_that_is_asked_for() {
    let Some(image) = Image::build() else { return };
    let Some(registry) = Registry::start(image.sandbox()) else {
        return;
    };
    push(&image, &registry, "team/first:v1");
    image.run(
        "umoci",
        &[
            "config",
            "--image",
            "layout:v1",
            "--tag",
            "arm",
            "--architecture",
            "arm64",
        ],
    );
    let name = index_of_both(&image, &registry);
    let scan = |options: &[&str]| {
        let run = trusting(&registry, revealing_scan(image.sandbox()))
            .args(["--registry-user", REGISTRY_USER])
            .args(options)
            .input(REGISTRY_PASSWORD)
            .arg(&name)
            .run();
        run.expect_status(1).report()
    };
    let live = &Image::files()[0];
    let of = |platform: &str| Place::layer(live.path).field("platform", platform);
    let both = scan(&[]);
    both.expect(&live.credential, &of("linux/amd64"))
        .expect(&live.credential, &of("linux/arm64"));
    let one = scan(&["--platform", "linux/arm64"]);
    one.expect(&live.credential, &of("linux/arm64"));
    assert_eq!(
        one.locations(&live.credential).len(),
        1,
        "{}",
        one.overview()
    );
}

/// Pushes an index that lists both images of the layout; returns its name.
fn index_of_both(image: &Image, registry: &Registry) -> String {
    let read = |path: std::path::PathBuf| -> serde_json::Value {
        serde_json::from_slice(&std::fs::read(path).expect("a document")).expect("JSON")
    };
    let mut index = read(image.layout().join("index.json"));
    let manifests = index["manifests"].as_array_mut().expect("manifests");
    assert_eq!(manifests.len(), 2);
    for (manifest, architecture) in manifests.iter_mut().zip(["amd64", "arm64"]) {
        let platform = serde_json::json!({"os": "linux", "architecture": architecture});
        manifest["platform"] = platform;
        manifest
            .as_object_mut()
            .expect("an object")
            .remove("annotations");
    }
    index["mediaType"] = "application/vnd.oci.image.index.v1+json".into();
    let bytes = index.to_string().into_bytes();
    image.sandbox().write("nested.json", &bytes);
    let output = image
        .sandbox()
        .command("sha256sum")
        .arg("nested.json")
        .output()
        .expect("sha256sum");
    let digits = String::from_utf8(output.stdout).expect("a digest")[..64].to_owned();
    let blob = image.layout().join("blobs/sha256").join(&digits);
    std::fs::write(blob, &bytes).expect("the index");
    let outer = serde_json::json!({"schemaVersion": 2, "manifests": [{
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "digest": format!("sha256:{digits}"),
        "size": bytes.len(),
        "annotations": {"org.opencontainers.image.ref.name": "v1"},
    }]});
    std::fs::write(image.layout().join("index.json"), outer.to_string()).expect("the index");
    let name = registry.name("team/multi:v1");
    let login = format!("{REGISTRY_USER}:{REGISTRY_PASSWORD}");
    let destination = format!("docker://{name}");
    image.copy(&[
        "--all",
        "--dest-cert-dir",
        "certificates",
        "--dest-creds",
        &login,
        &destination,
    ]);
    name
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
