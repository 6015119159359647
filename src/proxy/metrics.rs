//! What is counted, by each worker for itself, and added up when somebody asks.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Upper bounds of the histograms, in milliseconds.
const BOUNDS: [u64; 14] = [
    5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000,
];

/// The counters of one worker.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    /// Requests by endpoint, route, deployment and status. Names come from the table, so there are as many as it has.
    requests: Mutex<BTreeMap<Labels, Counters>>,
    pub(super) in_flight: AtomicU64,
    pub(super) retries: AtomicU64,
    pub(super) fallbacks: AtomicU64,
    pub(super) malformed_events: AtomicU64,
    pub(super) cut_streams: AtomicU64,
    pub(super) unfinished_streams: AtomicU64,
    pub(super) panics: AtomicU64,
    /// Beats as long as the worker does.
    pub(super) beats: AtomicU64,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Labels {
    endpoint: &'static str,
    handle: String,
    deployment: String,
    status: u16,
}

#[derive(Debug, Default, Clone)]
struct Counters {
    count: u64,
    duration: Histogram,
    first: Histogram,
    prompt_tokens: u64,
    completion_tokens: u64,
}

#[derive(Debug, Default, Clone)]
struct Histogram {
    buckets: [u64; BOUNDS.len()],
    count: u64,
    micros: u64,
}

impl Histogram {
    fn add(&mut self, took: Duration) {
        let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        if let Some(bucket) = BOUNDS.iter().position(|it| millis < *it) {
            self.buckets[bucket] += 1;
        }
        self.count += 1;
        self.micros = self
            .micros
            .saturating_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    fn merge(&mut self, other: &Self) {
        for (own, its) in self.buckets.iter_mut().zip(&other.buckets) {
            *own += its;
        }
        self.count += other.count;
        self.micros = self.micros.saturating_add(other.micros);
    }
}

/// A request that has ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ended<'a> {
    pub(super) endpoint: &'static str,
    pub(super) handle: &'a str,
    pub(super) deployment: &'a str,
    pub(super) status: u16,
    pub(super) took: Duration,
    pub(super) first: Option<Duration>,
    pub(super) usage: Option<(u64, u64)>,
}

impl Metrics {
    /// Counts a request.
    pub(super) fn ended(&self, it: &Ended<'_>) {
        thread_local! {
            // The key of the last request, for most are like the one before: no allocation then.
            static LABELS: RefCell<Labels> = const { RefCell::new(Labels { endpoint: "", handle: String::new(), deployment: String::new(), status: 0 }) };
        }
        LABELS.with_borrow_mut(|labels| {
            labels.endpoint = it.endpoint;
            it.handle.clone_into(&mut labels.handle);
            it.deployment.clone_into(&mut labels.deployment);
            labels.status = it.status;
            let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
            if !requests.contains_key(labels) {
                requests.insert(labels.clone(), Counters::default());
            }
            let Some(counters) = requests.get_mut(labels) else {
                return;
            };
            counters.count += 1;
            counters.duration.add(it.took);
            if let Some(first) = it.first {
                counters.first.add(first);
            }
            if let Some((prompt, completion)) = it.usage {
                counters.prompt_tokens = counters.prompt_tokens.saturating_add(prompt);
                counters.completion_tokens = counters.completion_tokens.saturating_add(completion);
            }
        });
    }
}

/// A gauge or counter of a deployment.
pub(super) struct OfDeployment {
    pub(super) id: String,
    pub(super) cooling: bool,
    pub(super) well: bool,
    pub(super) in_flight: u32,
    pub(super) cooldowns: u64,
}

