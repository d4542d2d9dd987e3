//! Images that container engines have on this machine: Docker's and Podman's behind a socket, containerd's in its folder.

use std::path::Path;

use leakward_tests::{Containerd, Image, Place, Sandbox};

use super::{Manifest, expect_everything};
use crate::revealing_scan;

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
fn images_that_containerd_keeps() {
    let Some(image) = Image::build() else { return };
    let Some(containerd) = Containerd::start(image.sandbox()) else {
        return;
    };
    let saved = image.copy(&["docker-archive:saved.tar:team/app:v1"]);
    containerd.import("default", &saved, &[]);
    let layout = image.copy(&["oci-archive:layout.tar:v2"]);
    containerd.import("k8s.io", &layout, &["--base-name", "docker.io/team/app"]);
    let scan = |target: &str, options: &[&str]| {
        revealing_scan(image.sandbox())
            .arg("--containerd-root")
            .arg(containerd.folder())
            .args(options)
            .arg(target)
            .run()
    };
    // While it runs, by a short name and by a whole one.
    for name in ["team/app:v2", "docker.io/team/app:v2"] {
        let run = scan(&format!("containerd:{name}"), &[]);
        let report = run.expect_status(1).report();
        expect_everything(&report, Manifest::Kept);
        let live = &Image::files()[0];
        let place = Place::layer(live.path).field("image", "docker.io/team/app:v2");
        report.expect(&live.credential, &place);
    }
    let of_namespace = scan("containerd:", &["--containerd-namespace", "default"]);
    expect_everything(&of_namespace.expect_status(1).report(), Manifest::Lost);
    let folder = containerd.folder();
    drop(containerd);
    // And from its folder alone: all images of all namespaces.
    let run = revealing_scan(image.sandbox())
        .arg("--containerd-root")
        .arg(&folder)
        .arg("containerd:")
        .run();
    let report = run.expect_status(1).report();
    let live = &Image::files()[0];
    for name in ["docker.io/team/app:v1", "docker.io/team/app:v2"] {
        let place = Place::layer(live.path).field("image", name);
        report.expect(&live.credential, &place);
    }
    let none = revealing_scan(image.sandbox())
        .arg("--containerd-root")
        .arg(&folder)
        .arg("containerd:team/none")
        .run();
    none.expect_status(2)
        .expect_message(&["team/none", "not there"]);
}

#[test]
fn a_machine_without_containerd_is_an_error_that_names_the_folder() {
    let sandbox = Sandbox::new();
    revealing_scan(&sandbox)
        .args(["--containerd-root", "nowhere", "containerd:team/app"])
        .run()
        .expect_status(2)
        .expect_message(&["nowhere"]);
}
