//! A formula for Homebrew that installs what was released; nothing is compiled at the user's.

use anyhow::Context as _;

use crate::{HOME_PAGE, LICENCE, SUMMARY, VERSION};

/// The formula. `sum` says the SHA-256 of a platform's archive.
pub(crate) fn formula(sum: &dyn Fn(&str) -> Option<String>) -> anyhow::Result<String> {
    let source = |indent: &str, triple: &str| {
        let sum = sum(triple).with_context(|| format!("there is no archive for {triple}"))?;
        let address =
            format!("{HOME_PAGE}/releases/download/v{VERSION}/leakward-{VERSION}-{triple}.tar.gz");
        anyhow::Ok(format!(
            "{indent}url \"{address}\"\n{indent}sha256 \"{sum}\"\n"
        ))
    };
    let mut systems = String::new();
    for (system, [intel, arm]) in [
        ("macos", ["x86_64-apple-darwin", "aarch64-apple-darwin"]),
        (
            "linux",
            ["x86_64-unknown-linux-musl", "aarch64-unknown-linux-musl"],
        ),
    ] {
        systems.push_str(&format!(
            "  on_{system} do\n    on_intel do\n{}    end\n    on_arm do\n{}    end\n  end\n\n",
            source("      ", intel)?,
            source("      ", arm)?,
        ));
    }
    let licences: Vec<String> = LICENCE
        .split(" OR ")
        .map(|one| format!("{one:?}"))
        .collect();
    Ok(format!(
        "# Made by `cargo xtask gather` when {VERSION} was released.\nclass Leakward < Formula\n  desc \"{SUMMARY}\"\n  \
         homepage \"{HOME_PAGE}\"\n  version \"{VERSION}\"\n  license any_of: [{}]\n\n{systems}{INSTALL}",
        licences.join(", "),
    ))
}

const INSTALL: &str = r##"  def install
    bin.install "leakward"
    man1.install Dir["man/*.1"]
    bash_completion.install "completions/leakward.bash" => "leakward"
    zsh_completion.install "completions/_leakward"
    fish_completion.install "completions/leakward.fish"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/leakward --version")
    (testpath/"clean.txt").write "nothing to see\n"
    system bin/"leakward", "scan", "clean.txt"
  end
end
"##;
