//! Whether a document has the shape that the schema asks for, and every place where it has not.
//!
//! serde stops at the first mistake and does not know where it is. So the document is first held against the JSON schema of the same types, which was compiled ahead; after that, deserialising cannot fail. One cause gives one finding: below a value of the wrong type nothing is asked.

mod compile;
mod rules;
mod say;
mod table;

use crate::diagnostic::{Diagnostics, Span};
use crate::side_by_side::in_parts;
use crate::syntax::{Document, Entry, Node, Table, Value};

use self::compile::{Compiled, Keys, Shape, TableShape, Text};
use self::say::Subject;

pub use self::rules::RULES;
pub use self::table::table_text;

/// The largest integer that every reader of JSON keeps exact.
const LARGEST_EXACT: i64 = 1 << 53;

/// How many entries of a long table one core checks in a row.
const PART: usize = 512;

/// Reports every mistake of shape in a document; true when there is none.
pub fn check(document: &Document, diagnostics: &mut Diagnostics) -> bool {
    let before = diagnostics.len();
    let mut check = Check {
        compiled: &table::TABLE,
        diagnostics,
    };
    check.node(table::TABLE.root(), document.root_node(), Subject::Root);
    diagnostics.len() == before
}

struct Check<'c, 's, 'd> {
    compiled: &'c Compiled<'s>,
    diagnostics: &'d mut Diagnostics,
}

