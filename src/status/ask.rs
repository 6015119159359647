//! Asking, side by side.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use super::World;
use super::http::{self, Failure};
use super::question::{Question, Talk, works_a_model};
use super::report::State;
use crate::emit::probe::Probe;

/// The most questions that are open at a time.
const WORKERS: usize = 192;
/// A worker needs little: its buffers are on the heap.
const STACK: usize = 256 << 10;

/// What came of a question.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) state: State,
    /// Why it is sick, when it did not answer.
    pub(super) failure: Option<Failure>,
    pub(super) took: Option<Duration>,
    pub(super) status: Option<u16>,
    pub(super) words: String,
    pub(super) body: Vec<u8>,
}

impl Reply {
    fn silent(state: State, words: impl Into<String>) -> Self {
        Self {
            state,
            failure: None,
            took: None,
            status: None,
            words: words.into(),
            body: Vec::new(),
        }
    }

    fn failed(failure: Failure, limit: Duration) -> Self {
        Self {
            failure: Some(failure),
            ..Self::silent(State::Sick, failure.words(limit))
        }
    }
}

/// Asks all questions, and returns what came of each, in their order.
pub(super) fn ask_all(
    questions: &[Question],
    world: &World,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Vec<Reply> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new((0, Vec::new()));
    let work = || {
        while let Some((at, question)) = take(questions, &next) {
            let reply = ask_one(question, world);
            // A thread that panicked elsewhere has changed nothing here.
            let mut done = done
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            done.0 += 1;
            done.1.push((at, reply));
            progress(done.0, questions.len());
        }
    };
    thread::scope(|scope| {
        for _ in 0..questions.len().min(WORKERS) {
            let worker = thread::Builder::new().stack_size(STACK);
            // With no thread to be had, those that run do more.
            if worker.spawn_scoped(scope, work).is_err() {
                break;
            }
        }
        work();
    });
    let (_, mut replies) = done
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    replies.sort_unstable_by_key(|(at, _)| *at);
    replies.into_iter().map(|(_, reply)| reply).collect()
}

fn take<'a, 'b>(
    questions: &'a [Question<'b>],
    next: &AtomicUsize,
) -> Option<(usize, &'a Question<'b>)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    questions.get(at).map(|question| (at, question))
}

fn ask_one(question: &Question, world: &World) -> Reply {
    match question {
        Question::Health(probe) => health(probe, world),
        Question::Models(talk) | Question::Version(talk, _) => ask_json(talk, world),
        Question::Quiet(silence) => match http::knock(&silence.url, world.limit) {
            Ok(took) => Reply {
                took: Some(took),
                ..Reply::silent(State::Well, "it accepts connections")
            },
            Err(failure) => Reply::failed(failure, world.limit),
        },
    }
}

/// Asks what `healthcheck.sh` asks, and says what it would say.
fn health(probe: &Probe, world: &World) -> Reply {
    let url = url(probe, world);
    let needs = || format!("it needs {}: see --key-file", probe.key);
    if url.is_empty() {
        let words = format!("it listens on {} alone", probe.host);
        return Reply::silent(State::Away, words);
    }
    if probe.what == "unit" {
        let (manager, unit) = url.split_once(':').unwrap_or((url, ""));
        return if (world.runs)(manager, unit) {
            Reply::silent(State::Well, "running")
        } else {
            Reply::silent(State::Sick, "it is not running")
        };
    }
    if works_a_model(probe) {
        return Reply::silent(State::Skip, "it may load a model: healthcheck.sh makes it");
    }
    let key = match probe.key.as_str() {
        "" => None,
        name => match (world.key)(name) {
            Some(key) => Some(key),
            None => return Reply::silent(State::Skip, needs()),
        },
    };
    if probe.what == "port" {
        return match http::knock(url, world.limit) {
            Ok(took) => Reply {
                took: Some(took),
                ..Reply::silent(State::Well, "it accepts connections")
            },
            Err(failure) => Reply::failed(failure, world.limit),
        };
    }
    let question = http::Ask {
        url,
        method: probe.method,
        key: key.as_deref(),
        body: &probe.body,
        wants_body: true,
    };
    judge(probe, http::ask(&question, world.limit), world.limit)
}

/// Where a probe is asked from where we are; empty when it cannot be.
pub(super) fn url<'a>(probe: &'a Probe, world: &World) -> &'a str {
    if world.is_here(probe.host) {
        &probe.near
    } else {
        &probe.far
    }
}

fn judge(
    probe: &Probe,
    (answer, took): (Result<http::Answer, Failure>, Duration),
    limit: Duration,
) -> Reply {
    let answer = match answer {
        Ok(answer) => answer,
        Err(failure) => return Reply::failed(failure, limit),
    };
    let got = answer.status;
    let lacks = || {
        let words = probe.contains.as_bytes();
        !words.is_empty() && !answer.body.windows(words.len()).any(|it| it == words)
    };
    let (state, words) = if got != probe.status {
        let words = format!("it answered {got} in place of {}", probe.status);
        (State::Sick, words)
    } else if lacks() {
        let words = "its answer lacks the words it should have".to_owned();
        (State::Sick, words)
    } else {
        (State::Well, String::new())
    };
    Reply {
        took: Some(took),
        status: Some(got),
        ..Reply::silent(state, words)
    }
}

/// Asks for JSON, with the key when there is one: many servers ask for none.
fn ask_json(talk: &Talk, world: &World) -> Reply {
    let Some(url) = &talk.url else {
        return Reply::silent(State::Away, "it listens on another host's loopback alone");
    };
    let key = Some(talk.key.as_str()).filter(|it| !it.is_empty());
    let value = key.and_then(|it| (world.key)(it));
    let question = http::Ask {
        url,
        method: "GET",
        key: value.as_deref(),
        body: "",
        wants_body: true,
    };
    let (answer, took) = http::ask(&question, world.limit);
    let answer = match answer {
        Ok(answer) => answer,
        Err(failure) => return Reply::failed(failure, world.limit),
    };
    let (state, words) = match (answer.status, key, &value) {
        (200, _, _) => (State::Well, String::new()),
        (401 | 403, Some(name), None) => (State::Skip, format!("it needs {name}: see --key-file")),
        (401 | 403, None, _) => (
            State::Skip,
            "it asks for a key that nobody named".to_owned(),
        ),
        (status, _, _) => (State::Sick, format!("it answered {status} in place of 200")),
    };
    Reply {
        took: Some(took),
        status: Some(answer.status),
        body: answer.body,
        ..Reply::silent(state, words)
    }
}
