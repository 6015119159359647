//! Ports: no two services of a host on one, and no model outside the ports of its service.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Span};
use crate::manifest::ServiceState;
use crate::platform::{Bind, Host, HostId, Model, ModelState, Service};

use super::{Draft, rules};

/// Somebody who claims a port.
struct Claim<'a> {
    bind: &'a Bind,
    owner: String,
    service: &'a Service,
    span: Span,
}

impl Draft<'_> {
    pub(super) fn ports(&mut self, hosts: &[Host], services: &[Service], models: &[Model]) {
        let mut claims: BTreeMap<(HostId, u16), Vec<Claim<'_>>> = BTreeMap::new();
        for service in services
            .iter()
            .filter(|it| it.state != ServiceState::Retired && it.holds_ports())
        {
            for port in &service.ports {
                claims
                    .entry((service.host, port.number))
                    .or_default()
                    .push(Claim {
                        bind: &service.bind,
                        owner: format!("service `{}`", service.name),
                        service,
                        span: port.span,
                    });
            }
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
            claims.entry((service.host, port)).or_default().push(Claim {
                bind: &service.bind,
                owner: format!("model `{}`", model.name),
                service,
                span,
            });
        }
        for ((host, port), claims) in &claims {
            self.clashes(hosts, *host, *port, claims);
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

    fn clashes(&mut self, hosts: &[Host], host: HostId, port: u16, claims: &[Claim<'_>]) {
        for (at, claim) in claims.iter().enumerate() {
            let Some(first) = claims[..at].iter().find(|it| it.overlaps(claim)) else {
                continue;
            };
            let host = host.among(hosts).map_or("", |it| it.name.as_str());
            let mut diagnostic = Diagnostic::new(
                &rules::DUPLICATE_PORT,
                format!("port {port} on host `{host}` is claimed twice"),
            )
            .primary(claim.span, format!("{} claims it again", claim.owner))
            .secondary(first.span, format!("{} has it already", first.owner))
            .help("give one of them another port");
            if first.bind != claim.bind {
                diagnostic = diagnostic.help("who listens on all interfaces holds the port on each address; give one of them another port");
            }
            self.diagnostics.push(diagnostic);
        }
    }

    /// Reports ranges of two services of a host that share ports, and single ports inside a range of another service.
    fn range_overlaps(&mut self, services: &[Service]) {
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
    fn overlaps(&self, other: &Self) -> bool {
        if self.service.id == other.service.id && self.owner == other.owner {
            return self.span != other.span;
        }
        match (self.bind, other.bind) {
            (Bind::All, _) | (_, Bind::All) => true,
            (one, two) => one == two,
        }
    }
}
