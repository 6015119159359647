//! One request on its way: which servers are tried, how often, and what a failure means.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, SystemTime};

use smol_str::SmolStr;
use tokio::time::Instant;

use super::alarm::{Alarm, Patience};
use super::attempt::{Begun, Miss, attempt};
use super::connection::Connection;
use super::deployment::{Deployment, at, now};
use super::error::Refusal;
use super::head::Request;
use super::keys::Key;
use super::pick::{Picked, pick};
use super::record::Record;
use super::relay::{self, Relayed};
use super::served::{Route, Served, path};
use super::worker::{Counted, Noted, Worker};
use crate::routes::Endpoint;

/// The longest that a server may ask to be left alone.
const LONGEST_RETRY_AFTER: Duration = Duration::from_mins(5);

/// The longest that a request waits for another try.
const LONGEST_BACKOFF: Duration = Duration::from_secs(8);

/// How long the first content of a stream may take while somebody else could be asked.
const FIRST_CONTENT: Duration = Duration::from_secs(15);

/// What a request brings along.
pub(super) struct Context<'a> {
    pub(super) alarm: &'a Alarm,
    pub(super) worker: &'a std::rc::Rc<Worker>,
    pub(super) served: &'a Served,
    pub(super) request: &'a Request,
    pub(super) key: Option<&'a Key>,
    pub(super) endpoint: Endpoint,
}

/// A body, and what is changed in it.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own about the body"
)]
pub(super) struct Payload<'a> {
    pub(super) body: &'a [u8],
    /// Where the model's name stands.
    pub(super) model_at: std::ops::Range<usize>,
    /// True when the name is written as JSON, false in a form.
    pub(super) is_json: bool,
    /// Where fields can be added.
    pub(super) first_at: usize,
    /// The fields that are there.
    pub(super) fields: &'a [std::borrow::Cow<'a, str>],
    pub(super) stream: bool,
    pub(super) single: bool,
    pub(super) tools: bool,
}

/// How a request ended for its client.
#[derive(Debug)]
pub(super) enum End {
    /// It was answered; `true` when the connection can be used again.
    Answered(bool),
    /// Nothing was written yet, and this is to be said.
    Refused(Refusal),
    /// The client has gone.
    Gone,
}

/// A deployment while a request is there.
struct Visit {
    deployment: Arc<Deployment>,
    probes: bool,
}

impl Visit {
    fn new(deployment: Arc<Deployment>, probes: bool) -> Self {
        deployment.state.in_flight.fetch_add(1, Relaxed);
        Self { deployment, probes }
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.deployment.state.in_flight.fetch_sub(1, Relaxed);
        if self.probes {
            self.deployment.state.end_probe();
        }
    }
}

/// Sends a request to the first server that answers, and its answer to the client.
pub(super) async fn forward(
    context: &Context<'_>,
    client: &mut Connection,
    payload: &Payload<'_>,
    first: usize,
    record: &mut Record,
) -> End {
    let served = context.served;
    let deadline = record.started + served.policy.deadline;
    // Most routes have nobody to stand in for them, and then neither list needs any room.
    let mut queue = VecDeque::new();
    let mut seen = Vec::new();
    let mut last = None;
    let mut next = Some(first);
    while let Some(at) = next.take().or_else(|| queue.pop_front()) {
        let route = &served.routes[at];
        for next in &route.fallbacks {
            if seen.len() < served.policy.max_fallbacks
                && *next != first
                && !seen.contains(next)
                && may_stand_in(context, payload, first, *next)
            {
                seen.push(*next);
                queue.push_back(*next);
            }
        }
        if at != first {
            context.worker.metrics.fallbacks.fetch_add(1, Relaxed);
        }
        match try_route(
            context,
            client,
            payload,
            route,
            deadline,
            !queue.is_empty(),
            record,
        )
        .await
        {
            Tried::End(end) => return end,
            // The first refusal tells most: it is about what was asked for.
            Tried::Failed(miss) if miss.is_final => {
                return refuse(client, context, miss, record).await;
            }
            Tried::Failed(miss) => {
                last.get_or_insert(miss);
            }
        }
        if Instant::now() >= deadline {
            break;
        }
    }
    match last {
        Some(miss) => refuse(client, context, miss, record).await,
        None => End::Refused(Refusal::new(
            503,
            "no_deployment",
            "no server is left to ask; try again later",
        )),
    }
}

