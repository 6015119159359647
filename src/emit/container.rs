//! What everything that writes containers must agree on: which there are, what they see of their host, and who waits for whom.

use crate::emit::process;
use crate::platform::{Bind, Call, Container, Engine, Gpu, Platform, Service, Value, Variable};

/// True when we start a service as a container and know its image.
pub fn is_started(service: &Service) -> bool {
    service
        .container
        .as_ref()
        .is_some_and(|it| it.image.is_some())
}

/// The containers of an engine on a host that are installed, each with its image.
pub fn of_host<'a>(
    platform: &'a Platform,
    host: &'a crate::platform::Host,
    engine: Engine,
) -> Vec<(&'a Service, &'a Container, &'a str)> {
    platform
        .services_on(host.id)
        .filter(|it| platform.is_installed(it))
        .filter_map(|service| {
            let container = service.container.as_ref()?;
            let container = (container.engine == engine).then_some(container)?;
            let image = container.image.as_deref()?;
            Some((service, container, image))
        })
        .collect()
}

/// The devices by which a container computes on GPUs of this maker; NVIDIA's come in by its own toolkit instead.
pub fn devices(gpu: Gpu) -> &'static [&'static str] {
    match gpu {
        Gpu::Nvidia => &[],
        Gpu::Amd => &["/dev/kfd", "/dev/dri"],
        Gpu::Intel => &["/dev/dri"],
    }
}

/// The ports that a container opens on its host, as `address:outside:inside`. An address always stands there: without one the engine opens the port to everybody, past the firewall.
pub fn published(service: &Service) -> Vec<String> {
    if !service.holds_ports() {
        return Vec::new();
    }
    let address = match &service.bind {
        Bind::Loopback => "127.0.0.1",
        Bind::All => "0.0.0.0",
        Bind::Network(_, address) | Bind::Address(address) => address,
    };
    let address = if address.contains(':') {
        format!("[{address}]")
    } else {
        address.to_owned()
    };
    let single = service.ports.iter().map(|it| it.number);
    let slots = service.slots.iter().map(|it| it.port);
    let mut ports: Vec<u16> = single.chain(slots).collect();
    ports.sort_unstable();
    ports.dedup();
    ports
        .into_iter()
        .map(|port| format!("{address}:{port}:{}", service.inner_port(port)))
        .collect()
}

/// A file or folder of the host that a container sees.
#[derive(Debug)]
pub struct Seen<'a> {
    /// Where it lies on the host.
    pub source: &'a str,
    /// Where the container sees it.
    pub target: &'a str,
    /// Whether it may write there.
    pub writable: bool,
}

/// The files that we write for a service, and what its owner lets it see, by the place inside.
pub fn seen<'a>(service: &'a Service, container: &'a Container) -> Vec<Seen<'a>> {
    let ours = container.configs.iter().filter_map(|(name, target)| {
        Some(Seen {
            source: service.config(name)?,
            target,
            writable: false,
        })
    });
    let mut seen: Vec<Seen> = ours
        .chain(container.mounts.iter().map(|it| Seen {
            source: &it.source,
            target: &it.target,
            writable: it.writable,
        }))
        .collect();
    seen.sort_by_key(|it| it.target);
    seen
}

/// The variables that the platform decides, with their values, ordered by name. The rest is the owner's, in the env file.
pub fn environment<'a>(platform: &'a Platform, service: &'a Service) -> Vec<(&'a str, &'a str)> {
    let decided = |it: &'a Variable| Some((it.name.as_str(), process::decided(platform, it)?));
    service.env.iter().filter_map(decided).collect()
}

/// The env file of a service, when something in it is for the owner to fill in.
pub fn env_file(service: &Service) -> Option<&str> {
    let filled_in = |it: &Variable| matches!(it.value, Value::Secret(_) | Value::FillIn(_));
    let needed = service.env.iter().any(filled_in);
    service.env_file.as_deref().filter(|_| needed)
}

/// True when a container calls its own host by the name that its engine gives it.
pub fn calls_own_host(platform: &Platform, service: &Service) -> bool {
    let Some(container) = &service.container else {
        return false;
    };
    let name = format!("//{}:", container.host_name());
    let called = |call: &Call| call.url.starts_with("http:") && call.url.contains(&name);
    platform.calls_of(service.id).any(called)
}

/// The containers beside this one that must be up before it: those it calls, in the order in which all are restarted, so that two that call each other do not wait for each other. Who is only there with a profile is waited for by those with the same profile alone.
pub fn waits_for<'a>(platform: &'a Platform, service: &Service) -> Vec<&'a Service> {
    let order = &platform.ops.restart_order;
    let place = |service: &Service| order.iter().position(|it| *it == service.id);
    let Some(container) = &service.container else {
        return Vec::new();
    };
    let mut waits: Vec<&Service> = platform
        .calls_of(service.id)
        .map(|call| &platform[call.to])
        .filter(|callee| {
            let Some(it) = &callee.container else {
                return false;
            };
            let started = callee.host == service.host && it.is_beside(container);
            let profile = it.profiles.is_empty()
                || !container.profiles.is_empty()
                    && container
                        .profiles
                        .iter()
                        .all(|name| it.profiles.contains(name));
            let first = match (place(callee), place(service)) {
                (Some(one), Some(other)) => one < other,
                (Some(_), None) => true,
                _ => false,
            };
            started && profile && first && is_started(callee)
        })
        .collect();
    waits.sort_by_key(|it| it.id);
    waits
}
