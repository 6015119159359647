//! Kinds of program: one file each, with all that is known about it.
//!
//! `manifest` checks names against [`KINDS`], `platform` fills what a service leaves unset from its kind, and emitters ask the kind what to write. Nobody compares kinds outside this room: whoever wants to know something new adds a field, and the compiler shows every file that must answer.

mod afm;
mod anthropic;
mod cloud;
mod gemini;
mod container;
mod generic;
mod grafana;
mod home_assistant;
mod homelab;
mod homelab_status;
mod limits;
mod litellm;
pub mod litellm_keys;
mod mlx;
mod mlx_lm;
mod ollama;
mod open_webui;
mod openai;
mod openai_compatible;
mod openvino;
mod optillm;
mod optillm_local;
mod perplexity;
mod postgres;
mod prometheus;
mod redis;
mod searxng;
mod tiny_agents;
mod asked;
mod version;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The kind of a program that we know nothing about.
pub static GENERIC: &Kind = &generic::KIND;

pub use asked::{Catalogue, VersionProbe};
pub use cloud::Cloud;
pub use container::{Asker, Container};
pub use limits::{Limits, bad_release, is_dropped};
pub use optillm::{TECHNIQUES, upstream_name};
pub use version::Window;

/// Every kind, ordered by name.
pub static KINDS: &[&Kind] = &[
    &afm::KIND,
    &anthropic::KIND,
    &gemini::KIND,
    &generic::KIND,
    &grafana::KIND,
    &home_assistant::KIND,
    &homelab::KIND,
    &homelab_status::KIND,
    &litellm::KIND,
    &mlx::KIND,
    &mlx_lm::KIND,
    &ollama::KIND,
    &open_webui::KIND,
    &openai::KIND,
    &openai_compatible::KIND,
    &openvino::KIND,
    &optillm::KIND,
    &optillm_local::KIND,
    &perplexity::KIND,
    &postgres::KIND,
    &prometheus::KIND,
    &redis::KIND,
    &searxng::KIND,
    &tiny_agents::KIND,
];

/// The kind with this name.
pub fn find(name: &str) -> Option<&'static Kind> {
    KINDS.iter().copied().find(|kind| kind.name == name)
}

/// A kind of program, and what holds for every service of it unless the owner says otherwise.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own about the program"
)]
pub struct Kind {
    /// Its name in `platform.toml`.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// What it is to the others.
    pub role: Role,
    /// The layer it belongs to.
    pub layer: Layer,
    /// The port it listens on when nobody says otherwise.
    pub port: Option<u16>,
    /// What stands before every path of its API.
    pub base_path: &'static str,
    /// How to ask whether it is well, the cheap way first.
    pub health: &'static [Probe],
    /// How strictly it is confined.
    pub workload: Workload,
    /// The program and its arguments; empty when only the owner can say.
    pub command: &'static [Word],
    /// The files that we write for it, and where it reads them.
    pub configs: &'static [Config],
    /// Variables that are always written: what the program does by default and should not.
    pub env: &'static [Setting],
    /// The endpoints it offers.
    pub endpoints: &'static [Endpoint],
    /// What its models can do.
    pub modes: &'static [Mode],
    /// How LiteLLM speaks to it: the prefix of `litellm_params.model`.
    pub litellm_provider: &'static str,
    /// Where it is, when it is a provider in the internet and runs on no host of the platform.
    pub cloud: Option<&'static Cloud>,
    /// True when each of its models has a process and a port of its own.
    pub one_model_per_port: bool,
    /// True when it knows a model only by where its weights are, not by a name of our choice.
    pub serves_by_source: bool,
    /// The variable and value that let it start MCP servers itself.
    pub mcp_stdio: Option<(&'static str, &'static str)>,
    /// True when it calls the gateway whatever else it is told.
    pub calls_gateway: bool,
    /// The variable in a caller's environment that carries its key, when it asks for one.
    pub client_key: Option<&'static str>,
    /// The field of a request that names a technique, for an optimiser.
    pub technique_field: Option<&'static str>,
    /// The techniques it knows, for an optimiser.
    pub techniques: &'static [&'static str],
    /// Variables that must not be in its environment, each with the reason.
    pub forbidden_env: &'static [(&'static str, &'static str)],
    /// True when it keeps data of its own below its state directory.
    pub keeps_state: bool,
    /// Where it takes models from and keeps them; nothing for a program that has none, or whose owner puts them there.
    pub store: Option<Store>,
    /// True when it tells systemd that it is ready and that it lives, and reads its files again on SIGHUP.
    pub notifies: bool,
    /// True when it can be told of a certificate, and speaks TLS then.
    pub ends_tls: bool,
    /// How many seconds it may take to start, models included.
    pub start_seconds: u32,
    /// How it runs as a container, where that is known.
    pub container: Option<&'static Container>,
    /// Variables without which it does not start, or starts with a secret that everybody knows; each with what happens.
    pub credentials: &'static [(&'static str, &'static str)],
}

