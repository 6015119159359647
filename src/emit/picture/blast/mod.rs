//! What stops working when a service or a host is down, worked out from who calls whom and from the routes of the gateway.
//!
//! The rules, in the order in which they are applied:
//! - A service stops when it is down itself, or when everything that it calls has stopped. It is impaired when it calls something that has stopped or is impaired. An impaired gateway impairs nobody: what is lost behind it is said by handle.
//! - A handle stops when none of its routes and fallbacks answers, and is impaired when one of its routes does not. A route answers when the gateway, the service that it calls and the server of its model do.
//! - An MCP server stops when its host or the service that offers it does, and is impaired when it reads the URL of a service that stopped.
//!
//! Only what runs today can stop: what is planned, disabled or on a host that is not live is not named.

mod drawing;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use crate::platform::{
    Deployment, HandleId, HostId, McpCommand, McpId, McpState, Platform, ServiceId, Value,
};

pub use drawing::{Down, layout, picture};

/// How much is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extent {
    /// It still works, and not all of it.
    Partly,
    /// It works no more.
    Wholly,
}

/// What is lost when something is down; each list ordered by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Impact {
    /// Services, those that are down themselves left out.
    pub services: Vec<(ServiceId, Extent)>,
    /// Handles.
    pub handles: Vec<(HandleId, Extent)>,
    /// MCP servers.
    pub mcp: Vec<(McpId, Extent)>,
}

impl Impact {
    /// True when nobody notices.
    pub fn is_empty(&self) -> bool {
        self.services.is_empty() && self.handles.is_empty() && self.mcp.is_empty()
    }
}

/// Who depends on whom, ready to be asked about any service or host.
#[derive(Debug)]
pub struct Blast<'a> {
    platform: &'a Platform,
    /// How many running services each running service calls.
    callees: BTreeMap<ServiceId, usize>,
    /// The public routes of each handle, and the service of the model behind each.
    routes: BTreeMap<HandleId, Vec<&'a Deployment>>,
    /// The handles with a route through or to a service.
    handles: BTreeMap<ServiceId, BTreeSet<HandleId>>,
    /// The services whose environment names a handle.
    readers: BTreeMap<HandleId, Vec<ServiceId>>,
    /// The MCP servers that a service offers, or that read its URL.
    mcp: BTreeMap<ServiceId, BTreeSet<(McpId, Extent)>>,
}

/// Works out who depends on whom.
pub fn of(platform: &Platform) -> Blast<'_> {
    let mut blast = Blast {
        platform,
        callees: BTreeMap::new(),
        routes: BTreeMap::new(),
        handles: BTreeMap::new(),
        readers: BTreeMap::new(),
        mcp: BTreeMap::new(),
    };
    for route in platform
        .deployments
        .iter()
        .filter(|it| belongs(platform, it))
    {
        blast.routes.entry(route.handle).or_default().push(route);
        for service in [route.service, platform[route.model].service] {
            blast
                .handles
                .entry(service)
                .or_default()
                .insert(route.handle);
        }
    }
    for call in &platform.calls {
        if platform.is_live(&platform[call.from]) && platform.is_live(&platform[call.to]) {
            *blast.callees.entry(call.from).or_default() += 1;
        }
    }
    for service in platform.live_services() {
        for variable in &service.env {
            if let Value::Handle(handle) = variable.value {
                let handle = platform[handle].served_by();
                blast.readers.entry(handle).or_default().push(service.id);
            }
        }
    }
    for server in platform.mcp.iter().filter(|it| it.state == McpState::Live) {
        if let McpCommand::Call { service, .. } = &server.command {
            blast
                .mcp
                .entry(*service)
                .or_default()
                .insert((server.id, Extent::Wholly));
        }
        for variable in &server.env {
            if let Value::Url(service, _) = &variable.value {
                blast
                    .mcp
                    .entry(*service)
                    .or_default()
                    .insert((server.id, Extent::Partly));
            }
        }
    }
    blast
}

/// True for a route by which a handle is asked; the way back of an optimiser is none.
fn belongs(platform: &Platform, route: &Deployment) -> bool {
    route.name == platform[route.handle].name
}

