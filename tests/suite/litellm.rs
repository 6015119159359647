//! What LiteLLM, OptiLLM, SearXNG and the proxy are told, and that the real LiteLLM takes it.

use homelab::compile;
use homelab::diagnostic::Source;
use homelab::emit::Artifacts;
use homelab::platform::Platform;

const REPO: &str = include_str!("../../platform.toml");

fn platform(text: &str) -> Platform {
    let source = Source::new("platform.toml", text);
    let checked = compile::check(&source);
    let found: Vec<String> = checked
        .diagnostics
        .iter()
        .map(|it| format!("{}: {}", it.rule.name, it.message))
        .collect();
    checked.platform.unwrap_or_else(|| panic!("{found:#?}"))
}

fn emitted(text: &str) -> Artifacts {
    let only = ["litellm", "config", "routes"];
    compile::emit(&platform(text), Some(&only)).expect("artifacts")
}

fn text_of<'a>(artifacts: &'a Artifacts, path: &str) -> &'a str {
    let artifact = artifacts.find(path).unwrap_or_else(|| panic!("no {path}"));
    &artifact.text
}

#[test]
fn show() {
    for artifact in &emitted(REPO) {
        println!(
            "=== {} {:?}\n{}",
            artifact.path, artifact.install, artifact.text
        );
    }
    let p = platform(REPO);
    for (s, v) in p.services.iter().map(|s| (&s.name, &s.env)) {
        for v in v {
            println!("{s} {} = {:?} {:?}", v.name, v.value, v.origin);
        }
        println!("{:?}", p.services.find(s).unwrap().run.command);
    }
}
