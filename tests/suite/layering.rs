//! Who may import whom: every `use crate::…` is held to the table of `docs/architecture.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use walkdir::WalkDir;

/// The table in `docs/architecture.md`: room, and the rooms it may import.
fn table() -> BTreeMap<String, BTreeSet<String>> {
    let text = include_str!("../../docs/architecture.md");
    let mut table = BTreeMap::new();
    for line in text.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').collect();
        let [rooms, imports] = cells[..] else {
            continue;
        };
        let words = |cell: &str| -> BTreeSet<String> {
            cell.split('`')
                .skip(1)
                .step_by(2)
                .map(str::to_owned)
                .collect()
        };
        for room in words(rooms) {
            table.insert(room, words(imports));
        }
    }
    table
}

/// The room that a file belongs to: the folder or file right below `src`.
fn room(path: &Path) -> String {
    let first = path.iter().next().and_then(|it| it.to_str()).unwrap_or("");
    first.trim_end_matches(".rs").to_owned()
}

/// The rooms that a text imports or names by path.
fn imports(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        // `use crate::{a, b}` is not house style; it would hide what is imported.
        assert!(
            !rest.starts_with('{'),
            "write one `use crate::room` for each room"
        );
        let name: String = rest
            .chars()
            .take_while(|it| it.is_ascii_alphanumeric() || *it == '_')
            .collect();
        found.insert(name);
    }
    found
}

#[test]
fn rooms_import_only_what_the_table_says() {
    let table = table();
    assert!(table.len() >= 8, "the table was not found");
    let mut wrong = Vec::new();
    let mut rooms = BTreeSet::new();
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in WalkDir::new(&src) {
        let entry = entry.expect("the sources can be read");
        if entry.path().extension().is_none_or(|it| it != "rs") {
            continue;
        }
        let below = entry.path().strip_prefix(&src).expect("it lies below src");
        let room = room(below);
        if matches!(room.as_str(), "lib" | "main") {
            continue;
        }
        rooms.insert(room.clone());
        let allowed = table
            .get(&room)
            .unwrap_or_else(|| panic!("room `{room}` is not in the table"));
        let text = std::fs::read_to_string(entry.path()).expect("a source can be read");
        for import in imports(&text) {
            let known = src.join(&import).is_dir() || src.join(format!("{import}.rs")).is_file();
            if known && import != room && !allowed.contains(&import) && !allowed.contains("*") {
                wrong.push(format!("{} imports `{import}`", below.display()));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    let listed: BTreeSet<String> = table.keys().cloned().collect();
    assert_eq!(rooms, listed, "the table and the folders differ");
}

#[test]
fn kinds_are_compared_only_where_they_are_declared() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for entry in WalkDir::new(&src).into_iter().filter_map(Result::ok) {
        let below = entry
            .path()
            .strip_prefix(&src)
            .expect("it lies below src")
            .to_owned();
        if room(&below) == "backend" || entry.path().extension().is_none_or(|it| it != "rs") {
            continue;
        }
        let text = std::fs::read_to_string(entry.path()).expect("a source can be read");
        if text.contains("kind.name == \"") || text.contains("kind.name != \"") {
            wrong.push(below.display().to_string());
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}
