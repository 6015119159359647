//! TLS: whom we believe, and who we are.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

/// How servers are believed: by the certificates that the machine trusts. Nothing when it trusts none.
pub(super) fn client_config() -> Option<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return None;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .ok()?;
    Some(Arc::new(
        config.with_root_certificates(roots).with_no_client_auth(),
    ))
}
