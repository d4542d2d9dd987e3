//! Ctrl-C: the scan stops soon, what was found until then is reported, and the exit status is 2.

#![cfg(target_os = "linux")]

use std::fs;
use std::io::Write;
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use leakward_tests::{Credential, Report, Sandbox};

use crate::{leakward, revealing_scan};

/// Sends the signal of Ctrl-C.
fn interrupt(child: &Child) {
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .expect("kill");
    assert!(sent.success());
}

/// Waits until the process has a file below `folder` open or mapped.
fn wait_until_it_reads(child: &Child, folder: &str) {
    let started = Instant::now();
    let reads = || {
        let open = fs::read_dir(format!("/proc/{}/fd", child.id()))
            .into_iter()
            .flatten()
            .flatten();
        let opened = open
            .filter_map(|entry| fs::read_link(entry.path()).ok())
            .any(|path| path.to_string_lossy().contains(folder));
        opened
            || fs::read_to_string(format!("/proc/{}/maps", child.id()))
                .is_ok_and(|maps| maps.contains(folder))
    };
    while !reads() {
        assert!(
            started.elapsed() < Duration::from_secs(60),
            "the program never got to {folder}"
        );
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn ctrl_c_reports_what_was_found_and_ends_with_status_two() {
    let credential = Credential::named("before Ctrl-C");
    let sandbox = Sandbox::new();
    sandbox.write("first/settings.py", credential.file());
    // Forty gigabytes of zeros that take no room on disk: more than any machine scans before the signal comes.
    for number in 0..400 {
        let file = fs::File::create(sandbox.folder("endless").join(format!("{number}.bin")))
            .expect("a file");
        file.set_len(100 << 20).expect("a sparse file");
    }
    let child = revealing_scan(&sandbox).args(["first", "endless"]).spawn();
    wait_until_it_reads(&child, "/endless/");
    interrupt(&child);
    let output = child.wait_with_output().expect("its end");
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{stdout}\n{stderr}");
    let report = Report::parse(&stdout, &stderr);
    assert!(
        report.holds(&credential) && !report.complete(),
        "{}",
        report.overview()
    );
    report.expect_skipped(&["interrupted"]);
}

#[test]
fn ctrl_c_while_waiting_for_standard_input_ends_with_status_two() {
    let sandbox = Sandbox::new();
    let mut child = leakward(&sandbox).args(["scan", "-"]).input("").spawn();
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin
        .write_all(b"the beginning of something that never ends\n")
        .expect("the pipe takes it");
    // The program has read the line once the pipe is empty; it then waits for more.
    thread::sleep(Duration::from_millis(500));
    interrupt(&child);
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("its state") {
            assert_eq!(status.code(), Some(2));
            break;
        }
        if started.elapsed() > Duration::from_secs(30) {
            child.kill().expect("its end");
            panic!("the program still waits for input thirty seconds after Ctrl-C");
        }
        thread::sleep(Duration::from_millis(10));
    }
    drop(stdin);
}
