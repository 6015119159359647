//! TLS on both sides, with an authority of the test's own: who is believed, and who is not.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;
use serde_json::{Value, json};

use super::client::chat;
use super::clients::{Backend, script, told};
use super::lab::{Lab, Start, route, table};
use super::upstream::{ANSWER, Do, Upstream, chunk, json, stream_head, token, whole_stream};
use crate::tools;

/// An authority and what it vouches for.
pub(super) struct Authority {
    folder: tempfile::TempDir,
    openssl: PathBuf,
}

impl Authority {
    /// Nothing where there is no `openssl`.
    pub(super) fn new() -> Option<Self> {
        let it = Self {
            folder: tempfile::tempdir().unwrap(),
            openssl: tools::program("openssl")?,
        };
        it.run("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=authority -keyout ca.key -out ca.pem");
        Some(it)
    }

    fn run(&self, words: &str) {
        let output = Command::new(&self.openssl)
            .args(words.split(' '))
            .current_dir(&self.folder)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words}: {said}");
    }

    /// Makes `NAME.pem` and `NAME.key` for this machine.
    pub(super) fn vouch(&self, name: &str, serial: u32) {
        fs::write(
            self.path("names"),
            "subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n",
        )
        .unwrap();
        self.run(&format!("req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -keyout {name}.key -out {name}.csr"));
        self.run(&format!("x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -set_serial {serial} -days 30 -extfile names -out {name}.pem"));
    }

    pub(super) fn path(&self, name: &str) -> String {
        let path = self.folder.path().join(name);
        path.to_str().expect("a path of text").to_owned()
    }
}

/// A table that is served over TLS.
fn secured(routes: &[Value], authority: &Authority, name: &str) -> Value {
    let mut table = table(routes);
    let (certificate, key) = (
        authority.path(&format!("{name}.pem")),
        authority.path(&format!("{name}.key")),
    );
    table["listen"] =
        json!({"address": "127.0.0.1", "port": 1, "tls": {"certificate": certificate, "key": key}});
    table
}

/// What `curl` says when it asks for a chat: whether it was well, and all that it printed.
fn curl(lab: &Lab, authority: &Path, more: &[&str]) -> Option<(bool, String)> {
    let output = Command::new(tools::program("curl")?)
        .args(["-sS", "--noproxy", "*", "--max-time", "20", "--cacert"])
        .arg(authority)
        .args([
            "-H",
            "content-type: application/json",
            "-d",
            &chat("m", false),
            "-w",
            "\n%{http_version} %{http_code}",
        ])
        .args(more)
        .arg(format!(
            "https://localhost:{}/v1/chat/completions",
            lab.address.port()
        ))
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    Some((
        output.status.success(),
        String::from_utf8_lossy(&text).into_owned(),
    ))
}

#[test]
fn clients_are_served_over_tls() {
    let Some(authority) = Authority::new() else {
        return;
    };
    authority.vouch("one", 1);
    let server = Upstream::always(vec![json(200, ANSWER)]);
    let lab = Lab::new(secured(
        &[route("m", &[server.address], &[])],
        &authority,
        "one",
    ));
    let ca = PathBuf::from(authority.path("ca.pem"));
    let Some((well, said)) = curl(&lab, &ca, &["--http1.1"]) else {
        return;
    };
    assert!(well && said == format!("{ANSWER}\n1.1 200"), "{said}");
    let (well, said) = curl(&lab, &ca, &["--http2"]).unwrap();
    assert!(well && said == format!("{ANSWER}\n2 200"), "{said}");
    // Whoever believes another authority goes, and whoever asks in clear is not served.
    let other = Authority::new().expect("there is openssl");
    let (well, said) = curl(&lab, &PathBuf::from(other.path("ca.pem")), &[]).unwrap();
    assert!(!well && said.contains("certificate"), "{said}");
    let mut clear = lab.client();
    let mut seen = Vec::new();
    let _ = clear.get("/health").stream.read_to_end(&mut seen);
    assert!(!seen.starts_with(b"HTTP/"), "{seen:?}");
    assert_eq!(server.seen().len(), 2);
    // A renewed certificate is taken as another table is; one that is none is refused, and the last one stays.
    authority.vouch("one", 77);
    lab.signal(Signal::HUP);
    lab.wait_for_event("reloaded");
    let (well, said) = curl(&lab, &ca, &["-v"]).unwrap();
    assert!(well && said.contains("200"), "{said}");
    fs::write(authority.path("one.key"), "no key").unwrap();
    lab.signal(Signal::HUP);
    let refused = lab.wait_for_event("reload_refused");
    let what = refused["what"].as_str().unwrap_or_default();
    assert!(what.contains("TLS") && !what.contains("no key"), "{what}");
    let (well, said) = curl(&lab, &ca, &[]).unwrap();
    assert!(well, "{said}");
}

