//! `leakward serve`: from a file and the environment to a running service.

use std::process::ExitCode;

use anyhow::Context as _;
use leakward_serve::Config;

use crate::messages::Messages;
use crate::serve_args::ServeArgs;

/// Serves until somebody ends it.
pub(crate) fn serve(args: &ServeArgs, messages: Messages) -> anyhow::Result<ExitCode> {
    let environment = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let config = Config::load(args.config.as_deref(), environment)?;
    if args.check {
        config.check_secrets()?;
        messages.info("the configuration can be used");
        return Ok(ExitCode::SUCCESS);
    }
    leakward_serve::serve(config).context("leakward serve")?;
    Ok(ExitCode::SUCCESS)
}
