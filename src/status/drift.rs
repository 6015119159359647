//! A difference between file and world, and what causes there are.

use serde::Serialize;

/// A difference between the file and the world.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drift {
    /// Of what sort it is.
    pub cause: Cause,
    /// The host.
    pub host: String,
    /// The service, when it is about one.
    pub service: Option<String>,
    /// The port, when it is about one.
    pub port: Option<u16>,
    /// What differs, as a sentence without a full stop.
    pub what: String,
    /// What the file says, when that is a value.
    pub declared: Option<String>,
    /// What was found, when that is a value.
    pub found: Option<String>,
    /// The command that would mend it; nothing when we know none.
    pub command: Option<String>,
    /// What else one can do, in words; nothing when the command says it all.
    pub help: Option<String>,
}

/// Of what sort a difference is, in the order in which one would look at them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// Nothing on a host answers.
    HostAway,
    /// Nothing listens where a service should.
    Dead,
    /// A service takes longer than it may.
    Slow,
    /// A service answers, and not as it should.
    Sick,
    /// One of the owner's checks fails.
    CheckFailed,
    /// The gateway does not know a handle.
    MissingHandle,
    /// The gateway knows a name that nobody declared.
    UndeclaredHandle,
    /// A backend does not answer to the name that is sent.
    WrongModel,
    /// A backend serves a model that nobody declared.
    UndeclaredModel,
    /// What should be a list of models is none.
    NoList,
    /// Somebody listens where nobody should.
    UndeclaredListener,
    /// A service that is for its own host alone listens beyond it.
    Exposed,
    /// Another version runs than the file says.
    WrongVersion,
    /// A generated file is not on its host.
    MissingFile,
    /// A generated file on a host is not what would be generated now.
    ChangedFile,
    /// A generated file on a host has another owner or mode.
    ChangedMode,
    /// The files of a host could not be read.
    UnreadableFile,
}

impl Cause {
    /// The heading above differences of this sort.
    pub fn title(self) -> &'static str {
        match self {
            Self::HostAway => "hosts where nothing answers",
            Self::Dead => "nothing listens there",
            Self::Slow => "no answer in time",
            Self::Sick => "answers that are not as they should be",
            Self::CheckFailed => "checks that fail",
            Self::MissingHandle => "handles that the gateway does not know",
            Self::UndeclaredHandle => "names of the gateway that nobody declared",
            Self::WrongModel => "models that their server does not know",
            Self::UndeclaredModel => "models that nobody declared",
            Self::NoList => "lists of models that cannot be read",
            Self::UndeclaredListener => "listeners that nobody declared",
            Self::Exposed => "services that are open beyond their host",
            Self::WrongVersion => "other versions than declared",
            Self::MissingFile => "generated files that are not installed",
            Self::ChangedFile => "installed files that differ from what would be generated now",
            Self::ChangedMode => "installed files with another owner or mode",
            Self::UnreadableFile => "files that could not be read",
        }
    }
}
