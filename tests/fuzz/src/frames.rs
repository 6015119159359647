//! HTTP/2: whatever frames come, the proxy hangs up in time and goes on serving, and no head is served there that HTTP/1.1 refuses.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use homelab::proxy::{self, Limits, Setup, Sources};

use crate::random::Random;
use crate::wire::parts;

/// How long an answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long an answer is waited for that may never come.
const A_MOMENT: Duration = Duration::from_millis(10);

/// What begins a connection.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const GO_AWAY: u8 = 7;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// A platform with one model, at whose address nobody is.
const TABLE: &str = r#"{"version":1,"platform":"fuzz","gateway":"gateway","policy":{"retries":0},"routes":[{"name":"m","handle":"m","internal":false,"mode":"chat","deployments":[{"id":"m-0","model":"real","service":"server","api":"openai","base_url":"http://127.0.0.1:1/v1","upstream_model":"real","order":0,"endpoints":["/chat/completions"]}],"fallbacks":[]}]}"#;

/// Heads that are whole: method, path, authority, and fields, a line each.
pub const HEADS: &[&str] = &[
    "GET\n/v1/models\nlocalhost\naccept: */*",
    "GET\n/health/liveliness\nlocalhost\nx-request-id: a",
    "POST\n/v1/chat/completions\nlocalhost:80\ncontent-type: application/json\nuser-agent: a b",
    "HEAD\n/v1/models?x=y\n[::1]:4000\ntraceparent: 00-1-2-03",
    "DELETE\n/v1/nothing\na.b\nauthorization: Bearer x",
];

/// Pieces of them, and of what is none.
pub const PIECES: &[&str] = &[
    "\n",
    "GET",
    "POST",
    "CONNECT",
    "/",
    "*",
    " ",
    ":",
    ": ",
    "\t",
    "\0",
    "é",
    "%",
    "%2e",
    "..",
    "#",
    "?",
    "@",
    "\\",
    "[",
    "]",
    "\nhost: localhost",
    "\nhost: b",
    "\ncontent-length: 0",
    "\ncontent-length: 3",
    "\ncontent-length: +0",
    "\ntransfer-encoding: chunked",
    "\ntransfer-encoding: gzip",
    "\ncontent_length: 0",
    "\nconnection: close",
    "\nte: trailers",
    "\nupgrade: h2c",
    "\nexpect: 100-continue",
    "\nexpect: more",
    "\n:path: /",
    "\n:status: 200",
    "\nX: y",
    "\nx:  y ",
    "\ncookie: a=b",
    "http://",
    "localhost",
    "/v1/models",
    "{",
    "\"",
    "\u{7f}",
];

/// How many panics there were, in whatever thread.
static PANICS: AtomicU64 = AtomicU64::new(0);

/// Where the proxy is; it is started once.
fn address() -> SocketAddr {
    static ADDRESS: OnceLock<SocketAddr> = OnceLock::new();
    *ADDRESS.get_or_init(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |it| {
            PANICS.fetch_add(1, Relaxed);
            before(it);
        }));
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let address = listener.local_addr().expect("an address");
        let sources = Sources {
            table: TABLE.to_owned(),
            keys: None,
            identity: None,
            environment: Default::default(),
        };
        std::thread::spawn(move || {
            let ended = proxy::run(Setup {
                load: Box::new(move || Ok(sources.clone())),
                stamp: Box::new(|| 0),
                listen: None,
                listeners: vec![listener],
                admin: None,
                threads: 1,
                limits: Limits::default(),
                log: Box::new(std::io::sink()),
                notify: None,
                watchdog: None,
            });
            eprintln!("the proxy has ended: {ended:?}");
            PANICS.fetch_add(1, Relaxed);
        });
        address
    })
}

