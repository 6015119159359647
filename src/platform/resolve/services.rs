//! Services: their own fields, with the defaults of their kind. Environment, commands and calls come later.

use std::net::IpAddr;

use crate::backend::{Kind, Place as ConfigPlace};
use crate::diagnostic::Diagnostic;
use crate::manifest::{self, ManagedBy, Os, PortEntry, Restart};
use crate::platform::rows::Rows;
use crate::platform::{
    Approval, Bind, Health, Host, HostId, HostState, Port, PortRange, Run, Service, ServiceId, Tls,
};

use super::names::INTERNET;
use super::place::Place;
use super::written::Written;
use super::{Draft, containers, rules};

impl Draft<'_> {
    /// All services; one whose host or kind nobody knows stands on the first host until the errors end the step.
    pub(super) fn services(&mut self, hosts: &Rows<Host>) -> Rows<Service> {
        if hosts.is_empty() {
            return Rows::from(Vec::new());
        }
        self.each(self.services.len(), |draft, at| {
            draft.one(ServiceId::new(at), hosts)
        })
    }

    fn one(&mut self, id: ServiceId, hosts: &Rows<Host>) -> Service {
        let Written {
            name,
            fields: it,
            place,
        } = self.written(id);
        let kind = self.kind(&it.kind, place.value("kind"));
        let host = match kind {
            Some(kind) => self.seat(name, it, kind, place),
            None => None,
        };
        let kind = kind.unwrap_or(crate::backend::GENERIC);
        let host = host.unwrap_or(HostId::new(0));
        let on = host.among(hosts).unwrap_or(&hosts[0]);
        self.on_host(id, name, it, kind, on, place)
    }

    /// The host that a service runs on: the one it names, or the internet for a provider.
    fn seat(
        &mut self,
        name: &str,
        it: &manifest::Service,
        kind: &'static Kind,
        place: Place<'_>,
    ) -> Option<HostId> {
        match (&it.host, kind.cloud) {
            (Some(host), None) => {
                if it.url.is_some() {
                    self.conflict(
                        format!("`{name}` has both a `host` and a `url`"),
                        place.key("url"),
                        "its URL follows from its host and port",
                    );
                }
                self.host(host.as_str(), place.value("host"))
            }
            (Some(_), Some(_)) => {
                self.conflict(
                    format!("`{name}` is a provider in the internet and has a `host`"),
                    place.key("host"),
                    "it runs on none of yours",
                );
                None
            }
            (None, Some(cloud)) => {
                if cloud.origin.is_none() && it.url.is_none() {
                    self.conflict(
                        format!("nobody says where `{name}` is"),
                        place.span(),
                        "needs a `url`",
                    );
                }
                if kind.client_key.is_none() && it.key.is_none() {
                    self.conflict(
                        format!("nobody says which key `{name}` asks for"),
                        place.span(),
                        "needs a `key`",
                    );
                }
                if let Some((host, _)) = self.manifest.hosts.get_key_value(INTERNET) {
                    let place = self.root.table("hosts");
                    self.conflict(
                        format!(
                            "`{}` is where providers such as `{name}` are",
                            host.as_str()
                        ),
                        place.key(host.as_str()),
                        "give this host another name",
                    );
                    return None;
                }
                self.names.internet()
            }
            (None, None) => {
                self.conflict(
                    format!("nobody says where `{name}` runs"),
                    place.span(),
                    "needs a `host`",
                );
                None
            }
        }
    }

    fn on_host(
        &mut self,
        id: ServiceId,
        name: &str,
        it: &manifest::Service,
        kind: &'static Kind,
        host: &Host,
        place: Place<'_>,
    ) -> Service {
        let (ports, ranges) = self.service_ports(name, it, kind, place);
        let run = self.run(name, it, kind, host, place);
        let env_file = it
            .env_file
            .as_ref()
            .and_then(|path| self.absolute(host, &path.0, place.value("env_file")));
        let container = self.container(it, kind, host, place);
        let tls = self.tls(name, kind, host);
        let mut service = Service {
            id,
            name: name.to_owned(),
            title: it.title.clone().unwrap_or_else(|| name.to_owned()),
            kind,
            layer: it.layer.unwrap_or(kind.layer),
            state: it.state,
            host: host.id,
            ports,
            ranges,
            bind: self.bind(it, host, place),
            bind_span: place.value("bind"),
            base_path: base_path(it, kind),
            url: origin(it, kind),
            key: it
                .key
                .as_ref()
                .map(|it| it.env.0.to_string())
                .or_else(|| kind.client_key.map(str::to_owned)),
            tls,
            health: health(it, kind),
            managed_by: containers::managed_by(it, host),
            container,
            configs: configs(kind, host, &run),
            run,
            slots: Vec::new(),
            env_file,
            env: Vec::new(),
            serve: None,
            approval: it.approval.as_ref().map(|it| Approval {
                reason: it.reason.clone(),
                by: it.by.clone(),
                when: it.when.clone(),
                until: it.until.clone(),
                span: place.key("approval"),
            }),
            folder: it.folder.as_ref().map(|it| it.0.to_string()),
            endpoints: if it.endpoints.is_empty() {
                kind.endpoints.to_vec()
            } else {
                it.endpoints.clone()
            },
            program_version: it.program_version.clone(),
            pins: it.pins.clone(),
            profiles: Vec::new(),
            notes: it.notes.clone(),
            span: place.span(),
        };
        containers::complete(&mut service, it);
        service
    }

    fn service_ports(
        &mut self,
        name: &str,
        it: &manifest::Service,
        kind: &'static Kind,
        place: Place<'_>,
    ) -> (Vec<Port>, Vec<PortRange>) {
        let (mut ports, mut ranges) = (Vec::new(), Vec::new());
        if let Some(number) = it.port.and_then(|it| u16::try_from(it).ok()) {
            ports.push(Port {
                name: "main".to_owned(),
                number,
                purpose: None,
                span: place.value("port"),
            });
        }
        let table = place.table("ports");
        for (port, entry) in &it.ports {
            let span = table.value(port.as_str());
            let port_name = port.0.to_string();
            let (number, range, purpose) = match entry {
                PortEntry::Number(number) => (Some(*number), None, None),
                PortEntry::Table(it) => (it.number, it.range.as_deref(), it.purpose.clone()),
            };
            let number = number.and_then(|it| u16::try_from(it).ok());
            match (number, range.map(parse_range)) {
                (Some(number), None) => ports.push(Port {
                    name: port_name,
                    number,
                    purpose,
                    span,
                }),
                (None, Some(Some((first, last)))) => {
                    ranges.push(PortRange {
                        name: port_name,
                        first,
                        last,
                        purpose,
                        span,
                    });
                }
                (None, Some(None)) => self.conflict(
                    format!("the range of `{port_name}` is not a range of ports"),
                    span,
                    "write first and last port, such as `8100-8119`",
                ),
                _ => self.conflict(
                    format!("port `{port_name}` needs exactly one of `number` and `range`"),
                    span,
                    "say which",
                ),
            }
        }
        let wants_default = ports.is_empty() && ranges.is_empty() && !kind.one_model_per_port;
        if wants_default && it.managed_by != Some(ManagedBy::External) {
            ports.extend(kind.port.map(|number| Port {
                name: "main".to_owned(),
                number,
                purpose: None,
                span: place.span(),
            }));
        }
        if ports.is_empty() && ranges.is_empty() && kind.one_model_per_port {
            self.diagnostics.push(
                Diagnostic::new(
                    &rules::CONFLICTING_FIELDS,
                    format!("`{name}` runs one model per port and has no ports"),
                )
                .primary(place.span(), "which ports its models may have is not said")
                .help("add them, such as `ports = { models = { range = \"8100-8119\" } }`"),
            );
        }
        (ports, ranges)
    }

    fn bind(&mut self, it: &manifest::Service, host: &Host, place: Place<'_>) -> Bind {
        let span = place.value("bind");
        match it.bind.as_deref() {
            None | Some("loopback" | "127.0.0.1" | "::1") => Bind::Loopback,
            Some("all" | "0.0.0.0" | "::") => Bind::All,
            Some(word) => {
                if let Some(network) = self.names.network(word) {
                    if let Some(address) = host.address_on(network) {
                        return Bind::Network(network, address.to_owned());
                    }
                    if host.state == HostState::Template {
                        // It will have one before it is live.
                        return Bind::Network(network, String::new());
                    }
                    self.report(
                        &rules::UNKNOWN_NAME,
                        format!("host `{}` has no address on network `{word}`", host.name),
                        span,
                        "cannot listen there",
                    );
                } else if let Ok(address) = word.parse::<IpAddr>() {
                    let address = address.to_canonical().to_string();
                    if let Some((network, _, _)) =
                        host.addresses.iter().find(|(_, it, _)| *it == address)
                    {
                        return Bind::Network(*network, address);
                    }
                    if address.starts_with("127.") {
                        return Bind::Loopback;
                    }
                    let message = format!("`{address}` is no address of host `{}`", host.name);
                    self.report(&rules::UNKNOWN_NAME, message, span, "cannot listen there");
                } else {
                    self.network(word, span);
                }
                Bind::Loopback
            }
        }
    }

    fn run(
        &mut self,
        name: &str,
        it: &manifest::Service,
        kind: &'static Kind,
        host: &Host,
        place: Place<'_>,
    ) -> Run {
        let run = &it.run;
        let at = place.table("run");
        let seconds = std::time::Duration::from_secs;
        let unit = run.unit.clone().unwrap_or_else(|| name.to_owned());
        let is_container = containers::managed_by(it, host).engine().is_some();
        let directory = match (&run.directory, &it.folder) {
            (Some(path), _) => self.absolute(host, &path.0, at.value("directory")),
            // A folder of the owner's repository is on the host only where the repository is.
            (None, Some(path)) => host
                .checkout
                .as_ref()
                .map(|root| [root, "/", &path.0].concat()),
            (None, None) => None,
        };
        let mut writable = Vec::new();
        for (index, path) in run.writable.iter().enumerate() {
            writable.extend(self.absolute(host, &path.0, at.item("writable", index)));
        }
        let mut readable = Vec::new();
        for (index, path) in run.readable.iter().enumerate() {
            readable.extend(self.absolute(host, &path.0, at.item("readable", index)));
        }
        Run {
            command: None,
            is_written: run.command.is_some() || !run.args.is_empty(),
            directory,
            user: run
                .user
                .as_ref()
                .map_or_else(|| host.user.clone(), |it| it.0.to_string()),
            groups: run.groups.iter().map(|it| it.0.to_string()).collect(),
            open_files: run.limits.open_files.and_then(|it| u32::try_from(it).ok()),
            memory: run
                .limits
                .memory
                .as_ref()
                .and_then(manifest::Size::to_bytes),
            // A container that only comes back after a failure stays away after a reboot.
            restart: run.restart.unwrap_or(if is_container {
                Restart::Always
            } else {
                Restart::OnFailure
            }),
            restart_delay: run
                .restart_delay
                .as_ref()
                .and_then(manifest::Duration::to_std)
                .unwrap_or(seconds(5)),
            start_timeout: run
                .start_timeout
                .as_ref()
                .and_then(manifest::Duration::to_std)
                .unwrap_or(seconds(kind.start_seconds.into())),
            state_directory: match kind.container.filter(|_| is_container) {
                Some(container) => container.data.map(str::to_owned),
                None => (kind.keeps_state && host.os == Os::Linux && !is_container)
                    .then(|| ["/var/lib/", &unit].concat()),
            },
            label: run
                .label
                .clone()
                .unwrap_or_else(|| [self.manifest.name.as_str(), ".", name].concat()),
            unit,
            workload: run.workload.unwrap_or(kind.workload),
            writable,
            readable,
        }
    }

    /// The absolute form of a path that may be below the host's checkout.
    /// The files of the gateway's certificate; nothing for other services.
    fn tls(&mut self, name: &str, kind: &'static Kind, host: &Host) -> Option<Tls> {
        let manifest = self.manifest;
        let tls = manifest.gateway.tls.as_ref()?;
        if manifest.policy.gateway.as_str() != name {
            return None;
        }
        let place = self.root.table("gateway").table("tls");
        if !kind.ends_tls {
            self.diagnostics.push(
                Diagnostic::new(
                    &rules::GATEWAY_SETTING,
                    format!(
                        "a gateway of kind `{}` is told of no certificate",
                        kind.name
                    ),
                )
                .primary(place.span(), "its clients would speak TLS")
                .help("take it out, or let a gateway of kind `homelab` stand there"),
            );
            return None;
        }
        Some(Tls {
            certificate: self.absolute(host, &tls.certificate.0, place.value("certificate"))?,
            key: self.absolute(host, &tls.key.0, place.value("key"))?,
        })
    }

    pub(super) fn absolute(
        &mut self,
        host: &Host,
        path: &str,
        span: crate::diagnostic::Span,
    ) -> Option<String> {
        if path.starts_with('/') {
            return Some(path.to_owned());
        }
        let Some(root) = &host.checkout else {
            self.report(
                &rules::CONFLICTING_FIELDS,
                format!(
                    "`{path}` is relative and host `{}` has no `checkout`",
                    host.name
                ),
                span,
                "below which folder?",
            );
            return None;
        };
        Some([root, "/", path].concat())
    }
}

