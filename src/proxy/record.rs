//! What is remembered of a request for the access log and the metrics: never a key, never a prompt.

use std::time::Duration;

use smol_str::SmolStr;
use tokio::time::Instant;

use super::answer::decimal;
use super::head::text_of;
use super::log::timestamp;
use super::metrics::Ended;
use super::worker::Worker;

/// One request.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) id: Id,
    pub(super) started: Instant,
    pub(super) endpoint: &'static str,
    /// The route, once it is known to be one.
    pub(super) handle: SmolStr,
    pub(super) deployment: SmolStr,
    pub(super) key: Option<SmolStr>,
    pub(super) attempts: u32,
    pub(super) status: u16,
    pub(super) stream: bool,
    pub(super) first: Option<Duration>,
    pub(super) usage: Option<(u64, u64)>,
    pub(super) error: Option<&'static str>,
    pub(super) maybe_billed: bool,
    /// True for one of a flood: it is counted, and not written down.
    pub(super) is_flood: bool,
    pub(super) bytes_in: u64,
    pub(super) bytes_out: u64,
}

/// The name of a request, which needs no room elsewhere.
#[derive(Debug, Clone, Copy)]
pub(super) struct Id {
    text: [u8; 64],
    length: usize,
}

impl Id {
    /// The client's own, when it is harmless.
    fn of(theirs: &[u8]) -> Option<Self> {
        let is_plain = |it: &u8| it.is_ascii_alphanumeric() || b"-_.".contains(it);
        let mut text = [0; 64];
        let room = text.get_mut(..theirs.len())?;
        room.copy_from_slice(theirs);
        (!theirs.is_empty() && theirs.iter().all(is_plain)).then_some(Self {
            text,
            length: theirs.len(),
        })
    }

    /// One in hexadecimal digits.
    fn new(numbers: [u64; 2]) -> Self {
        let mut text = [0; 64];
        for (at, place) in text[..32].iter_mut().enumerate() {
            let digit = numbers[at / 16] >> (at % 16 * 4) & 15;
            *place = b"0123456789abcdef"[usize::try_from(digit).unwrap_or(0)];
        }
        Self { text, length: 32 }
    }

    pub(super) fn as_str(&self) -> &str {
        text_of(self.as_bytes())
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.text[..self.length]
    }
}

/// Writes the fields of a line: without a serialiser in between, for there is one line for each request.
struct Line<'a>(&'a mut Vec<u8>);

impl Line<'_> {
    /// The name with its quotes and its colon, behind a comma or a brace.
    fn name(&mut self, name: &str) {
        self.0.extend_from_slice(name.as_bytes());
    }

    fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        super::scan::quote(self.0, value);
    }

    fn number(&mut self, name: &str, value: u64) {
        self.name(name);
        self.0.extend_from_slice(decimal(&mut [0; 20], value));
    }

    fn flag(&mut self, name: &str, value: bool) {
        if value {
            self.name(name);
            self.0.extend_from_slice(b"true");
        }
    }
}

impl Record {
    /// A request that begins now. The client's id is taken when it is harmless.
    pub(super) fn new(worker: &Worker, theirs: Option<&[u8]>, started: Instant) -> Self {
        let id = theirs
            .and_then(Id::of)
            .unwrap_or_else(|| Id::new([worker.random(), worker.random()]));
        Self {
            id,
            started,
            endpoint: "other",
            handle: SmolStr::default(),
            deployment: SmolStr::default(),
            key: None,
            attempts: 0,
            status: 0,
            stream: false,
            first: None,
            usage: None,
            error: None,
            maybe_billed: false,
            is_flood: false,
            bytes_in: 0,
            bytes_out: 0,
        }
    }

    /// Writes it down and counts it; the moment at which it ended.
    pub(super) fn end(&self, worker: &Worker) -> Instant {
        let now = Instant::now();
        let took = now - self.started;
        let micros = |it: Duration| u64::try_from(it.as_micros()).unwrap_or(u64::MAX);
        worker.metrics.ended(&Ended {
            endpoint: self.endpoint,
            handle: if self.handle.is_empty() {
                "other"
            } else {
                &self.handle
            },
            deployment: &self.deployment,
            status: self.status,
            took,
            first: self.first,
            usage: self.usage,
        });
        if self.is_flood {
            return now;
        }
        worker.log.write(|line| {
            let mut line = Line(line);
            line.text("{\"time\":", timestamp().as_str());
            line.text(",\"request\":", self.id.as_str());
            line.text(",\"endpoint\":", self.endpoint);
            if !self.handle.is_empty() {
                line.text(",\"handle\":", &self.handle);
            }
            if !self.deployment.is_empty() {
                line.text(",\"deployment\":", &self.deployment);
            }
            if let Some(key) = &self.key {
                line.text(",\"key\":", key);
            }
            line.number(",\"status\":", u64::from(self.status));
            if let Some(error) = self.error {
                line.text(",\"error\":", error);
            }
            line.number(",\"attempts\":", u64::from(self.attempts));
            line.flag(",\"stream\":", self.stream);
            line.flag(",\"maybe_billed\":", self.maybe_billed && self.attempts > 1);
            line.number(",\"micros\":", micros(took));
            if let Some(first) = self.first {
                line.number(",\"first_micros\":", micros(first));
            }
            if let Some((prompt, completion)) = self.usage {
                line.number(",\"prompt_tokens\":", prompt);
                line.number(",\"completion_tokens\":", completion);
            }
            line.number(",\"bytes_in\":", self.bytes_in);
            line.number(",\"bytes_out\":", self.bytes_out);
            line.0.push(b'}');
        });
        now
    }
}
