//! What the owner says about promised ports and names that change. Names in it may be gone, so they are not followed; the ledger holds them against what it remembers.

use crate::diagnostic::Diagnostic;
use crate::manifest::{MovedKind, Visibility};
use crate::platform::{Migration, Moved, Owner, Retired};

use super::{Draft, rules};

impl Draft<'_> {
    pub(super) fn migrations(&mut self) -> Vec<Migration> {
        let manifest = self.manifest;
        let mut migrations = Vec::with_capacity(manifest.migration.len());
        for (at, it) in manifest.migration.iter().enumerate() {
            let place = self.root.nth("migration", at);
            let owner = match (&it.service, &it.model) {
                (Some(service), None) => Owner::Service(service.0.to_string()),
                (None, Some(model)) => Owner::Model(model.0.to_string()),
                (Some(_), Some(_)) => {
                    let span = place.key("model");
                    self.conflict(
                        "a migration names both a service and a model",
                        span,
                        "keep this or `service`",
                    );
                    continue;
                }
                (None, None) => {
                    let message = "a migration names neither a service nor a model";
                    self.conflict(message, place.span(), "say who takes another port");
                    continue;
                }
            };
            if it.from == Some(it.to) && it.host.is_none() {
                self.conflict(
                    format!("`{}` migrates to the port it has", owner.name()),
                    place.value("to"),
                    "the same as `from`",
                );
                continue;
            }
            let port = |number: i64| u16::try_from(number).ok();
            migrations.push(Migration {
                owner,
                host: it.host.as_ref().map(|it| it.0.to_string()),
                from: it.from.and_then(port),
                to: port(it.to).unwrap_or(0),
                reason: it.reason.clone(),
                when: it.when.clone(),
                by: it.by.clone(),
                span: place.value("to"),
            });
        }
        migrations
    }

    pub(super) fn moved(&mut self) -> Vec<Moved> {
        let manifest = self.manifest;
        let mut moved = Vec::with_capacity(manifest.moved.len());
        for (at, it) in manifest.moved.iter().enumerate() {
            let place = self.root.nth("moved", at);
            let from = it.from.as_str();
            let (table, is_there) = match it.kind {
                MovedKind::Service => ("services", manifest.services.contains_key(from)),
                MovedKind::Host => ("hosts", manifest.hosts.contains_key(from)),
                MovedKind::Model => ("models", manifest.models.contains_key(from)),
            };
            if is_there {
                self.diagnostics.push(
                    Diagnostic::new(
                        &rules::CONFLICTING_FIELDS,
                        format!("`{from}` has a new name and is still declared"),
                    )
                    .primary(place.value("from"), "says that this name is gone")
                    .secondary(self.root.table(table).key(from), "and here it is")
                    .help("rename it, or delete the entry when the name was given anew"),
                );
                continue;
            }
            moved.push(Moved {
                kind: it.kind,
                from: it.from.0.to_string(),
                to: it.to.0.to_string(),
                span: place.value("from"),
            });
        }
        moved
    }

    pub(super) fn retired(&mut self) -> Vec<Retired> {
        let manifest = self.manifest;
        let mut retired = Vec::with_capacity(manifest.retired.len());
        for (at, it) in manifest.retired.iter().enumerate() {
            let place = self.root.nth("retired", at);
            let name = it.handle.as_str();
            let declared = manifest.handles.get(name);
            // Public no more and internal from now on: that is a way to retire it.
            if declared.is_some_and(|it| it.visibility == Visibility::Public) {
                self.diagnostics.push(
                    Diagnostic::new(
                        &rules::CONFLICTING_FIELDS,
                        format!("handle `{name}` is retired and still declared"),
                    )
                    .primary(place.value("handle"), "says that it is gone")
                    .secondary(self.root.table("handles").key(name), "and here it is")
                    .help("delete one of the two"),
                );
                continue;
            }
            retired.push(Retired {
                handle: it.handle.0.to_string(),
                reason: it.reason.clone(),
                span: place.value("handle"),
            });
        }
        retired
    }
}
