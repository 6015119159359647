//! Who may ask: keys as digests, compared without telling how near a guess was.

use serde::Serialize;
use sha2::{Digest, Sha256};
use smol_str::SmolStr;

use super::head::Request;
use super::served::{Environment, Route};
use crate::routes::Table;

/// The longest key that is looked at.
const LONGEST: usize = 1024;

/// All keys of a table.
#[derive(Debug, Default)]
pub(super) struct Keys {
    keys: Vec<Key>,
}

/// A key: its digest, and what it opens.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Key {
    /// Its name, which is no secret.
    pub(super) name: SmolStr,
    #[serde(skip)]
    digest: [u8; 32],
    /// The names it may ask for; all of them when there are none here.
    handles: Vec<String>,
    /// The service that holds it.
    service: Option<String>,
    /// True for the key that opens everything.
    master: bool,
}

/// Why nobody was let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Denied {
    /// There is no key.
    Missing,
    /// The key is none of ours.
    Wrong,
    /// There are two.
    Ambiguous,
}

impl Keys {
    /// The keys of a table, from the environment and from a file.
    pub(super) fn new(
        table: &Table,
        environment: &Environment,
        file: Option<&str>,
    ) -> Result<Self, String> {
        let mut keys = Vec::new();
        if let Some(secret) = table.master_key.as_ref().and_then(|it| environment.get(it)) {
            keys.push(Key {
                name: SmolStr::new_static("master"),
                digest: digest(secret),
                handles: Vec::new(),
                service: None,
                master: true,
            });
        }
        for key in &table.keys {
            if let Some(secret) = environment.get(&key.variable) {
                keys.push(Key {
                    name: SmolStr::new(&key.name),
                    digest: digest(secret),
                    handles: key.handles.clone(),
                    service: key.service.clone(),
                    master: false,
                });
            }
        }
        for (number, line) in file.unwrap_or_default().lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default();
            let mut words = line.split_whitespace();
            let Some(name) = words.next() else {
                continue;
            };
            let key = named(name, words).ok_or_else(|| {
                format!("line {} is not `name sha256:<64 hexadecimal digits> [handles=a,b] [service=name]`", number + 1)
            })?;
            keys.push(key);
        }
        Ok(Self { keys })
    }

    /// True when nobody needs a key.
    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The key that a request shows; nothing when none is needed.
    pub(super) fn admit(&self, request: &Request) -> Result<Option<&Key>, Denied> {
        if self.keys.is_empty() {
            return Ok(None);
        }
        let mut shown = None;
        for name in ["authorization", "x-api-key", "api-key"] {
            for value in request.fields.values(name) {
                let value = match value.split_once(' ') {
                    _ if name != "authorization" => value,
                    Some((scheme, key)) if scheme.eq_ignore_ascii_case("bearer") => key.trim(),
                    _ => return Err(Denied::Wrong),
                };
                if shown.replace(value).is_some() {
                    return Err(Denied::Ambiguous);
                }
            }
        }
        match shown {
            None | Some("") => Err(Denied::Missing),
            Some(shown) if shown.len() > LONGEST => Err(Denied::Wrong),
            Some(shown) => self.find(&digest(shown)).map(Some).ok_or(Denied::Wrong),
        }
    }

    /// The key with this digest. Every key is compared to its end, whether another one has matched or not.
    fn find(&self, digest: &[u8; 32]) -> Option<&Key> {
        let mut found = None;
        for key in &self.keys {
            let differences = key.digest.iter().zip(digest).map(|(a, b)| a ^ b);
            let difference = differences.fold(0, |all, it| all | it);
            if std::hint::black_box(difference) == 0 {
                found = Some(key);
            }
        }
        found
    }
}

impl Key {
    /// True when the key opens a route.
    pub(super) fn opens(&self, route: &Route) -> bool {
        if self.master {
            return true;
        }
        let is_caller = || {
            self.service
                .as_ref()
                .is_some_and(|it| route.callers.contains(it))
        };
        let is_listed = self.handles.is_empty() || self.handles.iter().any(|it| *it == route.name);
        if route.internal {
            is_caller()
        } else {
            is_listed
        }
    }
}

fn named<'a>(name: &str, words: impl Iterator<Item = &'a str>) -> Option<Key> {
    let mut key = Key {
        name: SmolStr::new(name),
        digest: [0; 32],
        handles: Vec::new(),
        service: None,
        master: false,
    };
    let mut has_digest = false;
    for word in words {
        if let Some(hex) = word.strip_prefix("sha256:") {
            key.digest = from_hex(hex)?;
            has_digest = true;
        } else if let Some(handles) = word.strip_prefix("handles=") {
            key.handles = handles.split(',').map(str::to_owned).collect();
        } else {
            key.service = Some(word.strip_prefix("service=")?.to_owned());
        }
    }
    has_digest.then_some(key)
}

fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

fn from_hex(hex: &str) -> Option<[u8; 32]> {
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    let mut digest = [0; 32];
    for (at, byte) in digest.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(at * 2..at * 2 + 2)?, 16).ok()?;
    }
    Some(digest)
}
