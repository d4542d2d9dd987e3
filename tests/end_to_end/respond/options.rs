//! Options and commands that change the course: public leaks, containment first, giving up, the audit log, who gets copies.

use std::fs;

use leakward_tests::HttpServer;

use super::world::{Leak, postgresql, works};

const STORE: &str = "file:secrets.age";

fn leak() -> Option<(super::world::Server, Leak)> {
    let server = postgresql()?;
    let leak = Leak::new(&server);
    let put = leak
        .leakward(&["store", "put", STORE, "app/database", "--field", "url"])
        .input(leak.leaked.clone())
        .run();
    put.expect_status(0);
    Some((server, leak))
}

fn stored(leak: &Leak) -> String {
    let words = [
        "store",
        "get",
        STORE,
        "app/database",
        "--field",
        "url",
        "--reveal",
    ];
    leak.leakward(&words).run().stdout.trim().to_owned()
}

#[test]
fn containment_first_revokes_before_there_is_a_successor_and_says_so() {
    let Some((_server, leak)) = leak() else {
        return;
    };
    let done = leak.rotate(STORE, &["--yes", "--containment-first"]).run();
    assert!(
        done.stdout.contains("order     containment first"),
        "{}",
        done.transcript()
    );
    assert!(
        done.stdout
            .contains("applications are without a working credential")
    );
    leak.is_proven_dead(&done);
    assert!(works(&stored(&leak)));
    let shown = leak
        .leakward(&["respond", "show", &leak.fingerprint])
        .run()
        .stdout;
    let at = |words: &str| {
        shown
            .find(words)
            .unwrap_or_else(|| panic!("{words} in {shown}"))
    };
    let journal = at("Journal of");
    let journal = &shown[journal..];
    let revoked = journal.find("revoke   done").expect("revoked");
    assert!(
        revoked < journal.find("promote  done").expect("promoted"),
        "{journal}"
    );
    assert!(journal.contains("containment first"));
}

#[test]
fn a_public_leak_is_contained_first_by_the_policy_that_comes_with_the_program() {
    let Some((_server, leak)) = leak() else {
        return;
    };
    let hidden = leak.rotate(STORE, &["--dry-run"]).run();
    assert!(
        !hidden.stdout.contains("containment first"),
        "{}",
        hidden.transcript()
    );
    let public = leak.rotate(STORE, &["--dry-run", "--public"]).run();
    public.expect_status(0);
    let severity = fs::read_to_string(leak.sandbox().path("report.json")).expect("the report");
    let report: serde_json::Value = serde_json::from_str(&severity).expect("JSON");
    let is_critical = report["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .any(|finding| {
            finding["fingerprint"] == leak.fingerprint && finding["severity"] == "critical"
        });
    assert_eq!(
        public.stdout.contains("order     containment first"),
        is_critical,
        "{}",
        public.transcript()
    );
    let incident = leak.leakward(&["respond", "list"]).run();
    assert!(
        incident.stdout.is_empty(),
        "a dry run writes nothing down: {}",
        incident.transcript()
    );
}

#[test]
fn what_is_given_up_is_taken_away_again_and_the_old_login_stays() {
    let Some((server, leak)) = leak() else { return };
    let killed = leak
        .rotate(STORE, &["--yes"])
        .env("LEAKWARD_KILL_AT", "before:6")
        .run();
    assert_eq!(killed.status, None, "{}", killed.transcript());
    let roles = server.run("SELECT count(*) FROM pg_roles WHERE rolname = 'app_b' AND rolcanlogin");
    assert_eq!(roles, "1", "the successor was made");
    let words = [
        "respond",
        "give-up",
        "--allow-private",
        "--allow-found-hosts",
        "--incident",
    ];
    let back = leak.leakward(&words).arg(&leak.fingerprint).run();
    assert!(back.stdout.contains("went back"), "{}", back.transcript());
    assert!(
        back.stdout.contains("the old credential is as it was"),
        "{}",
        back.transcript()
    );
    let roles = server.run("SELECT count(*) FROM pg_roles WHERE rolname = 'app_b' AND rolcanlogin");
    assert_eq!(roles, "0", "and taken away again");
    assert!(works(&leak.leaked));
    assert_eq!(stored(&leak), leak.leaked);
    let done = leak.rotate(STORE, &["--yes"]).run();
    leak.is_proven_dead(&done);
}

