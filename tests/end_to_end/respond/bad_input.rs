//! What goes wrong at three in the morning: each case says in one sentence what happened, what was changed, and what to do
//! next; and afterwards it can be brought to its end.

use std::fs;
use std::process::Child;

use leakward_tests::{Program, Run};

use super::world::{Leak, OpenBao, Server, postgresql, works};

/// A leak whose login is in an OpenBao.
struct Night {
    server: Server,
    leak: Leak,
    bao: OpenBao,
}

impl Night {
    fn new() -> Option<Self> {
        let server = postgresql()?;
        let leak = Leak::new(&server);
        let bao = OpenBao::start(&leak.leaked)?;
        Some(Self { server, leak, bao })
    }

    fn rotate(&self) -> Program {
        self.bao
            .login(self.leak.rotate(&self.bao.store(), &["--yes"]))
    }

    fn resume(&self) -> Program {
        self.bao.login(self.leak.resume())
    }

    /// Runs until just before the given line of the journal is written.
    fn rotate_until(&self, line: u32) {
        let run = self
            .rotate()
            .env("LEAKWARD_KILL_AT", format!("before:{line}"))
            .run();
        assert_eq!(run.status, None, "{}", run.transcript());
    }

    /// Goes on to the end, and the old login is dead.
    fn ends_well(&self, last: &Run) {
        self.leak.is_proven_dead(last);
        let login = self.bao.read();
        assert!(
            works(&login) && login != self.leak.leaked,
            "the store has a login that works"
        );
    }
}

/// The sentence is there, in one line, as it was meant.
fn says(run: &Run, sentence: &str) {
    let all = format!("{}{}", run.stdout, run.stderr);
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words(&all).contains(sentence),
        "{sentence:?} is not in\n{}",
        run.transcript()
    );
}

#[test]
fn a_sealed_store_is_named_and_the_rotation_goes_on_when_it_is_unsealed() {
    let Some(night) = Night::new() else { return };
    let key = night.bao.unseal_key();
    night.bao.says(&["operator", "seal"]);
    let run = night.rotate().run();
    run.expect_status(2);
    says(&run, "is sealed; somebody has to unseal it");
    assert!(works(&night.leak.leaked));
    night.bao.says(&["operator", "unseal", &key]);

    night.rotate_until(6);
    night.bao.says(&["operator", "seal"]);
    let run = night.resume().run();
    assert_ne!(run.status, Some(0));
    says(&run, "is sealed; somebody has to unseal it");
    assert!(works(&night.leak.leaked), "the old login is as it was");
    night.bao.says(&["operator", "unseal", &key]);
    let run = night.resume().run();
    night.ends_well(&run);
}

#[test]
fn a_missing_permission_is_named_and_nothing_is_changed_until_it_is_given() {
    let Some(night) = Night::new() else { return };
    let reads = "path \"secret/*\" { capabilities = [\"read\", \"list\"] }";
    let token = night.bao.token_for("reader", reads);
    let run = night.rotate().env("VAULT_TOKEN", &token).run();
    run.expect_status(1);
    says(&run, "permission denied");
    says(
        &run,
        &format!(
            "Then `leakward respond resume --incident {}`",
            night.leak.fingerprint
        ),
    );
    assert!(works(&night.leak.leaked));
    assert_eq!(night.bao.read(), night.leak.leaked);
    assert!(
        !works(&night.server.uri("app").replace("app:", "app_b:")),
        "nothing was made"
    );
    let run = night.resume().run();
    night.ends_well(&run);
}

#[test]
fn an_entry_that_is_not_there_is_named_and_nothing_is_changed() {
    let Some(night) = Night::new() else { return };
    let run = night
        .bao
        .login(
            night
                .leak
                .leakward(&["rotate", "--report", "report.json", "--finding"]),
        )
        .arg(&night.leak.fingerprint)
        .args([
            "--store",
            &night.bao.store(),
            "--path",
            "app/other",
            "--yes",
        ])
        .args(["--allow-private", "--allow-found-hosts"])
        .run();
    run.expect_status(2);
    says(&run, "app/other: there is no such entry");
    assert!(works(&night.leak.leaked));
}

#[test]
fn a_login_that_somebody_rotated_already_is_only_revoked_and_that_is_said() {
    let Some(night) = Night::new() else { return };
    let new = super::world::password("new");
    night.server.run(&format!(
        "CREATE ROLE app2 LOGIN PASSWORD '{new}' IN ROLE app"
    ));
    let by_hand = night.server.uri("app").replace("app:", "app2:");
    let by_hand = by_hand.replace(&super::world::password("app"), &new);
    night.bao.put(&by_hand);
    let run = night.rotate().run();
    says(
        &run,
        "no longer holds the leaked value: it was rotated already, and only revoking is left",
    );
    run.expect_status(0);
    assert!(!works(&night.leak.leaked), "the leaked login is dead");
    assert_eq!(night.bao.read(), by_hand, "what somebody put there stays");
}

