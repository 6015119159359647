//! Two hundred ways to break a platform, chosen by a seed: each is found, with a message at the place of the break.

use std::fs;
use std::path::Path;

use homelab::compile::{Known, check, promises};
use homelab::diagnostic::{Diagnostic, Source, Span};
use homelab::syntax::{Document, Node, Value};

/// How many breaks each platform gets.
const BREAKS: usize = 200;

/// A file that was broken at one place.
struct Break {
    text: String,
    /// The rules that say so; one of them is enough.
    rules: &'static [&'static str],
    /// Where the finding may point: the changed words, or what encloses what was taken out.
    places: Vec<Span>,
    /// What the message must name, where no place is left to point at.
    says: String,
}

/// A way to break a platform; nothing where it does not apply.
type Kind = (&'static str, fn(&Lab, &mut Seed) -> Option<Break>);

static KINDS: &[Kind] = &[
    ("a letter less in a key", misspelt_key),
    ("a host that is not there", |lab, seed| {
        lab.unknown(seed, &["services", "*", "host"])
    }),
    ("a service that is not there", |lab, seed| {
        lab.unknown(seed, &["models", "*", "service"])
    }),
    ("a kind that is not there", |lab, seed| {
        lab.unknown(seed, &["services", "*", "kind"])
    }),
    ("a secret that is not there", |lab, seed| {
        lab.unknown(seed, &["services", "*", "env", "*", "secret"])
    }),
    ("a callee that is not there", |lab, seed| {
        lab.unknown(seed, &["services", "*", "env", "*", "url"])
    }),
    ("a volume that is not there", |lab, seed| {
        lab.unknown(seed, &["models", "*", "volume"])
    }),
    ("a gateway that is not there", |lab, seed| {
        lab.unknown(seed, &["policy", "gateway"])
    }),
    ("a port as a text", |lab, seed| {
        let field = lab.one(seed, PORT)?;
        Some(lab.with(
            field.value,
            &format!("\"{}\"", field.words),
            &["wrong-type"],
        ))
    }),
    ("a port that cannot be", |lab, seed| {
        let port = ["0", "-1", "65536", "99999"][seed.below(4)];
        Some(lab.with(lab.one(seed, PORT)?.value, port, &["out-of-range"]))
    }),
    ("a port of another service", stolen_port),
    ("a model's port of another model", stolen_slot),
    ("a model's port outside the ranges", |lab, seed| {
        Some(lab.with(
            lab.one(seed, &["models", "*", "port"])?.value,
            "7321",
            &["port-outside-ranges"],
        ))
    }),
    ("another port than was given", |lab, seed| {
        Some(lab.with(lab.one(seed, PORT)?.value, "7322", &["changed-port"]))
    }),
    ("a handle that is gone", gone_handle),
    ("a system that is not there", |lab, seed| {
        Some(lab.with(
            lab.one(seed, &["hosts", "*", "os"])?.value,
            "\"beos\"",
            &["unknown-word"],
        ))
    }),
    ("a state that is not there", |lab, seed| {
        let field = lab.one(seed, &["services", "*", "managed_by"])?;
        Some(lab.with(field.value, "\"sytemd\"", &["unknown-word"]))
    }),
    ("an address that is none", |lab, seed| {
        let bad = [
            "\"192.168.1\"",
            "\"300.1.1.1\"",
            "\"0x7f000001\"",
            "\"localhost\"",
        ][seed.below(4)];
        Some(lab.with(lab.one(seed, ADDRESS)?.value, bad, &["malformed-word"]))
    }),
    ("an address of another host", stolen_address),
    ("a text without its end", |lab, seed| {
        let field = lab.one(seed, &["services", "*", "title"])?;
        let end = Span::new(field.value.end - 1, field.value.end);
        Some(lab.spoilt(end, ""))
    }),
    ("a header without its end", |lab, seed| {
        let headers: Vec<_> = lab
            .tables(2)
            .into_iter()
            .filter(|it| lab.words(*it).ends_with(']'))
            .collect();
        let header = seed.choose(&headers)?;
        Some(lab.spoilt(Span::new(header.end - 1, header.end), ""))
    }),
    ("a key without its value", |lab, seed| {
        let field = lab.one(seed, &["services", "*", "host"])?;
        Some(lab.spoilt(field.value, ""))
    }),
    ("a line twice", |lab, seed| {
        let field = lab.one(seed, &["services", "*", "host"])?;
        let line = format!("\nhost = {}", field.words);
        let mut broken = lab.with(
            Span::new(field.value.end, field.value.end),
            &line,
            &["duplicate-key"],
        );
        broken.places.push(field.key);
        Some(broken)
    }),
    ("a needed key that is gone", missing_key),
    ("a mark of a merge", |lab, seed| {
        let tables = lab.tables(2);
        let at = seed.choose(&tables)?.start;
        Some(lab.with(
            Span::new(at, at),
            "<<<<<<< HEAD\n",
            &["merge-conflict-marker"],
        ))
    }),
    ("a sign that deceives the eye", |lab, seed| {
        let field = lab.one(seed, &["services", "*", "notes"])?;
        let at = field.value.start + 1;
        let (sign, rules): (_, &[&str]) = [
            ("\u{202e}", ["bidirectional-control"].as_slice()),
            ("\u{7}", &["control-character"]),
            ("\u{feff}", &["byte-order-mark"]),
        ][seed.below(3)];
        Some(lab.with(Span::new(at, at), sign, rules))
    }),
    ("a twin of a letter in a key", |lab, seed| {
        let field = lab.one(seed, &["services", "*", "port"])?;
        Some(lab.with(field.key, "p\u{43e}rt", &["non-ascii-key", "toml-syntax"]))
    }),
    ("a name in upper case", |lab, seed| {
        let name = lab.one(seed, &["services", "*", "host"])?;
        let upper = name.words.to_uppercase();
        Some(lab.with(name.value, &upper, &["malformed-word", "unknown-name"]))
    }),
    ("a secret in the open", |lab, seed| {
        let field = lab.one(seed, &["services", "*", "env", "*", "secret"])?;
        let table = lab.parent(field)?;
        let key: String = (0..40)
            .map(|_| {
                char::from(
                    b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"[seed.below(56)],
                )
            })
            .collect();
        Some(lab.with(table, &format!("\"sk-{key}\""), &["literal-secret"]))
    }),
    ("a way past the gateway", |lab, seed| {
        let gateway = lab.text_at(&["policy", "gateway"])?;
        let urls: Vec<_> = lab
            .all(&["services", "*", "env", "*", "url"])
            .into_iter()
            .filter(|it| it.words == gateway && lab.is_client(&it.path[1]))
            .collect();
        let server = lab.model_server(seed)?;
        let url = seed.choose(&urls)?;
        Some(lab.with(
            url.value,
            &format!("\"{server}\""),
            &[
                "backend-called-directly",
                "empty-slot-url",
                "unreachable-service",
                "wrong-kind",
                "missing-port",
            ],
        ))
    }),
    ("a slash too many", |lab, seed| {
        let paths: Vec<_> = lab
            .all(&["services", "*", "env", "OPENAI_API_BASE_URL", "path"])
            .into_iter()
            .filter(|it| lab.is_client(&it.path[1]))
            .collect();
        Some(lab.with(seed.choose(&paths)?.value, "\"/v1/\"", &["trailing-slash"]))
    }),
    ("a release that must not run", |lab, seed| {
        let kinds: Vec<_> = lab
            .all(&["services", "*", "kind"])
            .into_iter()
            .filter(|it| it.words == "\"litellm\"")
            .collect();
        let kind = seed.choose(&kinds)?;
        let at = Span::new(kind.value.end, kind.value.end);
        Some(lab.with(at, "\nprogram_version = \"1.82.8\"", &["known-bad-version"]))
    }),
    ("a variable that changes the program", |lab, seed| {
        let kinds: Vec<_> = lab
            .all(&["services", "*", "kind"])
            .into_iter()
            .filter(|it| it.words == "\"optillm\"")
            .collect();
        let kind = seed.choose(&kinds)?;
        let env = lab.header(&["services", &kind.path[1], "env"])?;
        let at = Span::new(env.end, env.end);
        Some(lab.with(
            at,
            "\nOPTILLM_API_KEY = \"x\"",
            &["forbidden-variable", "default-credential"],
        ))
    }),
    ("a fallback that is not there", |lab, seed| {
        let handle = lab.handle(seed)?;
        let at = Span::new(handle.end, handle.end);
        Some(lab.with(at, "\nfallbacks = [\"nobody\"]", &["unknown-name"]))
    }),
    ("a fallback to itself", |lab, seed| {
        let handle = lab.handle(seed)?;
        let name = lab.handle_name(handle);
        let at = Span::new(handle.end, handle.end);
        Some(lab.with(
            at,
            &format!("\nfallbacks = [\"{name}\"]"),
            &["fallback-loop", "route-loop"],
        ))
    }),
    ("a length of time that is none", |lab, seed| {
        let bad = ["\"2\"", "\"-2s\"", "\"2 parsecs\"", "\"\""][seed.below(4)];
        let field = lab.one(seed, &["services", "*", "run", "restart_delay"])?;
        Some(lab.with(field.value, bad, &["malformed-word"]))
    }),
    ("a switch as a text", |lab, seed| {
        let field = lab.one(seed, &["models", "*", "boot"])?;
        Some(lab.with(field.value, "\"yes\"", &["wrong-type"]))
    }),
    (
        "a service of the restarts that is not there",
        |lab, seed| {
            let items = lab.items(&["ops", "restart_order"]);
            Some(lab.with(*seed.choose(&items)?, "\"nobody\"", &["unknown-name"]))
        },
    ),
    ("a network that is not there", |lab, seed| {
        let items = lab.items(&["policy", "prefer"]);
        Some(lab.with(*seed.choose(&items)?, "\"wan\"", &["unknown-name"]))
    }),
    ("an exception for another place", |lab, seed| {
        let items = lab.all(&["lint", "exceptions", "*", "at"]);
        let field = seed.choose(&items)?;
        let mut broken = lab.with(field.value, "\"services.nobody\"", &["unused-exception"]);
        let rule = lab
            .all(&["lint", "exceptions", &field.path[2], "rule"])
            .pop()?;
        broken.places.push(rule.value);
        Some(broken)
    }),
];

const PORT: &[&str] = &["services", "*", "port"];
const ADDRESS: &[&str] = &["hosts", "*", "addresses", "*"];

fn misspelt_key(lab: &Lab, seed: &mut Seed) -> Option<Break> {
    // Only keys that the schema names: others are the owner's own.
    let own = ["services", "models", "hosts", "policy", "gateway", "mcp"];
    let fields: Vec<_> = lab
        .fields
        .iter()
        .filter(|it| own.contains(&it.path[0].as_str()))
        .filter(|it| {
            it.path.len()
                == if ["policy", "gateway"].contains(&it.path[0].as_str()) {
                    2
                } else {
                    3
                }
        })
        .filter(|it| it.path.last().is_some_and(|it| it.len() > 3) && !it.is_item)
        .collect();
    let field = seed.choose(&fields)?;
    let mut key = field.path.last()?.clone();
    key.remove(1 + seed.below(key.len() - 1));
    Some(lab.with(field.key, &key, &["unknown-key"]))
}

fn stolen_port(lab: &Lab, seed: &mut Seed) -> Option<Break> {
    let ports = lab.all(PORT);
    let host = |field: &Field| lab.text_at(&["services", &field.path[1], "host"]);
    let pairs: Vec<_> = ports
        .iter()
        .flat_map(|one| ports.iter().map(move |other| (one, other)))
        .filter(|(one, other)| one.path != other.path && host(one) == host(other))
        .collect();
    let (one, other) = seed.choose(&pairs)?;
    Some(lab.beside(one.value, &other.words, other.value, &["duplicate-port"]))
}

fn stolen_slot(lab: &Lab, seed: &mut Seed) -> Option<Break> {
    let ports = lab.all(&["models", "*", "port"]);
    let (one, other) = (seed.choose(&ports)?, seed.choose(&ports)?);
    let other = if one.path == other.path {
        ports.iter().find(|it| it.path != one.path)?
    } else {
        other
    };
    Some(lab.beside(one.value, &other.words, other.value, &["duplicate-port"]))
}

fn stolen_address(lab: &Lab, seed: &mut Seed) -> Option<Break> {
    let all = lab.all(ADDRESS);
    let one = seed.choose(&all)?;
    let other = all
        .iter()
        .find(|it| it.path[1] != one.path[1] && it.path[3] == one.path[3])?;
    Some(lab.beside(one.value, &other.words, other.value, &["duplicate-address"]))
}

fn gone_handle(lab: &Lab, seed: &mut Seed) -> Option<Break> {
    // One that stands alone, so that nothing else breaks.
    let stands_alone = |span: &Span| {
        let name = lab.handle_name(*span);
        let promised = lab.lock.as_ref().is_none_or(|it| it.text().contains(&name));
        promised && !lab.text().contains(&format!("\"{name}\""))
    };
    let span = (0..20).find_map(|_| lab.handle(seed).filter(stands_alone))?;
    let name = lab.handle_name(span);
    let end = lab.text()[span.end..]
        .find("\n[")
        .map_or(lab.text().len(), |it| span.end + it + 1);
    let mut text = lab.text().to_owned();
    text.replace_range(span.start..end, "");
    // What is gone has no place; the finding says its name.
    Some(Break {
        text,
        rules: &["vanished-handle"],
        places: Vec::new(),
        says: format!("`{name}`"),
    })
}

fn missing_key(lab: &Lab, seed: &mut Seed) -> Option<Break> {
    let needed: &[(&[&str], &[&str])] = &[
        // A provider has none, so what is missing is told when the kind is known.
        (&["services", "*", "host"], &["conflicting-fields"]),
        (&["services", "*", "kind"], &["missing-key"]),
        (&["models", "*", "service"], &["missing-key"]),
        (&["hosts", "*", "os"], &["missing-key"]),
        (&["models", "*", "port"], &["missing-port"]),
        (&["policy", "gateway"], &["missing-key"]),
        (&["networks", "*", "kind"], &["missing-key"]),
    ];
    let there: Vec<_> = needed
        .iter()
        .filter(|it| !lab.all(it.0).is_empty())
        .collect();
    let (path, rules) = **seed.choose(&there)?;
    let field = lab.one(seed, path)?;
    let parent: Vec<&str> = field.path[..field.path.len() - 1]
        .iter()
        .map(String::as_str)
        .collect();
    let header = lab.header(&parent)?;
    let mut broken = lab.with(Span::new(field.key.start, field.value.end), "", rules);
    broken.places = vec![header];
    Some(broken)
}

/// A value of the file, and the keys that lead to it; an item of an array has its number.
#[derive(Debug, Clone)]
struct Field {
    path: Vec<String>,
    key: Span,
    value: Span,
    words: String,
    is_item: bool,
}

/// A platform that is about to be broken.
struct Lab {
    document: Document,
    fields: Vec<Field>,
    lock: Option<Source>,
}

impl Lab {
    fn of(text: &str, lock: Option<String>) -> Self {
        let checked = check(
            &Source::new("platform.toml", text),
            "2026-11-21".parse().ok(),
        );
        let found = found(&checked.diagnostics.iter().collect::<Vec<_>>());
        assert_eq!(found, Vec::<String>::new(), "the platform is sound");
        let document = checked.document.expect("it parses");
        let mut fields = Vec::new();
        collect(
            &document,
            document.root_node(),
            &mut Vec::new(),
            &mut fields,
        );
        let lock = lock.map(|it| Source::new("platform.lock", it));
        Self {
            document,
            fields,
            lock,
        }
    }

    fn text(&self) -> &str {
        self.document.source().text()
    }

    fn words(&self, span: Span) -> &str {
        self.document.source().words(span)
    }

    /// The fields at a path, where `*` stands for any key.
    fn all(&self, path: &[&str]) -> Vec<Field> {
        let fits = |it: &&Field| {
            let steps = it.path.iter().zip(path);
            it.path.len() == path.len()
                && steps
                    .into_iter()
                    .all(|(key, step)| *step == "*" || key == step)
        };
        self.fields.iter().filter(fits).cloned().collect()
    }

    fn one(&self, seed: &mut Seed, path: &[&str]) -> Option<&Field> {
        let all = self.all(path);
        let chosen = seed.choose(&all)?.path.clone();
        self.fields.iter().find(|it| it.path == chosen)
    }

    fn text_at(&self, path: &[&str]) -> Option<String> {
        self.all(path).pop().map(|it| it.words)
    }

    fn items(&self, path: &[&str]) -> Vec<Span> {
        let path: Vec<&str> = path.iter().copied().chain(["*"]).collect();
        self.all(&path).into_iter().map(|it| it.value).collect()
    }

    /// The inline table that a field stands in.
    fn parent(&self, field: &Field) -> Option<Span> {
        let parent = &field.path[..field.path.len() - 1];
        self.fields
            .iter()
            .find(|it| it.path == parent)
            .map(|it| it.value)
    }

    fn node(&self, path: &[&str]) -> Option<&Node> {
        let mut node = self.document.root_node();
        for key in path {
            node = &node.as_table()?.get(key)?.node;
        }
        Some(node)
    }

    fn header(&self, path: &[&str]) -> Option<Span> {
        self.node(path).map(Node::span)
    }

    /// The headers of so many keys.
    fn tables(&self, depth: usize) -> Vec<Span> {
        let is_header = |it: &&Field| {
            let plain = !it.words.contains(['"', ',', '=', '\n']);
            it.path.len() == depth && it.words.starts_with('[') && plain
        };
        self.fields
            .iter()
            .filter(is_header)
            .map(|it| it.value)
            .collect()
    }

    /// A name with a slip in it, or another altogether.
    fn unknown(&self, seed: &mut Seed, path: &[&str]) -> Option<Break> {
        let field = self.one(seed, path)?;
        let name = field.words.trim_matches('"');
        let instead = match seed.below(2) {
            0 => format!("\"{name}x\""),
            _ => "\"nobody\"".to_owned(),
        };
        Some(self.with(field.value, &instead, &["unknown-name"]))
    }

    /// What is written below a header, up to the next one.
    fn section(&self, header: Span) -> &str {
        let below = &self.text()[header.end..];
        below.split_once("\n[").map_or(below, |it| it.0)
    }

    /// The header of a handle that is no other name for one, and has no fallbacks yet.
    fn handle(&self, seed: &mut Seed) -> Option<Span> {
        let handles: Vec<_> = self.all(&["handles", "*"]);
        let headers: Vec<_> = handles
            .iter()
            .map(|it| it.value)
            .filter(|it| self.words(*it).starts_with('['))
            .filter(|it| {
                let section = self.section(*it);
                !section.contains("alias_of") && !section.contains("fallbacks")
            })
            .collect();
        seed.choose(&headers).copied()
    }

    fn handle_name(&self, header: Span) -> String {
        let words = self.words(header).trim_matches(['[', ']']);
        let name = words.split_once('.').map_or(words, |it| it.1);
        name.trim_matches('"').to_owned()
    }

    fn is_client(&self, service: &str) -> bool {
        self.text_at(&["services", service, "kind"])
            .is_some_and(|it| it == "\"open-webui\"")
    }

    /// A service that serves models, or may.
    fn model_server(&self, seed: &mut Seed) -> Option<String> {
        let models = self.all(&["models", "*", "service"]);
        let kinds = self.all(&["services", "*", "kind"]);
        let kinds = kinds.into_iter().filter(|it| it.words == "\"ollama\"");
        let servers = models.into_iter().map(|it| it.words);
        let servers: Vec<String> = servers.chain(kinds.map(|it| it.path[1].clone())).collect();
        seed.choose(&servers)
            .map(|it| it.trim_matches('"').to_owned())
    }

    /// The file with other words at one place.
    fn with(&self, span: Span, words: &str, rules: &'static [&'static str]) -> Break {
        let mut text = self.text().to_owned();
        text.replace_range(span.start..span.end, words);
        // A new line says what it says behind its line end.
        let blank = words.len() - words.trim_start().len();
        let place = Span::new(span.start + blank, span.start + words.len());
        Break {
            text,
            rules,
            places: vec![place],
            says: String::new(),
        }
    }

    /// The same where the finding may as well stand at another place that says the same.
    fn beside(
        &self,
        span: Span,
        words: &str,
        other: Span,
        rules: &'static [&'static str],
    ) -> Break {
        let mut broken = self.with(span, words, rules);
        let behind = |at: usize| {
            if at > span.start {
                at + words.len() - (span.end - span.start)
            } else {
                at
            }
        };
        broken
            .places
            .push(Span::new(behind(other.start), behind(other.end)));
        broken
    }

    /// The file that is no TOML any more: what is found stands on the line of the break.
    fn spoilt(&self, span: Span, words: &str) -> Break {
        let mut broken = self.with(span, words, &["toml-syntax"]);
        let start = broken.text[..span.start].rfind('\n').map_or(0, |it| it + 1);
        let end = broken.text[span.start..]
            .find('\n')
            .map_or(broken.text.len(), |it| span.start + it);
        broken.places = vec![Span::new(start, end)];
        broken
    }
}