#[test]
fn the_audit_log_tells_edits_cuts_and_another_order_and_the_timeline_how_long_it_lay_open() {
    let Some((_server, leak)) = leak() else {
        return;
    };
    let done = leak.rotate(STORE, &["--yes"]).run();
    leak.is_proven_dead(&done);
    let shown = leak
        .leakward(&["respond", "show", &leak.fingerprint])
        .run()
        .stdout;
    let timeline = &shown[shown.find("Timeline").expect("it")..shown.find("Events").expect("it")];
    let moments: Vec<&str> = timeline.lines().skip(1).collect();
    let mut dates: Vec<&str> = moments
        .iter()
        .filter_map(|line| line.trim().split("  ").next())
        .filter(|word| word.contains('T') && word.ends_with('Z'))
        .collect();
    assert!(dates.len() >= 6, "{timeline}");
    assert_eq!(timeline.matches("was exposed for").count(), 1, "{timeline}");
    let first = dates[0];
    dates.sort_unstable();
    assert_eq!(first, dates[0], "the first commit comes first: {timeline}");

    let log = audit_log(&leak);
    let whole = fs::read_to_string(&log).expect("the log");
    let lines: Vec<&str> = whole.lines().collect();
    assert!(lines.len() > 10);
    for word in [
        "\"policy\":\"default\"",
        "\"approved_by\"",
        "\"order\"",
        "\"phase\":\"approved\"",
    ] {
        assert!(whole.contains(word), "{word}: {whole}");
    }
    let mut edited = lines.clone();
    let other = edited[3].replacen("\"sequence\":3", "\"sequence\": 3", 1);
    edited[3] = &other;
    let mut cut = lines.clone();
    cut.remove(4);
    let mut swapped = lines.clone();
    swapped.swap(4, 5);
    let shortened = lines[..lines.len() - 2].to_vec();
    for (what, changed) in [
        ("edit", edited),
        ("cut", cut),
        ("another order", swapped),
        ("cut off at the end", shortened),
    ] {
        fs::write(&log, changed.join("\n") + "\n").expect("the log");
        let checked = leak.leakward(&["audit", "verify"]).run();
        checked.expect_status(1);
        assert!(
            checked.stdout.contains("WRONG")
                && checked.stdout.contains("the audit log was changed"),
            "{what}: {}",
            checked.transcript()
        );
    }
    fs::write(&log, &whole).expect("the log");
    leak.leakward(&["audit", "verify"]).run().expect_status(0);
}

pub(super) fn audit_log(leak: &Leak) -> std::path::PathBuf {
    let verified = leak.leakward(&["audit", "verify"]).run().stdout;
    let line = verified
        .lines()
        .find(|line| line.contains("audit.jsonl"))
        .expect("the file");
    line.split(": ").next().expect("a path").into()
}

#[test]
fn when_no_audit_log_can_be_written_nothing_is_changed() {
    let Some((server, mut leak)) = leak() else {
        return;
    };
    server.run("CREATE DATABASE journal");
    leak.database = Some(server.uri("boss").replace("/postgres", "/journal"));
    leak.leakward(&["respond", "list"]).run().expect_status(0);
    server.run_in("journal", "DROP TABLE audit");
    fs::create_dir(leak.sandbox().path("a-folder")).expect("a folder");
    let run = leak
        .rotate(STORE, &["--yes"])
        .env("LEAKWARD_AUDIT", "a-folder")
        .run();
    run.expect_status(2);
    assert!(
        run.stderr.contains("no audit log could be written"),
        "{}",
        run.transcript()
    );
    assert!(works(&leak.leaked));
    assert_eq!(stored(&leak), leak.leaked);
}

