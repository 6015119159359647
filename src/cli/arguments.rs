//! What can be typed behind `homelab`.

use std::ops::Deref;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgMatches, Args, FromArgMatches, Parser, Subcommand, ValueEnum};

use super::report;
use super::sync::Sync;

/// One platform.toml, checked and compiled into everything a home LLM lab runs on.
#[derive(Debug, Parser)]
#[command(
    version,
    max_term_width = 100,
    after_help = "Start with `homelab lint` in the folder of your platform.toml; `homelab build` then writes generated/.\nExit code: 0 no error, 1 an error in the file or drift, 2 wrong use or the world failed."
)]
pub(super) struct Homelab {
    /// What to do.
    #[command(subcommand)]
    pub(super) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Begin a platform.toml, by a few questions.
    Init(Late<Init>),
    /// Check platform.toml, then write everything that is made from it.
    Build(Late<Build>),
    /// Build the site about the platform, and show it in a browser.
    Docs(Late<Docs>),
    /// Check platform.toml, and mend it when asked to.
    Lint(Late<Lint>),
    /// Say what a rule is about: why, a bad and a good example.
    Explain(Late<Explain>),
    /// Begin the documents of a new service.
    New(New),
    /// Show who has which port, find a free one, or change one on purpose.
    Port(Port),
    /// Ask everything that is live, and say where it differs from platform.toml.
    Status(Status),
    /// Turn the files you have into a platform.toml, or say what is wrong with them.
    Import(Late<Import>),
    /// Compare what a server of models has with platform.toml, and propose the edit.
    Sync(Late<Sync>),
    /// Serve the platform's models at one address, from the compiled route table.
    #[cfg(feature = "proxy")]
    Proxy(Late<Proxy>),
    /// Print the JSON schema of platform.toml, for editors.
    Schema,
    /// Print what a shell needs to complete `homelab` on TAB.
    Completions(Late<Completions>),
    /// Print the man page, or write one for each command.
    Man(Late<Man>),
    /// Write the pages of docs/reference, which are made from the code.
    #[command(hide = true)]
    Reference(Late<Reference>),
}

/// Arguments of which clap is told only when their command was typed: to tell it of all of them at every start takes longer than to read a small platform. Not for commands that have commands of their own, which `homelab help` lists.
#[derive(Debug)]
pub(super) struct Late<T>(T);

impl<T: Args> Args for Late<T> {
    fn augment_args(command: clap::Command) -> clap::Command {
        command.defer(T::augment_args)
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        command.defer(T::augment_args_for_update)
    }
}

impl<T: FromArgMatches> FromArgMatches for Late<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        T::from_arg_matches(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0.update_from_arg_matches(matches)
    }
}

impl<T> Deref for Late<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

/// Begin a platform.toml, by a few questions.
#[derive(Debug, Args)]
#[command(
    after_help = "What is not given is asked for on a terminal; elsewhere it is taken as the text in brackets says, and an address that is missing is an error. A platform.toml that is there is never touched.\n\nExamples:\n  homelab init\n  homelab init one-machine --model qwen3:8b\n  homelab init pi-and-gpu --host pi=192.0.2.10 --host gpu=192.0.2.11 --by Ada\n  homelab init mac-pair --host mini=192.0.2.10 --host studio=192.0.2.11 --user ada --by Ada"
)]
pub(super) struct Init {
    /// What there is at home.
    #[arg(value_enum)]
    pub(super) shape: Option<Shape>,
    /// Where the platform is written.
    #[arg(long, value_name = "FILE", default_value = "platform.toml")]
    pub(super) platform: PathBuf,
    /// The platform's name [the folder's].
    #[arg(long)]
    pub(super) name: Option<String>,
    /// A machine by name and address, such as pi=192.0.2.10: first the one with the gateway, then the one with the models. One machine needs no address.
    #[arg(long, value_name = "NAME[=ADDRESS]")]
    pub(super) host: Vec<String>,
    /// The user that services run as [yours].
    #[arg(long)]
    pub(super) user: Option<String>,
    /// A model, as Ollama or Hugging Face names it; may be given several times [a small one].
    #[arg(long, value_name = "MODEL")]
    pub(super) model: Vec<String>,
    /// Who approves that services face the home network [you].
    #[arg(long)]
    pub(super) by: Option<String>,
    /// The day to write into approvals, such as 2026-11-21 [today].
    #[arg(long, value_name = "DATE")]
    pub(super) today: Option<crate::lint::Date>,
}

