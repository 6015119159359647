//! What a tailnet sees of a service.

use crate::diagnostic::Span;

/// A service that `tailscale serve` publishes by HTTPS under its host's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Serve {
    /// The path it is published under; `/` for all.
    pub path: String,
    /// The port of HTTPS on the tailnet.
    pub https_port: u16,
    /// The name that the certificate is for.
    pub dns: String,
    /// Where this is said.
    pub span: Span,
}

impl Serve {
    /// Where the tailnet reaches it, without a slash at the end.
    pub fn url(&self) -> String {
        let path = self.path.trim_end_matches('/');
        match self.https_port {
            443 => format!("https://{}{path}", self.dns),
            port => format!("https://{}:{port}{path}", self.dns),
        }
    }
}
