//! What stops a platform from being built: mistakes that only the whole file shows.

use crate::diagnostic::{Diagnostic, Rule, Severity, Span};
use crate::platform::Service;

/// A rule with the examples of its two sides.
macro_rules! rule {
    ($(#[$doc:meta])* $ident:ident, $name:literal, $summary:literal, $why:literal, $file:literal) => {
        $(#[$doc])*
        pub(super) static $ident: Rule = Rule {
            name: $name,
            severity: Severity::Error,
            summary: $summary,
            why: $why,
            bad: include_str!(concat!("examples/", $file, ".bad.toml")),
            good: include_str!(concat!("examples/", $file, ".good.toml")),
        };
    };
}

/// Every rule of this step.
pub static RULES: &[&Rule] = &[
    &UNKNOWN_NAME,
    &DUPLICATE_PORT,
    &DUPLICATE_UNIT,
    &PORT_OUTSIDE_RANGES,
    &MISSING_PORT,
    &DUPLICATE_ADDRESS,
    &NAMES_DIFFER_IN_CASE,
    &CONFLICTING_FIELDS,
    &UNREACHABLE_SERVICE,
    &WRONG_KIND,
    &ROUTE_LOOP,
    &FALLBACK_LOOP,
    &DEAD_FALLBACK,
    &VARIABLE_CLASH,
    &UNPROVIDED_VARIABLE,
    &FORBIDDEN_VARIABLE,
    &STRIPPED_NAME,
    &CONSUMER_SYNTAX,
    &GATEWAY_SETTING,
];

rule!(
    /// A name is used that nothing has.
    UNKNOWN_NAME, "unknown-name", "a name is used that nothing has",
    "Every reference is followed when the platform is built; one that leads nowhere would reach the running programs as a wrong address.",
    "unknown-name"
);
rule!(
    /// Two services claim one port.
    DUPLICATE_PORT, "duplicate-port", "two services on one host claim the same port",
    "The second one to start cannot bind, and which is second may change at every boot. A service on all interfaces also holds the port on each address.",
    "duplicate-port"
);
rule!(
    /// Two services are started by one name.
    DUPLICATE_UNIT, "duplicate-unit", "two services of a host have the same unit or label",
    "The files of one would overwrite those of the other, and only one of them would be started.",
    "duplicate-unit"
);
rule!(
    /// A model's port is not one of its service's.
    PORT_OUTSIDE_RANGES, "port-outside-ranges", "a model has a port that its service does not declare",
    "The ports of a service are what owners, firewalls and other services know of it; a model on another port is a server that nobody knows.",
    "port-outside-ranges"
);
rule!(
    /// Something is called that has no port.
    MISSING_PORT, "missing-port", "a service is called and has no port",
    "Its URL cannot be worked out.",
    "missing-port"
);
rule!(
    /// Two hosts have one address.
    DUPLICATE_ADDRESS, "duplicate-address", "two hosts have the same address on one network",
    "Requests for one of them would reach the other.",
    "duplicate-address"
);
rule!(
    /// Two names differ only in case.
    NAMES_DIFFER_IN_CASE, "names-differ-in-case", "two names differ only in upper and lower case",
    "Files and variables are made from names, and macOS and environments do not tell such names apart.",
    "names-differ-in-case"
);
rule!(
    /// Fields that exclude each other.
    CONFLICTING_FIELDS, "conflicting-fields", "fields are set together that exclude each other, or none of a choice is set",
    "The file would say two things, or nothing, where exactly one is needed.",
    "conflicting-fields"
);
rule!(
    /// A call cannot reach its callee.
    UNREACHABLE_SERVICE, "unreachable-service", "a service calls another that it cannot reach",
    "The callee listens where the caller's requests never arrive, so every call would fail.",
    "unreachable-service"
);
rule!(
    /// A service of the wrong kind for its part.
    WRONG_KIND, "wrong-kind", "a service has a part that its kind cannot play",
    "A gateway routes handles, an optimiser calls the gateway back, a search tool searches: another program in its place would start and fail at the first request.",
    "wrong-kind"
);
rule!(
    /// A request that comes back to where it was.
    ROUTE_LOOP, "route-loop", "a request would go round in a circle",
    "Each round is a new request: a single prompt would keep every server on the way busy until something times out.",
    "route-loop"
);
rule!(
    /// Fallbacks that lead back to their start.
    FALLBACK_LOOP, "fallback-loop", "the fallbacks of a handle lead back to it",
    "When all of them fail, the gateway would try the same models again and again.",
    "fallback-loop"
);
rule!(
    /// A fallback that cannot answer.
    DEAD_FALLBACK, "dead-fallback", "a fallback cannot answer in the place of its handle",
    "A fallback to a model that is not live, or that does another thing, fails exactly when it is needed, and LiteLLM does not warn.",
    "dead-fallback"
);
rule!(
    /// Two names make one variable.
    VARIABLE_CLASH, "variable-clash", "two names make the same environment variable",
    "The address of one would be used for the other.",
    "variable-clash"
);
rule!(
    /// A variable that nobody provides.
    UNPROVIDED_VARIABLE, "unprovided-variable", "a variable is read that the environment does not have",
    "The program would start with an empty value; LiteLLM for one then sends prompts to a public service.",
    "unprovided-variable"
);
rule!(
    /// A variable that must not be there.
    FORBIDDEN_VARIABLE, "forbidden-variable", "a variable is set that changes what the program is",
    "Some programs take a variable as an order to be something else, or to leave the gateway.",
    "forbidden-variable"
);
rule!(
    /// A name that the optimiser cuts.
    STRIPPED_NAME, "stripped-name", "the optimiser would cut off the beginning of a model name",
    "OptiLLM strips every leading word that is one of its techniques or plugins, so the rest would come back to the gateway under a name that means something else.",
    "stripped-name"
);
rule!(
    /// The syntax of one consumer.
    CONSUMER_SYNTAX, "consumer-syntax", "a value is written in the syntax of one consumer",
    "LiteLLM would read the environment there, and every other program would read the letters. `{ env = \"NAME\" }` means the same to all.",
    "consumer-syntax"
);
rule!(
    /// A setting that LiteLLM would not take.
    GATEWAY_SETTING, "gateway-setting", "a passed-through setting would not do what it says",
    "LiteLLM ignores most settings it does not know without a word, and refuses to start for some that stand in the wrong section.",
    "gateway-setting"
);

/// The finding for a call, at `span`, of a service that has no port.
pub(super) fn portless(service: &Service, span: Span) -> Diagnostic {
    if service.kind.one_model_per_port {
        let message = format!("`{}` is called and has no port of its own", service.name);
        return Diagnostic::new(&MISSING_PORT, message)
            .primary(span, "called here")
            .secondary(service.span, "each of its models has one")
            .help("call the gateway, and ask it for a handle");
    }
    let message = format!("`{}` is called and has no port", service.name);
    Diagnostic::new(&MISSING_PORT, message)
        .primary(service.span, "has no port")
        .secondary(span, "called here")
        .help("give it a `port`")
}
