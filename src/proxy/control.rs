//! What goes on beside the requests: signals, reloads, health checks, the watchdog.

use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use serde_json::json;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::LocalSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

use super::alarm::{Alarm, Patience};
use super::deployment::Deployment;
use super::listener::{self, Phase};
use super::log::Log;
use super::served::Served;
use super::systemd::Systemd;
use super::worker::{Shared, Worker};
use super::{ProxyError, Setup, admin, served_of};

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Descriptors that are no connections of clients: listeners, timers, files, operators.
const OWN_DESCRIPTORS: usize = 32;

/// Runs until a signal ends it.
pub(super) fn run(mut setup: Setup) -> Result<(), ProxyError> {
    keep_memory_private();
    let sources = (setup.load)().map_err(ProxyError::Load)?;
    let served = served_of(&sources, None)?;
    let listeners = listeners(&mut setup, &served)?;
    let admin = match setup.admin {
        Some(address) if !listener::is_private(address.ip()) => {
            return Err(ProxyError::OpenAdmin(address));
        }
        Some(address) => {
            Some(listener::open(address).map_err(|error| ProxyError::Listen(address, error))?)
        }
        None => None,
    };
    setup.limits.connections = setup.limits.connections.min(room_for_connections());
    let log = Log::new(std::mem::replace(&mut setup.log, Box::new(std::io::sink())));
    // One more than serve: the control thread counts its own.
    let shared = Arc::new(Shared::new(
        served,
        setup.limits.clone(),
        log,
        listeners.len() + 1,
    ));
    let (phase, stop) = watch::channel(Phase::Serving);
    let addresses: Vec<String> = listeners
        .iter()
        .filter_map(|it| it.local_addr().ok())
        .map(|it| it.to_string())
        .collect();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(ProxyError::Start)?;
    let signals = runtime
        .block_on(async { Signals::new() })
        .map_err(ProxyError::Start)?;
    shared.serving.store(listeners.len(), Relaxed);
    let mut threads = Vec::new();
    for (number, listener) in listeners.into_iter().enumerate() {
        let (shared, stop) = (Arc::clone(&shared), stop.clone());
        let serve = move || listener::run(&shared, number, listener, stop);
        threads.push(
            std::thread::Builder::new()
                .name(format!("worker-{number}"))
                .spawn(serve)
                .map_err(ProxyError::Start)?,
        );
    }
    let admin_address = admin
        .as_ref()
        .and_then(|it| it.local_addr().ok())
        .map(|it| it.to_string());
    shared.log.event(
        "listening",
        json!({"address": addresses.first(), "admin": admin_address, "threads": threads.len()}),
    );
    LocalSet::new().block_on(
        &runtime,
        control(setup, Arc::clone(&shared), admin, phase, signals),
    );
    for thread in threads {
        // A worker that failed has said so by not being there.
        let _ = thread.join();
    }
    shared.log.event("stopped", json!({}));
    shared.log.flush();
    Ok(())
}

/// Leaves no core file: there are keys in our memory.
fn keep_memory_private() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    // To ask for less is always granted.
    let _ = setrlimit(Resource::Core, none);
}

/// How many connections the system gives us descriptors for: each may need a second one to a server, and some are needed for ourselves. A limit that can be raised is raised.
fn room_for_connections() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    let current = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    let current = current.map_or(usize::MAX, |it| usize::try_from(it).unwrap_or(usize::MAX));
    (current.saturating_sub(OWN_DESCRIPTORS) / 2).max(1)
}

/// One listener for each thread, all on one address.
fn listeners(setup: &mut Setup, served: &Served) -> Result<Vec<TcpListener>, ProxyError> {
    let is_open =
        |address: SocketAddr| served.keys.is_empty() && !listener::is_private(address.ip());
    if let Some(first) = setup.listeners.first() {
        let address = first.local_addr().map_err(ProxyError::Start)?;
        if is_open(address) {
            return Err(ProxyError::Open(address));
        }
        let first = first.try_clone().map_err(ProxyError::Start)?;
        return (0..setup.threads)
            .map(|_| first.try_clone().map_err(ProxyError::Start))
            .collect();
    }
    let of_table = || {
        let listen = served.table.listen.as_ref()?;
        Some(SocketAddr::new(listen.address.parse().ok()?, listen.port))
    };
    let address = setup.listen.or_else(of_table).ok_or(ProxyError::Nowhere)?;
    if is_open(address) {
        return Err(ProxyError::Open(address));
    }
    let open =
        |address| listener::open(address).map_err(|error| ProxyError::Listen(address, error));
    let first = open(address)?;
    // The others listen where the system has put the first one.
    let address = first.local_addr().map_err(ProxyError::Start)?;
    let others = (1..setup.threads).map(|_| open(address));
    std::iter::once(Ok(first)).chain(others).collect()
}

struct Signals {
    ends: Ends,
    hangup: Signal,
}

/// The signals that end us.
struct Ends {
    terminate: Signal,
    interrupt: Signal,
}

impl Ends {
    async fn come(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            ends: Ends {
                terminate: signal(SignalKind::terminate())?,
                interrupt: signal(SignalKind::interrupt())?,
            },
            hangup: signal(SignalKind::hangup())?,
        })
    }
}