impl Kind {
    /// True when the gateway beside it is all that should reach it: it works on whatever prompt arrives, and asks nobody.
    pub fn keeps_to_loopback(&self) -> bool {
        self.role == Role::Optimiser || self.name == optillm_local::KIND.name
    }

    /// True for this very program: what it needs to know stands in files that we write, wherever it is started.
    pub fn is_homelab(&self) -> bool {
        [homelab::KIND.name, homelab_status::KIND.name].contains(&self.name)
    }

    /// How LiteLLM speaks to it for a model of this mode: its `ollama_chat` knows no embeddings.
    pub fn provider(&self, mode: Mode) -> &'static str {
        match (self.litellm_provider, mode) {
            ("ollama_chat", Mode::Embedding) => "ollama",
            (provider, _) => provider,
        }
    }

    /// What stands before every path of its OpenAI API beyond the URL that LiteLLM is given: LiteLLM speaks the own API of Ollama and of some providers.
    pub fn openai_path(&self) -> &'static str {
        match (self.cloud, self.litellm_provider) {
            (Some(cloud), _) => cloud.openai_path,
            (None, "ollama" | "ollama_chat") => "/v1",
            (None, _) => "",
        }
    }
}

/// Where a program takes models from by itself, and keeps them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Store {
    /// Ollama's own, behind its API.
    Ollama,
    /// The cache of Hugging Face in the home of the service's user, or where `HF_HOME` says.
    HuggingFace,
}

/// What a program is to the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Clients call it for models by handle.
    Gateway,
    /// Stands between the gateway and a model, and calls the gateway back.
    Optimiser,
    /// Serves models.
    ModelServer,
    /// Serves models in the internet, on no host of the platform.
    Provider,
    /// Searches the web.
    Search,
    /// Keeps what a gateway must not forget.
    Database,
    /// Keeps what a gateway may forget.
    Cache,
    /// Calls the gateway.
    Client,
    /// Anything else.
    Other,
}

/// How to ask a program whether it is well.
#[derive(Debug)]
pub struct Probe {
    /// The path, with its query.
    pub path: &'static str,
    /// Whether it needs the service's key.
    pub needs_key: bool,
    /// Whether asking may load a model.
    pub loads_model: bool,
}

impl Probe {
    /// A probe that is open and cheap.
    pub const fn cheap(path: &'static str) -> Self {
        Self {
            path,
            needs_key: false,
            loads_model: false,
        }
    }
}

