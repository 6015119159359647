//! systemd units as a tree: sections, and in each the values of a directive in a list.

use super::tree::{Entry, KeyValue, Node, Value};
use crate::diagnostic::Span;

/// Reads a text as systemd does: a value of several lines is one, and a comment is a line of its own.
pub(super) fn read(text: &str) -> Node {
    let mut sections: Vec<Entry> = Vec::new();
    let mut at = 0;
    let mut lines = text.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        let start = at;
        at += line.len();
        let words = line.trim();
        if words.is_empty() || words.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = words.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
            let key_span = Span::new(start, start + line.trim_end().len());
            sections.push(entry(
                name,
                key_span,
                Node::new(Value::Map(Vec::new()), key_span),
            ));
            continue;
        }
        let mut whole = line.trim_end().to_owned();
        let mut end = start + line.trim_end().len();
        while whole.ends_with('\\') {
            whole.pop();
            whole.push(' ');
            let Some(next) = lines.next() else {
                break;
            };
            let begin = at;
            at += next.len();
            if !next.trim_start().starts_with(['#', ';']) {
                whole.push_str(next.trim());
                end = begin + next.trim_end().len();
            }
        }
        let Some((name, value)) = whole.split_once('=') else {
            continue;
        };
        let Some(Entry { node, .. }) = sections.last_mut() else {
            continue;
        };
        let Value::Map(directives) = &mut node.value else {
            continue;
        };
        let key_at = start + (line.len() - line.trim_start().len());
        let key_span = Span::new(key_at, key_at + name.trim().len());
        let value_at = line.find('=').map_or(key_span.end, |it| start + it + 1);
        let lead =
            text[value_at.min(end)..end].len() - text[value_at.min(end)..end].trim_start().len();
        let span = Span::new((value_at + lead).min(end), end);
        let item = Node::text(value.trim(), span);
        let value = value.trim();
        let known = directives.iter_mut().find(|it| it.key == name.trim());
        if let Some(Value::List(items)) = known.map(|it| &mut it.node.value) {
            // An empty value takes back what came before.
            if value.is_empty() {
                items.clear();
            } else {
                items.push(item);
            }
        } else {
            let items = if value.is_empty() {
                Vec::new()
            } else {
                vec![item]
            };
            let list = Node::new(Value::List(items), span);
            directives.push(entry(name.trim(), key_span, list));
        }
    }
    Node::new(Value::Map(sections), Span::new(0, text.len()))
}

fn entry(key: &str, key_span: Span, node: Node) -> Entry {
    Entry {
        key: key.to_owned(),
        key_span,
        key_value: KeyValue::Text,
        node,
    }
}

/// The words of a command line or of `Environment=`, quotes taken away.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    let mut begun = false;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (character, quote) {
            ('\\', _) => {
                word.extend(characters.next());
                begun = true;
            }
            (it, Some(open)) if it == open => quote = None,
            ('"' | '\'', None) => {
                quote = Some(character);
                begun = true;
            }
            (it, None) if it.is_whitespace() => {
                if begun {
                    words.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            (it, _) => {
                word.push(it);
                begun = true;
            }
        }
    }
    if begun {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_have_sections_and_continued_lines() {
        let text = "[Unit]\nDescription=x\n\n[Service]\nExecStart=/bin/a \\\n  --port 1\nEnvironment=\"A=b c\" D=e\nEnvironment=F=g\n";
        let unit = read(text);
        let service = unit.at("Service").unwrap();
        let start = &service.at("ExecStart").unwrap().items()[0];
        assert_eq!(words(start.as_text().unwrap()), ["/bin/a", "--port", "1"]);
        assert_eq!(
            &text[start.span.start..start.span.end],
            "/bin/a \\\n  --port 1"
        );
        let env = service.at("Environment").unwrap().items();
        assert_eq!(words(env[0].as_text().unwrap()), ["A=b c", "D=e"]);
        assert_eq!(env.len(), 2);
    }
}
