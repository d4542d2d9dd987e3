//! TLS without a proxy, as a client meets it that we did not write.

use std::path::Path;

use leakward_tests::{Requirement, Sandbox, Service, eventually, make_certificate, missing};

use super::service;

/// What curl gets from this path, trusting only this certificate; nothing when it does not trust the server.
fn curl(sandbox: &Sandbox, serve: &Service, trusted: &Path, more: &[&str]) -> Option<String> {
    let url = format!("https://localhost:{}/healthz", serve.port());
    let output = sandbox
        .command("curl")
        .args([
            "--silent",
            "--show-error",
            "--include",
            "--max-time",
            "20",
            "--noproxy",
            "*",
            "--cacert",
        ])
        .arg(trusted)
        .args(more)
        .arg(url)
        .output()
        .expect("curl");
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn the_service_speaks_tls_with_its_own_certificate_and_reads_a_new_one_on_sighup() {
    if missing(Requirement::Tool("curl")) || missing(Requirement::Tool("openssl")) {
        return;
    }
    let sandbox = Sandbox::new();
    let path = |name: &str| sandbox.path(name);
    for name in ["first", "second"] {
        make_certificate(
            &sandbox,
            &path(&format!("{name}.pem")),
            &path(&format!("{name}.key")),
        );
    }
    let install = |name: &str| {
        for kind in ["pem", "key"] {
            std::fs::copy(
                path(&format!("{name}.{kind}")),
                path(&format!("serve.{kind}")),
            )
            .expect("a file");
        }
    };
    install("first");
    let config = format!(
        "repositories = ['acme/*']\n[tls]\ncertificate = '{}'\nkey = '{}'\n",
        path("serve.pem").display(),
        path("serve.key").display()
    );
    let serve = service(&sandbox, &config).start();
    let (first, second) = (path("first.pem"), path("second.pem"));
    let answer = curl(&sandbox, &serve, &first, &[]).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(
        curl(&sandbox, &serve, &second, &[]).is_none(),
        "another certificate"
    );
    assert!(
        curl(&sandbox, &serve, &first, &["--tls-max", "1.1"]).is_none(),
        "old TLS"
    );
    let plain = leakward_tests::try_http(serve.port(), "GET", "/healthz", &[], b"");
    assert!(plain.is_err(), "no TLS: {plain:?}");
    // What cannot be used leaves everything as it was.
    std::fs::write(path("serve.pem"), "not a certificate").expect("a file");
    serve.hang_up();
    eventually("it says what is wrong", || {
        serve.log().contains("the certificate that we have stays")
    });
    assert!(curl(&sandbox, &serve, &first, &[]).is_some());
    install("second");
    serve.hang_up();
    eventually("the new one is served", || {
        curl(&sandbox, &serve, &second, &[]).is_some()
    });
    assert!(curl(&sandbox, &serve, &first, &[]).is_none());
    assert_eq!(serve.terminate(), Some(0));
}
