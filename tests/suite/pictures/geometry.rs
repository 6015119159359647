//! Nothing overlaps, nothing is crossed, all is inside: on generated platforms of 1 to 30 hosts with up to 300 services.

use std::fmt::Write as _;

use homelab::emit::picture::blast::{self, Down};
use homelab::emit::picture::{self, Layout, Point, Rect};
use homelab::platform::Platform;
use proptest::prelude::*;

use super::{LINKS, platform};

/// Everything that a reader expects of a layout, as a list of what is wrong.
pub(super) fn faults(layout: &Layout) -> Vec<String> {
    let mut faults = Vec::new();
    let frame = Rect::new(0, 0, layout.width, layout.height);
    let inside = |at: usize, of: usize| {
        let mut next = Some(at);
        while let Some(it) = next {
            if it == of {
                return true;
            }
            next = layout.areas[it].within;
        }
        false
    };
    for (at, area) in layout.areas.iter().enumerate() {
        if !frame.contains(&area.rect) {
            faults.push(format!("box {at} is outside the picture"));
        }
        if area
            .within
            .is_some_and(|it| !layout.areas[it].rect.contains(&area.rect))
        {
            faults.push(format!("box {at} sticks out of the one it stands in"));
        }
        for (other, that) in layout.areas.iter().enumerate().skip(at + 1) {
            if area.rect.overlaps(&that.rect) && !inside(at, other) && !inside(other, at) {
                faults.push(format!(
                    "boxes {at} and {other} overlap: {} and {}",
                    area.class, that.class
                ));
            }
        }
    }
    let bounds: Vec<Rect> = layout.labels.iter().map(picture::Label::bounds).collect();
    for (at, label) in layout.labels.iter().enumerate() {
        let room = label.within.map_or(frame, |it| layout.areas[it].rect);
        if !room.contains(&bounds[at]) {
            faults.push(format!("`{}` leaves its box", label.text));
        }
        for (other, that) in bounds.iter().enumerate().skip(at + 1) {
            if bounds[at].overlaps(that) {
                faults.push(format!(
                    "`{}` overlaps `{}`",
                    label.text, layout.labels[other].text
                ));
            }
        }
        for (other, area) in layout.areas.iter().enumerate() {
            let of = label.within;
            if area.rect.overlaps(&bounds[at]) && !of.is_some_and(|of| inside(of, other)) {
                faults.push(format!(
                    "`{}` lies on box {other}, {}",
                    label.text, area.class
                ));
            }
        }
    }
    for (number, arrow) in layout.arrows.iter().enumerate() {
        for line in arrow.points.windows(2) {
            if line[0].x != line[1].x && line[0].y != line[1].y {
                faults.push(format!("arrow {number} is not straight"));
            }
            let span = span(line[0], line[1]);
            if !frame.contains(&span) {
                faults.push(format!("arrow {number} leaves the picture"));
            }
            for (at, area) in layout.areas.iter().enumerate() {
                // The hosts of both ends are left and entered; the boxes themselves are not crossed.
                let passes = at != arrow.from
                    && at != arrow.to
                    && (inside(arrow.from, at) || inside(arrow.to, at));
                if !passes && crosses(&span, &area.rect) {
                    faults.push(format!("arrow {number} crosses box {at}, {}", area.class));
                }
            }
            for (at, text) in bounds.iter().enumerate() {
                if crosses(&span, text) {
                    faults.push(format!(
                        "arrow {number} crosses `{}`",
                        layout.labels[at].text
                    ));
                }
            }
        }
        let (first, last) = (
            arrow.points[0],
            *arrow.points.last().expect("an arrow has ends"),
        );
        if !touches(first, &layout.areas[arrow.from].rect)
            || !touches(last, &layout.areas[arrow.to].rect)
        {
            faults.push(format!("arrow {number} does not meet its boxes"));
        }
    }
    faults.extend(shared_lines(layout));
    faults
}

/// Lines of calls that have neither caller nor callee in common lie beside each other, never on each other.
fn shared_lines(layout: &Layout) -> Vec<String> {
    let mut lines: Vec<(bool, i32, i32, i32, usize)> = Vec::new();
    for (number, arrow) in layout.arrows.iter().enumerate() {
        for line in arrow.points.windows(2) {
            let upright = line[0].x == line[1].x;
            let along = |it: Point| if upright { it.y } else { it.x };
            let place = if upright { line[0].x } else { line[0].y };
            let (one, two) = (along(line[0]), along(line[1]));
            lines.push((upright, place, one.min(two), one.max(two), number));
        }
    }
    lines.sort_unstable();
    let mut faults = Vec::new();
    for (at, one) in lines.iter().enumerate() {
        for two in lines[at + 1..]
            .iter()
            .take_while(|it| (it.0, it.1) == (one.0, one.1) && it.2 < one.3)
        {
            let (this, that) = (&layout.arrows[one.4], &layout.arrows[two.4]);
            if this.from != that.from && this.to != that.to {
                faults.push(format!("arrows {} and {} lie on each other", one.4, two.4));
            }
        }
    }
    faults
}

