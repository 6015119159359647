//! The clients that people use, as they are, through the proxy: `openai` for Python and for Node, and LiteLLM.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use super::lab::{Lab, route, table};
use crate::tools;

/// A model server with the whole of OpenAI's API, in Python; it ends with the test.
pub(super) struct Backend {
    child: Child,
    pub(super) address: SocketAddr,
    _output: BufReader<ChildStdout>,
}

impl Backend {
    /// Starts one; nothing where Python is missing.
    pub(super) fn new() -> Option<Self> {
        let mut child = Command::new(tools::python()?)
            .arg(script("backend.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let mut output = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let port: u16 = line.trim().parse().expect("a port");
        Some(Self {
            child,
            address: SocketAddr::from(([127, 0, 0, 1], port)),
            _output: output,
        })
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(super) fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/real")
        .join(name)
}

/// What a program prints as JSON; nothing when it says that something is missing here.
pub(super) fn told(mut command: Command) -> Option<Value> {
    let output = command
        .env("NO_PROXY", "*")
        .output()
        .expect("the client starts");
    let text = String::from_utf8_lossy(&output.stdout);
    if output.status.code() == Some(3) {
        tools::skip(text.trim());
        return None;
    }
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}\n{error}");
    let last = text.lines().last().unwrap_or_default();
    Some(serde_json::from_str(last).unwrap_or_else(|problem| panic!("{problem}: {text}\n{error}")))
}

fn lab(backend: &Backend) -> (Lab, String) {
    let lab = Lab::new(table(&[route("m", &[backend.address], &[])]));
    let url = format!("http://{}/v1", lab.address);
    (lab, url)
}

/// What the clients of `OpenAI` return, whatever their language.
fn expected() -> Value {
    json!({
        "chat": ["hello there", "real-model", 5],
        "stream": [["a", "bé", "🎉"], 5],
        "tools": [["weather", {"city": "Paris"}], ["weather", {"city": "Paris"}]],
        "embeddings": [[[0.25, -1.5, 3.0], [0.25, -1.5, 3.0]], [0.25, -1.5, 3.0]],
        "responses": ["hello there", "hellothere", "response.created", "response.completed"],
        "completion": "hello",
        "transcription": "heard 5120 bytes",
        "speech": 2048,
        "image": "YSBwaWN0dXJl",
        "models": ["m"],
        "model": "m",
        "errors": {"400": ["BadRequestError", 400, "code_400"], "nobody": ["NotFoundError", 404, "model_not_found"]},
        "cancelled": ["one", {"begun": 1, "closed": 1}],
        "cancelled_task": ["cancelled", {"begun": 2, "closed": 2}],
    })
}

/// JavaScript writes a whole number as one; nothing else may differ.
fn assert_same(seen: &Value, expected: &Value) {
    match (seen, expected) {
        (Value::Number(a), Value::Number(b)) => assert_eq!(a.as_f64(), b.as_f64()),
        (Value::Array(a), Value::Array(b)) => {
            assert_eq!(a.len(), b.len(), "{seen} is not {expected}");
            a.iter().zip(b).for_each(|(a, b)| assert_same(a, b));
        }
        (Value::Object(a), Value::Object(b)) => {
            assert!(a.keys().eq(b.keys()), "{seen} is not {expected}");
            a.iter().for_each(|(name, a)| assert_same(a, &b[name]));
        }
        _ => assert_eq!(seen, expected),
    }
}

#[test]
fn the_python_client_of_openai_works_through_it() {
    let Some(backend) = Backend::new() else {
        return;
    };
    let (lab, url) = lab(&backend);
    let mut command = Command::new(tools::python().expect("the backend runs in it"));
    command
        .arg(script("openai_client.py"))
        .args([&url, &backend.address.to_string()]);
    let Some(seen) = told(command) else { return };
    assert_same(&seen, &expected());
    lab.assert_alive();
}

#[test]
fn the_node_client_of_openai_works_through_it() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/node/openai");
    let Some(node) = tools::program("node") else {
        return;
    };
    if !package.join("index.mjs").exists() {
        return tools::skip("no package `openai` in target/node: run tests/setup");
    }
    let Some(backend) = Backend::new() else {
        return;
    };
    let (lab, url) = lab(&backend);
    let mut command = Command::new(node);
    command
        .arg(script("openai_client.mjs"))
        .arg(package)
        .args([&url, &backend.address.to_string()]);
    let Some(seen) = told(command) else { return };
    let mut expected = expected();
    expected["cancelled_task"][0] = json!("APIUserAbortError");
    assert_same(&seen, &expected);
    lab.assert_alive();
}

#[test]
fn litellm_as_a_client_works_through_it() {
    let Some(backend) = Backend::new() else {
        return;
    };
    let (lab, url) = lab(&backend);
    let mut command = Command::new(tools::python().expect("the backend runs in it"));
    command
        .arg(script("litellm_client.py"))
        .args([&url, &backend.address.to_string()]);
    let Some(seen) = told(command) else { return };
    let expected = json!({
        "chat": ["hello there", 5],
        "stream": ["a", "bé", "🎉"],
        "tools": [["weather", {"city": "Paris"}], {"city": "Paris"}],
        "embeddings": [[0.25, -1.5, 3.0], [0.25, -1.5, 3.0]],
        "responses": "hello there",
        "transcription": "heard 5120 bytes",
        "speech": 2048,
        "errors": {"400": ["BadRequestError", 400], "nobody": ["NotFoundError", 404]},
        "cancelled": ["one", {"begun": 1, "closed": 1}],
    });
    assert_same(&seen, &expected);
    lab.assert_alive();
}
