//! What differed, since when and until when, kept on the disk.
//!
//! A file to which lines are appended, each with a digest of itself, in place of an embedded database: what is kept is small and only grows at its end, one write is one event, a line that was cut by a crash is told by its digest and left out, and the owner can read it with `tail`. When it is larger than [`LARGEST`], what matters is written into a new file that takes the place of the old one.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::drift::Drift;

/// The most bytes that the file has before it is written anew.
const LARGEST: u64 = 1 << 20;
/// The most incidents that are over and kept.
const MOST_PAST: usize = 500;
/// The most differences that are open at a time: a world that differs in more is told by these.
const MOST_OPEN: usize = 500;
/// The most characters of a text that are kept.
const LONGEST: usize = 300;
/// The name of the file.
const NAME: &str = "incidents.log";

/// Something that differed for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Of what sort it is, as in the causes of a report.
    pub cause: String,
    /// The host.
    pub host: String,
    /// The service, when it is about one.
    pub service: Option<String>,
    /// The port, when it is about one.
    pub port: Option<u16>,
    /// What differed when it was first seen, as a sentence.
    pub what: String,
    /// When it was first seen, in seconds since 1970.
    pub since: u64,
    /// When it was no longer seen; nothing while it lasts.
    pub until: Option<u64>,
}

/// An event, as a line of the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Event {
    Began { key: String, incident: Incident },
    Ended { key: String, at: u64 },
    Past { incident: Incident },
}

/// The incidents of a platform, on the disk and in memory.
#[derive(Debug)]
pub struct History {
    folder: PathBuf,
    file: File,
    size: u64,
    open: BTreeMap<String, Incident>,
    past: Vec<Incident>,
}

impl History {
    /// Opens the history in a folder, or begins one. What a crash cut is left out.
    pub fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(folder.join(NAME))?;
        let mut bytes = Vec::new();
        // One that somebody made huge is not read to its end; what lies there is written anew.
        (&file).take(4 * LARGEST).read_to_end(&mut bytes)?;
        let mut history = Self {
            folder: folder.to_owned(),
            size: file.seek(SeekFrom::End(0))?,
            file,
            open: BTreeMap::new(),
            past: Vec::new(),
        };
        let mut is_whole = bytes.len() as u64 == history.size;
        for line in bytes.split_inclusive(|it| *it == b'\n') {
            match read(line) {
                Some(event) => history.apply(event),
                None => is_whole = false,
            }
        }
        if !is_whole {
            history.write_anew()?;
        }
        Ok(history)
    }

    /// Takes in what differs now: what is new began, what is gone ended.
    pub fn note(&mut self, drift: &[Drift], at: SystemTime) -> io::Result<()> {
        let at = seconds(at);
        let now: BTreeMap<String, &Drift> = drift
            .iter()
            .take(MOST_OPEN)
            .map(|it| (key(it), it))
            .collect();
        let ended: Vec<String> = self
            .open
            .keys()
            .filter(|it| !now.contains_key(*it))
            .cloned()
            .collect();
        let ended = ended.into_iter().map(|key| Event::Ended { key, at });
        let new = now.iter().filter(|(key, _)| !self.open.contains_key(*key));
        let new = new.map(|(key, drift)| Event::Began {
            key: key.clone(),
            incident: incident(drift, at),
        });
        let events: Vec<Event> = ended.chain(new).collect();
        if events.is_empty() {
            return Ok(());
        }
        let lines: String = events.iter().map(line).collect();
        self.file.write_all(lines.as_bytes())?;
        self.file.sync_data()?;
        self.size += lines.len() as u64;
        for event in events {
            self.apply(event);
        }
        if self.size > LARGEST {
            self.write_anew()?;
        }
        Ok(())
    }

    /// What differs now, longest first.
    pub fn current(&self) -> Vec<&Incident> {
        let mut open: Vec<_> = self.open.values().collect();
        open.sort_by_key(|it| it.since);
        open
    }

    /// What differed once, newest first.
    pub fn past(&self) -> impl Iterator<Item = &Incident> {
        self.past.iter().rev()
    }

    fn apply(&mut self, event: Event) {
        match event {
            Event::Began { key, incident } => {
                self.open.insert(key, incident);
            }
            Event::Ended { key, at } => {
                if let Some(mut incident) = self.open.remove(&key) {
                    incident.until = Some(at);
                    self.past.push(incident);
                }
            }
            Event::Past { incident } => self.past.push(incident),
        }
        // Twice as many before the first half goes, so that not every event moves all.
        if self.past.len() > 2 * MOST_PAST {
            self.past.drain(..MOST_PAST);
        }
    }

    /// Writes what matters into a new file, which takes the place of the old one.
    fn write_anew(&mut self) -> io::Result<()> {
        self.past.drain(..self.past.len().saturating_sub(MOST_PAST));
        let past = self.past.iter().cloned();
        let past = past.map(|incident| Event::Past { incident });
        let open = self.open.iter().map(|(key, incident)| Event::Began {
            key: key.clone(),
            incident: incident.clone(),
        });
        let lines: String = past.chain(open).map(|it| line(&it)).collect();
        let (new, place) = (self.folder.join("incidents.new"), self.folder.join(NAME));
        let mut file = File::create(&new)?;
        file.write_all(lines.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &place)?;
        File::open(&self.folder)?.sync_all()?;
        self.file = OpenOptions::new().append(true).open(&place)?;
        self.size = lines.len() as u64;
        Ok(())
    }
}

