//! What the gateway routes to: a name, and the server behind it.

use std::collections::BTreeMap;
use std::time::Duration;

use smol_str::SmolStr;

use super::{HandleId, ModelId, Parameter, ServiceId};

/// A route of the gateway: requests for `name` go to `url` as `selector`.
///
/// A handle has one for each of its live models. A handle that goes through an optimiser has a second, internal one by which the optimiser calls the gateway back.
#[derive(Debug, Clone)]
pub struct Deployment {
    /// The model name that the gateway is asked for.
    pub name: SmolStr,
    /// An id that stays when others come and go: `<name>` or `<name>@<model>` when there are several.
    pub id: SmolStr,
    /// The handle it belongs to.
    pub handle: HandleId,
    /// True for a name that only the platform's own services use.
    pub internal: bool,
    /// The model at its end.
    pub model: ModelId,
    /// The service that the gateway calls for it.
    pub service: ServiceId,
    /// The base URL of that call with the API's base path, as LiteLLM wants it: `http://192.168.1.72:8100/v1`.
    pub url: SmolStr,
    /// The model name that is sent.
    pub selector: SmolStr,
    /// The prefix LiteLLM needs to speak to it, such as `openai`.
    pub provider: &'static str,
    /// The stem of its variables: `<stem>_API_BASE` and `<stem>_MODEL`.
    pub variable: SmolStr,
    /// The variable of the gateway's environment with the key for that call.
    pub key: Option<String>,
    /// Those with the lowest order are tried first.
    pub order: Option<u32>,
    /// Its share among those of the same order.
    pub weight: Option<u32>,
    /// How long an answer may take.
    pub timeout: Option<Duration>,
    /// How long the first chunk of a stream may take.
    pub stream_timeout: Option<Duration>,
    /// Parameters added to a request that has none of that name.
    pub parameters: BTreeMap<String, Parameter>,
}

impl Deployment {
    /// The variable that holds its base URL.
    pub fn base_variable(&self) -> SmolStr {
        [&self.variable, "_API_BASE"].concat().into()
    }

    /// The variable that holds its provider and model name.
    pub fn model_variable(&self) -> SmolStr {
        [&self.variable, "_MODEL"].concat().into()
    }

    /// What LiteLLM is given as model: provider, slash, name.
    pub fn litellm_model(&self) -> SmolStr {
        [self.provider, "/", &self.selector].concat().into()
    }
}
