//! What holds for any bytes: the fast scanner agrees with a full parser, and any split of a stream or a head gives the same.

use homelab::proxy::sse::{Splitter, data};
use homelab::proxy::{framing, head, scan};
use proptest::prelude::*;
use serde_json::Value;

/// Texts that are JSON, or nearly.
fn nearly_json() -> impl Strategy<Value = Vec<u8>> {
    let word = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"model\"",
        "\"mo\\u0064el\"",
        "\"stream\"",
        "\"a\"",
        "\"\\ud83d\\ude00\"",
        "\"\\ud83d\"",
        "\"\\n\"",
        "\"\\x\"",
        "true",
        "false",
        "null",
        "nul",
        "0",
        "-1",
        "01",
        "1.5e3",
        "1.",
        "-",
        " ",
        "\n",
        "\"",
        "\\",
        "\u{1}",
        "é",
    ]);
    let soup = prop::collection::vec(word, 0..24).prop_map(|it| it.concat().into_bytes());
    let leaf = prop::sample::select(vec![
        "1",
        "-0.5",
        "\"m\"",
        "\"\\u006d\"",
        "null",
        "true",
        "\"é\"",
    ])
    .prop_map(str::to_owned);
    let value = leaf.prop_recursive(4, 24, 4, |inner| {
        let key = prop::sample::select(vec!["model", "stream", "x", "mod\\u0065l", "messages"]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|it| format!("[{}]", it.join(" ,"))),
            prop::collection::vec((key, inner), 0..4).prop_map(|it| {
                let fields: Vec<String> = it
                    .iter()
                    .map(|(key, value)| format!("\"{key}\" :{value}"))
                    .collect();
                format!("{{{}}}", fields.join(","))
            }),
        ]
    });
    let broken = (
        value.prop_map(String::into_bytes),
        any::<prop::sample::Index>(),
        any::<u8>(),
        any::<bool>(),
    )
        .prop_map(|(mut text, at, byte, breaks)| {
            if breaks {
                let at = at.index(text.len());
                text[at] = byte;
            }
            text
        });
    prop_oneof![soup, broken]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_scanner_agrees_with_a_full_parser(text in nearly_json()) {
        let parsed = serde_json::from_slice::<Value>(&text);
        prop_assert_eq!(scan::is_json(&text), parsed.is_ok(), "{:?}", String::from_utf8_lossy(&text));
        match (scan::scan(&text), parsed) {
            (Ok(found), Ok(parsed)) => {
                prop_assert_eq!(parsed["model"].as_str(), Some(&*found.model));
                prop_assert_eq!(parsed["stream"].as_bool().unwrap_or(false), found.stream);
                let there: Value = serde_json::from_slice(&text[found.model_at.clone()]).unwrap();
                prop_assert_eq!(there.as_str(), Some(&*found.model));
                // Another name in its place changes nothing else.
                let spliced = [&text[..found.model_at.start], b"\"other\"", &text[found.model_at.end..]].concat();
                let mut expected = parsed;
                expected["model"] = "other".into();
                prop_assert_eq!(serde_json::from_slice::<Value>(&spliced).unwrap(), expected);
            }
            (Ok(_), Err(error)) => prop_assert!(false, "it was taken: {error}"),
            (Err(scan::ScanError::Json(..)), Ok(_)) => prop_assert!(false, "it was refused as no JSON"),
            (Err(_), _) => {}
        }
    }

    #[test]
    fn p065_any_split_gives_the_same_events(
        words in prop::collection::vec(prop::sample::select(vec!["data", ":", " ", "a", "é", "\n", "\r", "\r\n", "\n\n", "id: 1", "event", "[DONE]"]), 0..40),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let text = words.concat().into_bytes();
        let mut cuts: Vec<usize> = cuts.iter().map(|it| it.index(text.len() + 1)).collect();
        cuts.sort_unstable();
        prop_assert_eq!(events(&text, &cuts), events(&text, &[]));
    }

    #[test]
    fn any_split_of_a_request_reads_the_same(
        words in prop::collection::vec(prop::sample::select(vec!["POST", "GET", " ", "/v1/x", "HTTP/1.1", "\r\n", "\n", "\r", "Host: a", "Content-Length: 3", "Transfer-Encoding: chunked", "X", ":", "é", "\0"]), 0..24),
        cut in any::<prop::sample::Index>(),
    ) {
        let text = words.concat().into_bytes();
        let cut = cut.index(text.len() + 1);
        let whole = read(&[&text]);
        let split = read(&[&text[..cut], &text[cut..]]);
        prop_assert_eq!(whole, split);
    }

    #[test]
    fn any_split_of_chunks_reads_the_same(
        words in prop::collection::vec(prop::sample::select(vec!["0", "3", "a", "\r\n", "\n", "\r", "abc", ";x=y", "0\r\n\r\n", "3\r\nabc\r\n"]), 0..16),
        cut in any::<prop::sample::Index>(),
    ) {
        let text = words.concat().into_bytes();
        let cut = cut.index(text.len() + 1);
        prop_assert_eq!(chunks(&[&text]), chunks(&[&text[..cut], &text[cut..]]));
    }
}

/// The data of all events, and of what is left.
fn events(text: &[u8], cuts: &[usize]) -> (Vec<Vec<u8>>, Vec<u8>) {
    let mut splitter = Splitter::default();
    let (mut found, mut from) = (Vec::new(), 0);
    for cut in cuts.iter().copied().chain([text.len()]) {
        splitter.push(&text[from..cut], 0);
        from = cut;
        while let Some(event) = splitter.next_event().unwrap() {
            if let Some(data) = data(&event) {
                found.push(data.into_owned());
            }
        }
    }
    // The LF of a CR that came before the cut stands here, and means nothing.
    let rest = data(&splitter.rest()).unwrap_or_default().into_owned();
    (found, rest)
}

fn read(parts: &[&[u8]]) -> String {
    let (mut buffer, mut seen) = (bytes::BytesMut::new(), 0);
    let mut found = Ok(None);
    for part in parts {
        buffer.extend_from_slice(part);
        if matches!(found, Ok(None)) {
            found = head::request(&mut buffer, &mut seen);
        }
    }
    match found {
        Ok(Some(it)) => format!("{} {} {:?}", it.method, it.path, it.framing),
        Ok(None) => "more".to_owned(),
        // A head may break two rules, and the first part may show the second of them.
        Err(_) => "refused".to_owned(),
    }
}

fn chunks(parts: &[&[u8]]) -> (Vec<u8>, &'static str) {
    let mut body = framing::Body::new(head::Framing::Chunked);
    let (mut buffer, mut data) = (bytes::BytesMut::new(), Vec::new());
    for part in parts {
        buffer.extend_from_slice(part);
        loop {
            match body.take(&mut buffer) {
                Ok(framing::Piece::Data(bytes)) => data.extend_from_slice(&bytes),
                Ok(framing::Piece::End) => return (data, "end"),
                Ok(framing::Piece::More) => break,
                Err(_) => return (data, "refused"),
            }
        }
    }
    (data, "more")
}
