//! What stops when something is down, for the pages of hosts and services.

use super::markdown::Writer;
use super::{to_handle, to_mcp, to_service};
use crate::emit::picture::blast::{Extent, Impact};
use crate::platform::Platform;

/// More rows than this are counted.
const MOST: usize = 40;

/// Writes the section, on a page `up` folders down.
pub(super) fn section(page: &mut Writer, platform: &Platform, up: &str, impact: &Impact) {
    page.section("If it is down");
    let handles = impact.handles.iter();
    let handles = handles.map(|(id, extent)| ("handle", to_handle(up, &platform[*id]), *extent));
    let services = impact.services.iter();
    let services =
        services.map(|(id, extent)| ("service", to_service(up, &platform[*id]), *extent));
    let servers = impact.mcp.iter();
    let servers = servers.map(|(id, extent)| ("MCP server", to_mcp(up, &platform[*id]), *extent));
    let mut lost: Vec<_> = handles.chain(services).chain(servers).collect();
    // What stops first; within that the order stays: handles are what clients notice.
    lost.sort_by_key(|it| std::cmp::Reverse(it.2));
    let more = lost.len().saturating_sub(MOST);
    let rows: Vec<_> = lost
        .into_iter()
        .take(MOST)
        .map(|(what, which, extent)| {
            let extent = match extent {
                Extent::Wholly => "stops",
                Extent::Partly => "works in part",
            };
            [which, what.into(), extent.into()]
        })
        .collect();
    page.table(["Which", "What", "Then"], &rows, "Nothing else stops.");
    if more > 0 {
        page.paragraph(format!("And {more} more."));
    }
}