/// What there is at home.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Shape {
    /// One machine with Ollama, and the gateway beside it.
    OneMachine,
    /// A Raspberry Pi with the gateway, and a PC whose GPU runs Ollama.
    PiAndGpu,
    /// A Mac with the gateway, and a Mac that runs MLX.
    MacPair,
}

/// Which file is read, and how findings are shown.
#[derive(Debug, Args)]
pub(super) struct Input {
    /// The file to read.
    #[arg(long, value_name = "FILE", default_value = "platform.toml")]
    pub(super) platform: PathBuf,
    /// How findings are shown; never changes the exit code.
    #[arg(long, value_enum, default_value_t = Format::Full)]
    pub(super) format: Format,
    /// Treat warnings as errors.
    #[arg(long)]
    pub(super) deny_warnings: bool,
    /// Say nothing but findings.
    #[arg(long, short)]
    pub(super) quiet: bool,
    /// The day to take for today, such as 2026-11-21, in rules that need one. Outputs never depend on it.
    #[arg(long, value_name = "DATE")]
    pub(super) today: Option<crate::lint::Date>,
    /// The largest file that is read, in bytes.
    #[arg(long, value_name = "BYTES", default_value_t = crate::syntax::DEFAULT_SIZE_LIMIT)]
    pub(super) max_size: u64,
}

/// How findings are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Each with its lines and what to do.
    Full,
    /// Each on a line of its own: `file:line:column: error[rule]: message`.
    Concise,
    /// One JSON object with all of them.
    Json,
    /// SARIF 2.1.0, for code scanning on GitHub and elsewhere.
    Sarif,
    /// Commands of a GitHub workflow, which annotate the lines of a pull request.
    Github,
    /// A GitLab Code Quality report.
    Gitlab,
}

impl Format {
    /// True when files are named from the root of their repository.
    pub(super) fn names_repository(self) -> bool {
        matches!(self, Self::Sarif | Self::Github | Self::Gitlab)
    }
}

impl From<Format> for report::Format {
    fn from(format: Format) -> Self {
        match format {
            Format::Full => Self::Full,
            Format::Concise => Self::Concise,
            Format::Json => Self::Json,
            Format::Sarif => Self::Sarif,
            Format::Github => Self::Github,
            Format::Gitlab => Self::Gitlab,
        }
    }
}

/// Check platform.toml, then write everything that is made from it.
#[derive(Debug, Args)]
#[command(
    after_help = "All files are written, or none: an error in the file writes nothing, and a build that is killed is finished or undone by the next one. Files that you edited by hand are never overwritten; `--force` does it and keeps your version as NAME.bak.\n\nExamples:\n  homelab build                  write generated/ beside platform.toml\n  homelab build --check          compare only; exit code 1 when something differs\n  homelab build --only systemd   write generated/systemd/ and platform.lock, nothing else\n  homelab build --no-site        all but generated/site/, which git ignores\n\nplatform.lock beside platform.toml remembers every port and public handle; commit it. With `CI` set in the environment it is not written, as with `--locked`."
)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own on the command line"
)]
pub(super) struct Build {
    #[command(flatten)]
    pub(super) input: Input,
    /// Where to write. Default: `generated` beside the file.
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Write nothing; list what differs from what would be written.
    #[arg(long)]
    pub(super) check: bool,
    /// Only these folders of the output, such as `systemd,launchd`.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(super) only: Vec<String>,
    /// Leave out the site, which is built with everything else and not committed; `homelab docs` builds it alone.
    #[arg(long)]
    pub(super) no_site: bool,
    /// Replace files that were edited by hand, keeping each as NAME.bak.
    #[arg(long, conflicts_with = "check")]
    pub(super) force: bool,
    /// Allow an output folder that is, or lies below, a symbolic link.
    #[arg(long)]
    pub(super) follow_links: bool,
    /// Write nothing when platform.lock would change. Default: true when `CI` is set, else false.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(super) locked: Option<bool>,
    /// List everything that is left to do, not only how much it is.
    #[arg(long)]
    pub(super) work: bool,
}

