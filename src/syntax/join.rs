//! Much text in parts, each parsed on a core of its own, and the trees of them as one.

use super::document::{Entry, Form, Table, Value};

/// Where a text may be cut into so many parts: before a line that looks like a header. Inside a longer text or array it is none, and then the part before it has no end, which its parser reports.
pub(super) fn cuts(text: &str, parts: usize) -> Vec<usize> {
    let mut cuts = vec![0];
    for part in 1..parts {
        let near = text.floor_char_boundary(text.len() / parts * part);
        let Some(found) = text[near..].find("\n[") else {
            break;
        };
        let cut = near + found + 1;
        if cuts.last().is_some_and(|last| *last < cut) {
            cuts.push(cut);
        }
    }
    cuts
}

/// Adds the tree of the part that comes next. False when that is more than new entries in tables under headers: then the whole text must be read in a row, in which each mistake has its words.
pub(super) fn join(first: &mut Table, next: Table) -> bool {
    for entry in next.into_entries() {
        let joined = match first.position(&entry.key) {
            None => {
                first.push(entry);
                true
            }
            Some(at) => join_entry(first.entry_mut(at), entry),
        };
        if !joined {
            return false;
        }
    }
    true
}

fn join_entry(first: &mut Entry, next: Entry) -> bool {
    match (&mut first.node.value, next.node.value) {
        (Value::Table(table), Value::Table(more)) => match (table.form(), more.form()) {
            (Form::Implied | Form::Header, Form::Implied) => join(table, more),
            // The header itself comes after those below it.
            (Form::Implied, Form::Header) => {
                table.set_form(Form::Header);
                first.key_at = next.key_at;
                first.node.at = next.node.at;
                join(table, more)
            }
            _ => false,
        },
        (Value::Array(tables), Value::Array(more)) => {
            let under_headers = [tables.last(), more.last()].into_iter().all(|last| {
                let table = last.and_then(|it| it.as_table());
                table.is_some_and(|it| it.form() == Form::Header)
            });
            if under_headers {
                tables.extend(more);
            }
            under_headers
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Source;
    use crate::syntax::parse::{in_a_row, side_by_side};

    /// The tree in one and in parts, as far as both can be had.
    fn both(text: &str) -> (String, Option<String>) {
        let source = Source::new("a.toml", text);
        let (row, problems) = in_a_row(&source);
        let parts = side_by_side(&source, 4);
        if parts.is_some() {
            assert!(problems.is_empty(), "{problems:?}");
        }
        (shown(&row), parts.as_ref().map(shown))
    }

    /// The tree without the index, whose order is by chance.
    fn shown(table: &Table) -> String {
        let entries = table.entries().iter().map(|it| {
            let value = match &it.node.value {
                Value::Table(table) => shown(table),
                Value::Array(items) => {
                    let items = items.iter().map(|item| match &item.value {
                        Value::Table(table) => format!("{:?}{}", item.span(), shown(table)),
                        _ => format!("{item:?}"),
                    });
                    items.collect()
                }
                other => format!("{other:?}"),
            };
            format!(
                "{} {:?} {:?} {value}",
                it.key,
                it.key_span(),
                it.node.span()
            )
        });
        let entries: Vec<String> = entries.collect();
        format!("{:?}{{{}}}", table.form(), entries.join(", "))
    }

    fn same(text: &str) {
        let (row, parts) = both(text);
        assert_eq!(Some(row), parts, "{text}");
    }

    #[test]
    fn parts_make_the_same_tree() {
        let table = |at: usize| {
            format!(
                "[a.b{at}]\nx = [\n  [1], [2]\n]\ny.z = {{ e = \"é\" }}\n[a.b{at}.env]\nA = 1\n"
            )
        };
        let tables =
            |places: std::ops::Range<usize>| places.map(table).collect::<Vec<_>>().concat();
        let some = tables(0..40);
        same(&some);
        same(&some.replace('\n', "\r\n"));
        same(&format!(
            "{some}[[c]]\nx = 1\n[c.d]\n{}[[c]]\nx = 2\n[c.d]\n",
            tables(40..60)
        ));
        // The header of the table comes after those below it.
        same(&format!("{some}[a]\nlast = 1\n"));
        same("[a]\n[b]\n[c]\n[d]\n[e]\n[f]\n[g]\n[h]\n");
    }

    #[test]
    fn what_is_wrong_or_odd_is_read_in_a_row() {
        let tables: Vec<String> = (0..40).map(|at| format!("[a.b{at}]\nx = 1\n")).collect();
        let some = tables.concat();
        for end in [
            "[a.b0]\n",
            "[a.b0.x]\n",
            "[[a]]\n",
            "[[a.b0]]\n",
            "[a]\nb0 = 1\n",
            "[a]\nb0.y = 1\n",
            "[a]\nx = 1\nx = 2\n",
            "[c\n",
            "[c]\nx = \"\"\"\n[d]\n",
        ] {
            assert_eq!(both(&format!("{some}{end}")).1, None, "{end}");
        }
        // No line that looks like a header begins one.
        let long = format!("x = \"\"\"\n{some}\"\"\"\n");
        assert_eq!(both(&long).1, None);
        let list = format!("x = [\n{}]\n", "[1],\n".repeat(100));
        assert_eq!(both(&list).1, None);
        let arrays: String = (0..40).map(|_| "[[c]]\n").collect();
        same(&format!("{arrays}[c.d]\n[c.d.e]\n"));
        assert_eq!(both(&format!("c = [{{}}]\n{arrays}")).1, None);
    }
}