/// Passes on what a server said about the request, or says it in our words.
async fn refuse(
    client: &mut Connection,
    context: &Context<'_>,
    miss: Miss,
    record: &mut Record,
) -> End {
    record.error = Some(miss.word);
    match miss.said {
        Some(said) => {
            match relay::said(client, context, &said, miss.refusal.retry_after, record).await {
                Relayed::Whole(keep) => End::Answered(keep),
                Relayed::Gone => End::Gone,
            }
        }
        None => End::Refused(miss.refusal),
    }
}

/// True when a route may answer in another's place: the key opens it, and it can do what is asked.
fn may_stand_in(context: &Context<'_>, payload: &Payload<'_>, first: usize, next: usize) -> bool {
    let (first, next) = (&context.served.routes[first], &context.served.routes[next]);
    let can = |route: &Route, what: &str| route.capabilities.iter().any(|it| it == what);
    let serves = next
        .deployments
        .iter()
        .any(|it| it.endpoints.contains(&context.endpoint));
    let opens = context.key.is_none_or(|key| key.opens(next));
    serves && opens && !(payload.tools && can(first, "tools") && !can(next, "tools"))
}

enum Tried {
    End(End),
    Failed(Miss),
}

async fn try_route(
    context: &Context<'_>,
    client: &mut Connection,
    payload: &Payload<'_>,
    route: &Route,
    deadline: Instant,
    has_fallback: bool,
    record: &mut Record,
) -> Tried {
    let policy = &context.served.policy;
    let worker = context.worker;
    let serving = route
        .deployments
        .iter()
        .filter(|it| it.endpoints.contains(&context.endpoint))
        .count();
    let is_lone = serving < 2 && !has_fallback;
    let mut tried: Vec<SmolStr> = Vec::new();
    let mut last: Option<Miss> = None;
    for number in 0..=policy.retries {
        let mut start = Instant::now();
        let picked = match pick(
            route,
            context.endpoint,
            policy,
            &tried,
            (at(start), worker.random()),
        ) {
            Picked::Exhausted if last.as_ref().is_some_and(|it| it.same_again) => {
                let pause = backoff(policy.backoff, number, worker.random());
                let pause = pause.max(
                    last.as_ref()
                        .and_then(|it| it.retry_after)
                        .unwrap_or_default(),
                );
                if pause > LONGEST_BACKOFF || Instant::now() + pause >= deadline {
                    break;
                }
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    () = client.gone() => return Tried::End(End::Gone),
                }
                tried.clear();
                start = Instant::now();
                pick(
                    route,
                    context.endpoint,
                    policy,
                    &tried,
                    (at(start), worker.random()),
                )
            }
            picked => picked,
        };
        let (deployment, probes) = match picked {
            Picked::This(deployment, probes) => (deployment, probes),
            Picked::Cooling(until) => {
                return Tried::Failed(last.unwrap_or_else(|| cooling(route, until)));
            }
            Picked::Unsupported => return Tried::Failed(unsupported(context, route)),
            Picked::Exhausted => break,
        };
        let visit = Visit::new(deployment, probes);
        let deployment = &visit.deployment;
        let is_retry = last.as_ref().is_some_and(|it| it.was_sent);
        // Trying again what a server has worked on already doubles its load; only a part of what is under way may do that.
        if is_retry && worker.retrying.get() >= (worker.active.get() / 5).max(3) {
            break;
        }
        let _retrying = is_retry.then(|| Counted::new(&worker.retrying));
        if number > 0 {
            worker.metrics.retries.fetch_add(1, Relaxed);
        }
        record.attempts += 1;
        record.deployment = deployment.id.clone();
        let others = has_fallback || tried.len() + 1 < serving;
        let patience = patience(deployment, payload.stream, others);
        let limit = patience.min(deadline - start);
        let patience = Patience::new(context.alarm, start, limit);
        let result = {
            let attempt = pin!(attempt(context, payload, deployment, patience, record));
            tokio::select! {
                biased;
                result = attempt => result,
                () = client.gone() => return Tried::End(End::Gone),
            }
        };
        match result {
            Ok(begun) => {
                let answered = Instant::now();
                record.first = Some(answered - record.started);
                deployment.state.succeeded(answered - start);
                if visit.probes {
                    deployment.state.end_probe();
                }
                let begun = (begun, answered);
                return Tried::End(
                    answer(context, client, payload, deployment, begun, record).await,
                );
            }
            Err(miss) => {
                note(context, deployment, &miss, is_lone, record);
                tried.push(deployment.id.clone());
                record.maybe_billed |= miss.was_sent;
                if miss.is_final {
                    return Tried::Failed(miss);
                }
                last = Some(miss);
            }
        }
        if Instant::now() >= deadline {
            break;
        }
    }
    Tried::Failed(last.unwrap_or_else(|| cooling(route, now() + 1000)))
}