fn collect(document: &Document, node: &Node, path: &mut Vec<String>, fields: &mut Vec<Field>) {
    let mut field = |key: Span, node: &Node, path: &mut Vec<String>, is_item| {
        let words = document.source().words(node.span()).to_owned();
        fields.push(Field {
            path: path.clone(),
            key,
            value: node.span(),
            words,
            is_item,
        });
        collect(document, node, path, fields);
    };
    match &node.value {
        Value::Table(table) => {
            for entry in table.entries() {
                path.push(entry.key.to_string());
                field(entry.key_span(), &entry.node, path, false);
                path.pop();
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                path.push(at.to_string());
                field(item.span(), item, path, true);
                path.pop();
            }
        }
        _ => {}
    }
}

/// A small generator, so that the same seed breaks the same things everywhere.
struct Seed(u64);

impl Seed {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).expect("it is small")
    }

    fn choose<'t, T>(&mut self, all: &'t [T]) -> Option<&'t T> {
        (!all.is_empty()).then(|| &all[self.below(all.len())])
    }
}

fn found(diagnostics: &[&Diagnostic]) -> Vec<String> {
    let shown = |it: &&Diagnostic| {
        let span = it.primary.as_ref().map(|it| it.span);
        format!("{} at {span:?}: {}", it.rule.name, it.message)
    };
    diagnostics.iter().map(shown).collect()
}

