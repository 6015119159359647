//! What is remembered of a request for the access log and the metrics: never a key, never a prompt.

use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

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

#[derive(Serialize)]
struct Line<'a> {
    time: String,
    request: &'a str,
    endpoint: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    handle: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    deployment: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    attempts: u32,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stream: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    maybe_billed: bool,
    micros: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_micros: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completion_tokens: Option<u64>,
    bytes_in: u64,
    bytes_out: u64,
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
            || format!("{:016x}{:016x}", worker.random(), worker.random()),
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
        worker.shared.log.line(&Line {
            time: timestamp(),
            request: &self.id,
            endpoint: self.endpoint,
            handle: &self.handle,
            deployment: &self.deployment,
            key: self.key.as_deref(),
            status: self.status,
            error: self.error,
            attempts: self.attempts,
            stream: self.stream,
            maybe_billed: self.maybe_billed && self.attempts > 1,
            micros: micros(took),
            first_micros: self.first.map(micros),
            prompt_tokens: self.usage.map(|it| it.0),
            completion_tokens: self.usage.map(|it| it.1),
            bytes_in: self.bytes_in,
            bytes_out: self.bytes_out,
        });
    }
}