/// By what a difference is known again: not by its words, in which times and statuses stand.
fn key(drift: &Drift) -> String {
    let empty = String::new();
    let service = drift.service.as_ref().unwrap_or(&empty);
    let port = drift.port.map(|it| it.to_string()).unwrap_or_default();
    let declared = drift.declared.as_ref().or(drift.found.as_ref());
    let declared = short(declared.unwrap_or(&empty));
    format!(
        "{:?}/{}/{service}/{port}/{declared}",
        drift.cause, drift.host
    )
}

fn incident(drift: &Drift, since: u64) -> Incident {
    Incident {
        cause: drift.cause.name(),
        host: drift.host.clone(),
        service: drift.service.clone(),
        port: drift.port,
        what: short(&drift.what),
        since,
        until: None,
    }
}

fn short(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

fn seconds(at: SystemTime) -> u64 {
    // A clock before 1970 is no clock.
    let since = at.duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |it: Duration| it.as_secs())
}

/// An event with its digest in front.
fn line(event: &Event) -> String {
    let json = serde_json::to_string(event).expect("an event is plain structs and texts");
    format!("{} {json}\n", digest(json.as_bytes()))
}

/// An event, when its line is whole.
fn read(line: &[u8]) -> Option<Event> {
    let line = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
    let (digits, json) = line.split_once(' ')?;
    (digits == digest(json.as_bytes())).then_some(())?;
    serde_json::from_str(json).ok()
}

/// Eight bytes of SHA-256: enough to tell a line that was cut from one that was not.
fn digest(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let digest = Sha256::digest(bytes);
    digest.iter().take(8).fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::super::drift::Cause;
    use super::*;

    fn drift(service: &str) -> Drift {
        Drift {
            cause: Cause::Dead,
            host: "box".to_owned(),
            service: Some(service.to_owned()),
            port: Some(80),
            what: format!("{service}: nothing listens there"),
            declared: None,
            found: None,
            command: None,
            help: None,
        }
    }

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn seen(history: &History) -> Vec<(String, u64, Option<u64>)> {
        let all = history.current().into_iter().chain(history.past());
        let service = |it: &Incident| it.service.clone().unwrap_or_default();
        all.map(|it| (service(it), it.since, it.until)).collect()
    }

    #[test]
    fn what_began_ends_and_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut history = History::open(folder.path()).unwrap();
        history.note(&[drift("a"), drift("b")], at(10)).unwrap();
        history.note(&[drift("a"), drift("b")], at(20)).unwrap();
        history.note(&[drift("b")], at(30)).unwrap();
        history.note(&[drift("a"), drift("b")], at(40)).unwrap();
        let expected = [("b", 10, None), ("a", 40, None), ("a", 10, Some(30))];
        let expected = expected.map(|(name, since, until)| (name.to_owned(), since, until));
        assert_eq!(seen(&history), expected);
        drop(history);
        assert_eq!(seen(&History::open(folder.path()).unwrap()), expected);
    }

    /// Cut at every byte, as a crash may: what was whole is there, and the rest goes on.
    #[test]
    fn a_cut_at_any_byte_loses_one_event_at_most() {
        let folder = tempfile::tempdir().unwrap();
        let mut history = History::open(folder.path()).unwrap();
        history.note(&[drift("a")], at(10)).unwrap();
        history.note(&[drift("a"), drift("b")], at(20)).unwrap();
        drop(history);
        let file = folder.path().join(NAME);
        let whole = fs::read(&file).unwrap();
        let first = whole.iter().position(|it| *it == b'\n').unwrap() + 1;
        for cut in 0..=whole.len() {
            fs::write(&file, &whole[..cut]).unwrap();
            let mut history = History::open(folder.path()).unwrap();
            let count = usize::from(cut >= first) + usize::from(cut == whole.len());
            assert_eq!(history.current().len(), count, "cut at {cut}");
            history.note(&[drift("c")], at(30)).unwrap();
            drop(history);
            let history = History::open(folder.path()).unwrap();
            assert_eq!(history.current().len(), 1, "cut at {cut}");
            assert_eq!(history.past().count(), count, "cut at {cut}");
        }
    }

    #[test]
    fn foreign_bytes_are_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let mut history = History::open(folder.path()).unwrap();
        history.note(&[drift("a")], at(10)).unwrap();
        drop(history);
        let file = folder.path().join(NAME);
        let whole = fs::read(&file).unwrap();
        let mut foreign = b"\xff\x00\n{}\n0123456789abcdef {\"began\":1}\n".to_vec();
        foreign.extend(&whole);
        fs::write(&file, foreign).unwrap();
        assert_eq!(History::open(folder.path()).unwrap().current().len(), 1);
        assert_eq!(fs::read(&file).unwrap(), whole, "it was written anew");
    }

    #[test]
    fn it_stays_small() {
        let folder = tempfile::tempdir().unwrap();
        let mut history = History::open(folder.path()).unwrap();
        for round in 0..40_u64 {
            let many: Vec<_> = (0..400)
                .map(|it| drift(&format!("{}-{it}", round % 2)))
                .collect();
            history.note(&many, at(round)).unwrap();
        }
        let size = fs::metadata(folder.path().join(NAME)).unwrap().len();
        assert!(size < LARGEST + (1 << 18), "{size}");
        assert!(history.past().count() <= 2 * MOST_PAST);
        assert_eq!(history.current().len(), 400);
        let newest = history.past().next().unwrap();
        assert_eq!(newest.until, Some(39));
    }
}
