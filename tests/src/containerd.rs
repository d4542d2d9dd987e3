//! containerd, as Debian packages it, in a folder of its own: without its plugins for Kubernetes and without running anything.

use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::requirement::{Requirement, missing};
use crate::sandbox::Sandbox;

/// How long it may take to answer: it is started while other tests run.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running containerd.
#[derive(Debug)]
pub struct Containerd<'s> {
    sandbox: &'s Sandbox,
    child: Child,
}

impl<'s> Containerd<'s> {
    /// An empty one; nothing when it is not installed or may not run here.
    #[must_use]
    pub fn start(sandbox: &'s Sandbox) -> Option<Self> {
        let tools = ["containerd", "ctr"];
        if tools
            .into_iter()
            .any(|tool| missing(Requirement::Tool(tool)))
            || missing(Requirement::Root)
        {
            return None;
        }
        let plugins = [
            "io.containerd.grpc.v1.cri",
            "io.containerd.internal.v1.opt",
            "io.containerd.snapshotter.v1.btrfs",
            "io.containerd.snapshotter.v1.devmapper",
            "io.containerd.snapshotter.v1.zfs",
        ];
        let settings = format!(
            "version = 2\nroot = {:?}\nstate = {:?}\ndisabled_plugins = {plugins:?}\n[grpc]\naddress = {:?}\n",
            sandbox.path("containerd"),
            sandbox.path("containerd-state"),
            sandbox.path("containerd.sock"),
        );
        let settings = sandbox.write("containerd.toml", settings);
        let child = sandbox
            .command("containerd")
            .args(["--log-level", "error", "--config"])
            .arg(settings)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("containerd to start");
        let mut containerd = Self { sandbox, child };
        containerd.wait();
        Some(containerd)
    }

    fn wait(&mut self) {
        let started = Instant::now();
        loop {
            let ended = self.child.try_wait().expect("the state of containerd");
            assert!(ended.is_none(), "containerd ended: {ended:?}");
            if self.ctr(&["images", "ls"]) {
                return;
            }
            assert!(started.elapsed() < PATIENCE, "containerd does not answer");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Whether `ctr` did what it was asked to.
    fn ctr(&self, arguments: &[&str]) -> bool {
        let mut command = self.sandbox.command("ctr");
        command
            .arg("--address")
            .arg(self.sandbox.path("containerd.sock"))
            .args(arguments);
        let output = command.output().expect("ctr");
        output.status.success()
    }

    /// Has it take in the images of an archive, into a namespace, without unpacking them.
    pub fn import(&self, namespace: &str, archive: &Path, options: &[&str]) {
        let file = archive.to_string_lossy();
        let mut words = vec!["--namespace", namespace, "images", "import", "--no-unpack"];
        words.extend(options);
        words.push(&file);
        assert!(self.ctr(&words), "ctr {}", words.join(" "));
    }

    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.sandbox.path("containerd")
    }
}

impl Drop for Containerd<'_> {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}