/// A word of a start command.
#[derive(Debug)]
pub enum Word {
    /// As it stands.
    Text(&'static str),
    /// The address it listens on.
    Bind,
    /// The port it listens on.
    Port,
    /// The gateway's URL with `/v1`, as this service reaches it.
    GatewayUrl,
    /// The path of a file that we write for it, by its name among [`Kind::configs`].
    Config(&'static str),
    /// A flag and the value of a variable of its environment; left out when it has no such variable.
    FlagVariable(&'static str, &'static str),
    /// Where the weights of the slot's model are: its path, else its repository.
    ModelSource,
    /// The name that the slot's model is served under.
    ModelName,
    /// A flag and a fact of the slot's model; left out when the fact is not known.
    FlagModel(&'static str, ModelFact),
    /// A flag and a fact of the slot's model, or this when the fact is not known: the program's own default will not do.
    FlagModelOr(&'static str, ModelFact, &'static str),
}

/// A fact of a model that a start command can pass on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelFact {
    /// The tokens that fit in its context.
    ContextLength,
    /// The most tokens it answers with.
    MaxOutputTokens,
    /// The parser for its tool calls.
    ToolCallParser,
    /// The parser for its reasoning.
    ReasoningParser,
    /// The chat template to use in place of its own.
    ChatTemplate,
}

/// A variable that is always written, unless the owner gives it a value.
#[derive(Debug)]
pub struct Setting {
    /// The variable.
    pub name: &'static str,
    /// Its value.
    pub value: SettingValue,
    /// Why it is written.
    pub why: &'static str,
}

/// The value of a variable that is always written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingValue {
    /// As it stands.
    Text(&'static str),
    /// The address it listens on.
    Bind,
    /// The port it listens on.
    Port,
    /// Address and port it listens on, such as `127.0.0.1:11434`.
    BindPort,
    /// The gateway's URL with this path behind it.
    GatewayUrl(&'static str),
    /// The URL of the gateway's first search tool; left out when it has none.
    GatewaySearchUrl,
    /// As it stands; left out when the gateway has no search tool.
    TextWithSearch(&'static str),
    /// The gateway's key: the same secret as the gateway's own; left out when it has none.
    GatewayKey,
    /// The same; left out when the gateway has no search tool.
    GatewaySearchKey,
    /// Its state directory.
    StateDirectory,
    /// The path of a file that we write for it, by its name among [`Kind::configs`].
    Config(&'static str),
}

/// A file that we write for a program.
#[derive(Debug)]
pub struct Config {
    /// Its name, such as `router.yaml`.
    pub name: &'static str,
    /// Where the program reads it.
    pub place: Place,
}

/// Where a program reads a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Below its working directory; below `/etc/<unit>` when that is not known.
    Directory(&'static str),
    /// Below the home of its user.
    Home(&'static str),
    /// Here.
    Absolute(&'static str),
}

/// The layer a service belongs to.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// What people see.
    Interface,
    /// What clients call, and what stands beside it.
    Gateway,
    /// What runs models.
    Inference,
    /// What models use.
    Tools,
    /// What keeps things.
    Data,
    /// What watches.
    Observability,
}

/// How strictly a process is confined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Workload {
    /// A proxy, a client or a tool: network and its own files.
    Proxy,
    /// Inference on the CPU: also reads what the machine has.
    CpuInference,
    /// Inference on a GPU or NPU: also reaches the device.
    GpuInference,
}

/// What a model does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Answers messages.
    #[default]
    Chat,
    /// Continues text.
    Completion,
    /// Turns text into vectors.
    Embedding,
    /// Orders documents.
    Rerank,
    /// Draws.
    ImageGeneration,
    /// Writes down speech.
    AudioTranscription,
    /// Speaks.
    AudioSpeech,
}

impl Mode {
    /// Every mode.
    pub const ALL: &'static [Self] = &[
        Self::Chat,
        Self::Completion,
        Self::Embedding,
        Self::Rerank,
        Self::ImageGeneration,
        Self::AudioTranscription,
        Self::AudioSpeech,
    ];

    /// Its word in `platform.toml`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Completion => "completion",
            Self::Embedding => "embedding",
            Self::Rerank => "rerank",
            Self::ImageGeneration => "image-generation",
            Self::AudioTranscription => "audio-transcription",
            Self::AudioSpeech => "audio-speech",
        }
    }
}

/// An endpoint of the OpenAI-compatible APIs.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Endpoint {
    /// `POST /v1/chat/completions`
    ChatCompletions,
    /// `POST /v1/completions`
    Completions,
    /// `POST /v1/embeddings`
    Embeddings,
    /// `POST /v1/responses`
    Responses,
    /// `POST /v1/messages`
    Messages,
    /// `POST /v1/images/generations`
    ImagesGenerations,
    /// `POST /v1/audio/transcriptions`
    AudioTranscriptions,
    /// `POST /v1/audio/speech`
    AudioSpeech,
    /// `POST /v1/rerank`
    Rerank,
    /// `GET /v1/models`
    Models,
    /// `GET /health`
    Health,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_sorted_and_distinct() {
        assert!(KINDS.windows(2).all(|pair| pair[0].name < pair[1].name));
    }

    #[test]
    fn ollama_has_two_names_for_litellm_and_a_path_for_others() {
        let ollama = find("ollama").unwrap();
        assert_eq!(ollama.provider(Mode::Chat), "ollama_chat");
        assert_eq!(ollama.provider(Mode::Embedding), "ollama");
        assert_eq!(ollama.openai_path(), "/v1");
        let mlx = find("mlx").unwrap();
        assert_eq!(mlx.provider(Mode::Chat), "openai");
        assert_eq!(mlx.openai_path(), "");
    }
}
