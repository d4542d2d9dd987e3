//! What can be typed after `leakward store`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// What to do with the connected secret stores.
#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    /// List the kinds of stores, how each is named, and its options.
    Kinds(KindsArgs),
    /// Log in to a store and say who we are to it. Reads no entry.
    Check(CheckArgs),
    /// List the entries of a store.
    List(ListArgs),
    /// Read an entry. Values are masked unless --reveal.
    Get(GetArgs),
    /// Write one field of an entry, from standard input. Nothing is changed when somebody else was faster.
    Put(PutArgs),
    /// Take down which store holds what, as keyed fingerprints: so a leak is matched to its entry. Never values.
    Index(IndexArgs),
    /// Say which entries hold the value on standard input, by the index.
    Locate(LocateArgs),
    /// List what the stores hold: how old it is, who owns it, and what of it leaked.
    Inventory(InventoryArgs),
}

/// How something is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum StoreFormat {
    /// A table for people.
    #[default]
    Text,
    /// JSON for programs.
    Json,
}

/// Where stores are named, and how the answer is printed.
#[derive(Debug, Args)]
pub(crate) struct CommonArgs {
    /// The file with [stores.NAME]. Default: leakward.toml in the current folder, or in the user's configuration folder.
    #[arg(long, value_name = "FILE", env = "LEAKWARD_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// `text` or `json`.
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: StoreFormat,
}

/// `leakward store kinds`
#[derive(Debug, Args)]
pub(crate) struct KindsArgs {
    /// Only this kind.
    #[arg(value_name = "KIND")]
    pub(crate) kind: Option<String>,
    /// `text` or `json`.
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: StoreFormat,
}

/// `leakward store check`
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// A store's NAME in the configuration, or KIND:PLACE. Default: all stores of the configuration.
    #[arg(value_name = "STORE")]
    pub(crate) stores: Vec<String>,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

/// `leakward store list`
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// A store's NAME in the configuration, or KIND:PLACE.
    #[arg(value_name = "STORE")]
    pub(crate) store: String,
    /// Only paths that begin like this.
    #[arg(value_name = "PREFIX", default_value = "")]
    pub(crate) prefix: String,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

/// `leakward store get`
#[derive(Debug, Args)]
pub(crate) struct GetArgs {
    /// A store's NAME in the configuration, or KIND:PLACE.
    #[arg(value_name = "STORE")]
    pub(crate) store: String,
    /// Path of the entry.
    #[arg(value_name = "PATH")]
    pub(crate) path: String,
    /// Only this field; with --reveal its value and nothing else is printed.
    #[arg(long, value_name = "NAME")]
    pub(crate) field: Option<String>,
    /// This version, or `previous`. Default: the current one.
    #[arg(long, value_name = "VERSION")]
    pub(crate) version: Option<String>,
    /// Show the values.
    #[arg(long)]
    pub(crate) reveal: bool,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

/// `leakward store put`
#[derive(Debug, Args)]
pub(crate) struct PutArgs {
    /// A store's NAME in the configuration, or KIND:PLACE.
    #[arg(value_name = "STORE")]
    pub(crate) store: String,
    /// Path of the entry. It is made when it is not there.
    #[arg(value_name = "PATH")]
    pub(crate) path: String,
    /// The field; the other ones stay. Not needed for an entry that is one value.
    #[arg(long, value_name = "NAME", default_value = "")]
    pub(crate) field: String,
    /// Draw a random value of so many characters instead of reading one; it is not shown.
    #[arg(long, value_name = "LENGTH")]
    pub(crate) generate: Option<std::num::NonZeroUsize>,
    /// Only if this is the current version; `none`: only if there is no such entry. Default: the version that is current now.
    #[arg(long, value_name = "VERSION")]
    pub(crate) if_version: Option<String>,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

/// `leakward store index`
#[derive(Debug, Args)]
pub(crate) struct IndexArgs {
    /// A store's NAME in the configuration, or KIND:PLACE. Default: all stores of the configuration.
    #[arg(value_name = "STORE")]
    pub(crate) stores: Vec<String>,
    /// How many versions of each entry are read.
    #[arg(long, value_name = "N", default_value = "3")]
    pub(crate) versions: std::num::NonZeroUsize,
    #[command(flatten)]
    pub(crate) place: IndexPlaceArgs,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

/// Where the index is.
#[derive(Debug, Args)]
pub(crate) struct IndexPlaceArgs {
    /// The index. Default: leakward/store-index.json in the user's state folder.
    #[arg(long, value_name = "FILE")]
    pub(crate) index: Option<PathBuf>,
}

/// `leakward store locate`
#[derive(Debug, Args)]
pub(crate) struct LocateArgs {
    #[command(flatten)]
    pub(crate) place: IndexPlaceArgs,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

/// `leakward store inventory`
#[derive(Debug, Args)]
pub(crate) struct InventoryArgs {
    /// A store's NAME in the configuration, or KIND:PLACE. Default: all stores of the configuration.
    #[arg(value_name = "STORE")]
    pub(crate) stores: Vec<String>,
    /// Say which entries hold what this report of `leakward scan` (json or jsonl) found.
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// How many versions of each entry are compared with the report.
    #[arg(long, value_name = "N", default_value = "3")]
    pub(crate) versions: std::num::NonZeroUsize,
    /// List only what leaked.
    #[arg(long, requires = "report")]
    pub(crate) leaked: bool,
    /// List only what was not changed for so many days.
    #[arg(long, value_name = "DAYS")]
    pub(crate) older_than: Option<u64>,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}