async fn answer(
    context: &Context<'_>,
    client: &mut Connection,
    payload: &Payload<'_>,
    deployment: &Arc<Deployment>,
    begun: (Begun, Instant),
    record: &mut Record,
) -> End {
    match relay::relay(client, context, payload, deployment, begun, record).await {
        Relayed::Whole(keep) => End::Answered(keep),
        Relayed::Gone => End::Gone,
    }
}

/// How long a deployment may take to begin.
fn patience(deployment: &Deployment, stream: bool, others: bool) -> Duration {
    let first = match (stream, deployment.stream_timeout) {
        (true, Some(limit)) => limit,
        // A model that is being loaded is worth waiting for when there is no other.
        (true, None) if others => FIRST_CONTENT,
        _ => deployment.timeout,
    };
    first.min(deployment.timeout)
}

/// A time that grows with each try, by chance anything from nothing to its double.
fn backoff(base: Duration, number: u32, random: u64) -> Duration {
    let longest = base.saturating_mul(1 << number.min(6)).min(LONGEST_BACKOFF);
    let share = u32::try_from(random >> 40).unwrap_or(0) % 1000;
    longest * share / 1000
}

fn note(
    context: &Context<'_>,
    deployment: &Deployment,
    miss: &Miss,
    is_lone: bool,
    record: &Record,
) {
    let policy = &context.served.policy;
    let jitter = Duration::from_millis(context.worker.random() % 100).min(policy.cooldown / 10);
    match miss.retry_after {
        Some(asked) => deployment.state.cool(now(), asked.min(LONGEST_RETRY_AFTER)),
        // One that nobody can stand in for is not left alone for a failure or two.
        None if miss.is_fault && !is_lone => {
            deployment
                .state
                .failed(now(), policy.allowed_fails, policy.cooldown + jitter);
        }
        None => {}
    }
    if miss.is_fault || miss.is_alarm {
        context.worker.shared.note(Noted {
            time: super::log::timestamp().as_str().to_owned(),
            request: record.id.as_str().to_owned(),
            deployment: deployment.id.to_string(),
            what: miss.refusal.message.clone(),
        });
    }
}

fn cooling(route: &Route, until: u64) -> Miss {
    let seconds = until.saturating_sub(now()).div_ceil(1000).max(1);
    let message = format!(
        "every server for `{}` failed a moment ago and is left alone; try again in {seconds} s",
        route.name
    );
    Miss::ours(
        Refusal::new(503, "all_deployments_cooling", message).retry_after(Some(seconds)),
        "cooling",
    )
}