impl Blast<'_> {
    /// What is lost when a service is down.
    pub fn service(&self, down: ServiceId) -> Impact {
        self.down(&[down], None)
    }

    /// What is lost when a host is down, with all services on it.
    pub fn host(&self, down: HostId) -> Impact {
        let services: Vec<ServiceId> = self.platform.services_on(down).map(|it| it.id).collect();
        self.down(&services, Some(down))
    }

    fn down(&self, down: &[ServiceId], host: Option<HostId>) -> Impact {
        let down: BTreeSet<ServiceId> = down
            .iter()
            .copied()
            .filter(|it| self.platform.is_live(&self.platform[*it]))
            .collect();
        let mut services = self.services(&down);
        let handles = self.lost_handles(&services);
        self.readers(&mut services, &handles);
        let mut mcp = self.lost_mcp(&services);
        if let Some(host) = host {
            let on_it = self
                .platform
                .mcp
                .iter()
                .filter(|it| it.host == Some(host) && it.state == McpState::Live);
            mcp.extend(on_it.map(|it| (it.id, Extent::Wholly)));
        }
        services.retain(|service, _| !down.contains(service));
        Impact {
            services: services.into_iter().collect(),
            handles: handles.into_iter().collect(),
            mcp: mcp.into_iter().collect(),
        }
    }

    /// How far each service is lost, those that are down included.
    fn services(&self, down: &BTreeSet<ServiceId>) -> BTreeMap<ServiceId, Extent> {
        let mut lost: BTreeMap<ServiceId, Extent> = BTreeMap::new();
        let mut stopped: BTreeMap<ServiceId, usize> = BTreeMap::new();
        let mut next: Vec<ServiceId> = down.iter().copied().collect();
        lost.extend(next.iter().map(|it| (*it, Extent::Wholly)));
        while let Some(service) = next.pop() {
            for caller in self.live_callers(service) {
                if lost.get(&caller) == Some(&Extent::Wholly) {
                    continue;
                }
                let count = stopped.entry(caller).or_default();
                *count += 1;
                if *count == self.callees[&caller] {
                    lost.insert(caller, Extent::Wholly);
                    next.push(caller);
                } else {
                    lost.insert(caller, Extent::Partly);
                }
            }
        }
        self.spread(&mut lost);
        lost
    }

    /// Whoever calls an impaired service is impaired too; a gateway's callers are told by handle.
    fn spread(&self, lost: &mut BTreeMap<ServiceId, Extent>) {
        let mut next: Vec<ServiceId> = lost
            .iter()
            .filter(|it| *it.1 == Extent::Partly)
            .map(|it| *it.0)
            .collect();
        while let Some(service) = next.pop() {
            if service == self.platform.policy.gateway {
                continue;
            }
            for caller in self.live_callers(service) {
                if let Entry::Vacant(free) = lost.entry(caller) {
                    free.insert(Extent::Partly);
                    next.push(caller);
                }
            }
        }
    }

    fn live_callers(&self, service: ServiceId) -> impl Iterator<Item = ServiceId> {
        let callers = self.platform.callers_of(service).map(|it| it.from);
        callers.filter(|it| self.platform.is_live(&self.platform[*it]))
    }

    fn lost_handles(&self, lost: &BTreeMap<ServiceId, Extent>) -> BTreeMap<HandleId, Extent> {
        let stopped = |service: ServiceId| lost.get(&service) == Some(&Extent::Wholly);
        if stopped(self.platform.policy.gateway) {
            return self.routes.keys().map(|it| (*it, Extent::Wholly)).collect();
        }
        let suspects: BTreeSet<HandleId> = lost
            .keys()
            .filter(|it| stopped(**it))
            .filter_map(|it| self.handles.get(it))
            .flatten()
            .copied()
            .collect();
        let answers = |handle: HandleId| {
            self.routes.get(&handle).is_some_and(|routes| {
                routes
                    .iter()
                    .any(|it| !stopped(it.service) && !stopped(self.platform[it.model].service))
            })
        };
        let extent = |handle: &HandleId| {
            let saved = answers(*handle)
                || self.platform[*handle]
                    .fallbacks
                    .iter()
                    .any(|it| answers(*it));
            (
                *handle,
                if saved {
                    Extent::Partly
                } else {
                    Extent::Wholly
                },
            )
        };
        suspects.iter().map(extent).collect()
    }

    /// Adds the services whose environment names a handle that is lost.
    fn readers(
        &self,
        services: &mut BTreeMap<ServiceId, Extent>,
        handles: &BTreeMap<HandleId, Extent>,
    ) {
        let mut found = Vec::new();
        for handle in handles.keys() {
            found.extend(self.readers.get(handle).into_iter().flatten().copied());
        }
        for service in found {
            services.entry(service).or_insert(Extent::Partly);
        }
    }

    fn lost_mcp(&self, services: &BTreeMap<ServiceId, Extent>) -> BTreeMap<McpId, Extent> {
        let mut lost: BTreeMap<McpId, Extent> = BTreeMap::new();
        let gateway = self.platform.policy.gateway;
        for (service, extent) in services {
            // A gateway that lost some models still searches and answers.
            if *service == gateway && *extent == Extent::Partly {
                continue;
            }
            for (server, most) in self.mcp.get(service).into_iter().flatten() {
                let extent = *extent.min(most);
                let there = lost.entry(*server).or_insert(extent);
                *there = extent.max(*there);
            }
        }
        lost
    }
}