/// Build the site about the platform, and show it in a browser.
#[derive(Debug, Args)]
#[command(
    after_help = "The site is generated/site: plain files that also open by double click. The Markdown below docs/ beside platform.toml is part of it.\n\nExamples:\n  homelab docs --open                build, serve on this machine, open a browser\n  homelab docs --watch               and build again when platform.toml or docs/ changes\n  homelab docs --no-serve            only write generated/site, as in CI"
)]
pub(super) struct Docs {
    #[command(flatten)]
    pub(super) input: Input,
    /// Where to write. Default: `generated` beside the file; the site is `site` in it.
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Open a browser.
    #[arg(long, conflicts_with = "no_serve")]
    pub(super) open: bool,
    /// Build again when platform.toml or docs/ changes, and reload the page.
    #[arg(long, conflicts_with = "no_serve")]
    pub(super) watch: bool,
    /// The port on 127.0.0.1; 0 for any that is free.
    #[arg(
        long,
        value_name = "PORT",
        default_value_t = 8642,
        conflicts_with = "no_serve"
    )]
    pub(super) port: u16,
    /// Write the site and end.
    #[arg(long)]
    pub(super) no_serve: bool,
}

/// Check platform.toml, and mend it when asked to.
#[derive(Debug, Args)]
#[command(
    after_help = "Without `--fix` nothing is written. With it comments and order stay, the file is written all or not at all, and what is left to do is shown.\n\nExamples:\n  homelab lint\n  homelab lint docs/                 also ports, URLs, names and links in Markdown\n  homelab lint --fix --diff          what `--fix` would change\n  homelab lint --platform examples/kheti/platform.toml\n  homelab lint --format concise      one line for each finding, for editors and grep"
)]
pub(super) struct Lint {
    #[command(flatten)]
    pub(super) input: Input,
    /// Handwritten Markdown to hold against the platform: files, or folders with all below them.
    #[arg(value_name = "PAGES")]
    pub(super) pages: Vec<PathBuf>,
    /// Mend in the file what can be mended without changing what anything else means.
    #[arg(long)]
    pub(super) fix: bool,
    /// Mend as well where the right answer is likely and not certain; look at the result.
    #[arg(long)]
    pub(super) unsafe_fixes: bool,
    /// Write nothing; show what the fixes would change. Exit code 1 when they would.
    #[arg(long)]
    pub(super) diff: bool,
}

/// Say what a rule is about: why, a bad and a good example.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  homelab explain                    all rules, and how grave each is\n  homelab explain unknown-host       one of them, and where your platform.toml breaks it"
)]
pub(super) struct Explain {
    /// The rule, such as `duplicate-port`; all rules when it is left out.
    pub(super) rule: Option<String>,
    /// The file whose own lines are shown where they break the rule. Default: `platform.toml` when there is one here.
    #[arg(long, value_name = "FILE", requires = "rule")]
    pub(super) platform: Option<PathBuf>,
    /// The day to take for today, such as 2026-11-21.
    #[arg(long, value_name = "DATE")]
    pub(super) today: Option<crate::lint::Date>,
}

/// Ask everything that is live, and say where it differs from platform.toml.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Asks what healthcheck.sh asks, and agrees with it; then which models the gateway and the backends list, which versions run, and whether somebody listens where nobody should. Nothing is changed, and nothing is asked that loads a model. Exit code: 0 nothing differs, 1 something does, 2 wrong use.\n\nExamples:\n  homelab status                         everything, seen from this machine\n  homelab status --host studio           only what runs on studio\n  homelab status --files --ssh           also the installed files, on every machine\n  homelab status --watch                 again and again\n  homelab status --format json           for programs; docs/status.md has the form"
)]
pub(super) struct Status {
    #[command(flatten)]
    pub(super) look: StatusLook,
    /// Only what runs on this host; may be given several times.
    #[arg(long, value_name = "HOST")]
    pub(super) host: Vec<String>,
    /// Also hold the generated files that are installed against what would be generated now.
    #[arg(long)]
    pub(super) files: bool,
    /// The files of the one host lie below this folder: a mounted disk or an image.
    #[arg(long, value_name = "DIR", requires = "files", conflicts_with = "ssh")]
    pub(super) root: Option<PathBuf>,
    /// Look at the files of other machines by `ssh`, as the host's user, without asking for a password.
    #[arg(long, requires = "files")]
    pub(super) ssh: bool,
    /// Ask again and again, until Ctrl-C; with `--format json` each result is one line.
    #[arg(long)]
    pub(super) watch: bool,
    /// Seconds from one time to the next with `--watch`.
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = seconds, requires = "watch")]
    pub(super) every: Duration,
    /// How the result is shown; never changes the exit code.
    #[arg(long, value_enum, default_value_t = StatusFormat::Table)]
    pub(super) format: StatusFormat,
    /// What to do, when it is something else.
    #[command(subcommand)]
    pub(super) command: Option<StatusCommand>,
}

