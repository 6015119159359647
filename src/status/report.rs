//! What a survey found: plain data, and the JSON that `homelab status --format json` prints.

use serde::Serialize;

use super::drift::Drift;
use crate::platform::Host;

/// What a survey found. Fields are only ever added; `version` changes when one of them means something else.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The version of this form.
    pub version: u8,
    /// The platform's name.
    pub platform: String,
    /// The host that it was seen from; nothing from elsewhere.
    pub from: Option<String>,
    /// True when nothing differs.
    pub agrees: bool,
    /// How many probes are in which state.
    pub counts: Counts,
    /// What each probe came to, in the order of `healthcheck.sh`.
    pub probes: Vec<Answered>,
    /// Which models each gateway and backend lists.
    pub models: Vec<Listed>,
    /// Which versions run, where that can be asked and something is declared.
    pub versions: Vec<Version>,
    /// The generated files on hosts, when they were asked for.
    pub files: Vec<InstalledFile>,
    /// The hosts whose files were asked for and not looked at.
    pub unread: Vec<UnreadHost>,
    /// What differs, by cause.
    pub drift: Vec<Drift>,
}

impl Report {
    /// Counts and orders after something was added.
    pub(super) fn settle(&mut self) {
        self.counts = Counts::of(self.probes.iter().map(|it| it.state));
        self.drift.sort_by_key(|it| it.cause);
        self.agrees = self.drift.is_empty();
    }
}

/// A generated file on a host.
#[derive(Debug, Clone, Serialize)]
pub struct InstalledFile {
    /// The host.
    pub host: String,
    /// Where it lies there.
    pub path: String,
    /// Which generated file it is.
    pub source: String,
    /// How it compares.
    pub state: FileState,
    /// Why, when it is not the same.
    pub words: String,
}

/// How a file on a host compares with what would be generated now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FileState {
    /// It is the same; one that the owner fills in is there.
    Same,
    /// It is not there.
    Missing,
    /// Something else is in it.
    Changed,
    /// It has another owner or mode.
    Mode,
    /// It may not be read.
    Unknown,
}

/// A host whose files were not looked at.
#[derive(Debug, Clone, Serialize)]
pub struct UnreadHost {
    /// The host.
    pub host: String,
    /// Why.
    pub words: String,
}

impl UnreadHost {
    pub(super) fn of(host: &Host, words: String) -> Self {
        Self {
            host: host.name.clone(),
            words,
        }
    }
}

/// How many probes are in which state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// They answered as they should.
    pub well: usize,
    /// They did not.
    pub sick: usize,
    /// They listen on another host's loopback alone.
    pub away: usize,
    /// Their key is not at hand.
    pub skipped: usize,
}

/// What became of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It answered as it should.
    Well,
    /// It did not.
    Sick,
    /// It listens on another host's loopback alone.
    Away,
    /// Its key is not at hand.
    Skip,
}

impl Counts {
    /// Counts these states.
    pub(super) fn of(states: impl Iterator<Item = State>) -> Self {
        states.fold(Self::default(), |mut counts, state| {
            match state {
                State::Well => counts.well += 1,
                State::Sick => counts.sick += 1,
                State::Away => counts.away += 1,
                State::Skip => counts.skipped += 1,
            }
            counts
        })
    }
}

/// What a probe came to: the same fields as `healthcheck.sh --json`.
#[derive(Debug, Clone, Serialize)]
pub struct Answered {
    /// `service`, `model`, `port`, `unit` or `check`.
    pub what: &'static str,
    /// The service.
    pub service: String,
    /// Its host.
    pub host: String,
    /// The port, when it is about one.
    pub port: Option<u16>,
    /// What it is, for people.
    pub title: String,
    /// Where it was asked.
    pub url: Option<String>,
    /// What became of it.
    pub state: State,
    /// How long the answer took.
    pub milliseconds: Option<u64>,
    /// The HTTP status.
    pub status: Option<u16>,
    /// Why, when it is not well.
    pub words: String,
}

/// Which models a gateway or backend lists.
#[derive(Debug, Clone, Serialize)]
pub struct Listed {
    /// The service.
    pub service: String,
    /// Its host.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Where it was asked.
    pub url: Option<String>,
    /// What became of the question.
    pub state: State,
    /// The names, in their order, each on one line and cut where it is too long.
    pub names: Vec<String>,
    /// Why, when there is no list.
    pub words: String,
}

/// Which version runs.
#[derive(Debug, Clone, Serialize)]
pub struct Version {
    /// The service.
    pub service: String,
    /// Its host.
    pub host: String,
    /// What `program_version` says.
    pub declared: String,
    /// What it says itself; nothing when it does not.
    pub found: Option<String>,
}