/// What is wrong with the answer to a break; nothing when it is found where it is.
fn missed(lab: &Lab, broken: &Break) -> Option<String> {
    let source = Source::new("platform.toml", broken.text.as_str());
    let checked = check(&source, "2026-11-21".parse().ok());
    let ledger = checked
        .platform
        .as_ref()
        .map(|it| promises(it, lab.lock.as_ref().map(Known::of)));
    let of_ledger = ledger.iter().flat_map(|it| it.broken.iter());
    let all: Vec<_> = checked.diagnostics.iter().chain(of_ledger).collect();
    let touches = |it: &&&Diagnostic| {
        let primary = it.primary.as_ref().map(|it| it.span);
        broken.places.is_empty()
            || primary.is_some_and(|span| {
                let places = broken.places.iter();
                places
                    .into_iter()
                    .any(|it| span.start <= it.end && it.start <= span.end)
            })
    };
    let right = all
        .iter()
        .filter(|it| broken.rules.contains(&it.rule.name) && it.message.contains(&broken.says))
        .find(touches);
    let places: Vec<_> = broken
        .places
        .iter()
        .map(|it| (*it, source.words(*it)))
        .collect();
    right.is_none().then(|| {
        format!(
            "expected {:?} at {places:?}, found {:#?}",
            broken.rules,
            found(&all)
        )
    })
}