/// What is asked, and from where.
#[derive(Debug, Args)]
pub(super) struct StatusLook {
    /// The file that says what should be.
    #[arg(long, value_name = "FILE", default_value = "platform.toml")]
    pub(super) platform: PathBuf,
    /// This machine is that host. Default: told by its name and addresses.
    #[arg(long, value_name = "HOST", conflicts_with = "elsewhere")]
    pub(super) here: Option<String>,
    /// This machine is none of the platform's.
    #[arg(long)]
    pub(super) elsewhere: bool,
    /// Seconds that an answer may take.
    #[arg(long, value_name = "SECONDS", default_value = "1.5", value_parser = seconds)]
    pub(super) timeout: Duration,
    /// The gateway's key: alone in a file, or in an env file. Default: the variable of the environment, else the gateway's env file where that lies on this machine.
    #[arg(long, value_name = "FILE")]
    pub(super) key_file: Option<PathBuf>,
    /// The largest file that is read, in bytes.
    #[arg(long, value_name = "BYTES", default_value_t = crate::syntax::DEFAULT_SIZE_LIMIT)]
    pub(super) max_size: u64,
}

/// What else `homelab status` does.
#[derive(Debug, Subcommand)]
pub(super) enum StatusCommand {
    /// Keep asking, and serve what was found: /health, /status and /incidents as JSON.
    Serve(Late<StatusServe>),
}

/// Keep asking, and serve what was found: /health, /status and /incidents as JSON.
#[derive(Debug, Args)]
#[command(
    after_help = "It is only read. What differed, since when and until when is kept in a small file that survives a crash. A changed platform.toml is taken in the next time; the owner's checks are not made.\n\nExample:\n  homelab status serve --port 8643 --history ~/.local/state/homelab"
)]
pub(super) struct StatusServe {
    #[command(flatten)]
    pub(super) look: StatusLook,
    /// The address to listen on.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub(super) address: std::net::IpAddr,
    /// The port; 0 for any that is free.
    #[arg(long, value_name = "PORT", default_value_t = 8643)]
    pub(super) port: u16,
    /// Seconds from one time to the next.
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub(super) every: Duration,
    /// The folder in which history is kept. Default: the variable `HOMELAB_STATE_DIRECTORY`.
    #[arg(long, value_name = "DIR")]
    pub(super) history: Option<PathBuf>,
}

/// How the platform's status is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum StatusFormat {
    /// A line for each probe, then what differs.
    Table,
    /// One JSON object.
    Json,
}

/// Turn the files you have into a platform.toml, or say what is wrong with them.
#[derive(Debug, Args)]
#[command(
    after_help = "Each file is told by what it holds: a LiteLLM configuration with what it includes, docker-compose.yml, systemd units, launchd property lists, env files (names only), the MLX registry.json, `ollama list`, /api/tags, /v1/models, llama-swap's config.yaml, OptiLLM's proxy_config.yaml, MCP servers of clients, rows of a registry. Literal secrets are never copied; what cannot be carried over is listed.\n\nExamples:\n  homelab import --on mini --host mini=192.0.2.10 --into platform.toml config.yaml\n  homelab import --check config.yaml   say what LiteLLM will drop, ignore or refuse"
)]
pub(super) struct Import {
    /// The files.
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// Only say what is wrong with them; needs no platform.toml.
    #[arg(long, conflicts_with_all = ["into", "host", "on"])]
    pub(super) check: bool,
    /// Where the platform is written. A file that is there is added to, and what it has already stays. Default: standard output.
    #[arg(long, value_name = "FILE")]
    pub(super) into: Option<PathBuf>,
    /// A machine by its name and address, such as nas=192.0.2.10; may be given several times.
    #[arg(long, value_name = "NAME=ADDRESS")]
    pub(super) host: Vec<String>,
    /// The name of the machine that the files come from. Default: home.
    #[arg(long, value_name = "NAME")]
    pub(super) on: Option<String>,
    /// How findings are shown; never changes the exit code.
    #[arg(long, value_enum, default_value_t = Format::Full)]
    pub(super) format: Format,
    /// Treat warnings as errors.
    #[arg(long)]
    pub(super) deny_warnings: bool,
    /// Say nothing but findings.
    #[arg(long, short)]
    pub(super) quiet: bool,
    /// The largest file that is read, in bytes.
    #[arg(long, value_name = "BYTES", default_value_t = crate::syntax::DEFAULT_SIZE_LIMIT)]
    pub(super) max_size: u64,
}

