//! Addresses, DNS names and URLs.

use std::net::{IpAddr, Ipv4Addr};

use super::Flaw;
use super::name::{at_most, no_option, only};

pub(super) fn check_address(word: &str) -> Result<(), Flaw> {
    if word.parse::<IpAddr>().is_ok() {
        return Ok(());
    }
    if let Some(address) = legacy_ipv4(word) {
        return Err(
            Flaw::new("it is an old notation that programs read differently")
                .instead(address.to_string()),
        );
    }
    if word.contains('%') {
        return Err(Flaw::new("it names an interface behind `%`"));
    }
    if word.contains('/') {
        return Err(Flaw::new("it is a network, not one address"));
    }
    if word == "localhost" {
        return Err(Flaw::new("it is a name").instead("127.0.0.1"));
    }
    Err(Flaw::new("neither IPv4 nor IPv6 is written like this")
        .help("write it such as `192.168.1.71` or `fd7a::1`"))
}

/// What the old C functions make of a word: parts left out, octal, hexadecimal, one large number.
fn legacy_ipv4(word: &str) -> Option<Ipv4Addr> {
    let parts: Vec<u32> = word
        .split('.')
        .map(|part| {
            let lower = part.to_ascii_lowercase();
            let (digits, radix) = match lower.as_bytes() {
                [b'0', b'x', ..] => (&lower[2..], 16),
                [b'0', _, ..] => (&lower[1..], 8),
                _ => (&lower[..], 10),
            };
            let plain = !digits.is_empty() && digits.bytes().all(|it| it.is_ascii_hexdigit());
            plain.then(|| u32::from_str_radix(digits, radix).ok())?
        })
        .collect::<Option<_>>()?;
    let (last, first) = parts.split_last()?;
    let room = 8 * (4 - u32::try_from(first.len()).ok()?.min(4));
    if first.len() > 3 || first.iter().any(|it| *it > 255) || u64::from(*last) >= 1 << room {
        return None;
    }
    let high = first
        .iter()
        .enumerate()
        .map(|(at, it)| it << (24 - 8 * at))
        .sum::<u32>();
    Some(Ipv4Addr::from(high | last))
}

pub(super) fn check_host_name(word: &str) -> Result<(), Flaw> {
    no_option(word)?;
    only(word, "lower case letters, digits, `-` and `.`", |it| {
        it.is_ascii_lowercase() || it.is_ascii_digit() || "-._".contains(it)
    })
    .map_err(|flaw| {
        if word.bytes().any(|it| it.is_ascii_uppercase()) {
            flaw.instead(word.to_ascii_lowercase())
        } else {
            flaw
        }
    })?;
    at_most(word, 253)?;
    for label in word.split('.') {
        check_label(label)?;
    }
    // A name that ends in a number is read as an address by some programs.
    let last = word.rsplit('.').next().unwrap_or("");
    if last.bytes().all(|it| it.is_ascii_digit()) || legacy_ipv4(word).is_some() {
        return Err(Flaw::new("some programs read it as an address"));
    }
    Ok(())
}

fn check_label(label: &str) -> Result<(), Flaw> {
    if label.is_empty() {
        return Err(Flaw::new("a part between its dots is empty"));
    }
    if label.len() > 63 {
        return Err(Flaw::new("a part between its dots has more than 63 bytes"));
    }
    if label.starts_with('-') || label.ends_with('-') {
        return Err(Flaw::new("a part between its dots begins or ends with `-`"));
    }
    if let Some(encoded) = label.strip_prefix("xn--") {
        // One that decodes to plain letters is another spelling of a plain name (RUSTSEC-2024-0421).
        let is_foreign = |it: Vec<char>| {
            let hidden = |it: &char| it.is_control() || crate::syntax::is_invisible(*it);
            it.iter().any(|it| !it.is_ascii()) && !it.iter().any(hidden)
        };
        if !punycode(encoded).is_some_and(is_foreign) {
            return Err(Flaw::new(format!("`{label}` is no valid Punycode")));
        }
    }
    Ok(())
}

