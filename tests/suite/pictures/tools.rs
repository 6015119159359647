//! MCP servers in the topology: in which host each stands, and what its arrows join.

use homelab::emit::picture::{self, Layout};

use super::{LAB, LINKS, platform};

/// The box of a service or MCP server, by what it begins to say.
fn place(layout: &Layout, says: &str) -> usize {
    let found = layout.areas.iter().position(|it| it.says.starts_with(says));
    found.unwrap_or_else(|| panic!("no box says {says}"))
}

/// The title of the host that a box stands in.
fn host(layout: &Layout, at: usize) -> &str {
    let within = layout.areas[at].within.expect("in a host");
    &layout.areas[within].says
}

/// The boxes that a box calls, and those that call it, by the first word of what they say.
fn calls(layout: &Layout, at: usize) -> (Vec<&str>, Vec<&str>) {
    let name = |at: usize| {
        layout.areas[at]
            .says
            .split(['(', ','])
            .next()
            .expect("a name")
            .trim()
    };
    let arrows = layout.arrows.iter();
    let out = arrows
        .clone()
        .filter(|it| it.from == at)
        .map(|it| name(it.to));
    let into = arrows.filter(|it| it.to == at).map(|it| name(it.from));
    (out.collect(), into.collect())
}

#[test]
fn mcp_servers_stand_where_they_run_and_are_joined_to_those_that_use_them() {
    let text = format!(
        "{LAB}
[mcp.offered]
purpose = \"what the store knows\"
transport = \"http\"
service = \"store\"
[mcp.started]
purpose = \"what the gateway starts\"
transport = \"stdio\"
command = [\"/usr/bin/tool\"]
through_gateway = true
[mcp.started.env]
READER = {{ url = \"reader\" }}
[mcp.apart]
purpose = \"what stands on its own\"
transport = \"stdio\"
host = \"two\"
command = [\"/usr/bin/tool\"]
[mcp.thought]
purpose = \"what may come\"
transport = \"stdio\"
state = \"possible\"
"
    );
    let platform = platform(&text);
    let layout = picture::topology_layout(&platform, &LINKS);
    let offered = place(&layout, "MCP server offered");
    assert_eq!(host(&layout, offered).split(',').next(), Some("Host two"));
    assert_eq!(calls(&layout, offered), (vec!["store"], vec!["chat"]));
    let started = place(&layout, "MCP server started");
    assert_eq!(host(&layout, started).split(',').next(), Some("Host one"));
    assert_eq!(calls(&layout, started), (vec!["reader"], vec!["gateway"]));
    let apart = place(&layout, "MCP server apart");
    assert_eq!(host(&layout, apart).split(',').next(), Some("Host two"));
    assert_eq!(calls(&layout, apart), (vec![], vec![]));
    let thought = place(&layout, "MCP server thought");
    assert!(layout.areas[thought].class.contains("state-possible"));
    for at in [offered, started, apart, thought] {
        let area = &layout.areas[at];
        let name = area.says.split([' ', ',']).nth(2).expect("a name");
        assert_eq!(area.href, Some(format!("mcp.html#{name}")));
    }
    assert!(layout.labels.iter().any(|it| it.text == "MCP server"));
}
