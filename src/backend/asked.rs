//! What a running program can be asked beside its health: which models it lists, and which version it is. Data, with where it was read.

use super::{Endpoint, Kind, Role, Store};

/// What it means when a program lists a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Catalogue {
    /// It answers to the names it lists, and to no other.
    Served,
    /// It lists what it could load from its disk, whether anybody asked for that or not.
    Available,
}

/// Where a program says which version it is.
#[derive(Debug)]
pub struct VersionProbe {
    /// The name of its kind.
    kind: &'static str,
    /// The path.
    pub path: &'static str,
    /// Whether it needs the service's key.
    pub needs_key: bool,
    /// The keys that lead to the version in the JSON of the answer.
    pub keys: &'static [&'static str],
}

/// Read in LiteLLM 1.106.2 (`health_readiness_details`; the open path says none), and in the documentation of the others.
static VERSIONS: &[VersionProbe] = &[
    VersionProbe {
        kind: "grafana",
        path: "/api/health",
        needs_key: false,
        keys: &["version"],
    },
    VersionProbe {
        kind: "litellm",
        path: "/health/readiness/details",
        needs_key: true,
        keys: &["litellm_version"],
    },
    VersionProbe {
        kind: "ollama",
        path: "/api/version",
        needs_key: false,
        keys: &["version"],
    },
    VersionProbe {
        kind: "open-webui",
        path: "/api/version",
        needs_key: false,
        keys: &["version"],
    },
    VersionProbe {
        kind: "prometheus",
        path: "/api/v1/status/buildinfo",
        needs_key: false,
        keys: &["data", "version"],
    },
    VersionProbe {
        kind: "searxng",
        path: "/config",
        needs_key: false,
        keys: &["version"],
    },
];

/// `mlx_lm.server` lists every model that lies in the cache of the Hub (0.32.2).
static AVAILABLE: &[&str] = &["mlx-lm"];

impl Kind {
    /// What it means when it lists a model; nothing when it is not asked. An optimiser is not: its list is the gateway's, which it calls for it.
    pub fn catalogue(&self) -> Option<Catalogue> {
        let lists = self.endpoints.contains(&Endpoint::Models);
        let serves = matches!(self.role, Role::Gateway | Role::ModelServer);
        if !lists || !serves {
            return None;
        }
        Some(if AVAILABLE.contains(&self.name) {
            Catalogue::Available
        } else {
            Catalogue::Served
        })
    }

    /// True when it answers to `sent`, given that it lists `listed`.
    pub fn answers_to(&self, sent: &str, listed: &str) -> bool {
        // Ollama adds the tag that nobody wrote.
        let tagged = self.litellm_provider.starts_with("ollama") && !sent.contains(':');
        sent == listed || (tagged && listed.strip_suffix(":latest") == Some(sent))
    }

    /// Where it lists its models, behind what stands before every path of its API.
    pub fn list_path(&self) -> String {
        match self.store {
            // Its own list says more than the one that is like OpenAI's.
            Some(Store::Ollama) => "/api/tags".to_owned(),
            _ => format!("{}/models", self.openai_path()),
        }
    }

    /// Where it says which version it is, when that is known.
    pub fn version_probe(&self) -> Option<&'static VersionProbe> {
        VERSIONS.iter().find(|it| it.kind == self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::super::find;
    use super::*;

    #[test]
    fn every_name_in_the_tables_is_a_kind() {
        let names = VERSIONS.iter().map(|it| it.kind);
        for name in names.chain(AVAILABLE.iter().copied()) {
            assert!(find(name).is_some(), "{name}");
        }
    }

    #[test]
    fn an_optimiser_is_not_asked_for_its_models() {
        assert_eq!(find("optillm").unwrap().catalogue(), None);
        let litellm = find("litellm").unwrap();
        assert_eq!(litellm.catalogue(), Some(Catalogue::Served));
    }

    #[test]
    fn ollama_answers_without_the_tag() {
        let ollama = find("ollama").unwrap();
        assert!(ollama.answers_to("qwen3", "qwen3:latest"));
        assert!(!ollama.answers_to("qwen3:4b", "qwen3:latest"));
        assert!(!find("mlx").unwrap().answers_to("qwen3", "qwen3:latest"));
    }
}
