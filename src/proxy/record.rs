//! What is remembered of a request for the access log and the metrics: never a key, never a prompt.

use std::time::Duration;

use tokio::time::Instant;

use super::answer::decimal;
use super::head::text_of;
use super::log::timestamp;
use super::metrics::Ended;
use super::worker::Worker;

/// One request.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) id: String,
    pub(super) started: Instant,
    pub(super) endpoint: &'static str,
    /// The route, once it is known to be one.
    pub(super) handle: String,
    pub(super) deployment: String,
    pub(super) key: Option<String>,
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
    pub(super) fn new(worker: &Worker, theirs: Option<&str>) -> Self {
        let is_plain = |it: &&str| {
            (1..=64).contains(&it.len())
                && it
                    .bytes()
                    .all(|it| it.is_ascii_alphanumeric() || b"-_.".contains(&it))
        };
        let id = theirs.filter(is_plain).map_or_else(
            || hexadecimal([worker.random(), worker.random()]),
            str::to_owned,
        );
        Self {
            id,
            started: Instant::now(),
            endpoint: "other",
            handle: String::new(),
            deployment: String::new(),
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

    /// Writes it down and counts it.
    pub(super) fn end(&self, worker: &Worker) {
        let took = self.started.elapsed();
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
            return;
        }
        worker.log.write(|line| {
            let mut line = Line(line);
            line.text("{\"time\":", timestamp().as_str());
            line.text(",\"request\":", &self.id);
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
    }
}

fn hexadecimal(numbers: [u64; 2]) -> String {
    let mut text = [0; 32];
    for (at, place) in text.iter_mut().enumerate() {
        let digit = numbers[at / 16] >> (at % 16 * 4) & 15;
        *place = b"0123456789abcdef"[usize::try_from(digit).unwrap_or(0)];
    }
    text_of(&text).to_owned()
}
