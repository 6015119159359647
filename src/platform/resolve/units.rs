//! Units and labels: each is the name of a file on its host, so no two services have the same.

use hashbrown::HashMap;
use smol_str::{SmolStr, StrExt};

use crate::diagnostic::Diagnostic;
use crate::manifest::{ManagedBy, ServiceState};
use crate::platform::rows::Rows;
use crate::platform::{HostId, Service};

use super::{Draft, rules};

impl Draft<'_> {
    /// Reports services of a host that are started by one name, compared as macOS compares file names.
    pub(super) fn units(&mut self, services: &Rows<Service>) {
        let mut seen: HashMap<(HostId, bool, SmolStr), &Service> = HashMap::new();
        let there = |it: &&Service| it.state != ServiceState::Retired;
        for service in services.iter().filter(there) {
            let (name, field, label) = match service.managed_by {
                ManagedBy::Systemd | ManagedBy::Package => (&service.run.unit, "unit", false),
                ManagedBy::Launchd => (&service.run.label, "label", true),
                _ => continue,
            };
            let key = (service.host, label, name.to_ascii_lowercase_smolstr());
            let Some(other) = seen.insert(key, service) else {
                continue;
            };
            let place = |service: &Service| {
                let table = self.written(service.id).place;
                table.table("run").value(field)
            };
            let (here, there) = (place(service), place(other));
            self.diagnostics.push(
                Diagnostic::new(
                    &rules::DUPLICATE_UNIT,
                    format!(
                        "`{}` and `{}` have the same {field} `{name}`",
                        other.name, service.name
                    ),
                )
                .primary(here, format!("`{}` is started by it", service.name))
                .secondary(there, format!("`{}` is started by it already", other.name))
                .help(format!("give one of them another `run.{field}`")),
            );
        }
    }
}