#[test]
fn places_with_copies_get_the_new_login_before_the_old_one_is_revoked() {
    let Some((_server, leak)) = leak() else {
        return;
    };
    let gitlab = HttpServer::start(|asked| {
        if asked.line.starts_with("PUT") || asked.line.starts_with("POST") {
            (200, "{}".to_owned())
        } else {
            (200, "[]".to_owned())
        }
    });
    let config = format!(
        "[stores.local]\nurl = '{STORE}'\n\n[[consumers]]\nstore = 'local'\npath = 'app/database'\n\
         to = 'gitlab:acme/app?api={}&allow-http=true'\nas = 'DATABASE_URL'\n",
        gitlab.url()
    );
    fs::write(leak.sandbox().path("leakward.toml"), config).expect("a configuration");
    let plan = leak.rotate("local", &["--dry-run"]).run();
    assert!(
        plan.stdout
            .contains("deliver  hand out copies: gitlab:acme/app"),
        "{}",
        plan.transcript()
    );
    assert!(gitlab.asked().is_empty(), "a dry run hands out nothing");
    let done = leak
        .rotate("local", &["--yes"])
        .env("GITLAB_TOKEN", "a token of the tests")
        .run();
    leak.is_proven_dead(&done);
    let new = stored(&leak);
    let handed: Vec<String> = gitlab
        .asked()
        .into_iter()
        .filter(|asked| asked.line.starts_with('P'))
        .map(|asked| asked.body)
        .collect();
    assert_eq!(handed.len(), 1, "{handed:?}");
    assert!(!handed[0].contains(&leak.leaked));
    let is_there = handed[0].contains(&new) || handed[0].contains(&new.replace('/', "\\/"));
    assert!(is_there, "the copy is what the store holds");
    let shown = leak
        .leakward(&["respond", "show", &leak.fingerprint])
        .run()
        .stdout;
    let journal = &shown[shown.find("Journal of").expect("a journal")..];
    let handed_out = journal.find("deliver  done").expect("handed out");
    assert!(
        handed_out < journal.find("revoke   before").expect("revoked"),
        "{journal}"
    );
}

#[test]
fn a_place_that_cannot_be_given_its_copy_keeps_the_old_login_alive() {
    let Some((_server, leak)) = leak() else {
        return;
    };
    let gitlab = HttpServer::start(|_| (403, r#"{"message":"403 Forbidden"}"#.to_owned()));
    let config = format!(
        "[stores.local]\nurl = '{STORE}'\n\n[[consumers]]\nstore = 'local'\npath = 'app/database'\n\
         to = 'gitlab:acme/app?api={}&allow-http=true'\nas = 'DATABASE_URL'\n",
        gitlab.url()
    );
    fs::write(leak.sandbox().path("leakward.toml"), config).expect("a configuration");
    let run = leak
        .rotate("local", &["--yes"])
        .env("GITLAB_TOKEN", "a token of the tests")
        .run();
    run.expect_status(1);
    assert!(
        run.stdout.contains("needs you") && run.stdout.contains("permission denied"),
        "{}",
        run.transcript()
    );
    assert!(works(&leak.leaked), "both logins work");
    assert!(works(&stored(&leak)));
    fs::write(
        leak.sandbox().path("leakward.toml"),
        format!("[stores.local]\nurl = '{STORE}'\n"),
    )
    .expect("it");
    let run = leak.resume().run();
    run.expect_status(1);
    assert!(
        run.stdout
            .contains("is not in the configuration any more; nothing was revoked"),
        "{}",
        run.transcript()
    );
    assert!(works(&leak.leaked));
}