/// Frames that are nearly a conversation.
pub fn bytes(random: &mut Random) -> Vec<u8> {
    let mut all = [PREFACE, &frame(SETTINGS, 0, 0, b"")].concat();
    let mut stream = 1;
    // Most of what is odd ends the connection, so that some have little of it.
    let oddness = random.below(3);
    for _ in 0..1 + random.below(8) {
        let next = match random.below(2 + oddness) {
            0 => head(stream, END_STREAM, &fields(random)),
            1 => {
                let body = br#"{"model":"m","messages":[]}"#;
                let asked = head(stream, 0, &fields(random));
                [asked, frame(DATA, END_STREAM, stream, body)].concat()
            }
            _ => {
                let length = [0, 1, 4, 5, 6, 8, 9, 40, 300][random.below(9)];
                let payload: Vec<u8> = (0..length).map(|_| byte(random)).collect();
                // Ten kinds are known, and all others must be passed over.
                let kind = random.below(12) as u8;
                let flags = [0, 1, 4, 5, 8, 0x20, 0x2d, 0xff][random.below(8)];
                let on = [0, stream, stream, 1, 2, 0x7fff_ffff, u32::MAX][random.below(7)];
                frame(kind, flags, on, &payload)
            }
        };
        all.extend(next);
        stream += 2 * (random.below(3) as u32);
    }
    for _ in 0..random.below(6) / 2 {
        let at = random.below(all.len());
        match random.below(3) {
            0 => all[at] ^= 1 << random.below(8),
            1 => drop(all.remove(at)),
            _ => all.insert(at, byte(random)),
        }
    }
    all
}

fn byte(random: &mut Random) -> u8 {
    let odd = [0, 0, 0, 1, 4, 0x40, 0x7f, 0x80, 0x82, 0x84, 0xff];
    odd[random.below(odd.len())]
}

fn fields(random: &mut Random) -> Vec<(&'static [u8], &'static [u8])> {
    let mut fields: Vec<(&[u8], &[u8])> = vec![
        (b":method", b"POST"),
        (b":scheme", b"http"),
        (b":authority", b"localhost"),
        (b":path", b"/v1/chat/completions"),
        (b"content-type", b"application/json"),
    ];
    if random.below(4) == 0 {
        fields.remove(random.below(fields.len()));
    }
    if random.below(4) == 0 {
        fields.push(
            [
                (&b"content-length"[..], &b"27"[..]),
                (b"te", b"trailers"),
                (b":path", b"/"),
                (b"host", b"b"),
            ][random.below(4)],
        );
    }
    fields
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

fn head(stream: u32, flags: u8, fields: &[(&[u8], &[u8])]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        for text in [name, value] {
            // A length in seven bits; a longer one begins there and goes on in seven bits each.
            let mut left = text.len();
            block.push(left.min(127) as u8);
            if left >= 127 {
                left -= 127;
                while left >= 128 {
                    block.push((left % 128) as u8 | 128);
                    left /= 128;
                }
                block.push(left as u8);
            }
            block.extend_from_slice(text);
        }
    }
    frame(HEADERS, END_HEADERS | flags, stream, &block)
}

/// True when a request was answered, or what is wrong with what came back.
pub fn judge(bytes: &[u8], cuts: &[usize]) -> Result<bool, String> {
    let answer = exchange(&parts(bytes, cuts), is_answered)?;
    alive()?;
    Ok(frames(&answer).any(|(kind, _)| kind == HEADERS))
}

/// Whether a head that HTTP/1.1 refuses is refused on HTTP/2; true when both have answered it.
pub fn judge_head(text: &[u8]) -> Result<bool, String> {
    let mut lines = text.split(|it| *it == b'\n');
    let (Some(method), Some(path), Some(authority)) = (lines.next(), lines.next(), lines.next())
    else {
        return Ok(false);
    };
    // A line end in a field is two fields over there, and a long head has more than one frame here.
    // The `http` crate cuts a fragment off before anybody sees it; nothing of a path goes further than here.
    if text.contains(&b'\r') || path.contains(&b'#') || text.len() > 8000 {
        return Ok(false);
    }
    let fields: Vec<(&[u8], &[u8])> = lines
        .map(|line| {
            let colon = line.iter().skip(1).position(|it| *it == b':');
            let at = colon.map_or(line.len(), |it| it + 1);
            (&line[..at], line.get(at + 1..).unwrap_or_default())
        })
        .collect();
    let mut old = [
        method,
        b" ",
        path,
        b" HTTP/1.1\r\nhost: ",
        authority,
        b"\r\n",
    ]
    .concat();
    for (name, value) in &fields {
        old.extend([name, &b":"[..], value, b"\r\n"].concat());
    }
    old.extend_from_slice(b"\r\n");
    let all: Vec<(&[u8], &[u8])> = [
        (&b":method"[..], method),
        (b":scheme", b"http"),
        (b":authority", authority),
        (b":path", path),
    ]
    .into_iter()
    .chain(fields)
    .collect();
    let new = [
        PREFACE,
        &frame(SETTINGS, 0, 0, b""),
        &head(1, END_STREAM, &all),
    ]
    .concat();
    let old = status_of_text(&exchange(&[&old], |_| true)?);
    let new = status_of_frames(&exchange(&[&new], is_answered)?);
    alive()?;
    let is_refusal = |it: Option<u16>| matches!(it, None | Some(400 | 431 | 501 | 505));
    if !is_refusal(new) && new != old {
        return Err(format!("HTTP/2 answers {new:?}, HTTP/1.1 {old:?}"));
    }
    Ok(!is_refusal(new))
}

