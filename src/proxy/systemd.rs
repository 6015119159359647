//! What systemd is told about us.

use std::os::unix::net::UnixDatagram;

/// The way to systemd, when it has started us.
pub(super) struct Systemd {
    socket: Option<UnixDatagram>,
}

impl Systemd {
    /// The way through the socket of this name; `@` stands for the abstract ones.
    pub(super) fn new(name: Option<&str>) -> Self {
        Self {
            socket: name.and_then(|it| connect(it).ok()),
        }
    }

    /// Says something; nobody answers.
    pub(super) fn say(&self, text: &str) {
        if let Some(socket) = &self.socket {
            let _ = socket.send(text.as_bytes());
        }
    }

    /// Says that a reload has begun; systemd wants the time with it.
    pub(super) fn reloading(&self) {
        if self.socket.is_none() {
            return;
        }
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        self.say(&format!(
            "RELOADING=1\nMONOTONIC_USEC={}",
            now.tv_sec * 1_000_000 + now.tv_nsec / 1000
        ));
    }
}

fn connect(name: &str) -> std::io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    match name.strip_prefix('@') {
        #[cfg(target_os = "linux")]
        Some(name) => {
            use std::os::linux::net::SocketAddrExt;
            socket.connect_addr(&std::os::unix::net::SocketAddr::from_abstract_name(name)?)?;
        }
        _ => socket.connect(name)?,
    }
    Ok(socket)
}