/// What stands before every path of a service's API.
fn base_path(it: &manifest::Service, kind: &Kind) -> String {
    let of_url = it.url.as_deref().map(|url| url.split_at(origin_end(url)).1);
    let path = it
        .base_path
        .as_deref()
        .or(of_url.filter(|it| !it.is_empty()));
    let path = path.unwrap_or(kind.base_path);
    path.trim_end_matches('/').to_owned()
}

/// Scheme and host of a provider's URL.
fn origin(it: &manifest::Service, kind: &Kind) -> Option<String> {
    let url = it.url.as_deref().or(kind.cloud?.origin)?;
    Some(url[..origin_end(url)].to_owned())
}

/// Where the path of a URL begins.
fn origin_end(url: &str) -> usize {
    let host = url.find("://").map_or(0, |at| at + 3);
    url[host..].find('/').map_or(url.len(), |at| host + at)
}

fn health(it: &manifest::Service, kind: &'static Kind) -> Vec<Health> {
    let written = it.health.as_ref().map(|probes| {
        let probes = probes.iter().map(|probe| Health {
            path: probe.path.clone(),
            method: probe.method,
            status: probe
                .status
                .and_then(|it| u16::try_from(it).ok())
                .unwrap_or(200),
            needs_key: probe.needs_key,
            loads_model: probe.loads_model,
        });
        probes.collect()
    });
    written.unwrap_or_else(|| {
        let probes = kind.health.iter().map(|probe| Health {
            path: probe.path.to_owned(),
            method: manifest::Method::Get,
            status: 200,
            needs_key: probe.needs_key,
            loads_model: probe.loads_model,
        });
        probes.collect()
    })
}

/// Where the files that we write for a service lie.
fn configs(kind: &'static Kind, host: &Host, run: &Run) -> Vec<(&'static str, String)> {
    let place = |place: ConfigPlace| match place {
        ConfigPlace::Absolute(path) => path.to_owned(),
        ConfigPlace::Home(path) => [&*host.home_of(&run.user), "/", path].concat(),
        ConfigPlace::Directory(path) => match &run.directory {
            Some(directory) => [directory, "/", path].concat(),
            None => format!(
                "/etc/{}/{}",
                run.unit,
                path.rsplit('/').next().unwrap_or(path)
            ),
        },
    };
    kind.configs
        .iter()
        .map(|config| (config.name, place(config.place)))
        .collect()
}

/// First and last port of a range such as `8100-8119`.
fn parse_range(text: &str) -> Option<(u16, u16)> {
    let (first, last) = text.split_once('-')?;
    let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    (0 < first && first <= last).then_some((first, last))
}