#[test]
fn the_python_client_of_openai_works_over_tls() {
    let Some(authority) = Authority::new() else {
        return;
    };
    authority.vouch("one", 1);
    let Some(backend) = Backend::new() else {
        return;
    };
    let lab = Lab::new(secured(
        &[route("m", &[backend.address], &[])],
        &authority,
        "one",
    ));
    let mut command = Command::new(tools::python().expect("the backend runs in it"));
    command
        .env("SSL_CERT_FILE", authority.path("ca.pem"))
        .arg(script("openai_client.py"))
        .args([
            format!("https://localhost:{}/v1", lab.address.port()),
            backend.address.to_string(),
        ]);
    let Some(seen) = told(command) else { return };
    assert_eq!(seen["stream"], json!([["a", "bé", "🎉"], 5]));
    assert_eq!(seen["cancelled"], json!(["one", {"begun": 1, "closed": 1}]));
}

#[test]
fn the_client_of_python_speaks_http2() {
    let Some(authority) = Authority::new() else {
        return;
    };
    let Some(python) = tools::python() else {
        return;
    };
    authority.vouch("one", 1);
    let server = Upstream::new(vec![
        vec![json(200, ANSWER)],
        whole_stream(),
        vec![stream_head(), chunk(&token("a")), Do::UntilClosed],
    ]);
    let lab = Lab::new(secured(
        &[route("m", &[server.address], &[])],
        &authority,
        "one",
    ));
    let mut command = Command::new(python);
    command
        .arg(script("httpx_http2.py"))
        .arg(format!("https://localhost:{}/v1", lab.address.port()))
        .arg(authority.path("ca.pem"));
    let Some(seen) = told(command) else { return };
    assert_eq!(seen["versions"], json!(["HTTP/2", "HTTP/2", "HTTP/2"]));
    assert_eq!(
        seen["answer"],
        serde_json::from_str::<Value>(ANSWER).unwrap()
    );
    assert_eq!(seen["events"], 4);
    assert_eq!(seen["many"], json!([404, 50]));
    server.closed();
}

#[test]
fn a_server_is_believed_by_the_authorities_that_are_known() {
    let Some(authority) = Authority::new() else {
        return;
    };
    authority.vouch("server", 1);
    let Some(backend) =
        Backend::with_tls(&authority.path("server.pem"), &authority.path("server.key"))
    else {
        return;
    };
    let at = |host: &str| {
        let mut route = route("m", &[backend.address], &[]);
        let url = format!("https://{host}:{}/v1", backend.address.port());
        route["deployments"][0]["base_url"] = json!(url);
        table(&[route])
    };
    let knows = authority.path("ca.pem");
    let lab = Start::new(at("localhost"))
        .env("SSL_CERT_FILE", &knows)
        .run();
    let mut client = lab.client();
    for _ in 0..2 {
        let answer = client.chat("m");
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    assert!(client.stream("m").text().ends_with("data: [DONE]\n\n"));
    // Another authority than the server's is no reason to believe it.
    let other = Authority::new().expect("there is openssl");
    for (host, known) in [("localhost", other.path("ca.pem")), ("127.0.0.1", knows)] {
        let lab = Start::new(at(host)).env("SSL_CERT_FILE", &known).run();
        let answer = lab.client().chat("m");
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (502, "upstream_tls"),
            "{host}"
        );
        lab.assert_alive();
    }
}

#[test]
fn a_certificate_that_is_none_is_told_before_anything_is_served() {
    let Some(authority) = Authority::new() else {
        return;
    };
    authority.vouch("one", 1);
    authority.vouch("two", 2);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("routes.json");
    let check = |certificate: &str, key: &str| {
        let mut table = table(&[route("m", &[Upstream::nobody()], &[])]);
        table["listen"] = json!({"address": "127.0.0.1", "port": 1, "tls": {"certificate": authority.path(certificate), "key": authority.path(key)}});
        fs::write(&file, table.to_string()).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_homelab"))
            .args(["proxy", "--check", "--table"])
            .arg(&file)
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        (
            output.status.success(),
            String::from_utf8_lossy(&text).into_owned(),
        )
    };
    assert!(check("one.pem", "one.key").0);
    for (certificate, key, word) in [
        ("none.pem", "one.key", "none.pem"),
        ("one.key", "one.key", "no certificate"),
        ("one.pem", "one.pem", "no private key"),
        ("one.pem", "two.key", "not that of the certificate"),
    ] {
        let (well, said) = check(certificate, key);
        assert!(!well && said.contains(word), "{certificate} {key}: {said}");
    }
}