#[test]
fn two_findings_that_race_for_one_credential_are_one_response() {
    let Some(night) = Night::new() else { return };
    let mut programs: Vec<Program> = (0..3).map(|_| night.rotate()).collect();
    let running: Vec<Child> = programs.iter_mut().map(Program::spawn).collect();
    let mut ended = 0;
    for child in running {
        let output = child.wait_with_output().expect("a run");
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        let is_busy =
            said.contains("is being worked on by another process; nothing was done twice");
        assert!(output.status.success() || is_busy, "{said}");
        ended += usize::from(said.contains("proven dead"));
    }
    assert!(ended >= 1);
    let shown = night
        .leak
        .leakward(&["respond", "show", &night.leak.fingerprint])
        .run();
    let sagas = shown.stdout.matches("Journal of").count();
    let rotated = shown
        .stdout
        .matches("applications read the successor")
        .count();
    assert_eq!((sagas, rotated), (1, 1), "{}", shown.transcript());
    let login = night.bao.read();
    assert!(works(&login) && !works(&night.leak.leaked));
}

#[test]
fn an_administrator_whose_login_ends_in_the_middle_is_told_and_the_next_one_goes_on() {
    let Some(night) = Night::new() else { return };
    night.rotate_until(2);
    let other = super::world::password("next");
    night.server.run(&format!(
        "CREATE ROLE chief LOGIN SUPERUSER PASSWORD '{other}'; ALTER ROLE boss NOLOGIN"
    ));
    let run = night.resume().run();
    run.expect_status(1);
    says(&run, "the login that Leakward uses is no longer accepted");
    says(&run, "nothing was changed");
    assert!(works(&night.leak.leaked), "the old login is as it was");
    let chief = night.server.uri("boss").replace("boss:", "chief:");
    let chief = chief.replace(&super::world::password("boss"), &other);
    let run = night
        .resume()
        .env("LEAKWARD_IDENTITY_POSTGRESQL_ADMIN", chief)
        .run();
    night.ends_well(&run);
}

#[test]
fn a_store_whose_login_ends_in_the_middle_is_told_and_a_new_login_goes_on() {
    let Some(night) = Night::new() else { return };
    let all = "path \"secret/*\" { capabilities = [\"create\", \"read\", \"update\", \"delete\", \"list\"] }";
    let token = night.bao.token_for("writer", all);
    let run = night
        .rotate()
        .env("VAULT_TOKEN", &token)
        .env("LEAKWARD_KILL_AT", "before:6")
        .run();
    assert_eq!(run.status, None, "{}", run.transcript());
    night.bao.says(&["token", "revoke", &token]);
    let run = night.resume().env("VAULT_TOKEN", &token).run();
    assert_ne!(run.status, Some(0));
    says(&run, "the login is no longer accepted");
    assert!(works(&night.leak.leaked), "the old login is as it was");
    let run = night.resume().run();
    night.ends_well(&run);
}

#[test]
fn a_one_time_secret_that_somebody_used_before_us_is_an_alarm_that_people_hear() {
    let Some(night) = Night::new() else { return };
    let people = leakward_tests::HttpServer::start(|_| (200, "{}".to_owned()));
    night.bao.says(&["auth", "enable", "approle"]);
    night.bao.says(&[
        "write",
        "auth/approle/role/leakward",
        "token_policies=default",
    ]);
    let role = night.bao.says(&[
        "read",
        "-field=role_id",
        "auth/approle/role/leakward/role-id",
    ]);
    let wrapped = night.bao.says(&[
        "write",
        "-wrap-ttl=300s",
        "-field=wrapping_token",
        "-f",
        "auth/approle/role/leakward/secret-id",
    ]);
    fs::write(night.leak.sandbox().path("wrapped"), &wrapped).expect("a file");
    // Somebody else is faster.
    night.bao.says(&["unwrap", "-field=secret_id", &wrapped]);
    let store = format!(
        "{}?auth=approle&role-id={role}&secret-id-file=wrapped&secret-id-wrapped=true",
        night.bao.store()
    );
    let run = night
        .leak
        .rotate(&store, &["--yes", "--notify", "slack=env:SLACK"])
        .env("SLACK", people.url())
        .run();
    run.expect_status(2);
    says(
        &run,
        "ALARM: the one-time wrapped SecretID was already used or is not ours",
    );
    says(&run, "somebody may have taken it");
    let heard = people.asked();
    assert_eq!(heard.len(), 1, "people are told");
    assert!(
        heard[0].body.contains("URGENT") && heard[0].body.contains("ALARM"),
        "{}",
        heard[0].body
    );
    assert!(!heard[0].body.contains(&wrapped));
    let audit = fs::read_to_string(super::options::audit_log(&night.leak)).expect("the log");
    assert!(audit.contains("\"phase\":\"alarm\""), "{audit}");
    assert!(works(&night.leak.leaked));
}

#[test]
fn a_policy_that_does_not_work_lets_nothing_run() {
    let Some(night) = Night::new() else { return };
    let broken = "package leakward\napprovals := \"two\"\n";
    fs::write(night.leak.sandbox().path("mine.rego"), broken).expect("a policy");
    let run = night.rotate().env("LEAKWARD_POLICY", "mine.rego").run();
    run.expect_status(2);
    says(
        &run,
        "the policy mine.rego does not work, so nothing runs unattended: approvals is no number",
    );
    assert!(works(&night.leak.leaked));
}
