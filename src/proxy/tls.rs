//! TLS: whom we believe, and who we are.

use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use super::Identity;

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
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = protocols();
    Some(Arc::new(config))
}

/// What is spoken over TLS, the better one first.
fn protocols() -> Vec<Vec<u8>> {
    vec![super::http2::ALPN.to_vec(), b"http/1.1".to_vec()]
}

/// How clients are told who we are, or what is wrong with the files; the key is never part of that.
pub(super) fn server_config(identity: &Identity) -> Result<Arc<ServerConfig>, String> {
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(identity.certificate.as_bytes())
            .collect::<Result<_, _>>()
            .map_err(|error| format!("the certificate is no PEM: {error}"))?;
    if chain.is_empty() {
        return Err("there is no certificate in the file of the certificate".to_owned());
    }
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes())
        .map_err(|_| "there is no private key in PEM in the file of the key".to_owned())?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|it| it.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|error| format!("the key is not that of the certificate: {error}"))?;
    config.alpn_protocols = protocols();
    Ok(Arc::new(config))
}
