//! The route table: all that a running proxy must know of the platform.
//!
//! The compiler writes it, the proxy reads it, and it is the only thing the two share. It is plain data in JSON: names of variables where keys are, never a key. Nothing here opens a file or a socket.

mod table;

pub use table::{
    Api, Deployment, Endpoint, Health, Key, Listen, Mode, Optimised, Policy, Route, SearchTool,
    Strategy, Table, TableError, Tls, VERSION,
};