/// Everything in the text format of Prometheus.
pub(super) fn render<'a>(
    workers: impl Iterator<Item = &'a Metrics>,
    deployments: &[OfDeployment],
    others: &[(&str, &str, u64)],
) -> String {
    let mut all: BTreeMap<Labels, Counters> = BTreeMap::new();
    let mut plain = [0; 6];
    let mut in_flight = 0;
    for worker in workers {
        for (labels, counters) in &*worker
            .requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
        {
            let own = all.entry(labels.clone()).or_default();
            own.count += counters.count;
            own.duration.merge(&counters.duration);
            own.first.merge(&counters.first);
            own.prompt_tokens += counters.prompt_tokens;
            own.completion_tokens += counters.completion_tokens;
        }
        let counted = [
            &worker.retries,
            &worker.fallbacks,
            &worker.malformed_events,
            &worker.cut_streams,
            &worker.unfinished_streams,
            &worker.panics,
        ];
        for (sum, counter) in plain.iter_mut().zip(counted) {
            *sum += counter.load(Relaxed);
        }
        in_flight += worker.in_flight.load(Relaxed);
    }
    let mut text = String::new();
    let labels = |it: &Labels| {
        format!(
            "endpoint=\"{}\",handle=\"{}\",deployment=\"{}\",status=\"{}\"",
            it.endpoint,
            escape(&it.handle),
            escape(&it.deployment),
            it.status
        )
    };
    head(
        &mut text,
        "homelab_proxy_requests_total",
        "counter",
        "Requests that have ended.",
    );
    for (key, it) in &all {
        let _ = writeln!(
            text,
            "homelab_proxy_requests_total{{{}}} {}",
            labels(key),
            it.count
        );
    }
    head(
        &mut text,
        "homelab_proxy_request_duration_seconds",
        "histogram",
        "From the head of a request to the end of its answer.",
    );
    for (key, it) in &all {
        histogram(
            &mut text,
            "homelab_proxy_request_duration_seconds",
            &labels(key),
            &it.duration,
        );
    }
    head(
        &mut text,
        "homelab_proxy_time_to_first_token_seconds",
        "histogram",
        "From the head of a request to the first content of its answer.",
    );
    for (key, it) in all.iter().filter(|(_, it)| it.first.count > 0) {
        histogram(
            &mut text,
            "homelab_proxy_time_to_first_token_seconds",
            &labels(key),
            &it.first,
        );
    }
    head(
        &mut text,
        "homelab_proxy_tokens_total",
        "counter",
        "Tokens that servers told of.",
    );
    for (key, it) in all
        .iter()
        .filter(|(_, it)| it.prompt_tokens + it.completion_tokens > 0)
    {
        let _ = writeln!(
            text,
            "homelab_proxy_tokens_total{{{},kind=\"prompt\"}} {}",
            labels(key),
            it.prompt_tokens
        );
        let _ = writeln!(
            text,
            "homelab_proxy_tokens_total{{{},kind=\"completion\"}} {}",
            labels(key),
            it.completion_tokens
        );
    }
    let names = [
        ("homelab_proxy_retries_total", "Tries after the first one."),
        (
            "homelab_proxy_fallbacks_total",
            "Requests that went on to another handle.",
        ),
        (
            "homelab_proxy_malformed_events_total",
            "Events of streams that were dropped because they were no JSON.",
        ),
        (
            "homelab_proxy_cut_streams_total",
            "Streams that ended in an error event.",
        ),
        (
            "homelab_proxy_unfinished_streams_total",
            "Streams whose end was said without a reason to finish.",
        ),
        (
            "homelab_proxy_panics_total",
            "Requests that were answered 500 because of a mistake of ours.",
        ),
    ];
    for ((name, help), value) in names.into_iter().zip(plain) {
        head(&mut text, name, "counter", help);
        let _ = writeln!(text, "{name} {value}");
    }
    head(
        &mut text,
        "homelab_proxy_requests_in_flight",
        "gauge",
        "Requests under way.",
    );
    let _ = writeln!(text, "homelab_proxy_requests_in_flight {in_flight}");
    for (name, help, value) in others {
        head(
            &mut text,
            name,
            if name.ends_with("_total") {
                "counter"
            } else {
                "gauge"
            },
            help,
        );
        let _ = writeln!(text, "{name} {value}");
    }
    of_deployments(&mut text, deployments);
    text
}

/// What a gauge shows of a deployment.
type Gauge = fn(&OfDeployment) -> u64;

fn of_deployments(text: &mut String, deployments: &[OfDeployment]) {
    let gauges: [(&str, &str, &str, Gauge); 4] = [
        (
            "homelab_proxy_deployment_cooling",
            "gauge",
            "1 while a deployment is left alone.",
            |it| u64::from(it.cooling),
        ),
        (
            "homelab_proxy_deployment_healthy",
            "gauge",
            "0 after two failed health checks in a row.",
            |it| u64::from(it.well),
        ),
        (
            "homelab_proxy_deployment_requests_in_flight",
            "gauge",
            "Requests under way at a deployment.",
            |it| u64::from(it.in_flight),
        ),
        (
            "homelab_proxy_deployment_cooldowns_total",
            "counter",
            "How often a deployment began to be left alone.",
            |it| it.cooldowns,
        ),
    ];
    for (name, kind, help, value) in gauges {
        head(text, name, kind, help);
        for it in deployments {
            let _ = writeln!(
                text,
                "{name}{{deployment=\"{}\"}} {}",
                escape(&it.id),
                value(it)
            );
        }
    }
}

fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a sum of seconds needs no more precision than a double has"
)]
fn histogram(text: &mut String, name: &str, labels: &str, it: &Histogram) {
    let mut sum = 0;
    for (bound, count) in BOUNDS.iter().zip(it.buckets) {
        sum += count;
        let _ = writeln!(
            text,
            "{name}_bucket{{{labels},le=\"{}\"}} {sum}",
            *bound as f64 / 1000.0
        );
    }
    let _ = writeln!(text, "{name}_bucket{{{labels},le=\"+Inf\"}} {}", it.count);
    let _ = writeln!(text, "{name}_sum{{{labels}}} {}", it.micros as f64 / 1e6);
    let _ = writeln!(text, "{name}_count{{{labels}}} {}", it.count);
}

fn escape(label: &str) -> String {
    label
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::escape;

    /// Reads a label as Prometheus' text format says it is read, up to the quote that ends it.
    fn read(line: &str) -> Option<(String, &str)> {
        let mut label = String::new();
        let mut rest = line.chars();
        loop {
            match rest.next()? {
                '"' => return Some((label, rest.as_str())),
                '\n' => return None,
                '\\' => label.push(match rest.next()? {
                    'n' => '\n',
                    it @ ('\\' | '"') => it,
                    _ => return None,
                }),
                it => label.push(it),
            }
        }
    }

    #[test]
    fn c092_a_label_reads_back_as_it_was_meant() {
        for meant in [
            "plain",
            "a\"b",
            "two\nlines",
            "\\",
            "\\n",
            "\\\"\n\"} 1\n",
            "",
        ] {
            let line = format!("{}\"}} 1", escape(meant));
            assert_eq!(read(&line), Some((meant.to_owned(), "} 1")));
        }
    }
}