fn unsupported(context: &Context<'_>, route: &Route) -> Miss {
    let path = path(context.endpoint);
    let opens = |it: &&Route| !it.internal && context.key.is_none_or(|key| key.opens(it));
    let serving: Vec<&str> = context
        .served
        .routes
        .iter()
        .filter(opens)
        .filter(|it| {
            it.deployments
                .iter()
                .any(|it| it.endpoints.contains(&context.endpoint))
        })
        .map(|it| it.name.as_str())
        .take(20)
        .collect();
    let others = if serving.is_empty() {
        "no model here does".to_owned()
    } else {
        format!("these do: {}", serving.join(", "))
    };
    let message = format!(
        "no deployment of `{}` serves `{path}`; {others}",
        route.name
    );
    let mut miss = Miss::ours(
        Refusal::new(404, "endpoint_not_supported", message).param("model"),
        "unsupported",
    );
    miss.is_final = true;
    miss
}

/// How long a server asks to be left alone: seconds, or a date.
pub(super) fn retry_after(value: &str) -> Option<Duration> {
    if !value.is_empty() && value.bytes().all(|it| it.is_ascii_digit()) {
        let seconds = value.parse().unwrap_or(u64::MAX);
        return Some(Duration::from_secs(seconds).min(LONGEST_RETRY_AFTER));
    }
    let then = http_date(value)?;
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .ok()?;
    Some(then.saturating_sub(since).min(LONGEST_RETRY_AFTER))
}

/// A date such as `Sun, 06 Nov 1994 08:49:37 GMT`, since 1970.
fn http_date(text: &str) -> Option<Duration> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let mut words = text.split_once(", ")?.1.split(' ');
    let day: u64 = words.next()?.parse().ok()?;
    let month = words.next()?;
    let month = MONTHS.iter().position(|it| *it == month)? as u64 + 1;
    let year: u64 = words
        .next()?
        .parse()
        .ok()
        .filter(|it| (1970..10_000).contains(it))?;
    let mut time = words
        .next()?
        .splitn(3, ':')
        .map(|it| it.parse::<u64>().ok().filter(|it| *it < 61));
    let (hours, minutes, seconds) = (time.next()??, time.next()??, time.next()??);
    if words.next() != Some("GMT") || !(1..=31).contains(&day) {
        return None;
    }
    // Years begin in March, so that the day that may be missing is the last one.
    let (years, months) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let of_year = (153 * months + 2) / 5 + day - 1;
    let days = years * 365 + years / 4 - years / 100 + years / 400 + of_year;
    let days = days.checked_sub(719_468)?;
    Some(Duration::from_secs(
        days * 86_400 + hours * 3600 + minutes * 60 + seconds,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p101_every_way_to_ask_for_patience() {
        assert_eq!(retry_after("7"), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("1000000000"), Some(LONGEST_RETRY_AFTER));
        assert_eq!(
            retry_after("99999999999999999999999"),
            Some(LONGEST_RETRY_AFTER)
        );
        assert_eq!(
            retry_after("Sun, 06 Nov 1994 08:49:37 GMT"),
            Some(Duration::ZERO)
        );
        for garbage in [
            "",
            "-5",
            "1.5",
            "soon",
            "Sun, 06 Nov 1994",
            "Sun, 99 Foo 1994 08:49:37 GMT",
        ] {
            assert_eq!(retry_after(garbage), None, "{garbage}");
        }
        assert_eq!(
            http_date("Sun, 06 Nov 1994 08:49:37 GMT"),
            Some(Duration::from_secs(784_111_777))
        );
        assert_eq!(
            http_date("Thu, 01 Jan 1970 00:00:00 GMT"),
            Some(Duration::ZERO)
        );
    }
}
