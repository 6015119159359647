//! Redis's `redis.conf`, for one that keeps answers of the gateway.

use std::fmt::Write;

use crate::platform::{Bind, Platform, Service};

/// The text for one Redis service. No password stands here: the start command reads it from the environment.
pub(super) fn conf(platform: &Platform, service: &Service) -> String {
    let mut text = String::new();
    let mut line = |words: std::fmt::Arguments<'_>| {
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "{words}");
    };
    if service.container.is_some() || matches!(service.bind, Bind::All) {
        line(format_args!("bind * -::*"));
    } else {
        line(format_args!("bind {}", service.listen_address()));
    }
    // Without a password Redis would refuse everybody but itself; who reaches it is what `bind` and its networks say.
    line(format_args!("protected-mode no"));
    if let Some(port) = service.listen_port() {
        line(format_args!("port {port}"));
    }
    if let Some(folder) = &service.run.state_directory {
        line(format_args!("dir {folder}"));
    }
    let cache = platform.gateway.cache.as_ref();
    if let Some(cache) = cache.filter(|it| it.service == service.id) {
        if let Some(size) = cache.size {
            line(format_args!("maxmemory {size}"));
        }
        // What was not asked for longest goes first, and nothing is worth a write to the disk.
        line(format_args!("maxmemory-policy allkeys-lru"));
        line(format_args!("save \"\""));
        line(format_args!("appendonly no"));
    }
    text
}
