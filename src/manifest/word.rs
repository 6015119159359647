//! Words with a form of their own (names, durations, addresses, …): what each may be, checked by hand so that the message can say what is wrong.
//!
//! A field names its kind in the schema as `x-homelab-kind`; the schema carries the pattern too, for editors.

mod host;
mod name;
mod quantity;

/// A form that a word must have.
#[derive(Debug)]
pub struct Kind {
    /// Its name in the schema: `name`, `duration`, ….
    pub name: &'static str,
    /// What a reader calls such a word, with its article.
    pub noun: &'static str,
    /// A regular expression for editors; it lets through a little more than the check does.
    pub pattern: &'static str,
    /// One of them, for editors.
    pub example: &'static str,
    check: fn(&str) -> Result<(), Flaw>,
}

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// What is wrong with a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// What is wrong, ready to follow the word and a colon: `it has a space`.
    pub what: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The word that was probably meant.
    pub instead: Option<String>,
    /// True when the word may be secret and no message may show it.
    pub hidden: bool,
}

impl Flaw {
    fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            help: None,
            instead: None,
            hidden: false,
        }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Offers the word that was probably meant.
    fn instead(mut self, word: impl Into<String>) -> Self {
        let word = word.into();
        self.help = Some(format!("write `{word}`"));
        self.instead = Some(word);
        self
    }

    fn hidden(mut self) -> Self {
        self.hidden = true;
        self
    }
}

impl Kind {
    /// Whether `word` is of this kind, or what is wrong with it.
    pub fn check(&self, word: &str) -> Result<(), Flaw> {
        // Said the same way for every kind, since it is what one overlooks.
        if word.is_empty() {
            return Err(Flaw::new("it is empty"));
        }
        if let Some(character) = word.chars().find(|it| it.is_control()) {
            let name = crate::syntax::describe(character);
            return Err(Flaw::new(format!("it has {name} in it")));
        }
        if word.trim() != word {
            let flaw = Flaw::new("it begins or ends with a space").instead(word.trim());
            return Err(flaw.help("leave the space out"));
        }
        (self.check)(word)
    }
}

/// Every kind, sorted by name.
pub static KINDS: &[&Kind] = &[
    &ADDRESS,
    &DATE,
    &DURATION,
    &ENV_NAME,
    &HANDLE,
    &HOST_NAME,
    &KEY,
    &LABEL,
    &LINE,
    &NAME,
    &PARAMETER_COUNT,
    &PATH,
    &PORT_RANGE,
    &SIZE,
    &UNIT,
    &URL,
    &USER,
];

/// The kind of this name.
pub fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().copied().find(|it| it.name == name)
}

/// The pattern of the kind of this name, for the schema.
pub fn pattern(name: &str) -> &'static str {
    kind(name).map_or("", |it| it.pattern)
}

/// An IP address in its usual form.
pub static ADDRESS: Kind = Kind {
    name: "address",
    noun: "an IP address",
    pattern: "^([0-9]{1,3}(\\.[0-9]{1,3}){3}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)$",
    example: "192.0.2.10",
    check: host::check_address,
};

/// A calendar day: `2026-11-21`.
pub static DATE: Kind = Kind {
    name: "date",
    noun: "a day",
    pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    example: "2026-11-21",
    check: quantity::check_date,
};

/// A length of time with its unit.
pub static DURATION: Kind = Kind {
    name: "duration",
    noun: "a length of time",
    pattern: "^[0-9]+(ms|s|m|h|d)$",
    example: "300s",
    check: quantity::check_duration,
};

/// The name of an environment variable.
pub static ENV_NAME: Kind = Kind {
    name: "env-name",
    noun: "the name of a variable",
    pattern: "^[A-Za-z_][A-Za-z0-9_]*$",
    example: "LITELLM_LOG",
    check: name::check_env_name,
};

/// A name that clients use for a model.
pub static HANDLE: Kind = Kind {
    name: "handle",
    noun: "a handle",
    pattern: "^[A-Za-z0-9][A-Za-z0-9._:/@+-]*$",
    example: "qwen3:8b",
    check: name::check_handle,
};

