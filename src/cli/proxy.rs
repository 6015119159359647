//! `homelab proxy`: serves the models of a platform from its route table.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::time::Duration;

use super::End;
use super::arguments::Proxy;
use super::terminal;
use crate::proxy::{self, Limits, Setup, Sources};

/// Serves until a signal comes, or says what stands in the way.
pub(super) fn run(arguments: &Proxy) -> End {
    if arguments.check {
        return check(arguments);
    }
    open_more_files();
    match proxy::run(setup(arguments)) {
        Ok(()) => End::Well,
        Err(error) => {
            terminal::complain(&error.to_string(), None);
            End::Failed
        }
    }
}

/// Each request needs two descriptors, and what a shell allows is meant for programs that wait with `select`.
fn open_more_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // Where the system allows no more it is as it was.
    let _ = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: maximum,
            maximum,
        },
    );
}

fn check(arguments: &Proxy) -> End {
    let sources = match load(&arguments.table, arguments.keys.as_deref()) {
        Ok(sources) => sources,
        Err(error) => {
            terminal::complain(&error, None);
            return End::Failed;
        }
    };
    match proxy::check(&sources) {
        Ok(table) => {
            terminal::say(&format!(
                "{}: {} names can be served\n",
                arguments.table.display(),
                table.routes.len()
            ));
            End::Well
        }
        Err(error) => {
            terminal::complain(&error.to_string(), None);
            End::Found
        }
    }
}

fn setup(arguments: &Proxy) -> Setup {
    let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let (table, keys) = (arguments.table.clone(), arguments.keys.clone());
    let stamped = (table.clone(), keys.clone());
    let variable = |name: &str| std::env::var(name).ok().filter(|it| !it.is_empty());
    let mut opened = listenfd::ListenFd::from_env();
    let listeners = (0..opened.len())
        .filter_map(|at| opened.take_tcp_listener(at).ok().flatten())
        .collect();
    Setup {
        load: Box::new(move || load(&table, keys.as_deref())),
        stamp: Box::new(move || stamp(&stamped.0, stamped.1.as_deref())),
        listen: arguments.listen,
        listeners,
        admin: arguments.admin,
        threads: arguments.threads.map_or_else(cores, usize::from),
        limits: Limits {
            body: arguments.max_body,
            buffered: arguments.max_buffered,
            connections: arguments.max_connections,
            head: arguments.head_timeout,
            body_start: arguments.body_timeout,
            write: arguments.write_timeout,
            keep_alive: arguments.keep_alive,
            ping: arguments.ping,
            grace: Duration::from_secs(arguments.grace),
        },
        log: if arguments.quiet {
            Box::new(std::io::sink())
        } else {
            Box::new(std::io::stdout())
        },
        notify: variable("NOTIFY_SOCKET"),
        // It may be meant for the process that started us.
        watchdog: variable("WATCHDOG_USEC")
            .filter(|_| {
                variable("WATCHDOG_PID").is_none_or(|it| it == std::process::id().to_string())
            })
            .and_then(|it| it.parse().ok())
            .filter(|it| *it > 0),
    }
}

fn load(table: &Path, keys: Option<&Path>) -> Result<Sources, String> {
    let read = |path: &Path| {
        fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
    };
    Ok(Sources {
        table: read(table)?,
        keys: keys.map(read).transpose()?,
        // A variable that is no text cannot be a key.
        environment: std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect(),
    })
}

/// A value that differs when one of the files was written or replaced.
fn stamp(table: &Path, keys: Option<&Path>) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let mut hasher = DefaultHasher::new();
    for path in std::iter::once(table).chain(keys) {
        let seen = fs::metadata(path)
            .ok()
            .map(|it| (it.dev(), it.ino(), it.len(), it.mtime(), it.mtime_nsec()));
        seen.hash(&mut hasher);
    }
    hasher.finish()
}
