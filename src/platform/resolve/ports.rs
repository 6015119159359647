//! Ports: no two services of a host on one, and no model outside the ports of its service.

use crate::diagnostic::{Diagnostic, Span};
use crate::manifest::ServiceState;
use crate::platform::rows::Rows;
use crate::platform::{Bind, Host, HostId, Model, ModelState, Service};

use super::{Draft, rules};

/// Somebody who claims a port.
struct Claim<'a> {
    host: HostId,
    port: u16,
    service: &'a Service,
    /// Nothing when the service claims it for itself.
    model: Option<&'a Model>,
    span: Span,
}

impl Draft<'_> {
    pub(super) fn ports(
        &mut self,
        hosts: &Rows<Host>,
        services: &Rows<Service>,
        models: &Rows<Model>,
    ) {
        let mut claims: Vec<Claim<'_>> = Vec::with_capacity(services.len() + models.len());
        for service in services
            .iter()
            .filter(|it| it.state != ServiceState::Retired && it.holds_ports())
        {
            claims.extend(service.ports.iter().map(|port| Claim {
                host: service.host,
                port: port.number,
                service,
                model: None,
                span: port.span,
            }));
        }
        for model in models.iter().filter(|it| it.state != ModelState::Retired) {
            let Some(service) = model.service.among(services) else {
                continue;
            };
            let (Some(port), true) = (model.port, service.kind.one_model_per_port) else {
                continue;
            };
            // Without any ports, that is what was reported.
            if service.ports.is_empty() && service.ranges.is_empty() {
                continue;
            }
            let span = self.written_model(model.id).place.value("port");
            let known = service.ports.iter().any(|it| it.number == port)
                || service
                    .ranges
                    .iter()
                    .any(|it| (it.first..=it.last).contains(&port));
            if !known {
                self.outside(model, service, port, span);
                continue;
            }
            claims.push(Claim {
                host: service.host,
                port,
                service,
                model: Some(model),
                span,
            });
        }
        claims.sort_by_key(|it| (it.host, it.port));
        for claims in claims.chunk_by(|one, next| (one.host, one.port) == (next.host, next.port)) {
            self.clashes(hosts, claims);
        }
        self.range_overlaps(services);
    }

    fn outside(&mut self, model: &Model, service: &Service, port: u16, span: Span) {
        let ranges: Vec<String> = service
            .ranges
            .iter()
            .map(|it| format!("{}-{}", it.first, it.last))
            .collect();
        self.diagnostics.push(
            Diagnostic::new(
                &rules::PORT_OUTSIDE_RANGES,
                format!("port {port} is not one of `{}`", service.name),
            )
            .primary(span, format!("`{}` cannot be there", model.name))
            .help(format!("take a port of {}", ranges.join(" or "))),
        );
    }

    /// Reports claims of one port that exclude each other.
    fn clashes(&mut self, hosts: &Rows<Host>, claims: &[Claim<'_>]) {
        for (at, claim) in claims.iter().enumerate() {
            let Some(first) = claims[..at].iter().find(|it| it.overlaps(claim)) else {
                continue;
            };
            let port = claim.port;
            let host = claim.host.among(hosts).map_or("", |it| it.name.as_str());
            let mut diagnostic = Diagnostic::new(
                &rules::DUPLICATE_PORT,
                format!("port {port} on host `{host}` is claimed twice"),
            )
            .primary(claim.span, format!("{} claims it again", claim.owner()))
            .secondary(first.span, format!("{} has it already", first.owner()))
            .help("give one of them another port");
            if first.service.bind != claim.service.bind {
                diagnostic = diagnostic.help("who listens on all interfaces holds the port on each address; give one of them another port");
            }
            self.diagnostics.push(diagnostic);
        }
    }

    /// Reports ranges of two services of a host that share ports, and single ports inside a range of another service.
    fn range_overlaps(&mut self, services: &Rows<Service>) {
        let mut spans: Vec<(HostId, u16, u16, &Service, Span, &Bind)> = Vec::new();
        for service in services
            .iter()
            .filter(|it| it.state != ServiceState::Retired)
        {
            for range in &service.ranges {
                spans.push((
                    service.host,
                    range.first,
                    range.last,
                    service,
                    range.span,
                    &service.bind,
                ));
            }
        }
        spans.sort_by_key(|it| (it.0, it.1, it.2));
        for pair in spans.windows(2) {
            let ((host, _, last, one, there, _), (next, first, _, two, here, _)) =
                (&pair[0], &pair[1]);
            if host == next && first <= last {
                self.diagnostics.push(
                    Diagnostic::new(
                        &rules::DUPLICATE_PORT,
                        format!("two ranges share port {first}"),
                    )
                    .primary(*here, format!("`{}` claims it again", two.name))
                    .secondary(*there, format!("`{}` has it already", one.name))
                    .help("move one of the ranges"),
                );
            }
        }
        for service in services
            .iter()
            .filter(|it| it.state != ServiceState::Retired)
        {
            for port in &service.ports {
                let end = spans.partition_point(|it| (it.0, it.1) <= (service.host, port.number));
                let Some((host, _, last, owner, there, _)) =
                    end.checked_sub(1).map(|at| &spans[at])
                else {
                    continue;
                };
                if *host == service.host && port.number <= *last && owner.id != service.id {
                    self.diagnostics.push(
                        Diagnostic::new(
                            &rules::DUPLICATE_PORT,
                            format!("port {} lies in a range of `{}`", port.number, owner.name),
                        )
                        .primary(port.span, format!("`{}` claims it again", service.name))
                        .secondary(*there, "this range has it already")
                        .help("take a port outside the range"),
                    );
                }
            }
        }
    }
}

impl Claim<'_> {
    fn owner(&self) -> String {
        match self.model {
            Some(model) => format!("model `{}`", model.name),
            None => format!("service `{}`", self.service.name),
        }
    }

    fn overlaps(&self, other: &Self) -> bool {
        let model = |it: &Self| it.model.map(|it| it.id);
        if self.service.id == other.service.id && model(self) == model(other) {
            return self.span != other.span;
        }
        match (&self.service.bind, &other.service.bind) {
            (Bind::All, _) | (_, Bind::All) => true,
            (one, two) => one == two,
        }
    }
}
