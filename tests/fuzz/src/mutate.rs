//! Breaks files the way people, editors and enemies do: by lines, keys and values, and by bytes.

use crate::random::Random;

/// Values that are something else than what stood there.
const VALUES: &[&str] = &[
    "0",
    "-1",
    "65536",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "0x_1",
    "1e400",
    "nan",
    "-inf",
    "1_000.5",
    "true",
    "\"\"",
    "\" \"",
    "\"5\"",
    "\"300s\"",
    "\"99999999999999999999d\"",
    "\"../../etc\"",
    "\"192.0.2.999\"",
    "\"::1\"",
    "\"::ffff:1.2.3.4\"",
    "\"http://me:pass@h:1/\"",
    "\"sk-0123456789abcdef0123456789abcdef\"",
    "\"\\u202e\"",
    "\"\\u0000\"",
    "'''a\nb'''",
    "\"\"\"\\\n  x\"\"\"",
    "[]",
    "{}",
    "[[[[]]]]",
    "[1, \"a\", {b = 2}]",
    "{a.b.c = 1}",
    "{ secret = \"x\" }",
    "{ url = \"litellm\" }",
    "{ env = \"PATH\" }",
    "{ handle = \"chat\" }",
    "2026-11-21",
    "2026-02-30",
    "23:59:60",
    "1979-05-27T07:32:00Z",
    "\"loopback\"",
    "\"all\"",
    "\"lan\"",
    "\"gateway\"",
    "\"litellm\"",
    "\"0-99999\"",
    "\"qwen3:8b\"",
];

/// Pieces of text that are put anywhere.
const PIECES: &[&[u8]] = &[
    b"\n",
    b"\r",
    b"\r\n",
    b"\t",
    b" ",
    b"\"",
    b"'",
    b"\"\"\"",
    b"'''",
    b"[",
    b"]",
    b"[[",
    b"]]",
    b"{",
    b"}",
    b"=",
    b".",
    b",",
    b"#",
    b"\\",
    b"\\u",
    b"\\UFFFFFFFF",
    b"\0",
    b"\x1b[31m",
    b"\x7f",
    b"\xff",
    b"\xc3",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"\xe2\x80\xae",
    b"\xe2\x80\x8b",
    "é日𝄞".as_bytes(),
    "\u{301}".as_bytes(),
    b"<<<<<<< HEAD\n",
    b"=======\n",
    b">>>>>>> x\n",
    b"[services.x]\n",
    b"[[lint.exceptions]]\n",
    b"[lint.levels]\n",
    b"__proto__ = 1\n",
    b"a.b.c = 1\n",
];

/// How many bytes a piece may be repeated to.
const REPEATED: usize = 20_000;

pub struct Mutator {
    corpus: Vec<Vec<u8>>,
}

impl Mutator {
    pub fn new(corpus: Vec<Vec<u8>>) -> Self {
        Self { corpus }
    }

    /// A file of the corpus, broken a few times.
    pub fn file(&self, random: &mut Random, largest: usize) -> Vec<u8> {
        let mut bytes = self.seed(random).to_vec();
        for _ in 0..1 + random.below(4) {
            self.mutate(random, &mut bytes);
            bytes.truncate(largest);
        }
        bytes
    }

    fn seed(&self, random: &mut Random) -> &[u8] {
        &self.corpus[random.below(self.corpus.len())]
    }

    fn mutate(&self, random: &mut Random, bytes: &mut Vec<u8>) {
        match random.below(16) {
            0 => {
                let at = random.below(bytes.len() + 1);
                bytes.truncate(at);
            }
            1 => flip(random, bytes),
            2 | 3 => {
                let piece = random.of(PIECES);
                insert(random, bytes, piece);
            }
            4 => {
                let piece = random.of(PIECES);
                let times = 1 + random.below(REPEATED / piece.len());
                insert(random, bytes, &piece.repeat(times));
            }
            5 => self.splice(random, bytes),
            _ => self.by_lines(random, bytes),
        }
    }

    /// The beginning of one file and the end of another.
    fn splice(&self, random: &mut Random, bytes: &mut Vec<u8>) {
        let other = self.seed(random);
        bytes.truncate(random.below(bytes.len() + 1));
        bytes.extend_from_slice(&other[random.below(other.len())..]);
    }

    fn by_lines(&self, random: &mut Random, bytes: &mut Vec<u8>) {
        let mut lines: Vec<Vec<u8>> = bytes.split(|it| *it == b'\n').map(<[u8]>::to_vec).collect();
        let at = random.below(lines.len());
        let other = random.below(lines.len());
        match random.below(8) {
            0 => {
                lines.remove(at);
            }
            1 => {
                let line = lines[at].clone();
                lines.insert(other, line);
            }
            2 => lines.swap(at, other),
            3 => {
                let theirs: Vec<&[u8]> = self.seed(random).split(|it| *it == b'\n').collect();
                lines.insert(at, theirs[random.below(theirs.len())].to_vec());
            }
            4 => {
                // The key of one line with the value of another.
                if let (Some(key), Some(value)) = (key(&lines[at]), value(&lines[other])) {
                    lines[at] = [key, b"= ", value].concat();
                }
            }
            5 => slip(random, &mut lines[at]),
            _ => {
                if let Some(key) = key(&lines[at]) {
                    lines[at] = [key, b"= ", random.of(VALUES).as_bytes()].concat();
                }
            }
        }
        *bytes = lines.join(&b'\n');
    }
}

fn flip(random: &mut Random, bytes: &mut [u8]) {
    let at = random.below(bytes.len());
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= 1 << random.below(8);
    }
}

fn insert(random: &mut Random, bytes: &mut Vec<u8>, piece: &[u8]) {
    let at = random.below(bytes.len() + 1);
    bytes.splice(at..at, piece.iter().copied());
}

/// A slip of the keyboard: two letters change places.
fn slip(random: &mut Random, line: &mut [u8]) {
    let at = random.below(line.len());
    if at + 1 < line.len() {
        line.swap(at, at + 1);
    }
}

fn key(line: &[u8]) -> Option<&[u8]> {
    let at = line.iter().position(|it| *it == b'=')?;
    Some(&line[..at])
}

fn value(line: &[u8]) -> Option<&[u8]> {
    let at = line.iter().position(|it| *it == b'=')?;
    Some(&line[at + 1..])
}