/// Print what a shell needs to complete `homelab` on TAB.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  homelab completions bash > ~/.local/share/bash-completion/completions/homelab\n  homelab completions zsh > ~/.zfunc/_homelab\n  homelab completions fish > ~/.config/fish/completions/homelab.fish"
)]
pub(super) struct Completions {
    /// The shell.
    #[arg(value_enum)]
    pub(super) shell: clap_complete::Shell,
}

/// Print the man page, or write one for each command.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  homelab man | man -l -\n  homelab man --out ~/.local/share/man/man1"
)]
pub(super) struct Man {
    /// Write a page for each command into this folder.
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
}

/// Write the pages of docs/reference, which are made from the code.
#[derive(Debug, Args)]
pub(super) struct Reference {
    /// The folder.
    #[arg(value_name = "DIR")]
    pub(super) folder: PathBuf,
}

/// Begin the documents of a new service.
#[derive(Debug, Args)]
pub(super) struct New {
    /// What is new.
    #[command(subcommand)]
    pub(super) command: NewCommand,
}

/// What is new.
#[derive(Debug, Subcommand)]
pub(super) enum NewCommand {
    /// Begin the spec, the architecture and the notes for agents of a service.
    Service(Late<NewService>),
}

/// Begin the spec, the architecture and the notes for agents of a service.
#[derive(Debug, Args)]
#[command(
    after_help = "Writes SERVICE_SPEC.md, ARCHITECTURE.md and AGENTS.md into the service's `folder`, or into services/NAME when it has none. A document that is there is kept as it is. Units, health checks, restarts and pages are made by `homelab build`.\n\nExample:\n  homelab new service open-webui"
)]
pub(super) struct NewService {
    #[command(flatten)]
    pub(super) input: Input,
    /// The service, as platform.toml names it.
    pub(super) name: String,
}

/// Show who has which port, find a free one, or change one on purpose.
#[derive(Debug, Args)]
pub(super) struct Port {
    /// What to do.
    #[command(subcommand)]
    pub(super) command: PortCommand,
}

/// What to do with ports.
#[derive(Debug, Subcommand)]
pub(super) enum PortCommand {
    /// List every port that was ever given, and who has or had it.
    List(Late<PortList>),
    /// Print the lowest port of a range that was never given.
    Next(Late<PortNext>),
    /// Give a service or model another port, and write down why.
    Migrate(Late<PortMigrate>),
}

/// List every port that was ever given, and who has or had it.
#[derive(Debug, Args)]
#[command(
    after_help = "A port is `held`, `new` (platform.toml has it, platform.lock not yet) or a `tombstone`: it was given once and is not given again.\n\nExamples:\n  homelab port list\n  homelab port list --host mini --format json"
)]
pub(super) struct PortList {
    #[command(flatten)]
    pub(super) input: Input,
    /// Only ports of this host.
    #[arg(long, value_name = "HOST")]
    pub(super) host: Option<String>,
}

/// Print the lowest port of a range that was never given.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  homelab port next --range experimental\n  homelab port next --range mlx:team --host studio"
)]
pub(super) struct PortNext {
    #[command(flatten)]
    pub(super) input: Input,
    /// The host; needed when ranges of several hosts have the name.
    #[arg(long, value_name = "HOST")]
    pub(super) host: Option<String>,
    /// The range, or `service:range`; may be left out when there is only one.
    #[arg(long, value_name = "NAME")]
    pub(super) range: Option<String>,
}

