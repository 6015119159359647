//! The few URLs that a table holds, taken apart.

/// Where a server is, and the path below which its API lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Url {
    /// True for `https`.
    pub tls: bool,
    /// The host, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Host and port as they are written.
    pub authority: String,
    /// The path with its query, without a slash at its end.
    pub path: String,
}

impl Url {
    /// Takes a URL apart; nothing when it is none of `http` or `https`, or holds a user.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (tls, rest) = match text.strip_prefix("http://") {
            Some(rest) => (false, rest),
            None => (true, text.strip_prefix("https://")?),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let (host, port) = match authority.strip_prefix('[') {
            Some(rest) => {
                let (host, port) = rest.split_once(']')?;
                (host, port)
            }
            None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
        };
        let port = match port.strip_prefix(':') {
            Some(port) => port.parse().ok()?,
            None if port.is_empty() => {
                if tls {
                    443
                } else {
                    80
                }
            }
            None => return None,
        };
        let is_plain = |it: u8| it.is_ascii_graphic() && !b"@\"\\<>".contains(&it);
        if host.is_empty()
            || !authority.bytes().all(is_plain)
            || !path.bytes().all(is_plain)
            || path.contains('#')
        {
            return None;
        }
        Some(Self {
            tls,
            host: host.to_owned(),
            port,
            authority: authority.to_owned(),
            path: path.trim_end_matches('/').to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart() {
        let url = Url::parse("https://[::1]:8443/v1/").unwrap();
        assert_eq!(
            (url.tls, url.host.as_str(), url.port, url.path.as_str()),
            (true, "::1", 8443, "/v1")
        );
        assert_eq!(Url::parse("http://a").unwrap().port, 80);
        for wrong in [
            "ftp://a",
            "http://",
            "http://u@a/",
            "http://a:x/",
            "http://a b/",
            "http://a/\r\nX: y",
        ] {
            assert_eq!(Url::parse(wrong), None, "{wrong}");
        }
    }
}