fn span(one: Point, two: Point) -> Rect {
    Rect::new(
        one.x.min(two.x),
        one.y.min(two.y),
        (one.x - two.x).abs(),
        (one.y - two.y).abs(),
    )
}

/// True when a line runs through a box, more than along its edge.
fn crosses(line: &Rect, area: &Rect) -> bool {
    line.x < area.right()
        && line.right() > area.x
        && line.y < area.bottom()
        && line.bottom() > area.y
}

fn touches(point: Point, area: &Rect) -> bool {
    let frame = Rect::new(area.x, area.y, area.width, area.height);
    let on_side = point.x == frame.x || point.x == frame.right();
    let on_end = point.y == frame.y || point.y == frame.bottom();
    (on_side && (frame.y..=frame.bottom()).contains(&point.y))
        || (on_end && (frame.x..=frame.right()).contains(&point.x))
}

/// A platform as a property test makes it: hosts with services, and who calls whom.
#[derive(Debug, Clone)]
pub(super) struct Lab {
    hosts: Vec<HostPlan>,
    calls: Vec<(usize, usize)>,
    tools: Vec<(usize, bool)>,
    word: String,
}

#[derive(Debug, Clone)]
struct HostPlan {
    services: usize,
    state: &'static str,
    tailnet: bool,
}

pub(super) fn labs() -> impl Strategy<Value = Lab> {
    let state = prop_oneof![4 => Just("live"), 1 => Just("planned"), 1 => Just("template")];
    let host = (
        prop_oneof![8 => 0_usize..=12, 1 => 20_usize..=60],
        state,
        any::<bool>(),
    )
        .prop_map(|(services, state, tailnet)| HostPlan {
            services,
            state,
            tailnet,
        });
    let hosts = prop::collection::vec(host, 1..=30);
    let calls = prop::collection::vec((0_usize..300, 0_usize..300), 0..200);
    // MCP servers, each started on a host or offered by a service.
    let tools = prop::collection::vec((0_usize..300, any::<bool>()), 0..12);
    // Letters of many scripts, markup, and what no reader can see.
    let word = prop::string::string_regex(
        "([a-zA-Z<>&\"' ]|\u{4e00}|\u{0416}|\u{1f600}|\u{0301}|\u{05d0}|W){0,40}",
    )
    .expect("a regular expression");
    (hosts, calls, tools, word).prop_map(|(hosts, calls, tools, word)| Lab {
        hosts,
        calls,
        tools,
        word,
    })
}

impl Lab {
    /// The text of it: every service listens on all interfaces, so that anybody may call it.
    pub(super) fn text(&self) -> String {
        let mut text = String::from(
            "version = 1\nname = \"lab\"\n[policy]\ngateway = \"gateway\"\nprefer = [\"lan\"]\n[networks.lan]\nkind = \"lan\"\n[networks.tail]\nkind = \"tailnet\"\n",
        );
        let title = serde_json::to_string(&self.word).expect("text is JSON");
        let mut live: Vec<String> = Vec::new();
        let mut services = String::new();
        for (at, host) in self.hosts.iter().enumerate() {
            let tail = if host.tailnet {
                format!(", tail = \"100.64.0.{}\"", at + 1)
            } else {
                String::new()
            };
            let state = if at == 0 { "live" } else { host.state };
            let _ = write!(
                text,
                "[hosts.h{at:02}]\nos = \"linux\"\nuser = \"me\"\nstate = \"{state}\"\naddresses = {{ lan = \"192.0.2.{}\"{tail} }}\n",
                at + 1
            );
            if at % 3 == 0 && !self.word.trim().is_empty() {
                let _ = writeln!(text, "title = {title}");
            }
            for seat in 0..host.services {
                let name = format!("s{at:02}-{seat:02}");
                let layer =
                    ["interface", "inference", "tools", "data", "observability"][(at + seat) % 5];
                let state = [
                    "live",
                    "live",
                    "live",
                    "disabled",
                    "planned",
                    "experimental",
                ][(at * 7 + seat) % 6];
                let _ = write!(
                    services,
                    "[services.{name}]\nkind = \"generic\"\nlayer = \"{layer}\"\nhost = \"h{at:02}\"\nport = {}\nbind = \"all\"\nstate = \"{state}\"\nrun.command = [\"/usr/bin/{name}\"]\n",
                    7000 + seat
                );
                if seat % 4 == 1 && !self.word.trim().is_empty() {
                    let _ = writeln!(services, "title = {title}");
                }
                if state != "planned" {
                    live.push(name);
                }
            }
        }
        text.push_str(
            "[services.gateway]\nkind = \"litellm\"\nhost = \"h00\"\nport = 4000\nbind = \"all\"\n",
        );
        text.push_str(&services);
        self.write_calls(&mut text, &live);
        self.write_tools(&mut text, &live);
        text
    }

