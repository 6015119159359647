//! The running proxy, seen from both sides: a raw client before it, a scripted server behind it.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on says where it stands"
)]

mod admin;
mod client;
mod clients;
mod compared;
mod compiled;
mod core;
mod http2;
mod http2_client;
mod http2_server;
mod http2_upstream;
mod lab;
mod load;
mod operation;
mod p001_framing;
mod p012_heads;
mod p022_floods;
mod p031_bodies;
mod p052_keys;
mod p065_streams;
mod p087_clients;
mod p101_retries;
mod p121_upstreams;
mod p149_operation;
mod properties;
mod soak;
mod supervised;
mod tls;
mod upstream;