/// True for frames that answer a request, or say that there will be no answer.
fn is_answered(answer: &[u8]) -> bool {
    frames(answer).any(|(kind, _)| matches!(kind, HEADERS | RESET | GO_AWAY))
}

/// Sends parts and returns all that comes back, up to the end. The end of what is sent is not said before there is an answer, or none seems to come: a connection of HTTP/2 ends with its client.
fn exchange(parts: &[&[u8]], is_answer: impl Fn(&[u8]) -> bool) -> Result<Vec<u8>, String> {
    let failed = |error: std::io::Error| format!("the proxy is not there: {error}");
    let mut stream = TcpStream::connect(address()).map_err(failed)?;
    stream.set_read_timeout(Some(A_MOMENT)).map_err(failed)?;
    stream.set_nodelay(true).map_err(failed)?;
    for part in parts {
        // It may have heard enough.
        if stream.write_all(part).is_err() {
            break;
        }
    }
    let (mut all, mut room) = (Vec::new(), [0; 4096]);
    while !is_answer(&all) {
        match stream.read(&mut room) {
            Ok(count @ 1..) => all.extend_from_slice(&room[..count]),
            Ok(0) | Err(_) => break,
        }
    }
    let _ = stream.shutdown(Shutdown::Write);
    stream.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
    loop {
        match stream.read(&mut room) {
            Ok(0) => return Ok(all),
            Ok(count) => all.extend_from_slice(&room[..count]),
            Err(it) if matches!(it.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return Err("the connection stays open".to_owned());
            }
            // Hung up on with bytes that it had not read.
            Err(_) => return Ok(all),
        }
    }
}

/// Whether the proxy lives, and nothing in it has panicked.
fn alive() -> Result<(), String> {
    match PANICS.load(Relaxed) {
        0 => {}
        count => return Err(format!("{count} panics")),
    }
    let asked = exchange(
        &[b"GET /health/liveliness HTTP/1.1\r\nhost: a\r\n\r\n"],
        |_| true,
    )?;
    match status_of_text(&asked) {
        Some(200) => Ok(()),
        other => Err(format!("it is not alive: {other:?}")),
    }
}

fn status_of_text(answer: &[u8]) -> Option<u16> {
    let status = answer.strip_prefix(b"HTTP/1.1 ")?.get(..3)?;
    std::str::from_utf8(status).ok()?.parse().ok()
}

/// The kinds and payloads of frames.
fn frames(mut bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    std::iter::from_fn(move || {
        let (head, rest) = bytes.split_first_chunk::<9>()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let payload = rest.get(..length)?;
        bytes = &rest[length..];
        Some((head[3], payload))
    })
}

/// The status that the first head begins with: one of the table, or written out.
fn status_of_frames(answer: &[u8]) -> Option<u16> {
    let (_, block) = frames(answer).find(|(kind, _)| *kind == HEADERS)?;
    match block.first()? {
        at @ 0x88..=0x8e => Some([200, 204, 206, 304, 400, 404, 500][usize::from(at - 0x88)]),
        _ => {
            let (length, rest) = block.get(1..)?.split_first()?;
            let text = rest.get(..usize::from(length & 0x7f))?;
            if length & 0x80 == 0 {
                return std::str::from_utf8(text).ok()?.parse().ok();
            }
            unpacked(text)
        }
    }
}

/// Three digits in the code of the compression: `0`, `1` and `2` have five bits, the others six.
fn unpacked(text: &[u8]) -> Option<u16> {
    let bits = text.iter().fold(0_u64, |all, it| all << 8 | u64::from(*it));
    let (mut left, mut number) = (text.len() * 8, 0);
    for _ in 0..3 {
        let five = bits >> left.checked_sub(5)? & 31;
        number = number * 10
            + if five < 3 {
                left -= 5;
                five as u16
            } else {
                left = left.checked_sub(6)?;
                // `3` is 0x19.
                u16::try_from((bits >> left & 63).checked_sub(0x19)?).ok()? + 3
            };
    }
    Some(number)
}
