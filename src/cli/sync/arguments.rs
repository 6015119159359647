//! What can be typed behind `homelab sync`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::arguments::StatusLook;

/// Compare what a server of models has with platform.toml, and propose the edit.
#[derive(Debug, Args)]
#[command(
    after_help = "New models are declared with a port from the service's range and, where the naming is certain, a handle; planned ones that are there become live, gone ones are retired with their handles. Comments and order stay, and the file has no finding afterwards that it had not before. Where server and file say different things of one model the file holds: it is told, and nothing is changed. Without `--from` the service is asked at its own address. Exit code: 0 nothing differs, or all of it was written; 1 something differs; 2 wrong use, or there is no list.\n\nExamples:\n  homelab sync ollama                    what would change\n  homelab sync ollama --write            change it\n  homelab sync mlx --from registry.json --range team"
)]
pub(in crate::cli) struct Sync {
    /// The service, or its kind where there is only one of it.
    #[arg(value_name = "SERVICE|KIND")]
    pub(in crate::cli) service: String,
    /// The list of its models: a registry.json, /api/tags, /v1/models or `ollama list`. Default: the service itself is asked.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) from: Option<PathBuf>,
    /// The range that new models take their ports from. Default: the one that most of them are in.
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) range: Option<String>,
    /// Write it into platform.toml.
    #[arg(long)]
    pub(in crate::cli) write: bool,
    #[command(flatten)]
    pub(in crate::cli) look: StatusLook,
}
