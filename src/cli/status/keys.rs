//! The keys that some questions need, found where `healthcheck.sh` finds them, and never shown.

use std::path::Path;

use crate::cli::arguments::StatusLook;
use crate::cli::{End, input, terminal};
use crate::platform::{Host, Platform};

/// The largest file of keys that is read.
const LARGEST: u64 = 1 << 20;

/// Where keys are looked for, beside the environment.
pub(in crate::cli) struct Keys {
    /// The file that was named.
    named: Option<String>,
    /// The gateway's own env file, where it lies on this machine.
    own: Option<String>,
}

impl Keys {
    /// Reads what there is; complains when the file that was named cannot be read.
    pub(in crate::cli) fn of(
        arguments: &StatusLook,
        platform: &Platform,
        here: Option<&Host>,
    ) -> Result<Self, End> {
        let named = match &arguments.key_file {
            None => None,
            Some(path) => Some(read(path).ok_or_else(|| {
                let message = format!("cannot read the key file `{}`", path.display());
                terminal::complain(&message, None);
                End::Failed
            })?),
        };
        let gateway = platform.gateway_service();
        let is_here = here.is_some_and(|it| it.id == gateway.host);
        let own = gateway.env_file.as_deref().filter(|_| is_here);
        Ok(Self {
            named,
            own: own.and_then(|it| read(Path::new(it))),
        })
    }

    /// The value of a key by the name of its variable.
    pub(in crate::cli) fn find(&self, name: &str) -> Option<String> {
        let environment = std::env::var(name).ok();
        let named = || {
            let text = self.named.as_deref()?;
            value(text, name).or_else(|| alone(text))
        };
        let own = || value(self.own.as_deref()?, name);
        let key = environment.filter(|it| !it.is_empty()).or_else(named);
        // What cannot stand in a header is no key.
        key.or_else(own)
            .filter(|it| !it.is_empty() && !it.contains(char::is_control))
    }
}

fn read(path: &Path) -> Option<String> {
    let bytes = input::bytes(path, LARGEST).ok()?;
    let text = (bytes.len() as u64 <= LARGEST).then_some(bytes)?;
    String::from_utf8(text).ok()
}

/// The value of a variable in the text of an env file: the last one counts.
fn value(text: &str, name: &str) -> Option<String> {
    let assigned = |line: &str| {
        let line = line.trim_start();
        let line = line.strip_prefix("export").map_or(line, |rest| {
            if rest.starts_with([' ', '\t']) {
                rest.trim_start()
            } else {
                line
            }
        });
        let value = line.strip_prefix(name)?.strip_prefix('=')?;
        Some(bare(value).to_owned())
    };
    text.lines().filter_map(assigned).next_back()
}

/// The one line of a file that has nothing else.
fn alone(text: &str) -> Option<String> {
    let mut lines = text.lines();
    let line = lines.next()?;
    lines.next().is_none().then(|| bare(line).to_owned())
}

/// Without the quotes around it.
fn bare(value: &str) -> &str {
    let value = value.trim_end_matches('\r');
    ['"', '\'']
        .into_iter()
        .find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_by_its_name_or_alone() {
        let text = "# c\nKEY=old\n export KEY='new'\r\nKEYS=no\nexportKEY=no\n";
        assert_eq!(value(text, "KEY").as_deref(), Some("new"));
        assert_eq!(value(text, "OTHER"), None);
        assert_eq!(alone("sk-\"x\\\n").as_deref(), Some("sk-\"x\\"));
        assert_eq!(alone("one\ntwo\n"), None);
        let keys = Keys {
            named: Some("bad\u{1b}key".to_owned()),
            own: None,
        };
        assert_eq!(keys.find("HOMELAB_NOBODY_SETS_THIS"), None);
    }
}
