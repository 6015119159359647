//! Web search: LiteLLM's questions and answers, put to SearXNG.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::alarm::{Alarm, Patience};
use super::answer::Answer;
use super::error::Refusal;
use super::framing::Piece;
use super::served::Served;
use super::upstream::Failure;
use super::url::Url;
use super::worker::Worker;

/// How long a search may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The largest answer that is read.
const MOST: usize = 8 * 1024 * 1024;

/// What a client may ask.
#[derive(Deserialize)]
struct Question {
    query: Words,
    max_results: Option<usize>,
    country: Option<String>,
    search_domain_filter: Option<Vec<String>>,
}

/// One query, or several that are asked as one.
#[derive(Deserialize)]
#[serde(untagged)]
enum Words {
    One(String),
    Many(Vec<String>),
}

/// Searches.
pub(super) async fn search(
    worker: &Worker,
    served: &Served,
    tool: &str,
    body: &[u8],
    id: &str,
) -> Result<Answer, Refusal> {
    let tool = served.table.search_tools.iter().find(|it| it.name == tool);
    let tool = tool.ok_or_else(|| {
        Refusal::new(
            404,
            "search_tool_not_found",
            "there is no such search tool here; `GET /v1/search/tools` lists those that are",
        )
    })?;
    let question: Question = serde_json::from_slice(body).map_err(|_| {
        Refusal::new(
            400,
            "invalid_search",
            "the body must be an object with `query`, a text",
        )
        .param("query")
    })?;
    let url = Url::parse(&tool.base_url)
        .ok_or_else(|| Refusal::new(502, "upstream_unreachable", "the search tool has no URL"))?;
    let mut words = match question.query {
        Words::One(it) => it,
        Words::Many(it) => it.join(" "),
    };
    for domain in question.search_domain_filter.iter().flatten() {
        words.push_str(" site:");
        words.push_str(domain);
    }
    let mut query = format!("q={}&format=json", percent(&words));
    if let Some(country) = question.country {
        let country = country.to_ascii_lowercase();
        // The languages that LiteLLM takes for these countries.
        let language = match country.as_str() {
            "us" | "uk" => "en",
            "jp" => "ja",
            other => other,
        };
        query.push_str("&language=");
        query.push_str(&percent(language));
    }
    let head = format!(
        "GET {}/search?{query} HTTP/1.1\r\nhost: {}\r\naccept: application/json\r\naccept-encoding: identity\r\nuser-agent: homelab\r\nx-request-id: {id}\r\n\r\n",
        url.path, url.authority
    );
    let body = ask(worker, served, &url, head.as_bytes())
        .await
        .map_err(refused)?;
    let found: Value =
        serde_json::from_slice(&body).map_err(|_| refused(Failure::Nonsense("it is no JSON")))?;
    let most = question.max_results.unwrap_or(20).min(100);
    let results: Vec<Value> = found["results"]
        .as_array()
        .into_iter()
        .flatten()
        .take(most)
        .map(result)
        .collect();
    Ok(json!({"results": results, "object": "search"}).into())
}

fn result(it: &Value) -> Value {
    let text = |name: &str| it[name].as_str().unwrap_or_default();
    let date = [&it["publishedDate"], &it["pubdate"]]
        .into_iter()
        .find_map(|it| it.as_str().filter(|it| !it.is_empty()));
    json!({"title": text("title"), "url": text("url"), "snippet": text("content"), "date": date, "last_updated": null})
}

async fn ask(worker: &Worker, served: &Served, url: &Url, head: &[u8]) -> Result<Vec<u8>, Failure> {
    let origin: Arc<str> = format!(
        "{}://{}",
        if url.tls { "https" } else { "http" },
        url.authority
    )
    .into();
    let alarm = Alarm::default();
    let patience = Patience::new(&alarm, Instant::now(), PATIENCE);
    let read = async {
        let mut reply = worker
            .pool
            .exchange(url, &origin, &[head], served.policy.connect, patience)
            .await?;
        if reply.head.status != 200 {
            return Err(Failure::Nonsense(if reply.head.status == 403 {
                "it does not allow JSON: add `json` to its `search.formats`"
            } else {
                "it failed"
            }));
        }
        let mut body = Vec::new();
        loop {
            match reply
                .body
                .take(&mut reply.connection.buffer)
                .map_err(|_| Failure::Nonsense("its body is not framed"))?
            {
                Piece::Data(bytes) if body.len() + bytes.len() > MOST => {
                    return Err(Failure::Nonsense("its answer is too large"));
                }
                Piece::Data(bytes) => body.extend_from_slice(&bytes),
                Piece::End => break,
                Piece::More => match reply.connection.fill().await {
                    Ok(0) if reply.body.ends_with_connection() => return Ok(body),
                    Ok(0) | Err(_) => return Err(Failure::Lost),
                    Ok(_) => {}
                },
            }
        }
        worker.pool.keep(&origin, reply, Instant::now());
        Ok(body)
    };
    tokio::time::timeout(PATIENCE, read)
        .await
        .unwrap_or(Err(Failure::Timeout))
}

fn refused(failure: Failure) -> Refusal {
    match failure {
        Failure::Timeout => Refusal::new(
            504,
            "upstream_timeout",
            "the search did not answer in time; try again later",
        ),
        Failure::Nonsense(what) => Refusal::new(
            502,
            "upstream_failed",
            format!("the search answered wrongly: {what}"),
        ),
        _ => Refusal::new(
            502,
            "upstream_unreachable",
            "the search cannot be reached; try again later",
        ),
    }
}

/// The text as part of a query.
fn percent(text: &str) -> String {
    use std::fmt::Write;
    text.bytes()
        .fold(String::with_capacity(text.len()), |mut all, it| {
            if it.is_ascii_alphanumeric() || b"-._~".contains(&it) {
                all.push(char::from(it));
            } else {
                let _ = write!(all, "%{it:02X}");
            }
            all
        })
}
