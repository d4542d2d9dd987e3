//! The same service on PostgreSQL: several share the work, and an outage is an answer.

use leakward_tests::{
    Credential, HttpServer, Postgresql, Rotation, Sandbox, eventually, github_push,
};

use super::{Hosted, PROGRAM};

#[test]
fn two_services_share_one_database_and_handle_each_delivery_once() {
    let api = HttpServer::start(|_| (201, "{}".to_owned()));
    let Some(hosted) = Hosted::new(api) else {
        return;
    };
    let Some(database) = Postgresql::start() else {
        return;
    };
    let start = hosted
        .prepared("tell = ['status']\n")
        .env("LEAKWARD_SERVE_DATABASE", database.admin_url());
    let (one, two) = (start.start(), start.start());
    let mut before = hosted.repository.id("HEAD");
    let mut bodies = Vec::new();
    for number in 0..6 {
        let leak = Credential::named(&format!("shared {number}"));
        let after = hosted
            .repository
            .commit_file(&format!("{number}.py"), leak.file());
        bodies.push((
            after.clone(),
            github_push("acme/app", "refs/heads/main", &before, &after),
        ));
        before = after;
    }
    hosted.push("main");
    for (number, (_, body)) in bodies.iter().enumerate() {
        let (first, second) = if number % 2 == 0 {
            (&one, &two)
        } else {
            (&two, &one)
        };
        assert_eq!(
            first.github("push", &format!("d-{number}"), body).status,
            202
        );
        assert_eq!(
            second.github("push", &format!("d-{number}"), body).status,
            200,
            "the other knows it"
        );
    }
    one.wait_until_idle();
    assert_eq!(two.wait_for_incidents(6).len(), 6);
    for (after, _) in &bodies {
        let told = hosted
            .api
            .asked_for(&format!("POST /repos/acme/app/statuses/{after}"));
        assert_eq!(told.len(), 1, "{after}");
    }
}

#[test]
fn without_its_database_nothing_is_accepted() {
    let api = HttpServer::start(|_| (201, "{}".to_owned()));
    let Some(hosted) = Hosted::new(api) else {
        return;
    };
    let Some(database) = Postgresql::start() else {
        return;
    };
    let serve = hosted
        .prepared("")
        .env("LEAKWARD_SERVE_DATABASE", database.admin_url())
        .start();
    let body = |digit: &str| {
        github_push(
            "acme/app",
            "refs/heads/main",
            &"1".repeat(40),
            &digit.repeat(40),
        )
    };
    assert_eq!(serve.github("push", "d-1", &body("2")).status, 202);
    database.stop();
    let mut last = None;
    eventually("it says that it cannot", || {
        let answer = serve.github("push", "d-2", &body("3"));
        let refused = answer.status == 503;
        last = Some(answer);
        refused
    });
    assert!(last.is_some_and(|answer| answer.header("retry-after").is_some()));
    let ready = leakward_tests::http(serve.port(), "GET", "/readyz", &[], b"").status;
    let healthy = leakward_tests::http(serve.port(), "GET", "/healthz", &[], b"").status;
    assert_eq!((ready, healthy), (503, 200));
}

#[test]
fn a_dump_is_restored_into_another_server_and_the_service_goes_on() {
    let (Some(old), Some(new)) = (Postgresql::start(), Postgresql::start()) else {
        return;
    };
    let sandbox = Sandbox::new();
    let policy = Rotation::approvals(0);
    let bed = Rotation::new(PROGRAM.as_ref(), &sandbox, Some(&policy), "");
    let (first, second) = (bed.key(&sandbox, "app/1"), bed.key(&sandbox, "app/2"));
    let on = |server: &Postgresql| {
        bed.start
            .clone()
            .env("LEAKWARD_SERVE_DATABASE", server.admin_url())
            .start()
    };
    let closed = |serve: &leakward_tests::Service, count: u64| {
        eventually("it is closed", || {
            serve.get("/v1/incidents?state=closed").json()["total"].as_u64() == Some(count)
        });
        serve.wait_until_idle();
    };
    let serve = on(&old);
    bed.leak(&serve, "first", &first);
    closed(&serve, 1);
    let dump = sandbox.path("dump").display().to_string();
    old.tool("pg_dump", &["--format=custom", "--file", &dump]);
    assert_eq!(serve.terminate(), Some(0));
    new.tool("pg_restore", &["--no-owner", "--exit-on-error", &dump]);
    old.stop();
    let serve = on(&new);
    bed.leak(&serve, "first", &first);
    bed.leak(&serve, "second", &second);
    closed(&serve, 2);
    assert_eq!(bed.issuer.acts().made, 2, "what was done is not done again");
    bed.verify_audit(&sandbox, Some(&new.admin_url()))
        .expect_status(0);
}
