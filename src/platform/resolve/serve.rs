//! What a tailnet sees of services, by `tailscale serve`.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Span};
use crate::manifest::{NetworkKind, ServiceState};
use crate::platform::rows::Rows;
use crate::platform::{Bind, Host, HostId, Network, Serve, Service};

use super::place::Place;
use super::written::Written;
use super::{Draft, rules};

const HTTPS: u16 = 443;

impl Draft<'_> {
    /// Fills in what each service is published as.
    pub(super) fn serves(
        &mut self,
        networks: &[Network],
        hosts: &Rows<Host>,
        services: &mut Rows<Service>,
    ) {
        for service in services.values_mut() {
            let Written {
                fields: it, place, ..
            } = self.written(service.id);
            let Some(serve) = &it.serve else {
                continue;
            };
            let Some(host) = service.host.among(hosts) else {
                continue;
            };
            let span = place.key("serve");
            let path = serve.path.as_deref().unwrap_or("/");
            self.served_path(path, place.table("serve"));
            self.served_from(networks, host, service, span);
            let port = serve.https_port.and_then(|it| u16::try_from(it).ok());
            service.serve = Some(Serve {
                path: path.to_owned(),
                https_port: port.unwrap_or(HTTPS),
                dns: host.dns.first().cloned().unwrap_or_default(),
                span,
            });
        }
        self.served_twice(services);
    }

    fn served_path(&mut self, path: &str, place: Place<'_>) {
        let letter = |it: char| it.is_ascii_alphanumeric() || "/-._~".contains(it);
        let part = |it: &str| !matches!(it, "" | "." | "..");
        let sound = path == "/"
            || path
                .strip_prefix('/')
                .is_some_and(|it| it.split('/').all(part) && it.chars().all(letter));
        if !sound {
            self.conflict(
                "a path of a tailnet is not sound",
                place.value("path"),
                "write it like `/llm`: plain words behind a slash each",
            );
        }
    }

    /// Tailscale publishes what its host's loopback answers, under the name that the certificate is for.
    fn served_from(&mut self, networks: &[Network], host: &Host, service: &Service, span: Span) {
        let is_tailnet = |it: &Network| it.kind == NetworkKind::Tailnet;
        let mut on = networks.iter().filter(|it| is_tailnet(it));
        let name = &service.name;
        if !on.any(|it| host.address_on(it.id).is_some()) {
            self.conflict(
                format!("`{name}` is to be served on a tailnet that its host is not on"),
                span,
                format!(
                    "`{}` has no address on a network of kind `tailnet`",
                    host.name
                ),
            );
        } else if host.dns.is_empty() {
            self.conflict(
                format!("`{name}` is to be served under its host's name, and it has none"),
                span,
                format!("give `{}` its name on the tailnet, in `dns`", host.name),
            );
        }
        if !matches!(service.bind, Bind::Loopback | Bind::All) || !service.holds_ports() {
            self.conflict(
                format!("`{name}` is to be served from loopback, where it does not listen"),
                span,
                "let it listen on `loopback`; Tailscale brings the tailnet to it",
            );
        } else if service.port().is_none() {
            self.conflict(
                format!("`{name}` is to be served and has no port"),
                span,
                "there is nothing to publish",
            );
        }
    }

    fn served_twice(&mut self, services: &Rows<Service>) {
        let mut seen: BTreeMap<(HostId, u16, &str), Span> = BTreeMap::new();
        let served = services
            .iter()
            .filter(|it| it.state != ServiceState::Retired);
        for (service, serve) in served.filter_map(|it| Some((it, it.serve.as_ref()?))) {
            let key = (service.host, serve.https_port, serve.path.as_str());
            if let Some(first) = seen.insert(key, serve.span) {
                let message = format!("`{}` is published twice", serve.url());
                self.diagnostics.push(
                    Diagnostic::new(&rules::DUPLICATE_PORT, message)
                        .primary(serve.span, "here again")
                        .secondary(first, "published here already")
                        .help("give one of them another `path`"),
                );
            }
        }
    }
}
