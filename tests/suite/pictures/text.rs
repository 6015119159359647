//! The text of a picture: XML that a parser reads, with nothing in it that a strict Content-Security-Policy refuses.

use std::collections::BTreeSet;

use homelab::emit::picture;

use super::{LINKS, platform};

/// Holds a picture to what a page with a strict policy takes.
pub(super) fn check(svg: &str) {
    let document = roxmltree::Document::parse(svg).unwrap_or_else(|error| panic!("{error}: {svg}"));
    let mut ids = BTreeSet::new();
    let known = [
        "svg", "desc", "title", "g", "a", "rect", "text", "path", "use",
    ];
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        let name = node.tag_name().name();
        assert!(known.contains(&name), "<{name}> has no place in a picture");
        for attribute in node.attributes() {
            let it = attribute.name();
            assert!(it != "style" && !it.starts_with("on"), "{it} on <{name}>");
            if it == "id" {
                assert!(
                    ids.insert(attribute.value().to_owned()),
                    "id {} twice",
                    attribute.value()
                );
            }
        }
    }
    for node in document
        .descendants()
        .filter(|it| it.has_tag_name((node_space(), "use")))
    {
        let target = node.attribute("href").and_then(|it| it.strip_prefix('#'));
        assert!(
            target.is_some_and(|it| ids.contains(it)),
            "{target:?} is nowhere"
        );
    }
}

fn node_space() -> &'static str {
    "http://www.w3.org/2000/svg"
}

#[test]
fn the_repos_topology_is_plain_xml_and_its_boxes_are_links() {
    let platform = platform(include_str!("../../../platform.toml"));
    let svg = picture::topology(&platform, &LINKS);
    check(&svg);
    for service in &platform.services {
        assert!(
            svg.contains(&format!("href=\"services/{}.html\"", service.name)),
            "{}",
            service.name
        );
    }
    for host in &platform.hosts {
        assert!(
            svg.contains(&format!("href=\"hosts/{}.html\"", host.name)),
            "{}",
            host.name
        );
    }
}

#[test]
fn a_picture_stands_alone_with_its_styles() {
    let platform = platform(include_str!("../../../platform.toml"));
    let file = picture::standalone(&picture::topology(&platform, &LINKS));
    let document = roxmltree::Document::parse(&file).expect("XML");
    let style = document
        .descendants()
        .find(|it| it.has_tag_name((node_space(), "style")));
    assert_eq!(style.and_then(|it| it.text()), Some(picture::STYLES));
}
