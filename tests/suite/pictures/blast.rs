//! What stops working when something is down.

use homelab::emit::picture::blast::{self, Extent, Impact};
use homelab::platform::Platform;

use super::{LAB, platform};

/// An impact in words: what stops, what is impaired.
fn words(platform: &Platform, impact: &Impact) -> (Vec<String>, Vec<String>) {
    let services = impact
        .services
        .iter()
        .map(|(id, extent)| (format!("service {}", platform[*id].name), *extent));
    let handles = impact
        .handles
        .iter()
        .map(|(id, extent)| (format!("handle {}", platform[*id].name), *extent));
    let (stops, impaired): (Vec<_>, Vec<_>) = services
        .chain(handles)
        .partition(|(_, extent)| *extent == Extent::Wholly);
    let names = |list: Vec<(String, Extent)>| list.into_iter().map(|it| it.0).collect();
    (names(stops), names(impaired))
}

fn check(service: &str, stops: &[&str], impaired: &[&str]) {
    let platform = platform(LAB);
    let blast = blast::of(&platform);
    let impact = match platform.services.find(service) {
        Some(it) => blast.service(it.id),
        None => blast.host(
            platform
                .hosts
                .find(service)
                .expect("a service or a host")
                .id,
        ),
    };
    let found = words(&platform, &impact);
    let expected = (
        stops.iter().map(ToString::to_string).collect(),
        impaired.iter().map(ToString::to_string).collect(),
    );
    assert_eq!(found, expected, "{service}");
}

#[test]
fn without_the_gateway_no_handle_answers() {
    check(
        "gateway",
        &[
            "service chat",
            "service optimiser",
            "handle big",
            "handle both",
            "handle safe",
            "handle small",
        ],
        &["service reader", "service writer"],
    );
}

#[test]
fn a_handle_with_another_route_or_a_fallback_is_impaired_only() {
    check(
        "mlx",
        &["handle big"],
        &["service gateway", "handle both", "handle safe"],
    );
}

#[test]
fn a_handle_through_the_optimiser_needs_it() {
    check(
        "optimiser",
        &["handle big"],
        &["service gateway", "handle safe"],
    );
}

#[test]
fn a_loss_goes_up_the_calls() {
    check("store", &[], &["service reader", "service writer"]);
}

#[test]
fn a_caller_of_nothing_else_stops_too() {
    check("reader", &["service writer"], &[]);
}

#[test]
fn nobody_misses_a_client() {
    check("chat", &[], &[]);
}

#[test]
fn a_host_takes_all_its_services_with_it() {
    check(
        "two",
        &["handle big"],
        &[
            "service gateway",
            "service reader",
            "service writer",
            "handle both",
            "handle safe",
        ],
    );
}