fn breaks(text: &str, lock: Option<String>, seed: u64) -> (Vec<&'static str>, Vec<String>) {
    let lab = Lab::of(text, lock);
    let mut seed = Seed(seed);
    let applicable: Vec<&Kind> = KINDS
        .iter()
        .filter(|(_, kind)| kind(&lab, &mut Seed(7)).is_some())
        .collect();
    let idle = KINDS
        .iter()
        .filter(|it| !applicable.iter().any(|other| other.0 == it.0));
    let idle = idle.map(|it| it.0).collect();
    let mut wrong = Vec::new();
    for number in 0..BREAKS {
        let (name, kind) = applicable[number % applicable.len()];
        let Some(broken) = kind(&lab, &mut seed) else {
            wrong.push(format!("break {number}, {name}: did not break anything"));
            continue;
        };
        assert_ne!(broken.text, text, "{name}");
        wrong.extend(missed(&lab, &broken).map(|it| format!("break {number}, {name}: {it}")));
    }
    (idle, wrong)
}

#[test]
fn two_hundred_breaks_of_our_platform_are_found_where_they_are() {
    let lock = include_str!("../../platform.lock").to_owned();
    let (idle, wrong) = breaks(include_str!("../../platform.toml"), Some(lock), 20_261_121);
    assert!(
        wrong.is_empty(),
        "{} missed:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert_eq!(idle, Vec::<&str>::new(), "every kind of break applies");
}

#[test]
fn two_hundred_breaks_of_each_example_are_found_where_they_are() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let folders = fs::read_dir(examples).into_iter().flatten();
    for folder in folders.map(|it| it.expect("an entry").path()) {
        let Ok(text) = fs::read_to_string(folder.join("platform.toml")) else {
            continue;
        };
        let lock = fs::read_to_string(folder.join("platform.lock")).ok();
        let (idle, wrong) = breaks(&text, lock, 42);
        let name = folder.display();
        assert!(
            wrong.is_empty(),
            "{name}: {} missed:\n{}",
            wrong.len(),
            wrong.join("\n")
        );
        assert!(
            idle.len() < KINDS.len() / 2,
            "{name}: {idle:?} do not apply"
        );
    }
}
