//! `homelab status` against scripted hosts: what is well is told to be well, and each way of being something else is found.

mod agreement;
mod files;
mod found;
mod serve;
mod watch;
pub(crate) mod world;