async fn control(
    setup: Setup,
    shared: Arc<Shared>,
    admin: Option<TcpListener>,
    phase: watch::Sender<Phase>,
    mut signals: Signals,
) {
    let own = shared.metrics.last().map(Arc::clone).unwrap_or_default();
    let worker = Rc::new(Worker::new(Arc::clone(&shared), own));
    if let Some(listener) = admin {
        tokio::task::spawn_local(admin::run(Rc::clone(&worker), listener));
    }
    tokio::task::spawn_local(check_health(worker));
    let systemd = Systemd::new(setup.notify.as_deref());
    systemd.say("READY=1\nSTATUS=serving");
    let mut stamp = (setup.stamp)();
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut watchdog = interval(setup.watchdog.map_or(Duration::from_hours(24), |it| {
        Duration::from_micros((it / 2).max(1000))
    }));
    let mut beats = Beats::default();
    loop {
        tokio::select! {
            () = signals.ends.come() => break,
            _ = signals.hangup.recv() => {
                stamp = (setup.stamp)();
                reload(&setup, &shared, &systemd);
                // Signals that came meanwhile, however many, are one.
                sleep(Duration::from_millis(10)).await;
            }
            _ = look.tick() => {
                let now = (setup.stamp)();
                if now != stamp {
                    stamp = now;
                    reload(&setup, &shared, &systemd);
                }
            }
            _ = watchdog.tick() => if setup.watchdog.is_some() && beats.all_alive(&shared) {
                systemd.say("WATCHDOG=1");
            },
        }
    }
    systemd.say("STOPPING=1\nSTATUS=finishing what is under way");
    shared.draining.store(true, Relaxed);
    shared
        .log
        .event("draining", json!({"in_flight": in_flight(&shared)}));
    let _ = phase.send(Phase::Draining);
    let end = Instant::now() + shared.limits.grace;
    // A worker ends when nobody waits for it any more.
    while Instant::now() < end && shared.serving.load(Relaxed) > 0 {
        // A second signal is for those who cannot wait.
        if timeout(Duration::from_millis(20), signals.ends.come())
            .await
            .is_ok()
        {
            break;
        }
    }
    let _ = phase.send(Phase::Cutting);
}

fn in_flight(shared: &Shared) -> u64 {
    shared
        .metrics
        .iter()
        .map(|it| it.in_flight.load(Relaxed))
        .sum()
}

/// Whether every worker still turns.
#[derive(Default)]
struct Beats(Vec<u64>);

impl Beats {
    fn all_alive(&mut self, shared: &Shared) -> bool {
        let workers = shared.metrics.len() - 1;
        let now: Vec<u64> = shared
            .metrics
            .iter()
            .take(workers)
            .map(|it| it.beats.load(Relaxed))
            .collect();
        let alive = self.0.is_empty() || self.0.iter().zip(&now).all(|(before, now)| before != now);
        self.0 = now;
        alive
    }
}

/// Takes another table, or keeps the old one and says why.
fn reload(setup: &Setup, shared: &Shared, systemd: &Systemd) {
    systemd.reloading();
    let before = shared.served();
    let taken = (setup.load)()
        .map_err(ProxyError::Load)
        .and_then(|it| served_of(&it, Some(&before)))
        .and_then(|it| {
            // What is open to the network now would be open without a key.
            if it.keys.is_empty() && !before.keys.is_empty() {
                Err(ProxyError::Load(
                    "the new table has no key where the old one has".to_owned(),
                ))
            } else {
                Ok(it)
            }
        });
    match taken {
        Ok(served) => {
            let routes = served.routes.len();
            shared.swap(served);
            shared.log.event("reloaded", json!({"routes": routes}));
        }
        Err(error) => {
            shared.refused_reloads.fetch_add(1, Relaxed);
            shared.log.event("reload_refused", error.to_string());
        }
    }
    systemd.say("READY=1");
}

/// Asks every deployment in turn how it is, in ways that load no model.
async fn check_health(worker: Rc<Worker>) {
    loop {
        let served = worker.served();
        let every = served.policy.health_interval;
        if every.is_zero() {
            sleep(Duration::from_secs(1)).await;
            continue;
        }
        for deployment in &served.deployments {
            if let Some(well) = is_well(&worker, &served, deployment).await {
                deployment.state.checked(well);
            }
        }
        drop(served);
        // A reload may have set another interval; nobody waits long to see it.
        sleep(every.min(Duration::from_mins(1))).await;
    }
}

async fn is_well(worker: &Worker, served: &Served, deployment: &Deployment) -> Option<bool> {
    let probe = deployment.health.as_ref()?;
    let key = if probe.needs_key {
        &deployment.authorization[..]
    } else {
        &[]
    };
    let mut head = format!(
        "GET {} HTTP/1.1\r\nhost: {}\r\nuser-agent: homelab\r\naccept-encoding: identity\r\nconnection: close\r\n",
        if probe.url.path.is_empty() {
            "/"
        } else {
            &probe.url.path
        },
        probe.url.authority
    )
    .into_bytes();
    head.extend_from_slice(key);
    head.extend_from_slice(b"\r\n");
    let origin: Arc<str> = format!("health {}", probe.url.authority).into();
    let alarm = Alarm::default();
    let patience = Patience::new(&alarm, Instant::now(), Duration::from_secs(5));
    let reply = worker
        .pool
        .exchange(
            &probe.url,
            &origin,
            &[&head],
            served.policy.connect,
            patience,
        )
        .await;
    Some(reply.is_ok_and(|it| it.head.status == probe.status))
}