/// A DNS name.
pub static HOST_NAME: Kind = Kind {
    name: "host-name",
    noun: "a DNS name",
    pattern: "^[a-z0-9_]([a-z0-9_-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$",
    example: "nas.example.net",
    check: host::check_host_name,
};

/// A name in `snake_case`.
pub static KEY: Kind = Kind {
    name: "key",
    noun: "a name in `snake_case`",
    pattern: "^[a-z][a-z0-9]*(_[a-z0-9]+)*$",
    example: "web_fetch",
    check: name::check_key,
};

/// A launchd label.
pub static LABEL: Kind = Kind {
    name: "label",
    noun: "a launchd label",
    pattern: "^[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_-])?$",
    example: "home.gateway",
    check: name::check_label,
};

/// Free text on one line.
pub static LINE: Kind = Kind {
    name: "line",
    noun: "one line of text",
    pattern: "^[^\\n\\r\\t]+$",
    example: "a line of text",
    check: |_| Ok(()),
};

/// A name in `kebab-case`.
pub static NAME: Kind = Kind {
    name: "name",
    noun: "a name",
    pattern: "^[a-z0-9]+(-[a-z0-9]+)*$",
    example: "litellm-orch",
    check: name::check_name,
};

/// A number of parameters.
pub static PARAMETER_COUNT: Kind = Kind {
    name: "parameter-count",
    noun: "a number of parameters",
    pattern: "^[0-9]+(\\.[0-9]+)?[MBT]$",
    example: "27B",
    check: quantity::check_parameter_count,
};

/// A path on a host.
pub static PATH: Kind = Kind {
    name: "path",
    noun: "a path",
    pattern: "^[^\\n\\r\\t]+$",
    example: "/srv/models",
    check: name::check_path,
};

/// First and last port.
pub static PORT_RANGE: Kind = Kind {
    name: "port-range",
    noun: "a range of ports",
    pattern: "^[0-9]{1,5}-[0-9]{1,5}$",
    example: "8000-8099",
    check: quantity::check_port_range,
};

/// An amount of memory or disk with its unit.
pub static SIZE: Kind = Kind {
    name: "size",
    noun: "an amount of memory",
    pattern: "^[0-9]+(MB|GB|TB|MiB|GiB|TiB)$",
    example: "128GB",
    check: quantity::check_size,
};

/// The name of a systemd unit, without `.service`.
pub static UNIT: Kind = Kind {
    name: "unit",
    noun: "the name of a unit",
    pattern: "^[A-Za-z0-9_:]([A-Za-z0-9._:-]*[A-Za-z0-9_:-])?$",
    example: "ov-server",
    check: name::check_unit,
};

/// An `http` or `https` URL without credentials.
pub static URL: Kind = Kind {
    name: "url",
    noun: "a URL",
    pattern: "^https?://[^\\s@]+$",
    example: "http://192.0.2.10:8080/v1",
    check: host::check_url,
};

/// The name of a user or group on a host.
pub static USER: Kind = Kind {
    name: "user",
    noun: "the name of a user",
    pattern: "^[a-z_][a-z0-9_-]*$",
    example: "me",
    check: name::check_user,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_sorted_and_found() {
        assert!(KINDS.is_sorted_by_key(|it| it.name));
        assert_eq!(kind("name").map(|it| it.noun), Some("a name"));
        assert!(kind("nothing").is_none());
    }

    #[test]
    fn examples_are_of_their_kind() {
        for kind in KINDS {
            assert_eq!(kind.check(kind.example), Ok(()), "{}", kind.name);
        }
    }

    #[test]
    fn c038_empty_and_blank_words_are_refused() {
        for kind in KINDS {
            for word in ["", " ", " a", "a ", "a\nb", "a\tb", "\u{a0}x", "a\0"] {
                assert!(kind.check(word).is_err(), "{} {word:?}", kind.name);
            }
        }
    }
}
