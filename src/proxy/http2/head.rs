//! The head of a request of HTTP/2, doubted by the parser that doubts those of HTTP/1.1.

use bytes::{BufMut, BytesMut};
use http::Method;
use http::header::HOST;
use http::request::Parts;

use crate::proxy::head::{self, Framing, HeadError, Request};

/// Reads a head. It is written in the words of HTTP/1.1 and read again, so that nothing is believed here that would not be believed there.
pub(super) fn request(parts: &Parts, is_whole: bool) -> Result<Request, HeadError> {
    let mut text = text(parts)?;
    let request = head::request(&mut text, &mut 0)?;
    let mut request = request.ok_or(HeadError::Malformed("the head has no end"))?;
    request.framing = match request.framing {
        _ if is_whole => Framing::Length(0),
        Framing::Length(length) if request.fields.value("content-length").is_some() => {
            Framing::Length(length)
        }
        // Whoever announces nothing ends the body with the stream.
        _ => Framing::Close,
    };
    Ok(request)
}

fn text(parts: &Parts) -> Result<BytesMut, HeadError> {
    let mut text = BytesMut::with_capacity(512);
    let mut add = |parts: &[&[u8]]| parts.iter().for_each(|it| text.put_slice(it));
    let authority = parts.uri.authority().map(http::uri::Authority::as_str);
    let target = match parts.uri.path_and_query() {
        _ if parts.method == Method::CONNECT => authority.unwrap_or_default(),
        Some(target) => target.as_str(),
        None => "/",
    };
    add(&[
        parts.method.as_str().as_bytes(),
        b" ",
        target.as_bytes(),
        b" HTTP/1.1\r\n",
    ]);
    if let Some(authority) = authority {
        add(&[b"host: ", authority.as_bytes(), b"\r\n"]);
    }
    for (name, value) in &parts.headers {
        if *name == HOST && authority.is_some() {
            if authority.is_none_or(|it| !it.as_bytes().eq_ignore_ascii_case(value.as_bytes())) {
                return Err(HeadError::Malformed("`:authority` and `host` differ"));
            }
            continue;
        }
        add(&[name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"]);
    }
    add(&[b"\r\n"]);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(uri: &str, fields: &[(&str, &str)], is_whole: bool) -> Result<Request, HeadError> {
        let mut request = http::Request::builder().method("POST").uri(uri);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        super::request(&request.body(()).unwrap().into_parts().0, is_whole)
    }

    #[test]
    fn p013_authority_and_host_are_one() {
        let request = read(
            "https://a.example:8/v1/models?x=y",
            &[("host", "A.example:8")],
            true,
        );
        let request = request.unwrap();
        assert_eq!(
            (request.host.as_deref(), request.path.as_str()),
            (Some("a.example"), "/v1/models")
        );
        assert_eq!(
            read("/v1", &[("host", "b")], true).unwrap().host.as_deref(),
            Some("b")
        );
        for (uri, fields) in [
            ("https://a/", &[("host", "b")][..]),
            ("https://a/", &[("host", "a"), ("host", "b")]),
            ("/v1", &[("host", "a"), ("host", "b")]),
            ("/v1", &[]),
            ("https://u@a/", &[]),
            ("https://a/", &[("content_length", "3")]),
            ("https://a/", &[("x", "é")]),
        ] {
            assert!(read(uri, fields, true).is_err(), "{uri} {fields:?}");
        }
    }

    #[test]
    fn p021_the_body_ends_with_its_length_or_with_the_stream() {
        let framing = |fields: &[(&str, &str)], is_whole| {
            read("https://a/", fields, is_whole).map(|it| it.framing)
        };
        assert_eq!(framing(&[], true), Ok(Framing::Length(0)));
        assert_eq!(framing(&[], false), Ok(Framing::Close));
        assert_eq!(
            framing(&[("content-length", "7")], false),
            Ok(Framing::Length(7))
        );
        for fields in [
            &[("content-length", "+7")][..],
            &[("content-length", "7"), ("content-length", "7")],
            &[("transfer-encoding", "gzip")],
        ] {
            assert!(framing(fields, false).is_err(), "{fields:?}");
        }
    }

    #[test]
    fn p023_fields_are_counted() {
        let many = vec![("a", "b"); 101];
        assert_eq!(
            read("https://a/", &many, true).unwrap_err(),
            HeadError::TooLarge
        );
        let long = "b".repeat(64 * 1024);
        assert_eq!(
            read("https://a/", &[("a", &long)], true).unwrap_err(),
            HeadError::TooLarge
        );
    }
}
