//! Who says yes is known by more than a variable of the environment: by their keys, or by the operating system.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use leakward_tests::{Program, Run};

use super::world::{Leak, postgresql, program, works};

const STORE: &str = "file:secrets.age";

/// A production entry, for which the policy wants two people.
struct Production {
    leak: Leak,
    _server: super::world::Server,
}

impl Production {
    fn new() -> Option<Self> {
        program("ssh-keygen")?;
        let server = postgresql()?;
        let leak = Leak::new(&server);
        let put = leak
            .leakward(&["store", "put", STORE, "app/database", "--field", "url"])
            .input(leak.leaked.clone())
            .run();
        put.expect_status(0);
        let policy = leak.leakward(&["policy", "show"]).run().stdout;
        let two = policy.replace("default approvals := 1", "default approvals := 2");
        assert_ne!(policy, two);
        fs::write(leak.sandbox().path("two.rego"), two).expect("a policy");
        let list: String = ["ann", "bob"]
            .map(|name| format!("{name}@corp.test {}\n", public(&key(&leak, name))))
            .concat();
        key(&leak, "eve");
        fs::write(
            leak.sandbox().path("approvers"),
            format!("# who decides\n{list}"),
        )
        .expect("a list");
        Some(Self {
            leak,
            _server: server,
        })
    }

    fn with_policy(program: Program) -> Program {
        program
            .env("LEAKWARD_POLICY", "two.rego")
            .env("LEAKWARD_APPROVERS", "approvers")
    }

    fn rotate(&self, more: &[&str]) -> Run {
        Self::with_policy(self.leak.rotate(STORE, more)).run()
    }

    fn approve(&self, more: &[&str]) -> Run {
        let words = ["respond", "approve", &self.leak.fingerprint];
        Self::with_policy(self.leak.leakward(&words))
            .args(more)
            .run()
    }
}

/// A key of its own for a person, made by ssh-keygen.
fn key(leak: &Leak, name: &str) -> PathBuf {
    let file = leak.sandbox().path(name);
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"])
        .arg(&file)
        .status()
        .expect("ssh-keygen");
    assert!(made.success());
    file
}

fn public(key: &std::path::Path) -> String {
    let text = fs::read_to_string(key.with_extension("pub")).expect("the public half");
    text.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

#[test]
fn two_people_have_to_say_yes_with_keys_of_their_own() {
    let Some(production) = Production::new() else {
        return;
    };
    let leak = &production.leak;

    let unsigned = production.rotate(&["--yes"]);
    unsigned.expect_status(2);
    assert!(
        unsigned.stderr.contains("only signatures count"),
        "{}",
        unsigned.transcript()
    );

    let first = production.rotate(&["--yes", "--key", "ann"]);
    first.expect_status(1);
    assert!(
        first
            .stdout
            .contains("2 people have to say yes, ann@corp.test has"),
        "{}",
        first.transcript()
    );
    assert!(works(&leak.leaked), "nothing was changed");

    let again = production.approve(&["--key", "ann"]);
    again.expect_status(0);
    let still = production.rotate(&["--unattended"]);
    still.expect_status(1);
    assert!(
        still.stdout.contains("ann@corp.test has"),
        "{}",
        still.transcript()
    );

    let stranger = production.approve(&["--key", "eve"]);
    stranger.expect_status(2);
    assert!(
        stranger.stderr.contains("does not count"),
        "{}",
        stranger.transcript()
    );

    // Bob's key is in an agent: OpenSSH's own program signs.
    let text = production.approve(&["--print"]);
    text.expect_status(0);
    fs::write(leak.sandbox().path("text"), &text.stdout).expect("the text");
    let signed = Command::new("ssh-keygen")
        .args(["-q", "-Y", "sign", "-n", "leakward-approval", "-f"])
        .arg(leak.sandbox().path("bob"))
        .arg(leak.sandbox().path("text"))
        .output()
        .expect("ssh-keygen");
    assert!(signed.status.success());
    let second = production.approve(&["--signature", "text.sig"]);
    second.expect_status(0);
    assert!(
        second.stdout.contains("rotate") || second.stdout.contains("Rotate"),
        "the plan is shown"
    );
    assert!(
        second
            .stdout
            .contains("ann@corp.test, bob@corp.test have said yes"),
        "{}",
        second.transcript()
    );

    let done = production.rotate(&["--unattended"]);
    leak.is_proven_dead(&done);
    let shown = leak.leakward(&["respond", "show", &leak.fingerprint]).run();
    assert!(
        shown
            .stdout
            .contains("bob@corp.test  approved the response"),
        "{}",
        shown.transcript()
    );
}

#[test]
fn what_was_said_to_one_plan_does_not_count_for_another() {
    let Some(production) = Production::new() else {
        return;
    };
    let leak = &production.leak;
    production
        .rotate(&["--yes", "--key", "ann"])
        .expect_status(1);
    production.approve(&["--key", "bob"]).expect_status(0);
    let other = production.rotate(&["--unattended", "--containment-first"]);
    other.expect_status(1);
    assert!(
        other.stdout.contains("nobody has yet"),
        "{}",
        other.transcript()
    );
    assert!(works(&leak.leaked));
    let no = Production::with_policy(leak.leakward(&[
        "respond",
        "reject",
        &leak.fingerprint,
        "--because",
        "not on a Friday",
    ]))
    .run();
    no.expect_status(0);
    assert!(
        no.stdout
            .contains("said no to the response: not on a Friday"),
        "{}",
        no.transcript()
    );
    let nothing = production.approve(&["--key", "bob"]);
    nothing.expect_status(2);
    assert!(
        nothing.stderr.contains("nothing waits for an approval"),
        "{}",
        nothing.transcript()
    );
    let audit = leak.leakward(&["audit", "verify"]).run();
    audit.expect_status(0);
}

#[test]
fn a_variable_of_the_environment_makes_nobody_another_person() {
    let Some(production) = Production::new() else {
        return;
    };
    let leak = &production.leak;
    let mut said = Vec::new();
    for name in ["ann", "bob"] {
        let run = leak
            .rotate(STORE, &["--yes"])
            .env("LEAKWARD_POLICY", "two.rego")
            .env("USER", name)
            .env("LOGNAME", name)
            .run();
        run.expect_status(1);
        said.push(run.stdout.lines().last().unwrap_or_default().to_owned());
    }
    assert_eq!(said[0], said[1], "the same person twice counts once");
    assert!(
        !said[0].contains("ann") && !said[1].contains("bob"),
        "{said:?}"
    );
    assert!(works(&leak.leaked));
}