/// Decodes Punycode (RFC 3492, section 6.2).
fn punycode(encoded: &str) -> Option<Vec<char>> {
    let (plain, digits) = encoded.rsplit_once('-').unwrap_or(("", encoded));
    let mut output: Vec<char> = plain.chars().collect();
    let (mut point, mut index, mut bias) = (128_u32, 0_u32, 72_u32);
    let mut bytes = digits.bytes().peekable();
    bytes.peek()?;
    while bytes.peek().is_some() {
        let before = index;
        let mut weight = 1_u32;
        for step in 1_u32.. {
            let digit = match bytes.next()? {
                byte @ b'a'..=b'z' => u32::from(byte - b'a'),
                byte @ b'0'..=b'9' => u32::from(byte - b'0') + 26,
                _ => return None,
            };
            index = index.checked_add(digit.checked_mul(weight)?)?;
            let threshold = (36 * step).saturating_sub(bias).clamp(1, 26);
            if digit < threshold {
                break;
            }
            weight = weight.checked_mul(36 - threshold)?;
        }
        let length = u32::try_from(output.len()).ok()? + 1;
        bias = adapt(index - before, length, before == 0);
        point = point.checked_add(index / length)?;
        index %= length;
        output.insert(index as usize, char::from_u32(point)?);
        index += 1;
    }
    Some(output)
}

fn adapt(delta: u32, length: u32, first: bool) -> u32 {
    let mut delta = if first { delta / 700 } else { delta / 2 };
    delta += delta / length;
    let mut steps = 0;
    while delta > 455 {
        delta /= 35;
        steps += 36;
    }
    steps + 36 * delta / (delta + 38)
}

/// Names of query parameters that hold secrets.
const SECRET_PARAMETERS: &[&str] = &[
    "access_token",
    "api-key",
    "api_key",
    "apikey",
    "auth",
    "key",
    "password",
    "passwd",
    "secret",
    "sig",
    "signature",
    "token",
];

pub(super) fn check_url(word: &str) -> Result<(), Flaw> {
    // Until the credentials are known to be absent no message shows the word.
    let Some((scheme, rest)) = word.split_once("://") else {
        return Err(Flaw::new("it has no `http://` or `https://`").hidden());
    };
    if scheme != "http" && scheme != "https" {
        return Err(Flaw::new("its scheme is neither `http` nor `https`").hidden());
    }
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    if authority.contains('@') {
        return Err(Flaw::new("it holds a user or password")
            .help("give the credentials as a secret and leave them out here")
            .hidden());
    }
    let query = tail.split_once('?').map_or("", |(_, query)| query);
    let query = query.split('#').next().unwrap_or("");
    for parameter in query.split('&') {
        let name = parameter.split('=').next().unwrap_or("");
        if SECRET_PARAMETERS.contains(&name.to_ascii_lowercase().as_str()) {
            return Err(Flaw::new(format!("its query holds a secret: `{name}`"))
                .help("give it as a secret and leave it out here")
                .hidden());
        }
    }
    if let Some(character) = word.chars().find(|it| !matches!(it, '!'..='~')) {
        return Err(Flaw::new(format!(
            "it has {} in it",
            crate::syntax::describe(character)
        )));
    }
    if word.contains(['\\', '"', '<', '>', '`', '{', '}', '|', '^']) {
        return Err(Flaw::new("it has a character in it that URLs do not have"));
    }
    check_authority(authority)
}