    /// MCP servers, every second one offered by the gateway.
    fn write_tools(&self, text: &mut String, live: &[String]) {
        for (at, (place, started)) in self.tools.iter().enumerate() {
            let state = ["live", "live", "planned", "possible", "disabled", "retired"][at % 6];
            let through = at % 2 == 0;
            let _ = write!(
                text,
                "[mcp.tool_{at}]\npurpose = \"a tool\"\nstate = \"{state}\"\nthrough_gateway = {through}\n"
            );
            if *started || live.is_empty() {
                let host = place % self.hosts.len();
                let _ = write!(
                    text,
                    "transport = \"stdio\"\nhost = \"h{host:02}\"\ncommand = [\"/usr/bin/tool\"]\nenv = {{ GATEWAY = {{ url = \"gateway\" }} }}\n"
                );
            } else {
                let service = &live[place % live.len()];
                let _ = write!(text, "transport = \"http\"\nservice = \"{service}\"\n");
            }
            let _ = write!(text, "[mcp.tool_{at}.tools.do]\npurpose = \"something\"\n");
        }
    }

    /// Who calls whom, among those that are installed; half of the calls are to the gateway.
    fn write_calls(&self, text: &mut String, live: &[String]) {
        let mut calls = std::collections::BTreeMap::<&str, std::collections::BTreeSet<&str>>::new();
        if live.is_empty() {
            return;
        }
        for (from, to) in &self.calls {
            let from = live[from % live.len()].as_str();
            let to = if to % 2 == 0 {
                "gateway"
            } else {
                live[to % live.len()].as_str()
            };
            if from != to {
                calls.entry(from).or_default().insert(to);
            }
        }
        for (from, to) in calls {
            let header = format!("[services.{from}]\n");
            let list: Vec<String> = to.iter().map(|it| format!("\"{it}\"")).collect();
            let written = format!("{header}calls = [{}]\n", list.join(", "));
            *text = text.replacen(&header, &written, 1);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_picture_is_clean_on_any_platform(lab in labs()) {
        let platform = platform(&lab.text());
        let layout = picture::topology_layout(&platform, &LINKS);
        prop_assert_eq!(faults(&layout), Vec::<String>::new());
        let svg = picture::topology(&platform, &LINKS);
        prop_assert_eq!(&svg, &picture::topology(&platform, &LINKS));
        super::text::check(&svg);
        small_pictures(&platform);
    }
}

/// Holds all pictures of single things to the same.
fn small_pictures(platform: &Platform) {
    let blast = blast::of(platform);
    for host in &platform.hosts {
        let former = [(7003, "once"), (65535, "another")];
        clean(&picture::port_map_layout(
            platform, host.id, &LINKS, &former,
        ));
        super::text::check(&picture::port_map(platform, host.id, &LINKS, &former));
        clean(&blast::layout(
            platform,
            Down::Host(host.id),
            &blast.host(host.id),
            &LINKS,
        ));
    }
    for service in &platform.services {
        let impact = blast.service(service.id);
        clean(&blast::layout(
            platform,
            Down::Service(service.id),
            &impact,
            &LINKS,
        ));
        super::text::check(&blast::picture(
            platform,
            Down::Service(service.id),
            &impact,
            &LINKS,
        ));
    }
    for handle in &platform.handles {
        clean(&picture::request_path_layout(platform, handle.id, &LINKS));
        super::text::check(&picture::request_path(platform, handle.id, &LINKS));
    }
}

fn clean(layout: &Layout) {
    assert_eq!(faults(layout), Vec::<String>::new(), "{}", layout.title);
}

#[test]
fn the_repos_pictures_are_clean() {
    let platform = platform(include_str!("../../../platform.toml"));
    clean(&picture::topology_layout(&platform, &LINKS));
    small_pictures(&platform);
}

#[test]
fn the_pictures_of_the_lab_are_clean() {
    let platform = platform(super::LAB);
    clean(&picture::topology_layout(&platform, &LINKS));
    small_pictures(&platform);
}

#[test]
fn a_range_of_very_many_ports_is_not_drawn_port_by_port() {
    let text = super::LAB.replace("8100-8119", "8000-65535");
    let platform = platform(&text);
    let host = platform.hosts.find("two").expect("it is there").id;
    let layout = picture::port_map_layout(&platform, host, &LINKS, &[]);
    clean(&layout);
    assert!(layout.areas.len() < 20, "{}", layout.areas.len());
}

/// So many hosts with so many services each, and calls all over.
fn large(hosts: usize, services: usize) -> Platform {
    let plan = HostPlan {
        services,
        state: "live",
        tailnet: false,
    };
    let lab = Lab {
        hosts: vec![plan; hosts],
        calls: (0..600).map(|it| (it * 7, it * 13)).collect(),
        tools: vec![(0, true), (1, false)],
        word: "Ж".to_owned(),
    };
    platform(&lab.text())
}

#[test]
fn a_large_platform_shows_layers_and_a_very_large_one_hosts() {
    for (hosts, services, most) in [(40, 16, 6), (80, 9, 1)] {
        let platform = large(hosts, services);
        let layout = picture::topology_layout(&platform, &LINKS);
        clean(&layout);
        let boxes = layout
            .areas
            .iter()
            .filter(|it| it.class.starts_with("pic-service"));
        let boxes = boxes.count();
        assert!(
            (hosts..=hosts * most).contains(&boxes),
            "{boxes} boxes for {hosts} hosts"
        );
    }
}