impl<'c, 's> Check<'c, 's, '_> {
    fn node(&mut self, shape: &'c Shape<'s>, node: &Node, subject: Subject<'_>) {
        if shape.anything {
            return;
        }
        match &node.value {
            Value::String(text) => match &shape.text {
                Some(rule) => self.text(rule, text, node.span(), subject),
                None => self.wrong_type(shape, node, subject),
            },
            Value::Datetime(text) => match &shape.text {
                Some(rule) if rule.is_date() => self.text(rule, text, node.span(), subject),
                _ => self.wrong_type(shape, node, subject),
            },
            Value::Integer(number) => self.integer(shape, *number, node, subject),
            Value::Float(number) => match &shape.float {
                Some(range) => {
                    if !number.is_finite() || !range.holds(*number) {
                        let found = say::out_of_range(subject, range, &number.to_string());
                        self.diagnostics
                            .push(found.primary(node.span(), "this number"));
                    }
                }
                None => self.wrong_type(shape, node, subject),
            },
            Value::Boolean(_) if shape.boolean => {}
            Value::Boolean(_) => self.wrong_type(shape, node, subject),
            Value::Array(items) => self.array(shape, items, node, subject),
            Value::Table(table) => self.table(shape, table, node, subject),
        }
    }

    fn wrong_type(&mut self, shape: &Shape<'s>, node: &Node, subject: Subject<'_>) {
        self.diagnostics.push(say::wrong_type(shape, node, subject));
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a range of floats is compared with an integer that floats hold exactly"
    )]
    fn integer(&mut self, shape: &Shape<'s>, number: i64, node: &Node, subject: Subject<'_>) {
        let exact = (-LARGEST_EXACT..=LARGEST_EXACT).contains(&number);
        let range = match (&shape.integer, &shape.float) {
            (Some(range), _) if exact && range.holds_integer(number) => return,
            (None, Some(range)) if exact && range.holds(number as f64) => return,
            (Some(range), _) | (None, Some(range)) => range,
            (None, None) => return self.wrong_type(shape, node, subject),
        };
        let found = say::out_of_range(subject, range, &number.to_string());
        self.diagnostics
            .push(found.primary(node.span(), "this number"));
    }

    fn text(&mut self, rule: &Text<'s>, text: &str, span: Span, subject: Subject<'_>) {
        if !rule.words.is_empty() {
            if !rule.open && !rule.words.contains(&text) {
                self.diagnostics
                    .push(say::unknown_word(subject, &rule.words, text, span));
            }
            return;
        }
        if let Some(Err(flaw)) = rule.kind.map(|kind| kind.check(text)) {
            let noun = rule.kind.map_or("", |kind| kind.noun);
            self.diagnostics
                .push(say::malformed(subject, noun, text, &flaw, span));
            return;
        }
        let length = text.chars().count() as u64;
        if length < rule.shortest || length > rule.longest {
            self.diagnostics.push(say::wrong_length(
                subject,
                (rule.shortest, rule.longest),
                (length, "character"),
                span,
            ));
        }
    }

    fn array(&mut self, shape: &'c Shape<'s>, items: &[Node], node: &Node, subject: Subject<'_>) {
        let Some(array) = &shape.array else {
            return self.wrong_type(shape, node, subject);
        };
        let length = items.len() as u64;
        if length < array.shortest || length > array.longest {
            self.diagnostics.push(say::wrong_length(
                subject,
                (array.shortest, array.longest),
                (length, "item"),
                node.span(),
            ));
        }
        let Some(item_shape) = array.items else {
            return;
        };
        for item in items {
            self.node(self.compiled.shape(item_shape), item, subject.item());
        }
    }

    fn table(&mut self, shape: &'c Shape<'s>, table: &Table, node: &Node, subject: Subject<'_>) {
        let compiled = self.compiled;
        let candidates = shape.tables.iter().map(|at| compiled.table(*at));
        let Some(table_shape) = best_fit(candidates, table, compiled) else {
            return self.wrong_type(shape, node, subject);
        };
        let meant = if table.len() > PART {
            self.parts(table_shape, table)
        } else {
            self.entries(table_shape, table, table.entries())
        };
        // A syntax error may have taken the key that seems to be missing, and a misspelt one is not missing as well.
        if !table.is_damaged() {
            let missing: Vec<_> = table_shape
                .missing(table)
                .filter(|it| !meant.contains(it))
                .collect();
            if !missing.is_empty() {
                self.diagnostics
                    .push(say::missing_keys(subject, &missing, node.span()));
            }
        }
    }

    /// Checks the entries of a long table on all cores.
    fn parts(&mut self, table_shape: &'c TableShape<'s>, table: &Table) -> Vec<&'c str> {
        let compiled = self.compiled;
        let found = in_parts(table.entries(), PART, true, |part| {
            let mut diagnostics = Diagnostics::new();
            let mut check = Check {
                compiled,
                diagnostics: &mut diagnostics,
            };
            let meant = check.entries(table_shape, table, part);
            (meant, diagnostics)
        });
        let mut meant = Vec::new();
        for (of_part, diagnostics) in found {
            meant.extend(of_part);
            self.diagnostics.extend(diagnostics);
        }
        meant
    }

    /// Checks some entries of a table; returns the keys that misspelt ones were meant to be.
    fn entries(
        &mut self,
        table_shape: &'c TableShape<'s>,
        table: &Table,
        entries: &[Entry],
    ) -> Vec<&'c str> {
        let compiled = self.compiled;
        let mut meant = Vec::new();
        for entry in entries {
            if let Some(property) = table_shape.property(&entry.key) {
                self.node(
                    compiled.shape(property.shape),
                    &entry.node,
                    Subject::Key(&entry.key),
                );
                continue;
            }
            let value = match &table_shape.others {
                Keys::Refused => {
                    let near = say::near_key(table_shape, table, entry);
                    meant.extend(near);
                    self.diagnostics
                        .push(say::unknown_key(table_shape, near, entry));
                    continue;
                }
                Keys::Anything => continue,
                Keys::Each { kind, value } => {
                    if let Some(Err(flaw)) = kind.map(|kind| kind.check(&entry.key)) {
                        let noun = kind.map_or("", |kind| kind.noun);
                        self.diagnostics.push(say::malformed(
                            Subject::KeyItself,
                            noun,
                            &entry.key,
                            &flaw,
                            entry.key_span(),
                        ));
                    }
                    *value
                }
            };
            self.node(compiled.shape(value), &entry.node, Subject::Key(&entry.key));
        }
        meant
    }
}

/// Among several tables a value may be, the one it was most likely meant to be: the tag fits, then most keys known, then fewest missing.
fn best_fit<'c, 's>(
    candidates: impl Iterator<Item = &'c TableShape<'s>> + Clone,
    table: &Table,
    compiled: &Compiled<'_>,
) -> Option<&'c TableShape<'s>> {
    if candidates.clone().count() < 2 {
        return candidates.into_iter().next();
    }
    // The first of equals, as serde would take it: `min_by_key` returns it.
    candidates.min_by_key(|candidate| {
        let mut wrong_tags = 0;
        let mut unknown = 0;
        for entry in table.entries() {
            match candidate.property(&entry.key) {
                Some(property) => {
                    let words = compiled.shape(property.shape).text.as_ref();
                    let is_wrong = words.is_some_and(|it| {
                        let text = entry.node.as_str();
                        it.words.len() == 1 && text.is_some_and(|text| !it.words.contains(&text))
                    });
                    wrong_tags += usize::from(is_wrong);
                }
                None => unknown += usize::from(matches!(candidate.others, Keys::Refused)),
            }
        }
        (wrong_tags, unknown, candidate.missing(table).count())
    })
}