fn check_authority(authority: &str) -> Result<(), Flaw> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let Some((address, port)) = rest.split_once(']') else {
                return Err(Flaw::new("the `[` in it is not closed"));
            };
            if address.parse::<std::net::Ipv6Addr>().is_err() {
                return Err(Flaw::new("what stands in `[…]` is no IPv6 address"));
            }
            (
                None,
                port.strip_prefix(':').or(port.is_empty().then_some("")),
            )
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (Some(host), Some(port)),
            None => (Some(authority), Some("")),
        },
    };
    let has_colon = authority
        .rsplit(']')
        .next()
        .is_some_and(|it| it.contains(':'));
    let port_fits = match port {
        Some("") => !has_colon,
        Some(port) => {
            port.bytes().all(|it| it.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|it| it > 0)
        }
        None => false,
    };
    if !port_fits {
        return Err(Flaw::new("its port is no number from 1 to 65535"));
    }
    match host {
        Some(host) if host.parse::<Ipv4Addr>().is_err() => check_host_name(host)
            .map_err(|flaw| Flaw::new(format!("its host is none: {}", flaw.what))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ADDRESS, HOST_NAME, Kind, URL};

    fn check(kind: &Kind, good: &[&str], bad: &[&str]) {
        for word in good {
            assert_eq!(kind.check(word), Ok(()), "{} {word}", kind.name);
        }
        for word in bad {
            assert!(kind.check(word).is_err(), "{} {word}", kind.name);
        }
    }

    #[test]
    fn c044_legacy_addresses() {
        check(
            &ADDRESS,
            &[
                "127.0.0.1",
                "192.168.1.71",
                "::1",
                "::ffff:127.0.0.1",
                "fd7a:115c::1",
            ],
            &[
                "127.1",
                "0177.0.0.1",
                "0x7f000001",
                "2130706433",
                "localhost",
                "1.2.3.256",
                "fe80::1%eth0",
                "10.0.0.0/8",
                "1.2.3.4:80",
            ],
        );
        for word in ["127.1", "0177.0.0.1", "0x7f000001", "2130706433", "0x7f.1"] {
            let flaw = ADDRESS.check(word).expect_err("a flaw");
            assert_eq!(flaw.help.as_deref(), Some("write `127.0.0.1`"), "{word}");
        }
    }

    #[test]
    fn c045_to_c049_host_names() {
        check(
            &HOST_NAME,
            &[
                "nas",
                "pi5l.tailf49db2.ts.net",
                "a-b.example",
                "xn--mnchen-3ya.de",
                "xn--fsqu00a.xn--0zwm56d",
            ],
            &[
                "-oProxyCommand=x",
                "a@b",
                "a:1",
                "a/b",
                "a?b",
                "a#b",
                "a%b",
                "a b",
                "a\\b",
                "a..b",
                "a.",
                ".a",
                "NAS",
                "127.1",
                "1.2.3.4",
                "xn--",
                "xn--a",
                "xn--abc-",
                "xn--a-ecp.ru-",
                "a-.b",
                "n\u{430}s",
                "a\nExecStart=b",
            ],
        );
        let long = format!("{}.a", "a".repeat(64));
        let longer = vec!["abcdefghi"; 26].join(".");
        check(&HOST_NAME, &[], &[&long, &longer]);
    }

    #[test]
    fn c050_credentials_in_urls_are_not_echoed() {
        for word in [
            "https://user:hunter2@example.org/",
            "https://example.org/?api_key=hunter2",
            "https://example.org/?a=b&TOKEN=hunter2#x",
            "ftp://user:hunter2@example.org",
            "user:hunter2",
        ] {
            let flaw = URL.check(word).expect_err("a flaw");
            assert!(flaw.hidden && !flaw.what.contains("hunter2"), "{word}");
        }
    }

    #[test]
    fn c051_schemes() {
        check(
            &URL,
            &[
                "http://127.0.0.1:4000/v1",
                "https://example.org",
                "http://[::1]:8080/",
                "http://nas/?q=1",
            ],
            &[
                "file:///etc/passwd",
                "javascript:alert(1)",
                "data:text/html,x",
                "gopher://a",
                "ftp://a",
                "http://",
                "http://a:0",
                "http://a:65536",
                "http://a:",
                "http://[::1",
                "http://a b/",
                "http://a/{x}",
                "HTTP://a",
                "http://1.2.3/",
                "http://[::1]x",
            ],
        );
    }
}
