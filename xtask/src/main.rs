//! `cargo xtask`: what developers and the release workflow run. Only the command line; the work is in the library.
#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Parser;
use xtask::{Dist, Effort, Kind, Target};

/// Packages of the program, and the pages of the documentation that are made of it.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Task {
    /// Build the program and make the packages of one platform.
    Dist(DistArgs),
    /// Of the packages of all platforms, make what speaks of them: SHA256SUMS, the Homebrew formula, npm's main package, the
    /// table of the GitHub Action.
    Gather {
        /// The folder with the packages, and for what is made.
        folder: PathBuf,
    },
    /// Write the pages of docs/ that are made of the program.
    Docs {
        /// A program that is built already.
        #[arg(long, value_name = "PATH")]
        binary: Option<PathBuf>,
    },
}

#[derive(Debug, clap::Args)]
struct DistArgs {
    /// The platform, as rustc names it. Default: this machine's.
    #[arg(long, value_name = "TRIPLE")]
    target: Option<String>,
    /// A program that is built already.
    #[arg(long, value_name = "PATH")]
    binary: Option<PathBuf>,
    /// A program that runs here and writes completions and manual pages, when that of --target does not.
    #[arg(long, value_name = "PATH")]
    native: Option<PathBuf>,
    /// Where the packages are put.
    #[arg(long, value_name = "FOLDER", default_value = "target/dist")]
    output: PathBuf,
    /// Only these packages. Default: all that the platform has.
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    only: Vec<Kind>,
}

fn main() -> anyhow::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    match Task::parse() {
        Task::Dist(args) => dist(&root, &args),
        Task::Gather { folder } => print(&xtask::gather(&root, &folder)?),
        Task::Docs { binary } => {
            let binary = match binary {
                Some(binary) => binary,
                None => xtask::compile(&root, None, xtask::Profile::Debug)?,
            };
            print(&xtask::write(&root, &binary)?)
        }
    }
}

fn dist(root: &Path, args: &DistArgs) -> anyhow::Result<()> {
    let target = match &args.target {
        Some(triple) => Target::parse(triple)?,
        None => Target::of_this_machine()?,
    };
    let binary = match &args.binary {
        Some(binary) => binary.clone(),
        None => xtask::compile(root, Some(target), xtask::Profile::Dist)?,
    };
    let dist = Dist {
        root: root.to_owned(),
        native: args.native.clone().unwrap_or_else(|| binary.clone()),
        binary,
        target,
        output: args.output.clone(),
        time: xtask::commit_time(root)?,
        effort: Effort::Most,
    };
    let kinds = match args.only.as_slice() {
        [] => target.kinds(),
        only => only.to_vec(),
    };
    print(&dist.make(&kinds).context("the packages")?)
}

fn print(files: &[PathBuf]) -> anyhow::Result<()> {
    for file in files {
        println!("{}", file.display());
    }
    Ok(())
}
