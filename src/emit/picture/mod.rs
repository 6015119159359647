//! Pictures of the platform, drawn here as SVG: no server, browser or font is needed to make one.
//!
//! Each picture is first a [`Layout`] (boxes, labels, arrows), which tests can hold to what a reader expects, and then text. What is drawn carries classes and no styles, so that it may stand in a page with a strict Content-Security-Policy; [`STYLES`] colours it for light and dark, and [`standalone`] puts the styles into a picture that is a file of its own.
//!
//! What is not here: the pages that the pictures stand in, and the disk.

pub mod blast;
mod card;
mod layout;
mod measure;
mod port_map;
mod request_path;
mod svg;
mod topology;
mod words;

pub use layout::{Area, Arrow, Label, Layout, Point, Rect};
pub use port_map::{layout as port_map_layout, port_map};
pub use request_path::{layout as request_path_layout, request_path};
pub use topology::{layout as topology_layout, topology};

use crate::platform::{Handle, Host, McpServer, Service};

/// The style sheet of the pictures: colours by class, for light and dark.
pub const STYLES: &str = include_str!("picture.css");

/// Where boxes lead; nothing for one that leads nowhere.
#[derive(Clone, Copy)]
pub struct Links<'a> {
    /// The page of a host.
    pub host: &'a dyn Fn(&Host) -> Option<String>,
    /// The page of a service.
    pub service: &'a dyn Fn(&Service) -> Option<String>,
    /// The page of a handle.
    pub handle: &'a dyn Fn(&Handle) -> Option<String>,
    /// Where an MCP server is described.
    pub mcp: &'a dyn Fn(&McpServer) -> Option<String>,
}

impl Links<'_> {
    /// Boxes that lead nowhere.
    pub const NONE: Links<'static> = Links {
        host: &|_| None,
        service: &|_| None,
        handle: &|_| None,
        mcp: &|_| None,
    };
}

/// Returns a picture as a file of its own: with its styles inside.
pub fn standalone(picture: &str) -> String {
    match picture.split_once('>') {
        Some((start, rest)) => format!("{start}><style>{STYLES}</style>{rest}"),
        None => picture.to_owned(),
    }
}
