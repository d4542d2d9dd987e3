//! The demo: a leak in a repository, verified, rotated through OpenBao with users of a real PostgreSQL while an application
//! works, the old one proven dead, the audit log checked; and the same with a program that is killed at every line of its
//! journal, with the journal in SQLite and in PostgreSQL.

use leakward_tests::Sandbox;

use super::world::{Application, Leak, OpenBao, killed_until_its_end, postgresql, works};
use crate::leakward;

#[test]
fn a_leak_is_rotated_through_openbao_and_no_query_fails() {
    let Some(server) = postgresql() else { return };
    let leak = Leak::new(&server);
    let Some(bao) = OpenBao::start(&leak.leaked) else {
        return;
    };
    let bao = std::sync::Arc::new(bao);
    let read = std::sync::Arc::clone(&bao);
    let application = Application::start(move || read.read());
    let store = bao.store();
    let login = |program| bao.login(program);

    let plan = login(leak.rotate(&store, &["--dry-run"])).run();
    plan.expect_status(0);
    for word in [
        "app/database",
        "url",
        "app_b",
        "policy",
        "nothing was changed",
    ] {
        assert!(plan.stdout.contains(word), "{word}: {}", plan.transcript());
    }
    assert!(works(&leak.leaked), "a dry run changes nothing");

    let done = login(leak.rotate(&store, &["--yes"])).run();
    leak.is_proven_dead(&done);
    let (queries, failures) = application.end();
    assert!(queries > 0);
    assert_eq!(failures, 0, "of {queries} queries");

    let again = login(leak.leakward(&["revoke", "--report", "report.json", "--finding"]))
        .arg(&leak.fingerprint)
        .args(["--allow-private", "--allow-found-hosts", "--yes"])
        .run();
    again.expect_status(0);
    assert!(
        again.stdout.contains("dead already"),
        "{}",
        again.transcript()
    );
}

#[test]
fn a_rotation_that_is_killed_at_every_line_of_its_journal_comes_to_its_end() {
    let Some(server) = postgresql() else { return };
    let leak = Leak::new(&server);
    killed_at_every_line(&leak);
}

#[test]
fn so_it_does_with_the_journal_in_a_postgresql() {
    let Some(server) = postgresql() else { return };
    server.run("CREATE DATABASE journal");
    let mut leak = Leak::new(&server);
    leak.database = Some(server.uri("boss").replace("/postgres", "/journal"));
    killed_at_every_line(&leak);
    let lines = server.run_in("journal", "SELECT count(*) FROM journal");
    assert!(lines.parse::<u32>().expect("a number") > 20, "{lines}");
}

fn killed_at_every_line(leak: &Leak) {
    let store = "file:secrets.age";
    let put = leak
        .leakward(&["store", "put", store, "app/database", "--field", "url"])
        .input(leak.leaked.clone())
        .run();
    put.expect_status(0);
    let points = ["before:0", "after:0", "before:1", "after:1", "before:2"];
    let begun = leak.rotate(store, &["--yes"]);
    let last = killed_until_its_end(begun, || leak.resume(), &points, 10);
    leak.is_proven_dead(&last);
    let stored = leak
        .leakward(&[
            "store",
            "get",
            store,
            "app/database",
            "--field",
            "url",
            "--reveal",
        ])
        .run();
    let login = stored.stdout.trim();
    assert!(
        login.contains("app_b") && works(login),
        "the store has a login that works"
    );
}

#[test]
fn an_empty_audit_log_is_whole_and_the_default_policy_passes_its_tests() {
    let sandbox = Sandbox::new();
    let empty = leakward(&sandbox).args(["audit", "verify"]).run();
    empty.expect_status(0);
    let policy = leakward(&sandbox).args(["policy", "test"]).run();
    policy.expect_status(0);
    assert!(
        policy.stdout.contains("0 failed"),
        "{}",
        policy.transcript()
    );
    let shown = leakward(&sandbox).args(["policy", "show"]).run();
    assert!(shown.stdout.contains("package leakward"));
}