/// Give a service or model another port, and write down why.
#[derive(Debug, Args)]
#[command(
    after_help = "Writes the new port and a `[[migration]]` entry into platform.toml and leaves everything else as it stands. On a terminal the change is shown and asked for first.\n\nExample:\n  homelab port migrate open-webui 3100 --reason \"Grafana needs 3000\" --by christopher"
)]
pub(super) struct PortMigrate {
    #[command(flatten)]
    pub(super) input: Input,
    /// The service or model.
    #[arg(value_name = "SERVICE|MODEL")]
    pub(super) owner: String,
    /// Its new port.
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) to: u16,
    /// Why.
    #[arg(long, alias = "why")]
    pub(super) reason: String,
    /// By whom.
    #[arg(long)]
    pub(super) by: String,
    /// When. Default: today.
    #[arg(long, value_name = "DATE")]
    pub(super) when: Option<crate::lint::Date>,
    /// Which of the service's named ports.
    #[arg(long, value_name = "NAME")]
    pub(super) port: Option<String>,
    /// Ask nothing.
    #[arg(long, short)]
    pub(super) yes: bool,
    /// Show the change and write nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
}

/// Serve the platform's models at one address, from the compiled route table.
#[cfg(feature = "proxy")]
#[derive(Debug, Args)]
#[command(
    after_help = "Reads no platform.toml: the route table that `homelab build` writes is all it knows. Keys come from the environment, by the names in the table. SIGHUP or a changed file takes another table; SIGTERM finishes what is under way.\n\nExamples:\n  homelab proxy --check                          say what is missing, serve nothing\n  homelab proxy --listen 127.0.0.1:4000 --admin 127.0.0.1:4001"
)]
pub(super) struct Proxy {
    /// The route table.
    #[arg(
        long,
        value_name = "FILE",
        default_value = "generated/routes/routes.json"
    )]
    pub(super) table: PathBuf,
    /// Where to listen. Default: the table's address.
    #[arg(long, value_name = "ADDR")]
    pub(super) listen: Option<std::net::SocketAddr>,
    /// Where operators find status, metrics and a page; loopback only.
    #[arg(long, value_name = "ADDR")]
    pub(super) admin: Option<std::net::SocketAddr>,
    /// Further keys, each a line: `name sha256:<hex> [handles=a,b] [service=name]`.
    #[arg(long, value_name = "FILE")]
    pub(super) keys: Option<PathBuf>,
    /// How many threads serve. Default: one for each core.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) threads: Option<u16>,
    /// The largest body that is taken, in bytes.
    #[arg(long, value_name = "BYTES", default_value_t = 64 * 1024 * 1024)]
    pub(super) max_body: u64,
    /// The most bytes of large bodies that are held at once; beyond that requests are turned away.
    #[arg(long, value_name = "BYTES", default_value_t = 1024 * 1024 * 1024)]
    pub(super) max_buffered: u64,
    /// The most connections at once; fewer when the system allows fewer descriptors.
    #[arg(long, value_name = "NUMBER", default_value_t = 16_384)]
    pub(super) max_connections: usize,
    /// How many seconds a client may take for the head of a request.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    pub(super) head_timeout: Duration,
    /// How many seconds the body of a request may take to begin; it then has another second for each kilobyte.
    #[arg(long, value_name = "SECONDS", default_value = "20", value_parser = seconds)]
    pub(super) body_timeout: Duration,
    /// How many seconds a client may take nothing of its answer.
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    pub(super) write_timeout: Duration,
    /// How many seconds a connection may be idle between two requests.
    #[arg(long, value_name = "SECONDS", default_value = "75", value_parser = seconds)]
    pub(super) keep_alive: Duration,
    /// After how many seconds of silence a stream is kept alive by a comment.
    #[arg(long, value_name = "SECONDS", default_value = "15", value_parser = seconds)]
    pub(super) ping: Duration,
    /// How many seconds requests may go on after SIGTERM.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub(super) grace: u64,
    /// Write no access log to standard output.
    #[arg(long, short)]
    pub(super) quiet: bool,
    /// Say what is missing, and serve nothing.
    #[arg(long)]
    pub(super) check: bool,
}

/// A time in seconds, such as `2.5`.
fn seconds(text: &str) -> Result<Duration, String> {
    let wrong = || "a number of seconds is expected, such as `2.5`".to_owned();
    let seconds: f64 = text.parse().map_err(|_| wrong())?;
    if !(0.001..=1e7).contains(&seconds) {
        return Err(wrong());
    }
    Duration::try_from_secs_f64(seconds).map_err(|_| wrong())
}
