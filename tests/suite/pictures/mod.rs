//! The pictures: what a reader expects of their geometry holds on any platform, they are valid XML, and the blast radius is what happens.

mod blast;
mod geometry;
mod text;

use homelab::compile::check;
use homelab::diagnostic::Source;
use homelab::emit::picture::Links;
use homelab::platform::Platform;

/// The platform of a text that must be sound.
fn platform(text: &str) -> Platform {
    let source = Source::new("platform.toml", text);
    let checked = check(&source, None);
    let found: Vec<&str> = checked
        .diagnostics
        .iter()
        .map(|it| it.message.as_str())
        .collect();
    checked
        .platform
        .unwrap_or_else(|| panic!("no platform: {found:#?}"))
}

/// Links as a site might have them.
const LINKS: Links<'static> = Links {
    host: &|it| Some(format!("hosts/{}.html", it.name)),
    service: &|it| Some(format!("services/{}.html", it.name)),
    handle: &|it| Some(format!("handles.html#{}", it.name)),
};
