//! What the file says of the version that a service runs in: `program_version`, a pin of its own package, the tag of its image.

use crate::backend::Window;
use crate::platform::Service;

/// A word of the file about a version, and where it stands.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Promised<'a> {
    /// The field.
    pub(super) field: &'static str,
    /// What it says, as it is written.
    pub(super) text: &'a str,
    /// The versions in it.
    versions: &'a str,
}

/// Everything that can be held against what a service says it is. A pin of another package is known inside its machine alone, and a tag without numbers says nothing.
pub(super) fn promised(service: &Service) -> Vec<Promised<'_>> {
    let version = service.program_version.as_deref();
    let mut all: Vec<Promised> = version
        .map(|text| Promised {
            field: "program_version",
            text,
            versions: text,
        })
        .into_iter()
        .collect();
    let pins = service.pins.iter();
    all.extend(pins.filter_map(|pin| {
        let versions = of_package(pin, service.kind.name)?;
        Window::read(versions)?;
        Some(Promised {
            field: "pins",
            text: pin,
            versions,
        })
    }));
    let image = service
        .container
        .as_ref()
        .and_then(|it| it.image.as_deref());
    all.extend(image.and_then(|image| {
        let known = service.kind.container?.image;
        let tag = image.strip_prefix(known)?.strip_prefix(':')?;
        let tag = tag.split('@').next().unwrap_or(tag);
        let is_version = release(tag).contains('.');
        is_version.then_some(Promised {
            field: "container.image",
            text: image,
            versions: tag,
        })
    }));
    all
}

impl Promised<'_> {
    /// True when a program that says it is this version is what was promised.
    pub(super) fn holds(&self, running: &str) -> bool {
        let is = release(running);
        if self.field == "container.image" {
            // A tag such as `16.4` is every 16.4.x.
            let mut parts = is.split('.');
            return release(self.versions)
                .split('.')
                .all(|it| parts.next() == Some(it));
        }
        match Window::read(self.versions).and_then(|window| window.allows(is)) {
            Some(allowed) => allowed,
            // What is no row of numbers is a name, which must be the same.
            None => running.trim_start_matches('v') == self.versions.trim_start_matches(['=', 'v']),
        }
    }
}

/// The versions that a pin allows of a package; nothing when it is about another.
fn of_package<'a>(pin: &'a str, package: &str) -> Option<&'a str> {
    let is_name = |it: char| it.is_ascii_alphanumeric() || "-_.".contains(it);
    let end = pin.find(|it| !is_name(it))?;
    let (name, rest) = pin.split_at(end);
    let same = name.to_ascii_lowercase().replace(['_', '.'], "-") == package;
    let rest = rest.trim_start();
    let versions = match rest.strip_prefix('[') {
        Some(extras) => extras.split_once(']')?.1,
        None => rest,
    };
    (same && !versions.is_empty()).then_some(versions)
}

/// The numbers at the front of a version: `2025.11.1+git.4` is the release 2025.11.1.
fn release(version: &str) -> &str {
    let version = version.trim_start_matches('v');
    let end = version.find(|it: char| !it.is_ascii_digit() && it != '.');
    version[..end.unwrap_or(version.len())].trim_end_matches('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_about_its_own_package() {
        assert_eq!(of_package("litellm<1.90", "litellm"), Some("<1.90"));
        assert_eq!(
            of_package("LiteLLM[proxy] ==1.2", "litellm"),
            Some(" ==1.2")
        );
        assert_eq!(of_package("open_webui>=0.6", "open-webui"), Some(">=0.6"));
        for other in [
            "transformers<5",
            "litellm-proxy<2",
            "litellm",
            "litellm[x",
            "",
        ] {
            assert_eq!(of_package(other, "litellm"), None, "{other}");
        }
    }

    #[test]
    fn a_tag_holds_as_far_as_it_goes() {
        let tag = |versions| Promised {
            field: "container.image",
            text: "image",
            versions,
        };
        assert!(tag("v1.106.2-stable").holds("1.106.2"));
        assert!(tag("11.3").holds("11.3.7"));
        assert!(!tag("11.3.0").holds("11.3.7"));
        assert!(!tag("11.3").holds("11.30.1"));
    }
}
